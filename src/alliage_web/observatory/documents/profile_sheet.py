"""A profile on two pages, to be printed on both sides of a sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from alliage_web.observatory.queries import profiles as found
from alliage_web.observatory.queries.profiles import labelled
from alliage_web.observatory.queries.regions import region_label
from alliage_web.ui.components import Cell as TableCell
from alliage_web.ui.printing import print_pdf

from . import profiles as told
from .charts import for_document, synthetic_words
from .figures import document_table
from .networks import base, halo, network_for_document
from .networks import told as told_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.observatory.studies.regions import StudyRegion
    from alliage_web.observatory.documents.charts import Drawable
    from alliage_web.observatory.queries.figures import FigureRow
    from alliage_web.observatory.queries.profiles import FragilityProfile, GroupProfile
    from alliage_web.observatory.queries.releases import PublishedRelease
    from alliage_web.ui.components import DataTable

_TEMPLATE = Path(__file__).parents[1] / "typst" / "profile.typ"

#: The document figures that a page has room for, alone and beside a release.
_ALONE, _BESIDE = 22, 5


def region_sheet(profile: GroupProfile, region: StudyRegion) -> bytes:
    """Print the profile of a region, in French."""
    with translation.override("fr"):
        name = region_label(region)
        documents = found.documents_on(population="citizen", region=region.code)
        return print_pdf(
            _TEMPLATE,
            it=_of_group(
                profile,
                documents,
                eyebrow=_("Profil de région"),
                name=name,
                note=labelled(region.notes),
            ),
        )


def population_sheet(
    profile: GroupProfile | None, documents: Sequence[FigureRow], name: str
) -> bytes:
    """Print the profile of a population, in French."""
    with translation.override("fr"):
        eyebrow = _("Profil de population")
        told_it = (
            _of_documents(documents, eyebrow=eyebrow, name=name)
            if profile is None
            else _of_group(profile, documents, eyebrow=eyebrow, name=name, note="")
        )
        return print_pdf(_TEMPLATE, it=told_it)


def fragility_sheet(profile: FragilityProfile, documents: Sequence[FigureRow], name: str) -> bytes:
    """Print the profile of a fragility, in French."""
    with translation.override("fr"):
        title = _("%(name)s, par région") % {"name": name}
        recto = [
            _text(f"{told.spread(profile)} {told.paired([one.gap for one in profile.regions])}"),
            _figure(title, told.region_chart(profile, title), width=88),
            _table(told.region_table(profile, linked={})),
        ]
        verso = [
            *_stated(documents, _ALONE),
            *_reading(profile),
        ]
        return print_pdf(
            _TEMPLATE,
            it=_sheet(_("Profil de fragilité"), name, recto, verso, release=profile.release),
        )


def _of_group(
    profile: GroupProfile,
    documents: Sequence[FigureRow],
    *,
    eyebrow: str,
    name: str,
    note: str,
) -> dict[str, Any]:
    labels = {one.item: labelled(one.measure.labels) for one in profile.standings}
    title = _("Rangs possibles des fragilités")
    chart = told.rank_chart(profile, title)
    beside = [_table(told.answer_table(one, profile)) for one in profile.beside]
    recto = [
        *([_text(note)] if note else []),
        _text(told.opening(profile)),
        *([_text(told.compared(profile))] if profile.group.code else []),
        *([_figure(title, chart, width=78)] if chart else []),
        _table(told.fragility_table(profile, linked={})),
        *beside[:1],
    ]
    verso = [
        *beside[1:],
        *_network(profile, labels),
        *_stated(documents, _BESIDE),
        *_reading(profile),
    ]
    return _sheet(eyebrow, name, recto, verso, release=profile.release)


def _of_documents(documents: Sequence[FigureRow], *, eyebrow: str, name: str) -> dict[str, Any]:
    first = [
        _text(
            _(
                "Aucune vague n’a été calculée ici pour cette population : ce que l’on en sait "
                "vient de documents, qui ne donnent aucune marge d’erreur."
            )
        ),
        *_stated(documents[:_ALONE], _ALONE),
    ]
    rest = documents[_ALONE:]
    second = (
        _stated(rest, _ALONE)
        if rest
        else [_text(_("Les documents n’ont pas d’autre chiffre sur cette population."))]
    )
    words = [
        {"kind": "heading", "text": _("Comment lire")},
        _text(
            _(
                "« Lecture sûre » : le document est net, ou deux impressions concordent. « Lecture "
                "probable » : une seule impression, ou un signe réparé. « Déduit » : calculé à "
                "partir d’autres nombres du même document. Ce qui est moins sûr n’est pas publié."
            )
        ),
        _text(
            _(
                "« n/a » : aucune marge d’erreur ne se calcule, car les documents ne donnent pas "
                "le plan de sondage. Rien ne permet donc de dire que deux de ces chiffres "
                "diffèrent vraiment."
            )
        ),
    ]
    return _sheet(eyebrow, name, first, [*second, *words], release=None)


def _reading(profile: GroupProfile | FragilityProfile) -> list[dict[str, Any]]:
    """Say how the figures are read, beside what they cannot be made to say."""
    return [
        {"kind": "heading", "text": _("Comment lire")},
        _text(told.margins_of(profile)),
        _text(
            _(
                "Un écart n’est dit établi que s’il tient à côté de tous ceux de la fiche. « Non "
                "établi » ne veut pas dire égal. Aucun chiffre ne vaut pour une commune ou une "
                "intercommunalité : l’étude est tirée par région."
            )
        ),
    ]


def _network(profile: GroupProfile, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    network = profile.network
    if network is None:
        return []
    words = (told_network(network, labels), halo(network), base(network))
    said = _text(" ".join(part for part in words if part))
    heading = {"kind": "heading", "text": _("Les fragilités qui vont ensemble")}
    if not network.ties:
        return [heading, said]
    circle = found.circle_of(found.networks_of(profile.release), found.items_of(profile.release))
    drawing = {
        "kind": "figure",
        "title": "",
        "alt": told_network(network, labels),
        "svg": network_for_document(network, circle, labels),
        "width": 56,
    }
    return [heading, said, drawing]


def _stated(documents: Sequence[FigureRow], most: int) -> list[dict[str, Any]]:
    """Return what documents state, as much of it as there is room for."""
    if not documents:
        return []
    table = _table(
        document_table(documents[:most], caption=_("Ce que les documents en disent")),
        widths=(2.3, 1.1, 1.2, 1.1, 0, 0.9, 1.6),
    )
    left = len(documents) - most
    if left <= 0:
        return [table]
    more = _("Le site montre %(count)s autres chiffres de documents.") % {"count": left}
    return [table, _text(more)]


def _sheet(
    eyebrow: str,
    name: str,
    recto: list[dict[str, Any]],
    verso: list[dict[str, Any]],
    *,
    release: PublishedRelease | None,
) -> dict[str, Any]:
    synthetic = release is not None and release.synthetic
    return {
        "eyebrow": eyebrow,
        "title": name,
        "synthetic": _("%(words)s. Aucun chiffre de cette fiche ne vaut pour de vraies personnes.")
        % {"words": synthetic_words()}
        if synthetic
        else "",
        "pages": [recto, verso],
        "footer": told.read_in(release)
        if release
        else _("Source : documents cités à chaque ligne."),
    }


def _text(text: str) -> dict[str, Any]:
    return {"kind": "text", "text": text}


def _figure(title: str, chart: Drawable, *, width: int = 100) -> dict[str, Any]:
    return {
        "kind": "figure",
        "title": title,
        "alt": chart.about.description,
        "svg": for_document(chart),
        "width": width,
    }


def _table(table: DataTable, widths: Sequence[float] = ()) -> dict[str, Any]:
    """Return a table as data; a column of no width is as wide as what it holds."""
    return {
        "kind": "table",
        "caption": str(table.caption),
        "widths": widths or [1, *[0] * (len(table.columns) - 1)],
        "columns": [[str(column.label), column.numeric] for column in table.columns],
        "rows": [
            [str(cell.text) if isinstance(cell, TableCell) else str(cell) for cell in row]
            for row in table.rows
        ],
    }
