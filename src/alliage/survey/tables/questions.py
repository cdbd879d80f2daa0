"""The questions of a banner table, and what they are broken down by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alliage.survey.data.coding import Level
    from alliage.survey.sampling.sample import Source

#: A breakdown: a variable, or several whose levels are crossed.
Breakdown: TypeAlias = "str | tuple[str, ...]"


class Answers(StrEnum):
    """What a question holds: one level each, several, or a number."""

    LEVELS = "levels"
    CHOICES = "choices"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a table, and the rows that it gets.

    Attributes
    ----------
    variable
        A column, or the name of a set of columns for several answers.
    answers
        What it holds.
    boxes
        Groups of levels with a row of their own, by their label: ``{"agree": [4, 5]}``.
    points
        A score for each level, for a row of their mean.
    responses
        For several answers: whether shares are of all the answers given, else of the people who
        answered.
    """

    variable: str
    answers: Answers = Answers.LEVELS
    boxes: Mapping[str, Collection[Level]] = field(default_factory=dict)
    points: Mapping[Any, float] = field(default_factory=dict)
    responses: bool = False


def question_of(source: Source, asked: Question | str) -> Question:
    """Return a question that is asked of a source, or refuse it.

    Raises
    ------
    SurveyError
        ``REQUEST`` for a kind of answers that is unknown or that the source does not have.
    """
    if isinstance(asked, str):
        several = asked in source.sets
        asked = Question(variable=asked, answers=Answers.CHOICES if several else Answers.LEVELS)
    if asked.answers not in tuple(Answers):
        msg = (
            f"« {asked.answers} » is no kind of answers of « {asked.variable} ». Name one of: "
            f"{listed(Answers)}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=asked.variable)
    asked = replace(asked, answers=Answers(asked.answers))
    if asked.answers is Answers.CHOICES and asked.variable not in source.sets:
        msg = (
            f"« {asked.variable} » is no set of columns. The sets are: "
            f"{listed(source.sets) or 'none'}. Declare the set, or ask one column."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=asked.variable)
    if asked.answers is not Answers.LEVELS and (asked.boxes or asked.points):
        msg = f"« {asked.variable} » has no single level: boxes and points are for levels."
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=asked.variable)
    return asked
