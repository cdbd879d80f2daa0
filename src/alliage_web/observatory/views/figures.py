"""The figures of documents: the list, one of them, what documents do not say alike, the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.observatory import permissions
from alliage_web.observatory.documents import figures as files
from alliage_web.observatory.models import Reading
from alliage_web.observatory.queries import figures as queries
from alliage_web.observatory.queries.figures import Selection
from alliage_web.ui.components import Crumb, Facet, FacetOption

from .home import home_crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

FIGURES_PER_PAGE = 40
_LONGEST = 60
#: Headings of the facets, by the name of their parameter.
_PARAMETERS = ("population", "theme", "wave")


def may(request: HttpRequest, permission: str) -> bool:
    """Tell whether a person may do something at the observatory."""
    return permissions.may_here(request.user, permission)


def selection_of(data: QueryDict) -> Selection:
    """Read what is looked for from an address; what cannot be a code is left out."""
    study, _sign, wave = _code(data, "wave").partition(":")
    return Selection(
        population=_code(data, "population"),
        theme=_code(data, "theme"),
        study=study,
        wave=wave,
        reading=_code(data, "reading"),
    )


def _code(data: QueryDict, name: str) -> str:
    text = data.get(name, "").strip()
    plain = text.replace("_", "").replace(":", "")
    return text if plain.isascii() and plain.isalnum() and len(text) <= _LONGEST else ""


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the figures that are looked for, and what is kept back."""
    selection = selection_of(request.GET)
    withheld = may(request, permissions.SEE_WITHHELD)
    found = queries.figures(selection, withheld=withheld)
    shown = [one for one in found if not one.withheld]
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": Paginator(shown, FIGURES_PER_PAGE).get_page(request.GET.get("page")),
        "count": len(shown),
        "withheld": [one for one in found if one.withheld],
        "kept_back": queries.kept_back(),
        "kept_count": sum(one.count for one in queries.kept_back()),
        "facets": _facets(request.GET),
        "export_query": query.urlencode(),
        "crumbs": [home_crumb(), Crumb(_("Chiffres publiés"))],
    }
    return render(request, "observatory/figures.html", context)


def _facets(data: QueryDict) -> list[Facet]:
    labels = {"population": _("Population"), "theme": _("Thème"), "wave": _("Vague")}
    facets = [
        Facet(
            name=name,
            label=labels[name],
            multiple=False,
            options=tuple(
                FacetOption(
                    value=one.value,
                    label=one.label,
                    count=one.count,
                    selected=data.get(name) == one.value,
                )
                for one in queries.options(name)
            ),
        )
        for name in _PARAMETERS
    ]
    readings = tuple(
        FacetOption(value=value, label=str(label), selected=data.get("reading") == value)
        for value, label in Reading.choices[:3]
    )
    return [
        *facets,
        Facet(
            name="reading",
            label=_("Qualité de la lecture"),
            multiple=False,
            options=readings,
            open=False,
        ),
    ]


@require_safe
def detail(request: HttpRequest, figure: str) -> HttpResponse:
    """Show a figure: what it says, of whom, where it is written, how well it is read."""
    found = queries.figure(figure, withheld=may(request, permissions.SEE_WITHHELD))
    if found is None:
        raise Http404
    crumbs = [
        home_crumb(),
        Crumb(_("Chiffres publiés"), reverse("observatory:figures")),
        Crumb(found.label),
    ]
    return render(request, "observatory/figure.html", {"figure": found, "crumbs": crumbs})


@require_safe
def disagreements(request: HttpRequest) -> HttpResponse:
    """Show what documents do not say alike, every statement side by side."""
    crumbs = [
        home_crumb(),
        Crumb(_("Chiffres publiés"), reverse("observatory:figures")),
        Crumb(_("Désaccords")),
    ]
    context = {"disagreements": queries.disagreements(), "crumbs": crumbs}
    return render(request, "observatory/disagreements.html", context)


@require_safe
def export(request: HttpRequest, extension: str) -> HttpResponse:
    """Send the figures that are looked for as a file."""
    if extension not in files.MEDIA_TYPES:
        raise Http404
    rows = queries.figures(selection_of(request.GET))
    root = request.build_absolute_uri("/").rstrip("/")
    return files.figures_file(rows, extension, root=root)
