"""The maps, charts and tables of the territory pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alliage.territories.comparison import density
from alliage.territories.levels import Level
from alliage.territories.size_classes import LOWER_BOUNDS, SizeClass
from alliage_web.territories.models import SizeClassChoices
from alliage_web.ui.charts import ComparisonStrip
from alliage_web.ui.components import Cell, Column, DataTable, Text
from alliage_web.ui.maps import (
    Classes,
    FranceMap,
    LegendEntry,
    LocalMap,
    MapArea,
    MapLegend,
    classes,
    frame,
    path_bounds,
    path_middle,
    path_points,
)
from alliage_web.ui.templatetags.ui import number, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.utils.functional import _StrPromise

    from alliage.territories.comparison import ClassProfile
    from alliage_web.territories.models import Snapshot, Vintage
    from alliage_web.territories.queries import Box, Place, Shape

# The map of a commune shows at least this width (about 8 km) and this share of it on each side.
_LEAST_WIDTH = 7
_LEAST_MARGIN = 0.35
# How finely a name looks for the visible part of a shape.
_GRID = 10

# The shade of a count, by the highest count that has it.
_COUNTS = ((0, "q0"), (1, "q2"), (4, "q4"), (math.inf, "q6"))

# The outlines that ship as static files, by level.
STATIC_LEVELS: Mapping[str, str] = {
    Level.REGION: "regions",
    Level.DEPARTMENT: "departements",
    Level.EPCI: "epci",
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure that colours a map."""

    code: str
    label: _StrPromise
    unit: _StrPromise


POPULATION = Indicator("population", gettext_lazy("Population"), gettext_lazy("habitants"))
DENSITY = Indicator("densite", gettext_lazy("Densité"), gettext_lazy("habitants par km²"))
ALLIANCES = Indicator("alliances", gettext_lazy("Alliances"), gettext_lazy("alliances"))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the indicators that a map may show, as a link."""

    label: str
    href: str
    current: bool


def chosen(asked: str | None, indicators: Sequence[Indicator]) -> Indicator:
    """Return the indicator that the address asks for, or the first."""
    return next((item for item in indicators if item.code == asked), indicators[0])


def choices(current: Indicator, indicators: Sequence[Indicator], anchor: str) -> list[Choice]:
    """Return the links that change the indicator of a map."""
    return [
        Choice(str(item.label), f"?indicateur={item.code}#{anchor}", item == current)
        for item in indicators
    ]


@dataclass(frozen=True, slots=True)
class Area:
    """A territory to colour: where it is drawn, and its figures."""

    code: str
    name: str
    url: str
    population: int | None
    surface_km2: float | None
    level: str = ""
    path: str = ""
    alliances: int | None = None

    def value(self, indicator: Indicator) -> float | None:
        """Give the figure of an indicator; None is unknown."""
        if indicator is ALLIANCES:
            return self.alliances
        if indicator is DENSITY:
            return density(self.population, self.surface_km2)
        return self.population


def areas_of_shapes(shapes: Iterable[Shape]) -> list[Area]:
    """Return communes to colour."""
    return [
        Area(
            shape.code, shape.name, shape.url, shape.population, shape.surface_km2, path=shape.path
        )
        for shape in shapes
    ]


def areas_of_figures(
    rows: Iterable[Snapshot], alliances: Mapping[str, int] | None = None
) -> list[Area]:
    """Return regions, departments or intercommunal bodies to colour."""
    return [
        Area(
            code=row.territory.code,
            name=row.name,
            url=row.territory.get_absolute_url(),
            population=row.population,
            surface_km2=row.surface_km2,
            level=STATIC_LEVELS[row.territory.level],
            alliances=None if alliances is None else alliances.get(row.territory.code, 0),
        )
        for row in rows
    ]


def _written(value: float | None, indicator: Indicator) -> str:
    """Write a figure with its unit, for who points at it."""
    if value is None:
        return number(None)
    if indicator is ALLIANCES:
        return ngettext("%(count)s alliance", "%(count)s alliances", int(value)) % {
            "count": number(value)
        }
    return f"{_rounded(value, indicator)} {indicator.unit}"


def density_text(population: int | None, surface_km2: float | None) -> str:
    """Write a density; one decimal below ten."""
    return _rounded(density(population, surface_km2), DENSITY)


def _rounded(value: float | None, indicator: Indicator) -> str:
    small = indicator is DENSITY and value is not None and value < 10
    return number(value, 1 if small else 0)


class CountClasses(Classes):
    """Classes of a small count: none, one, a few, more. Quantiles would put nearly all in one."""

    def css_class(self, value: float | None) -> str:
        """Give the class of a count."""
        if value is None:
            return "na"
        return next(shade for most, shade in _COUNTS if value <= most)

    def entries(self, write: Callable[[float], str], unknown: Text = "") -> tuple[LegendEntry, ...]:
        """Give the entries of the legend."""
        labels = (
            write(0),
            write(1),
            _("%(low)s à %(high)s") % {"low": write(2), "high": write(4)},
            _("%(low)s et plus") % {"low": write(5)},
        )
        entries = [
            LegendEntry(label, shade) for label, (_most, shade) in zip(labels, _COUNTS, strict=True)
        ]
        return (*entries, LegendEntry(unknown, "na")) if unknown else tuple(entries)


def _cut(areas: Sequence[Area], indicator: Indicator) -> Classes:
    """Cut the values into classes, fewer where there are few values."""
    if indicator is ALLIANCES:
        return CountClasses(())
    values = [area.value(indicator) for area in areas]
    return classes(values, count=min(5, max(2, len(values) // 2)))


def _coloured(areas: Iterable[Area], indicator: Indicator, cut: Classes) -> tuple[MapArea, ...]:
    return tuple(
        MapArea(
            code=area.code,
            level=area.level,
            path=area.path,
            label=area.name,
            href=area.url,
            text=_written(area.value(indicator), indicator),
            css_class=cut.css_class(area.value(indicator)),
        )
        for area in areas
    )


def _legend(areas: Iterable[Area], indicator: Indicator, cut: Classes) -> MapLegend:
    unknown = any(area.value(indicator) is None for area in areas)
    return MapLegend(
        title=f"{indicator.label} ({indicator.unit})"
        if indicator is not ALLIANCES
        else str(indicator.label),
        entries=cut.entries(
            lambda value: _rounded(value, indicator), _("non connu") if unknown else ""
        ),
    )


def _table(caption: str, name: str, areas: Iterable[Area]) -> DataTable:
    rows = list(areas)
    counted = any(area.alliances is not None for area in rows)
    columns = [
        Column(name),
        Column(_("Population"), numeric=True),
        Column(_("Densité (hab./km²)"), numeric=True),
        *([Column(_("Alliances"), numeric=True)] if counted else []),
    ]
    return DataTable(
        caption=caption,
        columns=tuple(columns),
        rows=tuple(
            (
                Cell(area.name, area.url),
                number(area.population),
                _rounded(area.value(DENSITY), DENSITY),
                *([number(area.alliances)] if counted else []),
            )
            for area in rows
        ),
    )


def national_map(
    areas: Sequence[Area], indicator: Indicator, *, level: str, source: str
) -> FranceMap:
    """Return the map of France coloured by region or department."""
    by_region = level == Level.REGION
    cut = _cut(areas, indicator)
    title = _("%(indicator)s par région") if by_region else _("%(indicator)s par département")
    return FranceMap(
        id="carte-france",
        title=title % {"indicator": indicator.label},
        description=_(
            "Chaque teinte est une classe de valeurs, à lire dans la légende. Choisissez un "
            "territoire pour ouvrir sa page."
        ),
        base=STATIC_LEVELS[level],
        areas=_coloured(areas, indicator, cut),
        legend=_legend(areas, indicator, cut),
        table=_table(
            _("Chiffres par région") if by_region else _("Chiffres par département"),
            _("Région") if by_region else _("Département"),
            areas,
        ),
        source=source,
    )


def choropleth(areas: Sequence[Area], indicator: Indicator, *, source: str) -> LocalMap:
    """Return the map of a territory coloured by commune."""
    cut = _cut(areas, indicator)
    return LocalMap(
        id="carte-communes",
        title=_("%(indicator)s par commune") % {"indicator": indicator.label},
        description=_(
            "Chaque teinte est une classe de valeurs, à lire dans la légende. Choisissez une "
            "commune pour ouvrir sa page."
        ),
        areas=_coloured(areas, indicator, cut),
        legend=_legend(areas, indicator, cut),
        table=_table(_("Chiffres par commune"), _("Commune"), areas),
        source=source,
        margin=0.04,
    )


def region_map(
    areas: Sequence[Area], indicator: Indicator, *, region: str, source: str
) -> FranceMap:
    """Return the map of France where the departments of one region are coloured."""
    cut = _cut(areas, indicator)
    return FranceMap(
        id="carte-departements",
        title=_("%(indicator)s par département") % {"indicator": indicator.label},
        description=_("Les départements de la région %(region)s, les seuls colorés.")
        % {"region": region},
        base="departements",
        areas=_coloured(areas, indicator, cut),
        legend=_legend(areas, indicator, cut),
        table=_table(_("Chiffres par département"), _("Département"), areas),
        source=source,
    )


def situation_map(place: Place, *, source: str) -> FranceMap | None:
    """Return where a region, a department or an intercommunal body lies in France."""
    level = STATIC_LEVELS.get(place.territory.level)
    if level is None or place.x is None:
        return None
    return FranceMap(
        id="carte-situation",
        title=_("%(name)s en France") % {"name": place.name},
        description="",
        base="departements" if level != "regions" else "regions",
        areas=(
            MapArea(code=place.territory.code, level=level, label=place.name, highlighted=True),
        ),
        table=DataTable(
            caption=_("Où se trouve %(name)s") % {"name": place.name},
            columns=(Column(_("Territoire")), Column(_("Nature"))),
            rows=(
                (place.name, place.level_label),
                *((Cell(item.name, item.url), item.level_label) for item in place.groupings),
            ),
        ),
        source=source,
    )


def surroundings(box: Box) -> Box:
    """Give the frame (left, top, right, bottom) of the map of a commune from its own box."""
    left, top, width, height = frame([box], margin=_margin(box))
    return left, top, left + width, top + height


def _margin(box: Box) -> float:
    """Show more around a small place: its neighbours are often larger than itself."""
    left, top, right, bottom = box
    width = max(right - left, (bottom - top) * 4 / 3, 0.1)
    return max((_LEAST_WIDTH / width - 1) / 2, _LEAST_MARGIN)


def neighbours_map(place: Place, shapes: Sequence[Shape], box: Box, *, source: str) -> LocalMap:
    """Return a commune among its neighbours, in the frame that ``surroundings`` gave."""
    near = [shape for shape in shapes if shape.ring <= 1]
    neighbours = [shape for shape in near if shape.ring == 1]
    return LocalMap(
        id="carte-voisines",
        title=_("%(name)s et ses voisines") % {"name": place.name},
        description=_("Choisissez une commune voisine pour ouvrir sa page."),
        areas=tuple(_neighbour(shape, box) for shape in shapes),
        table=_table(
            _("La commune et ses voisines") if neighbours else _("La commune"),
            _("Commune"),
            areas_of_shapes(near),
        ),
        source=source,
        margin=_margin(place.box) if place.box else _LEAST_MARGIN,
    )


def _neighbour(shape: Shape, box: Box) -> MapArea:
    x, y = (None, None) if shape.ring != 1 else _middle_in_sight(shape.path, box)
    return MapArea(
        code=shape.code,
        path=shape.path,
        label=shape.name,
        href="" if shape.ring == 0 else shape.url,
        text=_written(shape.population, POPULATION),
        highlighted=shape.ring == 0,
        x=x,
        y=y,
    )


def _middle_in_sight(path: str, box: Box) -> tuple[float | None, float | None]:
    """Give a point in the middle of what a box shows of a shape whose own middle is out of sight.

    Paris is far larger than its neighbours: on their maps its name goes where it can be read.
    """
    left, top, right, bottom = box
    middle_x, middle_y = path_middle(path)
    if left < middle_x < right and top < middle_y < bottom:
        return None, None
    rings = [list(path_points(f"{ring}z")) for ring in path.split("z") if ring]
    inside = [
        (x, y)
        for x in (left + (right - left) * column / _GRID for column in range(1, _GRID))
        for y in (top + (bottom - top) * row / _GRID for row in range(1, _GRID))
        if sum(_crossings(ring, x, y) for ring in rings) % 2
    ]
    if not inside:
        return None, None
    mean_x = sum(x for x, _ in inside) / len(inside)
    mean_y = sum(y for _, y in inside) / len(inside)
    return min(inside, key=lambda point: (point[0] - mean_x) ** 2 + (point[1] - mean_y) ** 2)


def _crossings(ring: Sequence[tuple[float, float]], x: float, y: float) -> int:
    """Count the sides of a ring that a ray from a point to the right meets."""
    count = 0
    for (x_1, y_1), (x_2, y_2) in pairwise([*ring, ring[0]]):
        if (y_1 > y) != (y_2 > y) and x < x_1 + (y - y_1) * (x_2 - x_1) / (y_2 - y_1):
            count += 1
    return count


def city_map(place: Place, city: Sequence[Shape], *, source: str) -> LocalMap | None:
    """Return where an arrondissement lies in its city: it has no outline of its own."""
    if not city or place.x is None or place.y is None:
        return None
    boxes = [path_bounds(shape.path) for shape in city]
    size = max(right - left for left, _top, right, _bottom in boxes) / 40
    return LocalMap(
        id="carte-ville",
        title=_("%(name)s dans sa ville") % {"name": place.name},
        description=_("La marque est au milieu de l’arrondissement."),
        areas=(
            *(
                MapArea(code=shape.code, path=shape.path, label=shape.name, href=shape.url)
                for shape in city
            ),
            MapArea(
                code=place.territory.code,
                path=_mark(place.x, place.y, size),
                label=place.name,
                css_class="q6",
                x=place.x,
                y=place.y - 2 * size,
            ),
        ),
        table=DataTable(
            caption=_("L’arrondissement et sa ville"),
            columns=(Column(_("Territoire")), Column(_("Population"), numeric=True)),
            rows=(
                (place.name, number(place.population)),
                *((Cell(shape.name, shape.url), number(shape.population)) for shape in city),
            ),
        ),
        source=source,
        margin=0.1,
    )


def _mark(x: float, y: float, size: float) -> str:
    """Draw a lozenge around a point."""
    sides = f"{size:.2f},{size:.2f} {-size:.2f},{size:.2f} {-size:.2f},{-size:.2f}"
    return f"M{x:.2f},{y - size:.2f}l{sides}z"


def size_class_table(profiles: Mapping[tuple[str, str], ClassProfile], *, source: str) -> DataTable:
    """Return how communes and intercommunal bodies are spread over the size classes."""
    total = sum(
        profile.population for (level, _size), profile in profiles.items() if level == Level.COMMUNE
    )
    rows = []
    for size in SizeClass:
        commune, body = profiles.get((Level.COMMUNE, size)), profiles.get((Level.EPCI, size))
        rows.append(
            (
                SizeClassChoices(size).label,
                number(commune.count if commune else 0),
                number(commune.population if commune else 0),
                _share(commune.population if commune else 0, total),
                number(body.count if body else 0),
            )
        )
    return DataTable(
        caption=_("Les quatre classes de taille"),
        columns=(
            Column(_("Classe")),
            Column(_("Communes"), numeric=True),
            Column(_("Habitants de ces communes"), numeric=True),
            Column(_("Part des habitants"), numeric=True),
            Column(_("Intercommunalités"), numeric=True),
        ),
        rows=tuple(rows),
        note=_(
            "Métropole et départements d’outre-mer. La borne basse appartient à la classe : une "
            "commune de 2 000 habitants est dans la deuxième. Les communes de population non "
            "connue n’ont pas de classe."
        ),
        source=source,
    )


def _share(part: int, total: int) -> str:
    return percent(part / total if total else None, 1)


def comparison_strips(
    place: Place, profile: ClassProfile | None, *, source: str
) -> list[ComparisonStrip]:
    """Return where the population and the density of a territory stand in its size class."""
    # One territory alone in its class is not compared with itself.
    if profile is None or profile.count < 2:
        return []
    base = _base(profile)
    strips = []
    for indicator, value, spread in (
        (POPULATION, place.population, profile.populations),
        (DENSITY, place.density, profile.densities),
    ):
        if value is None or spread is None:
            continue
        marks = (
            spread.minimum,
            spread.lower_quartile,
            spread.median,
            spread.upper_quartile,
            spread.maximum,
        )
        strips.append(
            ComparisonStrip(
                title=str(indicator.label),
                label=place.name,
                value=value,
                text=_rounded(value, indicator),
                minimum=marks[0],
                lower_quartile=marks[1],
                median=marks[2],
                upper_quartile=marks[3],
                maximum=marks[4],
                texts=_five([_rounded(mark, indicator) for mark in marks]),
                unit=indicator.unit,
                source=source,
                base=base,
                logarithmic=marks[0] > 0 and marks[4] / marks[0] > 50,
            )
        )
    return strips


def _five(texts: Sequence[str]) -> tuple[str, str, str, str, str]:
    low, first, middle, third, high = texts
    return low, first, middle, third, high


def _base(profile: ClassProfile) -> str:
    """Say what the territory is compared with."""
    names = {
        Level.COMMUNE: _("%(count)s communes de la classe « %(size)s »"),
        Level.EPCI: _("%(count)s intercommunalités de la classe « %(size)s »"),
        Level.EPT: _("%(count)s établissements publics territoriaux"),
        Level.DEPARTMENT: _("%(count)s départements"),
        Level.REGION: _("%(count)s régions"),
        Level.ARRONDISSEMENT: _("%(count)s arrondissements municipaux de la classe « %(size)s »"),
    }
    return _("Base : %(base)s") % {
        "base": names[Level(profile.level)]
        % {"count": number(profile.count), "size": SizeClassChoices(profile.size_class).label}
    }


def class_bounds(size_class: str) -> str:
    """Write the bounds of a size class, as short as can be."""
    bounds = {size: low for low, size in LOWER_BOUNDS}
    higher = sorted(low for low in bounds.values() if low > bounds[SizeClass(size_class)])
    low, next_low = bounds[SizeClass(size_class)], higher[0] if higher else None
    if next_low is None:
        return _("%(low)s et plus") % {"low": number(low)}
    if low == 0:
        return _("moins de %(next)s") % {"next": number(next_low)}
    return _("%(low)s à %(high)s") % {"low": number(low), "high": number(next_low - 1)}


def source_of(vintage: Vintage | None) -> str:
    """Write the source of the figures of a vintage."""
    return vintage.population_source if vintage else ""


def geography_of(vintage: Vintage | None) -> str:
    """Write the source of the outlines of a vintage."""
    return vintage.geography_source if vintage else ""


def suggestions_endpoint(*levels: str) -> str:
    """Return the address of the autocomplete, narrowed to some levels."""
    query = "&".join(f"niveau={level}" for level in levels)
    return reverse("territories:suggest") + (f"?{query}" if query else "")
