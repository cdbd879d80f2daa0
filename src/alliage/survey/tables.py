"""Banner tables: every question by every breakdown, with what is a real difference.

See ``docs/algorithms/survey-tables.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from alliage.survey.comparisons import Adjustment, alphabet, lettered
from alliage.survey.domains import groups as groups_of
from alliage.survey.domains import kept
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation import estimate
from alliage.survey.independence import rao_scott
from alliage.survey.requests import Choices, Mean, Proportion, Quotient, Scored
from alliage.survey.results import BaseRule, Reliability, Statistic
from alliage.survey.structure import summed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from alliage.survey.arrays import Floats
    from alliage.survey.domains import Domain, Kept
    from alliage.survey.estimation import Variance
    from alliage.survey.independence import Independence
    from alliage.survey.results import Estimate, Estimates, Provenance
    from alliage.survey.sample import Source
    from alliage.survey.table import Level, Variable

    #: A breakdown: a variable, or several whose levels are crossed.
    Breakdown: TypeAlias = str | tuple[str, ...]
    _Judge: TypeAlias = Callable[[Estimate], Reliability]


class Answers(StrEnum):
    """What a question holds: one level each, several, or a number."""

    LEVELS = "levels"
    CHOICES = "choices"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a table, and the rows that it gets.

    Attributes
    ----------
    variable
        A column, or the name of a set of columns for several answers.
    answers
        What it holds.
    boxes
        Groups of levels with a row of their own, by their label: ``{"agree": [4, 5]}``.
    points
        A score for each level, for a row of their mean.
    responses
        For several answers: whether shares are of all the answers given, else of the people who
        answered.
    """

    variable: str
    answers: Answers = Answers.LEVELS
    boxes: Mapping[str, Collection[Level]] = field(default_factory=dict)
    points: Mapping[Level, float] = field(default_factory=dict)
    responses: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    breakdown
        The variables of its breakdown; empty for everybody.
    group
        Their levels.
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
class TableRow:
    """A row of a table: a level, a box or a mean.

    Attributes
    ----------
    statistic
        What its figures are.
    level
        The level or the box; empty for a mean.
    label
        Its sentence.
    cells
        One for each column; ``None`` where nobody of the column is in the base.
    """

    statistic: Statistic
    level: str
    label: str
    cells: tuple[TableCell | None, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The people of a column who answered, counted and weighted; hidden with their figures."""

    respondents: int
    missing: int
    weighted: float
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A question of a table.

    Attributes
    ----------
    question
        What was asked.
    label
        Its sentence.
    bases
        One for each column; ``None`` where nobody answered.
    rows
        Its rows.
    tests
        For each breakdown of a question of levels, the test that the two are independent; absent
        where it cannot be made.
    """

    question: Question
    label: str
    bases: tuple[Base | None, ...]
    rows: tuple[TableRow, ...]
    tests: Mapping[tuple[str, ...], Independence]


@dataclass(frozen=True, slots=True)
class Banner:
    """A table of questions by breakdowns.

    Attributes
    ----------
    columns
        Everybody first, then each breakdown.
    blocks
        The questions, in their order.
    provenance
        How the figures were computed.
    adjustment
        How the tests of a row made together were taken into account.
    level
        Confidence of the letters in capitals.
    """

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    provenance: Provenance
    adjustment: Adjustment
    level: float

    def frame(self) -> pl.DataFrame:
        """Return one row for each figure, those on too small a base without their value."""
        return pl.DataFrame(list(self._records()), infer_schema_length=None)

    def _records(self) -> Iterator[dict[str, object]]:
        for block in self.blocks:
            for row in block.rows:
                for column, base, cell in zip(self.columns, block.bases, row.cells, strict=True):
                    yield _record(block, row, column, base, cell)


def banner(
    source: Source,
    questions: Sequence[Question | str],
    breakdowns: Sequence[Breakdown] = (),
    *,
    variables: Mapping[str, Variable] | None = None,
    over: Domain | None = None,
    variance: Variance = "calibrated",
    level: float = 0.95,
    loose: float | None = None,
    adjustment: Adjustment = Adjustment.HOLM,
    rule: BaseRule | None = None,
) -> Banner:
    """Cross every question with every breakdown.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    questions
        The questions, or their names; a set of columns is a question with several answers.
    breakdowns
        Variables, or tuples of variables whose levels are crossed.
    variables
        Labels of the variables and of their levels, by name.
    over
        The domain of the whole table.
    variance
        As for every estimate.
    level, loose
        Confidence of the letters in capitals, and of the small ones; none by default.
    adjustment
        How the differences between the columns of a breakdown, in a row, are taken together.
    rule
        When a figure is shown.

    Raises
    ------
    SurveyError
        As `alliage.survey.estimate`; ``REQUEST`` if nothing is asked.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> rows = {"likes": ["yes"] * 90 + ["no"] * 110, "sex": ["w"] * 80 + ["m"] * 120}
    >>> made = banner(sample(pl.DataFrame(rows), Design()), ["likes"], ["sex"])
    >>> [(column.labels, column.letter) for column in made.columns]
    [((), ''), (('m',), 'A'), (('w',), 'B')]
    >>> [
    ...     (
    ...         row.label,
    ...         [round(cell.estimate.value, 2) for cell in row.cells],
    ...         [cell.above for cell in row.cells],
    ...     )
    ...     for row in made.blocks[0].rows
    ... ]
    [('no', [0.55, 0.92, 0.0], ['', '', '']), ('yes', [0.45, 0.08, 1.0], ['', '', ''])]

    Everybody of column B said yes: a column without any variation is not compared.

    Notes
    -----
    All the figures of a row are estimated together: columns that share people, sets of answers and
    calibrated weights enter the error of each difference by the covariance.
    """
    asked = [_question(source, one) for one in questions]
    broken = [(one,) if isinstance(one, str) else tuple(one) for one in breakdowns]
    if not asked or len(set(broken)) != len(broken) or () in broken:
        msg = (
            f"{len(asked)} questions and the breakdowns {listed(broken)} were asked. Give a "
            "question at least, and each breakdown once."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    maker = _Maker(source, broken, dict(variables or {}), kept(over), variance)
    columns = maker.columns()
    judge = (rule or BaseRule()).judge
    letters = _Letters(columns, adjustment, level, loose)
    found = [maker.block(question, columns, letters, judge) for question in asked]
    blocks = tuple(block for block, _ in found)
    return Banner(columns, blocks, found[0][1], adjustment, level)


def _question(source: Source, asked: Question | str) -> Question:
    if isinstance(asked, str):
        several = asked in source.sets
        asked = Question(variable=asked, answers=Answers.CHOICES if several else Answers.LEVELS)
    if asked.answers is Answers.CHOICES and asked.variable not in source.sets:
        msg = (
            f"« {asked.variable} » is no set of columns. The sets are: "
            f"{listed(source.sets) or 'none'}. Declare the set, or ask one column."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=asked.variable)
    if asked.answers is not Answers.LEVELS and (asked.boxes or asked.points):
        msg = f"« {asked.variable} » has no single level: boxes and points are for levels."
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=asked.variable)
    return asked


@dataclass(frozen=True, slots=True)
class _Letters:
    """How the columns of a row are compared."""

    columns: tuple[Column, ...]
    adjustment: Adjustment
    level: float
    loose: float | None

    def of(self, items: Sequence[Estimate | None], covariance: Floats) -> list[str]:
        """Return the letters of each column; ``covariance`` is that of the columns."""
        above = [""] * len(items)
        of_breakdown = itertools.groupby(
            (
                place
                for place, (column, item) in enumerate(zip(self.columns, items, strict=True))
                if column.letter and item is not None and item.standard_error
            ),
            key=lambda place: self.columns[place].breakdown,
        )
        for _breakdown, group in of_breakdown:
            places = list(group)
            if len(places) < 2:
                continue
            chosen = [item for place in places if (item := items[place]) is not None]
            found = lettered(
                {str(place): item.value for place, item in zip(places, chosen, strict=True)},
                covariance[np.ix_(places, places)],
                degrees=min(item.degrees for item in chosen),
                adjustment=self.adjustment,
                level=self.level,
                loose=self.loose,
                letters={str(place): self.columns[place].letter for place in places},
            )
            for place in places:
                above[place] = found.above[str(place)]
        return above


@dataclass(frozen=True, slots=True)
class _Maker:
    """What all the questions of a table share."""

    source: Source
    breakdowns: Sequence[tuple[str, ...]]
    variables: Mapping[str, Variable]
    over: Kept
    variance: Variance

    def columns(self) -> tuple[Column, ...]:
        groups: list[tuple[tuple[str, ...], Mapping[str, Level]]] = []
        for breakdown in self.breakdowns:
            levels = self.source.cells(breakdown, ()).levels
            groups += (
                (breakdown, dict(zip(breakdown, group, strict=True)))
                for group in itertools.product(*(levels[name] for name in breakdown))
            )
        letters = alphabet(len(groups))
        return (
            Column((), {}, (), ""),
            *(
                Column(
                    breakdown,
                    group,
                    tuple(self._label(name, value) for name, value in group.items()),
                    next(letters),
                )
                for breakdown, group in groups
            ),
        )

    def block(
        self, question: Question, columns: tuple[Column, ...], letters: _Letters, judge: _Judge
    ) -> tuple[Block, Provenance]:
        asked = list(self._requests(question))
        found = [self._estimates(request) for request in asked]
        placed = [_placed(one, columns) for one in found]
        rows = [
            row
            for request, one, at in zip(asked, found, placed, strict=True)
            for row in self._rows(question, request, one, at, letters, judge)
        ]
        bases = _bases(found[0], placed[0])
        block = Block(question, self._title(question), bases, tuple(rows), self._tests(question))
        return block, found[0].provenance

    def _estimates(self, request: Quotient) -> Estimates:
        """Estimate a request for everybody and for each breakdown, all together."""
        asked = [replace(request, by=breakdown) for breakdown in ((), *self.breakdowns)]
        return estimate(self.source, *asked, variance=self.variance)

    def _requests(self, question: Question) -> Iterator[Quotient]:
        name = question.variable
        if question.answers is Answers.NUMBER:
            yield Mean(variable=name, over=self.over)
        elif question.answers is Answers.CHOICES:
            several = self.source.sets[name]
            yield Choices(
                variable=name,
                over=self.over,
                columns=several.variables,
                counted=several.counted,
                responses=question.responses,
            )
        else:
            yield Proportion(variable=name, over=self.over)
            for label, levels in question.boxes.items():
                points = dict.fromkeys(levels, 1.0)
                yield Scored(variable=name, over=self.over, points=points, label=label)
            if question.points:
                yield Scored(
                    variable=name,
                    over=self.over,
                    points=question.points,
                    statistic=Statistic.MEAN,
                )

    def _rows(
        self,
        question: Question,
        request: Quotient,
        found: Estimates,
        at: Mapping[str, list[int | None]],
        letters: _Letters,
        judge: _Judge,
    ) -> Iterator[TableRow]:
        counts = self._respondents(request, found)
        for level, places in at.items():
            items = [None if place is None else found[place] for place in places]
            above = [""] * len(items)
            if found.covariance is not None:
                above = letters.of(items, _of_columns(found.covariance, places))
            yield TableRow(
                request.statistic,
                level,
                self._row_label(question, request, level),
                tuple(
                    None
                    if item is None or place is None
                    else TableCell(item, mark, judge(item), counts[place])
                    for item, mark, place in zip(items, above, places, strict=True)
                ),
            )

    def _respondents(self, request: Quotient, found: Estimates) -> list[int | None]:
        """Return how many people gave the answer of each estimate; of a mean, nobody did."""
        if request.statistic is Statistic.MEAN:
            return [None] * len(found)
        counts: list[int | None] = []
        for breakdown in ((), *self.breakdowns):
            over = [name for name, _ in self.over]
            keys = tuple(dict.fromkeys((*request.needs()[0], *breakdown, *over)))
            cells = self.source.cells(keys, ())
            held = groups_of(cells, breakdown, self.over, request.answered(cells))
            given = request.scores(cells)[0][:, 0, :] * cells.respondents[:, None]
            counts += (round(value) for value in summed(held.of_cells, given, held.count).ravel())
        return counts

    def _row_label(self, question: Question, request: Quotient, level: str) -> str:
        if isinstance(request, Choices):
            described = self.variables.get(level)
            return described.label if described and described.label else level
        if isinstance(request, Proportion):
            described = self.variables.get(question.variable)
            labels = (
                {str(key): label for key, label in described.labels.items()} if described else {}
            )
            return labels.get(level, level)
        return level

    def _label(self, name: str, value: Level) -> str:
        described = self.variables.get(name)
        return described.labels.get(value, str(value)) if described else str(value)

    def _title(self, question: Question) -> str:
        several = self.source.sets.get(question.variable)
        described = self.variables.get(question.variable)
        label = several.label if several else described.label if described else ""
        return label or question.variable

    def _tests(self, question: Question) -> dict[tuple[str, ...], Independence]:
        found: dict[tuple[str, ...], Independence] = {}
        if question.answers is not Answers.LEVELS:
            return found
        for breakdown in self.breakdowns:
            if len(breakdown) > 1 or breakdown == (question.variable,):
                continue
            try:
                found[breakdown] = rao_scott(
                    self.source,
                    question.variable,
                    breakdown[0],
                    over=dict(self.over),
                    variance=self.variance,
                )
            except SurveyError as error:
                # One level only: there is nothing to test, and the table says nothing of it.
                if error.problem is not SurveyProblem.REQUEST:
                    raise
        return found


def _placed(found: Estimates, columns: Sequence[Column]) -> dict[str, list[int | None]]:
    """Return where the estimate of each level stands, for each column."""
    places = {
        (item.level, tuple(item.group.items())): place for place, item in enumerate(found.items)
    }
    return {
        level: [places.get((level, tuple(column.group.items()))) for column in columns]
        for level in dict.fromkeys(item.level for item in found)
    }


def _bases(found: Estimates, at: Mapping[str, list[int | None]]) -> tuple[Base | None, ...]:
    first = next(iter(at.values()))
    return tuple(
        None
        if place is None
        else Base(found[place].respondents, found[place].missing, found[place].weighted)
        for place in first
    )


def _of_columns(covariance: Floats, places: Sequence[int | None]) -> Floats:
    """Return the covariance of the columns; that of an absent one is never read."""
    at = np.array([0 if place is None else place for place in places])
    return np.asarray(covariance[np.ix_(at, at)], dtype=np.float64)


def _record(
    block: Block, row: TableRow, column: Column, base: Base | None, cell: TableCell | None
) -> dict[str, object]:
    shown = cell is not None and cell.is_shown
    item = cell.estimate if cell is not None and shown else None
    base = None if base is None or base.hidden else base
    return {
        "question": block.question.variable,
        "question_label": block.label,
        "statistic": row.statistic.value,
        "level": row.level,
        "level_label": row.label,
        "breakdown": " × ".join(column.breakdown),
        "group": " × ".join(map(str, column.group.values())),
        "group_label": " × ".join(column.labels),
        "letter": column.letter,
        "value": None if item is None else item.value,
        "standard_error": None if item is None else item.standard_error,
        "low": None if item is None else item.low,
        "high": None if item is None else item.high,
        "above": cell.above if cell is not None and shown else "",
        "respondents": None if base is None else base.respondents,
        "missing": None if base is None else base.missing,
        "weighted": None if base is None else base.weighted,
        "effective_size": None if item is None else item.effective_size,
        "reliability": cell.reliability.value if cell is not None and not cell.hidden else "",
    }
