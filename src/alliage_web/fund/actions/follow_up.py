"""Visits and what they ask for, warnings set aside, and what a register says of who receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from alliage.fund.follow_up.warnings import shipped_warning_rules
from alliage.fund.states import VISIT, Guard, VisitState, follow
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.files import actions as files
from alliage_web.fund.models import Visit, VisitFollowUp, WarningSetAside

from .agreements import locked as locked_agreement

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from uuid import UUID

    from django.core.files.base import File

    from alliage.safekeeping.uploads import Upload
    from alliage_web.accounts.models import User
    from alliage_web.files.models import StoredFile
    from alliage_web.fund.models import Agreement


class UnknownWarningError(LookupError):
    """No rule of early warning has this id."""


class VisitChangedError(Exception):
    """Somebody else wrote about the visit since it was shown; ``visit`` is what it is now."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        super().__init__(f"{visit.stable_name} was changed since it was shown.")


@dataclass(frozen=True, slots=True)
class VisitAccount:
    """What is told of a visit that was made: to share, and to keep inside the fund."""

    made_on: dt.date
    participants: str
    account: str
    notes: str
    share: bool


def version_of(visit: Visit) -> str:
    """Name the state in which a visit is."""
    return visit.updated_at.isoformat()


@transaction.atomic
def plan_visit(
    *,
    agreement: Agreement,
    manner: str,
    planned_on: dt.date,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Visit:
    """Plan a visit; who receives sees that it is planned.

    Raises
    ------
    AlreadyDoneError
        If the form was received before.
    """
    refuse_repeat(submission)
    visit = Visit.objects.create(
        agreement=agreement,
        manner=manner,
        planned_on=planned_on,
        recorded_by=by,
        created_at=at,
        updated_at=at,
    )
    record(
        kind="visit.planned",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "visit": [None, visit.stable_name],
            "manner": [None, manner],
            "planned_on": [None, planned_on.isoformat()],
        },
        submission=submission,
    )
    return visit


@transaction.atomic
def move_visit(*, visit: Visit, planned_on: dt.date, by: User, at: dt.datetime) -> None:
    """Give a planned visit another day.

    Raises
    ------
    TransitionNotAllowed
        If it is made or cancelled.
    """
    row = _locked(visit)
    _move(row, "move", set())
    before, row.planned_on, row.updated_at = row.planned_on, planned_on, at
    row.save(update_fields=["planned_on", "updated_at"])
    _told(row, "visit.moved", by, at, planned_on=[before.isoformat(), planned_on.isoformat()])


@transaction.atomic
def write_account(
    *,
    visit: Visit,
    said: VisitAccount,
    version: str,
    by: User,
    at: dt.datetime,
) -> None:
    """Tell what a visit found, or correct it; what is once shared stays shared.

    Raises
    ------
    GuardNotMet
        If its day has not come, or nothing is told, neither to share nor to keep.
    TransitionNotAllowed
        If it was cancelled.
    VisitChangedError
        If somebody else wrote about it since it was shown.
    """
    row = _locked(visit)
    if version_of(row) != version:
        raise VisitChangedError(row)
    holds = set()
    if said.made_on <= timezone.localdate(at):
        holds.add(Guard.VISIT_DAY_REACHED)
    # What is shared says something: an empty account is shared with nobody.
    shares = said.share or row.is_shared
    if said.account.strip() or (said.notes.strip() and not shares):
        holds.add(Guard.ACCOUNT_WRITTEN)
    was_made = row.state == VisitState.MADE
    _move(row, "correct" if was_made else "record", holds)
    row.made_on, row.participants = said.made_on, said.participants.strip()
    row.account, row.notes = said.account.strip(), said.notes.strip()
    newly_shared = shares and not row.is_shared
    if newly_shared:
        row.shared_at = at
    row.recorded_by, row.updated_at = by, at
    row.save()
    kind = "visit.corrected" if was_made else "visit.made"
    # The trail keeps that something was told, not the words, which may tell of people.
    _told(row, kind, by, at, made_on=[None, said.made_on.isoformat()])
    if newly_shared:
        _told(row, "visit.shared", by, at)


@transaction.atomic
def cancel_visit(*, visit: Visit, reason: str, by: User, at: dt.datetime) -> None:
    """Cancel a planned visit, with a reason.

    Raises
    ------
    TransitionNotAllowed, GuardNotMet
        If it is made, or no reason is written.
    """
    row = _locked(visit)
    _move(row, "cancel", {Guard.REASON_WRITTEN} if reason.strip() else set())
    row.reason, row.updated_at = reason.strip(), at
    row.save(update_fields=["state", "reason", "updated_at"])
    _told(row, "visit.cancelled", by, at, why=[None, row.reason])


@transaction.atomic
def add_follow_up(
    *,
    visit: Visit,
    what: str,
    due_on: dt.date,
    owed_by: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> VisitFollowUp:
    """Write something that a visit asks for, by when and of whom."""
    refuse_repeat(submission)
    row = VisitFollowUp.objects.create(
        visit=visit, what=what.strip(), due_on=due_on, owed_by=owed_by
    )
    record(
        kind="visit.follow_up_added",
        target=visit.agreement.stable_name,
        by=by,
        at=at,
        changes={
            "visit": [None, visit.stable_name],
            "follow_up": [None, row.what],
            "due_on": [None, due_on.isoformat()],
        },
        submission=submission,
    )
    return row


@transaction.atomic
def finish_follow_up(*, follow_up: VisitFollowUp, on: dt.date, by: User, at: dt.datetime) -> bool:
    """Record that what a visit asked for is done; False when somebody did before."""
    row = (
        VisitFollowUp.objects.select_for_update(of=("self",), no_key=True)
        .select_related("visit__agreement__fund")
        .get(pk=follow_up.pk)
    )
    if row.done_on is not None:
        return False
    row.done_on, row.done_by = on, by
    row.save(update_fields=["done_on", "done_by"])
    _told(row.visit, "visit.follow_up_done", by, at, follow_up=[None, row.what])
    return True


@transaction.atomic
def attach(
    *,
    visit: Visit,
    shared: bool,
    title: str,
    upload: Upload,
    content: File[bytes],
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> StoredFile:
    """Keep a document of a visit: for both parties, or for the fund alone."""
    return files.add_file(
        place=visit.stable_name if shared else visit.private_place,
        title=title,
        upload=upload,
        content=content,
        by=by,
        at=at,
        submission=submission,
    )


@transaction.atomic
def set_aside(
    *,
    agreement: Agreement,
    rule: str,
    reason: str,
    until: dt.date,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> WarningSetAside:
    """Set a warning aside until a day, with a reason; before today, it is brought back.

    Raises
    ------
    UnknownWarningError
        If no rule has this id.
    AlreadyDoneError
        If the form was received before.
    """
    refuse_repeat(submission)
    if rule not in {each.id for each in shipped_warning_rules().rules}:
        raise UnknownWarningError(rule)
    row = WarningSetAside.objects.create(
        agreement=agreement, rule=rule, reason=reason.strip(), until=until, by=by, at=at
    )
    is_back = until < timezone.localdate(at)
    record(
        kind="warning.brought_back" if is_back else "warning.set_aside",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "warning": [None, rule],
            "until": [None, until.isoformat()],
            "why": [None, row.reason],
        },
        submission=submission,
    )
    return row


@transaction.atomic
def check_activity(
    *,
    agreement: Agreement,
    checked_on: dt.date,
    ceased_on: dt.date | None,
    source: str,
    by: User,
    at: dt.datetime,
) -> None:
    """Record what an official register says of who receives, and when it was read."""
    row = locked_agreement(agreement)
    before = [row.activity_checked_on, row.ceased_on]
    row.activity_checked_on, row.ceased_on = checked_on, ceased_on
    row.activity_source, row.updated_at = source.strip(), at
    row.save(update_fields=["activity_checked_on", "ceased_on", "activity_source", "updated_at"])
    record(
        kind="agreement.activity_checked",
        target=row.stable_name,
        by=by,
        at=at,
        changes={
            "checked_on": [_iso(before[0]), _iso(checked_on)],
            "ceased_on": [_iso(before[1]), _iso(ceased_on)],
            "source": [None, row.activity_source],
        },
    )


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _locked(visit: Visit) -> Visit:
    return (
        Visit.objects.select_for_update(of=("self",), no_key=True)
        .select_related("agreement__fund")
        .get(pk=visit.pk)
    )


def _move(row: Visit, verb: str, holds: Iterable[Guard]) -> None:
    row.state = follow(VISIT, VisitState(row.state), verb, holds=set(holds)).value


def _told(row: Visit, kind: str, by: User, at: dt.datetime, **changes: list[str | None]) -> None:
    record(
        kind=kind,
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes={"visit": [None, row.stable_name], **changes},
    )
