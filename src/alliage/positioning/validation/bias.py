"""Whether an item means the same to everybody: differential item functioning.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

#: A larger gain of Nagelkerke's R² is a moderate difference at least.
FLAGGED = 0.035
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class ItemBias:
    """How much a group adds to what the other items foretell of an item.

    Attributes
    ----------
    gain
        Of Nagelkerke's R², the group and its interaction with the score together.
    uniform
        The part of it that is the same at every score.
    p_value
        Of the likelihood ratio test of both.
    respondents
        People in it.
    """

    gain: float
    uniform: float
    p_value: float
    respondents: int

    @property
    def is_flagged(self) -> bool:
        """Whether the item is to be worded again, or read apart."""
        return self.gain > FLAGGED


def item_bias(levels: ArrayLike, others: ArrayLike, group: ArrayLike) -> ItemBias:
    """Compare ordinal logistic models of an item: the score, plus the group, plus both crossed.

    Parameters
    ----------
    levels
        Shape (N,): the item, from 0.
    others
        Shape (N,): the sum of the other items of the door.
    group
        Shape (N,): the group of each person, as numbers or texts.

    Returns
    -------
    ItemBias
        What the group adds.

    Raises
    ------
    ValueError
        If the item does not vary, or there is one group only.

    Notes
    -----
    Proportional odds. The score leaves the item out, so that a biased item does not hide itself.

    Source: Zumbo (1999), A Handbook on the Theory and Methods of DIF; thresholds of Jodoin & Gierl
    (2001), Applied Measurement in Education 14, 329.
    """
    given, score = np.asarray(levels), np.asarray(others, dtype=np.float64)
    names, member = np.unique(np.asarray(group), return_inverse=True)
    _, item = np.unique(given, return_inverse=True)
    if item.max(initial=0) == 0:
        msg = "The item has one level only: no group can answer it otherwise."
        raise ValueError(msg)
    if len(names) == 1:
        msg = f"Everybody is in the group « {names[0]} ». Give two groups at least."
        raise ValueError(msg)
    centred = (score - score.mean()) / (score.std() or 1.0)
    dummies = np.stack([member == place for place in range(1, len(names))], axis=1).astype(float)
    crossed = dummies * centred[:, None]
    fits = [
        _log_likelihood(item, columns)
        for columns in (
            np.empty((len(item), 0)),
            centred[:, None],
            np.hstack([centred[:, None], dummies]),
            np.hstack([centred[:, None], dummies, crossed]),
        )
    ]
    explained = [_nagelkerke(fits[0], fit, len(item)) for fit in fits[1:]]
    statistic = max(2 * (fits[3] - fits[1]), 0.0)
    return ItemBias(
        gain=max(explained[2] - explained[0], 0.0),
        uniform=max(explained[1] - explained[0], 0.0),
        p_value=float(stats.chi2.sf(statistic, dummies.shape[1] + crossed.shape[1])),
        respondents=len(item),
    )


def _nagelkerke(empty: float, full: float, people: int) -> float:
    return float((1 - np.exp(2 * (empty - full) / people)) / (1 - np.exp(2 * empty / people)))


def _log_likelihood(item: Ints, columns: Floats) -> float:
    """Return the greatest log-likelihood of a proportional odds model."""
    cuts = int(item.max())
    shares = np.cumsum(np.bincount(item)[:-1]) / len(item)
    start = np.log(shares / (1 - shares))
    steps = np.log(np.maximum(np.diff(start), 1e-3))
    first = np.concatenate([start[:1], steps, np.zeros(columns.shape[1])])

    def surprise(found: Floats) -> tuple[float, Floats]:
        thresholds = np.concatenate([found[:1], found[0] + np.cumsum(np.exp(found[1:cuts]))])
        bounds = np.concatenate([[-np.inf], thresholds, [np.inf]])
        centre = columns @ found[cuts:]
        above, below = expit(bounds[item + 1] - centre), expit(bounds[item] - centre)
        chance = np.maximum(above - below, _SMALLEST)
        # The slopes of the two ends, and what the thresholds and the columns make of them.
        rises, falls = above * (1 - above) / chance, below * (1 - below) / chance
        of_bound = (
            np.bincount(item, rises, cuts + 1)[:cuts] - np.bincount(item, falls, cuts + 1)[1:]
        )
        later = np.cumsum(of_bound[::-1])[::-1]
        slope = np.concatenate(
            [later[:1], later[1:] * np.exp(found[1:cuts]), -columns.T @ (rises - falls)]
        )
        return -float(np.log(chance).sum()), -slope

    fit = minimize(surprise, first, jac=True, method="BFGS", options={"gtol": 1e-7})
    return -float(fit.fun)
