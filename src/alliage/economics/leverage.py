"""Leverage of alliance engineering: what it has to have caused, rather than a bare ratio.

A ratio of what was raised to what was spent takes for granted that the engineering caused it all.
The figure to show is the break-even attribution: the share that it has to have caused to pay.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from alliage.alliances.records import CODE, Part, Remark, ShortText
from alliage.values.money import ZERO, Euros, euros, round_half_up_to_cents, total
from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

#: Shares of what was raised for which the leverage is shown, while the real one is not known.
ATTRIBUTIONS = tuple(map(Decimal, ("0.01", "0.05", "0.10", "0.25", "0.50", "1")))

#: Below so many alliances an interval drawn from them would say nothing.
SMALLEST_PORTFOLIO = 10


class LeverageProblem(StrEnum):
    """Why a leverage or a check cannot be computed as asked."""

    RANGE = "range"
    ATTRIBUTION = "attribution"
    FLOW = "flow"
    PERIOD = "period"
    DRAWS = "draws"
    HOURS = "hours"
    SHARE = "share"
    ENVELOPE = "envelope"


class LeverageError(ValueError):
    """A leverage or a check cannot be computed as asked.

    Attributes
    ----------
    problem
        What is wrong.
    values
        The facts of the refusal, by name, as text.
    """

    def __init__(self, problem: LeverageProblem, message: str, **values: object) -> None:
        self.problem = problem
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class AmountRange:
    """An amount known between two bounds, in euros.

    Attributes
    ----------
    low
        At least so much, zero or more.
    high
        At most so much; ``None`` where a part has no value, so that only a minimum is known.
    """

    low: Euros
    high: Euros | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", euros(self.low))
        object.__setattr__(self, "high", None if self.high is None else euros(self.high))
        if self.low < 0 or (self.high is not None and self.high < self.low):
            msg = f"From {self.low} to {self.high} €. Give bounds of 0 or more, in order."
            raise LeverageError(LeverageProblem.RANGE, msg, low=self.low, high=self.high)

    @classmethod
    def exactly(cls, amount: Euros) -> AmountRange:
        """Make the range of an amount that is known."""
        return cls(amount, amount)


@dataclass(frozen=True, slots=True)
class RatioRange:
    """A ratio between two bounds; a bound is ``None`` where nothing limits it."""

    low: Decimal | None
    high: Decimal | None


class NoFigure(StrEnum):
    """Why a figure is not given."""

    NO_ENGINEERING = "no_engineering"
    NOTHING_RAISED = "nothing_raised"
    COUNTERFACTUAL_UNKNOWN = "counterfactual_unknown"
    TOO_FEW = "too_few"


class CounterfactualMethod(StrEnum):
    """How what would have been raised anyway was found."""

    TREND_BEFORE = "trend_before"
    MATCHED_TERRITORY = "matched_territory"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What would have been raised without the engineering, and how that was found."""

    raised: AmountRange
    method: CounterfactualMethod


@dataclass(frozen=True, slots=True)
class Leverage:
    """What engineering has to have caused to pay for itself, and the ratios around it.

    Attributes
    ----------
    engineering, raised
        What was spent on engineering, and what else was raised.
    break_even
        The share of what was raised that the engineering has to have caused to pay: the figure
        to show. Above 1, it does not pay even if it caused it all. ``None`` if nothing was raised.
    by_attribution
        Euros raised for one euro, for shares that the engineering may have caused.
    gross
        The same if it caused it all: an upper limit, never shown alone. ``None`` without
        engineering.
    net
        Euros raised for one euro, less what would have been raised anyway; ``None`` where that
        is not known.
    counterfactual
        What would have been raised anyway.
    reasons
        Why figures are not given.
    """

    engineering: AmountRange
    raised: AmountRange
    break_even: RatioRange | None
    by_attribution: tuple[tuple[Decimal, RatioRange], ...]
    gross: RatioRange | None
    net: RatioRange | None
    counterfactual: Counterfactual | None
    reasons: tuple[NoFigure, ...]

    @property
    def pays_if_it_caused_all(self) -> bool | None:
        """Whether it pays under the most favourable reading; ``None`` where nothing tells."""
        return _at_least_one(self.gross)

    @property
    def pays(self) -> bool | None:
        """Whether it pays once what would have been raised anyway is left out, if known."""
        return _at_least_one(self.net)


def _at_least_one(ratio: RatioRange | None) -> bool | None:
    if ratio is None:
        return None
    if ratio.low is not None and ratio.low >= 1:
        return True
    return False if ratio.high is not None and ratio.high < 1 else None


def leverage(
    engineering: AmountRange,
    raised: AmountRange,
    *,
    counterfactual: Counterfactual | None = None,
    attributions: Sequence[Decimal] = ATTRIBUTIONS,
) -> Leverage:
    """Compare what alliance engineering cost with what was raised besides.

    Both amounts have to be of one nature and one standing: money with money, and what is committed
    apart from what is paid. Call once for each.

    Parameters
    ----------
    engineering : AmountRange
        What was spent on engineering, in euros.
    raised : AmountRange
        Other resources raised meanwhile, in euros.
    counterfactual : Counterfactual, optional
        What would have been raised anyway, if somebody measured or declared it.
    attributions : Sequence[Decimal]
        The shares, above 0 and up to 1, for which to show the leverage.

    Returns
    -------
    Leverage
        The break-even attribution first; a figure that means nothing is left out, with its reason.

    Raises
    ------
    LeverageError
        If a share is out of its bounds.

    Source: gross ratio R/E; break-even attribution E/R; net ratio (R - R0)/E; bounds by interval
    arithmetic.

    Examples
    --------
    >>> found = leverage(AmountRange.exactly(euros(17_000)), AmountRange.exactly(euros(1_500_000)))
    >>> f"pays if it caused more than {found.break_even.low:.2%}"
    'pays if it caused more than 1.13%'
    """
    wrong = [share for share in attributions if not 0 < share <= 1]
    if wrong:
        msg = f"A share of {wrong[0]}. Give shares above 0 and up to 1."
        raise LeverageError(LeverageProblem.ATTRIBUTION, msg, share=wrong[0])
    reasons = []
    gross = net = break_even = None
    if engineering.high == 0:
        reasons.append(NoFigure.NO_ENGINEERING)
    else:
        gross = _ratio(raised.low, raised.high, engineering)
    if raised.high == 0:
        reasons.append(NoFigure.NOTHING_RAISED)
    elif gross is not None:
        break_even = _ratio(engineering.low, engineering.high, raised)
    if counterfactual is None:
        reasons.append(NoFigure.COUNTERFACTUAL_UNKNOWN)
    elif gross is not None:
        net = _net(raised, counterfactual.raised, engineering)
    return Leverage(
        engineering=engineering,
        raised=raised,
        break_even=break_even,
        by_attribution=tuple((share, _scaled(gross, share)) for share in attributions if gross),
        gross=gross,
        net=net,
        counterfactual=counterfactual,
        reasons=tuple(reasons),
    )


def _net(raised: AmountRange, anyway: AmountRange, engineering: AmountRange) -> RatioRange:
    low = None if anyway.high is None else raised.low - anyway.high
    high = None if raised.high is None else raised.high - anyway.low
    return _ratio(low, high, engineering)


def _ratio(low: Decimal | None, high: Decimal | None, divisor: AmountRange) -> RatioRange:
    """Bound ``x / y`` for x between ``low`` and ``high`` and y, not negative, in ``divisor``."""
    most, least = divisor.high, divisor.low
    return RatioRange(
        None if low is None else _quotient(low, most if low >= 0 else least),
        None if high is None else _quotient(high, least if high >= 0 else most),
    )


def _quotient(number: Decimal, divisor: Decimal | None) -> Decimal | None:
    # A divisor without upper bound takes the ratio as near to zero as one wants.
    if divisor is None:
        return Decimal(0)
    # The caller may have changed the precision of the thread: a ratio does not depend on it.
    return Context(prec=28).divide(number, divisor) if divisor else None


def _scaled(ratio: RatioRange, share: Decimal) -> RatioRange:
    context = Context(prec=28)
    return RatioRange(
        None if ratio.low is None else context.multiply(ratio.low, share),
        None if ratio.high is None else context.multiply(ratio.high, share),
    )


@dataclass(frozen=True, slots=True)
class AllianceResources:
    """What one alliance spent on engineering and raised besides; ``None`` is not known."""

    alliance: str
    engineering: Euros | None
    raised: Euros | None


@dataclass(frozen=True, slots=True)
class PortfolioLeverage:
    """Leverage of several alliances together.

    Attributes
    ----------
    together
        All that was raised compared with all that was spent: a ratio of sums, where an alliance
        weighs what it cost.
    low, high
        Bootstrap interval of the gross ratio of sums; ``None`` below ``SMALLEST_PORTFOLIO``
        alliances. Their inverses bound the break-even attribution.
    median
        Median of the gross ratios of the alliances; far below the ratio of sums, a few make it.
    largest_share
        The share of all that was raised which comes from one alliance.
    counted, left_out
        Alliances counted, and those where an amount is unknown or nothing was spent.
    level, draws, seed
        How the interval was drawn.
    reasons
        Why figures are not given.
    """

    together: Leverage
    low: float | None
    high: float | None
    median: float | None
    largest_share: float | None
    counted: tuple[str, ...]
    left_out: tuple[str, ...]
    level: float
    draws: int
    seed: int
    reasons: tuple[NoFigure, ...]


def portfolio_leverage(
    alliances: Iterable[AllianceResources], *, seed: int, draws: int = 10_000, level: float = 0.95
) -> PortfolioLeverage:
    """Compare engineering and resources over several alliances.

    Parameters
    ----------
    alliances : iterable of AllianceResources
        One row an alliance.
    seed : int
        The seed of the draws, to be stored with the figure.
    draws : int
        Samples drawn with replacement among the alliances, from 1,000 to 100,000.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    PortfolioLeverage
        The ratio of sums, its interval, the median of ratios.

    Raises
    ------
    LeverageError
        If the draws or the level are out of their bounds.

    Source: percentile bootstrap over alliances, Efron & Tibshirani 1993, *An Introduction to the
    Bootstrap*.

    Examples
    --------
    >>> rows = [AllianceResources(str(n), euros(1_000 * n), euros(5_000 * n)) for n in range(1, 13)]
    >>> found = portfolio_leverage(rows, seed=1)
    >>> found.together.gross.low, round(found.low, 6), round(found.high, 6)
    (Decimal('5'), 5.0, 5.0)
    """
    if not (1_000 <= draws <= 100_000 and 0 < level < 1):
        msg = (
            f"{draws} draws at level {level}. "
            "Give from 1,000 to 100,000 draws and a level between 0 and 1."
        )
        raise LeverageError(LeverageProblem.DRAWS, msg, draws=draws, level=level)
    known, left_out = [], []
    for row in alliances:
        if row.engineering and row.raised is not None:
            known.append((row.alliance, euros(row.engineering), euros(row.raised)))
        else:
            left_out.append(row.alliance)
    spent = np.array([float(engineering) for _, engineering, _ in known])
    raised = np.array([float(other) for _, _, other in known])
    low = high = None
    if enough := len(known) >= SMALLEST_PORTFOLIO:
        ratios = _resampled(raised, spent, draws=draws, seed=seed)
        low, high = map(float, np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2]))
    together = leverage(
        AmountRange.exactly(total(engineering for _, engineering, _ in known)),
        AmountRange.exactly(total(other for _, _, other in known)),
    )
    return PortfolioLeverage(
        together=together,
        low=low,
        high=high,
        median=float(np.median(raised / spent)) if known else None,
        largest_share=float(raised.max() / raised.sum()) if raised.any() else None,
        counted=tuple(alliance for alliance, _, _ in known),
        left_out=tuple(left_out),
        level=level,
        draws=draws,
        seed=seed,
        reasons=together.reasons + (() if enough else (NoFigure.TOO_FEW,)),
    )


def _resampled(
    raised: NDArray[np.float64], spent: NDArray[np.float64], *, draws: int, seed: int
) -> NDArray[np.float64]:
    """Ratios of sums of alliances drawn with replacement."""
    random = np.random.Generator(np.random.PCG64(seed))
    ratios = np.empty(draws)
    # By blocks: a sample of each draw at once would not fit in memory for a large portfolio.
    for start in range(0, draws, 1_000):
        size = min(1_000, draws - start)
        chosen = random.integers(0, len(spent), size=(size, len(spent)))
        ratios[start : start + size] = raised[chosen].sum(axis=1) / spent[chosen].sum(axis=1)
    return ratios


@dataclass(frozen=True, slots=True)
class ContributionShares:
    """How a result is shared between those who engineered it: two readings, shown together.

    Attributes
    ----------
    equal
        The same share for each.
    by_hours
        In proportion of the hours declared; ``None`` where somebody's are not known, or all are 0.
    """

    equal: Mapping[str, Fraction]
    by_hours: Mapping[str, Fraction] | None


def contribution_shares(hours: Mapping[str, Decimal | None]) -> ContributionShares:
    """Share a result between several engineers.

    Parameters
    ----------
    hours : Mapping[str, Decimal or None]
        The hours that each declared; ``None`` where they are not known.

    Returns
    -------
    ContributionShares
        Shares that add up to 1, exactly.

    Raises
    ------
    LeverageError
        If nobody is named, or hours are negative or not finite.

    Examples
    --------
    >>> shares = contribution_shares({"a": Decimal(30), "b": Decimal(10)})
    >>> shares.equal["a"], shares.by_hours["a"]
    (Fraction(1, 2), Fraction(3, 4))
    """
    known = [declared for declared in hours.values() if declared is not None]
    if not hours or any(not declared.is_finite() or declared < 0 for declared in known):
        msg = f"Hours of {dict(hours)}. Name at least one engineer, with hours of 0 or more."
        raise LeverageError(LeverageProblem.HOURS, msg, engineers=len(hours))
    equal = {name: Fraction(1, len(hours)) for name in hours}
    whole = sum(map(Fraction, known))
    if len(known) < len(hours) or not whole:
        return ContributionShares(equal, None)
    shares = zip(hours, known, strict=True)
    return ContributionShares(equal, {name: Fraction(given) / whole for name, given in shares})


class Post(StrEnum):
    """What a flow pays for."""

    ALLIANCE_ENGINEERING = "alliance_engineering"
    PROJECT_ENGINEERING = "project_engineering"
    EXECUTION = "execution"
    EVALUATION = "evaluation"


class FlowNature(StrEnum):
    """What a flow is made of. Natures are never added together."""

    CASH = "cash"
    IN_KIND = "in_kind"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Flow:
    """What one payer gives one receiver under one agreement, in euros.

    Attributes
    ----------
    payer, receiver, agreement
        Together they name the flow: it is counted once.
    post, nature
        What it pays for, and what it is made of.
    agreed_on
        The day of the agreement.
    committed, paid
        What was agreed, and what was paid of it.
    own
        The payer brings means of its own, not money that another flow brought it.
    """

    payer: str
    receiver: str
    agreement: str
    post: Post
    nature: FlowNature
    agreed_on: dt.date
    committed: Euros
    paid: Euros
    own: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "committed", euros(self.committed))
        object.__setattr__(self, "paid", euros(self.paid))
        if not ZERO <= self.paid <= self.committed:
            msg = (
                f"{self.paid} € paid of {self.committed} € committed under « {self.agreement} ». "
                "Give from 0 to what is committed."
            )
            raise LeverageError(LeverageProblem.FLOW, msg, agreement=self.agreement, paid=self.paid)


class LeftOut(StrEnum):
    """Why a flow does not count."""

    REPEATED = "repeated"
    PASSED_ON = "passed_on"
    NOT_INTO_THE_ALLIANCE = "not_into_the_alliance"
    OUT_OF_PERIOD = "out_of_period"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Committed and paid, two lines that are never added together, in euros."""

    committed: Euros = ZERO
    paid: Euros = ZERO


@dataclass(frozen=True, slots=True)
class Perimeter:
    """What came into an alliance from outside, by nature.

    Attributes
    ----------
    engineering
        For alliance engineering.
    raised
        For everything else, within the period.
    left_out
        The flows that do not count, each with its reason.
    """

    engineering: Mapping[FlowNature, Amounts]
    raised: Mapping[FlowNature, Amounts]
    left_out: tuple[tuple[Flow, LeftOut], ...]


def perimeter(
    flows: Iterable[Flow],
    *,
    inside: Collection[str],
    raised_from: dt.date,
    raised_until: dt.date,
) -> Perimeter:
    """Count each euro once: on the day when it enters the alliance.

    Parameters
    ----------
    flows : iterable of Flow
        All that is known, cascades included.
    inside : Collection[str]
        The parties of the alliance.
    raised_from, raised_until : datetime.date
        The period in which other resources count, both days included: usually from the start of
        the engineering to 24 months after its end.

    Returns
    -------
    Perimeter
        Engineering and other resources by nature, and what was left out.

    Raises
    ------
    LeverageError
        If the period ends before it begins, or if one flow is written twice in two ways.

    Examples
    --------
    >>> day = dt.date(2021, 5, 1)
    >>> into = Flow("fund", "hub", "A", Post.EXECUTION, FlowNature.CASH, day, euros(9), euros(4))
    >>> on = Flow("hub", "farm", "B", Post.EXECUTION, FlowNature.CASH, day, euros(4), euros(4))
    >>> found = perimeter([into, on], inside={"hub", "farm"}, raised_from=day, raised_until=day)
    >>> found.raised[FlowNature.CASH].committed, found.left_out[0][1].value
    (Decimal('9.00'), 'passed_on')
    """
    if raised_until < raised_from:
        msg = f"The period ends on {raised_until}, before {raised_from}. Correct a date."
        raise LeverageError(LeverageProblem.PERIOD, msg, first=raised_from, last=raised_until)
    seen: dict[tuple[str, str, str], Flow] = {}
    counted: dict[bool, dict[FlowNature, list[Flow]]] = {
        True: defaultdict(list),
        False: defaultdict(list),
    }
    left_out = []
    for flow in flows:
        reason = _left_out(flow, inside, raised_from, raised_until)
        if _is_repeated(flow, seen):
            reason = LeftOut.REPEATED
        if reason is None:
            counted[flow.post is Post.ALLIANCE_ENGINEERING][flow.nature].append(flow)
        else:
            left_out.append((flow, reason))
    return Perimeter(_added(counted[True]), _added(counted[False]), tuple(left_out))


def _is_repeated(flow: Flow, seen: dict[tuple[str, str, str], Flow]) -> bool:
    key = (flow.payer, flow.receiver, flow.agreement)
    first = seen.setdefault(key, flow)
    if first != flow:
        msg = (
            f"« {flow.agreement} » from « {flow.payer} » to « {flow.receiver} » is written in two "
            "ways. Keep one, or give each agreement its own name."
        )
        raise LeverageError(LeverageProblem.FLOW, msg, agreement=flow.agreement)
    return first is not flow


def _left_out(flow: Flow, inside: Collection[str], first: dt.date, last: dt.date) -> LeftOut | None:
    if flow.receiver not in inside:
        return LeftOut.NOT_INTO_THE_ALLIANCE
    if flow.payer in inside and not flow.own:
        return LeftOut.PASSED_ON
    if flow.post is not Post.ALLIANCE_ENGINEERING and not first <= flow.agreed_on <= last:
        return LeftOut.OUT_OF_PERIOD
    return None


def _added(flows: Mapping[FlowNature, Sequence[Flow]]) -> dict[FlowNature, Amounts]:
    return {
        nature: Amounts(
            total(flow.committed for flow in flows.get(nature, ())),
            total(flow.paid for flow in flows.get(nature, ())),
        )
        for nature in FlowNature
    }


class RuleBase(StrEnum):
    """What the share of a rule is a share of."""

    TOTAL_INVESTMENT = "total_investment"
    EACH_ENVELOPE = "each_envelope"


class RuleStatus(StrEnum):
    """Whether those who speak of a rule ask for it, or apply it."""

    ADVOCATED = "advocated"
    PRACTISED = "practised"


class BudgetRule(Part):
    """A share of an investment to keep for engineering, who says it, and where."""

    code: Annotated[str, Field(pattern=CODE)]
    share: Annotated[Decimal, Field(gt=0, lt=1)]
    base: RuleBase
    status: RuleStatus
    stated_on: dt.date
    by: ShortText
    label_fr: ShortText
    label_en: ShortText
    source: Remark


class _BudgetRules(Part):
    rules: tuple[BudgetRule, ...]


def budget_rules() -> tuple[BudgetRule, ...]:
    """Read the budget rules that ship with the library.

    Returns
    -------
    tuple of BudgetRule
        With their status and their sources; none is a rule of law.

    Examples
    --------
    >>> [(rule.code, str(rule.share)) for rule in budget_rules()]
    [('one_percent', '0.01'), ('five_percent', '0.05')]
    """
    path = Path(__file__).parent / "parameters" / "budget_rules.yaml"
    return read_record(path, _BudgetRules).rules


@dataclass(frozen=True, slots=True)
class Envelope:
    """An investment and the engineering paid inside it, in euros; ``None`` is not known."""

    name: str
    investment: Euros | None
    engineering: Euros | None

    def __post_init__(self) -> None:
        lowest, highest = self.engineering or ZERO, self.investment
        if lowest < 0 or (highest is not None and lowest > highest) or (highest or ZERO) < 0:
            msg = (
                f"« {self.name} » has {self.engineering} € of engineering inside "
                f"{self.investment} €. Give amounts of 0 or more; engineering is a part of the "
                "envelope."
            )
            raise LeverageError(
                LeverageProblem.ENVELOPE,
                msg,
                name=self.name,
                engineering=self.engineering,
                investment=self.investment,
            )


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """One rule held against one base.

    Attributes
    ----------
    rule
        With its share, its status and its source.
    name
        The envelope; ``None`` for all of them together.
    base, engineering
        Euros; ``None`` where one of those that make them is not known.
    share
        Engineering as a share of the base; ``None`` where one is not known or the base is 0.
    minimum
        Euros of engineering that the rule asks for.
    shortfall
        Euros that are missing to reach it; 0 where it is reached.
    met
        Whether the rule is met; ``None`` where it cannot be told.
    """

    rule: BudgetRule
    name: str | None
    base: Euros | None
    engineering: Euros | None
    share: Decimal | None
    minimum: Euros | None
    shortfall: Euros | None
    met: bool | None


def check_budget(
    envelopes: Sequence[Envelope], rules: Iterable[BudgetRule]
) -> tuple[BudgetCheck, ...]:
    """Hold budget rules against a portfolio.

    Parameters
    ----------
    envelopes : sequence of Envelope
        The investments of the portfolio.
    rules : iterable of BudgetRule
        See ``budget_rules``.

    Returns
    -------
    tuple of BudgetCheck
        One for a rule on total investment, one an envelope for a rule on each envelope. Rules of
        different bases are not to be compared.

    Examples
    --------
    >>> for check in check_budget([Envelope("hall", euros(500_000), euros(6_000))], budget_rules()):
    ...     print(check.rule.code, check.name, check.share, check.met, check.shortfall)
    one_percent None 0.012 True 0.00
    five_percent hall 0.012 False 19000.00
    """
    checks: list[BudgetCheck] = []
    for rule in rules:
        if rule.base is RuleBase.TOTAL_INVESTMENT:
            investment = _sum_known([envelope.investment for envelope in envelopes])
            engineering = _sum_known([envelope.engineering for envelope in envelopes])
            checks.append(_check(rule, None, investment, engineering))
        else:
            checks += (
                _check(rule, envelope.name, envelope.investment, envelope.engineering)
                for envelope in envelopes
            )
    return tuple(checks)


def _sum_known(amounts: Sequence[Euros | None]) -> Euros | None:
    known = [amount for amount in amounts if amount is not None]
    return total(known) if len(known) == len(amounts) else None


def _check(
    rule: BudgetRule, name: str | None, base: Euros | None, engineering: Euros | None
) -> BudgetCheck:
    # Without any investment there is nothing to take a share of: the rule says nothing.
    if not base:
        return BudgetCheck(rule, name, base, engineering, None, None, None, None)
    minimum = round_half_up_to_cents(base * rule.share)
    if engineering is None:
        return BudgetCheck(rule, name, base, None, None, minimum, None, None)
    return BudgetCheck(
        rule=rule,
        name=name,
        base=base,
        engineering=engineering,
        share=_quotient(engineering, base),
        minimum=minimum,
        shortfall=max(minimum - engineering, ZERO),
        met=engineering >= minimum,
    )


def break_even_uplift(share: Decimal) -> Decimal:
    """Say by how much engineering has to improve the rest of an envelope to pay.

    Parameters
    ----------
    share : Decimal
        The share of the envelope that engineering takes, from 0 to less than 1.

    Returns
    -------
    Decimal
        The gain in the value of the rest that makes up for it: e / (1 - e).

    Raises
    ------
    LeverageError
        If the share is out of its bounds.

    Source: (1 - e)(1 + g) = 1, solved for g.

    Examples
    --------
    >>> [f"{break_even_uplift(Decimal(share)):.4%}" for share in ("0.01", "0.05")]
    ['1.0101%', '5.2632%']
    """
    # Written so that « not a number », which compares with nothing, is refused too.
    if not share.is_finite() or not 0 <= share < 1:
        msg = f"A share of {share}. Give a share from 0 to less than 1."
        raise LeverageError(LeverageProblem.SHARE, msg, share=share)
    return Context(prec=28).divide(share, 1 - share)
