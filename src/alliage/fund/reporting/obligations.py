"""Which reports an agreement asks for, by when, and which report may answer them."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.fund.conditions import Truth
from alliage.values.text import fold

from .delays import in_force, shipped_delays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The code of the final report that no condition asks for.
FINAL_CODE = "rapport-final"
_FINAL_WORDS = frozenset({"final", "finale"})
_MONTHS = 12


class ReportKind(StrEnum):
    """Which report it is."""

    INTERMEDIATE = "intermediate"
    FINAL = "final"


class DateBasis(StrEnum):
    """What the date of a report comes from."""

    INSTALMENT = "instalment"
    END_OF_ACTION = "end_of_action"
    DECIDED = "decided"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a report tells of; an end that is None is not known."""

    first: dt.date | None = None
    last: dt.date | None = None


@dataclass(frozen=True, slots=True)
class ReportCondition:
    """A condition « report accepted » of the terms, and the days of what waits for it."""

    code: str
    label: str
    waited_on: tuple[dt.date, ...] = ()


@dataclass(frozen=True, slots=True)
class Obligation:
    """A report that an agreement asks for. A date that is None is to be decided.

    Attributes
    ----------
    condition
        Code of the condition that its acceptance meets; None when no payment waits for it.
    """

    code: str
    kind: ReportKind
    label: str
    condition: str | None
    period: Period
    due_on: dt.date | None
    basis: DateBasis


def obligations(
    conditions: Sequence[ReportCondition],
    *,
    starts: dt.date,
    known_ends: Iterable[dt.date] = (),
    signed: dt.date,
) -> tuple[Obligation, ...]:
    """Derive the reports that an agreement asks for.

    Parameters
    ----------
    conditions : sequence of ReportCondition
        Those of kind « report accepted », in the order of the terms.
    starts : date
        First day of what is reported: the day on which the terms came into force.
    known_ends : iterable of date
        Last days of the steps that were promised. The action ends with the latest; none is known
        when it is empty.
    signed : date
        The day on which the delay of the final report is read.

    Returns
    -------
    tuple of Obligation
        One for each condition, then a final report if no condition asks for one: the last
        condition whose label holds the word « final » or « finale ». An intermediate report is due
        on the first day that an instalment gives; the final one some months after the end of the
        calendar year in which the action ends (`final_report_due`).

    Examples
    --------
    >>> found = obligations(
    ...     [ReportCondition("mid", "Rapport d’étape", (dt.date(2026, 9, 1),))],
    ...     starts=dt.date(2026, 1, 10),
    ...     known_ends=[dt.date(2027, 3, 31)],
    ...     signed=dt.date(2026, 1, 10),
    ... )
    >>> [(each.kind.value, str(each.due_on)) for each in found]
    [('intermediate', '2026-09-01'), ('final', '2028-06-30')]
    """
    end = max(known_ends, default=None)
    due = final_report_due(end, signed) if end else None
    basis = DateBasis.END_OF_ACTION if end else DateBasis.UNKNOWN
    finals = [each.code for each in conditions if _FINAL_WORDS & set(fold(each.label).split())]
    found = []
    for each in conditions:
        if finals and each.code == finals[-1]:
            label, period = each.label, Period(starts, end)
            found.append(
                Obligation(each.code, ReportKind.FINAL, label, each.code, period, due, basis)
            )
            continue
        day = min(each.waited_on, default=None)
        found.append(
            Obligation(
                each.code,
                ReportKind.INTERMEDIATE,
                each.label,
                each.code,
                Period(starts, day),
                day,
                DateBasis.INSTALMENT if day else DateBasis.UNKNOWN,
            )
        )
    if not finals:
        code = FINAL_CODE
        while code in {each.code for each in conditions}:
            code += "-2"
        final = Period(starts, end)
        found.append(Obligation(code, ReportKind.FINAL, "", None, final, due, basis))
    return tuple(found)


def final_report_due(end: dt.date, signed: dt.date) -> dt.date:
    """Say by when the final report is due.

    Parameters
    ----------
    end : date
        Last day of the action.
    signed : date
        The day on which the delay is read.

    Returns
    -------
    date
        The last day of the month that comes so many months after December of the year of ``end``.

    Source: loi n° 2000-321 du 12 avril 2000, article 10, alinéa 4: six months after the end of the
    financial year for which the grant was awarded; the financial year is taken to be the calendar
    year.

    Examples
    --------
    >>> final_report_due(dt.date(2026, 5, 4), dt.date(2026, 1, 5))
    datetime.date(2027, 6, 30)
    """
    months = in_force(shipped_delays().final_report_months, signed).value
    years, month = divmod(_MONTHS - 1 + months, _MONTHS)
    year = end.year + years
    return dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def serves(report: Period, asked: Period) -> Truth:
    """Say whether a report of a period answers one that is asked for a period.

    Parameters
    ----------
    report, asked : Period
        What is told, and what is to be told.

    Returns
    -------
    Truth
        True when the report covers all that is asked, false when a day is certainly missing;
        unknown for want of an end.

    Examples
    --------
    >>> year = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    >>> serves(year, Period(dt.date(2026, 3, 1), dt.date(2026, 9, 1)))
    <Truth.TRUE: 'true'>
    >>> serves(Period(dt.date(2026, 1, 1), dt.date(2026, 6, 30)), year)
    <Truth.FALSE: 'false'>
    >>> serves(year, Period(dt.date(2026, 3, 1), None))
    <Truth.UNKNOWN: 'unknown'>
    """
    begins = _before(report.first, asked.first)
    ends = _before(asked.last, report.last)
    if Truth.FALSE in {begins, ends}:
        return Truth.FALSE
    return Truth.UNKNOWN if Truth.UNKNOWN in {begins, ends} else Truth.TRUE


def _before(first: dt.date | None, second: dt.date | None) -> Truth:
    if first is None or second is None:
        return Truth.UNKNOWN
    return Truth.TRUE if first <= second else Truth.FALSE
