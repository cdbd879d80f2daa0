from __future__ import annotations

import math
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from tests.cases.survey.agreement import data

from alliage.survey import (
    Count,
    Design,
    LonelyUnit,
    Sample,
    SurveyError,
    Table,
    Variable,
    calibrate,
    moments,
    sample,
)
from alliage.survey.comparison.association import polychoric
from alliage.survey.comparison.correlation import Correlation, correlations
from alliage.survey.publishing.listing import listing

if TYPE_CHECKING:
    from collections.abc import Callable


def _of_table(table: list[list[int]]) -> Sample:
    counts = np.array(table)
    rows, columns = np.nonzero(counts >= 0)
    times = counts.ravel()
    frame = pl.DataFrame({"a": np.repeat(rows, times), "b": np.repeat(columns, times)})
    return sample(frame, Design())


def _normal(size: int, rho: float, seed: int) -> Sample:
    random = np.random.Generator(np.random.PCG64(seed))
    pair = random.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size)
    cut = np.digitize(pair, [-1.0, 0.0, 1.0])
    return sample(pl.DataFrame({"a": cut[:, 0], "b": cut[:, 1]}), Design())


def test_the_error_of_a_polychoric_correlation_is_that_of_the_data() -> None:
    """Against the jackknife, which takes one person out of each cell in turn.

    The error that R's polycor tells of this table is 0.0747: it supposes the normal model, which
    the table is far from (p = 0.009 by the same program).
    """
    table = np.array([[58, 26, 8], [52, 58, 12], [1, 3, 9]])
    (found,) = correlations(_of_table(table.tolist()), ["a", "b"], kind="polychoric").pairs
    without = np.array([polychoric(table - one).rho for one in np.eye(9).reshape(9, 3, 3)])
    people = table.ravel()
    middle = (people @ without) / people.sum()
    spread = math.sqrt(226 / 227 * float(people @ (without - middle) ** 2))
    assert found.value == pytest.approx(0.4199, abs=5e-5)
    assert found.standard_error == pytest.approx(spread, rel=0.02)
    assert found.respondents == 227


def test_the_error_of_a_linear_correlation_is_that_of_the_sample() -> None:
    """Against the jackknife, which leaves people out one by one."""
    people = _normal(400, 0.5, 2)
    (found,) = correlations(people, ["a", "b"]).pairs
    a, b = people.table.numbers("a"), people.table.numbers("b")
    without = np.array(
        [np.corrcoef(np.delete(a, at), np.delete(b, at))[0, 1] for at in range(len(a))]
    )
    spread = math.sqrt((len(a) - 1) / len(a) * ((without - without.mean()) ** 2).sum())
    assert found.value == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-12)
    assert found.standard_error == pytest.approx(spread, rel=0.01)


def test_intervals_hold_the_true_correlation_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        (found,) = correlations(_normal(300, 0.6, seed), ["a", "b"], kind="polychoric").pairs
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.6 <= found.high
    # 190 are expected; chance takes nine more or less.
    assert 181 <= held <= 199


def test_replicates_tell_nearly_the_same_error() -> None:
    people = _normal(120, 0.4, 7)
    (taylor,) = correlations(people, ["a", "b"]).pairs
    (jackknife,) = correlations(people.with_jackknife(), ["a", "b"]).pairs
    assert taylor.value == jackknife.value
    assert taylor.standard_error == pytest.approx(jackknife.standard_error, rel=0.05)


def test_items_that_never_disagree_have_no_error_to_tell() -> None:
    (found,) = correlations(_of_table([[50, 0], [0, 50]]), ["a", "b"], kind="polychoric").pairs
    assert found.value is not None
    assert found.value > 0.999
    assert found.standard_error is None
    assert found.low is None


def test_the_matrix_says_whether_it_could_be_one_population() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    frame = pl.DataFrame({name: random.integers(0, 4, 200) for name in "abc"})
    found = correlations(sample(frame, Design()), ["a", "b", "c", "a"])
    assert found.items == ("a", "b", "c")
    assert found.matrix() == pytest.approx(np.corrcoef(frame.to_numpy().T), abs=1e-12)
    assert found.is_consistent
    # Each pair asked of other people: the signs cannot all be true of one population.
    apart = pl.DataFrame(
        {
            "a": [0, 1] * 40 + [0, 1] * 40 + [None] * 80,
            "b": [0, 1] * 40 + [None] * 80 + [0, 1] * 40,
            "c": [None] * 80 + [0, 1] * 40 + [1, 0] * 40,
        }
    )
    assert not correlations(sample(apart, Design()), ["a", "b", "c"]).is_consistent


def test_levels_in_words_are_ordered_not_counted() -> None:
    labels = {name: Variable(labels={"low": "Low", "mid": "Mid", "high": "High"}) for name in "ab"}
    words = np.array(["low", "mid", "high"])
    random = np.random.Generator(np.random.PCG64(5))
    ranks = random.integers(0, 3, 300)
    others = np.clip(ranks + random.integers(-1, 2, 300), 0, 2)
    frame = pl.DataFrame({"a": words[ranks], "b": words[others]})
    people = sample(Table(frame, labels), Design())
    (found,) = correlations(people, ["a", "b"], kind=Correlation.POLYCHORIC).pairs
    assert found.value is not None
    assert found.value > 0.5
    with pytest.raises(SurveyError, match="no numbers"):
        correlations(people, ["a", "b"])
    with pytest.raises(SurveyError, match="1 items"):
        correlations(people, ["a"])


@pytest.mark.parametrize(
    ("design", "pair", "value", "error"),
    [
        ("strata", ("api00", "api99"), 0.97590466406412724, 0.00395612155792252),
        ("strata", ("api00", "enroll"), -0.2430807983284169, 0.0526315986163544),
        ("strata", ("enroll", "meals"), -0.0302693792564756, 0.0588501515068700),
        ("domain", ("api00", "meals"), -0.8903409807434628, 0.0201905463244955),
        ("clusters", ("api00", "api99"), 0.96501768814224498, 0.00707000761759429),
        ("clusters", ("api00", "enroll"), -0.1406176539820248, 0.0744180908073985),
        ("jackknife", ("api00", "enroll"), -0.140617653982025, 0.117580612019492),
        ("calibrated", ("api00", "enroll"), -0.198835781855817, 0.113162983475555),
    ],
)
def test_like_r_survey(design: str, pair: tuple[str, str], value: float, error: float) -> None:
    """R 4.2.2, survey 4.1.1: svycontrast of svymean(~x + y + x² + y² + xy), x and y centred.

    The value is that of svyvar, and the jackknife is by withReplicates on a JK1 design.
    """
    strata = sample(data("apistrat"), Design(weights="pw", strata="stype", fpc="fpc"))
    clusters = sample(data("apiclus1"), Design(weights="pw", clusters="dnum", fpc="fpc"))
    kinds = {"E": 4421, "H": 755, "M": 1018}
    made: dict[str, Callable[[], Sample]] = {
        "strata": lambda: strata,
        "domain": lambda: strata,
        "clusters": lambda: clusters,
        "jackknife": clusters.with_jackknife,
        "calibrated": lambda: calibrate(
            clusters, {"stype": kinds, "api99": 3_914_069}, method="linear"
        ),
    }
    over = {"stype": "E"} if design == "domain" else None
    (found,) = correlations(made[design](), pair, over=over).pairs
    assert found.value == pytest.approx(value, rel=1e-9)
    assert found.standard_error == pytest.approx(error, rel=1e-6)


def test_moments_give_the_correlation_of_the_respondents() -> None:
    people = _normal(300, 0.5, 4)
    asked = [Count(variable="a", by=("b",))]
    held = moments(people.table.frame, Design(), asked)
    for kind in Correlation:
        (one,) = correlations(people, ["a", "b"], kind=kind).pairs
        (other,) = correlations(held, ["a", "b"], kind=kind).pairs
        assert other.value == pytest.approx(one.value, rel=1e-12)
        assert other.standard_error == pytest.approx(one.standard_error, rel=1e-6)
        assert other.effective_size == pytest.approx(one.effective_size, rel=1e-6)
    same = moments(people.table.frame.with_columns(b=pl.col("a")), Design(), asked)
    (found,) = correlations(same, ["a", "b"]).pairs
    assert found.value == pytest.approx(1)
    assert (found.standard_error, found.low) == (None, None)


def test_numbers_that_never_repeat_are_correlated_in_little_memory() -> None:
    random = np.random.Generator(np.random.PCG64(8))
    x = 1e6 + random.normal(size=20_000)
    frame = pl.DataFrame({"x": x, "y": x + random.normal(size=20_000)})
    tracemalloc.start()
    (found,) = correlations(sample(frame, Design()), ["x", "y"]).pairs
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.value == pytest.approx(np.corrcoef(frame.to_numpy().T)[0, 1], rel=1e-9)
    assert peak < 50e6


def test_what_does_not_vary_or_has_too_many_levels_is_refused() -> None:
    frame = pl.DataFrame({"k": [0.1] * 40, "x": range(40), "y": [1, 2] * 20})
    people = sample(frame, Design())
    with pytest.raises(SurveyError, match="« k » has one value only"):
        correlations(people, ["k", "x"])
    with pytest.raises(SurveyError, match=r"« x » has 40 levels.*Join levels, or ask for the Pear"):
        correlations(people, ["x", "y"], kind="polychoric")


def test_near_the_end_of_the_scale_there_is_no_interval() -> None:
    """A cell that nobody is in: the likelihood is flat up to one, and told 0.004 of error."""
    people = sample(data("apistrat"), Design(weights="pw", strata="stype", fpc="fpc"))
    told = correlations(people, ["awards", "comp.imp"], kind="polychoric")
    assert any("end of the scale" in note for note in listing(told, "en").notes)
    (found,) = told.pairs
    assert found.value is not None
    assert found.value > 0.999
    assert (found.standard_error, found.low, found.high) == (None, None, None)
    line = sample(pl.DataFrame({"x": range(50), "y": range(3, 153, 3)}), Design())
    (found,) = correlations(line, ["x", "y"]).pairs
    assert found.value == pytest.approx(1, abs=1e-12)
    assert (found.standard_error, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize("kind", list(Correlation))
def test_without_degrees_of_freedom_there_is_no_interval(kind: Correlation) -> None:
    x, y = [1, 2, 3, 1, 2, 3, 3, 1, 2, 3], [1, 2, 2, 1, 1, 3, 1, 3, 3, 2]
    rows = {"h": [1, 1, 1, 2, 2, 2, 3, 3, 3, 3], "x": x, "y": y}
    design = Design(strata="h", clusters="h", lonely=LonelyUnit.ADJUST)
    found = correlations(sample(pl.DataFrame(rows), design), ["x", "y"], kind=kind)
    (one,) = found.pairs
    assert one.standard_error is not None
    assert one.standard_error > 0
    assert (one.low, one.high) == (None, None)
