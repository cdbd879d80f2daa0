"""The directory of organisations: list, map, file, suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from alliage.values.cells import write_csv
from alliage_web.actors import queries
from alliage_web.ui.components import Cell, Column, Crumb, DataTable, Facet, FacetOption
from alliage_web.ui.maps import FranceMap, LegendEntry, MapLegend, MapPoint
from alliage_web.ui.worlds import WORLD_SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest

PAGE_SIZE = 24
_LONGEST = 200
_NAMES_SHOWN = 4


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    selection = queries.Selection.from_query(request.GET)
    options = queries.options(selection)
    page = Paginator(queries.page_rows(selection), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "cards": [queries.card(row) for row in page],
        "facets": _facets(selection, options),
        "query": selection.text,
        "map": _map(queries.map_places(queries.selected(selection)), page.paginator.count),
        "may_create": request.user.has_perm("actors.add_organisation"),
        "crumbs": [Crumb(_("Acteurs"))],
    }
    return render(request, "actors/index.html", context)


def _facets(
    selection: queries.Selection, options: Mapping[str, list[queries.Option]]
) -> list[Facet]:
    labels = {
        "world": _("Monde"),
        "profile": _("Profil"),
        "role": _("Rôle"),
        "domain": _("Domaine"),
        "region": _("Région"),
        "department": _("Département"),
        "size": _("Taille"),
        "catalyst": _("Catalyseurs"),
    }
    return [
        Facet(
            name=name,
            label=labels[name],
            options=tuple(
                FacetOption(
                    option.value,
                    option.label,
                    option.count,
                    selected=option.value in selection.chosen(name),
                )
                for option in options[name]
            ),
            open=name in {"world", "role", "department"},
        )
        for name in queries.FACETS
        if options[name]
    ]


def _map(places: Iterable[queries.MapPlace], total: int) -> FranceMap:
    listed = list(places)
    shown = len({item.id for place in listed for item in place.organisations})
    absent = total - shown
    note = ngettext(
        "%(count)s organisation n’a ni siège connu ni territoire d’action local : elle n’a pas de "
        "point.",
        "%(count)s organisations n’ont ni siège connu ni territoire d’action local : elles n’ont "
        "pas de point.",
        absent,
    ) % {"count": absent}
    worlds = {item.world for place in listed for item in place.organisations}
    return FranceMap(
        id="carte-acteurs",
        title=_("Où sont les acteurs"),
        description=_(
            "Chaque point est le siège d’une organisation ou, s’il n’est pas connu, le territoire "
            "où elle agit. Un disque réunit plusieurs organisations."
        ),
        points=tuple(map(_point, listed)),
        legend=MapLegend(
            title=_("Mondes"),
            entries=tuple(
                LegendEntry(label=sign.label, world=code)
                for code, sign in WORLD_SIGNS.items()
                if code in worlds
            ),
        ),
        table=DataTable(
            caption=_("Organisations placées sur la carte"),
            columns=(Column(_("Organisation")), Column(_("Lieu")), Column(_("Nature du lieu"))),
            rows=tuple(
                (
                    Cell(item.name, item.url),
                    Cell(place.name, place.url),
                    _("siège") if item.is_seat else _("territoire d’action"),
                )
                for place in listed
                for item in place.organisations
            ),
            note=note if absent else "",
        ),
        source=_("Base Alliage ; fond de carte IGN et INSEE, Licence Ouverte 2.0."),
    )


def _point(place: queries.MapPlace) -> MapPoint:
    here = place.organisations
    if len(here) == 1:
        return MapPoint(
            x=place.x,
            y=place.y,
            label=here[0].name,
            href=here[0].url,
            text=place.name,
            world=here[0].world,
        )
    names = ", ".join(item.name for item in here[:_NAMES_SHOWN])
    more = f", +{len(here) - _NAMES_SHOWN}" if len(here) > _NAMES_SHOWN else ""
    return MapPoint(
        x=place.x, y=place.y, label=place.name, href=place.url, text=f"{names}{more}", size=1.1
    )


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Answer the organisations that ``q`` may mean, for the autocomplete."""
    found = queries.suggest(request.GET.get("q", "")[:_LONGEST])
    return JsonResponse(
        {
            "results": [
                {
                    "value": item.value,
                    "label": item.name,
                    "detail": item.context,
                    "href": item.url,
                }
                for item in found
            ]
        }
    )


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """Give the organisations of a selection as CSV: semicolons, UTF-8.

    The byte order mark tells spreadsheets the encoding; ``bom=0`` leaves it out for programs.
    """
    selection = queries.Selection.from_query(request.GET)
    day = timezone.localdate().isoformat()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="alliage-acteurs-{day}.csv"'
    if request.GET.get("bom") != "0":
        response.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    lines = queries.export_rows(queries.selected(selection))
    response.write(write_csv([lines.columns, *lines.rows]))
    return response
