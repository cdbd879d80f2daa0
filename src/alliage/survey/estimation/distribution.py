"""Statistics of the whole distribution of a numeric variable: quantiles and concentration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from alliage.survey.data.coding import NO_LEVEL
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.linearisation import Part

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.sampling.cells import Cells

#: Cumulated weights that differ by less, as a share of the total, are equal.
_EQUAL = 1e-12


class QuantileRule(StrEnum):
    """Which value is the quantile when the cumulated weight reaches it exactly.

    ``MATH``: the smallest value with at least this share of the weight below or at it (the
    inverse of the distribution function, rule 1 of Hyndman & Fan). ``SCHOOL``: the middle between
    that value and the next one, when the share is reached exactly (rule 2).
    """

    MATH = "math"
    SCHOOL = "school"


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """The cells of each group by increasing value of a variable.

    Attributes
    ----------
    cells
        The cells.
    group, groups
        The group of each cell, -1 outside, and how many there are.
    values
        The values that occur, increasing, shape (V,).
    rank
        The place of the value of each cell among them, shape (C,); of any value outside groups.
    """

    cells: Cells
    group: Ints
    groups: int
    values: Floats
    rank: Ints

    def weights(self, ratios: Floats) -> Floats:
        """Return the weight of each value in each group, shape (G, V)."""
        inside = np.flatnonzero(self.group >= 0)
        code = self.group[inside] * len(self.values) + self.rank[inside]
        weights = self.cells.first[inside, 0] * ratios[inside]
        size = self.groups * len(self.values)
        sums = np.bincount(code, weights=weights, minlength=size)
        return sums.reshape(self.groups, -1).astype(np.float64)


def ordered(cells: Cells, variable: str, group: Ints, groups: int) -> Ordered:
    """Order cells by a variable.

    Raises
    ------
    SurveyError
        ``TYPE`` if its levels are not numbers; ``VALUE`` if one is infinite.
    """
    levels = cells.levels[variable]
    wrong = next((level for level in levels if not isinstance(level, int | float | Decimal)), None)
    if wrong is not None:
        msg = (
            f"« {variable} » does not hold numbers, but for example « {wrong} ». Give a numeric "
            "column."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=variable, value=wrong)
    endless = next(
        (level for level in levels if isinstance(level, float) and math.isinf(level)), None
    )
    if endless is not None:
        msg = f"« {variable} » holds the value {endless}. Correct it, or leave it empty."
        raise SurveyError(SurveyProblem.VALUE, msg, column=variable, value=endless)
    values, rank = np.unique(np.array(levels, dtype=np.float64), return_inverse=True)
    codes = cells.keys[variable]
    return Ordered(cells, group, groups, values, rank[np.where(codes == NO_LEVEL, 0, codes)])


def quantile(values: Floats, weights: Floats, probability: float, rule: QuantileRule) -> float:
    """Return a weighted quantile.

    Parameters
    ----------
    values : array of float, shape (V,)
        Increasing values.
    weights : array of float, shape (V,)
        Their weights.
    probability : float
        Between 0 and 1.
    rule : QuantileRule
        Which value is taken where the probability is reached exactly.

    Raises
    ------
    SurveyError
        ``VALUE`` for weights below zero, which linear calibration may give.

    Notes
    -----
    Source: Hyndman & Fan (1996), *The American Statistician* 50, rules 1 and 2.

    Examples
    --------
    >>> ages, ones = np.array([20.0, 30.0, 40.0, 50.0]), np.ones(4)
    >>> quantile(ages, ones, 0.5, QuantileRule.MATH), quantile(ages, ones, 0.5, QuantileRule.SCHOOL)
    (30.0, 35.0)
    """
    if (weights < 0).any():
        place = int(np.flatnonzero(weights < 0)[0])
        msg = (
            f"Respondents with the value {values[place]:g} weigh {weights[place]:g} together: with "
            "weights below zero there is no quantile. Calibrate with « raking », or give bounds "
            "from 0 up."
        )
        raise SurveyError(SurveyProblem.VALUE, msg, value=values[place], weight=weights[place])
    held = weights != 0
    values, cumulated = values[held], np.cumsum(weights[held])
    total = cumulated[-1]
    target = probability * total
    place = int(np.searchsorted(cumulated, target - _EQUAL * total))
    place = min(place, len(values) - 1)
    reached = abs(cumulated[place] - target) <= _EQUAL * total
    if rule is QuantileRule.SCHOOL and reached and place + 1 < len(values):
        return float((values[place] + values[place + 1]) / 2)
    return float(values[place])


@dataclass(frozen=True, slots=True, eq=False)
class Concentration:
    """The Gini coefficient ``ΣΣ w_i w_j |y_i - y_j| / (2 N Y)`` by group.

    Notes
    -----
    Linearised by ``[D_k / Y - G (1 + N y_k / Y)] / N`` with ``D_k = Σ w_j |y_k - y_j|``.

    Source: Langel & Tillé (2013), *JRSS A* 176.
    """

    ordered: Ordered

    def values(self, ratios: Floats) -> Floats:
        """Return the coefficients by group, shape (G, 1)."""
        return self._computed(ratios)[0]

    def part(self, ratios: Floats) -> Part:
        """Return the coefficients and their linearised values.

        Raises
        ------
        SurveyError
            ``VALUE`` for a negative value; ``ZERO_DENOMINATOR`` for a group whose total is 0.
        """
        of = self.ordered
        inside = of.group >= 0
        if of.values[of.rank[inside]].min() < 0:
            msg = (
                "A Gini coefficient needs values of 0 or more, and the smallest is "
                f"{of.values[of.rank[inside]].min():g}. Leave negative values out, or use another "
                "measure."
            )
            raise SurveyError(SurveyProblem.VALUE, msg)
        if not (of.weights(ratios) @ of.values > 0).all():
            msg = "The total of a group is 0: nothing can be concentrated. Merge the group."
            raise SurveyError(SurveyProblem.ZERO_DENOMINATOR, msg)
        found, influence = self._computed(ratios)
        scores = np.zeros((of.cells.count, of.cells.first.shape[1], 1))
        scores[inside, 0, 0] = influence[of.group[inside], of.rank[inside]]
        return Part(of.group, found, scores, self)

    def _computed(self, ratios: Floats) -> tuple[Floats, Floats]:
        weights, values = self.ordered.weights(ratios), self.ordered.values
        below = np.cumsum(weights, axis=1)
        amounts = np.cumsum(weights * values, axis=1)
        size, total = below[:, -1:], amounts[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = values * (2 * below - size) + total - 2 * amounts
            found = (weights * apart).sum(axis=1, keepdims=True) / (2 * size * total)
            influence = (apart / total - found * (1 + size * values / total)) / size
        return found, influence
