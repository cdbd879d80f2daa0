"""What several tables about the same respondents tell together, and what is hidden for it.

A group of one table less groups of another may be a few people: this difference is a cell of the
release, never printed, protected as those that are. See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from alliage.survey.data.table import Table
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.results import Statistic
from alliage.survey.protection.disclosure import (
    Audit,
    Cause,
    CellFacts,
    Key,
    Pattern,
    Rules,
    Sum,
    attack,
    primary,
    suppress,
)
from alliage.survey.protection.protected_tables import counted, is_of_people
from alliage.survey.tables.questions import Answers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from alliage.survey.arrays import Booleans, Ints
    from alliage.survey.data.coding import Level
    from alliage.survey.protection.protected_tables import Protected
    from alliage.survey.tables.banners import Banner
    from alliage.survey.tables.blocks import Block, Column, RowHead

    #: A question, and whether its shares are of all the answers given.
    Asked: TypeAlias = tuple[str, bool]

#: The name of the people who answered, in the place of an answer.
_BASE = ""
#: A column that tells no respondents apart.
_ALIKE = "« »"
#: What a set without anybody is called: a column out of its domain has the name of another.
_NOBODY = "« nobody »"
#: How far from 1 the share of a set may be that figures determine.
_SAME = 1e-8


class DifferencingError(SurveyError):
    """Tables give away together what each keeps back, or nothing proves that they do not."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(SurveyProblem.REQUEST, message, **values)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A table that a reader has, or will have.

    Attributes
    ----------
    name
        What it is called.
    made
        The table, protected by itself.
    weights
        The name of its weights.
    largest_weight
        The largest of them.
    published
        Whether readers have it already: what it shows cannot be hidden any more.
    """

    name: str
    made: Protected
    weights: str
    largest_weight: float
    published: bool = False

    @property
    def table(self) -> Banner:
        return self.made.table


@dataclass(frozen=True, slots=True)
class Differences:
    """What tables hide because of one another.

    Attributes
    ----------
    hidden
        For each table, by question, the cells to hide.
    patterns
        For each table, by question, what is hidden and the attack on all the tables.
    """

    hidden: tuple[Mapping[str, frozenset[Key]], ...]
    patterns: tuple[Mapping[str, Pattern], ...]


def differences(
    rows: Table,
    told: Sequence[Told],
    rules: Rules,
    *,
    on: str = "base",
    protection: float = 0.2,
) -> Differences:
    """Say what tables about the same respondents must hide because of one another.

    Parameters
    ----------
    rows
        The respondents: they tell which groups hold which.
    told
        The tables, each protected by itself.
    rules, on, protection
        As for `alliage.survey.protect`.

    Raises
    ------
    DifferencingError
        If tables already published give away what should be hidden; or if something is to be hidden
        in a question told with several weights, which bind their figures in no known way.
    """
    groups = _Groups.of(rows, told)
    hidden: list[dict[str, frozenset[Key]]] = [{} for _ in told]
    patterns: list[dict[str, Pattern]] = [{} for _ in told]
    asked = dict.fromkeys(_asked(block) for one in told for block in one.table.blocks)
    for question in asked:
        parts = [
            _Part(place, one, counted(block, one.table), groups)
            for place, one in enumerate(told)
            for block in one.table.blocks
            if _asked(block) == question
        ]
        if len(parts) == 1:
            patterns[parts[0].place][question[0]] = parts[0].alone
            continue
        system = _System.of(parts, groups, rules, on)
        weights = dict.fromkeys(part.told.weights for part in parts)
        several = len(weights) > 1
        pattern = Pattern({}, Audit(())) if several else system.solved(protection)
        more = system.combined(pattern.hidden, parts, groups.people(parts[0].block), rules.least)
        if several and (system.causes or more):
            raise _unproven(question, weights, parts)
        if more:
            causes = {**pattern.causes, **dict.fromkeys(more, Cause.COMPLEMENTARY)}
            pattern = Pattern(causes, attack(system.values, causes.keys(), system.sums))
        for part in parts:
            hidden[part.place][question[0]] = frozenset(
                printed
                for key in pattern.hidden
                if part.holds(key)
                for printed in part.printed(key)
            )
            patterns[part.place][question[0]] = _narrowed(pattern, part, system)
    return Differences(tuple(hidden), tuple(patterns))


def _asked(block: Block) -> Asked:
    return block.question.variable, block.question.responses


def _unproven(question: Asked, weights: Iterable[str], parts: Sequence[_Part]) -> DifferencingError:
    names = dict.fromkeys(part.told.name for part in parts)
    msg = (
        f"« {question[0]} » is told with the weights {listed(weights)} in the tables "
        f"{listed(names)}, and a figure must be kept back: nothing proves that the tables do not "
        "give it away together. Publish the question with one of the weights."
    )
    return DifferencingError(msg, question=question[0])


def _narrowed(pattern: Pattern, part: _Part, system: _System) -> Pattern:
    """Return what concerns a table: its cells, and the differences with the groups that it has."""
    own = {
        key: cause
        for key, cause in pattern.causes.items()
        # What is printed nowhere counts when it says too much only.
        if part.holds(key)
        or (system.owners.get(key) == part.place and cause is not Cause.COMPLEMENTARY)
    }
    told = {printed for key in own if part.holds(key) for printed in part.printed(key)}
    alone = {key: one for key, one in part.alone.causes.items() if key not in told}
    bounded = [one for one in pattern.audit.bounded if one.key in own]
    bounded += (one for one in part.alone.audit.bounded if one.key in alone)
    return Pattern(own | alone, Audit(tuple(bounded)))


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Sets of respondents, who are gathered by everything that tells them apart.

    Attributes
    ----------
    rows
        One row for each kind of respondents, with how many of them answered each question.
    names
        What each set is called, by the set as bytes.
    """

    rows: Table
    names: dict[bytes, Key] = field(default_factory=dict)
    _held: dict[tuple[Key, int], list[list[int]]] = field(default_factory=dict)
    _codes: dict[str, tuple[Ints, tuple[Level, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Table, told: Sequence[Told]) -> _Groups:
        """Gather respondents by the domains and the breakdowns of tables."""
        names: dict[str, None] = {}
        for one in told:
            names |= dict.fromkeys(name for name, _ in one.table.over)
            for column in one.table.columns:
                for name, level in column.group.items():
                    names[str(level) if name in rows.sets else name] = None
        answered = {
            _answered(block): reduce(
                or_, (rows.column(name).is_not_null() for name in _columns(rows, block))
            )
            for one in told
            for block in one.table.blocks
        }
        counted = rows.frame.select(list(names)).with_columns(
            *(series.alias(name) for name, series in answered.items()), pl.lit(0).alias(_ALIKE)
        )
        kinds = counted.group_by([*names, _ALIKE], maintain_order=True).agg(
            pl.col(list(answered)).sum()
        )
        return cls(Table(kinds, rows.variables, rows.sets))

    def people(self, block: Block) -> Ints:
        """Return how many respondents of each kind answered a question."""
        return self.rows.frame[_answered(block)].to_numpy().astype(np.int64)

    def column(self, table: Banner, column: Column) -> Booleans:
        """Tell which kinds of respondents are in a column."""
        inside = np.ones(self.rows.frame.height, dtype=np.bool_)
        for name, levels in (*table.over, *((key, (one,)) for key, one in column.group.items())):
            inside &= self._within(name, levels)
        return inside

    def _within(self, name: str, kept: Collection[Level]) -> Booleans:
        several = self.rows.sets.get(name)
        if several is not None:
            chosen = [self._within(str(one), (several.counted,)) for one in kept]
            return np.asarray(np.logical_or.reduce(chosen))
        if name not in self._codes:
            self._codes[name] = self.rows.codes(name), self.rows.levels(name)
        codes, levels = self._codes[name]
        return np.isin(codes, [place for place, one in enumerate(levels) if one in kept])

    def named(self, inside: Booleans, name: Key) -> Key:
        """Return what a set is called: as it was first, and nobody like no other."""
        return self.names.setdefault(inside.tobytes(), name if inside.any() else (_NOBODY,))

    def held(self, whole: Key, inside: Booleans, part: _Part) -> list[list[int]]:
        """Return the columns of a table that are a part of a group, looked for once."""
        if (whole, part.place) not in self._held:
            self._held[whole, part.place] = list(_held(inside, part))
        return self._held[whole, part.place]


def _answered(block: Block) -> str:
    return f"« {block.question.variable} » answered"


def _columns(rows: Table, block: Block) -> Sequence[str]:
    name = block.question.variable
    return rows.sets[name].variables if block.question.answers is Answers.CHOICES else (name,)


def _restrictions(table: Banner, column: Column) -> Key:
    kept = dict(table.over) | {name: (level,) for name, level in column.group.items()}
    return tuple(f"{name}={'|'.join(map(str, levels))}" for name, levels in sorted(kept.items()))


class _Part:
    """A question of a table, its cells by the set of respondents that they tell of."""

    def __init__(self, place: int, told: Told, block: Block, groups: _Groups) -> None:
        self.place, self.told, self.block = place, told, block
        table = told.table
        self.members = [groups.column(table, column) for column in table.columns]
        self.groups = [
            groups.named(inside, _restrictions(table, column))
            for inside, column in zip(self.members, table.columns, strict=True)
        ]
        printed = (
            tuple(f"{name}={level}" for name, level in sorted(column.group.items()))
            for column in table.columns
        )
        # Two columns may hold the same people.
        self._printed: dict[Key, list[Key]] = {}
        for group, name in zip(self.groups, printed, strict=True):
            self._printed.setdefault(group, []).append(name)
        # Boxes of one name may hold other levels elsewhere.
        self.boxes = {
            f"box {'|'.join(sorted(map(str, levels)))}": (
                label,
                [f"answer {one}" for one in levels],
            )
            for label, levels in block.question.boxes.items()
        }
        self.names = {_BASE, *self.boxes, *(f"answer {one.level}" for one in self._answers())}
        if is_of_people(block):
            self.names |= {f"not {one.level}" for one in self._answers()}

    def _answers(self) -> Iterator[RowHead]:
        return (one for one in self.block.heads if one.statistic is Statistic.PROPORTION)

    def holds(self, key: Key) -> bool:
        """Whether a cell is in the table."""
        return key[0] in self.names and key[1:] in self._printed

    @property
    def alone(self) -> Pattern:
        """What the table hides by itself."""
        return self.told.made.patterns[self.block.question.variable]

    def printed(self, key: Key) -> list[Key]:
        """Return what a cell of the table is called there, by each column that holds it."""
        name = f"box {self.boxes[key[0]][0]}" if key[0] in self.boxes else key[0]
        return [(name, *group) for group in self._printed[key[1:]]]

    def sums(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Return what adds up in a group."""
        answers = [one.level for one in self._answers()]
        if is_of_people(self.block):
            yield from ((_BASE, (f"answer {one}", f"not {one}")) for one in answers)
        elif answers:
            yield _BASE, tuple(f"answer {one}" for one in answers)
        yield from ((name, tuple(held)) for name, (_, held) in self.boxes.items())

    def cells(self) -> Iterator[tuple[Key, float, int, float, bool]]:
        """Return each cell with its weight, respondents, squares of weights, and if it is shown."""
        block, bases = self.block, self.block.figures.bases
        for place, group in enumerate(self.groups):
            answered = bool(block.answered[place])
            base = float(bases.weighted[place, 0]) if answered else 0.0
            respondents = int(bases.respondents[place, 0])
            squares = float(bases.squares[place, 0]) if answered else 0.0
            opened = bool(block.opened[place])
            yield (_BASE, *group), base, respondents, squares, opened
            for row, head in enumerate(block.heads):
                if head.statistic is Statistic.MEAN:
                    continue
                people = int(np.rint(block.people[place, row])) if answered else 0
                weight = float(block.figures.values[place, row]) * base if answered else 0.0
                shown = opened and bool(block.shown[place, row])
                name = f"answer {head.level}"
                if head.statistic is Statistic.TOP_BOX:
                    name = next(each for each, (of, _) in self.boxes.items() if of == head.level)
                yield (name, *group), weight, people, squares, shown
                if f"not {head.level}" in self.names:
                    rest = (f"not {head.level}", *group)
                    yield rest, max(base - weight, 0.0), respondents - people, squares, shown


class _System:
    """The cells of a question in all its tables, and in their differences.

    Attributes
    ----------
    values, people, squares
        Weighted counts, respondents, and the squares of the weights of the base.
    causes
        The cells that say too much.
    sums
        What binds the cells.
    shown
        The cells that a table published before shows.
    rests
        The cells printed nowhere: differences, for which ``owners`` tells the table that is
        subtracted, and what a table published before hides.
    alone
        The cells that a table hides already to protect others of its own.
    """

    def __init__(self) -> None:
        self.values: dict[Key, float] = {}
        self.people: dict[Key, int] = {}
        self.squares: dict[Key, float] = {}
        self.causes: dict[Key, Cause] = {}
        self.sums: dict[Sum, None] = {}
        self.shown: set[Key] = set()
        self.rests: set[Key] = set()
        self.alone: set[Key] = set()
        self.owners: dict[Key, int] = {}

    @classmethod
    def of(cls, parts: Sequence[_Part], groups: _Groups, rules: Rules, on: str) -> _System:
        made = cls()
        for part in parts:
            made._add(part)
        printed = {
            (name, *group)
            for part in parts
            if not part.told.published
            for name, group in itertools.product(part.names, part.groups)
        }
        made.rests |= made.values.keys() - printed - made.shown
        made._subtract(parts, groups, rules, on, max(part.told.largest_weight for part in parts))
        for part, group in itertools.product(parts, {key[1:]: None for key in made.values}):
            for total, held in part.sums():
                found = Sum((total, *group), tuple((one, *group) for one in held))
                if made.values.keys() >= {found.total, *found.parts}:
                    made.sums[found] = None
        # What was published is no secret any more.
        made.causes = {key: one for key, one in made.causes.items() if key not in made.shown}
        return made

    def _add(self, part: _Part) -> None:
        """Add the cells of a table, with what it hides by itself."""
        for key, value, people, squares, shown in part.cells():
            self.values[key], self.people[key], self.squares[key] = value, people, squares
            if shown and part.told.published:
                self.shown.add(key)
            for printed in part.printed(key):
                cause = part.alone.causes.get(printed)
                if cause is Cause.COMPLEMENTARY:
                    self.alone.add(key)
                elif cause is not None:
                    self.causes[key] = cause

    def _subtract(
        self, parts: Sequence[_Part], groups: _Groups, rules: Rules, on: str, largest: float
    ) -> None:
        """Add what each group is, less those of a breakdown that are inside it."""
        wholes = {
            group: inside
            for part in parts
            for group, inside in zip(part.groups, part.members, strict=True)
        }
        for (whole, inside), other in itertools.product(wholes.items(), parts):
            for held in groups.held(whole, inside, other):
                within = [other.groups[place] for place in held]
                rest = inside & ~np.logical_or.reduce([other.members[place] for place in held])
                left = groups.named(rest, (*whole, "less " + " + ".join(map(" × ".join, within))))
                # The base comes first: what is said of it is said of its answers.
                for name in sorted(other.names):
                    total, taken = (name, *whole), [(name, *one) for one in within]
                    if not self.values.keys() >= {total, *taken}:
                        continue
                    key = (name, *left)
                    if rest.any() and key not in self.values:
                        self._leave(key, total, taken)
                        self.owners[key] = other.place
                        self._judge(key, rules, on, largest)
                    self.sums[Sum(total, (*taken, *([key] if rest.any() else [])))] = None

    def _leave(self, key: Key, total: Key, taken: Sequence[Key]) -> None:
        """Compute a cell that is printed nowhere."""
        self.people[key] = self.people[total] - sum(self.people[one] for one in taken)
        left = self.values[total] - sum(self.values[one] for one in taken)
        self.values[key] = max(left, 0.0) if self.people[key] else 0.0
        self.squares[key] = self.squares[total] - sum(self.squares[one] for one in taken)
        self.rests.add(key)

    def _judge(self, key: Key, rules: Rules, on: str, largest: float) -> None:
        """Tell whether such a cell says too much; its base comes first."""
        base = (_BASE, *key[1:])
        if base in self.causes and base in self.rests:
            self.causes[key] = self.causes[base]
        elif key == base or on == "answer":
            weight, squares = self.values[base], self.squares[base]
            effective = weight**2 / squares if squares > 0 else None
            # Nobody has a larger weight: the share of the largest is no more than this.
            share = min(1.0, largest / self.values[key]) if self.values[key] > 0 else None
            facts = CellFacts(self.people[key], effective, share)
            self.causes |= primary({key: facts}, rules)

    def solved(self, protection: float) -> Pattern:
        """Find what is hidden: the bases first, since they take their columns along."""
        if not self.causes:
            return Pattern({}, Audit(()))
        bases = {key: value for key, value in self.values.items() if key[0] == _BASE}
        try:
            first = self._suppressed(bases, (), protection)
            closed = {key[1:] for key in first.hidden}
            free = {key for key in self.values if key[1:] in closed}
            return self._suppressed(self.values, free, protection)
        except SurveyError as error:
            raise DifferencingError(str(error), **error.values) from error

    def combined(
        self, hidden: Collection[Key], parts: Sequence[_Part], people: Ints, least: int
    ) -> set[Key]:
        """Return bases to hide so that no combination of columns is the count of a few people.

        The sets looked at are the kinds of respondents, and what two columns make together.
        """
        there = people > 0
        members = {
            (_BASE, *group): inside[there]
            for part in parts
            for group, inside in zip(part.groups, part.members, strict=True)
        }
        few = _few(np.array(list(members.values())), people[there], least)
        # What was published gives it away already.
        few = few[~_determined(few, [members[key] for key in members if key in self.shown])]
        more: set[Key] = set()
        while True:
            told = [key for key in members if key not in {*hidden, *self.rests, *more}]
            given = few[_determined(few, [members[key] for key in told])]
            if not len(given):
                return more
            matrix = np.array([members[key] for key in told], dtype=float).T
            shares, *_ = np.linalg.lstsq(matrix, given[0].astype(float), rcond=None)
            used = [key for key, one in zip(told, shares, strict=True) if abs(one) > _SAME]
            free = [key for key in used if key not in self.shown]
            if not free:
                msg = (
                    "A combination of what is already published is the answers of a few people. "
                    "Publish fewer tables, or correct the former release."
                )
                raise DifferencingError(msg)
            more.add(min(free, key=lambda key: (self.people[key], key)))

    def _suppressed(
        self, values: Mapping[Key, float], free: Collection[Key], protection: float
    ) -> Pattern:
        costs = {
            key: (1000 if key[0] == _BASE else 1) * (1 + value) for key, value in values.items()
        }
        costs |= dict.fromkeys(values.keys() & {*self.rests, *self.alone, *free}, 0.0)
        return suppress(
            values,
            {key: cause for key, cause in self.causes.items() if key in values},
            [one for one in self.sums if values.keys() >= {one.total, *one.parts}],
            protection=protection,
            never=self.shown & values.keys(),
            costs=costs,
        )


def _few(members: Booleans, people: Ints, least: int) -> Booleans:
    """Return the sets of fewer people than ``least`` among kinds and pairs of columns."""

    def small(sets: Booleans) -> Booleans:
        counts = sets @ people
        return sets[(counts > 0) & (counts < least)]

    found = [small(np.eye(len(people), dtype=np.bool_))]
    for ones, others in itertools.product((members, ~members), repeat=2):
        found += (small(one & others) for one in ones)
    return np.asarray(np.unique(np.concatenate(found), axis=0))


def _determined(sets: Booleans, told: Sequence[Booleans]) -> Booleans:
    """Tell which sets are a combination of others: their counts follow from theirs."""
    if not told or not len(sets):
        return np.zeros(len(sets), dtype=np.bool_)
    _, sizes, basis = np.linalg.svd(np.array(told, dtype=float), full_matrices=False)
    basis = basis[sizes > _SAME * sizes[0]]
    within = ((sets @ basis.T) ** 2).sum(axis=1)
    return np.asarray(within >= sets.sum(axis=1) * (1 - _SAME))


def _held(whole: Booleans, part: _Part) -> Iterator[list[int]]:
    """Return the columns of each breakdown that are a part of a group and share nobody."""
    by_breakdown: dict[tuple[str, ...], list[int]] = {}
    for place, column in enumerate(part.told.table.columns):
        members = part.members[place]
        if (members & ~whole).any() or not members.any() or (members == whole).all():
            continue
        by_breakdown.setdefault(column.breakdown, []).append(place)
    for places in by_breakdown.values():
        if np.add.reduce([part.members[place] for place in places], dtype=int).max() > 1:
            yield from ([place] for place in places)
        else:
            yield places
