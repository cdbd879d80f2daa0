"""Multilevel regression and post-stratification: areas told by the kinds of people who live there.

A proportion is modelled for every kind of person (age, sex, area…), each group drawn towards the
others as far as little is known of it; the population of the kinds then makes that of the area.
See ``docs/algorithms/survey-small-areas.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit, xlogy

from alliage.survey.areas.area_models import LEAST_WORTH, refuse_weak
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.requests import Scored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from alliage.survey.arrays import Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.sampling.sample import Source

_STEPS = 100
_CLOSE = 1e-10
#: Levels that must be observed to tell of one that is not.
_LEAST_LEVELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """People of one kind: who they are, how many there are, and what those asked said.

    Attributes
    ----------
    levels
        What they are in each grouping: ``{"region": "Bretagne", "age": "18-34"}``.
    population
        How many there are.
    asked
        How many were asked; divided by the design effect when answers are not independent.
    positive
        How many of these gave the answer.
    covariates
        What is known of them besides, in the order of every other kind.
    """

    levels: Mapping[str, str]
    population: float
    asked: float = 0.0
    positive: float = 0.0
    covariates: tuple[float, ...] = ()


class GroupEstimate(NamedTuple):
    """A proportion in a group, of the whole population of the group.

    Attributes
    ----------
    name
        The group.
    estimate
        The proportion, in [0, 1].
    standard_error
        What is not known of it, the variances between groups being taken as known.
    asked
        How many were asked there.
    """

    name: str
    estimate: float
    standard_error: float
    asked: float

    @property
    def is_synthetic(self) -> bool:
        """Whether nobody was asked there: the model alone speaks."""
        return self.asked == 0

    @property
    def worth(self) -> float:
        """How many independent respondents would tell as much."""
        return self.estimate * (1 - self.estimate) / self.standard_error**2


@dataclass(frozen=True, slots=True)
class MultilevelModel:
    """A fitted model of kinds of people.

    Attributes
    ----------
    coefficients
        The constant, then one for each covariate, in logits.
    deviations
        Standard deviation between the levels of each grouping, in logits.
    deviance
        Twice the negative log-likelihood, by Laplace's approximation.
    """

    coefficients: tuple[float, ...]
    deviations: Mapping[str, float]
    deviance: float
    _kinds: tuple[Kind, ...]
    _design: Floats
    _effects: Floats
    _covariance: Floats

    def by(self, grouping: str, *, least_worth: float = LEAST_WORTH) -> tuple[GroupEstimate, ...]:
        """Return the proportion in each level of a grouping, in the order of their names.

        Parameters
        ----------
        grouping
            One of the model.
        least_worth
            How many independent respondents the estimate of a level must be worth.

        Raises
        ------
        SurveyError
            If there is no such grouping, a level has no population, or the sample does not support
            a level: with the respondents to add.
        """
        if grouping not in self.deviations:
            _refuse(f"There is no grouping « {grouping} ». Those are {listed(self.deviations)}.")
        names = sorted({kind.levels[grouping] for kind in self._kinds})
        found = tuple(
            self._group(name, [kind.levels[grouping] == name for kind in self._kinds])
            for name in names
        )
        refuse_weak({one.name: one.worth for one in found}, least_worth)
        return found

    def whole(self) -> GroupEstimate:
        """Return the proportion in the whole population."""
        return self._group("", [True] * len(self._kinds))

    def _group(self, name: str, chosen: Sequence[bool]) -> GroupEstimate:
        inside = np.array(chosen)
        people = np.array([kind.population for kind in self._kinds]) * inside
        if people.sum() <= 0:
            _refuse(f"« {name} » has no population. Give that of its kinds, or leave it out.")
        share = people / people.sum()
        chances = expit(self._design @ self._effects)
        slope = (share * chances * (1 - chances)) @ self._design
        asked = sum(kind.asked for kind, held in zip(self._kinds, chosen, strict=True) if held)
        return GroupEstimate(
            name,
            float(share @ chances),
            math.sqrt(float(slope @ self._covariance @ slope)),
            float(asked),
        )


def multilevel_model(kinds: Iterable[Kind], groupings: Sequence[str]) -> MultilevelModel:
    """Fit a logistic model with an effect for each level of each grouping.

    Parameters
    ----------
    kinds
        Every kind of person of the population, those of whom nobody was asked included.
    groupings
        The groupings whose levels are drawn towards one another.

    Raises
    ------
    SurveyError
        If counts make no sense, a kind lacks a grouping, or there is nothing to learn from; if
        nobody was asked in a level of a grouping of which fewer than three levels were asked.

    Examples
    --------
    >>> asked = {"north": (60, 45), "south": (40, 18), "east": (4, 4)}
    >>> found = multilevel_model(
    ...     [
    ...         Kind(levels={"region": name}, population=1000, asked=n, positive=yes)
    ...         for name, (n, yes) in asked.items()
    ...     ],
    ...     ["region"],
    ... ).by("region", least_worth=5)

    All four people asked in the east said yes; the model does not believe that everybody would:

    >>> [(one.name, round(one.estimate, 2)) for one in found]
    [('east', 0.77), ('north', 0.74), ('south', 0.49)]

    Notes
    -----
    The deviations maximise Laplace's approximation of the likelihood, coefficients and effects
    being the mode of the penalised likelihood at each (that is ``glmer(…, nAGQ = 0)`` of R's lme4).

    Source: Gelman and Little (1997), « Poststratification into many categories using hierarchical
    logistic regression », Survey Methodology 23; Bates and others (2015), Journal of Statistical
    Software 67.
    """
    problem = _Problem.read(tuple(kinds), tuple(groupings))
    start = np.full(len(problem.groupings), 0.5)
    best = minimize(
        problem.deviance,
        start,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * len(start),
        options={"ftol": 1e-13, "gtol": 1e-8},
    )
    deviations = np.asarray(best.x, dtype=np.float64)
    mode = problem.mode(deviations)
    # The effects of the pages are those on the scale of logits, not of one deviation.
    scaled = np.concatenate([np.ones(problem.fixed), deviations[problem.grouping_of_effect]])
    return MultilevelModel(
        tuple(float(value) for value in mode.effects[: problem.fixed]),
        dict(zip(problem.groupings, (float(value) for value in deviations), strict=True)),
        mode.deviance,
        problem.kinds,
        problem.design,
        mode.effects * scaled,
        mode.covariance * np.outer(scaled, scaled),
    )


def multilevel(
    source: Source,
    variable: str,
    levels: Collection[Level],
    *,
    groupings: Sequence[str],
    population: Mapping[Any, float],
    variance: Variance = "calibrated",
) -> MultilevelModel:
    """Model the share of some answers for every kind of person, for areas with few respondents.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable
        A categorical column.
    levels
        The answers that count.
    groupings
        The variables that make the kinds of people, the area among them.
    population
        How many people there are of each kind: by tuple of levels, in the order of groupings.
    variance
        As for every estimate.

    Raises
    ------
    SurveyError
        ``REQUEST`` for a kind that was asked and has no population, or a model that cannot be
        fitted; else as `alliage.survey.estimate`.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> rows = pl.DataFrame({"town": list("aabb") * 20, "sex": list("wm") * 40})
    >>> rows = rows.with_columns(q=pl.Series(["y", "n", "y", "y", "n", "n", "y", "n"] * 10))
    >>> people = {("a", "w"): 500, ("a", "m"): 500, ("b", "w"): 400, ("b", "m"): 600}
    >>> found = multilevel(
    ...     sample(rows, Design()), "q", ["y"], groupings=["town", "sex"], population=people
    ... )
    >>> [(one.name, round(one.estimate, 2)) for one in found.by("town")]
    [('a', 0.26), ('b', 0.7)]

    Notes
    -----
    In each kind the share is weighted, and counts for as many independent answers as the design
    leaves of its respondents: those of the kind divided by the design effect of the whole share.

    Source: Ghitza and Gelman (2013), « Deep interactions with MRP », American Journal of Political
    Science 57, for the weighted shares and effective numbers.
    """
    points = dict.fromkeys(levels, 1.0)
    whole = Scored(variable=variable, points=points)
    each = Scored(variable=variable, points=points, by=tuple(groupings))
    found = estimate(source, whole, each, variance=variance)
    first, *kinds = found
    loss = 1.0 if not first.effective_size else first.respondents / first.effective_size
    asked = {tuple(item.group[name] for name in groupings): item for item in kinds}
    lost = [" × ".join(map(str, key)) for key in asked if key not in population]
    if lost:
        _refuse(f"« {listed(lost)} » was asked and has no population. Give that of every kind.")
    return multilevel_model(
        [
            Kind(
                levels={name: str(level) for name, level in zip(groupings, key, strict=True)},
                population=people,
                asked=0.0 if key not in asked else asked[key].respondents / loss,
                positive=0.0
                if key not in asked
                else asked[key].value * asked[key].respondents / loss,
            )
            for key, people in population.items()
        ],
        groupings,
    )


class _Mode(NamedTuple):
    effects: Floats
    covariance: Floats
    deviance: float


@dataclass(frozen=True, slots=True)
class _Problem:
    """The kinds as a design: fixed columns, then an indicator for each level of each grouping."""

    kinds: tuple[Kind, ...]
    groupings: tuple[str, ...]
    design: Floats
    fixed: int
    asked: Floats
    positive: Floats
    grouping_of_effect: np.ndarray[tuple[int], np.dtype[np.int64]]

    @classmethod
    def read(cls, kinds: tuple[Kind, ...], groupings: tuple[str, ...]) -> _Problem:
        _check(kinds, groupings)
        _check_levels(kinds, groupings)
        columns = [[1.0] * len(kinds), *zip(*(kind.covariates for kind in kinds), strict=True)]
        fixed = len(columns)
        of_effect = []
        for place, grouping in enumerate(groupings):
            for level in sorted({kind.levels[grouping] for kind in kinds}):
                columns.append([float(kind.levels[grouping] == level) for kind in kinds])
                of_effect.append(place)
        return cls(
            kinds,
            groupings,
            np.array(columns, dtype=np.float64).T,
            fixed,
            np.array([kind.asked for kind in kinds], dtype=np.float64),
            np.array([kind.positive for kind in kinds], dtype=np.float64),
            np.array(of_effect, dtype=np.int64),
        )

    def mode(self, deviations: Floats) -> _Mode:
        """Return the most likely coefficients and standard effects at given deviations."""
        scale = np.concatenate([np.ones(self.fixed), deviations[self.grouping_of_effect]])
        design = self.design * scale
        penalty = np.diag(np.concatenate([np.zeros(self.fixed), np.ones(len(scale) - self.fixed)]))
        effects = np.zeros(len(scale))
        objective = self._objective(design, effects)
        for _ in range(_STEPS):
            chances = expit(design @ effects)
            slope = design.T @ (self.positive - self.asked * chances) - penalty @ effects
            curve = (design.T * (self.asked * chances * (1 - chances))) @ design + penalty
            step = cho_solve(cho_factor(curve), slope)
            moved, size = self._objective(design, effects + step), 1.0
            while moved > objective + _CLOSE and size > _CLOSE:
                size /= 2
                moved = self._objective(design, effects + size * step)
            effects = effects + size * step
            if abs(objective - moved) <= _CLOSE * (1 + abs(moved)):
                break
            objective = moved
        else:
            _refuse("The model does not settle. Give fewer covariates, or join small groups.")
        chances = expit(design @ effects)
        curve = (design.T * (self.asked * chances * (1 - chances))) @ design + penalty
        random = curve[self.fixed :, self.fixed :]
        spread = float(np.linalg.slogdet(random)[1])
        covariance = np.asarray(cho_solve(cho_factor(curve), np.eye(len(scale))), dtype=np.float64)
        return _Mode(effects, covariance, self._objective(design, effects) + spread)

    def deviance(self, deviations: Floats) -> float:
        return self.mode(np.asarray(deviations, dtype=np.float64)).deviance

    def _objective(self, design: Floats, effects: Floats) -> float:
        predictor = design @ effects
        likelihood = self.positive @ predictor - self.asked @ np.logaddexp(0, predictor)
        return float(-2 * likelihood + (effects[self.fixed :] ** 2).sum() + self._constant)

    @property
    def _constant(self) -> float:
        """Return what makes the deviance that of the kinds, zero when each is told exactly."""
        share = np.divide(
            self.positive, self.asked, out=np.zeros_like(self.asked), where=self.asked > 0
        )
        return float(
            2 * (xlogy(self.positive, share) + xlogy(self.asked - self.positive, 1 - share)).sum()
        )


def _check(kinds: Sequence[Kind], groupings: Sequence[str]) -> None:
    if not kinds or not groupings:
        _refuse("There are no kinds of people or no groupings. Give one of each at least.")
    if len({len(kind.covariates) for kind in kinds}) > 1:
        _refuse("Kinds have different numbers of covariates. Give each the same, in one order.")
    for kind in kinds:
        lacking = [grouping for grouping in groupings if grouping not in kind.levels]
        name = listed(kind.levels.values())
        if lacking:
            _refuse(f"The kind « {name} » has no {listed(lacking)}. Give every kind its groups.")
        if not 0 <= kind.positive <= kind.asked < math.inf or kind.population < 0:
            _refuse(
                f"The kind « {name} » has {kind.positive} of {kind.asked} asked, in a population "
                f"of {kind.population}. Give counts of zero or more, no more positive than asked."
            )
    asked, positive = sum(k.asked for k in kinds), sum(k.positive for k in kinds)
    if asked == 0 or positive in (0, asked):
        _refuse("Nobody was asked, or all gave the same answer: there is nothing to model.")


def _check_levels(kinds: Sequence[Kind], groupings: Sequence[str]) -> None:
    """Refuse to tell of levels where nobody was asked from too few others."""
    for grouping in groupings:
        observed = {kind.levels[grouping] for kind in kinds if kind.asked > 0}
        unasked = sorted({kind.levels[grouping] for kind in kinds} - observed)
        if unasked and len(observed) < _LEAST_LEVELS:
            _refuse(
                f"Nobody was asked in « {listed(unasked)} » of « {grouping} », and "
                f"{len(observed)} of its other levels were: how levels differ is not known under "
                f"{_LEAST_LEVELS}. Ask {LEAST_WORTH:g} people at least in each, or leave out those "
                "without anybody."
            )


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
