"""Calibration: margins are met, bounds are held, what cannot be met is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage import survey
from alliage.survey import Design, Method, StandardError, SurveyError, SurveyProblem

API = Path(__file__).parent.parent / "cases" / "survey" / "api"
KINDS = {"E": 4421, "H": 755, "M": 1018}
MARGINS = {"stype": KINDS, "sch.wide": {"No": 1072, "Yes": 5122}}


def schools() -> survey.Sample:
    frame = pl.read_csv(API / "apistrat.csv", null_values=["", "NA"])
    return survey.sample(frame, Design(weights="pw", strata="stype", fpc="fpc"))


def random_sample(seed: int, rows: int = 300) -> survey.Sample:
    random = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "sex": random.choice(["F", "M"], rows),
            "age": random.choice(["15-29", "30-59", "60+"], rows, p=[0.2, 0.5, 0.3]),
            "region": random.choice(["N", "S", "E", "O"], rows),
            "size": random.uniform(1, 6, rows),
            "y": random.normal(10, 3, rows),
            "d": random.uniform(0.5, 2, rows),
        }
    )
    return survey.sample(frame, Design(weights="d"))


def shares(random: np.random.Generator, levels: list[str], total: float) -> dict[str, float]:
    drawn = random.uniform(0.7, 1.3, len(levels))
    return dict(zip(levels, (drawn / drawn.sum() * total).tolist(), strict=True))


@settings(max_examples=40)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["raking", "linear", "logit"]),
    st.booleans(),
    st.floats(1e-3, 1e6),
)
def test_margins_are_met(seed: int, method: str, numeric: bool, total: float) -> None:
    random = np.random.default_rng(seed)
    sample = random_sample(seed)
    if method == "logit":
        total = float(sample.weights.sum())
    margins: dict[str, Any] = {
        "sex": shares(random, ["F", "M"], total),
        "age": shares(random, ["15-29", "30-59", "60+"], total),
        "region": shares(random, ["N", "S", "E", "O"], total),
    }
    if numeric:
        margins["size"] = 3.4 * total
    bounds = (0.05, 10) if method == "logit" else None
    fit = survey.calibrate(sample, margins, method=method, bounds=bounds)
    frame = fit.with_weights("w").frame
    for name in ("sex", "age", "region"):
        sums = dict(frame.group_by(name).agg(pl.col("w").sum()).rows())
        for level, target in margins[name].items():
            assert sums[level] == pytest.approx(target, rel=1e-9)
    if numeric:
        assert frame.select((pl.col("w") * pl.col("size")).sum()).item() == pytest.approx(
            margins["size"], rel=1e-9
        )
    report = fit.report
    assert report.largest_error <= 1e-10
    assert report.total == pytest.approx(total, rel=1e-9)
    weights = frame.get_column("w").to_numpy()
    assert report.effective_size == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert report.design_effect == pytest.approx(len(weights) / report.effective_size)
    assert report.smallest_weight == pytest.approx(weights.min(), abs=1e-9 * total)
    assert report.largest_weight == pytest.approx(weights.max())


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(["raking", "linear"]))
def test_bounds_are_held_and_margins_still_met(seed: int, method: str) -> None:
    sample = random_sample(seed)
    free = survey.calibrate(sample, MARGINS_OF_RANDOM, method=method, shares=True)
    bounds = (0.85 * free.report.smallest_ratio + 0.15, 0.9 * free.report.largest_ratio + 0.1)
    bounds = (max(bounds[0], free.report.smallest_ratio * 1.02), bounds[1])
    fit = survey.calibrate(sample, MARGINS_OF_RANDOM, method=method, shares=True, bounds=bounds)
    assert fit.report.largest_error <= 1e-10
    assert fit.report.smallest_ratio >= bounds[0] - 1e-12
    assert fit.report.largest_ratio <= bounds[1] + 1e-12
    assert fit.report.at_bounds > 0


MARGINS_OF_RANDOM = {
    "sex": {"F": 0.52, "M": 0.48},
    "age": {"15-29": 0.24, "30-59": 0.48, "60+": 0.28},
    "region": {"N": 0.25, "S": 0.25, "E": 0.2, "O": 0.3},
}


def test_bounds_may_be_about_the_weights() -> None:
    sample = random_sample(3)
    fit = survey.calibrate(
        sample, MARGINS_OF_RANDOM, shares=True, bounds=(0.6, 2.2), bounds_on="weight"
    )
    assert fit.weights.min() >= 0.6 - 1e-9
    assert fit.weights.max() <= 2.2 + 1e-9
    assert fit.report.largest_error <= 1e-10
    assert fit.report.smallest_weight == pytest.approx(fit.weights.min())
    assert fit.report.largest_weight == pytest.approx(fit.weights.max())


def test_a_design_effect_is_held() -> None:
    sample = random_sample(11)
    margins = {
        "sex": {"F": 0.6, "M": 0.4},
        "age": {"15-29": 0.35, "30-59": 0.35, "60+": 0.3},
        "region": {"N": 0.4, "S": 0.25, "E": 0.15, "O": 0.2},
    }
    free = survey.calibrate(sample, margins, shares=True).report
    flat = survey.sample(sample.table, Design())
    least = survey.calibrate(flat, margins, method="linear", shares=True).report.design_effect
    assert least < free.design_effect
    target = free.design_effect - 0.25 * (free.design_effect - least)
    fit = survey.calibrate(sample, margins, shares=True, max_design_effect=target).report
    assert fit.largest_error <= 1e-10
    assert fit.design_effect == pytest.approx(target, rel=1e-4)
    assert fit.design_effect <= target
    assert fit.at_bounds > 0
    assert fit.bounds_on == "weight"
    assert fit.bounds[0] == pytest.approx(fit.smallest_weight)
    assert fit.bounds[1] == pytest.approx(fit.largest_weight)
    with pytest.raises(SurveyError, match="the least found is") as refused:
        survey.calibrate(sample, margins, shares=True, max_design_effect=0.99 * least)
    assert refused.value.problem is SurveyProblem.DESIGN_EFFECT
    kept = survey.calibrate(sample, margins, shares=True, max_design_effect=50).report
    assert kept.design_effect == pytest.approx(free.design_effect)
    assert kept.at_bounds == 0


def test_raking_is_the_limit_of_iterative_proportional_fitting() -> None:
    sample = random_sample(2)
    total = sample.weights.sum()
    weights = sample.weights.copy()
    for _ in range(500):
        for name, targets in MARGINS_OF_RANDOM.items():
            column = sample.table.frame.get_column(name).to_numpy()
            for level, share in targets.items():
                carried = column == level
                weights[carried] *= share * total / weights[carried].sum()
    fit = survey.calibrate(sample, MARGINS_OF_RANDOM, shares=True)
    np.testing.assert_allclose(fit.weights, weights, rtol=1e-9)


def test_each_wave_has_its_margins() -> None:
    frame = pl.concat(
        [random_sample(seed).table.frame.with_columns(wave=pl.lit(seed)) for seed in (1, 2)]
    )
    sample = survey.sample(frame, Design(weights="d"))
    margins: dict[int, Any] = {
        1: {"sex": {"F": 60, "M": 40}, "region": {"N": 10, "S": 20, "E": 30, "O": 40}},
        2: {"sex": {"F": 450, "M": 550}, "size": 3300},
    }
    fit = survey.calibrate(sample, margins, per="wave")
    kept = fit.with_weights("w").frame
    for wave in (1, 2):
        alone = survey.calibrate(
            survey.sample(frame.filter(wave=wave), Design(weights="d")), margins[wave]
        )
        np.testing.assert_allclose(
            kept.filter(wave=wave).get_column("w").to_numpy(), alone.weights, rtol=1e-8
        )
        whole = survey.mean(fit, "y", over={"wave": wave}).one()
        assert whole.value == pytest.approx(survey.mean(alone, "y").one().value, rel=1e-9)
    assert {line.margin for line in fit.report.lines} == {
        "sex (wave 1)",
        "region (wave 1)",
        "sex (wave 2)",
        "size (wave 2)",
    }
    both = survey.calibrate(
        sample,
        {1: {"sex": {"F": 0.5, "M": 0.5}}, 2: {"sex": {"F": 0.4, "M": 0.6}}},
        per="wave",
        shares=True,
        population={1: 1000, 2: 2000},
    )
    assert both.weights.sum() == pytest.approx(3000)


def test_a_wave_without_margins_or_population_is_named() -> None:
    frame = pl.DataFrame({"wave": [1, 1, 2, 2], "sex": ["F", "M", "F", "M"]})
    sample = survey.sample(frame, Design())
    halves = {"sex": {"F": 0.5, "M": 0.5}}
    with pytest.raises(SurveyError, match="The wave « 2 » of « wave » has no margins"):
        survey.calibrate(sample, {1: halves}, per="wave", shares=True)
    with pytest.raises(SurveyError, match="The wave « 2 » has no population"):
        survey.calibrate(
            sample, {1: halves, 2: halves}, per="wave", shares=True, population={1: 10}
        )


def test_several_weights_live_on_one_table() -> None:
    sample = schools()
    by_kind = survey.calibrate(sample, {"stype": KINDS}, method="poststratify")
    raked = survey.calibrate(sample, MARGINS)
    table = survey.Table.of(by_kind.with_weights("w1").frame)
    both = table.with_column("w2", raked.weights)
    for name, fit in (("w1", by_kind), ("w2", raked)):
        again = survey.sample(both, Design(weights=name, strata="stype", fpc="fpc"))
        assert survey.mean(again, "api00").one().value == pytest.approx(
            survey.mean(fit, "api00").one().value, rel=1e-12
        )


def test_which_standard_error_is_always_said() -> None:
    plain, fit = schools(), survey.calibrate(schools(), MARGINS)
    kinds = [
        (survey.mean(plain, "api00"), StandardError.DESIGN),
        (survey.mean(fit, "api00"), StandardError.CALIBRATED),
        (survey.mean(fit, "api00", variance="fixed"), StandardError.FIXED),
    ]
    for found, expected in kinds:
        assert found.provenance.standard_error is expected
    # Shares of what was calibrated have no error; with weights taken as fixed they seem to.
    known = survey.proportion(fit, "sch.wide").one("Yes")
    assert (known.standard_error, known.low, known.high) == (0, known.value, known.value)
    seeming = survey.proportion(fit, "sch.wide", variance="fixed").one("Yes")
    assert (seeming.standard_error or 0) > 0.01
    assert kinds[1][0].provenance.calibration == "raking"


def test_a_margin_already_met_changes_nothing() -> None:
    sample = random_sample(8)
    totals = dict(sample.table.frame.group_by("region").agg(pl.col("d").sum()).rows())
    fit = survey.calibrate(sample, {"region": totals})
    np.testing.assert_allclose(fit.weights, sample.weights, rtol=1e-12)
    assert fit.report.design_effect == pytest.approx(fit.report.design_effect_before)


def test_the_report_is_a_table() -> None:
    frame = survey.calibrate(schools(), MARGINS).report.frame()
    assert frame.columns == [
        "margin",
        "level",
        "respondents",
        "target",
        "before",
        "after",
        "error",
    ]
    assert frame.height == 5
    assert frame.row(0)[:4] == ("stype", "E", 100, 4421.0)
    with pytest.raises(SurveyError, match="Nothing was calibrated"):
        _ = schools().report


@pytest.mark.parametrize(
    ("margins", "options", "problem", "says"),
    [
        ({}, {}, SurveyProblem.MARGIN_TOTAL, "No margin was given"),
        ({"kind": KINDS}, {}, SurveyProblem.COLUMN, "no column « kind »"),
        (
            {"stype": {**KINDS, "X": 10}},
            {},
            SurveyProblem.MARGIN_ABSENT,
            r"Nobody in the sample carries « X » of « stype ».*stype: E, H, M",
        ),
        (
            {"stype": {"E": 4421, "H": 755}},
            {},
            SurveyProblem.MARGIN_UNKNOWN,
            "50 respondents carry levels of « stype » that have no total, such as « M »",
        ),
        (
            {"stype": KINDS, "sch.wide": {"No": 1000, "Yes": 5000}},
            {},
            SurveyProblem.MARGIN_SUMS,
            "« sch.wide » add up to 6000, those of « stype » to 6194",
        ),
        ({"stype": KINDS}, {"population": 6000}, SurveyProblem.MARGIN_SUMS, "« the population »"),
        ({"stype": {**KINDS, "H": -1}}, {}, SurveyProblem.MARGIN_TOTAL, "« H » of « stype » is -1"),
        (
            {"stype": {**KINDS, "H": float("nan")}},
            {},
            SurveyProblem.MARGIN_TOTAL,
            "« H » of « stype » is nan",
        ),
        ({"stype": {**KINDS, "H": 0}}, {}, SurveyProblem.MARGIN_TOTAL, "50 respondents carry it"),
        ({"api99": float("inf")}, {}, SurveyProblem.MARGIN_TOTAL, "api99"),
        ({"api99": "many"}, {}, SurveyProblem.MARGIN_TOTAL, "many"),
        ({("stype", "awards"): {"E": 1}}, {}, SurveyProblem.MARGIN_TOTAL, "1 levels for 2"),
        ({("stype", "awards"): 12}, {}, SurveyProblem.MARGIN_TOTAL, "crosses variables"),
        ({"acs.core": 100_000.0}, {}, SurveyProblem.MARGIN_MISSING, "missing for"),
        (
            {"stype": {"E": 0.7, "H": 0.2, "M": 0.2}},
            {"shares": True},
            SurveyProblem.MARGIN_SUMS,
            "add up to 1.1, not to 1",
        ),
        (MARGINS, {"method": "logit"}, SurveyProblem.BOUNDS, "needs bounds"),
        (MARGINS, {"bounds": (2, 1)}, SurveyProblem.BOUNDS, "bounds are 2 and 1"),
        (
            MARGINS,
            {"method": "logit", "bounds": (1.5, 3)},
            SurveyProblem.BOUNDS,
            "do not hold 1",
        ),
        (MARGINS, {"method": "poststratify"}, SurveyProblem.MARGIN_TOTAL, "one categorical"),
        (
            {"stype": KINDS},
            {"method": "poststratify", "bounds": (0.5, 2)},
            SurveyProblem.BOUNDS,
            "no bounds",
        ),
        (MARGINS, {"max_design_effect": 0.5}, SurveyProblem.DESIGN_EFFECT, "1 or more"),
        (
            MARGINS,
            {"max_design_effect": 2, "bounds": (0.5, 2)},
            SurveyProblem.DESIGN_EFFECT,
            "do not give bounds",
        ),
        (MARGINS, {"population": {"E": 1}}, SurveyProblem.MARGIN_TOTAL, "with `per`"),
        ({"E": 3}, {"per": "stype"}, SurveyProblem.MARGIN_TOTAL, "margins of its own"),
        (
            MARGINS,
            {"bounds": (0.9999, 1.0001)},
            SurveyProblem.NOT_CONVERGED,
            r"« No » of « sch.wide » reaches .* for 1072 .*Widen the bounds",
        ),
    ],
)
def test_what_cannot_be_met_is_named(
    margins: Any, options: dict[str, Any], problem: SurveyProblem, says: str
) -> None:
    with pytest.raises(SurveyError, match=says) as refused:
        survey.calibrate(schools(), margins, **options)
    assert refused.value.problem is problem


def test_margins_that_contradict_each_other_do_not_converge() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "y", "y"], "b": ["u", "u", "v", "v"]})
    sample = survey.sample(frame, Design())
    margins = {"a": {"x": 10, "y": 20}, "b": {"u": 20, "v": 10}}
    with pytest.raises(SurveyError, match="contradict each other") as refused:
        survey.calibrate(sample, margins)
    assert refused.value.problem is SurveyProblem.NOT_CONVERGED
    assert float(refused.value.values["error"]) > 0.1


def test_a_method_is_a_word_or_a_member() -> None:
    for method in ("linear", Method.LINEAR):
        assert survey.calibrate(schools(), MARGINS, method=method).report.method is Method.LINEAR
    with pytest.raises(SurveyError, match="raking"):
        survey.calibrate(schools(), MARGINS, method="rakin")
