"""The weekly reminder: one message a person, once a week, whatever happens in between."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import reports as told
from tests.factories.people import SINCE, give, somebody
from tests.factories.reports import AT

from alliage.values.money import euros
from alliage_web.accounts.models import Membership, Role
from alliage_web.fund.actions import instalments, reminders
from alliage_web.fund.actions.applications import begin_application
from alliage_web.fund.models import (
    Application,
    ApplicationQuestion,
    ReminderChoice,
    ReminderLetter,
    ReportObligation,
    RequestedDocument,
)
from alliage_web.fund.queries import reminders as queries

if TYPE_CHECKING:
    from django.test import Client
    from tests.factories.reports import Action

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
NEXT_WEEK = AT + dt.timedelta(days=7)


@pytest.fixture(scope="module")
def rows(written_once: None) -> Action:  # noqa: ARG001 - keeps the rows for all the tests
    return told.action()


@pytest.fixture
def action(rows: Action) -> Action:
    return deepcopy(rows)


def letter_of(person: User) -> str:
    bodies = [each.body for each in mail.outbox if each.to == [person.email]]
    assert len(bodies) == 1
    return str(bodies[0])


def test_each_person_is_told_once_a_week_what_waits_for_them(action: Action) -> None:
    done = reminders.send_reminders(at=AT)
    assert (done.left, done.before, done.failed) == (2, 0, 0)
    body = letter_of(action.partner)
    # Both agreements of the club ask for a report, late since the first of September.
    assert body.count("en retard depuis le 1 septembre 2026") == 2
    assert action.first.reference in body
    assert "/rapports/rapport-detape/" in body
    again = reminders.send_reminders(at=AT + dt.timedelta(days=3))
    assert (again.left, again.before) == (0, 2)
    assert len(mail.outbox) == 2
    assert reminders.send_reminders(at=NEXT_WEEK).left == 2


@pytest.mark.usefixtures("action")
def test_what_is_far_away_is_not_named() -> None:
    ReportObligation.objects.exclude(due_on=None).update(due_on=dt.date(2027, 6, 30))
    ReportObligation.objects.filter(due_on=None).update(
        due_on=dt.date(2027, 6, 30), basis="decided"
    )
    assert reminders.send_reminders(at=AT).left == 0


def test_officers_are_told_what_to_read_and_to_confirm(action: Action) -> None:
    payer = somebody("Payer", (Role.FUND_OFFICER, "fund:fonds"))
    told.delivered(action)
    instalments.order_payment(
        agreement=action.first, instalment="t1", amount=euros(60), execute_on=AT.date(),
        reason="T1", bank_details_checked=True, by=payer, at=AT,
    )  # fmt: skip
    reminders.send_reminders(at=AT)
    assert "À lire : Rapport d’étape" in letter_of(action.officer)
    assert "Versement à confirmer" in letter_of(action.officer)
    # Who ordered does not confirm.
    assert "Versement à confirmer" not in letter_of(payer)


def test_all_that_is_waited_for_is_in_one_letter(action: Action) -> None:
    world = action.world
    draft = begin_application(
        call=world.call, alliance=world.alliance, lead=world.town, others=[], by=world.lead, at=AT
    )
    Application.objects.filter(pk=draft.pk).update(
        state="to_complete", sent_at=AT, complete_by=AT.date()
    )
    ApplicationQuestion.objects.create(
        application=draft, text="Combien ?", answer_by=AT.date(), asked_at=AT
    )
    other = begin_application(
        call=world.call, alliance=world.alliance, lead=world.town, others=[], by=world.lead, at=AT
    )
    Application.objects.filter(pk=other.pk).update(
        state="accepted_subject_to_documents", sent_at=AT
    )
    RequestedDocument.objects.create(application=other, label="Statuts", due_on=AT.date())
    told.begun(action)
    reminders.send_reminders(at=AT)
    body = letter_of(action.lead)
    for said in ("Dossier à compléter", "Combien ?", "Statuts", "À signer : la part de Ville"):
        assert body.count(said) == 1
    # What belongs to a file stands under its name.
    assert body.count(f"Dossier {draft.reference}") == 1


@pytest.mark.usefixtures("action")
def test_a_message_that_cannot_leave_is_not_marked_and_leaves_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def down(*_args: Any, **_more: Any) -> None:
        msg = "no mail server"
        raise OSError(msg)

    with monkeypatch.context() as broken:
        broken.setattr(reminders, "send_mail", down)
        done = reminders.send_reminders(at=AT)
    assert (done.left, done.failed) == (0, 2)
    assert not ReminderLetter.objects.exclude(left_at=None).exists()
    assert reminders.send_reminders(at=AT).left == 2
    assert len(mail.outbox) == 2


@pytest.mark.usefixtures("action")
def test_a_run_that_was_killed_is_taken_over_and_two_runs_do_not_double() -> None:
    # Another run took both letters, a moment ago: this one leaves them to it.
    reminders.send_reminders(at=AT)
    ReminderLetter.objects.update(left_at=None, taken_at=AT)
    mail.outbox.clear()
    assert reminders.send_reminders(at=AT + dt.timedelta(minutes=1)).left == 0
    # It never came back: after a while they are taken over.
    assert reminders.send_reminders(at=AT + dt.timedelta(minutes=16)).left == 2


def test_who_wants_none_gets_none_and_the_language_is_theirs(
    client: Client, action: Action
) -> None:
    client.force_login(action.partner)
    address = reverse("fund:reminder-choice")
    assert client.get(address).status_code == 200
    client.post(address, {"wanted": "on", "language": "en"})
    reminders.send_reminders(at=AT)
    assert "/rapports/rappels/" in letter_of(action.partner)
    client.post(address, {"language": "en"})
    assert not ReminderChoice.objects.get().wanted
    reminders.send_reminders(at=NEXT_WEEK)
    letter_of(action.partner)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderChoice.objects.update(language="xx")


@pytest.mark.one_engine
def test_the_number_of_queries_does_not_follow_the_number_of_files(action: Action) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as found:
            queries.duties(queries.People(AT))
        return len(found)

    one = counted()
    for rank in range(4):
        person = somebody(f"Member {rank}", member_of=[action.world.club.stable_name])
        give(person, Role.READER, "fund:fonds")
        ReportObligation.objects.create(
            agreement=action.first, code=f"r{rank}", kind="intermediate", label=f"Rapport {rank}",
            due_on=AT.date(), basis="decided", created_at=SINCE,
        )  # fmt: skip
    assert counted() == one


@pytest.mark.usefixtures("action")
def test_the_command_says_what_left_and_fails_when_something_could_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("send_reminders")
    assert "2 sent, 0 sent before this week, 0 could not leave" in capsys.readouterr().out
    ReminderLetter.objects.all().delete()

    def down(*_args: Any, **_more: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(reminders, "send_mail", down)
    with pytest.raises(CommandError, match="Check the mail server"):
        call_command("send_reminders")


@pytest.mark.usefixtures("action")
def test_a_person_has_one_letter_a_week() -> None:
    reminders.send_reminders(at=AT)
    row = ReminderLetter.objects.order_by("pk").first()
    assert row is not None
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_who_left_the_organisation_is_told_nothing(action: Action) -> None:
    Membership.objects.filter(user=action.partner).delete()
    reminders.send_reminders(at=AT)
    assert [each.to for each in mail.outbox] == [[action.lead.email]]
