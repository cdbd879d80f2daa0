"""Whatever is asked of a ledger, the database holds what the library replays.

Histories are drawn at random and go through the actions; what the library refuses is refused, what
is written twice is there once, and SQL that goes around the actions is refused by the database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.factories.fund import STRANDS, fund_with_strands
from tests.factories.people import SINCE

from alliage.fund.money import ledger
from alliage.fund.money.ledger import (
    CHART,
    OPERATIONS,
    Book,
    Envelope,
    Posting,
    PostingKind,
    PostingRefused,
)
from alliage.values.money import euros
from alliage_web.fund import actions
from alliage_web.fund.models import Envelope as EnvelopeRow
from alliage_web.fund.models import Movement, RunningBalance
from alliage_web.fund.models import Posting as PostingRow
from alliage_web.fund.queries import ledger as written

if TYPE_CHECKING:
    from collections.abc import Callable

    Result = TypeVar("Result")

pytestmark = pytest.mark.django_db

_CARRIES = {k for k in PostingKind if k.value.startswith("carry")}
_PLAIN = sorted(set(PostingKind) - _CARRIES - {PostingKind.YEAR_CLOSING})
_YEARS = (2025, 2026)
#: What is likely to be possible after what came before is drawn more often.
_KINDS = st.sampled_from(_PLAIN)
_ENVELOPES = st.builds(Envelope, st.sampled_from(STRANDS), st.sampled_from(_YEARS))
_AMOUNTS = st.sampled_from(["0.01", "3.33", "10", "10", "25.50", "1000000"])
_DAYS = st.sampled_from([dt.date(2025, 5, 1), dt.date(2026, 3, 2), dt.date(2026, 12, 31)])

_RAW = (
    "UPDATE fund_runningbalance SET cents = cents + 1",
    "UPDATE fund_runningbalance SET cents = 0, last_movement = last_movement + 1 WHERE cents <> 0",
    "UPDATE fund_posting SET cents = cents + 1",
    "UPDATE fund_posting SET reason = 'another'",
    "UPDATE fund_movement SET cents = cents + 1",
    "UPDATE fund_envelope SET year = year + 1",
    "UPDATE fund_strand SET code = 'another'",
    "DELETE FROM fund_movement",
    "DELETE FROM fund_posting",
    "DELETE FROM fund_runningbalance",
)


def _about(kind: PostingKind) -> set[str]:
    names = {
        str(dimension)
        for move in OPERATIONS[kind]
        for code in move
        for dimension in CHART[code].dimensions
    }
    return names | ({"to_envelope"} if kind is PostingKind.TRANSFER else set())


class LedgerMachine(RuleBasedStateMachine):
    """The database beside the book of the library."""

    def __init__(self) -> None:
        super().__init__()
        # Each history is undone at its end.
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self.fund = fund_with_strands()
        self.book = Book("fonds")
        self.keys = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def _write(self, *postings: Posting) -> None:
        expected = _tried(lambda: ledger.apply_all(self.book, postings))
        rows = _tried(lambda: actions.post(fund=self.fund, postings=postings, by=None, at=SINCE))
        self._agree(expected, rows)
        if isinstance(rows, tuple):
            assert [row.key for row in rows] == [posting.key for posting in postings]

    def _agree(self, expected: Book | PostingRefused, found: object) -> None:
        """Check that the database did what the library says, and go on with its book."""
        if isinstance(expected, PostingRefused):
            assert isinstance(found, PostingRefused)
            assert found.problem is expected.problem
            assert str(found) == str(expected)
        else:
            assert not isinstance(found, PostingRefused), found
            self.book = expected

    def _plain(self, kind: PostingKind, amount: str, day: dt.date, **about: Any) -> Posting:
        wanted = {name: value for name, value in about.items() if name in _about(kind)}
        return Posting(
            key=self._key(), fund="fonds", kind=kind, booked_on=day, reason="r",
            amount=euros(amount), **wanted,
        )  # fmt: skip

    @initialize()
    def funded(self) -> None:
        day = dt.date(2025, 1, 2)
        envelope = Envelope(STRANDS[0], 2025)
        self._write(
            self._plain(PostingKind.ENDOWMENT_INCREASE, "500", day),
            self._plain(PostingKind.ALLOTMENT, "200", day, envelope=envelope),
            self._plain(PostingKind.AWARD, "90", day, envelope=envelope, file="a"),
            self._plain(PostingKind.COMMITMENT, "80", day, envelope=envelope, file="a"),
            self._plain(
                PostingKind.ADVANCE_PAYMENT, "20", day, envelope=envelope, file="a", advance="x"
            ),
            self._plain(PostingKind.PROMISE, "90", day, funder="mecene"),
        )

    @rule(
        kind=_KINDS, amount=_AMOUNTS, day=_DAYS, envelope=_ENVELOPES, to=_ENVELOPES,
        file=st.sampled_from(["a", "a", "b"]), advance=st.sampled_from(["x", "y"]),
        insist=st.booleans(),
    )  # fmt: skip
    def operation(
        self, kind: PostingKind, amount: str, day: dt.date, envelope: Envelope, to: Envelope,
        file: str, advance: str, insist: bool,
    ) -> None:  # fmt: skip
        about = {
            "envelope": envelope, "to_envelope": to, "file": file, "advance": advance,
            "funder": "mecene",
        }  # fmt: skip
        first = _PLAIN.index(kind)
        posting = None
        for other in [*_PLAIN[first:], *_PLAIN[:first]] if insist else [kind]:
            try:
                posting = self._plain(other, amount, day, **about)
                ledger.apply(self.book, posting)
            except PostingRefused:
                continue
            break
        if posting is not None:
            self._write(posting)

    # What is written is drawn more often than what goes wrong.
    next_operation = operation
    last_operation = operation

    @rule(position=st.integers(0, 30), same=st.booleans())
    def sent_again(self, position: int, same: bool) -> None:
        recorded = list(self.book.recorded.values())
        posting = recorded[position % len(recorded)]
        if not same:
            posting = replace(posting, reason="another")
        self._write(posting)

    @rule(position=st.integers(0, 30), day=_DAYS)
    def reversal(self, position: int, day: dt.date) -> None:
        original = list(self.book.recorded)[position % len(self.book.recorded)]
        key = self._key()
        header: dict[str, Any] = {"key": key, "booked_on": day, "reason": "r"}
        expected = _tried(
            lambda: ledger.apply(self.book, ledger.reversal(self.book, original, **header))
        )
        for _twice in range(2):
            found = _tried(
                lambda: actions.reverse(
                    fund=self.fund, original=original, by=None, at=SINCE, **header
                )
            )
            self._agree(expected, found)

    @rule(year=st.sampled_from([2025, 2025, 2026]), rarely=st.integers(0, 3))
    def year_closed(self, year: int, rarely: int) -> None:
        if rarely:
            return
        header: dict[str, Any] = {
            "key": self._key(), "booked_on": dt.date(2026, 12, 31), "reason": "r"
        }  # fmt: skip
        expected = _tried(
            lambda: ledger.apply_all(self.book, ledger.year_closing(self.book, year, **header))
        )
        found = _tried(
            lambda: actions.close_year(fund=self.fund, year=year, by=None, at=SINCE, **header)
        )
        self._agree(expected, found)

    @rule(
        statement=st.sampled_from(_RAW), beyond=st.integers(1, 10_000),
        kind=st.sampled_from(["award", "payment"]),
    )  # fmt: skip
    def around_the_actions(self, statement: str, beyond: int, kind: str) -> None:
        _refused_by_the_database(statement)
        self._overspend(beyond, kind)
        if self.book.closed_through:
            self._write_in_a_closed_year(self.book.closed_through)

    def _overspend(self, beyond: int, kind: str) -> None:
        """Write by hand a posting that spends more than there is, as a careless script would."""
        spent = {"award": ("available", "reserved"), "payment": ("committed", "paid")}[kind]
        rows = RunningBalance.objects.filter(
            fund=self.fund, code=spent[0], file__in=["", "a"], cents__gt=0
        )
        found = rows.select_related("envelope").first()
        if found is None:
            return
        closed = self.book.closed_through or 0
        assert found.envelope
        assert found.envelope.year > closed

        def overspend() -> None:
            row = PostingRow.objects.create(
                fund=self.fund, number=len(self.book.recorded) + 1, key="raw", kind=kind,
                booked_on=dt.date(max(2026, closed + 1), 12, 31), reason="raw",
                cents=found.cents + beyond, envelope=found.envelope, file="a", written_at=SINCE,
            )  # fmt: skip
            gaining, _new = RunningBalance.objects.get_or_create(
                fund=self.fund, code=spent[1], envelope=found.envelope, file="a"
            )
            Movement.objects.create(
                posting=row, rank=0, debit=gaining, credit=found, cents=row.cents
            )

        with (
            pytest.raises(IntegrityError, match="fund_balance_not_below_zero"),
            transaction.atomic(),
        ):
            overspend()

    def _write_in_a_closed_year(self, year: int) -> None:
        for booked_on, envelope_year in ((dt.date(year, 6, 1), 2027), (dt.date(2027, 1, 4), year)):
            envelope, _new = EnvelopeRow.objects.get_or_create(
                strand=self.fund.strands.get(code=STRANDS[0]), year=envelope_year
            )
            with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
                PostingRow.objects.create(
                    fund=self.fund, number=len(self.book.recorded) + 1, key="raw",
                    kind="allotment", booked_on=booked_on, reason="raw", cents=1,
                    envelope=envelope, written_at=SINCE,
                )  # fmt: skip

    @invariant()
    def the_database_holds_what_the_library_replays(self) -> None:
        verdict = written.verify(self.fund)
        assert verdict.differences == ()
        assert verdict.postings == len(self.book.recorded)
        held = {
            written.account_of(row): row.eur for row in written.balances_of(self.fund) if row.cents
        }
        assert held == {account: eur for account, eur in self.book.balances.items() if eur}
        assert written.closed_through(self.fund) == self.book.closed_through


def _tried(work: Callable[[], Result]) -> Result | PostingRefused:
    """Do a work and give what came of it, a refusal included."""
    try:
        with transaction.atomic():
            return work()
    except PostingRefused as refusal:
        return refusal


def _refused_by_the_database(statement: str) -> None:
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_database_follows_the_library_through_any_history() -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            # A history that fails is shown as it was drawn: to shorten it takes minutes.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
