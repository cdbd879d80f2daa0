"""Confidence intervals of estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtri, stdtrit

from alliage.survey.estimation.results import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from alliage.survey.arrays import Booleans, Floats


class Ends(NamedTuple):
    """The ends of many intervals, NaN where there is none, and the method that made each."""

    methods: NDArray[np.object_]
    low: Floats
    high: Floats


def critical(level: float, degrees: float) -> float:
    """Return the quantile of Student's distribution for a confidence level.

    Examples
    --------
    >>> round(critical(0.95, np.inf), 6), round(critical(0.95, 10), 6)
    (1.959964, 2.228139)
    """
    return float(_critical(level, np.array(degrees)))


def _critical(level: float, degrees: Floats) -> Floats:
    tail = (1 + level) / 2
    # Groups of one size are many, and the quantile is long to find.
    each, places = np.unique(degrees, return_inverse=True)
    finite = np.where(np.isinf(each), 1.0, each)
    found = np.where(np.isinf(each), ndtri(tail), stdtrit(finite, tail))
    return np.asarray(found[places].reshape(np.shape(degrees)))


def interval(
    method: Interval,
    value: float,
    error: float,
    *,
    degrees: float,
    level: float,
    respondents: int,
    effective: float,
) -> tuple[Interval, float | None, float | None]:
    """Return a confidence interval and the method that made it: one of `intervals`.

    Examples
    --------
    >>> ask = dict(degrees=np.inf, level=0.95, respondents=100, effective=100.0)
    >>> _, low, high = interval(Interval.WILSON, 0.5, 0.05, **ask)
    >>> round(low, 4), round(high, 4)
    (0.4038, 0.5962)
    """
    found = intervals(
        method,
        [value],
        [error],
        degrees=degrees,
        level=level,
        respondents=respondents,
        effective=effective,
    )
    low, high = (None if np.isnan(end[0]) else float(end[0]) for end in found[1:])
    return found.methods[0], low, high


def intervals(
    method: Interval,
    values: ArrayLike,
    errors: ArrayLike,
    *,
    degrees: ArrayLike,
    level: float,
    respondents: ArrayLike,
    effective: ArrayLike,
) -> Ends:
    """Return confidence intervals and the method that made each.

    Parameters
    ----------
    method : Interval
        ``WALD`` for any estimate; ``LOGIT``, ``WILSON`` and ``BETA`` for a proportion.
    values, errors : array of float, shape (...)
        The estimates and their standard errors.
    degrees : array of float
        Degrees of freedom; this and what follows is broadcast to the shape of the estimates.
    level : float
        Confidence level.
    respondents : array of int
        Respondents in the base.
    effective : array of float
        Kish's effective size, from the weights alone. It serves where the sample shows 0 or 1, so
        that the variance says nothing.

    Returns
    -------
    Ends
        The methods used, ``BETA`` for a proportion of 0 or 1, ``NONE`` without degrees of freedom;
        and the ends.

    Notes
    -----
    Sources: Korn & Graubard (1998), *Survey Methodology* 24 (beta: Clopper–Pearson with the
    effective size, corrected for degrees of freedom); Franco et al. (2019), *JSSAM* 7 (Wilson).
    """
    value, error, freedom, count, size = np.broadcast_arrays(
        *(
            np.asarray(each, dtype=np.float64)
            for each in (values, errors, degrees, respondents, effective)
        )
    )
    known = freedom >= 1
    quantile = np.full(value.shape, np.nan)
    quantile[known] = _critical(level, freedom[known])
    methods = np.where(known, np.array(method, dtype=object), np.array(Interval.NONE, dtype=object))
    if method is Interval.WALD:
        return Ends(methods, value - quantile * error, value + quantile * error)
    low, high = np.where(known, value, np.nan), np.where(known, value, np.nan)
    edge = known & ((value <= 0) | (value >= 1))
    inside = known & ~edge & (error > 0)
    methods[edge] = Interval.BETA
    share = value * (1 - value)

    def corrected(chosen: Booleans, sizes: Floats) -> Floats:
        """Correct effective sizes for degrees of freedom."""
        ratio = np.ones(len(sizes))
        several = count[chosen] >= 2
        ratio[several] = _critical(level, count[chosen][several] - 1)
        ratio[several] /= quantile[chosen][several]
        return sizes * ratio**2

    if edge.any():
        at = np.clip(value[edge], 0, 1)
        low[edge], high[edge] = _beta(at, corrected(edge, size[edge]), level)
    own, reach = value[inside], error[inside]
    if method is Interval.LOGIT:
        low[inside], high[inside] = _logit(own, quantile[inside] * reach / share[inside])
    elif method is Interval.WILSON:
        low[inside], high[inside] = _wilson(own, share[inside] / reach**2, quantile[inside])
    elif method is Interval.BETA:
        sizes = corrected(inside, share[inside] / reach**2)
        low[inside], high[inside] = _beta(own, sizes, level)
    return Ends(methods, low, high)


def _logit(value: Floats, reach: Floats) -> tuple[Floats, Floats]:
    middle = logit(value)
    return expit(middle - reach), expit(middle + reach)


def _wilson(value: Floats, size: Floats, quantile: Floats) -> tuple[Floats, Floats]:
    share = quantile**2 / size
    middle = (value + share / 2) / (1 + share)
    reach = np.sqrt(share * value * (1 - value) + share**2 / 4) / (1 + share)
    return middle - reach, middle + reach


def _beta(value: Floats, size: Floats, level: float) -> tuple[Floats, Floats]:
    tail = (1 - level) / 2
    hits, misses = size * value, size * (1 - value)
    some, others = np.where(value > 0, hits, 1.0), np.where(value < 1, misses, 1.0)
    low = np.where(value > 0, betaincinv(some, misses + 1, tail), 0.0)
    high = np.where(value < 1, betaincinv(hits + 1, others, 1 - tail), 1.0)
    return low, high
