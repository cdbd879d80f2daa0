"""The backup of a platform: a manifest, the rows of the tables and the files, in one archive.

The format is described in ``docs/reference/backup-format.md``. Tables are neutral: they come from
one database engine and may go to another. Nothing here knows a database.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alliage.safekeeping import archives
from alliage.safekeeping.archives import ArchiveError, ArchiveWriter, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

FORMAT = 1
#: Rows gathered in one member of the archive, in bytes before compression.
PART_BYTES = 8 * 1024 * 1024
#: A manifest grows with the number of files: this is more than a million of them.
MAX_MANIFEST_BYTES = 512 * 1024 * 1024
#: A row cannot be larger than what PostgreSQL accepts in a field.
MAX_PART_BYTES = 1024 * 1024 * 1024 + PART_BYTES

_HEAD = "alliage-backup.json"
_MANIFEST = "manifest.json"
_SEAL = "manifest.sha256"
# Rows repeat the same words: a stronger compression gains a tenth and takes twice the time.
_LEVEL = 4
_SHA256 = r"^[0-9a-f]{64}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Part(_Strict):
    """A member that holds rows: its size and hash as stored, its bytes and rows once unpacked."""

    size: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)
    unpacked: int = Field(ge=0, le=MAX_PART_BYTES)
    rows: int = Field(ge=0)


class Column(_Strict):
    """A column and the name of its type, which says how its values are written."""

    name: str
    type: str


class Table(_Strict):
    """A table; ``sequence`` is the last number that it gave to a row, if it numbers them."""

    name: str = Field(pattern=r"^[A-Za-z0-9_]{1,63}$")
    columns: tuple[Column, ...]
    sequence: int | None
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


class StoredFile(_Strict):
    """A file, by its path under the folder of the files."""

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)


class AuditHead(_Strict):
    """The last sealed event of the audit chain."""

    position: int
    digest: str


class Manifest(_Strict):
    """What a backup holds.

    Attributes
    ----------
    format
        The version of the format.
    alliage
        The version of Alliage that made the backup.
    made_at
        The moment of the backup.
    engine, engine_version
        The database that the rows come from.
    migrations
        Application and name of each migration that the database had.
    tables, files
        What was saved.
    missing_files
        Files that a row names and that were not on the disk.
    left_out
        What was not saved on purpose, and why.
    audit
        The last sealed event of the audit chain, if there is one.
    """

    format: int
    alliage: str
    made_at: datetime = Field(strict=False)
    engine: str
    engine_version: str
    migrations: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    files: tuple[StoredFile, ...]
    missing_files: tuple[str, ...]
    left_out: dict[str, str]
    audit: AuditHead | None

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def bytes_of_files(self) -> int:
        return sum(file.size for file in self.files)


def check_path(path: str) -> str:
    r"""Return a path that stays under the folder it is joined to, on any system.

    Parameters
    ----------
    path
        Folders and a name, with « / » between them.

    Returns
    -------
    str
        The same path.

    Raises
    ------
    ArchiveError
        If it is absolute, goes up, is hidden, or holds what some system reads in another way.

    Examples
    --------
    >>> check_path("files/0a/report.pdf")
    'files/0a/report.pdf'
    >>> check_path("../passwd")
    Traceback (most recent call last):
    ...
    alliage.safekeeping.archives.ArchiveError: The path '../passwd' could leave the folder of th...
    """
    parts = path.split("/")
    if (
        any(not part or part.startswith(".") for part in parts)
        or re.search(r'[\\:*?"<>|]', path)
        or any(unicodedata.category(character) in {"Cc", "Cs"} for character in path)
    ):
        msg = (
            f"The path {path!r} could leave the folder of the files, is hidden, or is not a path "
            "on every system. Rename the file."
        )
        raise ArchiveError(msg)
    return path


class BackupWriter:
    """Write a backup: tables first, then files, then the manifest.

    Parameters
    ----------
    stream
        A binary file open for writing, at its beginning.
    alliage
        The version of Alliage.
    moment
        Seconds since 1970, said to be the date of every member.
    """

    def __init__(self, stream: IO[bytes], *, alliage: str, moment: int) -> None:
        self._archive = ArchiveWriter(stream, moment=moment)
        self._files: list[StoredFile] = []
        head = _head(alliage)
        self._archive.add(_HEAD, len(head), [head])

    @property
    def files(self) -> tuple[StoredFile, ...]:
        return tuple(self._files)

    def add_table(
        self,
        name: str,
        *,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Any]],
        sequence: int | None,
    ) -> Table:
        """Write the rows of a table: lists of JSON values, in the order of the columns."""
        parts: list[Part] = []
        for count, content in _gathered(rows):
            packed = gzip.compress(content, _LEVEL, mtime=0)
            member = _part_name(name, len(parts))
            digest = self._archive.add(member, len(packed), [packed])
            parts.append(Part(size=len(packed), sha256=digest, unpacked=len(content), rows=count))
        return Table(name=name, columns=tuple(columns), sequence=sequence, parts=tuple(parts))

    def add_file(self, path: str, *, size: int, content: Iterable[bytes]) -> None:
        """Write a file; ``size`` is in bytes."""
        check_path(path)
        digest = self._archive.add(_file_name(len(self._files)), size, content)
        self._files.append(StoredFile(path=path, size=size, sha256=digest))

    def close(self, manifest: Manifest) -> str:
        """Write the manifest and the end; return the fingerprint of the whole backup."""
        content = manifest.model_dump_json(indent=1).encode()
        fingerprint = self._archive.add(_MANIFEST, len(content), [content])
        seal = _seal(fingerprint)
        self._archive.add(_SEAL, len(seal), [seal])
        self._archive.close()
        return fingerprint


def _head(alliage: str) -> bytes:
    return json.dumps({"format": FORMAT, "alliage": alliage}).encode() + b"\n"


def _seal(fingerprint: str) -> bytes:
    return f"{fingerprint}  {_MANIFEST}\n".encode()


def _part_name(table: str, rank: int) -> str:
    return f"tables/{table}/{rank:06d}.jsonl.gz"


def _file_name(rank: int) -> str:
    return f"files/{rank:08d}"


def _gathered(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, bytes]]:
    write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    lines: list[bytes] = []
    size = 0
    for row in rows:
        line = write(row).encode()
        lines.append(line)
        size += len(line) + 1
        if size >= PART_BYTES:
            yield len(lines), b"\n".join(lines) + b"\n"
            lines, size = [], 0
    if lines:
        yield len(lines), b"\n".join(lines) + b"\n"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup open for reading: its manifest is known, its contents are not checked yet."""

    stream: IO[bytes]
    manifest: Manifest
    fingerprint: str
    _members: Mapping[str, Member] = field(repr=False)

    def check(self, *, tell: Callable[[int], object] = lambda _size: None) -> None:
        """Read everything and compare with the manifest; ``tell`` is given the bytes read.

        Raises
        ------
        ArchiveError
            If a content is not the one that was saved.
        """
        for name, size, sha256 in _contents(self.manifest):
            digest = hashlib.sha256()
            for chunk in archives.read(self.stream, self._members[name]):
                digest.update(chunk)
            if digest.hexdigest() != sha256:
                msg = (
                    f"{name} is not what was saved: its SHA-256 is {digest.hexdigest()} and the "
                    f"manifest says {sha256}. The archive is damaged or was altered: take another "
                    "copy of it."
                )
                raise ArchiveError(msg)
            tell(size)
        for table in self.manifest.tables:
            for rank, part in enumerate(table.parts):
                _refuse_other_count(table.name, part, self._unpacked(table.name, rank, part))

    def rows(self, table: Table) -> Iterator[list[Any]]:
        """Give the rows of a table, as lists of JSON values.

        Raises
        ------
        ArchiveError
            If a line is not a row of this table.
        """
        for rank, part in enumerate(table.parts):
            for line in _lines(self._unpacked(table.name, rank, part)):
                yield _row(line, table)

    def content(self, rank: int) -> Iterator[bytes]:
        """Give the content of a file, by its rank in the manifest."""
        return archives.read(self.stream, self._members[_file_name(rank)])

    def _unpacked(self, table: str, rank: int, part: Part) -> Iterator[bytes]:
        member = self._members[_part_name(table, rank)]
        return archives.unpack(self.stream, member, size=part.unpacked)


def _refuse_other_count(table: str, part: Part, content: Iterable[bytes]) -> None:
    rows = sum(chunk.count(b"\n") for chunk in content)
    if rows != part.rows:
        msg = (
            f"The table {table} has {rows} rows where the manifest announces {part.rows}: the "
            "archive was not made by a backup. Take another one."
        )
        raise ArchiveError(msg)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        rest.append(first)
        if others:
            yield b"".join(rest)
            yield from others[:-1]
            rest = [others[-1]]
    if last := b"".join(rest):
        yield last


def _row(line: bytes, table: Table) -> list[Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, list) or len(row) != len(table.columns):
        msg = (
            f"A line of the table {table.name} is not a row of {len(table.columns)} values: the "
            "archive was not made by a backup. Take another one."
        )
        raise ArchiveError(msg)
    return row


def open_backup(stream: IO[bytes]) -> Backup:
    """Read the manifest of a backup and refuse what does not stand by it.

    Parameters
    ----------
    stream
        A binary file open for reading, that can be read from any place.

    Returns
    -------
    Backup
        What it holds; call ``check`` before trusting its contents.

    Raises
    ------
    ArchiveError
        If the file is no backup, is truncated, altered, or of a newer format; if a path would
        leave its folder; if a member is missing, unexpected or of another size.
    """
    members = archives.read_members(stream)
    names = [member.name for member in members]
    if not names or names[0] != _HEAD:
        msg = "The file is not a backup of Alliage. Check its name."
        raise ArchiveError(msg)
    alliage = _version(_small(stream, members[0]))
    if names[-2:] != [_MANIFEST, _SEAL]:
        msg = "The backup has no manifest at its end: it is not whole. Take another copy of it."
        raise ArchiveError(msg)
    content = _small(stream, members[-2])
    fingerprint = hashlib.sha256(content).hexdigest()
    if _small(stream, members[-1]) != _seal(fingerprint):
        msg = (
            "The manifest is not the one that was sealed: it is damaged or was altered. Take "
            "another copy of the backup."
        )
        raise ArchiveError(msg)
    manifest = _manifest(content)
    if _head(manifest.alliage) != _head(alliage):
        msg = "The head of the backup and its manifest name different versions of Alliage."
        raise ArchiveError(msg)
    _refuse_other_members(manifest, members[1:-2])
    _refuse_paths(manifest)
    return Backup(stream, manifest, fingerprint, {member.name: member for member in members})


def _small(stream: IO[bytes], member: Member) -> bytes:
    if member.size > MAX_MANIFEST_BYTES:
        msg = (
            f"{member.name} announces {member.size} bytes, {MAX_MANIFEST_BYTES} at most are read: "
            "it was not made by a backup. Take another one."
        )
        raise ArchiveError(msg)
    return b"".join(archives.read(stream, member))


def _version(content: bytes) -> str:
    try:
        head = json.loads(content)
        version, alliage = head["format"], head["alliage"]
    except (ValueError, LookupError, TypeError) as error:
        msg = "The head of the backup cannot be read. Take another copy of it."
        raise ArchiveError(msg) from error
    if version != FORMAT:
        msg = (
            f"The backup has the format {version!r}, made by Alliage {alliage}; this version reads "
            f"the format {FORMAT}. Use the version of Alliage that made it, or a newer one."
        )
        raise ArchiveError(msg)
    if not isinstance(alliage, str) or content != _head(alliage):
        msg = "The head of the backup is damaged or was altered. Take another copy of it."
        raise ArchiveError(msg)
    return alliage


def _manifest(content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        msg = (
            f"The manifest cannot be read: « {place} », {first['msg']}. It was not made by a "
            "backup of this format: take another one."
        )
        raise ArchiveError(msg) from error


def _contents(manifest: Manifest) -> Iterator[tuple[str, int, str]]:
    """Give name, size and hash of the members that the manifest announces, in their order."""
    for table in manifest.tables:
        for rank, part in enumerate(table.parts):
            yield _part_name(table.name, rank), part.size, part.sha256
    for rank, file in enumerate(manifest.files):
        yield _file_name(rank), file.size, file.sha256


def _refuse_other_members(manifest: Manifest, members: Sequence[Member]) -> None:
    announced = [(name, size) for name, size, _ in _contents(manifest)]
    found = [(member.name, member.size) for member in members]
    if announced == found and len(set(announced)) == len(announced):
        return
    odd = sorted(set(announced) ^ set(found))[:1] or announced[:1]
    msg = (
        f"The members of the archive are not those of its manifest (see {odd[0][0]}, "
        f"{odd[0][1]} bytes): it was altered. Take another copy of it."
    )
    raise ArchiveError(msg)


def _refuse_paths(manifest: Manifest) -> None:
    paths = sorted(check_path(file.path).split("/") for file in manifest.files)
    for before, after in pairwise(paths):
        # Sorted by folders, a file that another takes as its folder comes just before it.
        if after[: len(before)] == before:
            msg = (
                f"Two files of the manifest have the same place: {'/'.join(before)!r} and "
                f"{'/'.join(after)!r}. It was not made by a backup: take another one."
            )
            raise ArchiveError(msg)
