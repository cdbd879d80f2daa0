"""One territory as its page shows it, with its figures and what contains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.territories.comparison import density
from alliage.territories.levels import Level
from alliage.territories.perimeters import Commune, Composition, compose
from alliage_web.territories.models import (
    Outline,
    Perimeter,
    SizeClassChoices,
    Snapshot,
    Territory,
    Vintage,
)

from .containment import CONTAINERS, members_of
from .vintages import current_vintage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .shapes import Box


@dataclass(frozen=True, slots=True)
class Link:
    """A territory to go to, and what it is."""

    territory_id: int
    level: str
    level_label: str
    code: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Place:
    """A territory as its page shows it. None and the empty text are unknown.

    ``is_current`` is false for a territory that the current vintage no longer has: its figures are
    then those of the latest vintage that had it.
    """

    territory: Territory
    vintage: Vintage | None
    is_current: bool
    name: str
    level_label: str
    kind: str
    kind_label: str
    siren: str
    postal_codes: tuple[str, ...]
    former_codes: tuple[str, ...]
    population: int | None
    population_years: tuple[int, ...]
    surface_km2: float | None
    size_class: str
    communes_count: int | None
    latitude: float | None
    longitude: float | None
    x: float | None
    y: float | None
    groupings: tuple[Link, ...]
    box: Box | None = None
    composition: Composition | None = None
    perimeter: Perimeter | None = None

    @property
    def density(self) -> float | None:
        """Inhabitants per square kilometre."""
        return density(self.population, self.surface_km2)

    @property
    def size_class_label(self) -> str:
        """The size class in words."""
        return str(SizeClassChoices(self.size_class).label) if self.size_class else ""


def place(level: str, code: str) -> Place | None:
    """Return a territory as its page shows it; None if no vintage and no person described it."""
    if not code.isprintable():
        return None
    if level == Level.PERIMETER:
        return _place_of_perimeter(code)
    snapshot = (
        Snapshot.objects.filter(territory__level=level, territory__code=code)
        .select_related("vintage", "territory", "outline", *CONTAINERS)
        .order_by("-vintage__is_current", "-vintage__year", "pk")
        .first()
    )
    if snapshot is None:
        return None
    return Place(
        territory=snapshot.territory,
        vintage=snapshot.vintage,
        is_current=snapshot.vintage.is_current,
        name=snapshot.name,
        level_label=snapshot.territory.nature,
        kind=snapshot.kind,
        # The kind of a commune only tells that it is overseas.
        kind_label="" if level == Level.COMMUNE else snapshot.get_kind_display(),
        siren=snapshot.siren,
        postal_codes=_split(snapshot.postal_codes),
        former_codes=_split(snapshot.former_codes),
        population=snapshot.population,
        population_years=(snapshot.population_year,) if snapshot.population_year else (),
        surface_km2=snapshot.surface_km2,
        size_class=snapshot.size_class,
        communes_count=snapshot.communes_count,
        latitude=snapshot.latitude,
        longitude=snapshot.longitude,
        x=snapshot.x,
        y=snapshot.y,
        groupings=_groupings_of(snapshot),
        box=_box_of(snapshot),
    )


def link(territory: Territory) -> Link:
    """Return where the page of a territory is, and what it is."""
    return Link(
        territory_id=territory.pk,
        level=territory.level,
        level_label=territory.nature,
        code=territory.code,
        name=territory.name,
        url=territory.get_absolute_url(),
    )


def arrondissements_of(territory: Territory) -> list[Snapshot]:
    """Return the municipal arrondissements of Paris, Lyon or Marseille, by code."""
    return list(
        Snapshot.objects.filter(vintage__is_current=True, commune=territory)
        .select_related("territory")
        .order_by("territory__code", "pk")
    )


def _place_of_perimeter(code: str) -> Place | None:
    perimeter = (
        Perimeter.objects.filter(territory__code=code, territory__level=Level.PERIMETER)
        .select_related("territory")
        .first()
    )
    if perimeter is None:
        return None
    territory = perimeter.territory
    members = members_of([perimeter.pk])[perimeter.pk]
    whole = compose(members)
    return Place(
        territory=territory,
        vintage=current_vintage(),
        is_current=True,
        name=territory.name,
        level_label=territory.nature,
        kind=perimeter.kind,
        kind_label=perimeter.get_kind_display(),
        siren="",
        postal_codes=(),
        former_codes=(),
        population=whole.population,
        population_years=whole.population_years,
        surface_km2=whole.surface_km2,
        size_class=whole.size_class or "",
        communes_count=whole.communes_count,
        latitude=whole.latitude,
        longitude=whole.longitude,
        x=whole.x,
        y=whole.y,
        groupings=_groupings_of_all(members),
        composition=whole,
        perimeter=perimeter,
    )


def _box_of(snapshot: Snapshot) -> Box | None:
    outline: Outline | None = getattr(snapshot, "outline", None)
    if outline is None:
        return None
    return outline.x_min, outline.y_min, outline.x_max, outline.y_max


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _groupings_of(snapshot: Snapshot) -> tuple[Link, ...]:
    """List what contains a territory, from the nearest to the largest, then the perimeters."""
    within = (snapshot.commune, snapshot.ept, snapshot.epci, snapshot.department, snapshot.region)
    groupings = [territory for territory in within if territory]
    if snapshot.territory.level in {Level.COMMUNE, Level.ARRONDISSEMENT}:
        commune = snapshot.commune_id or snapshot.territory_id
        groupings += Territory.objects.filter(perimeter__communes=commune).order_by("name", "pk")
    return tuple(map(link, groupings))


def _groupings_of_all(members: Sequence[Snapshot | Commune]) -> tuple[Link, ...]:
    """List the groupings that every commune of a perimeter is in."""
    known = [member for member in members if isinstance(member, Snapshot)]
    if not known or len(known) < len(members):
        return ()
    shared: list[Territory] = []
    for name in ("ept", "epci", "department", "region"):
        first, *others = {getattr(member, name) for member in known}
        if first and not others:
            shared.append(first)
    return tuple(map(link, shared))
