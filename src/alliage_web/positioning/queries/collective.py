"""Answers of those who agreed, counted by packets of twelve; none of them is copied.

What is read here is of those who agree today: whoever withdraws or erases is gone at the next
reading, and takes the packet along.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q

from alliage.positioning.collective import (
    PACKET,
    PacketCounts,
    Person,
    Table,
    answers_given,
    counted,
    table,
)
from alliage.positioning.doors import PAIRS, Preference
from alliage.positioning.questionnaire import LEVELS, questionnaire
from alliage.positioning.steps import UNKNOWN
from alliage.territories.levels import Level
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of, roles_at
from alliage_web.accounts.queries.own_places import OBSERVATORY
from alliage_web.actors.models import SizeChoices
from alliage_web.positioning.models import WORLDS, Packet, SavedResult
from alliage_web.territories.queries import inside_ids, resolve
from alliage_web.territories.queries.containment import departments_and_regions

from .results import agreed_to_count

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from alliage_web.accounts.models import User
    from alliage_web.territories.models import Territory


class Breakdown(StrEnum):
    """How answers are broken down; never by two at once, never by a free choice."""

    TERRITORY = "territoire"
    WORLD = "monde"
    SIZE = "taille"


#: What a territory is broken down by; what is not here is not cut.
_PARTS = {
    Level.COUNTRY: Level.REGION,
    Level.REGION: Level.DEPARTMENT,
    Level.DEPARTMENT: Level.EPCI,
    Level.PERIMETER: Level.EPCI,
}
#: The levels of territory that may be told of a packet.
_TOLD = (Level.EPCI, Level.DEPARTMENT, Level.REGION)
_MONTHS_BETWEEN = 3


@dataclass(frozen=True, slots=True)
class Group:
    """A line of the tables: its code, its name, and its territory where it is one."""

    code: str
    label: str
    territory: Territory | None = None


@dataclass(frozen=True, slots=True)
class Collective:
    """What those who agreed answered in a territory.

    Attributes
    ----------
    groups
        Those of the breakdown, by code; what is not told is the code « ».
    tables
        One for each question that is counted.
    people
        How many are counted.
    formed_on
        When the latest of the packets was formed; None without any.
    """

    territory: Territory
    breakdown: Breakdown
    groups: Mapping[str, Group]
    tables: tuple[Table, ...]
    people: int
    formed_on: dt.date | None
    invented: bool


def quarter_of(day: dt.date) -> dt.date:
    """Return the first day of the quarter of a day."""
    return day.replace(month=(day.month - 1) // _MONTHS_BETWEEN * _MONTHS_BETWEEN + 1, day=1)


def next_quarter(day: dt.date) -> dt.date:
    """Return the first day of the quarter after that of a day."""
    first = quarter_of(day)
    year, month = divmod(first.year * 12 + first.month - 1 + _MONTHS_BETWEEN, 12)
    return first.replace(year=year, month=month + 1)


def is_time_to_form(day: dt.date) -> bool:
    """Tell whether no packet was formed since the quarter began."""
    return not Packet.objects.filter(invented=False, formed_on__gte=quarter_of(day)).exists()


def whole_packets(day: dt.date, *, invented: bool) -> QuerySet[Packet]:
    """Return the packets whose twelve members still agree, on today's questionnaire."""
    counts = Q(members__consent_collective=True, members__expires_on__gt=day)
    return (
        Packet.objects.filter(invented=invented, questionnaire_version=questionnaire().version)
        .annotate(present=Count("members", filter=counts))
        .filter(present=PACKET)
    )


def people_waiting(day: dt.date, *, invented: bool) -> list[Person]:
    """Return those who agreed and are in no whole packet.

    Who answered twice is counted once, by the answers that came first.
    """
    agreed = agreed_to_count(day).filter(
        invented=invented, questionnaire_version=questionnaire().version
    )
    waiting = (
        agreed.exclude(packet__in=whole_packets(day, invented=invented).values("pk"))
        .exclude(earlier__in=agreed.values("pk"))
        .order_by("pk")
    )
    places = {
        pk: dict(zip(_TOLD, above, strict=True))
        for pk, *above in waiting.filter(
            territory__snapshots__vintage__is_current=True
        ).values_list("pk", *(f"territory__snapshots__{level}" for level in _TOLD))
    }
    # A body that lies in several departments is not told: its people would be of none.
    bodies = {pk for one in places.values() if (pk := one[Level.EPCI])}
    inside = {
        pk for pk, (department, _region) in departments_and_regions(bodies).items() if department
    }
    return [
        Person(
            key=str(pk),
            places={
                level.value: str(key)
                for level, key in places.get(pk, {}).items()
                if key and (level is not Level.EPCI or key in inside)
            },
            world=world,
            size=size,
            was_counted=packet is not None,
        )
        for pk, world, size, packet in waiting.values_list("pk", "world", "size", "packet")
    ]


def collective(
    territory: Territory, breakdown: Breakdown, day: dt.date, *, invented: bool
) -> Collective:
    """Return what those who agreed answered in a territory, protected.

    Real and invented answers are never read together.
    """
    found = whole_packets(day, invented=invented)
    if territory.level != Level.COUNTRY:
        found = found.filter(territory__in=inside_ids(territory))
    packets = list(found.select_related("territory").order_by("pk"))
    counts = _counts(packets)
    groups = _groups(territory, breakdown, packets)
    by_group: dict[str, list[PacketCounts]] = {code: [] for code in groups}
    for packet, code in zip(packets, _codes(territory, breakdown, packets), strict=True):
        by_group[code].append(counts[packet.pk])
    return Collective(
        territory=territory,
        breakdown=breakdown,
        groups=groups,
        tables=tuple(table(question, by_group) for question in counted(questionnaire())),
        people=len(packets) * PACKET,
        formed_on=max((packet.formed_on for packet in packets), default=None),
        invented=invented,
    )


def latest_formation(*, invented: bool) -> dt.date | None:
    """Return when packets were last formed."""
    found: dt.date | None = Packet.objects.filter(invented=invented).aggregate(
        latest=Max("formed_on")
    )["latest"]
    return found


def breakdowns_of(territory: Territory) -> list[Breakdown]:
    """Return the breakdowns of a territory."""
    by_part = [Breakdown.TERRITORY] if Level(territory.level) in _PARTS else []
    return [*by_part, Breakdown.WORLD, Breakdown.SIZE]


def part_level(territory: Territory) -> str:
    """Return the level of the parts of a territory."""
    return _PARTS[Level(territory.level)].value


def own_territories(user: User | AnonymousUser) -> list[Territory]:
    """Return the territories whose answers concern a person: served by a catalyst, or all."""
    names = {held.place for held in holdings_of(user) if held.role == Role.CATALYST}
    found = [_named(name) for name in sorted(names)]
    if Role.RESEARCHER in roles_at(user, OBSERVATORY):
        found.insert(0, resolve(Level.COUNTRY.value, "FR"))
    return [one for one in found if one is not None]


def reads_some(user: User | AnonymousUser) -> bool:
    """Tell whether a person is a catalyst somewhere, or a researcher: no query of territories."""
    return Role.RESEARCHER in roles_at(user, OBSERVATORY) or any(
        held.role == Role.CATALYST for held in holdings_of(user)
    )


def _named(name: str) -> Territory | None:
    level, _slash, code = name.partition(":")[2].partition("/")
    return resolve(level, code)


def _counts(packets: Sequence[Packet]) -> dict[int, PacketCounts]:
    """Count the answers of each packet."""
    asked = questionnaire()
    rows = list(
        SavedResult.objects.filter(packet__in=[one.pk for one in packets])
        .order_by("packet", "pk")
        .values_list("packet", "answers")
    )
    given = answers_given(
        [compared_of(answers) for _packet, answers in rows] or [[0] * len(PAIRS)],
        [levels_of(answers) for _packet, answers in rows] or [[0] * len(asked.behaviours)],
        asked,
    )
    places: dict[int, list[int]] = defaultdict(list)
    for place, (packet, _answers) in enumerate(rows):
        places[packet].append(place)
    return {
        packet.pk: PacketCounts.of(
            {
                code: [answers[place] for place in places[packet.pk]]
                for code, answers in given.items()
            },
            asked,
            seed=str(packet.uuid),
        )
        for packet in packets
    }


def compared_of(answers: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the six comparisons of a kept result."""
    known = list(answers["comparisons"])[: len(PAIRS)]
    return known + [int(Preference.NOT_ANSWERED)] * (len(PAIRS) - len(known))


def levels_of(answers: Mapping[str, Mapping[str, int]]) -> list[int]:
    """Return the levels of a kept result in the order of the behaviours; -1 is not known."""
    given = answers["levels"]
    return [
        level if 0 <= (level := given.get(one.code, UNKNOWN)) < LEVELS else UNKNOWN
        for one in questionnaire().behaviours
    ]


def _codes(territory: Territory, breakdown: Breakdown, packets: Sequence[Packet]) -> list[str]:
    """Return the group of each packet; « » where it is not told."""
    if breakdown is Breakdown.WORLD:
        return [packet.world for packet in packets]
    if breakdown is Breakdown.SIZE:
        return [packet.size for packet in packets]
    parts = _parts(territory, packets)
    return [
        _code(part) if (part := parts.get(packet.territory_id or 0)) else "" for packet in packets
    ]


def _groups(
    territory: Territory, breakdown: Breakdown, packets: Sequence[Packet]
) -> dict[str, Group]:
    if breakdown is Breakdown.TERRITORY:
        named = [
            Group(_code(part), part.name, part)
            for part in sorted(set(_parts(territory, packets).values()), key=lambda one: one.name)
        ]
    else:
        choices: Iterable[tuple[str, object]] = (
            WORLDS if breakdown is Breakdown.WORLD else SizeChoices.choices
        )
        named = [Group(code, str(label)) for code, label in choices]
    return {one.code: one for one in (*named, Group("", ""))}


def _code(territory: Territory) -> str:
    return f"{territory.level}/{territory.code}"


def _parts(territory: Territory, packets: Sequence[Packet]) -> dict[int, Territory]:
    """Return, for each territory that a packet tells, the part of the whole that it is in."""
    level = _PARTS[Level(territory.level)]
    told = {one.territory.pk: one.territory for one in packets if one.territory is not None}
    found = {pk: one for pk, one in told.items() if one.level == level}
    if level is not Level.EPCI:
        for pk, (department, region) in departments_and_regions(told.keys() - found.keys()).items():
            part = department if level is Level.DEPARTMENT else region
            if part is not None:
                found[pk] = part
    return found
