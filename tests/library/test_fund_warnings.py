"""Early warnings: what is not known makes none and silences none."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.conditions import FactKind, Truth
from alliage.fund.follow_up.warnings import (
    WARNING_FACTS,
    AgreementFacts,
    Severity,
    document,
    read_warning_rules,
    shipped_warning_rules,
    spending_gap,
    warnings_of,
)
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "early-warnings.md"
FILE = ROOT / "src" / "alliage" / "fund" / "follow_up" / "parameters" / "warnings.yaml"
TODAY = dt.date(2026, 11, 21)
RULES = shipped_warning_rules()

_NUMBERS = st.none() | st.integers(-400, 800)
_AMOUNTS = st.none() | st.decimals(0, 1000, places=2)


def _value(name: str) -> st.SearchStrategy[Any]:
    if name in WARNING_FACTS:
        if WARNING_FACTS[name].kind is FactKind.YES_NO:
            return st.none() | st.booleans()
        return _AMOUNTS if "amount" in name or "gap" in name else _NUMBERS
    return st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


each_facts = st.builds(
    AgreementFacts, **{each.name: _value(each.name) for each in fields(AgreementFacts)}
)


def told(facts: AgreementFacts, on: dt.date = TODAY) -> Mapping[str, Truth]:
    return {each.rule.id: each.truth for each in warnings_of(facts, RULES, on)}


def test_the_page_is_made_from_the_rules() -> None:
    made = "python -m alliage.fund.follow_up.warnings > docs/reference/early-warnings.md"
    assert PAGE.read_text(encoding="utf-8") == document(RULES), made


def test_nothing_known_warns_of_nothing_and_says_so() -> None:
    found = told(AgreementFacts())
    assert set(found.values()) == {Truth.UNKNOWN}
    assert found.keys() == {rule.id for rule in RULES.rules}


#: Each rule with facts just at its bound, just under it, and the day since which it warns.
BOUNDS: tuple[tuple[str, dict[str, Any], dict[str, Any], dt.date | None], ...] = (
    ("receiver_ceased", {"receiver_ceased": True, "receiver_ceased_on": TODAY},
     {"receiver_ceased": False}, TODAY),
    ("amount_held", {"amount_held": Decimal("0.01"), "days_held": 15,
                     "held_since": dt.date(2026, 11, 6)},
     {"amount_held": Decimal("0.01"), "days_held": 14}, TODAY),
    ("report_late", {"report_days_late": 30, "report_due_on": dt.date(2026, 10, 22)},
     {"report_days_late": 29}, TODAY),
    ("advance_check_due", {"check_days_late": 0, "check_due_on": TODAY},
     {"check_days_late": -1}, TODAY),
    ("ending_unpaid", {"days_to_end": 60, "amount_unpaid": Decimal(1),
                       "ends_on": dt.date(2027, 1, 20)},
     {"days_to_end": 61, "amount_unpaid": Decimal(1)}, TODAY),
    ("promise_missed", {"promise_days_late": 30, "promise_due_on": dt.date(2026, 10, 22)},
     {"promise_days_late": 29}, TODAY),
    ("indicator_behind", {"indicator_gap": Decimal(25), "indicator_measured_on": TODAY},
     {"indicator_gap": Decimal("24.9")}, TODAY),
    ("spending_far", {"spending_gap": Decimal(30), "spending_known_on": TODAY},
     {"spending_gap": Decimal("29.9")}, TODAY),
    ("party_left", {"parties_left": 1}, {"parties_left": 0}, None),
    ("question_unanswered", {"question_days_late": 1, "question_due_on": dt.date(2026, 11, 20)},
     {"question_days_late": 0}, TODAY),
    ("follow_up_late", {"follow_up_days_late": 1, "follow_up_due_on": dt.date(2026, 11, 20)},
     {"follow_up_days_late": 0}, TODAY),
    ("no_contact", {"days_without_contact": 365, "last_contact_on": dt.date(2025, 11, 21)},
     {"days_without_contact": 364}, TODAY),
)  # fmt: skip


def test_every_rule_has_its_bound_below() -> None:
    assert [rule for rule, *_rest in BOUNDS] == [rule.id for rule in RULES.rules]


@pytest.mark.parametrize(
    ("rule", "at_the_bound", "under_it", "since"), BOUNDS, ids=[bound[0] for bound in BOUNDS]
)
def test_a_rule_warns_from_its_bound_and_says_since_when(
    rule: str, at_the_bound: dict[str, Any], under_it: dict[str, Any], since: dt.date | None
) -> None:
    [found] = [
        each
        for each in warnings_of(AgreementFacts(**at_the_bound), RULES, TODAY)
        if each.rule.id == rule
    ]
    assert found.is_warning
    assert found.since == since
    assert dict(found.found).items() <= at_the_bound.items()
    assert found.missing == ()
    assert rule not in told(AgreementFacts(**under_it))


def test_an_unpaid_amount_without_an_end_is_not_known_and_a_known_other_half_decides() -> None:
    assert told(AgreementFacts(amount_unpaid=Decimal(10)))["ending_unpaid"] is Truth.UNKNOWN
    assert "ending_unpaid" not in told(AgreementFacts(amount_unpaid=Decimal(0)))


@given(each_facts, st.sampled_from([each.name for each in fields(AgreementFacts)]))
def test_forgetting_a_fact_makes_no_warning_and_silences_none_of_the_others(
    facts: AgreementFacts, name: str
) -> None:
    before, after = told(facts), told(replace(facts, **{name: None}))
    reads = {
        each.rule.id
        for each in warnings_of(AgreementFacts(), RULES, TODAY)
        if name in dict(each.found)
    }
    for rule in RULES.rules:
        if rule.id not in reads:
            assert after.get(rule.id) == before.get(rule.id)
        # What was a warning becomes at worst « not known »: it never goes away in silence.
        elif before.get(rule.id) is Truth.TRUE:
            assert after.get(rule.id) in {Truth.TRUE, Truth.UNKNOWN}
        elif before.get(rule.id) is None:
            assert after.get(rule.id) is not Truth.TRUE


@given(each_facts)
def test_the_gravest_come_first_and_what_is_not_known_last(facts: AgreementFacts) -> None:
    found = warnings_of(facts, RULES, TODAY)
    order = [
        list(Severity).index(each.rule.severity) if each.is_warning else len(Severity)
        for each in found
    ]
    assert order == sorted(order)
    assert all(each.missing for each in found if not each.is_warning)


def test_a_rule_counts_on_its_days() -> None:
    first = dt.date(2026, 1, 1)
    late = AgreementFacts(report_days_late=31)
    assert told(late, first)["report_late"] is Truth.TRUE
    assert told(late, first - dt.timedelta(days=1)) == {}


def _changed(tmp_path: Path, before: str, after: str) -> Path:
    text = FILE.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "warnings.yaml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


def test_a_threshold_changes_from_a_day(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    begins = text.index("  - id: report_late")
    rule = text[begins : text.index("  - id: advance_check_due")]
    closed = rule.replace("from: 2026-01-01", "from: 2026-01-01\n    until: 2026-06-30")
    again = rule.replace("from: 2026-01-01", "from: 2026-07-01").replace(
        "at_least: 30", "at_least: 60"
    )
    path = tmp_path / "warnings.yaml"
    path.write_text(text.replace(rule, closed + again), encoding="utf-8")
    rules = read_warning_rules(path)
    facts = AgreementFacts(report_days_late=31)
    june, july = dt.date(2026, 6, 30), dt.date(2026, 7, 1)
    assert "report_late" in {each.rule.id for each in warnings_of(facts, rules, june)}
    assert "report_late" not in {
        each.rule.id for each in warnings_of(facts, rules, july) if each.is_warning
    }
    path.write_text(text.replace(rule, rule + again), encoding="utf-8")
    with pytest.raises(InvalidFilesError, match="already holds on 2026-07-01"):
        read_warning_rules(path)


@pytest.mark.parametrize(
    ("before", "after", "told_of"),
    [
        ("{fact: report_days_late, at_least: 30}", "{fact: unknown, at_least: 30}", "unknown"),
        ("{fact: report_due_on, days: 30}", "{fact: report_days_late}", "is no day"),
        ("severity: high", "severity: grave", "severity"),
        ("{fact: receiver_ceased, equals: true}", "{fact: receiver_ceased, at_least: 1}",
         "receiver_ceased"),
        ("from: 2026-01-01", "from: 2026-01-01\n    until: 2025-01-01", "before it begins"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_hold_is_refused(
    tmp_path: Path, before: str, after: str, told_of: str
) -> None:
    with pytest.raises(InvalidFilesError, match=told_of):
        read_warning_rules(_changed(tmp_path, before, after))


# ── Spending against time ────────────────────────────────────────────────────────────────────────

BEGINS, ENDS = dt.date(2026, 1, 1), dt.date(2027, 1, 1)


def _gap(spent: Any, on: dt.date, planned: Any = 1000) -> Decimal | None:
    return spending_gap(
        spent=None if spent is None else Decimal(spent),
        planned=None if planned is None else Decimal(planned),
        begins=BEGINS, ends=ENDS, on=on,
    )  # fmt: skip


def test_spending_far_from_time_is_told_both_ways() -> None:
    # 73 of 365 days: a fifth of the time.
    on = dt.date(2026, 3, 15)
    assert _gap(700, on) == Decimal("50.0")
    assert _gap(0, on) == Decimal("20.0")
    assert _gap(200, on) == Decimal("0.0")


def test_time_stops_at_both_ends() -> None:
    assert _gap(1000, dt.date(2028, 1, 1)) == Decimal("0.0")
    assert _gap(0, dt.date(2025, 1, 1)) == Decimal("0.0")


def test_spending_is_not_known_without_its_parts() -> None:
    assert _gap(None, BEGINS) is None
    assert _gap(10, BEGINS, planned=None) is None
    assert _gap(10, BEGINS, planned=0) is None
    assert spending_gap(
        spent=Decimal(1), planned=Decimal(1), begins=BEGINS, ends=None, on=BEGINS
    ) is None  # fmt: skip
