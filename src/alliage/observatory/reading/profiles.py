"""What a release says of one group, of one item, and of the first items of a battery.

A profile makes many comparisons at once: what it tells of a question as established stands all
those of that question. See ``docs/algorithms/observatory-profiles.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.observatory.reading.differences import (
    Basis,
    IncomparableError,
    Verdict,
    difference,
    placed,
    student_test,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.observatory.reading.differences import Difference, PlacedCell
    from alliage.observatory.releases.values import (
        Breakdown,
        Cell,
        Covariance,
        Group,
        Head,
        Measure,
        Question,
        RankedItem,
        Ranking,
        Table,
    )

#: How many of the first items a profile tells.
FIRST = 3
MEAN = "mean"
TOP_BOX = "top box"


@dataclass(frozen=True, slots=True)
class Gap:
    """What a group has more, or less, than everybody.

    Attributes
    ----------
    value, error
        The difference and its standard error, in the unit of the figures.
    low, high
        Its interval; those of all the gaps of the question in the profile hold together.
    verdict
        What may be said beside all these gaps: the interval leaves zero out.
    basis
        Whether how the group varies with everybody is known, or the widest error was taken.
    """

    value: float
    error: float
    low: float
    high: float
    verdict: Verdict
    basis: Basis


@dataclass(frozen=True, slots=True)
class Standing:
    """An item of a battery in a group.

    Attributes
    ----------
    measure, mean
        Its mean mark.
    top
        The share of the highest marks, where the release has it.
    rank
        Its rank and the ranks possible; ``None`` where the group has no ranking.
    gap
        To everybody; ``None`` for everybody, and where a figure is not shown.
    """

    measure: Measure
    mean: Cell
    top: Cell | None
    rank: RankedItem | None
    gap: Gap | None

    @property
    def item(self) -> str:
        """The code of the item."""
        return self.measure.item


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of a question in a group, with its gap to everybody."""

    measure: Measure
    cell: Cell
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """A row of a question in each group, with its gap to everybody."""

    group: Group
    cell: Cell
    gap: Gap | None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A table with what comparing its cells needs.

    Attributes
    ----------
    head, table, covariance
        Of one release.
    whole
        The table without breakdown, for a table that has no column of everybody.
    """

    head: Head
    table: Table
    covariance: Covariance | None
    whole: Table | None = None

    @property
    def question(self) -> Question:
        """What was asked."""
        return next(one for one in self.head.questions if one.code == self.table.question)

    @property
    def breakdown(self) -> Breakdown:
        """How the population is cut."""
        return next(one for one in self.head.breakdowns if one.code == self.table.breakdown)

    def cell(self, measure: str, group: str) -> Cell | None:
        """Return a cell by its codes; ``None`` where the table has no such row or column."""
        rows = [one.code for one in self.question.measures]
        columns = [one.code for one in self.breakdown.groups]
        if measure not in rows or group not in columns:
            return None
        return self.table.rows[rows.index(measure)][columns.index(group)]


def gaps(source: Source, asked: Sequence[tuple[str, str]]) -> tuple[Gap | None, ...]:
    """Compare cells with those of everybody, all comparisons being taken together.

    Parameters
    ----------
    source : Source
        The table.
    asked : sequence of (measure, group)
        The codes of the cells that the profile compares.

    Returns
    -------
    tuple of Gap or None
        In the order asked; ``None`` where either figure is not shown, or there is no error.

    Notes
    -----
    A group is part of everybody: the variance of the difference takes their covariance into
    account. Where it is not kept, the standard error is at most the sum of both, which is taken.
    Intervals and verdicts hold together at the level of the release by Bonferroni's inequality.
    Source: Dunn (1961), JASA 56.
    """
    found = [_difference(source, measure, group) for measure, group in asked]
    made = sum(one is not None for one in found)
    return tuple(None if one is None else _gap(source, one, made) for one in found)


def standings(source: Source, group: str, ranking: Ranking | None) -> tuple[Standing, ...]:
    """Return the items of a battery in a group, by rank, then as the questionnaire has them.

    Parameters
    ----------
    source : Source
        The battery by the breakdown of the group.
    group : str
        The code of the group; empty for everybody.
    ranking : Ranking or None
        That of the group.
    """
    measures = [one for one in source.question.measures if one.statistic == MEAN and one.item]
    tops = {one.item: one for one in source.question.measures if one.statistic == TOP_BOX}
    ranks = {} if ranking is None else {one.item: one for one in ranking.items}
    compared = (
        gaps(source, [(one.code, group) for one in measures]) if group else (None,) * len(measures)
    )
    found = []
    for measure, gap in zip(measures, compared, strict=True):
        mean = source.cell(measure.code, group)
        if mean is None:
            continue
        top = tops.get(measure.item)
        found.append(
            Standing(
                measure,
                mean,
                None if top is None else source.cell(top.code, group),
                ranks.get(measure.item),
                gap,
            )
        )
    last = len(found) + 1
    return tuple(sorted(found, key=lambda one: one.rank.rank if one.rank else last))


def answers(source: Source, group: str) -> tuple[Answer, ...]:
    """Return every row of a question in a group, with its gap to everybody."""
    measures = source.question.measures
    compared = (
        gaps(source, [(one.code, group) for one in measures]) if group else (None,) * len(measures)
    )
    return tuple(
        Answer(measure, cell, gap)
        for measure, gap in zip(measures, compared, strict=True)
        if (cell := source.cell(measure.code, group)) is not None
    )


def across(source: Source, measure: str) -> tuple[GroupAnswer, ...]:
    """Return a row of a question in each group but everybody, with its gap to everybody."""
    groups = [one for one in source.breakdown.groups if one.code]
    compared = gaps(source, [(measure, one.code) for one in groups])
    return tuple(
        GroupAnswer(group, cell, gap)
        for group, gap in zip(groups, compared, strict=True)
        if (cell := source.cell(measure, group.code)) is not None
    )


def candidates(ranking: Ranking, first: int = FIRST) -> tuple[RankedItem, ...]:
    """Return the items that may be among the first ones, by rank.

    All the true ones are among them, at the level of the ranking.

    Examples
    --------
    >>> from alliage.observatory.releases.values import RankedItem, Ranking
    >>> items = (
    ...     RankedItem("a", 6.0, 1, 1, 1, 1.0),
    ...     RankedItem("b", 5.5, 2, 2, 3, 0.6),
    ...     RankedItem("c", 5.4, 3, 2, 3, 0.4),
    ... )
    >>> [one.item for one in candidates(Ranking("q", "", "", items, 0.95), first=2)]
    ['a', 'b', 'c']
    """
    return tuple(one for one in ranking.items if one.best <= first)


def are_settled(ranking: Ranking, first: int = FIRST) -> bool:
    """Tell whether the survey names the first items, whatever their order among them."""
    return bool(ranking.items) and len(candidates(ranking, first)) == first


def _difference(source: Source, measure: str, group: str) -> Difference | None:
    try:
        one = placed(source.head, source.table, measure, group)
        everybody, both = _everybody(source, measure)
        return difference(one, everybody, covariances=both)
    except IncomparableError:
        return None


def _everybody(
    source: Source, measure: str
) -> tuple[PlacedCell, tuple[Covariance | None, Covariance | None]]:
    if source.whole is None or any(not one.code for one in source.breakdown.groups):
        both = (source.covariance, source.covariance)
        return placed(source.head, source.table, measure, ""), both
    return placed(source.head, source.whole, measure, ""), (source.covariance, None)


def _gap(source: Source, one: Difference, made: int) -> Gap:
    degrees = math.inf if source.covariance is None else source.covariance.degrees
    # Bonferroni: the chance of an error is shared among the comparisons made.
    level = 1 - (1 - one.level) / made
    told = student_test(one.value, one.error, degrees=degrees, level=level)
    return Gap(one.value, one.error, told.low, told.high, told.verdict, one.basis)
