from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from alliage.survey.comparison.association import pearson, polychoric
from alliage.survey.errors import SurveyError

SIZED = st.integers(2, 4).flatmap(
    lambda rows: st.integers(2, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(1, 50), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)


@pytest.mark.parametrize(
    ("table", "rho"),
    [
        # R 4.2, polycor 0.8-1: polychor(table), the two-step estimator.
        ([[58, 52, 1], [26, 58, 3], [8, 12, 9]], 0.4198844942),
        ([[203, 167], [187, 374]], 0.3332168771),
        ([[13, 69, 41], [6, 113, 132], [0, 22, 104]], 0.4913711554),
        ([[20, 5, 1, 0], [8, 30, 12, 2], [2, 14, 40, 9], [0, 3, 11, 25]], 0.8130183769),
    ],
)
def test_the_correlations_of_r_are_found(table: list[list[int]], rho: float) -> None:
    # R stops its search within 1e-4 of the maximum.
    assert polychoric(table).rho == pytest.approx(rho, abs=5e-5)


@pytest.mark.parametrize("rho", [-0.95, -0.3, 0.0, 0.4, 0.9, 0.999])
def test_the_table_of_a_normal_pair_gives_its_correlation_back(rho: float) -> None:
    cuts = [-np.inf, -0.8, 0.0, 1.1, np.inf]
    pair = multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    ends = [min(max(cut, -9), 9) for cut in cuts]
    below = np.array([[pair.cdf([a, b]) for b in ends] for a in ends])
    table = np.maximum(np.diff(np.diff(below, axis=0), axis=1), 0)
    found = polychoric(table)
    assert found.rho == pytest.approx(rho, abs=2e-4)
    assert found.row_thresholds == pytest.approx((-0.8, 0.0, 1.1), abs=1e-6)
    assert not found.at_end


def test_items_that_never_disagree_are_at_the_end_of_the_scale() -> None:
    assert polychoric([[50, 0], [0, 50]]).at_end
    assert polychoric([[0, 50], [50, 0]]).rho < -0.999


@given(SIZED, st.floats(0.01, 100))
def test_turning_or_scaling_the_table_changes_what_it_should(
    table: list[list[int]], weight: float
) -> None:
    counts = np.array(table, dtype=float)
    rho = polychoric(counts).rho
    assert polychoric(counts.T).rho == pytest.approx(rho, abs=1e-5)
    assert polychoric(counts * weight).rho == pytest.approx(rho, abs=1e-5)
    assert polychoric(counts[::-1]).rho == pytest.approx(-rho, abs=1e-5)


@given(SIZED)
def test_an_answer_that_nobody_gave_changes_nothing(table: list[list[int]]) -> None:
    counts = np.array(table, dtype=float)
    wider = np.insert(counts, 1, 0.0, axis=1)
    assert polychoric(wider).rho == pytest.approx(polychoric(counts).rho, abs=1e-9)


@given(SIZED)
def test_the_linear_correlation_is_that_of_the_answers_one_by_one(table: list[list[int]]) -> None:
    counts = np.array(table)
    rows, columns = np.arange(len(table)) * 2.0, np.arange(len(table[0])) ** 2
    x = np.repeat(np.repeat(rows, counts.shape[1]), counts.ravel())
    y = np.repeat(np.tile(columns, counts.shape[0]), counts.ravel())
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    assert pearson(counts, rows, columns) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-12)


@pytest.mark.parametrize(
    "table", [[[1, -1], [1, 1]], [[0, 0], [0, 0]], [[[1, 2], [3, 4]]], [[1, np.nan], [1, 1]]]
)
def test_what_is_no_table_is_refused(table: list[list[float]]) -> None:
    with pytest.raises(SurveyError, match="no sum of weights"):
        polychoric(table)


def test_an_item_of_one_value_goes_with_nothing() -> None:
    with pytest.raises(SurveyError, match="one value only"):
        polychoric([[5, 6], [0, 0]])
    with pytest.raises(SurveyError, match="one value only"):
        pearson([[5, 6]], [1], [1, 2])
    with pytest.raises(SurveyError, match="scores for a table"):
        pearson([[5, 6], [7, 8]], [1], [1, 2])
