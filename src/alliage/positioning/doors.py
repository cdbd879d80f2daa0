"""From six comparisons to the door that fits, and how sure this is.

See ``docs/algorithms/positioning-doors.md``.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]

DOORS = 4
PAIRS = tuple(itertools.combinations(range(DOORS), 2))

#: A door is clear from this probability: it won its three comparisons.
CLEAR = 0.6
#: From this many ties, the comparisons tell too little to name doors.
TOO_MANY_TIES = 4

_DRAWS = 4000
_SEED = 17


class Preference(IntEnum):
    """The answer to a comparison."""

    FIRST = 0
    AS_MUCH = 1
    SECOND = 2
    NOT_ANSWERED = 3


@dataclass(frozen=True, slots=True)
class Preferences:
    """What six comparisons say.

    Attributes
    ----------
    scores
        For each door, its wins and half its ties, over the comparisons answered about it; between
        0 and 1, ``None`` if none was answered.
    probabilities
        For each door, the probability that it is the preferred one; they add up to 1.
    circular
        Circular triads: A over B, B over C, C over A. 0, 1 or 2.
    consistency
        ``1 - circular / 2``, Kendall's coefficient for four objects.
    ties, missing
        Comparisons answered « as much », and not answered.
    """

    scores: tuple[float | None, ...]
    probabilities: tuple[float, ...]
    circular: int
    consistency: float
    ties: int
    missing: int

    @property
    def says_something(self) -> bool:
        """Whether doors may be named: the comparisons neither turn round nor hesitate too much."""
        return self.circular < 2 and self.ties + self.missing < TOO_MANY_TIES

    @property
    def named(self) -> tuple[int, ...]:
        """The doors to show, by probability: one if it is clear, else two; none if unsaid.

        More than two are shown where the second and the next are as probable: nobody is chosen by
        the order of a list.
        """
        if not self.says_something:
            return ()
        order = sorted(range(DOORS), key=lambda door: (-self.probabilities[door], door))
        if self.probabilities[order[0]] >= CLEAR:
            return (order[0],)
        second = self.probabilities[order[1]]
        return tuple(door for door in order if self.probabilities[door] >= second - 1e-9)


def preferences(answers: Sequence[Preference]) -> Preferences:
    """Read six comparisons.

    Parameters
    ----------
    answers
        One for each of :data:`PAIRS`.

    Returns
    -------
    Preferences
        Scores, probabilities and consistency.

    Raises
    ------
    ValueError
        If there are not six answers.

    Notes
    -----
    Bradley–Terry strengths with ties (Davidson): between doors of strengths a and b, a tie has the
    weight ``sqrt(a b)``, so that two equal doors tie once in three. The prior is uniform on the
    simplex (Dirichlet of ones); each draw is used in its 24 orders, so that no door is favoured.

    Source: Bradley & Terry (1952), Biometrika 39, 324; Davidson (1970), JASA 65, 317; Kendall &
    Babington Smith (1940), Biometrika 31, 324.

    Examples
    --------
    >>> first, tie = Preference.FIRST, Preference.AS_MUCH
    >>> found = preferences([first] * 6)
    >>> [round(value, 2) for value in found.probabilities], found.named
    ([0.64, 0.27, 0.08, 0.01], (0,))
    >>> found = preferences([tie] * 6)
    >>> [round(value, 2) for value in found.probabilities], found.named
    ([0.25, 0.25, 0.25, 0.25], ())
    """
    if len(answers) != len(PAIRS):
        msg = f"{len(answers)} comparisons are given. Give {len(PAIRS)}, in the order of PAIRS."
        raise ValueError(msg)
    return _read(tuple(map(Preference, answers)))


@functools.cache
def _read(given: tuple[Preference, ...]) -> Preferences:
    """Read one of the 4,096 ways to answer, which are few enough to be kept once they are read."""
    circular = circular_triads(given)
    return Preferences(
        scores=_scores(given),
        probabilities=tuple(float(one) for one in _all_probabilities()[_pattern(given)]),
        circular=circular,
        consistency=1 - circular / 2,
        ties=given.count(Preference.AS_MUCH),
        missing=given.count(Preference.NOT_ANSWERED),
    )


def probabilities_of(answers: ArrayLike) -> Floats:
    """Return the probabilities of the doors of many questionnaires.

    Parameters
    ----------
    answers
        Shape (N, 6), values of :class:`Preference`.

    Returns
    -------
    NDArray[np.float64]
        Shape (N, 4); each row adds up to 1.

    Raises
    ------
    ValueError
        If the shape or a value is another.

    Examples
    --------
    >>> probabilities_of([[0] * 6, [1] * 6]).round(2).tolist()
    [[0.64, 0.27, 0.08, 0.01], [0.25, 0.25, 0.25, 0.25]]
    """
    given = np.asarray(answers)
    if given.ndim != 2 or given.shape[1] != len(PAIRS):
        msg = f"The comparisons have the shape {given.shape}. Give (N, {len(PAIRS)})."
        raise ValueError(msg)
    if given.size and (given.min() < 0 or given.max() > Preference.NOT_ANSWERED):
        msg = f"A comparison is {given.min()} or {given.max()}. Give 0, 1, 2, or 3 for no answer."
        raise ValueError(msg)
    places = given.astype(np.int64) @ (DOORS ** np.arange(len(PAIRS)))
    found: Floats = _all_probabilities()[places]
    return found


def circular_triads(answers: Sequence[Preference]) -> int:
    """Count the circular triads; a tie or a missing answer makes none.

    Examples
    --------
    P over M, M over I, I over P:

    >>> circular_triads([0, 2, 0, 0, 0, 0])
    1
    """
    beats = {
        (first, second) if answer == Preference.FIRST else (second, first)
        for (first, second), answer in zip(PAIRS, answers, strict=True)
        if answer in {Preference.FIRST, Preference.SECOND}
    }
    return sum(
        {(a, b), (b, c), (c, a)} <= beats or {(b, a), (c, b), (a, c)} <= beats
        for a, b, c in itertools.combinations(range(DOORS), 3)
    )


def _scores(answers: Sequence[Preference]) -> tuple[float | None, ...]:
    points: list[list[float]] = [[] for _ in range(DOORS)]
    for (first, second), answer in zip(PAIRS, answers, strict=True):
        if answer is not Preference.NOT_ANSWERED:
            won = (1.0, 0.5, 0.0)[answer]
            points[first].append(won)
            points[second].append(1 - won)
    return tuple(sum(one) / len(one) if one else None for one in points)


def _pattern(answers: Sequence[Preference]) -> int:
    return sum(int(answer) * DOORS**place for place, answer in enumerate(answers))


@functools.cache
def _all_probabilities() -> Floats:
    """Return the probabilities for each of the 4,096 ways to answer: shape (4096, 4)."""
    generator = np.random.Generator(np.random.PCG64(_SEED))
    draws = generator.dirichlet(np.ones(DOORS), _DRAWS)
    # Each draw stands in its 24 orders, so that no door is favoured by the draws.
    orders = list(itertools.permutations(range(DOORS)))
    strengths = np.concatenate([draws[:, order] for order in orders])
    best = strengths.argmax(axis=1)
    weights = np.empty((DOORS ** len(PAIRS), DOORS))
    for door in range(DOORS):
        drawn = strengths[best == door]
        weights[:, door] = (_likelihood(PAIRS[3:], drawn) @ _likelihood(PAIRS[:3], drawn).T).ravel()
    whole: Floats = weights.sum(axis=1, keepdims=True)
    return weights / whole


def _likelihood(pairs: Sequence[tuple[int, int]], drawn: Floats) -> Floats:
    """Return that of each way to answer some pairs, the first changing fastest, by draw."""
    found: Floats = np.ones((1, len(drawn)))
    for first, second in pairs:
        a, b = drawn[:, first], drawn[:, second]
        tie = np.sqrt(a * b)
        answers = np.stack([a, tie, b, a + b + tie]) / (a + b + tie)
        found = (answers[:, None, :] * found[None, :, :]).reshape(-1, len(drawn))
    return found
