"""The colours of both palettes, read from the tokens, contrast as WCAG 2.2 asks."""

from __future__ import annotations

import re

import pytest

from alliage.alliances.vocabulary import World
from alliage_web.ui.stylesheet import COMPONENTS

pytestmark = pytest.mark.one_engine

TOKENS = (COMPONENTS / "02_tokens.css").read_text(encoding="utf-8")
PALETTES = {
    name: {match[1]: match[2 + rank] for match in re.finditer(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS
    )}
    for rank, name in enumerate(("light", "dark"))
}  # fmt: skip

GROUNDS = ("paper", "surface", "sunken")
TEXT = [
    *((text, ground) for ground in GROUNDS for text in (
        "ink", "ink-soft", "accent", "accent-2", "accent-2-strong", "danger", "ok", "warning",
        "info",
    )),
    ("on-accent", "accent"), ("on-accent", "accent-strong"),
    ("paper", "ink"), ("paper", "accent-2"),
    ("ink", "mark"), ("ink", "accent-soft"),
    ("accent-strong", "accent-soft"), ("accent-2-strong", "accent-2-soft"),
    ("ink-soft", "accent-2-soft"),
    *((tone, f"{tone}-soft") for tone in ("ok", "warning", "danger")),
    *(("ink", f"{tone}-soft") for tone in ("info", "ok", "warning", "danger")),
    *((f"world-{world}-on", f"world-{world}") for world in World),
]  # fmt: skip
SHAPES = [
    *(("line-strong", ground) for ground in GROUNDS),
    *(("focus", ground) for ground in GROUNDS),
    *((f"world-{world}", ground) for world in World for ground in ("paper", "surface")),
]


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_is_readable(palette: str, text: str, ground: str) -> None:
    colours = PALETTES[palette]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_and_borders_are_visible(palette: str, shape: str, ground: str) -> None:
    colours = PALETTES[palette]
    assert contrast(colours[shape], colours[ground]) >= 3


@pytest.mark.parametrize("palette", PALETTES)
def test_the_classes_of_a_map_go_one_way(palette: str) -> None:
    shades = [luminance(PALETTES[palette][f"q{rank}"]) for rank in range(7)]
    assert shades in (sorted(shades), sorted(shades, reverse=True))
