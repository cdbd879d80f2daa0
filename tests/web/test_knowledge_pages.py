"""The pages of the knowledge base as a visitor sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.factories.actors import organisation, person
from tests.factories.alliances import AT, alliance, event, party, place, term, world
from tests.factories.knowledge import draft, published

from alliage_web.knowledge import actions, queries
from alliage_web.knowledge.models import Entry, EntryState
from alliage_web.territories.models import Snapshot, Territory

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_words(settings: Settings) -> None:
    settings.ALLIAGE_SEMANTIC = False


def text_of(html: str) -> str:
    """Give the words of a page, one space between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def get(client: Client, address: str, **query: str | int) -> str:
    answer = client.get(address, query, headers={"accept-language": "fr"})
    assert answer.status_code == 200
    return answer.content.decode()


def results(page: str) -> str:
    """Give the part of a list that its choices change."""
    return page[page.index('id="results"') : page.index("<footer")]


def size(code: str, size_class: str) -> None:
    Snapshot.objects.filter(territory__code=code).update(size_class=size_class)


def schooling(title: str, code: str, **more: Any) -> Entry:
    told = alliance(
        title,
        terms=[term("domain", "education"), term("objective", "innovate")],
        territories=[place(code)],
        parties=[party("Lycée", world="academic")],
        **more,
    )
    return published(title, alliance=told.code, body="")


# Lists


def test_the_list_of_examples_shows_them_with_their_facets(client: Client) -> None:
    world()
    published("Un potager", terms=("domain/health",), date="2021", territories=("commune/94080",))
    published("Un guide", kind="tool")
    draft("Un secret")
    actions.refresh()
    page = get(client, "/exemples/")
    assert "1 exemple" in text_of(results(page))
    assert "Un potager" in page
    assert "Un guide" not in page
    assert "Un secret" not in page
    assert re.search(r'name="domaine" value="health".*?Santé.*?>1<', page)
    assert re.search(r'name="region" value="11".*?Île-de-France.*?>1<', page)


def test_resources_are_listed_apart_with_their_publisher(client: Client) -> None:
    published("Un potager")
    published("Un guide", kind="tool", publisher="La Gazette", date="2021-05")
    published("Un colloque", kind="event", place="Paris", date="2022-11-03")
    actions.refresh()
    page = get(client, "/ressources/")
    assert "2 ressources" in text_of(results(page))
    assert re.search(r'name="type" value="tool".*?Outil.*?>1<', page)
    assert "Un potager" not in page
    chosen = results(get(client, "/ressources/", editeur="La Gazette"))
    assert "mai 2021" in chosen
    assert "Un colloque" not in chosen


def test_what_people_write_is_escaped_in_the_choices(client: Client) -> None:
    nasty = '<b>"Zoé" & fils</b>'
    published("Un guide", kind="tool", publisher=nasty)
    actions.refresh()
    page = get(client, "/ressources/")
    assert "<b>" not in page
    assert "&lt;b&gt;&quot;Zoé&quot; &amp; fils&lt;/b&gt;" in page
    chosen = get(client, "/ressources/", editeur=nasty)
    assert "1 ressource" in text_of(results(chosen))


def test_a_search_says_how_it_was_done(client: Client) -> None:
    published("Une maison de santé", body="Contre la pénurie de médecins.")
    published("Lutter contre l’illettrisme", body="Et la pénurie.")
    actions.refresh()
    found = text_of(results(get(client, "/exemples/", q="désert médical")))
    assert "1 exemple pour « désert médical »" in found
    assert "« désert médical » est aussi cherché comme accès aux soins" in found
    assert "mots trouvés :" in found
    corrected = text_of(results(get(client, "/exemples/", q="iletrisme")))
    assert "Rien pour « iletrisme ». Voici les résultats pour « illettrisme »." in corrected
    exact = text_of(results(get(client, "/exemples/", q="iletrisme", exact=1)))
    assert "Rien pour « iletrisme »" in exact
    assert "Écrire un exemple" in exact
    suggested = text_of(results(get(client, "/exemples/", q="pénurie iletrisme")))
    assert "Vouliez-vous dire : pénurie illettrisme" in suggested
    assert "Aucun texte n’a tous vos mots" in suggested


def test_nothing_found_says_what_to_do(client: Client) -> None:
    assert "La base est vide" in get(client, "/exemples/")
    world()
    published("Un potager", terms=("domain/health",))
    actions.refresh()
    page = results(get(client, "/exemples/", q="potager", domaine="education"))
    assert "Rien ne répond à tous ces choix" in page
    assert 'href="?q=potager"' in page
    blank = get(client, "/exemples/", q="avec les")
    assert "trop courants" in blank
    assert "Un potager" in blank


def test_choices_are_kept_when_one_searches_sorts_or_turns_the_page(client: Client) -> None:
    world()
    for rank in range(14):
        published(f"Potager {rank:02}", terms=("domain/health",), date=str(2000 + rank))
    actions.refresh()
    page = get(client, "/exemples/", q="potager", domaine="health", tri="titre")
    shown = results(page)
    assert "domaine=health" in shown
    assert "page=2" in shown
    assert '<option value="titre" selected>' in shown
    words = text_of(shown)
    assert words.index("Potager 00") < words.index("Potager 01")
    second = results(get(client, "/exemples/", q="potager", domaine="health", tri="titre", page=2))
    assert "Potager 13" in text_of(second)
    newest = results(get(client, "/exemples/", tri="date"))
    assert newest.index("Potager 13") < newest.index("Potager 12")


@pytest.mark.parametrize(
    "query",
    ["page=zzz", "page=-1", "tri=zzz", "domaine=zzz", "annee=%00", "q=%00", "q=" + "a" * 5000],
)
def test_an_odd_address_is_answered(client: Client, query: str) -> None:
    published("Un potager")
    actions.refresh()
    assert client.get(f"/exemples/?{query}").status_code == 200
    assert client.get(f"/recherche/?{query}").status_code == 200


def test_htmx_gets_the_part_that_changes(client: Client) -> None:
    published("Un potager")
    actions.refresh()
    answer = client.get("/exemples/?q=potager", headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert 'id="results"' in part
    assert 'id="facettes"' in part
    assert "<html" not in part
    assert "HX-Request" in answer["Vary"]


@pytest.mark.one_engine
def test_lists_ask_a_constant_number_of_queries(client: Client) -> None:
    world()
    counts: dict[str, list[int]] = {}
    for many in (2, 25):
        for rank in range(many):
            published(f"Potager {many} {rank}", terms=("domain/health",), date="2020")
            published(f"Guide {many} {rank}", kind="tool", body="potager")
        actions.refresh()
        for address in ("/exemples/", "/exemples/?q=potager", "/ressources/?q=potager"):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                client.get(address + ("&x=1" if "?" in address else "?x=1"))
            counts.setdefault(address, []).append(len(captured))
    assert all(few == lots <= 15 for few, lots in counts.values()), counts


# An example


def test_an_example_tells_its_alliance_in_short(client: Client) -> None:
    world()
    actor = organisation("La Gerbe")
    told = alliance(
        "Passerelles",
        why="Les élèves *décrochent*.",
        reusable="- Commencer petit.",
        started="2018",
        parties=[party("La Gerbe", organisation=actor.slug, brings="un lieu")],
        timeline=[event("2018", "La rencontre."), event("2019", "Le départ.", planned=True)],
        outcomes=[
            {"text": "Élèves accueillis", "value": 140, "qualifier": "environ", "unit": "élèves",
             "status": "declared", "as_of": "2022", "source": "sheet_pemb l.3"},
        ],
        territories=[place("94080")],
        terms=[term("domain", "education")],
    )  # fmt: skip
    published("Des passerelles", alliance=told.code, body="", source="sheet_pemb l.1-2")
    actions.refresh()
    page = get(client, "/exemples/des-passerelles/")
    words = text_of(page)
    assert "<em>décrochent</em>" in page
    assert "Commencer petit." in words
    assert 'href="/acteurs/la-gerbe/"' in page
    assert 'href="/territoires/commune/94080/"' in page
    assert "environ 140 élèves" in words
    assert "déclaré" in words
    assert "Fiche PEMB" in words
    assert "prévu" in words
    sheet = "/exemples/des-passerelles/fiche"
    for address in (told.get_absolute_url(), f"{sheet}/", f"{sheet}.pdf"):
        assert f'href="{address}"' in page


def test_comparable_examples_are_of_another_size_with_their_reason(client: Client) -> None:
    world()
    size("94080", "large")
    size("93048", "large")
    size("45208", "pmt")
    schooling("École ici", "94080")
    schooling("École ailleurs", "45208")
    schooling("École voisine", "93048")
    actions.refresh()
    page = text_of(get(client, "/exemples/ecole-ici/"))
    comparable = page[page.index("Comparable mais différent") :]
    assert "École ailleurs" in comparable
    assert "École voisine" not in comparable
    assert "même besoin (éducation)" in comparable
    assert (
        "la taille du territoire (de 2 000 à 19 999 habitants, et non 50 000 habitants et plus)"
        in comparable
    )


def test_an_example_of_the_whole_country_is_compared_whatever_the_size(client: Client) -> None:
    world()
    size("45208", "pmt")
    schooling("École ailleurs", "45208")
    told = alliance(
        "École partout",
        terms=[term("domain", "education")],
        territories=[place("FR", level="country")],
    )
    published("École partout", alliance=told.code, body="")
    actions.refresh()
    page = text_of(get(client, "/exemples/ecole-partout/"))
    assert "Comparable, ailleurs" in page
    assert "École ailleurs" in page


def test_a_written_example_shows_its_text_cleaned_and_has_no_sheet(client: Client) -> None:
    published("Un potager", body="# Le *récit*\n\n<img src=x onerror=alert(1)> [x](https://a.fr)")
    actions.refresh()
    page = get(client, "/exemples/un-potager/")
    assert "<em>récit</em>" in page
    assert "<img" not in page
    assert 'href="https://a.fr"' in page
    assert "/fiche" not in page
    assert client.get("/exemples/un-potager/fiche/").status_code == 404
    assert client.get("/exemples/un-potager/fiche.pdf").status_code == 404


def test_a_long_title_is_shown_whole_and_named_shortly_in_the_breadcrumb(client: Client) -> None:
    title = "Une coopérative d’habitants de Saint-Germain-lès-Arpajon " * 3
    published(title.strip()[:180])
    page = get(client, f"/exemples/{Entry.objects.get().slug}/")
    assert text_of(page).count(title.strip()[:180]) >= 1
    crumbs = page[page.index('class="breadcrumb"') : page.index("<main")]
    assert "…" in crumbs


@pytest.mark.one_engine
def test_an_example_page_asks_few_queries(client: Client) -> None:
    world()
    size("94080", "large")
    size("45208", "pmt")
    schooling("École ici", "94080")
    schooling("École ailleurs", "45208")
    actions.refresh()
    client.get("/exemples/ecole-ici/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/exemples/ecole-ici/?x=1")
    assert len(captured) <= 15


# A resource


def test_a_resource_says_what_is_known_and_marks_the_way_out(client: Client) -> None:
    published(
        "Un colloque", kind="event", date="2022-11-03", date_end="2022-11-04", publisher="Le Fonds",
        place="Paris", url="https://example.org/c", note="Date contestée.", source="X01",
    )  # fmt: skip
    published("Un guide", kind="tool")
    page = get(client, "/exemples/un-colloque/")
    words = text_of(page)
    assert "du 3 novembre 2022 au 4 novembre 2022" in words
    assert "Lien vers un autre site : https://example.org/c" in words
    assert 'rel="noopener external"' in page
    assert "Date contestée." in words
    assert "non connu" in text_of(get(client, "/exemples/un-guide/"))


def test_an_unknown_address_is_not_found(client: Client) -> None:
    answer = client.get("/exemples/zorglub/")
    assert answer.status_code == 404


# Sheets


@pytest.mark.one_engine
def test_the_sheet_is_a_page_and_a_pdf_that_is_not_printed_twice(client: Client) -> None:
    world()
    told = alliance("Passerelles", parties=[party("Lycée")], why="Un besoin.")
    published("Des passerelles", alliance=told.code, body="")
    page = get(client, "/exemples/des-passerelles/fiche/")
    assert "Passerelles" in page
    assert "/exemples/des-passerelles/fiche.pdf" in page
    answer = client.get("/exemples/des-passerelles/fiche.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="fiche-des-passerelles.pdf"'
    for asked, given in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        header = {asked: answer[given]}
        again = client.get("/exemples/des-passerelles/fiche.pdf", headers=header)
        assert (again.status_code, again.content) == (304, b"")
    type(told).objects.filter(pk=told.pk).update(summary="Autre chose.")
    changed = client.get(
        "/exemples/des-passerelles/fiche.pdf", headers={"If-None-Match": answer["ETag"]}
    )
    assert changed.status_code == 200
    assert changed["ETag"] != answer["ETag"]


# What other pages ask


def test_counts_cards_and_examples_by_size() -> None:
    world()
    size("94080", "large")
    size("45208", "pmt")
    here = schooling("École ici", "94080", started="2018")
    schooling("École ailleurs", "45208")
    published("Un potager", territories=("commune/94080",), body="x")
    published("Un guide", kind="tool")
    draft("Un secret")
    assert queries.counts() == {"example": 3, "tool": 1, "publication": 0, "event": 0}
    assert here.alliance is not None
    card = queries.example_of(here.alliance.pk)
    assert card is not None
    assert (card.title, card.date, card.url) == ("École ici", "2018", "/exemples/ecole-ici/")
    assert queries.has_sheet(here.alliance.pk)
    assert queries.example_of(0) is None
    found = queries.examples_for_size_class("large", exclude_alliance_ids=[], limit=5)
    assert [card.title for card in found] == ["École ici", "Un potager"]
    others = queries.examples_for_size_class(
        "large", exclude_alliance_ids=[here.alliance.pk], limit=5
    )
    assert [card.title for card in others] == ["Un potager"]
    assert {card.kind for card in queries.recent(limit=2)} == {"example"}


def test_what_is_not_published_is_on_no_page_of_others() -> None:
    world()
    told = alliance("Passerelles")
    entry = draft("Passerelles", alliance=told.code, by=person("Camille"))
    assert queries.example_of(told.pk) is None
    assert not queries.has_sheet(told.pk)
    assert queries.recent(limit=3) == []
    Entry.objects.filter(pk=entry.pk).update(state=EntryState.PUBLISHED, published_at=AT)
    assert queries.has_sheet(told.pk)


def test_labels_follow_the_language(client: Client) -> None:
    world()
    published("Un potager", title_en="A garden", terms=("domain/health",))
    actions.refresh()
    assert Territory.objects.exists()
    page = client.get("/exemples/", headers={"accept-language": "en"}).content.decode()
    assert "A garden" in page
    assert "Santé (en)" in page
