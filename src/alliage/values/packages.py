"""Archives that hold a document (XLSX, DOCX, ODT…), looked into before anything parses them.

An archive can unpack into thousands of times its weight, lie about what it unpacks into, or hold
XML whose entities unfold without end. All of it is read here once, in small pieces, and refused
at the first sign.
"""

from __future__ import annotations

import copy
import struct
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CHUNK = 64 * 1024
#: Below this, a document that unpacks into a hundred times its weight does no harm.
_RATIO_FROM = 20 * 1024 * 1024
_MARKS_OF_XML = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00<")
_NAMES_OF_XML = (".xml", ".rels", ".vml", ".rdf")
_TYPES = "[Content_Types].xml"
_MEDIA_TYPE = "mimetype"
_LONGEST_MEDIA_TYPE = 200
_ENCRYPTED = 0x1

#: What a damaged archive raises is whatever its parts raise: ``zipfile``, for one, raises
#: NotImplementedError on a way to compress that it does not know.
DAMAGES = (
    ArithmeticError, AttributeError, EOFError, expat.ExpatError, LookupError, NotImplementedError,
    OSError, RuntimeError, struct.error, SyntaxError, TypeError, ValueError, zipfile.BadZipFile,
    zipfile.LargeZipFile, zlib.error,
)  # fmt: skip


class PackageFault(StrEnum):
    """Why an archive is refused."""

    DAMAGED = "damaged"
    PASSWORD = "password"  # noqa: S105 - the name of a fault
    PATH = "path"
    TOO_MANY_PARTS = "too_many_parts"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    ENTITIES = "entities"


_MESSAGES: Mapping[PackageFault, str] = {
    PackageFault.DAMAGED: "The document is damaged: {value}. Open it and save it again.",
    PackageFault.PASSWORD: (
        "« {value} » is locked by a password. Save the document without password."
    ),
    PackageFault.PATH: (
        "The document holds « {value} », a name that leads out of it. Save it again with an "
        "office suite."
    ),
    PackageFault.TOO_MANY_PARTS: (
        "The document holds {value} files, {limit} at most are read. Save it in several."
    ),
    PackageFault.UNPACKS_TOO_LARGE: (
        "The document unpacks into {value} bytes, {limit} at most are read. Save it in several."
    ),
    PackageFault.ENTITIES: (
        "The document declares entities of its own ({value}), which no office suite writes. "
        "Save it again with an office suite."
    ),
}


class PackageError(ValueError):
    """The archive is refused.

    Attributes
    ----------
    fault
        Why.
    value, limit
        What was found, and what is allowed.

    Examples
    --------
    >>> str(PackageError(PackageFault.TOO_MANY_PARTS, value=5000, limit=1000))
    'The document holds 5000 files, 1000 at most are read. Save it in several.'
    """

    def __init__(self, fault: PackageFault, *, value: object = "", limit: object = "") -> None:
        self.fault = fault
        self.value = value
        self.limit = limit
        super().__init__(_MESSAGES[fault].format(value=value, limit=limit))


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an archive is read.

    Attributes
    ----------
    unpacked
        Bytes of all the parts together, once unpacked.
    parts
        How many parts.
    ratio
        How many times its weight a large document may unpack into.
    """

    unpacked: int
    parts: int
    ratio: int


@dataclass(frozen=True, slots=True)
class Package:
    """What an archive says that it is.

    Attributes
    ----------
    names
        The names of its parts.
    types
        The types of its parts, lower case, where it is an Office Open XML document.
    media_type
        Its own type, where it is an OpenDocument.
    """

    names: tuple[str, ...]
    types: frozenset[str]
    media_type: str


def look_into(stream: IO[bytes], *, limits: Limits) -> Package:
    """Read the whole of an archive once, without keeping it, and say what it is.

    Parameters
    ----------
    stream
        The archive, which can be sought in.
    limits
        How far it is read.

    Returns
    -------
    Package
        Its parts and its types.

    Raises
    ------
    PackageError
        If it is damaged, locked, unpacks too large or into too many parts, holds a name that
        leads elsewhere, or XML that declares entities.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            _refuse_by_its_list(parts, limits, weight=stream.seek(0, SEEK_END))
            _refuse_by_its_parts(archive, parts, limits)
            return Package(
                tuple(part.filename for part in parts),
                _types(archive),
                _media_type(archive, parts),
            )
    except PackageError:
        raise
    except DAMAGES as error:
        raise PackageError(PackageFault.DAMAGED, value=error) from error


def _refuse_by_its_list(parts: Sequence[zipfile.ZipInfo], limits: Limits, *, weight: int) -> None:
    if len(parts) > limits.parts:
        raise PackageError(PackageFault.TOO_MANY_PARTS, value=len(parts), limit=limits.parts)
    seen: set[str] = set()
    for part in parts:
        if part.flag_bits & _ENCRYPTED:
            raise PackageError(PackageFault.PASSWORD, value=part.filename)
        if _leads_out(part.orig_filename):
            raise PackageError(PackageFault.PATH, value=part.filename)
        if part.filename in seen:
            # Two programs may read one each: what is checked would not be what is opened.
            raise PackageError(PackageFault.DAMAGED, value=f"it holds « {part.filename} » twice")
        seen.add(part.filename)
    unpacked = sum(part.file_size for part in parts)
    allowed = min(limits.unpacked, max(_RATIO_FROM, weight * limits.ratio))
    if unpacked > allowed:
        raise PackageError(PackageFault.UNPACKS_TOO_LARGE, value=unpacked, limit=allowed)


def _leads_out(name: str) -> bool:
    steps = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in steps or ":" in steps[0] or "\0" in name


def _refuse_by_its_parts(
    archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo], limits: Limits
) -> None:
    read = 0
    for part in parts:
        start = b""
        size = 0
        for chunk in _really(archive, part, limits.unpacked):
            start = start or chunk
            size += len(chunk)
            if read + size > limits.unpacked:
                raise PackageError(
                    PackageFault.UNPACKS_TOO_LARGE, value=read + size, limit=limits.unpacked
                )
        if size != part.file_size:
            found = f"« {part.filename} » says {part.file_size} bytes and unpacks into {size}"
            raise PackageError(PackageFault.DAMAGED, value=found)
        # An empty part named XML is what LibreOffice writes for shortcuts that nobody changed.
        if size and (_is_named_xml(part.filename) or start.lstrip().startswith(_MARKS_OF_XML)):
            _refuse_entities(archive, part)
        read += size


def _really(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """Unpack a part as far as it goes: ``zipfile`` would stop at the size that it declares."""
    unbounded = copy.copy(part)
    unbounded.file_size = max(most, part.file_size) + 1
    with archive.open(unbounded) as stream:
        yield from iter(lambda: stream.read(_CHUNK), b"")


class _PrologueReadError(Exception):
    """The first element was reached: no declaration can follow."""


def _is_named_xml(name: str) -> bool:
    return name.casefold().endswith(_NAMES_OF_XML)


def _refuse_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a declaration before the first element.

    What looks like XML is read, whatever its name: a workbook may name its parts as it likes.
    """

    def declared(*_: object) -> None:
        raise PackageError(PackageFault.ENTITIES, value=part.filename)

    def reached(*_: object) -> None:
        raise _PrologueReadError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = reached
    with archive.open(part) as stream:
        try:
            parser.ParseFile(stream)
        except _PrologueReadError:
            return
        except expat.ExpatError:
            if _is_named_xml(part.filename):
                raise


def _types(archive: zipfile.ZipFile) -> frozenset[str]:
    """Read the types of the parts; the part that tells them declares no entity any more."""
    if _TYPES not in archive.NameToInfo:
        return frozenset()
    found: set[str] = set()

    def element(_name: str, attributes: dict[str, str]) -> None:
        found.add(attributes.get("ContentType", "").strip().casefold())

    parser = expat.ParserCreate()
    parser.StartElementHandler = element
    with archive.open(_TYPES) as stream:
        parser.ParseFile(stream)
    return frozenset(found - {""})


def _media_type(archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo]) -> str:
    """Read the type that an OpenDocument tells in its first part."""
    if not parts or parts[0].filename != _MEDIA_TYPE or parts[0].file_size > _LONGEST_MEDIA_TYPE:
        return ""
    return archive.read(_MEDIA_TYPE).decode("ascii", errors="replace").strip()
