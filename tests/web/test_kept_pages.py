"""Pages kept for visitors: quick, never stale, never somebody's own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.urls import reverse

from alliage_web.accounts.models import User
from alliage_web.alliances.models import Alliance
from alliage_web.audit import actions as audit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
LIST = "/alliances/"


@pytest.fixture(autouse=True)
def _keeping(settings: Settings) -> Iterator[None]:
    settings.CACHES = settings.CACHES | {
        "pages": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": str(uuid4()),
        }
    }
    yield
    caches["pages"].clear()


@pytest.fixture(autouse=True)
def _indexed() -> None:
    call_command("rebuild_search", verbosity=0)


def describe(title: str) -> None:
    Alliance.objects.create(
        code=title.lower(),
        slug=title.lower(),
        title=title,
        summary="Une alliance.",
        created_at=NOW,
        updated_at=NOW,
    )
    audit.record(kind="alliance.created", target=f"alliance:{title}", by=None, at=NOW)


def test_a_kept_page_costs_one_query_and_says_the_same(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    describe("Alpha")
    first = client.get(LIST)
    with django_assert_num_queries(1):
        second = client.get(LIST)
    assert second.content == first.content
    assert second["Content-Security-Policy"] == first["Content-Security-Policy"]


def test_a_write_is_seen_at_once(client: Client) -> None:
    describe("Alpha")
    client.get(LIST)
    describe("Beta")
    assert "Beta" in client.get(LIST).content.decode()


def test_each_language_and_each_look_has_its_page(client: Client) -> None:
    french = client.get(LIST).content.decode()
    english = client.get(LIST, headers={"accept-language": "en"}).content.decode()
    assert 'lang="fr"' in french
    assert 'lang="en"' in english
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get(LIST).content.decode()


def test_the_page_of_a_person_is_never_kept(client: Client) -> None:
    person = User.objects.create_user("lou@example.org", "x", name="Lou Martin")
    client.force_login(person)
    assert "Lou Martin" in client.get(LIST).content.decode()
    client.logout()
    assert "Lou Martin" not in client.get(LIST).content.decode()


def test_a_page_with_a_protected_form_is_never_kept(client: Client) -> None:
    page = reverse("account_login")
    tokens = {client.get(page).cookies["csrftoken"].value for _ in range(2)}
    client.cookies.clear()
    tokens.add(client.get(page).cookies["csrftoken"].value)
    assert len(tokens) == 2


def test_part_of_a_page_is_never_given_for_the_whole(client: Client) -> None:
    part = client.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in client.get(LIST).content.decode()
    assert client.get(LIST, headers={"HX-Request": "true"}).content.decode() == part
