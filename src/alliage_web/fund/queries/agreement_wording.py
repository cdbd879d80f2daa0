"""What is refused of an agreement or an advance, in French: the fact, then what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.fund.money.advances import AdvanceError, AdvanceProblem, Fact, Outcome, Reason
from alliage.fund.money.instalments import (
    Condition,
    PaymentProblem,
    PaymentRefused,
    TermsProblem,
    TermsRefused,
)
from alliage.fund.money.ledger import PostingRefused
from alliage.fund.money.payment_orders import PaymentFault, PaymentOrderError
from alliage.fund.states import (
    ADVANCE,
    AGREEMENT,
    GUARDS,
    INSTALMENT,
    REPORT,
    GuardNotMet,
    TransitionNotAllowed,
)
from alliage_web.fund.models import FactChoices
from alliage_web.fund.queries import ledger_wording
from alliage_web.ui.templatetags.ui import euros, partial_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from alliage.fund.states import Label
    from alliage_web.fund.models import Agreement

EVENTS: Mapping[str, _StrPromise] = {
    "agreement.prepared": gettext_lazy("Convention préparée"),
    "agreement.parties_changed": gettext_lazy("Parties de la convention corrigées"),
    "agreement.terms_written": gettext_lazy("Termes de la convention écrits"),
    "agreement.sent": gettext_lazy("Convention envoyée à la signature"),
    "agreement.recalled": gettext_lazy("Convention rappelée pour correction"),
    "agreement.signed": gettext_lazy("Signature enregistrée"),
    "agreement.decided": gettext_lazy("Décision sur la convention"),
    "agreement.condition_met": gettext_lazy("Condition constatée"),
    "payment.ordered": gettext_lazy("Versement ordonné"),
    "payment.confirmed": gettext_lazy("Versement confirmé"),
    "payment.rejected": gettext_lazy("Ordre rejeté par la banque"),
    "payment.returned": gettext_lazy("Argent revenu"),
    "advance.fact_stated": gettext_lazy("Fait enregistré sur l’avance"),
    "advance.repayment_asked": gettext_lazy("Remboursement demandé"),
    "advance.settled": gettext_lazy("Avance réglée"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "agreement_kind": gettext_lazy("Nature"),
    "answer": gettext_lazy("Réponse"),
    "application": gettext_lazy("Dossier"),
    "cause": gettext_lazy("Cause"),
    "condition": gettext_lazy("Condition"),
    "digest": gettext_lazy("Empreinte des termes"),
    "execute_on": gettext_lazy("À exécuter le"),
    "fact": gettext_lazy("Fait"),
    "first_on": gettext_lazy("Premier remboursement"),
    "fund": gettext_lazy("Fonds"),
    "instalment": gettext_lazy("Échéance"),
    "instalments": gettext_lazy("Nombre d’échéances"),
    "legal_outcome": gettext_lazy("Chemin juridique"),
    "met_on": gettext_lazy("Remplie le"),
    "on": gettext_lazy("Le"),
    "order": gettext_lazy("Ordre de paiement"),
    "outcome": gettext_lazy("Ce que devient l’avance"),
    "paid_on": gettext_lazy("Payé le"),
    "party": gettext_lazy("Partie"),
    "payer": gettext_lazy("Payeur"),
    "receiver": gettext_lazy("Bénéficiaire"),
    "settlement": gettext_lazy("Nature du règlement"),
    "sha256": gettext_lazy("Empreinte du document signé"),
    "signatory": gettext_lazy("Signataire"),
    "signed_on": gettext_lazy("Signée le"),
    "version": gettext_lazy("Version"),
}
_TERMS: Mapping[TermsProblem, _StrPromise] = {
    TermsProblem.AMOUNT: gettext_lazy("Chaque échéance porte un montant au-dessus de zéro."),
    TermsProblem.NO_INSTALMENT: gettext_lazy("Écrivez au moins une échéance."),
    TermsProblem.TWICE_THE_SAME: gettext_lazy("Deux échéances ont le même identifiant."),
    TermsProblem.SUM: gettext_lazy(
        "Les échéances font %(found)s et la convention %(expected)s : il y a %(gap)s %(way)s."
    ),
    TermsProblem.NEITHER_DATE_NOR_CONDITION: gettext_lazy(
        "Rien ne dit quand une échéance se paie : donnez-lui une date ou une condition."
    ),
    TermsProblem.HOLD_BACK: gettext_lazy(
        "La retenue d’une échéance va de zéro à son montant (%(possible)s)."
    ),
    TermsProblem.NO_RELEASE: gettext_lazy(
        "Une somme est retenue et rien ne la libère : écrivez ce qui la libère."
    ),
    TermsProblem.VERSION: gettext_lazy("Ce n’est pas la version qui vient ensuite."),
    TermsProblem.OTHER_AGREEMENT: gettext_lazy("Ces termes sont ceux d’une autre convention."),
    TermsProblem.REASON: gettext_lazy("Un avenant dit pourquoi les termes changent."),
    TermsProblem.BELOW_PAID: gettext_lazy(
        "%(possible)s de cette échéance sont déjà versés : gardez au moins ce montant, ou "
        "enregistrez d’abord ce qui revient."
    ),
    TermsProblem.RAISED_AFTER_RETURN: gettext_lazy(
        "Une part de cette échéance a été rendue : elle ne peut pas dépasser %(possible)s. Mettez "
        "l’argent nouveau dans une autre échéance."
    ),
}
_ADVANCES: Mapping[AdvanceProblem, _StrPromise] = {
    AdvanceProblem.CRITERIA_NOT_FIXED: gettext_lazy(
        "Les critères de succès ne sont pas fixés à cette date. Faites signer la convention qui "
        "les porte, ou datez le versement d’après sa signature."
    ),
    AdvanceProblem.DATES: gettext_lazy("Cette date vient trop tôt : au plus tôt le %(earliest)s."),
    AdvanceProblem.NOTHING_TO_RULE: gettext_lazy("Les faits concordent : rien à trancher."),
    AdvanceProblem.INSTALMENTS: gettext_lazy(
        "%(amount)s € ne se partagent pas ainsi : de 1 à %(most)s remboursements, à un mois "
        "d’écart au moins."
    ),
    AdvanceProblem.REPAID: gettext_lazy("Au plus %(whole)s € peuvent revenir."),
}
_ORDERS: Mapping[PaymentFault, _StrPromise] = {
    PaymentFault.NO_ORDER: gettext_lazy("Il n’y a aucun ordre à écrire."),
    PaymentFault.DATE: gettext_lazy(
        "Un ordre est à exécuter avant aujourd’hui : la banque le refuserait. Faites constater son "
        "rejet, puis ordonnez-le de nouveau."
    ),
    PaymentFault.NO_ACCOUNT: gettext_lazy("Donnez le compte de chaque bénéficiaire."),
}
REASONS: Mapping[Reason, _StrPromise] = {
    Reason.NO_CRITERIA: gettext_lazy("Aucun critère de succès n’a été fixé."),
    Reason.CRITERIA_AFTER_PAYMENT: gettext_lazy("Les critères ont été fixés après le versement."),
    Reason.DECLARED_FAILURE: gettext_lazy("Les deux côtés ont déclaré l’échec."),
    Reason.SUCCESS_CONFIRMED: gettext_lazy(
        "Les deux côtés ont déclaré le succès et la feuille de route est en œuvre."
    ),
    Reason.DECLARATIONS_DIFFER: gettext_lazy("Les deux déclarations ne disent pas la même chose."),
    Reason.SUCCESS_WITHOUT_ROADMAP: gettext_lazy(
        "Le succès est déclaré, mais le porteur n’a pas approuvé la feuille de route."
    ),
    Reason.ROADMAP_NOT_IN_USE: gettext_lazy(
        "Le succès est déclaré, mais la feuille de route n’est pas en œuvre."
    ),
    Reason.FAILURE_BUT_IN_USE: gettext_lazy(
        "L’échec est déclaré, mais la feuille de route est en œuvre."
    ),
    Reason.RULED_DUE: gettext_lazy("Le comité a retenu le succès."),
    Reason.RULED_WAIVED: gettext_lazy("Le comité n’a pas retenu le succès."),
}
OUTCOMES: Mapping[Outcome, _StrPromise] = {
    Outcome.PENDING: gettext_lazy("en attente"),
    Outcome.DUE: gettext_lazy("à rembourser"),
    Outcome.WAIVED: gettext_lazy("remboursement non dû"),
    Outcome.DISPUTED: gettext_lazy("les faits ne concordent pas : le comité tranche"),
}
#: The names of what the legal rules need to know.
LEGAL_FACTS: Mapping[str, _StrPromise] = {
    "payer_kind": gettext_lazy("la nature juridique du payeur"),
    "receiver_kind": gettext_lazy("la nature juridique du bénéficiaire"),
    "beneficiary_kind": gettext_lazy("pour qui l’action est menée"),
    "granted_before_this_year": gettext_lazy("ce que le payeur lui a déjà accordé cette année"),
    "de_minimis_aids": gettext_lazy("les aides « de minimis » que le bénéficiaire déclare"),
    "passed_on": gettext_lazy("si l’argent doit être reversé"),
    "general_interest": gettext_lazy("si l’action est d’intérêt général"),
    "public_resources": gettext_lazy("si l’argent est public"),
    "economic_activity": gettext_lazy("si le soutien porte sur une activité économique"),
    "ministerial_derogation": gettext_lazy("si une dérogation ministérielle existe"),
}
#: What this module puts in words.
REFUSALS = (
    AdvanceError,
    GuardNotMet,
    PaymentOrderError,
    PaymentRefused,
    PostingRefused,
    TermsRefused,
    TransitionNotAllowed,
)


def label(said: Label) -> str:
    """Choose the words of the library in the language of the page."""
    return said.en if (get_language() or "").startswith("en") else said.fr


def refusal_in_words(error: Exception, agreement: Agreement | None = None) -> str:
    """Say why something is refused, and what would be possible."""
    match error:
        case TermsRefused():
            return str(_TERMS[error.problem]) % _terms_told(error)
        case PaymentRefused():
            return _payment(error, agreement)
        case AdvanceError():
            told = {name: _day(value) for name, value in error.values.items()}
            return str(_ADVANCES[error.problem]) % {"earliest": "", **told}
        case PostingRefused():
            return ledger_wording.refusal_in_words(error)
        case PaymentOrderError():
            return _order(error)
        case GuardNotMet():
            missing = " ; ".join(label(GUARDS[guard]) for guard in error.missing)
            return _("Il faut d’abord : %(missing)s.") % {"missing": missing}
        case TransitionNotAllowed():
            allowed = ", ".join(_verbs(error.allowed)) or _("rien, cet état est final")
            return _("L’état actuel ne l’admet pas. Possible maintenant : %(allowed)s.") % {
                "allowed": allowed
            }
        case _:
            raise error


def _terms_told(error: TermsRefused) -> dict[str, str]:
    values = error.values
    told = {
        name: euros(values[name], "full")
        for name in ("found", "expected", "possible")
        if name in values and not isinstance(values[name], int)
    }
    gap = values.get("difference")
    if gap is not None:
        told["gap"] = euros(abs(gap), "full")
        told["way"] = _("à ajouter") if gap > 0 else _("en trop")
    return {"possible": "", **told}


def _payment(error: PaymentRefused, agreement: Agreement | None) -> str:
    values = error.values
    possible = values.get("possible")
    match error.problem:
        case PaymentProblem.NOT_YET:
            return _("Cette échéance n’est pas encore payable. Elle attend : %(waits)s.") % {
                "waits": _waits(values, agreement)
            }
        case PaymentProblem.ABOVE_PAYABLE:
            fact = _("Au plus %(possible)s sont payables.") % {"possible": euros(possible, "full")}
            waits = _waits(values, agreement)
            return (
                _("%(fact)s Pour plus : %(waits)s.") % {"fact": fact, "waits": waits}
                if (waits)
                else fact
            )
        case PaymentProblem.ALREADY_PAID:
            return _("Cette échéance est déjà payée : il ne reste rien à verser.")
        case PaymentProblem.ABOVE_PAID:
            return _("Au plus %(possible)s peuvent revenir : c’est ce qui est versé.") % {
                "possible": euros(possible, "full")
            }
        case PaymentProblem.UNKNOWN_INSTALMENT:
            return _("Cette échéance n’est pas dans la version en vigueur.")
        case PaymentProblem.AMOUNT:
            return _("Écrivez un montant au-dessus de zéro, au centime.")
        case _:
            return _("Cette clé a servi à un autre mouvement. Reprenez depuis la convention.")


def _waits(values: Mapping[str, Any], agreement: Agreement | None) -> str:
    labels = (
        {(row.kind, row.code): row.label for row in agreement.conditions.all()} if agreement else {}
    )

    def named(each: Condition) -> str:
        return labels.get((each.kind.value, each.code), each.code)

    waits = [named(each) for each in values.get("missing") or ()]
    if values.get("not_before"):
        waits.append(partial_date(values["not_before"]))
    waits += [
        _("%(condition)s (pour la retenue)") % {"condition": named(each)}
        for each in values.get("release_missing") or ()
    ]
    return " ; ".join(waits)


def _order(error: PaymentOrderError) -> str:
    known = _ORDERS.get(error.fault)
    if known is not None:
        return str(known)
    return _(
        "L’ordre « %(key)s » ne peut pas s’écrire comme le veut la banque. Vérifiez le nom du "
        "bénéficiaire, le montant et le motif, en lettres latines."
    ) % {"key": error.key}


def _verbs(verbs: Iterable[str]) -> list[str]:
    labels = {
        each.verb: label(each.label).lower()
        for life in (INSTALMENT, ADVANCE, AGREEMENT, REPORT)
        for each in life.transitions
    }
    return [labels.get(verb, verb) for verb in dict.fromkeys(verbs)]


def _day(value: str) -> str:
    return partial_date(value) if len(value) == 10 and value[4:5] == "-" else value


def facts_in_words(facts: Iterable[Fact]) -> str:
    return ", ".join(str(FactChoices(fact.value).label) for fact in facts)
