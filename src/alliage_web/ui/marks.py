"""The marks of a map as SVG.

They are written here and not in a template because a map has a hundred of them: a template takes
five times longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from alliage_web.ui.maps import MapArea, MapPoint


def draw_area(area: MapArea, map_id: str) -> SafeString:
    """Draw a shape, a link if it has an address; its title says its data."""
    # A pattern has an address: it cannot be named by the stylesheet.
    fill = f"url(#{map_id}-hachures)" if area.css_class == "na" else ""
    return _mark(
        format_html('<path d="{}"', area.path)
        if area.path
        else format_html('<use href="{}"', area.shape),
        format_html(' fill="{}"/>', fill) if fill else mark_safe("/>"),
        href=area.href,
        css_class=f"map__area {area.css_class}{' map__area--here' if area.highlighted else ''}",
        title=area.tip,
    )


def draw_point(point: MapPoint) -> SafeString:
    """Draw the sign of a world, or a disc, a link if it has an address."""
    sign = point.sign
    return _mark(
        format_html('<g transform="{}"><g class="map__sign">', point.transform),
        format_html(
            '<path class="world__shape" d="{}"/><text class="world__letter" x="10" y="14.2"'
            ' text-anchor="middle" aria-hidden="true">{}</text></g></g>',
            sign.path,
            sign.letter,
        )
        if sign
        else mark_safe('<circle class="map__dot" cx="10" cy="10" r="8"/></g></g>'),
        href=point.href,
        css_class=f"map__point {point.css_class}{f' world--{sign.code}' if sign else ''}",
        title=point.tip,
    )


def _mark(
    start: SafeString, end: SafeString, *, href: str, css_class: str, title: str
) -> SafeString:
    if href:
        return format_html(
            '<a href="{}" class="{}"><title>{}</title>{}{}</a>', href, css_class, title, start, end
        )
    return format_html(
        '<g role="img" class="{}"><title>{}</title>{}{}</g>', css_class, title, start, end
    )
