"""The legal facts of an application: three values, dated, kept, and read by the legal path."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from tests.factories.applications import Applying, applying, sent
from tests.factories.people import somebody

from alliage.fund.law.legal_path import LegalOutcome
from alliage_web.accounts.models import Role
from alliage_web.audit.models import Event
from alliage_web.audit.queries import history
from alliage_web.fund.actions.legal_facts import state_legal_facts
from alliage_web.fund.models import Application, LegalStatement
from alliage_web.fund.queries import history_in_words
from alliage_web.fund.queries.application_facts import legal_paths
from alliage_web.fund.queries.applications import Content, find_application
from alliage_web.fund.queries.committee import legal_outcome
from alliage_web.territories.models import Territory

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 3, 2)
TYPED = {
    "receiver_kind": "association",
    "general_interest": "yes",
    "public_resources": "no",
    "economic_activity": "no",
    "passed_on": "no",
    "granted_before": "0",
    "de_minimis": "none",
    "source": "Statuts lus le 2 mars.",
}


@pytest.fixture
def world() -> Applying:
    Territory.objects.create(level="commune", code="94080", name="Vincennes")
    return applying()


@pytest.fixture
def application(world: Applying) -> Application:
    return sent(world)


def _again(application: Application) -> Content:
    found = find_application(application.reference)
    assert found is not None
    return Content(found)


def _receiver(application: Application) -> str:
    [path] = legal_paths(_again(application), ON)
    return path.applicant.code


def _stated(application: Application, by: Any, **facts: Any) -> LegalStatement:
    known = {
        "general_interest": True,
        "public_resources": False,
        "economic_activity": False,
        "granted_before_cents": 0,
        "de_minimis": [],
    }
    return state_legal_facts(
        application=application, party=_receiver(application), facts=known | facts,
        source="Statuts", by=by, at=AT,
    )  # fmt: skip


def _address(application: Application, party: str = "") -> str:
    return reverse(
        "fund:application-legal", args=[application.reference, party or _receiver(application)]
    )


@pytest.mark.one_engine
def test_what_is_not_known_is_named_with_a_link_to_say_it(
    world: Applying, application: Application, client: Client
) -> None:
    assert legal_outcome(_again(application), ON) is LegalOutcome.CANNOT_TELL
    client.force_login(world.officer)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "si l’argent est public" in page
    assert _address(application) in page


def test_facts_open_the_path_before_the_committee(
    world: Applying, application: Application, client: Client
) -> None:
    client.force_login(world.officer)
    answer = client.post(_address(application), TYPED | {"submission": str(uuid4())})
    assert answer.status_code == 302
    assert legal_outcome(_again(application), ON) in {
        LegalOutcome.ALLOWED, LegalOutcome.ALLOWED_WITH_CONDITIONS,
    }  # fmt: skip
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Statuts lus le 2 mars." in page
    assert "Corriger ces faits" in page


@pytest.mark.parametrize(
    ("facts", "outcome", "missing"),
    [
        ({"public_resources": None, "economic_activity": True}, LegalOutcome.CANNOT_TELL,
         "public_resources"),
        ({"economic_activity": None, "public_resources": True}, LegalOutcome.CANNOT_TELL,
         "economic_activity"),
        ({"economic_activity": None}, LegalOutcome.ALLOWED, ""),
        ({"granted_before_cents": None}, LegalOutcome.CANNOT_TELL, "granted_before_this_year"),
        ({"granted_before_cents": 2_300_000}, LegalOutcome.ALLOWED_WITH_CONDITIONS, ""),
        ({"receiver_kind": "local_authority"}, LegalOutcome.BLOCKED, ""),
        ({"beneficiary_kind": "local_authority", "passed_on": None}, LegalOutcome.CANNOT_TELL,
         "passed_on"),
        ({"beneficiary_kind": "local_authority", "passed_on": True}, LegalOutcome.BLOCKED, ""),
        (
            {
                "public_resources": True, "economic_activity": True,
                "de_minimis": [{"on": "2025-02-01", "eur": "299000.00", "by": "Région"}],
            },
            LegalOutcome.BLOCKED, "",
        ),
    ],
)  # fmt: skip
def test_each_fact_has_three_values(
    world: Applying,
    application: Application,
    facts: dict[str, Any],
    outcome: LegalOutcome,
    missing: str,
) -> None:
    _stated(application, world.officer, **facts)
    content = _again(application)
    assert legal_outcome(content, ON) is outcome
    [path] = legal_paths(content, ON)
    assert path.path is not None
    assert path.path.missing == ((missing,) if missing else ())


def test_the_latest_statement_counts_and_the_earlier_one_stays(
    world: Applying, application: Application
) -> None:
    _stated(application, world.officer)
    _stated(application, world.officer, receiver_kind="local_authority")
    assert legal_outcome(_again(application), ON) is LegalOutcome.BLOCKED
    assert LegalStatement.objects.count() == 2
    line = history_in_words(history(application.stable_name))[0]
    assert line.label == "Faits juridiques établis"
    last = Event.objects.filter(kind="application.legal_facts").latest("pk")
    assert last.changes["receiver_kind"] == [None, "local_authority"]
    assert "public_resources" not in last.changes


def test_what_was_typed_is_kept_when_something_is_refused(
    world: Applying, application: Application, client: Client
) -> None:
    client.force_login(world.officer)
    typed = TYPED | {"de_minimis": "list", "de_minimis_aids": "hier ; beaucoup", "source": ""}
    answer = client.post(_address(application), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Écrivez une aide par ligne" in page
    assert "hier ; beaucoup" in page
    assert not LegalStatement.objects.exists()


def test_the_same_form_sent_twice_writes_once(
    world: Applying, application: Application, client: Client
) -> None:
    client.force_login(world.officer)
    typed = TYPED | {"submission": str(uuid4())}
    for _twice in range(2):
        assert client.post(_address(application), typed).status_code == 302
    assert LegalStatement.objects.count() == 1


def test_the_form_shows_what_was_established(
    world: Applying, application: Application, client: Client
) -> None:
    _stated(
        application, world.officer, de_minimis=[{"on": "2025-02-01", "eur": "10.00", "by": "R"}]
    )
    client.force_login(world.officer)
    page = client.get(_address(application)).content.decode()
    assert "2025-02-01 ; 10.00 ; R" in page
    assert "Dernier constat le" in page


@pytest.mark.one_engine
def test_only_who_handles_the_application_establishes_facts(
    world: Applying, application: Application, client: Client
) -> None:
    auditor = somebody("Aud", (Role.FUND_AUDITOR, world.fund.stable_name))
    for person, status in ((world.lead, 403), (auditor, 403), (somebody("Ana"), 404)):
        client.force_login(person)
        assert client.get(_address(application)).status_code == status
    client.force_login(world.officer)
    assert client.get(_address(application, "autre")).status_code == 404


def test_an_agreement_takes_the_facts_over(
    world: Applying, application: Application, client: Client
) -> None:
    _stated(application, world.officer, general_interest=None, granted_before_cents=120_000)
    Application.objects.filter(pk=application.pk).update(state="accepted")
    client.force_login(world.officer)
    address = reverse("fund:agreement-new", args=[world.fund.code])
    form = client.get(address, {"dossier": application.reference}).context["parties"]
    assert form.initial["receiver"] == _receiver(application)
    assert form.initial["granted_before"] == "1200"
    assert form.initial["general_interest"] == ""
    assert form.initial["public_resources"] == "no"
    assert form.initial["de_minimis"] == "none"


def test_a_statement_without_a_source_is_refused_by_the_database(
    world: Applying, application: Application
) -> None:
    row = _stated(application, world.officer)
    with pytest.raises(IntegrityError, match="fund_legal_has_a_source"), transaction.atomic():
        LegalStatement.objects.filter(pk=row.pk).update(source="")
