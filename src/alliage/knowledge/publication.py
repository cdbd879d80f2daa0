"""Life of an entry of the knowledge base: which decision may be taken in which state.

The table is the specification. ``docs/reference/publication-states.md`` is generated from it.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class PublicationState(StrEnum):
    """Where an entry stands between its author and the public."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"


class Decision(StrEnum):
    """What a person may decide about an entry."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"


#: In each state, the decisions that may be taken and the state that follows.
TRANSITIONS: Mapping[PublicationState, Mapping[Decision, PublicationState]] = {
    PublicationState.DRAFT: {Decision.SUBMIT: PublicationState.IN_REVIEW},
    PublicationState.IN_REVIEW: {
        Decision.WITHDRAW: PublicationState.DRAFT,
        Decision.SEND_BACK: PublicationState.DRAFT,
        Decision.PUBLISH: PublicationState.PUBLISHED,
    },
    PublicationState.PUBLISHED: {Decision.UNPUBLISH: PublicationState.DRAFT},
}

#: Who takes a decision, for the documentation: the platform's permissions say it in code.
TAKEN_BY: Mapping[Decision, str] = {
    Decision.SUBMIT: "its author, or an editor",
    Decision.WITHDRAW: "its author",
    Decision.SEND_BACK: "an editor who is not its author; an administrator",
    Decision.PUBLISH: "an editor who is not its author; an administrator",
    Decision.UNPUBLISH: "an editor",
}


class TransitionNotAllowed(ValueError):
    """The decision may not be taken in the current state."""

    def __init__(self, current: PublicationState, decision: Decision) -> None:
        self.current, self.decision = current, decision
        allowed = ", ".join(sorted(TRANSITIONS[current]))
        super().__init__(f"Cannot {decision} what is {current}. Allowed in this state: {allowed}.")


def check_transition(current: PublicationState, decision: Decision) -> PublicationState:
    """Return the state that follows a decision, or raise if it may not be taken.

    Parameters
    ----------
    current : PublicationState
        Where the entry stands.
    decision : Decision
        What someone decides.

    Returns
    -------
    PublicationState
        Where the entry goes.

    Raises
    ------
    TransitionNotAllowed
        If the decision may not be taken in this state; the message says which may.

    Examples
    --------
    >>> check_transition(PublicationState.DRAFT, Decision.SUBMIT)
    <PublicationState.IN_REVIEW: 'in_review'>
    >>> check_transition(PublicationState.DRAFT, Decision.PUBLISH)
    Traceback (most recent call last):
        ...
    alliage.knowledge.publication.TransitionNotAllowed: Cannot publish what is draft. \
Allowed in this state: submit.
    """
    if decision not in TRANSITIONS[current]:
        raise TransitionNotAllowed(current, decision)
    return TRANSITIONS[current][decision]


def document() -> str:
    """Write the page of the documentation that shows the table.

    Returns
    -------
    str
        Markdown with a Mermaid diagram.

    Examples
    --------
    >>> print(document().splitlines()[0])
    # States of an entry of the knowledge base
    """
    moves = [
        (before, decision, after)
        for before, possible in TRANSITIONS.items()
        for decision, after in possible.items()
    ]
    return "\n".join(
        [
            "# States of an entry of the knowledge base",
            "",
            "Generated from `src/alliage/knowledge/publication.py` by",
            "`python -m alliage.knowledge.publication > docs/reference/publication-states.md`;",
            "a test fails when this page is stale.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {PublicationState.DRAFT}: write",
            *(
                f"    {current} --> {following}: {decision}"
                for current, decision, following in moves
            ),
            "```",
            "",
            "| in state | decision | taken by | then |",
            "| --- | --- | --- | --- |",
            *(
                f"| `{before}` | `{decision}` | {TAKEN_BY[decision]} | `{after}` |"
                for before, decision, after in moves
            ),
            "",
            "Who may decide is held by `src/alliage_web/knowledge/permissions.py`. A draft and an",
            "entry in review are read by their author and by editors; anyone else is told that the",
            "page does not exist.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(document())
