"""A backup is proven by restoring it elsewhere and comparing everything."""

from __future__ import annotations

import datetime as dt
import fcntl
import io
import signal
import sqlite3
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Value
from django.db.models.fields.json import JSONField
from django.test import override_settings
from tests.factories.alliances import shipped_world
from tests.factories.backup_places import ON_POSTGRES, Place, drop, new_place
from tests.factories.fund import funded, post, posting
from tests.factories.loaded_territories import load as load_territories
from tests.factories.territories import write_vintage

from alliage.alliances.reference import SchemeCode, load_reference
from alliage.fund.money.ledger import PostingKind
from alliage.safekeeping.backups import BackupWriter, open_backup
from alliage.values.datafiles import data_directory
from alliage_web.site.actions import tables
from alliage_web.vocabulary.models import Term

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from pytest_django.plugin import DjangoDbBlocker

    from alliage.safekeeping.backups import Manifest

pytestmark = pytest.mark.long
AT = dt.datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=dt.UTC)
ROWS = 25_000
#: Seconds after which what is waited for will never happen, even on a busy machine.
WAIT = 900


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("places")


@pytest.fixture(scope="module")
def migrated(folder: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    """A platform with tables, and nothing in them."""
    place = new_place(folder)
    place.media.mkdir()
    with place.current(django_db_blocker):
        call_command("migrate", verbosity=0)
    yield place
    drop(place)


@pytest.fixture(scope="module")
def source(folder: Path, migrated: Place, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    """A platform with rows of every type in most tables, and files; nobody writes in it."""
    place = new_place(folder, like=migrated)
    with place.current(django_db_blocker):
        ContentType.objects.clear_cache()
        with override_settings(ALLIAGE_SEMANTIC=False):
            shipped_references()
            load_territories(write_vintage(folder / "vintage"))
            call_command("import_cases", stdout=io.StringIO())
        write_odd_rows()
    write_files(place)
    yield place
    drop(place)


def shipped_references() -> None:
    shipped_world()
    known = set(Term.objects.values_list("scheme", "code"))
    Term.objects.bulk_create(
        Term(scheme=found.code, code=term.code, label_fr=term.label_fr, label_en=term.label_en)
        for found in load_reference(data_directory() / "reference").schemes
        for term in found.items
        if (found.code, term.code) not in known and found.code != SchemeCode.SDG_TARGET
    )


def write_odd_rows() -> None:
    """Write what is the most likely to be lost on the way."""
    from alliage_web.accounts.models import User
    from alliage_web.audit.actions import erase_personal, record, seal
    from alliage_web.files.models import StoredFile
    from alliage_web.knowledge.models import SearchDocument
    from alliage_web.territories.models import Territory

    person = User.objects.create(email="zoé@exemple.fr")
    User.objects.create(email="partie@exemple.fr").delete()
    for rank in range(30):
        record(
            kind="person.changed",
            target=f"person:{person.pk}",
            by=person,
            at=AT + dt.timedelta(seconds=rank),
            changes={"texte": [None, 'é « » \\ " \t\n\r \\N null'], "nombres": [0.1, 1e-7, -7]},
            personal={"name": [None, f"Zoé {rank}"]},
            about="person:none" if rank % 2 else f"person:{person.pk}",
            submission=UUID(int=rank),
        )
    # A ledger whose triggers must let its rows come back as they were.
    spent = posting(PostingKind.AWARD, "10.50", envelope=2026, file="dossier")
    post(funded(100), spent)
    seal()
    erase_personal(about="person:none")
    SearchDocument.objects.update(vector=bytes(range(256)))
    # NULL and the JSON value null are not the same thing.
    first = SearchDocument.objects.order_by("pk")[:1]
    SearchDocument.objects.filter(pk__in=first).update(facets=Value(None, JSONField()))
    StoredFile.objects.bulk_create(
        StoredFile(
            uuid=UUID(int=10**9 + rank), place="platform", name=f"{rank}.txt", size=rank + 1,
            media_type="text/plain", sha256="0" * 64, added_at=AT, added_by=person,
        )
        for rank in range(300)
    )  # fmt: skip
    Territory.objects.bulk_create(
        Territory(level="perimeter", code=f"p-{rank:06d}", name=f"Périmètre {rank}")
        for rank in range(ROWS)
    )


def write_files(place: Place) -> None:
    for rank in range(300):
        path = place.media / "files" / UUID(int=10**9 + rank).hex
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([rank % 256]) * (rank * 401))
    (place.media / "imports").mkdir()
    (place.media / "imports" / ("a" * 32)).write_text("waits for a confirmation")


@pytest.fixture(scope="module")
def archive(source: Place, folder: Path, django_db_blocker: DjangoDbBlocker) -> Path:
    path = folder / "backup.tar"
    with source.current(django_db_blocker):
        call_command("backup", path, stdout=io.StringIO())
    return path


@pytest.fixture(scope="module")
def restored(
    archive: Path, folder: Path, migrated: Place, django_db_blocker: DjangoDbBlocker
) -> Iterator[Place]:
    """A platform restored elsewhere; on SQLite, with all the tables that the migrations make."""
    place = _with_tables(folder, migrated) if ON_POSTGRES else new_place(folder)
    with place.current(django_db_blocker):
        call_command("restore", archive, stdout=io.StringIO())
    yield place
    drop(place)


@pytest.fixture
def bare(folder: Path) -> Iterator[Place]:
    """A place where nobody ever migrated anything."""
    place = new_place(folder)
    yield place
    drop(place)


@pytest.fixture
def empty(folder: Path, migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A place where a restore of this version has no table to make: that takes ten seconds.

    PostgreSQL has them from the start; on SQLite, where a restore writes another file, they are
    copied. Who asks for ``bare`` has them made by the migrations: on PostgreSQL, all of them by a
    restore that is killed and by those that follow.
    """
    if ON_POSTGRES:
        place = _with_tables(folder, migrated)
    else:
        place = new_place(folder)
        monkeypatch.setattr(tables, "bring_to", _copying(migrated))
    yield place
    drop(place)


def _with_tables(folder: Path, migrated: Place) -> Place:
    """Make a place where nobody has put a file yet."""
    place = new_place(folder, like=migrated)
    place.media.rmdir()
    return place


def _copying(migrated: Place) -> Callable[[Collection[tuple[str, str]]], None]:
    """Give what copies the tables of a place where the migrations are those that are asked."""
    bring_to = tables.bring_to

    def copy(migrations: Collection[tuple[str, str]]) -> None:
        if set(migrations) != migrated.migrations() or connection.introspection.table_names():
            bring_to(migrations)
            return
        with closing(sqlite3.connect(migrated.database)) as kept:
            kept.backup(connection.connection)

    return copy


@pytest.fixture
def at(django_db_blocker: DjangoDbBlocker) -> Callable[..., str]:
    """Run a command at a place, in this process, and return what it said."""

    def run(place: Place, *command: Any, **options: Any) -> str:
        said = io.StringIO()
        with place.current(django_db_blocker):
            call_command(*map(str, command), stdout=said, stderr=said, **options)
        return said.getvalue()

    return run


def without_restorations(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    events = [row for row in rows["audit_event"] if "platform.restored" not in row]
    return rows | {"audit_event": events}


def test_everything_is_restored_elsewhere(source: Place, restored: Place) -> None:
    before, after = source.rows(), restored.rows()
    # Were most tables empty, the comparison would prove little.
    assert sum(map(len, before.values())) > ROWS
    assert len([name for name, rows in before.items() if rows]) > 20
    assert before == without_restorations(after)
    assert len(after["audit_event"]) == len(before["audit_event"]) + 1
    assert source.migrations() == restored.migrations()
    expected = source.files()
    assert len(expected) == 300
    assert expected == restored.files()
    assert not list(restored.var.rglob("*.restoring*"))


def test_a_restored_platform_goes_on(
    source: Place,
    restored: Place,
    folder: Path,
    at: Callable[..., str],
    django_db_blocker: DjangoDbBlocker,
) -> None:
    place = new_place(folder, like=restored)
    assert at(place, "audit", "verify")
    assert "every figure adds up" in at(place, "ledger", "verify", "fonds")
    # Nothing is left to migrate, and what a migration would create is there already.
    at(place, "migrate", verbosity=0)
    kinds = "SELECT id, app_label, model FROM django_content_type ORDER BY id"
    assert place.query(kinds) == source.query(kinds)
    with place.current(django_db_blocker):
        from alliage_web.accounts.models import User
        from alliage_web.audit.models import Event

        # A number is never given twice: the trail names a person by it.
        highest = max(User.objects.values_list("pk", flat=True))
        assert User.objects.create(email="suite@exemple.fr").pk == highest + 2
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            Event.objects.filter(pk=1).update(kind="other")
    drop(place)


def test_a_restored_platform_finds_the_same(source: Place, restored: Place) -> None:
    index = "SELECT object_id, title, body FROM modelsearch_indexentry ORDER BY object_id"
    assert source.query(index)
    assert source.query(index) == restored.query(index)


#: Copies tables that a restore would make, as in ``empty``; for SQLite.
COPIED_TABLES = """
import sqlite3, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from alliage_web.site.actions import tables
def copy(migrations):
    sqlite3.connect(sys.argv[1]).backup(connection.connection)
if sys.argv[1]:
    tables.bring_to = copy
"""
RESTORE = 'call_command("restore", sys.argv[2])\n'
THERE_AND_BACK = f"""
{COPIED_TABLES}
{RESTORE}
call_command("audit", "verify")
call_command("backup", sys.argv[3])
"""


@pytest.mark.skipif(not ON_POSTGRES, reason="needs both engines")
def test_a_backup_goes_from_an_engine_to_the_other_and_back(
    source: Place,
    archive: Path,
    empty: Place,
    empty_tables: Path,
    folder: Path,
    at: Callable[..., str],
) -> None:
    light = new_place(folder, engine="sqlite")
    back = folder / "back.tar"
    # The tests on SQLite, when they ran before, kept its tables.
    copied = str(empty_tables) if empty_tables.exists() else ""
    process = light.launch([sys.executable, "-c", THERE_AND_BACK, copied, str(archive), str(back)])
    _said, errors = process.communicate()
    assert process.returncode == 0, errors
    assert light.files() == source.files()
    at(empty, "restore", back)
    # JSON texts written by PostgreSQL went through SQLite and came back: nothing differs.
    assert without_restorations(empty.rows()) == source.rows()
    assert empty.files() == source.files()


def test_a_backup_of_older_tables_restores_older_tables(
    folder: Path, bare: Place, at: Callable[..., str], django_db_blocker: DjangoDbBlocker
) -> None:
    older = new_place(folder)
    older.media.mkdir()
    with older.current(django_db_blocker):
        MigrationExecutor(connection).migrate(
            [("audit", "0001_initial"), ("files", "0001_initial")]
        )
    backup = folder / "older.tar"
    at(older, "backup", backup)
    said = at(bare, "restore", backup)
    assert "run alliage-web migrate" in said
    assert bare.migrations() == older.migrations()
    # The tables of all the other apps would be made the same way.
    at(bare, "migrate", "territories", verbosity=0)
    assert "territories_territory" in bare.tables()
    drop(older)


WRITER = """
import sys, uuid
import django
django.setup()
from pathlib import Path
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from alliage_web.audit.actions import record
from alliage_web.files.models import StoredFile
for rank in range(1_000_000):
    content = (b"%d " % rank) * 500
    now = timezone.now()
    stored = StoredFile(uuid=uuid.UUID(int=rank), place="platform", name=f"{rank}.txt",
        media_type="text/plain", size=len(content), sha256="0" * 64, added_at=now)
    path = Path(settings.MEDIA_ROOT) / stored.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with transaction.atomic():
        record(kind="file.added", target=f"pair:{rank}", by=None, at=now)
        stored.save()
        record(kind="file.added", target=f"pair:{rank}", by=None, at=now)
    print(rank, flush=True)
"""


def test_a_backup_is_of_one_moment_while_another_process_writes_without_stop(
    source: Place, empty: Place, folder: Path, at: Callable[..., str]
) -> None:
    live = new_place(folder, like=source)
    backup = folder / "live.tar"
    pairs = "SELECT COUNT(*) FROM audit_event WHERE target LIKE 'pair:%'"
    writer = live.launch([sys.executable, "-c", WRITER])
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "0\n"
        before = live.query(pairs)[0][0]
        at(live, "backup", backup)
        wait_for(lambda: live.query(pairs)[0][0] > before + 40, writer)
    finally:
        assert kill(writer)
    said = at(empty, "restore", backup)
    saved = empty.query(pairs)[0][0]
    assert before <= saved < live.query(pairs)[0][0]
    assert saved % 2 == 0
    # Each row names a file that is there, whole; nothing else differs from what goes on living.
    files = empty.files()
    for rank in range(saved // 2):
        assert files[f"files/{UUID(int=rank).hex}"] == (b"%d " % rank) * 500
    assert "Missing" not in said
    assert at(empty, "audit", "verify")
    rows, now = empty.rows(), live.rows()
    growing = {"audit_event", "files_storedfile"}
    assert {name: found for name, found in rows.items() if name not in growing} == {
        name: found for name, found in now.items() if name not in growing
    }
    assert set(rows["files_storedfile"]) <= set(now["files_storedfile"])
    written = "SELECT id, at, kind, target FROM audit_event ORDER BY id"
    restored = [row for row in empty.query(written) if row[2] != "platform.restored"]
    assert restored == live.query(written)[: len(restored)]
    drop(live)


def wait_for(happens: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something happens, or the process ends."""
    end = time.monotonic() + WAIT
    while not happens() and process.poll() is None:
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.001)


def kill(process: subprocess.Popen[str]) -> bool:
    """Kill a process and tell whether it was still at work."""
    process.kill()
    _said, errors = process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}, errors
    return process.returncode != 0


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("size", [1, 4_000_000])
def test_a_killed_backup_leaves_no_file_that_looks_whole(
    size: int, source: Place, archive: Path, folder: Path, at: Callable[..., str]
) -> None:
    # The rows take less than the first million bytes, the files the rest.
    assert size_of(archive) > 10_000_000
    backup = folder / f"killed-{size}.tar"
    partial = folder / f".killed-{size}.tar.partial"
    process = source.start("backup", backup)
    wait_for(lambda: size_of(partial) >= size or backup.exists(), process)
    in_time = kill(process)
    assert in_time or size > 1
    if backup.exists():
        assert "is whole" in at(source, "verify_backup", backup)
    else:
        with pytest.raises(CommandError, match="cannot be restored"):
            at(source, "verify_backup", partial)
    at(source, "backup", backup, force=True)
    assert not partial.exists()
    assert "is whole" in at(source, "verify_backup", backup)


def moments(place: Place) -> dict[str, Callable[[], bool]]:
    """Tell, from outside, how far a restore has come."""
    staging = place.media / ".restoring"
    if place.engine == "sqlite":
        staged = place.var / ".alliage.sqlite3.restoring"

        def tables() -> bool:
            return size_of(staged) > 0

        def rows() -> bool:
            return size_of(staged) > 4_000_000

    else:
        territories = "SELECT pg_relation_size('territories_territory')"

        def tables() -> bool:
            return bool(place.query("SELECT 1 FROM django_migrations LIMIT 1", missing=[]))

        def rows() -> bool:
            size: int = place.query(territories, missing=[(0,)])[0][0]
            return size > 500_000

    return {
        "files": (staging / "files" / "files").exists,
        "tables": tables,
        "rows": rows,
        "last step": (staging / "moved.json").exists,
    }


def test_a_killed_restore_leaves_an_empty_place_or_a_whole_one(
    source: Place,
    archive: Path,
    bare: Place,
    migrated: Place,
    at: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare.media.mkdir()
    copying = [sys.executable, "-c", COPIED_TABLES + RESTORE, migrated.database, str(archive)]
    reached = []
    for name, happens in moments(bare).items():
        # Killed before all tables are made, a restore makes them. On SQLite each later one would
        # make them all again; PostgreSQL has kept them.
        makes_tables = name in {"files", "tables"} or ON_POSTGRES
        process = bare.start("restore", archive) if makes_tables else bare.launch(copying)
        wait_for(happens, process)
        in_time = kill(process)
        if not bare.is_empty():
            # The last step was over before the signal came.
            assert name == "last step"
            break
        assert in_time
        reached.append(name)
        assert (bare.media / ".restoring").exists()
    assert reached[:3] == ["files", "tables", "rows"]
    if bare.is_empty():
        if not ON_POSTGRES:
            monkeypatch.setattr(tables, "bring_to", _copying(migrated))
        said = at(bare, "restore", archive)
        assert "left by a restore that did not end" in said
        assert not list(bare.var.rglob("*.restoring*"))
    assert without_restorations(bare.rows()) == source.rows()
    with pytest.raises(CommandError, match="not empty"):
        at(bare, "restore", archive)
    assert bare.files() == source.files()


def test_files_that_a_killed_restore_had_moved_are_taken_back(
    source: Place, archive: Path, empty: Place, at: Callable[..., str]
) -> None:
    """Its last step but one: files are in their place, and the database is not there."""
    moved = empty.media / ".restoring" / "moved.json"
    moved.parent.mkdir(parents=True)
    moved.write_text('["files"]')
    (empty.media / "files").mkdir()
    (empty.media / "files" / "left").write_text("of the killed restore")
    at(empty, "restore", archive)
    assert empty.files() == source.files()


def test_a_failure_in_the_middle_keeps_nothing_and_can_be_tried_again(
    source: Place,
    archive: Path,
    empty: Place,
    at: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from alliage_web.site.actions import restoring

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for step in ("_extract", "_finish"):
        with monkeypatch.context() as patch:
            patch.setattr(restoring, step, fail)
            with pytest.raises(CommandError, match=r"Nothing was restored\. .*No space left"):
                at(empty, "restore", archive)
        assert empty.is_empty()
        assert not empty.files()
    at(empty, "restore", archive)
    assert without_restorations(empty.rows()) == source.rows()


def test_a_restore_replaces_no_row(
    source: Place, archive: Path, folder: Path, at: Callable[..., str]
) -> None:
    place = new_place(folder, like=source)
    before = place.rows(), place.files()
    with pytest.raises(CommandError, match=r"The database is not empty: .*DATABASE_URL"):
        at(place, "restore", archive)
    assert before == (place.rows(), place.files())
    drop(place)


def test_a_restore_replaces_no_file(archive: Path, empty: Place, at: Callable[..., str]) -> None:
    (empty.media / "files").mkdir(parents=True)
    (empty.media / "files" / "kept").write_text("somebody's")
    with pytest.raises(CommandError, match=r"The folder of the files is not empty: .*kept"):
        at(empty, "restore", archive)
    assert (empty.media / "files" / "kept").read_text() == "somebody's"
    assert empty.is_empty()


def test_a_database_with_tables_and_no_row_is_an_empty_place(
    source: Place, archive: Path, empty: Place, at: Callable[..., str]
) -> None:
    at(empty, "migrate", verbosity=0)
    at(empty, "restore", archive)
    assert without_restorations(empty.rows()) == source.rows()


@pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL is not a file")
def test_a_database_that_a_server_has_open_is_not_replaced(
    archive: Path, empty: Place, at: Callable[..., str]
) -> None:
    at(empty, "migrate", verbosity=0)
    with closing(sqlite3.connect(empty.database)) as server:
        server.execute("SELECT COUNT(*) FROM django_migrations").fetchone()
        with pytest.raises(CommandError, match="Stop the server"):
            at(empty, "restore", archive)
    at(empty, "restore", archive)


def altered(archive: Path, copy: Path, change: Callable[[Manifest], dict[str, Any]]) -> Path:
    """Write a sound backup whose manifest says something else."""
    with archive.open("rb") as stream, copy.open("wb") as target:
        backup = open_backup(stream)
        backup.check()
        writer = BackupWriter(target, alliage=backup.manifest.alliage, moment=0)
        tables = tuple(
            writer.add_table(
                table.name, columns=table.columns, rows=backup.rows(table), sequence=table.sequence
            )
            for table in backup.manifest.tables
        )
        values = {"files": (), "tables": tables}
        manifest = backup.manifest.model_copy(update=values)
        writer.close(manifest.model_copy(update=change(manifest)))
    return copy


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_written(
    archive: Path, bare: Place, folder: Path, at: Callable[..., str]
) -> None:
    newer = altered(
        archive,
        folder / "newer.tar",
        lambda manifest: {"migrations": (*manifest.migrations, ("audit", "0999_later"))},
    )
    with pytest.raises(CommandError, match=r"does not know the migration audit\.0999_later"):
        at(bare, "restore", newer)
    assert not bare.tables()
    assert not bare.media.exists()


def test_a_backup_of_other_tables_is_refused(
    archive: Path, empty: Place, folder: Path, at: Callable[..., str]
) -> None:
    def forget_a_column(manifest: Manifest) -> dict[str, Any]:
        first, *others = manifest.tables
        return {"tables": (first.model_copy(update={"columns": first.columns[1:]}), *others)}

    other = altered(archive, folder / "other.tar", forget_a_column)
    with pytest.raises(CommandError, match="not the one that its migrations make"):
        at(empty, "restore", other)
    assert empty.is_empty()


def test_an_altered_backup_is_refused_before_anything_is_written(
    archive: Path, empty: Place, folder: Path, at: Callable[..., str]
) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "altered.tar").write_bytes(content)
    for command in ("restore", "verify_backup"):
        with pytest.raises(CommandError, match="altered"):
            at(empty, command, folder / "altered.tar")
    assert not empty.media.exists()


def test_a_backup_is_for_its_owner_alone_and_replaces_nothing_unasked(
    source: Place, archive: Path, folder: Path, at: Callable[..., str]
) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    before = archive.read_bytes()
    with pytest.raises(CommandError, match="--force"):
        at(source, "backup", archive)
    assert archive.read_bytes() == before
    open_to_all = folder / "open.tar"
    open_to_all.write_text("old")
    open_to_all.chmod(0o644)
    at(source, "backup", open_to_all, force=True)
    assert open_to_all.stat().st_mode & 0o777 == 0o600
    assert "is whole" in at(source, "backup", open_to_all, verify=True)


def test_a_backup_holds_no_secret_of_the_environment(archive: Path, source: Place) -> None:
    with archive.open("rb") as stream:
        backup = open_backup(stream)
        texts = [str(row) for table in backup.manifest.tables for row in backup.rows(table)]
        manifest = backup.manifest.model_dump_json()
    for secret in (settings.SECRET_KEY, source.url, str(source.var)):
        assert secret not in manifest
        assert not [text for text in texts if secret in text]


def test_a_backup_has_neither_sessions_nor_imports_that_wait(archive: Path) -> None:
    with archive.open("rb") as stream:
        manifest = open_backup(stream).manifest
    assert "signs in again" in manifest.left_out["django_session"]
    assert not [table for table in manifest.tables if table.name.startswith("django_session")]
    assert not [stored for stored in manifest.files if stored.path.startswith("imports")]


def test_the_manifest_says_what_the_backup_is(archive: Path, source: Place) -> None:
    with archive.open("rb") as stream:
        manifest = open_backup(stream).manifest
    assert manifest.engine == source.engine
    assert set(manifest.migrations) == source.migrations()
    last = "position = (SELECT MAX(position) FROM audit_event)"
    assert manifest.audit
    assert source.query(f"SELECT position, digest FROM audit_event WHERE {last}") == [  # noqa: S608
        (manifest.audit.position, manifest.audit.digest)
    ]
    counted = {table.name: source.count(table.name) for table in manifest.tables}
    assert counted == {table.name: table.rows for table in manifest.tables}
    assert set(counted) == set(source.tables())


def test_a_file_that_a_row_names_and_that_is_not_there_is_told(
    source: Place, folder: Path, empty: Place, at: Callable[..., str]
) -> None:
    place = new_place(folder, like=source)
    name = UUID(str(place.query("SELECT uuid FROM files_storedfile")[0][0])).hex
    (place.media / "files" / name).unlink()
    backup = folder / "missing.tar"
    assert f"a row names files/{name}" in at(place, "backup", backup)
    assert f"a row names files/{name}" in at(empty, "restore", backup)
    drop(place)


def test_a_link_among_the_files_is_not_followed(
    source: Place, folder: Path, at: Callable[..., str]
) -> None:
    place = new_place(folder, like=source)
    (place.media / "files" / "link").symlink_to("/etc/passwd")
    with pytest.raises(CommandError, match=r"No backup was made\. .*link"):
        at(place, "backup", folder / "link.tar")
    assert not list(folder.glob("*link.tar*"))
    drop(place)


def test_a_backup_among_the_files_is_refused(source: Place, at: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="best on another disk"):
        at(source, "backup", source.media / "files" / "backup.tar")


@pytest.mark.parametrize(
    ("command", "file", "reason"),
    [
        ("backup", "none/backup.tar", "There is no folder"),
        ("restore", "none.tar", "There is no file"),
        ("verify_backup", "none.tar", "There is no file"),
        ("verify_backup", ".", "Is a directory"),
    ],
)
def test_a_wrong_name_is_said(
    command: str, file: str, reason: str, source: Place, folder: Path, at: Callable[..., str]
) -> None:
    with pytest.raises(CommandError, match=reason):
        at(source, command, folder / file)


def test_two_backups_do_not_write_the_same_file(
    source: Place, folder: Path, at: Callable[..., str]
) -> None:
    with (folder / ".twice.tar.partial").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="Another backup is writing"):
            at(source, "backup", folder / "twice.tar")
    at(source, "backup", folder / "twice.tar")


def test_two_restores_do_not_work_in_one_place(
    archive: Path, empty: Place, at: Callable[..., str]
) -> None:
    staging = empty.media / ".restoring"
    staging.mkdir(parents=True)
    with (staging / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="Another restore is at work"):
            at(empty, "restore", archive)
    assert empty.is_empty()


@pytest.mark.skipif(not ON_POSTGRES, reason="a file of SQLite needs no lock")
def test_a_restore_waits_until_the_database_forgets_a_killed_one(
    archive: Path, empty: Place, at: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PATIENCE", "100ms")
    with closing(empty.connect()) as other:
        other.execute("SELECT pg_advisory_lock(7420917350115)")
        with pytest.raises(CommandError, match="Another restore is at work in this database"):
            at(empty, "restore", archive)
    assert not empty.files()
    at(empty, "restore", archive)
