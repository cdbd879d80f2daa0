"""What the trail keeps of releases and of files of respondents, in the words of the interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.observatory.respondents.coding import CodingProblem
from alliage.observatory.respondents.identifiers import IdentifierKind
from alliage.observatory.synthetic.files import InventedRespondentsError
from alliage.survey import Adjustment, DfRule, StandardError, SurveyProblem
from alliage.survey.study.specification import SpecificationProblem
from alliage.values.yaml_files import RecordProblem
from alliage_web.audit.queries import readable

from . import debates_wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from alliage.observatory.releases.values import Head
    from alliage.observatory.respondents.coding import CodingFault
    from alliage.observatory.respondents.identifiers import Identifier
    from alliage.survey import SurveyError
    from alliage.values.yaml_files import FileProblem, Problem
    from alliage_web.audit.queries import HistoryLine, ReadableLine

EVENTS: Mapping[str, _StrPromise] = {
    "respondents.received": gettext_lazy("Fichier de répondants reçu"),
    "respondents.mapped": gettext_lazy("Colonnes et questions mises en correspondance"),
    "respondents.treated": gettext_lazy("Traitement des anomalies choisi"),
    "respondents.described": gettext_lazy("Spécification enregistrée"),
    "respondents.downloaded": gettext_lazy("Fichier de répondants téléchargé"),
    "respondents.destroyed": gettext_lazy("Fichier de répondants détruit"),
    "release.computed": gettext_lazy("Publication calculée"),
    "release.submitted": gettext_lazy("Publication soumise à relecture"),
    "release.taken_back": gettext_lazy("Publication reprise avant relecture"),
    "release.sent_back": gettext_lazy("Publication renvoyée"),
    "release.published": gettext_lazy("Publication approuvée et publiée"),
    "release.withdrawn": gettext_lazy("Publication retirée"),
    "release.discarded": gettext_lazy("Brouillon de publication abandonné"),
    **debates_wording.EVENTS,
}
FIELDS: Mapping[str, _StrPromise] = {
    **debates_wording.FIELDS,
    "wave": gettext_lazy("Vague"),
    "rows": gettext_lazy("Répondants"),
    "sha256": gettext_lazy("Empreinte SHA-256"),
    "dropped": gettext_lazy("Colonnes écartées"),
    "destroy_on": gettext_lazy("À détruire le"),
    "answered": gettext_lazy("Colonnes qui répondent à une question"),
    "left_out": gettext_lazy("Colonnes laissées de côté"),
    "treatments": gettext_lazy("Traitements"),
    "specification": gettext_lazy("Empreinte de la spécification"),
    "checks": gettext_lazy("Empreinte des libellés et contrôles"),
    "content": gettext_lazy("Contenu"),
    "file": gettext_lazy("Fichier de répondants"),
    "fingerprint": gettext_lazy("Empreinte de la publication"),
    "state": gettext_lazy("État"),
    "number": gettext_lazy("Numéro"),
    "reason": gettext_lazy("Motif"),
}


def pipeline_history_in_words(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Put what was done with a file or a release in words."""
    return readable(list(lines), kinds=EVENTS, fields=FIELDS)


IDENTIFIERS: Mapping[IdentifierKind, _StrPromise] = {
    IdentifierKind.NAME: gettext_lazy("un nom de personne"),
    IdentifierKind.EMAIL: gettext_lazy("une adresse électronique"),
    IdentifierKind.PHONE: gettext_lazy("un numéro de téléphone"),
    IdentifierKind.ADDRESS: gettext_lazy("une adresse postale"),
    IdentifierKind.NETWORK: gettext_lazy("une adresse de réseau (IP)"),
    IdentifierKind.NUMBER: gettext_lazy("un numéro qui désigne une personne"),
    IdentifierKind.BIRTH: gettext_lazy("une date de naissance"),
}


def identifier_in_words(found: Identifier) -> str:
    """Say what a column seems to hold; the answer itself is not repeated."""
    kind = IDENTIFIERS[found.kind]
    if found.row is None:
        return _("« %(column)s » : d’après son nom, %(kind)s") % {
            "column": found.column,
            "kind": kind,
        }
    return _("« %(column)s » : ligne %(row)s, %(kind)s") % {
        "column": found.column,
        "row": found.row,
        "kind": kind,
    }


_CODING: Mapping[CodingProblem, _StrPromise] = {
    CodingProblem.COLUMN: gettext_lazy("Le fichier n’a pas de colonne « %(column)s »."),
    CodingProblem.TARGET: gettext_lazy(
        "« %(target)s », à quoi répondrait « %(column)s », n’est pas une question de la vague."
    ),
    CodingProblem.TWICE: gettext_lazy(
        "« %(target)s » est donné par deux colonnes : « %(column)s » et « %(other)s ». Gardez-en "
        "une."
    ),
    CodingProblem.VALUE: gettext_lazy(
        "« %(column)s », ligne %(row)s : la valeur « %(value)s » ne correspond à aucune réponse de "
        "« %(target)s ». Dites à laquelle elle correspond : %(allowed)s."
    ),
    CodingProblem.ANSWER: gettext_lazy(
        "« %(column)s » : « %(value)s » est dite correspondre à « %(answer)s », qui n’est pas une "
        "réponse de « %(target)s ». Ses réponses : %(allowed)s."
    ),
    CodingProblem.NAME: gettext_lazy(
        "« %(target)s » ne peut pas être le nom de « %(column)s ». Écrivez des minuscules sans "
        "accent, des chiffres et « _ », et un autre nom que celui d’une question."
    ),
    CodingProblem.EMPTY: gettext_lazy(
        "Aucune colonne ne répond à une question. Indiquez-en au moins une."
    ),
}


def coding_in_words(fault: CodingFault) -> str:
    """Say which column or value stands for nothing, and how to mend it."""
    return str(_CODING[fault.problem]) % fault.values


_SURVEY: Mapping[SurveyProblem, _StrPromise] = {
    SurveyProblem.COLUMN: gettext_lazy("Une colonne demandée manque, ou son titre ne peut servir"),
    SurveyProblem.FRAME: gettext_lazy("Le contenu n’est pas un tableau"),
    SurveyProblem.EMPTY: gettext_lazy("Le fichier n’a aucune ligne"),
    SurveyProblem.TYPE: gettext_lazy(
        "Une colonne mélange nombres et textes, ou n’est pas du type attendu"
    ),
    SurveyProblem.VALUE: gettext_lazy("Une valeur ne peut être utilisée"),
    SurveyProblem.LEVEL: gettext_lazy("Une réponse n’est pas parmi celles qui sont prévues"),
    SurveyProblem.ENCODING: gettext_lazy("Les textes ne sont pas dans l’encodage indiqué"),
    SurveyProblem.TRUNCATED: gettext_lazy("Le fichier est coupé : sa fin manque"),
    SurveyProblem.FORMAT: gettext_lazy("Le fichier est abîmé, ou d’un format inconnu"),
    SurveyProblem.WEIGHT_MISSING: gettext_lazy("Un répondant n’a pas de poids"),
    SurveyProblem.WEIGHT_NOT_NUMBER: gettext_lazy("Un poids n’est pas un nombre"),
    SurveyProblem.WEIGHT_NOT_POSITIVE: gettext_lazy("Un poids est nul ou négatif"),
    SurveyProblem.DESIGN_MISSING: gettext_lazy("Une donnée du plan de sondage manque"),
    SurveyProblem.CLUSTERS_NOT_NESTED: gettext_lazy("Une grappe est dans plusieurs strates"),
    SurveyProblem.POPULATION_SIZE: gettext_lazy("Une taille de population ne convient pas"),
    SurveyProblem.LONELY_UNIT: gettext_lazy("Une strate n’a qu’une unité tirée"),
    SurveyProblem.REPLICATES: gettext_lazy("Les poids répliqués ne conviennent pas"),
    SurveyProblem.DEGREES_OF_FREEDOM: gettext_lazy("Il ne reste pas de degré de liberté"),
    SurveyProblem.MARGIN_MISSING: gettext_lazy(
        "Une catégorie de l’échantillon manque dans les marges"
    ),
    SurveyProblem.MARGIN_ABSENT: gettext_lazy("Une catégorie des marges n’a aucun répondant"),
    SurveyProblem.MARGIN_UNKNOWN: gettext_lazy(
        "Une variable ou une catégorie des marges est inconnue"
    ),
    SurveyProblem.MARGIN_TOTAL: gettext_lazy("Le total d’une marge ne convient pas"),
    SurveyProblem.MARGIN_SUMS: gettext_lazy("Les marges n’ont pas toutes la même somme"),
    SurveyProblem.BOUNDS: gettext_lazy("Les bornes des poids ne conviennent pas"),
    SurveyProblem.NOT_CONVERGED: gettext_lazy("Le calage n’atteint pas les marges"),
    SurveyProblem.DESIGN_EFFECT: gettext_lazy("L’effet de plan dépasse la limite fixée"),
    SurveyProblem.EMPTY_DOMAIN: gettext_lazy("Personne n’est dans le domaine demandé"),
    SurveyProblem.REQUEST: gettext_lazy("Ce qui est demandé ne peut être calculé ainsi"),
    SurveyProblem.ZERO_DENOMINATOR: gettext_lazy("Un dénominateur est nul"),
    SurveyProblem.MOMENTS: gettext_lazy("Les sommes fournies ne suffisent pas"),
}
#: The facts of a refusal that a person can look up in the file, in the order of a sentence.
_FACTS: Mapping[str, _StrPromise] = {
    "line": gettext_lazy("ligne %s"),
    "row": gettext_lazy("ligne %s"),
    "column": gettext_lazy("colonne « %s »"),
    "variable": gettext_lazy("variable « %s »"),
    "margin": gettext_lazy("marge « %s »"),
    "category": gettext_lazy("catégorie « %s »"),
    "level": gettext_lazy("catégorie « %s »"),
    "value": gettext_lazy("valeur « %s »"),
    "encoding": gettext_lazy("encodage « %s »"),
    "file": gettext_lazy("fichier « %s »"),
}


def refusal_in_words(error: SurveyError) -> str:
    """Say why a file or a computation is refused, with the row and the column where known."""
    if isinstance(error, InventedRespondentsError):
        return _(
            "La colonne « %(column)s » dit que ces répondants sont inventés par un générateur. "
            "Seule une vague synthétique les reçoit : c’est ce qui fait dire partout qu’ils le "
            "sont."
        ) % {"column": error.values["column"]}
    facts = [
        str(words) % error.values[name] for name, words in _FACTS.items() if error.values.get(name)
    ]
    sentence = str(_SURVEY[error.problem])
    return f"{sentence} ({', '.join(facts)})." if facts else f"{sentence}."


_SPECIFICATION: Mapping[Problem, _StrPromise] = {
    RecordProblem.NOT_YAML: gettext_lazy(
        "ce n’est pas du YAML (l’analyseur dit « %(fact)s »). Corrigez cette ligne."
    ),
    RecordProblem.REPEATED_KEY: gettext_lazy("« %(key)s » est écrit deux fois. Gardez-en un."),
    RecordProblem.MISSING: gettext_lazy("ce champ manque. Ajoutez-le."),
    RecordProblem.NOT_ALLOWED: gettext_lazy(
        "« %(given)s » n’est pas permis. Écrivez %(expected)s."
    ),
    RecordProblem.UNSUITED: gettext_lazy(
        "« %(given)s » ne convient pas (%(fact)s). Corrigez la valeur."
    ),
    SpecificationProblem.UNKNOWN_KEY: gettext_lazy(
        "« %(given)s » n’est pas une clé d’ici. Les clés : %(allowed)s."
    ),
    SpecificationProblem.TWICE: gettext_lazy(
        "le nom « %(given)s » est donné deux fois. Donnez à chacun le sien."
    ),
    SpecificationProblem.REFERENCE: gettext_lazy(
        "« %(given)s » n’est aucun de ceux-ci : %(allowed)s."
    ),
    SpecificationProblem.NOT_LEVEL: gettext_lazy(
        "« %(given)s » n’est pas une réponse possible. Écrivez un mot, un nombre, true ou false."
    ),
    SpecificationProblem.NOT_NUMBER: gettext_lazy(
        "« %(given)s » n’est pas un nombre. Écrivez-en un, avec un point pour les décimales."
    ),
    SpecificationProblem.ENCODING: gettext_lazy(
        "« %(given)s » n’est pas un encodage. Écrivez utf-8 ou windows-1252."
    ),
    SpecificationProblem.DEGREES: gettext_lazy(
        "« %(given)s » n’est pas une règle. Écrivez psu-strata, design, infinite ou un nombre "
        "positif."
    ),
    SpecificationProblem.MARGINS: gettext_lazy("les marges manquent. Écrivez `margins`."),
    SpecificationProblem.COLUMN: gettext_lazy(
        "il n’y a pas de colonne « %(given)s » dans les données. Les colonnes : %(allowed)s."
    ),
    SpecificationProblem.LEVEL: gettext_lazy(
        "« %(given)s » n’est pas une réponse de « %(column)s ». Ses réponses : %(allowed)s."
    ),
}


def problem_in_words(problem: FileProblem) -> str:
    """Say where a specification is wrong; in the words of the library where it alone can tell."""
    fault = problem.fault
    words = _SPECIFICATION.get(fault.problem) if fault is not None else None
    fact = str(words) % fault.values if words is not None and fault else problem.message
    where = problem.place
    if where.startswith("line "):
        number, _comma, rest = where.removeprefix("line ").partition(",")
        where = _("ligne %(number)s") % {"number": number} + (f", {rest.strip()}" if rest else "")
    return _("%(place)s : %(fact)s") % {"place": where, "fact": fact}


#: What the library names by a code, in the words of a reader.
_METHODS: Mapping[str, _StrPromise] = {
    "raking": gettext_lazy("sur marges, par ajustements successifs (raking)"),
    "linear": gettext_lazy("sur marges, linéaire"),
    "logit": gettext_lazy("sur marges, borné (logit)"),
    "poststratify": gettext_lazy("post-stratification"),
}
_ERRORS: Mapping[str, _StrPromise] = {
    StandardError.DESIGN: gettext_lazy("linéarisation, poids de sondage"),
    StandardError.CALIBRATED: gettext_lazy("linéarisation, résidus du calage"),
    StandardError.FIXED: gettext_lazy("linéarisation, poids calés tenus pour fixes"),
    StandardError.REPLICATES: gettext_lazy("poids de réplication"),
    StandardError.REPLICATES_CALIBRATED: gettext_lazy("poids de réplication, chacun calé"),
    StandardError.REPLICATES_FIXED: gettext_lazy(
        "poids de réplication, poids calés tenus pour fixes"
    ),
}
_DEGREES: Mapping[str, _StrPromise] = {
    DfRule.DOMAIN: gettext_lazy("degrés de liberté : unités du domaine, moins ses strates"),
    DfRule.DESIGN: gettext_lazy("degrés de liberté : unités de l’échantillon, moins les strates"),
}
_ADJUSTMENTS: Mapping[str, _StrPromise] = {
    Adjustment.HOLM: gettext_lazy("corrigés (Holm)"),
    Adjustment.BH: gettext_lazy("corrigés (Benjamini et Hochberg)"),
    Adjustment.NONE: gettext_lazy("non corrigés"),
}


@dataclass(frozen=True, slots=True)
class Computing:
    """How a release was computed, in words."""

    method: str
    error: str
    degrees: str
    adjustment: str


def computing_in_words(head: Head) -> Computing:
    """Say how a release was computed; a code of another version stays as it is."""
    told = head.provenance

    def words(labels: Mapping[str, _StrPromise], code: str) -> str:
        return str(labels.get(code, code))

    return Computing(
        method=words(_METHODS, head.weighting.method),
        error=words(_ERRORS, told.standard_error),
        degrees=words(_DEGREES, told.degrees_rule),
        adjustment=words(_ADJUSTMENTS, told.adjustment),
    )
