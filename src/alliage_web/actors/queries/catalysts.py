"""The directory of catalysts, and which are near a place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import Q

from alliage.territories.distance import great_circle_km
from alliage_web.actors.models import Catalyst
from alliage_web.territories.queries import containing_ids, facts_of

from .lookups import card, cards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from alliage_web.territories.models import Territory
    from alliage_web.territories.queries import TerritoryFacts
    from alliage_web.vocabulary.models import Term

    from .lookups import OrganisationCard


@dataclass(frozen=True, slots=True)
class CatalystEntry:
    """A catalyst of the directory. The place is its seat, else the first territory it covers.

    ``distance_km`` is measured from the place asked for, and None when either place is unknown.
    """

    card: OrganisationCard
    functions: tuple[Term, ...]
    functions_reading: str
    territories: tuple[TerritoryFacts, ...]
    domains: tuple[Term, ...]
    place: TerritoryFacts | None
    place_is_seat: bool
    distance_km: float | None = None
    covers: bool = False


@dataclass(frozen=True, slots=True)
class NearbyCatalyst:
    card: OrganisationCard
    distance_km: float
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalystPoint:
    """A catalyst on a map of France."""

    x: float
    y: float
    name: str
    url: str
    world: str
    place: str


@dataclass(frozen=True, slots=True)
class Near:
    """The place that catalysts are sorted by their distance from."""

    territory: Territory
    facts: TerritoryFacts


def catalysts(
    *,
    functions: Iterable[str] = (),
    domains: Iterable[str] = (),
    covering: Territory | None = None,
    near: Near | None = None,
) -> list[CatalystEntry]:
    """Return the catalysts by name, or by distance from a place; a constant number of queries.

    Parameters
    ----------
    functions
        Codes of functions; a catalyst that fulfils one of them is kept.
    domains
        Codes of domains; a catalyst that works in one of them is kept.
    covering
        Keep the catalysts that cover this territory or a part of it.
    near
        Sort by distance from this place; catalysts that cover it come first, those whose place is
        not known last.
    """
    kept = Catalyst.objects.filter(organisation__merged_into=None)
    for path, codes in (("functions", tuple(functions)), ("domains", tuple(domains))):
        if codes:
            kept = kept.filter(
                pk__in=Catalyst.objects.order_by()
                .filter(**{f"{path}__code__in": codes})
                .values("pk")
            )
    if covering is not None:
        kept = kept.filter(_covers(covering))
    entries = _entries(kept)
    return _sorted_from(near, entries) if near else entries


def _covers(territory: Territory) -> Q:
    """Select the catalysts that cover a territory, a grouping of it, or a part of it."""
    related = containing_ids(territory) | {territory.pk}
    inside = Q(territories__snapshots__vintage__is_current=True) & (
        Q(territories__snapshots__department=territory)
        | Q(territories__snapshots__region=territory)
        | Q(territories__snapshots__epci=territory)
        | Q(territories__snapshots__ept=territory)
    )
    there = Catalyst.objects.order_by().filter(
        Q(territories__in=related) | Q(territories__level="country") | inside
    )
    return Q(pk__in=there.values("pk"))


def _entries(kept: QuerySet[Catalyst]) -> list[CatalystEntry]:
    rows = list(
        kept.select_related("organisation__seat")
        .prefetch_related("functions", "domains", "territories", "organisation__roles")
        .order_by("organisation__name_key", "pk")
    )
    facts = facts_of(pk for row in rows for pk in _territory_ids(row))
    entries = []
    for row in rows:
        # What ``with_cards`` asks the database, known here without asking.
        row.organisation.has_catalyst = True  # type: ignore[attr-defined]
        place, is_seat = _place(row, facts)
        entries.append(
            CatalystEntry(
                card=card(row.organisation),
                functions=tuple(
                    sorted(row.functions.all(), key=lambda term: (term.order, term.pk))
                ),
                functions_reading=row.functions_reading,
                territories=tuple(
                    facts[territory.pk]
                    for territory in row.territories.all()
                    if territory.pk in facts
                ),
                domains=tuple(sorted(row.domains.all(), key=lambda term: (term.order, term.pk))),
                place=place,
                place_is_seat=is_seat,
            )
        )
    return entries


def _territory_ids(row: Catalyst) -> list[int]:
    seat = [row.organisation.seat_id] if row.organisation.seat_id else []
    return [*seat, *(territory.pk for territory in row.territories.all())]


def _place(
    row: Catalyst, facts: Mapping[int, TerritoryFacts]
) -> tuple[TerritoryFacts | None, bool]:
    """Give where a catalyst is: a country has no place of its own."""
    for pk in _territory_ids(row):
        if pk in facts and facts[pk].level != "country" and facts[pk].latitude is not None:
            return facts[pk], pk == row.organisation.seat_id
    return None, False


def _sorted_from(near: Near, entries: Iterable[CatalystEntry]) -> list[CatalystEntry]:
    related = containing_ids(near.territory) | {near.territory.pk}
    measured = [
        replace(
            entry,
            distance_km=_distance(near.facts, entry.place),
            covers=any(territory.territory_id in related for territory in entry.territories),
        )
        for entry in entries
    ]
    return sorted(
        measured,
        key=lambda entry: (
            not entry.covers,
            entry.distance_km is None,
            entry.distance_km or 0.0,
            entry.card.id,
        ),
    )


def _distance(here: TerritoryFacts, there: TerritoryFacts | None) -> float | None:
    if there is None or there.latitude is None or there.longitude is None:
        return None
    if here.latitude is None or here.longitude is None:
        return None
    return great_circle_km(here.latitude, here.longitude, there.latitude, there.longitude)


def catalysts_near(latitude: float, longitude: float, *, limit: int = 5) -> list[NearbyCatalyst]:
    """Return the nearest catalysts whose place is known, with the distance as the crow flies."""
    found = [
        NearbyCatalyst(
            entry.card,
            great_circle_km(latitude, longitude, entry.place.latitude, entry.place.longitude),
            tuple(term.label for term in entry.functions),
        )
        for entry in catalysts()
        if entry.place and entry.place.latitude is not None and entry.place.longitude is not None
    ]
    return sorted(found, key=lambda near: (near.distance_km, near.card.id))[:limit]


def catalysts_covering(territory_ids: Iterable[int]) -> list[OrganisationCard]:
    """Return the catalysts that cover one of some territories, by name."""
    rows = Catalyst.objects.filter(
        territories__in=territory_ids, organisation__merged_into=None
    ).order_by("organisation__name_key", "pk")
    return list(cards(dict.fromkeys(rows.values_list("organisation", flat=True))).values())


def catalyst_points() -> list[CatalystPoint]:
    """Return the catalysts that a map of France can show, by name."""
    return [
        CatalystPoint(
            x=entry.place.x,
            y=entry.place.y,
            name=entry.card.name,
            url=entry.card.url,
            world=entry.card.world,
            place=entry.place.name,
        )
        for entry in catalysts()
        if entry.place and entry.place.x is not None and entry.place.y is not None
    ]
