"""Replicate weights: the sample drawn again, and the variance of what was then estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.sampling.design import ReplicateKind, check_fay, implied_scale
from alliage.survey.sampling.structure import first_of_each

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.sampling.structure import Stage, Structure

#: R judges the rank of replicate weights with this tolerance.
_RANK_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """Factors that turn design weights into replicate weights.

    Attributes
    ----------
    kind
        How they were made.
    factors
        Shape (places, R): what multiplies the design weight at each place.
    scale, rscales
        The factors of the sum of squares, whole and by replicate.
    mse
        Whether squares are taken around the estimate, else around the mean of the replicates.
    degrees
        Degrees of freedom of the whole sample: the rank of the replicate weights minus one.
    """

    kind: ReplicateKind
    factors: Floats
    scale: float
    rscales: Floats
    mse: bool
    degrees: int

    @property
    def count(self) -> int:
        """How many replicates there are."""
        return int(self.factors.shape[1])

    def covariance(self, replicates: Floats, estimates: Floats) -> Floats:
        """Return the covariance of K estimates from their replicates of shape (R, K)."""
        centre = estimates if self.mse else replicates[self.rscales > 0].mean(axis=0)
        spread = (replicates - centre) * np.sqrt(self.rscales * self.scale)[:, None]
        return np.asarray(spread.T @ spread)


def rank_of(weights: Floats) -> int:
    """Return the rank of replicate weights of shape (rows, R).

    Examples
    --------
    >>> rank_of(np.array([[1.0, 2.0], [2.0, 4.0]]))
    1
    """
    squares = np.linalg.eigvalsh(weights.T @ weights)
    return int((squares > squares[-1] * _RANK_TOLERANCE**2).sum())


def given(
    columns: Floats,
    kind: ReplicateKind,
    scale: float,
    rscales: Floats,
    *,
    mse: bool,
) -> tuple[Replicates, Ints]:
    """Read replicate factors that came with the data.

    Parameters
    ----------
    columns : array of float, shape (n, R)
        Factors of the design weights.
    kind, scale, rscales, mse
        As documented by whoever made them.

    Returns
    -------
    replicates : Replicates
        One place for each combination of factors that occurs.
    place : array of int, shape (n,)
        The place of each row.
    """
    factors, place = np.unique(columns, axis=0, return_inverse=True)
    degrees = rank_of(factors) - 1
    return Replicates(kind, factors, scale, rscales, mse, degrees), place.reshape(-1)


def jackknife(structure: Structure, kind: ReplicateKind, *, mse: bool = False) -> Replicates:
    """Leave out each first-stage unit in turn.

    Parameters
    ----------
    structure : Structure
        How the sample was drawn; with one unit drawn at each place.
    kind : ReplicateKind
        ``JK1`` without strata, ``JKN`` with strata.
    mse : bool
        Whether squares are taken around the estimate.

    Returns
    -------
    Replicates
        One for each first-stage unit. Finite populations are corrected for at the first stage.

    Raises
    ------
    SurveyError
        ``REPLICATES`` if JK1 is asked for strata; ``LONELY_UNIT`` for a stratum of one unit.

    Notes
    -----
    Source: Wolter (2007), *Introduction to Variance Estimation*, chapter 4.
    """
    stage = structure.stages[0]
    units, strata = _units(stage), len(stage.sampled)
    if kind is ReplicateKind.JK1 and strata > 1:
        msg = f"JK1 leaves strata out, and the sample has {strata}. Ask for JKn."
        raise SurveyError(SurveyProblem.REPLICATES, msg, strata=strata)
    stage.scales(structure.lonely)
    stratum = _strata_of_units(stage)
    drawn = stage.sampled[stratum]
    factors = np.ones((units, units))
    same = stratum[:, None] == stratum[None, :]
    factors[same] = np.broadcast_to((drawn / np.maximum(drawn - 1, 1))[:, None], same.shape)[same]
    np.fill_diagonal(factors, 0.0)
    left = 1 - drawn / stage.population[stratum]
    keep = (drawn > 1) & (left > 0)
    if not keep.any():
        msg = "Every stratum was taken whole: there is no sampling error to replicate."
        raise SurveyError(SurveyProblem.REPLICATES, msg)
    rscales = (left * (drawn - 1) / drawn)[keep]
    at_places = factors[_unit_of_places(stage)][:, keep]
    # The rank of the replicates less one: strata taken whole, or of one unit, have none.
    degrees = int(keep.sum()) - len(np.unique(stratum[keep]))
    return Replicates(kind, at_places, 1.0, rscales, mse, degrees)


def balanced(
    structure: Structure, *, fay: float = 0.0, matrix: Floats | None = None, mse: bool = False
) -> Replicates:
    """Take half of each pair of first-stage units, in a balanced way.

    Parameters
    ----------
    structure : Structure
        How the sample was drawn; two units in each stratum.
    fay : float
        0 for balanced repeated replication; Fay's method keeps this share of the other half.
    matrix : array of float, shape (m, m), optional
        A Hadamard matrix of 1 and -1 with more columns than there are strata. Made if not given.
    mse : bool
        Whether squares are taken around the estimate.

    Returns
    -------
    Replicates
        One for each row of the matrix. Finite populations are not corrected for.

    Raises
    ------
    SurveyError
        ``REPLICATES`` if a stratum does not have two units, or the matrix cannot be used.

    Notes
    -----
    Source: Wolter (2007), chapter 3; Judkins (1990) for Fay's method.
    """
    check_fay(fay)
    stage = structure.stages[0]
    odd = [stage.names[h] for h in np.flatnonzero(stage.sampled != 2)]
    if odd:
        msg = (
            f"Balanced replicates need two units in each stratum; {len(odd)} have another number "
            f"({listed(odd)}). Pair the units in strata, or ask for JKn or the bootstrap."
        )
        raise SurveyError(SurveyProblem.REPLICATES, msg, strata=listed(odd))
    strata = len(stage.sampled)
    signs = hadamard(strata + 1) if matrix is None else _checked(matrix, strata)
    stratum = _strata_of_units(stage)
    second = np.ones(len(stratum), dtype=bool)
    second[first_of_each(stratum)] = False
    half = np.where(second, 1.0, -1.0)[:, None] * signs[:, 1 : strata + 1].T[stratum]
    factors = np.where(half > 0, 2 - fay, fay)[_unit_of_places(stage)]
    kind = ReplicateKind.FAY if fay else ReplicateKind.BRR
    count = factors.shape[1]
    scale = implied_scale(kind, count, fay)
    return Replicates(kind, factors, scale, np.ones(count), mse, rank_of(factors) - 1)


def bootstrap(structure: Structure, replicates: int, seed: int, *, mse: bool = False) -> Replicates:
    """Draw n - 1 first-stage units of each stratum with replacement, again and again.

    Parameters
    ----------
    structure : Structure
        How the sample was drawn; two units or more in each stratum.
    replicates : int
        How many samples are drawn.
    seed : int
        Where the draws start: the same seed gives the same replicates.
    mse : bool
        Whether squares are taken around the estimate.

    Returns
    -------
    Replicates
        Finite populations are not corrected for.

    Raises
    ------
    SurveyError
        ``LONELY_UNIT`` for a stratum of one unit; ``REPLICATES`` for fewer than two replicates.

    Notes
    -----
    Source: Rao & Wu (1988), *JASA* 83; with n - 1 draws the rescaling is n/(n-1) times the number
    of draws (Rao, Wu & Yue 1992).
    """
    if replicates < 2:
        msg = f"{replicates} replicates were asked; two at least are needed."
        raise SurveyError(SurveyProblem.REPLICATES, msg, count=replicates)
    stage = structure.stages[0]
    stage.scales(structure.lonely)
    stratum = _strata_of_units(stage)
    random = np.random.Generator(np.random.PCG64(seed))
    factors = np.ones((len(stratum), replicates))
    for code, drawn in enumerate(stage.sampled.astype(np.int64)):
        if drawn > 1:
            chances = np.full(drawn, 1 / drawn)
            draws = random.multinomial(drawn - 1, chances, size=replicates)
            factors[stratum == code] = draws.T * (drawn / (drawn - 1))
    scale = implied_scale(ReplicateKind.BOOTSTRAP, replicates, 0.0)
    at_places = factors[_unit_of_places(stage)]
    kind, degrees = ReplicateKind.BOOTSTRAP, len(stratum) - len(stage.sampled)
    return Replicates(kind, at_places, scale, np.ones(replicates), mse, degrees)


def hadamard(least: int) -> Floats:
    """Return a Hadamard matrix of at least this order, with a first column of ones.

    Parameters
    ----------
    least : int
        The smallest order that serves.

    Returns
    -------
    array of float, shape (m, m)
        Of 1 and -1, with orthogonal columns; m is the smallest order that Paley's construction
        for primes or doubling reaches.

    Examples
    --------
    >>> h = hadamard(11)
    >>> h.shape, bool((h.T @ h == 12 * np.eye(12)).all())
    ((12, 12), True)
    """
    order = next(m for m in range(least, 4 * least + 4) if _reachable(m))
    found = _hadamard(order)
    return found * found[:, :1]


def _reachable(order: int) -> bool:
    return order in {1, 2} or (order % 4 == 0 and (_paley(order) or _reachable(order // 2)))


def _paley(order: int) -> bool:
    prime = order - 1
    return prime % 4 == 3 and all(prime % divisor for divisor in range(2, int(prime**0.5) + 1))


def _hadamard(order: int) -> Floats:
    if order == 1:
        return np.ones((1, 1))
    if order > 2 and _paley(order):
        prime = order - 1
        squares = {i * i % prime for i in range(1, prime)}
        signs = np.array([0.0, *(1.0 if i in squares else -1.0 for i in range(1, prime))])
        steps = np.arange(prime)
        found = np.ones((order, order))
        found[0, 0] = 1.0
        found[1:, 1:] = signs[(steps[None, :] - steps[:, None]) % prime] + np.eye(prime)
        found[1:, 0] = -1.0
        return found
    half = _hadamard(order // 2)
    return np.block([[half, half], [half, -half]])


def _checked(matrix: Floats, strata: int) -> Floats:
    order = len(matrix)
    square = matrix.shape == (order, order) and order > strata
    if not square or not np.array_equal(matrix.T @ matrix, order * np.eye(order)):
        msg = (
            f"The matrix given is not a Hadamard matrix of order {strata + 1} or more: 1 and -1, "
            "with orthogonal columns. Leave it out to have one made."
        )
        raise SurveyError(SurveyProblem.REPLICATES, msg, order=order)
    return matrix * matrix[:, :1]


def _units(stage: Stage) -> int:
    return len(stage.stratum) if stage.unit is None else int(stage.unit.max()) + 1


def _unit_of_places(stage: Stage) -> Ints:
    return np.arange(len(stage.stratum)) if stage.unit is None else stage.unit


def _strata_of_units(stage: Stage) -> Ints:
    return stage.stratum[first_of_each(_unit_of_places(stage))]
