"""Banner tables: every question by every breakdown, with what is a real difference.

See ``docs/algorithms/survey-tables.md``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
import polars as pl

from alliage.survey.comparison.comparisons import Adjustment
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.domains import groups as groups_of
from alliage.survey.estimation.domains import kept, labels_of, nobody
from alliage.survey.estimation.estimates import figures, provenance
from alliage.survey.estimation.requests import Choices, Mean, Proportion, Quotient, Scored
from alliage.survey.estimation.results import BaseRule, Reliability, Statistic
from alliage.survey.sampling.sample import Sample
from alliage.survey.sampling.structure import summed
from alliage.survey.tables.crossing import crossings
from alliage.survey.tables.crosstabs import Asked, Crosstab, Crosstabs, drawn_directly
from alliage.survey.tables.independence import rao_scott
from alliage.survey.tables.letters import LetterRule, alphabet
from alliage.survey.threads import small_products, together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from alliage.survey.arrays import Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.data.table import Variable
    from alliage.survey.estimation.domains import Domain, Kept
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.figures import Figures
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import Estimate, Provenance
    from alliage.survey.sampling.sample import Source
    from alliage.survey.tables.independence import Independence

    #: A breakdown: a variable, or several whose levels are crossed.
    Breakdown: TypeAlias = str | tuple[str, ...]
    _Judge: TypeAlias = Callable[[Estimate], Reliability]
    _ByBreakdown: TypeAlias = dict[tuple[str, ...], "_Crossed"]

#: Confidence of the intervals.
LEVEL = 0.95


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
    points: Mapping[Any, float] = field(default_factory=dict)
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
    titles
        What the variables of the breakdowns are called.
    """

    columns: tuple[Column, ...]
    blocks: Sequence[Block]
    provenance: Provenance
    adjustment: Adjustment
    level: float
    titles: Mapping[str, str] = field(default_factory=dict)

    def frame(self) -> pl.DataFrame:
        """Return one row for each figure, those on too small a base without their value."""
        return pl.DataFrame(list(self._records()), infer_schema_length=None)

    def _records(self) -> Iterator[dict[str, object]]:
        for block in self.blocks:
            for row in block.rows:
                for column, base, cell in zip(self.columns, block.bases, row.cells, strict=True):
                    yield _record(block, row, column, base, cell)


@small_products
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
        Labels of the variables and of their levels, by name; those of the source if not given.
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
    if isinstance(questions, str) or isinstance(breakdowns, str):
        msg = "Questions and breakdowns are lists. Put the one that you ask in brackets."
        raise SurveyError(SurveyProblem.REQUEST, msg)
    asked = [_question(source, one) for one in questions]
    broken = [(one,) if isinstance(one, str) else tuple(one) for one in breakdowns]
    if not asked or len(set(broken)) != len(broken) or () in broken:
        msg = (
            f"{len(asked)} questions and the breakdowns {listed(broken)} were asked. Give a "
            "question at least, and each breakdown once."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    described = source.variables if variables is None else variables
    maker = _Maker(source, broken, described, kept(over), variance)
    columns = maker.columns()
    writer = _Writer(
        maker, columns, (rule or BaseRule()).judge, LetterRule(adjustment, level, loose)
    )
    blocks = Blocks([partial(writer.block, *each) for each in maker.crossed(asked)])
    told = provenance(source, level=LEVEL, fixed=variance == "fixed")
    names = dict.fromkeys(itertools.chain.from_iterable(broken))
    titles = {name: described[name].label or name for name in names if name in described}
    return Banner(columns, blocks, told, adjustment, level, titles)


def _question(source: Source, asked: Question | str) -> Question:
    if isinstance(asked, str):
        several = asked in source.sets
        asked = Question(variable=asked, answers=Answers.CHOICES if several else Answers.LEVELS)
    if asked.answers not in tuple(Answers):
        msg = (
            f"« {asked.answers} » is no kind of answers of « {asked.variable} ». Name one of: "
            f"{listed(Answers)}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=asked.variable)
    asked = replace(asked, answers=Answers(asked.answers))
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


class Blocks(Sequence["Block"]):
    """The blocks of a table: each is written out when it is first read, and kept."""

    def __init__(self, makers: Sequence[Callable[[], Block]]) -> None:
        self._makers = makers
        self._made: dict[int, Block] = {}

    def __len__(self) -> int:
        return len(self._makers)

    @overload
    def __getitem__(self, place: int) -> Block: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Block, ...]: ...
    def __getitem__(self, place: int | slice) -> Block | tuple[Block, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        at = range(len(self))[place]
        if at not in self._made:
            self._made[at] = self._makers[at]()
        return self._made[at]


@dataclass(frozen=True, slots=True, eq=False)
class _Crossed:
    """The rows of a question by a breakdown, among those of others.

    Attributes
    ----------
    rows
        Which rows are those of the question.
    every
        All the rows, by group.
    every_covariance
        Gives that of the groups, row by row, shape (K, G, G).
    every_count
        Respondents who gave the answer of each row, shape (G, K).
    test
        Tests that question and breakdown are independent.
    """

    rows: slice
    every: Figures
    every_covariance: Callable[[], Floats]
    every_count: Floats
    test: Callable[[], Independence | None]

    @property
    def figures(self) -> Figures:
        """The figures of the question."""
        return self.every.columns(self.rows)

    @property
    def covariance(self) -> Floats:
        """Their covariance."""
        return self.every_covariance()[self.rows]

    @property
    def people(self) -> Floats:
        """The respondents who gave each answer."""
        return self.every_count[:, self.rows]


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
            levels = {name: self._levels(name) for name in breakdown}
            of_breakdown = labels_of(levels, breakdown)
            if not of_breakdown:
                raise nobody(breakdown, self.over)
            groups += ((breakdown, group) for group in of_breakdown)
        letters = alphabet(len(groups))
        return (
            Column((), {}, (), ""),
            *(
                Column(
                    breakdown,
                    group,
                    tuple(self.label(name, value) for name, value in group.items()),
                    next(letters),
                )
                for breakdown, group in groups
            ),
        )

    def _levels(self, name: str) -> tuple[Level, ...]:
        if isinstance(self.source, Sample):
            return self.source.levels(name)
        return self.source.cells((name,), ()).levels[name]

    def crossed(self, asked: Sequence[Question]) -> Iterator[tuple[Question, _ByBreakdown]]:
        """Cross every question with everybody and with every breakdown."""
        fast = [one for one in asked if self._is_counted(one)]
        together = dict(zip(map(id, fast), self._together(fast), strict=False))
        for one in asked:
            yield one, together.get(id(one)) or self._alone(one)

    def _is_counted(self, question: Question) -> bool:
        """Tell whether the rows of a question are counts of respondents over their number."""
        if question.answers is Answers.CHOICES:
            return not question.responses
        return question.answers is Answers.LEVELS

    def _everybody(self) -> list[tuple[str, ...]]:
        return [(), *self.breakdowns]

    def _together(self, asked: Sequence[Question]) -> list[_ByBreakdown]:
        """Cross questions all at once, where respondents were drawn directly."""
        source = self.source
        if not asked or not isinstance(source, Sample) or drawn_directly(source) is None:
            return []
        rows = len(source.place)
        sort = partial(crossings, source, self._everybody(), [name for name, _ in self.over])
        names = [one.variable for one in asked if one.answers is Answers.LEVELS]
        sorted_by, _ = together(sort, partial(source.code, names), rows=rows)
        if sorted_by is None:
            return []
        found: list[_ByBreakdown] = [{} for _ in asked]
        parts = [self._asked(source, one) for one in asked]
        for crossing in sorted_by:
            step = crossing.questions_at_once()
            for first in range(0, len(asked), step):
                some = parts[first : first + step]
                tabs = Crosstabs.of(
                    source, crossing, list(itertools.chain.from_iterable(some)), self.over,
                    level=LEVEL, fixed=self.variance == "fixed",
                )  # fmt: skip
                degrees = tabs.design_degrees()
                ends = [0, *itertools.accumulate(map(len, some))]
                made = tabs.by_each(crossing.breakdowns)
                for breakdown, tab in zip(crossing.breakdowns, made, strict=True):
                    for own, (start, end) in zip(
                        found[first:], itertools.pairwise(ends), strict=False
                    ):
                        own[breakdown] = _of_question(tabs, tab, slice(start, end), degrees)
        return found

    def _asked(self, source: Sample, question: Question) -> list[Asked]:
        if question.answers is Answers.CHOICES:
            return Asked.of_choices(source, self._choices(question))
        coded = source.coded(question.variable)
        return [Asked.of_levels(coded, tuple(self._of_levels(question)))]

    def _alone(self, question: Question) -> _ByBreakdown:
        """Cross a question, one breakdown after the other."""
        requests = tuple(self.requests(question))
        found: _ByBreakdown = {}
        for breakdown in self._everybody():
            asked = [replace(request, by=breakdown) for request in requests]
            of_rows, covariance = figures(self.source, asked, level=LEVEL, variance=self.variance)
            people = np.concatenate([self._people(one, of_rows) for one in asked], axis=1)
            test = partial(self._test, question, breakdown)
            found[breakdown] = _Crossed(
                slice(None), of_rows, lambda found=covariance: found, people, test
            )
        return found

    def _test(self, question: Question, breakdown: tuple[str, ...]) -> Independence | None:
        try:
            return rao_scott(
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
            return None

    def _people(self, request: Quotient, found: Figures) -> Floats:
        """Return how many people gave each answer, shape (G, L)."""
        names = (*request.needs()[0], *request.by, *(name for name, _ in request.over))
        if request.statistic is Statistic.MEAN:
            return np.full((len(found.groups), 1), np.nan)
        cells = self.source.cells(tuple(dict.fromkeys(names)), ())
        held = groups_of(cells, request.by, request.over, request.answered(cells))
        given = request.scores(cells)[0][:, 0, :] * cells.respondents[:, None]
        return summed(held.of_cells, given, held.count)

    def requests(self, question: Question) -> Iterator[Quotient]:
        """Return what is asked of a question, in the order of its rows."""
        name = question.variable
        if question.answers is Answers.NUMBER:
            yield Mean(variable=name, over=self.over)
        elif question.answers is Answers.CHOICES:
            yield self._choices(question)
        else:
            yield from self._of_levels(question)

    def _choices(self, question: Question) -> Choices:
        several = self.source.sets[question.variable]
        return Choices(
            variable=question.variable,
            over=self.over,
            columns=several.variables,
            counted=several.counted,
            responses=question.responses,
        )

    def _of_levels(self, question: Question) -> Iterator[Proportion | Scored]:
        name = question.variable
        yield Proportion(variable=name, over=self.over)
        for label, levels in question.boxes.items():
            points = dict.fromkeys(levels, 1.0)
            yield Scored(variable=name, over=self.over, points=points, label=label)
        if question.points:
            yield Scored(
                variable=name, over=self.over, points=question.points, statistic=Statistic.MEAN
            )

    def row_label(self, request: Request, level: str) -> str:
        """Return the sentence of a row."""
        if isinstance(request, Choices):
            described = self.variables.get(level)
            return described.label if described and described.label else level
        if isinstance(request, Proportion):
            described = self.variables.get(request.variable)
            labels = (
                {str(key): label for key, label in described.labels.items()} if described else {}
            )
            return labels.get(level, level)
        return level

    def label(self, name: str, value: Level) -> str:
        """Return the sentence of a level."""
        described = self.variables.get(name)
        return described.labels.get(value, str(value)) if described else str(value)

    def title(self, question: Question) -> str:
        """Return the sentence of a question."""
        several = self.source.sets.get(question.variable)
        described = self.variables.get(question.variable)
        label = several.label if several else described.label if described else ""
        return label or question.variable


def _of_question(tabs: Crosstabs, tab: Crosstab, questions: slice, degrees: float) -> _Crossed:
    answers = tabs.answers.of_question(questions.start)
    return _Crossed(
        tabs.rows.of_questions(questions),
        tab.figures,
        tab.covariance,
        tab.people,
        lambda: tab.independence([questions.start], [answers], degrees)[0],
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the blocks of a table out."""

    maker: _Maker
    columns: tuple[Column, ...]
    judge: _Judge
    rule: LetterRule

    def block(self, question: Question, crossed: _ByBreakdown) -> Block:
        everybody = crossed[()].figures
        cells: list[list[TableCell | None]] = [[] for _ in everybody.labels]
        bases: list[Base | None] = []
        for breakdown, group in itertools.groupby(self.columns, lambda column: column.breakdown):
            for base, figures_of in self._columns(crossed[breakdown], list(group)):
                bases.append(base)
                for row, cell in zip(cells, figures_of, strict=True):
                    row.append(cell)
        rows = (
            TableRow(request.statistic, label, self.maker.row_label(request, label), tuple(own))
            for request, label, own in zip(everybody.requests, everybody.labels, cells, strict=True)
        )
        tests = self._tests(question, crossed)
        return Block(question, self.maker.title(question), tuple(bases), tuple(rows), tests)

    def _columns(
        self, crossed: _Crossed, columns: Sequence[Column]
    ) -> Iterator[tuple[Base | None, Sequence[TableCell | None]]]:
        """Yield the base and the cells of each column of a breakdown."""
        found, of_people = crossed.figures, crossed.people
        places = {tuple(group.values()): place for place, group in enumerate(found.groups)}
        letters = {tuple(column.group.values()): column.letter for column in columns}
        above = self.rule.above(
            found.values.T,
            crossed.covariance,
            [letters[group] for group in places],
            errors=found.errors.T,
            degrees=found.bases.degrees.T,
        )
        estimates = found.estimates()
        for column in columns:
            place = places.get(tuple(column.group.values()))
            if place is None or not found.bases.respondents[place, 0]:
                yield None, [None] * len(found.labels)
                continue
            first = estimates[place][0]
            people = of_people[place].tolist()
            yield (
                Base(first.respondents, first.missing, first.weighted),
                [
                    TableCell(item, marks[place], self.judge(item), _number(request, count))
                    for request, item, marks, count in zip(
                        found.requests, estimates[place], above, people, strict=True
                    )
                ],
            )

    def _tests(
        self, question: Question, crossed: _ByBreakdown
    ) -> dict[tuple[str, ...], Independence]:
        if question.answers is not Answers.LEVELS:
            return {}
        made = {
            breakdown: crossed[breakdown].test()
            for breakdown in self.maker.breakdowns
            if len(breakdown) == 1 and breakdown != (question.variable,)
        }
        return {breakdown: test for breakdown, test in made.items() if test is not None}


def _number(request: Request, people: float) -> int | None:
    """Return how many people gave an answer; of a mean, nobody did."""
    return None if request.statistic is Statistic.MEAN else round(people)


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
