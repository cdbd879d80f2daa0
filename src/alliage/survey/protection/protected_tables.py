"""Disclosure control of a whole banner: what leaves, and the proof that the rest stays.

See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from alliage.survey.data.coding import NO_LEVEL
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.results import Statistic
from alliage.survey.protection.disclosure import (
    PERSONS,
    Audit,
    Cause,
    CellFacts,
    Pattern,
    Rules,
    Sum,
    primary,
    suppress,
)
from alliage.survey.protection.overlaps import Group, Split, name_of, splits
from alliage.survey.protection.rounding import rounded
from alliage.survey.sampling.sample import Sample
from alliage.survey.tables.banners import banner
from alliage.survey.tables.letters import without
from alliage.survey.tables.questions import Answers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from alliage.survey.arrays import Booleans, Floats, Ints
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.domains import Kept
    from alliage.survey.protection.disclosure import Key
    from alliage.survey.tables.banners import Banner
    from alliage.survey.tables.blocks import Block, Column, RowHead

#: What is known of people: a variable with its level, or with those that they may have; a variable
#: alone if they answered it.
People: TypeAlias = frozenset[tuple[str, ...]]

#: The key of the people who answered, in the place of a level.
_BASE = ""


@dataclass(frozen=True, slots=True)
class Protected:
    """A table of which a part is kept back.

    Attributes
    ----------
    table
        The table: hidden figures and bases are marked, and shown by no export.
    patterns
        By question, what was hidden, why, and the attack on what is left. The causes are for the
        archive of the producer: published, they would help an attack.
    """

    table: Banner
    patterns: Mapping[str, Pattern]


def protect(
    table: Banner,
    rules: Rules = PERSONS,
    *,
    on: Literal["base", "answer"] = "base",
    former: Sequence[Banner] = (),
    protection: float = 0.2,
    also: Mapping[str, Collection[Key]] = MappingProxyType({}),
    rounding: int | None = None,
) -> Protected:
    """Hide what says too much of too few, and what would give it away.

    A reader of a table has its weighted bases and shares, hence weighted counts, which add up over
    the answers of a question. Where a column holds columns of another breakdown, whatever their
    variables, the reader also has what it holds beside them: this is a cell like the others.

    Parameters
    ----------
    table
        A banner.
    rules
        When a cell says too much; the rule of persons by default.
    on
        ``base``: a column of too few respondents is hidden whole. ``answer``: so is each answer
        that too few people gave.
    former
        Tables already published, on the same domain: what they show is known, and stays so.
    protection
        As for :func:`alliage.survey.protection.disclosure.suppress`.
    also
        Cells that other tables would give away, by question: they are hidden too.
    rounding
        Round counts to multiples of it, their sums kept, instead of hiding cells. Means are hidden,
        and errors and tests, which would tell the true counts.

    Returns
    -------
    Protected
        The table, and the proof by question.

    Raises
    ------
    SurveyError
        If a cell cannot be protected: a former table gives it away. ``MOMENTS`` for a table of
        moments that do not hold every two breakdowns together.

    Notes
    -----
    A box is a sum of answers; who did not choose an answer follows from who did: both are in the
    proof. A mean is hidden with its base, and with any answer of its column. Of moments, the
    greatest contributor to a cell is unknown: a rule of dominance hides all.
    """
    columns = {_key(_BASE, column): column for one in (table, *former) for column in one.columns}
    found = tuple(splits(table.source, table.over, tuple(columns.values())))
    systems = []
    for block in table.blocks:
        shares = _Shares.of(block, table, rules)
        system = _System.of(counted(block, table), table, shares)
        for one in former:
            for other in one.blocks:
                if _asked(other) == _asked(block):
                    known = counted(other, one)
                    system.know(_System.of(known, one, _Shares.of(other, one, rules)))
        system.compare(tuple(columns.values()), found, rules.least, shares)
        systems.append(system)
    if rounding is not None:
        blocks = [
            rounded(
                block,
                [
                    [_key(name, column) for name in (_BASE, *map(_name, block.heads))]
                    for column in table.columns
                ],
                system.values,
                system.sums,
                rounding,
            )
            for block, system in zip(table.blocks, systems, strict=True)
        ]
        return Protected(replace(table, blocks=tuple(blocks), rounding=rounding), {})
    made = _Questions(table, systems, also).protected(rules, on, protection)
    patterns: dict[str, Pattern] = {}
    for block, own in zip(table.blocks, made, strict=True):
        name = block.question.variable
        before = patterns.get(name, Pattern({}, Audit(())))
        audit = Audit((*before.audit.bounded, *own.audit.bounded))
        patterns[name] = Pattern({**before.causes, **own.causes}, audit)
    blocks = [
        _hidden(
            block,
            table.columns,
            own.hidden.union(also.get(block.question.variable, ())),
            {key[1:] for key in patterns[block.question.variable].hidden},
        )
        for block, own in zip(table.blocks, made, strict=True)
    ]
    (kept,) = without_errors([replace(table, blocks=tuple(blocks))])
    return Protected(kept, patterns)


def hidden_elsewhere(tables: Sequence[Banner]) -> list[dict[str, set[Key]]]:
    """Return the cells that tables show, by question, of people whom another cell of them hides."""
    cells = [
        (place, block.question.variable, key, people, is_hidden)
        for place, table in enumerate(tables)
        for block in table.blocks
        for hidden in [_hidden_keys(block, table)]
        for key, people in _people(block, table)
        for is_hidden in [key in hidden]
    ]
    secret = {people for *_, people, is_hidden in cells if is_hidden}
    found: list[dict[str, set[Key]]] = [{} for _ in tables]
    for place, name, key, people, is_hidden in cells:
        if people in secret and not is_hidden:
            found[place].setdefault(name, set()).add(key)
    return found


def _hidden_keys(block: Block, table: Banner) -> set[Key]:
    return {
        _key(name, column)
        for column, closed, own in zip(
            table.columns, block.closed.tolist(), block.hidden.tolist(), strict=True
        )
        for name, is_hidden in zip((_BASE, *map(_name, block.heads)), (closed, *own), strict=True)
        if is_hidden
    }


def without_errors(tables: Sequence[Banner]) -> list[Banner]:
    """Leave out of tables the errors of the figures that hidden people enter.

    Where regions are strata, the variance of everybody less that of the regions shown is that of
    the region hidden, and hence its answers.
    """
    hidden = [
        (_asked(block), _among(table, column), _levels(block, head))
        for table in tables
        for block in table.blocks
        for column, own in zip(table.columns, block.hidden.tolist(), strict=True)
        for head, is_hidden in zip(block.heads, own, strict=True)
        if is_hidden
    ]

    def made(table: Banner, block: Block) -> Block:
        own = [(among, levels) for asked, among, levels in hidden if asked[0] == _asked(block)[0]]
        levels_of = [_levels(block, head) for head in block.heads]
        lost = np.zeros(block.hidden.shape, dtype=np.bool_)
        for place, column in enumerate(table.columns):
            met = [levels for among, levels in own if _meet(_among(table, column), among)]
            lost[place] = [
                any(not levels or not other or levels & other for other in met)
                for levels in levels_of
            ]
        figures = block.figures
        ends = figures.ends._replace(
            low=np.where(lost, np.nan, figures.ends.low),
            high=np.where(lost, np.nan, figures.ends.high),
        )
        errors = np.where(lost, np.nan, figures.errors)
        return replace(block, figures=replace(figures, errors=errors, ends=ends))

    return [
        replace(table, blocks=tuple(made(table, block) for block in table.blocks))
        for table in tables
    ]


def _among(table: Banner, column: Column) -> dict[str, frozenset[Level]]:
    """Return the levels that the people of a column may have; those of a set may have any."""
    held = {name: frozenset(levels) for name, levels in table.over}
    of_column = {name: frozenset([level]) for name, level in column.group.items()}
    return {
        name: levels for name, levels in (held | of_column).items() if name not in table.source.sets
    }


def _meet(one: Mapping[str, frozenset[Level]], other: Mapping[str, frozenset[Level]]) -> bool:
    return all(levels & other.get(name, levels) for name, levels in one.items())


def _levels(block: Block, head: RowHead) -> frozenset[str]:
    """Return the answers that a row tells of; none for a mean, which tells of all."""
    if head.statistic is Statistic.MEAN:
        return frozenset()
    return frozenset(map(str, block.question.boxes[head.level]) if _is_box(head) else [head.level])


def _asked(block: Block) -> tuple[str, bool]:
    return block.question.variable, block.question.responses


def counted(block: Block, table: Banner) -> Block:
    """Return a question whose bases are what its shares are of: people, or the answers given."""
    if not block.question.responses:
        return block
    breakdowns = dict.fromkeys(one.breakdown for one in table.columns if one.breakdown)
    people = replace(block.question, responses=False)
    (plain,) = banner(table.source, [people], tuple(breakdowns), over=dict(table.over)).blocks
    answers = (plain.figures.values * plain.figures.bases.weighted).sum(axis=1, keepdims=True)
    bases = replace(block.figures.bases, weighted=np.broadcast_to(answers, block.people.shape))
    return replace(block, figures=replace(block.figures, bases=bases))


@dataclass(slots=True)
class _System:
    """The weighted counts of a question and the sums that bind them.

    Attributes
    ----------
    values, facts, bases
        The weighted counts; what the rules ask of answers and of bases.
    sums
        What binds the counts.
    shown
        The cells that the table shows.
    published, unreleased
        The cells that a former table shows, and those that no table does.
    """

    values: dict[Key, float]
    facts: dict[Key, CellFacts]
    bases: dict[Key, CellFacts]
    sums: dict[Sum, None]
    shown: set[Key]
    published: set[Key]
    unreleased: set[Key]

    @classmethod
    def of(cls, block: Block, table: Banner, shares: _Shares) -> _System:
        values: dict[Key, float] = {}
        facts: dict[Key, CellFacts] = {}
        bases: dict[Key, CellFacts] = {}
        shown: set[Key] = set()
        figures, of = block.figures, block.figures.bases
        # The smallest effective size among the figures of a column.
        sizes = np.fmin.reduce(figures.effects()[1], axis=1).tolist()
        weights = (figures.values * of.weighted).tolist()
        people, seen = block.people.tolist(), block.shown.tolist()
        unit = np.eye(len(table.columns), dtype=np.int64)
        for place, column in enumerate(table.columns):
            effective = None if np.isnan(sizes[place]) else sizes[place]
            key = _key(_BASE, column)
            if not block.closed[place]:
                shown.add(key)
            if not block.answered[place]:
                values[key], bases[key] = 0.0, CellFacts(0, effective)
                continue
            largest = shares.largest(unit[place], table.columns)
            values[key] = weighted = float(of.weighted[place, 0])
            respondents = int(of.respondents[place, 0])
            bases[key] = CellFacts(respondents, effective, largest.get(_BASE))
            own = column.group.get(block.question.variable)
            for head, weight, count, is_shown in zip(
                block.heads, weights[place], people[place], seen[place], strict=True
            ):
                # A level among those of another is nobody, as every reader knows.
                is_level = own is not None and block.question.answers is Answers.LEVELS
                if head.statistic is Statistic.MEAN or (is_level and not count):
                    continue
                named = _key(_name(head), column)
                values[named] = weight
                facts[named] = CellFacts(round(count), effective, largest.get(_name(head)))
                if is_shown:
                    shown.add(named)
                if is_of_people(block) and own != head.level:
                    # Who did not choose follows from who did: it says as much.
                    other = _key(_not(head), column)
                    values[other] = max(0.0, weighted - weight)
                    facts[other] = CellFacts(
                        respondents - round(count), effective, largest.get(_not(head))
                    )
        sums = dict.fromkeys(_sums(block, table, values))
        return cls(values, facts, bases, sums, shown, set(), set())

    def know(self, former: _System) -> None:
        """Add a table of the same question that was published before."""
        _check_agreement(self, former)
        self.unreleased |= former.values.keys() - self.values.keys() - former.shown
        self.published |= former.shown
        self.unreleased -= self.published
        self.values = former.values | self.values
        self.facts = former.facts | self.facts
        self.bases = former.bases | self.bases
        self.sums = former.sums | self.sums

    def compare(
        self, columns: Sequence[Column], found: Iterable[Split], least: int, shares: _Shares
    ) -> None:
        """Add what columns make of each other: the groups that none shows, and the sums."""
        names = dict.fromkeys(name for name, *_ in self.values)
        for split in found:
            # A former table may not ask the question.
            if all(self._add(one, columns, names, shares) for one in (split.total, *split.parts)):
                self._split(split, names)
                few = [one for one in split.parts if 0 < self._people(one) < least]
                others = tuple(one for one in split.parts if self._people(one) >= least)
                # Small groups that are few even together: what holds them less the others.
                if len(few) > 1 and others and sum(map(self._people, few)) < least:
                    signs = np.sum([one.signs for one in few], axis=0)
                    together = Group((*split.total.name, f"few of {split.beside}"), signs)
                    self._add(together, columns, names, shares)
                    self._split(Split(split.total, (*others, together), split.beside), names)

    def _people(self, group: Group) -> int:
        return self.bases[(_BASE, *group.name)].n

    def _add(
        self, group: Group, columns: Sequence[Column], names: Iterable[str], shares: _Shares
    ) -> bool:
        """Add a group that no column shows; tell whether the columns that make it are known."""
        signs = {int(place): int(group.signs[place]) for place in np.flatnonzero(group.signs)}
        made = {name_of(columns[place].group): sign for place, sign in signs.items()}
        if not all((_BASE, *of) in self.bases for of in made):
            return False
        if (_BASE, *group.name) in self.bases:
            return True
        everybody, largest = self.bases[(_BASE,)], shares.largest(group.signs, columns)
        for name in names:
            facts = self.bases if name == _BASE else self.facts
            parts = {key: sign for of, sign in made.items() if (key := (name, *of)) in facts}
            count = sum(sign * facts[key].n for key, sign in parts.items())
            # The effective size of everybody, for as many people.
            size = everybody.n_effective and everybody.n_effective * count / everybody.n
            key = (name, *group.name)
            facts[key] = CellFacts(count, size, largest.get(name))
            weight = sum(sign * self.values[key] for key, sign in parts.items())
            self.values[key] = max(0.0, weight) if count else 0.0
            self.unreleased.add(key)
        return True

    def _split(self, split: Split, names: Iterable[str]) -> None:
        for name in names:
            parts = ((name, *one.name) for one in split.parts if self._people(one))
            found = Sum(
                (name, *split.total.name), tuple(key for key in parts if key in self.values)
            )
            if found.parts and found.total in self.values:
                self.sums[found] = None

    def causes(self, rules: Rules, on: Literal["base", "answer"]) -> dict[Key, Cause]:
        """Return the cells that say too much."""
        causes: dict[Key, Cause] = {}
        for base, cause in primary(self.bases, rules).items():
            causes[base] = cause
            causes |= {key: cause for key in self.facts if key[1:] == base[1:]}
        if on == "answer":
            causes |= primary(self.facts, rules)
        # A group of too few in a former table that showed it is no secret any more.
        return {key: cause for key, cause in causes.items() if key not in self.published}


class _Questions:
    """The questions of a table, some of whose cells are the same people.

    Two questions that have answers of the same people (one asked twice, two that are also
    breakdowns, a set and one of its columns) are protected together. Other questions share whole
    columns: what one hides of them, all do.
    """

    def __init__(
        self,
        table: Banner,
        systems: Sequence[_System],
        also: Mapping[str, Collection[Key]],
    ) -> None:
        self._systems = systems
        self._also = also
        self._blocks = table.blocks
        same: dict[People, list[tuple[int, Key]]] = {}
        for place, block in enumerate(table.blocks):
            for key, people in _people(block, table):
                if key in systems[place].values:
                    same.setdefault(people, []).append((place, key))
        self._same = [cells for cells in same.values() if len(cells) > 1]
        ties = [
            (first, other)
            for cells in self._same
            for first, other in itertools.pairwise([at for at, key in cells if key[0] != _BASE])
        ]
        size = len(systems)
        graph = coo_array(
            (np.ones(len(ties)), tuple(zip(*ties, strict=True)) or ((), ())), (size,) * 2
        )
        labels = connected_components(graph, directed=False)[1]
        self._families = [np.flatnonzero(labels == one).tolist() for one in np.unique(labels)]

    def protected(
        self, rules: Rules, on: Literal["base", "answer"], protection: float
    ) -> list[Pattern]:
        """Return what each question hides."""
        causes = [system.causes(rules, on) for system in self._systems]
        found = [Pattern({}, Audit(()))] * len(causes)
        left = self._families
        while left:
            for family in left:
                for place, pattern in self._solved(family, causes, protection):
                    found[place] = pattern
            told = [
                (place, key)
                for cells in self._same
                if any(
                    key in found[place].causes and self._tells_people(place, rules)
                    for place, key in cells
                )
                for place, key in cells
                if key not in found[place].causes
                and key not in causes[place]
                and key not in self._systems[place].published
            ]
            told += (
                (place, key)
                for place, block in enumerate(self._blocks)
                for key in self._also.get(block.question.variable, ())
                if key in self._systems[place].values
                and key not in found[place].causes
                and key not in causes[place]
            )
            for place, key in told:
                causes[place][key] = Cause.COMPLEMENTARY
            left = [one for one in self._families if any(place in one for place, _ in told)]
        return found

    def _tells_people(self, place: int, rules: Rules) -> bool:
        """Whether a question hides people; under a rule of dominance, numbers hide amounts."""
        return rules.dominance is None or (
            self._blocks[place].question.answers is not Answers.NUMBER
        )

    def _solved(
        self, family: Sequence[int], causes: Sequence[Mapping[Key, Cause]], protection: float
    ) -> Iterator[tuple[int, Pattern]]:
        """Protect some questions together, whose keys begin with their place."""
        systems = {str(place): self._systems[place] for place in family}
        alike = [[(str(at), *key) for at, key in cells if at in family] for cells in self._same]
        sums = [
            Sum((at, *one.total), tuple((at, *part) for part in one.parts))
            for at, system in systems.items()
            for one in system.sums
        ]
        sums += (Sum(cells[0], (other,)) for cells in alike for other in cells[1:])
        pattern = suppress(
            {
                (at, *key): value
                for at, system in systems.items()
                for key, value in system.values.items()
            },
            {(str(at), *key): cause for at in family for key, cause in causes[at].items()},
            sums,
            protection=protection,
            never={(at, *key) for at, system in systems.items() for key in system.published},
            unreleased={(at, *key) for at, system in systems.items() for key in system.unreleased},
            costs={
                (at, *key): _cost(key, value)
                for at, system in systems.items()
                for key, value in system.values.items()
            },
        )
        for at in systems:
            own = {key[1:]: cause for key, cause in pattern.causes.items() if key[0] == at}
            bounded = (one for one in pattern.audit.bounded if one.key[0] == at)
            audit = Audit(tuple(replace(one, key=one.key[1:]) for one in bounded))
            yield int(at), Pattern(own, audit)


def _people(block: Block, table: Banner) -> Iterator[tuple[Key, People]]:
    """Say who the people of each cell of a question are, by what is known of them."""
    question, sets = block.question, table.source.sets
    name = question.variable
    all_answered = not block.figures.bases.missing[0, 0]
    for column, answered in zip(table.columns, block.answered.tolist(), strict=True):
        if not answered:
            continue
        held = frozenset(
            (str(level), str(sets[each].counted)) if each in sets else (each, str(level))
            for each, level in column.group.items()
        ) | {
            (each, *sorted(map(str, levels)))
            for each, levels in table.over
            if each not in column.group
        }
        if not question.responses:
            is_known = all_answered or name in column.group
            yield _key(_BASE, column), held if is_known else held | {(name,)}
        for head in block.heads:
            if question.answers is Answers.CHOICES:
                yield _key(_name(head), column), held | {(head.level, str(sets[name].counted))}
            elif head.statistic is not Statistic.MEAN:
                levels = question.boxes.get(head.level, ()) if _is_box(head) else (head.level,)
                yield _key(_name(head), column), held | {(name, *sorted(map(str, levels)))}


@dataclass(frozen=True, slots=True)
class _Shares:
    """What each respondent adds to the counts of a question, by name; empty where not known."""

    table: Banner
    given: Mapping[str, Floats]

    @classmethod
    def of(cls, block: Block, table: Banner, rules: Rules) -> _Shares:
        source, question = table.source, block.question
        if rules.dominance is None or not isinstance(source, Sample):
            return cls(table, {})
        if question.answers is Answers.NUMBER:
            amounts = np.abs(np.nan_to_num(source.table.numbers(question.variable)))
            return cls(table, {_BASE: source.weights * amounts})
        held: dict[str, Booleans] = {}
        if question.answers is Answers.CHOICES:
            several = source.sets[question.variable]
            answered = np.zeros(len(source.weights), dtype=np.bool_)
            for name in several.variables:
                answered |= source.codes(name) != NO_LEVEL
            for head in block.heads:
                chosen = _carries(source, head.level, [several.counted])
                held |= {_name(head): chosen, _not(head): answered & ~chosen}
        else:
            answered = source.codes(question.variable) != NO_LEVEL
            for level in source.levels(question.variable):
                held[f"answer {level}"] = _carries(source, question.variable, [level])
            for label, levels in question.boxes.items():
                held[f"box {label}"] = _carries(source, question.variable, levels)
        held[_BASE] = answered
        return cls(table, {name: source.weights * one for name, one in held.items()})

    def largest(self, signs: Ints, columns: Sequence[Column]) -> dict[str, float]:
        """Return the share of the greatest contributor to each count of a group."""
        source = self.table.source
        if not isinstance(source, Sample) or not self.given:
            return {}
        times = sum(
            signs[place] * _within(source, kept(columns[place].group)).astype(np.int64)
            for place in np.flatnonzero(signs).tolist()
        )
        inside = _within(source, self.table.over) & np.equal(times, 1)
        found = {name: given[inside] for name, given in self.given.items()}
        return {name: one.max() / one.sum() for name, one in found.items() if one.any()}


def _carries(source: Sample, variable: str, levels: Iterable[Level]) -> Booleans:
    """Tell which respondents have one of some levels, shape (n,)."""
    known = source.levels(variable)
    places = [known.index(level) for level in levels if level in known]
    return np.isin(source.codes(variable), places)


def _within(source: Sample, over: Kept) -> Booleans:
    """Tell which respondents are in a domain, shape (n,)."""
    inside = np.ones(len(source.weights), dtype=np.bool_)
    for name, levels in over:
        inside &= _carries(source, name, levels)
    return inside


def _cost(key: Key, value: float) -> float:
    """Return what hiding a cell loses: a base takes its whole column along."""
    return 1 + abs(value) * (1000 if key[0] == _BASE else 1)


def _name(row: RowHead) -> str:
    """Return the name of a row in the sums; a box may be called like a level."""
    return f"box {row.level}" if _is_box(row) else f"answer {row.level}"


def _is_box(row: RowHead) -> bool:
    return row.statistic is Statistic.TOP_BOX


def is_of_people(block: Block) -> bool:
    """Whether the shares of several answers are of people, who chose each or did not."""
    return block.question.answers is Answers.CHOICES and not block.question.responses


def _not(row: RowHead) -> str:
    return f"not {row.level}"


def _parts(block: Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return what adds up inside a column."""
    levels = [row for row in block.heads if row.statistic is Statistic.PROPORTION]
    if is_of_people(block):
        yield from ((_BASE, (_name(row), _not(row))) for row in levels)
    elif levels:
        yield _BASE, tuple(_name(row) for row in levels)
    for label, held in block.question.boxes.items():
        yield f"box {label}", tuple(f"answer {level}" for level in held)


def _key(level: str, column: Column) -> Key:
    return (level, *name_of(column.group))


def _sums(block: Block, table: Banner, values: Mapping[Key, float]) -> Iterator[Sum]:
    for column in table.columns:
        for total, parts in _parts(block):
            known = (key for part in parts if (key := _key(part, column)) in values)
            found = Sum(_key(total, column), tuple(known))
            if found.total in values and found.parts:
                yield found


def _check_agreement(one: _System, former: _System) -> None:
    for key in one.values.keys() & former.values.keys():
        if abs(one.values[key] - former.values[key]) > 1e-6 * max(1.0, abs(one.values[key])):
            msg = (
                f"{key} is {one.values[key]:g} here and {former.values[key]:g} in a former table: "
                "they are not about the same people, or not with the same weights. Protect tables "
                "of one wave and one set of weights together."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg, cell=key)


def _hidden(
    block: Block, columns: Sequence[Column], hidden: frozenset[Key], incomplete: Collection[Key]
) -> Block:
    """Keep cells back; ``incomplete`` names the columns where answers of the question are."""
    keys = [[_key(_name(head), column) for head in block.heads] for column in columns]
    closed = np.array([_key(_BASE, column) in hidden for column in columns]) & block.answered
    kept_back = closed[:, None] | np.array([[key in hidden for key in own] for own in keys])
    # With the shown answers, a mean would give a hidden one away.
    means = np.array([head.statistic is Statistic.MEAN for head in block.heads])
    lacking = np.array([name_of(column.group) in incomplete for column in columns])
    kept_back |= means & (lacking[:, None] | kept_back.any(axis=1, keepdims=True))
    above = np.where(kept_back, "", block.above)
    letters: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        letters.setdefault(column.breakdown, []).append(column.letter)
    for row in np.flatnonzero(kept_back.any(axis=0)).tolist():
        # A letter would tell on which side a hidden figure lies.
        gone = {columns[place].letter for place in np.flatnonzero(kept_back[:, row]).tolist()}
        for place in np.flatnonzero(above[:, row] != "").tolist():
            among = letters[columns[place].breakdown]
            above[place, row] = without(above[place, row], gone, among)
    # A test is one more equation of its figures.
    given = {
        column.breakdown for column, kept in zip(columns, kept_back, strict=True) if kept.any()
    }
    tests = {breakdown: test for breakdown, test in block.tests.items() if breakdown not in given}
    hidden_figures = kept_back & block.answered[:, None]
    return replace(block, hidden=hidden_figures, closed=closed, above=above, tests=tests)
