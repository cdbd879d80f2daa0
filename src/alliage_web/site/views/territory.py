"""The page of a territory: what it is, who acts there, what is near, where to look for ideas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from alliage.territories.levels import Level
from alliage.territories.size_classes import SizeClass
from alliage_web.actors import queries as actors
from alliage_web.alliances import queries as alliances
from alliage_web.audit.queries import history
from alliage_web.knowledge import queries as knowledge
from alliage_web.territories import permissions
from alliage_web.territories import queries as territories
from alliage_web.territories.models import LevelChoices, SizeClassChoices
from alliage_web.territories.views import drawings
from alliage_web.ui.components import Card, Column, Crumb, DataTable, Definition, KeyFigure
from alliage_web.ui.templatetags.ui import number, partial_date, surface

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpRequest, HttpResponse

    from alliage_web.alliances.queries import AllianceCard
    from alliage_web.knowledge.queries import EntryCard
    from alliage_web.territories.models import Snapshot, Succession, Territory
    from alliage_web.territories.queries import Link, Place
    from alliage_web.ui.maps import FranceMap, LocalMap

FORMER_CODE = "ancien-code"
ALLIANCES_SHOWN = 12
ACTORS_SHOWN = 12
CATALYSTS_SHOWN = 5
EXAMPLES_SHOWN = 3
_INDICATORS = (drawings.POPULATION, drawings.DENSITY)
_WIDE = frozenset({Level.COUNTRY, Level.REGION, Level.DEPARTMENT})
_WITH_COMMUNES = frozenset({Level.DEPARTMENT, Level.EPCI, Level.EPT, Level.PERIMETER})
# An organisation of the region or the department is not yet one of the commune.
_NEAR = frozenset({Level.COMMUNE, Level.EPT, Level.EPCI, Level.PERIMETER})


def territory(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """Show a territory, or lead from a code that is no longer in use to those that replace it."""
    place = territories.place(level, code) if level in LevelChoices.values else None
    if place is None or not place.is_current:
        elsewhere = _elsewhere(request, level, code)
        if elsewhere is not None:
            return elsewhere
    if place is None:
        return _unknown(request, level, code)
    return _page(request, place)


# Codes that have no page of their own


def _elsewhere(request: HttpRequest, level: str, code: str) -> HttpResponse | None:
    """Lead to the successor of a former code; let the reader choose where there are several."""
    proper = code.upper()
    if level in {Level.COMMUNE, Level.DEPARTMENT} and proper != code:
        return redirect("site:territory", level, proper, permanent=True)
    found = territories.successors(code) if level == Level.COMMUNE else []
    places = {row.successor_id: row.successor for row in found}
    if len(places) == 1:
        (successor,) = places.values()
        # The address says where one comes from: the explanation survives a permanent redirect,
        # which browsers keep, and needs no session.
        query = urlencode({FORMER_CODE: code})
        return redirect(f"{successor.get_absolute_url()}?{query}", permanent=True)
    if places:
        # 300: the code leads to several pages and only the reader can tell which one is meant.
        return render(
            request,
            "site/territory_choices.html",
            {"code": code, "found": found, "crumbs": _crumbs(code)},
            status=300,
        )
    return None


def _unknown(request: HttpRequest, level: str, code: str) -> HttpResponse:
    known = LevelChoices(level).label if level in LevelChoices.values else ""
    return render(
        request,
        "site/territory_unknown.html",
        {
            "code": code[:60],
            "level_label": known,
            "found": territories.suggest(code[:60], limit=5),
            "endpoint": drawings.suggestions_endpoint(),
            "crumbs": _crumbs(_("Territoire inconnu")),
        },
        status=404,
    )


def _crumbs(*labels: str, place: Place | None = None) -> list[Crumb]:
    crumbs = [Crumb(_("Territoires"), reverse("territories:index"))]
    if place:
        outer = [item for item in reversed(place.groupings) if item.level != Level.PERIMETER]
        crumbs += [
            Crumb(item.name, item.url)
            for item in outer
            if item.level in {Level.REGION, Level.DEPARTMENT, Level.COMMUNE}
        ]
        crumbs += [Crumb(place.name)]
    return crumbs + [Crumb(label) for label in labels]


# The page


@dataclass(frozen=True, slots=True)
class Maps:
    """The maps of a territory: coloured by what it contains, and where it lies."""

    inner: LocalMap | FranceMap | None = None
    situation: LocalMap | FranceMap | None = None
    departments: tuple[Snapshot, ...] = ()
    has_public_bodies: bool = False


def _page(request: HttpRequest, place: Place) -> HttpResponse:
    here = place.territory
    inside = territories.ids_inside(here)
    found = alliances.alliances_on(_with(inside, place.groupings), limit=ALLIANCES_SHOWN)
    indicator = drawings.chosen(request.GET.get("indicateur"), _INDICATORS)
    source = drawings.source_of(place.vintage)
    profile = territories.profile_of(place)
    maps = _maps(place, indicator)
    return render(
        request,
        "site/territory.html",
        {
            "place": place,
            "crumbs": _crumbs(place=place),
            "former": _former(request, here),
            "lede": _lede(place),
            "figures": _figures(place),
            "identity": _identity(place),
            "compared_with": _compared_with(place),
            "strips": drawings.comparison_strips(place, profile, source=source),
            "composition": _composition(place),
            "maps": maps,
            "choices": drawings.choices(indicator, _INDICATORS, "carte-communes")
            if maps.inner
            else [],
            "arrondissements": _arrondissements(place),
            "alliances": [_alliance_card(card) for card in found],
            "around": actors.surroundings(
                _with(inside, [item for item in place.groupings if item.level in _NEAR]),
                latitude=place.latitude,
                longitude=place.longitude,
                organisations=ACTORS_SHOWN,
                catalysts=CATALYSTS_SHOWN,
            ),
            "examples": _examples(place, found),
            "may_change": place.perimeter is not None
            and request.user.has_perm(permissions.CHANGE_PERIMETER, place.perimeter),
            "may_see_workspace": request.user.has_perm(permissions.SEE_WORKSPACE, here),
            "history": history(here.stable_name)
            if place.perimeter and request.user.is_authenticated
            else [],
            "source": source,
        },
    )


def _with(inside: Iterable[int], groupings: Sequence[Link]) -> Iterable[int]:
    """Add the groupings of a territory to what it contains."""
    return [*inside, *(item.territory_id for item in groupings)] if groupings else inside


def _former(request: HttpRequest, here: Territory) -> Succession | None:
    """Give the former code that the reader comes from, when it does lead here."""
    code = request.GET.get(FORMER_CODE, "")[:5]
    if not code:
        return None
    return next((row for row in territories.successors(code) if row.successor == here), None)


def _lede(place: Place) -> str:
    words = {"nature": place.kind_label or place.level_label, "count": number(place.population)}
    if place.population is None:
        return _("%(nature)s dont la population n’est pas connue.") % words
    words["year"] = get_text_list([*map(str, place.population_years)], _("et")) or _(
        "année non précisée"
    )
    return (
        _(
            "%(nature)s de %(count)s habitants (%(year)s) : qui y agit, quelles alliances y sont "
            "nées, d’où s’inspirer."
        )
        % words
    )


def _compared_with(place: Place) -> str:
    """Name the territories that this one is compared with."""
    return {
        Level.REGION: _("Parmi les régions"),
        Level.DEPARTMENT: _("Parmi les départements"),
        Level.EPT: _("Parmi les établissements publics territoriaux"),
    }.get(Level(place.territory.level), _("Parmi les territoires de sa taille"))


def _figures(place: Place) -> list[KeyFigure]:
    years = ", ".join(map(str, place.population_years))
    vintage = place.vintage
    known = place.population is not None
    population = KeyFigure(
        label=_("Population municipale"),
        value=number(place.population) if known else "",
        unit=_("habitants"),
        source=_("INSEE") if known else "",
        as_of=years or (_("année non précisée") if known else ""),
    )
    size = KeyFigure(
        label=_("Classe de taille, en habitants"),
        value=drawings.class_bounds(place.size_class) if place.size_class else "",
        source=_("d’après la population ; la borne basse appartient à la classe") if known else "",
    )
    ground = KeyFigure(
        label=_("Surface"),
        value=surface(place.surface_km2) if place.surface_km2 is not None else "",
        source=_("IGN") if place.surface_km2 is not None else "",
        as_of=str(vintage.year) if vintage and place.surface_km2 is not None else "",
    )
    crowd = KeyFigure(
        label=_("Densité"),
        value=drawings.density_text(place.population, place.surface_km2)
        if place.density is not None
        else "",
        unit=_("hab./km²"),
        source=_("calculée") if place.density is not None else "",
        as_of=years if place.density is not None else "",
    )
    figures = [population, crowd, ground]
    if place.communes_count is not None:
        figures.append(
            KeyFigure(
                label=_("Communes"),
                value=number(place.communes_count),
                source=_("INSEE") if place.perimeter is None else _("choisies par le projet"),
                as_of=str(vintage.year) if vintage else "",
                href=reverse(
                    "territories:communes", args=[place.territory.level, place.territory.code]
                ),
            )
        )
    if place.territory.level not in _WIDE:
        figures.append(size)
    return figures


def _identity(place: Place) -> list[Definition]:
    here = place.territory
    rows = []
    if here.level in {Level.EPCI, Level.EPT}:
        rows.append(Definition(_("Nature"), place.kind_label))
    elif here.level == Level.PERIMETER:
        rows.append(Definition(_("Nature du périmètre"), place.kind_label))
    else:
        rows.append(Definition(_("Code INSEE"), here.code))
    if place.siren:
        rows.append(Definition(_("SIREN"), place.siren))
    if place.postal_codes:
        label = _("Codes postaux") if len(place.postal_codes) > 1 else _("Code postal")
        rows.append(Definition(label, ", ".join(place.postal_codes)))
    if place.former_codes:
        rows.append(Definition(_("Anciens codes qui mènent ici"), ", ".join(place.former_codes)))
    return rows


def _composition(place: Place) -> DataTable | None:
    """Show how the communes of a perimeter are spread over the size classes."""
    if place.composition is None:
        return None
    counts = place.composition.by_size_class
    sizes = [(str(SizeClassChoices(size).label), counts.get(size, 0)) for size in SizeClass]
    if counts.get(None):
        sizes.append((_("population non connue"), counts[None]))
    return DataTable(
        caption=_("Les communes du périmètre par classe de taille"),
        columns=(Column(_("Classe")), Column(_("Communes"), numeric=True)),
        rows=tuple((label, number(count)) for label, count in sizes),
        source=drawings.source_of(place.vintage),
        note=_(
            "Population, surface et classe du périmètre sont les sommes de celles des communes ; "
            "si un chiffre manque pour une commune, la somme n’est pas connue."
        ),
    )


def _maps(place: Place, indicator: drawings.Indicator) -> Maps:
    here, source = place.territory, drawings.geography_of(place.vintage)
    if here.level == Level.COUNTRY:
        areas = drawings.areas_of_figures(territories.figures(level=Level.REGION))
        return Maps(
            inner=drawings.national_map(areas, indicator, level=Level.REGION, source=source)
            if areas
            else None
        )
    if here.level == Level.REGION:
        departments = territories.figures(level=Level.DEPARTMENT, within=here)
        areas = drawings.areas_of_figures(departments)
        return Maps(
            inner=drawings.region_map(areas, indicator, region=place.name, source=source),
            departments=tuple(departments),
        )
    if here.level in _WITH_COMMUNES:
        shapes = territories.shapes_in(here)
        areas = drawings.areas_of_shapes(shapes)
        return Maps(
            inner=drawings.choropleth(areas, indicator, source=source) if areas else None,
            situation=drawings.situation_map(place, source=source),
            has_public_bodies=here.level == Level.EPCI and any(shape.in_ept for shape in shapes),
        )
    if here.level == Level.ARRONDISSEMENT:
        city = territories.shape_of(place.groupings[0].territory_id)
        return Maps(situation=drawings.city_map(place, city, source=source))
    if place.box is None:
        return Maps()
    frame = drawings.surroundings(place.box)
    shapes = territories.shapes_around(here, frame)
    return Maps(situation=drawings.neighbours_map(place, shapes, frame, source=source))


def _arrondissements(place: Place) -> list[Snapshot]:
    """List the arrondissements of the cities that may have some: three of the largest."""
    large = place.territory.level == Level.COMMUNE and place.size_class == SizeClass.LARGE
    return territories.arrondissements_of(place.territory) if large else []


def _examples(place: Place, shown: Sequence[AllianceCard]) -> list[Card]:
    # A department or a region is larger than all the places that examples come from.
    if not place.size_class or place.territory.level in _WIDE:
        return []
    found = knowledge.examples_for_size_class(
        place.size_class, exclude_alliance_ids=[card.id for card in shown], limit=EXAMPLES_SHOWN
    )
    return [_example_card(entry) for entry in found]


def _alliance_card(card: AllianceCard) -> Card:
    started = _("depuis %(date)s") % {"date": partial_date(card.started)} if card.started else ""
    places = ", ".join(card.territories[:3]) + ("…" if len(card.territories) > 3 else "")
    return Card(
        title=card.title,
        href=card.url,
        eyebrow=card.kind,
        text=card.summary,
        meta=tuple(part for part in (places, card.stage_label, started) if part),
        worlds=card.worlds,
    )


def _example_card(entry: EntryCard) -> Card:
    return Card(
        title=entry.title,
        href=entry.url,
        eyebrow=entry.kind_label,
        text=entry.summary,
    )
