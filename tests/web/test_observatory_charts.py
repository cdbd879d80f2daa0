"""Charts follow the colours of the page, and carry their words into files."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from defusedxml import ElementTree
from django.utils.translation import override

from alliage_web.observatory.documents.charts import (
    NARROW,
    WIDE,
    About,
    Answers,
    Change,
    Diverging,
    Drawable,
    Intervals,
    Lines,
    Mark,
    Panel,
    Point,
    RankBar,
    Ranks,
    Scale,
    Slopes,
    drawn,
    for_document,
    inline,
    png_file,
    svg_file,
)

pytestmark = pytest.mark.one_engine

ABOUT = About(
    title="Santé du territoire",
    subtitle="Réponses des citoyens",
    description="Un point par région.",
    source="Source : une vague <inventée>.",
    address="https://example.org/observatoire/explorer/?question=health",
    synthetic=True,
)
SHOWN = Mark(label="Bretagne", value=0.44, low=0.37, high=0.51, text="44 %")
HIDDEN = Mark(label="Normandie", value=None, text="s")
LONG = Mark(label="Provence-Alpes-Côte d’Azur et Corse", value=0.4, text="40 %", caution=True)
INTERVALS = Intervals(
    about=ABOUT, marks=(SHOWN, HIDDEN, LONG), domain=(0.3, 0.6), reference=(0.5, "Ensemble : 50 %")
)
DIVERGING = Diverging(
    about=ABOUT,
    levels=("Indispensable", "Utile", "Secondaire", "Inutile", "Ne sait pas"),
    rows=(
        Answers(label="Bretagne", shares=(0.25, 0.49, 0.15, 0.06, 0.05)),
        Answers(label="Normandie", shares=None, text="s"),
    ),
    apart=1,
)
RANKS = Ranks(
    about=ABOUT,
    bars=(
        RankBar(label="Santé", rank=1, best=1, worst=3, text="1 à 3"),
        RankBar(label="Emploi", rank=2, best=1, worst=3, text="1 à 3"),
    ),
)
SLOPES = Slopes(
    about=ABOUT,
    waves=("2019", "2022"),
    changes=(
        Change(
            label="Santé",
            before=Mark(label="", value=5.8, low=5.7, high=5.9, text="5,8"),
            after=Mark(label="", value=5.4, low=5.3, high=5.5, text="5,4"),
            established=True,
        ),
        Change(
            label="Emploi",
            before=Mark(label="", value=5.8, text="5,8"),
            after=HIDDEN,
            established=False,
        ),
    ),
    scale=Scale.NUMBER,
)
LINES = Lines(
    about=ABOUT,
    panels=(
        Panel(
            label="Santé",
            segments=(
                (
                    Point(year=2012, value=0.5, text="50 %", published=True),
                    Point(year=2015, value=0.6, text="60 %", published=True),
                ),
                (Point(year=2022, value=0.55, text="55 %", low=0.5, high=0.6),),
            ),
            breaks=((2022, "formulation"),),
        ),
    ),
    domain=(0, 1),
)
ALL: list[Drawable] = [INTERVALS, replace(INTERVALS, bars=True), DIVERGING, RANKS, SLOPES, LINES]
every = pytest.mark.parametrize("chart", ALL, ids=lambda chart: type(chart).__name__)


def texts(svg: str) -> list[str]:
    """Return what is written in a drawing."""
    return ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter() if one.text]


def widths(svg: str) -> tuple[float, float]:
    """Return how wide a drawing says it is."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)" width="([\d.]+)"', svg)
    assert found
    return float(found[1]), float(found[3])


@every
def test_a_drawing_of_a_page_takes_the_colours_of_the_page(chart: Drawable) -> None:
    for width in (WIDE, NARROW):
        svg = inline(chart, width)
        ElementTree.fromstring(svg)
        assert "var(--ink)" in svg
        # No colour, font, style or script of its own: the policy would refuse them.
        assert not re.search(r"#[0-9a-f]{6}\b", svg)
        assert "font-family" not in svg
        assert "style=" not in svg
        assert "<script" not in svg
        assert widths(svg) == (width, width)


@every
def test_a_drawing_is_an_image_with_a_name_and_a_description(chart: Drawable) -> None:
    svg = inline(chart, WIDE)
    name, description = re.findall(r'aria-labelledby="(\w+) (\w+)"', svg)[0]
    assert f'<title id="{name}">Santé du territoire (Données synthétiques' in svg
    assert f'<desc id="{description}">Un point par région.</desc>' in svg
    assert svg.count("role=") == 1


def test_two_drawings_of_a_page_share_no_name() -> None:
    pages = [str(drawn(chart).wide) + str(drawn(chart).narrow) for chart in ALL]
    names = [name for page in pages for name in re.findall(r' id="([^"]+)"', page)]
    assert len(names) == len(set(names))


@every
def test_a_file_says_what_it_shows_and_that_it_is_invented(chart: Drawable) -> None:
    svg = svg_file(chart).decode()
    written = " ".join(texts(svg))
    for part in (
        "Santé du territoire", "Réponses des citoyens", "répondants inventés",
        "Source : une vague <inventée>.",
    ):  # fmt: skip
        assert part in written
    assert "example.org/observatoire/explorer" in written
    assert "var(--" not in svg
    assert "#0ff0" not in svg
    real = svg_file(replace(chart, about=replace(ABOUT, synthetic=False))).decode()
    assert "inventés" not in real


@every
def test_an_image_and_a_document_are_drawn(chart: Drawable) -> None:
    assert png_file(chart).startswith(b"\x89PNG")
    document = for_document(chart)
    ElementTree.fromstring(document)
    assert "var(--" not in document
    assert "#0ff0" not in document


def test_a_hidden_figure_is_hatched_and_has_no_bar() -> None:
    svg = inline(replace(INTERVALS, bars=True), WIDE)
    assert len(re.findall(r'fill="url\(#h\w+\)"', svg)) == 1
    assert "0 %" not in re.sub(r"[1-9]0 %", "", " ".join(texts(svg))).replace("00 %", "")
    assert "url(#h" in inline(DIVERGING, WIDE)


def test_a_long_label_is_cut_in_lines_where_there_is_no_room() -> None:
    alone = replace(INTERVALS, marks=(replace(LONG, label=LONG.label * 2),))
    assert len([one for one in texts(inline(alone, NARROW)) if "Corse" in one]) >= 1
    lines = [one for one in texts(inline(alone, NARROW)) if "Azur" in one or "Corse" in one]
    assert len(set(lines)) > 1


def test_small_shares_are_drawn_without_a_text_that_would_not_fit() -> None:
    rows = (Answers(label="Bretagne", shares=(0.6, 0.36, 0.02, 0.01, 0.01)),)
    written = texts(inline(replace(DIVERGING, rows=rows), NARROW))
    assert any("60" in one for one in written)
    assert not any(
        one.startswith(("1\N{NO-BREAK SPACE}%", "2\N{NO-BREAK SPACE}%")) for one in written
    )


def test_slopes_tell_established_changes_from_others() -> None:
    other = replace(
        SLOPES,
        changes=(
            SLOPES.changes[0],
            replace(SLOPES.changes[0], label="Mobilité", established=False),
        ),
    )
    svg = inline(other, WIDE)
    assert len(re.findall(r'stroke-dasharray="4,3"', svg)) == 1
    # A change of which one end is not shown is not drawn.
    assert "Emploi" not in " ".join(texts(inline(SLOPES, WIDE)))


def joined(chart: Lines) -> list[int]:
    """Return how many strokes each line of a drawing has."""
    paths = re.findall(r'<path[^>]* d="(M[^"]*)"', inline(chart, WIDE))
    return [one.count("L") for one in paths if re.fullmatch(r"M[\d.,]+(L[\d.,]+)+", one)]


def test_segments_are_never_joined() -> None:
    # One line between 2012 and 2015; 2022 stands alone behind the break.
    assert joined(LINES) == [1]
    segments: tuple[tuple[Point, ...], ...] = (sum(LINES.panels[0].segments, ()),)
    whole = replace(LINES, panels=(replace(LINES.panels[0], segments=segments, breaks=()),))
    assert joined(whole) == [2]


def test_a_mark_that_stands_out_differs_by_its_shape_too() -> None:
    plain = replace(INTERVALS, marks=(SHOWN,), reference=None)
    strong = replace(plain, marks=(replace(SHOWN, strong=True),))
    one, other = (
        re.findall(r'<path[^>]* d="([^"]*)"', inline(chart, WIDE)) for chart in (plain, strong)
    )
    assert len(one) == len(other)
    assert sum(path != drawn_other for path, drawn_other in zip(one, other, strict=True)) == 1


def test_a_break_is_named_where_it_is_drawn() -> None:
    assert "formulation" in texts(inline(LINES, WIDE))
    assert "formulation" in texts(inline(LINES, NARROW))


def test_numbers_of_the_axis_follow_the_language() -> None:
    chart = replace(INTERVALS, domain=(5.0, 6.0), scale=Scale.NUMBER)
    chart = replace(chart, marks=(replace(SHOWN, value=5.5, low=5.4, high=5.6, text="5,5"),),
                    reference=None)  # fmt: skip
    with override("fr"):
        assert "5,2" in texts(inline(chart, WIDE))
    with override("en"):
        assert "5.2" in texts(inline(chart, WIDE))


def test_nothing_shown_is_still_a_drawing() -> None:
    svg = inline(replace(INTERVALS, marks=(HIDDEN,), reference=None), WIDE)
    assert "Normandie" in " ".join(texts(svg))
