"""A table of respondents: its rows, and what is known of its variables."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from alliage.survey.data import coding
from alliage.survey.data.places import Places
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.threads import on_each

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from narwhals.typing import IntoFrame

    from alliage.survey.arrays import Bytes, Floats, Ints
    from alliage.survey.data.coding import Coded, Level, Ranks
    from alliage.survey.data.places import Place


#: Numbers beyond have squares, or products of squares, that a computer does not hold.
LARGEST = 1e70

#: A weight, or a total of a population, below is that of nobody: its square is 0.
SMALLEST = 1e-70

#: Numbers with more values than this are no list of levels, unless they are described.
MOST_LEVELS = 40

#: What Arrow raises for a column that it cannot hold: of a type that it does not convert, it raises
#: its own kind of NotImplementedError.
_UNREADABLE = (TypeError, ValueError, NotImplementedError)

#: What stands in cells, all else being numbers.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "truth value": (bool, np.bool_),
    "date": (dt.date,),
    "time": (dt.time, dt.timedelta),
}

#: Types of whole numbers of 8 bits.
_BYTES = (pl.Int8, pl.UInt8)


class Scale(StrEnum):
    """What may be computed with the answers of a variable."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    NUMERIC = "numeric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What is known of a column besides its values.

    Attributes
    ----------
    label
        The question, or what the column holds.
    labels
        The sentence of each level. Where there are labels, they are the levels, in their order:
        a level that nobody chose is kept. Those of codes for no answer alone describe no level.
    missing
        The codes that say why there is no answer (refusal, does not apply); read as missing. A
        mapping gives the reason of each.
    scale
        What may be computed; ``None`` when nothing was said.
    universe
        Who was asked, in words.
    letters
        Why there is no answer, by letter (``.a``), where a Stata file keeps such codes apart from
        its numbers: the rows are empty.
    """

    label: str = ""
    labels: Mapping[Any, str] = field(default_factory=dict)
    missing: Collection[Level] = ()
    scale: Scale | None = None
    universe: str = ""
    letters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scale is None:
            return
        if self.scale not in tuple(Scale):
            msg = f"« {self.scale} » is no scale of « {self.label} ». Give {listed(Scale)}."
            raise SurveyError(SurveyProblem.REQUEST, msg, scale=self.scale)
        # A scale may be given by its word.
        object.__setattr__(self, "scale", Scale(self.scale))

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that are described; empty where none is."""
        return tuple(level for level in self.labels if level not in self.missing)

    @property
    def reasons(self) -> dict[Level, str]:
        """The reason that each code for no answer stands for; empty where nothing says it."""
        said = self.missing if isinstance(self.missing, Mapping) else self.labels
        return {code: said.get(code, "") for code in self.missing}


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiResponse:
    """A question with several possible answers, one column for each.

    Attributes
    ----------
    variables
        The columns.
    counted
        The value that says « chosen » in each of them.
    label
        The question.
    """

    variables: tuple[str, ...]
    counted: Level = 1
    label: str = ""

    def __post_init__(self) -> None:
        twice = [name for name in dict.fromkeys(self.variables) if self.variables.count(name) > 1]
        if twice:
            msg = (
                f"A question with several answers names {listed(twice)} twice: its answers would "
                "count double. Name each column once."
            )
            raise SurveyError(SurveyProblem.COLUMN, msg)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a survey and the description of its variables.

    Attributes
    ----------
    frame
        One row for each respondent. Codes for missing answers are still there.
    variables
        What is known of the columns, by name; a column may be absent.
    sets
        The questions with several answers, by name.
    source
        Where the rows were read; empty for a frame.
    lines
        The line of the file where each row stands, counted from 1; empty if it has no lines.
    findings
        What reading found to be looked at.

    Examples
    --------
    >>> import polars as pl
    >>> table = Table.of(pl.DataFrame({"q1": ["yes", "no", None], "age": [30, 40, 50]}))
    >>> table.levels("q1"), table.codes("q1").tolist()
    (('no', 'yes'), [1, 0, -1])
    """

    frame: pl.DataFrame
    variables: Mapping[str, Variable] = field(default_factory=dict)
    sets: Mapping[str, MultiResponse] = field(default_factory=dict)
    source: str = ""
    lines: Sequence[int] = ()
    findings: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Table | IntoFrame) -> Table:
        """Make a table of a frame in memory (Polars, pandas, Arrow), or give a table back.

        Parameters
        ----------
        rows : Table or frame
            Anything in memory that ``narwhals`` reads.

        Returns
        -------
        Table
            The rows, without any description of the variables.

        Raises
        ------
        SurveyError
            ``FRAME`` if it is no frame, or a lazy one: rows would be needed in memory;
            ``EMPTY`` if there is no row; ``COLUMN`` for two columns of one name; ``TYPE`` for a
            column that mixes numbers and texts, or holds intervals or periods of pandas.
        """
        if isinstance(rows, Table):
            return rows
        try:
            frame = of_any_kind(rows)
        except TypeError as error:
            msg = (
                f"A {type(rows).__name__} is not a table. Give a frame of Polars, pandas or Arrow, "
                "or read a file with `read`."
            )
            raise SurveyError(SurveyProblem.FRAME, msg, given=type(rows).__name__) from error
        if isinstance(frame, nw.LazyFrame):
            msg = (
                "A lazy frame has no rows in memory. Collect it, or give it to `moments`, which "
                "computes where the data are."
            )
            raise SurveyError(SurveyProblem.FRAME, msg, given=type(rows).__name__)
        return cls(checked(in_polars(frame)))

    @property
    def places(self) -> Places:
        """Where the rows stand: in the lines of the file, as long as they are all there."""
        whole = len(self.lines) == self.frame.height
        return Places(self.source, self.lines) if whole else Places()

    def place(self, row: int) -> Place:
        """Say where a row stands, counted from 0 here: a line of the file, or a row."""
        return self.places.of(row)

    def column(self, name: str) -> pl.Series:
        """Return a column, its codes for missing answers made missing.

        Raises
        ------
        SurveyError
            ``COLUMN`` if there is none of that name.
        """
        require(self.frame.columns, name)
        series = self.frame.get_column(name)
        described = self.variables.get(name)
        if described is not None and described.missing:
            series = series.set(_is_one_of(series, described.missing), None)
        # A sum is finite where no number is NaN: it takes less time to see.
        if series.dtype.is_float() and not math.isfinite(series.sum()) and series.is_nan().any():
            return series.fill_nan(None)
        return series

    def levels(self, name: str) -> tuple[Level, ...]:
        """Return the levels of a column: those described, else those found, sorted."""
        described = self.variables.get(name)
        if described is not None and described.levels:
            return described.levels
        series = self.column(name)
        if isinstance(series.dtype, pl.Enum):
            return tuple(map(str, series.dtype.categories))
        if isinstance(series.dtype, pl.Categorical):
            series = series.cast(pl.String)
        return tuple(series.drop_nulls().unique().sort())

    def codes(self, name: str) -> Ints:
        """Return the rank of each answer among the levels; -1 for a missing answer.

        Raises
        ------
        SurveyError
            ``LEVEL`` if an answer is none of the levels described.
        """
        return self.coded(name).wide()

    def coded(self, name: str, into: Bytes | None = None) -> Coded:
        """Return the codes of a column with its levels, in little memory.

        They are put in ``into``, shape (n,), if they are of 8 bits.

        Raises
        ------
        SurveyError
            ``LEVEL`` if an answer is none of the levels described.
        """
        levels = self._described_levels(name)
        return coding.coded(name, self.column(name), levels, into, self.places)

    def coded_together(self, names: Sequence[str]) -> dict[str, Coded]:
        """Return the codes of several columns: many at once take less time.

        Raises
        ------
        SurveyError
            As `coded`.
        """
        kinds = self.frame.schema
        of_bytes = [self.column(name) for name in names if kinds.get(name) in _BYTES]
        complete = [column for column in of_bytes if not column.null_count()]
        found: dict[str, Coded] = {}
        for kind in _BYTES:
            own = [column for column in complete if column.dtype == kind]
            if own:
                levels = [self._described_levels(column.name) for column in own]
                alike = coding.coded_bytes(own, levels, self.places)
                found |= {column.name: each for column, each in zip(own, alike, strict=True)}
        left = [name for name in names if name not in found]
        # The system gives much memory at once faster than as much in many parts.
        room = np.empty((len(left), self.frame.height), dtype=np.uint8)
        others = on_each(self.coded, left, room, rows=self.frame.height)
        return found | dict(zip(left, others, strict=True))

    def ranked_together(self, names: Sequence[str]) -> dict[str, Ranks]:
        """Return the answers of several columns, read as far as must be: see `coding.supposed`.

        Raises
        ------
        SurveyError
            As `coded`.
        """
        columns = [self.column(name) for name in names]
        found = coding.supposed(columns, [self._described_levels(name) for name in names])
        found |= self.coded_together([name for name in names if name not in found])
        # Answers of several kinds would be read one after the other.
        alike = len({each.kind for each in found.values()}) == 1
        return found if alike else {**self.coded_together(names)}

    def _described_levels(self, name: str) -> tuple[Level, ...] | None:
        described = self.variables.get(name)
        return (described.levels or None) if described is not None else None

    def numbers(self, name: str) -> Floats:
        """Return a column as numbers; a missing answer is NaN.

        Raises
        ------
        SurveyError
            ``TYPE`` if the column does not hold numbers; ``VALUE`` if one is infinite.
        """
        return as_numbers(self.column(name), self.places)

    def describe(self, variables: Mapping[str, Variable]) -> Table:
        """Return the same rows with descriptions of variables added or replaced."""
        for name in variables:
            require(self.frame.columns, name)
        return replace(self, variables=MappingProxyType({**self.variables, **variables}))

    def with_column(self, name: str, values: Floats) -> Table:
        """Return the same table with a column of numbers added or replaced."""
        return replace(self, frame=self.frame.with_columns(pl.Series(name, values)))


def checked(frame: pl.DataFrame) -> pl.DataFrame:
    """Refuse a table without rows."""
    if frame.height == 0:
        msg = "The table has no row. Give at least one respondent."
        raise SurveyError(SurveyProblem.EMPTY, msg)
    return frame


def require(columns: Sequence[str], name: str) -> None:
    """Refuse the name of a column that is not there, and tell which are."""
    if name not in columns:
        msg = f"There is no column « {name} ». The columns are: {listed(columns, most=40)}."
        raise SurveyError(SurveyProblem.COLUMN, msg, column=name)


def chosen(name: str, counted: Level, levels: Mapping[str, Sequence[Level]]) -> list[int]:
    """Return the rank of the value that says « chosen » among the levels of each column of a set.

    It is the number of levels in a column that does not hold it.

    Raises
    ------
    SurveyError
        ``LEVEL`` if no column holds it: every share would be 0 by mistake.
    """
    found = list(dict.fromkeys(level for own in levels.values() for level in own))
    # Columns of 0 alone are of a question of which nobody chose anything: 1 is understood.
    if found and counted not in found and (found, counted) != ([0], 1):
        msg = (
            f"The question « {name} » counts {counted!r}, which none of its columns "
            f"({listed(levels)}) holds: they hold {listed(map(repr, found), most=20)}. Name one of "
            "these with `counted`, or describe the levels of the columns."
        )
        raise SurveyError(
            SurveyProblem.LEVEL, msg, column=name, value=counted, allowed=listed(found, most=20)
        )
    return [own.index(counted) if counted in own else len(own) for own in levels.values()]


def of_any_kind(native: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Return the frame of any library as one of narwhals.

    Raises
    ------
    TypeError
        If it is no frame.
    SurveyError
        ``COLUMN`` for two columns of one name.
    """
    try:
        found: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(native)
    except nw.exceptions.DuplicateError as error:
        twice = " ".join(str(error).split())
        msg = f"Two columns have one name. {twice}. Give each column a name of its own."
        raise SurveyError(SurveyProblem.COLUMN, msg) from error
    return found


def in_polars(frame: nw.DataFrame[Any]) -> pl.DataFrame:
    """Return a frame in memory as one of Polars.

    Raises
    ------
    SurveyError
        ``TYPE`` for a column that mixes numbers and texts, or holds what is neither.
    """
    try:
        found = frame.to_polars()
    except _UNREADABLE as error:
        name = next(name for name in frame.columns if not _is_readable(frame.get_column(name)))
        column = frame.get_column(name)
        answered = (~column.is_null()).to_list()
        cells = [
            cell if held else None for cell, held in zip(column.to_list(), answered, strict=True)
        ]
        row, value, fact = stranger(cells) or (0, cells[0], str(error).splitlines()[0])
        words, values = Places().of(row)
        msg = (
            f"In « {name} », {words} holds « {value} »: {fact}. Make a column of numbers, of texts "
            "or of dates, and the rest missing."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=name, value=value, **values) from error
    for name, held in found.schema.items():
        if isinstance(held, pl.BaseExtension):
            msg = (
                f"« {name} » holds values of the type {held.ext_name()}. Make a column of texts of "
                "them, such as with `astype(str)`."
            )
            raise SurveyError(SurveyProblem.TYPE, msg, column=name)
    # Ordered categories of pandas: the order is that of the levels.
    for name, held in found.schema.items():
        kind = frame.get_column(name).dtype if held == pl.Categorical else None
        if isinstance(kind, nw.Enum):
            found = found.with_columns(pl.col(name).cast(pl.Enum(kind.categories)))
    return found


def _is_readable(column: nw.Series[Any]) -> bool:
    try:
        column.to_polars()
    except _UNREADABLE:
        return False
    return True


def stranger(cells: Sequence[object]) -> tuple[int, object, str] | None:
    """Return the first cell of another kind than most: its row, itself, what it is.

    Examples
    --------
    >>> stranger([1, None, 2.5, "x"]), stranger([True, 1])
    ((3, 'x', 'a text in numbers'), (0, True, 'a truth value in numbers'))
    """
    kinds = {of: _kind(of) for of in {type(cell) for cell in cells if cell is not None}}
    rows: dict[str, list[int]] = {kind: [] for kind in kinds.values()}
    if len(rows) < 2:
        return None
    for row, cell in enumerate(cells):
        if cell is not None:
            rows[kinds[type(cell)]].append(row)
    few, *_, most = sorted(rows, key=lambda kind: (len(rows[kind]), kind != "text"))
    row = rows[few][0]
    return row, cells[row], f"a {few} in {most}s"


def _kind(of: type[object]) -> str:
    return next((kind for kind, types in _KINDS.items() if issubclass(of, types)), "number")


def as_numbers(series: pl.Series, places: Places | None = None) -> Floats:
    """Return a column as numbers: see `Table.numbers`."""
    places = places or Places()
    if not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        if series.null_count() == len(series):
            msg = f"« {series.name} » holds no answer at all. Leave it out, or complete it."
            raise SurveyError(SurveyProblem.EMPTY_DOMAIN, msg, column=series.name)
        row, value = first_that_is_no_number(series)
        place = places.of(row)
        msg = (
            f"« {series.name} » does not hold numbers: {place.words} holds « {value} ». Give a "
            "numeric column, or ask for proportions."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=series.name, value=value, **place.values)
    wide = series.cast(pl.Float64)
    # Polars writes NaN where there is no number.
    found = np.empty(len(wide))
    np.concatenate([chunk.to_numpy() for chunk in wide.get_chunks()], out=found)
    if max(-_extreme(wide.min()), _extreme(wide.max())) > LARGEST:
        row = int(np.flatnonzero(np.abs(found) > LARGEST)[0])
        what = "infinite" if np.isinf(found[row]) else f"{found[row]:g}"
        place = places.of(row)
        msg = (
            f"« {series.name} » is {what} in {place.words}: beyond {LARGEST:g} squares are lost. "
            "Correct it, make it missing, or take a larger unit."
        )
        raise SurveyError(SurveyProblem.VALUE, msg, column=series.name, **place.values)
    return found


def is_quantity(series: pl.Series) -> bool:
    """Tell whether answers are numbers with decimals, or too many of them to be levels."""
    if not series.dtype.is_numeric():
        return False
    if series.dtype.is_integer():
        low, high = series.min(), series.max()
        # Numbers that are near one another are few: they need not be counted.
        if isinstance(low, int) and isinstance(high, int) and high - low < MOST_LEVELS:
            return False
    elif (series != series.floor()).any():
        return True
    return series.drop_nulls().n_unique() > MOST_LEVELS


def first_that_is_no_number(series: pl.Series) -> tuple[int, object]:
    """Return the row, counted from 0, and the value of the first answer that is no number.

    The first answer where all are numbers, written as texts.
    """
    wrong = series.is_not_null()
    if series.dtype == pl.String or isinstance(series.dtype, pl.Categorical | pl.Enum):
        numbers = series.cast(pl.String).cast(pl.Float64, strict=False)
        words = wrong & (numbers.is_null() | numbers.is_nan())
        wrong = words if words.any() else wrong
    row = wrong.arg_max() or 0
    return row, series[row]


def _extreme(value: object) -> float:
    """Return an extreme of numbers; 0 of no number."""
    return value if isinstance(value, float) else 0.0


def _is_one_of(series: pl.Series, codes: Collection[Level]) -> pl.Series:
    try:
        return series.is_in(list(codes)).fill_null(value=False)
    except pl.exceptions.PolarsError as error:
        msg = (
            f"The codes for missing answers of « {series.name} » ({listed(codes)}) are not of the "
            f"type of its values ({series.dtype}). Write them in that type."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=series.name) from error
