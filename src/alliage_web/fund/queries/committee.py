"""The committee: its rules, its meetings as the library knows them, and what a choice would do."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from alliage.fund.instruction import committee as library
from alliage.fund.instruction.combinations import (
    Candidate,
    Dimension,
    SuggestionRule,
    Target,
    look,
    suggest,
)
from alliage.fund.instruction.committee import (
    CastingVote,
    CommitteeRules,
    MajorityBase,
    Mode,
    QuorumBase,
    QuorumRule,
)
from alliage.fund.instruction.interests import (
    Conflict,
    ConflictKind,
    Disclosure,
    Recusal,
    RecusalReason,
    Severity,
    Standing,
)
from alliage.fund.law.legal_path import LegalOutcome
from alliage.fund.money.ledger import AccountCode
from alliage.fund.states import ApplicationState
from alliage.values.money import ZERO, Euros
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import standing_at
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
    RunningBalance,
)

from .application_facts import facts_of, legal_paths
from .applications import Content
from .interests import person_id
from .review_panels import panel_of, seated, summary_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.fund.instruction.combinations import Picture, Suggestion
    from alliage_web.accounts.models import User

#: The least that a reduced grant may be, where the call sets no smallest amount.
_CENT = Euros("0.01")


def committee_of(fund: Fund) -> Committee:
    """Return the rules of a fund as they are kept; those of the library before any is written."""
    return Committee.objects.filter(fund=fund).first() or Committee(fund=fund)


def rules_of_committee(row: Committee) -> CommitteeRules:
    """Give the rules of a committee as the library knows them."""
    return CommitteeRules(
        QuorumRule(
            Fraction(row.quorum_share),
            row.quorum_number,
            row.quorum_strictly,
            QuorumBase(row.quorum_base),
        ),
        Mode(row.mode),
        Fraction(row.majority),
        MajorityBase(row.majority_base),
        CastingVote(row.casting_vote),
        row.names_votes,
    )


# Meetings.


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting in a list."""

    meeting: Meeting
    items: int
    decided: int
    is_closed: bool


def meetings_of(fund: Fund) -> list[MeetingLine]:
    """Return the meetings of the committee of a fund, the latest first."""
    rows = (
        Meeting.objects.filter(fund=fund)
        .select_related("fund", "minutes")
        .annotate(
            on_agenda=Count("items", distinct=True),
            decided=Count("items", filter=Q(items__decision__isnull=False), distinct=True),
        )
        .order_by("-held_on", "-number")
    )
    return [MeetingLine(row, row.on_agenda, row.decided, hasattr(row, "minutes")) for row in rows]


def find_meeting(fund: Fund, number: int) -> Meeting | None:
    rows = Meeting.objects.select_related("fund", "fund__organisation", "chair")
    return rows.filter(fund=fund, number=number).first()


def minutes_of(meeting: Meeting) -> Minutes | None:
    return Minutes.objects.filter(meeting=meeting).select_related("closed_by").first()


def attendances_of(meeting: Meeting) -> list[Attendance]:
    rows = Attendance.objects.filter(meeting=meeting).select_related("person", "replaces")
    return list(rows.order_by("person__name", "pk"))


def items_of(meeting: Meeting) -> list[AgendaItem]:
    """Return the agenda of a meeting with what was decided."""
    rows = AgendaItem.objects.filter(meeting=meeting).select_related(
        "meeting__fund",
        "application__alliance",
        "application__call__strand",
        "decision__presiding",
        "decision__posting__fund",
    )
    return list(
        rows.prefetch_related("recusals__person", "application__applicants__organisation").order_by(
            "rank", "pk"
        )
    )


def find_item(meeting: Meeting, reference: str) -> AgendaItem | None:
    rows = AgendaItem.objects.filter(meeting=meeting, application__reference=reference)
    return rows.select_related(
        "meeting__fund",
        "application__fund__organisation",
        "application__alliance",
        "application__call__fund",
        "application__call__strand",
        "application__form",
        "decision__presiding",
        "decision__posting__fund",
        "decision__envelope__strand",
    ).first()


def members_of(fund: Fund, on: dt.datetime) -> list[tuple[User, User | None]]:
    """Return who may vote on a day, each with the member whom they replace that day.

    Nobody votes twice: a member who also replaces another sits once, in their own name.
    """
    found: dict[int, tuple[User, User | None]] = {}
    delegates: list[tuple[User, User]] = []
    for standing in standing_at(fund.stable_name, on):
        if standing.holding.role == Role.COMMITTEE_MEMBER:
            found[standing.holding.user.pk] = (standing.holding.user, None)
            delegates += [
                (one.delegate, standing.holding.user)
                for one in standing.delegations
                if one.starts_at <= on < one.ends_at and one.delegate.is_active
            ]
    for delegate, member in delegates:
        found.setdefault(delegate.pk, (delegate, member))
    return list(found.values())


def library_meeting(meeting: Meeting, items: Sequence[AgendaItem]) -> library.Meeting:
    """Give a meeting as the library knows it.

    Who replaces a member that day is entitled in the member's place.

    Raises
    ------
    ValueError
        Nobody presides, or who presides is not present.
    """
    rows = attendances_of(meeting)
    present = {person_id(row.person) for row in rows if row.is_present}
    replaced = {person_id(row.replaces) for row in rows if row.is_present and row.replaces}
    entitled = {person_id(row.person) for row in rows if row.replaces is None} - replaced
    return library.Meeting(
        meeting.stable_name,
        meeting.held_on,
        frozenset(entitled | present),
        frozenset(present),
        person_id(meeting.chair) if meeting.chair else "",
        tuple(library.AgendaItem(item.application.reference, item.asked) for item in items),
        frozenset(line.strip() for line in meeting.guests.splitlines() if line.strip()),
    )


def recusals_of(item: AgendaItem) -> tuple[Recusal, ...]:
    """Give who steps back from an item as the library knows it."""
    rows = CommitteeRecusal.objects.filter(item=item).select_related("person").order_by("pk")
    return tuple(library_recusal(row, item) for row in rows)


def library_recusal(row: CommitteeRecusal, item: AgendaItem) -> Recusal:
    return Recusal(
        person_id(row.person),
        item.application.reference,
        item.meeting.held_on,
        RecusalReason(row.reason),
        row.explanation,
        _conflicts(row.conflicts),
    )


def _conflicts(kept: Iterable[Mapping[str, Any]]) -> tuple[Conflict, ...]:
    """Give conflicts back from what was kept of them: their kinds, not the facts behind."""
    return tuple(
        Conflict(ConflictKind(one["kind"]), Severity(one["severity"]), (), None, in_force=True)
        for one in kept
    )


def library_decision(row: Decision, item: AgendaItem) -> library.Decision:
    """Give a decision that was taken back to the library, for the minutes."""
    kind = library.DecisionKind(row.kind)
    day = item.meeting.held_on
    return library.Decision(
        item.meeting.stable_name,
        item.application.reference,
        day,
        library.Motion(
            kind,
            row.reasons,
            row.amount,
            _texts(row.conditions),
            _texts(row.documents),
            row.documents_due_on,
            _texts(row.questions),
            row.resume_on,
        ),
        person_id(row.presiding),
        library.Quorum(row.quorum_required, row.quorum_base, row.quorum_counted),
        library.Tally(
            row.in_favour,
            row.against,
            row.abstentions,
            adopted=True,
            casting_vote=person_id(row.presiding) if row.casting_vote else None,
        ),
        tuple((person, library.Vote(vote)) for person, vote in sorted(row.votes.items())),
        recusals_of(item),
        tuple(
            Disclosure(
                one["person"],
                item.application.reference,
                day,
                Standing(one["standing"]),
                _conflicts(one["conflicts"]),
            )
            for one in row.disclosures
        ),
    )


def _texts(kept: list[str] | None) -> tuple[str, ...] | None:
    return None if kept is None else tuple(kept)


def waiting_for_committee(fund: Fund) -> list[Application]:
    """Return the applications that wait for a decision, those of no agenda to come included."""
    rows = Application.objects.filter(fund=fund, state=ApplicationState.TO_COMMITTEE.value)
    return list(
        rows.select_related(
            "fund", "fund__organisation", "alliance", "call__fund", "call__strand", "form"
        )
        .prefetch_related("applicants__organisation")
        .order_by("sent_at", "pk")
    )


def on_an_open_agenda(fund: Fund) -> set[int]:
    """Return the keys of applications on an agenda whose minutes are not closed, undecided."""
    rows = AgendaItem.objects.filter(
        meeting__fund=fund, meeting__minutes=None, decision=None, no_decision=""
    )
    return set(rows.order_by().values_list("application", flat=True))


def asked_by(application: Application, on: dt.date) -> Euros | None:
    """Return the euros that an application asks for; None when it does not say."""
    return facts_of(Content(application), on).amount_asked


def available_in(fund: Fund, strand: str, year: int) -> Euros:
    """Return the euros of an envelope that nobody was granted."""
    row = RunningBalance.objects.filter(
        fund=fund,
        code=AccountCode.AVAILABLE.value,
        envelope__strand__code=strand,
        envelope__year=year,
    ).first()
    return row.eur if row else ZERO


def envelopes_of(fund: Fund) -> dict[str, Euros]:
    """Return what each envelope has that nobody was granted, by « strand:year »."""
    rows = RunningBalance.objects.filter(fund=fund, code=AccountCode.AVAILABLE.value)
    return {
        f"{row.envelope.strand.code}:{row.envelope.year}": max(row.eur, ZERO)
        for row in rows.select_related("envelope__strand").order_by(
            "envelope__year", "envelope__strand__order", "pk"
        )
        if row.envelope is not None
    }


_WORST = (
    LegalOutcome.BLOCKED,
    LegalOutcome.CANNOT_TELL,
    LegalOutcome.ALLOWED_WITH_CONDITIONS,
    LegalOutcome.ALLOWED,
)


def legal_outcome(content: Content, on: dt.date) -> LegalOutcome:
    """Say the worst that the legal rules find among those who would receive money."""
    found = {
        one.path.outcome if one.path else LegalOutcome.CANNOT_TELL
        for one in legal_paths(content, on)
    }
    return next((one for one in _WORST if one in found), LegalOutcome.CANNOT_TELL)


# What a choice would do.


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """An application before the committee, with what a choice looks at."""

    application: Application
    candidate: Candidate
    asked: Euros
    may_reduce: bool
    envelope_is_known: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Applications before the committee and the money that there is."""

    candidates: tuple[CandidateFacts, ...]
    envelopes: Mapping[str, Euros]
    left_out: tuple[Application, ...]
    """Applications that say no amount, or whose call names no strand: nothing can be computed."""

    def picture(self, amounts: Mapping[str, Euros], targets: Sequence[Target]) -> Picture:
        return look((one.candidate for one in self.candidates), self.envelopes, amounts, targets)

    def suggestion(self, rule: SuggestionRule) -> Suggestion:
        """Ask the library; what the call does not allow to reduce is granted whole or not."""
        whole = [
            one.candidate
            if one.may_reduce
            else Candidate(
                one.candidate.application,
                one.candidate.envelope,
                one.candidate.asked,
                points=one.candidate.points,
                covers=one.candidate.covers,
            )
            for one in self.candidates
        ]
        return suggest(whole, self.envelopes, rule)


def choice_of(fund: Fund, applications: Sequence[Application], on: dt.date) -> Choice:
    """Read what is before the committee: amounts, scores, what each application covers."""
    envelopes = envelopes_of(fund)
    found, left_out = [], []
    for one in applications:
        facts = facts_of(Content(one), on)
        strand = one.call.strand
        asked = facts.amount_asked
        if asked is None or asked <= 0 or strand is None:
            left_out.append(one)
            continue
        envelope = f"{strand.code}:{on.year}"
        known = envelope in envelopes
        envelopes.setdefault(envelope, ZERO)
        panel = panel_of(one)
        summary = summary_of(panel, seated(panel))
        least = one.call.min_amount
        found.append(
            CandidateFacts(
                one,
                Candidate(
                    one.reference,
                    envelope,
                    asked,
                    min(least or _CENT, asked),
                    summary.score if summary else None,
                    {
                        Dimension.WORLD: frozenset(world.value for world in facts.worlds or ()),
                        Dimension.TERRITORY: frozenset(
                            code
                            for codes in facts.territories or ()
                            for code in codes
                            if code.startswith("department:")
                        ),
                        Dimension.OBJECTIVE: frozenset(facts.objectives or ()),
                    },
                ),
                asked,
                least is not None and least < asked,
                known,
            )
        )
    return Choice(tuple(found), envelopes, tuple(left_out))
