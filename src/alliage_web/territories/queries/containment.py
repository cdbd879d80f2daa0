"""What is in what: all that lies in a territory, and all that contains it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, QuerySet

from alliage.territories.levels import Level
from alliage.territories.perimeters import Commune
from alliage_web.territories.models import Perimeter, Snapshot, Succession, Territory

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTAINERS = ("commune", "epci", "ept", "department", "region")


def inside_ids(territory: Territory) -> QuerySet[Any, Any]:
    """Return the ids of a territory and of everything that lies wholly within it, for ``__in``.

    The perimeters of projects count when all their communes are within, and so do the former
    communes that earlier vintages knew.
    """
    itself = Territory.objects.filter(pk=territory.pk).order_by().values("pk")
    if territory.level == Level.ARRONDISSEMENT:
        return itself
    if territory.level == Level.COUNTRY:
        return Territory.objects.order_by().values("pk")
    within = _within(territory).values("territory_id")
    perimeters = (
        Perimeter.objects.order_by()
        .annotate(
            communes_in=Count("communes", filter=Q(communes__in=within), distinct=True),
            communes_all=Count("communes", distinct=True),
        )
        .filter(communes_in__gt=0, communes_in=F("communes_all"))
        .values("territory_id")
    )
    former = Territory.objects.order_by().filter(
        level=Level.COMMUNE,
        code__in=Succession.objects.order_by()
        .filter(Q(successor=territory) | Q(successor__in=within), vintage__is_current=True)
        .values("code"),
    )
    return itself.union(within, perimeters, former.values("pk"))


def ids_inside(territory: Territory) -> Iterable[int]:
    """Return the same ids for several uses in a row: read once, unless they are thousands."""
    ids = inside_ids(territory)
    if territory.level in {Level.COUNTRY, Level.REGION}:
        return ids
    return [row["pk"] for row in ids]


def departments_and_regions(
    territory_ids: Iterable[int],
) -> dict[int, tuple[Territory | None, Territory | None]]:
    """Return the department and the region of territories in the current vintage, in one query.

    A department and a region are their own; what lies in several of them has none.
    """
    rows = Snapshot.objects.filter(
        vintage__is_current=True, territory__in=set(territory_ids)
    ).select_related("territory", "department", "region")
    return {
        row.territory_id: (
            row.territory if row.territory.level == Level.DEPARTMENT else row.department,
            row.territory if row.territory.level == Level.REGION else row.region,
        )
        for row in rows
    }


def regions_of(territory_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return the codes of the regions where territories lie, several for what is in several.

    The country is in none, and so is what the current vintage no longer has.
    """
    wanted = set(territory_ids)
    found: dict[int, set[str]] = defaultdict(set)
    current = Snapshot.objects.filter(vintage__is_current=True).order_by()
    for pk, level, code, region in current.filter(territory__in=wanted).values_list(
        "territory_id", "territory__level", "territory__code", "region__code"
    ):
        if own := code if level == Level.REGION else region:
            found[pk].add(own)
    # A body of several regions says none: its communes do.
    bodies = current.filter(epci__in=wanted - found.keys(), region__isnull=False)
    for pk, code in bodies.values_list("epci_id", "region__code").distinct():
        found[pk].add(code)
    drawn = Perimeter.objects.filter(territory__in=wanted, communes__snapshots__in=current)
    for pk, code in (
        drawn.order_by().values_list("territory_id", "communes__snapshots__region__code").distinct()
    ):
        if code:
            found[pk].add(code)
    return {pk: frozenset(codes) for pk, codes in found.items()}


def containing_ids(territory: Territory) -> set[int]:
    """Return the ids of the groupings and perimeters that contain a territory, country excepted."""
    if territory.level == Level.PERIMETER:
        communes = list(_within(territory).filter(territory__level=Level.COMMUNE))
        shared = [{getattr(row, f"{name}_id") for row in communes} for name in CONTAINERS[1:]]
        return {pk for ids in shared if len(ids) == 1 for pk in ids if pk}
    snapshot = Snapshot.objects.filter(vintage__is_current=True, territory=territory).first()
    if snapshot is None:
        return set()
    groupings = {getattr(snapshot, f"{name}_id") for name in CONTAINERS} - {None}
    commune = snapshot.commune_id or territory.pk
    return groupings | set(
        Perimeter.objects.filter(communes=commune).values_list("territory_id", flat=True)
    )


def communes_in(territory: Territory) -> QuerySet[Snapshot]:
    """Return the communes of a territory in the current vintage, by name."""
    current = Snapshot.objects.filter(vintage__is_current=True)
    within = current if territory.level == Level.COUNTRY else _within(territory)
    return (
        within.filter(territory__level=Level.COMMUNE)
        .select_related("territory", "epci")
        .order_by("name_key", "pk")
    )


def members_of(perimeter_ids: Iterable[int]) -> dict[int, list[Snapshot | Commune]]:
    """Give the communes of perimeters by perimeter, as the current vintage describes them.

    A commune that the vintage no longer has counts, with nothing known of it.
    """
    drawn = list(
        Perimeter.communes.through.objects.filter(perimeter__in=list(perimeter_ids))
        .order_by("pk")
        .values_list("perimeter_id", "territory_id")
    )
    snapshots = {
        row.territory_id: row
        for row in Snapshot.objects.filter(
            vintage__is_current=True, territory__in={commune for _, commune in drawn}
        ).select_related("epci", "ept", "department", "region")
    }
    members: dict[int, list[Snapshot | Commune]] = defaultdict(list)
    for perimeter, commune in drawn:
        members[perimeter].append(snapshots.get(commune, Commune()))
    return members


def _within(territory: Territory) -> QuerySet[Snapshot]:
    """Give the snapshots that say to be in a territory; for a perimeter, those of its communes."""
    current = Snapshot.objects.filter(vintage__is_current=True).order_by()
    if territory.level == Level.PERIMETER:
        communes = Perimeter.communes.through.objects.filter(perimeter__territory=territory)
        ids = communes.values("territory_id")
        return current.filter(Q(territory__in=ids) | Q(commune__in=ids))
    return current.filter(**{territory.level: territory})
