"""How the items of a survey go together, with design-based errors.

See ``docs/algorithms/survey-correlations.md``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from alliage.survey.comparison.association import pearson, polychoric
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.figures import simple_variance
from alliage.survey.estimation.intervals import critical
from alliage.survey.estimation.linearisation import Part
from alliage.survey.estimation.requests import Count, Linearised
from alliage.survey.estimation.results import RELIABILITIES, Reliability, Statistic, plain
from alliage.survey.sampling.sample import Sample, check_source
from alliage.survey.sampling.structure import summed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.estimation.domains import Domain, Kept
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.results import BaseRule
    from alliage.survey.sampling.cells import Cells
    from alliage.survey.sampling.sample import Source

#: The share of the population that moves in a numerical derivative.
_STEP = 1e-5
#: Levels of an item beyond which a polychoric correlation tells no more than a linear one.
_MOST_LEVELS = 20
#: What rounding leaves of a deviation, as a share of the mean, and of the distance to a
#: correlation of one.
_NOTHING = 1e-12


class Correlation(StrEnum):
    """What is correlated: the codes as numbers, or the traits behind ordered answers."""

    PEARSON = "pearson"
    POLYCHORIC = "polychoric"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationEstimate:
    """The correlation of two items.

    Attributes
    ----------
    first, second
        The items.
    value
        In [-1, 1]; ``None``, with all but the base, if the base rule hides it.
    standard_error
        Design-based; ``None`` at the end of the scale, where none can be told.
    low, high
        Confidence interval, symmetric on Fisher's scale; ``None`` with the error.
    respondents
        Those who answered both.
    effective_size
        Size of the simple random sample with replacement that has this variance; ``None`` with the
        error.
    reliability
        What the base rule says of it; ``None`` without a rule.
    """

    first: str
    second: str
    value: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    respondents: int
    effective_size: float | None
    reliability: Reliability | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """The correlations of all the pairs of items.

    Attributes
    ----------
    items
        The items, in the order asked.
    pairs
        Each pair once.
    kind
        What was correlated.
    level
        Confidence level of the intervals.
    """

    items: tuple[str, ...]
    pairs: tuple[CorrelationEstimate, ...]
    kind: Correlation
    level: float

    def matrix(self) -> Floats:
        """Return the correlations, items × items.

        Raises
        ------
        SurveyError
            ``REQUEST`` if the base rule hides one.
        """
        hidden = [f"{pair.first} · {pair.second}" for pair in self.pairs if pair.value is None]
        if hidden:
            msg = (
                f"« {listed(hidden)} » has too few respondents to be shown: there is no whole "
                "matrix. Leave an item out, or ask under another rule."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg, names=listed(hidden))
        found = np.eye(len(self.items))
        places = {name: place for place, name in enumerate(self.items)}
        for pair in self.pairs:
            one, other = places[pair.first], places[pair.second]
            found[one, other] = found[other, one] = pair.value
        return found

    def frame(self) -> pl.DataFrame:
        """Return one row for each pair."""
        return pl.DataFrame(
            [
                {name: plain(getattr(pair, name)) for name in CorrelationEstimate.__slots__}
                for pair in self.pairs
            ],
            infer_schema_length=None,
        )

    @property
    def is_consistent(self) -> bool:
        """Whether one population could have them all: no eigenvalue is below zero.

        Pairs answered by different people, or polychoric ones, may not fit together; a factor
        analysis would then say something of nobody.
        """
        return bool(np.linalg.eigvalsh(self.matrix()).min() > -1e-9)


def correlations(
    source: Source,
    items: Sequence[str],
    *,
    kind: Correlation | str = Correlation.PEARSON,
    over: Domain | None = None,
    level: float = 0.95,
    variance: Variance = "calibrated",
    rule: BaseRule | None = None,
) -> Correlations:
    """Correlate items by pairs, among those who answered both.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    items
        Two items at least; numbers for Pearson, 20 ordered levels at most for polychoric.
    kind
        What is correlated.
    over
        The domain.
    level
        Confidence level of the intervals.
    variance
        As for every estimate.
    rule
        When a correlation may be shown, its base being those who answered both; by default always.
        One near 0 is no less reliable: coefficients of variation are left aside.

    Raises
    ------
    SurveyError
        ``REQUEST`` for fewer than two items, for levels that are no numbers or too many, or for an
        item of one level; else as `alliage.survey.estimate`.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> rows = pl.DataFrame({"a": [1, 2, 3, 4, 5] * 20, "b": [2, 1, 4, 3, 5] * 20})
    >>> (found,) = correlations(sample(rows, Design()), ["a", "b"]).pairs
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (0.8, 0.75, 0.84)

    Notes
    -----
    The linearised value of a linear correlation is that of a ratio of moments, ``x y - r (x² + y²)
    / 2`` with x and y standardised. A polychoric one, or a linear one of moments, is a function of
    the table of the pair; its error follows from the covariance of the table, the derivative being
    taken numerically. Source: Binder (1983), International Statistical Review 51; Fisher (1921),
    Metron 1, for the scale of the interval.
    """
    check_source(source)
    names = tuple(dict.fromkeys(items))
    if len(names) < 2 or not 0 < level < 1:
        msg = (
            f"{len(names)} items and the level {level} were given. Give two items at least, and a "
            "level between 0 and 1."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    what = Correlation(kind)
    request = _Request(what, kept(over), level, variance, rule)
    pairs = tuple(
        _linear(source, pair, request)
        if what is Correlation.PEARSON and _has_numbers(source, pair)
        else _of_table(source, pair, request)
        for pair in itertools.combinations(names, 2)
    )
    return Correlations(names, pairs, what, level)


class _Request(NamedTuple):
    """What is asked of every pair."""

    kind: Correlation
    over: Kept
    level: float
    variance: Variance
    rule: BaseRule | None


class _Base(NamedTuple):
    """The people behind a correlation."""

    respondents: int
    effective_size: float | None
    degrees: float


def _has_numbers(source: Source, names: tuple[str, str]) -> bool:
    """Tell whether respondents are known one by one, with numbers for answers."""
    return isinstance(source, Sample) and all(
        source.table.column(name).dtype.is_numeric() for name in names
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linear(Linearised):
    """The linear correlation of two numeric variables, from respondents one by one."""

    other: str

    @property
    def statistic(self) -> Statistic:
        return Statistic.CORRELATION

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (), (self.variable, self.other)

    def part(self, cells: Cells, group: Ints, groups: int, ratios: Floats) -> Part:
        columns = [cells.column(name) for name in (self.variable, self.other)]
        of = _Joint(cells, group, groups, columns)
        sizes, means, deviations, values = of.moments(ratios)
        for name, own, offset, mean in zip(
            self.needs()[1], deviations.T, cells.offsets[columns], means.T, strict=True
        ):
            if (own <= _NOTHING * np.abs(offset + mean)).any():
                msg = f"« {name} » has one value only: it goes with nothing. Leave it out."
                raise SurveyError(SurveyProblem.REQUEST, msg, column=name)
        x, y = ((of.answers - means[group]) / deviations[group]).T
        influence = np.zeros((cells.count, cells.first.shape[1], 1))
        influence[:, 0, 0] = (x * y - values[group, 0] / 2 * (x**2 + y**2)) / sizes[group]
        return Part(group, values, influence, of)


@dataclass(frozen=True, slots=True, eq=False)
class _Joint:
    """The joint moments of two numeric variables by group, for any weights."""

    cells: Cells
    group: Ints
    groups: int
    columns: Sequence[int]

    @property
    def answers(self) -> Floats:
        """The two answers of each respondent, less their offsets, shape (C, 2)."""
        return np.asarray(self.cells.first[:, self.columns] / self.cells.first[:, :1])

    def moments(self, ratios: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return sums of weights (G,), means and deviations (G, 2), correlations (G, 1).

        NaN for the correlation of what does not vary.
        """
        weights = self.cells.first[:, 0] * ratios
        answers = self.answers
        sums = summed(
            self.group, np.column_stack([weights, weights[:, None] * answers]), self.groups
        )
        means = sums[:, 1:] / sums[:, :1]
        apart = answers - means[self.group]
        products = np.column_stack([apart**2, apart[:, 0] * apart[:, 1]]) * weights[:, None]
        spread = summed(self.group, products, self.groups) / sums[:, :1]
        deviations = np.sqrt(spread[:, :2])
        both = deviations.prod(axis=1, keepdims=True)
        values = spread[:, 2:] / np.where(both > 0, both, np.nan)
        return sums[:, 0], means, deviations, np.clip(values, -1.0, 1.0)

    def values(self, ratios: Floats) -> Floats:
        return self.moments(ratios)[3]


def _linear(source: Source, names: tuple[str, str], request: _Request) -> CorrelationEstimate:
    asked = _Linear(variable=names[0], other=names[1], over=request.over)
    (found,) = estimate(source, asked, variance=request.variance)
    at_end = 1 - abs(found.value) <= _NOTHING
    return _told(
        names,
        found.value,
        None if at_end else found.standard_error,
        _Base(found.respondents, found.effective_size, found.degrees),
        request,
    )


def _of_table(source: Source, names: tuple[str, str], request: _Request) -> CorrelationEstimate:
    if request.kind is Correlation.POLYCHORIC:
        _check_levels(source, names)
    asked = Count(variable=names[0], by=(names[1],), over=request.over)
    counts = estimate(source, asked, variance=request.variance)
    rows = tuple(dict.fromkeys(item.level for item in counts))
    columns = tuple(dict.fromkeys(str(item.group[names[1]]) for item in counts))
    place_of = {(item.level, str(item.group[names[1]])): at for at, item in enumerate(counts)}
    at = np.array([[place_of[row, column] for column in columns] for row in rows])
    values = np.array([item.value for item in counts])

    if request.kind is Correlation.POLYCHORIC:
        solved = polychoric(values[at])
        value, at_end = solved.rho, solved.at_end

        def of(table: Floats) -> float:
            return polychoric(table[at]).rho
    else:
        scores = _scores(names[0], rows), _scores(names[1], columns)

        def of(table: Floats) -> float:
            return pearson(table[at], *scores)

        value = of(values)
        at_end = 1 - abs(value) <= _NOTHING

    people = sum({str(item.group[names[1]]): item.respondents for item in counts}.values())
    error, effective = None, None
    if not at_end and counts.covariance is not None:
        error, effective = _error(of, values, counts.covariance, people)
    base = _Base(people, effective, min(item.degrees for item in counts))
    return _told(names, value, error, base, request)


def _check_levels(source: Source, names: tuple[str, str]) -> None:
    for name, levels in source.cells(names, ()).levels.items():
        if len(levels) > _MOST_LEVELS:
            msg = (
                f"« {name} » has {len(levels)} levels, and a polychoric correlation is that of "
                f"{_MOST_LEVELS} ordered ones at most. Join levels, or ask for the Pearson one."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg, column=name)


def _told(
    names: tuple[str, str], value: float, error: float | None, base: _Base, request: _Request
) -> CorrelationEstimate:
    low, high = _fisher(value, error, critical(request.level, base.degrees))
    found = CorrelationEstimate(
        first=names[0],
        second=names[1],
        value=value,
        standard_error=error,
        low=low,
        high=high,
        respondents=base.respondents,
        effective_size=base.effective_size,
    )
    if request.rule is None:
        return found
    size = np.array(base.effective_size, dtype=np.float64)
    judged = request.rule.judged(np.array(base.respondents), size, np.array(np.nan))
    told = Reliability(RELIABILITIES[judged.item()])
    if told is Reliability.TOO_SMALL:
        found = replace(
            found, value=None, standard_error=None, low=None, high=None, effective_size=None
        )
    return replace(found, reliability=told)


def _error(
    of: Callable[[Floats], float], values: Floats, covariance: Floats, people: int
) -> tuple[float, float | None]:
    """Return the error of a function of a table, and the respondents that it is worth."""
    step = values.sum() * _STEP
    slopes = np.zeros(len(values))
    for place in np.flatnonzero(values > 0):
        # Not below zero, where no table is.
        move = min(step, values[place] / 2)
        ends = [values.copy(), values.copy()]
        ends[0][place] += move
        ends[1][place] -= move
        slopes[place] = (of(ends[0]) - of(ends[1])) / (2 * move)
    variance = max(0.0, float(slopes @ covariance @ slopes))
    total = values.sum()
    simple = simple_variance(
        values @ slopes / total, values @ slopes**2 / total, np.array(people), total
    )
    return math.sqrt(variance), float(people * simple / variance) if variance > 0 else None


def _fisher(value: float, error: float | None, reach: float) -> tuple[float | None, float | None]:
    # Without degrees of freedom, an error has no reach.
    if error is None or math.isnan(reach):
        return None, None
    middle, width = math.atanh(value), reach * error / (1 - value**2)
    return math.tanh(middle - width), math.tanh(middle + width)


def _scores(name: str, levels: Sequence[str]) -> list[float]:
    try:
        return [float(level) for level in levels]
    except ValueError:
        msg = (
            f"« {name} » has the levels {listed(levels)}, which are no numbers. Ask for the "
            "polychoric correlation if they are in order, or code them."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, column=name) from None
