"""Moving to another place the people of one that became it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from alliage_web.accounts.models import Delegation, Invitation, Membership, RoleHolding
from alliage_web.audit.actions import record

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.accounts.models import User


@transaction.atomic
def move_people(*, before: str, after: str, by: User | None, at: dt.datetime) -> int:
    """Let those who belonged or held a role at a place do so at the one into which it was merged.

    Roles that act for an organisation follow it, and so do invitations. Of a role held at both, the
    one that lasts longest stays, with what was entrusted of both. Return how many rows moved.
    """
    memberships = _memberships(before, after)
    holdings = _holdings(before, after)
    invitations = _invitations(before, after)
    moved = len(memberships) + len(holdings) + len(invitations)
    if moved:
        people = {row.user_id for row in memberships} | {row.user_id for row in holdings}
        record(
            kind="place.people-moved",
            target=after,
            by=by,
            at=at,
            changes={
                "place": [before, after],
                "people": [None, [f"person:{key}" for key in sorted(people)]],
                "invitations": [None, len(invitations)],
            },
        )
    return moved


def _memberships(before: str, after: str) -> list[Membership]:
    rows = list(Membership.objects.filter(organisation=before).order_by("pk"))
    there = {row.user_id: row for row in Membership.objects.filter(organisation=after)}
    for row in rows:
        if twin := there.get(row.user_id):
            twin.since = min(twin.since, row.since)
            twin.save(update_fields=["since"])
            row.delete()
        else:
            row.organisation = after
            row.save(update_fields=["organisation"])
    return rows


def _holdings(before: str, after: str) -> list[RoleHolding]:
    chosen = RoleHolding.objects.filter(Q(place=before) | Q(organisation=before))
    rows = list(chosen.select_for_update().order_by("pk"))
    for row in rows:
        place = after if row.place == before else row.place
        organisation = after if row.organisation == before else row.organisation
        twin = RoleHolding.objects.filter(
            user=row.user_id, role=row.role, place=place, organisation=organisation
        ).first()
        if twin is None:
            row.place, row.organisation = place, organisation
            row.save(update_fields=["place", "organisation"])
        else:
            _join(twin, row)
    return rows


def _join(kept: RoleHolding, lost: RoleHolding) -> None:
    """Keep one of two holdings of a role: it lasts as long as the longer of both."""
    ends = (kept.expires_at, lost.expires_at)
    kept.expires_at = None if None in ends else max(end for end in ends if end)
    kept.save(update_fields=["expires_at"])
    there = set(kept.delegations.values_list("delegate", "starts_at"))
    for delegation in lost.delegations.order_by("pk"):
        if (delegation.delegate_id, delegation.starts_at) not in there:
            Delegation.objects.filter(pk=delegation.pk).update(holding=kept)
    lost.delete()


def _invitations(before: str, after: str) -> list[Invitation]:
    chosen = Invitation.objects.filter(Q(place=before) | Q(organisation=before))
    rows = list(chosen.select_for_update().order_by("pk"))
    for row in rows:
        row.place = after if row.place == before else row.place
        row.organisation = after if row.organisation == before else row.organisation
        row.save(update_fields=["place", "organisation"])
    return rows
