"""The rows of all the tables, as values that belong to no database engine.

Tables are those of the migrations that the database has, which may be older than the code: a backup
is most useful just before ``migrate``.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import AutoField, ForeignKey
from django.db.models.expressions import Col

from alliage.safekeeping.archives import ArchiveError
from alliage.safekeeping.backups import AuditHead, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from django.db.models import Field, Model

    Migration = tuple[str, str]
    Convert = Callable[[Any], Any]

#: How the names of the tables that are not saved begin, and why.
_LEFT_OUT = {
    "django_session": "whoever was signed in signs in again: a closed session must not revive",
    "modelsearch_": "the index of words is made again from the documents of the search",
    "shared_cache": "counters of attempts, which are worth minutes",
    "sqlite_": "the database keeps it for itself",
}
#: What ``migrate`` writes by itself: a database with nothing else is empty.
MADE_BY_MIGRATE = frozenset({"django_migrations", "django_content_type", "auth_permission"})

#: The number of the lock among those of PostgreSQL: any that nothing else uses.
_RESTORE = 7_420_917_350_115
PATIENCE = "60s"
#: The table of ``alliage_web.files``, which may be of an older version than its model.
_DOCUMENTS = "files_storedfile"
_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table of the database and the fields of its columns."""

    name: str
    fields: tuple[Field[Any, Any], ...]
    key: str
    numbered: bool

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(name=_column(field), type=_type(field)) for field in self.fields)


@dataclass(frozen=True, slots=True)
class State:
    """The migrations that a database has, the tables that they make, and those never saved."""

    migrations: tuple[Migration, ...]
    tables: tuple[LiveTable, ...]
    left_out: dict[str, str]


def current_state() -> State:
    """Tell what the database is made of.

    Raises
    ------
    ArchiveError
        If it has migrations that this version does not know, or a column of an unknown type.
    """
    loader = MigrationLoader(connection)
    applied = sorted(loader.applied_migrations)
    refuse_unknown(applied)
    nodes = [node for node in applied if node in loader.graph.nodes]
    models = [
        model
        for model in loader.project_state(nodes).apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy  # noqa: SLF001
    ]
    saved = [_table(model) for model in models if not _reason(model._meta.db_table)]  # noqa: SLF001
    tables = tuple(sorted(saved, key=lambda table: table.name))
    return State(tuple(applied), tables, _left_out(table.name for table in tables))


def _left_out(saved: Iterable[str]) -> dict[str, str]:
    """Name the tables that no backup holds, those that nobody declared included, and say why."""
    others = set(connection.introspection.table_names()) - {"django_migrations", *saved}
    return {
        name: _reason(name) or "no model of Alliage knows this table" for name in sorted(others)
    }


def _reason(table: str) -> str:
    """Say why a table is not saved; an empty text when it is."""
    found = (reason for start, reason in _LEFT_OUT.items() if table.startswith(start))
    return next(found, "")


def refuse_unknown(migrations: Iterable[Migration]) -> None:
    """Raise when some migrations are not in the code.

    Raises
    ------
    ArchiveError
        With the name of the first one.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    unknown = sorted(set(migrations) - set(loader.disk_migrations))
    if unknown:
        msg = (
            f"The tables were made by another version of Alliage, probably newer: this one does "
            f"not know the migration {'.'.join(unknown[0])}. Install that version, then run the "
            "command again."
        )
        raise ArchiveError(msg)


def bring_to(migrations: Collection[Migration]) -> None:
    """Create the tables as these migrations make them.

    Raises
    ------
    ArchiveError
        If the database has other migrations: its tables would not be those of the rows.
    """
    executor = MigrationExecutor(connection)
    others = sorted(set(executor.loader.applied_migrations) - set(migrations))
    if others:
        msg = (
            f"The database already has the migration {'.'.join(others[0])}, which the backup had "
            "not. Give an empty database, without tables: restore creates them."
        )
        raise ArchiveError(msg)
    nodes = set(migrations) & set(executor.loader.graph.nodes)
    # No signal is sent: what other applications write after a migration comes with the rows.
    executor.migrate(sorted(node for node in nodes if not _followed(executor.loader, node, nodes)))


def _followed(loader: MigrationLoader, node: Migration, among: Collection[Migration]) -> bool:
    children = loader.graph.node_map[node].children
    return any(child[0] == node[0] and child in among for child in children)


def _table(model: type[Model]) -> LiveTable:
    meta = model._meta  # noqa: SLF001
    key = meta.pk
    assert key is not None
    fields = tuple(field for field in meta.local_concrete_fields if not field.generated)
    for field in fields:
        if _type(field) not in _ENCODERS:
            msg = (
                f"The column {meta.db_table}.{_column(field)} has the type {_type(field)}, which "
                "a backup cannot write yet. Teach it in alliage_web.site.actions.tables."
            )
            raise ArchiveError(msg)
    numbered = isinstance(key, AutoField) or "AutoField" in key.get_internal_type()
    return LiveTable(meta.db_table, fields, _column(key), numbered)


def _column(field: Field[Any, Any]) -> str:
    assert field.column is not None
    return field.column


def _type(field: Field[Any, Any]) -> str:
    while isinstance(field, ForeignKey):
        field = field.target_field
    name = field.get_internal_type()
    return "IntegerField" if name.endswith(("IntegerField", "AutoField")) else name


@contextmanager
def snapshot() -> Iterator[None]:
    """Read the database as it is at one moment, while others write in it.

    Nobody waits: SQLite in WAL mode and PostgreSQL keep for the reader what others replace.
    """
    if connection.vendor == "sqlite":
        # « atomic » would begin as a writer, and keep the server from writing meanwhile.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                cursor.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        names = ", ".join(map(_quoted, sorted(connection.introspection.table_names())))
        if names:
            # A migration that starts now waits, instead of changing a table that is being read.
            cursor.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
        yield


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def rows_of(table: LiveTable) -> Iterator[list[Any]]:
    """Give the rows of a table as JSON values, in the order of its key, in constant memory."""
    columns = ", ".join(_quoted(column.name) for column in table.columns)
    converters = [
        (rank, convert)
        for rank, field in enumerate(table.fields)
        for convert in _reading(table, field)
    ]
    query = f"SELECT {columns} FROM {_quoted(table.name)} ORDER BY {_quoted(table.key)}"  # noqa: S608
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while found := cursor.fetchmany(_ROWS_AT_ONCE):
            for values in found:
                row = list(values)
                for rank, convert in converters:
                    if row[rank] is not None:
                        row[rank] = convert(row[rank])
                yield row


def _reading(table: LiveTable, field: Field[Any, Any]) -> Iterator[Convert]:
    """Give what turns a value of this database into a JSON value, one step after the other."""
    kind = _type(field)
    if kind != "JSONField":
        # The text of a JSON value goes as it is: NULL and null differ, and so does the order.
        column = Col(table.name, field)
        for convert in connection.ops.get_db_converters(column):
            yield partial(_converted, convert, column)
    encode = _ENCODERS[kind]
    if encode is not None:
        yield encode


def _converted(convert: Callable[[Any, Col, Any], Any], column: Col, value: Any) -> Any:
    return convert(value, column, connection)


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _utc(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat()


def _microseconds(value: dt.timedelta) -> int:
    return value // dt.timedelta(microseconds=1)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


#: How the values of a type are written; None: JSON has them already.
_ENCODERS: dict[str, Convert | None] = {
    "IntegerField": None,
    "BooleanField": None,
    "CharField": None,
    "SlugField": None,
    "TextField": None,
    "GenericIPAddressField": None,
    "JSONField": None,
    "FloatField": _finite,
    "DecimalField": str,
    "UUIDField": str,
    "DateField": dt.date.isoformat,
    "TimeField": dt.time.isoformat,
    "DateTimeField": _utc,
    "DurationField": _microseconds,
    "BinaryField": _base64,
}


def insert(table: LiveTable, rows: Iterable[Sequence[Any]]) -> int:
    """Write the rows of an empty table and return how many there were.

    The caller holds a transaction, and asks for the constraints at its end: rows may point to rows
    that are not written yet.
    """
    columns = ", ".join(_quoted(column.name) for column in table.columns)
    decoders = _DECODERS[connection.vendor]
    steps = [
        (rank, decoders[column.type])
        for rank, column in enumerate(table.columns)
        if column.type in decoders
    ]
    ready = (_decoded(row, steps) for row in rows)
    if connection.vendor == "sqlite":
        return _insert_many(_quoted(table.name), columns, len(table.fields), ready)
    return _copy(_quoted(table.name), columns, ready)


def _decoded(row: Sequence[Any], steps: Sequence[tuple[int, Convert]]) -> list[Any]:
    values = list(row)
    for rank, decode in steps:
        if values[rank] is not None:
            values[rank] = decode(values[rank])
    return values


def _insert_many(table: str, columns: str, width: int, rows: Iterator[list[Any]]) -> int:
    places = ", ".join(["%s"] * width)
    query = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
    count = 0
    with connection.cursor() as cursor:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            cursor.executemany(query, batch)
            count += len(batch)
    return count


def _copy(table: str, columns: str, rows: Iterator[list[Any]]) -> int:
    count = 0
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _sqlite_moment(value: str) -> Any:
    return connection.ops.adapt_datetimefield_value(dt.datetime.fromisoformat(value))


def _duration(value: int) -> dt.timedelta:
    return dt.timedelta(microseconds=value)


#: What differs from JSON in each engine. PostgreSQL reads the texts of the others by itself.
_DECODERS: dict[str, dict[str, Convert]] = {
    "sqlite": {
        "FloatField": float,
        "DecimalField": lambda value: connection.ops.adapt_decimalfield_value(Decimal(value)),
        "UUIDField": lambda value: value.replace("-", ""),
        "DateTimeField": _sqlite_moment,
        "BinaryField": base64.b64decode,
    },
    "postgresql": {"DurationField": _duration, "BinaryField": base64.b64decode},
}


def sequence_of(table: LiveTable) -> int | None:
    """Return the last number that a table gave to a row: a number must not be given twice."""
    if not table.numbered:
        return None
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name])
            found = cursor.fetchone()
            return found[0] if found else 0
        cursor.execute(f"SELECT last_value, is_called FROM {_sequence_name(table)}")  # noqa: S608
        last, called = cursor.fetchone()
        return last if called else 0


def set_sequence(table: LiveTable, last: int | None) -> None:
    """Go on numbering the rows of a table after this number."""
    if not last or not table.numbered:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table.name, last])
        else:
            cursor.execute("SELECT setval(%s, %s)", [_sequence_name(table), last])


def _sequence_name(table: LiveTable) -> str:
    with connection.cursor() as cursor:
        arguments = [_quoted(table.name), table.key]
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", arguments)
        return str(cursor.fetchone()[0])


def files_named_by(state: Iterable[LiveTable]) -> set[str]:
    """Return the paths of the contents of the documents that the database knows."""
    if _DOCUMENTS not in {table.name for table in state}:
        return set()
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT uuid FROM {_quoted(_DOCUMENTS)}")  # noqa: S608
        return {f"files/{UUID(str(uuid)).hex}" for (uuid,) in cursor}


def audit_head(tables: Iterable[LiveTable]) -> AuditHead | None:
    """Return the last sealed event of the audit chain."""
    columns = {
        column.name for table in tables if table.name == "audit_event" for column in table.columns
    }
    if not columns >= {"position", "digest"}:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, digest FROM audit_event WHERE position IS NOT NULL"
            " ORDER BY position DESC LIMIT 1"
        )
        found = cursor.fetchone()
    return AuditHead(position=found[0], digest=found[1]) if found else None


def occupied() -> dict[str, int]:
    """Count the rows of the tables that have some, those that ``migrate`` fills left aside."""
    counts: dict[str, int] = {}
    with connection.cursor() as cursor:
        for name in sorted(set(connection.introspection.table_names()) - MADE_BY_MIGRATE):
            if _reason(name):
                continue
            cursor.execute(f"SELECT COUNT(*) FROM {_quoted(name)}")  # noqa: S608
            if count := cursor.fetchone()[0]:
                counts[name] = count
    return counts


def empty_made_by_migrate(tables: Iterable[LiveTable]) -> None:
    """Remove what ``migrate`` wrote by itself: the backup has its own rows for it."""
    with connection.cursor() as cursor:
        for table in tables:
            if table.name in MADE_BY_MIGRATE:
                cursor.execute(f"DELETE FROM {_quoted(table.name)}")  # noqa: S608


def hold() -> bool:
    """Be the only restore in this database as long as the connection lives; tell if it can be.

    The end of another one is waited for: PostgreSQL needs a moment to see that a program was
    killed. A file of SQLite needs no lock: it appears at once, or never.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_RESTORE])
        except OperationalError:
            return False
        cursor.execute("RESET lock_timeout")
    return True


def holds() -> bool:
    """Tell whether the connection that holds the database still lives."""
    if connection.vendor != "postgresql":
        return True
    return connection.connection is not None and connection.is_usable()


def lock(tables: Iterable[LiveTable]) -> None:
    """Keep others from writing until the transaction ends; on SQLite it has begun as a writer."""
    if connection.vendor == "postgresql":
        names = ", ".join(_quoted(table.name) for table in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def measure() -> None:
    """Tell the database how the tables look, which it does not know of rows just written."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
