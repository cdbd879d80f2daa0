"""Estimates for areas in which few people were asked, with what they owe to a model.

The area-level model of Fay and Herriot joins what was observed in an area with what areas of the
same kind let expect. See ``docs/algorithms/survey-small-areas.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import polars as pl
from scipy.optimize import brentq

from alliage.survey.comparison.comparisons import estimated
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.results import BaseRule, Reliability, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import Estimate, Estimates
    from alliage.survey.sampling.sample import Source

    _Numbers: TypeAlias = NDArray[np.float64]

#: Independent respondents that an estimate must be worth to be told: those of the base rule.
LEAST_WORTH = BaseRule().suppress_below
#: Degrees of freedom under which a variance is known within no more than half.
_LEAST_DEGREES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What is known of an area.

    Attributes
    ----------
    name
        Its name.
    covariates
        What the model knows of it, the constant left out, in the order of every other area.
    direct
        Its direct estimate, or None where nobody was asked.
    variance
        The sampling variance of the direct estimate, taken as known; above zero.
    """

    name: str
    covariates: tuple[float, ...] = ()
    direct: float | None = None
    variance: float | None = None


class AreaEstimate(NamedTuple):
    """What is told of an area.

    Attributes
    ----------
    name
        Its name.
    estimate
        The best predictor: the direct estimate drawn towards the model.
    mean_squared_error
        Its error, the estimation of the model included.
    direct
        The direct estimate, or None where nobody was asked.
    direct_weight
        What the direct estimate weighs, from 0 (model only) to 1.
    reliability
        What the base rule says of the direct estimate; ``None`` without a rule.
    """

    name: str
    estimate: float
    mean_squared_error: float
    direct: float | None
    direct_weight: float
    reliability: Reliability | None = None

    @property
    def standard_error(self) -> float:
        return math.sqrt(self.mean_squared_error)

    @property
    def is_synthetic(self) -> bool:
        """Whether nobody was asked there: the model alone speaks."""
        return self.direct is None

    @property
    def is_direct_shown(self) -> bool:
        """Whether what is written may tell the direct estimate, and hence its weight."""
        return self.reliability is not Reliability.TOO_SMALL


@dataclass(frozen=True, slots=True)
class AreaModel:
    """A fitted model of areas.

    Attributes
    ----------
    areas
        What is told of each area, in the order given.
    coefficients
        The constant, then one for each covariate.
    coefficient_errors
        Their standard errors.
    variance
        Variance between areas that the covariates do not explain (REML, never below zero).
    smoothed
        The areas whose sampling variance is that of all areas, their own respondents being too
        few, or too alike, to tell it.
    """

    areas: tuple[AreaEstimate, ...]
    coefficients: tuple[float, ...]
    coefficient_errors: tuple[float, ...]
    variance: float
    smoothed: tuple[str, ...] = ()

    @property
    def synthetic(self) -> tuple[str, ...]:
        """The areas where nobody was asked."""
        return tuple(area.name for area in self.areas if area.is_synthetic)

    def of(self, name: str) -> AreaEstimate:
        """Return what is told of an area."""
        for area in self.areas:
            if area.name == name:
                return area
        msg = f"There is no area « {name} » in the model."
        raise KeyError(msg)

    def frame(self) -> pl.DataFrame:
        """Return one row for each area, without direct estimates that the base rule hides."""
        kept_back = dict.fromkeys(("direct", "direct_weight"))
        return pl.DataFrame(
            [
                area._asdict()
                | ({} if area.is_direct_shown else kept_back)
                | {"reliability": plain(area.reliability)}
                for area in self.areas
            ],
            infer_schema_length=None,
        )


def fay_herriot(areas: Sequence[Area]) -> AreaModel:
    """Estimate areas by the model of Fay and Herriot, its variance by restricted likelihood.

    Parameters
    ----------
    areas
        The areas, those where nobody was asked included: they get the model's prediction, marked by
        a weight of 0.

    Raises
    ------
    SurveyError
        If there are too few areas for the covariates, if covariates repeat one another, or if an
        area has an estimate without a variance above zero.

    Examples
    --------
    >>> towns = [
    ...     Area(name=f"town {rank}", covariates=(rank,), direct=direct, variance=1.0)
    ...     for rank, direct in enumerate([3.0, 5.5, 6.0, 10.0, 10.5, 14.0])
    ... ]
    >>> model = fay_herriot([*towns, Area(name="not asked", covariates=(6.0,))])
    >>> [round(number, 3) for number in model.coefficients]
    [2.881, 2.114]
    >>> round(model.of("not asked").estimate, 3), model.of("not asked").direct_weight
    (15.567, 0.0)

    Notes
    -----
    The direct estimate ``y = x'β + v + e``, with ``v ~ (0, A)`` and ``e ~ (0, D)`` of known D. The
    error is ``g1 + g2 + 2 g3``, of the second order for REML.

    Source: Fay and Herriot (1979), JASA 74; Datta and Lahiri (2000), Statistica Sinica 10; Rao
    and Molina (2015), *Small Area Estimation*, chapter 6.
    """
    system = _System.read(areas)
    variance = system.restricted_variance()
    fitted = system.at(variance)
    return AreaModel(
        tuple(_told(area, row, fitted) for area, row in zip(areas, system.all_rows, strict=True)),
        tuple(float(value) for value in fitted.beta),
        tuple(float(value) for value in np.sqrt(np.diag(fitted.covariance))),
        variance,
    )


def small_areas(
    what: Source | Estimates,
    *requests: Request,
    area: str,
    covariates: Mapping[Any, Sequence[float]],
    variance: Variance = "calibrated",
    least_worth: float = LEAST_WORTH,
    rule: BaseRule | None = None,
) -> AreaModel:
    """Estimate a figure in every area, those where few were asked, or nobody, included.

    Parameters
    ----------
    what
        Estimates of one figure by area; or the sample, of which a request is estimated.
    *requests
        What to estimate, where a sample is given.
    area
        The variable of the breakdown whose levels are the areas.
    covariates
        What the model knows of each area, those where nobody was asked included; an empty list
        for a model of the mean alone.
    variance
        As for every estimate.
    least_worth
        How many respondents of the survey the estimate of an area must be worth.
    rule
        When the direct estimate of an area may be shown by what writes it; by default the rule of
        the estimates given, and none for a sample.

    Raises
    ------
    SurveyError
        ``REQUEST`` if there are several figures for an area, an area has no covariates, or the
        design does not support the areas asked, with the sample that would: as
        :func:`fay_herriot`.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Mean, sample
    >>> rows = pl.DataFrame(
    ...     {"town": list("abcd") * 40, "y": [1.0, 3.0, 2.0, 6.0, 2.0, 2.0, 4.0, 5.0] * 20}
    ... )
    >>> density = {"a": [1.0], "b": [2.0], "c": [2.5], "d": [5.0], "e": [3.0]}
    >>> asked = Mean(variable="y", by=("town",))
    >>> found = small_areas(
    ...     sample(rows, Design()), asked, area="town", covariates=density, least_worth=5
    ... )
    >>> found.synthetic, round(found.of("e").estimate, 1)
    (('e',), 3.5)

    Notes
    -----
    The sampling variance of an area with fewer than 9 degrees of freedom, or where all answered
    alike, is that of a respondent over its respondents: the mean over areas of variance times
    respondents, by degrees of freedom. The estimate of an area is worth that variance of a
    respondent over its mean squared error. Source: Wolter (2007), *Introduction to Variance
    Estimation*, chapter 7, for smoothed variances.
    """
    found = estimated(what, requests, 0.95, variance, rule)
    direct: dict[Level, Estimate] = {}
    for item in found:
        if area not in item.group or item.group[area] in direct:
            _refuse(
                f"« {listed(found.names())} » is not one figure for each level of « {area} ». "
                "Ask for one figure by area."
            )
        direct[item.group[area]] = item
    lost = [level for level in direct if level not in covariates]
    if lost:
        _refuse(f"« {listed(lost)} » has no covariates. Give those of every area.")
    freedom = {level: _degrees(item) for level, item in direct.items()}
    of_respondent = _variance_of_respondent(direct, freedom)
    smoothed = {
        level: of_respondent / direct[level].respondents
        for level, degrees in freedom.items()
        if degrees < _LEAST_DEGREES or not direct[level].standard_error
    }
    model = fay_herriot(
        [
            Area(name=str(level), covariates=tuple(values))
            if (own := direct.get(level)) is None
            else Area(
                name=str(level),
                covariates=tuple(values),
                direct=own.value,
                variance=smoothed.get(level, (own.standard_error or 0.0) ** 2),
            )
            for level, values in covariates.items()
        ]
    )
    refuse_weak(
        {one.name: of_respondent / one.mean_squared_error for one in model.areas}, least_worth
    )
    told = {str(level): found.reliability(item) for level, item in direct.items()}
    return replace(
        model,
        areas=tuple(one._replace(reliability=told.get(one.name)) for one in model.areas),
        smoothed=tuple(map(str, smoothed)),
    )


def _degrees(item: Estimate) -> float:
    """Return the degrees of freedom that respondents leave to the variance of their area."""
    return 0.0 if item.standard_error is None else min(item.respondents - 1, item.degrees)


def _variance_of_respondent(
    direct: Mapping[Level, Estimate], freedom: Mapping[Level, float]
) -> float:
    known = sum(freedom.values())
    if known < _LEAST_DEGREES:
        _refuse(
            f"The respondents of « {listed(direct)} » leave {known:g} degrees of freedom to the "
            f"sampling variances, and {_LEAST_DEGREES} are needed. Ask more people in each area, "
            "2 at least, or join areas."
        )
    pooled = sum(
        degrees * direct[level].respondents * (direct[level].standard_error or 0.0) ** 2
        for level, degrees in freedom.items()
    )
    if pooled == 0:
        _refuse(
            f"All answered alike in each of « {listed(direct)} »: the estimates have no error. Ask "
            "people who differ, or join areas."
        )
    return pooled / known


def refuse_weak(worth: Mapping[str, float], least: float) -> None:
    """Refuse areas that the survey does not support, and say how many more must be asked.

    Parameters
    ----------
    worth
        How many respondents the estimate of each area is worth.
    least
        How many it must be worth.

    Raises
    ------
    SurveyError
        ``REQUEST`` with the respondents to add by area.
    """
    weak = {name: math.ceil(least - each) for name, each in worth.items() if each < least}
    if weak:
        needed = listed((f"{name}: {count}" for name, count in weak.items()), most=20)
        _refuse(
            f"The design does not support {len(weak)} of {len(worth)}: their estimates are worth "
            f"fewer than {least:g} independent respondents. To ask more, times the design effect: "
            f"{needed}. Or join them with others, or accept less with `least_worth`."
        )


def benchmarked(
    model: AreaModel, shares: Mapping[str, float], published: float
) -> dict[str, float]:
    """Make estimates of areas agree with a published estimate of the whole.

    The gap is shared in proportion to the error of each area times its share: an area that is well
    known moves little.

    Parameters
    ----------
    model
        The fitted model.
    shares
        The share of the population of each area; they sum to 1.
    published
        The direct estimate of the whole.

    Raises
    ------
    SurveyError
        If the shares do not name every area, or do not sum to 1.

    Examples
    --------
    >>> towns = [Area(name=str(k), direct=d, variance=1.0) for k, d in enumerate([1.0, 4.0, 7.0])]
    >>> model = fay_herriot(towns)
    >>> found = benchmarked(model, {"0": 0.5, "1": 0.25, "2": 0.25}, 4.0)
    >>> round(0.5 * found["0"] + 0.25 * found["1"] + 0.25 * found["2"], 9)
    4.0

    Notes
    -----
    Source: the optimal benchmarking of Wang, Fuller and Qu (2008), Survey Methodology 34, with the
    weights 1 / mean squared error.
    """
    names = [area.name for area in model.areas]
    if set(names) != set(shares):
        gap = sorted(set(names) ^ set(shares))
        _refuse(f"The shares and the areas differ on {listed(gap)}. Give a share for each area.")
    if abs(sum(shares.values()) - 1) > 1e-6:
        _refuse(f"The shares sum to {sum(shares.values()):g}. Give shares that sum to 1.")
    share = np.array([shares[name] for name in names])
    estimate = np.array([area.estimate for area in model.areas])
    pull = share * np.array([area.mean_squared_error for area in model.areas])
    moved = estimate + pull / (share @ pull) * (published - share @ estimate)
    return dict(zip(names, (float(value) for value in moved), strict=True))


class Support(NamedTuple):
    """What a sample can tell of areas.

    Attributes
    ----------
    supported
        The areas whose direct estimate is precise enough.
    needed
        For the others, the respondents that would be.
    """

    supported: tuple[str, ...]
    needed: Mapping[str, int]


def supported_areas(
    sizes: Mapping[str, int],
    *,
    proportion: float = 0.5,
    design_effect: float = 1.0,
    margin: float = 0.1,
    z: float = 1.959963984540054,
) -> Support:
    """Tell for which areas a sample may be published, and what the others would need.

    Parameters
    ----------
    sizes
        Respondents of each area.
    proportion
        The proportion to estimate; 0.5 is the hardest.
    design_effect
        That of the survey.
    margin
        Largest half-width of the interval.
    z
        Normal quantile of the level; 1.96 for 95 %.

    Examples
    --------
    The survey of 2022 asked 200 people in each region; a commune had a handful:

    >>> supported_areas({"Bretagne": 200, "Brest": 7}, design_effect=1.4)
    Support(supported=('Bretagne',), needed={'Brest': 135})

    Notes
    -----
    ``n ≥ deff · z² · p (1 − p) / margin²``. Source: Kish (1965), *Survey Sampling*, chapter 2.
    """
    if not 0 < proportion < 1 or margin <= 0 or design_effect <= 0:
        _refuse(
            f"A proportion of {proportion}, a design effect of {design_effect} and a margin of "
            f"{margin} cannot be planned. Give a proportion inside (0, 1) and the rest above 0."
        )
    least = math.ceil(design_effect * z**2 * proportion * (1 - proportion) / margin**2 - 1e-9)
    return Support(
        tuple(name for name, size in sizes.items() if size >= least),
        {name: least for name, size in sizes.items() if size < least},
    )


class _Fitted(NamedTuple):
    """The model at a value of the variance between areas."""

    variance: float
    beta: _Numbers
    covariance: _Numbers
    information: float


@dataclass(frozen=True, slots=True)
class _System:
    """The observed areas as a linear model; ``all_rows`` holds the others too."""

    y: _Numbers
    x: _Numbers
    d: _Numbers
    all_rows: _Numbers

    @classmethod
    def read(cls, areas: Sequence[Area]) -> _System:
        widths = {len(area.covariates) for area in areas}
        if len(widths) > 1:
            _refuse("Areas have different numbers of covariates. Give each the same, in one order.")
        if len({area.name for area in areas}) != len(areas):
            _refuse("Two areas have the same name. Name each once.")
        rows = np.array([(1.0, *area.covariates) for area in areas])
        observed = [place for place, area in enumerate(areas) if area.direct is not None]
        for area in areas:
            _check(area)
        x = rows[observed] if observed else rows[:0]
        if len(observed) < x.shape[1] + 2:
            _refuse(
                f"{len(observed)} areas were observed for {x.shape[1]} coefficients. "
                "Observe two areas more than that, or give fewer covariates."
            )
        if np.linalg.matrix_rank(x) < x.shape[1]:
            _refuse("A covariate follows from the others. Remove it.")
        y = np.array([float(areas[place].direct or 0.0) for place in observed])
        d = np.array([float(areas[place].variance or 0.0) for place in observed])
        return cls(y, x, d, rows)

    def at(self, variance: float) -> _Fitted:
        weights = 1 / (variance + self.d)
        covariance: _Numbers = np.linalg.inv(self.x.T @ (weights[:, None] * self.x)).astype(
            np.float64
        )
        beta = covariance @ (self.x.T @ (weights * self.y))
        return _Fitted(variance, beta, covariance, float((weights**2).sum()) / 2)

    def score(self, variance: float) -> float:
        """Return the derivative of the restricted log-likelihood in the variance."""
        fitted = self.at(variance)
        weights = 1 / (variance + self.d)
        residuals = self.y - self.x @ fitted.beta
        leverage = np.einsum("ij,jk,ik->i", self.x, fitted.covariance, self.x)
        trace = float((weights - weights**2 * leverage).sum())
        return (float((weights**2 * residuals**2).sum()) - trace) / 2

    def restricted_variance(self) -> float:
        if self.score(0.0) <= 0:
            return 0.0
        high = max(float(np.var(self.y)), float(self.d.max()), 1e-12)
        while self.score(high) > 0:
            high *= 2
        return float(brentq(self.score, 0.0, high, xtol=1e-14 * high, rtol=1e-14))


def _told(area: Area, row: _Numbers, fitted: _Fitted) -> AreaEstimate:
    predicted = float(row @ fitted.beta)
    known = float(row @ fitted.covariance @ row)
    if area.direct is None or area.variance is None:
        error = fitted.variance + known
        return AreaEstimate(area.name, predicted, error, None, 0.0)
    spread = fitted.variance + area.variance
    weight = fitted.variance / spread
    g1 = weight * area.variance
    g2 = (1 - weight) ** 2 * known
    # The variance of the estimated variance is the inverse of its information.
    g3 = area.variance**2 / spread**3 / fitted.information
    estimate = weight * area.direct + (1 - weight) * predicted
    return AreaEstimate(area.name, estimate, g1 + g2 + 2 * g3, area.direct, weight)


def _check(area: Area) -> None:
    if not all(map(math.isfinite, area.covariates)):
        _refuse(f"A covariate of « {area.name} » is not a number. Give one, or leave the area out.")
    if area.direct is None:
        return
    if area.variance is None or not area.variance > 0 or not math.isfinite(area.direct):
        _refuse(
            f"« {area.name} » has the estimate {area.direct} and the variance {area.variance}. "
            "Give a finite estimate and a variance above 0, or no estimate where nobody was asked."
        )


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
