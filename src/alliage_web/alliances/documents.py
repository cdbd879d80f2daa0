"""Files of alliances: the export, the template of the import, and the uploads that wait."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import openpyxl
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from alliage.alliances.tabular import COLUMNS, EXAMPLE_ID
from alliage.values.cells import neutralise, write_csv

from .queries.tabular import export_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.utils.functional import _StrPromise
    from openpyxl import Workbook

__all__ = ["WRITERS", "attachment", "discard", "discard_old", "export_rows", "keep", "kept",
           "template"]  # fmt: skip

MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

#: What each column of the import holds, for the person who fills it.
MEANINGS: Mapping[str, _StrPromise] = {
    "identifiant": gettext_lazy(
        "Identifiant durable : minuscules, chiffres et « _ ». Il distingue une mise à jour d’une "
        "création."
    ),
    "titre": gettext_lazy("Titre, 200 caractères au plus."),
    "titre_en": gettext_lazy("Titre anglais."),
    "forme": gettext_lazy("Forme de l’alliance en quelques mots."),
    "resume": gettext_lazy("Ce qu’elle est, en deux ou trois phrases."),
    "resume_en": gettext_lazy("Le même résumé en anglais."),
    "pourquoi": gettext_lazy("Le besoin et le point de départ."),
    "a_reprendre": gettext_lazy("Ce que d’autres peuvent reprendre."),
    "etape": gettext_lazy("Étape : émergence, modélisation ou déploiement."),
    "debut": gettext_lazy("Première année, premier mois ou premier jour."),
    "fin": gettext_lazy("Dernière année, dernier mois ou dernier jour, si elle est finie."),
    "fait_partie_de": gettext_lazy("Identifiant de l’alliance dont elle est une composante."),
    "objectifs": gettext_lazy("Codes ou libellés des quatre objectifs."),
    "natures_impact": gettext_lazy("Codes ou libellés des natures d’impact."),
    "domaines": gettext_lazy("Codes ou libellés des domaines."),
    "odd": gettext_lazy("Numéros des objectifs de développement durable."),
    "cibles_odd": gettext_lazy("Codes officiels de leurs cibles."),
    "territoires": gettext_lazy(
        "Territoires par niveau et code ; un code seul de cinq caractères est celui d’une commune."
    ),
    "precision_territoire": gettext_lazy("Où, quand aucun territoire officiel ne convient."),
    "parties": gettext_lazy("Parties prenantes : nom, monde entre crochets, rôle."),
    "chronologie": gettext_lazy("Dates : quand, deux-points, ce qui s’est passé."),
    "resultats": gettext_lazy(
        "Résultats : quoi, le chiffre et son unité, ce qu’on en sait entre crochets."
    ),
    "enseignements": gettext_lazy("Ce qui a été appris."),
    "sources": gettext_lazy("D’où cela vient : document, page, entretien."),
}


def csv_file(rows: Iterable[list[str]]) -> bytes:
    """Write a CSV file that French spreadsheets open by a double click."""
    return write_csv(rows).encode("utf-8-sig")


def xlsx_file(rows: Iterable[list[str]]) -> bytes:
    """Write a workbook with one sheet."""
    book = openpyxl.Workbook(write_only=True)
    _fill(book.create_sheet("alliances"), rows, widths=_widths())
    return _bytes(book)


WRITERS: Mapping[str, Callable[[Iterable[list[str]]], bytes]] = {
    "csv": csv_file,
    "xlsx": xlsx_file,
}


def template(extension: str) -> bytes:
    """Write an empty import with its example row; a workbook also describes the columns."""
    example = {column.name: column.example for column in COLUMNS} | {"identifiant": EXAMPLE_ID}
    rows = [[column.name for column in COLUMNS], [example[column.name] for column in COLUMNS]]
    if extension == "csv":
        return csv_file(rows)
    book = openpyxl.Workbook(write_only=True)
    _fill(book.create_sheet("alliances"), rows, widths=_widths())
    _fill(book.create_sheet(_("colonnes")), _descriptions(), widths=[24, 14, 14, 60, 60])
    return _bytes(book)


def _descriptions() -> list[list[str]]:
    header = [
        _("Colonne"),
        _("Obligatoire"),
        _("Plusieurs"),
        _("Ce qu’elle contient"),
        _("Exemple"),
    ]
    return [header] + [
        [
            column.name,
            _("oui") if column.required else _("non"),
            _("oui, séparés par « | »") if column.several else _("non"),
            str(MEANINGS[column.name]),
            column.example,
        ]
        for column in COLUMNS
    ]


def _widths() -> list[int]:
    return [44 if column.limit > 200 or column.several else 26 for column in COLUMNS]


def _fill(sheet: Any, rows: Iterable[list[str]], *, widths: list[int]) -> None:
    sheet.freeze_panes = "B2"
    for rank, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(rank)].width = width
    for number, row in enumerate(rows, start=1):
        line = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=_allowed(neutralise(text)))
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if number == 1:
                cell.font = Font(bold=True)
            line.append(cell)
        sheet.append(line)


_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST_CELL = 32_767


def _allowed(text: str) -> str:
    """Leave out what the format of a workbook cannot hold."""
    return _FORBIDDEN.sub("", text)[:_LONGEST_CELL]


def _bytes(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def attachment(content: bytes, name: str) -> HttpResponse:
    """Answer with a file to save."""
    response = HttpResponse(content, content_type=MEDIA_TYPES[name.rpartition(".")[2]])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# Uploads that wait between the preview and the confirmation. The media folder is never served.

_FOLDER = "imports"
_WAIT = dt.timedelta(hours=24)


def keep(content: bytes) -> str:
    """Keep an upload under a name that nobody can guess, and return the name."""
    return default_storage.save(f"{_FOLDER}/{uuid4().hex}", ContentFile(content)).rpartition("/")[2]


def kept(name: str) -> bytes | None:
    """Return an upload that was kept, unless it was discarded since."""
    path = f"{_FOLDER}/{name}"
    if not re.fullmatch(r"[0-9a-f]{32}", name) or not default_storage.exists(path):
        return None
    with default_storage.open(path) as file:
        content: bytes = file.read()
    return content


def discard(name: str) -> None:
    default_storage.delete(f"{_FOLDER}/{name}")


def discard_old(*, now: dt.datetime) -> None:
    """Discard the uploads that nobody confirmed within a day."""
    if not default_storage.exists(_FOLDER):
        return
    for name in default_storage.listdir(_FOLDER)[1]:
        if default_storage.get_modified_time(f"{_FOLDER}/{name}") < now - _WAIT:
            discard(name)
