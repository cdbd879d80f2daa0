"""Repayable advances as the library knows them, and where each stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.fund.money.advance_forecast import Count, incentive_index
from alliage.fund.money.advances import (
    AdvanceFile,
    Fact,
    Repayment,
    Statement,
    decide,
    repayment_standing,
)
from alliage.fund.states import AdvanceState
from alliage.values.money import ZERO, Euros, total
from alliage_web.fund.models import (
    AdvanceStatement,
    MovementKind,
    RepayableAdvance,
    RepaymentKind,
)
from alliage_web.fund.queries.agreements import kept_of, outstanding_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.fund.money.advance_forecast import IncentiveIndex
    from alliage.fund.money.advances import AdvanceDecision, RepaymentStanding
    from alliage_web.fund.models import Fund


def file_of(advance: RepayableAdvance) -> AdvanceFile:
    """Give the facts of an advance; until it is paid, the day of its payment is the last one."""
    return file_with(advance, paid_on(advance))


def file_with(advance: RepayableAdvance, paid: dt.date | None) -> AdvanceFile:
    """Give the facts of an advance of which the day of payment was read."""
    said = {row.fact: Statement(row.yes, row.on) for row in advance.statements.all()}
    return AdvanceFile(
        paid_on=paid or dt.date.max,
        criteria=said.get(Fact.CRITERIA),
        roadmap=said.get(Fact.ROADMAP),
        holder=said.get(Fact.HOLDER_DECLARATION),
        fund=said.get(Fact.FUND_DECLARATION),
        check=said.get(Fact.CHECK),
        ruling=said.get(Fact.RULING),
        check_after_months=advance.check_after_months,
    )


def paid_on(advance: RepayableAdvance) -> dt.date | None:
    """Return the day of the first payment, or None."""
    paid = advance.agreement.movements.filter(kind=MovementKind.PAYMENT).order_by("on").first()
    return paid.on if paid else None


@dataclass(frozen=True, slots=True)
class AdvancePage:
    """An advance with what is known, what it waits for and what may be done."""

    advance: RepayableAdvance
    statements: tuple[AdvanceStatement, ...]
    paid: Euros
    paid_on: dt.date | None
    decision: AdvanceDecision | None
    standing: RepaymentStanding | None
    schedule: tuple[Repayment, ...]
    outstanding: Euros

    @property
    def state(self) -> AdvanceState:
        return AdvanceState(self.advance.state)

    @property
    def missing(self) -> tuple[Fact, ...]:
        """The facts that may be recorded now."""
        return self.decision.missing if self.decision else ()


def page_of_advance(advance: RepayableAdvance, on: dt.date) -> AdvancePage:
    """Say where an advance stands on a day."""
    agreement = advance.agreement
    day = paid_on(advance)
    schedule = schedule_of(advance)
    return AdvancePage(
        advance=advance,
        statements=tuple(advance.statements.select_related("recorded_by")),
        paid=kept_of(agreement),
        paid_on=day,
        # Nothing is to be decided of what was not paid.
        decision=decide(file_of(advance)) if day else None,
        standing=repayment_standing(schedule, repaid=repaid_of(advance), on=on)
        if schedule
        else None,
        schedule=schedule,
        outstanding=outstanding_of(agreement),
    )


def schedule_of(advance: RepayableAdvance) -> tuple[Repayment, ...]:
    return tuple(Repayment(row.due_on, row.eur) for row in advance.schedule.all())


def repaid_of(advance: RepayableAdvance) -> Euros:
    return total(
        row.eur for row in advance.settlements.all() if row.kind == RepaymentKind.REPAYMENT
    )


@dataclass(frozen=True, slots=True)
class AdvanceLine:
    """An advance in the list of a fund."""

    advance: RepayableAdvance
    lent: Euros
    repaid: Euros
    outstanding: Euros


@dataclass(frozen=True, slots=True)
class AdvancesOfFund:
    """The advances of a fund, with their sums and what their success is worth."""

    lines: tuple[AdvanceLine, ...]
    index: IncentiveIndex

    @property
    def lent(self) -> Euros:
        return total(line.lent for line in self.lines)

    @property
    def repaid(self) -> Euros:
        return total(line.repaid for line in self.lines)

    @property
    def outstanding(self) -> Euros:
        return total(line.outstanding for line in self.lines)


def advances_of(fund: Fund) -> AdvancesOfFund:
    """Return the advances of a fund; the whole takes the same number of queries."""
    rows = (
        RepayableAdvance.objects.filter(agreement__fund=fund)
        .select_related("agreement__receiver", "agreement__fund", "agreement__alliance")
        .prefetch_related("agreement__movements", "settlements", "statements")
        .order_by("-agreement__created_at", "pk")
    )
    return AdvancesOfFund(tuple(_line(row) for row in rows), _index(rows))


def _line(row: RepayableAdvance) -> AdvanceLine:
    lent = kept_of(row.agreement)
    settled = total(each.eur for each in row.settlements.all())
    return AdvanceLine(row, lent, repaid_of(row), max(lent - settled, ZERO))


def _index(rows: Iterable[RepayableAdvance]) -> IncentiveIndex:
    declared: list[bool] = []
    audited: list[bool] = []
    for row in rows:
        said = {each.fact: each.yes for each in row.statements.all()}
        holder, fund = said.get(Fact.HOLDER_DECLARATION), said.get(Fact.FUND_DECLARATION)
        if holder is not None and fund is not None:
            declared.append(holder and fund)
        if (check := said.get(Fact.CHECK)) is not None:
            audited.append(check)
    return incentive_index(Count(sum(declared), len(declared)), Count(sum(audited), len(audited)))
