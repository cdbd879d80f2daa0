"""A territory, as the vintage in force describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from ninja import Schema
from pydantic import Field

from alliage.alliances.vocabulary import Reading
from alliage.territories.levels import Level
from alliage.territories.size_classes import SizeClass

from .common import Asked, Figure, Known, Text, Typed, _, absolute

if TYPE_CHECKING:
    from alliage_web.territories.queries import Place

_Size = SizeClass | None


class TerritoryRef(Schema):
    """A territory to go to."""

    level: Level
    code: Text = Field(description=_("code officiel (INSEE, SIREN), ou nom d’un périmètre"))
    name: Text
    url: str = Field(description=_("adresse dans l’API"))
    page: str = Field(description=_("adresse de la page"))

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, reverse("api:territory", args=[obj.level, obj.code]))

    @staticmethod
    def resolve_page(obj: Any, context: Any) -> str:
        return absolute(context, obj.url)


class FoundTerritory(TerritoryRef):
    """A territory that a text may mean."""

    context: Known = Field(description=_("où il est : département, région"))
    latitude: float | None
    longitude: float | None


class FoundTerritories(Schema):
    """The territories that a text may mean, the likeliest first."""

    items: list[FoundTerritory]


class Territory(TerritoryRef):
    """A territory with its figures."""

    kind: Known = Field(description=_("nature d’une intercommunalité ou d’un périmètre"))
    vintage: int | None = Field(description=_("millésime du découpage officiel"))
    is_current: bool = Field(
        description=_("faux pour un territoire que le millésime en vigueur n’a plus")
    )
    attribution: Known
    siren: Known
    postal_codes: list[str]
    former_codes: list[str]
    population: Figure
    surface: Figure
    density: Figure
    size_class: _Size
    communes: Figure
    latitude: float | None
    longitude: float | None
    within: list[TerritoryRef] = Field(
        description=_("ce qui le contient, du plus petit au plus grand")
    )

    @staticmethod
    def resolve_level(obj: Place) -> str:
        return obj.territory.level

    @staticmethod
    def resolve_code(obj: Place) -> str:
        return obj.territory.code

    @staticmethod
    def resolve_url(obj: Place, context: Any) -> str:
        where = [obj.territory.level, obj.territory.code]
        return absolute(context, reverse("api:territory", args=where))

    @staticmethod
    def resolve_page(obj: Place, context: Any) -> str:
        return absolute(context, obj.territory.get_absolute_url())

    @staticmethod
    def resolve_kind(obj: Place) -> str:
        return obj.kind_label

    @staticmethod
    def resolve_vintage(obj: Place) -> int | None:
        return obj.vintage.year if obj.vintage else None

    @staticmethod
    def resolve_attribution(obj: Place) -> str:
        return obj.vintage.attribution if obj.vintage else ""

    @staticmethod
    def resolve_size_class(obj: Place) -> str | None:
        return obj.size_class or None

    @staticmethod
    def resolve_population(obj: Place) -> dict[str, Any]:
        years = obj.population_years
        return _figure(
            obj,
            obj.population,
            unit="inhabitants",
            as_of="-".join(str(year) for year in sorted({*years[:1], *years[-1:]})),
            source=obj.vintage.population_source if years and obj.vintage else "",
        )

    @staticmethod
    def resolve_surface(obj: Place) -> dict[str, Any]:
        return _figure(obj, obj.surface_km2, unit="km²")

    @staticmethod
    def resolve_density(obj: Place) -> dict[str, Any]:
        return _figure(obj, obj.density, unit="inhabitants/km²", is_derived=True)

    @staticmethod
    def resolve_communes(obj: Place) -> dict[str, Any]:
        return _figure(obj, obj.communes_count, unit="communes")

    @staticmethod
    def resolve_within(obj: Place) -> list[Any]:
        return list(obj.groupings)


def _figure(
    place: Place,
    value: float | None,
    *,
    unit: str,
    as_of: str = "",
    source: str = "",
    is_derived: bool = False,
) -> dict[str, Any]:
    """Give a figure its origin. Those of a perimeter are derived from its communes."""
    vintage = place.vintage
    derived = is_derived or place.composition is not None
    return {
        "value": value,
        "unit": unit,
        "as_of": as_of or (str(vintage.year) if vintage and value is not None else ""),
        "source": source or (vintage.geography_source if vintage and value is not None else ""),
        "reading": Reading.DERIVED if derived else Reading.STATED,
    }


class TerritorySearch(Asked):
    """A text that a person types to name a territory."""

    q: Typed = Field(
        description=_("début d’un nom ou d’un code : « Vincennes », « st denis 93 », « 94300 »")
    )
    level: list[Level] = Field(
        default_factory=list, max_length=8, description=_("niveaux à garder ; tous par défaut")
    )
    limit: int = Field(10, ge=1, le=50, description=_("réponses au plus"))
