"""What the autocomplete of territories answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse
from django.views.decorators.http import require_GET

from alliage_web.territories import queries
from alliage_web.territories.models import LevelChoices

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_LIMIT = 10
_LONGEST = 200


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Answer the territories that ``q`` may mean, among the levels ``niveau`` if it is given."""
    text = request.GET.get("q", "")[:_LONGEST]
    levels = [level for level in request.GET.getlist("niveau") if level in LevelChoices.values]
    found = queries.suggest(text, levels=levels or None, limit=_LIMIT)
    return JsonResponse(
        {
            "results": [
                {
                    "value": item.value,
                    "label": item.name,
                    "detail": " · ".join(
                        part for part in (str(item.level_label), item.context) if part
                    ),
                    "href": item.url,
                }
                for item in found
            ]
        }
    )
