"""The description of a questionnaire, written by people as YAML.

The format is described in ``docs/algorithms/survey-questionnaire.md``.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from dataclasses import replace
from functools import reduce
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from alliage.survey.data.table import (
    MultiResponse,
    Scale,
    Table,
    Variable,
    chosen,
    first_that_is_no_number,
    require,
)
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alliage.survey.data.coding import Level

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
End = Annotated[float | None, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(_Part):
    """Numbers between two ends, or on one side of one, with the ends themselves.

    Attributes
    ----------
    min, max
        The lowest and the highest; one of them may be left out.
    """

    min: End = None
    max: End = None

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.min is None and self.max is None:
            msg = "No end is given: give the lowest number (min), the highest (max), or both."
            raise ValueError(msg)
        if self.min is not None and self.max is not None and self.min > self.max:
            msg = f"No number is between {self.min:g} and {self.max:g}. Exchange min and max."
            raise ValueError(msg)
        return self

    def holds(self, numbers: pl.Series) -> pl.Series:
        """Tell which numbers are there."""
        low = -math.inf if self.min is None else self.min
        high = math.inf if self.max is None else self.max
        return numbers.is_between(low, high)

    def __str__(self) -> str:
        """Say it in words."""
        ends = {"from ": self.min, "to ": self.max}
        if self.min == self.max:
            ends = {"": self.min}
        return " ".join(
            f"{word}{end}".removesuffix(".0") for word, end in ends.items() if end is not None
        )


class Question(_Part):
    """One variable of a questionnaire.

    Attributes
    ----------
    label
        The question.
    levels
        The sentence of each answer, by code; in the order of the file.
    missing
        The reason that each code stands for where there is no answer.
    missing_ranges
        Numbers that stand for no answer, a list of ``{min: 97, max: 99}``; one end may be left out.
    valid_ranges
        Numbers that may be answered, in the same way, where there are no levels.
    scale
        What may be computed.
    universe
        Who was asked.
    """

    label: Text
    levels: dict[str, Text] = Field(default_factory=dict)
    missing: dict[str, Text] = Field(default_factory=dict)
    missing_ranges: tuple[Range, ...] = ()
    valid_ranges: tuple[Range, ...] = ()
    scale: Scale | None = None
    universe: str = ""


class SeveralAnswers(_Part):
    """A question with several answers, one column for each.

    Attributes
    ----------
    label
        The question.
    variables
        The columns, two at least.
    counted
        The value that says « chosen ».
    """

    label: Text
    variables: Annotated[tuple[Text, ...], Field(min_length=2)]
    counted: str | int | bool = 1


class Questionnaire(_Part):
    """The questions of a survey.

    Attributes
    ----------
    title
        The name of the survey.
    variables
        The questions by column.
    sets
        The questions with several answers.
    """

    title: Text
    variables: dict[str, Question]
    sets: dict[str, SeveralAnswers] = Field(default_factory=dict)


def read_questionnaire(path: str | Path) -> Questionnaire:
    """Read a questionnaire.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Returns
    -------
    Questionnaire
        The questions.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the file and its place.
    """
    return read_record(Path(path), Questionnaire)


def described(table: Table, questionnaire: Questionnaire) -> Table:
    """Give a table the descriptions of a questionnaire, and check its answers against them.

    Parameters
    ----------
    table : Table
        The rows.
    questionnaire : Questionnaire
        The questions; columns that it does not name stay as they are.

    Returns
    -------
    Table
        The same rows, with labels, levels in their order, and codes for missing answers.

    Raises
    ------
    SurveyError
        ``COLUMN`` for a question without a column, or a set that names one twice, ``REQUEST`` for a
        code written twice, ``TYPE`` for a code or a range that is not of the type of its column,
        ``LEVEL`` for an answer that is not foreseen, with its row, or a counted value that no
        column of its set holds.

    Examples
    --------
    >>> import polars as pl
    >>> ask = Questionnaire(
    ...     title="Wave 1",
    ...     variables={"q1": Question(label="Satisfied?", levels={"1": "yes", "2": "no"})},
    ... )
    >>> described(Table.of(pl.DataFrame({"q1": [2, 1]})), ask).levels("q1")
    (1, 2)
    """
    variables = {
        name: _variable(table, name, question) for name, question in questionnaire.variables.items()
    }
    for name, asked in questionnaire.sets.items():
        for column in asked.variables:
            if column not in table.frame.columns:
                msg = (
                    f"The question « {name} » has an answer in the column « {column} », which is "
                    f"not in the table. Its columns are: {listed(table.frame.columns, most=40)}."
                )
                raise SurveyError(SurveyProblem.COLUMN, msg, column=column)
    found = table.describe(variables)
    for name, variable in variables.items():
        if variable.levels:
            found.codes(name)
        else:
            _check_valid(found, name, questionnaire.variables[name].valid_ranges)
    sets = {name: _set(found, name, asked) for name, asked in questionnaire.sets.items()}
    return replace(found, sets={**table.sets, **sets})


def one_by_one(questionnaire: Questionnaire) -> Iterator[tuple[str, str, Questionnaire]]:
    """Return each question as a questionnaire, with the part that holds it and its name."""
    title = questionnaire.title
    for name, question in questionnaire.variables.items():
        yield "variables", name, Questionnaire(title=title, variables={name: question})
    for name, several in questionnaire.sets.items():
        yield "sets", name, Questionnaire(title=title, variables={}, sets={name: several})


def _variable(table: Table, name: str, question: Question) -> Variable:
    require(table.frame.columns, name)
    kind = table.frame.schema[name]
    labels, missing = (_typed(name, kind, each) for each in (question.levels, question.missing))
    if question.missing_ranges:
        answers = _numbers(table.describe({name: Variable()}), name)
        # A code that nobody gave is one too, if it has a sentence.
        described_codes = (code for code in labels if not isinstance(code, str))
        codes = codes_within(question.missing_ranges, {*answers.unique(), *described_codes})
        missing = {code: labels.get(code, "") for code in codes} | missing
    return Variable(
        label=question.label,
        labels=labels,
        missing=missing,
        scale=question.scale,
        universe=question.universe,
    )


def within(ranges: Sequence[Range], numbers: pl.Series) -> pl.Series:
    """Tell which numbers are in one of the ranges at least."""
    nowhere = pl.repeat(value=False, n=len(numbers), eager=True)
    return reduce(operator.or_, (one.holds(numbers) for one in ranges), nowhere)


def codes_within(ranges: Sequence[Range], codes: Iterable[Any]) -> list[Level]:
    """Return the codes that are in one of the ranges at least, sorted."""
    known = sorted(code for code in codes if code is not None)
    return list(compress(known, within(ranges, pl.Series(known, dtype=pl.Float64))))


def _check_valid(table: Table, name: str, ranges: Sequence[Range]) -> None:
    """Refuse a number that is in none of the ranges of those that may be answered."""
    if not ranges:
        return
    answers = _numbers(table, name)
    wrong = (~within(ranges, answers)).fill_null(value=False)
    if not wrong.any():
        return
    row = wrong.arg_max() or 0
    place, value, allowed = table.place(row), answers[row], listed(ranges)
    rows = f" (and {wrong.sum() - 1} more rows)" if wrong.sum() > 1 else ""
    msg = (
        f"In « {name} », {place.words} holds « {value} »{rows}, which is not among its valid "
        f"numbers: {allowed}. Correct the value, declare it missing, or correct the range."
    )
    raise SurveyError(
        SurveyProblem.LEVEL, msg, column=name, value=value, allowed=allowed, **place.values
    )


def _numbers(table: Table, name: str) -> pl.Series:
    """Return the answers that are compared with ranges."""
    answers = table.column(name)
    if answers.null_count() == len(answers):
        return answers.cast(pl.Float64)
    if not answers.dtype.is_numeric():
        row, value = first_that_is_no_number(answers)
        place = table.place(row)
        msg = (
            f"« {name} » has ranges of numbers, and {place.words} holds « {value} ». Leave the "
            "ranges out, or give a numeric column."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=name, value=value, **place.values)
    return answers


def _set(table: Table, name: str, asked: SeveralAnswers) -> MultiResponse:
    levels = {column: table.coded(column).levels for column in asked.variables}
    kinds = (table.frame.schema[column] for column in asked.variables)
    said = {asked.counted, *(level_of(kind, str(asked.counted)) for kind in kinds)}
    # Answers may write it in another type: the texts « 1 », true.
    held = (level for own in levels.values() for level in own)
    counted = next((level for level in held if level in said), asked.counted)
    chosen(name, counted, levels)
    return MultiResponse(variables=asked.variables, counted=counted, label=asked.label)


def _typed(name: str, kind: pl.DataType, written: Mapping[str, str]) -> dict[Level, str]:
    """Write codes in the type of the column; keys of a mapping come as text."""
    typed: dict[Level, str] = {}
    for code, sentence in written.items():
        level = level_of(kind, code)
        if level is None:
            msg = (
                f"The code « {code} » of « {name} » is not of the type of its column ({kind}). "
                "Write it as the data do; put words such as No in quotes."
            )
            raise SurveyError(SurveyProblem.TYPE, msg, column=name, value=code)
        if level in typed:
            msg = f"The code « {code} » of « {name} » is that of another line. Keep one."
            raise SurveyError(SurveyProblem.REQUEST, msg, column=name, value=code)
        typed[level] = sentence
    return typed


def level_of(kind: pl.DataType, code: str) -> Level | None:
    """Write a code in the type of a column; ``None`` if it is not of that type."""
    if kind == pl.Boolean:
        return {"true": True, "false": False}.get(code.lower())
    if isinstance(kind, pl.Date | pl.Datetime):
        return _date(kind, code)
    if not kind.is_numeric():
        return None if code in {"true", "false"} else code
    try:
        number = float(code)
    except ValueError:
        return None
    if kind.is_integer():
        return int(number) if number.is_integer() else None
    return number


def _date(kind: pl.DataType, code: str) -> Level | None:
    try:
        found = dt.datetime.fromisoformat(code)
    except ValueError:
        return None
    return found.date() if kind == pl.Date else found
