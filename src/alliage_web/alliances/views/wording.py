"""The words of the interface for what the library finds wrong in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.alliances.import_cells import CellFault
from alliage.values.tables import TableFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from alliage.alliances.tabular import CellProblem
    from alliage.values.tables import TableError

_SHOWN = 80

TABLE_FAULTS: Mapping[TableFault, _StrPromise] = {
    TableFault.EMPTY: gettext_lazy(
        "Le fichier ne contient aucune ligne. Il faut un en-tête et au moins une ligne."
    ),
    TableFault.TOO_LARGE: gettext_lazy(
        "Le fichier pèse %(value)s octets ; %(limit)s au plus sont lus. Partagez-le en plusieurs."
    ),
    TableFault.WRONG_TYPE: gettext_lazy(
        "Le contenu n’est ni un CSV ni un classeur XLSX, quel que soit le nom du fichier. Depuis "
        "votre tableur, enregistrez le tableau en XLSX ou en « CSV UTF-8 »."
    ),
    TableFault.UNPACKS_TOO_LARGE: gettext_lazy(
        "Une fois déplié, le classeur pèserait %(value)s octets ; %(limit)s au plus sont lus. "
        "Copiez le tableau seul dans un nouveau classeur."
    ),
    TableFault.TOO_MANY_PARTS: gettext_lazy(
        "Le classeur contient %(value)s fichiers ; %(limit)s au plus sont lus. Copiez le tableau "
        "seul dans un nouveau classeur."
    ),
    TableFault.ENTITIES: gettext_lazy(
        "Le classeur déclare des entités XML (%(value)s), ce qu’aucun tableur n’écrit : il est "
        "refusé. Ouvrez-le dans un tableur et enregistrez-le à nouveau."
    ),
    TableFault.DAMAGED: gettext_lazy(
        "Le classeur est abîmé ou incomplet. Ouvrez-le dans un tableur et enregistrez-le à nouveau."
    ),
    TableFault.ENCODING: gettext_lazy(
        "Le texte n’est ni en UTF-8 ni en Windows-1252. Enregistrez le tableau en « CSV UTF-8 »."
    ),
    TableFault.QUOTES: gettext_lazy(
        "La ligne %(row)s n’est pas du CSV : un guillemet n’est pas fermé. Fermez-le, et doublez "
        "les guillemets à l’intérieur d’une cellule."
    ),
    TableFault.TOO_MANY_ROWS: gettext_lazy(
        "Le tableau a plus de %(limit)s lignes. Partagez-le en plusieurs fichiers."
    ),
    TableFault.TOO_MANY_COLUMNS: gettext_lazy(
        "La ligne %(row)s a %(value)s colonnes ; %(limit)s au plus sont lues. Retirez les inutiles."
    ),
    TableFault.CELL_TOO_LONG: gettext_lazy(
        "Une cellule de la ligne %(row)s a %(value)s caractères ; %(limit)s au plus sont lus. "
        "Raccourcissez-la."
    ),
    TableFault.NO_SHEET: gettext_lazy(
        "Le classeur n’a aucune feuille de cellules. Mettez le tableau dans la première."
    ),
}

CELL_FAULTS: Mapping[CellFault, _StrPromise] = {
    CellFault.MISSING_COLUMN: gettext_lazy("la colonne manque. Ajoutez-la."),
    CellFault.UNKNOWN_COLUMN: gettext_lazy(
        "aucune colonne ne porte ce nom. Corrigez-le%(near)s, ou retirez la colonne."
    ),
    CellFault.REPEATED_COLUMN: gettext_lazy("la colonne est là deux fois. Gardez-en une."),
    CellFault.NO_ROW: gettext_lazy("aucune ligne sous l’en-tête. Il en faut une par alliance."),
    CellFault.BEYOND: gettext_lazy(
        "« %(value)s » est à droite de la dernière colonne. Retirez-le, ou nommez sa colonne."
    ),
    CellFault.REQUIRED: gettext_lazy(
        "la cellule est vide. Remplissez-la, par exemple : %(allowed)s."
    ),
    CellFault.TOO_LONG: gettext_lazy(
        "« %(value)s » est trop long. Écrivez %(allowed)s caractères au plus."
    ),
    CellFault.BAD_ID: gettext_lazy(
        "« %(value)s » n’est pas un identifiant (minuscules, chiffres et « _ »). Écrivez par "
        "exemple %(allowed)s."
    ),
    CellFault.EXAMPLE: gettext_lazy("c’est la ligne d’exemple du modèle. Retirez-la."),
    CellFault.REPEATED_ID: gettext_lazy(
        "« %(value)s » est déjà à la ligne %(allowed)s. Gardez une des deux."
    ),
    CellFault.EXISTING_ID: gettext_lazy(
        "« %(value)s » est déjà une alliance de la base. Changez l’identifiant, ou choisissez de "
        "mettre à jour."
    ),
    CellFault.NOT_YOURS: gettext_lazy(
        "« %(value)s » est une alliance que vous ne pouvez pas modifier. Retirez la ligne."
    ),
    CellFault.BAD_DATE: gettext_lazy("« %(value)s » n’est pas une date. Écrivez %(allowed)s."),
    CellFault.LOOSE_DATE: gettext_lazy(
        "« %(value)s » est trop imprécis ici. Écrivez par exemple %(allowed)s."
    ),
    CellFault.REVERSED_DATES: gettext_lazy(
        "« %(value)s » : la fin est avant le début%(than)s. Corrigez une date."
    ),
    CellFault.UNKNOWN_WORD: gettext_lazy("« %(value)s » n’est pas prévu. Écrivez : %(allowed)s."),
    CellFault.UNKNOWN_TERM: gettext_lazy(
        "« %(value)s » n’est pas un code connu. Écrivez : %(allowed)s."
    ),
    CellFault.REPEATED: gettext_lazy("« %(value)s » est là deux fois. Gardez-en un."),
    CellFault.BAD_PLACE: gettext_lazy(
        "« %(value)s » ne nomme aucun territoire. Écrivez par exemple %(allowed)s."
    ),
    CellFault.UNKNOWN_TERRITORY: gettext_lazy(
        "« %(value)s » n’est pas un territoire connu. Vérifiez son niveau et son code."
    ),
    CellFault.RETIRED_TERRITORY: gettext_lazy(
        "« %(value)s » est un code retiré. Écrivez %(allowed)s."
    ),
    CellFault.BAD_PARTY: gettext_lazy(
        "« %(value)s » ne dit pas le monde. Écrivez par exemple %(allowed)s."
    ),
    CellFault.BAD_EVENT: gettext_lazy(
        "« %(value)s » ne dit pas quand. Écrivez par exemple %(allowed)s."
    ),
    CellFault.BAD_OUTCOME: gettext_lazy(
        "« %(value)s » n’est pas un résultat. Écrivez par exemple %(allowed)s."
    ),
    CellFault.UNKNOWN_PARENT: gettext_lazy(
        "« %(value)s » n’est l’identifiant d’aucune alliance. Corrigez-le%(near)s, ou videz la "
        "cellule."
    ),
    CellFault.CIRCLE: gettext_lazy(
        "l’alliance ferait partie d’elle-même. Videz une des cellules du cercle."
    ),
}


def table_error_in_words(error: TableError) -> str:
    """Say why a whole file cannot be read."""
    said = {"row": error.row, "value": error.value, "limit": error.limit}
    return str(TABLE_FAULTS[error.fault]) % said


def problem_in_words(problem: CellProblem) -> str:
    """Say what is wrong with a cell: the fact, the value, what may be written."""
    allowed = ", ".join(problem.allowed)
    value = problem.value if len(problem.value) <= _SHOWN else problem.value[:_SHOWN] + "…"
    return str(CELL_FAULTS[problem.fault]) % {
        "value": value,
        "allowed": allowed,
        "near": _(" (« %(name)s » ?)") % {"name": allowed} if allowed else "",
        "than": f" ({allowed})" if allowed else "",
    }
