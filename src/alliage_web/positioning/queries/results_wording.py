"""What the trail says of results, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

EVENTS: Mapping[str, _StrPromise] = {
    "positioning.kept": _("Résultat gardé"),
    "positioning.erased": _("Résultat effacé"),
    "positioning.consent": _("Accord pour les vues d’ensemble changé"),
    "positioning.compared": _("Résultat comparé à un plus ancien"),
    "positioning.group-opened": _("Groupe de réponses ouvert"),
    "positioning.group-link-renewed": _("Lien d’un groupe de réponses refait"),
    "positioning.group-joined": _("Groupe de réponses rejoint"),
    "positioning.group-left": _("Groupe de réponses quitté"),
    "positioning.packets-formed": _("Paquets de réponses formés pour les vues d’ensemble"),
    "positioning.invented": _("Résultats inventés pour une démonstration"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "consent_collective": _("Compté dans les vues d’ensemble"),
    "packets": _("Paquets"),
    "results": _("Résultats"),
}
