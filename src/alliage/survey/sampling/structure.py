"""The units drawn at each stage, and the variance that follows from how they were drawn.

A *place* is where a respondent stands in the sample: the last unit that had to be told apart, or
the stratum where respondents were drawn directly. Whatever is summed by place has a variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import sparse

from alliage.survey.data.coding import NO_LEVEL
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.sampling.design import Design, LonelyUnit, per_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage.survey.arrays import Booleans, Floats, Ints, SmallInts
    from alliage.survey.data.coding import Level
    from alliage.survey.data.places import Place

#: Below this share of units left out, a stratum was taken whole.
_TAKEN_WHOLE = 1e-7

#: Rows where most codes are met.
_FIRST = 65_536


class Columns(Protocol):
    """What is asked of a table, of respondents or of moments."""

    def codes(self, name: str) -> Ints: ...

    def levels(self, name: str) -> tuple[Level, ...]: ...

    def numbers(self, name: str) -> Floats: ...

    def place(self, row: int) -> Place: ...


class Contributions(Protocol):
    """Linearised values summed by cell, for K estimates, in blocks of cells."""

    @property
    def estimates(self) -> int: ...

    def blocks(self) -> Iterator[Block]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some cells of a table.

    Attributes
    ----------
    place
        Shape (C,).
    respondents
        How many are in each cell, shape (C,).
    totals
        Weighted linearised values summed by cell, shape (C, K).
    roots
        Shape (M, K) with M a multiple of C, or ``None`` for cells of one respondent: the sum over
        the rows of a cell of their outer products is the centred sum of squares of its respondents.
    """

    place: Ints
    respondents: Floats
    totals: Floats
    roots: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What was drawn at one stage.

    Attributes
    ----------
    unit
        The unit of each place; ``None`` where respondents themselves were drawn.
    stratum
        The stratum of each place, inside the unit of the stage above.
    sampled, population
        Units drawn and units there are, by stratum; infinite when drawn with replacement.
    share
        Share of the units of the stages above that was drawn, by stratum.
    parent
        The unit of the stage above, by stratum.
    names
        The strata, as they are written.
    """

    unit: Ints | None
    stratum: Ints
    sampled: Floats
    population: Floats
    share: Floats
    parent: Ints
    names: tuple[str, ...]

    def scales(self, lonely: LonelyUnit) -> tuple[Floats, Booleans]:
        """Return the factor of the sum of squares of each stratum, and whether it is centred."""
        kept = 1 - self.sampled / self.population
        alone = (self.sampled == 1) & (kept >= _TAKEN_WHOLE)
        scale = self.share * kept * self.sampled / np.maximum(self.sampled - 1, 1)
        scale[kept < _TAKEN_WHOLE] = 0
        if not alone.any():
            return scale, np.ones(len(scale), dtype=bool)
        if lonely is LonelyUnit.FAIL:
            raise self._lonely(alone)
        if lonely is LonelyUnit.ADJUST:
            return scale, ~alone
        scale[alone] = 0
        if lonely is LonelyUnit.AVERAGE:
            strata = np.bincount(self.parent)
            others = np.bincount(self.parent, weights=~alone)
            if not others[self.parent].all():
                raise self._lonely(alone)
            scale *= (strata / np.maximum(others, 1))[self.parent]
        return scale, np.ones(len(scale), dtype=bool)

    def _lonely(self, alone: Booleans) -> SurveyError:
        names = [self.names[place] for place in np.flatnonzero(alone)]
        msg = (
            f"One unit only was drawn in {len(names)} of {len(alone)} strata ({listed(names)}): "
            "their variance cannot be estimated. Merge them with a stratum that is alike, or "
            "choose a rule: Design(lonely=LonelyUnit.ADJUST), AVERAGE (needs other strata) or "
            "CERTAINTY."
        )
        return SurveyError(SurveyProblem.LONELY_UNIT, msg, strata=listed(names, most=50))


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """The stages of a sample, by place."""

    stages: tuple[Stage, ...]
    lonely: LonelyUnit

    @property
    def places(self) -> int:
        """How many places there are."""
        return len(self.stages[0].stratum)

    def covariance(self, contributions: Contributions) -> Floats:
        """Return the covariance of K estimates, shape (K, K).

        Notes
        -----
        At each stage, the sum over strata of ``(1 - n/N) n/(n-1) Σ (t_i - t̄)(t_i - t̄)'``, where
        ``t_i`` are totals of linearised values by unit; a stage below the first counts for the
        share of units drawn above it.

        Source: Särndal, Swensson & Wretman (1992), *Model Assisted Survey Sampling*, result 4.3.1
        (several stages); Binder (1983) for the linearisation.
        """
        size = contributions.estimates
        found = np.zeros((size, size))
        for stage in self.stages:
            scale, centred = stage.scales(self.lonely)
            units = len(stage.sampled) if stage.unit is None else int(stage.unit.max()) + 1
            totals = np.zeros((units, size))
            by = stage.stratum if stage.unit is None else stage.unit
            for block in contributions.blocks():
                totals += summed(by[block.place], block.totals, units)
            if stage.unit is None:
                means = _means(totals, stage, centred)
                for block in contributions.blocks():
                    found += _of_respondents(block, stage, scale, means)
            else:
                strata = np.empty(units, dtype=np.int64)
                strata[stage.unit] = stage.stratum
                sums = summed(strata, totals, len(stage.sampled))
                totals -= _means(sums, stage, centred)[strata]
                totals *= np.sqrt(scale[strata])[:, None]
                found += totals.T @ totals
        return found

    def degrees_of_freedom(self, place: Ints, respondents: Floats) -> int:
        """Return first-stage units minus strata, of those that hold the respondents given."""
        first = self.stages[0]
        held = np.bincount(place, weights=respondents, minlength=len(first.stratum)) > 0
        strata = len(np.unique(first.stratum[held]))
        if first.unit is None:
            return int(np.rint(respondents.sum())) - strata
        return len(np.unique(first.unit[held])) - strata


def summed(groups: Ints, values: Floats, count: int) -> Floats:
    """Sum rows by group; a group of -1 is left out. Shape (count, K)."""
    rows = np.flatnonzero(groups >= 0)
    if len(rows) < len(groups):
        groups, values = groups[rows], values[rows]
    ones = np.ones(len(groups))
    which = sparse.csr_matrix((ones, (groups, np.arange(len(groups)))), (count, len(groups)))
    return np.asarray(which @ values)


def _means(sums: Floats, stage: Stage, centred: Booleans) -> Floats:
    return np.where(centred[:, None], sums / stage.sampled[:, None], 0.0)


def _of_respondents(block: Block, stage: Stage, scale: Floats, means: Floats) -> Floats:
    stratum = stage.stratum[block.place]
    spread = block.totals / block.respondents[:, None] - means[stratum]
    spread *= np.sqrt(block.respondents * scale[stratum])[:, None]
    found = spread.T @ spread
    if block.roots is not None:
        inside = (
            block.roots
            * np.sqrt(np.repeat(scale[stratum], len(block.roots) // len(stratum)))[:, None]
        )
        found += inside.T @ inside
    return np.asarray(found)


def combine(left: Ints, right: Ints) -> Ints:
    """Return codes 0, 1, … of the pairs that occur, in the order of the pairs."""
    span = int(right.max()) + 1
    return compact(left * span + right).astype(np.int64, copy=False)


def compact(codes: SmallInts) -> SmallInts:
    """Return codes 0, 1, … of the values that occur, in their order."""
    top = int(codes.max()) + 1
    if top <= 4 * len(codes) + 1024:
        present = np.zeros(top, dtype=bool)
        # Where there are few codes, the first rows hold all of them.
        present[codes[:_FIRST]] = True
        if not present.all():
            present[codes] = True
        if present.all():
            return codes
        return (np.cumsum(present) - 1).astype(codes.dtype)[codes]
    return np.unique(codes, return_inverse=True)[1]


def first_of_each(codes: SmallInts) -> Ints:
    """Return, for each code, a row where it stands."""
    rows = np.empty(int(codes.max()) + 1, dtype=np.int64)
    rows[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return rows


@dataclass(slots=True)
class _Builder:
    """The stages as they are read, from the first on."""

    design: Design
    columns: Columns
    counts: Ints
    parent: Ints
    share: Floats
    place: Ints
    inverse_probability: Floats
    stages: list[Stage]

    def read(self, number: int) -> bool:
        """Read a stage; tell whether the next one counts."""
        strata, clusters, sizes = (
            names[number] if number < len(names := per_stage(each)) else None
            for each in (self.design.strata, self.design.clusters, self.design.fpc)
        )
        stratum = self.parent
        if strata is not None:
            stratum = combine(self.parent, self._codes(strata))
        unit = None if clusters is None else self._units(stratum, clusters, number)
        rows = first_of_each(stratum)
        sampled = self._sampled(stratum, unit)
        population = self._population(stratum, sizes, sampled, rows, number)
        names = self._names(strata, rows)
        self.stages.append(
            Stage(unit, stratum, sampled, population, self.share[rows], self.parent[rows], names)
        )
        self.inverse_probability = self.inverse_probability * (population / sampled)[stratum]
        self.place = stratum if unit is None else unit
        if unit is None or sizes is None:
            return False
        self.share = self.share * (sampled / population)[stratum]
        self.parent = unit
        return True

    def _codes(self, name: str) -> Ints:
        codes = self.columns.codes(name)
        missing = np.flatnonzero(codes == NO_LEVEL)
        if missing.size:
            words, values = self.columns.place(int(missing[0]))
            msg = (
                f"« {name} » is missing in {missing.size} rows, the first being {words}. "
                "The design needs it for every respondent."
            )
            raise SurveyError(SurveyProblem.DESIGN_MISSING, msg, column=name, **values)
        return codes

    def _units(self, stratum: Ints, name: str, number: int) -> Ints | None:
        codes = self._codes(name)
        unit = combine(stratum, codes)
        count = int(unit.max()) + 1
        if number == 0 and not self.design.nested and count > len(np.unique(codes)):
            pairs = first_of_each(unit)
            written, times = np.unique(codes[pairs], return_counts=True)
            twice = [self.columns.levels(name)[code] for code in written[times > 1]]
            msg = (
                f"{len(twice)} clusters of « {name} » stand in several strata ({listed(twice)}). "
                "If identifiers start again in each stratum, say Design(nested=True); else "
                "correct them."
            )
            raise SurveyError(SurveyProblem.CLUSTERS_NOT_NESTED, msg, clusters=listed(twice))
        # A unit that holds one respondent each time is the respondent.
        return None if count == self.counts.sum() else unit

    def _sampled(self, stratum: Ints, unit: Ints | None) -> Floats:
        if unit is None:
            return np.bincount(stratum, weights=self.counts).astype(np.float64)
        return np.bincount(stratum[first_of_each(unit)]).astype(np.float64)

    def _population(
        self, stratum: Ints, name: str | None, sampled: Floats, rows: Ints, number: int
    ) -> Floats:
        if name is None:
            return np.full(len(sampled), np.inf)
        given, place = self.columns.numbers(name), self.columns.place
        wrong = np.flatnonzero(~(given > 0))
        if wrong.size:
            raise _size_error(name, f"is not above 0 in {place(int(wrong[0])).words}", number)
        if given.min() < 1 < given.max():
            raise _size_error(name, "mixes numbers of units and sampling fractions", number)
        low = np.full(len(sampled), np.inf)
        np.minimum.at(low, stratum, given)
        varies = np.flatnonzero(given > low[stratum] * (1 + 1e-9))
        if varies.size:
            row = int(varies[0])
            fact = (
                f"varies inside a stratum: {given[row]} in {place(row).words}, {low[stratum[row]]}"
            )
            raise _size_error(name, f"{fact} elsewhere", number)
        sizes = given[rows]
        fractions = given.max() <= 1 and (given.min() < 1 or sampled.max() > 1)
        population = sampled / sizes if fractions else sizes
        short = np.flatnonzero(population < sampled * (1 - 1e-12))
        if short.size:
            fact = (
                f"gives {population[short[0]]:g} units where {sampled[short[0]]:g} were drawn "
                f"({place(int(rows[short[0]])).words})"
            )
            raise _size_error(name, fact, number)
        return population

    def _names(self, name: str | None, rows: Ints) -> tuple[str, ...]:
        if name is None:
            return tuple("all" if len(rows) == 1 else f"unit {row}" for row in range(len(rows)))
        levels, codes = self.columns.levels(name), self.columns.codes(name)
        return tuple(str(levels[codes[row]]) for row in rows)


def _size_error(name: str, fact: str, number: int) -> SurveyError:
    msg = (
        f"The population size « {name} » of stage {number + 1} {fact}. Give the number of units "
        "of each stratum, or the sampling fraction, the same in the whole stratum."
    )
    return SurveyError(SurveyProblem.POPULATION_SIZE, msg, column=name, stage=number + 1)


def build(
    design: Design, columns: Columns, rows: int, counts: Ints | None = None
) -> tuple[Structure, Ints, Floats]:
    """Read how a sample was drawn.

    Parameters
    ----------
    design : Design
        The design, without replicates.
    columns : Columns
        Respondents, or cells that each hold several respondents of one place.
    rows : int
        How many rows there are.
    counts : array of int, shape (R,), optional
        Respondents of each row; one if not given.

    Returns
    -------
    structure : Structure
        The stages that count, by place.
    place : array of int, shape (R,)
        The place of each row.
    inverse_probability : array of float, shape (R,)
        What the sizes say of the weight; infinite where no size is given.

    Raises
    ------
    SurveyError
        ``DESIGN_MISSING``, ``CLUSTERS_NOT_NESTED`` or ``POPULATION_SIZE``.
    """
    # Numbers that are all the same take no memory.
    nowhere = np.broadcast_to(np.int64(0), rows)
    if not (design.strata or design.clusters or design.fpc):
        sampled = rows if counts is None else int(counts.sum())
        return _simple(design, sampled), nowhere, np.broadcast_to(np.inf, rows)
    counts = np.broadcast_to(1, rows) if counts is None else counts
    builder = _Builder(design, columns, counts, nowhere, np.ones(rows), nowhere, np.ones(rows), [])
    for number in range(design.stages):
        if not builder.read(number):
            break
    at = first_of_each(builder.place)
    stages = tuple(_at_places(stage, at) for stage in builder.stages)
    return Structure(stages, design.lonely), builder.place, builder.inverse_probability


def _simple(design: Design, sampled: int) -> Structure:
    """Return the structure of respondents who were all drawn directly, from one population."""
    one, zero = np.ones(1), np.zeros(1, dtype=np.int64)
    stage = Stage(None, zero, np.full(1, float(sampled)), np.full(1, np.inf), one, zero, ("all",))
    return Structure((stage,), design.lonely)


def _at_places(stage: Stage, rows: Ints) -> Stage:
    unit = None if stage.unit is None else stage.unit[rows]
    return Stage(
        unit,
        stage.stratum[rows],
        stage.sampled,
        stage.population,
        stage.share,
        stage.parent,
        stage.names,
    )
