"""Lives of things that people decide about: one table says which decision leads where.

The documentation shows the same table: it is written from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    held_by
        The module that holds who may decide.
    note
        What the page says besides.

    Examples
    --------
    >>> class Light(StrEnum):
    ...     ON = "on"
    ...     OFF = "off"
    >>> class Hand(StrEnum):
    ...     SWITCH = "switch"
    ...     BREAK = "break"
    >>> lamp = Life(
    ...     subject="a lamp",
    ...     begins=(Light.ON, "buy"),
    ...     transitions={Light.ON: {Hand.SWITCH: Light.OFF}, Light.OFF: {}},
    ...     taken_by={Hand.SWITCH: "anybody"},
    ...     page="lamp-states.md",
    ...     written_by="lamps",
    ...     held_by="lamps/permissions.py",
    ... )
    >>> lamp.after(Light.ON, Hand.SWITCH), lamp.allows(Light.OFF, Hand.SWITCH)
    (<Light.OFF: 'off'>, False)
    >>> lamp.after(Light.ON, Hand.BREAK)
    Traceback (most recent call last):
        ...
    alliage.values.lives.DecisionRefusedError: Cannot break what is on. Allowed in this state: \
switch.
    >>> lamp.document().splitlines()[0]
    '# States of a lamp'
    """

    subject: str
    begins: tuple[_State, str]
    transitions: Mapping[_State, Mapping[_Decision, _State]]
    taken_by: Mapping[_Decision, str]
    page: str
    written_by: str
    held_by: str
    note: str = ""

    def after(self, state: _State, decision: _Decision) -> _State:
        """Return the state that follows a decision.

        Raises
        ------
        DecisionRefusedError
            If it may not be taken in this state; the message says which may.

        """
        possible = self.transitions[state]
        if decision not in possible:
            raise DecisionRefusedError(state, decision, tuple(map(str, possible)))
        return possible[decision]

    def allows(self, state: _State, decision: _Decision) -> bool:
        """Tell whether a decision may be taken in a state."""
        return decision in self.transitions[state]

    def document(self) -> str:
        """Write the page of the documentation that shows the table, with a Mermaid diagram."""
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
                *([self.note, ""] if self.note else []),
                f"Who may decide is held by `{self.held_by}`.",
                "",
            ]
        )
