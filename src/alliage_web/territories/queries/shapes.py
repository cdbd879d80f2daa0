"""The outlines of communes, for the maps that draw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.urls import reverse

from alliage.territories.comparison import density
from alliage.territories.levels import Level
from alliage_web.territories.models import Outline, Snapshot, Territory

from .containment import communes_in

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

# The left, top, right and bottom of a shape or a frame in the plane of the maps.
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A commune drawn on a map, with the figures that colour it. ``ring`` 0 is the place itself."""

    code: str
    name: str
    url: str
    path: str
    population: int | None
    surface_km2: float | None
    ring: int = 0
    in_ept: bool = False

    @property
    def density(self) -> float | None:
        """Inhabitants per square kilometre."""
        return density(self.population, self.surface_km2)


def shapes_around(territory: Territory, box: Box) -> list[Shape]:
    """Return the outlines that a frame shows around a commune: its own, its neighbours, others.

    ``box`` is the left, top, right and bottom of the frame in the plane of the maps.
    """
    left, top, right, bottom = box
    own = Q(territory=territory)
    touching = Outline.neighbours.through.objects.order_by().filter(
        outline__snapshot__vintage__is_current=True, outline__snapshot__territory=territory
    )
    shown = Q(
        outline__x_min__lte=right,
        outline__x_max__gte=left,
        outline__y_min__lte=bottom,
        outline__y_max__gte=top,
    )
    nearness = Case(
        When(own, then=Value(0)),
        When(pk__in=touching.values("snapshot"), then=Value(1)),
        default=Value(2),
    )
    drawn = Snapshot.objects.filter(shown, vintage__is_current=True).annotate(ring=nearness)
    return _shapes(drawn.order_by("ring", "name_key", "pk"), F("ring"))


def shape_of(territory_id: int) -> list[Shape]:
    """Return the outline of one commune, if it has one."""
    rows = Snapshot.objects.filter(vintage__is_current=True, territory=territory_id)
    return _shapes(rows.order_by("pk"), Value(0))


def shapes_in(territory: Territory) -> list[Shape]:
    """Return the outlines of the communes of a territory, by name; some may have none."""
    return _shapes(communes_in(territory), Value(0))


def _shapes(rows: QuerySet[Snapshot], ring: Combinable) -> list[Shape]:
    """Read outlines as plain rows: a department has up to 900 of them."""
    columns = rows.filter(outline__isnull=False).values_list(
        "territory__code", "name", "outline__path", "population", "surface_km2", ring, "ept_id"
    )
    # The address of one commune gives those of all: reversing each would take longer than reading.
    pattern = reverse("site:territory", args=[Level.COMMUNE, "CODE"])
    return [
        Shape(
            code,
            name,
            pattern.replace("CODE", code),
            path,
            population,
            surface,
            nearness,
            bool(ept),
        )
        for code, name, path, population, surface, nearness, ept in columns
    ]
