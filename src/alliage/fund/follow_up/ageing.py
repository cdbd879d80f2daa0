"""How long files stay in a stage, those that are still there included."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays of one length in days: how many ended, and how many go on."""

    ended: int = 0
    going_on: int = 0


@dataclass(frozen=True, slots=True)
class TimeInStage:
    """How long files stay in a stage, in days.

    Attributes
    ----------
    ended, going_on
        Stays that ended, whatever came next, and stays that go on.
    lower_quartile, median, upper_quartile
        The day by which a quarter, a half and three quarters of the files leave. ``None`` when the
        files followed long enough do not reach that share.
    age_median, age_largest
        How long the files that are there now have been there; ``None`` when there is none.
    """

    ended: int
    going_on: int
    lower_quartile: int | None
    median: int | None
    upper_quartile: int | None
    age_median: int | None
    age_largest: int | None

    @property
    def base(self) -> int:
        """All the stays that the figures rest on."""
        return self.ended + self.going_on


def empirical_quantile(values: Iterable[int], share: float) -> int | None:
    """Return the smallest value that at least this share of the values do not exceed.

    Parameters
    ----------
    values : iterable of int
        What was observed, in any unit.
    share : float
        A share above 0, up to 1.

    Returns
    -------
    int or None
        A value that was observed; None when there is none.

    Raises
    ------
    ValueError
        If the share is not in its bounds.

    Source: inverse of the empirical distribution, Hyndman & Fan 1996, definition 1.

    Examples
    --------
    >>> empirical_quantile([4, 1, 9, 2], 0.5)
    2
    >>> empirical_quantile([], 0.5) is None
    True
    """
    if not 0 < share <= 1:
        msg = f"A share of {share}. Give one above 0, up to 1."
        raise ValueError(msg)
    ordered = sorted(values)
    return ordered[ceil(len(ordered) * share) - 1] if ordered else None


def time_in_stage(stays: Mapping[int, Stays]) -> TimeInStage:
    """Tell how long files stay in a stage, from the stays of each length.

    Parameters
    ----------
    stays : mapping of int to Stays
        By length in whole days: how many stays of that length ended, and how many go on.

    Returns
    -------
    TimeInStage
        Quartiles of the time to leave, and the ages of the files that are there.

    Raises
    ------
    ValueError
        If a length or a number is below zero.

    Notes
    -----
    A file that is still there has stayed at least so long: it is counted as followed until now,
    neither as gone nor as absent. Stays of one length: those that ended come first.

    Source: product-limit estimator, Kaplan & Meier 1958, equation 2b.

    Examples
    --------
    >>> found = time_in_stage({5: Stays(ended=2), 10: Stays(ended=1, going_on=2), 30: Stays(1, 0)})
    >>> found.lower_quartile, found.median, found.upper_quartile
    (5, 10, 30)
    >>> time_in_stage({400: Stays(going_on=3)}).median is None
    True
    """
    if any(days < 0 or each.ended < 0 or each.going_on < 0 for days, each in stays.items()):
        msg = "A stay has a length and numbers of zero or more: check the dates of the files."
        raise ValueError(msg)
    ended = sum(each.ended for each in stays.values())
    going_on = sum(each.going_on for each in stays.values())
    at_risk, staying = ended + going_on, 1.0
    left_by: dict[float, int] = {}
    for days in sorted(stays):
        each = stays[days]
        if each.ended:
            staying *= 1 - each.ended / at_risk
            for share in _QUARTERS:
                # A product of shares may miss a round one by a rounding error.
                if 1 - staying >= share - 1e-12:
                    left_by.setdefault(share, days)
        at_risk -= each.ended + each.going_on
    lower, middle, upper = (left_by.get(share) for share in _QUARTERS)
    return TimeInStage(
        ended=ended,
        going_on=going_on,
        lower_quartile=lower,
        median=middle,
        upper_quartile=upper,
        age_median=_age_quantile(stays, going_on, 0.5),
        age_largest=_age_quantile(stays, going_on, 1.0),
    )


def _age_quantile(stays: Mapping[int, Stays], going_on: int, share: float) -> int | None:
    """Quantile of the ages, as `empirical_quantile` without writing each age out."""
    wanted, seen = ceil(going_on * share), 0
    for days in sorted(stays):
        seen += stays[days].going_on
        if going_on and seen >= wanted:
            return days
    return None
