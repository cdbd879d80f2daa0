"""The budget of an application: computed, balanced nature by nature, within the ceilings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.applications.application_budget import (
    Budget,
    BudgetError,
    BudgetFault,
    ByNature,
    Ceilings,
    Expense,
    Fixed,
    Nature,
    Product,
    Resource,
    ShareOf,
    amounts,
    check_budget,
    largest_request,
    totals,
)
from alliage.values.money import euros, total

if TYPE_CHECKING:
    from alliage.fund.applications.application_budget import Figure

CASH, IN_KIND, TIME = Nature.CASH, Nature.IN_KIND, Nature.TIME


def expense(
    code: str,
    figure: Figure,
    nature: Nature = CASH,
    *,
    party: str = "lead",
    category: str = "other",
) -> Expense:
    return Expense(code, code, party, category, nature, figure)


def resource(
    code: str,
    amount: str | None,
    nature: Nature = CASH,
    *,
    party: str = "lead",
    own: bool = False,
    asked: bool = False,
) -> Resource:
    figure = Fixed(None if amount is None else euros(amount))
    return Resource(code, code, party, nature, figure, own=own, asked=asked)


def fixed(amount: str) -> Fixed:
    return Fixed(euros(amount))


#: A feasibility study: 12,000 € of cash, a room lent, days given that nobody valued.
PLAN = Budget(
    ("lead", "town"),
    (
        expense("study", Product(Decimal("12.5"), euros(880)), category="services"),
        expense("printing", fixed("1000"), category="services"),
        expense("room", fixed("600"), IN_KIND, party="town"),
        expense("days", Fixed(None), TIME, party="town"),
    ),
    (
        resource("fund", "9000", asked=True),
        resource("own", "3000", own=True),
        resource("lent_room", "600", IN_KIND, party="town", own=True),
        resource("given_days", None, TIME, party="town", own=True),
    ),
)


def faults(budget: Budget, ceilings: Ceilings | None = None) -> list[BudgetFault]:
    return [problem.fault for problem in check_budget(budget, ceilings)]


def test_natures_are_totalled_apart_by_party_and_by_category() -> None:
    found = totals(PLAN)
    assert found.expenses == ByNature(euros(12000), euros(600), euros(0), (TIME,))
    assert found.expenses_by_party["town"] == ByNature(in_kind=euros(600), not_valued=(TIME,))
    assert found.expenses_by_category["services"].cash == euros(12000)
    assert (found.asked, found.own) == (euros(9000), euros(3000))
    assert (found.share_asked, found.own_share) == (Decimal("0.75"), Decimal("0.25"))
    assert check_budget(PLAN) == ()


def test_computed_lines_are_rounded_to_the_cent_before_they_are_added() -> None:
    plan = Budget(
        ("lead",),
        (
            expense("a", Product(Decimal("0.5"), euros("0.01"))),
            expense("b", fixed("10.01")),
            expense("c", ShareOf(Decimal("0.15"), ("a", "b"))),
        ),
    )
    assert list(amounts(plan).values()) == [euros("0.01"), euros("10.01"), euros("1.50")]
    assert totals(plan).expenses.cash == euros("11.52")


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ((expense("a", ShareOf(Decimal("0.1"), ("a",))),), BudgetFault.UNKNOWN_LINE),
        (
            (expense("a", ShareOf(Decimal("0.1"), ("b",))), expense("b", fixed("1"))),
            BudgetFault.UNKNOWN_LINE,
        ),
        (
            (expense("a", Fixed(None), TIME), expense("b", ShareOf(Decimal("0.1"), ("a",)))),
            BudgetFault.UNKNOWN_LINE,
        ),
        (
            (expense("a", fixed("5"), TIME), expense("b", ShareOf(Decimal("0.1"), ("a",)))),
            BudgetFault.MIXED_NATURES,
        ),
        ((expense("a", fixed("1")), expense("a", fixed("2"))), BudgetFault.REPEATED_LINE),
        ((expense("a", fixed("-1")),), BudgetFault.NEGATIVE),
        (
            (expense("a", Product(Decimal(10) ** 9, euros(10) ** 4)),),
            BudgetFault.NOT_AN_AMOUNT,
        ),
        ((expense("a", Product(Decimal("NaN"), euros(1))),), BudgetFault.NOT_AN_AMOUNT),
        ((expense("a", Fixed(Decimal("0.001"))),), BudgetFault.NOT_AN_AMOUNT),
    ],
)
def test_lines_that_cannot_be_computed_are_refused(
    lines: tuple[Expense, ...], fault: BudgetFault
) -> None:
    plan = Budget(("lead",), lines)
    with pytest.raises(BudgetError) as caught:
        amounts(plan)
    assert fault in [problem.fault for problem in caught.value.problems]
    assert fault in faults(plan)


def test_each_nature_is_balanced_by_itself() -> None:
    plan = Budget(
        ("lead",),
        (expense("cash", fixed("100")), expense("time", fixed("50"), TIME)),
        (resource("fund", "150", asked=True),),
    )
    found = {problem.values["nature"]: problem.values["gap"] for problem in check_budget(plan)}
    assert found == {"cash": euros(50), "time": euros(50)}


def test_what_a_line_cannot_be() -> None:
    plan = Budget(
        ("lead",),
        (expense("x", Fixed(None)), expense("y", fixed("1"), IN_KIND, party="stranger")),
        (resource("z", "1", IN_KIND, asked=True, own=True),),
    )
    assert faults(plan) == [
        BudgetFault.CASH_NOT_VALUED,
        BudgetFault.UNKNOWN_PARTY,
        BudgetFault.ASKED_NOT_CASH,
        BudgetFault.ASKED_AND_OWN,
    ]


def test_an_empty_plan_and_one_that_asks_nothing() -> None:
    assert faults(Budget(("lead",))) == [BudgetFault.NO_EXPENSE]
    plan = Budget(("lead",), (expense("a", fixed("1")),), (resource("b", "1", own=True),))
    assert faults(plan) == [BudgetFault.NOTHING_ASKED]


@pytest.mark.parametrize(
    ("ceilings", "fault", "key", "value"),
    [
        (Ceilings(max_amount=euros(8000)), BudgetFault.ABOVE_MAXIMUM, "possible", "8000.00"),
        (Ceilings(min_amount=euros(9001)), BudgetFault.BELOW_MINIMUM, "minimum", "9001.00"),
        (Ceilings(max_share=Decimal("0.7")), BudgetFault.ABOVE_SHARE, "possible", "8400.00"),
        (Ceilings(min_own_share=Decimal("0.3")), BudgetFault.BELOW_OWN_SHARE, "gap", "600.00"),
    ],
)
def test_a_refusal_says_what_would_be_possible(
    ceilings: Ceilings, fault: BudgetFault, key: str, value: str
) -> None:
    (problem,) = check_budget(PLAN, ceilings)
    assert problem.fault is fault
    assert problem.values[key] == Decimal(value)
    assert value in problem.message


def test_ceilings_are_reached_without_fault() -> None:
    ceilings = Ceilings(
        max_amount=euros(9000),
        min_amount=euros(9000),
        max_share=Decimal("0.75"),
        min_own_share=Decimal("0.25"),
        categories=frozenset({"services", "other"}),
    )
    assert faults(PLAN, ceilings) == []


def test_a_category_that_the_call_does_not_admit() -> None:
    found = faults(PLAN, Ceilings(categories=frozenset({"services"})))
    assert found == [BudgetFault.CATEGORY_NOT_ELIGIBLE] * 2


@pytest.mark.parametrize("share", ["-0.1", "1.01", "80", "NaN"])
def test_a_share_is_from_zero_to_one(share: str) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        Ceilings(max_share=Decimal(share))


def test_a_minimum_above_the_maximum_is_refused() -> None:
    with pytest.raises(ValueError, match="above"):
        Ceilings(min_amount=euros(2), max_amount=euros(1))


CENTS = st.integers(0, 10**9).map(lambda cents: euros(Decimal(cents) / 100))
LINES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["x", "y"]),
        st.sampled_from(Nature),
        CENTS,
    ),
    max_size=12,
)


@given(LINES)
def test_every_way_to_add_up_gives_the_same_totals(
    lines: list[tuple[str, str, Nature, Decimal]],
) -> None:
    plan = Budget(
        ("a", "b", "c"),
        tuple(
            expense(f"line_{rank}", Fixed(amount), nature, party=party, category=category)
            for rank, (party, category, nature, amount) in enumerate(lines)
        ),
    )
    found = totals(plan)
    for nature in Nature:
        direct = total(amount for _, _, kind, amount in lines if kind is nature)
        assert found.expenses.of(nature) == direct
        assert total(each.of(nature) for each in found.expenses_by_party.values()) == direct
        assert total(each.of(nature) for each in found.expenses_by_category.values()) == direct


@given(
    CENTS.filter(bool),
    CENTS.filter(bool),
    st.integers(1, 1000).map(lambda thousandths: Decimal(thousandths) / 1000),
)
def test_the_largest_request_passes_and_a_cent_more_does_not(
    cost: Decimal, maximum: Decimal, share: Decimal
) -> None:
    ceilings = Ceilings(max_amount=maximum, max_share=share)
    costs = Budget(("lead",), (expense("cost", Fixed(cost)),))
    possible = largest_request(costs, ceilings)
    assert possible is not None

    def asking(amount: Decimal) -> list[BudgetFault]:
        asked = resource("fund", str(amount), asked=True)
        return [
            fault
            for fault in faults(Budget(("lead",), costs.expenses, (asked,)), ceilings)
            if fault is not BudgetFault.UNBALANCED
        ]

    assert asking(possible) == []
    assert asking(possible + Decimal("0.01"))


def test_without_ceiling_nothing_bounds_the_request() -> None:
    assert largest_request(PLAN, Ceilings()) is None
