"""The life of an entry of the knowledge base."""

from __future__ import annotations

from pathlib import Path

import pytest

from alliage.knowledge.publication import (
    TAKEN_BY,
    TRANSITIONS,
    Decision,
    PublicationState,
    TransitionNotAllowed,
    check_transition,
    document,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "publication-states.md"


def test_a_text_is_published_only_after_a_review() -> None:
    state = check_transition(PublicationState.DRAFT, Decision.SUBMIT)
    assert check_transition(state, Decision.PUBLISH) is PublicationState.PUBLISHED
    assert [s for s, moves in TRANSITIONS.items() if Decision.PUBLISH in moves] == [
        PublicationState.IN_REVIEW
    ]


def test_from_every_state_a_text_can_come_back_to_its_author() -> None:
    for state in set(PublicationState) - {PublicationState.DRAFT}:
        assert PublicationState.DRAFT in TRANSITIONS[state].values()


@pytest.mark.parametrize("state", PublicationState)
def test_what_is_not_in_the_table_is_refused_with_what_is(state: PublicationState) -> None:
    for decision in set(Decision) - TRANSITIONS[state].keys():
        with pytest.raises(TransitionNotAllowed) as caught:
            check_transition(state, decision)
        assert f"Cannot {decision} what is {state}" in str(caught.value)
        assert all(allowed in str(caught.value) for allowed in TRANSITIONS[state])


def test_every_decision_can_be_taken_somewhere_and_by_someone() -> None:
    possible = {decision for moves in TRANSITIONS.values() for decision in moves}
    assert possible == set(Decision) == TAKEN_BY.keys()


def test_the_documentation_is_that_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "Write it again: python -m alliage.knowledge.publication > " + str(PAGE)
    )
