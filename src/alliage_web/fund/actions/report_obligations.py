"""Which reports an agreement asks for: derived when its terms come into force, then changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage.fund.money.instalments import ConditionKind
from alliage.fund.reporting.obligations import DateBasis, ReportCondition, obligations
from alliage.fund.states import REPORT, Guard, GuardNotMet, ReportState
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import ReportObligation
from alliage_web.fund.queries.agreements import version_in_force
from alliage_web.fund.queries.report_promises import known_ends
from alliage_web.fund.queries.reports import OPEN

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Agreement, AgreementCondition, AgreementVersion


@transaction.atomic
def derive_reports(*, agreement: Agreement, by: User | None, at: dt.datetime) -> int:
    """Write the reports that the terms in force ask for; give back how many are new.

    A report that was changed, begun or decided keeps its date. A report that an amendment asks for
    no longer is waived, with that reason, if nobody began it.
    """
    version = version_in_force(agreement)
    if version is None or version.in_force_on is None:
        return 0
    rows = _conditions(version)
    first = agreement.versions.filter(in_force_on__isnull=False).order_by("number")[0]
    starts = first.in_force_on or version.in_force_on
    asked = obligations(
        [ReportCondition(row.code, row.label, tuple(days)) for row, days in rows.values()],
        starts=starts,
        known_ends=[version.ends_on] if version.ends_on else known_ends(agreement),
        signed=starts,
    )
    known = {row.code: row for row in agreement.obligations.select_for_update()}
    added = 0
    for each in asked:
        # An agreement has one final report: the one that it has stays.
        is_second_final = each.condition is None and any(
            row.kind == each.kind.value for row in known.values()
        )
        if each.code in known or is_second_final:
            continue
        condition = rows[each.condition][0] if each.condition else None
        ReportObligation.objects.create(
            agreement=agreement,
            code=each.code,
            kind=each.kind.value,
            label=each.label,
            condition=condition,
            period_first=each.period.first,
            period_last=_not_before(each.period.last, each.period.first),
            due_on=each.due_on,
            basis=each.basis.value,
            created_at=at,
        )
        added += 1
    dropped = _drop(known, {each.code for each in asked}, version.number, by=by, at=at)
    if added or dropped:
        record(
            kind="report.asked",
            target=agreement.stable_name,
            by=by,
            at=at,
            changes={"reports": [len(known), len(known) + added], "waived": [None, dropped]},
        )
    return added


def _not_before(last: dt.date | None, first: dt.date | None) -> dt.date | None:
    """Leave the end of a period to be decided rather than before its beginning."""
    return None if last and first and last < first else last


def _conditions(
    version: AgreementVersion,
) -> dict[str, tuple[AgreementCondition, list[dt.date]]]:
    """Give the conditions « report accepted » of the terms, with the days that wait for them."""
    found: dict[str, tuple[AgreementCondition, list[dt.date]]] = {}
    for instalment in version.instalments.prefetch_related("conditions").order_by("rank"):
        for row in instalment.conditions.all():
            if row.kind == ConditionKind.REPORT_ACCEPTED.value:
                days = found.setdefault(row.code, (row, []))[1]
                days += [instalment.due_on] if instalment.due_on else []
    for row in version.release.all():
        if row.kind == ConditionKind.REPORT_ACCEPTED.value:
            found.setdefault(row.code, (row, []))
    return found


def _drop(
    known: dict[str, ReportObligation],
    asked: set[str],
    version: int,
    *,
    by: User | None,
    at: dt.datetime,
) -> int:
    dropped = 0
    for code, row in known.items():
        if code in asked or row.condition_id is None or row.report_id is not None:
            continue
        if row.state != ReportState.TO_DO:
            continue
        row.state, row.reason = ReportState.WAIVED.value, f"Version {version}"
        row.decided_by, row.decided_at = by, at
        row.save()
        dropped += 1
    return dropped


@transaction.atomic
def change_obligation(
    *,
    obligation: ReportObligation,
    due_on: dt.date,
    period_first: dt.date,
    period_last: dt.date,
    reason: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> None:
    """Set by when a report is due and what it tells of; the reason is kept.

    Raises
    ------
    GuardNotMet
        If no reason is written.
    ReportClosedError
        If the report is accepted, waived or being read.
    """
    refuse_repeat(submission)
    row = ReportObligation.objects.select_for_update().get(pk=obligation.pk)
    if ReportState(row.state) not in OPEN:
        raise ReportClosedError(row)
    if not reason.strip():
        raise GuardNotMet(REPORT, "change", (Guard.REASON_WRITTEN,))
    changes: dict[str, Any] = {"report": [None, row.code], "why": [None, reason.strip()]}
    wanted = {"due_on": due_on, "period_first": period_first, "period_last": period_last}
    for name, day in wanted.items():
        before = getattr(row, name)
        if before != day:
            changes[name] = [before.isoformat() if before else None, day.isoformat()]
            setattr(row, name, day)
    row.basis = DateBasis.DECIDED.value
    row.save()
    record(
        kind="report.date_changed",
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes=changes,
        submission=submission,
    )


class ReportClosedError(Exception):
    """The report is accepted, waived or being read: nothing of it changes now."""

    def __init__(self, obligation: ReportObligation) -> None:
        self.obligation = obligation
        super().__init__(f"« {obligation} » is {obligation.state}: it is not written now.")
