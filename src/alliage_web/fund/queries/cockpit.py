"""What the cockpit of a fund shows besides its budget and its files: what waits, and leverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from alliage.fund.states import ApplicationState
from alliage_web.fund.models import (
    Agreement,
    Meeting,
    OrderState,
    PaymentOrder,
    Review,
    euros_of,
)

from .follow_up import FOLLOWED, followed
from .reports import counts_of_fund

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from alliage.values.money import Euros
    from alliage_web.fund.models import Fund


@dataclass(frozen=True, slots=True)
class Task:
    """Something that somebody of the fund is expected to do, and where."""

    label: str
    count: int
    href: str
    eur: Euros | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class NextMeeting:
    """The next meeting of the committee and how many files are on its agenda."""

    meeting: Meeting
    items: int


def tasks_of(fund: Fund, today: dt.date) -> tuple[Task, ...]:
    """Return what waits for the fund, those of which there are none included."""
    orders = PaymentOrder.objects.filter(agreement__fund=fund, state=OrderState.ORDERED).aggregate(
        n=Count("pk"), cents=Sum("cents")
    )
    reviews = Review.objects.filter(
        panel__application__fund=fund,
        panel__application__state=ApplicationState.UNDER_REVIEW.value,
        sent_at=None,
        left_at=None,
    )
    reports = counts_of_fund(fund, today)
    received = reverse("fund:fund-reports", args=[fund.code])
    return (
        Task(
            _("versements à confirmer"),
            orders["n"],
            reverse("fund:payment-orders", args=[fund.code]),
            eur=euros_of(int(orders["cents"] or 0)),
        ),
        Task(
            _("avis d’instruction attendus"),
            reviews.count(),
            reverse("fund:instruction", args=[fund.code]),
        ),
        Task(_("rapports à lire"), reports["a-lire"], f"{received}?choix=a-lire"),
        Task(
            _("rapports attendus dont la date est passée"),
            reports["en-retard"],
            f"{received}?choix=en-retard",
            is_late=True,
        ),
    )


def next_meeting(fund: Fund, today: dt.date) -> NextMeeting | None:
    rows = Meeting.objects.filter(fund=fund, held_on__gte=today).annotate(on_agenda=Count("items"))
    found = rows.order_by("held_on", "number").select_related("fund").first()
    return NextMeeting(found, found.on_agenda) if found else None


def warned(keys: Iterable[int], today: dt.date) -> frozenset[int]:
    """Tell which of some agreements warn of something, in a constant number of queries.

    To ask it of all of them takes long: that is for the page of their follow-up.
    """
    rows = (
        Agreement.objects.filter(pk__in=set(keys), state__in=FOLLOWED)
        .select_related("fund", "payer", "receiver", "alliance", "application", "advance")
        .prefetch_related("movements", "conditions", "advance__statements")
    )
    return frozenset(each.agreement.pk for each in followed(list(rows), today) if each.warnings)
