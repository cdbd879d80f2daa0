"""Calls of a fund: prepared, announced, read, extended, closed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from tests.factories.applications import (
    CALL_AT,
    Applying,
    applying,
    call_content,
    draft,
    open_call,
    sent,
)
from tests.factories.people import somebody

from alliage.fund.applications.form_specification import FormVersionError
from alliage.fund.states import CallState, Guard, GuardNotMet
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.accounts.models import Role
from alliage_web.audit.queries import history
from alliage_web.fund.actions import calls as actions
from alliage_web.fund.models import Application, Call, FormVersion
from alliage_web.fund.queries.calls import default_form_text, state_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def world() -> Applying:
    return applying()


def _form_data(world: Applying, **more: Any) -> dict[str, Any]:
    written = {
        "title_fr": "Appel 2026", "code": "appel-2026", "summary_fr": "Le fonds soutient.",
        "kind": "dated", "zone": "Indian/Reunion", "closes": "2027-03-31T12:00",
        "strand": world.call.strand_id, "form": world.call.form_id, "grid": world.call.grid_id,
        "max_amount": "15 000", "max_share": "80", "rules": world.call.rules,
    }  # fmt: skip
    return {**written, **more}


def _page(name: str, *more: str) -> str:
    return reverse(f"fund:{name}", args=["fonds", *more])


def test_an_officer_prepares_then_announces_a_call(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    answer = client.post(_page("call-new"), _form_data(world))
    assert answer.status_code == 302
    call = Call.objects.get(code="appel-2026")
    assert (call.state, call.max_share, call.max_amount) == (
        "draft", Decimal("0.8000"), Decimal(15_000),
    )  # fmt: skip
    client.logout()
    assert client.get(_page("call", "appel-2026")).status_code == 404
    client.force_login(world.officer)
    client.post(_page("call-decision", "appel-2026", "announce"))
    client.logout()
    page = client.get(_page("call", "appel-2026")).text
    assert "mercredi 31 mars 2027 à 12 h 00, heure de La Réunion (Indian/Reunion)" in page
    assert "L’appel soutient des alliances entre trois mondes au moins." in page
    assert "Commencer un dossier" in page
    assert "Appel 2026" in client.get(_page("calls")).text


def test_a_call_without_a_strand_is_not_announced(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    client.post(_page("call-new"), _form_data(world, strand=""))
    answer = client.post(_page("call-decision", "appel-2026", "announce"))
    assert answer.status_code == 422
    assert "sont fixés" in answer.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"closes": ""}, "Un appel à date limite en a une."),
        ({"opens": "2027-04-01T00:00"}, "La date limite n’est pas après l’ouverture."),
        ({"closes": "demain"}, "n’est pas une date et une heure"),
        ({"closes": "9999-12-31T23:59"}, "n’est pas une date et une heure"),
        ({"opens": "0001-01-01T00:00"}, "n’est pas une date et une heure"),
        ({"zone": "Europe/Paris", "closes": "2026-10-25T02:30"}, "les horloges changent d’heure"),
        ({"min_amount": "20 000"}, "Il dépasse le montant le plus élevé."),
        ({"max_share": "120"}, "100"),
        ({"grace_minutes": "30"}, "Une tolérance est publiée avec son motif"),
        ({"rules": "code: essai\nrules: []"}, "ligne 1, version : ce champ manque. Ajoutez-le."),
        ({"code": "essai"}, "déjà cet identifiant"),
        ({"code": "Été 2026"}, "minuscules"),
    ],
)
@pytest.mark.one_engine
def test_what_a_call_cannot_be_is_said_and_nothing_typed_is_lost(
    world: Applying, client: Client, wrong: dict[str, str], said: str
) -> None:
    client.force_login(world.officer)
    answer = client.post(_page("call-new"), _form_data(world, **wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert "Le fonds soutient." in answer.text
    assert not Call.objects.filter(code="appel-2026").exists()


def test_the_text_of_a_call_changes_until_it_is_announced(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    client.post(_page("call-new"), _form_data(world))
    call = Call.objects.get(code="appel-2026")
    address = _page("call-edit", "appel-2026")
    version = actions.version_of_call(call)
    client.post(address, _form_data(world, title_fr="Appel de printemps", version=version))
    call.refresh_from_db()
    assert call.title_fr == "Appel de printemps"
    # The version that was shown is no longer the present one.
    stale = client.post(address, _form_data(world, title_fr="Appel d’été", version=version))
    assert stale.status_code == 409
    assert "Appel d’été" in stale.text
    actions.decide_on_call(call=call, verb="announce", by=world.officer, at=AT)
    assert client.get(address).status_code == 302
    with pytest.raises(actions.CallPublishedError):
        actions.change_call(call=call, content={}, version="", by=world.officer, at=AT)


def test_the_calendar_opens_and_closes(world: Applying) -> None:
    call = open_call(
        world.fund, "date", kind="dated", opens="2026-02-01T00:00", closes="2026-02-28T12:00",
        zone="Indian/Reunion",
    )  # fmt: skip
    noon = dt.datetime(2026, 2, 28, 8, 0, tzinfo=dt.UTC)
    assert state_of(call, CALL_AT) is CallState.ANNOUNCED
    assert state_of(call, noon) is CallState.OPEN
    assert state_of(call, noon + dt.timedelta(seconds=1)) is CallState.CLOSED


def test_an_extension_is_later_reasoned_and_before_the_review(world: Applying) -> None:
    call = open_call(world.fund, "date", kind="dated", closes="2026-02-28T12:00")
    for closes, reason, missing in (
        ("2026-02-27T12:00", "Pluie", Guard.LATER_DEADLINE),
        ("2026-04-30T12:00", " ", Guard.REASON_WRITTEN),
    ):
        with pytest.raises(GuardNotMet) as refusal:
            actions.decide_on_call(
                call=call, verb="extend", by=world.officer, at=AT, reason=reason, closes=closes
            )
        assert refusal.value.missing == (missing,)
    extended = actions.decide_on_call(
        call=call, verb="extend", by=world.officer, at=AT, reason="Pluie",
        closes="2026-04-30T12:00",
    )  # fmt: skip
    assert state_of(extended, AT) is CallState.OPEN
    assert history(call.stable_name)[0].changes["closes"] == [
        "2026-02-28T12:00", "2026-04-30T12:00",
    ]  # fmt: skip


def test_a_call_under_review_is_neither_extended_nor_cancelled(world: Applying) -> None:
    application = sent(world)
    Application.objects.filter(pk=application.pk).update(state="under_review")
    with pytest.raises(GuardNotMet) as refusal:
        actions.decide_on_call(
            call=world.call, verb="cancel", by=world.officer, at=AT, reason="Faute de moyens"
        )
    assert refusal.value.missing == (Guard.REVIEW_NOT_STARTED,)


def test_drafts_lapse_with_a_call_that_is_cancelled_and_keep_their_answers(
    world: Applying,
) -> None:
    application = draft(world)
    actions.decide_on_call(
        call=world.call, verb="cancel", by=world.officer, at=AT, reason="Faute de moyens"
    )
    application.refresh_from_db()
    assert application.state == "lapsed"
    assert application.shared["project_title"] == "Le marais"


def test_a_rolling_call_is_closed_by_a_decision(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    address = _page("call-decision", "essai", "close_early")
    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "Enveloppe épuisée"})
    assert state_of(Call.objects.get(code="essai"), timezone.now()) is CallState.CLOSED
    client.force_login(world.lead)
    assert client.get(_page("apply", "essai")).status_code == 302


def test_a_double_click_decides_once(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    token = {"submission": "6b1f3c1e-2f57-4a57-9d2f-9a2b5f1c7d11", "reason": "Enveloppe épuisée"}
    for _time in range(2):
        answer = client.post(_page("call-decision", "essai", "close_early"), token)
        assert answer.status_code == 302
    kinds = [line.kind for line in history(world.call.stable_name)]
    assert kinds.count("call.close_early") == 1


def test_a_form_keeps_its_versions(world: Applying, client: Client) -> None:
    text = default_form_text()
    same = actions.add_form_version(fund=world.fund, text=text, by=None, at=AT)
    assert same == world.call.form
    changed = text.replace("Titre du projet", "Nom du projet")
    with pytest.raises(FormVersionError):
        actions.add_form_version(fund=world.fund, text=changed, by=None, at=AT)
    with pytest.raises(InvalidFilesError):
        actions.add_form_version(fund=world.fund, text="code: a", by=None, at=AT)
    client.force_login(world.officer)
    refused = client.post(_page("form-new"), {"specification": changed})
    assert refused.status_code == 422
    assert "Donnez-lui le numéro 2" in refused.text
    second = changed.replace("version: 1", "version: 2", 1)
    client.post(_page("form-new"), {"specification": second})
    page = client.get(_page("form-version", "alliance_application", "2")).text
    assert "Nom du projet\u00a0: changée" in page
    assert FormVersion.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE fund_formversion SET text = 'x'")


def test_the_preview_shows_every_question(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    page = client.get(_page("call-preview", "essai")).text
    for label in (
        "Titre du projet",
        "Quelle compétence vous manque",
        "Aides « de minimis » reçues",
    ):
        assert label in page


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.FUND_OFFICER, 200), (Role.FUND_AUDITOR, 403), (Role.REVIEWER, 403), (Role.READER, 403)],
)
@pytest.mark.one_engine
def test_only_the_officers_of_the_fund_prepare_its_calls(
    world: Applying, client: Client, role: Role, status: int
) -> None:
    client.force_login(somebody("Person", (role, world.fund.stable_name)))
    addresses = (
        _page("call-new"), _page("call-preview", "essai"), _page("forms"), _page("form-new"),
        _page("call-decision", "essai", "close_early"),
    )  # fmt: skip
    assert {client.get(address).status_code for address in addresses} == {status}
    client.force_login(somebody("Elsewhere", (role, "fund:autre")))
    assert {client.get(address).status_code for address in addresses} == {403}


def test_the_list_of_calls_has_as_many_queries_as_it_needs(
    world: Applying, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        open_call(world.fund, f"appel-{number}")
    with django_assert_max_num_queries(6):
        page = client.get(_page("calls"))
    assert page.text.count("ouvert") >= 7


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "unknown"},
        {"kind": "dated", "closes": ""},
        {"kind": "rolling", "closes": "2026-02-28T12:00"},
        {"kind": "dated", "opens": "2026-03-01T00:00", "closes": "2026-02-28T12:00"},
        {"opens": "demain"},
        {"grace_minutes": 30},
        {"max_share": Decimal("1.5")},
        {"min_amount": 20_000},
        {"max_amount": 0},
        {"title_fr": ""},
        {"zone": ""},
    ],
)
def test_the_database_refuses_what_no_call_is(world: Applying, broken: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.filter(pk=world.call.pk).update(**broken)


def test_a_code_names_one_call_of_a_fund(world: Applying) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.create_call(
            fund=world.fund, code="essai", content=call_content(world.fund), by=None, at=AT
        )
