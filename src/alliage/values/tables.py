"""Tables read from the bytes of a CSV or XLSX file that somebody sent, without trusting them.

A file is refused before it is parsed when it is too large, of another type than it should be,
or made to unpack into much more than it weighs. Every cell keeps its row and its column.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from alliage.values.cells import restore, restore_csv
from alliage.values.packages import DAMAGES, Limits, PackageError, PackageFault, look_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED_BYTES = 40 * 1024 * 1024
MAX_PARTS = 1_000
MAX_RATIO = 500
MAX_ROWS = 5_000
MAX_COLUMNS = 200
MAX_CELL = 20_000

#: The last row that the format of a spreadsheet knows.
_LAST_ROW = 1_048_576
_SEPARATORS = (";", ",", "\t")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SIGNATURES: Mapping[bytes, str] = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls), or one with a password",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"Rar!": "a compressed file",
    b"{\\rtf": "a text document",
    b"<": "a web page or an XML file",
    b"{": "a JSON file",
    b"[": "a JSON file",
}
# What openpyxl raises on a damaged workbook is whatever its parts raise.
_DAMAGES = (*DAMAGES, InvalidFileException)


class TableKind(StrEnum):
    """The format of a file, told by its content and never by its name."""

    CSV = "csv"
    XLSX = "xlsx"


class TableFault(StrEnum):
    """Why a whole file cannot be read as a table."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    TOO_MANY_PARTS = "too_many_parts"
    ENTITIES = "entities"
    DAMAGED = "damaged"
    ENCODING = "encoding"
    QUOTES = "quotes"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    CELL_TOO_LONG = "cell_too_long"
    NO_SHEET = "no_sheet"


_MESSAGES: Mapping[TableFault, str] = {
    TableFault.EMPTY: "The file holds no row. Give a file with a header and at least one row.",
    TableFault.TOO_LARGE: (
        "The file weighs {value} bytes, {limit} at most are read. Split it into several files."
    ),
    TableFault.WRONG_TYPE: "The file is {value}. Save the table as CSV or XLSX.",
    TableFault.UNPACKS_TOO_LARGE: (
        "The workbook unpacks into {value} bytes, {limit} at most are read. Save the table "
        "alone in a new workbook, or as CSV."
    ),
    TableFault.TOO_MANY_PARTS: (
        "The workbook holds {value} files, {limit} at most are read. Save the table alone in a new "
        "workbook, or as CSV."
    ),
    TableFault.ENTITIES: (
        "The workbook declares entities of its own ({value}), which no spreadsheet writes. "
        "Save it again with a spreadsheet."
    ),
    TableFault.DAMAGED: (
        "The workbook is damaged: {value}. Open it in a spreadsheet and save it again."
    ),
    TableFault.ENCODING: (
        "The text is in neither UTF-8 nor Windows-1252. Save the table as « CSV UTF-8 »."
    ),
    TableFault.QUOTES: (
        "Row {row} is not CSV: {value}. Close every quote, and double the quotes inside a cell."
    ),
    TableFault.TOO_MANY_ROWS: (
        "The table has more than {limit} rows. Split it into several files."
    ),
    TableFault.TOO_MANY_COLUMNS: (
        "Row {row} has {value} columns, {limit} at most are read. Remove the useless ones."
    ),
    TableFault.CELL_TOO_LONG: (
        "A cell of row {row} has {value} characters, {limit} at most are read. Shorten it."
    ),
    TableFault.NO_SHEET: "The workbook has no sheet with cells. Put the table in its first sheet.",
}


class TableError(ValueError):
    """The file cannot be read as a table.

    Attributes
    ----------
    fault
        Why.
    row
        The row, as a spreadsheet numbers it; 0 when the whole file is at fault.
    value, limit
        What was found, and what is allowed.

    Examples
    --------
    >>> str(TableError(TableFault.TOO_MANY_ROWS, limit=5000))
    'The table has more than 5000 rows. Split it into several files.'
    """

    def __init__(
        self, fault: TableFault, *, row: int = 0, value: object = "", limit: object = ""
    ) -> None:
        self.fault = fault
        self.row = row
        self.value = value
        self.limit = limit
        super().__init__(_MESSAGES[fault].format(row=row, value=value, limit=limit))


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its place.

    Attributes
    ----------
    number
        The row as a spreadsheet numbers it: the header is most often row 1.
    cells
        One text for each column, stripped; an empty cell is an empty text.
    beyond
        What stands at the right of the last named column.
    """

    number: int
    cells: tuple[str, ...]
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows under it. Rows without any text are left out."""

    kind: TableKind
    header_row: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str = ""
    separator: str = ""
    sheet: str = ""


def kind_of(data: bytes) -> TableKind:
    """Tell CSV from XLSX by the content.

    Parameters
    ----------
    data
        The bytes of the file.

    Returns
    -------
    TableKind
        The format.

    Raises
    ------
    TableError
        If the content is of another type.

    Examples
    --------
    >>> kind_of(b"id;title")
    <TableKind.CSV: 'csv'>
    """
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_archive(data)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:8]
    for signature, found in _SIGNATURES.items():
        if start.startswith(signature):
            raise TableError(TableFault.WRONG_TYPE, value=found)
    if b"\x00" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(TableFault.WRONG_TYPE, value="not a text")
    return TableKind.CSV


def _kind_of_archive(data: bytes) -> TableKind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "xl/workbook.xml" in archive.namelist():
                return TableKind.XLSX
    except _DAMAGES as error:
        raise TableError(TableFault.DAMAGED, value=error) from error
    raise TableError(TableFault.WRONG_TYPE, value="an archive without a workbook of Excel")


def read_table(data: bytes, *, max_rows: int = MAX_ROWS) -> Table:
    r"""Read the bytes of a CSV or XLSX file.

    The header is the first row that holds a text. In a CSV file the encoding is UTF-8 (with or
    without its mark), UTF-16 with its mark, or else Windows-1252; the separator is the one of
    « ; », « , » and tabulation that gives the header the most cells. In a workbook the first
    sheet is read, formulas by their last value, and dates no more precisely than they are shown.

    Parameters
    ----------
    data
        The bytes of the file.
    max_rows
        How many rows with a text are read under the header.

    Returns
    -------
    Table
        The header and the rows.

    Raises
    ------
    TableError
        If the file is too large, of another type, or cannot be read.

    Examples
    --------
    >>> table = read_table("id;titre\nun;Été".encode("cp1252"))
    >>> table.columns, table.rows[0].number, table.rows[0].cells
    (('id', 'titre'), 2, ('un', 'Été'))
    """
    if len(data) > MAX_BYTES:
        raise TableError(TableFault.TOO_LARGE, value=len(data), limit=MAX_BYTES)
    if not data.strip():
        raise TableError(TableFault.EMPTY)
    kind = kind_of(data)
    if kind is TableKind.XLSX:
        return _read_workbook(data, max_rows=max_rows)
    text, encoding = _decode(data)
    separator = _separator(text)
    return _assemble(
        _csv_rows(text, separator),
        max_rows=max_rows,
        frame=Table(kind, 0, (), (), encoding=encoding, separator=separator),
        restored=restore_csv,
    )


def _decode(data: bytes) -> tuple[str, str]:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text, encoding
    raise TableError(TableFault.ENCODING)


def _separator(text: str) -> str:
    """Choose the separator under which the header has the most cells; « ; » when they tie."""
    widths = {separator: _header_width(text, separator) for separator in _SEPARATORS}
    return max(_SEPARATORS, key=lambda separator: widths[separator])


def _header_width(text: str, separator: str) -> int:
    try:
        rows = _csv_rows(text, separator)
        return next((len(row) for _, row in rows if "".join(row).strip(" ;,\t")), 0)
    except TableError:
        # The header itself has a quote that is not closed: its reading will say so.
        return text.lstrip().partition("\n")[0].count(separator) + 1


def _csv_rows(text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableError(TableFault.QUOTES, row=number, value=error) from error
        yield number, row


def _assemble(
    rows: Iterable[tuple[int, Sequence[str]]],
    *,
    max_rows: int,
    frame: Table,
    restored: Callable[[str], str],
) -> Table:
    header: Row | None = None
    kept: list[Row] = []
    for number, cells in rows:
        clean = [_clean(cell, number, restored) for cell in cells]
        if not any(clean):
            continue
        if len(clean) > MAX_COLUMNS and any(clean[MAX_COLUMNS:]):
            raise TableError(
                TableFault.TOO_MANY_COLUMNS, row=number, value=len(clean), limit=MAX_COLUMNS
            )
        if header is None:
            header = Row(number, _without_empty_end(clean))
            continue
        if len(kept) == max_rows:
            raise TableError(TableFault.TOO_MANY_ROWS, limit=max_rows)
        kept.append(_fit(number, clean, len(header.cells)))
    if header is None:
        raise TableError(TableFault.EMPTY)
    return Table(
        frame.kind, header.number, header.cells, tuple(kept),
        encoding=frame.encoding, separator=frame.separator, sheet=frame.sheet,
    )  # fmt: skip


def _clean(cell: str, row: int, restored: Callable[[str], str]) -> str:
    if len(cell) > MAX_CELL:
        raise TableError(TableFault.CELL_TOO_LONG, row=row, value=len(cell), limit=MAX_CELL)
    text = unicodedata.normalize("NFC", restored(cell.strip()))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _without_empty_end(cells: Sequence[str]) -> tuple[str, ...]:
    width = max(rank for rank, cell in enumerate(cells, start=1) if cell)
    return tuple(cells[:width])


def _fit(number: int, cells: Sequence[str], width: int) -> Row:
    padded = (*cells, *[""] * (width - len(cells)))
    return Row(number, padded[:width], tuple(cell for cell in padded[width:] if cell))


def _read_workbook(data: bytes, *, max_rows: int) -> Table:
    _refuse_traps(data)
    try:
        # A workbook without a style, or with an extension, makes openpyxl warn: nothing is lost.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _first_sheet(data, max_rows=max_rows)
    except TableError:
        raise
    except _DAMAGES as error:
        raise TableError(TableFault.DAMAGED, value=error) from error


_PACKAGE_FAULTS: Mapping[PackageFault, TableFault] = {
    PackageFault.DAMAGED: TableFault.DAMAGED,
    PackageFault.PASSWORD: TableFault.DAMAGED,
    PackageFault.PATH: TableFault.DAMAGED,
    PackageFault.TOO_MANY_PARTS: TableFault.TOO_MANY_PARTS,
    PackageFault.UNPACKS_TOO_LARGE: TableFault.UNPACKS_TOO_LARGE,
    PackageFault.ENTITIES: TableFault.ENTITIES,
}


def _refuse_traps(data: bytes) -> None:
    """Refuse an archive that unpacks too large, or whose parts declare entities."""
    limits = Limits(unpacked=MAX_UNPACKED_BYTES, parts=MAX_PARTS, ratio=MAX_RATIO)
    try:
        look_into(io.BytesIO(data), limits=limits)
    except PackageError as error:
        fault = _PACKAGE_FAULTS[error.fault]
        value = error if fault.value != error.fault.value else error.value
        raise TableError(fault, value=value, limit=error.limit) from error


def _first_sheet(data: bytes, *, max_rows: int) -> Table:
    book = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=True, keep_links=False
    )
    try:
        if not book.worksheets:
            raise TableError(TableFault.NO_SHEET)
        sheet = book.worksheets[0]
        # The size that the sheet declares may be anything: rows are read as they come.
        sheet.reset_dimensions()
        frame = Table(TableKind.XLSX, 0, (), (), sheet=sheet.title)
        rows = _sheet_rows(sheet.iter_rows())
        return _assemble(rows, max_rows=max_rows, frame=frame, restored=restore)
    finally:
        book.close()


def _sheet_rows(rows: Iterable[Iterable[object]]) -> Iterator[tuple[int, Sequence[str]]]:
    for number, cells in enumerate(rows, start=1):
        if number > _LAST_ROW:
            raise TableError(TableFault.DAMAGED, value=f"it has more than {_LAST_ROW} rows")
        yield number, [_written(cell) for cell in cells]


def _written(cell: object) -> str:
    """Write the value of a cell as a person would type it."""
    value = getattr(cell, "value", None)
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return _written_date(value, str(getattr(cell, "number_format", "")))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_QUOTED = re.compile(r"\"[^\"]*\"|\[[^\]]*\]|\\.")


def _written_date(value: dt.datetime | dt.date, number_format: str) -> str:
    """Write a date no more precisely than it is shown: typing « 2014-09 » makes a whole date."""
    shown = _QUOTED.sub("", number_format).lower()
    day = value.isoformat()[:10]
    if "d" in shown or "y" not in shown:
        return day
    return day[:7] if "m" in shown else day[:4]
