"""The search index: what is in it, and how it follows what is written."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest
from django.core.management import call_command
from django.db import transaction
from modelsearch.models import IndexEntry
from tests.factories.actors import organisation, person
from tests.factories.alliances import AT, LATER, alliance, editor, party, place, term, world
from tests.factories.knowledge import WordsEmbedder, content, draft, published, titles

from alliage_web.actors import actions as actors
from alliage_web.actors.queries import description_of, with_relations
from alliage_web.alliances import actions as alliances
from alliage_web.alliances import queries as alliance_queries
from alliage_web.audit import actions as audit
from alliage_web.knowledge import actions
from alliage_web.knowledge.models import Entry, SearchDocument, SearchState, SearchWord
from alliage_web.knowledge.queries import catalogue
from alliage_web.vocabulary.actions import change_term
from alliage_web.vocabulary.models import Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoCaptureOnCommitCallbacks
    from pytest_django.fixtures import Settings

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


def targets() -> set[str]:
    return set(SearchDocument.objects.values_list("target", flat=True))


# What is in it


def test_published_entries_alliances_and_organisations_are_found_and_drafts_are_not() -> None:
    published("Un potager d’école")
    draft("Un potager secret")
    alliance("Le potager commun")
    organisation("Les amis du potager")
    actions.refresh()
    expected = {"Un potager d’école", "Le potager commun", "Les amis du potager"}
    assert set(titles("potager")) == expected
    assert "entry:un-potager-secret" not in targets()


def test_an_example_is_found_by_the_words_of_its_alliance() -> None:
    world()
    told = alliance(
        "Passerelles", parties=[party("Lycée", brings="un atelier de soudure")], why="Le *besoin*."
    )
    published("Exemple", alliance=told.code, body="")
    actions.refresh()
    assert titles("soudure", ("example",)) == ["Exemple"]
    assert titles("besoin", ("example",)) == ["Exemple"]


def test_facets_come_from_the_entry_and_from_its_alliance() -> None:
    world()
    told = alliance(
        "Passerelles",
        started="2018-09",
        terms=[term("domain", "education"), term("sdg", "4")],
        territories=[place("45208"), place("94", level="department")],
        parties=[party("Ville", world="local_authority")],
    )
    published("Exemple", alliance=told.code, terms=("objective/innovate",), date="2021")
    actions.refresh()
    document = SearchDocument.objects.get(target="entry:exemple")
    assert set(document.facets) >= {
        "domaine:education", "odd:4", "objectif:innovate", "monde:local_authority", "annee:2018",
        "region:24", "region:11", f"famille:{told.code}",
    }  # fmt: skip
    assert document.date == "2018-09"


def test_the_whole_country_has_its_own_region_and_no_size() -> None:
    world()
    published("Partout", territories=("country/FR",))
    actions.refresh()
    facets = SearchDocument.objects.get().facets
    assert "region:FR" in facets
    assert not [facet for facet in facets if facet.startswith(("taille", "ampleur"))]


def test_an_empty_database_is_searched_without_an_error() -> None:
    assert titles("potager") == titles("") == []
    report = actions.refresh()
    assert (report.written, report.changed_nothing) == (0, True)


# How it follows


def test_what_is_published_is_found_at_once_and_no_more_when_it_is_withdrawn(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    author, reviewer = person("Camille"), editor()
    with django_capture_on_commit_callbacks(execute=True):
        entry = draft("Un potager partagé", by=author)
        entry = actions.submit_entry(entry=entry, by=author, at=AT)
    assert titles("potager") == []
    with django_capture_on_commit_callbacks(execute=True):
        entry = actions.publish_entry(
            entry=entry, version=actions.version_of(entry), by=reviewer, at=AT
        )
    assert titles("potagers") == ["Un potager partagé"]
    with django_capture_on_commit_callbacks(execute=True):
        actions.update_entry(
            entry=entry, content=content("Un verger"), version=actions.version_of(entry),
            by=reviewer, at=LATER,
        )  # fmt: skip
    assert (titles("potager"), titles("verger")) == ([], ["Un verger"])
    with django_capture_on_commit_callbacks(execute=True):
        actions.unpublish_entry(entry=entry, note="Vieilli.", by=reviewer, at=LATER)
    assert titles("verger") == []
    assert IndexEntry.objects.count() == 0


def test_the_words_of_an_alliance_reach_its_example_when_they_change(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    world()
    author = person("Camille")
    told = alliance("Passerelles", by=author)
    published("Exemple", alliance=told.code, body="")
    actions.refresh()
    with django_capture_on_commit_callbacks(execute=True):
        alliances.update_alliance(
            alliance=told,
            content=alliance_queries.Content({"why": "La soudure manque."}, {}),
            version=alliances.version_of(told),
            by=author,
            at=LATER,
        )
    assert set(titles("soudure")) == {"Exemple", "Passerelles"}


def test_an_organisation_follows_its_name_and_leaves_when_it_is_merged(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        one, other = organisation("La Gerbe"), organisation("La Gerbe des Mureaux")
    assert set(titles("gerbe")) == {"La Gerbe", "La Gerbe des Mureaux"}
    with django_capture_on_commit_callbacks(execute=True):
        row = with_relations(type(one).objects.filter(pk=one.pk)).get()
        described = description_of(row).__class__(
            name="Le Blé", world="association", profile="association"
        )
        actors.change_organisation(organisation=one, description=described, by=None, at=LATER)
    assert titles("gerbe") == ["La Gerbe des Mureaux"]
    type(other).objects.filter(pk=other.pk).update(merged_into=one)
    actions.refresh({"organisation:la-gerbe-des-mureaux"})
    assert titles("gerbe") == []


def test_a_new_label_of_a_term_is_searched(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    world()
    published("Exemple", terms=("domain/health",))
    actions.refresh()
    with django_capture_on_commit_callbacks(execute=True):
        change_term(
            term=Term.objects.get(scheme="domain", code="health"),
            values={"label_fr": "Bien-être"}, by=editor(), at=AT,
        )  # fmt: skip
    assert titles("bien-être") == ["Exemple"]


def test_what_is_rolled_back_is_not_indexed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            organisation("Fantôme")
            transaction.set_rollback(True)
        organisation("Réelle")
    assert targets() == {"organisation:reelle"}


def test_a_load_is_indexed_by_its_command_and_not_event_by_event(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), actions.paused():
        organisation("La Gerbe")
    assert targets() == set()
    with django_capture_on_commit_callbacks(execute=True):
        organisation("Le Blé")
    assert targets() == {"organisation:le-ble"}


# Making it again


def test_a_refresh_writes_only_what_changed_and_takes_away_what_is_gone() -> None:
    published("Un potager")
    kept = published("Un verger")
    assert actions.refresh().written == 2
    before = SearchState.objects.get().version
    assert actions.refresh().changed_nothing
    assert SearchState.objects.get().version == before
    Entry.objects.filter(slug="un-potager").delete()
    Entry.objects.filter(pk=kept.pk).update(summary="Des pommes.")
    report = actions.refresh()
    assert (report.written, report.removed, report.unchanged) == (1, 1, 0)
    assert titles("pomme") == ["Un verger"]
    assert SearchState.objects.get().version != before


def test_a_rebuild_mends_an_index_that_was_damaged() -> None:
    published("Un potager")
    actions.refresh()
    IndexEntry.objects.all().delete()
    SearchWord.objects.all().delete()
    SearchDocument.objects.update(facets=[])
    assert titles("potager") == []
    output = StringIO()
    call_command("rebuild_search", stdout=output)
    assert titles("potager") == ["Un potager"]
    assert SearchWord.objects.filter(word="potager").exists()
    assert "1 documents indexed" in output.getvalue()
    assert "Search by words only" in output.getvalue()


def test_the_catalogue_is_read_again_only_when_the_index_changes() -> None:
    published("Un potager")
    actions.refresh()
    first = catalogue()
    assert catalogue() is first
    published("Un verger")
    actions.refresh()
    assert len(catalogue()) == 2


# Meanings


def test_meanings_are_read_once_and_kept_through_a_rebuild(model: WordsEmbedder) -> None:
    world()
    told = alliance("Des voisins contre l’isolement")
    published("Des voisins contre l’isolement", summary=told.summary, alliance=told.code, body="")
    actions.refresh()
    assert actions.missing_meanings() == 1
    assert actions.read_meanings() == 1
    assert SearchDocument.objects.filter(vector=None).count() == 0
    assert len(model.read) == 1
    actions.refresh(anew=True)
    assert (actions.missing_meanings(), actions.read_meanings()) == (0, 0)
    vectors = catalogue().vectors
    assert vectors is not None
    assert np.allclose(vectors[0], model.passages(model.read)[0])


def test_vectors_of_another_model_are_forgotten(model: WordsEmbedder) -> None:
    published("Des visites contre la solitude")
    actions.refresh()
    actions.read_meanings()
    model.name = "test/other"
    assert catalogue().vectors is None
    assert actions.read_meanings() == 1
    assert SearchState.objects.get().embedder == "test/other"
    assert catalogue().vectors is not None


def test_a_publication_reads_the_meaning_of_its_text(
    model: WordsEmbedder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    author, reviewer = person("Camille"), editor()
    with django_capture_on_commit_callbacks(execute=True):
        entry = draft("Des visites", by=author)
        entry = actions.submit_entry(entry=entry, by=author, at=AT)
        actions.publish_entry(entry=entry, version=actions.version_of(entry), by=reviewer, at=AT)
    assert model.read
    assert SearchDocument.objects.get(target="entry:des-visites").vector


def test_a_publication_is_read_though_a_term_changed_with_it(
    model: WordsEmbedder, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    author, reviewer = person("Camille"), editor()
    with django_capture_on_commit_callbacks(execute=True):
        audit.record(kind="term.changed", target="term:domain/education", by=reviewer, at=AT)
        entry = draft("Des visites", by=author)
        entry = actions.submit_entry(entry=entry, by=author, at=AT)
        actions.publish_entry(entry=entry, version=actions.version_of(entry), by=reviewer, at=AT)
    assert model.read
    assert SearchDocument.objects.get(target="entry:des-visites").vector


def test_without_a_model_no_meaning_is_read() -> None:
    published("Des visites")
    actions.refresh()
    assert (actions.missing_meanings(), actions.read_meanings()) == (0, 0)
