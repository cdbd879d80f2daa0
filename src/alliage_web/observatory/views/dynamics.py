"""Perceived and recorded dynamics, region by region."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.observatory.reading.dynamics import Dynamics
from alliage_web.observatory.documents.dynamics import dynamics_csv, map_of, row_of, signed
from alliage_web.observatory.queries import dynamics as queries
from alliage_web.observatory.queries.dynamics_wording import LABELS
from alliage_web.ui.components import Crumb

from .home import home_crumb


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    found = queries.regional_dynamics(timezone.localdate())
    counts = Counter(line.gap.dynamics for line in found.lines if line.gap and line.gap.surveyed)
    context = {
        "found": found,
        "rows": [row_of(line) for line in found.lines],
        "compared": sum(counts.values()),
        "told": [
            (str(LABELS[one]), counts[one])
            for one in Dynamics
            if one is not Dynamics.UNDECIDED and counts[one]
        ],
        "undecided": counts[Dynamics.UNDECIDED],
        "map": map_of(found),
        "worlds": [
            (
                one,
                *(
                    signed(bound)
                    for bound in (one.gap.gap.value, one.gap.gap.low, one.gap.gap.high)
                ),
            )
            for one in found.worlds
        ],
        "detection": queries.DETECTION,
        "useful": queries.USEFUL,
        "crumbs": [
            home_crumb(),
            Crumb(_("Dynamiques perçues et recensées")),
        ],
    }
    return render(request, "observatory/dynamics.html", context)


@require_safe
def table_file(request: HttpRequest) -> HttpResponse:
    """Give both sides of each region as CSV; ``bom=0`` leaves out the mark of spreadsheets."""
    today = timezone.localdate()
    found = queries.regional_dynamics(today)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    synthetic = found.release is not None and found.release.synthetic
    name = f"alliage-dynamiques{'-synthetique' if synthetic else ''}-{today.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    if request.GET.get("bom") != "0":
        response.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    response.write(dynamics_csv(found))
    return response
