"""Sums over the groups of several breakdowns at once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.survey.arrays import Floats, Ints

#: Breakdowns are crossed as long as there is one class for so many cells.
_CELLS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of some breakdowns, one breakdown after the other.

    Breakdowns with few groups are crossed: to sum by these classes, then classes by group, takes
    one pass over the cells in place of several.

    Attributes
    ----------
    cells_of
        The cells of each group.
    classes
        The cells of each class.
    which
        The classes of each group, shape (G, C).
    """

    cells_of: Sequence[Ints]
    classes: Sequence[Ints]
    which: sparse.csr_matrix

    @classmethod
    def of(cls, codes: Sequence[Ints], sizes: Sequence[int]) -> Groups:
        """Make the groups of breakdowns.

        Parameters
        ----------
        codes : sequence of array of int, shape (J,)
            The group of each cell, by breakdown; the number of groups for a cell in none.
        sizes : sequence of int
            The number of groups of each breakdown.
        """
        begins = [0, *itertools.accumulate(sizes)]
        cells_of = [
            each for code, size in zip(codes, sizes, strict=True) for each in _by_code(code, size)
        ]
        classes: list[Ints] = []
        entries: list[tuple[int, int]] = []
        # A place more for the cells in no group, where there are some.
        widths = [size + int((code == size).any()) for code, size in zip(codes, sizes, strict=True)]
        for crossed in _crossed(widths, len(codes[0]) // _CELLS):
            code = np.zeros(len(codes[0]), dtype=np.int64)
            for breakdown in crossed:
                code = code * (sizes[breakdown] + 1) + codes[breakdown]
            found, code = np.unique(code, return_inverse=True)
            for cells in _by_code(code, len(found)):
                groups = [(codes[breakdown][cells[0]], breakdown) for breakdown in crossed]
                entries += (
                    (begins[breakdown] + group, len(classes))
                    for group, breakdown in groups
                    if group < sizes[breakdown]
                )
                classes.append(cells)
        rows, columns = zip(*entries, strict=True) if entries else ((), ())
        shape = begins[-1], len(classes)
        return cls(
            cells_of, classes, sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)
        )

    def sum(self, values: Floats, factors: Sequence[Floats]) -> list[Floats]:
        """Return Σ factor' values over the cells of each group, each of shape (G, width, A)."""
        left = np.concatenate(factors, axis=1)
        found = np.empty((len(self.classes), left.shape[1], values.shape[1]))
        room = np.empty((max(map(len, self.classes)), values.shape[1]))
        for own, into in zip(self.classes, found, strict=True):
            # The same memory serves all the classes.
            some = np.take(values, own, axis=0, out=room[: len(own)], mode="clip")
            np.matmul(left[own].T, some, out=into)
        summed = np.asarray(self.which @ found.reshape(len(found), -1))
        ends = np.cumsum([factor.shape[1] for factor in factors])
        return np.split(summed.reshape(len(self.cells_of), *found.shape[1:]), ends[:-1], axis=1)

    def respondents(self, counts: Floats) -> Floats:
        """Return the sum of what was counted by cell, shape (G, ·)."""
        ends = _ends(self.classes)
        cells = (np.ones(ends[-1]), np.concatenate(self.classes), ends)
        by_class = sparse.csr_matrix(cells, (len(self.classes), len(counts))) @ counts
        return np.asarray(self.which @ by_class)


def _crossed(widths: Sequence[int], most: int) -> list[list[int]]:
    """Put breakdowns together as long as they make few classes, the largest first."""
    found: list[tuple[list[int], int]] = []
    for breakdown in sorted(range(len(widths)), key=lambda each: -widths[each]):
        width = widths[breakdown]
        for place, (held, count) in enumerate(found):
            if count * width <= most:
                found[place] = ([*held, breakdown], count * width)
                break
        else:
            found.append(([breakdown], width))
    return [held for held, _ in found]


def _by_code(code: Ints, size: int) -> list[Ints]:
    """Return the cells of each code below a size."""
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(size + 1))
    return [order[start:end] for start, end in itertools.pairwise(ends)]


def _ends(cells_of: Sequence[Ints]) -> Ints:
    """Return where the cells of each group begin when they stand one after the other."""
    return np.cumsum([0, *map(len, cells_of)])
