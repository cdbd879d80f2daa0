"""Differences between estimates, and which of them are real.

See ``docs/algorithms/survey-comparisons.md``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from scipy.special import stdtr

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.intervals import critical
from alliage.survey.estimation.results import SHARES, Estimates, Reliability, names_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from alliage.survey.arrays import Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import BaseRule, Estimate, Provenance
    from alliage.survey.sampling.sample import Source

#: A difference that is a smaller share of what it is taken from, or of its variances, is rounding.
_ROUNDING = 1e-14


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
    low, high
        Confidence interval, other tests left aside.
    degrees
        Degrees of freedom.
    p_value
        Probability of a difference as great if there were none, two-sided.
    adjusted
        The same, the other tests made with it taken into account.
    """

    first: str
    second: str
    estimate: float
    standard_error: float
    low: float
    high: float
    degrees: float
    p_value: float
    adjusted: float


def adjusted(p_values: ArrayLike, adjustment: Adjustment = Adjustment.HOLM) -> Floats:
    """Adjust p-values for the tests made together.

    Parameters
    ----------
    p_values : array of float, shape (..., m)
        Those of the tests made together, in the last axis; NaN for a test that is not made.
    adjustment
        What is to be held.

    Returns
    -------
    array of float, shape (..., m)
        In the order given.

    Raises
    ------
    SurveyError
        If a p-value is outside [0, 1], or the adjustment is none of those.

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
    if adjustment not in tuple(Adjustment):
        _refuse(f"« {adjustment} » is no adjustment. Give {listed(Adjustment)}.")
    adjustment = Adjustment(adjustment)
    values = np.asarray(p_values, dtype=np.float64)
    if ((values < 0) | (values > 1)).any():
        _refuse("A p-value is outside [0, 1]. Give those of tests.")
    if adjustment is Adjustment.NONE or values.size == 0:
        return values.copy()
    # NaN comes last, and stays what it is.
    order = np.argsort(values, axis=-1)
    ranked = np.take_along_axis(values, order, axis=-1)
    count = np.isfinite(values).sum(axis=-1, keepdims=True)
    rank = np.arange(1, values.shape[-1] + 1)
    if adjustment is Adjustment.HOLM:
        steps = np.maximum.accumulate(ranked * np.maximum(count - rank + 1, 1), axis=-1)
    else:
        steps = np.fmin.accumulate((ranked * count / rank)[..., ::-1], axis=-1)[..., ::-1]
    found = np.empty_like(values)
    np.put_along_axis(found, order, np.minimum(steps, 1.0), axis=-1)
    return found


def differences(
    estimates: Mapping[str, float],
    covariance: ArrayLike,
    *,
    degrees: float = math.inf,
    adjustment: Adjustment = Adjustment.HOLM,
    pairs: Iterable[tuple[str, str]] | None = None,
    level: float = 0.95,
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
    level
        Confidence level of the intervals.

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
    _check_level(level)
    chosen = tuple(itertools.combinations(names, 2) if pairs is None else pairs)
    places = {name: place for place, name in enumerate(names)}
    unknown = {name for pair in chosen for name in pair} - places.keys()
    if unknown:
        _refuse(f"There is no estimate « {listed(sorted(unknown))} ». Compare those given.")
    raw = [
        _difference(
            one,
            other,
            gaps(np.float64(estimates[one]), np.float64(estimates[other])).item(),
            matrix[np.ix_((places[one], places[other]), (places[one], places[other]))],
            degrees,
            level,
        )
        for one, other in chosen
    ]
    final = adjusted([one.p_value for one in raw], adjustment)
    return tuple(one._replace(adjusted=float(value)) for one, value in zip(raw, final, strict=True))


def gaps(one: Floats | np.float64, other: Floats | np.float64) -> Floats:
    """Return differences; what rounding leaves of one, between estimates of the same people, is 0.

    Examples
    --------
    >>> gaps(np.array([0.1 + 0.2, 0.3]), np.array([0.3, 0.2])).round(2).tolist()
    [0.0, 0.1]
    """
    found = np.asarray(one - other)
    return np.where(np.abs(found) <= _ROUNDING * np.abs(one), 0.0, found)


def _difference(
    first: str, second: str, estimate: float, matrix: Floats, degrees: float, level: float
) -> Difference:
    both = float(matrix[0, 0] + matrix[1, 1])
    variance = both - 2 * float(matrix[0, 1])
    # What rounding leaves of a difference that cannot vary is no variance.
    error = math.sqrt(variance) if variance > _ROUNDING * both else 0.0
    reach = critical(level, degrees) * error
    p_value = two_sided(estimate, error, degrees)
    return Difference(
        first,
        second,
        estimate,
        error,
        estimate - reach,
        estimate + reach,
        degrees,
        p_value,
        p_value,
    )


def two_sided(estimate: float, error: float, degrees: float) -> float:
    """Return the probability of an estimate as far from 0 if what it estimates is 0."""
    if error == 0:
        return float(estimate == 0)
    return float(min(2 * stdtr(degrees, -abs(estimate) / error), 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two estimates and their difference.

    Attributes
    ----------
    first, second
        What is compared.
    within
        What both are about, where several pairs are compared; else empty.
    first_value, second_value
        The estimates; ``None`` for one that the base rule hides.
    difference
        The first less the second; ``None``, with all that is said of it, if one of them is hidden.
    standard_error
        Its standard error, the covariance of the two taken into account; ``None`` where one of the
        two, or their difference, does not vary among respondents, or where one has less than a
        degree of freedom: its error is then not known.
    low, high
        Confidence interval of the difference, other tests left aside; ``None`` with the error.
    degrees
        Degrees of freedom.
    p_value, adjusted
        Probability of a difference as great if there were none; the tests made with it taken
        into account. ``None`` with the error.
    first_respondents, second_respondents
        Their bases.
    first_reliability, second_reliability
        What the base rule says of each; ``None`` without a rule.
    """

    first: str
    second: str
    within: str
    first_value: float | None
    second_value: float | None
    difference: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    degrees: float | None
    p_value: float | None
    adjusted: float | None
    first_respondents: int
    second_respondents: int
    first_reliability: Reliability | None = None
    second_reliability: Reliability | None = None


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Differences tested together.

    Attributes
    ----------
    items
        The differences.
    adjustment
        How the tests made together were taken into account.
    level
        Confidence level of the intervals.
    provenance
        How the estimates were computed.
    shares
        Whether what is compared are shares, so that differences are points.
    """

    items: tuple[Comparison, ...]
    adjustment: Adjustment
    level: float
    provenance: Provenance
    shares: bool = False

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Comparison:
        return self.items[place]

    def frame(self) -> pl.DataFrame:
        """Return one row for each difference."""
        return pl.DataFrame([_finite(item) for item in self.items], infer_schema_length=None)


def _finite(item: Comparison) -> dict[str, object]:
    record = {name: getattr(item, name) for name in Comparison.__slots__}
    return {name: plain(value) for name, value in record.items()}


def compare(
    first: Source | Estimates,
    second: Source | Estimates | None = None,
    *requests: Request,
    across: str | None = None,
    reference: Level | None = None,
    names: tuple[str, str] = ("first", "second"),
    adjustment: Adjustment = Adjustment.HOLM,
    level: float = 0.95,
    variance: Variance = "calibrated",
    rule: BaseRule | None = None,
) -> Comparisons:
    """Compare estimates of one sample with one another, or those of two samples.

    Parameters
    ----------
    first
        Estimates; or a sample (or moments), of which requests are estimated.
    second
        The same of another sample, drawn independently: each estimate of the first is compared
        with the one of the second that says the same. Waves that share people are rows of one
        sample, with the people as clusters: give their estimates as ``first``, by wave.
    *requests
        What to estimate, where samples are given.
    across
        A variable of the breakdown: estimates that differ by its level alone are compared.
    reference
        Of one sample: the level of ``across``, or the name of an estimate, that the others are
        compared with. By default all pairs are.
    names
        How two samples are called.
    adjustment
        How the tests made together are taken into account.
    level
        Confidence level of the intervals.
    variance
        As for every estimate.
    rule
        When an estimate may be shown, and so compared; by default the rule of the estimates given,
        and none for samples.

    Raises
    ------
    SurveyError
        ``REQUEST`` if nothing can be compared, or an estimate has no error; else as
        `alliage.survey.estimate`.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Mean, mean, sample
    >>> rows = pl.DataFrame({"y": [1.0, 2.0, 3.0, 2.0, 3.0, 4.0], "sex": ["w", "m"] * 3})
    >>> (found,) = compare(mean(sample(rows, Design()), "y", by="sex"), across="sex")
    >>> found.first, found.second, round(found.difference, 3), found.p_value > 0.5
    ('m', 'w', 0.333, True)
    >>> older, newer = (sample(rows.with_columns(y=pl.col("y") + k), Design()) for k in (0, 1))
    >>> (found,) = compare(newer, older, Mean(variable="y"))
    >>> round(found.difference, 3), round(found.standard_error, 3)
    (1.0, 0.606)

    Notes
    -----
    Within a sample the covariance of the estimates is the one they were estimated with, and degrees
    of freedom are the fewer of the two. Between two samples the covariance is zero, and degrees of
    freedom follow Satterthwaite (1946), Biometrics 2.
    """
    _check_level(level)
    one = estimated(first, requests, level, variance, rule)
    if second is None:
        pairs = list(_pairs(one, across, reference))
        gaps = [_gap_within(one, *pair) for pair in pairs]
    else:
        if across is not None or reference is not None:
            _refuse("Two samples were given with `across` or `reference`. Give one or the other.")
        other = estimated(second, requests, level, variance, rule)
        gaps = list(_gaps_between(one, other, names))
    if not gaps:
        _refuse("Nothing can be compared: no two estimates go together. Check the breakdown.")
    shares = all(item.statistic in SHARES for gap in gaps for item in (gap.first, gap.second))
    tested = [_two_sided_of(gap) for gap in gaps]
    final = adjusted(tested, adjustment).tolist()
    items = tuple(
        _comparison(gap, p_value, after, level)
        for gap, p_value, after in zip(gaps, tested, final, strict=True)
    )
    return Comparisons(items, adjustment, level, one.provenance, shares)


class _Gap(NamedTuple):
    """Two estimates, how they are called, and what their difference has of error.

    ``None`` if it is not known, or if the rule hides one of the two.
    """

    names: tuple[str, str, str]
    first: Estimate
    second: Estimate
    told: tuple[Reliability | None, Reliability | None]
    standard_error: float | None
    degrees: float


def estimated(
    what: Source | Estimates,
    requests: Sequence[Request],
    level: float,
    variance: Variance,
    rule: BaseRule | None,
) -> Estimates:
    """Return estimates, or those of a sample, under a rule if one is given."""
    if isinstance(what, Estimates):
        if requests:
            _refuse("Estimates were given with requests. Give samples with requests.")
        found = what
    else:
        found = estimate(what, *requests, level=level, variance=variance)
    return found if rule is None else replace(found, rule=rule)


def spread_of(found: Estimates) -> Floats:
    """Return the covariance of estimates.

    Raises
    ------
    SurveyError
        ``REQUEST`` with the names of those that have no error.
    """
    if found.covariance is not None:
        return found.covariance
    without = [
        name for name, item in zip(found.names(), found, strict=True) if item.standard_error is None
    ]
    msg = f"« {listed(without)} » has no standard error. Leave out what has none."
    raise SurveyError(SurveyProblem.REQUEST, msg, names=listed(without))


def _pairs(
    found: Estimates, across: str | None, reference: Level | None
) -> Iterator[tuple[int, int, tuple[str, str, str]]]:
    """Return the places of what is compared, with its names."""
    if across is None:
        names = found.names()
        _check_reference(reference, names)
        yield from _referred(list(range(len(names))), names, reference, "")
        return
    known = tuple(dict.fromkeys(item.group[across] for item in found if across in item.group))
    if not known:
        groups = listed(dict.fromkeys(name for item in found for name in item.group))
        _refuse(f"« {across} » is not in the breakdown, which is: {groups or 'none'}.")
    _check_reference(reference, known)
    labels = names_of(found.items, without=(across,))
    alike: dict[object, list[int]] = {}
    for place, item in enumerate(found):
        if across in item.group:
            alike.setdefault(subject_of(item, across), []).append(place)
    for places in alike.values():
        levels = [found[place].group[across] for place in places]
        within = labels[places[0]] if len(alike) > 1 else ""
        yield from _referred(places, levels, reference, within)


def _check_reference(reference: Level | None, known: Sequence[Level]) -> None:
    if reference is not None and reference not in known:
        _refuse(f"« {reference} » is none of those compared: {listed(known, most=20)}.")


def _referred(
    places: Sequence[int], levels: Sequence[Level], reference: Level | None, within: str
) -> Iterator[tuple[int, int, tuple[str, str, str]]]:
    """Return all pairs, or each with the reference."""
    for (a, one), (b, other) in itertools.combinations(zip(places, levels, strict=True), 2):
        if reference is None or other == reference:
            yield a, b, (str(one), str(other), within)
        elif one == reference:
            yield b, a, (str(other), str(one), within)


def subject_of(item: Estimate, without: str | None = None) -> tuple[object, ...]:
    """Return what an estimate says, to find the one that says the same elsewhere.

    Parameters
    ----------
    item
        The estimate.
    without
        A variable of the breakdown that does not matter.
    """
    group = tuple(sorted((k, str(v)) for k, v in item.group.items() if k != without))
    domain = tuple(sorted((name, str(levels)) for name, levels in item.domain.items()))
    return item.statistic, item.variable, item.level, group, domain


def _gap_within(found: Estimates, a: int, b: int, names: tuple[str, str, str]) -> _Gap:
    matrix = spread_of(found)
    variance = float(matrix[a, a] + matrix[b, b] - 2 * matrix[a, b])
    error: float | None = None
    if not (found[a].standard_error or found[b].standard_error):
        error = 0.0
    elif variance > _ROUNDING * float(matrix[a, a] + matrix[b, b]):
        error = math.sqrt(variance)
    told = found.reliability(found[a]), found.reliability(found[b])
    known = _is_known(found[a], told[0]) and _is_known(found[b], told[1])
    degrees = min(found[a].degrees, found[b].degrees)
    return _Gap(names, found[a], found[b], told, error if known else None, degrees)


def _is_known(item: Estimate, told: Reliability | None) -> bool:
    """Say whether the error of an estimate is known, and may be."""
    return item.varies and item.degrees >= 1 and told is not Reliability.TOO_SMALL


def _gaps_between(one: Estimates, other: Estimates, names: tuple[str, str]) -> Iterator[_Gap]:
    spread_of(one)
    spread_of(other)
    second = {subject_of(item): item for item in other}
    for item in one:
        match = second.get(subject_of(item))
        if match is not None:
            name = " · ".join(
                filter(None, (item.variable, item.level, *map(str, item.group.values())))
            )
            errors = (item.standard_error or 0.0), (match.standard_error or 0.0)
            told = one.reliability(item), other.reliability(match)
            known = _is_known(item, told[0]) and _is_known(match, told[1])
            yield _Gap(
                (*names, name),
                item,
                match,
                told,
                math.hypot(*errors) if known else None,
                joint_degrees(errors, (item.degrees, match.degrees)),
            )


def joint_degrees(errors: Sequence[float], degrees: Sequence[float]) -> float:
    """Return the degrees of freedom of a sum or difference of independent estimates.

    Examples
    --------
    >>> joint_degrees((1.0, 1.0), (10, 10)), joint_degrees((0.0, 0.0), (10, 10))
    (20.0, inf)
    """
    below = sum(
        error**4 / each if each > 0 else math.inf
        for error, each in zip(errors, degrees, strict=True)
        if error
    )
    return sum(error**2 for error in errors) ** 2 / below if below > 0 else math.inf


def _two_sided_of(gap: _Gap) -> float:
    """Return the p-value of a difference, NaN where no test is made."""
    if gap.standard_error is None:
        return math.nan
    found = gaps(np.float64(gap.first.value), np.float64(gap.second.value)).item()
    return two_sided(found, gap.standard_error, gap.degrees)


def _comparison(gap: _Gap, p_value: float, after: float, level: float) -> Comparison:
    values = tuple(
        None if told is Reliability.TOO_SMALL else item.value
        for item, told in zip((gap.first, gap.second), gap.told, strict=True)
    )
    shown = None not in values
    difference = gap.first.value - gap.second.value
    known = gap.standard_error is not None
    reach = critical(level, gap.degrees) * (gap.standard_error or 0.0)
    first, second, within = gap.names
    return Comparison(
        first=first,
        second=second,
        within=within,
        first_value=values[0],
        second_value=values[1],
        difference=difference if shown else None,
        standard_error=gap.standard_error,
        low=difference - reach if known else None,
        high=difference + reach if known else None,
        degrees=gap.degrees if shown else None,
        p_value=p_value if known else None,
        adjusted=after if known else None,
        first_respondents=gap.first.respondents,
        second_respondents=gap.second.respondents,
        first_reliability=gap.told[0],
        second_reliability=gap.told[1],
    )


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


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        _refuse(f"The level is {level}. Give one between 0 and 1, as 0.95.")


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
