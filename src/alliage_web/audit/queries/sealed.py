"""Events as the records of a chain: what is sealed, exported and verified."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from alliage_web.audit.models import Event, PersonalValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from alliage.safekeeping.chain import Record

#: The form of the records: it changes if a field is added, so that older ones are still verified.
VERSION = 1
_BATCH = 1000
_COLUMNS = (
    "pk", "position", "previous", "digest", "at", "by", "on_behalf_of", "kind", "target",
    "submission", "request_id", "request_line", "changes",
)  # fmt: skip


def records(
    chosen: QuerySet[Event] | None = None, *, without_personal: bool = False
) -> Iterator[Record]:
    """Give the sealed events in the order of the chain, a batch in memory at a time.

    ``without_personal`` leaves out the personal values and their salts; the commitments stay, so
    that the digests can still be verified.
    """
    sealed = (Event.objects.all() if chosen is None else chosen).exclude(position=None)
    place = (0, 0)
    while True:
        # A position stands once, the database says; if it was made to stand twice, both are read.
        following = sealed.filter(position__gte=place[0]).order_by("position", "pk")
        batch = records_of(following[:_BATCH])
        fresh = [(key, record) for key, record in batch if (record["position"], key) > place]
        if not fresh:
            return
        place = (fresh[-1][1]["position"], fresh[-1][0])
        for _key, record in fresh:
            yield _discreet(record) if without_personal else record


def records_of(events: QuerySet[Event]) -> list[tuple[int, Record]]:
    """Give some events as records, each with its key, in their order."""
    rows = list(events.values_list(*_COLUMNS))
    personal: dict[int, dict[str, Any]] = {}
    kept = PersonalValue.objects.filter(event__in=[row[0] for row in rows])
    columns = ("event_id", "field", "about", "commitment", "salt", "value")
    for key, field, about, commitment, salt, value in kept.values_list(*columns):
        personal.setdefault(key, {})[field] = {
            "about": about,
            "commitment": commitment,
            "salt": salt,
            "value": value,
        }
    return [(row[0], _record(row, personal.get(row[0], {}))) for row in rows]


def _record(row: tuple[Any, ...], personal: dict[str, Any]) -> Record:
    (_pk, position, previous, digest, at, by, on_behalf_of, kind, target, submission,
     request_id, request_line, changes) = row  # fmt: skip
    return {
        "version": VERSION,
        "position": position,
        "previous": previous,
        "digest": digest,
        "at": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "by": by,
        "on_behalf_of": on_behalf_of,
        "kind": kind,
        "target": target,
        "submission": str(submission) if submission else None,
        "request": {"id": request_id, "line": request_line},
        "changes": changes,
        "personal": personal,
    }


def _discreet(record: Record) -> Record:
    kept = {
        name: {"about": told["about"], "commitment": told["commitment"]}
        for name, told in record["personal"].items()
    }
    return {**record, "personal": kept}
