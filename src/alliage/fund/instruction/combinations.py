"""What a set of applications would do: to the envelopes, and to what the fund wants to cover.

The committee chooses; `look` shows what its choice does, to the cent, and `suggest` finds the
choices that a published rule prefers. A suggestion is an aid: it says by which rule it was made,
what else was as good, and what could not be had. See ``docs/algorithms/combinations.md``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from alliage.values.money import ZERO, Euros, allocate, euros, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    _Numbers: TypeAlias = NDArray[np.float64]


class Dimension(StrEnum):
    """What a set of applications may cover."""

    WORLD = "world"
    TERRITORY = "territory"
    FRAGILITY = "fragility"
    OBJECTIVE = "objective"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application before the committee.

    Attributes
    ----------
    application
        Identifier.
    envelope
        The envelope that would pay.
    asked
        Euros asked for.
    least
        Euros under which it makes no sense: the amount may be reduced down to there. None where
        it cannot be reduced.
    points
        Its score, None where it has none: it can be chosen by hand, and is never suggested.
    covers
        Codes that it covers, by dimension.
    """

    application: str
    envelope: str
    asked: Euros
    least: Euros | None = None
    points: Fraction | None = None
    covers: Mapping[Dimension, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < euros(self.floor) <= euros(self.asked):
            msg = (
                f"{self.application} asks for {self.asked} € and for at least {self.floor} €. "
                "Give an amount above zero, and a least amount that is not above it."
            )
            raise ValueError(msg)
        if self.points is not None and self.points < 0:
            msg = f"{self.application} has {self.points} points. Give zero or more, or none."
            raise ValueError(msg)

    @property
    def floor(self) -> Euros:
        """The smallest amount that may be granted, in euros."""
        return self.asked if self.least is None else self.least


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A code that the fund wants covered, by at least so many applications."""

    dimension: Dimension
    code: str
    at_least: int = 1

    def __post_init__(self) -> None:
        if self.at_least < 1:
            msg = f"{self.code} is to be covered {self.at_least} times. Ask for 1 or more."
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Balance:
    """An envelope after a choice, in euros.

    ``left`` is never below zero: what goes beyond is ``exceeded``, and cannot be decided.
    """

    envelope: str
    available: Euros
    chosen: Euros
    left: Euros
    exceeded: Euros


@dataclass(frozen=True, slots=True)
class Coverage:
    """A code, the chosen applications that cover it, and how many are wanted (0 if not a target).

    ``candidates`` counts all the applications that could cover it.
    """

    dimension: Dimension
    code: str
    applications: tuple[str, ...]
    wanted: int
    candidates: int

    @property
    def is_met(self) -> bool:
        """Whether it is covered as many times as wanted, and at least once."""
        return len(self.applications) >= max(1, self.wanted)


class ChoiceProblemCode(StrEnum):
    """Why a choice cannot be decided as it stands."""

    ENVELOPE_EXCEEDED = "envelope_exceeded"
    """subject: the envelope; limit: what it has; amount: what is chosen."""
    ABOVE_ASKED = "above_asked"
    """subject: the application; limit: what it asks for."""
    BELOW_LEAST = "below_least"
    """subject: the application; limit: the least that makes sense."""


@dataclass(frozen=True, slots=True)
class ChoiceProblem:
    """A problem, with what was chosen and what would be possible, in euros."""

    code: ChoiceProblemCode
    subject: str
    amount: Euros
    limit: Euros


@dataclass(frozen=True, slots=True)
class Picture:
    """What a choice does.

    Attributes
    ----------
    amounts
        Euros by application.
    points
        Sum of the scores of the chosen applications that have one.
    not_scored
        Chosen applications without a score: ``points`` says nothing of them.
    balances
        Every envelope, chosen from or not.
    coverage
        Every code that a candidate covers or that is wanted.
    reduced
        Sum of what was asked for and is not granted, over the chosen applications.
    problems
        What forbids the choice; empty when it can be decided.
    """

    amounts: Mapping[str, Euros]
    points: Fraction
    not_scored: tuple[str, ...]
    balances: tuple[Balance, ...]
    coverage: tuple[Coverage, ...]
    reduced: Euros
    problems: tuple[ChoiceProblem, ...]

    @property
    def not_covered(self) -> tuple[Coverage, ...]:
        """The codes that are not covered, or not as many times as wanted."""
        return tuple(one for one in self.coverage if not one.is_met)


def look(
    candidates: Iterable[Candidate],
    envelopes: Mapping[str, Euros],
    choice: Mapping[str, Euros],
    targets: Iterable[Target] = (),
) -> Picture:
    """Show what a choice of applications and amounts does.

    Parameters
    ----------
    candidates : iterable of Candidate
        All the applications before the committee.
    envelopes : mapping of str to Decimal
        Euros available in each envelope.
    choice : mapping of str to Decimal
        Euros for each chosen application.
    targets : iterable of Target
        What the fund wants covered.

    Returns
    -------
    Picture
        Envelopes, coverage and problems. A choice that exceeds is shown, and told as such.

    Raises
    ------
    ValueError
        If a chosen application is no candidate, or if an envelope is unknown.
    alliage.values.money.MoneyError
        If an amount is not in euros and cents.

    Examples
    --------
    >>> from alliage.values.money import euros
    >>> found = look(
    ...     [Candidate("A", "2026", euros(8000)), Candidate("B", "2026", euros(5000))],
    ...     {"2026": euros(10000)},
    ...     {"A": euros(8000), "B": euros(5000)},
    ... )
    >>> found.balances[0].left, found.balances[0].exceeded, found.problems[0].code.value
    (Decimal('0.00'), Decimal('3000.00'), 'envelope_exceeded')
    """
    known = _known(candidates, envelopes)
    for name in choice:
        if name not in known:
            msg = f"« {name} » is not before the committee. Choose among {', '.join(known)}."
            raise ValueError(msg)
    chosen = {name: euros(choice[name]) for name in known if name in choice}
    balances = tuple(
        _balance(envelope, available, known, chosen)
        for envelope, available in sorted(envelopes.items())
    )
    return Picture(
        chosen,
        sum((known[name].points or Fraction(0) for name in chosen), Fraction(0)),
        tuple(name for name in chosen if known[name].points is None),
        balances,
        _coverage(known, chosen, targets),
        total(known[name].asked - amount for name, amount in chosen.items()),
        (*_amount_problems(known, chosen), *_envelope_problems(balances)),
    )


def _known(candidates: Iterable[Candidate], envelopes: Mapping[str, Euros]) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for one in candidates:
        if one.application in found:
            msg = f"« {one.application} » comes twice. Give each application once."
            raise ValueError(msg)
        if one.envelope not in envelopes:
            msg = (
                f"{one.application} is paid by « {one.envelope} », which is no envelope here. "
                f"Give its balance, or choose among {', '.join(sorted(envelopes))}."
            )
            raise ValueError(msg)
        found[one.application] = one
    for envelope, available in envelopes.items():
        if euros(available) < 0:
            msg = f"The envelope « {envelope} » has {available} €. It is never below zero."
            raise ValueError(msg)
    return dict(sorted(found.items()))


def _balance(
    envelope: str,
    available: Euros,
    known: Mapping[str, Candidate],
    chosen: Mapping[str, Euros],
) -> Balance:
    spent = total(amount for name, amount in chosen.items() if known[name].envelope == envelope)
    left, exceeded = max(ZERO, available - spent), max(ZERO, spent - available)
    return Balance(envelope, available, spent, left, exceeded)


def _coverage(
    known: Mapping[str, Candidate], chosen: Mapping[str, Euros], targets: Iterable[Target]
) -> tuple[Coverage, ...]:
    wanted = {(one.dimension, one.code): one.at_least for one in targets}
    able: dict[tuple[Dimension, str], list[str]] = defaultdict(list)
    for name, one in known.items():
        for dimension, codes in one.covers.items():
            for code in codes:
                able[dimension, code].append(name)
    order = list(Dimension)
    return tuple(
        Coverage(
            dimension,
            code,
            tuple(name for name in able.get((dimension, code), ()) if name in chosen),
            wanted.get((dimension, code), 0),
            len(able.get((dimension, code), ())),
        )
        for dimension, code in sorted(
            able.keys() | wanted.keys(), key=lambda pair: (order.index(pair[0]), pair[1])
        )
    )


def _amount_problems(
    known: Mapping[str, Candidate], chosen: Mapping[str, Euros]
) -> Iterator[ChoiceProblem]:
    for name, amount in chosen.items():
        one = known[name]
        if amount > one.asked:
            yield ChoiceProblem(ChoiceProblemCode.ABOVE_ASKED, name, amount, one.asked)
        elif amount < one.floor:
            yield ChoiceProblem(ChoiceProblemCode.BELOW_LEAST, name, amount, one.floor)


def _envelope_problems(balances: Iterable[Balance]) -> Iterator[ChoiceProblem]:
    for one in balances:
        if one.exceeded:
            code = ChoiceProblemCode.ENVELOPE_EXCEEDED
            yield ChoiceProblem(code, one.envelope, one.chosen, one.available)


#: Status by which the solver says that nothing satisfies the constraints.
_INFEASIBLE = 2
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class SuggestionRule:
    """By which rule choices are suggested. It is published with the suggestion.

    The choice whose scores, each to the hundredth of a point, add up to the most is preferred;
    among equals, the one that reduces amounts the least.

    Attributes
    ----------
    targets
        What has to be covered.
    required, excluded
        Applications that the committee has settled already.
    minimum_points
        Score under which an application is not suggested, unless it is required.
    most_alternatives
        How many choices that are as good are listed beside the first.
    """

    targets: tuple[Target, ...] = ()
    required: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    minimum_points: Fraction = Fraction(0)
    most_alternatives: int = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Choices that the rule prefers, all with the same points.

    Attributes
    ----------
    rule
        The rule by which they were found.
    choices
        The first is the one that reduces amounts the least, then the first by identifiers.
    is_complete
        Whether every choice with these points is listed.
    not_considered
        Applications without a score, under the minimum or excluded.
    """

    rule: SuggestionRule
    choices: tuple[Picture, ...]
    is_complete: bool
    not_considered: tuple[str, ...]


class ObstacleCode(StrEnum):
    """Why no choice follows the rule."""

    NOBODY_COVERS = "nobody_covers"
    """Fewer candidates than wanted cover a target, whatever is spent."""
    REQUIRED_EXCEED = "required_exceed"
    """The least amounts of the required applications exceed an envelope."""
    TARGETS_TOGETHER = "targets_together"
    """The targets can each be had, and not all within the envelopes."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A reason why no choice follows the rule.

    Attributes
    ----------
    code
        Which reason.
    targets
        Targets that are not met: those that cannot be, or, for ``TARGETS_TOGETHER``, those to
        give up so that as many others as possible are met.
    envelope, needed, available
        For ``REQUIRED_EXCEED``: the envelope, and euros.
    """

    code: ObstacleCode
    targets: tuple[Target, ...] = ()
    envelope: str | None = None
    needed: Euros | None = None
    available: Euros | None = None


class NoSuggestionError(ValueError):
    """No choice follows the rule; ``obstacles`` says why."""

    def __init__(self, obstacles: Iterable[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)
        super().__init__(
            "No choice of applications follows the rule: "
            + "; ".join(map(_told, self.obstacles))
            + ". Give up a target or a required application, or transfer to the envelope."
        )


def _told(obstacle: Obstacle) -> str:
    codes = ", ".join(f"{one.code} (at least {one.at_least})" for one in obstacle.targets)
    if obstacle.code is ObstacleCode.NOBODY_COVERS:
        return f"too few applications cover {codes}"
    if obstacle.code is ObstacleCode.REQUIRED_EXCEED:
        return (
            f"the required applications need {obstacle.needed} € of {obstacle.envelope}, which "
            f"has {obstacle.available} €"
        )
    return f"not all targets fit in the envelopes, the most are met without {codes}"


def suggest(
    candidates: Iterable[Candidate], envelopes: Mapping[str, Euros], rule: SuggestionRule
) -> Suggestion:
    """Find the choices of applications that a rule prefers, within the envelopes.

    Amounts are reduced only where an envelope cannot pay all that is asked, by the same share of
    the room between the least and the asked amounts.

    Parameters
    ----------
    candidates : iterable of Candidate
        All the applications before the committee.
    envelopes : mapping of str to Decimal
        Euros available in each envelope.
    rule : SuggestionRule
        What is preferred.

    Returns
    -------
    Suggestion
        The best choices; no other choice that follows the rule has more points.

    Raises
    ------
    NoSuggestionError
        If the rule cannot be followed; every reason that stands alone is listed.
    ValueError
        If a required or excluded application is no candidate, or if one is both.

    Notes
    -----
    Source: a knapsack with several envelopes and covering constraints (Kellerer, Pferschy &
    Pisinger 2004, *Knapsack Problems*, chapter 9), solved exactly by HiGHS (Huangfu & Hall 2018);
    each answer is checked again in cents.

    Examples
    --------
    >>> from alliage.values.money import euros
    >>> found = suggest(
    ...     [
    ...         Candidate("A", "2026", euros(8000), points=Fraction(70)),
    ...         Candidate("B", "2026", euros(5000), points=Fraction(60)),
    ...         Candidate("C", "2026", euros(5000), points=Fraction(50)),
    ...     ],
    ...     {"2026": euros(10000)},
    ...     SuggestionRule(),
    ... )
    >>> sorted(found.choices[0].amounts), found.choices[0].points, found.is_complete
    (['B', 'C'], Fraction(110, 1), True)
    """
    known = _known(candidates, envelopes)
    _check_rule(known, rule)
    considered = {name: one for name, one in known.items() if _is_considered(one, rule)}
    obstacles = [
        *_lacking_candidates(considered, rule),
        *_required_exceeding(considered, envelopes, rule),
    ]
    if obstacles:
        raise NoSuggestionError(obstacles)
    program = _Program(considered, envelopes, rule)
    sets, is_complete = program.best_sets()
    if not sets:
        raise NoSuggestionError([program.targets_to_give_up()])
    pictures = [
        look(known.values(), envelopes, _amounts(considered, envelopes, chosen), rule.targets)
        for chosen in sets
    ]
    pictures.sort(key=lambda one: (one.reduced, sorted(one.amounts)))
    return Suggestion(
        rule,
        tuple(pictures),
        is_complete,
        tuple(name for name in known if name not in considered),
    )


def _check_rule(known: Mapping[str, Candidate], rule: SuggestionRule) -> None:
    unknown = sorted((rule.required | rule.excluded) - known.keys())
    both = sorted(rule.required & rule.excluded)
    if unknown or both:
        fact = "is not before the committee" if unknown else "is both required and excluded"
        msg = f"« {(unknown or both)[0]} » {fact}. Choose among {', '.join(known)}."
        raise ValueError(msg)


def _is_considered(one: Candidate, rule: SuggestionRule) -> bool:
    if one.application in rule.required:
        return True
    if one.application in rule.excluded or one.points is None:
        return False
    return one.points >= rule.minimum_points


def _covering(considered: Mapping[str, Candidate], target: Target) -> list[str]:
    nothing: frozenset[str] = frozenset()
    return [
        name
        for name, one in considered.items()
        if target.code in one.covers.get(target.dimension, nothing)
    ]


def _lacking_candidates(
    considered: Mapping[str, Candidate], rule: SuggestionRule
) -> Iterator[Obstacle]:
    lacking = [
        target for target in rule.targets if len(_covering(considered, target)) < target.at_least
    ]
    if lacking:
        yield Obstacle(ObstacleCode.NOBODY_COVERS, tuple(sorted(lacking)))


def _required_exceeding(
    considered: Mapping[str, Candidate], envelopes: Mapping[str, Euros], rule: SuggestionRule
) -> Iterator[Obstacle]:
    for envelope, available in sorted(envelopes.items()):
        needed = _floors(considered, rule.required, envelope)
        if needed > available:
            yield Obstacle(
                ObstacleCode.REQUIRED_EXCEED,
                envelope=envelope,
                needed=needed,
                available=available,
            )


def _floors(considered: Mapping[str, Candidate], chosen: Iterable[str], envelope: str) -> Euros:
    return total(considered[name].floor for name in chosen if considered[name].envelope == envelope)


def _amounts(
    considered: Mapping[str, Candidate], envelopes: Mapping[str, Euros], chosen: Iterable[str]
) -> dict[str, Euros]:
    """Grant what is asked, or reduce all by the same share of the room that each leaves."""
    granted: dict[str, Euros] = {}
    names = sorted(chosen)
    for envelope, available in envelopes.items():
        own = [considered[name] for name in names if considered[name].envelope == envelope]
        rooms = [one.asked - one.floor for one in own]
        above = min(available - total(one.floor for one in own), total(rooms))
        # Where nothing can be reduced, there is nothing to share.
        shares = allocate(above, rooms) if any(rooms) else [ZERO] * len(own)
        granted |= {
            one.application: one.floor + share for one, share in zip(own, shares, strict=True)
        }
    return granted


class _Program:
    """The program in integers, whose answers are checked again in cents.

    Variables, in this order: one binary an application; the euros by which each envelope is
    reduced; one binary for each target, 1 where it is given up.
    """

    def __init__(
        self,
        considered: Mapping[str, Candidate],
        envelopes: Mapping[str, Euros],
        rule: SuggestionRule,
    ) -> None:
        self._considered, self._envelopes, self._rule = considered, envelopes, rule
        self._names = list(considered)
        self._targets = sorted(set(rule.targets))
        self._points = [
            _hundredths(one.points) if one.points is not None else 0 for one in considered.values()
        ]
        largest = max([ZERO, *envelopes.values(), *(one.asked for one in considered.values())])
        # Tolerances of the solver are absolute: they are meant for numbers of this size.
        self._unit = max(1.0, float(largest) / _MILLION)
        self._rows = [*self._envelope_rows(), *self._target_rows()]

    def best_sets(self) -> tuple[list[frozenset[str]], bool]:
        """Give the best sets, those that reduce the least first, and whether all are listed."""
        if not self._names:
            return [frozenset()], True
        worth = self._row(applications=self._points)
        first = self._solve(-worth, self._rows)
        if first is None:
            return [], True
        best = sum(
            points
            for name, points in zip(self._names, self._points, strict=True)
            if name in first[0]
        )
        rows = [*self._rows, LinearConstraint(worth.reshape(1, -1), lb=best - 0.5)]
        reduction = self._row(envelopes=dict.fromkeys(self._envelopes, 1.0))
        found: list[frozenset[str]] = []
        while (answer := self._solve(reduction, [*rows, *map(self._cut, found)])) is not None:
            if len(found) > self._rule.most_alternatives:
                return found, False
            found.append(answer[0])
        return found, True

    def targets_to_give_up(self) -> Obstacle:
        """Find the fewest targets without which the others fit in the envelopes."""
        fewest = self._row(targets=dict.fromkeys(self._targets, 1.0))
        answer = self._solve(fewest, self._rows, may_give_up=True)
        if answer is None:
            # Giving every target up leaves the required applications, which are known to fit.
            msg = "The targets to give up could not be computed. Ask for fewer targets."
            raise RuntimeError(msg)
        return Obstacle(ObstacleCode.TARGETS_TOGETHER, answer[1])

    def _row(
        self,
        *,
        applications: Sequence[float] | None = None,
        envelopes: Mapping[str, float] | None = None,
        targets: Mapping[Target, float] | None = None,
    ) -> _Numbers:
        return np.array(
            [
                *(applications or [0.0] * len(self._names)),
                *((envelopes or {}).get(envelope, 0.0) for envelope in self._envelopes),
                *((targets or {}).get(target, 0.0) for target in self._targets),
            ],
            dtype=float,
        )

    def _envelope_rows(self) -> Iterator[LinearConstraint]:
        for envelope, available in self._envelopes.items():
            own = [one.envelope == envelope for one in self._considered.values()]
            floors, asked = (
                [self._units(amount) * mine for mine, amount in zip(own, amounts, strict=True)]
                for amounts in (
                    [one.floor for one in self._considered.values()],
                    [one.asked for one in self._considered.values()],
                )
            )
            limit = self._units(available)
            yield LinearConstraint(self._row(applications=floors).reshape(1, -1), ub=limit)
            above = self._row(applications=asked, envelopes={envelope: -1.0})
            yield LinearConstraint(above.reshape(1, -1), ub=limit)

    def _units(self, amount: Euros) -> float:
        return float(amount) / self._unit

    def _target_rows(self) -> Iterator[LinearConstraint]:
        for target in self._targets:
            covering = set(_covering(self._considered, target))
            row = self._row(
                applications=[float(name in covering) for name in self._names],
                targets={target: float(target.at_least)},
            )
            yield LinearConstraint(row.reshape(1, -1), lb=target.at_least)

    def _cut(self, chosen: frozenset[str]) -> LinearConstraint:
        """Leave one set out."""
        row = self._row(applications=[-1.0 if name in chosen else 1.0 for name in self._names])
        return LinearConstraint(row.reshape(1, -1), lb=1 - len(chosen))

    def _solve(
        self, cost: _Numbers, rows: Sequence[LinearConstraint], *, may_give_up: bool = False
    ) -> tuple[frozenset[str], tuple[Target, ...]] | None:
        refused: list[LinearConstraint] = []
        while True:
            solution = self._optimum(cost, [*rows, *refused], may_give_up=may_give_up)
            if solution is None:
                return None
            chosen = frozenset(
                name for name, taken in zip(self._names, solution, strict=False) if taken > 0.5
            )
            if self._fits(chosen):
                marks = solution[len(self._names) + len(self._envelopes) :]
                given_up = zip(self._targets, marks, strict=True)
                return chosen, tuple(target for target, mark in given_up if mark > 0.5)
            # The solver counts in binary floats: a set that is a few cents too dear is left out.
            refused.append(self._cut(chosen))

    def _fits(self, chosen: frozenset[str]) -> bool:
        return all(
            _floors(self._considered, chosen, envelope) <= available
            for envelope, available in self._envelopes.items()
        )

    def _optimum(
        self, cost: _Numbers, rows: Sequence[LinearConstraint], *, may_give_up: bool
    ) -> _Numbers | None:
        names, envelopes, targets = len(self._names), len(self._envelopes), len(self._targets)
        lower = [float(name in self._rule.required) for name in self._names]
        result = milp(
            cost,
            integrality=np.array([1] * names + [0] * envelopes + [1] * targets, dtype=np.int64),
            bounds=Bounds(
                np.array(lower + [0.0] * (envelopes + targets)),
                np.array([1.0] * names + [np.inf] * envelopes + [float(may_give_up)] * targets),
            ),
            constraints=rows,
            # Presolve reduces binaries by amounts of money, and was seen to call feasible
            # problems infeasible and to miss the optimum: it is left out.
            options={"mip_rel_gap": 0.0, "presolve": False},
        )
        if result.status == _INFEASIBLE:
            return None
        if not result.success:
            msg = f"The suggestion could not be computed: {result.message}"
            raise RuntimeError(msg)
        solution: _Numbers = np.asarray(result.x, dtype=float)
        return solution


def _hundredths(points: Fraction) -> int:
    """Count points to the hundredth: two choices closer than that are as good as each other."""
    return round(points * 100)
