"""Writing the instruction: who reviews, declared interests, recusals, drafts, reviews sent."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db import transaction
from django.utils import timezone

from alliage.fund.instruction.assignment import WhyNot
from alliage.fund.instruction.interests import RecusalReason, record_recusal
from alliage.fund.instruction.scoring import AlreadySentError
from alliage.fund.instruction.scoring import send as send_by_the_rules
from alliage.fund.states import (
    APPLICATION,
    ApplicationState,
    TransitionNotAllowed,
)
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import (
    Application,
    Call,
    InterestStatement,
    LeavingReason,
    Review,
    ReviewerProfile,
    ReviewPanel,
)
from alliage_web.fund.queries.interests import Interests, kept
from alliage_web.fund.queries.review_panels import (
    grid_of,
    library_review,
    panel_of,
    seated,
)
from alliage_web.fund.queries.reviews import ASSIGNED_IN, Panels

from .applications import locked
from .grids import proposed_grid
from .review_messages import tell_all_in, tell_reviewer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund

#: States in which reviews are written.
WRITTEN_IN = ApplicationState.UNDER_REVIEW


class AssignmentRefusedError(ValueError):
    """A person cannot review an application; ``why`` says which rule refuses."""

    def __init__(self, application: Application, why: WhyNot) -> None:
        self.application, self.why = application, why
        super().__init__(f"{application.reference} cannot be given to this person: {why}.")


class EnoughReviewersError(ValueError):
    """The application has the reviewers that it needs; a third comes after a disagreement."""

    def __init__(self, application: Application, wanted: int) -> None:
        self.application, self.wanted = application, wanted
        super().__init__(f"{application.reference} has its {wanted} reviewers.")


class DraftChangedError(Exception):
    """The draft was saved elsewhere since the form was shown; nothing was written."""


@transaction.atomic
def write_profile(
    *,
    fund: Fund,
    person: User,
    capacity: int,
    competences: Mapping[str, Sequence[str]],
    by: User,
    at: dt.datetime,
) -> ReviewerProfile:
    """Write what a reviewer knows, and how many reviews the person can have at once."""
    kept_codes = {name: sorted(codes) for name, codes in competences.items() if codes}
    row, _created = ReviewerProfile.objects.update_or_create(
        fund=fund,
        person=person,
        defaults={"capacity": capacity, "competences": kept_codes, "updated_at": at},
    )
    record(
        kind="reviewer.profile",
        target=person.stable_name,
        by=by,
        at=at,
        changes={"fund": [None, fund.stable_name], "capacity": [None, capacity]},
    )
    return row


@transaction.atomic
def assign_reviewer(
    *,
    application: Application,
    reviewer: User,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Review:
    """Give an application to a reviewer.

    An interest that is only to be declared does not refuse: it is kept with the assignment.

    Raises
    ------
    AssignmentRefusedError
        A conflict bars the person, or the person is not independent of another reviewer.
    EnoughReviewersError
        Nobody is lacking.
    TransitionNotAllowed
        The application is not in a state in which reviewers are chosen.
    """
    refuse_repeat(submission)
    row = locked(application).application
    state = ApplicationState(row.state)
    if state not in ASSIGNED_IN:
        raise TransitionNotAllowed(APPLICATION, state, "start_review")
    panel = _open_panel(row, state, by=by, at=at)
    panels = Panels(row.fund, [row], at)
    wanted = panels.wanted(row.reference)
    seats = seated(panel)
    if len(seats) >= wanted:
        raise EnoughReviewersError(row, wanted)
    if reviewer not in panels.reviewers:
        raise AssignmentRefusedError(row, WhyNot.NOT_EXAMINED)
    why = panels.refusal(row.reference, reviewer)
    if why is not None:
        raise AssignmentRefusedError(row, why)
    found = panels.interests.disclosure(reviewer, row, on=panels.on)
    review = Review.objects.create(
        panel=panel,
        reviewer=reviewer,
        # Everyone of the first round has sent: what comes now settles a disagreement.
        round=2 if seats and all(one.sent_at for one in seats) else 1,
        assigned_by=by,
        assigned_at=at,
        disclosure=kept(found),
    )
    record(
        kind="review.assigned",
        target=review.stable_name,
        by=by,
        at=at,
        changes={
            "application": [None, row.reference],
            "reviewer": [None, reviewer.stable_name],
            "standing": [None, found.standing.value],
        },
        submission=submission,
    )
    tell_reviewer(review)
    return review


def _open_panel(
    application: Application, state: ApplicationState, *, by: User, at: dt.datetime
) -> ReviewPanel:
    last = panel_of(application)
    seats = seated(last)
    # Reviewed again after an adjournment: what was sent stays, and others write anew.
    again = state is ApplicationState.ADJOURNED and bool(seats) and all(x.sent_at for x in seats)
    if last is not None and not again:
        return last
    # All the applications of a call are judged by its grid, which no longer changes after this.
    call = (
        Call.objects.select_for_update(of=("self",))
        .select_related("grid")
        .get(pk=application.call_id)
    )
    grid = call.grid or proposed_grid(fund=application.fund, by=by, at=at)
    number = last.number + 1 if last else 1
    return ReviewPanel.objects.create(
        application=application, number=number, grid=grid, opened_at=at
    )


def _locked_review(review: Review) -> Review:
    """Read a review again, after its application: nobody else writes in either."""
    locked(review.panel.application)
    rows = Review.objects.select_related(
        "reviewer", "panel__grid", "panel__application__fund", "panel__application__alliance"
    )
    return rows.select_for_update(of=("self",)).get(pk=review.pk)


@transaction.atomic
def release_reviewer(*, review: Review, reason: str, by: User, at: dt.datetime) -> None:
    """Take an application back from a reviewer who has not sent; the draft is kept.

    Raises
    ------
    AlreadySentError
        The review was sent.
    """
    row = _locked_review(review)
    if row.left_at is not None:
        return
    if row.sent_at is not None:
        raise AlreadySentError(library_review(row, row.panel.application.reference))
    _leave(row, LeavingReason.RELEASED, reason, at)
    record(
        kind="review.released",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"left_why": [None, LeavingReason.RELEASED.value], "reason": [None, reason]},
    )


def _leave(row: Review, why: LeavingReason, explanation: str, at: dt.datetime) -> None:
    row.left_at, row.left_why, row.left_explanation = at, why.value, explanation.strip()
    row.save()


@transaction.atomic
def step_back(*, review: Review, explanation: str, by: User, at: dt.datetime) -> None:
    """Let a reviewer step back: it is recorded, and another person is to be chosen.

    Raises
    ------
    UnexplainedRecusal
        No conflict is known and nothing is explained.
    AlreadySentError
        The review was sent.
    """
    row = _locked_review(review)
    if row.left_at is not None:
        return
    application = row.panel.application
    if row.sent_at is not None:
        raise AlreadySentError(library_review(row, application.reference))
    found = Interests([row.reviewer], [application]).disclosure(
        row.reviewer, application, on=timezone.localdate(at)
    )
    recusal = record_recusal(found, explanation=explanation)
    why = {
        RecusalReason.CONFLICT: LeavingReason.CONFLICT,
        RecusalReason.CHOICE: LeavingReason.CHOICE,
    }[recusal.reason]
    row.disclosure = kept(found)
    _leave(row, why, recusal.explanation, at)
    record(
        kind="review.recused",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"left_why": [None, why.value]},
        # Why a person steps back may tell of their life.
        personal={"explanation": [None, recusal.explanation]} if recusal.explanation else None,
        about=row.reviewer.stable_name,
    )


@transaction.atomic
def state_interest(
    *,
    application: Application,
    person: User,
    severity: str,
    explanation: str,
    at: dt.datetime,
    submission: UUID | None = None,
) -> InterestStatement:
    """Write what a person states: an interest and what it asks for, or none (empty severity).

    A review that the person has is left when the interest bars.
    """
    refuse_repeat(submission)
    row = locked(application).application
    said = InterestStatement.objects.create(
        application=row,
        person=person,
        severity=severity,
        explanation=explanation.strip(),
        made_at=at,
    )
    record(
        kind="interest.stated",
        target=person.stable_name,
        by=person,
        at=at,
        changes={"application": [None, row.reference], "severity": [None, severity or "none"]},
        personal={"explanation": [None, said.explanation]} if said.explanation else None,
        about=person.stable_name,
        submission=submission,
    )
    if severity == "bars":
        for review in Review.objects.filter(
            panel__application=row, reviewer=person, left_at=None, sent_at=None
        ):
            step_back(review=review, explanation="", by=person, at=at)
    return said


@transaction.atomic
def save_draft(
    *,
    review: Review,
    notes: Mapping[str, Mapping[str, Any]],
    opinion: str,
    base: str,
    at: dt.datetime,
) -> Review:
    """Keep what a reviewer typed; ``base`` is what `version_of_review` gave when it was shown.

    Raises
    ------
    AlreadySentError
        The review was sent.
    TransitionNotAllowed
        The application is not under review.
    DraftChangedError
        The same draft was saved from another window meanwhile.
    """
    row = _writable(review, base)
    return _keep(row, notes, opinion, at)


def version_of_review(review: Review) -> str:
    """Name the state in which a draft is."""
    return review.saved_at.isoformat() if review.saved_at else ""


def _writable(review: Review, base: str) -> Review:
    row = _locked_review(review)
    application = row.panel.application
    if row.sent_at is not None:
        raise AlreadySentError(library_review(row, application.reference))
    state = ApplicationState(application.state)
    if row.left_at is not None or state is not WRITTEN_IN:
        raise TransitionNotAllowed(APPLICATION, state, "review")
    if version_of_review(row) != base:
        raise DraftChangedError
    return row


def _keep(
    row: Review, notes: Mapping[str, Mapping[str, Any]], opinion: str, at: dt.datetime
) -> Review:
    row.notes = {code: dict(note) for code, note in notes.items()}
    row.opinion = opinion
    row.saved_at = at
    row.save()
    return row


@transaction.atomic
def send_review(
    *,
    review: Review,
    notes: Mapping[str, Mapping[str, Any]],
    opinion: str,
    base: str,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Review:
    """Send a review: it no longer changes. The officers are told when all are in.

    Raises
    ------
    InvalidReviewError
        It is not complete; the error lists everything. What was typed is for the caller to keep.
    AlreadySentError, TransitionNotAllowed, DraftChangedError
        As `save_draft`.
    """
    refuse_repeat(submission)
    row = _keep(_writable(review, base), notes, opinion, at)
    application = row.panel.application
    sent = send_by_the_rules(library_review(row, application.reference), grid_of(row.panel))
    row.digest = sha256(
        rfc8785.dumps(
            {
                "application": application.reference,
                "grid": {"sha256": row.panel.grid.digest},
                "notes": {
                    code: {"points": note.points, "comment": note.comment}
                    for code, note in sent.notes.items()
                },
                "opinion": row.opinion,
            }
        )
    ).hexdigest()
    row.sent_at = at
    row.save()
    # The trail tells that a review is in, and nothing of what it says.
    record(
        kind="review.sent",
        target=row.stable_name,
        by=row.reviewer,
        at=at,
        changes={"sha256": [None, row.digest]},
        submission=submission,
    )
    if all(one.sent_at for one in seated(row.panel)):
        tell_all_in(application, at)
    return row
