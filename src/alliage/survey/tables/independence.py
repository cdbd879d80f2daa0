"""Whether two questions go together, the design of the sample taken into account."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.requests import Count
from alliage.survey.sampling.design import DfRule
from alliage.survey.sampling.replication import Replicates

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.sampling.sample import Source


@dataclass(frozen=True, slots=True)
class Independence:
    """A test that two variables are independent.

    Attributes
    ----------
    statistic
        F, the chi-square of Pearson over what the design makes of it.
    degrees
        Degrees of freedom of F, above and below.
    p_value
        Probability of an F as great if the variables were independent.
    chi_square
        The statistic of Pearson on weighted proportions and the number of respondents.
    respondents
        Those who answered both.
    """

    statistic: float
    degrees: tuple[float, float]
    p_value: float
    chi_square: float
    respondents: int


def rao_scott(
    source: Source,
    rows: str,
    columns: str,
    *,
    over: Domain | None = None,
    variance: Variance = "calibrated",
) -> Independence:
    """Test that two categorical variables are independent, by the second-order correction.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    rows, columns : str
        The variables.
    over
        The domain.
    variance
        As for every estimate.

    Raises
    ------
    SurveyError
        If a variable takes one level only, or as :func:`alliage.survey.estimate`.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> rows = {"q": ["y"] * 30 + ["n"] * 30, "sex": ["w", "m", "w"] * 10 + ["m", "m", "w"] * 10}
    >>> found = rao_scott(sample(pl.DataFrame(rows), Design()), "q", "sex")
    >>> round(found.chi_square, 3), round(found.statistic, 3)
    (6.667, 6.556)

    Notes
    -----
    The covariance of the proportions of the table is that of the design. F has ``tr(Δ)² / tr(Δ²)``
    degrees of freedom, times those of the design below.

    Source: Rao and Scott (1984), Annals of Statistics 12; Thomas and Rao (1987), JASA 82; the same
    as ``svychisq`` of R's survey.
    """
    counts = estimate(
        source, Count(variable=rows, by=(columns,), over=kept(over)), variance=variance
    )
    if counts.covariance is None:
        msg = f"The counts of « {rows} » have no covariance. Test estimates that have one."
        raise SurveyError(SurveyProblem.REQUEST, msg, rows=rows)
    aside = {item.group[columns]: item.respondents for item in counts}
    values = np.array([item.value for item in counts]).reshape(len(aside), -1)
    found = of_counts(
        values, counts.covariance, sum(aside.values()), degrees=design_degrees(source)
    )
    if found is None:
        levels = np.count_nonzero(values.any(axis=0))
        msg = (
            f"« {rows} » has {levels} levels and « {columns} » {len(aside)} among those who "
            "answered both. A test needs two of each: leave the pair out."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, rows=rows, columns=columns)
    return found


def of_counts(
    counts: Floats, covariance: Floats, respondents: int, *, degrees: float
) -> Independence | None:
    """Test a table of weighted counts.

    Parameters
    ----------
    counts : array of float, shape (R, C)
        The counts.
    covariance : array of float, shape (R * C, R * C)
        Their covariance.
    respondents : int
        How many answered both.
    degrees : float
        Degrees of freedom of the design.

    Returns
    -------
    Independence or None
        ``None`` if fewer than two rows or columns hold somebody: there is nothing to test.
    """
    above, aside = counts.any(axis=1), counts.any(axis=0)
    held = np.outer(above, aside).ravel()
    table = counts[np.ix_(above, aside)]
    if min(table.shape) < 2:
        return None
    flat = table.ravel() / table.sum()
    turn = (np.eye(flat.size) - flat[:, None]) / table.sum()
    spread = turn @ covariance[np.ix_(held, held)] @ turn.T
    shares = flat.reshape(table.shape)
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    chi_square = respondents * float(((shares - expected) ** 2 / expected).sum())
    inverse = np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)
    contrasts = _interactions(table.shape) * inverse[:, None]
    below = contrasts.T @ (contrasts * (flat / respondents)[:, None])
    delta = np.linalg.solve(below, contrasts.T @ spread @ contrasts)
    trace = float(np.trace(delta))
    freedom = trace**2 / float(np.trace(delta @ delta))
    statistic = chi_square / trace
    both = (freedom, freedom * degrees)
    return Independence(statistic, both, float(fdtrc(*both, statistic)), chi_square, respondents)


@cache
def _interactions(shape: tuple[int, ...]) -> Floats:
    """Return an orthogonal basis of what rows and columns alone do not explain."""
    one, other = (_centred(size) for size in shape)
    return np.asarray(np.kron(one, other), dtype=np.float64)


def _centred(size: int) -> Floats:
    return np.asarray(np.linalg.qr(np.eye(size)[:, 1:] - 1 / size)[0], dtype=np.float64)


def design_degrees(source: Source) -> float:
    """Return the degrees of freedom of a whole sample, or those that its design states."""
    rule, basis = source.design.df, source.variance_basis
    if not isinstance(rule, DfRule):
        return float(rule)
    if isinstance(basis, Replicates):
        return float(basis.degrees)
    cells = source.cells((), ())
    return float(basis.degrees_of_freedom(cells.place, cells.respondents))
