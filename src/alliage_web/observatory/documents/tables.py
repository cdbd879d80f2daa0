"""The cells of a table as files: a line for each, which says by itself where it comes from."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from alliage.values.cells import neutralise, write_csv
from alliage_web.observatory.models.catalogue import in_language

from .charts import synthetic_words
from .explored import cells_of, metadata, source_of
from .sentences import row_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alliage_web.observatory.queries.explorer import Explored

#: The columns of a file, the same whatever the language: files are read by programs too.
COLUMNS: Mapping[str, Any] = {
    "study": pl.String,
    "wave": pl.String,
    "release": pl.Int64,
    "fingerprint": pl.String,
    "synthetic": pl.Boolean,
    "population": pl.String,
    "question": pl.String,
    "question_label": pl.String,
    "measure": pl.String,
    "measure_label": pl.String,
    "item": pl.String,
    "statistic": pl.String,
    "level": pl.String,
    "breakdown": pl.String,
    "group": pl.String,
    "group_label": pl.String,
    "group_letter": pl.String,
    "unit": pl.String,
    "status": pl.String,
    "value": pl.Float64,
    "standard_error": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "confidence": pl.Float64,
    "respondents": pl.Int64,
    "effective": pl.Float64,
    "above": pl.String,
    "source": pl.String,
    "notice": pl.String,
}
_WIDTHS: Mapping[str, int] = {"question_label": 32, "measure_label": 32, "group_label": 30}
_MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def media_type(extension: str) -> str:
    """Return the media type of a file."""
    return _MEDIA_TYPES[extension]


def frame(state: Explored) -> pl.DataFrame:
    """Return one row for each cell of the question by the breakdown.

    What is not shown has no figure; its status says why.
    """
    head, release = state.head, state.release
    source = source_of(release)
    notice = synthetic_words() if head.synthetic else ""
    rows = [
        {
            "study": release.study,
            "wave": release.wave,
            "release": release.number,
            "fingerprint": release.fingerprint,
            "synthetic": head.synthetic,
            "population": head.population,
            "question": state.question.code,
            "question_label": in_language(*state.question.labels),
            "measure": measure.code,
            "measure_label": row_label(measure),
            "item": measure.item,
            "statistic": measure.statistic,
            "level": measure.level,
            "breakdown": state.breakdown.code,
            "group": group.code,
            "group_label": in_language(*group.labels),
            "group_letter": group.letter,
            "unit": measure.unit.value,
            "status": cell.status.value,
            "value": cell.value,
            "standard_error": cell.error,
            "low": cell.low,
            "high": cell.high,
            "confidence": head.provenance.level,
            "respondents": cell.respondents,
            "effective": cell.effective,
            "above": cell.above,
            "source": source,
            "notice": notice,
        }
        for measure, group, cell in cells_of(state)
    ]
    return pl.DataFrame(rows, schema=dict(COLUMNS))


def csv_file(state: Explored, _address: str) -> bytes:
    """Write the cells as CSV."""
    found = frame(state)
    rows = [[_text(one) for one in row] for row in found.iter_rows()]
    # Spreadsheets take the encoding from the mark at the beginning.
    return write_csv([list(COLUMNS), *rows]).encode("utf-8-sig")


def xlsx_file(state: Explored, address: str) -> bytes:
    """Write a workbook: the cells, then what they are and where they come from."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_("chiffres"))
    sheet.freeze_panes = "A2"
    for rank, name in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(rank)].width = _WIDTHS.get(name, 14)
    sheet.append([_head(sheet, name) for name in COLUMNS])
    for row in frame(state).iter_rows():
        sheet.append([neutralise(one) if isinstance(one, str) else one for one in row])
    about = book.create_sheet(_("à propos"))
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 22, 100
    if state.head.synthetic:
        about.append([_head(about, synthetic_words())])
    for name, value in metadata(state, address).items():
        about.append([_head(about, name), neutralise(value)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet_file(state: Explored, address: str) -> bytes:
    """Write the cells as Parquet, with what they are in its metadata."""
    stream = io.BytesIO()
    frame(state).write_parquet(stream, metadata=dict(metadata(state, address)))
    return stream.getvalue()


WRITERS: Mapping[str, Callable[[Explored, str], bytes]] = {
    "csv": csv_file,
    "xlsx": xlsx_file,
    "parquet": parquet_file,
}


def _head(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    return cell


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)
