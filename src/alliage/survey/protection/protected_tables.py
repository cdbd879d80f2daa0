"""Disclosure control of a whole banner: what leaves, and the proof that the rest stays.

See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from alliage.survey.data.coding import NO_LEVEL
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.results import Statistic
from alliage.survey.protection.disclosure import (
    PERSONS,
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
    patterns: dict[str, Pattern] = {}
    blocks = []
    columns = {_key(_BASE, column): column for one in (table, *former) for column in one.columns}
    found = tuple(splits(table.source, table.over, tuple(columns.values())))
    for block in table.blocks:
        shares = _Shares.of(block, table, rules)
        system = _System.of(block, table, shares)
        for one in former:
            for other in one.blocks:
                if other.question.variable == block.question.variable:
                    system.know(_System.of(other, one, _Shares.of(other, one, rules)))
        system.compare(tuple(columns.values()), found, rules.least, shares)
        if rounding is not None:
            places = [
                [_key(name, column) for name in (_BASE, *map(_name, block.heads))]
                for column in table.columns
            ]
            blocks.append(rounded(block, places, system.values, system.sums, rounding))
            continue
        pattern = system.protected(rules, on, protection)
        patterns[block.question.variable] = pattern
        others = also.get(block.question.variable, ())
        blocks.append(_hidden(block, table.columns, pattern.hidden.union(others)))
    return Protected(replace(table, blocks=tuple(blocks), rounding=rounding), patterns)


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
            for head, weight, count, is_shown in zip(
                block.heads, weights[place], people[place], seen[place], strict=True
            ):
                if head.statistic is Statistic.MEAN:
                    continue
                named = _key(_name(head), column)
                values[named] = weight
                facts[named] = CellFacts(round(count), effective, largest.get(_name(head)))
                if is_shown:
                    shown.add(named)
                if block.question.answers is Answers.CHOICES:
                    # Who did not choose follows from who did: it says as much.
                    other = _key(_not(head), column)
                    values[other] = weighted - weight
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

    def protected(self, rules: Rules, on: Literal["base", "answer"], protection: float) -> Pattern:
        causes: dict[Key, Cause] = {}
        for base, cause in primary(self.bases, rules).items():
            causes[base] = cause
            causes |= {key: cause for key in self.facts if key[1:] == base[1:]}
        if on == "answer":
            causes |= primary(self.facts, rules)
        # A group of too few in a former table that showed it is no secret any more.
        causes = {key: cause for key, cause in causes.items() if key not in self.published}
        return suppress(
            self.values,
            causes,
            self.sums,
            protection=protection,
            never=self.published,
            unreleased=self.unreleased,
            costs={key: _cost(key, value) for key, value in self.values.items()},
        )


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
    return f"box {row.level}" if row.statistic is Statistic.TOP_BOX else f"answer {row.level}"


def _not(row: RowHead) -> str:
    return f"not {row.level}"


def _parts(block: Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return what adds up inside a column."""
    levels = [row for row in block.heads if row.statistic is Statistic.PROPORTION]
    if block.question.answers is Answers.CHOICES:
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
            found = Sum(_key(total, column), tuple(_key(part, column) for part in parts))
            if values.keys() >= {found.total, *found.parts}:
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


def _hidden(block: Block, columns: Sequence[Column], hidden: frozenset[Key]) -> Block:
    keys = [[_key(_name(head), column) for head in block.heads] for column in columns]
    closed = np.array([_key(_BASE, column) in hidden for column in columns]) & block.answered
    kept_back = closed[:, None] | np.array([[key in hidden for key in own] for own in keys])
    # With the shown answers, a mean would give a hidden one away.
    means = np.array([head.statistic is Statistic.MEAN for head in block.heads])
    kept_back |= means & kept_back.any(axis=1, keepdims=True)
    # A letter would tell on which side a hidden figure lies.
    above = np.where(kept_back, "", block.above)
    gone = {columns[place].letter for place in np.flatnonzero(closed).tolist()}
    for place, column in enumerate(columns if gone else ()):
        letters = [one.letter for one in columns if one.breakdown == column.breakdown]
        above[place] = [without(marks, gone, letters) for marks in above[place]]
    return replace(block, hidden=kept_back & block.answered[:, None], closed=closed, above=above)
