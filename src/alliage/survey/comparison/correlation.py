"""How the items of a survey go together, with design-based errors.

See ``docs/algorithms/survey-correlations.md``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from alliage.survey.comparison.association import pearson, polychoric
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.intervals import critical
from alliage.survey.estimation.requests import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alliage.survey.arrays import Floats
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.results import Estimates
    from alliage.survey.sampling.sample import Source

#: The share of the population that moves in a numerical derivative.
_STEP = 1e-5


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
        In [-1, 1].
    standard_error
        Design-based; ``None`` at the end of the scale, where none can be told.
    low, high
        Confidence interval, symmetric on Fisher's scale; ``None`` with the error.
    respondents
        Those who answered both.
    """

    first: str
    second: str
    value: float
    standard_error: float | None
    low: float | None
    high: float | None
    respondents: int


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
        """Return the correlations, items × items."""
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
                {name: getattr(pair, name) for name in CorrelationEstimate.__slots__}
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
) -> Correlations:
    """Correlate items by pairs, among those who answered both.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    items
        Two items at least; their levels are ordered, and numbers for Pearson.
    kind
        What is correlated.
    over
        The domain.
    level
        Confidence level of the intervals.
    variance
        As for every estimate.

    Raises
    ------
    SurveyError
        ``REQUEST`` for fewer than two items, for levels that are no numbers, or for an item of one
        level; else as `alliage.survey.estimate`.

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
    A correlation is a function of the table of the pair; its error follows from the covariance of
    the table by linearisation, the derivative being taken numerically. Source: Binder (1983),
    International Statistical Review 51; Fisher (1921) for the scale of the interval.
    """
    names = tuple(dict.fromkeys(items))
    if len(names) < 2 or not 0 < level < 1:
        msg = (
            f"{len(names)} items and the level {level} were given. Give two items at least, and a "
            "level between 0 and 1."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg)
    what = Correlation(kind)
    pairs = tuple(
        _pair(
            estimate(source, Count(variable=one, by=(other,), over=kept(over)), variance=variance),
            (one, other),
            what,
            level,
        )
        for one, other in itertools.combinations(names, 2)
    )
    return Correlations(names, pairs, what, level)


def _pair(
    counts: Estimates, names: tuple[str, str], kind: Correlation, level: float
) -> CorrelationEstimate:
    rows = tuple(dict.fromkeys(item.level for item in counts))
    columns = tuple(dict.fromkeys(str(item.group[names[1]]) for item in counts))
    place_of = {(item.level, str(item.group[names[1]])): at for at, item in enumerate(counts)}
    at = np.array([[place_of[row, column] for column in columns] for row in rows])
    values = np.array([item.value for item in counts])

    if kind is Correlation.POLYCHORIC:
        solved = polychoric(values[at])
        value, at_end = solved.rho, solved.at_end

        def of(table: Floats) -> float:
            return polychoric(table[at]).rho
    else:
        scores = _scores(names[0], rows), _scores(names[1], columns)

        def of(table: Floats) -> float:
            return pearson(table[at], *scores)

        value, at_end = of(values), False

    error = None if at_end or counts.covariance is None else _error(of, values, counts.covariance)
    low, high = _fisher(value, error, critical(level, min(item.degrees for item in counts)))
    people = {str(item.group[names[1]]): item.respondents for item in counts}
    return CorrelationEstimate(
        first=names[0],
        second=names[1],
        value=value,
        standard_error=error,
        low=low,
        high=high,
        respondents=sum(people.values()),
    )


def _error(of: Callable[[Floats], float], values: Floats, covariance: Floats) -> float:
    step = values.sum() * _STEP
    slopes = np.zeros(len(values))
    for place in np.flatnonzero(values > 0):
        # Not below zero, where no table is.
        move = min(step, values[place] / 2)
        ends = [values.copy(), values.copy()]
        ends[0][place] += move
        ends[1][place] -= move
        slopes[place] = (of(ends[0]) - of(ends[1])) / (2 * move)
    return math.sqrt(max(0.0, float(slopes @ covariance @ slopes)))


def _fisher(value: float, error: float | None, reach: float) -> tuple[float | None, float | None]:
    if error is None:
        return None, None
    if abs(value) >= 1:
        return value, value
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
