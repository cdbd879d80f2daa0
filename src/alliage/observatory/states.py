"""Lives of a file of respondents and of a release: which decision may be taken in which state.

The tables are the specification; ``docs/reference/respondent-file-states.md`` and
``docs/reference/release-states.md`` are generated from them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class FileState(StrEnum):
    """Where a file of respondents stands."""

    #: Read and kept; what it answers, or what is wanted of it, remains to be told.
    RECEIVED = "received"
    #: Columns and specification are told: a release can be computed.
    DESCRIBED = "described"
    #: Its bytes are gone; what was computed from it stays.
    DESTROYED = "destroyed"


class FileDecision(StrEnum):
    """What a person may decide about a file of respondents."""

    #: Tell which column answers which question.
    MAP = "map"
    #: Tell what is done with each kind of anomaly.
    TREAT = "treat"
    #: Tell the design, the margins and the tables.
    DESCRIBE = "describe"
    COMPUTE = "compute"
    DESTROY = "destroy"


class ReleaseState(StrEnum):
    """Where a release stands between who computed it and the public."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    #: Its figures are no longer shown; what it held stays recorded.
    WITHDRAWN = "withdrawn"
    #: It was given up before it was published.
    DISCARDED = "discarded"


class ReleaseDecision(StrEnum):
    """What a person may decide about a release."""

    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    DISCARD = "discard"


_State = TypeVar("_State", bound=StrEnum)
_Decision = TypeVar("_Decision", bound=StrEnum)


class DecisionRefusedError(ValueError):
    """The decision may not be taken in the current state.

    Attributes
    ----------
    state, decision
        Their codes.
    allowed
        The decisions that the state allows.
    """

    def __init__(self, state: str, decision: str, allowed: tuple[str, ...]) -> None:
        self.state, self.decision, self.allowed = str(state), str(decision), allowed
        told = ", ".join(allowed) or "nothing"
        super().__init__(f"Cannot {decision} what is {state}. Allowed in this state: {told}.")


class SamePersonError(ValueError):
    """A release is approved or sent back by a second person."""

    def __init__(self) -> None:
        super().__init__(
            "Who computed or submitted a release does not review it. Ask another researcher."
        )


@dataclass(frozen=True, slots=True)
class Life(Generic[_State, _Decision]):
    """A table of states.

    Attributes
    ----------
    subject
        What has these states, in the plural.
    begins
        The first state, and what leads to it.
    transitions
        In each state, the decisions that may be taken and the state that follows.
    taken_by
        Who takes each decision, for the documentation: the permissions say it in code.
    page
        The page of the documentation that shows the table.
    written_by
        The module that writes it, with its arguments.
    note
        What the page says besides.
    """

    subject: str
    begins: tuple[_State, str]
    transitions: Mapping[_State, Mapping[_Decision, _State]]
    taken_by: Mapping[_Decision, str]
    page: str
    written_by: str
    note: str = ""

    def after(self, state: _State, decision: _Decision) -> _State:
        """Return the state that follows a decision.

        Raises
        ------
        DecisionRefusedError
            If it may not be taken in this state; the message says which may.

        Examples
        --------
        >>> RELEASE.after(ReleaseState.DRAFT, ReleaseDecision.SUBMIT)
        <ReleaseState.IN_REVIEW: 'in_review'>
        >>> RELEASE.after(ReleaseState.PUBLISHED, ReleaseDecision.DISCARD)
        Traceback (most recent call last):
            ...
        alliage.observatory.states.DecisionRefusedError: Cannot discard what is published. \
Allowed in this state: withdraw.
        """
        possible = self.transitions[state]
        if decision not in possible:
            raise DecisionRefusedError(state, decision, tuple(map(str, possible)))
        return possible[decision]

    def allows(self, state: _State, decision: _Decision) -> bool:
        """Tell whether a decision may be taken in a state."""
        return decision in self.transitions[state]

    def document(self) -> str:
        """Write the page of the documentation that shows the table, with a Mermaid diagram.

        Examples
        --------
        >>> print(RELEASE.document().splitlines()[0])
        # States of a release
        """
        first, led = self.begins
        moves = [
            (before, decision, after)
            for before, possible in self.transitions.items()
            for decision, after in possible.items()
        ]
        module = self.written_by.split()[0].replace(".", "/")
        return "\n".join(
            [
                f"# States of {self.subject}",
                "",
                f"Generated from `src/{module}.py` by",
                f"`python -m {self.written_by} > docs/reference/{self.page}`;",
                "a test fails when this page is stale.",
                "",
                "```mermaid",
                "stateDiagram-v2",
                f"    [*] --> {first}: {led}",
                *(f"    {before} --> {after}: {decision}" for before, decision, after in moves),
                "```",
                "",
                "| in state | decision | taken by | then |",
                "| --- | --- | --- | --- |",
                *(
                    f"| `{before}` | `{decision}` | {self.taken_by[decision]} | `{after}` |"
                    for before, decision, after in moves
                ),
                "",
                *([self.note] if self.note else []),
                "Who may decide is held by `src/alliage_web/observatory/permissions.py`.",
                "",
            ]
        )


FILE: Life[FileState, FileDecision] = Life(
    subject="a file of respondents",
    begins=(FileState.RECEIVED, "receive"),
    transitions={
        FileState.RECEIVED: {
            FileDecision.MAP: FileState.RECEIVED,
            FileDecision.TREAT: FileState.RECEIVED,
            FileDecision.DESCRIBE: FileState.DESCRIBED,
            FileDecision.DESTROY: FileState.DESTROYED,
        },
        FileState.DESCRIBED: {
            FileDecision.MAP: FileState.RECEIVED,
            FileDecision.TREAT: FileState.DESCRIBED,
            FileDecision.DESCRIBE: FileState.DESCRIBED,
            FileDecision.COMPUTE: FileState.DESCRIBED,
            FileDecision.DESTROY: FileState.DESTROYED,
        },
        FileState.DESTROYED: {},
    },
    taken_by={
        FileDecision.MAP: "a researcher",
        FileDecision.TREAT: "a researcher",
        FileDecision.DESCRIBE: "a researcher",
        FileDecision.COMPUTE: "a researcher",
        FileDecision.DESTROY: "a researcher; the platform once its date is past",
    },
    page="respondent-file-states.md",
    written_by="alliage.observatory.states respondent-file",
)

RELEASE: Life[ReleaseState, ReleaseDecision] = Life(
    subject="a release",
    begins=(ReleaseState.DRAFT, "compute"),
    transitions={
        ReleaseState.DRAFT: {
            ReleaseDecision.SUBMIT: ReleaseState.IN_REVIEW,
            ReleaseDecision.DISCARD: ReleaseState.DISCARDED,
        },
        ReleaseState.IN_REVIEW: {
            ReleaseDecision.TAKE_BACK: ReleaseState.DRAFT,
            ReleaseDecision.SEND_BACK: ReleaseState.DRAFT,
            ReleaseDecision.APPROVE: ReleaseState.PUBLISHED,
        },
        ReleaseState.PUBLISHED: {ReleaseDecision.WITHDRAW: ReleaseState.WITHDRAWN},
        ReleaseState.WITHDRAWN: {},
        ReleaseState.DISCARDED: {},
    },
    taken_by={
        ReleaseDecision.SUBMIT: "a researcher",
        ReleaseDecision.TAKE_BACK: "a researcher",
        ReleaseDecision.SEND_BACK: "a researcher who neither computed nor submitted it",
        ReleaseDecision.APPROVE: "a researcher who neither computed nor submitted it",
        ReleaseDecision.WITHDRAW: "a researcher",
        ReleaseDecision.DISCARD: "a researcher",
    },
    page="release-states.md",
    written_by="alliage.observatory.states release",
)

LIVES: Mapping[str, Life[Any, Any]] = {"respondent-file": FILE, "release": RELEASE}


def check_second_person(reviewer: int, makers: tuple[int | None, ...]) -> None:
    """Refuse a review by who made what is reviewed.

    Parameters
    ----------
    reviewer : int
        The person who approves or sends back.
    makers : tuple of int or None
        Who computed and who submitted; ``None`` where their account was erased.

    Raises
    ------
    SamePersonError
        If the reviewer is one of them.

    Examples
    --------
    >>> check_second_person(2, (1, 1))
    >>> check_second_person(1, (1, None))
    Traceback (most recent call last):
        ...
    alliage.observatory.states.SamePersonError: Who computed or submitted a release does not \
review it. Ask another researcher.
    """
    if reviewer in makers:
        raise SamePersonError


if __name__ == "__main__":
    sys.stdout.write(LIVES[sys.argv[1]].document())
