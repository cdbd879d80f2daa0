from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from alliage import __version__

if TYPE_CHECKING:
    from django.http import HttpRequest
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.one_engine


def request_for(path: str, theme: str = "") -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    if theme:
        request.COOKIES["theme"] = theme
    return request


def page(path: str = "/territoires/commune/94080/?q=a", theme: str = "") -> str:
    with translation.override("fr"):
        return render_to_string("ui/base.html", request=request_for(path, theme))


def test_the_page_has_its_landmarks_and_a_way_to_skip_them() -> None:
    text = page()
    assert '<html lang="fr"' in text
    for mark in ("<header", "<nav", '<main id="contenu"', "<footer", 'role="search"'):
        assert mark in text
    assert text.index('href="#contenu"') < text.index("<header")
    assert 'role="status"' in text
    assert __version__ in text


def test_the_section_of_the_page_is_marked() -> None:
    assert '<a href="/territoires/" aria-current="true">' in page()
    assert "aria-current" not in page("/a-propos/").split("<main", 1)[0].replace(
        'value="auto" aria-current="true"', ""
    )


def test_htmx_neither_writes_styles_nor_evaluates() -> None:
    assert '"includeIndicatorStyles":false' in page()
    assert '"allowEval":false' in page()


@pytest.mark.parametrize(
    ("cookie", "shown"), [("dark", "dark"), ("light", "light"), ("", "auto"), ('"><b>', "auto")]
)
def test_the_chosen_theme_is_that_of_the_first_byte(cookie: str, shown: str) -> None:
    assert f'data-theme="{shown}"' in page(theme=cookie)


def test_the_demonstration_says_so(settings: Settings) -> None:
    settings.ALLIAGE_DEMO = True
    assert "demo-banner" in page()
    settings.ALLIAGE_DEMO = False
    assert "demo-banner" not in page()


def test_the_theme_is_kept_and_the_person_comes_back(client: Client) -> None:
    response = client.post(reverse("ui:theme"), {"theme": "dark", "next": "/acteurs/?q=a"})
    assert (response.status_code, response["Location"]) == (302, "/acteurs/?q=a")
    assert client.cookies["theme"].value == "dark"
    client.post(reverse("ui:theme"), {"theme": "auto", "next": "/"})
    assert client.cookies["theme"].value == ""


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:1"])
def test_the_way_back_never_leaves_the_site(client: Client, elsewhere: str) -> None:
    response = client.post(reverse("ui:theme"), {"theme": "dark", "next": elsewhere})
    assert response["Location"] == "/"


@pytest.mark.django_db
def test_an_unknown_theme_and_a_plain_visit_are_refused(client: Client) -> None:
    response = client.post(reverse("ui:theme"), {"theme": "pink"})
    assert response.status_code == 400
    assert "pink" in response.content.decode()
    assert "theme" not in client.cookies
    assert client.get(reverse("ui:theme")).status_code == 405


def test_the_language_is_kept(client: Client) -> None:
    response = client.post(reverse("ui:language"), {"language": "en", "next": "/"})
    assert response.status_code == 302
    assert client.cookies["django_language"].value == "en"


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_say_what_to_do(name: str) -> None:
    with translation.override("fr"):
        text = render_to_string(f"{name}.html", request=request_for("/x/"))
    assert text.count("<h1") == 1
    assert 'class="button" href="/"' in text


def test_the_page_of_a_missing_address_says_why() -> None:
    with translation.override("fr"):
        text = render_to_string("404.html", {"message": "Code <94999>."}, request_for("/x/"))
    assert "Code &lt;94999&gt;." in text
