"""The explorer: one table of one release, with its chart, its sentences and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from alliage_web.observatory.documents import explored as documents
from alliage_web.observatory.documents.charts import (
    drawn,
    png_file,
    svg_file,
    synthetic_words,
)
from alliage_web.observatory.documents.explored_charts import chart_of
from alliage_web.observatory.documents.figures import document_table
from alliage_web.observatory.documents.tables import WRITERS, media_type
from alliage_web.observatory.forms.explorer import ExplorerForm
from alliage_web.observatory.queries import explorer as queries
from alliage_web.ui.components import Crumb

from .home import home_crumb

if TYPE_CHECKING:
    from django.http import HttpRequest

    from alliage_web.observatory.queries.explorer import Explored

#: Figures of documents that the page shows; the page of the question has the others.
BESIDE = 12
_DRAWERS = {"svg": svg_file, "png": png_file}


@require_safe
def explorer(request: HttpRequest) -> HttpResponse:
    """Show the table that was chosen, the chart that fits, and what may be said of it."""
    state = queries.explored(request.GET.dict())
    crumbs = [
        home_crumb(),
        Crumb(_("Explorer une vague")),
    ]
    if state is None:
        return render(request, "observatory/explorer_empty.html", {"crumbs": crumbs})
    chart = chart_of(state)
    beside = documents.documents_beside(state)
    context = {
        "state": state,
        "form": ExplorerForm(state),
        "title": documents.title_of(state),
        "wording": documents.wording_of(state),
        "universe": documents.universe_of(state),
        "wave_name": documents.wave_name(state.release),
        "source": documents.source_of(state.release),
        "table": documents.table_of(state),
        "drawing": drawn(chart) if chart else None,
        "waves": documents.waves_of(state),
        "independence": documents.independence_of(state),
        "letters": documents.letters_of(state),
        "quotation": documents.quotation_of(state, state.first) if state.first else None,
        "comparison": documents.comparison_of(state, state.first, state.second)
        if state.first and state.second
        else None,
        "rank_sentence": documents.rank_quotation(state),
        "figures": document_table(
            beside[:BESIDE], caption=_("Chiffres des documents sur la même question")
        )
        if beside
        else None,
        "figures_left": max(len(beside) - BESIDE, 0),
        "query": state.query(),
        "without_picks": state.query(a="", b=""),
        "extensions": [*WRITERS, *(_DRAWERS if chart else ())],
        "embed_code": _embed_code(request, state),
        "address": _address(request, state),
        "crumbs": crumbs,
    }
    return render(request, "observatory/explorer.html", context)


@require_safe
def explorer_file(request: HttpRequest, extension: str) -> HttpResponse:
    """Give the table, or the chart, as a file."""
    state = queries.explored(request.GET.dict())
    if state is None or extension not in {*WRITERS, *_DRAWERS}:
        raise Http404(_("Ce fichier n’existe pas. Choisissez un format dans l’explorateur."))
    address = _address(request, state)
    if extension in WRITERS:
        content = WRITERS[extension](state, address)
    else:
        chart = chart_of(state, address=address)
        if chart is None:
            raise Http404(_("Ce choix n’a pas de graphique."))
        content = _DRAWERS[extension](chart)
    response = HttpResponse(content, content_type=media_type(extension))
    name = documents.file_name(state)
    response["Content-Disposition"] = f'attachment; filename="{name}.{extension}"'
    return response


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"], "script-src": [NONE], "form-action": [NONE]})
@require_safe
def explorer_embed(request: HttpRequest) -> HttpResponse:
    """Show the chart alone, for a page of another site: the only page that one may frame.

    It has no script, no form and nothing of the person who reads it: there is nothing to click on
    unknowingly.
    """
    state = queries.explored(request.GET.dict())
    if state is None:
        raise Http404(_("Aucune vague n’est publiée."))
    chart = chart_of(state)
    context = {
        "state": state,
        "title": documents.title_of(state),
        "drawing": drawn(chart) if chart else None,
        "table": documents.table_of(state),
        "source": documents.source_of(state.release),
        "address": _address(request, state),
    }
    return render(request, "observatory/explorer_embed.html", context)


def _embed_code(request: HttpRequest, state: Explored) -> str:
    """Return what another page pastes to show the chart."""
    title = documents.title_of(state)
    path = f"{reverse('observatory:explorer-embed')}?{state.query(a='', b='')}"
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="640" loading="lazy"></iframe>',
        request.build_absolute_uri(path),
        f"{title} ({synthetic_words()})" if state.head.synthetic else title,
    )


def _address(request: HttpRequest, state: Explored) -> str:
    """Return the whole address of a state, without what was picked in it."""
    path = f"{reverse('observatory:explorer')}?{state.query(a='', b='')}"
    return request.build_absolute_uri(path)
