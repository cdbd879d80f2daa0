"""Drawing perimeters: who may, what is checked, what is derived, what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.urls import reverse
from tests.factories.actors import editor, person
from tests.factories.loaded_territories import AT, load, perimeter, territory
from tests.factories.territories import write_vintage

from alliage_web.audit.queries import history
from alliage_web.territories import actions, queries
from alliage_web.territories.forms import codes_by_line
from alliage_web.territories.models import Perimeter, Territory

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db

NEW = "/territoires/perimetres/nouveau/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vintage(tmp_path_factory.mktemp("vintage"))


@pytest.fixture(autouse=True)
def _loaded(folder: Path) -> None:
    load(folder)


@pytest.fixture
def lou(client: Client) -> User:
    user = person("Lou")
    client.force_login(user)
    return user


def _form(**more: Any) -> dict[str, Any]:
    return {
        "name": "Bassin du Bois",
        "kind": "basin",
        "description": "Un bassin de vie.",
        "codes": "94080\n94067",
        "submission": str(uuid4()),
        **more,
    }


def _problems(client: Client, codes: str) -> list[str]:
    return list(client.post(NEW, _form(codes=codes)).context["form"].errors.get("codes", []))


# Reading pasted codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("94080\n94067", [(1, "94080"), (2, "94067")]),
        ("94080 Vincennes\r\n\r\n 94067;Saint-Mandé;94160", [(1, "94080"), (3, "94067")]),
        ("94080, 94067 2A004", [(1, "94080"), (1, "94067"), (1, "2A004")]),
        ("94080\t94300\tVincennes", [(1, "94080")]),
        ("Vincennes 94080", [(1, "Vincennes")]),
        ("", []),
    ],
)
def test_codes_are_read_as_they_are_pasted(text: str, codes: list[tuple[int, str]]) -> None:
    assert list(codes_by_line(text)) == codes


# Drawing


@pytest.mark.usefixtures("lou")
def test_a_perimeter_is_drawn_and_shown_with_derived_figures(client: Client) -> None:
    response = client.post(NEW, _form())
    assert response.headers["Location"] == "/territoires/perimeter/bassin-du-bois/"
    page = client.get(response.headers["Location"]).content.decode()
    assert "<h1>Bassin du Bois</h1>" in page
    assert "Bassin de vie ou d’emploi" in page
    place = queries.place("perimeter", "bassin-du-bois")
    assert place is not None
    members = queries.facts_of(territory("commune", code).pk for code in ("94080", "94067"))
    assert place.population == sum(facts.population or 0 for facts in members.values())
    assert (place.communes_count, place.size_class) == (2, "large")
    assert [item.code for item in place.groupings] == ["200057941", "200054781", "94", "11"]
    assert "Population par commune" in page
    (line,) = history("territory:perimeter/bassin-du-bois")
    assert (line.by, line.kind) == ("Lou", "territories.perimeter.created")
    assert line.changes["communes"] == [None, ["94067", "94080"]]


@pytest.mark.usefixtures("lou")
def test_a_form_sent_twice_counts_once(client: Client) -> None:
    form = _form()
    addresses = {client.post(NEW, form).headers["Location"] for _ in range(2)}
    assert addresses == {"/territoires/perimeter/bassin-du-bois/"}
    assert Perimeter.objects.count() == 1


@pytest.mark.usefixtures("lou")
def test_namesakes_have_their_own_addresses(client: Client) -> None:
    addresses = [client.post(NEW, _form()).headers["Location"] for _ in range(2)]
    assert addresses == [
        "/territoires/perimeter/bassin-du-bois/",
        "/territoires/perimeter/bassin-du-bois-2/",
    ]
    odd = client.post(NEW, _form(name="!!!")).headers["Location"]
    assert odd == "/territoires/perimeter/perimetre/"


@pytest.mark.usefixtures("lou")
def test_every_wrong_line_is_named_with_its_remedy(client: Client) -> None:
    found = _problems(client, "94080\n9408\n78251 Fourqueux\n55273\n95999\nVincennes")
    assert [problem.split(" : ", 1)[0] for problem in found] == [
        "Ligne 2", "Ligne 3", "Ligne 4", "Ligne 5", "Ligne 6",
    ]  # fmt: skip
    assert "cinq caractères" in found[0]
    assert "Saint-Germain-en-Laye (78551)" in found[1]
    assert "(55245)" in found[2]
    assert "(55386)" in found[2]
    assert "code postal" in found[3]
    assert not Perimeter.objects.exists()


@pytest.mark.usefixtures("lou")
def test_the_form_refuses_what_is_missing_or_too_much(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _problems(client, "  \n ") == ["Aucune commune n’est indiquée. Ajoutez-en au moins une."]
    assert len(_problems(client, "\n".join(["x"] * 300))) == 21
    monkeypatch.setattr("alliage_web.territories.forms.MOST_COMMUNES", 2)
    assert "3 codes" in _problems(client, "94080\n94067\n94018")[0]
    errors = client.post(NEW, _form(name="", kind="planet")).context["form"].errors
    assert set(errors) == {"name", "kind"}


@pytest.mark.usefixtures("lou")
def test_a_commune_given_twice_counts_once(client: Client) -> None:
    client.post(NEW, _form(codes="94080\n94080 Vincennes"))
    assert Perimeter.objects.get().communes.count() == 1


# Adding by name, without JavaScript


def _add(client: Client, **more: str) -> Any:
    return client.post(NEW, _form(ajouter="", **more)).context


@pytest.mark.usefixtures("lou")
def test_a_commune_is_added_to_the_list_and_nothing_is_lost(client: Client) -> None:
    context = _add(client, add_text="94160", add="", name="")
    assert context["form"].initial["codes"] == "94080\n94067\n94067 Saint-Mandé"
    assert context["form"].initial["description"] == "Un bassin de vie."
    assert not context["form"].errors
    assert "Saint-Mandé (94067) est ajoutée" in context["adding"].text
    assert not Perimeter.objects.exists()
    assert (
        _add(client, add="commune/94018", add_text="char")["form"]
        .initial["codes"]
        .endswith("94018 Charenton-le-Pont")
    )


@pytest.mark.usefixtures("lou")
def test_namesakes_are_proposed_as_buttons(client: Client) -> None:
    context = _add(client, add_text="saint-denis", add="")
    assert [item.code for item in context["adding"].choices][:2] == ["97411", "93066"]
    chosen = client.post(NEW, _form(ajouter="commune/93066")).context
    assert chosen["form"].initial["codes"].endswith("93066 Saint-Denis")


@pytest.mark.usefixtures("lou")
@pytest.mark.parametrize(
    ("text", "answer"), [("zzz", "Aucune commune ne répond à « zzz »"), ("", "Écrivez le nom")]
)
def test_what_cannot_be_added_is_explained(client: Client, text: str, answer: str) -> None:
    context = _add(client, add_text=text, add="")
    assert answer in context["adding"].text
    assert context["form"].initial["codes"] == "94080\n94067"


@pytest.mark.usefixtures("lou")
def test_only_communes_are_added(client: Client) -> None:
    assert "Aucune commune" in _add(client, add="department/94", add_text="")["adding"].text


# Who may


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    response = client.get(NEW)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))
    made = perimeter("Bois", "94080", by=person())
    address = reverse("territories:perimeter-edit", args=[made.territory.code])
    assert client.post(address, _form()).status_code == 302
    assert made.territory.name == "Bois"
    assert "Modifier" not in client.get(made.territory.get_absolute_url()).content.decode()


def test_others_may_not_change_it_editors_may(client: Client) -> None:
    made = perimeter("Bois", "94080", by=person("Ana"))
    address = reverse("territories:perimeter-edit", args=[made.territory.code])
    client.force_login(person("Lou"))
    assert client.get(address).status_code == 403
    assert client.post(address, _form()).status_code == 403
    client.force_login(editor())
    assert client.get(address).status_code == 200
    assert client.post(address, _form()).status_code == 302
    assert Territory.objects.get(pk=made.territory_id).name == "Bassin du Bois"


@pytest.mark.usefixtures("lou")
def test_what_does_not_exist_cannot_be_changed(client: Client) -> None:
    assert client.get("/territoires/perimetres/aucun/modifier/").status_code == 404


# Changing


def test_changes_are_recorded_field_by_field(client: Client, lou: User) -> None:
    made = perimeter("Bois", "94080", "94067", by=lou)
    address = reverse("territories:perimeter-edit", args=[made.territory.code])
    initial = client.get(address).context["form"].initial
    assert initial["codes"] == "94067 Saint-Mandé\n94080 Vincennes"
    client.post(address, _form(name="Bois", description="", codes="94080\n94018"))
    latest, *_earlier = history("territory:perimeter/bois")
    assert latest.changes == {"communes": [["94067", "94080"], ["94018", "94080"]]}
    # The address is kept, and the page tells its history to people who are signed in.
    page = client.get("/territoires/perimeter/bois/").content.decode()
    assert "Historique" in page
    client.logout()
    assert "Historique" not in client.get("/territoires/perimeter/bois/").content.decode()


def test_nothing_is_recorded_when_nothing_changed(client: Client, lou: User) -> None:
    made = perimeter("Bois", "94080", by=lou)
    address = reverse("territories:perimeter-edit", args=[made.territory.code])
    client.post(address, _form(name=" Bois ", description="", codes="94080"))
    assert len(history("territory:perimeter/bois")) == 1


def test_a_perimeter_is_found_by_its_present_name(client: Client, lou: User) -> None:
    made = perimeter("Bassin du Bois", "94080", by=lou)
    (found,) = queries.suggest("bois", levels=["perimeter"])
    assert found.url == made.territory.get_absolute_url()
    address = reverse("territories:perimeter-edit", args=[made.territory.code])
    client.post(address, _form(name="Marne et Forêt"))
    assert queries.suggest("bassin du bois") == []
    assert [item.name for item in queries.suggest("foret")] == ["Marne et Forêt"]


def test_the_name_is_shown_as_text(client: Client) -> None:
    perimeter("<script>alert(1)</script>", "94080", by=person())
    page = client.get("/territoires/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


# What is derived


def test_an_unknown_commune_makes_the_figures_unknown(client: Client) -> None:
    made = perimeter("Îles", "94080", "98411", by=person())
    place = queries.place("perimeter", made.territory.code)
    assert place is not None
    assert (place.population, place.surface_km2, place.size_class) == (None, None, "")
    page = client.get(made.territory.get_absolute_url()).content.decode()
    assert "dont la population n’est pas connue" in page
    assert "population non connue" in page


def test_a_commune_that_a_newer_vintage_lacks_counts_as_unknown(tmp_path: Path) -> None:
    made = perimeter("Bois", "94080", "94067", by=person())
    load(write_vintage(tmp_path / "2027", year=2027, merged={"94067": "94080"}))
    place = queries.place("perimeter", made.territory.code)
    assert place is not None
    assert (place.communes_count, place.population) == (2, None)


def test_a_commune_shows_the_perimeters_it_is_in(client: Client) -> None:
    made = perimeter("Bassin du Bois", "94080", by=person())
    page = client.get("/territoires/commune/94080/").content.decode()
    assert made.territory.get_absolute_url() in page
    assert "Bassin du Bois" in client.get("/territoires/").content.decode()


@pytest.mark.parametrize("places", [[], [("department", "94")]])
def test_a_perimeter_is_made_of_communes(places: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match="Give at least one commune"):
        actions.create_perimeter(
            name="Rien",
            kind="basin",
            description="",
            communes=[territory(level, code) for level, code in places],
            by=person(),
            at=AT,
        )
    assert not Perimeter.objects.exists()
