"""A plain tar file written once and read without trusting it.

Every byte has one possible value: a member has a short name of ours, the header that this module
would write again, its content, and zeros up to the next block. Whatever else a tar file may hold
(links, devices, folders, long names, something after the end) is refused before it is looked at.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1024 * 1024
_END = bytes(2 * _BLOCK)
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_LONGEST_NAME = 99


class ArchiveError(ValueError):
    """An archive that cannot be written, or cannot be trusted; the message says why and what to do.

    Examples
    --------
    >>> raise ArchiveError("It is damaged at byte 512. Take another copy of it.")
    Traceback (most recent call last):
    ...
    alliage.safekeeping.archives.ArchiveError: It is damaged at byte 512. Take another copy of it.
    """


@dataclass(frozen=True, slots=True)
class Member:
    """What an archive holds under a name: where its content begins, and its size in bytes."""

    name: str
    offset: int
    size: int


class ArchiveWriter:
    """Write members one after the other, in constant memory.

    Parameters
    ----------
    stream
        A binary file open for writing, at its beginning.
    moment
        Seconds since 1970, said to be the date of every member.
    """

    def __init__(self, stream: IO[bytes], *, moment: int) -> None:
        self._stream = stream
        self._moment = moment

    def add(self, name: str, size: int, content: Iterable[bytes]) -> str:
        """Write a member and return the SHA-256 of its content, in hexadecimal.

        Raises
        ------
        ArchiveError
            If the content has not the size that was announced.
        """
        self._stream.write(_header(name, size, self._moment))
        digest, written = hashlib.sha256(), 0
        for chunk in content:
            written += len(chunk)
            if written > size:
                break
            digest.update(chunk)
            self._stream.write(chunk)
        if written != size:
            msg = (
                f"{name} was announced with {size} bytes and another size was read: it changed "
                "while it was read. Start again."
            )
            raise ArchiveError(msg)
        self._stream.write(bytes(_padding(size)))
        return digest.hexdigest()

    def close(self) -> None:
        """Write the end of the archive; the stream stays open."""
        self._stream.write(_END)


def _header(name: str, size: int, moment: int) -> bytes:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        msg = (
            f"« {name} » cannot name a member: use at most {_LONGEST_NAME} ASCII letters, digits, "
            "« _ », « . », « - », with « / » between folders."
        )
        raise ArchiveError(msg)
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, moment, 0o600
    # The GNU format writes a size of any magnitude in one block.
    return info.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def _padding(size: int) -> int:
    return -size % _BLOCK


def read_members(stream: IO[bytes]) -> tuple[Member, ...]:
    """Walk the headers of an archive, without reading the contents.

    Parameters
    ----------
    stream
        A binary file open for reading, that can be read from any place.

    Returns
    -------
    tuple of Member
        In the order of the archive.

    Raises
    ------
    ArchiveError
        If the file is not an archive of this module, whole and to the byte.
    """
    length = stream.seek(0, 2)
    members: list[Member] = []
    offset = 0
    while True:
        stream.seek(offset)
        block = stream.read(_BLOCK)
        if block == _END[:_BLOCK]:
            _refuse_other_end(stream, length)
            return tuple(members)
        name, size = _parse(block, offset, length)
        members.append(Member(name, offset + _BLOCK, size))
        offset += _BLOCK + size + _padding(size)
        if offset > length:
            raise _truncated(length)
        stream.seek(offset - _padding(size))
        if any(stream.read(_padding(size))):
            raise _damaged(offset - _padding(size))


def _parse(block: bytes, offset: int, length: int) -> tuple[str, int]:
    if offset == 0 and not length:
        msg = "The file is empty. Take another copy of the backup."
        raise ArchiveError(msg)
    if offset == 0 and block[257:262] != b"ustar":
        msg = "The file is not a backup of Alliage: it is no tar archive. Check its name."
        raise ArchiveError(msg)
    if len(block) < _BLOCK:
        raise _truncated(length)
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        again = _header(info.name, info.size, int(info.mtime))
    except (tarfile.HeaderError, ArchiveError, ValueError) as error:
        raise _damaged(offset) from error
    if again != block:
        # A link, a device, a folder, an owner, other rights: never written by a backup.
        raise _damaged(offset)
    return info.name, info.size


def _refuse_other_end(stream: IO[bytes], length: int) -> None:
    here = stream.tell()
    if length - here < _BLOCK:
        raise _truncated(length)
    if length - here > _BLOCK or any(stream.read(_BLOCK)):
        raise _damaged(here)


def _truncated(length: int) -> ArchiveError:
    return ArchiveError(
        f"The archive is truncated: it stops after {length} bytes, before its end. Take another "
        "copy of it."
    )


def _damaged(offset: int) -> ArchiveError:
    return ArchiveError(
        f"The archive is damaged or was altered at byte {offset}: what is there was not written by "
        "a backup. Take another copy of it."
    )


def read(stream: IO[bytes], member: Member) -> Iterator[bytes]:
    """Give the content of a member, in pieces of at most one mebibyte.

    Raises
    ------
    ArchiveError
        If the file was cut since its members were read.
    """
    offset, remaining = member.offset, member.size
    while remaining:
        # Another member may have been read between two pieces.
        stream.seek(offset)
        chunk = stream.read(min(_CHUNK, remaining))
        if not chunk:
            raise _truncated(offset)
        offset += len(chunk)
        remaining -= len(chunk)
        yield chunk


def unpack(stream: IO[bytes], member: Member, *, size: int) -> Iterator[bytes]:
    """Give the content of a member compressed with gzip, never more than announced.

    Parameters
    ----------
    stream
        The archive.
    member
        A member of it.
    size
        Bytes that the member must make once unpacked.

    Yields
    ------
    bytes
        Pieces of at most one mebibyte.

    Raises
    ------
    ArchiveError
        If it is not gzip, or unpacks into another size.
    """
    engine = zlib.decompressobj(wbits=31)
    unpacked = 0
    try:
        for chunk in read(stream, member):
            waiting = chunk
            while waiting:
                piece = engine.decompress(waiting, _CHUNK)
                unpacked += len(piece)
                if unpacked > size or engine.unused_data:
                    raise _other_size(member, size)
                yield piece
                waiting = engine.unconsumed_tail
        # A full output leaves nothing to consume while something is still to give.
        while not engine.eof and (piece := engine.decompress(b"", _CHUNK)):
            unpacked += len(piece)
            if unpacked > size:
                raise _other_size(member, size)
            yield piece
    except zlib.error as error:
        raise _other_size(member, size) from error
    if unpacked != size or not engine.eof:
        raise _other_size(member, size)


def _other_size(member: Member, size: int) -> ArchiveError:
    return ArchiveError(
        f"{member.name} does not unpack into the {size} bytes that the manifest announces: the "
        "archive was not made by a backup. Take another one."
    )
