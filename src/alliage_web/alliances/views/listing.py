"""The list of alliances, with its facets, its map and its exports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from alliage_web.alliances import documents, queries
from alliage_web.alliances.queries.facets import FACETS, SORTS, Selection
from alliage_web.ui.components import Card, Cell, Column, Crumb, DataTable, Facet, FacetOption
from alliage_web.ui.maps import FranceMap, MapPoint, apart
from alliage_web.ui.templatetags.ui import number, period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest, QueryDict

    from alliage_web.alliances.models import Alliance
    from alliage_web.alliances.queries import AllianceCard, AlliancePoint, Choice

PER_PAGE = 12
#: Signs are moved apart two by two: beyond this many they are left where they are.
_MANY_POINTS = 150
#: A map of more signs than this is heavy and shows nothing.
_MOST_POINTS = 500
_LONGEST_TEXT = 200
_LABELS = {
    "objective": gettext_lazy("Objectif"),
    "domain": gettext_lazy("Domaine"),
    "sdg": gettext_lazy("Objectif de développement durable"),
    "region": gettext_lazy("Région"),
    "department": gettext_lazy("Département"),
    "world": gettext_lazy("Monde des parties prenantes"),
    "stage": gettext_lazy("Étape"),
    "year": gettext_lazy("En cours l’année"),
}
_OPEN = {"objective", "domain", "region", "world"}
_SORT_LABELS = {
    "title": gettext_lazy("Titre"),
    "started": gettext_lazy("Début, du plus récent au plus ancien"),
    "updated": gettext_lazy("Dernière modification"),
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    selection, sort = selection_of(request.GET), sort_of(request.GET)
    alliances = queries.listed(selection, sort)
    page = Paginator(alliances.only("pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "facets": _facets(selection),
        "query": selection.text,
        "kept": [("sort", sort)] if "sort" in request.GET else [],
        "page": page,
        "summary": _summary(page, selection),
        "cards": [card(item) for item in queries.cards(row.pk for row in page)],
        "map": _map(alliances, page.paginator.count),
        "sorts": [(code, label, code == sort) for code, label in _SORT_LABELS.items()],
        "is_filtered": not selection.is_empty,
        "export_query": _without(request.GET, "page"),
        "crumbs": [Crumb(_("Alliances"))],
    }
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "alliances/_listing.html" if partial else "alliances/index.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def selection_of(query: QueryDict) -> Selection:
    """Read the choices of an address; what is not a year is no choice of year."""
    chosen = {facet: tuple(dict.fromkeys(query.getlist(facet))) for facet in FACETS}
    chosen["year"] = tuple(year for year in chosen["year"] if re.fullmatch(r"[12]\d{3}", year))
    text = query.get("q", "").replace("\x00", "").strip()[:_LONGEST_TEXT]
    return Selection(text=text, **chosen)


def sort_of(query: QueryDict) -> str:
    sort = query.get("sort", "")
    return sort if sort in SORTS else "title"


def _without(query: QueryDict, *names: str) -> str:
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return kept.urlencode()


def _facets(selection: Selection) -> list[Facet]:
    found = queries.choices(selection, this_year=timezone.localdate().year)
    return [
        Facet(
            name,
            label,
            tuple(_option(name, choice) for choice in found[name]),
            open=name in _OPEN,
        )
        for name, label in _LABELS.items()
    ]


def _option(facet: str, choice: Choice) -> FacetOption:
    label = f"{choice.value}. {choice.label}" if facet == "sdg" else choice.label
    return FacetOption(choice.value, label, choice.count, choice.selected)


def _summary(page: Page[Alliance], selection: Selection) -> str:
    total = page.paginator.count
    if selection.is_empty:
        text = ngettext("%(count)s alliance décrite", "%(count)s alliances décrites", total)
    else:
        text = ngettext(
            "%(count)s alliance répond à vos choix",
            "%(count)s alliances répondent à vos choix",
            total,
        )
    return text % {"count": number(total)}


def card(item: AllianceCard) -> Card:
    """Show an alliance in a list."""
    span = period(item.started, item.ended) if item.started or item.ended else ""
    shown = item.territories[:3]
    more = len(item.territories) - len(shown)
    place = ", ".join(shown) + (f" (+ {more})" if more else "")
    return Card(
        title=item.title,
        href=item.url,
        eyebrow=item.kind,
        text=item.summary,
        meta=tuple(filter(None, (place, span, item.stage_label))),
        worlds=item.worlds,
        tags=item.domains,
    )


def _map(alliances: QuerySet[Alliance], total: int) -> FranceMap | None:
    points = queries.map_points(alliances.values("pk")[:_MOST_POINTS])
    if not points:
        return None
    if total > _MOST_POINTS:
        note = _("Les %(count)s premières alliances de la liste y sont.") % {
            "count": number(_MOST_POINTS)
        }
    else:
        away = total - len(points)
        note = ngettext(
            "%(count)s alliance nationale ou sans territoire précis n’est pas sur la carte.",
            "%(count)s alliances nationales ou sans territoire précis ne sont pas sur la carte.",
            away,
        ) % {"count": number(away)}
        note = note if away else ""
    return FranceMap(
        id="carte-alliances",
        title=_("Où agissent ces alliances"),
        description=" ".join(
            filter(None, [_("Un point par alliance, à son premier territoire."), note])
        ),
        points=_signs(points),
        table=DataTable(
            caption=_("Alliances placées sur la carte"),
            columns=(Column(_("Alliance")), Column(_("Territoire"))),
            rows=tuple((Cell(point.title, point.url), point.place) for point in points),
        ),
        source=_("Base Alliage ; fond de carte IGN et INSEE, Licence Ouverte 2.0"),
    )


def _signs(points: Sequence[AlliancePoint]) -> tuple[MapPoint, ...]:
    signs = tuple(
        MapPoint(x=point.x, y=point.y, label=point.title, href=point.url, text=point.place)
        for point in points
    )
    return apart(signs) if len(signs) <= _MANY_POINTS else signs


@require_safe
def suggest(request: HttpRequest) -> JsonResponse:
    """Suggest alliances to the fields that name one."""
    found = queries.suggest(request.GET.get("q", "")[:_LONGEST_TEXT])
    return JsonResponse(
        {
            "results": [
                {"value": item.code, "label": item.title, "detail": item.kind, "href": item.url}
                for item in found
            ]
        }
    )


@require_safe
def export(request: HttpRequest, extension: str) -> HttpResponse:
    """Give the chosen alliances as a file that the import can read back."""
    if extension not in documents.WRITERS:
        raise Http404(_("Ce format n’existe pas. Choisissez CSV ou XLSX."))
    alliances = queries.listed(selection_of(request.GET), sort_of(request.GET))
    rows = documents.export_rows(alliances.values_list("pk", flat=True))
    name = f"alliances-{timezone.localdate().isoformat()}.{extension}"
    return documents.attachment(documents.WRITERS[extension](rows), name)
