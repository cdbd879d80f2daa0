"""The budget of an application, read from what people type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from alliage.fund.applications.answer_values import AnswerError, AnswerFault
from alliage.fund.applications.application_budget import Fixed, Nature, Product, ShareOf, amounts
from alliage.fund.applications.budget_rows import read_budget

CHOICES = {"party": "town", "nature": "cash", "category": "staff"}


def _expense(code: str, **cells: str) -> dict[str, str]:
    return {**CHOICES, "code": code, "label": f"Line {code}", **cells}


def test_the_three_ways_to_say_how_much() -> None:
    budget = read_budget(
        {
            "expenses": [
                _expense("D1", amount="1 000,50 €"),
                _expense("D2", quantity="2,5", unit_price="333"),
                _expense("D3", share="10 %", of="D1, D2"),
            ]
        },
        ["town"],
    )
    assert [line.figure for line in budget.expenses] == [
        Fixed(Decimal("1000.50")),
        Product(Decimal("2.5"), Decimal(333)),
        ShareOf(Decimal("0.1"), ("D1", "D2")),
    ]
    assert amounts(budget)["D3"] == Decimal("183.30")


def test_a_line_without_a_figure_is_not_valued_and_never_zero() -> None:
    row = _expense("D1", nature="in_kind")
    [line] = read_budget({"expenses": [row]}, ["town"]).expenses
    assert line.nature is Nature.IN_KIND
    assert line.figure == Fixed(None)


def test_rows_in_which_only_choices_stand_are_no_lines() -> None:
    budget = read_budget({"expenses": [{**CHOICES, "code": "D9"}], "resources": []}, ["town"])
    assert budget.lines() == ()


def test_where_a_resource_comes_from() -> None:
    rows = [
        {**CHOICES, "code": code, "label": code, "amount": "1", "origin": origin}
        for code, origin in (("R1", "asked"), ("R2", "own"), ("R3", "other"))
    ]
    budget = read_budget({"resources": rows}, ["town"])
    assert [(line.asked, line.own) for line in budget.resources] == [
        (True, False),
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize(
    ("cells", "column", "fault"),
    [
        ({"amount": "1.234,50"}, "expenses.amount", AnswerFault.NOT_A_NUMBER),
        ({"amount": "5", "label": ""}, "expenses.label", AnswerFault.REQUIRED),
        ({"amount": "5", "nature": "gold"}, "expenses.nature", AnswerFault.NOT_AN_OPTION),
        ({"amount": "5", "quantity": "2"}, "expenses.amount", AnswerFault.TYPE),
        ({"quantity": "2"}, "expenses.quantity", AnswerFault.TYPE),
    ],
)
def test_what_cannot_be_read_is_named_by_side_row_and_cell(
    cells: dict[str, str], column: str, fault: AnswerFault
) -> None:
    with pytest.raises(AnswerError) as error:
        read_budget({"expenses": [_expense("D1", amount="1"), _expense("D2", **cells)]}, ["town"])
    [found] = error.value.faults
    assert (found.row, found.column, found.fault) == (2, column, fault)
