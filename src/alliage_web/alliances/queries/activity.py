"""Which alliances are active: of two worlds or more, not ended, with something recent known."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from alliage.values.dates import PartialDate
from alliage_web.alliances.models import AllianceTerritory, Outcome, TimelineEvent

from .cards import real, worlds_of

#: How long after the last thing known of it an alliance is said active, in months.
MONTHS: Final = 24
_WORLDS: Final = 2


@dataclass(frozen=True, slots=True)
class Activity:
    """An alliance of two worlds or more that is not known to have ended.

    Attributes
    ----------
    alliance
        Its key.
    territories
        The keys of the territories where it acts.
    is_active
        Whether something of it is dated from the last 24 months.
    """

    alliance: int
    territories: tuple[int, ...]
    is_active: bool


def activity_of_all(today: dt.date) -> tuple[Activity, ...]:
    """Return the alliances of two worlds or more that were not ended on a day, in four queries.

    What dates an alliance is a moment of its story that was not only planned, a result with its
    date, or its beginning. A date known to the year counts until the end of that year.
    """
    rows = list(real().order_by("pk").values_list("pk", "started", "ended"))
    keys = [pk for pk, _started, _ended in rows]
    worlds = worlds_of(keys)
    dates = defaultdict(list)
    for pk, start, end in TimelineEvent.objects.filter(
        alliance__in=keys, planned=False
    ).values_list("alliance_id", "start", "end"):
        dates[pk].append(end or start)
    for pk, as_of in Outcome.objects.filter(alliance__in=keys).values_list("alliance_id", "as_of"):
        dates[pk].append(as_of)
    places = defaultdict(list)
    for pk, territory in AllianceTerritory.objects.filter(alliance__in=keys).values_list(
        "alliance_id", "territory_id"
    ):
        places[pk].append(territory)
    since = _months_before(today, MONTHS)
    return tuple(
        Activity(
            pk,
            tuple(sorted(places[pk])),
            any(since <= day for text in (started, *dates[pk]) if (day := _last_day(text, today))),
        )
        for pk, started, ended in rows
        if len(set(worlds[pk])) >= _WORLDS
        and not (ended and PartialDate.parse(ended).first_day <= today)
    )


def _last_day(text: str, today: dt.date) -> dt.date | None:
    """Return the last day that a date may mean, today at the latest; none if it is to come."""
    if not text:
        return None
    date = PartialDate.parse(text)
    if date.first_day > today:
        return None
    month = date.month or 12
    day = date.day or calendar.monthrange(date.year, month)[1]
    return min(dt.date(date.year, month, day), today)


def _months_before(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))
