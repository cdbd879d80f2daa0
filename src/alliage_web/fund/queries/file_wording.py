"""The words of the interface for what is wrong in a YAML file: where, what, and what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.applications.eligibility import RuleProblem
from alliage.fund.applications.form_specification import FormProblem
from alliage.fund.conditions import ConditionProblem
from alliage.fund.instruction.scoring import GridProblem
from alliage.values.yaml_files import RecordProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.values.yaml_files import Fault, FileProblem, InvalidFilesError, Problem

#: In the words of the library, with the names of its values. The words of the formats stay as the
#: file writes them.
PROBLEMS: Mapping[Problem, _StrPromise] = {
    RecordProblem.UNREADABLE: gettext_lazy(
        "Le fichier ne peut pas être lu : %(fact)s. Donnez un fichier en UTF-8."
    ),
    RecordProblem.NOT_YAML: gettext_lazy("Ce n’est pas du YAML : %(fact)s. Corrigez cette ligne."),
    RecordProblem.REPEATED_KEY: gettext_lazy("« %(key)s » est écrit deux fois. Gardez-en un."),
    RecordProblem.MISSING: gettext_lazy("ce champ manque. Ajoutez-le."),
    RecordProblem.UNKNOWN_FIELD: gettext_lazy(
        "ce champ n’existe pas dans ce format. Retirez-le, ou corrigez son nom."
    ),
    RecordProblem.NOT_ALLOWED: gettext_lazy(
        "« %(given)s » n’est pas permis. Écrivez %(expected)s."
    ),
    RecordProblem.UNSUITED: gettext_lazy(
        "« %(given)s » ne convient pas (%(fact)s). Corrigez la valeur."
    ),
    ConditionProblem.UNKNOWN_FACT: gettext_lazy(
        "« %(fact)s » n’est pas un fait connu. Les faits : %(known)s."
    ),
    ConditionProblem.UNSUITED_TEST: gettext_lazy(
        "« %(asked)s » ne convient pas à « %(fact)s », de nature « %(kind)s ». Demandez "
        "%(allowed)s."
    ),
    ConditionProblem.NOT_A_CODE: gettext_lazy("« %(value)s » n’est pas un code. Écrivez un texte."),
    ConditionProblem.NOT_A_NUMBER: gettext_lazy(
        "« %(value)s » n’est pas un nombre. Écrivez-en un, sans guillemets."
    ),
    ConditionProblem.NOT_YES_OR_NO: gettext_lazy(
        "« %(value)s » ne dit ni oui ni non. Écrivez true ou false."
    ),
    ConditionProblem.UNKNOWN_CODE: gettext_lazy(
        "« %(value)s » n’est pas un code de « %(fact)s ». Écrivez l’un de ceux-ci : %(known)s."
    ),
    ConditionProblem.FACT_AND_QUESTION: gettext_lazy(
        "la condition nomme un `fact` et une `question`. Gardez l’un des deux."
    ),
    ConditionProblem.MIXED: gettext_lazy(
        "la condition en compose d’autres et dit autre chose. Écrivez `not`, `all` ou `any` seul."
    ),
    ConditionProblem.NOT_ONE_TEST: gettext_lazy(
        "ce n’est pas un seul test d’un seul fait. Écrivez son nom et l’un de ces mots : equals, "
        "one_of, within, at_least, at_most ; ou `not`, `all` ou `any` seul."
    ),
    RuleProblem.REPEATED_ID: gettext_lazy(
        "« %(id)s » nomme plusieurs règles. Donnez à chacune le sien."
    ),
    FormProblem.SETTING_OF_ANOTHER_KIND: gettext_lazy(
        "« %(setting)s » n’est pas un réglage de « %(kind)s », qui prend %(takes)s. Retirez-le."
    ),
    FormProblem.TAKES_NO_SETTING: gettext_lazy(
        "« %(setting)s » n’est pas un réglage de « %(kind)s », qui n’en prend aucun. Retirez-le."
    ),
    FormProblem.SETTING_MISSING: gettext_lazy(
        "la question est de nature « %(kind)s » et n’a pas « %(setting)s ». Ajoutez `%(setting)s:`."
    ),
    FormProblem.BOUNDS_REVERSED: gettext_lazy(
        "le minimum, %(minimum)s, dépasse le maximum, %(maximum)s. Corrigez l’un des deux."
    ),
    FormProblem.OPTION_REPEATED: gettext_lazy(
        "parmi les options %(codes)s, un code est écrit deux fois. Gardez chacun une fois."
    ),
    FormProblem.COLUMN_REPEATED: gettext_lazy(
        "parmi les colonnes %(codes)s, un code est écrit deux fois. Gardez chacun une fois."
    ),
    FormProblem.NOT_IN_A_CELL: gettext_lazy(
        "une question « %(kind)s » ne tient pas dans une case. Posez-la hors du tableau."
    ),
    FormProblem.HELP_IN_ONE_LANGUAGE: gettext_lazy(
        "l’aide est dans une seule langue. Ajoutez l’autre, ou retirez-la."
    ),
    FormProblem.SECTION_REPEATED: gettext_lazy(
        "« %(code)s » est le code d’une autre section. Choisissez-en un autre."
    ),
    FormProblem.QUESTION_REPEATED: gettext_lazy(
        "« %(code)s » est le code d’une autre question. Choisissez-en un autre."
    ),
    FormProblem.DEPENDS_ON_ITSELF: gettext_lazy(
        "« %(asked)s » dépend d’elle-même. Nommez une question qui vient avant."
    ),
    FormProblem.COMES_LATER: gettext_lazy(
        "« %(asked)s » vient plus loin, ou tourne en rond. Placez-la avant « %(question)s », ou "
        "retirez la condition."
    ),
    FormProblem.NO_QUESTION: gettext_lazy(
        "« %(asked)s » n’est pas une question de ce formulaire. Celles qui viennent avant : "
        "%(earlier)s."
    ),
    FormProblem.NO_EARLIER_QUESTION: gettext_lazy(
        "« %(asked)s » n’est pas une question de ce formulaire, et aucune ne vient avant celle-ci. "
        "Retirez la condition."
    ),
    FormProblem.SEVERAL_ANSWERS: gettext_lazy(
        "« %(asked)s » a une réponse par partie, et une condition en lit une seule. Nommez une "
        "question d’une section remplie par le chef de file (lead) ou ensemble (together)."
    ),
    FormProblem.UNSUITED_QUESTION_TEST: gettext_lazy(
        "« %(test)s » ne convient pas à « %(question)s », de nature « %(kind)s » : une condition "
        "peut lui demander %(allowed)s."
    ),
    FormProblem.NO_TEST_SUITS: gettext_lazy(
        "« %(test)s » ne convient pas à « %(question)s », de nature « %(kind)s » : aucune "
        "condition ne peut la lire. Nommez une autre question."
    ),
    FormProblem.NO_OPTION: gettext_lazy(
        "« %(value)s » n’est pas une option de « %(question)s ». Écrivez l’une de celles-ci : "
        "%(options)s."
    ),
    FormProblem.NO_YES_OR_NO: gettext_lazy(
        "« %(value)s » ne répond pas à « %(question)s ». Écrivez true ou false."
    ),
    FormProblem.NO_NUMBER: gettext_lazy(
        "« %(value)s » n’est pas le nombre que « %(question)s » demande. Écrivez un nombre."
    ),
    GridProblem.SCALE_BROKEN: gettext_lazy(
        "les niveaux %(points)s ne se suivent pas. Écrivez chaque niveau, du plus bas au plus haut."
    ),
    GridProblem.GAP_TOO_WIDE: gettext_lazy(
        "un écart de %(gap)s dépasse l’échelle (%(width)s). Écrivez %(width)s ou moins."
    ),
    GridProblem.CRITERION_REPEATED: gettext_lazy(
        "le critère « %(code)s » est écrit %(times)s fois. Gardez-en un."
    ),
    GridProblem.ANCHORS_INCOMPLETE: gettext_lazy(
        "les repères de « %(criterion)s » ne décrivent pas chaque niveau, de %(low)s à %(high)s, "
        "dans l’ordre. Complétez-les."
    ),
    GridProblem.NEVER_TELLS_APART: gettext_lazy(
        "« %(setting)s » de « %(criterion)s » vaut toujours ou jamais sur une échelle de %(low)s à "
        "%(high)s. Corrigez-le."
    ),
}

#: What a value has to be, by the type of the error of pydantic.
_UNSUITED: Mapping[str, _StrPromise] = {
    "string_type": gettext_lazy("un texte est attendu. Mettez-le entre guillemets."),
    "string_too_short": gettext_lazy(
        "le texte est trop court, ou vide. Longueur la plus courte : %(min_length)s."
    ),
    "string_too_long": gettext_lazy("le texte est trop long : %(max_length)s caractères au plus."),
    "string_pattern_mismatch": gettext_lazy(
        "« %(given)s » n’a pas la forme attendue : %(pattern)s. Corrigez la valeur."
    ),
    "int_type": gettext_lazy("un nombre entier est attendu, sans guillemets."),
    "int_from_float": gettext_lazy("un nombre entier est attendu, sans virgule."),
    "bool_type": gettext_lazy("écrivez true ou false, sans guillemets."),
    "decimal_type": gettext_lazy("un nombre est attendu."),
    "decimal_parsing": gettext_lazy("« %(given)s » n’est pas un nombre. Écrivez-en un."),
    "greater_than": gettext_lazy("« %(given)s » est trop petit : plus de %(gt)s."),
    "greater_than_equal": gettext_lazy("« %(given)s » est trop petit : %(ge)s au moins."),
    "less_than": gettext_lazy("« %(given)s » est trop grand : moins de %(lt)s."),
    "less_than_equal": gettext_lazy("« %(given)s » est trop grand : %(le)s au plus."),
    "tuple_type": gettext_lazy(
        "une liste est attendue : chaque élément sur sa ligne, après un « - »."
    ),
    "too_short": gettext_lazy(
        "la liste est trop courte (%(actual_length)s) : %(min_length)s au moins."
    ),
    "too_long": gettext_lazy(
        "la liste est trop longue (%(actual_length)s) : %(max_length)s au plus."
    ),
    "model_type": gettext_lazy("des champs sont attendus ici, écrits « nom: valeur »."),
}

#: What the parser of YAML says most often.
_PARSER: Mapping[str, _StrPromise] = {
    "mapping values are not allowed here": gettext_lazy(
        "un « : » est de trop ici, ou le texte qui le contient doit être entre guillemets"
    ),
    "mapping values are not allowed in this context": gettext_lazy(
        "un « : » est de trop ici, ou le texte qui le contient doit être entre guillemets"
    ),
    "could not find expected ':'": gettext_lazy("le « : » qui suit un nom de champ manque"),
    "did not find expected key": gettext_lazy(
        "un nom de champ est attendu ici, aligné avec les autres"
    ),
    "did not find expected '-' indicator": gettext_lazy(
        "un élément de liste est attendu ici, après un « - » aligné avec les autres"
    ),
    "found unexpected end of stream": gettext_lazy("un guillemet ou un crochet n’est pas refermé"),
    "found character that cannot start any token": gettext_lazy(
        "une tabulation ou un signe réservé est au début de la valeur"
    ),
    "control characters are not allowed": gettext_lazy("un caractère de contrôle n’est pas permis"),
}

_LINE = re.compile(r"line (\d+)(?:, column (\d+))?(?=$|,| )")
_ENTRY = re.compile(r"\bentry (\d+)\b")


def file_problems_in_words(error: InvalidFilesError) -> list[str]:
    """Say everything that is wrong in a file, each problem with its line and its field."""
    return [
        _("%(place)s : %(message)s")
        % {"place": place_in_words(one.place), "message": problem_in_words(one)}
        for one in error.problems
    ]


def place_in_words(place: str) -> str:
    """Name a place of a file: its line, then the fields that lead to it, as the file names them."""
    if place.endswith("whole record"):
        place = place.removesuffix("whole record") + _("tout le fichier")
    elif place == "file":
        place = _("fichier")
    return _ENTRY.sub(
        lambda found: _("élément %(number)s") % {"number": found[1]}, _LINE.sub(_line, place)
    )


def _line(found: re.Match[str]) -> str:
    line, column = found.groups()
    if column:
        return _("ligne %(line)s, colonne %(column)s") % {"line": line, "column": column}
    return _("ligne %(line)s") % {"line": line}


def problem_in_words(problem: FileProblem) -> str:
    """Say what is wrong, and what to write; the library's sentence where it alone can tell."""
    fault = problem.fault
    if fault is None:
        return problem.message
    if fault.problem is RecordProblem.UNSUITED:
        return _unsuited(fault)
    values = dict(fault.values)
    if fault.problem is RecordProblem.NOT_YAML:
        fact = values["fact"]
        said = _PARSER.get(fact)
        values["fact"] = str(said) if said else _("l’analyseur dit « %(fact)s »") % {"fact": fact}
    if fault.problem is RecordProblem.NOT_ALLOWED:
        values["expected"] = values["expected"].replace(" or ", _(" ou "))
    return str(PROBLEMS[fault.problem]) % values


def _unsuited(fault: Fault) -> str:
    sentence = _UNSUITED.get(fault.values.get("type", ""), PROBLEMS[RecordProblem.UNSUITED])
    return str(sentence) % fault.values
