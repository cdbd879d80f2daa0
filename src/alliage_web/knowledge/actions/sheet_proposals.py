"""Preparing a sheet from a live file, asking for consents, answering, publishing, withdrawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from alliage.knowledge import live_sheet
from alliage.knowledge.consent import (
    ConsentDecision,
    ConsentState,
    ProposalDecision,
    ProposalState,
    check_same_content,
    next_consent_state,
    next_proposal_state,
)
from alliage.knowledge.publication import Decision, PublicationState
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.knowledge.models import (
    Entry,
    EntryKind,
    EntryState,
    SheetConsent,
    SheetProposal,
)
from alliage_web.knowledge.queries.contents import EntryContent
from alliage_web.knowledge.queries.sheet_proposals import (
    existing_example,
    needed_parties,
    open_proposal,
    organisation_ids,
    people_asked,
    sheet_content,
)

from .entries import create_entry, decide_by_itself, publish_entry, send_back_entry, submit_entry
from .sheet_following import check_consents, move, publish
from .sheet_messages import ask_parties, tell_keepers

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from alliage.knowledge.live_sheet import LiveSheet
    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Agreement, Application, Fund


class SheetOpenError(Exception):
    """A sheet of the alliance is already being prepared with the fund: ``proposal``."""

    def __init__(self, proposal: SheetProposal) -> None:
        self.proposal = proposal
        super().__init__(f"{proposal.stable_name} is {proposal.state}. Go on with it.")


@transaction.atomic
def prepare_sheet(
    *,
    fund: Fund,
    alliance: Alliance,
    content: LiveSheet,
    agreement: Agreement | None = None,
    application: Application | None = None,
    by: User,
    at: dt.datetime,
) -> SheetProposal:
    """Keep the draft of a sheet; one that exists already is left as it is.

    Raises
    ------
    SheetOpenError
        If a sheet of the alliance is being prepared with the fund.
    """
    try:
        with transaction.atomic():
            proposal = SheetProposal.objects.create(
                fund=fund,
                alliance=alliance,
                content=content.model_dump(mode="json"),
                digest=live_sheet.digest(content),
                agreement=agreement,
                application=application,
                created_by=by,
                created_at=at,
                updated_at=at,
            )
    except IntegrityError:
        existing = open_proposal(fund, alliance)
        if existing is None:
            raise
        raise SheetOpenError(existing) from None
    record(
        kind="sheet.prepared",
        target=proposal.stable_name,
        by=by,
        at=at,
        changes={"digest": ["", proposal.digest]},
    )
    return proposal


@transaction.atomic
def edit_sheet(
    *, proposal: SheetProposal, texts: Mapping[str, str], read: str, by: User, at: dt.datetime
) -> SheetProposal:
    """Rewrite passages of a sheet; ``read`` is the digest that the person had before them.

    Whoever had answered is asked again, all of them: a text that is not theirs may be about them.
    """
    proposal = _lock(proposal)
    check_same_content(read, proposal.digest)
    before = sheet_content(proposal)
    after = live_sheet.edited(before, dict(texts))
    if after != before:
        _rewrite(proposal, before, after, by=by, at=at)
    return proposal


@transaction.atomic
def take_party_out(
    *, consent: SheetConsent, names: Iterable[str], read: str, by: User, at: dt.datetime
) -> SheetProposal:
    """Take the name of a party out of its sheet, which then says « une entreprise » or the like."""
    proposal = _lock(consent.proposal)
    check_same_content(read, proposal.digest)
    before = sheet_content(proposal)
    after = live_sheet.without_party(before, consent.party, names)
    _rewrite(proposal, before, after, by=by, at=at)
    row = proposal.consents.select_for_update().get(pk=consent.pk)
    _answer(row, ConsentDecision.REMOVE, by=by, at=at)
    return proposal


def _rewrite(
    proposal: SheetProposal, before: LiveSheet, after: LiveSheet, *, by: User, at: dt.datetime
) -> None:
    was_reviewed = proposal.state == ProposalState.IN_REVIEW.value
    next_proposal_state(ProposalState(proposal.state), ProposalDecision.EDIT)
    old = {passage.code: passage.text for passage in before.passages}
    new = {passage.code: passage.text for passage in after.passages}
    changed = {
        code: [old.get(code, ""), new.get(code, "")]
        for code in (*old, *new)
        if old.get(code) != new.get(code)
    }
    digest = live_sheet.digest(after)
    said = {"passages": ["", ", ".join(changed)], "digest": [proposal.digest, digest]}
    proposal.content, proposal.digest = after.model_dump(mode="json"), digest
    move(proposal, ProposalDecision.EDIT, by=by, at=at, changes=said)
    if was_reviewed:
        _take_entry_back(proposal, by=by, at=at)
    for row in proposal.consents.select_for_update().order_by("pk"):
        if ConsentState(row.state) not in {ConsentState.WAITING, ConsentState.REMOVED}:
            _answer(row, ConsentDecision.OUTDATE, by=None, at=at)


def _take_entry_back(proposal: SheetProposal, *, by: User | None, at: dt.datetime) -> None:
    """Take from the editors the entry that was waiting for this sheet alone."""
    entry = proposal.entry
    if entry is not None and entry.state == EntryState.IN_REVIEW:
        decide_by_itself(entry, Decision.WITHDRAW, by=by, at=at)


@transaction.atomic
def ask_consents(*, proposal: SheetProposal, read: str, by: User, at: dt.datetime) -> SheetProposal:
    """Ask the fund and each party named; who was asked about this very content is not again."""
    proposal = _lock(proposal)
    check_same_content(read, proposal.digest)
    content = sheet_content(proposal)
    names = {passage.code: passage.text for passage in live_sheet.named_parties(content)}
    names[SheetConsent.FUND] = proposal.fund.name
    keys = organisation_ids(content)
    known = {row.party: row for row in proposal.consents.select_for_update().order_by("pk")}
    proposal.asked_at = at
    move(proposal, ProposalDecision.ASK, by=by, at=at)
    to_tell = []
    for party in needed_parties(content):
        row = known.get(party) or SheetConsent(
            proposal=proposal,
            party=party,
            organisation_id=proposal.fund.organisation_id
            if party == SheetConsent.FUND
            else keys.get(party),
        )
        row.name = names[party]
        row.proposal = proposal
        if (
            row.state == ConsentState.WAITING.value
            and row.told_digest != proposal.digest
            and people_asked(row, at)
        ):
            row.told_digest = proposal.digest
            to_tell.append(row)
        row.save()
    # A party of which a person emptied the passage is no longer named.
    for party, row in known.items():
        if party not in names and row.state != ConsentState.REMOVED.value:
            _answer(row, ConsentDecision.REMOVE, by=by, at=at)
    ask_parties(proposal, to_tell, at=at)
    return proposal


@transaction.atomic
def answer_sheet(
    *,
    consent: SheetConsent,
    decision: ConsentDecision,
    read: str,
    remark: str = "",
    passage: str = "",
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> SheetConsent:
    """Answer for a party; ``read`` is the digest of what the person read.

    A consent withdrawn takes the sheet away from the public at once.
    """
    refuse_repeat(submission)
    proposal = _lock(consent.proposal)
    row = proposal.consents.select_for_update().get(pk=consent.pk)
    if decision is not ConsentDecision.WITHDRAW:
        check_same_content(read, proposal.digest)
        if proposal.state != ProposalState.ASKED.value:
            # Answers are taken while they are asked for, as the table of sheets says.
            next_proposal_state(ProposalState(proposal.state), ProposalDecision.SUBMIT)
    row.digest = row.digest if decision is ConsentDecision.WITHDRAW else read
    row.remark, row.passage = remark, passage
    _answer(row, decision, by=by, at=at, submission=submission)
    row.proposal = proposal
    if decision is ConsentDecision.WITHDRAW and _is_lost(proposal):
        _lose(proposal, by=by, at=at)
        tell_keepers(proposal, "sheet_withdrawn", row, at=at)
    elif decision is not ConsentDecision.GIVE:
        tell_keepers(proposal, "sheet_answered", row, at=at)
    return row


def _is_lost(proposal: SheetProposal) -> bool:
    return proposal.state in {ProposalState.IN_REVIEW.value, ProposalState.PUBLISHED.value}


def _lose(proposal: SheetProposal, *, by: User, at: dt.datetime) -> None:
    """Take the sheet, and the example that shows it, away from the public or from the editors."""
    move(proposal, ProposalDecision.LOSE_CONSENT, by=by, at=at)
    entry = proposal.entry
    if entry is not None and entry.state == EntryState.PUBLISHED:
        decide_by_itself(entry, Decision.UNPUBLISH, by=by, at=at)
    else:
        _take_entry_back(proposal, by=by, at=at)


def _answer(
    row: SheetConsent,
    decision: ConsentDecision,
    *,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> None:
    before = row.state
    row.state = next_consent_state(ConsentState(before), decision).value
    if decision is ConsentDecision.OUTDATE:
        row.digest, row.remark, row.passage = "", "", ""
        row.answered_by, row.answered_at = None, None
    else:
        row.answered_by, row.answered_at = by, at
    row.save()
    record(
        kind=f"sheet.consent_{decision.value}",
        target=row.proposal.stable_name,
        by=by,
        at=at,
        changes={
            "party": ["", row.name],
            "consent": [before, row.state],
            **({"remark": ["", row.remark]} if row.remark else {}),
            **({"digest": ["", row.digest]} if row.digest else {}),
        },
        submission=submission,
    )


@transaction.atomic
def submit_sheet(*, proposal: SheetProposal, by: User, at: dt.datetime) -> SheetProposal:
    """Send a sheet to which everybody named consented to the editors, with the example it is of."""
    proposal = _lock(proposal)
    next_proposal_state(ProposalState(proposal.state), ProposalDecision.SUBMIT)
    check_consents(proposal)
    entry = proposal.entry or existing_example(proposal.alliance_id)
    if entry is None:
        entry = create_entry(content=_entry_content(proposal), by=by, at=at)
    proposal.entry = entry
    move(proposal, ProposalDecision.SUBMIT, by=by, at=at)
    if entry.state == EntryState.DRAFT:
        submit_entry(entry=entry, by=by, at=at)
    return proposal


def _entry_content(proposal: SheetProposal) -> EntryContent:
    sheet = sheet_content(proposal)
    summary = " ".join(passage.text for passage in sheet.of(live_sheet.Rubric.SUMMARY))
    origins = dict.fromkeys(passage.source.origin for passage in sheet.passages)
    return EntryContent(
        kind=EntryKind.EXAMPLE.value,
        title=sheet.title[:200],
        summary=summary or proposal.alliance.summary,
        alliance=proposal.alliance.code,
        source=" ; ".join(origins),
    )


@transaction.atomic
def publish_sheet(
    *, proposal: SheetProposal, read: str, version: str = "", by: User, at: dt.datetime
) -> Entry:
    """Publish a sheet with its example; ``read`` is the digest of what the editor read.

    An example that is published already stays so until then, with the sheet that it had.
    """
    proposal = _lock(proposal)
    check_same_content(read, proposal.digest)
    next_proposal_state(ProposalState(proposal.state), ProposalDecision.PUBLISH)
    entry = proposal.entry
    assert entry is not None
    if entry.state != EntryState.PUBLISHED:
        if entry.state == EntryState.DRAFT:
            submit_entry(entry=entry, by=by, at=at)
        return publish_entry(entry=entry, version=version or None, by=by, at=at)
    publish(proposal, by=by, at=at)
    entry.updated_at = at
    entry.save(update_fields=["updated_at"])
    changes = {"sheet": ["", proposal.digest]}
    record(kind="entry.sheet_published", target=entry.stable_name, by=by, at=at, changes=changes)
    return entry


@transaction.atomic
def send_sheet_back(
    *, proposal: SheetProposal, note: str, by: User, at: dt.datetime
) -> SheetProposal:
    """Give a sheet back to who prepares it, with what remains to be done; consents stand."""
    proposal = _lock(proposal)
    next_proposal_state(ProposalState(proposal.state), ProposalDecision.SEND_BACK)
    entry = proposal.entry
    if entry is not None and entry.state == PublicationState.IN_REVIEW.value:
        send_back_entry(entry=entry, note=note, by=by, at=at)
        proposal.refresh_from_db()
        return proposal
    move(proposal, ProposalDecision.SEND_BACK, by=by, at=at, note=note)
    return proposal


@transaction.atomic
def abandon_sheet(*, proposal: SheetProposal, by: User, at: dt.datetime) -> SheetProposal:
    """Leave a sheet that will not be published; what was answered stays in the trail."""
    proposal = _lock(proposal)
    move(proposal, ProposalDecision.ABANDON, by=by, at=at)
    return proposal


def _lock(proposal: SheetProposal) -> SheetProposal:
    """Lock a sheet after its entry: a decision on the entry locks them in this order too."""
    if proposal.entry_id is not None:
        Entry.objects.select_for_update().get(pk=proposal.entry_id)
    rows = SheetProposal.objects.select_for_update(of=("self",))
    return rows.select_related("fund__organisation", "alliance", "entry", "created_by").get(
        pk=proposal.pk
    )
