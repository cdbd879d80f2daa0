"""Counting people together: packets are formed, and nothing of their members is copied."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import transaction

from alliage.positioning.collective import packets
from alliage.positioning.questionnaire import questionnaire
from alliage_web.audit.actions import record
from alliage_web.positioning.models import Packet, SavedResult
from alliage_web.positioning.queries.collective import people_waiting

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


@transaction.atomic
def form_packets(
    *, day: dt.date, at: dt.datetime, invented: bool = False, seed: str = ""
) -> list[Packet]:
    """Gather by twelve those who agreed and are in no whole packet; return what was formed.

    Without a seed, who is with whom is drawn so that nobody can foresee it.
    """
    # Two runs at once would take the same people.
    list(SavedResult.objects.select_for_update().filter(invented=invented).values_list("pk"))
    formed = []
    for one in packets(people_waiting(day, invented=invented), seed=seed or secrets.token_hex(16)):
        packet = Packet.objects.create(
            questionnaire_version=questionnaire().version,
            formed_on=day,
            territory_id=int(one.told.place) if one.told.place else None,
            world=one.told.world,
            size=one.told.size,
            invented=invented,
        )
        SavedResult.objects.filter(pk__in=map(int, one.people)).update(packet=packet)
        formed.append(packet)
    if formed:
        # Which packets, and of whom, the trail does not tell.
        record(
            kind="positioning.packets-formed",
            target="platform",
            by=None,
            at=at,
            changes={"packets": [0, len(formed)]},
        )
        Packet.objects.filter(members=None).delete()
    return formed


@transaction.atomic
def keep_invented(*, results: Sequence[SavedResult], at: dt.datetime) -> None:
    """Keep the results that a demonstration invents, all marked so."""
    for one in results:
        one.invented = True
    SavedResult.objects.bulk_create(results)
    record(
        kind="positioning.invented",
        target="platform",
        by=None,
        at=at,
        changes={"results": [0, len(results)]},
    )
