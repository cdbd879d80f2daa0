"""Dynamics that people perceive beside the alliances that are recorded, territory by territory.

Each side is a draw from what territories of the country have: the index is the difference of two
percentiles. See ``docs/algorithms/observatory-dynamics.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.survey.arrays import Floats

#: Territories under which « more than elsewhere » has no meaning.
FEWEST: Final = 3
#: Inhabitants for whom recorded alliances are counted.
PER: Final = 10_000
DRAWS: Final = 2_000
SEED: Final = 2026
#: Probability above which the sign of a gap, or alignment, is told.
SURE: Final = 0.9
#: Half of the interval of gaps that are alignment: a quarter of the territories.
CLOSE: Final = 0.25
_LEVEL: Final = 0.9
_NORMAL_OF_SURE: Final = 1.2815515655446004
_NORMAL_OF_LEVEL: Final = 1.6448536269514722
#: The logarithm under which the gamma distribution is the first term of its series.
_TINY: Final = -30.0
_MEANS, _SHRINKAGES, _DETECTIONS = 41, 57, 8
#: How far from even odds shrinkages are tried, in logarithm: 1 to 1,100 either way.
_REACH: Final = 7.0


class Dynamics(StrEnum):
    """What can be said of a territory."""

    #: More is recorded than people perceive.
    UNDER_THE_RADAR = "under_the_radar"
    #: People perceive more than is recorded.
    PROMISE = "promise"
    #: Both sides alike, above the median.
    ALIGNED_ACTIVE = "aligned_active"
    #: Both sides alike, below the median.
    ALIGNED_WEAK = "aligned_weak"
    #: The figures do not allow to tell.
    UNDECIDED = "undecided"


class DynamicsProblem(StrEnum):
    """Why figures are refused."""

    POPULATION = "population"
    COUNT = "count"
    DETECTION = "detection"
    SHARE = "share"
    RESPONDENTS = "respondents"
    TERRITORIES = "territories"
    FEW = "few"
    WIDTH = "width"


class DynamicsError(ValueError):
    """Figures from which no gap can be told.

    Attributes
    ----------
    problem
        Which one.
    code
        The territory; empty where it is about all.
    """

    def __init__(self, problem: DynamicsProblem, code: str, message: str) -> None:
        self.problem, self.code = problem, code
        super().__init__(f"{code}: {message}" if code else message)


@dataclass(frozen=True, slots=True)
class Perceived:
    """What people of a territory answered.

    Attributes
    ----------
    code
        The territory.
    share
        Those who say that dynamics are established or growing, among those with an opinion,
        between 0 and 1; ``None`` where nobody was asked.
    effective
        Size of the simple sample with an opinion that would err as much; 0 where nobody was asked.
    """

    code: str
    share: float | None
    effective: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """The active alliances that are recorded in a territory.

    Attributes
    ----------
    code
        The territory.
    alliances
        How many.
    population
        Inhabitants.
    detection
        Lowest and highest share of the alliances of the territory that the record is thought to
        hold, above 0 and up to 1.
    """

    code: str
    alliances: int
    population: int
    detection: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A posterior median and the bounds of its 90 % interval."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """High less low."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Gap:
    """The gap of a territory, between −1 and 1: perceived percentile less recorded percentile.

    Attributes
    ----------
    code
        The territory.
    surveyed
        Whether somebody of it answered; otherwise its perceived side is what is known of the
        others.
    perceived
        Share of those with an opinion.
    recorded
        Alliances for 10,000 inhabitants; for a gap between two worlds, the share of the second.
    perceived_rank, recorded_rank
        Their percentiles among the territories, between 0 and 1.
    gap
        The difference of the two.
    positive, close, above
        Probabilities that the gap is above 0, that it is within ±0.25, and that the recorded side
        is above the median.
    prior_size
        Simple sample to which what is known of the other territories amounts.
    dynamics
        What can be said.
    """

    code: str
    surveyed: bool
    perceived: Estimate
    recorded: Estimate
    perceived_rank: Estimate
    recorded_rank: Estimate
    gap: Estimate
    positive: float
    close: float
    above: float
    prior_size: float
    dynamics: Dynamics


@dataclass(frozen=True, slots=True)
class Opinion:
    """Who has an opinion, and what those without one leave possible.

    Attributes
    ----------
    awareness
        Share of people who do not answer « don't know ».
    low, high
        Share of everybody if all those who do not know thought no, or yes.
    """

    awareness: float
    low: float
    high: float


def opinion(yes: float, dont_know: float) -> Opinion:
    """Return awareness and the bounds that « don't know » leaves.

    Parameters
    ----------
    yes, dont_know : float
        Shares of everybody, between 0 and 1, whose sum is at most 1.

    Raises
    ------
    DynamicsError
        If a share is not one.

    Notes
    -----
    Source: Manski, C. F. (1995), *Identification problems in the social sciences*, chapter 2.

    Examples
    --------
    >>> opinion(yes=0.25, dont_know=0.5)
    Opinion(awareness=0.5, low=0.25, high=0.75)
    """
    if not (0 <= yes <= 1 and 0 <= dont_know <= 1 and yes + dont_know <= 1 + 1e-9):
        msg = f"yes = {yes}, don't know = {dont_know}. Give shares of everybody from 0 to 1."
        raise DynamicsError(DynamicsProblem.SHARE, "", msg)
    return Opinion(1 - dont_know, yes, min(1.0, yes + dont_know))


def gaps(
    perceived: Sequence[Perceived],
    recorded: Sequence[Recorded],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    plug_in: bool = False,
) -> tuple[Gap, ...]:
    """Compare, in each territory, what people perceive with what is recorded.

    Parameters
    ----------
    perceived, recorded : sequences
        The same territories, each once, in any order.
    draws : int
        Joint draws.
    seed : int
        Of the generator (PCG64): the same figures give the same result.
    plug_in : bool
        Take the distribution of the territories as if it were known (empirical Bayes) rather than
        estimated from these territories. Intervals are then too narrow when they are few.

    Returns
    -------
    tuple of Gap
        In the order of ``recorded``.

    Raises
    ------
    DynamicsError
        If a population is 0, a figure is impossible, territories differ, or fewer than three were
        surveyed.

    Notes
    -----
    Beta-binomial and gamma-Poisson models with uniform shrinkage priors.
    Source: Clayton & Kaldor (1987), *Biometrics* 43, for rates; Daniels (1999), *Canadian Journal
    of Statistics* 27, for the prior.

    Examples
    --------
    >>> asked = [
    ...     Perceived(code, share, 400)
    ...     for code, share in [("a", 0.2), ("b", 0.4), ("c", 0.5), ("d", 0.6), ("e", 0.8)]
    ... ]
    >>> known = [
    ...     Recorded(code, count, 1_000_000, (1, 1))
    ...     for code, count in [("a", 400), ("b", 150), ("c", 200), ("d", 230), ("e", 60)]
    ... ]
    >>> [one.dynamics.value for one in gaps(asked, known)][::4]
    ['under_the_radar', 'promise']
    """
    asked = _same_territories(perceived, [one.code for one in recorded])
    for one in recorded:
        _check_recorded(one)
    generator = np.random.Generator(np.random.PCG64(seed))
    shares = _draw_shares(asked, generator, draws, plug_in=plug_in)
    rates = _draw_rates(recorded, generator, draws, plug_in=plug_in)
    return _told(asked, shares, rates)


def gaps_between_worlds(
    first: Sequence[Perceived],
    second: Sequence[Perceived],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    plug_in: bool = False,
) -> tuple[Gap, ...]:
    """Compare what two worlds perceive in the same territories: actors with citizens.

    Parameters, errors and result are those of :func:`gaps`; ``recorded`` then holds the share of
    the second world.

    Examples
    --------
    >>> actors = [Perceived(c, s, 300) for c, s in zip("abcd", (0.9, 0.5, 0.4, 0.2))]
    >>> citizens = [Perceived(c, s, 300) for c, s in zip("abcd", (0.2, 0.5, 0.4, 0.7))]
    >>> gaps_between_worlds(actors, citizens)[0].gap.low > 0
    True
    """
    others = _same_territories(second, [one.code for one in second])
    asked = _same_territories(first, [one.code for one in others])
    generator = np.random.Generator(np.random.PCG64(seed))
    return _told(
        asked,
        _draw_shares(asked, generator, draws, plug_in=plug_in),
        _draw_shares(others, generator, draws, plug_in=plug_in),
    )


def deciding_width(gap: Gap) -> float:
    """Return the width of the interval that would tell the sign, were the gap what it seems.

    Examples
    --------
    >>> asked = [Perceived(code, share, 40) for code, share in zip("abc", (0.2, 0.4, 0.6))]
    >>> known = [Recorded(code, 3, 1_000_000, (1, 1)) for code in "abc"]
    >>> 0 < deciding_width(gaps(asked, known)[0]) < 2.6
    True
    """
    return 2 * _NORMAL_OF_LEVEL / _NORMAL_OF_SURE * abs(gap.gap.value)


def sample_needed(gap: Gap, effective: float, *, width: float, design_effect: float) -> int | None:
    """Return how many people with an opinion would bring the interval of a gap to a width.

    Only the perceived side narrows with the sample. Where the recorded side alone is wider, no
    sample is enough.

    Parameters
    ----------
    gap : Gap
        As estimated now.
    effective : float
        The effective sample that it comes from, at least 0.
    width : float
        The width that is wanted, above 0.
    design_effect : float
        Of the sample to be drawn, above 0.

    Returns
    -------
    int or None
        People with an opinion; ``None`` where no sample is enough.

    Raises
    ------
    DynamicsError
        If a width or a design effect is not positive, or a sample negative.

    Notes
    -----
    The widths of the two percentiles are joined as those of two independent quantities, and that of
    the perceived one is proportional to 1/√(n + m), m being the sample that the other territories
    are worth.

    Examples
    --------
    >>> codes = [f"t{place}" for place in range(12)]
    >>> asked = [Perceived(code, 0.2 + 0.05 * i, 60) for i, code in enumerate(codes)]
    >>> known = [Recorded(code, 50 + 50 * i, 1_000_000, (1, 1)) for i, code in enumerate(codes)]
    >>> middle = gaps(asked, known)[6]
    >>> few = sample_needed(middle, 60, width=0.6, design_effect=1.4)
    >>> many = sample_needed(middle, 60, width=0.4, design_effect=1.4)
    >>> few < many, sample_needed(middle, 60, width=0.2, design_effect=1.4)
    (True, None)
    """
    if not (width > 0 and design_effect > 0 and effective >= 0):
        msg = (
            f"width = {width}, design effect = {design_effect}, effective sample = {effective}. "
            "Give a positive width and design effect, and a sample of 0 or more."
        )
        raise DynamicsError(DynamicsProblem.WIDTH, gap.code, msg)
    left = width**2 - gap.recorded_rank.width**2
    if left <= 0:
        return None
    ratio = gap.perceived_rank.width**2 / left
    needed = (effective + gap.prior_size) * ratio - gap.prior_size
    return math.ceil(max(0.0, needed) * design_effect)


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Draws of a side: values and percentiles, shape (draws, territories)."""

    values: Floats
    ranks: Floats
    prior_size: float


def _told(asked: Sequence[Perceived], first: _Draws, second: _Draws) -> tuple[Gap, ...]:
    difference = first.ranks - second.ranks
    found = []
    for place, one in enumerate(asked):
        gap = _estimate(difference[:, place])
        positive = float(np.mean(difference[:, place] > 0))
        close = float(np.mean(np.abs(difference[:, place]) <= CLOSE))
        above = float(np.mean(second.ranks[:, place] > 0.5))
        surveyed = one.effective > 0
        found.append(
            Gap(
                code=one.code,
                surveyed=surveyed,
                perceived=_estimate(first.values[:, place]),
                recorded=_estimate(second.values[:, place]),
                perceived_rank=_estimate(first.ranks[:, place]),
                recorded_rank=_estimate(second.ranks[:, place]),
                gap=gap,
                positive=positive,
                close=close,
                above=above,
                prior_size=first.prior_size,
                dynamics=_class(positive, close, above) if surveyed else Dynamics.UNDECIDED,
            )
        )
    return tuple(found)


def _class(positive: float, close: float, above: float) -> Dynamics:
    # With a large sample the smallest gap has a sign: what is surely small is no gap.
    if close > SURE:
        return Dynamics.ALIGNED_ACTIVE if above > 0.5 else Dynamics.ALIGNED_WEAK
    if positive > SURE:
        return Dynamics.PROMISE
    if positive < 1 - SURE and above > 0.5:
        return Dynamics.UNDER_THE_RADAR
    return Dynamics.UNDECIDED


def _estimate(draws: Floats) -> Estimate:
    tail = (1 - _LEVEL) / 2
    low, middle, high = np.quantile(draws, (tail, 0.5, 1 - tail))
    return Estimate(float(middle), float(low), float(high))


def _draw_shares(
    asked: Sequence[Perceived], generator: np.random.Generator, draws: int, *, plug_in: bool
) -> _Draws:
    """Draw shares of each territory; those where nobody answered follow the others."""
    size = np.array([one.effective for one in asked], dtype=float)
    yes = size * np.array([0.0 if one.share is None else one.share for one in asked])
    known = size > 0
    mean, precision, weight = _prior_of_shares(yes[known], size[known])
    chosen = _chosen(
        _log_beta_binomial(yes[known], size[known], mean, precision),
        weight,
        generator,
        draws,
        plug_in=plug_in,
    )
    a, b = (mean * precision)[chosen][:, None], ((1 - mean) * precision)[chosen][:, None]
    # Shares of exactly 0 or 1 would leave the beta distribution.
    values = np.clip(generator.beta(a + yes, b + size - yes), 1e-12, 1 - 1e-12)
    ranks = special.betainc(a, b, values)
    return _Draws(values, ranks, float(np.median(precision[chosen])))


def _prior_of_shares(yes: Floats, size: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the means and precisions to be tried, uniform in the mean and in the shrinkage."""
    share = float((yes.sum() + 0.5) / (size.sum() + 1))
    spread = float(np.var(yes / size, ddof=1))
    reach = 5 * math.sqrt(spread / len(yes) + share * (1 - share) / size.sum())
    means = np.linspace(max(0.001, share - reach), min(0.999, share + reach), _MEANS)
    return _tried(means, float(np.median(size)))


def _log_beta_binomial(yes: Floats, size: Floats, mean: Floats, precision: Floats) -> Floats:
    """Return the log-likelihood of each prior, but for a constant."""
    a, b = (mean * precision)[:, None], ((1 - mean) * precision)[:, None]
    each = special.betaln(a + yes, b + size - yes) - special.betaln(a, b)
    return np.asarray(each.sum(axis=1))


def _draw_rates(
    recorded: Sequence[Recorded], generator: np.random.Generator, draws: int, *, plug_in: bool
) -> _Draws:
    """Draw rates for 10,000 inhabitants; what is detected is uniform between its bounds."""
    count = np.array([one.alliances for one in recorded], dtype=float)
    exposure = np.array([one.population / PER for one in recorded])
    low = np.array([one.detection[0] for one in recorded])
    high = np.array([one.detection[1] for one in recorded])
    steps = (np.arange(_DETECTIONS) + 0.5) / _DETECTIONS
    seen = exposure[:, None] * (low[:, None] + (high - low)[:, None] * steps)
    mean, rate, weight = _prior_of_rates(count, seen.mean(axis=1))
    chosen = _chosen(
        _log_gamma_poisson(count, seen, mean * rate, rate).sum(axis=1),
        # Means are tried at equal ratios: those that are far apart stand for more.
        weight + np.log(mean),
        generator,
        draws,
        plug_in=plug_in,
    )
    shape, rate = (mean * rate)[chosen], rate[chosen]
    # The part detected, in each draw, by what the count says of it.
    weights = np.exp(
        count[:, None] * np.log(seen)
        - (shape[:, None, None] + count[:, None]) * np.log(rate[:, None, None] + seen)
        - special.logsumexp(
            count[:, None] * np.log(seen)
            - (shape[:, None, None] + count[:, None]) * np.log(rate[:, None, None] + seen),
            axis=2,
            keepdims=True,
        )
    )
    step = (generator.random((draws, len(count), 1)) > weights.cumsum(axis=2)).sum(axis=2)
    part = seen[np.arange(len(count)), np.minimum(step, _DETECTIONS - 1)]
    logs = _log_gamma(shape[:, None] + count, generator) - np.log(rate[:, None] + part)
    ranks = _gamma_rank(shape[:, None], np.log(rate[:, None]) + logs)
    return _Draws(np.exp(logs), ranks, float(np.median(rate)))


def _log_gamma(shape: Floats, generator: np.random.Generator) -> Floats:
    """Draw logarithms of gamma variables, which are too small to be told from 0 themselves."""
    uniform = 1 - generator.random(shape.shape)
    return np.asarray(np.log(generator.gamma(shape + 1)) + np.log(uniform) / shape)


def _gamma_rank(shape: Floats, log: Floats) -> Floats:
    """Return the percentiles of gamma variables known by their logarithms."""
    near_zero = np.exp(np.minimum(0.0, shape * log - special.gammaln(shape + 1)))
    return np.where(log < _TINY, near_zero, special.gammainc(shape, np.exp(log)))


def _prior_of_rates(count: Floats, exposure: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the means and inverse scales to be tried."""
    mean = float((count.sum() + 0.5) / exposure.sum())
    rates = (count + 0.5) / exposure
    spread = float(np.var(rates, ddof=1) / np.mean(rates) ** 2)
    reach = 5 * math.sqrt(1 / (count.sum() + 0.5) + spread / len(count))
    means = mean * np.exp(np.linspace(-reach, reach, _MEANS))
    return _tried(means, float(np.median(exposure)))


def _log_gamma_poisson(count: Floats, seen: Floats, shape: Floats, rate: Floats) -> Floats:
    """Return the log-likelihood of each prior and territory, but for a constant."""
    shape, rate = shape[:, None, None], rate[:, None, None]
    counts = count[:, None]
    each = special.logsumexp(
        counts * np.log(seen) - (shape + counts) * np.log(rate + seen), axis=2
    ) - math.log(_DETECTIONS)
    shape, rate = shape[:, :, 0], rate[:, :, 0]
    return np.asarray(
        each + special.gammaln(shape + count) - special.gammaln(shape) + shape * np.log(rate)
    )


def _tried(means: Floats, usual: float) -> tuple[Floats, Floats, Floats]:
    """Return every mean with every size of the prior, and the log-weight of a uniform shrinkage.

    A size m draws a territory of the ``usual`` size towards the others by m / (m + usual). Sizes
    are tried at equal ratios, so that none falls between two of them.
    """
    odds = np.exp(np.linspace(-_REACH, _REACH, _SHRINKAGES))
    mean, ratio = np.meshgrid(means, odds, indexing="ij")
    weight = np.log(ratio) - 2 * np.log1p(ratio)
    return mean.ravel(), (usual * ratio).ravel(), weight.ravel()


def _chosen(
    likelihood: Floats,
    spacing: Floats,
    generator: np.random.Generator,
    draws: int,
    *,
    plug_in: bool,
) -> np.ndarray:
    """Choose a prior for each draw: by what the territories say of it, or the likeliest one.

    Both are logarithms; ``spacing`` says how much of the uniform prior each one tried stands for.
    """
    if plug_in:
        return np.full(draws, int(np.argmax(likelihood)))
    weights = np.exp(likelihood + spacing - (likelihood + spacing).max())
    return generator.choice(len(weights), size=draws, p=weights / weights.sum())


def _same_territories(perceived: Sequence[Perceived], codes: Sequence[str]) -> list[Perceived]:
    by_code = {one.code: one for one in perceived}
    if (
        len(by_code) != len(perceived)
        or len(set(codes)) != len(codes)
        or by_code.keys() != {*codes}
    ):
        odd = ", ".join(sorted(by_code.keys() ^ {*codes})) or "one is given twice"
        msg = f"Both sides need the same territories, each once: {odd}."
        raise DynamicsError(DynamicsProblem.TERRITORIES, "", msg)
    for one in perceived:
        _check_perceived(one)
    surveyed = sum(one.effective > 0 for one in perceived)
    if surveyed < FEWEST:
        msg = f"{surveyed} territories were surveyed. Give at least {FEWEST}."
        raise DynamicsError(DynamicsProblem.FEW, "", msg)
    return [by_code[code] for code in codes]


def _check_perceived(one: Perceived) -> None:
    if not (math.isfinite(one.effective) and one.effective >= 0):
        msg = f"An effective sample is at least 0, not {one.effective}."
        raise DynamicsError(DynamicsProblem.RESPONDENTS, one.code, msg)
    if (one.share is None) != (one.effective == 0):
        msg = "A share goes with an effective sample above 0; give neither where nobody was asked."
        raise DynamicsError(DynamicsProblem.RESPONDENTS, one.code, msg)
    if one.share is not None and not 0 <= one.share <= 1:
        msg = f"A share is from 0 to 1, not {one.share}."
        raise DynamicsError(DynamicsProblem.SHARE, one.code, msg)


def _check_recorded(one: Recorded) -> None:
    low, high = one.detection
    if one.population <= 0:
        msg = f"A population is at least 1, not {one.population}. Leave the territory out."
        raise DynamicsError(DynamicsProblem.POPULATION, one.code, msg)
    if one.alliances < 0:
        msg = f"A count is at least 0, not {one.alliances}."
        raise DynamicsError(DynamicsProblem.COUNT, one.code, msg)
    if not 0 < low <= high <= 1:
        msg = f"Detection is above 0 and at most 1, lowest first, not {low} to {high}."
        raise DynamicsError(DynamicsProblem.DETECTION, one.code, msg)
