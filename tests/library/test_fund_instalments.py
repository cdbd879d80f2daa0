"""The instalments of an agreement: to the cent, at their time, once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.money.instalments import (
    Condition,
    ConditionKind,
    Instalment,
    InstalmentBalance,
    Movements,
    Payment,
    PaymentProblem,
    PaymentRefused,
    Return,
    ReturnCause,
    Share,
    Terms,
    TermsProblem,
    TermsRefused,
    amend,
    balances,
    give_back,
    pay,
    schedule,
)
from alliage.values.money import ZERO, euros, total

REPORT = Condition(ConditionKind.REPORT_ACCEPTED, "final")
MILESTONE = Condition(ConditionKind.MILESTONE_REACHED, "workshop")
ACCOUNTS = Condition(ConditionKind.DOCUMENT_RECEIVED, "accounts")
SIGNED_ON = dt.date(2021, 1, 15)
LATER = dt.date(2021, 9, 1)
TERMS = Terms(
    "pemb",
    1,
    euros(10_000),
    (
        Instalment("signature", euros(7000), due_on=SIGNED_ON),
        Instalment("end", euros(3000), dt.date(2021, 6, 30), (REPORT, MILESTONE)),
    ),
)
ALL_MET = {REPORT: dt.date(2021, 7, 1), MILESTONE: dt.date(2021, 3, 1)}


def payment(
    amount: Any, instalment: str = "signature", on: dt.date = LATER, key: str = ""
) -> Payment:
    return Payment(key or f"{instalment} {amount} {on}", instalment, euros(amount), on)


def returned(amount: Any, cause: ReturnCause, instalment: str = "signature") -> Return:
    return Return(f"return {amount} {cause}", instalment, euros(amount), LATER, cause)


def refused(
    movement: Payment | Return, movements: Movements = (), met: Any = ALL_MET, terms: Terms = TERMS
) -> PaymentRefused:
    def record() -> Movements:
        if isinstance(movement, Payment):
            return pay(terms, movements, met, movement)
        return give_back(terms, movements, movement)

    with pytest.raises(PaymentRefused) as caught:
        record()
    return caught.value


def standing(
    code: str, movements: Movements = (), met: Any = ALL_MET, on: dt.date = LATER
) -> InstalmentBalance:
    return next(
        each for each in balances(TERMS, movements, met, on) if each.instalment.code == code
    )


# Terms ---------------------------------------------------------------------------------------


def test_the_instalments_make_the_agreement_to_the_cent() -> None:
    with pytest.raises(TermsRefused) as caught:
        replace(TERMS, amount=euros("10000.01"))
    assert caught.value.problem is TermsProblem.SUM
    assert caught.value.values["difference"] == euros("0.01")
    assert "add 0.01 €" in str(caught.value)


@pytest.mark.parametrize(
    ("instalment", "problem"),
    [
        ({"amount": ZERO, "due_on": LATER}, TermsProblem.AMOUNT),
        ({"amount": euros(-5), "due_on": LATER}, TermsProblem.AMOUNT),
        ({"amount": Decimal("0.005"), "due_on": LATER}, TermsProblem.AMOUNT),
        ({"amount": euros(5)}, TermsProblem.NEITHER_DATE_NOR_CONDITION),
        ({"amount": euros(5), "due_on": LATER, "held_back": euros(6)}, TermsProblem.HOLD_BACK),
        ({"amount": euros(5), "due_on": LATER, "held_back": euros(-1)}, TermsProblem.HOLD_BACK),
    ],
)
def test_an_instalment_has_an_amount_and_a_time(
    instalment: dict[str, Any], problem: TermsProblem
) -> None:
    with pytest.raises(TermsRefused) as caught:
        Instalment("one", **instalment)
    assert caught.value.problem is problem


def test_two_instalments_have_two_names_and_what_is_held_back_has_its_release() -> None:
    one = Instalment("one", euros(5), LATER, held_back=euros(1))
    with pytest.raises(TermsRefused) as caught:
        Terms("a", 1, euros(10), (one, one), (REPORT,))
    assert caught.value.problem is TermsProblem.TWICE_THE_SAME
    with pytest.raises(TermsRefused) as caught:
        Terms("a", 1, euros(5), (one,))
    assert caught.value.problem is TermsProblem.NO_RELEASE


@given(
    st.integers(60_000, 10**9),
    st.lists(st.integers(1, 100), min_size=1, max_size=6),
    st.integers(0, 100).map(lambda percent: Decimal(percent) / 100),
)
def test_a_schedule_loses_no_cent(cents: int, weights: list[int], hold_back: Decimal) -> None:
    amount = euros(Decimal(cents).scaleb(-2))
    shares = [Share(str(rank), weight, LATER) for rank, weight in enumerate(weights)]
    terms = schedule("a", amount, shares, hold_back=hold_back, release=(REPORT,))
    assert total(each.amount for each in terms.instalments) == amount
    for each in terms.instalments:
        assert abs(each.held_back - each.amount * hold_back) <= Decimal("0.005")


def test_an_amount_too_small_to_be_split_is_refused() -> None:
    with pytest.raises(TermsRefused) as caught:
        schedule("a", euros("0.01"), [Share("one", 1, LATER), Share("two", 1, LATER)])
    assert caught.value.problem is TermsProblem.AMOUNT
    assert caught.value.values["instalment"] == "two"


# When an instalment is payable ----------------------------------------------------------------


def test_an_instalment_waits_for_its_date_and_for_all_its_conditions() -> None:
    before = standing("end", met={MILESTONE: dt.date(2021, 3, 1)}, on=dt.date(2021, 6, 29))
    assert (before.payable, before.not_before, before.missing) == (
        ZERO,
        dt.date(2021, 6, 30),
        (REPORT,),
    )
    assert standing("end", met={}, on=LATER).missing == (REPORT, MILESTONE)
    # The report is accepted on 1 July: it is not on 30 June.
    assert standing("end", on=dt.date(2021, 6, 30)).missing == (REPORT,)
    assert standing("end", on=dt.date(2021, 7, 1)).payable == euros(3000)


def test_a_payment_before_its_condition_is_refused_with_what_is_missing() -> None:
    error = refused(payment(3000, "end", on=dt.date(2021, 6, 1)), met={})
    assert error.problem is PaymentProblem.NOT_YET
    assert error.values["missing"] == (REPORT, MILESTONE)
    assert error.values["not_before"] == dt.date(2021, 6, 30)
    assert "report_accepted final, milestone_reached workshop, 2021-06-30" in str(error)


def test_what_is_held_back_waits_for_its_release() -> None:
    terms = schedule(
        "a",
        euros(1000),
        [Share("one", 1, LATER)],
        hold_back=Decimal("0.1"),
        release=(ACCOUNTS,),
    )
    met: dict[Condition, dt.date] = {}
    error = refused(payment(1000, "one"), met=met, terms=terms)
    assert error.problem is PaymentProblem.ABOVE_PAYABLE
    assert error.values["possible"] == euros(900)
    assert "pay at most 900.00 €" in str(error)
    assert "document_received accounts" in str(error)
    paid = pay(terms, (), met, payment(900, "one"))
    error = refused(payment(100, "one"), paid, met, terms)
    assert error.problem is PaymentProblem.NOT_YET
    assert error.values["release_missing"] == (ACCOUNTS,)
    pay(terms, paid, {ACCOUNTS: LATER}, payment(100, "one"))


def test_an_instalment_is_paid_in_parts_up_to_its_amount() -> None:
    paid = pay(TERMS, (), {}, payment(4000))
    error = refused(payment("3000.01", key="second"), paid)
    assert (error.problem, error.values["possible"]) == (
        PaymentProblem.ABOVE_PAYABLE,
        euros(3000),
    )
    paid = pay(TERMS, paid, {}, payment(3000, key="second"))
    assert refused(payment("0.01"), paid).problem is PaymentProblem.ALREADY_PAID


def test_a_second_click_pays_nothing() -> None:
    paid = pay(TERMS, (), {}, payment(1000, key="order 1"))
    assert pay(TERMS, paid, {}, payment(1000, key="order 1")) == paid
    error = refused(payment(2000, key="order 1"), paid)
    assert error.problem is PaymentProblem.KEY_REUSED


def test_an_unknown_instalment_is_refused_with_those_that_exist() -> None:
    error = refused(payment(1, "middle"))
    assert error.problem is PaymentProblem.UNKNOWN_INSTALMENT
    assert error.values["possible"] == ("signature", "end")


@pytest.mark.parametrize("amount", [Decimal("0.001"), ZERO, euros(-1)])
def test_a_movement_is_above_zero_and_in_cents(amount: Decimal) -> None:
    asked = Payment("key", "signature", amount, LATER)
    assert refused(asked).problem is PaymentProblem.AMOUNT


# Returns -------------------------------------------------------------------------------------


def test_what_the_bank_rejects_is_payable_again_and_what_was_undue_is_not() -> None:
    paid = pay(TERMS, (), {}, payment(7000))
    rejected = give_back(TERMS, paid, returned(2000, ReturnCause.BANK_REJECTION))
    assert standing("signature", rejected).payable == euros(2000)
    undue = give_back(TERMS, rejected, returned(1500, ReturnCause.UNDUE))
    now = standing("signature", undue)
    assert (now.paid, now.payable) == (euros(3500), euros(2000))
    assert give_back(TERMS, undue, returned(1500, ReturnCause.UNDUE)) == undue


def test_no_more_comes_back_than_was_paid() -> None:
    paid = pay(TERMS, (), {}, payment(100))
    error = refused(returned("100.01", ReturnCause.UNDUE), paid)
    assert (error.problem, error.values["possible"]) == (PaymentProblem.ABOVE_PAID, euros(100))


# Amendments ----------------------------------------------------------------------------------


def second(amount: int, *instalments: Instalment, version: int = 2) -> Terms:
    return Terms("pemb", version, euros(amount), instalments)


def test_an_amendment_says_what_the_ledger_has_to_follow() -> None:
    paid = pay(TERMS, (), {}, payment(7000))
    less = second(8000, TERMS.instalments[0], replace(TERMS.instalments[1], amount=euros(1000)))
    amendment = amend(TERMS, less, paid, reason="A smaller project")
    assert amendment.difference == euros(-2000)
    assert amendment.before == TERMS
    [_, end] = balances(amendment.after, paid, ALL_MET, LATER)
    assert end.payable == euros(1000)


def test_an_amendment_respects_what_is_paid() -> None:
    paid = pay(TERMS, (), {}, payment(5000))
    first, end = TERMS.instalments
    for after, asked in (
        (second(7999, replace(first, amount=euros(4999)), end), euros(4999)),
        (second(3000, end), ZERO),
    ):
        with pytest.raises(TermsRefused) as caught:
            amend(TERMS, after, paid, reason="A smaller project")
        assert caught.value.problem is TermsProblem.BELOW_PAID
        assert (caught.value.values["asked"], caught.value.values["possible"]) == (
            asked,
            euros(5000),
        )
    amend(TERMS, second(8000, replace(first, amount=euros(5000)), end), paid, reason="Smaller")


def test_money_that_came_back_is_taken_off_and_new_money_has_its_own_instalment() -> None:
    first, end = TERMS.instalments
    paid = pay(TERMS, (), {}, payment(7000))
    paid = give_back(TERMS, paid, returned(2000, ReturnCause.UNDUE))
    with pytest.raises(TermsRefused) as caught:
        amend(TERMS, second(11_000, replace(first, amount=euros(8000)), end), paid, reason="More")
    assert caught.value.problem is TermsProblem.RAISED_AFTER_RETURN
    less = second(8000, replace(first, amount=euros(5000)), end)
    after = amend(TERMS, less, paid, reason="Unspent").after
    assert balances(after, paid, {}, LATER)[0].payable == ZERO
    more = second(9000, *less.instalments, Instalment("more", euros(1000), LATER), version=3)
    third = amend(less, more, paid, reason="One more workshop").after
    assert balances(third, paid, {}, LATER)[2].payable == euros(1000)


@pytest.mark.parametrize(
    ("after", "reason", "problem"),
    [
        (replace(TERMS, version=3), "Why", TermsProblem.VERSION),
        (replace(TERMS, version=1), "Why", TermsProblem.VERSION),
        (replace(TERMS, version=2, agreement="ptce"), "Why", TermsProblem.OTHER_AGREEMENT),
        (replace(TERMS, version=2), " ", TermsProblem.REASON),
    ],
)
def test_an_amendment_is_the_next_version_and_has_a_reason(
    after: Terms, reason: str, problem: TermsProblem
) -> None:
    with pytest.raises(TermsRefused) as caught:
        amend(TERMS, after, (), reason=reason)
    assert caught.value.problem is problem


# Any history ---------------------------------------------------------------------------------

days = st.dates(dt.date(2021, 1, 1), dt.date(2021, 12, 31))
movements = st.lists(
    st.tuples(
        st.sampled_from(["pay", *ReturnCause]),
        st.sampled_from(["signature", "end"]),
        st.integers(1, 8000),
        days,
    ),
    max_size=25,
)


@given(movements, st.dictionaries(st.sampled_from([REPORT, MILESTONE]), days))
def test_in_any_history_money_stays_within_the_terms(
    asked: list[tuple[str, str, int, dt.date]], met: dict[Condition, dt.date]
) -> None:
    recorded: Movements = ()
    for rank, (what, code, amount, on) in enumerate(asked):
        key, before = str(rank), recorded
        try:
            if what == "pay":
                recorded = pay(TERMS, recorded, met, Payment(key, code, euros(amount), on))
            else:
                returning = Return(key, code, euros(amount), on, ReturnCause(what))
                recorded = give_back(TERMS, recorded, returning)
        except PaymentRefused as error:
            possible = error.values.get("possible", ZERO)
            assert possible < amount
            if possible and what == "pay":
                pay(TERMS, before, met, Payment(key, code, possible, on))
        for each in balances(TERMS, recorded, met, on):
            assert 0 <= each.payable <= each.left <= each.instalment.amount
            assert 0 <= each.paid <= each.instalment.amount - each.left
    for movement in recorded:
        if isinstance(movement, Payment) and movement.instalment == "end":
            assert movement.paid_on >= max([dt.date(2021, 6, 30), met[REPORT], met[MILESTONE]])
