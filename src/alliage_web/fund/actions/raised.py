"""Writing what others gave an alliance beside a fund, from declaring it to removing it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import transaction

from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import AnswerChoices, OriginChoices, RaisedResource

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from alliage.fund.support.support_records import RaisedRecord
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund


@dataclass(frozen=True, slots=True)
class RaisedValues:
    """What is told of a raised resource; the names are those of its columns."""

    alliance_id: int
    eur: Decimal
    description: str
    nature: str
    status: str
    year: int | None
    reading: str
    note: str
    source: str


class RaisedChangedError(Exception):
    """Somebody else changed the resource since it was shown; ``raised`` is what it is now."""

    def __init__(self, raised: RaisedResource) -> None:
        self.raised = raised
        super().__init__(f"{raised.stable_name} was changed since it was shown.")


@transaction.atomic
def add_raised(
    *,
    fund: Fund,
    values: RaisedValues,
    origin: OriginChoices,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> RaisedResource:
    """Write a resource; what a party of the alliance declares waits for the answer of the fund.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    """
    refuse_repeat(submission)
    row = RaisedResource(fund=fund, code=str(uuid4()), origin=origin, answer=_own_answer(origin))
    _fill(row, values)
    row.save()
    record(
        kind="raised.added",
        target=row.stable_name,
        by=by,
        at=at,
        changes=_told({}, _words(row)) | {"fund": [None, fund.code]},
        submission=submission,
    )
    return row


@transaction.atomic
def change_raised(
    *,
    raised: RaisedResource,
    values: RaisedValues,
    origin: OriginChoices,
    version: int,
    by: User,
    at: dt.datetime,
) -> RaisedResource:
    """Correct a resource as the person saw it.

    What an officer corrects is the fund's from then on; what a party corrects waits again for the
    fund, whose answer was about other words.

    Raises
    ------
    RaisedChangedError
        Somebody else changed it, or removed it, meanwhile.
    """
    present = _as_seen(raised, version)
    before = _words(present)
    _fill(present, values)
    present.origin, present.answer, present.remark = origin, _own_answer(origin), ""
    if changes := _told(before, _words(present)):
        _keep(present, "raised.changed", changes, by=by, at=at)
    return present


@transaction.atomic
def answer_raised(
    *,
    raised: RaisedResource,
    answer: AnswerChoices,
    remark: str,
    version: int,
    by: User,
    at: dt.datetime,
) -> RaisedResource:
    """Say for the fund that what a party declared is so, or is not.

    Raises
    ------
    RaisedChangedError
        It is no longer what the person saw.
    """
    present = _as_seen(raised, version)
    before = _words(present)
    present.answer, present.remark = answer, remark
    if changes := _told(before, _words(present)):
        _keep(present, "raised.answered", changes, by=by, at=at)
    return present


@transaction.atomic
def remove_raised(
    *, raised: RaisedResource, reason: str, version: int, by: User, at: dt.datetime
) -> None:
    """Remove a resource from what is counted and shown; its row and its trail stay.

    Raises
    ------
    RaisedChangedError
        It is no longer what the person saw.
    """
    present = _as_seen(raised, version)
    present.removed_at = at
    changes = {name: [value, None] for name, value in _words(present).items() if value}
    _keep(present, "raised.removed", changes | {"why": [None, reason]}, by=by, at=at)


def load_raised(
    *,
    fund: Fund,
    records: Iterable[RaisedRecord],
    alliances: Mapping[str, int],
    by: User | None,
    at: dt.datetime,
) -> None:
    """Write what a file says was raised; what people corrected or removed since is theirs."""
    present = {row.code: row for row in RaisedResource.objects.filter(fund=fund)}
    for one in records:
        row = present.get(one.code) or RaisedResource(fund=fund, code=one.code)
        if row.pk and (row.origin != OriginChoices.HISTORY or row.removed_at):
            continue
        before = _words(row) if row.pk else {}
        values = RaisedValues(
            alliance_id=alliances[one.alliance],
            eur=one.eur,
            description=one.description,
            nature=one.nature,
            status=one.status.value,
            year=one.year,
            reading=one.reading.value,
            note=one.note or "",
            source=one.source,
        )
        _fill(row, values)
        if changes := _told(before, _words(row)):
            row.save()
            record(
                kind="support.raised_loaded",
                target=row.stable_name,
                by=by,
                at=at,
                changes=changes | {"fund": [None, fund.code]},
            )


def _own_answer(origin: OriginChoices) -> AnswerChoices:
    return AnswerChoices.NONE if origin == OriginChoices.RECEIVER else AnswerChoices.CONFIRMED


def _as_seen(raised: RaisedResource, version: int) -> RaisedResource:
    rows = RaisedResource.objects.select_for_update(of=("self",)).select_related("fund", "alliance")
    present = rows.get(pk=raised.pk)
    if present.version != version or present.removed_at:
        raise RaisedChangedError(present)
    return present


def _fill(row: RaisedResource, values: RaisedValues) -> None:
    for name, value in asdict(values).items():
        setattr(row, name, value)


def _keep(
    row: RaisedResource, kind: str, changes: Mapping[str, Any], *, by: User, at: dt.datetime
) -> None:
    row.version += 1
    row.save()
    record(kind=kind, target=row.stable_name, by=by, at=at, changes=dict(changes))


_TOLD = (
    "eur", "description", "nature", "status", "year", "reading", "note", "source", "origin",
    "answer", "remark",
)  # fmt: skip


def _words(row: RaisedResource) -> dict[str, Any]:
    """Give a row as the trail holds it."""
    told = {name: _plain(getattr(row, name)) for name in _TOLD}
    return {"alliance": row.alliance.code, **told}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if value is None or isinstance(value, int) else str(value)


def _told(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value and not (before.get(name) is None and value == "")
    }
