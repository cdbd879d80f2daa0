"""What became of a figure from wave to wave, and where the series breaks.

A change of wording, of scale or of method breaks a series: what stands before and after is shown
side by side and never compared. See ``docs/algorithms/survey-trends.md``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, ndtr

from alliage.survey.comparisons import Adjustment, Difference, adjusted, differences
from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from alliage.survey.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WavePoint:
    """The estimate of a wave.

    Attributes
    ----------
    wave
        Its name.
    year
        When it was asked, in years: 2022.5 is the middle of 2022.
    estimate
        The figure.
    standard_error
        Its standard error, zero or more.
    degrees
        Degrees of freedom of its design.
    """

    wave: str
    year: float
    estimate: float
    standard_error: float
    degrees: float = math.inf


@dataclass(frozen=True, slots=True)
class Slope:
    """The change a year over a part of a series.

    Attributes
    ----------
    a_year
        Change a year, in the unit of the estimate.
    standard_error
        Its standard error.
    p_value
        Probability of a slope as great if nothing changed.
    misfit
        Probability of waves as far from a straight line if the change were steady, or None with two
        waves.
    """

    a_year: float
    standard_error: float
    p_value: float
    misfit: float | None


@dataclass(frozen=True, slots=True)
class Segment:
    """Waves that may be compared, in their order.

    Attributes
    ----------
    points
        The waves.
    changes
        From each wave to the next, the tests of the whole series made together.
    slope
        The steady change that fits them best, or None for one wave.
    broken_by
        Why what came before may not be compared, or "" for the first part.
    """

    points: tuple[WavePoint, ...]
    changes: tuple[Difference, ...]
    slope: Slope | None
    broken_by: str


def trend(
    points: Sequence[WavePoint],
    *,
    breaks: Mapping[str, str] | None = None,
    covariance: ArrayLike | None = None,
    adjustment: Adjustment = Adjustment.HOLM,
) -> tuple[Segment, ...]:
    """Follow a figure over waves, in parts that may be compared.

    Parameters
    ----------
    points
        The waves, in any order.
    breaks
        The wave at which the series starts anew, and why.
    covariance
        Covariance of the estimates in the order of their years, when waves share respondents or
        areas; by default the samples are independent.
    adjustment
        How the changes tested together are taken into account.

    Raises
    ------
    SurveyError
        If waves repeat one another, or a break names no wave or gives no reason.

    Examples
    --------
    >>> waves = [
    ...     WavePoint(wave=str(year), year=year, estimate=estimate, standard_error=1.0)
    ...     for year, estimate in ((2008, 51.0), (2012, 55.0), (2015, 47.0), (2019, 62.0))
    ... ]
    >>> before, after = trend(waves, breaks={"2015": "the question was asked of other people"})
    >>> [point.wave for point in before.points], round(before.slope.a_year, 2)
    (['2008', '2012'], 1.0)
    >>> [(one.first, one.second, one.estimate) for one in after.changes]
    [('2019', '2015', 15.0)]

    Notes
    -----
    The slope is that of generalised least squares with the known covariance; the misfit is the
    chi-square of what is left. Source: Steel and McLaren (2009), « Design and analysis of surveys
    repeated over time », Handbook of Statistics 29B.
    """
    ordered = tuple(sorted(points, key=lambda point: (point.year, point.wave)))
    reasons = dict(breaks or {})
    matrix = _checked(ordered, reasons, covariance)
    starts = [0, *(place for place, one in enumerate(ordered) if place and one.wave in reasons)]
    ends = [*starts[1:], len(ordered)]
    parts = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
    changes = [_changes(ordered[part], matrix[part, part]) for part in parts]
    together = adjusted([one.p_value for found in changes for one in found], adjustment)
    final = iter(together.tolist())
    return tuple(
        Segment(
            ordered[part],
            tuple(one._replace(adjusted=next(final)) for one in found),
            _slope(ordered[part], matrix[part, part]),
            reasons.get(ordered[part][0].wave, "") if part.start else "",
        )
        for part, found in zip(parts, changes, strict=True)
    )


def _changes(points: Sequence[WavePoint], matrix: Floats) -> list[Difference]:
    found: list[Difference] = []
    for place, (before, after) in enumerate(itertools.pairwise(points)):
        two = matrix[place : place + 2, place : place + 2][::-1, ::-1]
        found += differences(
            {after.wave: after.estimate, before.wave: before.estimate},
            two,
            degrees=_joint_degrees(before, after),
        )
    return found


def _joint_degrees(one: WavePoint, other: WavePoint) -> float:
    """Return the degrees of freedom of a difference of two independent waves (Satterthwaite)."""
    squares = one.standard_error**2, other.standard_error**2
    below = squares[0] ** 2 / one.degrees + squares[1] ** 2 / other.degrees
    return sum(squares) ** 2 / below if below > 0 else math.inf


def _slope(points: Sequence[WavePoint], matrix: Floats) -> Slope | None:
    if len(points) < 2:
        return None
    years = np.array([point.year for point in points])
    line = np.column_stack([np.ones(len(points)), years - years.mean()])
    values = np.array([point.estimate for point in points])
    if np.linalg.matrix_rank(matrix) < len(points):
        _refuse("The waves have no error, or repeat one another. Give the covariance of waves.")
    weighted = np.linalg.solve(matrix, line)
    spread = np.linalg.inv(line.T @ weighted)
    fitted = spread @ (weighted.T @ values)
    left = values - line @ fitted
    misfit = float(left @ np.linalg.solve(matrix, left))
    error = math.sqrt(float(spread[1, 1]))
    return Slope(
        float(fitted[1]),
        error,
        float(2 * ndtr(-abs(fitted[1]) / error)),
        float(chdtrc(len(points) - 2, max(0.0, misfit))) if len(points) > 2 else None,
    )


def _checked(
    points: Sequence[WavePoint], breaks: Mapping[str, str], covariance: ArrayLike | None
) -> Floats:
    names = [point.wave for point in points]
    if not points or len(set(names)) != len(names):
        _refuse(f"The waves are {listed(names)}. Give one at least, each once.")
    if len({point.year for point in points}) != len(points):
        _refuse("Two waves have the same year. Give the month as a part of the year.")
    for point in points:
        if not (math.isfinite(point.estimate) and point.standard_error >= 0):
            _refuse(
                f"The wave « {point.wave} » is {point.estimate} ± {point.standard_error}. Give an "
                "estimate and a standard error of zero or more."
            )
    _check_breaks(names, breaks)
    if covariance is None:
        return np.diag([point.standard_error**2 for point in points])
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.shape != (len(points), len(points)):
        _refuse(f"The covariance is {matrix.shape} for {len(points)} waves. Give a row each.")
    return matrix


def _check_breaks(waves: Sequence[str], breaks: Mapping[str, str]) -> None:
    for wave, reason in breaks.items():
        if wave not in waves or not reason.strip():
            _refuse(
                f"The break at « {wave} » names no wave or gives no reason. Name the first wave of "
                "the new series and say what changed."
            )


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
