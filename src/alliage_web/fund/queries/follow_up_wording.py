"""What the trail keeps of visits, warnings and closings, in words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from alliage.fund.follow_up.warnings import Severity
from alliage_web.ui.templatetags.ui import euros, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.fund.conditions import Value
    from alliage.fund.follow_up.warnings import WarningRuleRecord

EVENTS: Mapping[str, _StrPromise] = {
    "application.sign_by": gettext_lazy("Date donnée pour signer la convention"),
    "agreement.activity_checked": gettext_lazy("Activité du bénéficiaire vérifiée"),
    "call.open": gettext_lazy("Ouverture d’un appel à sa date"),
    "call.close": gettext_lazy("Clôture d’un appel à sa date"),
    "support.removed": gettext_lazy("Soutien retiré du livre : rien n’a été versé"),
    "visit.planned": gettext_lazy("Visite prévue"),
    "visit.moved": gettext_lazy("Visite déplacée"),
    "visit.made": gettext_lazy("Compte rendu de visite écrit"),
    "visit.corrected": gettext_lazy("Compte rendu de visite corrigé"),
    "visit.cancelled": gettext_lazy("Visite annulée"),
    "visit.shared": gettext_lazy("Compte rendu de visite partagé"),
    "visit.follow_up_added": gettext_lazy("Suite de visite demandée"),
    "visit.follow_up_done": gettext_lazy("Suite de visite faite"),
    "warning.set_aside": gettext_lazy("Alerte écartée"),
    "warning.brought_back": gettext_lazy("Alerte remise"),
}
#: What tells of the gravity of a warning: its words, and the colour of its tag.
SEVERITIES: Mapping[Severity, tuple[_StrPromise, str]] = {
    Severity.HIGH: (gettext_lazy("à voir vite"), "danger"),
    Severity.MEDIUM: (gettext_lazy("à voir"), "warning"),
    Severity.LOW: (gettext_lazy("à garder à l’œil"), ""),
}
#: The names of the facts that warnings read.
FACTS: Mapping[str, _StrPromise] = {
    "receiver_ceased": gettext_lazy("Activité cessée"),
    "amount_held": gettext_lazy("Montant retenu"),
    "days_held": gettext_lazy("Retenu depuis"),
    "report_days_late": gettext_lazy("Retard du rapport"),
    "check_days_late": gettext_lazy("Vérification attendue depuis"),
    "days_to_end": gettext_lazy("Fin de l’action"),
    "amount_unpaid": gettext_lazy("Reste à verser"),
    "promise_days_late": gettext_lazy("Étape passée depuis"),
    "indicator_gap": gettext_lazy("Écart à la ligne"),
    "spending_gap": gettext_lazy("Écart au temps écoulé"),
    "parties_left": gettext_lazy("Codemandeurs partis"),
    "question_days_late": gettext_lazy("Retard de la réponse"),
    "follow_up_days_late": gettext_lazy("Retard de la suite"),
    "days_without_contact": gettext_lazy("Sans contact depuis"),
}
_EUROS = frozenset({"amount_held", "amount_unpaid"})
_POINTS = frozenset({"indicator_gap", "spending_gap"})


def rule_in_words(rule: WarningRuleRecord, part: str) -> str:
    """Say a part of a rule (title, why, remedy) in the language of the page."""
    english = (get_language() or "").startswith("en")
    return " ".join(str(getattr(rule, f"{part}_{'en' if english else 'fr'}")).split())


def fact_in_words(fact: str, value: Value) -> str:
    """Say the value of a fact with its unit; one that is not known says so."""
    if value is None:
        return _("non connu")
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    assert isinstance(value, int | Decimal)
    if fact in _EUROS:
        return euros(value, "full")
    if fact in _POINTS:
        return _("%(n)s points") % {"n": number(value)}
    if fact == "parties_left":
        return str(value)
    if fact == "days_to_end":
        if value < 0:
            return _("passée depuis %(days)s") % {"days": _days(-int(value))}
        return _("dans %(days)s") % {"days": _days(int(value))}
    return _days(int(value))


def _days(count: int) -> str:
    return ngettext("%(n)s jour", "%(n)s jours", count) % {"n": number(count)}


FIELDS: Mapping[str, _StrPromise] = {
    "account": gettext_lazy("Compte rendu partagé"),
    "ceased_on": gettext_lazy("Activité cessée le"),
    "checked_on": gettext_lazy("Vérifiée le"),
    "follow_up": gettext_lazy("Suite de la visite"),
    "made_on": gettext_lazy("Faite le"),
    "manner": gettext_lazy("Comment"),
    "notice_given_on": gettext_lazy("Préavis donné le"),
    "planned_on": gettext_lazy("Prévue le"),
    "renews": gettext_lazy("Renouvelle la convention"),
    "sign_by": gettext_lazy("Convention à signer avant la fin du"),
    "until": gettext_lazy("Jusqu’au"),
    "visit": gettext_lazy("Visite"),
    "warning": gettext_lazy("Alerte"),
}
