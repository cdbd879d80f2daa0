"""Saving everything in one file while the server writes."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.db import connection

from alliage.safekeeping.archives import ArchiveError
from alliage.safekeeping.backups import FORMAT, Backup, BackupWriter, Manifest, Table, open_backup

from . import tables

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from .tables import State

    Tell = Callable[[str], object]

#: Files that wait for somebody to confirm an import: they are worth an hour.
TRANSIENT = frozenset({"imports"})
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup holds; ``size`` is that of the archive, in bytes."""

    manifest: Manifest
    fingerprint: str
    size: int


def back_up(
    *, file: Path, at: dt.datetime, force: bool = False, tell: Tell = lambda _step: None
) -> Saved:
    """Save the database and the files in one archive.

    The rows are those of one moment, whatever is written meanwhile. Files come after: what a row
    names was stored before the row and does not change. The archive is written under another name
    until it is whole and on the disk.

    Raises
    ------
    ArchiveError
        If the file is there already and ``force`` is not set, or something cannot be saved.
    """
    _refuse_place(file, force=force)
    with _written_whole(file, force=force) as stream:
        writer = BackupWriter(stream, alliage=version("alliage"), moment=int(at.timestamp()))
        with tables.snapshot():
            state = tables.current_state()
            if not state.migrations:
                msg = "The database has no table: there is nothing to save. Check DATABASE_URL."
                raise ArchiveError(msg)
            saved = tuple(_save_rows(writer, state, tell))
            named = tables.files_named_by(state.tables)
            head = tables.audit_head(state.tables)
        _save_files(writer, tell)
        found = {stored.path for stored in writer.files}
        manifest = Manifest(
            format=FORMAT,
            alliage=version("alliage"),
            made_at=at,
            engine=connection.vendor,
            engine_version=".".join(map(str, connection.get_database_version())),
            migrations=state.migrations,
            tables=saved,
            files=writer.files,
            missing_files=tuple(sorted(named - found)),
            left_out=state.left_out,
            audit=head,
        )
        fingerprint = writer.close(manifest)
        size = stream.tell()
    return Saved(manifest, fingerprint, size)


@contextmanager
def read_backup(file: Path) -> Iterator[Backup]:
    """Open a backup; nothing of it is checked but its manifest.

    Raises
    ------
    ArchiveError
        If it cannot be read, or is not a whole backup.
    """
    try:
        stream = file.open("rb")
    except FileNotFoundError as error:
        msg = f"There is no file {file}. Check its name and its folder."
        raise ArchiveError(msg) from error
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}. Give a file that this account may read."
        raise ArchiveError(msg) from error
    with stream:
        yield open_backup(stream)


def _refuse_place(file: Path, *, force: bool) -> None:
    if file.exists() and not (force and file.is_file()):
        msg = f"{file} is there already. Give another name, or --force to replace it."
        raise ArchiveError(msg)
    folder = file.resolve().parent
    if not folder.is_dir():
        msg = f"There is no folder {folder}. Create it, or give another place."
        raise ArchiveError(msg)
    if folder.is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        msg = (
            f"{file} is among the files that are saved ({settings.MEDIA_ROOT}). Give a place "
            "elsewhere, best on another disk."
        )
        raise ArchiveError(msg)


@contextmanager
def _written_whole(file: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Give a file that takes its name once everything is on the disk, else disappears.

    What a killed backup leaves is written over by the next one.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        msg = f"Cannot write in {file.parent}: {error.strerror}. Give another folder."
        raise ArchiveError(msg) from error
    with os.fdopen(descriptor, "r+b") as stream:
        _own(stream, partial)
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            _refuse_place(file, force=force)
            partial.rename(file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_folder(file.parent)


def _own(stream: IO[bytes], partial: Path) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        msg = f"Another backup is writing {partial}. Wait for its end, or give another name."
        raise ArchiveError(msg) from error
    # It holds personal data: its owner alone may read it, whoever left it there before.
    os.fchmod(stream.fileno(), 0o600)
    stream.truncate(0)


def sync_folder(folder: Path) -> None:
    """Wait until the names of a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _save_rows(writer: BackupWriter, state: State, tell: Tell) -> Iterator[Table]:
    for table in state.tables:
        tell(f"rows of {table.name}")
        yield writer.add_table(
            table.name,
            columns=table.columns,
            rows=tables.rows_of(table),
            sequence=tables.sequence_of(table),
        )


def _save_files(writer: BackupWriter, tell: Tell) -> None:
    root = Path(settings.MEDIA_ROOT)
    for path in stored_files(root):
        tell(f"file {path}")
        # A file removed since the rows were read is told as missing, if a row names it.
        with suppress(FileNotFoundError), _opened(root / path) as stream:
            size = os.fstat(stream.fileno()).st_size
            writer.add_file(path, size=size, content=iter(lambda: stream.read(_CHUNK), b""))


def stored_files(root: Path) -> Iterator[str]:
    """Give the paths of the files to save, in order; hidden and transient ones are not."""
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        top = here == Path()
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (top and name in TRANSIENT)
        )
        for name in sorted(names):
            if not name.startswith("."):
                yield (here / name).as_posix()


def _opened(path: Path) -> IO[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = (
            f"{path} cannot be read: {error.strerror}. Run the backup with the account of the "
            "server, and keep no link among the files."
        )
        raise ArchiveError(msg) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        msg = f"{path} is not a file with a content. Take it away from the folder of the files."
        raise ArchiveError(msg)
    return os.fdopen(descriptor, "rb")
