"""The case sheet of an example, as a page and as a PDF that say the same words."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage import __version__
from alliage.knowledge.document_tree import as_data
from alliage_web.knowledge import documents
from alliage_web.knowledge.models import EntryState
from alliage_web.knowledge.queries.sheet_proposals import reviewed_sheet, sheet_content
from alliage_web.ui.components import Crumb

from .detail import readable_entry
from .wording import crumb

if TYPE_CHECKING:
    from django.http import HttpRequest

    from alliage.knowledge.document_tree import Sheet
    from alliage_web.alliances.models import Alliance
    from alliage_web.knowledge.models import Entry


@require_safe
def sheet(request: HttpRequest, slug: str) -> HttpResponse:
    entry = readable_entry(request, slug)
    context = {
        "sheet": _sheet(entry),
        "pdf_url": reverse("knowledge:sheet-pdf", args=[entry.slug]),
        "crumbs": [
            Crumb(_("Exemples inspirants"), reverse("knowledge:index")),
            crumb(entry),
            Crumb(_("Fiche retour d’expérience")),
        ],
    }
    return render(request, "knowledge/sheet.html", context)


@require_safe
def sheet_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """Print the sheet, unless the reader already has the one that would be printed."""
    entry = readable_entry(request, slug)
    printed = _sheet(entry)
    etag = quote_etag(_fingerprint(printed))
    modified = int(max(entry.updated_at, _alliance(entry).updated_at).timestamp())
    known = get_conditional_response(request, etag=etag, last_modified=modified)
    if known is not None:
        return known
    response = HttpResponse(documents.sheet_pdf(printed), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="fiche-{entry.slug}.pdf"'
    response["ETag"] = etag
    response["Last-Modified"] = http_date(modified)
    # It may be kept, and asked again each time: a correction must not wait.
    patch_cache_control(response, no_cache=True)
    return response


def _alliance(entry: Entry) -> Alliance:
    if entry.alliance is None:
        raise Http404(
            _("Cet exemple ne raconte pas une alliance décrite ici : il n’a pas de fiche.")
        )
    return entry.alliance


def _sheet(entry: Entry) -> Sheet:
    """Give the sheet of an example: the one that waits for review with it, before it is out."""
    waiting = None if entry.state == EntryState.PUBLISHED else reviewed_sheet(entry)
    if waiting is not None:
        return documents.live_tree(sheet_content(waiting))
    found = documents.sheet_of(_alliance(entry).slug)
    assert found is not None
    return found


def _fingerprint(printed: Sheet) -> str:
    """Tell a sheet from any other: its words, and the version of what prints them."""
    words = json.dumps([__version__, as_data(printed)], ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()[:32]
