"""Who may pay whom: blocked with what is possible, allowed with conditions, or not told."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.law.de_minimis import DeMinimisAid, de_minimis_position
from alliage.fund.law.legal_path import (
    LegalOutcome,
    LegalPath,
    Payment,
    UnknownKindError,
    Weight,
    legal_path,
)
from alliage.fund.law.legal_rules import (
    PARAMETERS,
    Basis,
    document,
    read_grant_parameters,
    read_legal_rules,
    shipped_parameters,
    shipped_rules,
)
from alliage.values.money import euros
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "legal-path.md"
DAY = dt.date(2026, 3, 2)
PUBLIC = ("local_authority", "public_establishment", "public_interest_group", "state")
#: A private fund pays an association that acts for itself.
PLAIN = Payment(
    "private_fund",
    "association",
    euros(7000),
    DAY,
    beneficiary_kind="association",
    granted_before_this_year=euros(0),
    public_resources=False,
    economic_activity=False,
    general_interest=True,
    passed_on=False,
    undertakings=frozenset({"a"}),
    de_minimis_aids=(),
)


def path_of(**changes: object) -> LegalPath:
    payment = dataclasses.replace(PLAIN, **changes)  # type: ignore[arg-type]
    return legal_path(payment, shipped_rules(), shipped_parameters())


def ids(path: LegalPath, weight: Weight) -> list[str]:
    return [finding.rule.id if finding.rule else "" for finding in path.of(weight)]


def aid(amount: int, day: str, undertaking: str = "a") -> DeMinimisAid:
    return DeMinimisAid(undertaking, dt.date.fromisoformat(day), euros(amount))


def test_an_association_that_acts_for_itself_is_paid_without_condition() -> None:
    path = path_of()
    assert path.outcome is LegalOutcome.ALLOWED
    assert ids(path, Weight.OPENS) == ["private_to_non_profit"]
    assert path.instead == ()


@pytest.mark.parametrize("receiver", PUBLIC)
@pytest.mark.parametrize("payer", ["private_fund", "foundation", "association", "company"])
def test_no_framework_was_found_from_a_private_fund_to_a_public_authority(
    payer: str, receiver: str
) -> None:
    path = path_of(payer_kind=payer, receiver_kind=receiver, beneficiary_kind=receiver)
    assert path.outcome is LegalOutcome.BLOCKED
    (finding,) = path.of(Weight.BLOCKS)
    assert finding.rule is not None
    assert (finding.rule.id, finding.rule.basis) == ("legal_gap", Basis.OBSERVATION)
    assert finding.rule.source == "sheet_pemb l.132 ; proceedings_2022 l.3073-3077"
    assert "no framework" in finding.rule.why_en.lower()
    assert "association_of_the_alliance" in [each.code for each in path.instead]


@pytest.mark.parametrize("receiver", ["association", "foundation", "company"])
def test_what_is_possible_instead_of_the_gap_has_a_path(receiver: str) -> None:
    path = path_of(receiver_kind=receiver, beneficiary_kind="local_authority")
    assert path.outcome is LegalOutcome.ALLOWED_WITH_CONDITIONS
    assert "own_action" in ids(path, Weight.ASKS)


def test_an_intermediary_that_hands_the_money_over_is_the_direct_payment() -> None:
    path = path_of(beneficiary_kind="local_authority", passed_on=True)
    assert path.outcome is LegalOutcome.BLOCKED
    assert ids(path, Weight.BLOCKS) == ["passed_on"]


def test_it_cannot_be_told_whether_an_intermediary_acts_for_itself() -> None:
    path = path_of(beneficiary_kind=None, passed_on=None)
    assert path.outcome is LegalOutcome.CANNOT_TELL
    assert path.missing == ("beneficiary_kind", "passed_on")


def test_a_company_is_paid_for_its_work() -> None:
    path = path_of(receiver_kind="company", beneficiary_kind="company", amount=euros(12000))
    assert path.outcome is LegalOutcome.ALLOWED_WITH_CONDITIONS
    assert ids(path, Weight.ASKS) == ["provider_contract"]


@pytest.mark.parametrize(
    ("general_interest", "outcome"),
    [
        (True, LegalOutcome.ALLOWED),
        (False, LegalOutcome.BLOCKED),
        (None, LegalOutcome.CANNOT_TELL),
    ],
)
def test_an_endowment_fund_acts_for_the_general_interest(
    general_interest: bool | None, outcome: LegalOutcome
) -> None:
    path = path_of(payer_kind="endowment_fund", general_interest=general_interest)
    assert path.outcome is outcome
    assert (path.missing == ("general_interest",)) is (general_interest is None)


def test_an_endowment_fund_gives_a_company_nothing() -> None:
    path = path_of(payer_kind="endowment_fund", receiver_kind="company")
    assert path.outcome is LegalOutcome.BLOCKED
    assert path.of(Weight.BLOCKS)[0].rule.article == "article 140, I"  # type: ignore[union-attr]


def test_public_money_reaches_an_endowment_fund_by_derogation_only() -> None:
    pair = {"payer_kind": "local_authority", "receiver_kind": "endowment_fund"}
    assert path_of(**pair).outcome is LegalOutcome.BLOCKED
    assert path_of(**pair, ministerial_derogation=True).outcome is LegalOutcome.ALLOWED
    unknown = path_of(**pair, ministerial_derogation=None)
    assert unknown.outcome is LegalOutcome.CANNOT_TELL
    assert unknown.missing == ("ministerial_derogation",)


@pytest.mark.parametrize(
    ("payer", "receiver"),
    [("private_fund", "person"), ("state", "local_authority"), ("local_authority", "company")],
)
def test_a_pair_that_no_rule_reads_cannot_be_told(payer: str, receiver: str) -> None:
    path = path_of(payer_kind=payer, receiver_kind=receiver)
    assert path.outcome is LegalOutcome.CANNOT_TELL
    assert path.of(Weight.CANNOT_TELL)[0].rule is None


def test_unknown_kinds_are_missing_facts_and_wrong_ones_are_refused() -> None:
    path = path_of(payer_kind=None)
    assert path.outcome is LegalOutcome.CANNOT_TELL
    assert "payer_kind" in path.missing
    with pytest.raises(UnknownKindError, match="local_authority") as caught:
        path_of(receiver_kind="commune")
    assert caught.value.kind == "commune"


@pytest.mark.parametrize(
    ("amount", "before", "above"),
    [
        ("23000", "0", False),
        ("23000.01", "0", True),
        ("23000.01", None, True),
        ("13000", "10000", False),
        ("13000.01", "10000", True),
        ("13000", None, None),
    ],
)
@pytest.mark.parametrize(
    ("payer", "rule", "basis"),
    [
        ("local_authority", "written_agreement", Basis.LAW),
        ("private_fund", "written_agreement_own_rule", Basis.FUND_READING),
    ],
)
def test_above_the_threshold_an_agreement_is_written(
    payer: str, rule: str, basis: Basis, amount: str, before: str | None, above: bool | None
) -> None:
    path = path_of(
        payer_kind=payer,
        amount=euros(amount),
        granted_before_this_year=None if before is None else euros(before),
    )
    asked = {
        finding.rule.id: finding.rule.basis for finding in path.of(Weight.ASKS) if finding.rule
    }
    assert asked.get(rule) is (basis if above else None)
    assert ("granted_before_this_year" in path.missing) is (above is None)


def test_the_threshold_binds_administrative_authorities_by_law_and_the_fund_by_choice() -> None:
    public = path_of(payer_kind="local_authority", amount=euros(30000))
    assert ids(public, Weight.ASKS) == ["written_agreement", "republican_commitment"]
    assert ids(path_of(amount=euros(30000)), Weight.ASKS) == ["written_agreement_own_rule"]


@pytest.mark.parametrize(("day", "asked"), [("2022-01-01", False), ("2022-01-02", True)])
def test_a_rule_counts_on_the_days_on_which_it_holds(day: str, asked: bool) -> None:
    path = path_of(payer_kind="local_authority", on=dt.date.fromisoformat(day))
    assert ("republican_commitment" in ids(path, Weight.ASKS)) is asked


def test_before_its_text_a_pair_was_not_read() -> None:
    path = path_of(payer_kind="local_authority", on=dt.date(2014, 8, 1))
    assert path.outcome is LegalOutcome.CANNOT_TELL


STATE_AID = {"public_resources": True, "economic_activity": True}


@pytest.mark.parametrize(
    ("on", "aids", "since", "room"),
    [
        # Three years that roll, since 2024.
        ("2026-03-02", [aid(100_000, "2023-03-02")], "2023-03-03", 300_000),
        ("2026-03-02", [aid(100_000, "2023-03-03")], "2023-03-03", 200_000),
        ("2028-02-29", [aid(100_000, "2025-02-28")], "2025-03-01", 300_000),
        # An aid granted under the former text counts in the new period.
        ("2024-01-01", [aid(200_000, "2021-06-01")], "2021-01-02", 100_000),
        # The fiscal year and the two before, until 2023.
        ("2023-12-31", [aid(150_000, "2021-01-01")], "2021-01-01", 50_000),
        ("2023-12-31", [aid(150_000, "2020-12-31")], "2021-01-01", 200_000),
        # More than the ceiling leaves nothing, and an aid that is still to come is not counted.
        ("2026-03-02", [aid(400_000, "2025-01-01")], "2023-03-03", 0),
        ("2026-03-02", [aid(100_000, "2026-03-03")], "2023-03-03", 300_000),
    ],
)
def test_the_room_under_the_de_minimis_ceiling(
    on: str, aids: list[DeMinimisAid], since: str, room: int
) -> None:
    position = de_minimis_position(
        aids, ["a"], on=dt.date.fromisoformat(on), parameters=shipped_parameters()
    )
    assert position is not None
    assert position.since == dt.date.fromisoformat(since)
    assert position.room == euros(room)


def test_a_fiscal_year_may_begin_in_another_month() -> None:
    position = de_minimis_position(
        [aid(10, "2020-09-01"), aid(5, "2020-08-31")],
        ["a"],
        on=dt.date(2023, 8, 31),
        parameters=shipped_parameters(),
        fiscal_year_month=9,
    )
    assert position is not None
    assert (position.since, position.used) == (dt.date(2020, 9, 1), euros(10))


def test_aids_are_added_over_the_single_undertaking_and_no_other() -> None:
    aids = [aid(1, "2025-01-01", "a"), aid(2, "2025-01-01", "b"), aid(4, "2025-01-01", "c")]
    position = de_minimis_position(aids, ["a", "b"], on=DAY, parameters=shipped_parameters())
    assert position is not None
    assert position.used == euros(3)
    assert [each.undertaking for each in position.counted] == ["a", "b"]


@pytest.mark.parametrize(
    ("aids", "amount", "outcome"),
    [
        ((), "300000", LegalOutcome.ALLOWED_WITH_CONDITIONS),
        ((), "300000.01", LegalOutcome.BLOCKED),
        ((aid(290_000, "2025-01-01"),), "10000", LegalOutcome.ALLOWED_WITH_CONDITIONS),
        ((aid(290_000, "2025-01-01"),), "10000.01", LegalOutcome.BLOCKED),
        (None, "10000", LegalOutcome.CANNOT_TELL),
        (None, "300000.01", LegalOutcome.BLOCKED),
    ],
)
def test_public_resources_for_an_economic_activity_stay_under_the_ceiling(
    aids: tuple[DeMinimisAid, ...] | None, amount: str, outcome: LegalOutcome
) -> None:
    path = path_of(**STATE_AID, de_minimis_aids=aids, amount=euros(amount))
    assert path.outcome is outcome
    assert ("de_minimis_statement" in ids(path, Weight.ASKS)) is True
    assert ("smaller_amount" in [each.code for each in path.instead]) is (
        outcome is LegalOutcome.BLOCKED
    )


@pytest.mark.parametrize("fact", list(STATE_AID))
def test_private_money_or_no_economic_activity_is_no_state_aid(fact: str) -> None:
    path = path_of(**{**STATE_AID, fact: False}, amount=euros(500_000))
    assert "de_minimis_ceiling" not in ids(path, Weight.BLOCKS)
    unknown = path_of(**{**STATE_AID, fact: None}, amount=euros(500_000))
    assert unknown.outcome is LegalOutcome.CANNOT_TELL
    assert unknown.missing == (fact,)


@pytest.mark.parametrize(("day", "asked"), [("2025-12-31", False), ("2026-01-01", True)])
def test_aids_enter_the_register_since_2026(day: str, asked: bool) -> None:
    path = path_of(**STATE_AID, on=dt.date.fromisoformat(day))
    assert ("de_minimis_register" in ids(path, Weight.ASKS)) is asked


def test_after_the_last_text_that_is_known_the_ceiling_cannot_be_told() -> None:
    path = path_of(**STATE_AID, on=dt.date(2031, 1, 1))
    assert path.outcome is LegalOutcome.CANNOT_TELL
    assert path.de_minimis is None


def test_aids_without_an_undertaking_are_refused() -> None:
    with pytest.raises(ValueError, match="undertakings"):
        path_of(de_minimis_aids=(aid(1, "2025-01-01"),), undertakings=frozenset())


KINDS = [kind.code for kind in shipped_rules().kinds]
MAYBE = st.sampled_from([True, False, None])


@given(
    st.builds(
        Payment,
        st.sampled_from(KINDS),
        st.sampled_from(KINDS),
        st.integers(1, 10**8).map(lambda cents: euros(Decimal(cents) / 100)),
        st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)),
        beneficiary_kind=st.sampled_from([*KINDS, None]),
        granted_before_this_year=st.sampled_from([euros(0), euros(20000), None]),
        public_resources=MAYBE,
        economic_activity=MAYBE,
        general_interest=MAYBE,
        passed_on=MAYBE,
        de_minimis_aids=st.sampled_from([(), None]),
    )
)
def test_a_refusal_always_says_what_is_possible_and_a_doubt_what_is_missing(
    payment: Payment,
) -> None:
    path = legal_path(payment, shipped_rules(), shipped_parameters())
    assert bool(path.instead) is (path.outcome is LegalOutcome.BLOCKED)
    for finding in path.of(Weight.CANNOT_TELL):
        assert bool(finding.missing) is (finding.rule is not None)
    assert set(path.missing) <= {field.name for field in dataclasses.fields(Payment)}


def test_the_documentation_is_that_of_the_data() -> None:
    expected = document(shipped_rules(), shipped_parameters())
    assert PAGE.read_text(encoding="utf-8") == expected, (
        f"Write it again: python -m alliage.fund.law.legal_rules > {PAGE}"
    )


def test_what_is_law_has_its_article_and_its_day() -> None:
    rules = shipped_rules()
    law = [rule for rule in (*rules.readings, *rules.requirements) if rule.basis is Basis.LAW]
    assert len(law) > 5
    assert all(rule.article and rule.from_ for rule in law)
    assert "juridique" in rules.notice_fr


@pytest.mark.parametrize(
    ("file", "written", "instead", "expected"),
    [
        ("legal_path", "receivers: [company]", "receivers: [firm]", "« firm » is not a code here"),
        ("legal_path", "instead: [other_payer]", "instead: [luck]", "« luck » is not a code here"),
        ("legal_path", "equals: endowment_fund}", "equals: fund}", "« fund » is no code of"),
        ("legal_path", "fact: passed_on", "fact: passed", "« passed » is no known fact"),
        ("legal_path", "id: passed_on", "id: own_action", "« own_action » names several rules"),
        ("legal_path", "    stated_on: 2022-11-03\n", "", "an observation without a date"),
        ("legal_path", "    from: 2022-01-02\n", "", "is law and lacks its article"),
        (
            "legal_path",
            "    instead: [smaller_amount, other_state_aid_ground]\n",
            "",
            "blocks and says nothing that is possible",
        ),
        (
            "legal_path",
            "receivers: [endowment_fund]\n    outcome: open",
            "receivers: [association]\n    outcome: open",
            "association → association is read by « private_to_non_profit »",
        ),
        ("grants", "until: 2023-12-31", "until: 2024-06-30", "still holds on 2024-01-01"),
        ("grants", "until: 2030-12-31", "until: 2020-12-31", "before it begins (2024-01-01)"),
        ("grants", "eur: 300000", "eur: 300000.001", "cannot be used"),
        ("grants", "      window: {years: 3, counted: rolling_years}\n", "", "without window"),
    ],
)
def test_data_that_make_no_sense_are_refused(
    tmp_path: Path, file: str, written: str, instead: str, expected: str
) -> None:
    text = (PARAMETERS / f"{file}.yaml").read_text(encoding="utf-8")
    assert written in text
    path = tmp_path / f"{file}.yaml"
    path.write_text(text.replace(written, instead), encoding="utf-8")
    read: Callable[[Path], object] = read_grant_parameters if file == "grants" else read_legal_rules
    with pytest.raises(InvalidFilesError) as caught:
        read(path)
    assert expected in str(caught.value)
