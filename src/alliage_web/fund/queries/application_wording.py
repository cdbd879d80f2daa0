"""Calls and applications in the words of the interface: refusals, facts, events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.fund.applications.answer_values import AnswerFault, Fault
from alliage.fund.applications.application_budget import BudgetFault, Nature
from alliage.fund.applications.deadlines import DeadlineFault, LateReason
from alliage.fund.conditions import Between
from alliage.fund.states import GUARDS, Guard
from alliage.values.french import euros, number, percent
from alliage_web.actors.models import WorldChoices
from alliage_web.alliances.models import LeverChoices, StageChoices
from alliage_web.territories.queries import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from django.utils.functional import _StrPromise

    from alliage.fund.applications.application_budget import BudgetProblem
    from alliage.fund.applications.deadlines import LocalTime
    from alliage.fund.applications.form_specification import Question
    from alliage.fund.states import Label

CATEGORIES: Mapping[str, _StrPromise] = {
    "staff": gettext_lazy("Personnel"),
    "services": gettext_lazy("Prestations et études"),
    "travel": gettext_lazy("Déplacements"),
    "equipment": gettext_lazy("Matériel"),
    "communication": gettext_lazy("Communication"),
    "premises": gettext_lazy("Locaux"),
    "overheads": gettext_lazy("Frais de structure"),
    "other": gettext_lazy("Autre dépense"),
}
NATURES: Mapping[str, _StrPromise] = {
    Nature.CASH.value: gettext_lazy("Argent"),
    Nature.IN_KIND.value: gettext_lazy("En nature"),
    Nature.TIME.value: gettext_lazy("Temps"),
}
ORIGINS: Mapping[str, _StrPromise] = {
    "asked": gettext_lazy("Demandé au fonds"),
    "own": gettext_lazy("Moyens propres"),
    "other": gettext_lazy("Autre financeur"),
}
ZONES: Mapping[str, _StrPromise] = {
    "Europe/Paris": gettext_lazy("heure de Paris"),
    "America/Guadeloupe": gettext_lazy("heure de la Guadeloupe"),
    "America/Martinique": gettext_lazy("heure de la Martinique"),
    "America/Cayenne": gettext_lazy("heure de la Guyane"),
    "Indian/Reunion": gettext_lazy("heure de La Réunion"),
    "Indian/Mayotte": gettext_lazy("heure de Mayotte"),
    "America/Miquelon": gettext_lazy("heure de Saint-Pierre-et-Miquelon"),
    "Pacific/Noumea": gettext_lazy("heure de Nouméa"),
    "Pacific/Tahiti": gettext_lazy("heure de Tahiti"),
    "Pacific/Wallis": gettext_lazy("heure de Wallis-et-Futuna"),
}

EVENTS: Mapping[str, _StrPromise] = {
    "form.added": gettext_lazy("Ajout d’une version de formulaire"),
    "call.created": gettext_lazy("Préparation d’un appel"),
    "call.changed": gettext_lazy("Modification d’un appel"),
    "call.grid": gettext_lazy("Choix de la grille d’un appel"),
    "call.announce": gettext_lazy("Annonce d’un appel"),
    "call.take_back": gettext_lazy("Reprise d’un appel"),
    "call.close_early": gettext_lazy("Clôture d’un appel au fil de l’eau"),
    "call.extend": gettext_lazy("Prolongation d’un appel"),
    "call.complete": gettext_lazy("Achèvement d’un appel"),
    "call.cancel": gettext_lazy("Annulation d’un appel"),
    "application.begun": gettext_lazy("Dossier commencé"),
    "application.written": gettext_lazy("Réponses écrites"),
    "application.applicants": gettext_lazy("Changement des demandeurs"),
    "application.signed": gettext_lazy("Part signée"),
    "application.declined": gettext_lazy("Signature refusée"),
    "application.send": gettext_lazy("Dossier envoyé"),
    "application.complete": gettext_lazy("Dossier complété, renvoyé"),
    "application.take_back": gettext_lazy("Dossier repris"),
    "application.withdraw": gettext_lazy("Dossier retiré"),
    "application.lapse": gettext_lazy("Dossier caduc"),
    "application.version": gettext_lazy("Passage à une nouvelle version du formulaire"),
    "application.ask_to_complete": gettext_lazy("Complément demandé"),
    "application.declare_ineligible": gettext_lazy("Dossier déclaré inéligible"),
    "application.restore": gettext_lazy("Dossier rétabli"),
    "application.start_review": gettext_lazy("Instruction commencée"),
    "application.present": gettext_lazy("Dossier présenté au comité"),
    "application.review_again": gettext_lazy("Nouvelle instruction"),
    "application.accept": gettext_lazy("Dossier accepté"),
    "application.accept_subject_to_documents": gettext_lazy("Dossier accepté sous réserve"),
    "application.adjourn": gettext_lazy("Dossier ajourné"),
    "application.refuse": gettext_lazy("Dossier refusé"),
    "application.lift_conditions": gettext_lazy("Réserves levées"),
    "application.judged": gettext_lazy("Constat sur une règle"),
    "application.legal_facts": gettext_lazy("Faits juridiques établis"),
    "application.asked": gettext_lazy("Question posée"),
    "application.answered": gettext_lazy("Question répondue"),
    "application.documents_asked": gettext_lazy("Pièces demandées"),
    "application.document_received": gettext_lazy("Pièce reçue"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "state": gettext_lazy("État"),
    "why": gettext_lazy("Motif"),
    "closes": gettext_lazy("Date limite"),
    "opens": gettext_lazy("Ouverture"),
    "form": gettext_lazy("Formulaire"),
    "sha256": gettext_lazy("Empreinte"),
    "title_fr": gettext_lazy("Titre"),
    "title_en": gettext_lazy("Titre en anglais"),
    "kind": gettext_lazy("Rythme"),
    "zone": gettext_lazy("Fuseau horaire"),
    "grace_minutes": gettext_lazy("Tolérance en minutes"),
    "grace_reason_fr": gettext_lazy("Motif de la tolérance"),
    "grace_reason_en": gettext_lazy("Motif de la tolérance en anglais"),
    "strand": gettext_lazy("Volet"),
    "max_amount": gettext_lazy("Montant le plus élevé"),
    "min_amount": gettext_lazy("Montant le plus faible"),
    "max_share": gettext_lazy("Part la plus élevée"),
    "min_own_share": gettext_lazy("Part propre la plus faible"),
    "categories": gettext_lazy("Catégories admises"),
    "rules": gettext_lazy("Règles d’éligibilité"),
    "call": gettext_lazy("Appel"),
    "alliance": gettext_lazy("Alliance"),
    "applicants": gettext_lazy("Demandeurs"),
    "copied_from": gettext_lazy("Copie de"),
    "section": gettext_lazy("Partie du formulaire"),
    "party": gettext_lazy("Demandeur"),
    "answers": gettext_lazy("Réponses"),
    "sending": gettext_lazy("Envoi"),
    "complete_by": gettext_lazy("À compléter avant la fin du"),
    "rule": gettext_lazy("Règle"),
    "is_met": gettext_lazy("Remplie"),
    "question": gettext_lazy("Question"),
    "answer": gettext_lazy("Réponse"),
    "answer_by": gettext_lazy("À répondre avant la fin du"),
    "documents": gettext_lazy("Pièces"),
    "document": gettext_lazy("Pièce"),
    "due_on": gettext_lazy("Attendue avant la fin du"),
    "file": gettext_lazy("Fichier"),
    "receiver_kind": gettext_lazy("Nature juridique"),
    "beneficiary_kind": gettext_lazy("Pour qui l’action est menée"),
    "passed_on": gettext_lazy("Argent reversé"),
    "general_interest": gettext_lazy("Intérêt général"),
    "public_resources": gettext_lazy("Argent public"),
    "economic_activity": gettext_lazy("Activité économique"),
    "ministerial_derogation": gettext_lazy("Dérogation ministérielle"),
    "granted_before": gettext_lazy("Déjà accordé pour l’année"),
}


def is_english() -> bool:
    return (get_language() or "").startswith("en")


def told(thing: Any, name: str) -> str:
    """Return what a value of the library says in the language of the page: ``label``, ``why``…."""
    return str(getattr(thing, f"{name}_en" if is_english() else f"{name}_fr"))


def label_in_words(label: Label) -> str:
    return label.en if is_english() else label.fr


def guards_in_words(missing: Iterable[Guard]) -> str:
    """Say what a decision waits for."""
    sentences = [label_in_words(GUARDS[guard]) for guard in missing]
    return _("Il faut d’abord : %(needs)s.") % {"needs": _(" ; ").join(sentences)}


def moment_in_words(moment: LocalTime) -> str:
    """Write a date and a time of day with the place whose clocks show them."""
    shown = date_format(moment.clock, "l j F Y")
    zone = ZONES.get(moment.zone)
    where = f"{zone} ({moment.zone})" if zone else moment.zone
    return _("%(day)s à %(hour)s, %(zone)s") % {
        "day": shown,
        "hour": date_format(moment.clock, "H:i" if is_english() else "H \\h i"),
        "zone": where,
    }


DEADLINES: Mapping[DeadlineFault, _StrPromise] = {
    DeadlineFault.UNKNOWN_ZONE: gettext_lazy(
        "« %(value)s » n’est pas un fuseau horaire connu. Choisissez-en un dans la liste."
    ),
    DeadlineFault.CLOSES_BEFORE_OPENING: gettext_lazy(
        "La date limite n’est pas après l’ouverture. Corrigez l’une des deux."
    ),
    DeadlineFault.EMPTY_GRACE: gettext_lazy(
        "Une tolérance dure au moins une minute. Laissez vide pour n’en donner aucune."
    ),
    DeadlineFault.UNEXPLAINED_GRACE: gettext_lazy(
        "Une tolérance est publiée avec son motif : écrivez-le en français et en anglais."
    ),
    DeadlineFault.GRACE_WITHOUT_DEADLINE: gettext_lazy(
        "Un appel au fil de l’eau n’a pas de date limite : il n’a pas de tolérance non plus."
    ),
}
LATE: Mapping[LateReason, _StrPromise] = {
    LateReason.NOT_OPEN_YET: gettext_lazy("L’appel n’est pas encore ouvert."),
    LateReason.NO_GRACE: gettext_lazy("La date limite est passée."),
    LateReason.BEGUN_AFTER_DEADLINE: gettext_lazy(
        "La date limite est passée, et ce dossier a été commencé après elle."
    ),
    LateReason.GRACE_OVER: gettext_lazy("La date limite et la tolérance sont passées."),
}

_FAULTS: Mapping[AnswerFault, _StrPromise] = {
    AnswerFault.REQUIRED: gettext_lazy("Une réponse est attendue."),
    AnswerFault.TYPE: gettext_lazy("Cette réponse ne se lit pas. Écrivez-la de nouveau."),
    AnswerFault.TOO_LONG: gettext_lazy(
        "Ce texte est trop long : %(allowed)s caractères au plus. Raccourcissez-le."
    ),
    AnswerFault.NOT_AN_OPTION: gettext_lazy(
        "« %(value)s » n’est pas une réponse proposée. Choisissez dans la liste."
    ),
    AnswerFault.NOT_A_NUMBER: gettext_lazy(
        "« %(value)s » n’est pas un nombre. Écrivez-le comme 1 234,50."
    ),
    AnswerFault.TOO_MANY_DECIMALS: gettext_lazy(
        "« %(value)s » a trop de décimales : %(allowed)s au plus. Arrondissez."
    ),
    AnswerFault.TOO_SMALL: gettext_lazy("« %(value)s » est trop petit : au moins %(allowed)s."),
    AnswerFault.TOO_LARGE: gettext_lazy("« %(value)s » est trop grand : au plus %(allowed)s."),
    AnswerFault.TOO_FEW: gettext_lazy("Il en faut au moins %(allowed)s."),
    AnswerFault.TOO_MANY: gettext_lazy("Il y en a trop : %(allowed)s au plus."),
    AnswerFault.NOT_A_DATE: gettext_lazy(
        "« %(value)s » n’est pas une date. Écrivez 31/03/2026, mars 2026 ou 2026."
    ),
    AnswerFault.LOOSE_DATE: gettext_lazy(
        "« %(value)s » n’est pas assez précis. Écrivez : %(allowed)s."
    ),
    AnswerFault.NOT_A_PLACE: gettext_lazy(
        "« %(value)s » n’est pas un territoire reconnu. Choisissez-le dans la liste, ou écrivez "
        "le code INSEE d’une commune."
    ),
    AnswerFault.UNKNOWN_COLUMN: gettext_lazy("« %(value)s » n’est pas une colonne du tableau."),
    AnswerFault.FILE_KIND: gettext_lazy(
        "« %(value)s » n’est pas d’un type accepté ici : %(allowed)s."
    ),
    AnswerFault.FILE_SIZE: gettext_lazy(
        "« %(value)s » est trop lourd : %(allowed)s Mo au plus. Envoyez un fichier plus léger."
    ),
    AnswerFault.NOT_DECLARED: gettext_lazy("Cette déclaration est à cocher."),
    AnswerFault.BUDGET: gettext_lazy("Le budget est à corriger."),
}


def fault_in_words(fault: Fault, question: Question | None = None) -> str:
    """Say what is wrong with an answer, and what would be possible."""
    if fault.fault is AnswerFault.BUDGET and fault.value in set(BudgetFault):
        return budget_fault_in_words(BudgetFault(fault.value), fault.column)
    allowed = _(", ").join(fault.allowed)
    sentence = str(_FAULTS[fault.fault]) % {"value": fault.value, "allowed": allowed}
    if fault.row is None or question is None:
        return sentence
    column = next((each for each in question.columns if each.code == fault.column), None)
    where = _("Ligne %(row)s") % {"row": fault.row}
    if column:
        where = _("Ligne %(row)s, « %(column)s »") % {
            "row": fault.row,
            "column": told(column, "label"),
        }
    return _("%(where)s : %(sentence)s") % {"where": where, "sentence": sentence}


_BUDGET: Mapping[BudgetFault, _StrPromise] = {
    BudgetFault.REPEATED_LINE: gettext_lazy("Deux lignes ont le même numéro. Retirez-en une."),
    BudgetFault.UNKNOWN_PARTY: gettext_lazy(
        "La ligne est d’une organisation qui ne demande pas. Choisissez-en une autre."
    ),
    BudgetFault.UNKNOWN_LINE: gettext_lazy(
        "La ligne est une part d’une ligne qui n’est pas au-dessus d’elle, ou pas chiffrée : "
        "nommez des lignes chiffrées plus haut, comme D1."
    ),
    BudgetFault.MIXED_NATURES: gettext_lazy(
        "La ligne est une part d’une ligne d’une autre nature. L’argent, la nature et le temps ne "
        "s’ajoutent pas : nommez des lignes de sa nature."
    ),
    BudgetFault.NEGATIVE: gettext_lazy("Un montant est positif. Portez-le de l’autre côté."),
    BudgetFault.NOT_AN_AMOUNT: gettext_lazy(
        "Ce montant ne peut pas être gardé : écrivez-le avec deux décimales au plus."
    ),
    BudgetFault.CASH_NOT_VALUED: gettext_lazy("Une ligne en argent a un montant. Écrivez-le."),
    BudgetFault.ASKED_NOT_CASH: gettext_lazy("Le fonds apporte de l’argent : choisissez-le."),
    BudgetFault.ASKED_AND_OWN: gettext_lazy("Une ligne est demandée, ou propre : pas les deux."),
    BudgetFault.NO_EXPENSE: gettext_lazy("Le budget n’a pas de dépense. Ajoutez-en une."),
    BudgetFault.NOTHING_ASKED: gettext_lazy(
        "Rien n’est demandé au fonds. Ajoutez une ressource « Demandé au fonds »."
    ),
    BudgetFault.UNBALANCED: gettext_lazy(
        "%(nature)s : les dépenses font %(expenses)s et les ressources %(resources)s. "
        "L’écart est de %(gap)s."
    ),
    BudgetFault.ABOVE_MAXIMUM: gettext_lazy(
        "%(asked)s demandés : l’appel en accorde moins. Demandez au plus %(possible)s."
    ),
    BudgetFault.BELOW_MINIMUM: gettext_lazy(
        "%(asked)s demandés : l’appel accorde au moins %(minimum)s."
    ),
    BudgetFault.ABOVE_SHARE: gettext_lazy(
        "%(asked)s demandés pour %(cash_expenses)s de dépenses en argent : c’est plus que la part "
        "du fonds. Demandez au plus %(possible)s."
    ),
    BudgetFault.BELOW_OWN_SHARE: gettext_lazy(
        "Les organisations apportent %(own)s en argent : ajoutez %(gap)s de moyens propres."
    ),
    BudgetFault.CATEGORY_NOT_ELIGIBLE: gettext_lazy(
        "L’appel n’admet pas les dépenses « %(category)s »."
    ),
}


def budget_fault_in_words(fault: BudgetFault, line: str = "") -> str:
    """Say in short what is wrong; the page of the budget tells the figures."""
    short = {
        BudgetFault.UNBALANCED: _("Les dépenses et les ressources ne sont pas égales."),
        BudgetFault.ABOVE_MAXIMUM: _("Le montant demandé dépasse celui de l’appel."),
        BudgetFault.BELOW_MINIMUM: _("Le montant demandé est plus petit que celui de l’appel."),
        BudgetFault.ABOVE_SHARE: _("La part demandée dépasse celle de l’appel."),
        BudgetFault.BELOW_OWN_SHARE: _("Les moyens propres sont plus petits que l’appel les veut."),
        BudgetFault.CATEGORY_NOT_ELIGIBLE: _("Une dépense n’est pas admise par l’appel."),
    }
    sentence = short.get(fault) or str(_BUDGET[fault])
    return _("%(line)s : %(sentence)s") % {"line": line, "sentence": sentence} if line else sentence


def budget_problem_in_words(problem: BudgetProblem) -> str:
    """Say what is wrong with a budget, with its figures, and what would be possible."""
    values: dict[str, str] = {}
    for name, value in problem.values.items():
        if name == "nature":
            values[name] = str(NATURES[str(value)])
        elif name == "category":
            values[name] = str(CATEGORIES.get(str(value), value))
        else:
            values[name] = value if isinstance(value, str) else money(value)
    sentence = str(_BUDGET[problem.fault]) % values
    if problem.line:
        return _("%(line)s : %(sentence)s") % {"line": problem.line, "sentence": sentence}
    return sentence


def money(amount: Any) -> str:
    """Write an amount to the cent."""
    return euros(amount, full=True, language="en" if is_english() else "fr")


FACTS: Mapping[str, _StrPromise] = {
    "worlds": gettext_lazy("mondes réunis"),
    "parties": gettext_lazy("nombre de parties prenantes"),
    "lead_world": gettext_lazy("monde du chef de file"),
    "lead_kind": gettext_lazy("nature juridique du chef de file"),
    "party_kinds": gettext_lazy("nature juridique de tous ceux qui demandent"),
    "lead_identifiers": gettext_lazy("numéro SIREN ou RNA du chef de file"),
    "lead_age_months": gettext_lazy("ancienneté du chef de file"),
    "alliance_age_months": gettext_lazy("ancienneté de l’alliance, en mois"),
    "stage": gettext_lazy("étape de l’alliance"),
    "levers": gettext_lazy("leviers demandés"),
    "objectives": gettext_lazy("objectifs de l’alliance"),
    "domains": gettext_lazy("fragilités"),
    "territories": gettext_lazy("territoires"),
    "amount_asked": gettext_lazy("montant demandé"),
    "share_asked": gettext_lazy("part demandée"),
    "own_share": gettext_lazy("part propre"),
    "duration_months": gettext_lazy("durée du projet"),
    "declarations": gettext_lazy("déclarations"),
}


def share_in_words(share: Decimal) -> str:
    """Write a share in percent."""
    language = "en" if is_english() else "fr"
    return percent(share, 1, language=language)


#: What has to be known before the legal path can be told.
MISSING: Mapping[str, _StrPromise] = {
    "payer_kind": gettext_lazy("la nature juridique du payeur"),
    "receiver_kind": gettext_lazy("la nature juridique de l’organisation"),
    "beneficiary_kind": gettext_lazy("la nature juridique du bénéficiaire"),
    "granted_before_this_year": gettext_lazy("ce que le fonds lui a déjà accordé cette année"),
    "public_resources": gettext_lazy("si l’argent est public"),
    "economic_activity": gettext_lazy("si le soutien porte sur une activité économique"),
    "general_interest": gettext_lazy("si l’action est d’intérêt général"),
    "passed_on": gettext_lazy("si l’argent est reversé à quelqu’un d’autre"),
    "de_minimis_aids": gettext_lazy("les aides « de minimis » déjà reçues"),
    "ministerial_derogation": gettext_lazy("si une dérogation ministérielle existe"),
}


def fact_in_words(name: str, value: Any) -> str:
    """Say a fact and what was found: « mondes réunis : Association, Collectivité »."""
    return _("%(fact)s : %(value)s") % {"fact": FACTS[name], "value": _value(name, value)}


def _value(name: str, value: Any) -> str:
    if value is None:
        return _("non connu")
    if isinstance(value, Between):
        low, high = number(value.low), number(value.high)
        return low if low == high else _("de %(low)s à %(high)s") % {"low": low, "high": high}
    if name == "amount_asked":
        return money(value)
    if isinstance(value, tuple):
        return _(", ").join(_member(name, each) for each in value) or _("aucun")
    return _member(name, value)


def _member(name: str, value: Any) -> str:
    if isinstance(value, frozenset):
        level, _colon, code = min(value, key=_depth).partition(":")
        here = place(level, code)
        return here.name if here else code
    words: Mapping[str, Mapping[Any, Any]] = {
        "worlds": dict(WorldChoices.choices),
        "lead_world": dict(WorldChoices.choices),
        "stage": dict(StageChoices.choices),
        "levers": dict(LeverChoices.choices),
    }
    if name in {"share_asked", "own_share"}:
        return share_in_words(value)
    return str(words.get(name, {}).get(str(value), value))


#: From the smallest to the largest: a place is told by its own name.
_LEVELS = ("arrondissement", "commune", "perimeter", "ept", "epci", "department", "region")


def _depth(code: str) -> int:
    level = code.partition(":")[0]
    return _LEVELS.index(level) if level in _LEVELS else len(_LEVELS)
