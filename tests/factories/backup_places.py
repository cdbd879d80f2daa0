"""Places where a platform lives, made for the tests of backups: a database and a folder of files.

They are apart from the database of the other tests, on the engine that is under test, so that
commands can run there in processes of their own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.plugin import DjangoDbBlocker

ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
#: Made again or left out on purpose: see docs/reference/backup-format.md.
DERIVED = ("modelsearch_", "sqlite_", "django_session", "django_migrations", "shared_cache")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder and a database of one engine."""

    var: Path
    engine: str
    database: str

    @property
    def media(self) -> Path:
        return self.var / "media"

    @property
    def url(self) -> str:
        if self.engine == "sqlite":
            return f"sqlite:///{self.database}"
        return urlsplit(_server())._replace(path=f"/{self.database}").geturl()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "ALLIAGE_MODE": "development",
            "ALLIAGE_VAR": str(self.var),
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "alliage_web.config.settings",
        }

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        command = [sys.executable, "-m", "alliage_web.config.cli", *map(str, arguments)]
        return self.launch(command)

    def run(self, *arguments: str | Path) -> str:
        """Run a command to its end in a process of its own, and return what it said."""
        process = self.start(*arguments)
        said, errors = process.communicate()
        assert process.returncode == 0, errors
        return said

    def launch(self, command: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def query(self, text: str, *, missing: Any = None) -> list[tuple[Any, ...]]:
        """Ask the database without Django; ``missing`` where there is none, or no such table."""
        try:
            if self.engine == "sqlite":
                uri = f"file:{self.database}?mode=ro"
                with closing(sqlite3.connect(uri, uri=True, timeout=20)) as database:
                    return database.execute(text).fetchall()
            with closing(_connect(self.database)) as database:
                return list(database.execute(text).fetchall())
        except _errors():
            if missing is None:
                raise
            return missing  # type: ignore[no-any-return]

    def connect(self) -> Any:
        """Connect to PostgreSQL without Django."""
        return _connect(self.database)

    def tables(self) -> list[str]:
        """Name the tables whose rows a backup saves."""
        catalogue = (
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if self.engine == "sqlite"
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        names = [name for (name,) in self.query(catalogue, missing=[])]
        return sorted(name for name in names if not name.startswith(DERIVED))

    def rows(self) -> dict[str, list[str]]:
        """Give every row of every table, every column as the database stores it."""
        return {
            name: sorted(map(repr, self.query(f'SELECT * FROM "{name}"')))  # noqa: S608
            for name in self.tables()
        }

    def count(self, table: str) -> int:
        found: int = self.query(f'SELECT COUNT(*) FROM "{table}"')[0][0]  # noqa: S608
        return found

    def is_empty(self) -> bool:
        """Tell whether the database holds nothing that a page could show."""
        made_by_migrate = {"django_content_type", "auth_permission"}
        counts = (self.count(name) for name in self.tables() if name not in made_by_migrate)
        return not any(counts)

    def migrations(self) -> set[tuple[Any, ...]]:
        return set(self.query("SELECT app, name FROM django_migrations"))

    def files(self) -> dict[str, bytes]:
        """Give every file that a backup saves."""
        return {
            path.relative_to(self.media).as_posix(): path.read_bytes()
            for path in self.media.rglob("*")
            if path.is_file() and path.relative_to(self.media).parts[0] != "imports"
        }

    @contextmanager
    def current(self, blocker: DjangoDbBlocker) -> Iterator[None]:
        """Let the Django of this process work here, with a connection of its own.

        The engine is the one under test: models that are read at its start depend on it.
        """
        before = connections["default"]
        options = before.settings_dict | {"NAME": self.database}
        media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, self.media
        databases = connections.databases["default"]
        connections.databases["default"] = options
        connections["default"] = here = connections.create_connection("default")
        try:
            with blocker.unblock():
                yield
        finally:
            here.close()
            connections["default"] = before
            connections.databases["default"] = databases
            settings.MEDIA_ROOT = media


def _server() -> str:
    return os.environ["DATABASE_URL"]


def _connect(database: str) -> Any:
    import psycopg

    found = urlsplit(_server())
    host = parse_qs(found.query).get("host", [found.hostname or "localhost"])[0]
    return psycopg.connect(
        host=host,
        port=found.port or 5432,
        user=found.username,
        password=found.password or None,
        dbname=database,
        autocommit=True,
    )


def _errors() -> tuple[type[Exception], ...]:
    if not ON_POSTGRES:
        return (sqlite3.OperationalError,)
    import psycopg

    return (sqlite3.OperationalError, psycopg.Error)


def new_place(folder: Path, *, engine: str = "", like: Place | None = None) -> Place:
    """Make an empty place, or a copy of another one of the same engine."""
    engine = engine or ("postgresql" if ON_POSTGRES else "sqlite")
    var = folder / uuid4().hex[:8]
    var.mkdir()
    if like:
        shutil.copytree(like.media, var / "media")
    if engine == "sqlite":
        if like:
            shutil.copyfile(like.database, var / "alliage.sqlite3")
        return Place(var, engine, str(var / "alliage.sqlite3"))
    name = f"place_{uuid4().hex[:12]}"
    template = like.database if like else "template0"
    with closing(_connect("postgres")) as database:
        database.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return Place(var, engine, name)


def drop(place: Place) -> None:
    """Remove the database of a place; its folder is one of the test."""
    if place.engine == "postgresql":
        with closing(_connect("postgres")) as database:
            database.execute(f'DROP DATABASE IF EXISTS "{place.database}" WITH (FORCE)')
