"""The territories that pages list, and those that the maps of France colour."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from alliage.territories.levels import Level
from alliage.territories.vintages import OVERSEAS_COLLECTIVITY
from alliage_web.territories.models import Perimeter, Snapshot, Territory

from .containment import communes_in
from .facts import TerritoryFacts, facts_of_perimeters


def figures(*, level: str, within: Territory | None = None) -> list[Snapshot]:
    """Return the territories of a level in the current vintage, by name, collectivities apart."""
    rows = Snapshot.objects.filter(vintage__is_current=True, territory__level=level).exclude(
        kind=OVERSEAS_COLLECTIVITY
    )
    if within is not None and within.level != Level.COUNTRY:
        rows = rows.filter(**{within.level: within})
    return list(rows.select_related("territory", "region").order_by("name_key", "pk"))


def collectivities() -> list[Snapshot]:
    """Return the overseas collectivities, which belong to no region, by name."""
    return list(
        Snapshot.objects.filter(
            vintage__is_current=True,
            territory__level=Level.DEPARTMENT,
            kind=OVERSEAS_COLLECTIVITY,
        )
        .select_related("territory")
        .order_by("name_key", "pk")
    )


def alliances_by_department() -> dict[str, int]:
    """Return how many alliances are placed in each department: on it, or on something within it."""
    rows = (
        Snapshot.objects.filter(
            Q(department__isnull=False) | Q(territory__level=Level.DEPARTMENT),
            vintage__is_current=True,
            territory__alliance_places__isnull=False,
        )
        .order_by()
        .values_list(
            Coalesce("department__code", "territory__code"),
            "territory__alliance_places__alliance_id",
        )
        .distinct()
    )
    return dict(Counter(code for code, _alliance in rows))


def intercommunal_bodies_in(territory: Territory) -> QuerySet[Snapshot]:
    """Return the intercommunal bodies that have communes in a territory, by name."""
    rows = Snapshot.objects.filter(
        vintage__is_current=True, territory__level__in=(Level.EPCI, Level.EPT)
    )
    if territory.level != Level.COUNTRY:
        communes = communes_in(territory).order_by()
        rows = rows.filter(
            Q(territory__in=communes.values("epci")) | Q(territory__in=communes.values("ept"))
        ).exclude(territory=territory)
    return rows.select_related("territory", "department").order_by("name_key", "pk")


def perimeters(*, limit: int = 100) -> list[TerritoryFacts]:
    """Return the perimeters that people drew, by name."""
    ids = Perimeter.objects.order_by("territory__name", "pk").values_list("territory_id", flat=True)
    return list(facts_of_perimeters(list(ids[:limit])).values())
