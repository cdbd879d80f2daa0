"""Support added up, and the range of what sources state."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.divergences import ValueRange, stated_range
from alliage.alliances.records import load_alliances, total_support
from alliage.alliances.support import Amount, SupportTotal, support_totals
from alliage.alliances.vocabulary import AmountStatus
from alliage.values.datafiles import data_directory

GRANTED, CONDITIONAL = AmountStatus.GRANTED, AmountStatus.CONDITIONAL


def test_granted_and_conditional_amounts_are_never_added_together() -> None:
    totals = support_totals(
        [
            Amount(Decimal(12_000), GRANTED),
            Amount(Decimal(5_000), GRANTED, part_of_parent=True),
            Amount(Decimal(10_000), CONDITIONAL),
        ]
    )
    assert totals[GRANTED].eur == 17_000
    assert totals[GRANTED].counted_in_parent == 5_000
    assert totals[CONDITIONAL] == SupportTotal(Decimal(10_000), Decimal(0))


def test_a_status_without_amount_has_no_total() -> None:
    assert support_totals([]) == {}
    assert set(support_totals([Amount(Decimal(1), CONDITIONAL)])) == {CONDITIONAL}


def test_totals_of_pages_add_up_to_the_total_of_the_base_once_what_is_shared_is_taken_away() -> (
    None
):
    records = load_alliances(data_directory() / "alliances")
    pages = [
        support_totals(
            Amount(item.eur, item.status, item.part_of_parent) for item in record.amounts()
        )
        for record in records
    ]
    shown = sum(page[GRANTED].eur for page in pages if GRANTED in page)
    shared = sum(page[GRANTED].counted_in_parent for page in pages if GRANTED in page)
    assert shared > 0
    assert shown - shared == total_support(records, status=GRANTED)


AMOUNTS = st.builds(
    Amount, st.decimals(1, 10_000, places=2), st.sampled_from(AmountStatus), st.booleans()
)


@given(st.lists(AMOUNTS))
def test_every_euro_is_in_one_total(amounts: list[Amount]) -> None:
    totals = support_totals(amounts)
    assert sum(total.eur for total in totals.values()) == sum(amount.eur for amount in amounts)
    assert all(total.counted_in_parent <= total.eur for total in totals.values())


def test_a_range_goes_from_the_lowest_to_the_highest_statement() -> None:
    stated = [(Decimal(2), "M€"), (Decimal("1.5"), "M€"), (None, ""), (Decimal(3), "M€")]
    assert stated_range(stated) == ValueRange(Decimal("1.5"), Decimal(3), "M€")


def test_there_is_no_range_where_statements_agree_or_cannot_be_compared() -> None:
    assert stated_range([]) is None
    assert stated_range([(Decimal(3), "k€")]) is None
    assert stated_range([(Decimal(3), "k€"), (Decimal(3), "k€")]) is None
    assert stated_range([(Decimal(3), "villes"), (Decimal(1), "ville")]) is None
