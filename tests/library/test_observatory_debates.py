"""The life of a contribution to a debate."""

from __future__ import annotations

from pathlib import Path

import pytest

from alliage.observatory.debate_states import (
    CONTRIBUTION,
    GIVES_REASON,
    ContributionDecision,
    ContributionState,
)
from alliage.values.lives import DecisionRefusedError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "contribution-states.md"


def test_the_page_of_the_states_is_that_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == CONTRIBUTION.document()


def test_every_state_can_be_withdrawn_but_once() -> None:
    for state in set(ContributionState) - {ContributionState.WITHDRAWN}:
        after = CONTRIBUTION.after(state, ContributionDecision.WITHDRAW)
        assert after is ContributionState.WITHDRAWN
    with pytest.raises(DecisionRefusedError) as refusal:
        CONTRIBUTION.after(ContributionState.WITHDRAWN, ContributionDecision.WITHDRAW)
    assert refusal.value.allowed == ()


def test_every_decision_leads_somewhere_and_has_somebody() -> None:
    taken = {decision for possible in CONTRIBUTION.transitions.values() for decision in possible}
    assert taken == set(ContributionDecision) == set(CONTRIBUTION.taken_by)
    refusing = {
        decision
        for possible in CONTRIBUTION.transitions.values()
        for decision, after in possible.items()
        if after is ContributionState.REFUSED
    }
    assert refusing == GIVES_REASON
