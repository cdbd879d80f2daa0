"""The home page: where alliances and catalysts are, and the doors to enter by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliage_web.site import queries
from alliage_web.ui.components import Card, Cell, Column, DataTable, KeyFigure
from alliage_web.ui.maps import FranceMap, LegendEntry, MapLegend, MapPoint, apart
from alliage_web.ui.templatetags.ui import number

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.alliances.queries import AlliancePoint


@dataclass(frozen=True, slots=True)
class Door:
    """One of the verbs of alliance engineering that can be done here."""

    verb: str
    text: str
    href: str


def home(request: HttpRequest) -> HttpResponse:
    content = queries.home()
    return render(
        request,
        "site/home.html",
        {
            "map": _map(content),
            "figures": _figures(content.figures),
            "doors": _doors(),
            "cards": [
                Card(
                    title=entry.title, href=entry.url, eyebrow=entry.kind_label, text=entry.summary
                )
                for entry in content.recent
            ],
        },
    )


def _doors() -> list[Door]:
    return [
        Door(
            verb=_("Relier"),
            text=_(
                "Connaître les acteurs et les catalyseurs d’un territoire, trouver le partenaire "
                "qui manque."
            ),
            href=reverse("actors:index"),
        ),
        Door(
            verb=_("Faire alliance"),
            text=_(
                "Suivre une alliance de la première rencontre au déploiement, ou en décrire une."
            ),
            href=reverse("alliances:index"),
        ),
        Door(
            verb=_("Capitaliser"),
            text=_(
                "S’inspirer de ce que d’autres ont fait, et télécharger leurs fiches retour "
                "d’expérience."
            ),
            href=reverse("knowledge:index"),
        ),
    ]


def _figures(figures: queries.HomeFigures) -> list[KeyFigure]:
    base = _("base Alliage, décompte de ce jour")
    geography = (
        _("INSEE, code officiel géographique %(year)s") % {"year": figures.vintage.year}
        if figures.vintage
        else ""
    )
    return [
        KeyFigure(
            label=_("Alliances décrites"),
            value=number(figures.alliances),
            source=base,
            href=reverse("alliances:index"),
        ),
        KeyFigure(
            label=_("Exemples inspirants publiés"),
            value=number(figures.examples),
            source=base,
            href=reverse("knowledge:index"),
        ),
        KeyFigure(
            label=_("Organisations"),
            value=number(figures.organisations),
            source=base,
            note=ngettext(
                "dont %(count)s catalyseur de territoire",
                "dont %(count)s catalyseurs de territoire",
                figures.catalysts,
            )
            % {"count": number(figures.catalysts)},
            href=reverse("actors:index"),
        ),
        KeyFigure(
            label=_("Communes"),
            value=number(figures.communes) if figures.communes is not None else "",
            source=geography,
            href=reverse("territories:index"),
        ),
    ]


def _map(content: queries.Home) -> FranceMap:
    alliances = [_alliance_point(point) for point in content.alliance_points]
    catalysts = [
        MapPoint(
            x=point.x,
            y=point.y,
            label=point.name,
            href=point.url,
            text=_("Catalyseur"),
            world=point.world,
        )
        for point in content.catalyst_points
    ]
    points = (*alliances, *catalysts)
    kind_of = [_("Alliance")] * len(alliances) + [_("Catalyseur")] * len(catalysts)
    return FranceMap(
        id="carte-accueil",
        title=_("Où l’on fait alliance"),
        description=_(
            "Carte de France : chaque point est une alliance ou un catalyseur rattaché à un "
            "territoire précis. Les actions nationales n’y figurent pas."
        ),
        base="regions",
        points=apart(points),
        legend=MapLegend(
            title=_("Légende"),
            entries=(
                LegendEntry(label=_("Alliance"), css_class="point-alliance"),
                LegendEntry(label=_("Catalyseur (couleur et forme de son monde)"), world="other"),
            ),
        ),
        table=DataTable(
            caption=_("Alliances et catalyseurs situés sur la carte"),
            columns=(Column(_("Nom")), Column(_("Nature")), Column(_("Territoire"))),
            rows=tuple(
                (Cell(point.label, href=point.href), kind, place)
                for point, kind, place in zip(
                    points,
                    kind_of,
                    [
                        *(point.place for point in content.alliance_points),
                        *(point.place for point in content.catalyst_points),
                    ],
                    strict=True,
                )
            ),
        ),
        source=_("Base Alliage ; fond de carte IGN et INSEE, Licence Ouverte 2.0"),
    )


def _alliance_point(point: AlliancePoint) -> MapPoint:
    return MapPoint(
        x=point.x,
        y=point.y,
        label=point.title,
        href=point.url,
        text=_("Alliance"),
    )
