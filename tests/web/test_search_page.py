"""One box for everything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.factories.actors import organisation
from tests.factories.alliances import alliance, world
from tests.factories.knowledge import draft, published

from alliage_web.knowledge import actions

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_words(settings: Settings) -> None:
    settings.ALLIAGE_SEMANTIC = False


def search(client: Client, text: str, **query: str | int) -> str:
    answer = client.get("/recherche/", {"q": text, **query}, headers={"accept-language": "fr"})
    assert answer.status_code == 200
    return answer.content.decode()


def headings(page: str) -> list[str]:
    """Give the titles of the groups, in their order."""
    main = page[page.index("<main") : page.index("</main>")]
    found = re.findall(r'<h2 id="titre-(\w+)"', main)
    return [str(name) for name in found]


def everything() -> None:
    world()
    published("Un potager à Vincennes")
    published("Le potager, guide", kind="tool")
    alliance("Le potager commun")
    organisation("Les amis du potager")
    draft("Un potager secret")
    actions.refresh()


def test_what_is_found_is_grouped_with_counts_and_leads_to_each_list(client: Client) -> None:
    everything()
    page = search(client, "potager")
    assert headings(page) == ["examples", "alliances", "organisations", "resources"]
    for address in ("/exemples/", "/alliances/", "/acteurs/", "/ressources/"):
        assert f'href="{address}?q=potager"' in page
    assert "Un potager secret" not in page
    assert len(re.findall(r'class="muted num found-count">1<', page)) == 4


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("vincennes", "lieux"),
        ("Vincennes", "lieux"),
        ("94080", "lieux"),
        ("st mande", "lieux"),
        ("potager Vincennes", "examples"),
        ("Vincen", "examples"),
    ],
)
def test_a_name_or_a_code_of_a_commune_comes_first(client: Client, text: str, first: str) -> None:
    everything()
    published("Un jardin à Saint-Mandé et Vincennes")
    actions.refresh()
    assert headings(search(client, text))[0] == first


def test_a_beginning_of_a_name_comes_after_the_texts_that_have_the_word(client: Client) -> None:
    everything()
    published("Mont")
    actions.refresh()
    found = headings(search(client, "mont"))
    assert (found[0], found[-1]) == ("examples", "lieux")


def test_a_slip_is_corrected_and_the_lists_get_the_right_word(client: Client) -> None:
    everything()
    page = search(client, "potagre")
    assert "/exemples/?q=potager" in page
    assert "Chercher exactement" in page
    assert "Rien" in search(client, "potagre", exact=1)


def test_nothing_found_says_what_to_do(client: Client) -> None:
    everything()
    page = search(client, "zorglub")
    assert headings(page) == []
    assert "essayez un mot plus courant" in page


def test_without_words_the_page_says_what_may_be_searched(client: Client) -> None:
    for page in (search(client, ""), search(client, "   ")):
        assert "Que cherchez-vous" in page
        assert 'href="/ressources/"' in page


def test_the_header_and_the_home_lead_here(client: Client) -> None:
    everything()
    page = client.get("/").content.decode()
    assert len(re.findall(r'action="/recherche/"', page)) >= 2


@pytest.mark.one_engine
def test_the_number_of_queries_is_constant(client: Client) -> None:
    everything()
    counts = []
    for many in (1, 20):
        for rank in range(many):
            published(f"Un potager {many} {rank}")
            organisation(f"Potager {many} {rank}")
        actions.refresh()
        client.get("/recherche/?q=zzz")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/recherche/?q=potager&x={many}")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 15
