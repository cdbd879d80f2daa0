"""How many people would have to be asked for a claim about a small territory.

See ``docs/algorithms/observatory-sample-sizes.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from scipy.special import ndtri

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The confidence of the intervals of the observatory.
LEVEL = 0.95


class SampleSizeProblem(StrEnum):
    """What makes a size impossible to compute."""

    MARGIN = "margin"
    SHARE = "share"
    DEVIATION = "deviation"
    LEVEL = "level"
    DESIGN_EFFECT = "design_effect"
    POPULATION = "population"
    RESPONDENTS = "respondents"


class SampleSizeError(ValueError):
    """A size was asked of values that have none."""

    def __init__(self, problem: SampleSizeProblem, given: float, expected: str) -> None:
        self.problem = problem
        self.given = given
        super().__init__(f"The {problem.replace('_', ' ')} is {given:g}. Give {expected}.")


@dataclass(frozen=True, slots=True)
class Need:
    """The people to ask for a claim about each of several territories.

    Attributes
    ----------
    territories
        How many territories the claim is about.
    respondents
        People to ask in all of them together.
    fewest, most
        People to ask in the territory that needs fewest, and most.
    asked_whole
        Territories where everybody would have to answer.
    """

    territories: int
    respondents: int
    fewest: int
    most: int
    asked_whole: int


def sample_for_share(
    margin: float,
    *,
    share: float = 0.5,
    level: float = LEVEL,
    design_effect: float = 1.0,
    population: int | None = None,
) -> int:
    r"""Return how many people have to answer for a share to be known within a margin.

    Parameters
    ----------
    margin : float
        Half the width of the interval, as a share: 0.05 for ± 5 points.
    share : float
        The share; a half is the worst case.
    level : float
        Confidence of the interval.
    design_effect : float
        By how much the design and the weights multiply the variance.
    population : int, optional
        People of the territory; as if there were no end to them if not given.

    Returns
    -------
    int
        Respondents, never more than the population.

    Raises
    ------
    SampleSizeError
        ``MARGIN``, ``SHARE``, ``LEVEL``, ``DESIGN_EFFECT`` or ``POPULATION``.

    Notes
    -----
    :math:`n_0 = z^2 p (1-p) / e^2`, then :math:`n = n_0 / (1 + (n_0 - 1)/N)`, times the design
    effect. Source: Cochran (1977), *Sampling Techniques*, section 4.4; Kish (1965), *Survey
    Sampling*, section 8.2, for the design effect.

    Examples
    --------
    >>> sample_for_share(0.05), sample_for_share(0.05, population=800)
    (385, 260)
    >>> sample_for_share(0.05, design_effect=1.3)
    500
    """
    if not 0 < share < 1:
        raise SampleSizeError(SampleSizeProblem.SHARE, share, "a number between 0 and 1")
    return _needed(math.sqrt(share * (1 - share)), margin, level, design_effect, population)


def sample_for_mean(
    margin: float,
    *,
    deviation: float,
    level: float = LEVEL,
    design_effect: float = 1.0,
    population: int | None = None,
) -> int:
    """Return how many people have to answer for a mean to be known within a margin.

    Parameters
    ----------
    margin : float
        Half the width of the interval, in the unit of the answers.
    deviation : float
        Standard deviation of the answers.
    level, design_effect, population
        As for `sample_for_share`.

    Returns
    -------
    int
        Respondents, never more than the population.

    Raises
    ------
    SampleSizeError
        ``MARGIN``, ``DEVIATION``, ``LEVEL``, ``DESIGN_EFFECT`` or ``POPULATION``.

    Notes
    -----
    As for a share, with the variance of the answers (over N, not N − 1). Source: Cochran (1977),
    *Sampling Techniques*, section 4.6.

    Examples
    --------
    >>> sample_for_mean(0.3, deviation=2.3)
    226
    """
    if not 0 < deviation < math.inf:
        raise SampleSizeError(SampleSizeProblem.DEVIATION, deviation, "a number above 0")
    return _needed(deviation, margin, level, design_effect, population)


def sample_everywhere(
    populations: Iterable[int],
    margin: float,
    *,
    share: float = 0.5,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> Need:
    """Return how many people have to answer for a share to be known in each of several territories.

    Parameters
    ----------
    populations : iterable of int
        People of each territory.
    margin, share, level, design_effect
        As for `sample_for_share`, in each territory.

    Returns
    -------
    Need
        The people of all the territories together, and the extremes.

    Raises
    ------
    SampleSizeError
        As `sample_for_share`; ``POPULATION`` too where there is no territory.

    Examples
    --------
    >>> sample_everywhere([120, 800, 60_000], 0.05)
    Need(territories=3, respondents=734, fewest=92, most=382, asked_whole=0)
    """
    sizes = list(populations)
    if not sizes:
        raise SampleSizeError(SampleSizeProblem.POPULATION, 0, "one territory or more")
    needs = [
        sample_for_share(
            margin, share=share, level=level, design_effect=design_effect, population=size
        )
        for size in sizes
    ]
    return Need(
        territories=len(needs),
        respondents=sum(needs),
        fewest=min(needs),
        most=max(needs),
        asked_whole=sum(need == size for need, size in zip(needs, sizes, strict=True)),
    )


def margin_of_share(
    respondents: int,
    *,
    share: float = 0.5,
    level: float = LEVEL,
    design_effect: float = 1.0,
    population: int | None = None,
) -> float:
    r"""Return the margin within which a share is known from so many answers.

    Parameters
    ----------
    respondents : int
        People who answered.
    share, level, design_effect, population
        As for `sample_for_share`.

    Returns
    -------
    float
        Half the width of the interval, as a share; 0 where everybody answered.

    Raises
    ------
    SampleSizeError
        ``RESPONDENTS`` where there are none, or more than people; as `sample_for_share` otherwise.

    Notes
    -----
    :math:`e = z \sqrt{p (1-p) (N - m) / (m (N - 1))}` where *m* is the effective size, the
    respondents divided by the design effect: the inverse of `sample_for_share`.

    Examples
    --------
    >>> round(margin_of_share(200), 3), round(margin_of_share(200, design_effect=1.3), 3)
    (0.069, 0.079)
    """
    if not 0 < share < 1:
        raise SampleSizeError(SampleSizeProblem.SHARE, share, "a number between 0 and 1")
    _check(level, design_effect, population)
    if respondents < 1 or (population is not None and respondents > population):
        expected = "one respondent or more, and no more than there are people"
        raise SampleSizeError(SampleSizeProblem.RESPONDENTS, respondents, expected)
    if respondents == population:
        return 0.0
    effective = respondents / design_effect
    left = 1.0 if population is None else (population - effective) / (population - 1)
    # A design better than a simple sample is worth more answers than it has, and than there are.
    return _quantile(level) * math.sqrt(share * (1 - share) * max(0.0, left) / effective)


def _needed(
    deviation: float, margin: float, level: float, design_effect: float, population: int | None
) -> int:
    if not 0 < margin < math.inf:
        raise SampleSizeError(SampleSizeProblem.MARGIN, margin, "a number above 0")
    _check(level, design_effect, population)
    endless = (_quantile(level) * deviation / margin) ** 2
    if population is None:
        return max(1, math.ceil(endless * design_effect))
    simple = endless / (1 + (endless - 1) / population)
    return min(population, max(1, math.ceil(simple * design_effect)))


def _check(level: float, design_effect: float, population: int | None) -> None:
    if not 0 < level < 1:
        raise SampleSizeError(SampleSizeProblem.LEVEL, level, "a number between 0 and 1")
    if not 0 < design_effect < math.inf:
        expected = "a number above 0"
        raise SampleSizeError(SampleSizeProblem.DESIGN_EFFECT, design_effect, expected)
    if population is not None and population < 1:
        expected = "one person or more"
        raise SampleSizeError(SampleSizeProblem.POPULATION, population, expected)


def _quantile(level: float) -> float:
    return float(ndtri((1 + level) / 2))
