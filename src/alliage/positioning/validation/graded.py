"""How much each item tells, and of whom: Samejima's graded response model.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]

_NODES = 61
_REACH = 6.0
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class GradedItem:
    """An item of the model.

    Attributes
    ----------
    slope
        How sharply it tells people apart.
    thresholds
        For each step, where half the people reach it; in standard deviations, rising.
    """

    slope: float
    thresholds: tuple[float, ...]


def graded_items(
    levels: ArrayLike, *, tolerance: float = 1e-5, rounds: int = 500
) -> tuple[GradedItem, ...]:
    """Fit the model by marginal maximum likelihood (EM), people standard normal.

    Parameters
    ----------
    levels
        Shape (N, K), from 0, every level of an item used; -1 for unknown.
    tolerance
        Largest change of a parameter in the last round.
    rounds
        Rounds of EM at most.

    Returns
    -------
    tuple of GradedItem
        One an item.

    Raises
    ------
    ValueError
        If a level of an item is never used, or the rounds do not suffice.

    Source: Samejima (1969), Psychometrika Monograph 17; Bock & Aitkin (1981), Psychometrika 46,
    443, for the algorithm.
    """
    given = np.asarray(levels, dtype=np.int64)
    sizes = [_size(given[:, place], place) for place in range(given.shape[1])]
    nodes = np.linspace(-_REACH, _REACH, _NODES)
    prior = np.exp(-(nodes**2) / 2)
    prior /= prior.sum()
    found = [np.concatenate([[0.0], np.linspace(-1, 1, size - 1)]) for size in sizes]
    found = [_as_steps(one) for one in found]
    change = np.inf
    for _ in range(rounds):
        chances = [_chances(one, nodes) for one in found]
        weight = np.tile(np.log(prior), (len(given), 1))
        for place, chance in enumerate(chances):
            known = given[:, place] >= 0
            weight[known] += np.log(chance[given[known, place]])
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        new = []
        for place, size in enumerate(sizes):
            counts = np.stack(
                [weight[given[:, place] == level].sum(axis=0) for level in range(size)]
            )
            new.append(_fitted(found[place], counts, nodes))
        change = max(float(np.abs(a - b).max()) for a, b in zip(found, new, strict=True))
        found = new
        if change < tolerance:
            return tuple(_item(one) for one in found)
    msg = (
        f"The model still moved by {change:.1e} after {rounds} rounds. Give more people, or rounds."
    )
    raise ValueError(msg)


def information(items: Sequence[GradedItem], places: ArrayLike) -> Floats:
    """Return what items tell of people at some places.

    Parameters
    ----------
    items
        Items of the model.
    places
        Shape (M,), in standard deviations.

    Returns
    -------
    Floats
        Shape (M,): Fisher information; the error of measure is one over its square root.

    Examples
    --------
    An item of two levels tells a quarter of its squared slope, where half the people reach it:

    >>> information([GradedItem(2.0, (0.5,))], [0.5]).tolist()
    [1.0]
    """
    at = np.asarray(places, dtype=np.float64)
    told = np.zeros_like(at)
    for item in items:
        reached = expit(item.slope * (at[None, :] - np.asarray(item.thresholds)[:, None]))
        curves = np.vstack([np.ones_like(at), reached, np.zeros_like(at)])
        slopes = item.slope * curves * (1 - curves)
        chance = np.maximum(curves[:-1] - curves[1:], _SMALLEST)
        told += ((slopes[:-1] - slopes[1:]) ** 2 / chance).sum(axis=0)
    return told


def _size(item: NDArray[np.int64], place: int) -> int:
    size = int(item.max()) + 1
    unused = [level for level in range(size) if not (item == level).any()]
    if size < 2 or unused:
        names = ", ".join(map(str, unused)) or "any but 0"
        msg = f"Nobody is at level {names} of item {place + 1}. Join it to its neighbour."
        raise ValueError(msg)
    return size


def _as_steps(parameters: Floats) -> Floats:
    """Return (log slope, first threshold, log of each further step)."""
    return np.concatenate([parameters[:2], np.log(np.maximum(np.diff(parameters[1:]), 1e-3))])


def _thresholds(steps: Floats) -> Floats:
    found: Floats = np.concatenate([steps[1:2], steps[1] + np.cumsum(np.exp(steps[2:]))])
    return found


def _item(steps: Floats) -> GradedItem:
    return GradedItem(float(np.exp(steps[0])), tuple(map(float, _thresholds(steps))))


def _chances(steps: Floats, nodes: Floats) -> Floats:
    reached = expit(np.exp(steps[0]) * (nodes[None, :] - _thresholds(steps)[:, None]))
    curves = np.vstack([np.ones_like(nodes), reached, np.zeros_like(nodes)])
    found: Floats = np.maximum(curves[:-1] - curves[1:], _SMALLEST)
    return found


def _fitted(start: Floats, counts: Floats, nodes: Floats) -> Floats:
    def surprise(steps: Floats) -> float:
        return -float((counts * np.log(_chances(steps, nodes))).sum())

    found: Floats = minimize(
        surprise, start, method="L-BFGS-B", bounds=[(-3, 2), (-8, 8), *[(-7, 3)] * (len(start) - 2)]
    ).x
    return found
