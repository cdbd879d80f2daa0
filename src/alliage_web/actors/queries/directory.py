"""The directory of organisations: what narrows it, and how many each choice would keep."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from alliage_web.actors.models import (
    HeldRole,
    Organisation,
    ProfileChoices,
    RoleChoices,
    SizeChoices,
    WorldChoices,
)
from alliage_web.territories.queries import facts_of
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import terms

from .lookups import listed, matching, with_cards

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django.db.models import QuerySet
    from django.http import QueryDict

#: The facets, under the names that their parameters have in an address.
FACETS = ("world", "profile", "role", "domain", "region", "department", "size", "catalyst")
PLACE_FACETS = ("region", "department")
UNKNOWN = "unknown"
CATALYSTS_ONLY = "yes"

# A perimeter drawn by a project is where its communes are.
_PLACES = (
    "seat",
    "territories",
    "seat__perimeter__communes",
    "territories__perimeter__communes",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reader asks of the directory: words, and choices under each facet."""

    text: str
    choices: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_query(cls, query: QueryDict) -> Selection:
        """Read the parameters of an address; those it does not know are left aside."""
        return cls(
            text=query.get("q", "").strip()[:200],
            choices={name: tuple(dict.fromkeys(query.getlist(name))) for name in FACETS},
        )

    def chosen(self, facet: str) -> tuple[str, ...]:
        return tuple(self.choices.get(facet, ()))


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a facet and how many organisations it keeps under the other facets."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class PlacedOrganisation:
    """An organisation and the place that stands for it on a map: its seat, else where it acts."""

    id: int
    slug: str
    name: str
    world: str
    territory_id: int
    is_seat: bool

    @property
    def url(self) -> str:
        return reverse("site:organisation", args=[self.slug])


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A place of the map and the organisations that are there."""

    name: str
    url: str
    x: float
    y: float
    organisations: tuple[PlacedOrganisation, ...]


def selected(selection: Selection, *, without: Iterable[str] = ()) -> QuerySet[Organisation]:
    """Return the organisations of a selection, some facets left aside if asked."""
    kept = listed().filter(matching(selection.text))
    for facet in FACETS:
        values = selection.chosen(facet)
        if values and facet not in without:
            kept = kept.filter(_condition(facet, values))
    return kept


def page_rows(selection: Selection) -> QuerySet[Organisation]:
    """Return the organisations of a selection, read with what their cards show."""
    return with_cards(selected(selection))


def _condition(facet: str, values: Iterable[str]) -> Q:
    if facet in PLACE_FACETS:
        return _located(facet, values)
    if facet == "role":
        held = HeldRole.objects.filter(role__in=values)
        return Q(pk__in=held.order_by().values("organisation"))
    if facet == "domain":
        classed = Organisation.domains.through.objects.filter(
            term__scheme=Scheme.DOMAIN, term__code__in=values
        )
        return Q(pk__in=classed.order_by().values("organisation"))
    if facet == "catalyst":
        return Q(catalyst__isnull=False)
    return Q(**{f"{facet}__in": ["" if value == UNKNOWN else value for value in values]})


def _located(level: str, codes: Iterable[str]) -> Q:
    """Select by the seat or a territory of action that is, or lies in, one of the territories."""
    there = Q()
    for path in _PLACES:
        there |= Q(**{f"{path}__level": level, f"{path}__code__in": codes})
        there |= Q(
            **{
                f"{path}__snapshots__vintage__is_current": True,
                f"{path}__snapshots__{level}__code__in": codes,
            }
        )
    return Q(pk__in=Organisation.objects.order_by().filter(there).values("pk"))


def options(selection: Selection) -> dict[str, list[Option]]:
    """Count what each choice of each facet would keep, in three queries.

    A choice is counted under the words and the choices of the *other* facets: within a facet,
    choices add up.
    """
    found = _count_columns(selection)
    places = _count_places(selection)
    domains = {term.code: term.label for term in terms(Scheme.DOMAIN)}
    labels: dict[str, Mapping[str, object]] = {
        "world": dict(WorldChoices.choices),
        "profile": dict(ProfileChoices.choices),
        # Catalysts have their own facet.
        "role": {
            code: label for code, label in RoleChoices.choices if code != RoleChoices.CATALYST
        },
        "size": {**dict(SizeChoices.choices), UNKNOWN: _("Non connue")},
        "domain": domains,
        "catalyst": {CATALYSTS_ONLY: _("Catalyseurs seulement")},
    }
    listed = {
        facet: _in_order(found[facet], names, selection.chosen(facet))
        for facet, names in labels.items()
    }
    for facet in PLACE_FACETS:
        listed[facet] = _by_count(places[facet], selection.chosen(facet))
    return listed


def _count_columns(selection: Selection) -> dict[str, dict[str, int]]:
    size = Case(When(size="", then=Value(UNKNOWN)), default=F("size"))
    branches = [
        _tally(selected(selection, without=["world"]), "world", F("world")),
        _tally(selected(selection, without=["profile"]), "profile", F("profile")),
        _tally(selected(selection, without=["size"]), "size", size),
        _tally(
            selected(selection, without=["catalyst"]).filter(catalyst__isnull=False),
            "catalyst",
            Value(CATALYSTS_ONLY),
        ),
        _tally(
            HeldRole.objects.filter(organisation__in=selected(selection, without=["role"])),
            "role",
            F("role"),
        ),
        _tally(
            Organisation.domains.through.objects.filter(
                organisation__in=selected(selection, without=["domain"])
            ),
            "domain",
            F("term__code"),
        ),
    ]
    tallies: dict[str, dict[str, int]] = defaultdict(dict)
    for facet, value, number in branches[0].union(*branches[1:], all=True):
        tallies[facet][value] = number
    return tallies


def _tally(rows: QuerySet[Any], facet: str, value: Any) -> QuerySet[Any, Any]:
    # The order of the list would split the groups.
    grouped = rows.order_by().annotate(facet=Value(facet), value=value).values("facet", "value")
    tally: QuerySet[Any, Any] = grouped.annotate(number=Count("pk"))
    return tally.values_list("facet", "value", "number")


def _count_places(selection: Selection) -> dict[str, dict[tuple[str, str], int]]:
    """Count each organisation once per place, whether by its seat, its territories or both.

    One query gives where the organisations are, whatever the regions and departments chosen; what
    is chosen under one facet then narrows the other here.
    """
    rows = selected(selection, without=PLACE_FACETS)
    where: dict[str, dict[int, set[tuple[str, str]]]] = {
        facet: defaultdict(set) for facet in PLACE_FACETS
    }
    for pk, *columns in _placed(rows, "seat").union(_placed(rows, "territories")):
        for facet, code, name in zip(PLACE_FACETS, columns[::2], columns[1::2], strict=True):
            if code:
                where[facet][pk].add((code, name))
    return {
        facet: Counter(
            place
            for pk, places in where[facet].items()
            if _is_there(where[other].get(pk, ()), selection.chosen(other))
            for place in places
        )
        for facet, other in (PLACE_FACETS, PLACE_FACETS[::-1])
    }


def _is_there(places: Iterable[tuple[str, str]], codes: Collection[str]) -> bool:
    return not codes or any(code in codes for code, _name in places)


def _placed(rows: QuerySet[Organisation], path: str) -> QuerySet[Any, Any]:
    """Give where organisations are by one path: key, region and its name, department and its name.

    A perimeter drawn by a project is where its communes are.
    """
    direct, through = f"{path}__snapshots", f"{path}__perimeter__communes__snapshots"
    there = rows.order_by().filter(
        Q(**{f"{direct}__vintage__is_current": True})
        | Q(**{f"{through}__vintage__is_current": True})
    )
    columns = {
        f"{level}_{column}": Case(
            When(Q(**{f"{path}__level": level}), then=F(f"{path}__{column}")),
            default=Coalesce(
                F(f"{direct}__{level}__{column}"), F(f"{through}__{level}__{column}"), Value("")
            ),
        )
        for level in PLACE_FACETS
        for column in ("code", "name")
    }
    placed: QuerySet[Any, Any] = there.annotate(**columns).values_list("pk", *columns)
    return placed


def _in_order(
    tally: Mapping[str, int], labels: Mapping[str, object], chosen: Iterable[str]
) -> list[Option]:
    """List the choices of a closed list in its order; those that keep nothing only if chosen."""
    kept = list(chosen)
    names = {**labels, **{value: value for value in kept if value not in labels}}
    return [
        Option(value, str(label), tally.get(value, 0))
        for value, label in names.items()
        if tally.get(value) or value in kept
    ]


def _by_count(tally: Mapping[tuple[str, str], int], chosen: Iterable[str]) -> list[Option]:
    """List places, those that keep most first, then those chosen that keep nothing."""
    listed = [
        Option(code, f"{name} ({code})", number)
        for (code, name), number in sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    ]
    found = {option.value for option in listed}
    return [*listed, *(Option(code, code, 0) for code in chosen if code not in found)]


def map_places(organisations: QuerySet[Organisation]) -> list[MapPlace]:
    """Place organisations on the map: at their seat, else at the territory where they act.

    Those that act on a region or on the whole country only have no point.
    """
    rows = organisations.order_by("name_key", "pk")
    placed = [
        PlacedOrganisation(pk, slug, name, world, seat, is_seat=True)
        for pk, slug, name, world, seat in rows.filter(seat__isnull=False).values_list(
            "pk", "slug", "name", "world", "seat"
        )
    ]
    acting = (
        rows.filter(seat=None)
        .exclude(territories=None)
        .exclude(territories__level__in=("country", "region"))
        .values_list("pk", "slug", "name", "world", "territories")
        .order_by("name_key", "pk", "territories")
    )
    for pk, slug, name, world, territory in acting:
        placed.append(PlacedOrganisation(pk, slug, name, world, territory, is_seat=False))
    return _gather(placed)


def _gather(placed: Iterable[PlacedOrganisation]) -> list[MapPlace]:
    there: dict[int, list[PlacedOrganisation]] = defaultdict(list)
    for organisation in placed:
        there[organisation.territory_id].append(organisation)
    return [
        MapPlace(facts.name, facts.url, facts.x, facts.y, tuple(there[pk]))
        for pk, facts in facts_of(there).items()
        if facts.x is not None and facts.y is not None
    ]
