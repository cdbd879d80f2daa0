"""Reading the referentials and the sources, and changing their words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from tests.factories.actors import AT, editor, person, vocabulary

from alliage_web.audit.models import Event
from alliage_web.audit.queries import history
from alliage_web.ui.citations import cite, cited
from alliage_web.vocabulary import actions, queries
from alliage_web.vocabulary.models import Scheme, SourceDocument, Term

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _terms() -> None:
    vocabulary()
    goal = Term.objects.create(
        scheme=Scheme.SDG, code="17", label_fr="Partenariats", label_en="Partnerships", order=17
    )
    Term.objects.create(
        scheme=Scheme.SDG_TARGET,
        code="17.17",
        label_fr="Partenariats efficaces",
        label_en="Effective partnerships",
        broader=goal,
    )


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_terms_come_by_scheme_in_their_order() -> None:
    found = queries.by_scheme(Scheme.DOMAIN, Scheme.CATALYST_FUNCTION, Scheme.OBJECTIVE)
    assert [term.code for term in found["domain"]] == ["health", "education"]
    assert found["objective"] == []


def test_targets_stand_under_their_goals() -> None:
    (goals,) = [item for item in queries.referentials() if item.scheme == Scheme.SDG]
    assert [target.code for target in goals.entries[0].narrower] == ["17.17"]
    assert goals.count == 2


def test_the_page_shows_every_list_and_marks_what_is_external(client: Client) -> None:
    text = text_of(client, reverse("vocabulary:index"))
    assert "Fonctions des catalyseurs" in text
    assert "complément extérieur, à vérifier" in text
    assert "17.17" in text
    assert "Modifier" not in text


def test_the_page_says_how_to_fill_it_when_it_is_empty(client: Client) -> None:
    Term.objects.exclude(broader=None).delete()
    Term.objects.all().delete()
    assert "load-reference" in text_of(client, reverse("vocabulary:index"))


def test_the_page_of_sources_has_the_anchors_that_references_lead_to(client: Client) -> None:
    text = text_of(client, reverse("vocabulary:sources"))
    places = [text.index(part) for part in ('id="sheet_pemb"', 'id="X01"', "complément extérieur")]
    assert places == sorted(places)
    assert 'href="/sources/#X01"' in cite("X01")


def test_references_are_named_in_the_language_of_the_page() -> None:
    assert "Fiche PEMB" in cite("sheet_pemb l.3")
    with translation.override("en"):
        assert "PEMB sheet" in cite("sheet_pemb l.3")
    assert "associations.gouv.fr" in cite("X01")
    assert "unknown_code" in cite("unknown_code l.3")
    assert cited("sheet_pemb l.3, 7 ; entretien ; unknown_code") == (
        "Fiche PEMB l.\N{NO-BREAK SPACE}3, 7 ; entretien ; unknown_code"
    )


def test_the_register_is_read_once_per_request_and_never_kept_longer(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    queries.start_request()
    with django_assert_num_queries(1):
        cite("X01")
        cite("sheet_pemb l.3")
    queries.finish_request()
    SourceDocument.objects.filter(code="X01").update(publisher="ailleurs.example")
    assert "ailleurs.example" in cite("X01")


def test_a_page_reads_the_register_once(client: Client) -> None:
    Term.objects.filter(code="place").update(reading="derived")
    with CaptureQueriesContext(connection) as captured:
        assert text_of(client, reverse("vocabulary:index")).count('class="cite"') > 1
    read = [query for query in captured if "vocabulary_sourcedocument" in query["sql"]]
    assert len(read) == 1


def test_an_editor_changes_words_and_the_trail_says_so(client: Client) -> None:
    client.force_login(editor())
    address = reverse("vocabulary:edit", args=["catalyst_function", "support"])
    assert "Accompagnement" in text_of(client, address)
    response = client.post(
        address,
        {
            "label_fr": "Appui",
            "label_en": "Support",
            "definition_fr": "Aider.",
            "definition_en": "",
        },
    )
    assert response.headers["Location"] == "/referentiels/#catalyst_function-support"
    term = Term.objects.get(code="support")
    assert (term.label_fr, term.reading, term.source) == ("Appui", "external", "X01")
    (line,) = history("term:catalyst_function/support")
    assert line.changes["label_fr"] == ["Accompagnement", "Appui"]
    assert "label_en" not in line.changes
    assert line.by == "Dominique"


def test_a_change_that_changes_nothing_writes_nothing() -> None:
    term = Term.objects.get(code="support")
    actions.change_term(term=term, values={"label_fr": "Accompagnement"}, by=None, at=AT)
    assert not Event.objects.exists()


def test_a_label_is_not_left_empty(client: Client) -> None:
    client.force_login(editor())
    address = reverse("vocabulary:edit", args=["domain", "health"])
    response = client.post(address, {"label_fr": "", "label_en": "Health"})
    assert "formulaire est à corriger" in response.content.decode()
    assert Term.objects.get(code="health").label_fr == "Santé"


def test_others_do_not_change_words(client: Client) -> None:
    address = reverse("vocabulary:edit", args=["domain", "health"])
    assert client.get(address).status_code == 302
    client.force_login(person())
    assert client.get(address).status_code == 403
    assert client.post(address, {"label_fr": "X", "label_en": "X"}).status_code == 403
    assert Term.objects.get(code="health").label_fr == "Santé"


def test_an_unknown_term_is_not_found(client: Client) -> None:
    client.force_login(editor())
    response = client.get(reverse("vocabulary:edit", args=["domain", "magic"]))
    assert response.status_code == 404


def test_a_function_is_added_once_and_marked_external(client: Client) -> None:
    client.force_login(editor())
    address = reverse("vocabulary:new", args=["catalyst_function"])
    sent = {
        "label_fr": "Médiation de quartier",
        "label_en": "Mediation",
        "definition_fr": "Apaiser.",
        "source": "Réunion du 3 novembre 2026",
        "submission": str(uuid4()),
    }
    for _ in range(2):
        assert client.post(address, sent).status_code == 302
    added = Term.objects.get(scheme=Scheme.CATALYST_FUNCTION, label_fr="Médiation de quartier")
    assert added.code == "mediation_de_quartier"
    assert added.reading == "external"
    assert added.order > Term.objects.get(code="place").order


def test_an_added_term_never_takes_the_code_of_another() -> None:
    values = {
        "label_fr": "Santé",
        "label_en": "Health",
        "definition_fr": "",
        "definition_en": "",
        "source": "essai",
    }
    first = actions.add_term(scheme=Scheme.DOMAIN, values=values, by=None, at=AT)
    second = actions.add_term(scheme=Scheme.DOMAIN, values=values, by=None, at=AT)
    assert (first.code, second.code) == ("sante", "sante_2")


def test_a_closed_list_takes_no_new_term(client: Client) -> None:
    client.force_login(editor())
    assert client.get(reverse("vocabulary:new", args=["sdg"])).status_code == 404
