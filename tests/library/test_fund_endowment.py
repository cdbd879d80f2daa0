"""The endowment of a fund, and how it is cut."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.money.endowment import (
    Budget,
    BudgetProblem,
    BudgetRefused,
    Declaration,
    Endowment,
    Strand,
    TransferDecision,
    coverage,
    declare,
    of_record,
    spread,
    transfer,
)
from alliage.fund.money.ledger import (
    Envelope,
    LedgerProblem,
    Posting,
    PostingKind,
    PostingRefused,
    apply,
    endowment_in_force,
    replay,
)
from alliage.fund.money.ledger_views import (
    FunderBalance,
    envelopes,
    waterfall,
)
from alliage.fund.records import load_funds
from alliage.fund.states import Role
from alliage.values.datafiles import data_directory
from alliage.values.money import ZERO, euros, total

STRANDS = (
    Strand("territories", "Territoires", "Territories"),
    Strand("engineering", "Ingénierie", "Engineering"),
)
BUDGET = Budget("odd17", STRANDS, 2021, 2023)
TERRITORIES = Envelope("territories", 2021)
ENGINEERING = Envelope("engineering", 2021)
DECISION = TransferDecision(
    TERRITORIES, ENGINEERING, euros(40), Role.COMMITTEE, dt.date(2021, 5, 4), "More studies asked"
)


@pytest.fixture
def endowment() -> Endowment:
    [record] = [each for each in load_funds(data_directory() / "fund") if each.code == "odd17"]
    return of_record(record)


def declaration(statement: str, day: dt.date = dt.date(2022, 1, 10), **change: str) -> Declaration:
    made = Declaration(statement, day, "Steering committee", "Written in the sheets")
    texts: dict[str, Any] = dict(change)
    return replace(made, **texts)


def test_what_documents_say_stays_side_by_side_and_nothing_is_in_force(
    endowment: Endowment,
) -> None:
    assert [each.amount for each in endowment.statements] == [
        euros(2_000_000),
        euros(1_500_000),
        euros(3_000_000),
    ]
    assert endowment.in_force is None
    assert endowment.bounds == (euros(1_500_000), euros(3_000_000))
    assert Endowment(()).bounds is None
    assert coverage(endowment, ()).without_promise is None


def test_the_last_declaration_is_in_force_and_the_others_are_kept(endowment: Endowment) -> None:
    first = declare(endowment, declaration("2020-11-23", dt.date(2020, 12, 1)))
    second = declare(first, declaration("2022"))
    assert first.in_force == endowment.statements[0]
    assert second.in_force == endowment.statements[1]
    assert [each.statement for each in second.declarations] == ["2020-11-23", "2022"]
    assert second.statements == endowment.statements


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (declaration("2019"), BudgetProblem.UNKNOWN_STATEMENT),
        (declaration("2022", reason=" "), BudgetProblem.MISSING),
        (declaration("2022", decided_by=""), BudgetProblem.MISSING),
        (declaration("2020-11-23"), BudgetProblem.ALREADY_IN_FORCE),
        (declaration("2022", dt.date(2020, 11, 30)), BudgetProblem.OUT_OF_ORDER),
    ],
)
def test_a_declaration_that_says_nothing_new_or_not_enough_is_refused(
    endowment: Endowment, asked: Declaration, problem: BudgetProblem
) -> None:
    endowment = declare(endowment, declaration("2020-11-23", dt.date(2020, 12, 1)))
    with pytest.raises(BudgetRefused) as caught:
        declare(endowment, asked)
    assert caught.value.problem is problem


def test_two_statements_have_two_codes(endowment: Endowment) -> None:
    with pytest.raises(BudgetRefused) as caught:
        Endowment((*endowment.statements, endowment.statements[0]))
    assert caught.value.values["codes"] == ("2020-11-23",)


def test_the_ledger_follows_the_statement_in_force(endowment: Endowment) -> None:
    book = replay("odd17", [])
    for rank, code in enumerate(["2020-11-23", "2022"]):
        endowment = declare(endowment, declaration(code, dt.date(2021 + rank, 1, 1)))
        assert endowment.in_force is not None
        book = apply(
            book,
            endowment_in_force(
                book,
                endowment.in_force.amount,
                key=f"endowment {code}",
                booked_on=dt.date(2021 + rank, 1, 1),
                reason="Declared in force",
            ),
        )
    assert waterfall(book).endowment == euros(1_500_000)


def test_the_endowment_stands_beside_its_contributions(endowment: Endowment) -> None:
    endowment = declare(endowment, declaration("2022"))
    funders = [
        FunderBalance("one", euros(900_000), euros(600_000), euros(500_000)),
        FunderBalance("two", euros(100_000), ZERO, ZERO),
    ]
    found = coverage(endowment, funders)
    assert (found.promised, found.called, found.received) == (
        euros(1_000_000),
        euros(600_000),
        euros(500_000),
    )
    assert found.without_promise == euros(500_000)


@given(
    st.integers(0, 10**9).map(lambda cents: euros(Decimal(cents).scaleb(-2))),
    st.integers(1, 50),
    st.integers(0, 50),
    st.integers(0, 4),
)
def test_envelopes_make_the_amount_and_years_differ_by_a_cent_at_most(
    amount: Decimal, first: int, second: int, more_years: int
) -> None:
    budget = Budget("odd17", STRANDS, 2021, 2021 + more_years)
    plan = spread(budget, amount, {"territories": first, "engineering": second})
    assert total(plan.values()) == amount
    assert len(plan) == 2 * (more_years + 1)
    for strand in ("territories", "engineering"):
        of_years = [part for envelope, part in plan.items() if envelope.strand == strand]
        assert max(of_years) - min(of_years) <= euros("0.01")
    left_out = spread(budget, amount, {"engineering": first})
    assert total(part for each, part in left_out.items() if each.strand == "territories") == ZERO


def test_envelopes_are_those_of_the_fund() -> None:
    assert BUDGET.envelope("engineering", 2023) == Envelope("engineering", 2023)
    with pytest.raises(BudgetRefused) as caught:
        BUDGET.envelope("music", 2021)
    assert caught.value.values["possible"] == ("territories", "engineering")
    with pytest.raises(BudgetRefused, match="2021 to 2023"):
        BUDGET.envelope("engineering", 2024)
    with pytest.raises(BudgetRefused) as caught:
        spread(BUDGET, euros(10), {"music": 1})
    assert caught.value.problem is BudgetProblem.UNKNOWN_STRAND


@pytest.mark.parametrize(
    ("strands", "last_year", "problem"),
    [
        ((), 2023, BudgetProblem.NO_STRAND),
        ((STRANDS[0], STRANDS[0]), 2023, BudgetProblem.TWICE_THE_SAME),
        (STRANDS, 2020, BudgetProblem.YEARS),
    ],
)
def test_a_budget_has_strands_and_years(
    strands: tuple[Strand, ...], last_year: int, problem: BudgetProblem
) -> None:
    with pytest.raises(BudgetRefused) as caught:
        Budget("odd17", strands, 2021, last_year)
    assert caught.value.problem is problem


def test_a_transfer_that_is_decided_moves_the_money_that_the_envelope_holds() -> None:
    book = replay(
        "odd17",
        [
            Posting(
                key=kind,
                fund="odd17",
                kind=kind,
                booked_on=dt.date(2021, 1, 4),
                reason="Budget 2021",
                amount=euros(100),
                envelope=TERRITORIES if kind is PostingKind.ALLOTMENT else None,
            )
            for kind in (PostingKind.ENDOWMENT_INCREASE, PostingKind.ALLOTMENT)
        ],
    )
    moved = apply(book, transfer(BUDGET, DECISION, key="transfer 1"))
    assert [(each.envelope, each.available) for each in envelopes(moved)] == [
        (ENGINEERING, euros(40)),
        (TERRITORIES, euros(60)),
    ]
    too_much = transfer(BUDGET, replace(DECISION, amount=euros(101)), key="transfer 2")
    with pytest.raises(PostingRefused) as caught:
        apply(book, too_much)
    assert caught.value.problem is LedgerProblem.NOT_ENOUGH
    assert caught.value.values["possible"] == euros(100)


def test_between_strands_the_committee_decides_and_between_years_an_officer_may() -> None:
    by_officer = replace(DECISION, decided_by=Role.FUND_OFFICER)
    with pytest.raises(BudgetRefused) as caught:
        transfer(BUDGET, by_officer, key="t")
    assert caught.value.problem is BudgetProblem.NOT_THE_DECIDER
    assert caught.value.values["possible"] == (Role.COMMITTEE,)
    next_year = Envelope("territories", 2022)
    for decision in (DECISION, by_officer):
        posting = transfer(BUDGET, replace(decision, target=next_year), key="t")
        assert (posting.envelope, posting.to_envelope) == (TERRITORIES, next_year)
    with pytest.raises(BudgetRefused, match="a fund officer or the committee"):
        transfer(BUDGET, replace(DECISION, target=next_year, decided_by=Role.HOLDER), key="t")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": ZERO}, BudgetProblem.AMOUNT),
        ({"amount": Decimal("0.001")}, BudgetProblem.AMOUNT),
        ({"target": TERRITORIES}, BudgetProblem.SAME_ENVELOPE),
        ({"reason": ""}, BudgetProblem.MISSING),
        ({"origin": Envelope("music", 2021)}, BudgetProblem.UNKNOWN_STRAND),
        ({"target": Envelope("engineering", 2030)}, BudgetProblem.YEAR_OUTSIDE),
    ],
)
def test_a_transfer_that_is_not_whole_is_refused(
    change: dict[str, Any], problem: BudgetProblem
) -> None:
    with pytest.raises(BudgetRefused) as caught:
        transfer(BUDGET, replace(DECISION, **change), key="t")
    assert caught.value.problem is problem
