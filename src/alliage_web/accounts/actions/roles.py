"""Giving a role somewhere, changing until when, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from alliage_web.accounts.models import HELD_AT, PLATFORM, Delegation, Role, RoleHolding, User
from alliage_web.accounts.permissions import may_give, stands_in_for
from alliage_web.audit.actions import record

if TYPE_CHECKING:
    import datetime as dt


class RoleRefusedError(Exception):
    """The role cannot be given so; the message says why, in English, for who reads the log."""


class LastAdministratorError(Exception):
    """Nobody would administer the platform any more."""

    def __init__(self) -> None:
        super().__init__(
            "This is the last administrator with no end date: give the role to somebody else first."
        )


@transaction.atomic
def give_role(
    *,
    user: User,
    role: Role,
    at: dt.datetime,
    by: User | None,
    place: str = PLATFORM,
    organisation: str = "",
    expires_at: dt.datetime | None = None,
) -> RoleHolding:
    """Let a person hold a role at a place, or change until when they hold it.

    Acting for an organisation in an alliance does not make one belong to it: who may give the one
    may not always give the other.

    Raises
    ------
    RoleRefusedError
        The role is not held at this kind of place, would end before it begins, or the account is
        closed.
    LastAdministratorError
        An end date on the last administrator.
    PermissionDenied
        ``by`` may not give this role there, or may not any more.
    """
    lock_holdings(user, by, administrators=role == Role.ADMINISTRATOR)
    giver = refuse_unless_may_give(by, role, place)
    holding, before = write_holding(
        user=user,
        role=role,
        place=place,
        organisation=organisation,
        expires_at=expires_at,
        by=by,
        at=at,
    )
    if before != "same":
        _record_role("role.given", holding, by=by, at=at, giver=giver, ends=before)
    return holding


@transaction.atomic
def change_role_end(
    *, holding: RoleHolding, expires_at: dt.datetime | None, by: User | None, at: dt.datetime
) -> None:
    """Change until when a role is held; None lets it be held with no end.

    What its holder entrusted to others ends with it, and is not prolonged with it.

    Raises
    ------
    RoleRefusedError
        The end is not to come, or the role was taken back meanwhile.
    LastAdministratorError
        An end date on the last administrator.
    PermissionDenied
        ``by`` may not give this role there, or may not any more.
    """
    lock_holdings(holding.user, by, administrators=holding.role == Role.ADMINISTRATOR)
    giver = refuse_unless_may_give(by, holding.role, holding.place)
    fresh = RoleHolding.objects.filter(pk=holding.pk).select_related("user").first()
    if fresh is None:
        msg = f"The role {holding.role} at {holding.place} was taken back meanwhile."
        raise RoleRefusedError(msg)
    _refuse_impossible(fresh.user, Role(fresh.role), expires_at, at)
    if fresh.expires_at == expires_at:
        return
    before = _end(fresh.expires_at)
    fresh.expires_at = expires_at
    fresh.save(update_fields=["expires_at"])
    _end_delegations_with(fresh)
    ends = [before, _end(expires_at)]
    _record_role("role.end-changed", fresh, by=by, at=at, giver=giver, ends=ends)


@transaction.atomic
def take_role(*, holding: RoleHolding, by: User | None, at: dt.datetime) -> bool:
    """Take a role back, with what its holder delegated of it; its holder may leave it.

    Return False when it was taken back meanwhile.

    Raises
    ------
    LastAdministratorError
        Nobody else administers the platform.
    PermissionDenied
        ``by`` may not give this role there, or may not any more.
    """
    lock_holdings(holding.user, by, administrators=holding.role == Role.ADMINISTRATOR)
    leaves = by is not None and by.pk == holding.user_id
    giver = None if leaves else refuse_unless_may_give(by, holding.role, holding.place)
    fresh = RoleHolding.objects.filter(pk=holding.pk).select_related("user").first()
    if fresh is None:
        return False
    remove_holding(fresh, by=by, at=at, giver=giver)
    return True


def remove_holding(
    holding: RoleHolding, *, by: User | None, at: dt.datetime, giver: User | None
) -> None:
    """Remove a holding that is locked, by somebody who may; used by whatever ends a role."""
    if holding.role == Role.ADMINISTRATOR:
        keep_an_administrator(without=holding.user)
    leaves = by is not None and by.pk == holding.user_id
    ends = [_end(holding.expires_at), None]
    kind = "role.left" if leaves else "role.taken"
    _record_role(kind, holding, by=by, at=at, giver=giver, ends=ends)
    holding.delete()


def keep_an_administrator(*, without: User) -> None:
    """Raise unless somebody else administers the platform with no end date.

    The rows are locked: of two administrators who remove each other at once, one is refused. Called
    in a transaction, also by what closes or erases an account.
    """
    held = RoleHolding.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk")
    keys = [row.user_id for row in held if row.expires_at is None and row.user_id != without.pk]
    if not User.objects.filter(pk__in=keys, is_active=True).exists():
        raise LastAdministratorError


def lock_holdings(*people: User | None, administrators: bool = False) -> None:
    """Hold what these people hold as it is until the transaction ends.

    Always in the same order, so that two people who write about each other do not wait for each
    other. What was read before is read again after it.
    """
    concerned = Q(user__in=[person.pk for person in people if person])
    if administrators:
        concerned |= Q(role=Role.ADMINISTRATOR)
    locked = RoleHolding.objects.select_for_update().filter(concerned).order_by("pk")
    list(locked.values_list("pk"))


def refuse_unless_may_give(by: User | None, role: str, place: str) -> User | None:
    """Raise unless a person may give a role now; return for whom they stand in.

    The person is read again: what they held when their request began may have ended since.

    Raises
    ------
    PermissionDenied
        They may not, or may not any more. A command (None) may.
    """
    if by is None:
        return None
    fresh = User.objects.get(pk=by.pk)
    if not may_give(fresh, role, place):
        msg = f"{fresh.stable_name} may not give the role « {role or 'member'} » at {place}."
        raise PermissionDenied(msg)
    return stands_in_for(fresh, role, place)


def write_holding(
    *,
    user: User,
    role: Role,
    place: str,
    organisation: str,
    expires_at: dt.datetime | None,
    by: User | None,
    at: dt.datetime,
) -> tuple[RoleHolding, Any]:
    """Write a holding, and give what its end was and is; « same » when nothing had to change."""
    if place.partition(":")[0] not in HELD_AT[role]:
        msg = f"{role.value} is not held at {place}; it is held at: {', '.join(HELD_AT[role])}."
        raise RoleRefusedError(msg)
    _refuse_impossible(user, role, expires_at, at)
    holding, created = RoleHolding.objects.select_for_update().get_or_create(
        user=user,
        role=role,
        place=place,
        organisation=organisation,
        defaults={"granted_by": by, "granted_at": at, "expires_at": expires_at},
    )
    if created:
        return holding, [None, _end(expires_at)]
    ended = holding.expires_at is not None and holding.expires_at <= at
    if holding.expires_at == expires_at and not ended:
        return holding, "same"
    before = _end(holding.expires_at)
    holding.granted_by, holding.granted_at, holding.expires_at = by, at, expires_at
    holding.save(update_fields=["granted_by", "granted_at", "expires_at"])
    _end_delegations_with(holding)
    return holding, [before, _end(expires_at)]


def _refuse_impossible(
    user: User, role: Role, expires_at: dt.datetime | None, at: dt.datetime
) -> None:
    if not User.objects.filter(pk=user.pk, is_active=True).exists():
        msg = f"The account {user.stable_name} is closed: it holds no role."
        raise RoleRefusedError(msg)
    if expires_at is not None and expires_at <= at:
        msg = f"The role would end on {expires_at.isoformat()}, which is past."
        raise RoleRefusedError(msg)
    if expires_at is not None and role == Role.ADMINISTRATOR:
        keep_an_administrator(without=user)


def _end_delegations_with(holding: RoleHolding) -> None:
    """Let nothing that was entrusted outlive the role, even if the role is prolonged later."""
    if holding.expires_at is None:
        return
    delegations = Delegation.objects.filter(holding=holding)
    delegations.filter(starts_at__gte=holding.expires_at).delete()
    delegations.filter(ends_at__gt=holding.expires_at).update(ends_at=holding.expires_at)


def _record_role(
    kind: str,
    holding: RoleHolding,
    *,
    by: User | None,
    at: dt.datetime,
    giver: User | None,
    ends: list[str | None],
) -> None:
    """Record on the place: the person is named by number, never by name."""
    gone = kind in {"role.taken", "role.left"}
    values = {"person": holding.user.stable_name, "role": holding.role}
    if holding.organisation:
        values["organisation"] = holding.organisation
    changes: dict[str, list[str | None]]
    if kind == "role.end-changed":
        changes = {name: [value, value] for name, value in values.items()}
    else:
        changes = {name: [value, None] if gone else [None, value] for name, value in values.items()}
    record(
        kind=kind,
        target=holding.place,
        by=by,
        at=at,
        changes={**changes, "expires_at": ends},
        on_behalf_of=giver,
    )


def _end(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
