"""Sums of respondents by cell, made by the engine that holds them; tables of sums add up."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations_with_replacement
from operator import or_
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import narwhals as nw
import numpy as np
import polars as pl
from narwhals.exceptions import NarwhalsError

from alliage.survey.data.places import Places
from alliage.survey.data.table import LARGEST, SMALLEST, first_that_is_no_number, require
from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alliage.survey.arrays import Floats
    from alliage.survey.scale.plans import Plan

#: Respondents in memory, or where an engine holds them.
Frame: TypeAlias = pl.DataFrame | nw.LazyFrame[Any]

#: Cells of a table of moments; more of them are respondents that nothing gathers.
MOST_CELLS: Final = 4_000_000

COUNT, SMALLEST_WEIGHT, LARGEST_WEIGHT = "__respondents", "__smallest", "__largest"
_WEIGHT, _ALL = "__weight", "__all"
_UNWEIGHTED, _REFUSED = "__unweighted", "__refused"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the respondents.

    Attributes
    ----------
    frame
        Their rows.
    places
        Where they stand in the file, or in the frame, that they come from.
    findings
        What reading found to be looked at.
    """

    frame: Frame
    places: Places = field(default_factory=Places)
    findings: tuple[str, ...] = ()


def centres_of(part: Part, plan: Plan) -> dict[str, float]:
    """Return the mean of each numeric variable in a part, 0 where there is none."""
    check_columns(part, plan)
    names = plan.values()
    alias = plan.aliases()
    if not names:
        return {}
    frame = _plain(part.frame, plan)
    columns = (_float(_without_codes(name, plan)).alias(alias[name]) for name in names)
    finite = frame.select(*columns).select(
        *(
            nw.when(nw.col(alias[name]).is_finite()).then(nw.col(alias[name])).mean()
            for name in names
        )
    )
    row = _collected([finite], part)[0].row(0)
    return {name: float(value or 0.0) for name, value in zip(names, row, strict=True)}


def check_columns(part: Part, plan: Plan) -> None:
    """Refuse columns that are absent, or of a type that cannot be used.

    Raises
    ------
    SurveyError
        ``COLUMN``, ``TYPE`` or ``WEIGHT_NOT_NUMBER``.
    """
    with _read_by_polars():
        schema = nw.from_native(part.frame, pass_through=False).collect_schema()
    for name in plan.columns():
        require(schema.names(), name)
        _check_codes(name, schema[name], _codes(name, plan))
    for name in plan.values():
        if not (_is_number(schema[name]) or schema[name] == nw.Boolean):
            held, first = _first_text(part, name)
            msg = (
                f"« {name} » does not hold numbers but {schema[name]}{held}. Give a numeric "
                "column, or ask for proportions."
            )
            raise SurveyError(SurveyProblem.TYPE, msg, column=name, **first)
    weights = plan.design.weights
    if weights is not None and not _is_number(schema[weights]):
        held, first = _first_text(part, weights)
        msg = (
            f"The weight « {weights} » is not a number ({schema[weights]}){held}. Give a column of "
            "numbers, with a point for decimals."
        )
        raise SurveyError(SurveyProblem.WEIGHT_NOT_NUMBER, msg, column=weights, **first)


def _first_text(part: Part, name: str) -> tuple[str, dict[str, Any]]:
    """Name the first answer that is no number, where rows are in memory."""
    if not isinstance(part.frame, pl.DataFrame):
        return "", {}
    row, value = first_that_is_no_number(part.frame.get_column(name))
    words, values = part.places.of(row)
    return f": {words} holds « {value} »", {"value": value, **values}


def _check_codes(name: str, dtype: nw.dtypes.DType, codes: Sequence[Any]) -> None:
    kind = int | float if dtype.is_numeric() else str
    wrong = [code for code in codes if not isinstance(code, kind)]
    if wrong and dtype not in {nw.Unknown, nw.Boolean}:
        msg = (
            f"The codes for missing answers of « {name} » ({listed(wrong)}) are not of the type of "
            f"its values ({dtype}). Write them in that type."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=name)


def gathered(part: Part, plan: Plan, around: Mapping[str, float]) -> tuple[pl.DataFrame, ...]:
    """Return the sums of a part, a table for each of the plan.

    Only these tables leave the engine that holds the respondents.

    Parameters
    ----------
    part : Part
        The respondents.
    plan : Plan
        What to sum.
    around : mapping
        What is taken from each numeric variable.

    Raises
    ------
    SurveyError
        ``COLUMN``, ``TYPE``, ``LEVEL``, ``VALUE``, ``WEIGHT_*`` or ``DESIGN_MISSING`` for columns
        that cannot be used; ``MOMENTS`` if a variable makes as many cells as respondents.
    """
    check_columns(part, plan)
    prepared = _prepared(part.frame, plan, around)
    grouped = [_grouped(prepared, plan, number) for number in range(len(plan.tables))]
    found = _collected(grouped, part)
    back: dict[str, str] = {}
    for name, short in plan.aliases().items():
        back |= {short: name, _known(short): _known(name), _infinite(short): _infinite(name)}
    tables = [table.rename(back, strict=False) for table in found]
    _check_rows(part, tables[0], plan)
    for number, table in enumerate(tables):
        check_size(table, plan.keys(number))
        _check_levels(part, table, plan, number)
    checks = [_UNWEIGHTED, _REFUSED, *(_infinite(name) for name in plan.values())]
    return (tables[0].drop(checks), *tables[1:])


def check_size(table: pl.DataFrame, keys: Sequence[str]) -> None:
    """Refuse a table that holds nearly as many cells as respondents.

    Raises
    ------
    SurveyError
        ``MOMENTS``.
    """
    if table.height <= MOST_CELLS:
        return
    worst = max(keys, key=lambda name: table.get_column(name).n_unique())
    msg = (
        f"Gathered by {listed(keys, most=20)}, respondents make more than {MOST_CELLS:,} cells: "
        f"« {worst} » alone has {table.get_column(worst).n_unique():,} values. Round it or put it "
        "in classes (quantiles and Gini need each value), ask fewer breakdowns together, or use "
        "`sample` with the rows in memory."
    )
    raise SurveyError(SurveyProblem.MOMENTS, msg, column=worst, cells=table.height)


def added(mine: pl.DataFrame, theirs: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Add two tables of sums of the same plan.

    Raises
    ------
    SurveyError
        ``TYPE`` if a column holds numbers in one and texts in the other; ``MOMENTS`` if they are
        too many cells.
    """
    mine, theirs = _alike(mine, theirs, keys)
    known = [name for name in mine.columns if name.startswith("__known_")]
    sums = [name for name in mine.columns if name.startswith(("__f", "__s_", "__q"))]
    extremes = []
    if SMALLEST_WEIGHT in mine.columns:
        extremes = [pl.col(SMALLEST_WEIGHT).min(), pl.col(LARGEST_WEIGHT).max()]
    both = (
        pl.concat([mine, theirs.select(mine.columns)], how="vertical_relaxed")
        .group_by([*keys, *known, _ALL])
        .agg(pl.col(COUNT).sum(), *extremes, pl.col(sums).sum())
    )
    check_size(both, keys)
    return both


def moved(
    frame: pl.DataFrame,
    old: Mapping[str, float],
    new: Mapping[str, float],
    values: Sequence[str],
) -> pl.DataFrame:
    """Take other centres from the values: ``v`` becomes ``T v``, and its squares follow."""
    shifts = np.array([old[name] - new[name] for name in values])
    if not shifts.any():
        return frame
    first, second, squares = sums(frame, len(values))
    # A missing value stays at 0.
    known = np.stack([answered(frame, name) for name in values], axis=1)
    move = np.broadcast_to(np.eye(len(values) + 1), second.shape).copy()
    move[:, 1:, 0] = shifts * known
    first = np.einsum("cij,cj->ci", move, first)
    second = np.einsum("cij,cjk,clk->cil", move, second, move)
    squares = np.einsum("cij,cjk,clk->cil", move, squares, move)
    columns = [pl.Series(_first(i), first[:, i]) for i in range(len(values) + 1)]
    columns += [pl.Series(_second(i, j), second[:, i, j]) for i, j in _pairs(1, len(values))]
    columns += [pl.Series(_square(i, j), squares[:, i, j]) for i, j in _pairs(0, len(values))]
    return frame.with_columns(columns)


def sums(frame: pl.DataFrame, values: int) -> tuple[Floats, Floats, Floats]:
    """Return Σ d v of shape (C, p), then Σ d v v' and Σ d² v v' of shape (C, p, p)."""
    size = values + 1
    first = np.stack([frame.get_column(_first(i)).to_numpy() for i in range(size)], axis=1)
    second, squares = np.empty((2, frame.height, size, size))
    second[:, 0, :] = second[:, :, 0] = first
    for i, j in _pairs(1, values):
        second[:, i, j] = second[:, j, i] = frame.get_column(_second(i, j)).to_numpy()
    for i, j in _pairs(0, values):
        squares[:, i, j] = squares[:, j, i] = frame.get_column(_square(i, j)).to_numpy()
    return first, second, squares


def answered(frame: pl.DataFrame, name: str) -> Floats:
    """Tell, by cell, whether a numeric variable is known."""
    return frame.get_column(_known(name)).to_numpy()


# What the engine computes


def _plain(frame: Frame, plan: Plan) -> nw.LazyFrame[Any]:
    """Return the columns of a plan by plain names, as a lazy frame."""
    alias = plan.aliases()
    if isinstance(frame, pl.DataFrame):
        frame = nw.from_native(frame.lazy())
    if not alias:
        return frame
    if frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect():
        # Spark reads a point in the name of a column as a field.
        names = frame.collect_schema().names()
        native = frame.to_native().toDF(*(alias.get(name, f"x{i}") for i, name in enumerate(names)))
        named: nw.LazyFrame[Any] = nw.from_native(native)
        return named.select(*alias.values())
    return frame.select(*(nw.col(name).alias(alias[name]) for name in alias))


def _prepared(frame: Frame, plan: Plan, around: Mapping[str, float]) -> nw.LazyFrame[Any]:
    """Add the weight and centred values as columns, codes for missing answers made missing."""
    alias = plan.aliases()
    weights = plan.design.weights
    weight = nw.lit(1.0) if weights is None else _float(_without_codes(weights, plan))
    columns = [weight.alias(_WEIGHT)]
    for name in plan.values():
        value = _float(_without_codes(name, plan))
        infinite = ((value.abs() > LARGEST) & ~value.is_nan()).fill_null(value=False)
        missing = value.is_null() | value.is_nan().fill_null(value=False)
        columns.append(infinite.cast(nw.Int64).alias(_infinite(alias[name])))
        columns.append((~missing).alias(_known(alias[name])))
        columns.append(
            nw.when(missing | infinite)
            .then(nw.lit(0.0))
            .otherwise(value - around[name])
            .alias(_value(alias[name]))
        )
    prepared = _plain(frame, plan).with_columns(*columns)
    coded = (name for name in alias if _codes(name, plan) and name != weights)
    weight = nw.col(_WEIGHT)
    absent = weight.is_null()
    wrong = ~absent & (~(weight >= SMALLEST) | ~(weight <= LARGEST) | weight.is_nan())
    return prepared.with_columns(
        *(_without_codes(name, plan).alias(alias[name]) for name in coded),
        absent.cast(nw.Int64).alias(_UNWEIGHTED),
        wrong.fill_null(value=True).cast(nw.Int64).alias(_REFUSED),
    )


def _codes(name: str, plan: Plan) -> list[Any]:
    described = plan.variables.get(name)
    return [] if described is None else list(described.missing)


def _without_codes(name: str, plan: Plan) -> nw.Expr:
    column, codes = nw.col(plan.aliases()[name]), _codes(name, plan)
    if not codes:
        return column
    # One by one: decimals are compared with whole codes.
    hidden = reduce(or_, (column == code for code in codes))
    return nw.when(~hidden).then(column)


def _float(column: nw.Expr) -> nw.Expr:
    return column.cast(nw.Float64)


def _is_number(dtype: nw.dtypes.DType) -> bool:
    # A column without any answer has no type: it adds nothing.
    return dtype.is_numeric() or dtype == nw.Unknown


def _grouped(frame: nw.LazyFrame[Any], plan: Plan, number: int) -> nw.LazyFrame[Any]:
    alias = plan.aliases()
    values = [alias[name] for name in plan.tables[number][1]]
    keys = [alias[name] for name in plan.keys(number)] + [_known(name) for name in values]
    weight = nw.col(_WEIGHT)
    vector = [nw.lit(1.0), *(nw.col(_value(name)) for name in values)]
    columns = [(weight * part).alias(_first(i)) for i, part in enumerate(vector)]
    columns += [
        (weight * vector[i] * vector[j]).alias(_second(i, j)) for i, j in _pairs(1, len(values))
    ]
    columns += [
        (weight * vector[i] * vector[j] * weight).alias(_square(i, j))
        for i, j in _pairs(0, len(values))
    ]
    totals = [nw.col(name).sum() for name in _names(len(values))]
    if number == 0:
        totals += [weight.min().alias(SMALLEST_WEIGHT), weight.max().alias(LARGEST_WEIGHT)]
        totals += [nw.col(name).sum() for name in (_UNWEIGHTED, _REFUSED)]
        totals += [nw.col(_infinite(alias[name])).sum() for name in plan.values()]
    # A survey without anything to gather by is one cell.
    frame = frame.with_columns(*columns, nw.lit(0).alias(_ALL))
    cells = frame.group_by(*keys, _ALL).agg(nw.len().cast(nw.Int64).alias(COUNT), *totals)
    # No more is fetched than what a table may hold.
    return cells.head(MOST_CELLS + 1)


def _collected(frames: Sequence[nw.LazyFrame[Any]], part: Part) -> list[pl.DataFrame]:
    natives = [frame.to_native() for frame in frames]
    with _read_by_polars():
        if isinstance(part.frame, pl.DataFrame):
            return pl.collect_all(natives)
        if all(isinstance(native, pl.LazyFrame) for native in natives):
            # What tables share would be held in memory: it is read again for each of them.
            again = pl.QueryOptFlags(comm_subplan_elim=False)
            return pl.collect_all(natives, engine="streaming", optimizations=again)
    return [frame.collect(backend="polars").to_polars() for frame in frames]


@contextmanager
def _read_by_polars() -> Iterator[None]:
    """Say that a lazy frame could not be read; other engines have errors of their own."""
    try:
        yield
    except (pl.exceptions.PolarsError, NarwhalsError, OSError) as error:
        fact = str(error).strip().splitlines()[0]
        msg = (
            f"Polars could not read the respondents: {fact}. Give the files themselves instead of "
            "a lazy frame, so that the one at fault is named."
        )
        raise SurveyError(SurveyProblem.FORMAT, msg) from error


# What is refused


def _check_rows(part: Part, table: pl.DataFrame, plan: Plan) -> None:
    """Refuse weights, numbers and places in the sample that cannot be used."""
    weights = plan.design.weights or ""
    positive = f"is not a number above 0, from {SMALLEST:g} to {LARGEST:g},"
    problems = {
        _UNWEIGHTED: (SurveyProblem.WEIGHT_MISSING, weights, "is missing"),
        _REFUSED: (SurveyProblem.WEIGHT_NOT_POSITIVE, weights, positive),
    }
    for name in plan.values():
        beyond = f"is infinite or beyond {LARGEST:g}"
        problems[_infinite(name)] = (SurveyProblem.VALUE, name, beyond)
    for column, (problem, name, fact) in problems.items():
        rows = int(table.get_column(column).sum() or 0)
        if rows:
            where, first = _first_of(part, name, _codes(name, plan), problem)
            msg = f"« {name} » {fact} for {rows} respondents{where}. {_REMEDIES[problem]}"
            raise SurveyError(problem, msg, column=name, rows=rows, **first)
    for name in plan.drawn():
        rows = int(table.filter(pl.col(name).is_null()).get_column(COUNT).sum())
        if rows:
            asked = pl.col(name)
            where, first = _place_of(part, asked.is_null() | asked.is_in(_codes(name, plan)))
            msg = (
                f"« {name} » is missing for {rows} respondents{where}. The design needs it for "
                "everyone."
            )
            raise SurveyError(SurveyProblem.DESIGN_MISSING, msg, column=name, rows=rows, **first)


_REMEDIES: Final = {
    SurveyProblem.WEIGHT_MISSING: (
        "Complete it, or remove these rows and say that they were removed."
    ),
    SurveyProblem.WEIGHT_NOT_POSITIVE: (
        "Correct it; to leave respondents out of an estimate, keep them and name a domain."
    ),
    SurveyProblem.VALUE: "Correct it, or make it missing.",
}


def _first_of(
    part: Part, name: str, codes: Sequence[Any], problem: SurveyProblem
) -> tuple[str, dict[str, Any]]:
    """Name the first row that is refused, where rows are in memory."""
    if not isinstance(part.frame, pl.DataFrame):
        return "", {}
    column = part.frame.get_column(name)
    column = column.cast(pl.Float64)
    column = column.set(column.is_in([float(code) for code in codes]), None)
    if problem is SurveyProblem.WEIGHT_MISSING:
        wrong = column.is_null()
    elif problem is SurveyProblem.VALUE:
        wrong = column.abs() > LARGEST
    else:
        wrong = ~(column >= SMALLEST) | ~(column <= LARGEST)
    place = wrong.fill_null(value=False).arg_max() or 0
    words, values = part.places.of(place)
    value = column[place]
    held = "" if value is None else f", which holds {value:g}"
    return f", the first in {words}{held}", {"value": value, **values}


def _place_of(part: Part, wrong: pl.Expr) -> tuple[str, dict[str, Any]]:
    """Name the first row that is wrong, where rows are in memory."""
    if not isinstance(part.frame, pl.DataFrame):
        return "", {}
    words, values = part.places.of(part.frame.select(wrong).to_series().arg_max() or 0)
    return f", the first in {words}", values


def _check_levels(part: Part, table: pl.DataFrame, plan: Plan, number: int) -> None:
    """Refuse answers that are none of the levels described."""
    for name in plan.keys(number):
        described = plan.variables.get(name)
        if described is None or not described.levels:
            continue
        known = {*described.labels, *described.missing}
        counts = table.group_by(name).agg(pl.col(COUNT).sum()).drop_nulls(name).sort(name)
        unknown = [(level, rows) for level, rows in counts.iter_rows() if level not in known]
        if unknown:
            level, rows = unknown[0]
            where, first = _place_of(part, pl.col(name) == level)
            allowed = listed(described.labels, most=20)
            msg = (
                f"« {name} » holds « {level} » for {rows} respondents{where}, which is none of its "
                f"levels: {allowed}. Correct the value, describe the level, or declare it missing."
            )
            raise SurveyError(
                SurveyProblem.LEVEL, msg, column=name, value=level, allowed=allowed, **first
            )


def _alike(
    mine: pl.DataFrame, theirs: pl.DataFrame, keys: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the keys of two tables the same types, where they are alike."""
    for name in keys:
        one, other = mine.get_column(name), theirs.get_column(name)
        if one.dtype == other.dtype or (one.dtype.is_numeric() and other.dtype.is_numeric()):
            continue
        if one.null_count() == len(one):
            mine = mine.with_columns(pl.lit(None, other.dtype).alias(name))
        elif other.null_count() == len(other):
            theirs = theirs.with_columns(pl.lit(None, one.dtype).alias(name))
        elif _is_text(one.dtype) and _is_text(other.dtype):
            mine, theirs = (
                table.with_columns(pl.col(name).cast(pl.String)) for table in (mine, theirs)
            )
        else:
            raise _unlike(name, one, other)
    return mine, theirs


def _unlike(name: str, one: pl.Series, other: pl.Series) -> SurveyError:
    values = [column.drop_nulls() for column in (one, other)]
    # Of texts, one that is no number.
    words = [column.filter(column.cast(pl.Float64, strict=False).is_null()) for column in values]
    before, here = (
        (most if len(most) else column)[0] for most, column in zip(words, values, strict=True)
    )
    msg = (
        f"« {name} » holds {one.dtype} in the parts before and {other.dtype} here: "
        f"« {before} » and « {here} ». Write the column in one type, in Parquet for instance; a "
        "CSV file has no types."
    )
    return SurveyError(SurveyProblem.TYPE, msg, column=name)


def _is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Enum | pl.Categorical)


# Names of columns


def _known(name: str) -> str:
    return f"__known_{name}"


def _value(name: str) -> str:
    return f"__value_{name}"


def _infinite(name: str) -> str:
    return f"__infinite_{name}"


def _first(i: int) -> str:
    return f"__f_{i}"


def _second(i: int, j: int) -> str:
    return f"__s_{i}_{j}"


def _square(i: int, j: int) -> str:
    return f"__q_{i}_{j}"


def _pairs(start: int, end: int) -> list[tuple[int, int]]:
    return list(combinations_with_replacement(range(start, end + 1), 2))


def _names(values: int) -> list[str]:
    return [
        *(_first(i) for i in range(values + 1)),
        *(_second(i, j) for i, j in _pairs(1, values)),
        *(_square(i, j) for i, j in _pairs(0, values)),
    ]
