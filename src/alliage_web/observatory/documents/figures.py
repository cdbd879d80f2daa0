"""The figures of documents as a table and as files; what is kept inside is in none of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from alliage.values.cells import write_csv
from alliage_web.ui.citations import cited
from alliage_web.ui.components import Cell, Column, DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage_web.observatory.queries.figures import FigureRow

LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
#: Codes, so that programs read the same in every language.
_CODES = (
    *("code", "theme", "question", "study", "wave", "population", "statistic", "item", "level"),
    *("answer", "unit", "operator", "reading", "margin"),
)


def document_table(figures: Sequence[FigureRow], *, caption: str) -> DataTable:
    """Return what documents state; they give no margin."""
    return DataTable(
        caption=caption,
        columns=(
            Column(_("Énoncé")),
            Column(_("De qui")),
            Column(_("Vague")),
            Column(_("Valeur"), numeric=True),
            Column(_("Marge"), numeric=True),
            Column(_("Lecture du document")),
            Column(_("Document")),
        ),
        rows=tuple(
            (
                Cell(one.label, one.url),
                one.group_label or _("ensemble"),
                one.wave_label or _("non connue"),
                one.text,
                one.margin,
                one.reading_label,
                cited(one.source),
            )
            for one in figures
        ),
        note=_(
            "« n/a » : les documents ne donnent pas le plan de sondage dont une marge d’erreur se "
            "calcule."
        ),
    )


def figures_file(rows: Sequence[FigureRow], extension: str, *, root: str) -> HttpResponse:
    """Return the figures as CSV or JSON; ``root`` begins their addresses."""
    response = HttpResponse(content_type=MEDIA_TYPES[extension])
    response["Content-Disposition"] = f'attachment; filename="chiffres.{extension}"'
    response["X-Robots-Tag"] = "noindex"
    published = [row for row in rows if not row.withheld]
    if extension == "csv":
        response.write("\N{BYTE ORDER MARK}" + _csv(published, root))
    else:
        response.write(_json(published, root))
    return response


def _csv(rows: Sequence[FigureRow], root: str) -> str:
    header = [
        *_CODES,
        "group",
        "label",
        "value",
        "low",
        "high",
        "text",
        "note",
        "source",
        "disagreements",
        "url",
    ]
    lines = [
        [
            *(str(getattr(row, name)) for name in _CODES),
            " ; ".join(f"{name}={code}" for name, code in row.group),
            row.label,
            *("" if each is None else f"{each:f}" for each in (row.value, row.low, row.high)),
            row.text,
            row.note,
            row.source,
            ", ".join(each.code for each in row.disagreements),
            root + row.url,
        ]
        for row in rows
    ]
    return write_csv([header, *lines])


def _json(rows: Sequence[FigureRow], root: str) -> str:
    content = {
        "about": _(
            "Chiffres que des documents énoncent : aucun n’est calculé sur des répondants, et "
            "aucun n’a de marge d’erreur."
        ),
        "licence": LICENCE,
        "figures": [_plain(row, root) for row in rows],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def _plain(row: FigureRow, root: str) -> dict[str, Any]:
    numbers = {
        name: None if each is None else float(each)
        for name, each in (("value", row.value), ("low", row.low), ("high", row.high))
    }
    return {
        **{name: getattr(row, name) for name in _CODES},
        "group": dict(row.group),
        "label": row.label,
        **numbers,
        "text": row.text,
        "note": row.note,
        "source": row.source,
        "disagreements": [
            {
                "code": each.code,
                "title": each.title,
                "statements": [
                    {"text": said.text, "source": said.source} for said in each.statements
                ],
                "reading": each.reading,
            }
            for each in row.disagreements
        ],
        "url": root + row.url,
    }
