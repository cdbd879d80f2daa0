"""The table that everything is computed from: moments of respondents, by cell.

A cell holds the respondents that nothing asked can tell apart: same place in the sample, same
margins, same answers. A respondent alone is a cell of one, so that rows are a case of cells.
"""

from __future__ import annotations

import itertools
import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alliage.survey import loops
from alliage.survey.data.coding import NO_LEVEL, smallest, stretches
from alliage.survey.sampling.structure import compact, first_of_each
from alliage.survey.threads import on_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.survey.arrays import Booleans, Floats, Ints, SmallInts
    from alliage.survey.data.coding import Level, Ranks

#: Rows that a core crosses at once.
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Moments of respondents by cell.

    ``v`` is the vector of a respondent: 1, then each numeric value minus its offset. ``d`` is
    the design weight.

    Attributes
    ----------
    keys
        The code of each cell for each categorical variable, -1 where there is no answer.
    levels
        The levels of these variables.
    values
        The numeric variables.
    offsets
        What was taken from each value, shape (p,), beginning with 0 for the 1 of ``v``.
    answered
        Which numeric values are known, shape (C, p), beginning with True for the 1 of ``v``.
    place, pattern
        Where the cell stands in the sample, and which calibration weights it has, shape (C,).
    respondents
        How many are in each cell, shape (C,).
    first
        Σ d v, shape (C, p).
    second, spread
        Σ d v v' and Σ (d v - m)(d v - m)' with m the mean of d v in the cell, shape (C, p, p).
        ``None`` where cells hold one respondent.
    """

    keys: Mapping[str, Ints]
    levels: Mapping[str, tuple[Level, ...]]
    values: tuple[str, ...]
    offsets: Floats
    answered: Booleans
    place: Ints
    pattern: Ints
    respondents: Floats
    first: Floats
    second: Floats | None = None
    spread: Floats | None = None

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self.place)

    def column(self, value: str) -> int:
        """Return the place of a numeric variable in ``v``."""
        return 1 + self.values.index(value)

    def carried(self, key: str) -> Booleans:
        """Tell which cells have an answer to a categorical variable, shape (C,)."""
        return np.not_equal(self.keys[key], NO_LEVEL)

    def known(self, values: Sequence[str]) -> Booleans:
        """Tell which cells have an answer to all these numeric variables, shape (C,)."""
        columns = [0, *(self.column(value) for value in values)]
        return np.asarray(self.answered[:, columns].all(axis=1))

    def weighted_squares(self, scores: Floats) -> Floats:
        """Return Σ d (a·v)² by cell, for scores ``a`` of shape (C, p, L). Shape (C, L)."""
        if self.second is None:
            products = np.einsum("cp,cpl->cl", self.first, scores)
            return np.asarray(products**2 / self.first[:, :1])
        return np.asarray(np.einsum("cpl,cpq,cql->cl", scores, self.second, scores))

    def roots(self) -> Floats | None:
        """Return R of shape (C, p, p) with R R' = spread; ``None`` for cells of one respondent."""
        if self.spread is None:
            return None
        if self.spread.shape[1] == 1:
            return np.sqrt(np.maximum(self.spread, 0))
        lengths, directions = np.linalg.eigh(self.spread)
        return np.asarray(directions * np.sqrt(np.maximum(lengths, 0))[:, None, :])


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Respondents, before they are gathered.

    Attributes
    ----------
    keys
        Codes by variable, each of shape (n,), with -1 for no answer.
    levels
        Levels by variable.
    numbers
        Numeric values by variable, each of shape (n,); NaN where missing.
    place, pattern
        Shape (n,).
    weight
        Design weights, shape (n,).
    """

    keys: Mapping[str, Ints]
    levels: Mapping[str, tuple[Level, ...]]
    numbers: Mapping[str, Floats]
    place: Ints
    pattern: SmallInts
    weight: Floats

    def cells(self, *, gather: bool) -> Cells:
        """Return the moments by cell, or each respondent as a cell."""
        answered = np.ones((len(self.weight), 1 + len(self.numbers)), dtype=bool)
        for place, column in enumerate(self.numbers.values(), start=1):
            answered[:, place] = ~np.isnan(column)
        vectors, offsets = self._vectors(answered)
        if not gather:
            return self._rows(answered, vectors, offsets)
        return self._gathered(answered, vectors, offsets)

    def _vectors(self, answered: Booleans) -> tuple[Floats, Floats]:
        vectors = np.ones((len(self.weight), 1 + len(self.numbers)))
        offsets = np.zeros(1 + len(self.numbers))
        for place, column in enumerate(self.numbers.values(), start=1):
            known = answered[:, place]
            offsets[place] = column[known].mean() if known.any() else 0.0
            vectors[:, place] = np.where(known, column - offsets[place], 0.0)
        return vectors, offsets

    def _rows(self, answered: Booleans, vectors: Floats, offsets: Floats) -> Cells:
        ones = np.ones(len(self.weight))
        first = vectors * self.weight[:, None]
        return Cells(
            self.keys,
            self.levels,
            tuple(self.numbers),
            offsets,
            answered,
            self.place,
            self.pattern.astype(np.int64),
            ones,
            first,
        )

    def _gathered(self, answered: Booleans, vectors: Floats, offsets: Floats) -> Cells:
        parts = [self.place, self.pattern, *self.keys.values()]
        parts += [column.astype(np.int64) for column in answered[:, 1:].T]
        code = gathered_codes(parts)
        at = first_of_each(code)
        count = len(at)

        def total(weights: Floats) -> Floats:
            return np.asarray(np.bincount(code, weights=weights, minlength=count), dtype=np.float64)

        respondents = np.bincount(code, minlength=count).astype(np.float64)
        width = vectors.shape[1]
        scaled = vectors * self.weight[:, None]
        first = np.stack([total(scaled[:, i]) for i in range(width)], axis=1)
        inside = scaled - (first / respondents[:, None])[code]
        second = np.empty((count, width, width))
        spread = np.empty((count, width, width))
        for i in range(width):
            for j in range(i, width):
                second[:, i, j] = second[:, j, i] = total(scaled[:, i] * vectors[:, j])
                spread[:, i, j] = spread[:, j, i] = total(inside[:, i] * inside[:, j])
        return Cells(
            {name: codes[at] for name, codes in self.keys.items()},
            self.levels,
            tuple(self.numbers),
            offsets,
            answered[at],
            self.place[at],
            self.pattern[at].astype(np.int64),
            respondents,
            first,
            second,
            spread,
        )


def gathered_codes(parts: Sequence[SmallInts]) -> SmallInts:
    """Return one code 0, 1, … for each combination of codes that occurs, in little memory.

    Examples
    --------
    >>> gathered_codes([np.array([0, 0, 1, 1]), np.array([5, 5, -1, 7])]).tolist()
    [0, 0, 1, 2]
    """
    if len(parts) == 1 and parts[0].min() == 0:
        return compact(parts[0])
    code: SmallInts | None = None
    size = 1
    for part in parts:
        low = int(part.min())
        width = int(part.max()) - low + 1
        if width == 1:
            continue
        # Codes are made compact when they would outgrow the rows, and once at the end.
        if code is not None and size * width > 4 * len(code) + 1024:
            code = compact(code)
            size = int(code.max()) + 1
        kind = smallest(size * width)
        if code is None:
            code = part.astype(kind)
        else:
            code = code.astype(kind, copy=False)
            code *= kind(width)
            np.add(code, part, out=code, casting="unsafe")
        code -= kind(low)
        size *= width
    return np.zeros(len(parts[0]), dtype=np.int8) if code is None else compact(code)


def crossed(asked: Sequence[Ranks]) -> SmallInts | None:
    """Return one code 0, 1, … for each combination of levels that occurs, as they are kept.

    ``None`` for an answer that is no level, for more combinations than it would be worth, or where
    no compiled loop reads the answers.
    """
    rows, size = asked[0].begins[-1], math.prod(len(each.levels) for each in asked)
    if loops.compiled(loops.cross, rows) is None or not 0 < size <= 4 * rows:
        return None
    widths = [len(each.levels) for each in asked]
    factors = list(itertools.accumulate(widths, operator.floordiv, initial=size))[1:]
    kind = np.dtype(smallest(size))
    # The first level of each is 1 for the loop.
    codes = np.full(rows, -sum(factors) % (1 << 8 * kind.itemsize), f"u{kind.itemsize}").view(kind)

    def cross(own: slice) -> bool:
        return all(
            each.cross(own, times, codes) for each, times in zip(asked, factors, strict=True)
        )

    # Numbers are crossed in less time than threads take to begin.
    within = on_each(cross, stretches(asked, _BLOCK), rows=rows if asked[0].tables else 0)
    return compact(codes) if all(within) else None


class Gathered(NamedTuple):
    """Weights by code.

    Attributes
    ----------
    first
        A row of each code, shape (J,).
    respondents, weight, squares
        Number, Σ d and Σ d², shape (J,).
    smallest, largest
        Extremes of d, shape (J,).
    """

    first: Ints
    respondents: Floats
    weight: Floats
    squares: Floats
    smallest: Floats
    largest: Floats


def gathered(codes: SmallInts, weights: Floats) -> Gathered:
    """Return the sums and the extremes of weights by code, each of which occurs.

    Examples
    --------
    >>> found = gathered(np.array([0, 1, 0]), np.array([1.0, 5.0, 3.0]))
    >>> found.weight.tolist(), found.squares.tolist(), found.smallest.tolist()
    ([4.0, 5.0], [10.0, 25.0], [1.0, 5.0])
    """
    count = int(codes.max()) + 1
    low, high = np.full(count, np.inf), np.zeros(count)
    gather = loops.compiled(loops.gather, len(codes))
    if gather is not None:
        first = np.zeros(count, dtype=np.int64)
        respondents, total, squares = np.zeros((3, count))
        gather(loops.unsigned(codes), weights, first, respondents, total, squares, low, high)
        return Gathered(first, respondents, total, squares, low, high)
    np.minimum.at(low, codes, weights)
    np.maximum.at(high, codes, weights)
    respondents, total, squares = (
        np.bincount(codes, weights=each).astype(np.float64) for each in (None, weights, weights**2)
    )
    return Gathered(first_of_each(codes), respondents, total, squares, low, high)
