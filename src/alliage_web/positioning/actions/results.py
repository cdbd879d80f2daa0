"""Keeping a result, erasing it, comparing it, and setting it beside those of others.

Whoever holds the private link may do it: no account is asked, and the trail names nobody and holds
no answer.
"""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from alliage.positioning.doors import Preference
from alliage.positioning.questionnaire import questionnaire
from alliage_web.audit.actions import record
from alliage_web.positioning.models import ResultGroup, SavedResult
from alliage_web.positioning.queries.filling import answers
from alliage_web.positioning.queries.results import digest_of

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.positioning.queries.filling import Filling

#: How long a result is kept.
MONTHS_KEPT = 24
#: More people than this are no longer read side by side.
LARGEST_GROUP = 20


class GroupFullError(Exception):
    """The group already holds `LARGEST_GROUP` results."""


@transaction.atomic
def keep_result(
    *,
    filling: Filling,
    token: str,
    at: dt.datetime,
    territory_id: int | None = None,
    organisation_id: int | None = None,
    consent_collective: bool = False,
) -> SavedResult:
    """Keep the answers of a device under a private link.

    The link was drawn with the form: sent twice, the form keeps one result, and leads to it.
    """
    asked = questionnaire()
    given = answers(filling)
    result, made = SavedResult.objects.get_or_create(
        token_sha256=digest_of(token),
        defaults={
            "questionnaire_version": filling.version,
            "answers": {
                "comparisons": [
                    int(given.comparisons.get(pair, Preference.NOT_ANSWERED))
                    for pair in asked.comparisons
                ],
                "levels": dict(given.levels),
                "proofs": sorted(given.proofs),
                "domain": filling.domain,
                "variants": {
                    one.code: one.variant(filling.world)
                    for one in asked.behaviours
                    if one.variant(filling.world)
                },
            },
            "world": filling.world.value,
            "size": filling.size,
            "territory_id": territory_id,
            "organisation_id": organisation_id,
            "hours": filling.hours,
            "wished_partner": filling.partner,
            "consent_collective": consent_collective,
            "consented_at": at if consent_collective else None,
            "created_at": at,
            "expires_on": last_day(at),
        },
    )
    if made:
        record(kind="positioning.kept", target=result.stable_name, by=None, at=at)
    return result


@transaction.atomic
def erase_result(*, result: SavedResult, at: dt.datetime) -> None:
    """Erase a result at once, and its group if nobody else is in it."""
    group = result.group
    name = result.stable_name
    result.delete()
    _close_if_empty(group)
    record(kind="positioning.erased", target=name, by=None, at=at)


@transaction.atomic
def set_consent(*, result: SavedResult, agreed: bool, at: dt.datetime) -> None:
    """Count a result in the views of the whole, or no more."""
    fresh = SavedResult.objects.select_for_update().get(pk=result.pk)
    if fresh.consent_collective == agreed:
        return
    fresh.consent_collective, fresh.consented_at = agreed, at if agreed else None
    fresh.save(update_fields=["consent_collective", "consented_at"])
    record(
        kind="positioning.consent",
        target=fresh.stable_name,
        by=None,
        at=at,
        changes={"consent_collective": [not agreed, agreed]},
    )


@transaction.atomic
def set_earlier(*, result: SavedResult, earlier: SavedResult, at: dt.datetime) -> None:
    """Say which result the same person had before."""
    fresh = SavedResult.objects.select_for_update().get(pk=result.pk)
    if fresh.earlier_id == earlier.pk:
        return
    fresh.earlier = earlier
    fresh.save(update_fields=["earlier"])
    record(kind="positioning.compared", target=fresh.stable_name, by=None, at=at)


@transaction.atomic
def open_group(
    *, result: SavedResult, name: str, label: str, token: str, at: dt.datetime
) -> ResultGroup:
    """Open a group with one's result in it; the same form sent twice opens one."""
    fresh = SavedResult.objects.select_for_update().get(pk=result.pk)
    group, made = ResultGroup.objects.get_or_create(
        token_sha256=digest_of(token),
        defaults={"name": name, "created_at": at, "expires_on": last_day(at)},
    )
    if made:
        left = fresh.group
        fresh.group, fresh.label = group, label
        fresh.save(update_fields=["group", "label"])
        _close_if_empty(left)
        record(kind="positioning.group-opened", target=group.stable_name, by=None, at=at)
    return group


@transaction.atomic
def join_group(*, result: SavedResult, group: ResultGroup, label: str, at: dt.datetime) -> None:
    """Set one's result beside those of a group.

    Raises
    ------
    GroupFullError
        The group has no more room.
    """
    place = ResultGroup.objects.select_for_update().get(pk=group.pk)
    fresh = SavedResult.objects.select_for_update().get(pk=result.pk)
    if fresh.group_id == place.pk:
        return
    if place.results.count() >= LARGEST_GROUP:
        raise GroupFullError
    left = fresh.group
    fresh.group, fresh.label = place, label
    fresh.save(update_fields=["group", "label"])
    _close_if_empty(left)
    record(kind="positioning.group-joined", target=place.stable_name, by=None, at=at)


@transaction.atomic
def renew_link(*, group: ResultGroup, token: str, at: dt.datetime) -> None:
    """Give a group another link: the former one opens nothing any more."""
    fresh = ResultGroup.objects.select_for_update().get(pk=group.pk)
    if fresh.token_sha256 == digest_of(token):
        return
    fresh.token_sha256 = digest_of(token)
    fresh.save(update_fields=["token_sha256"])
    record(kind="positioning.group-link-renewed", target=fresh.stable_name, by=None, at=at)


@transaction.atomic
def leave_group(*, result: SavedResult, at: dt.datetime) -> None:
    """Take one's result out of its group; the group goes with its last result."""
    fresh = SavedResult.objects.select_for_update().get(pk=result.pk)
    group = fresh.group
    if group is None:
        return
    fresh.group, fresh.label = None, ""
    fresh.save(update_fields=["group", "label"])
    record(kind="positioning.group-left", target=group.stable_name, by=None, at=at)
    _close_if_empty(group)


def last_day(at: dt.datetime) -> dt.date:
    """Return the day on which what is kept today is erased."""
    day = timezone.localdate(at)
    years, month = divmod(day.month - 1 + MONTHS_KEPT, 12)
    year = day.year + years
    return day.replace(
        year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1])
    )


def _close_if_empty(group: ResultGroup | None) -> None:
    if group is not None and not group.results.exists():
        group.delete()
