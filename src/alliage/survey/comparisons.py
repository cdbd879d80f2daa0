"""Differences between estimates, and the letters of a table that tell which are real.

See ``docs/algorithms/survey-comparisons.md``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtr

from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from alliage.survey.arrays import Floats


class Adjustment(StrEnum):
    """How many tests at once are taken into account.

    ``HOLM`` holds the chance of any false difference, ``BH`` the share of false ones among those
    told (Benjamini and Hochberg), ``NONE`` neither.
    """

    HOLM = "holm"
    BH = "bh"
    NONE = "none"


class Difference(NamedTuple):
    """A difference between two estimates.

    Attributes
    ----------
    first, second
        What is compared.
    estimate
        The first less the second.
    standard_error
        Its standard error, the covariance of the two taken into account.
    p_value
        Probability of a difference as great if there were none, two-sided.
    adjusted
        The same, the other tests made with it taken into account.
    """

    first: str
    second: str
    estimate: float
    standard_error: float
    p_value: float
    adjusted: float


def adjusted(p_values: ArrayLike, adjustment: Adjustment = Adjustment.HOLM) -> Floats:
    """Adjust p-values for the tests made together.

    Parameters
    ----------
    p_values : array of float, shape (m,)
        Those of the tests.
    adjustment
        What is to be held.

    Returns
    -------
    array of float, shape (m,)
        In the order given.

    Raises
    ------
    SurveyError
        If a p-value is outside [0, 1].

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    >>> adjusted([0.01, 0.04, 0.03], Adjustment.BH).round(6).tolist()
    [0.03, 0.04, 0.04]

    Notes
    -----
    Source: Holm (1979), Scandinavian Journal of Statistics 6; Benjamini and Hochberg (1995), JRSS B
    57.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        _refuse("A p-value is outside [0, 1]. Give those of tests.")
    count = len(values)
    if adjustment is Adjustment.NONE or count == 0:
        return values.copy()
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    if adjustment is Adjustment.HOLM:
        steps = np.maximum.accumulate(ranked * np.arange(count, 0, -1))
    else:
        shares = ranked * count / np.arange(1, count + 1)
        steps = np.minimum.accumulate(shares[::-1])[::-1]
    found = np.empty(count)
    found[order] = np.minimum(steps, 1.0)
    return found


def differences(
    estimates: Mapping[str, float],
    covariance: ArrayLike,
    *,
    degrees: float = math.inf,
    adjustment: Adjustment = Adjustment.HOLM,
    pairs: Iterable[tuple[str, str]] | None = None,
) -> tuple[Difference, ...]:
    """Compare estimates by pairs.

    Parameters
    ----------
    estimates
        The estimates by name, in the order of the covariance.
    covariance : array of float, shape (k, k)
        Their covariance: that of overlapping groups, or of items asked of the same people, is not
        zero.
    degrees
        Degrees of freedom of the design.
    adjustment
        How the tests made together are taken into account.
    pairs
        The pairs to compare; by default all.

    Raises
    ------
    SurveyError
        If the covariance is not one of these estimates, or a pair names none of them.

    Examples
    --------
    >>> found = differences({"a": 3.0, "b": 1.0}, [[0.5, 0.2], [0.2, 0.5]])[0]
    >>> round(found.estimate, 3), round(found.standard_error, 3), round(found.p_value, 4)
    (2.0, 0.775, 0.0098)
    """
    names = tuple(estimates)
    matrix = _covariance(names, covariance)
    _check_degrees(degrees)
    chosen = tuple(itertools.combinations(names, 2) if pairs is None else pairs)
    places = {name: place for place, name in enumerate(names)}
    unknown = {name for pair in chosen for name in pair} - places.keys()
    if unknown:
        _refuse(f"There is no estimate « {listed(sorted(unknown))} ». Compare those given.")
    raw = [
        _difference(one, other, estimates[one] - estimates[other], matrix, places, degrees)
        for one, other in chosen
    ]
    final = adjusted([one.p_value for one in raw], adjustment)
    return tuple(one._replace(adjusted=float(value)) for one, value in zip(raw, final, strict=True))


def _difference(
    first: str,
    second: str,
    estimate: float,
    matrix: Floats,
    places: Mapping[str, int],
    degrees: float,
) -> Difference:
    a, b = places[first], places[second]
    variance = max(0.0, float(matrix[a, a] + matrix[b, b] - 2 * matrix[a, b]))
    # What rounding leaves of a difference that cannot vary is no variance.
    if variance <= 1e-14 * float(matrix[a, a] + matrix[b, b]):
        p_value = float(estimate == 0)
        return Difference(first, second, estimate, 0.0, p_value, p_value)
    error = math.sqrt(variance)
    p_value = _two_sided(estimate / error, degrees)
    return Difference(first, second, estimate, error, p_value, p_value)


def _two_sided(statistic: float, degrees: float) -> float:
    return float(min(1.0, 2 * stdtr(degrees, -abs(statistic))))


@dataclass(frozen=True, slots=True)
class Lettered:
    """The columns of a row of a table, each with the columns that it surely exceeds.

    Attributes
    ----------
    letters
        The letter of each column: A, B, … Z, AA.
    above
        For each column, the letters of those that it exceeds: capitals at the strict level,
        small ones at the loose level only.
    differences
        The tests behind the letters.
    """

    letters: Mapping[str, str]
    above: Mapping[str, str]
    differences: tuple[Difference, ...]


def lettered(
    estimates: Mapping[str, float],
    covariance: ArrayLike,
    *,
    degrees: float = math.inf,
    adjustment: Adjustment = Adjustment.HOLM,
    level: float = 0.95,
    loose: float | None = None,
    letters: Mapping[str, str] | None = None,
) -> Lettered:
    """Give each column the letters of the columns that it exceeds.

    Parameters
    ----------
    estimates, covariance, degrees, adjustment
        As for :func:`differences`.
    level
        Confidence of the capitals.
    loose
        Confidence of the small letters, below ``level``; by default there are none.
    letters
        The letter of each estimate, when they are a part of a larger table.

    Examples
    --------
    >>> found = lettered(
    ...     {"north": 0.62, "south": 0.41, "east": 0.60}, [[4e-4, 0, 0], [0, 4e-4, 0], [0, 0, 4e-4]]
    ... )
    >>> dict(found.above)
    {'north': 'B', 'south': '', 'east': 'B'}
    """
    if not 0 < level < 1 or (loose is not None and not 0 < loose < level):
        _refuse(f"The levels are {level} and {loose}. Give two in (0, 1), the loose one lower.")
    letters = letters or dict(zip(estimates, alphabet(len(estimates)), strict=True))
    found = differences(estimates, covariance, degrees=degrees, adjustment=adjustment)
    above: dict[str, list[str]] = {name: [] for name in estimates}
    for one in found:
        high, low = (one.first, one.second) if one.estimate > 0 else (one.second, one.first)
        if one.adjusted <= 1 - level + 1e-12:
            above[high].append(letters[low])
        elif loose is not None and one.adjusted <= 1 - loose + 1e-12:
            above[high].append(letters[low].lower())
    return Lettered(
        letters,
        {name: _joined(marks, tuple(letters.values())) for name, marks in above.items()},
        found,
    )


def _joined(marks: Sequence[str], order: Sequence[str]) -> str:
    # Letters of two characters are told apart by a space.
    between = " " if max(map(len, order)) > 1 else ""
    return between.join(sorted(marks, key=lambda mark: order.index(mark.upper())))


def alphabet(count: int) -> Iterator[str]:
    """Return the letters of so many columns.

    Examples
    --------
    >>> list(alphabet(28))[-3:]
    ['Z', 'AA', 'AB']
    """
    singles = [chr(ord("A") + place) for place in range(26)]
    pairs = (first + second for first in singles for second in singles)
    return itertools.islice(itertools.chain(singles, pairs), count)


def _covariance(names: Sequence[str], covariance: ArrayLike) -> Floats:
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.shape != (len(names), len(names)):
        _refuse(
            f"The covariance is {matrix.shape} for {len(names)} estimates. "
            "Give a row and a column each."
        )
    if not np.isfinite(matrix).all() or (np.diag(matrix) < 0).any():
        _refuse("The covariance holds what is no covariance. Leave out what was not estimated.")
    return matrix


def _check_degrees(degrees: float) -> None:
    if not degrees > 0:
        _refuse(f"There are {degrees} degrees of freedom. Give more than zero.")


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
