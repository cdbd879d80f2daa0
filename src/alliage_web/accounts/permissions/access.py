"""Who may see or do what at a place, and why: everybody, not a sample.

Three kinds of people answer for all: a visitor, a newcomer who is signed in and holds nothing, and
each person who holds, replaces, belongs or created the object. A ground looks at nothing else (see
``Ground``), so that the page says yes exactly when ``has_perm`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from alliage_web.accounts.models import HELD_AT, PLATFORM, Membership, Role, RoleHolding, User
from alliage_web.accounts.queries import (
    MEMBER,
    Held,
    entrusted,
    held,
    holding_only,
    people_who_hold,
)

from .granting import Grant, Ground, grants
from .own import GIVE_ANY_ROLE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from alliage_web.accounts.queries import Place


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a person may: a ground, and what they hold that makes it true.

    Nothing held makes true that a person created the object, or is signed in.
    """

    ground: Ground
    held: tuple[Held, ...] = ()
    memberships: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonAccess:
    person: User
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """Who has a permission at a place.

    ``people`` are those who have it in their own right; where everyone has it, or every signed-in
    person, nobody is listed besides.
    """

    granted: Grant
    everyone: bool
    signed_in: bool
    people: tuple[PersonAccess, ...]

    def says_yes(self, user: User | AnonymousUser) -> bool:
        if self.everyone or (self.signed_in and user.is_authenticated and user.is_active):
            return True
        return any(one.person.pk == user.pk for one in self.people)


def asked_at(where: Place) -> tuple[Grant, ...]:
    """Return the permissions that make sense at a place."""
    about = grants(where.kind)
    general = tuple(granted for granted in grants() if granted.permission == GIVE_ANY_ROLE)
    return about if where.kind == PLATFORM else about + general


def who_may(where: Place, at: dt.datetime) -> tuple[Access, ...]:
    """Say who may see or do what at a place, and why."""
    people = candidates(where, at)
    return tuple(_access(granted, where, people) for granted in asked_at(where))


def candidates(where: Place, at: dt.datetime) -> list[User]:
    """Return everybody who could have a ground that a newcomer has not."""
    return people_who_hold(at, also=[getattr(where.object, "created_by_id", None)])


def reasons_of(person: User, granted: Grant, where: Place) -> tuple[Reason, ...]:
    """Return each ground that a person has for a permission, and what they hold that makes it."""
    found = (
        _reason(person, ground, where)
        for ground in granted.grounds
        if ground.predicate.test(person, where.object)
    )
    # A ground that includes another, such as what editors and administrators may, is not repeated.
    kept: dict[tuple[Held, ...] | str, Reason] = {}
    for reason in found:
        kept.setdefault(reason.held or str(reason.ground.sentence), reason)
    return tuple(kept.values())


def enabling_roles(granted: Grant, where: Place) -> tuple[str, ...]:
    """Return what would be enough to hold at this place, or on the platform, to have a permission.

    Each is tried by itself on somebody who holds nothing else.
    """
    return tuple(
        role
        for role, alone in _trials(where)
        if any(ground.predicate.test(alone, where.object) for ground in granted.grounds)
    )


def _trials(where: Place) -> Iterator[tuple[str, User]]:
    nobody = _newcomer()
    if where.kind == "organisation":
        yield MEMBER, holding_only(nobody, memberships=[Membership(organisation=where.name)])
    for role in Role:
        for kind, name in {where.kind: where.name, PLATFORM: PLATFORM}.items():
            if kind in HELD_AT[role]:
                holding = RoleHolding(role=role.value, place=name, granted_by=None)
                yield role.value, holding_only(nobody, holdings=[holding])


def _newcomer() -> User:
    # No account has this number, and what nobody created was not created by number 0.
    return holding_only(User(pk=0))


def _access(granted: Grant, where: Place, people: list[User]) -> Access:
    everyone = _has_ground(AnonymousUser(), granted, where)
    signed_in = everyone or _has_ground(_newcomer(), granted, where)
    listed = () if signed_in else tuple(_listed(granted, where, people))
    return Access(granted, everyone, signed_in, listed)


def _listed(granted: Grant, where: Place, people: list[User]) -> Iterator[PersonAccess]:
    for person in people:
        if reasons := reasons_of(person, granted, where):
            yield PersonAccess(person, reasons)


def _has_ground(user: User | AnonymousUser, granted: Grant, where: Place) -> bool:
    return any(ground.predicate.test(user, where.object) for ground in granted.grounds)


def _reason(person: User, ground: Ground, where: Place) -> Reason:
    """Find what a person holds that is enough by itself for a ground."""
    if ground.predicate.test(holding_only(person), where.object):
        return Reason(ground)
    target = where.object
    own = [
        held(one)
        for one in person.own_holdings
        if ground.predicate.test(holding_only(person, holdings=[one]), target)
    ]
    lent = [
        entrusted(one)
        for one in person.delegations_received
        if ground.predicate.test(holding_only(person, delegations=[one]), target)
    ]
    memberships = tuple(
        one
        for one in person.belongs_to
        if ground.predicate.test(holding_only(person, memberships=[one]), target)
    )
    return Reason(ground, (*own, *lent), memberships)
