"""The ledger of a fund: money that adds up after any history."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alliage.fund.money.ledger import (
    CHART,
    OPERATIONS,
    Account,
    AccountCode,
    Book,
    Dimension,
    Envelope,
    LedgerProblem,
    Posting,
    PostingKind,
    PostingRefused,
    Register,
    Side,
    apply,
    apply_all,
    endowment_in_force,
    replay,
    reversal,
    year_closing,
)
from alliage.fund.money.ledger_views import (
    advances,
    envelopes,
    files,
    funders,
    trial_balance,
    waterfall,
)
from alliage.values.money import ZERO, euros, total

ENGINEERING = Envelope("engineering", 2021)
TERRITORIES = Envelope("territories", 2021)
NEXT_YEAR = Envelope("territories", 2022)
K = PostingKind
_HEADER: dict[str, Any] = {
    "booked_on": dt.date(2021, 6, 30),
    "reason": "A decision of the committee",
}
_SAMPLE: dict[str, Any] = {
    "envelope": TERRITORIES,
    "to_envelope": NEXT_YEAR,
    "file": "pemb",
    "advance": "fonds-i-1",
    "funder": "fondation",
    "year": 2021,
}


def posting(kind: PostingKind, amount: Any = 0, key: str = "", **about: Any) -> Posting:
    return Posting(
        key=key or f"{kind}:{amount}:{sorted(about.items(), key=str)}",
        fund="odd17",
        kind=kind,
        amount=euros(amount),
        **_HEADER | about,
    )


def changed(full: Posting, name: str, value: Any) -> Posting:
    change: dict[str, Any] = {name: value}
    return replace(full, **change)


def written(*postings: Posting) -> Book:
    return replay("odd17", postings)


def funded(amount: int = 100, envelope: Envelope = TERRITORIES) -> Book:
    return written(
        posting(K.ENDOWMENT_INCREASE, 1000), posting(K.ALLOTMENT, amount, envelope=envelope)
    )


def with_agreement(amount: int = 80, file: str = "pemb") -> Book:
    return apply_all(
        funded(),
        (
            posting(K.AWARD, amount, envelope=TERRITORIES, file=file),
            posting(K.COMMITMENT, amount, envelope=TERRITORIES, file=file),
        ),
    )


def refused(book: Book, asked: Posting) -> PostingRefused:
    before = dict(book.balances)
    with pytest.raises(PostingRefused) as caught:
        apply(book, asked)
    assert dict(book.balances) == before
    return caught.value


# The table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PostingKind)
def test_every_operation_balances_in_each_register(kind: PostingKind) -> None:
    assert all(
        CHART[move.debit].register is CHART[move.credit].register for move in OPERATIONS[kind]
    )


def test_every_account_is_both_increased_and_decreased_by_some_operation() -> None:
    moved = Counter(
        (code, side is CHART[code].normal)
        for moves in OPERATIONS.values()
        for move in moves
        for code, side in ((move.debit, Side.DEBIT), (move.credit, Side.CREDIT))
    )
    # What is repaid, waived or written off is corrected by a reversal alone.
    once = {AccountCode.RECYCLED, AccountCode.WAIVED, AccountCode.WRITTEN_OFF}
    for code in AccountCode:
        assert moved[code, True]
        assert bool(moved[code, False]) is (code not in once)


@pytest.mark.parametrize("kind", sorted(set(PostingKind) - {K.YEAR_CLOSING}))
def test_a_posting_says_all_that_its_accounts_are_kept_by_and_nothing_else(
    kind: PostingKind,
) -> None:
    kept_by = {d for move in OPERATIONS[kind] for code in move for d in CHART[code].dimensions}
    about = {str(d): _SAMPLE[d] for d in kept_by}
    if kind in {K.TRANSFER, K.CARRY_AVAILABLE, K.CARRY_RESERVED, K.CARRY_COMMITTED}:
        about["to_envelope"] = NEXT_YEAR
    full = posting(kind, 5, **about)
    debits = total(line.amount for line in full.lines() if line.side is Side.DEBIT)
    assert debits == total(line.amount for line in full.lines() if line.side is Side.CREDIT) > 0
    for name in about:
        with pytest.raises(PostingRefused) as caught:
            changed(full, name, None if "envelope" in name else "")
        assert caught.value.problem is LedgerProblem.INCOMPLETE
        assert caught.value.values["field"] == name
    for name in _SAMPLE.keys() - about.keys():
        with pytest.raises(PostingRefused) as caught:
            changed(full, name, _SAMPLE[name])
        assert caught.value.problem is LedgerProblem.UNEXPECTED
        assert caught.value.values["field"] == name


@pytest.mark.parametrize("name", ["key", "reason", "fund"])
def test_a_posting_has_a_key_a_fund_and_a_reason(name: str) -> None:
    with pytest.raises(PostingRefused, match=name):
        changed(posting(K.ENDOWMENT_INCREASE, 1), name, "  ")


@pytest.mark.parametrize("amount", [ZERO, euros(-1), 0.5])
def test_an_amount_is_above_zero_and_in_cents(amount: Any) -> None:
    with pytest.raises(PostingRefused) as caught:
        replace(posting(K.ENDOWMENT_INCREASE, 1), amount=amount)
    assert caught.value.problem is LedgerProblem.AMOUNT


def test_a_posting_is_dated_by_a_day() -> None:
    with pytest.raises(PostingRefused) as caught:
        posting(K.ENDOWMENT_INCREASE, 1, booked_on=dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
    assert caught.value.problem is LedgerProblem.DATE


# What accounts hold --------------------------------------------------------------------------


def test_an_envelope_never_goes_below_zero_and_what_is_left_is_said() -> None:
    book = apply(funded(100), posting(K.AWARD, 70, envelope=TERRITORIES, file="pemb"))
    error = refused(book, posting(K.AWARD, "30.01", envelope=TERRITORIES, file="ptce"))
    assert error.problem is LedgerProblem.NOT_ENOUGH
    assert error.values["possible"] == euros(30)
    assert "At most 30.00 € are possible; for more, transfer from another envelope" in str(error)
    apply(book, posting(K.AWARD, 30, envelope=TERRITORIES, file="ptce"))


def test_money_goes_from_award_to_agreement_to_payment_and_no_faster() -> None:
    book = apply(funded(), posting(K.AWARD, 60, envelope=TERRITORIES, file="pemb"))
    pay = posting(K.PAYMENT, 10, envelope=TERRITORIES, file="pemb")
    assert refused(book, pay).values["possible"] == ZERO
    book = apply(book, posting(K.COMMITMENT, 50, envelope=TERRITORIES, file="pemb"))
    assert refused(book, replace(pay, amount=euros("50.01"))).values["possible"] == euros(50)
    book = apply(book, pay)
    (view,) = files(book)
    assert (view.awarded, view.committed, view.paid) == (euros(60), euros(50), euros(10))
    assert view.left_to_pay == euros(40)
    assert waterfall(book).cash == euros(-10)


def test_a_file_is_not_paid_from_what_was_awarded_to_another() -> None:
    book = with_agreement(80, "pemb")
    assert (
        refused(book, posting(K.PAYMENT, 1, envelope=TERRITORIES, file="ptce")).values["possible"]
        == ZERO
    )


def test_a_reduction_gives_back_to_the_envelope_what_was_not_paid() -> None:
    book = apply(with_agreement(80), posting(K.PAYMENT, 30, envelope=TERRITORIES, file="pemb"))
    less = posting(K.DECOMMITMENT, 50, envelope=TERRITORIES, file="pemb")
    assert refused(book, replace(less, amount=euros(51))).values["possible"] == euros(50)
    book = apply(book, less)
    (envelope,) = envelopes(book)
    assert (envelope.available, envelope.committed, envelope.paid) == (euros(70), ZERO, euros(30))


def test_a_partial_return_may_be_paid_again_or_given_back() -> None:
    book = apply_all(
        with_agreement(80),
        (
            posting(K.PAYMENT, 80, envelope=TERRITORIES, file="pemb"),
            posting(K.RETURN, 15, envelope=TERRITORIES, file="pemb"),
        ),
    )
    (view,) = files(book)
    assert (view.paid, view.left_to_pay) == (euros(65), euros(15))
    error = refused(book, posting(K.RETURN, 66, envelope=TERRITORIES, file="pemb"))
    assert error.values["possible"] == euros(65)
    book = apply(book, posting(K.DECOMMITMENT, 15, envelope=TERRITORIES, file="pemb"))
    assert files(book)[0].awarded == euros(65)


def test_a_return_goes_to_the_strand_that_paid() -> None:
    book = apply(with_agreement(80), posting(K.PAYMENT, 80, envelope=TERRITORIES, file="pemb"))
    error = refused(book, posting(K.RETURN, 5, envelope=ENGINEERING, file="pemb"))
    assert error.values["account"].code is AccountCode.PAID
    assert "return it to the strand that paid it" in str(error)


def test_a_funder_is_called_for_what_it_promised_and_gives_what_was_called() -> None:
    book = written(
        posting(K.PROMISE, 900, funder="fondation"), posting(K.CALL, 300, funder="fondation")
    )
    error = refused(book, posting(K.CALL, 601, funder="fondation"))
    assert error.values["possible"] == euros(600)
    error = refused(book, posting(K.RECEIPT, 301, funder="fondation"))
    assert "call the contribution first" in str(error)
    error = refused(book, posting(K.PROMISE_DECREASE, 601, funder="fondation"))
    assert error.values["possible"] == euros(600)
    book = apply(book, posting(K.RECEIPT, 250, funder="fondation"))
    (view,) = funders(book)
    assert (view.promised, view.called, view.received) == (euros(900), euros(300), euros(250))


def test_an_advance_is_outstanding_until_it_is_repaid_or_waived() -> None:
    about = {"file": "pemb", "advance": "fonds-i-1"}
    book = apply_all(
        with_agreement(80),
        (
            posting(K.ADVANCE_PAYMENT, 30, envelope=TERRITORIES, **about),
            posting(K.REPAYMENT, 12, **about),
        ),
    )
    assert refused(book, posting(K.WAIVER, 19, **about)).values["possible"] == euros(18)
    book = apply_all(book, (posting(K.WAIVER, 10, **about), posting(K.WRITE_OFF, 3, **about)))
    (view,) = advances(book)
    assert (view.lent, view.repaid, view.waived, view.written_off, view.outstanding) == (
        euros(30),
        euros(12),
        euros(10),
        euros(3),
        euros(5),
    )
    assert files(book)[0].lent == euros(30)
    # What came back is there to be allotted again.
    assert waterfall(book).unallotted == euros(1000 - 100 + 12)
    # An advance is repaid, not returned: the money of grants and of advances is kept apart.
    error = refused(book, posting(K.RETURN, 1, envelope=TERRITORIES, file="pemb"))
    assert error.values["account"].code is AccountCode.GRANTS


def test_the_statement_in_force_replaces_the_one_before() -> None:
    book = written(posting(K.ENDOWMENT_INCREASE, 2_000_000))
    header: dict[str, Any] = {"booked_on": dt.date(2022, 1, 1), "reason": "Said by the sheets"}
    lower = endowment_in_force(book, euros(1_500_000), key="e2", **header)
    assert (lower.kind, lower.amount) == (K.ENDOWMENT_DECREASE, euros(500_000))
    book = apply(book, lower)
    assert waterfall(book).endowment == euros(1_500_000)
    with pytest.raises(PostingRefused) as caught:
        endowment_in_force(book, euros(1_500_000), key="e3", **header)
    assert caught.value.problem is LedgerProblem.NOTHING_TO_POST
    book = apply(book, posting(K.ALLOTMENT, 1_400_000, envelope=TERRITORIES))
    too_low = endowment_in_force(book, euros(1_000_000), key="e4", **header)
    assert refused(book, too_low).values["possible"] == euros(100_000)


def test_money_moves_between_envelopes_of_one_fund_only() -> None:
    book = apply(
        funded(100), posting(K.TRANSFER, 40, envelope=TERRITORIES, to_envelope=ENGINEERING)
    )
    assert [(each.envelope, each.available) for each in envelopes(book)] == [
        (ENGINEERING, euros(40)),
        (TERRITORIES, euros(60)),
    ]
    with pytest.raises(PostingRefused) as caught:
        posting(K.TRANSFER, 40, envelope=TERRITORIES, to_envelope=TERRITORIES)
    assert caught.value.problem is LedgerProblem.SAME_ENVELOPE
    other = replace(posting(K.ALLOTMENT, 1, envelope=TERRITORIES), fund="other")
    assert refused(book, other).problem is LedgerProblem.OTHER_FUND


# Keys and reversals --------------------------------------------------------------------------


def test_the_same_posting_twice_is_one_posting() -> None:
    pay = posting(K.PAYMENT, 50, envelope=TERRITORIES, file="pemb")
    once = apply(with_agreement(80), pay)
    assert apply(once, pay) == once
    error = refused(once, replace(pay, amount=euros(49)))
    assert error.problem is LedgerProblem.KEY_REUSED
    assert error.values["fields"] == ("amount",)


def undo(
    book: Book, original: str, key: str = "", booked_on: dt.date = dt.date(2021, 7, 1)
) -> Posting:
    return reversal(
        book, original, key=key or f"undo {original}", booked_on=booked_on, reason="Wrong file"
    )


def test_a_posting_is_reversed_once_and_a_reversal_stays() -> None:
    before = with_agreement(80)
    pay = posting(K.PAYMENT, 50, key="pay", envelope=TERRITORIES, file="pemb")
    book = apply(before, pay)
    back = apply(book, undo(book, "pay"))
    assert files(back) == files(before)
    assert waterfall(back) == waterfall(before)
    for key, problem in [
        ("pay", LedgerProblem.ALREADY_REVERSED),
        ("undo pay", LedgerProblem.REVERSAL_OF_REVERSAL),
        ("nothing", LedgerProblem.UNKNOWN_POSTING),
    ]:
        with pytest.raises(PostingRefused) as caught:
            undo(back, key)
        assert caught.value.problem is problem
    again = replace(undo(book, "pay"), key="undo again")
    assert refused(back, again).problem is LedgerProblem.ALREADY_REVERSED


def test_a_reversal_that_would_take_money_already_used_is_refused() -> None:
    book = apply(funded(100), posting(K.AWARD, 70, key="award", envelope=TERRITORIES, file="p"))
    allotment = next(key for key in book.recorded if key.startswith("allotment"))
    error = refused(book, undo(book, allotment))
    assert error.problem is LedgerProblem.NOT_ENOUGH
    assert (error.values["asked"], error.values["held"]) == (euros(100), euros(30))
    assert "reverse that first" in str(error)
    book = apply(book, undo(book, "award"))
    apply(book, undo(book, allotment))


def test_a_reversal_repeats_what_it_undoes() -> None:
    book = apply(
        with_agreement(80), posting(K.PAYMENT, 50, "pay", envelope=TERRITORIES, file="pemb")
    )
    right = undo(book, "pay")
    error = refused(book, replace(right, amount=euros(20)))
    assert error.problem is LedgerProblem.REVERSAL_DIFFERS
    assert error.values["fields"] == ("amount",)
    early = replace(right, booked_on=dt.date(2021, 6, 29))
    assert refused(book, early).problem is LedgerProblem.REVERSAL_TOO_EARLY


# Years ---------------------------------------------------------------------------------------


def close(book: Book, year: int) -> Book:
    return apply_all(
        book,
        year_closing(
            book,
            year,
            key=f"closing {year}",
            booked_on=dt.date(year, 12, 31),
            reason="Accounts approved",
        ),
    )


def test_a_closed_year_carries_its_balances_and_stays_as_it_was_paid() -> None:
    book = apply_all(
        with_agreement(80),
        (
            posting(K.PAYMENT, 30, "pay", envelope=TERRITORIES, file="pemb"),
            posting(K.AWARD, 5, envelope=TERRITORIES, file="ptce"),
        ),
    )
    before = waterfall(book)
    book = close(book, 2021)
    assert waterfall(book) == before
    old, new = envelopes(book)
    assert (old.available, old.reserved, old.committed, old.paid) == (ZERO, ZERO, ZERO, euros(30))
    assert (new.envelope, new.available, new.reserved, new.committed, new.paid) == (
        NEXT_YEAR,
        euros(15),
        euros(5),
        euros(50),
        ZERO,
    )
    book = apply(
        book,
        posting(K.PAYMENT, 50, envelope=NEXT_YEAR, file="pemb", booked_on=dt.date(2022, 2, 1)),
    )
    assert files(book)[0].paid == euros(80)


def test_nothing_is_dated_in_a_closed_year_nor_taken_from_its_envelopes() -> None:
    book = close(funded(100), 2021)
    error = refused(book, posting(K.AWARD, 1, envelope=NEXT_YEAR, file="pemb"))
    assert error.problem is LedgerProblem.YEAR_CLOSED
    assert error.values["first_open"] == dt.date(2022, 1, 1)
    later = posting(K.AWARD, 1, envelope=TERRITORIES, file="pemb", booked_on=dt.date(2022, 1, 2))
    error = refused(book, later)
    assert error.problem is LedgerProblem.ENVELOPE_CLOSED
    assert error.values["possible"] == NEXT_YEAR
    apply(book, replace(later, envelope=NEXT_YEAR))


def test_a_payment_of_a_closed_year_is_undone_in_the_open_one() -> None:
    book = close(
        apply(with_agreement(80), posting(K.PAYMENT, 30, "pay", envelope=TERRITORIES, file="pemb")),
        2021,
    )
    undone = undo(book, "pay", booked_on=dt.date(2022, 1, 15))
    assert undone.envelope == NEXT_YEAR
    book = apply(book, undone)
    old, new = envelopes(book)
    assert old.paid == euros(30)
    assert (new.committed, new.paid) == (euros(80), euros(-30))
    assert files(book)[0].paid == ZERO
    error = refused(
        book,
        posting(K.RETURN, 1, envelope=NEXT_YEAR, file="pemb", booked_on=dt.date(2022, 2, 1)),
    )
    assert error.values["possible"] == ZERO


def test_a_year_is_closed_when_it_is_over_emptied_and_in_its_turn() -> None:
    book = funded(100)
    *_, closing = year_closing(
        book, 2021, key="c", booked_on=dt.date(2021, 12, 31), reason="Accounts approved"
    )
    error = refused(book, closing)
    assert error.problem is LedgerProblem.YEAR_OPEN_BALANCE
    assert error.values["accounts"] == ((Account(AccountCode.AVAILABLE, TERRITORIES), euros(100)),)
    early = replace(closing, booked_on=dt.date(2021, 12, 30))
    assert refused(Book("odd17"), early).problem is LedgerProblem.YEAR_NOT_OVER
    book = close(book, 2021)
    far = replace(closing, key="d", year=2023, booked_on=dt.date(2023, 12, 31))
    assert refused(book, far).values["possible"] == 2022
    close(book, 2022)


def test_the_first_closing_carries_the_years_before_it() -> None:
    book = close(funded(100), 2022)
    assert [(each.envelope.year, each.available) for each in envelopes(book)] == [
        (2021, ZERO),
        (2023, euros(100)),
    ]


def test_a_closing_and_its_carries_are_not_undone() -> None:
    book = close(funded(100), 2021)
    for key in ("closing 2021", "closing 2021/1"):
        with pytest.raises(PostingRefused) as caught:
            undo(book, key, booked_on=dt.date(2022, 1, 1))
        assert caught.value.problem is LedgerProblem.NOT_REVERSIBLE
        assert "at a date of an open year" in str(caught.value)


def test_what_is_carried_forward_stays_in_its_strand() -> None:
    with pytest.raises(PostingRefused) as caught:
        posting(K.CARRY_AVAILABLE, 1, envelope=ENGINEERING, to_envelope=NEXT_YEAR)
    assert caught.value.problem is LedgerProblem.OTHER_STRAND


# The whole -----------------------------------------------------------------------------------


def test_sums_and_the_postings_concerned_lead_to_the_same_decision_as_all_of_them() -> None:
    book = apply(
        with_agreement(80), posting(K.PAYMENT, 50, "pay", envelope=TERRITORIES, file="pemb")
    )
    partial = Book("odd17", book.balances, {"pay": book.recorded["pay"]})
    undone = undo(partial, "pay")
    assert undone == undo(book, "pay")
    assert apply(partial, undone).balances == apply(book, undone).balances


FILES = st.sampled_from(["pemb", "ptce", "cga"])
ENVELOPES = st.sampled_from([ENGINEERING, TERRITORIES, NEXT_YEAR, Envelope("territories", 2023)])
FUNDERS = st.sampled_from(["fondation", "caisse"])
AMOUNTS = st.integers(1, 40_000).map(lambda cents: euros(cents) / 100).map(euros)
CENT = euros("0.01")
ORDINARY = sorted(set(PostingKind) - {K.YEAR_CLOSING})


TAKEN_BY = {
    code: [
        kind
        for kind, moves in sorted(OPERATIONS.items())
        for move in moves
        if code in move
        and (move.credit if CHART[code].normal is Side.DEBIT else move.debit) == code
    ]
    for code in AccountCode
}
TAKEN_BY = {code: kinds for code, kinds in TAKEN_BY.items() if kinds}


class Histories(RuleBasedStateMachine):
    """Any operations, in any order: some are refused, and the book adds up after each."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book("odd17")
        self.rank = 0

    def day(self) -> dt.date:
        return dt.date((self.book.closed_through or 2020) + 1, 12, 31)

    def key(self) -> str:
        self.rank += 1
        return str(self.rank)

    @initialize(amount=st.integers(0, 3000))
    def begin(self, amount: int) -> None:
        self.write(posting(K.ENDOWMENT_INCREASE, 1000 + amount, self.key(), booked_on=self.day()))
        file: dict[str, Any] = {"envelope": TERRITORIES, "file": "pemb"}
        advance = {"file": "pemb", "advance": "advance of pemb"}
        funder = {"funder": "fondation"}
        for kind, euros_of_it, about in (
            (K.ALLOTMENT, 400, {"envelope": ENGINEERING}),
            (K.ALLOTMENT, 400, {"envelope": TERRITORIES}),
            (K.PROMISE, 900, funder),
            (K.CALL, 600, funder),
            (K.RECEIPT, 300, funder),
            (K.AWARD, 300, file),
            (K.COMMITMENT, 250, file),
            (K.PAYMENT, 100, file),
            (K.ADVANCE_PAYMENT, 80, file | advance),
            (K.REPAYMENT, 20, advance),
        ):
            self.write(posting(kind, euros_of_it, self.key(), booked_on=self.day(), **about))

    def write(self, asked: Posting) -> None:
        error = self.attempt(asked)
        if error is None:
            assert apply(self.book, asked) == self.book
            return
        possible = error.values.get("possible")
        if error.problem is not LedgerProblem.NOT_ENOUGH or not possible:
            return
        # What is said to be possible is, unless another account of the operation holds still less.
        assert self.attempt(replace(asked, key=self.key(), amount=possible + CENT)) is not None
        less = self.attempt(replace(asked, amount=possible))
        assert less is None or less.values["possible"] < possible

    def attempt(self, asked: Posting) -> PostingRefused | None:
        try:
            self.book = apply(self.book, asked)
        except PostingRefused as error:
            return error
        return None

    @rule(
        kind=st.sampled_from(ORDINARY),
        amount=AMOUNTS,
        envelope=ENVELOPES,
        second=ENVELOPES,
        file=FILES,
        funder=FUNDERS,
    )
    def any_operation(self, kind: PostingKind, amount: Any, **about: Any) -> None:
        self.operate(kind, amount, **about)

    def operate(self, kind: PostingKind, amount: Any, **about: Any) -> None:
        kept_by = {d for move in OPERATIONS[kind] for code in move for d in CHART[code].dimensions}
        given = {"advance": f"advance of {about['file']}", **about}
        wanted = {str(d): given[d] for d in kept_by}
        if kind in {K.TRANSFER, K.CARRY_AVAILABLE, K.CARRY_RESERVED, K.CARRY_COMMITTED}:
            strand = about["second"] if kind is K.TRANSFER else about["envelope"]
            wanted["to_envelope"] = Envelope(strand.strand, about["second"].year)
            if wanted["to_envelope"] == about["envelope"]:
                return
        self.write(posting(kind, amount, self.key(), booked_on=self.day(), **wanted))

    @rule(data=st.data(), amount=AMOUNTS, envelope=ENVELOPES, file=FILES, funder=FUNDERS)
    def use(self, data: st.DataObject, amount: Any, **given: Any) -> None:
        """Take from an account that holds something, by any operation that takes from it."""
        held = [
            account
            for account, balance in self.book.balances.items()
            if balance > 0 and account.code in TAKEN_BY
        ]
        if not held:
            return
        account = data.draw(st.sampled_from(held))
        kind = data.draw(st.sampled_from(TAKEN_BY[account.code]))
        kept = {"envelope": account.envelope, "file": account.file, "funder": account.funder}
        about = given | {name: value for name, value in kept.items() if value}
        self.operate(kind, min(amount, self.book.balance(account)), second=NEXT_YEAR, **about)

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.book.recorded)))
        try:
            asked = undo(self.book, key, key=self.key(), booked_on=self.day())
        except PostingRefused:
            return
        self.write(asked)

    @rule()
    def close(self) -> None:
        year = (self.book.closed_through or 2020) + 1
        before = (waterfall(self.book), files(self.book), funders(self.book))
        if year < 2023:
            self.book = close(self.book, year)
            assert (waterfall(self.book), files(self.book), funders(self.book)) == before

    @invariant()
    def debits_are_worth_credits_in_each_register(self) -> None:
        for register in Register:
            lines = [
                each
                for each in trial_balance(self.book)
                if CHART[each.account.code].register is register
            ]
            assert total(each.debit for each in lines) == total(each.credit for each in lines)

    @invariant()
    def nothing_is_below_zero(self) -> None:
        for account, balance in self.book.balances.items():
            if account.code not in {AccountCode.CASH, AccountCode.PAID}:
                assert balance >= 0, account

    @invariant()
    def each_step_holds_the_next(self) -> None:
        for file in files(self.book):
            assert 0 <= file.lent <= file.paid <= file.committed <= file.awarded
        for funder in funders(self.book):
            assert 0 <= funder.received <= funder.called <= funder.promised
        for advance in advances(self.book):
            assert 0 <= advance.outstanding <= advance.lent
        whole = waterfall(self.book)
        assert whole.resources == whole.unallotted + whole.allotted
        assert 0 <= whole.paid <= whole.committed <= whole.awarded <= whole.allotted

    @invariant()
    def views_are_the_postings_added_up(self) -> None:
        added: Counter[str] = Counter()
        for each in self.book.recorded.values():
            added[each.kind] += int(each.amount * 100) * (-1 if each.reverses else 1)
        whole, by_file = waterfall(self.book), files(self.book)
        paid = added[K.PAYMENT] + added[K.ADVANCE_PAYMENT] - added[K.RETURN]
        received = added[K.RECEIPT] + added[K.REPAYMENT]
        assert whole.paid * 100 == paid == total(each.paid for each in by_file) * 100
        assert whole.cash * 100 == received - paid
        assert whole.awarded == total(each.awarded for each in by_file)
        in_envelopes = envelopes(self.book)
        assert total(each.paid for each in in_envelopes) == whole.paid
        assert total(each.allotted for each in in_envelopes) == whole.allotted
        lent = added[K.ADVANCE_PAYMENT]
        back = added[K.REPAYMENT] + added[K.WAIVER] + added[K.WRITE_OFF]
        in_advances = advances(self.book)
        assert total(each.lent for each in in_advances) * 100 == lent
        assert total(each.outstanding for each in in_advances) * 100 == lent - back
        assert total(each.received for each in funders(self.book)) * 100 == added[K.RECEIPT]

    def teardown(self) -> None:
        assert replay("odd17", self.book.recorded.values()) == self.book


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)


def test_every_dimension_is_a_field_of_a_posting() -> None:
    assert {str(dimension) for dimension in Dimension} <= set(Posting.__slots__)
