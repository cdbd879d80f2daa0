"""The letters of a table: for each figure, the columns that it surely exceeds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from alliage.survey.comparison.comparisons import Adjustment, adjusted, gaps
from alliage.survey.errors import SurveyError, SurveyProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats

    _Places: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class LetterRule:
    """How the columns of a breakdown are compared.

    Attributes
    ----------
    adjustment
        How the differences of a row are taken together.
    level, loose
        Confidence of the letters in capitals, and of the small ones, which may be none.

    Raises
    ------
    SurveyError
        ``REQUEST`` for levels outside (0, 1), a loose one that is not below the other, or an
        adjustment that does not exist.
    """

    adjustment: Adjustment = Adjustment.HOLM
    level: float = 0.95
    loose: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or (self.loose is not None and not 0 < self.loose < self.level):
            msg = (
                f"The levels are {self.level} and {self.loose}. Give two in (0, 1), the loose one "
                "lower."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg)
        adjusted([], self.adjustment)

    def above(
        self,
        values: Floats,
        covariance: Floats,
        letters: Sequence[str],
        *,
        errors: Floats,
        degrees: Floats,
    ) -> NDArray[np.object_]:
        """Return the letters of the columns that each figure exceeds, shape (K, G).

        Parameters
        ----------
        values : array of float, shape (K, G)
            Rows by columns.
        covariance : array of float, shape (K, G, G)
            That of the columns, row by row.
        letters : sequence of str, length G
            The letter of each column.
        errors, degrees : array of float, shape (K, G)
            Standard errors and degrees of freedom. Where one is 0 or unknown, a column is not
            compared.

        Examples
        --------
        >>> spread = np.eye(3)[None] * 4e-4
        >>> values, errors = np.array([[0.62, 0.41, 0.60]]), np.full((1, 3), 0.02)
        >>> found = LetterRule().above(
        ...     values, spread, "ABC", errors=errors, degrees=errors * np.inf
        ... )
        >>> found.tolist()
        [['B', '', 'B']]

        Notes
        -----
        The same tests as `alliage.survey.comparison.comparisons.differences`, for many rows.
        """
        count, rows = len(letters), len(values)
        second, first = np.nonzero(np.tri(count, k=-1))
        if not first.size:
            return np.full((rows, count), "", dtype=object)
        values, errors, degrees = values.T, errors.T, degrees.T
        gap = gaps(values[first], values[second])
        compared = (errors > 0) & (degrees >= 1)
        freedom = np.where(compared, degrees, np.inf).min(axis=0)
        chances = [1 - each + 1e-12 for each in (self.loose, self.level) if each is not None]
        p_values = _p_values(gap, np.moveaxis(covariance, 0, 2), freedom, first, second, chances)
        p_values[~(compared[first] & compared[second])] = np.nan
        # Where every difference is told already, the others of its row change nothing.
        some = ((p_values > 0) & (p_values <= chances[0])).any(axis=0)
        p_values[:, some] = adjusted(p_values[:, some].T, self.adjustment).T
        told = np.sum([p_values <= chance for chance in chances], axis=0, dtype=np.int8)
        exceeded = np.zeros((count, count, rows), dtype=np.int8)
        exceeded[first, second] = np.where(gap > 0, told, 0)
        exceeded[second, first] = np.where(gap < 0, told, 0)
        marks = [(letter.lower(), letter)[-len(chances) :] for letter in letters]
        return _spelt(exceeded, marks, _between(letters)).T


def _spelt(
    exceeded: NDArray[np.int8], marks: Sequence[Sequence[str]], between: str
) -> NDArray[np.object_]:
    """Write the columns that each exceeds, in their order, shape (G, K).

    Parameters
    ----------
    exceeded : array of int, shape (G, G, K)
        How each column exceeds each, row by row; 0 where it does not.
    marks
        How a column is told, for each way to exceed it.
    between
        What stands between two of them.
    """
    count, _, rows = exceeded.shape
    # What a figure exceeds is one string, which many share.
    every = np.ascontiguousarray(np.swapaxes(exceeded, 1, 2)).view(f"S{count}").ravel().tolist()
    written = {
        ways: between.join(mark[way - 1] for mark, way in zip(marks, ways, strict=False) if way)
        for ways in set(every)
    }
    found = np.empty(count * rows, dtype=object)
    found[:] = [written[ways] for ways in every]
    return found.reshape(count, rows)


def without(above: str, gone: Collection[str], letters: Sequence[str]) -> str:
    """Take some columns out of the letters of a figure.

    Parameters
    ----------
    above
        Its letters.
    gone
        The letters of the columns to take out.
    letters
        Those of all the columns of the breakdown.

    Examples
    --------
    >>> without("aBC", {"A"}, "ABCD"), without("Z AA", {"Z"}, ["Z", "AA"])
    ('BC', 'AA')
    """
    between = _between(letters)
    marks = above.split(between) if between else above
    return between.join(mark for mark in marks if mark.upper() not in gone)


def _between(letters: Sequence[str]) -> str:
    """Return what stands between letters: those of two characters are told apart by a space."""
    return " " if max(map(len, letters), default=0) > 1 else ""


def _p_values(
    gap: Floats, covariance: Floats, freedom: Floats, first: _Places, second: _Places,
    chances: Sequence[float],
) -> Floats:  # fmt: skip
    """Return the p-value of each pair of columns, by row, where letters depend on it.

    It is 1 where it is surely above the greatest chance: a t has heavier tails than a normal
    variable, and where this one is above, so is t. It is 0 where it is surely below the least one,
    however many tests its row has.
    """
    variances = np.einsum("ggk->gk", covariance)
    both = variances[first] + variances[second]
    spread = both - 2 * covariance[first, second]
    # What rounding leaves of a difference that cannot vary is no variance.
    varies = spread > 1e-14 * np.abs(both)
    statistic = -np.abs(gap) / np.sqrt(np.where(varies, spread, 1.0))
    sure = stdtrit(freedom.min(initial=np.inf), chances[-1] / (2 * len(first)))
    found: Floats = np.where(varies, statistic >= sure, gap == 0).astype(np.float64)
    doubtful = np.nonzero(varies & (statistic >= sure) & (statistic < ndtri(chances[0] / 2)))
    found[doubtful] = 2 * stdtr(freedom[doubtful[1]], statistic[doubtful])
    return found


def alphabet(count: int) -> Iterator[str]:
    """Return the letters of so many columns.

    Examples
    --------
    >>> list(alphabet(28))[-3:]
    ['Z', 'AA', 'AB']
    """
    capitals = [chr(ord("A") + place) for place in range(26)]
    names = (itertools.product(capitals, repeat=size) for size in itertools.count(1))
    return itertools.islice(map("".join, itertools.chain.from_iterable(names)), count)
