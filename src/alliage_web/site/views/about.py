"""The pages that say what the platform is, how it counts and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.values.cells import write_csv
from alliage_web.accounts.queries import processing_register
from alliage_web.territories.queries import current_vintage

if TYPE_CHECKING:
    from django.http import HttpRequest

    from alliage_web.accounts.queries import Processing

#: What the register says of each processing, and the name of the column in the files.
_COLUMNS = (
    *("code", "name", "purpose", "legal_basis", "people", "data", "recipients", "retention"),
    *("source", "transfers", "security"),
)


def about(request: HttpRequest) -> HttpResponse:
    return render(request, "site/about.html", {"vintage": current_vintage()})


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "site/accessibility.html")


@require_safe
def personal_data(request: HttpRequest) -> HttpResponse:
    context = {
        "register": processing_register(),
        "controller": settings.ALLIAGE_CONTROLLER,
    }
    return render(request, "site/personal_data.html", context)


@require_safe
def personal_data_file(_request: HttpRequest, extension: str) -> HttpResponse:
    """Give the register as data, in the language of the page."""
    register = processing_register()
    if extension == "json":
        return JsonResponse(
            {
                "controller": settings.ALLIAGE_CONTROLLER,
                "processing": [_document(line) for line in register],
            },
            json_dumps_params={"ensure_ascii": False, "indent": 2},
        )
    if extension == "csv":
        rows = [
            [*(getattr(line, column) for column in _COLUMNS), " ".join(line.fields)]
            for line in register
        ]
        content = write_csv([[*_COLUMNS, "fields"], *rows]).encode("utf-8-sig")
        response = HttpResponse(content, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="registre-alliage.csv"'
        return response
    raise Http404(_("Le registre existe en CSV et en JSON."))


def _document(line: Processing) -> dict[str, object]:
    return {
        **{column: getattr(line, column) for column in _COLUMNS},
        "rules": [
            {"code": rule.code, "sentence": rule.sentence, "days": rule.days} for rule in line.rules
        ],
        "tables": [
            {
                "table": table.name,
                "label": table.label,
                "known_by": f"{table.link.kind}:{table.link.field}",
                "when_erased": "delete" if table.deletes else dict(table.fates),
                "why_kept": table.why,
            }
            for table in line.tables
        ],
    }
