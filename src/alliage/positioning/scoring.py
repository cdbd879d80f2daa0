"""What a filled questionnaire says, what it does not, and how answers differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.positioning.doors import Preference, Preferences, preferences
from alliage.positioning.questionnaire import LEVELS
from alliage.positioning.steps import Reach, reach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.positioning.questionnaire import Behaviour, Contradiction, Questionnaire

#: The door where one learns to work with other worlds, and its first behaviour.
_LEARNING_DOOR = "performance_engagement"
_FIRST_ACTION = "other_worlds"
_PREFERENCES = frozenset(Preference)


class InvalidAnswersError(ValueError):
    """The question « code » was answered by what it does not allow."""

    def __init__(self, code: str, given: object, allowed: str) -> None:
        self.code = code
        self.given = given
        self.allowed = allowed
        super().__init__(f"« {code} » is answered {given!r}. Give {allowed}.")


@dataclass(frozen=True, slots=True)
class Answers:
    """A questionnaire as it was filled; what is absent was not answered.

    Attributes
    ----------
    comparisons
        One for each pair of doors, by the codes of the two doors.
    levels
        The level of each behaviour that is known, from 0 to 3.
    proofs
        The behaviours of which something written can be shown: told with the result, never scored.
    """

    comparisons: Mapping[tuple[str, str], Preference]
    levels: Mapping[str, int]
    proofs: frozenset[str] = frozenset()


class Doubt(StrEnum):
    """Why a result is to be cleared up in an interview."""

    #: The comparisons turn round.
    CIRCULAR = "circular"
    #: The comparisons hesitate too much, or too many were left out.
    HESITANT = "hesitant"
    #: Two facts cannot both be.
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A door that fits, and what to do in it.

    Attributes
    ----------
    door
        Its code.
    probability
        That it is the preferred one.
    reach
        The step reached, and what keeps from the next.
    action
        What to do next, French and English; ``None`` on the last step, or where the step is not
        known.
    """

    door: str
    probability: float
    reach: Reach
    action: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Positioning:
    """What a questionnaire says.

    Attributes
    ----------
    version
        That of the questionnaire.
    preferences
        What the comparisons say.
    recommendations
        One if a door is clear, else two or more; none if the comparisons name no door.
    reaches
        The step in each door, by its code.
    warm_up
        What to do first where another door than that of learning is preferred by who has not yet
        acted with another world: French and English.
    doubts
        Why the result is to be cleared up in an interview.
    contradictions
        The facts that cannot both be.
    answered, asked
        Questions answered, and asked.
    """

    version: int
    preferences: Preferences
    recommendations: tuple[Recommendation, ...]
    reaches: Mapping[str, Reach]
    warm_up: tuple[str, str] | None
    doubts: frozenset[Doubt]
    contradictions: tuple[Contradiction, ...]
    answered: int
    asked: int

    @property
    def is_clear(self) -> bool:
        """Whether one door stands out, and nothing has to be cleared up."""
        return len(self.recommendations) == 1 and not self.doubts


def score(answers: Answers, asked: Questionnaire) -> Positioning:
    """Score a questionnaire.

    Parameters
    ----------
    answers
        What was answered; half a questionnaire is scored for what it says.
    asked
        The questionnaire.

    Returns
    -------
    Positioning
        Doors with their probabilities, steps, next action, and what is in doubt.

    Raises
    ------
    InvalidAnswersError
        If a question or an answer is not of the questionnaire.

    Examples
    --------
    >>> from alliage.positioning.questionnaire import questionnaire
    >>> asked = questionnaire()
    >>> said = Answers({pair: Preference.FIRST for pair in asked.comparisons}, {"other_worlds": 0})
    >>> found = score(said, asked)
    >>> found.recommendations[0].door, found.is_clear, found.recommendations[0].reach.level
    ('performance_engagement', True, None)
    """
    _check(answers, asked)
    compared = preferences(
        [answers.comparisons.get(pair, Preference.NOT_ANSWERED) for pair in asked.comparisons]
    )
    reaches = {door.code: reach(asked.of_door(door.code), answers.levels) for door in asked.doors}
    named = [(asked.doors[place].code, compared.probabilities[place]) for place in compared.named]
    contradictions = tuple(one for one in asked.contradictions if _contradicts(one, answers.levels))
    return Positioning(
        version=asked.version,
        preferences=compared,
        recommendations=tuple(
            Recommendation(
                door, probability, reaches[door], reaches[door].next_action(answers.levels)
            )
            for door, probability in named
        ),
        reaches=reaches,
        warm_up=_warm_up([door for door, _probability in named], answers.levels, asked),
        doubts=frozenset(_doubts(compared, contradictions)),
        contradictions=contradictions,
        answered=len(asked.comparisons) - compared.missing + len(answers.levels),
        asked=len(asked.comparisons) + len(asked.behaviours),
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A behaviour that several people see differently.

    Attributes
    ----------
    behaviour
        What was asked.
    levels
        The level of each, in the order of the people; ``None`` if not known.
    """

    behaviour: Behaviour
    levels: tuple[int | None, ...]

    @property
    def width(self) -> int:
        """The distance between the lowest and the highest level that are known."""
        known = [level for level in self.levels if level is not None]
        return max(known) - min(known) if known else 0


def gaps(several: Sequence[Answers], asked: Questionnaire) -> tuple[Gap, ...]:
    """Return every behaviour as several people see it, the widest differences first.

    No average is made: a difference is what there is to talk about.

    Parameters
    ----------
    several
        The answers of people of one organisation, or of one person at several dates.
    asked
        The questionnaire.

    Examples
    --------
    >>> from alliage.positioning.questionnaire import questionnaire
    >>> one, other = Answers({}, {"full_cost": 3}), Answers({}, {"full_cost": 0, "connector": 1})
    >>> [(gap.behaviour.code, gap.levels) for gap in gaps([one, other], questionnaire())[:1]]
    [('full_cost', (3, 0))]
    """
    found = [
        Gap(one, tuple(answers.levels.get(one.code) for answers in several))
        for one in asked.behaviours
    ]
    return tuple(sorted(found, key=lambda gap: -gap.width))


def _check(answers: Answers, asked: Questionnaire) -> None:
    codes = {one.code for one in asked.behaviours}
    for code, level in answers.levels.items():
        if code not in codes:
            raise InvalidAnswersError(code, level, f"one of: {', '.join(sorted(codes))}")
        if isinstance(level, bool) or level not in range(LEVELS):
            raise InvalidAnswersError(code, level, "0, 1, 2 or 3, or no answer")
    for code in answers.proofs - set(answers.levels):
        raise InvalidAnswersError(code, "with a proof alone", "its level too, or no proof")
    for pair, answer in answers.comparisons.items():
        if pair not in asked.comparisons:
            pairs = ", ".join(" / ".join(one) for one in asked.comparisons)
            raise InvalidAnswersError(" / ".join(pair), answer, f"one of: {pairs}")
        if answer not in _PREFERENCES:
            raise InvalidAnswersError(" / ".join(pair), answer, "0, 1, 2, or 3 for no answer")


def _contradicts(one: Contradiction, levels: Mapping[str, int]) -> bool:
    """Tell whether all the levels of a contradiction are known, and hold."""
    return all(levels.get(code, -1) >= least for code, least in one.at_least.items()) and all(
        0 <= levels.get(code, -1) <= most for code, most in one.at_most.items()
    )


def _doubts(compared: Preferences, contradictions: Sequence[Contradiction]) -> set[Doubt]:
    found = set()
    if compared.consistency == 0:
        found.add(Doubt.CIRCULAR)
    elif not compared.says_something:
        found.add(Doubt.HESITANT)
    if contradictions:
        found.add(Doubt.CONTRADICTION)
    return found


def _warm_up(
    named: Sequence[str], levels: Mapping[str, int], asked: Questionnaire
) -> tuple[str, str] | None:
    if not named or _LEARNING_DOOR in named or levels.get(_FIRST_ACTION) != 0:
        return None
    first = next(one for one in asked.behaviours if one.code == _FIRST_ACTION)
    return first.next_fr[0], first.next_en[0]
