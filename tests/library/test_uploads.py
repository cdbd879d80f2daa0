"""Documents that somebody sent: what is accepted, and what is refused before it is kept."""

from __future__ import annotations

import contextlib
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import documents
from tests.factories.documents import ACCEPTED

from alliage.safekeeping.uploads import (
    EXTENSIONS,
    MAX_NAME,
    UploadError,
    UploadFault,
    check_upload,
    checked_name,
)
from alliage.values.packages import Limits, PackageError, look_into

LIMIT = 1_000_000
PACKAGES = ("xlsx", "docx", "pptx", "odt", "ods")


def fault_of(name: str, content: bytes, *, limit: int = LIMIT) -> UploadError:
    with pytest.raises(UploadError) as caught:
        check_upload(name, io.BytesIO(content), max_bytes=limit)
    return caught.value


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_each_accepted_type_is_accepted_whatever_the_case_of_its_extension(extension: str) -> None:
    stream = io.BytesIO(ACCEPTED[extension])
    accepted = check_upload(f"Été.{extension.upper()}", stream, max_bytes=LIMIT)
    assert accepted.name == f"Été.{extension.upper()}"
    assert accepted.size == len(ACCEPTED[extension])
    assert stream.tell() == 0


def test_a_page_or_a_drawing_that_could_run_a_script_is_never_accepted() -> None:
    for name in ("a.html", "a.svg", "a.xml", "a.exe", "a.docm", "a", "a.pdf.exe"):
        assert fault_of(name, b"<svg/>").fault is UploadFault.TYPE
    assert set(EXTENSIONS) == set(ACCEPTED)


# Names


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", UploadFault.NO_NAME),
        ("   ", UploadFault.NO_NAME),
        ("..", UploadFault.NO_NAME),
        ("../../etc/passwd.pdf", UploadFault.NAME_PATH),
        ("..\\..\\windows\\win.pdf", UploadFault.NAME_PATH),
        ("/etc/passwd.txt", UploadFault.NAME_PATH),
        ("a\x00.pdf", UploadFault.NAME_CHARACTER),
        ("a\r\nX-Header: 1.pdf", UploadFault.NAME_CHARACTER),
        ("facture\u202efdp.exe.pdf", UploadFault.NAME_CHARACTER),
        ("a\u200bb.pdf", UploadFault.NAME_CHARACTER),
        ("\ud800.pdf", UploadFault.NAME_CHARACTER),
        ("CON.pdf", UploadFault.NAME_RESERVED),
        ("lpt1.tar.pdf", UploadFault.NAME_RESERVED),
        (".htaccess.pdf", UploadFault.NAME_RESERVED),
        ("a.pdf.", UploadFault.NAME_RESERVED),
        ("facture.exe.pdf", UploadFault.NAME_DOUBLE),
        ("facture.HTML .pdf", UploadFault.NAME_DOUBLE),
        ("x" * MAX_NAME + ".pdf", UploadFault.NAME_TOO_LONG),
    ],
)
def test_a_name_that_misleads_is_refused(name: str, fault: UploadFault) -> None:
    assert fault_of(name, documents.pdf()).fault is fault


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Compte rendu 2.1 du 3.5.2026.pdf", "Compte rendu 2.1 du 3.5.2026.pdf"),
        ("E\u0301te\u0301.pdf", "Été.pdf"),
        (' À lire : « oui » ? "non".pdf', "À lire - « oui » - -non-.pdf"),
        ("rapport.docx.pdf", "rapport.docx.pdf"),
    ],
)
def test_an_ordinary_name_is_kept(name: str, kept: str) -> None:
    assert checked_name(name) == kept


@given(st.text(max_size=200))
def test_a_kept_name_is_safe_everywhere_and_stays_as_it_is(name: str) -> None:
    try:
        kept = checked_name(name)
    except UploadError:
        return
    assert 0 < len(kept) <= MAX_NAME
    assert not set(kept) & set('/\\<>:"|?*\r\n\t\0')
    assert not kept.startswith((".", " "))
    assert not kept.endswith((".", " "))
    assert not any(unicodedata.category(char).startswith("C") for char in kept)
    assert checked_name(kept) == kept


# Contents


@pytest.mark.parametrize("told", EXTENSIONS)
@pytest.mark.parametrize("held", EXTENSIONS)
def test_a_content_of_another_type_is_refused(told: str, held: str) -> None:
    if ACCEPTED[told] == ACCEPTED[held]:
        return
    error = fault_of(f"a.{told}", ACCEPTED[held])
    assert error.fault is UploadFault.CONTENT
    assert error.limit == told


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"MZ\x90\x00", "program"),
        (b"\x7fELF\x02", "program"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "password"),
        (b"GIF89a", "GIF"),
        (b"{\\rtf1}", "RTF"),
        (b"<html>", "text"),
    ],
)
def test_a_refusal_says_what_the_file_really_holds(content: bytes, found: str) -> None:
    error = fault_of("a.pdf", content)
    assert error.fault is UploadFault.CONTENT
    assert found in str(error)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_empty_or_too_large_file_is_refused(extension: str) -> None:
    assert fault_of(f"a.{extension}", b"").fault is UploadFault.EMPTY
    size = len(ACCEPTED[extension])
    error = fault_of(f"a.{extension}", ACCEPTED[extension], limit=size - 1)
    assert (error.fault, error.value, error.limit) == (UploadFault.TOO_LARGE, size, size - 1)


@pytest.mark.parametrize("extension", [kind for kind in EXTENSIONS if kind not in {"csv", "txt"}])
def test_a_file_cut_short_is_refused(extension: str) -> None:
    content = ACCEPTED[extension]
    for cut in (len(content) // 2, len(content) - 8):
        assert fault_of(f"a.{extension}", content[:cut]).fault is UploadFault.DAMAGED


def test_a_picture_that_was_altered_is_refused() -> None:
    content = bytearray(documents.png())
    content[20] ^= 1
    assert fault_of("a.png", bytes(content)).fault is UploadFault.DAMAGED


def test_what_a_camera_writes_after_the_picture_does_no_harm() -> None:
    check_upload("a.jpg", io.BytesIO(documents.jpeg() + b"SEFT" * 20_000), max_bytes=LIMIT)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\xef\xbb\xbf  <!-- a --><svg onload='x'>",
        "\ufeff<html>".encode("utf-16"),
        b"<?xml version='1.0'?><a/>",
    ],
)
def test_a_page_named_as_a_text_is_refused(content: bytes) -> None:
    assert fault_of("a.txt", content).fault is UploadFault.CONTENT


@pytest.mark.parametrize("content", [b"a\x00b", b"\x81\x8d", b"a\x07", b"\xff\xfeodd"])
def test_what_is_not_a_text_is_refused(content: bytes) -> None:
    assert fault_of("a.csv", content).fault in {UploadFault.ENCODING, UploadFault.CONTENT}


# Packages


@pytest.mark.parametrize("part", ["word/vbaProject.bin", "word/media/VBAPROJECT.BIN"])
def test_an_office_document_with_macros_is_refused(part: str) -> None:
    macros = documents.with_parts(documents.docx(), {part: b"\xd0\xcf\x11\xe0"})
    assert fault_of("a.docx", macros).fault is UploadFault.MACROS


def test_macros_under_another_name_are_told_by_their_type() -> None:
    types = b"""<Types><Override PartName="/word/document.xml"
      ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>"""
    macros = documents.with_parts(documents.docx(), {"[Content_Types].xml": types})
    assert fault_of("a.docx", macros).fault is UploadFault.MACROS
    wide = types.decode().encode("utf-16")
    macros = documents.with_parts(documents.docx(), {"[Content_Types].xml": wide})
    assert fault_of("a.docx", macros).fault is UploadFault.MACROS


def test_an_open_document_with_macros_is_refused_and_one_with_empty_libraries_is_not() -> None:
    lists = {"Basic/script-lc.xml": b"<a/>", "Basic/Standard/script-lb.xml": b"<a/>"}
    empty = documents.with_parts(documents.odt(), lists)
    check_upload("a.odt", io.BytesIO(empty), max_bytes=LIMIT)
    for part in ("Basic/Standard/Module1.xml", "Scripts/python/a.py"):
        macros = documents.with_parts(empty, {part: b"<a/>"})
        assert fault_of("a.odt", macros).fault is UploadFault.MACROS


@pytest.mark.parametrize("extension", PACKAGES)
def test_a_document_that_declares_entities_is_refused(extension: str) -> None:
    trap = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    for part in ("content.xml", "word/evil.bin", "word/_rels/document.xml.rels"):
        evil = documents.with_parts(ACCEPTED[extension], {part: trap})
        error = fault_of(f"a.{extension}", evil)
        assert (error.fault, error.value) == (UploadFault.ENTITIES, part)


def test_a_declaration_after_a_long_comment_is_found() -> None:
    trap = b"<!-- " + b"x" * 300_000 + b' --><!DOCTYPE x [<!ENTITY a "b">]><x/>'
    evil = documents.with_parts(documents.docx(), {"word/document.xml": trap})
    assert fault_of("a.docx", evil).fault is UploadFault.ENTITIES


@pytest.mark.parametrize("extension", PACKAGES)
def test_a_document_that_unpacks_into_much_more_is_refused(extension: str) -> None:
    bomb = documents.with_parts(ACCEPTED[extension], {"zeros.bin": bytes(25_000_000)})
    assert fault_of(f"a.{extension}", bomb).fault is UploadFault.UNPACKS_TOO_LARGE


def test_a_document_that_lies_about_what_it_unpacks_into_is_refused() -> None:
    bomb = documents.with_parts(documents.docx(), {"zeros.bin": bytes(5_000_000)})
    liar = documents.lying(bomb, "zeros.bin", size=10)
    assert fault_of("a.docx", liar).fault is UploadFault.DAMAGED
    # It is not unpacked beyond what is allowed to see that it lies.
    with pytest.raises(PackageError):
        look_into(io.BytesIO(liar), limits=Limits(unpacked=1_000_000, parts=10, ratio=100))


def test_a_document_of_too_many_parts_is_refused() -> None:
    many = documents.archive({f"part{rank}": b"" for rank in range(5_001)})
    assert fault_of("a.docx", many).fault is UploadFault.TOO_MANY_PARTS


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil", "a\\..\\..\\evil", "C:/evil"])
def test_a_document_whose_parts_lead_out_of_it_is_refused(name: str) -> None:
    evil = documents.with_parts(documents.docx(), {name: b"x"})
    assert fault_of("a.docx", evil).fault is UploadFault.DAMAGED


def test_a_document_locked_by_a_password_is_refused() -> None:
    content = bytearray(documents.docx())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + place] |= 1
    assert fault_of("a.docx", bytes(content)).fault is UploadFault.PASSWORD


def test_every_fault_says_what_to_do() -> None:
    for fault in UploadFault:
        text = str(UploadError(fault, name="n", value="v", limit="l"))
        assert text.count(".") >= 1
        assert "{" not in text


@given(extension=st.sampled_from(EXTENSIONS), content=st.binary(max_size=400))
def test_any_content_is_accepted_or_refused_with_a_reason(extension: str, content: bytes) -> None:
    with contextlib.suppress(UploadError):
        assert check_upload(f"a.{extension}", io.BytesIO(content), max_bytes=300).size <= 300


@given(
    extension=st.sampled_from(EXTENSIONS),
    changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=4),
)
def test_an_altered_document_never_breaks_the_reading(
    extension: str, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(ACCEPTED[extension])
    for place, value in changes:
        content[place % len(content)] = value
    with contextlib.suppress(UploadError):
        accepted = check_upload(f"a.{extension}", io.BytesIO(bytes(content)), max_bytes=LIMIT)
        assert accepted.size == len(content)
