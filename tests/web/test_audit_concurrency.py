"""Many people writing at once: one chain, without gaps."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, connections, transaction

from alliage.safekeeping.chain import verify
from alliage_web.audit import actions, queries
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
THREADS, WRITES = 8, 15


@pytest.fixture(autouse=True)
def _on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the threads a database in a file: one in memory never makes a writer wait."""
    if connection.vendor == "sqlite":
        file = str(tmp_path / "alliage.sqlite3")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [file])
        monkeypatch.setitem(connections.settings["default"], "NAME", file)


def together(work: Callable[[int], Any], *, threads: int = THREADS) -> list[Any]:
    """Do some work in several threads at once, each with its own connection."""

    def alone(thread: int) -> Any:
        try:
            return work(thread)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(alone, range(threads)))


def verified() -> tuple[list[int | None], int, list[Any]]:
    """Give the positions of all the events, how many are whole, and what is broken."""

    def read(_thread: int) -> tuple[list[int | None], int, list[Any]]:
        positions = Event.objects.order_by("position").values_list("position", flat=True)
        verdict = verify(queries.records())
        return list(positions), verdict.count, verdict.breaks

    return together(read, threads=1)[0]  # type: ignore[no-any-return]


def _write_some(thread: int) -> None:
    for number in range(WRITES):
        with transaction.atomic():
            actions.record(
                kind="alliance.updated",
                target=f"fund:{thread}",
                by=None,
                at=NOW,
                changes={"number": [number, number + 1]},
                personal={"name": [None, f"{thread}-{number}"]},
                about=f"person:{thread}",
            )
            if number % 5 == 4:
                transaction.set_rollback(True)


def test_threads_that_write_and_seal_at_once_make_one_chain_without_gaps() -> None:
    together(_write_some)
    kept = THREADS * WRITES * 4 // 5
    assert verified() == (list(range(1, kept + 1)), kept, [])


def test_several_that_seal_the_same_events_seal_them_once() -> None:
    def write(_thread: int) -> None:
        Event.objects.bulk_create(
            Event(at=NOW, by="command", kind="x", target="fund:x") for _ in range(1200)
        )

    together(write, threads=1)
    assert sum(together(lambda _thread: actions.seal())) == 1200
    assert verified() == (list(range(1, 1201)), 1200, [])


@pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite lets one transaction write at a time"
)
def test_a_transaction_that_recorded_keeps_no_other_from_recording_and_sealing() -> None:
    with transaction.atomic():
        actions.record(kind="x", target="fund:a", by=None, at=NOW)
        together(_write_some)
        assert Event.objects.get(target="fund:a").position is None
    kept = THREADS * WRITES * 4 // 5 + 1
    assert verified() == (list(range(1, kept + 1)), kept, [])
    assert Event.objects.get(target="fund:a").position == kept


def test_a_failure_to_seal_takes_nothing_from_what_was_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("alliage_web.audit.actions.sealing._take_turn", lambda: 1 / 0)
        actions.record(kind="x", target="fund:a", by=None, at=NOW)
    assert "Error calling seal" in caplog.text
    assert queries.state().waiting == 1
    actions.record(kind="x", target="fund:b", by=None, at=NOW)
    last = Event.objects.get(target="fund:b")
    assert queries.state() == queries.State(count=2, head=last.digest or "", waiting=0)
