"""What the answers received so far show of the questionnaire.

Only those who agreed are read, on today's version of the questionnaire; invented answers never.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Max, Sum
from django.utils import timezone

from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.validation.fieldwork import INTERVIEWS, fieldwork
from alliage.positioning.validation.verdict import (
    EXPERTS,
    Evidence,
    Finding,
    findings,
    is_validated,
)
from alliage.values.dates import PartialDate, Precision
from alliage_web.actors.models import INVENTED
from alliage_web.knowledge.models import EntryKind, EntryState
from alliage_web.positioning.models import SavedResult

from .collective import levels_of
from .results import agreed_to_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

#: A retest is read two to four weeks after.
_SOONEST, _LATEST = dt.timedelta(days=14), dt.timedelta(days=28)
#: Alliances are looked for in the year that follows the answers.
_FOLLOWED = 365
_DAY_IN_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class ValidationStatus:
    """What each check found, and whether the questionnaire may be said to measure.

    Attributes
    ----------
    findings
        One for each check and door.
    people
        Real people who agreed and are counted, once each.
    interviews, interviews_needed
        Cognitive interviews of the world that has the fewest, and how many each world needs.
    validated
        Whether everything passes.
    """

    findings: tuple[Finding, ...]
    people: int
    interviews: int
    interviews_needed: int
    validated: bool


def is_tool_validated() -> bool:
    """Tell whether every check passes, for the line that each result carries.

    Nothing is read in the database as long as experts and interviews are missing.
    """
    return _is_field_work_done() and validation_status().validated


def validation_status() -> ValidationStatus:
    """Return what the checks found; they are made again when the answers changed, and each day."""
    day = timezone.localdate()
    people = _agreed(day)
    key = f"positioning-validation/{questionnaire().version}/{day}/{_state(people)}"
    found: tuple[tuple[Finding, ...], int] | None = cache.get(key)
    if found is None:
        evidence = _evidence(people, day)
        found = findings(evidence, questionnaire()), len(evidence.levels)
        cache.set(key, found, _DAY_IN_SECONDS)
    done = fieldwork() if fieldwork().is_about(questionnaire()) else None
    return ValidationStatus(
        findings=found[0],
        people=found[1],
        interviews=done.fewest_interviews if done else 0,
        interviews_needed=INTERVIEWS,
        validated=_is_field_work_done() and is_validated(found[0]),
    )


def _is_field_work_done() -> bool:
    done, asked = fieldwork(), questionnaire()
    return (
        done.is_about(asked)
        and done.has_interviews
        and all(len(done.relevance.get(one.code, ())) >= EXPERTS for one in asked.behaviours)
    )


def _agreed(day: dt.date) -> QuerySet[SavedResult]:
    return agreed_to_count(day).filter(
        invented=False, questionnaire_version=questionnaire().version
    )


def _state(people: QuerySet[SavedResult]) -> str:
    """Return what changes when an answer, an agreement, a group or a comparison does."""
    found = people.aggregate(
        Count("pk"),
        Sum("pk"),
        Max("consented_at"),
        Count("earlier"),
        Sum("earlier"),
        Count("group"),
        Sum("group"),
    )
    return "/".join(str(found[name]) for name in sorted(found)).replace(" ", "_")


def _evidence(people: QuerySet[SavedResult], day: dt.date) -> Evidence:
    rows = list(people.order_by("created_at", "pk"))
    known = {row.pk: row for row in rows}
    first = [row for row in rows if row.earlier_id not in known]
    done = fieldwork()
    return Evidence(
        levels=_levels(first),
        groups={
            "world": np.array([row.world for row in first], dtype=np.str_),
            "size": np.array([row.size or "unknown" for row in first], dtype=np.str_),
        },
        retests=_pairs(_retests(rows, known)),
        informants=_pairs(_informants(first)),
        relevance=done.relevance if done.is_about(questionnaire()) else {},
        alliances=_alliances(first, day),
    )


def _levels(rows: Sequence[SavedResult]) -> np.ndarray[Any, np.dtype[np.int64]]:
    found = np.array([levels_of(row.answers) for row in rows], dtype=np.int64)
    return found.reshape(len(rows), len(questionnaire().behaviours))


def _pairs(
    pairs: Sequence[tuple[SavedResult, SavedResult]],
) -> np.ndarray[Any, np.dtype[np.int64]]:
    flat = _levels([row for pair in pairs for row in pair])
    return flat.reshape(len(pairs), 2, flat.shape[1])


def _retests(
    rows: Sequence[SavedResult], known: dict[int, SavedResult]
) -> list[tuple[SavedResult, SavedResult]]:
    """Return those who answered again two to four weeks after, once each."""
    found: dict[int, tuple[SavedResult, SavedResult]] = {}
    for row in rows:
        before = known.get(row.earlier_id or 0)
        if (
            before is not None
            and before.earlier_id not in known
            and _SOONEST <= row.created_at - before.created_at <= _LATEST
        ):
            found.setdefault(before.pk, (before, row))
    return list(found.values())


def _informants(first: Sequence[SavedResult]) -> list[tuple[SavedResult, SavedResult]]:
    """Return two people of each group: the first two who came."""
    ordered = sorted(
        (row for row in first if row.group_id is not None), key=lambda row: row.group_id or 0
    )
    found = []
    for _group, members in groupby(ordered, key=lambda row: row.group_id):
        two = list(members)[:2]
        if len(two) == 2:
            found.append((two[0], two[1]))
    return found


def _alliances(first: Sequence[SavedResult], day: dt.date) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Tell, of each person, whether their organisation began a verified alliance in the year after.

    An alliance is verified when it is told by an example that an editor published. It is not known
    (-1) of who named no organisation, while the year is not over, and where the date of the
    alliance is too vague to tell.
    """
    over = {
        row.pk: timezone.localdate(row.created_at)
        for row in first
        if row.organisation_id is not None
        and timezone.localdate(row.created_at) + dt.timedelta(days=_FOLLOWED) <= day
    }
    begun: dict[int, list[tuple[dt.date, dt.date]]] = {}
    rows = (
        SavedResult.objects.filter(
            pk__in=over,
            organisation__parties__alliance__entries__kind=EntryKind.EXAMPLE,
            organisation__parties__alliance__entries__state=EntryState.PUBLISHED,
        )
        .exclude(organisation__parties__alliance__source=INVENTED)
        .values_list(
            "pk",
            "organisation__parties__entered",
            "organisation__parties__alliance__started",
        )
    )
    for pk, entered, started in rows:
        begun.setdefault(pk, []).append(_days_of(entered or started))
    return np.array(
        [_followed(over[row.pk], begun.get(row.pk, [])) if row.pk in over else -1 for row in first],
        dtype=np.int64,
    )


def _followed(since: dt.date, begun: Sequence[tuple[dt.date, dt.date]]) -> int:
    end = since + dt.timedelta(days=_FOLLOWED)
    if any(since < low and high <= end for low, high in begun):
        return 1
    if any(low <= end and high > since for low, high in begun):
        return -1
    return 0


def _days_of(text: str) -> tuple[dt.date, dt.date]:
    """Return the earliest and the latest day that a date may mean; any day, if there is none."""
    if not text:
        return dt.date.min, dt.date.max
    date = PartialDate.parse(text)
    first = date.first_day
    if date.precision is Precision.DAY:
        return first, first
    if date.precision is Precision.MONTH:
        after = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    else:
        after = first.replace(year=first.year + 1)
    return first, after - dt.timedelta(days=1)
