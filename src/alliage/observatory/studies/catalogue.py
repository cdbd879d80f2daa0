"""Programmes, studies, waves and questions of an observatory, as files describe them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from alliage.values.yaml_files import (
    Fault,
    FileProblem,
    InvalidFilesError,
    Problem,
    place,
    read_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Population(StrEnum):
    """Who is asked."""

    CITIZEN = "citizen"
    LOCAL_ELECTED = "local_elected"
    COMPANY = "company"
    ASSOCIATION = "association"
    FOUNDATION = "foundation"
    ACADEMIC = "academic"


class Theme(StrEnum):
    """What a question is about."""

    TERRITORY_HEALTH = "territory_health"
    FRAGILITY = "fragility"
    ACTING_TOGETHER = "acting_together"
    ALLIANCE_EFFECT = "alliance_effect"
    IMPACT = "impact"
    MATURITY = "maturity"
    LEVERS = "levers"
    ENGAGEMENT = "engagement"
    SDG = "sdg"
    TERRITORY = "territory"
    STUDY = "study"


class QuestionKind(StrEnum):
    """How a question is answered."""

    #: One answer among several.
    LEVELS = "levels"
    #: As many answers as one likes.
    CHOICES = "choices"
    #: Several items, all answered on one scale.
    BATTERY = "battery"


class DatePrecision(StrEnum):
    """How well the fieldwork is dated; what is not known is not guessed."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Comparability(StrEnum):
    """Whether a question may be compared with the wave before that asked it."""

    #: No earlier wave asked it.
    FIRST = "first"
    #: Same wording, scale and context.
    COMPARABLE = "comparable"
    #: Something changed: the series breaks here.
    BROKEN = "broken"
    #: Nobody can tell any more: the series is not joined either.
    UNKNOWN = "unknown"


class BreakKind(StrEnum):
    """What changed between two waves."""

    WORDING = "wording"
    SCALE = "scale"
    ITEMS = "items"
    UNIVERSE = "universe"
    CONTEXT = "context"
    #: It is not sure which wave the older figures are from.
    WAVE = "wave"


class CatalogueProblem(Problem):
    """What can be wrong in the catalogue, besides its format."""

    TWICE = "twice", "« %(code)s » is declared twice. Keep one."
    UNKNOWN = "unknown", "« %(given)s » is not declared. Write one of: %(known)s."
    NO_REASON = (
        "no_reason",
        "the series breaks, and nothing says why. Give its kind, and the reason in both languages.",
    )
    NO_BREAK = (
        "no_break",
        "a kind of break is given to a question said %(comparability)s. Say broken, or remove it.",
    )
    DATES = "dates", "the fieldwork ends (%(last)s) before it begins (%(first)s). Swap the dates."
    PRECISION = (
        "precision",
        "the fieldwork has dates without their precision, or a precision without dates. Give both.",
    )
    ITEMS = "items", "a battery has items, and only a battery has. Correct the kind, or the items."


_Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
#: How the code of an answer may be written: as files of respondents do, « 1 », « -9 », « NSP ».
ANSWER_CODE = r"[\w.-]{1,40}"
_AnswerCode = Annotated[str, Field(pattern=f"^{ANSWER_CODE}$")]
_Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Part):
    """An answer of a scale, or an item of a battery, with its code."""

    code: _AnswerCode
    label_fr: _Text
    label_en: str = ""


class ProgrammeRecord(_Part):
    """Some years of studies led together."""

    code: _Code
    label_fr: _Text
    label_en: _Text
    first_year: int
    last_year: int
    aim_fr: _Text
    aim_en: _Text
    source: _Text


class FieldworkRecord(_Part):
    """When people were asked: as precisely as is known, with what each document says.

    Attributes
    ----------
    first, last
        First and last days of the span; the first and last of the month, or of the year, where
        the precision is no better.
    said_fr, said_en
        What the documents say, where they do not say the same.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    precision: DatePrecision | None = None
    said_fr: str = ""
    said_en: str = ""


class AskedRecord(_Part):
    """A question in one wave: what was asked there, and whether it can be compared.

    Attributes
    ----------
    question
        The code that it keeps from wave to wave.
    number
        Its number in the questionnaire: ``Q3``.
    wording_fr, wording_en
        What was asked, word for word; empty where documents give only a title.
    universe_fr, universe_en
        Who was asked; empty where it is not known.
    items, answers
        Those of this wave, where they differ from those of the question.
    comparability, breaks, reason_fr, reason_en
        Against the wave before that asked it, of the same population.
    """

    question: _Code
    number: str = ""
    wording_fr: str = ""
    wording_en: str = ""
    universe_fr: str = ""
    universe_en: str = ""
    items: tuple[Answer, ...] = ()
    answers: tuple[Answer, ...] = ()
    comparability: Comparability
    breaks: tuple[BreakKind, ...] = ()
    reason_fr: str = ""
    reason_en: str = ""
    source: _Text


class WaveRecord(_Part):
    """A study carried out once; what documents do not say is left out."""

    code: _Code
    year: int | None = None
    label_fr: _Text
    label_en: _Text
    synthetic: bool = False
    fieldwork: FieldworkRecord = FieldworkRecord()
    sample_size: int | None = Field(default=None, ge=1)
    design_fr: str = ""
    design_en: str = ""
    weighting_fr: str = ""
    weighting_en: str = ""
    institute: str = ""
    note_fr: str = ""
    note_en: str = ""
    source: _Text
    asked: tuple[AskedRecord, ...] = ()


class StudyRecord(_Part):
    """What a programme asks a population, wave after wave."""

    code: _Code
    programme: _Code
    population: Population
    label_fr: _Text
    label_en: _Text
    summary_fr: str = ""
    summary_en: str = ""
    source: _Text
    waves: tuple[WaveRecord, ...] = ()


class QuestionRecord(_Part):
    """A question that keeps its code from wave to wave.

    Attributes
    ----------
    ordered
        Whether its answers are ordered: agreement, a scale of marks.
    lowest, highest
        The ends of a scale of marks; absent where answers have names.
    items
        What a battery asks about, in the order of the documents.
    answers
        The answers, in their order; those that stand for no answer come last, in ``no_answer``.
    complete
        Whether every answer or item is known: documents often print some only.
    """

    code: _Code
    theme: Theme
    kind: QuestionKind
    ordered: bool
    label_fr: _Text
    label_en: _Text
    about_fr: str = ""
    about_en: str = ""
    lowest: int | None = None
    highest: int | None = None
    items: tuple[Answer, ...] = ()
    answers: tuple[Answer, ...] = ()
    no_answer: tuple[Answer, ...] = ()
    complete: bool
    source: _Text


class _Studies(_Part):
    programmes: tuple[ProgrammeRecord, ...]
    studies: tuple[StudyRecord, ...]


class _Questions(_Part):
    questions: tuple[QuestionRecord, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that files say of the studies.

    Attributes
    ----------
    programmes, studies, questions
        In the order of the files; each study holds its waves, each wave what was asked.
    """

    programmes: tuple[ProgrammeRecord, ...]
    studies: tuple[StudyRecord, ...]
    questions: tuple[QuestionRecord, ...]

    def question(self, code: str) -> QuestionRecord:
        """Return a question by its code.

        Raises
        ------
        KeyError
            If the catalogue has no such question.
        """
        return {one.code: one for one in self.questions}[code]


def read_catalogue(folder: Path) -> Catalogue:
    """Read ``studies.yaml`` and ``questions.yaml`` of a folder.

    Parameters
    ----------
    folder : Path
        Where both files are.

    Returns
    -------
    Catalogue
        What they say, checked.

    Raises
    ------
    InvalidFilesError
        If a file cannot be read, does not follow its format, names what no file declares, or
        breaks a series without saying why; every problem is listed.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> catalogue = read_catalogue(data_directory() / "observatory")
    >>> [programme.code for programme in catalogue.programmes]
    ['arpea', 'phare', 'impact', 'ecosysteme']
    >>> len(catalogue.question("fragility").items)
    16
    """
    studies = read_record(folder / "studies.yaml", _Studies)
    questions = read_record(folder / "questions.yaml", _Questions)
    problems = [*_problems_of_studies(studies, questions), *_problems_of_questions(questions)]
    if problems:
        raise InvalidFilesError(problems)
    return Catalogue(studies.programmes, studies.studies, questions.questions)


def problems_of_asked(asked: AskedRecord) -> Iterator[Fault]:
    """Tell what is wrong with what a record says of comparability."""
    if asked.comparability is Comparability.BROKEN:
        if not (asked.breaks and asked.reason_fr and asked.reason_en):
            yield Fault(CatalogueProblem.NO_REASON)
    elif asked.breaks:
        yield Fault(CatalogueProblem.NO_BREAK, {"comparability": asked.comparability.value})


def _problems_of_studies(file: _Studies, questions: _Questions) -> Iterator[FileProblem]:
    name = "studies.yaml"
    known = sorted(one.code for one in questions.questions)
    programmes = [one.code for one in file.programmes]
    yield from _twice(name, ("programmes",), programmes)
    yield from _twice(name, ("studies",), [one.code for one in file.studies])
    for rank, study in enumerate(file.studies):
        here = ("studies", rank)
        if study.programme not in programmes:
            yield _unknown(name, (*here, "programme"), study.programme, programmes)
        yield from _twice(name, (*here, "waves"), [one.code for one in study.waves])
        for order, wave in enumerate(study.waves):
            yield from _problems_of_wave(name, (*here, "waves", order), wave, known)


def _problems_of_wave(
    file: str, here: tuple[str | int, ...], wave: WaveRecord, known: list[str]
) -> Iterator[FileProblem]:
    said = wave.fieldwork
    spot = place((*here, "fieldwork"))
    if len({said.first is None, said.last is None, said.precision is None}) > 1:
        yield FileProblem.of(file, spot, Fault(CatalogueProblem.PRECISION))
    elif said.first and said.last and said.last < said.first:
        dates = {"first": said.first.isoformat(), "last": said.last.isoformat()}
        yield FileProblem.of(file, spot, Fault(CatalogueProblem.DATES, dates))
    yield from _twice(file, (*here, "asked"), [one.question for one in wave.asked])
    for rank, asked in enumerate(wave.asked):
        there = (*here, "asked", rank)
        if asked.question not in known:
            yield _unknown(file, (*there, "question"), asked.question, known)
        for fault in problems_of_asked(asked):
            yield FileProblem.of(file, place((*there, "comparability")), fault)


def _problems_of_questions(file: _Questions) -> Iterator[FileProblem]:
    name = "questions.yaml"
    yield from _twice(name, ("questions",), [one.code for one in file.questions])
    for rank, question in enumerate(file.questions):
        here = ("questions", rank)
        if (question.kind is QuestionKind.BATTERY) != bool(question.items):
            yield FileProblem.of(name, place((*here, "items")), Fault(CatalogueProblem.ITEMS))
        yield from _twice(name, (*here, "items"), [one.code for one in question.items])
        answers = (*question.answers, *question.no_answer)
        yield from _twice(name, (*here, "answers"), [one.code for one in answers])


def _twice(file: str, here: tuple[str | int, ...], codes: Iterable[str]) -> Iterator[FileProblem]:
    for code, times in Counter(codes).items():
        if times > 1:
            fault = Fault(CatalogueProblem.TWICE, {"code": code})
            yield FileProblem.of(file, place(here), fault)


def _unknown(
    file: str, here: tuple[str | int, ...], given: str, known: Iterable[str]
) -> FileProblem:
    values = {"given": given, "known": ", ".join(known)}
    return FileProblem.of(file, place(here), Fault(CatalogueProblem.UNKNOWN, values))
