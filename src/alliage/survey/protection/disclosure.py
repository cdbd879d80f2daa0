"""What must not be published, what else must be hidden to protect it, and the proof by attack.

A release is a set of cells bound by sums: the total of a row, the total of a table, the cell of one
table that is the total of another. Whoever reads it knows the published cells, the sums, and that
no cell is below its floor; linear programming tells exactly what that reader could bound.
See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, hstack, identity, vstack

from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    _Numbers: TypeAlias = NDArray[np.float64]

#: The name of a cell: one level for each dimension of its table.
Key: TypeAlias = tuple[str, ...]

#: The level that stands for a whole dimension.
TOTAL = "total"

#: Numbers closer than this, relative to the greatest cell, are the same number.
_TOLERANCE = 1e-7


class Cause(StrEnum):
    """Why a cell is not published."""

    FEW = "few"
    FEW_EFFECTIVE = "few_effective"
    DOMINANCE = "dominance"
    COMPLEMENTARY = "complementary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a cell says too much of too few.

    Attributes
    ----------
    least
        Fewest respondents of a published cell; a cell of nobody at all is published.
    least_effective
        Smallest effective size of a published cell, or None.
    dominance
        Largest share of the cell that its greatest contributor may hold, or None. For counts of
        persons, none is needed.

    Examples
    --------
    >>> Rules(), Rules(least=3, dominance=0.85)
    (Rules(least=11, least_effective=None, dominance=None), \
Rules(least=3, least_effective=None, dominance=0.85))
    """

    least: int = 11
    least_effective: float | None = None
    dominance: float | None = None

    def __post_init__(self) -> None:
        if self.least < 1:
            _refuse(f"The rule asks for {self.least} respondents at least. Give 1 or more.")
        if self.dominance is not None and not 0 < self.dominance <= 1:
            _refuse(f"The dominance rule is {self.dominance}. Give a share above 0, up to 1.")


#: Persons: cells under 11 respondents are masked.
PERSONS = Rules(least=11)
#: Organisations: fewer than three, or one above 85 % of the total.
#: Source: the rule of the French public statistics for businesses.
ORGANISATIONS = Rules(least=3, dominance=0.85)


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What the rules ask of a cell.

    Attributes
    ----------
    n
        Respondents.
    n_effective
        Effective size, or None when it is not known: a rule on it then hides the cell.
    largest_share
        Share of its greatest contributor, in [0, 1], or None when it is not known: the dominance
        rule then hides the cell.
    """

    n: int
    n_effective: float | None = None
    largest_share: float | None = None


def primary(cells: Mapping[Key, CellFacts], rules: Rules) -> dict[Key, Cause]:
    """Tell which cells say too much by themselves, and why.

    Examples
    --------
    >>> found = primary(
    ...     {("a",): CellFacts(4), ("b",): CellFacts(40), ("c",): CellFacts(0)}, PERSONS
    ... )
    >>> {key: cause.value for key, cause in found.items()}
    {('a',): 'few'}
    """
    found = {}
    for key, facts in cells.items():
        cause = _cause(facts, rules)
        if cause is not None:
            found[key] = cause
    return found


def _cause(facts: CellFacts, rules: Rules) -> Cause | None:
    if facts.n < 0:
        _refuse(f"A cell has {facts.n} respondents. Give 0 or more.")
    if facts.n == 0:
        return None
    if facts.n < rules.least:
        return Cause.FEW
    effective, share = facts.n_effective, facts.largest_share
    if rules.least_effective is not None and (effective or 0) < rules.least_effective:
        return Cause.FEW_EFFECTIVE
    if rules.dominance is not None and (1.0 if share is None else share) > rules.dominance:
        return Cause.DOMINANCE
    return None


class Sum(NamedTuple):
    """A cell that is the sum of others."""

    total: Key
    parts: tuple[Key, ...]


def sums_of(dimensions: Sequence[Sequence[str]], *, total: str = TOTAL) -> tuple[Sum, ...]:
    """Return the sums of a crossed table with all its totals.

    Parameters
    ----------
    dimensions
        The levels of each dimension, without the total.
    total
        The level that stands for a whole dimension.

    Examples
    --------
    >>> len(sums_of([["north", "south"], ["yes", "no"]]))
    6
    >>> sums_of([["north", "south"]])[0]
    Sum(total=('total',), parts=(('north',), ('south',)))
    """
    for levels in dimensions:
        if total in levels or len(set(levels)) != len(levels):
            _refuse(
                f"A dimension has the levels {listed(levels)}. Name each once, without « {total} »."
            )
    return tuple(
        Sum((*before, total, *after), tuple((*before, level, *after) for level in levels))
        for place, levels in enumerate(dimensions)
        for before in itertools.product(*(_with(d, total) for d in dimensions[:place]))
        for after in itertools.product(*(_with(d, total) for d in dimensions[place + 1 :]))
    )


def _with(levels: Sequence[str], total: str) -> tuple[str, ...]:
    return (*levels, total)


@dataclass(frozen=True, slots=True)
class Bounded:
    """What a reader could tell of a hidden cell: it lies in [low, high]."""

    key: Key
    value: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        """Whether the hidden value can be computed."""
        return self.high - self.low <= _TOLERANCE * max(1.0, abs(self.value))


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of an attack: what can be bounded of each cell that is not published."""

    bounded: tuple[Bounded, ...]

    @property
    def recovered(self) -> tuple[Bounded, ...]:
        """The hidden cells whose value can be computed."""
        return tuple(one for one in self.bounded if one.is_exact)

    def of(self, key: Key) -> Bounded:
        """Return what can be told of a hidden cell."""
        for one in self.bounded:
            if one.key == key:
                return one
        msg = f"{key} is published, or no cell of the release."
        raise KeyError(msg)


def attack(
    values: Mapping[Key, float],
    hidden: Collection[Key],
    sums: Iterable[Sum],
    *,
    floor: float = 0.0,
    targets: Collection[Key] | None = None,
) -> Audit:
    """Try to recover what is hidden, as a reader with all the sums could.

    Parameters
    ----------
    values
        The true value of every cell, those hidden and those never released included.
    hidden
        Cells that the reader does not see.
    sums
        What binds the cells, through all the releases that the reader may put side by side.
    floor
        What the reader knows that no cell is below: 0 for counts.
    targets
        The hidden cells to bound; by default all.

    Raises
    ------
    SurveyError
        If a sum names an unknown cell, or does not hold: then nothing would be proven.

    Examples
    --------
    One cell hidden beside a total is no secret; two are bounded only:

    >>> values = {("a",): 4, ("b",): 30, ("c",): 16, ("total",): 50}
    >>> sums = sums_of([["a", "b", "c"]])
    >>> attack(values, {("a",)}, sums).recovered
    (Bounded(key=('a',), value=4.0, low=4.0, high=4.0),)
    >>> attack(values, {("a",), ("c",)}, sums).of(("a",))
    Bounded(key=('a',), value=4.0, low=0.0, high=20.0)

    Notes
    -----
    Source: the « shuttle » problem of the audit of tables; Fischetti and Salazar (2001), « Solving
    the cell suppression problem on tabular data with linear constraints », Management Science 47.
    """
    system = _System.read(values, sums, floor)
    asked = hidden if targets is None else targets
    return Audit(tuple(system.bound(key, frozenset(hidden)) for key in values if key in set(asked)))


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to hide: the cells that say too much, and those that would give them away.

    Attributes
    ----------
    causes
        Each hidden cell with its cause.
    audit
        The attack on what is left, which proves the protection.
    """

    causes: Mapping[Key, Cause]
    audit: Audit

    @property
    def hidden(self) -> frozenset[Key]:
        return frozenset(self.causes)

    @property
    def complementary(self) -> frozenset[Key]:
        """The cells hidden to protect the others."""
        return frozenset(key for key, cause in self.causes.items() if cause is Cause.COMPLEMENTARY)


def suppress(
    values: Mapping[Key, float],
    causes: Mapping[Key, Cause],
    sums: Iterable[Sum],
    *,
    protection: float = 0.2,
    floor: float = 0.0,
    never: Collection[Key] = (),
    unreleased: Collection[Key] = (),
    costs: Mapping[Key, float] | None = None,
) -> Pattern:
    """Hide what else is needed so that no cell that says too much can be told closely.

    Each cell of ``causes`` is protected in turn at the smallest cost, knowing what is hidden
    already: the pattern is proven safe by the attack that ends it, not proven cheapest as a whole.

    Parameters
    ----------
    values
        The true value of every cell.
    causes
        The cells to protect (:func:`primary`); those that the sums alone make empty are left out.
    sums
        What binds the cells, former releases included: cells published in a former release are
        named in ``never``.
    protection
        Share of the value by which a reader's bounds must lie away from it, on each side (downwards
        as far as the floor allows), 1 unit at least.
    floor
        What the reader knows that no cell is below.
    never
        Cells that may not be hidden: already published, or asked for.
    unreleased
        Cells that no release shows: who reads the others may still bound them.
    costs
        What hiding a cell loses; by default its value, plus one.

    Raises
    ------
    SurveyError
        If the cells cannot be protected without hiding a cell of ``never``.

    Examples
    --------
    >>> values = {("a",): 4, ("b",): 30, ("c",): 16, ("total",): 50}
    >>> found = suppress(values, {("a",): Cause.FEW}, sums_of([["a", "b", "c"]]))
    >>> found.complementary, found.audit.recovered
    (frozenset({('c',)}), ())

    Notes
    -----
    Source: Kelly, Golden and Assad (1992), « Cell suppression: disclosure protection for sensitive
    tabular data », Networks 22; the two tables that bound a cell are those of Fischetti and
    Salazar (2001).
    """
    system = _System.read(values, sums, floor)
    unknown = [key for key in (*causes, *never, *unreleased) if key not in system.places]
    if unknown:
        _refuse(f"There is no cell {listed(unknown)} in the release. Name its cells.")
    if both := [key for key in causes if key in set(never)]:
        _refuse(
            f"{listed(both)} must be hidden and may not be. Correct the rule or the former release."
        )
    hidden = dict(causes)
    unseen = frozenset((*causes, *unreleased))
    price = system.prices(costs)
    # The most sensitive first: what protects them often protects the others.
    for key in sorted(causes, key=lambda one: (-abs(values[one]), one)):
        try:
            added = tuple(system.protect(key, unseen, frozenset(never), price, protection))
        except SurveyError:
            if system.may_vary(key):
                raise
            # The sums alone make it what it is, as every reader knows.
            del hidden[key]
            continue
        hidden |= dict.fromkeys(added, Cause.COMPLEMENTARY)
        unseen |= set(added)
    audit = Audit(tuple(system.bound(key, unseen) for key in values if key in hidden))
    return Pattern(hidden, audit)


def controlled_rounding(
    values: Mapping[Key, float], sums: Iterable[Sum], *, base: int = 5
) -> dict[Key, int]:
    """Round every cell to a multiple of ``base`` next to it, so that the sums still hold.

    Parameters
    ----------
    values
        The true value of every cell.
    sums
        What binds the cells.
    base
        What each cell becomes a multiple of.

    Raises
    ------
    SurveyError
        If no such rounding exists, which happens in tables of three dimensions and more.

    Examples
    --------
    >>> values = {("a",): 4, ("b",): 31, ("c",): 16, ("total",): 51}
    >>> controlled_rounding(values, sums_of([["a", "b", "c"]]))
    {('a',): 5, ('b',): 30, ('c',): 15, ('total',): 50}

    Notes
    -----
    Source: Cox (1987), « A constructive procedure for unbiased controlled rounding », JASA 82; here
    the nearest such rounding, found by integer programming.
    """
    if base < 2:
        _refuse(f"The base of the rounding is {base}. Give 2 or more.")
    system = _System.read(values, sums, -np.inf)
    lower = np.floor(system.values / base + _TOLERANCE)
    rest = system.values / base - lower
    # A multiple of the base stays what it is.
    room = (np.abs(rest) > _TOLERANCE).astype(float)
    result = milp(
        1 - 2 * rest,
        integrality=np.ones(len(rest), dtype=np.int64),
        bounds=Bounds(np.zeros_like(rest), room),
        constraints=[LinearConstraint(system.matrix, *_both(-(system.matrix @ lower)))],
    )
    if result.x is None:
        message = (
            f"No rounding to multiples of {base} next to the cells keeps every sum. "
            "Publish fewer totals, or suppress cells instead."
        )
        raise SurveyError(SurveyProblem.REQUEST, message, base=base)
    rounded = (lower + np.round(result.x)) * base
    return {key: int(rounded[place]) for key, place in system.places.items()}


def _both(values: _Numbers) -> tuple[_Numbers, _Numbers]:
    return values, values


@dataclass(frozen=True, slots=True)
class _System:
    """The cells of a release and the sums that bind them, as a matrix whose product is zero."""

    places: Mapping[Key, int]
    values: _Numbers
    matrix: csr_array
    floor: float

    @classmethod
    def read(cls, values: Mapping[Key, float], sums: Iterable[Sum], floor: float) -> _System:
        places = {key: place for place, key in enumerate(values)}
        numbers = np.array([float(value) for value in values.values()])
        if not np.isfinite(numbers).all():
            bad = [key for key, value in values.items() if not np.isfinite(value)]
            _refuse(f"{listed(bad)} has no finite value. Give the true value of every cell.")
        if (numbers < floor).any():
            bad = [key for key, value in values.items() if value < floor]
            _refuse(f"{listed(bad)} is below the floor {floor}. Lower the floor.")
        told = tuple(sums)
        unknown = sorted({key for one in told for key in (one.total, *one.parts)} - places.keys())
        if unknown:
            _refuse(
                f"A sum names {listed(unknown)}, which has no value. Give the value of every cell."
            )
        matrix = _matrix(told, places)
        gaps = np.abs(matrix @ numbers)
        scale = max(1.0, float(np.abs(numbers).max(initial=0.0)))
        if (gaps > _TOLERANCE * scale).any():
            wrong = told[int(gaps.argmax())].total
            _refuse(
                f"{wrong} is not the sum of its parts: {gaps.max():g} apart. Correct the cells."
            )
        return cls(places, numbers, matrix, floor)

    def prices(self, costs: Mapping[Key, float] | None) -> _Numbers:
        if costs is None:
            return np.abs(self.values) + 1
        return np.array([float(costs[key]) for key in self.places])

    def bound(self, key: Key, hidden: frozenset[Key]) -> Bounded:
        """Tell between which values a hidden cell lies, by two linear programs."""
        place = self.places[key]
        value = float(self.values[place])
        free = [self.places[one] for one in hidden]
        moved = self.matrix[:, free]
        objective = np.zeros(len(free))
        objective[free.index(place)] = 1
        right = moved @ self.values[free]
        rules = LinearConstraint(moved, right, right)
        room = Bounds(np.full(len(free), self.floor), np.full(len(free), np.inf))
        lowest = milp(objective, bounds=room, constraints=rules)
        highest = milp(-objective, bounds=room, constraints=rules)
        # Without a solution, nothing ties the cell on that side: the true table is always one.
        low = -np.inf if lowest.x is None else float(objective @ lowest.x)
        high = np.inf if highest.x is None else float(objective @ highest.x)
        return Bounded(key, value, min(low, value), max(high, value))

    def protect(
        self,
        key: Key,
        hidden: frozenset[Key],
        never: frozenset[Key],
        price: _Numbers,
        protection: float,
    ) -> Iterator[Key]:
        """Find the cheapest cells to hide so that a cell could be as far as asked on both sides.

        The unknowns are how two other tables differ from the true one, upwards and downwards, and
        which cells are hidden: a cell that differs must be.
        """
        place, size = self.places[key], len(self.values)
        up = max(1.0, protection * abs(self.values[place]))
        down = min(up, self.values[place] - self.floor)
        if self._holds(key, hidden, up, down):
            return
        reach = float(np.abs(self.values).sum()) + up
        room = np.minimum(self.values - self.floor, reach)
        chosen = np.array([float(one in hidden) for one in self.places])
        allowed = np.array([float(one not in never) for one in self.places])
        low = np.concatenate([-room, -room, chosen])
        high = np.concatenate([np.full(2 * size, reach), np.maximum(chosen, allowed)])
        low[place], high[size + place] = up, -down
        rules = _differences(self.matrix, room, reach)
        result = milp(
            np.concatenate([np.zeros(2 * size), price * (1 - chosen)]),
            integrality=np.repeat(np.array([0, 0, 1]), size),
            bounds=Bounds(low, high),
            constraints=rules,
        )
        if result.x is None:
            message = (
                f"{key} cannot be protected: what is already published gives it away. "
                "Publish fewer cells, or hide one that was asked for."
            )
            raise SurveyError(SurveyProblem.REQUEST, message, cell=key)
        needed = result.x[2 * size :] > 0.5
        yield from (one for one, at in self.places.items() if needed[at] and one not in hidden)

    def may_vary(self, key: Key) -> bool:
        """Whether the sums let a cell be more than the floor, whatever the others are."""
        objective = np.zeros(len(self.values))
        objective[self.places[key]] = -1
        none = LinearConstraint(self.matrix, 0, 0)
        found = milp(objective, bounds=Bounds(0, 1), constraints=none)
        return float(found.fun or 0.0) < -_TOLERANCE

    def _holds(self, key: Key, hidden: frozenset[Key], up: float, down: float) -> bool:
        found = self.bound(key, hidden)
        slack = _TOLERANCE * max(1.0, abs(found.value))
        return found.high >= found.value + up - slack and found.low <= found.value - down + slack


def _matrix(sums: Sequence[Sum], places: Mapping[Key, int]) -> csr_array:
    entries = [
        (row, places[key], weight)
        for row, one in enumerate(sums)
        for key, weight in ((one.total, -1.0), *((part, 1.0) for part in one.parts))
    ]
    rows, columns, weights = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array(coo_array((weights, (rows, columns)), shape=(len(sums), len(places))))


def _differences(matrix: csr_array, room: _Numbers, reach: float) -> list[LinearConstraint]:
    """State that both tables keep the sums, and differ in hidden cells only."""
    sums, size = matrix.shape
    one = identity(size, format="csr")
    empty, blank = csr_array((size, size)), csr_array((sums, size))
    limit = csr_array(-reach * one)
    least = csr_array(one.multiply(room[:, None]))
    upwards = vstack([hstack([one, empty, limit]), hstack([empty, one, limit])])
    downwards = vstack([hstack([one, empty, least]), hstack([empty, one, least])])
    kept = vstack([hstack([matrix, blank, blank]), hstack([blank, matrix, blank])])
    return [
        LinearConstraint(kept, np.zeros(2 * sums), np.zeros(2 * sums)),
        LinearConstraint(upwards, -np.inf, np.zeros(2 * size)),
        LinearConstraint(downwards, np.zeros(2 * size), np.inf),
    ]


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
