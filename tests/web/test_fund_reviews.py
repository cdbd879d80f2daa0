"""The instruction: interests shown with their reasons, reviewers, blind reviews, disagreement."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from tests.factories.instruction import (
    AT,
    Instructed,
    assigned,
    before_committee,
    instructed,
    notes,
    send_review,
    under_review,
)
from tests.factories.people import SINCE, entrust, give, somebody

from alliage.fund.instruction.assignment import WhyNot
from alliage.fund.instruction.interests import ConflictKind, Standing, UnexplainedRecusal
from alliage.fund.instruction.scoring import AlreadySentError, InvalidReviewError
from alliage.fund.states import Guard, GuardNotMet, TransitionNotAllowed
from alliage_web.accounts.models import Membership, Role, RoleHolding
from alliage_web.audit.models import Event
from alliage_web.fund.actions import reviews as actions
from alliage_web.fund.actions.application_handling import decide
from alliage_web.fund.actions.grids import add_grid
from alliage_web.fund.models import InterestStatement, Review, ReviewGrid
from alliage_web.fund.queries.interests import Interests
from alliage_web.fund.queries.reviews import Panels

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
TODAY = AT.date()


@pytest.fixture(scope="module")
def rows(written_once: None) -> Instructed:  # noqa: ARG001 - keeps the rows for all the tests
    return instructed()


@pytest.fixture
def made(rows: Instructed) -> Instructed:
    return deepcopy(rows)


def _belongs(person: User, organisation: str) -> None:
    Membership.objects.create(user=person, organisation=organisation, since=SINCE)


def _told(made: Instructed, person: User, on: dt.date = TODAY) -> object:
    return Interests([person], [made.application]).told(person, made.application, on=on)


def _page(name: str, made: Instructed) -> str:
    return reverse(f"fund:{name}", args=[made.application.reference])


def test_a_conflict_is_shown_with_its_chain_of_reasons(made: Instructed) -> None:
    ana = made.reviewers[0]
    _belongs(ana, "organisation:usine")
    told = Interests([ana], [made.application]).told(ana, made.application, on=TODAY)
    assert told.disclosure.standing is Standing.BARRED
    assert told.conflicts[0].chain == (
        "Ana appartient à Usine ou agit pour elle (depuis le 15 janvier 2020)",
        "Usine est partie prenante de « Le marais »",
    )


def test_who_wrote_or_signed_is_barred(made: Instructed) -> None:
    found = Interests([made.world.partner], [made.application]).disclosure(
        made.world.partner, made.application, on=TODAY
    )
    kinds = {one.kind for one in found.conflicts}
    assert found.standing is Standing.BARRED
    assert kinds >= {ConflictKind.AUTHOR, ConflictKind.APPLICANT}


def test_nothing_known_is_said_and_a_statement_changes_it(made: Instructed) -> None:
    ana = made.reviewers[0]
    told = Interests([ana], [made.application]).told(ana, made.application, on=TODAY)
    assert told.label == "Rien de connu"
    assert "n’a rien déclaré" in told.unknown[0]
    actions.state_interest(
        application=made.application, person=ana, severity="", explanation="", at=AT
    )
    told = Interests([ana], [made.application]).told(ana, made.application, on=TODAY)
    assert told.label == "Aucun intérêt trouvé"


def test_a_role_that_ended_is_to_declare_and_does_not_bar(made: Instructed) -> None:
    ana = made.reviewers[0]
    RoleHolding.objects.create(
        user=ana, role=Role.PARTY_MEMBER, place=made.world.alliance.stable_name,
        organisation="organisation:club", granted_at=SINCE,
        expires_at=dt.datetime(2025, 6, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    found = Interests([ana], [made.application]).disclosure(ana, made.application, on=TODAY)
    assert found.standing is Standing.TO_DECLARE
    assert not found.conflicts[0].in_force


def test_who_replaces_a_barred_person_is_barred_on_their_behalf(made: Instructed) -> None:
    ana, bob, _cyd = made.reviewers
    _belongs(bob, "organisation:ville")
    entrust(bob.role_holdings.get(), ana)
    found = Interests([ana], [made.application]).disclosure(ana, made.application, on=TODAY)
    assert found.standing is Standing.BARRED
    assert found.conflicts[0].on_behalf_of == f"user:{bob.pk}"


def test_a_barred_person_is_not_given_the_application_by_hand(made: Instructed) -> None:
    ana = made.reviewers[0]
    _belongs(ana, "organisation:ville")
    with pytest.raises(actions.AssignmentRefusedError) as refusal:
        assigned(made, ana)
    assert refusal.value.why is WhyNot.BARRED
    assert not Review.objects.exists()


def test_two_members_of_one_organisation_do_not_review_together(made: Instructed) -> None:
    ana, bob, _cyd = made.reviewers
    for person in (ana, bob):
        _belongs(person, "organisation:payeur")
    assigned(made, ana)
    with pytest.raises(actions.AssignmentRefusedError) as refusal:
        assigned(made, bob)
    assert refusal.value.why is WhyNot.NOT_INDEPENDENT


def test_a_delegate_never_gives_both_reviews(made: Instructed) -> None:
    ana, bob, _cyd = made.reviewers
    entrust(ana.role_holdings.get(), bob)
    assigned(made, ana)
    with pytest.raises(actions.AssignmentRefusedError) as refusal:
        assigned(made, bob)
    assert refusal.value.why is WhyNot.NOT_INDEPENDENT


def test_an_interest_to_declare_is_kept_with_the_assignment(made: Instructed) -> None:
    ana = made.reviewers[0]
    actions.state_interest(
        application=made.application, person=ana, severity="to_declare", explanation="Un ami.",
        at=AT,
    )  # fmt: skip
    (row,) = assigned(made, ana)
    assert row.disclosure["standing"] == "to_declare"
    assert row.disclosure["conflicts"] == [{"kind": "declared", "severity": "to_declare"}]


def test_a_third_reviewer_waits_for_a_disagreement(made: Instructed) -> None:
    assigned(made)
    with pytest.raises(actions.EnoughReviewersError):
        assigned(made, made.reviewers[2])


def test_the_proposal_follows_competence_load_and_conflicts(made: Instructed) -> None:
    ana, bob, cyd = made.reviewers
    for person in made.reviewers:
        actions.write_profile(
            fund=made.world.fund, person=person, capacity=2,
            competences={"lever": ["engineering_input"]}, by=made.officer, at=AT,
        )  # fmt: skip
    _belongs(cyd, "organisation:club")
    panels = Panels(made.world.fund, [made.application], AT)
    found = panels.proposal()
    assert {one.person for one in found.proposals} == {f"user:{ana.pk}", f"user:{bob.pk}"}
    assert not found.shortages


def test_the_review_begins_with_two_reviewers(made: Instructed) -> None:
    assigned(made, made.reviewers[0])
    with pytest.raises(GuardNotMet) as refusal:
        decide(application=made.application, verb="start_review", by=made.officer, at=AT)
    assert Guard.REVIEWERS_ASSIGNED in refusal.value.missing


@pytest.mark.one_engine
def test_reviews_are_blind_until_both_are_in(made: Instructed, client: Client) -> None:
    first, second = under_review(made)
    actions.send_review(
        review=first,
        notes={**notes(), "shared_need": {"points": 3, "comment": "Phrase-secrète-d’Ana"}},
        opinion="favourable", base="", at=AT,
    )  # fmt: skip
    everyone = (first.reviewer, second.reviewer, made.officer)
    seen = {}
    for person in everyone:
        client.force_login(person)
        answer = client.get(_page("instruction-of", made))
        assert answer.status_code == 200
        seen[person.name] = "Phrase-secrète-d’Ana" in answer.text
    assert seen == {"Ana": True, "Bob": False, "Officer": False}
    client.force_login(second.reviewer)
    assert client.get(reverse("fund:review", args=[first.uuid])).status_code == 404
    client.force_login(made.members[0])
    assert client.get(_page("instruction-of", made)).status_code == 404
    # The trail tells that a review is in, and nothing of what it says.
    assert not Event.objects.filter(changes__icontains="Phrase").exists()
    send_review(second)
    client.force_login(second.reviewer)
    assert "Phrase-secrète-d’Ana" in client.get(_page("instruction-of", made)).text


@pytest.mark.one_engine
def test_applicants_see_nothing_of_the_instruction(made: Instructed, client: Client) -> None:
    rows = under_review(made)
    for row in rows:
        send_review(row)
    for person in (made.world.lead, made.world.partner, somebody("Passante")):
        client.force_login(person)
        assert client.get(_page("instruction-of", made)).status_code == 404
        assert client.get(reverse("fund:review", args=[rows[0].uuid])).status_code == 404
    client.force_login(made.world.lead)
    page = client.get(made.application.get_absolute_url()).text
    assert rows[0].reviewer.name not in page


@pytest.mark.one_engine
def test_an_officer_barred_by_an_interest_reads_no_review(made: Instructed, client: Client) -> None:
    for row in under_review(made):
        send_review(row)
    give(made.world.partner, Role.FUND_OFFICER, made.world.fund.stable_name)
    client.force_login(made.world.partner)
    assert client.get(_page("instruction-of", made)).status_code == 404


def test_a_draft_is_kept_on_the_page_then_sent_once(
    made: Instructed,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first, second = under_review(made)
    send_review(second)
    client.force_login(first.reviewer)
    address = reverse("fund:review", args=[first.uuid])
    page = client.get(address)
    assert "Le besoin est affirmé, sans fait ni témoignage." in page.text
    typed = {"points_shared_need": "4", "comment_shared_need": "Très net", "base": ""}
    assert client.post(address, typed).status_code == 200
    first.refresh_from_db()
    assert first.notes == {
        "shared_need": {"points": 4, "comment": "Très net", "cannot_tell": False}
    }
    typed["base"] = actions.version_of_review(first)
    refused = client.post(address, {**typed, "send": "1"})
    assert refused.status_code == 422
    assert "Très net" in refused.text
    assert "Concluez" in refused.text
    first.refresh_from_db()
    whole = {
        **{f"points_{code}": "3" for code in notes()},
        **{f"comment_{code}": "Des faits." for code in notes()},
        "opinion": "favourable",
        "submission": str(uuid4()),
        "base": actions.version_of_review(first),
        "send": "1",
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, whole).status_code == 302
    first.refresh_from_db()
    assert first.sent_at
    assert len(first.digest) == 64
    assert [message.to for message in mail.outbox] == [[made.officer.email]]
    again = client.post(address, {**whole, "comment_effect": "Autre chose"}, follow=True)
    assert "déjà remis" in again.text
    first.refresh_from_db()
    assert first.notes["effect"]["comment"] == "Des faits."


def test_a_draft_saved_from_another_window_is_not_overwritten(
    made: Instructed, client: Client
) -> None:
    first, _second = under_review(made)
    actions.save_draft(review=first, notes=notes(4), opinion="", base="", at=AT)
    client.force_login(first.reviewer)
    answer = client.post(
        reverse("fund:review", args=[first.uuid]),
        {"points_effect": "1", "comment_effect": "Ma version", "base": ""},
    )
    assert answer.status_code == 409
    assert "Ma version" in answer.text
    # htmx shows the warning of an answer that says that all is well, and of no other.
    quietly = client.post(
        reverse("fund:review", args=[first.uuid]),
        {"points_effect": "1", "base": ""},
        headers={"HX-Request": "true"},
    )
    assert quietly.status_code == 200
    assert "Ce brouillon a changé ailleurs" in quietly.text
    first.refresh_from_db()
    assert first.notes["effect"]["points"] == 4


def test_a_review_that_is_not_whole_is_refused(made: Instructed) -> None:
    first, _second = under_review(made)
    with pytest.raises(InvalidReviewError):
        actions.send_review(
            review=first, notes={"effect": {"points": 3, "comment": ""}}, opinion="", base="",
            at=AT,
        )  # fmt: skip


def test_reviews_are_written_while_under_review_only(made: Instructed) -> None:
    (row,) = assigned(made, made.reviewers[0])
    with pytest.raises(TransitionNotAllowed):
        send_review(row)


def test_a_disagreement_asks_for_a_third_review(made: Instructed, client: Client) -> None:
    first, second = under_review(made)
    send_review(first, 4)
    send_review(second, 1, "unfavourable")
    with pytest.raises(GuardNotMet) as refusal:
        decide(application=made.application, verb="present", by=made.officer, at=AT)
    assert refusal.value.missing == (Guard.DISAGREEMENT_SETTLED,)
    client.force_login(made.officer)
    page = client.get(_page("instruction-of", made)).text
    assert "un troisième est demandé" in page
    answer = client.post(
        _page("instruction-of", made),
        {"reviewer": made.reviewers[2].pk, "submission": str(uuid4())},
    )
    assert answer.status_code == 302
    third = Review.objects.get(reviewer=made.reviewers[2])
    assert third.round == 2
    client.force_login(third.reviewer)
    assert "Des faits précis." not in client.get(_page("instruction-of", made)).text
    send_review(third, 3, "reserved", at=timezone.now())
    decide(application=made.application, verb="present", by=made.officer, at=AT)
    made.application.refresh_from_db()
    assert made.application.state == "to_committee"


def test_a_reviewer_steps_back_and_reads_nothing_any_more(made: Instructed, client: Client) -> None:
    first, _second = under_review(made)
    with pytest.raises(UnexplainedRecusal):
        actions.step_back(review=first, explanation=" ", by=first.reviewer, at=AT)
    client.force_login(first.reviewer)
    address = reverse("fund:review-step-back", args=[first.uuid])
    assert client.post(address, {"explanation": ""}).status_code == 422
    assert client.post(address, {"explanation": "Un ami porte le projet."}).status_code == 302
    first.refresh_from_db()
    assert first.left_why == "choice"
    assert client.get(_page("instruction-of", made)).status_code == 404
    assert client.get(made.application.get_absolute_url()).status_code == 404
    # Why a person steps back can be erased: it is not sealed with the rest.
    assert not Event.objects.filter(changes__icontains="ami").exists()


def test_declaring_an_interest_that_bars_takes_the_application_back(
    made: Instructed, client: Client
) -> None:
    first, _second = under_review(made)
    client.force_login(first.reviewer)
    empty = client.post(_page("interests", made), {"severity": "bars", "explanation": ""})
    assert empty.status_code == 422
    client.post(
        _page("interests", made),
        {"severity": "bars", "explanation": "Ma sœur y travaille.", "submission": str(uuid4())},
    )
    first.refresh_from_db()
    assert first.left_why == "conflict"
    assert InterestStatement.objects.get().severity == "bars"


def test_what_was_sent_is_not_taken_back(made: Instructed) -> None:
    first, _second = under_review(made)
    send_review(first)
    with pytest.raises(AlreadySentError):
        actions.release_reviewer(review=first, reason="Essai", by=made.officer, at=AT)


def test_an_officer_takes_an_application_back_and_gives_it_to_another(
    made: Instructed, client: Client
) -> None:
    first, _second = under_review(made)
    client.force_login(made.officer)
    address = reverse("fund:review-release", args=[first.uuid])
    assert client.post(address, {"reason": "Absente"}).status_code == 302
    client.post(_page("instruction-of", made), {"reviewer": made.reviewers[2].pk})
    assert Review.objects.filter(left_at=None).count() == 2
    client.force_login(made.members[0])
    assert client.post(address, {"reason": "Essai"}).status_code == 404


@pytest.mark.one_engine
def test_the_proposal_page_gives_what_is_checked(made: Instructed, client: Client) -> None:
    client.force_login(made.officer)
    for person in made.reviewers[:2]:
        profile = reverse("fund:reviewer-profile", args=["fonds", person.pk])
        assert client.post(profile, {"capacity": 3, "world": ["association"]}).status_code == 302
    address = reverse("fund:instruction-proposal", args=["fonds"])
    page = client.get(address)
    assert "Rien de connu" in page.text
    chosen = [f"{made.application.reference}/{one.pk}" for one in made.reviewers[:2]]
    client.post(address, {"choice": [*chosen, "autre/1", "x"]})
    assert Review.objects.count() == 2
    assert "Rien à proposer" in client.get(address).text


def test_the_proposal_says_why_nobody_can(made: Instructed, client: Client) -> None:
    client.force_login(made.officer)
    page = client.get(reverse("fund:instruction-proposal", args=["fonds"])).text
    assert "Il manque 2 personnes" in page
    assert "aucune compétence connue en commun" in page


@pytest.mark.one_engine
def test_own_reviews_and_profile(made: Instructed, client: Client) -> None:
    first, _second = under_review(made)
    client.force_login(first.reviewer)
    assert made.application.reference in client.get(reverse("fund:reviews")).text
    own = reverse("fund:reviewer-profile", args=["fonds", first.reviewer_id])
    assert client.post(own, {"capacity": 2, "lever": ["data"]}).status_code == 302
    other = reverse("fund:reviewer-profile", args=["fonds", made.reviewers[1].pk])
    assert client.get(other).status_code == 404
    client.force_login(made.world.lead)
    assert "Aucun avis ne vous est demandé" in client.get(reverse("fund:reviews")).text


@pytest.mark.one_engine
def test_the_list_of_the_fund_reads_as_much_for_many(
    made: Instructed, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    before_committee(made)
    client.force_login(made.officer)
    with django_assert_max_num_queries(22):
        answer = client.get(reverse("fund:instruction", args=["fonds"]))
    assert made.application.reference in answer.text


def test_the_grid_is_kept_as_it_was(made: Instructed) -> None:
    first, _second = under_review(made)
    grid = ReviewGrid.objects.get()
    assert first.panel.grid == grid
    assert len(grid.digest) == 64
    add_grid(fund=made.world.fund, text=grid.text, by=None, at=AT)
    assert ReviewGrid.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"sent_at": AT},
        {"sent_at": AT, "digest": "0" * 64},
        {"left_at": AT},
        {"left_why": "choice"},
        {"opinion": "parfait"},
        {"round": 3},
        {"sent_at": AT, "digest": "0" * 64, "opinion": "reserved", "left_at": AT,
         "left_why": "choice"},
        {"saved_at": SINCE},
    ],
)  # fmt: skip
def test_the_database_holds_what_a_review_is(made: Instructed, wrong: dict[str, object]) -> None:
    (row,) = assigned(made, made.reviewers[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=row.pk).update(**wrong)


def test_the_database_holds_one_seat_a_person_and_explained_interests(made: Instructed) -> None:
    (row,) = assigned(made, made.reviewers[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(panel=row.panel, reviewer=row.reviewer, assigned_at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        InterestStatement.objects.create(
            application=made.application, person=row.reviewer, severity="bars", made_at=AT
        )
