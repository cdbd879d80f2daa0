"""What the fund does of an application that was sent, and what applicants answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from alliage.fund.states import (
    APPLICATION,
    ApplicationState,
    Guard,
    GuardNotMet,
    TransitionNotAllowed,
)
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import ApplicationQuestion, RequestedDocument, RuleJudgement
from alliage_web.fund.queries.applications import AWARDED

from .application_messages import tell_signatories
from .applications import locked, move
from .dead_files import give_back
from .ledger import begin

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Application


@transaction.atomic
def decide(
    *,
    application: Application,
    verb: str,
    by: User | None,
    at: dt.datetime,
    reason: str = "",
    complete_by: dt.date | None = None,
    holds: Collection[Guard] = (),
    submission: UUID | None = None,
) -> None:
    """Take a decision of the table of states on a sent application; its signatories are told.

    Parameters
    ----------
    verb : str
        Such as ``ask_to_complete``, ``declare_ineligible``, ``restore``, ``start_review``,
        ``lift_conditions``.
    complete_by : date
        Of ``ask_to_complete``, the last day.
    holds : collection of Guard
        What the caller knows to hold besides: that reviewers are assigned, that a quorum is met.

    Raises
    ------
    TransitionNotAllowed, GuardNotMet
        The state does not admit it, or something that it needs does not hold.
    """
    if verb == "lapse":
        # The ledger is locked first, as everywhere money moves.
        begin(application.fund)
    refuse_repeat(submission)
    content = locked(application)
    row = content.application
    known = set(holds)
    changes = {}
    if verb == "ask_to_complete":
        if not reason.strip() or complete_by is None or complete_by < at.date():
            raise GuardNotMet(APPLICATION, verb, (Guard.MISSING_LISTED,))
        known.add(Guard.MISSING_LISTED)
        row.complete_by = complete_by
        changes["complete_by"] = [None, complete_by.isoformat()]
    move(
        content,
        verb,
        by=by,
        at=at,
        holds=known,
        reason=reason,
        changes=changes,
        submission=submission,
    )
    if verb == "lapse":
        give_back(row, by=by, at=at)
    tell_signatories(content, "state", at=at)


@transaction.atomic
def set_signature_date(
    *, application: Application, sign_by: dt.date | None, by: User, at: dt.datetime
) -> None:
    """Give the last day on which the agreement of an accepted application may be signed.

    After it the calendar lets the application lapse, and its award goes back to the envelope.
    Without it an accepted application waits for ever.

    Raises
    ------
    TransitionNotAllowed, GuardNotMet
        The application is not accepted, the day is past, or the agreement is signed.
    """
    content = locked(application)
    row = content.application
    if ApplicationState(row.state) not in AWARDED:
        raise TransitionNotAllowed(APPLICATION, ApplicationState(row.state), "lapse")
    if Guard.NO_SIGNED_AGREEMENT not in content.guards(at):
        raise GuardNotMet(APPLICATION, "lapse", (Guard.NO_SIGNED_AGREEMENT,))
    if sign_by is not None and sign_by < timezone.localdate(at):
        raise GuardNotMet(APPLICATION, "sign_by", (Guard.LATER_DEADLINE,))
    before, row.sign_by, row.updated_at = row.sign_by, sign_by, at
    row.save(update_fields=["sign_by", "updated_at"])
    record(
        kind="application.sign_by",
        target=row.stable_name,
        by=by,
        at=at,
        changes={
            "sign_by": [
                before.isoformat() if before else None,
                sign_by.isoformat() if sign_by else None,
            ]
        },
    )


@transaction.atomic
def judge_rule(
    *,
    application: Application,
    rule: str,
    is_met: bool,
    reason: str,
    by: User,
    at: dt.datetime,
) -> RuleJudgement:
    """Say of a rule that the platform cannot tell whether it is met, and why."""
    content = locked(application)
    before = content.judgements.get(rule)
    judgement, _created = RuleJudgement.objects.update_or_create(
        application=content.application,
        rule=rule,
        defaults={"is_met": is_met, "reason": reason.strip(), "by": by, "at": at},
    )
    record(
        kind="application.judged",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={
            "rule": [None, rule],
            "is_met": [before.is_met if before else None, is_met],
            "why": [before.reason if before else None, reason.strip()],
        },
    )
    return judgement


@transaction.atomic
def ask(
    *,
    application: Application,
    text: str,
    answer_by: dt.date,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> ApplicationQuestion:
    """Ask the applicants something, with the day by which the fund waits for the answer."""
    refuse_repeat(submission)
    content = locked(application)
    question = ApplicationQuestion.objects.create(
        application=content.application,
        text=text.strip(),
        answer_by=answer_by,
        asked_by=by,
        asked_at=at,
    )
    record(
        kind="application.asked",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"question": [None, text.strip()], "answer_by": [None, answer_by.isoformat()]},
        submission=submission,
    )
    tell_signatories(content, "question", at=at, more={"question": question})
    return question


@transaction.atomic
def answer(*, question: ApplicationQuestion, text: str, by: User, at: dt.datetime) -> bool:
    """Answer a question of the fund; False when somebody answered it before."""
    content = locked(question.application)
    row = ApplicationQuestion.objects.get(pk=question.pk)
    if row.answered_at is not None:
        return False
    row.answer, row.answered_by, row.answered_at = text.strip(), by, at
    row.save()
    record(
        kind="application.answered",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"question": [None, row.text], "answer": [None, text.strip()]},
    )
    return True


@transaction.atomic
def ask_for_documents(
    *,
    application: Application,
    labels: Sequence[str],
    due_on: dt.date,
    by: User | None,
    at: dt.datetime,
) -> list[RequestedDocument]:
    """Write the documents subject to which an application is accepted."""
    content = locked(application)
    rows = [
        RequestedDocument(application=content.application, label=label, due_on=due_on)
        for label in labels
    ]
    RequestedDocument.objects.bulk_create(rows)
    record(
        kind="application.documents_asked",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"documents": [None, list(labels)], "due_on": [None, due_on.isoformat()]},
    )
    return rows


@transaction.atomic
def receive_document(
    *, document: RequestedDocument, file: UUID, by: User, at: dt.datetime
) -> RequestedDocument:
    """Note that a document that was asked for is here; a later one takes its place."""
    content = locked(document.application)
    state = ApplicationState(content.application.state)
    if state is not ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS:
        raise GuardNotMet(APPLICATION, "lift_conditions", (Guard.DOCUMENTS_RECEIVED,))
    row = RequestedDocument.objects.get(pk=document.pk)
    before = str(row.file) if row.file else None
    row.file, row.received_by, row.received_at = file, by, at
    row.save()
    record(
        kind="application.document_received",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"document": [None, row.label], "file": [before, str(file)]},
    )
    return row
