"""Writing a report once, signing its parts, delivering it to each fund, deciding on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from alliage.fund.conditions import Truth
from alliage.fund.reporting.obligations import Period, serves
from alliage.fund.states import REPORT, Guard, GuardNotMet, ReportState, follow
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import (
    Report,
    ReportAnswer,
    ReportDelivery,
    ReportObligation,
    ReportPart,
)
from alliage_web.fund.queries import reports as queries
from alliage_web.fund.queries.report_promises import who_reports

from .instalments import meet_condition
from .report_obligations import ReportClosedError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from alliage.fund.reporting.promises import Outcome
    from alliage.values.money import Euros
    from alliage_web.accounts.models import User


class PeriodError(ValueError):
    """The last day of a report comes before its first one."""


class PeriodNotCoveredError(Exception):
    """The report does not tell of all the days that a fund asks about."""

    def __init__(self, report: Report, obligation: ReportObligation) -> None:
        self.report, self.obligation = report, obligation
        super().__init__(
            f"The report tells of {report.period_first} to {report.period_last}, and "
            f"« {obligation} » asks of {obligation.period_first} to {obligation.period_last}. "
            "Change the period of the report."
        )


@transaction.atomic
def begin_report(
    *,
    obligation: ReportObligation,
    title: str,
    first: dt.date,
    last: dt.date,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Report:
    """Begin a report, or join the one of the same action and period: it is written once.

    It is proposed to every fund that asks the same action for a period that it covers.

    Raises
    ------
    ReportClosedError
        If the report that is asked was delivered, waived or begun before.
    PeriodError, PeriodNotCoveredError
        If the days make no period, or leave out some that are asked.
    """
    refuse_repeat(submission)
    row = _locked(obligation)
    if ReportState(row.state) is not ReportState.TO_DO or row.report_id is not None:
        raise ReportClosedError(row)
    if last < first:
        raise PeriodError
    alliance = row.agreement.alliance
    said = {
        "organisation": row.agreement.receiver,
        "title": title.strip(),
        "created_by": by,
        "created_at": at,
        "updated_at": at,
    }
    period = {"period_first": first, "period_last": last}
    _check_period(Report(**period), row)
    if alliance is None:
        report, is_new = Report.objects.create(**period, **said), True
    else:
        # Two who begin at once join the same one.
        report, is_new = Report.objects.get_or_create(alliance=alliance, **period, defaults=said)
    if is_new:
        record(
            kind="report.begun",
            target=report.stable_name,
            by=by,
            at=at,
            changes={
                "title": [None, report.title],
                "period_first": [None, first.isoformat()],
                "period_last": [None, last.isoformat()],
            },
            submission=submission,
        )
    others = [
        each
        for each in queries.same_action(row).filter(report=None, state=ReportState.TO_DO.value)
        if serves(Period(first, last), queries.period_of(each)) is Truth.TRUE
    ]
    _attach(report, [row, *others])
    return report


def _check_period(report: Report, obligation: ReportObligation) -> None:
    if serves(queries.period_of(report), queries.period_of(obligation)) is Truth.FALSE:
        raise PeriodNotCoveredError(report, obligation)


def _attach(report: Report, obligations: Collection[ReportObligation]) -> None:
    known = set(report.parts.values_list("organisation", flat=True))
    for row in obligations:
        ReportObligation.objects.filter(pk=row.pk).update(report=report)
        for organisation in who_reports(row.agreement):
            if organisation.pk not in known:
                known.add(organisation.pk)
                ReportPart.objects.create(
                    report=report, organisation=organisation, code=organisation.slug
                )


@transaction.atomic
def choose_recipients(
    *, report: Report, obligations: Collection[ReportObligation], by: User, at: dt.datetime
) -> None:
    """Say which of the asked reports this one answers; what was delivered stays.

    Raises
    ------
    PeriodNotCoveredError
        If the report leaves out days that one of them asks about.
    """
    report = Report.objects.select_for_update().get(pk=report.pk)
    wanted = {row.pk for row in obligations}
    before = list(ReportObligation.objects.select_for_update().filter(report=report))
    for row in before:
        if row.pk not in wanted and row.state == ReportState.TO_DO:
            row.report = None
            row.save(update_fields=["report"])
    fresh = [row for row in obligations if row.pk not in {each.pk for each in before}]
    for row in fresh:
        _check_period(report, row)
    _attach(report, fresh)
    record(
        kind="report.recipients_chosen",
        target=report.stable_name,
        by=by,
        at=at,
        changes={
            "recipients": [
                sorted(_named(row) for row in before),
                sorted(_named(row) for row in report.obligations.select_related("agreement__fund")),
            ]
        },
    )


def _named(obligation: ReportObligation) -> str:
    agreement = obligation.agreement
    return f"{agreement.fund.code}/{agreement.reference}/{obligation.code}"


@dataclass(frozen=True, slots=True)
class AnswerValues:
    """What a person wrote of a promise, and the mark of what they had before their eyes."""

    outcome: Outcome | None = None
    text: str = ""
    spent: Euros | None = None
    base: str = ""

    @property
    def is_nothing(self) -> bool:
        return self.outcome is None and not self.text and self.spent is None


@transaction.atomic
def write_answers(
    *, report: Report, values: Mapping[str, AnswerValues], by: User, at: dt.datetime
) -> dict[str, ReportAnswer | None]:
    """Keep what was written, and give back what somebody else wrote meanwhile, untouched.

    Raises
    ------
    ReportClosedError
        If nobody waits for the report any more.
    """
    report = _locked_report(report)
    rows = {row.key: row for row in report.answers.select_for_update()}
    conflicts: dict[str, ReportAnswer | None] = {}
    changed = []
    for key, said in values.items():
        row = rows.get(key)
        stored = queries.fingerprint(row)
        fresh = row or ReportAnswer(report=report, key=key)
        fresh_values = (said.outcome.value if said.outcome else "", said.text, _cents(said.spent))
        if (fresh.outcome, fresh.text, fresh.spent_cents) == fresh_values:
            continue
        if stored != said.base:
            conflicts[key] = row
            continue
        if row is None and said.is_nothing:
            continue
        fresh.outcome, fresh.text, fresh.spent_cents = fresh_values
        fresh.updated_at = at
        fresh.save()
        changed.append(key)
    if changed:
        _written(report, changed, by=by, at=at)
    return conflicts


def _cents(amount: Euros | None) -> int | None:
    return None if amount is None else int(amount.scaleb(2))


def _written(report: Report, keys: list[str], *, by: User, at: dt.datetime) -> None:
    """Keep in the trail which answers changed, never their text."""
    Report.objects.filter(pk=report.pk).update(updated_at=at)
    record(
        kind="report.written",
        target=report.stable_name,
        by=by,
        at=at,
        changes={"answers": [None, sorted(keys)]},
    )


def _locked_report(report: Report) -> Report:
    row = Report.objects.select_for_update().get(pk=report.pk)
    waiting = list(row.obligations.select_for_update())
    if waiting and not any(ReportState(each.state) in queries.OPEN for each in waiting):
        raise ReportClosedError(waiting[0])
    return row


@transaction.atomic
def write_part(
    *, part: ReportPart, text: str, base: str, by: User, at: dt.datetime
) -> ReportPart | None:
    """Keep what an organisation says of its part; give back the row if somebody wrote meanwhile.

    Raises
    ------
    ReportClosedError
        If nobody waits for the report any more.
    """
    report = _locked_report(part.report)
    row = ReportPart.objects.select_for_update().get(pk=part.pk)
    if row.text == text:
        return None
    if row.text != base:
        return row
    row.text = text
    row.save(update_fields=["text"])
    _written(report, [f"part:{row.code}"], by=by, at=at)
    return None


@transaction.atomic
def change_files(
    *,
    report: Report,
    key: str,
    by: User,
    at: dt.datetime,
    added: Mapping[str, Any] | None = None,
    removed: UUID | None = None,
) -> None:
    """Add a document to the proofs of an answer, or take one away.

    Raises
    ------
    ReportClosedError
        If nobody waits for the report any more.
    """
    report = _locked_report(report)
    row, _created = ReportAnswer.objects.select_for_update().get_or_create(
        report=report, key=key, defaults={"updated_at": at}
    )
    row.files = [each for each in row.files if each["uuid"] != str(removed)]
    if added:
        row.files = [*row.files, dict(added)]
    row.updated_at = at
    row.save()
    _written(report, [key], by=by, at=at)


@transaction.atomic
def sign_part(*, part: ReportPart, digest: str, by: User, at: dt.datetime) -> bool:
    """Sign a part for its organisation; False when what was read changed since.

    Raises
    ------
    ReportClosedError
        If nobody waits for the report any more.
    """
    report = _locked_report(part.report)
    row = ReportPart.objects.select_for_update().get(pk=part.pk)
    draft = queries.Draft(report)
    if draft.digest_for(row) != digest:
        return False
    row.signed_digest, row.signed_by, row.signed_at = digest, by, at
    row.save()
    record(
        kind="report.signed",
        target=report.stable_name,
        by=by,
        at=at,
        changes={"party": [None, row.code], "digest": [None, digest]},
    )
    return True


@transaction.atomic
def deliver(*, obligation: ReportObligation, by: User | None, at: dt.datetime) -> ReportDelivery:
    """Freeze what a fund asked, and give it to this fund; the others keep what they have.

    Raises
    ------
    GuardNotMet
        If a part is not signed.
    TransitionNotAllowed
        If the fund has it already, accepted it, or asks for it no longer.
    PeriodNotCoveredError
        If the report leaves out days that the fund asks about.
    ReportClosedError
        If no report was begun.
    """
    row = _locked(obligation)
    report = row.report
    if report is None:
        raise ReportClosedError(row)
    report = Report.objects.select_for_update().get(pk=report.pk)
    draft = queries.Draft(report)
    holds = set() if draft.unsigned or not draft.parts else {Guard.PARTS_SIGNED}
    target = follow(REPORT, ReportState(row.state), "deliver", holds=holds)
    _check_period(report, row)
    content = draft.content_for(row)
    number = (row.deliveries.aggregate(last=Max("number"))["last"] or 0) + 1
    delivery = ReportDelivery.objects.create(
        obligation=row,
        number=number,
        report=report,
        content=content,
        digest=queries.digest_of(content),
        by=by,
        at=at,
    )
    row.state = target.value
    row.save(update_fields=["state"])
    record(
        kind="report.delivered",
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes={
            "report": [None, row.code],
            "delivery": [None, number],
            "digest": [None, delivery.digest],
            "unanswered": [None, len(content["missing"])],
        },
    )
    return delivery


@transaction.atomic
def decide(
    *,
    obligation: ReportObligation,
    verb: str,
    reason: str,
    by: User,
    at: dt.datetime,
    on: dt.date,
    complete_by: dt.date | None = None,
    submission: UUID | None = None,
) -> None:
    """Accept a report, ask to complete it, or ask for it no longer; other funds decide alone.

    Accepted, it meets the condition that waits for it: the instalment may then be ordered.

    Raises
    ------
    GuardNotMet
        If a promise has no answer, or what is missing or the reason is not written.
    TransitionNotAllowed
        If the state does not admit the decision.
    """
    refuse_repeat(submission)
    row = _locked(obligation)
    holds = set()
    if reason.strip():
        holds |= {Guard.REASON_WRITTEN, Guard.MISSING_LISTED}
    delivery = queries.last_delivery(row)
    if delivery is not None and not delivery.content["missing"]:
        holds.add(Guard.PROMISES_ANSWERED)
    if verb == "ask_to_complete" and (complete_by is None or complete_by < on):
        raise GuardNotMet(REPORT, verb, (Guard.MISSING_LISTED,))
    before = row.state
    row.state = follow(REPORT, ReportState(row.state), verb, holds=holds).value
    row.reason, row.decided_by, row.decided_at = reason.strip(), by, at
    changes: dict[str, Any] = {
        "report": [None, row.code],
        "state": [before, row.state],
        "why": [None, reason.strip()],
    }
    if verb == "ask_to_complete" and complete_by is not None:
        changes["due_on"] = [
            row.due_on.isoformat() if row.due_on else None,
            complete_by.isoformat(),
        ]
        row.due_on, row.basis = complete_by, queries.DECIDED
    row.save()
    record(
        kind="report.decided",
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes=changes,
        submission=submission,
    )
    if row.state == ReportState.ACCEPTED and row.condition is not None and delivery is not None:
        meet_condition(
            condition=row.condition,
            met_on=on,
            evidence=f"{row}, remise {delivery.number}, SHA-256 {delivery.digest}",
            by=by,
            at=at,
        )


def _locked(obligation: ReportObligation) -> ReportObligation:
    rows = ReportObligation.objects.select_for_update(of=("self",))
    return rows.select_related("agreement__fund", "agreement__receiver").get(pk=obligation.pk)
