"""The few icons of the interface, drawn with one stroke in a square of 24 units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.safestring import SafeString

_PATHS: Mapping[str, str] = {
    "search": "M10.5 4a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM15.5 15.5L20.5 20.5",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "close": "M6 6l12 12M18 6L6 18",
    "theme": "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
    "user": "M12 4a4 4 0 1 1 0 8a4 4 0 0 1 0-8zM4.5 20c.8-4 3.8-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
    "arrow-right": "M5 12h14M13 6l6 6-6 6",
    "arrow-left": "M19 12H5M11 6l-6 6 6 6",
    "external": "M14 5h5v5M19 5l-9 9M17 14v5H5V7h5",
    "download": "M12 4v11M7 10.5l5 5 5-5M5 20h14",
    "plus": "M12 5v14M5 12h14",
    "minus": "M5 12h14",
    "reset": "M5 9V4M5 9h5M5.5 9a7.5 7.5 0 1 1-1 5",
    "info": "M12 4a8 8 0 1 1 0 16a8 8 0 0 1 0-16zM12 11v5M12 7.8v.4",
    "ok": "M5 12.5l4.5 4.5L19 7.5",
    "warning": "M12 4.5L21 19.5H3zM12 10.5v4M12 16.9v.2",
    "danger": "M8.5 4h7L20 8.5v7L15.5 20h-7L4 15.5v-7zM12 8v5M12 15.8v.2",
    "filter": "M4 6h16M7 12h10M10 18h4",
    "pin": "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11z"
    "M12 7.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5z",
    "document": "M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 16h6",
    "calendar": "M5 6h14v14H5zM5 10.5h14M9 3.5V7M15 3.5V7",
    "edit": "M5 19l1-4L16 5l3 3L9 18z",
}


def draw(name: str) -> SafeString:
    """Draw an icon. It is decorative: the text beside it carries the meaning.

    Raises
    ------
    KeyError
        If no icon has this name; the message lists those that exist.
    """
    if name not in _PATHS:
        msg = f"No icon is named « {name} ». There are: {', '.join(sorted(_PATHS))}."
        raise KeyError(msg)
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"'
        ' focusable="false"><path d="{}"/></svg>',
        _PATHS[name],
    )
