"""Programmes, studies, waves and questions, as frozen rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Q
from django.urls import reverse

from alliage_web.observatory.models import (
    AskedQuestion,
    BreakKind,
    DatePrecision,
    Population,
    Programme,
    Question,
    Study,
    Wave,
)
from alliage_web.observatory.models.catalogue import in_language

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

_WRITTEN = {DatePrecision.DAY: 10, DatePrecision.MONTH: 7, DatePrecision.YEAR: 4}


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer, or an item of a battery."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A wave; what is not known is empty.

    Attributes
    ----------
    first, last
        Fieldwork, as precisely as is known: ``2022-09``.
    """

    id: int
    study: str
    study_label: str
    population: str
    population_label: str
    code: str
    label: str
    year: int | None
    synthetic: bool
    first: str
    last: str
    fieldwork_said: str
    sample_size: int | None
    design: str
    weighting: str
    institute: str
    note: str
    source: str
    questions: int = 0

    @property
    def url(self) -> str:
        return reverse("observatory:wave", args=[self.study, self.code])


@dataclass(frozen=True, slots=True)
class StudyRow:
    """What a programme asks a population."""

    code: str
    label: str
    population: str
    population_label: str
    summary: str
    source: str
    programme: str
    programme_label: str
    waves: tuple[WaveRow, ...]

    @property
    def url(self) -> str:
        return reverse("observatory:study", args=[self.code])


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """Some years of studies led together."""

    code: str
    label: str
    aim: str
    first_year: int
    last_year: int
    source: str
    studies: tuple[StudyRow, ...]


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question that keeps its code from wave to wave."""

    code: str
    label: str
    theme: str
    theme_label: str
    kind: str
    kind_label: str
    ordered: bool
    about: str
    lowest: int | None
    highest: int | None
    items: tuple[Choice, ...]
    answers: tuple[Choice, ...]
    no_answer: tuple[Choice, ...]
    complete: bool
    source: str

    @property
    def url(self) -> str:
        return reverse("observatory:question", args=[self.code])


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A question in one wave.

    Attributes
    ----------
    items, answers
        Those of this wave: its own, or those of the question.
    breaks
        What changed since the wave before, in words.
    """

    question: QuestionRow
    wave: WaveRow
    number: str
    wording: str
    universe: str
    items: tuple[Choice, ...]
    answers: tuple[Choice, ...]
    comparability: str
    comparability_label: str
    breaks: tuple[str, ...]
    break_codes: tuple[str, ...]
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the observatory holds, counted; invented respondents are not."""

    programmes: int
    studies: int
    waves: int
    questions: int
    latest: WaveRow | None


def overview() -> Overview:
    """Count what is described, and find the last dated wave of real people."""
    real = Wave.objects.filter(synthetic=False)
    year = real.aggregate(last=Max("year"))["last"]
    latest = (
        real.filter(year=year)
        .select_related("study")
        .order_by("-sample_size", "study__code", "code")
        .first()
        if year
        else None
    )
    return Overview(
        programmes=Programme.objects.count(),
        studies=Study.objects.count(),
        waves=real.count(),
        questions=Question.objects.count(),
        latest=_wave(latest) if latest else None,
    )


def programmes() -> tuple[ProgrammeRow, ...]:
    """Return every programme with its studies and their waves, in three queries."""
    waves: dict[int, list[WaveRow]] = {}
    for wave in _waves():
        waves.setdefault(wave.study_id, []).append(_wave(wave, wave.questions))
    studies: dict[int, list[StudyRow]] = {}
    for study in Study.objects.select_related("programme"):
        row = _study(study, waves.get(study.pk, ()))
        studies.setdefault(study.programme_id, []).append(row)
    return tuple(
        ProgrammeRow(
            code=one.code,
            label=one.label,
            aim=one.aim,
            first_year=one.first_year,
            last_year=one.last_year,
            source=one.source,
            studies=tuple(studies.get(one.pk, ())),
        )
        for one in Programme.objects.all()
    )


def study(code: str) -> StudyRow | None:
    """Return a study with its waves."""
    found = Study.objects.select_related("programme").filter(code=code).first()
    if found is None:
        return None
    return _study(found, [_wave(wave, wave.questions) for wave in _waves().filter(study=found)])


def wave(study_code: str, code: str) -> WaveRow | None:
    """Return a wave."""
    found = _waves().filter(study__code=study_code, code=code).first()
    return _wave(found, found.questions) if found else None


def questions(*, theme: str = "") -> tuple[QuestionRow, ...]:
    """Return the questions, of a theme or of all."""
    rows = Question.objects.filter(theme=theme) if theme else Question.objects.all()
    return tuple(map(_question, rows))


def question(code: str) -> QuestionRow | None:
    """Return a question."""
    found = Question.objects.filter(code=code).first()
    return _question(found) if found else None


def asked_in(study_code: str, wave_code: str) -> tuple[AskedRow, ...]:
    """Return what a wave asked, in the order of its questionnaire."""
    return _asked(Q(wave__study__code=study_code, wave__code=wave_code))


def asked_of(question_code: str) -> tuple[AskedRow, ...]:
    """Return every wave that asked a question: by population, then in the order of time."""
    rows = _asked(Q(question__code=question_code))
    ranks = {code: rank for rank, code in enumerate(Population.values)}
    return tuple(sorted(rows, key=lambda row: (ranks[row.wave.population], *_when(row.wave))))


def _when(row: WaveRow) -> tuple[bool, bool, int, str, str]:
    """Order waves by time: those without a year, then invented ones, come last."""
    return row.synthetic, row.year is None, row.year or 0, row.study, row.code


def _asked(which: Q) -> tuple[AskedRow, ...]:
    rows = (
        AskedQuestion.objects.filter(which)
        .select_related("question", "wave__study")
        .order_by("wave", "order", "question__order", "pk")
    )
    return tuple(_asked_row(row) for row in rows)


def _asked_row(row: AskedQuestion) -> AskedRow:
    about = _question(row.question)
    labels = dict(BreakKind.choices)
    return AskedRow(
        question=about,
        wave=_wave(row.wave),
        number=row.number,
        wording=row.wording,
        universe=row.universe,
        items=choices(row.items) or about.items,
        answers=choices(row.answers) or about.answers,
        comparability=row.comparability,
        comparability_label=row.get_comparability_display(),
        breaks=tuple(str(labels.get(code, code)) for code in row.breaks),
        break_codes=tuple(row.breaks),
        reason=row.reason,
        source=row.source,
    )


def _waves() -> Any:
    return Wave.objects.select_related("study").annotate(questions=Count("asked"))


def _study(row: Study, waves: Iterable[WaveRow]) -> StudyRow:
    return StudyRow(
        code=row.code,
        label=row.label,
        population=row.population,
        population_label=row.get_population_display(),
        summary=row.summary,
        source=row.source,
        programme=row.programme.code,
        programme_label=row.programme.label,
        waves=tuple(sorted(waves, key=_when)),
    )


def _wave(row: Wave, asked: int = 0) -> WaveRow:
    return WaveRow(
        id=row.pk,
        study=row.study.code,
        study_label=row.study.label,
        population=row.study.population,
        population_label=row.study.get_population_display(),
        code=row.code,
        label=row.label,
        year=row.year,
        synthetic=row.synthetic,
        first=_partial(row.fieldwork_first, row.fieldwork_precision),
        last=_partial(row.fieldwork_last, row.fieldwork_precision),
        fieldwork_said=row.fieldwork_said,
        sample_size=row.sample_size,
        design=row.design,
        weighting=row.weighting,
        institute=row.institute,
        note=row.note,
        source=row.source,
        questions=asked,
    )


def _partial(date: dt.date | None, precision: str) -> str:
    return date.isoformat()[: _WRITTEN[DatePrecision(precision)]] if date and precision else ""


def _question(row: Question) -> QuestionRow:
    return QuestionRow(
        code=row.code,
        label=row.label,
        theme=row.theme,
        theme_label=row.get_theme_display(),
        kind=row.kind,
        kind_label=row.get_kind_display(),
        ordered=row.ordered,
        about=row.about,
        lowest=row.lowest,
        highest=row.highest,
        items=choices(row.items),
        answers=choices(row.answers),
        no_answer=choices(row.no_answer),
        complete=row.complete,
        source=row.source,
    )


def choices(told: Iterable[Mapping[str, str]]) -> tuple[Choice, ...]:
    """Read answers or items as the tables keep them."""
    return tuple(
        Choice(one["code"], in_language(one["label_fr"], one.get("label_en", ""))) for one in told
    )


# The rows that forms show and change.


def study_row(code: str) -> Study | None:
    """Return the row of a study."""
    return Study.objects.filter(code=code).first()


def wave_row(wave: int) -> Wave:
    """Return the row of a wave that exists."""
    return Wave.objects.select_related("study").get(pk=wave)


def question_row(code: str) -> Question | None:
    """Return the row of a question."""
    return Question.objects.filter(code=code).first()


def asked_row(wave: int, code: str) -> AskedQuestion | None:
    """Return the row of a question in a wave."""
    rows = AskedQuestion.objects.select_related("question", "wave__study")
    return rows.filter(wave=wave, question__code=code).first()


def unasked_by(wave: int) -> tuple[int, ...]:
    """Return the questions that a wave does not ask yet."""
    return tuple(Question.objects.exclude(asked__wave=wave).values_list("pk", flat=True))
