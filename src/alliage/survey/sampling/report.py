"""What a calibration was asked, and what it reached."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class Method(StrEnum):
    """The distance between design weights and calibrated weights."""

    POSTSTRATIFY = "poststratify"
    RAKING = "raking"
    LINEAR = "linear"
    LOGIT = "logit"


@dataclass(frozen=True, slots=True)
class MarginLine:
    """One total that the weights had to meet.

    Attributes
    ----------
    margin, level
        The variable and its level; an empty level for the total of a numeric variable.
    respondents
        How many respondents carry it.
    target, before, after
        The total asked, that of the design weights, and that of the calibrated weights.
    error
        ``|after - target| / |target|``; of the population where the target is 0.
    """

    margin: str
    level: str
    respondents: int
    target: float
    before: float
    after: float
    error: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """How a calibration went.

    Attributes
    ----------
    method, bounds, iterations, tolerance
        How it was done. ``bounds`` are those of the ratio of calibrated to design weight, or
        of the calibrated weight itself where ``bounds_on`` is « weight ».
    lines
        Each total asked.
    largest_error
        The largest relative error of a margin; below ``tolerance``.
    respondents, total
        Number of respondents and sum of their calibrated weights.
    smallest_weight, largest_weight, smallest_ratio, largest_ratio
        Extremes of the calibrated weights, and of their ratio to the design weights.
    at_bounds
        Respondents whose ratio is at a bound.
    design_effect_before, design_effect
        Kish's ``n Σw² / (Σw)²`` of the design weights and of the calibrated weights.
    effective_size
        ``(Σw)² / Σw²``.
    """

    method: Method
    bounds: tuple[float, float]
    bounds_on: str
    iterations: int
    tolerance: float
    lines: tuple[MarginLine, ...]
    largest_error: float
    respondents: int
    total: float
    smallest_weight: float
    largest_weight: float
    smallest_ratio: float
    largest_ratio: float
    at_bounds: int
    design_effect_before: float
    design_effect: float
    effective_size: float

    def frame(self) -> pl.DataFrame:
        """Return the margins as a table, one row for each total."""
        return pl.DataFrame(list(self.lines), orient="row", schema=list(MarginLine.__slots__))
