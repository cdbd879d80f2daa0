"""A table of respondents: its rows, and what is known of its variables."""

from __future__ import annotations

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
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.threads import on_each

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from narwhals.typing import IntoFrame

    from alliage.survey.arrays import Bytes, Floats, Ints
    from alliage.survey.data.coding import Coded, Level


#: Numbers beyond have squares, or products of squares, that a computer does not hold.
LARGEST = 1e70

#: Numbers with more values than this are no list of levels, unless they are described.
MOST_LEVELS = 40

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
        a level that nobody chose is kept.
    missing
        The codes that say why there is no answer (refusal, does not apply); read as missing. A
        mapping gives the reason of each.
    scale
        What may be computed; ``None`` when nothing was said.
    universe
        Who was asked, in words.
    """

    label: str = ""
    labels: Mapping[Any, str] = field(default_factory=dict)
    missing: Collection[Level] = ()
    scale: Scale | None = None
    universe: str = ""

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
            ``EMPTY`` if there is no row.
        """
        if isinstance(rows, Table):
            return rows
        try:
            frame = nw.from_native(rows)
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
        return cls(checked(frame.to_polars()))

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
        if described is not None and described.labels:
            return tuple(level for level in described.labels if level not in described.missing)
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
        return coding.coded(name, self.column(name), self._described_levels(name), into)

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
                alike = coding.coded_bytes(own, levels)
                found |= {column.name: each for column, each in zip(own, alike, strict=True)}
        left = [name for name in names if name not in found]
        # The system gives much memory at once faster than as much in many parts.
        room = np.empty((len(left), self.frame.height), dtype=np.uint8)
        others = on_each(self.coded, left, room, rows=self.frame.height)
        return found | dict(zip(left, others, strict=True))

    def _described_levels(self, name: str) -> tuple[Level, ...] | None:
        described = self.variables.get(name)
        return self.levels(name) if described is not None and described.labels else None

    def numbers(self, name: str) -> Floats:
        """Return a column as numbers; a missing answer is NaN.

        Raises
        ------
        SurveyError
            ``TYPE`` if the column does not hold numbers; ``VALUE`` if one is infinite.
        """
        return as_numbers(self.column(name))

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


def as_numbers(series: pl.Series) -> Floats:
    """Return a column as numbers: see `Table.numbers`."""
    if not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        if series.null_count() == len(series):
            msg = f"« {series.name} » holds no answer at all. Leave it out, or complete it."
            raise SurveyError(SurveyProblem.EMPTY_DOMAIN, msg, column=series.name)
        row, value = first_value(series)
        msg = (
            f"« {series.name} » does not hold numbers: row {row} holds « {value} ». Give a numeric "
            "column, or ask for proportions."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=series.name, row=row, value=value)
    wide = series.cast(pl.Float64)
    # Polars writes NaN where there is no number.
    found = np.empty(len(wide))
    np.concatenate([chunk.to_numpy() for chunk in wide.get_chunks()], out=found)
    if max(-_extreme(wide.min()), _extreme(wide.max())) > LARGEST:
        row = int(np.flatnonzero(np.abs(found) > LARGEST)[0])
        what = "infinite" if np.isinf(found[row]) else f"{found[row]:g}"
        msg = (
            f"« {series.name} » is {what} in row {row + 1}: beyond {LARGEST:g} squares are lost. "
            "Correct it, make it missing, or take a larger unit."
        )
        raise SurveyError(SurveyProblem.VALUE, msg, column=series.name, row=row + 1)
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


def first_value(series: pl.Series) -> tuple[int, object]:
    """Return the first answer of a column and its row, counted from 1."""
    place = series.is_not_null().arg_max() or 0
    return place + 1, series[place]


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
