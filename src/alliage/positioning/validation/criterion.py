"""Whether experts find the items relevant, and whether steps foretell alliances.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Discrimination:
    """The area under the ROC curve and its 95 % interval."""

    area: float
    low: float
    high: float
    positives: int
    negatives: int


def item_content_validity(ratings: Sequence[int]) -> float:
    """Return the share of experts who find an item relevant: 3 or 4 on a scale of 1 to 4.

    Raises
    ------
    ValueError
        If no expert answered, or a mark is not on the scale.

    Source: Lynn (1986), Nursing Research 35, 382.

    Examples
    --------
    >>> round(item_content_validity([4, 3, 4, 2, 3, 4]), 3)
    0.833
    """
    if not ratings or not set(ratings) <= {1, 2, 3, 4}:
        msg = f"The marks are {list(ratings)}. Give at least one, from 1 to 4."
        raise ValueError(msg)
    return sum(mark >= 3 for mark in ratings) / len(ratings)


def discrimination(scores: ArrayLike, happened: ArrayLike) -> Discrimination:
    """Return how well a step foretells an alliance: the area under the ROC curve.

    Parameters
    ----------
    scores
        Shape (N,): the step.
    happened
        Shape (N,): whether an alliance was verified afterwards.

    Returns
    -------
    Discrimination
        The chance that who made an alliance was on the higher step, ties counting for half; its
        interval is made on the logit, and widest where all are told apart.

    Raises
    ------
    ValueError
        If nobody, or everybody, made an alliance.

    Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837.

    Examples
    --------
    >>> round(discrimination([0, 1, 1, 2, 3, 3], [0, 0, 1, 0, 1, 1]).area, 4)
    0.8333
    """
    given, made = np.asarray(scores, dtype=np.float64), np.asarray(happened, dtype=bool)
    positive, negative = given[made], given[~made]
    if not len(positive) or not len(negative):
        msg = f"{len(positive)} made an alliance and {len(negative)} did not. Both are needed."
        raise ValueError(msg)
    beats = (positive[:, None] > negative).astype(float) + 0.5 * (positive[:, None] == negative)
    area = float(beats.mean())
    if min(len(positive), len(negative)) < 2 or area in {0.0, 1.0}:
        return Discrimination(area, 0.0, 1.0, len(positive), len(negative))
    variance = beats.mean(axis=1).var(ddof=1) / len(positive)
    variance += beats.mean(axis=0).var(ddof=1) / len(negative)
    reach = stats.norm.ppf(0.975) * np.sqrt(variance) / (area * (1 - area))
    low, high = 1 / (1 + np.exp(-(np.log(area / (1 - area)) + np.array([-reach, reach]))))
    return Discrimination(area, float(low), float(high), len(positive), len(negative))
