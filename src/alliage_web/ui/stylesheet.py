"""The one stylesheet of the pages: the components of ``css/`` put end to end, without comments.

Run after a change of a component, a test tells when it was forgotten::

    python -m alliage_web.ui.stylesheet
"""

from __future__ import annotations

import re
from pathlib import Path

COMPONENTS = Path(__file__).parent / "css"
STYLESHEET = Path(__file__).parent / "static" / "ui" / "main.css"

_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_INDENT = re.compile(r"^\s+|\s+$|\n(?=\n)", re.MULTILINE)


def bundle() -> str:
    """Put the components end to end, in the order of their names."""
    parts = (path.read_text(encoding="utf-8") for path in sorted(COMPONENTS.glob("*.css")))
    return _INDENT.sub("", _COMMENT.sub("", "\n".join(parts))) + "\n"


if __name__ == "__main__":
    STYLESHEET.write_text(bundle(), encoding="utf-8")
