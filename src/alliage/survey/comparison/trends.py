"""What became of a figure from wave to wave, and where the series breaks.

A change of wording, of scale or of method breaks a series: what stands before and after is shown
side by side and never compared. See ``docs/algorithms/survey-trends.md``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import chdtrc, fdtrc

from alliage.survey.comparison.comparisons import (
    Adjustment,
    Difference,
    adjusted,
    differences,
    estimated,
    joint_degrees,
    spread_of,
    subject_of,
    two_sided,
)
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.intervals import critical
from alliage.survey.estimation.results import SHARES, Estimates, Reliability, names_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike

    from alliage.survey.arrays import Floats
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import BaseRule, Estimate, Provenance
    from alliage.survey.sampling.sample import Source


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
        The figure; ``None`` where the base rule hides it.
    standard_error
        Its standard error, zero or more; ``None`` with the figure.
    degrees
        Degrees of freedom of its design.
    reliability
        What the base rule says of it; ``None`` without a rule.
    """

    wave: str
    year: float
    estimate: float | None
    standard_error: float | None
    degrees: float = math.inf
    reliability: Reliability | None = None


@dataclass(frozen=True, slots=True)
class Slope:
    """The change a year over a part of a series.

    Attributes
    ----------
    a_year
        Change a year, in the unit of the estimate.
    standard_error
        Its standard error.
    low, high
        Its confidence interval.
    degrees
        Degrees of freedom.
    p_value
        Probability of a slope as great if nothing changed.
    misfit
        Probability of waves as far from a straight line if the change were steady, or None with two
        waves.
    """

    a_year: float
    standard_error: float
    low: float
    high: float
    degrees: float
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
        From each wave that is shown to the next one, the tests of all parts made together.
    slope
        The steady change that fits those shown best, or None for one wave, and for three or more of
        one sample that leaves fewer degrees of freedom than waves.
    broken_by
        Why what came before may not be compared, or "" for the first part.
    """

    points: tuple[WavePoint, ...]
    changes: tuple[Difference, ...]
    slope: Slope | None
    broken_by: str


def segments(
    points: Sequence[WavePoint],
    *,
    breaks: Mapping[str, str] | None = None,
    covariance: ArrayLike | None = None,
    adjustment: Adjustment = Adjustment.HOLM,
    level: float = 0.95,
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
    level
        Confidence level of the intervals.

    Raises
    ------
    SurveyError
        If waves repeat one another, one that is compared has less than a degree of freedom, or a
        break names no wave or gives no reason.

    Examples
    --------
    >>> waves = [
    ...     WavePoint(wave=str(year), year=year, estimate=estimate, standard_error=1.0)
    ...     for year, estimate in ((2008, 51.0), (2012, 55.0), (2015, 47.0), (2019, 62.0))
    ... ]
    >>> before, after = segments(waves, breaks={"2015": "the question was asked of other people"})
    >>> [point.wave for point in before.points], round(before.slope.a_year, 2)
    (['2008', '2012'], 1.0)
    >>> [(one.first, one.second, one.estimate) for one in after.changes]
    [('2019', '2015', 15.0)]

    Notes
    -----
    The slope is that of generalised least squares, the misfit is told by what is left, and both pay
    for a covariance that is estimated. Degrees of freedom are Satterthwaite's for independent
    samples, and come from the fewest of the waves where their covariance is given. Source: Steel
    and McLaren (2009), « Design and analysis of surveys repeated over time », Handbook of
    Statistics 29B.
    """
    parts = _parts(points, breaks or {}, covariance, level)
    return _tested_together([parts], adjustment)[0]


def _parts(
    points: Sequence[WavePoint],
    reasons: Mapping[str, str],
    covariance: ArrayLike | None,
    level: float,
) -> tuple[Segment, ...]:
    """Cut a series at its breaks, with changes that are not yet tested together."""
    ordered = tuple(sorted(points, key=lambda point: (point.year, point.wave)))
    matrix = _checked(ordered, reasons, covariance)
    starts = [0, *(place for place, one in enumerate(ordered) if place and one.wave in reasons)]
    ends = [*starts[1:], len(ordered)]
    found: list[Segment] = []
    for start, end in zip(starts, ends, strict=True):
        shown = [place for place in range(start, end) if ordered[place].estimate is not None]
        waves = _Waves(
            [ordered[place] for place in shown],
            matrix[np.ix_(shown, shown)],
            apart=covariance is None,
            level=level,
        )
        reason = reasons.get(ordered[start].wave, "") if start else ""
        found.append(Segment(ordered[start:end], waves.changes(), waves.slope(), reason))
    return tuple(found)


def _tested_together(
    series: Sequence[tuple[Segment, ...]], adjustment: Adjustment
) -> list[tuple[Segment, ...]]:
    changes = [change for parts in series for part in parts for change in part.changes]
    final = iter(adjusted([change.p_value for change in changes], adjustment).tolist())
    return [
        tuple(
            replace(part, changes=tuple(one._replace(adjusted=next(final)) for one in part.changes))
            for part in parts
        )
        for parts in series
    ]


@dataclass(frozen=True, slots=True)
class Trend:
    """What became of one figure.

    Attributes
    ----------
    name
        The figure, where there are several; else empty.
    segments
        Its waves, in parts that may be compared.
    """

    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Trends:
    """What became of figures from wave to wave.

    Attributes
    ----------
    items
        The figures.
    adjustment
        How the changes of all figures, tested together, were taken into account.
    level
        Confidence level of the intervals.
    provenance
        How the estimates were computed.
    shares
        Whether the figures are shares.
    """

    items: tuple[Trend, ...]
    adjustment: Adjustment
    level: float
    provenance: Provenance
    shares: bool = False

    def __iter__(self) -> Iterator[Trend]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Trend:
        return self.items[place]

    def frame(self) -> pl.DataFrame:
        """Return one row for each figure and wave, with the change from the one shown before."""
        return pl.DataFrame(
            [
                _record(item.name, number, segment, point)
                for item in self.items
                for number, segment in enumerate(item.segments, start=1)
                for point in segment.points
            ],
            infer_schema_length=None,
        )


def _record(name: str, number: int, segment: Segment, point: WavePoint) -> dict[str, object]:
    change = next((one for one in segment.changes if one.first == point.wave), None)
    return {
        "series": name,
        "part": number,
        "broken_by": segment.broken_by,
        "wave": point.wave,
        "year": point.year,
        "estimate": point.estimate,
        "standard_error": point.standard_error,
        "reliability": plain(point.reliability),
        "change_from": None if change is None else change.second,
        "change": None if change is None else change.estimate,
        **{
            f"change_{name}": None if change is None else plain(getattr(change, name))
            for name in ("standard_error", "low", "high", "degrees", "p_value", "adjusted")
        },
        "slope": None if segment.slope is None else segment.slope.a_year,
        **{
            f"slope_{name}": None if segment.slope is None else plain(getattr(segment.slope, name))
            for name in ("standard_error", "low", "high", "degrees", "p_value", "misfit")
        },
    }


def trend(
    waves: Mapping[str, Source | Estimates] | Estimates,
    *requests: Request,
    wave: str | None = None,
    years: Mapping[str, float] | None = None,
    breaks: Mapping[str, str] | None = None,
    adjustment: Adjustment = Adjustment.HOLM,
    level: float = 0.95,
    variance: Variance = "calibrated",
    rule: BaseRule | None = None,
) -> Trends:
    """Follow estimates over waves.

    Parameters
    ----------
    waves
        By name, estimates or samples of independent waves; or the estimates of one sample that
        holds all of them, with ``wave`` in their breakdown: what waves share is then known.
    *requests
        What to estimate, where samples are given.
    wave
        The variable of the breakdown whose levels are the waves.
    years
        When each wave was asked, in years; by default the wave is named by its year.
    breaks
        The wave at which the series starts anew, and why.
    adjustment
        How the changes of all figures, tested together, are taken into account.
    level
        Confidence level of the intervals.
    variance
        As for every estimate.
    rule
        When the figure of a wave may be shown: those that may not are in no change and no slope. By
        default the rule of the estimates given, and none for samples.

    Raises
    ------
    SurveyError
        ``REQUEST`` if waves cannot be told apart or put in order; else as :func:`segments`.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Mean, sample
    >>> asked = {
    ...     year: sample(pl.DataFrame({"trust": [4.0 + k, 6.0 + k, 5.0] * 40}), Design())
    ...     for k, year in enumerate(["2022", "2024"])
    ... }
    >>> (found,) = trend(asked, Mean(variable="trust"))
    >>> (change,) = found.segments[0].changes
    >>> round(change.estimate, 3), change.adjusted < 0.001
    (0.667, True)
    """
    if isinstance(waves, Estimates):
        found = estimated(waves, requests, level, variance, rule)
        series, how = _within(found, wave), found.provenance
    else:
        given: object = waves
        if not isinstance(given, Mapping) or not given or wave is not None:
            _refuse("Give waves by name, or the estimates of one sample with `wave`.")
        each = {
            name: estimated(one, requests, level, variance, rule) for name, one in waves.items()
        }
        series, how = _between(each), next(iter(each.values())).provenance
    names = names_of([one.items[0] for one in series], without=() if wave is None else (wave,))
    of_year = dict(years or {})
    parts = [
        _parts(one.points(of_year), breaks or {}, one.ordered(of_year), level) for one in series
    ]
    return Trends(
        tuple(
            Trend(name if len(series) > 1 else "", found)
            for name, found in zip(names, _tested_together(parts, adjustment), strict=True)
        ),
        adjustment,
        level,
        how,
        all(item.statistic in SHARES for one in series for item in one.items),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """The same estimate in each wave, with the covariance of waves that are of one sample."""

    waves: tuple[str, ...]
    items: tuple[Estimate, ...]
    told: tuple[Reliability | None, ...]
    covariance: Floats | None = None

    def points(self, years: Mapping[str, float]) -> list[WavePoint]:
        return [
            WavePoint(
                wave=wave,
                year=_year(wave, years),
                estimate=value,
                standard_error=None if value is None else item.standard_error or 0.0,
                degrees=item.degrees,
                reliability=told,
            )
            for wave, item, told in zip(self.waves, self.items, self.told, strict=True)
            for value in [None if told is Reliability.TOO_SMALL else item.value]
        ]

    def ordered(self, years: Mapping[str, float]) -> Floats | None:
        """Return the covariance in the order of the years."""
        if self.covariance is None:
            return None
        order = np.argsort([_year(wave, years) for wave in self.waves], kind="stable")
        return np.asarray(self.covariance[np.ix_(order, order)], dtype=np.float64)


def _year(wave: str, years: Mapping[str, float]) -> float:
    if wave in years:
        return years[wave]
    try:
        return float(wave)
    except ValueError:
        _refuse(f"The wave « {wave} » has no year. Give when each wave was asked with `years`.")
        raise


def _within(found: Estimates, wave: str | None) -> list[_Series]:
    if wave is None or not any(wave in item.group for item in found):
        groups = listed(dict.fromkeys(name for item in found for name in item.group))
        _refuse(f"The waves are « {wave} », and the breakdown is: {groups or 'none'}. Name a part.")
        return []
    matrix = spread_of(found)
    alike: dict[object, list[int]] = {}
    for place, item in enumerate(found):
        if wave in item.group:
            alike.setdefault(subject_of(item, wave), []).append(place)
    return [
        _Series(
            tuple(str(found[place].group[wave]) for place in places),
            tuple(found[place] for place in places),
            tuple(found.reliability(found[place]) for place in places),
            matrix[np.ix_(places, places)],
        )
        for places in alike.values()
    ]


def _between(found: Mapping[str, Estimates]) -> list[_Series]:
    alike: dict[object, dict[str, Estimate]] = {}
    for name, one in found.items():
        spread_of(one)
        for item in one:
            alike.setdefault(subject_of(item), {})[name] = item
    return [
        _Series(
            tuple(of_wave),
            tuple(of_wave.values()),
            tuple(found[name].reliability(item) for name, item in of_wave.items()),
        )
        for of_wave in alike.values()
    ]


_NO_ERROR = "The waves have no error, or repeat one another. Give the covariance of waves."


@dataclass(frozen=True, slots=True, eq=False)
class _Waves:
    """Waves that are compared, with their covariance, drawn apart or in one sample."""

    points: Sequence[WavePoint]
    covariance: Floats
    apart: bool
    level: float

    def changes(self) -> tuple[Difference, ...]:
        """Return what changed from each wave to the next one, each test made alone."""
        found: list[Difference] = []
        values = self._values().tolist()
        for place, (before, after) in enumerate(itertools.pairwise(self.points)):
            two = slice(place, place + 2)
            found += differences(
                {after.wave: values[place + 1], before.wave: values[place]},
                self.covariance[two, two][::-1, ::-1],
                degrees=self._degrees([-1.0, 1.0], two),
                level=self.level,
            )
        return tuple(found)

    def slope(self) -> Slope | None:
        """Return the line that fits the waves best."""
        count, fewest = len(self.points), float(self._freedom().min(initial=math.inf))
        if count == 2:
            return self._of_two()
        if count < 2 or (not self.apart and fewest < count):
            return None
        years = np.array([point.year for point in self.points])
        line = np.column_stack([np.ones(count), years - years.mean()])
        if np.linalg.matrix_rank(self.covariance) < count:
            _refuse(_NO_ERROR)
        weighted = np.linalg.solve(self.covariance, line)
        spread = np.linalg.inv(line.T @ weighted)
        shares = spread @ weighted.T
        values = self._values()
        left = values - line @ (shares @ values)
        square = max(0.0, float(left @ np.linalg.solve(self.covariance, left)))
        a_year, variance, above = float(shares[1] @ values), float(spread[1, 1]), count - 2
        degrees = self._degrees(shares[1].tolist())
        if self.apart:
            freed = 1 - np.einsum("wc,cw->w", line, shares)
            variance += self._doubt(shares[1], freed)
            misfit = self._misfit_apart(freed, square)
        else:
            # Rao (1959), Biometrika 46: the line is adjusted for what departs from it.
            degrees -= above
            variance *= (1 + square / fewest) / (1 - above / fewest)
            # Korn and Graubard (1990), The American Statistician 44.
            ratio = square / above * (1 - (above - 1) / fewest)
            misfit = _exceeding(ratio, above, degrees + 1)
        error = math.sqrt(variance)
        reach = critical(self.level, degrees) * error
        p_value = two_sided(a_year, error, degrees)
        return Slope(a_year, error, a_year - reach, a_year + reach, degrees, p_value, misfit)

    def _of_two(self) -> Slope:
        """Return the slope of two waves, which is their change."""
        (change,) = self.changes()
        if change.standard_error == 0:
            _refuse(_NO_ERROR)
        years = self.points[1].year - self.points[0].year
        return Slope(
            change.estimate / years,
            change.standard_error / years,
            change.low / years,
            change.high / years,
            change.degrees,
            change.p_value,
            None,
        )

    def _doubt(self, shares: Floats, freed: Floats) -> float:
        """Return what unsure weights of the waves add to the variance of a slope.

        ``freed`` is the part of each wave that the line leaves free. Source: Kenward and Roger
        (1997), Biometrics 53, of variances that are estimated apart.
        """
        parts = shares**2 * np.diag(self.covariance)
        return 4 * float((parts * freed / self._freedom()).sum())

    def _misfit_apart(self, freed: Floats, square: float) -> float:
        """Return the probability of a square as great of what a line leaves.

        Source: Johansen (1980), Biometrika 67, which for equal waves is Welch's (1951).
        """
        above, doubt = len(freed) - 2, float((freed**2 / self._freedom()).sum())
        below = above * (above + 2) / (3 * doubt) if doubt else math.inf
        return _exceeding(square / (above + 2 * doubt - 6 * doubt / (above + 2)), above, below)

    def _freedom(self) -> Floats:
        return np.array([point.degrees for point in self.points], dtype=np.float64)

    def _values(self) -> Floats:
        return np.array([point.estimate for point in self.points], dtype=np.float64)

    def _degrees(self, shares: Sequence[float], of: slice = slice(None)) -> float:
        """Return the degrees of freedom of a combination of waves."""
        points = self.points[of]
        for point in points:
            if point.degrees < 1:
                _refuse(
                    f"The wave « {point.wave} » has {point.degrees:g} degrees of freedom: its error"
                    " is not known. Leave it out, or join units of the design."
                )
        if not self.apart:
            return min(point.degrees for point in points)
        errors = [
            share * (point.standard_error or 0.0)
            for share, point in zip(shares, points, strict=True)
        ]
        return joint_degrees(errors, [point.degrees for point in points])


def _exceeding(ratio: float, above: int, below: float) -> float:
    """Return the probability of an F as great."""
    if math.isinf(below):
        return float(chdtrc(above, above * ratio))
    return float(fdtrc(above, below, ratio))


def _checked(
    points: Sequence[WavePoint], breaks: Mapping[str, str], covariance: ArrayLike | None
) -> Floats:
    names = [point.wave for point in points]
    if not points or len(set(names)) != len(names):
        _refuse(f"The waves are {listed(names)}. Give one at least, each once.")
    if len({point.year for point in points}) != len(points):
        _refuse("Two waves have the same year. Give the month as a part of the year.")
    for point in points:
        if point.estimate is None:
            continue
        if not (math.isfinite(point.estimate) and (point.standard_error or 0.0) >= 0):
            _refuse(
                f"The wave « {point.wave} » is {point.estimate} ± {point.standard_error}. Give an "
                "estimate and a standard error of zero or more."
            )
    _check_breaks(names, breaks)
    if covariance is None:
        return np.diag([(point.standard_error or 0.0) ** 2 for point in points])
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
