"""What every test of the platform relies on."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings


# The same examples at each run, so that a failure comes from the change under test. New ones:
# HYPOTHESIS_PROFILE=explore pytest.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def _private_folders(settings: Settings, tmp_path: Path) -> None:
    """Tests write nothing in the folders of the person who runs them."""
    settings.MEDIA_ROOT = tmp_path / "media"
    # WhiteNoise warns of a folder that does not exist: nothing is collected for the tests.
    settings.STATIC_ROOT = tmp_path
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
