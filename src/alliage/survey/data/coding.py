"""Answers as ranks among their levels, in one pass over a column and in little memory."""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from alliage.survey import loops
from alliage.survey.data import texts
from alliage.survey.data.places import Places
from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alliage.survey.arrays import Booleans, Bytes, Integers, Ints, SmallInts, Unsigned

#: One answer of a categorical variable, as it stands in the data.
Level: TypeAlias = str | int | float | bool | dt.date
Levels: TypeAlias = tuple[Level, ...]

#: The code of a row without an answer.
NO_LEVEL = -1

#: Whole numbers that are no farther apart are looked up in a table.
_NEAR = 65_536

#: Whole numbers of less than 64 bits.
_SMALL = {pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32}

#: Whole numbers that NumPy has.
_WHOLE = _SMALL | {pl.Int64, pl.UInt64}

#: Numbers that a byte tells apart.
_BYTE = 256

#: The largest number of the smaller types of codes.
_LARGEST = {kind: np.iinfo(kind).max for kind in (np.int8, np.int16, np.int32)}

#: The first rows, where most levels are met.
_FIRST = 8_192

#: The first rows of each part of a column, where most of its texts are met.
_FIRST_TEXTS = 4_096

#: Rows where the levels of nearly all questions are met.
_FEW = 512

#: Types of values that name no group, or that few kinds of files hold.
_OF_NO_LEVELS = (pl.Binary, pl.Duration, pl.List, pl.Array, pl.Struct, pl.Object)


class UnseenLevelError(Exception):
    """An answer is none of the levels that the first rows hold: read every row before."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """The answers of a column as numbers that follow one another, in the order of its levels.

    The levels may be those of the first rows alone: who reads the numbers sees whether one is
    beyond, and raises `UnseenLevelError`.

    Attributes
    ----------
    levels
        The levels.
    parts
        The column, one part after the other, each of shape (m,); (m, 2) for where texts are kept.
    low
        What is taken away from the numbers of the parts to have ranks: they go around.
    tables
        Where the texts of each part are looked up: see `loops.spread`; none for numbers.
    """

    levels: Levels
    parts: tuple[Integers, ...]
    low: int = 0
    tables: tuple[Unsigned, ...] = ()

    @cached_property
    def begins(self) -> tuple[int, ...]:
        """The row where each part begins, and the number of rows."""
        return (0, *itertools.accumulate(map(len, self.parts)))

    @property
    def kind(self) -> tuple[np.dtype[Any], int]:
        """What is read: answers of one kind are read together."""
        return self.parts[0].dtype, self.parts[0].ndim

    def cross(
        self, rows: slice, times: int, codes: SmallInts, answered: Booleans | None = None
    ) -> bool:
        """Add the answers of some rows to codes, as the next digit of these: see `loops.cross`.

        Parameters
        ----------
        rows : slice
            The rows, of one part.
        times : int
            By what an answer is multiplied: 1 for the first level.
        codes : array of int, shape (n,)
            To be added to.
        answered : array of bool, shape (n,), optional
            Which rows hold a text; all if not given.

        Returns
        -------
        bool
            Whether every answer is a level.
        """
        place = bisect.bisect_right(self.begins, rows.start) - 1
        begin, own = self.begins[place], loops.unsigned(codes[rows])
        kept = loops.unsigned(self.parts[place][rows.start - begin : rows.stop - begin])
        if self.tables:
            look_up = loops.compiled(loops.cross_texts, loops.MANY) or loops.cross_texts
            held = None if answered is None else answered[rows]
            return look_up(kept.ravel(), held, self.tables[place], np.uint64(times), own)
        added, last = np.uint64((1 - self.low) % (1 << 64)), np.uint64(len(self.levels) - 1)
        add = loops.compiled(loops.cross, loops.MANY) or loops.cross
        return add(kept, added, last, np.uint64(times), own)


def stretches(asked: Sequence[Ranks], most: int) -> list[slice]:
    """Cut rows where a part of some column ends, and as often as to have few of them.

    Examples
    --------
    >>> parts = np.arange(4), np.arange(3)
    >>> columns = [Ranks((), parts), Ranks((), parts[::-1])]
    >>> [(each.start, each.stop) for each in stretches(columns, 3)]
    [(0, 3), (3, 4), (4, 7)]
    """
    ends = sorted({end for each in asked for end in each.begins})
    starts = [start for one, other in itertools.pairwise(ends) for start in range(one, other, most)]
    return list(itertools.starmap(slice, itertools.pairwise([*starts, ends[-1]])))


class Coded(Ranks):
    """The answers of a column as ranks among its levels, each of which is known to be one."""

    @classmethod
    def of(cls, codes: SmallInts, levels: Levels) -> Coded:
        """Make it of the rank of each answer, -1 where there is none, shape (n,)."""
        return cls(levels, (codes,))

    @cached_property
    def codes(self) -> SmallInts:
        """The rank of each answer, -1 where there is none, shape (n,), in the smallest type."""
        kind = smallest(len(self.levels))
        if self.tables:
            codes = np.full(self.begins[-1], NO_LEVEL, dtype=kind)
            for rows in stretches([self], len(codes)):
                self.cross(rows, 1, codes)
            return codes
        if len(self.parts) == 1 and self.low == 0:
            return self.parts[0].astype(kind, copy=False)
        # The numbers of a frame are not to be written over.
        numbers = np.concatenate(self.parts)
        unsigned = loops.unsigned(numbers)
        unsigned -= unsigned.dtype.type(self.low % (1 << 8 * numbers.itemsize))
        ranks: SmallInts = unsigned.view(f"i{numbers.itemsize}")
        return ranks.astype(kind, copy=False)

    def at(self, rows: Ints) -> SmallInts:
        """Return the ranks of the answers of some rows, shape (m,)."""
        part = np.searchsorted(self.begins, rows, side="right") - 1
        found = np.empty(len(rows), dtype=smallest(len(self.levels)))
        for place in range(part.max(initial=-1) + 1):
            own = part == place
            some = self.parts[place][rows[own] - self.begins[place]]
            tables = self.tables[place : place + 1]
            found[own] = Coded(self.levels, (some,), self.low, tables).codes
        return found

    def wide(self) -> Ints:
        """Return the codes in 64 bits, to compute with."""
        return self.codes.astype(np.int64)


def coded(
    name: str,
    series: pl.Series,
    levels: Levels | None,
    into: Bytes | None = None,
    places: Places | None = None,
) -> Coded:
    """Return the rank of each answer of a column among its levels.

    Parameters
    ----------
    name : str
        The column, for refusals.
    series : Series
        The answers; null where there is none.
    levels : tuple of Level, optional
        The levels; those found, sorted, if not given.
    into : array of uint8, shape (n,), optional
        Where to put the codes, if they are of 8 bits.
    places : Places, optional
        Where the rows stand, for refusals.

    Raises
    ------
    SurveyError
        ``LEVEL`` for an answer that is none of the levels; ``TYPE`` for levels that are not of
        the type of the answers, or answers that are no levels.

    Examples
    --------
    >>> found = coded("q", pl.Series([2, None, 7]), None)
    >>> found.codes.tolist(), found.levels
    ([0, -1, 1], (2, 7))
    """
    room = np.empty(len(series), dtype=np.uint8) if into is None else into
    found = _ranked(name, series, levels, room)
    if levels is not None:
        _refuse_unknown(name, series, found, places or Places())
    return found


def coded_bytes(
    columns: Sequence[pl.Series],
    levels: Sequence[Levels | None],
    places: Places | None = None,
) -> list[Coded]:
    """Return the ranks of the answers of columns of 8 bits, each of which everybody answered.

    Parameters
    ----------
    columns : sequence of Series
        The answers to each question: what they are kept in is not copied if levels follow one
        another.
    levels : sequence of tuple of Level, optional
        As for `coded`, by column.
    places : Places, optional
        Where the rows stand, for refusals.

    Raises
    ------
    SurveyError
        As `coded`.

    Examples
    --------
    >>> column = pl.Series("q", [2, 3, 2], dtype=pl.Int8)
    >>> found = coded_bytes([column], [None])[0]
    >>> found.codes.tolist(), found.levels
    ([0, 1, 0], (2, 3))
    """
    found: list[Coded] = []
    columns = [_in_large_parts(column) for column in columns]
    numbers = [
        [chunk.to_numpy() for chunk in column.get_chunks() if len(chunk)] for column in columns
    ]
    for column, known, own_numbers, (low, high) in zip(
        columns, levels, numbers, _extremes(numbers), strict=True
    ):
        own = known or _levels(own_numbers, low, high)
        begin = _beginning(own, low, high)
        if begin is None or smallest(len(own)) is not np.int8:
            found.append(coded(column.name, column, known, places=places))
        else:
            found.append(Coded(own, tuple(part.view(np.int8) for part in own_numbers), begin))
    return found


def supposed(columns: Sequence[pl.Series], levels: Sequence[Levels | None]) -> dict[str, Ranks]:
    """Return the answers of columns that everybody answered, where they are kept.

    The levels are those given, else those of some rows: the others are not read.

    Parameters
    ----------
    columns : sequence of Series
        The answers to each question.
    levels : sequence of tuple of Level, optional
        As for `coded`, by column.

    Returns
    -------
    dict of Ranks
        By name, of whole numbers and of texts; without the columns of numbers whose levels do not
        follow one another, or are many, those of texts that are kept in many places, and those that
        no compiled loop will read.

    Examples
    --------
    >>> columns = [pl.Series("q", [2, 3] * 50_000), pl.Series("r", [1, 9] * 50_000)]
    >>> {name: each.levels for name, each in supposed(columns, [None, None]).items()}
    {'q': (2, 3)}
    """
    found: dict[str, Ranks | None] = {}
    for column, known in zip(columns, levels, strict=True):
        is_read = loops.compiled(loops.pack, len(column)) is not None
        if is_read and not column.null_count() and column.dtype in _WHOLE:
            found[column.name] = _supposed_numbers(column, known)
        elif is_read and not column.null_count() and column.dtype == pl.String:
            found[column.name] = _supposed_texts(column, known)
    return {name: each for name, each in found.items() if each is not None}


def _supposed_numbers(column: pl.Series, levels: Levels | None) -> Ranks | None:
    """Return whole numbers as they are kept, with the levels of some rows."""
    chunks = _in_large_parts(column).get_chunks()
    parts = tuple(chunk.to_numpy() for chunk in chunks if len(chunk))
    share = math.ceil(_FIRST / len(parts))
    first = np.concatenate([part[:share] for part in parts])
    low, high = int(first.min()), int(first.max())
    if high - low >= _BYTE - 1:
        return None
    own = levels or _levels(np.split(first, [_FEW]), low, high)
    begin = _beginning(own, low, high)
    return None if begin is None else Ranks(own, parts, begin)


def _supposed_texts(column: pl.Series, levels: Levels | None) -> Ranks | None:
    """Return texts where they are kept, with the levels of some rows of each part."""
    if _in_small_parts(column):
        return None
    words = None if levels is None else _in_words(column.name, levels)
    kept = texts.kept(column, words, _FIRST_TEXTS)
    return kept and Ranks(levels or tuple(kept.words), kept.parts, tables=kept.tables)


def _levels(parts: Sequence[Integers], low: int, high: int) -> Levels:
    """Return the whole numbers that occur between the lowest and the highest."""
    bits = 8 * parts[0].itemsize
    plain = [part.view(f"u{part.itemsize}") for part in parts]
    return tuple(low + place for place in _present(plain, low % (1 << bits), high - low + 1))


def _extremes(columns: Sequence[Sequence[Integers]]) -> Iterator[tuple[int, int]]:
    """Return the lowest and the highest number of each column."""
    parts = list(itertools.chain.from_iterable(columns))
    extremes = loops.compiled(loops.extremes, sum(map(len, parts)))
    if extremes is None:
        found = [(int(part.min()), int(part.max())) for part in parts]
    else:
        span, begins = loops.spanned(parts)
        low, high = np.empty((2, len(parts)), dtype=span.dtype)
        extremes(span, begins, begins + np.array(list(map(len, parts))), low, high)
        found = list(zip(low.tolist(), high.tolist(), strict=True))
    left = iter(found)
    for column in columns:
        lows, highs = zip(*itertools.islice(left, len(column)), strict=True)
        yield min(lows), max(highs)


def _in_small_parts(column: pl.Series) -> bool:
    """Tell whether a column has small parts, each of which takes time wherever it is read."""
    return column.n_chunks() * loops.MANY > len(column)


def _in_large_parts(column: pl.Series) -> pl.Series:
    """Put the parts of a column together if they are small."""
    return column.rechunk() if _in_small_parts(column) else column


def _beginning(levels: Levels, low: int, high: int) -> int | None:
    """Return the first of levels that follow one another and hold the numbers of a column."""
    first = levels[0]
    if not isinstance(first, int) or first > low or high >= first + len(levels):
        return None
    return int(first) if levels == tuple(range(first, first + len(levels))) else None


def _ranked(name: str, series: pl.Series, levels: Levels | None, into: Bytes) -> Coded:
    if series.dtype == pl.String or isinstance(series.dtype, pl.Categorical | pl.Enum):
        return _texts(name, series, levels, into)
    # NumPy has no whole numbers of 128 bits.
    if series.dtype == pl.Int128:
        return _replaced(name, series, levels)
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        whole = _whole(series, into)
        if whole is not None:
            return _near(name, series, whole, levels)
        if levels is None and series.dtype.is_numeric():
            return _numbers(series)
    return _replaced(name, series, levels)


def _texts(name: str, series: pl.Series, levels: Levels | None, into: Bytes) -> Coded:
    """Rank texts."""
    found = _kept_texts(name, series, levels, into)
    if found is not None:
        return found
    numbered = series.cast(pl.Categorical) if series.dtype == pl.String else series
    present = numbered.drop_nulls().unique()
    numbers = present.to_physical().to_list()
    words = present.cast(pl.String).to_list()
    if levels is None:
        kind = series.dtype
        levels = tuple(kind.categories if isinstance(kind, pl.Enum) else sorted(words))
    rank_of = {word: rank for rank, word in enumerate(_in_words(name, levels))}
    codes = _room(smallest(len(levels)), into)
    none = max(numbers, default=-1) + 1
    ranks = np.full(none + 1, NO_LEVEL, dtype=codes.dtype)
    for number, word in zip(numbers, words, strict=True):
        ranks[number] = rank_of.get(word, NO_LEVEL)
    _look_up(ranks, numbered.to_physical().fill_null(none).to_numpy(), codes)
    return Coded.of(codes, levels)


def _in_words(name: str, levels: Levels) -> list[str]:
    """Return the levels of a column of texts as it writes them."""
    return _in_its_type(name, pl.Series(dtype=pl.String), levels).to_list()


def _room(kind: type[np.signedinteger[Any]], into: Bytes) -> SmallInts:
    """Return where to put codes."""
    return into.view(kind) if kind is np.int8 else np.empty(len(into), dtype=kind)


def _kept_texts(name: str, series: pl.Series, levels: Levels | None, into: Bytes) -> Coded | None:
    """Rank texts by where they are kept; ``None`` where it cannot be known, or they are in many."""
    if series.dtype != pl.String:
        return None
    words = None if levels is None else _in_words(name, levels)
    answered = series.is_not_null().to_numpy() if series.null_count() else None
    # The first rows name all the places, or else all of them do.
    for rows in (_FIRST_TEXTS, len(series)):
        found = texts.kept(series, words, rows)
        if found is None:
            return None
        ranks = Ranks(levels or tuple(found.words), found.parts, tables=found.tables)
        codes = _room(smallest(len(ranks.levels)), into)
        codes[:] = NO_LEVEL
        if all(ranks.cross(each, 1, codes, answered) for each in stretches([ranks], len(codes))):
            return Coded.of(codes, ranks.levels)
    return None


def _look_up(table: SmallInts, places: Unsigned, found: SmallInts) -> None:
    """Put what stands in a table at each place, which may be in the same memory."""
    look_up = loops.compiled(loops.look_up, len(places))
    if look_up is None:
        found[:] = table[places]
    else:
        look_up(table, places, found)


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

    places: Unsigned
    low: int
    span: int
    answered: Booleans | None
    written: type[int] | type[float] | type[bool]


def _whole(series: pl.Series, into: Bytes) -> _Whole | None:
    """Return a column of whole numbers that are near one another, or nothing."""
    written = bool if series.dtype == pl.Boolean else float if series.dtype.is_float() else int
    numbers = series.cast(pl.UInt8) if written is bool else series
    found = None if written is float or numbers.null_count() else _guessed(numbers, into)
    if found is not None:
        return _Whole(into, *found, None, written)
    low, high = numbers.min(), numbers.max()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    if not (math.isfinite(low) and math.isfinite(high)) or high - low >= _NEAR:
        return None
    span = int(high) - int(low) + 1
    places: Unsigned = into if span <= _BYTE else np.empty(len(into), dtype=np.uint16)
    start = 0
    # Part by part, as a file was read: to put them together first would move them once more.
    for chunk in numbers.get_chunks():
        values = (chunk.fill_null(low) if chunk.null_count() else chunk).to_numpy()
        whole = values.astype(np.int64) if written is float else values
        if whole is not values and not np.array_equal(whole, values):
            return None
        own = places[start : start + len(values)]
        # What is cut off comes back when the lowest is taken away: unsigned numbers go around.
        np.copyto(own, whole, casting="unsafe")
        own -= places.dtype.type(int(low) % 2 ** (8 * places.itemsize))
        start += len(values)
    answered = series.is_not_null().to_numpy() if series.null_count() else None
    return _Whole(places, int(low), span, answered, written)


def _guessed(numbers: pl.Series, into: Bytes) -> tuple[int, int] | None:
    """Fill ``into`` with whole numbers less the lowest, if the first rows hold the extremes.

    Returns the lowest and how many there may be: what is guessed is seen to be right in the same
    pass over the numbers.
    """
    narrow = loops.compiled(loops.narrow, len(numbers))
    if narrow is None:
        return None
    first = numbers.head(_FIRST).to_numpy()
    low, span = int(first.min()), int(first.max()) - int(first.min()) + 1
    if span > _BYTE:
        return None
    start = 0
    for chunk in numbers.get_chunks():
        values = chunk.to_numpy()
        own = into[start : start + len(values)]
        if not narrow(values, np.uint64(low % 2**64), np.uint64(span), own):
            return None
        start += len(values)
    return low, span


def _near(name: str, series: pl.Series, whole: _Whole, levels: Levels | None) -> Coded:
    """Return the rank of each whole number among the levels, or among those found."""
    if levels is None:
        places = _present([whole.places], 0, whole.span)
        levels = tuple(whole.written(place + whole.low) for place in places)
    else:
        # A code of the questionnaire that a small type cannot hold is a level that nobody gave.
        given = series.head(0).cast(pl.Int64) if series.dtype in _SMALL else series
        places = [int(each) - whole.low for each in _in_its_type(name, given, levels).to_list()]
    kind = np.dtype(smallest(len(levels)))
    same = kind.itemsize == whole.places.itemsize
    codes = whole.places.view(kind) if same else np.empty(len(whole.places), dtype=kind)
    if places != list(range(whole.span)):
        rank = np.full(whole.span, NO_LEVEL, dtype=kind)
        for code, place in enumerate(places):
            if 0 <= place < whole.span:
                rank[place] = code
        _look_up(rank, whole.places, codes)
    elif not same:
        codes[:] = whole.places
    if whole.answered is not None:
        codes[~whole.answered] = NO_LEVEL
    return Coded.of(codes, levels)


def _present(parts: Sequence[Unsigned], low: int, span: int) -> list[int]:
    """Return which numbers less the lowest occur; that of no answer is the lowest, which occurs."""

    def counted(part: Unsigned) -> Ints:
        return np.bincount((part - part.dtype.type(low)).astype(np.intp), minlength=span)

    counts = counted(parts[0][:_FIRST])
    if not counts.all():
        counts = np.add.reduce([counted(part) for part in parts])
    return np.flatnonzero(counts).tolist()


def _numbers(series: pl.Series) -> Coded:
    """Rank numbers without a description; they may be many."""
    answered = series.is_not_null().to_numpy()
    levels, ranks = np.unique(series.drop_nulls().to_numpy(), return_inverse=True)
    codes = np.full(len(series), NO_LEVEL, dtype=smallest(len(levels)))
    codes[answered] = ranks
    return Coded.of(codes, tuple(levels.tolist()))


def _replaced(name: str, series: pl.Series, levels: Levels | None) -> Coded:
    """Rank what is neither text nor whole numbers, such as dates."""
    if isinstance(series.dtype, _OF_NO_LEVELS):
        raise _no_levels(name, series)
    try:
        if levels is None:
            levels = tuple(series.drop_nulls().unique().sort())
        known = _in_its_type(name, series, levels)
        codes = series.replace_strict(
            known, list(range(len(levels))), default=NO_LEVEL, return_dtype=pl.Int64
        )
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise _no_levels(name, series) from error
    return Coded.of(codes.to_numpy().astype(smallest(len(levels))), levels)


def _no_levels(name: str, series: pl.Series) -> SurveyError:
    msg = (
        f"« {name} » holds {series.dtype}, which are no levels. Give text, numbers, dates or true "
        "and false."
    )
    return SurveyError(SurveyProblem.TYPE, msg, column=name)


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
    for kind, largest in _LARGEST.items():
        if levels + 2 <= largest:
            return kind
    return np.int64


def _refuse_unknown(name: str, series: pl.Series, found: Coded, places: Places) -> None:
    codes, levels = found.codes, found.levels
    if np.count_nonzero(codes == NO_LEVEL) == series.null_count():
        return
    unknown = np.flatnonzero((codes == NO_LEVEL) & series.is_not_null().to_numpy())
    if not unknown.size:
        return
    row = int(unknown[0])
    place = places.of(row)
    rows = f" (and {unknown.size - 1} more rows)" if unknown.size > 1 else ""
    msg = (
        f"In « {name} », {place.words} holds « {series[row]} »{rows}, which is none of its levels: "
        f"{listed(levels, most=20)}. Correct the value, describe the level, or declare it missing."
    )
    raise SurveyError(
        SurveyProblem.LEVEL,
        msg,
        column=name,
        value=series[row],
        allowed=listed(levels, most=20),
        **place.values,
    )
