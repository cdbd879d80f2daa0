"""Which fragilities go together, for everybody and in each region."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.observatory.documents import networks as told
from alliage_web.observatory.documents.profiles import read_in
from alliage_web.observatory.models import Population
from alliage_web.observatory.queries import profiles as found
from alliage_web.observatory.queries.profiles import labelled
from alliage_web.observatory.queries.regions import region_label, study_regions
from alliage_web.observatory.queries.releases import published
from alliage_web.ui.components import Cell as TableCell
from alliage_web.ui.components import Column, Crumb, DataTable
from alliage_web.ui.templatetags.ui import number

from .home import home_crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage.observatory.releases.values import Network
    from alliage_web.observatory.queries.releases import PublishedRelease

CITIZEN = Population.CITIZEN.value


@require_safe
def collisions(request: HttpRequest, code: str = "") -> HttpResponse:
    """Draw the fragilities that go together, for everybody or in a region of the studies.

    The population is that of the parameter, citizens unless another was asked about them.
    """
    about = study_regions().of_code(code)
    if code and about is None:
        raise Http404(_("Aucune région des études n’a ce code."))
    known = _known()
    chosen = request.GET.get("population", "")
    population = chosen if chosen in known else CITIZEN
    release = known.get(population)
    networks = found.networks_of(release) if release else {}
    network = networks.get(code)
    name = region_label(about) if about else _("Ensemble des régions")
    people = dict(found.populations())
    parts = _parts(release, networks, network, name) if release and network else {}
    return render(
        request,
        "observatory/collisions.html",
        {
            "crumbs": [
                home_crumb(),
                Crumb(_("Collisions"), address_of(population) if code else ""),
                *([Crumb(name)] if code else []),
            ],
            "name": name,
            "people": people[population],
            "code": code,
            "population": population,
            "release": release,
            "synthetic": release is not None and release.synthetic,
            "network": network,
            "whole_url": address_of(population),
            "regions": [
                (one.code, region_label(one), address_of(population, one.code))
                for one in study_regions().surveyed
            ],
            "populations": [(one, people[one], address_of(one, code)) for one in known],
            "others": [label for one, label in people.items() if one not in known],
            **parts,
        },
    )


def address_of(population: str, code: str = "") -> str:
    """Return the address of the ties of a population, everywhere or in a region."""
    if code:
        path = reverse("observatory:collisions-group", args=[code])
    else:
        path = reverse("observatory:collisions")
    return path if population == CITIZEN else f"{path}?{urlencode({'population': population})}"


def _known() -> dict[str, PublishedRelease]:
    """Return the release of each population that was asked about fragilities."""
    asked = {one.population for one in published(current=True)}
    held = {code: found.release_for(code) for code, _label in found.populations() if code in asked}
    return {code: one for code, one in held.items() if one is not None}


def _parts(
    release: PublishedRelease, networks: dict[str, Network], network: Network, name: str
) -> dict[str, object]:
    items = found.items_of(release)
    labels = {one.item: labelled(one.labels) for one in items}
    circle = found.circle_of(networks, items)
    title = _("%(name)s : les fragilités qui vont ensemble") % {"name": name}
    return {
        "sentence": told.told(network, labels),
        "halo": told.halo(network),
        "base": told.base(network),
        "drawing": told.network_drawing(network, circle, labels, release=release, title=title)
        if network.ties
        else None,
        "key": [labels[item] for item in circle],
        "drawn": told.tie_table(network, labels, release=release, whole=False)
        if told.drawn_ties(network)
        else None,
        "table": told.tie_table(network, labels, release=release) if network.ties else None,
        "by_region": _by_region(networks, labels, release),
    }


def _by_region(
    networks: dict[str, Network], labels: dict[str, str], release: PublishedRelease
) -> DataTable:
    """Say of each region how many ties are established, which its sample mostly decides."""
    names = {one.code: region_label(one) for one in study_regions().surveyed}
    rows = []
    for code, network in networks.items():
        drawn = told.drawn_ties(network)
        rows.append(
            (
                TableCell(
                    names.get(code, _("Ensemble")),
                    address_of(release.population, code if code in names else ""),
                ),
                "s" if network.respondents is None else number(network.respondents),
                _("%(count)s sur %(total)s")
                % {"count": number(len(drawn)), "total": number(len(network.ties))}
                if network.ties
                else "s",
                told.pair(drawn[0], labels) if drawn else _("aucune établie"),
            )
        )
    return DataTable(
        caption=_("Les liens établis, par région"),
        columns=(
            Column(_("Région")),
            Column(_("Répondants, au moins"), numeric=True),
            Column(_("Paires liées"), numeric=True),
            Column(_("La plus liée")),
        ),
        rows=tuple(rows),
        source=read_in(release),
        note=_(
            "Une région compte moins de répondants que l’ensemble : y voir moins de liens ne dit "
            "pas qu’elle en a moins."
        ),
    )
