"""Profiles of regions, populations and fragilities; what is refused of smaller places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.observatory.reading.differences import Verdict
from alliage_web.observatory.documents import profiles as told
from alliage_web.observatory.documents.charts import drawn
from alliage_web.observatory.documents.figures import document_table
from alliage_web.observatory.documents.networks import told as told_network
from alliage_web.observatory.documents.profile_sheet import (
    fragility_sheet,
    population_sheet,
    region_sheet,
)
from alliage_web.observatory.queries import profiles as found
from alliage_web.observatory.queries.profiles import labelled
from alliage_web.observatory.queries.regions import region_label, study_regions
from alliage_web.ui.components import Card, Crumb
from alliage_web.ui.maps import FranceMap, LegendEntry, MapArea, MapLegend

from .collisions import CITIZEN, address_of
from .home import home_crumb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from alliage.observatory.studies.regions import StudyRegion
    from alliage_web.observatory.queries.profiles import FragilityProfile, GroupProfile

#: The figures of documents that a profile shows; the others have their own page.
DOCUMENTS = 30
_SHADE = {Verdict.HIGHER: "q6", Verdict.LOWER: "q2", Verdict.NOT_ESTABLISHED: "na"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the profiles, and what they are read in."""
    release = found.release_for(CITIZEN)
    names = found.known_items()
    if release is not None:
        names |= {one.item: labelled(one.labels) for one in found.items_of(release)}
    regions = study_regions()
    return render(
        request,
        "observatory/profiles.html",
        {
            "crumbs": _crumbs(),
            "release": release,
            "synthetic": release is not None and release.synthetic,
            "regions": [
                Card(title=region_label(one), href=_region_url(one)) for one in regions.surveyed
            ],
            "outside": [
                (labelled(labels), reverse("observatory:profile-official-region", args=[code]))
                for code, labels in regions.not_surveyed.items()
            ],
            "outside_note": labelled(regions.not_surveyed_notes),
            "populations": [
                Card(title=label[:1].upper() + label[1:], href=_population_url(code))
                for code, label in found.populations()
            ],
            "fragilities": [
                Card(title=label, href=_fragility_url(code)) for code, label in names.items()
            ],
        },
    )


# Regions


@require_safe
def region(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is known of a region of the studies."""
    about = _study_region(code)
    release = found.release_for(CITIZEN)
    profile = found.profile_of(release, found.REGION, code) if release else None
    name = region_label(about)
    documents = found.documents_on(population=CITIZEN, region=code)
    return render(
        request,
        "observatory/profile_region.html",
        {
            "crumbs": _crumbs(name),
            "name": name,
            "note": labelled(about.notes),
            "synthetic": release is not None and release.synthetic,
            "release": release,
            "profile": profile,
            "sheet_url": reverse("observatory:profile-region-sheet", args=[code]),
            "collisions_url": address_of(CITIZEN, code),
            "documents": document_table(
                documents, caption=_("Ce que les documents disent de cette région")
            )
            if documents
            else None,
            **(_group_parts(profile, name) if profile else {}),
        },
    )


@require_safe
def region_file(_request: HttpRequest, code: str) -> HttpResponse:
    """Give the profile of a region on two pages."""
    about = _study_region(code)
    release = found.release_for(CITIZEN)
    profile = found.profile_of(release, found.REGION, code) if release else None
    if profile is None:
        raise _no_sheet()
    return _printed(region_sheet(profile, about), region_label(about))


@require_safe
def official_region(request: HttpRequest, code: str) -> HttpResponse:
    """Lead from an official region to that of the studies, or say that it was not surveyed."""
    regions = study_regions()
    about = regions.of_official(code)
    if about is not None:
        return redirect(_region_url(about))
    outside = regions.not_surveyed.get(code)
    if outside is None:
        raise Http404(_("Aucune région n’a ce code."))
    name = labelled(outside)
    return render(
        request,
        "observatory/profile_not_surveyed.html",
        {
            "crumbs": _crumbs(name),
            "name": name,
            "note": labelled(regions.not_surveyed_notes),
            "not_surveyed": True,
        },
    )


# Populations


@require_safe
def population(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is known of a population: a release where there is one, and documents."""
    name = _population_name(code)
    release = found.release_for(code)
    profile = found.profile_of(release) if release else None
    documents = found.documents_on(population=code)
    return render(
        request,
        "observatory/profile_population.html",
        {
            "crumbs": _crumbs(name),
            "name": name,
            "release": release,
            "synthetic": release is not None and release.synthetic,
            "profile": profile,
            "sheet_url": reverse("observatory:profile-population-sheet", args=[code]),
            "collisions_url": address_of(code),
            "count": len(documents),
            "more": len(documents) > DOCUMENTS,
            "population": code,
            "documents": document_table(
                documents[:DOCUMENTS], caption=_("Ce que les documents disent de cette population")
            )
            if documents
            else None,
            **(_group_parts(profile, name) if profile else {}),
        },
    )


@require_safe
def population_file(_request: HttpRequest, code: str) -> HttpResponse:
    """Give the profile of a population on two pages."""
    name = _population_name(code)
    release = found.release_for(code)
    profile = found.profile_of(release) if release else None
    documents = found.documents_on(population=code)
    if profile is None and not documents:
        raise _no_sheet()
    return _printed(population_sheet(profile, documents, name), name)


# Fragilities


@require_safe
def fragility(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is known of a fragility in each region."""
    release = found.release_for(CITIZEN)
    profile = found.fragility_profile(release, code) if release else None
    name = _fragility_name(code, profile)
    documents = found.documents_on(population=CITIZEN, item=code)
    parts: dict[str, object] = {}
    if profile is not None and release is not None:
        linked = {one.code: _region_url(one) for one in study_regions().surveyed}
        parts = {
            "sentence": told.spread(profile),
            "paired": told.paired([one.gap for one in profile.regions]),
            "table": told.region_table(profile, linked=linked),
            "drawing": drawn(
                told.region_chart(profile, _("%(name)s, par région") % {"name": name})
            ),
            "map": _map_of(profile, name, linked),
        }
    return render(
        request,
        "observatory/profile_fragility.html",
        {
            "crumbs": _crumbs(name),
            "name": name,
            "release": release,
            "synthetic": release is not None and release.synthetic,
            "profile": profile,
            "sheet_url": reverse("observatory:profile-fragility-sheet", args=[code]),
            "documents": document_table(
                documents, caption=_("Ce que les documents disent de cette fragilité")
            )
            if documents
            else None,
            **parts,
        },
    )


@require_safe
def fragility_file(_request: HttpRequest, code: str) -> HttpResponse:
    """Give the profile of a fragility on two pages."""
    release = found.release_for(CITIZEN)
    profile = found.fragility_profile(release, code) if release else None
    name = _fragility_name(code, profile)
    if profile is None:
        raise _no_sheet()
    documents = found.documents_on(population=CITIZEN, item=code)
    return _printed(fragility_sheet(profile, documents, name), name)


def _map_of(profile: FragilityProfile, name: str, linked: Mapping[str, str]) -> FranceMap:
    """Colour the official regions by what is established of the region of the study."""
    areas = []
    for one in profile.regions:
        about = study_regions().of_code(one.group.code)
        if about is None or one.gap is None:
            continue
        areas += [
            MapArea(
                code=official,
                level="regions",
                label=labelled(one.group.labels),
                href=linked.get(one.group.code, ""),
                text=_("%(value)s, écart %(verdict)s")
                % {
                    "value": told.figure(one.cell, profile.measure.unit),
                    "verdict": told.verdict(one.gap),
                },
                css_class=_SHADE[one.gap.verdict],
            )
            for official in about.official
        ]
    title = _("%(name)s : les régions au-dessus et au-dessous de l’ensemble") % {"name": name}
    if profile.release.synthetic:
        title = _("%(title)s (données synthétiques)") % {"title": title}
    return FranceMap(
        id="carte-fragilite",
        title=title,
        description=_(
            "Une région n’est colorée que si son écart à l’ensemble est établi. Une région sans "
            "couleur ni hachures n’a pas de chiffre montré, ou n’a pas été enquêtée."
        ),
        base="regions",
        areas=tuple(areas),
        legend=MapLegend(
            _("Note par rapport à l’ensemble"),
            (
                LegendEntry(_("plus haute"), _SHADE[Verdict.HIGHER]),
                LegendEntry(_("plus basse"), _SHADE[Verdict.LOWER]),
                LegendEntry(_("écart non établi"), _SHADE[Verdict.NOT_ESTABLISHED]),
            ),
        ),
        table=told.region_table(profile, linked=linked),
        source=told.read_in(profile.release),
    )


# What profiles share


def _group_parts(profile: GroupProfile, name: str) -> dict[str, object]:
    linked = {one.item: _fragility_url(one.item) for one in profile.standings}
    rank_chart = told.rank_chart(
        profile, _("%(name)s : rangs possibles des fragilités") % {"name": name}
    )
    gap_chart = told.gap_chart(
        profile, _("%(name)s : écarts à l’ensemble des régions") % {"name": name}
    )
    charts = [(one, told.answer_chart(one, profile)) for one in profile.beside]
    labels = {one.item: labelled(one.measure.labels) for one in profile.standings}
    return {
        "opening": told.opening(profile),
        "quotation": told.quotation(profile),
        "compared": told.compared(profile) if profile.group.code else "",
        "table": told.fragility_table(profile, linked=linked),
        "rank_drawing": drawn(rank_chart) if rank_chart else None,
        "gap_drawing": drawn(gap_chart) if gap_chart and profile.group.code else None,
        "beside": [
            {
                "label": labelled(one.question.labels),
                "wording": labelled(one.question.wording),
                "drawing": drawn(chart) if chart else None,
                "table": told.answer_table(one, profile),
            }
            for one, chart in charts
        ],
        "collisions": told_network(profile.network, labels) if profile.network else "",
    }


def _study_region(code: str) -> StudyRegion:
    about = study_regions().of_code(code)
    if about is None:
        raise Http404(_("Aucune région des études n’a ce code."))
    return about


def _population_name(code: str) -> str:
    names = dict(found.populations())
    if code not in names:
        raise Http404(_("Aucune population des études n’a ce code."))
    return names[code][:1].upper() + names[code][1:]


def _fragility_name(code: str, profile: FragilityProfile | None) -> str:
    if profile is not None:
        return labelled(profile.measure.labels)
    name = found.known_items().get(code)
    if name is None:
        raise Http404(_("Aucune fragilité n’a ce code."))
    return name


def _no_sheet() -> Http404:
    return Http404(_("Aucune publication ne permet d’imprimer ce profil."))


def _printed(content: bytes, name: str) -> HttpResponse:
    filename = f"{slugify(_('profil'))}-{slugify(name)}.pdf"
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{filename}"'},
    )


def _crumbs(*labels: str) -> list[Crumb]:
    return [
        home_crumb(),
        Crumb(_("Profils"), reverse("observatory:profiles") if labels else ""),
        *(Crumb(label) for label in labels),
    ]


def _region_url(one: StudyRegion) -> str:
    return reverse("observatory:profile-region", args=[one.code])


def _population_url(code: str) -> str:
    return reverse("observatory:profile-population", args=[code])


def _fragility_url(code: str) -> str:
    return reverse("observatory:profile-fragility", args=[code])
