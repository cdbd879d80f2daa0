"""The page of an alliance: the story it tells, each figure with its status and its source."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from tests.factories.actors import organisation
from tests.factories.alliances import (
    AT,
    LATER,
    alliance,
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

from alliage.values.french import NARROW, NO_BREAK
from alliage_web.alliances import actions, queries
from alliage_web.alliances.queries import Content
from alliage_web.knowledge.models import Entry

if TYPE_CHECKING:
    from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def text_of(client: Client, slug: str, **query: str) -> str:
    response = client.get(f"/alliances/{slug}/", query)
    assert response.status_code == 200
    html = response.content.decode()
    html = html[html.index("<main") : html.index("</main>")]
    plain = re.sub(r"\s+", " ", strip_tags(html.replace("<", " <")).replace("&amp;", "&"))
    return plain.replace(NO_BREAK, " ").replace(NARROW, " ")


def outcome(text: str, **more: Any) -> dict[str, Any]:
    blank = {"value": None, "qualifier": "", "unit": "", "status": "declared", "as_of": "",
             "source": ""}  # fmt: skip
    return {**blank, "text": text, **more}


def amount(eur: int, **more: Any) -> dict[str, Any]:
    blank = {"first_year": 2021, "last_year": 2022, "purpose": "étude", "status": "granted",
             "reading": "stated", "part_of_parent": False, "source": ""}  # fmt: skip
    return {**blank, "eur": Decimal(eur), **more}


def support(lever: str, *amounts: dict[str, Any], **more: Any) -> dict[str, Any]:
    blank = {"text": "", "na": False, "na_text": ""}
    return {**blank, "lever": lever, "amounts": list(amounts), **more}


def test_the_page_opens_with_the_sentence_that_answers(client: Client) -> None:
    world()
    alliance(
        "Ouverte", started="2014-09", territories=[place("94080"), place("93048")],
        parties=[party("Ville", "local_authority"), party("Asso"), party("Club")],
    )  # fmt: skip
    assert (
        "Depuis septembre 2014, 3 parties prenantes de 2 mondes font alliance sur ces "
        "territoires : Vincennes et Montreuil."
    ) in text_of(client, "ouverte")


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        (
            {"started": "2018", "ended": "2020"},
            "Entre 2018 et 2020, 1 partie prenante d’un seul monde a fait alliance",
        ),
        ({"started": "2020", "ended": "2020"}, "En 2020, 1 partie prenante"),
        ({"ended": "2020"}, "Jusqu’à 2020, 1 partie prenante"),
        ({}, "1 partie prenante d’un seul monde fait alliance à l’échelle du pays."),
    ],
)
def test_the_answer_says_only_what_is_known(
    client: Client, fields: dict[str, Any], answer: str
) -> None:
    world()
    alliance("Une", territories=[place("FR", "country")], parties=[party("Asso")], **fields)
    assert answer in text_of(client, "une")


def test_a_bare_alliance_shows_no_empty_section_and_no_zero(client: Client) -> None:
    world()
    alliance("Nue")
    page = text_of(client, "nue")
    for title in ("Chronologie", "Résultats", "Les leviers", "divergent", "Dans quel ensemble"):
        assert title not in page
    assert "Les parties prenantes ne sont pas encore connues" in page
    assert "Étape non connue" in page
    assert " 0 " not in page


def test_dates_are_told_as_precisely_as_they_are_known(client: Client) -> None:
    world()
    alliance(
        timeline=[
            event("2018", "Premiers échanges", precision="approximate"),
            event("2020-06", "Animations", precision="season"),
            event("2022-11-03", "Colloque", boxed=True),
            event("2027", "Extension", planned=True),
            event("2018", "Dialogue", end="2019"),
        ]
    )
    page = text_of(client, "passerelles")
    said = ["vers 2018 Premiers échanges", "2018-2019 Dialogue", "été 2020 Animations",
            "3 novembre 2022 temps fort Colloque", "2027 prévu Extension"]  # fmt: skip
    assert [page.index(words) for words in said] == sorted(page.index(words) for words in said)


def test_parties_have_their_world_their_role_and_their_page(client: Client) -> None:
    world()
    organisation("Le RAMEAU", world="other")
    alliance(
        parties=[
            party("Le RAMEAU", "other", organisation="le-rameau", role="appui",
                  brings="la méthode", entered="2008", left="2012", source="sheet_pemb l.7"),
            party("Habitants", "citizen"),
        ]
    )  # fmt: skip
    page = text_of(client, "passerelles")
    assert "Le RAMEAU + Autre 2008-2012 Appui Apporte la méthode Fiche PEMB l. 7" in page
    html = client.get("/alliances/passerelles/").content.decode()
    assert 'href="/acteurs/le-rameau/"' in html
    assert "/acteurs/habitants/" not in html


def test_an_outcome_goes_with_its_unit_its_status_and_its_source(client: Client) -> None:
    world()
    alliance(
        outcomes=[
            outcome("acteurs réunis", value=Decimal(140), unit="acteurs", qualifier="plus de",
                    as_of="2022", source="sheet_pemb l.71"),
            outcome("prix reçu", status="observed"),
        ]
    )  # fmt: skip
    page = text_of(client, "passerelles")
    assert "Acteurs réunis plus de 140 acteurs déclaré 2022 Fiche PEMB l. 71" in page
    assert "Prix reçu sans chiffre observé non connue non connue" in page


def test_support_is_told_by_lever_and_added_up_by_status(client: Client) -> None:
    world()
    alliance(
        supports=[
            support("direct_funding", na=True, na_text="Pas de démarche."),
            support("engineering_input", amount(12_000), amount(5_000, reading="derived"),
                    amount(10_000, status="conditional", first_year=None, last_year=None)),
            support("data", text="Une session de travail"),
        ]
    )  # fmt: skip
    page = text_of(client, "passerelles")
    assert page.index("Données Une session") < page.index("Apport en ingénierie")
    assert "Financement direct non mobilisé Pas de démarche." in page
    assert "12 k€ , 2021-2022" in page
    assert "5 k€ , 2021-2022 déduit" in page
    assert "Accordé : 17 k€" in page
    assert "Sous condition : 10 k€ , jamais ajoutés à ce qui est accordé" in page


def test_money_that_two_pages_show_is_counted_once_and_said_so(client: Client) -> None:
    world()
    author = person("Lou")
    alliance("Ensemble", by=author, supports=[support("direct_funding", amount(10_000))])
    alliance(
        "Partie", by=author, part_of="ensemble",
        supports=[support("direct_funding", amount(3_000, part_of_parent=True), amount(500))],
    )  # fmt: skip
    whole = text_of(client, "ensemble")
    assert "Accordé : 10 k€" in whole
    assert "Dans ce total, 3 k€ sont aussi montrés sur la page de Partie" in whole
    assert "En plus de ce total, Partie a reçu 500 €." in whole
    part = text_of(client, "partie")
    assert "Composante de Ensemble" in part
    assert "Accordé : 3,5 k€ , dont 3 k€ déjà comptés dans Ensemble" in part


def test_the_notice_about_a_private_fund_and_a_public_authority_is_shown_where_it_applies(
    client: Client,
) -> None:
    world()
    author = person("Lou")
    lever = [support("data", text="x")]
    alliance("Avec", by=author, supports=lever, private_fund_to_public_authority=True)
    alliance("Sans", by=author, supports=lever)
    assert "Un fonds privé, une autorité publique" in text_of(client, "avec")
    assert "Un fonds privé, une autorité publique" not in text_of(client, "sans")


def test_each_term_says_how_it_was_read(client: Client) -> None:
    world()
    alliance(
        terms=[
            term("domain", "education", source="sheet_pemb l.7"),
            term("sdg", "4", reading="derived", reason="domaine éducation"),
        ]
    )
    page = text_of(client, "passerelles")
    assert "Domaine Éducation dit par la source Fiche PEMB l. 7" in page
    assert "ODD 4. Éducation de qualité déduit Domaine éducation" in page


def test_contradictory_statements_stand_side_by_side_with_their_range(client: Client) -> None:
    world()
    said = {"unit": "euros", "stated_on": "2022", "source": "sheet_pemb l.117"}
    alliance(
        divergences=[
            {
                "code": "C02", "subject": "Montant", "reading": "L’un comprend l’autre.",
                "assertions": [
                    {**said, "claim": "Trois mille.", "value": Decimal(3_000)},
                    {**said, "claim": "Dix mille.", "value": Decimal(10_000)},
                ],
            },
            {
                "code": "C36", "subject": "Lancement", "reading": "",
                "assertions": [
                    {**said, "unit": "année", "claim": "2018.", "value": Decimal(2018)},
                    {**said, "unit": "année", "claim": "2021.", "value": Decimal(2021)},
                ],
            },
        ]
    )  # fmt: skip
    page = text_of(client, "passerelles")
    assert "La plateforme ne choisit pas." in page
    assert "Montant Selon les sources : de 3 k€ à 10 k€ Trois mille." in page
    assert "2022 · Fiche PEMB l. 117 Dix mille." in page
    assert "Lecture possible : L’un comprend l’autre." in page
    assert "Lancement Selon les sources : 2018–2021" in page


def test_markdown_that_a_person_wrote_is_shown_without_trusting_it(client: Client) -> None:
    world()
    alliance(
        why="# Titre\n\nUn **besoin** <script>alert(1)</script> [lien](javascript:alert(1))",
        reusable="- une idée\n- une autre",
    )
    html = client.get("/alliances/passerelles/").content.decode()
    assert html.count("<h1") == 1
    assert "<h3>Titre</h3>" in html
    assert 'href="javascript' not in html
    assert "<strong>besoin</strong>" in html
    assert "<script>alert" not in html
    assert "<li>une idée</li>" in html


def test_a_long_title_and_texts_with_signs_are_shown(client: Client) -> None:
    world()
    title = "Une très longue alliance " * 7 + "& <fin>"
    alliance(title, by=person("Lou"), summary="a < b & c")
    found = queries.listed(queries.Selection(), "title").get()
    html = client.get(found.get_absolute_url()).content.decode()
    assert "&amp; &lt;fin&gt;" in html


def test_an_unknown_alliance_is_not_found(client: Client) -> None:
    response = client.get("/alliances/nulle-part/")
    assert response.status_code == 404


def test_the_history_is_shown_to_who_is_signed_in_and_asks(client: Client) -> None:
    world()
    author = person("Lou")
    made = alliance(by=author, parties=[party("Ville", "local_authority")])
    actions.update_alliance(
        alliance=made,
        content=Content({"title": "Passerelles et ponts"}, {"parties": [party("Club", "company")]}),
        version=actions.version_of(made),
        by=author,
        at=LATER,
    )
    assert "Historique" not in text_of(client, "passerelles", historique="1")
    client.force_login(author)
    assert "Voir l’historique" in text_of(client, "passerelles")
    page = text_of(client, "passerelles", historique="1")
    assert "Alliance modifiée" in page
    assert "Titre Avant : Passerelles Après : Passerelles et ponts" in page
    assert "Parties prenantes Avant : Ville Après : Club" in page
    assert page.index("Alliance modifiée") < page.index("Alliance décrite")


def test_the_link_to_edit_is_for_who_may(client: Client) -> None:
    world()
    author = person("Lou")
    alliance(by=author)
    link = 'href="/alliances/passerelles/modifier/"'

    def shown() -> bool:
        return link in client.get("/alliances/passerelles/").content.decode()

    assert not shown()
    client.force_login(person("Autre"))
    assert not shown()
    client.force_login(author)
    assert shown()
    client.force_login(editor())
    assert shown()


def test_the_number_of_queries_is_the_same_for_a_bare_and_a_full_alliance(client: Client) -> None:
    shipped_world()
    actions.load_records(shipped(), by=None, at=AT)
    alliance("Nue", by=person("Lou"))

    def count(slug: str) -> int:
        with CaptureQueriesContext(connection) as context:
            assert client.get(f"/alliances/{slug}/").status_code == 200
        return len(context)

    client.force_login(editor())
    signed_in = count("agir-ensemble-en-territoire")
    client.logout()
    full = count("agir-ensemble-en-territoire")
    # What is held, what is lent and the organisations one belongs to are read apart.
    assert signed_in <= 19
    assert count("nue") <= full <= 15
    assert count("ptce-vivre-les-mureaux") <= full


def test_the_page_leads_to_its_example_its_sheet_and_a_comparable_example(client: Client) -> None:
    shipped_world()
    actions.load_records(shipped(), by=None, at=AT)
    chosen = queries.find("agir-ensemble-en-territoire")
    assert chosen is not None
    url = f"/alliances/{chosen.slug}/"
    assert "Pour aller plus loin" not in client.get(url).content.decode()
    Entry.objects.create(
        kind="example", slug="aet", title="AET", summary="x", alliance=chosen, state="published",
        created_at=AT, updated_at=AT, published_at=AT,
    )  # fmt: skip
    with CaptureQueriesContext(connection) as context:
        page = client.get(url).content.decode()
    assert 'href="/exemples/aet/"' in page
    assert 'href="/exemples/aet/#comparable"' in page
    assert 'href="/exemples/aet/fiche/"' in page
    assert 'href="/exemples/aet/fiche.pdf"' in page
    assert len(context) <= 15


def test_every_shipped_alliance_has_its_page(client: Client) -> None:
    shipped_world()
    actions.load_records(shipped(), by=None, at=AT)
    for record in shipped():
        assert record.title.split()[0] in text_of(client, record.slug)


# What other pages ask


def test_alliances_of_a_place_and_of_an_organisation() -> None:
    world()
    rameau = organisation("Le RAMEAU", world="other")
    author = person("Lou")
    alliance("Ancienne", by=author, started="2008", territories=[place("94080")])
    alliance(
        "Récente", by=author, started="2020", territories=[place("94080"), place("93048")],
        parties=[
            party("RAMEAU", "other", organisation="le-rameau", role="appui", brings="méthode")
        ],
        terms=[term("domain", "education")],
    )  # fmt: skip
    vincennes = queries.story(slug="ancienne")
    assert vincennes is not None
    on_place = queries.alliances_on([vincennes.places[0].territory_id], limit=5)
    assert [card.title for card in on_place] == ["Récente", "Ancienne"]
    assert on_place[0].territories == ("Vincennes", "Montreuil")
    assert on_place[0].domains == ("Éducation",)
    assert len(queries.alliances_on([vincennes.places[0].territory_id], limit=1)) == 1
    (membership,) = queries.alliances_of(rameau.pk)
    assert (membership.card.title, membership.role, membership.brings) == (
        "Récente",
        "appui",
        "méthode",
    )
    assert queries.count() == 2
