"""The outlines of the maps as static files, written from the territory pack.

Pages then draw a territory with ``<use href="…/departements.svg#d-94">``: the browser keeps the
shapes, and a map of a hundred departments weighs a few kilobytes. Run after a new vintage::

    python -m alliage_web.ui.outlines data/territories/2026
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

LEVELS = ("regions", "departements", "epci")
FOLDER = Path(__file__).parent / "static" / "ui" / "maps"


def draw(level: str, pack: dict[str, Any]) -> str:
    """Write the shapes of a level as one SVG document: each has its id, all have a common one."""
    shapes = "\n".join(
        f'<path id="{level[0]}-{item["code"]}" d={quoteattr(item["d"])}/>'
        for item in sorted(pack["items"], key=lambda item: item["code"])
    )
    box = " ".join(str(side) for side in pack["viewBox"].split())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">\n'
        f'<g id="{level}">\n{shapes}\n</g>\n</svg>\n'
    )


def write_all(source: Path) -> None:
    """Write the outlines of every level."""
    for level in LEVELS:
        pack = json.loads((source / f"carte_{level}.svg.json").read_text(encoding="utf-8"))
        (FOLDER / f"{level}.svg").write_text(draw(level, pack), encoding="utf-8")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
