"""Leverage: the attribution that makes it pay, ranges, the perimeter, and the budget rules."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.economics.leverage import (
    AllianceResources,
    AmountRange,
    Amounts,
    Counterfactual,
    CounterfactualMethod,
    Envelope,
    Flow,
    FlowNature,
    LeftOut,
    LeverageError,
    LeverageProblem,
    NoFigure,
    Post,
    RatioRange,
    RuleBase,
    break_even_uplift,
    budget_rules,
    check_budget,
    contribution_shares,
    leverage,
    perimeter,
    portfolio_leverage,
)
from alliage.values.money import euros


def exactly(amount: int) -> AmountRange:
    return AmountRange.exactly(euros(amount))


def anyway(low: int, high: int | None) -> Counterfactual:
    raised = AmountRange(euros(low), None if high is None else euros(high))
    return Counterfactual(raised, CounterfactualMethod.DECLARED)


def refused(make: Any, problem: LeverageProblem) -> None:
    with pytest.raises(LeverageError) as found:
        make()
    assert found.value.problem is problem
    assert found.value.values


# One alliance.


def test_golden_values_of_les_mureaux() -> None:
    found = leverage(exactly(17_000), exactly(1_500_000))
    assert found.break_even is not None
    assert found.gross is not None
    assert found.break_even.low == found.break_even.high
    assert f"{found.break_even.low:.3%}" == "1.133%"
    assert f"{found.gross.low:.2f}" == "88.24"
    by_share = {share: ratio.low for share, ratio in found.by_attribution}
    assert f"{by_share[Decimal('0.05')]:.2f}" == "4.41"
    assert f"{by_share[Decimal('0.10')]:.2f}" == "8.82"
    assert (found.net, found.pays) == (None, None)
    assert found.pays_if_it_caused_all
    assert found.reasons == (NoFigure.COUNTERFACTUAL_UNKNOWN,)


def test_ranges_carry_over_to_every_figure() -> None:
    found = leverage(
        AmountRange(euros(10_000), euros(20_000)), AmountRange(euros(40_000), euros(100_000))
    )
    assert found.break_even == RatioRange(Decimal("0.1"), Decimal("0.5"))
    assert found.gross == RatioRange(Decimal(2), Decimal(10))


def test_engineering_that_is_not_all_valued_gives_a_minimum_only() -> None:
    found = leverage(AmountRange(euros(10_000), None), exactly(40_000))
    assert found.break_even == RatioRange(Decimal("0.25"), None)
    assert found.gross == RatioRange(Decimal(0), Decimal(4))
    assert found.pays_if_it_caused_all is None


def test_without_engineering_there_is_no_leverage() -> None:
    found = leverage(exactly(0), exactly(40_000), counterfactual=anyway(0, 0))
    assert (found.gross, found.net, found.break_even) == (None, None, None)
    assert found.by_attribution == ()
    assert found.reasons == (NoFigure.NO_ENGINEERING,)


def test_nothing_raised_is_a_leverage_of_zero_and_no_break_even() -> None:
    found = leverage(exactly(10_000), exactly(0))
    assert found.gross == RatioRange(Decimal(0), Decimal(0))
    assert found.break_even is None
    assert NoFigure.NOTHING_RAISED in found.reasons
    assert found.pays_if_it_caused_all is False


def test_a_break_even_above_one_does_not_pay_at_all() -> None:
    found = leverage(exactly(20_000), exactly(10_000))
    assert found.break_even == RatioRange(Decimal(2), Decimal(2))
    assert found.pays_if_it_caused_all is False


@pytest.mark.parametrize(
    ("without", "net", "pays"),
    [
        (anyway(0, 0), RatioRange(Decimal(5), Decimal(5)), True),
        (anyway(40_000, 40_000), RatioRange(Decimal(1), Decimal(1)), True),
        (anyway(10_000, 30_000), RatioRange(Decimal(2), Decimal(4)), True),
        (anyway(30_000, 45_000), RatioRange(Decimal("0.5"), Decimal(2)), None),
        (anyway(60_000, 70_000), RatioRange(Decimal(-2), Decimal(-1)), False),
        (anyway(45_000, None), RatioRange(None, Decimal("0.5")), False),
    ],
)
def test_the_net_leverage_leaves_out_what_would_have_come_anyway(
    without: Counterfactual, net: RatioRange, pays: bool | None
) -> None:
    found = leverage(exactly(10_000), exactly(50_000), counterfactual=without)
    assert found.net == net
    assert found.pays is pays


BOUNDS = st.integers(0, 10**7)


RANGES = st.tuples(BOUNDS, BOUNDS).map(lambda ends: AmountRange(euros(min(ends)), euros(max(ends))))


@given(RANGES, RANGES, RANGES)
def test_bounds_hold_for_every_amount_inside_the_ranges(
    spent: AmountRange, raised: AmountRange, without: AmountRange
) -> None:
    found = leverage(
        spent,
        raised,
        counterfactual=Counterfactual(without, CounterfactualMethod.MATCHED_TERRITORY),
    )
    assert spent.high is not None
    assert raised.high is not None
    assert without.high is not None
    corners = product(
        (spent.low, spent.high), (raised.low, raised.high), (without.low, without.high)
    )
    for cost, other, none in corners:
        if cost:
            assert _inside(other / cost, found.gross)
            assert _inside((other - none) / cost, found.net)
        if other and found.break_even is not None:
            assert _inside(cost / other, found.break_even)


def _inside(value: Decimal, ratio: RatioRange | None) -> bool:
    assert ratio is not None
    margin = abs(value) * Decimal("1e-20")
    above = ratio.low is None or ratio.low - margin <= value
    return above and (ratio.high is None or value <= ratio.high + margin)


@given(st.integers(1, 10**6), st.integers(1, 10**8), st.integers(2, 1_000))
def test_the_unit_of_money_changes_nothing(spent: int, raised: int, factor: int) -> None:
    small = leverage(exactly(spent), exactly(raised))
    large = leverage(exactly(spent * factor), exactly(raised * factor))
    assert (small.break_even, small.gross) == (large.break_even, large.gross)


def test_impossible_ranges_and_shares_are_refused() -> None:
    refused(lambda: AmountRange(euros(2), euros(1)), LeverageProblem.RANGE)
    refused(lambda: AmountRange(euros(-1), None), LeverageProblem.RANGE)
    for share in ("0", "1.01"):
        refused(
            lambda share=share: leverage(exactly(1), exactly(1), attributions=[Decimal(share)]),
            LeverageProblem.ATTRIBUTION,
        )


# Several alliances.


def rows(*pairs: tuple[int | None, int | None]) -> list[AllianceResources]:
    return [
        AllianceResources(
            str(rank),
            None if spent is None else euros(spent),
            None if raised is None else euros(raised),
        )
        for rank, (spent, raised) in enumerate(pairs)
    ]


def test_a_portfolio_is_a_ratio_of_sums_and_shows_the_outlier() -> None:
    found = portfolio_leverage(rows(*[(10_000, 20_000)] * 11, (10_000, 1_500_000)), seed=20221103)
    assert found.together.gross is not None
    assert f"{found.together.gross.low:.4f}" == "14.3333"
    assert found.median == 2
    assert found.largest_share == pytest.approx(1_500_000 / 1_720_000)
    assert found.low == pytest.approx(2)
    assert found.high is not None
    assert found.high > 30
    assert NoFigure.TOO_FEW not in found.reasons


def test_the_interval_is_that_of_its_seed() -> None:
    data = rows(*((1_000 * n, 3_000 * n + 500 * (n % 4)) for n in range(1, 16)))
    first, again = (portfolio_leverage(data, seed=7) for _ in range(2))
    assert (first.low, first.high) == (again.low, again.high)
    assert portfolio_leverage(data, seed=8).low != first.low
    narrow = portfolio_leverage(data, seed=7, level=0.5)
    assert first.low is not None
    assert narrow.low is not None
    assert first.low < narrow.low


def test_unknown_amounts_are_left_out_and_said() -> None:
    found = portfolio_leverage(rows((1_000, 5_000), (None, 9_000), (2_000, None), (0, 4)), seed=1)
    assert (found.counted, found.left_out) == (("0",), ("1", "2", "3"))
    assert (found.low, found.high) == (None, None)
    assert NoFigure.TOO_FEW in found.reasons
    assert found.together.raised == exactly(5_000)


def test_an_empty_portfolio_has_no_figure() -> None:
    found = portfolio_leverage([], seed=1)
    assert (found.median, found.largest_share, found.low) == (None, None, None)
    assert NoFigure.NO_ENGINEERING in found.reasons
    refused(lambda: portfolio_leverage([], seed=1, draws=10), LeverageProblem.DRAWS)
    refused(lambda: portfolio_leverage([], seed=1, level=1.0), LeverageProblem.DRAWS)


def test_shares_between_engineers_have_two_readings() -> None:
    both = contribution_shares({"a": Decimal(30), "b": Decimal(10), "c": Decimal(0)})
    assert both.by_hours == {"a": Fraction(3, 4), "b": Fraction(1, 4), "c": 0}
    assert sum(both.equal.values()) == 1
    assert contribution_shares({"a": Decimal(30), "b": None}).by_hours is None
    assert contribution_shares({"a": Decimal(0)}).by_hours is None
    for hours in ({}, {"a": Decimal(-1)}, {"a": Decimal("NaN")}):
        refused(lambda hours=hours: contribution_shares(hours), LeverageProblem.HOURS)


# The perimeter.

DAY = dt.date(2021, 5, 1)
END = dt.date(2023, 5, 1)


def flow(**changes: Any) -> Flow:
    plain = Flow("fund", "hub", "A1", Post.EXECUTION, FlowNature.CASH, DAY, euros(100), euros(40))
    return dataclasses.replace(plain, **changes)


def counted(*flows: Flow) -> tuple[Amounts, Amounts, list[LeftOut]]:
    found = perimeter(flows, inside={"hub", "farm"}, raised_from=DAY, raised_until=END)
    reasons = [reason for _, reason in found.left_out]
    return found.engineering[FlowNature.CASH], found.raised[FlowNature.CASH], reasons


def test_engineering_and_the_rest_committed_and_paid_are_four_amounts() -> None:
    engineering = flow(
        agreement="E", post=Post.ALLIANCE_ENGINEERING, committed=euros(7), paid=euros(0)
    )
    spent, raised, left_out = counted(flow(), engineering, flow(agreement="A2"))
    assert spent == Amounts(euros(7), euros(0))
    assert raised == Amounts(euros(200), euros(80))
    assert left_out == []


def test_a_flow_is_counted_once() -> None:
    _, raised, left_out = counted(flow(), flow(), flow())
    assert raised == Amounts(euros(100), euros(40))
    assert left_out == [LeftOut.REPEATED, LeftOut.REPEATED]
    refused(lambda: counted(flow(), flow(paid=euros(50))), LeverageProblem.FLOW)


def test_only_what_enters_the_alliance_counts() -> None:
    cascade = flow(payer="hub", receiver="farm")
    outside = flow(payer="ministry", receiver="fund")
    own = flow(payer="hub", receiver="farm", agreement="own", own=True)
    _, raised, left_out = counted(flow(), cascade, outside, own)
    assert raised.committed == euros(200)
    assert left_out == [LeftOut.PASSED_ON, LeftOut.NOT_INTO_THE_ALLIANCE]


def test_the_period_bounds_what_is_raised_and_not_the_engineering() -> None:
    late, early = END + dt.timedelta(days=1), DAY - dt.timedelta(days=1)
    spent, raised, left_out = counted(
        flow(agreed_on=END),
        flow(agreement="late", agreed_on=late),
        flow(agreement="early", agreed_on=early),
        flow(agreement="E", agreed_on=early, post=Post.ALLIANCE_ENGINEERING),
    )
    assert (raised.committed, spent.committed) == (euros(100), euros(100))
    assert left_out == [LeftOut.OUT_OF_PERIOD, LeftOut.OUT_OF_PERIOD]


def test_natures_stay_apart() -> None:
    found = perimeter(
        [flow(), flow(agreement="K", nature=FlowNature.IN_KIND)],
        inside={"hub"},
        raised_from=DAY,
        raised_until=END,
    )
    assert {nature: amounts.committed for nature, amounts in found.raised.items()} == {
        FlowNature.CASH: euros(100),
        FlowNature.IN_KIND: euros(100),
        FlowNature.TIME: euros(0),
    }


def test_impossible_flows_and_periods_are_refused() -> None:
    refused(lambda: flow(paid=euros(101)), LeverageProblem.FLOW)
    refused(lambda: flow(paid=euros(-1)), LeverageProblem.FLOW)
    refused(
        lambda: perimeter([], inside=(), raised_from=END, raised_until=DAY), LeverageProblem.PERIOD
    )


# The budget rules.


def test_each_rule_is_held_against_its_own_base() -> None:
    checks = check_budget(
        [
            Envelope("hall", euros(100_000), euros(5_000)),
            Envelope("road", euros(900_000), euros(4_999)),
        ],
        budget_rules(),
    )
    found = {(check.rule.code, check.name): check for check in checks}
    assert set(found) == {
        ("one_percent", None),
        ("five_percent", "hall"),
        ("five_percent", "road"),
    }
    one = found["one_percent", None]
    assert (one.base, one.share, one.met) == (euros(1_000_000), Decimal("0.009999"), False)
    assert (one.minimum, one.shortfall) == (euros(10_000), euros(1))
    assert found["five_percent", "hall"].met
    assert found["five_percent", "hall"].shortfall == 0
    assert found["five_percent", "road"].shortfall == euros(40_001)


def test_a_rule_says_who_asks_for_it_and_where() -> None:
    rules = {rule.code: rule for rule in budget_rules()}
    assert rules["one_percent"].base is RuleBase.TOTAL_INVESTMENT
    assert rules["five_percent"].base is RuleBase.EACH_ENVELOPE
    assert rules["one_percent"].status != rules["five_percent"].status
    assert all(rule.source for rule in rules.values())


@pytest.mark.parametrize(
    ("envelope", "share", "minimum"),
    [
        (Envelope("x", None, euros(5)), None, None),
        (Envelope("x", euros(1_000), None), None, euros(50)),
        (Envelope("x", euros(0), euros(0)), None, None),
    ],
)
def test_what_is_not_known_is_neither_met_nor_missed(
    envelope: Envelope, share: Decimal | None, minimum: Decimal | None
) -> None:
    one, five = check_budget([envelope], budget_rules())
    assert (one.met, five.met) == (None, None)
    assert (five.share, five.minimum, five.shortfall) == (share, minimum, None)


@pytest.mark.parametrize(
    ("investment", "engineering"),
    [(euros(1), euros(2)), (None, euros(-1)), (euros(-1), None)],
)
def test_engineering_is_inside_its_envelope(
    investment: Decimal | None, engineering: Decimal | None
) -> None:
    refused(lambda: Envelope("x", investment, engineering), LeverageProblem.ENVELOPE)


def test_golden_values_of_the_break_even_uplift() -> None:
    assert break_even_uplift(Decimal("0.01")) == pytest.approx(
        Decimal(1) / 99, abs=Decimal("1e-12")
    )
    assert f"{break_even_uplift(Decimal('0.05')):.4%}" == "5.2632%"
    assert break_even_uplift(Decimal(0)) == 0
    for share in ("1", "-0.01", "NaN"):
        refused(lambda share=share: break_even_uplift(Decimal(share)), LeverageProblem.SHARE)


def test_the_break_even_uplift_grows_with_the_share() -> None:
    uplifts = [break_even_uplift(Decimal(rank) / 100) for rank in range(100)]
    assert all(before < after for before, after in pairwise(uplifts))
