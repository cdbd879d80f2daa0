"""A table of many questions holds what estimates asked one by one give."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliage.survey import (
    Choices,
    Count,
    Design,
    DfRule,
    MultiResponse,
    Proportion,
    SurveyError,
    Table,
    calibrate,
    estimate,
    sample,
)
from alliage.survey.comparison.comparisons import differences
from alliage.survey.errors import SurveyProblem
from alliage.survey.estimation.requests import Scored
from alliage.survey.estimation.results import Statistic
from alliage.survey.sampling.design import LonelyUnit
from alliage.survey.tables import crossing as crossing_module
from alliage.survey.tables.banners import banner
from alliage.survey.tables.independence import rao_scott
from alliage.survey.tables.letters import LetterRule
from alliage.survey.tables.questions import Question

if TYPE_CHECKING:
    from alliage.survey import Estimate, Sample
    from alliage.survey.estimation.requests import Request
    from alliage.survey.tables.banners import Banner
    from alliage.survey.tables.blocks import Column

BREAKDOWNS: list[str | tuple[str, ...]] = ["sex", "age", ("sex", "size"), "school"]
BOX, POINTS = [4, 5], {level: level for level in range(1, 6)}
QUESTIONS: list[Question | str] = [
    Question(variable="q0", boxes={"top": BOX}, points=POINTS),
    "q1",
]


def respondents(seed: int, size: int = 400, *, equal: bool = False) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "stratum": random.integers(0, 3, size),
        "sex": random.choice(["m", "w"], size),
        "age": random.integers(1, 5, size),
        "size": random.integers(0, 3, size),
        "school": random.integers(1, 5, size),
        "q0": random.integers(1, 6, size),
        "q1": random.choice(["no", "perhaps", "yes"], size, p=[0.1, 0.5, 0.4]),
        "weight": np.full(size, 12.0) if equal else random.lognormal(2, 0.4, size),
    }
    frame = pl.DataFrame(columns)
    absent = pl.Series(random.random(size) < 0.07)
    return frame.with_columns(
        pl.when(absent).then(None).otherwise(pl.col(name)).alias(name) for name in ("q1", "school")
    )


def drawn(
    frame: pl.DataFrame | Table, *, strata: bool, calibrated: bool, df: DfRule = DfRule.DOMAIN
) -> Sample:
    design = Design(weights="weight", strata="stratum" if strata else None, df=df)
    found = sample(frame, design)
    if not calibrated:
        return found
    total = float(found.weights.sum())
    margins = {
        name: {
            level: total * share
            for level, share in zip(found.levels(name), shares, strict=True)
        }
        for name, shares in (("sex", (0.48, 0.52)), ("age", (0.2, 0.3, 0.27, 0.23)))
    }  # fmt: skip
    return calibrate(found, margins, method="raking")


def same(one: Estimate, other: Estimate) -> None:
    for each in fields(one):
        first, second = getattr(one, each.name), getattr(other, each.name)
        if isinstance(first, float):
            assert first == pytest.approx(second, rel=1e-9, abs=1e-12), each.name
        else:
            assert first == second, each.name


def one_by_one(question: Question, breakdown: tuple[str, ...], **asked: Any) -> Any:
    requests: list[Request] = [Proportion(variable=question.variable, by=breakdown, **asked)]
    if question.boxes:
        points = dict.fromkeys(BOX, 1.0)
        requests.append(
            Scored(
                variable=question.variable, by=breakdown, points=points, label="top", **asked
            )
        )  # fmt: skip
        requests.append(
            Scored(
                variable=question.variable, by=breakdown, points=POINTS,
                statistic=Statistic.MEAN, **asked,
            )
        )  # fmt: skip
    return requests


def check(source: Sample, table: Banner, over: dict[str, Any] | None, variance: Any) -> None:
    kept = tuple((name, tuple(levels)) for name, levels in (over or {}).items())
    for block in table.blocks:
        for breakdown in dict.fromkeys(column.breakdown for column in table.columns):
            asked = one_by_one(block.question, breakdown, over=kept)
            expected = {
                (item.statistic, item.level, *item.group.items()): item
                for item in estimate(source, *asked, variance=variance)
            }
            for row in block.rows:
                for column, cell in zip(table.columns, row.cells, strict=True):
                    if column.breakdown == breakdown and cell is not None:
                        key = (row.statistic, row.level, *column.group.items())
                        same(expected.pop(key), cell.estimate)
            assert not expected
            if len(breakdown) == 1:
                test = rao_scott(
                    source, block.question.variable, breakdown[0], over=over, variance=variance
                )
                found = block.tests[breakdown]
                assert found.statistic == pytest.approx(test.statistic, rel=1e-9)
                assert found.degrees == pytest.approx(test.degrees, rel=1e-9)
                assert found.respondents == test.respondents


@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.integers(0, 10**6), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from([None, {"size": [0, 2]}]), st.sampled_from(["calibrated", "fixed"]),
    st.sampled_from(list(DfRule)),
)  # fmt: skip
def test_a_table_holds_what_is_estimated_one_by_one(
    seed: int, equal: bool, strata: bool, calibrated: bool, over: Any, variance: Any, df: DfRule
) -> None:
    source = drawn(respondents(seed, equal=equal), strata=strata, calibrated=calibrated, df=df)
    table = banner(source, QUESTIONS, BREAKDOWNS, over=over, variance=variance)
    check(source, table, over, variance)


@pytest.mark.parametrize("over", [None, {"size": [0, 2]}])
@pytest.mark.parametrize("strata", [True, False])
def test_a_set_of_columns_is_that_of_its_estimates(
    over: dict[str, Any] | None, *, strata: bool
) -> None:
    random = np.random.default_rng(4)
    names = ("ma", "mb", "mc")
    frame = respondents(4).with_columns(
        pl.Series(name, random.choice([1, 0, 9], 400, p=[0.3, 0.4, 0.3])).replace(9, None)
        for name in names
    )
    several = MultiResponse(variables=names)
    source = drawn(Table(frame, {}, {"m": several}), strata=strata, calibrated=True)
    table = banner(source, ["m"], BREAKDOWNS, over=over)
    kept = tuple((name, tuple(levels)) for name, levels in (over or {}).items())
    for breakdown in dict.fromkeys(column.breakdown for column in table.columns):
        asked = Choices(variable="m", columns=several.variables, by=breakdown, over=kept)
        expected = {(item.level, *item.group.items()): item for item in estimate(source, asked)}
        for row in table.blocks[0].rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if column.breakdown == breakdown and cell is not None:
                    same(expected.pop((row.level, *column.group.items())), cell.estimate)
        assert not expected


def test_breakdowns_that_make_many_cells_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    source = drawn(respondents(3), strata=True, calibrated=True)
    whole = banner(source, QUESTIONS, BREAKDOWNS)
    for most in (60, 1):
        # At 60 cells breakdowns are sorted by one after the other; at 1, rows as they stand.
        monkeypatch.setattr(crossing_module, "MOST_CELLS", most)
        again = drawn(respondents(3), strata=True, calibrated=True)
        table = banner(again, QUESTIONS, BREAKDOWNS)
        for block, other in zip(whole.blocks, table.blocks, strict=True):
            assert block.bases == pytest.approx(other.bases) or len(block.bases) == len(other.bases)
            for row, same_row in zip(block.rows, other.rows, strict=True):
                for cell, found in zip(row.cells, same_row.cells, strict=True):
                    assert cell is not None
                    assert found is not None
                    same(cell.estimate, found.estimate)
                    assert cell.above == found.above
                    assert cell.respondents == found.respondents


def test_a_table_of_other_breakdowns_or_weights_is_not_the_former() -> None:
    source = drawn(respondents(6), strata=False, calibrated=False)
    whole = banner(source, ["q1"], ["age"])
    assert [column.breakdown for column in banner(source, ["q1"], ["sex"]).columns[1:]] == [
        ("sex",)
    ] * 2
    fit = calibrate(source, {"sex": {"m": 1.0, "w": 3.0}})
    check(fit, banner(fit, ["q1"], ["age"]), None, "calibrated")
    check(source, whole, None, "calibrated")
    over = {"sex": ["w"]}
    check(source, banner(source, ["q1"], ["age"], over=over), over, "calibrated")


def test_letters_are_those_of_the_tests_of_a_row() -> None:
    source = drawn(respondents(5, 900), strata=False, calibrated=True)
    table = banner(source, ["q1"], ["age"], level=0.7)
    letter_of = {column.group["age"]: column.letter for column in table.columns[1:]}
    found = estimate(source, Proportion(variable="q1", by=("age",)))
    assert found.covariance is not None
    for row in table.blocks[0].rows:
        places = [place for place, item in enumerate(found) if item.level == row.level]
        tests = differences(
            {letter_of[found[place].group["age"]]: found[place].value for place in places},
            found.covariance[np.ix_(places, places)],
            degrees=min(found[place].degrees for place in places),
        )
        expected = dict.fromkeys(letter_of.values(), "")
        for one in tests:
            high, low = (one.first, one.second) if one.estimate > 0 else (one.second, one.first)
            expected[high] += low if one.adjusted <= 0.3 else ""
        above = {letter: "".join(sorted(marks)) for letter, marks in expected.items()}
        assert [cell.above for cell in row.cells[1:] if cell] == list(above.values())


def test_a_group_without_anybody_is_an_empty_column() -> None:
    frame = respondents(1).with_columns(
        pl.when(pl.col("age") == 2).then(None).otherwise(pl.col("q1")).alias("q1")
    )
    table = banner(drawn(frame, strata=True, calibrated=False), ["q0", "q1"], ["age"])
    empty = [column.group.get("age") == 2 for column in table.columns]
    assert [base is None for base in table.blocks[1].bases] == empty
    assert all(base is not None for base in table.blocks[0].bases)


def test_a_question_that_nobody_answered_is_refused() -> None:
    frame = respondents(1).with_columns(pl.lit(None, pl.String).alias("q1"))
    with pytest.raises(SurveyError) as refused:
        banner(drawn(frame, strata=False, calibrated=False), ["q1"], ["age"])
    assert refused.value.problem is SurveyProblem.EMPTY_DOMAIN


def test_a_stratum_of_one_respondent_is_refused_or_ruled() -> None:
    frame = respondents(2).with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(9).otherwise(pl.col("stratum")).alias("stratum")
    )
    with pytest.raises(SurveyError, match="9"):
        banner(drawn(frame, strata=True, calibrated=False), ["q0"], ["age"])
    ruled = sample(
        frame, Design(weights="weight", strata="stratum", lonely=LonelyUnit.ADJUST)
    )  # fmt: skip
    check(ruled, banner(ruled, ["q0"], ["age"]), None, "calibrated")


OPTIONS = MultiResponse(variables=("ma", "mb", "mc"))


def with_options(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add columns of several answers: the second is chosen by many who chose the first."""
    random = np.random.default_rng(seed)
    first, second, third = random.random((3, frame.height))
    chosen = [first < 0.5, second < np.where(first < 0.5, 0.7, 0.3), third < 0.4]
    told = [np.where(each, 1, random.choice([0, 9], frame.height)) for each in chosen]
    return frame.with_columns(
        pl.Series(name, each).replace(9, None)
        for name, each in zip(OPTIONS.variables, told, strict=True)
    )


def compared(patched: pytest.MonkeyPatch) -> dict[str, tuple[Any, Any]]:
    """Take note of the values and of the covariance that letters are told from, by letters."""
    seen: dict[str, tuple[Any, Any]] = {}
    told = LetterRule.above

    def above(rule: LetterRule, values: Any, spread: Any, letters: Any, **given: Any) -> Any:
        before = seen.get("".join(letters), (values[:0], spread[:0]))
        pairs = zip(before, (values, spread), strict=True)
        one, other = (np.concatenate(pair) for pair in pairs)
        seen["".join(letters)] = one, other
        return told(rule, values, spread, letters, **given)

    patched.setattr(LetterRule, "above", above)
    return seen


def spread_of_counts(
    source: Sample, columns: list[Column], level: str, over: Any, variance: Any
) -> tuple[Any, Any]:
    """Return shares in columns that overlap and their covariance, from counts that do not."""
    names = (*OPTIONS.variables, *(name for name in columns[0].breakdown if name != "m"))
    counts = estimate(source, Count(variable="q1", by=names, over=over), variance=variance)
    assert counts.covariance is not None
    values = np.array([item.value for item in counts])
    levels = np.array([item.level == level for item in counts])
    shares, slopes = [], []
    for column in columns:
        wanted = {
            (str(level), 1) if name == "m" else (name, level)
            for name, level in column.group.items()
        }
        inside = np.array([wanted <= item.group.items() for item in counts])
        shares.append(values[inside & levels].sum() / values[inside].sum())
        slopes.append(inside * (levels - shares[-1]) / values[inside].sum())
    return np.array(shares), np.array(slopes) @ counts.covariance @ np.array(slopes).T


@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.integers(0, 10**6), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from([None, {"size": [0, 2]}]), st.sampled_from(["calibrated", "fixed"]),
    st.sampled_from(list(DfRule)), st.sampled_from([("m",), ("m", "sex"), ("sex", "m")]),
)  # fmt: skip
def test_columns_of_a_set_share_respondents(
    seed: int, equal: bool, strata: bool, calibrated: bool, over: Any, variance: Any, df: DfRule,
    breakdown: tuple[str, ...],
) -> None:  # fmt: skip
    frame = with_options(respondents(seed, equal=equal), seed)
    named = Table(frame, {}, {"m": OPTIONS})
    source = drawn(named, strata=strata, calibrated=calibrated, df=df)
    known = frame.with_columns(pl.col(OPTIONS.variables).fill_null(0))
    apart = drawn(known, strata=strata, calibrated=calibrated, df=df)
    with pytest.MonkeyPatch.context() as patched:
        seen = compared(patched)
        table = banner(source, ["q1"], ["age", breakdown], over=over, variance=variance)
        rows = table.blocks[0].rows
    columns = [column for column in table.columns if column.breakdown == breakdown]
    kept = tuple((name, tuple(levels)) for name, levels in (over or {}).items())
    values, spread = seen["".join(column.letter for column in columns)]
    for place, row in enumerate(rows):
        shares, expected = spread_of_counts(apart, columns, row.level, kept, variance)
        assert values[place] == pytest.approx(shares, rel=1e-9)
        assert spread[place] == pytest.approx(expected, rel=1e-9, abs=1e-14)
    by = tuple(name for name in breakdown if name != "m")
    for option in OPTIONS.variables:
        asked = Proportion(variable="q1", by=by, over=(*kept, (option, (1,))))
        for item in estimate(source, asked, variance=variance):
            group = {name: item.group.get(name, option) for name in breakdown}
            (at,) = [each for each, one in enumerate(table.columns) if one.group == group]
            (cell,) = [row.cells[at] for row in rows if row.level == item.level]
            assert cell is not None
            same(replace(item, group=group, domain=dict(kept)), cell.estimate)


@pytest.mark.parametrize("equal", [True, False])
def test_columns_of_sets_are_the_same_both_ways(
    monkeypatch: pytest.MonkeyPatch, *, equal: bool
) -> None:
    frame = with_options(respondents(5, equal=equal), 5)
    sets = {"m": OPTIONS, "n": MultiResponse(variables=("mc", "ma"))}
    source = drawn(Table(frame, {}, sets), strata=True, calibrated=True)
    questions = [*QUESTIONS, "m"]
    breakdowns: list[str | tuple[str, ...]] = ["m", ("size", "m"), "sex", ("m", "n")]
    tables, told = [], []
    for most in (crossing_module.MOST_CELLS, 60, 1):
        monkeypatch.setattr(crossing_module, "MOST_CELLS", most)
        again = drawn(source.table, strata=True, calibrated=True)
        with pytest.MonkeyPatch.context() as patched:
            seen = compared(patched)
            tables.append(banner(again, questions, breakdowns).frame())
            told.append(seen)
    for table, seen in zip(tables[1:], told[1:], strict=True):
        assert table.select("above", "respondents", "group").equals(
            tables[0].select("above", "respondents", "group")
        )
        for letters, (values, spread) in told[0].items():
            assert seen[letters][0] == pytest.approx(values, rel=1e-9, nan_ok=True)
            assert seen[letters][1] == pytest.approx(spread, rel=1e-9, abs=1e-14, nan_ok=True)
