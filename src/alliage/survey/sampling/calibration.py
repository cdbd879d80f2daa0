"""Weights that give back the totals known of the population, as near as can be to the design's.

Where margins are categorical, weights depend on the pattern of margins alone: the equations are
solved over patterns, however many respondents there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar, cast

import numpy as np
from scipy import linalg

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.sampling.margins import (
    Equations,
    Margin,
    Margins,
    as_counts,
    check_population,
    equations,
    inside,
    terms_of,
)
from alliage.survey.sampling.report import CalibrationReport, MarginLine, Method
from alliage.survey.sampling.sample import Calibration, Source, check_source
from alliage.survey.threads import small_products

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats
    from alliage.survey.data.coding import Level
    from alliage.survey.sampling.margins import Term
    from alliage.survey.sampling.sample import Patterns

SourceT = TypeVar("SourceT", bound=Source)

_HALVINGS = 40
_BISECTIONS = 60

#: Margins that are missed by as much are not met.
_LOOSEST = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class _Distance:
    """The ratio of weights as a function of the linear predictor, and its derivative."""

    method: Method
    low: Floats
    high: Floats

    def ratios(self, predictor: Floats) -> tuple[Floats, Floats]:
        if self.method is Method.LOGIT:
            return self._logit(predictor)
        if self.method is Method.RAKING:
            # Beyond, the step is refused and halved: what overflows would only raise a warning.
            free = np.exp(np.minimum(predictor, 200.0))
            slope = free
        else:
            free = 1 + predictor
            slope = np.ones_like(predictor)
        kept = (free > self.low) & (free < self.high)
        return np.clip(free, self.low, self.high), np.where(kept, slope, 0.0)

    def _logit(self, predictor: Floats) -> tuple[Floats, Floats]:
        low, high = self.low, self.high
        speed = (high - low) / ((high - 1) * (1 - low))
        # The logistic curve of slope 1 at 0, from low to high through 1.
        odds = np.exp(np.clip(speed * predictor, -700.0, 700.0)) * (1 - low) / (high - 1)
        share = odds / (1 + odds)
        return low + (high - low) * share, (high - low) * speed * share * (1 - share)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Equations, with what the solver needs of them."""

    equations: Equations
    method: Method
    low: Floats
    high: Floats
    tolerance: float
    most: int

    def solve(self, weights: Floats) -> tuple[Floats, int]:
        """Return the ratios of weights and the number of iterations.

        Notes
        -----
        Newton's method on the dual equations, each step being halved until the margins come
        nearer. Source: Deville & Särndal (1992), *JASA* 87, section 2.
        """
        asked = self.equations
        factor = self._start(weights)
        base = weights * factor
        distance = _Distance(self.method, self.low / factor, self.high / factor)
        units = _units(asked)
        matrix = asked.matrix / units
        targets = asked.targets / units
        widths = np.where(
            asked.targets == 0, np.maximum(asked.population, 1), np.abs(asked.targets)
        )
        widths = widths / units
        predictor = np.zeros(len(base))
        ratios, slopes = distance.ratios(predictor)
        missed = targets - (base * ratios) @ matrix
        reached, iteration = False, 0
        for iteration in range(self.most):
            close = np.abs(missed / widths).max() <= self.tolerance
            if close and reached:
                return ratios * factor, iteration
            hessian = (matrix * (base * slopes)[:, None]).T @ matrix
            step = matrix @ (linalg.pinvh(hessian, rtol=1e-11) @ missed)
            found = _shortened(distance, base, matrix, targets, widths, predictor, step, missed)
            if found is None:
                break
            predictor, ratios, slopes, missed = found
            # Convergence is quadratic: one step more brings the margins to rounding.
            reached = bool(close)
        if np.abs(missed / widths).max() <= self.tolerance:
            return ratios * factor, iteration
        raise self._failed(weights, ratios * factor)

    def _start(self, weights: Floats) -> float:
        """Weights may be on another scale than the population: start from its size.

        The logit distance has no such freedom, since its ratios start from 1.
        """
        sizes = self.equations.population
        if self.method is Method.LOGIT or not self.equations.whole or not sizes.all():
            return 1.0
        return float(sizes[0] / weights.sum())

    def _failed(self, weights: Floats, ratios: Floats) -> SurveyError:
        asked = self.equations
        after = (weights * ratios) @ asked.matrix
        errors = _errors(asked, after)
        worst = int(np.argmax(errors))
        margin, level = asked.names[worst]
        of = f"« {level} » of « {margin} »" if level else f"the total of « {margin} »"
        bounded = np.isfinite(self.low).any() or np.isfinite(self.high).any()
        remedy = (
            "Widen the bounds, or merge small levels."
            if bounded
            else "Merge small levels, or remove one of the margins that contradict each other."
        )
        msg = (
            f"No weights that meet the margins were found in {self.most} iterations: {of} reaches "
            f"{after[worst]:.6g} for {asked.targets[worst]:.6g} (relative error "
            f"{errors[worst]:.2g}). {remedy}"
        )
        return SurveyError(
            SurveyProblem.NOT_CONVERGED,
            msg,
            margin=margin,
            level=level,
            target=asked.targets[worst],
            reached=after[worst],
            error=errors[worst],
        )


def _shortened(
    distance: _Distance,
    base: Floats,
    matrix: Floats,
    targets: Floats,
    widths: Floats,
    predictor: Floats,
    step: Floats,
    missed: Floats,
) -> tuple[Floats, Floats, Floats, Floats] | None:
    before = np.linalg.norm(missed / widths)
    length = 1.0
    for _ in range(_HALVINGS):
        tried = predictor + length * step
        ratios, slopes = distance.ratios(tried)
        left = targets - (base * ratios) @ matrix
        if np.linalg.norm(left / widths) < before * (1 - 1e-4 * length):
            return tried, ratios, slopes, left
        length /= 2
    return None


def _units(asked: Equations) -> Floats:
    """Return the size of each numeric variable: divided by it, it weighs as an indicator does."""
    sizes = np.sqrt((asked.matrix**2).mean(axis=0))
    numeric = np.array([level == "" for _, level in asked.names])
    return np.where(numeric & (sizes > 0), sizes, 1.0)


def _errors(asked: Equations, after: Floats) -> Floats:
    widths = np.where(asked.targets == 0, np.maximum(asked.population, 1), np.abs(asked.targets))
    return np.asarray(np.abs(after - asked.targets) / widths)


@small_products
def calibrate(
    source: SourceT,
    margins: Margins,
    *,
    method: Method | str = Method.RAKING,
    bounds: tuple[float, float] | None = None,
    bounds_on: Literal["ratio", "weight"] = "ratio",
    population: float | Mapping[Level, float] | None = None,
    shares: bool = False,
    per: str | None = None,
    max_design_effect: float | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 100,
) -> SourceT:
    """Change weights as little as possible so that they give back known totals.

    Parameters
    ----------
    source : Sample or Moments
        Respondents or their moments, with design weights. A calibration that was there is
        replaced.
    margins : mapping
        Totals by variable: ``{"region": {"N": 30, "S": 20}, "age": 2150.0}``; a tuple of variables
        crosses them: ``{("region", "sex"): {("N", "F"): 14, ...}}``. With ``per``, margins by wave.
    method : Method or str
        The distance: « raking », « linear » (GREG), « logit » (needs bounds), or « poststratify »
        (one categorical margin).
    bounds : tuple of float, optional
        The smallest and largest ratio of calibrated to design weight. With raking and linear,
        ratios are cut there, and margins are still met.
    bounds_on : str
        « ratio », or « weight » where bounds are those of the calibrated weight.
    population : float or mapping, optional
        How many people there are, where no categorical margin says it, or to scale shares (the
        sum of design weights if not given); by wave with ``per``.
    shares : bool
        Whether margins are shares of the population, and numeric totals are means.
    per : str, optional
        A variable whose levels are waves, each with margins of its own.
    max_design_effect : float, optional
        Kish's design effect not to exceed: weights are cut as far above and below their mean as
        holds it. With raking and linear, without bounds.
    tolerance : float
        The largest relative error of a margin.
    max_iterations : int
        Steps of Newton's method.

    Returns
    -------
    Sample or Moments
        The source with calibrated weights; its report says what was reached.

    Raises
    ------
    SurveyError
        ``MARGIN_*`` for totals that cannot be met, ``BOUNDS`` for bounds that cannot be used,
        ``NOT_CONVERGED`` with the margin that is farthest, ``DESIGN_EFFECT`` where no weights
        hold the design effect.

    Notes
    -----
    Source: Deville & Särndal (1992), *JASA* 87; Deville, Särndal & Sautory (1993), *JASA* 88.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey.sampling.design import Design
    >>> from alliage.survey.sampling.sample import sample
    >>> people = sample(pl.DataFrame({"sex": ["F", "F", "M"]}), Design())
    >>> fit = calibrate(people, {"sex": {"F": 50, "M": 50}})
    >>> fit.weights.round(9).tolist(), round(fit.report.design_effect, 4)
    ([25.0, 25.0, 50.0], 1.125)
    """
    check_source(source)
    how = _method(method)
    check_options(how, bounds, max_design_effect)
    _check_choices(bounds_on, tolerance, max_iterations)
    terms = _terms(margins, population, per, shares=shares)
    keys, values = _variables(terms)
    if per is not None:
        _check_waves(source, per, margins)
    by_weight = bounds_on == "weight" or max_design_effect is not None
    patterns = source.patterns(keys, values, by_weight=by_weight)
    if shares:
        terms = _scaled(terms, patterns, population)
    asked = equations(terms, patterns)
    low, high = _bounds(bounds, bounds_on, patterns)
    if how is Method.POSTSTRATIFY:
        _check_single(terms)
    solved = Method.LINEAR if how is Method.POSTSTRATIFY else how
    problem = _Problem(asked, solved, low, high, tolerance, max_iterations)
    ratios, iterations = problem.solve(patterns.weight)
    if max_design_effect is not None:
        problem, ratios, iterations = _trimmed(
            problem, patterns, ratios, iterations, max_design_effect
        )
        if np.isfinite(problem.high).all():
            design = patterns.weight / patterns.respondents
            bounds = float((problem.low * design).max()), float((problem.high * design).min())
            bounds_on = "weight"
    report = _report(how, problem, patterns, ratios, iterations, bounds, bounds_on)
    basis = _orthonormal(asked.matrix, patterns.weight)
    calibration = Calibration(ratios, basis, _replicated(problem, patterns), report)
    return source.calibrated(patterns, calibration)


def _method(given: str) -> Method:
    if given not in tuple(Method):
        msg = f"« {given} » is not a method of calibration. Ask for {listed(Method)}."
        raise SurveyError(SurveyProblem.REQUEST, msg, given=given)
    return Method(given)


def check_options(
    method: Method, bounds: tuple[float, float] | None, max_design_effect: float | None
) -> None:
    """Refuse bounds, or a design effect, that no weights of a method can have.

    Raises
    ------
    SurveyError
        ``BOUNDS`` or ``DESIGN_EFFECT``.
    """
    fact, remedy = _bounds_fault(method, bounds)
    if fact:
        msg = f"{fact}. {remedy}."
        raise SurveyError(SurveyProblem.BOUNDS, msg, bounds=bounds, method=method)
    if max_design_effect is None:
        return
    if not max_design_effect >= 1:
        msg = f"A design effect of {max_design_effect} is not possible: it is 1 or more."
        raise SurveyError(SurveyProblem.DESIGN_EFFECT, msg, asked=max_design_effect)
    if bounds is not None or method not in {Method.RAKING, Method.LINEAR}:
        msg = (
            "A design effect is held by cutting the ratios of raking or linear weights: do not "
            "give bounds, nor another method, with it."
        )
        raise SurveyError(SurveyProblem.DESIGN_EFFECT, msg, method=method)


def _check_choices(bounds_on: str, tolerance: float, most: int) -> None:
    if bounds_on not in {"ratio", "weight"}:
        msg = f"Bounds on « {bounds_on} » do not exist. Give « ratio » or « weight »."
        raise SurveyError(SurveyProblem.BOUNDS, msg, given=bounds_on)
    if not 0 < tolerance < _LOOSEST or most < 1:
        msg = (
            f"A tolerance of {tolerance} in {most} iterations was asked. Give an error between 0 "
            f"and {_LOOSEST:g}, and an iteration at least."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, tolerance=tolerance, iterations=most)


def _bounds_fault(method: Method, bounds: tuple[float, float] | None) -> tuple[str, str]:
    """Say what is wrong with bounds and what to do; two empty texts when nothing is."""
    if bounds is None:
        if method is Method.LOGIT:
            return "The logit distance needs bounds", "Give for example (0.3, 3)"
        return "", ""
    low, high = bounds
    if method is Method.LOGIT and not np.isfinite(high):
        return "The logit distance has no curve to an infinite bound", "Ask for raking with bounds"
    if not 0 <= low < high:
        return f"The bounds are {low} and {high}", "Give 0 or more, then a larger number"
    if method is Method.LOGIT and not low < 1 < high:
        return (
            f"The bounds {low} and {high} do not hold 1, where logit ratios start",
            "Put design weights on the scale of the population, or use raking with bounds",
        )
    if method is Method.POSTSTRATIFY:
        return "Post-stratification has no bounds", "Ask for raking with bounds"
    return "", ""


def _terms(
    margins: Margins,
    population: float | Mapping[Level, float] | None,
    per: str | None,
    *,
    shares: bool,
) -> list[Term]:
    if per is None:
        if isinstance(population, Mapping):
            msg = "The population is given by wave. Name the variable of waves with `per`."
            raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg)
        size = 1.0 if shares and population is not None else population
        return terms_of(margins, size, None)
    terms: list[Term] = []
    for level, own in margins.items():
        if not isinstance(own, Mapping):
            msg = f"With `per`, « {level} » needs margins of its own. Give a mapping for each wave."
            raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, level=level)
        if isinstance(population, Mapping) and level not in population:
            msg = f"The wave « {level} » has no population. Give one for each wave, or for none."
            raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg, level=level)
        size = population[level] if isinstance(population, Mapping) else population
        one = 1.0 if shares and size is not None else size
        terms += terms_of(own, one, (per, level))
    return terms


def _check_waves(source: Source, per: str, margins: Margins) -> None:
    """Refuse a wave of the sample without margins: its weights would stay as they are."""
    waves = source.patterns((per,), (), by_weight=False)
    left = [
        waves.levels[per][code]
        for code in np.unique(waves.keys[per])
        if waves.levels[per][code] not in margins
    ]
    if left:
        msg = (
            f"The wave « {listed(left)} » of « {per} » has no margins. Give them, or calibrate the "
            "other waves apart."
        )
        raise SurveyError(SurveyProblem.MARGIN_UNKNOWN, msg, margin=per, level=listed(left))


def _variables(terms: list[Term]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    keys: dict[str, None] = {}
    values: dict[str, None] = {}
    for term in terms:
        if term.within is not None:
            keys[term.within[0]] = None
        if isinstance(term, Margin):
            keys.update(dict.fromkeys(term.variables))
        elif term.variable is not None:
            values[term.variable] = None
    return tuple(keys), tuple(values)


def _scaled(
    terms: list[Term], patterns: Patterns, population: float | Mapping[Level, float] | None
) -> list[Term]:
    scaled: list[Term] = []
    for within in dict.fromkeys(term.within for term in terms):
        size = population
        if isinstance(population, Mapping):
            size = population.get(within[1]) if within else None
        if size is None:
            size = float(inside(within, patterns) @ patterns.weight)
        check_population(cast("float", size), within)
        own = [term for term in terms if term.within == within]
        scaled += as_counts(own, cast("float", size))
    return scaled


def _bounds(
    bounds: tuple[float, float] | None, on: str, patterns: Patterns
) -> tuple[Floats, Floats]:
    low, high = bounds or (-np.inf, np.inf)
    ones = np.ones(patterns.count)
    if on == "weight":
        weights = patterns.weight / patterns.respondents
        return low / weights, high / weights
    return low * ones, high * ones


def _check_single(terms: list[Term]) -> None:
    for within in {term.within for term in terms}:
        own = [term for term in terms if term.within == within]
        if len(own) != 1 or not isinstance(own[0], Margin):
            msg = (
                "Post-stratification takes one categorical margin (cross variables with a tuple). "
                "For several margins, ask for raking or linear."
            )
            raise SurveyError(SurveyProblem.MARGIN_TOTAL, msg)


def _kish(patterns: Patterns, ratios: Floats) -> tuple[float, float]:
    total = float(ratios @ patterns.weight)
    squares = float(ratios**2 @ patterns.squares)
    effective = total**2 / squares
    return float(patterns.respondents.sum()) / effective, effective


def _trimmed(
    problem: _Problem, patterns: Patterns, ratios: Floats, iterations: int, most: float
) -> tuple[_Problem, Floats, int]:
    """Cut weights at the largest reach around their mean that holds the design effect."""
    least = _kish(patterns, ratios)[0]
    if least <= most:
        return problem, ratios, iterations
    design = patterns.weight / patterns.respondents
    weights = ratios * design
    mean = float(ratios @ patterns.weight) / float(patterns.respondents.sum())
    farthest = max(weights.max() / mean, mean / max(weights.min(), 1e-6 * mean))
    # Bisection on the logarithm of the reach: bounds are mean / reach and mean * reach.
    low, high = 0.0, float(np.log(farthest))
    found: tuple[_Problem, Floats, int] | None = None
    for _ in range(_BISECTIONS):
        if high - low <= 1e-9:
            break
        middle = (low + high) / 2
        reach = np.exp(middle)
        cut = replace(problem, low=mean / reach / design, high=mean * reach / design)
        try:
            tried, steps = cut.solve(patterns.weight)
        except SurveyError:
            low = middle
            continue
        reached = _kish(patterns, tried)[0]
        least = min(least, reached)
        if reached <= most:
            found, low = (cut, tried, steps), middle
        else:
            high = middle
    if found is None:
        msg = (
            f"No weights that meet the margins have a design effect of {most:g}: the least found "
            f"is {least:.4g}. Ask for {least * 1.01:.3g} or more, or merge small levels."
        )
        raise SurveyError(SurveyProblem.DESIGN_EFFECT, msg, asked=most, least=least)
    return found


def _orthonormal(matrix: Floats, weights: Floats) -> Floats:
    """Return a basis Z of the columns with Z' D Z = 1, dropping what repeats the others."""
    units = np.sqrt((matrix**2).T @ weights)
    scaled = matrix / np.where(units > 0, units, 1)
    lengths, directions = np.linalg.eigh((scaled * weights[:, None]).T @ scaled)
    kept = lengths > 1e-10 * lengths.max()
    basis = scaled @ (directions[:, kept] / np.sqrt(lengths[kept]))
    # Once more: the first pass loses half of the digits where columns are nearly alike.
    lower = np.linalg.cholesky((basis * weights[:, None]).T @ basis)
    return np.asarray(basis @ np.linalg.inv(lower).T)


def _replicated(problem: _Problem, patterns: Patterns) -> Floats | None:
    if patterns.replicates is None:
        return None
    found = np.ones_like(patterns.replicates)
    for number, weights in enumerate(patterns.replicates.T):
        try:
            found[:, number] = _solve_replicate(problem, weights)
        except SurveyError as error:
            msg = f"Replicate {number + 1} cannot be calibrated. {error}"
            raise SurveyError(error.problem, msg, replicate=number + 1, **error.values) from error
    return found


def _solve_replicate(problem: _Problem, weights: Floats) -> Floats:
    # A pattern that a replicate leaves out has a weight of 0, whatever its ratio.
    held = weights > 0
    part = replace(
        problem,
        equations=replace(problem.equations, matrix=problem.equations.matrix[held]),
        low=problem.low[held],
        high=problem.high[held],
    )
    ratios = np.ones(len(weights))
    ratios[held] = part.solve(weights[held])[0]
    return ratios


def _report(
    method: Method,
    problem: _Problem,
    patterns: Patterns,
    ratios: Floats,
    iterations: int,
    bounds: tuple[float, float] | None,
    bounds_on: str,
) -> CalibrationReport:
    asked = problem.equations
    before = patterns.weight @ asked.matrix
    after = (patterns.weight * ratios) @ asked.matrix
    carried = patterns.respondents @ (asked.matrix != 0)
    errors = _errors(asked, after)
    lines = tuple(
        MarginLine(margin, level, int(count), float(target), float(old), float(new), float(error))
        for (margin, level), count, target, old, new, error in zip(
            asked.names, carried, asked.targets, before, after, errors, strict=True
        )
    )
    plain = _kish(patterns, np.ones(patterns.count))[0]
    effect, effective = _kish(patterns, ratios)
    edge = np.isclose(ratios, problem.low, rtol=1e-12) | np.isclose(
        ratios, problem.high, rtol=1e-12
    )
    cut = bounds or (-np.inf, np.inf)
    # A linear ratio may be negative: the largest design weight then gives the smallest weight.
    extremes = np.concatenate([ratios * patterns.smallest, ratios * patterns.largest])
    return CalibrationReport(
        method=method,
        bounds=cut,
        bounds_on=bounds_on,
        iterations=iterations,
        tolerance=problem.tolerance,
        lines=lines,
        largest_error=float(errors.max()),
        respondents=int(patterns.respondents.sum()),
        total=float(ratios @ patterns.weight),
        smallest_weight=float(extremes.min()),
        largest_weight=float(extremes.max()),
        smallest_ratio=float(ratios.min()),
        largest_ratio=float(ratios.max()),
        at_bounds=int(patterns.respondents[edge].sum()),
        design_effect_before=plain,
        design_effect=effect,
        effective_size=effective,
    )
