"""Putting a backup back in an empty place: all of it, or nothing.

Everything is prepared aside. The files are moved to their place first, then the database appears at
once, by a commit or by the renaming of its file: until then no page of the server knows of
anything. What a killed restore leaves is recognised by the next one and removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from alliage.safekeeping import chain
from alliage.safekeeping.archives import ArchiveError
from alliage_web.audit import actions as audit
from alliage_web.audit import queries as trail
from alliage_web.knowledge import actions as knowledge

from . import tables
from .backing_up import TRANSIENT, read_backup, sync_folder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from alliage.safekeeping.backups import Backup, Manifest, Table
    from alliage.safekeeping.chain import Verdict

    from .tables import LiveTable, State

    Tell = Callable[[str], object]

_STAGING = ".restoring"
_MOVED = "moved.json"
_SIDE_FILES = ("-wal", "-shm", "-journal")


class RestoreError(ArchiveError):
    """The backup is sound, but cannot be restored here."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    Attributes
    ----------
    manifest, fingerprint
        Of the backup.
    removed
        What an earlier restore had left and this one removed.
    is_current
        Whether the tables are those of this version; if not, ``migrate`` has to follow.
    chain
        What the verification of the audit chain found; None if the tables are older.
    """

    manifest: Manifest
    fingerprint: str
    removed: tuple[Path, ...]
    is_current: bool
    chain: Verdict | None


def restore(*, file: Path, at: dt.datetime, tell: Tell = lambda _step: None) -> Restored:
    """Check a backup from end to end, then restore it in the database and the folder of the files.

    Raises
    ------
    ArchiveError
        If the backup is not sound, or is of a newer version. Nothing was written.
    RestoreError
        If the place is not empty, or refuses what it should hold. Nothing was kept.
    """
    with read_backup(file) as backup:
        tell("checking the backup")
        backup.check()
        tables.refuse_unknown(backup.manifest.migrations)
        staging = _Staging(Path(settings.MEDIA_ROOT))
        with staging.held():
            removed = staging.clean()
            _refuse_occupied()
            _refuse_small_disk(backup.manifest)
            try:
                tell("files")
                _extract(backup, staging.files)
                is_current, verdict = _restore_database(backup, staging, at, tell)
            except BaseException:
                if tables.holds():
                    staging.clean()
                raise
            staging.forget()
    return Restored(backup.manifest, backup.fingerprint, removed, is_current, verdict)


class _Staging:
    """The folder, among the files, where a restore prepares what it will show at once."""

    def __init__(self, media: Path) -> None:
        self._media = media
        self._root = media / _STAGING
        self.files = self._root / "files"
        self._moved = self._root / _MOVED
        self._draft = self._moved.with_suffix(".draft")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other restores away."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = self._root / "lock"
        with held.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                msg = f"Another restore is at work in {self._media}. Wait for its end."
                raise RestoreError(msg) from error
            try:
                # What a killed restore had sent may still be on its way to the database.
                if not tables.hold():
                    msg = "Another restore is at work in this database. Wait for its end."
                    raise RestoreError(msg)
                yield
            finally:
                held.unlink()
                with suppress(OSError):
                    # What could not be cleaned stays for the next restore.
                    self._root.rmdir()

    def clean(self) -> tuple[Path, ...]:
        """Remove what a restore that did not end has left, and name it.

        Files that were moved to their place are removed if the database is empty: then its last
        step did not happen. Otherwise it did, and they belong to it.
        """
        drafts = (self._draft, self.files, *_staged_database())
        left = [path for path in drafts if path.exists()]
        if self._moved.exists() and not _rows():
            left += [self._media / name for name in json.loads(self._moved.read_text())]
        for path in left:
            _remove(path)
        # Last: a clean that is killed is done again.
        self._moved.unlink(missing_ok=True)
        return tuple(left)

    def move_in(self) -> None:
        """Move the files to their place, after noting which, so that they can be taken back."""
        names = sorted(path.name for path in self.files.iterdir())
        self._draft.write_text(json.dumps(names))
        # Everything written until now, whole files included, is on the disk before it is shown.
        os.sync()
        self._draft.rename(self._moved)
        sync_folder(self._root)
        for name in names:
            # The place holds no file: what is there is empty folders, or imports that wait.
            _remove(self._media / name)
            (self.files / name).rename(self._media / name)
        sync_folder(self._media)

    def forget(self) -> None:
        """End: what was moved is where it belongs."""
        self._moved.unlink()
        self.files.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _extract(backup: Backup, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for rank, stored in enumerate(backup.manifest.files):
        path = folder / stored.path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            for chunk in backup.content(rank):
                digest.update(chunk)
                stream.write(chunk)
        if digest.hexdigest() != stored.sha256:
            msg = f"The backup changed while it was read, at {stored.path}. Keep it still."
            raise ArchiveError(msg)


def _refuse_occupied() -> None:
    """Raise unless the database and the folder of the files are empty."""
    if rows := _rows():
        counts = ", ".join(f"{name} ({count})" for name, count in list(rows.items())[:5])
        msg = (
            f"The database is not empty: {counts}. A restore replaces nothing. Give another "
            "database with DATABASE_URL or another folder with ALLIAGE_VAR, or put this one aside."
        )
        raise RestoreError(msg)
    media = Path(settings.MEDIA_ROOT)
    found = next(_all_files(media), None)
    if found:
        msg = (
            f"The folder of the files is not empty: {found}. A restore replaces nothing. Give "
            f"another folder with ALLIAGE_VAR, or put {media} aside."
        )
        raise RestoreError(msg)
    if connection.vendor == "sqlite":
        _refuse_served(_database_file())


def _all_files(media: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(media):
        here = Path(folder)
        if here == media:
            folders[:] = [name for name in folders if name not in {_STAGING, *TRANSIENT}]
        yield from (here / name for name in names)


def _rows() -> dict[str, int]:
    if connection.vendor == "sqlite" and not _database_file().exists():
        # To connect would create it.
        return {}
    try:
        return tables.occupied()
    except DatabaseError as error:
        msg = f"The database cannot be read: {error}. Check DATABASE_URL."
        raise RestoreError(msg) from error
    finally:
        if connection.vendor == "sqlite":
            # An open file could not be replaced. On PostgreSQL the connection holds the lock.
            connection.close()


def _database_file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _staged_database() -> tuple[Path, ...]:
    if connection.vendor != "sqlite":
        return ()
    target = _database_file()
    staged = target.with_name(f".{target.name}{_STAGING}")
    return (staged, *(staged.with_name(f"{staged.name}{end}") for end in _SIDE_FILES))


def _refuse_served(target: Path) -> None:
    """Raise if a program has this SQLite file open, and leave no journal beside it."""
    journals = [target.with_name(f"{target.name}{end}") for end in _SIDE_FILES]
    if not target.exists():
        if left := [path for path in journals if path.exists()]:
            msg = f"{left[0]} is the journal of a database that is not there. Put it aside."
            raise RestoreError(msg)
        return
    with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as probe:
        try:
            alone = probe.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
        except sqlite3.OperationalError:
            alone = False
    if not alone:
        msg = f"Another program has {target} open. Stop the server, then run the command again."
        raise RestoreError(msg)


def _refuse_small_disk(manifest: Manifest) -> None:
    needed = manifest.bytes_of_files
    if connection.vendor == "sqlite":
        # Indexes take about as much as the rows.
        needed += 2 * sum(part.unpacked for table in manifest.tables for part in table.parts)
    media = Path(settings.MEDIA_ROOT)
    free = shutil.disk_usage(media).free
    if free < needed:
        msg = (
            f"The backup needs about {needed // 10**6} MB and {media} has {free // 10**6} MB left. "
            "Make room, or give another folder with ALLIAGE_VAR."
        )
        raise RestoreError(msg)


def _restore_database(
    backup: Backup, staging: _Staging, at: dt.datetime, tell: Tell
) -> tuple[bool, Verdict | None]:
    if connection.vendor != "sqlite":
        return _fill(backup, at, tell, staging.move_in)
    target, staged = _database_file(), _staged_database()[0]
    target.parent.mkdir(parents=True, exist_ok=True)
    with _directed_to(staged):
        outcome = _fill(backup, at, tell, lambda: None)
    _refuse_served(target)
    staged.chmod(0o600)
    staging.move_in()
    staged.replace(target)
    sync_folder(target.parent)
    return outcome


@contextmanager
def _directed_to(staged: Path) -> Iterator[None]:
    """Let the connection of this process, which does nothing else, write in another file."""
    target = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = staged
    try:
        with connection.cursor() as cursor:
            # What a crash would damage is thrown away anyhow.
            cursor.execute("PRAGMA journal_mode=MEMORY")
            cursor.execute("PRAGMA synchronous=OFF")
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = target


def _fill(
    backup: Backup, at: dt.datetime, tell: Tell, before_commit: Callable[[], object]
) -> tuple[bool, Verdict | None]:
    """Make the tables of a backup in an empty database and write its rows, in one transaction."""
    manifest = backup.manifest
    tell("tables")
    tables.bring_to(manifest.migrations)
    state = tables.current_state()
    live = _matched(manifest, state.tables)
    with transaction.atomic():
        tables.lock(live)
        if rows := tables.occupied():
            msg = (
                f"Somebody wrote in {next(iter(rows))} meanwhile. Stop the server and start again."
            )
            raise RestoreError(msg)
        tables.empty_made_by_migrate(live)
        for saved, table in zip(manifest.tables, live, strict=True):
            tell(f"rows of {table.name}")
            _write(backup, saved, table)
        _refuse_broken_links()
        tables.measure()
        is_current = _is_current(state)
        verdict = _finish(backup, at, tell) if is_current else None
        before_commit()
    return is_current, verdict


def _matched(manifest: Manifest, live: Sequence[LiveTable]) -> list[LiveTable]:
    """Give the tables of the database in the order of those of the backup, which must be alike."""
    known = {table.name: table for table in live}
    for saved in manifest.tables:
        table = known.get(saved.name)
        if table is None or table.columns != saved.columns:
            msg = (
                f"The table {saved.name} of the backup is not the one that its migrations make "
                "here: it was made by a development version. Restore it with that version."
            )
            raise RestoreError(msg)
    if others := sorted(known.keys() - {saved.name for saved in manifest.tables}):
        msg = f"The backup has no table {others[0]}, which its migrations make. Take another one."
        raise RestoreError(msg)
    return [known[saved.name] for saved in manifest.tables]


def _write(backup: Backup, saved: Table, table: LiveTable) -> None:
    try:
        count = tables.insert(table, backup.rows(saved))
        tables.set_sequence(table, saved.sequence)
    except ArchiveError:
        raise
    except (DatabaseError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        msg = (
            f"The database refuses the rows of {table.name}: {error}. Nothing was kept. If the "
            "backup comes from another engine, restore it in that one and correct the row there."
        )
        raise RestoreError(msg) from error
    if count != saved.rows:
        msg = f"{table.name} has {count} rows where the manifest announces {saved.rows}."
        raise RestoreError(msg)


def _refuse_broken_links() -> None:
    try:
        connection.check_constraints()
    except DatabaseError as error:
        msg = f"A row points to another that is not in the backup: {error}. Nothing was kept."
        raise RestoreError(msg) from error


def _is_current(state: State) -> bool:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return set(loader.graph.leaf_nodes()) <= set(state.migrations)


def _finish(backup: Backup, at: dt.datetime, tell: Tell) -> Verdict:
    """Do what needs the actions of the platform: its tables are those of this version."""
    tell("index of the search")
    # Kinds of objects came with the rows: what was known of them before is of another database.
    ContentType.objects.clear_cache()
    knowledge.index_again()
    tell("audit chain")
    head = backup.manifest.audit
    verdict = chain.verify(trail.records(), expect=head.digest if head else "")
    audit.record(
        kind="platform.restored",
        target="platform",
        by=None,
        at=at,
        changes={"backup": [None, backup.fingerprint]},
    )
    return verdict
