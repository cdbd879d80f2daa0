"""Where a row stands, for who has to correct it: a line of a file, or a row of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Place(NamedTuple):
    """Where a row stands.

    Attributes
    ----------
    words
        In a sentence.
    values
        As facts of a refusal.
    """

    words: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class Places:
    """Where rows stand.

    Attributes
    ----------
    file
        The file that they were read from.
    lines
        The line of the file where each row begins, counted from 1; empty if files of its kind
        have no lines, or for a frame.
    above
        How many rows stand before, where there are no lines.

    Examples
    --------
    >>> Places("wave.csv", range(2, 9)).of(1).words, Places().of(1).words
    ('line 3 of « wave.csv »', 'row 2')
    """

    file: str = ""
    lines: Sequence[int] = ()
    above: int = 0

    def of(self, row: int) -> Place:
        """Say where a row stands, counted from 0 here."""
        if self.lines:
            line = self.lines[row]
            return Place(f"line {line} of « {self.file} »", {"line": line, "file": self.file})
        return Place(f"row {self.above + row + 1}", {"row": self.above + row + 1})
