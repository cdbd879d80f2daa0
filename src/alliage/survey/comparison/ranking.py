"""The order of items, with what the survey does not know of it.

A rank is a conclusion about many differences at once: an item is surely above another only if their
difference stands out among all the differences. See ``docs/algorithms/survey-ranking.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from alliage.survey.comparison.comparisons import estimated, spread_of
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.results import SHARES, Reliability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import BaseRule, Estimates, Provenance
    from alliage.survey.sampling.sample import Source

    _Numbers: TypeAlias = NDArray[np.float64]
    _Flags: TypeAlias = NDArray[np.bool_]

#: Draws of the joint distribution of the estimates.
DRAWS = 20_000
#: A variance of a difference under this share of the greatest one is no variance.
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class RankedItem:
    """An item and the ranks that it may have; 1 is the highest estimate.

    Attributes
    ----------
    name
        Its name.
    estimate
        Its estimate.
    rank
        Its rank in the sample; equal estimates share the better one.
    lowest, highest
        The ranks that it may have, jointly with those of all the other items at the level asked.
        ``lowest`` is the best rank.
    top
        Probability that it is among the first ``k``, or None where k was not asked.
    """

    name: str
    estimate: float
    rank: int
    lowest: int
    highest: int
    top: float | None

    @property
    def is_certain(self) -> bool:
        """Whether one rank only is possible."""
        return self.lowest == self.highest


@dataclass(frozen=True, slots=True)
class Ranking:
    """Items from the highest estimate to the lowest, with what is not known of their order.

    Attributes
    ----------
    items
        The items, in the order of their estimates, then of their names.
    level
        Confidence that all the sets of ranks hold together.
    first
        The k of the first items asked for, or None.
    true_first
        Probability that the first k of the sample are the true first k, or None.
    provenance
        How the estimates were computed, where it is known.
    shares
        Whether the estimates are shares.
    unranked
        The estimates of items without a rank, by name: those that do not vary among respondents,
        whose error is not known, and ``None`` for those that the base rule hides. The others are
        ranked without them.
    reliability
        What the base rule says of each item, by name; empty without a rule.
    """

    items: tuple[RankedItem, ...]
    level: float
    first: int | None
    true_first: float | None
    provenance: Provenance | None = None
    shares: bool = False
    unranked: Mapping[str, float | None] = field(default_factory=dict)
    reliability: Mapping[str, Reliability] = field(default_factory=dict)

    @property
    def certain(self) -> tuple[str, ...]:
        """The items that can have one rank only."""
        return tuple(item.name for item in self.items if item.is_certain)

    @property
    def may_be_first(self) -> tuple[str, ...]:
        """The items that may be among the first k; all of the true ones are, at the level."""
        if self.first is None:
            return ()
        return tuple(item.name for item in self.items if item.lowest <= self.first)

    def frame(self) -> pl.DataFrame:
        """Return one row for each item, in their order; those without a rank come last."""
        ranked = [
            {name: getattr(item, name) for name in RankedItem.__slots__} for item in self.items
        ]
        others = [{"name": name, "estimate": value} for name, value in self.unranked.items()]
        told = {name: said.value for name, said in self.reliability.items()}
        return pl.DataFrame(
            [{**row, "reliability": told.get(str(row["name"]))} for row in (*ranked, *others)],
            infer_schema_length=None,
        )


def rank(
    what: Source | Estimates,
    *requests: Request,
    first: int | None = None,
    level: float = 0.95,
    variance: Variance = "calibrated",
    rule: BaseRule | None = None,
    draws: int = DRAWS,
    seed: int = 17,
) -> Ranking:
    """Order estimates from the highest, with joint confidence sets of their ranks.

    Parameters
    ----------
    what
        Estimates of one sample; or the sample, of which requests are estimated.
    *requests
        What to estimate, where a sample is given.
    first
        k: asks for the probability of being among the first k.
    level
        Confidence that every set holds at once.
    variance
        As for every estimate.
    rule
        When an estimate may be shown, and so ranked; by default the rule of the estimates given,
        and none for a sample.
    draws, seed
        As for :func:`joint_ranks`.

    Raises
    ------
    SurveyError
        ``REQUEST`` if an estimate has no error, if fewer than two, or no more than the first k, may
        be shown and vary among respondents, or if the request makes no sense.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Mean, sample
    >>> rows = pl.DataFrame({"parks": [8, 9, 7, 8] * 30, "roads": [4, 6, 5, 5] * 30})
    >>> found = rank(sample(rows, Design()), Mean(variable="parks"), Mean(variable="roads"))
    >>> [(item.name, item.rank) for item in found.items], found.certain
    ([('parks', 1), ('roads', 2)], ('parks', 'roads'))
    """
    found = estimated(what, requests, 0.95, variance, rule)
    spread, names = spread_of(found), found.names()
    told = [found.reliability(item) for item in found]
    hidden = [said is Reliability.TOO_SMALL for said in told]
    ranked = [place for place, item in enumerate(found) if item.varies and not hidden[place]]
    unranked = {
        names[place]: None if hidden[place] else item.value
        for place, item in enumerate(found)
        if place not in ranked
    }
    if unranked and len(ranked) < max(2, 1 + (first or 0)):
        _refuse_few(len(ranked), first, unranked)
    degrees = min((found[place].degrees for place in ranked), default=math.inf)
    ranking = joint_ranks(
        {names[place]: found[place].value for place in ranked},
        spread[np.ix_(ranked, ranked)],
        level=level,
        first=first,
        degrees=None if math.isinf(degrees) else degrees,
        draws=draws,
        seed=seed,
    )
    return replace(
        ranking,
        provenance=found.provenance,
        shares=all(item.statistic in SHARES for item in found),
        unranked=unranked,
        reliability={name: said for name, said in zip(names, told, strict=True) if said},
    )


def _refuse_few(ranked: int, first: int | None, unranked: Mapping[str, float | None]) -> None:
    reasons = {
        "does not vary among respondents: its error is not known": [
            name for name, value in unranked.items() if value is not None
        ],
        "has too few respondents to be shown": [
            name for name, value in unranked.items() if value is None
        ],
    }
    told = "; ".join(f"« {listed(names)} » {why}" for why, names in reasons.items() if names)
    asked = "" if first is None else f", and the first {first} are asked for"
    _refuse(
        f"{ranked} of {ranked + len(unranked)} items can be ranked{asked}: {told}. Ask more "
        "people, join groups, or ask for a shorter order."
    )


def joint_ranks(
    estimates: Mapping[str, float],
    covariance: Sequence[Sequence[float]] | _Numbers,
    *,
    level: float = 0.95,
    first: int | None = None,
    degrees: float | None = None,
    draws: int = DRAWS,
    seed: int = 17,
) -> Ranking:
    """Order items, with joint confidence sets of their ranks.

    Parameters
    ----------
    estimates
        The estimate of each item, in the order of the covariance.
    covariance
        Their covariance, items × items: items asked of the same people are correlated.
    level
        Confidence that every set holds at once.
    first
        k: asks for the probability of being among the first k.
    degrees
        Degrees of freedom of the design; by default infinite.
    draws
        Draws of the joint distribution.
    seed
        Of the draws: the same seed gives the same ranking.

    Raises
    ------
    SurveyError
        If the covariance is not one of these items, or the request makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> found = joint_ranks({"rural": 7.1, "young": 6.2, "old": 6.1}, np.eye(3) * 0.01, first=1)
    >>> [(item.name, item.lowest, item.highest) for item in found.items]
    [('rural', 1, 1), ('young', 2, 3), ('old', 2, 3)]
    >>> found.certain, found.true_first
    (('rural',), 1.0)

    Notes
    -----
    Two items are told apart when their difference exceeds the quantile of the greatest standardised
    difference, found by draws from the joint normal (or t) distribution; the pairs told apart are
    set aside and the quantile is taken again among the others, until no more are found. The best
    rank of an item is one more than the items surely above it, and so on. The probabilities take
    the estimates as the centre of what is believed of the truth (flat prior): they are those of
    the data alone, and the sets are the safer statement.

    Source: Mogstad, Romano, Shaikh and Wilhelm (2024), « Inference for ranks with applications to
    mobility across neighbourhoods and academic achievement across countries », Review of Economic
    Studies 91; Romano and Wolf (2005), Econometrica 73, for the steps.
    """
    names = tuple(estimates)
    values = np.array([float(estimates[name]) for name in names])
    matrix = _checked(names, values, np.asarray(covariance, dtype=np.float64))
    _check_request(len(names), level, first, degrees, draws)
    random = np.random.Generator(np.random.PCG64(seed))
    noise = random.standard_normal((draws, len(names))) @ _root(matrix).T
    if degrees is not None:
        noise /= np.sqrt(random.chisquare(degrees, (draws, 1)) / degrees)
    above = _surely_above(values, matrix, noise, level)
    order = sorted(range(len(names)), key=lambda place: (-values[place], names[place]))
    inside, together = _first(values, noise, first)
    return Ranking(
        tuple(
            RankedItem(
                names[place],
                float(values[place]),
                1 + int((values > values[place]).sum()),
                1 + int(above[:, place].sum()),
                len(names) - int(above[place].sum()),
                None if inside is None else float(inside[place]),
            )
            for place in order
        ),
        level,
        first,
        together,
    )


def _surely_above(values: _Numbers, matrix: _Numbers, noise: _Numbers, level: float) -> _Flags:
    """Tell of each pair (row, column) whether the row is surely above the column."""
    spread = np.sqrt(np.maximum(_variances(matrix), 0))
    same = spread <= _NOTHING * max(1.0, float(spread.max()))
    np.fill_diagonal(same, val=True)
    gaps = values[:, None] - values[None, :]
    standard = np.divide(gaps, spread, out=np.zeros_like(gaps), where=~same)
    found: _Flags = same & (gaps > 0)
    left: _Flags = ~same
    while left.any():
        limit = _quantile(noise, spread, left, level)
        new = left & (standard > limit)
        if not new.any():
            break
        found |= new
        # A pair told apart is settled both ways.
        left &= ~(new | new.T)
    return found


def _quantile(noise: _Numbers, spread: _Numbers, left: _Flags, level: float) -> float:
    """Return the quantile of the greatest standardised difference among the pairs left."""
    greatest = np.full(len(noise), -np.inf)
    for row, column in zip(*np.nonzero(left), strict=True):
        np.maximum(greatest, (noise[:, row] - noise[:, column]) / spread[row, column], out=greatest)
    return float(np.quantile(greatest, level, method="higher"))


def _variances(matrix: _Numbers) -> _Numbers:
    own = np.diag(matrix)
    return np.asarray(own[:, None] + own[None, :] - 2 * matrix, dtype=np.float64)


def _first(
    values: _Numbers, noise: _Numbers, first: int | None
) -> tuple[_Numbers | None, float | None]:
    if first is None:
        return None, None
    drawn = values + noise
    chosen = np.argpartition(-drawn, first - 1, axis=1)[:, :first]
    inside = np.bincount(chosen.ravel(), minlength=len(values)) / len(noise)
    leaders = np.sort(np.argsort(-values, kind="stable")[:first])
    together = (np.sort(chosen, axis=1) == leaders).all(axis=1).mean()
    return inside, float(together)


def _root(matrix: _Numbers) -> _Numbers:
    """Return a square root of a covariance that may be singular."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)), dtype=np.float64)


def _checked(names: Sequence[str], values: _Numbers, matrix: _Numbers) -> _Numbers:
    size = len(names)
    if size < 2:
        _refuse(f"There is {size} item to rank. Give two at least.")
    if matrix.shape != (size, size):
        _refuse(f"The covariance is {matrix.shape} for {size} items. Give one row and column each.")
    bad = [name for name, value in zip(names, values, strict=True) if not math.isfinite(value)]
    if bad:
        _refuse(f"{listed(bad)} has no estimate. Leave out the items that have none.")
    if not np.isfinite(matrix).all():
        _refuse("The covariance holds what is not a number. Give the covariance of every pair.")
    scale = max(1e-300, float(np.abs(matrix).max()))
    if np.abs(matrix - matrix.T).max() > 1e-9 * scale:
        _refuse("The covariance is not symmetric. Give the covariance of the estimates.")
    if np.linalg.eigvalsh(matrix).min() < -1e-9 * scale:
        _refuse("A sum of the items has a variance below zero. Give a covariance of estimates.")
    return matrix


def _check_request(
    size: int, level: float, first: int | None, degrees: float | None, draws: int
) -> None:
    if not 0.5 <= level < 1:
        _refuse(f"The level is {level}. Give one from 0.5 up to 1, as 0.95.")
    if first is not None and not 0 < first < size:
        _refuse(f"The first {first} of {size} items were asked for. Give from 1 to {size - 1}.")
    if degrees is not None and degrees <= 0:
        _refuse(f"There are {degrees} degrees of freedom. Give more than zero, or None.")
    if draws < 1000:
        _refuse(f"{draws} draws were asked for. Give 1,000 at least.")


def _refuse(message: str) -> None:
    raise SurveyError(SurveyProblem.REQUEST, message)
