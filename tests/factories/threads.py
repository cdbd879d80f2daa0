"""Several people at once: threads that each have their own connection to one database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, connections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Result = TypeVar("Result")


def database_on_disk(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Give the threads a database in a file: one in memory never makes a writer wait.

    On SQLite, what a test writes or reads then passes through `together` or `alone`.
    """
    if connection.vendor == "sqlite":
        file = str(folder / "alliage.sqlite3")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [file])
        patch.setitem(connections.settings["default"], "NAME", file)


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do these works at the same time; give for each its result, or the error that it raised."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return work()
        except Exception as error:  # noqa: BLE001 - the test tells which are expected
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def alone(work: Callable[[], Result]) -> Result:
    """Do a work in a thread of its own, where the database is that of the other threads."""
    result: Any = together(work)[0]
    if isinstance(result, Exception):
        raise result
    return result  # type: ignore[no-any-return]
