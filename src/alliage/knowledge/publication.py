"""Life of an entry of the knowledge base: which state may follow which.

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


#: From each state, the states that may follow and the decision that leads there.
TRANSITIONS: Mapping[PublicationState, Mapping[PublicationState, str]] = {
    PublicationState.DRAFT: {PublicationState.IN_REVIEW: "submit"},
    PublicationState.IN_REVIEW: {
        PublicationState.PUBLISHED: "publish",
        PublicationState.DRAFT: "send back, or withdraw",
    },
    PublicationState.PUBLISHED: {PublicationState.DRAFT: "unpublish"},
}


class TransitionNotAllowed(ValueError):
    """The asked state may not follow the current one."""

    def __init__(self, current: PublicationState, asked: PublicationState) -> None:
        self.current, self.asked = current, asked
        allowed = ", ".join(sorted(TRANSITIONS[current]))
        super().__init__(f"Cannot go from {current} to {asked}. Allowed from here: {allowed}.")


def check_transition(current: PublicationState, asked: PublicationState) -> None:
    """Raise unless a state may follow another.

    Parameters
    ----------
    current : PublicationState
        Where the entry stands.
    asked : PublicationState
        Where someone wants it to go.

    Raises
    ------
    TransitionNotAllowed
        If ``asked`` may not follow ``current``; the message says what may.

    Examples
    --------
    >>> check_transition(PublicationState.DRAFT, PublicationState.IN_REVIEW)
    >>> check_transition(PublicationState.DRAFT, PublicationState.PUBLISHED)
    Traceback (most recent call last):
        ...
    alliage.knowledge.publication.TransitionNotAllowed: Cannot go from draft to published. \
Allowed from here: in_review.
    """
    if asked not in TRANSITIONS[current]:
        raise TransitionNotAllowed(current, asked)


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
        (current, following, decision)
        for current, possible in TRANSITIONS.items()
        for following, decision in possible.items()
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
            *(f"    {current} --> {following}: {decision}" for current, following, decision in moves),
            "```",
            "",
            "| from | decision | to |",
            "| --- | --- | --- |",
            *(
                f"| `{current}` | {decision} | `{following}` |"
                for current, following, decision in moves
            ),
            "",
            "Who may decide is told in `src/alliage_web/knowledge/permissions.py`: an author submits",
            "and withdraws; an editor who is not the author publishes, sends back and unpublishes;",
            "an administrator may publish what they wrote.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(document())
