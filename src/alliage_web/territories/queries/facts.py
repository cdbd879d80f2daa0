"""What other apps show of many territories at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.territories.perimeters import compose
from alliage_web.territories.models import Perimeter, Snapshot

from .containment import members_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class TerritoryFacts:
    """What other apps show of a territory. None is unknown; those of a perimeter are derived."""

    territory_id: int
    level: str
    level_label: str
    code: str
    name: str
    context: str
    population: int | None
    population_year: int | None
    size_class: str
    x: float | None
    y: float | None
    latitude: float | None
    longitude: float | None
    url: str


def facts_of(territory_ids: Iterable[int]) -> dict[int, TerritoryFacts]:
    """Return what is known of territories in the current vintage, in the order given.

    A territory that the current vintage no longer has is absent.
    """
    ids = list(dict.fromkeys(territory_ids))
    if not ids:
        return {}
    snapshots = _current_snapshots().filter(territory__in=ids)
    found = {snapshot.territory_id: _facts(snapshot) for snapshot in snapshots}
    left = [pk for pk in ids if pk not in found]
    if left:
        found |= facts_of_perimeters(left)
    return {pk: found[pk] for pk in ids if pk in found}


def facts_of_perimeters(territory_ids: Sequence[int]) -> dict[int, TerritoryFacts]:
    perimeters = Perimeter.objects.filter(territory__in=territory_ids).select_related("territory")
    members = members_of(perimeter.pk for perimeter in perimeters)
    found = {}
    for perimeter in perimeters:
        territory, whole = perimeter.territory, compose(members[perimeter.pk])
        found[territory.pk] = TerritoryFacts(
            territory_id=territory.pk,
            level=territory.level,
            level_label=territory.nature,
            code=territory.code,
            name=territory.name,
            context=perimeter.get_kind_display(),
            population=whole.population,
            population_year=max(whole.population_years, default=None),
            size_class=whole.size_class or "",
            x=whole.x,
            y=whole.y,
            latitude=whole.latitude,
            longitude=whole.longitude,
            url=territory.get_absolute_url(),
        )
    return found


def _current_snapshots() -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(vintage__is_current=True).select_related(
        "territory", "commune", "department", "region"
    )


def _facts(snapshot: Snapshot) -> TerritoryFacts:
    territory = snapshot.territory
    return TerritoryFacts(
        territory_id=territory.pk,
        level=territory.level,
        level_label=territory.nature,
        code=territory.code,
        name=snapshot.name,
        context=_context(snapshot),
        population=snapshot.population,
        population_year=snapshot.population_year,
        size_class=snapshot.size_class,
        x=snapshot.x,
        y=snapshot.y,
        latitude=snapshot.latitude,
        longitude=snapshot.longitude,
        url=territory.get_absolute_url(),
    )


def _context(snapshot: Snapshot) -> str:
    """Say where a territory is, so that two of the same name can be told apart."""
    if snapshot.commune:
        return snapshot.commune.name
    if snapshot.department:
        return f"{snapshot.department.name} ({snapshot.department.code})"
    return snapshot.region.name if snapshot.region else ""
