"""The views of the whole, for catalysts and researchers, and the page of the validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.positioning.collective import PACKET
from alliage_web.positioning.documents.collective_words import (
    breakdown_label,
    collective_csv,
    sections,
)
from alliage_web.positioning.documents.result_words import tool_status
from alliage_web.positioning.documents.validation_words import validation_table, worst_items
from alliage_web.positioning.permissions.collective import READ_COLLECTIVE
from alliage_web.positioning.queries import collective as queries
from alliage_web.positioning.queries.collective import Breakdown
from alliage_web.positioning.queries.validation import validation_status
from alliage_web.territories.queries import resolve
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest

    from alliage_web.positioning.queries.collective import Collective
    from alliage_web.territories.models import Territory


@require_safe
@login_required
def collective_index(request: HttpRequest) -> HttpResponse:
    """List the territories whose answers a person may read together."""
    day = timezone.localdate()
    return render(
        request,
        "positioning/collective_index.html",
        {
            "places": queries.own_territories(request.user),
            "latest": queries.latest_formation(invented=_invented()),
            "next": queries.next_quarter(day),
            "size": PACKET,
            "invented": _invented(),
            "crumbs": [_home(), Crumb(_("Réponses mises ensemble"))],
        },
    )


@require_safe
@login_required
def collective(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """Show what those who agreed answered in a territory."""
    territory = _readable(request, level, code)
    found = _read(request, territory)
    here = reverse("positioning:collective", args=[territory.level, territory.code])
    return render(
        request,
        "positioning/collective.html",
        {
            "found": found,
            "territory": territory,
            "sections": sections(found, _links(request, found)) if found.people else [],
            "masked": any(one.masked for one in found.tables),
            "breakdowns": [
                (breakdown_label(one), f"{here}?par={one}", one is found.breakdown)
                for one in queries.breakdowns_of(territory)
            ],
            "csv": f"{here}reponses.csv?par={found.breakdown}",
            "next": queries.next_quarter(timezone.localdate()),
            "size": PACKET,
            "status": tool_status(),
            "crumbs": [
                _home(),
                Crumb(_("Réponses mises ensemble"), reverse("positioning:collective-index")),
                Crumb(territory.name),
            ],
        },
    )


@require_safe
@login_required
def collective_file(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """Give the same tables as CSV."""
    territory = _readable(request, level, code)
    found = _read(request, territory)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"se-situer-{territory.level}-{territory.code}-{found.breakdown}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = "noindex"
    notice = _("données inventées, pour une démonstration") if found.invented else ""
    # Spreadsheets take the encoding from the mark at the beginning.
    response.write("\N{BYTE ORDER MARK}" + collective_csv(found, notice))
    return response


@require_safe
def validation(request: HttpRequest) -> HttpResponse:
    """Say what the answers show of the questionnaire, and what they do not yet."""
    status = validation_status()
    return render(
        request,
        "positioning/validation.html",
        {
            "validation": status,
            "table": validation_table(status),
            "worst": worst_items(status),
            "status": tool_status(),
            "crumbs": [_home(), Crumb(_("Ce que vaut l’outil"))],
        },
    )


def _readable(request: HttpRequest, level: str, code: str) -> Territory:
    """Find a territory whose answers a person may read; the others do not exist for them."""
    territory = resolve(level, code)
    if territory is None or not request.user.has_perm(READ_COLLECTIVE, territory):
        raise Http404(_("Ces réponses n’existent pas, ou ne vous sont pas ouvertes."))
    return territory


def _read(request: HttpRequest, territory: Territory) -> Collective:
    possible = queries.breakdowns_of(territory)
    asked = request.GET.get("par", "")
    breakdown = next((one for one in possible if one == asked), possible[0])
    return queries.collective(
        territory, Breakdown(breakdown), timezone.localdate(), invented=_invented()
    )


def _links(request: HttpRequest, found: Collective) -> dict[str, str]:
    """Return the addresses of the parts that the person may open."""
    return {
        one.code: reverse("positioning:collective", args=[one.territory.level, one.territory.code])
        for one in found.groups.values()
        if one.territory is not None and request.user.has_perm(READ_COLLECTIVE, one.territory)
    }


def _invented() -> bool:
    """Tell whether this is a demonstration, which reads invented answers and no other."""
    return bool(settings.ALLIAGE_DEMO)


def _home() -> Crumb:
    return Crumb(_("Se situer"), reverse("positioning:index"))
