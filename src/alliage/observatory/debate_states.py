"""Life of a contribution to a debate: which decision may be taken in which state.

The table is the specification. ``docs/reference/contribution-states.md`` is generated from it.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.observatory.states import DecisionRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ContributionState(StrEnum):
    """Where a contribution stands between its author and the public."""

    #: Read by its author and the moderators only.
    RECEIVED = "received"
    PUBLISHED = "published"
    #: Not shown; its author reads why.
    REFUSED = "refused"
    #: Taken back by its author: its text is gone.
    WITHDRAWN = "withdrawn"


class ContributionDecision(StrEnum):
    """What a person may decide about a contribution."""

    PUBLISH = "publish"
    REFUSE = "refuse"
    REMOVE = "remove"
    WITHDRAW = "withdraw"


#: In each state, the decisions that may be taken and the state that follows.
TRANSITIONS: Mapping[ContributionState, Mapping[ContributionDecision, ContributionState]] = {
    ContributionState.RECEIVED: {
        ContributionDecision.PUBLISH: ContributionState.PUBLISHED,
        ContributionDecision.REFUSE: ContributionState.REFUSED,
        ContributionDecision.WITHDRAW: ContributionState.WITHDRAWN,
    },
    ContributionState.PUBLISHED: {
        ContributionDecision.REMOVE: ContributionState.REFUSED,
        ContributionDecision.WITHDRAW: ContributionState.WITHDRAWN,
    },
    # A refusal may have been a mistake.
    ContributionState.REFUSED: {
        ContributionDecision.PUBLISH: ContributionState.PUBLISHED,
        ContributionDecision.WITHDRAW: ContributionState.WITHDRAWN,
    },
    ContributionState.WITHDRAWN: {},
}

#: Who takes a decision, for the documentation: the platform's permissions say it in code.
TAKEN_BY: Mapping[ContributionDecision, str] = {
    ContributionDecision.PUBLISH: "a moderator who is not its author",
    ContributionDecision.REFUSE: "a moderator who is not its author, with a reason",
    ContributionDecision.REMOVE: "a moderator who is not its author, with a reason",
    ContributionDecision.WITHDRAW: "its author",
}

#: Decisions that say why to the author.
GIVES_REASON = frozenset({ContributionDecision.REFUSE, ContributionDecision.REMOVE})


def check_contribution(
    current: ContributionState, decision: ContributionDecision
) -> ContributionState:
    """Return the state that follows a decision, or raise if it may not be taken.

    Parameters
    ----------
    current : ContributionState
        Where the contribution stands.
    decision : ContributionDecision
        What someone decides.

    Returns
    -------
    ContributionState
        Where it goes.

    Raises
    ------
    DecisionRefusedError
        If the decision may not be taken in this state; the message says which may.

    Examples
    --------
    >>> check_contribution(ContributionState.RECEIVED, ContributionDecision.PUBLISH)
    <ContributionState.PUBLISHED: 'published'>
    >>> check_contribution(ContributionState.WITHDRAWN, ContributionDecision.PUBLISH)
    Traceback (most recent call last):
        ...
    alliage.observatory.states.DecisionRefusedError: Cannot publish what is withdrawn. Allowed in \
this state: nothing.
    """
    possible = TRANSITIONS[current]
    if decision not in possible:
        raise DecisionRefusedError(current, decision, tuple(map(str, possible)))
    return possible[decision]


def document() -> str:
    """Write the page of the documentation that shows the table.

    Returns
    -------
    str
        Markdown with a Mermaid diagram.

    Examples
    --------
    >>> print(document().splitlines()[0])
    # States of a contribution to a debate
    """
    moves = [
        (before, decision, after)
        for before, possible in TRANSITIONS.items()
        for decision, after in possible.items()
    ]
    return "\n".join(
        [
            "# States of a contribution to a debate",
            "",
            "Generated from `src/alliage/observatory/debate_states.py` by",
            "`python -m alliage.observatory.debate_states`; a test fails when this page is stale.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {ContributionState.RECEIVED}: send",
            *(f"    {before} --> {after}: {decision}" for before, decision, after in moves),
            "```",
            "",
            "| in state | decision | taken by | then |",
            "| --- | --- | --- | --- |",
            *(
                f"| `{before}` | `{decision}` | {TAKEN_BY[decision]} | `{after}` |"
                for before, decision, after in moves
            ),
            "",
            "Contributions are sent while a debate is open; they are moderated, removed and",
            "withdrawn afterwards too. Who may decide is held by",
            "`src/alliage_web/observatory/permissions.py`.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(document())
