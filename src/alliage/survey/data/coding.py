"""Answers as ranks among their levels, in one pass over a column and in little memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alliage.survey.arrays import Booleans, Ints, SmallInts

#: One answer of a categorical variable, as it stands in the data.
Level: TypeAlias = str | int | float | bool
Levels: TypeAlias = tuple[Level, ...]

#: The code of a row without an answer.
NO_LEVEL = -1

#: Whole numbers that are no farther apart are looked up in a table.
_NEAR = 65_536


class Coded(NamedTuple):
    """The answers of a column as ranks among its levels.

    Attributes
    ----------
    codes
        The rank of each answer, -1 where there is none, shape (n,), in the smallest type.
    levels
        The levels.
    """

    codes: SmallInts
    levels: tuple[Level, ...]

    def wide(self) -> Ints:
        """Return the codes in 64 bits, to compute with."""
        return self.codes.astype(np.int64)


def coded(name: str, series: pl.Series, levels: Levels | None) -> Coded:
    """Return the rank of each answer of a column among its levels.

    Parameters
    ----------
    name : str
        The column, for refusals.
    series : Series
        The answers; null where there is none.
    levels : tuple of Level, optional
        The levels; those found, sorted, if not given.

    Raises
    ------
    SurveyError
        ``LEVEL`` for an answer that is none of the levels; ``TYPE`` for levels that are not of
        the type of the answers, or answers that are no levels.

    Examples
    --------
    >>> coded("q", pl.Series([2, None, 7]), None)
    Coded(codes=array([ 0, -1,  1], dtype=int8), levels=(2, 7))
    """
    found = _ranked(name, series, levels)
    _refuse_unknown(name, series, found)
    return found


def _ranked(name: str, series: pl.Series, levels: Levels | None) -> Coded:
    if series.dtype == pl.String or isinstance(series.dtype, pl.Categorical | pl.Enum):
        return _texts(name, series, levels)
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        whole = _whole(series)
        if whole is not None:
            return _near(name, series, whole, levels)
        if levels is None and series.dtype.is_numeric():
            return _numbers(series)
    return _replaced(name, series, levels)


def _texts(name: str, series: pl.Series, levels: Levels | None) -> Coded:
    """Rank texts by the number that Polars gave to each."""
    numbered = series.cast(pl.Categorical) if series.dtype == pl.String else series
    present = numbered.drop_nulls().unique()
    words = present.cast(pl.String).to_list()
    if levels is None:
        kind = series.dtype
        levels = tuple(kind.categories if isinstance(kind, pl.Enum) else sorted(words))
    texts = _in_its_type(name, pl.Series(dtype=pl.String), levels).to_list()
    ranks = {text: rank for rank, text in enumerate(texts)}
    numbers = present.to_physical().to_numpy()
    last = int(numbers.max()) + 1 if words else 0
    rank = np.full(last + 1, NO_LEVEL, dtype=smallest(len(levels)))
    rank[numbers] = [ranks.get(word, NO_LEVEL) for word in words]
    return Coded(rank[numbered.to_physical().fill_null(last).to_numpy()], levels)


class _Whole(NamedTuple):
    """Whole numbers between bounds that are near.

    Attributes
    ----------
    places
        Each number less the lowest.
    low, span
        The lowest, and how many there may be.
    answered
        ``None`` if everybody answered.
    written
        How the numbers were written.
    """

    places: NDArray[np.unsignedinteger[Any]]
    low: int
    span: int
    answered: Booleans | None
    written: type[int] | type[float] | type[bool]


def _whole(series: pl.Series) -> _Whole | None:
    """Return a column of whole numbers that are near one another, or nothing."""
    written = bool if series.dtype == pl.Boolean else float if series.dtype.is_float() else int
    numbers = series.cast(pl.UInt8) if written is bool else series
    low, high = numbers.min(), numbers.max()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    if not (math.isfinite(low) and math.isfinite(high)) or high - low > _NEAR:
        return None
    values = numbers.fill_null(low).to_numpy()
    if written is float:
        whole = values.astype(np.int64)
        if not np.array_equal(whole, values):
            return None
        values = whole
    # Unsigned numbers of the same width go around: the difference is right whatever the bounds.
    unsigned = values.view(f"u{values.itemsize}")
    places = unsigned - unsigned.dtype.type(int(low) % 2 ** (8 * values.itemsize))
    answered = series.is_not_null().to_numpy() if series.null_count() else None
    return _Whole(places, int(low), int(high) - int(low) + 1, answered, written)


def _near(name: str, series: pl.Series, whole: _Whole, levels: Levels | None) -> Coded:
    """Return the rank of each whole number among the levels, or among those found."""
    if levels is None:
        held = whole.places if whole.answered is None else whole.places[whole.answered]
        places = np.flatnonzero(np.bincount(held, minlength=whole.span)).tolist()
        levels = tuple(whole.written(place + whole.low) for place in places)
    else:
        places = [int(each) - whole.low for each in _in_its_type(name, series, levels).to_list()]
    kind = smallest(len(levels))
    if places == list(range(whole.span)):
        codes = whole.places.astype(kind)
    else:
        rank = np.full(whole.span, NO_LEVEL, dtype=kind)
        for code, place in enumerate(places):
            if 0 <= place < whole.span:
                rank[place] = code
        codes = np.take(rank, whole.places, mode="clip")
    if whole.answered is not None:
        codes[~whole.answered] = NO_LEVEL
    return Coded(codes, levels)


def _numbers(series: pl.Series) -> Coded:
    """Rank numbers without a description; they may be many."""
    answered = series.is_not_null().to_numpy()
    levels, ranks = np.unique(series.drop_nulls().to_numpy(), return_inverse=True)
    codes = np.full(len(series), NO_LEVEL, dtype=smallest(len(levels)))
    codes[answered] = ranks
    return Coded(codes, tuple(levels.tolist()))


def _replaced(name: str, series: pl.Series, levels: Levels | None) -> Coded:
    """Rank what is neither text nor whole numbers, such as dates."""
    try:
        if levels is None:
            levels = tuple(series.drop_nulls().unique().sort())
        known = _in_its_type(name, series, levels)
        codes = series.replace_strict(
            known, list(range(len(levels))), default=NO_LEVEL, return_dtype=pl.Int64
        )
    except (pl.exceptions.PolarsError, TypeError) as error:
        msg = (
            f"« {name} » holds {series.dtype}, which are no levels. Give text, numbers, dates or "
            "true and false."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=name) from error
    return Coded(codes.to_numpy().astype(smallest(len(levels))), levels)


def _in_its_type(name: str, series: pl.Series, levels: Levels) -> pl.Series:
    """Write levels as the values of a column are written."""
    given = pl.Series(name, list(levels), strict=False)
    msg = (
        f"The levels of « {name} » ({listed(levels)}) are not of the type of its values "
        f"({series.dtype}). Describe them in that type."
    )
    try:
        known = given.cast(series.dtype)
    except pl.exceptions.PolarsError as error:
        raise SurveyError(SurveyProblem.TYPE, msg, column=name) from error
    if given.dtype.is_float() and not (known.cast(given.dtype) == given).all():
        raise SurveyError(SurveyProblem.TYPE, msg, column=name)
    return known


def smallest(levels: int) -> type[np.signedinteger[Any]]:
    """Return the smallest type that holds so many codes, and two more."""
    for kind in (np.int8, np.int16, np.int32):
        if levels + 2 <= np.iinfo(kind).max:
            return kind
    return np.int64


def _refuse_unknown(name: str, series: pl.Series, found: Coded) -> None:
    codes, levels = found
    if np.count_nonzero(codes == NO_LEVEL) == series.null_count():
        return
    unknown = np.flatnonzero((codes == NO_LEVEL) & series.is_not_null().to_numpy())
    if not unknown.size:
        return
    row = int(unknown[0])
    rows = f" (and {unknown.size - 1} more rows)" if unknown.size > 1 else ""
    msg = (
        f"Row {row + 1} of « {name} » holds « {series[row]} »{rows}, which is none of its levels: "
        f"{listed(levels, most=20)}. Correct the value, describe the level, or declare it missing."
    )
    raise SurveyError(
        SurveyProblem.LEVEL,
        msg,
        column=name,
        row=row + 1,
        value=series[row],
        allowed=listed(levels, most=20),
    )
