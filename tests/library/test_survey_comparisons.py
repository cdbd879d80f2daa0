from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alliage.survey import Design, Mean, compare, mean, ratio, sample
from alliage.survey.comparison.comparisons import Adjustment, adjusted, differences
from alliage.survey.errors import SurveyError
from alliage.survey.publishing.listing import listing
from alliage.survey.tables.letters import LetterRule, alphabet

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(P_VALUES)
def test_the_false_discovery_rate_is_that_of_scipy(p_values: list[float]) -> None:
    assert adjusted(p_values, Adjustment.BH) == pytest.approx(
        stats.false_discovery_control(p_values), abs=1e-12
    )


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_refuses_as_its_steps_do(p_values: list[float], alpha: float) -> None:
    """The smallest against alpha / m, the next against alpha / (m − 1), until one fails."""
    kept = adjusted(p_values) <= alpha
    order = np.argsort(p_values, kind="stable")
    expected = np.zeros(len(p_values), dtype=bool)
    for step, place in enumerate(order):
        if p_values[place] * (len(p_values) - step) > alpha:
            break
        expected[place] = True
    assert kept.tolist() == expected.tolist()


@given(P_VALUES)
def test_adjusting_never_makes_a_difference_surer(p_values: list[float]) -> None:
    holm, bh = adjusted(p_values), adjusted(p_values, Adjustment.BH)
    assert (holm >= np.array(p_values) - 1e-15).all()
    assert (bh <= holm + 1e-12).all()
    assert adjusted(p_values, Adjustment.NONE).tolist() == p_values


def test_two_means_of_two_samples_are_compared_as_by_the_t_test() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    one, other = random.normal(size=40), random.normal(0.5, size=40)
    covariance = np.diag([one.var(ddof=1) / 40, other.var(ddof=1) / 40])
    (found,) = differences({"one": one.mean(), "other": other.mean()}, covariance, degrees=78)
    assert found.p_value == pytest.approx(stats.ttest_ind(one, other).pvalue)


def test_answers_of_the_same_people_are_compared_as_pairs() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    one = random.normal(size=40)
    other = one + random.normal(0.2, 0.5, size=40)
    covariance = np.cov(one, other) / 40
    (found,) = differences({"one": one.mean(), "other": other.mean()}, covariance, degrees=39)
    assert found.p_value == pytest.approx(stats.ttest_rel(one, other).pvalue)


def test_what_cannot_vary_differs_or_not() -> None:
    same = [[0.04, 0.04], [0.04, 0.04]]
    assert differences({"a": 1.0, "b": 1.0}, same)[0].p_value == 1
    assert differences({"a": 1.0, "b": 0.9}, same)[0].p_value == 0


def above(rule: LetterRule, values: list[float], variance: float, count: int = 1) -> list[str]:
    """Return the letters of independent columns of one error."""
    errors = np.full((count, len(values)), math.sqrt(variance))
    rows = np.tile(values, (count, 1))
    covariance = np.tile(np.eye(len(values)) * variance, (count, 1, 1))
    letters = list(alphabet(len(values)))
    told = rule.above(rows, covariance, letters, errors=errors, degrees=errors * np.inf)
    found: list[list[str]] = told.tolist()
    assert all(row == found[0] for row in found)
    return found[0]


def test_letters_tell_what_each_column_exceeds() -> None:
    limit = stats.norm.isf(0.025) * math.sqrt(2) * 0.1
    rule = LetterRule(Adjustment.NONE, loose=0.9)
    assert above(rule, [1.0, 1.0 - limit * 1.01, 1.0 - limit * 0.9], 0.01, 3) == ["Bc", "", ""]


def test_one_difference_among_many_needs_more() -> None:
    """Just significant alone, no more so among the 45 differences of ten columns."""
    values = [0.3, *[0.0] * 9]
    assert above(LetterRule(Adjustment.NONE), values, 0.01)[0] == "BCDEFGHIJ"
    assert above(LetterRule(), values, 0.01)[0] == ""


def test_what_rounding_leaves_between_columns_of_the_same_people_has_no_letter() -> None:
    values, same = np.array([[0.1 + 0.2, 0.3]]), np.full((1, 2, 2), 0.01)
    told = LetterRule().above(
        values, same, "AB", errors=np.full((1, 2), 0.1), degrees=np.full((1, 2), np.inf)
    )
    assert told.tolist() == [["", ""]]


def test_what_rounding_leaves_between_estimates_of_the_same_people_is_no_difference() -> None:
    (found,) = differences({"a": 0.1 + 0.2, "b": 0.3}, [[0.01, 0.01], [0.01, 0.01]])
    assert (found.estimate, found.standard_error, found.p_value) == (0.0, 0.0, 1.0)


def test_there_are_letters_after_z() -> None:
    assert list(alphabet(30))[24:] == ["Y", "Z", "AA", "AB", "AC", "AD"]
    assert list(alphabet(704))[701:] == ["ZZ", "AAA", "AAB"]
    assert above(LetterRule(), [1.0, *[0.0] * 29], 1e-4)[0].split(" ")[-2:] == ["AC", "AD"]


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6))
def test_letters_are_those_of_the_differences(values: list[float]) -> None:
    found = above(LetterRule(Adjustment.BH), values, 0.1)
    letters = list(alphabet(len(values)))
    tests = differences(
        dict(zip(letters, values, strict=True)), np.eye(len(values)) * 0.1,
        adjustment=Adjustment.BH,
    )  # fmt: skip
    told = {(one, other) for one, marks in zip(letters, found, strict=True) for other in marks}
    expected = {
        (one.first, one.second) if one.estimate > 0 else (one.second, one.first)
        for one in tests
        if one.adjusted <= 0.05 + 1e-12
    }
    assert told == expected


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(SurveyError, match="for 2 estimates"):
        differences({"a": 1.0, "b": 2.0}, np.eye(3))
    with pytest.raises(SurveyError, match="no covariance"):
        differences({"a": 1.0, "b": 2.0}, [[-1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(SurveyError, match="degrees of freedom"):
        differences({"a": 1.0, "b": 2.0}, np.eye(2), degrees=0)
    with pytest.raises(SurveyError, match="no estimate « z »"):
        differences({"a": 1.0, "b": 2.0}, np.eye(2), pairs=[("a", "z")])
    with pytest.raises(SurveyError, match="levels"):
        LetterRule(level=0.9, loose=0.95)
    with pytest.raises(SurveyError, match="outside"):
        adjusted([1.2])


def test_what_does_not_vary_in_the_sample_is_never_certain() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    frame = pl.DataFrame(
        {
            "g": ["a"] * 30 + ["b"] * 2 + ["c"] * 30 + ["d"] * 30,
            "y": [1.0] * 30 + [2.0, 2.0] + list(random.normal(0, 1, 60)),
        }
    )
    people = sample(frame, Design())
    found = compare(mean(people, "y", by="g"), across="g")
    known = {(one.first, one.second) for one in found if one.p_value is not None}
    assert known == {("c", "d")}
    first = found[0]
    assert first.difference == pytest.approx(-1)
    told = (first.standard_error, first.low, first.high, first.p_value, first.adjusted)
    assert told == (None,) * 5
    # The test that is made is made alone.
    (made,) = (one for one in found if (one.first, one.second) == ("c", "d"))
    assert made.adjusted == made.p_value
    assert any("nothing varies" in note for note in listing(found, "en").notes)
    # A ratio that is the same for everybody, but for rounding.
    ratios = sample(frame.with_columns(z=pl.col("y") * 3), Design())
    assert {one.p_value for one in compare(ratio(ratios, "z", "y", by="g"), across="g")} == {None}
    # The same between two samples, and of a gap that is the same for everybody.
    constant = sample(frame.filter(pl.col("g") == "a"), Design())
    (between,) = compare(people, constant, Mean(variable="y"))
    assert between.p_value is None
    shifted = sample(frame.with_columns(z=pl.col("y") + 0.1), Design())
    (same,) = compare(shifted, None, Mean(variable="y"), Mean(variable="z"))
    assert (same.standard_error, same.p_value) == (None, None)


def test_a_difference_without_degrees_of_freedom_has_no_error_and_no_test() -> None:
    rows = {"wave": [1, 1, 2, 2, 2], "h": ["a", "b", "a", "b", "b"], "x": [1.0, 5.0, 2.0, 3.0, 7.0]}
    people = sample(pl.DataFrame(rows), Design(strata="h"))
    (gap,) = compare(mean(people, "x", by="wave"), across="wave")
    assert gap.degrees == 0
    assert (gap.standard_error, gap.low, gap.high, gap.p_value, gap.adjusted) == (None,) * 5
