"""What the trail keeps of debates, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

EVENTS: Mapping[str, _StrPromise] = {
    "debate.opened": _("Débat préparé"),
    "debate.changed": _("Débat modifié"),
    "debate.synthesised": _("Synthèse d’un débat écrite"),
    "contribution.received": _("Contribution reçue"),
    "contribution.published": _("Contribution publiée"),
    "contribution.refused": _("Contribution refusée"),
    "contribution.removed": _("Contribution retirée par la modération"),
    "contribution.withdrawn": _("Contribution retirée par son auteur"),
    "contribution.reported": _("Contribution signalée"),
    "contribution.kept": _("Contribution signalée, laissée publiée"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "release": _("Publication"),
    "territory": _("Territoire"),
    "title": _("Titre"),
    "presentation": _("Présentation"),
    "questions": _("Questions mises en débat"),
    "opens_on": _("Ouvert du"),
    "closes_on": _("Ouvert jusqu’au"),
    "synthesis": _("Synthèse"),
    "debate": _("Débat"),
    "state": _("État"),
}
