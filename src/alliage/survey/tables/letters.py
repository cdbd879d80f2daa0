"""The letters of a table: for each figure, the columns that it surely exceeds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import ndtri, stdtr

from alliage.survey.comparison.comparisons import Adjustment, adjusted
from alliage.survey.errors import SurveyError, SurveyProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats

    _Places: TypeAlias = NDArray[np.intp]

#: How a column that another exceeds is told.
_LOOSE, _STRICT = 1, 2


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
        exceeded = np.zeros((len(values), len(letters), len(letters)), dtype=np.int8)
        first, second = np.triu_indices(len(letters), 1)
        if first.size:
            gap = values[:, first] - values[:, second]
            # What rounding leaves between columns of the same people is no difference.
            gap[np.abs(gap) <= 1e-14 * np.abs(values[:, first])] = 0.0
            compared = (errors > 0) & (degrees >= 1)
            freedom = np.where(compared, degrees, np.inf).min(axis=1)[:, None]
            most = 1 - min(self.level, self.loose or self.level)
            p_values = _p_values(gap, covariance, freedom, first, second, most)
            made = compared[:, first] & compared[:, second]
            final = adjusted(np.where(made, p_values, np.nan), self.adjustment)
            for told, confidence in ((_LOOSE, self.loose), (_STRICT, self.level)):
                if confidence is not None:
                    row, pair = np.nonzero(final <= 1 - confidence + 1e-12)
                    falls = gap[row, pair] < 0
                    high = np.where(falls, second[pair], first[pair])
                    exceeded[row, high, first[pair] + second[pair] - high] = told
        return _spelt(exceeded, letters)


def _spelt(exceeded: NDArray[np.int8], letters: Sequence[str]) -> NDArray[np.object_]:
    """Write the letters of the columns that each exceeds, shape (K, G, G), in their order."""
    found = np.full(exceeded.shape[:2], "", dtype=object)
    between = _between(letters)
    for low, letter in enumerate(letters):
        for told, mark in ((_LOOSE, letter.lower()), (_STRICT, letter)):
            which = exceeded[:, :, low] == told
            if which.any():
                found[which] += mark + between
    if between:
        found[...] = [[marks.rstrip() for marks in row] for row in found.tolist()]
    return found


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
    gap: Floats, covariance: Floats, freedom: Floats, first: _Places, second: _Places, most: float
) -> Floats:
    """Return the p-value of each pair of columns, by row; 1 for one that is surely above a level.

    A t has heavier tails than a normal variable: where this one is above the level, so is t.
    """
    variances = np.einsum("kgg->kg", covariance)
    both = variances[:, first] + variances[:, second]
    spread = both - 2 * covariance[:, first, second]
    # What rounding leaves of a difference that cannot vary is no variance.
    varies = spread > 1e-14 * np.abs(both)
    statistic = -np.abs(gap) / np.sqrt(np.where(varies, spread, 1.0))
    close = statistic < ndtri(most / 2)
    tails = stdtr(freedom, statistic, out=np.ones_like(gap), where=close)
    return np.asarray(np.where(varies, np.minimum(2 * tails, 1.0), gap == 0))


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
