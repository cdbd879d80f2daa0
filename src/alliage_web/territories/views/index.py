"""The entry to the territories: search, map of France, regions, size classes, perimeters."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from alliage.territories.levels import Level
from alliage.values.text import name_key
from alliage_web.territories import queries
from alliage_web.territories.views import drawings
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.territories.models import Snapshot

_INDICATORS = (drawings.POPULATION, drawings.DENSITY, drawings.ALLIANCES)


def index(request: HttpRequest) -> HttpResponse:
    """Show the way into the territories; a search that means one territory goes to its page."""
    text = (request.GET.get("q") or request.GET.get("q_text") or "").strip()[:200]
    found = queries.identify(text) if text else []
    if len(found) == 1:
        return redirect(found[0].url)
    vintage = queries.current_vintage()
    departments = queries.figures(level=Level.DEPARTMENT)
    indicator = drawings.chosen(request.GET.get("indicateur"), _INDICATORS)
    source = drawings.source_of(vintage)
    return render(
        request,
        "territories/index.html",
        {
            "crumbs": [Crumb(_("Territoires"))],
            "text": text,
            "found": found,
            "endpoint": drawings.suggestions_endpoint(),
            "vintage": vintage,
            "map": drawings.national_map(
                drawings.areas_of_figures(departments, queries.alliances_by_department()),
                indicator,
                level=Level.DEPARTMENT,
                source=_("Base Alliage, décompte de ce jour")
                if indicator is drawings.ALLIANCES
                else source,
            )
            if departments
            else None,
            "choices": drawings.choices(indicator, _INDICATORS, "carte-france"),
            "regions": _by_region(departments),
            "collectivities": queries.collectivities(),
            "size_classes": drawings.size_class_table(
                queries.size_class_profiles(vintage), source=source
            )
            if vintage
            else None,
            "perimeters": queries.perimeters(),
        },
    )


def _by_region(departments: list[Snapshot]) -> list[tuple[object, list[Snapshot]]]:
    """Group the departments under their region, in the order of the regions' names."""
    groups: dict[int, list[Snapshot]] = defaultdict(list)
    regions = {}
    for department in departments:
        if department.region:
            regions[department.region.pk] = department.region
            groups[department.region.pk].append(department)
    order = sorted(regions.values(), key=lambda region: name_key(region.name))
    return [(region, groups[region.pk]) for region in order]
