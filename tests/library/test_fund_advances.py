"""Repayable advances: what they bring on average, when one is due, how it is repaid."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.money.advance_forecast import (
    LARGEST_PORTFOLIO,
    AdvanceParameters,
    Count,
    ForecastError,
    ForecastProblem,
    incentive_index,
    loss_distribution,
    recycling,
    simulate,
)
from alliage.fund.money.advances import (
    AdvanceError,
    AdvanceFile,
    AdvanceProblem,
    Fact,
    Outcome,
    Reason,
    Statement,
    check_payment,
    decide,
    repayment_schedule,
    repayment_standing,
)
from alliage.values.money import euros, total

PAID = dt.date(2026, 1, 12)


def parameters(**changes: Any) -> AdvanceParameters:
    """The fund of the golden values, changed where the test says so."""
    golden = AdvanceParameters(euros(1_000_000), euros(30_000), 0.7, 0.9, lag=2)
    return dataclasses.replace(golden, **changes)


# The forecast.


def test_golden_values_of_the_closed_forms() -> None:
    found = recycling(parameters())
    assert found.reflow == pytest.approx(0.63, abs=1e-12)
    assert found.multiplier == pytest.approx(1 / 0.37, rel=1e-12)
    assert found.half_life == pytest.approx(1.5002034284667, abs=1e-9)
    assert found.missions_in_the_long_run == pytest.approx(90.0900900900901, abs=1e-9)
    assert found.missions_as_grants == pytest.approx(33.3333333333333, abs=1e-9)
    assert found.replenishment == pytest.approx(370_000, abs=1e-6)
    assert found.expected_loss == pytest.approx(11_100, abs=1e-9)


def test_golden_value_of_the_first_ten_years() -> None:
    years = simulate(parameters()).years
    assert years[-1].missions_so_far == pytest.approx(100 / 3 * (1 - 0.63**5) / 0.37, abs=1e-9)
    assert round(years[-1].missions_so_far, 2) == 81.15
    assert years[-1].grants_so_far == pytest.approx(100 / 3)
    # Money lent comes back two years later: one year in two lends nothing.
    assert [round(year.missions, 2) for year in years[:4]] == [33.33, 0, 21, 0]


def test_golden_values_of_the_risk() -> None:
    correlated = simulate(parameters(icc=0.1)).loss
    independent = simulate(parameters()).loss
    assert correlated is not None
    assert independent is not None
    assert correlated.mean == pytest.approx(366_300, abs=1e-6)
    assert independent.mean == pytest.approx(366_300, abs=1e-6)
    # Variance of a thinned beta-binomial: n·p·q·(1 + (n−1)·icc)·r² + n·p·r·(1−r).
    variance = 33 * 0.21 * (1 + 32 * 0.1) * 0.81 + 33 * 0.7 * 0.09
    assert correlated.standard_deviation == pytest.approx(30_000 * math.sqrt(variance), rel=1e-9)
    assert round(correlated.standard_deviation, -3) == 152_000
    assert round(independent.standard_deviation, -3) == 83_000
    assert correlated.value_at_risk(0.95) == euros(630_000)


def test_whole_missions_keep_the_rest_in_cash() -> None:
    first, second, third = simulate(parameters(years=3, whole_missions=True)).years
    assert (first.missions, first.lent, first.closing) == (33, 990_000, 10_000)
    assert (second.missions, second.closing) == (0, 10_000)
    # 0.63 × 990,000 came back, beside the 10,000 left: 21 advances, and 3,700 € are kept.
    assert third.missions == 21
    assert third.closing == pytest.approx(3_700)
    assert simulate(parameters(whole_missions=True)).years[-1].missions_so_far == pytest.approx(80)


def test_a_lag_of_zero_never_lends_twice_in_one_year() -> None:
    same_year, next_year = simulate(parameters(lag=0)).years, simulate(parameters(lag=1)).years
    assert [year.missions for year in same_year] == pytest.approx(
        [year.missions for year in next_year]
    )
    assert same_year[0].closing == pytest.approx(630_000)
    assert next_year[0].closing == pytest.approx(0)


def test_running_costs_are_paid_first_and_never_with_money_that_is_not_there() -> None:
    years = simulate(parameters(success=0.0, overhead=0.05, years=3)).years
    assert years[0].overhead == 50_000
    assert years[0].lent == pytest.approx(950_000)
    assert (years[1].overhead, years[1].unpaid, years[1].closing) == (0, 50_000, 0)


def test_yearly_money_lasts_for_ever_and_the_long_run_is_then_unknown() -> None:
    asked = parameters(fresh_money=euros(111_000), lag=1, years=100)
    found = recycling(asked)
    assert found.missions_in_the_long_run is None
    assert found.lasting_missions == pytest.approx(10)
    assert simulate(asked).years[-1].missions == pytest.approx(10)
    assert recycling(parameters(overhead=0.01)).lasting_missions is None
    assert recycling(parameters()).lasting_missions is None


def test_what_never_comes_back_is_a_grant() -> None:
    found = recycling(parameters(success=0.0))
    assert (found.multiplier, found.half_life) == (1, 0)
    assert found.missions_in_the_long_run == pytest.approx(found.missions_as_grants)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"success": 1.0, "repaid_if_success": 1.0}, ForecastProblem.NEVER_LOSES),
        ({"success": 1.2}, ForecastProblem.PROBABILITY),
        ({"repaid_if_success": math.nan}, ForecastProblem.PROBABILITY),
        ({"overhead": -0.1}, ForecastProblem.PROBABILITY),
        ({"icc": 1.0}, ForecastProblem.CORRELATION),
        ({"lag": -1}, ForecastProblem.YEARS),
        ({"years": 0}, ForecastProblem.YEARS),
        ({"advance": euros(0)}, ForecastProblem.AMOUNT),
        ({"advance": euros(1_000_001)}, ForecastProblem.AMOUNT),
        ({"fresh_money": euros(-1)}, ForecastProblem.AMOUNT),
    ],
)
def test_impossible_parameters_are_refused(
    changes: dict[str, Any], problem: ForecastProblem
) -> None:
    with pytest.raises(ForecastError) as refused:
        parameters(**changes)
    assert refused.value.problem is problem
    assert refused.value.values


def test_a_large_portfolio_has_a_forecast_and_no_distribution() -> None:
    forecast = simulate(parameters(advance=euros(500)))
    assert forecast.parameters.portfolio == 2_000
    assert forecast.loss is None
    with pytest.raises(ForecastError) as refused:
        loss_distribution(LARGEST_PORTFOLIO + 1, euros(500), success=0.7, repaid_if_success=0.9)
    assert refused.value.problem is ForecastProblem.PORTFOLIO


PROBABILITIES = st.floats(0, 0.99)
PARAMETERS = st.builds(
    AdvanceParameters,
    capital=st.decimals(1_000, 10_000_000, places=2),
    advance=st.decimals(100, 1_000, places=2),
    success=PROBABILITIES,
    repaid_if_success=PROBABILITIES,
    lag=st.integers(0, 5),
    years=st.integers(1, 30),
    overhead=st.floats(0, 0.3),
    fresh_money=st.decimals(0, 100_000, places=2),
    whole_missions=st.booleans(),
)


@given(PARAMETERS)
def test_cash_is_never_below_zero_and_every_euro_is_somewhere(asked: AdvanceParameters) -> None:
    years = simulate(asked).years
    tolerance = 1e-6 * float(asked.capital)
    for year in years:
        moved = year.opening + year.repaid + year.fresh_money - year.overhead - year.lent
        assert year.closing == pytest.approx(moved, abs=tolerance)
        assert year.closing >= -tolerance
        assert year.unpaid >= 0
        assert year.missions_so_far >= year.grants_so_far - 1 - tolerance
    for before, after in pairwise(years):
        assert after.opening == before.closing
        assert after.missions_so_far >= before.missions_so_far


@given(st.integers(1, 60), PROBABILITIES, PROBABILITIES, st.floats(0, 0.95), st.floats(0.01, 0.99))
def test_a_loss_distribution_has_the_mean_of_its_chances(
    number: int, success: float, repaid: float, icc: float, level: float
) -> None:
    loss = loss_distribution(
        number, euros(1_000), success=success, repaid_if_success=repaid, icc=icc
    )
    assert math.fsum(loss.probabilities) == pytest.approx(1)
    assert loss.mean == pytest.approx(1_000 * number * (1 - success * repaid), rel=1e-6)
    at_risk = loss.value_at_risk(level)
    below = sum(chance for lost, chance in enumerate(loss.probabilities) if lost * 1000 <= at_risk)
    assert below >= level - 1e-9


def test_a_small_correlation_is_near_independence() -> None:
    near = loss_distribution(20, euros(1), success=0.6, repaid_if_success=1.0, icc=1e-13)
    none = loss_distribution(20, euros(1), success=0.6, repaid_if_success=1.0)
    assert near.probabilities == pytest.approx(none.probabilities, rel=1e-9)
    assert none.probabilities[20] == pytest.approx(0.4**20)


def test_sure_outcomes_have_no_risk() -> None:
    lost = loss_distribution(5, euros(10), success=0.0, repaid_if_success=0.5, icc=0.3)
    assert list(lost.probabilities) == [0, 0, 0, 0, 0, 1]
    kept = loss_distribution(5, euros(10), success=1.0, repaid_if_success=1.0, icc=0.3)
    assert kept.value_at_risk(0.99) == 0
    with pytest.raises(ForecastError):
        kept.value_at_risk(1.0)


def test_the_incentive_index_never_stands_on_nothing() -> None:
    assert incentive_index(Count(3, 4), Count(2, 4)).value == pytest.approx(1.5)
    assert incentive_index(Count(0, 4), Count(2, 4)).value == 0
    assert incentive_index(Count(3, 4), Count(0, 4)).value is None
    assert incentive_index(Count(0, 0), Count(2, 4)).value is None
    with pytest.raises(ForecastError) as refused:
        Count(5, 4)
    assert refused.value.problem is ForecastProblem.COUNTS


# The decision.


def yes(on: dt.date) -> Statement:
    return Statement(True, on)


def no(on: dt.date) -> Statement:
    return Statement(False, on)


CRITERIA = yes(dt.date(2026, 1, 5))
APPROVED = yes(dt.date(2026, 8, 20))
SIGNED = yes(dt.date(2026, 9, 1))
FAILED = no(dt.date(2026, 9, 1))
COMPLETE = AdvanceFile(
    PAID, CRITERIA, roadmap=APPROVED, holder=SIGNED, fund=yes(dt.date(2026, 9, 30))
)


def decided(**changes: Any) -> tuple[Outcome, Reason | None]:
    found = decide(dataclasses.replace(COMPLETE, **changes))
    return found.outcome, found.reason


def test_a_confirmed_success_is_due() -> None:
    assert decided(check=yes(dt.date(2027, 9, 30))) == (Outcome.DUE, Reason.SUCCESS_CONFIRMED)


def test_a_declared_success_waits_for_its_check_after_the_later_signature() -> None:
    found = decide(COMPLETE)
    assert (found.outcome, found.missing) == (Outcome.PENDING, (Fact.CHECK,))
    assert found.check_from == dt.date(2027, 9, 30)
    with pytest.raises(AdvanceError) as refused:
        decided(check=yes(dt.date(2027, 9, 29)))
    assert refused.value.problem is AdvanceProblem.DATES
    assert refused.value.values["earliest"] == "2027-09-30"


def test_an_empty_file_says_all_that_it_waits_for() -> None:
    found = decide(AdvanceFile(PAID))
    assert (found.outcome, found.reason) == (Outcome.PENDING, None)
    assert found.missing == (
        Fact.CRITERIA,
        Fact.ROADMAP,
        Fact.HOLDER_DECLARATION,
        Fact.FUND_DECLARATION,
    )


@pytest.mark.parametrize("side", ["holder", "fund"])
def test_one_signature_is_not_enough(side: str) -> None:
    unsigned: dict[str, Any] = {side: None}
    found = decide(dataclasses.replace(COMPLETE, **unsigned))
    assert found.outcome is Outcome.PENDING
    assert found.missing == (Fact(f"{side}_declaration"),)
    with pytest.raises(AdvanceError) as refused:
        decided(check=yes(dt.date(2030, 1, 1)), **unsigned)
    assert "earliest" not in refused.value.values


def test_criteria_fixed_after_the_payment_waive_the_advance_whatever_follows() -> None:
    late = yes(PAID + dt.timedelta(days=1))
    check = yes(dt.date(2028, 1, 1))
    assert decided(criteria=late, check=check) == (Outcome.WAIVED, Reason.CRITERIA_AFTER_PAYMENT)
    assert decided(criteria=no(PAID), check=check) == (Outcome.WAIVED, Reason.NO_CRITERIA)
    assert decided(criteria=yes(PAID), check=check)[0] is Outcome.DUE


def test_a_failure_that_both_sides_sign_is_waived() -> None:
    failed = {"holder": FAILED, "fund": FAILED}
    assert decided(**failed) == (Outcome.WAIVED, Reason.DECLARED_FAILURE)
    assert decided(**failed, check=yes(dt.date(2028, 1, 1))) == (
        Outcome.DISPUTED,
        Reason.FAILURE_BUT_IN_USE,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"holder": FAILED}, Reason.DECLARATIONS_DIFFER),
        ({"fund": FAILED}, Reason.DECLARATIONS_DIFFER),
        ({"roadmap": no(dt.date(2026, 8, 20))}, Reason.SUCCESS_WITHOUT_ROADMAP),
        ({"check": no(dt.date(2027, 10, 1))}, Reason.ROADMAP_NOT_IN_USE),
    ],
)
def test_facts_that_disagree_go_to_the_committee(changes: dict[str, Any], reason: Reason) -> None:
    found = decide(dataclasses.replace(COMPLETE, **changes))
    assert (found.outcome, found.reason) == (Outcome.DISPUTED, reason)
    assert found.missing == (Fact.RULING,)
    ruled = dt.date(2027, 12, 1)
    assert decided(**changes, ruling=yes(ruled)) == (Outcome.DUE, Reason.RULED_DUE)
    assert decided(**changes, ruling=no(ruled)) == (Outcome.WAIVED, Reason.RULED_WAIVED)


def test_the_committee_rules_only_on_a_dispute() -> None:
    with pytest.raises(AdvanceError) as refused:
        decided(ruling=yes(dt.date(2027, 1, 1)))
    assert refused.value.problem is AdvanceProblem.NOTHING_TO_RULE
    assert refused.value.values == {"outcome": "pending", "missing": "check"}


def test_an_advance_is_due_only_in_one_case_of_all() -> None:
    answers = {
        "criteria": (None, CRITERIA, no(PAID), yes(dt.date(2026, 2, 1))),
        "roadmap": (None, APPROVED, no(dt.date(2026, 8, 20))),
        "holder": (None, SIGNED, FAILED),
        "fund": (None, SIGNED, FAILED),
    }
    outcomes: list[Outcome] = []
    for values in product(*answers.values()):
        stated = dict(zip(answers, values, strict=True))
        both = stated["holder"] is not None and stated["fund"] is not None
        check = yes(dt.date(2028, 1, 1)) if both else None
        outcomes.append(decided(**stated, check=check)[0])
    assert outcomes.count(Outcome.DUE) == 1


def test_dates_before_the_payment_are_refused() -> None:
    with pytest.raises(AdvanceError) as refused:
        decided(roadmap=yes(dt.date(2025, 12, 31)))
    assert refused.value.values == {
        "fact": "roadmap",
        "on": "2025-12-31",
        "earliest": "2026-01-12",
    }


@pytest.mark.parametrize("criteria", [None, no(PAID), yes(PAID + dt.timedelta(days=1))])
def test_no_advance_is_paid_before_its_criteria_are_fixed(criteria: Statement | None) -> None:
    with pytest.raises(AdvanceError) as refused:
        check_payment(criteria, PAID)
    assert refused.value.problem is AdvanceProblem.CRITERIA_NOT_FIXED
    check_payment(yes(PAID), PAID)


# The repayment.


@given(
    st.decimals("0.60", "999999.99", places=2),
    st.integers(1, 60),
    st.dates(dt.date(2020, 1, 1), dt.date(2060, 1, 1)),
    st.integers(1, 12),
)
def test_a_schedule_makes_the_amount_to_the_cent(
    amount: Decimal, instalments: int, first_on: dt.date, every_months: int
) -> None:
    schedule = repayment_schedule(
        amount, instalments=instalments, first_on=first_on, every_months=every_months
    )
    assert total(part.amount for part in schedule) == amount
    assert max(part.amount for part in schedule) - min(part.amount for part in schedule) <= (
        Decimal("0.01")
    )
    assert schedule[0].due_on == first_on
    for before, after in pairwise(schedule):
        months = (after.due_on.year - before.due_on.year) * 12
        assert months + after.due_on.month - before.due_on.month == every_months


@pytest.mark.parametrize(
    ("amount", "instalments", "every"), [(0, 1, 1), (-5, 1, 1), (1, 101, 1), (5, 0, 1), (5, 2, 0)]
)
def test_impossible_schedules_are_refused(amount: int, instalments: int, every: int) -> None:
    with pytest.raises(AdvanceError) as refused:
        repayment_schedule(
            euros(amount), instalments=instalments, first_on=PAID, every_months=every
        )
    assert refused.value.problem is AdvanceProblem.INSTALMENTS


def test_what_is_overdue_and_what_is_left() -> None:
    schedule = repayment_schedule(euros("100.01"), instalments=3, first_on=dt.date(2028, 1, 31))
    early = repayment_standing(schedule, repaid=euros(50), on=dt.date(2028, 1, 30))
    assert [early.called, early.overdue, early.left] == [0, 0, euros("50.01")]
    on_the_day = repayment_standing(schedule, repaid=euros(0), on=dt.date(2028, 1, 31))
    assert on_the_day.overdue == euros("33.34")
    late = repayment_standing(schedule, repaid=euros(50), on=dt.date(2028, 3, 30))
    assert (late.called, late.overdue) == (euros("66.68"), euros("16.68"))
    with pytest.raises(AdvanceError) as refused:
        repayment_standing(schedule, repaid=euros(101), on=PAID)
    assert refused.value.problem is AdvanceProblem.REPAID
