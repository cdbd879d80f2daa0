"""From observable behaviours to the step one is on, and what keeps one from the next.

See ``docs/algorithms/positioning-steps.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.positioning.questionnaire import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from alliage.positioning.questionnaire import Behaviour

    Ints: TypeAlias = NDArray[np.int64]

#: A behaviour that was not answered, or answered « do not know, does not apply ».
UNKNOWN = -1
_PER_DOOR = 4


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one is in a door.

    Attributes
    ----------
    level
        The step, from 0 to 3; ``None`` where fewer than three behaviours are known.
    known
        How many of its behaviours are known.
    blocking
        The first behaviour, in the order of the questionnaire, that is below the next step;
        ``None`` on the last step, or where the step is not known.
    """

    level: int | None
    known: int
    blocking: Behaviour | None

    def next_action(self, levels: Mapping[str, int]) -> tuple[str, str] | None:
        """Return what to do next, French and English, from the level that one has.

        Examples
        --------
        >>> from alliage.positioning.questionnaire import questionnaire
        >>> four = questionnaire().of_door("innovate")
        >>> found = reach(four, {one.code: 1 for one in four})
        >>> found.level, found.blocking.code
        (1, 'designed_together')
        >>> found.next_action({one.code: 1 for one in four})[1]
        'Try the idea on a small scale, with an end date.'
        """
        if self.blocking is None:
            return None
        level = levels[self.blocking.code]
        return self.blocking.next_fr[level], self.blocking.next_en[level]


def reach(behaviours: Sequence[Behaviour], levels: Mapping[str, int]) -> Reach:
    """Return the step reached in a door.

    Parameters
    ----------
    behaviours
        The four of the door.
    levels
        The level of each behaviour that is known, from 0 to 3.

    Returns
    -------
    Reach
        The highest level that three behaviours of four have at least, or two of the three that
        are known.

    Notes
    -----
    Criterion-referenced: a step says what is done, not where one stands among others.

    Source: the rule is Alliage's; Guttman (1944), American Sociological Review 9, 139, for scales
    whose levels include the former ones.
    """
    known = sorted(levels[one.code] for one in behaviours if one.code in levels)
    if len(known) < _PER_DOOR - 1:
        return Reach(None, len(known), None)
    # Three of four, or two of three, have at least the second.
    level = known[1]
    if level == LEVELS - 1:
        return Reach(level, len(known), None)
    blocking = next(one for one in behaviours if levels.get(one.code, LEVELS) <= level)
    return Reach(level, len(known), blocking)


def steps_of(levels: ArrayLike) -> Ints:
    """Return the steps of many questionnaires in a door.

    Parameters
    ----------
    levels
        Shape (N, 4), from 0 to 3, -1 for unknown.

    Returns
    -------
    Ints
        Shape (N,), from 0 to 3, -1 where two behaviours or more are unknown.

    Raises
    ------
    ValueError
        If the shape or a level is another.

    Examples
    --------
    >>> steps_of([[3, 2, 2, 0], [1, 1, 0, -1], [3, 3, -1, -1]]).tolist()
    [2, 1, -1]
    """
    given = np.asarray(levels)
    if given.ndim != 2 or given.shape[1] != _PER_DOOR:
        msg = f"The levels have the shape {given.shape}. Give (N, {_PER_DOOR})."
        raise ValueError(msg)
    if given.size and (given.min() < UNKNOWN or given.max() >= LEVELS):
        msg = f"A level is {given.min()} or {given.max()}. Give 0 to 3, or -1 if it is not known."
        raise ValueError(msg)
    ordered = np.sort(given.astype(np.int64), axis=1)
    # Unknown ones come first, then those of which :func:`reach` takes the second.
    unknown = (ordered == UNKNOWN).sum(axis=1)
    second: Ints = ordered[np.arange(len(ordered)), np.minimum(unknown + 1, _PER_DOOR - 1)]
    return np.where(unknown <= 1, second, UNKNOWN)
