"""Whom to see and what to read after a positioning; each line says why in a sentence."""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage.knowledge.comparable import Situation
from alliage.positioning.orientation import (
    CATALYST_CIRCLES,
    FIRST_STEP_OF_TOOLS,
    FUNCTIONS_OF_DOORS,
    MONEY,
    SITE_CIRCLES,
    Help,
    Wish,
    nearest,
    read_support_bodies,
    suited_bodies,
    suited_examples,
)
from alliage.territories.distance import great_circle_km
from alliage_web.actors.queries import names_by_slug
from alliage_web.actors.queries.catalysts import nearest_entries
from alliage_web.fund.queries import all_funds
from alliage_web.fund.queries.calls import open_calls
from alliage_web.fund.queries.supports import PUBLIC, all_supports
from alliage_web.knowledge.queries import KIND, catalogue, published
from alliage_web.positioning.models import SupportSite
from alliage_web.territories.queries import containing_ids, facts_of
from alliage_web.vocabulary.models import Scheme

from . import orientation_words as words
from .orientation_words import Line, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

    from alliage.alliances.vocabulary import World
    from alliage.positioning.orientation import Choice, SupportBody
    from alliage.positioning.scoring import Positioning
    from alliage_web.actors.models import Organisation
    from alliage_web.actors.queries.catalysts import CatalystEntry
    from alliage_web.knowledge.queries import Catalogue
    from alliage_web.territories.models import Territory
    from alliage_web.territories.queries import TerritoryFacts

EXAMPLES, RESOURCES, CATALYSTS, SITES, CALLS, GIVERS = 2, 3, 3, 3, 5, 5
#: Examples compared in full, among thousands.
MOST_COMPARED = 200
#: Catalysts measured: those of a country.
MOST_MEASURED = 10_000
_KM_OF_A_DEGREE = 111.0


@dataclass(frozen=True, slots=True)
class Orientation:
    """What is recommended, part by part; each part says so where it has nothing.

    Attributes
    ----------
    place
        The commune that distances start from; empty if it is not known.
    place_told
        What the lack of a commune changes; empty where there is one.
    """

    place: str
    place_told: str
    examples: Part
    resources: Part
    catalysts: Part
    bodies: Part
    sites: Part
    funders: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of them, in the order of a page."""
        return (
            self.examples, self.resources, self.catalysts, self.bodies, self.sites, self.funders
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Here:
    """The commune, and all that contains it."""

    facts: TerritoryFacts | None = None
    places: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def point(self) -> tuple[float, float] | None:
        facts = self.facts
        if facts is None or facts.latitude is None or facts.longitude is None:
            return None
        return facts.latitude, facts.longitude


def orientation(
    positioning: Positioning,
    *,
    territory: Territory | None = None,
    world: World | None = None,
    domain: str = "",
) -> Orientation:
    """Return what fits a positioning, a place, a world and a need, by the code of its domain.

    No door is drawn at random: where none is named, examples and resources are not recommended,
    and those who guide come first.
    """
    named = positioning.recommendations
    return oriented(
        doors=tuple(one.door for one in named),
        step=named[0].reach.level if named else None,
        territory=territory,
        world=world,
        domains=frozenset({domain} - {""}),
    )


def oriented(
    *,
    doors: tuple[str, ...] = (),
    step: int | None = None,
    territory: Territory | None = None,
    world: World | None = None,
    domains: frozenset[str] = frozenset(),
) -> Orientation:
    """Return what fits doors, a place, a world and themes, each of which may be unknown."""
    here = _here(territory)
    wish = Wish(
        doors=doors,
        world=world,
        size=here.facts.size_class if here.facts else "",
        places=frozenset(here.places),
        domains=domains,
        step=step,
    )
    index = catalogue()
    choices = suited_bodies(support_bodies(), wish)
    if not wish.doors:
        choices = tuple(one for one in choices if Help.GUIDANCE in one.item.helps)
    return Orientation(
        place=here.facts.name if here.facts else "",
        place_told=words.place_told(territory.name if territory else "", known=bool(here.point)),
        examples=_examples(index, wish),
        resources=_resources(index, wish),
        catalysts=_catalysts(here, wish),
        bodies=_bodies([one for one in choices if not MONEY & set(one.item.helps)], wish, here),
        sites=_sites(here),
        funders=_funders([one for one in choices if MONEY & set(one.item.helps)], wish, here),
    )


@functools.cache
def support_bodies() -> tuple[SupportBody, ...]:
    """Return the support bodies that ship with Alliage.

    They are read in the file: a table would only repeat it, since they change with a release.
    """
    return read_support_bodies()


def body_lines(wish: Wish, territory: Territory | None) -> list[Line]:
    """Return every support body that a wish does not rule out, each with why."""
    here = _here(territory)
    choices = suited_bodies(support_bodies(), wish)
    return _body_lines(choices, here)


def _here(territory: Territory | None) -> _Here:
    if territory is None:
        return _Here()
    ids = [territory.pk, *sorted(containing_ids(territory))]
    facts = facts_of(ids)
    places = {(one.level, one.code): one.name for one in facts.values()}
    return _Here(facts.get(territory.pk), places)


# Examples and resources


def _examples(index: Catalogue, wish: Wish) -> Part:
    title = _("Des exemples à lire")
    if not wish.doors:
        return Part("exemples", title, words.no_door_examples())
    chosen = suited_examples(_situations(index, wish), wish, limit=EXAMPLES)
    if not chosen:
        return Part("exemples", title, words.no_example(wish.doors))
    slugs = [choice.item.key.removeprefix("entry:") for choice in chosen]
    entries = {one.slug: one for one in published().filter(slug__in=slugs)}
    domains = words.domain_labels({code for one in chosen for code in one.item.domains})
    return Part(
        "exemples",
        title,
        words.examples_told(wish, [choice.item for choice in chosen]),
        tuple(
            Line(
                title=entries[slug].display_title,
                url=entries[slug].get_absolute_url(),
                summary=entries[slug].display_summary,
                why=words.why_example(choice.why, domains),
                checks=words.checks(choice.checks),
            )
            for slug, choice in zip(slugs, chosen, strict=True)
            if slug in entries
        ),
    )


def _situations(index: Catalogue, wish: Wish) -> list[Situation]:
    """Return the examples of the doors: among thousands, those of the need then of the size."""
    places = np.flatnonzero(index.having(KIND, ["example"]) & index.having("objectif", wish.doors))
    same_need = index.having("domaine", sorted(wish.domains))[places]
    same_size = index.having("ampleur", [wish.size])[places]
    order = places[np.lexsort((~same_size, ~same_need))]
    names = _names(index)
    return [_situation(index, place, names[place]) for place in order[:MOST_COMPARED].tolist()]


@functools.lru_cache(maxsize=2)
def _names(index: Catalogue) -> dict[int, str]:
    """Return what each document is about, by its position."""
    return {position: target for target, position in index.targets.items()}


def _situation(index: Catalogue, position: int, target: str) -> Situation:
    values: dict[str, list[str]] = defaultdict(list)
    for facet, value in index.values_of(position):
        values[facet].append(value)
    return Situation(
        key=target,
        domains=frozenset(values["domaine"]),
        objectives=frozenset(values["objectif"]),
        sizes=frozenset(values["ampleur"]),
        worlds=frozenset(values["monde"]),
        stage=next(iter(values["etape"]), None),
        family=next(iter(values["famille"]), ""),
    )


def _resources(index: Catalogue, wish: Wish) -> Part:
    """Tools come first for who acts already, publications for who discovers."""
    title = _("Des outils et des publications")
    if not wish.doors:
        return Part("ressources", title, words.no_door_resources())
    acts = wish.step is not None and wish.step >= FIRST_STEP_OF_TOOLS
    kinds = ("tool", "publication") if acts else ("publication", "tool")
    found: list[str] = []
    names = _names(index)
    for door in wish.doors:
        for kind in kinds:
            flags = index.having(KIND, [kind]) & index.having("objectif", [door])
            places = np.flatnonzero(flags).tolist()
            found += sorted(names[place].removeprefix("entry:") for place in places)
    slugs = list(dict.fromkeys(found))[:RESOURCES]
    entries = {
        one.slug: one for one in published().filter(slug__in=slugs).prefetch_related("terms")
    }
    lines = tuple(
        Line(
            title=entries[slug].display_title,
            url=entries[slug].get_absolute_url(),
            summary=entries[slug].display_summary,
            why=words.why_resource(
                entries[slug].kind,
                [
                    door
                    for door in wish.doors
                    if door in {term.code for term in entries[slug].terms.all()}
                ],
            ),
        )
        for slug in slugs
        if slug in entries
    )
    told = words.resources_told(acts=acts) if lines else words.no_resource(wish.doors)
    return Part("ressources", title, told, lines)


# Near the commune


def _catalysts(here: _Here, wish: Wish) -> Part:
    title = _("Les catalyseurs autour de vous")
    if here.point is None:
        return Part("catalyseurs", title, words.catalysts_without_place())
    everyone = nearest_entries(*here.point, limit=MOST_MEASURED)
    on_theme = [
        (distance, entry)
        for distance, entry in everyone
        # Beyond the last circle, a theme in common no longer outweighs being near.
        if distance <= CATALYST_CIRCLES[-1] and wish.domains & {term.code for term in entry.domains}
    ]
    wanted = {code for door in wish.doors for code in FUNCTIONS_OF_DOORS[door]}
    measured = on_theme or everyone
    near = nearest(measured, CATALYST_CIRCLES, limit=len(measured))
    order = list(near.found)
    if near.circle is not None:
        # In one circle, those whose functions serve the door come first; distance then decides.
        order.sort(key=lambda pair: not wanted & {term.code for term in pair[1].functions})
    order = order[:CATALYSTS]
    lines = tuple(_catalyst_line(distance, entry, wanted, wish, here) for distance, entry in order)
    told = words.near_told(near) if near.found else words.no_catalyst()
    if wish.domains and near.found and not on_theme:
        told = f"{words.no_catalyst_on_theme()} {told}"
    return Part("catalyseurs", title, told, lines)


def _catalyst_line(
    distance: float, entry: CatalystEntry, wanted: set[str], wish: Wish, here: _Here
) -> Line:
    functions = [term.label for term in entry.functions if term.code in wanted]
    covered = [one.name for one in entry.territories if (one.level, one.code) in here.places]
    return Line(
        title=entry.organisation.name,
        url=entry.organisation.get_absolute_url(),
        why=words.why_catalyst(
            distance,
            entry.place.name if entry.place else "",
            functions=functions,
            themes=[term.label for term in entry.domains if term.code in wish.domains],
            covered=covered[0] if covered else "",
        ),
        checks=words.checks_of_catalyst(known=bool(entry.functions)),
        tags=tuple(term.label for term in entry.functions),
    )


def _sites(here: _Here) -> Part:
    title = _("Les points de contact les plus proches")
    if here.point is None:
        return Part("points-de-contact", title, words.sites_without_place())
    near = nearest(nearest_sites(*here.point), SITE_CIRCLES, limit=SITES)
    if not near.found:
        return Part("points-de-contact", title, words.no_site_loaded())
    code = here.facts.code if here.facts else ""
    lines = tuple(
        Line(
            title=site.name,
            summary=words.address(site),
            why=words.why_site(site, distance, is_there=site.commune_code == code),
            checks=words.checks_of_site(site),
            tags=(site.kind.replace("_", " "),) if site.kind else (),
            source=site.source,
        )
        for distance, site in near.found
    )
    return Part("points-de-contact", title, words.near_told(near), lines)


def nearest_sites(
    latitude: float, longitude: float, *, limit: int = SITES
) -> list[tuple[float, SupportSite]]:
    """Return the nearest sites, each after its distance in kilometres.

    A square around the widest circle is asked for first, which the index serves; only where it is
    empty are all the sites measured.
    """
    reach = SITE_CIRCLES[-1] / _KM_OF_A_DEGREE
    across = reach / max(math.cos(math.radians(latitude)), 0.01)
    square = SupportSite.objects.filter(
        latitude__range=(latitude - reach, latitude + reach),
        longitude__range=(longitude - across, longitude + across),
    )
    measured = _measured(square, latitude, longitude)[:limit]
    if not measured or measured[0][0] > SITE_CIRCLES[-1]:
        measured = _measured(SupportSite.objects.all(), latitude, longitude)[:limit]
    found = SupportSite.objects.in_bulk([pk for _distance, pk in measured])
    return [(distance, found[pk]) for distance, pk in measured]


def _measured(
    sites: QuerySet[SupportSite], latitude: float, longitude: float
) -> list[tuple[float, int]]:
    rows = sites.order_by().values_list("pk", "latitude", "longitude")
    return sorted(
        (great_circle_km(latitude, longitude, north, east), pk) for pk, north, east in rows
    )


# Support bodies and funders


def _bodies(choices: Sequence[Choice[SupportBody]], wish: Wish, here: _Here) -> Part:
    lines = tuple(_body_lines(choices, here))
    told = words.bodies_told(has_door=bool(wish.doors)) if lines else words.no_body()
    return Part("accompagnement", _("Vers qui se tourner"), told, lines)


def _body_lines(choices: Iterable[Choice[SupportBody]], here: _Here) -> list[Line]:
    choices = tuple(choices)
    names = names_by_slug({slug for one in choices for slug in one.item.organisations})
    return [words.body_line(one, names, here.places) for one in choices]


def _funders(choices: Sequence[Choice[SupportBody]], wish: Wish, here: _Here) -> Part:
    """Return the open calls, who pays or invests, then who gave to alliances of the doors."""
    title = _("Qui peut financer quoi")
    givers = _givers(wish)
    bodies = [
        replace(line, facts=line.facts + _facts_of_giver(line, givers))
        for line in _body_lines(choices, here)
    ]
    told_already = {slug for line in bodies for slug, _name in line.links}
    others = [
        words.giver_line(giver, given, has_door=bool(wish.doors))
        for slug, (giver, given) in givers.items()
        if slug not in told_already
    ]
    lines = (*_calls(), *bodies, *others[:GIVERS])
    return Part("financement", title, words.funders_told(has_lines=bool(lines)), lines)


def _facts_of_giver(
    line: Line, givers: Mapping[str, tuple[Organisation, str]]
) -> tuple[tuple[str, str], ...]:
    return tuple((_("Déjà donné"), givers[slug][1]) for slug, _n in line.links if slug in givers)


def _calls() -> list[Line]:
    """Return the calls that are open now: what each pays for is in its rules."""
    now = timezone.now()
    opened = [call for fund in all_funds() for call in open_calls(fund, now)]
    return [words.call_line(call) for call in opened[:CALLS]]


def _givers(wish: Wish) -> dict[str, tuple[Organisation, str]]:
    """Return who supported alliances of the doors, the most often first, and by which levers.

    Supports of a demonstration, and those that one side alone declares, are not counted.
    """
    rows = all_supports().filter(PUBLIC, giver__isnull=False, giver__merged_into=None)
    if wish.doors:
        rows = rows.filter(
            alliance__terms__scheme=Scheme.OBJECTIVE, alliance__terms__code__in=wish.doors
        ).distinct()
    levers: dict[str, Counter[str]] = defaultdict(Counter)
    givers = {}
    for row in rows:
        if row.giver is not None:
            givers[row.giver.slug] = row.giver
            levers[row.giver.slug][row.lever] += 1
    order = sorted(givers, key=lambda slug: (-levers[slug].total(), slug))
    return {slug: (givers[slug], words.given_by_levers(levers[slug])) for slug in order}
