"""Support added up: what is granted apart from what is conditional, each euro once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import AmountStatus

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Amount:
    """Money behind a support.

    Attributes
    ----------
    eur
        Euros.
    status
        Granted, or conditional.
    part_of_parent
        The alliance of which this one is a part counts this amount too.
    """

    eur: Decimal
    status: AmountStatus
    part_of_parent: bool = False


@dataclass(frozen=True, slots=True)
class SupportTotal:
    """The amounts of one status.

    Attributes
    ----------
    eur
        Their sum in euros.
    counted_in_parent
        The share of ``eur`` that the alliance above counts too: adding both totals would count
        it twice.
    """

    eur: Decimal = Decimal(0)
    counted_in_parent: Decimal = Decimal(0)


def support_totals(amounts: Iterable[Amount]) -> dict[AmountStatus, SupportTotal]:
    """Add up the amounts of one alliance, by status.

    Parameters
    ----------
    amounts
        The amounts of all levers of one alliance.

    Returns
    -------
    dict[AmountStatus, SupportTotal]
        The statuses that have an amount. They are never added together: a conditional amount may
        never be paid.

    Examples
    --------
    >>> totals = support_totals([Amount(Decimal(12_000), AmountStatus.GRANTED)])
    >>> totals[AmountStatus.GRANTED].eur
    Decimal('12000')
    """
    chosen = list(amounts)
    return {
        status: SupportTotal(
            sum((amount.eur for amount in found), Decimal(0)),
            sum((amount.eur for amount in found if amount.part_of_parent), Decimal(0)),
        )
        for status in AmountStatus
        if (found := [amount for amount in chosen if amount.status is status])
    }
