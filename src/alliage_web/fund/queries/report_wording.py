"""What the trail keeps of reports, in words, and what is refused of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.reporting.indicators import IndicatorError, IndicatorProblem
from alliage.fund.reporting.promises import PromiseKind
from alliage.fund.states import GuardNotMet, ReportState, TransitionNotAllowed

from .agreement_wording import refusal_in_words as agreement_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

EVENTS: Mapping[str, _StrPromise] = {
    "report.asked": gettext_lazy("Rapports demandés par la convention"),
    "report.date_changed": gettext_lazy("Date d’un rapport changée"),
    "report.begun": gettext_lazy("Rapport commencé"),
    "report.recipients_chosen": gettext_lazy("Destinataires du rapport choisis"),
    "report.written": gettext_lazy("Rapport écrit"),
    "report.signed": gettext_lazy("Part du rapport signée"),
    "report.delivered": gettext_lazy("Rapport remis"),
    "report.decided": gettext_lazy("Décision sur un rapport"),
    "indicator.proposed": gettext_lazy("Indicateur proposé"),
    "indicator.agreed": gettext_lazy("Indicateur convenu"),
    "indicator.removed": gettext_lazy("Indicateur retiré"),
    "indicator.measured": gettext_lazy("Mesure enregistrée"),
    "indicator.corrected": gettext_lazy("Mesure corrigée"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "reports": gettext_lazy("Rapports demandés"),
    "waived": gettext_lazy("Rapports qui ne sont plus demandés"),
    "report": gettext_lazy("Rapport"),
    "due_on": gettext_lazy("Attendu avant la fin du"),
    "period_first": gettext_lazy("Du"),
    "period_last": gettext_lazy("Au"),
    "title": gettext_lazy("Titre"),
    "recipients": gettext_lazy("Destinataires"),
    "answers": gettext_lazy("Réponses changées"),
    "delivery": gettext_lazy("Remise"),
    "unanswered": gettext_lazy("Promesses sans réponse"),
    "indicator": gettext_lazy("Indicateur"),
    "unit": gettext_lazy("Unité"),
    "target": gettext_lazy("Cible"),
    "target_on": gettext_lazy("Date de la cible"),
    "baseline": gettext_lazy("Valeur de départ"),
    "measure": gettext_lazy("Valeur, statut, source"),
}
KINDS: Mapping[PromiseKind, _StrPromise] = {
    PromiseKind.OBJECTIVE: gettext_lazy("L’objet de la convention"),
    PromiseKind.STEP: gettext_lazy("Les étapes"),
    PromiseKind.LEVER: gettext_lazy("Les leviers"),
    PromiseKind.CONDITION: gettext_lazy("Les conditions"),
    PromiseKind.INDICATOR: gettext_lazy("Les indicateurs"),
    PromiseKind.BUDGET: gettext_lazy("Le budget"),
}
#: The colour of each state.
TAGS: Mapping[str, str] = {
    ReportState.DELIVERED.value: "accent",
    ReportState.TO_COMPLETE.value: "warning",
    ReportState.ACCEPTED.value: "ok",
}
TEXT_LABELS: Mapping[str, _StrPromise] = {
    "text:summary": gettext_lazy("L’essentiel en quelques phrases"),
    "text:difficulties": gettext_lazy("Ce qui a résisté, et ce que vous en avez appris"),
    "text:next": gettext_lazy("Ce qui vient ensuite"),
}
_INDICATORS: Mapping[IndicatorProblem, _StrPromise] = {
    IndicatorProblem.NOT_A_NUMBER: gettext_lazy("Écrivez la valeur en chiffres."),
    IndicatorProblem.WRONG_WAY: gettext_lazy(
        "La cible s’éloigne de ce qui est mieux. Corrigez le sens, la cible ou le départ."
    ),
    IndicatorProblem.TARGET_BEFORE_BASELINE: gettext_lazy(
        "La cible est datée avant le départ. Donnez-lui une date plus tardive."
    ),
    IndicatorProblem.BASELINE_WITHOUT_DATE: gettext_lazy(
        "Dites de quand date la valeur de départ, ou laissez-la vide si elle n’est pas connue."
    ),
}
REFUSALS = (GuardNotMet, IndicatorError, TransitionNotAllowed)


def refusal_in_words(error: Exception) -> str:
    """Say why something is refused, and what would be possible."""
    if isinstance(error, IndicatorError):
        return str(_INDICATORS[error.problem])
    if isinstance(error, TransitionNotAllowed) and not error.allowed:
        return _("Ce rapport est accepté : plus rien n’en change.")
    return agreement_refusal(error)
