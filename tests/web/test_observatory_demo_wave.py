"""The demonstration wave on the platform: published as any other, and synthetic everywhere."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from tests.factories.observatory import loaded

from alliage_web.accounts.models import User
from alliage_web.audit.models import Event
from alliage_web.observatory.models import Release as ReleaseRow
from alliage_web.observatory.models import RespondentFile, Wave
from alliage_web.observatory.queries.releases import head, latest_release, table

# On one engine: what the demonstration calls is tested on both.
pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.long]

STUDY, WAVE = "impact_citizens", "demo"


def _tell() -> str:
    told = io.StringIO()
    with override_settings(ALLIAGE_DEMO=True, PRODUCTION=False):
        call_command("create_demo_wave", stdout=told)
    return told.getvalue()


@pytest.fixture(scope="module")
def published(written_once: None) -> None:  # noqa: ARG001 - keeps the rows for all the tests
    """Publish the demonstration wave."""
    loaded()
    with override_settings(ALLIAGE_DEMO=True, PRODUCTION=False):
        call_command("create_demo", stdout=io.StringIO())
    assert "release 1 published (SYNTHETIC)" in _tell()


def _share(question: str, measure: str) -> float:
    release = latest_release(STUDY, WAVE)
    assert release is not None
    found, about = table(release.uuid, question), head(release.uuid)
    assert found is not None
    (asked,) = [one for one in about.questions if one.code == question]
    (row,) = [one for one, of in enumerate(asked.measures) if of.code == measure]
    value = found.rows[row][0].value
    assert value is not None
    return value


@pytest.mark.usefixtures("published")
def test_the_release_is_synthetic_and_shows_the_printed_figures() -> None:
    release = latest_release(STUDY, WAVE)
    assert release is not None
    assert release.synthetic
    assert head(release.uuid).synthetic
    assert head(release.uuid).weighting.respondents == 2_400
    assert round(100 * _share("health", "dynamic")) == 50
    assert round(100 * _share("act_together", "indispensable")) == 25
    assert round(100 * _share("fragility", "security:8-10")) == 25
    assert round(_share("fragility", "health:mean"), 1) == 5.7
    assert round(100 * _share("engagement", "citizen")) == 32


@pytest.mark.usefixtures("published")
def test_everybody_of_the_study_regions_and_of_their_age_has_a_column() -> None:
    release = latest_release(STUDY, WAVE)
    assert release is not None
    groups = {
        one.code: [group.code for group in one.groups] for one in head(release.uuid).breakdowns
    }
    assert len(groups["region"]) == 13
    assert groups["age"] == ["", "18_24", "25_34", "35_49", "50_64", "65_plus"]
    assert len(groups["sex × age"]) == 11


@pytest.mark.usefixtures("published")
def test_one_researcher_computes_and_another_publishes() -> None:
    file, row = RespondentFile.objects.get(), ReleaseRow.objects.get()
    assert file.added_by == row.computed_by == User.objects.get(email="jessy@demo.example")
    assert "synthetique" in file.name
    assert row.reviewed_by == User.objects.get(email="noa@demo.example")


@pytest.mark.usefixtures("published")
def test_a_second_run_changes_nothing() -> None:
    events = Event.objects.count()
    assert "left as it is" in _tell()
    assert (Event.objects.count(), ReleaseRow.objects.count()) == (events, 1)


def test_invented_respondents_are_refused_outside_a_demonstration() -> None:
    with override_settings(ALLIAGE_DEMO=False), pytest.raises(CommandError, match="refused"):
        call_command("create_demo_wave")


@pytest.mark.usefixtures("published")
def test_a_wave_that_is_not_synthetic_never_receives_invented_respondents() -> None:
    Wave.objects.filter(code=WAVE, study__code=STUDY).update(synthetic=False)
    with pytest.raises(CommandError, match="Run start-demo first"):
        _tell()


@pytest.mark.usefixtures("published")
def test_the_researcher_of_the_demonstration_has_to_be_there() -> None:
    User.objects.filter(email="noa@demo.example").update(email="noa@example.org")
    with pytest.raises(CommandError, match="Run start-demo first"):
        _tell()
