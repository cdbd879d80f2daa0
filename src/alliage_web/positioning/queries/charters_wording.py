"""Charters in words: the trail, and what a text still lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from alliage.positioning.charter import Lack, guide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.positioning.charter import Missing, Section

EVENTS: Mapping[str, _StrPromise] = {
    "charter.begun": gettext_lazy("Charte commencée"),
    "charter.presented": gettext_lazy("Titre ou alliance d’une charte changés"),
    "charter.written": gettext_lazy("Section d’une charte écrite"),
    "charter.invited": gettext_lazy("Organisation invitée dans une charte"),
    "charter.removed": gettext_lazy("Organisation sortie d’un projet de charte"),
    "charter.commented": gettext_lazy("Proposition sur une charte"),
    "charter.settled": gettext_lazy("Proposition sur une charte traitée"),
    "charter.opened": gettext_lazy("Charte ouverte à la signature"),
    "charter.cancelled": gettext_lazy("Signatures d’une charte annulées par un changement"),
    "charter.signed": gettext_lazy("Charte signée"),
    "charter.in_force": gettext_lazy("Charte en vigueur"),
    "charter.publicity": gettext_lazy("Choix de rendre une charte publique changé"),
    "charter.left": gettext_lazy("Départ d’une charte annoncé"),
    "charter.amended": gettext_lazy("Avenant à une charte commencé"),
    "charter.abandoned": gettext_lazy("Projet de charte abandonné"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "title": gettext_lazy("Titre"),
    "alliance": gettext_lazy("Alliance"),
    "version": gettext_lazy("Version"),
    "section": gettext_lazy("Section"),
    "party": gettext_lazy("Partie"),
    "parties": gettext_lazy("Parties"),
    "digest": gettext_lazy("Empreinte"),
    "agrees_public": gettext_lazy("Accepte que la charte soit publique"),
    "leaves_on": gettext_lazy("Quitte la charte le"),
    "ends_on": gettext_lazy("Fin de la charte"),
    "reason": gettext_lazy("Motif"),
    "state": gettext_lazy("État"),
}

_LACKS: Mapping[Lack, _StrPromise] = {
    Lack.EMPTY_SECTION: gettext_lazy("« %(section)s » n’est pas écrite."),
    Lack.NO_NOTICE: gettext_lazy("« %(section)s » ne dit pas combien de jours avant on prévient."),
    Lack.NO_REVIEW: gettext_lazy("« %(section)s » ne dit pas quel jour la charte sera relue."),
    Lack.REVIEW_PAST: gettext_lazy("Le jour de relecture est passé : choisissez-en un à venir."),
    Lack.ONE_WORLD: gettext_lazy(
        "Les parties ne viennent pas d’au moins deux mondes connus : invitez une organisation "
        "d’un autre monde, ou complétez le monde d’une partie dans l’annuaire."
    ),
}


def told(one: Missing) -> str:
    """Say what a text lacks, and what to do."""
    section = guide().section(one.section)
    return str(_LACKS[one.lack]) % {"section": title_of(section) if section else ""}


def title_of(section: Section) -> str:
    """Return the title of a section, in the language of the page."""
    return section.title_en if _english() else section.title_fr


def why_of(section: Section) -> str:
    return section.why_en if _english() else section.why_fr


def decide_of(section: Section) -> tuple[str, ...]:
    return section.decide_en if _english() else section.decide_fr


def examples_of(section: Section) -> tuple[str, ...]:
    return section.examples_en if _english() else section.examples_fr


def _english() -> bool:
    return (get_language() or "").startswith("en")


def notice_told(days: int) -> str:
    """Say a notice in words."""
    if days == 0:
        return _("sans préavis")
    words = ngettext("préavis d’un jour", "préavis de %(days)d jours", days)
    return words % {"days": days}
