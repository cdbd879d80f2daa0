"""Who reviews which application: competent, not too loaded, not in conflict, independent.

The choice is exact (a linear program in integers) and explains itself; where it cannot be made, it
says which application lacks whom, and why each other person could not. See
``docs/algorithms/assignment.md``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from alliage.fund.instruction.interests import Disclosure, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.fund.instruction.interests import Conflict

    _Pair: TypeAlias = tuple[str, str]
    _Numbers: TypeAlias = NDArray[np.float64]

_ValueT = TypeVar("_ValueT")


class Dimension(StrEnum):
    """What an application asks for, and what a reviewer knows."""

    LEVER = "lever"
    THEME = "theme"
    TERRITORY = "territory"
    WORLD = "world"


#: Points of a dimension on which both have a code in common. Chosen, not fitted: nobody has judged
#: assignments yet.
POINTS: Mapping[Dimension, int] = {
    Dimension.LEVER: 3,
    Dimension.THEME: 3,
    Dimension.TERRITORY: 2,
    Dimension.WORLD: 2,
}
#: Points lost for each review that a person has already: the tenth weighs more than the first.
LOAD_POINTS = 1
#: Points lost where an interest has to be declared, and where nothing is known of the person.
DECLARATION_POINTS = 4
NOTHING_KNOWN_POINTS = 1


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who may review.

    Attributes
    ----------
    person
        Identifier.
    capacity
        How many reviews the person can have at once.
    load
        How many the person has now, those that are kept here included.
    competences
        Codes that the person knows, by dimension.
    organisations
        Organisations that the person belongs to: two members of one are not independent.
    acts_for
        Persons for whom this one acts by delegation.
    """

    person: str
    capacity: int
    load: int = 0
    competences: Mapping[Dimension, frozenset[str]] = field(default_factory=dict)
    organisations: frozenset[str] = frozenset()
    acts_for: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.capacity < 0 or self.load < 0:
            msg = (
                f"{self.person} has a capacity of {self.capacity} and a load of {self.load}. "
                "Give 0 or more to both."
            )
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class ToReview:
    """An application that needs reviewers.

    Attributes
    ----------
    application
        Identifier.
    subjects
        Codes that it is about, by dimension.
    reviews
        How many independent reviews it needs in all: two, or three when two disagree.
    kept
        Persons who have it already, the first chosen first.
    """

    application: str
    subjects: Mapping[Dimension, frozenset[str]] = field(default_factory=dict)
    reviews: int = 2
    kept: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.reviews < 1:
            msg = f"{self.application} asks for {self.reviews} reviews. Ask for 1 or more."
            raise ValueError(msg)
        if len(set(self.kept)) < len(self.kept):
            msg = f"{self.application} keeps a person twice. Two reviews are by two persons."
            raise ValueError(msg)


class WhyNot(StrEnum):
    """Why a person does not review an application."""

    BARRED = "barred"
    """A conflict of interest bars the person."""
    NOT_EXAMINED = "not_examined"
    """Nobody looked for conflicts of this person with this application."""
    NO_COMPETENCE = "no_competence"
    """No code in common."""
    NOT_INDEPENDENT = "not_independent"
    """Same organisation as a chosen reviewer, or one acts for the other or for the same person."""
    AT_CAPACITY = "at_capacity"
    """No room left, or the room went to other applications."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A reviewer for an application, and the reasons.

    Attributes
    ----------
    shared
        Codes that both have, by dimension; only the dimensions that have one.
    points
        What the dimensions are worth together, before anything is lost.
    load
        Reviews of this person once every proposal is accepted.
    to_declare
        Interests that the person has to declare.
    nothing_known
        No membership of the person is known: ask before the review starts.
    kept
        The person had it already.
    """

    application: str
    person: str
    shared: Mapping[Dimension, frozenset[str]]
    points: int
    load: int
    to_declare: tuple[Conflict, ...] = ()
    nothing_known: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one person does not review one application; ``because_of`` names the chosen reviewer."""

    person: str
    why: WhyNot
    because_of: str | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """An application that lacks reviewers, and why nobody else can take it."""

    application: str
    lacking: int
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A person who had the application and can no longer have it."""

    application: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who reviews what. It is a proposal: a person decides."""

    proposals: tuple[Proposal, ...]
    shortages: tuple[Shortage, ...]
    withdrawals: tuple[Withdrawal, ...] = ()


def assign(
    applications: Iterable[ToReview],
    reviewers: Iterable[Reviewer],
    disclosures: Iterable[Disclosure],
) -> Assignment:
    """Choose reviewers for applications.

    As many places as possible are filled, then as many applications as possible have all theirs;
    among the ways to do so, the one worth the most points is chosen (competence, less the load
    and the interests to declare).

    Parameters
    ----------
    applications : iterable of ToReview
        What is to be reviewed, each once.
    reviewers : iterable of Reviewer
        Who may review, each once.
    disclosures : iterable of Disclosure
        What was found of conflicts, for each person and application. A pair that nobody examined
        is not proposed.

    Returns
    -------
    Assignment
        Proposals in the order of applications then persons, and what is lacking. The same facts
        give the same result, in whatever order they come.

    Raises
    ------
    ValueError
        If an application or a person comes twice, or if a kept reviewer is nobody.

    Notes
    -----
    Source: the assignment of papers to reviewers as an integer program, Taylor 2008, « On the
    optimal assignment of conference papers to reviewers »; solved by HiGHS (Huangfu & Hall 2018).

    Examples
    --------
    >>> import datetime as dt
    >>> day = dt.date(2026, 5, 1)
    >>> knows = {Dimension.LEVER: frozenset({"data"})}
    >>> found = assign(
    ...     [ToReview("A-7", knows, reviews=1)],
    ...     [Reviewer("ana", 3, competences=knows), Reviewer("bob", 3, competences=knows)],
    ...     [
    ...         Disclosure("ana", "A-7", day, Standing.BARRED),
    ...         Disclosure("bob", "A-7", day, Standing.NONE_FOUND),
    ...     ],
    ... )
    >>> [(one.person, one.points) for one in found.proposals], found.shortages
    ([('bob', 3)], ())
    """
    files = _each_once((one.application, one) for one in applications)
    people = _each_once((one.person, one) for one in reviewers)
    standings = {(one.application, one.person): one for one in disclosures}
    kept, withdrawals = _kept(files, people, standings)
    loads = Counter({person: one.load for person, one in people.items()})
    loads.subtract(one.refusal.person for one in withdrawals)
    pool = _Pool(files, people, standings, kept, loads)
    chosen = pool.solve()
    loads.update(person for _, person in chosen)
    return Assignment(
        tuple(
            _proposal(
                files[name],
                people[person],
                standings[name, person],
                loads[person],
                kept=(name, person) in kept,
            )
            for name, person in sorted([*chosen, *kept])
        ),
        tuple(pool.shortages(chosen)),
        withdrawals,
    )


def _each_once(pairs: Iterable[tuple[str, _ValueT]]) -> dict[str, _ValueT]:
    found: dict[str, _ValueT] = {}
    for name, value in pairs:
        if name in found:
            msg = f"« {name} » comes twice. Give each application and each person once."
            raise ValueError(msg)
        found[name] = value
    return dict(sorted(found.items()))


def _kept(
    files: Mapping[str, ToReview],
    people: Mapping[str, Reviewer],
    standings: Mapping[_Pair, Disclosure],
) -> tuple[frozenset[_Pair], tuple[Withdrawal, ...]]:
    """Part those who keep an application from those who no longer can."""
    groups = _groups(people)
    kept: list[_Pair] = []
    withdrawn = []
    for name, file in files.items():
        for person in file.kept:
            if person not in people:
                msg = f"{name} keeps « {person} », who is not among the reviewers. Add the person."
                raise ValueError(msg)
            others = [other for other_name, other in kept if other_name == name]
            refusal = _bar(name, person, standings) or _dependence(person, others, groups)
            if refusal:
                withdrawn.append(Withdrawal(name, refusal))
            else:
                kept.append((name, person))
    return frozenset(kept), tuple(withdrawn)


def _bar(name: str, person: str, standings: Mapping[_Pair, Disclosure]) -> Refusal | None:
    disclosure = standings.get((name, person))
    if disclosure is None:
        return Refusal(person, WhyNot.NOT_EXAMINED)
    if disclosure.standing is Standing.BARRED:
        return Refusal(person, WhyNot.BARRED)
    return None


def _groups(people: Mapping[str, Reviewer]) -> dict[str, frozenset[str]]:
    """Give, for each person, the groups out of which only one may review an application."""
    groups: dict[str, set[str]] = defaultdict(set)
    for person, one in people.items():
        groups[person] |= {f"organisation {name}" for name in one.organisations}
        for principal in one.acts_for:
            groups[person].add(f"delegation {principal}")
            groups[principal].add(f"delegation {principal}")
    return {person: frozenset(groups[person]) for person in people}


def _dependence(
    person: str, others: Sequence[str], groups: Mapping[str, frozenset[str]]
) -> Refusal | None:
    for other in others:
        if other == person or groups[person] & groups[other]:
            return Refusal(person, WhyNot.NOT_INDEPENDENT, other)
    return None


def _shared(file: ToReview, reviewer: Reviewer) -> dict[Dimension, frozenset[str]]:
    nothing: frozenset[str] = frozenset()
    return {
        dimension: common
        for dimension in Dimension
        if (
            common := file.subjects.get(dimension, nothing)
            & reviewer.competences.get(dimension, nothing)
        )
    }


def _points(shared: Iterable[Dimension]) -> int:
    return sum(POINTS[dimension] for dimension in shared)


def _proposal(
    file: ToReview, reviewer: Reviewer, disclosure: Disclosure, load: int, *, kept: bool
) -> Proposal:
    shared = _shared(file, reviewer)
    return Proposal(
        file.application,
        reviewer.person,
        shared,
        _points(shared),
        load,
        disclosure.conflicts,
        disclosure.standing is Standing.NOTHING_KNOWN,
        kept,
    )


class _Pool:
    """The pairs that are possible, and the program that chooses among them.

    Variables, in this order: one binary a pair; the places left empty of each application; one
    binary for each application, 1 if none is left empty; one binary for each further review of a
    person, so that each costs more than the one before.
    """

    def __init__(
        self,
        files: Mapping[str, ToReview],
        people: Mapping[str, Reviewer],
        standings: Mapping[_Pair, Disclosure],
        kept: frozenset[_Pair],
        loads: Mapping[str, int],
    ) -> None:
        self._files, self._people, self._standings = files, people, standings
        self._groups = _groups(people)
        self._kept = {name: sorted(who for at, who in kept if at == name) for name in files}
        self._places = {
            name: max(0, file.reviews - len(self._kept[name])) for name, file in files.items()
        }
        self._room = {
            person: max(0, one.capacity - loads[person]) for person, one in people.items()
        }
        self._loads = loads
        self._pairs = [
            (name, person)
            for name in files
            if self._places[name]
            for person in people
            if self._room[person] and self._refusal(name, person) is None
        ]

    def _refusal(self, name: str, person: str) -> Refusal | None:
        """Say why a person cannot have an application, whatever happens to the others."""
        bar = _bar(name, person, self._standings)
        if bar is None and not _shared(self._files[name], self._people[person]):
            bar = Refusal(person, WhyNot.NO_COMPETENCE)
        return bar or _dependence(person, self._kept[name], self._groups)

    def solve(self) -> list[_Pair]:
        """Fill as many places as possible, then serve whole applications, then take the best."""
        if not self._pairs:
            return []
        short = [name for name, places in self._places.items() if places]
        # A person cannot have more new reviews than there are applications to review.
        further = [
            (person, self._loads[person] + rank)
            for person, room in self._room.items()
            for rank in range(min(room, len(short)))
        ]
        pairs, empty, steps = len(self._pairs), len(short), len(further)
        worth = [-self._worth(*pair) for pair in self._pairs]
        cost = [LOAD_POINTS * load for _, load in further]
        upper = [1] * pairs + [self._places[name] for name in short] + [1] * (empty + steps)
        constraints = self._constraints(short, [person for person, _ in further])
        best = np.zeros(len(upper))
        # One goal after the other: what the first reached, the next may not undo.
        for goal in (
            [0] * pairs + [1] * empty + [0] * (empty + steps),
            [0] * (pairs + empty) + [-1] * empty + [0] * steps,
            worth + [0] * (2 * empty) + cost,
        ):
            objective = np.array(goal, dtype=float)
            best = _optimum(objective, upper, constraints)
            reached = round(float(objective @ best)) + 0.5
            constraints.append(LinearConstraint(objective.reshape(1, -1), ub=reached))
        return [pair for pair, taken in zip(self._pairs, best, strict=False) if taken > 0.5]

    def _worth(self, name: str, person: str) -> int:
        standing = self._standings[name, person].standing
        lost = {
            Standing.TO_DECLARE: DECLARATION_POINTS,
            Standing.NOTHING_KNOWN: NOTHING_KNOWN_POINTS,
        }
        points = _points(_shared(self._files[name], self._people[person]))
        return points - lost.get(standing, 0)

    def _constraints(self, short: Sequence[str], further: Sequence[str]) -> list[LinearConstraint]:
        pairs, empty = len(self._pairs), len(short)
        width = pairs + 2 * empty + len(further)
        # Every place of an application is filled, or counted as empty.
        filled = _Rows(width)
        for rank, name in enumerate(short):
            columns = [at for at, pair in enumerate(self._pairs) if pair[0] == name]
            filled.add([*columns, pairs + rank], [1] * (len(columns) + 1), self._places[name])
        # Reviews of a person are counted one by one.
        counted = _Rows(width)
        for person in self._people:
            taken = [at for at, pair in enumerate(self._pairs) if pair[1] == person]
            steps = [pairs + 2 * empty + at for at, who in enumerate(further) if who == person]
            counted.add(taken + steps, [1] * len(taken) + [-1] * len(steps), 0)
        # Of a group, one person at most; and an application with an empty place is not whole.
        alone = _Rows(width)
        for rank, name in enumerate(short):
            places = self._places[name]
            alone.add([pairs + rank, pairs + empty + rank], [1, places], places)
        for columns in self._rivals():
            alone.add(columns, [1] * len(columns), 1)
        return [
            *filled.constraint(equal=True),
            *counted.constraint(equal=True),
            *alone.constraint(equal=False),
        ]

    def _rivals(self) -> Iterator[list[int]]:
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at, (name, person) in enumerate(self._pairs):
            for group in sorted(self._groups[person]):
                found[name, group].append(at)
        yield from (columns for columns in found.values() if len(columns) > 1)

    def shortages(self, chosen: Sequence[_Pair]) -> Iterator[Shortage]:
        """Say what is lacking, and for each other person why."""
        for name, places in self._places.items():
            new = [person for at, person in chosen if at == name]
            if len(new) == places:
                continue
            taken = sorted([*new, *self._kept[name]])
            refusals = tuple(
                self._refusal(name, person)
                or _dependence(person, taken, self._groups)
                or Refusal(person, WhyNot.AT_CAPACITY)
                for person in self._people
                if person not in taken
            )
            yield Shortage(name, places - len(new), refusals)


class _Rows:
    """Rows of a sparse constraint."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._entries: list[tuple[int, int, int]] = []
        self._bounds: list[int] = []

    def add(self, columns: Sequence[int], factors: Sequence[int], bound: int) -> None:
        row = len(self._bounds)
        self._entries += [(row, at, by) for at, by in zip(columns, factors, strict=True)]
        self._bounds.append(bound)

    def constraint(self, *, equal: bool) -> Iterator[LinearConstraint]:
        if self._bounds:
            rows, columns, factors = np.array(self._entries).T
            shape = (len(self._bounds), self._width)
            matrix = coo_array((factors.astype(float), (rows, columns)), shape=shape).tocsr()
            bounds = np.array(self._bounds, dtype=float)
            yield LinearConstraint(matrix, lb=bounds if equal else -np.inf, ub=bounds)


def _optimum(
    cost: _Numbers, upper: Sequence[int], constraints: Sequence[LinearConstraint]
) -> _Numbers:
    result = milp(
        cost,
        integrality=np.ones(len(cost), dtype=np.int64),
        bounds=Bounds(np.zeros(len(cost)), np.array(upper, dtype=float)),
        constraints=constraints,
        options={"mip_rel_gap": 0.0},
    )
    if not result.success:
        # Leaving every place empty is always allowed: the solver itself would be at fault.
        msg = f"The assignment could not be computed: {result.message}"
        raise RuntimeError(msg)
    solution: _Numbers = np.asarray(result.x, dtype=float)
    return solution
