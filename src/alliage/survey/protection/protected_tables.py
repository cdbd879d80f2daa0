"""Disclosure control of a whole banner: what leaves, and the proof that the rest stays.

See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from alliage.survey.errors import SurveyError, SurveyProblem
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
from alliage.survey.tables.letters import without
from alliage.survey.tables.questions import Answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alliage.survey.protection.disclosure import Key
    from alliage.survey.tables.banners import Banner
    from alliage.survey.tables.blocks import Block, Column, RowHead

#: The key of the people who answered, in the place of a level.
_BASE = ""
#: Weighted sums that differ by less, relatively, are the same.
_SAME = 1e-9


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
) -> Protected:
    """Hide what says too much of too few, and what would give it away.

    A reader of a table has its weighted bases and shares, hence weighted counts, which add up over
    the answers of a question, and over the groups of a breakdown when everybody is in one.

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

    Returns
    -------
    Protected
        The table, and the proof by question.

    Raises
    ------
    SurveyError
        If a cell cannot be protected: a former table gives it away.

    Notes
    -----
    A box is a sum of answers; who did not choose an answer follows from who did: both are in the
    proof. Means are hidden with their base.
    """
    patterns: dict[str, Pattern] = {}
    blocks = []
    for block in table.blocks:
        known = [
            _System.of(other, one)
            for one in former
            for other in one.blocks
            if other.question.variable == block.question.variable
        ]
        system = _System.of(block, table)
        pattern = system.protected(rules, on, known, protection)
        patterns[block.question.variable] = pattern
        blocks.append(_hidden(block, table.columns, pattern.hidden))
    return Protected(replace(table, blocks=tuple(blocks)), patterns)


@dataclass(frozen=True, slots=True)
class _System:
    """The weighted counts of a question and the sums that bind them."""

    values: Mapping[Key, float]
    facts: Mapping[Key, CellFacts]
    bases: Mapping[Key, CellFacts]
    sums: tuple[Sum, ...]
    shown: frozenset[Key]

    @classmethod
    def of(cls, block: Block, table: Banner) -> _System:
        values: dict[Key, float] = {}
        facts: dict[Key, CellFacts] = {}
        bases: dict[Key, CellFacts] = {}
        shown: set[Key] = set()
        figures, of = block.figures, block.figures.bases
        # The smallest effective size among the figures of a column.
        sizes = np.fmin.reduce(figures.effects()[1], axis=1).tolist()
        weights = (figures.values * of.weighted).tolist()
        people, seen = block.people.tolist(), block.shown.tolist()
        for place, column in enumerate(table.columns):
            effective = None if np.isnan(sizes[place]) else sizes[place]
            key = _key(_BASE, column)
            if not block.closed[place]:
                shown.add(key)
            if not block.answered[place]:
                values[key], bases[key] = 0.0, CellFacts(0, effective)
                continue
            values[key] = weighted = float(of.weighted[place, 0])
            respondents = int(of.respondents[place, 0])
            bases[key] = CellFacts(respondents, effective)
            for head, weight, count, is_shown in zip(
                block.heads, weights[place], people[place], seen[place], strict=True
            ):
                if head.statistic is Statistic.MEAN:
                    continue
                named = _key(_name(head), column)
                values[named] = weight
                facts[named] = CellFacts(round(count), effective)
                if is_shown:
                    shown.add(named)
                if block.question.answers is Answers.CHOICES:
                    # Who did not choose follows from who did: it says as much.
                    other = _key(_not(head), column)
                    values[other] = weighted - weight
                    facts[other] = CellFacts(respondents - round(count), effective)
        return cls(values, facts, bases, tuple(_sums(block, table, values)), frozenset(shown))

    def protected(
        self,
        rules: Rules,
        on: Literal["base", "answer"],
        former: Sequence[_System],
        protection: float,
    ) -> Pattern:
        causes: dict[Key, Cause] = {}
        for base, cause in primary(self.bases, rules).items():
            causes[base] = cause
            causes |= {key: cause for key in self.facts if key[1:] == base[1:]}
        if on == "answer":
            causes |= primary(self.facts, rules)
        values, sums, published = dict(self.values), list(self.sums), set[tuple[str, ...]]()
        for one in former:
            _check_agreement(self, one)
            values |= {key: value for key, value in one.values.items() if key not in values}
            sums += (each for each in one.sums if each not in sums)
            published |= one.shown
        # A group of too few in a former table that showed it is no secret any more.
        causes = {key: cause for key, cause in causes.items() if key not in published}
        return suppress(
            values,
            causes,
            sums,
            protection=protection,
            never=published,
            costs={key: _cost(key, value) for key, value in values.items()},
        )


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
    return (level, *(f"{name}={value}" for name, value in sorted(column.group.items())))


def _sums(block: Block, table: Banner, values: Mapping[Key, float]) -> Iterator[Sum]:
    for column in table.columns:
        for total, parts in _parts(block):
            found = Sum(_key(total, column), tuple(_key(part, column) for part in parts))
            if values.keys() >= {found.total, *found.parts}:
                yield found
    names = {name for total, parts in _parts(block) for name in (total, *parts)} | {_BASE}
    for wide, parts_of in _nested(table.columns):
        for name in sorted(names):
            held = (_key(name, part) for part in parts_of)
            found = Sum(_key(name, wide), tuple(key for key in held if key in values))
            # People without an answer to the finer breakdown are in no part: nothing adds up.
            if found.total in values and found.parts and _adds_up(found, values):
                yield found


def _nested(columns: Sequence[Column]) -> Iterator[tuple[Column, list[Column]]]:
    """Return each column with those of a finer breakdown that make it."""
    breakdowns = dict.fromkeys(column.breakdown for column in columns)
    for wide, fine in itertools.permutations(breakdowns, 2):
        if set(wide) < set(fine):
            for column in (one for one in columns if one.breakdown == wide):
                yield (
                    column,
                    [
                        one
                        for one in columns
                        if one.breakdown == fine and column.group.items() <= one.group.items()
                    ],
                )


def _adds_up(one: Sum, values: Mapping[Key, float]) -> bool:
    gap = abs(values[one.total] - sum(values[part] for part in one.parts))
    return gap <= _SAME * max(1.0, values[one.total])


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
    # A letter would tell on which side a hidden figure lies.
    above = np.where(kept_back, "", block.above)
    gone = {columns[place].letter for place in np.flatnonzero(closed).tolist()}
    for place, column in enumerate(columns if gone else ()):
        letters = [one.letter for one in columns if one.breakdown == column.breakdown]
        above[place] = [without(marks, gone, letters) for marks in above[place]]
    return replace(block, hidden=kept_back & block.answered[:, None], closed=closed, above=above)
