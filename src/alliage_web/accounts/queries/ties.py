"""What ties people to organisations and to one another, past ties included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.accounts.models import Delegation, Membership, RoleHolding, User

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Belonging:
    """A person belongs to an organisation, or acts for it in an alliance."""

    id: str
    person: int
    organisation: str
    """Its stable name."""
    since: dt.datetime
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Replacement:
    """A person replaces another."""

    id: str
    delegate: int
    principal: int
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Ties:
    belongings: tuple[Belonging, ...]
    replacements: tuple[Replacement, ...]


def ties_of(people: Iterable[int]) -> Ties:
    """Return what ties people, and those whom they replace, whoever these replace in turn.

    Roles and delegations that ended are given with the day they ended, for as long as they are
    kept.
    """
    everyone = set(people)
    waiting = set(everyone)
    replacements: list[Replacement] = []
    while waiting:
        rows = Delegation.objects.filter(delegate__in=waiting).select_related("holding")
        found = [
            Replacement(
                f"delegation:{row.pk}",
                row.delegate_id,
                row.holding.user_id,
                row.starts_at,
                row.ends_at,
            )
            for row in rows.order_by("pk")
        ]
        replacements += found
        waiting = {each.principal for each in found} - everyone
        everyone |= waiting
    return Ties((*_members(everyone), *_acting(everyone)), tuple(replacements))


def _members(people: set[int]) -> Iterable[Belonging]:
    for row in Membership.objects.filter(user__in=people).order_by("pk"):
        yield Belonging(f"membership:{row.pk}", row.user_id, row.organisation, row.since, None)


def _acting(people: set[int]) -> Iterable[Belonging]:
    rows = RoleHolding.objects.filter(user__in=people).exclude(organisation="")
    for row in rows.order_by("pk"):
        yield Belonging(
            f"role:{row.pk}", row.user_id, row.organisation, row.granted_at, row.expires_at
        )


def names_of(people: Iterable[int]) -> dict[int, str]:
    """Return the displayed names of people by their keys."""
    rows = User.objects.filter(pk__in=list(people)).order_by()
    return {person.pk: str(person) for person in rows}
