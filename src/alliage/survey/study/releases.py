"""Tables that were published before, read back from their file."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.results import BaseRule
from alliage.survey.protection.differencing import DifferencingError
from alliage.survey.tables.banners import Banner, banner
from alliage.survey.tables.questions import Answers, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from alliage.survey.sampling.sample import Sample
    from alliage.survey.tables.blocks import Block, Column

#: What names a figure of a table: question, statistic, level, breakdown and group.
_Place: TypeAlias = tuple[str, str, str, str, str]
_Level: TypeAlias = str | int | float | bool

_EVERYTHING = BaseRule(suppress_below=0, caution_below=0, largest_variation=math.inf)
#: Figures that differ by less, relatively, are the same.
_SAME = 1e-6


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Asked(_Record):
    variable: str
    answers: Answers
    boxes: dict[str, tuple[_Level, ...]]
    responses: bool


class _Figure(_Record):
    question: str
    statistic: str
    level: str
    breakdown: str
    group: str
    value: float | None
    respondents: int | None
    weighted: float | None

    @property
    def place(self) -> _Place:
        return self.question, self.statistic, self.level, self.breakdown, self.group


class _Table(_Record):
    over: dict[str, tuple[_Level, ...]]
    questions: tuple[_Asked, ...]
    breakdowns: tuple[tuple[str, ...], ...]
    figures: tuple[_Figure, ...]

    def made(self, source: Sample) -> Banner:
        """Make the table anew, all shown."""
        questions = [
            Question(
                variable=one.variable,
                answers=one.answers,
                boxes=one.boxes,
                responses=one.responses,
            )
            for one in self.questions
        ]
        return banner(source, questions, self.breakdowns, over=self.over, rule=_EVERYTHING)


class _Release(_Record):
    results: dict[str, _Table]


def published(file: Path, samples: Mapping[str, Sample]) -> dict[str, tuple[str, Banner]]:
    """Read the tables of an earlier release, each with the name of its weights.

    Parameters
    ----------
    file : Path
        What ``alliage survey protect --out`` wrote, ``.json``.
    samples : mapping
        The respondents, by the name of their weights.

    Returns
    -------
    dict
        By the name of the table; what the file does not show is hidden in it.

    Raises
    ------
    SurveyError
        If the file cannot be read.
    DifferencingError
        If its figures are not those of these respondents, with any of these weights.
    """
    try:
        release = _Release.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        fact = error.strerror if isinstance(error, OSError) else _first(error)
        msg = (
            f"{file.name} is no earlier release: {fact}. Give a .json file that "
            "`alliage survey protect --out` wrote."
        )
        raise SurveyError(SurveyProblem.FORMAT, msg, file=file.name) from error
    return {name: _found(table, samples, name, file) for name, table in release.results.items()}


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    place = ".".join(map(str, found["loc"]))
    return f"{found['msg']} ({place})" if place else found["msg"]


def _found(
    table: _Table, samples: Mapping[str, Sample], name: str, file: Path
) -> tuple[str, Banner]:
    figures = {one.place: one for one in table.figures}
    for weights, source in samples.items():
        try:
            made = table.made(source)
        except SurveyError as error:
            error.add_note(f"{file.name}: {name}")
            raise
        if _agrees(made, figures):
            return weights, _marked(made, figures)
    msg = (
        f"« {name} » of {file.name} does not have the figures of these respondents with the "
        f"weights {listed(samples)}: nothing proves that what changed does not tell of a few "
        "people. Give the data and the weights of that release, or publish no table of its domain."
    )
    raise DifferencingError(msg, table=name, file=file.name)


def _places(block: Block, column: Column) -> Iterator[_Place]:
    breakdown = " × ".join(column.breakdown)
    group = " × ".join(map(str, column.group.values()))
    for head in block.heads:
        yield block.question.variable, head.statistic.value, head.level, breakdown, group


def _agrees(made: Banner, figures: Mapping[_Place, _Figure]) -> bool:
    """Whether every figure that was shown is the same."""
    known = {
        place: (block, at, row)
        for block in made.blocks
        for at, column in enumerate(made.columns)
        for row, place in enumerate(_places(block, column))
    }
    for place, one in figures.items():
        if place not in known:
            # A mean of scores, which goes with its base.
            if one.statistic == "mean":
                continue
            return False
        block, at, row = known[place]
        bases = block.figures.bases
        pairs = (
            (one.value, block.figures.values[at, row]),
            (one.weighted, bases.weighted[at, row]),
            (one.respondents, bases.respondents[at, row]),
        )
        if any(
            told is not None and not math.isclose(told, own, rel_tol=_SAME, abs_tol=_SAME)
            for told, own in pairs
        ):
            return False
    return True


def _marked(made: Banner, figures: Mapping[_Place, _Figure]) -> Banner:
    """Hide what the file does not show."""

    def marked(block: Block) -> Block:
        told = [[figures.get(place) for place in _places(block, column)] for column in made.columns]
        return replace(
            block,
            hidden=np.array([[one is None or one.value is None for one in own] for own in told]),
            closed=np.array(
                [all(one is None or one.respondents is None for one in own) for own in told]
            ),
        )

    return replace(made, blocks=tuple(map(marked, made.blocks)))
