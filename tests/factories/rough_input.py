"""What a hostile, hurried or broken client may send: texts, files, bodies."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BOUNDARY = "edge-of-a-part"
_DEEP = 100_000

#: Texts that break programs that were not told of them.
NASTY = (
    "", " ", "\x00", "a\x00b", "\x1b[31m", "\r\n", "\ufeff", "\ud800", "a\udfffb", "\ufffe",
    "\u202egnp.exe", "שלום עולם", "مرحبا", "👩‍👩‍👧‍👦🏳️‍🌈", "e\u0301" * 50, "ﷺ" * 30,
    "ẞ", "İstanbul", "'", '"', "\\", "%",
    "%00", "{{ 7*7 }}", "{% debug %}", "<script>alert(1)</script>", "'; DROP TABLE x; --",
    "=1+1", "@SUM(A1)", "../../etc/passwd", "..\\..\\x", "/", "//evil.example", "javascript:x",
    "http://[", "https://exa mple.org", "mailto:", "x" * 300, "é" * 5_000, "a " * 20_000, "-" * 400,
    "0", "-1", "1.5", "1,5", "1e400", "NaN", "Infinity", "-0", "9" * 30, "9" * 5_000, "٣", "²", "Ⅷ",
    "on", "true", "null", "None", "[]", "{}", '{"a": [1, null]}', "[" * _DEEP, '"', "2024-02-30",
    "0000-00-00", "9999-12-31", "-2024", "2024-13", "99999999999", "2024-06-15T25:61:61",
    "00000000-0000-0000-0000-000000000000", "not-a-uuid", "commune/94080", "commune/", "/94080",
    "martian/1", "a@b", "a@" + "b" * 250 + ".org", "lou@example.org", "LOU@EXAMPLE.ORG",
    "organisation:acteur", "person:1", "fund:x", "platform", "person:99999999999999999999",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=30),
    st.text(alphabet=st.characters(categories=["Cc", "Cs", "Cf", "Co", "Zs"]), max_size=8),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
)

#: Texts of an address, which no browser makes longer than this.
short_texts = texts.map(lambda text: text[:300])


@dataclass(frozen=True, slots=True)
class RoughFile:
    """A file as a client sends it: its name, the type that it claims, its bytes."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request and its type."""

    media_type: str
    content: bytes


_NAMES = (
    "a.csv", "a.xlsx", "a.pdf", "a.png", "a.docx", "A.CSV", "rapport.pdf.exe", "a.xlsx.csv", "",
    ".", "..", "../../a.csv", "..\\a.csv", "a\x00.csv", "\u202evsc.exe", "con.csv",
    "é" * 300 + ".csv",
    "a" * 5_000, "a", ".csv", "a.", "a\r\nX: y.csv", '".csv', "a;b.csv", "👩‍👧.xlsx",
)  # fmt: skip
_TYPES = (
    "text/csv", "application/pdf", "image/png", "text/html", "application/octet-stream", "",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "x", "image/svg+xml",
)  # fmt: skip

_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
    )
    + b']><worksheet><sheetData><row><c t="str"><v>&j;</v></c></row></sheetData></worksheet>'
)
_OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    b"<worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>"
)


@cache
def _workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.active.append(["code", "titre", "\u202e"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _with_member(name: str, content: bytes, archive: bytes | None = None) -> bytes:
    """Write a workbook again with one member replaced or added."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive or _workbook())) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.namelist():
            if member != name:
                target.writestr(member, source.read(member))
        target.writestr(name, content)
    return stream.getvalue()


@cache
def hostile_contents() -> tuple[bytes, ...]:
    """Give files that are made to harm, or to look like what they are not."""
    sheet = "xl/worksheets/sheet1.xml"
    book = _workbook()
    return (
        b"", b"\x00" * 2_000, b"\xff\xfe", b"\xef\xbb\xbf", b"PK\x03\x04",
        b"PK\x05\x06" + b"\x00" * 18, b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF",
        b"\x89PNG\r\n\x1a\n", b"<svg onload=alert(1)>", b"<html>",
        b"MZ" + b"\x90" * 100, b"\x1f\x8b\x08\x00", book, book[: len(book) // 2], book[:-22],
        book + b"x" * 50,
        _with_member(sheet, _LAUGHS), _with_member(sheet, _OUTSIDE), _with_member(sheet, b"<"),
        _with_member(sheet, b"0" * 30_000_000), _with_member("[Content_Types].xml", _LAUGHS),
        _with_member("xl/vbaProject.bin", b"x"), _with_member("../../evil.xml", b"x"),
        _with_member("xl/workbook.xml", b""), "titre;résumé\né;à".encode("utf-16"),
        "titre;résumé\né;à".encode("latin-1"), b"titre\n\x00\n", b"\xff\xfe\xfd;\n\x80;\n",
        b'"never closed;\n' * 50, b";" * 50_000, b"a;b\n" * 20_000, b"a" * 300_000, b"\r\r\r\n\n\r",
    )  # fmt: skip


def files(seeds: Sequence[bytes] = ()) -> st.SearchStrategy[RoughFile]:
    """Draw files; ``seeds`` are true files of the platform, sent whole or spoiled."""
    contents: list[st.SearchStrategy[bytes]] = [
        st.sampled_from(hostile_contents()),
        st.binary(max_size=200),
        texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
    ]
    if seeds:
        contents += [_spoiled(seeds), _spoiled(seeds)]
    return st.builds(
        RoughFile, st.sampled_from(_NAMES), st.sampled_from(_TYPES), st.one_of(contents)
    )


def _spoiled(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Cut a true file, change bytes of it, or put a rough text in the place of a cell."""

    def spoil(seed: bytes, where: float, what: bytes, how: str) -> bytes:
        place = int(where * len(seed))
        if how == "cut":
            return seed[:place]
        if how == "overwrite":
            return seed[:place] + what + seed[place + len(what) :]
        cells = seed.split(b";")
        cells[int(where * (len(cells) - 1))] = what
        return b";".join(cells)

    rough = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.builds(
        spoil,
        st.sampled_from(tuple(seeds)),
        st.floats(0, 1),
        rough | st.binary(max_size=8),
        st.sampled_from(["cut", "overwrite", "cell", "cell"]),
    )


def encode(fields: Iterable[tuple[str, str]], sent: Iterable[tuple[str, RoughFile]] = ()) -> Body:
    """Encode a form as a browser does, but let through what no browser sends."""
    pairs, attached = list(fields), list(sent)
    if not attached:
        text = urlencode(pairs, encoding="utf-8", errors="surrogatepass")
        return Body("application/x-www-form-urlencoded", text.encode())
    parts = [
        _part(f'name="{name}"', "", value.encode("utf-8", "surrogatepass")) for name, value in pairs
    ]
    parts += [
        _part(f'name="{name}"; filename="{file.name}"', file.media_type, file.content)
        for name, file in attached
    ]
    end = f"--{_BOUNDARY}--\r\n".encode()
    return Body(f"multipart/form-data; boundary={_BOUNDARY}", b"".join(parts) + end)


def _part(disposition: str, media_type: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n"
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    return (head + kind + "\r\n").encode("utf-8", "surrogatepass") + content + b"\r\n"


#: Bodies that are not what their type says, or of a type that no form has.
bodies = st.builds(
    Body,
    st.sampled_from(
        (
            "multipart/form-data", f"multipart/form-data; boundary={_BOUNDARY}", "application/json",
            "application/x-www-form-urlencoded; charset=utf-7", "text/xml", "", "a/b; c=\x7f",
            "application/x-www-form-urlencoded; charset=no-such",
            "multipart/form-data; boundary=" + "x" * 300,
        )
    ),
    st.one_of(
        st.binary(max_size=100),
        st.sampled_from(
            (
                b"", b"%", b"%00=%00", b"&" * 200, b"a=1&a=2&a=3", b"[" * 5_000, b"{", b"\xff=\xff",
                f"--{_BOUNDARY}\r\n".encode(), f"--{_BOUNDARY}\r\n\r\n\r\n--{_BOUNDARY}--".encode(),
                b"csrfmiddlewaretoken=" + b"x" * 5_000, _LAUGHS,
            )
        ),
    ),
)  # fmt: skip
