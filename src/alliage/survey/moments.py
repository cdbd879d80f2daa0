"""Moments of respondents, computed where they are, a part at a time, and added up.

A table of moments holds the sums that estimates need, by cell. Tables of parts of a survey (chunks
of a file, several files, several machines) add up to that of the whole, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain, combinations_with_replacement
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw
import numpy as np
import polars as pl

from alliage.survey.cells import Cells, gathered_codes
from alliage.survey.design import per_stage
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.sample import Calibration, Patterns, report_of
from alliage.survey.structure import Structure, build, first_of_each
from alliage.survey.table import NO_LEVEL, Table, require

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.design import Design
    from alliage.survey.report import CalibrationReport
    from alliage.survey.requests import Request
    from alliage.survey.table import MultiResponse, Variable

Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

_COUNT, _WEIGHT = "__respondents", "__weight"
_SMALLEST, _LARGEST, _REFUSED = "__smallest", "__largest", "__refused"


@dataclass(frozen=True, slots=True)
class Plan:
    """The sums to make in one pass.

    Attributes
    ----------
    design
        How the sample was drawn.
    margins
        Categorical variables that calibration may use.
    tables
        For each table, its categorical variables (without those of the design and margins) and
        its numeric ones.
    variables, sets
        What is known of the columns: levels, codes for missing answers.
    """

    design: Design
    margins: tuple[str, ...]
    tables: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    sets: Mapping[str, MultiResponse] = field(default_factory=dict)

    def always(self) -> tuple[str, ...]:
        """Return the variables by which every table is gathered."""
        design = self.design
        names = chain(
            per_stage(design.strata),
            per_stage(design.clusters),
            per_stage(design.fpc),
            self.margins,
        )
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def keys(self, number: int) -> tuple[str, ...]:
        """Return the variables by which a table is gathered."""
        return tuple(dict.fromkeys((*self.always(), *self.tables[number][0])))

    def values(self) -> tuple[str, ...]:
        """Return every numeric variable."""
        return tuple(dict.fromkeys(chain.from_iterable(values for _, values in self.tables)))

    def aliases(self) -> dict[str, str]:
        """Return a plain name for each column: engines read points and spaces in their own way."""
        return {name: f"c{place}" for place, name in enumerate(self.columns())}

    def columns(self) -> tuple[str, ...]:
        """Return every column that is read."""
        keys = chain.from_iterable(self.keys(number) for number in range(len(self.tables)))
        weights = (self.design.weights,) if self.design.weights else ()
        return tuple(dict.fromkeys((*keys, *self.values(), *weights)))


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is needed of respondents to calibrate and to estimate; add two to have both.

    Attributes
    ----------
    plan
        What was summed.
    centres
        What was taken from each numeric variable before its squares were summed.
    frames
        The sums of each table of the plan, one row for each cell.
    calibration
        ``None`` before `calibrate`.
    patterns_of
        The margins of the calibration, and the code of each pattern; empty before.
    """

    plan: Plan
    centres: Mapping[str, float]
    frames: tuple[pl.DataFrame, ...]
    calibration: Calibration | None = None
    patterns_of: tuple[tuple[str, ...], Ints] = ((), np.zeros(1, dtype=np.int64))

    @property
    def design(self) -> Design:
        """How the sample was drawn."""
        return self.plan.design

    @property
    def sets(self) -> Mapping[str, MultiResponse]:
        """The questions with several answers."""
        return self.plan.sets

    @property
    def report(self) -> CalibrationReport:
        """What the calibration reached.

        Raises
        ------
        SurveyError
            ``REQUEST`` if the moments were not calibrated.
        """
        return report_of(self.calibration)

    @property
    def respondents(self) -> int:
        """How many respondents were summed."""
        return int(self.frames[0].get_column(_COUNT).sum())

    @property
    def variance_basis(self) -> Structure:
        """The stages of the sample."""
        return self._structure(0)[0]

    def __add__(self, other: Moments) -> Moments:
        """Add the moments of two parts of a survey.

        Raises
        ------
        SurveyError
            ``MOMENTS`` if they were not summed by the same plan, or one is calibrated.
        """
        if self.plan != other.plan or self.calibration or other.calibration:
            msg = (
                "Moments of different plans, or calibrated ones, do not add up. Sum both with the "
                "same design, requests and margins, add them, then calibrate."
            )
            raise SurveyError(SurveyProblem.MOMENTS, msg)
        frames = tuple(
            _added(
                mine, _moved(theirs, other.centres, self.centres, values), self.plan.keys(number)
            )
            for number, ((_, values), mine, theirs) in enumerate(
                zip(self.plan.tables, self.frames, other.frames, strict=True)
            )
        )
        return replace(self, frames=frames)

    def cells(self, keys: Sequence[str], values: Sequence[str]) -> Cells:
        """Return the moments by cell of categorical and numeric variables.

        Raises
        ------
        SurveyError
            ``MOMENTS`` if no table of the plan has them together.
        """
        number = self._table_with(keys, values)
        table, frame = self._table(number), self.frames[number]
        held = self.plan.tables[number][1]
        structure, place, inverse = self._structure(number)
        del structure
        count = frame.get_column(_COUNT).to_numpy().astype(np.float64)
        first, second, squares = _sums(frame, len(held))
        if self.design.weights is None and self.design.fpc is not None:
            first, second = first * inverse[:, None], second * inverse[:, None, None]
            squares = squares * inverse[:, None, None] ** 2
        spread = squares - first[:, :, None] * first[:, None, :] / count[:, None, None]
        answered = np.ones(first.shape, dtype=bool)
        for column, name in enumerate(held, start=1):
            answered[:, column] = frame.get_column(_known(name)).to_numpy()
        return Cells(
            {name: table.codes(name) for name in keys},
            {name: table.levels(name) for name in keys},
            held,
            np.array([0.0, *(self.centres[name] for name in held)]),
            answered,
            place,
            self._patterns(table),
            count,
            first,
            second,
            spread,
        )

    def patterns(self, keys: Sequence[str], values: Sequence[str], *, by_weight: bool) -> Patterns:
        """Gather respondents by categorical variables.

        Raises
        ------
        SurveyError
            ``MOMENTS`` for what needs rows: numeric margins, bounds of weights; or for a margin
            that is not in the plan.
        """
        absent = [name for name in keys if name not in self.plan.margins]
        if values or by_weight or absent:
            what = (
                f"the numeric margins {listed(values)}"
                if values
                else "bounds of the weights themselves"
                if by_weight
                else f"{listed(absent)}, which the moments were not told of as margins"
            )
            msg = (
                f"These moments cannot be calibrated on {what}. Name margins when moments are "
                "made; where rows are needed, use `sample`."
            )
            raise SurveyError(SurveyProblem.MOMENTS, msg, margins=listed((*absent, *values)))
        table, frame = self._table(0), self.frames[0]
        codes = {name: self._margin(table, name) for name in keys}
        _, _, inverse = self._structure(0)
        scale = inverse if self.design.weights is None and self.design.fpc is not None else 1.0
        of_rows = gathered_codes([*codes.values(), np.zeros(frame.height, dtype=np.int64)])
        at = first_of_each(of_rows)
        first, _, squares = _sums(frame, len(self.plan.tables[0][1]))
        count = frame.get_column(_COUNT).to_numpy()
        smallest, largest = np.full(len(at), np.inf), np.zeros(len(at))
        np.minimum.at(smallest, of_rows, frame.get_column(_SMALLEST).to_numpy() * scale)
        np.maximum.at(largest, of_rows, frame.get_column(_LARGEST).to_numpy() * scale)
        return Patterns(
            {name: column[at] for name, column in codes.items()},
            {name: table.levels(name) for name in keys},
            {},
            np.bincount(of_rows, weights=count).astype(np.float64),
            np.bincount(of_rows, weights=first[:, 0] * scale).astype(np.float64),
            np.bincount(of_rows, weights=squares[:, 0, 0] * scale**2).astype(np.float64),
            smallest,
            largest,
            None,
            of_rows,
        )

    def calibrated(self, patterns: Patterns, calibration: Calibration) -> Moments:
        """Return the moments with the weights of a calibration over patterns."""
        names = tuple(patterns.keys)
        codes = _radix([patterns.keys[name] for name in names], self._sizes(self._table(0), names))
        return replace(self, calibration=calibration, patterns_of=(names, codes))

    def _patterns(self, table: Table) -> Ints:
        names, codes = self.patterns_of
        own = _radix([table.codes(name) for name in names], self._sizes(table, names))
        if not names:
            return np.zeros(table.frame.height, dtype=np.int64)
        return np.searchsorted(codes, own)

    def _sizes(self, table: Table, names: Sequence[str]) -> list[int]:
        return [len(table.levels(name)) for name in names]

    def _margin(self, table: Table, name: str) -> Ints:
        codes = table.codes(name)
        missing = codes == NO_LEVEL
        if missing.any():
            rows = int(table.frame.get_column(_COUNT).to_numpy()[missing].sum())
            msg = (
                f"The margin variable « {name} » is missing for {rows} respondents. Complete it "
                "before calibrating, or give « missing » a level and a total."
            )
            raise SurveyError(SurveyProblem.MARGIN_MISSING, msg, column=name, rows=rows)
        return codes

    def _table_with(self, keys: Sequence[str], values: Sequence[str]) -> int:
        found = [
            number
            for number, (_, held) in enumerate(self.plan.tables)
            if {*keys} <= {*self.plan.keys(number)} and {*values} <= {*held}
        ]
        if not found:
            msg = (
                f"The moments do not hold {listed((*keys, *values))} together. Name the request "
                "when moments are made: `moments(frames, design, [request, ...])`."
            )
            raise SurveyError(SurveyProblem.MOMENTS, msg, variables=listed((*keys, *values)))
        return min(found, key=lambda number: self.frames[number].height)

    def _table(self, number: int) -> Table:
        return Table(self.frames[number], self.plan.variables, self.plan.sets)

    def _structure(self, number: int) -> tuple[Structure, Ints, Floats]:
        counts = self.frames[number].get_column(_COUNT).to_numpy().astype(np.int64)
        return build(self.design, self._table(number), counts)


def moments(
    frames: Any,
    design: Design,
    requests: Sequence[Request],
    *,
    margins: Sequence[str] = (),
    variables: Mapping[str, Variable] | None = None,
    sets: Mapping[str, MultiResponse] | None = None,
    centres: Mapping[str, float] | None = None,
) -> Moments:
    """Sum what requests need, where the data are, without holding respondents in memory.

    Parameters
    ----------
    frames : frame or iterable of frames
        Anything that ``narwhals`` drives: frames of Polars, pandas or Arrow, lazy frames of
        Polars, DuckDB or PySpark. Several are parts of one survey, read one after another.
    design : Design
        How the sample was drawn, without replicate weights. Clusters have to be told apart in
        the whole survey.
    requests : sequence of Request
        What will be estimated.
    margins : sequence of str
        Categorical variables that the calibration may use.
    variables, sets : mapping, optional
        Descriptions of variables and of questions with several answers.
    centres : mapping, optional
        A typical value of each numeric variable, so that squares keep their digits; the mean of
        the first frame if not given. It has no influence on results beyond rounding.

    Returns
    -------
    Moments
        To calibrate, and to estimate from, like a sample.

    Raises
    ------
    SurveyError
        ``COLUMN``, ``WEIGHT_*`` or ``TYPE`` for columns that cannot be used; ``REPLICATES`` for
        a design with replicate weights; ``EMPTY`` without respondents.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Mean, estimate
    >>> parts = [pl.LazyFrame({"y": [1.0, 2.0]}), pl.LazyFrame({"y": [6.0]})]
    >>> estimate(moments(parts, Design(), [Mean(variable="y")]), Mean(variable="y")).one().value
    3.0
    """
    if design.replicates is not None:
        msg = "Moments do not take replicate weights. Use `sample`, or give strata and clusters."
        raise SurveyError(SurveyProblem.REPLICATES, msg)
    tables = tuple(dict.fromkeys(_needs(request) for request in requests)) or (((), ()),)
    plan = Plan(design, tuple(margins), tables, dict(variables or {}), dict(sets or {}))
    parts = iter(_parts(frames))
    first = next(parts, None)
    if first is None:
        raise _empty()
    known = dict(centres or {})
    known |= {name: value for name, value in _means(first, plan).items() if name not in known}
    summed = (_summed(part, plan, known) for part in chain([first], parts))
    found = reduce(Moments.__add__, summed)
    if not found.respondents:
        raise _empty()
    return found


def _empty() -> SurveyError:
    msg = "There is no respondent in the frames. Give at least one."
    return SurveyError(SurveyProblem.EMPTY, msg)


def _needs(request: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    keys, values = request.needs()
    over = [name for name, _ in request.over]
    return tuple(sorted({*keys, *request.by, *over})), values


def _parts(frames: Any) -> Iterable[Frame]:
    if isinstance(frames, Table):
        return [nw.from_native(frames.frame)]
    try:
        return [nw.from_native(frames)]
    except TypeError:
        if isinstance(frames, Iterable):
            return (next(iter(_parts(frame))) for frame in frames)
    msg = (
        f"A {type(frames).__name__} is not a table. Give a frame, a lazy frame, or an iterable "
        "of them."
    )
    raise SurveyError(SurveyProblem.FRAME, msg, given=type(frames).__name__)


def _means(frame: Frame, plan: Plan) -> dict[str, float]:
    names = plan.values()
    _check(frame, plan)
    if not names:
        return {}
    row = _collected([frame.select(*(nw.col(name).mean() for name in names))])[0].row(0)
    return {name: float(value or 0.0) for name, value in zip(names, row, strict=True)}


def _check(frame: Frame, plan: Plan) -> None:
    schema = frame.collect_schema()
    for name in plan.columns():
        require(schema.names(), name)
    for name in plan.values():
        if not schema[name].is_numeric():
            msg = (
                f"« {name} » does not hold numbers but {schema[name]}. Give a numeric column, or "
                "ask for proportions."
            )
            raise SurveyError(SurveyProblem.TYPE, msg, column=name)
    weights = plan.design.weights
    if weights is not None and not schema[weights].is_numeric():
        msg = (
            f"The weight « {weights} » is not a number ({schema[weights]}). Give a column of "
            "numbers, with a point for decimals."
        )
        raise SurveyError(SurveyProblem.WEIGHT_NOT_NUMBER, msg, column=weights)


def _summed(frame: Frame, plan: Plan, centres: Mapping[str, float]) -> Moments:
    _check(frame, plan)
    prepared = _prepared(frame, plan, centres)
    lazy = [_gathered(prepared, plan, number) for number in range(len(plan.tables))]
    back = {short: name for name, short in plan.aliases().items()}
    back |= {_known(short): _known(name) for short, name in back.items()}
    frames = tuple(each.rename(back, strict=False) for each in _collected(lazy))
    refused = int(frames[0].get_column(_REFUSED).sum() or 0)
    if refused:
        msg = (
            f"The weight « {plan.design.weights} » is missing, or not above 0, for {refused} "
            "respondents. Correct it; to leave respondents out of an estimate, keep them and "
            "name a domain."
        )
        raise SurveyError(
            SurveyProblem.WEIGHT_NOT_POSITIVE, msg, column=plan.design.weights, rows=refused
        )
    return Moments(plan, dict(centres), tuple(each.drop(_REFUSED) for each in frames))


def _prepared(frame: Frame, plan: Plan, centres: Mapping[str, float]) -> Frame:
    """Add the weight and centred values as columns, codes for missing answers made missing."""
    alias = plan.aliases()
    frame = frame.select(*(_without_codes(name, plan).alias(alias[name]) for name in alias))
    weights = plan.design.weights
    weight = nw.lit(1.0) if weights is None else nw.col(alias[weights]).cast(nw.Float64)
    columns = [weight.alias(_WEIGHT)]
    for name in plan.values():
        value = nw.col(alias[name]).cast(nw.Float64)
        missing = value.is_null() | value.is_nan().fill_null(value=False)
        columns.append((~missing).alias(_known(alias[name])))
        columns.append(
            nw.when(missing)
            .then(nw.lit(0.0))
            .otherwise(value - centres[name])
            .alias(_value(alias[name]))
        )
    frame = frame.with_columns(*columns)
    weight = nw.col(_WEIGHT)
    refused = weight.is_null() | ~(weight > 0).fill_null(value=False) | ~weight.is_finite()
    return frame.with_columns(refused.fill_null(value=True).cast(nw.Int64).alias(_REFUSED))


def _without_codes(name: str, plan: Plan) -> nw.Expr:
    described = plan.variables.get(name)
    column = nw.col(name)
    if described is None or not described.missing:
        return column
    hidden = column.is_in(list(described.missing))
    return nw.when(~hidden).then(column)


def _gathered(frame: Frame, plan: Plan, number: int) -> Frame:
    alias = plan.aliases()
    values = [alias[name] for name in plan.tables[number][1]]
    keys = [alias[name] for name in plan.keys(number)] + [_known(name) for name in values]
    weight = nw.col(_WEIGHT)
    vector = [nw.lit(1.0), *(nw.col(_value(name)) for name in values)]
    columns = [(weight * part).alias(f"__f{i}") for i, part in enumerate(vector)]
    for i, j in combinations_with_replacement(range(len(vector)), 2):
        product = weight * vector[i] * vector[j]
        columns.append(product.alias(f"__s{i}_{j}"))
        columns.append((product * weight).alias(f"__q{i}_{j}"))
    names = _names(len(values))
    sums = [nw.col(name).sum() for name in names]
    # A survey without anything to gather by is one cell.
    frame = frame.with_columns(*columns, nw.lit(0).alias("__all"))
    return frame.group_by(*keys, "__all").agg(
        nw.len().cast(nw.Int64).alias(_COUNT),
        weight.min().alias(_SMALLEST),
        weight.max().alias(_LARGEST),
        nw.col(_REFUSED).sum().alias(_REFUSED),
        *sums,
    )


def _collected(frames: Sequence[Frame]) -> list[pl.DataFrame]:
    natives = [frame.to_native() for frame in frames]
    if all(isinstance(native, pl.LazyFrame) for native in natives):
        # One pass over the data for all the tables.
        return list(pl.collect_all(natives))
    return [
        frame.collect(backend="polars").to_polars()
        if isinstance(frame, nw.LazyFrame)
        else frame.to_polars()
        for frame in frames
    ]


def _known(name: str) -> str:
    return f"__known_{name}"


def _value(name: str) -> str:
    return f"__value_{name}"


def _names(values: int) -> list[str]:
    pairs = list(combinations_with_replacement(range(values + 1), 2))
    return [
        *(f"__f{i}" for i in range(values + 1)),
        *(f"__s{i}_{j}" for i, j in pairs),
        *(f"__q{i}_{j}" for i, j in pairs),
    ]


def _sums(frame: pl.DataFrame, values: int) -> tuple[Floats, Floats, Floats]:
    """Return Σ d v of shape (C, p), then Σ d v v' and Σ d² v v' of shape (C, p, p)."""
    size = values + 1
    first = np.stack([frame.get_column(f"__f{i}").to_numpy() for i in range(size)], axis=1)
    second, squares = np.empty((2, frame.height, size, size))
    for i, j in combinations_with_replacement(range(size), 2):
        second[:, i, j] = second[:, j, i] = frame.get_column(f"__s{i}_{j}").to_numpy()
        squares[:, i, j] = squares[:, j, i] = frame.get_column(f"__q{i}_{j}").to_numpy()
    return first, second, squares


def _added(mine: pl.DataFrame, theirs: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    known = [name for name in mine.columns if name.startswith("__known_")]
    sums = [name for name in mine.columns if name.startswith(("__f", "__s", "__q"))]
    sums = [name for name in sums if name != _SMALLEST]
    return (
        pl.concat([mine, theirs.select(mine.columns)], how="vertical_relaxed")
        .group_by([*keys, *known, "__all"])
        .agg(
            pl.col(_COUNT).sum(),
            pl.col(_SMALLEST).min(),
            pl.col(_LARGEST).max(),
            *(pl.col(name).sum() for name in sums),
        )
    )


def _moved(
    frame: pl.DataFrame,
    old: Mapping[str, float],
    new: Mapping[str, float],
    values: Sequence[str],
) -> pl.DataFrame:
    """Take other centres from the values: ``v`` becomes ``T v``, and its squares follow."""
    shifts = np.array([old[name] - new[name] for name in values])
    if not shifts.any():
        return frame
    first, second, squares = _sums(frame, len(values))
    # A missing value stays at 0.
    known = np.stack([frame.get_column(_known(name)).to_numpy() for name in values], axis=1)
    move = np.broadcast_to(np.eye(len(values) + 1), second.shape).copy()
    move[:, 1:, 0] = shifts * known
    first = np.einsum("cij,cj->ci", move, first)
    second = np.einsum("cij,cjk,clk->cil", move, second, move)
    squares = np.einsum("cij,cjk,clk->cil", move, squares, move)
    columns = [pl.Series(f"__f{i}", first[:, i]) for i in range(len(values) + 1)]
    for i, j in combinations_with_replacement(range(len(values) + 1), 2):
        columns.append(pl.Series(f"__s{i}_{j}", second[:, i, j]))
        columns.append(pl.Series(f"__q{i}_{j}", squares[:, i, j]))
    return frame.with_columns(columns)


def _radix(codes: Sequence[Ints], sizes: Sequence[int]) -> Ints:
    code = np.zeros(len(codes[0]) if codes else 1, dtype=np.int64)
    for part, size in zip(codes, sizes, strict=True):
        code = code * size + part
    return code
