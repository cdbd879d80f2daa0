"""The list of alliances: facets that count, search, sort, map, pages, exports."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.factories.alliances import (
    AT,
    alliance,
    event,
    party,
    person,
    place,
    shipped,
    shipped_world,
    term,
    world,
)

from alliage_web.alliances import actions, queries
from alliage_web.alliances.queries import Selection
from alliage_web.territories.models import Perimeter, Territory

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
URL = "/alliances/"


def three() -> None:
    """Vincennes and Montreuil in Île-de-France, Montargis in Centre, one of the whole country."""
    world()
    author = person("Lou")
    alliance(
        "École ouverte",
        by=author,
        stage="emergence",
        started="2014-09",
        ended="2019",
        kind="programme",
        terms=[term("domain", "education"), term("objective", "innovate"), term("sdg", "4")],
        territories=[place("94080"), place("93048")],
        parties=[party("Ville", "local_authority"), party("Club", "company")],
    )
    alliance(
        "Zones d’emploi",
        by=author,
        stage="deployment",
        started="2018",
        terms=[term("domain", "employment"), term("domain", "education")],
        territories=[place("45208")],
        parties=[party("Asso"), party("Autre asso")],
    )
    alliance(
        "Action nationale", by=author, terms=[term("domain", "health")],
        territories=[place("FR", "country")], parties=[party("Asso")],
    )  # fmt: skip


def counts(selection: Selection = Selection()) -> dict[str, dict[str, int]]:  # noqa: B008 - frozen
    return {
        facet: {choice.value: choice.count for choice in options}
        for facet, options in queries.choices(selection, this_year=2020).items()
    }


def titles(selection: Selection, sort: str = "title") -> list[str]:
    return [item.title for item in queries.listed(selection, sort)]


def test_each_facet_counts_the_alliances_of_its_choices() -> None:
    three()
    found = counts()
    assert found["domain"] == {"education": 2, "employment": 1, "health": 1}
    assert found["objective"] == {"innovate": 1}
    assert found["sdg"] == {"4": 1}
    assert found["region"] == {"11": 1, "24": 1, "FR": 1}
    assert found["department"] == {"94": 1, "93": 1, "45": 1}
    assert found["world"] == {"local_authority": 1, "company": 1, "association": 2}
    assert found["stage"] == {"emergence": 1, "deployment": 1}
    assert found["year"] == {
        **dict.fromkeys(("2014", "2015", "2016", "2017"), 1),
        "2018": 2,
        "2019": 2,
        "2020": 1,
    }


def test_a_facet_counts_under_the_choices_of_the_others_but_not_its_own() -> None:
    three()
    found = counts(Selection(domain=("employment",)))
    # Its own choices stay open: choosing education too would add the other alliance.
    assert found["domain"] == {"education": 2, "employment": 1, "health": 1}
    assert found["region"] == {"11": 0, "24": 1, "FR": 0}
    assert found["world"] == {"local_authority": 0, "company": 0, "association": 1}
    both = counts(Selection(domain=("employment",), region=("11",)))
    assert both["domain"] == {"education": 1, "employment": 0, "health": 0}
    assert both["stage"] == {"emergence": 0, "deployment": 0}


@pytest.mark.parametrize(
    ("selection", "kept"),
    [
        (Selection(domain=("education", "health")), 3),
        (Selection(domain=("education",), world=("company",)), 1),
        (Selection(region=("11", "24")), 2),
        (Selection(region=("FR",)), 1),
        (Selection(department=("93",)), 1),
        (Selection(stage=("emergence",)), 1),
        (Selection(year=("2019",)), 2),
        (Selection(year=("2013",)), 0),
        (Selection(year=("2013", "2020")), 1),
        (Selection(sdg=("4",), objective=("innovate",)), 1),
        (Selection(text="ECOLE"), 1),
        (Selection(text="programme école"), 1),
        (Selection(text="école emploi"), 0),
        (Selection(text="l’emploi réunit"), 1),
        (Selection(text="d'emploi"), 1),
        (Selection(domain=("inconnu",)), 0),
    ],
)
def test_choices_add_up_in_a_facet_and_narrow_one_another(selection: Selection, kept: int) -> None:
    three()
    assert len(titles(selection)) == kept


def test_what_a_facet_counts_is_what_choosing_it_keeps() -> None:
    three()
    base = Selection(text="reunit")
    for facet, options in queries.choices(base, this_year=2020).items():
        for choice in options:
            chosen = Selection(text="reunit", **{facet: (choice.value,)})
            assert len(titles(chosen)) == choice.count, (facet, choice.value)


def test_a_perimeter_is_where_its_communes_are_and_a_region_is_itself() -> None:
    world()
    perimeter = Perimeter.objects.create(
        territory=Territory.objects.create(level="perimeter", code="est", name="Est parisien"),
        kind="basin",
    )
    perimeter.communes.set(Territory.objects.filter(code__in=["94080", "93048"]))
    alliance("De l’Est", territories=[place("est", "perimeter")])
    alliance("De la région", territories=[place("11", "region")])
    found = counts()
    assert found["region"] == {"11": 2}
    assert found["department"] == {"94": 1, "93": 1}
    assert titles(Selection(department=("93",))) == ["De l’Est"]
    # The region has a position of its own, the perimeter that of its communes.
    assert {point.place for point in queries.map_points()} == {"Est parisien", "Île-de-France"}


def test_alliances_are_sorted_by_title_whatever_the_accents_or_by_date() -> None:
    three()
    assert titles(Selection()) == ["Action nationale", "École ouverte", "Zones d’emploi"]
    assert titles(Selection(), "started") == ["Zones d’emploi", "École ouverte", "Action nationale"]


def test_the_page_shows_cards_facets_and_a_map(client: Client) -> None:
    three()
    response = client.get(URL)
    page = response.content.decode()
    assert "3 alliances décrites" in page
    assert [card.title for card in response.context["cards"]] == [
        "Action nationale",
        "École ouverte",
        "Zones d’emploi",
    ]
    assert {point.label for point in response.context["map"].points} == {
        "École ouverte",
        "Zones d’emploi",
    }
    assert "1 alliance nationale ou sans territoire précis" in page
    national, school, _jobs = response.context["cards"]
    assert national.meta == ("France",)
    assert school.meta == ("Vincennes, Montreuil", "de septembre 2014 à 2019", "Émergence")


def test_choices_of_the_address_narrow_the_page_and_can_be_removed(client: Client) -> None:
    three()
    response = client.get(URL, {"domain": "education", "world": "company", "q": "ecole"})
    assert "1 alliance répond à vos choix" in response.content.decode()
    assert [card.title for card in response.context["cards"]] == ["École ouverte"]
    assert "Retirer le filtre" in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"year": "abc"},
        {"year": "99999999999"},
        {"page": "zzz"},
        {"page": "999"},
        {"sort": "password"},
        {"q": "x\x00y"},
        {"q": "%"},
        {"domain": "'; --"},
    ],
)
def test_an_odd_address_still_answers(client: Client, query: dict[str, str]) -> None:
    three()
    assert client.get(URL, query).status_code == 200


def test_a_choice_that_means_nothing_is_shown_so_that_it_can_be_removed(client: Client) -> None:
    three()
    response = client.get(URL, {"domain": "disparu"})
    assert "Aucune alliance ne répond à tous ces choix" in response.content.decode()
    facet = next(item for item in response.context["facets"] if item.name == "domain")
    assert [(option.value, option.count) for option in facet.selected] == [("disparu", 0)]


def test_an_empty_base_says_what_to_do(client: Client) -> None:
    page = client.get(URL).content.decode()
    assert "Aucune alliance n’est encore décrite" in page
    assert "/alliances/nouvelle/" in page


def test_htmx_receives_the_listing_alone(client: Client) -> None:
    three()
    response = client.get(URL, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="results"' in page
    assert 'id="facettes"' in page
    assert "HX-Request" in response["Vary"]


def test_the_list_is_cut_into_pages(client: Client) -> None:
    world()
    author = person("Lou")
    for rank in range(14):
        alliance(f"Alliance {rank:02}", by=author)
    assert len(client.get(URL).context["cards"]) == 12
    second = client.get(URL, {"page": 2})
    assert [card.title for card in second.context["cards"]] == ["Alliance 12", "Alliance 13"]


@pytest.mark.one_engine
def test_the_number_of_queries_does_not_grow(client: Client) -> None:
    shipped_world()
    few, many = shipped()[:3], shipped()
    actions.load_records([item for item in few if item.part_of is None], by=None, at=AT)
    with CaptureQueriesContext(connection) as small:
        client.get(URL)
    actions.load_records(many, by=None, at=AT)
    with CaptureQueriesContext(connection) as large:
        response = client.get(URL)
    assert len(response.context["cards"]) == 12
    assert len(large) == len(small) <= 15
    with CaptureQueriesContext(connection) as narrowed:
        response = client.get(f"{URL}?domain=education&world=company&q=a&sort=started")
    assert response.context["cards"]
    assert len(narrowed) == len(large)


def test_alliances_are_suggested_by_any_of_their_words(client: Client) -> None:
    three()
    response = client.get("/alliances/suggestions/", {"q": "ouverte ecole"})
    assert response.json() == {
        "results": [
            {
                "value": "ecole_ouverte",
                "label": "École ouverte",
                "detail": "programme",
                "href": "/alliances/ecole-ouverte/",
            }
        ]
    }
    assert client.get("/alliances/suggestions/", {"q": " "}).json() == {"results": []}


# Exports


def export(client: Client, extension: str = "csv", **query: str) -> list[list[str]]:
    response = client.get(f"/alliances/exporter/alliances.{extension}", query)
    assert response.status_code == 200
    assert response["Content-Disposition"].endswith(
        f'alliances-{timezone.localdate().isoformat()}.{extension}"'
    )
    if extension == "csv":
        return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return [[str(cell.value or "") for cell in row] for row in book.worksheets[0].iter_rows()]


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_export_follows_the_choices(client: Client, extension: str) -> None:
    three()
    rows = export(client, extension, domain="education", sort="started")
    header, *lines = rows
    assert [line[header.index("titre")] for line in lines] == ["Zones d’emploi", "École ouverte"]
    assert lines[1][header.index("territoires")] == "commune:94080 | commune:93048"
    assert lines[1][header.index("parties")] == "Ville [collectivité] | Club [entreprise]"


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_no_cell_of_an_export_is_a_formula(client: Client, extension: str) -> None:
    world()
    traps: dict[str, Any] = {
        "title": '=HYPERLINK("http://x")',
        "kind": "+1",
        "why": "- tiret",
        "source": "@x",
    }
    alliance(timeline=[event("2020", "=1+1")], **traps)
    _header, line = export(client, extension)
    starts = {cell[0] for cell in line if cell}
    assert not starts & set("=+-@")
    assert '\'=HYPERLINK("http://x")' in line
    if extension == "xlsx":
        response = client.get("/alliances/exporter/alliances.xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
        types: set[Any] = {cell.data_type for row in sheet.iter_rows() for cell in row}
        assert "f" not in types


def test_an_unknown_format_of_export_is_not_found(client: Client) -> None:
    assert client.get("/alliances/exporter/alliances.exe").status_code == 404
