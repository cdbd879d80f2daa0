"""People who hold roles, belong to organisations, replace one another.

Rows are written as they are, without the actions: a test of permissions asks what a holding gives,
whoever gave it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from alliage_web.accounts.models import (
    PLATFORM,
    Delegation,
    Membership,
    Role,
    RoleHolding,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

#: When roles of the tests were given: long ago, so that one may have ended since.
SINCE = dt.datetime(2020, 1, 15, 9, 0, tzinfo=dt.UTC)

#: Where a role is held: its place and, for a role that acts for one, its organisation.
Holding = tuple[Role, str] | tuple[Role, str, str]


def somebody(
    name: str, *holdings: Holding, member_of: Iterable[str] = (), until: dt.datetime | None = None
) -> User:
    """Write a person who holds these roles, each with its place, and belongs to organisations.

    No password is set: sign in with ``client.force_login``.
    """
    person = User.objects.create_user(f"{name.lower().replace(' ', '-')}@example.org", name=name)
    for held in holdings:
        give(person, *held, until=until)
    for organisation in member_of:
        Membership.objects.create(user=person, organisation=organisation, since=SINCE)
    return person


def give(
    person: User,
    role: Role,
    place: str = PLATFORM,
    organisation: str = "",
    *,
    until: dt.datetime | None = None,
) -> RoleHolding:
    """Let a person hold a role, for ever or until a moment that may be past."""
    return RoleHolding.objects.create(
        user=person,
        role=role,
        place=place,
        organisation=organisation,
        granted_at=SINCE,
        expires_at=until,
    )


def entrust(holding: RoleHolding, to: User) -> Delegation:
    """Let a person replace another in a role, from long ago and for long."""
    return Delegation.objects.create(
        holding=holding,
        delegate=to,
        starts_at=SINCE,
        ends_at=SINCE + dt.timedelta(days=36_500),
        created_at=SINCE,
    )


def fresh(person: User) -> User:
    """Load a person again: what they hold is read once for each loaded person."""
    return User.objects.get(pk=person.pk)
