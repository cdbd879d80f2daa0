"""What the ledger of a fund says: views that are sums of the same balances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from alliage.fund.money.ledger import (
    CHART,
    Account,
    AccountCode,
    Book,
    Dimension,
    Envelope,
    Side,
    chart_order,
)
from alliage.values.money import ZERO, Euros, total

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class EnvelopeBalance:
    """What became of the money of an envelope, in euros; ``paid`` is net of returns."""

    envelope: Envelope
    available: Euros
    reserved: Euros
    committed: Euros
    paid: Euros

    @property
    def allotted(self) -> Euros:
        """What was allotted to it, transferred and carried forward to it, net of what left."""
        return total((self.available, self.reserved, self.committed, self.paid))


@dataclass(frozen=True, slots=True)
class FileBalance:
    """What was awarded to a file, in euros: ``paid`` <= ``committed`` <= ``awarded``.

    ``paid`` is net of returns; ``lent`` is its part that was paid as repayable advances.
    """

    file: str
    awarded: Euros
    committed: Euros
    paid: Euros
    lent: Euros

    @property
    def left_to_pay(self) -> Euros:
        """Agreed and not paid."""
        return self.committed - self.paid


@dataclass(frozen=True, slots=True)
class AdvanceBalance:
    """What became of a repayable advance, in euros."""

    advance: str
    file: str
    outstanding: Euros
    repaid: Euros
    waived: Euros
    written_off: Euros

    @property
    def lent(self) -> Euros:
        """What was paid to the holder."""
        return total((self.outstanding, self.repaid, self.waived, self.written_off))


@dataclass(frozen=True, slots=True)
class FunderBalance:
    """What a funder promised, was called for and gave, in euros: each at most the one before."""

    funder: str
    promised: Euros
    called: Euros
    received: Euros


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the endowment to what was paid, in euros: each step holds the next ones.

    ``resources`` = ``unallotted`` + ``allotted``; ``allotted`` = ``available`` + ``awarded``;
    ``paid`` <= ``committed`` <= ``awarded``. ``cash`` may be below zero: the bank then lends.
    """

    endowment: Euros
    recycled: Euros
    unallotted: Euros
    available: Euros
    awarded: Euros
    committed: Euros
    paid: Euros
    cash: Euros

    @property
    def resources(self) -> Euros:
        """The endowment in force, and the advances that came back."""
        return self.endowment + self.recycled

    @property
    def allotted(self) -> Euros:
        """What stands in envelopes, or went through them."""
        return self.available + self.awarded


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """A line of the trial balance: the euros of an account, on the side where they stand."""

    account: Account
    debit: Euros
    credit: Euros


_Sums: TypeAlias = dict[AccountCode, Euros]


def _grouped(book: Book, *dimensions: Dimension) -> dict[tuple[Any, ...], _Sums]:
    sums: dict[tuple[Any, ...], _Sums] = {}
    for account, balance in book.balances.items():
        if set(dimensions) <= set(CHART[account.code].dimensions):
            about = tuple(getattr(account, dimension) for dimension in dimensions)
            kept = sums.setdefault(about, dict.fromkeys(AccountCode, ZERO))
            kept[account.code] += balance
    return sums


def envelopes(book: Book) -> tuple[EnvelopeBalance, ...]:
    """Show every envelope, by year then by strand.

    Parameters
    ----------
    book : Book
        The book of a fund.

    Returns
    -------
    tuple of EnvelopeBalance
        One per envelope that a posting named.
    """
    grouped = _grouped(book, Dimension.ENVELOPE)
    return tuple(
        EnvelopeBalance(
            envelope,
            sums[AccountCode.AVAILABLE],
            sums[AccountCode.RESERVED],
            sums[AccountCode.COMMITTED],
            sums[AccountCode.PAID],
        )
        for (envelope,), sums in sorted(
            grouped.items(), key=lambda each: (each[0][0].year, each[0][0].strand)
        )
    )


def files(book: Book) -> tuple[FileBalance, ...]:
    """Show every file, by its name.

    Parameters
    ----------
    book : Book
        The book of a fund.

    Returns
    -------
    tuple of FileBalance
        One per file that a posting named, over all its envelopes and years.
    """
    return tuple(
        FileBalance(
            file,
            sums[AccountCode.RESERVED] + sums[AccountCode.COMMITTED] + sums[AccountCode.PAID],
            sums[AccountCode.COMMITTED] + sums[AccountCode.PAID],
            sums[AccountCode.PAID],
            sums[AccountCode.PAID] - sums[AccountCode.GRANTS],
        )
        for (file,), sums in sorted(_grouped(book, Dimension.FILE).items())
    )


def advances(book: Book) -> tuple[AdvanceBalance, ...]:
    """Show every repayable advance, by its name.

    Parameters
    ----------
    book : Book
        The book of a fund.

    Returns
    -------
    tuple of AdvanceBalance
        One per advance that a posting named.
    """
    return tuple(
        AdvanceBalance(
            advance,
            file,
            sums[AccountCode.ADVANCES],
            sums[AccountCode.RECYCLED],
            sums[AccountCode.WAIVED],
            sums[AccountCode.WRITTEN_OFF],
        )
        for (advance, file), sums in sorted(
            _grouped(book, Dimension.ADVANCE, Dimension.FILE).items()
        )
    )


def funders(book: Book) -> tuple[FunderBalance, ...]:
    """Show every funder, by its name.

    Parameters
    ----------
    book : Book
        The book of a fund.

    Returns
    -------
    tuple of FunderBalance
        One per funder that a posting named.
    """
    return tuple(
        FunderBalance(
            funder,
            sums[AccountCode.CONTRIBUTIONS],
            sums[AccountCode.CONTRIBUTIONS] - sums[AccountCode.TO_CALL],
            sums[AccountCode.CONTRIBUTIONS]
            - sums[AccountCode.TO_CALL]
            - sums[AccountCode.TO_RECEIVE],
        )
        for (funder,), sums in sorted(_grouped(book, Dimension.FUNDER).items())
    )


def waterfall(book: Book) -> Waterfall:
    """Show the way of the money, from the endowment to the payments.

    Parameters
    ----------
    book : Book
        The book of a fund.

    Returns
    -------
    Waterfall
        The sums of the whole fund.
    """
    sums = dict.fromkeys(AccountCode, ZERO)
    for account, balance in book.balances.items():
        sums[account.code] += balance
    committed = sums[AccountCode.COMMITTED] + sums[AccountCode.PAID]
    return Waterfall(
        endowment=sums[AccountCode.ENDOWMENT],
        recycled=sums[AccountCode.RECYCLED],
        unallotted=sums[AccountCode.UNALLOTTED],
        available=sums[AccountCode.AVAILABLE],
        awarded=sums[AccountCode.RESERVED] + committed,
        committed=committed,
        paid=sums[AccountCode.PAID],
        cash=sums[AccountCode.CASH],
    )


def trial_balance(book: Book) -> tuple[AccountBalance, ...]:
    """Show every account with the side on which it stands, in the order of the chart.

    Parameters
    ----------
    book : Book
        The book of a fund.

    Returns
    -------
    tuple of AccountBalance
        In each register, the debits are worth the credits.
    """
    return tuple(_balances(book))


def _balances(book: Book) -> Iterator[AccountBalance]:
    for account in sorted(book.balances, key=chart_order):
        balance = book.balances[account]
        on_debit = (CHART[account.code].normal is Side.DEBIT) == (balance >= 0)
        amount = abs(balance)
        yield AccountBalance(account, *((amount, ZERO) if on_debit else (ZERO, amount)))
