"""Money is exact to the cent, and rounded only where the rounding is named."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.values.money import (
    LARGEST,
    ZERO,
    MoneyError,
    MoneyProblem,
    allocate,
    euros,
    round_half_up_to_cents,
    total,
)

amounts = st.integers(-(10**11), 10**11).map(lambda cents: euros(Decimal(cents).scaleb(-2)))
weights = st.lists(
    st.integers(0, 1000)
    | st.fractions(0, 5, max_denominator=97)
    | st.decimals(0, 9, places=3, allow_nan=False),
    min_size=1,
    max_size=12,
).filter(any)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("12.30", "12.30"),
        ("12.3", "12.30"),
        ("-0.05", "-0.05"),
        ("+7", "7.00"),
        (17_000, "17000.00"),
        (Decimal("1E+3"), "1000.00"),
        (Decimal("12.300"), "12.30"),
        ("-0", "0.00"),
        (LARGEST, "999999999999.99"),
    ],
)
def test_an_amount_has_two_decimals(given_value: str | int | Decimal, expected: str) -> None:
    assert str(euros(given_value)) == expected


@pytest.mark.parametrize(
    ("given_value", "problem"),
    [
        (12.3, MoneyProblem.TYPE),
        (0.0, MoneyProblem.TYPE),
        (True, MoneyProblem.TYPE),
        (None, MoneyProblem.TYPE),
        (Fraction(1, 2), MoneyProblem.TYPE),
        ("", MoneyProblem.FORM),
        ("1 234.50", MoneyProblem.FORM),
        ("12,30", MoneyProblem.FORM),
        ("1e3", MoneyProblem.FORM),
        ("1_000", MoneyProblem.FORM),
        ("NaN", MoneyProblem.FORM),
        ("٣", MoneyProblem.FORM),
        (Decimal("NaN"), MoneyProblem.FORM),
        (Decimal("sNaN"), MoneyProblem.FORM),
        (Decimal("-Infinity"), MoneyProblem.FORM),
        ("12.345", MoneyProblem.DECIMALS),
        ("12.300", MoneyProblem.DECIMALS),
        (Decimal("0.001"), MoneyProblem.DECIMALS),
        ("1000000000000", MoneyProblem.TOO_LARGE),
        (-(10**12), MoneyProblem.TOO_LARGE),
        (Decimal("1E+999999"), MoneyProblem.TOO_LARGE),
    ],
)
def test_what_is_not_an_amount_is_refused_with_its_problem(
    given_value: Any, problem: MoneyProblem
) -> None:
    with pytest.raises(MoneyError) as caught:
        euros(given_value)
    assert caught.value.problem is problem
    assert caught.value.value == str(given_value)


def test_amounts_do_not_depend_on_the_precision_that_the_caller_chose() -> None:
    with localcontext() as context:
        context.prec = 3
        assert euros("123456.78") == Decimal("123456.78")
        assert total([euros("123456.78"), euros("0.01")]) == Decimal("123456.79")
        assert sum(allocate(euros("10.00"), [1, 1, 1])) == Decimal("10.00")


def test_a_long_text_is_not_echoed_whole() -> None:
    with pytest.raises(MoneyError) as caught:
        euros("9" * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("2.675"), "2.68"),
        (Decimal("-2.675"), "-2.68"),
        (Decimal("2.674999"), "2.67"),
        (Decimal("-0.004"), "0.00"),
        (Fraction(1, 3), "0.33"),
        (Fraction(-1, 200), "-0.01"),
        (5, "5.00"),
    ],
)
def test_half_a_cent_is_rounded_away_from_zero(value: Any, expected: str) -> None:
    assert str(round_half_up_to_cents(value)) == expected


@pytest.mark.parametrize("value", [0.1, Decimal("NaN"), True, "1.00"])
def test_what_cannot_be_rounded_is_refused(value: Any) -> None:
    with pytest.raises(MoneyError):
        round_half_up_to_cents(value)


@given(st.fractions(-(10**9), 10**9))
def test_rounding_moves_an_amount_by_at_most_half_a_cent(value: Fraction) -> None:
    assert abs(Fraction(round_half_up_to_cents(value)) - value) <= Fraction(1, 200)


@given(amounts, weights)
def test_the_parts_of_a_split_make_the_whole_and_keep_to_their_share(
    amount: Decimal, shares: list[Any]
) -> None:
    parts = allocate(amount, shares)
    assert len(parts) == len(shares)
    assert total(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        exact = Fraction(amount) * Fraction(share) / sum(map(Fraction, shares))
        assert abs(Fraction(part) - exact) < Fraction(1, 100)
        assert share or part == ZERO


@given(amounts, weights)
def test_a_heavier_part_never_receives_less(amount: Decimal, shares: list[Any]) -> None:
    parts = allocate(abs(amount), shares)
    ranked = sorted(zip(map(Fraction, shares), parts, strict=True))
    for (light, less), (heavy, more) in pairwise(ranked):
        assert light == heavy or less <= more


def test_the_cent_that_is_left_goes_to_the_largest_remainder_then_to_the_first() -> None:
    assert allocate(euros("0.02"), [1, 1, 1]) == (euros("0.01"), euros("0.01"), ZERO)
    # Exact shares: 1.4285…, 2.8571…, 5.7142… cents; the two cents left go to the last two.
    assert allocate(euros("0.10"), [1, 2, 4]) == (euros("0.01"), euros("0.03"), euros("0.06"))
    assert allocate(euros("-0.10"), [1, 2, 4]) == (
        euros("-0.01"),
        euros("-0.03"),
        euros("-0.06"),
    )


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1], [0.5], [Decimal("NaN")], [True]])
def test_weights_that_cannot_split_are_refused(shares: list[Any]) -> None:
    with pytest.raises(MoneyError) as caught:
        allocate(euros(10), shares)
    assert caught.value.problem is MoneyProblem.WEIGHTS
