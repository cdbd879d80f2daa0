"""Describing studies, waves, questions, and what a wave asks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import IntegrityError, models, transaction

from alliage_web.audit.actions import record as record_event
from alliage_web.audit.actions import refuse_repeat
from alliage_web.observatory.models import (
    AskedQuestion,
    Comparability,
    Programme,
    Question,
    Study,
    Wave,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from alliage.observatory.studies.questionnaires import AskedQuestion as Described
    from alliage.observatory.studies.questionnaires import Named, Proposal
    from alliage_web.accounts.models import User

_Row = TypeVar("_Row", Study, Wave, Question, AskedQuestion)

_NAMES: dict[type[models.Model], str] = {
    Study: "study",
    Wave: "wave",
    Question: "question",
    AskedQuestion: "asked",
}


class CodeTakenError(ValueError):
    """A code is already that of another study, wave or question."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"« {code} » is taken. Choose another code.")


class RefusedQuestionnaireError(ValueError):
    """A questionnaire holds variables that cannot be taken: nothing of it is written."""


@transaction.atomic
def add_study(
    *, values: Mapping[str, Any], by: User, at: dt.datetime, submission: UUID | None
) -> Study:
    """Describe a new study.

    Raises
    ------
    CodeTakenError
        Another study has this code.
    """
    refuse_repeat(submission)
    return _added(Study(), values, by, at, submission)


@transaction.atomic
def add_wave(
    *, study: str, values: Mapping[str, Any], by: User, at: dt.datetime, submission: UUID | None
) -> Wave:
    """Describe a new wave of a study.

    Raises
    ------
    CodeTakenError
        Another wave of the study has this code.
    """
    refuse_repeat(submission)
    return _added(Wave(study=Study.objects.get(code=study)), values, by, at, submission)


@transaction.atomic
def add_question(
    *, values: Mapping[str, Any], by: User, at: dt.datetime, submission: UUID | None
) -> Question:
    """Describe a new question.

    Raises
    ------
    CodeTakenError
        Another question has this code.
    """
    refuse_repeat(submission)
    return _added(Question(order=_next(Question.objects.all())), values, by, at, submission)


@transaction.atomic
def ask(
    *,
    wave: int,
    question: str,
    values: Mapping[str, Any],
    by: User,
    at: dt.datetime,
    submission: UUID | None,
) -> AskedQuestion:
    """Say that a wave asked a question.

    Raises
    ------
    CodeTakenError
        The wave already asks it.
    """
    refuse_repeat(submission)
    row = AskedQuestion(
        wave=Wave.objects.select_related("study").get(pk=wave),
        question=Question.objects.get(code=question),
        order=_next(AskedQuestion.objects.filter(wave=wave)),
    )
    return _added(row, values, by, at, submission)


@transaction.atomic
def change_study(*, code: str, values: Mapping[str, Any], by: User, at: dt.datetime) -> Study:
    """Change what is said of a study."""
    return _changed(Study.objects.select_for_update().get(code=code), values, by, at)


@transaction.atomic
def change_wave(*, wave: int, values: Mapping[str, Any], by: User, at: dt.datetime) -> Wave:
    """Change what is said of a wave."""
    row = Wave.objects.select_for_update(of=("self",)).select_related("study").get(pk=wave)
    return _changed(row, values, by, at)


@transaction.atomic
def change_question(*, code: str, values: Mapping[str, Any], by: User, at: dt.datetime) -> Question:
    """Change what is said of a question."""
    return _changed(Question.objects.select_for_update().get(code=code), values, by, at)


@transaction.atomic
def change_asked(
    *, wave: int, question: str, values: Mapping[str, Any], by: User, at: dt.datetime
) -> AskedQuestion:
    """Change what is said of a question in one wave."""
    rows = AskedQuestion.objects.select_for_update(of=("self",))
    row = rows.select_related("wave__study", "question").get(wave=wave, question__code=question)
    return _changed(row, values, by, at)


@transaction.atomic
def import_questionnaire(
    *,
    wave: int,
    proposal: Proposal,
    theme: str,
    source: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None,
) -> int:
    """Write what a described questionnaire says; return how many questions it changed.

    Questions that the catalogue lacks are added to it under ``theme``. Those that the wave asks and
    the file does not name stay. A question asked for the first time in this wave is said to be of
    unknown comparability where an earlier wave asked it: a researcher then says better.

    Raises
    ------
    RefusedQuestionnaireError
        The proposal holds a variable that cannot be taken.
    """
    refuse_repeat(submission)
    if proposal.refused:
        msg = f"{len(proposal.refused)} variables cannot be taken. Correct the file."
        raise RefusedQuestionnaireError(msg)
    row = Wave.objects.select_for_update(of=("self",)).select_related("study").get(pk=wave)
    changed = sum(
        _imported(row, one.question, theme=theme, source=source, by=by, at=at)
        for one in proposal.questions
    )
    record_event(
        kind="observatory.questionnaire_imported",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"asked": [None, [one.question.code for one in proposal.questions]]},
        submission=submission,
    )
    return changed


def _imported(
    wave: Wave, told: Described, *, theme: str, source: str, by: User, at: dt.datetime
) -> bool:
    question = Question.objects.filter(code=told.code).first()
    if question is None:
        values = {
            "code": told.code,
            "theme": theme,
            "kind": told.kind.value,
            "ordered": told.ordered,
            "label_fr": _cut(told.wording, 200),
            "items": _lines(told.items, ()),
            "answers": _lines(told.answers, ()),
            "no_answer": _lines(told.no_answer, ()),
            "source": source,
        }
        blank = Question(order=_next(Question.objects.all()))
        question = _added(blank, values, by, at, None)
    items = _lines(told.items, question.items)
    answers = _lines(told.answers, question.answers)
    # What a wave asks is kept only where it is not what the question says.
    own: dict[str, Any] = {
        "universe_fr": _cut(told.universe, 300),
        "items": [] if items == question.items else items,
        "answers": [] if answers in ([], question.answers) else answers,
    }
    if told.wording != question.label_fr:
        own["wording_fr"] = told.wording
    rows = AskedQuestion.objects.select_for_update(of=("self",))
    row = rows.select_related("wave__study", "question").filter(wave=wave, question=question)
    asked = row.first()
    if asked is None:
        earlier = AskedQuestion.objects.filter(
            question=question, wave__study__population=wave.study.population, wave__synthetic=False
        ).exclude(wave=wave)
        unknown = earlier.exists() and not wave.synthetic
        comparability = Comparability.UNKNOWN if unknown else Comparability.FIRST
        order = _next(AskedQuestion.objects.filter(wave=wave))
        blank_asked = AskedQuestion(wave=wave, question=question, order=order)
        values = {**own, "comparability": comparability.value, "source": source}
        _added(blank_asked, values, by, at, None)
        return True
    before = {name: getattr(asked, name) for name in own}
    if before == own:
        return False
    _changed(asked, own, by, at)
    return True


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _lines(told: Iterable[Named], known: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return answers or items as columns hold them; the English of a known one stays."""
    english = {(one["code"], one["label_fr"]): one.get("label_en", "") for one in known}
    return [
        {"code": code, "label_fr": words, "label_en": english.get((code, words), "")}
        for code, words in told
    ]


def _next(rows: models.QuerySet[Any]) -> int:
    last = rows.aggregate(last=models.Max("order"))["last"]
    return 0 if last is None else last + 1


def _added(
    row: _Row, values: Mapping[str, Any], by: User, at: dt.datetime, submission: UUID | None
) -> _Row:
    for name, value in values.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        taken = _taken_code(row)
        if taken is None:
            raise
        raise CodeTakenError(taken) from error
    record_event(
        kind=f"observatory.{_NAMES[type(row)]}_added",
        target=row.stable_name,
        by=by,
        at=at,
        changes={name: [None, _plain(value)] for name, value in values.items()},
        submission=submission,
    )
    return row


def _taken_code(row: Study | Wave | Question | AskedQuestion) -> str | None:
    """Return the code that another row has already; None where that is not what failed."""
    if isinstance(row, AskedQuestion):
        code = row.question.code
        taken = AskedQuestion.objects.filter(wave=row.wave, question=row.question).exists()
    elif isinstance(row, Wave):
        code = row.code
        taken = Wave.objects.filter(study=row.study, code=code).exists()
    else:
        code = row.code
        taken = type(row).objects.filter(code=code).exists()
    return code if taken else None


def _changed(row: _Row, values: Mapping[str, Any], by: User, at: dt.datetime) -> _Row:
    """Write what differs; nothing is recorded where nothing does."""
    changes = {}
    for name, after in values.items():
        before = getattr(row, name)
        if before != after:
            setattr(row, name, after)
            changes[name] = [_plain(before), _plain(after)]
    if changes:
        row.save(update_fields=list(changes))
        record_event(
            kind=f"observatory.{_NAMES[type(row)]}_changed",
            target=row.stable_name,
            by=by,
            at=at,
            changes=changes,
        )
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.code if isinstance(value, Programme) else value
