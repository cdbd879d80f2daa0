"""Figures that documents state: what they say, where, how well they are read.

They are transcribed, never computed: no document gives what a margin of error would need.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from alliage.observatory.studies.catalogue import Population, Theme
from alliage.values.yaml_files import (
    Fault,
    FileProblem,
    InvalidFilesError,
    Problem,
    place,
    read_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from alliage.observatory.studies.catalogue import Catalogue


class Statistic(StrEnum):
    """What a figure is."""

    PROPORTION = "proportion"
    MEAN = "mean"
    RANK = "rank"
    #: Between the marks of two items.
    GAP = "gap"
    #: Between two waves.
    CHANGE = "change"
    #: The share of the population that lives in a group of regions.
    WEIGHT = "weight"
    #: In how many regions something is true.
    REGIONS = "regions"
    #: The answers, most given first.
    ORDER = "order"
    COUNT = "count"


class FigureUnit(StrEnum):
    """What a figure is counted in, as documents print it."""

    PERCENT = "percent"
    #: On the scale from 1 to 10.
    MARK = "mark"
    POINTS = "points"
    RANK = "rank"
    REGIONS = "regions"
    #: Codes of answers: no number.
    CODE = "code"
    PEOPLE = "people"
    MILLIONS = "millions"
    PAGES = "pages"
    STUDIES = "studies"
    EXAMPLES = "examples"
    DEBATES = "debates"
    NETWORKS = "networks"


class Operator(StrEnum):
    """How exact a document claims to be."""

    EXACT = "exact"
    ABOUT = "about"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ALMOST = "almost"


class Reading(StrEnum):
    """How well a figure is read; see ``docs/reference/observatory-figures.md``."""

    #: Printed clearly, or twice alike, or confirmed by a sum.
    SURE = "sure"
    #: Printed once, or a damaged character was restored.
    PROBABLE = "probable"
    #: Worked out from other figures, or bounded by an order.
    DERIVED = "derived"
    DOUBTFUL = "doubtful"
    ILLEGIBLE = "illegible"


class Withheld(StrEnum):
    """Why a figure is not published."""

    ILLEGIBLE = "illegible"
    DOUBTFUL = "doubtful"
    CONTRADICTORY = "contradictory"
    #: Nobody can tell what, or whom, it is about.
    AMBIGUOUS = "ambiguous"


#: Readings that are good enough to be published.
PUBLISHABLE = frozenset({Reading.SURE, Reading.PROBABLE, Reading.DERIVED})


class FigureProblem(Problem):
    """What can be wrong with figures, besides their format."""

    TWICE = "twice", "« %(code)s » is declared twice. Keep one."
    UNKNOWN = "unknown", "« %(given)s » is not declared as a %(what)s. Declare it, or correct it."
    NUMBERS = (
        "numbers",
        "a figure has a value, or two bounds in order, or answers: one of the three, and only one.",
    )
    NOTHING = "nothing", "the figure is published and states nothing. Withhold it, with the reason."
    POORLY_READ = (
        "poorly_read",
        "the reading is %(reading)s: such a figure is not published. Withhold it, with the reason.",
    )
    POPULATION = "population", "the wave is about %(wave)s, not %(given)s. Correct either."


def _exact(given: object) -> Decimal:
    """Read a number as it is written; the files quote decimals, which floats would change."""
    try:
        number = Decimal(given) if isinstance(given, str | int) else Decimal("NaN")
    except ArithmeticError as error:
        msg = f"« {given} » is not a number. Write it in quotes, with a point: '5.7'."
        raise ValueError(msg) from error
    if not number.is_finite():
        msg = f"« {given} » is not finite. Write a number, or leave the value out."
        raise ValueError(msg)
    return number


_Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,59}$")]
_Text = Annotated[str, Field(min_length=1)]
_Number = Annotated[Decimal, PlainValidator(_exact)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatementRecord(_Part):
    """What one document says."""

    text_fr: _Text
    text_en: _Text
    source: _Text


class DisagreementRecord(_Part):
    """What documents do not say alike, with every statement and how we read them."""

    code: _Code
    title_fr: _Text
    title_en: _Text
    statements: Annotated[tuple[StatementRecord, ...], Field(min_length=1)]
    reading_fr: _Text
    reading_en: _Text


class WithheldRecord(_Part):
    """Why a figure is kept inside."""

    category: Withheld
    reason_fr: _Text
    reason_en: _Text


class FigureRecord(_Part):
    """A figure as a document states it.

    Attributes
    ----------
    question, study, wave
        Their codes; without wave where the document does not say of which one the figure is.
    item, level
        The item of a battery, and the answers that are counted.
    group
        Who it is about: a breakdown and one of its codes; empty for everybody.
    value, low, high, answer
        A number, or the bounds between which it lies, or answers in their order.
    """

    code: _Code
    theme: Theme
    question: str = ""
    study: str = ""
    wave: str = ""
    population: Population | None = None
    label_fr: _Text
    label_en: _Text
    statistic: Statistic
    item: str = ""
    level: str = ""
    group: dict[str, str] = Field(default_factory=dict)
    value: _Number | None = None
    low: _Number | None = None
    high: _Number | None = None
    answer: str = ""
    unit: FigureUnit
    operator: Operator = Operator.EXACT
    reading: Reading
    source: _Text
    note_fr: str = ""
    note_en: str = ""
    withheld: WithheldRecord | None = None
    disagreements: tuple[_Code, ...] = ()


class _Figures(_Part):
    disagreements: tuple[DisagreementRecord, ...]
    figures: tuple[FigureRecord, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that documents state, published or not.

    Attributes
    ----------
    disagreements, figures
        In the order of the file.
    """

    disagreements: tuple[DisagreementRecord, ...]
    figures: tuple[FigureRecord, ...]

    @property
    def published(self) -> tuple[FigureRecord, ...]:
        """The figures that everybody may read."""
        return tuple(one for one in self.figures if one.withheld is None)

    def withheld(self) -> Mapping[Withheld, int]:
        """Count the figures that are kept inside, by reason."""
        return Counter(one.withheld.category for one in self.figures if one.withheld is not None)


def read_figures(path: Path, catalogue: Catalogue) -> Figures:
    """Read the figures of documents.

    Parameters
    ----------
    path : Path
        A file such as ``data/observatory/figures.yaml``.
    catalogue : Catalogue
        The studies, waves and questions that figures may be about.

    Returns
    -------
    Figures
        Disagreements and figures, checked.

    Raises
    ------
    InvalidFilesError
        If the file cannot be read or does not follow its format, a figure is about what the
        catalogue does not hold, or one that is poorly read is published; every problem is listed.

    Examples
    --------
    >>> from alliage.observatory.studies.catalogue import read_catalogue
    >>> from alliage.values.datafiles import data_directory
    >>> folder = data_directory() / "observatory"
    >>> figures = read_figures(folder / "figures.yaml", read_catalogue(folder))
    >>> next(one.value for one in figures.published if one.code == "s001")
    Decimal('50')
    """
    file = read_record(path, _Figures)
    problems = list(_problems(path.name, file, catalogue))
    if problems:
        raise InvalidFilesError(problems)
    return Figures(file.disagreements, file.figures)


def faults_of(figure: FigureRecord) -> Iterator[Fault]:
    """Tell what is wrong with a figure by itself."""
    bounds = {figure.low is None, figure.high is None}
    stated = [figure.value is not None, figure.low is not None, bool(figure.answer)]
    ordered = figure.low is None or figure.high is None or figure.low <= figure.high
    if len(bounds) > 1 or sum(stated) > 1 or not ordered:
        yield Fault(FigureProblem.NUMBERS)
    if figure.withheld is None:
        if not any(stated):
            yield Fault(FigureProblem.NOTHING)
        if figure.reading not in PUBLISHABLE:
            yield Fault(FigureProblem.POORLY_READ, {"reading": figure.reading.value})


def _problems(name: str, file: _Figures, catalogue: Catalogue) -> Iterator[FileProblem]:
    for key in ("disagreements", "figures"):
        for code, times in Counter(one.code for one in getattr(file, key)).items():
            if times > 1:
                yield FileProblem.of(name, key, Fault(FigureProblem.TWICE, {"code": code}))
    disagreements = {one.code for one in file.disagreements}
    questions = {one.code for one in catalogue.questions}
    waves = {
        (study.code, wave.code): study.population
        for study in catalogue.studies
        for wave in study.waves
    }
    for rank, figure in enumerate(file.figures):
        here = place(("figures", rank))
        for fault in faults_of(figure):
            yield FileProblem.of(name, f"{here} ({figure.code})", fault)
        yield from _undeclared(name, here, "disagreement", figure.disagreements, disagreements)
        asked = [figure.question] if figure.question else []
        yield from _undeclared(name, here, "question", asked, questions)
        if figure.study or figure.wave:
            yield from _problems_of_wave(name, here, figure, waves)


def _problems_of_wave(
    name: str, here: str, figure: FigureRecord, waves: Mapping[tuple[str, str], Population]
) -> Iterator[FileProblem]:
    asked = waves.get((figure.study, figure.wave))
    if asked is None:
        values = {"given": f"{figure.study} {figure.wave}", "what": "wave"}
        yield FileProblem.of(name, here, Fault(FigureProblem.UNKNOWN, values))
    elif figure.population is not asked:
        values = {"wave": asked.value, "given": figure.population or "nobody"}
        yield FileProblem.of(name, here, Fault(FigureProblem.POPULATION, values))


def _undeclared(
    name: str, here: str, what: str, given: Iterable[str], known: set[str]
) -> Iterator[FileProblem]:
    for code in given:
        if code not in known:
            fault = Fault(FigureProblem.UNKNOWN, {"given": code, "what": what})
            yield FileProblem.of(name, here, fault)
