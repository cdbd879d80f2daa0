"""Reading the whole database, table by table, whatever its models say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable


def where_it_stands(words: Iterable[str]) -> list[str]:
    """Return the columns of the database in which one of these words stands, capitals aside.

    Binary columns are read as they are stored. Tables are those of the database, not of the models:
    caches, queues and indexes are read too.
    """
    wanted = [word.casefold() for word in words]
    found = []
    with connection.cursor() as cursor:
        tables = [
            table.name
            for table in connection.introspection.get_table_list(cursor)
            if table.type in {"t", "p"}
        ]
        for table in sorted(tables):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = _text(value)
                    if any(word in text for word in wanted):
                        found.append(f"{table}.{name}: {text[:120]}")
    return found


def _text(value: object) -> str:
    if isinstance(value, memoryview | bytes):
        return bytes(value).decode("utf-8", "replace").casefold()
    text = str(value)
    if "\\u" in text:
        # SQLite keeps the letters of a JSON column as escapes.
        text = f"{text} {text.encode('latin-1', 'replace').decode('unicode_escape', 'replace')}"
    return text.casefold()
