"""What is said of a support, as values: what a form, a file or an import gives the actions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from alliage.fund.support.supports import Time
from alliage_web.fund.models import NatureChoices

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.fund.models import Support


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportValues:
    """What is said of a support: the columns of its row, sides and whole by their keys."""

    giver_id: int | None = None
    giver_name: str = ""
    giver_identifier: str = ""
    alliance_id: int | None = None
    receiver_id: int | None = None
    receiver_name: str = ""
    receiver_identifier: str = ""
    lever: str
    description: str
    status: str = "granted"
    reading: str = "stated"
    first: str = ""
    last: str = ""
    nature: str
    amount: Decimal | None = None
    method: str = ""
    hours: Decimal | None = None
    rate: Decimal | None = None
    rate_source: str = ""
    reason: str = ""
    source: str = ""
    note: str = ""
    document_id: int | None = None
    part_of_id: int | None = None
    awarded_on: dt.date | None = None
    decision_reference: str = ""
    agreed_on: dt.date | None = None
    payment_conditions: str = ""
    paid_from: dt.date | None = None
    paid_until: dt.date | None = None
    de_minimis: bool | None = None

    @property
    def kept(self) -> SupportValues:
        """The same as its row gives it back: to the cent, time with its amount."""
        numbers = {
            name: number.quantize(_CENT)
            for name in ("amount", "hours", "rate")
            if (number := getattr(self, name)) is not None
        }
        if self.nature == NatureChoices.TIME and self.hours is not None and self.rate is not None:
            # The amount of time is not typed: it follows from the hours and the rate.
            numbers["amount"] = Time(self.hours, self.rate, self.rate_source).amount
        return replace(self, **numbers)


_CENT = Decimal("0.01")
#: The names of the columns.
NAMES = tuple(field.name for field in fields(SupportValues))


def values_of(support: Support) -> SupportValues:
    """Give what a row says."""
    return SupportValues(**{name: getattr(support, name) for name in NAMES})
