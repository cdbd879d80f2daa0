"""The directory of organisations: search, facets, map, file, and the cost of its pages."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories.actors import (
    AT,
    catalyst,
    editor,
    geography,
    organisation,
    person,
    vocabulary,
)

from alliage_web.actors import actions, queries
from alliage_web.territories.models import Perimeter, Territory

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _base() -> None:
    geography()
    vocabulary()


def selection(query: str = "") -> queries.Selection:
    return queries.Selection.from_query(QueryDict(query))


def names(query: str = "") -> list[str]:
    return [row.name for row in queries.selected(selection(query))]


def counts(query: str, facet: str) -> dict[str, int]:
    return {option.value: option.count for option in queries.options(selection(query))[facet]}


@pytest.fixture
def four() -> None:
    organisation(
        "Ville de Vincennes",
        world="local_authority",
        profile="local_authority",
        siren="219400801",
        aliases=("Mairie de Vincennes",),
        seat="commune/94080",
        territories=("commune/94080",),
        roles=("public_authority", "project_holder"),
    )
    organisation(
        "La Gerbe",
        acronym="LG",
        territories=("commune/94080", "commune/94067"),
        roles=("project_holder",),
        domains=("health", "education"),
        size="pmo",
    )
    catalyst(
        "PTCE Loiret",
        seat="commune/45208",
        domains=("health",),
        functions=("support",),
        catalyst_territories=("department/45",),
    )
    organisation("Fonds national", world="foundation", territories=("country/FR",))


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("vincennes", ["Ville de Vincennes"]),
        ("MAIRIE vincennes", ["Ville de Vincennes"]),
        ("lg", ["La Gerbe"]),
        ("219 400 801", ["Ville de Vincennes"]),
        ("219400801", ["Ville de Vincennes"]),
        ("gerbe paris", []),
        ("", ["Fonds national", "La Gerbe", "PTCE Loiret", "Ville de Vincennes"]),
    ],
)
def test_search_by_name_acronym_other_name_or_identifier(text: str, found: list[str]) -> None:
    assert names(f"q={text}") == found


def test_search_ignores_accents_and_saint_is_st() -> None:
    organisation("Théâtre de Saint-Mandé")
    assert names("q=theatre st mande") == ["Théâtre de Saint-Mandé"]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("world=association", ["La Gerbe", "PTCE Loiret"]),
        ("world=association&world=foundation", ["Fonds national", "La Gerbe", "PTCE Loiret"]),
        ("profile=local_authority", ["Ville de Vincennes"]),
        ("role=project_holder", ["La Gerbe", "Ville de Vincennes"]),
        ("role=project_holder&role=public_authority", ["La Gerbe", "Ville de Vincennes"]),
        ("domain=health&domain=education", ["La Gerbe", "PTCE Loiret"]),
        ("domain=health&world=foundation", []),
        ("size=pmo", ["La Gerbe"]),
        ("size=unknown&world=association", ["PTCE Loiret"]),
        ("department=94", ["La Gerbe", "Ville de Vincennes"]),
        ("department=94&department=45", ["La Gerbe", "PTCE Loiret", "Ville de Vincennes"]),
        ("region=24", ["PTCE Loiret"]),
        ("catalyst=yes", ["PTCE Loiret"]),
        ("department=99", []),
    ],
)
def test_choices_add_up_inside_a_facet_and_narrow_across(query: str, found: list[str]) -> None:
    assert names(query) == found


@pytest.mark.usefixtures("four")
def test_each_facet_is_counted_under_the_choices_of_the_others() -> None:
    assert counts("", "world") == {"local_authority": 1, "association": 2, "foundation": 1}
    # The facet's own choice does not narrow it: the reader sees what another choice would add.
    assert counts("world=association", "world") == counts("", "world")
    assert counts("world=association", "role") == {"project_holder": 1}
    assert counts("role=project_holder", "world") == {"local_authority": 1, "association": 1}
    assert counts("domain=health&world=association", "domain") == {"health": 2, "education": 1}
    assert counts("q=gerbe", "department") == {"94": 1}
    assert counts("department=94", "department") == {"94": 2, "45": 1}
    assert counts("catalyst=yes", "size") == {"unknown": 1}


@pytest.mark.usefixtures("four")
def test_counts_are_those_of_the_lists_that_they_announce() -> None:
    for base in ("", "world=association", "role=project_holder&department=94", "q=vincennes"):
        for facet, options in queries.options(selection(base)).items():
            others = QueryDict(base, mutable=True)
            others.pop(facet, None)
            for option in options:
                others[facet] = option.value
                assert len(names(others.urlencode())) == option.count, (base, facet, option)


@pytest.mark.usefixtures("four")
def test_an_organisation_counts_once_in_a_department_where_it_has_several_places() -> None:
    assert counts("q=vincennes", "department") == {"94": 1}
    assert counts("q=gerbe", "region") == {"11": 1}


@pytest.mark.usefixtures("four")
def test_a_choice_that_keeps_nothing_stays_so_that_it_can_be_removed() -> None:
    assert counts("department=93&world=citizen", "department")["93"] == 0
    assert counts("world=citizen", "world")["citizen"] == 0
    assert counts("world=martian", "world")["martian"] == 0


def test_a_perimeter_is_where_its_communes_are() -> None:
    territory = Territory.objects.create(level="perimeter", code="bassin", name="Bassin")
    perimeter = Perimeter.objects.create(territory=territory, kind="basin")
    perimeter.communes.set(Territory.objects.filter(code__in=["94080", "94067"]))
    organisation("Club du bassin", territories=("perimeter/bassin",))
    assert names("department=94") == ["Club du bassin"]
    assert counts("", "department") == {"94": 1}


@pytest.mark.usefixtures("four")
def test_merged_organisations_are_in_no_list() -> None:
    kept = queries.by_slug("la-gerbe")
    merged = queries.by_slug("fonds-national")
    assert kept
    assert merged
    actions.merge_organisations(kept=kept, merged=merged, choices={}, by=None, at=AT)
    assert "Fonds national" not in names()
    assert queries.counts().organisations == 3
    assert queries.ids_by_slug(["fonds-national"]) == {"fonds-national": kept.pk}
    assert [item.value for item in queries.suggest("fonds")] == ["la-gerbe"]


@pytest.mark.usefixtures("four")
def test_the_map_shows_seats_else_local_territories() -> None:
    places = {place.name: place for place in queries.map_places(queries.selected(selection()))}
    assert set(places) == {"Vincennes", "Saint-Mandé", "Montargis"}
    assert [item.name for item in places["Vincennes"].organisations] == [
        "Ville de Vincennes",
        "La Gerbe",
    ]
    assert [item.is_seat for item in places["Vincennes"].organisations] == [True, False]


@pytest.mark.one_engine
@pytest.mark.usefixtures("four")
def test_the_page_shows_the_list_without_javascript(client: Client) -> None:
    text = client.get(reverse("actors:index"), {"world": "association"}).content.decode()
    assert "2 organisations" in text
    assert "La Gerbe (LG)" in text
    assert "Ville de Vincennes</a></h3>" not in text
    assert 'action="/acteurs/"' in text
    assert "Afficher les résultats" in text
    assert "Ajouter une organisation" not in text


@pytest.mark.one_engine
@pytest.mark.usefixtures("four")
def test_an_empty_result_says_what_to_do(client: Client) -> None:
    text = client.get(reverse("actors:index"), {"q": "zzz"}).content.decode()
    assert "Aucune organisation ne correspond" in text
    assert "Voir toutes les organisations" in text


def test_an_empty_directory_says_what_to_do(client: Client) -> None:
    assert "L’annuaire est vide" in client.get(reverse("actors:index")).content.decode()


def test_the_list_has_pages_and_a_wrong_one_is_the_nearest(client: Client) -> None:
    for rank in range(30):
        organisation(f"Organisation {rank:02}")
    first = client.get(reverse("actors:index")).content.decode()
    second = client.get(reverse("actors:index"), {"page": "2"}).content.decode()
    assert first.count("entry__name") == 24
    assert second.count("entry__name") == 6
    assert "Organisation 29" in client.get(reverse("actors:index"), {"page": "99"}).content.decode()


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    "address",
    [
        "/acteurs/?q=e&world=association&department=94&department=45",
        "/catalyseurs/?near_text=Vincennes&territory_text=Loiret&function=support",
        "/acteurs/ptce-loiret/",
    ],
)
@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.one_engine
def test_pages_cost_a_constant_number_of_queries(
    client: Client, address: str, *, signed_in: bool
) -> None:
    if signed_in:
        client.force_login(editor())
    before = queries_of(client, address)
    for rank in range(40):
        catalyst(
            f"Catalyseur de l’essai {rank}",
            seat="commune/45208",
            territories=("commune/94080",),
            roles=("catalyst", "expert"),
            domains=("health", "education"),
            functions=("support", "place"),
            catalyst_territories=("commune/94080", "department/45"),
            parent="ptce-loiret",
        )
    assert queries_of(client, address) == before
    assert before <= 16


@pytest.mark.usefixtures("four")
def test_suggestions_begin_with_those_whose_name_begins_so(client: Client) -> None:
    organisation("Gerbe de blé")
    answer = json.loads(client.get(reverse("actors:suggest"), {"q": "gerbe"}).content)
    assert [item["value"] for item in answer["results"]] == ["gerbe-de-ble", "la-gerbe"]
    assert answer["results"][1]["href"] == "/acteurs/la-gerbe/"
    assert json.loads(client.get(reverse("actors:suggest")).content) == {"results": []}


def read_csv(client: Client, **query: str) -> list[dict[str, str]]:
    response = client.get(reverse("actors:export"), query)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    text = response.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


@pytest.mark.usefixtures("four")
def test_the_file_holds_the_selection(client: Client) -> None:
    (row,) = read_csv(client, catalyst="yes")
    assert row["nom"] == "PTCE Loiret"
    assert row["code du siège"] == "commune/45208"
    assert row["fonctions de catalyse"] == "Accompagnement"
    assert row["catalyseur"] == "oui"
    assert row["SIREN"] == ""
    assert len(read_csv(client)) == 4


@pytest.mark.one_engine
@pytest.mark.usefixtures("four")
def test_the_mark_of_the_encoding_can_be_left_out(client: Client) -> None:
    with_mark = client.get(reverse("actors:export")).content
    without = client.get(reverse("actors:export"), {"bom": "0"}).content
    assert with_mark == b"\xef\xbb\xbf" + without


@pytest.mark.one_engine
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_the_file_runs_no_formula(client: Client, start: str) -> None:
    organisation(f"{start}cmd|' /C calc'!A0", aliases=(f"{start}SOMME(A1)",))
    (row,) = read_csv(client)
    assert row["nom"].startswith(f"'{start}")
    assert row["autres noms"].startswith(f"'{start}")


def test_who_may_add_sees_how(client: Client) -> None:
    client.force_login(person())
    assert "Ajouter une organisation" in client.get(reverse("actors:index")).content.decode()


@pytest.mark.usefixtures("four")
def test_organisations_on_a_territory_by_seat_or_action() -> None:
    communes = Territory.objects.filter(code="94080").values("pk")
    assert [card.name for card in queries.organisations_on(communes, limit=5)] == [
        "La Gerbe",
        "Ville de Vincennes",
    ]
    assert queries.count_on(communes) == 2
    (only,) = queries.organisations_on(communes, limit=1)
    assert only.seat_name == ""
