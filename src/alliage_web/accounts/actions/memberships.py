"""Belonging to an organisation, and leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from alliage_web.accounts.models import Delegation, Membership, RoleHolding, User
from alliage_web.accounts.queries import MEMBER
from alliage_web.audit.actions import record

from .roles import lock_holdings, refuse_unless_may_give, remove_holding

if TYPE_CHECKING:
    import datetime as dt


@transaction.atomic
def join_organisation(
    *, user: User, organisation: str, at: dt.datetime, by: User | None
) -> Membership:
    """Let a person belong to an organisation, known by its stable name.

    Raises
    ------
    PermissionDenied
        ``by`` may not say so.
    """
    giver = refuse_unless_may_give(by, MEMBER, organisation)
    membership, created = Membership.objects.get_or_create(
        user=user, organisation=organisation, defaults={"since": at}
    )
    if created:
        record(
            kind="member.joined",
            target=organisation,
            by=by,
            at=at,
            changes={"person": [None, user.stable_name]},
            on_behalf_of=giver,
        )
    return membership


@transaction.atomic
def leave_organisation(*, membership: Membership, by: User | None, at: dt.datetime) -> bool:
    """Let a person belong to an organisation no more, nor act for it in alliances.

    Return False when it was done meanwhile.

    Raises
    ------
    PermissionDenied
        ``by`` is neither this person nor somebody who says who belongs to the organisation.
    """
    user, organisation = membership.user, membership.organisation
    lock_holdings(user, by)
    leaves = by is not None and by.pk == user.pk
    giver = None if leaves else refuse_unless_may_give(by, MEMBER, organisation)
    if not Membership.objects.select_for_update().filter(pk=membership.pk).exists():
        return False
    for holding in RoleHolding.objects.filter(user=user, organisation=organisation).order_by("pk"):
        # Whoever ends the belonging ends what came with it, by the same right.
        remove_holding(holding, by=by, at=at, giver=giver)
    received = Q(delegate=user, holding__organisation=organisation)
    Delegation.objects.filter(received).delete()
    Membership.objects.filter(pk=membership.pk).delete()
    record(
        kind="member.left",
        target=organisation,
        by=by,
        at=at,
        changes={"person": [user.stable_name, None]},
        on_behalf_of=giver,
    )
    return True
