"""The ledger of a fund, read as the library reads it, and compared with what it replays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import Max, Q, Sum

from alliage.fund.money import ledger
from alliage.fund.money.ledger import Account, AccountCode, Book, PostingKind, PostingRefused, Side
from alliage.values.money import ZERO, Euros
from alliage_web.fund.models import Fund, Movement, Posting, RunningBalance, euros_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.db.models import QuerySet

    from alliage_web.fund.models import Envelope

_ENDING = (AccountCode.AVAILABLE, AccountCode.RESERVED, AccountCode.COMMITTED)
_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger holds that a decision needs: a book, and the keys of its accounts."""

    book: Book
    accounts: Mapping[Account, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay of the whole ledger found; each difference is a sentence in English."""

    postings: int
    movements: int
    accounts: int
    differences: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not self.differences


def envelope_of(envelope: Envelope | None) -> ledger.Envelope | None:
    return ledger.Envelope(envelope.strand.code, envelope.year) if envelope else None


def account_of(row: RunningBalance) -> Account:
    """Give the account of a balance, as the library names it."""
    return Account(
        AccountCode(row.code),
        envelope_of(row.envelope),
        row.file,
        row.advance,
        row.funder.code if row.funder else "",
    )


def posting_of(row: Posting, fund: str) -> ledger.Posting:
    """Give a posting as the library knows it.

    Raises
    ------
    PostingRefused
        If what the row holds is no posting.
    """
    return ledger.Posting(
        key=row.key,
        fund=fund,
        kind=PostingKind(row.kind),
        booked_on=row.booked_on,
        reason=row.reason,
        amount=row.eur,
        reference=row.reference,
        envelope=envelope_of(row.envelope),
        to_envelope=envelope_of(row.to_envelope),
        file=row.file,
        advance=row.advance,
        funder=row.funder.code if row.funder else "",
        year=row.year,
        reverses=row.reverses.key if row.reverses else "",
    )


def postings_of(fund: Fund) -> QuerySet[Posting]:
    """Return the postings of a fund with what they name, in the order of their writing."""
    return (
        Posting.objects.filter(fund=fund)
        .select_related("fund", "envelope__strand", "to_envelope__strand", "funder__organisation")
        .select_related("reverses")
        .order_by("number")
    )


def balances_of(fund: Fund) -> QuerySet[RunningBalance]:
    """Return the balances of a fund with what they are kept by."""
    return RunningBalance.objects.filter(fund=fund).select_related("envelope__strand", "funder")


def last_number(fund: Fund) -> int:
    found: int | None = Posting.objects.filter(fund=fund).aggregate(last=Max("number"))["last"]
    return found or 0


def closed_through(fund: Fund) -> int | None:
    """Return the last year that is closed."""
    closed = Posting.objects.filter(fund=fund, year__isnull=False)
    found: int | None = closed.aggregate(last=Max("year"))["last"]
    return found


def memory(fund: Fund, keys: Iterable[str]) -> Book:
    """Give a book that remembers what has these keys, and no balance."""
    rows = list(postings_of(fund).filter(key__in=set(keys)).select_related("reversal"))
    return Book(
        fund.code,
        recorded={row.key: posting_of(row, fund.code) for row in rows},
        reversed_by={
            row.key: row.reversal.key for row in rows if getattr(row, "reversal", None) is not None
        },
        closed_through=closed_through(fund),
    )


def known(book: Book, fund: Fund, rows: Iterable[Q]) -> Known:
    """Complete a book with some balances.

    Each choice is a query of its own, which an index answers: together they would read them all.
    """
    found = {row.pk: row for each in rows for row in balances_of(fund).filter(each)}
    accounts = {account_of(row): row for row in found.values()}
    balances = {account: row.eur for account, row in accounts.items()}
    return Known(
        replace(book, balances=balances), {account: row.pk for account, row in accounts.items()}
    )


def touched_by(postings: Sequence[ledger.Posting]) -> list[Q]:
    """Choose the balances on which the library decides about postings.

    All those of a file: what it gives back is compared with what it was paid over the years.
    """
    accounts = {line.account for posting in postings for line in posting.lines()}
    rows = []
    # Few accounts are kept by no file, however long the ledger is.
    if codes := {each.code for each in accounts if not each.file}:
        rows.append(Q(code__in=codes))
    if files := {each.file for each in accounts if each.file}:
        rows.append(Q(file__in=files))
    if any(posting.year is not None for posting in postings):
        rows.append(ENDING)
    return rows


#: The balances that must be carried forward when a year is closed.
ENDING = Q(code__in=_ENDING)
ENDOWMENT = Q(code=AccountCode.ENDOWMENT)


def summed_book(fund: Fund) -> Book:
    """Give the book of a fund with the files and the advances added together.

    The views of the library by envelope, by funder and of the whole are the same as with them.
    """
    rows = (
        RunningBalance.objects.filter(fund=fund)
        .values_list("code", "envelope__strand__code", "envelope__year", "funder__code")
        .annotate(cents=Sum("cents"))
        .order_by()
    )
    return Book(
        fund.code,
        {
            Account(
                AccountCode(code),
                ledger.Envelope(strand, year) if strand else None,
                funder=funder or "",
            ): euros_of(int(cents))
            for code, strand, year, funder, cents in rows
        },
        closed_through=closed_through(fund),
    )


def to_carry(fund: Fund, year: int) -> list[tuple[Account, Euros]]:
    """Return what the closing of a year would carry forward, envelope by envelope."""
    found = balances_of(fund).filter(ENDING, envelope__year__lte=year).exclude(cents=0)
    rows = found.order_by("envelope__year", "envelope__strand__order", "code", "file")
    return [(account_of(row), row.eur) for row in rows]


def verify(fund: Fund) -> Verdict:
    """Replay every posting of a fund with the library, and compare with the database."""
    rows = _Rows(fund)
    differences: list[str] = []
    book = Book(fund.code)
    try:
        book = ledger.replay(fund.code, rows.postings())
    except (PostingRefused, ValueError) as error:
        differences.append(f"posting {rows.number} cannot be replayed: {error}")
    differences += rows.gaps
    moved = _compare_movements(fund, rows.lines, differences)
    accounts = 0
    if rows.ended:
        accounts = _compare_balances(fund, book, differences)
    return Verdict(rows.number, moved, accounts, tuple(differences[:_SHOWN]))


_Lines = tuple[tuple[Account, Account, Euros], ...]


class _Rows:
    """The postings as they are replayed: which was given last, and the lines that each wants."""

    def __init__(self, fund: Fund) -> None:
        self._fund = fund
        self.number = 0
        self.gaps: list[str] = []
        self.lines: dict[int, _Lines] = {}
        self.ended = False

    def postings(self) -> Iterator[ledger.Posting]:
        for row in postings_of(self._fund).iterator(chunk_size=2000):
            if row.number != self.number + 1:
                self.gaps.append(f"posting {row.number} comes after {self.number}")
            self.number = row.number
            posting = posting_of(row, self._fund.code)
            self.lines[row.number] = _pairs(posting)
            yield posting
        self.ended = True


def _pairs(posting: ledger.Posting) -> _Lines:
    """Give the lines of a posting two by two: the account debited, the one credited, the amount."""
    lines = posting.lines()
    pairs = []
    for one, other in zip(lines[::2], lines[1::2], strict=True):
        debit, credit = (one, other) if one.side is Side.DEBIT else (other, one)
        pairs.append((debit.account, credit.account, debit.amount))
    return tuple(pairs)


def _compare_movements(fund: Fund, wanted: Mapping[int, _Lines], differences: list[str]) -> int:
    accounts = {row.pk: account_of(row) for row in balances_of(fund)}
    found = (
        Movement.objects.filter(posting__fund=fund)
        .order_by("posting__number", "rank")
        .values_list("posting__number", "debit", "credit", "cents")
    )
    count = 0
    seen = set()
    for number, moved in groupby(found.iterator(chunk_size=2000), key=lambda row: row[0]):
        # An account of another fund has no name here, and is a difference.
        written = tuple(
            (accounts.get(debit), accounts.get(credit), euros_of(cents))
            for _number, debit, credit, cents in moved
        )
        count += len(written)
        seen.add(number)
        if number in wanted and written != wanted[number]:
            differences.append(f"the movements of posting {number} are not those of its operation")
    differences += [
        f"posting {number} has no movement"
        for number, lines in wanted.items()
        if lines and number not in seen
    ]
    return count


def _compare_balances(fund: Fund, book: Book, differences: list[str]) -> int:
    stored = {account_of(row): row.eur for row in balances_of(fund)}
    for account in sorted(stored.keys() | book.balances.keys(), key=str):
        held, replayed = stored.get(account, ZERO), book.balance(account)
        if held != replayed:
            differences.append(f"{account} holds {held} €, its postings make {replayed} €")
    return len(stored)
