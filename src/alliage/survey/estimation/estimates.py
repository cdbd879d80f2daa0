"""Estimates of a sample, or of its moments, with design-based errors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from alliage import __version__
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.distribution import Ordered, ordered
from alliage.survey.estimation.distribution import quantile as weighted_quantile
from alliage.survey.estimation.domains import Groups, columns_of
from alliage.survey.estimation.domains import groups as groups_of
from alliage.survey.estimation.figures import Bases, Figures, simple_variance
from alliage.survey.estimation.intervals import critical
from alliage.survey.estimation.linearisation import (
    Part,
    Quotients,
    covariance,
    ratios_of,
    square_weights,
    standard_error,
)
from alliage.survey.estimation.requests import Quantile, Request
from alliage.survey.estimation.results import (
    Estimate,
    Estimates,
    Provenance,
)
from alliage.survey.sampling.design import DfRule
from alliage.survey.sampling.replication import rank_of
from alliage.survey.sampling.sample import check_source
from alliage.survey.sampling.structure import Structure, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.sampling.cells import Cells
    from alliage.survey.sampling.sample import Source

Variance = Literal["calibrated", "fixed"]


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """The estimates of one request, before their errors."""

    request: Request
    part: Part
    groups: Groups
    labels: tuple[str, ...]
    #: Ends of intervals that do not come from the variance, shape (G, L, 2); NaN where unbounded.
    ends: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Context:
    """What all the estimates of a call share."""

    source: Source
    cells: Cells
    ratios: Floats
    level: float
    fixed: bool

    def degrees(self, group: Ints, groups: int) -> list[float]:
        """Return the degrees of freedom of each group."""
        rule = self.source.design.df
        if not isinstance(rule, DfRule):
            return [float(rule)] * groups
        if rule is DfRule.DESIGN:
            everybody = np.zeros(self.cells.count, dtype=np.int64)
            return self._counted(everybody, 1) * groups
        return self._counted(group, groups)

    def _counted(self, group: Ints, groups: int) -> list[float]:
        basis, cells = self.source.variance_basis, self.cells
        members = [np.flatnonzero(group == number) for number in range(groups)]
        if isinstance(basis, Structure):
            return [
                basis.degrees_of_freedom(cells.place[own], cells.respondents[own])
                for own in members
            ]
        return [
            basis.degrees
            if len(own) == cells.count
            else rank_of(basis.factors[np.unique(cells.place[own])]) - 1
            for own in members
        ]


def estimate(
    source: Source,
    *requests: Request,
    level: float = 0.95,
    variance: Variance = "calibrated",
) -> Estimates:
    """Estimate what is requested, with the covariance of all of it.

    Each request gives the same figures whether it is asked alone or with others.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    *requests : Request
        What to estimate. `mean`, `proportion` and the like make a request each.
    level : float
        Confidence level of intervals.
    variance : str
        « calibrated »: what the margins explain adds no error. « fixed »: calibrated weights are
        taken as if they were those of the design. Both are the same without calibration.

    Returns
    -------
    Estimates
        In the order of requests, of groups, of levels.

    Raises
    ------
    SurveyError
        ``COLUMN``, ``TYPE`` or ``LEVEL`` for what is not in the data, ``EMPTY_DOMAIN``,
        ``LONELY_UNIT``, ``ZERO_DENOMINATOR``, ``REQUEST``.

    Notes
    -----
    Sources: Binder (1983), *International Statistical Review* 51 (linearisation); Deville &
    Särndal (1992), *JASA* 87 (residuals of the calibration); Kish (1965) (design effect).
    """
    check_source(source)
    if not requests or not 0 < level < 1 or variance not in {"calibrated", "fixed"}:
        msg = (
            f"{len(requests)} requests, a level of {level} and the variance « {variance} » were "
            "given. Give a request at least, a level between 0 and 1, and « calibrated » or "
            "« fixed »."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    context, solved, found = _solved(source, requests, level, variance)
    items: list[Estimate] = []
    for one in solved:
        start = len(items)
        variances = np.diag(found)[start : start + one.part.values.size]
        for group in _figures(context, one, variances).estimates():
            items += group
    whole = all(item.standard_error is not None for item in items)
    return Estimates(
        tuple(items),
        found if whole else None,
        provenance(source, level=level, fixed=context.fixed),
        tuple(label for one in solved for label in one.groups.empty),
        max(one.groups.outside for one in solved),
    )


def figures(
    source: Source, domains: Sequence[Sequence[Request]], *, level: float, variance: Variance
) -> tuple[Figures, Floats]:
    """Estimate requests about the same people, as `estimate`, side by side.

    Parameters
    ----------
    domains
        The same requests in one domain after the other; domains may share people.

    Returns
    -------
    figures : Figures
        By group, those of one domain after those of the other, and level.
    covariance : array of float, shape (L, G, G)
        That of the groups, level by level.
    """
    context, solved, found = _solved(source, list(chain.from_iterable(domains)), level, variance)
    parts: list[Figures] = []
    places: list[Ints] = []
    start = 0
    for one in solved:
        shape, stop = one.part.values.shape, start + one.part.values.size
        parts.append(_figures(context, one, np.diag(found)[start:stop]))
        places.append(np.arange(start, stop).reshape(shape))
        start = stop
    width = len(domains[0])
    of_domains = [slice(first, first + width) for first in range(0, len(solved), width)]
    at = np.block([places[own] for own in of_domains]).T
    covariance_of_groups = found[at[:, :, None], at[:, None, :]]
    return Figures.joined([parts[own] for own in of_domains]), covariance_of_groups


def _solved(
    source: Source, requests: Sequence[Request], level: float, variance: Variance
) -> tuple[_Context, list[_Solved], Floats]:
    cells = source.cells(*_needs(source, requests))
    context = _Context(
        source, cells, ratios_of(source.calibration, cells), level, variance == "fixed"
    )
    solved = [one for request in requests for one in _solve(context, request)]
    found = covariance(source, cells, [one.part for one in solved], fixed=context.fixed)
    return context, solved, found


def _needs(source: Source, requests: Sequence[Request]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    keys: dict[str, None] = {}
    values: dict[str, None] = {}
    for request in requests:
        categorical, numeric = request.needs()
        over = [name for name, _ in request.over]
        by = columns_of(request.by, source.sets)
        keys.update(dict.fromkeys((*categorical, *by, *over)))
        values.update(dict.fromkeys(numeric))
    return tuple(keys), tuple(values)


def _solve(context: _Context, request: Request) -> Iterator[_Solved]:
    """Solve a request in each of its domains: there are several where its groups overlap."""
    cells, sets = context.cells, context.source.sets
    answered = request.answered(cells)
    for _, groups in groups_of(cells, request.by, sets, request.over, answered, request.variable):
        yield _solved_in(context, request, groups)


def _solved_in(context: _Context, request: Request, groups: Groups) -> _Solved:
    cells = context.cells
    labels = request.labels(cells)
    if isinstance(request, Quantile):
        part, ends = _quantiles(context, request, groups)
        return _Solved(request, part, groups, labels, ends)
    part = request.part(cells, groups.of_cells, groups.count, context.ratios)
    if not np.isfinite(part.values).all():
        place = int(np.flatnonzero(~np.isfinite(part.values).all(axis=1))[0])
        of = listed(f"{name} {level}" for name, level in groups.labels[place].items())
        msg = (
            f"The denominator of « {request.variable} » adds up to 0{' for ' + of if of else ''}: "
            "the ratio does not exist. Leave this group out, or take another denominator."
        )
        raise SurveyError(SurveyProblem.ZERO_DENOMINATOR, msg, variable=request.variable)
    return _Solved(request, part, groups, labels)


@dataclass(frozen=True, slots=True, eq=False)
class _Tangent:
    """Quantiles for other weights, to first order: against what their share becomes."""

    shares: Quotients
    at: Floats
    quantiles: Floats
    slopes: Floats

    def values(self, ratios: Floats) -> Floats:
        return self.quantiles - self.slopes * (self.shares.values(ratios) - self.at)


def _quantiles(context: _Context, request: Quantile, groups: Groups) -> tuple[Part, Floats]:
    """Find quantiles, and the intervals where the distribution function crosses its own.

    The interval of the share below the quantile found is turned into values (Woodruff 1952,
    *JASA* 47); like R, it is centred on that share, not on the probability asked.
    """
    cells = context.cells
    order = ordered(cells, request.variable, groups.of_cells, groups.count)
    weights = order.weights(context.ratios)
    found = np.array(
        [
            [weighted_quantile(order.values, own, p, request.rule) for p in request.probabilities]
            for own in weights
        ]
    )
    shares = _shares(order, found)
    part = shares.part(context.ratios)
    spread = covariance(context.source, cells, [part], fixed=context.fixed)
    # What rounding leaves of the variance of a share that margins fix may be below 0.
    errors = np.sqrt(np.maximum(np.diag(spread), 0.0)).reshape(found.shape)
    degrees = context.degrees(groups.of_cells, groups.count)
    ends = np.full((*found.shape, 2), np.nan)
    slopes = np.zeros(found.shape)
    for g, own in enumerate(weights):
        if degrees[g] < 1:
            continue
        reach = critical(context.level, degrees[g])
        for place in range(found.shape[1]):
            middle, error = part.values[g, place], errors[g, place]
            for end, share in enumerate((middle - reach * error, middle + reach * error)):
                if 0 <= share <= 1:
                    ends[g, place, end] = weighted_quantile(order.values, own, share, request.rule)
            if error > 0 and np.isfinite(ends[g, place]).all():
                width = ends[g, place, 1] - ends[g, place, 0]
                slopes[g, place] = width / (2 * reach) / error
    influence = -part.influence * slopes[np.maximum(groups.of_cells, 0)][:, None, :]
    tangent = _Tangent(shares, part.values, found, slopes)
    return Part(groups.of_cells, found, influence, tangent), ends


def _shares(order: Ordered, found: Floats) -> Quotients:
    cells = order.cells
    tops = np.zeros((cells.count, cells.first.shape[1], found.shape[1]))
    inside = order.group >= 0
    tops[inside, 0, :] = order.values[order.rank[inside]][:, None] <= found[order.group[inside]]
    ones = np.zeros((cells.count, cells.first.shape[1]))
    ones[:, 0] = 1.0
    return Quotients(cells, order.group, order.groups, tops, ones)


def _figures(context: _Context, one: _Solved, variances: Floats) -> Figures:
    return Figures.of(
        [one.request] * len(one.labels),
        one.groups.labels,
        one.labels,
        one.part.values,
        variances.reshape(one.part.values.shape),
        _bases(context, one),
        level=context.level,
        ends=one.ends,
    )


def _bases(context: _Context, one: _Solved) -> Bases:
    part, cells, ratios = one.part, context.cells, context.ratios
    groups, levels = part.values.shape
    weights = cells.first[:, 0] * ratios
    squares = square_weights(cells) * ratios**2
    sums = summed(part.group, np.stack([cells.respondents, weights, squares], axis=1), groups)
    total = sums[:, 1:2]
    first = np.einsum("cp,cpl->cl", cells.first * ratios[:, None], part.influence)
    second = cells.weighted_squares(part.influence) * ratios[:, None]
    moments = summed(part.group, np.concatenate([first, second], axis=1), groups) / total
    degrees = np.array(context.degrees(part.group, groups), dtype=np.float64)

    def of_levels(sizes: Floats | Ints) -> Any:
        return np.broadcast_to(sizes[:, None], part.values.shape)

    return Bases(
        of_levels(np.rint(sums[:, 0]).astype(np.int64)),
        of_levels(one.groups.missing),
        of_levels(sums[:, 1]),
        of_levels(sums[:, 2]),
        of_levels(degrees),
        simple_variance(moments[:, :levels], moments[:, levels:], sums[:, :1], total),
    )


def provenance(source: Source, *, level: float, fixed: bool) -> Provenance:
    """Say how estimates of a source are computed."""
    rule = source.design.df
    calibration = source.calibration
    return Provenance(
        standard_error=standard_error(source, fixed=fixed),
        level=level,
        weights=source.design.weights or "",
        calibration="" if calibration is None else calibration.report.method.value,
        degrees_rule=rule.value if isinstance(rule, DfRule) else f"{rule:g}",
        lonely=source.design.lonely.value,
        version=__version__,
    )
