"""The page of an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import translation
from tests.factories.actors import (
    AT,
    editor,
    geography,
    organisation,
    person,
    vocabulary,
)

from alliage_web.actors import actions, queries
from alliage_web.alliances.models import Alliance, Party

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.actors.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _base() -> None:
    geography()
    vocabulary()


@pytest.fixture
def town() -> Organisation:
    return organisation(
        "Ville de Vincennes",
        acronym="VDV",
        aliases=("Mairie de Vincennes",),
        world="local_authority",
        world_reading="derived",
        profile="local_authority",
        legal_form="commune",
        siren="219400801",
        siret="21940080100019",
        seat="commune/94080",
        territories=("commune/94080", "ept/200057941"),
        domains=("health",),
        roles=("funder", "catalyst"),
        website="https://vincennes.example",
        summary_fr="Une ville.",
        summary_en="A town.",
        source="sheet_pemb l.3-4",
        is_catalyst=True,
        functions=("support",),
        catalyst_territories=("ept/200057941",),
    )


def page(client: Client, slug: str) -> str:
    response = client.get(f"/acteurs/{slug}/")
    assert response.status_code == 200
    return response.content.decode()


def test_everything_known_is_told(client: Client, town: Organisation) -> None:
    organisation("CCAS de Vincennes", parent=town.slug)
    text = page(client, town.slug)
    for told in (
        "Ville de Vincennes",
        "(VDV)",
        "Mairie de Vincennes",
        "world--local_authority",
        "déduit",
        "commune",
        "219\u202f400\u202f801<",
        "clé vérifiée",
        'href="/territoires/commune/94080/"',
        'href="/territoires/ept/200057941/"',
        "Santé",
        "Financeur",
        "https://vincennes.example",
        "Une ville.",
        "Fiche PEMB",
        "Sens du mot Accompagnement.",
        "complément extérieur, à vérifier",
        "Fonctions déduites",
        'href="/acteurs/ccas-de-vincennes/"',
    ):
        assert told in text, told
    child = page(client, "ccas-de-vincennes")
    assert 'href="/acteurs/ville-de-vincennes/"' in child


def test_what_is_not_known_is_said_so(client: Client) -> None:
    organisation("Inconnue")
    text = page(client, "inconnue")
    assert text.count("non connu</span>") >= 4
    assert "clé vérifiée" not in text
    assert "Aucune alliance connue" in text
    assert "catalyseur" not in text.split('id="alliances"')[1].split("<aside")[0]


def test_an_rna_number_has_no_key_to_verify(client: Client) -> None:
    organisation("Association", rna="W751234567")
    text = page(client, "association")
    assert "forme vérifiée" in text
    assert "clé vérifiée" not in text


def test_its_alliances_and_what_it_brings(client: Client, town: Organisation) -> None:
    alliance = Alliance.objects.create(
        code="a", slug="a", title="Ensemble", summary="…", created_at=AT, updated_at=AT
    )
    Party.objects.create(
        alliance=alliance,
        organisation=town,
        name=town.name,
        world=town.world,
        role="pilote",
        brings="Un lieu",
    )
    text = page(client, town.slug)
    assert 'href="/alliances/a/"' in text
    assert "Pilote" in text
    assert "Un lieu" in text


def test_the_page_speaks_english(client: Client, town: Organisation) -> None:
    with translation.override("en"):
        text = client.get(f"/acteurs/{town.slug}/", headers={"accept-language": "en"})
    assert "A town." in text.content.decode()


def test_the_history_is_for_people_who_sign_in(client: Client, town: Organisation) -> None:
    assert "/historique/" not in page(client, town.slug)
    assert client.get(f"/acteurs/{town.slug}/historique/").status_code == 302
    client.force_login(person())
    assert f"/acteurs/{town.slug}/historique/" in page(client, town.slug)
    text = client.get(f"/acteurs/{town.slug}/historique/").content.decode()
    assert "Création de la fiche" in text
    assert "Commande de chargement" in text


def test_what_each_may_do_is_offered(client: Client, town: Organisation) -> None:
    assert "/modifier/" not in page(client, town.slug)
    client.force_login(person())
    assert "/modifier/" not in page(client, town.slug)
    client.force_login(editor())
    text = page(client, town.slug)
    assert f"/acteurs/{town.slug}/modifier/" in text
    assert f"/acteurs/{town.slug}/fusionner/" in text


def test_a_merged_organisation_leads_to_the_one_it_became(
    client: Client, town: Organisation
) -> None:
    twin = organisation("Commune de Vincennes")
    actions.merge_organisations(kept=town, merged=twin, choices={}, by=None, at=AT)
    response = client.get("/acteurs/commune-de-vincennes/")
    assert response.status_code == 301
    assert response.headers["Location"] == "/acteurs/ville-de-vincennes/"


def test_an_unknown_organisation_is_not_found(client: Client) -> None:
    assert client.get("/acteurs/absente/").status_code == 404


def test_the_longest_names_stand_on_the_page(client: Client) -> None:
    name = ("Association " + "pour l’insertion " * 20)[:200].strip()
    row = organisation(name)
    assert name in page(client, row.slug)
    assert len(row.slug) <= 90


def test_cards_follow_the_order_asked_for() -> None:
    one, two = organisation("Une"), organisation("Deux", acronym="D2")
    assert [card.title for card in queries.cards([two.pk, one.pk]).values()] == [
        "Deux (D2)",
        "Une",
    ]
