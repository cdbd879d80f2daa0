"""The directory of catalysts, and which are near a place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from alliage.territories.distance import great_circle_km
from alliage.territories.levels import Level
from alliage_web.actors.models import Catalyst
from alliage_web.territories.models import Territory
from alliage_web.territories.queries import containing_ids, facts_of
from alliage_web.vocabulary.models import Scheme

from .links import in_order, links_of_catalysts, terms_of_links
from .lookups import cards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from alliage_web.actors.models import Organisation
    from alliage_web.territories.queries import Suggestion, TerritoryFacts
    from alliage_web.vocabulary.models import Term

    from .links import Links
    from .lookups import OrganisationCard


@dataclass(frozen=True, slots=True)
class CatalystEntry:
    """A catalyst of the directory. The place is its seat, else the first territory it covers.

    ``distance_km`` is measured from the place asked for, and None when either place is unknown.
    """

    organisation: Organisation
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
class TermCount:
    """A term and how many catalysts it would keep."""

    term: Term
    count: int


@dataclass(frozen=True, slots=True)
class CatalystDirectory:
    """The catalysts asked for, and how many each function and domain would keep.

    A function is counted under the domains chosen, and a domain under the functions.
    """

    entries: tuple[CatalystEntry, ...]
    functions: tuple[TermCount, ...]
    domains: tuple[TermCount, ...]


def catalyst_directory(
    *,
    functions: Iterable[str] = (),
    domains: Iterable[str] = (),
    covering: Suggestion | None = None,
    near: Suggestion | None = None,
) -> CatalystDirectory:
    """Return the catalysts that fulfil a function, work in a domain or cover a territory.

    By name or, when ``near`` is given, by distance from it, those whose place is not known last.
    The number of queries is constant.
    """
    kept = _active()
    terms = terms_of_links()
    everyone = _entries(kept.filter(_covers(_territory(covering))) if covering else kept, terms)
    if near:
        everyone = _sorted_from(near, everyone)
    wanted = set(functions), set(domains)
    by_function = [entry for entry in everyone if _fulfils(entry.functions, wanted[0])]
    by_domain = [entry for entry in everyone if _fulfils(entry.domains, wanted[1])]
    return CatalystDirectory(
        entries=tuple(entry for entry in by_function if _fulfils(entry.domains, wanted[1])),
        functions=_counted(terms, Scheme.CATALYST_FUNCTION, (item.functions for item in by_domain)),
        domains=_counted(terms, Scheme.DOMAIN, (item.domains for item in by_function)),
    )


def _counted(
    terms: Mapping[int, Term], scheme: str, held: Iterable[Iterable[Term]]
) -> tuple[TermCount, ...]:
    counts = Counter(term.pk for of_entry in held for term in of_entry)
    return tuple(TermCount(term, counts[pk]) for pk, term in terms.items() if term.scheme == scheme)


def _territory(place: Suggestion) -> Territory:
    """Give the territory of a suggestion, which holds all of its columns."""
    return Territory(pk=place.territory_id, level=place.level, code=place.code, name=place.name)


def _active() -> QuerySet[Catalyst]:
    return Catalyst.objects.filter(organisation__merged_into=None)


def _fulfils(terms: Iterable[Term], wanted: set[str]) -> bool:
    return not wanted or any(term.code in wanted for term in terms)


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
        Q(territories__in=related) | Q(territories__level=Level.COUNTRY) | inside
    )
    return Q(pk__in=there.values("pk"))


def _entries(kept: QuerySet[Catalyst], terms: Mapping[int, Term]) -> list[CatalystEntry]:
    rows = list(kept.select_related("organisation__seat").order_by("organisation__name_key", "pk"))
    links = links_of_catalysts([row.pk for row in rows])
    facts = facts_of(pk for row in rows for pk in _territory_ids(row, links[row.pk]))
    return [_entry(row, links[row.pk], terms, facts) for row in rows]


def _entry(
    row: Catalyst, links: Links, terms: Mapping[int, Term], facts: Mapping[int, TerritoryFacts]
) -> CatalystEntry:
    place = _place(_territory_ids(row, links), facts)
    return CatalystEntry(
        organisation=row.organisation,
        functions=in_order(terms, links.functions),
        functions_reading=row.functions_reading,
        territories=tuple(facts[pk] for pk in links.territories if pk in facts),
        domains=in_order(terms, links.domains),
        place=place,
        place_is_seat=place is not None and place.territory_id == row.organisation.seat_id,
    )


def _territory_ids(row: Catalyst, links: Links) -> tuple[int, ...]:
    seat = (row.organisation.seat_id,) if row.organisation.seat_id else ()
    return (*seat, *links.territories)


def _place(
    territory_ids: Iterable[int], facts: Mapping[int, TerritoryFacts]
) -> TerritoryFacts | None:
    """Give where a catalyst is: its seat, else what it covers, unless that is the country."""
    for pk in territory_ids:
        if pk in facts and facts[pk].level != Level.COUNTRY and facts[pk].latitude is not None:
            return facts[pk]
    return None


def _sorted_from(near: Suggestion, entries: Iterable[CatalystEntry]) -> list[CatalystEntry]:
    related = containing_ids(_territory(near)) | {near.territory_id}
    measured = [
        replace(
            entry,
            distance_km=_distance(near, entry.place),
            covers=any(territory.territory_id in related for territory in entry.territories),
        )
        for entry in entries
    ]
    return sorted(
        measured,
        key=lambda entry: (
            entry.distance_km is None,
            entry.distance_km or 0.0,
            entry.organisation.pk,
        ),
    )


def _distance(here: Suggestion, there: TerritoryFacts | None) -> float | None:
    if there is None or there.latitude is None or there.longitude is None:
        return None
    if here.latitude is None or here.longitude is None:
        return None
    return great_circle_km(here.latitude, here.longitude, there.latitude, there.longitude)


def nearest_entries(
    latitude: float, longitude: float, *, limit: int
) -> list[tuple[float, CatalystEntry]]:
    """Return the nearest catalysts whose place is known, each after its distance in kilometres."""
    measured = [
        (great_circle_km(latitude, longitude, place.latitude, place.longitude), entry)
        for entry in _entries(_active(), terms_of_links())
        if (place := entry.place) and place.latitude is not None and place.longitude is not None
    ]
    return sorted(measured, key=lambda pair: (pair[0], pair[1].organisation.pk))[:limit]


def catalysts_near(latitude: float, longitude: float, *, limit: int = 5) -> list[NearbyCatalyst]:
    """Return the nearest catalysts whose place is known, with the distance as the crow flies."""
    nearest = nearest_entries(latitude, longitude, limit=limit)
    shown = cards(entry.organisation.pk for _distance_km, entry in nearest)
    return [
        NearbyCatalyst(
            shown[entry.organisation.pk], distance, tuple(term.label for term in entry.functions)
        )
        for distance, entry in nearest
    ]


def catalysts_covering(
    territory_ids: Iterable[int] | QuerySet[Any, Any],
) -> list[OrganisationCard]:
    """Return the catalysts that cover one of some territories, by name."""
    rows = _active().filter(territories__in=territory_ids).order_by("organisation__name_key", "pk")
    return list(cards(dict.fromkeys(rows.values_list("organisation", flat=True))).values())


def catalyst_points() -> list[CatalystPoint]:
    """Return the catalysts that a map of France can show, by name."""
    return [
        CatalystPoint(
            x=entry.place.x,
            y=entry.place.y,
            name=entry.organisation.name,
            url=entry.organisation.get_absolute_url(),
            world=entry.organisation.world,
            place=entry.place.name,
        )
        # A point says where, not what: no term is needed.
        for entry in _entries(_active(), {})
        if entry.place and entry.place.x is not None and entry.place.y is not None
    ]
