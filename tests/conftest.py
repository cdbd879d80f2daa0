"""What every test of the platform relies on."""

from __future__ import annotations

import atexit
import gc
import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from django.apps import apps
from django.core.management.commands import migrate
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from filelock import FileLock
from tests.factories.backup_places import ON_POSTGRES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings


# The same examples at each run, so that a failure comes from the change under test. New ones:
# HYPOTHESIS_PROFILE=explore pytest.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of the collector's rounds: it stays to the end."""
    gc.collect()
    gc.freeze()
    # Extensions complain of what is not collected when the process ends. Pytest collects before.
    atexit.register(gc.unfreeze)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # The process that started the others ends after them.
    if ON_POSTGRES and not hasattr(session.config, "workerinput"):
        import psycopg

        tables = _template(_kept_tables(session.config))
        with suppress(psycopg.OperationalError), _server() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{tables}"')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files: one that begins last is waited for by all the other processes."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _private_folders(settings: Settings, tmp_path: Path) -> None:
    """Tests write nothing in the folders of the person who runs them."""
    settings.MEDIA_ROOT = tmp_path / "media"
    # WhiteNoise warns of a folder that does not exist: nothing is collected for the tests.
    settings.STATIC_ROOT = tmp_path
    # Each client of a test would list every file that the browser loads.
    settings.WHITENOISE_USE_FINDERS = False
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.ALLIAGE_ERASURES = tmp_path / "erasures.jsonl"
    # A request leaves its language active in the thread: each test starts in French.
    translation.activate("fr")
    # Each test starts from its own rows: a page kept by another would tell of other rows.
    settings.CACHES = settings.CACHES | {
        "pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    }
    # One round of a weak hash: passwords of tests protect nothing and are set by the hundred.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _nothing_to_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests wrote: they were rolled back, and never told the search."""
    from alliage_web.knowledge.actions import indexing

    monkeypatch.setattr(indexing._pending, "targets", set())


@pytest.fixture(autouse=True, scope="session")
def empty_tables(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Make the empty tables once for all the processes of the tests: it takes ten seconds.

    SQLite's are kept in a file until a migration or a dependency changes, or until
    ``pytest --cache-clear``; PostgreSQL's in a database that goes away with the tests.
    """
    kept = _kept_tables(pytestconfig)
    handle = migrate.Command.handle

    def copy_or_migrate(command: migrate.Command, *args: Any, **options: Any) -> None:
        if connection.introspection.table_names():
            handle(command, *args, **options)
            return
        # Whoever comes second waits for the tables of the first one.
        with FileLock(kept.parent / "lock"):
            copy, keep = (_clone, _keep_clone) if ON_POSTGRES else (_copy, _keep_copy)
            if not copy(kept):
                handle(command, *args, **options)
                keep(kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate.Command, "handle", copy_or_migrate)
        yield kept


def _kept_tables(pytestconfig: pytest.Config) -> Path:
    cache = pytestconfig.cache
    assert cache is not None, "run pytest with its cache"
    return cache.mkdir("migrated") / f"{_digest_of_migrations(pytestconfig.rootpath)}.sqlite3"


def _copy(kept: Path) -> bool:
    if not kept.exists():
        return False
    with closing(sqlite3.connect(kept)) as source:
        source.backup(connection.connection)
    return True


def _keep_copy(kept: Path) -> None:
    written = kept.with_suffix(".new")
    with closing(sqlite3.connect(written)) as copy:
        connection.connection.backup(copy)
    for older in kept.parent.glob("*.sqlite3"):
        older.unlink()
    written.replace(kept)


def _clone(kept: Path) -> bool:
    with _server() as server:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not server.execute(known, [_template(kept)]).fetchone():
            return False
        connection.close()
        server.execute(f'DROP DATABASE "{connection.settings_dict["NAME"]}"')
        _create(server, connection.settings_dict["NAME"], like=_template(kept))
    return True


def _keep_clone(kept: Path) -> None:
    connection.close()
    with _server() as server:
        _create(server, _template(kept), like=connection.settings_dict["NAME"])


def _template(kept: Path) -> str:
    """Name the database of the empty tables; PostgreSQL cuts names after 63 characters."""
    return f"empty_tables_{kept.stem[:40]}"


def _create(server: Any, name: str, *, like: str) -> None:
    server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')


def _server() -> Any:
    import psycopg

    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _digest_of_migrations(root: Path) -> str:
    """Name what the tables depend on: every migration, and the versions of what others make."""
    digest = sha256((root / "requirements" / "dev.txt").read_bytes())
    for app in apps.get_app_configs():
        folder = Path(app.path) / "migrations"
        for file in sorted(folder.glob("*.py")):
            digest.update(f"{app.label}/{file.name}".encode() + file.read_bytes())
    return digest.hexdigest()


@contextmanager
def _append_only_unlocked() -> Iterator[None]:
    """Lift the triggers that keep some tables from being emptied, and put them back."""
    tables = (
        "audit_event",
        "audit_personalvalue",
        "fund_movement",
        "fund_posting",
        "fund_runningbalance",
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [(name, sql) for name, sql in cursor.fetchall() if name.startswith(tables)]
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


@pytest.fixture(autouse=True, scope="session")
def _emptied_between_tests() -> Iterator[None]:
    """Tests that commit end with empty tables: those that only grow let it happen, then only."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def unlocked_flush(case: TransactionTestCase) -> None:
        with _append_only_unlocked():
            flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", unlocked_flush)
        yield
