"""Reminders: all that a person owes, in one letter a week, file by file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class DutyKind(StrEnum):
    """What somebody is waited for."""

    REPORT = "report"
    REPORT_TO_COMPLETE = "report_to_complete"
    PART_TO_SIGN = "part_to_sign"
    DOCUMENT = "document"
    QUESTION = "question"
    COMPLETION = "completion"
    SIGNATURE = "signature"
    REPORT_TO_READ = "report_to_read"
    PAYMENT_TO_CONFIRM = "payment_to_confirm"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that people are waited for, in a file.

    Attributes
    ----------
    people
        Keys of those who may do it: each is reminded.
    file
        Stable name of the file.
    due_on
        Last day; None where none is set, and it is then always named.
    """

    people: frozenset[int]
    kind: DutyKind
    file: str
    title: str
    what: str
    due_on: dt.date | None
    link: str


@dataclass(frozen=True, slots=True)
class FileDuties:
    """The duties of a person in one file, the first due first."""

    file: str
    title: str
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told, file by file."""

    person: int
    files: tuple[FileDuties, ...]

    @property
    def count(self) -> int:
        """How many duties it names."""
        return sum(len(each.duties) for each in self.files)


def letters(
    duties: Iterable[Duty], *, on: dt.date, days_ahead: int, left_out: Collection[int] = ()
) -> tuple[Letter, ...]:
    """Write one letter a person.

    Parameters
    ----------
    duties : iterable of Duty
        All that is waited for.
    on : date
        Today.
    days_ahead : int
        Days before a date from which it is named; what is late, or has no date, is named too.
    left_out : collection of int
        Keys of people who want no reminder.

    Returns
    -------
    tuple of Letter
        By key of person. In a letter the file whose first date is the earliest comes first; what
        has no date comes last.

    Examples
    --------
    >>> late = Duty(
    ...     frozenset({7}), DutyKind.REPORT, "a:1", "A", "Report", dt.date(2026, 1, 1), "/a"
    ... )
    >>> [
    ...     (each.person, each.count)
    ...     for each in letters([late], on=dt.date(2026, 2, 1), days_ahead=30)
    ... ]
    [(7, 1)]
    """
    until = on + dt.timedelta(days=days_ahead)
    by_person: dict[int, dict[str, list[Duty]]] = {}
    for duty in duties:
        if duty.due_on is not None and duty.due_on > until:
            continue
        for person in duty.people - set(left_out):
            by_person.setdefault(person, {}).setdefault(duty.file, []).append(duty)
    return tuple(
        Letter(
            person,
            tuple(
                sorted(
                    (
                        FileDuties(name, found[0].title, tuple(sorted(found, key=_rank)))
                        for name, found in files.items()
                    ),
                    key=lambda each: (_rank(each.duties[0])[0], each.file),
                )
            ),
        )
        for person, files in sorted(by_person.items())
    )


def _rank(duty: Duty) -> tuple[dt.date, str, str]:
    return duty.due_on or dt.date.max, duty.kind.value, duty.what


def is_late(duty: Duty, on: dt.date) -> bool:
    """Tell whether the last day of a duty has passed.

    Examples
    --------
    >>> is_late(Duty(frozenset(), DutyKind.DOCUMENT, "f", "F", "x", None, ""), dt.date(2026, 1, 1))
    False
    """
    return duty.due_on is not None and duty.due_on < on


def week_of(on: dt.date) -> str:
    """Name the week in which a person receives one letter.

    Source: ISO 8601: weeks begin on Monday, the first one holds the first Thursday of the year.

    Examples
    --------
    >>> week_of(dt.date(2027, 1, 1))
    '2026-W53'
    """
    year, week, _day = on.isocalendar()
    return f"{year}-W{week:02d}"
