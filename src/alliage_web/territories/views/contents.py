"""The communes and the intercommunal bodies of a territory, as lists to sort and leaf through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.db.models import F, FloatField
from django.db.models.functions import Cast
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliage.territories.levels import Level
from alliage_web.territories import queries
from alliage_web.territories.views import drawings
from alliage_web.ui.components import Cell, Crumb
from alliage_web.ui.templatetags.ui import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from alliage_web.territories.models import Snapshot, Territory

PAGE = 50
_LEVELS = frozenset(
    {Level.COUNTRY, Level.REGION, Level.DEPARTMENT, Level.EPCI, Level.EPT, Level.PERIMETER}
)
_DENSITY = Cast("population", FloatField()) / F("surface_km2")
# What is unknown comes last whichever way a column is sorted.
_ORDERS = {
    "nom": (F("name_key").asc(),),
    "-nom": (F("name_key").desc(),),
    "population": (F("population").asc(nulls_last=True), "name_key"),
    "-population": (F("population").desc(nulls_last=True), "name_key"),
    "densite": (_DENSITY.asc(nulls_last=True), "name_key"),
    "-densite": (_DENSITY.desc(nulls_last=True), "name_key"),
}


@dataclass(frozen=True, slots=True)
class SortableColumn:
    """A column header; with an address it sorts, and ``direction`` is its ``aria-sort``."""

    label: str
    numeric: bool = False
    href: str = ""
    direction: str = "none"


def communes(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """List the communes of a territory."""
    territory = _territory(level, code)
    return _list(
        request,
        territory,
        rows=queries.communes_in(territory),
        title=_("Communes"),
        count=lambda total: ngettext("%(count)s commune.", "%(count)s communes.", total),
        extra=(SortableColumn(_("Code INSEE")), SortableColumn(_("Intercommunalité"))),
        cells=lambda row: (
            Cell(row.territory.code),
            Cell(row.epci.name, row.epci.get_absolute_url()) if row.epci else Cell(_("aucune")),
        ),
    )


def intercommunal_bodies(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """List the intercommunal bodies that have communes in a territory."""
    territory = _territory(level, code)
    return _list(
        request,
        territory,
        rows=queries.intercommunal_bodies_in(territory),
        title=_("Intercommunalités"),
        count=lambda total: ngettext(
            "%(count)s intercommunalité a des communes dans ce territoire.",
            "%(count)s intercommunalités ont des communes dans ce territoire.",
            total,
        ),
        extra=(SortableColumn(_("Nature")), SortableColumn(_("Communes"), numeric=True)),
        cells=lambda row: (Cell(row.get_kind_display()), Cell(number(row.communes_count))),
    )


def _territory(level: str, code: str) -> Territory:
    territory = queries.resolve(level, code) if level in _LEVELS else None
    if territory is None:
        message = _("Aucun territoire ne porte le code « %(code)s » à ce niveau.") % {
            "code": code[:60]
        }
        raise Http404(message)
    return territory


def _list(
    request: HttpRequest,
    territory: Territory,
    *,
    rows: QuerySet[Snapshot],
    title: str,
    count: Callable[[int], str],
    extra: tuple[SortableColumn, ...],
    cells: Callable[[Snapshot], tuple[Cell, ...]],
) -> HttpResponse:
    asked = request.GET.get("tri", "nom")
    order = asked if asked in _ORDERS else "nom"
    page = Paginator(rows.order_by(*_ORDERS[order], "pk"), PAGE).get_page(request.GET.get("page"))
    columns = (
        _column(_("Nom"), "nom", order),
        _column(_("Population"), "population", order, numeric=True),
        _column(_("Densité (hab./km²)"), "densite", order, numeric=True),
        *extra,
    )
    total = page.paginator.count
    return render(
        request,
        "territories/list.html",
        {
            "territory": territory,
            "title": title,
            "lede": count(total) % {"count": number(total)},
            "empty": _("Ce territoire n’en a pas dans le millésime en vigueur."),
            "crumbs": [
                Crumb(_("Territoires"), reverse("territories:index")),
                Crumb(territory.name, territory.get_absolute_url()),
                Crumb(title),
            ],
            "page": page,
            "columns": columns,
            "lines": [
                tuple(zip((*_figures(row), *cells(row)), columns, strict=True)) for row in page
            ],
            "source": drawings.source_of(queries.current_vintage()),
        },
    )


def _figures(row: Snapshot) -> tuple[Cell, ...]:
    return (
        Cell(row.name, row.territory.get_absolute_url()),
        Cell(number(row.population)),
        Cell(drawings.density_text(row.population, row.surface_km2)),
    )


def _column(label: str, key: str, order: str, *, numeric: bool = False) -> SortableColumn:
    """Sort by this column; a second press turns the order round. Figures start with the highest."""
    first, second = (f"-{key}", key) if numeric else (key, f"-{key}")
    target = second if order == first else first
    direction = {key: "ascending", f"-{key}": "descending"}.get(order, "none")
    return SortableColumn(label, numeric, f"?tri={target}", direction)
