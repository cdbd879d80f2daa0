"""Describing an organisation: identifiers, territories, duplicates, double submit, permissions."""

from __future__ import annotations

import datetime as dt
import html
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from tests.factories.actors import (
    AT,
    described,
    editor,
    geography,
    organisation,
    person,
    vocabulary,
)

from alliage_web.accounts.models import Role
from alliage_web.actors import actions, queries
from alliage_web.actors.models import Organisation
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event
from alliage_web.audit.queries import history

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

NEW = "/acteurs/nouveau/"


@pytest.fixture(autouse=True)
def _base() -> None:
    geography()
    vocabulary()


def sent(**fields: Any) -> dict[str, Any]:
    return {"name": "La Gerbe", "profile": "association", "submission": str(uuid4())} | fields


def post(client: Client, address: str, fields: dict[str, Any]) -> str:
    response = client.post(address, fields)
    assert response.status_code == 200, response.headers
    return response.content.decode()


@pytest.fixture
def member(client: Client) -> Client:
    client.force_login(person())
    return client


def test_a_name_and_a_profile_are_enough(member: Client) -> None:
    response = member.post(NEW, sent())
    assert response.headers["Location"] == "/acteurs/la-gerbe/"
    told = queries.describe(Organisation.objects.get())
    assert (told.world, told.world_reading) == ("association", "derived")
    assert (told.siren, told.size, told.seat) == (None, "", None)
    (line,) = history("organisation:la-gerbe")
    assert (line.kind, line.by) == ("organisation.created", "Lou")
    assert line.changes["name"] == [None, "La Gerbe"]
    assert "siren" not in line.changes


def test_everything_that_is_said_is_kept(member: Client) -> None:
    organisation("Groupe Mère")
    member.post(
        NEW,
        sent(
            acronym="LG",
            aliases="Gerbe \n\nLa Gerbe des Mureaux\nGerbe",
            world="citizen",
            legal_form="association loi 1901",
            size="tpo",
            siret="732 829 320 00074",
            rna="w751 234567",
            seat_text="Vincennes",
            territories=["commune/94067"],
            territories_add_text="93",
            parent_text="groupe mère",
            domains=["health"],
            roles=["funder", "expert"],
            is_catalyst="on",
            functions=["support"],
            catalyst_territories_add="department/94",
            catalyst_domains=["education"],
            website="gerbe.example",
            summary_fr="Insère.",
            summary_en="Inserts.",
            source="Entretien du 3 mai",
        ),
    )
    told = queries.describe(Organisation.objects.get(slug="la-gerbe"))
    assert told == queries.Description(
        name="La Gerbe",
        world="citizen",
        profile="association",
        acronym="LG",
        aliases=("Gerbe", "La Gerbe des Mureaux"),
        legal_form="association loi 1901",
        siren="732829320",
        siret="73282932000074",
        rna="W751234567",
        size="tpo",
        seat="commune/94080",
        territories=("commune/94067", "department/93"),
        parent="groupe-mere",
        domains=("health",),
        roles=("catalyst", "expert", "funder"),
        website="https://gerbe.example",
        summary_fr="Insère.",
        summary_en="Inserts.",
        source="Entretien du 3 mai",
        is_catalyst=True,
        functions=("support",),
        functions_reading="stated",
        catalyst_territories=("department/94",),
        catalyst_domains=("education",),
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"siren": "219400802"}, "La clé de « 219400802 » est fausse"),
        ({"siren": "21940080"}, "compte 8 caractères"),
        ({"siren": "21940080X"}, "n’a pas la forme d’un numéro SIREN"),
        ({"siret": "73282932000075"}, "La clé de « 73282932000075 » est fausse"),
        ({"rna": "X751234567"}, "n’a pas la forme d’un numéro RNA"),
        (
            {"siren": "219400801", "siret": "73282932000074"},
            "ne commence pas par le SIREN 219400801",
        ),
        ({"seat_text": "Atlantide"}, "« Atlantide » n’a pas été trouvé"),
        ({"seat_text": "mon"}, "Montreuil, Seine-Saint-Denis (93), code 93048"),
        ({"parent_text": "Personne"}, "« Personne » n’a pas été trouvé"),
        ({"profile": "martien"}, "n’en fait pas partie"),
        ({"name": ""}, "Ce champ est obligatoire"),
        ({"aliases": "x" * 201}, "plus de 200 caractères"),
        ({"website": "pas une adresse"}, "URL valide"),
    ],
)
@pytest.mark.one_engine
def test_what_is_wrong_is_said_and_nothing_is_written(
    member: Client, fields: dict[str, Any], told: str
) -> None:
    organisation("Montreuil solidaire")
    text = post(member, NEW, sent(**fields))
    assert "Rien n’est enregistré" in text
    assert told in text
    assert Organisation.objects.count() == 1


def test_what_was_typed_is_still_there_after_an_error(member: Client) -> None:
    text = post(member, NEW, sent(name="", seat="commune/94080", territories_add_text="Loiret"))
    assert 'value="Vincennes"' in text
    assert 'value="commune/94080"' in text
    assert "Loiret" in text


def test_a_territory_is_added_without_saving(member: Client) -> None:
    text = post(
        member, NEW, {"name": "", "territories_add_text": "Montargis", "add_place": "territories"}
    )
    assert 'value="commune/45208" checked' in text
    assert "Rien n’est enregistré" not in text
    text = post(member, NEW, {"territories_add_text": "Atlantide", "add_place": "territories"})
    assert "« Atlantide » n’a pas été trouvé" in text
    assert not Organisation.objects.exists()


def test_a_text_typed_over_a_choice_replaces_it_without_javascript(member: Client) -> None:
    member.post(NEW, sent(seat="commune/94080", seat_text="Montargis", seat_shown="Vincennes"))
    assert queries.describe(Organisation.objects.get()).seat == "commune/45208"


@pytest.mark.parametrize(
    ("known", "fields"),
    [
        ({"siren": "732829320"}, {"siren": "732 829 320"}),
        ({"siren": "732829320"}, {"siret": "73282932000074"}),
        ({"rna": "W751234567"}, {"rna": "w751234567"}),
    ],
)
def test_an_identifier_that_exists_is_refused_with_the_way_to_its_owner(
    member: Client, known: dict[str, Any], fields: dict[str, str]
) -> None:
    organisation("Tout Autre Nom", **known)
    text = post(member, NEW, sent(**fields))
    assert '<a href="/acteurs/tout-autre-nom/">Tout Autre Nom</a>' in text
    assert Organisation.objects.count() == 1


def test_an_identifier_of_a_merged_organisation_is_free_again() -> None:
    old = organisation("Ancienne", siren="732829320")
    new = organisation("Nouvelle")
    actions.merge_organisations(kept=new, merged=old, choices={}, by=None, at=AT)
    assert organisation("Autre", siren="732829320").siren == "732829320"


def test_a_near_same_name_in_the_same_territory_is_shown_before_anything_is_written(
    member: Client,
) -> None:
    organisation("Ville de Vincennes", seat="commune/94080")
    fields = sent(name="Mairie de Vincenes", seat_text="Saint-Mandé")
    text = post(member, NEW, fields)
    assert "existe peut-être déjà" in text
    assert '<a href="/acteurs/ville-de-vincennes/">Ville de Vincennes</a>' in text
    assert Organisation.objects.count() == 1
    response = member.post(NEW, fields | {"different_from": "ville-de-vincennes"})
    assert response.status_code == 302
    assert Organisation.objects.count() == 2


def test_a_confirmation_is_worth_for_what_was_shown_only(member: Client) -> None:
    organisation("Ville de Vincennes", seat="commune/94080")
    organisation("La Gerbe", seat="commune/94067")
    text = post(member, NEW, sent(seat_text="Vincennes", different_from="ville-de-vincennes"))
    assert "/acteurs/la-gerbe/" in text
    assert Organisation.objects.count() == 2


def test_the_same_name_elsewhere_is_not_a_duplicate(member: Client) -> None:
    organisation("Mission locale", seat="commune/45208")
    assert member.post(NEW, sent(name="Mission locale", seat_text="Vincennes")).status_code == 302


@pytest.mark.parametrize("places", [{}, {"territories": ("country/FR",)}])
def test_where_the_territory_is_not_known_the_name_alone_is_compared(
    member: Client, places: dict[str, Any]
) -> None:
    organisation("Mission locale", **places)
    assert "existe peut-être déjà" in post(
        member, NEW, sent(name="La mission locale", seat_text="Vincennes")
    )
    organisation("Régie de quartier", seat="commune/45208")
    assert "existe peut-être déjà" in post(member, NEW, sent(name="Régie de quartier"))


def test_a_near_name_is_found_under_other_names_too(member: Client) -> None:
    organisation("Compagnie générale", acronym="CGA", aliases=("Les Autres de Romainville",))
    assert "sigle" not in post(member, NEW, sent(name="Les autres de Romainvile"))
    assert "existe peut-être déjà" in post(member, NEW, sent(name="CGA"))


@pytest.mark.parametrize("more", [{}, {"siren": "732829320"}, {"seat_text": "Vincennes"}])
def test_a_form_sent_twice_creates_one_record(member: Client, more: dict[str, str]) -> None:
    fields = sent(name="Une seule fois", **more)
    first, second = member.post(NEW, fields), member.post(NEW, fields)
    assert first.headers["Location"] == second.headers["Location"] == "/acteurs/une-seule-fois/"
    assert Organisation.objects.count() == 1


def test_a_form_that_races_with_itself_creates_one_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Both requests have read the trail before either wrote: only the table can tell.
    token = uuid4()
    actions.create_organisation(description=described("Une"), by=None, at=AT, submission=token)
    monkeypatch.setattr("alliage_web.actors.actions.writing.free_slug", lambda _name: "une")
    calls: list[object] = []

    def late(submission: object) -> None:
        calls.append(submission)
        if len(calls) > 1:
            made = "organisation:une"
            raise AlreadyDoneError(made)

    monkeypatch.setattr("alliage_web.actors.actions.writing.refuse_repeat", late)
    with pytest.raises(AlreadyDoneError):
        actions.create_organisation(description=described("Une"), by=None, at=AT, submission=token)
    assert Organisation.objects.count() == 1


def test_an_identifier_that_races_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    organisation("Une", siren="732829320")
    found = iter([[], [queries.Twin("siren", Organisation.objects.get())]])
    monkeypatch.setattr(
        "alliage_web.actors.actions.writing.same_identifier", lambda _told: next(found)
    )
    with pytest.raises(actions.SameIdentifierError, match="SIREN 732829320 is that of « Une »"):
        actions.create_organisation(
            description=described("Deux", siren="732829320"), by=None, at=AT
        )


def test_the_tables_hold_one_active_owner_of_an_identifier() -> None:
    organisation("Une", siren="732829320")
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.create(
            slug="deux", name="Deux", world="other", profile="company", siren="732829320",
            created_at=AT, updated_at=AT,
        )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.create(
            slug="trois", name="Trois", world="other", profile="company", siren="",
            created_at=AT, updated_at=AT,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Nouveau", "nouveau-2"), ("Suggestions", "suggestions-2"), ("&&&", "organisation")],
)
def test_addresses_never_hide_those_of_the_directory(name: str, slug: str) -> None:
    assert organisation(name).slug == slug


def test_addresses_of_equal_names_differ() -> None:
    assert [organisation("La Gerbe").slug for _ in range(3)] == [
        "la-gerbe",
        "la-gerbe-2",
        "la-gerbe-3",
    ]


def test_a_change_is_recorded_field_by_field(client: Client) -> None:
    author = person()
    client.force_login(author)
    row = organisation("La Gerbe", by=author, seat="commune/94080", roles=("expert",))
    address = reverse("actors:edit", args=["la-gerbe"])
    form = client.get(address).content.decode()
    assert 'value="commune/94080"' in form
    assert 'value="Vincennes"' in form
    response = client.post(
        address, sent(world="association", seat_text="Montargis", roles=["funder"], siren="")
    )
    assert response.headers["Location"] == "/acteurs/la-gerbe/"
    told = queries.describe(row)
    assert (told.seat, told.roles) == ("commune/45208", ("funder",))
    line = history("organisation:la-gerbe")[0]
    assert line.kind == "organisation.changed"
    assert line.changes == {
        "seat": ["commune/94080", "commune/45208"],
        "roles": [["expert"], ["funder"]],
    }


def test_a_form_sent_back_unchanged_writes_nothing(client: Client) -> None:
    author = person()
    client.force_login(author)
    organisation(
        "La Gerbe",
        by=author,
        world_reading="derived",
        is_catalyst=True,
        roles=("catalyst",),
        functions=("support",),
        functions_reading="derived",
        territories=("commune/94080",),
    )
    client.post(
        reverse("actors:edit", args=["la-gerbe"]),
        sent(
            world="association",
            is_catalyst="on",
            functions=["support"],
            territories=["commune/94080"],
        ),
    )
    assert Event.objects.filter(kind="organisation.changed").count() == 0


def test_an_organisation_keeps_its_own_identifiers(client: Client) -> None:
    author = person()
    client.force_login(author)
    organisation("La Gerbe", by=author, siren="732829320")
    response = client.post(
        reverse("actors:edit", args=["la-gerbe"]), sent(siren="732829320", legal_form="SAS")
    )
    assert response.status_code == 302


def test_no_longer_a_catalyst(client: Client) -> None:
    client.force_login(editor())
    row = organisation("La Gerbe", is_catalyst=True, roles=("catalyst",), functions=("support",))
    client.post(reverse("actors:edit", args=["la-gerbe"]), sent())
    told = queries.describe(row)
    assert not told.is_catalyst
    assert told.roles == ()


def test_an_organisation_does_not_depend_on_itself(client: Client) -> None:
    client.force_login(editor())
    organisation("La Gerbe")
    organisation("Fille", parent="la-gerbe")
    for parent in ("Fille", "La Gerbe"):
        text = post(client, reverse("actors:edit", args=["la-gerbe"]), sent(parent_text=parent))
        assert "est elle-même, ou dépend d’elle" in text
    assert queries.describe(Organisation.objects.get(slug="la-gerbe")).parent is None


def test_two_people_at_once_lose_nothing(client: Client) -> None:
    author = person()
    client.force_login(author)
    row = organisation("La Gerbe", by=author)
    address = reverse("actors:edit", args=["la-gerbe"])
    shown = client.get(address).context["form"].initial["version"]
    actions.change_organisation(
        organisation=row,
        description=described("La Gerbe", legal_form="SCIC"),
        by=editor(),
        at=AT + dt.timedelta(hours=1),
    )
    fields = sent(world="association", legal_form="SAS", version=shown)
    text = post(client, address, fields)
    assert "Quelqu’un d’autre a modifié cette fiche" in text
    assert "SCIC" in text
    assert 'value="SAS"' in text
    assert queries.describe(row).legal_form == "SCIC"
    row.refresh_from_db()
    assert actions.version_of(row) in html.unescape(text)
    again = client.post(address, fields | {"version": actions.version_of(row)})
    assert again.status_code == 302
    assert queries.describe(row).legal_form == "SAS"


def test_who_may_change_what(client: Client) -> None:
    author = person("Autrice")
    organisation("La Gerbe", by=author)
    address = reverse("actors:edit", args=["la-gerbe"])
    assert client.get(address).status_code == 302
    assert client.get(NEW).status_code == 302
    client.force_login(person("Autre"))
    assert client.get(address).status_code == 403
    assert client.post(address, sent(name="Pris")).status_code == 403
    for user in (author, editor(), person("Alix", Role.ADMINISTRATOR)):
        client.force_login(user)
        assert client.get(address).status_code == 200
    assert Organisation.objects.get().name == "La Gerbe"


def test_an_unknown_or_merged_organisation_is_not_changed(client: Client) -> None:
    client.force_login(editor())
    one, two = organisation("Une"), organisation("Deux")
    actions.merge_organisations(kept=one, merged=two, choices={}, by=None, at=AT)
    for slug in ("absente", "deux"):
        assert client.get(reverse("actors:edit", args=[slug])).status_code == 404


def test_an_unknown_reference_is_refused_by_the_action() -> None:
    unknown: tuple[dict[str, Any], ...] = (
        {"seat": "commune/00000"},
        {"domains": ("magic",)},
        {"functions": ("magic",)},
        {"parent": "absente"},
    )
    for fields in unknown:
        with pytest.raises(actions.UnknownReferenceError):
            organisation("La Gerbe", **fields)
    assert not Organisation.objects.exists()
