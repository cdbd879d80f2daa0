"""The pages about the platform, and the page for what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

if TYPE_CHECKING:
    from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.mark.parametrize("name", ["home", "about", "accessibility", "personal-data", "search"])
def test_pages_open_on_an_empty_base(client: Client, name: str) -> None:
    response = client.get(reverse(f"site:{name}"))
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1


def test_home_says_what_is_not_known_and_what_to_do_when_nothing_is_loaded(client: Client) -> None:
    page = client.get(reverse("site:home")).content.decode()
    assert "non connu" in page
    assert "import-cases" in page


def test_a_missing_object_is_named_and_a_missing_page_is_not_blamed_on_it(client: Client) -> None:
    unknown = client.get(reverse("site:alliance", args=["inconnue"]))
    assert unknown.status_code == 404
    nowhere = client.get("/nulle-part/")
    assert nowhere.status_code == 404
    assert "L’adresse est incomplète" in nowhere.content.decode()
    assert "Resolver404" not in nowhere.content.decode()


def test_every_page_refuses_inline_scripts_and_styles(client: Client) -> None:
    policy = client.get(reverse("site:home"))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
