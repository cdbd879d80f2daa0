"""Estimates with everything that has to go with them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.arrays import Floats, Ints
    from alliage.survey.data.coding import Level


class Statistic(StrEnum):
    """What is estimated."""

    MEAN = "mean"
    TOTAL = "total"
    COUNT = "count"
    PROPORTION = "proportion"
    RATIO = "ratio"
    QUANTILE = "quantile"
    TOP_BOX = "top box"
    NET_SCORE = "net score"
    GINI = "Gini coefficient"
    CORRELATION = "correlation"


#: Statistics that are shares, or differences of shares.
SHARES = frozenset({Statistic.PROPORTION, Statistic.TOP_BOX, Statistic.NET_SCORE})


class StandardError(StrEnum):
    """Which standard error an estimate carries."""

    DESIGN = "linearised, design weights"
    CALIBRATED = "linearised, residuals of the calibration"
    FIXED = "linearised, calibrated weights taken as fixed"
    REPLICATES = "replicate weights"
    REPLICATES_CALIBRATED = "replicate weights, each calibrated"
    REPLICATES_FIXED = "replicate weights, calibrated weights taken as fixed"


class Interval(StrEnum):
    """How a confidence interval is made."""

    WALD = "wald"
    LOGIT = "logit"
    WILSON = "wilson"
    BETA = "beta"
    WOODRUFF = "woodruff"
    NONE = "none"


class Reliability(StrEnum):
    """What a base rule says of an estimate."""

    RELIABLE = "reliable"
    CAUTION = "caution"
    TOO_SMALL = "too small"

    @property
    def place(self) -> int:
        """Its place in `RELIABILITIES`, which stands for it in arrays."""
        return list(Reliability).index(self)


#: What the places stand for.
RELIABILITIES = np.array(list(Reliability), dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure, its error and its base.

    Attributes
    ----------
    statistic, variable, level
        What was estimated; the level is empty where there is none.
    group
        The level of each variable of the breakdown.
    domain
        The levels kept, by variable; empty for everybody.
    value
        The estimate.
    standard_error
        ``None`` where it cannot be had (a quantile at the edge of the data).
    low, high
        Confidence interval; ``None`` at an end that the data do not bound.
    interval
        How the interval was made.
    degrees
        Degrees of freedom of the interval.
    respondents, missing
        Respondents in the base, and those of the group left out for want of an answer.
    weighted
        Sum of weights of the base.
    design_effect
        Variance over that of a simple random sample of the same size drawn without replacement;
        ``None`` if weights add up to no more than the sample (they do not tell a population), or
        if nothing varies.
    effective_size
        Size of the simple random sample with replacement that has this variance; ``None`` if
        nothing varies.
    varies
        Whether the respondents of the base differ. An error of 0 is exact where they do (the
        margins, or a census, tell the figure), and says nothing where they do not.
    """

    statistic: Statistic
    variable: str
    level: str
    group: Mapping[str, Level]
    domain: Mapping[str, tuple[Level, ...]]
    value: float
    standard_error: float | None
    low: float | None
    high: float | None
    interval: Interval
    degrees: float
    respondents: int
    missing: int
    weighted: float
    design_effect: float | None
    effective_size: float | None
    varies: bool = True

    @property
    def variation(self) -> float | None:
        """Coefficient of variation: standard error over the estimate; ``None`` for a 0."""
        if self.standard_error is None or self.value == 0:
            return None
        return self.standard_error / abs(self.value)


#: What is kept back of an estimate that may not be shown: all but its base.
_FIGURES = (
    "value", "standard_error", "low", "high", "interval", "weighted", "design_effect",
    "effective_size", "variation",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRule:
    """When a figure may be shown.

    Attributes
    ----------
    suppress_below, caution_below
        Numbers of respondents, and of effective respondents, under which a figure is not shown,
        or is shown with a warning.
    largest_variation
        Coefficient of variation above which a figure is shown with a warning.

    Notes
    -----
    The thresholds are a choice of whoever publishes: these are common ones, not a norm.
    """

    suppress_below: float = 30
    caution_below: float = 60
    largest_variation: float = 0.33

    def judge(self, estimate: Estimate) -> Reliability:
        """Say whether an estimate may be shown.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> small = SimpleNamespace(respondents=80, effective_size=25.0, variation=0.1)
        >>> BaseRule().judge(small).value
        'too small'
        """
        found = self.judged(
            np.array(estimate.respondents),
            np.array(estimate.effective_size, dtype=np.float64),
            np.array(estimate.variation, dtype=np.float64),
        )
        return Reliability(RELIABILITIES[found.item()])

    def judged(
        self, respondents: Ints, effective_sizes: Floats, variations: Floats
    ) -> NDArray[np.int8]:
        """Say which of many estimates may be shown, as `judge` of each.

        Parameters
        ----------
        respondents : array of int, shape (...)
            Those in the base.
        effective_sizes, variations : array of float, shape (...)
            NaN where there is none.

        Returns
        -------
        array of int, shape (...)
            The `Reliability.place` of each.
        """
        base = np.fmin(respondents, effective_sizes)
        weak = (base < self.caution_below) | (variations > self.largest_variation)
        found = np.where(weak, Reliability.CAUTION.place, Reliability.RELIABLE.place)
        found[base < self.suppress_below] = Reliability.TOO_SMALL.place
        return found.astype(np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How estimates were computed.

    Attributes
    ----------
    standard_error
        Which standard error they carry.
    level
        Confidence level of the intervals.
    weights, calibration
        The column of design weights (empty if everybody counts for 1), and the method of
        calibration (empty without one).
    degrees_rule
        From what degrees of freedom were counted.
    lonely
        The rule for strata where one unit was drawn.
    version
        The version of Alliage.
    """

    standard_error: StandardError
    level: float
    weights: str
    calibration: str
    degrees_rule: str
    lonely: str
    version: str

    def record(self) -> dict[str, Any]:
        """Return it as a plain dictionary."""
        return {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates of one call, in the order of groups, then of levels.

    Attributes
    ----------
    items
        The estimates.
    covariance
        Shape (K, K); ``None`` if a standard error could not be had.
    provenance
        How they were computed.
    empty
        Groups without anybody: they have no estimate.
    ungrouped
        Respondents of the domain who are in no group, for want of an answer to the breakdown; of
        the request where there are most of them.
    rule
        When a figure may be shown by what writes them; without one, always. The figures
        themselves are kept, for what is computed from them, to which the rule passes.
    """

    items: tuple[Estimate, ...]
    covariance: Floats | None
    provenance: Provenance
    empty: tuple[Mapping[str, Level], ...] = ()
    ungrouped: int = 0
    rule: BaseRule | None = None

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Estimate:
        return self.items[place]

    def one(self, level: str | None = None, **group: Level) -> Estimate:
        """Return the single estimate of a level and a group.

        Raises
        ------
        SurveyError
            ``REQUEST`` if there is none, or several.
        """
        found = [
            item
            for item in self.items
            if (level is None or item.level == level)
            and all(item.group.get(name) == value for name, value in group.items())
        ]
        if len(found) == 1:
            return found[0]
        msg = (
            f"{len(found)} estimates have these levels. The levels are: "
            f"{listed(dict.fromkeys(item.level for item in self.items))}; the groups are: "
            f"{listed(dict(item.group) for item in self.items)}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, found=len(found))

    def names(self) -> tuple[str, ...]:
        """Return a name for each estimate, made of what tells it from the others.

        Raises
        ------
        SurveyError
            ``REQUEST`` if the same is asked twice.

        Examples
        --------
        >>> import polars as pl
        >>> from alliage.survey import Design, proportion, sample
        >>> people = sample(pl.DataFrame({"q": ["y", "n"] * 4, "sex": ["f", "m"] * 4}), Design())
        >>> proportion(people, "q", by="sex").names()
        ('n · f', 'y · f', 'n · m', 'y · m')
        """
        return names_of(self.items)

    def without_anybody(self) -> list[tuple[str, Mapping[str, Level]]]:
        """Return the groups without anybody, each with the variable that nobody answered there."""
        variables = tuple(dict.fromkeys(item.variable for item in self.items))
        held = {(item.variable, tuple(item.group.items())) for item in self.items}
        labels = {tuple(label.items()): label for label in self.empty}
        by = {(item.variable, tuple(item.group)) for item in self.items}
        return [
            (variable, label)
            for group, label in labels.items()
            for variable in variables
            if (variable, tuple(label)) in by and (variable, group) not in held
        ]

    def reliability(self, item: Estimate) -> Reliability | None:
        """Return what the rule says of an estimate; ``None`` without a rule."""
        return None if self.rule is None else self.rule.judge(item)

    def records(self) -> list[dict[str, Any]]:
        """Return a plain dictionary for each estimate, the breakdown first.

        A variable of the breakdown that is called like a field is « by » its name. Under a rule,
        the figures that may not be shown are ``None``, and `reliability` says so.
        """
        return [self._record(item) for item in self.items]

    def _record(self, item: Estimate) -> dict[str, Any]:
        record = {
            **columns_of(item.group),
            **{
                field.name: plain(getattr(item, field.name))
                for field in dataclasses.fields(item)
                if field.name not in {"group", "domain", "varies"}
            },
            "variation": item.variation,
        }
        told = self.reliability(item)
        if told is None:
            return record
        hidden = dict.fromkeys(_FIGURES) if told is Reliability.TOO_SMALL else {}
        return {**record, **hidden, "reliability": told.value}

    def frame(self) -> pl.DataFrame:
        """Return one row for each estimate, as `records`."""
        return pl.DataFrame(self.records(), infer_schema_length=None)

    def json(self) -> str:
        """Return the estimates and how they were computed, as JSON."""
        content = {
            "provenance": self.provenance.record(),
            "empty": [dict(label) for label in self.empty],
            "ungrouped": self.ungrouped,
            "estimates": [
                {**record, "domain": {name: list(kept) for name, kept in item.domain.items()}}
                for record, item in zip(self.records(), self.items, strict=True)
            ],
        }
        return json.dumps(content, ensure_ascii=False, allow_nan=False, default=str)


def names_of(items: Sequence[Estimate], *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return a name for each estimate, made of what varies among them.

    Parameters
    ----------
    items
        The estimates.
    without
        Variables of the breakdown that are no part of the name; names may then be the same.
    """
    parts = [_parts(item, without) for item in items]
    keys = tuple(dict.fromkeys(key for one in parts for key in one))
    telling = [key for key in keys if len({one.get(key, "") for one in parts}) > 1]
    if not telling:
        telling = ["variable", "level"]
    names = tuple(
        " · ".join(text for key in telling if (text := one.get(key, ""))) for one in parts
    )
    if not without and len(set(names)) < len(names):
        twice = listed(dict.fromkeys(name for name in names if names.count(name) > 1))
        msg = f"« {twice} » is estimated twice. Ask for each estimate once."
        raise SurveyError(SurveyProblem.REQUEST, msg, name=twice)
    return names


def _parts(item: Estimate, without: Collection[str]) -> dict[str, str]:
    return {
        "variable": item.variable,
        "statistic": item.statistic.value,
        "level": item.level,
        **{f"by {name}": str(level) for name, level in item.group.items() if name not in without},
        **{f"over {name}": listed(levels) for name, levels in item.domain.items()},
    }


def columns_of(group: Mapping[str, Level]) -> dict[str, Level]:
    """Return a group by column; a variable called like a field is « by » its name."""
    fields = {*(field.name for field in dataclasses.fields(Estimate)), "variation", "reliability"}
    return {f"by {name}" if name in fields else name: level for name, level in group.items()}


def plain(value: object) -> object:
    """Return a value as files hold it: a code by its text, ``None`` for what has no end."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float) and value == float("inf"):
        return None
    return value
