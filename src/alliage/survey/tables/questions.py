"""The questions of a banner table, and what they are broken down by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from alliage.survey.data.table import MOST_LEVELS, Scale, is_quantity
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.sampling.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alliage.survey.data.coding import Level
    from alliage.survey.data.table import MultiResponse, Table, Variable
    from alliage.survey.sampling.sample import Source

#: A breakdown: a variable or a set of columns, or several whose levels are crossed.
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


def described_answers(
    name: str, sets: Mapping[str, MultiResponse], variables: Mapping[str, Variable]
) -> Answers | None:
    """Return what a question holds as it is described; ``None`` if nothing says it."""
    if name in sets:
        return Answers.CHOICES
    known = variables.get(name)
    if known is None or (known.scale is None and not known.levels):
        return None
    return Answers.NUMBER if known.scale is Scale.NUMERIC else Answers.LEVELS


def answers_of(table: Table, name: str) -> Answers:
    """Return what a question holds that is asked by its name alone.

    What its description says: several answers for a set, a number for a numeric scale, levels for
    another scale or for labels. Without any, numbers with decimals, or with more than 40 values,
    are a number, of which tables give the mean; other answers are levels.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Table
    >>> table = Table.of(pl.DataFrame({"satisfied": [1, 2, 5], "hours": [7.5, 8.0, 3.0]}))
    >>> answers_of(table, "satisfied").value, answers_of(table, "hours").value
    ('levels', 'number')
    """
    said = described_answers(name, table.sets, table.variables)
    if said is None:
        return Answers.NUMBER if is_quantity(table.column(name)) else Answers.LEVELS
    return said


def ranked(table: Table, asked: Question | str) -> tuple[str, ...]:
    """Return the column whose answers a question ranks; none for several answers and numbers."""
    name = asked if isinstance(asked, str) else asked.variable
    if isinstance(asked, Question):
        return (name,) if asked.answers is Answers.LEVELS else ()
    if name not in table.frame.columns:
        return ()
    said = described_answers(name, table.sets, table.variables)
    # Numbers with decimals may be as many as the respondents: they are looked at first.
    looked_at = said is None and table.frame.get_column(name).dtype.is_float()
    return (name,) if said in {None, Answers.LEVELS} and not looked_at else ()


def _levels_of_moments(source: Source, name: str) -> Answers:
    levels = source.cells((name,), ()).levels[name]
    if is_quantity(pl.Series(levels)):
        msg = (
            f"« {name} » holds numbers ({len(levels)} values), and moments hold it as levels. Ask "
            "for its mean, of `banner_requests` too: Question(variable=..., "
            "answers=Answers.NUMBER); or describe its levels."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, variable=name)
    return Answers.LEVELS


def question_of(source: Source, asked: Question | str) -> Question:
    """Return a question that is asked of a source, or refuse it.

    What a name alone asks for is told by `answers_of`.

    Raises
    ------
    SurveyError
        ``REQUEST`` for a kind of answers that is unknown or that the source does not have, or for
        the name alone of numbers that moments hold as levels.
    """
    if isinstance(asked, str):
        if isinstance(source, Sample) and ranked(source.table, asked):
            # Their levels were found when they were ranked: they need not be counted again.
            numbers = source.table.frame.get_column(asked).dtype.is_numeric()
            many = numbers and len(source.ranks(asked).levels) > MOST_LEVELS
            said = described_answers(asked, source.sets, source.variables)
            answers = said or (Answers.NUMBER if many else Answers.LEVELS)
        elif isinstance(source, Sample):
            answers = answers_of(source.table, asked)
        else:
            said = described_answers(asked, source.sets, source.variables)
            answers = said or _levels_of_moments(source, asked)
        asked = Question(variable=asked, answers=answers)
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
