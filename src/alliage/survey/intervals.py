"""Confidence intervals of estimates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import betaincinv, ndtri, stdtrit

from alliage.survey.results import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

Ends = tuple[float, float]


def critical(level: float, degrees: float) -> float:
    """Return the quantile of Student's distribution for a confidence level.

    Examples
    --------
    >>> round(critical(0.95, math.inf), 6), round(critical(0.95, 10), 6)
    (1.959964, 2.228139)
    """
    tail = (1 + level) / 2
    return float(ndtri(tail) if math.isinf(degrees) else stdtrit(degrees, tail))


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
    """Return a confidence interval and the method that made it.

    Parameters
    ----------
    method : Interval
        ``WALD`` for any estimate; ``LOGIT``, ``WILSON`` and ``BETA`` for a proportion.
    value, error : float
        The estimate and its standard error.
    degrees : float
        Degrees of freedom.
    level : float
        Confidence level.
    respondents : int
        Respondents in the base.
    effective : float
        Kish's effective size, from the weights alone. It serves where the sample shows 0 or 1, so
        that the variance says nothing.

    Returns
    -------
    method : Interval
        The method used: ``BETA`` for a proportion of 0 or 1, ``NONE`` without degrees of freedom.
    low, high : float or None
        The ends.

    Notes
    -----
    Sources: Korn & Graubard (1998), *Survey Methodology* 24 (beta: Clopper–Pearson with the
    effective size, corrected for degrees of freedom); Franco et al. (2019), *JSSAM* 7 (Wilson).

    Examples
    --------
    >>> ask = dict(degrees=math.inf, level=0.95, respondents=100, effective=100.0)
    >>> _, low, high = interval(Interval.WILSON, 0.5, 0.05, **ask)
    >>> round(low, 4), round(high, 4)
    (0.4038, 0.5962)
    """
    if degrees < 1:
        return Interval.NONE, None, None
    quantile = critical(level, degrees)
    if method is Interval.WALD:
        return method, value - quantile * error, value + quantile * error
    if value <= 0 or value >= 1:
        size = _corrected(effective, respondents, degrees, level)
        return Interval.BETA, *_beta(min(max(value, 0.0), 1.0), size, level)
    spread = value * (1 - value)
    if error == 0:
        return method, value, value
    size = spread / error**2
    if method is Interval.BETA:
        return method, *_beta(value, _corrected(size, respondents, degrees, level), level)
    ways: dict[Interval, Callable[[], Ends]] = {
        Interval.LOGIT: lambda: _logit(value, quantile * error / spread),
        Interval.WILSON: lambda: _wilson(value, size, quantile),
    }
    return method, *ways[method]()


def _logit(value: float, reach: float) -> Ends:
    middle = math.log(value / (1 - value))
    return 1 / (1 + math.exp(reach - middle)), 1 / (1 + math.exp(-reach - middle))


def _wilson(value: float, size: float, quantile: float) -> Ends:
    share = quantile**2 / size
    middle = (value + share / 2) / (1 + share)
    reach = math.sqrt(share * value * (1 - value) + share**2 / 4) / (1 + share)
    return middle - reach, middle + reach


def _corrected(size: float, respondents: int, degrees: float, level: float) -> float:
    if respondents < 2:
        return size
    ratio = critical(level, respondents - 1) / critical(level, degrees)
    return size * ratio**2


def _beta(value: float, size: float, level: float) -> Ends:
    tail = (1 - level) / 2
    hits, misses = size * value, size * (1 - value)
    low = 0.0 if value == 0 else float(betaincinv(hits, misses + 1, tail))
    high = 1.0 if value == 1 else float(betaincinv(hits + 1, misses, 1 - tail))
    return low, high
