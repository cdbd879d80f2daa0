"""What tests of the platform share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import translation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture(scope="module")
def written_once(
    django_db_setup: None,  # noqa: ARG001 - makes the database
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Let a fixture of a module write rows for all its tests: each test rolls back to them.

    Objects in memory do not roll back: give each test a copy of what was written. Every test of
    the module finds the rows, so all of them should ask for the fixture that writes.
    """
    with (
        django_db_blocker.unblock(),
        override_settings(
            MEDIA_ROOT=tmp_path_factory.mktemp("media"),
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ),
        transaction.atomic(),
    ):
        # The test before may have left another language in the thread.
        translation.activate("fr")
        yield
        transaction.set_rollback(True)
