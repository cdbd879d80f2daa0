"""Sealing: giving what was written its place in the chain.

A write adds its event without looking at the others, so that it waits for nobody. Once committed,
events are chained one after the other by whoever holds the lock of the chain, for a moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import connection, transaction

from alliage.safekeeping.chain import START, digest_of
from alliage_web.audit.models import Event
from alliage_web.audit.queries.sealed import records_of

if TYPE_CHECKING:
    from alliage.safekeeping.chain import Record

#: The name of the lock among those of the database: any number that nothing else uses.
_LOCK = 7_420_917_350_114
#: Events sealed in one transaction: others wait for the lock meanwhile.
_BATCH = 500
_FILL = "UPDATE audit_event SET position = %s, previous = %s, digest = %s WHERE id = %s"

_log = logging.getLogger(__name__)


def seal_after_commit() -> None:
    """Seal once the transaction is committed, once for all that it records.

    A failure is logged and no more: what was written is written, and the next write seals it.
    """
    waiting: list[object] = [todo[1] for todo in connection.run_on_commit]
    if seal not in waiting:
        transaction.on_commit(seal, robust=True)


def seal() -> int:
    """Put in the chain all that is committed and not there yet, in the order of its writing.

    Return how many events were sealed. An event that has no canonical form, which only a write
    outside the actions can make, is logged and left for the verification to tell.
    """
    total, after = 0, 0
    while True:
        sealed, last = _seal_batch(after)
        total += sealed
        if last is None:
            return total
        after = last


@transaction.atomic
def _seal_batch(after: int) -> tuple[int, int | None]:
    """Seal some events with higher keys; give how many, and the last key if others may follow."""
    _take_turn()
    unsealed = Event.objects.filter(position=None, pk__gt=after).order_by("pk")
    records = records_of(unsealed[:_BATCH])
    rows = _chained(records) if records else []
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_FILL, rows)
    return len(rows), records[-1][0] if len(records) == _BATCH else None


def _take_turn() -> None:
    """Wait for the lock of the chain, held until the end of the transaction.

    On SQLite a transaction has the whole database to itself from its first line.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _chained(records: list[tuple[int, Record]]) -> list[tuple[int, str, str, int]]:
    """Give each record its position, the digest before it, and its own; its key comes last."""
    sealed = Event.objects.exclude(position=None).order_by("-position")
    last, previous = sealed.values_list("position", "digest").first() or (0, START)
    position, head = last or 0, previous or START
    rows = []
    for key, record in records:
        try:
            digest = digest_of({**record, "position": position + 1, "previous": head})
        except ValueError:
            _log.exception("Event %s has no canonical form: it is not in the chain.", key)
            continue
        position += 1
        rows.append((position, head, digest, key))
        head = digest
    return rows
