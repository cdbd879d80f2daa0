"""Several people and programs write in one ledger, and some are killed: it always adds up."""

from __future__ import annotations

import datetime as dt
import io
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connection
from tests.factories.backup_places import Place, drop, new_place
from tests.factories.fund import funded, post, posting
from tests.factories.people import SINCE
from tests.factories.threads import alone, database_on_disk, together

from alliage.fund.money.ledger import LedgerProblem, PostingKind, PostingRefused
from alliage.values.money import euros, total
from alliage_web.fund import actions
from alliage_web.fund.models import Fund, Posting, RunningBalance
from alliage_web.fund.queries.ledger import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django.plugin import DjangoDbBlocker

K = PostingKind
ROUNDS = 4
WORKERS = 4
KILLS = 3


@pytest.fixture
def _on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database_on_disk(tmp_path, monkeypatch)


def _fund() -> Fund:
    return alone(lambda: funded(100))


def _awards(fund: Fund, file: str, amount: Any) -> Callable[[], Any]:
    asked = posting(K.AWARD, amount, envelope=2026, file=file)
    return lambda: post(fund, asked)


def _right(fund: Fund) -> tuple[str, ...]:
    return alone(lambda: verify(fund).differences)


def _available() -> Any:
    return alone(lambda: RunningBalance.objects.get(code="available").eur)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_on_disk")
def test_those_who_spend_one_envelope_at_once_never_spend_more_than_it_holds() -> None:
    fund = _fund()
    spent = euros(0)
    for number in range(ROUNDS):
        works = [_awards(fund, f"{number}-{rank}", "9.50") for rank in range(WORKERS)]
        results = together(*works)
        refused = [one for one in results if isinstance(one, PostingRefused)]
        assert all(one.problem is LedgerProblem.NOT_ENOUGH for one in refused)
        assert all(isinstance(one, tuple | PostingRefused) for one in results), results
        spent += euros("9.50") * (len(results) - len(refused))
        assert _available() == euros(100) - spent >= 0
        assert _right(fund) == ()
    # 16 awards of 9,50 were asked of 100: ten were written.
    assert spent == euros(95)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_on_disk")
def test_what_is_sent_several_times_at_once_is_written_once() -> None:
    fund = _fund()
    for number in range(ROUNDS):
        asked = posting(K.AWARD, 5, envelope=2026, file=f"dossier-{number}", key=f"award-{number}")
        results = together(*[lambda: post(fund, asked)[0].pk] * WORKERS)  # noqa: B023
        assert len(set(results)) == 1
        assert isinstance(results[0], int)
    assert alone(Posting.objects.count) == 2 + ROUNDS
    assert _available() == euros(100 - 5 * ROUNDS)
    assert _right(fund) == ()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_on_disk")
def test_a_posting_is_undone_once_and_not_while_it_is_used() -> None:
    fund = _fund()
    for number in range(ROUNDS):
        asked = posting(K.AWARD, 5, envelope=2026, file=f"dossier-{number}", key=f"award-{number}")
        alone(lambda asked=asked: post(fund, asked))  # type: ignore[misc]
        used = posting(K.COMMITMENT, 5, envelope=2026, file=f"dossier-{number}")

        def undo(key: str, number: int = number) -> Callable[[], str]:
            def reverse() -> str:
                actions.reverse(
                    fund=fund, original=f"award-{number}", key=f"{key}-{number}", reason="r",
                    booked_on=dt.date(2026, 4, 1), by=None, at=SINCE,
                )  # fmt: skip
                return "undone"

            return reverse

        def use(asked: Any = used) -> str:
            post(fund, asked)
            return "committed"

        results = together(undo("one"), undo("two"), use)
        # One of the three came first; the two others are refused.
        assert sum(isinstance(one, str) for one in results) == 1, results
        assert sum(isinstance(one, PostingRefused) for one in results) == 2
    assert _right(fund) == ()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_on_disk")
def test_a_year_closed_while_it_is_spent_keeps_every_euro() -> None:
    fund = alone(lambda: funded(100, year=2025))

    def close() -> str:
        actions.close_year(
            fund=fund, year=2025, key="close", booked_on=dt.date(2026, 1, 5), reason="r", by=None,
            at=SINCE,
        )  # fmt: skip
        return "closed"

    def award(rank: int) -> Callable[[], Any]:
        asked = posting(
            K.AWARD, 10, envelope=2025, file=f"dossier-{rank}", booked_on=dt.date(2025, 12, 30)
        )
        return lambda: post(fund, asked)

    results = together(close, *[award(rank) for rank in range(WORKERS)])
    assert results[0] == "closed"
    late = [one for one in results[1:] if isinstance(one, PostingRefused)]
    assert all(one.problem is LedgerProblem.YEAR_CLOSED for one in late)

    def held() -> Any:
        rows = RunningBalance.objects.filter(code__in=["available", "reserved"])
        return total(row.eur for row in rows if row.envelope and row.envelope.year == 2026)

    assert alone(held) == euros(100)
    assert _right(fund) == ()


# Killed.

#: Writes postings one after the other, each of several rows, and says which key is being written.
_WRITER = """
import datetime as dt, sys
import django
django.setup()
from django.utils import timezone
from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.values.money import euros
from alliage_web.fund import actions
from alliage_web.fund.models import Fund
fund = Fund.objects.get(code="fonds")
for rank in range(int(sys.argv[1]), 100_000):
    about = {"envelope": Envelope("territoires", 2026), "file": f"dossier-{rank}"}
    header = {"fund": "fonds", "booked_on": dt.date(2026, 5, 4), "reason": "r"}
    print(rank, flush=True)
    actions.post(fund=fund, by=None, at=timezone.now(), postings=[
        Posting(key=f"award-{rank}", kind=PostingKind.AWARD, amount=euros("0.03"), **about,
                **header),
        Posting(key=f"commitment-{rank}", kind=PostingKind.COMMITMENT, amount=euros("0.02"),
                **about, **header),
        Posting(key=f"payment-{rank}", kind=PostingKind.PAYMENT, amount=euros("0.01"), **about,
                **header),
    ])
"""


@pytest.fixture
def place(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    """A platform of its own, with a fund that has money."""
    made = new_place(tmp_path)
    if connection.vendor == "sqlite":
        # The tables of the other tests, copied: to make them again takes most of the time.
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [made.database])
    with made.current(django_db_blocker):
        if connection.vendor == "postgresql":
            call_command("migrate", verbosity=0)
        funded(100)
    yield made
    drop(made)


def _counts(place: Place) -> tuple[int, int]:
    return place.count("fund_posting"), place.count("fund_movement")


def _killed_writer(place: Place, first: int, after: float) -> int:
    """Let a program write, kill it with no warning, and give the last key that it had begun."""
    process = place.launch([sys.executable, "-c", _WRITER, str(first)])
    assert process.stdout is not None
    begun = process.stdout.readline()
    assert begun, process.communicate()
    time.sleep(after)
    process.kill()
    said, _errors = process.communicate()
    return int((begun + said).split()[-1])


@pytest.mark.usefixtures("django_db_setup")
def test_a_program_killed_while_it_writes_loses_nothing_and_doubles_nothing(
    place: Place, django_db_blocker: DjangoDbBlocker
) -> None:
    first = 0
    for number in range(KILLS):
        # Killed at different moments of what a posting takes.
        last = _killed_writer(place, first, 0.02 + 0.043 * number)
        with place.current(django_db_blocker):
            call_command("ledger", "verify", "fonds", stdout=io.StringIO())
            keys = set(Posting.objects.values_list("key", flat=True))
        postings, movements = _counts(place)
        # What was begun is there whole or not at all; what came before is there.
        assert {f"payment-{rank}" for rank in range(last)} <= keys
        whole = [f"{kind}-{last}" in keys for kind in ("award", "commitment", "payment")]
        assert len(set(whole)) == 1
        written = last + whole[0]
        assert (postings, movements) == (2 + 3 * written, 2 + 4 * written)
        # The next program begins with what may be there already: it is not written twice.
        first = last
