"""Entrusting a role to somebody while one is away."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction

from alliage_web.accounts.models import Delegation, Membership, Role, RoleHolding, User
from alliage_web.accounts.permissions import may_give
from alliage_web.audit.actions import record

from .roles import lock_holdings

if TYPE_CHECKING:
    import datetime as dt

LONGEST: Final = timedelta(days=92)
#: An administrator adds another one instead; a researcher is cleared in person for microdata.
NOT_DELEGATED: Final = frozenset({Role.ADMINISTRATOR.value, Role.RESEARCHER.value})


class DelegationFault(StrEnum):
    """Why a role cannot be entrusted so."""

    ENDED = "ended"
    NOT_DELEGATED = "not-delegated"
    SELF = "self"
    CLOSED = "closed"
    HOLDS = "holds"
    ORGANISATION = "organisation"
    DATES = "dates"
    LONG = "long"
    BEYOND = "beyond"
    TWICE = "twice"


class DelegationRefusedError(Exception):
    """A role cannot be entrusted so; pages put ``why`` in a sentence."""

    def __init__(self, why: DelegationFault) -> None:
        self.why = why
        super().__init__(f"This role cannot be entrusted so: {why}.")


@transaction.atomic
def delegate_role(
    *,
    holding: RoleHolding,
    delegate: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    by: User,
    at: dt.datetime,
) -> Delegation:
    """Entrust one's own role to somebody between two moments; a start that is past is now.

    What one received is not passed on, and nothing outlives the role.

    Raises
    ------
    DelegationRefusedError
        ``why`` says what is wrong.
    PermissionDenied
        The role is held by somebody else.
    """
    lock_holdings(by, delegate)
    if holding.user_id != by.pk:
        msg = f"{by.stable_name} does not hold this role in their own name."
        raise PermissionDenied(msg)
    starts_at = max(starts_at, at)
    fresh = RoleHolding.objects.now(at).filter(pk=holding.pk, user__is_active=True).first()
    if fresh is None:
        raise DelegationRefusedError(DelegationFault.ENDED)
    if why := _wrong_person(fresh, delegate, at) or _wrong_dates(fresh, starts_at, ends_at):
        raise DelegationRefusedError(why)
    overlap = Delegation.objects.filter(
        holding=fresh, delegate=delegate, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if overlap.exists():
        raise DelegationRefusedError(DelegationFault.TWICE)
    delegation = Delegation.objects.create(
        holding=fresh, delegate=delegate, starts_at=starts_at, ends_at=ends_at, created_at=at
    )
    _record("delegation.created", delegation, by=by, at=at, ends=[None, ends_at.isoformat()])
    return delegation


@transaction.atomic
def end_delegation(*, delegation: Delegation, by: User, at: dt.datetime) -> bool:
    """End a delegation before its time, or call it off before it begins.

    Whoever entrusted, whoever replaces, or who may give the role does it. Return False when it had
    ended already.

    Raises
    ------
    PermissionDenied
        It is somebody else's.
    """
    fresh = (
        Delegation.objects.select_for_update(of=("self",))
        .filter(pk=delegation.pk)
        .select_related("holding__user", "delegate")
        .first()
    )
    if fresh is None or fresh.ends_at <= at:
        return False
    holding = fresh.holding
    concerned = by.pk in {holding.user_id, fresh.delegate_id}
    if not concerned and not may_give(User.objects.get(pk=by.pk), holding.role, holding.place):
        msg = f"{by.stable_name} may not end what {holding.user.stable_name} entrusted."
        raise PermissionDenied(msg)
    ends: list[str | None] = [fresh.ends_at.isoformat(), at.isoformat()]
    _record("delegation.ended", fresh, by=by, at=at, ends=ends)
    if fresh.starts_at >= at:
        fresh.delete()
    else:
        fresh.ends_at = at
        fresh.save(update_fields=["ends_at"])
    return True


def _wrong_person(holding: RoleHolding, delegate: User, at: dt.datetime) -> DelegationFault | None:
    if holding.role in NOT_DELEGATED:
        return DelegationFault.NOT_DELEGATED
    if delegate.pk == holding.user_id:
        return DelegationFault.SELF
    if not User.objects.filter(pk=delegate.pk, is_active=True).exists():
        return DelegationFault.CLOSED
    held = RoleHolding.objects.now(at).filter(user=delegate, place=holding.place)
    if held.filter(role=holding.role, organisation=holding.organisation).exists():
        return DelegationFault.HOLDS
    member = Membership.objects.filter(user=delegate, organisation=holding.organisation)
    if holding.organisation and not member.exists():
        return DelegationFault.ORGANISATION
    return None


def _wrong_dates(
    holding: RoleHolding, starts_at: dt.datetime, ends_at: dt.datetime
) -> DelegationFault | None:
    if ends_at <= starts_at:
        return DelegationFault.DATES
    if ends_at - starts_at > LONGEST:
        return DelegationFault.LONG
    if holding.expires_at is not None and ends_at > holding.expires_at:
        return DelegationFault.BEYOND
    return None


def _record(
    kind: str, delegation: Delegation, *, by: User, at: dt.datetime, ends: list[str | None]
) -> None:
    holding = delegation.holding
    record(
        kind=kind,
        target=holding.place,
        by=by,
        at=at,
        changes={
            "role": [holding.role, holding.role],
            "person": [holding.user.stable_name, holding.user.stable_name],
            "delegate": [None, delegation.delegate.stable_name],
            "starts_at": [None, delegation.starts_at.isoformat()],
            "ends_at": ends,
        },
    )
