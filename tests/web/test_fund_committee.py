"""The committee: agenda, interests, quorum, votes, decisions with their money, minutes."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from tests.factories.instruction import (
    AT,
    HELD_ON,
    Instructed,
    before_committee,
    instructed,
    meeting,
)
from tests.factories.pdf import reader
from tests.factories.people import SINCE, entrust, give, somebody

from alliage.fund.instruction.committee import (
    DecisionKind,
    DecisionNotPossible,
    DecisionProblemCode,
    Motion,
)
from alliage.fund.money.ledger import AccountCode
from alliage.fund.states import Guard, GuardNotMet
from alliage_web.accounts.models import Membership, Role
from alliage_web.fund.actions import committee as actions
from alliage_web.fund.actions.application_handling import answer, decide
from alliage_web.fund.models import (
    AgendaItem,
    ApplicationQuestion,
    Attendance,
    Committee,
    CommitteeRecusal,
    Decision,
    Meeting,
    Minutes,
    Posting,
    RequestedDocument,
    RunningBalance,
)
from alliage_web.fund.queries import committee as queries
from alliage_web.fund.queries import ledger as written

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db

ACCEPT = Motion(DecisionKind.ACCEPT, "Le besoin est établi.", Decimal(5000), ())
REFUSE = Motion(DecisionKind.REFUSE, "Le besoin n’est pas établi.")


@pytest.fixture(scope="module")
def rows(written_once: None) -> Instructed:  # noqa: ARG001 - keeps the rows for all the tests
    found = instructed()
    before_committee(found)
    return found


@pytest.fixture
def made(rows: Instructed) -> Instructed:
    return deepcopy(rows)


def _item(held: Meeting) -> AgendaItem:
    return AgendaItem.objects.select_related("meeting__fund", "application").get(meeting=held)


def _take(made: Instructed, held: Meeting, motion: Motion, **more: Any) -> Decision:
    voters = more.pop("voters", made.members)
    asked: dict[str, Any] = {
        "item": _item(held), "motion": motion, "presiding": None, "year": 2026,
        "votes": {person.pk: "for" for person in voters}, "legal_note": "Constaté.",
        "by": made.officer, "at": AT,
    }  # fmt: skip
    return actions.take_decision(**{**asked, **more})


def _balance(code: AccountCode) -> Decimal:
    rows = RunningBalance.objects.filter(code=code.value)
    return sum((row.eur for row in rows), Decimal(0))


def _refused(made: Instructed, held: Meeting, motion: Motion, **more: Any) -> set[str]:
    with pytest.raises(DecisionNotPossible) as refusal:
        _take(made, held, motion, **more)
    assert not Decision.objects.exists()
    return {problem.code for problem in refusal.value.problems}


def test_accepting_writes_the_state_the_award_and_the_decision_at_once(
    made: Instructed, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    held = meeting(made)
    with django_capture_on_commit_callbacks(execute=True):
        decision = _take(made, held, ACCEPT)
    made.application.refresh_from_db()
    assert made.application.state == "accepted"
    assert decision.posting is not None
    assert decision.posting.file == made.application.reference
    assert _balance(AccountCode.RESERVED) == Decimal(5000)
    assert _balance(AccountCode.AVAILABLE) == Decimal(15_000)
    assert written.verify(made.world.fund).is_right
    assert (decision.in_favour, decision.quorum_counted, decision.quorum_required) == (3, 3, 2)
    # The default rules keep votes secret.
    assert decision.votes == {}
    assert made.world.lead.email in {to for message in mail.outbox for to in message.to}


def test_a_refusal_says_why_and_moves_no_money(made: Instructed) -> None:
    held = meeting(made)
    before = Posting.objects.count()
    _take(made, held, REFUSE)
    made.application.refresh_from_db()
    assert (made.application.state, made.application.reason) == ("refused", REFUSE.reasons)
    assert Posting.objects.count() == before


def test_accepting_subject_to_documents_asks_for_them(made: Instructed) -> None:
    due = HELD_ON + dt.timedelta(days=30)
    motion = Motion(
        DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS, "Oui, si.", Decimal(4000), ("Un bilan",),
        documents=("Les statuts",), documents_due_on=due,
    )  # fmt: skip
    _take(made, meeting(made), motion)
    made.application.refresh_from_db()
    assert made.application.state == "accepted_subject_to_documents"
    assert RequestedDocument.objects.get().due_on == due


def test_adjourning_asks_its_questions(made: Instructed) -> None:
    later = HELD_ON + dt.timedelta(days=60)
    motion = Motion(
        DecisionKind.ADJOURN, "Le plan manque.", questions=("Qui porte ?",), resume_on=later
    )
    _take(made, meeting(made), motion)
    made.application.refresh_from_db()
    assert made.application.state == "adjourned"
    assert ApplicationQuestion.objects.get().answer_by == later


def test_the_questions_of_the_committee_are_answered_or_their_time_is_over(
    made: Instructed, client: Client
) -> None:
    later = HELD_ON + dt.timedelta(days=60)
    motion = Motion(
        DecisionKind.ADJOURN, "Le plan manque.", questions=("Qui porte ?",), resume_on=later
    )
    _take(made, meeting(made), motion)
    made.application.refresh_from_db()
    question = ApplicationQuestion.objects.get()
    noon = dt.datetime.combine(later, dt.time(12), dt.UTC)
    with pytest.raises(GuardNotMet) as early:
        decide(application=made.application, verb="present", by=made.officer, at=noon)
    assert early.value.missing == (Guard.QUESTIONS_ANSWERED,)
    page = reverse("fund:application", args=[made.application.reference])
    client.force_login(made.world.lead)
    with time_machine.travel(noon, tick=False):
        assert "en retard" not in client.get(page).text
    with time_machine.travel(noon + dt.timedelta(days=1), tick=False):
        assert "en retard" in client.get(page).text
    # Answered on its last day, it is in time; a file that nobody answers is not held for ever.
    with transaction.atomic():
        decide(
            application=made.application, verb="present", by=made.officer,
            at=noon + dt.timedelta(days=1),
        )  # fmt: skip
        transaction.set_rollback(True)
    answer(question=question, text="La commune.", by=made.world.lead, at=noon)
    decide(application=made.application, verb="present", by=made.officer, at=noon)
    made.application.refresh_from_db()
    assert made.application.state == "to_committee"


def test_a_barred_member_has_to_step_back(made: Instructed) -> None:
    barred = made.members[2]
    Membership.objects.create(user=barred, organisation="organisation:usine", since=SINCE)
    held = meeting(made)
    assert _refused(made, held, ACCEPT) == {DecisionProblemCode.BARRED_NOT_RECUSED}
    recusal = actions.recuse_member(
        item=_item(held), person=barred, explanation="", by=made.officer, at=AT
    )
    assert recusal.reason == "conflict"
    assert _refused(made, held, ACCEPT) == {DecisionProblemCode.RECUSED_VOTED}
    decision = _take(made, held, ACCEPT, voters=made.members[:2])
    assert decision.quorum_counted == 2
    (minutes,) = [actions.close_minutes(meeting=held, without_decision={}, by=made.officer, at=AT)]
    (told,) = minutes.content["decisions"]
    assert told["recusals"][0]["conflicts"] == ["party"]


def test_no_decision_without_quorum(made: Instructed) -> None:
    first = made.members[0]
    held = meeting(made, first)
    assert _refused(made, held, ACCEPT, voters=[first]) == {DecisionProblemCode.NO_QUORUM}


def test_more_than_the_envelope_is_refused_with_what_it_has(made: Instructed) -> None:
    held = meeting(made)
    assert _refused(made, held, ACCEPT, year=2027) == {DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE}


def test_the_legal_path_is_known_or_written(made: Instructed) -> None:
    with pytest.raises(actions.LegalPathError):
        _take(made, meeting(made), ACCEPT, legal_note=" ")
    assert not Decision.objects.exists()
    assert _balance(AccountCode.RESERVED) == 0


def test_the_rules_of_the_fund_are_followed(made: Instructed) -> None:
    rules = {
        "quorum_share": "1", "quorum_strictly": False, "quorum_number": 0,
        "quorum_base": "entitled", "mode": "consensus", "majority": "1/2",
        "majority_base": "for_and_against", "casting_vote": "none", "names_votes": True,
    }  # fmt: skip
    actions.write_rules(fund=made.world.fund, rules=rules, by=made.officer, at=AT)
    held = meeting(made)
    against = dict.fromkeys([one.pk for one in made.members], "for") | {
        made.members[1].pk: "against"
    }
    assert _refused(made, held, REFUSE, votes=against) == {DecisionProblemCode.NOT_ADOPTED}
    decision = _take(made, held, REFUSE)
    assert decision.votes == {f"user:{one.pk}": "for" for one in made.members}
    with pytest.raises(actions.MeetingError) as refusal:
        actions.write_rules(fund=made.world.fund, rules=rules, by=made.officer, at=AT)
    assert refusal.value.fault is actions.MeetingFault.DECIDED


def test_a_replacement_sits_in_the_place_of_the_member(made: Instructed) -> None:
    member = made.members[2]
    stand_in = somebody("Pia")
    entrust(member.role_holdings.get(), stand_in)
    held = actions.plan_meeting(
        fund=made.world.fund, held_on=HELD_ON, place="", by=made.officer, at=AT
    )
    assert Attendance.objects.get(person=stand_in).replaces == member
    everyone = [*made.members, stand_in]
    with pytest.raises(actions.MeetingError) as refusal:
        _attend(made, held, everyone)
    assert refusal.value.fault is actions.MeetingFault.VOTES
    held = _attend(made, held, [*made.members[:2], stand_in])
    known = queries.library_meeting(held, [])
    assert known.entitled == known.present
    assert len(known.entitled) == 3


def _attend(made: Instructed, held: Meeting, people: list[User]) -> Meeting:
    return actions.record_attendance(
        meeting=held, present=[one.pk for one in people], chair=people[0], guests="",
        by=made.officer, at=AT,
    )  # fmt: skip


def test_who_was_there_no_longer_changes_after_a_decision(made: Instructed) -> None:
    held = meeting(made)
    _take(made, held, REFUSE)
    with pytest.raises(actions.MeetingError) as refusal:
        _attend(made, held, list(made.members[:2]))
    assert refusal.value.fault is actions.MeetingFault.DECIDED


def test_an_application_is_on_one_open_agenda(made: Instructed) -> None:
    meeting(made)
    other = actions.plan_meeting(
        fund=made.world.fund, held_on=HELD_ON, place="", by=made.officer, at=AT
    )
    with pytest.raises(actions.MeetingError) as refusal:
        actions.put_on_agenda(meeting=other, chosen=[made.application], by=made.officer, at=AT)
    assert refusal.value.fault is actions.MeetingFault.AGENDA


def test_an_item_without_a_decision_says_why_and_comes_back(made: Instructed) -> None:
    held = meeting(made)
    minutes = actions.close_minutes(
        meeting=held, without_decision={made.application.reference: "Le temps a manqué."},
        by=made.officer, at=AT,
    )  # fmt: skip
    assert minutes.content["without_decision"] == {made.application.reference: "Le temps a manqué."}
    other = actions.plan_meeting(
        fund=made.world.fund, held_on=HELD_ON, place="", by=made.officer, at=AT
    )
    assert actions.put_on_agenda(meeting=other, chosen=[made.application], by=made.officer, at=AT)
    with pytest.raises(actions.MeetingError):
        _take(made, held, REFUSE)


# Pages.


def _address(name: str, held: Meeting | None = None, *more: object) -> str:
    number = [held.number] if held else []
    return reverse(f"fund:{name}", args=["fonds", *number, *more])


def test_a_whole_meeting_by_its_pages(
    made: Instructed, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(made.officer)
    token = str(uuid4())
    for _time in range(2):
        client.post(
            _address("meeting-new"),
            {"held_on": "2026-03-20", "place": "Paris", "submission": token},
        )
    held = Meeting.objects.get()
    reference = made.application.reference
    client.post(_address("meeting-agenda", held), {"applications": [reference]})
    present = [str(person.pk) for person in made.members]
    wrong = client.post(
        _address("meeting-attendance", held), {"present": present[:2], "chair": present[2]}
    )
    assert wrong.status_code == 422
    client.post(
        _address("meeting-attendance", held),
        {"present": present, "chair": present[0], "guests": "Une observatrice"},
    )
    item = _address("agenda-item", held, reference)
    typed: dict[str, Any] = {
        "kind": "accept", "reasons": "Le besoin est établi.", "year": "2026",
        "submission": str(uuid4()), **{f"vote_{key}": "for" for key in present[1:]},
    }  # fmt: skip
    refused = client.post(item, typed)
    assert refused.status_code == 422
    assert "Il manque « Conditions »" in refused.text
    assert "Le vote de Max manque" in refused.text
    assert "Le besoin est établi." in refused.text
    typed |= {"no_condition": "on", f"vote_{present[0]}": "for"}
    unwritten = client.post(item, typed)
    assert "Les règles ne peuvent pas dire si ce paiement est admis" in unwritten.text
    typed["legal_note"] = "Une association, pour une mission d’intérêt général."
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(item, typed).status_code == 302
    assert Decision.objects.get().amount == 5000
    page = client.get(_address("meeting", held)).text
    assert "Accepter le montant demandé" in page
    assert client.get(item).status_code == 200
    client.post(_address("minutes", held), {"submission": str(uuid4())})
    minutes = Minutes.objects.get()
    read = client.get(_address("minutes", held)).text
    assert "Une observatrice" in read
    assert minutes.digest[:20] in read.replace("\u200b", "").replace("<wbr>", "")
    pdf = client.get(_address("minutes-file", held))
    assert pdf["Content-Type"] == "application/pdf"
    printed = " ".join(page.extract_text() for page in reader(pdf.content).pages)
    assert "Le besoin est établi." in printed
    assert "Max" in printed
    assert "5 000" in printed.replace("\u202f", " ").replace("\xa0", " ")


def test_the_minutes_keep_their_digest_and_no_name(made: Instructed) -> None:
    held = meeting(made)
    _take(made, held, ACCEPT)
    minutes = actions.close_minutes(meeting=held, without_decision={}, by=made.officer, at=AT)
    assert "Max" not in str(minutes.content)
    assert len(minutes.digest) == 64
    assert minutes.content["decisions"][0]["motion"]["amount"] == "5000.00"


@pytest.mark.one_engine
def test_who_may_see_the_committee(made: Instructed, client: Client) -> None:
    held = meeting(made)
    pages = [
        _address("committee"),
        _address("committee-simulation"),
        _address("meeting", held),
        _address("agenda-item", held, made.application.reference),
    ]
    for person, expected in (
        (made.officer, 200),
        (made.members[0], 200),
        (made.world.lead, 403),
        (made.reviewers[0], 403),
    ):
        client.force_login(person)
        assert [client.get(page).status_code for page in pages] == [expected] * len(pages)
    client.force_login(made.members[0])
    assert client.get(_address("meeting-agenda", held)).status_code == 403
    assert client.post(pages[3], {"kind": "refuse"}).status_code == 200
    assert not Decision.objects.exists()


@pytest.mark.one_engine
def test_a_member_who_is_barred_or_stepped_back_reads_nothing(
    made: Instructed, client: Client
) -> None:
    barred, stepping, _other = made.members
    Membership.objects.create(user=barred, organisation="organisation:usine", since=SINCE)
    held = meeting(made)
    item = _address("agenda-item", held, made.application.reference)
    away = [item, made.application.get_absolute_url(),
            reverse("fund:instruction-of", args=[made.application.reference])]  # fmt: skip
    client.force_login(barred)
    assert [client.get(page).status_code for page in away] == [404, 404, 404]
    client.force_login(stepping)
    assert client.get(item).status_code == 200
    recuse = _address("committee-recuse", held, made.application.reference, stepping.pk)
    assert "dites en quelques mots" in client.post(recuse, follow=True).text
    client.post(recuse, {"explanation": "Un voisin."})
    assert CommitteeRecusal.objects.get().person == stepping
    assert [client.get(page).status_code for page in away] == [404, 404, 404]
    other = _address("committee-recuse", held, made.application.reference, barred.pk)
    client.force_login(made.members[2])
    assert client.post(other).status_code == 403


@pytest.mark.one_engine
def test_the_simulation_shows_what_a_choice_does(made: Instructed, client: Client) -> None:
    client.force_login(made.members[0])
    reference = made.application.reference
    page = client.get(_address("committee-simulation"))
    assert page.status_code == 200
    assert "20 000" in page.text.replace("\u202f", " ").replace("\xa0", " ")
    chosen = {"dossier": reference, f"montant-{reference}": "6000"}
    too_much = client.get(_address("committee-simulation"), chosen).text
    assert "dépassent les" in too_much
    wrong = client.get(
        _address("committee-simulation"), {**chosen, f"montant-{reference}": "beaucoup"}
    )
    assert "n’est pas un montant" in wrong.text
    assert "beaucoup" in wrong.text
    asked = client.get(_address("committee-simulation"), {"suggestion": "1"})
    assert "Suggestion, à titre d’aide" in asked.text
    assert f"dossier={reference}" in asked.text
    covered = client.get(
        _address("committee-simulation"),
        {"suggestion": "1", "cible": "world:association", "dossier": [reference, "inconnu"]},
    )
    assert covered.status_code == 200
    assert not Decision.objects.exists()


def test_the_list_reads_as_much_for_many(
    made: Instructed, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    held = meeting(made)
    client.force_login(made.officer)
    with django_assert_max_num_queries(18):
        client.get(_address("committee"))
    with django_assert_max_num_queries(22):
        client.get(_address("meeting", held))


def test_minutes_are_read_once_closed(made: Instructed, client: Client) -> None:
    held = meeting(made)
    give(made.members[1], Role.FUND_AUDITOR, made.world.fund.stable_name)
    client.force_login(made.members[1])
    for name in ("minutes", "minutes-file"):
        assert client.get(_address(name, held)).status_code == 404
    client.force_login(made.officer)
    empty = client.post(_address("minutes", held), {})
    assert empty.status_code == 422
    assert "Dites pourquoi" in empty.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": None},
        {"posting": None},
        {"reasons": ""},
        {"quorum_counted": 1},
        {"in_favour": 0},
        {"kind": "adjourn"},
        {"kind": "accept_subject_to_documents"},
        {"kind": "applaud"},
    ],
)
def test_the_database_holds_what_a_decision_is(made: Instructed, wrong: dict[str, Any]) -> None:
    decision = _take(made, meeting(made), ACCEPT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"majority": "1/3"},
        {"quorum_share": "1", "quorum_strictly": True},
        {"mode": "hasard"},
    ],
)
def test_the_database_holds_rules_that_can_be_followed(
    made: Instructed, wrong: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Committee.objects.create(fund=made.world.fund, updated_at=AT, **wrong)


def test_the_database_holds_explained_recusals_and_items_that_ask(made: Instructed) -> None:
    held = meeting(made)
    with pytest.raises(IntegrityError), transaction.atomic():
        CommitteeRecusal.objects.create(
            item=_item(held), person=made.members[0], reason="choice", at=AT
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        AgendaItem.objects.filter(meeting=held).update(asked=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attendance.objects.filter(meeting=held).update(replaces=made.members[0])
