from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alliage.survey import Design, mean, sample, trend
from alliage.survey.comparison.trends import WavePoint, segments
from alliage.survey.errors import SurveyError


def _waves(*estimates: float, error: float = 1.0) -> list[WavePoint]:
    return [
        WavePoint(wave=f"w{rank}", year=2008.0 + 3 * rank, estimate=value, standard_error=error)
        for rank, value in enumerate(estimates)
    ]


def test_what_stands_on_the_two_sides_of_a_break_is_never_compared() -> None:
    parts = segments(_waves(50, 52, 70, 71, 90), breaks={"w2": "new wording", "w4": "new scale"})
    assert [[point.wave for point in part.points] for part in parts] == [
        ["w0", "w1"],
        ["w2", "w3"],
        ["w4"],
    ]
    assert [part.broken_by for part in parts] == ["", "new wording", "new scale"]
    pairs = [(one.second, one.first) for part in parts for one in part.changes]
    assert pairs == [("w0", "w1"), ("w2", "w3")]
    assert parts[2].slope is None


def test_the_changes_of_a_series_are_tested_together() -> None:
    alone = segments(_waves(50, 53))[0].changes[0]
    among = segments(_waves(50, 53, 53, 53, 53))[0].changes[0]
    assert alone.p_value == pytest.approx(2 * stats.norm.sf(3 / math.sqrt(2)))
    assert alone.adjusted == alone.p_value
    assert among.adjusted == pytest.approx(4 * alone.p_value)


def test_the_slope_is_that_of_weighted_least_squares() -> None:
    errors = [1.0, 2.0, 0.5, 1.5]
    points = [
        WavePoint(wave=str(year), year=year, estimate=value, standard_error=error)
        for year, value, error in zip(
            [2008, 2012, 2015, 2022], [50.0, 55.0, 54.0, 61.0], errors, strict=True
        )
    ]
    (part,) = segments(points[::-1])
    weights = 1 / np.array(errors)
    slope, _ = np.polyfit([2008, 2012, 2015, 2022], [50.0, 55.0, 54.0, 61.0], 1, w=weights)
    assert part.slope is not None
    assert part.slope.a_year == pytest.approx(slope)
    assert [point.wave for point in part.points] == ["2008", "2012", "2015", "2022"]


def test_a_steady_change_fits_and_another_does_not() -> None:
    steady, bent = segments(_waves(50, 53, 56, 59))[0], segments(_waves(50, 60, 60, 50))[0]
    assert steady.slope is not None
    assert bent.slope is not None
    assert steady.slope.misfit == pytest.approx(1)
    assert bent.slope.misfit is not None
    assert bent.slope.misfit < 1e-6


@given(st.floats(-0.9, 0.9))
def test_people_asked_twice_make_a_change_surer(correlation: float) -> None:
    (part,) = segments(_waves(50, 53), covariance=[[1, correlation], [correlation, 1]])
    assert part.changes[0].standard_error == pytest.approx(math.sqrt(2 - 2 * correlation))


def test_few_degrees_of_freedom_count() -> None:
    points = [
        WavePoint(wave=str(rank), year=rank, estimate=rank * 3.0, standard_error=1.0, degrees=10)
        for rank in range(2)
    ]
    found = segments(points)[0].changes[0]
    assert found.p_value == pytest.approx(2 * stats.t.sf(3 / math.sqrt(2), 20))


@pytest.mark.parametrize(
    ("points", "breaks", "told"),
    [
        ([], {}, "Give one at least"),
        (_waves(1.0) * 2, {}, "each once"),
        (
            [*_waves(1.0), WavePoint(wave="other", year=2008, estimate=1.0, standard_error=1.0)],
            {},
            "same year",
        ),
        (_waves(math.nan), {}, "is nan"),
        (_waves(1.0, 2.0, error=-1.0), {}, "zero or more"),
        (_waves(1.0, 2.0), {"w7": "x"}, "names no wave"),
        (_waves(1.0, 2.0), {"w1": " "}, "gives no reason"),
        (_waves(1.0, 2.0, error=0.0), {}, "no error"),
    ],
)
def test_what_makes_no_series_is_refused(
    points: list[WavePoint], breaks: dict[str, str], told: str
) -> None:
    with pytest.raises(SurveyError, match=told):
        segments(points, breaks=breaks)


def test_a_wave_of_one_unit_is_named() -> None:
    rows = {"wave": [1, 1, 2, 2, 3, 3], "unit": [1, 1, 2, 3, 4, 5], "x": [1, 2, 4, 9, 3, 4]}
    people = sample(pl.DataFrame(rows), Design(clusters="unit"))
    with pytest.raises(SurveyError, match="The wave « 1 » has no degree of freedom"):
        trend(mean(people, "x", by="wave"), wave="wave")
