"""Alliances in short, for lists, maps and the pages of others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, Value
from django.utils.translation import get_language

from alliage.alliances.vocabulary import World
from alliage.values.text import fold
from alliage_web.actors.models import INVENTED
from alliage_web.alliances.models import Alliance, AllianceTerm, AllianceTerritory, Party
from alliage_web.territories.queries import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

_WORLDS = [world.value for world in World]


@dataclass(frozen=True, slots=True)
class AllianceCard:
    """An alliance in a list. Empty texts are unknown."""

    id: int
    slug: str
    title: str
    kind: str
    summary: str
    stage: str
    stage_label: str
    worlds: tuple[str, ...]
    territories: tuple[str, ...]
    started: str
    ended: str
    domains: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Membership:
    """An organisation takes part in an alliance."""

    card: AllianceCard
    role: str
    brings: str
    entered: str
    left: str


@dataclass(frozen=True, slots=True)
class AlliancePoint:
    """An alliance on a map, at the first of its territories that has a position."""

    id: int
    title: str
    url: str
    x: float
    y: float
    worlds: tuple[str, ...]
    stage: str
    place: str


@dataclass(frozen=True, slots=True)
class AllianceSuggestion:
    """An alliance that a typed text may mean."""

    code: str
    title: str
    kind: str
    url: str


def real() -> QuerySet[Alliance]:
    """Return the alliances of the public lists: all but those that a demonstration made up."""
    return Alliance.objects.exclude(source=INVENTED)


def count() -> int:
    """Return how many alliances there are."""
    return real().count()


def find(slug: str) -> Alliance | None:
    return Alliance.objects.filter(slug=slug).first()


def find_by_code(code: str) -> Alliance | None:
    return Alliance.objects.filter(code=code).first()


def ids_by_code(codes: Iterable[str]) -> dict[str, int]:
    """Return the keys of alliances by their identifiers; one that is not there is left out."""
    found = Alliance.objects.filter(code__in=set(codes)).order_by()
    return dict(found.values_list("code", "pk"))


def parents() -> dict[str, str]:
    """Return the identifier of the alliance above each that has one, by their identifiers."""
    return dict(
        Alliance.objects.exclude(part_of=None).order_by().values_list("code", "part_of__code")
    )


def ancestors(code: str) -> set[str]:
    """Return the identifiers of the alliances above one, whatever their number."""
    above = parents()
    found: set[str] = set()
    while code in above and above[code] not in found:
        code = above[code]
        found.add(code)
    return found


def suggest(text: str, *, limit: int = 10) -> list[AllianceSuggestion]:
    """Return the alliances whose texts hold every word typed, by title."""
    found = matching(text).order_by("text_key", "pk")[:limit] if text.strip() else ()
    return [
        AllianceSuggestion(
            alliance.code,
            alliance.display_title,
            alliance.display_kind,
            alliance.get_absolute_url(),
        )
        for alliance in found
    ]


def matching(text: str) -> QuerySet[Alliance]:
    """Return the alliances whose title, form or summary hold every word, accents ignored."""
    words = Q()
    for word in fold(text).split():
        words &= Q(text_key__contains=word)
    return Alliance.objects.filter(words)


def cards(ids: Iterable[int]) -> list[AllianceCard]:
    """Return the cards of alliances in the order given, in two queries."""
    wanted = list(dict.fromkeys(ids))
    found = {item.pk: item for item in Alliance.objects.filter(pk__in=wanted).order_by("pk")}
    return _cards([found[key] for key in wanted if key in found])


def _cards(alliances: Sequence[Alliance]) -> list[AllianceCard]:
    """Show alliances that were read, in one more query."""
    links = _links_of([alliance.pk for alliance in alliances])
    return [
        AllianceCard(
            id=alliance.pk,
            slug=alliance.slug,
            title=alliance.display_title,
            kind=alliance.display_kind,
            summary=alliance.display_summary,
            stage=alliance.stage,
            stage_label=alliance.get_stage_display(),
            worlds=tuple(sorted(links[alliance.pk]["world"], key=_WORLDS.index)),
            territories=tuple(links[alliance.pk]["territory"]),
            started=alliance.started,
            ended=alliance.ended,
            domains=tuple(links[alliance.pk]["domain"]),
            url=alliance.get_absolute_url(),
        )
        for alliance in alliances
    ]


def _links_of(ids: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """Give the worlds, the territories and the domains of alliances, in the language of the page.

    They are read together: a page that shows alliances among other things has few queries to spend.
    """
    label = "term__label_en" if (get_language() or "").startswith("en") else "term__label_fr"
    of_kinds: tuple[tuple[str, QuerySet[Any], str, str], ...] = (
        ("world", Party.objects.all(), "world", "alliance_id"),
        ("territory", AllianceTerritory.objects.all(), "territory__name", "pk"),
        ("domain", AllianceTerm.objects.filter(term__scheme="domain"), label, "term__order"),
    )
    branches = [
        rows.filter(alliance__in=ids)
        .order_by()
        .annotate(kind=Value(kind), rank=F(rank), text=F(text))
        .values_list("alliance_id", "kind", "rank", "text")
        for kind, rows, text, rank in of_kinds
    ]
    links: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for alliance, kind, _rank, text in sorted(branches[0].union(*branches[1:])):
        links[alliance][kind].append(text)
    return links


def worlds_of(ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the worlds of the parties of each alliance, in the order of the vocabulary."""
    found: dict[int, set[str]] = defaultdict(set)
    pairs = Party.objects.filter(alliance__in=ids).order_by().values_list("alliance_id", "world")
    for alliance, world in pairs.distinct():
        found[alliance].add(world)
    return {key: tuple(sorted(found[key], key=_WORLDS.index)) for key in ids}


def terms_of(
    ids: Sequence[int], schemes: Sequence[str]
) -> dict[int, dict[str, tuple[tuple[str, str], ...]]]:
    """Return the code and the name of the terms of each alliance, by list, in one query."""
    label = "term__label_en" if (get_language() or "").startswith("en") else "term__label_fr"
    rows = AllianceTerm.objects.filter(alliance__in=ids, term__scheme__in=schemes)
    found: dict[int, dict[str, tuple[tuple[str, str], ...]]] = defaultdict(dict)
    for alliance, scheme, code, name in rows.order_by("term__order", "pk").values_list(
        "alliance_id", "term__scheme", "term__code", label
    ):
        found[alliance][scheme] = (*found[alliance].get(scheme, ()), (code, name))
    return found


def territories_of(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return the territories of alliances, as pairs of identifiers, in one query."""
    rows = AllianceTerritory.objects.filter(alliance__in=ids).order_by("alliance", "pk")
    return list(rows.values_list("alliance_id", "territory_id"))


def alliances_on(
    territory_ids: Iterable[int] | QuerySet[Any, Any], *, limit: int
) -> list[AllianceCard]:
    """Return the alliances that act on some territories, the latest started first."""
    acting = AllianceTerritory.objects.filter(territory__in=territory_ids).order_by()
    found = real().filter(pk__in=acting.values("alliance")).order_by("-started", "text_key", "pk")
    return _cards(list(found[:limit]))


def alliances_of(organisation_id: int) -> list[Membership]:
    """Return the alliances that an organisation takes part in, by date of entry then title."""
    parties = list(
        Party.objects.filter(organisation=organisation_id).order_by(
            "alliance__started", "alliance__text_key", "pk"
        )
    )
    found = {card.id: card for card in cards(party.alliance_id for party in parties)}
    return [
        Membership(found[party.alliance_id], party.role, party.brings, party.entered, party.left)
        for party in parties
    ]


def map_points(ids: Iterable[int] | QuerySet[Any, Any] | None = None) -> list[AlliancePoint]:
    """Return where alliances are, all those of the public lists unless told.

    An alliance of the whole country, or whose territories have no position, is on no map.
    """
    places = AllianceTerritory.objects.exclude(territory__level="country").order_by(
        "alliance", "pk"
    )
    if ids is None:
        places = places.exclude(alliance__source=INVENTED)
    else:
        places = places.filter(alliance__in=ids)
    rows = list(places.values_list("alliance_id", "territory_id"))
    facts = facts_of(territory for _, territory in rows)
    first: dict[int, int] = {}
    for alliance, territory in rows:
        if territory in facts and facts[territory].x is not None:
            first.setdefault(alliance, territory)
    shown = Alliance.objects.filter(pk__in=first).order_by("text_key", "pk")
    worlds = worlds_of(list(first))
    return [_point(alliance, worlds[alliance.pk], facts[first[alliance.pk]]) for alliance in shown]


def _point(alliance: Alliance, worlds: tuple[str, ...], facts: Any) -> AlliancePoint:
    return AlliancePoint(
        id=alliance.pk,
        title=alliance.display_title,
        url=alliance.get_absolute_url(),
        x=facts.x,
        y=facts.y,
        worlds=worlds,
        stage=alliance.stage,
        place=facts.name,
    )
