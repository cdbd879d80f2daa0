"""What a decision on an entry means for the sheet that goes to the public with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage.knowledge.consent import (
    ProposalDecision,
    ProposalState,
    check_all_consent,
    next_proposal_state,
)
from alliage.knowledge.publication import Decision
from alliage_web.audit.actions import record
from alliage_web.knowledge.models import SheetProposal
from alliage_web.knowledge.queries.sheet_proposals import (
    library_consents,
    needed_parties,
    sheet_content,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from alliage_web.accounts.models import User
    from alliage_web.knowledge.models import Entry

_KINDS = {
    ProposalDecision.EDIT: "sheet.changed",
    ProposalDecision.ASK: "sheet.asked",
    ProposalDecision.SUBMIT: "sheet.submitted",
    ProposalDecision.SEND_BACK: "sheet.sent_back",
    ProposalDecision.PUBLISH: "sheet.published",
    ProposalDecision.UNPUBLISH: "sheet.unpublished",
    ProposalDecision.LOSE_CONSENT: "sheet.consent_lost",
    ProposalDecision.REPLACE: "sheet.replaced",
    ProposalDecision.ABANDON: "sheet.abandoned",
}


def follow_entry(entry: Entry, decision: Decision, *, by: User | None, at: dt.datetime) -> None:
    """Take the sheet of an entry where the decision on the entry takes it.

    Raises
    ------
    ConsentRefused
        If the entry would be published with a sheet to which somebody named did not consent.
    """
    rows = SheetProposal.objects.select_for_update().filter(entry=entry).order_by("pk")
    for row in rows:
        if decision is Decision.PUBLISH and row.state == ProposalState.IN_REVIEW.value:
            publish(row, by=by, at=at)
        elif decision is Decision.UNPUBLISH and row.state == ProposalState.PUBLISHED.value:
            move(row, ProposalDecision.UNPUBLISH, by=by, at=at)
        elif (
            decision in {Decision.SEND_BACK, Decision.WITHDRAW}
            and row.state == ProposalState.IN_REVIEW.value
        ):
            move(row, ProposalDecision.SEND_BACK, by=by, at=at, note=entry.review_note)


def publish(proposal: SheetProposal, *, by: User | None, at: dt.datetime) -> None:
    """Let a sheet go to the public, in the place of the one that was made before it."""
    check_consents(proposal)
    # The consents may not change until the sheet is out.
    earlier = SheetProposal.objects.select_for_update().filter(
        alliance=proposal.alliance_id, state=ProposalState.PUBLISHED.value
    )
    for row in earlier.exclude(pk=proposal.pk):
        move(row, ProposalDecision.REPLACE, by=by, at=at)
    proposal.published_at = at
    move(proposal, ProposalDecision.PUBLISH, by=by, at=at)


def check_consents(proposal: SheetProposal) -> None:
    """Refuse to go on unless everybody named consented to what the sheet says now."""
    rows = list(proposal.consents.select_for_update().order_by("pk"))
    needed = needed_parties(sheet_content(proposal))
    check_all_consent(needed, library_consents(rows), proposal.digest)


def move(
    proposal: SheetProposal,
    decision: ProposalDecision,
    *,
    by: User | None,
    at: dt.datetime,
    note: str = "",
    changes: Mapping[str, list[str]] | None = None,
) -> None:
    """Move a sheet, if its state allows it, and record what happened to it."""
    before = ProposalState(proposal.state)
    proposal.state = next_proposal_state(before, decision).value
    proposal.note = note
    proposal.updated_at = at
    proposal.save()
    said: dict[str, list[str]] = dict(changes or {})
    if before.value != proposal.state:
        said["state"] = [before.value, proposal.state]
    if note:
        said["note"] = ["", note]
    record(kind=_KINDS[decision], target=proposal.stable_name, by=by, at=at, changes=said)
