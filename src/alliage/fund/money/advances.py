"""Repayable advances: due only if the mission succeeded; the decision and the repayment."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.values.money import ZERO, Euros, allocate, euros, total

if TYPE_CHECKING:
    from collections.abc import Sequence


class AdvanceProblem(StrEnum):
    """Why an advance cannot be paid, decided or scheduled as asked."""

    CRITERIA_NOT_FIXED = "criteria_not_fixed"
    DATES = "dates"
    NOTHING_TO_RULE = "nothing_to_rule"
    INSTALMENTS = "instalments"
    REPAID = "repaid"


class AdvanceError(ValueError):
    """An advance cannot be paid, decided or scheduled as asked.

    Attributes
    ----------
    problem
        What is wrong.
    values
        The facts of the refusal, by name, as text: what was given and what is possible.
    """

    def __init__(self, problem: AdvanceProblem, message: str, **values: object) -> None:
        self.problem = problem
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody stated, yes or no, and the day when it became true.

    A statement that nobody made is ``None``: it is neither yes nor no.
    """

    yes: bool
    on: dt.date


@dataclass(frozen=True, slots=True)
class AdvanceFile:
    """The facts that say whether an advance has to be repaid.

    Attributes
    ----------
    paid_on
        Day of the payment of the advance.
    criteria
        The criteria of success were fixed, and when.
    roadmap
        The holder approved the roadmap that the mission delivered, or refused it.
    holder, fund
        Each side declared and signed that the mission succeeded, or that it failed.
    check
        Whether the roadmap was found in use, at the check that follows the declarations.
    ruling
        What the committee decided where the facts disagree: due (yes) or waived (no).
    check_after_months
        Months from the later declaration to the check, as the agreement says.
    """

    paid_on: dt.date
    criteria: Statement | None = None
    roadmap: Statement | None = None
    holder: Statement | None = None
    fund: Statement | None = None
    check: Statement | None = None
    ruling: Statement | None = None
    check_after_months: int = 12


class Outcome(StrEnum):
    """What becomes of an advance."""

    PENDING = "pending"
    DUE = "due"
    WAIVED = "waived"
    DISPUTED = "disputed"


class Fact(StrEnum):
    """A fact that the decision waits for."""

    CRITERIA = "criteria"
    ROADMAP = "roadmap"
    HOLDER_DECLARATION = "holder_declaration"
    FUND_DECLARATION = "fund_declaration"
    CHECK = "check"
    RULING = "ruling"


class Reason(StrEnum):
    """Why an advance is due, waived or disputed."""

    NO_CRITERIA = "no_criteria"
    CRITERIA_AFTER_PAYMENT = "criteria_after_payment"
    DECLARED_FAILURE = "declared_failure"
    SUCCESS_CONFIRMED = "success_confirmed"
    DECLARATIONS_DIFFER = "declarations_differ"
    SUCCESS_WITHOUT_ROADMAP = "success_without_roadmap"
    ROADMAP_NOT_IN_USE = "roadmap_not_in_use"
    FAILURE_BUT_IN_USE = "failure_but_in_use"
    RULED_DUE = "ruled_due"
    RULED_WAIVED = "ruled_waived"


@dataclass(frozen=True, slots=True)
class AdvanceDecision:
    """What becomes of an advance, why, and what the decision still waits for.

    Attributes
    ----------
    outcome
        Due, waived, disputed (the committee rules) or pending.
    reason
        Why; ``None`` while it is pending.
    missing
        The facts to record next, in the order of the life of the advance.
    check_from
        The first day of the check, once both sides declared success.
    """

    outcome: Outcome
    reason: Reason | None
    missing: tuple[Fact, ...] = ()
    check_from: dt.date | None = None


def check_payment(criteria: Statement | None, paid_on: dt.date) -> None:
    """Refuse the payment of an advance whose success could not be judged.

    Parameters
    ----------
    criteria : Statement, optional
        The criteria of success were fixed, and when.
    paid_on : datetime.date
        Day of the payment.

    Raises
    ------
    AdvanceError
        If the criteria are not fixed on that day at the latest.

    Examples
    --------
    >>> check_payment(Statement(True, dt.date(2026, 3, 1)), dt.date(2026, 3, 15))
    """
    if criteria is None or not criteria.yes or criteria.on > paid_on:
        fixed = criteria.on if criteria is not None and criteria.yes else "never"
        msg = (
            f"The advance cannot be paid on {paid_on}: its criteria of success were fixed {fixed}. "
            "Write them in the agreement first, then pay; or give a grant, which is not repaid."
        )
        values = {"paid_on": paid_on, "fixed_on": fixed}
        raise AdvanceError(AdvanceProblem.CRITERIA_NOT_FIXED, msg, **values)


def decide(file: AdvanceFile) -> AdvanceDecision:
    """Say whether an advance has to be repaid.

    Parameters
    ----------
    file : AdvanceFile
        The facts that are recorded.

    Returns
    -------
    AdvanceDecision
        Due where the criteria were fixed before the payment, the holder approved the roadmap, both
        sides declared success and the check found the roadmap in use. Waived without criteria
        fixed before the payment, or where both sides declared failure. Disputed where facts
        disagree, until the committee rules. Pending while a fact is missing.

    Raises
    ------
    AdvanceError
        If a fact comes before the one that it follows, or if there is nothing to rule on.

    Source: the public description of the mechanism of Fonds i (colloquium of 3 November 2022);
    what it leaves open is decided and explained in ``docs/algorithms/advances.md``.

    Examples
    --------
    >>> day = dt.date
    >>> yes = Statement(True, day(2026, 9, 1))
    >>> criteria = Statement(True, day(2026, 1, 5))
    >>> found = decide(AdvanceFile(day(2026, 1, 12), criteria, roadmap=yes, holder=yes, fund=yes))
    >>> str(found.outcome), [str(fact) for fact in found.missing], str(found.check_from)
    ('pending', ['check'], '2027-09-01')
    """
    _check_dates(file)
    found = _decide_without_ruling(file)
    if file.ruling is None:
        return found
    if found.outcome is not Outcome.DISPUTED:
        msg = (
            f"The committee has nothing to rule on: the advance is {found.outcome}. "
            "Record the missing facts, or remove the ruling."
        )
        values = {"outcome": found.outcome, "missing": ", ".join(found.missing)}
        raise AdvanceError(AdvanceProblem.NOTHING_TO_RULE, msg, **values)
    if file.ruling.yes:
        return AdvanceDecision(Outcome.DUE, Reason.RULED_DUE, check_from=found.check_from)
    return AdvanceDecision(Outcome.WAIVED, Reason.RULED_WAIVED, check_from=found.check_from)


def _decide_without_ruling(file: AdvanceFile) -> AdvanceDecision:
    # Without criteria fixed beforehand, success cannot be judged: what follows does not matter.
    if file.criteria is not None and not file.criteria.yes:
        return AdvanceDecision(Outcome.WAIVED, Reason.NO_CRITERIA)
    if file.criteria is not None and file.criteria.on > file.paid_on:
        return AdvanceDecision(Outcome.WAIVED, Reason.CRITERIA_AFTER_PAYMENT)
    missing = _missing(file)
    if missing or file.roadmap is None or file.holder is None or file.fund is None:
        return AdvanceDecision(Outcome.PENDING, None, missing)
    if file.holder.yes != file.fund.yes:
        return _disputed(Reason.DECLARATIONS_DIFFER)
    if not file.holder.yes:
        return _declared_failed(file)
    if not file.roadmap.yes:
        return _disputed(Reason.SUCCESS_WITHOUT_ROADMAP)
    return _after_check(file)


def _declared_failed(file: AdvanceFile) -> AdvanceDecision:
    # The fund signed against its own interest: no check is awaited, one that was made counts.
    if file.check is not None and file.check.yes:
        return _disputed(Reason.FAILURE_BUT_IN_USE, _check_from(file))
    return AdvanceDecision(Outcome.WAIVED, Reason.DECLARED_FAILURE)


def _after_check(file: AdvanceFile) -> AdvanceDecision:
    check_from = _check_from(file)
    if file.check is None:
        return AdvanceDecision(Outcome.PENDING, None, (Fact.CHECK,), check_from)
    if not file.check.yes:
        return _disputed(Reason.ROADMAP_NOT_IN_USE, check_from)
    return AdvanceDecision(Outcome.DUE, Reason.SUCCESS_CONFIRMED, check_from=check_from)


def _disputed(reason: Reason, check_from: dt.date | None = None) -> AdvanceDecision:
    return AdvanceDecision(Outcome.DISPUTED, reason, (Fact.RULING,), check_from)


def _missing(file: AdvanceFile) -> tuple[Fact, ...]:
    facts = {
        Fact.CRITERIA: file.criteria,
        Fact.ROADMAP: file.roadmap,
        Fact.HOLDER_DECLARATION: file.holder,
        Fact.FUND_DECLARATION: file.fund,
    }
    return tuple(fact for fact, statement in facts.items() if statement is None)


def _check_from(file: AdvanceFile) -> dt.date | None:
    if file.holder is None or file.fund is None:
        return None
    return _add_months(max(file.holder.on, file.fund.on), file.check_after_months)


def _check_dates(file: AdvanceFile) -> None:
    earliest = {
        Fact.ROADMAP: (file.roadmap, file.paid_on),
        Fact.HOLDER_DECLARATION: (file.holder, file.paid_on),
        Fact.FUND_DECLARATION: (file.fund, file.paid_on),
        Fact.CHECK: (file.check, _check_from(file)),
        Fact.RULING: (file.ruling, file.paid_on),
    }
    for fact, (statement, first) in earliest.items():
        if statement is not None and (first is None or statement.on < first):
            possible = f"from {first}" if first else "once both sides declared the outcome"
            msg = f"{fact} is dated {statement.on}. It is possible {possible}. Correct the date."
            values = {"fact": fact, "on": statement.on} | ({"earliest": first} if first else {})
            raise AdvanceError(AdvanceProblem.DATES, msg, **values)


@dataclass(frozen=True, slots=True)
class Repayment:
    """One repayment that is expected."""

    due_on: dt.date
    amount: Euros


def repayment_schedule(
    amount: Euros, *, instalments: int, first_on: dt.date, every_months: int = 1
) -> tuple[Repayment, ...]:
    """Spread the repayment of an advance, to the cent and without interest.

    Parameters
    ----------
    amount : Decimal
        Euros to repay.
    instalments : int
        How many repayments; each is at least one cent.
    first_on : datetime.date
        Day of the first repayment. A day that a later month does not have becomes its last day.
    every_months : int
        Months between two repayments.

    Returns
    -------
    tuple of Repayment
        Equal to the cent, the first ones a cent higher where cents are left; their sum is the
        amount.

    Raises
    ------
    AdvanceError
        If the amount cannot be spread so.

    Examples
    --------
    >>> first = dt.date(2028, 1, 31)
    >>> for part in repayment_schedule(euros(100), instalments=3, first_on=first):
    ...     print(part.due_on, part.amount)
    2028-01-31 33.34
    2028-02-29 33.33
    2028-03-31 33.33
    """
    whole = euros(amount)
    most = int(whole * 100)
    if every_months < 1 or not 1 <= instalments <= most:
        msg = (
            f"{whole} € in {instalments} repayments, one each {every_months} months, is not "
            f"possible. Give from 1 to {max(most, 1)} repayments of an amount above 0, a month or "
            "more apart."
        )
        values = {"amount": whole, "instalments": instalments, "most": most}
        raise AdvanceError(AdvanceProblem.INSTALMENTS, msg, **values)
    return tuple(
        Repayment(_add_months(first_on, rank * every_months), part)
        for rank, part in enumerate(allocate(whole, [1] * instalments))
    )


@dataclass(frozen=True, slots=True)
class RepaymentStanding:
    """Where the repayment of an advance stands on a day, in euros.

    Attributes
    ----------
    called
        What the schedule asked for by that day, that day included.
    repaid
        What came back.
    overdue
        What was asked for and did not come back.
    left
        What remains to come back in all.
    """

    called: Euros
    repaid: Euros
    overdue: Euros
    left: Euros


def repayment_standing(
    schedule: Sequence[Repayment], *, repaid: Euros, on: dt.date
) -> RepaymentStanding:
    """Say what is overdue and what is left to repay.

    Parameters
    ----------
    schedule : sequence of Repayment
        What was agreed.
    repaid : Decimal
        Euros that came back so far, whichever repayment they were meant for.
    on : datetime.date
        The day.

    Returns
    -------
    RepaymentStanding
        Called, repaid, overdue and left.

    Raises
    ------
    AdvanceError
        If more came back than was lent, or less than nothing.

    Examples
    --------
    >>> schedule = repayment_schedule(euros(100), instalments=2, first_on=dt.date(2028, 1, 1))
    >>> repayment_standing(schedule, repaid=euros(20), on=dt.date(2028, 1, 1)).overdue
    Decimal('30.00')
    """
    whole = total(part.amount for part in schedule)
    back = euros(repaid)
    if not ZERO <= back <= whole:
        msg = f"{back} € came back of {whole} €. Give from 0 to {whole} €, and return the rest."
        raise AdvanceError(AdvanceProblem.REPAID, msg, repaid=back, whole=whole)
    called = total(part.amount for part in schedule if part.due_on <= on)
    return RepaymentStanding(called, back, max(called - back, ZERO), whole - back)


def _add_months(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))
