"""Files that somebody sent: what is read, and what is refused before it is parsed."""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.documents import lying

from alliage.values.cells import neutralise, write_csv
from alliage.values.tables import (
    MAX_BYTES,
    MAX_CELL,
    MAX_COLUMNS,
    TableError,
    TableFault,
    TableKind,
    read_table,
)

TEXT = "identifiant;titre\nun;Été à Saint-Mandé\n"


def workbook(*rows: tuple[Any, ...], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def changed(data: bytes, part: str, content: bytes) -> bytes:
    """Replace a part of a workbook."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in {*before.namelist(), part}:
            after.writestr(name, content if name == part else before.read(name))
    return stream.getvalue()


def part_of(data: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(part)


def fault_of(data: bytes, **options: int) -> TableError:
    with pytest.raises(TableError) as caught:
        read_table(data, **options)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found(encoding: str) -> None:
    table = read_table(TEXT.encode(encoding))
    assert table.columns == ("identifiant", "titre")
    assert table.rows[0].cells == ("un", "Été à Saint-Mandé")


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_separator_is_found_by_the_header(separator: str) -> None:
    text = f"identifiant{separator}titre{separator}a\nun{separator}x, y ; z{separator}b"
    quoted = text.replace("x, y ; z", '"x, y ; z"')
    table = read_table(quoted.encode())
    assert table.separator == separator
    assert table.rows[0].cells == ("un", "x, y ; z", "b")


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    table = read_table(b'\nid;text\n\none;"two\nlines"\n;\ntwo;x\n')
    assert table.header_row == 2
    assert [(row.number, row.cells) for row in table.rows] == [
        (4, ("one", "two\nlines")),
        (6, ("two", "x")),
    ]


def test_short_rows_are_padded_and_what_stands_beyond_the_header_is_kept_apart() -> None:
    table = read_table(b"id;a;b\none\ntwo;x;y;z;;t")
    assert table.rows[0].cells == ("one", "", "")
    assert table.rows[1].beyond == ("z", "t")


def test_a_quote_that_is_not_closed_names_its_row() -> None:
    error = fault_of(b'id;text\none;x\ntwo;"never closed\nthree;y\n')
    assert (error.fault, error.row) == (TableFault.QUOTES, 3)


def test_a_quote_that_is_not_closed_in_the_header_does_not_change_the_separator() -> None:
    error = fault_of(b'id;"never closed')
    assert (error.fault, error.row) == (TableFault.QUOTES, 1)


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    # The content would be refused as a PDF if it were looked at.
    error = fault_of(b"%PDF" + b"x" * MAX_BYTES)
    assert error.fault is TableFault.TOO_LARGE
    assert str(MAX_BYTES) in str(error)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 ...",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old Excel",
        b"\x89PNG\r\n",
        b"\x1f\x8b\x08",
        b"<!doctype html><table>",
        b'\xef\xbb\xbf<?xml version="1.0"?>',
        b'{"a": 1}',
        b"id;title\x00one",
    ],
)
def test_the_type_is_told_by_the_content(data: bytes) -> None:
    assert fault_of(data).fault is TableFault.WRONG_TYPE


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert fault_of(stream.getvalue()).fault is TableFault.WRONG_TYPE


@pytest.mark.parametrize("data", [b"id;title\none;\x81\x8d", b"id;title\none;\x07", b"\xff\xfeodd"])
def test_a_text_in_another_encoding_is_refused(data: bytes) -> None:
    assert fault_of(data).fault is TableFault.ENCODING


@pytest.mark.parametrize("data", [b"", b"  \n\n", b";;\n;\n", "\ufeff".encode()])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert fault_of(data).fault is TableFault.EMPTY


def test_too_many_rows_columns_or_characters_are_refused() -> None:
    rows = fault_of(b"id\none\ntwo\nthree\n", max_rows=2)
    assert (rows.fault, rows.limit) == (TableFault.TOO_MANY_ROWS, 2)
    columns = fault_of(b"id\n" + b"x;" * (MAX_COLUMNS + 1) + b"y")
    assert (columns.fault, columns.row) == (TableFault.TOO_MANY_COLUMNS, 2)
    cell = fault_of(b"id\n" + b"x" * (MAX_CELL + 1))
    assert (cell.fault, cell.row, cell.value) == (TableFault.CELL_TOO_LONG, 2, MAX_CELL + 1)


def test_a_workbook_is_read_with_its_numbers_as_people_write_them() -> None:
    table = read_table(workbook(("id", "value", "flag"), ("one", 2014.0, None), ("two", 1.5, True)))
    assert table.kind is TableKind.XLSX
    assert [row.cells for row in table.rows] == [("one", "2014", ""), ("two", "1.5", "True")]


def test_a_date_is_read_no_more_precisely_than_it_is_shown() -> None:
    day = dt.datetime(2014, 9, 1)  # noqa: DTZ001 - a spreadsheet has no time zone
    data = workbook(
        ("day", "month", "year"),
        (day, day, day),
        formats={"A2": "dd/mm/yyyy", "B2": "mmm\\-yy", "C2": 'yyyy" d"'},
    )
    assert read_table(data).rows[0].cells == ("2014-09-01", "2014-09", "2014")


def test_a_workbook_that_unpacks_into_much_more_is_refused() -> None:
    bomb = changed(workbook(("id",)), "xl/media/zeros.bin", b"\0" * 45_000_000)
    assert len(bomb) < MAX_BYTES
    assert fault_of(bomb).fault is TableFault.UNPACKS_TOO_LARGE


def test_a_workbook_of_too_many_parts_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        for rank in range(1_001):
            archive.writestr(f"part{rank}", "")
    assert fault_of(stream.getvalue()).fault is TableFault.TOO_MANY_PARTS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_workbook_that_declares_entities_is_refused(encoding: str) -> None:
    data = workbook(("id",), ("one",))
    sheet = part_of(data, "xl/worksheets/sheet1.xml").decode()
    body = re.sub(r"<\?xml[^>]*\?>", "", sheet)
    trap = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    evil = f'<?xml version="1.0" encoding="{encoding}"?>{trap}{body}'.encode(encoding)
    error = fault_of(changed(data, "xl/worksheets/sheet1.xml", evil))
    assert (error.fault, error.value) == (TableFault.ENTITIES, "xl/worksheets/sheet1.xml")


def test_a_damaged_workbook_is_refused() -> None:
    data = workbook(("id",), ("one",))
    assert fault_of(data[: len(data) // 2]).fault is TableFault.DAMAGED
    assert fault_of(changed(data, "xl/workbook.xml", b"<workbook")).fault is TableFault.DAMAGED


def test_a_row_far_away_does_not_make_the_reading_endless() -> None:
    data = workbook(("id",), ("one",))
    sheet = part_of(data, "xl/worksheets/sheet1.xml").replace(b'r="2"', b'r="999999999"')
    assert fault_of(changed(data, "xl/worksheets/sheet1.xml", sheet)).fault is TableFault.DAMAGED


def test_every_fault_says_what_to_do() -> None:
    for fault in TableFault:
        text = str(TableError(fault, row=3, value="v", limit="l"))
        assert text.count(".") >= 1
        assert "{" not in text


SPREADSHEET_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), min_size=1, max_size=30
).map(lambda text: " ".join(text.split()))
#: Texts that a spreadsheet could take for formulas, here or after a separator.
TRAPS = st.text(st.sampled_from("=+-@'\";,| a1é"), min_size=1, max_size=12).map(
    lambda text: " ".join(text.split())
)


@given(st.lists((SPREADSHEET_TEXT | TRAPS).filter(bool), min_size=1, max_size=5))
def test_what_an_export_writes_is_read_back(texts: list[str]) -> None:
    names = [f"c{rank}" for rank in range(len(texts))] + ["end"]
    expected = tuple(unicodedata.normalize("NFC", text) for text in texts)
    written = write_csv([names, [*texts, "end"]])
    assert read_table(written.encode("utf-8-sig")).rows[0].cells[:-1] == expected
    book = workbook(tuple(names), (*map(neutralise, texts), "end"))
    assert read_table(book).rows[0].cells[:-1] == expected


def test_a_part_of_a_workbook_under_another_name_declares_no_entity_either() -> None:
    trap = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>'
    error = fault_of(changed(workbook(("id",)), "xl/sheet.dat", trap))
    assert (error.fault, error.value) == (TableFault.ENTITIES, "xl/sheet.dat")


def test_a_workbook_that_lies_about_its_size_is_refused() -> None:
    bomb = changed(workbook(("id",)), "xl/zeros.bin", b"\0" * 1_000_000)
    assert fault_of(lying(bomb, "xl/zeros.bin", size=10)).fault is TableFault.DAMAGED
