"""How consistent the items of a door are: α, standardised α and McDonald's ω.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.optimize import least_squares

from alliage.survey.comparison.association import polychoric

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]

_FEWEST_ITEMS = 2
_FEWEST_FOR_A_FACTOR = 3


def alpha(covariance: ArrayLike) -> float:
    """Return Cronbach's α; of a correlation matrix, it is the standardised α.

    Parameters
    ----------
    covariance
        Shape (K, K), of the items, or their correlations.

    Returns
    -------
    float
        At most 1; may be negative.

    Raises
    ------
    ValueError
        If the matrix is not square and symmetric, of two items at least, or sums to 0.

    Notes
    -----
    A lower bound of reliability only if items are equally related to what they share; ω is to be
    read rather than α.

    Source: Cronbach (1951), Psychometrika 16, 297.

    Examples
    --------
    >>> round(alpha([[1, 0.5], [0.5, 1]]), 6)
    0.666667
    """
    matrix = _square(covariance, _FEWEST_ITEMS)
    items = len(matrix)
    whole = float(matrix.sum())
    if whole <= 0:
        msg = f"The sum of the items has the variance {whole:g}. Give items that vary together."
        raise ValueError(msg)
    return items / (items - 1) * (1 - float(np.trace(matrix)) / whole)


def loadings(correlation: ArrayLike) -> Floats:
    """Return the loadings of one factor, by least squares on the correlations (minres).

    Parameters
    ----------
    correlation
        Shape (K, K).

    Returns
    -------
    Floats
        Shape (K,), their sum positive.

    Raises
    ------
    ValueError
        If the matrix is not square and symmetric, of three items at least.

    Source: Harman & Jones (1966), Psychometrika 31, 351.

    Examples
    --------
    >>> loadings([[1, 0.42, 0.56], [0.42, 1, 0.48], [0.56, 0.48, 1]]).round(6).tolist()
    [0.7, 0.6, 0.8]
    """
    matrix = _square(correlation, _FEWEST_FOR_A_FACTOR)
    upper = np.triu_indices(len(matrix), 1)
    values, vectors = np.linalg.eigh(matrix)
    start = vectors[:, -1] * np.sqrt(max(values[-1], 1e-6))
    start = start * (1.0 if start.sum() >= 0 else -1.0)

    def left(found: Floats) -> Floats:
        gaps: Floats = (np.outer(found, found) - matrix)[upper]
        return gaps

    found: Floats = least_squares(
        left, np.clip(start, -0.999, 0.999), bounds=(-1, 1), xtol=1e-14, ftol=1e-14, gtol=1e-14
    ).x
    return found if found.sum() >= 0 else -found


def omega(correlation: ArrayLike) -> float:
    """Return McDonald's ω: the share of the variance of the sum that items share.

    Parameters
    ----------
    correlation
        Shape (K, K); polychoric for items of few levels.

    Returns
    -------
    float
        ``1 - (sum of the uniquenesses) / (sum of the correlations)``.

    Raises
    ------
    ValueError
        As for :func:`loadings`.

    Source: McDonald (1999), Test Theory, eq. 6.20.

    Examples
    --------
    >>> round(omega([[1, 0.42, 0.56], [0.42, 1, 0.48], [0.56, 0.48, 1]]), 6)
    0.744932
    """
    matrix = _square(correlation, _FEWEST_FOR_A_FACTOR)
    own = 1 - loadings(matrix) ** 2
    return 1 - float(own.sum()) / float(matrix.sum())


def polychoric_matrix(levels: ArrayLike, *, unknown: int = -1) -> Floats:
    """Return the polychoric correlations of items, by pairs of known answers.

    Parameters
    ----------
    levels
        Shape (N, K).
    unknown
        The code of an answer that is not known.

    Returns
    -------
    Floats
        Shape (K, K).

    Raises
    ------
    ValueError
        If an item has one level only.

    Source: Olsson (1979), Psychometrika 44, 443.
    """
    given = np.asarray(levels)
    size = given.shape[1]
    found = np.eye(size)
    for one in range(size):
        for other in range(one):
            both = given[(given[:, one] != unknown) & (given[:, other] != unknown)]
            rows, first = np.unique(both[:, one], return_inverse=True)
            columns, second = np.unique(both[:, other], return_inverse=True)
            if min(len(rows), len(columns)) < _FEWEST_ITEMS:
                msg = f"Item {one + 1} or {other + 1} has one level only: nothing varies with it."
                raise ValueError(msg)
            counts = np.zeros((len(rows), len(columns)))
            np.add.at(counts, (first, second), 1)
            found[one, other] = found[other, one] = polychoric(counts).rho
    return found


def _square(matrix: ArrayLike, fewest: int) -> Floats:
    found = np.asarray(matrix, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or len(found) < fewest:
        msg = (
            f"The matrix has the shape {found.shape}. Give a square one of {fewest} items or more."
        )
        raise ValueError(msg)
    if not np.isfinite(found).all() or not np.allclose(found, found.T, atol=1e-12):
        msg = "The matrix is not symmetric, or a value is not finite. Give covariances."
        raise ValueError(msg)
    return found
