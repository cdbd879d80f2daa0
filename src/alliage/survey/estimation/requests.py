"""What may be asked of a survey: each request says what it needs and how it is scored."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from alliage.survey.data.table import chosen
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.distribution import Concentration, QuantileRule, ordered
from alliage.survey.estimation.linearisation import Part, Quotients
from alliage.survey.estimation.results import Interval, Statistic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import StrEnum

    from alliage.survey.arrays import Booleans, Floats, Ints
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.domains import Kept
    from alliage.survey.sampling.cells import Cells


#: The kinds of interval that a share may have.
_OF_SHARES = (Interval.LOGIT, Interval.WILSON, Interval.BETA, Interval.WALD)


def _set_word(request: _Asked, name: str, allowed: Sequence[StrEnum]) -> None:
    """Make a rule of the word for it, or refuse it."""
    given = getattr(request, name)
    if given not in allowed:
        msg = f"« {given} » is no {name} of this statistic. Ask for {listed(allowed)}."
        raise SurveyError(SurveyProblem.REQUEST, msg, given=given)
    object.__setattr__(request, name, allowed[allowed.index(given)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked(ABC):
    """A statistic to estimate, by groups, inside a domain.

    Attributes
    ----------
    variable
        The column, or the question.
    by
        The variables of the breakdown; their levels are crossed.
    over
        The levels that the domain keeps, by variable.
    interval
        How confidence intervals are made.
    """

    variable: str
    by: tuple[str, ...] = ()
    over: Kept = ()
    interval: Interval = Interval.WALD

    def __post_init__(self) -> None:
        _set_word(self, "interval", self.intervals())

    @property
    @abstractmethod
    def statistic(self) -> Statistic:
        """What is estimated."""

    def intervals(self) -> tuple[Interval, ...]:
        """Return the kinds of interval that it may have."""
        return (Interval.WALD,)

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the categorical and the numeric variables it is computed from."""
        return (), (self.variable,)

    def answered(self, cells: Cells) -> Booleans:
        """Tell which cells are in the base, shape (C,)."""
        return cells.known(self.needs()[1])

    def labels(self, cells: Cells) -> tuple[str, ...]:  # noqa: ARG002 - others have levels
        """Return the levels of the estimates of a group."""
        return ("",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linearised(_Asked):
    """A statistic that is a smooth function of the weights."""

    @abstractmethod
    def part(self, cells: Cells, group: Ints, groups: int, ratios: Floats) -> Part:
        """Return the estimates and their linearised values, for ratios of weights (C,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient(Linearised):
    """A total over another, or over nothing."""

    def part(self, cells: Cells, group: Ints, groups: int, ratios: Floats) -> Part:
        tops, bottoms = self.scores(cells)
        return Quotients(cells, group, groups, tops, bottoms).part(ratios)

    @abstractmethod
    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        """Return the scores of numerators (C, p, L) and denominators (C, p) of quotients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Quotient):
    """The mean of a numeric variable."""

    @property
    def statistic(self) -> Statistic:
        return Statistic.MEAN

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        return _numbers(cells, self.variable), _ones(cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total(Quotient):
    """The total of a numeric variable."""

    @property
    def statistic(self) -> Statistic:
        return Statistic.TOTAL

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        return _numbers(cells, self.variable), None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Quotient):
    """The total of a numeric variable over that of another."""

    denominator: str

    @property
    def statistic(self) -> Statistic:
        return Statistic.RATIO

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (), tuple(dict.fromkeys((self.variable, self.denominator)))

    def labels(self, cells: Cells) -> tuple[str, ...]:  # noqa: ARG002 - the shape of requests
        return (f"/ {self.denominator}",)

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        bottoms = _numbers(cells, self.denominator)[:, :, 0]
        return _numbers(cells, self.variable), bottoms


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Quotient):
    """How many people of the population carry each level."""

    @property
    def statistic(self) -> Statistic:
        return Statistic.COUNT

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (self.variable,), ()

    def answered(self, cells: Cells) -> Booleans:
        return cells.carried(self.variable)

    def labels(self, cells: Cells) -> tuple[str, ...]:
        return tuple(map(str, cells.levels[self.variable]))

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        return _indicators(cells, self.variable), None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion(Quotient):
    """The share of each level, among those who answered or among everybody.

    Attributes
    ----------
    everybody
        Whether those who did not answer are in the base.
    """

    everybody: bool = False
    interval: Interval = Interval.LOGIT

    def intervals(self) -> tuple[Interval, ...]:
        return _OF_SHARES

    @property
    def statistic(self) -> Statistic:
        return Statistic.PROPORTION

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (self.variable,), ()

    def answered(self, cells: Cells) -> Booleans:
        return cells.carried(self.variable) | self.everybody

    def labels(self, cells: Cells) -> tuple[str, ...]:
        return tuple(map(str, cells.levels[self.variable]))

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        return _indicators(cells, self.variable), _ones(cells)

    def scored(self, levels: Sequence[Level]) -> tuple[tuple[str, ...], Floats]:
        """Return the label of each estimate, and the score of each level for it, shape (L, K)."""
        return tuple(map(str, levels)), np.eye(len(levels))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored(Quotient):
    """The mean of scores given to levels: 1 for a top box, 1 and -1 for a net score.

    Attributes
    ----------
    points
        The score of each level; 0 for the others.
    label
        What the score says.
    statistic
        ``TOP_BOX`` or ``NET_SCORE``.
    """

    points: Mapping[Any, float] = field(default_factory=dict)
    label: str = ""
    statistic: Statistic = Statistic.TOP_BOX

    def intervals(self) -> tuple[Interval, ...]:
        return _OF_SHARES if self.statistic is Statistic.TOP_BOX else (Interval.WALD,)

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (self.variable,), ()

    def answered(self, cells: Cells) -> Booleans:
        return cells.carried(self.variable)

    def labels(self, cells: Cells) -> tuple[str, ...]:  # noqa: ARG002 - the shape of requests
        return (self.label,)

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        points = self.scored(cells.levels[self.variable])[1]
        tops = np.zeros((cells.count, cells.first.shape[1], 1))
        # The code of no answer is that of the last one, who scores nothing.
        tops[:, 0, 0] = np.append(points, 0.0)[cells.keys[self.variable]]
        return tops, _ones(cells)

    def scored(self, levels: Sequence[Level]) -> tuple[tuple[str, ...], Floats]:
        """Return the label of the estimate, and the score of each level for it, shape (L, 1).

        Raises
        ------
        SurveyError
            ``LEVEL`` for a level that does not exist; ``REQUEST`` for points that are no number.
        """
        unknown = [level for level in self.points if level not in levels]
        if unknown or not self.points:
            msg = (
                f"« {listed(unknown) or 'nothing'} » was asked of « {self.variable} », whose "
                f"levels are: {listed(levels, most=20)}. Name levels among these."
            )
            raise SurveyError(SurveyProblem.LEVEL, msg, column=self.variable)
        endless = [level for level, points in self.points.items() if not math.isfinite(points)]
        if endless:
            msg = (
                f"The points of « {listed(endless)} » of « {self.variable} » are no number. Give "
                "each level a number, or leave it out to give it 0."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg, column=self.variable)
        return (self.label,), np.array([[self.points.get(level, 0.0)] for level in levels])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(Quotient):
    """The share of each answer of a question with several answers.

    Attributes
    ----------
    columns
        The columns, one for each answer.
    counted
        The value that says « chosen ».
    responses
        Whether shares are of all answers given; else of the respondents who answered.
    """

    columns: tuple[str, ...] = ()
    counted: Level = 1
    responses: bool = False
    interval: Interval = Interval.LOGIT

    def intervals(self) -> tuple[Interval, ...]:
        return _OF_SHARES

    @property
    def statistic(self) -> Statistic:
        return Statistic.PROPORTION

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.columns, ()

    def answered(self, cells: Cells) -> Booleans:
        known = np.zeros(cells.count, dtype=bool)
        for name in self.columns:
            known |= cells.carried(name)
        return known

    def labels(self, cells: Cells) -> tuple[str, ...]:  # noqa: ARG002 - the shape of requests
        return self.columns

    def scores(self, cells: Cells) -> tuple[Floats, Floats | None]:
        tops = np.zeros((cells.count, cells.first.shape[1], len(self.columns)))
        levels = {name: cells.levels[name] for name in self.columns}
        ranks = chosen(self.variable, self.counted, levels)
        for place, (name, rank) in enumerate(zip(self.columns, ranks, strict=True)):
            tops[:, 0, place] = cells.keys[name] == rank
        return tops, tops.sum(axis=2) if self.responses else _ones(cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gini(Linearised):
    """The Gini coefficient of a numeric variable that is never negative."""

    @property
    def statistic(self) -> Statistic:
        return Statistic.GINI

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (self.variable,), ()

    def answered(self, cells: Cells) -> Booleans:
        return cells.carried(self.variable)

    def part(self, cells: Cells, group: Ints, groups: int, ratios: Floats) -> Part:
        return Concentration(ordered(cells, self.variable, group, groups)).part(ratios)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile(_Asked):
    """Quantiles of a numeric variable.

    Attributes
    ----------
    probabilities
        The probabilities, between 0 and 1.
    rule
        Which value is taken between two answers.
    """

    probabilities: tuple[float, ...] = (0.5,)
    rule: QuantileRule = QuantileRule.MATH
    interval: Interval = Interval.WOODRUFF

    def __post_init__(self) -> None:
        _Asked.__post_init__(self)
        _set_word(self, "rule", tuple(QuantileRule))
        if not self.probabilities or not all(0 < p < 1 for p in self.probabilities):
            msg = (
                f"Quantiles were asked at {listed(self.probabilities) or 'nothing'}. Give "
                "probabilities between 0 and 1, both excluded."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg, value=listed(self.probabilities))

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval.WOODRUFF,)

    @property
    def statistic(self) -> Statistic:
        return Statistic.QUANTILE

    def needs(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (self.variable,), ()

    def answered(self, cells: Cells) -> Booleans:
        return cells.carried(self.variable)

    def labels(self, cells: Cells) -> tuple[str, ...]:  # noqa: ARG002 - the shape of requests
        return tuple(f"{p:g}" for p in self.probabilities)


#: What may be asked: a smooth statistic, or quantiles.
Request: TypeAlias = Linearised | Quantile


def _ones(cells: Cells) -> Floats:
    ones = np.zeros((cells.count, cells.first.shape[1]))
    ones[:, 0] = 1.0
    return ones


def _numbers(cells: Cells, variable: str) -> Floats:
    scores = np.zeros((cells.count, cells.first.shape[1], 1))
    place = cells.column(variable)
    scores[:, 0, 0] = cells.offsets[place]
    scores[:, place, 0] = 1.0
    return scores


def _indicators(cells: Cells, variable: str) -> Floats:
    levels = len(cells.levels[variable])
    scores = np.zeros((cells.count, cells.first.shape[1], levels))
    scores[:, 0, :] = cells.keys[variable][:, None] == np.arange(levels)
    return scores
