"""The estimates of a request as arrays: intervals and design effects of all of them at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from alliage.survey.estimation.intervals import Ends, intervals
from alliage.survey.estimation.results import Estimate, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.requests import Request

    #: Where the groups and the levels of figures stand among others.
    Places: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]

#: A variance that is a smaller share of that of a simple random sample is a 0, and so is an error
#: that is a smaller share of its estimate.
_NO_ERROR = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class Bases:
    """The people behind estimates, each of shape (G, L).

    Attributes
    ----------
    respondents, missing
        Those in the base, and those of the group left out for want of an answer.
    weighted, squares
        Sums of weights and of their squares.
    degrees
        Degrees of freedom.
    simple
        What the variance would be under simple random sampling with replacement.
    """

    respondents: Ints
    missing: Ints
    weighted: Floats
    squares: Floats
    degrees: Floats
    simple: Floats

    def part(self, own: tuple[slice | NDArray[np.intp], ...]) -> Bases:
        """Return those of some groups and levels."""
        return Bases(
            self.respondents[own],
            self.missing[own],
            self.weighted[own],
            self.squares[own],
            self.degrees[own],
            self.simple[own],
        )


def simple_variance(mean: Floats, mean_square: Floats, count: Floats, total: Floats) -> Floats:
    """Return the variance of a total if respondents had been drawn at random, with replacement.

    Parameters
    ----------
    mean, mean_square : array of float, shape (G, L)
        Weighted means of the linearised values and of their squares.
    count, total : array of float, shape (G, 1)
        Respondents and the sum of their weights.
    """
    spread = mean_square - mean**2
    # What rounding leaves of nothing is nothing.
    spread = np.where(spread <= _NO_ERROR * mean_square, 0.0, spread)
    several = count > 1
    return np.where(several, total**2 * spread / np.where(several, count - 1, 1.0), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The estimates of some requests, by group and level.

    Attributes
    ----------
    requests
        What was asked, by level.
    groups
        The level of each variable of the breakdown, by group.
    labels
        The levels.
    values, errors
        Estimates and standard errors, shape (G, L); NaN for an error that cannot be had.
    ends
        Intervals, shape (G, L).
    bases
        The people behind.
    """

    requests: Sequence[Request]
    groups: Sequence[Mapping[str, Level]]
    labels: Sequence[str]
    values: Floats
    errors: Floats
    ends: Ends
    bases: Bases

    @classmethod
    def of(
        cls,
        requests: Sequence[Request],
        groups: Sequence[Mapping[str, Level]],
        labels: Sequence[str],
        values: Floats,
        variances: Floats,
        bases: Bases,
        *,
        level: float,
        ends: Floats | None = None,
    ) -> Figures:
        """Make the intervals of estimates, or take the ``ends`` given, shape (G, L, 2)."""
        # What rounding leaves of an error that the design or the margins remove.
        nothing = np.maximum(_NO_ERROR * bases.simple, (_NO_ERROR * values) ** 2)
        kept = np.where(variances <= nothing, 0.0, variances)
        errors = np.sqrt(kept)
        if ends is not None:
            methods = np.full(values.shape, requests[0].interval, dtype=object)
            unknown = np.isnan(ends).any(axis=2)
            errors = np.where(unknown, np.nan, errors)
            made = Ends(methods, ends[..., 0], ends[..., 1])
        else:
            made = _made(requests, values, errors, bases, level)
        return cls(requests, groups, labels, values, errors, made, bases)

    def columns(self, some: slice) -> Figures:
        """Return the figures of some levels."""
        own = (slice(None), some)
        return self._part(self.requests[some], self.groups, self.labels[some], own)

    def of_groups(self, some: slice | NDArray[np.intp]) -> Figures:
        """Return the figures of some groups."""
        groups = [self.groups[place] for place in np.arange(len(self.groups))[some].tolist()]
        return self._part(self.requests, groups, self.labels, (some,))

    def _part(
        self,
        requests: Sequence[Request],
        groups: Sequence[Mapping[str, Level]],
        labels: Sequence[str],
        own: tuple[slice | NDArray[np.intp], ...],
    ) -> Figures:
        return Figures(
            requests,
            groups,
            labels,
            self.values[own],
            self.errors[own],
            Ends(self.ends.methods[own], self.ends.low[own], self.ends.high[own]),
            self.bases.part(own),
        )

    @staticmethod
    def joined(parts: Sequence[Sequence[Figures]]) -> Figures:
        """Put levels side by side, and the groups of a list after those of the one before.

        Lists have the same levels, and the parts of a list the same groups.
        """

        def together(read: Callable[[Figures], Any]) -> Any:
            return np.block([[read(part) for part in own] for own in parts])

        return Figures(
            tuple(chain.from_iterable(part.requests for part in parts[0])),
            tuple(chain.from_iterable(own[0].groups for own in parts)),
            tuple(chain.from_iterable(part.labels for part in parts[0])),
            together(attrgetter("values")),
            together(attrgetter("errors")),
            Ends(*(together(attrgetter(f"ends.{name}")) for name in Ends._fields)),
            Bases(*(together(attrgetter(f"bases.{each.name}")) for each in fields(Bases))),
        )

    @staticmethod
    def laid_out(
        parts: Sequence[tuple[Places, Figures]],
        groups: Sequence[Mapping[str, Level]],
    ) -> Figures:
        """Put figures in their places among groups and levels; nobody is where there are none.

        Parameters
        ----------
        parts
            Figures, each with its places: those of its groups, shape (G, 1), and of its levels,
            shape (1, L).
        groups
            Those of the whole.
        """
        asked: dict[int, tuple[Request, str]] = {}
        for (_, at_levels), part in parts:
            told = zip(part.requests, part.labels, strict=True)
            asked.update(zip(at_levels.ravel().tolist(), told, strict=True))
        shape = len(groups), len(asked)
        numbers, people = np.full((8, *shape), np.nan), np.zeros((2, *shape), dtype=np.int64)
        methods = np.full(shape, np.array(Interval.NONE, dtype=object))
        for (at_groups, at_levels), part in parts:
            ends, bases = part.ends, part.bases
            numbers[:, at_groups, at_levels] = (
                part.values, part.errors, ends.low, ends.high, bases.weighted, bases.squares,
                bases.degrees, bases.simple,
            )  # fmt: skip
            people[:, at_groups, at_levels] = bases.respondents, bases.missing
            methods[at_groups, at_levels] = ends.methods
        values, errors, low, high, *of_bases = numbers
        requests, labels = zip(*(asked[place] for place in range(len(asked))), strict=True)
        return Figures(
            requests, groups, labels, values, errors, Ends(methods, low, high),
            Bases(*people, *of_bases),
        )  # fmt: skip

    def variations(self) -> Floats:
        """Return coefficients of variation, shape (G, L); NaN where there is none."""
        sizes = np.abs(self.values)
        return self.errors / np.where(sizes > 0, sizes, np.nan)

    def effects(self) -> tuple[Floats, Floats]:
        """Return design effects and effective sizes, shape (G, L); NaN where there is none."""
        simple, bases = self.bases.simple, self.bases
        variances = self.errors**2
        known = (simple > 0) & (variances > 0)
        simple, variances = np.where(known, simple, np.nan), np.where(known, variances, np.nan)
        count = bases.respondents.astype(np.float64)
        tells = bases.weighted > count
        left = np.where(tells, 1 - count / np.where(tells, bases.weighted, 1.0), np.nan)
        return variances / (simple * left), count * simple / variances

    def estimates(self) -> list[list[Estimate]]:
        """Return the estimates by group and level."""
        effects, sizes = self.effects()
        bases = self.bases
        known = [
            _known(each) for each in (self.errors, self.ends.low, self.ends.high, effects, sizes)
        ]
        plain = [
            each.tolist()
            for each in (
                self.values, self.ends.methods, bases.degrees, bases.respondents, bases.missing,
                bases.weighted, bases.simple > (_NO_ERROR * self.values) ** 2,
            )
        ]  # fmt: skip
        domains = [dict(request.over) for request in self.requests]
        return [
            [
                Estimate(
                    statistic=request.statistic,
                    variable=request.variable,
                    level=label,
                    group=group,
                    domain=domain,
                    value=value,
                    standard_error=error,
                    low=low,
                    high=high,
                    interval=method,
                    degrees=degrees,
                    respondents=respondents,
                    missing=missing,
                    weighted=weighted,
                    design_effect=effect,
                    effective_size=size,
                    varies=varies,
                )
                for (
                    request, label, domain, error, low, high, effect, size, value, method, degrees,
                    respondents, missing, weighted, varies,
                ) in zip(
                    self.requests, self.labels, domains, *(each[g] for each in known),
                    *(each[g] for each in plain), strict=True,
                )
            ]
            for g, group in enumerate(self.groups)
        ]  # fmt: skip


def _known(values: Floats) -> list[list[float | None]]:
    """Return numbers row by row, ``None`` for NaN."""
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    found: list[list[float | None]] = plain.tolist()
    return found


def _made(
    requests: Sequence[Request], values: Floats, errors: Floats, bases: Bases, level: float
) -> Ends:
    """Make the intervals of all levels, by the method of each."""
    kinds = [request.interval for request in requests]
    somebody = bases.squares > 0
    effective = bases.weighted**2 / np.where(somebody, bases.squares, np.nan)
    methods = np.empty(values.shape, dtype=object)
    low, high = np.empty((2, *values.shape))
    for kind in dict.fromkeys(kinds):
        own = np.array([each is kind for each in kinds])
        made = intervals(
            kind,
            values[:, own],
            errors[:, own],
            degrees=bases.degrees[:, own],
            level=level,
            respondents=bases.respondents[:, own],
            effective=effective[:, own],
        )
        methods[:, own], low[:, own], high[:, own] = made
    return Ends(methods, low, high)
