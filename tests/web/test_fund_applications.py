"""Applications: who may what, from the draft to the decision of the fund."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from tests.factories.applications import (
    CALL_AT,
    Applying,
    applying,
    draft,
    filled,
    organisation,
    sent,
)
from tests.factories.people import give, somebody

from alliage.fund.states import Guard, GuardNotMet, TransitionNotAllowed
from alliage_web.accounts.models import Role, User
from alliage_web.audit.queries import history
from alliage_web.fund.actions import application_handling as handling
from alliage_web.fund.actions import applications as actions
from alliage_web.fund.models import (
    Applicant,
    Application,
    ApplicationQuestion,
    Call,
    Fund,
    RuleJudgement,
    SentVersion,
    Strand,
)
from alliage_web.fund.queries.applications import Content
from alliage_web.territories.models import Snapshot, Territory, Vintage

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def world() -> Applying:
    """An open call, an alliance of three worlds, its people."""
    vintage = Vintage.objects.create(year=2026, is_current=True)
    department = Territory.objects.create(level="department", code="94", name="Val-de-Marne")
    commune = Territory.objects.create(level="commune", code="94080", name="Vincennes")
    for place, above in ((department, None), (commune, department)):
        Snapshot.objects.create(
            vintage=vintage, territory=place, name=place.name, name_key="x", department=above
        )
    return applying()


def _page(name: str, application: Application, *more: object) -> str:
    return reverse(f"fund:{name}", args=[application.reference, *more])


def test_a_draft_begins_with_what_the_platform_knows(world: Applying) -> None:
    application = draft(world)
    assert application.reference == "FONDS-2026-00001"
    assert application.shared == {
        "project_title": "Le marais", "summary": "Le marais revit.", "started": "2023-04",
    }  # fmt: skip
    club = Applicant.objects.get(code="club")
    assert club.answers == {"organisation": "club", "brings": "Un lieu."}
    assert draft(world).reference == "FONDS-2026-00002"


def test_a_call_that_is_not_open_takes_no_draft(world: Applying) -> None:
    before = CALL_AT - dt.timedelta(days=400)
    world.call.opens = "2026-02-01T00:00"
    world.call.save()
    with pytest.raises(GuardNotMet) as refusal:
        draft(world, before)
    assert refusal.value.missing == (Guard.CALL_OPEN,)
    assert not Application.objects.exists()


def test_begin_on_the_page_then_write_sign_and_send(
    world: Applying,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.force_login(world.lead)
    address = reverse("fund:apply", args=["fonds", "essai"])
    assert "Le marais" in client.get(address).text
    client.post(address, {"alliance": "marais", "lead": "ville", "others": ["club"]})
    application = filled(Application.objects.get())
    client.post(_page("application-sign", application, "ville"))
    refused = client.post(_page("application-send", application))
    assert refused.status_code == 422
    assert "chaque partie prenante a signé sa part" in refused.text
    client.force_login(world.partner)
    client.post(_page("application-sign", application, "club"))
    client.force_login(world.lead)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(_page("application-send", application))
    application.refresh_from_db()
    assert application.state == "sent"
    frozen = SentVersion.objects.get()
    assert frozen.content["answers"]["amount_asked"] == "5 000"
    assert frozen.content["budget"]["asked"] == "5000.00"
    assert {row["rule"]: row["met"] for row in frozen.content["eligibility"]} == {
        "three_worlds": "true", "amount": "true",
    }  # fmt: skip
    assert {message.to[0] for message in mail.outbox} == {world.lead.email, world.partner.email}
    assert application.reference in mail.outbox[0].subject


def test_a_double_click_sends_once(world: Applying, client: Client) -> None:
    application = filled(draft(world))
    for party, person in (("ville", world.lead), ("club", world.partner)):
        actions.sign(application=application, party=party, by=person, at=AT)
    client.force_login(world.lead)
    token = {"submission": "6b1f3c1e-2f57-4a57-9d2f-9a2b5f1c7d11"}
    for _time in range(2):
        assert client.post(_page("application-send", application), token).status_code == 302
    assert SentVersion.objects.count() == 1


def test_what_was_sent_is_frozen(world: Applying) -> None:
    sent(world)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE fund_sentversion SET content = %s", [json.dumps({})])


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("lead", True), ("partner", True), ("catalyst", True), ("officer", False),
        ("auditor", False), ("administrator", False), ("outsider", False),
        ("other_party", False),
    ],
)  # fmt: skip
@pytest.mark.one_engine
def test_a_draft_is_for_those_who_apply_and_their_catalyst(
    world: Applying, client: Client, who: str, *, seen: bool
) -> None:
    world.alliance.places.create(territory=Territory.objects.get(code="94080"))
    people = {
        "lead": world.lead,
        "partner": world.partner,
        "officer": world.officer,
        "catalyst": somebody("Catalyst", (Role.CATALYST, "territory:department/94")),
        "auditor": somebody("Auditor", (Role.FUND_AUDITOR, "fund:fonds")),
        "administrator": somebody("Administrator", (Role.ADMINISTRATOR, "platform")),
        "outsider": somebody("Outsider"),
        "other_party": somebody("Firm", member_of=["organisation:usine"]),
    }
    application = draft(world)
    client.force_login(people[who])
    for name in ("application", "application-read"):
        assert client.get(_page(name, application)).status_code == (200 if seen else 404)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.FUND_OFFICER, 200), (Role.FUND_AUDITOR, 200), (Role.REVIEWER, 404),
        (Role.COMMITTEE_MEMBER, 404), (Role.READER, 404),
    ],
)  # fmt: skip
@pytest.mark.one_engine
def test_what_was_sent_is_for_the_officers_and_the_auditors_of_the_fund(
    world: Applying, client: Client, role: Role, status: int
) -> None:
    application = sent(world)
    client.force_login(somebody("Person", (role, "fund:fonds")))
    assert client.get(_page("application", application)).status_code == status
    client.force_login(somebody("Elsewhere", (role, "fund:autre")))
    assert client.get(_page("application", application)).status_code == 404


def test_signed_out_people_are_led_to_sign_in(world: Applying, client: Client) -> None:
    answer = client.get(_page("application", draft(world)))
    assert answer.status_code == 302
    assert "connexion" in answer["Location"]


def test_nobody_signs_for_another_organisation(world: Applying, client: Client) -> None:
    application = filled(draft(world))
    client.force_login(world.lead)
    assert client.post(_page("application-sign", application, "club")).status_code == 404
    client.force_login(world.partner)
    assert client.post(_page("application-send", application)).status_code == 404
    assert not application.sign_offs.exists()


def test_an_incomplete_part_is_not_signed_and_says_what_is_missing(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    client.force_login(world.partner)
    answer = client.post(_page("application-sign", application, "club"))
    assert answer.status_code == 422
    assert "Pourquoi" not in answer.context["problems"]
    labels = [problem["label"] for problem in answer.context["problems"]]
    assert "Ce que vous apportez" not in labels
    assert "Votre organisation recevrait-elle une part du soutien en argent ?" in labels


def test_a_change_cancels_the_signatures_that_it_touches(world: Applying) -> None:
    application = filled(draft(world))
    for party, person in (("ville", world.lead), ("club", world.partner)):
        actions.sign(application=application, party=party, by=person, at=AT)
    content = Content(application)
    section = content.section("party")
    assert section is not None
    actions.save_answers(
        application=application, section=section, party="club", answers={"brings": "Un four."},
        base={"brings": actions.digest_of_answer("Du temps.")}, by=world.partner, at=AT,
    )  # fmt: skip
    states = Content(actions.fresh(application)).signature_states
    assert {party: state.value for party, state in states.items()} == {
        "ville": "signed", "club": "cancelled",
    }  # fmt: skip


def test_a_refusal_is_told_to_the_lead_who_may_leave_the_party_out(
    world: Applying,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    application = filled(draft(world))
    client.force_login(world.partner)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            _page("application-sign", application, "club"),
            {"refuse": "1", "reason": "Le budget nous oublie."},
        )
    assert world.lead.email in {message.to[0] for message in mail.outbox}
    client.force_login(world.lead)
    assert "Le budget nous oublie." in client.get(_page("application", application)).text
    client.post(_page("application-applicants", application), {"leave_out": "club"})
    client.post(_page("application-applicants", application), {"organisation": "usine"})
    assert [part.code for part in actions.fresh(application).everyone] == ["ville", "usine"]
    client.post(_page("application-applicants", application), {"leave_out": "ville"})
    assert actions.fresh(application).everyone[0].code == "ville"


def test_a_sent_application_is_taken_back_while_the_call_is_open(
    world: Applying, client: Client
) -> None:
    application = sent(world)
    client.force_login(world.lead)
    client.post(_page("application-take-back", application))
    application.refresh_from_db()
    assert application.state == "draft"
    client.force_login(world.officer)
    assert client.get(_page("application", application)).status_code == 404
    actions.send(application=application, by=world.lead, at=AT)
    assert list(application.sent_versions.values_list("number", flat=True)) == [1, 2]


def test_withdrawn_answers_are_copied_to_a_new_draft(world: Applying, client: Client) -> None:
    application = sent(world)
    client.force_login(world.lead)
    client.post(_page("application-withdraw", application), {"reason": "Autre financeur"})
    application.refresh_from_db()
    assert application.state == "withdrawn"
    address = _page("application-copy", application)
    assert "Appel d’essai" in client.get(address).text
    client.post(
        address, {"call": "essai", "alliance": "marais", "lead": "ville", "others": ["club"]}
    )
    copied = Application.objects.exclude(pk=application.pk).get()
    assert copied.copied_from == application
    assert copied.shared["need"] == "Des riverains isolés."
    assert "accurate" not in copied.everyone[1].answers
    assert not copied.sign_offs.exists()


@pytest.mark.one_engine
def test_the_officer_reads_rules_legal_path_and_past_support(
    world: Applying, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application = sent(world)
    client.force_login(world.officer)
    with django_assert_max_num_queries(90):
        page = client.get(_page("application", application)).text
    assert "toutes les règles sont remplies" in page
    assert "Club, 5 000 €" in page.replace("\N{NO-BREAK SPACE}", " ").replace("\u202f", " ")
    assert "deux instructeurs indépendants sont désignés" in page
    assert _page("application-decision", application, "ask_to_complete") in page
    # Every rule is met: there is nothing to declare ineligible for.
    assert _page("application-decision", application, "declare_ineligible") not in page


def test_an_application_is_sent_back_for_completion_and_comes_again(
    world: Applying,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    application = sent(world)
    client.force_login(world.officer)
    address = _page("application-decision", application, "ask_to_complete")
    assert (
        client.post(address, {"reason": "Le devis", "complete_by": "2020-01-01"}).status_code == 422
    )
    day = timezone.localdate() + dt.timedelta(days=10)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, {"reason": "Le devis manque", "complete_by": day.isoformat()})
    application.refresh_from_db()
    assert application.state == "to_complete"
    assert any("Le devis manque" in message.body for message in mail.outbox)
    client.force_login(world.lead)
    assert "Le devis manque" in client.get(_page("application", application)).text
    filled(application)
    Application.objects.update(shared={**application.shared, "need": "Un besoin réécrit."})
    assert "Un besoin réécrit." in client.get(_page("application-read", application)).text
    client.force_login(world.officer)
    # The fund reads what was sent, not what is being written.
    assert "Un besoin réécrit." not in client.get(_page("application-read", application)).text
    for party, person in (("ville", world.lead), ("club", world.partner)):
        actions.sign(application=application, party=party, by=person, at=AT)
    actions.send(application=application, by=world.lead, at=AT)
    application.refresh_from_db()
    assert (application.state, application.complete_by) == ("sent", None)


def test_ineligible_needs_a_rule_that_is_not_met_and_is_restored_once_it_is(
    world: Applying, client: Client
) -> None:
    application = sent(world)
    with pytest.raises(GuardNotMet) as refusal:
        handling.decide(
            application=application, verb="declare_ineligible", by=world.officer, at=AT,
            reason="Non",
        )  # fmt: skip
    assert refusal.value.missing == (Guard.RULE_NOT_MET,)
    world.alliance.parties.filter(organisation=world.firm).update(left="2025")
    client.force_login(world.officer)
    address = _page("application-decision", application, "declare_ineligible")
    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "Deux mondes seulement"})
    application.refresh_from_db()
    assert (application.state, application.reason) == ("ineligible", "Deux mondes seulement")
    world.alliance.parties.filter(organisation=world.firm).update(left="")
    client.post(_page("application-decision", application, "restore"), {"reason": "Recours"})
    application.refresh_from_db()
    assert application.state == "sent"
    kinds = [line.kind for line in history(application.stable_name)]
    assert kinds[:2] == ["application.restore", "application.declare_ineligible"]


def test_an_officer_tells_a_rule_that_the_platform_cannot(world: Applying, client: Client) -> None:
    world.call.rules = world.call.rules.replace(
        "{fact: amount_asked, at_most: 15000}", "{fact: lead_age_months, at_least: 12}"
    )
    world.call.save()
    application = sent(world)
    assert Guard.RULES_MET not in Content(application).guards(AT)
    client.force_login(world.officer)
    address = _page("application-rule", application, "amount")
    assert address in client.get(_page("application", application)).text
    client.post(address, {"is_met": "yes", "reason": "Statuts de 2019, vus"})
    assert Guard.RULES_MET in Content(actions.fresh(application)).guards(AT)
    client.force_login(world.lead)
    assert "Statuts de 2019, vus" in client.get(_page("application", application)).text


def test_a_question_is_asked_and_answered_once(
    world: Applying,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    application = sent(world)
    client.force_login(world.officer)
    day = timezone.localdate() + dt.timedelta(days=5)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            _page("application-ask", application),
            {"text": "Combien de riverains ?", "answer_by": day.isoformat()},
        )
    assert any("Combien de riverains ?" in message.body for message in mail.outbox)
    question = ApplicationQuestion.objects.get()
    client.force_login(world.partner)
    client.post(_page("application-answer", application, question.pk), {"text": "Deux cents."})
    client.post(_page("application-answer", application, question.pk), {"text": "Trois cents."})
    question.refresh_from_db()
    assert (question.answer, question.answered_by) == ("Deux cents.", world.partner)


def test_documents_are_given_and_the_conditions_lifted(world: Applying, client: Client) -> None:
    application = sent(world)
    Application.objects.filter(pk=application.pk).update(state="accepted_subject_to_documents")
    [document] = handling.ask_for_documents(
        application=application, labels=["Statuts signés"], due_on=AT.date(), by=world.officer,
        at=AT,
    )  # fmt: skip
    with pytest.raises(GuardNotMet):
        handling.decide(application=application, verb="lift_conditions", by=world.officer, at=AT)
    client.force_login(world.partner)
    client.post(
        _page("application-document", application, document.pk),
        {"file": SimpleUploadedFile("statuts.txt", b"Statuts du club.")},
    )
    document.refresh_from_db()
    assert document.received_by == world.partner
    client.force_login(world.officer)
    address = _page("application-file", application, document.file)
    assert b"".join(client.get(address).streaming_content) == b"Statuts du club."  # type: ignore[attr-defined]
    client.force_login(somebody("Outsider"))
    assert client.get(address).status_code == 404
    handling.decide(application=application, verb="lift_conditions", by=world.officer, at=AT)
    application.refresh_from_db()
    assert application.state == "accepted"


def test_a_decision_that_the_state_does_not_admit_is_refused(world: Applying) -> None:
    application = sent(world)
    with pytest.raises(TransitionNotAllowed):
        handling.decide(application=application, verb="accept", by=world.officer, at=AT)


def test_my_applications_are_those_of_my_organisations(
    world: Applying, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    mine = draft(world)
    for _n in range(4):
        draft(world)
    client.force_login(world.partner)
    with django_assert_max_num_queries(30):
        page = client.get(reverse("fund:applications")).text
    assert mine.reference in page
    client.force_login(somebody("Outsider"))
    assert mine.reference not in client.get(reverse("fund:applications")).text


@pytest.mark.one_engine
def test_only_the_fund_lists_what_it_received(world: Applying, client: Client) -> None:
    kept, application = draft(world), sent(world)
    address = reverse("fund:call-applications", args=["fonds", "essai"])
    client.force_login(world.officer)
    page = client.get(address).text
    assert application.reference in page
    assert kept.reference not in page
    client.force_login(world.lead)
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "unknown"},
        {"state": "sent", "sent_at": None},
        {"state": "to_complete", "sent_at": AT, "complete_by": None},
        {"sent_at": CALL_AT - dt.timedelta(days=1)},
    ],
)
def test_the_database_refuses_what_no_application_is(
    world: Applying, broken: dict[str, object]
) -> None:
    application = draft(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(**broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"declined_reason": "Non"},
        {"declined_at": AT},
        {"is_lead": True},
        {"code": "ville"},
    ],
)
def test_the_database_refuses_what_no_applicant_is(
    world: Applying, broken: dict[str, object]
) -> None:
    draft(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Applicant.objects.filter(code="club").update(**broken)


def test_somebody_who_left_the_organisation_reads_nothing_any_more(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    person = somebody("Former")
    held = give(person, Role.PARTY_MEMBER, world.alliance.stable_name, world.club.stable_name)
    client.force_login(person)
    assert client.get(_page("application", application)).status_code == 200
    held.delete()
    assert client.get(_page("application", application)).status_code == 404


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fund_rulejudgement SET reason = ''",
        "UPDATE fund_applicationquestion SET text = ''",
        "UPDATE fund_applicationquestion SET answer = 'Oui'",
        "UPDATE fund_requesteddocument SET label = ''",
        "UPDATE fund_sentversion SET number = 0",
    ],
)
def test_the_database_refuses_what_the_fund_never_writes(world: Applying, statement: str) -> None:
    application = sent(world)
    handling.judge_rule(
        application=application, rule="amount", is_met=True, reason="Vu", by=world.officer, at=AT
    )
    handling.ask(
        application=application, text="Combien ?", answer_by=AT.date(), by=world.officer, at=AT
    )
    handling.ask_for_documents(
        application=application, labels=["Statuts"], due_on=AT.date(), by=world.officer, at=AT
    )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("model", [SentVersion, RuleJudgement])
def test_a_sending_and_a_finding_are_kept_once(
    world: Applying, model: type[SentVersion | RuleJudgement]
) -> None:
    application = sent(world)
    handling.judge_rule(
        application=application, rule="amount", is_met=True, reason="Vu", by=world.officer, at=AT
    )
    row = model.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_the_demonstration_is_invented_says_so_and_is_written_once() -> None:
    with override_settings(ALLIAGE_DEMO=False), pytest.raises(CommandError, match="refused"):
        call_command("create_demo_applications")
    payer = organisation("fonds-odd17", "foundation")
    fund = Fund.objects.create(
        code="odd17", name="Fonds", organisation=payer, created_at=CALL_AT, updated_at=CALL_AT
    )
    Strand.objects.create(fund=fund, code="volet", name_fr="Volet")
    Territory.objects.create(level="commune", code="94080", name="Vincennes")
    for word in ("sacha", "maxime", "camille"):
        User.objects.create_user(f"{word}@demo.example", name=word)
    for _twice in range(2):
        with override_settings(ALLIAGE_DEMO=True, PRODUCTION=False):
            call_command("create_demo_applications", stdout=io.StringIO())
    call = Call.objects.get()
    assert call.is_demonstration
    assert "inventé" in call.title_fr
    assert sorted(Application.objects.values_list("state", flat=True)) == ["draft", "sent"]
    alliance = Application.objects.all()[0].alliance
    assert "inventée" in alliance.title
    assert all("invent" in part.organisation.name for part in Applicant.objects.all())
