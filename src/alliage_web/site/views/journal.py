"""The trail of the whole platform, for those who administer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from alliage_web.audit.documents import json_lines
from alliage_web.audit.queries import events, lines_of, records, state
from alliage_web.site.forms import JournalForm
from alliage_web.site.permissions import READ_TRAIL
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import number

from .journal_words import FAMILIES, Named, in_words, kind_choices, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest

    from alliage_web.audit.models import Event
    from alliage_web.audit.queries import ReadableLine

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class JournalLine:
    """An event of the trail: what was done, on what, and how it stands in the chain."""

    told: ReadableLine
    object: Named
    request_id: str
    request_line: str
    position: int | None


@require_safe
@login_required
@permission_required(READ_TRAIL, raise_exception=True)
def journal(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    found = _chosen(form)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    chosen = request.GET.copy()
    chosen.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "lines": _lines(page.object_list),
        "summary": _summary(page.paginator.count),
        "state": state(),
        "is_filtered": any(chosen.values()),
        "export_query": chosen.urlencode(),
        "crumbs": [Crumb(_("Journal"))],
    }
    status = 200 if form.is_valid() else 422
    return render(request, "site/journal.html", context, status=status)


@require_safe
@login_required
@permission_required(READ_TRAIL, raise_exception=True)
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Send the chosen events line by line; ``personal=no`` leaves personal values out."""
    form = _form(request)
    if not form.is_valid():
        return journal(request)
    lines = json_lines(records(_chosen(form), without_personal=request.GET.get("personal") == "no"))
    name = f"journal-{timezone.localdate().isoformat()}.jsonl"
    return StreamingHttpResponse(
        lines,
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form(request: HttpRequest) -> JournalForm:
    # Bound even when nothing is chosen: the form then says that everything is.
    return JournalForm(request.GET, families=FAMILIES.items(), kinds=kind_choices())


def _chosen(form: JournalForm) -> QuerySet[Event]:
    if not form.is_valid():
        return events(targets=())
    family = form.cleaned_data["family"]
    if not family:
        return events(form.filters)
    # Of some kinds there is one object only, whose name is the kind itself.
    return events(form.filters, targets=[family], prefixes=[f"{family}:"])


def _lines(chosen: Iterable[Event]) -> list[JournalLine]:
    lines = lines_of(chosen, with_personal=True)
    objects = named({line.target for line in lines})
    return [
        JournalLine(
            told=in_words(line),
            object=objects[line.target],
            request_id=line.request_id,
            request_line=line.request_line,
            position=line.position,
        )
        for line in lines
    ]


def _summary(total: int) -> str:
    text = ngettext("%(count)s écriture", "%(count)s écritures", total)
    return text % {"count": number(total)}
