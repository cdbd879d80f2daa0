"""Small real documents of each accepted type, and documents that carry a trap."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFICE = "application/vnd.openxmlformats-officedocument."
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def archive(parts: Mapping[str, bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """Make a ZIP archive of these parts, in this order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            way = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            file.writestr(name, content, compress_type=way)
    return stream.getvalue()


def with_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Add parts to an archive, or replace them."""
    with zipfile.ZipFile(io.BytesIO(data)) as before:
        kept = {name: before.read(name) for name in before.namelist()}
    return archive(kept | dict(parts), stored=("mimetype",))


def pdf() -> bytes:
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    ]
    text = b"%PDF-1.7\n"
    places = []
    for rank, content in enumerate(objects, start=1):
        places.append(len(text))
        text += b"%d 0 obj%sendobj\n" % (rank, content)
    start = len(text)
    text += b"xref\n0 4\n0000000000 65535 f \n"
    text += b"".join(b"%010d 00000 n \n" % place for place in places)
    return text + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xa8\x48\x2a")
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", pixels)
        + _chunk(b"IEND", b"")
    )


def jpeg() -> bytes:
    """A frame with its markers: nothing here draws it."""
    quantities = b"\xff\xdb" + struct.pack(">H", 67) + b"\x00" + bytes(64)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 1, 1, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00" + b"\x3f\x00\x12"
    return b"\xff\xd8" + quantities + frame + scan + b"\xff\xd9"


def webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 10) + b"\x2f" + bytes(9)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["identifiant", "titre"])
    sheet.append(["un", "Été à Saint-Mandé"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _office(main: str, part: str) -> bytes:
    types = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="{OFFICE}{main}.main+xml"/></Types>'
    )
    relations = (
        f'<?xml version="1.0"?><Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="{part}"/>'
        "</Relationships>"
    )
    return archive(
        {
            "[Content_Types].xml": types.encode(),
            "_rels/.rels": relations.encode(),
            part: b'<?xml version="1.0"?><document/>',
        }
    )


def docx() -> bytes:
    return _office("wordprocessingml.document", "word/document.xml")


def pptx() -> bytes:
    return _office("presentationml.presentation", "ppt/presentation.xml")


def _open_document(kind: str) -> bytes:
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
            "content.xml": b'<?xml version="1.0"?><content/>',
            # LibreOffice writes it empty.
            "Configurations2/accelerator/current.xml": b"",
        },
        stored=("mimetype",),
    )


def odt() -> bytes:
    return _open_document("text")


def ods() -> bytes:
    return _open_document("spreadsheet")


TEXT = "identifiant;titre\nun;Été à Saint-Mandé\n".encode()

#: One document of each accepted extension.
ACCEPTED: Mapping[str, bytes] = {
    "pdf": pdf(), "png": png(), "jpg": jpeg(), "jpeg": jpeg(), "webp": webp(), "csv": TEXT,
    "txt": TEXT, "xlsx": xlsx(), "docx": docx(), "pptx": pptx(), "odt": odt(), "ods": ods(),
}  # fmt: skip

#: A workbook whose sheet unfolds three letters into a thousand million.
LAUGHS = with_parts(
    xlsx(),
    {
        "xl/worksheets/sheet1.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaa">'
        b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    },
)


def lying(data: bytes, part: str, *, size: int) -> bytes:
    """Make an archive say that a part unpacks into ``size`` bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        info = file.getinfo(part)
    true, said = struct.pack("<I", info.file_size), struct.pack("<I", size)
    changed = bytearray(data)
    name = part.encode()
    # The sizes stand before the name, in the header of the part and in the list at the end.
    for rank in (data.find(name), data.rfind(name)):
        start = data.rfind(true, 0, rank)
        changed[start : start + 4] = said
    return bytes(changed)
