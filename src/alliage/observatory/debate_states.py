"""Life of a contribution to a debate: which decision may be taken in which state.

The table is the specification. ``docs/reference/contribution-states.md`` is generated from it.
"""

from __future__ import annotations

import sys
from enum import StrEnum

from alliage.observatory.states import HELD_BY
from alliage.values.lives import Life


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


#: Decisions that say why to the author.
GIVES_REASON = frozenset({ContributionDecision.REFUSE, ContributionDecision.REMOVE})

CONTRIBUTION: Life[ContributionState, ContributionDecision] = Life(
    subject="a contribution to a debate",
    begins=(ContributionState.RECEIVED, "send"),
    transitions={
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
    },
    taken_by={
        ContributionDecision.PUBLISH: "a moderator who is not its author",
        ContributionDecision.REFUSE: "a moderator who is not its author, with a reason",
        ContributionDecision.REMOVE: "a moderator who is not its author, with a reason",
        ContributionDecision.WITHDRAW: "its author",
    },
    page="contribution-states.md",
    written_by="alliage.observatory.debate_states",
    held_by=HELD_BY,
    note=(
        "Contributions are sent while a debate is open, which it is no more once its release is\n"
        "withdrawn; they are moderated, removed and withdrawn afterwards too."
    ),
)


if __name__ == "__main__":
    sys.stdout.write(CONTRIBUTION.document())
