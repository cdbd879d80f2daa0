"""The budget of an application: what it costs, who pays, and what may be asked from the fund.

Money, goods and time are three natures: they are balanced one by one, and never summed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from alliage.values.money import Euros, MoneyError, euros, round_half_up_to_cents, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CENT = Decimal("0.01")


class Nature(StrEnum):
    """What is spent or brought."""

    CASH = "cash"
    IN_KIND = "in_kind"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount that a person wrote; None is a contribution that nobody has valued."""

    amount: Euros | None


@dataclass(frozen=True, slots=True)
class Product:
    """A quantity and the price of one: days of a person, printed copies, kilometres."""

    quantity: Decimal
    unit_price: Euros


@dataclass(frozen=True, slots=True)
class ShareOf:
    """A share of earlier lines, such as overheads: 0.10 is ten percent."""

    share: Decimal
    lines: tuple[str, ...]


Figure: TypeAlias = Fixed | Product | ShareOf


@dataclass(frozen=True, slots=True)
class Expense:
    """A line of what the project costs; ``category`` is a code of the fund, such as staff."""

    code: str
    label: str
    party: str
    category: str
    nature: Nature
    figure: Figure


@dataclass(frozen=True, slots=True)
class Resource:
    """A line of what pays for it.

    Attributes
    ----------
    party
        The party that brings it, or the one that receives it from outside.
    own
        True when the party brings it from its own means.
    asked
        True for the part that is asked from the fund; always in cash.
    """

    code: str
    label: str
    party: str
    nature: Nature
    figure: Figure
    own: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """The two sides of the plan. The parties are codes; a line of another party is refused."""

    parties: tuple[str, ...]
    expenses: tuple[Expense, ...] = ()
    resources: tuple[Resource, ...] = ()

    def lines(self) -> tuple[Expense | Resource, ...]:
        """Return the lines of both sides, expenses first."""
        return (*self.expenses, *self.resources)


@dataclass(frozen=True, slots=True)
class ByNature:
    """Totals kept apart, with the lines that nobody valued.

    There is no sum of the three: whoever needs one says which natures it adds.

    Examples
    --------
    >>> ByNature(cash=euros(10), time=euros(5)).of(Nature.TIME)
    Decimal('5.00')
    """

    cash: Euros = field(default_factory=lambda: euros(0))
    in_kind: Euros = field(default_factory=lambda: euros(0))
    time: Euros = field(default_factory=lambda: euros(0))
    not_valued: tuple[Nature, ...] = ()

    def of(self, nature: Nature) -> Euros:
        """Return the total of one nature, of the lines that are valued."""
        return {
            Nature.CASH: self.cash,
            Nature.IN_KIND: self.in_kind,
            Nature.TIME: self.time,
        }[nature]


class BudgetFault(StrEnum):
    """What is wrong with a budget."""

    REPEATED_LINE = "repeated_line"
    UNKNOWN_PARTY = "unknown_party"
    UNKNOWN_LINE = "unknown_line"
    MIXED_NATURES = "mixed_natures"
    NEGATIVE = "negative"
    NOT_AN_AMOUNT = "not_an_amount"
    CASH_NOT_VALUED = "cash_not_valued"
    ASKED_NOT_CASH = "asked_not_cash"
    ASKED_AND_OWN = "asked_and_own"
    NO_EXPENSE = "no_expense"
    NOTHING_ASKED = "nothing_asked"
    UNBALANCED = "unbalanced"
    ABOVE_MAXIMUM = "above_maximum"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_SHARE = "above_share"
    BELOW_OWN_SHARE = "below_own_share"
    CATEGORY_NOT_ELIGIBLE = "category_not_eligible"


@dataclass(frozen=True, slots=True)
class BudgetProblem:
    """What is wrong, where, and what would be possible.

    Attributes
    ----------
    line
        Code of the line; empty when the whole plan is at fault.
    values
        What a sentence needs: amounts, shares, codes.
    """

    fault: BudgetFault
    line: str
    message: str
    values: Mapping[str, str | Decimal] = field(default_factory=dict)


class BudgetError(ValueError):
    """The lines of a budget cannot be computed; ``problems`` says all that is wrong."""

    def __init__(self, problems: Iterable[BudgetProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a call allows. A bound that is None is not set.

    Attributes
    ----------
    max_amount, min_amount
        Euros asked from the fund.
    max_share
        Largest share of the cash expenses that the fund may bear.
    min_own_share
        Smallest share of the cash expenses that the parties bring in cash from their own means.
    categories
        Categories of expense that the call admits; None admits all.
    """

    max_amount: Euros | None = None
    min_amount: Euros | None = None
    max_share: Decimal | None = None
    min_own_share: Decimal | None = None
    categories: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for name in ("max_share", "min_own_share"):
            share = getattr(self, name)
            if share is not None and not (share.is_finite() and 0 <= share <= 1):
                msg = f"{name} is {share}. Write a share from 0 to 1: 0.8 is 80 %."
                raise ValueError(msg)
        if None not in (self.min_amount, self.max_amount) and self.min_amount > self.max_amount:  # type: ignore[operator]
            msg = (
                f"min_amount {self.min_amount} is above max_amount {self.max_amount}. Correct one."
            )
            raise ValueError(msg)


def amounts(budget: Budget) -> Mapping[str, Euros | None]:
    """Compute every line, to the cent.

    Parameters
    ----------
    budget : Budget
        The plan.

    Returns
    -------
    Mapping[str, Decimal or None]
        Euros by code of line; None is a contribution in kind or in time that nobody valued. Each
        computed line is rounded half up, and totals add the rounded lines: what is printed adds
        up.

    Raises
    ------
    BudgetError
        If a code is repeated, a share names a line that does not come before it on its side, or
        lines of several natures or not valued, or an amount is negative, too large or not to
        the cent.

    Examples
    --------
    >>> plan = Budget(
    ...     ("holder",),
    ...     expenses=(
    ...         Expense(
    ...             "days",
    ...             "Days",
    ...             "holder",
    ...             "staff",
    ...             Nature.CASH,
    ...             Product(Decimal("2.5"), euros(333)),
    ...         ),
    ...         Expense(
    ...             "office",
    ...             "Office",
    ...             "holder",
    ...             "overheads",
    ...             Nature.CASH,
    ...             ShareOf(Decimal("0.1"), ("days",)),
    ...         ),
    ...     ),
    ... )
    >>> dict(amounts(plan))
    {'days': Decimal('832.50'), 'office': Decimal('83.25')}
    """
    found: dict[str, Euros | None] = {}
    problems = list(_repeated(budget))
    for side in (budget.expenses, budget.resources):
        earlier: dict[str, Expense | Resource] = {}
        for line in side:
            faulty = _share_problem(line, earlier, found)
            if faulty is None:
                try:
                    found[line.code] = _amount(line.figure, found)
                except MoneyError as error:
                    message = f"« {line.code} » has no amount: {error}"
                    faulty = BudgetProblem(BudgetFault.NOT_AN_AMOUNT, line.code, message)
            if faulty is not None:
                problems.append(faulty)
            else:
                earlier[line.code] = line
                problems += _negative(line, found[line.code])
    if problems:
        raise BudgetError(problems)
    return found


def _repeated(budget: Budget) -> Iterator[BudgetProblem]:
    counted = Counter(line.code for line in budget.lines())
    for code, times in counted.items():
        if times > 1:
            message = f"« {code} » is the code of {times} lines. Give each its own."
            yield BudgetProblem(BudgetFault.REPEATED_LINE, code, message)


def _share_problem(
    line: Expense | Resource,
    earlier: Mapping[str, Expense | Resource],
    found: Mapping[str, Euros | None],
) -> BudgetProblem | None:
    if not isinstance(line.figure, ShareOf):
        return None
    for code in line.figure.lines:
        if code not in earlier or found.get(code) is None:
            known = ", ".join(each for each in earlier if found[each] is not None) or "none"
            message = (
                f"« {line.code} » is a share of « {code} », which is no valued line before it. "
                f"Lines that it may name: {known}."
            )
            return BudgetProblem(BudgetFault.UNKNOWN_LINE, line.code, message, {"named": code})
        if earlier[code].nature is not line.nature:
            message = (
                f"« {line.code} » ({line.nature}) is a share of « {code} » "
                f"({earlier[code].nature}). Natures are not added: name lines of its own."
            )
            return BudgetProblem(BudgetFault.MIXED_NATURES, line.code, message, {"named": code})
    return None


def _amount(figure: Figure, found: Mapping[str, Euros | None]) -> Euros | None:
    match figure:
        case Fixed(amount):
            return None if amount is None else euros(amount)
        case Product(quantity, unit_price):
            return round_half_up_to_cents(_part(quantity, unit_price))
        case ShareOf(share, lines):
            base = total(amount for code in lines if (amount := found[code]) is not None)
            return round_half_up_to_cents(_part(share, base))


def _part(share: Decimal, amount: Euros) -> Decimal:
    # The product is exact: the precision of the thread must not move a ceiling by a cent.
    with localcontext(prec=60):
        return share * amount


def _negative(line: Expense | Resource, amount: Euros | None) -> Iterator[BudgetProblem]:
    if amount is not None and amount < 0:
        message = f"« {line.code} » is {amount} €. Write a positive amount, on the other side."
        yield BudgetProblem(BudgetFault.NEGATIVE, line.code, message, {"amount": amount})


@dataclass(frozen=True, slots=True)
class BudgetTotals:
    """What a budget comes to.

    Attributes
    ----------
    asked
        Euros asked from the fund.
    own
        Euros of cash that the parties bring from their own means.
    share_asked, own_share
        Shares of the cash expenses; None when there are none.
    """

    expenses: ByNature
    resources: ByNature
    expenses_by_party: Mapping[str, ByNature]
    resources_by_party: Mapping[str, ByNature]
    expenses_by_category: Mapping[str, ByNature]
    asked: Euros
    own: Euros
    share_asked: Decimal | None
    own_share: Decimal | None


def totals(budget: Budget) -> BudgetTotals:
    """Add up a budget, each nature apart.

    Parameters
    ----------
    budget : Budget
        The plan.

    Returns
    -------
    BudgetTotals
        Totals, by party and by category.

    Raises
    ------
    BudgetError
        As `amounts` does.

    Examples
    --------
    >>> plan = Budget(
    ...     ("holder",),
    ...     (Expense("study", "Study", "holder", "services", Nature.CASH, Fixed(euros(12000))),),
    ... )
    >>> totals(plan).expenses.cash, totals(plan).share_asked
    (Decimal('12000.00'), Decimal('0'))
    """
    found = amounts(budget)
    expenses = _by_nature(budget.expenses, found)
    asked = total(
        amount for line in budget.resources if line.asked and (amount := found[line.code])
    )
    own = total(
        amount
        for line in budget.resources
        if line.own and line.nature is Nature.CASH and (amount := found[line.code])
    )
    categories = dict.fromkeys(line.category for line in budget.expenses)
    return BudgetTotals(
        expenses,
        _by_nature(budget.resources, found),
        {
            party: _by_nature((line for line in budget.expenses if line.party == party), found)
            for party in budget.parties
        },
        {
            party: _by_nature((line for line in budget.resources if line.party == party), found)
            for party in budget.parties
        },
        {
            category: _by_nature(
                (line for line in budget.expenses if line.category == category), found
            )
            for category in categories
        },
        asked,
        own,
        _share(asked, expenses.cash),
        _share(own, expenses.cash),
    )


def _by_nature(lines: Iterable[Expense | Resource], found: Mapping[str, Euros | None]) -> ByNature:
    chosen = list(lines)
    sums = {
        nature: total(
            amount
            for line in chosen
            if line.nature is nature and (amount := found[line.code]) is not None
        )
        for nature in Nature
    }
    return ByNature(
        sums[Nature.CASH],
        sums[Nature.IN_KIND],
        sums[Nature.TIME],
        tuple(line.nature for line in chosen if found[line.code] is None),
    )


def _share(part: Euros, whole: Euros) -> Decimal | None:
    if not whole:
        return None
    with localcontext(prec=28):
        return part / whole


def largest_request(budget: Budget, ceilings: Ceilings) -> Euros | None:
    """Return the most that this plan could ask under the ceilings of a call.

    Parameters
    ----------
    budget : Budget
        The plan; only its cash expenses matter.
    ceilings : Ceilings
        What the call allows.

    Returns
    -------
    Decimal or None
        Euros, rounded down to the cent so that the share is never passed; None when the call sets
        neither a largest amount nor a largest share.

    Examples
    --------
    >>> plan = Budget(
    ...     ("holder",),
    ...     (Expense("study", "Study", "holder", "services", Nature.CASH, Fixed(euros(100))),),
    ... )
    >>> largest_request(plan, Ceilings(max_amount=euros(15000), max_share=Decimal("0.6667")))
    Decimal('66.67')
    """
    bounds = [] if ceilings.max_amount is None else [ceilings.max_amount]
    if ceilings.max_share is not None:
        exact = _part(ceilings.max_share, totals(budget).expenses.cash)
        bounds.append(exact.quantize(_CENT, rounding=ROUND_DOWN))
    return min(bounds, default=None)


def check_budget(budget: Budget, ceilings: Ceilings | None = None) -> tuple[BudgetProblem, ...]:
    """List all that keeps a budget from being sent.

    Parameters
    ----------
    budget : Budget
        The plan.
    ceilings : Ceilings, optional
        What the call allows; nothing is bounded without it.

    Returns
    -------
    tuple of BudgetProblem
        Empty when the plan is balanced, nature by nature, and within the ceilings.

    Examples
    --------
    >>> plan = Budget(
    ...     ("holder",),
    ...     (Expense("study", "Study", "holder", "services", Nature.CASH, Fixed(euros(12000))),),
    ...     (Resource("fund", "The fund", "holder", Nature.CASH, Fixed(euros(10000)), asked=True),),
    ... )
    >>> [(problem.fault.value, problem.values["gap"]) for problem in check_budget(plan)]
    [('unbalanced', Decimal('2000.00'))]
    """
    try:
        found = amounts(budget)
    except BudgetError as error:
        return error.problems
    sums = totals(budget)
    return (
        *_line_problems(budget, found, ceilings or Ceilings()),
        *_balance_problems(budget, sums),
        *_ceiling_problems(budget, sums, ceilings or Ceilings()),
    )


def _line_problems(
    budget: Budget, found: Mapping[str, Euros | None], ceilings: Ceilings
) -> Iterator[BudgetProblem]:
    for line in budget.lines():
        if line.party not in budget.parties:
            message = (
                f"« {line.code} » is of « {line.party} », which is no party of the application. "
                f"Parties: {', '.join(budget.parties) or 'none'}."
            )
            yield BudgetProblem(
                BudgetFault.UNKNOWN_PARTY, line.code, message, {"party": line.party}
            )
        if line.nature is Nature.CASH and found[line.code] is None:
            message = f"« {line.code} » is in cash and has no amount. Write one."
            yield BudgetProblem(BudgetFault.CASH_NOT_VALUED, line.code, message)
    yield from _asked_problems(budget)
    for expense in budget.expenses:
        if ceilings.categories is not None and expense.category not in ceilings.categories:
            message = (
                f"« {expense.code} » is of category « {expense.category} », which the call does "
                f"not admit. It admits {', '.join(sorted(ceilings.categories))}."
            )
            values = {"category": expense.category}
            yield BudgetProblem(BudgetFault.CATEGORY_NOT_ELIGIBLE, expense.code, message, values)


def _asked_problems(budget: Budget) -> Iterator[BudgetProblem]:
    for resource in budget.resources:
        if resource.asked and resource.nature is not Nature.CASH:
            message = f"« {resource.code} » is asked from the fund in {resource.nature}. Ask cash."
            yield BudgetProblem(BudgetFault.ASKED_NOT_CASH, resource.code, message)
        if resource.asked and resource.own:
            message = (
                f"« {resource.code} » is asked from the fund and own means. Keep one of the two."
            )
            yield BudgetProblem(BudgetFault.ASKED_AND_OWN, resource.code, message)


_NATURE_WORDS = {Nature.CASH: "Cash", Nature.IN_KIND: "In kind", Nature.TIME: "Time"}


def _balance_problems(budget: Budget, sums: BudgetTotals) -> Iterator[BudgetProblem]:
    if not budget.expenses:
        message = "The plan has no expense. Add what the project costs."
        yield BudgetProblem(BudgetFault.NO_EXPENSE, "", message)
        return
    if not any(line.asked for line in budget.resources):
        message = "Nothing is asked from the fund. Mark the line of resources that it would bear."
        yield BudgetProblem(BudgetFault.NOTHING_ASKED, "", message)
    for nature in Nature:
        spent, brought = sums.expenses.of(nature), sums.resources.of(nature)
        if spent == brought:
            continue
        side, other = ("resources", "expenses") if spent > brought else ("expenses", "resources")
        gap = abs(spent - brought)
        message = (
            f"{_NATURE_WORDS[nature]}: expenses are {spent} € and resources {brought} €. "
            f"Add {gap} € of {side}, or remove as much from the {other}."
        )
        yield BudgetProblem(
            BudgetFault.UNBALANCED,
            "",
            message,
            {"nature": nature.value, "expenses": spent, "resources": brought, "gap": gap},
        )


def _ceiling_problems(
    budget: Budget, sums: BudgetTotals, ceilings: Ceilings
) -> Iterator[BudgetProblem]:
    asked, cash = sums.asked, sums.expenses.cash
    possible = largest_request(budget, ceilings)
    values: dict[str, str | Decimal] = {"asked": asked, "cash_expenses": cash}
    if possible is not None:
        values["possible"] = possible
    if ceilings.max_amount is not None and asked > ceilings.max_amount:
        message = (
            f"{asked} € are asked and the call gives {ceilings.max_amount} € at most. "
            f"Ask {possible} € at most."
        )
        yield BudgetProblem(BudgetFault.ABOVE_MAXIMUM, "", message, values)
    if ceilings.min_amount is not None and asked < ceilings.min_amount:
        message = f"{asked} € are asked and the call gives from {ceilings.min_amount} €. Ask more."
        yield BudgetProblem(
            BudgetFault.BELOW_MINIMUM, "", message, {**values, "minimum": ceilings.min_amount}
        )
    if ceilings.max_share is not None and asked > _part(ceilings.max_share, cash):
        message = (
            f"{asked} € are asked of {cash} € of cash expenses and the fund bears "
            f"{ceilings.max_share:%} of them at most. Ask {possible} € at most."
        )
        yield BudgetProblem(
            BudgetFault.ABOVE_SHARE, "", message, {**values, "max_share": ceilings.max_share}
        )
    least = _part(ceilings.min_own_share or Decimal(0), cash)
    if ceilings.min_own_share is not None and sums.own < least:
        missing = (least - sums.own).quantize(_CENT, rounding=ROUND_CEILING)
        message = (
            f"The parties bring {sums.own} € of {cash} € of cash expenses from their own means; "
            f"the call asks {ceilings.min_own_share:%}. Add {missing} € of own means."
        )
        yield BudgetProblem(
            BudgetFault.BELOW_OWN_SHARE,
            "",
            message,
            {**values, "own": sums.own, "min_own_share": ceilings.min_own_share, "gap": missing},
        )
