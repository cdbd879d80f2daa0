"""Banner tables: every question by every breakdown, with what is a real difference.

See ``docs/algorithms/survey-tables.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from alliage.survey.comparison.comparisons import Adjustment
from alliage.survey.data.coding import UnseenLevelError
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.domains import columns_of, kept, labels_of, nobody
from alliage.survey.estimation.domains import groups as groups_of
from alliage.survey.estimation.estimates import figures, provenance
from alliage.survey.estimation.figures import Figures
from alliage.survey.estimation.requests import Choices, Mean, Proportion, Quotient, Scored
from alliage.survey.estimation.results import BaseRule, Reliability, Statistic
from alliage.survey.sampling.sample import Sample, check_source
from alliage.survey.sampling.structure import summed
from alliage.survey.tables.blocks import Block, Blocks, Column, RowHead, frame_of
from alliage.survey.tables.crossing import crossings
from alliage.survey.tables.crosstabs import Asked, Crosstabs, drawn_directly
from alliage.survey.tables.independence import rao_scott
from alliage.survey.tables.letters import LetterRule, alphabet
from alliage.survey.tables.questions import Answers, Question, question_of, ranked
from alliage.survey.threads import small_products

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Booleans, Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.data.table import MultiResponse, Variable
    from alliage.survey.estimation.domains import Domain, Kept
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.figures import Places
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import Provenance
    from alliage.survey.sampling.sample import Source
    from alliage.survey.tables.crossing import SortedRows
    from alliage.survey.tables.crosstabs import Crosstab
    from alliage.survey.tables.independence import Independence
    from alliage.survey.tables.questions import Breakdown

#: Confidence of the intervals.
LEVEL = 0.95


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
    level, loose
        Confidence of the letters in capitals, and of the small ones, which may be none.
    source, over
        The respondents and the domain: disclosure control reads there how the columns overlap.
    titles
        What the variables of the breakdowns are called.
    rounding
        What its counts are multiples of; ``None`` where they are exact.
    unproven
        Whether it was published although other tables may give away what it keeps back.
    """

    columns: tuple[Column, ...]
    blocks: Sequence[Block]
    provenance: Provenance
    adjustment: Adjustment
    level: float
    source: Source = field(repr=False)
    over: Kept = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    rounding: int | None = None
    unproven: bool = False
    loose: float | None = None

    def frame(self) -> pl.DataFrame:
        """Return one row for each figure, those on too small a base without their value."""
        found = frame_of(self.columns, self.blocks)
        if self.rounding is None:
            return found
        return found.with_columns(pl.lit(self.rounding).alias("rounding"))


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
        The questions, or their names; a set of columns is a question with several answers. A name
        alone asks for the mean of a numeric scale, and of numbers with decimals or with more than
        40 values that nothing describes as levels; give a `Question` to say it yourself.
    breakdowns
        Variables, or tuples of variables whose levels are crossed; a set of columns is a variable
        whose levels are its columns: those who chose each, who may be in several.
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
    check_source(source)
    if isinstance(questions, str) or isinstance(breakdowns, str):
        msg = "Questions and breakdowns are lists. Put the one that you ask in brackets."
        raise SurveyError(SurveyProblem.REQUEST, msg)
    broken = [(one,) if isinstance(one, str) else tuple(one) for one in breakdowns]
    if not questions or len(set(broken)) != len(broken) or () in broken:
        msg = (
            f"{len(questions)} questions and the breakdowns {listed(broken)} were asked. Give a "
            "question at least, and each breakdown once."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    described = source.variables if variables is None else variables
    maker = _Maker(source, broken, described, kept(over), variance)
    columns = maker.columns()
    try:
        asked, crossed = maker.crossed(questions, columns, sure=False)
    except UnseenLevelError:
        asked, crossed = maker.crossed(questions, columns, sure=True)
    writer = _Writer(
        maker,
        asked,
        columns,
        crossed,
        rule or BaseRule(),
        LetterRule(adjustment, level, loose),
    )
    blocks = Blocks(len(asked), writer.blocks)
    told = provenance(source, level=LEVEL, fixed=variance == "fixed")
    names = dict.fromkeys(itertools.chain.from_iterable(broken))
    titles = {name: maker.title(name) for name in names}
    return Banner(columns, blocks, told, adjustment, level, source, maker.over, titles, loose=loose)


@dataclass(frozen=True, slots=True, eq=False)
class _Crossed:
    """Some questions by a breakdown.

    Attributes
    ----------
    breakdown
        The breakdown.
    widths
        How many rows each question has, by its place in the table, in the order of the rows.
    figures
        The rows of the questions, by group.
    covariance
        Gives that of the groups, row by row, shape (K, G, G).
    people
        Respondents who gave the answer of each row, shape (G, K).
    tests
        Test that questions and the breakdown are independent, by the place of the question; those
        that cannot be tested are absent.
    """

    breakdown: tuple[str, ...]
    widths: Mapping[int, int]
    figures: Figures
    covariance: Callable[[], Floats]
    people: Floats
    tests: Callable[[], Mapping[int, Independence]]


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
        """Return the levels of a variable, or the columns of a set."""
        if name in self.source.sets:
            return self.source.sets[name].variables
        if isinstance(self.source, Sample):
            return self.source.levels(name)
        return self.source.cells((name,), ()).levels[name]

    def _sorted_rows(
        self, questions: Sequence[Question | str], *, sure: bool
    ) -> list[SortedRows] | None:
        """Sort respondents who were drawn directly, and rank their answers."""
        source = self.source
        if not isinstance(source, Sample) or drawn_directly(source) is None:
            return None
        rows = crossings(source, self._everything(), [name for name, _ in self.over])
        names = [one for each in questions for one in ranked(source.table, each)]
        rank = source.code if sure or rows is None else source.rank
        rank(names)
        return rows

    def _everything(self) -> list[tuple[str, ...]]:
        return [(), *self.breakdowns]

    def crossed(
        self, questions: Sequence[Question | str], columns: Sequence[Column], *, sure: bool
    ) -> tuple[list[Question], list[_Crossed]]:
        """Cross every question with everybody and with every breakdown.

        Levels may be supposed from the first rows, unless they are to be ``sure``.

        Raises
        ------
        UnseenLevelError
            For an answer that is none of them.
        """
        rows = self._sorted_rows(questions, sure=sure)
        asked = [question_of(self.source, one) for one in questions]
        counted = {place: one for place, one in enumerate(asked) if self._is_counted(one)}
        found = self._together(counted, rows or [])
        done = counted if found else ()
        for place, one in enumerate(asked):
            if place not in done:
                for breakdown in self._everything():
                    own = [each.group for each in columns if each.breakdown == breakdown]
                    found.append(self._alone(place, one, breakdown, own))
        return asked, found

    def _sets(self, breakdown: tuple[str, ...]) -> dict[str, MultiResponse]:
        """Return the sets of columns of a breakdown, by name."""
        return {name: self.source.sets[name] for name in breakdown if name in self.source.sets}

    def _is_counted(self, question: Question) -> bool:
        """Tell whether the rows of a question are counts of respondents over their number."""
        if question.answers is Answers.CHOICES:
            return not question.responses
        return question.answers is Answers.LEVELS

    def _together(
        self, asked: Mapping[int, Question], rows: Sequence[SortedRows]
    ) -> list[_Crossed]:
        """Cross questions all at once, where respondents were sorted."""
        source = self.source
        if not asked or not isinstance(source, Sample):
            return []
        found: list[_Crossed] = []
        parts = {at: self._asked(source, one) for at, one in asked.items()}
        for crossing in rows:
            step = crossing.questions_at_once()
            for first in range(0, len(asked), step):
                some = {at: parts[at] for at in itertools.islice(asked, first, first + step)}
                tabs = Crosstabs.of(
                    source, crossing, list(itertools.chain.from_iterable(some.values())), self.over,
                    level=LEVEL, fixed=self.variance == "fixed",
                )  # fmt: skip
                widths = {at: sum(len(one.labels) for one in own) for at, own in some.items()}
                firsts = itertools.accumulate(map(len, some.values()), initial=0)
                places = dict(zip(some, firsts, strict=False))
                made = tabs.by_each(crossing.breakdowns)
                for breakdown, tab in zip(crossing.breakdowns, made, strict=True):
                    tested = {
                        at: k for at, k in places.items() if self._is_tested(asked[at], breakdown)
                    }
                    tests = partial(_tests, tab, tested)
                    found.append(
                        _Crossed(breakdown, widths, tab.figures, tab.covariance, tab.people, tests)
                    )
        return found

    def _asked(self, source: Sample, question: Question) -> list[Asked]:
        if question.answers is Answers.CHOICES:
            return Asked.of_choices(source, self._choices(question))
        ranks = source.ranks(question.variable)
        if not ranks.levels:
            raise nobody((question.variable,), self.over)
        return [Asked.of_levels(ranks, tuple(self._of_levels(question)))]

    def _alone(
        self,
        place: int,
        question: Question,
        breakdown: tuple[str, ...],
        columns: Sequence[Mapping[str, Level]],
    ) -> _Crossed:
        """Cross a question with a breakdown, whose groups stand in the order of the columns."""
        domains = self._domains(tuple(self.requests(question)), breakdown)
        asked, groups, people = zip(*domains, strict=True)
        found, covariance = figures(self.source, asked, level=LEVEL, variance=self.variance)
        of_rows = replace(
            found,
            requests=[replace(request, over=self.over) for request in found.requests],
            groups=tuple(itertools.chain.from_iterable(groups)),
        )
        order = np.argsort([columns.index(group) for group in of_rows.groups])
        return _Crossed(
            breakdown,
            {place: len(of_rows.labels)},
            of_rows.of_groups(order),
            partial(np.asarray, covariance[:, order[:, None], order]),
            np.concatenate(people)[order],
            partial(self._test, place, question, breakdown),
        )

    def _domains(
        self, requests: Sequence[Quotient], breakdown: tuple[str, ...]
    ) -> Iterator[tuple[list[Quotient], Sequence[Mapping[str, Level]], Floats]]:
        """Yield the requests in each domain of a breakdown, its groups, and who gave each answer.

        Those who chose an option of a set are a domain; without a set, there is one.
        """
        sets = self._sets(breakdown)
        by = tuple(name for name in breakdown if name not in sets)
        keys, values = requests[0].needs()
        columns = columns_of(breakdown, sets)
        names = dict.fromkeys((*keys, *columns, *(name for name, _ in self.over)))
        cells = self.source.cells(tuple(names), values)
        answered = requests[0].answered(cells)
        scores = np.concatenate([one.scores(cells)[0][:, 0, :] for one in requests], axis=1)
        given = scores * cells.respondents[:, None]
        for over, held in groups_of(
            cells, breakdown, sets, self.over, answered, requests[0].variable
        ):
            yield (
                [replace(one, by=by, over=over) for one in requests],
                held.labels,
                summed(held.of_cells, given, held.count),
            )

    def _is_tested(self, question: Question, breakdown: tuple[str, ...]) -> bool:
        """Whether to test that a question and a breakdown are independent."""
        if question.answers is not Answers.LEVELS or len(breakdown) != 1 or self._sets(breakdown):
            return False
        return breakdown != (question.variable,)

    def _test(
        self, place: int, question: Question, breakdown: tuple[str, ...]
    ) -> dict[int, Independence]:
        if not self._is_tested(question, breakdown):
            return {}
        try:
            found = rao_scott(
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
            return {}
        return {place: found}

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
            return self.title(level)
        if isinstance(request, Proportion):
            described = self.variables.get(request.variable)
            labels = (
                {str(key): label for key, label in described.labels.items()} if described else {}
            )
            return labels.get(level, level)
        return level

    def label(self, name: str, value: Level) -> str:
        """Return the sentence of a level, or of a column of a set."""
        if name in self.source.sets:
            return self.title(str(value))
        described = self.variables.get(name)
        return described.labels.get(value, str(value)) if described else str(value)

    def title(self, name: str) -> str:
        """Return the sentence of a variable, or of a set of columns."""
        told = self.source.sets.get(name) or self.variables.get(name)
        return (told.label if told else "") or name


def _tests(tab: Crosstab, places: Mapping[int, int]) -> dict[int, Independence]:
    """Test questions, each with its place among those of the crosstab."""
    made = zip(places, tab.independence(list(places.values())), strict=True)
    return {at: test for at, test in made if test is not None}


@dataclass(frozen=True, slots=True, eq=False)
class _Writer:
    """Writes the blocks of a table out."""

    maker: _Maker
    asked: Sequence[Question]
    columns: tuple[Column, ...]
    crossed: Sequence[_Crossed]
    rule: BaseRule
    letters: LetterRule

    @small_products
    def blocks(self) -> list[Block]:
        """Write all the questions."""
        rows = self._rows()
        shape = len(self.columns), rows[-1].stop
        people, above = np.full(shape, np.nan), np.full(shape, np.array("", dtype=object))
        parts = []
        tests: list[dict[tuple[str, ...], Independence]] = [{} for _ in self.asked]
        for one in self.crossed:
            at = self._places(one, rows)
            people[at] = one.people
            parts.append((at, one.figures))
            for place, test in one.tests().items():
                tests[place][one.breakdown] = test
        found = Figures.laid_out(parts, [column.group for column in self.columns])
        people[:, [one.statistic is Statistic.MEAN for one in found.requests]] = np.nan
        judged = self.rule.judged(found.bases.respondents, found.effects()[1], found.variations())
        hidden = judged == Reliability.TOO_SMALL.place
        for one, (at, _) in zip(self.crossed, parts, strict=True):
            # A column alone is compared with none.
            if len(at[0]) > 1:
                above[at] = self._above(one, at[0].ravel(), hidden[at])
        heads = [
            RowHead(request.statistic, label, self.maker.row_label(request, label))
            for request, label in zip(found.requests, found.labels, strict=True)
        ]
        return [
            Block(
                question,
                self.maker.title(question.variable),
                tuple(heads[own]),
                found.columns(own),
                people[:, own],
                above[:, own],
                judged[:, own],
                np.zeros((shape[0], own.stop - own.start), dtype=np.bool_),
                np.zeros(shape[0], dtype=np.bool_),
                {one: tested[one] for one in self.maker.breakdowns if one in tested},
            )
            for question, own, tested in zip(self.asked, rows, tests, strict=True)
        ]

    def _rows(self) -> list[slice]:
        """Return the rows of each question."""
        widths = dict(itertools.chain.from_iterable(one.widths.items() for one in self.crossed))
        ends = itertools.accumulate((widths[at] for at in range(len(self.asked))), initial=0)
        return [slice(start, end) for start, end in itertools.pairwise(ends)]

    def _places(self, one: _Crossed, rows: Sequence[slice]) -> Places:
        """Return where the figures of some questions by a breakdown stand in the table."""
        places = {
            tuple(column.group.values()): place
            for place, column in enumerate(self.columns)
            if column.breakdown == one.breakdown
        }
        groups = np.array([places[tuple(group.values())] for group in one.figures.groups])
        spans = (range(rows[at].start, rows[at].stop) for at in one.widths)
        own = np.array([*itertools.chain.from_iterable(spans)])
        return groups[:, None], own[None, :]

    def _above(
        self, one: _Crossed, places: NDArray[np.intp], hidden: Booleans
    ) -> NDArray[np.object_]:
        """Return the letters of the columns that each figure exceeds, shape (G, K).

        What the rule hides is not compared: a letter would tell on which side it lies.
        """
        found = self.letters.above(
            one.figures.values.T,
            one.covariance(),
            [self.columns[place].letter for place in places],
            errors=np.where(hidden, np.nan, one.figures.errors).T,
            degrees=one.figures.bases.degrees.T,
        )
        return found.T
