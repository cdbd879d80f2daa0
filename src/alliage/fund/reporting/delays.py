"""The delays of reports and reminders, as dated parameters with their sources."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from alliage.alliances.records import Part, Remark
from alliage.values.yaml_files import read_record

_PATH = Path(__file__).parent / "parameters" / "reporting.yaml"


class DatedNumber(Part):
    """A number in force from a day, until the next one of its list."""

    value: Annotated[int, Field(ge=0, le=120)]
    since: dt.date
    source: Remark


_Dated = Annotated[tuple[DatedNumber, ...], Field(min_length=1)]


class Delays(Part):
    """The parameters of the file; each list is in the order of the days."""

    checked_on: dt.date
    final_report_months: _Dated
    reminder_days_ahead: _Dated

    @model_validator(mode="after")
    def _in_order(self) -> Delays:
        for name in ("final_report_months", "reminder_days_ahead"):
            days = [each.since for each in getattr(self, name)]
            if days != sorted(set(days)):
                msg = (
                    f"`{name}` is not in the order of its days. Write the oldest first, each once."
                )
                raise ValueError(msg)
        return self


class NoValueYetError(LookupError):
    """No value of a parameter was in force on a day."""


def in_force(values: tuple[DatedNumber, ...], on: dt.date) -> DatedNumber:
    """Return the value in force on a day, with its source.

    Parameters
    ----------
    values : tuple of DatedNumber
        Oldest first.
    on : date
        The day.

    Returns
    -------
    DatedNumber
        The last one that began on that day or before.

    Raises
    ------
    NoValueYetError
        If the first one begins later.

    Examples
    --------
    >>> in_force(shipped_delays().final_report_months, dt.date(2026, 5, 4)).value
    6
    """
    found = [each for each in values if each.since <= on]
    if not found:
        msg = f"No value on {on}: the first one is of {values[0].since}. Add an older one."
        raise NoValueYetError(msg)
    return found[-1]


@functools.cache
def shipped_delays() -> Delays:
    """Read the parameters that come with the library.

    Examples
    --------
    >>> shipped_delays().reminder_days_ahead[-1].value
    30
    """
    return read_record(_PATH, Delays)
