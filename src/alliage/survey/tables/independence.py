"""Whether two questions go together, the design of the sample taken into account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import null_space
from scipy.special import chdtrc, fdtrc

from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.requests import Count
from alliage.survey.sampling.design import DfRule
from alliage.survey.sampling.replication import Replicates

if TYPE_CHECKING:
    from alliage.survey.arrays import Booleans, Floats, Integers
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.estimation.estimates import Variance
    from alliage.survey.sampling.sample import Source


#: A sum of design effects below is that of counts without sampling error.
_NO_ERROR = 1e-10


@dataclass(frozen=True, slots=True)
class Independence:
    """A test that two variables are independent.

    Attributes
    ----------
    statistic
        F, the chi-square of Pearson over what the design makes of it.
    degrees
        Degrees of freedom of F, above and below; infinite below where those of the design are.
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
    degrees = design_degrees(source)
    people = np.array([sum(aside.values())])
    (found,) = of_counts(values[None], counts.covariance[None], people, degrees=degrees)
    if found is None:
        levels = int(np.count_nonzero(values.any(axis=0)))
        msg = (
            f"« {rows} » has {levels} levels and « {columns} » {len(aside)} among those who "
            "answered both. A test needs two of each: leave the pair out."
        )
        if min(levels, len(aside)) > 1:
            fact = (
                "no degrees of freedom: sample more units than strata, or merge strata"
                if degrees < 1
                else "no sampling error, told by a census, by the margins, or by clusters that are "
                "groups of the table: leave the pair out"
            )
            msg = f"The counts of « {rows} » by « {columns} » have {fact}."
        raise SurveyError(SurveyProblem.REQUEST, msg, rows=rows, columns=columns)
    return found


def of_counts(
    counts: Floats, covariances: Floats, respondents: Integers, *, degrees: float
) -> list[Independence | None]:
    """Test tables of weighted counts, all of one shape.

    Parameters
    ----------
    counts : array of float, shape (N, R, C)
        The counts of each table.
    covariances : array of float, shape (N, R * C, R * C)
        Their covariance.
    respondents : array of int, shape (N,)
        How many answered both.
    degrees : float
        Degrees of freedom of the design.

    Returns
    -------
    list of Independence or None
        ``None`` for a table of which fewer than two rows or columns hold somebody, or that a census
        or the margins tell without error: there is nothing to test. Nor can it be without degrees
        of freedom.
    """
    found: list[Independence | None] = [None] * len(counts)
    if degrees < 1:
        return found
    filled = (counts > 0).reshape(len(counts), -1)
    if min(counts.shape[1:]) > 1 and filled.all():
        return [*_tested(counts, covariances, respondents, degrees)]
    # Tables whose empty cells are the same go together.
    for pattern in np.unique(filled, axis=0):
        cells = pattern.reshape(counts.shape[1:])
        above, aside = cells.any(axis=1), cells.any(axis=0)
        if min(above.sum(), aside.sum()) < 2:
            continue
        which = np.flatnonzero((filled == pattern).all(axis=1))
        held = np.flatnonzero(np.outer(above, aside))
        tested = _tested(
            counts[np.ix_(which, above, aside)],
            covariances[np.ix_(which, held, held)],
            respondents[which],
            degrees,
        )
        for place, one in zip(which.tolist(), tested, strict=True):
            found[place] = one
    return found


def _tested(
    counts: Floats, covariances: Floats, respondents: Integers, degrees: float
) -> list[Independence | None]:
    """Test tables without an empty row or column, whose empty cells are the same.

    With ``C`` what rows and columns do not explain of the shares ``p``, over them, and ``V`` the
    covariance of the counts, the traces of ``Δ = n (C' diag(p) C)⁻¹ C' V C`` are those of
    ``n C (C' diag(p) C)⁻¹ C' V``. This follows from what rows and columns do explain, which is
    less: with ``M`` their margins, it is ``n diag(p)⁻¹ (V - diag(p) M (M' diag(p) M)⁻¹ M' V)``.
    """
    totals = counts.sum(axis=(1, 2))
    shares = counts / totals[:, None, None]
    expected = shares.sum(axis=2, keepdims=True) * shares.sum(axis=1, keepdims=True)
    chi_square = respondents * ((shares - expected) ** 2 / expected).sum(axis=(1, 2))
    flat = shares.reshape(len(shares), -1)
    filled = counts[0] > 0
    margins = _margins(filled)
    if not filled.all():
        # Shares are counts over their sum, which varies too; else this turns nothing.
        sums = covariances.sum(axis=2)
        sums -= sums.sum(axis=1, keepdims=True) * flat / 2
        turn = sums[:, :, None] * flat[:, None]
        covariances = covariances - turn - np.swapaxes(turn, 1, 2)
    products = (margins[:, :, None] * margins[:, None]).reshape(len(margins), -1)
    inverse = np.linalg.inv((flat @ products).reshape(len(flat), *2 * margins.shape[1:]))
    delta = (flat[:, :, None] * margins) @ (inverse @ (margins.T @ covariances))
    np.subtract(covariances, delta, out=delta)
    delta *= np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)[:, :, None]
    scale = respondents / totals**2
    trace = scale * np.trace(delta, axis1=1, axis2=2)
    # Design effects, whose sum is nothing where counts have no error.
    exact = trace <= _NO_ERROR
    trace[exact] = np.nan
    freedom = trace**2 / (scale**2 * np.einsum("nij,nji->n", delta, delta))
    statistic = chi_square / trace
    p_values = (
        chdtrc(freedom, freedom * statistic)
        if np.isinf(degrees)
        else fdtrc(freedom, freedom * degrees, statistic)
    )
    made = (exact, statistic, freedom, p_values, chi_square, respondents)
    return [
        None if is_exact else Independence(value, (above, above * degrees), p_value, square, people)
        for is_exact, value, above, p_value, square, people in zip(
            *(each.tolist() for each in made), strict=True
        )
    ]


def _margins(filled: Booleans) -> Floats:
    """Return a basis of sums of a row and a column effect that are null in the empty cells."""
    rows, columns = filled.shape
    every = np.concatenate(
        [np.repeat(np.eye(rows), columns, axis=0), np.tile(np.eye(columns)[:, 1:], (rows, 1))],
        axis=1,
    )
    empty = every[~filled.ravel()]
    return np.asarray(every @ null_space(empty) if len(empty) else every)


def design_degrees(source: Source) -> float:
    """Return the degrees of freedom of a whole sample, or those that its design states."""
    rule, basis = source.design.df, source.variance_basis
    if not isinstance(rule, DfRule):
        return float(rule)
    if isinstance(basis, Replicates):
        return float(basis.degrees)
    cells = source.cells((), ())
    return float(basis.degrees_of_freedom(cells.place, cells.respondents))
