"""The correlations of all the pairs of items with their covariance: two ties can be compared.

See ``docs/algorithms/survey-correlations.md`` for one pair, and
``docs/algorithms/observatory-collisions.md`` for what the covariance is used for.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alliage.survey.comparison.association import polychoric
from alliage.survey.comparison.correlation import Correlation
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.domains import kept, nobody, within
from alliage.survey.sampling.design import DfRule
from alliage.survey.sampling.replication import Replicates, rank_of
from alliage.survey.sampling.structure import Block

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alliage.survey.arrays import Booleans, Floats, Ints
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.sampling.sample import Sample

#: Numbers held at once while linearised values are made.
_BLOCK = 4_000_000
#: The share of a table that moves in a numerical derivative.
_STEP = 1e-5
#: A correlation nearer to one than this has no error on Fisher's scale.
_END = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class JointCorrelations:
    """Correlations of pairs of items, on their own scale and on Fisher's, with their covariance.

    Attributes
    ----------
    pairs
        The places of the two items of each pair, K of them.
    values
        The correlations, shape (K,).
    covariance
        That of their hyperbolic arctangents, shape (K, K).
    respondents
        Those who answered both items of each pair, shape (K,).
    effective
        Their number divided by Kish's design effect, shape (K,).
    degrees
        Degrees of freedom of the design.
    """

    pairs: tuple[tuple[int, int], ...]
    values: Floats
    covariance: Floats
    respondents: Ints
    effective: Floats
    degrees: float


def joint_correlations(
    source: Sample,
    items: Sequence[str],
    *,
    kind: Correlation | str = Correlation.PEARSON,
    over: Domain | None = None,
) -> JointCorrelations:
    """Correlate items by pairs, among those who answered both, with the covariance of it all.

    Parameters
    ----------
    source : Sample
        What to estimate from.
    items
        Two items at least; numbers for Pearson, ordered levels for polychoric.
    kind
        What is correlated.
    over
        The domain.

    Raises
    ------
    SurveyError
        ``REQUEST`` for fewer than two items, for an item of one value, or for two items that say
        the same; ``EMPTY_DOMAIN`` if nobody answered a pair.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> rows = pl.DataFrame(
    ...     {"a": [1, 2, 3, 4] * 25, "b": [2, 1, 4, 3] * 25, "c": [1, 1, 2, 1] * 25}
    ... )
    >>> found = joint_correlations(sample(rows, Design()), ["a", "b", "c"])
    >>> found.values.round(2).tolist(), found.covariance.shape
    ([0.6, 0.26, 0.77], (3, 3))

    Notes
    -----
    The linearised value of a linear correlation is that of a ratio of moments, ``x y - r (x² + y²)
    / 2`` with x and y standardised; that of a polychoric one is its derivative by the cell of the
    table where the respondent stands. What the calibration explains of them adds no error. Source:
    Binder (1983), International Statistical Review 51; Deville and Särndal (1992), JASA 87; Fisher
    (1921), Metron 1.
    """
    names = tuple(dict.fromkeys(items))
    if len(names) < 2:
        msg = f"{len(names)} items were given. Give two at least."
        raise SurveyError(SurveyProblem.REQUEST, msg)
    domain = kept(over)
    keys = [name for name, _ in domain]
    inside = np.broadcast_to(
        within(
            {name: source.codes(name) for name in keys},
            {name: source.levels(name) for name in keys},
            domain,
        ),
        len(source.design_weights),
    )
    if not inside.any():
        raise nobody((), domain)
    answers = _Answers.of(source, names, inside, Correlation(kind))
    influences = _Influences(source, answers)
    basis = source.variance_basis
    if isinstance(basis, Replicates):
        found = basis.covariance(influences.by_replicate(basis), np.zeros(len(answers.pairs)))
    else:
        found = basis.covariance(influences)
    return JointCorrelations(
        answers.pairs,
        answers.values,
        found,
        answers.respondents,
        answers.effective,
        _degrees(source, inside),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """What the items hold in the domain, and their correlations."""

    names: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    #: Numbers or codes, shape (n, m), 0 where there is none; and whether there is one.
    marks: Floats
    known: Booleans
    #: Shape (K,).
    values: Floats
    respondents: Ints
    effective: Floats
    weight: Floats
    #: By pair: means and deviations of both items (Pearson), or derivatives (polychoric).
    centres: Floats
    deviations: Floats
    slopes: tuple[Floats, ...]

    @classmethod
    def of(
        cls, source: Sample, names: tuple[str, ...], inside: Booleans, kind: Correlation
    ) -> _Answers:
        ordered = kind is Correlation.POLYCHORIC
        columns = [
            _codes(source, name) if ordered else source.table.numbers(name) for name in names
        ]
        marks = np.stack(columns, axis=1)
        known = ~np.isnan(marks) & inside[:, None]
        marks = np.where(known, marks, 0.0)
        weights = source.weights
        pairs = tuple(itertools.combinations(range(len(names)), 2))
        one, other = (np.array(side) for side in zip(*pairs, strict=True))

        both = known.astype(np.float64)
        weighted = both * weights[:, None]
        respondents = (both.T @ both)[one, other]
        weight = (weighted.T @ both)[one, other]
        squares = (weighted.T @ weighted)[one, other]
        alone = np.flatnonzero(respondents == 0)
        if alone.size:
            pair = [names[place] for place in pairs[int(alone[0])]]
            msg = f"Nobody of the domain answered both {listed(pair)}. Leave one of them out."
            raise SurveyError(SurveyProblem.EMPTY_DOMAIN, msg, column=pair[0])
        slopes: tuple[Floats, ...] = ()
        centres = deviations = np.empty((0, 0))
        if ordered:
            levels = [len(source.levels(name)) for name in names]
            tables = [
                _crossed(
                    marks[:, [i, j]], weights * (known[:, i] & known[:, j]), levels[i], levels[j]
                )
                for i, j in pairs
            ]
            values = np.array([polychoric(table).rho for table in tables])
            slopes = tuple(_slopes(table) for table in tables)
        else:
            # By ordered pair (i, j): moments of i among those who also answered j.
            size = weighted.T @ both
            means = (marks * weights[:, None]).T @ both / np.where(size == 0, 1, size)
            spread = (marks**2 * weights[:, None]).T @ both / np.where(size == 0, 1, size)
            deviation = np.sqrt(np.maximum(spread - means**2, 0))
            constant = np.flatnonzero(
                np.minimum(deviation[one, other], deviation[other, one]) < _END
            )
            if constant.size:
                pair = [names[place] for place in pairs[int(constant[0])]]
                msg = f"An item of {listed(pair)} has one value only. Leave it out."
                raise SurveyError(SurveyProblem.REQUEST, msg, column=pair[0])
            crossed = ((marks * weights[:, None]).T @ marks)[one, other] / weight
            centres = np.stack([means[one, other], means[other, one]])
            deviations = np.stack([deviation[one, other], deviation[other, one]])
            values = (crossed - centres[0] * centres[1]) / (deviations[0] * deviations[1])
        at_end = np.flatnonzero(np.abs(values) > 1 - _END)
        if at_end.size:
            pair = [names[place] for place in pairs[int(at_end[0])]]
            msg = f"{listed(pair)} say the same: their correlation has no error. Leave one out."
            raise SurveyError(SurveyProblem.REQUEST, msg, column=pair[0])
        return cls(
            names,
            pairs,
            marks,
            known,
            values,
            respondents.astype(np.int64),
            weight**2 / squares,
            weight,
            centres,
            deviations,
            slopes,
        )

    def influence(self, some: slice) -> Floats:
        """Return linearised values on Fisher's scale, shape (rows, K); 0 outside a pair."""
        one, other = (np.array(side) for side in zip(*self.pairs, strict=True))
        marks, known = self.marks[some], self.known[some]
        answered = known[:, one] & known[:, other]
        if self.slopes:
            codes = marks.astype(np.int64)
            found = np.stack(
                [
                    slopes[codes[:, i], codes[:, j]]
                    for (i, j), slopes in zip(self.pairs, self.slopes, strict=True)
                ],
                axis=1,
            )
        else:
            x = (marks[:, one] - self.centres[0]) / self.deviations[0]
            y = (marks[:, other] - self.centres[1]) / self.deviations[1]
            found = (x * y - self.values / 2 * (x**2 + y**2)) / self.weight
        return np.where(answered, found / (1 - self.values**2), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Influences:
    """Weighted linearised values, what the calibration explains being taken away."""

    source: Sample
    answers: _Answers

    @property
    def estimates(self) -> int:
        return len(self.answers.pairs)

    def blocks(self) -> Iterator[Block]:
        """Yield respondents with their totals, as the structure of the sample asks."""
        source, calibration = self.source, self.source.calibration
        slopes = None
        if calibration is not None:
            slopes = np.zeros((calibration.basis.shape[1], self.estimates))
            for some in self._slices():
                rows = calibration.basis[source.pattern[some]] * source.design_weights[some, None]
                slopes += rows.T @ self.answers.influence(some)
        for some in self._slices():
            found = self.answers.influence(some)
            if calibration is not None and slopes is not None:
                found -= calibration.basis[source.pattern[some]] @ slopes
            found *= source.weights[some, None]
            yield Block(source.place[some], np.ones(len(found)), found, None)

    def by_replicate(self, replicates: Replicates) -> Floats:
        """Return the correlations of each replicate less those of the sample, to first order."""
        source, calibration = self.source, self.source.calibration
        found = np.zeros((replicates.count, self.estimates))
        for some in self._slices():
            factors = replicates.factors[source.place[some]]
            if calibration is not None and calibration.replicates is not None:
                ratios = calibration.replicates[source.pattern[some]]
            elif calibration is not None:
                ratios = calibration.ratios[source.pattern[some], None]
            else:
                ratios = np.ones((1, 1))
            weights = source.design_weights[some, None] * factors * ratios
            found += weights.T @ self.answers.influence(some)
        return found

    def _slices(self) -> Iterator[slice]:
        rows = len(self.source.design_weights)
        step = max(1, _BLOCK // self.estimates)
        for start in range(0, rows, step):
            yield slice(start, min(start + step, rows))


def _codes(source: Sample, name: str) -> Floats:
    codes = source.codes(name).astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _crossed(codes: Floats, weights: Floats, rows: int, columns: int) -> Floats:
    at = (codes[:, 0] * columns + codes[:, 1]).astype(np.int64)
    sums = np.bincount(at, weights=weights, minlength=rows * columns)
    return np.asarray(sums, dtype=np.float64).reshape(rows, columns)


def _slopes(table: Floats) -> Floats:
    """Return the derivative of the polychoric correlation by each sum of the table."""
    step = table.sum() * _STEP
    found = np.zeros(table.shape)
    for place in zip(*np.nonzero(table), strict=True):
        # Not below zero, where no table is.
        move = min(step, table[place] / 2)
        ends = [table.copy(), table.copy()]
        ends[0][place] += move
        ends[1][place] -= move
        found[place] = (polychoric(ends[0]).rho - polychoric(ends[1]).rho) / (2 * move)
    return found


def _degrees(source: Sample, inside: Booleans) -> float:
    rule, basis = source.design.df, source.variance_basis
    if not isinstance(rule, DfRule):
        return float(rule)
    if rule is DfRule.DESIGN:
        inside = np.ones(len(inside), dtype=bool)
    if isinstance(basis, Replicates):
        if inside.all():
            return basis.degrees
        return rank_of(basis.factors[np.unique(source.place[inside])]) - 1
    return basis.degrees_of_freedom(source.place[inside], np.ones(int(inside.sum())))
