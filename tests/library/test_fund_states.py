"""The lives of what a fund handles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alliage.fund.states import (
    ADVANCE,
    AGREEMENT,
    APPLICATION,
    CALL,
    GUARDS,
    INSTALMENT,
    REPORT,
    ROLES,
    VISIT,
    AgreementState,
    ApplicationState,
    Guard,
    GuardNotMet,
    Life,
    Role,
    TransitionNotAllowed,
    document,
    follow,
)

if TYPE_CHECKING:
    from collections.abc import Collection

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "fund-states.md"
FINAL: dict[str, set[str]] = {
    "call": {"completed", "cancelled"},
    "application": {"refused", "withdrawn", "lapsed"},
    "agreement": {"ended", "terminated", "abandoned"},
    "instalment": {"returned", "cancelled"},
    "repayable advance": {"repaid", "waived", "written_off", "abandoned"},
    "visit": {"cancelled"},
    "report asked for": {"accepted"},
}
LIVES: tuple[Life[Any], ...] = (CALL, APPLICATION, AGREEMENT, INSTALMENT, ADVANCE, REPORT, VISIT)
each_life = pytest.mark.parametrize("life", LIVES, ids=[life.name.en for life in LIVES])
EVERYTHING = frozenset(Guard)


def reached(life: Life[Any], without: Collection[str] = ()) -> set[str]:
    """States that can be reached when some decisions are never taken."""
    found, waiting = {life.initial}, [life.initial]
    while waiting:
        for each in life.possible(waiting.pop()):
            if each.verb not in without and each.target not in found:
                found.add(each.target)
                waiting.append(each.target)
    return found


@each_life
def test_every_state_can_be_reached_is_named_and_the_final_ones_are_known(life: Life[Any]) -> None:
    states = set(type(life.initial).__members__.values())
    assert reached(life) == states == set(life.states)
    assert {state for state in states if not life.possible(state)} == FINAL[life.name.en]


@each_life
def test_a_decision_in_a_state_leads_to_one_state(life: Life[Any]) -> None:
    asked = [(each.origin, each.verb) for each in life.transitions]
    assert len(asked) == len(set(asked))
    for each in life.transitions:
        assert follow(life, each.origin, each.verb, holds=EVERYTHING) is each.target
    verbs = {each.verb for each in life.transitions}
    for state in life.states:
        for verb in verbs - {each.verb for each in life.possible(state)}:
            with pytest.raises(TransitionNotAllowed) as caught:
                follow(life, state, verb, holds=EVERYTHING)
            assert set(caught.value.allowed) == {each.verb for each in life.possible(state)}
            assert (state in FINAL[life.name.en]) is (
                "none, this state is final" in str(caught.value)
            )


@each_life
def test_each_thing_that_is_needed_is_asked_for_when_it_alone_is_missing(life: Life[Any]) -> None:
    for each in life.transitions:
        for guard in each.guards:
            with pytest.raises(GuardNotMet) as caught:
                follow(life, each.origin, each.verb, holds=EVERYTHING - {guard})
            assert caught.value.missing == (guard,)
            assert GUARDS[guard].en in str(caught.value)
        if each.guards:
            with pytest.raises(GuardNotMet) as caught:
                follow(life, each.origin, each.verb)
            assert caught.value.missing == each.guards


def test_every_role_and_every_guard_serves_and_is_explained() -> None:
    transitions = [each for life in LIVES for each in life.transitions]
    assert {each.by for each in transitions} == set(Role) == ROLES.keys()
    assert {guard for each in transitions for guard in each.guards} == set(Guard) == GUARDS.keys()


def test_nothing_is_accepted_refused_or_adjourned_but_by_the_committee() -> None:
    for each in APPLICATION.transitions:
        if each.target in {"adjourned", "refused", "accepted_subject_to_documents"}:
            assert each.by is Role.COMMITTEE
            assert {Guard.QUORUM_MET, Guard.NO_INTERESTED_VOTE} <= set(each.guards)
    assert "accepted" not in reached(APPLICATION, {"accept", "accept_subject_to_documents"})


def test_an_application_that_is_accepted_has_its_money_and_its_legal_path() -> None:
    for verb in ("accept", "accept_subject_to_documents"):
        with pytest.raises(GuardNotMet) as caught:
            follow(
                APPLICATION,
                ApplicationState.TO_COMMITTEE,
                verb,
                holds=EVERYTHING - {Guard.AMOUNT_AVAILABLE, Guard.LEGAL_PATH_ALLOWED},
            )
        assert caught.value.missing == (Guard.AMOUNT_AVAILABLE, Guard.LEGAL_PATH_ALLOWED)


def test_a_file_reaches_the_committee_only_after_its_review() -> None:
    assert "to_committee" not in reached(APPLICATION, {"start_review"})


def test_the_lead_can_withdraw_until_an_agreement_is_signed() -> None:
    for state in set(ApplicationState) - {"ineligible", "refused", "withdrawn", "lapsed"}:
        assert (
            follow(APPLICATION, state, "withdraw", holds={Guard.NO_SIGNED_AGREEMENT})
            is ApplicationState.WITHDRAWN
        )
    with pytest.raises(GuardNotMet):
        follow(APPLICATION, ApplicationState.ACCEPTED, "withdraw")


def test_money_leaves_only_under_an_agreement_in_force() -> None:
    for each in INSTALMENT.transitions:
        if each.target in {"due", "ordered"} and each.verb != "reject":
            assert Guard.AGREEMENT_IN_FORCE in each.guards
    assert "paid" not in reached(INSTALMENT, {"order"})


def test_an_advance_is_due_only_after_criteria_fixed_ex_ante_and_a_check_at_twelve_months() -> None:
    for step in ("fix_criteria", "approve_roadmap", "declare_success", "confirm_success"):
        assert "due" not in reached(ADVANCE, {step, "rule_success"})
    assert "roadmap_to_approve" not in reached(ADVANCE, {"fix_criteria"})


def test_a_dispute_about_the_success_is_settled_by_the_committee_alone() -> None:
    settling = [each for each in ADVANCE.transitions if each.verb == "rule_success"]
    assert {each.origin for each in settling} == {
        *("roadmap_to_approve", "roadmap_approved", "success_declared"),
    }
    for each in settling:
        assert each.by is Role.COMMITTEE
        assert {Guard.QUORUM_MET, Guard.NO_INTERESTED_VOTE} <= {*each.guards}


def test_an_amendment_respects_what_is_paid() -> None:
    for state in (AgreementState.SIGNED, AgreementState.AMENDED):
        with pytest.raises(GuardNotMet, match="respect what is already paid"):
            follow(AGREEMENT, state, "amend", holds=EVERYTHING - {Guard.PAID_RESPECTED})


def test_the_documentation_is_that_of_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "Write it again: python -m alliage.fund.states > docs/reference/fund-states.md"
    )
