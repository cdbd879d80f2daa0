"""What the observatory refuses to say of a commune or another small place, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.observatory.reading.sample_sizes import sample_everywhere, sample_for_share
from alliage.territories.levels import Level
from alliage_web.observatory.queries import profiles as found
from alliage_web.observatory.queries.profiles import labelled
from alliage_web.observatory.queries.regions import region_label, study_regions
from alliage_web.territories import queries as territories
from alliage_web.territories.models import LevelChoices
from alliage_web.ui.components import Column, Crumb, DataTable
from alliage_web.ui.templatetags.ui import number, percent

from .collisions import CITIZEN
from .home import home_crumb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from alliage.observatory.studies.regions import StudyRegion
    from alliage_web.observatory.queries.releases import PublishedRelease

#: Half-widths of the interval of a share that the needed samples are told for.
MARGINS = (0.10, 0.07, 0.05)


@require_safe
def commune(request: HttpRequest, code: str) -> HttpResponse:
    """Say why nothing is told of a commune, and what is told of its region."""
    return place(request, Level.COMMUNE, code)


@require_safe
def place(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """Lead to the profile of a region; say of a smaller place why there is none."""
    if level == Level.COUNTRY:
        return redirect("observatory:profile-population", CITIZEN)
    if level == Level.REGION:
        return redirect("observatory:profile-official-region", code)
    about = territories.place(level, code) if level in LevelChoices.values else None
    if about is None:
        raise Http404(_("Aucun territoire n’a ce code."))
    release = found.release_for(CITIZEN)
    codes = territories.regions_of([about.territory.pk]).get(about.territory.pk, frozenset())
    cut = study_regions()
    # Two official regions may be one of the studies.
    surveyed = [one for one in cut.surveyed if codes & set(one.official)]
    return render(
        request,
        "observatory/place.html",
        {
            "crumbs": [
                home_crumb(),
                Crumb(_("Profils"), reverse("observatory:profiles")),
                Crumb(about.name),
            ],
            "place": about,
            "place_url": reverse("site:territory", args=[level, code]),
            "regions": [
                (region_label(one), reverse("observatory:profile-region", args=[one.code]))
                for one in surveyed
            ],
            "outside": [
                labelled(cut.not_surveyed[one]) for one in sorted(codes) if one in cut.not_surveyed
            ],
            "outside_note": labelled(cut.not_surveyed_notes),
            "release": release,
            "synthetic": release is not None and release.synthetic,
            "expected": _expected(about.population, surveyed, release),
            "table": _needed(about.population, release),
            "everywhere": _everywhere(surveyed, release) if level == Level.COMMUNE else "",
        },
    )


def _expected(
    population: int | None, regions: Sequence[StudyRegion], release: PublishedRelease | None
) -> str:
    """Say how many of the people asked in the region are likely to live in the place."""
    if population is None or release is None or len(regions) != 1:
        return ""
    (region,) = regions
    asked = _respondents(release, region.code)
    around = [territories.place(Level.REGION, code) for code in region.official]
    people = sum(one.population or 0 for one in around if one is not None)
    if asked is None or not people:
        return ""
    share = asked * population / people
    return _(
        "Sur les %(asked)s répondants de la région, on en attend %(expected)s qui habitent ici, "
        "s’ils sont tirés au hasard dans toute la région."
    ) % {
        "asked": number(asked),
        "expected": _("moins de un") if share < 1 else _("environ %(n)s") % {"n": number(share, 0)},
    }


def _respondents(release: PublishedRelease, region: str) -> int | None:
    profile = found.profile_of(release, found.REGION, region)
    return profile.respondents if profile else None


def _needed(population: int | None, release: PublishedRelease | None) -> DataTable | None:
    """Return the people to ask for a share to be known within some margins."""
    if not population:
        return None
    effect = _design_effect(release)
    return DataTable(
        caption=_("Combien de personnes il faudrait interroger ici"),
        columns=(
            Column(_("Marge d’erreur d’une part de 50 %")),
            Column(_("Répondants"), numeric=True),
            Column(_("Part de la population"), numeric=True),
        ),
        rows=tuple(
            (
                _("± %(points)s points") % {"points": number(100 * margin, 0)},
                number(needed),
                percent(needed / population, 1),
            )
            for margin in MARGINS
            for needed in [sample_for_share(margin, design_effect=effect, population=population)]
        ),
        note=_(
            "À 95 %% de confiance, avec un effet de plan de %(effect)s. La population compte tous "
            "les âges ; l’étude n’interroge que des adultes, un peu moins nombreux."
        )
        % {"effect": number(effect, 2)},
    )


def _everywhere(regions: Sequence[StudyRegion], release: PublishedRelease | None) -> str:
    """Say how many people would be asked to tell the same of each commune of the region."""
    found_in = [
        territories.resolve(Level.REGION, code) for region in regions for code in region.official
    ]
    populations = [
        people
        for territory in found_in
        if territory is not None
        for people in territories.communes_in(territory).values_list("population", flat=True)
        if people
    ]
    if not populations:
        return ""
    need = sample_everywhere(populations, MARGINS[0], design_effect=_design_effect(release))
    return _(
        "Pour connaître une part à ± %(points)s points dans chacune des %(communes)s communes de "
        "la région, il faudrait interroger %(people)s personnes."
    ) % {
        "points": number(100 * MARGINS[0], 0),
        "communes": number(need.territories),
        "people": number(need.respondents),
    }


def _design_effect(release: PublishedRelease | None) -> float:
    """Return by how much weights multiply variances: that of the release, or one."""
    return 1.0 if release is None else max(found.head_of(release).weighting.design_effect, 1.0)
