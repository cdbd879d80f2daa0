"""Money: decimal euros to the cent, rounded only where the rounding is named."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: An amount in euros. It is made by ``euros``, so that it has two decimals and is finite.
Euros: TypeAlias = Decimal

ZERO: Final = Decimal("0.00")

#: Twelve digits and two decimals: what a column of the database holds.
LARGEST: Final = Decimal("999999999999.99")

# The caller may have changed the precision of the thread: amounts do not depend on it.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[])
_CENT = Decimal("0.01")
_AMOUNT = re.compile(r"[+-]?[0-9]+(?:\.(?P<decimals>[0-9]+))?")
_SHOWN = 40


class MoneyProblem(StrEnum):
    """Why a value is not an amount, or cannot be split."""

    TYPE = "type"
    FORM = "form"
    DECIMALS = "decimals"
    TOO_LARGE = "too_large"
    WEIGHTS = "weights"


class MoneyError(ValueError):
    """The value is not an amount in euros, or cannot be split as asked.

    Attributes
    ----------
    problem
        What is wrong.
    value
        What was given, as text.
    """

    def __init__(self, problem: MoneyProblem, value: object, message: str) -> None:
        self.problem = problem
        self.value = str(value)[:_SHOWN]
        super().__init__(message)


def euros(value: str | int | Decimal) -> Euros:
    """Read an amount in euros, to the cent.

    Parameters
    ----------
    value : str, int or Decimal
        A text with a point and at most two decimals, an integer, or a decimal worth a whole
        number of cents. A binary float is refused: 0.1 is not ten cents there.

    Returns
    -------
    Decimal
        The amount, in euros, with two decimals; never minus zero.

    Raises
    ------
    MoneyError
        If the value is of another type, is not a finite number, has a third decimal or is larger
        than ``LARGEST``. A text with three decimals is refused even where they are zeros: 12.300
        may have been meant as twelve thousand three hundred.

    Examples
    --------
    >>> euros("12.3"), euros(17_000), euros(Decimal("0.10"))
    (Decimal('12.30'), Decimal('17000.00'), Decimal('0.10'))
    >>> euros("12.345")
    Traceback (most recent call last):
        ...
    alliage.values.money.MoneyError: « 12.345 » is not an amount in euros: it has more than two \
decimals. Round it first, to cents, by a rule that has a name.
    """
    amount = _read(value)
    # Compared before the quantization, which would fail on a number of too many digits.
    if not -LARGEST <= amount <= LARGEST:
        advice = f"it is beyond {LARGEST}. Check its digits."
        raise _error(MoneyProblem.TOO_LARGE, value, advice)
    cents = amount.quantize(_CENT, context=_EXACT)
    if cents != amount:
        raise _three_decimals(value)
    return cents or ZERO


def _read(value: str | int | Decimal) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        advice = f"it is of type {type(value).__name__}. Give a text, an integer or a Decimal."
        raise _error(MoneyProblem.TYPE, value, advice)
    if isinstance(value, str):
        found = _AMOUNT.fullmatch(value)
        if found is None:
            raise _error(MoneyProblem.FORM, value, "write it as 1234.50.")
        if len(found["decimals"] or "") > 2:
            raise _three_decimals(value)
        return Decimal(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise _error(MoneyProblem.FORM, value, "it is not finite. Give the amount.")
    return Decimal(value)


def _error(problem: MoneyProblem, value: object, rest: str) -> MoneyError:
    shown = str(value)[:_SHOWN]
    return MoneyError(problem, value, f"« {shown} » is not an amount in euros: {rest}")


def _three_decimals(value: object) -> MoneyError:
    rest = "it has more than two decimals. Round it first, to cents, by a rule that has a name."
    return _error(MoneyProblem.DECIMALS, value, rest)


def total(amounts: Iterable[Euros]) -> Euros:
    """Add amounts; of none, zero euros.

    Parameters
    ----------
    amounts : iterable of Decimal
        Euros, each to the cent.

    Returns
    -------
    Decimal
        Their sum, exact.

    Examples
    --------
    >>> total([euros("0.10"), euros("0.20")]), total([])
    (Decimal('0.30'), Decimal('0.00'))
    """
    with localcontext(_EXACT):
        return sum(amounts, ZERO)


def round_half_up_to_cents(value: Decimal | Fraction | int) -> Euros:
    """Round to the nearest cent, half a cent away from zero, as invoices do.

    Parameters
    ----------
    value : Decimal, Fraction or int
        Euros with any number of decimals.

    Returns
    -------
    Decimal
        The amount, in euros, to the cent.

    Raises
    ------
    MoneyError
        If the value is not a finite number, or is larger than ``LARGEST``.

    Examples
    --------
    >>> round_half_up_to_cents(Decimal("0.125")), round_half_up_to_cents(Decimal("-0.125"))
    (Decimal('0.13'), Decimal('-0.13'))
    >>> round_half_up_to_cents(Fraction(200, 3))
    Decimal('66.67')
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | Fraction | int):
        advice = f"it is of type {type(value).__name__}. Give a Decimal, a Fraction or an integer."
        raise _error(MoneyProblem.TYPE, value, advice)
    if isinstance(value, Decimal) and not value.is_finite():
        raise _error(MoneyProblem.FORM, value, "it is not finite. Give the amount.")
    # In integers: a fraction has no exact decimal writing in general.
    doubled = Fraction(value) * 200
    magnitude = (abs(doubled.numerator) // doubled.denominator + 1) // 2
    return _from_cents(magnitude if doubled >= 0 else -magnitude)


def allocate(amount: Euros, weights: Sequence[Decimal | Fraction | int]) -> tuple[Euros, ...]:
    """Split an amount by weights, to the cent, so that the parts make the whole.

    Every part first receives the cents that its exact share reaches; the cents that are left go,
    one each, to the largest remainders, the first of the list before the others where they tie.

    Parameters
    ----------
    amount : Decimal
        Euros to split, of either sign.
    weights : sequence of Decimal, Fraction or int
        Shares, not negative, with at least one above zero; only their proportions matter.

    Returns
    -------
    tuple of Decimal
        One amount a weight, in order; their sum is ``amount``. No part is a cent or more away
        from its exact share.

    Raises
    ------
    MoneyError
        If the amount is not in cents, or if the weights are negative, not finite or all zero.

    Source: method of largest remainders (Hamilton; Hare quota), Balinski & Young 1982, *Fair
    Representation*.

    Examples
    --------
    >>> allocate(euros(100), [1, 1, 1])
    (Decimal('33.34'), Decimal('33.33'), Decimal('33.33'))
    >>> allocate(euros("10.01"), [0, 70, 30])
    (Decimal('0.00'), Decimal('7.01'), Decimal('3.00'))
    """
    whole = euros(amount)
    shares = [_weight(weight) for weight in weights]
    base = sum(shares)
    if not base:
        raise _wrong_weights(list(weights), "none is above zero")
    cents = int(abs(whole) * 100)
    exact = [cents * share / base for share in shares]
    parts = [int(share) for share in exact]
    left = cents - sum(parts)
    # The sort is stable: where remainders tie, the first of the list comes first.
    by_remainder = sorted(range(len(parts)), key=lambda rank: parts[rank] - exact[rank])
    for rank in by_remainder[:left]:
        parts[rank] += 1
    sign = -1 if whole < 0 else 1
    return tuple(_from_cents(sign * part) for part in parts)


def _weight(weight: Decimal | Fraction | int) -> Fraction:
    if isinstance(weight, bool) or not isinstance(weight, Decimal | Fraction | int):
        raise _wrong_weights(weight, f"it is of type {type(weight).__name__}")
    if isinstance(weight, Decimal) and not weight.is_finite():
        raise _wrong_weights(weight, "it is not finite")
    if weight < 0:
        raise _wrong_weights(weight, "it is negative")
    return Fraction(weight)


def _wrong_weights(value: object, fact: str) -> MoneyError:
    msg = (
        f"« {str(value)[:_SHOWN]} » cannot weigh a split: {fact}. Give weights of zero or more "
        "(Decimal, Fraction or integer), at least one above zero."
    )
    return MoneyError(MoneyProblem.WEIGHTS, value, msg)


def _from_cents(cents: int) -> Euros:
    return euros(Decimal(cents).scaleb(-2, _EXACT))
