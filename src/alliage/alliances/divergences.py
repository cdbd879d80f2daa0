"""Sources that disagree: the range of what they say. Nothing here chooses between them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The lowest and the highest value stated, in one unit."""

    lowest: Decimal
    highest: Decimal
    unit: str


def stated_range(values: Iterable[tuple[Decimal | None, str]]) -> ValueRange | None:
    """Give the range of the values that sources state for one fact.

    Parameters
    ----------
    values
        The value and the unit of each statement; a statement in words has no value.

    Returns
    -------
    ValueRange or None
        None unless two different values at least are stated, all in the same unit: values of
        different units have no range.

    Examples
    --------
    >>> stated_range([(Decimal(10_000), "€"), (None, ""), (Decimal(3_000), "€")])
    ValueRange(lowest=Decimal('3000'), highest=Decimal('10000'), unit='€')
    >>> stated_range([(Decimal(140), "acteurs"), (Decimal(13), "villes")]) is None
    True
    """
    known = [(value, unit) for value, unit in values if value is not None]
    units = {unit for _, unit in known}
    lowest = min((value for value, _ in known), default=Decimal(0))
    highest = max((value for value, _ in known), default=Decimal(0))
    if len(units) != 1 or lowest == highest:
        return None
    return ValueRange(lowest, highest, units.pop())
