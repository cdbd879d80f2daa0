"""Applications: begun, written by several, signed, sent, taken back, withdrawn, copied."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db import transaction

from alliage.fund.applications.answers import answers_to_send, carry_over, sign_part
from alliage.fund.applications.application_budget import BudgetError, totals
from alliage.fund.applications.form_specification import FilledBy, QuestionKind
from alliage.fund.states import (
    APPLICATION,
    ApplicationState,
    CallState,
    Guard,
    GuardNotMet,
    follow,
)
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import (
    Applicant,
    Application,
    Call,
    FormVersion,
    Fund,
    SentVersion,
    SignOff,
)
from alliage_web.fund.queries.application_facts import facts_of
from alliage_web.fund.queries.applications import Content
from alliage_web.fund.queries.calls import form_of, state_of
from alliage_web.fund.queries.prefilled import prefilled

from .application_messages import tell_signatories
from .dead_files import give_back
from .ledger import begin, cents_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence
    from decimal import Decimal
    from uuid import UUID

    from alliage.fund.applications.form_specification import Section
    from alliage_web.accounts.models import User
    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Agreement


class NotWritableError(ValueError):
    """The application was sent, or is over: what applicants wrote does not change any more."""

    def __init__(self, application: Application) -> None:
        self.application = application
        super().__init__(
            f"{application.reference} is {application.state}. Take it back, or copy it."
        )


class AnswerConflictError(Exception):
    """Somebody else wrote other answers to the same questions; nothing was written.

    ``present`` is what they hold now, by question.
    """

    def __init__(self, present: Mapping[str, Any]) -> None:
        self.present = dict(present)
        super().__init__(f"Other answers were written meanwhile: {', '.join(self.present)}.")


class ApplicantError(ValueError):
    """The applicants cannot be changed so; ``code`` says why."""

    def __init__(self, code: str, organisation: str) -> None:
        self.code = code
        self.organisation = organisation
        super().__init__(f"{organisation}: {code}")


def locked(application: Application) -> Content:
    """Read an application again, kept from others until the transaction ends."""
    rows = Application.objects.select_for_update(of=("self",)).select_related(
        "fund", "fund__organisation", "call", "call__fund", "form", "alliance"
    )
    return Content(rows.get(pk=application.pk))


def fresh(application: Application) -> Application:
    """Read an application again, as it is now."""
    rows = Application.objects.select_related("fund", "call", "call__fund", "form", "alliance")
    return rows.get(pk=application.pk)


def move(
    content: Content,
    verb: str,
    *,
    by: User | None,
    at: dt.datetime,
    holds: Collection[Guard] = (),
    reason: str = "",
    changes: Mapping[str, list[Any]] | None = None,
    submission: UUID | None = None,
) -> None:
    """Take a decision of the table of states on a locked application, and record it.

    Raises
    ------
    TransitionNotAllowed, GuardNotMet
        The state does not admit it, or something that it needs does not hold.
    """
    application = content.application
    before = ApplicationState(application.state)
    holds = {*holds, *content.guards(at)}
    if reason.strip():
        holds.add(Guard.REASON_WRITTEN)
    after = follow(APPLICATION, before, verb, holds=holds)
    application.state = after.value
    application.reason = reason.strip()
    application.updated_at = at
    application.save()
    told: dict[str, list[Any]] = {"state": [before.value, after.value], **(changes or {})}
    if reason.strip():
        told["why"] = [None, reason.strip()]
    record(
        kind=f"application.{verb}",
        target=application.stable_name,
        by=by,
        at=at,
        changes=told,
        submission=submission,
    )


@transaction.atomic
def begin_application(
    *,
    call: Call,
    alliance: Alliance,
    lead: Organisation,
    others: Sequence[Organisation],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
    copied_from: Application | None = None,
    renews: Agreement | None = None,
) -> Application:
    """Begin a draft, with what the platform already knows written in it.

    Raises
    ------
    GuardNotMet
        The call is not open.
    ApplicantError
        An organisation is given twice.
    """
    refuse_repeat(submission)
    # The fund gives numbers one after the other.
    fund = Fund.objects.select_for_update().get(pk=call.fund_id)
    present = Call.objects.select_related("fund", "form").get(pk=call.pk)
    if state_of(present, at) is not CallState.OPEN:
        raise GuardNotMet(APPLICATION, "begin", (Guard.CALL_OPEN,))
    application = Application.objects.create(
        reference=_next_reference(fund, at),
        fund=fund,
        call=present,
        form=present.form,
        alliance=alliance,
        copied_from=copied_from,
        renews=renews,
        begun_by=by,
        begun_at=at,
        updated_at=at,
    )
    for rank, organisation in enumerate((lead, *others)):
        _add(application, organisation, is_lead=rank == 0)
    content = Content(application)
    known = prefilled(content)
    application.shared = dict(known.shared)
    application.save(update_fields=["shared"])
    for part in content.parts:
        part.answers = dict(known.by_party.get(part.code, {}))
        part.save(update_fields=["answers"])
    if copied_from is not None:
        _copy_answers(copied_from, content)
    record(
        kind="application.begun",
        target=application.stable_name,
        by=by,
        at=at,
        changes={
            "call": [None, present.stable_name],
            "alliance": [None, alliance.stable_name],
            "applicants": [None, [part.code for part in content.parts]],
            "copied_from": [None, copied_from.reference if copied_from else None],
            **({"renews": [None, renews.stable_name]} if renews else {}),
        },
        submission=submission,
    )
    return application


def _next_reference(fund: Fund, at: dt.datetime) -> str:
    prefix = f"{fund.code.upper()}-{at.year}-"
    taken = Application.objects.filter(reference__startswith=prefix)
    last = taken.order_by("-reference").values_list("reference", flat=True).first()
    number = int(last.rpartition("-")[2]) + 1 if last else 1
    return f"{prefix}{number:05d}"


def _add(application: Application, organisation: Organisation, *, is_lead: bool) -> Applicant:
    if application.applicants.filter(organisation=organisation).exists():
        msg = "twice"
        raise ApplicantError(msg, organisation.name)
    return Applicant.objects.create(
        application=application,
        code=organisation.slug,
        organisation=organisation,
        is_lead=is_lead,
    )


def _copy_answers(source: Application, content: Content) -> None:
    """Take the answers of another application over; documents are attached again by hand."""
    before = Content(source)
    carried = carry_over(before.answers, before.form, content.form)
    kept = {code for code in carried.answers.shared if code not in _files(content)}
    application = content.application
    application.shared = {
        **application.shared,
        **{code: source.shared[code] for code in kept if code in source.shared},
    }
    application.save(update_fields=["shared"])
    for part in content.parts:
        old = before.part(part.code)
        own = carried.answers.by_party.get(part.code, {})
        if old is not None:
            kept_own = {code: old.answers[code] for code in own if code not in _files(content)}
            # What a person declared is declared again: a copy is another text to sign.
            part.answers = {
                **part.answers,
                **{code: raw for code, raw in kept_own.items() if code not in _ticks(content)},
            }
            part.save(update_fields=["answers"])


def _of_kind(content: Content, kind: QuestionKind) -> frozenset[str]:
    return frozenset(
        question.code for _section, question in content.form.questions() if question.kind is kind
    )


def _files(content: Content) -> frozenset[str]:
    return _of_kind(content, QuestionKind.ATTACHMENT)


def _ticks(content: Content) -> frozenset[str]:
    return _of_kind(content, QuestionKind.DECLARATION)


def digest_of_answer(raw: Any) -> str:
    """Name what an answer holds, so that a form can tell later whether it changed."""
    # Nothing is one answer, whether it is absent or an empty text.
    text = json.dumps(None if _is_nothing(raw) else raw, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


@transaction.atomic
def save_answers(
    *,
    application: Application,
    section: Section,
    party: str,
    answers: Mapping[str, Any],
    base: Mapping[str, str],
    by: User,
    at: dt.datetime,
) -> Content:
    """Write the answers of a section that a person changed, and only those.

    Parameters
    ----------
    party : str
        The applicant whose answers they are, where each fills its own.
    answers : Mapping
        What was typed, by question.
    base : Mapping
        What `digest_of_answer` gave of each question when it was shown: an answer that its writer
        did not change takes nothing from what another wrote meanwhile.

    Returns
    -------
    Content
        The application as it is now. The deadline of the call changes nothing here: what is
        typed after it is kept too, and cannot be sent.

    Raises
    ------
    AnswerConflictError
        Two people changed the same answer; nothing is written.
    NotWritableError
        The application was sent.
    """
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    present = dict(content.raw(section, party))
    changed = {
        code: raw
        for code, raw in answers.items()
        if digest_of_answer(raw) != base.get(code, "")
        and raw != present.get(code)
        and not (_is_nothing(raw) and code not in present)
    }
    conflicts = {
        code: present.get(code)
        for code in changed
        if base.get(code, "") != digest_of_answer(present.get(code))
    }
    if conflicts:
        raise AnswerConflictError(conflicts)
    if not changed:
        return content
    merged = {**present, **changed}
    merged = {code: raw for code, raw in merged.items() if not _is_nothing(raw)}
    _keep(content, section, party, merged, at)
    record(
        kind="application.written",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={
            "section": [None, section.code],
            "party": [None, party if section.filled_by is FilledBy.EACH_PARTY else ""],
            # Answers may tell of people: the trail keeps which ones changed, not their text.
            "answers": [None, sorted(changed)],
        },
    )
    return Content(fresh(application))


@transaction.atomic
def write_answers(
    *,
    application: Application,
    shared: Mapping[str, Any],
    by_party: Mapping[str, Mapping[str, Any]],
    by: User | None,
    at: dt.datetime,
) -> None:
    """Write all the answers of a draft at once, in the place of those that are there."""
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    content.application.shared = dict(shared)
    content.application.updated_at = at
    content.application.save(update_fields=["shared", "updated_at"])
    for part in content.parts:
        part.answers = dict(by_party.get(part.code, {}))
        part.save(update_fields=["answers"])
    record(
        kind="application.written",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"answers": [None, sorted({*shared, *(c for p in by_party.values() for c in p)})]},
    )


def _is_nothing(raw: Any) -> bool:
    return raw in (None, "", [], {})


def _keep(
    content: Content, section: Section, party: str, raw: dict[str, Any], at: dt.datetime
) -> None:
    application = content.application
    if section.filled_by is FilledBy.EACH_PARTY:
        part = content.part(party)
        assert part is not None
        part.answers = raw
        part.save(update_fields=["answers"])
    else:
        application.shared = raw
    application.updated_at = at
    application.save(update_fields=["shared", "updated_at"])


@transaction.atomic
def change_files(
    *,
    application: Application,
    section: Section,
    party: str,
    question: str,
    by: User,
    at: dt.datetime,
    added: Mapping[str, Any] | None = None,
    removed: str = "",
) -> None:
    """List a document in an answer, or take it off; two people may do so at once."""
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    present = dict(content.raw(section, party))
    files = [item for item in present.get(question) or [] if item.get("uuid") != removed]
    present[question] = [*files, dict(added)] if added else files
    present = {code: raw for code, raw in present.items() if not _is_nothing(raw)}
    _keep(content, section, party, present, at)
    record(
        kind="application.written",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={
            "section": [None, section.code],
            "answers": [None, [question]],
            "file": [removed or None, added["uuid"] if added else None],
        },
    )


@transaction.atomic
def add_applicant(
    *, application: Application, organisation: Organisation, by: User, at: dt.datetime
) -> Applicant:
    """Let another party of the alliance apply too: those who signed sign again."""
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    added = _add(content.application, organisation, is_lead=False)
    now = Content(fresh(application))
    added.answers = dict(prefilled(now).by_party.get(added.code, {}))
    added.save(update_fields=["answers"])
    _record_applicants(content, by, at, before=[part.code for part in content.parts])
    return added


@transaction.atomic
def leave_out(*, application: Application, party: str, by: User, at: dt.datetime) -> None:
    """Remove a co-applicant from a draft, with its answers; the lead stays.

    Raises
    ------
    ApplicantError
        It is the lead, or does not apply.
    """
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    part = content.part(party)
    if part is None or part.is_lead:
        raise ApplicantError("lead" if part else "unknown", party)
    before = [row.code for row in content.parts]
    part.delete()
    _record_applicants(content, by, at, before=before)


def _record_applicants(
    content: Content, by: User, at: dt.datetime, *, before: Sequence[str]
) -> None:
    rows = Applicant.objects.filter(application=content.application)
    after = [row.code for row in rows.order_by("-is_lead", "pk")]
    record(
        kind="application.applicants",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"applicants": [list(before), after]},
    )


@transaction.atomic
def sign(*, application: Application, party: str, by: User, at: dt.datetime) -> SignOff:
    """Sign the part of an applicant.

    Raises
    ------
    SignatureError
        It is not complete; the error lists what is missing.
    """
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    signature = sign_part(
        content.form,
        content.answers,
        content.applicants,
        party,
        by=f"user:{by.pk}",
        at=at,
        ceilings=content.ceilings,
    )
    Applicant.objects.filter(application=application, code=party).update(
        declined_reason="", declined_by=None, declined_at=None
    )
    signed = SignOff.objects.create(
        application=content.application, party=party, digest=signature.digest, by=by, at=at
    )
    record(
        kind="application.signed",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"party": [None, party], "sha256": [None, signature.digest]},
    )
    return signed


@transaction.atomic
def decline(
    *, application: Application, party: str, reason: str, by: User, at: dt.datetime
) -> None:
    """Say that an applicant does not sign its part, and why; the lead is told."""
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    Applicant.objects.filter(application=application, code=party).update(
        declined_reason=reason.strip(), declined_by=by, declined_at=at
    )
    record(
        kind="application.declined",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"party": [None, party], "why": [None, reason.strip()]},
    )
    tell_signatories(Content(content.application), "declined", at=at)


@transaction.atomic
def send(
    *, application: Application, by: User, at: dt.datetime, submission: UUID | None = None
) -> SentVersion:
    """Send an application: what is sent is frozen.

    Raises
    ------
    TransitionNotAllowed, GuardNotMet
        It was sent, the call is not open, answers are missing, or a part is not signed.
    """
    refuse_repeat(submission)
    content = locked(application)
    verb = "send"
    if content.application.state == ApplicationState.TO_COMPLETE.value:
        verb = "complete"
    row = content.application
    number = row.sent_versions.count() + 1
    frozen = frozen_content(content, at)
    digest = sha256(rfc8785.dumps(frozen)).hexdigest()
    row.sent_at = at
    row.complete_by = None
    asked = facts_of(content, at.date()).amount_asked
    row.asked_cents = None if asked is None else cents_of(asked)
    move(
        content,
        verb,
        by=by,
        at=at,
        changes={"sha256": [None, digest], "sending": [None, number]},
        submission=submission,
    )
    sent = SentVersion.objects.create(
        application=row,
        number=number,
        content=frozen,
        digest=digest,
        in_grace=verb == "send" and content.admission(at).in_grace,
        by=by,
        at=at,
    )
    tell_signatories(content, "sent", at=at)
    return sent


def frozen_content(content: Content, at: dt.datetime) -> dict[str, Any]:
    """Write all that is sent as JSON values: answers as typed, who applies, what was computed."""
    application = content.application
    kept = answers_to_send(content.form, content.answers, content.applicants)
    found = content.eligibility(at.date())
    return {
        "reference": application.reference,
        "call": content.call.stable_name,
        "form": {
            "code": content.form.code,
            "version": content.form.version,
            "sha256": application.form.digest,
        },
        "alliance": application.alliance.stable_name,
        "applicants": [
            {"code": part.code, "name": part.organisation.name, "lead": part.is_lead}
            for part in content.parts
        ],
        "answers": {code: application.shared[code] for code in kept.shared},
        "answers_by_party": {
            part.code: {code: part.answers[code] for code in kept.by_party.get(part.code, {})}
            for part in content.parts
        },
        "signatures": [
            {"party": row.party, "sha256": row.digest, "at": row.at.isoformat()}
            for row in content.sign_offs
        ],
        "budget": _budget_totals(content),
        "eligibility": [
            {"rule": result.rule.id, "met": result.truth.value} for result in found.results
        ]
        if found
        else None,
    }


def _budget_totals(content: Content) -> dict[str, str] | None:
    if content.budget is None:
        return None
    try:
        sums = totals(content.budget)
    except BudgetError:
        return None
    return {
        "asked": _text(sums.asked),
        "own": _text(sums.own),
        **{f"expenses_{name}": _text(getattr(sums.expenses, name)) for name in _NATURES},
        **{f"resources_{name}": _text(getattr(sums.resources, name)) for name in _NATURES},
    }


_NATURES = ("cash", "in_kind", "time")


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


@transaction.atomic
def take_back(*, application: Application, by: User, at: dt.datetime) -> None:
    """Take a sent application back to write in it again, while the call is open."""
    content = locked(application)
    move(content, "take_back", by=by, at=at)
    tell_signatories(content, "taken_back", at=at)


@transaction.atomic
def withdraw(*, application: Application, reason: str, by: User, at: dt.datetime) -> None:
    """Withdraw an application; its answers stay, to be copied, and its award goes back."""
    # The ledger is locked first, as everywhere money moves.
    begin(application.fund)
    content = locked(application)
    move(content, "withdraw", by=by, at=at, reason=reason)
    give_back(content.application, by=by, at=at)
    tell_signatories(content, "withdrawn", at=at)


@transaction.atomic
def move_to_version(
    *, application: Application, version: FormVersion, by: User, at: dt.datetime
) -> None:
    """Take a draft to a newer version of its form; what is no longer asked is set aside."""
    content = locked(application)
    if not content.is_written:
        raise NotWritableError(content.application)
    row = content.application
    carried = carry_over(content.answers, content.form, form_of(version))
    aside = {
        "shared": {code: row.shared[code] for code in carried.set_aside.shared},
        "by_party": {
            part.code: {
                code: part.answers[code] for code in carried.set_aside.by_party.get(part.code, {})
            }
            for part in content.parts
        },
    }
    before = row.form.version
    for part in content.parts:
        kept = carried.answers.by_party.get(part.code, {})
        part.answers = {code: part.answers[code] for code in kept}
        part.save(update_fields=["answers"])
    row.set_aside = _joined(row.set_aside, aside)
    row.shared = {code: row.shared[code] for code in carried.answers.shared}
    row.form = version
    row.updated_at = at
    row.save()
    record(
        kind="application.version",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"form": [before, version.version]},
    )


def _joined(kept: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    by_party = dict(kept.get("by_party", {}))
    for party, own in more["by_party"].items():
        by_party[party] = {**by_party.get(party, {}), **own}
    return {"shared": {**kept.get("shared", {}), **more["shared"]}, "by_party": by_party}
