"""The endowment of a fund: what documents say of it, which statement is in force, how it is cut.

Statements are kept side by side and are never added together: each is a reading of the same money.
One of them is declared in force for the budget; until then, the endowment is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.fund.states import ROLES, Role
from alliage.values.money import Euros, MoneyError, allocate, euros, total

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from alliage.fund.money.ledger_views import FunderBalance
    from alliage.fund.records import FundRecord
    from alliage.values.dates import PartialDate


class BudgetProblem(StrEnum):
    """Why a declaration, a budget or a transfer is refused."""

    AMOUNT = "amount"
    TWICE_THE_SAME = "twice_the_same"
    UNKNOWN_STATEMENT = "unknown_statement"
    ALREADY_IN_FORCE = "already_in_force"
    OUT_OF_ORDER = "out_of_order"
    MISSING = "missing"
    YEARS = "years"
    NO_STRAND = "no_strand"
    UNKNOWN_STRAND = "unknown_strand"
    YEAR_OUTSIDE = "year_outside"
    SAME_ENVELOPE = "same_envelope"
    NOT_THE_DECIDER = "not_the_decider"


class BudgetRefused(ValueError):
    """A declaration, a budget or a transfer is refused; the message says what would be possible.

    Attributes
    ----------
    problem
        Why it is refused.
    values
        What the message is made of, by name.
    """

    def __init__(self, problem: BudgetProblem, message: str, **values: Any) -> None:
        self.problem = problem
        self.values = MappingProxyType(values)
        super().__init__(message)


class StatementStatus(StrEnum):
    """How the endowment is stated."""

    ANNOUNCED = "announced"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one document says of the endowment: euros, over ``years`` years where it says so."""

    code: str
    amount: Euros
    stated_on: PartialDate
    status: StatementStatus
    source: str
    years: int | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """The decision that a statement is the one in force for the budget, from a day on."""

    statement: str
    declared_on: dt.date
    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Endowment:
    """The statements of a fund, side by side, and the declarations in the order they were made.

    Attributes
    ----------
    statements : tuple of Statement
        Each with its own code.
    declarations : tuple of Declaration
        Added by ``declare`` only; the last one counts.

    Raises
    ------
    BudgetRefused
        If two statements have the same code.
    """

    statements: tuple[Statement, ...]
    declarations: tuple[Declaration, ...] = ()

    def __post_init__(self) -> None:
        codes = [each.code for each in self.statements]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            msg = f"Several statements are named {', '.join(twice)}. Give each its own code."
            raise BudgetRefused(BudgetProblem.TWICE_THE_SAME, msg, codes=tuple(twice))

    @property
    def in_force(self) -> Statement | None:
        """The statement last declared in force; None as long as none was: unknown, not zero."""
        if not self.declarations:
            return None
        return self.statement(self.declarations[-1].statement)

    @property
    def bounds(self) -> tuple[Euros, Euros] | None:
        """The lowest and the highest statement, in euros; None if there is none."""
        amounts = [each.amount for each in self.statements]
        return (min(amounts), max(amounts)) if amounts else None

    def statement(self, code: str) -> Statement:
        """Return a statement by its code.

        Raises
        ------
        BudgetRefused
            If there is none; the message gives the codes that exist.
        """
        for each in self.statements:
            if each.code == code:
                return each
        codes = tuple(each.code for each in self.statements)
        msg = f"No statement is named {code}. Choose among: {', '.join(codes) or 'none yet'}."
        raise BudgetRefused(BudgetProblem.UNKNOWN_STATEMENT, msg, asked=code, possible=codes)


def of_record(record: FundRecord) -> Endowment:
    """Take the statements of the file of a fund, with none in force.

    Parameters
    ----------
    record : FundRecord
        A fund as public documents describe it.

    Returns
    -------
    Endowment
        The statements in the order of the file, each named by the date it was stated on.

    Examples
    --------
    >>> from alliage.fund.records import load_funds
    >>> from alliage.values.datafiles import data_directory
    >>> [odd17] = load_funds(data_directory() / "fund")
    >>> endowment = of_record(odd17)
    >>> [(each.code, each.amount) for each in endowment.statements]
    [('2020-11-23', Decimal('2000000.00')), ('2022', Decimal('1500000.00')), \
('2023-07', Decimal('3000000.00'))]
    >>> endowment.in_force is None
    True
    """
    return Endowment(
        tuple(
            Statement(
                str(each.stated_on),
                euros(each.eur),
                each.stated_on,
                StatementStatus(each.status),
                each.source,
                each.years,
            )
            for each in record.endowment
        )
    )


def declare(endowment: Endowment, declaration: Declaration) -> Endowment:
    """Declare a statement in force; the ones before stay in the record.

    Parameters
    ----------
    endowment : Endowment
        The statements, and what was declared so far.
    declaration : Declaration
        The decision.

    Returns
    -------
    Endowment
        With the decision. ``alliage.fund.money.ledger.endowment_in_force`` brings the ledger to it.

    Raises
    ------
    BudgetRefused
        If nobody or no reason is named, the statement is unknown or already in force, or the day
        comes before the last declaration.
    """
    for name in ("decided_by", "reason"):
        _check_written(name, getattr(declaration, name))
    wanted = endowment.statement(declaration.statement)
    if endowment.in_force == wanted:
        msg = f"{wanted.code} is already in force, for {wanted.amount} €: nothing changes."
        raise BudgetRefused(BudgetProblem.ALREADY_IN_FORCE, msg, asked=wanted.code)
    if endowment.declarations and declaration.declared_on < endowment.declarations[-1].declared_on:
        last = endowment.declarations[-1].declared_on
        msg = f"The last declaration is of {last}. Date this one {last} or later."
        raise BudgetRefused(
            BudgetProblem.OUT_OF_ORDER, msg, asked=declaration.declared_on, possible=last
        )
    return replace(endowment, declarations=(*endowment.declarations, declaration))


def _check_written(name: str, text: str) -> None:
    if not text.strip():
        msg = f"A decision of the fund says « {name} ». Write it."
        raise BudgetRefused(BudgetProblem.MISSING, msg, field=name)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The endowment in force beside what the funders promised, called for and gave, in euros.

    ``without_promise`` is what nobody promised yet: below zero, more was promised than is in force.
    It is unknown as long as no statement is in force.
    """

    in_force: Euros | None
    promised: Euros
    called: Euros
    received: Euros

    @property
    def without_promise(self) -> Euros | None:
        """The endowment in force less the promises; None if none is in force."""
        return None if self.in_force is None else self.in_force - self.promised


def coverage(endowment: Endowment, funders: Iterable[FunderBalance]) -> Coverage:
    """Set the endowment in force beside the contributions.

    Parameters
    ----------
    endowment : Endowment
        The statements and the one in force.
    funders : iterable of FunderBalance
        What ``alliage.fund.money.ledger_views.funders`` gives.

    Returns
    -------
    Coverage
        Sums over the funders.
    """
    kept = tuple(funders)
    statement = endowment.in_force
    return Coverage(
        statement.amount if statement else None,
        total(each.promised for each in kept),
        total(each.called for each in kept),
        total(each.received for each in kept),
    )


@dataclass(frozen=True, slots=True)
class Strand:
    """A purpose to which a fund gives envelopes (« volet »)."""

    code: str
    name_fr: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How the money of a fund is cut: its strands, its years, and who moves money between them.

    Attributes
    ----------
    fund : str
        Code of the fund.
    strands : tuple of Strand
        At least one.
    first_year, last_year : int
        Years of its envelopes, both included.
    between_years : Role
        Who moves money from a year to another of the same strand.
    between_strands : Role
        Who moves money from a strand to another; may do the former too.

    Raises
    ------
    BudgetRefused
        If there is no strand, two have the same code, or the years are in the wrong order.
    """

    fund: str
    strands: tuple[Strand, ...]
    first_year: int
    last_year: int
    between_years: Role = Role.FUND_OFFICER
    between_strands: Role = Role.COMMITTEE

    def __post_init__(self) -> None:
        codes = [each.code for each in self.strands]
        if not codes:
            msg = f"The fund {self.fund} has no strand. Name at least one."
            raise BudgetRefused(BudgetProblem.NO_STRAND, msg)
        if len(set(codes)) < len(codes):
            msg = f"Two strands of {self.fund} have the same code. Give each its own."
            raise BudgetRefused(BudgetProblem.TWICE_THE_SAME, msg, codes=tuple(codes))
        if self.last_year < self.first_year:
            msg = (
                f"The years of {self.fund} end in {self.last_year}, before {self.first_year}. "
                "Exchange them."
            )
            raise BudgetRefused(
                BudgetProblem.YEARS, msg, first=self.first_year, last=self.last_year
            )

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the envelopes."""
        return tuple(range(self.first_year, self.last_year + 1))

    def envelope(self, strand: str, year: int) -> Envelope:
        """Name an envelope of the fund.

        Raises
        ------
        BudgetRefused
            If the fund has no such strand or no such year; the message gives those it has.
        """
        codes = tuple(each.code for each in self.strands)
        if strand not in codes:
            msg = f"{self.fund} has no strand {strand}. Choose among: {', '.join(codes)}."
            raise BudgetRefused(BudgetProblem.UNKNOWN_STRAND, msg, asked=strand, possible=codes)
        if year not in self.years:
            msg = f"{self.fund} has no envelope of {year}: {self.first_year} to {self.last_year}."
            raise BudgetRefused(BudgetProblem.YEAR_OUTSIDE, msg, asked=year, possible=self.years)
        return Envelope(strand, year)


def spread(
    budget: Budget, amount: Euros, weights: Mapping[str, Decimal | int]
) -> Mapping[Envelope, Euros]:
    """Propose envelopes: an amount split between strands by weight, and evenly between years.

    Parameters
    ----------
    budget : Budget
        Strands and years.
    amount : Decimal
        Euros to split.
    weights : mapping of str to Decimal or int
        Weight of each strand; one that is left out receives nothing.

    Returns
    -------
    mapping of Envelope to Decimal
        Euros of each envelope, by strand then by year; they make the amount to the cent.

    Raises
    ------
    BudgetRefused
        If a weight is that of an unknown strand.
    MoneyError
        If the weights cannot split.

    Examples
    --------
    >>> budget = Budget("odd17", (Strand("territories", "Territoires", "Territories"),), 2021, 2023)
    >>> plan = spread(budget, euros(1_000_000), {"territories": 1})
    >>> [(str(envelope), amount) for envelope, amount in plan.items()]
    [('territories 2021', Decimal('333333.34')), ('territories 2022', Decimal('333333.33')), \
('territories 2023', Decimal('333333.33'))]
    """
    for code in weights:
        budget.envelope(code, budget.first_year)
    cells = [(strand.code, year) for strand in budget.strands for year in budget.years]
    parts = allocate(amount, [weights.get(code, 0) for code, _ in cells])
    return {Envelope(*cell): part for cell, part in zip(cells, parts, strict=True)}


@dataclass(frozen=True, slots=True)
class TransferDecision:
    """The decision to move money between two envelopes of a fund."""

    origin: Envelope
    target: Envelope
    amount: Euros
    decided_by: Role
    decided_on: dt.date
    reason: str
    reference: str = ""


def transfer(budget: Budget, decision: TransferDecision, *, key: str) -> Posting:
    """Turn the decision of a transfer into the posting that carries it out.

    Parameters
    ----------
    budget : Budget
        Strands, years, and who decides.
    decision : TransferDecision
        Who decides what, when and why.
    key : str
        Key of the posting.

    Returns
    -------
    Posting
        To be applied: the ledger refuses it where the envelope does not hold the amount.

    Raises
    ------
    BudgetRefused
        If an envelope is not one of the fund, the two are the same, the amount is not above zero,
        no reason is written, or the decision is taken by someone who may not.
    """
    for envelope in (decision.origin, decision.target):
        budget.envelope(envelope.strand, envelope.year)
    if decision.origin == decision.target:
        msg = f"Nothing moves from {decision.origin} to itself. Name another envelope."
        raise BudgetRefused(BudgetProblem.SAME_ENVELOPE, msg, asked=decision.target)
    _check_written("reason", decision.reason)
    _check_decider(budget, decision)
    return Posting(
        key=key,
        fund=budget.fund,
        kind=PostingKind.TRANSFER,
        booked_on=decision.decided_on,
        reason=decision.reason,
        reference=decision.reference,
        amount=_positive(decision.amount),
        envelope=decision.origin,
        to_envelope=decision.target,
    )


def _check_decider(budget: Budget, decision: TransferDecision) -> None:
    same_strand = decision.origin.strand == decision.target.strand
    possible = (
        (budget.between_years, budget.between_strands) if same_strand else (budget.between_strands,)
    )
    if decision.decided_by not in possible:
        who = " or ".join(dict.fromkeys(ROLES[role].en for role in possible))
        what = "between years of a strand" if same_strand else "between strands"
        msg = (
            f"A transfer {what} of {budget.fund} is decided by {who}, not by "
            f"{ROLES[decision.decided_by].en}. Ask {who}."
        )
        raise BudgetRefused(
            BudgetProblem.NOT_THE_DECIDER, msg, asked=decision.decided_by, possible=possible
        )


def _positive(amount: Euros) -> Euros:
    try:
        found = euros(amount)
    except MoneyError as error:
        raise BudgetRefused(BudgetProblem.AMOUNT, str(error), asked=amount) from error
    if found <= 0:
        msg = f"{found} € cannot be transferred: give an amount above zero."
        raise BudgetRefused(BudgetProblem.AMOUNT, msg, asked=found)
    return found
