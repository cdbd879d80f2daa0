from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from alliage_web.ui.charts import STRIP_WIDTH, Bar, BarChart, ComparisonStrip

pytestmark = pytest.mark.one_engine


def strip(value: float | None, *, logarithmic: bool = False) -> ComparisonStrip:
    return ComparisonStrip(
        title="Population",
        label="Vincennes",
        value=value,
        text="48 689" if value is not None else "non connu",
        minimum=20_000,
        lower_quartile=22_500,
        median=28_000,
        upper_quartile=35_000,
        maximum=49_900,
        texts=("20 000", "22 500", "28 000", "35 000", "49 900"),
        unit="habitants",
        source="INSEE, 2023",
        logarithmic=logarithmic,
    )


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=20))
def test_bars_are_in_proportion_and_the_unknown_has_none(values: list[float | None]) -> None:
    drawn = BarChart("…", tuple(Bar(str(rank), value) for rank, value in enumerate(values))).drawn
    longest = max((value for value in values if value is not None), default=0)
    for line, value in zip(drawn, values, strict=True):
        assert line.known == (value is not None)
        if value is not None and longest:
            assert line.length == pytest.approx(100 * value / longest, abs=0.01)


def test_a_negative_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="start at zero"):
        _ = BarChart("…", (Bar("Perte", -3),)).drawn


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_strip_keeps_the_order_of_its_marks(*, logarithmic: bool) -> None:
    chart = strip(48_689, logarithmic=logarithmic)
    assert list(chart.marks) == sorted(chart.marks)
    assert chart.marks[0] == 0
    assert chart.marks[-1] == STRIP_WIDTH
    assert chart.here is not None
    assert chart.marks[3] < chart.here < chart.marks[4]


def test_a_value_outside_its_class_stays_in_the_drawing() -> None:
    assert strip(1_000_000).here == STRIP_WIDTH
    assert strip(0, logarithmic=True).here == 0


def test_the_charts_write_their_values() -> None:
    with translation.override("fr"):
        bars = render_to_string(
            "ui/components/bars.html",
            {"chart": BarChart("Par domaine", (Bar("Santé", 1.5), Bar("Logement", None)))},
        )
        text = render_to_string("ui/components/strip.html", {"chart": strip(None)})
    assert "1,5" in bars
    assert "non connu" in bars
    assert 'width="100.0"' in bars
    assert "strip__here" not in text
    assert "non connu" in text
    assert '<th scope="row">Vincennes</th>' in text
