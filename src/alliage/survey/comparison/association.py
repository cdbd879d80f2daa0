"""How two items go together, from the weighted table of their answers.

Both coefficients are functions of the table that crosses two items, so they follow from moments
as everything else does. See ``docs/algorithms/survey-correlations.md``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri, owens_t

from alliage.survey.errors import SurveyError, SurveyProblem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from alliage.survey.arrays import Floats

#: No probability of the likelihood is taken below this.
_LEAST = 1e-300
#: How far from one the search for a correlation stops.
_END = 1e-7
#: A likelihood that rises by less for each respondent is flat.
_FLAT = 1e-12


class Polychoric(NamedTuple):
    """The correlation of two continuous traits that would give the table.

    Attributes
    ----------
    rho
        The correlation, in [-1, 1].
    row_thresholds, column_thresholds
        Where the traits are cut, in standard deviations.
    at_end
        Whether the likelihood grows up to the end of the scale: the table then only says that the
        correlation is very high, and no error can be told.
    """

    rho: float
    row_thresholds: tuple[float, ...]
    column_thresholds: tuple[float, ...]
    at_end: bool


def pearson(table: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> float:
    """Return the linear correlation of two scored items.

    Parameters
    ----------
    table : array of float, shape (r, c)
        Sum of the weights of each pair of answers.
    rows, columns : array of float, shapes (r,) and (c,)
        The score of each answer.

    Raises
    ------
    SurveyError
        If the table is not one of weights, or if an item takes one value only.

    Examples
    --------
    >>> round(pearson([[10, 5], [5, 10]], [0, 1], [0, 1]), 6)
    0.333333
    """
    counts = _read(table)
    x, y = np.asarray(rows, dtype=np.float64), np.asarray(columns, dtype=np.float64)
    if (len(x), len(y)) != counts.shape:
        _refuse(f"{len(x)} and {len(y)} scores for a table of {counts.shape}. Give one an answer.")
    share = counts / counts.sum()
    by_row, by_column = share.sum(axis=1), share.sum(axis=0)
    x = x - by_row @ x
    y = y - by_column @ y
    spread = math.sqrt(float(by_row @ x**2) * float(by_column @ y**2))
    if spread == 0:
        _refuse("An item has one value only: it goes with nothing. Leave it out.")
    return float(np.clip(x @ share @ y / spread, -1.0, 1.0))


def polychoric(table: ArrayLike) -> Polychoric:
    """Return the polychoric correlation of two ordered items, in two steps.

    The thresholds are those of the margins; the correlation is then the most likely one.

    Parameters
    ----------
    table : array of float, shape (r, c)
        Sum of the weights of each pair of answers, in the order of the answers. Answers that nobody
        gave are left out.

    Raises
    ------
    SurveyError
        If the table is not one of weights, or if an item takes one value only.

    Examples
    --------
    >>> found = polychoric([[58, 52, 1], [26, 58, 3], [8, 12, 9]])
    >>> round(found.rho, 4), [round(cut, 4) for cut in found.row_thresholds]
    (0.4199, [-0.0276, 1.1371])

    Notes
    -----
    Source: Olsson (1979), « Maximum likelihood estimation of the polychoric correlation
    coefficient », Psychometrika 44, the two-step estimator. Bivariate normal probabilities by
    Owen's function: Owen (1956), Annals of Mathematical Statistics 27.
    """
    counts = _read(table)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        _refuse("An item has one value only: it goes with nothing. Leave it out.")
    share = counts / counts.sum()
    row_cuts = ndtri(np.cumsum(share.sum(axis=1))[:-1])
    column_cuts = ndtri(np.cumsum(share.sum(axis=0))[:-1])

    def surprise(rho: float) -> float:
        chances = np.maximum(_chances(row_cuts, column_cuts, rho), _LEAST)
        return -float((share * np.log(chances)).sum())

    limit = 1 - _END
    best = minimize_scalar(
        surprise, bounds=(-limit, limit), method="bounded", options={"xatol": 1e-10}
    )
    # Where a cell is empty the likelihood may be flat up to the end: rounding alone then chooses.
    end = math.copysign(limit, best.x)
    at_end = bool(surprise(end) <= best.fun + _FLAT)
    rho = end if at_end else float(best.x)
    return Polychoric(
        rho,
        tuple(float(cut) for cut in row_cuts),
        tuple(float(cut) for cut in column_cuts),
        at_end=at_end,
    )


def _chances(row_cuts: Floats, column_cuts: Floats, rho: float) -> Floats:
    """Return the probability of each cell."""
    below = np.zeros((len(row_cuts) + 2, len(column_cuts) + 2))
    below[1:-1, 1:-1] = _both_below(row_cuts[:, None], column_cuts[None, :], rho)
    below[-1, 1:-1], below[1:-1, -1], below[-1, -1] = ndtr(column_cuts), ndtr(row_cuts), 1.0
    return np.asarray(np.diff(np.diff(below, axis=0), axis=1), dtype=np.float64)


def _both_below(h: Floats, k: Floats, rho: float) -> Floats:
    """Return the probability that two standard normals of correlation rho are below h and k."""
    # Owen's identity divides by h and k: a cut at zero is moved by nothing that shows.
    h = np.where(h == 0, _LEAST, h)
    k = np.where(k == 0, _LEAST, k)
    root = math.sqrt(1 - rho**2)
    with np.errstate(over="ignore"):
        slopes = (k - rho * h) / (h * root), (h - rho * k) / (k * root)
    apart = np.where((np.sign(h) * np.sign(k) > 0), 0.0, 0.5)
    found = (ndtr(h) + ndtr(k)) / 2 - owens_t(h, slopes[0]) - owens_t(k, slopes[1]) - apart
    return np.asarray(found, dtype=np.float64)


def _read(table: ArrayLike) -> Floats:
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        _refuse(
            "The table of two items holds what is no sum of weights. "
            "Give rows and columns of numbers, zero or more, not all zero."
        )
    return counts


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
