"""What the trail keeps of supports, in the words of the interface."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from alliage_web.alliances.models import AmountStatusChoices, LeverChoices
from alliage_web.audit.queries import history, readable
from alliage_web.fund.models import (
    AnswerChoices,
    InKindMethodChoices,
    NatureChoices,
    NotValuedReasonChoices,
    OriginChoices,
)
from alliage_web.vocabulary.models import ReadingChoices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage_web.audit.queries import HistoryLine, ReadableLine
    from alliage_web.fund.models import RaisedResource, Support

EVENTS: Mapping[str, _StrPromise] = {
    "support.added": _("Soutien inscrit au livre"),
    "support.changed": _("Soutien modifié"),
    "support.answered": _("Réponse à un soutien"),
    "support.imported": _("Aides importées dans le livre"),
    "support.raised_loaded": _("Ressource levée par une alliance chargée"),
    "raised.added": _("Ressource levée inscrite"),
    "raised.changed": _("Ressource levée corrigée"),
    "raised.answered": _("Réponse du fonds à une ressource déclarée"),
    "raised.removed": _("Ressource levée retirée"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "fund": _("Fonds"),
    "giver": _("Qui donne"),
    "giver_identifier": _("Identifiant de qui donne"),
    "receiver": _("Qui reçoit"),
    "receiver_identifier": _("Identifiant de qui reçoit"),
    "alliance": _("Alliance"),
    "lever": _("Levier"),
    "description": _("Ce qui est donné"),
    "status": _("Statut"),
    "reading": _("Lecture de la source"),
    "first": _("Début"),
    "last": _("Fin"),
    "nature": _("Nature"),
    "amount": _("Montant en euros"),
    "eur": _("Montant en euros"),
    "method": _("Méthode de valorisation"),
    "hours": _("Heures"),
    "rate": _("Taux horaire"),
    "rate_source": _("Source du taux"),
    "reason": _("Pourquoi sans montant"),
    "note": _("À savoir"),
    "document": _("Pièce"),
    "part_of": _("Détail de"),
    "origin": _("Origine"),
    "giver_answer": _("Réponse de qui donne"),
    "giver_remark": _("Remarque de qui donne"),
    "receiver_answer": _("Réponse de qui reçoit"),
    "receiver_remark": _("Remarque de qui reçoit"),
    "awarded_on": _("Date de la décision"),
    "decision_reference": _("Référence de la décision"),
    "agreed_on": _("Date de la convention"),
    "payment_conditions": _("Conditions de versement"),
    "paid_from": _("Versé à partir du"),
    "paid_until": _("Versé jusqu’au"),
    "de_minimis": _("Aide « de minimis »"),
    "file": _("Fichier"),
    "created": _("Soutiens inscrits"),
    "already_there": _("Déjà au livre"),
    "left_out": _("Lignes laissées de côté"),
}
_SOURCE: Mapping[str, _StrPromise] = {"source": _("Source")}
_OF_RAISED: Mapping[str, _StrPromise] = {
    "description": _("Ce qui est levé"),
    "year": _("Année"),
    "answer": _("Réponse du fonds"),
    "remark": _("Remarque du fonds"),
    "why": _("Motif"),
}

_WORDS: Mapping[str, Any] = {
    "lever": LeverChoices,
    "status": AmountStatusChoices,
    "reading": ReadingChoices,
    "nature": NatureChoices,
    "method": InKindMethodChoices,
    "reason": NotValuedReasonChoices,
    "origin": OriginChoices,
    "giver_answer": AnswerChoices,
    "receiver_answer": AnswerChoices,
    "answer": AnswerChoices,
}


def told_in_words(line: HistoryLine) -> HistoryLine:
    """Tell the codes of a support by their words."""
    if not line.kind.startswith(("support.", "raised.")):
        return line
    changes = {
        name: [_word(name, value) for value in pair] if name in _WORDS else pair
        for name, pair in line.changes.items()
    }
    return replace(line, changes=changes)


def _word(name: str, value: Any) -> Any:
    labels = dict(_WORDS[name].choices)
    return str(labels[value]) if value in labels else value


def history_of_support(support: Support) -> list[ReadableLine]:
    """Give what was written on a support, the latest first."""
    lines = [told_in_words(line) for line in history(support.stable_name)]
    return readable(lines, kinds=EVENTS, fields={**FIELDS, **_SOURCE})


def history_of_raised(raised: RaisedResource) -> list[ReadableLine]:
    """Give what was written on a raised resource, the latest first."""
    lines = [told_in_words(line) for line in history(raised.stable_name)]
    return readable(lines, kinds=EVENTS, fields={**FIELDS, **_SOURCE, **_OF_RAISED})
