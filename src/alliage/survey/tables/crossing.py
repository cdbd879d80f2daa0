"""Answers summed by cell, question after question: what a table of many questions is made of.

Respondents of one place, one pattern and the same levels of the breakdowns are a cell. Their rows
are sorted once; the totals of the answers to a question then take one pass over its codes.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from alliage.survey.data.coding import smallest
from alliage.survey.sampling.cells import gathered_codes
from alliage.survey.sampling.structure import first_of_each
from alliage.survey.threads import on_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats, Ints, SmallInts
    from alliage.survey.sampling.sample import Sample

    _Values: TypeAlias = NDArray[Any]
    from alliage.survey.data.coding import Coded, Level

#: Answers whose totals are made in one pass.
_AT_ONCE = 1 << 15

#: Questions treated together at most, and totals (cells × questions) held at once.
_QUESTIONS, _TOTALS = 64, 1 << 19

#: Answers of questions that are crossed to be summed in one pass.
_CROSSED = 64

#: Cells that are worth sorting by; where there are more, rows are treated as they stand.
MOST_CELLS = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The cells of some breakdowns.

    Attributes
    ----------
    place, pattern
        Where the cell stands in the sample, and its calibration weights, shape (J,).
    keys, levels
        The code of each cell for each variable of the breakdowns, -1 for no answer; the levels.
    respondents, weight, squares
        Number, Σ d and Σ d², shape (J,).
    """

    place: Ints
    pattern: Ints
    keys: Mapping[str, Ints]
    levels: Mapping[str, tuple[Level, ...]]
    respondents: Floats
    weight: Floats
    squares: Floats

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self.place)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Totals by cell of the answers to some questions.

    Attributes
    ----------
    respondents
        Their number by answer, shape (J, A). Each question has a column for those who did not
        answer, then one for each level.
    weights
        Σ d and Σ d², shape (J, A); ``None`` where everybody in a cell has the same weight.
    starts
        The first column of each question, and the end.
    """

    respondents: Floats
    weights: tuple[Floats, Floats] | None
    starts: Ints

    def of_question(self, question: int) -> slice:
        """Return the columns of the levels of a question."""
        return slice(int(self.starts[question]) + 1, int(self.starts[question + 1]))


@dataclass(frozen=True, slots=True, eq=False)
class SortedRows:
    """Respondents sorted by cell.

    Attributes
    ----------
    breakdowns, layout
        What tells cells apart.
    order
        The rows, cell by cell, shape (n,).
    ends
        Where each cell begins in them, and the end, shape (J + 1,).
    weights
        Design weights in that order, and their squares as imaginary parts, so that one pass sums
        both; ``None`` where they are the same in the whole of each cell.
    """

    breakdowns: tuple[tuple[str, ...], ...]
    layout: Layout
    order: Ints
    ends: Ints
    weights: NDArray[np.complex128] | None

    def questions_at_once(self) -> int:
        """Return how many questions to treat together, so that memory stays bounded."""
        return min(_QUESTIONS, max(1, _TOTALS // self.layout.count))

    def answers(self, coded: Sequence[Coded]) -> Answers:
        """Return the totals of the answers to some questions."""
        widths = [len(each.levels) + 1 for each in coded]
        starts = np.concatenate([[0], np.cumsum(widths)])
        shape = (self.layout.count, int(starts[-1]))
        respondents = np.empty(shape)
        weights = None if self.weights is None else (np.empty(shape), np.empty(shape))
        bundles = [_Bundle.of(coded, one) for one in self._bundled(widths)]
        step = max(1, _AT_ONCE // len(self.order))

        def fill(first: int) -> None:
            some = bundles[first : first + step]
            ends = np.cumsum([bundle.codes_there_are for bundle in some])
            indices = np.empty((len(self.order), len(some)), dtype=np.int32)
            for place, bundle in enumerate(some):
                before = ends[place] - bundle.codes_there_are
                np.add(bundle.codes[self.order], before, out=indices[:, place], dtype=np.int32)
            counts = self._sum(np.ones(indices.size, dtype=np.int32), indices, int(ends[-1]))
            totals = None
            if self.weights is not None:
                both = self.weights if len(some) == 1 else self.weights.repeat(len(some))
                totals = self._sum(both, indices, int(ends[-1]))
            for bundle, end in zip(some, ends.tolist(), strict=True):
                own = slice(end - bundle.codes_there_are, end)
                of = slice(starts[bundle.first], starts[bundle.first + len(bundle.widths)])
                respondents[:, of] = bundle.apart(counts[:, own])
                if weights is not None and totals is not None:
                    weights[0][:, of] = bundle.apart(totals[:, own].real)
                    weights[1][:, of] = bundle.apart(totals[:, own].imag)

        on_each(fill, range(0, len(bundles), step), len(self.order))
        return Answers(respondents, weights, starts)

    def _bundled(self, widths: Sequence[int]) -> Iterator[list[int]]:
        """Yield questions whose answers are crossed, as long as that makes few totals.

        To cross two questions and to add up each way takes one pass over the rows in place of two.
        """
        bundle: list[int] = []
        most = min(_CROSSED, len(self.order) // self.layout.count)
        size = 1
        for question, width in enumerate(widths):
            if bundle and size * width > most:
                yield bundle
                bundle, size = [], 1
            bundle.append(question)
            size *= width
        yield bundle

    def _sum(self, values: _Values, indices: NDArray[np.int32], columns: int) -> _Values:
        """Return totals by cell and column of what stands at (row, column)."""
        ends = (self.ends * indices.shape[1]).astype(np.int32)
        # Entries of one cell and column add up when the matrix is made dense.
        return sparse.csr_matrix(
            (values, indices.ravel(), ends), (self.layout.count, columns)
        ).toarray()


@dataclass(frozen=True, slots=True, eq=False)
class _Bundle:
    """The answers of some questions, crossed; the code 0 of each is that of no answer."""

    first: int
    widths: tuple[int, ...]
    codes: SmallInts

    @classmethod
    def of(cls, coded: Sequence[Coded], questions: Sequence[int]) -> _Bundle:
        """Cross questions, which are in a row."""
        own = [coded[question] for question in questions]
        widths = tuple(len(each.levels) + 1 for each in own)
        kind = smallest(math.prod(widths))
        codes = np.add(own[0].codes, 1, dtype=kind)
        for each, width in zip(own[1:], widths[1:], strict=True):
            codes *= width
            codes += each.codes.astype(kind, copy=False)
            codes += 1
        return cls(questions[0], widths, codes)

    @property
    def codes_there_are(self) -> int:
        """How many codes there may be."""
        return math.prod(self.widths)

    def apart(self, totals: _Values) -> _Values:
        """Return the totals of each question, side by side, of those of all crossed."""
        if len(self.widths) == 1:
            return totals
        places = np.unravel_index(np.arange(self.codes_there_are), self.widths)
        which = [
            np.equal.outer(place, np.arange(width))
            for place, width in zip(places, self.widths, strict=True)
        ]
        return totals @ np.concatenate(which, axis=1).astype(np.float64)


def crossings(
    sample: Sample, breakdowns: Sequence[tuple[str, ...]], over: Sequence[str]
) -> list[SortedRows] | None:
    """Sort respondents by breakdowns, as many together as make few cells.

    Parameters
    ----------
    sample : Sample
        The respondents.
    breakdowns : sequence of tuple of str
        Each breakdown, as its variables.
    over : sequence of str
        The variables of the domain.

    Returns
    -------
    list of SortedRows or None
        Every breakdown is in one of them; kept for the next table of these breakdowns. ``None``
        if respondents make too many cells to be worth sorting: nearly each of them is one.
    """
    key = (tuple(breakdowns), tuple(over))
    return sample.kept(key, lambda: _crossings(sample, breakdowns, over))


def _crossings(
    sample: Sample, breakdowns: Sequence[tuple[str, ...]], over: Sequence[str]
) -> list[SortedRows] | None:
    alone = gathered_codes(
        [sample.place, sample.pattern, *(sample.coded(name).codes for name in over)]
    )
    if len(alone) > MOST_CELLS and int(alone.max()) >= MOST_CELLS:
        return None
    names = tuple(dict.fromkeys(itertools.chain.from_iterable(breakdowns)))
    cell = gathered_codes([alone, *(sample.coded(name).codes for name in names)])
    if int(cell.max()) < MOST_CELLS:
        return [_sorted(sample, cell, breakdowns, over)]
    found: list[SortedRows] = []
    together: list[tuple[str, ...]] = []
    for breakdown in breakdowns:
        codes = [sample.coded(name).codes for name in breakdown]
        wider = gathered_codes([cell if together else alone, *codes])
        if together and int(wider.max()) >= MOST_CELLS:
            found.append(_sorted(sample, cell, together, over))
            together, wider = [], gathered_codes([alone, *codes])
        together.append(breakdown)
        cell = wider
    return [*found, _sorted(sample, cell, together, over)]


def _sorted(
    sample: Sample, cell: Ints, breakdowns: Sequence[tuple[str, ...]], over: Sequence[str]
) -> SortedRows:
    """Sort rows by cell."""
    at = first_of_each(cell)
    # Numbers of 16 bits are sorted in a time that grows with the rows alone.
    small = cell.astype(np.uint16) if len(at) <= MOST_CELLS else cell
    order = np.argsort(small, kind="stable")
    counts = np.bincount(cell)
    ends = np.concatenate([[0], np.cumsum(counts)])
    weights = sample.design_weights[order]
    starts = ends[:-1]
    low, high = np.minimum.reduceat(weights, starts), np.maximum.reduceat(weights, starts)
    names = tuple(dict.fromkeys(itertools.chain(over, *breakdowns)))
    squares = weights**2
    return SortedRows(
        tuple(breakdowns),
        Layout(
            sample.place[at],
            sample.pattern[at],
            {name: sample.coded(name).codes[at].astype(np.int64) for name in names},
            {name: sample.levels(name) for name in names},
            counts.astype(np.float64),
            np.add.reduceat(weights, starts),
            np.add.reduceat(squares, starts),
        ),
        order,
        ends,
        None if np.array_equal(low, high) else np.asarray(weights + 1j * squares),
    )
