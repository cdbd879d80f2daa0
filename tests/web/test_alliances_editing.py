"""Describing and changing an alliance in the browser, with and without JavaScript."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from unittest import mock
from uuid import uuid4

import pytest
import time_machine
from tests.factories.actors import organisation
from tests.factories.alliances import (
    AT,
    LATER,
    alliance,
    content,
    editor,
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
from alliage_web.alliances.actions import AlreadyThereError
from alliage_web.alliances.models import Alliance
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
NEW = "/alliances/nouvelle/"
BASE = {"title": "Passerelles", "summary": "Ensemble.", "source": "entretien"}


class _Fields(HTMLParser):
    """Reads a form as a browser would send it."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.form = False
        self.area: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = "alliance-form" in found.get("class", "")
        if not self.form:
            return
        name, value = found.get("name", ""), found.get("value", "")
        if tag == "textarea":
            self.area = name
            self.data[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            if "selected" in found or self.select not in self.data:
                self.data[self.select] = [value]
        elif tag == "input" and name:
            self.take_input(name, value, found)

    def take_input(self, name: str, value: str, found: dict[str, str]) -> None:
        box = found.get("type") in {"checkbox", "radio"}
        if not box or "checked" in found:
            self.data.setdefault(name, []).append(value or ("on" if box else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = None
        if tag == "select":
            self.select = None
        if tag == "form":
            self.form = False

    def handle_data(self, data: str) -> None:
        if self.form and self.area is not None:
            self.data[self.area][0] += data


def sent(response: Any) -> dict[str, Any]:
    """Give what the form of a page would send, as it is."""
    reader = _Fields()
    reader.feed(response.content.decode())
    # A line end that follows the opening of a text area is not a part of it.
    return {name: [re.sub(r"^\r?\n", "", value) for value in values]
            for name, values in reader.data.items()}  # fmt: skip


def filled(client: Client, url: str = NEW, **values: Any) -> dict[str, Any]:
    return {**sent(client.get(url)), **values}


def edit(slug: str) -> str:
    return f"/alliances/{slug}/modifier/"


# Who


def test_an_unknown_visitor_is_sent_to_sign_in(client: Client) -> None:
    world()
    alliance()
    for url in (NEW, edit("passerelles"), "/alliances/importer/"):
        response = client.get(url)
        assert response.status_code == 302
        assert response["Location"] == f"/compte/connexion/?next={url}"


def test_who_made_it_and_editors_may_change_it_and_nobody_else(client: Client) -> None:
    world()
    author = person("Lou")
    alliance(by=author)
    for user, status in ((author, 200), (editor(), 200), (person("Autre"), 403)):
        client.force_login(user)
        assert client.get(edit("passerelles")).status_code == status
        assert client.post(edit("passerelles"), {}).status_code in {status, 422}
    assert client.get(edit("inconnue")).status_code == 404
    assert Alliance.objects.get().title == "Passerelles"


# Creating


def test_three_answers_make_an_alliance(client: Client) -> None:
    world()
    author = person("Lou")
    client.force_login(author)
    with time_machine.travel(AT, tick=False):
        response = client.post(NEW, filled(client, **BASE))
    made = Alliance.objects.get()
    assert response["Location"] == "/alliances/passerelles/"
    assert (made.code, made.created_by, made.created_at) == ("passerelles", author, AT)
    written = Event.objects.get()
    assert (written.kind, written.target) == ("alliance.created", "alliance:passerelles")
    assert written.changes["title"] == ["", "Passerelles"]


def test_everything_that_the_form_asks_is_written(client: Client) -> None:
    world()
    organisation("Le RAMEAU", world="other")
    client.force_login(person("Lou"))
    data = filled(client, **BASE)
    for name in ("outcomes", "amounts", "lessons", "perspectives"):
        data[f"{name}-TOTAL_FORMS"] = "1"
    data |= {
        "started": "septembre 2014",
        "stage": "emergence",
        "domains": ["education", "health"],
        "sdg_targets": "17.17",
        "notes": "une réserve\r\n\r\nune autre",
        "why": "ligne\r\nautre",
        "territories-0-place_text": "Vincennes",
        "parties-0-organisation_text": "le-rameau",
        "parties-1-name": "Habitants",
        "parties-1-world": "citizen",
        "parties-1-entered": "2015",
        "timeline-0-when": "été 2020",
        "timeline-0-until": "2021",
        "timeline-0-text": "Animations",
        "outcomes-0-text": "jeunes accueillis",
        "outcomes-0-value": "1 200,5",
        "outcomes-0-unit": "jeunes",
        "outcomes-0-status": "observed",
        "supports-0-text": "Une session",
        "supports-5-na": "on",
        "supports-5-na_text": "Pas de démarche",
        "amounts-0-lever": "engineering_input",
        "amounts-0-eur": "12 000",
        "amounts-0-purpose": "étude",
        "amounts-0-first_year": "2021",
        "amounts-0-status": "granted",
        "amounts-0-reading": "stated",
        "lessons-0-text": "Se connaître d’abord",
        "perspectives-0-level": "local",
        "perspectives-0-text": "Trois villes",
    }
    response = client.post(NEW, data)
    assert response.status_code == 302
    written = queries.content(Alliance.objects.get())
    assert written.fields["started"] == "2014-09"
    assert written.fields["notes"] == ["une réserve", "une autre"]
    assert written.fields["why"] == "ligne\nautre"
    assert [(row["scheme"], row["code"], row["reading"], row["source"])
            for row in written.sections["terms"]] == [
        ("domain", "education", "stated", "entretien"),
        ("domain", "health", "stated", "entretien"),
        ("sdg_target", "17.17", "stated", "entretien"),
    ]  # fmt: skip
    assert written.sections["territories"] == [place("94080")]
    assert written.sections["parties"] == [
        party("Le RAMEAU", "other", organisation="le-rameau"),
        party("Habitants", "citizen", entered="2015"),
    ]
    assert written.sections["timeline"] == [
        event("2020-06", "Animations", precision="season", end="2021")
    ]
    assert str(written.sections["outcomes"][0]["value"]) == "1200.50"
    supports = {row["lever"]: row for row in written.sections["supports"]}
    assert list(supports) == ["data", "engineering_input", "direct_funding"]
    assert supports["direct_funding"]["na_text"] == "Pas de démarche"
    (amount,) = supports["engineering_input"]["amounts"]
    assert (str(amount["eur"]), amount["first_year"], amount["last_year"]) == (
        "12000.00",
        2021,
        2021,
    )
    assert written.sections["lessons"] == [{"text": "Se connaître d’abord", "source": ""}]
    assert written.sections["perspectives"][0]["level"] == "local"


def test_the_same_form_sent_twice_makes_one_alliance(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, **BASE)
    first, second = client.post(NEW, data), client.post(NEW, data)
    assert first["Location"] == second["Location"] == "/alliances/passerelles/"
    assert Alliance.objects.count() == 1


def test_two_alliances_of_the_same_title_have_two_addresses(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    for title in ("Passerelles", "Passerelles", "Nouvelle", "***"):
        client.post(NEW, filled(client, **BASE | {"title": title}))
    assert list(Alliance.objects.order_by("pk").values_list("code", "slug")) == [
        ("passerelles", "passerelles"),
        ("passerelles_2", "passerelles-2"),
        # /alliances/nouvelle/ is the address of the form.
        ("nouvelle", "nouvelle-2"),
        ("alliance", "alliance"),
    ]


def test_two_people_who_send_the_same_title_at_once_make_two_alliances() -> None:
    world()
    author = person("Lou")
    alliance(by=author)
    with mock.patch(
        "alliage_web.alliances.actions.editing._free_code",
        side_effect=["passerelles", "passerelles_2"],
    ):
        made = actions.create_alliance(content=content(), by=author, at=AT, submission=None)
    assert made.code == "passerelles_2"


def test_an_identifier_that_is_taken_for_good_is_not_written_over() -> None:
    world()
    author = person("Lou")
    alliance(by=author, kind="première")
    with (
        mock.patch("alliage_web.alliances.actions.editing._free_code", return_value="passerelles"),
        pytest.raises(AlreadyThereError, match="passerelles"),
    ):
        actions.create_alliance(content=content(kind="seconde"), by=author, at=AT, submission=None)
    assert Alliance.objects.get().kind == "première"


# Errors


ROWS = {
    "territories-0-place_text": "Vincennes",
    "timeline-0-when": "2014",
    "timeline-0-text": "Un fait",
}


@pytest.mark.parametrize(
    ("change", "anchor", "message"),
    [
        ({"title": ""}, "id_title", "Ce champ est obligatoire"),
        ({"title": "x" * 201}, "id_title", "200"),
        ({"started": "hier"}, "id_started", "« hier » n’est pas une date"),
        ({"started": "vers 2014"}, "id_started", "trop imprécis"),
        ({"started": "2014-09", "ended": "2014-08"}, "id_ended", "La fin est avant le début"),
        ({"part_of_text": "Rien de tel"}, "id_part_of", "n’est le titre d’aucune alliance"),
        ({"sdg_targets": "17.17, 99.9"}, "id_sdg_targets", "99.9"),
        (
            {"territories-0-place_text": "Atlantide"},
            *("id_territories-0-place", "n’a pas été trouvé"),
        ),
        (
            {"territories-0-place_text": "45999"},
            *("id_territories-0-place", "Écrivez : Montargis (45208)"),
        ),
        (
            {"parties-0-role": "pilote"},
            *("id_parties-0-name", "Donnez un nom"),
        ),
        ({"parties-0-name": "Asso"}, "id_parties-0-world", "Choisissez le monde"),
        (
            {
                "parties-0-name": "A",
                "parties-0-world": "other",
                "parties-0-entered": "2015",
                "parties-0-left": "2014",
            },
            *("id_parties-0-left", "Cette date est avant"),
        ),
        ({"timeline-0-when": "jadis"}, "id_timeline-0-when", "n’est pas une date"),
        ({"timeline-0-until": "2013"}, "id_timeline-0-until", "La fin est avant"),
        ({"supports-0-text": "x", "supports-0-na": "on"}, "id_supports-0-na", "non mobilisé"),
        ({"supports-0-na_text": "x"}, "id_supports-0-na_text", "cochez"),
    ],
)
@pytest.mark.one_engine
def test_an_error_is_linked_to_its_field_and_nothing_typed_is_lost(
    client: Client, change: dict[str, str], anchor: str, message: str
) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, **BASE, **ROWS) | change
    response = client.post(NEW, data)
    page = response.content.decode()
    assert response.status_code == 422
    assert not Alliance.objects.exists()
    assert f'href="#{anchor}"' in page
    assert f'id="{anchor}"' in page
    assert any(message.replace(" ", "") in fault.message.replace("\xa0", "").replace(" ", "")
               for fault in response.context["faults"])  # fmt: skip
    again = sent(response)
    for name, value in {**BASE, **ROWS, **change}.items():
        assert again[name] == [value], name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcomes-0-text": "a", "outcomes-0-value": "3"}, "Un chiffre ne va pas sans son unité"),
        ({"outcomes-0-text": "a", "outcomes-0-unit": "km"}, "Une unité sans chiffre"),
        ({"outcomes-0-text": "a", "outcomes-0-value": "beaucoup"}, "nombre"),
    ],
)
@pytest.mark.one_engine
def test_a_figure_goes_with_its_unit(client: Client, change: dict[str, str], message: str) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, **BASE) | {"outcomes-TOTAL_FORMS": "1", "outcomes-0-status": "declared"}
    response = client.post(NEW, data | change)
    assert message in " ".join(fault.message for fault in response.context["faults"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amounts-0-first_year": ""}, "Un montant accordé l’est pour une année"),
        ({"amounts-0-last_year": "2020"}, "La dernière année est avant"),
        ({"amounts-0-eur": "0"}, "supérieure ou égale"),
        ({"supports-5-na": "on"}, "Ce levier est dit non mobilisé"),
    ],
)
@pytest.mark.one_engine
def test_an_amount_is_whole(client: Client, change: dict[str, str], message: str) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, **BASE) | {
        "amounts-TOTAL_FORMS": "1",
        "amounts-0-lever": "direct_funding",
        "amounts-0-eur": "500",
        "amounts-0-purpose": "étude",
        "amounts-0-first_year": "2021",
        "amounts-0-status": "granted",
        "amounts-0-reading": "stated",
    }
    response = client.post(NEW, data | change)
    assert message in " ".join(fault.message for fault in response.context["faults"])
    assert not Alliance.objects.exists()


def test_the_same_territory_twice_is_an_error(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, **BASE) | {
        "territories-TOTAL_FORMS": "2",
        "territories-0-place": "commune/94080",
        "territories-1-place_text": "94080",
    }
    response = client.post(NEW, data)
    assert "Ce territoire est déjà" in " ".join(f.message for f in response.context["faults"])


@pytest.mark.one_engine
def test_a_form_that_was_tampered_with_is_an_error_and_not_a_crash(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    for change in (
        {"parties-TOTAL_FORMS": "x"},
        {"parties-TOTAL_FORMS": "100000"},
        {"supports-0-lever": "magic"},
        {"submission": "not a token"},
    ):
        assert client.post(NEW, filled(client, **BASE) | change).status_code == 422
    assert not Alliance.objects.exists()


# Rows


def test_adding_a_row_judges_nothing_and_loses_nothing(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, title="", started="hier") | {"parties-0-name": "Sans monde"}
    response = client.post(NEW, data | {"add": "parties"})
    assert response.status_code == 200
    assert response.context["faults"] == []
    again = sent(response)
    assert again["parties-TOTAL_FORMS"] == ["3"]
    assert (again["started"], again["parties-0-name"]) == (["hier"], ["Sans monde"])
    assert again["parties-2-name"] == [""]
    assert again["submission"] == data["submission"]
    added = re.search(r'<input[^>]*id="id_parties-2-organisation"[^>]*>', response.content.decode())
    assert added
    assert "autofocus" in added[0]
    assert not Alliance.objects.exists()


def test_empty_rows_count_for_nothing_and_a_removed_row_is_not_judged(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    data = filled(client, **BASE) | {
        "parties-0-name": "Sans monde",
        "parties-0-DELETE": "on",
    }
    assert client.post(NEW, data).status_code == 302
    assert queries.content(Alliance.objects.get()).sections["parties"] == []


# Changing


@pytest.mark.one_engine
def test_a_form_sent_back_as_it_is_changes_nothing(client: Client) -> None:
    shipped_world()
    actions.load_records(shipped(), by=None, at=AT)
    before = Event.objects.count()
    client.force_login(editor())
    for record in shipped():
        response = client.post(edit(record.slug), sent(client.get(edit(record.slug))))
        assert response.status_code == 302, (record.id, response.context["faults"])
        assert not Event.objects.all()[: Event.objects.count() - before].exists(), (
            record.id,
            Event.objects.latest("pk").changes,
        )


def test_a_change_is_recorded_with_before_and_after(client: Client) -> None:
    world()
    author = person("Lou")
    alliance(
        by=author,
        terms=[term("domain", "education", reading="derived", reason="l’école")],
        lessons=[{"text": "Une leçon", "source": "p. 3"}],
        stage="emergence", stage_reading="derived", stage_reason="début",
    )  # fmt: skip
    client.force_login(author)
    data = filled(client, edit("passerelles"), title="Ponts", stage="deployment")
    data["domains"] = ["education", "health"]
    data["lessons-0-DELETE"] = "on"
    with time_machine.travel(LATER, tick=False):
        assert client.post(edit("passerelles"), data)["Location"] == "/alliances/passerelles/"
    written = Event.objects.latest("pk")
    assert (written.kind, written.by, written.at) == (
        "alliance.updated",
        f"user:{author.pk}",
        LATER,
    )
    assert written.changes["title"] == ["Passerelles", "Ponts"]
    assert written.changes["lessons"] == [[{"text": "Une leçon", "source": "p. 3"}], []]
    assert written.changes["stage_reading"] == ["derived", "stated"]
    # The term that stays keeps how it was read; only the new one is told.
    assert written.changes["terms"] == [[], [term("domain", "health", source="entretien")]]
    found = queries.content(Alliance.objects.get())
    assert found.sections["terms"][0]["reason"] == "l’école"
    assert found.fields["stage_reason"] == ""


def test_an_alliance_is_not_a_part_of_itself_or_of_its_parts(client: Client) -> None:
    world()
    author = person("Lou")
    alliance("Tout", by=author)
    alliance("Partie", by=author, part_of="tout")
    alliance("Miette", by=author, part_of="partie")
    client.force_login(author)
    for parent in ("tout", "miette"):
        data = filled(client, edit("tout"), part_of=parent, part_of_text="x", part_of_shown="x")
        response = client.post(edit("tout"), data)
        assert "ne peut pas faire partie d’elle-même" in response.context["faults"][0].message


def test_typed_text_replaces_the_choice_shown_without_javascript(client: Client) -> None:
    world()
    author = person("Lou")
    alliance(by=author, territories=[place("94080", note="départ")])
    client.force_login(author)
    data = filled(client, edit("passerelles"))
    assert data["territories-0-place"] == ["commune/94080"]
    assert data["territories-0-place_text"] == ["Vincennes"]
    data["territories-0-place_text"] = ["Montreuil"]
    assert client.post(edit("passerelles"), data).status_code == 302
    found = queries.content(Alliance.objects.get()).sections["territories"]
    assert found == [place("93048", note="départ")]


def test_two_people_who_change_it_at_once_lose_nothing(client: Client) -> None:
    world()
    author = person("Lou")
    made = alliance(by=author, lessons=[{"text": "Leçon", "source": ""}])
    client.force_login(author)
    mine = filled(client, edit("passerelles"), title="Ma version", kind="ma forme")

    actions.update_alliance(
        alliance=made,
        content=queries.Content({"title": "Leur version", "summary": "Leur résumé."}),
        version=actions.version_of(made),
        by=editor(),
        at=LATER,
    )
    response = client.post(edit("passerelles"), mine)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Quelqu’un d’autre a modifié cette alliance" in page
    said = {item.label: (item.theirs, item.yours) for item in response.context["disagreements"]}
    assert said == {
        "Titre": ("Leur version", "Ma version"),
        "Résumé": ("Leur résumé.", "Passerelles réunit des acteurs."),
        "Forme": ("", "ma forme"),
    }
    made.refresh_from_db()
    assert (made.title, made.kind) == ("Leur version", "")

    # The person takes up what the other wrote, and saves: the form knows the new version.
    again = sent(response) | {"summary": "Leur résumé."}
    assert again["title"] == ["Ma version"]
    assert client.post(edit("passerelles"), again).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.summary, made.kind) == ("Ma version", "Leur résumé.", "ma forme")


def test_a_third_change_in_between_is_a_conflict_again(client: Client) -> None:
    world()
    author = person("Lou")
    made = alliance(by=author)
    client.force_login(author)
    mine = filled(client, edit("passerelles"), title="Ma version")
    for rank, at in enumerate((LATER, LATER.replace(minute=30))):
        actions.update_alliance(
            alliance=made,
            content=queries.Content({"title": f"Version {rank}"}),
            version=actions.version_of(Alliance.objects.get()),
            by=author,
            at=at,
        )
        response = client.post(edit("passerelles"), mine)
        assert response.status_code == 409
        mine = sent(response)
    assert client.post(edit("passerelles"), mine).status_code == 302


def test_the_action_refuses_a_submission_that_was_received() -> None:
    world()

    author, token = person("Lou"), uuid4()
    actions.create_alliance(content=content(), by=author, at=AT, submission=token)
    with pytest.raises(AlreadyDoneError) as caught:
        actions.create_alliance(content=content(), by=author, at=AT, submission=token)
    assert caught.value.target == "alliance:passerelles"
    assert Alliance.objects.count() == 1
