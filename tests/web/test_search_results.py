"""What a search finds, in which order, and the reasons that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories.alliances import world
from tests.factories.knowledge import WordsEmbedder, look_for, published, titles

from alliage_web.knowledge import actions
from alliage_web.knowledge.queries import by_kind, hits, labels, search
from alliage_web.knowledge.queries.search import CANDIDATES, Asked
from alliage_web.knowledge.templatetags.knowledge import extract, marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from alliage_web.knowledge.queries import Hit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_words(settings: Settings) -> None:
    settings.ALLIAGE_SEMANTIC = False


@pytest.fixture
def model(settings: Settings) -> Iterator[WordsEmbedder]:
    settings.ALLIAGE_SEMANTIC = True
    words = WordsEmbedder()
    with mock.patch("alliage_web.knowledge.queries.meaning._installed", return_value=words):
        yield words


def shown(text: str, **more: object) -> list[Hit]:
    found = look_for(text, **more)  # type: ignore[arg-type]
    return hits(found, found.keys, labels(found.index))


# Words


@pytest.mark.parametrize(
    "text",
    ["décrochage", "DECROCHAGE", "l’école", "ecole", "écoles", "d'école", "décrochages scolaires"],
)
def test_accents_elisions_capitals_and_plurals_do_not_matter(text: str) -> None:
    published("Une école contre le décrochage scolaire")
    published("Un café associatif")
    actions.refresh()
    assert titles(text) == ["Une école contre le décrochage scolaire"]


def test_all_the_words_are_asked_for_when_a_text_has_them_all() -> None:
    published("Mobilité solidaire", body="En milieu rural.")
    published("Mobilité en ville", body="Des vélos.")
    actions.refresh()
    assert titles("mobilité rural") == ["Mobilité solidaire"]
    assert titles("mobilité rural", wide=True) == ["Mobilité solidaire", "Mobilité en ville"]


def test_when_no_text_has_them_all_the_nearest_are_shown_and_the_result_says_so() -> None:
    published("Mobilité solidaire")
    published("Un café")
    actions.refresh()
    found = look_for("mobilité zorglub")
    assert (len(found), found.is_partial) == (1, True)
    assert not look_for("mobilité").is_partial


def test_a_phrase_must_be_there_and_an_exclusion_must_not() -> None:
    published("Accès aux soins", body="Des soins.")
    published("Soins", body="Un accès facile, des soins rares, à Paris.")
    actions.refresh()
    assert titles("« accès aux soins »") == ["Accès aux soins"]
    assert titles("soins -Paris") == ["Accès aux soins"]
    assert titles("-Paris") == ["Accès aux soins"]
    assert titles("« accès aux soins » -soins") == []
    assert titles('-"soins rares"') == ["Accès aux soins"]


def test_synonyms_of_the_field_are_searched_and_told() -> None:
    published("Une maison de santé", body="Contre la pénurie de médecins.")
    published("Un intérêt général", body="De nature générale.")
    actions.refresh()
    found = look_for("désert médical")
    (concept,) = found.expanded.explained
    assert concept.spelling == "désert médical"
    (hit,) = hits(found, found.keys, labels(found.index))
    assert (hit.title, hit.words) == ("Une maison de santé", ())
    assert "pénurie de médecins" in hit.synonyms


def test_the_words_asked_come_before_their_synonyms_and_titles_before_texts() -> None:
    published("Aînés", body="Rien d’autre.")
    published("Un lieu", body="Pour les seniors du quartier.")
    published("Les seniors", body="Au café.")
    actions.refresh()
    assert titles("seniors") == ["Les seniors", "Un lieu", "Aînés"]


def test_words_too_common_to_search_list_everything_and_say_so() -> None:
    published("Un café")
    actions.refresh()
    found = look_for("avec les")
    assert (found.is_too_common, len(found)) == (True, 1)
    assert not look_for("").is_too_common


# Slips


def test_a_slip_is_corrected_when_nothing_is_found_with_it() -> None:
    published("Lutter contre l’illettrisme")
    actions.refresh()
    found = look_for("iletrisme")
    assert found.correction is not None
    assert (found.text, found.correction.changes) == (
        "illettrisme",
        (("iletrisme", "illettrisme"),),
    )
    assert len(found) == 1
    assert len(look_for("iletrisme", verbatim=True)) == 0


def test_a_slip_among_right_words_is_suggested() -> None:
    published("Lutter contre l’illettrisme")
    actions.refresh()
    found = look_for("lutter iletrisme")
    assert found.correction is None
    assert found.suggestion is not None
    assert found.suggestion.text == "lutter illettrisme"


def test_a_correction_that_finds_nothing_is_not_made() -> None:
    published("Lutter contre l’illettrisme")
    actions.refresh()
    found = look_for("iletrisme", kinds=("event",))
    assert (len(found), found.correction) == (0, None)


# Facets


def test_a_facet_is_counted_under_the_choices_of_the_others() -> None:
    world()
    published("A", terms=("domain/health", "objective/innovate"), date="2020")
    published("B", terms=("domain/health",), date="2021")
    published("C", terms=("domain/education", "objective/innovate"), date="2020")
    actions.refresh()
    found = look_for(
        "", chosen={"domaine": ("health",)}, facets=("domaine", "objectif", "annee"), order="title"
    )
    assert len(found) == 2
    assert found.counts == {
        "domaine": {"health": 2, "education": 1},
        "objectif": {"innovate": 1},
        "annee": {"2020": 1, "2021": 1},
    }
    both = look_for("", chosen={"domaine": ("health",), "annee": ("2020",)}, facets=("domaine",))
    assert (len(both), both.counts) == (1, {"domaine": {"health": 1, "education": 1}})


def test_choices_of_one_facet_add_up_and_an_unknown_value_keeps_nothing() -> None:
    world()
    published("A", terms=("domain/health",))
    published("B", terms=("domain/education",))
    published("C", terms=("domain/employment",))
    actions.refresh()
    assert titles("", chosen={"domaine": ("health", "education")}, order="title") == ["A", "B"]
    assert titles("", chosen={"domaine": ("nowhere",)}) == []


def test_orders_by_date_and_by_title() -> None:
    published("Été", date="2019", body="café")
    published("Eau", date="2022-05", body="café")
    published("Air", body="café")
    actions.refresh()
    for text in ("", "café"):
        assert titles(text, order="date") == ["Eau", "Été", "Air"]
        assert titles(text, order="title") == ["Air", "Eau", "Été"]


def test_kinds_part_what_is_found() -> None:
    published("Un potager")
    published("Le potager, guide", kind="tool")
    actions.refresh()
    found = look_for("potager", facets=("type",))
    assert found.counts["type"] == {"example": 1, "tool": 1}
    assert len(by_kind(found, ("tool",), 5)) == len(by_kind(found, ("example", "event"), 5)) == 1
    assert titles("potager", ("tool",)) == ["Le potager, guide"]


# Reasons


def test_extracts_show_the_words_in_their_place_and_escape_the_rest() -> None:
    published(
        "Atelier",
        summary="Un atelier <b>ouvert</b>.",
        body="Rien ici.\n\nOn y apprend la soudure & la menuiserie <script>alert(1)</script>.",
    )
    actions.refresh()
    (hit,) = shown("soudures")
    (line,) = hit.lines
    html = extract(line.extract)
    assert "<mark>soudure</mark> &amp; la menuiserie" in html
    assert "<script>" not in html
    assert hit.words == ("soudures",)


def test_a_word_of_the_title_alone_leaves_the_summary_as_extract() -> None:
    published("Potager", summary="Des légumes.", body="Rien.")
    actions.refresh()
    (hit,) = shown("potager")
    assert marked(hit.title_segments) == "<mark>Potager</mark>"
    assert [extract(line.extract) for line in hit.lines] == ["Des légumes."]


def test_a_word_of_a_term_alone_is_shown_on_the_term() -> None:
    world()
    published("Potager", terms=("domain/education",))
    actions.refresh()
    (hit,) = shown("éducation")
    assert [marked(name) for name in hit.terms] == ["<mark>Éducation</mark>"]


def test_an_english_page_shows_english_texts_and_finds_by_them() -> None:
    published("Potager", title_en="Kitchen garden", summary_en="Vegetables for the neighbourhood.")
    actions.refresh()
    with translation.override("en"):
        (hit,) = shown("vegetables")
    assert hit.title == "Kitchen garden"
    assert "<mark>Vegetables</mark>" in extract(hit.lines[0].extract)
    assert hit.lines[0].language == "en"


# Meaning


def test_a_need_told_in_other_words_is_found_by_its_meaning(model: WordsEmbedder) -> None:
    for rank in range(8):
        published(f"Emploi {rank}", summary="Du travail.", body="Une embauche.")
    published("Des visites", summary="Contre l’isolement.", body="Chez soi.")
    actions.refresh()
    actions.read_meanings()
    found = look_for("les esseulés")
    (hit,) = hits(found, found.keys, labels(found.index))
    assert (hit.title, hit.by_meaning, found.used_meaning) == ("Des visites", True, True)
    assert not found.has_words
    assert model.read


def test_words_and_meaning_are_ranked_together(model: WordsEmbedder) -> None:
    for rank in range(8):
        published(f"Emploi {rank}", summary="Du travail.", body="Une embauche.")
    published("Potager et légumes", body="Une ferme.")
    published("Un jardin", body="Le potager de la ferme, des légumes.")
    actions.refresh()
    actions.read_meanings()
    assert titles("potager")[:2] == ["Potager et légumes", "Un jardin"]
    assert titles("potager -ferme") == []
    assert titles("« jardin potager »") == []
    assert model.read


def test_a_number_has_no_meaning_and_a_slip_is_corrected_before_meanings(
    model: WordsEmbedder,
) -> None:
    published("Lutter contre l’illettrisme", body="Du travail.")
    for rank in range(4):
        published(f"Visites {rank}", body="La solitude.")
    actions.refresh()
    actions.read_meanings()
    assert not look_for("94160").used_meaning
    found = look_for("iletrisme")
    assert found.correction is not None
    assert titles("iletrisme")[0] == "Lutter contre l’illettrisme"
    assert model.read


def test_without_vectors_the_search_goes_on_by_words(model: WordsEmbedder) -> None:
    published("Un potager")
    actions.refresh()
    found = look_for("potager")
    assert (len(found), found.used_meaning) == (1, False)
    assert model.read == []


# Scale and robustness


def test_beyond_the_candidates_titles_come_first_and_nothing_is_lost() -> None:
    for rank in range(CANDIDATES + 5):
        published(f"Lieu {rank:03}", body="On y parle de potager.", date=str(1990 + rank % 30))
    published("Le potager", body="Rien.")
    actions.refresh()
    found = titles("potager")
    assert found[0] == "Le potager"
    assert len(set(found)) == CANDIDATES + 6


@pytest.mark.one_engine
def test_the_number_of_queries_does_not_grow_with_the_index() -> None:
    counts = []
    for many in (3, 40):
        for rank in range(many):
            published(f"Lieu {many} {rank}", body="On y parle de potager et d’école.")
        actions.refresh()
        look_for("chaussure")
        with CaptureQueriesContext(connection) as captured:
            found = search(Asked("potager école", ("example",)), facets=("annee", "domaine"))
            hits(found, found.keys[:12], labels(found.index))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 7


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(max_size=60)
    | st.text(alphabet="a\"'«»-*():^ \x00ANDORNEAR%\\", max_size=40)
    | st.lists(st.sampled_from(["potager", "-école", '"un potager"', "AND", "(", "*"])).map(
        " ".join
    )
)
def test_whatever_is_typed_is_searched_without_an_error(text: str) -> None:
    from alliage_web.knowledge.models import SearchDocument

    if not SearchDocument.objects.exists():
        published("Un potager d’école")
        actions.refresh()
    found = look_for(text)
    assert set(found.keys) <= set(SearchDocument.objects.values_list("pk", flat=True))
