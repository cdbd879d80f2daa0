"""Eligibility rules: read from data, answered with the value found, never by a guess."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.vocabulary import Stage, World
from alliage.fund.applications.eligibility import (
    FACTS,
    ApplicationFacts,
    EligibilityRules,
    Identifier,
    RuleResult,
    Verdict,
    age_in_months,
    check_eligibility,
    read_eligibility_rules,
)
from alliage.fund.conditions import Between, Truth
from alliage.values.dates import PartialDate
from alliage.values.money import euros
from alliage.values.yaml_files import InvalidFilesError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "eligibility-rules.md"
VINCENNES = frozenset({"commune:94080", "department:94", "region:11"})
MUREAUX = frozenset({"commune:78440", "department:78", "region:11"})
GOOD = ApplicationFacts(
    worlds=(World.ASSOCIATION, World.COMPANY, World.LOCAL_AUTHORITY),
    lead_world=World.ASSOCIATION,
    lead_identifiers=(Identifier.RNA,),
    lead_age_months=Between(Decimal(12), Decimal(12)),
    stage=Stage.EMERGENCE,
    territories=(VINCENNES, MUREAUX),
    amount_asked=euros(15000),
    declarations=("accurate",),
)


def example() -> str:
    return PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]


@pytest.fixture
def rules(tmp_path: Path) -> EligibilityRules:
    path = tmp_path / "rules.yaml"
    path.write_text(example(), encoding="utf-8")
    return read_eligibility_rules(path)


def of(rules: EligibilityRules, facts: ApplicationFacts) -> dict[str, RuleResult]:
    return {result.rule.id: result for result in check_eligibility(rules, facts).results}


def test_the_documentation_names_every_fact() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [(name, fact.kind.value, fact.meaning) for name, fact in FACTS.items()]
    assert list(FACTS) == [field.name for field in dataclasses.fields(ApplicationFacts)]


def test_an_application_that_meets_every_rule(rules: EligibilityRules) -> None:
    result = check_eligibility(rules, GOOD)
    assert result.verdict is Verdict.ELIGIBLE
    assert [each.truth for each in result.results] == [Truth.TRUE] * 6


def test_nothing_known_is_neither_yes_nor_no(rules: EligibilityRules) -> None:
    result = check_eligibility(rules, ApplicationFacts())
    assert result.verdict is Verdict.CANNOT_TELL
    assert {each.truth for each in result.results} == {Truth.UNKNOWN}
    assert {fact for each in result.results for fact in each.missing} <= set(FACTS)


@pytest.mark.parametrize(
    ("change", "rule", "truth"),
    [
        ({"worlds": (World.COMPANY, World.COMPANY, World.CITIZEN)}, "three_worlds", Truth.FALSE),
        ({"worlds": None}, "three_worlds", Truth.UNKNOWN),
        ({"territories": (VINCENNES, frozenset({"department:75"}))}, "perimeter", Truth.FALSE),
        ({"territories": ()}, "perimeter", Truth.FALSE),
        ({"amount_asked": euros("15000.01")}, "amount", Truth.FALSE),
        ({"amount_asked": euros("999.99")}, "amount", Truth.FALSE),
        ({"lead_identifiers": ()}, "known_and_settled", Truth.FALSE),
        ({"lead_identifiers": None}, "known_and_settled", Truth.UNKNOWN),
        (
            {"lead_age_months": Between(Decimal(5), Decimal(17))},
            "known_and_settled",
            Truth.UNKNOWN,
        ),
        # A rule that already fails does not wait for the fact that is missing.
        (
            {"lead_identifiers": None, "lead_age_months": Between(Decimal(5), Decimal(11))},
            "known_and_settled",
            Truth.FALSE,
        ),
        ({"lead_world": World.COMPANY}, "not_a_company_alone", Truth.FALSE),
        ({"lead_world": World.COMPANY, "stage": None}, "not_a_company_alone", Truth.UNKNOWN),
        ({"stage": None}, "not_a_company_alone", Truth.TRUE),
        ({"declarations": ()}, "declared", Truth.FALSE),
    ],
)
def test_each_rule_by_itself(
    rules: EligibilityRules, change: dict[str, object], rule: str, truth: Truth
) -> None:
    facts = dataclasses.replace(GOOD, **change)  # type: ignore[arg-type]
    found = of(rules, facts)
    assert found[rule].truth is truth
    assert bool(found[rule].missing) is (truth is Truth.UNKNOWN)
    assert {name for name, each in found.items() if each.truth is not Truth.TRUE} <= {rule}
    expected = {Truth.FALSE: Verdict.NOT_ELIGIBLE, Truth.UNKNOWN: Verdict.CANNOT_TELL}
    assert check_eligibility(rules, facts).verdict is expected.get(truth, Verdict.ELIGIBLE)


def test_a_rule_shows_the_value_that_it_found(rules: EligibilityRules) -> None:
    facts = dataclasses.replace(GOOD, amount_asked=euros(20000), stage=None)
    found = of(rules, facts)
    assert found["amount"].found == (("amount_asked", euros(20000)),)
    assert found["not_a_company_alone"].found == (("lead_world", "association"), ("stage", None))


def test_one_rule_that_is_not_met_decides_whatever_is_unknown(rules: EligibilityRules) -> None:
    facts = ApplicationFacts(amount_asked=euros(1))
    assert check_eligibility(rules, facts).verdict is Verdict.NOT_ELIGIBLE


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        ("fact: worlds,", "fact: world,", "« world » is no known fact. Facts: worlds, parties"),
        ("equals: company", "equals: firm", "« firm » is no code of « lead_world »"),
        ("equals: emergence", "equals: 1", "« 1 » is not a code. Write a text."),
        (
            "{fact: territories, within:",
            "{fact: stage, within:",
            "« within » does not suit « stage », of kind code. Ask equals, one_of.",
        ),
        ("at_least: 3}", 'equals: "3"}', "« 3 » is no code of « worlds »"),
        ("id: amount", "id: perimeter", "« perimeter » names several rules"),
        ("remedy_fr: Cochez la déclaration.", "", "remedy_fr: is missing. Add it."),
        ("at_most: 15000}", "matches: 3}", "is not a field of this record"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_line(
    tmp_path: Path, written: str, instead: str, expected: str
) -> None:
    text = example()
    assert written in text
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as caught:
        read_eligibility_rules(path)
    assert expected in str(caught.value)
    assert re.search(r"rules\.yaml: line \d+ \(\w+\), rules, entry \d", str(caught.value))


@pytest.mark.parametrize(
    ("since", "on", "low", "high"),
    [
        (PartialDate(2025, 6, 30), "2026-06-30", 12, 12),
        (PartialDate(2025, 6, 30), "2026-06-29", 11, 11),
        (PartialDate(2025, 1, 31), "2025-02-28", 1, 1),
        (PartialDate(2025, 6), "2026-06-15", 11, 12),
        (PartialDate(2025), "2026-06-15", 5, 17),
        (PartialDate(2026), "2026-06-15", 0, 5),
        (PartialDate(2030), "2026-06-15", 0, 0),
    ],
)
def test_ages_in_full_months(since: PartialDate, on: str, low: int, high: int) -> None:
    found = age_in_months(since, dt.date.fromisoformat(on))
    assert found == Between(Decimal(low), Decimal(high))


DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2030, 12, 31))


@given(DAYS, DAYS)
def test_the_true_age_lies_within_what_a_vaguer_date_allows(since: dt.date, on: dt.date) -> None:
    exact = age_in_months(PartialDate(since.year, since.month, since.day), on)
    assert exact.low == exact.high
    for vague in (PartialDate(since.year, since.month), PartialDate(since.year)):
        bounds = age_in_months(vague, on)
        assert bounds.low <= exact.low <= bounds.high
