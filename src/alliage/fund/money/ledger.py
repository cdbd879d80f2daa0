"""The ledger of a fund: what may be written in it, in which accounts, and what it says.

A posting names an operation of a closed list and what it is about; its lines follow from the table
``OPERATIONS``, so that a posting that does not balance cannot be written. A book is the fold of its
postings, which are never changed nor removed: a mistake is corrected by a reversal.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alliage.values.money import ZERO, Euros, MoneyError, euros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Side(StrEnum):
    """The two sides of an account."""

    DEBIT = "debit"
    CREDIT = "credit"


class Register(StrEnum):
    """The two registers of the ledger, each of which balances alone."""

    BUDGET = "budget"
    TREASURY = "treasury"


class Dimension(StrEnum):
    """What an account may be kept by; each is the name of a field of a posting."""

    ENVELOPE = "envelope"
    FILE = "file"
    ADVANCE = "advance"
    FUNDER = "funder"


class AccountCode(StrEnum):
    """The accounts of the chart."""

    ENDOWMENT = "endowment"
    RECYCLED = "recycled"
    UNALLOTTED = "unallotted"
    AVAILABLE = "available"
    RESERVED = "reserved"
    COMMITTED = "committed"
    PAID = "paid"
    CONTRIBUTIONS = "contributions"
    TO_CALL = "to_call"
    TO_RECEIVE = "to_receive"
    CASH = "cash"
    GRANTS = "grants"
    ADVANCES = "advances"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"


class AccountKind(NamedTuple):
    """An account of the chart: its register, the side on which it grows, what it is kept by."""

    register: Register
    normal: Side
    dimensions: tuple[Dimension, ...]
    meaning: str


_BY_FILE = (Dimension.ENVELOPE, Dimension.FILE)
_BY_ADVANCE = (Dimension.FILE, Dimension.ADVANCE)
_BUDGET, _TREASURY = Register.BUDGET, Register.TREASURY
_DEBIT, _CREDIT = Side.DEBIT, Side.CREDIT

#: The chart of accounts. ``docs/algorithms/ledger.md`` explains it.
CHART: Final[Mapping[AccountCode, AccountKind]] = {
    AccountCode.ENDOWMENT: AccountKind(_BUDGET, _CREDIT, (), "endowment in force"),
    AccountCode.RECYCLED: AccountKind(
        _BUDGET, _CREDIT, _BY_ADVANCE, "advances repaid, which may be allotted again"
    ),
    AccountCode.UNALLOTTED: AccountKind(_BUDGET, _DEBIT, (), "endowment not allotted yet"),
    AccountCode.AVAILABLE: AccountKind(
        _BUDGET, _DEBIT, (Dimension.ENVELOPE,), "allotted and not awarded"
    ),
    AccountCode.RESERVED: AccountKind(_BUDGET, _DEBIT, _BY_FILE, "awarded, without an agreement"),
    AccountCode.COMMITTED: AccountKind(_BUDGET, _DEBIT, _BY_FILE, "agreed and not paid"),
    AccountCode.PAID: AccountKind(
        _BUDGET, _DEBIT, _BY_FILE, "paid, grants net of returns and advances"
    ),
    AccountCode.CONTRIBUTIONS: AccountKind(
        _TREASURY, _CREDIT, (Dimension.FUNDER,), "promised by the funders"
    ),
    AccountCode.TO_CALL: AccountKind(
        _TREASURY, _DEBIT, (Dimension.FUNDER,), "promised and not called"
    ),
    AccountCode.TO_RECEIVE: AccountKind(
        _TREASURY, _DEBIT, (Dimension.FUNDER,), "called and not received"
    ),
    AccountCode.CASH: AccountKind(_TREASURY, _DEBIT, (), "at the bank"),
    AccountCode.GRANTS: AccountKind(
        _TREASURY, _DEBIT, (Dimension.FILE,), "paid as grants, net of returns"
    ),
    AccountCode.ADVANCES: AccountKind(_TREASURY, _DEBIT, _BY_ADVANCE, "advances outstanding"),
    AccountCode.WAIVED: AccountKind(
        _TREASURY, _DEBIT, _BY_ADVANCE, "advances whose repayment is not due"
    ),
    AccountCode.WRITTEN_OFF: AccountKind(
        _TREASURY, _DEBIT, _BY_ADVANCE, "advances due that will not be repaid"
    ),
}

#: Money returned in a later year is written in that year: it may exceed what was paid there, so the
#: sum over the years is held instead. The bank may lend: cash below zero is shown, not refused.
MAY_BE_NEGATIVE: Final = frozenset({AccountCode.PAID, AccountCode.CASH})


_NORMAL: Final = {code: kind.normal for code, kind in CHART.items()}


class PostingKind(StrEnum):
    """The operations that a ledger knows."""

    ENDOWMENT_INCREASE = "endowment_increase"
    ENDOWMENT_DECREASE = "endowment_decrease"
    PROMISE = "promise"
    PROMISE_DECREASE = "promise_decrease"
    CALL = "call"
    RECEIPT = "receipt"
    ALLOTMENT = "allotment"
    ALLOTMENT_WITHDRAWAL = "allotment_withdrawal"
    TRANSFER = "transfer"
    AWARD = "award"
    AWARD_RELEASE = "award_release"
    COMMITMENT = "commitment"
    DECOMMITMENT = "decommitment"
    PAYMENT = "payment"
    RETURN = "return"
    ADVANCE_PAYMENT = "advance_payment"
    REPAYMENT = "repayment"
    WAIVER = "waiver"
    WRITE_OFF = "write_off"
    CARRY_AVAILABLE = "carry_available"
    CARRY_RESERVED = "carry_reserved"
    CARRY_COMMITTED = "carry_committed"
    YEAR_CLOSING = "year_closing"


class Move(NamedTuple):
    """An amount that is debited to an account and credited to another of the same register."""

    debit: AccountCode
    credit: AccountCode


#: What each operation does. The closing of a year moves nothing: it forbids.
OPERATIONS: Final[Mapping[PostingKind, tuple[Move, ...]]] = {
    PostingKind.ENDOWMENT_INCREASE: (Move(AccountCode.UNALLOTTED, AccountCode.ENDOWMENT),),
    PostingKind.ENDOWMENT_DECREASE: (Move(AccountCode.ENDOWMENT, AccountCode.UNALLOTTED),),
    PostingKind.PROMISE: (Move(AccountCode.TO_CALL, AccountCode.CONTRIBUTIONS),),
    PostingKind.PROMISE_DECREASE: (Move(AccountCode.CONTRIBUTIONS, AccountCode.TO_CALL),),
    PostingKind.CALL: (Move(AccountCode.TO_RECEIVE, AccountCode.TO_CALL),),
    PostingKind.RECEIPT: (Move(AccountCode.CASH, AccountCode.TO_RECEIVE),),
    PostingKind.ALLOTMENT: (Move(AccountCode.AVAILABLE, AccountCode.UNALLOTTED),),
    PostingKind.ALLOTMENT_WITHDRAWAL: (Move(AccountCode.UNALLOTTED, AccountCode.AVAILABLE),),
    PostingKind.TRANSFER: (Move(AccountCode.AVAILABLE, AccountCode.AVAILABLE),),
    PostingKind.AWARD: (Move(AccountCode.RESERVED, AccountCode.AVAILABLE),),
    PostingKind.AWARD_RELEASE: (Move(AccountCode.AVAILABLE, AccountCode.RESERVED),),
    PostingKind.COMMITMENT: (Move(AccountCode.COMMITTED, AccountCode.RESERVED),),
    PostingKind.DECOMMITMENT: (Move(AccountCode.AVAILABLE, AccountCode.COMMITTED),),
    PostingKind.PAYMENT: (
        Move(AccountCode.PAID, AccountCode.COMMITTED),
        Move(AccountCode.GRANTS, AccountCode.CASH),
    ),
    PostingKind.RETURN: (
        Move(AccountCode.COMMITTED, AccountCode.PAID),
        Move(AccountCode.CASH, AccountCode.GRANTS),
    ),
    PostingKind.ADVANCE_PAYMENT: (
        Move(AccountCode.PAID, AccountCode.COMMITTED),
        Move(AccountCode.ADVANCES, AccountCode.CASH),
    ),
    PostingKind.REPAYMENT: (
        Move(AccountCode.UNALLOTTED, AccountCode.RECYCLED),
        Move(AccountCode.CASH, AccountCode.ADVANCES),
    ),
    PostingKind.WAIVER: (Move(AccountCode.WAIVED, AccountCode.ADVANCES),),
    PostingKind.WRITE_OFF: (Move(AccountCode.WRITTEN_OFF, AccountCode.ADVANCES),),
    PostingKind.CARRY_AVAILABLE: (Move(AccountCode.AVAILABLE, AccountCode.AVAILABLE),),
    PostingKind.CARRY_RESERVED: (Move(AccountCode.RESERVED, AccountCode.RESERVED),),
    PostingKind.CARRY_COMMITTED: (Move(AccountCode.COMMITTED, AccountCode.COMMITTED),),
    PostingKind.YEAR_CLOSING: (),
}

_CARRIED: Final[Mapping[AccountCode, PostingKind]] = {
    AccountCode.AVAILABLE: PostingKind.CARRY_AVAILABLE,
    AccountCode.RESERVED: PostingKind.CARRY_RESERVED,
    AccountCode.COMMITTED: PostingKind.CARRY_COMMITTED,
}
_CARRIES = frozenset(_CARRIED.values())
_BETWEEN_ENVELOPES = _CARRIES | {PostingKind.TRANSFER}
_IRREVERSIBLE = _CARRIES | {PostingKind.YEAR_CLOSING}


_ABOUT = ("envelope", "to_envelope", "file", "advance", "funder", "year")


def _wanted(kind: PostingKind) -> frozenset[str]:
    """Tell which fields of ``_ABOUT`` an operation has; the others are left out."""
    accounts = (CHART[code] for move in OPERATIONS[kind] for code in move)
    wanted = {str(dimension) for account in accounts for dimension in account.dimensions}
    if kind in _BETWEEN_ENVELOPES:
        wanted.add("to_envelope")
    if kind is PostingKind.YEAR_CLOSING:
        wanted.add("year")
    return frozenset(wanted)


_WANTED = {kind: _wanted(kind) for kind in PostingKind}


class LedgerProblem(StrEnum):
    """Why a posting is refused."""

    INCOMPLETE = "incomplete"
    UNEXPECTED = "unexpected"
    DATE = "date"
    AMOUNT = "amount"
    SAME_ENVELOPE = "same_envelope"
    OTHER_STRAND = "other_strand"
    OTHER_FUND = "other_fund"
    KEY_REUSED = "key_reused"
    NOT_ENOUGH = "not_enough"
    YEAR_CLOSED = "year_closed"
    ENVELOPE_CLOSED = "envelope_closed"
    YEAR_NOT_OVER = "year_not_over"
    YEAR_ORDER = "year_order"
    YEAR_OPEN_BALANCE = "year_open_balance"
    UNKNOWN_POSTING = "unknown_posting"
    ALREADY_REVERSED = "already_reversed"
    REVERSAL_OF_REVERSAL = "reversal_of_reversal"
    NOT_REVERSIBLE = "not_reversible"
    REVERSAL_DIFFERS = "reversal_differs"
    REVERSAL_TOO_EARLY = "reversal_too_early"
    NOTHING_TO_POST = "nothing_to_post"


class PostingRefused(ValueError):
    """A posting cannot be written; the message says what would be possible.

    Attributes
    ----------
    problem
        Why it is refused.
    values
        What the message is made of, by name: amounts, accounts, years, keys.
    """

    def __init__(self, problem: LedgerProblem, message: str, **values: Any) -> None:
        self.problem = problem
        self.values = MappingProxyType(values)
        super().__init__(message)


@dataclass(frozen=True, slots=True, order=True)
class Envelope:
    """The money of a strand for a year."""

    strand: str
    year: int

    def __str__(self) -> str:
        return f"{self.strand} {self.year}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart, for one envelope, file, advance or funder where it is kept so."""

    code: AccountCode
    envelope: Envelope | None = None
    file: str = ""
    advance: str = ""
    funder: str = ""

    def __str__(self) -> str:
        about = (self.envelope, self.file, self.advance, self.funder)
        return " ".join([self.code, *(f"({each})" for each in about if each)])


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a posting: an amount, above zero, in an account."""

    account: Account
    side: Side
    amount: Euros


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An operation of a fund, written once.

    Attributes
    ----------
    key : str
        What makes it unique: a second posting with the same key and content changes nothing.
    fund : str
        Code of the fund.
    kind : PostingKind
        The operation.
    booked_on : datetime.date
        The day on which it counts.
    reason : str
        Why, in words.
    amount : Decimal
        Euros, above zero; zero for the closing of a year.
    reference : str
        The document that proves it: a decision, an agreement, a line of a bank statement.
    envelope, file, advance, funder
        What it is about: what the accounts of the operation are kept by, and nothing else.
    to_envelope : Envelope
        The envelope that receives, of a transfer or a carry forward.
    year : int
        The year that is closed.
    reverses : str
        Key of the posting that this one undoes: it repeats it, and its lines change sides.

    Raises
    ------
    PostingRefused
        If something is missing, is not expected, or is not an amount.

    Examples
    --------
    >>> posting = Posting(
    ...     key="payment:pemb:1",
    ...     fund="odd17",
    ...     kind=PostingKind.PAYMENT,
    ...     booked_on=dt.date(2021, 6, 30),
    ...     reason="First instalment",
    ...     amount=euros(7000),
    ...     envelope=Envelope("territories", 2021),
    ...     file="pemb",
    ... )
    >>> for line in posting.lines():
    ...     print(line.side, line.amount, line.account)
    debit 7000.00 paid (territories 2021) (pemb)
    credit 7000.00 committed (territories 2021) (pemb)
    debit 7000.00 grants (pemb)
    credit 7000.00 cash
    """

    key: str
    fund: str
    kind: PostingKind
    booked_on: dt.date
    reason: str
    amount: Euros = ZERO
    reference: str = ""
    envelope: Envelope | None = None
    to_envelope: Envelope | None = None
    file: str = ""
    advance: str = ""
    funder: str = ""
    year: int | None = None
    reverses: str = ""

    def __post_init__(self) -> None:
        self._check_header()
        self._check_amount()
        wanted = _WANTED[self.kind]
        for name in _ABOUT:
            if bool(getattr(self, name)) is not (name in wanted):
                raise self._incomplete(name) if name in wanted else self._unexpected(name)
        if self.to_envelope is not None:
            self._check_envelopes()

    def _check_header(self) -> None:
        for name in ("key", "fund", "reason"):
            if not getattr(self, name).strip():
                raise self._incomplete(name)
        if isinstance(self.booked_on, dt.datetime):
            msg = f"{self.booked_on} is an instant, which falls on two days. Give the day."
            raise PostingRefused(LedgerProblem.DATE, msg, asked=self.booked_on)

    def _check_amount(self) -> None:
        try:
            amount = euros(self.amount)
        except MoneyError as error:
            raise PostingRefused(LedgerProblem.AMOUNT, str(error), asked=self.amount) from error
        wanted = "of zero" if self.kind is PostingKind.YEAR_CLOSING else "above zero"
        if amount < 0 or (amount == 0) is not (wanted == "of zero"):
            msg = (
                f"A posting « {self.kind} » of {amount} € cannot be written: give an amount "
                f"{wanted}. To correct a posting, reverse it."
            )
            raise PostingRefused(LedgerProblem.AMOUNT, msg, asked=amount)
        # A whole number of euros, or one decimal, is kept to the cent.
        object.__setattr__(self, "amount", amount)

    def _check_envelopes(self) -> None:
        if self.to_envelope == self.envelope:
            msg = f"Nothing moves from {self.envelope} to itself. Name another envelope."
            raise PostingRefused(LedgerProblem.SAME_ENVELOPE, msg, envelope=self.envelope)
        strand = self.envelope.strand if self.envelope else ""
        if self.kind in _CARRIES and self.to_envelope and self.to_envelope.strand != strand:
            msg = (
                f"{self.envelope} is carried forward to its own strand, not to {self.to_envelope}. "
                "Carry it forward, then transfer."
            )
            raise PostingRefused(
                LedgerProblem.OTHER_STRAND, msg, envelope=self.envelope, to=self.to_envelope
            )

    def _incomplete(self, name: str) -> PostingRefused:
        msg = f"A posting « {self.kind} » needs « {name} ». Give it."
        return PostingRefused(LedgerProblem.INCOMPLETE, msg, kind=self.kind, field=name)

    def _unexpected(self, name: str) -> PostingRefused:
        msg = f"A posting « {self.kind} » has no « {name} ». Leave it out."
        return PostingRefused(LedgerProblem.UNEXPECTED, msg, kind=self.kind, field=name)

    def lines(self) -> tuple[Line, ...]:
        """Return the lines of the posting, which balance in each register.

        Returns
        -------
        tuple of Line
            A debit then a credit for each move of the operation; the sides are exchanged in a
            reversal.
        """
        first, second = (_DEBIT, _CREDIT) if not self.reverses else (_CREDIT, _DEBIT)
        return tuple(
            line
            for move in OPERATIONS[self.kind]
            for line in (
                Line(self._account(move.debit, self.to_envelope), first, self.amount),
                Line(self._account(move.credit, None), second, self.amount),
            )
        )

    def _account(self, code: AccountCode, receiving: Envelope | None) -> Account:
        kept_by = CHART[code].dimensions
        return Account(
            code,
            (receiving or self.envelope) if Dimension.ENVELOPE in kept_by else None,
            self.file if Dimension.FILE in kept_by else "",
            self.advance if Dimension.ADVANCE in kept_by else "",
            self.funder if Dimension.FUNDER in kept_by else "",
        )


@dataclass(frozen=True, slots=True)
class Book:
    """What the postings of a fund add up to.

    Only ``apply`` and ``replay`` make one from postings. The platform may also give the sums of its
    lines as ``balances`` and only the postings that are named by the one to come (its key, and what
    it reverses): the decision is the same as with all of them.

    Attributes
    ----------
    fund : str
        Code of the fund.
    balances : mapping of Account to Decimal
        Euros in each account, counted on its normal side.
    recorded : mapping of str to Posting
        The postings by key, in the order in which they were written.
    reversed_by : mapping of str to str
        Key of a posting that was reversed, and of its reversal.
    closed_through : int, optional
        Last year that is closed.
    """

    fund: str
    balances: Mapping[Account, Euros] = field(default_factory=dict)
    recorded: Mapping[str, Posting] = field(default_factory=dict)
    reversed_by: Mapping[str, str] = field(default_factory=dict)
    closed_through: int | None = None

    def balance(self, account: Account) -> Euros:
        """Return the balance of an account, in euros; zero where nothing was written."""
        return self.balances.get(account, ZERO)


def apply(book: Book, posting: Posting) -> Book:
    """Write a posting, or refuse it.

    Parameters
    ----------
    book : Book
        What was written before; it is not changed.
    posting : Posting
        What is to be written.

    Returns
    -------
    Book
        The book with the posting; the same book if it already holds it.

    Raises
    ------
    PostingRefused
        If the key was used for something else, the year or the envelope is closed, an account
        would fall below zero, or a reversal does not fit what it reverses.

    Notes
    -----
    Source: double entry (Pacioli 1494); two registers that balance apart, one for authorisations
    and one for cash, inspired by the decree 2012-1246 of 7 November 2012 (public budgets).

    Examples
    --------
    >>> book = apply(
    ...     Book("odd17"),
    ...     Posting(
    ...         key="endowment",
    ...         fund="odd17",
    ...         kind=PostingKind.ENDOWMENT_INCREASE,
    ...         booked_on=dt.date(2020, 11, 23),
    ...         reason="Declared in force",
    ...         amount=euros(1_500_000),
    ...     ),
    ... )
    >>> book.balance(Account(AccountCode.UNALLOTTED))
    Decimal('1500000.00')
    >>> apply(
    ...     book,
    ...     Posting(
    ...         key="allot",
    ...         fund="odd17",
    ...         kind=PostingKind.ALLOTMENT,
    ...         booked_on=dt.date(2021, 1, 4),
    ...         reason="Budget 2021",
    ...         amount=euros(2_000_000),
    ...         envelope=Envelope("territories", 2021),
    ...     ),
    ... )
    Traceback (most recent call last):
        ...
    alliage.fund.money.ledger.PostingRefused: « allotment » of 2000000.00 € is refused: unal...
    """
    return apply_all(book, (posting,))


def apply_all(book: Book, postings: Iterable[Posting]) -> Book:
    """Write several postings, all or none.

    Parameters
    ----------
    book : Book
        What was written before; it is not changed.
    postings : iterable of Posting
        In the order in which they are written.

    Returns
    -------
    Book
        The book with all of them. The time taken is proportional to the number of postings, plus
        the size of the book.

    Raises
    ------
    PostingRefused
        If one of them is refused.
    """
    draft = _Draft(book)
    for posting in postings:
        draft.write(posting)
    return draft.book()


def replay(fund: str, postings: Iterable[Posting]) -> Book:
    """Make the book of a fund again from all its postings, in the order they were written.

    Parameters
    ----------
    fund : str
        Code of the fund.
    postings : iterable of Posting
        Everything that was written.

    Returns
    -------
    Book
        The book, equal to the one that wrote them.

    Raises
    ------
    PostingRefused
        If the postings are not those of a ledger.

    Examples
    --------
    >>> replay("odd17", [])
    Book(fund='odd17', balances=mappingproxy({}), recorded=mappingproxy({}), \
reversed_by=mappingproxy({}), closed_through=None)
    """
    return apply_all(Book(fund), postings)


_REMEDIES: Final[Mapping[AccountCode, str]] = {
    AccountCode.ENDOWMENT: "check the endowment in force",
    AccountCode.RECYCLED: "check what was repaid",
    AccountCode.UNALLOTTED: "increase the endowment in force or withdraw an allotment first",
    AccountCode.AVAILABLE: "transfer from another envelope or allot first",
    AccountCode.RESERVED: "award first",
    AccountCode.COMMITTED: "commit by an amendment first",
    AccountCode.PAID: "return it to the strand that paid it",
    AccountCode.CONTRIBUTIONS: "record the promise first",
    AccountCode.TO_CALL: "record the promise first",
    AccountCode.TO_RECEIVE: "call the contribution first",
    AccountCode.GRANTS: "check what was paid to the file, advances apart",
    AccountCode.ADVANCES: "check what was lent, repaid and waived",
    AccountCode.WAIVED: "check what was waived",
    AccountCode.WRITTEN_OFF: "check what was written off",
}


class _Draft:
    """A book that is being written: it alone is mutable, and does not leave this module."""

    def __init__(self, book: Book) -> None:
        self._fund = book.fund
        self._balances = dict(book.balances)
        self._recorded = dict(book.recorded)
        self._reversed_by = dict(book.reversed_by)
        self._closed_through = book.closed_through
        self._paid: defaultdict[tuple[str, str], Euros] = defaultdict(lambda: ZERO)
        for account, balance in self._balances.items():
            if account.code is AccountCode.PAID and account.envelope:
                self._paid[account.file, account.envelope.strand] += balance

    def book(self) -> Book:
        return Book(
            self._fund,
            MappingProxyType(self._balances),
            MappingProxyType(self._recorded),
            MappingProxyType(self._reversed_by),
            self._closed_through,
        )

    def write(self, posting: Posting) -> None:
        if posting.key in self._recorded:
            _check_same(posting, self._recorded[posting.key])
            return
        self._check_fund(posting)
        self._check_dates(posting)
        if posting.reverses:
            self._check_reversal(posting)
        if posting.year is not None:
            self._check_closing(posting, posting.year)
        self._move(posting)
        self._recorded[posting.key] = posting
        if posting.reverses:
            self._reversed_by[posting.reverses] = posting.key
        if posting.year is not None:
            self._closed_through = posting.year

    def _move(self, posting: Posting) -> None:
        changes = [
            (line.account, line.amount if line.side is _NORMAL[line.account.code] else -line.amount)
            for line in posting.lines()
        ]
        # All are checked before the first is written: a refused posting leaves no trace.
        for account, change in changes:
            if change < 0:
                self._check_enough(posting, account, -change)
        for account, change in changes:
            self._balances[account] = self._balances.get(account, ZERO) + change
            if account.code is AccountCode.PAID and account.envelope:
                self._paid[account.file, account.envelope.strand] += change

    def _check_fund(self, posting: Posting) -> None:
        if posting.fund != self._fund:
            msg = (
                f"A posting of the fund {posting.fund} is not written in the book of {self._fund}. "
                "Money passes from a fund to another by a contribution."
            )
            raise PostingRefused(LedgerProblem.OTHER_FUND, msg, fund=self._fund, asked=posting.fund)

    def _check_dates(self, posting: Posting) -> None:
        closed = self._closed_through
        if closed is None:
            return
        if posting.booked_on.year <= closed:
            msg = (
                f"{posting.booked_on.year} is closed, and is not opened again. Date the posting in "
                f"{closed + 1} or later; a mistake of a closed year is reversed in an open one."
            )
            raise PostingRefused(
                LedgerProblem.YEAR_CLOSED,
                msg,
                asked=posting.booked_on,
                first_open=dt.date(closed + 1, 1, 1),
            )
        for envelope in filter(None, (posting.envelope, posting.to_envelope)):
            if envelope.year <= closed:
                carried = Envelope(envelope.strand, closed + 1)
                msg = (
                    f"The envelope {envelope} is closed: what it held is in {carried}. Name "
                    f"{carried} instead."
                )
                raise PostingRefused(
                    LedgerProblem.ENVELOPE_CLOSED, msg, asked=envelope, possible=carried
                )

    def _check_reversal(self, posting: Posting) -> None:
        original = _reversible(posting.reverses, self._recorded, self._reversed_by)
        if posting.booked_on < original.booked_on:
            msg = (
                f"{original.key} is dated {original.booked_on}: its reversal cannot be dated "
                f"{posting.booked_on}. Date it {original.booked_on} or later."
            )
            raise PostingRefused(
                LedgerProblem.REVERSAL_TOO_EARLY,
                msg,
                asked=posting.booked_on,
                possible=original.booked_on,
            )
        expected = _undone(original, self._closed_through)
        wrong = _differences(posting, expected) - _OWN_TO_A_REVERSAL
        if wrong:
            names = ", ".join(sorted(wrong))
            msg = (
                f"The reversal of {original.key} differs from it by: {names}. A posting is "
                "reversed whole: reverse it, then write the right one."
            )
            raise PostingRefused(LedgerProblem.REVERSAL_DIFFERS, msg, fields=tuple(sorted(wrong)))

    def _check_closing(self, posting: Posting, year: int) -> None:
        closed = self._closed_through
        if closed is not None and year != closed + 1:
            msg = f"{closed} is the last closed year: {year} cannot be closed. Close {closed + 1}."
            raise PostingRefused(LedgerProblem.YEAR_ORDER, msg, asked=year, possible=closed + 1)
        if posting.booked_on < dt.date(year, 12, 31):
            msg = (
                f"{year} cannot be closed on {posting.booked_on}: it is not over. Date the closing "
                f"{year}-12-31 or later."
            )
            raise PostingRefused(
                LedgerProblem.YEAR_NOT_OVER,
                msg,
                asked=posting.booked_on,
                possible=dt.date(year, 12, 31),
            )
        left = _to_carry(self._balances, year)
        if left:
            shown = "; ".join(f"{account} holds {balance} €" for account, balance in left[:5])
            msg = (
                f"{year} cannot be closed: {shown}. Carry forward to {year + 1} first, or withdraw "
                "the allotments that end with the year."
            )
            raise PostingRefused(
                LedgerProblem.YEAR_OPEN_BALANCE, msg, year=year, accounts=tuple(left)
            )

    def _check_enough(self, posting: Posting, account: Account, asked: Euros) -> None:
        held = self._balances.get(account, ZERO)
        if account.code is AccountCode.PAID and account.envelope:
            held = self._paid[account.file, account.envelope.strand]
        elif account.code in MAY_BE_NEGATIVE:
            return
        if asked <= held:
            return
        what = f"Reversal of « {posting.kind} »" if posting.reverses else f"« {posting.kind} »"
        possible = (
            f"What came after {posting.reverses} used it: reverse that first"
            if posting.reverses
            else f"At most {held} € are possible; for more, {_REMEDIES[account.code]}"
        )
        msg = f"{what} of {asked} € is refused: {account} holds {held} €. {possible}."
        raise PostingRefused(
            LedgerProblem.NOT_ENOUGH,
            msg,
            kind=posting.kind,
            account=account,
            asked=asked,
            possible=ZERO if posting.reverses else held,
            held=held,
        )


_OWN_TO_A_REVERSAL = frozenset({"key", "booked_on", "reason", "reference"})
_FIELDS = tuple(each.name for each in fields(Posting))


def _differences(one: Posting, other: Posting) -> frozenset[str]:
    return frozenset(name for name in _FIELDS if getattr(one, name) != getattr(other, name))


def _check_same(posting: Posting, recorded: Posting) -> None:
    differing = sorted(_differences(posting, recorded))
    if differing:
        msg = (
            f"The key {posting.key} was already used for another posting: they differ by "
            f"{', '.join(differing)}. Give a new operation a new key; to change the first one, "
            "reverse it."
        )
        raise PostingRefused(
            LedgerProblem.KEY_REUSED, msg, key=posting.key, fields=tuple(differing)
        )


def _reversible(
    key: str, recorded: Mapping[str, Posting], reversed_by: Mapping[str, str]
) -> Posting:
    original = recorded.get(key)
    if original is None:
        msg = f"No posting has the key {key}: it cannot be reversed. Check the key."
        raise PostingRefused(LedgerProblem.UNKNOWN_POSTING, msg, key=key)
    if original.reverses:
        msg = (
            f"{key} is itself a reversal, and stays. Write {original.reverses} again under a new "
            "key."
        )
        raise PostingRefused(LedgerProblem.REVERSAL_OF_REVERSAL, msg, key=key)
    if key in reversed_by:
        msg = f"{key} was already reversed by {reversed_by[key]}. There is nothing left to undo."
        raise PostingRefused(LedgerProblem.ALREADY_REVERSED, msg, key=key, by=reversed_by[key])
    if original.kind in _IRREVERSIBLE:
        msg = (
            f"{key} is a « {original.kind} »: a year that ends is not opened again. Transfer "
            "between envelopes, or reverse the mistaken operation, at a date of an open year."
        )
        raise PostingRefused(LedgerProblem.NOT_REVERSIBLE, msg, key=key, kind=original.kind)
    return original


def _undone(original: Posting, closed_through: int | None) -> Posting:
    """Write what undoes a posting: in the envelope that carries on a closed one."""
    return replace(
        original,
        envelope=_carried_on(original.envelope, closed_through),
        to_envelope=_carried_on(original.to_envelope, closed_through),
        reverses=original.key,
    )


def _carried_on(envelope: Envelope | None, closed_through: int | None) -> Envelope | None:
    if envelope is None or closed_through is None or envelope.year > closed_through:
        return envelope
    return Envelope(envelope.strand, closed_through + 1)


def reversal(
    book: Book, original: str, *, key: str, booked_on: dt.date, reason: str, reference: str = ""
) -> Posting:
    """Prepare the posting that undoes another.

    Parameters
    ----------
    book : Book
        The book that holds it.
    original : str
        Key of the posting to undo.
    key, booked_on, reason, reference
        Those of the reversal.

    Returns
    -------
    Posting
        To be applied. What a closed envelope held is taken from the one that carries it on.

    Raises
    ------
    PostingRefused
        If there is no such posting, or if it is not reversed: it was already, is a reversal, or
        ends a year.
    """
    found = _reversible(original, book.recorded, book.reversed_by)
    return replace(
        _undone(found, book.closed_through),
        key=key,
        booked_on=booked_on,
        reason=reason,
        reference=reference,
    )


def endowment_in_force(
    book: Book, amount: Euros, *, key: str, booked_on: dt.date, reason: str, reference: str = ""
) -> Posting:
    """Prepare the posting that brings the endowment in force to an amount.

    Parameters
    ----------
    book : Book
        The book, with the endowment that was in force until now.
    amount : Decimal
        Euros of the statement that is now in force. It takes the place of the one before: they
        are never added.
    key, booked_on, reason, reference
        Those of the posting.

    Returns
    -------
    Posting
        An increase or a decrease, of the difference.

    Raises
    ------
    PostingRefused
        If this amount is already in force, in which case there is nothing to write.
    """
    now = book.balance(Account(AccountCode.ENDOWMENT))
    wanted = euros(amount)
    if wanted == now:
        msg = f"The endowment in force is already {now} €: there is nothing to write."
        raise PostingRefused(LedgerProblem.NOTHING_TO_POST, msg, in_force=now)
    return Posting(
        key=key,
        fund=book.fund,
        kind=PostingKind.ENDOWMENT_INCREASE if wanted > now else PostingKind.ENDOWMENT_DECREASE,
        booked_on=booked_on,
        reason=reason,
        reference=reference,
        amount=abs(wanted - now),
    )


def year_closing(
    book: Book, year: int, *, key: str, booked_on: dt.date, reason: str, reference: str = ""
) -> tuple[Posting, ...]:
    """Prepare what closes a year: its balances carried to the next one, then the closing.

    Parameters
    ----------
    book : Book
        The book.
    year : int
        The year to close.
    key : str
        Key of the closing; those of the carries start with it.
    booked_on, reason, reference
        Those of all the postings.

    Returns
    -------
    tuple of Posting
        To be applied together. To end an envelope instead of carrying on what is available in it,
        withdraw the allotment before.
    """
    carries = [
        Posting(
            key=f"{key}/{rank}",
            fund=book.fund,
            kind=_CARRIED[account.code],
            booked_on=booked_on,
            reason=reason,
            reference=reference,
            amount=balance,
            envelope=account.envelope,
            to_envelope=Envelope(account.envelope.strand, year + 1),
            file=account.file,
        )
        for rank, (account, balance) in enumerate(_to_carry(book.balances, year), start=1)
        if account.envelope
    ]
    closing = Posting(
        key=key,
        fund=book.fund,
        kind=PostingKind.YEAR_CLOSING,
        booked_on=booked_on,
        reason=reason,
        reference=reference,
        year=year,
    )
    return (*carries, closing)


def _to_carry(balances: Mapping[Account, Euros], year: int) -> list[tuple[Account, Euros]]:
    found = [
        (account, balance)
        for account, balance in balances.items()
        if account.code in _CARRIED
        and account.envelope
        and account.envelope.year <= year
        and balance
    ]
    return sorted(found, key=lambda each: chart_order(each[0]))


def chart_order(account: Account) -> tuple[Any, ...]:
    """Return what sorts accounts: the order of the chart, then what they are kept by."""
    envelope = account.envelope or Envelope("", 0)
    return (
        list(CHART).index(account.code),
        envelope.year,
        envelope.strand,
        account.file,
        account.advance,
        account.funder,
    )
