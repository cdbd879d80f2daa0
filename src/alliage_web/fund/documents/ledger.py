"""The ledger as a table: a line for each movement of each posting."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
from django.http import HttpResponse
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from alliage.fund.money.ledger import CHART, AccountCode, Register
from alliage.values.cells import neutralise, write_csv
from alliage_web.fund.models import Movement
from alliage_web.fund.queries.budget import selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from alliage_web.fund.models import Envelope, Fund, Posting
    from alliage_web.fund.queries.budget import Selection

    Row = list[str | Decimal]

MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BATCH = 2000
_WIDTHS = (10, 12, 30, 40, 30, 12, 26, 26, 34, 34, 18, 14, 26, 16, 12, 20, 40)


def rows_of(fund: Fund, selection: Selection) -> Iterator[Row]:
    """Give the header, then a line for each movement; amounts are numbers, of euros."""
    yield [
        _("Numéro"),
        _("Date"),
        _("Opération"),
        _("Motif"),
        _("Pièce"),
        _("Registre"),
        _("Compte débité"),
        _("Compte crédité"),
        _("Enveloppe"),
        _("Enveloppe qui reçoit"),
        _("Dossier"),
        _("Avance"),
        _("Financeur"),
        _("Montant en euros"),
        _("Annule le numéro"),
        _("Écrite le"),
        _("Clé"),
    ]
    postings = selected(fund, selection).order_by("number").prefetch_related(None)
    batch: list[Posting] = []
    for posting in postings.iterator(chunk_size=_BATCH):
        batch.append(posting)
        if len(batch) == _BATCH:
            yield from _lines(batch)
            batch = []
    yield from _lines(batch)


def _lines(batch: list[Posting]) -> Iterator[Row]:
    moved: dict[int, list[Movement]] = {}
    found = Movement.objects.filter(posting__in=[row.pk for row in batch])
    for movement in found.select_related("debit", "credit").order_by("posting", "rank"):
        moved.setdefault(movement.posting_id, []).append(movement)
    for posting in batch:
        for each in moved.get(posting.pk, [None]):
            yield _line(posting, each)


def _line(posting: Posting, movement: Movement | None) -> Row:
    register = ""
    if movement:
        treasury = CHART[AccountCode(movement.debit.code)].register is Register.TREASURY
        register = _("trésorerie") if treasury else _("budget")
    return [
        str(posting.number),
        posting.booked_on.isoformat(),
        str(posting.get_kind_display()),
        posting.reason,
        posting.reference,
        register,
        str(movement.debit.get_code_display()) if movement else "",
        str(movement.credit.get_code_display()) if movement else "",
        _named(posting.envelope),
        _named(posting.to_envelope),
        posting.file,
        posting.advance,
        str(posting.funder) if posting.funder else "",
        posting.eur,
        str(posting.reverses.number) if posting.reverses else "",
        posting.written_at.isoformat(timespec="seconds"),
        posting.key,
    ]


def _named(envelope: Envelope | None) -> str:
    return str(envelope) if envelope else ""


def csv_file(rows: Iterable[Row]) -> bytes:
    """Write a CSV file that French spreadsheets open by a double click, decimals after a comma."""
    lines = (
        [f"{each:f}".replace(".", ",") if isinstance(each, Decimal) else each for each in row]
        for row in rows
    )
    return write_csv(lines).encode("utf-8-sig")


def xlsx_file(rows: Iterable[Row], title: str = "") -> bytes:
    """Write a workbook with one sheet, whose amounts are numbers."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title or _("écritures"))
    sheet.freeze_panes = "B2"
    for rank, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(rank)].width = width
    for number, row in enumerate(rows):
        sheet.append([_cell(sheet, each, is_header=number == 0) for each in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(sheet: Any, value: str | Decimal, *, is_header: bool) -> Any:
    if isinstance(value, Decimal):
        cell: Any = WriteOnlyCell(sheet)
        cell.value = value
        cell.number_format = "#,##0.00"
        return cell
    cell = WriteOnlyCell(sheet, value=FORBIDDEN.sub("", neutralise(value)))
    if is_header:
        cell.font = Font(bold=True)
    return cell


WRITERS: Mapping[str, Callable[[Iterable[Row]], bytes]] = {"csv": csv_file, "xlsx": xlsx_file}


def attachment(content: bytes, name: str) -> HttpResponse:
    """Answer with a file to save."""
    response = HttpResponse(content, content_type=MEDIA_TYPES[name.rpartition(".")[2]])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
