"""Writing of the committee: rules, meetings, who is there, who steps back, decisions, minutes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from alliage.fund.instruction import committee as library
from alliage.fund.instruction.committee import DecisionKind, Deliberation, Vote
from alliage.fund.instruction.interests import record_recusal
from alliage.fund.law.legal_path import LegalOutcome
from alliage.fund.money import ledger
from alliage.fund.states import ApplicationState, Guard
from alliage.values.money import ZERO
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import (
    AgendaItem,
    Application,
    Attendance,
    Committee,
    CommitteeRecusal,
    Decision,
    Fund,
    Meeting,
    Minutes,
)
from alliage_web.fund.queries.committee import (
    asked_by,
    attendances_of,
    available_in,
    committee_of,
    find_item,
    items_of,
    legal_outcome,
    library_decision,
    library_meeting,
    members_of,
    recusals_of,
    rules_of_committee,
)
from alliage_web.fund.queries.interests import Interests, kept, person_id

from . import application_handling, applications
from .ledger import begin, write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from alliage.fund.instruction.committee import Motion
    from alliage_web.accounts.models import User
    from alliage_web.fund.queries.applications import Content

#: The decision of the table of states that each decision of the committee takes.
VERBS: Mapping[DecisionKind, str] = {
    DecisionKind.ACCEPT: "accept",
    DecisionKind.ACCEPT_REDUCED: "accept",
    DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS: "accept_subject_to_documents",
    DecisionKind.ADJOURN: "adjourn",
    DecisionKind.REFUSE: "refuse",
}
RULES = (
    "quorum_share", "quorum_strictly", "quorum_number", "quorum_base", "mode", "majority",
    "majority_base", "casting_vote", "names_votes",
)  # fmt: skip


class MeetingFault(StrEnum):
    """Why a meeting does not admit something."""

    CLOSED = "closed"
    """The minutes are closed."""
    DECIDED = "decided"
    """A decision was taken: who was there, the day and the rules no longer change."""
    CHAIR = "chair"
    """Nobody presides, or who presides is not there."""
    ASKS = "asks"
    """The application says no amount."""
    AGENDA = "agenda"
    """The application is not before the committee, or is on another agenda."""
    ITEM = "item"
    """The item is decided, or somebody stepped back from it in this meeting."""
    VOTES = "votes"
    """A member and the person who replaces this member are both there."""


class MeetingError(ValueError):
    """The meeting does not admit this; ``fault`` says why."""

    def __init__(self, fault: MeetingFault) -> None:
        self.fault = fault
        super().__init__(f"The meeting does not admit this: {fault}.")


class LegalPathError(ValueError):
    """The legal rules block a payment, or cannot tell and nobody wrote what was established."""

    def __init__(self, outcome: LegalOutcome) -> None:
        self.outcome = outcome
        super().__init__(f"The legal path of the payment is {outcome}.")


@transaction.atomic
def write_rules(*, fund: Fund, rules: Mapping[str, Any], by: User, at: dt.datetime) -> Committee:
    """Write the rules of the committee of a fund; meetings whose minutes are closed keep theirs.

    Raises
    ------
    MeetingError
        A meeting took a decision by the present rules, and its minutes are not closed.
    ValueError
        The rules could never be followed.
    """
    Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    if Decision.objects.filter(item__meeting__fund=fund, item__meeting__minutes=None).exists():
        raise MeetingError(MeetingFault.DECIDED)
    row = committee_of(fund)
    before = {name: getattr(row, name) if row.pk else None for name in RULES}
    for name in RULES:
        setattr(row, name, rules[name])
    rules_of_committee(row)
    row.updated_at = at
    row.save()
    changes = {
        name: [_plain(before[name]), _plain(getattr(row, name))]
        for name in RULES
        if before[name] != getattr(row, name)
    }
    if changes:
        record(kind="committee.rules", target=fund.stable_name, by=by, at=at, changes=changes)
    return row


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


@transaction.atomic
def plan_meeting(
    *,
    fund: Fund,
    held_on: dt.date,
    place: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Meeting:
    """Plan a meeting; the members of the committee are those of this moment."""
    refuse_repeat(submission)
    Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    last = Meeting.objects.filter(fund=fund).aggregate(last=Max("number"))["last"] or 0
    meeting = Meeting.objects.create(
        fund=fund,
        number=last + 1,
        held_on=held_on,
        place=place.strip(),
        created_by=by,
        created_at=at,
        updated_at=at,
    )
    _call_members(meeting, at)
    record(
        kind="meeting.planned",
        target=meeting.stable_name,
        by=by,
        at=at,
        changes={"held_on": [None, held_on.isoformat()], "place": [None, place.strip()]},
        submission=submission,
    )
    return meeting


def _call_members(meeting: Meeting, at: dt.datetime) -> None:
    """Write who may vote: members who came since are added, those who left and are away go."""
    members = {person.pk: (person, member) for person, member in members_of(meeting.fund, at)}
    known = {row.person_id: row for row in attendances_of(meeting)}
    for key, row in known.items():
        if key not in members and not row.is_present:
            row.delete()
    for key, (person, member) in members.items():
        if key not in known:
            Attendance.objects.create(meeting=meeting, person=person, replaces=member)


def _open_meeting(meeting: Meeting, *, undecided: bool = False) -> Meeting:
    """Lock a meeting whose minutes are open, and, if asked, on which nothing was decided."""
    rows = Meeting.objects.select_for_update(of=("self",)).select_related(
        "fund", "fund__organisation", "chair"
    )
    row = rows.get(pk=meeting.pk)
    if Minutes.objects.filter(meeting=row).exists():
        raise MeetingError(MeetingFault.CLOSED)
    if undecided and Decision.objects.filter(item__meeting=row).exists():
        raise MeetingError(MeetingFault.DECIDED)
    return row


@transaction.atomic
def put_on_agenda(
    *, meeting: Meeting, chosen: Sequence[Application], by: User, at: dt.datetime
) -> list[AgendaItem]:
    """Write the applications of an agenda in their order; those that are decided stay.

    Raises
    ------
    MeetingError
        One is not before the committee, asks for no amount, or is on another open agenda.
    """
    row = _open_meeting(meeting)
    items = {item.application_id: item for item in items_of(row)}
    before = [item.application.reference for item in items.values()]
    _take_off([item for key, item in items.items() if key not in {one.pk for one in chosen}])
    rank = max((item.rank for item in items.values()), default=0)
    for one in chosen:
        if one.pk not in items:
            rank += 1
            _put_on(row, one, rank)
    fresh = items_of(row)
    after = [item.application.reference for item in fresh]
    if before != after:
        record(
            kind="meeting.agenda",
            target=row.stable_name,
            by=by,
            at=at,
            changes={"agenda": [before, after]},
        )
    return fresh


def _take_off(items: Sequence[AgendaItem]) -> None:
    for item in items:
        if hasattr(item, "decision"):
            continue
        if item.recusals.exists():
            # Somebody stepped back from it in this meeting: the minutes tell of it.
            raise MeetingError(MeetingFault.ITEM)
        item.delete()


def _put_on(meeting: Meeting, application: Application, rank: int) -> None:
    present = applications.locked(application).application
    if present.state != ApplicationState.TO_COMMITTEE.value or _is_elsewhere(present, meeting):
        raise MeetingError(MeetingFault.AGENDA)
    asked = asked_by(present, meeting.held_on)
    if asked is None or asked <= 0:
        raise MeetingError(MeetingFault.ASKS)
    AgendaItem.objects.create(meeting=meeting, application=present, rank=rank, asked=asked)


def _is_elsewhere(application: Application, meeting: Meeting) -> bool:
    rows = AgendaItem.objects.filter(
        application=application, decision=None, no_decision="", meeting__minutes=None
    )
    return rows.exclude(meeting=meeting).exists()


@transaction.atomic
def record_attendance(
    *,
    meeting: Meeting,
    present: Sequence[int],
    chair: User | None,
    guests: str,
    by: User,
    at: dt.datetime,
) -> Meeting:
    """Write who is there and who presides, before the first decision.

    Raises
    ------
    MeetingError
        A decision was taken; who presides is not there; or a member and the person who replaces
        this member are both said to be there.
    """
    row = _open_meeting(meeting, undecided=True)
    _call_members(row, at)
    rows = attendances_of(row)
    before = sorted(one.person_id for one in rows if one.is_present)
    for one in rows:
        one.is_present = one.person_id in present
    there = {one.person_id for one in rows if one.is_present}
    replaced = [one.replaces_id for one in rows if one.is_present and one.replaces_id]
    if there & set(replaced) or len(set(replaced)) < len(replaced):
        raise MeetingError(MeetingFault.VOTES)
    if chair is None or chair.pk not in there:
        raise MeetingError(MeetingFault.CHAIR)
    Attendance.objects.bulk_update(rows, ["is_present"])
    row.chair, row.guests, row.updated_at = chair, guests.strip(), at
    row.save()
    record(
        kind="meeting.attendance",
        target=row.stable_name,
        by=by,
        at=at,
        changes={
            "present": [[f"person:{key}" for key in before],
                        [f"person:{key}" for key in sorted(there)]],
            "chair": [None, chair.stable_name],
        },
    )  # fmt: skip
    return row


def _open_item(item: AgendaItem) -> AgendaItem:
    meeting = _open_meeting(item.meeting)
    row = find_item(meeting, item.application.reference)
    if row is None:
        raise MeetingError(MeetingFault.AGENDA)
    row.meeting = meeting
    if hasattr(row, "decision"):
        raise MeetingError(MeetingFault.ITEM)
    return row


@transaction.atomic
def recuse_member(
    *, item: AgendaItem, person: User, explanation: str, by: User, at: dt.datetime
) -> CommitteeRecusal:
    """Write that a member steps back from an item: the person neither debates nor votes.

    Raises
    ------
    UnexplainedRecusal
        No conflict is known and nothing is explained.
    MeetingError
        The item is decided, or the minutes are closed.
    """
    row = _open_item(item)
    application = row.application
    found = Interests([person], [application]).disclosure(
        person, application, on=row.meeting.held_on
    )
    said = record_recusal(found, explanation=explanation)
    recusal, created = CommitteeRecusal.objects.get_or_create(
        item=row,
        person=person,
        defaults={
            "reason": said.reason.value,
            "explanation": said.explanation,
            "conflicts": kept(found)["conflicts"],
            "recorded_by": by,
            "at": at,
        },
    )
    if created:
        record(
            kind="committee.recused",
            target=row.meeting.stable_name,
            by=by,
            at=at,
            changes={
                "application": [None, application.reference],
                "person": [None, person.stable_name],
                "left_why": [None, said.reason.value],
            },
            personal={"explanation": [None, said.explanation]} if said.explanation else None,
            about=person.stable_name,
        )
    return recusal


@transaction.atomic
def take_decision(
    *,
    item: AgendaItem,
    motion: Motion,
    votes: Mapping[int, str],
    presiding: User | None,
    year: int,
    legal_note: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Decision:
    """Take a decision of the committee: the state, the award and the decision are written at once.

    Parameters
    ----------
    votes : Mapping
        The vote of each member present, by person.
    presiding : User, optional
        Who presides over the item when the chair steps back.
    year : int
        Of the envelope of the strand that pays.
    legal_note : str
        What the committee established of the legal path, where the rules cannot tell.

    Raises
    ------
    DecisionNotPossible
        The library lists everything that stands in the way.
    LegalPathError
        The legal rules block the payment, or cannot tell and nothing is written.
    MeetingError
        The item is decided, the minutes are closed, or nobody presides.
    PostingRefused
        The ledger refuses the award.
    TransitionNotAllowed, GuardNotMet
        The application is no longer before the committee.
    AlreadyDoneError
        The form was received before.
    """
    fund = item.meeting.fund
    # The ledger is locked first, as everywhere money moves.
    begin(fund)
    refuse_repeat(submission)
    row = _open_item(item)
    content = applications.locked(row.application)
    application, meeting = content.application, row.meeting
    items = items_of(meeting)
    try:
        known = library_meeting(meeting, items)
    except ValueError as error:
        raise MeetingError(MeetingFault.CHAIR) from error
    chair = presiding or meeting.chair
    # The library refuses a meeting over which nobody presides.
    assert chair is not None
    strand = content.call.strand
    envelope = ledger.Envelope(strand.code, year) if strand else None
    decision = library.decide(
        known,
        rules_of_committee(committee_of(fund)),
        Deliberation(
            application.reference,
            motion,
            {f"user:{key}": Vote(vote) for key, vote in votes.items()},
            available_in(fund, strand.code, year) if strand else ZERO,
            recusals_of(row),
            _disclosures(meeting, application),
            person_id(presiding) if presiding else None,
        ),
    )
    outcome = _checked_path(content, motion, legal_note, meeting.held_on)
    posting = None
    if motion.amount is not None:
        assert envelope is not None
        (posting,) = write(
            fund,
            [
                ledger.Posting(
                    key=f"award:{application.reference}:{meeting.number}",
                    fund=fund.code,
                    kind=ledger.PostingKind.AWARD,
                    booked_on=meeting.held_on,
                    reason=f"Décision du comité, séance n° {meeting.number}",
                    reference=meeting.stable_name,
                    amount=motion.amount,
                    envelope=envelope,
                    file=application.reference,
                )
            ],
            by=by,
            at=at,
        )
    written = Decision.objects.create(
        item=row,
        kind=motion.kind.value,
        reasons=(motion.reasons or "").strip(),
        amount=motion.amount,
        conditions=_listed(motion.conditions),
        documents=_listed(motion.documents),
        documents_due_on=motion.documents_due_on,
        questions=_listed(motion.questions),
        resume_on=motion.resume_on,
        legal_outcome=outcome.value if outcome else "",
        legal_note=legal_note.strip() if outcome else "",
        envelope=posting.envelope if posting else None,
        posting=posting,
        presiding=chair,
        quorum_required=decision.quorum.required,
        quorum_base=decision.quorum.base,
        quorum_counted=decision.quorum.counted,
        in_favour=decision.tally.in_favour,
        against=decision.tally.against,
        abstentions=decision.tally.abstentions,
        casting_vote=decision.tally.casting_vote is not None,
        votes={person: vote.value for person, vote in decision.votes},
        disclosures=[kept(one) for one in decision.disclosures],
        recorded_by=by,
        decided_at=at,
    )
    record(
        kind="committee.decided",
        target=meeting.stable_name,
        by=by,
        at=at,
        changes={
            "application": [None, application.reference],
            "decision": [None, motion.kind.value],
            "amount": [None, f"{motion.amount:.2f}" if motion.amount is not None else None],
        },
        submission=submission,
    )
    _follow(application, motion, by=by, at=at)
    return written


def _listed(texts: tuple[str, ...] | None) -> list[str] | None:
    return None if texts is None else [text.strip() for text in texts]


def _disclosures(meeting: Meeting, application: Application) -> tuple[Any, ...]:
    people = [row.person for row in attendances_of(meeting) if row.is_present]
    found = Interests(people, [application])
    return tuple(found.disclosure(person, application, on=meeting.held_on) for person in people)


def _checked_path(
    content: Content, motion: Motion, legal_note: str, on: dt.date
) -> LegalOutcome | None:
    if motion.amount is None:
        return None
    outcome = legal_outcome(content, on)
    if outcome is LegalOutcome.BLOCKED:
        raise LegalPathError(outcome)
    if outcome is LegalOutcome.CANNOT_TELL and not legal_note.strip():
        raise LegalPathError(outcome)
    return outcome


def _follow(application: Application, motion: Motion, *, by: User, at: dt.datetime) -> None:
    """Take the decision on the application itself, with what it asks of the applicants."""
    # The library decided, and the award is written: what the table needs is known to hold.
    holds = {Guard.QUORUM_MET, Guard.NO_INTERESTED_VOTE}
    if motion.amount is not None:
        holds |= {Guard.AMOUNT_AVAILABLE, Guard.LEGAL_PATH_ALLOWED}
    if motion.documents:
        holds.add(Guard.CONDITIONS_WRITTEN)
    application_handling.decide(
        application=application,
        verb=VERBS[motion.kind],
        by=by,
        at=at,
        reason=motion.reasons or "",
        holds=holds,
    )
    if motion.documents and motion.documents_due_on:
        application_handling.ask_for_documents(
            application=application,
            labels=_listed(motion.documents) or [],
            due_on=motion.documents_due_on,
            by=by,
            at=at,
        )
    for question in motion.questions or ():
        assert motion.resume_on is not None
        application_handling.ask(
            application=application, text=question, answer_by=motion.resume_on, by=by, at=at
        )


@transaction.atomic
def close_minutes(
    *,
    meeting: Meeting,
    without_decision: Mapping[str, str],
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Minutes:
    """Close the minutes: their content is frozen, and known by its digest.

    Parameters
    ----------
    without_decision : Mapping
        For each application that was not decided on, why.

    Raises
    ------
    IncompleteMinutesError
        An item is left without a word.
    MeetingError
        They are closed, or nobody presides.
    """
    refuse_repeat(submission)
    row = _open_meeting(meeting)
    items = items_of(row)
    undecided = [item for item in items if not hasattr(item, "decision")]
    try:
        known = library_meeting(row, items)
    except ValueError as error:
        raise MeetingError(MeetingFault.CHAIR) from error
    closed = library.close_minutes(
        known,
        rules_of_committee(committee_of(row.fund)),
        [library_decision(item.decision, item) for item in items if hasattr(item, "decision")],
        {
            item.application.reference: without_decision.get(item.application.reference, "")
            for item in undecided
        },
    )
    for item in undecided:
        item.no_decision = without_decision[item.application.reference].strip()
        item.save(update_fields=["no_decision"])
    minutes = Minutes.objects.create(
        meeting=row, content=closed.content(), digest=closed.digest, closed_by=by, closed_at=at
    )
    record(
        kind="minutes.closed",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"sha256": [None, closed.digest]},
        submission=submission,
    )
    return minutes
