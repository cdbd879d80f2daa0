"""Documents that somebody sent, accepted by their name and by their content.

What the browser says of a file is never believed. The name is refused when it could mislead a
person or a program; the content must be, from its first byte to its last, of the type that the
name tells. Pictures and PDF documents are not drawn here: nothing is decoded but their frame.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END
from typing import IO, TYPE_CHECKING

from alliage.values.packages import Limits, PackageError, PackageFault, look_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alliage.values.packages import Package

MAX_NAME = 150
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_PARTS = 5_000
MAX_RATIO = 100

_CHUNK = 64 * 1024
_PDF_END = 2_048
_LIMITS = Limits(unpacked=MAX_UNPACKED_BYTES, parts=MAX_PARTS, ratio=MAX_RATIO)


class UploadFault(StrEnum):
    """Why a document is refused."""

    NO_NAME = "no_name"
    NAME_TOO_LONG = "name_too_long"
    NAME_PATH = "name_path"
    NAME_CHARACTER = "name_character"
    NAME_RESERVED = "name_reserved"
    NAME_DOUBLE = "name_double"
    TYPE = "type"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    CONTENT = "content"
    DAMAGED = "damaged"
    MACROS = "macros"
    PASSWORD = "password"  # noqa: S105 - the name of a fault
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    TOO_MANY_PARTS = "too_many_parts"
    ENTITIES = "entities"
    ENCODING = "encoding"


_MESSAGES: Mapping[UploadFault, str] = {
    UploadFault.NO_NAME: "The file has no name. Give it one, such as « minutes.pdf ».",
    UploadFault.NAME_TOO_LONG: (
        "The name has {value} characters, {limit} at most are kept. Shorten it."
    ),
    UploadFault.NAME_PATH: "« {name} » names a place on a disk. Give the name of the file alone.",
    UploadFault.NAME_CHARACTER: (
        "The name holds {value}, which does not show and may mislead. Write the name again."
    ),
    UploadFault.NAME_RESERVED: (
        "« {name} » cannot be kept under this name on every computer. Choose another one."
    ),
    UploadFault.NAME_DOUBLE: (
        "« {name} » has two extensions, of which « .{value} » is that of a program or of a page. "
        "Rename the file with one extension."
    ),
    UploadFault.TYPE: "« {name} » is not of a type that is accepted: {limit}. Save it as one.",
    UploadFault.EMPTY: "« {name} » is empty. Open it and save it again, or choose another file.",
    UploadFault.TOO_LARGE: (
        "« {name} » weighs {value} bytes, {limit} at most are accepted. Compress its pictures or "
        "split it."
    ),
    UploadFault.CONTENT: (
        "« {name} » says « .{limit} » and holds {value}. Save it again in the right format."
    ),
    UploadFault.DAMAGED: (
        "« {name} » is damaged or cut short: {value}. Open it, save it again and send that one."
    ),
    UploadFault.MACROS: (
        "« {name} » holds a program (« {value} »). Save it in a format without macros."
    ),
    UploadFault.PASSWORD: "« {name} » is locked by a password. Save it without.",
    UploadFault.UNPACKS_TOO_LARGE: (
        "« {name} » unpacks into {value} bytes, {limit} at most are accepted. Split it."
    ),
    UploadFault.TOO_MANY_PARTS: (
        "« {name} » holds {value} files, {limit} at most are accepted. Split it."
    ),
    UploadFault.ENTITIES: (
        "« {name} » declares entities of its own ({value}), which no office suite writes. Open it "
        "with one and save it again."
    ),
    UploadFault.ENCODING: (
        "« {name} » is not a text in UTF-8, UTF-16 or Windows-1252. Save it as UTF-8."
    ),
}


class UploadError(ValueError):
    """The document is refused.

    Attributes
    ----------
    fault
        Why.
    name
        The name that was given.
    value, limit
        What was found, and what is allowed.

    Examples
    --------
    >>> str(UploadError(UploadFault.PASSWORD, name="a.docx"))
    '« a.docx » is locked by a password. Save it without.'
    """

    def __init__(
        self, fault: UploadFault, *, name: str = "", value: object = "", limit: object = ""
    ) -> None:
        self.fault = fault
        self.name = name
        self.value = value
        self.limit = limit
        super().__init__(_MESSAGES[fault].format(name=name, value=value, limit=limit))


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that was accepted.

    Attributes
    ----------
    name
        The name to keep, composed (NFC), without what a file system refuses.
    media_type
        The type to serve it with.
    size
        Its size in bytes.
    """

    name: str
    media_type: str
    size: int


# Names

#: Names that Windows keeps for devices, whatever follows the first point.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{rank}" for port in ("com", "lpt") for rank in "0123456789¹²³"}
)
#: Extensions of programs, scripts and pages: before the last one, they are there to mislead.
_MISLEADING = frozenset({
    "app", "asp", "aspx", "bat", "cgi", "chm", "cmd", "cpl", "dll", "dmg", "exe", "hta",
    "htm", "html", "iso", "jar", "js", "jse", "jsp", "lnk", "mht", "mhtml", "msi", "msp",
    "php", "phtml", "pif", "ps1", "py", "reg", "scr", "sh", "shtml", "svg", "svgz", "url",
    "vb", "vbe", "vbs", "wsf", "wsh", "xhtml", "xml", "docm", "dotm", "pptm", "potm", "xlsm",
    "xltm", "xlam",
})  # fmt: skip
_REPLACED = re.compile(r'[<>:"|?*]')


def checked_name(name: str) -> str:
    """Return the name under which a file is kept, or refuse it.

    What a file system refuses (« : », « ? »…) becomes a hyphen; the rest is kept as it is.

    Parameters
    ----------
    name : str
        The name that came with the file.

    Returns
    -------
    str
        The name, in composed characters (NFC).

    Raises
    ------
    UploadError
        If the name is empty, too long, a path, reserved, holds a character that does not show, or
        hides the extension of a program.

    Examples
    --------
    >>> checked_name("Réunion du 12:03.pdf")
    'Réunion du 12-03.pdf'
    """
    composed = unicodedata.normalize("NFC", name).strip(" ")
    if not composed.strip("."):
        raise UploadError(UploadFault.NO_NAME)
    if len(composed) > MAX_NAME:
        raise UploadError(UploadFault.NAME_TOO_LONG, value=len(composed), limit=MAX_NAME)
    if "/" in composed or "\\" in composed:
        raise UploadError(UploadFault.NAME_PATH, name=composed)
    for char in composed:
        # Controls, marks that reverse the direction, halves of pairs, characters nobody assigned.
        if unicodedata.category(char).startswith("C") or char in "\u2028\u2029":
            raise UploadError(UploadFault.NAME_CHARACTER, value=f"U+{ord(char):04X}")
    _refuse_misleading(composed)
    return _REPLACED.sub("-", composed)


def _refuse_misleading(name: str) -> None:
    stem, *extensions = name.casefold().split(".")
    if not stem or name.endswith(".") or stem.strip() in _DEVICES:
        raise UploadError(UploadFault.NAME_RESERVED, name=name)
    for extension in extensions[:-1]:
        if extension.strip() in _MISLEADING:
            raise UploadError(UploadFault.NAME_DOUBLE, name=name, value=extension.strip())


# Contents


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of document: how it is served, and how its content is checked."""

    media_type: str
    found: str
    check: Callable[[IO[bytes]], None]


class _RefusedError(Exception):
    """A content is refused; the name is added by who knows it."""

    def __init__(self, fault: UploadFault, value: object = "", limit: object = "") -> None:
        self.fault = fault
        self.value = value
        self.limit = limit
        super().__init__(fault)


def _damaged(why: str) -> _RefusedError:
    return _RefusedError(UploadFault.DAMAGED, why)


_CUT = "its end is missing"
_NO_HEADER = "it does not begin with its header"
_ALTERED = "a part of it was altered"
_NO_LENGTH = "a part of it has no length"
_NO_MARKER = "a marker is missing"
_NO_CONTENT = "its content is missing"


def _check_pdf(stream: IO[bytes]) -> None:
    size = stream.seek(0, SEEK_END)
    stream.seek(max(0, size - _PDF_END))
    if b"%%EOF" not in stream.read():
        raise _damaged(_CUT)


def _check_png(stream: IO[bytes]) -> None:
    stream.seek(8)
    rank = 0
    while True:
        head = stream.read(8)
        if len(head) < 8:
            raise _damaged(_CUT)
        length, kind = struct.unpack(">I4s", head)
        if (rank == 0) is not (kind == b"IHDR"):
            raise _damaged(_NO_HEADER)
        checksum = zlib.crc32(kind)
        for chunk in _exactly(stream, length):
            checksum = zlib.crc32(chunk, checksum)
        if stream.read(4) != struct.pack(">I", checksum):
            raise _damaged(_ALTERED)
        if kind == b"IEND":
            return
        rank += 1


def _exactly(stream: IO[bytes], length: int) -> Iterator[bytes]:
    while length:
        chunk = stream.read(min(length, _CHUNK))
        if not chunk:
            raise _damaged(_CUT)
        length -= len(chunk)
        yield chunk


#: Markers of a JPEG that stand alone: all the others say their length.
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_SCAN = 0xDA


def _check_jpeg(stream: IO[bytes]) -> None:
    stream.seek(2)
    marker = 0
    while marker != _JPEG_SCAN:
        marker = _next_marker(stream)
        if marker in _ALONE:
            continue
        length = int.from_bytes(stream.read(2), "big")
        if length < 2:
            raise _damaged(_NO_LENGTH)
        stream.seek(length - 2, 1)
    # Cameras write after the end of the picture: the end is looked for, not expected last.
    before = b""
    for chunk in iter(lambda: stream.read(_CHUNK), b""):
        if b"\xff\xd9" in before + chunk:
            return
        before = chunk[-1:]
    raise _damaged(_CUT)


def _next_marker(stream: IO[bytes]) -> int:
    if stream.read(1) != b"\xff":
        raise _damaged(_NO_MARKER)
    code = b"\xff"
    while code == b"\xff":
        code = stream.read(1)
    if not code:
        raise _damaged(_CUT)
    return code[0]


def _check_webp(stream: IO[bytes]) -> None:
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    head = stream.read(16)
    declared = int.from_bytes(head[4:8], "little") + 8
    if head[12:15] != b"VP8":
        raise _damaged(_NO_HEADER)
    if not size - 1 <= declared <= size:
        found = f"it says {declared} bytes and has {size}"
        raise _damaged(found)


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|script|svg|\?xml|iframe)\b")


def _check_text(stream: IO[bytes]) -> None:
    stream.seek(0)
    data = stream.read()
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            break
        if _PAGE.match(text[:_CHUNK].lstrip("\ufeff").casefold()):
            raise _RefusedError(UploadFault.CONTENT, "a web page or an XML file")
        return
    raise _RefusedError(UploadFault.ENCODING)


_PACKAGE_FAULTS: Mapping[PackageFault, UploadFault] = {
    PackageFault.DAMAGED: UploadFault.DAMAGED,
    PackageFault.PASSWORD: UploadFault.PASSWORD,
    PackageFault.PATH: UploadFault.DAMAGED,
    PackageFault.TOO_MANY_PARTS: UploadFault.TOO_MANY_PARTS,
    PackageFault.UNPACKS_TOO_LARGE: UploadFault.UNPACKS_TOO_LARGE,
    PackageFault.ENTITIES: UploadFault.ENTITIES,
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."


def _look_into(stream: IO[bytes]) -> Package:
    stream.seek(0)
    try:
        package = look_into(stream, limits=_LIMITS)
    except PackageError as error:
        raise _RefusedError(_PACKAGE_FAULTS[error.fault], error.value, error.limit) from error
    for program in _programs(package):
        raise _RefusedError(UploadFault.MACROS, program)
    return package


#: The lists of the libraries of macros of an OpenDocument, which may be empty.
_LISTS = frozenset(f"{kind}-{rank}.xml" for kind in ("script", "dialog") for rank in ("lc", "lb"))


def _programs(package: Package) -> Iterator[str]:
    """Find what a document would run: macros of both families of office suites."""
    for name in package.names:
        folder, _, rest = name.casefold().partition("/")
        last = rest.rpartition("/")[2]
        module = folder in {"basic", "scripts"} and last and last not in _LISTS
        if module or last.startswith(("vbaproject", "vbadata")):
            yield name
    yield from (kind for kind in sorted(package.types) if "macro" in kind or "vba" in kind)


def _office(main: str) -> Callable[[IO[bytes]], None]:
    wanted = f"{_OFFICE}{main}.main+xml".casefold()

    def check(stream: IO[bytes]) -> None:
        package = _look_into(stream)
        if wanted not in package.types:
            raise _RefusedError(UploadFault.CONTENT, _said_by(package))

    return check


def _open_document(kind: str) -> Callable[[IO[bytes]], None]:
    def check(stream: IO[bytes]) -> None:
        package = _look_into(stream)
        if package.media_type != f"{_OPEN}{kind}":
            raise _RefusedError(UploadFault.CONTENT, _said_by(package))
        if "content.xml" not in package.names:
            raise _damaged(_NO_CONTENT)

    return check


def _said_by(package: Package) -> str:
    for extension, kind in KINDS.items():
        office = kind.media_type.removeprefix(_OFFICE) != kind.media_type
        main = f"{kind.media_type}.main+xml".casefold()
        if (office and main in package.types) or package.media_type == kind.media_type:
            return f"{kind.found} (.{extension})"
    return "an archive"


KINDS: Mapping[str, _Kind] = {
    "pdf": _Kind("application/pdf", "a PDF document", _check_pdf),
    "png": _Kind("image/png", "a PNG picture", _check_png),
    "jpg": _Kind("image/jpeg", "a JPEG picture", _check_jpeg),
    "jpeg": _Kind("image/jpeg", "a JPEG picture", _check_jpeg),
    "webp": _Kind("image/webp", "a WebP picture", _check_webp),
    "csv": _Kind("text/csv", "a text", _check_text),
    "txt": _Kind("text/plain", "a text", _check_text),
    "xlsx": _Kind(f"{_OFFICE}spreadsheetml.sheet", "a workbook", _office("spreadsheetml.sheet")),
    "docx": _Kind(
        f"{_OFFICE}wordprocessingml.document",
        "a text document",
        _office("wordprocessingml.document"),
    ),
    "pptx": _Kind(
        f"{_OFFICE}presentationml.presentation",
        "a presentation",
        _office("presentationml.presentation"),
    ),
    "ods": _Kind(f"{_OPEN}spreadsheet", "a spreadsheet", _open_document("spreadsheet")),
    "odt": _Kind(f"{_OPEN}text", "a text document", _open_document("text")),
}

#: The extensions that are accepted.
EXTENSIONS: tuple[str, ...] = tuple(KINDS)

_SIGNATURES: tuple[tuple[bytes, frozenset[str], str], ...] = (
    (b"%PDF-", frozenset({"pdf"}), "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", frozenset({"png"}), "a PNG picture"),
    (b"\xff\xd8\xff", frozenset({"jpg", "jpeg"}), "a JPEG picture"),
    (b"PK\x03\x04", frozenset({"xlsx", "docx", "pptx", "ods", "odt"}), "an archive"),
    (b"\xd0\xcf\x11\xe0", frozenset(), "an old Office document, or one with a password"),
    (b"MZ", frozenset(), "a program"),
    (b"\x7fELF", frozenset(), "a program"),
    (b"GIF8", frozenset(), "a GIF picture"),
    (b"\x1f\x8b", frozenset(), "a compressed file"),
    (b"7z\xbc\xaf", frozenset(), "a compressed file"),
    (b"Rar!", frozenset(), "a compressed file"),
    (b"{\\rtf", frozenset(), "an RTF document"),
)
_TEXTS = frozenset({"csv", "txt"})


def check_upload(name: str, stream: IO[bytes], *, max_bytes: int) -> Upload:
    r"""Accept a document, or say why it is refused.

    Parameters
    ----------
    name : str
        The name that came with it.
    stream
        Its content, which can be sought in. It is left at its beginning.
    max_bytes : int
        The size in bytes up to which documents are accepted.

    Returns
    -------
    Upload
        The name to keep, the type to serve it with, and its size.

    Raises
    ------
    UploadError
        If the name may mislead, the type is not accepted, or the content is empty, too large, of
        another type than the name tells, damaged, holds a program or unpacks too large.

    Examples
    --------
    >>> import io
    >>> check_upload("notes.txt", io.BytesIO(b"Merci"), max_bytes=100)
    Upload(name='notes.txt', media_type='text/plain', size=5)
    """
    kept = checked_name(name)
    extension = kept.rpartition(".")[2].casefold() if "." in kept else ""
    if extension not in KINDS:
        allowed = ", ".join(f".{each}" for each in EXTENSIONS)
        raise UploadError(UploadFault.TYPE, name=kept, value=extension, limit=allowed)
    size = stream.seek(0, SEEK_END)
    try:
        _check_size(size, max_bytes)
        _check_signature(stream, extension)
        KINDS[extension].check(stream)
    except _RefusedError as error:
        limit = extension if error.fault is UploadFault.CONTENT else error.limit
        raise UploadError(error.fault, name=kept, value=error.value, limit=limit) from error
    stream.seek(0)
    return Upload(kept, KINDS[extension].media_type, size)


def _check_size(size: int, max_bytes: int) -> None:
    if not size:
        raise _RefusedError(UploadFault.EMPTY)
    if size > max_bytes:
        raise _RefusedError(UploadFault.TOO_LARGE, size, max_bytes)


def _check_signature(stream: IO[bytes], extension: str) -> None:
    stream.seek(0)
    head = stream.read(16)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        found, extensions = "a WebP picture", frozenset({"webp"})
    else:
        found, extensions = next(
            ((said, kinds) for mark, kinds, said in _SIGNATURES if head.startswith(mark)),
            ("an unknown content" if b"\x00" in head else "a text", _TEXTS),
        )
    if extension not in extensions:
        raise _RefusedError(UploadFault.CONTENT, found)
