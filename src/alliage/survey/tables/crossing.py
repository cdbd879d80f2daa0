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

from alliage.survey import loops
from alliage.survey.data.coding import Coded, UnseenLevelError, smallest, stretches
from alliage.survey.estimation.domains import columns_of
from alliage.survey.sampling.cells import gathered_codes
from alliage.survey.sampling.structure import Structure
from alliage.survey.threads import on_each, shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats, Ints, SmallInts, Unsigned
    from alliage.survey.sampling.sample import Sample

    _Values: TypeAlias = NDArray[Any]
    from alliage.survey.data.coding import Level, Ranks

#: Answers whose totals are made in one pass.
_AT_ONCE = 1 << 15

#: Questions treated together at most, and totals (cells × questions) held at once.
_QUESTIONS, _TOTALS = 64, 1 << 19

#: Answers of questions that are crossed to be summed in one pass.
_CROSSED = 64

#: Bits of a word, and the largest number that it holds.
_WORD = 64
_ANY = (1 << _WORD) - 1

#: Rows that a core packs at once, and those that stay near it meanwhile.
_BLOCK, _NEAR = 1 << 16, 1 << 14

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
        Their number by answer, then by question the number of those who did not answer, shape
        (J, A + Q).
    weights
        Σ d and Σ d² by answer, shape (J, A); ``None`` where everybody in a cell has the same
        weight.
    starts
        The first answer of each question, and the end.
    """

    respondents: Floats
    weights: tuple[Floats, Floats] | None
    starts: Ints

    def of_question(self, question: int) -> slice:
        """Return the columns of the answers to a question."""
        return slice(int(self.starts[question]), int(self.starts[question + 1]))

    @property
    def given(self) -> Floats:
        """The number of respondents by answer, shape (J, A)."""
        return self.respondents[:, : self.starts[-1]]


@dataclass(frozen=True, slots=True, eq=False)
class SortedRows:
    """Respondents sorted by cell.

    Attributes
    ----------
    breakdowns, layout
        What tells cells apart.
    places
        The place of each row when they stand cell by cell, shape (n,).
    ends
        Where each cell begins then, and the end, shape (J + 1,).
    weights
        Design weights of rows as they stand, shape (n,); ``None`` where they are the same in the
        whole of each cell.
    """

    breakdowns: tuple[tuple[str, ...], ...]
    layout: Layout
    places: Unsigned
    ends: Ints
    weights: Floats | None

    def questions_at_once(self) -> int:
        """Return how many questions to treat together, so that memory stays bounded."""
        return min(_QUESTIONS, max(1, _TOTALS // self.layout.count))

    def answers(self, asked: Sequence[Ranks]) -> Answers:
        """Return the totals of the answers to some questions.

        Raises
        ------
        UnseenLevelError
            For an answer that is none of the levels, where these were supposed.
        """
        starts = np.concatenate([[0], np.cumsum([len(each.levels) for each in asked])])
        bundles = list(self._bundled([len(each.levels) + 1 for each in asked]))
        found = self._empty(starts)
        rows = len(self.places)
        pack, add_up = loops.compiled(loops.pack, rows), loops.compiled(loops.add_up, rows)
        if pack is None or add_up is None:
            self._sum_all(_codes(asked), bundles, found)
            return found
        if len({each.kind for each in asked}) > 1:
            alike = _codes(asked)
            widest = np.result_type(*alike)
            asked = [
                Coded.of(codes.astype(widest, copy=False), each.levels)
                for codes, each in zip(alike, asked, strict=True)
            ]
        factors, fields, columns = _packed(bundles, starts, asked)
        kept = _Kept.of(asked)
        kind = np.min_scalar_type(max(bundle.size for bundle in bundles))
        words = int(fields[-1, 0]) + 1
        # What a row has stands side by side: it is put there at once.
        room = np.empty((rows, words + (self.weights is not None)), dtype=np.uint64)
        packed = room[:, :words]
        weights = None if self.weights is None else room.view(np.float64)[:, words]
        nothing = np.empty((self.layout.count, 0))

        def write(own: slice, begins: Ints) -> bool:
            given = None if self.weights is None else self.weights[own]
            places, crossed = self.places[own], np.zeros(_NEAR, dtype=kind)
            return pack(
                kept.answers, begins, kept.tables, factors, places, crossed, packed, given, weights
            )  # fmt: skip

        def add(first: int, last: int) -> None:
            sums = (each[first:last] for each in found.weights or (nothing, nothing))
            own, ends = found.respondents[first:last], self.ends[first : last + 1]
            add_up(packed, weights, ends, fields, columns, own, *sums)

        blocks = stretches(asked, _BLOCK)
        if not all(on_each(write, blocks, kept.begins(blocks), rows=rows)):
            raise UnseenLevelError
        on_each(add, *shared(self.ends), rows=rows)
        return found

    def _empty(self, starts: Ints) -> Answers:
        """Return totals to be filled."""
        cells, answers = self.layout.count, int(starts[-1])
        sizes = [answers + len(starts) - 1, *([] if self.weights is None else [answers, answers])]
        # The system gives much memory at once faster than as much in parts.
        room = np.empty(cells * sum(sizes))
        ends = np.cumsum(sizes)[:-1] * cells
        respondents, *sums = (
            part.reshape(cells, size)
            for part, size in zip(np.split(room, ends), sizes, strict=True)
        )
        return Answers(respondents, (sums[0], sums[1]) if sums else None, starts)

    def _sum_all(
        self, coded: Sequence[SmallInts], bundles: Sequence[_Bundle], found: Answers
    ) -> None:
        """Sum the answers of bundles by products of matrices."""
        step = max(1, _AT_ONCE // len(self.places))
        order = np.empty(len(self.places), dtype=np.int64)
        order[self.places] = np.arange(len(order))
        # The squares as imaginary parts: one pass sums both.
        weights = None if self.weights is None else self.weights[order]
        both = None if weights is None else np.asarray(weights + 1j * weights**2)

        def fill(first: int) -> None:
            some = bundles[first : first + step]
            ends = np.cumsum([bundle.size for bundle in some])
            indices = np.empty((len(self.places), len(some)), dtype=np.int32)
            for place, bundle in enumerate(some):
                before = ends[place] - bundle.size
                codes = bundle.crossed(coded)[order]
                np.add(codes, before, out=indices[:, place], dtype=np.int32)
            counts = self._sum(np.ones(indices.size, dtype=np.int32), indices, int(ends[-1]))
            totals = None
            if both is not None:
                each = both if len(some) == 1 else both.repeat(len(some))
                totals = self._sum(each, indices, int(ends[-1]))
            for bundle, end in zip(some, ends.tolist(), strict=True):
                own = slice(end - bundle.size, end)
                columns, which = bundle.apart(found.starts)
                found.respondents[:, columns] = counts[:, own] @ which
                if found.weights is not None and totals is not None:
                    given = columns < found.starts[-1]
                    for sums, part in zip(found.weights, (totals.real, totals.imag), strict=True):
                        sums[:, columns[given]] = (part[:, own] @ which)[:, given]

        on_each(fill, range(0, len(bundles), step), rows=len(self.places))

    def _bundled(self, widths: Sequence[int]) -> Iterator[_Bundle]:
        """Yield questions whose answers are crossed, as long as that makes few totals.

        To cross two questions and to add up each way takes one pass over the rows in place of two.
        """
        most = min(_CROSSED, len(self.places) // self.layout.count)
        first, size = 0, 1
        for question, width in enumerate(widths):
            if question > first and size * width > most:
                yield _Bundle(first, tuple(widths[first:question]))
                first, size = question, 1
            size *= width
        yield _Bundle(first, tuple(widths[first:]))

    def _sum(self, values: _Values, indices: NDArray[np.int32], columns: int) -> _Values:
        """Return totals by cell and column of what stands at (row, column)."""
        ends = (self.ends * indices.shape[1]).astype(np.int32)
        # Entries of one cell and column add up when the matrix is made dense.
        return sparse.csr_matrix(
            (values, indices.ravel(), ends), (self.layout.count, columns)
        ).toarray()


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Questions in a row whose answers are crossed; the code 0 of each is that of no answer."""

    first: int
    widths: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many codes there may be."""
        return math.prod(self.widths)

    @property
    def end(self) -> int:
        """The first question after these."""
        return self.first + len(self.widths)

    def factors(self) -> list[int]:
        """Return by what the code of each question is multiplied in that of the bundle."""
        return [math.prod(self.widths[place + 1 :]) for place in range(len(self.widths))]

    def crossed(self, coded: Sequence[SmallInts]) -> SmallInts:
        """Return the code of each row."""
        kind = smallest(self.size)
        codes: SmallInts = np.zeros(1, dtype=kind)
        for each, times in zip(coded[self.first : self.end], self.factors(), strict=True):
            codes = codes + (each.astype(kind, copy=False) + kind(1)) * kind(times)
        return codes

    def columns(self, starts: Ints) -> list[Ints]:
        """Return the column of each code in the totals, by question, each of shape (M,)."""
        answers = np.unravel_index(np.arange(self.size), self.widths)
        return [
            np.where(answer == 0, starts[-1] + question, starts[question] + answer - 1)
            for question, answer in enumerate(answers, start=self.first)
        ]

    def apart(self, starts: Ints) -> tuple[Ints, Floats]:
        """Return the columns of the questions, and which codes add up to each, shape (M, ·)."""
        of_codes = self.columns(starts)
        columns = np.concatenate([np.unique(each) for each in of_codes])
        which = np.any([np.equal.outer(each, columns) for each in of_codes], axis=0)
        return columns, which.astype(np.float64)


def _codes(asked: Sequence[Ranks]) -> list[SmallInts]:
    """Return the codes of columns whose levels are known."""
    if not all(isinstance(each, Coded) for each in asked):
        raise UnseenLevelError
    return [each.codes for each in asked if isinstance(each, Coded)]


def _packed(
    bundles: Sequence[_Bundle], starts: Ints, asked: Sequence[Ranks]
) -> tuple[Unsigned, Unsigned, Unsigned]:
    """Say how `loops.pack` writes answers in words, and how `loops.add_up` reads them."""
    factors: list[tuple[int, ...]] = []
    fields: list[tuple[int, ...]] = []
    columns: list[Ints] = []
    first, word, bit = 0, 0, 0
    for bundle in bundles:
        bits = (bundle.size - 1).bit_length()
        if bit + bits > _WORD:
            word, bit = word + 1, 0
        for question, times in enumerate(bundle.factors(), start=bundle.first):
            ranks = asked[question]
            added = (1 - ranks.low) % (1 << _WORD)
            last = _ANY if isinstance(ranks, Coded) else len(ranks.levels) - 1
            factors.append((added, last, times, word, bit, question == bundle.end - 1))
        fields.append((word, bit, (1 << bits) - 1, first))
        codes = np.arange(first, first + bundle.size)
        columns += (np.stack([codes, each], axis=1) for each in bundle.columns(starts))
        bit, first = bit + bits, first + bundle.size
    return (
        np.array(factors, dtype=np.uint64),
        np.array(fields, dtype=np.uint64),
        np.concatenate(columns).astype(np.uint64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Where answers of one kind are kept, as `loops.pack` reads them.

    Attributes
    ----------
    asked
        The columns.
    answers, firsts
        What holds all their parts, and where each of these begins there.
    tables, heads
        The same of the tables of texts; ``None`` and none for numbers.
    """

    asked: Sequence[Ranks]
    answers: Unsigned
    firsts: Ints
    tables: Unsigned | None
    heads: Ints

    @classmethod
    def of(cls, asked: Sequence[Ranks]) -> _Kept:
        """Find where answers are kept."""
        span, firsts = loops.spanned([part for each in asked for part in each.parts])
        tables = [table for each in asked for table in each.tables]
        if not tables:
            return cls(asked, loops.unsigned(span), firsts, None, firsts)
        return cls(asked, loops.unsigned(span), firsts, *loops.spanned(tables))

    def begins(self, rows: Sequence[slice]) -> Ints:
        """Return what `loops.pack` is told of the answers of some rows, shape (S, Q, 3)."""
        starts = np.array([own.start for own in rows])
        found = np.zeros((len(rows), len(self.asked), 3), dtype=np.int64)
        first = 0
        for question, each in enumerate(self.asked):
            parts = np.searchsorted(each.begins, starts, side="right") - 1
            before = (starts - np.take(each.begins, parts)) * each.parts[0][:1].size
            found[:, question, 0] = self.firsts[first + parts] + before
            if each.tables:
                heads = self.heads[first + parts]
                found[:, question, 1], found[:, question, 2] = heads, heads + each.tables[0].size
            first += len(each.parts)
        return found


def crossings(
    sample: Sample, breakdowns: Sequence[tuple[str, ...]], over: Sequence[str]
) -> list[SortedRows] | None:
    """Sort respondents by breakdowns, as many together as make few cells.

    Parameters
    ----------
    sample : Sample
        The respondents.
    breakdowns : sequence of tuple of str
        Each breakdown, as its variables and its sets of columns.
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
    def codes(names: Iterable[str]) -> list[SmallInts]:
        # What has one level in the whole of a pattern tells nobody apart in it.
        return [sample.coded(name).codes for name in names if name not in sample.alike]

    drawn = [] if _in_one_place(sample) else [sample.place]
    alone = _gathered([*drawn, sample.pattern, *codes(over)])
    if len(alone) > MOST_CELLS and int(alone.max()) >= MOST_CELLS:
        return None
    columns = {each: columns_of(each, sample.sets) for each in breakdowns}
    names = tuple(dict.fromkeys(itertools.chain.from_iterable(columns.values())))
    sample.code(names)
    cell = _gathered([alone, *codes(names)])
    if int(cell.max()) < MOST_CELLS:
        return [_sorted(sample, cell, breakdowns, over)]
    found: list[SortedRows] = []
    together: list[tuple[str, ...]] = []
    for breakdown in breakdowns:
        wider = gathered_codes([cell if together else alone, *codes(columns[breakdown])])
        if together and int(wider.max()) >= MOST_CELLS:
            found.append(_sorted(sample, cell, together, over))
            together, wider = [], gathered_codes([alone, *codes(columns[breakdown])])
        together.append(breakdown)
        cell = wider
    return [*found, _sorted(sample, cell, together, over)]


def _gathered(parts: Sequence[SmallInts]) -> SmallInts:
    """Return one code for each combination of codes; patterns and cells alone have theirs."""
    return gathered_codes(parts) if len(parts) > 1 else parts[0]


def _in_one_place(sample: Sample) -> bool:
    basis = sample.variance_basis
    return isinstance(basis, Structure) and basis.places == 1


def _sorted(
    sample: Sample, cell: SmallInts, breakdowns: Sequence[tuple[str, ...]], over: Sequence[str]
) -> SortedRows:
    """Sort rows by cell."""
    held = sample.gathered(cell)
    ends = np.concatenate([[0], np.cumsum(held.respondents)]).astype(np.int64)
    places = _places(cell, ends)
    alike = np.array_equal(held.smallest, held.largest)
    columns = (columns_of(each, sample.sets) for each in breakdowns)
    names = tuple(dict.fromkeys(itertools.chain(over, *columns)))
    return SortedRows(
        tuple(breakdowns),
        Layout(
            sample.place[held.first],
            sample.pattern[held.first].astype(np.int64),
            {name: sample.coded(name).at(held.first).astype(np.int64) for name in names},
            {name: sample.levels(name) for name in names},
            held.respondents,
            held.weight,
            held.squares,
        ),
        places,
        ends,
        None if alike else sample.design_weights,
    )


def _places(cell: SmallInts, ends: Ints) -> Unsigned:
    """Return the place of each row in the order of cells."""
    places = np.empty(len(cell), dtype=np.uint32)
    sort = loops.compiled(loops.sort, len(cell))
    if sort is None:
        # Numbers of 16 bits are sorted in a time that grows with the rows alone.
        small = cell.astype(np.uint16) if len(ends) <= MOST_CELLS else cell
        places[np.argsort(small, kind="stable")] = np.arange(len(cell))
    else:
        sort(loops.unsigned(cell), ends[:-1].astype(np.uint64), places)
    return places
