"""What invented answers have to give back, written by people as YAML.

Every figure says where it was printed, or that it was invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alliage.values.yaml_files import Fault, FaultyRecordError, Problem, read_record

if TYPE_CHECKING:
    from pathlib import Path

#: A level of a column: a code, a mark, 0 or 1.
Level = str | int
Share = Annotated[float, Field(ge=0, le=1)]


class TargetProblem(Problem):
    """What can be wrong in the targets, besides their format."""

    START = "start", "%(given)s shares are given for %(levels)s levels. Give one for each."
    LEVEL = "level", "« %(given)s » is no level here. The levels are: %(levels)s."
    KIND = "kind", "a figure has levels, for a share, or a mean: one of the two. Correct it."
    AIM = "aim", "%(aim)s does not print as %(printed)s. Aim within half a printed unit."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Part):
    """A figure of the weighted answers.

    Attributes
    ----------
    levels
        Answers whose share it is, in %; none for a mean.
    mean
        Whether it is the mean of the marks.
    printed
        The figure, as it is printed.
    aim
        A value that prints so; the figure itself if not given.
    above
        Whether the figure is printed as « more than ».
    within
        How far from the aim answers may be; half of what is left of the printed unit otherwise.
    where
        A level of a breakdown that it is about; everybody if not given.
    base
        Of a share: all the people asked, or those who answered.
    source
        Number of the figure in the published results, or ``invented``.
    """

    levels: tuple[Level, ...] = ()
    mean: bool = False
    printed: float
    aim: float | None = None
    above: bool = False
    within: float | None = None
    where: dict[str, str] = Field(default_factory=dict)
    base: Literal["answered", "everybody"] = "answered"
    source: str

    @property
    def unit(self) -> float:
        """The printed unit: a point for a share, a tenth for a mean."""
        return 0.1 if self.mean else 1.0

    @property
    def centre(self) -> float:
        """The value that answers aim at."""
        return self.printed if self.aim is None else self.aim

    @property
    def tolerance(self) -> float:
        """How far from it they may be."""
        if self.within is not None:
            return self.within
        return 0.8 * (self.unit / 2 - abs(self.centre - self.printed))

    @property
    def is_invented(self) -> bool:
        """Whether no document prints it."""
        return self.source == "invented"

    def prints(self, value: float) -> bool:
        """Whether a value of the answers is the figure as it is printed.

        Examples
        --------
        >>> half = Target(levels=("yes",), printed=50, source="s001")
        >>> half.prints(50.4), half.prints(50.6)
        (True, False)
        """
        if self.above:
            return value > self.printed
        return abs(value - self.printed) <= self.unit / 2

    @model_validator(mode="after")
    def _is_sound(self) -> Target:
        if bool(self.levels) == self.mean:
            raise FaultyRecordError(Fault(TargetProblem.KIND, {}))
        ends = (self.centre - self.tolerance, self.centre + self.tolerance)
        sound = self.tolerance > 0 and (self.is_invented or all(map(self.prints, ends)))
        if not sound:
            values = {"aim": f"{self.centre:g}", "printed": f"{self.printed:g}"}
            raise FaultyRecordError(Fault(TargetProblem.AIM, values))
        return self


class TargetColumn(_Part):
    """A column of answers.

    Attributes
    ----------
    start
        The shares of the levels before they are bent to the figures; those of the question if
        not given.
    latent
        How much it goes with each of the dispositions of a person: invented.
    effects
        By breakdown and level, how much higher its people answer, in standard deviations of the
        answers: invented, in the direction that the documents tell.
    figures
        What the answers give back.
    """

    start: tuple[float, ...] = ()
    latent: dict[str, float] = Field(default_factory=dict)
    effects: dict[str, dict[str, float]] = Field(default_factory=dict)
    figures: tuple[Target, ...] = ()


class Leading(_Part):
    """Which items come first in each region.

    Attributes
    ----------
    spread
        Standard deviation of the means of regions around the national one.
    gap
        By how much the items that come first exceed the others.
    first
        The columns that come first, by region. Documents count regions; which ones is invented
        wherever they do not say it.
    """

    spread: float
    gap: float
    first: dict[str, tuple[str, ...]]


class TargetQuestion(_Part):
    """A question: one column, or several that are answered on one scale.

    Attributes
    ----------
    levels
        The answers, from the lowest to the highest where they are ordered.
    unsure
        The code of those who do not know or do not answer, and their share.
    start
        The shares of the levels before they are bent, for its columns that give none.
    leading
        Of a battery of marks: which items come first where.
    columns
        What to aim at, by column.
    """

    levels: Annotated[tuple[Level, ...], Field(min_length=2)]
    unsure: tuple[Level, Share] | None = None
    start: tuple[float, ...] = ()
    leading: Leading | None = None
    columns: dict[str, TargetColumn]

    @model_validator(mode="after")
    def _levels_are_known(self) -> TargetQuestion:
        faults = []
        known = set(self.levels)
        for name, column in self.columns.items():
            start = column.start or self.start
            if len(start) != len(self.levels):
                values = {"given": str(len(start)), "levels": str(len(self.levels))}
                faults.append(Fault(TargetProblem.START, values, ("columns", name, "start")))
            for rank, figure in enumerate(column.figures):
                for level in figure.levels:
                    if level not in known:
                        values = {"given": str(level), "levels": ", ".join(map(str, self.levels))}
                        place = ("columns", name, "figures", rank, "levels")
                        faults.append(Fault(TargetProblem.LEVEL, values, place))
        if faults:
            raise FaultyRecordError(*faults)
        return self


class Targets(_Part):
    """Everything that the invented wave gives back, and what was invented besides.

    Attributes
    ----------
    note_fr, note_en
        What a reader has to know before anything else.
    socio
        Shares of the socio-professional groups, in their order, by age: invented.
    dispositions
        How much each disposition of a person goes with the first: invented.
    questions
        By the code of the question.
    """

    note_fr: str
    note_en: str
    socio: dict[str, dict[str, Share]]
    dispositions: dict[str, float]
    questions: dict[str, TargetQuestion]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of answers, in its order."""
        return tuple(name for one in self.questions.values() for name in one.columns)


def read_targets(path: Path) -> Targets:
    """Read targets.

    Parameters
    ----------
    path : Path
        A YAML file.

    Returns
    -------
    Targets
        What it asks, sound in itself.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the file and its place.
    """
    return read_record(path, Targets)
