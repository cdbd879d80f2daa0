"""Samples: what is refused of weights and designs, replicates, domains, degrees of freedom."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage import survey
from alliage.survey import (
    Design,
    DfRule,
    Interval,
    LonelyUnit,
    Mean,
    ReplicateColumns,
    ReplicateKind,
    StandardError,
    SurveyError,
    SurveyProblem,
    Table,
    Total,
    Variable,
)
from alliage.survey.sampling.replication import hadamard

API = Path(__file__).parent.parent / "cases" / "survey" / "api"


def rows(name: str) -> pl.DataFrame:
    return pl.read_csv(API / f"{name}.csv", null_values=["", "NA"])


def error_of(found: survey.Estimates) -> float:
    error = found.one().standard_error
    assert error is not None
    return error


# Bad input.


@pytest.mark.parametrize(
    ("weights", "problem", "says"),
    [
        ([1.0, -2.0, 1.0], SurveyProblem.WEIGHT_NOT_POSITIVE, "row 2 holds -2"),
        ([1.0, 1.0, 0.0], SurveyProblem.WEIGHT_NOT_POSITIVE, "name a domain with `over`"),
        ([1.0, None, 1.0], SurveyProblem.WEIGHT_MISSING, "the first being row 2"),
        ([1.0, math.nan, 1.0], SurveyProblem.WEIGHT_MISSING, "row 2"),
        (["1", "2,5", "3"], SurveyProblem.WEIGHT_NOT_NUMBER, "row 2 holds « 2,5 »"),
        ([1.0, math.inf, 1.0], SurveyProblem.VALUE, "infinite in row 2"),
    ],
)
def test_weights_that_cannot_be_used(weights: list[Any], problem: SurveyProblem, says: str) -> None:
    frame = pl.DataFrame({"y": [1, 2, 3], "d": weights})
    with pytest.raises(SurveyError, match=says) as refused:
        survey.sample(frame, Design(weights="d"))
    assert refused.value.problem is problem
    assert refused.value.values["column"] == "d"


@pytest.mark.parametrize(
    ("design", "problem", "says"),
    [
        (Design(weights="w"), SurveyProblem.COLUMN, "no column « w »"),
        (Design(strata="gap"), SurveyProblem.DESIGN_MISSING, "missing in 1 rows"),
        (Design(strata="s", clusters="c"), SurveyProblem.CLUSTERS_NOT_NESTED, "nested=True"),
        (Design(fpc="small"), SurveyProblem.POPULATION_SIZE, "2 units where 4 were drawn"),
        (Design(fpc="zero"), SurveyProblem.POPULATION_SIZE, "not above 0 in row 1"),
        (Design(fpc="varies"), SurveyProblem.POPULATION_SIZE, "varies inside a stratum"),
        (Design(fpc="mixed"), SurveyProblem.POPULATION_SIZE, "mixes"),
        (Design(clusters="c", fpc=(None, "size")), SurveyProblem.WEIGHT_MISSING, "no population"),
    ],
)
def test_designs_that_the_rows_contradict(
    design: Design, problem: SurveyProblem, says: str
) -> None:
    frame = pl.DataFrame(
        {
            "s": ["a", "a", "b", "b"],
            "c": [1, 2, 1, 3],
            "gap": ["a", None, "b", "b"],
            "small": [2, 2, 2, 2],
            "zero": [0, 0, 0, 0],
            "varies": [10, 10, 11, 10],
            "mixed": [0.5, 2, 2, 2],
            "size": [9, 9, 9, 9],
        }
    )
    with pytest.raises(SurveyError, match=says) as refused:
        survey.sample(frame, design)
    assert refused.value.problem is problem


@pytest.mark.parametrize(
    "make",
    [
        lambda: Design(df=0),
        lambda: Design(df=math.nan),
        lambda: ReplicateColumns(columns=("r1",), kind=ReplicateKind.JK1),
        lambda: ReplicateColumns(columns=("r1", "r2"), kind=ReplicateKind.OTHER),
        lambda: ReplicateColumns(columns=("r1", "r2"), kind=ReplicateKind.JKN),
        lambda: ReplicateColumns(columns=("r1", "r2"), kind=ReplicateKind.JK1, rscales=(1.0,)),
        lambda: ReplicateColumns(columns=("r1", "r2"), kind=ReplicateKind.FAY, fay=1.0),
        lambda: Design(
            strata="s",
            replicates=ReplicateColumns(columns=("r1", "r2"), kind=ReplicateKind.JK1),
        ),
    ],
)
def test_designs_that_contradict_themselves(make: Any) -> None:
    with pytest.raises(SurveyError) as refused:
        make()
    assert refused.value.problem in {
        SurveyProblem.DEGREES_OF_FREEDOM,
        SurveyProblem.REPLICATES,
    }


def test_frames_that_are_none() -> None:
    for given_rows, problem in [
        (pl.DataFrame({"y": []}), SurveyProblem.EMPTY),
        (pl.LazyFrame({"y": [1]}), SurveyProblem.FRAME),
        ([1, 2], SurveyProblem.FRAME),
    ]:
        with pytest.raises(SurveyError) as refused:
            survey.sample(given_rows, Design())  # type: ignore[arg-type]
        assert refused.value.problem is problem


def test_a_frame_that_mixes_numbers_and_texts_is_refused() -> None:
    pandas = pytest.importorskip("pandas")
    mixed = pandas.DataFrame({"w": [1, 2, 3], "t": ["a", None, math.nan], "q": [1, 2, "x"]})
    for act in (
        lambda: survey.sample(mixed, Design(weights="w")),
        lambda: survey.moments(mixed, Design(weights="w"), [survey.Mean(variable="q")]),
    ):
        with pytest.raises(SurveyError, match="In « q », row 3 holds « x »: a text in") as refused:
            act()
        assert refused.value.problem is SurveyProblem.TYPE
        assert refused.value.values == {"column": "q", "row": "3", "value": "x"}
    odd = pandas.DataFrame({"q": [1 + 2j, 3 + 1j]})
    with pytest.raises(SurveyError, match="In « q », row 1 holds « \\(1"):
        survey.Table.of(odd)


def test_the_first_value_that_is_no_number_is_named() -> None:
    cases: list[tuple[list[str | None], str]] = [
        (["1", None, "2,5", "abc"], "row 3 holds « 2,5 »"),
        (["1", "2"], "row 1 holds « 1 »"),
        ([None, "b"], "row 2 holds « b »"),
    ]
    for values, says in cases:
        for kind in (pl.String, pl.Categorical):
            frame = pl.DataFrame({"y": pl.Series(values, dtype=kind)})
            with pytest.raises(SurveyError, match=says) as refused:
                survey.mean(survey.sample(frame, Design()), "y")
            assert refused.value.problem is SurveyProblem.TYPE
            with pytest.raises(SurveyError, match=says) as refused:
                survey.moments(frame, Design(), [survey.Mean(variable="y")])
            assert refused.value.problem is SurveyProblem.TYPE


def test_sizes_of_populations_in_moments_name_no_row() -> None:
    """A cell of moments is no row of the respondents."""
    frame = pl.DataFrame({"s": ["a", "a", "b", "b"], "n": [5, 5, 9, 8], "y": [1.0, 2, 3, 4]})
    found = survey.moments(frame, Design(strata="s", fpc="n"), [survey.Mean(variable="y")])
    with pytest.raises(SurveyError, match=r"9\.0 in some rows, 8\.0 elsewhere") as refused:
        survey.estimate(found, survey.Mean(variable="y"))
    assert refused.value.problem is SurveyProblem.POPULATION_SIZE


def test_a_level_that_is_not_described_is_named() -> None:
    table = Table.of(pl.DataFrame({"q": [1, 2, 7]}))
    table = table.describe({"q": Variable(labels={1: "yes", 2: "no"}, missing=(9,))})
    with pytest.raises(
        SurveyError, match="In « q », row 3 holds « 7 », which is none of"
    ) as refused:
        survey.proportion(survey.sample(table, Design()), "q")
    assert refused.value.problem is SurveyProblem.LEVEL
    assert refused.value.values == {"column": "q", "row": "3", "value": "7", "allowed": "1, 2"}


@pytest.mark.parametrize(
    "described",
    [Variable(missing=(9,)), Variable(labels={1: "one"}), Variable(labels={"a": "A", 2: "B"})],
)
def test_codes_of_another_type_than_the_column_are_refused(described: Variable) -> None:
    table = Table.of(pl.DataFrame({"q": ["a", "b"]})).describe({"q": described})
    with pytest.raises(SurveyError, match="« q »") as refused:
        table.codes("q")
    assert refused.value.problem in {SurveyProblem.TYPE, SurveyProblem.LEVEL}


def test_a_stratum_of_one_unit_is_named() -> None:
    frame = pl.DataFrame({"s": ["a", "a", "b"], "y": [1.0, 3.0, 5.0]})
    found = survey.sample(frame, Design(strata="s"))
    with pytest.raises(SurveyError, match=r"1 of 2 strata \(b\)") as refused:
        survey.mean(found, "y")
    assert refused.value.problem is SurveyProblem.LONELY_UNIT
    for rule in (LonelyUnit.CERTAINTY, LonelyUnit.ADJUST, LonelyUnit.AVERAGE):
        kept = survey.sample(frame, Design(strata="s", lonely=rule))
        assert survey.mean(kept, "y").one().value == 3
        assert error_of(survey.mean(kept, "y")) > 0


def test_strata_of_one_unit_each_have_no_average() -> None:
    frame = pl.DataFrame({"s": ["a", "b"], "y": [1.0, 3.0]})
    found = survey.sample(frame, Design(strata="s", lonely=LonelyUnit.AVERAGE))
    with pytest.raises(SurveyError, match="One unit only was drawn in 2 of 2 strata"):
        survey.mean(found, "y")


# Stages.


def test_a_stage_without_a_size_hides_those_below() -> None:
    frame = rows("apiclus2")
    deep = survey.sample(frame, Design(weights="pw", clusters=("dnum", "snum")))
    flat = survey.sample(frame, Design(weights="pw", clusters="dnum"))
    assert error_of(survey.mean(deep, "api00")) == pytest.approx(
        error_of(survey.mean(flat, "api00")), rel=1e-12
    )


def test_fractions_are_sizes() -> None:
    frame = rows("apistrat").with_columns(
        share=pl.len().over("stype") / pl.col("fpc"),
    )
    by_size = survey.sample(frame, Design(weights="pw", strata="stype", fpc="fpc"))
    by_share = survey.sample(frame, Design(weights="pw", strata="stype", fpc="share"))
    assert error_of(survey.mean(by_size, "api00")) == pytest.approx(
        error_of(survey.mean(by_share, "api00")), rel=1e-12
    )


def test_a_sample_of_everybody_has_no_error() -> None:
    frame = pl.DataFrame({"y": [1.0, 2.0, 4.0], "size": [3, 3, 3]})
    found = survey.mean(survey.sample(frame, Design(fpc="size")), "y").one()
    assert (found.standard_error, found.low, found.high) == (0, found.value, found.value)


@settings(max_examples=25)
@given(st.permutations(range(24)), st.floats(1e-6, 1e6))
def test_order_of_rows_and_scale_of_weights_do_not_matter(order: list[int], scale: float) -> None:
    random = np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            "s": np.repeat(["a", "b"], 12),
            "c": np.repeat(np.arange(8), 3),
            "y": random.normal(50, 10, 24),
            "d": random.uniform(1, 3, 24),
        }
    )
    design = Design(weights="d", strata="s", clusters="c")
    plain = survey.mean(survey.sample(frame, design), "y").one()
    moved = frame[order].with_columns(pl.col("d") * scale)
    other = survey.mean(survey.sample(moved, design), "y").one()
    assert other.value == pytest.approx(plain.value, rel=1e-12)
    assert other.standard_error == pytest.approx(plain.standard_error, rel=1e-9)
    assert other.effective_size == pytest.approx(plain.effective_size, rel=1e-9)


# Domains and degrees of freedom.


def test_domains_add_up_with_their_covariance() -> None:
    found = survey.sample(rows("apiclus1"), Design(weights="pw", clusters="dnum", fpc="fpc"))
    whole = survey.total(found, "enroll").one()
    parts = survey.total(found, "enroll", by="stype")
    assert sum(part.value for part in parts) == pytest.approx(whole.value, rel=1e-12)
    assert parts.covariance is not None
    assert parts.covariance.sum() == pytest.approx((whole.standard_error or 0) ** 2, rel=1e-12)


def test_a_domain_is_not_a_filter() -> None:
    frame = rows("apiclus1")
    design = Design(weights="pw", clusters="dnum")
    whole = survey.sample(frame, design)
    kept = survey.sample(frame.filter(pl.col("stype") == "H"), design)
    inside = survey.total(whole, "enroll", over={"stype": "H"}).one()
    alone = survey.total(kept, "enroll").one()
    assert inside.value == pytest.approx(alone.value)
    # Districts without a high school are part of what was drawn.
    assert (inside.standard_error or 0) != pytest.approx(alone.standard_error, rel=1e-3)


def test_an_empty_domain_is_refused_and_an_empty_group_is_named() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "y", "y"], "b": ["u", "v", "u", "u"], "q": [1, 0, 1, 1]})
    found = survey.sample(frame, Design())
    with pytest.raises(SurveyError, match="Nobody is in the domain") as refused:
        survey.mean(found, "q", over={"a": "y", "b": "v"})
    assert refused.value.problem is SurveyProblem.EMPTY_DOMAIN
    with pytest.raises(SurveyError, match="whose levels are: x, y") as refused:
        survey.mean(found, "q", over={"a": "z"})
    assert refused.value.problem is SurveyProblem.LEVEL
    by = survey.mean(found, "q", by=["a", "b"])
    assert [dict(item.group) for item in by] == [
        {"a": "x", "b": "u"},
        {"a": "x", "b": "v"},
        {"a": "y", "b": "u"},
    ]
    assert by.empty == ({"a": "y", "b": "v"},)


def test_degrees_of_freedom_follow_the_rule() -> None:
    frame = rows("apiclus1")
    held = frame.filter(pl.col("stype") == "H").get_column("dnum").n_unique()
    rules: list[tuple[DfRule | float, float]] = [
        (DfRule.DOMAIN, held - 1),
        (DfRule.DESIGN, 14),
        (math.inf, math.inf),
    ]
    for rule, degrees in rules:
        found = survey.sample(frame, Design(weights="pw", clusters="dnum", df=rule))
        one = survey.mean(found, "api00", over={"stype": "H"}).one()
        assert one.degrees == degrees


def test_without_degrees_of_freedom_there_is_no_interval() -> None:
    frame = pl.DataFrame({"c": [1, 1, 2, 2], "g": ["a", "a", "b", "b"], "y": [1.0, 2, 4, 5]})
    one = survey.mean(survey.sample(frame, Design(clusters="c")), "y", over={"g": "a"}).one()
    assert (one.interval, one.low, one.high) == (Interval.NONE, None, None)


@settings(max_examples=30)
@given(
    st.integers(0, 1000),
    st.sampled_from([LonelyUnit.ADJUST, LonelyUnit.CERTAINTY, LonelyUnit.AVERAGE]),
    st.booleans(),
    st.booleans(),
)
def test_a_share_is_the_mean_of_its_indicator(
    seed: int,
    lonely: LonelyUnit,
    sizes: bool,
    calibrated: bool,
) -> None:
    """Answers and numbers take two ways to the variance, which have to meet."""
    random = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "s": [*random.integers(0, 3, 59).tolist(), 9],
            "g": random.choice(["a", "b"], 60),
            "m": random.choice(["x", "y"], 60),
            "q": random.integers(0, 2, 60),
            "d": random.uniform(1, 3, 60),
        }
    ).with_columns(size=pl.len().over("s") * 3.0, number=pl.col("q").cast(pl.Float64))
    design = Design(weights="d", strata="s", fpc="size" if sizes else None, lonely=lonely)
    found = survey.sample(frame, design)
    if calibrated:
        found = survey.calibrate(found, {"m": {"x": 100, "y": 80}, "g": {"a": 70, "b": 110}})
    shares = [item for item in survey.proportion(found, "q", by="g") if item.level == "1"]
    for share, mean in zip(shares, survey.mean(found, "number", by="g"), strict=True):
        assert share.value == pytest.approx(mean.value, rel=1e-12)
        assert share.standard_error == pytest.approx(mean.standard_error, rel=1e-9)
        assert share.design_effect == pytest.approx(mean.design_effect, rel=1e-9)
        assert share.degrees == mean.degrees


# Replicates.


def stratified() -> survey.Sample:
    return survey.sample(rows("apistrat"), Design(weights="pw", strata="stype"))


def test_replicates_that_came_with_the_data_give_what_ours_give() -> None:
    found = survey.sample(rows("apiclus1"), Design(weights="pw", clusters="dnum"))
    made = found.with_jackknife()
    factors = made.variance_basis.factors[made.place]  # type: ignore[union-attr]
    names = [f"r{number}" for number in range(factors.shape[1])]
    columns = {name: factors[:, number] * made.design_weights for number, name in enumerate(names)}
    frame = found.table.frame.with_columns(**columns)
    spec = ReplicateColumns(columns=tuple(names), kind=ReplicateKind.JK1)
    given_ones = survey.sample(frame, Design(weights="pw", replicates=spec))
    for variable in ("api00", "enroll"):
        ours = survey.mean(made, variable, by="stype")
        theirs = survey.mean(given_ones, variable, by="stype")
        for one, other in zip(ours, theirs, strict=True):
            assert other.standard_error == pytest.approx(one.standard_error, rel=1e-10)
            assert other.degrees == one.degrees
        assert theirs.provenance.standard_error is StandardError.REPLICATES


def test_replicates_and_linearisation_agree_on_totals() -> None:
    """The jackknife of a total is its linearised variance, exactly."""
    found = stratified()
    plain = error_of(survey.total(found, "enroll"))
    assert error_of(survey.total(found.with_jackknife(), "enroll")) == pytest.approx(plain)


def test_the_bootstrap_is_near_and_repeats_itself() -> None:
    found = stratified()
    drawn = found.with_bootstrap(replicates=1500, seed=7)
    plain = error_of(survey.mean(found, "api00"))
    assert error_of(survey.mean(drawn, "api00")) == pytest.approx(plain, rel=0.05)
    again = found.with_bootstrap(replicates=1500, seed=7)
    assert error_of(survey.mean(again, "api00")) == error_of(survey.mean(drawn, "api00"))


def test_replicates_are_calibrated_one_by_one() -> None:
    margins = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122}}
    found = stratified().with_jackknife()
    fit = survey.calibrate(found, margins)
    assert fit.calibration is not None
    assert fit.calibration.replicates is not None
    factors = fit.variance_basis.factors[fit.place]  # type: ignore[union-attr]
    weights = factors * fit.design_weights[:, None] * fit.calibration.replicates[fit.pattern]
    wide = fit.table.frame.get_column("sch.wide").to_numpy() == "Yes"
    np.testing.assert_allclose(weights[wide].sum(axis=0), 5122, rtol=1e-9)
    linear = error_of(survey.mean(survey.calibrate(stratified(), margins), "api00"))
    assert error_of(survey.mean(fit, "api00")) == pytest.approx(linear, rel=0.03)
    fixed = survey.mean(fit, "api00", variance="fixed")
    assert fixed.provenance.standard_error is StandardError.REPLICATES_FIXED


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: stratified().with_balanced_replicates(), "need two units in each stratum"),
        (lambda: stratified().with_bootstrap(replicates=1, seed=1), "two at least"),
        (lambda: stratified().with_jackknife().with_jackknife(), "already"),
        (
            lambda: survey.calibrate(
                stratified(), {"stype": {"E": 1, "H": 1, "M": 1}}
            ).with_jackknife(),
            "Make the replicates first",
        ),
    ],
)
def test_replicates_that_cannot_be_made(make: Any, says: str) -> None:
    with pytest.raises(SurveyError, match=says) as refused:
        make()
    assert refused.value.problem is SurveyProblem.REPLICATES


def test_a_replicate_that_leaves_nobody_is_refused() -> None:
    frame = pl.DataFrame({"g": ["a", "b", "b"], "y": [1.0, 2.0, 4.0]})
    found = survey.sample(frame, Design()).with_jackknife()
    with pytest.raises(SurveyError, match="Replicate 1 leaves nobody"):
        survey.mean(found, "y", by="g")


@given(st.integers(1, 60))
def test_hadamard_matrices_are_orthogonal(least: int) -> None:
    matrix = hadamard(least)
    order = len(matrix)
    assert least <= order < 2 * least + 8
    np.testing.assert_array_equal(matrix.T @ matrix, order * np.eye(order))
    assert (matrix[:, 0] == 1).all()


def test_balanced_replicates_of_a_total_are_exact() -> None:
    frame = rows("apistrat").head(60).with_columns(pair=pl.int_range(pl.len()) // 2)
    found = survey.sample(frame, Design(weights="pw", strata="pair"))
    plain = error_of(survey.total(found, "enroll"))
    for fay in (0.0, 0.3):
        made = found.with_balanced_replicates(fay=fay)
        assert error_of(survey.total(made, "enroll")) == pytest.approx(plain, rel=1e-10)
    with pytest.raises(SurveyError, match="not a Hadamard matrix"):
        found.with_balanced_replicates(matrix=np.ones((32, 32)))


def test_estimates_are_the_same_alone_or_together() -> None:
    found = survey.calibrate(
        survey.sample(rows("apistrat"), Design(weights="pw", strata="stype", fpc="fpc")),
        {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122}},
    )
    asked = [
        Mean(variable="api00"),
        Mean(variable="acs.core"),
        Total(variable="enroll", by=("awards",)),
    ]
    together = list(survey.estimate(found, *asked))
    alone = [item for request in asked for item in survey.estimate(found, request)]
    assert len(together) == len(alone) == 4
    for one, other in zip(together, alone, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12)
        assert one.standard_error == pytest.approx(other.standard_error, rel=1e-9)
        assert (one.respondents, one.missing) == (other.respondents, other.missing)


def test_ordered_categories_of_pandas_are_levels_in_their_order() -> None:
    pandas = pytest.importorskip("pandas")
    bands = ["young", "middle", "old", "oldest"]
    ages = pandas.Categorical(["old", "young", None], categories=bands, ordered=True)
    table = survey.Table.of(pandas.DataFrame({"age": ages}))
    assert table.levels("age") == tuple(bands)
    assert table.codes("age").tolist() == [2, 0, -1]


def test_frames_of_pandas_and_arrow_that_cannot_be() -> None:
    pandas = pytest.importorskip("pandas")
    twice = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    arrow = pl.DataFrame({"a": [1], "b": [2]}).to_arrow().rename_columns(["a", "a"])
    months = pandas.DataFrame({"a": pandas.period_range("2026", periods=2, freq="M")})
    bands = pandas.DataFrame({"a": pandas.cut([1, 2, 5], [0, 2, 6])})
    for frame, problem, says in (
        (twice, SurveyProblem.COLUMN, "'a' 2 times"),
        (arrow, SurveyProblem.COLUMN, "'a' 2 times"),
        (months, SurveyProblem.TYPE, "« a » holds values of the type pandas.period. Make"),
        (bands, SurveyProblem.TYPE, "« a » holds values of the type pandas.interval. Make"),
    ):
        with pytest.raises(SurveyError, match=says) as refused:
            survey.Table.of(frame)
        assert refused.value.problem is problem
        with pytest.raises(SurveyError, match=says):
            survey.moments(frame, Design(), [survey.Mean(variable="a")])


def test_a_weight_that_is_written_nan_is_named_where_it_stands() -> None:
    people = pl.DataFrame({"w": ["2", "2", "nan"]})
    with pytest.raises(SurveyError, match="row 3 holds « nan »"):
        survey.sample(people, Design(weights="w"))


def test_a_jackknife_counts_no_degree_for_a_stratum_taken_whole() -> None:
    rows = pl.DataFrame({"h": ["a"] * 6 + ["b"] * 8, "x": range(14), "all": [6] * 6 + [80] * 8})
    found = survey.sample(rows, Design(strata="h", fpc="all")).with_jackknife()
    assert survey.mean(found, "x").one().degrees == 7
    # A domain of nearly everybody has no more of them.
    assert survey.mean(found, "x", over={"x": [*range(13)]}).one().degrees <= 7


@pytest.mark.parametrize("level", [dt.date(2026, 1, 1), Decimal("0.5"), np.int64(3)])
def test_one_level_of_any_type_is_a_domain(level: Any) -> None:
    others = {dt.date: dt.date(2026, 2, 1), Decimal: Decimal("1.5")}
    other = others.get(type(level), 4)
    levels = pl.Series([level, other] * 5) if type(level) in others else pl.Series([3, 4] * 5)
    found = survey.sample(pl.DataFrame({"d": levels, "x": range(10)}), Design())
    estimates = survey.mean(found, "x", over={"d": level})
    assert estimates.one().value == 4
    assert json.loads(survey.as_json(estimates))
    assert json.loads(survey.as_json(survey.mean(found, "x", by="d")))


@pytest.mark.parametrize("kind", ["JK1", "BRR", "bootstrap"])
def test_a_kind_of_replicates_may_be_given_by_its_word(kind: str) -> None:
    columns = ("r1", "r2", "r3")
    rows = pl.DataFrame({"y": [1.0, 2.0, 5.0], "r1": [0, 2, 1], "r2": [1, 0, 2], "r3": [2, 1, 0]})
    by_word: Any = {"columns": columns, "kind": kind}
    word, member = (
        survey.mean(survey.sample(rows, Design(replicates=given)), "y").one()
        for given in (
            ReplicateColumns(**by_word),
            ReplicateColumns(columns=columns, kind=ReplicateKind(kind)),
        )
    )
    assert word == member
    with pytest.raises(SurveyError, match="« jackknife » is no kind of replicates"):
        ReplicateColumns(**{**by_word, "kind": "jackknife"})
    with pytest.raises(SurveyError, match="does not follow from their number"):
        ReplicateColumns(**{**by_word, "kind": "other"})


@pytest.mark.parametrize(
    "factors",
    [
        {"scale": -1.0},
        {"scale": 0.0},
        {"scale": math.nan},
        {"scale": math.inf},
        {"rscales": (1.0, -1.0)},
        {"rscales": (0.0, 0.0)},
    ],
)
def test_factors_of_replicates_make_a_variance(factors: dict[str, Any]) -> None:
    with pytest.raises(SurveyError, match="would not add up to a variance") as refused:
        ReplicateColumns(columns=("r1", "r2"), kind=ReplicateKind.JKN, **factors)
    assert refused.value.problem is SurveyProblem.REPLICATES
