"""The read-only API: what it answers, how it refuses, what it costs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import observatory
from tests.factories.actors import organisation, person, vocabulary
from tests.factories.alliances import alliance, event, party, place, world
from tests.factories.knowledge import draft, published
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import published_release
from tests.factories.people import SINCE, give, somebody

from alliage_web.accounts.models import Role
from alliage_web.knowledge.actions import refresh
from alliage_web.observatory.models import PublishedFigure
from alliage_web.territories.models import Snapshot, Succession, Territory, Vintage

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.alliances.models import Alliance

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


def ask(client: Client, address: str, status: int = 200, **query: Any) -> Any:
    response = client.get(address, query)
    assert response.status_code == status, response.content.decode()
    if status != 200:
        assert response["Content-Type"] == PROBLEM
        problem = response.json()
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert problem["fix"]
        return problem
    assert response["Content-Type"].startswith("application/json")
    return response.json()


@pytest.fixture
def passerelles() -> Alliance:
    """An alliance with a party, a date and outcomes, one of them without a figure."""
    world()
    organisation("Les Ponts")
    blank = {"qualifier": "", "unit": "", "as_of": "", "source": ""}
    return alliance(
        "Passerelles",
        started="2019",
        territories=[place("94080")],
        parties=[party("Les Ponts", organisation="les-ponts"), party("Des habitants", "citizen")],
        timeline=[event("2019-03", "Première rencontre", source="sheet_pemb l.4")],
        outcomes=[
            {
                **blank, "text": "Jeunes suivis", "value": "110", "unit": "jeunes",
                "qualifier": "plus de", "status": "declared", "as_of": "2021",
                "source": "sheet_pemb l.12",
            },
            {**blank, "text": "Un lieu ouvert", "value": None, "status": "observed"},
        ],
    )  # fmt: skip


# What is answered


def test_a_territory_is_found_by_the_beginning_of_its_name(client: Client) -> None:
    world()
    found = ask(client, reverse("api:territories"), q="vincen")["items"]
    assert [(item["level"], item["code"], item["name"]) for item in found] == [
        ("commune", "94080", "Vincennes")
    ]
    assert found[0]["url"] == "http://testserver/api/v1/territories/commune/94080"
    assert found[0]["page"] == "http://testserver/territoires/commune/94080/"


def test_figures_of_a_territory_say_where_they_come_from(client: Client) -> None:
    world()
    Vintage.objects.update(population_source="INSEE, populations 2023", geography_source="COG")
    Snapshot.objects.filter(territory__code="94080").update(
        population=49_853, population_year=2023, surface_km2=1.92
    )
    found = ask(client, reverse("api:territory", args=["commune", "94080"]))
    assert found["population"] == {
        "value": 49_853,
        "unit": "inhabitants",
        "as_of": "2023",
        "source": "INSEE, populations 2023",
        "reading": "stated",
    }
    assert found["density"]["reading"] == "derived"
    assert found["density"]["value"] == pytest.approx(49_853 / 1.92)
    assert [item["code"] for item in found["within"]] == ["200057941", "94", "11"]


def test_what_is_not_known_is_null(client: Client) -> None:
    world()
    found = ask(client, reverse("api:territory", args=["commune", "94080"]))
    assert found["population"]["value"] is None
    assert found["size_class"] is None
    assert found["kind"] is None


def test_a_retired_code_leads_to_the_commune_that_replaced_it(client: Client) -> None:
    world()
    response = client.get(reverse("api:territory", args=["commune", "45999"]))
    assert response.status_code == 301
    assert response["Location"].endswith("/api/v1/territories/commune/45208")


def test_a_code_with_several_successors_lists_them(client: Client) -> None:
    world()
    Succession.objects.create(
        vintage=Vintage.objects.get(),
        code="45999",
        name="Ancienne",
        kind="scission",
        successor=Territory.objects.get(level="commune", code="94080"),
    )
    problem = ask(client, reverse("api:territory", args=["commune", "45999"]), 404)
    assert "45208" in problem["fix"]
    assert "94080" in problem["fix"]


def test_organisations_are_filtered_and_come_by_pages(client: Client) -> None:
    world()
    for number in range(5):
        organisation(f"Association {number}")
    organisation("Entreprise", world="company", profile="company")
    address = reverse("api:organisations")
    first = ask(client, address, world="association", page_size=2)
    assert first["total"] == 5
    assert [item["name"] for item in first["items"]] == ["Association 0", "Association 1"]
    assert first["links"]["previous"] is None
    found = list(first["items"])
    following = first["links"]["next"]
    while following:
        page = client.get(following).json()
        found += page["items"]
        following = page["links"]["next"]
    assert [item["slug"] for item in found] == [f"association-{n}" for n in range(5)]


def test_an_organisation_tells_its_alliances(client: Client, passerelles: Alliance) -> None:
    found = ask(client, reverse("api:organisation", args=["les-ponts"]))
    assert found["name"] == "Les Ponts"
    assert found["siren"] is None
    assert [item["alliance"] for item in found["alliances"]] == [passerelles.slug]


def test_a_merged_organisation_leads_to_the_one_it_joined(client: Client) -> None:
    world()
    kept, merged = organisation("Gardée"), organisation("Fusionnée")
    merged.merged_into = kept
    merged.save()
    response = client.get(reverse("api:organisation", args=["fusionnee"]))
    assert response.status_code == 301
    assert response["Location"].endswith("/api/v1/organisations/gardee")


def test_outcomes_keep_their_figure_exact_with_status_and_source(
    client: Client, passerelles: Alliance
) -> None:
    first, second = ask(client, reverse("api:alliance-outcomes", args=[passerelles.slug]))["items"]
    assert first == {
        "text": "Jeunes suivis",
        "value": "110",
        "qualifier": "plus de",
        "unit": "jeunes",
        "status": "declared",
        "as_of": "2021",
        "source": "sheet_pemb l.12",
    }
    assert second["value"] is None
    assert second["source"] is None


def test_the_story_of_an_alliance_is_whole(client: Client, passerelles: Alliance) -> None:
    found = ask(client, reverse("api:alliance", args=[passerelles.slug]))
    assert found["worlds"] == ["association", "citizen"]
    assert [item["name"] for item in found["territories"]] == ["Vincennes"]
    for part in ("parties", "timeline", "outcomes"):
        alone = ask(client, reverse(f"api:alliance-{part}", args=[passerelles.slug]))
        assert found[part] == alone["items"]
        assert found[part]


def test_alliances_are_filtered_as_on_their_page(client: Client, passerelles: Alliance) -> None:
    alliance("Autre", started="2022")
    address = reverse("api:alliances")
    assert ask(client, address)["total"] == 2
    assert [item["slug"] for item in ask(client, address, world="citizen")["items"]] == [
        passerelles.slug
    ]
    assert ask(client, address, year=2020)["total"] == 1
    assert [item["title"] for item in ask(client, address, sort="started")["items"]] == [
        "Autre",
        "Passerelles",
    ]


def test_drafts_do_not_exist_even_for_their_author(client: Client) -> None:
    world()
    author = person()
    hidden = draft("Brouillon", by=author)
    shown = published("Publié")
    refresh()
    client.force_login(author)
    ask(client, reverse("api:entry", args=[hidden.slug]), 404)
    assert ask(client, reverse("api:entry", args=[shown.slug]))["title"] == "Publié"
    found = ask(client, reverse("api:entries"))["items"]
    assert [item["slug"] for item in found] == [shown.slug]
    assert ask(client, reverse("api:entries"), q="publié")["items"][0]["words"]


def test_terms_and_sources_say_how_they_are_known(client: Client) -> None:
    vocabulary()
    found = ask(client, reverse("api:scheme", args=["domain"]))
    assert [(term["code"], term["reading"]) for term in found["terms"]] == [
        ("health", "stated"),
        ("education", "stated"),
    ]
    schemes = [item["scheme"] for item in ask(client, reverse("api:terms"))["items"]]
    assert schemes == ["domain", "catalyst_function"]
    sources = ask(client, reverse("api:sources"))["items"]
    assert [(item["code"], item["is_external"]) for item in sources] == [
        ("sheet_pemb", False),
        ("X01", True),
    ]


def test_me_says_who_is_signed_in(client: Client) -> None:
    problem = ask(client, reverse("api:me"), 401)
    assert "/compte/connexion/" in problem["fix"]
    client.force_login(person("Lou"))
    assert ask(client, reverse("api:me")) == {
        "name": "Lou",
        "email": "lou@example.org",
        "roles": [],
    }


def test_me_tells_the_roles_held_now_and_where(client: Client) -> None:
    nadia = somebody("Nadia", (Role.CATALYST, "territory:department/94"))
    give(nadia, Role.EDITOR, until=SINCE + dt.timedelta(days=1))
    client.force_login(nadia)
    roles = ask(client, reverse("api:me"))["roles"]
    assert [(held["role"], held["place"], held["until"]) for held in roles] == [
        ("catalyst", "territory:department/94", None)
    ]


def test_me_says_nothing_of_a_closed_account(client: Client) -> None:
    closed = person("Lou")
    client.force_login(closed)
    closed.is_active = False
    closed.save()
    ask(client, reverse("api:me"), 401)


def test_labels_follow_the_language_and_codes_do_not(client: Client) -> None:
    vocabulary()
    address = reverse("api:sources")
    found = {
        language: client.get(address, headers={"accept-language": language}).json()["items"][0]
        for language in ("fr", "en")
    }
    assert [item["label"] for item in found.values()] == ["Fiche PEMB entière", "Whole PEMB sheet"]
    assert {item["code"] for item in found.values()} == {"sheet_pemb"}


# What is refused


def test_a_wrong_value_is_named_with_what_is_allowed(client: Client) -> None:
    problem = ask(client, reverse("api:alliances"), 422, world="martian")
    assert problem["errors"][0]["field"] == "world"
    assert "company" in problem["errors"][0]["allowed"]


def test_a_misspelt_filter_is_refused_rather_than_ignored(client: Client) -> None:
    problem = ask(client, reverse("api:alliances"), 422, wrld="company")
    assert problem["errors"][0]["field"] == "wrld"
    assert "world" in problem["errors"][0]["allowed"]


@pytest.mark.parametrize(
    ("route", "arguments"),
    [
        ("api:organisation", ["personne"]),
        ("api:alliance", ["rien"]),
        ("api:alliance-parties", ["rien"]),
        ("api:entry", ["rien"]),
        ("api:scheme", ["rien"]),
        ("api:territory", ["commune", "99999"]),
        ("api:territory", ["commune", "\x00"]),
        ("api:unknown", []),
    ],
)
def test_what_is_not_there_says_where_to_look(
    client: Client, route: str, arguments: list[str]
) -> None:
    ask(client, reverse(route, args=arguments), 404)


def test_a_page_beyond_the_last_says_which_is_the_last(client: Client) -> None:
    problem = ask(client, reverse("api:organisations"), 404, page=7)
    assert "1" in problem["fix"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_the_api_is_read_only(client: Client, method: str) -> None:
    for name in ("alliances", "openapi", "unknown"):
        response = getattr(client, method)(reverse(f"api:{name}"))
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD"
        assert response["Content-Type"] == PROBLEM


def test_an_error_of_ours_keeps_the_shape_and_is_recorded(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> list[object]:
        raise RuntimeError

    monkeypatch.setattr("alliage_web.vocabulary.queries.sources", fail)
    problem = ask(client, reverse("api:sources"), 500)
    assert "RuntimeError" not in str(problem)
    assert "The API failed on /api/v1/sources" in caplog.text


# What it costs, and how it is described


def test_an_answer_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    first = client.get(reverse("api:sources"))
    again = client.get(reverse("api:sources"), headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert client.head(reverse("api:sources")).status_code == 200


@pytest.mark.parametrize(
    ("route", "most"), [("api:organisations", 4), ("api:alliances", 5), ("api:entries", 5)]
)
@pytest.mark.one_engine
def test_lists_cost_the_same_whatever_their_length(client: Client, route: str, most: int) -> None:
    world()
    counts = []
    for batch in range(2):
        for number in range(1 + 8 * batch):
            name = f"Nom {batch} {number}"
            organisation(name, seat="commune/94080", roles=("funder",))
            alliance(name, territories=[place("94080")], parties=[party(name)])
            published(name)
        refresh()
        client.get(reverse(route))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(route)).json()["total"] == 1 + 9 * batch
        counts.append(len(captured))
    assert counts[0] == counts[1] <= most


@pytest.mark.one_engine
def test_every_route_is_described_and_named(client: Client) -> None:
    described = client.get(reverse("api:openapi")).json()
    for path, methods in described["paths"].items():
        assert list(methods) == ["get"]
        operation = methods["get"]
        assert reverse(
            f"api:{operation['operationId'].replace('_', '-')}",
            kwargs={item["name"]: "x" for item in operation["parameters"] if item["in"] == "path"},
        ) == path.replace("{level}", "x").replace("{code}", "x").replace("{slug}", "x").replace(
            "{scheme}", "x"
        ).replace("{release}", "x").replace("{question}", "x")
        assert operation["summary"]
        for parameter in operation["parameters"]:
            assert parameter["description"], f"{path} {parameter['name']}"


@pytest.mark.one_engine
def test_the_page_shows_every_route_without_anything_from_elsewhere(client: Client) -> None:
    text = client.get(reverse("api:documentation")).content.decode()
    described = client.get(reverse("api:openapi")).json()
    for path in described["paths"]:
        assert f">{path}</code>" in text
    assert "curl &#x27;http://testserver/api/v1/territories?q=vincennes" in text
    assert "<script>" not in text
    assert "style=" not in text
    assert "cdn" not in text


def test_figures_of_documents_come_with_source_and_without_margin(client: Client) -> None:
    observatory.loaded()
    items = ask(client, "/api/v1/figures", population="citizen", theme="territory_health")["items"]
    assert {(item["margin"], item["population"]) for item in items} == {("n/a", "citizen")}
    assert all(item["source"] for item in items)
    dynamic = next(item for item in items if item["level"] == "dynamic" and not item["group"])
    assert (dynamic["value"], dynamic["unit"]) == ("50", "percent")


def test_a_figure_that_is_kept_inside_is_not_in_the_api(client: Client) -> None:
    observatory.loaded()
    withheld = set(PublishedFigure.objects.exclude(withheld="").values_list("code", flat=True))
    assert withheld
    pages = [
        ask(client, "/api/v1/figures", page_size=100, page=page)["items"] for page in (1, 2, 3)
    ]
    codes = {item["code"] for items in pages for item in items}
    assert codes
    assert not withheld & codes


def test_a_release_gives_its_tables_and_says_that_it_is_synthetic(client: Client) -> None:
    values = release_values(hidden=("bretagne",))
    row = published_release(observatory.wave(synthetic=True), values)
    (listed,) = ask(client, "/api/v1/releases")["items"]
    assert (listed["id"], listed["synthetic"]) == (str(row.uuid), True)
    assert ask(client, f"/api/v1/releases/{row.uuid}")["content"]["synthetic"] is True
    address = f"/api/v1/releases/{row.uuid}/tables/fragility"
    table = ask(client, address, breakdown="region")
    assert table["synthetic"] is True
    cells = [cell for line in table["content"]["rows"] for cell in line]
    hidden = [cell for cell in cells if cell["status"] == "hidden"]
    assert hidden
    assert all(cell == {"status": "hidden"} for cell in hidden)


def test_a_table_that_was_not_declared_says_which_are(client: Client) -> None:
    row = published_release(observatory.wave(synthetic=True), release_values())
    address = f"/api/v1/releases/{row.uuid}/tables/fragility"
    assert "region" in ask(client, address, 404, breakdown="commune")["fix"]
    ask(client, f"/api/v1/releases/{uuid4()}", 404)
