"""The life of a repayable advance: facts recorded, repayments, and what is not repaid."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction

from alliage.fund.money import ledger
from alliage.fund.money.advances import Fact, Outcome, decide, repayment_schedule
from alliage.fund.money.ledger import PostingKind
from alliage.fund.states import ADVANCE, AdvanceState, Guard, follow
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.actions import ledger as books
from alliage_web.fund.models import (
    AdvanceInstalment,
    AdvanceSettlement,
    AdvanceStatement,
    RepayableAdvance,
    RepaymentKind,
)
from alliage_web.fund.queries import advances as queries
from alliage_web.fund.queries.agreements import kept_of, outstanding_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from uuid import UUID

    from alliage.fund.money.advances import AdvanceDecision, AdvanceFile
    from alliage.values.money import Euros
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Agreement

_OPERATIONS = {
    RepaymentKind.REPAYMENT: PostingKind.REPAYMENT,
    RepaymentKind.WAIVER: PostingKind.WAIVER,
    RepaymentKind.WRITE_OFF: PostingKind.WRITE_OFF,
}
#: What a committee vouches for when it gives up a repayment.
COMMITTEE = frozenset({Guard.QUORUM_MET, Guard.NO_INTERESTED_VOTE})


class FactKnownError(Exception):
    """The fact was recorded before: facts are never changed."""


class FactNotExpectedError(Exception):
    """The advance does not wait for this fact now."""

    def __init__(self, fact: Fact, expected: Iterable[Fact]) -> None:
        self.fact, self.expected = fact, tuple(expected)
        shown = ", ".join(self.expected) or "nothing"
        super().__init__(f"{fact} is not waited for. Expected now: {shown}.")


class SamePersonDeclaresError(Exception):
    """One person cannot declare for both sides."""


def fix_criteria(*, agreement: Agreement, on: dt.date, by: User, at: dt.datetime) -> None:
    """Record that both parties signed the criteria, with the agreement that holds them."""
    advance = _locked(agreement.advance)
    AdvanceStatement.objects.create(
        advance=advance,
        fact=Fact.CRITERIA.value,
        yes=True,
        on=on,
        evidence=agreement.reference,
        recorded_by=by,
        recorded_at=at,
    )
    _move(advance, "fix_criteria", {Guard.CRITERIA_SIGNED})


def follow_payment(*, agreement: Agreement) -> None:
    """Move an advance on once all of it is paid."""
    advance = _locked(agreement.advance)
    version = agreement.versions.filter(in_force_on__isnull=False).order_by("-number").first()
    if (
        version is not None
        and advance.state == AdvanceState.CRITERIA_FIXED
        and kept_of(agreement) >= version.eur
    ):
        _move(advance, "pay", {Guard.AGREEMENT_SIGNED, Guard.BANK_CONFIRMED_ALL})


@transaction.atomic
def state_fact(
    *,
    advance: RepayableAdvance,
    fact: Fact,
    yes: bool,
    on: dt.date,
    evidence: str,
    by: User,
    at: dt.datetime,
    document: UUID | None = None,
    submission: UUID | None = None,
) -> AdvanceDecision:
    """Record a fact of an advance, with its proof, and say what becomes of it.

    Raises
    ------
    FactKnownError
        If it was recorded before.
    FactNotExpectedError
        If the advance does not wait for it now.
    SamePersonDeclaresError
        If the same person declared for the other side.
    AdvanceError
        If its date comes before what it follows.
    AlreadyDoneError
        If the form was received before.
    """
    books.begin(advance.agreement.fund)
    refuse_repeat(submission)
    advance = _locked(advance)
    if advance.statements.filter(fact=fact.value).exists():
        raise FactKnownError
    before = decide(queries.file_of(advance)) if queries.paid_on(advance) else None
    expected = before.missing if before else ()
    if fact not in expected:
        raise FactNotExpectedError(fact, expected)
    _check_two_people(advance, fact, by)
    AdvanceStatement.objects.create(
        advance=advance,
        fact=fact.value,
        yes=yes,
        on=on,
        evidence=evidence,
        document=document,
        recorded_by=by,
        recorded_at=at,
    )
    file = queries.file_of(advance)
    decision = decide(file)
    _follow_facts(advance, file, decision)
    record(
        kind="advance.fact_stated",
        target=advance.stable_name,
        by=by,
        at=at,
        changes={
            "fact": [None, fact.value],
            "answer": [None, yes],
            "on": [None, on.isoformat()],
            "outcome": [before.outcome.value if before else None, decision.outcome.value],
        },
        submission=submission,
    )
    return decision


def _check_two_people(advance: RepayableAdvance, fact: Fact, by: User) -> None:
    both = {Fact.HOLDER_DECLARATION, Fact.FUND_DECLARATION}
    if fact in both:
        [other] = both - {fact}
        if advance.statements.filter(fact=other.value, recorded_by=by).exists():
            raise SamePersonDeclaresError


def _follow_facts(advance: RepayableAdvance, file: AdvanceFile, decision: AdvanceDecision) -> None:
    """Take the decisions that the facts make by themselves."""
    state = AdvanceState(advance.state)
    if state is AdvanceState.ROADMAP_TO_APPROVE and file.roadmap and file.roadmap.yes:
        _move(advance, "approve_roadmap", {Guard.ROADMAP_DELIVERED})
    both = file.holder and file.fund and file.holder.yes and file.fund.yes
    if AdvanceState(advance.state) is AdvanceState.ROADMAP_APPROVED and both:
        _move(advance, "declare_success", {Guard.BOTH_DECLARED})
    if decision.outcome is not Outcome.DUE:
        return
    if file.ruling:
        _move(advance, "rule_success", {*COMMITTEE, Guard.REASON_WRITTEN})
    else:
        # The library accepts a check only once its months have passed.
        _move(advance, "confirm_success", {Guard.TWELVE_MONTHS_PASSED, Guard.CRITERIA_MET})


@transaction.atomic
def record_failure(
    *,
    advance: RepayableAdvance,
    reason: str,
    on: dt.date,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> None:
    """Record that the mission failed: the repayment is not due, and the ledger says so.

    Raises
    ------
    GuardNotMet
        If the facts do not say a failure, or no reason is written.
    AlreadyDoneError
        If the form was received before.
    """
    books.begin(advance.agreement.fund)
    refuse_repeat(submission)
    advance = _locked(advance)
    found = decide(queries.file_of(advance)).outcome if queries.paid_on(advance) else None
    # The library says a failure only once the facts that it waits for are there.
    holds = {Guard.TWELVE_MONTHS_PASSED, *_stated(reason, committee=False)}
    if found is Outcome.WAIVED:
        holds.add(Guard.CRITERIA_NOT_MET)
    _move(advance, "record_failure", holds)
    _give_up(advance, RepaymentKind.WAIVER, reason, on, by=by, at=at, submission=submission)


@transaction.atomic
def ask_repayment(
    *,
    advance: RepayableAdvance,
    instalments: int,
    first_on: dt.date,
    every_months: int,
    by: User,
    at: dt.datetime,
) -> None:
    """Write the schedule of the repayment, and ask for it.

    Raises
    ------
    AdvanceError
        If the amount cannot be spread so.
    GuardNotMet, TransitionNotAllowed
        If the success is not confirmed.
    """
    advance = _locked(advance)
    schedule = repayment_schedule(
        kept_of(advance.agreement),
        instalments=instalments,
        first_on=first_on,
        every_months=every_months,
    )
    _move(advance, "ask_repayment", {Guard.REPAYMENT_SCHEDULED})
    AdvanceInstalment.objects.bulk_create(
        AdvanceInstalment(
            advance=advance, rank=rank, due_on=part.due_on, cents=int(part.amount.scaleb(2))
        )
        for rank, part in enumerate(schedule, start=1)
    )
    record(
        kind="advance.repayment_asked",
        target=advance.stable_name,
        by=by,
        at=at,
        changes={
            "amount": [None, str(kept_of(advance.agreement))],
            "instalments": [None, len(schedule)],
            "first_on": [None, first_on.isoformat()],
        },
    )


@transaction.atomic
def record_repayment(
    *,
    advance: RepayableAdvance,
    amount: Euros,
    on: dt.date,
    reason: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> AdvanceSettlement:
    """Record money of an advance that came back; once all of it did, the advance is repaid.

    Raises
    ------
    PostingRefused
        If more comes back than was lent.
    TransitionNotAllowed
        If no repayment is due.
    AlreadyDoneError
        If the form was received before.
    """
    books.begin(advance.agreement.fund)
    refuse_repeat(submission)
    advance = _locked(advance)
    if advance.state != AdvanceState.DUE:
        follow(ADVANCE, AdvanceState(advance.state), "record_repayment")
    row = _settle(
        advance, RepaymentKind.REPAYMENT, amount, on, reason, by=by, at=at, submission=submission
    )
    if not outstanding_of(advance.agreement):
        _move(advance, "record_repayment", {Guard.NOTHING_OUTSTANDING})
    return row


@transaction.atomic
def give_up_repayment(
    *,
    advance: RepayableAdvance,
    kind: RepaymentKind,
    reason: str,
    on: dt.date,
    committee: bool,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> None:
    """Waive what is left to repay, or write it off as a loss, as the committee decided.

    Raises
    ------
    GuardNotMet, TransitionNotAllowed
        If nothing is due, or the committee did not decide.
    AlreadyDoneError
        If the form was received before.
    """
    books.begin(advance.agreement.fund)
    refuse_repeat(submission)
    advance = _locked(advance)
    verb = "write_off" if kind is RepaymentKind.WRITE_OFF else "waive"
    _move(advance, verb, _stated(reason, committee=committee))
    _give_up(advance, kind, reason, on, by=by, at=at, submission=submission)


def _stated(reason: str, *, committee: bool) -> set[Guard]:
    holds = set(COMMITTEE) if committee else set()
    if reason.strip():
        holds.add(Guard.REASON_WRITTEN)
    return holds


def _give_up(
    advance: RepayableAdvance,
    kind: RepaymentKind,
    reason: str,
    on: dt.date,
    *,
    by: User,
    at: dt.datetime,
    submission: UUID | None,
) -> None:
    if left := outstanding_of(advance.agreement):
        _settle(advance, kind, left, on, reason, by=by, at=at, submission=submission)


def _settle(
    advance: RepayableAdvance,
    kind: RepaymentKind,
    amount: Euros,
    on: dt.date,
    reason: str,
    *,
    by: User,
    at: dt.datetime,
    submission: UUID | None,
) -> AdvanceSettlement:
    agreement = advance.agreement
    key = f"adv-{uuid4().hex[:20]}"
    posting = ledger.Posting(
        key=key,
        fund=agreement.fund.code,
        kind=_OPERATIONS[kind],
        booked_on=on,
        reason=reason,
        reference=agreement.reference,
        amount=amount,
        file=agreement.file,
        advance=agreement.reference,
    )
    books.write(agreement.fund, [posting], by=by, at=at)
    row = AdvanceSettlement.objects.create(
        advance=advance,
        kind=kind,
        key=key,
        cents=int(amount.scaleb(2)),
        on=on,
        reason=reason,
        recorded_by=by,
        recorded_at=at,
    )
    record(
        kind="advance.settled",
        target=advance.stable_name,
        by=by,
        at=at,
        changes={
            "settlement": [None, kind.value],
            "amount": [None, str(row.eur)],
            "on": [None, on.isoformat()],
        },
        submission=submission,
    )
    return row


def _locked(advance: RepayableAdvance) -> RepayableAdvance:
    return (
        RepayableAdvance.objects.select_for_update(of=("self",), no_key=True)
        .select_related("agreement__fund", "agreement__strand", "agreement__application")
        .get(pk=advance.pk)
    )


def _move(advance: RepayableAdvance, verb: str, holds: Iterable[Guard]) -> None:
    advance.state = follow(ADVANCE, AdvanceState(advance.state), verb, holds=set(holds)).value
    advance.save(update_fields=["state"])
