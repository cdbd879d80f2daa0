"""The directory of catalysts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from alliage_web.actors import queries
from alliage_web.actors.forms import CatalystSearchForm
from alliage_web.ui.components import Cell, Column, Crumb, DataTable, Facet, FacetOption
from alliage_web.ui.maps import FranceMap, LegendEntry, MapLegend, MapPoint
from alliage_web.ui.templatetags.ui import number
from alliage_web.ui.worlds import WORLD_SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpRequest, HttpResponse

PAGE_SIZE = 24


@require_GET
def catalysts(request: HttpRequest) -> HttpResponse:
    form = CatalystSearchForm(request.GET)
    form.is_valid()
    near, covering = form.place("near"), form.place("territory")
    directory = queries.catalyst_directory(
        functions=request.GET.getlist("function"),
        domains=request.GET.getlist("domain"),
        covering=covering,
        near=near,
    )
    context = {
        "form": form,
        "near": near,
        "covering": covering,
        "page": Paginator(directory.entries, PAGE_SIZE).get_page(request.GET.get("page")),
        "facets": [
            _facet("function", _("Fonction"), directory.functions, request),
            _facet("domain", _("Domaine"), directory.domains, request),
        ],
        "functions": [count.term for count in directory.functions],
        "map": _map(directory.entries),
        "crumbs": [Crumb(_("Catalyseurs"))],
    }
    return render(request, "actors/catalysts.html", context)


def _facet(
    name: str, label: str, counts: Iterable[queries.TermCount], request: HttpRequest
) -> Facet:
    chosen = request.GET.getlist(name)
    return Facet(
        name=name,
        label=label,
        options=tuple(
            FacetOption(item.term.code, item.term.label, item.count, item.term.code in chosen)
            for item in counts
            if item.count or item.term.code in chosen
        ),
    )


def _map(entries: Sequence[queries.CatalystEntry]) -> FranceMap:
    placed = [entry for entry in entries if entry.place and entry.place.x is not None]
    absent = len(entries) - len(placed)
    worlds = {entry.organisation.world for entry in placed}
    return FranceMap(
        id="carte-catalyseurs",
        title=_("Où sont les catalyseurs"),
        description=_(
            "Chaque point est le siège d’un catalyseur ou, s’il n’est pas connu, le territoire "
            "qu’il couvre."
        ),
        points=tuple(
            MapPoint(
                x=entry.place.x or 0,
                y=entry.place.y or 0,
                label=entry.organisation.name,
                href=entry.organisation.get_absolute_url(),
                text=entry.place.name,
                world=entry.organisation.world,
            )
            for entry in placed
            if entry.place
        ),
        legend=MapLegend(
            title=_("Mondes"),
            entries=tuple(
                LegendEntry(label=sign.label, world=code)
                for code, sign in WORLD_SIGNS.items()
                if code in worlds
            ),
        ),
        table=DataTable(
            caption=_("Catalyseurs et territoires couverts"),
            columns=(
                Column(_("Catalyseur")),
                Column(_("Territoires couverts")),
                Column(_("Distance"), numeric=True),
            ),
            rows=tuple(
                (
                    Cell(entry.organisation.name, entry.organisation.get_absolute_url()),
                    ", ".join(territory.name for territory in entry.territories) or _("non connus"),
                    _("%(km)s km") % {"km": number(round(entry.distance_km))}
                    if entry.distance_km is not None
                    else "–",
                )
                for entry in entries
            ),
            note=ngettext(
                "%(count)s catalyseur n’a pas de lieu connu.",
                "%(count)s catalyseurs n’ont pas de lieu connu.",
                absent,
            )
            % {"count": absent}
            if absent
            else "",
        ),
        source=_("Base Alliage ; fond de carte IGN et INSEE, Licence Ouverte 2.0."),
    )
