"""Whether the items of a door order people: Mokken's H and Guttman's reproducibility.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scalability:
    """Mokken's coefficients.

    Attributes
    ----------
    scale
        H of the scale.
    items
        H of each item.
    low, high
        Bounds of the 95 % interval of the scale, by resampling people.
    respondents
        People who answered every item.
    """

    scale: float
    items: tuple[float, ...]
    low: float
    high: float
    respondents: int


def scalability(levels: ArrayLike, *, resamples: int = 500, seed: int = 17) -> Scalability:
    """Return Mokken's H: covariances over the greatest that the margins allow.

    Parameters
    ----------
    levels
        Shape (N, K), from 0; -1 for unknown. People with an unknown answer are left out.
    resamples, seed
        Of the bootstrap of the interval (PCG64).

    Returns
    -------
    Scalability
        H of the scale and of each item.

    Raises
    ------
    ValueError
        If fewer than three people answered everything, or an item does not vary.

    Source: Mokken (1971), A Theory and Procedure of Scale Analysis; Molenaar (1991), Kwantitatieve
    Methoden 37, 97, for items of several levels.

    Examples
    --------
    A perfect scale:

    >>> scalability([[0, 0], [1, 0], [1, 1], [1, 1]]).scale
    1.0
    """
    given = _known(levels)
    scale, items = _coefficients(given)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = []
    for _ in range(resamples):
        again = given[generator.integers(0, len(given), len(given))]
        if (again.max(axis=0) > again.min(axis=0)).all():
            drawn.append(_coefficients(again)[0])
    low, high = np.quantile(drawn, [0.025, 0.975]) if drawn else (np.nan, np.nan)
    return Scalability(scale, tuple(map(float, items)), float(low), float(high), len(given))


def reproducibility(levels: ArrayLike, *, highest: int = 3) -> float:
    """Return Guttman's coefficient: the share of steps that the total alone foretells.

    Parameters
    ----------
    levels
        Shape (N, K), from 0 to ``highest``; -1 for unknown.
    highest
        The last level: an item has that many steps.

    Returns
    -------
    float
        In [0, 1]. With few steps or very unequal ones it is high by chance: read it with H.

    Raises
    ------
    ValueError
        As for :func:`scalability`, except that an item may not vary.

    Source: Guttman (1944), American Sociological Review 9, 139; errors counted as in Edwards
    (1957), Techniques of Attitude Scale Construction.

    Examples
    --------
    >>> reproducibility([[0, 0], [1, 0], [1, 1]], highest=1)
    1.0
    >>> reproducibility([[0, 1], [1, 0], [1, 0], [1, 1]], highest=1)
    0.75
    """
    given = _complete(levels)
    steps = np.concatenate([given >= step for step in range(1, highest + 1)], axis=1)
    order = np.argsort(-steps.mean(axis=0), kind="stable")
    ordered = steps[:, order]
    foretold = np.arange(ordered.shape[1]) < ordered.sum(axis=1)[:, None]
    return 1 - float((ordered != foretold).mean())


def _coefficients(given: Floats) -> tuple[float, Floats]:
    covariance = np.cov(given, rowvar=False, bias=True)
    greatest = np.cov(np.sort(given, axis=0), rowvar=False, bias=True)
    np.fill_diagonal(covariance, 0)
    np.fill_diagonal(greatest, 0)
    items: Floats = covariance.sum(axis=1) / greatest.sum(axis=1)
    return float(covariance.sum() / greatest.sum()), items


def _complete(levels: ArrayLike) -> Floats:
    given = np.asarray(levels, dtype=np.float64)
    found: Floats = given[(given >= 0).all(axis=1)]
    if len(found) < 3:
        msg = f"{len(found)} people answered every item. At least 3 are needed."
        raise ValueError(msg)
    return found


def _known(levels: ArrayLike) -> Floats:
    found = _complete(levels)
    still = np.flatnonzero(found.max(axis=0) == found.min(axis=0))
    if still.size:
        msg = f"Item {still[0] + 1} has one level only: it orders nobody."
        raise ValueError(msg)
    return found
