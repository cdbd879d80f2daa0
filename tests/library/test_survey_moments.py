"""Moments: the figures of rows, from sums made a part at a time, where the data are."""

from __future__ import annotations

import pickle
from functools import reduce
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage import survey
from alliage.survey import (
    Count,
    Design,
    Estimates,
    Gini,
    Mean,
    Moments,
    Proportion,
    Quantile,
    Ratio,
    Request,
    Scored,
    SurveyError,
    SurveyProblem,
    Total,
    Variable,
)

API = Path(__file__).parent.parent / "cases" / "survey" / "api"
MARGINS = {
    "stype": {"E": 4421, "H": 755, "M": 1018},
    "sch.wide": {"No": 1072, "Yes": 5122},
}
REQUESTS: list[Request] = [
    Mean(variable="api00"),
    Mean(variable="api00", by=("stype",)),
    Mean(variable="acs.core", over=(("awards", ("Yes",)),)),
    Total(variable="api.stu", by=("awards",)),
    Ratio(variable="api.stu", denominator="api99"),
    Count(variable="stype"),
    Proportion(variable="stype", by=("awards",)),
    Scored(variable="awards", points={"Yes": 1.0}, label="yes"),
    Quantile(variable="api99", probabilities=(0.25, 0.5)),
    Gini(variable="api.stu"),
]
DESIGNS = {
    "strata": ("apistrat", Design(weights="pw", strata="stype", fpc="fpc")),
    "sizes": ("apistrat", Design(strata="stype", fpc="fpc")),
    "elements": ("apistrat", Design(weights="pw")),
    "clusters": ("apiclus1", Design(weights="pw", clusters="dnum", fpc="fpc")),
    "stages": ("apiclus2", Design(clusters=("dnum", "snum"), fpc=("fpc1", "fpc2"))),
}


def rows(name: str) -> pl.DataFrame:
    return pl.read_csv(API / f"{name}.csv", null_values=["", "NA"])


def close(ours: Estimates, theirs: Estimates) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.level, one.group, one.respondents, one.missing, one.interval) == (
            other.level,
            other.group,
            other.respondents,
            other.missing,
            other.interval,
        )
        for name in ("value", "standard_error", "low", "high", "weighted", "design_effect"):
            mine, its = getattr(one, name), getattr(other, name)
            assert (mine is None) == (its is None), name
            if mine is not None:
                assert mine == pytest.approx(its, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("name", DESIGNS)
def test_same_figures_as_rows(name: str, *, calibrated: bool) -> None:
    source, design = DESIGNS[name]
    frame = rows(source)
    sample = survey.sample(frame, design)
    found = survey.moments(frame.lazy(), design, REQUESTS, margins=list(MARGINS))
    if calibrated:
        sample, found = survey.calibrate(sample, MARGINS), survey.calibrate(found, MARGINS)
    for request in REQUESTS:
        close(survey.estimate(found, request), survey.estimate(sample, request))


def test_the_report_is_that_of_rows() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    by_rows = survey.calibrate(survey.sample(frame, design), MARGINS).report
    found = survey.calibrate(survey.moments(frame, design, [], margins=list(MARGINS)), MARGINS)
    ours = found.report
    for name in ("total", "smallest_weight", "largest_weight", "design_effect", "effective_size"):
        assert getattr(ours, name) == pytest.approx(getattr(by_rows, name), rel=1e-12)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_parts_add_up_in_any_order(seed: int) -> None:
    frame = rows("apiclus1").sample(fraction=1, shuffle=True, seed=seed)
    design = DESIGNS["clusters"][1]
    asked = [Mean(variable="api00", by=("stype",)), Proportion(variable="awards")]
    order = np.random.default_rng(seed)
    cuts = sorted(order.choice(range(1, frame.height), 4, replace=False).tolist())
    parts = [
        survey.moments(frame[start:end], design, asked, margins=list(MARGINS))
        for start, end in zip([0, *cuts], [*cuts, frame.height], strict=True)
    ]
    parts = [parts[place] for place in order.permutation(len(parts))]
    together = survey.calibrate(reduce(Moments.__add__, parts), MARGINS)
    sample = survey.calibrate(survey.sample(rows("apiclus1"), design), MARGINS)
    for request in asked:
        close(survey.estimate(together, request), survey.estimate(sample, request))


def test_chunks_are_read_one_after_another() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    read: list[int] = []

    def chunks() -> object:
        for start in range(0, frame.height, 64):
            read.append(start)
            yield frame[start : start + 64].lazy()

    asked = Mean(variable="api00")
    found = survey.moments(chunks(), design, [asked])
    assert read == [0, 64, 128, 192]
    assert found.respondents == 200
    close(survey.estimate(found, asked), survey.mean(survey.sample(frame, design), "api00"))


def test_moments_travel_between_processes() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    asked = Mean(variable="api00", by=("stype",))
    parts = [
        pickle.loads(pickle.dumps(survey.moments(part, design, [asked])))  # noqa: S301 - our own
        for part in (frame[:90], frame[90:])
    ]
    close(
        survey.estimate(parts[0] + parts[1], asked),
        survey.mean(survey.sample(frame, design), "api00", by="stype"),
    )


def test_sums_are_made_by_duckdb() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    relation = duckdb.connect().register("schools", frame).sql("select * from schools")
    found = survey.moments(relation, design, REQUESTS, margins=list(MARGINS))
    fit = survey.calibrate(found, MARGINS)
    sample = survey.calibrate(survey.sample(frame, design), MARGINS)
    for request in REQUESTS:
        close(survey.estimate(fit, request), survey.estimate(sample, request))


def test_a_far_centre_keeps_digits() -> None:
    far = pl.DataFrame({"y": 1e9 + np.arange(100.0), "d": np.linspace(1, 2, 100)})
    asked = Mean(variable="y")
    design = Design(weights="d")
    expected = survey.estimate(survey.sample(far, design), asked).one()
    found = survey.moments([far[:30], far[30:]], design, [asked])
    ours = survey.estimate(found, asked).one()
    assert ours.standard_error == pytest.approx(expected.standard_error, rel=1e-9)


def test_codes_of_missing_answers_are_missing() -> None:
    frame = pl.DataFrame({"q": [1, 2, 9, 1], "y": [1.0, 2.0, 3.0, -1.0]})
    described = {
        "q": Variable(labels={1: "yes", 2: "no"}, missing=(9,)),
        "y": Variable(missing=(-1.0,)),
    }
    asked: list[Request] = [Proportion(variable="q"), Mean(variable="y")]
    found = survey.moments(frame, Design(), asked, variables=described)
    share, mean = (survey.estimate(found, one) for one in asked)
    assert share.one("1").value == pytest.approx(2 / 3)
    assert share.one("1").missing == 1
    assert (mean.one().value, mean.one().missing) == (2.0, 1)


def test_what_was_not_summed_is_refused() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    found = survey.moments(frame, design, [Mean(variable="api00")])
    with pytest.raises(SurveyError, match="do not hold api99 together") as refused:
        survey.mean(found, "api99")
    assert refused.value.problem is SurveyProblem.MOMENTS
    with pytest.raises(SurveyError, match="not told of as margins"):
        survey.calibrate(found, {"awards": {"Yes": 1, "No": 1}})
    with pytest.raises(SurveyError, match="numeric margins api99"):
        survey.calibrate(found, {"api99": 1.0})
    fit = survey.moments(frame, design, [], margins=["stype"])
    fit = survey.calibrate(fit, {"stype": MARGINS["stype"]})
    with pytest.raises(SurveyError, match="do not add up"):
        fit + fit


@pytest.mark.parametrize("weight", [0.0, -1.0, None, float("nan"), float("inf")])
def test_weights_are_checked_where_the_data_are(weight: float | None) -> None:
    frame = pl.DataFrame({"y": [1.0, 2.0], "d": [1.0, weight]})
    with pytest.raises(SurveyError, match="for 1 respondents"):
        survey.moments(frame.lazy(), Design(weights="d"), [Mean(variable="y")])


def test_columns_are_checked_where_the_data_are() -> None:
    frame = pl.LazyFrame({"y": ["a"], "d": ["1"]})
    for design, request, problem in [
        (Design(), Mean(variable="z"), SurveyProblem.COLUMN),
        (Design(), Mean(variable="y"), SurveyProblem.TYPE),
        (Design(weights="d"), Count(variable="y"), SurveyProblem.WEIGHT_NOT_NUMBER),
    ]:
        with pytest.raises(SurveyError) as refused:
            survey.moments(frame, design, [request])
        assert refused.value.problem is problem
    empty: list[object] = [[], pl.LazyFrame({"y": []}, schema={"y": pl.Float64})]
    for nothing in empty:
        with pytest.raises(SurveyError) as refused:
            survey.moments(nothing, Design(), [Mean(variable="y")])
        assert refused.value.problem is SurveyProblem.EMPTY
    with pytest.raises(SurveyError) as refused:
        survey.moments(3, Design(), [])
    assert refused.value.problem is SurveyProblem.FRAME
