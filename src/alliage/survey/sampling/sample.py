"""A sample: respondents, how they were drawn, and how they were calibrated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from scipy import sparse

from alliage.survey.data.coding import NO_LEVEL, Coded
from alliage.survey.data.table import SMALLEST, Table, as_numbers, first_that_is_no_number, require
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.sampling import replication
from alliage.survey.sampling.cells import (
    Cells,
    Gathered,
    Rows,
    crossed,
    gathered,
    gathered_codes,
)
from alliage.survey.sampling.design import Design, ReplicateColumns, ReplicateKind
from alliage.survey.sampling.replication import Replicates
from alliage.survey.sampling.structure import Stage, Structure, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from narwhals.typing import IntoFrame

    from alliage.survey.arrays import Floats, Ints, SmallInts
    from alliage.survey.data.coding import Level, Ranks
    from alliage.survey.data.table import MultiResponse, Variable
    from alliage.survey.sampling.report import CalibrationReport

    Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Respondents gathered by what their calibration depends on.

    Attributes
    ----------
    keys, levels
        The code of each pattern for each categorical variable, and the levels.
    values
        Numeric variables by pattern; a pattern is then one respondent.
    first
        A row of each pattern, shape (P,).
    respondents, weight, squares
        Number, Σ d and Σ d² by pattern, shape (P,).
    smallest, largest
        Extremes of d by pattern, shape (P,).
    replicates
        Σ of each replicate weight by pattern, shape (P, R), or ``None``.
    of_rows
        The pattern of each row, shape (n,).
    """

    keys: Mapping[str, Ints]
    levels: Mapping[str, tuple[Level, ...]]
    values: Mapping[str, Floats]
    first: Ints
    respondents: Floats
    weight: Floats
    squares: Floats
    smallest: Floats
    largest: Floats
    replicates: Floats | None
    of_rows: SmallInts

    @property
    def count(self) -> int:
        """How many patterns there are."""
        return len(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The weights of a calibration, by pattern of its margins.

    Attributes
    ----------
    ratios
        What multiplies the design weights, shape (P,).
    basis
        The calibration variables, made orthonormal under the design weights, shape (P, r).
    replicates
        What multiplies each replicate weight, shape (P, R), or ``None`` without replicates.
    report
        What was asked and reached.
    """

    ratios: Floats
    basis: Floats
    replicates: Floats | None
    report: CalibrationReport


@runtime_checkable
class Source(Protocol):
    """What estimates are computed from: a sample, or moments of one."""

    @property
    def design(self) -> Design: ...

    @property
    def variance_basis(self) -> Structure | Replicates: ...

    @property
    def calibration(self) -> Calibration | None: ...

    @property
    def sets(self) -> Mapping[str, MultiResponse]: ...

    @property
    def variables(self) -> Mapping[str, Variable]: ...

    def cells(self, keys: Sequence[str], values: Sequence[str]) -> Cells:
        """Return the moments by cell of categorical and numeric variables."""
        ...

    def patterns(self, keys: Sequence[str], values: Sequence[str], *, by_weight: bool) -> Patterns:
        """Gather respondents by what their calibration depends on."""
        ...

    def calibrated(self, patterns: Patterns, calibration: Calibration) -> Self:
        """Return the same with the weights of a calibration."""
        ...


def check_source(given: object) -> None:
    """Refuse what nothing can be estimated from, such as respondents of no known design.

    Raises
    ------
    SurveyError
        ``REQUEST``.
    """
    if not isinstance(given, Source):
        kind = type(given).__name__
        msg = (
            f"A {kind} was given in the place of a sample. Call `sample(frame, Design(...))` "
            "first, and give what it returns."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, given=kind)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Respondents with their weights: what `sample` and `calibrate` return.

    Attributes
    ----------
    table
        The rows and their description.
    design
        How they were drawn.
    design_weights
        Shape (n,).
    variance_basis
        The stages of the sample, or its replicates.
    place, pattern
        Where each row stands in the sample, and its pattern of calibration variables, shape (n,).
    calibration
        ``None`` before `calibrate`.
    alike
        The variables that have one level in the whole of each pattern.
    by_pattern
        The sums of design weights by pattern; ``None`` before `calibrate`.
    """

    table: Table
    design: Design
    design_weights: Floats
    variance_basis: Structure | Replicates
    place: Ints
    pattern: SmallInts
    calibration: Calibration | None = None
    alike: frozenset[str] = frozenset()
    by_pattern: Gathered | None = None
    _coded: dict[str, Coded] = field(default_factory=dict, repr=False)
    _ranks: dict[str, Ranks] = field(default_factory=dict, repr=False)
    _kept: dict[object, Any] = field(default_factory=dict, repr=False)

    @property
    def weights(self) -> Floats:
        """The weight of each respondent: calibrated, else of the design. Shape (n,)."""
        if self.calibration is None:
            return self.design_weights
        return self.design_weights * self.calibration.ratios[self.pattern]

    @property
    def report(self) -> CalibrationReport:
        """What the calibration reached.

        Raises
        ------
        SurveyError
            ``REQUEST`` if the sample was not calibrated.
        """
        return report_of(self.calibration)

    @property
    def sets(self) -> Mapping[str, MultiResponse]:
        """The questions with several answers."""
        return self.table.sets

    @property
    def variables(self) -> Mapping[str, Variable]:
        """What is known of the columns."""
        return self.table.variables

    def coded(self, name: str) -> Coded:
        """Return the answers of a variable as ranks among its levels; kept once computed."""
        self.code((name,))
        return self._coded[name]

    def code(self, names: Iterable[str]) -> None:
        """Rank the answers of some variables, to be kept: many at once take less time."""
        left = [name for name in dict.fromkeys(names) if name not in self._coded]
        if left:
            self._coded.update(self.table.coded_together(left))

    def ranks(self, name: str) -> Ranks:
        """Return the answers of a variable whose levels may be supposed: see `rank`."""
        return self._coded.get(name) or self._ranks.get(name) or self.coded(name)

    def rank(self, names: Iterable[str]) -> None:
        """Look for the levels of some variables in a few rows, for who will read all of them."""
        left = [name for name in dict.fromkeys(names) if name not in self._coded]
        if left:
            found = self.table.ranked_together(left)
            self._ranks.update(found)
            sure = {name: each for name, each in found.items() if isinstance(each, Coded)}
            self._coded.update(sure)

    def codes(self, name: str) -> Ints:
        """Return the rank of the answers of a variable among its levels."""
        return self.coded(name).wide()

    def levels(self, name: str) -> tuple[Level, ...]:
        """Return the levels of a variable, in their order."""
        return self.coded(name).levels

    def kept(self, key: object, make: Callable[[], Kept]) -> Kept:
        """Return what was made of these respondents last, or make it: one thing is kept."""
        if key not in self._kept:
            made = make()
            self._kept.clear()
            self._kept[key] = made
        found: Kept = self._kept[key]
        return found

    def cells(self, keys: Sequence[str], values: Sequence[str]) -> Cells:
        """Return the moments by cell of categorical and numeric variables."""
        rows = Rows(
            {name: self.codes(name) for name in keys},
            {name: self.levels(name) for name in keys},
            {name: self.table.numbers(name) for name in values},
            self.place,
            self.pattern,
            self.design_weights,
        )
        alone = len(self.design_weights) in {
            1 + int(self.place.max()),
            1 + int(self.pattern.max()),
        }
        # Products of two variables that are nearly proportional keep their digits row by row.
        return rows.cells(gather=not alone and len(values) < 2)

    def patterns(self, keys: Sequence[str], values: Sequence[str], *, by_weight: bool) -> Patterns:
        """Gather respondents by categorical variables, or one by one for numeric ones."""
        weights = self.design_weights
        of_rows = self._combinations(keys)
        numbers = {name: self._margin_numbers(name) for name in values}
        if numbers:
            of_rows = np.arange(len(weights))
        elif by_weight:
            of_rows = gathered_codes([of_rows, np.unique(weights, return_inverse=True)[1]])
        found = gathered(of_rows, weights)
        return Patterns(
            {name: self.coded(name).at(found.first).astype(np.int64) for name in keys},
            {name: self.levels(name) for name in keys},
            numbers,
            *found,
            self._replicates_by(of_rows, len(found.first)),
            of_rows,
        )

    def _combinations(self, names: Sequence[str]) -> SmallInts:
        """Return one code 0, 1, … for each combination of answers to margins, shape (n,)."""
        if not names:
            return np.zeros(len(self.design_weights), dtype=np.int8)
        self.rank(names)
        found = crossed([self.ranks(name) for name in names])
        if found is None:
            self.code(names)
            return gathered_codes([self._margin_codes(name) for name in names])
        # Their answers were all read.
        for name in names:
            ranks = self.ranks(name)
            self._coded.setdefault(name, Coded(ranks.levels, ranks.parts, ranks.low, ranks.tables))
        return found

    def calibrated(self, patterns: Patterns, calibration: Calibration) -> Sample:
        """Return the sample with the weights of a calibration over patterns."""
        by_pattern = Gathered(
            patterns.first, patterns.respondents, patterns.weight, patterns.squares,
            patterns.smallest, patterns.largest,
        )  # fmt: skip
        return replace(
            self, pattern=patterns.of_rows, calibration=calibration, alike=frozenset(patterns.keys),
            by_pattern=by_pattern, _kept={},
        )  # fmt: skip

    def gathered(self, codes: SmallInts) -> Gathered:
        """Return the sums of design weights by code; those by pattern are known."""
        if codes is self.pattern and self.by_pattern is not None:
            return self.by_pattern
        return gathered(codes, self.design_weights)

    def _replicates_by(self, of_rows: SmallInts, count: int) -> Floats | None:
        if not isinstance(self.variance_basis, Replicates):
            return None
        factors = self.variance_basis.factors
        shape = (count, len(factors))
        return np.asarray(
            sparse.coo_matrix((self.design_weights, (of_rows, self.place)), shape).tocsr() @ factors
        )

    def _margin_codes(self, name: str) -> SmallInts:
        codes = self.coded(name).codes
        if codes.min() == NO_LEVEL:
            raise _margin_missing(self.table, name, np.flatnonzero(codes == NO_LEVEL))
        return codes

    def _margin_numbers(self, name: str) -> Floats:
        numbers = self.table.numbers(name)
        missing = np.flatnonzero(np.isnan(numbers))
        if missing.size:
            raise _margin_missing(self.table, name, missing)
        return numbers

    def with_weights(self, name: str = "weight") -> Table:
        """Return the table with the weights as a column."""
        return self.table.with_column(name, self.weights)

    def with_jackknife(self, *, mse: bool = False) -> Sample:
        """Return the sample with jackknife replicates: JK1 without strata, JKn with strata.

        See Also
        --------
        alliage.survey.sampling.replication.jackknife : The formula.
        """
        structure, place = self._drawn()
        kind = ReplicateKind.JK1 if len(structure.stages[0].sampled) == 1 else ReplicateKind.JKN
        return self._replicated(replication.jackknife(structure, kind, mse=mse), place)

    def with_balanced_replicates(
        self, *, fay: float = 0.0, matrix: Floats | None = None, mse: bool = False
    ) -> Sample:
        """Return the sample with balanced half-samples (BRR), or Fay's.

        See Also
        --------
        alliage.survey.sampling.replication.balanced : The formula.
        """
        structure, place = self._drawn()
        made = replication.balanced(structure, fay=fay, matrix=matrix, mse=mse)
        return self._replicated(made, place)

    def with_bootstrap(self, *, replicates: int, seed: int, mse: bool = False) -> Sample:
        """Return the sample with bootstrap replicates (Rao–Wu).

        See Also
        --------
        alliage.survey.sampling.replication.bootstrap : The formula.
        """
        structure, place = self._drawn()
        made = replication.bootstrap(structure, replicates, seed, mse=mse)
        return self._replicated(made, place)

    def _drawn(self) -> tuple[Structure, Ints]:
        if isinstance(self.variance_basis, Replicates):
            msg = "The sample has replicate weights already. Make them of the first sample."
            raise SurveyError(SurveyProblem.REPLICATES, msg)
        if self.calibration is not None:
            msg = (
                "The sample is calibrated already: replicates made of it would not be. Make the "
                "replicates first, then calibrate: each replicate is then calibrated too."
            )
            raise SurveyError(SurveyProblem.REPLICATES, msg)
        stage = self.variance_basis.stages[0]
        if stage.unit is not None:
            return self.variance_basis, self.place
        rows = np.arange(len(self.place))
        by_row = Stage(
            rows,
            stage.stratum[self.place],
            stage.sampled,
            stage.population,
            stage.share,
            stage.parent,
            stage.names,
        )
        return Structure((by_row,), self.variance_basis.lonely), rows

    def _replicated(self, replicates: Replicates, place: Ints) -> Sample:
        return replace(self, variance_basis=replicates, place=place, _kept={})


def report_of(calibration: Calibration | None) -> CalibrationReport:
    """Return the report of a calibration, or refuse if there was none."""
    if calibration is None:
        msg = "Nothing was calibrated here. Call `calibrate` to have a report."
        raise SurveyError(SurveyProblem.REQUEST, msg)
    return calibration.report


def sample(rows: Table | IntoFrame, design: Design) -> Sample:
    """Join respondents and the way they were drawn, and check one against the other.

    Parameters
    ----------
    rows : Table or frame
        The respondents.
    design : Design
        How they were drawn.

    Returns
    -------
    Sample
        With the weights of the design.

    Raises
    ------
    SurveyError
        ``COLUMN`` for a column that is not there; ``WEIGHT_MISSING``, ``WEIGHT_NOT_NUMBER`` or
        ``WEIGHT_NOT_POSITIVE`` for a weight that cannot be used; ``DESIGN_MISSING``,
        ``CLUSTERS_NOT_NESTED`` or ``POPULATION_SIZE`` for a design that the rows contradict.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"region": ["N", "N", "S", "S"], "d": [10.0, 10.0, 5.0, 5.0]})
    >>> sample(frame, Design(weights="d", strata="region")).weights.sum().item()
    30.0
    """
    table = Table.of(rows)
    for name in design.columns():
        require(table.frame.columns, name)
    count = table.frame.height
    nowhere = np.zeros(count, dtype=np.int8)
    if design.replicates is not None:
        weights = _weights(table, design)
        replicates, place = _given_replicates(table, design.replicates, weights)
        return Sample(table, design, weights, replicates, place, nowhere)
    structure, place, inverse = build(design, table, count)
    weights = _weights(table, design)
    if design.weights is None and design.fpc is not None:
        weights = inverse
        if not np.isfinite(weights).all():
            msg = (
                "Weights cannot be computed: a stage has no population size. Name the column of "
                "weights, or give a size for each stage."
            )
            raise SurveyError(SurveyProblem.WEIGHT_MISSING, msg)
    return Sample(table, design, weights, structure, place, nowhere)


def _margin_missing(table: Table, name: str, missing: Ints) -> SurveyError:
    words, values = table.place(int(missing[0]))
    msg = (
        f"The margin variable « {name} » is missing for {missing.size} respondents, the first in "
        f"{words}. Complete it before calibrating, or give « missing » a level and a total."
    )
    return SurveyError(SurveyProblem.MARGIN_MISSING, msg, column=name, rows=missing.size, **values)


def _weights(table: Table, design: Design) -> Floats:
    name = design.weights
    if name is None:
        return np.ones(table.frame.height)
    series = table.column(name)
    if series.null_count():
        missing = np.flatnonzero(series.is_null().to_numpy())
        words, values = table.place(int(missing[0]))
        msg = (
            f"The weight « {name} » is missing in {missing.size} rows, the first being {words}. "
            "Complete it, or remove these rows and say that they were removed."
        )
        raise SurveyError(SurveyProblem.WEIGHT_MISSING, msg, column=name, **values)
    if not series.dtype.is_numeric():
        row, value = first_that_is_no_number(series)
        words, values = table.place(row)
        msg = (
            f"The weight « {name} » is not a number: {words} holds « {value} » "
            f"({series.dtype}). Give a column of numbers, with a point for decimals."
        )
        raise SurveyError(SurveyProblem.WEIGHT_NOT_NUMBER, msg, column=name, value=value, **values)
    weights = as_numbers(series, table.places)
    if weights.min() < SMALLEST:
        refused = np.flatnonzero(weights < SMALLEST)
        row = int(refused[0])
        words, values = table.place(row)
        tiny = ", the square of which is lost" if weights[row] > 0 else ""
        msg = (
            f"The weight « {name} » is not above 0 in {refused.size} rows: {words} holds "
            f"{weights[row]:g}{tiny}. Correct it; to leave respondents out of an estimate, keep "
            "them and name a domain with `over`."
        )
        raise SurveyError(
            SurveyProblem.WEIGHT_NOT_POSITIVE, msg, column=name, value=weights[row], **values
        )
    return weights


def _given_replicates(
    table: Table, spec: ReplicateColumns, weights: Floats
) -> tuple[Replicates, Ints]:
    columns = np.stack([table.numbers(name) for name in spec.columns], axis=1)
    wrong = np.argwhere(~(columns >= 0))
    if wrong.size:
        row, place = (int(part) for part in wrong[0])
        words, values = table.place(row)
        msg = (
            f"The replicate weight « {spec.columns[place]} » is {columns[row, place]} in {words}. "
            "Replicate weights are numbers, 0 or more."
        )
        raise SurveyError(SurveyProblem.REPLICATES, msg, column=spec.columns[place], **values)
    if spec.combined:
        columns = columns / weights[:, None]
    rscales = np.array(spec.rscales) if spec.rscales else np.ones(len(spec.columns))
    return replication.given(columns, spec.kind, spec.factor, rscales, mse=spec.mse)
