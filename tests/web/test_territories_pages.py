"""The entry page, the page of a territory at every level, the lists, and codes without a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories.actors import catalyst, organisation, vocabulary
from tests.factories.loaded_territories import AT, load, territory
from tests.factories.territories import write_vintage

from alliage_web.alliances.models import Alliance, AllianceTerritory, Party
from alliage_web.knowledge.models import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vintage(tmp_path_factory.mktemp("vintage"))


@pytest.fixture(scope="module")
def _loaded(written_once: None, folder: Path) -> None:  # noqa: ARG001 - keeps the rows
    load(folder)


def _page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def _with_plain_spaces(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def _alliance(slug: str, *places: tuple[str, str]) -> Alliance:
    alliance = Alliance.objects.create(
        code=slug, slug=slug, title=f"Alliance {slug}", kind="essai", summary="Un essai.",
        started="2020", stage="deployment", created_at=AT, updated_at=AT,
    )  # fmt: skip
    for level, code in places:
        AllianceTerritory.objects.create(alliance=alliance, territory=territory(level, code))
    Party.objects.create(alliance=alliance, name="Ville", world="local_authority")
    return alliance


def _example(alliance: Alliance) -> None:
    Entry.objects.create(
        kind="example", slug=alliance.slug, title=f"Exemple {alliance.slug}", summary="Un essai.",
        alliance=alliance, state="published", published_at=AT, created_at=AT, updated_at=AT,
    )  # fmt: skip


# The entry page


@pytest.mark.one_engine
@pytest.mark.usefixtures("_loaded")
class TestEntryPage:
    def test_it_shows_the_map_the_regions_and_the_size_classes(self, client: Client) -> None:
        page = _page(client, "/territoires/")
        assert "Population par département" in page
        for name in ("Île-de-France", "Val-de-Marne", "Nouvelle-Calédonie", "La Réunion"):
            assert name in page
        assert "de 20 000 à 49 999 habitants" in _with_plain_spaces(page)
        assert "Licence Ouverte" in page

    @pytest.mark.parametrize(
        ("indicator", "title"),
        [
            ("densite", "Densité par département"),
            ("alliances", "Alliances par département"),
            ("x", "Population par département"),
        ],
    )
    def test_the_map_shows_the_figure_asked_for(
        self, client: Client, indicator: str, title: str
    ) -> None:
        assert title in _page(client, f"/territoires/?indicateur={indicator}")

    def test_alliances_are_coloured_by_how_many(self, client: Client) -> None:
        _alliance("ici", ("commune", "94080"))
        for rank in range(3):
            _alliance(f"la-{rank}", ("commune", "93048"))
        page = _with_plain_spaces(_page(client, "/territoires/?indicateur=alliances"))
        assert "2 à 4" in page
        assert "5 et plus" in page
        assert 'map__area q2"><title>Val-de-Marne : 1 alliance</title>' in page
        assert 'map__area q4"><title>Seine-Saint-Denis : 3 alliances</title>' in page
        assert 'map__area q0"><title>Paris : 0 alliance</title>' in page

    def test_a_search_that_means_one_territory_goes_there(self, client: Client) -> None:
        response = client.get("/territoires/", {"q_text": "vincennes", "q": ""})
        assert response.headers["Location"] == "/territoires/commune/94080/"
        chosen = client.get("/territoires/", {"q_text": "vin", "q": "commune/94080"})
        assert chosen.headers["Location"] == "/territoires/commune/94080/"

    def test_a_search_that_means_several_lists_them(self, client: Client) -> None:
        page = _page(client, "/territoires/?q=saint-denis")
        assert "peut désigner plusieurs territoires" in page
        assert "/territoires/commune/97411/" in page
        assert "/territoires/commune/93066/" in page

    def test_a_search_without_answer_says_so_and_escapes(self, client: Client) -> None:
        page = _page(client, "/territoires/?q=<b>zzz")
        assert "Aucun territoire ne répond à « &lt;b&gt;zzz »" in page

    def test_it_takes_few_queries(self, client: Client) -> None:
        with CaptureQueriesContext(connection) as queries:
            client.get("/territoires/?q=saint-denis")
        assert len(queries) <= MOST_QUERIES

    def test_it_speaks_english(self, client: Client) -> None:
        client.cookies["django_language"] = "en"
        page = _page(client, "/territoires/")
        assert 'lang="en"' in page
        assert "48,193" in _page(client, "/territoires/commune/94080/")


# Suggestions


@pytest.mark.usefixtures("_loaded")
class TestSuggestions:
    def test_they_are_what_the_combobox_reads(self, client: Client) -> None:
        response = client.get("/territoires/suggestions/", {"q": "st mande"})
        assert json.loads(response.content) == {
            "results": [
                {
                    "value": "commune/94067",
                    "label": "Saint-Mandé",
                    "detail": "Commune · Val-de-Marne (94)",
                    "href": "/territoires/commune/94067/",
                }
            ]
        }

    def test_they_may_be_narrowed_to_levels(self, client: Client) -> None:
        address = "/territoires/suggestions/?q=paris&niveau=department&niveau=epci&niveau=x"
        values = [item["value"] for item in client.get(address).json()["results"]]
        assert values == ["department/75", "epci/200054781"]

    @pytest.mark.parametrize("text", ["a" * 5_000, "\x00", "commune/\x00"])
    def test_an_odd_text_is_no_trouble(self, client: Client, text: str) -> None:
        for address in ("/territoires/suggestions/", "/territoires/"):
            assert client.get(address, {"q": text}).status_code == 200

    def test_they_are_only_read(self, client: Client) -> None:
        assert client.post("/territoires/suggestions/").status_code == 405


# The page of a territory


PLACES = [
    ("country", "FR", "France"),
    ("region", "11", "Île-de-France"),
    ("department", "94", "Val-de-Marne"),
    ("department", "988", "Nouvelle-Calédonie"),
    ("epci", "200054781", "Métropole du Grand Paris"),
    ("ept", "200057941", "Paris Est Marne et Bois"),
    ("commune", "94080", "Vincennes"),
    ("commune", "75056", "Paris"),
    ("commune", "22016", "Île-de-Bréhat"),
    ("commune", "98818", "Nouméa"),
    ("commune", "98411", "Îles Saint-Paul et Nouvelle-Amsterdam"),
    ("arrondissement", "75112", "Paris 12e Arrondissement"),
]


@pytest.mark.one_engine
@pytest.mark.usefixtures("_loaded")
class TestTerritoryPage:
    @pytest.mark.parametrize(("level", "code", "name"), PLACES)
    def test_every_level_has_a_page(self, client: Client, level: str, code: str, name: str) -> None:
        page = _page(client, f"/territoires/{level}/{code}/")
        assert f"<h1>{name}</h1>" in page
        assert page.count("<h1>") == 1
        assert "None" not in page

    def test_figures_have_their_source_and_year(self, client: Client) -> None:
        page = _page(client, "/territoires/commune/94080/")
        assert "48\u202f193" in page
        assert "INSEE, 2023" in page
        assert "20\u202f000 à 49\u202f999" in page
        for grouping in ("Paris Est Marne et Bois", "Métropole du Grand Paris", "Val-de-Marne"):
            assert grouping in page
        assert "Base : 4 communes de la classe" in page

    def test_mayotte_has_the_year_of_its_census(self, client: Client) -> None:
        assert "INSEE, 2017" in _page(client, "/territoires/commune/97608/")

    def test_what_is_not_known_is_said(self, client: Client) -> None:
        page = _page(client, "/territoires/commune/98411/")
        assert "dont la population n’est pas connue" in page
        assert page.count("non connu") >= 3
        assert "n’a pas de contour" in page
        assert "année non précisée" in _page(client, "/territoires/commune/98818/")

    def test_the_map_shows_the_neighbours(self, client: Client) -> None:
        page = _page(client, "/territoires/commune/94080/")
        assert "Vincennes et ses voisines" in page
        for code in ("94067", "94033", "93048", "75056"):
            assert f'href="/territoires/commune/{code}/"' in page

    def test_a_department_is_coloured_by_commune(self, client: Client) -> None:
        assert "Population par commune" in _page(client, "/territoires/department/94/")
        page = _page(client, "/territoires/department/94/?indicateur=densite")
        assert "Densité par commune" in page
        assert "Val-de-Marne en France" in page
        assert "Population par département" in _page(client, "/territoires/region/11/")
        assert "Population par région" in _page(client, "/territoires/country/FR/")

    def test_an_arrondissement_is_placed_in_its_city(self, client: Client) -> None:
        page = _page(client, "/territoires/arrondissement/75112/")
        assert "Paris 12e Arrondissement dans sa ville" in page

    def test_an_overseas_commune_is_a_commune(self, client: Client) -> None:
        assert '<p class="eyebrow">Commune</p>' in _page(client, "/territoires/commune/98818/")
        assert "Collectivité d’outre-mer" in _page(client, "/territoires/department/988/")

    def test_a_department_is_compared_with_departments(self, client: Client) -> None:
        page = _page(client, "/territoires/department/94/")
        assert "Parmi les départements" in page
        assert "S’inspirer de territoires de même taille" not in page

    def test_paris_has_its_arrondissements_and_the_metropolis_its_public_bodies(
        self, client: Client
    ) -> None:
        assert "/territoires/arrondissement/75112/" in _page(client, "/territoires/commune/75056/")
        page = _page(client, "/territoires/epci/200054781/")
        assert "Ses établissements publics territoriaux" in page

    def test_it_gathers_what_is_there_near_and_alike(self, client: Client) -> None:
        vocabulary()
        here = _alliance("ici", ("commune", "94080"))
        above = _alliance("au-dessus", ("ept", "200057941"))
        alike = _alliance("ailleurs", ("commune", "78551"))
        other = _alliance("autre", ("commune", "97411"))
        for alliance in (here, above, alike, other):
            _example(alliance)
        organisation("Les Amis du bois", seat="commune/94080")
        catalyst("Le Lien", seat="commune/94067", functions=("support",))
        page = _page(client, "/territoires/commune/94080/")
        assert "Alliance ici" in page
        assert "Alliance au-dessus" in page
        assert "Les Amis du bois" in page
        assert "Le Lien" in page
        # 48.8474, 2.4380 to 48.8406, 2.4192.
        assert "à 2 km" in page
        # Same size class, not already shown above; La Réunion is of another class.
        assert "Exemple ailleurs" in page
        assert "Exemple ici" not in page
        assert "Alliance autre" not in page
        assert "Exemple autre" not in page

    def test_the_number_of_queries_is_constant(self, client: Client) -> None:
        vocabulary()

        def count(address: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                _page(client, address)
            return len(queries)

        def fill(rank: int) -> None:
            alliance = _alliance(f"ici-{rank}", ("commune", "94080"), ("ept", "200057941"))
            _example(_alliance(f"la-{rank}", ("commune", "78551")))
            _example(alliance)
            organisation(f"Amis {rank}", seat="commune/94080", roles=("expert",))
            catalyst(f"Lien {rank}", seat="commune/94067", functions=("support",))

        fill(0)
        addresses = [f"/territoires/{level}/{code}/" for level, code, _ in PLACES]
        before = {address: count(address) for address in addresses}
        for rank in range(1, 6):
            fill(rank)
        assert {address: count(address) for address in addresses} == before
        assert max(before.values()) <= MOST_QUERIES


# Codes without a page of their own


@pytest.mark.one_engine
@pytest.mark.usefixtures("_loaded")
class TestCodesWithoutPage:
    def test_a_former_code_leads_to_its_successor_which_explains(self, client: Client) -> None:
        response = client.get("/territoires/commune/78251/")
        assert response.status_code == 301
        assert response.headers["Location"] == "/territoires/commune/78551/?ancien-code=78251"
        page = _page(client, response.headers["Location"])
        assert "Fourqueux (78251) n’est plus une commune" in page

    def test_the_explanation_is_only_given_where_it_is_true(self, client: Client) -> None:
        for code in ("78251", "99999", "<b>", "%00"):
            page = _page(client, f"/territoires/commune/94080/?ancien-code={code}")
            assert "n’est plus" not in page

    def test_an_ambiguous_code_lets_the_reader_choose(self, client: Client) -> None:
        page = _page(client, "/territoires/commune/55273/", status=300)
        assert "/territoires/commune/55245/" in page
        assert "/territoires/commune/55386/" in page
        assert "Lamarche-en-Woëvre" in page

    @pytest.mark.parametrize(
        "address",
        [
            "/territoires/commune/99999/",
            "/territoires/commune/9408/",
            "/territoires/perimeter/aucun/",
            "/territoires/planete/terre/",
            "/territoires/epci/94080/",
            "/territoires/commune/%00/",
        ],
    )
    def test_an_unknown_code_is_clearly_not_found(self, client: Client, address: str) -> None:
        page = _page(client, address, status=404)
        assert "Aucun territoire ne porte le code" in page
        assert 'name="q_text"' in page

    def test_the_right_level_is_proposed(self, client: Client) -> None:
        page = _page(client, "/territoires/epci/94080/", status=404)
        assert "/territoires/commune/94080/" in page

    def test_lower_case_leads_to_the_proper_address(self, client: Client) -> None:
        response = client.get("/territoires/commune/2a004/")
        assert response.status_code == 301
        assert response.headers["Location"] == "/territoires/commune/2A004/"

    def test_a_territory_of_an_older_vintage(self, client: Client, tmp_path: Path) -> None:
        load(write_vintage(tmp_path / "2027", year=2027, merged={"94067": "94080"}))
        response = client.get("/territoires/commune/94067/")
        assert response.status_code == 301
        page = _page(client, response.headers["Location"])
        assert "Saint-Mandé (94067) n’est plus une commune" in page
        # What was placed on the commune that is gone is found on the page of its successor.
        _alliance("ancienne", ("commune", "94067"))
        assert "Alliance ancienne" in _page(client, "/territoires/commune/94080/")

    def test_a_territory_that_nothing_replaced(self, client: Client, tmp_path: Path) -> None:
        newer = write_vintage(tmp_path / "2027", year=2027, merged={"2A004": "94080"})
        load(newer)
        page = _page(client, "/territoires/department/2A/")
        assert "n’est plus dans le découpage en vigueur" in page


# Lists


@pytest.mark.usefixtures("_loaded")
class TestLists:
    def _names(self, client: Client, address: str) -> list[str]:
        lines = client.get(address).context["lines"]
        return [str(line[0][0].text) for line in lines]

    def test_communes_are_sorted_as_asked_the_unknown_last(self, client: Client) -> None:
        address = reverse("territories:communes", args=["department", "94"])
        names = self._names(client, address)
        assert names == ["Charenton-le-Pont", "Fontenay-sous-Bois", "Saint-Mandé", "Vincennes"]
        assert self._names(client, f"{address}?tri=-nom") == names[::-1]
        by_people = self._names(client, f"{address}?tri=-population")
        assert by_people[0] == "Fontenay-sous-Bois"
        assert self._names(client, f"{address}?tri=population") == by_people[::-1]
        assert self._names(client, f"{address}?tri=<b>") == names
        everywhere = reverse("territories:communes", args=["country", "FR"])
        unknown = ["Îles Saint-Paul et Nouvelle-Amsterdam", "Nouméa"]
        for order in ("population", "-population"):
            assert self._names(client, f"{everywhere}?tri={order}")[-1] == unknown[0]
        for order in ("densite", "-densite"):
            assert self._names(client, f"{everywhere}?tri={order}")[-2:] == unknown

    def test_names_are_sorted_without_their_accents(self, client: Client) -> None:
        names = self._names(client, "/territoires/country/FR/communes/")
        assert names.index("Île-de-Bréhat") < names.index("Montreuil")

    def test_headers_say_how_the_list_is_sorted(self, client: Client) -> None:
        page = _page(client, "/territoires/department/94/communes/?tri=-population")
        assert page.count('aria-sort="descending"') == 1
        assert 'href="?tri=population"' in page

    def test_a_list_is_cut_into_pages(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("alliage_web.territories.views.contents.PAGE", 3)
        assert self._names(client, "/territoires/department/94/communes/?page=2") == ["Vincennes"]
        page = _page(client, "/territoires/department/94/communes/?tri=nom&page=2")
        assert "tri=nom&amp;page=1" in page

    def test_bodies_are_those_that_have_communes_there(self, client: Client) -> None:
        names = self._names(client, "/territoires/department/94/intercommunalites/")
        assert names == ["Métropole du Grand Paris", "Paris Est Marne et Bois"]
        inside = self._names(client, "/territoires/epci/200054781/intercommunalites/")
        assert "Paris Est Marne et Bois" in inside
        assert "Métropole du Grand Paris" not in inside

    def test_an_empty_list_says_so(self, client: Client) -> None:
        page = _page(client, "/territoires/department/988/intercommunalites/")
        assert "La liste est vide" in page

    @pytest.mark.parametrize(
        "address", ["/territoires/department/99/communes/", "/territoires/commune/94080/communes/"]
    )
    def test_only_what_contains_communes_has_a_list(self, client: Client, address: str) -> None:
        _page(client, address, status=404)

    @pytest.mark.parametrize("contents", ["communes", "intercommunalites"])
    def test_lists_take_few_queries(self, client: Client, contents: str) -> None:
        with CaptureQueriesContext(connection) as queries:
            _page(client, f"/territoires/country/FR/{contents}/")
        assert len(queries) <= 5
