"""What the territories of one size have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alliage.territories.comparison import ClassProfile, Distribution
from alliage.territories.levels import Level
from alliage.territories.size_classes import SizeClass
from alliage_web.territories.models import Snapshot, Vintage

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from .places import Place


def ids_of_size_class(size_class: str) -> QuerySet[Any, Any]:
    """Return the ids of the communes and intercommunal bodies of a size class, for ``__in``.

    Departments, regions and the country are all in the largest class: they tell nothing of it.
    """
    return (
        Snapshot.objects.filter(vintage__is_current=True, size_class=size_class)
        .exclude(territory__level__in=(Level.COUNTRY, Level.REGION, Level.DEPARTMENT))
        .order_by()
        .values("territory_id")
    )


def profile_of(place: Place) -> ClassProfile | None:
    """Return what the territories of the level and size class of a place have in common."""
    if place.vintage is None or not place.size_class:
        return None
    return size_class_profiles(place.vintage).get((place.territory.level, place.size_class))


def size_class_profiles(vintage: Vintage) -> dict[tuple[str, str], ClassProfile]:
    """Return the profile of each size class of a vintage, by level and class."""
    profiles = (
        ClassProfile(
            level=Level(row["level"]),
            size_class=SizeClass(row["size_class"]),
            count=row["count"],
            population=row["population"],
            populations=_distribution(row["populations"]),
            densities=_distribution(row["densities"]),
        )
        for row in vintage.profiles
    )
    return {(profile.level, profile.size_class): profile for profile in profiles}


def _distribution(row: dict[str, Any] | None) -> Distribution | None:
    return Distribution(**row) if row else None
