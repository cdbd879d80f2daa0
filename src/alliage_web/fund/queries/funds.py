"""A fund as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.alliances.support import Amount, support_totals
from alliage.alliances.vocabulary import AmountStatus
from alliage_web.alliances.queries import supported_with
from alliage_web.fund.models import EndowmentStatement, Fund
from alliage_web.ui.rows import only

from .portfolio import Reconciled, reconciled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from django.db.models import QuerySet

    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.queries import SupportedAlliance


@dataclass(frozen=True, slots=True)
class FundPage:
    """A fund, what documents say of it, and the alliances in which it takes part.

    ``granted`` and ``conditional`` are euros, each counted once; None when no amount is known. They
    are those of the book of supports; while it is empty, those that the alliances tell.
    """

    fund: Fund
    founders: tuple[Organisation, ...]
    endowment: tuple[EndowmentStatement, ...]
    alliances: tuple[SupportedAlliance, ...]
    granted: Decimal | None
    conditional: Decimal | None
    reconciled: Reconciled


def all_funds() -> QuerySet[Fund]:
    """Return the funds, by name."""
    return Fund.objects.order_by("name", "pk")


def find(code: str) -> Fund | None:
    if not code.isprintable():
        # PostgreSQL refuses a text with a null character; no code has one.
        return None
    return only(Fund.objects.select_related("organisation").filter(code=code))


def page_of(fund: Fund) -> FundPage:
    """Read the page of a fund in a constant number of queries."""
    alliances = supported_with(fund.organisation_id)
    book = reconciled(fund, alliances)
    totals = _totals(alliances)
    if book.totals is not None:
        totals = {
            AmountStatus.GRANTED: book.totals.granted.cash,
            AmountStatus.CONDITIONAL: book.totals.conditional.cash,
        }
    return FundPage(
        fund=fund,
        founders=tuple(fund.founders.order_by("name_key", "pk")),
        endowment=tuple(fund.endowment.order_by("order", "pk")),
        alliances=alliances,
        granted=totals.get(AmountStatus.GRANTED),
        conditional=totals.get(AmountStatus.CONDITIONAL),
        reconciled=book,
    )


def _totals(alliances: Sequence[SupportedAlliance]) -> dict[AmountStatus, Decimal]:
    """Add up the amounts by status; what the alliance above counts too is counted there."""
    shown = {item.id for item in alliances}
    amounts = (
        Amount(amount.eur, AmountStatus(amount.status))
        for item in alliances
        for amount in item.amounts
        if not (amount.part_of_parent and item.parent_id in shown)
    )
    return {status: total.eur for status, total in support_totals(amounts).items()}
