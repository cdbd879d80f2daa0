"""Loading alliances from records: all or none, again without a change, people's words kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.factories.alliances import AT, LATER, person, shipped, shipped_world

from alliage.alliances.vocabulary import AmountStatus
from alliage_web.alliances import actions, queries
from alliage_web.alliances.actions import Status, UnknownReferencesError
from alliage_web.alliances.models import Alliance, SupportAmount
from alliage_web.audit.models import Event
from alliage_web.vocabulary.models import Term

if TYPE_CHECKING:
    from alliage.alliances.records import AllianceRecord

pytestmark = pytest.mark.django_db


def record(code: str) -> AllianceRecord:
    return next(item for item in shipped() if item.id == code)


def test_every_shipped_alliance_is_loaded_and_a_second_load_changes_nothing() -> None:
    shipped_world()
    load = actions.load_records(shipped(), by=None, at=AT)
    assert load.count(Status.CREATED) == len(shipped()) == Alliance.objects.count()
    assert Event.objects.filter(kind="alliance.created").count() == len(shipped())

    with CaptureQueriesContext(connection) as context:
        again = actions.load_records(shipped(), by=None, at=LATER)
    assert again.changed_nothing
    assert {status for _, status in again} == {Status.UNCHANGED}
    assert Event.objects.count() == len(shipped())
    assert not Alliance.objects.filter(updated_at=LATER).exists()
    # What is read does not grow with the number of alliances.
    assert len(context) <= 25


def test_a_part_may_be_loaded_before_its_whole() -> None:
    shipped_world()
    parts = sorted(shipped(), key=lambda item: item.part_of is None)
    actions.load_records(parts, by=None, at=AT)
    part = Alliance.objects.select_related("part_of").get(code="urgence_etudiante")
    assert part.part_of is not None
    assert part.part_of.code == "pemb_aet"


def test_what_is_loaded_is_what_the_record_says() -> None:
    shipped_world()
    alliance, status = actions.load_record(record("pemb_aet"), by=None, at=AT)
    assert status is Status.CREATED
    story = queries.story(id=alliance.pk)
    assert story is not None
    assert story.slug == "agir-ensemble-en-territoire"
    assert [party.organisation_slug for party in story.parties][:2] == [
        "ept-paris-est-marne-bois",
        "ville-de-charenton-le-pont",
    ]
    assert len(story.timeline) == len(record("pemb_aet").timeline)
    assert story.totals[AmountStatus.GRANTED].eur == 10_000
    assert [item.code for item in story.divergences][:2] == ["C01", "C02"]
    assert {item.code: item.reading for item in story.objectives} == {
        "performance_engagement": "stated",
        "co_construct_locally": "derived",
    }
    amount = SupportAmount.objects.get(support__alliance=alliance)
    assert (amount.first_year, amount.last_year) == (2021, 2022)


def test_a_record_that_changed_updates_only_what_changed() -> None:
    shipped_world()
    actions.load_records(shipped(), by=None, at=AT)
    changed = record("q2er").model_copy(update={"title": "Q2ER, vingt ans après"})
    alliance, status = actions.load_record(changed, by=None, at=LATER)
    assert status is Status.UPDATED
    assert alliance.updated_at == LATER
    event = Event.objects.latest("pk")
    assert (event.kind, event.target) == ("alliance.updated", f"alliance:{alliance.slug}")
    assert event.changes == {"title": [record("q2er").title, "Q2ER, vingt ans après"]}
    assert "q2er vingt ans" in Alliance.objects.get(pk=alliance.pk).text_key


def test_what_a_person_wrote_stays_and_the_rest_is_brought() -> None:
    shipped_world()
    alliance, _ = actions.load_record(record("pemb_aet"), by=None, at=AT)
    actions.update_alliance(
        alliance=alliance,
        content=queries.Content({"title": "AET"}, {"lessons": [{"text": "Leçon", "source": ""}]}),
        version=actions.version_of(alliance),
        by=person("Nour"),
        at=LATER,
    )
    changed = record("pemb_aet").model_copy(update={"title": "Autre", "kind": "forme nouvelle"})
    load = actions.load_records([changed], by=None, at=LATER)
    assert load.count(Status.UPDATED) == 1
    assert load.kept == (f"alliance:{alliance.slug} lessons", f"alliance:{alliance.slug} title")
    alliance.refresh_from_db()
    assert (alliance.title, alliance.kind) == ("AET", "forme nouvelle")
    assert [lesson.text for lesson in alliance.lessons.all()] == ["Leçon"]


def test_unknown_names_are_all_told_and_nothing_is_written() -> None:
    shipped_world()
    Term.objects.filter(code="education").delete()
    wrong = record("urgence_etudiante").model_copy(update={"part_of": "nulle_part"})
    with pytest.raises(UnknownReferencesError) as caught:
        actions.load_records([record("q2er"), wrong], by=None, at=AT)
    assert {(item.alliance, item.section, item.value) for item in caught.value.references} >= {
        ("q2er", "terms", "domain education"),
        ("q2er", "part_of", "pemb_aet"),
        ("urgence_etudiante", "part_of", "nulle_part"),
    }
    assert "« domain education » is unknown" in str(caught.value)
    assert not Alliance.objects.exists()
