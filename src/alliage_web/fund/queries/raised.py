"""What others gave the alliances of a fund: what is counted, and what waits for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of, organisations_of
from alliage_web.alliances.models import AmountStatusChoices
from alliage_web.fund.models import AnswerChoices, NatureChoices, RaisedResource

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund

#: What everybody reads, and what is compared with engineering.
COUNTED = Q(removed_at=None, answer=AnswerChoices.CONFIRMED)


def is_compared(row: RaisedResource) -> bool:
    """Tell whether a resource is money that was granted: engineering is money too."""
    return row.status == AmountStatusChoices.GRANTED and row.nature == NatureChoices.CASH


def all_raised(fund: Fund) -> QuerySet[RaisedResource]:
    """Return the resources of a fund that nobody removed, with all that a line shows."""
    rows = RaisedResource.objects.filter(fund=fund, removed_at=None)
    return rows.select_related("fund", "alliance").order_by("alliance__text_key", "year", "pk")


def visible(user: User | AnonymousUser, *, sees_all: bool = False) -> Q:
    """Say which resources a person may see: those of their alliances, and the confirmed ones."""
    if sees_all:
        return Q()
    # Whoever belongs to a party acts in all its alliances; a party member, in one.
    belonging = {_slug(name) for name in organisations_of(user)}
    acting = {_slug(held.place) for held in holdings_of(user) if held.role == Role.PARTY_MEMBER}
    own = Q(alliance__slug__in=acting) | Q(alliance__parties__organisation__slug__in=belonging)
    return COUNTED | own if belonging or acting else COUNTED


def find_raised(
    fund: Fund, code: str, user: User | AnonymousUser, *, sees_all: bool
) -> RaisedResource | None:
    """Return a resource that a person may see; a removed one is for those who see all."""
    rows = RaisedResource.objects.filter(fund=fund, code=code)
    if not sees_all:
        rows = rows.filter(visible(user), removed_at=None)
    return rows.select_related("fund", "alliance").distinct().first()


def _slug(name: str) -> str:
    return name.partition(":")[2]


def raised_named(names: Collection[str]) -> QuerySet[RaisedResource]:
    """Return resources by the ends of their stable names: the code of their fund, then theirs."""
    codes = [name.rpartition(":")[2] for name in names]
    return RaisedResource.objects.select_related("fund").filter(code__in=codes)
