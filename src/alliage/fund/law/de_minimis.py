"""De minimis aid: what a single undertaking may still receive on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.fund.law.legal_rules import WindowKind
from alliage.values.money import euros, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.fund.law.legal_rules import DatedAmount, GrantParameters, WindowRecord
    from alliage.values.money import Euros


@dataclass(frozen=True, slots=True)
class DeMinimisAid:
    """An aid that an undertaking received, in gross grant equivalent.

    Attributes
    ----------
    undertaking
        Who received it, by any code that the caller uses.
    granted_on
        When the right to it was given, whenever it was paid.
    """

    undertaking: str
    granted_on: dt.date
    amount: Euros
    granted_by: str = ""


@dataclass(frozen=True, slots=True)
class DeMinimisPosition:
    """How much de minimis aid a single undertaking may still receive on a day.

    Attributes
    ----------
    since
        First day of the period that counts.
    counted
        The aids of the period, of any member of the single undertaking.
    room
        Euros that are left; never below zero.
    """

    ceiling: DatedAmount
    since: dt.date
    counted: tuple[DeMinimisAid, ...]
    used: Euros
    room: Euros


def de_minimis_position(
    aids: Iterable[DeMinimisAid],
    undertakings: Iterable[str],
    *,
    on: dt.date,
    parameters: GrantParameters,
    fiscal_year_month: int = 1,
) -> DeMinimisPosition | None:
    """Add up the de minimis aid of a single undertaking.

    Parameters
    ----------
    aids : iterable of DeMinimisAid
        All that is known, of whomever.
    undertakings : iterable of str
        The members of the single undertaking: the receiver, and all that it controls or that
        control it.
    on : date
        The day on which the new aid would be granted.
    parameters : GrantParameters
        The dated ceilings.
    fiscal_year_month : int, optional
        Month in which the fiscal year of the undertaking begins; it matters until 2023 only.

    Returns
    -------
    DeMinimisPosition or None
        None when no ceiling is known to hold on that day.

    Source: Regulation (EU) No 1407/2013, article 3(2) and recital 10 (fiscal year of the grant and
    the two before); Regulation (EU) 2023/2831, articles 2(2) and 3(2) (three years that roll).

    Examples
    --------
    >>> from alliage.fund.law.legal_rules import shipped_parameters
    >>> aid = DeMinimisAid("school", dt.date(2024, 5, 2), euros(120_000))
    >>> position = de_minimis_position(
    ...     [aid], ["school"], on=dt.date(2026, 3, 1), parameters=shipped_parameters()
    ... )
    >>> position.since, position.room
    (datetime.date(2023, 3, 2), Decimal('180000.00'))
    """
    ceiling = parameters.de_minimis_ceiling.on(on)
    if ceiling is None or ceiling.window is None:
        return None
    since = _window_start(ceiling.window, on, fiscal_year_month)
    members = set(undertakings)
    counted = tuple(
        aid for aid in aids if aid.undertaking in members and since <= aid.granted_on <= on
    )
    used = total(aid.amount for aid in counted)
    return DeMinimisPosition(ceiling, since, counted, used, max(ceiling.eur - used, euros(0)))


def _window_start(window: WindowRecord, on: dt.date, fiscal_year_month: int) -> dt.date:
    if window.counted is WindowKind.FISCAL_YEARS:
        year = on.year - (on.month < fiscal_year_month)
        return dt.date(year - window.years + 1, fiscal_year_month, 1)
    # The 29th of February has no anniversary: the period then begins on the 1st of March.
    try:
        anniversary = on.replace(year=on.year - window.years)
    except ValueError:
        anniversary = dt.date(on.year - window.years, 2, 28)
    return anniversary + dt.timedelta(days=1)
