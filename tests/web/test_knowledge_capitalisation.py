"""A sheet made from a live file: what it says, who consents, what publishes and withdraws it."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.factories import fund as money
from tests.factories.applications import CALL_AT, Applying, applying, organisation, sent
from tests.factories.fund import BOOKED
from tests.factories.instruction import geography
from tests.factories.pages import read
from tests.factories.pdf import words
from tests.factories.people import somebody

from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.knowledge import live_sheet
from alliage.knowledge.consent import (
    ConsentDecision,
    ConsentProblem,
    ConsentRefused,
    ConsentState,
    ProposalState,
)
from alliage.knowledge.live_file import draft
from alliage.knowledge.live_sheet import Rubric
from alliage.values.french import NO_BREAK
from alliage.values.money import euros
from alliage_web.accounts.models import Membership, Role, User
from alliage_web.actors.actions import merge_organisations
from alliage_web.alliances.models import AllianceTerritory
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event
from alliage_web.fund import actions as fund_actions
from alliage_web.fund.actions import agreements
from alliage_web.fund.actions.agreements import Parties
from alliage_web.knowledge import actions, documents
from alliage_web.knowledge.models import (
    Entry,
    EntryState,
    SearchDocument,
    SheetConsent,
    SheetProposal,
)
from alliage_web.knowledge.queries import sheet_proposals as queries
from alliage_web.knowledge.queries.live_file import live_file
from alliage_web.territories.models import Territory

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.fund.models import Agreement, Application

pytestmark = pytest.mark.django_db
AT = CALL_AT + dt.timedelta(days=30)
LATER = AT + dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Story:
    """An alliance whose application was sent, with people in each place."""

    world: Applying
    application: Application
    editor: User
    firm_member: User

    @property
    def officer(self) -> User:
        return self.world.officer

    def answering(self, party: str) -> User:
        """Give who answers for a party, by its name in the sheet."""
        return {
            "Fonds": self.world.officer,
            "Ville": self.world.lead,
            "Club": self.world.partner,
            "Usine": self.firm_member,
        }[party]


@pytest.fixture(scope="module")
def rows(written_once: None) -> Story:  # noqa: ARG001 - keeps the rows for all the tests
    geography()
    world = applying()
    return Story(
        world=world,
        application=sent(world),
        editor=somebody("Editor", (Role.EDITOR, "platform")),
        firm_member=somebody("Firm", member_of=[world.firm.stable_name]),
    )


@pytest.fixture
def story(rows: Story) -> Story:
    return deepcopy(rows)


def content(story: Story, **more: Any) -> live_sheet.LiveSheet:
    values: dict[str, Any] = {"tells_decision": True, "tells_money": True, **more}
    return draft(
        live_file(
            story.world.fund,
            story.world.alliance.pk,
            on=AT.date(),
            common=documents.boilerplate(),
            application=story.application,
            **values,
        )
    )


def prepared(story: Story, **more: Any) -> SheetProposal:
    return actions.prepare_sheet(
        fund=story.world.fund,
        alliance=story.world.alliance,
        content=content(story, **more),
        application=story.application,
        by=story.officer,
        at=AT,
    )


def asked(story: Story) -> SheetProposal:
    proposal = prepared(story)
    return actions.ask_consents(proposal=proposal, read=proposal.digest, by=story.officer, at=AT)


def give(consent: SheetConsent, by: User) -> SheetConsent:
    proposal = SheetProposal.objects.get(pk=consent.proposal_id)
    return actions.answer_sheet(
        consent=consent, decision=ConsentDecision.GIVE, read=proposal.digest, by=by, at=LATER
    )


def consented(story: Story) -> SheetProposal:
    proposal = asked(story)
    for row in queries.consents_of(proposal):
        give(row, story.answering(row.name))
    return SheetProposal.objects.get(pk=proposal.pk)


def published(story: Story) -> SheetProposal:
    proposal = actions.submit_sheet(proposal=consented(story), by=story.officer, at=LATER)
    actions.publish_sheet(proposal=proposal, read=proposal.digest, by=story.editor, at=LATER)
    return SheetProposal.objects.get(pk=proposal.pk)


def states(proposal: SheetProposal) -> dict[str, str]:
    return {row.name: row.state for row in queries.consents_of(proposal)}


def consent(proposal: SheetProposal, name: str) -> SheetConsent:
    return proposal.consents.get(name=name)


# ── What the sheet says ───────────────────────────────────────────────────────────────────────────


def test_the_sheet_says_what_the_application_says_and_where(story: Story) -> None:
    sheet = content(story)
    need = sheet.of(Rubric.NEED)[0]
    assert need.source.origin == (
        f"Dossier {story.application.reference}, envoyé le 5 janvier 2026"
    )
    assert "fragilité" in str(need.source.place)
    brings = {each.label: each.text for each in sheet.of(Rubric.CONTRIBUTION)}
    assert brings == {"Ville": "Du temps.", "Club": "Du temps."}
    assert [each.text for each in live_sheet.named_parties(sheet)] == ["Ville", "Club", "Usine"]
    assert sheet.of(Rubric.PURPOSE) == ()
    assert all(each.source.origin for each in sheet.passages)


def test_a_draft_tells_nothing_of_a_file_that_was_not_sent(story: Story) -> None:
    story.application.state = "draft"
    assert content(story).of(Rubric.NEED) == ()


def agreed(story: Story) -> Agreement:
    """Agree with the club on 60 euros, and pay it 20."""
    strand = story.world.call.strand
    assert strand is not None
    fund_actions.post(
        fund=story.world.fund,
        postings=[
            Posting(
                key=f"k:{kind}", fund="fonds", kind=kind, booked_on=BOOKED, reason="Essai",
                amount=euros(1000), envelope=envelope,
            )
            for kind, envelope in (
                (PostingKind.ENDOWMENT_INCREASE, None),
                (PostingKind.ALLOTMENT, Envelope(strand.code, 2026)),
            )
        ],
        by=None,
        at=CALL_AT,
    )  # fmt: skip
    made = agreements.prepare(
        fund=story.world.fund, kind="grant", strand=strand, year=2026,
        parties=Parties(
            payer=story.world.fund.organisation, receiver=story.world.club,
            payer_kind="private_fund", receiver_kind="association",
            facts={
                "granted_before_cents": 0, "general_interest": True, "public_resources": False,
                "economic_activity": False,
            },
        ),
        terms=money.terms(), alliance=story.world.alliance, by=story.officer, at=AT,
    )  # fmt: skip
    signed = money.signed(made, story.officer)
    other = somebody("Other officer", (Role.FUND_OFFICER, story.world.fund.stable_name))
    money.paid(signed, 20, story.officer, other)
    return signed


@pytest.mark.one_engine
def test_what_was_promised_and_what_was_paid_stand_apart(story: Story) -> None:
    sheet = content(story, agreement=agreed(story))
    sums = {
        each.code: each.fact.value
        for each in sheet.of(Rubric.MONEY)
        if isinstance(each.fact, live_sheet.FigureFact)
    }
    assert sums["sum-agreed"] == 60
    assert sums["sum-paid"] == 20
    assert sheet.of(Rubric.PURPOSE)[0].text == "Un poste d’ingénierie."
    assert f"Le fonds verse 20{NO_BREAK}€." in [each.text for each in sheet.of(Rubric.EVENT)]


@pytest.mark.one_engine
def test_who_may_not_see_the_money_reads_none_of_it(story: Story) -> None:
    sheet = content(story, agreement=agreed(story), tells_money=False)
    assert not {"sum-agreed", "sum-paid"} & {each.code for each in sheet.passages}
    assert sheet.of(Rubric.PURPOSE) == ()


def test_an_invented_file_says_so_on_its_sheet(story: Story) -> None:
    story.application.call.is_demonstration = True
    sheet = content(story)
    assert sheet.demonstration
    assert "inventé" in words(documents.sheet_pdf(documents.live_tree(sheet)))


# ── Consent ───────────────────────────────────────────────────────────────────────────────────────


def test_each_party_named_and_the_fund_are_asked_once(
    story: Story, django_capture_on_commit_callbacks: Any
) -> None:
    proposal = prepared(story)
    with django_capture_on_commit_callbacks(execute=True):
        proposal = actions.ask_consents(
            proposal=proposal, read=proposal.digest, by=story.officer, at=AT
        )
    assert states(proposal) == dict.fromkeys(("Fonds", "Ville", "Club", "Usine"), "waiting")
    told = sorted(message.to[0] for message in mail.outbox)
    assert told == [
        "firm@example.org", "lead@example.org", "officer@example.org", "partner@example.org",
    ]  # fmt: skip
    assert all(str(proposal.uuid) in str(message.body) for message in mail.outbox)
    with django_capture_on_commit_callbacks(execute=True):
        actions.ask_consents(proposal=proposal, read=proposal.digest, by=story.officer, at=LATER)
    assert len(mail.outbox) == 4


def test_silence_is_not_consent(story: Story) -> None:
    proposal = asked(story)
    for name in ("Fonds", "Ville", "Club"):
        give(consent(proposal, name), story.answering(name))
    with pytest.raises(ConsentRefused) as refused:
        actions.submit_sheet(proposal=proposal, by=story.officer, at=LATER)
    assert refused.value.problem is ConsentProblem.CONSENT_MISSING
    assert refused.value.parties == (consent(proposal, "Usine").party,)


def test_an_edit_asks_everybody_again(story: Story) -> None:
    proposal = consented(story)
    need = queries.sheet_content(proposal).of(Rubric.NEED)[0]
    actions.edit_sheet(
        proposal=proposal, texts={need.code: "Autre chose."}, read=proposal.digest,
        by=story.officer, at=LATER,
    )  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.DRAFT
    assert set(states(proposal).values()) == {"waiting"}
    assert queries.sheet_content(proposal).of(Rubric.NEED)[0].edited
    with pytest.raises(ConsentRefused):
        actions.submit_sheet(proposal=proposal, by=story.officer, at=LATER)


def test_an_edit_that_changes_nothing_asks_nobody_again(story: Story) -> None:
    proposal = consented(story)
    actions.edit_sheet(
        proposal=proposal, texts={}, read=proposal.digest, by=story.officer, at=LATER
    )
    assert set(states(proposal).values()) == {"given"}


def test_an_answer_is_about_what_was_read(story: Story) -> None:
    proposal = asked(story)
    with pytest.raises(ConsentRefused) as refused:
        actions.answer_sheet(
            consent=consent(proposal, "Club"), decision=ConsentDecision.GIVE, read="0" * 64,
            by=story.world.partner, at=LATER,
        )  # fmt: skip
    assert refused.value.problem is ConsentProblem.OTHER_CONTENT
    assert consent(proposal, "Club").state == ConsentState.WAITING


def test_two_people_do_not_edit_over_each_other(story: Story) -> None:
    proposal = prepared(story)
    first = proposal.digest
    actions.edit_sheet(
        proposal=proposal, texts={"summary": "Un."}, read=first, by=story.officer, at=LATER
    )
    with pytest.raises(ConsentRefused) as refused:
        actions.edit_sheet(
            proposal=proposal, texts={"summary": "Deux."}, read=first, by=story.officer, at=LATER
        )
    assert refused.value.problem is ConsentProblem.OTHER_CONTENT


def test_a_party_that_refuses_is_taken_out_and_the_others_asked_again(
    story: Story, client: Client
) -> None:
    proposal = asked(story)
    row = actions.answer_sheet(
        consent=consent(proposal, "Usine"), decision=ConsentDecision.REFUSE, read=proposal.digest,
        remark="Nous restons discrets.", by=story.firm_member, at=LATER,
    )  # fmt: skip
    give(consent(proposal, "Club"), story.world.partner)
    actions.take_party_out(
        consent=row, names=["USN"], read=proposal.digest, by=story.officer, at=LATER
    )
    proposal.refresh_from_db()
    said = queries.sheet_content(proposal).model_dump_json().lower()
    assert "usine" not in said
    assert "une entreprise" in said
    assert states(proposal) == {
        "Fonds": "waiting", "Ville": "waiting", "Club": "waiting", "Usine": "removed",
    }  # fmt: skip
    assert Event.objects.filter(target=proposal.stable_name, kind="sheet.consent_remove").exists()
    actions.ask_consents(proposal=proposal, read=proposal.digest, by=story.officer, at=LATER)
    for name in ("Fonds", "Ville", "Club"):
        give(consent(proposal, name), story.answering(name))
    proposal = actions.submit_sheet(proposal=proposal, by=story.officer, at=LATER)
    entry = actions.publish_sheet(
        proposal=proposal, read=proposal.digest, by=story.editor, at=LATER
    )
    page = read(client.get(entry.get_absolute_url()))
    assert "Club" in page
    assert "Usine" not in page


def test_the_answer_of_a_double_click_counts_once(story: Story) -> None:
    proposal, token = asked(story), uuid4()
    values: dict[str, Any] = {
        "consent": consent(proposal, "Club"), "decision": ConsentDecision.ASK_CHANGE,
        "read": proposal.digest, "remark": "Une virgule.", "by": story.world.partner, "at": LATER,
        "submission": token,
    }  # fmt: skip
    actions.answer_sheet(**values)
    with pytest.raises(AlreadyDoneError):
        actions.answer_sheet(**values)


def test_who_joins_later_is_told_then(
    story: Story, django_capture_on_commit_callbacks: Any
) -> None:
    Membership.objects.filter(user=story.firm_member).delete()
    proposal = asked(story)
    assert not queries.waits_to_be_told(proposal)
    somebody("Newcomer", member_of=[story.world.firm.stable_name])
    assert queries.waits_to_be_told(proposal)
    with django_capture_on_commit_callbacks(execute=True):
        actions.ask_consents(proposal=proposal, read=proposal.digest, by=story.officer, at=LATER)
    assert [message.to for message in mail.outbox] == [["newcomer@example.org"]]


def test_a_merged_organisation_answers_as_the_one_it_became(story: Story) -> None:
    proposal = asked(story)
    other = organisation("club-uni")
    merge_organisations(kept=other, merged=story.world.club, choices={}, by=story.editor, at=LATER)
    assert consent(proposal, "Club").organisation == other
    story.world.partner.refresh_from_db()
    give(consent(proposal, "Club"), User.objects.get(pk=story.world.partner.pk))


# ── Publication ───────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_with_every_consent_becomes_an_example_after_a_review(
    story: Story, django_capture_on_commit_callbacks: Any
) -> None:
    proposal = actions.submit_sheet(proposal=consented(story), by=story.officer, at=LATER)
    assert proposal.entry is not None
    assert (proposal.entry.kind, proposal.entry.author) == ("example", story.officer)
    assert Entry.objects.get().state == EntryState.IN_REVIEW
    with django_capture_on_commit_callbacks(execute=True):
        actions.publish_sheet(proposal=proposal, read=proposal.digest, by=story.editor, at=LATER)
    entry = Entry.objects.get()
    assert (entry.state, entry.reviewer) == (EntryState.PUBLISHED, story.editor)
    sheet = documents.sheet_of(story.world.alliance.slug)
    assert sheet == documents.live_tree(content(story))
    found = SearchDocument.objects.get(target=entry.stable_name)
    assert content(story).of(Rubric.NEED)[0].text in found.text


def test_publishing_the_example_publishes_its_sheet(story: Story) -> None:
    proposal = actions.submit_sheet(proposal=consented(story), by=story.officer, at=LATER)
    assert proposal.entry is not None
    actions.publish_entry(entry=proposal.entry, version=None, by=story.editor, at=LATER)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.PUBLISHED


def test_an_example_that_is_out_keeps_its_sheet_until_the_new_one_is_reviewed(
    story: Story,
) -> None:
    entry = Entry.objects.create(
        kind="example", slug="marais", title="Le marais", summary="…",
        alliance=story.world.alliance, state="published", published_at=AT,
        created_at=AT, updated_at=AT,
    )  # fmt: skip
    before = documents.sheet_of("marais")
    proposal = actions.submit_sheet(proposal=consented(story), by=story.officer, at=LATER)
    entry.refresh_from_db()
    assert entry.state == EntryState.PUBLISHED
    assert documents.sheet_of("marais") == before
    actions.publish_sheet(proposal=proposal, read=proposal.digest, by=story.editor, at=LATER)
    assert documents.sheet_of("marais") != before
    assert Entry.objects.count() == 1


def test_a_later_sheet_replaces_the_published_one(story: Story) -> None:
    first = published(story)
    published(story)
    first.refresh_from_db()
    assert first.state == ProposalState.REPLACED
    assert SheetProposal.objects.filter(state="published").count() == 1


def test_a_withdrawn_consent_takes_the_sheet_away_at_once(
    story: Story, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    proposal = published(story)
    assert proposal.entry is not None
    address = f"/exemples/{proposal.entry.slug}/fiche/"
    assert client.get(address).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        actions.answer_sheet(
            consent=consent(proposal, "Club"), decision=ConsentDecision.WITHDRAW, read="",
            remark="Nous partons.", by=story.world.partner, at=LATER,
        )  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.ASKED
    assert Entry.objects.get().state == EntryState.DRAFT
    assert client.get(address).status_code == 404
    assert queries.published_sheet(story.world.alliance.pk) is None
    assert not SearchDocument.objects.filter(target=proposal.entry.stable_name).exists()
    (message,) = [each for each in mail.outbox if "retire" in each.subject]
    assert message.to == [story.officer.email]
    assert "Nous partons." in str(message.body)


def test_a_consent_withdrawn_during_review_takes_the_example_back(story: Story) -> None:
    proposal = actions.submit_sheet(proposal=consented(story), by=story.officer, at=LATER)
    actions.answer_sheet(
        consent=consent(proposal, "Ville"), decision=ConsentDecision.WITHDRAW, read="",
        by=story.world.lead, at=LATER,
    )  # fmt: skip
    assert Entry.objects.get().state == EntryState.DRAFT
    with pytest.raises(ConsentRefused):
        actions.publish_sheet(proposal=proposal, read=proposal.digest, by=story.editor, at=LATER)


def test_an_editor_who_unpublishes_the_example_keeps_the_consents(story: Story) -> None:
    proposal = published(story)
    assert proposal.entry is not None
    actions.unpublish_entry(entry=proposal.entry, note="À revoir.", by=story.editor, at=LATER)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.ASKED
    assert set(states(proposal).values()) == {"given"}
    again = actions.submit_sheet(proposal=proposal, by=story.officer, at=LATER)
    assert again.state == ProposalState.IN_REVIEW


def test_a_sheet_sent_back_keeps_its_consents(story: Story) -> None:
    proposal = actions.submit_sheet(proposal=consented(story), by=story.officer, at=LATER)
    back = actions.send_sheet_back(proposal=proposal, note="Plus court.", by=story.editor, at=LATER)
    assert (back.state, back.note) == (ProposalState.ASKED, "Plus court.")
    assert Entry.objects.get().state == EntryState.DRAFT


def test_only_one_sheet_of_an_alliance_is_prepared_at_a_time(story: Story) -> None:
    first = prepared(story)
    with pytest.raises(actions.SheetOpenError) as refused:
        prepared(story)
    assert refused.value.proposal == first
    actions.abandon_sheet(proposal=first, by=story.officer, at=LATER)
    assert prepared(story) != first


# ── Integrity ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "elsewhere"}, "knowledge_proposal_state_known"),
        ({"digest": ""}, "knowledge_proposal_has_its_digest"),
        ({"state": "in_review", "asked_at": None}, "knowledge_proposal_goes_on_after_asking"),
        ({"state": "published"}, "knowledge_proposal_published_in_an_entry"),
    ],
)
def test_the_database_holds_what_a_sheet_is(
    story: Story, changes: dict[str, Any], constraint: str
) -> None:
    proposal = asked(story)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SheetProposal.objects.filter(pk=proposal.pk).update(**changes)


def test_the_database_holds_one_open_and_one_published_sheet(story: Story) -> None:
    first = prepared(story)
    with pytest.raises(IntegrityError), transaction.atomic():
        SheetProposal.objects.create(
            fund=first.fund, alliance=first.alliance, content={}, digest="x", created_at=AT,
            updated_at=AT,
        )  # fmt: skip
    actions.abandon_sheet(proposal=first, by=story.officer, at=LATER)
    out = published(story)
    with pytest.raises(IntegrityError), transaction.atomic():
        SheetProposal.objects.filter(pk=first.pk).update(
            state="published", entry=out.entry, published_at=AT, asked_at=AT
        )


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "elsewhere"}, "knowledge_consent_state_known"),
        ({"state": "given", "digest": ""}, "knowledge_consent_is_to_a_content"),
        ({"state": "given", "answered_at": None}, "knowledge_consent_is_to_a_content"),
        (
            {"state": "refused", "remark": "", "digest": "x", "answered_at": AT},
            "knowledge_consent_refused_with_a_reason",
        ),
    ],
)
def test_the_database_holds_what_a_consent_is(
    story: Story, changes: dict[str, Any], constraint: str
) -> None:
    proposal = consented(story)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SheetConsent.objects.filter(proposal=proposal, name="Club").update(**changes)


def test_a_party_is_asked_once_a_sheet(story: Story) -> None:
    row = consent(asked(story), "Club")
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────


def test_from_the_application_to_a_draft_in_one_click(story: Story, client: Client) -> None:
    client.force_login(story.officer)
    address = f"/fiches/nouvelle/{story.application.reference}/"
    assert address in read(client.get(story.application.get_absolute_url()))
    page = read(client.get(address))
    assert "Garder ce brouillon" in page
    assert SheetProposal.objects.count() == 0
    answer = client.post(address)
    proposal = SheetProposal.objects.get()
    assert answer.headers["Location"] == proposal.get_absolute_url()
    assert client.post(address).headers["Location"] == proposal.get_absolute_url()
    assert SheetProposal.objects.count() == 1


def test_from_the_agreement_too(story: Story, client: Client) -> None:
    made = agreed(story)
    client.force_login(story.officer)
    address = f"/fiches/nouvelle/fonds/{made.reference}/"
    assert address in read(client.get(made.get_absolute_url()))
    client.post(address)
    assert SheetProposal.objects.get().agreement == made


@pytest.mark.one_engine
def test_others_are_told_that_there_is_no_such_page(story: Story, client: Client) -> None:
    proposal = asked(story)
    made = agreed(story)
    client.force_login(somebody("Stranger"))
    for address in (
        proposal.get_absolute_url(),
        f"{proposal.get_absolute_url()}page/",
        f"{proposal.get_absolute_url()}fiche.pdf",
        f"{proposal.get_absolute_url()}corriger/",
        f"{proposal.get_absolute_url()}accords/fund/",
        f"/fiches/nouvelle/{story.application.reference}/",
        f"/fiches/nouvelle/fonds/{made.reference}/",
    ):
        assert client.get(address).status_code == 404, address


@pytest.mark.one_engine
def test_a_person_answers_for_their_organisation_only(story: Story, client: Client) -> None:
    proposal = asked(story)
    client.force_login(story.world.partner)
    own = f"{proposal.get_absolute_url()}accords/{consent(proposal, 'Club').party}/"
    page = read(client.get(own))
    assert "Je donne mon accord" in page
    assert "Refuser" in page
    assert "Demander un changement" in page
    other = f"{proposal.get_absolute_url()}accords/{consent(proposal, 'Ville').party}/"
    assert client.get(other).status_code == 404
    assert client.post(other, {"decision": "give", "read": proposal.digest}).status_code == 404
    assert client.get(f"{proposal.get_absolute_url()}accords/fund/").status_code == 404
    assert client.get(proposal.get_absolute_url()).status_code == 200
    assert client.get(f"{proposal.get_absolute_url()}corriger/").status_code == 403


def test_who_belongs_to_another_alliance_for_the_same_organisation_may_not(
    story: Story, client: Client
) -> None:
    proposal = asked(story)
    role = (Role.PARTY_MEMBER, "alliance:ailleurs", story.world.club.stable_name)
    client.force_login(somebody("Elsewhere", role))
    own = f"{proposal.get_absolute_url()}accords/{consent(proposal, 'Club').party}/"
    assert client.get(own).status_code == 404


def test_an_answer_by_the_page(story: Story, client: Client) -> None:
    proposal = asked(story)
    client.force_login(story.world.partner)
    own = f"{proposal.get_absolute_url()}accords/{consent(proposal, 'Club').party}/"
    listed = read(client.get("/fiches/"))
    assert own in listed
    wrong = client.post(own, {"decision": "refuse", "read": proposal.digest, "remark": ""})
    assert wrong.status_code == 422
    assert "Dites-le en une phrase" in read(wrong)
    stale = client.post(own, {"decision": "give", "read": "0" * 64}, follow=True)
    assert "a changé depuis" in read(stale)
    done = client.post(own, {"decision": "give", "read": proposal.digest}, follow=True)
    assert "votre accord est enregistré" in read(done)
    row = consent(proposal, "Club")
    assert (row.state, row.answered_by, row.digest) == (
        "given", story.world.partner, proposal.digest,
    )  # fmt: skip
    assert "Retirer mon accord" in read(client.get(own))
    assert own not in read(client.get("/fiches/"))


def test_a_change_is_asked_on_a_passage(story: Story, client: Client) -> None:
    proposal = asked(story)
    client.force_login(story.world.partner)
    own = f"{proposal.get_absolute_url()}accords/{consent(proposal, 'Club').party}/"
    client.post(
        own,
        {
            "decision": "ask_change",
            "read": proposal.digest,
            "passage": "need",
            "remark": "Nuancer.",
        },
    )
    client.force_login(story.officer)
    board = read(client.get(proposal.get_absolute_url()))
    assert "Nuancer." in board
    assert "Le besoin «" in board
    client.force_login(story.firm_member)
    board = read(client.get(proposal.get_absolute_url()))
    assert "demande un changement" in board
    assert "Nuancer." not in board
    assert "Partner" not in board


def test_the_board_says_who_left_and_who_cannot_answer(story: Story, client: Client) -> None:
    party = story.world.alliance.parties.get(name="Usine")
    party.left = "2025"
    party.save()
    Membership.objects.filter(user=story.firm_member).delete()
    story.world.alliance.parties.create(
        name="Un collectif", world="citizen", order=9, source="entretien"
    )
    proposal = asked(story)
    client.force_login(story.officer)
    board = read(client.get(proposal.get_absolute_url()))
    assert "A quitté l’alliance : 2025" in board
    assert "Personne n’agit pour elle ici" in board
    assert "N’est pas dans l’annuaire" in board


def test_a_correction_by_the_page_asks_again_and_loses_nothing(
    story: Story, client: Client
) -> None:
    proposal = consented(story)
    client.force_login(story.officer)
    address = f"{proposal.get_absolute_url()}corriger/"
    page = client.get(address)
    values = {
        name: field.initial
        for name, field in page.context["form"].fields.items()
        if name.startswith("text-")
    }
    empty = client.post(address, {**values, "text-title": "", "read": proposal.digest})
    assert empty.status_code == 422
    late = client.post(address, {**values, "text-need": "Écrit tard.", "read": "0" * 64})
    assert late.status_code == 409
    assert "Écrit tard." in read(late)
    client.post(address, {**values, "text-need": "Un autre besoin.", "read": proposal.digest})
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.DRAFT
    assert set(states(proposal).values()) == {"waiting"}


def test_the_buttons_of_the_board_lead_to_publication(story: Story, client: Client) -> None:
    proposal = prepared(story)
    client.force_login(story.officer)
    decide = f"{proposal.get_absolute_url()}decider/"
    early = client.post(f"{decide}soumettre/", follow=True)
    assert "n’est plus possible" in read(early)
    client.post(f"{decide}demander/", {"read": proposal.digest})
    missing = client.post(f"{decide}soumettre/", follow=True)
    assert "Il manque l’accord de : Fonds, Ville, Club, Usine" in read(missing)
    for row in queries.consents_of(proposal):
        give(row, story.answering(row.name))
    assert "Envoyer à la relecture" in read(client.get(proposal.get_absolute_url()))
    client.post(f"{decide}soumettre/")
    assert client.post(f"{decide}publier/", {"read": proposal.digest}).status_code == 403
    client.force_login(story.editor)
    for listing in ("/fiches/", "/exemples/a-relire/"):
        assert proposal.get_absolute_url() in read(client.get(listing))
    assert client.post(f"{decide}renvoyer/").status_code == 422
    published_page = client.post(f"{decide}publier/", {"read": proposal.digest}, follow=True)
    assert "tout le monde peut la lire" in read(published_page)
    slug = Entry.objects.get().slug
    assert "Du temps." in read(client.get(f"/exemples/{slug}/fiche/"))
    assert client.get(f"{decide}publier/").status_code == 405
    assert client.post(f"{decide}danser/").status_code == 404


def test_taking_a_name_out_by_the_page(story: Story, client: Client) -> None:
    proposal = asked(story)
    client.force_login(story.officer)
    address = f"{proposal.get_absolute_url()}accords/{consent(proposal, 'Usine').party}/sans-nom/"
    assert "Ôter « Usine »" in read(client.get(address))
    client.post(address, {"read": proposal.digest, "names": ""})
    assert "Une entreprise" in read(client.get(f"{proposal.get_absolute_url()}page/"))
    fund = f"{proposal.get_absolute_url()}accords/fund/sans-nom/"
    assert client.get(fund).status_code == 404


def test_what_differs_from_the_published_sheet_is_shown(story: Story, client: Client) -> None:
    Entry.objects.create(
        kind="example", slug="marais", title="Le marais", summary="…",
        alliance=story.world.alliance, state="published", published_at=AT,
        created_at=AT, updated_at=AT,
    )  # fmt: skip
    proposal = prepared(story)
    client.force_login(story.officer)
    page = read(client.get(proposal.get_absolute_url()))
    assert "Ce qui change par rapport à la fiche publiée" in page
    assert "LE BESOIN" in page


@pytest.mark.one_engine
def test_the_page_and_the_pdf_say_the_same(story: Story, client: Client) -> None:
    proposal = prepared(story)
    client.force_login(story.officer)
    pdf = client.get(f"{proposal.get_absolute_url()}fiche.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"
    text = " ".join(words(pdf.content).split())
    page = read(client.get(f"{proposal.get_absolute_url()}page/"))
    for wanted in ("LE BESOIN", "CE QUE CHACUN APPORTE", "Le marais revit."):
        assert wanted in text
        assert wanted in page


@pytest.mark.one_engine
def test_a_catalyst_prepares_without_the_money(story: Story, client: Client) -> None:
    AllianceTerritory.objects.create(
        alliance=story.world.alliance, territory=Territory.objects.get(code="94080")
    )
    made = agreed(story)
    client.force_login(somebody("Catalyst", (Role.CATALYST, "territory:department/94")))
    page = read(client.get(f"/fiches/nouvelle/fonds/{made.reference}/"))
    assert "Vous ne voyez pas les conventions" in page
    assert "OBJET DE LA CONVENTION" not in page


@pytest.mark.one_engine
def test_the_list_asks_for_a_constant_number_of_rows(story: Story, client: Client) -> None:
    client.force_login(story.officer)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked_for:
            assert client.get("/fiches/").status_code == 200
        return len(asked_for)

    asked(story)
    count()
    few = count()
    for _turn in range(3):
        actions.abandon_sheet(
            proposal=SheetProposal.objects.get(state__in=["asked", "draft"]),
            by=story.officer,
            at=timezone.now(),
        )
        asked(story)
    assert count() == few
