"""The questionnaire as data: doors, behaviours with their anchors, contradictions, next actions."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Part
from alliage.alliances.vocabulary import World
from alliage.values.yaml_files import (
    Fault,
    FaultyRecordError,
    Problem,
    read_record,
)

#: The questionnaire that ships with Alliage.
DEFAULT_QUESTIONNAIRE = Path(__file__).parent / "questionnaire.yaml"

#: Each anchor of a behaviour is a fact; the last has no next action.
LEVELS = 4

_Code = Annotated[str, Field(pattern=CODE)]
_Sentence = Annotated[str, Field(min_length=1, max_length=400)]
_Anchors = Annotated[tuple[_Sentence, ...], Field(min_length=LEVELS, max_length=LEVELS)]
_Actions = Annotated[tuple[_Sentence, ...], Field(min_length=LEVELS - 1, max_length=LEVELS - 1)]
_Level = Annotated[int, Field(ge=0, le=LEVELS - 1)]


class QuestionnaireProblem(Problem):
    """What is wrong in a questionnaire."""

    REPEATED = "repeated", "« %(code)s » stands twice. Give each entry its own code."
    DOORS = "doors", "%(count)s doors are given. The comparisons are made for 4."
    BEHAVIOURS = (
        "behaviours",
        "door « %(door)s » has %(count)s behaviours. The rule of 3 in 4 needs 4.",
    )
    UNKNOWN_DOOR = "unknown_door", "« %(door)s » is no door. Write one of: %(doors)s."
    UNKNOWN_BEHAVIOUR = (
        "unknown_behaviour",
        "« %(code)s » is no behaviour. Write one of: %(codes)s.",
    )
    STEPS = "steps", "the steps are %(levels)s. Write 0, 1, 2 and 3, in this order."


class Wording(Part):
    """A question in other words, for a world."""

    fr: _Sentence
    en: _Sentence


class Door(Part):
    """One of the four objectives, as the intention that a person compares."""

    code: _Code
    letter: Annotated[str, Field(pattern="^[A-Z]$")]
    name_fr: _Sentence
    name_en: _Sentence
    intention_fr: _Sentence
    intention_en: _Sentence


class Step(Part):
    """The name of a step."""

    level: _Level
    name_fr: _Sentence
    name_en: _Sentence


class Behaviour(Part):
    """A fact of the last twelve months, in four levels.

    ``variants`` word it for a world; anchors are the same for all, so that levels compare.
    """

    code: _Code
    door: _Code
    wording_fr: _Sentence
    wording_en: _Sentence
    variants: dict[World, Wording] = Field(default_factory=dict)
    anchors_fr: _Anchors
    anchors_en: _Anchors
    next_fr: _Actions
    next_en: _Actions

    def wording(self, world: World | None) -> Wording:
        """Return the words for a world."""
        if world in self.variants:
            return self.variants[world]
        return Wording(fr=self.wording_fr, en=self.wording_en)

    def variant(self, world: World | None) -> str:
        """Return the name of the words that a world reads, kept with its answers."""
        return str(world) if world in self.variants else ""


class Contradiction(Part):
    """Levels that cannot hold together."""

    code: _Code
    at_least: Annotated[dict[_Code, _Level], Field(min_length=1)]
    at_most: Annotated[dict[_Code, _Level], Field(min_length=1)]
    reason_fr: _Sentence
    reason_en: _Sentence


class NumberAsked(Part):
    """A question of context that is answered with a number."""

    code: _Code
    kind: Literal["number"]
    wording_fr: _Sentence
    wording_en: _Sentence
    lowest: int
    highest: int


class TextAsked(Part):
    """A question of context that is answered with a few words."""

    code: _Code
    kind: Literal["text"]
    wording_fr: _Sentence
    wording_en: _Sentence
    longest: Annotated[int, Field(gt=0)]


class Questionnaire(Part):
    """Everything that is asked, and what each answer leads to."""

    version: Annotated[int, Field(gt=0)]
    title_fr: _Sentence
    title_en: _Sentence
    status_fr: _Sentence
    status_en: _Sentence
    minutes: Annotated[int, Field(gt=0)]
    doors: tuple[Door, ...]
    steps: tuple[Step, ...]
    behaviours: tuple[Behaviour, ...]
    contradictions: tuple[Contradiction, ...]
    context: tuple[Annotated[NumberAsked | TextAsked, Field(discriminator="kind")], ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Questionnaire:
        faults = [*self._repeated(), *self._of_doors(), *self._of_contradictions()]
        levels = [step.level for step in self.steps]
        if levels != list(range(LEVELS)):
            written = ", ".join(map(str, levels))
            faults.append(Fault(QuestionnaireProblem.STEPS, {"levels": written}, ("steps",)))
        if faults:
            raise FaultyRecordError(*faults)
        return self

    def _repeated(self) -> list[Fault]:
        found = []
        lists = {
            "doors": [one.code for one in self.doors],
            "behaviours": [one.code for one in self.behaviours],
            "contradictions": [one.code for one in self.contradictions],
            "context": [one.code for one in self.context],
        }
        for name, codes in lists.items():
            for place, code in enumerate(codes):
                if code in codes[:place]:
                    within = (name, place, "code")
                    found.append(Fault(QuestionnaireProblem.REPEATED, {"code": code}, within))
        return found

    def _of_doors(self) -> list[Fault]:
        codes = [door.code for door in self.doors]
        found = []
        if len(codes) != 4:
            values = {"count": str(len(codes))}
            found.append(Fault(QuestionnaireProblem.DOORS, values, ("doors",)))
        for place, behaviour in enumerate(self.behaviours):
            if behaviour.door not in codes:
                values = {"door": behaviour.door, "doors": ", ".join(codes)}
                within = ("behaviours", place, "door")
                found.append(Fault(QuestionnaireProblem.UNKNOWN_DOOR, values, within))
        for code in codes:
            count = sum(behaviour.door == code for behaviour in self.behaviours)
            if count != LEVELS:
                values = {"door": code, "count": str(count)}
                found.append(Fault(QuestionnaireProblem.BEHAVIOURS, values, ("behaviours",)))
        return found

    def _of_contradictions(self) -> list[Fault]:
        codes = [behaviour.code for behaviour in self.behaviours]
        return [
            Fault(
                QuestionnaireProblem.UNKNOWN_BEHAVIOUR,
                {"code": code, "codes": ", ".join(codes)},
                ("contradictions", place, side, code),
            )
            for place, one in enumerate(self.contradictions)
            for side, levels in (("at_least", one.at_least), ("at_most", one.at_most))
            for code in levels
            if code not in codes
        ]

    @functools.cached_property
    def comparisons(self) -> tuple[tuple[str, str], ...]:
        """The pairs of doors, in the order of the questionnaire.

        Examples
        --------
        >>> len(questionnaire().comparisons)
        6
        """
        return tuple(itertools.combinations((door.code for door in self.doors), 2))

    def of_door(self, door: str) -> tuple[Behaviour, ...]:
        """Return the behaviours of a door, in their order."""
        return self._by_door.get(door, ())

    @functools.cached_property
    def _by_door(self) -> dict[str, tuple[Behaviour, ...]]:
        return {
            door.code: tuple(one for one in self.behaviours if one.door == door.code)
            for door in self.doors
        }


@functools.cache
def questionnaire() -> Questionnaire:
    """Return the questionnaire that ships with Alliage.

    Examples
    --------
    >>> [door.letter for door in questionnaire().doors]
    ['P', 'M', 'I', 'T']
    >>> len(questionnaire().behaviours)
    16
    """
    return read_questionnaire(DEFAULT_QUESTIONNAIRE)


def read_questionnaire(path: Path) -> Questionnaire:
    """Read a questionnaire from a YAML file.

    Raises
    ------
    InvalidFilesError
        With every problem and its place.
    """
    return read_record(path, Questionnaire)
