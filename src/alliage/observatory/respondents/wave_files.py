"""What a file says of a wave besides its specification: breakdowns in two languages, checks.

The format is described in ``docs/how-to/publier-une-vague.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from pathlib import Path

Level = str | int | float | bool
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Share = Annotated[float, Field(gt=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LevelRecord(_Part):
    """A group, French and English."""

    label_fr: _Text
    label_en: _Text


class BreakdownRecord(_Part):
    """A variable by which figures are broken down; its column has its name."""

    label_fr: _Text
    label_en: _Text
    levels: dict[str, LevelRecord] = Field(default_factory=dict)


class ImpossibleRule(_Part):
    """Answers that no person can give together.

    Attributes
    ----------
    when
        The levels that the rule is about, by column: all of them at once.
    never
        The levels that cannot go with them, by column.
    reason
        Why, for whoever reads the list of anomalies.
    """

    when: Annotated[dict[str, tuple[Level, ...]], Field(min_length=1)]
    never: Annotated[dict[str, tuple[Level, ...]], Field(min_length=1)]
    reason: str = ""


class ScreeningRules(_Part):
    """What is looked for in a file of respondents, and from where on it is told.

    Attributes
    ----------
    identifier
        The column that tells respondents apart.
    duration
        The column of the time that each took, in any unit.
    region
        The column of regions, where older codes and names are recognised.
    batteries
        The columns of the items that are asked on one scale, by battery.
    universes
        For a question that some were asked, the levels of those who were, by column.
    impossible
        Answers that cannot go together.
    straight
        Share of identical answers to a battery from which it is told.
    straight_items
        Fewest items that were answered for a battery to be looked at.
    match
        Share of identical answers from which two respondents are told.
    match_questions
        Fewest questions for two respondents to be compared.
    speed
        Share of the median duration below which an interview is told.
    """

    identifier: str | None = None
    duration: str | None = None
    region: str | None = None
    batteries: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    universes: dict[str, dict[str, tuple[Level, ...]]] = Field(default_factory=dict)
    impossible: tuple[ImpossibleRule, ...] = ()
    straight: _Share = 1.0
    straight_items: Annotated[int, Field(ge=3)] = 5
    match: _Share = 0.85
    match_questions: Annotated[int, Field(ge=5)] = 20
    speed: _Share = 0.33


class WaveFile(_Part):
    """A wave besides its specification.

    Attributes
    ----------
    breakdowns
        By the name of their column.
    screening
        What is looked for in the file.
    """

    breakdowns: dict[str, BreakdownRecord] = Field(default_factory=dict)
    screening: ScreeningRules = Field(default_factory=ScreeningRules)


def read_wave_file(path: Path) -> WaveFile:
    """Read what a file says of a wave.

    Parameters
    ----------
    path : Path
        A YAML file.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the file and its place.
    """
    return read_record(path, WaveFile)
