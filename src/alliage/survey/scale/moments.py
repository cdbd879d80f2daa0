"""Moments of respondents, computed where they are, a part at a time, and added up.

A table of moments holds the sums that estimates need, by cell. Tables of parts of a survey (chunks
of a file, several files, several machines) add up to that of the whole, in any order.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from alliage.survey.data.coding import NO_LEVEL
from alliage.survey.data.places import Place
from alliage.survey.data.table import Table
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.sampling.cells import Cells, gathered_codes
from alliage.survey.sampling.sample import Calibration, Patterns, report_of
from alliage.survey.sampling.structure import Structure, build, first_of_each
from alliage.survey.scale.chunks import given, located, parts
from alliage.survey.scale.gathering import (
    COUNT,
    LARGEST_WEIGHT,
    SMALLEST_WEIGHT,
    added,
    answered,
    centres_of,
    gathered,
    moved,
    sums,
)
from alliage.survey.scale.plans import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.data.coding import Levels
    from alliage.survey.data.table import MultiResponse, Variable
    from alliage.survey.sampling.design import Design
    from alliage.survey.sampling.report import CalibrationReport
    from alliage.survey.scale.chunks import Given
    from alliage.survey.scale.gathering import Part
    from alliage.survey.scale.plans import Asked

#: Rows of a file, or of a frame in memory, that are summed at once.
ROWS_AT_ONCE: Final = 500_000


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """A table of sums, whose columns are coded once."""

    table: Table
    _coded: dict[str, tuple[Ints, Levels]] = field(default_factory=dict)

    @property
    def counts(self) -> Ints:
        return self.table.frame.get_column(COUNT).to_numpy().astype(np.int64)

    def codes(self, name: str) -> Ints:
        return self._known(name)[0]

    def levels(self, name: str) -> Levels:
        return self._known(name)[1]

    def numbers(self, name: str) -> Floats:
        return self.table.numbers(name)

    def place(self, row: int) -> Place:  # noqa: ARG002  # a cell is no row
        return Place("some rows", {})

    def _known(self, name: str) -> tuple[Ints, Levels]:
        if name not in self._coded:
            coded = self.table.coded(name)
            self._coded[name] = (coded.wide(), coded.levels)
        return self._coded[name]


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
    findings
        What reading found to be looked at, as that of a `Table`.
    """

    plan: Plan
    centres: Mapping[str, float]
    frames: tuple[pl.DataFrame, ...]
    calibration: Calibration | None = None
    patterns_of: tuple[tuple[str, ...], Ints] = ((), np.zeros(1, dtype=np.int64))
    findings: tuple[str, ...] = ()
    _tables: dict[int, _Sums] = field(default_factory=dict, repr=False)
    _structures: dict[int, tuple[Structure, Ints, Floats]] = field(default_factory=dict, repr=False)

    @property
    def design(self) -> Design:
        """How the sample was drawn."""
        return self.plan.design

    @property
    def sets(self) -> Mapping[str, MultiResponse]:
        """The questions with several answers."""
        return self.plan.sets

    @property
    def variables(self) -> Mapping[str, Variable]:
        """What is known of the columns."""
        return self.plan.variables

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
        return int(self.frames[0].get_column(COUNT).sum())

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
            added(mine, moved(theirs, other.centres, self.centres, values), self.plan.keys(number))
            for number, ((_, values), mine, theirs) in enumerate(
                zip(self.plan.tables, self.frames, other.frames, strict=True)
            )
        )
        findings = (*self.findings, *other.findings)
        return Moments(self.plan, self.centres, frames, findings=findings)

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
        _, place, inverse = self._structure(number)
        count = frame.get_column(COUNT).to_numpy().astype(np.float64)
        first, second, squares = sums(frame, len(held))
        if self.design.weights is None and self.design.fpc is not None:
            first, second = first * inverse[:, None], second * inverse[:, None, None]
            squares = squares * inverse[:, None, None] ** 2
        spread = squares - first[:, :, None] * first[:, None, :] / count[:, None, None]
        known = np.ones(first.shape, dtype=bool)
        for column, name in enumerate(held, start=1):
            known[:, column] = answered(frame, name)
        return Cells(
            {name: table.codes(name) for name in keys},
            {name: table.levels(name) for name in keys},
            held,
            np.array([0.0, *(self.centres[name] for name in held)]),
            known,
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
        first, _, squares = sums(frame, len(self.plan.tables[0][1]))
        count = frame.get_column(COUNT).to_numpy()
        smallest, largest = np.full(len(at), np.inf), np.zeros(len(at))
        np.minimum.at(smallest, of_rows, frame.get_column(SMALLEST_WEIGHT).to_numpy() * scale)
        np.maximum.at(largest, of_rows, frame.get_column(LARGEST_WEIGHT).to_numpy() * scale)
        return Patterns(
            {name: column[at] for name, column in codes.items()},
            {name: table.levels(name) for name in keys},
            {},
            at,
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

    def _patterns(self, table: _Sums) -> Ints:
        names, codes = self.patterns_of
        own = _radix([table.codes(name) for name in names], self._sizes(table, names))
        if not names:
            return np.zeros(len(table.counts), dtype=np.int64)
        return np.searchsorted(codes, own)

    def _sizes(self, table: _Sums, names: Sequence[str]) -> list[int]:
        return [len(table.levels(name)) for name in names]

    def _margin(self, table: _Sums, name: str) -> Ints:
        codes = table.codes(name)
        missing = codes == NO_LEVEL
        if missing.any():
            rows = int(table.counts[missing].sum())
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

    def _table(self, number: int) -> _Sums:
        if number not in self._tables:
            table = Table(self.frames[number], self.plan.variables, self.plan.sets)
            self._tables[number] = _Sums(table)
        return self._tables[number]

    def _structure(self, number: int) -> tuple[Structure, Ints, Floats]:
        if number not in self._structures:
            table = self._table(number)
            self._structures[number] = build(self.design, table, len(table.counts), table.counts)
        return self._structures[number]


def moments(
    frames: Any,
    design: Design,
    requests: Sequence[Asked],
    *,
    margins: Sequence[str] = (),
    variables: Mapping[str, Variable] | None = None,
    sets: Mapping[str, MultiResponse] | None = None,
    centres: Mapping[str, float] | None = None,
    workers: int = 1,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Moments:
    """Sum what requests need, where the data are, without holding respondents in memory.

    Parameters
    ----------
    frames : file, frame or iterable of them
        The respondents: a file (``.parquet``, ``.csv``, ``.csv.gz``, read a part at a time; or
        any that `read` knows, read whole), or anything that ``narwhals`` drives: frames of
        Polars, pandas or Arrow, lazy frames of Polars, DuckDB or PySpark. Several are parts of
        one survey.
    design : Design
        How the sample was drawn, without replicate weights. Clusters have to be told apart in
        the whole survey.
    requests : sequence of Request
        What will be estimated; `banner_requests` gives those of a table. Requests whose
        covariance will be asked stand together in a tuple.
    margins : sequence of str
        Categorical variables that the calibration may use.
    variables, sets : mapping, optional
        Descriptions of variables and of questions with several answers, besides those of the
        first table or file that has some.
    centres : mapping, optional
        A typical value of each numeric variable, so that squares keep their digits; the mean of
        the first part if not given. It has no influence on results beyond rounding.
    workers : int
        How many files are read at once. What an engine holds is left to the engine.
    rows_at_once : int
        How many rows of a file, or of a frame in memory, are summed at once by each worker.
        Memory follows from it and from the number of cells, not from the number of respondents.

    Returns
    -------
    Moments
        To calibrate, and to estimate from, like a sample.

    Raises
    ------
    SurveyError
        ``COLUMN``, ``WEIGHT_*``, ``TYPE``, ``VALUE``, ``LEVEL`` or ``DESIGN_MISSING`` for columns
        that cannot be used, ``FORMAT``, ``TRUNCATED`` or ``ENCODING`` for a file, with its name;
        ``REPLICATES`` for a design with replicate weights; ``MOMENTS`` for a variable that makes
        as many cells as respondents; ``EMPTY`` without respondents; ``REQUEST`` without a worker.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Mean, estimate
    >>> chunks = [pl.LazyFrame({"y": [1.0, 2.0]}), pl.LazyFrame({"y": [6.0]})]
    >>> estimate(moments(chunks, Design(), [Mean(variable="y")]), Mean(variable="y")).one().value
    3.0
    """
    if workers < 1 or rows_at_once < 1:
        msg = f"{workers} workers and {rows_at_once} rows at once were asked. Give 1 or more."
        raise SurveyError(SurveyProblem.REQUEST, msg)
    sources = given(frames)
    first = next(sources, None)
    if first is None:
        raise _empty()
    known = first if isinstance(first, Table) else Table(pl.DataFrame())
    plan = Plan.of(
        design,
        requests,
        margins,
        {**known.variables, **(variables or {})},
        {**known.sets, **(sets or {})},
    )
    adder = _Adder(plan, _centres(first, plan, rows_at_once, centres or {}), rows_at_once)
    total: Moments | None = None
    for place, source, found in adder.each(chain([first], sources), workers):
        with located(source, place):
            total = found if total is None else total + found
    if total is None or not total.respondents:
        raise _empty()
    return total


def _centres(source: Given, plan: Plan, rows: int, known: Mapping[str, float]) -> dict[str, float]:
    if {*plan.values()} <= {*known}:
        return dict(known)
    with located(source, 1):
        part = next(parts(source, plan.columns(), rows))
        return {**centres_of(part, plan), **known}


@dataclass(frozen=True, slots=True)
class _Adder:
    """Sums sources by one plan."""

    plan: Plan
    centres: Mapping[str, float]
    rows: int

    def each(self, sources: Iterable[Given], workers: int) -> Iterator[tuple[int, Given, Moments]]:
        """Yield the moments of each source with its place, in their order."""
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[tuple[int, Given, Future[Moments]]] = deque()
            try:
                for place, source in enumerate(sources, start=1):
                    if workers == 1 or not isinstance(source, Path):
                        yield place, source, self.moments(source, place)
                        continue
                    waiting.append((place, source, pool.submit(self.moments, source, place)))
                    if len(waiting) == workers:
                        yield _done(*waiting.popleft())
                while waiting:
                    yield _done(*waiting.popleft())
            finally:
                pool.shutdown(cancel_futures=True)

    def moments(self, source: Given, place: int) -> Moments:
        """Return the moments of a source, a part at a time."""
        with located(source, place):
            found = (self._of(part) for part in parts(source, self.plan.columns(), self.rows))
            return reduce(Moments.__add__, found)

    def _of(self, part: Part) -> Moments:
        frames = gathered(part, self.plan, self.centres)
        return Moments(self.plan, self.centres, frames, findings=part.findings)


def _done(place: int, source: Given, found: Future[Moments]) -> tuple[int, Given, Moments]:
    return place, source, found.result()


def _empty() -> SurveyError:
    msg = "There is no respondent in the frames. Give at least one."
    return SurveyError(SurveyProblem.EMPTY, msg)


def _radix(codes: Sequence[Ints], sizes: Sequence[int]) -> Ints:
    code = np.zeros(len(codes[0]) if codes else 1, dtype=np.int64)
    for part, size in zip(codes, sizes, strict=True):
        code = code * size + part
    return code
