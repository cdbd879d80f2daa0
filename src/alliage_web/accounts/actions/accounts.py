"""Accounts that a command creates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from alliage_web.accounts.models import Role, User
from alliage_web.audit.actions import record

from .addresses import vouch_for_address
from .memberships import join_organisation
from .roles import give_role, take_role

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable


@transaction.atomic
def set_up_account(
    *,
    email: str,
    name: str,
    password: str | None,
    roles: Iterable[tuple[Role, str] | tuple[Role, str, str]],
    at: dt.datetime,
    organisations: Iterable[str] = (),
) -> User:
    """Create an account, or give an existing one a new password, with exactly these roles.

    ``roles`` gives each role with its place, and the organisation for which a party member acts;
    ``organisations`` those that the person belongs to. Without a password the account is opened by
    the link of a forgotten password.
    """
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name)
        kind, before = "person.created", ("", "")
    else:
        kind, before = "person.set-up", (user.name, user.email)
        user.name = name
        user.set_password(password)
        user.save(update_fields=["name", "password"])
    record(
        kind=kind,
        target=user.stable_name,
        by=None,
        at=at,
        personal={"name": [before[0] or None, user.name], "email": [before[1] or None, user.email]},
        about=user.stable_name,
    )
    vouch_for_address(user=user)
    wanted = {(role.value, place, "".join(acting)) for role, place, *acting in roles}
    for holding in user.role_holdings.all():
        if (holding.role, holding.place, holding.organisation) not in wanted:
            take_role(holding=holding, by=None, at=at)
    for role, place, organisation in sorted(wanted):
        give_role(
            user=user, role=Role(role), place=place, organisation=organisation, by=None, at=at
        )
    for name in organisations:
        join_organisation(user=user, organisation=name, by=None, at=at)
    return user
