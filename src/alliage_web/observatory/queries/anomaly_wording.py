"""What is odd in a file of respondents and what is done about it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from alliage.observatory.respondents.anomalies import AnomalyKind, Treatment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.observatory.respondents.anomalies import Anomaly

KINDS: Mapping[AnomalyKind, _StrPromise] = {
    AnomalyKind.CODE: _("Code hors de la liste"),
    AnomalyKind.NO_LABEL: _("Valeur sans libellé"),
    AnomalyKind.REGION_VINTAGE: _("Région d’avant 2016"),
    AnomalyKind.IMPOSSIBLE: _("Réponses incompatibles"),
    AnomalyKind.NOT_ASKED: _("Réponse à une question non posée"),
    AnomalyKind.NOT_ANSWERED: _("Question posée, sans réponse"),
    AnomalyKind.STRAIGHT_LINE: _("Même réponse à toute une série"),
    AnomalyKind.DUPLICATE_IDENTIFIER: _("Identifiant en double"),
    AnomalyKind.NEAR_DUPLICATE: _("Réponses presque identiques"),
    AnomalyKind.SPEEDER: _("Questionnaire trop vite rempli"),
    AnomalyKind.WEIGHT: _("Poids nul, négatif ou absent"),
    AnomalyKind.MARGIN_EMPTY: _("Catégorie des marges sans répondant"),
    AnomalyKind.MARGIN_UNKNOWN: _("Catégorie absente des marges"),
    AnomalyKind.MARGIN_SUM: _("Marge qui ne tombe pas juste"),
}
_BY_CODE = {kind.value: words for kind, words in KINDS.items()}
_SENTENCES: Mapping[AnomalyKind, _StrPromise] = {
    AnomalyKind.CODE: _(
        "« %(value)s » n’est aucune des réponses prévues : %(allowed)s. Corrigez le fichier, "
        "excluez les lignes ou ôtez la réponse."
    ),
    AnomalyKind.NO_LABEL: _(
        "« %(value)s » n’a pas de libellé ; en ont un : %(allowed)s. Corrigez le fichier, excluez "
        "les lignes ou ôtez la réponse."
    ),
    AnomalyKind.REGION_VINTAGE: _(
        "« %(value)s » est %(former)s, région d’avant 2016, aujourd’hui dans %(successor)s "
        "(%(code)s)."
    ),
    AnomalyKind.IMPOSSIBLE: _("%(when)s ne va pas avec %(never)s%(reason)s."),
    AnomalyKind.NOT_ASKED: _(
        "Une réponse est donnée, alors que seuls %(asked)s ont été interrogés."
    ),
    AnomalyKind.NOT_ANSWERED: _("Aucune réponse, alors que %(asked)s ont été interrogés."),
    AnomalyKind.STRAIGHT_LINE: _(
        "La même réponse à %(share)s ou plus des points de la série ; la plus longue suite est de "
        "%(longest)s."
    ),
    AnomalyKind.DUPLICATE_IDENTIFIER: _("« %(value)s » désigne plusieurs lignes."),
    AnomalyKind.NEAR_DUPLICATE: _(
        "Les mêmes réponses que la ligne %(other)s à %(share)s ou plus de %(questions)s questions."
    ),
    AnomalyKind.SPEEDER: _("%(value)s, sous %(limit)s : %(share)s de la médiane."),
    AnomalyKind.WEIGHT: _("Le poids est %(value)s. Un poids est un nombre positif."),
    AnomalyKind.MARGIN_EMPTY: _(
        "%(total)s personnes dans « %(value)s », et aucun répondant. Réunissez-la avec une autre "
        "catégorie."
    ),
    AnomalyKind.MARGIN_UNKNOWN: _(
        "« %(value)s » n’est pas dans la marge, qui a : %(allowed)s. Donnez son total, ou recodez."
    ),
    AnomalyKind.MARGIN_SUM: _(
        "La marge fait %(total)s, et %(other)s fait %(expected)s. Corrigez l’une des deux."
    ),
}
TREATED: Mapping[Treatment, _StrPromise] = {
    Treatment.KEEP: _("Garder tel quel"),
    Treatment.EXCLUDE: _("Exclure ces répondants"),
    Treatment.SET_MISSING: _("Garder la personne, ôter la réponse"),
}


def anomaly_in_words(anomaly: Anomaly) -> str:
    """Say what is odd; row and column stand beside it."""
    return str(_SENTENCES[anomaly.kind]) % anomaly.values


def anomaly_whole(anomaly: Anomaly) -> str:
    """Say what is odd, with its row and its column."""
    place = [
        str(words) % {"it": text}
        for words, text in (
            (_("colonne « %(it)s »"), anomaly.column),
            (_("ligne %(it)s"), anomaly.values.get("row", "")),
        )
        if text
    ]
    where = f" ({', '.join(place)})" if place else ""
    return f"{KINDS[anomaly.kind]}{where} : {anomaly_in_words(anomaly)}"


def report_in_words(report: Mapping[str, object]) -> list[tuple[str, int, str]]:
    """Return what was found in a file before a release was computed: kind, rows, treatment."""
    found = report.get("anomalies")
    return [
        (
            str(_BY_CODE[one["kind"]]),
            int(one["rows"]),
            str(TREATED[Treatment(one["treatment"])]),
        )
        for one in (found if isinstance(found, list) else [])
    ]
