"""Many questions by a breakdown at once, for respondents drawn directly.

The linearised value of the share of an answer in a group is ``(1[answer] - p) / X`` for those of
the group and 0 for others, so that every sum that a variance needs follows from totals by group
and answer: of weights, of their squares, and of both times the calibration variables. These totals
are matrix products over cells, for all the questions together. `alliage.survey.estimate` gives the
same, request by request. See ``docs/algorithms/survey-tables.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import sparse

from alliage.survey.data.coding import NO_LEVEL, Coded
from alliage.survey.data.table import chosen
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.domains import labels_of, nobody, within
from alliage.survey.estimation.figures import Bases, Figures, simple_variance
from alliage.survey.sampling.design import DfRule
from alliage.survey.sampling.structure import Structure
from alliage.survey.tables.groups import Groups
from alliage.survey.tables.independence import design_degrees, of_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.data.coding import Level, Ranks
    from alliage.survey.estimation.domains import Kept
    from alliage.survey.estimation.requests import Choices, Proportion, Quotient, Scored
    from alliage.survey.sampling.sample import Sample
    from alliage.survey.sampling.structure import Stage
    from alliage.survey.tables.crossing import Answers, Layout, SortedRows
    from alliage.survey.tables.independence import Independence

#: Some groups, by their places.
_Some: TypeAlias = "slice | NDArray[np.intp]"

#: How many numbers the covariances of some questions may take together, to be tested.
_ROOM = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Answers to one question, and the rows that are asked of them.

    Attributes
    ----------
    ranks
        The answer of each respondent.
    requests, labels
        What each row is, and its level.
    scores
        The score of each answer for each row, shape (L, K).
    """

    ranks: Ranks
    requests: Sequence[Quotient]
    labels: Sequence[str]
    scores: Floats

    @classmethod
    def of_levels(cls, ranks: Ranks, requests: Sequence[Proportion | Scored]) -> Asked:
        """Ask shares and scores of a question of levels."""
        scored = [request.scored(ranks.levels) for request in requests]
        return cls(
            ranks,
            [
                request
                for request, (labels, _) in zip(requests, scored, strict=True)
                for _ in labels
            ],
            [label for labels, _ in scored for label in labels],
            np.concatenate([points for _, points in scored], axis=1),
        )

    @classmethod
    def of_choices(cls, sample: Sample, request: Choices) -> list[Asked]:
        """Ask the share of each column of a set, among those who answered one of them."""
        columns = {name: sample.coded(name) for name in request.columns}
        answered = np.logical_or.reduce([each.codes != NO_LEVEL for each in columns.values()])
        levels = {name: each.levels for name, each in columns.items()}
        ranks = chosen(request.variable, request.counted, levels)
        found = []
        for (name, each), rank in zip(columns.items(), ranks, strict=True):
            either = np.where(answered, (each.codes == rank).astype(np.int8), np.int8(NO_LEVEL))
            found.append(
                cls(Coded.of(either, (False, True)), [request], [name], np.array([[0.0], [1.0]]))
            )
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of answers, to be summed over.

    Attributes
    ----------
    matrix
        The score of each answer for each row, shape (A, K).
    alone
        The answer of each row that counts one answer alone, -1 for others, shape (K,).
    """

    matrix: Floats
    alone: Ints

    @classmethod
    def over(cls, matrix: Floats) -> Scores:
        """Find the rows that count one answer alone: most of them do."""
        single = (np.count_nonzero(matrix, axis=0) == 1) & (matrix.sum(axis=0) == 1)
        first = matrix.argmax(axis=0) if len(matrix) else NO_LEVEL
        return cls(matrix, np.where(single, first, NO_LEVEL))

    def of(self, totals: Floats) -> Floats:
        """Sum totals by answer, shape (..., A), into totals by row, shape (..., K)."""
        if np.array_equal(self.alone, np.arange(totals.shape[-1])):
            return totals
        mixed = self.alone < 0
        if mixed.all():
            return np.asarray(totals @ self.matrix)
        found = totals[..., self.alone]
        found[..., mixed] = totals @ self.matrix[:, mixed]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of some questions together.

    Attributes
    ----------
    requests, labels
        What each row is, and its level.
    question
        The question of each row, shape (K,).
    ends
        Where the rows of each question begin, and the end.
    scores, squares
        The score of each answer for each row, and its square.
    counted
        Which answers are in the base of each question: its own.
    """

    requests: tuple[Quotient, ...]
    labels: tuple[str, ...]
    question: Ints
    ends: tuple[int, ...]
    scores: Scores
    squares: Scores
    counted: Scores

    @classmethod
    def of(cls, asked: Sequence[Asked]) -> Rows:
        """Put the rows of questions side by side."""
        widths = [len(each.labels) for each in asked]
        scores = _diagonal([each.scores for each in asked])
        counted = _diagonal([np.ones((len(each.scores), 1)) for each in asked])
        return cls(
            tuple(chain.from_iterable(each.requests for each in asked)),
            tuple(chain.from_iterable(each.labels for each in asked)),
            np.repeat(np.arange(len(asked)), widths),
            (0, *itertools.accumulate(widths)),
            Scores.over(scores),
            Scores.over(scores**2),
            Scores.over(counted),
        )

    def of_questions(self, questions: slice) -> slice:
        """Return the rows of some questions."""
        return slice(self.ends[questions.start], self.ends[questions.stop])


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What the variance takes from the sample: all but the answers.

    Attributes
    ----------
    stratum, ratio, scale
        The stratum of each cell, the ratio of its weights, the factor of its squares, shape (J,).
    basis
        The calibration variables of each cell, shape (J, r).
    inner
        Their products with the factors of squares, shape (r, r).
    held
        Their weighted totals by stratum, shape (H, r).
    kept
        The factor of squares of totals, by stratum, shape (H,).
    """

    stratum: Ints
    ratio: Floats
    scale: Floats
    basis: Floats
    inner: Floats
    held: Floats
    kept: Floats

    @classmethod
    def of(cls, sample: Sample, layout: Layout, stage: Stage, *, fixed: bool) -> _Frame:
        scales, centred = stage.scales(sample.design.lonely)
        stratum = stage.stratum[layout.place]
        ratio, basis = np.ones(layout.count), np.empty((layout.count, 0))
        if sample.calibration is not None:
            ratio = sample.calibration.ratios[layout.pattern]
            if not fixed:
                basis = sample.calibration.basis[layout.pattern]
        scale = scales[stratum]
        squares = scale * ratio**2 * layout.squares
        weighted = sparse.csr_matrix(
            (ratio * layout.weight, (stratum, np.arange(layout.count))),
            (len(scales), layout.count),
        )
        return cls(
            stratum,
            ratio,
            scale,
            basis,
            (basis * squares[:, None]).T @ basis,
            np.asarray(weighted @ basis),
            np.where(centred, scales / stage.sampled, 0.0),
        )

    @property
    def factor(self) -> Floats:
        """What multiplies d² in the squares of totals, shape (J,)."""
        return np.asarray(self.ratio**2 * self.scale)

    def by_stratum(self, some: Ints, values: Floats) -> Floats:
        """Sum some cells by stratum, shape (H, A)."""
        places = (self.stratum[some], np.arange(len(some)))
        which = sparse.csr_matrix((np.ones(len(some)), places), (len(self.kept), len(some)))
        return np.asarray(which @ values)


@dataclass(frozen=True, slots=True, eq=False)
class _Totals:
    """Totals by group of what stands in the last axis: answers, rows or bases.

    Attributes
    ----------
    weighted
        Σ w, shape (G, ·).
    scaled, squares
        Σ w² with and without the factor of squares, shape (G, ·).
    left, right
        Factors of what the calibration and the strata change in covariances: the product of the
        two and its transpose are added, shape (G, r + H, ·).
    """

    weighted: Floats
    scaled: Floats
    squares: Floats
    left: Floats
    right: Floats

    @classmethod
    def of(cls, frame: _Frame, layout: Layout, answers: Answers, groups: Groups) -> _Totals:
        """Sum by group."""
        ratio, basis = frame.ratio[:, None], frame.basis
        factor = frame.factor[:, None]
        of_weights, of_squares = [ratio, basis], [factor, ratio**2, basis * factor]
        if answers.weights is None:
            mean = (layout.weight / layout.respondents)[:, None]
            of_squares = [each * mean**2 for each in of_squares]
            of_weights = [each * mean for each in of_weights]
            made = groups.sum(answers.given, [*of_weights, *of_squares])
            strata = _stratified(frame, answers.given, ratio * mean, groups.cells_of)
        else:
            made = groups.sum(answers.weights[0], of_weights)
            made += groups.sum(answers.weights[1], of_squares)
            strata = _stratified(frame, answers.weights[0], ratio, groups.cells_of)
        weighted, explained, scaled, squares, crossed = made
        weighted, scaled, squares = weighted[:, 0], scaled[:, 0], squares[:, 0]
        if strata is None:
            strata = weighted[:, None]
        residuals = strata - frame.held @ explained
        slopes = frame.inner @ explained / 2 - crossed
        return cls(
            weighted,
            scaled,
            squares,
            np.concatenate([explained, residuals], axis=1),
            np.concatenate([slopes, residuals * (frame.kept[:, None] / -2)], axis=1),
        )

    def times(self, scores: Scores) -> _Totals:
        """Return the totals of scores of the answers."""
        return _Totals(*(scores.of(each) for each in self._all()))

    def of_groups(self, some: _Some) -> _Totals:
        """Return those of some groups."""
        return _Totals(*(each[some] for each in self._all()))

    def at(self, columns: Ints | slice) -> _Totals:
        """Return some columns, in an order."""
        return _Totals(*(each[..., columns] for each in self._all()))

    def _all(self) -> tuple[Floats, ...]:
        return self.weighted, self.scaled, self.squares, self.left, self.right


def _stratified(
    frame: _Frame, values: Floats, factor: Floats, cells_of: Sequence[Ints]
) -> Floats | None:
    """Return totals by group and stratum, shape (G, H, A); ``None`` for one stratum."""
    if len(frame.kept) == 1:
        return None
    return np.stack([frame.by_stratum(own, factor[own] * values[own]) for own in cells_of])


def _covariance(left: Floats, right: Floats, squares: Floats) -> Floats:
    """Return the covariances of totals that share no respondent, shape (N, C, C).

    Parameters
    ----------
    left, right : array of float, shape (N, C, r + H)
        Factors of what the calibration and the strata change.
    squares : array of float, shape (N, C)
        Σ w² with the factor of squares.
    """
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    half = left @ np.swapaxes(right, 1, 2)
    found = half + np.swapaxes(half, 1, 2)
    places = np.arange(squares.shape[1])
    found[:, places, places] += squares
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Linearised:
    """Totals by group and row of what estimates the variance of a share or a mean: (score - p) / X.

    Attributes
    ----------
    left, right
        Factors of what the calibration and the strata change in covariances, shape (G, r + H, K).
    squares
        Σ w² with the factor of squares, shape (G, K).
    """

    left: Floats
    right: Floats
    squares: Floats

    @classmethod
    def of(
        cls, plain: _Totals, squared: Floats, base: _Totals, values: Floats, size: Floats
    ) -> _Linearised:
        """Take the share of the base away from totals of scores, and of their squares."""

        def centred(own: Floats, of_base: Floats) -> Floats:
            return (own - values[:, None] * of_base) / size[:, None]

        squares = squared - 2 * values * plain.scaled + values**2 * base.scaled
        return cls(
            centred(plain.left, base.left), centred(plain.right, base.right), squares / size**2
        )

    def variances(self) -> Floats:
        """Return the variance of each figure, shape (G, K)."""
        return np.asarray(self.squares + 2 * (self.left * self.right).sum(axis=1))

    def covariance(self, groups: _Some) -> Floats:
        """Return the covariance of some groups for each row, shape (K, G, G)."""
        left, right = (each[groups].transpose(2, 0, 1) for each in (self.left, self.right))
        return _covariance(left, right, self.squares[groups].T)


@dataclass(frozen=True, slots=True, eq=False)
class _Breakdown:
    """A breakdown of cells.

    Attributes
    ----------
    codes
        The group of each cell among those of a domain, by domain; those who chose an option of a
        set are a domain, which may share cells with another. The number of groups for a cell in
        none.
    size
        How many groups a domain has.
    labels
        The groups, domain after domain.
    order
        Their places in the order of the table; ``None`` where it is theirs.
    """

    codes: Sequence[Ints]
    size: int
    labels: Sequence[Mapping[str, Level]]
    order: NDArray[np.intp] | None


@dataclass(frozen=True, slots=True, eq=False)
class Crosstab:
    """Questions by a breakdown.

    Attributes
    ----------
    figures
        Every row of every question by group; NaN in the groups where nobody answered.
    people
        Respondents by group and row, their scores added up, shape (G, K).
    counts
        Respondents who answered, by group and question, shape (G, Q).
    covariance
        Gives that of the groups, row by row, shape (K, G, G).
    """

    figures: Figures
    people: Floats
    counts: Floats
    covariance: Callable[[], Floats]
    _of: Crosstabs
    _totals: _Totals

    def independence(self, questions: Sequence[int]) -> list[Independence | None]:
        """Test that each of some questions and the breakdown are independent."""
        found: dict[int, Independence | None] = {}
        totals, starts = self._totals, self._of.answers.starts
        left, right = (
            np.ascontiguousarray(each.transpose(2, 0, 1)) for each in (totals.left, totals.right)
        )
        weighted, scaled = totals.weighted.T, totals.scaled.T
        every = np.array(questions, dtype=np.intp)
        widths = np.diff(starts)[every]
        for width in np.unique(widths):
            own = every[widths == width]
            cells = width * len(self.counts)
            step = max(1, _ROOM // cells**2)
            for some in np.split(own, range(step, len(own), step)):
                answers = starts[some, None] + np.arange(width)
                respondents = self.counts[:, some].sum(axis=0)
                made = of_counts(
                    weighted[answers],
                    _covariance(
                        left[answers].reshape(len(some), cells, -1),
                        right[answers].reshape(len(some), cells, -1),
                        scaled[answers].reshape(len(some), cells),
                    ),
                    np.rint(respondents).astype(np.int64),
                    degrees=self._of.degrees,
                )
                found.update(zip(some.tolist(), made, strict=True))
        return [found[question] for question in questions]


@dataclass(frozen=True, slots=True, eq=False)
class Crosstabs:
    """Questions by the breakdowns of a crossing.

    Its degrees of freedom are those of the whole sample, or those that its design states.
    """

    sample: Sample
    layout: Layout
    answers: Answers
    rows: Rows
    over: Kept
    level: float
    frame: _Frame
    degrees: float

    @classmethod
    def of(
        cls,
        sample: Sample,
        crossing: SortedRows,
        asked: Sequence[Asked],
        over: Kept,
        *,
        level: float,
        fixed: bool,
    ) -> Crosstabs:
        """Sum the answers to questions, each with what is asked of it."""
        answers = crossing.answers([each.ranks for each in asked])
        rows = Rows.of(asked)
        stage = drawn_directly(sample)
        if stage is None:
            msg = "Respondents were not drawn directly: their variance is that of units."
            raise SurveyError(SurveyProblem.REQUEST, msg)
        layout, rule, basis = crossing.layout, sample.design.df, sample.variance_basis
        frame = _Frame.of(sample, layout, stage, fixed=fixed)
        if isinstance(rule, DfRule) and isinstance(basis, Structure):
            degrees: float = basis.degrees_of_freedom(layout.place, layout.respondents)
        else:
            degrees = design_degrees(sample)
        return cls(sample, layout, answers, rows, over, level, frame, degrees)

    def by_each(self, breakdowns: Sequence[tuple[str, ...]]) -> list[Crosstab]:
        """Cross every question with each breakdown.

        Raises
        ------
        SurveyError
            ``EMPTY_DOMAIN`` if nobody is left for a question.
        """
        broken = [self._breakdown(each) for each in breakdowns]
        codes = [code for each in broken for code in each.codes]
        every = Groups.of(codes, [each.size for each in broken for _ in each.codes])
        starts = itertools.accumulate((len(each.labels) for each in broken), initial=0)
        groups: list[_Some] = [
            slice(start, start + len(each.labels)) if each.order is None else start + each.order
            for start, each in zip(starts, broken, strict=False)
        ]
        totals = _Totals.of(self.frame, self.layout, self.answers, every)
        respondents = every.respondents(self.answers.respondents)
        given, missing = np.split(respondents, self.answers.starts[-1:], axis=1)
        # Those who answered, by question; then by row.
        counted, of_row = self.rows.counted, self.rows.question
        counts = counted.of(given)
        for breakdown, own in zip(breakdowns, groups, strict=True):
            left = np.flatnonzero(~counts[own].any(axis=0))
            if left.size:
                question = self.rows.requests[self.rows.ends[left[0]]].variable
                raise nobody(breakdown or (question,), self.over)
        base = totals.times(counted).at(of_row)
        size = np.where(counts[:, of_row] > 0, base.weighted, np.nan)
        plain, squares = totals.times(self.rows.scores), self.rows.squares
        values = plain.weighted / size
        linearised = _Linearised.of(plain, squares.of(totals.scaled), base, values, size)
        bases = Bases(
            np.rint(counts).astype(np.int64)[:, of_row],
            np.rint(missing).astype(np.int64)[:, of_row],
            size,
            base.squares,
            self._degrees(every.cells_of, counts)[:, of_row],
            simple_variance(
                values / size, squares.of(totals.weighted) / size**3, counts[:, of_row], size
            ),
        )
        figures = Figures.of(
            self.rows.requests,
            [group for each in broken for group in each.labels],
            self.rows.labels,
            values,
            linearised.variances(),
            bases,
            level=self.level,
        )
        people = self.rows.scores.of(given)
        return [
            Crosstab(
                figures.of_groups(own),
                people[own],
                counts[own],
                partial(self._covariance, linearised, own, each, values, size),
                self,
                totals.of_groups(own),
            )
            for own, each in zip(groups, broken, strict=True)
        ]

    def _breakdown(self, breakdown: Sequence[str]) -> _Breakdown:
        """Return the groups of a breakdown, by cell."""
        layout = self.layout
        sets = {name: self.sample.sets[name] for name in breakdown if name in self.sample.sets}
        inside = within(layout.keys, layout.levels, self.over)
        code, size = np.zeros(layout.count, dtype=np.int64), 1
        by = [name for name in breakdown if name not in sets]
        for name in by:
            inside = inside & (layout.keys[name] != NO_LEVEL)
            code = code * len(layout.levels[name]) + layout.keys[name]
            size *= len(layout.levels[name])
        columns = {name: several.variables for name, several in sets.items()}
        codes = []
        for options in itertools.product(*columns.values()):
            chosen = inside
            for option, several in zip(options, sets.values(), strict=True):
                known = layout.levels[option]
                counted = several.counted in known and known.index(several.counted)
                chosen = chosen & (several.counted in known) & (layout.keys[option] == counted)
            codes.append(np.where(chosen, code, size))
        levels = {**layout.levels, **columns}
        labels = labels_of(levels, breakdown)
        if not sets:
            return _Breakdown(codes, size, labels, None)
        standing = labels_of(levels, [*sets, *by])
        order = np.array([standing.index(label) for label in labels])
        ranked = [labels[place] for place in np.argsort(order).tolist()]
        return _Breakdown(codes, size, ranked, order)

    def _covariance(
        self, linearised: _Linearised, own: _Some, broken: _Breakdown, values: Floats, size: Floats
    ) -> Floats:
        """Return the covariance of the groups of a breakdown for each row, shape (K, G, G)."""
        found = linearised.covariance(own)
        if broken.order is None:
            return found
        values, size, rows = values[own], size[own], self.rows
        places = np.argsort(broken.order).reshape(-1, broken.size)
        for one, other in itertools.combinations(range(len(places)), 2):
            both = Groups.of([np.maximum(broken.codes[one], broken.codes[other])], [broken.size])
            totals = self._scaled(both)
            first, second = places[one], places[other]
            shared = (
                rows.squares.of(totals)
                - (values[first] + values[second]) * rows.scores.of(totals)
                + values[first] * values[second] * rows.counted.of(totals)[:, rows.question]
            ) / (size[first] * size[second])
            found[:, first, second] += shared.T
            found[:, second, first] += shared.T
        return found

    def _scaled(self, groups: Groups) -> Floats:
        """Return Σ w² with the factor of squares, by group and answer, shape (G, A)."""
        factor, answers, layout = self.frame.factor[:, None], self.answers, self.layout
        if answers.weights is None:
            mean = (layout.weight / layout.respondents)[:, None]
            return groups.sum(answers.given, [factor * mean**2])[0][:, 0]
        return groups.sum(answers.weights[1], [factor])[0][:, 0]

    def _degrees(self, cells_of: Sequence[Ints], counts: Floats) -> Floats:
        """Return the degrees of freedom by group and question, shape (G, Q)."""
        if self.sample.design.df is not DfRule.DOMAIN:
            return np.full(counts.shape, self.degrees)
        if len(self.frame.kept) == 1:
            return np.asarray(counts - (counts > 0))
        answered = self.rows.counted.of(self.answers.given)
        held = [(self.frame.by_stratum(own, answered[own]) > 0).sum(axis=0) for own in cells_of]
        return np.asarray(counts - np.stack(held))


def drawn_directly(sample: Sample) -> Stage | None:
    """Return the stage of a sample whose respondents were drawn directly."""
    basis = sample.variance_basis
    if isinstance(basis, Structure) and len(basis.stages) == 1 and basis.stages[0].unit is None:
        return basis.stages[0]
    return None


def _diagonal(blocks: Sequence[Floats]) -> Floats:
    """Return a matrix of blocks along its diagonal."""
    ends = np.cumsum([block.shape for block in blocks], axis=0)
    found = np.zeros(ends[-1])
    for block, (row, column) in zip(blocks, ends.tolist(), strict=True):
        found[row - block.shape[0] : row, column - block.shape[1] : column] = block
    return found
