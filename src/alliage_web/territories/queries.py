"""Reading the territories. Unless said otherwise, figures are those of the current vintage."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from alliage.territories.comparison import ClassProfile, Distribution, density
from alliage.territories.levels import Level
from alliage.territories.perimeters import Commune, Composition, compose
from alliage.territories.size_classes import SizeClass
from alliage.territories.vintages import OVERSEAS_COLLECTIVITY
from alliage.values.codes import InvalidCodeError, commune_code
from alliage.values.text import name_key

from .models import (
    LevelChoices,
    Outline,
    Perimeter,
    SearchKey,
    SizeClassChoices,
    Snapshot,
    Succession,
    Territory,
    Vintage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models.expressions import Combinable

# « Saint-Denis 93 », « Saint-Denis (93) »: a name, then the beginning of a code.
_NAME_AND_PLACE = re.compile(r"(?P<name>.*[a-z].*) (?P<place>\d{2,5}|2[ab]\d{0,3})")
# The left, top, right and bottom of a shape or a frame in the plane of the maps.
Box = tuple[float, float, float, float]
_CONTAINERS = ("commune", "epci", "ept", "department", "region")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A territory that a typed text may mean. ``value`` is what a form sends back."""

    territory_id: int
    level: str
    level_label: str
    code: str
    name: str
    context: str
    url: str
    latitude: float | None
    longitude: float | None

    @property
    def value(self) -> str:
        """The level and the code: ``commune/94080``."""
        return f"{self.level}/{self.code}"


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


# The vintage


def current_vintage() -> Vintage | None:
    """Return the vintage in force, if one was loaded."""
    return Vintage.objects.filter(is_current=True).first()


def is_loaded(year: int, fingerprint: str) -> bool:
    """Tell whether a vintage was loaded from files that have not changed since."""
    return Vintage.objects.filter(year=year, fingerprint=fingerprint).exists()


def communes_count(vintage: Vintage) -> int:
    """Return the number of communes of a vintage, overseas collectivities included."""
    return Snapshot.objects.filter(vintage=vintage, territory__level=Level.COMMUNE).count()


# Finding a territory


def resolve(level: str, code: str) -> Territory | None:
    """Return the territory of a level and code, whether or not the current vintage has it."""
    if not code.isprintable():
        # PostgreSQL refuses a text with a null character; no code has one.
        return None
    return Territory.objects.filter(level=level, code=code).first()


def by_codes(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Territory]:
    """Return the territories of many (level, code); those that do not exist are absent."""
    codes: dict[str, set[str]] = defaultdict(set)
    for level, code in pairs:
        codes[level].add(code)
    if not codes:
        return {}
    wanted = Q(pk=None)
    for level, of_level in codes.items():
        wanted |= Q(level=level, code__in=of_level)
    return {(found.level, found.code): found for found in Territory.objects.filter(wanted)}


def successors(code: str) -> list[Succession]:
    """Return where a former commune code leads in the current vintage, by successor."""
    if not code.isprintable():
        return []
    return list(
        Succession.objects.filter(vintage__is_current=True, code=code)
        .select_related("successor")
        .order_by("successor__code", "pk")
    )


def suggest(text: str, *, levels: Iterable[str] | None = None, limit: int = 10) -> list[Suggestion]:
    """Return the territories that a text may mean, the whole name first, then the most populated.

    A name may be begun at any word; accents, hyphens and « st » do not matter. Postal and INSEE
    codes may be begun too, and a name may be followed by that of its department: « st denis 93 ».
    """
    key = name_key(text)
    if not key:
        return []
    keys = (
        SearchKey.objects.filter(Q(vintage__is_current=True) | Q(vintage=None))
        .filter(_meant_by(key))
        .annotate(rank=_rank_of(key), is_grouping=~Q(level=Level.COMMUNE))
        .order_by("rank", F("population").desc(nulls_last=True), "is_grouping", "key", "pk")
    )
    if levels is not None:
        keys = keys.filter(level__in=[str(level) for level in levels])
    # Several keys of one territory may match: « Saint » begins « Saint-Maur » and its end.
    ids = list(dict.fromkeys(keys.values_list("territory_id", flat=True)[: 4 * limit]))[:limit]
    facts = facts_of(ids)
    return [_suggestion(facts[found]) for found in ids if found in facts]


def identify(text: str, *, levels: Iterable[str] | None = None) -> list[Suggestion]:
    """Return the territories that a form field means: one if it is clear, several if it is not.

    The field holds what the autocomplete chose (``commune/94080``) or, without JavaScript, what was
    typed: a code or a name, with its department if other territories have the same.
    """
    level, _slash, code = text.strip().partition("/")
    allowed = LevelChoices.values if levels is None else [str(item) for item in levels]
    if code and level in allowed:
        territory = resolve(level, code)
        return [
            _suggestion(facts) for facts in facts_of([territory.pk] if territory else []).values()
        ]
    found = suggest(text, levels=levels, limit=20)
    key = name_key(text)
    exact = [item for item in found if key in {name_key(item.name), item.code.lower()}]
    match = _NAME_AND_PLACE.fullmatch(key)
    if match and not exact:
        exact = [
            item
            for item in found
            if name_key(item.name) == match["name"] and item.code.lower().startswith(match["place"])
        ]
    return exact or found


def _meant_by(key: str) -> Q:
    if len(key) == 1:
        return Q(key=key)
    meant = _starting_with(key)
    match = _NAME_AND_PLACE.fullmatch(key)
    if match:
        place = match["place"].upper()
        meant |= _starting_with(match["name"]) & Q(territory__code__startswith=place)
    return meant


def _starting_with(beginning: str) -> Q:
    if connection.vendor == "sqlite":
        # SQLite compares bytes: a range uses the index, which LIKE with an escape does not.
        return Q(key__gte=beginning, key__lt=beginning + "\N{REPLACEMENT CHARACTER}")
    return Q(key__startswith=beginning)


def _rank_of(key: str) -> Case:
    match = _NAME_AND_PLACE.fullmatch(key)
    exact = Q(key=key) | (Q(key=match["name"]) if match else Q(pk=None))
    return Case(When(exact, is_whole=True, then=Value(0)), default=Value(1))


def _suggestion(facts: TerritoryFacts) -> Suggestion:
    return Suggestion(
        territory_id=facts.territory_id,
        level=facts.level,
        level_label=facts.level_label,
        code=facts.code,
        name=facts.name,
        context=facts.context,
        url=facts.url,
        latitude=facts.latitude,
        longitude=facts.longitude,
    )


# Figures of many territories


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
        found |= _facts_of_perimeters(left)
    return {pk: found[pk] for pk in ids if pk in found}


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


def _facts_of_perimeters(territory_ids: Sequence[int]) -> dict[int, TerritoryFacts]:
    perimeters = Perimeter.objects.filter(territory__in=territory_ids).select_related("territory")
    members = _members_of(perimeter.pk for perimeter in perimeters)
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


def _members_of(perimeter_ids: Iterable[int]) -> dict[int, list[Snapshot | Commune]]:
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


# What is in what


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


def _within(territory: Territory) -> QuerySet[Snapshot]:
    """Give the snapshots that say to be in a territory; for a perimeter, those of its communes."""
    current = Snapshot.objects.filter(vintage__is_current=True).order_by()
    if territory.level == Level.PERIMETER:
        communes = Perimeter.communes.through.objects.filter(perimeter__territory=territory)
        ids = communes.values("territory_id")
        return current.filter(Q(territory__in=ids) | Q(commune__in=ids))
    return current.filter(**{territory.level: territory})


def containing_ids(territory: Territory) -> set[int]:
    """Return the ids of the groupings and perimeters that contain a territory, country excepted."""
    if territory.level == Level.PERIMETER:
        communes = list(_within(territory).filter(territory__level=Level.COMMUNE))
        shared = [{getattr(row, f"{name}_id") for row in communes} for name in _CONTAINERS[1:]]
        return {pk for ids in shared if len(ids) == 1 for pk in ids if pk}
    snapshot = Snapshot.objects.filter(vintage__is_current=True, territory=territory).first()
    if snapshot is None:
        return set()
    groupings = {getattr(snapshot, f"{name}_id") for name in _CONTAINERS} - {None}
    commune = snapshot.commune_id or territory.pk
    return groupings | set(
        Perimeter.objects.filter(communes=commune).values_list("territory_id", flat=True)
    )


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


def communes_in(territory: Territory) -> QuerySet[Snapshot]:
    """Return the communes of a territory in the current vintage, by name."""
    current = Snapshot.objects.filter(vintage__is_current=True)
    within = current if territory.level == Level.COUNTRY else _within(territory)
    return (
        within.filter(territory__level=Level.COMMUNE)
        .select_related("territory", "epci")
        .order_by("name_key", "pk")
    )


# A territory and its figures


def place(level: str, code: str) -> Place | None:
    """Return a territory as its page shows it; None if no vintage and no person described it."""
    if not code.isprintable():
        return None
    if level == Level.PERIMETER:
        return _place_of_perimeter(code)
    snapshot = (
        Snapshot.objects.filter(territory__level=level, territory__code=code)
        .select_related("vintage", "territory", "outline", *_CONTAINERS)
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


def _box_of(snapshot: Snapshot) -> Box | None:
    outline: Outline | None = getattr(snapshot, "outline", None)
    if outline is None:
        return None
    return outline.x_min, outline.y_min, outline.x_max, outline.y_max


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _place_of_perimeter(code: str) -> Place | None:
    perimeter = (
        Perimeter.objects.filter(territory__code=code, territory__level=Level.PERIMETER)
        .select_related("territory")
        .first()
    )
    if perimeter is None:
        return None
    territory = perimeter.territory
    members = _members_of([perimeter.pk])[perimeter.pk]
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


# Maps and lists


def figures(*, level: str, within: Territory | None = None) -> list[Snapshot]:
    """Return the territories of a level in the current vintage, by name, collectivities apart."""
    rows = Snapshot.objects.filter(vintage__is_current=True, territory__level=level).exclude(
        kind=OVERSEAS_COLLECTIVITY
    )
    if within is not None and within.level != Level.COUNTRY:
        rows = rows.filter(**{within.level: within})
    return list(rows.select_related("territory", "region").order_by("name_key", "pk"))


def collectivities() -> list[Snapshot]:
    """Return the overseas collectivities, which belong to no region, by name."""
    return list(
        Snapshot.objects.filter(
            vintage__is_current=True,
            territory__level=Level.DEPARTMENT,
            kind=OVERSEAS_COLLECTIVITY,
        )
        .select_related("territory")
        .order_by("name_key", "pk")
    )


def alliances_by_department() -> dict[str, int]:
    """Return how many alliances are placed in each department: on it, or on something within it."""
    rows = (
        Snapshot.objects.filter(
            Q(department__isnull=False) | Q(territory__level=Level.DEPARTMENT),
            vintage__is_current=True,
            territory__alliance_places__isnull=False,
        )
        .order_by()
        .values_list(
            Coalesce("department__code", "territory__code"),
            "territory__alliance_places__alliance_id",
        )
        .distinct()
    )
    return dict(Counter(code for code, _alliance in rows))


def intercommunal_bodies_in(territory: Territory) -> QuerySet[Snapshot]:
    """Return the intercommunal bodies that have communes in a territory, by name."""
    rows = Snapshot.objects.filter(
        vintage__is_current=True, territory__level__in=(Level.EPCI, Level.EPT)
    )
    if territory.level != Level.COUNTRY:
        communes = communes_in(territory).order_by()
        rows = rows.filter(
            Q(territory__in=communes.values("epci")) | Q(territory__in=communes.values("ept"))
        ).exclude(territory=territory)
    return rows.select_related("territory", "department").order_by("name_key", "pk")


def perimeters(*, limit: int = 100) -> list[TerritoryFacts]:
    """Return the perimeters that people drew, by name."""
    ids = Perimeter.objects.order_by("territory__name", "pk").values_list("territory_id", flat=True)
    return list(_facts_of_perimeters(list(ids[:limit])).values())


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


# The communes of a form


@dataclass(frozen=True, slots=True)
class CodeReading:
    """What a commune code means: a commune, or else what to say of it."""

    code: str
    commune: Territory | None = None
    successors: tuple[Territory, ...] = ()
    is_malformed: bool = False


def read_commune_codes(codes: Iterable[str]) -> dict[str, CodeReading]:
    """Return what each text means as the INSEE code of a commune of the current vintage."""
    given = list(dict.fromkeys(codes))
    formed = {text: code for text in given if (code := _commune_code(text))}
    rows = Snapshot.objects.filter(
        vintage__is_current=True,
        territory__level=Level.COMMUNE,
        territory__code__in=set(formed.values()),
    ).select_related("territory")
    communes = {row.territory.code: row.territory for row in rows}
    former: dict[str, list[Territory]] = defaultdict(list)
    for row in Succession.objects.filter(
        vintage__is_current=True, code__in=set(formed.values()) - set(communes)
    ).select_related("successor"):
        former[row.code].append(row.successor)
    return {
        text: CodeReading(
            code=formed.get(text, text),
            commune=communes.get(formed.get(text, "")),
            successors=tuple(former.get(formed.get(text, ""), ())),
            is_malformed=text not in formed,
        )
        for text in given
    }


def _commune_code(text: str) -> str | None:
    try:
        return commune_code(text)
    except InvalidCodeError:
        return None
