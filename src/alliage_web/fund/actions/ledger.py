"""Writing in the ledger of a fund. The library decides; the database holds what it decided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from alliage.fund.money import ledger
from alliage.fund.money.ledger import Side
from alliage_web.audit.actions import record
from alliage_web.fund.models import (
    Envelope,
    Fund,
    Funder,
    Movement,
    Posting,
    RunningBalance,
    Strand,
)
from alliage_web.fund.queries import ledger as written

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from alliage.fund.money.ledger import Account
    from alliage.values.money import Euros
    from alliage_web.accounts.models import User


class UnknownNameError(ValueError):
    """A posting names a strand or a funder that the fund does not have."""

    def __init__(self, *, what: str, code: str, fund: str) -> None:
        self.code = code
        super().__init__(
            f"The fund {fund} has no {what} « {code} ». Add it first, or correct the name. Nothing "
            "was written."
        )


@transaction.atomic
def post(
    *,
    fund: Fund,
    postings: Sequence[ledger.Posting],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> tuple[Posting, ...]:
    """Write postings, all or none, and return their rows; what has the same key is there already.

    Only the balances that the postings touch are read: a ledger of any length takes the same time.

    Raises
    ------
    PostingRefused
        If the library refuses one of them: it says what would be possible.
    UnknownNameError
        If one names a strand or a funder that the fund does not have.
    AlreadyDoneError
        If the token of the form was used for something else.
    """
    begin(fund)
    return write(fund, postings, by=by, at=at, submission=submission)


@transaction.atomic
def reverse(
    *,
    fund: Fund,
    original: str,
    key: str,
    booked_on: dt.date,
    reason: str,
    by: User | None,
    at: dt.datetime,
    reference: str = "",
    submission: UUID | None = None,
) -> Posting:
    """Write what undoes a posting, known by its key.

    Raises
    ------
    PostingRefused
        If it cannot be undone, or if what came after used it.
    AlreadyDoneError
        If the token of the form was used for something else.
    """
    begin(fund)
    book = written.memory(fund, (original, key))
    if earlier := book.recorded.get(key):
        # Sent again: the library tells whether it says the same.
        undoing = replace(
            earlier, reverses=original, booked_on=booked_on, reason=reason, reference=reference
        )
    else:
        undoing = ledger.reversal(
            book, original, key=key, booked_on=booked_on, reason=reason, reference=reference
        )
    return write(fund, (undoing,), by=by, at=at, submission=submission)[0]


@transaction.atomic
def close_year(
    *,
    fund: Fund,
    year: int,
    key: str,
    booked_on: dt.date,
    reason: str,
    by: User | None,
    at: dt.datetime,
    reference: str = "",
    submission: UUID | None = None,
) -> tuple[Posting, ...]:
    """Carry forward what a year still holds, then close it.

    Raises
    ------
    PostingRefused
        If the year is not over, or is not the next one to close.
    AlreadyDoneError
        If the token of the form was used for something else.
    """
    begin(fund)
    book = written.known(written.memory(fund, (key,)), fund, [written.ENDING]).book
    earlier = book.recorded.get(key)
    if earlier and earlier.year:
        # Sent again: the library tells whether it says the same.
        postings: tuple[ledger.Posting, ...] = (
            replace(earlier, year=year, booked_on=booked_on, reason=reason, reference=reference),
        )
    else:
        postings = ledger.year_closing(
            book, year, key=key, booked_on=booked_on, reason=reason, reference=reference
        )
    return write(fund, postings, by=by, at=at, submission=submission)


def bring_endowment_to(
    fund: Fund, amount: Euros, *, key: str, booked_on: dt.date, reason: str, reference: str
) -> ledger.Posting:
    """Prepare the posting that brings the endowment in force to an amount; the caller has begun."""
    book = written.known(written.memory(fund, ()), fund, [written.ENDOWMENT]).book
    return ledger.endowment_in_force(
        book, amount, key=key, booked_on=booked_on, reason=reason, reference=reference
    )


def begin(fund: Fund) -> None:
    """Wait until nobody else writes in this ledger.

    The lock lets others add rows that point to the fund. On SQLite the transaction has the whole
    database to itself from its first line.
    """
    Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)


def write(
    fund: Fund,
    postings: Sequence[ledger.Posting],
    *,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> tuple[Posting, ...]:
    """Ask the library and write what is new; the caller has begun, in the same transaction."""
    keys = {key for each in postings for key in (each.key, each.reverses) if key}
    memory = written.memory(fund, keys)
    known = written.known(memory, fund, written.touched_by(postings))
    ledger.apply_all(known.book, postings)
    writing = _Writing(fund, known.accounts, at)
    rows: dict[str, Posting] = {}
    for posting in postings:
        if posting.key in memory.recorded:
            rows[posting.key] = Posting.objects.select_related("fund").get(
                fund=fund, key=posting.key
            )
        elif posting.key not in rows:
            rows[posting.key] = row = writing.add(posting)
            record(
                kind="ledger.posted",
                target=row.stable_name,
                by=by,
                at=at,
                changes=_told(posting),
                # One form may write several postings: its token is kept with the first.
                submission=submission,
            )
            submission = None
    return tuple(rows.values())


def _told(posting: ledger.Posting) -> dict[str, list[str | None]]:
    """Give what the trail keeps: the operation and what it is about, not the words of a person."""
    about = {
        "operation": str(posting.kind),
        "amount": str(posting.amount),
        "booked_on": posting.booked_on.isoformat(),
        "envelope": str(posting.envelope or ""),
        "to_envelope": str(posting.to_envelope or ""),
        "file": posting.file,
        "advance": posting.advance,
        "funder": posting.funder,
        "year": str(posting.year or ""),
        "reverses": posting.reverses,
    }
    return {name: [None, value] for name, value in about.items() if value}


class _Writing:
    """The rows of one transaction: numbers follow one another, accounts and envelopes appear."""

    def __init__(self, fund: Fund, accounts: Mapping[Account, int], at: dt.datetime) -> None:
        self._fund = fund
        self._accounts = dict(accounts)
        self._at = at
        self._number = written.last_number(fund)
        self._envelopes: dict[ledger.Envelope, int] = {}
        self._funders: dict[str, int] = {}

    def add(self, posting: ledger.Posting) -> Posting:
        self._number += 1
        row = Posting.objects.create(
            fund=self._fund,
            number=self._number,
            key=posting.key,
            kind=posting.kind.value,
            booked_on=posting.booked_on,
            reason=posting.reason,
            reference=posting.reference,
            cents=cents_of(posting.amount),
            envelope_id=self._envelope(posting.envelope),
            to_envelope_id=self._envelope(posting.to_envelope),
            file=posting.file,
            advance=posting.advance,
            funder_id=self._funder(posting.funder),
            year=posting.year,
            reverses=self._original(posting.reverses),
            written_at=self._at,
        )
        lines = posting.lines()
        movements = []
        for rank, pair in enumerate(zip(lines[::2], lines[1::2], strict=True)):
            debit, credit = pair if pair[0].side is Side.DEBIT else pair[::-1]
            movements.append(
                Movement(
                    posting=row,
                    rank=rank,
                    debit_id=self._account(debit.account),
                    credit_id=self._account(credit.account),
                    cents=row.cents,
                )
            )
        Movement.objects.bulk_create(movements)
        return row

    def _original(self, key: str) -> Posting | None:
        return Posting.objects.get(fund=self._fund, key=key) if key else None

    def _account(self, account: Account) -> int:
        if account not in self._accounts:
            row = RunningBalance.objects.create(
                fund=self._fund,
                code=account.code.value,
                envelope_id=self._envelope(account.envelope),
                file=account.file,
                advance=account.advance,
                funder_id=self._funder(account.funder),
            )
            self._accounts[account] = row.pk
        return self._accounts[account]

    def _envelope(self, envelope: ledger.Envelope | None) -> int | None:
        if envelope is None:
            return None
        if envelope not in self._envelopes:
            strand = Strand.objects.filter(fund=self._fund, code=envelope.strand).first()
            if strand is None:
                raise UnknownNameError(what="strand", code=envelope.strand, fund=self._fund.code)
            row, _new = Envelope.objects.get_or_create(strand=strand, year=envelope.year)
            self._envelopes[envelope] = row.pk
        return self._envelopes[envelope]

    def _funder(self, code: str) -> int | None:
        if not code:
            return None
        if code not in self._funders:
            row = Funder.objects.filter(fund=self._fund, code=code).first()
            if row is None:
                raise UnknownNameError(what="funder", code=code, fund=self._fund.code)
            self._funders[code] = row.pk
        return self._funders[code]


def cents_of(amount: Euros) -> int:
    """Give an amount as the tables hold it."""
    return int(amount.scaleb(2))
