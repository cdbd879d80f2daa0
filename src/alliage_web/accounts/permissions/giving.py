"""Who gives which role where: nobody gives what they could not be answerable for.

Administrators give every role. Each kind of place says who else gives what (``PlaceKind.give`` and
``given``). Who may give a role may also change its end and take it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.accounts.models import HELD_AT, Role
from alliage_web.accounts.queries import MEMBER, holding_only, kind_of, people_who_hold, place

from .predicates import is_administrator

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User
    from alliage_web.accounts.queries import Place


def held_at_kind(kind: str) -> tuple[str, ...]:
    """Return what can be given at a kind of place: roles, and belonging to an organisation."""
    roles = tuple(role.value for role in Role if kind in HELD_AT[role])
    return (MEMBER, *roles) if kind == "organisation" else roles


def gives(user: User | AnonymousUser, where: Place) -> tuple[str, ...]:
    """Return what a person may give at a place, in the order of the roles."""
    possible = held_at_kind(where.kind)
    if is_administrator.test(user):
        return possible
    kind = kind_of(where.name)
    if kind is None or not kind.give or not user.has_perm(kind.give, where.object):
        return ()
    return tuple(role for role in possible if role in kind.given)


def may_give(user: User | AnonymousUser, role: str, name: str) -> bool:
    """Tell whether a person may give a role, or belonging, at the place of this stable name."""
    where = place(name)
    return where is not None and role in gives(user, where)


def people_who_give(role: str, where: Place, at: dt.datetime) -> list[User]:
    """Return everybody who may give a role at a place now."""
    creator = getattr(where.object, "created_by_id", None)
    return [
        person for person in people_who_hold(at, also=[creator]) if role in gives(person, where)
    ]


def stands_in_for(user: User, role: str, name: str) -> User | None:
    """Return whose role lets a person give this one, when it is not one of their own."""
    where = place(name)
    if where is None:
        return None
    own = holding_only(user, holdings=user.own_holdings, memberships=user.belongs_to)
    if role in gives(own, where):
        return None
    for delegation in user.delegations_received:
        if role in gives(holding_only(user, delegations=[delegation]), where):
            lender: User = delegation.holding.user
            return lender
    return None
