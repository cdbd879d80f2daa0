"""What the browser loads: it is up to date, light, and asks nothing of another site."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alliage_web.ui import outlines, stylesheet

pytestmark = pytest.mark.one_engine

STATIC = stylesheet.STYLESHEET.parent
TEMPLATES = STATIC.parent.parent / "templates"
PACK = Path(__file__).parents[2] / "data" / "territories" / "2026"


def weight(pattern: str) -> int:
    return sum(path.stat().st_size for path in STATIC.glob(pattern))


def test_the_stylesheet_is_that_of_the_components() -> None:
    assert stylesheet.STYLESHEET.read_text(encoding="utf-8") == stylesheet.bundle(), (
        "The stylesheet is older than its components. Run python -m alliage_web.ui.stylesheet."
    )


@pytest.mark.parametrize("level", outlines.LEVELS)
def test_the_outlines_are_those_of_the_territory_pack(level: str) -> None:
    pack = json.loads((PACK / f"carte_{level}.svg.json").read_text(encoding="utf-8"))
    drawn = (outlines.FOLDER / f"{level}.svg").read_text(encoding="utf-8")
    assert drawn == outlines.draw(level, pack)


@pytest.mark.parametrize(
    ("pattern", "most"), [("*.css", 60_000), ("js/*.js", 25_000), ("fonts/*.woff2", 120_000)]
)
def test_the_interface_stays_light(pattern: str, most: int) -> None:
    assert 0 < weight(pattern) <= most


def test_every_declaration_stands_in_a_layer() -> None:
    outside = re.sub(r"@layer [\w, ]+;", "", stylesheet.bundle())
    outside = re.sub(r"@(layer|font-face|media print)[^{]*\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|"
                     r"\{[^{}]*\})*\})*\})*\}", "", outside)  # fmt: skip
    assert outside.strip() == ""


def test_every_colour_in_use_is_a_token() -> None:
    css = stylesheet.bundle()
    defined = set(re.findall(r"(--[\w-]+):", css))
    used = set(re.findall(r"var\((--[\w-]+)\)", css))
    assert used <= defined | {"--world", "--on-world"}
    components = css.split(":root[data-theme", 1)[1]
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{]*\})", components) == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_style_script_or_address_of_another_site(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_every_font_of_the_stylesheet_exists() -> None:
    fonts = re.findall(r'url\("([^"]+)"\)', stylesheet.bundle())
    assert fonts
    assert all((STATIC / font).is_file() for font in fonts)
