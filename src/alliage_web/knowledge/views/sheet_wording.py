"""Sentences about sheets made from files: their parts, what happened, why something is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.knowledge.consent import ConsentProblem, ConsentRefused
from alliage.knowledge.live_sheet import AmountFact, EventFact, FigureFact, Rubric
from alliage.values.french import euros, number, partial_date
from alliage_web.audit.queries import readable
from alliage_web.knowledge.models import (
    ConsentStateChoices,
    ProposalStateChoices,
    SheetConsent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from alliage.knowledge.live_sheet import Passage
    from alliage_web.audit.queries import HistoryLine, ReadableLine
    from alliage_web.knowledge.models import SheetProposal

RUBRICS: Mapping[Rubric, _StrPromise] = {
    Rubric.TITLE: gettext_lazy("Titre"),
    Rubric.FUND: gettext_lazy("Le fonds"),
    Rubric.STRAND: gettext_lazy("Les volets du fonds"),
    Rubric.SUMMARY: gettext_lazy("L’alliance en bref"),
    Rubric.PARTY: gettext_lazy("Qui fait alliance"),
    Rubric.IDENTITY: gettext_lazy("Repères"),
    Rubric.NEED: gettext_lazy("Le besoin"),
    Rubric.WHY_TOGETHER: gettext_lazy("Pourquoi ensemble"),
    Rubric.EVENT: gettext_lazy("Les dates"),
    Rubric.OBJECTIVE: gettext_lazy("Objectifs"),
    Rubric.DECISION: gettext_lazy("Ce que le fonds a décidé"),
    Rubric.PURPOSE: gettext_lazy("Objet de la convention"),
    Rubric.STEP: gettext_lazy("Les étapes"),
    Rubric.CONTRIBUTION: gettext_lazy("Ce que chacun apporte"),
    Rubric.MONEY: gettext_lazy("L’argent"),
    Rubric.LEVER: gettext_lazy("Les leviers"),
    Rubric.AMOUNT: gettext_lazy("Montants des leviers"),
    Rubric.NOTICE: gettext_lazy("À savoir"),
    Rubric.OUTCOME: gettext_lazy("Résultats"),
    Rubric.REPORT: gettext_lazy("Ce que disent les rapports"),
    Rubric.LESSON: gettext_lazy("Enseignements"),
    Rubric.REUSABLE: gettext_lazy("Ce que d’autres peuvent reprendre"),
    Rubric.PERSPECTIVE: gettext_lazy("Perspectives"),
}
EVENTS = {
    "sheet.prepared": gettext_lazy("Préparation de la fiche"),
    "sheet.changed": gettext_lazy("Correction de la fiche"),
    "sheet.asked": gettext_lazy("Demande des accords"),
    "sheet.submitted": gettext_lazy("Envoi à la relecture"),
    "sheet.sent_back": gettext_lazy("Renvoi avec une remarque"),
    "sheet.published": gettext_lazy("Publication de la fiche"),
    "sheet.unpublished": gettext_lazy("Retrait de la publication"),
    "sheet.consent_lost": gettext_lazy("Fiche retirée : un accord a été retiré"),
    "sheet.replaced": gettext_lazy("Remplacement par une fiche plus récente"),
    "sheet.abandoned": gettext_lazy("Abandon de la fiche"),
    "sheet.consent_give": gettext_lazy("Accord donné"),
    "sheet.consent_refuse": gettext_lazy("Accord refusé"),
    "sheet.consent_ask_change": gettext_lazy("Changement demandé"),
    "sheet.consent_withdraw": gettext_lazy("Accord retiré"),
    "sheet.consent_outdate": gettext_lazy("Accord à redemander : la fiche a changé"),
    "sheet.consent_remove": gettext_lazy("Nom ôté de la fiche"),
    "personal-data.removed": gettext_lazy("Données d’une personne retirées d’un texte"),
}
FIELDS = {
    "state": gettext_lazy("État"),
    "consent": gettext_lazy("Réponse"),
    "party": gettext_lazy("Partie"),
    "remark": gettext_lazy("Remarque"),
    "note": gettext_lazy("Remarque de relecture"),
    "passages": gettext_lazy("Passages changés"),
    "digest": gettext_lazy("Empreinte du contenu"),
    "personal_data": gettext_lazy("Champs concernés"),
}


def fact_in_words(passage: Passage) -> str:
    """Say the fact that a passage tells beside its text: a date, a figure, a sum."""
    language = "en" if (get_language() or "").startswith("en") else "fr"
    match passage.fact:
        case EventFact() as fact:
            return partial_date(fact.start, fact.precision, language=language)
        case AmountFact() as fact:
            return euros(fact.eur, full=True, language=language)
        case FigureFact(value=Decimal() as value, unit="euros"):
            return euros(value, full=True, language=language)
        case FigureFact(value=Decimal() as value) as fact:
            return f"{number(value, language=language)} {fact.unit}"
    return ""


def history_in_words(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Tell what happened to a sheet and to the consents to it."""
    named = [replace(line, changes=_named_values(line.changes)) for line in lines]
    return readable(named, kinds=EVENTS, fields=FIELDS)


def _named_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    names: dict[str, dict[str, Any]] = {
        "state": dict(ProposalStateChoices.choices),
        "consent": dict(ConsentStateChoices.choices),
    }
    said = {}
    for field, pair in changes.items():
        if field in names:
            said[field] = [names[field].get(value, value) for value in pair]
        elif field == "digest":
            said[field] = [str(value)[:12] for value in pair]
        else:
            said[field] = pair
    return said


def refusal_in_words(refused: Exception, proposal: SheetProposal | None = None) -> str:
    """Say why a decision on a sheet is refused, and what is possible."""
    if not isinstance(refused, ConsentRefused):
        return _("La fiche ne nomme plus cette partie : rien n’a changé.")
    if refused.problem is ConsentProblem.OTHER_CONTENT:
        return _(
            "La fiche a changé depuis que vous l’avez lue. Relisez-la : rien de ce que vous avez "
            "écrit n’est perdu."
        )
    if refused.problem is ConsentProblem.CONSENT_MISSING:
        return _(
            "Il manque l’accord de : %(names)s. Attendez leur réponse, ou ôtez leur nom de la "
            "fiche."
        ) % {"names": ", ".join(_names(refused.parties, proposal))}
    return _("Rien n’a changé : ce n’est plus possible à l’état « %(state)s ».") % {
        "state": _state(refused.state)
    }


def _names(parties: Iterable[str], proposal: SheetProposal | None) -> list[str]:
    if proposal is None:
        return list(parties)
    known = dict(proposal.consents.values_list("party", "name"))
    known.setdefault(SheetConsent.FUND, proposal.fund.name)
    return [known.get(party, party) for party in parties]


def _state(code: str) -> str:
    labels = {**dict(ConsentStateChoices.choices), **dict(ProposalStateChoices.choices)}
    return str(labels.get(code, code))
