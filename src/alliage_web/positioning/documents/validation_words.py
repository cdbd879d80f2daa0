"""What the checks of the questionnaire found, in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.validation.verdict import NEEDED, THRESHOLDS, Check, Outcome
from alliage_web.ui.components import Column, DataTable
from alliage_web.ui.templatetags.ui import number

from .result_words import door_name, question_of

if TYPE_CHECKING:
    from alliage.positioning.validation.verdict import Finding
    from alliage_web.positioning.queries.validation import ValidationStatus


def validation_table(status: ValidationStatus) -> DataTable:
    """Return one line for each check, and one column for each door."""
    doors = questionnaire().doors
    found = {(one.check, one.door): one for one in status.findings}
    return DataTable(
        caption=_("Les contrôles, un par ligne"),
        columns=(
            Column(_("Contrôle")),
            Column(_("À atteindre")),
            Column(_("Il faut")),
            *(Column(door_name(door)) for door in doors),
        ),
        rows=(
            *(
                (
                    _check(check),
                    _threshold(check),
                    _needed(check),
                    *(_outcome(found[check, door.code]) for door in doors),
                )
                for check in Check
            ),
            (
                _("Entretiens : les mots sont-ils compris comme prévu ?"),
                _("fait"),
                _("%(count)d entretiens par monde") % {"count": status.interviews_needed},
                *(_interviews(status) for _door in doors),
            ),
        ),
        note=_(
            "Entre parenthèses, combien ont répondu. Quand un contrôle porte sur chaque fait, le "
            "moins bon est montré."
        ),
    )


def worst_items(status: ValidationStatus) -> list[str]:
    """Return the facts that keep a check from passing."""
    wordings = {one.code: question_of(one) for one in questionnaire().behaviours}
    return [
        _("%(check)s : « %(question)s »")
        % {"check": _check(one.check), "question": wordings[one.worst]}
        for one in status.findings
        if one.outcome is Outcome.FAILS and one.worst
    ]


def _check(check: Check) -> str:
    return {
        Check.CONTENT: _("Pertinence de chaque question selon des experts (I-CVI)"),
        Check.SCALE: _("Les faits d’une porte s’ordonnent (H de Mokken)"),
        Check.ITEMS: _("Chaque fait s’ordonne avec les autres (H de Mokken)"),
        Check.REPRODUCIBILITY: _("Le total suffit à retrouver les réponses (Guttman)"),
        Check.OMEGA: _("Les faits mesurent la même chose (ω)"),
        Check.BIAS: _("Un fait veut dire la même chose pour chaque monde et taille (DIF)"),
        Check.RETEST: _("Les réponses reviennent deux à quatre semaines après (κ pondéré)"),
        Check.INFORMANTS: _("Deux personnes d’un même groupe répondent pareil (ICC)"),
        Check.CRITERION: _("Les étapes annoncent des alliances vérifiées à douze mois (aire ROC)"),
    }[check]


def _threshold(check: Check) -> str:
    text = number(THRESHOLDS[check], 3 if check is Check.BIAS else 2)
    return (_("%(value)s au plus") if check is Check.BIAS else _("%(value)s au moins")) % {
        "value": text
    }


def _needed(check: Check) -> str:
    words = {
        Check.CONTENT: _("%(count)d experts"),
        Check.RETEST: _("%(count)d personnes, deux fois"),
        Check.INFORMANTS: _("%(count)d groupes"),
        Check.CRITERION: _("%(count)d personnes suivies"),
    }
    return words.get(check, _("%(count)d personnes")) % {"count": NEEDED[check]}


def _outcome(one: Finding) -> str:
    if one.value is None:
        said = (
            _("pas encore fait (%(count)d)")
            if one.check is Check.CONTENT
            else _("pas assez de réponses (%(count)d)")
            if one.people < NEEDED[one.check]
            else _("non calculable (%(count)d)")
        )
        return said % {"count": one.people}
    said = (
        _("passe : %(value)s (%(count)d)")
        if one.outcome is Outcome.PASSES
        else _("échoue : %(value)s (%(count)d)")
    )
    decimals = 3 if one.check is Check.BIAS else 2
    return said % {"value": number(round(one.value, decimals), decimals), "count": one.people}


def _interviews(status: ValidationStatus) -> str:
    said = (
        _("passe (%(count)d)")
        if status.interviews >= status.interviews_needed
        else _("pas encore fait (%(count)d)")
    )
    return said % {"count": status.interviews}
