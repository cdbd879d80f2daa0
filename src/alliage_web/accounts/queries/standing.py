"""Who stands where: the people of a workspace, and all that one person holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.accounts.models import Delegation, Membership, RoleHolding, User

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Standing:
    """A role held now, and who replaces its holder, now or later."""

    holding: RoleHolding
    delegations: tuple[Delegation, ...]


def standing_at(place: str, at: dt.datetime) -> list[Standing]:
    """Return the roles held at a place, by role then name."""
    held = RoleHolding.objects.now(at).filter(place=place, user__is_active=True)
    rows = list(held.select_related("user", "granted_by").order_by("role", "user__name", "pk"))
    return _with_delegations(rows, at)


def own_standing(user: User, at: dt.datetime) -> list[Standing]:
    """Return the roles that a person holds in their own name."""
    rows = list(RoleHolding.objects.now(at).filter(user=user).order_by("place", "role", "pk"))
    return _with_delegations(rows, at)


def members_at(organisation: str) -> list[Membership]:
    """Return who belongs to an organisation, by name."""
    members = Membership.objects.filter(organisation=organisation, user__is_active=True)
    return list(members.select_related("user").order_by("user__name", "pk"))


def received_by(user: User, at: dt.datetime) -> list[Delegation]:
    """Return what others entrust to a person, now or later."""
    coming = Delegation.objects.filter(delegate=user, ends_at__gt=at, holding__user__is_active=True)
    return list(coming.select_related("holding__user").order_by("starts_at", "pk"))


def known_to(user: User, at: dt.datetime) -> list[User]:
    """Return the people who hold a role where a person does, or belong to their organisations."""
    places = RoleHolding.objects.now(at).filter(user=user).values("place")
    beside = RoleHolding.objects.now(at).filter(place__in=places).values("user")
    mine = Membership.objects.filter(user=user).values("organisation")
    fellows = Membership.objects.filter(organisation__in=mine).values("user")
    people = User.objects.filter(is_active=True).exclude(pk=user.pk)
    return list((people.filter(pk__in=beside) | people.filter(pk__in=fellows)).distinct())


def places_in_use() -> list[str]:
    """Return the stable names of all the places where somebody holds a role or belongs."""
    held = RoleHolding.objects.values_list("place", flat=True).distinct().order_by()
    belonging = Membership.objects.values_list("organisation", flat=True).distinct().order_by()
    return sorted({*held, *belonging})


def _with_delegations(holdings: Iterable[RoleHolding], at: dt.datetime) -> list[Standing]:
    rows = list(holdings)
    coming = Delegation.objects.filter(holding__in=rows, ends_at__gt=at).select_related("delegate")
    by_holding: dict[int, list[Delegation]] = {}
    for delegation in coming.order_by("starts_at", "pk"):
        by_holding.setdefault(delegation.holding_id, []).append(delegation)
    return [Standing(row, tuple(by_holding.get(row.pk, ()))) for row in rows]
