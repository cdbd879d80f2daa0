"""Answers drawn at random whose weighted figures are those asked.

Three steps, for each column. Chances: the distribution of the answers of each kind of people that
is nearest to a first one among those that give the figures on average. Draw: everybody's answer,
from a hidden disposition that makes the columns of a person go together. Repair: some answers
moved, so that the figures are met by the people drawn, and not on average only.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from alliage.survey.arrays import Floats, Ints

_STEPS = 60
_HALVINGS = 30
_CLOSE = 1e-9
_HALF = 0.5
_MOVES = 5_000
_RECENT = 12


class UnreachableTargetError(ValueError):
    """Figures that no answers of these people give together."""

    def __init__(self, column: str, figure: str, missed: float) -> None:
        self.column = column
        self.figure = figure
        self.missed = missed
        super().__init__(
            f"The answers to « {column} » cannot give « {figure} » with the other figures: it is "
            f"missed by {missed:.3g}. Correct the targets, or ask for more respondents."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Constraint:
    """A weighted sum of scores that should be 0.

    Attributes
    ----------
    name
        What it is, for people.
    people
        Whether each person is in its group, shape (N,).
    scores
        What each level adds, shape (L,).
    unsure
        What a person who gives no answer adds; ``None`` where they are not counted.
    tolerance
        How far from 0 the weighted mean of the scores may be.
    solved
        Whether chances are bent to it; else it follows from others, and is only repaired.
    """

    name: str
    people: npt.NDArray[np.bool_]
    scores: Floats
    unsure: float | None
    tolerance: float
    solved: bool = True

    def absent(self, weights: Floats, unsure: npt.NDArray[np.bool_]) -> float:
        """Return what people who give no answer add in all."""
        return (self.unsure or 0.0) * float(weights[self.people & unsure].sum())

    def size(self, weights: Floats, unsure: npt.NDArray[np.bool_]) -> float:
        """Return the weight of the people counted."""
        counted = self.people & ~unsure if self.unsure is None else self.people
        return float(weights[counted].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """People that nothing tells apart but their answers.

    Attributes
    ----------
    of
        The kind of each person, shape (N,).
    first
        A person of each kind, shape (T,).
    """

    of: Ints
    first: Ints


def bent(
    name: str,
    start: Floats,
    kinds: Kinds,
    weights: Floats,
    unsure: npt.NDArray[np.bool_],
    constraints: Sequence[Constraint],
) -> Floats:
    r"""Return the chances of each answer that are nearest to first ones and meet constraints.

    Parameters
    ----------
    name : str
        The column, for errors.
    start : array of shape (T, L)
        The first chances of each kind of people.
    kinds : Kinds
        The kind of each person.
    weights : array of shape (N,)
        Weights of people.
    unsure : array of shape (N,)
        Who gives no answer: known already.
    constraints : sequence of Constraint
        What holds on average over the draw.

    Returns
    -------
    array of shape (T, L)
        Chances; each row adds up to 1.

    Raises
    ------
    UnreachableTargetError
        If the constraints contradict each other.

    Notes
    -----
    The projection for the Kullback–Leibler divergence: chances are
    :math:`p_{tl} \propto p^0_{tl} \exp(\sum_c \lambda_c g_{ct} s_{cl})`, with the multipliers of
    the convex dual found by Newton's method. Source: Csiszár (1975), *Annals of Probability* 3.
    """
    solved = [one for one in constraints if one.solved]
    if not solved:
        return start
    count = len(start)
    mass = np.bincount(kinds.of, weights * ~unsure, minlength=count)
    total = float(weights.sum())
    bends = np.stack([np.outer(one.people[kinds.first], one.scores) for one in solved])
    offsets = np.array([one.absent(weights, unsure) for one in solved])
    sizes = np.array([one.size(weights, unsure) for one in solved])

    def at(multipliers: Floats) -> tuple[Floats, Floats]:
        """Return chances, and what each constraint misses as a mean of its group."""
        odds = np.log(start) + np.tensordot(multipliers, bends, axes=1)
        chances = np.exp(odds - odds.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        means = (bends * chances).sum(axis=2)
        return chances, (means @ mass + offsets) / sizes

    multipliers = np.zeros(len(solved))
    chances, missed = at(multipliers)
    for _ in range(_STEPS):
        if np.abs(missed).max() < _CLOSE:
            return chances
        means = (bends * chances).sum(axis=2)
        root = np.sqrt(chances * mass[:, None] / total)
        spread = ((bends - means[:, :, None]) * root).reshape(len(solved), -1)
        step = linalg.lstsq(spread @ spread.T, -missed * sizes / total)[0]
        length = 1.0
        for _ in range(_HALVINGS):
            tried = at(multipliers + length * step)
            if np.abs(tried[1]).max() < np.abs(missed).max():
                break
            length /= 2
        else:
            break
        multipliers += length * step
        chances, missed = tried
    worst = int(np.argmax(np.abs(missed)))
    if abs(missed[worst]) > solved[worst].tolerance / 2:
        raise UnreachableTargetError(name, solved[worst].name, float(abs(missed[worst])))
    return chances


def drawn(chances: Floats, kinds: Kinds, dispositions: Floats) -> Ints:
    """Return the place of everybody's answer: the first whose cumulated chance exceeds theirs.

    Parameters
    ----------
    chances : array of shape (T, L)
        Chances of each answer, by kind of people.
    kinds : Kinds
        The kind of each person.
    dispositions : array of shape (N,)
        Between 0 and 1, uniform.

    Returns
    -------
    array of shape (N,)
        Places among the levels.
    """
    bounds = chances.cumsum(axis=1)[:, :-1]
    places = np.zeros(len(dispositions), dtype=np.int64)
    for bound in bounds.T:
        places += dispositions > bound[kinds.of]
    return places


def repaired(
    name: str,
    places: Ints,
    dispositions: Floats,
    weights: Floats,
    unsure: npt.NDArray[np.bool_],
    constraints: Sequence[Constraint],
) -> Ints:
    """Return answers moved one by one until every constraint is met within its tolerance.

    Parameters
    ----------
    name : str
        The column, for errors.
    places : array of shape (N,)
        The place of each answer among the levels.
    dispositions : array of shape (N,)
        Between 0 and 1: of two moves that help as much, the one that is nearest to what the person
        might have answered is made.
    weights : array of shape (N,)
        Weights of people.
    unsure : array of shape (N,)
        Who gives no answer; they are never moved.
    constraints : sequence of Constraint
        What is to hold.

    Returns
    -------
    array of shape (N,)
        Places after the moves.

    Raises
    ------
    UnreachableTargetError
        If a constraint is still missed after 5,000 moves.

    Notes
    -----
    The constraint that is missed by most of its tolerances chooses among the people of its group
    the move that lowers most what is missed over all constraints; if there is none, the next one
    does; if none has one, the move that raises it least is made. Who was moved lately is left
    alone, so that the search does not go round in circles. Few people move, since chances already
    give the figures on average. Source: tabu search, Glover (1989), *ORSA Journal on Computing* 1.
    """
    if not constraints:
        return places
    found = places.copy()
    scores = np.stack([one.scores for one in constraints])
    groups = np.stack([one.people for one in constraints])
    unit = np.array([1 / (one.size(weights, unsure) * one.tolerance) for one in constraints])
    members = [np.flatnonzero(one.people & ~unsure) for one in constraints]
    state = unit * np.array(
        [
            weights[of] @ one.scores[found[of]] + one.absent(weights, unsure)
            for one, of in zip(constraints, members, strict=True)
        ]
    )
    moves = 0
    recent: deque[int] = deque(maxlen=_RECENT)
    while (excess := np.abs(state)).max() > 1:
        order = np.argsort(-excess)
        if moves == _MOVES:
            one = constraints[order[0]]
            raise UnreachableTargetError(name, one.name, float(excess[order[0]] * one.tolerance))
        best = -np.inf, 0, 0
        for missed in order[excess[order] > _HALF]:
            movable = members[missed][~np.isin(members[missed], recent)]
            move = _best_move(movable, found, dispositions, weights, groups, scores, unit, state)
            best = max(best, move)
            if best[0] > 0:
                break
        _, person, place = best
        moved = scores[:, place] - scores[:, found[person]]
        state += weights[person] * unit * groups[:, person] * moved
        found[person] = place
        recent.append(person)
        moves += 1
    return found


def _best_move(
    members: Ints,
    found: Ints,
    dispositions: Floats,
    weights: Floats,
    groups: npt.NDArray[np.bool_],
    scores: Floats,
    unit: Floats,
    state: Floats,
) -> tuple[float, int, int]:
    """Return the move of a person of a group that helps most, or harms least, and its worth."""
    before = _cost(state)
    best = -np.inf, 0, 0
    here = found[members]
    touched = (weights[members] * groups[:, members]) * unit[:, None]
    # A move between neighbours keeps the order of dispositions; one of two steps is for answers
    # that have no order.
    for step in (-1, 1, -2, 2):
        there = here + step
        possible = (there >= 0) & (there < scores.shape[1])
        aimed = np.where(possible, there, here)
        after = state[:, None] + touched * (scores[:, aimed] - scores[:, here])
        gain = before - _cost(after)
        # Who stands near the end of the order that the move goes to is moved first.
        near = dispositions[members] if step > 0 else 1 - dispositions[members]
        liking = (1 + 0.5 * near) / abs(step)
        worth = np.where(possible, np.where(gain > 0, gain * liking, gain / liking), -np.inf)
        place = int(np.argmax(worth))
        if worth[place] > best[0]:
            best = float(worth[place]), int(members[place]), int(aimed[place])
    return best


def _cost(state: Floats) -> Floats:
    """Return what is missed, in tolerances: more than half of one counts, so that none is tight."""
    return np.asarray((np.maximum(np.abs(state) - _HALF, 0) ** 2).sum(axis=0))
