"""Whether the same answers come back: weighted κ of a retest, ICC of two informants.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient of agreement and its 95 % interval."""

    value: float
    low: float
    high: float
    subjects: int


def weighted_kappa(
    counts: ArrayLike, weights: Literal["linear", "quadratic"] = "quadratic"
) -> Agreement:
    """Return Cohen's weighted κ with its large-sample interval.

    Parameters
    ----------
    counts
        Shape (L, L): people by their first and second level.
    weights
        How far a disagreement counts.

    Returns
    -------
    Agreement
        κ and its interval.

    Raises
    ------
    ValueError
        If the table is not square, or chance alone would agree always.

    Source: Cohen (1968), Psychological Bulletin 70, 213; Fleiss, Cohen & Everitt (1969),
    Psychological Bulletin 72, 323, eq. 13.

    Examples
    --------
    >>> round(weighted_kappa([[10, 2, 0], [1, 8, 3], [0, 1, 5]]).value, 4)
    0.8045
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.min() < 0 or not table.sum():
        msg = f"The table has the shape {table.shape}. Give a square one of counts."
        raise ValueError(msg)
    people = float(table.sum())
    shares = table / people
    places = np.arange(len(table))
    far = np.abs(places[:, None] - places[None, :]) / max(len(table) - 1, 1)
    near = 1 - (far if weights == "linear" else far**2)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    seen, chance = float((near * shares).sum()), float(rows @ near @ columns)
    if np.isclose(chance, 1):
        msg = "Everybody gave one level both times: chance alone would agree. κ has no value."
        raise ValueError(msg)
    value = (seen - chance) / (1 - chance)
    means = (near @ columns)[:, None] + (near.T @ rows)[None, :]
    spread = float((shares * (near * (1 - chance) - means * (1 - seen)) ** 2).sum())
    centre = seen * chance - 2 * chance + seen
    error = np.sqrt(max(spread - centre**2, 0) / people) / (1 - chance) ** 2
    reach = float(stats.norm.ppf(0.975) * error)
    return Agreement(value, value - reach, min(value + reach, 1.0), int(people))


def one_way_icc(ratings: ArrayLike) -> Agreement:
    """Return the intraclass correlation of informants drawn at random, ICC(1, 1).

    Parameters
    ----------
    ratings
        Shape (N, M): M informants of each organisation, in no order.

    Returns
    -------
    Agreement
        The correlation and its interval.

    Raises
    ------
    ValueError
        If there are fewer than two organisations or informants, or nothing varies.

    Source: Shrout & Fleiss (1979), Psychological Bulletin 86, 420, case 1.

    Examples
    --------
    Their table 2:

    >>> table = [
    ...     [9, 2, 5, 8],
    ...     [6, 1, 3, 2],
    ...     [8, 4, 6, 8],
    ...     [7, 1, 2, 6],
    ...     [10, 5, 6, 9],
    ...     [6, 2, 4, 7],
    ... ]
    >>> round(one_way_icc(table).value, 2)
    0.17
    """
    given = np.asarray(ratings, dtype=np.float64)
    if given.ndim != 2 or min(given.shape) < 2:
        msg = f"The ratings have the shape {given.shape}. Give two organisations and informants."
        raise ValueError(msg)
    subjects, informants = given.shape
    within = float(given.var(axis=1, ddof=1).mean())
    between = float(informants * given.mean(axis=1).var(ddof=1))
    if within == 0 and between == 0:
        msg = "Every rating is the same: nothing varies, and the correlation has no value."
        raise ValueError(msg)
    value = (between - within) / (between + (informants - 1) * within)
    if within == 0:
        return Agreement(1.0, 1.0, 1.0, subjects)
    degrees = subjects - 1, subjects * (informants - 1)
    ratio = between / within
    low = ratio / stats.f.ppf(0.975, *degrees)
    high = ratio * stats.f.ppf(0.975, *degrees[::-1])
    return Agreement(
        value,
        float((low - 1) / (low + informants - 1)),
        float((high - 1) / (high + informants - 1)),
        subjects,
    )
