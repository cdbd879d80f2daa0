from __future__ import annotations

import math
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.cases.survey.agreement import data

from alliage.survey import Design, Mean, compare, estimate, mean, sample, trend
from alliage.survey.comparison.trends import WavePoint, segments
from alliage.survey.errors import SurveyError
from alliage.survey.publishing.listing import listing
from alliage.survey.publishing.result_files import as_json

if TYPE_CHECKING:
    from alliage.survey import Comparison, Estimates
    from alliage.survey.comparison.comparisons import Difference
    from alliage.survey.comparison.trends import Slope, Trend


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


def _slope(found: Trend) -> Slope:
    (segment,) = found.segments
    assert segment.slope is not None
    return segment.slope


def _figures(one: Comparison | Difference | Slope) -> tuple[float | None, ...]:
    return one.standard_error, one.low, one.high, one.degrees, one.p_value


def _panel(waves: dict[str, list[float]]) -> Estimates:
    """Return the means of waves that asked the same people."""
    frame = pl.concat(
        pl.DataFrame({"person": range(len(answers)), "y": answers, "wave": wave})
        for wave, answers in waves.items()
    )
    return mean(sample(frame, Design(clusters="person")), "y", by="wave")


_COUNTS = st.integers(2, 8)


@settings(max_examples=40)
@given(_COUNTS, _COUNTS, st.booleans(), st.integers(1, 5), st.integers(0, 2**32))
def test_the_same_two_waves_have_the_same_figures_whatever_is_asked(
    first: int, second: int, apart: bool, years: int, seed: int
) -> None:
    """`compare`, the change and the slope of a trend are one test of one difference."""
    random = np.random.default_rng(seed)
    frame = pl.concat(
        pl.DataFrame(
            {
                "wave": str(2020 + years * late),
                "cluster": np.arange(4 * count) % count,
                "y": random.normal(late, 1, 4 * count),
                "z": random.normal(late, 1, 4 * count),
            }
        )
        for late, count in enumerate((first, second))
    )
    if apart:
        asked = [Mean(variable="y"), Mean(variable="z")]
        before, after = (
            sample(rows, Design(clusters="cluster"))
            for rows in frame.partition_by("wave", maintain_order=True)
        )
        compared = compare(after, before, *asked)
        followed = trend({str(2020 + years): after, "2020": before}, *asked)
    else:
        drawn = sample(frame, Design(clusters="cluster"))
        found = estimate(drawn, *(Mean(variable=name, by=("wave",)) for name in ("y", "z")))
        compared = compare(found, across="wave", reference="2020")
        followed = trend(found, wave="wave")
        assert {one.degrees for one in compared} == {min(first, second) - 1}
    for one, other in zip(compared, followed, strict=True):
        (change,) = other.segments[0].changes
        assert (change.estimate, change.adjusted) == pytest.approx((one.difference, one.adjusted))
        assert _figures(change) == pytest.approx(_figures(one))
        slope = _slope(other)
        assert slope.a_year * years == pytest.approx(one.difference)
        assert [
            years * slope.standard_error,
            years * slope.low,
            years * slope.high,
        ] == pytest.approx([one.standard_error, one.low, one.high])
        assert (slope.degrees, slope.p_value) == pytest.approx((one.degrees, one.p_value))


def test_a_panel_changes_as_in_r_survey() -> None:
    """Schools in 15 districts drawn: svycontrast(svyby(covmat = TRUE)), degf(design), R 4.1.1.

    The slope is that of the same covariance, and of `lm` below for what is estimated with it.
    """
    schools = data("apiclus1")
    years = {"1999": "api99", "2000": "api00"}
    frame = pl.concat(
        schools.select("dnum", "pw", "fpc", y=name, wave=pl.lit(wave))
        for wave, name in years.items()
    )
    drawn = sample(frame, Design(weights="pw", clusters="dnum", fpc="fpc"))
    found = mean(drawn, "y", by="wave")
    (change,) = trend(found, wave="wave")[0].segments[0].changes
    slope = _slope(trend(found, wave="wave")[0])
    (compared,) = compare(found, across="wave", reference="1999")
    expected = 3.08519696689946, 30.5741674463908, 43.8083462148115, 14, 8.82232729351777e-09
    for one in (change, slope, compared):
        assert _figures(one) == pytest.approx(expected)
    assert slope.a_year == pytest.approx(37.1912568306011)


def test_two_samples_change_as_by_the_test_of_welch() -> None:
    """R 4.1.1, t.test(b, a)."""
    asked = {
        "2020": [4.0, 6.0, 5.0, 7.0, 3.0, 8.0, 6.0],
        "2021": [7.0, 9.0, 5.0, 12.0, 8.0],
    }
    before, after = (sample(pl.DataFrame({"y": rows}), Design()) for rows in asked.values())
    found = trend({"2020": before, "2021": after}, Mean(variable="y"))[0]
    expected = (
        1.32731635546429,
        -0.561173199243881,
        5.81831605638674,
        6.48592840804457,
        0.0913887577692215,
    )
    for one in (
        found.segments[0].changes[0],
        _slope(found),
        compare(after, before, Mean(variable="y"))[0],
    ):
        assert _figures(one) == pytest.approx(expected)


_EIGHT = {
    "2015": [51.0, 48.0, 60.0, 55.0, 47.0, 58.0, 62.0, 50.0],
    "2017": [53.0, 49.0, 64.0, 55.0, 50.0, 57.0, 66.0, 54.0],
    "2018": [52.0, 53.0, 66.0, 60.0, 49.0, 61.0, 70.0, 52.0],
    "2022": [58.0, 54.0, 66.0, 63.0, 55.0, 60.0, 71.0, 59.0],
}


def test_the_slope_of_a_panel_is_that_of_growth_curves() -> None:
    """R 4.1.1: lm(slope of each ~ what departs from its line), and Hotelling's test of the rest."""
    slope = _slope(trend(_panel(_EIGHT), wave="wave")[0])
    assert astuple(slope) == pytest.approx(
        (
            1.00682535188481,
            0.131625952720854,
            0.668470068722258,
            1.34518063504736,
            5,
            0.000607895121776329,
            0.550047222476439,
        )
    )
    three = {wave: answers for wave, answers in _EIGHT.items() if wave != "2022"}
    slope = _slope(trend(_panel(three), wave="wave")[0])
    assert (slope.a_year, slope.standard_error, slope.degrees, slope.p_value) == pytest.approx(
        (1.23152709359338575, 0.26423558852476514, 6, 0.00346476831822221)
    )


def _apart(values: list[float], errors: list[float], degrees: list[float]) -> Slope:
    points = [
        WavePoint(wave=str(year), year=year, estimate=value, standard_error=error, degrees=freedom)
        for year, value, error, freedom in zip(
            (2015, 2017, 2018, 2022), values, errors, degrees, strict=False
        )
    ]
    (found,) = segments(points)
    assert found.slope is not None
    return found.slope


def test_the_slope_of_waves_drawn_apart_pays_for_what_their_errors_do_not_know() -> None:
    """The general formula of Kenward and Roger, for variances of 2 v² / degrees."""
    errors, degrees = np.array([1.0, 2.0, 0.7, 1.5]), np.array([5.0, 9.0, 4.0, 20.0])
    slope = _apart([50.0, 53.0, 51.0, 60.0], errors.tolist(), degrees.tolist())
    variances = errors**2
    line = np.column_stack([np.ones(4), np.array([2015, 2017, 2018, 2022]) - 2018.0])
    spread = np.linalg.inv(line.T / variances @ line)
    more = np.zeros((2, 2))
    for one, (variance, freedom) in enumerate(zip(variances, degrees, strict=True)):
        x = np.outer(line[one], line[one])
        gained = x / variance**3 - (x / variance**2) @ spread @ (x / variance**2)
        more += 2 * variance**2 / freedom * gained
    total = spread + 2 * spread @ more @ spread
    assert slope.standard_error == pytest.approx(math.sqrt(total[1, 1]))
    parts = (spread @ line.T / variances)[1] ** 2 * variances
    assert slope.degrees == pytest.approx(parts.sum() ** 2 / (parts**2 / degrees).sum())
    reach = stats.t.ppf(0.975, slope.degrees) * slope.standard_error
    assert (slope.low, slope.high) == pytest.approx((slope.a_year - reach, slope.a_year + reach))
    assert slope.p_value == pytest.approx(
        2 * stats.t.sf(slope.a_year / slope.standard_error, slope.degrees)
    )


def test_the_misfit_of_three_waves_is_the_test_of_their_bend() -> None:
    values, errors, degrees = [50.0, 53.0, 51.0], np.array([1.0, 2.0, 0.7]), [5.0, 9.0, 4.0]
    # What 2017 is above the line from 2015 to 2018.
    bend = np.array([-1 / 3, 1, -2 / 3])
    parts = bend**2 * errors**2
    freedom = parts.sum() ** 2 / (parts**2 / degrees).sum()
    expected = 2 * stats.t.sf(bend @ values / math.sqrt(parts.sum()), freedom)
    assert _apart(values, errors.tolist(), degrees).misfit == pytest.approx(expected)


def test_the_misfit_around_a_known_slope_is_the_test_of_welch() -> None:
    """R 4.1.1, oneway.test of three groups: a wave far away says that nothing else changes."""
    groups = ([4, 6, 5, 7, 3, 8, 6], [7, 9, 5, 12, 8], [3, 6, 6, 9, 2, 7, 7, 5])
    points = [
        WavePoint(
            wave=str(year),
            year=year,
            estimate=float(np.mean(group)),
            standard_error=float(stats.sem(group)),
            degrees=len(group) - 1,
        )
        for year, group in enumerate(groups)
    ]
    far = WavePoint(wave="far", year=1e6, estimate=6.0, standard_error=1.0)
    (found,) = segments([*points, far])
    assert found.slope is not None
    assert found.slope.misfit == pytest.approx(0.189254145227219, rel=1e-4)


@pytest.mark.parametrize(("degrees", "is_told"), [(3.0, False), (4.0, True)])
def test_a_sample_of_few_clusters_tells_no_line_of_many_waves(
    degrees: float, is_told: bool
) -> None:
    points = [
        WavePoint(
            wave=str(year), year=year, estimate=float(year), standard_error=1.0, degrees=degrees
        )
        for year in range(4)
    ]
    (alone,), (together,) = segments(points), segments(points, covariance=np.eye(4))
    assert alone.slope is not None
    assert (together.slope is not None) == is_told
    assert len(together.changes) == 3


def test_a_wave_in_one_cluster_has_no_known_error() -> None:
    frame = pl.DataFrame(
        {
            "wave": ["2021"] * 4 + ["2023"] * 12,
            "cluster": [0] * 4 + [0, 1, 2] * 4,
            "y": [float(k * k % 7) for k in range(16)],
        }
    )
    found = mean(sample(frame, Design(clusters="cluster")), "y", by="wave")
    (one,) = compare(found, across="wave")
    assert one.difference is not None
    assert _figures(one) == (None, None, None, 0, None)
    assert '"p_value": null' in as_json(compare(found, across="wave"))
    assert any(
        "too few units were drawn" in note
        for note in listing(compare(found, across="wave"), "en").notes
    )
    with pytest.raises(SurveyError, match="« 2021 » has 0 degrees of freedom"):
        trend(found, wave="wave")


def test_the_changes_of_all_figures_are_tested_together() -> None:
    apart = {
        wave: sample(pl.DataFrame({"y": rows, "z": rows[::-1]}), Design())
        for wave, rows in {"2015": _EIGHT["2015"], "2022": _EIGHT["2022"]}.items()
    }
    one = trend(apart, Mean(variable="y"))[0].segments[0].changes[0]
    for found in trend(apart, Mean(variable="y"), Mean(variable="z")):
        assert found.segments[0].changes[0].p_value == pytest.approx(one.adjusted)
        assert found.segments[0].changes[0].adjusted == pytest.approx(2 * one.adjusted)
