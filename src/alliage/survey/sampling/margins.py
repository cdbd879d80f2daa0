"""The totals known of a population, checked against the respondents who carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from alliage.survey.data.table import LARGEST, SMALLEST
from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage.survey.arrays import Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.sampling.sample import Patterns

#: By variable, or by tuple of crossed variables: the totals of its levels (of tuples of levels), or
#: the total of a numeric variable. Typed loosely, since keys of mappings admit no variants; what
#: is given is checked when it is read.
Margins: TypeAlias = Mapping[Any, Any]

#: Sums of margins that differ by less are taken as rounded differently.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Margin:
    """Totals of the levels of a variable, or of crossed variables.

    Attributes
    ----------
    variables
        One, or those that are crossed.
    totals
        By tuple of levels, one for each variable.
    within
        The wave that the totals are about: a variable and its level. ``None`` for everybody.
    """

    variables: tuple[str, ...]
    totals: Mapping[tuple[Level, ...], float]
    within: tuple[str, Level] | None = None

    @property
    def name(self) -> str:
        """The variables, as they are written in a report."""
        return _within(" × ".join(self.variables), self.within)

    @property
    def total(self) -> float:
        """The population that the totals add up to."""
        return float(sum(self.totals.values()))


@dataclass(frozen=True, slots=True)
class NumericTotal:
    """The total of a numeric variable, or the size of the population without one."""

    variable: str | None
    total: float
    within: tuple[str, Level] | None = None

    @property
    def name(self) -> str:
        """The variable, as it is written in a report."""
        return _within(self.variable or "population", self.within)


Term: TypeAlias = Margin | NumericTotal


def _within(name: str, within: tuple[str, Level] | None) -> str:
    return name if within is None else f"{name} ({within[0]} {within[1]})"


def terms_of(
    margins: Margins, population: float | None, within: tuple[str, Level] | None
) -> list[Term]:
    """Read the margins of a population, or of one wave of it."""
    terms: list[Term] = [_term(name, totals, within) for name, totals in margins.items()]
    if not terms and population is None:
        msg = "No margin was given. Give the totals of one variable at least."
        raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg)
    categorical = [term for term in terms if isinstance(term, Margin)]
    if population is None:
        return _agreed(terms, categorical[0].total, categorical[0].name) if categorical else terms
    check_population(population, within)
    if not categorical:
        return [NumericTotal(None, float(population), within), *terms]
    return _agreed(terms, float(population), "the population")


def as_counts(terms: Iterable[Term], population: float) -> list[Term]:
    """Turn shares into totals of a population.

    Raises
    ------
    SurveyError
        ``MARGIN_SUMS`` if the shares of a margin do not add up to 1.
    """
    counts: list[Term] = []
    for term in terms:
        if isinstance(term, Margin):
            if abs(term.total - 1) > _ROUNDING:
                msg = (
                    f"The shares of « {term.name} » add up to {term.total:.8g}, not to 1. "
                    "Correct them, or give totals without `shares`."
                )
                raise SurveyError(
                    SurveyProblem.MARGIN_SUMS, msg, margin=term.name, total=term.total
                )
            factor = population / term.total
            totals = {level: share * factor for level, share in term.totals.items()}
            counts.append(Margin(term.variables, totals, term.within))
        elif term.variable is None:
            counts.append(NumericTotal(None, population, term.within))
        else:
            counts.append(NumericTotal(term.variable, term.total * population, term.within))
    return counts


def _term(name: Any, totals: Any, within: tuple[str, Level] | None) -> Term:
    variables = (name,) if isinstance(name, str) else tuple(name)
    if isinstance(totals, Mapping):
        by_levels = {
            level if isinstance(level, tuple) else (level,): _number(variables, level, total)
            for level, total in totals.items()
        }
        margin = Margin(variables, by_levels, within)
        for levels, total in by_levels.items():
            if len(levels) != len(variables):
                msg = (
                    f"« {_written(levels)} » of « {margin.name} » has {len(levels)} levels for "
                    f"{len(variables)} variables. Give one level for each."
                )
                raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, margin=margin.name)
            _check_total(margin.name, _written(levels), total, positive=False)
        if not margin.total > 0:
            msg = f"The totals of « {margin.name} » add up to nothing. Give those of a population."
            raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, margin=margin.name)
        return margin
    if len(variables) > 1:
        msg = (
            f"« {' × '.join(variables)} » crosses variables: give a total for each tuple of levels."
        )
        raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, margin=" × ".join(variables))
    return NumericTotal(variables[0], _number(variables, "", totals), within)


def _number(variables: Sequence[str], level: Any, total: Any) -> float:
    """Read a total: a number that a computer can square, and no word."""
    name = " × ".join(variables)
    number = isinstance(total, Real | Decimal) and not isinstance(total, bool | np.bool_)
    if not number or not (total == 0 or SMALLEST < abs(float(total)) < LARGEST):
        of = f"« {level} » of « {name} »" if level != "" else f"« {name} »"
        msg = f"The total of {of} is {total!r}. Give a number of people, or a sum of values."
        raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, margin=name, level=level, total=total)
    return float(total)


def check_population(population: float, within: tuple[str, Level] | None) -> None:
    """Refuse what is no number of people."""
    _check_total(NumericTotal(None, population, within).name, "", population, positive=True)


def _check_total(margin: str, level: str, total: float, *, positive: bool) -> None:
    if not np.isfinite(total) or total < 0 or (positive and total == 0):
        of = f"« {level} » of « {margin} »" if level else f"« {margin} »"
        msg = f"The total of {of} is {total}. Give a number {'above 0' if positive else '≥ 0'}."
        raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, margin=margin, level=level, total=total)


def _agreed(terms: list[Term], population: float, of: str) -> list[Term]:
    agreed: list[Term] = []
    for term in terms:
        if isinstance(term, Margin):
            if abs(term.total - population) > _ROUNDING * population:
                msg = (
                    f"The totals of « {term.name} » add up to {term.total:.10g}, those of "
                    f"« {of} » to {population:.10g}: no weights can meet both. Correct one, or "
                    "give shares of the same population."
                )
                raise SurveyError(
                    SurveyProblem.MARGIN_SUMS,
                    msg,
                    margin=term.name,
                    total=term.total,
                    expected=population,
                )
            factor = population / term.total
            totals = {levels: total * factor for levels, total in term.totals.items()}
            agreed.append(Margin(term.variables, totals, term.within))
        else:
            agreed.append(term)
    return agreed


def _written(levels: Sequence[Level]) -> str:
    return ", ".join(str(level) for level in levels)


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Calibration equations over patterns of respondents.

    Attributes
    ----------
    matrix
        Calibration variables, shape (P, k).
    targets
        Their totals in the population, shape (k,).
    names
        The margin and the level of each, for the report.
    population
        The size of the population in each column's wave, shape (k,); 0 where it is not known.
    whole
        Whether every equation is about everybody, none about one wave alone.
    """

    matrix: Floats
    targets: Floats
    names: tuple[tuple[str, str], ...]
    population: Floats
    whole: bool


def equations(terms: Sequence[Term], patterns: Patterns) -> Equations:
    """Write the equations of margins over patterns, refusing what cannot be met.

    Raises
    ------
    SurveyError
        ``MARGIN_ABSENT`` for a level that nobody carries; ``MARGIN_UNKNOWN`` for a level of the
        sample without a total; ``MARGIN_TOTAL`` for a total of 0 that somebody carries.
    """
    columns: list[Floats] = []
    targets: list[float] = []
    names: list[tuple[str, str]] = []
    sizes: list[float] = []
    for term in terms:
        held = inside(term.within, patterns)
        size = _population(term, terms)
        if isinstance(term, Margin):
            for level, column, total in _indicators(term, patterns, held):
                columns.append(column)
                targets.append(total)
                names.append((term.name, level))
                sizes.append(size)
        else:
            value = 1.0 if term.variable is None else patterns.values[term.variable]
            columns.append(held * value)
            targets.append(term.total)
            names.append((term.name, ""))
            sizes.append(size)
    return Equations(
        np.stack(columns, axis=1),
        np.array(targets),
        tuple(names),
        np.array(sizes),
        all(term.within is None for term in terms),
    )


def _population(term: Term, terms: Sequence[Term]) -> float:
    for other in terms:
        if other.within == term.within and (isinstance(other, Margin) or other.variable is None):
            return other.total
    return 0.0


def inside(within: tuple[str, Level] | None, patterns: Patterns) -> Floats:
    """Return 1 for the patterns of a wave, 0 for the others."""
    if within is None:
        return np.ones(patterns.count)
    variable, level = within
    levels = patterns.levels[variable]
    if level not in levels:
        raise _absent(Margin((variable,), {(level,): 1.0}), (level,), patterns)
    return np.equal(patterns.keys[variable], levels.index(level)).astype(np.float64)


def _indicators(
    term: Margin, patterns: Patterns, held: Floats
) -> Iterable[tuple[str, Floats, float]]:
    left = held.copy()
    for levels, total in term.totals.items():
        column = held.copy()
        for variable, level in zip(term.variables, levels, strict=True):
            known = patterns.levels[variable]
            place = known.index(level) if level in known else len(known)
            column *= patterns.keys[variable] == place
        carried = float(column @ patterns.respondents)
        if total == 0 and carried == 0:
            continue
        if carried == 0:
            raise _absent(term, levels, patterns)
        if total == 0:
            msg = (
                f"« {_written(levels)} » of « {term.name} » has a total of 0, and {carried:g} "
                "respondents carry it. Correct the total, or remove them from the sample."
            )
            raise SurveyError(
                SurveyProblem.MARGIN_TOTAL, msg, margin=term.name, level=_written(levels)
            )
        left -= column
        yield _written(levels), column, total
    _refuse_unknown(term, patterns, left)


def _absent(term: Margin, levels: tuple[Level, ...], patterns: Patterns) -> SurveyError:
    known = " × ".join(
        f"{variable}: {listed(patterns.levels[variable], most=20)}" for variable in term.variables
    )
    msg = (
        f"Nobody in the sample carries « {_written(levels)} » of « {term.name} »: no weight can "
        f"give it back. Merge it with a level that is carried ({known}), or correct its name."
    )
    return SurveyError(SurveyProblem.MARGIN_ABSENT, msg, margin=term.name, level=_written(levels))


def _refuse_unknown(term: Margin, patterns: Patterns, left: Floats) -> None:
    without = np.flatnonzero(left > 0)
    if not without.size:
        return
    levels = tuple(
        patterns.levels[variable][patterns.keys[variable][without[0]]]
        for variable in term.variables
    )
    count = patterns.respondents[without].sum()
    msg = (
        f"{count:g} respondents carry levels of « {term.name} » that have no total, such as "
        f"« {_written(levels)} ». Give its total, or merge the level with another."
    )
    raise SurveyError(
        SurveyProblem.MARGIN_UNKNOWN, msg, margin=term.name, level=_written(levels), rows=count
    )
