"""Linearised values of estimates, and their covariance whatever the sample and its weights.

An estimate is a function of totals. Its linearised value for a respondent is how much it changes
with the weight of that respondent: the variance of the estimate is that of their weighted total.
With calibrated weights, what the calibration variables explain of it adds no error: the residuals
of its regression, under the design weights, take its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import sparse

from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.results import StandardError
from alliage.survey.sampling.replication import Replicates
from alliage.survey.sampling.structure import Block, Structure, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.sampling.cells import Cells
    from alliage.survey.sampling.sample import Calibration, Source

#: Numbers held at once while linearised values are made.
_BLOCK = 4_000_000

#: A sum that is a smaller share of its terms is a 0.
_NOTHING = 1e-12


class Measure(Protocol):
    """A statistic as a function of the weights of cells."""

    def values(self, ratios: Floats) -> Floats:
        """Return the estimates by group, shape (G, L), for ratios of weights of shape (C,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The estimates of one request, by group and level, and their linearised values.

    Attributes
    ----------
    group
        The group of each cell, -1 outside the domain, shape (C,).
    values
        The estimates, shape (G, L).
    influence
        Linearised values as scores of the vector of a respondent, for those of its own group;
        shape (C, p, L). They are 0 in other groups.
    measure
        The same estimates for other weights, which replicates need.
    """

    group: Ints
    values: Floats
    influence: Floats
    measure: Measure


@dataclass(frozen=True, slots=True, eq=False)
class Linearised:
    """Weighted linearised values of several parts, in blocks of cells."""

    cells: Cells
    ratios: Floats
    basis: Floats | None
    parts: Sequence[Part]

    @property
    def estimates(self) -> int:
        """How many estimates there are."""
        return sum(part.values.size for part in self.parts)

    def blocks(self) -> Iterator[Block]:
        """Yield the totals of linearised values by cell."""
        slopes = None if self.basis is None else self._slopes(self.basis)
        roots = self.cells.roots()
        for some in self._slices():
            scores = self._scores(some)
            if self.basis is not None and slopes is not None:
                scores[:, 0, :] -= self.basis[self.cells.pattern[some]] @ slopes
            scores *= self.ratios[some, None, None]
            totals = _applied(self.cells.first[some], scores)
            spread = None if roots is None else _spread(roots[some], scores)
            yield Block(self.cells.place[some], self.cells.respondents[some], totals, spread)

    def sparse_scores(self) -> sparse.csr_matrix:
        """Return linearised values of answers (p = 1) by cell, shape (C, K)."""
        rows: list[Ints] = []
        columns: list[Ints] = []
        values: list[Floats] = []
        start = 0
        for part in self.parts:
            levels = part.values.shape[1]
            inside = np.flatnonzero(part.group >= 0)
            rows.append(np.repeat(inside, levels))
            first = start + part.group[inside] * levels
            columns.append((first[:, None] + np.arange(levels)).ravel())
            values.append(part.influence[inside, 0, :].ravel())
            start += part.values.size
        places = (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_matrix((np.concatenate(values), places), (self.cells.count, start))

    def _slices(self) -> Iterator[slice]:
        width = max(1, self.estimates * self.cells.first.shape[1])
        step = max(1, _BLOCK // width)
        for start in range(0, self.cells.count, step):
            yield slice(start, min(start + step, self.cells.count))

    def _scores(self, some: slice) -> Floats:
        rows = some.stop - some.start
        scores = np.zeros((rows, self.cells.first.shape[1], self.estimates))
        start = 0
        for part in self.parts:
            groups, levels = part.values.shape
            inside = np.flatnonzero(part.group[some] >= 0)
            own = scores[:, :, start : start + groups * levels].reshape(rows, -1, groups, levels)
            own[inside, :, part.group[some][inside], :] = part.influence[some][inside]
            start += groups * levels
        return scores

    def _slopes(self, basis: Floats) -> Floats:
        """Regress linearised values on the orthonormal calibration variables."""
        slopes = np.zeros((basis.shape[1], self.estimates))
        for some in self._slices():
            totals = _applied(self.cells.first[some], self._scores(some))
            slopes += basis[self.cells.pattern[some]].T @ totals
        return slopes


def _applied(first: Floats, scores: Floats) -> Floats:
    """Return the sum over p of first (C, p) times scores (C, p, K), shape (C, K)."""
    if first.shape[1] == 1:
        return first * scores[:, 0, :]
    return np.asarray(np.einsum("cp,cpk->ck", first, scores))


def _spread(roots: Floats, scores: Floats) -> Floats:
    if roots.shape[1] == 1:
        return roots[:, :, 0] * scores[:, 0, :]
    return np.asarray(np.swapaxes(roots, 1, 2) @ scores).reshape(-1, scores.shape[2])


def covariance(source: Source, cells: Cells, parts: Sequence[Part], *, fixed: bool) -> Floats:
    """Return the covariance of the estimates of all parts, shape (K, K).

    Parameters
    ----------
    source : Source
        The sample, or its moments.
    cells : Cells
        The cells that the parts are about.
    parts : sequence of Part
        Estimates with their linearised values.
    fixed : bool
        Whether to take calibrated weights as if they were those of the design.
    """
    calibration = source.calibration
    basis = source.variance_basis
    if isinstance(basis, Replicates):
        return _of_replicates(basis, calibration, cells, parts, fixed=fixed)
    explained = None if calibration is None or fixed else calibration.basis
    ratios = ratios_of(calibration, cells)
    linearised = Linearised(cells, ratios, explained, parts)
    if cells.first.shape[1] == 1 and len(basis.stages) == 1 and basis.stages[0].unit is None:
        return _of_answers(basis, linearised)
    return basis.covariance(linearised)


def _of_answers(structure: Structure, of: Linearised) -> Floats:
    """Return the covariance of estimates of answers, for respondents drawn directly.

    Linearised values are then one number by cell, and 0 outside of a group. With ``s = z - Z B``
    the residuals, the sums of ``s s'`` are written with those of ``z z'``, ``z Z'`` and ``Z Z'``:
    the first two are sparse, the last one is by pattern. `Structure.covariance` gives the same,
    cell by cell.
    """
    stage, cells = structure.stages[0], of.cells
    scale, centred = stage.scales(structure.lonely)
    stratum = stage.stratum[cells.place]
    design = cells.first[:, 0]
    squares = (of.ratios**2) * square_weights(cells) * scale[stratum]
    scores = of.sparse_scores()
    found = (scores.T @ _scaled(scores, squares)).toarray()
    strata = _indicator(stratum, len(stage.sampled))
    totals = (strata @ _scaled(scores, design * of.ratios)).toarray()
    if of.basis is not None:
        patterns = _indicator(cells.pattern, len(of.basis))
        slopes = of.basis.T @ (patterns @ _scaled(scores, design)).toarray()
        crossed = of.basis.T @ (patterns @ _scaled(scores, squares)).toarray()
        by_pattern = np.bincount(cells.pattern, weights=squares, minlength=len(of.basis))
        inner = (of.basis * by_pattern[:, None]).T @ of.basis
        both = crossed.T @ slopes
        found += slopes.T @ inner @ slopes - both - both.T
        shape = (len(stage.sampled), len(of.basis))
        held = sparse.coo_matrix((design * of.ratios, (stratum, cells.pattern)), shape).tocsr()
        totals -= held @ of.basis @ slopes
    kept = np.where(centred, scale / stage.sampled, 0.0)
    return np.asarray(found - (totals * kept[:, None]).T @ totals)


def _scaled(matrix: sparse.csr_matrix, factors: Floats) -> sparse.csr_matrix:
    """Multiply each row of a sparse matrix."""
    values = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return sparse.csr_matrix((values, matrix.indices, matrix.indptr), matrix.shape)


def _indicator(codes: Ints, count: int) -> sparse.csr_matrix:
    rows = np.arange(len(codes))
    return sparse.csr_matrix((np.ones(len(codes)), (codes, rows)), (count, len(codes)))


def square_weights(cells: Cells) -> Floats:
    """Return Σ d² by cell, shape (C,)."""
    if cells.spread is None:
        return cells.first[:, 0] ** 2
    return np.asarray(cells.spread[:, 0, 0] + cells.first[:, 0] ** 2 / cells.respondents)


def ratios_of(calibration: Calibration | None, cells: Cells) -> Floats:
    """Return what multiplies the design weights in each cell, shape (C,)."""
    if calibration is None:
        return np.ones(cells.count)
    return calibration.ratios[cells.pattern]


def standard_error(source: Source, *, fixed: bool) -> StandardError:
    """Say which standard error a source gives."""
    calibrated = source.calibration is not None
    if isinstance(source.variance_basis, Structure):
        if not calibrated:
            return StandardError.DESIGN
        return StandardError.FIXED if fixed else StandardError.CALIBRATED
    if not calibrated:
        return StandardError.REPLICATES
    return StandardError.REPLICATES_FIXED if fixed else StandardError.REPLICATES_CALIBRATED


def _of_replicates(
    replicates: Replicates,
    calibration: Calibration | None,
    cells: Cells,
    parts: Sequence[Part],
    *,
    fixed: bool,
) -> Floats:
    full = ratios_of(calibration, cells)
    found = np.empty((replicates.count, sum(part.values.size for part in parts)))
    for number in range(replicates.count):
        ratios = replicates.factors[cells.place, number]
        if calibration is None or fixed or calibration.replicates is None:
            ratios = ratios * full
        else:
            ratios = ratios * calibration.replicates[cells.pattern, number]
        found[number] = np.concatenate([part.measure.values(ratios).ravel() for part in parts])
    if not np.isfinite(found).all():
        number = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0]) + 1
        msg = (
            f"Replicate {number} leaves nobody in a group: its estimate does not exist. Merge the "
            "group with another, or estimate with the linearised variance."
        )
        raise SurveyError(SurveyProblem.REPLICATES, msg, replicate=number)
    estimates = np.concatenate([part.values.ravel() for part in parts])
    return replicates.covariance(found, estimates)


@dataclass(frozen=True, slots=True, eq=False)
class Quotients:
    """Ratios of two weighted totals, by group and level.

    Attributes
    ----------
    cells
        The cells.
    group, groups
        The group of each cell, -1 outside, and how many there are.
    numerators
        Scores of the vector of a respondent, shape (C, p, L).
    denominators
        The same, shape (C, p); ``None`` for totals.
    """

    cells: Cells
    group: Ints
    groups: int
    numerators: Floats
    denominators: Floats | None

    def values(self, ratios: Floats) -> Floats:
        """Return the estimates by group for ratios of weights, shape (G, L).

        NaN where a denominator is 0.
        """
        tops, bottoms = self.totals(ratios)
        return np.asarray(tops / bottoms[:, None])

    def totals(self, ratios: Floats) -> tuple[Floats, Floats]:
        """Return numerators of shape (G, L) and denominators of shape (G,), NaN for a 0."""
        weighted = self.cells.first * ratios[:, None]
        tops = summed(self.group, np.einsum("cp,cpl->cl", weighted, self.numerators), self.groups)
        if self.denominators is None:
            return tops, np.ones(self.groups)
        rows = weighted * self.denominators
        sizes = np.stack([rows.sum(axis=1), np.abs(rows).sum(axis=1)], axis=1)
        bottoms, reach = summed(self.group, sizes, self.groups).T
        return tops, np.where(np.abs(bottoms) <= _NOTHING * reach, np.nan, bottoms)

    def part(self, ratios: Floats) -> Part:
        """Return the estimates with their linearised values: (y - R x) / X."""
        tops, bottoms = self.totals(ratios)
        values = tops / bottoms[:, None]
        influence = self.residuals(values) / bottoms[self.group, None, None]
        return Part(self.group, values, influence, self)

    def residuals(self, values: Floats) -> Floats:
        """Return the scores y - R x, shape (C, p, L)."""
        if self.denominators is None:
            return self.numerators
        return np.asarray(
            self.numerators - self.denominators[:, :, None] * values[self.group][:, None, :]
        )
