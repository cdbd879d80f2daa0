"""The directory of catalysts: functions, territories, distance from a commune."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from tests.factories.actors import AT, catalyst, geography, organisation, vocabulary

from alliage.territories.distance import great_circle_km
from alliage_web.actors import actions, queries
from alliage_web.territories.models import Snapshot, Territory

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.territories.queries import Suggestion

pytestmark = pytest.mark.django_db

ADDRESS = "/catalyseurs/"


@pytest.fixture(autouse=True)
def _base() -> None:
    geography()
    vocabulary()


@pytest.fixture
def four() -> None:
    catalyst(
        "Montargis solidaire",
        seat="commune/45208",
        functions=("support", "place"),
        catalyst_domains=("health",),
        catalyst_territories=("department/45",),
    )
    catalyst(
        "Atelier de Montreuil",
        seat="commune/93048",
        functions=("support",),
        catalyst_domains=("education",),
        catalyst_territories=("commune/93048",),
    )
    # No seat: it stands where it acts.
    catalyst("Pôle de l’Est", catalyst_territories=("ept/200057941",), functions=("place",))
    catalyst("Réseau national", catalyst_territories=("country/FR",))
    organisation("Pas un catalyseur", seat="commune/94080")


def names(client: Client, **query: str) -> list[str]:
    response = client.get(ADDRESS, query)
    assert response.status_code == 200
    chunks = response.content.decode().split('class="entry__name"><a href="')[1:]
    return [chunk.split(">", 1)[1].split("<")[0].replace("&#x27;", "'") for chunk in chunks]


def near(name: str) -> Suggestion:
    from alliage_web.territories.queries import identify

    (found,) = identify(name)
    return found


@pytest.mark.usefixtures("four")
def test_catalysts_come_by_name(client: Client) -> None:
    assert names(client) == [
        "Atelier de Montreuil",
        "Montargis solidaire",
        "Pôle de l’Est",
        "Réseau national",
    ]


@pytest.mark.usefixtures("four")
def test_near_a_commune_they_come_by_distance_the_unknown_last(client: Client) -> None:
    found = queries.catalyst_directory(near=near("Vincennes")).entries
    assert [entry.organisation.name for entry in found] == [
        "Atelier de Montreuil",
        "Pôle de l’Est",
        "Montargis solidaire",
        "Réseau national",
    ]
    distances = [entry.distance_km for entry in found]
    assert distances[0] == pytest.approx(great_circle_km(48.8474, 2.4376, 48.8638, 2.4483))
    assert distances[2] == pytest.approx(97, abs=3)
    assert distances[3] is None
    assert [entry.covers for entry in found] == [False, True, False, False]
    assert [entry.place_is_seat for entry in found] == [True, False, True, False]
    text = client.get(ADDRESS, {"near_text": "vincennes"}).content.decode()
    assert "4 catalyseurs, du plus près au plus loin de Vincennes" in text
    assert "à 2 km" in text
    assert "couvre Vincennes" in text
    assert "lieu non connu" in text


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("place", "found"),
    [
        # What contains the place, what lies in it, and the whole country.
        ("Vincennes", ["Pôle de l’Est", "Réseau national"]),
        ("department/94", ["Pôle de l’Est", "Réseau national"]),
        ("department/45", ["Montargis solidaire", "Réseau national"]),
        ("Montargis", ["Montargis solidaire", "Réseau national"]),
        ("region/11", ["Atelier de Montreuil", "Pôle de l’Est", "Réseau national"]),
    ],
)
def test_those_that_cover_a_territory(client: Client, place: str, found: list[str]) -> None:
    assert names(client, territory_text=place) == found


@pytest.mark.usefixtures("four")
def test_functions_and_domains_narrow_the_list(client: Client) -> None:
    assert names(client, function="support") == ["Atelier de Montreuil", "Montargis solidaire"]
    assert names(client, function="support", domain="health") == ["Montargis solidaire"]


@pytest.mark.usefixtures("four")
def test_each_choice_is_counted_under_the_others() -> None:
    def counted(**asked: list[str]) -> dict[str, int]:
        found = queries.catalyst_directory(**asked)  # type: ignore[arg-type]
        return {item.term.code: item.count for item in (*found.functions, *found.domains)}

    assert counted() == {"support": 2, "place": 2, "health": 1, "education": 1}
    assert counted(functions=["place"])["support"] == 2
    assert counted(functions=["place"])["education"] == 0
    assert counted(domains=["education"])["place"] == 0


@pytest.mark.usefixtures("four")
def test_functions_are_explained_and_their_origin_is_told(client: Client) -> None:
    text = client.get(ADDRESS).content.decode()
    assert "Sens du mot Accompagnement." in text
    assert "complément extérieur, à vérifier" in text
    assert "associations.gouv.fr" in text
    assert "Fonctions non connues" in text


@pytest.mark.usefixtures("four")
def test_a_place_that_is_not_clear_is_asked_again(client: Client) -> None:
    text = client.get(ADDRESS, {"near_text": "Atlantide"}).content.decode()
    assert "« Atlantide » n’a pas été trouvé" in text
    assert len(names(client, near_text="mon")) == 4
    assert "Précisez le nom" in client.get(ADDRESS, {"near_text": "mon"}).content.decode()


@pytest.mark.usefixtures("four")
def test_the_choice_of_a_place_is_kept_in_the_form(client: Client) -> None:
    text = client.get(ADDRESS, {"near_text": "94080"}).content.decode()
    assert 'name="near" value="commune/94080"' in text
    assert 'name="near_text" value="Vincennes"' in text


@pytest.mark.usefixtures("four")
def test_the_map_and_its_table_say_the_same(client: Client) -> None:
    text = client.get(ADDRESS, {"near_text": "Vincennes"}).content.decode()
    assert text.count('class="map__point ') == 3
    assert "1 catalyseur n’a pas de lieu connu." in text
    points = {point.name: point.place for point in queries.catalyst_points()}
    assert points == {
        "Atelier de Montreuil": "Montreuil",
        "Montargis solidaire": "Montargis",
        "Pôle de l’Est": "Paris Est Marne et Bois",
    }


@pytest.mark.usefixtures("four")
def test_the_nearest_for_the_page_of_a_territory() -> None:
    found = queries.catalysts_near(48.8474, 2.4376, limit=2)
    assert [item.card.name for item in found] == ["Atelier de Montreuil", "Pôle de l’Est"]
    assert found[0].functions == ("Accompagnement",)
    assert found[0].card.is_catalyst
    communes = Territory.objects.filter(code__in=["93048", "45208"]).values("pk")
    assert [card.name for card in queries.catalysts_covering(communes)] == ["Atelier de Montreuil"]


def test_a_place_without_position_has_no_distance() -> None:
    Snapshot.objects.filter(territory__code="45208").update(latitude=None, longitude=None)
    catalyst("Montargis solidaire", seat="commune/45208")
    (entry,) = queries.catalyst_directory(near=near("Vincennes")).entries
    assert entry.distance_km is None
    assert queries.catalysts_near(48.8, 2.4) == []


@pytest.mark.usefixtures("four")
def test_a_merged_catalyst_is_in_no_list(client: Client) -> None:
    kept, merged = queries.by_slug("pas-un-catalyseur"), queries.by_slug("reseau-national")
    assert kept
    assert merged
    actions.merge_organisations(kept=kept, merged=merged, choices={}, by=None, at=AT)
    assert "Réseau national" not in names(client)
    assert "Pas un catalyseur" in names(client)
    assert queries.counts().catalysts == 4


def test_empty_pages_say_what_to_do(client: Client) -> None:
    assert "Aucun catalyseur n’est connu" in client.get(ADDRESS).content.decode()
    catalyst("Un", functions=("support",))
    text = client.get(ADDRESS, {"function": "place"}).content.decode()
    assert "Aucun catalyseur ne correspond" in text
    assert reverse("actors:catalysts") in text
