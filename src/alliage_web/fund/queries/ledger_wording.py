"""What the library refuses of a budget or a ledger, in French: the fact, then what is possible."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.money.endowment import BudgetProblem, BudgetRefused
from alliage.fund.money.ledger import Account, AccountCode, Envelope, LedgerProblem, PostingKind
from alliage_web.fund.models import AccountChoices, PostingKindChoices
from alliage_web.ui.templatetags.ui import euros, partial_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.fund.money.ledger import PostingRefused
    from alliage_web.audit.queries import HistoryLine

EVENTS: Mapping[str, _StrPromise] = {
    "ledger.posted": gettext_lazy("Écriture"),
    "fund.funder-added": gettext_lazy("Financeur ajouté"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "operation": gettext_lazy("Opération"),
    "amount": gettext_lazy("Montant en euros"),
    "booked_on": gettext_lazy("Date de l’écriture"),
    "envelope": gettext_lazy("Enveloppe"),
    "to_envelope": gettext_lazy("Enveloppe qui reçoit"),
    "file": gettext_lazy("Dossier"),
    "advance": gettext_lazy("Avance"),
    "funder": gettext_lazy("Financeur"),
    "year": gettext_lazy("Année close"),
    "reverses": gettext_lazy("Annule"),
    "strands": gettext_lazy("Volets"),
}

_FACTS: Mapping[str, _StrPromise] = {
    LedgerProblem.INCOMPLETE: gettext_lazy("Il manque « %(field)s » à cette opération."),
    LedgerProblem.UNEXPECTED: gettext_lazy("Cette opération n’a pas de « %(field)s »."),
    LedgerProblem.DATE: gettext_lazy("Donnez un jour, sans heure."),
    LedgerProblem.AMOUNT: gettext_lazy(
        "%(asked)s n’est pas un montant possible. Écrivez un montant au-dessus de zéro, au "
        "centime. Pour corriger une écriture, annulez-la."
    ),
    LedgerProblem.SAME_ENVELOPE: gettext_lazy(
        "Rien ne passe d’une enveloppe à elle-même. Choisissez une autre enveloppe."
    ),
    LedgerProblem.OTHER_STRAND: gettext_lazy(
        "Une enveloppe se reporte dans son propre volet. Reportez-la, puis faites un virement."
    ),
    LedgerProblem.OTHER_FUND: gettext_lazy("Cette écriture est celle d’un autre fonds."),
    LedgerProblem.KEY_REUSED: gettext_lazy(
        "Ce formulaire a déjà servi à écrire autre chose. Reprenez l’opération depuis le budget."
    ),
    LedgerProblem.YEAR_CLOSED: gettext_lazy(
        "L’année %(year)s est close et ne se rouvre pas. Datez l’écriture du %(first_open)s ou "
        "d’après : une erreur d’une année close s’annule dans une année ouverte."
    ),
    LedgerProblem.ENVELOPE_CLOSED: gettext_lazy(
        "L’enveloppe %(asked)s est close : ce qu’elle gardait est dans %(possible)s. Choisissez "
        "celle-ci."
    ),
    LedgerProblem.YEAR_NOT_OVER: gettext_lazy(
        "L’année n’est pas finie. Datez la clôture du %(possible)s ou d’après."
    ),
    LedgerProblem.YEAR_ORDER: gettext_lazy(
        "Les années se closent dans l’ordre : la prochaine est %(possible)s."
    ),
    LedgerProblem.YEAR_OPEN_BALANCE: gettext_lazy(
        "Des enveloppes de %(year)s gardent de l’argent. Reportez-le d’abord."
    ),
    LedgerProblem.UNKNOWN_POSTING: gettext_lazy("Cette écriture n’existe pas dans ce fonds."),
    LedgerProblem.ALREADY_REVERSED: gettext_lazy(
        "Cette écriture est déjà annulée : il n’y a plus rien à défaire."
    ),
    LedgerProblem.REVERSAL_OF_REVERSAL: gettext_lazy(
        "Une annulation ne s’annule pas. Écrivez de nouveau l’opération d’origine."
    ),
    LedgerProblem.NOT_REVERSIBLE: gettext_lazy(
        "Une clôture et ses reports ne s’annulent pas. Faites un virement, ou annulez l’opération "
        "fautive à une date d’une année ouverte."
    ),
    LedgerProblem.REVERSAL_DIFFERS: gettext_lazy(
        "Une écriture s’annule en entier : annulez-la, puis écrivez la bonne."
    ),
    LedgerProblem.REVERSAL_TOO_EARLY: gettext_lazy(
        "L’annulation ne peut précéder l’écriture. Datez-la du %(possible)s ou d’après."
    ),
    LedgerProblem.NOTHING_TO_POST: gettext_lazy(
        "La dotation en vigueur est déjà de %(in_force)s : il n’y a rien à écrire."
    ),
}
_BUDGET_FACTS: Mapping[str, _StrPromise] = {
    BudgetProblem.AMOUNT: _FACTS[LedgerProblem.AMOUNT],
    BudgetProblem.TWICE_THE_SAME: gettext_lazy(
        "Deux énoncés portent la même date. Corrigez le fichier du fonds."
    ),
    BudgetProblem.UNKNOWN_STATEMENT: gettext_lazy(
        "Cet énoncé n’est plus dans la fiche du fonds. Choisissez-en un dans la liste."
    ),
    BudgetProblem.ALREADY_IN_FORCE: gettext_lazy("Cet énoncé est déjà celui qui est en vigueur."),
    BudgetProblem.OUT_OF_ORDER: gettext_lazy(
        "La décision précédente est du %(possible)s. Datez celle-ci du même jour ou d’après."
    ),
    BudgetProblem.MISSING: gettext_lazy("Écrivez qui décide, et pourquoi."),
    BudgetProblem.NO_STRAND: gettext_lazy(
        "Ce fonds n’a pas de volet. Ajoutez-en un dans son fichier."
    ),
    BudgetProblem.UNKNOWN_STRAND: gettext_lazy(
        "Ce fonds n’a pas ce volet. Choisissez dans la liste."
    ),
    BudgetProblem.YEAR_OUTSIDE: gettext_lazy("Ce fonds n’a pas d’enveloppe de cette année."),
    BudgetProblem.SAME_ENVELOPE: _FACTS[LedgerProblem.SAME_ENVELOPE],
    BudgetProblem.NOT_THE_DECIDER: gettext_lazy(
        "Un virement entre volets se décide en comité. La gestion du fonds ne décide que d’une "
        "année à l’autre, dans un même volet."
    ),
}
_REMEDIES: Mapping[AccountCode, _StrPromise] = {
    AccountCode.UNALLOTTED: gettext_lazy(
        "augmentez la dotation en vigueur ou retirez d’abord une enveloppe"
    ),
    AccountCode.AVAILABLE: gettext_lazy(
        "faites d’abord un virement depuis une autre enveloppe, ou dotez celle-ci"
    ),
    AccountCode.RESERVED: gettext_lazy("attribuez d’abord"),
    AccountCode.COMMITTED: gettext_lazy("engagez d’abord par un avenant"),
    AccountCode.TO_CALL: gettext_lazy("enregistrez d’abord la promesse"),
    AccountCode.TO_RECEIVE: gettext_lazy("appelez d’abord la contribution"),
}


def told_in_words(line: HistoryLine) -> HistoryLine:
    """Tell the operation of a posting by its words."""
    if line.kind != "ledger.posted" or "operation" not in line.changes:
        return line
    labels = dict(PostingKindChoices.choices)
    told = [code and str(labels.get(code, code)) for code in line.changes["operation"]]
    return replace(line, changes={**line.changes, "operation": told})


def refusal_in_words(
    refusal: PostingRefused | BudgetRefused, names: Mapping[str, str] | None = None
) -> str:
    """Say why a posting or a decision is refused, and what would be possible.

    ``names`` gives the names of the strands and of the funders by their codes.
    """
    told = {name: _told(value, names or {}) for name, value in refusal.values.items()}
    if isinstance(refusal, BudgetRefused):
        return str(_BUDGET_FACTS.get(refusal.problem, _FACTS[LedgerProblem.AMOUNT])) % told
    if refusal.problem is LedgerProblem.NOT_ENOUGH:
        return _not_enough(refusal, told)
    asked = refusal.values.get("asked")
    told["year"] = str(refusal.values.get("year") or getattr(asked, "year", ""))
    return str(_FACTS[refusal.problem]) % told


def _not_enough(refusal: PostingRefused, told: dict[str, str]) -> str:
    account: Account = refusal.values["account"]
    told["kind"] = str(PostingKindChoices(refusal.values["kind"].value).label)
    fact = _("« %(kind)s » de %(asked)s est impossible : il y a %(held)s (%(account)s).") % told
    if refusal.values["possible"] != refusal.values["held"]:
        return _("%(fact)s Ce qui a suivi s’en est servi : annulez-le d’abord.") % {"fact": fact}
    remedy = _REMEDIES.get(account.code)
    if remedy is None:
        return _("%(fact)s Au plus %(possible)s sont possibles.") % {"fact": fact, **told}
    return _("%(fact)s Au plus %(possible)s sont possibles ; pour plus, %(remedy)s.") % {
        "fact": fact,
        "remedy": remedy,
        **told,
    }


def _told(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, Account):
        label = str(AccountChoices(value.code.value).label).lower()
        about = [
            _told(value.envelope, names) if value.envelope else "",
            value.file,
            value.advance,
            names.get(value.funder, value.funder),
        ]
        return ", ".join([label, *filter(None, about)])
    if isinstance(value, Envelope):
        return f"{names.get(value.strand, value.strand)} {value.year}"
    if isinstance(value, PostingKind):
        return str(PostingKindChoices(value.value).label)
    if isinstance(value, dt.date):
        return partial_date(value)
    if isinstance(value, int | str):
        return str(value)
    return euros(value, "full")
