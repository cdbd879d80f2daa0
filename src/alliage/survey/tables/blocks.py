"""The blocks of a banner table: the figures of each question, by column.

A block holds its figures as arrays, which is what writers read; its cells are made one by one for
who reads them so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl

from alliage.survey.estimation.results import RELIABILITIES, SHARES, Reliability, Statistic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from alliage.survey.arrays import Booleans, Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.figures import Figures
    from alliage.survey.estimation.results import Estimate
    from alliage.survey.tables.independence import Independence
    from alliage.survey.tables.questions import Question


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    breakdown
        The variables or the sets of its breakdown; empty for everybody.
    group
        Their levels; for a set, the column that was chosen.
    labels
        The sentence of each level.
    letter
        Its letter; empty for everybody, who are compared with nobody.
    """

    breakdown: tuple[str, ...]
    group: Mapping[str, Level]
    labels: tuple[str, ...]
    letter: str


@dataclass(frozen=True, slots=True)
class RowHead:
    """What stands before a row of a table: a level, a box or a mean.

    Attributes
    ----------
    statistic
        What its figures are.
    level
        The level or the box; empty for a mean.
    label
        Its sentence.
    """

    statistic: Statistic
    level: str
    label: str

    @property
    def is_share(self) -> bool:
        """Whether its figures are shares."""
        return self.statistic in SHARES


@dataclass(frozen=True, slots=True)
class TableCell:
    """A figure of a table.

    Attributes
    ----------
    estimate
        The figure with its error and base.
    above
        Letters of the columns of its breakdown that it surely exceeds.
    reliability
        What the base rule says of it.
    respondents
        How many people gave the answer; ``None`` for a mean.
    hidden
        Whether disclosure control keeps it back.
    """

    estimate: Estimate
    above: str
    reliability: Reliability
    respondents: int | None
    hidden: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether an export may show it."""
        return not self.hidden and self.reliability is not Reliability.TOO_SMALL


@dataclass(frozen=True, slots=True)
class TableRow(RowHead):
    """A row of a table.

    Attributes
    ----------
    cells
        One for each column; ``None`` where nobody of the column is in the base.
    """

    cells: tuple[TableCell | None, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The people of a column who answered, counted and weighted; hidden with their figures."""

    respondents: int
    missing: int
    weighted: float
    hidden: bool = False


@dataclass(frozen=True, eq=False)
class Block:
    """A question of a table.

    Attributes
    ----------
    question
        What was asked.
    label
        Its sentence.
    heads
        What stands before its rows.
    figures
        Its figures, by column and row; of a column where nobody answered, they are unknown.
    people
        How many people gave each answer, NaN for a mean, shape (C, K).
    above
        Letters of the columns that each figure surely exceeds, shape (C, K).
    reliability
        What the base rule says of each figure, as `Reliability.place`, shape (C, K).
    hidden
        Figures that disclosure control keeps back, shape (C, K).
    closed
        Columns whose base it keeps back too, shape (C,).
    tests
        For each breakdown of a question of levels, the test that the two are independent; absent
        where it cannot be made.
    """

    question: Question
    label: str
    heads: tuple[RowHead, ...]
    figures: Figures
    people: Floats
    above: NDArray[np.object_]
    reliability: NDArray[np.int8]
    hidden: Booleans
    closed: Booleans
    tests: Mapping[tuple[str, ...], Independence]

    @cached_property
    def answered(self) -> Booleans:
        """Whether somebody of each column answered, shape (C,)."""
        return Showing([self]).answered[0, :]

    @cached_property
    def shown(self) -> Booleans:
        """Whether an export may show each figure, shape (C, K)."""
        return Showing([self]).figures

    @cached_property
    def opened(self) -> Booleans:
        """Whether an export may show the base of each column, shape (C,)."""
        return Showing([self]).bases[0, :]

    def told(self) -> dict[str, NDArray[Any]]:
        """Return what an export may say of each figure, by name, shape (C, K).

        Numbers are NaN, and texts empty, where it may not.
        """
        figures, bases = self.figures, self.figures.bases
        showing, reliability = Showing([self]), RELIABILITIES[self.reliability]
        shown, opened = showing.figures, showing.bases.T

        def where(told: Booleans, values: NDArray[Any]) -> NDArray[Any]:
            return np.where(told, values, "" if values.dtype == object else np.nan)

        return {
            "value": where(shown, figures.values),
            "standard_error": where(shown, figures.errors),
            "low": where(shown, figures.ends.low),
            "high": where(shown, figures.ends.high),
            "above": showing.letters,
            "respondents": where(opened, bases.respondents),
            "missing": where(opened, bases.missing),
            "weighted": where(opened, bases.weighted),
            "effective_size": where(shown, figures.effects()[1]),
            "reliability": where(showing.answered.T & ~self.hidden, reliability),
        }

    @cached_property
    def bases(self) -> tuple[Base | None, ...]:
        """The base of each column; ``None`` where nobody answered."""
        of = self.figures.bases
        parts = (of.respondents[:, 0], of.missing[:, 0], of.weighted[:, 0], self.closed)
        return tuple(
            Base(*base) if base[0] else None
            for base in zip(*(part.tolist() for part in parts), strict=True)
        )

    @cached_property
    def rows(self) -> tuple[TableRow, ...]:
        """The rows with their cells."""
        estimates = self.figures.estimates()
        told = (self.above, RELIABILITIES[self.reliability], self.people, self.hidden)
        parts = [each.tolist() for each in told]
        columns = [
            [
                TableCell(item, marks, judged, None if people != people else round(people), kept)
                for item, marks, judged, people, kept in zip(*own, strict=True)
            ]
            if answered
            else [None] * len(self.heads)
            for answered, *own in zip(self.answered.tolist(), estimates, *parts, strict=True)
        ]
        return tuple(
            TableRow(head.statistic, head.level, head.label, cells)
            for head, cells in zip(self.heads, zip(*columns, strict=True), strict=True)
        )


@dataclass(frozen=True, eq=False)
class Showing:
    """What an export may show of blocks side by side: the rule that all exports follow.

    Attributes
    ----------
    blocks
        Blocks of the same columns.
    """

    blocks: Sequence[Block]

    @cached_property
    def answered(self) -> Booleans:
        """Whether somebody of each column answered each question, shape (B, C)."""
        people = np.stack([block.figures.bases.respondents[:, 0] for block in self.blocks])
        return np.asarray(people > 0)

    @cached_property
    def bases(self) -> Booleans:
        """Whether the base of each column may be shown, shape (B, C)."""
        return np.asarray(self.answered & ~np.stack([block.closed for block in self.blocks]))

    @cached_property
    def figures(self) -> Booleans:
        """Whether each figure may be shown, shape (C, K)."""
        sizes = [len(block.heads) for block in self.blocks]
        hidden = beside(block.hidden for block in self.blocks)
        shown = self.answered.repeat(sizes, axis=0).T & ~hidden
        return np.asarray(shown & (self._reliability != Reliability.TOO_SMALL.place))

    @cached_property
    def weak(self) -> Booleans:
        """Whether each figure may be shown, to be read with caution, shape (C, K)."""
        return np.asarray(self.figures & (self._reliability == Reliability.CAUTION.place))

    @cached_property
    def letters(self) -> NDArray[np.object_]:
        """The letters of each figure that may be shown, shape (C, K)."""
        letters = beside(block.above for block in self.blocks)
        letters[~self.figures] = ""
        return letters

    @cached_property
    def _reliability(self) -> NDArray[np.int8]:
        return beside(block.reliability for block in self.blocks)


def beside(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Set arrays of the figures of blocks side by side, each of shape (C, K)."""
    return np.concatenate(list(parts), axis=1)


class Blocks(Sequence[Block]):
    """The blocks of a table, made when one of them is first read."""

    def __init__(self, count: int, make: Callable[[], Sequence[Block]]) -> None:
        self._count = count
        self._make = make

    @cached_property
    def _made(self) -> Sequence[Block]:
        return self._make()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Block: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Block]: ...
    def __getitem__(self, place: int | slice) -> Block | Sequence[Block]:
        return self._made[place]


#: What a frame says of each row and of each column.
_OF_ROWS = ("question", "question_label", "statistic", "level", "level_label")
_OF_COLUMNS = ("breakdown", "group", "group_label", "letter")


def frame_of(columns: Sequence[Column], blocks: Sequence[Block]) -> pl.DataFrame:
    """Return one row for each figure, those that are not shown without their value."""
    rows = [
        (block.question.variable, block.label, head.statistic.value, head.level, head.label)
        for block in blocks
        for head in block.heads
    ]
    heads = [
        (
            " × ".join(column.breakdown),
            " × ".join(map(str, column.group.values())),
            " × ".join(column.labels),
            column.letter,
        )
        for column in columns
    ]
    told = [block.told() for block in blocks]
    figures = {name: beside(one[name] for one in told).T.ravel() for name in told[0]}
    kinds = {"above": pl.String, "reliability": pl.String}
    people = pl.col("respondents", "missing").cast(pl.Int64)
    row, column = np.divmod(np.arange(len(rows) * len(columns)), len(columns))
    return pl.concat(
        [
            pl.DataFrame(rows, _OF_ROWS, orient="row")[row],
            pl.DataFrame(heads, _OF_COLUMNS, orient="row")[column],
            pl.DataFrame(figures, schema_overrides=kinds).fill_nan(None).with_columns(people),
        ],
        how="horizontal",
    )
