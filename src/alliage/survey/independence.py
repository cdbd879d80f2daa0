"""Whether two questions go together, the design of the sample taken into account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import fdtrc

from alliage.survey.design import DfRule
from alliage.survey.domains import kept
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation import estimate
from alliage.survey.replication import Replicates
from alliage.survey.requests import Count

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats
    from alliage.survey.domains import Domain
    from alliage.survey.estimation import Variance
    from alliage.survey.results import Estimates
    from alliage.survey.sample import Source
    from alliage.survey.table import Level

    _Names: TypeAlias = tuple[tuple[str, ...], tuple[Level, ...]]


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
    names = _levels(counts, rows, columns)
    if counts.covariance is None:
        msg = f"The counts of « {rows} » have no covariance. Test estimates that have one."
        raise SurveyError(SurveyProblem.REQUEST, msg, rows=rows)
    table, covariance, respondents = _proportions(counts, counts.covariance, names, columns)
    shape = table.shape
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    chi_square = respondents * float(((table - expected) ** 2 / expected).sum())
    flat = table.ravel()
    inverse = np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)
    contrasts = _interactions(shape) * inverse[:, None]
    below = contrasts.T @ (contrasts * (flat / respondents)[:, None])
    delta = np.linalg.solve(below, contrasts.T @ covariance @ contrasts)
    spread = float(np.trace(delta))
    freedom = spread**2 / float(np.trace(delta @ delta))
    statistic = chi_square / spread
    degrees = (freedom, freedom * _design_degrees(source))
    return Independence(
        statistic, degrees, float(fdtrc(*degrees, statistic)), chi_square, respondents
    )


def _levels(counts: Estimates, rows: str, columns: str) -> _Names:
    """Return the levels that somebody carries."""
    above = dict.fromkeys(item.level for item in counts if item.value > 0)
    aside = dict.fromkeys(item.group[columns] for item in counts if item.value > 0)
    if min(len(above), len(aside)) < 2:
        msg = (
            f"« {rows} » has {len(above)} levels and « {columns} » {len(aside)} among those who "
            "answered both. A test needs two of each: leave the pair out."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, rows=rows, columns=columns)
    return tuple(above), tuple(aside)


def _proportions(
    counts: Estimates, spread: Floats, names: _Names, columns: str
) -> tuple[Floats, Floats, int]:
    """Return the proportions of a table, their covariance and the respondents."""
    above, aside = names
    places = {(item.level, item.group[columns]): place for place, item in enumerate(counts)}
    order = [places.get((level, other)) for level in above for other in aside]
    values = np.array([0.0 if place is None else counts[place].value for place in order])
    covariance = np.zeros((len(order), len(order)))
    held = np.array([at for at, place in enumerate(order) if place is not None])
    kept_places = np.array([place for place in order if place is not None])
    covariance[np.ix_(held, held)] = spread[np.ix_(kept_places, kept_places)]
    total = values.sum()
    shares = values / total
    turn = (np.eye(len(order)) - shares[:, None]) / total
    people = {item.group[columns]: item.respondents for item in counts}
    return (
        shares.reshape(len(above), len(aside)),
        turn @ covariance @ turn.T,
        sum(people.values()),
    )


def _interactions(shape: tuple[int, ...]) -> Floats:
    """Return an orthogonal basis of what rows and columns alone do not explain."""
    one, other = (_centred(size) for size in shape)
    return np.asarray(np.kron(one, other), dtype=np.float64)


def _centred(size: int) -> Floats:
    return np.asarray(np.linalg.qr(np.eye(size)[:, 1:] - 1 / size)[0], dtype=np.float64)


def _design_degrees(source: Source) -> float:
    rule, basis = source.design.df, source.variance_basis
    if not isinstance(rule, DfRule):
        return float(rule)
    if isinstance(basis, Replicates):
        return float(basis.degrees)
    cells = source.cells((), ())
    return float(basis.degrees_of_freedom(cells.place, cells.respondents))
