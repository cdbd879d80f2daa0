"""Indicators: where one started, where one said one would go, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.fund.conditions import Truth

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from decimal import Decimal


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class MeasurementStatus(StrEnum):
    """How a value is known."""

    MEASURED = "measured"
    DECLARED = "declared"
    ESTIMATED = "estimated"


class IndicatorProblem(StrEnum):
    """Why what was written makes no indicator."""

    NOT_A_NUMBER = "not_a_number"
    WRONG_WAY = "wrong_way"
    TARGET_BEFORE_BASELINE = "target_before_baseline"
    BASELINE_WITHOUT_DATE = "baseline_without_date"


class IndicatorError(ValueError):
    """What was written makes no indicator; ``problem`` says which rule it breaks."""

    def __init__(self, problem: IndicatorProblem, message: str) -> None:
        self.problem = problem
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value on a day, and how it is known."""

    on: dt.date
    value: Decimal
    status: MeasurementStatus


@dataclass(frozen=True, slots=True)
class Indicator:
    """What was promised. A baseline that is None is not known: it is not zero.

    Raises
    ------
    IndicatorError
        If a value is no number, the target goes the wrong way or is before the baseline, or a
        baseline has no date.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> first, last = dt.date(2026, 1, 1), dt.date(2027, 1, 1)
    >>> Indicator(Direction.LOWER, Decimal(10), last, Decimal(5), first)
    Traceback (most recent call last):
        ...
    alliage.fund.reporting.indicators.IndicatorError: The target 10 is above the baseline 5, and \
lower is better. Correct one, or the direction.
    """

    direction: Direction
    target: Decimal
    target_on: dt.date
    baseline: Decimal | None = None
    baseline_on: dt.date | None = None

    def __post_init__(self) -> None:
        for value in (self.target, self.baseline):
            if value is not None and not value.is_finite():
                msg = f"{value} is no number. Write one in figures."
                raise IndicatorError(IndicatorProblem.NOT_A_NUMBER, msg)
        if self.baseline is None:
            return
        if self.baseline_on is None:
            msg = f"The baseline {self.baseline} has no date. Say when it was so."
            raise IndicatorError(IndicatorProblem.BASELINE_WITHOUT_DATE, msg)
        if self.target_on <= self.baseline_on:
            msg = f"The target is of {self.target_on}, the baseline of {self.baseline_on}: later."
            raise IndicatorError(IndicatorProblem.TARGET_BEFORE_BASELINE, msg)
        way = self.target - self.baseline
        if (way < 0) if self.direction is Direction.HIGHER else (way > 0):
            where = "below" if way < 0 else "above"
            msg = (
                f"The target {self.target} is {where} the baseline {self.baseline}, and "
                f"{self.direction} is better. Correct one, or the direction."
            )
            raise IndicatorError(IndicatorProblem.WRONG_WAY, msg)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an indicator stands.

    Attributes
    ----------
    share
        Part of the way from the baseline to the target that is made: 0 at the baseline, 1 at the
        target, below 0 when things got worse, above 1 beyond the target. None when it cannot be
        told.
    last
        The last measurement; None when nothing was measured.
    reached
        Whether the last value is at the target or better.
    expected
        The value that the straight line from the baseline to the target gives on the day of the
        last measurement; None when it cannot be told.
    behind
        Whether the last value is worse than that line.
    """

    share: Decimal | None
    last: Measurement | None
    reached: Truth
    expected: Decimal | None
    behind: Truth


def progress(indicator: Indicator, measurements: Iterable[Measurement]) -> Progress:
    """Say where an indicator stands.

    Parameters
    ----------
    indicator : Indicator
        What was promised.
    measurements : iterable of Measurement
        In any order; of two on one day, the last given counts.

    Returns
    -------
    Progress
        ``share`` is (last − baseline) / (target − baseline), not cut at 0 or 1. It is None without
        a baseline, without a measurement, and where the target is to stay at the baseline.

    Source: Kusek & Rist 2004, *Ten Steps to a Results-Based Monitoring and Evaluation System*,
    steps 3 to 5 (baseline, target, measured distance). The straight line is our choice.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> jobs = Indicator(
    ...     Direction.HIGHER, Decimal(30), dt.date(2027, 1, 1), Decimal(10), dt.date(2026, 1, 1)
    ... )
    >>> found = progress(
    ...     jobs, [Measurement(dt.date(2026, 7, 2), Decimal(15), MeasurementStatus.MEASURED)]
    ... )
    >>> found.share, found.reached.value, found.behind.value
    (Decimal('0.25'), 'false', 'true')
    >>> progress(jobs, []).share is None
    True
    """
    last: Measurement | None = None
    for each in measurements:
        if last is None or each.on >= last.on:
            last = each
    if last is None:
        return Progress(None, None, Truth.UNKNOWN, None, Truth.UNKNOWN)
    reached = _at_least(indicator, last.value, indicator.target)
    expected = expected_on(indicator, last.on)
    behind = Truth.UNKNOWN
    if expected is not None:
        behind = Truth.FALSE if _at_least(indicator, last.value, expected) else Truth.TRUE
    share = None
    if indicator.baseline is not None and indicator.baseline != indicator.target:
        share = (last.value - indicator.baseline) / (indicator.target - indicator.baseline)
    return Progress(share, last, Truth.TRUE if reached else Truth.FALSE, expected, behind)


def _at_least(indicator: Indicator, value: Decimal, bound: Decimal) -> bool:
    return value >= bound if indicator.direction is Direction.HIGHER else value <= bound


def expected_on(indicator: Indicator, on: dt.date) -> Decimal | None:
    """Give the value that the straight line from the baseline to the target has on a day.

    Parameters
    ----------
    indicator : Indicator
        What was promised.
    on : date
        The day.

    Returns
    -------
    Decimal or None
        In the unit of the indicator; the baseline before its day, the target after its own. None
        without a baseline.

    Source: linear interpolation, our choice: nobody promised a pace.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> jobs = Indicator(Direction.HIGHER, Decimal(30), dt.date(2027, 1, 1))
    >>> expected_on(jobs, dt.date(2026, 1, 1)) is None
    True
    """
    if indicator.baseline is None or indicator.baseline_on is None:
        return None
    whole = (indicator.target_on - indicator.baseline_on).days
    gone = min(max((on - indicator.baseline_on).days, 0), whole)
    return indicator.baseline + (indicator.target - indicator.baseline) * gone / whole
