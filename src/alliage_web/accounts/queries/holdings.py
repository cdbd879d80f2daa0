"""What a person holds now, and who holds something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from alliage_web.accounts.models import PLATFORM, Delegation, Membership, Role, RoleHolding, User

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True, slots=True)
class Held:
    """A role held now, in one's own name or for somebody who is away."""

    role: str
    place: str
    organisation: str
    since: dt.datetime
    until: dt.datetime | None
    """When it ends; None when nothing ends it."""
    lent_by: User | None = None
    """Who is away, for a role that was entrusted."""
    given_by: User | None = None
    """Who gave it; None for a command."""

    @property
    def label(self) -> str:
        return role_label(self.role)


def role_label(role: str) -> str:
    """Name a role in the words of the page; belonging to an organisation is no role."""
    return str(Role(role).label) if role else ""


def holdings_of(user: User | AnonymousUser) -> tuple[Held, ...]:
    """Return what a person holds now; read once for each loaded person.

    Roles that ended give nothing, nor do those of a closed account or of a visitor.
    """
    if not user.is_authenticated or not user.is_active:
        return ()
    own = tuple(held(holding) for holding in user.own_holdings)
    return own + tuple(entrusted(delegation) for delegation in user.delegations_received)


def roles_of(user: User | AnonymousUser) -> frozenset[str]:
    """Return the codes of the roles that a person holds now on the platform as a whole."""
    return frozenset(held.role for held in holdings_of(user) if held.place == PLATFORM)


def roles_at(user: User | AnonymousUser, place: str) -> frozenset[str]:
    """Return the codes of the roles that a person holds now at a place."""
    return frozenset(held.role for held in holdings_of(user) if held.place == place)


def organisations_of(user: User | AnonymousUser) -> frozenset[str]:
    """Return the stable names of the organisations that a person belongs to."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    return frozenset(membership.organisation for membership in user.belongs_to)


def held(holding: RoleHolding) -> Held:
    """Say what a holding gives to its holder."""
    return Held(
        role=holding.role,
        place=holding.place,
        organisation=holding.organisation,
        since=holding.granted_at,
        until=holding.expires_at,
        given_by=holding.granted_by,
    )


def entrusted(delegation: Delegation) -> Held:
    """Say what a delegation gives to the one who replaces."""
    holding = delegation.holding
    return Held(
        role=holding.role,
        place=holding.place,
        organisation=holding.organisation,
        since=delegation.starts_at,
        until=min(delegation.ends_at, holding.expires_at or delegation.ends_at),
        lent_by=holding.user,
        given_by=holding.granted_by,
    )


def people_who_hold(at: dt.datetime, *, also: Iterable[int | None] = ()) -> list[User]:
    """Return who holds, replaces or belongs, and the accounts ``also``, ready to be asked.

    What they hold is read for all of them at once: four queries, whatever their number.
    """
    holding, replacing = RoleHolding.objects.now(at), Delegation.objects.now(at)
    people = User.objects.filter(
        Q(pk__in=holding.values("user"))
        | Q(pk__in=replacing.values("delegate"))
        | Q(pk__in=Membership.objects.values("user"))
        | Q(pk__in=[key for key in also if key]),
        is_active=True,
    )
    return with_holdings(list(people.order_by("name", "pk")), at)


def with_holdings(people: Sequence[User], at: dt.datetime) -> list[User]:
    """Read what people hold at a moment, for all of them at once."""
    keys = [person.pk for person in people]
    own: dict[int, list[RoleHolding]] = {key: [] for key in keys}
    lent: dict[int, list[Delegation]] = {key: [] for key in keys}
    belongs: dict[int, list[Membership]] = {key: [] for key in keys}
    for holding in RoleHolding.objects.now(at).filter(user__in=keys).order_by("pk"):
        own[holding.user_id].append(holding)
    for delegation in Delegation.objects.now(at).filter(delegate__in=keys).order_by("pk"):
        lent[delegation.delegate_id].append(delegation)
    for membership in Membership.objects.filter(user__in=keys).order_by("pk"):
        belongs[membership.user_id].append(membership)
    return [
        _holding_only(person, own[person.pk], lent[person.pk], belongs[person.pk])
        for person in people
    ]


def holding_only(
    person: User,
    *,
    holdings: Sequence[RoleHolding] = (),
    delegations: Sequence[Delegation] = (),
    memberships: Sequence[Membership] = (),
) -> User:
    """Return the same person, holding this and nothing else: to ask what it alone would permit."""
    alone = User(pk=person.pk, email=person.email, name=person.name, is_active=person.is_active)
    alone.__dict__["read_once"] = person.read_once
    return _holding_only(alone, holdings, delegations, memberships)


def _holding_only(
    person: User,
    holdings: Sequence[RoleHolding],
    delegations: Sequence[Delegation],
    memberships: Sequence[Membership],
) -> User:
    # What a cached property would read; nothing is asked of the database any more.
    person.__dict__.update(
        own_holdings=tuple(holdings),
        delegations_received=tuple(delegations),
        belongs_to=tuple(memberships),
    )
    return person
