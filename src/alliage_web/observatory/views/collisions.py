"""Which fragilities go together, for everybody and in each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from alliage_web.observatory.documents import networks as told
from alliage_web.observatory.documents.profiles import read_in
from alliage_web.observatory.queries import profiles as found
from alliage_web.observatory.queries.profiles import labelled
from alliage_web.ui.components import Cell as TableCell
from alliage_web.ui.components import Column, Crumb, DataTable
from alliage_web.ui.templatetags.ui import number

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage.observatory.releases.values import Network
    from alliage_web.observatory.queries.releases import PublishedRelease

CITIZEN = "citizen"


def collisions(request: HttpRequest, code: str = "") -> HttpResponse:
    """Draw the fragilities that go together, for everybody or in a region of the studies."""
    about = found.regions().of_code(code)
    if code and about is None:
        raise Http404(_("Aucune région des études n’a ce code."))
    release = found.release_for(CITIZEN)
    networks = found.networks_of(release) if release else {}
    network = networks.get(code)
    name = found.region_label(about) if about else _("Ensemble des régions")
    parts = _parts(release, networks, network, name) if release and network else {}
    return render(
        request,
        "observatory/collisions.html",
        {
            "crumbs": [
                Crumb(_("Observatoire"), reverse("observatory:index")),
                Crumb(_("Collisions"), reverse("observatory:collisions") if code else ""),
                *([Crumb(name)] if code else []),
            ],
            "name": name,
            "code": code,
            "release": release,
            "synthetic": release is not None and release.synthetic,
            "network": network,
            "regions": [(one.code, found.region_label(one)) for one in found.regions().surveyed],
            "populations": [label for one, label in found.populations() if one != CITIZEN],
            **parts,
        },
    )


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
        "respondents": network.respondents,
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
    names = {one.code: found.region_label(one) for one in found.regions().surveyed}
    rows = []
    for code, network in networks.items():
        drawn = told.drawn_ties(network)
        rows.append(
            (
                TableCell(
                    names.get(code, _("Ensemble")),
                    reverse("observatory:collisions-group", args=[code])
                    if code in names
                    else reverse("observatory:collisions"),
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
