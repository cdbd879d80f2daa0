"""Rough input on every address and every form: no error of ours, and nothing written when refused.

Routes, forms and what their addresses name are found by ``tests.factories.fuzzing``: a form that is
added is sent rough input without a line here. ``benchmarks.fuzzing`` sends far more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.signals import request_started
from django.db import transaction
from django.test import override_settings
from tests.factories import fuzzing
from tests.factories.fuzzing import Tally

from alliage_web.vocabulary.models import SourceDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoDbBlocker
    from tests.factories.fuzzing import Platform

# Each test has its own savepoint within the transaction of the exploration, made in one process.
pytestmark = [pytest.mark.django_db, pytest.mark.long]
#: Requests of each test, shared between what it tries, so that the suite stays short.
FORMS, ADDRESSES, PATHS = 150, 120, 100


@pytest.fixture(scope="module")
def platform(
    django_db_setup: None,  # noqa: ARG001 - makes the database
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Platform]:
    """Explore once: to open every address takes longer than to fuzz some of them."""
    folder = tmp_path_factory.mktemp("fuzzing")
    with (
        override_settings(**fuzzing.quiet_settings(folder)),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield fuzzing.explore(fuzzing.sample())
        transaction.set_rollback(True)


@pytest.mark.parametrize("part", range(2))
def test_no_form_breaks_under_an_administrator(platform: Platform, part: int) -> None:
    tally = Tally()
    fuzzing.fuzz_forms(platform, platform.posts[part::2], FORMS // 2, tally)
    assert tally.refused
    assert tally.accepted


def test_no_form_breaks_under_a_visitor(platform: Platform) -> None:
    tally = Tally()
    visitor = fuzzing.visit(platform)
    shown = [form for form in visitor.posts if not form.is_bare]
    fuzzing.fuzz_forms(visitor, shown, FORMS // 2, tally)
    assert tally.refused


def test_no_query_breaks_a_page(platform: Platform) -> None:
    tally = Tally()
    fuzzing.fuzz_queries(platform, ADDRESSES, tally)
    assert tally.requests > ADDRESSES // 2


def test_no_address_breaks(platform: Platform) -> None:
    tally = Tally()
    fuzzing.fuzz_addresses(platform, PATHS, tally)
    assert tally.refused


def test_every_address_can_be_opened(platform: Platform) -> None:
    """An address that no sample object opens is not tried: ``fuzzing.sample`` must make one."""
    assert [route.name for route in platform.unreached] == []


# What the tests above rely on


def test_an_error_of_ours_would_be_seen(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[object]:
        raise RecursionError

    monkeypatch.setattr("alliage_web.vocabulary.queries.sources", fail)
    address = next(item for item in platform.opened if item.route.name == "vocabulary:sources")
    only = replace(platform, opened=[address])
    with pytest.raises(RecursionError):
        fuzzing.fuzz_queries(only, 1, Tally())
    tally = Tally(is_patient=True)
    fuzzing.fuzz_queries(only, 1, tally)
    assert len(tally.errors) == 1
    assert "RecursionError" in tally.errors[0]


def test_a_row_written_by_a_refused_request_would_be_seen(platform: Platform) -> None:
    def write(**_signal: object) -> None:
        SourceDocument.objects.create(code=uuid4().hex, label_fr="x", label_en="x", kind="x")

    request_started.connect(write)
    try:
        with pytest.raises(AssertionError, match=r"wrote in .*vocabulary_sourcedocument"):
            fuzzing.fuzz_queries(platform, 1, Tally())
    finally:
        request_started.disconnect(write)
