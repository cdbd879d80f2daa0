"""The budget of a fund as its page shows it; every figure leads to its postings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.urls import reverse

from alliage.fund.money import endowment, ledger, ledger_views
from alliage.fund.money.endowment import Coverage, Endowment, Statement
from alliage.fund.money.endowment import Strand as StrandRecord
from alliage.fund.money.ledger import CHART, AccountCode, PostingKind, PostingRefused, Side
from alliage.values.dates import PartialDate
from alliage.values.money import ZERO, Euros, total
from alliage_web.fund.models import (
    EndowmentChoice,
    EndowmentStatement,
    Fund,
    Funder,
    Movement,
    Posting,
    RunningBalance,
    Strand,
    euros_of,
)
from alliage_web.fund.models.budget import FIRST_YEAR, LAST_YEAR

from .ledger import memory, postings_of, summed_book
from .statements import code_of, coded_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

    from alliage.fund.money.ledger import Book
    from alliage.fund.money.ledger_views import AccountBalance, Waterfall

#: How the keys of what was invented for the demonstration begin.
DEMONSTRATION = "demo:"
_ENVELOPE = (
    AccountCode.AVAILABLE,
    AccountCode.RESERVED,
    AccountCode.COMMITTED,
    AccountCode.PAID,
)
#: The figures of an envelope, and the accounts that make each.
_COLUMNS: Mapping[str, tuple[AccountCode, ...]] = {
    "allotted": _ENVELOPE,
    **{code.value: (code,) for code in _ENVELOPE},
}


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount in euros and the address of the postings that make it."""

    eur: Euros
    href: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement on the endowment beside the others; it has no code where it has no date."""

    code: str
    said: EndowmentStatement
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class FunderLine:
    """What a funder promised, was called for and gave."""

    funder: Funder
    promised: Figure
    called: Figure
    received: Figure


@dataclass(frozen=True, slots=True)
class EnvelopeLine:
    """What became of the money of a year; ``year`` is None for the sum of a strand."""

    year: int | None
    allotted: Figure
    available: Figure
    reserved: Figure
    committed: Figure
    paid: Figure
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class StrandLines:
    strand: Strand
    lines: tuple[EnvelopeLine, ...]
    total: EnvelopeLine


@dataclass(frozen=True, slots=True)
class BudgetPage:
    """The budget of a fund. Nothing is in force until it is declared: unknown is not zero."""

    fund: Fund
    statements: tuple[StatementLine, ...]
    choice: EndowmentChoice | None
    coverage: Coverage
    funders: tuple[FunderLine, ...]
    contributions: tuple[Figure, Figure, Figure]
    strands: tuple[StrandLines, ...]
    total: EnvelopeLine
    waterfall: Waterfall
    unallotted: Figure
    cash: Figure
    closed_through: int | None
    postings: int
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A line of the trial balance, files and advances added together."""

    label: str
    about: str
    debit: Euros
    credit: Euros
    href: str


@dataclass(frozen=True, slots=True)
class TrialRegister:
    """A register: its debits are worth its credits."""

    register: ledger.Register
    lines: tuple[TrialLine, ...]
    debit: Euros
    credit: Euros


@dataclass(frozen=True, slots=True)
class Selection:
    """The postings that are looked for; what is empty filters nothing."""

    accounts: tuple[str, ...] = ()
    strand: str = ""
    year: int | None = None
    file: str = ""
    funder: str = ""
    kinds: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == Selection()

    @property
    def query(self) -> str:
        """The selection as the end of an address."""
        return urlencode(
            [
                *(("account", each) for each in self.accounts),
                *(
                    (name, str(getattr(self, name)))
                    for name in ("strand", "year", "file", "funder")
                    if getattr(self, name)
                ),
                *(("kind", each) for each in self.kinds),
            ]
        )


def ledger_url(fund: Fund, **wanted: Any) -> str:
    """Give the address of the postings of a selection."""
    query = Selection(**wanted).query
    return reverse("fund:ledger", args=[fund.code]) + (f"?{query}" if query else "")


def strands_of(fund: Fund) -> QuerySet[Strand]:
    return Strand.objects.filter(fund=fund).order_by("order", "pk")


def funders_of(fund: Fund) -> QuerySet[Funder]:
    return Funder.objects.filter(fund=fund).select_related("organisation").order_by("code")


def budget_of(fund: Fund) -> endowment.Budget:
    """Give the cut of the budget as the library knows it."""
    strands = tuple(StrandRecord(row.code, row.name_fr, row.name_en) for row in strands_of(fund))
    return endowment.Budget(fund.code, strands, FIRST_YEAR, LAST_YEAR)


def choices_of(fund: Fund) -> list[EndowmentChoice]:
    """Return the declarations that still hold, in the order in which they were made."""
    found = EndowmentChoice.objects.filter(posting__fund=fund, posting__reversal=None)
    return list(found.select_related("posting").order_by("posting__number"))


def endowment_of(fund: Fund, choices: Sequence[EndowmentChoice]) -> Endowment:
    """Give the statements and the declarations as the library knows them.

    A statement that was declared in force and is no longer in the file of the fund stays.
    """
    rows = coded_statements(fund)
    statements = {
        code: Statement(
            code,
            row.eur,
            PartialDate.parse(row.stated_on),
            endowment.StatementStatus(row.status),
            row.source,
            row.years,
        )
        for code, row in rows.items()
    }
    declarations = []
    for choice in choices:
        code = code_of(choice, rows)
        declarations.append(
            endowment.Declaration(
                code, choice.posting.booked_on, choice.decided_by, choice.posting.reason
            )
        )
        if code not in statements:
            statements[code] = Statement(
                code,
                euros_of(choice.cents),
                PartialDate.parse(choice.statement),
                endowment.StatementStatus.DECLARED,
                choice.source,
            )
    return Endowment(tuple(statements.values()), tuple(declarations))


def page_of(fund: Fund) -> BudgetPage:
    """Read the budget of a fund in a constant number of queries, whatever its ledger holds."""
    book = summed_book(fund)
    choices = choices_of(fund)
    stated = endowment_of(fund, choices)
    in_force = stated.in_force
    codes = {row.pk: code for code, row in coded_statements(fund).items()}
    balances = ledger_views.funders(book)
    first = Posting.objects.filter(fund=fund).order_by("number").first()
    lines = _strands(fund, book)
    waterfall = ledger_views.waterfall(book)
    return BudgetPage(
        fund=fund,
        statements=tuple(
            StatementLine(
                codes.get(row.pk, ""),
                row,
                in_force is not None and codes.get(row.pk) == in_force.code,
            )
            for row in fund.endowment.order_by("order", "pk")
        ),
        choice=choices[-1] if choices else None,
        coverage=endowment.coverage(stated, balances),
        funders=_funders(fund, balances),
        contributions=_contributions(fund, balances),
        strands=lines,
        total=_sum(fund, "", [each.total for each in lines]),
        waterfall=waterfall,
        unallotted=Figure(
            waterfall.unallotted, ledger_url(fund, accounts=(AccountCode.UNALLOTTED,))
        ),
        cash=Figure(waterfall.cash, ledger_url(fund, accounts=(AccountCode.CASH,))),
        closed_through=book.closed_through,
        postings=_count(fund),
        is_demonstration=first is not None and first.key.startswith(DEMONSTRATION),
    )


def _count(fund: Fund) -> int:
    # Numbers follow one another without a gap: the last one is the count.
    last = Posting.objects.filter(fund=fund).order_by("-number").values_list("number", flat=True)
    return last.first() or 0


def _funders(fund: Fund, balances: Iterable[ledger_views.FunderBalance]) -> tuple[FunderLine, ...]:
    named = {row.code: row for row in funders_of(fund)}
    return tuple(
        FunderLine(named[each.funder], *_steps(fund, each, funder=each.funder)) for each in balances
    )


def _contributions(
    fund: Fund, balances: Sequence[ledger_views.FunderBalance]
) -> tuple[Figure, Figure, Figure]:
    together = ledger_views.FunderBalance(
        "",
        total(each.promised for each in balances),
        total(each.called for each in balances),
        total(each.received for each in balances),
    )
    return _steps(fund, together)


def _steps(
    fund: Fund, balance: ledger_views.FunderBalance, **about: str
) -> tuple[Figure, Figure, Figure]:
    promises = (PostingKind.PROMISE, PostingKind.PROMISE_DECREASE)
    return (
        Figure(balance.promised, ledger_url(fund, kinds=promises, **about)),
        Figure(balance.called, ledger_url(fund, kinds=(PostingKind.CALL,), **about)),
        Figure(balance.received, ledger_url(fund, kinds=(PostingKind.RECEIPT,), **about)),
    )


def _strands(fund: Fund, book: Book) -> tuple[StrandLines, ...]:
    closed = book.closed_through or 0
    kept: dict[str, list[EnvelopeLine]] = {}
    for each in ledger_views.envelopes(book):
        strand, year = each.envelope.strand, each.envelope.year
        amounts = {name: getattr(each, name) for name in _COLUMNS}
        line = _line(fund, amounts, year, strand, is_closed=year <= closed)
        kept.setdefault(strand, []).append(line)
    return tuple(
        StrandLines(
            strand,
            tuple(kept.get(strand.code, ())),
            _sum(fund, strand.code, kept.get(strand.code, ())),
        )
        for strand in strands_of(fund)
    )


def _sum(fund: Fund, strand: str, lines: Iterable[EnvelopeLine]) -> EnvelopeLine:
    kept = list(lines)
    sums = {name: total(getattr(line, name).eur for line in kept) for name in _COLUMNS}
    return _line(fund, sums, None, strand)


def _line(
    fund: Fund,
    amounts: Mapping[str, Euros],
    year: int | None,
    strand: str,
    *,
    is_closed: bool = False,
) -> EnvelopeLine:
    figures = {
        name: Figure(amounts[name], ledger_url(fund, accounts=accounts, strand=strand, year=year))
        for name, accounts in _COLUMNS.items()
    }
    return EnvelopeLine(year=year, is_closed=is_closed, **figures)


def trial_balance_of(fund: Fund) -> tuple[TrialRegister, ...]:
    """Show every account, files and advances added together, in the order of the chart."""
    strands = {row.code: str(row) for row in strands_of(fund)}
    funders = {row.code: str(row) for row in funders_of(fund)}
    labels = dict(RunningBalance._meta.get_field("code").flatchoices)  # noqa: SLF001
    balances = ledger_views.trial_balance(summed_book(fund))
    registers = []
    for register in ledger.Register:
        lines = tuple(
            _trial_line(fund, each, labels, strands, funders)
            for each in balances
            if CHART[each.account.code].register is register
        )
        registers.append(
            TrialRegister(
                register,
                lines,
                total(line.debit for line in lines),
                total(line.credit for line in lines),
            )
        )
    return tuple(registers)


def _trial_line(
    fund: Fund,
    balance: AccountBalance,
    labels: Mapping[Any, Any],
    strands: Mapping[str, str],
    funders: Mapping[str, str],
) -> TrialLine:
    account = balance.account
    wanted: dict[str, Any] = {"accounts": (account.code,), "funder": account.funder}
    about = funders.get(account.funder, "")
    if account.envelope:
        wanted |= {"strand": account.envelope.strand, "year": account.envelope.year}
        about = f"{strands.get(account.envelope.strand, '')} {account.envelope.year}"
    return TrialLine(
        str(labels[account.code.value]),
        about,
        balance.debit,
        balance.credit,
        ledger_url(fund, **wanted),
    )


def selected(fund: Fund, selection: Selection) -> QuerySet[Posting]:
    """Choose postings, latest first."""
    found = postings_of(fund).order_by("-number")
    if selection.kinds:
        found = found.filter(kind__in=selection.kinds)
    if not selection.accounts:
        return found.filter(_about_postings(selection))
    accounts = _accounts(fund, selection).values("pk")
    moved = Movement.objects.filter(Q(debit__in=accounts) | Q(credit__in=accounts))
    return found.filter(pk__in=moved.values("posting"))


def _about_postings(selection: Selection) -> Q:
    condition = Q()
    if selection.strand:
        condition &= Q(envelope__strand__code=selection.strand) | Q(
            to_envelope__strand__code=selection.strand
        )
    if selection.year:
        condition &= Q(envelope__year=selection.year) | Q(to_envelope__year=selection.year)
    if selection.file:
        condition &= Q(file=selection.file)
    if selection.funder:
        condition &= Q(funder__code=selection.funder)
    return condition


def _accounts(fund: Fund, selection: Selection) -> QuerySet[RunningBalance]:
    found = RunningBalance.objects.filter(fund=fund, code__in=selection.accounts)
    if selection.strand:
        found = found.filter(envelope__strand__code=selection.strand)
    if selection.year:
        found = found.filter(envelope__year=selection.year)
    if selection.file:
        found = found.filter(file=selection.file)
    if selection.funder:
        found = found.filter(funder__code=selection.funder)
    return found


def sum_of(fund: Fund, selection: Selection) -> Euros | None:
    """Give what the postings of a selection make; None where they make no one figure.

    It is the balance of the accounts that are chosen, or the sum of the operations that are.
    """
    if selection.accounts and not selection.kinds:
        sides = {CHART[AccountCode(code)].normal for code in selection.accounts}
        if len(sides) > 1:
            return None
        found = _accounts(fund, selection).aggregate(cents=Sum("cents"))["cents"]
        return euros_of(int(found or 0))
    if not selection.kinds or selection.accounts:
        return None
    rows = selected(fund, selection).order_by()
    sums = dict(
        rows.filter(reverses=None).values_list("kind").annotate(cents=Sum("cents")).order_by()
    )
    undone = dict(
        rows.exclude(reverses=None).values_list("kind").annotate(cents=Sum("cents")).order_by()
    )
    cents = sum(
        _sign_of(kind) * (int(sums.get(kind, 0)) - int(undone.get(kind, 0)))
        for kind in selection.kinds
    )
    return euros_of(cents)


def _sign_of(kind: str) -> int:
    return -1 if kind.endswith(("decrease", "withdrawal", "release")) else 1


def effects(fund: Fund, selection: Selection, postings: Sequence[Posting]) -> dict[int, Euros]:
    """Tell by how much each posting changed the accounts that are chosen, or what it counts for."""
    if not selection.accounts:
        return (
            {
                row.pk: _sign_of(row.kind) * (-row.eur if row.reverses_id else row.eur)
                for row in postings
            }
            if selection.kinds
            else {}
        )
    chosen = dict(_accounts(fund, selection).values_list("pk", "code"))
    found = dict.fromkeys((row.pk for row in postings), ZERO)
    moved = Movement.objects.filter(posting__in=found)
    for posting, debit, credit, cents in moved.values_list("posting", "debit", "credit", "cents"):
        for account, side in ((debit, Side.DEBIT), (credit, Side.CREDIT)):
            if account in chosen:
                grows = CHART[AccountCode(chosen[account])].normal is side
                found[posting] += euros_of(cents) if grows else -euros_of(cents)
    return found


def posting_page(fund: Fund, number: int) -> Posting | None:
    return postings_of(fund).select_related("reversal").filter(number=number).first()


def movements_of(posting: Posting) -> QuerySet[Movement]:
    """Return the movements of a posting with their accounts."""
    return posting.movements.select_related(
        "debit__envelope__strand",
        "debit__funder__organisation",
        "credit__envelope__strand",
        "credit__funder__organisation",
    ).order_by("rank")


def may_be_reversed(posting: Posting) -> bool:
    """Tell whether the library would undo a posting, were nothing to have used it since."""
    book = memory(posting.fund, (posting.key,))
    try:
        ledger.reversal(book, posting.key, key="?", booked_on=posting.booked_on, reason="?")
    except PostingRefused:
        return False
    return True
