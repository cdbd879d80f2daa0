"""Decisions of the committee: quorum, votes, what a decision has to say, and the minutes.

The tables are the specification. ``docs/reference/committee-rules.md`` is generated from them.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785

from alliage.fund.instruction.interests import Standing
from alliage.values.money import euros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from alliage.fund.instruction.interests import Disclosure, Recusal
    from alliage.values.money import Euros


class DecisionKind(StrEnum):
    """What the committee may decide about an application."""

    ACCEPT = "accept"
    ACCEPT_REDUCED = "accept_reduced"
    ACCEPT_SUBJECT_TO_DOCUMENTS = "accept_subject_to_documents"
    ADJOURN = "adjourn"
    REFUSE = "refuse"


class Field(StrEnum):
    """What a motion may say."""

    AMOUNT = "amount"
    REASONS = "reasons"
    CONDITIONS = "conditions"
    DOCUMENTS = "documents"
    DOCUMENTS_DUE_ON = "documents_due_on"
    QUESTIONS = "questions"
    RESUME_ON = "resume_on"


#: What each decision has to say; it may say nothing else. Conditions are always stated by who
#: accepts, were it to say that there is none.
MANDATORY: Mapping[DecisionKind, tuple[Field, ...]] = {
    DecisionKind.ACCEPT: (Field.AMOUNT, Field.REASONS, Field.CONDITIONS),
    DecisionKind.ACCEPT_REDUCED: (Field.AMOUNT, Field.REASONS, Field.CONDITIONS),
    DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS: (
        Field.AMOUNT,
        Field.REASONS,
        Field.CONDITIONS,
        Field.DOCUMENTS,
        Field.DOCUMENTS_DUE_ON,
    ),
    DecisionKind.ADJOURN: (Field.REASONS, Field.QUESTIONS, Field.RESUME_ON),
    DecisionKind.REFUSE: (Field.REASONS,),
}

#: What each field is, for the documentation.
MEANING: Mapping[Field, str] = {
    Field.AMOUNT: "euros granted",
    Field.REASONS: "why, in words that the applicant will read",
    Field.CONDITIONS: "what is asked of the applicant; an empty list says that nothing is",
    Field.DOCUMENTS: "the documents that are missing, at least one",
    Field.DOCUMENTS_DUE_ON: "the day by which they are due, after the meeting",
    Field.QUESTIONS: "what has to be answered before the committee resumes, at least one",
    Field.RESUME_ON: "the day when it resumes, after the meeting",
}


@dataclass(frozen=True, slots=True)
class Motion:
    """A decision that is proposed. None means that nobody filled the field."""

    kind: DecisionKind
    reasons: str | None = None
    amount: Euros | None = None
    conditions: tuple[str, ...] | None = None
    documents: tuple[str, ...] | None = None
    documents_due_on: dt.date | None = None
    questions: tuple[str, ...] | None = None
    resume_on: dt.date | None = None

    def __post_init__(self) -> None:
        if self.amount is not None:
            euros(self.amount)

    def has(self, field: Field) -> bool:
        """Tell whether a field is filled; blank words fill nothing."""
        value = getattr(self, field.value)
        if isinstance(value, str):
            return bool(value.strip())
        if isinstance(value, tuple):
            may_be_empty = field is Field.CONDITIONS
            return (may_be_empty or bool(value)) and all(map(str.strip, value))
        return value is not None


class QuorumBase(StrEnum):
    """Of whom the share of the quorum is taken."""

    ENTITLED = "entitled"
    """All the members. Those who step back count in the base and not among the present: with
    many recusals, the item has to wait."""
    ENTITLED_LESS_RECUSED = "entitled_less_recused"
    """The members who do not step back from the item, present or not."""


@dataclass(frozen=True, slots=True)
class QuorumRule:
    """How many members have to be there to decide. At least one, whatever the rule says.

    Attributes
    ----------
    share
        Of the base, between 0 and 1.
    number
        Members, whatever the base; with a share, both have to be reached.
    strictly_more
        « more than half » rather than « at least half ».
    base
        Of whom the share is taken.
    """

    share: Fraction = Fraction(1, 2)
    number: int = 0
    strictly_more: bool = False
    base: QuorumBase = QuorumBase.ENTITLED

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or self.number < 0 or (self.strictly_more and self.share == 1):
            msg = (
                f"A quorum of {'more than ' if self.strictly_more else ''}{self.share} and of "
                f"{self.number} members can never be met or means nothing. Give a share between "
                "0 and 1 that can be reached, and a number of 0 or more."
            )
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Quorum:
    """Whether enough members are there for an item.

    ``counted`` are the members present who do not step back.
    """

    required: int
    base: int
    counted: int

    @property
    def is_met(self) -> bool:
        """Whether the committee may decide."""
        return self.counted >= self.required


class Mode(StrEnum):
    """How the committee agrees."""

    VOTE = "vote"
    CONSENSUS = "consensus"
    """At least one is for, and nobody is against."""


class MajorityBase(StrEnum):
    """Of whom the majority is taken."""

    FOR_AND_AGAINST = "for_and_against"
    """Abstentions do not count."""
    ALL_VOTERS = "all_voters"
    """Abstentions count, as if against."""


class CastingVote(StrEnum):
    """What happens when as many are for as against."""

    PRESIDING = "presiding"
    """The vote of who presides counts twice; an abstention settles nothing."""
    NONE = "none"
    """The motion is not adopted."""


@dataclass(frozen=True, slots=True)
class CommitteeRules:
    """The rules of a committee, as its fund wrote them.

    ``majority`` has to be exceeded when it is one half, reached when it is more: « simple
    majority », « two thirds ».
    """

    quorum: QuorumRule = QuorumRule()
    mode: Mode = Mode.VOTE
    majority: Fraction = Fraction(1, 2)
    majority_base: MajorityBase = MajorityBase.FOR_AND_AGAINST
    casting_vote: CastingVote = CastingVote.PRESIDING
    names_votes: bool = False

    def __post_init__(self) -> None:
        if not Fraction(1, 2) <= self.majority <= 1:
            msg = f"A majority of {self.majority} is no majority. Give a share from 1/2 to 1."
            raise ValueError(msg)


class Vote(StrEnum):
    """What a member says of a motion."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """An application on the agenda, and the euros that it asks for."""

    application: str
    asked: Euros

    def __post_init__(self) -> None:
        euros(self.asked)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of the committee.

    Attributes
    ----------
    entitled
        Members who may vote.
    present
        Those of them who are there, in the room or at a distance.
    chair
        Who presides.
    agenda
        Applications in the order of the agenda.
    guests
        Persons who are there and do not vote.
    """

    id: str
    held_on: dt.date
    entitled: frozenset[str]
    present: frozenset[str]
    chair: str
    agenda: tuple[AgendaItem, ...]
    guests: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        faults = [
            *(
                f"{person} is present and is no member: write the person among the guests."
                for person in sorted(self.present - self.entitled)
            ),
            *(
                f"{person} is a guest and a member: keep one."
                for person in sorted(self.guests & self.entitled)
            ),
            *(
                f"{name} is on the agenda {times} times: keep one."
                for name, times in Counter(one.application for one in self.agenda).items()
                if times > 1
            ),
        ]
        if self.chair not in self.present:
            faults.append(f"{self.chair} presides and is not present: name who presides.")
        if faults:
            raise ValueError(" ".join(faults))

    def item(self, application: str) -> AgendaItem | None:
        """Find an application on the agenda."""
        return next((one for one in self.agenda if one.application == application), None)


def quorum(rule: QuorumRule, meeting: Meeting, recused: Iterable[str] = ()) -> Quorum:
    """Tell whether enough members are there for an item.

    Parameters
    ----------
    rule : QuorumRule
        The rule of the committee.
    meeting : Meeting
        Who is entitled and who is present.
    recused : iterable of str
        Members who step back from the item, present or not.

    Returns
    -------
    Quorum
        Members required, base, and members counted.

    Examples
    --------
    >>> import datetime as dt
    >>> members = frozenset("abcdefg")
    >>> meeting = Meeting("M1", dt.date(2026, 5, 1), members, frozenset("abcd"), "a", ())
    >>> quorum(QuorumRule(), meeting)
    Quorum(required=4, base=7, counted=4)
    >>> quorum(QuorumRule(), meeting, {"d"}).is_met
    False
    >>> quorum(QuorumRule(base=QuorumBase.ENTITLED_LESS_RECUSED), meeting, {"d"})
    Quorum(required=3, base=6, counted=3)
    """
    away = set(recused)
    less = rule.base is QuorumBase.ENTITLED_LESS_RECUSED
    base = len(meeting.entitled - away if less else meeting.entitled)
    reached = rule.share * base
    share = math.floor(reached) + 1 if rule.strictly_more else math.ceil(reached)
    return Quorum(max(1, share, rule.number), base, len(meeting.present - away))


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes counted.

    ``casting_vote`` names who presides when as many were for as against, and this vote was counted
    twice. ``in_favour`` and ``against`` count it once.
    """

    in_favour: int
    against: int
    abstentions: int
    adopted: bool
    casting_vote: str | None = None


def tally(rules: CommitteeRules, votes: Mapping[str, Vote], presiding: str) -> Tally:
    """Count votes by the rules of the committee.

    Parameters
    ----------
    rules : CommitteeRules
        Mode, majority and casting vote.
    votes : mapping of str to Vote
        The vote of each member.
    presiding : str
        Who presides over the item.

    Returns
    -------
    Tally
        Counts, and whether the motion is adopted.

    Examples
    --------
    >>> votes = {"ana": Vote.FOR, "bob": Vote.AGAINST, "cyd": Vote.ABSTAIN}
    >>> tally(CommitteeRules(), votes, "ana").adopted, tally(CommitteeRules(), votes, "bob").adopted
    (True, False)
    """
    counts = Counter(votes.values())
    in_favour, against, blank = counts[Vote.FOR], counts[Vote.AGAINST], counts[Vote.ABSTAIN]
    if rules.mode is Mode.CONSENSUS:
        return Tally(in_favour, against, blank, adopted=in_favour > 0 and against == 0)
    extra = votes.get(presiding)
    settles = (
        rules.casting_vote is CastingVote.PRESIDING
        and in_favour == against
        and extra in {Vote.FOR, Vote.AGAINST}
    )
    if not settles:
        return Tally(
            in_favour, against, blank, adopted=_is_majority(rules, in_favour, against, blank)
        )
    more = extra is Vote.FOR
    adopted = _is_majority(rules, in_favour + more, against + (not more), blank)
    return Tally(in_favour, against, blank, adopted, presiding)


def _is_majority(rules: CommitteeRules, in_favour: int, against: int, blank: int) -> bool:
    everyone = rules.majority_base is MajorityBase.ALL_VOTERS
    needed = rules.majority * (in_favour + against + (blank if everyone else 0))
    return (
        in_favour > needed
        if rules.majority == Fraction(1, 2)
        else in_favour > 0 and in_favour >= needed
    )


class DecisionProblemCode(StrEnum):
    """Why a decision cannot be taken."""

    NOT_ON_AGENDA = "not_on_agenda"
    """allowed: the applications on the agenda."""
    FIELD_MISSING = "field_missing"
    """subject: the field."""
    FIELD_NOT_ALLOWED = "field_not_allowed"
    """subject: the field; allowed: those of this decision."""
    AMOUNT_OUT_OF_BOUNDS = "amount_out_of_bounds"
    """subject: the amount; allowed: what it has to be."""
    AMOUNT_ABOVE_AVAILABLE = "amount_above_available"
    """subject: the amount; allowed: what is available."""
    DATE_NOT_AFTER_MEETING = "date_not_after_meeting"
    """subject: the field; allowed: the day of the meeting."""
    NO_QUORUM = "no_quorum"
    """subject: members counted; allowed: members required."""
    NOBODY_PRESIDES = "nobody_presides"
    """subject: who should preside and cannot; allowed: who can."""
    NOT_EXAMINED = "not_examined"
    """subject: a member present whose conflicts were not looked for on the day of the meeting."""
    BARRED_NOT_RECUSED = "barred_not_recused"
    """subject: a member present, barred by a conflict, who does not step back."""
    RECUSED_VOTED = "recused_voted"
    """subject: a member who stepped back and votes."""
    VOTER_NOT_PRESENT = "voter_not_present"
    """subject: who votes and is absent, or is no member."""
    VOTE_MISSING = "vote_missing"
    """subject: a member present whose vote is not known."""
    NOT_ADOPTED = "not_adopted"
    """subject: votes for; allowed: votes against."""


@dataclass(frozen=True, slots=True)
class DecisionProblem:
    """A problem: its code, what it is about, and what would be possible."""

    code: DecisionProblemCode
    subject: str = ""
    allowed: tuple[str, ...] = ()


#: What to do about each problem, for the message.
_REMEDY: Mapping[DecisionProblemCode, str] = {
    DecisionProblemCode.NOT_ON_AGENDA: "Add it to an agenda.",
    DecisionProblemCode.FIELD_MISSING: "Fill it.",
    DecisionProblemCode.FIELD_NOT_ALLOWED: "Remove it, or propose another decision.",
    DecisionProblemCode.AMOUNT_OUT_OF_BOUNDS: "Correct it, or propose another decision.",
    DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE: "Reduce it, or transfer to the envelope first.",
    DecisionProblemCode.DATE_NOT_AFTER_MEETING: "Give a later day.",
    DecisionProblemCode.NO_QUORUM: "Leave the item to a later meeting.",
    DecisionProblemCode.NOBODY_PRESIDES: "Name who presides over the item.",
    DecisionProblemCode.NOT_EXAMINED: "Look for conflicts first.",
    DecisionProblemCode.BARRED_NOT_RECUSED: "Record that the member steps back.",
    DecisionProblemCode.RECUSED_VOTED: "Remove the vote.",
    DecisionProblemCode.VOTER_NOT_PRESENT: "Remove the vote, or correct who is present.",
    DecisionProblemCode.VOTE_MISSING: "Record the vote; abstaining is one.",
    DecisionProblemCode.NOT_ADOPTED: "Put another motion to the vote, or adjourn.",
}


class DecisionNotPossible(ValueError):
    """The committee cannot decide so; ``problems`` says everything that stands in the way."""

    def __init__(self, application: str, problems: Iterable[DecisionProblem]) -> None:
        self.application, self.problems = application, tuple(problems)
        listed = " ".join(
            f"{one.code.replace('_', ' ')}"
            + (f": {one.subject}" if one.subject else "")
            + (f" (possible: {', '.join(one.allowed)})" if one.allowed else "")
            + f". {_REMEDY[one.code]}"
            for one in self.problems
        )
        super().__init__(f"No decision on {application}: {listed}")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that was taken.

    Attributes
    ----------
    meeting, application, decided_on
        Where, about what and when.
    motion
        What was decided.
    presiding
        Who presided over the item.
    quorum, tally
        Who was counted, and the votes.
    votes
        Each vote by name; empty where the rules keep votes secret.
    recusals
        Who stepped back, and why.
    disclosures
        What was found of those who took part: interests to declare, persons of whom nothing is
        known. Those of whom nothing was found are left out.
    """

    meeting: str
    application: str
    decided_on: dt.date
    motion: Motion
    presiding: str
    quorum: Quorum
    tally: Tally
    votes: tuple[tuple[str, Vote], ...]
    recusals: tuple[Recusal, ...]
    disclosures: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True)
class Deliberation:
    """Everything that a decision on an item rests on.

    Attributes
    ----------
    application
        What is decided on.
    motion
        What is proposed.
    votes
        The vote of each member present who does not step back.
    available
        Euros left in the envelope at this moment of the meeting.
    recusals
        Who steps back from this application.
    disclosures
        What was found of conflicts with this application on the day of the meeting, for each
        member present.
    presiding
        Who presides over the item when the chair steps back.
    """

    application: str
    motion: Motion
    votes: Mapping[str, Vote]
    available: Euros
    recusals: tuple[Recusal, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    presiding: str | None = None


def decide(meeting: Meeting, rules: CommitteeRules, deliberation: Deliberation) -> Decision:
    """Take a decision, or say everything that stands in the way.

    Parameters
    ----------
    meeting : Meeting
        Who is there, and the agenda.
    rules : CommitteeRules
        The rules of the committee.
    deliberation : Deliberation
        The motion, the votes, the conflicts and the recusals.

    Returns
    -------
    Decision
        What is written in the minutes.

    Raises
    ------
    DecisionNotPossible
        If a mandatory field is missing, an amount does not fit, the quorum is not met, a member
        who steps back or is barred takes part, or the motion is not adopted.

    Examples
    --------
    >>> import datetime as dt
    >>> from alliage.fund.instruction.interests import Disclosure
    >>> from alliage.values.money import euros
    >>> day, members = dt.date(2026, 5, 1), frozenset({"ana", "bob"})
    >>> meeting = Meeting("M1", day, members, members, "ana", (AgendaItem("A-7", euros(8000)),))
    >>> clear = tuple(Disclosure(one, "A-7", day, Standing.NONE_FOUND) for one in sorted(members))
    >>> votes = dict.fromkeys(members, Vote.FOR)
    >>> def proposing(motion):
    ...     return Deliberation("A-7", motion, votes, euros(9000), disclosures=clear)
    >>> refusal = Motion(DecisionKind.REFUSE, "The need is not established.")
    >>> decide(meeting, CommitteeRules(), proposing(refusal)).tally.in_favour
    2
    >>> decide(meeting, CommitteeRules(), proposing(Motion(DecisionKind.REFUSE)))
    Traceback (most recent call last):
        ...
    alliage.fund.instruction.committee.DecisionNotPossible: No decision on A-7: field missin...
    """
    item = meeting.item(deliberation.application)
    if item is None:
        agenda = tuple(one.application for one in meeting.agenda)
        problem = DecisionProblem(DecisionProblemCode.NOT_ON_AGENDA, allowed=agenda)
        raise DecisionNotPossible(deliberation.application, [problem])
    recusals = _of_item(deliberation)
    recused = frozenset(one.person for one in recusals)
    presiding = deliberation.presiding or meeting.chair
    counted = quorum(rules.quorum, meeting, recused)
    votes = dict(sorted(deliberation.votes.items()))
    result = tally(rules, votes, presiding)
    problems = [
        *_field_problems(deliberation.motion),
        *_amount_problems(deliberation, item),
        *_date_problems(deliberation.motion, meeting),
        *_presiding_problems(meeting, presiding, recused),
        *_quorum_problems(counted),
        *_interest_problems(meeting, deliberation, recused),
        *_vote_problems(meeting, votes, recused),
    ]
    # Votes that may not be counted tell nothing of the majority.
    if not problems and not result.adopted:
        against = (str(result.against),)
        problems = [
            DecisionProblem(DecisionProblemCode.NOT_ADOPTED, str(result.in_favour), against)
        ]
    if problems:
        raise DecisionNotPossible(item.application, problems)
    return Decision(
        meeting.id,
        item.application,
        meeting.held_on,
        deliberation.motion,
        presiding,
        counted,
        result,
        tuple(votes.items()) if rules.names_votes else (),
        recusals,
        tuple(_told(meeting, deliberation, recused)),
    )


def _of_item(deliberation: Deliberation) -> tuple[Recusal, ...]:
    said = [
        *((one.person, one.application) for one in deliberation.recusals),
        *((one.person, one.application) for one in deliberation.disclosures),
    ]
    for person, application in said:
        if application != deliberation.application:
            msg = (
                f"What is said of {person} is about {application}, not about "
                f"{deliberation.application}. Give what is about this application."
            )
            raise ValueError(msg)
    return tuple(sorted(deliberation.recusals, key=lambda one: one.person))


def _field_problems(motion: Motion) -> Iterator[DecisionProblem]:
    mandatory = MANDATORY[motion.kind]
    for field in Field:
        if field in mandatory and not motion.has(field):
            yield DecisionProblem(DecisionProblemCode.FIELD_MISSING, field)
        elif field not in mandatory and getattr(motion, field.value) is not None:
            allowed = tuple(map(str, mandatory))
            yield DecisionProblem(DecisionProblemCode.FIELD_NOT_ALLOWED, field, allowed)


def _amount_problems(deliberation: Deliberation, item: AgendaItem) -> Iterator[DecisionProblem]:
    kind, amount = deliberation.motion.kind, deliberation.motion.amount
    if amount is None or Field.AMOUNT not in MANDATORY[kind]:
        return
    holds, allowed = {
        DecisionKind.ACCEPT: (amount == item.asked, f"{item.asked}"),
        DecisionKind.ACCEPT_REDUCED: (0 < amount < item.asked, f"above 0, below {item.asked}"),
        DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS: (
            0 < amount <= item.asked,
            f"above 0, up to {item.asked}",
        ),
    }[kind]
    if not holds:
        code = DecisionProblemCode.AMOUNT_OUT_OF_BOUNDS
        yield DecisionProblem(code, str(amount), (allowed,))
    if amount > deliberation.available:
        code = DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE
        yield DecisionProblem(code, str(amount), (str(deliberation.available),))


def _date_problems(motion: Motion, meeting: Meeting) -> Iterator[DecisionProblem]:
    for field, day in (
        (Field.DOCUMENTS_DUE_ON, motion.documents_due_on),
        (Field.RESUME_ON, motion.resume_on),
    ):
        if day is not None and field in MANDATORY[motion.kind] and day <= meeting.held_on:
            code = DecisionProblemCode.DATE_NOT_AFTER_MEETING
            yield DecisionProblem(code, field, (f"after {meeting.held_on}",))


def _presiding_problems(
    meeting: Meeting, presiding: str, recused: frozenset[str]
) -> Iterator[DecisionProblem]:
    able = meeting.present - recused
    if presiding not in able:
        code = DecisionProblemCode.NOBODY_PRESIDES
        yield DecisionProblem(code, presiding, tuple(sorted(able)))


def _quorum_problems(counted: Quorum) -> Iterator[DecisionProblem]:
    if not counted.is_met:
        code = DecisionProblemCode.NO_QUORUM
        yield DecisionProblem(code, str(counted.counted), (str(counted.required),))


def _interest_problems(
    meeting: Meeting, deliberation: Deliberation, recused: frozenset[str]
) -> Iterator[DecisionProblem]:
    # What was found on another day may have changed since: it costs nothing to look again.
    standings = {
        one.person: one.standing for one in deliberation.disclosures if one.on == meeting.held_on
    }
    for person in sorted(meeting.present - recused):
        if person not in standings:
            yield DecisionProblem(DecisionProblemCode.NOT_EXAMINED, person)
        elif standings[person] is Standing.BARRED:
            yield DecisionProblem(DecisionProblemCode.BARRED_NOT_RECUSED, person)


def _vote_problems(
    meeting: Meeting, votes: Mapping[str, Vote], recused: frozenset[str]
) -> Iterator[DecisionProblem]:
    for person in votes:
        if person in recused:
            yield DecisionProblem(DecisionProblemCode.RECUSED_VOTED, person)
        elif person not in meeting.present:
            yield DecisionProblem(DecisionProblemCode.VOTER_NOT_PRESENT, person)
    for person in sorted(meeting.present - recused - votes.keys()):
        yield DecisionProblem(DecisionProblemCode.VOTE_MISSING, person)


def _told(
    meeting: Meeting, deliberation: Deliberation, recused: frozenset[str]
) -> Iterator[Disclosure]:
    for one in sorted(deliberation.disclosures, key=lambda one: one.person):
        if one.person in meeting.present - recused and one.standing is not Standing.NONE_FOUND:
            yield one


class IncompleteMinutesError(ValueError):
    """The minutes cannot be closed.

    Attributes
    ----------
    unsettled
        Applications on the agenda with neither a decision nor a reason for having none.
    foreign
        Applications decided on that are not on the agenda, in another meeting, or twice.
    """

    def __init__(self, unsettled: Iterable[str], foreign: Iterable[str]) -> None:
        self.unsettled, self.foreign = tuple(unsettled), tuple(foreign)
        facts = []
        if self.unsettled:
            facts.append(
                f"nothing is said of {', '.join(self.unsettled)}: give the decision, or say why "
                "there is none."
            )
        if self.foreign:
            facts.append(
                f"what is said of {', '.join(self.foreign)} is not of this agenda, or is said "
                "twice: remove it."
            )
        super().__init__(f"The minutes cannot be closed: {' '.join(facts)}")


@dataclass(frozen=True, slots=True)
class Minutes:
    """The content of the minutes of a meeting, closed."""

    meeting: Meeting
    rules: CommitteeRules
    decisions: tuple[Decision, ...]
    without_decision: tuple[tuple[str, str], ...]

    def content(self) -> dict[str, Any]:
        """Give the minutes as a JSON value, the same for the same meeting whatever the order."""
        return {
            "format": "alliage.minutes/1",
            "meeting": {
                "id": self.meeting.id,
                "held_on": self.meeting.held_on.isoformat(),
                "entitled": sorted(self.meeting.entitled),
                "present": sorted(self.meeting.present),
                "guests": sorted(self.meeting.guests),
                "chair": self.meeting.chair,
                "agenda": [
                    {"application": one.application, "asked": str(euros(one.asked))}
                    for one in self.meeting.agenda
                ],
            },
            "rules": _rules_content(self.rules),
            "decisions": [_decision_content(one) for one in self.decisions],
            "without_decision": dict(self.without_decision),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical content, in hexadecimal: what a signature or a PDF refers to."""
        return sha256(rfc8785.dumps(self.content())).hexdigest()


def close_minutes(
    meeting: Meeting,
    rules: CommitteeRules,
    decisions: Iterable[Decision],
    without_decision: Mapping[str, str],
) -> Minutes:
    """Close the minutes of a meeting: each item is decided, or it is said why it is not.

    Parameters
    ----------
    meeting : Meeting
        The meeting.
    rules : CommitteeRules
        The rules that were applied.
    decisions : iterable of Decision
        Decisions taken in this meeting.
    without_decision : mapping of str to str
        For each other application of the agenda, why there is no decision.

    Returns
    -------
    Minutes
        In the order of the agenda.

    Raises
    ------
    IncompleteMinutesError
        If an item is left without a word, or if a decision is not of this agenda.

    Examples
    --------
    >>> import datetime as dt
    >>> from alliage.values.money import euros
    >>> members, item = frozenset({"ana"}), AgendaItem("A-7", euros(8000))
    >>> meeting = Meeting("M1", dt.date(2026, 5, 1), members, members, "ana", (item,))
    >>> minutes = close_minutes(meeting, CommitteeRules(), [], {"A-7": "No quorum."})
    >>> len(minutes.digest)
    64
    >>> close_minutes(meeting, CommitteeRules(), [], {})
    Traceback (most recent call last):
        ...
    alliage.fund.instruction.committee.IncompleteMinutesError: The minutes cannot be closed:...
    """
    taken = list(decisions)
    order = [one.application for one in meeting.agenda]
    said = Counter([one.application for one in taken] + list(without_decision))
    blank = {name for name, reason in without_decision.items() if not reason.strip()}
    unsettled = [name for name in order if name not in said or name in blank]
    foreign = {name for name, times in said.items() if name not in order or times > 1}
    foreign |= {one.application for one in taken if one.meeting != meeting.id}
    if unsettled or foreign:
        raise IncompleteMinutesError(unsettled, sorted(foreign))
    return Minutes(
        meeting,
        rules,
        tuple(sorted(taken, key=lambda one: order.index(one.application))),
        tuple((name, without_decision[name]) for name in order if name in without_decision),
    )


def _rules_content(rules: CommitteeRules) -> dict[str, Any]:
    return {
        "quorum": {
            "share": str(rules.quorum.share),
            "number": rules.quorum.number,
            "strictly_more": rules.quorum.strictly_more,
            "base": rules.quorum.base.value,
        },
        "mode": rules.mode.value,
        "majority": str(rules.majority),
        "majority_base": rules.majority_base.value,
        "casting_vote": rules.casting_vote.value,
        "names_votes": rules.names_votes,
    }


def _decision_content(decision: Decision) -> dict[str, Any]:
    return {
        "application": decision.application,
        "motion": _motion_content(decision.motion),
        "presiding": decision.presiding,
        "quorum": {
            "required": decision.quorum.required,
            "base": decision.quorum.base,
            "counted": decision.quorum.counted,
        },
        "tally": {
            "for": decision.tally.in_favour,
            "against": decision.tally.against,
            "abstain": decision.tally.abstentions,
            "casting_vote": decision.tally.casting_vote,
        },
        "votes": {person: vote.value for person, vote in decision.votes},
        "recusals": [
            {
                "person": one.person,
                "on": one.on.isoformat(),
                "reason": one.reason.value,
                "explanation": one.explanation,
                "conflicts": [conflict.kind.value for conflict in one.conflicts],
            }
            for one in decision.recusals
        ],
        "disclosures": [
            {
                "person": one.person,
                "standing": one.standing.value,
                "conflicts": [conflict.kind.value for conflict in one.conflicts],
            }
            for one in decision.disclosures
        ],
    }


def _motion_content(motion: Motion) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": motion.kind.value}
    for field in MANDATORY[motion.kind]:
        value = getattr(motion, field.value)
        if isinstance(value, Decimal):
            # 8000 and 8000.00 are the same amount, and have the same digest.
            value = euros(value)
        written[field.value] = list(value) if isinstance(value, tuple) else str(value)
    return written


def document() -> str:
    """Write the page of the documentation that shows the rules.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> print(document().splitlines()[0])
    # Rules of the committee
    """
    rules = CommitteeRules()
    fields = [
        f"| `{kind}` | {', '.join(f'`{field}`' for field in mandatory)} |"
        for kind, mandatory in MANDATORY.items()
    ]
    problems = [f"| `{code}` | {_REMEDY[code]} |" for code in DecisionProblemCode]
    return "\n".join(
        [
            "# Rules of the committee",
            "",
            "Generated from `src/alliage/fund/instruction/committee.py` by",
            "`python -m alliage.fund.instruction.committee > docs/reference/committee-rules.md`;",
            "a test fails when this page is stale.",
            "",
            "## What a decision says",
            "",
            "Each decision says all of its fields and no other.",
            "",
            "| decision | fields |",
            "| --- | --- |",
            *fields,
            "",
            "| field | meaning |",
            "| --- | --- |",
            *(f"| `{field}` | {MEANING[field]} |" for field in Field),
            "",
            "`accept` grants what was asked; `accept_reduced` less; `accept_subject_to_documents`",
            "either. No amount goes above what the envelope has at this moment of the meeting.",
            "",
            "## Quorum",
            "",
            "`share` of the base, at least or strictly more, and `number` of members: both have to",
            "be reached, and one member at least has to be there. Counted are the members present",
            "who do not step back. The quorum is checked for each item.",
            "",
            "| base | of seven members, one of whom steps back, one half is |",
            "| --- | --- |",
            "| `entitled` | 4, taken of 7 |",
            "| `entitled_less_recused` | 3, taken of 6 |",
            "",
            f"By default: {rules.quorum.share} of `{rules.quorum.base}`. Those who step back stay",
            "in the base: an item from which many step back waits, rather than being decided by",
            "a few.",
            "",
            "## Votes",
            "",
            "Every member present who does not step back is `for`, `against` or `abstain`;",
            "nobody votes by proxy. With `vote`, a motion is adopted by more than one half, or by",
            "at least another share where the rules ask for more; abstentions count in the base",
            "with `all_voters`, not with `for_and_against`. Where as many are for as against, the",
            "vote of who presides counts twice with `presiding`. With `consensus`, at least one is",
            "for and nobody against.",
            "",
            f"By default: `{rules.mode}`, {rules.majority} of `{rules.majority_base}`, casting",
            f"vote `{rules.casting_vote}`, votes not named in the minutes.",
            "",
            "## What stands in the way",
            "",
            "All problems are told at once; a motion that is not adopted is told when nothing else",
            "is wrong.",
            "",
            "| problem | remedy |",
            "| --- | --- |",
            *problems,
            "",
            "## Minutes",
            "",
            "Closed when each item of the agenda has a decision or a reason for having none. Their",
            "content is a JSON value; its digest is the SHA-256 of its canonical form (RFC 8785).",
            "The facts behind a conflict are named by their kind only: the minutes are read by",
            "people who may not know the rest.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(document())
