"""What is reported of what was promised: obligations, promises, indicators, reminders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.conditions import Truth
from alliage.fund.reporting.delays import (
    DatedNumber,
    Delays,
    NoValueYetError,
    in_force,
    shipped_delays,
)
from alliage.fund.reporting.indicators import (
    Direction,
    Indicator,
    IndicatorError,
    IndicatorProblem,
    Measurement,
    MeasurementStatus,
    progress,
)
from alliage.fund.reporting.obligations import (
    DateBasis,
    Obligation,
    Period,
    ReportCondition,
    ReportKind,
    final_report_due,
    obligations,
    serves,
)
from alliage.fund.reporting.promises import (
    SETTLED,
    Answer,
    Outcome,
    Promise,
    PromiseKind,
    joined,
    promise_key,
    questions,
    spending,
    unanswered,
)
from alliage.fund.reporting.reminders import Duty, DutyKind, is_late, letters, week_of
from alliage.values.money import euros

if TYPE_CHECKING:
    from collections.abc import Sequence

START = dt.date(2026, 1, 10)
days = st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31))


# ── Obligations ──────────────────────────────────────────────────────────────────────────────────


def derived(conditions: Sequence[ReportCondition], *ends: dt.date) -> tuple[Obligation, ...]:
    return obligations(conditions, starts=START, known_ends=ends, signed=START)


def test_a_report_is_due_when_the_first_instalment_waits_for_it() -> None:
    mid = ReportCondition("mid", "Rapport d’étape", (dt.date(2027, 1, 1), dt.date(2026, 9, 1)))
    found = derived([mid])[0]
    assert (found.due_on, found.basis) == (dt.date(2026, 9, 1), DateBasis.INSTALMENT)
    assert found.period == Period(START, dt.date(2026, 9, 1))


def test_a_date_that_nothing_gives_is_not_guessed() -> None:
    for each in derived([ReportCondition("mid", "Rapport d’étape")]):
        assert (each.due_on, each.basis) == (None, DateBasis.UNKNOWN)


@pytest.mark.parametrize(
    ("end", "due"),
    [
        (dt.date(2026, 1, 1), dt.date(2027, 6, 30)),
        (dt.date(2026, 12, 31), dt.date(2027, 6, 30)),
        (dt.date(2027, 3, 31), dt.date(2028, 6, 30)),
    ],
)
def test_the_final_report_is_due_six_months_after_the_year_in_which_the_action_ends(
    end: dt.date, due: dt.date
) -> None:
    assert final_report_due(end, START) == due
    assert derived([], end)[-1].due_on == due


def test_the_final_report_meets_the_condition_that_says_final() -> None:
    conditions = [
        ReportCondition("a", "Rapport d’étape"),
        ReportCondition("b", "Compte-rendu FINAL"),
    ]
    assert [(each.kind, each.condition) for each in derived(conditions)] == [
        (ReportKind.INTERMEDIATE, "a"),
        (ReportKind.FINAL, "b"),
    ]
    # « Finaliser » is not « final ».
    finals = derived([ReportCondition("c", "Rapport pour finaliser")])
    assert [each.condition for each in finals if each.kind is ReportKind.FINAL] == [None]


conditions = st.lists(
    st.builds(
        ReportCondition,
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from(["Rapport", "Rapport final", "Rapport d’étape"]),
        st.lists(days, max_size=2).map(tuple),
    ),
    max_size=5,
    unique_by=lambda each: each.code,
)


@given(conditions, st.lists(days, max_size=3))
def test_each_condition_has_one_report_and_there_is_one_final_report(
    asked: list[ReportCondition], ends: list[dt.date]
) -> None:
    found = derived(asked, *ends)
    named = [each.condition for each in found if each.condition]
    assert sorted(named) == sorted(each.code for each in asked)
    assert [each.kind for each in found].count(ReportKind.FINAL) == 1
    assert len({each.code for each in found}) == len(found)
    assert all((each.due_on is None) is (each.basis is DateBasis.UNKNOWN) for each in found)


@given(days, days, days, days)
def test_a_report_serves_when_it_covers_every_day_that_is_asked(
    a: dt.date, b: dt.date, c: dt.date, d: dt.date
) -> None:
    (first, last), (since, until) = sorted((a, b)), sorted((c, d))
    report, asked = Period(first, last), Period(since, until)
    covers = first <= since and until <= last
    assert serves(report, asked) is (Truth.TRUE if covers else Truth.FALSE)
    assert serves(report, Period(since, None)) is not Truth.TRUE
    assert serves(report, Period()) is Truth.UNKNOWN


def test_delays_are_read_on_their_day() -> None:
    old = DatedNumber(value=3, since=dt.date(2000, 1, 1), source="a")
    new = DatedNumber(value=6, since=dt.date(2010, 1, 1), source="b")
    assert [in_force((old, new), day).value for day in (dt.date(2009, 12, 31), new.since)] == [3, 6]
    with pytest.raises(NoValueYetError, match="Add an older one"):
        in_force((new,), old.since)
    with pytest.raises(ValueError, match="Write the oldest first"):
        Delays(checked_on=START, final_report_months=(new, old), reminder_days_ahead=(old,))
    assert all(each.source for each in shipped_delays().final_report_months)


# ── Promises ─────────────────────────────────────────────────────────────────────────────────────


def promise(text: str, *agreements: str, kind: PromiseKind = PromiseKind.STEP) -> Promise:
    return Promise(promise_key(kind, text), kind, text, agreements=frozenset(agreements))


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.sampled_from(PromiseKind)),
        max_size=12,
    )
)
def test_what_several_funders_were_promised_is_asked_once(
    said: list[tuple[str, str, PromiseKind]],
) -> None:
    found = joined(promise(text, funder, kind=kind) for text, funder, kind in said)
    assert len({each.key for each in found}) == len(found)
    assert {(each.text, funder, each.kind) for each in found for funder in each.agreements} == set(
        said
    )
    order = list(PromiseKind)
    assert [order.index(each.kind) for each in found] == sorted(
        order.index(each.kind) for each in found
    )


def test_joined_promises_keep_the_earliest_date_and_the_first_amount() -> None:
    early, late = dt.date(2026, 1, 1), dt.date(2026, 6, 1)
    key = promise_key(PromiseKind.BUDGET, "Étude")
    lines = [
        Promise(key, PromiseKind.BUDGET, "Étude", late, "", None, "cash"),
        Promise(key, PromiseKind.BUDGET, "étude", early, "Remise", euros(5), "cash"),
    ]
    assert joined(lines) == (
        Promise(key, PromiseKind.BUDGET, "Étude", early, "Remise", euros(5), "cash"),
    )


answers = st.builds(Answer, st.none() | st.sampled_from(Outcome), st.just("dit"))


@given(st.dictionaries(st.sampled_from("abcd"), answers), st.lists(
    st.dictionaries(st.sampled_from("abcd"), answers), max_size=3
))  # fmt: skip
def test_what_is_settled_is_carried_over_and_the_rest_is_asked(
    said: dict[str, Answer], earlier: list[dict[str, Answer]]
) -> None:
    promises = [promise(text, "a") for text in "abcd"]
    before = [{promise_key(PromiseKind.STEP, key): one for key, one in report.items()}
              for report in earlier]  # fmt: skip
    now = {promise_key(PromiseKind.STEP, key): one for key, one in said.items()}
    asked = questions(promises, before)
    assert [each.promise for each in asked] == promises
    for each in asked:
        last = [one[each.promise.key] for one in before
                if one.get(each.promise.key, Answer()).says_something]  # fmt: skip
        settled = bool(last) and last[-1].outcome in SETTLED
        assert each.settled == (last[-1] if settled else None)
        assert each.earlier == (last[-1] if last and not settled else None)
    missing = unanswered(asked, now)
    assert {each.key for each in missing} == {
        each.promise.key
        for each in asked
        if each.settled is None and not now.get(each.promise.key, Answer()).says_something
    }
    assert unanswered(asked, now, "another") == ()


def test_a_line_of_a_budget_is_asked_in_every_report() -> None:
    line = promise("Étude", kind=PromiseKind.BUDGET)
    asked = questions([line], [{line.key: Answer(Outcome.DONE, spent=euros(3))}])
    assert asked[0].settled is None
    assert asked[0].earlier == Answer(Outcome.DONE, spent=euros(3))


def test_an_indicator_that_was_measured_is_answered() -> None:
    jobs = promise("Emplois", "a", kind=PromiseKind.INDICATOR)
    asked = questions([jobs])
    assert unanswered(asked, {jobs.key: Answer(measured=True)}) == ()
    assert unanswered(asked, {}) == (jobs,)


def test_natures_are_never_added_and_what_nobody_knows_is_not_zero() -> None:
    lines = [
        Promise("1", PromiseKind.BUDGET, "a", planned=euros(100), nature="cash"),
        Promise("2", PromiseKind.BUDGET, "b", planned=euros(50), nature="cash"),
        Promise("3", PromiseKind.BUDGET, "c", planned=None, nature="in_kind"),
        promise("Un atelier"),
    ]
    cash, kind = spending(lines, {"1": Answer(spent=euros("30.50"))})
    assert (cash.nature, cash.planned, cash.spent) == ("cash", euros(150), euros("30.50"))
    assert (cash.not_valued, cash.not_known) == (0, 1)
    assert (kind.planned, kind.spent, kind.not_valued, kind.not_known) == (None, None, 1, 1)
    assert spending(lines, {"1": Answer(spent=euros(0))})[0].spent == 0


# ── Indicators ───────────────────────────────────────────────────────────────────────────────────

numbers = st.decimals(-1000, 1000, places=2)
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2027, 1, 1)


def toward(baseline: Decimal | None, target: Decimal) -> Indicator:
    lower = baseline is not None and target < baseline
    direction = Direction.LOWER if lower else Direction.HIGHER
    return Indicator(direction, target, LAST, baseline, FIRST if baseline is not None else None)


def measured(value: Decimal, on: dt.date = dt.date(2026, 7, 1)) -> Measurement:
    return Measurement(on, value, MeasurementStatus.MEASURED)


@given(numbers, numbers, numbers)
def test_the_share_is_where_the_value_lies_between_the_baseline_and_the_target(
    baseline: Decimal, target: Decimal, value: Decimal
) -> None:
    indicator = toward(baseline, target)
    found = progress(indicator, [measured(value)])
    if baseline == target:
        assert found.share is None
        assert found.reached is (Truth.TRUE if value >= target else Truth.FALSE)
        return
    assert found.share is not None
    back = baseline + found.share * (target - baseline)
    assert abs(back - value) < Decimal("1e-9")
    assert (found.share >= 1) is (found.reached is Truth.TRUE)
    # Mirrored, the same way is made: neither direction is favoured.
    mirror = progress(toward(-baseline, -target), [measured(-value)])
    assert (mirror.share, mirror.reached, mirror.behind) == (
        found.share, found.reached, found.behind
    )  # fmt: skip


@given(numbers)
def test_what_is_not_known_is_neither_zero_nor_behind(target: Decimal) -> None:
    nothing = progress(toward(Decimal(0), target), [])
    assert (nothing.share, nothing.last, nothing.expected) == (None, None, None)
    assert nothing.reached is nothing.behind is Truth.UNKNOWN
    unbased = progress(toward(None, target), [measured(target)])
    assert (unbased.share, unbased.expected, unbased.behind) == (None, None, Truth.UNKNOWN)
    assert unbased.reached is Truth.TRUE


def test_the_line_goes_straight_from_the_baseline_to_the_target() -> None:
    indicator = toward(Decimal(10), Decimal(30))
    # 2026 has 365 days: day 73 is a fifth of them.
    day = FIRST + dt.timedelta(days=73)
    on_line = progress(indicator, [measured(Decimal(14), day)])
    assert (on_line.expected, on_line.share) == (Decimal(14), Decimal("0.2"))
    assert on_line.behind is Truth.FALSE
    assert progress(indicator, [measured(Decimal("13.9"), day)]).behind is Truth.TRUE
    after = progress(indicator, [measured(Decimal(29), LAST + dt.timedelta(days=400))])
    assert after.expected == Decimal(30)
    assert after.behind is Truth.TRUE


def test_the_last_day_counts_whatever_the_order() -> None:
    told = [measured(Decimal(20), dt.date(2026, 9, 1)), measured(Decimal(12))]
    for order in (told, told[::-1]):
        found = progress(toward(Decimal(10), Decimal(30)), order)
        assert found.last is not None
        assert found.last.value == 20


@pytest.mark.parametrize(
    ("baseline", "baseline_on", "target", "problem"),
    [
        (Decimal(5), FIRST, Decimal(4), IndicatorProblem.WRONG_WAY),
        (Decimal(5), LAST, Decimal(6), IndicatorProblem.TARGET_BEFORE_BASELINE),
        (Decimal(5), None, Decimal(6), IndicatorProblem.BASELINE_WITHOUT_DATE),
        (None, None, Decimal("NaN"), IndicatorProblem.NOT_A_NUMBER),
    ],
)
def test_what_makes_no_indicator_is_refused(
    baseline: Decimal | None, baseline_on: dt.date | None, target: Decimal,
    problem: IndicatorProblem,
) -> None:  # fmt: skip
    with pytest.raises(IndicatorError) as refusal:
        Indicator(Direction.HIGHER, target, LAST, baseline, baseline_on)
    assert refusal.value.problem is problem


# ── Reminders ────────────────────────────────────────────────────────────────────────────────────

TODAY = dt.date(2026, 10, 5)
duties = st.lists(
    st.builds(
        Duty,
        st.frozensets(st.integers(1, 4), max_size=3),
        st.sampled_from(DutyKind),
        st.sampled_from(["f1", "f2", "f3"]),
        st.just("Titre"),
        st.text("ab", max_size=2),
        st.none() | st.dates(dt.date(2026, 8, 1), dt.date(2026, 12, 31)),
        st.just("/"),
    ),
    max_size=12,
)


@given(duties, st.integers(0, 60), st.frozensets(st.integers(1, 4), max_size=2))
def test_each_person_gets_one_letter_that_names_each_duty_once(
    asked: list[Duty], ahead: int, left_out: frozenset[int]
) -> None:
    found = letters(asked, on=TODAY, days_ahead=ahead, left_out=left_out)
    people = [each.person for each in found]
    assert people == sorted(set(people))
    assert not left_out & set(people)
    soon = [
        each for each in asked
        if each.due_on is None or each.due_on <= TODAY + dt.timedelta(days=ahead)
    ]  # fmt: skip
    for letter in found:
        named = [duty for file in letter.files for duty in file.duties]
        mine = [each for each in soon if letter.person in each.people]
        assert sorted(map(repr, named)) == sorted(map(repr, mine))
        assert letter.count == len(mine)
        files = [each.file for each in letter.files]
        assert len(files) == len(set(files))
        firsts = [each.duties[0].due_on or dt.date.max for each in letter.files]
        assert firsts == sorted(firsts)
    waited = {person for each in soon for person in each.people} - left_out
    assert waited == set(people)


def test_a_day_that_has_come_is_not_late() -> None:
    duty = Duty(frozenset({1}), DutyKind.REPORT, "f", "F", "x", TODAY, "/")
    assert not is_late(duty, TODAY)
    assert is_late(duty, TODAY + dt.timedelta(days=1))


def test_a_week_goes_from_monday_to_sunday() -> None:
    monday = dt.date(2026, 10, 5)
    weeks = {week_of(monday + dt.timedelta(days=day)) for day in range(7)}
    assert weeks == {"2026-W41"}
    assert week_of(monday - dt.timedelta(days=1)) == "2026-W40"
