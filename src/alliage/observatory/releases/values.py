"""What a wave publishes: cells with their errors and bases, how they were made, nothing else.

A figure that is kept back is absent from these values: whoever reads them cannot show it by
mistake. Respondents are in none of them. See ``docs/adr/0021-observatory.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alliage.survey.arrays import Floats


class CellStatus(StrEnum):
    """Whether a figure is shown, and if not, why."""

    SHOWN = "shown"
    #: Shown with a warning: its base is small, or its error large.
    CAUTION = "caution"
    #: Kept back: its base is too small, or it would give another away. Which of the two is not
    #: told, since that would help an attack.
    HIDDEN = "hidden"
    #: Nobody of the group was asked, or answered.
    NOBODY = "nobody"


class Unit(StrEnum):
    """What a figure is counted in."""

    #: Between 0 and 1.
    SHARE = "share"
    #: On the scale of the question.
    SCORE = "score"
    #: Difference of two shares, between −1 and 1.
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, its error and its base; every number is absent unless it is shown.

    Attributes
    ----------
    status
        Whether it is shown.
    value, error, low, high
        Estimate, standard error and bounds of its interval, in the unit of its row.
    respondents, effective
        The people who answered, and the size of the simple sample that would err as much.
    above
        Letters of the groups of its breakdown that it surely exceeds: a capital at the level of
        the release, a small letter at the looser one.
    """

    status: CellStatus
    value: float | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    respondents: int | None = None
    effective: float | None = None
    above: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether there is a figure to read."""
        return self.status in {CellStatus.SHOWN, CellStatus.CAUTION}


@dataclass(frozen=True, slots=True)
class Group:
    """A column: people of one level of a breakdown.

    Attributes
    ----------
    code
        Its levels, one for each variable of the breakdown, joined by « / »; empty for everybody.
    labels
        French and English.
    letter
        Its letter in the comparisons; empty for everybody.
    """

    code: str
    labels: tuple[str, str]
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A way to cut the population: everybody, one variable, or variables crossed.

    Attributes
    ----------
    code
        The variables, joined by « × »; empty for everybody.
    labels
        French and English.
    groups
        Its groups, in their order.
    """

    code: str
    labels: tuple[str, str]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A row: what is estimated of a question.

    Attributes
    ----------
    code
        Unique in the question: ``health:mean``, ``health:8-10``, ``useful``.
    item
        The item of a battery; empty for a question alone.
    statistic
        ``proportion``, ``top box``, ``mean`` or ``net score``.
    level
        The answer or the box; empty for a mean.
    labels
        French and English.
    unit
        What its figures are counted in.
    bounds
        Lowest and highest value that it can have.
    item_labels, level_labels
        Of the item and of the level apart, by which a battery is laid out; empty where there is
        none.
    """

    code: str
    item: str
    statistic: str
    level: str
    labels: tuple[str, str]
    unit: Unit
    bounds: tuple[float, float]
    item_labels: tuple[str, str] = ("", "")
    level_labels: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, or a battery of items asked together.

    Attributes
    ----------
    code
        The code that the question keeps from wave to wave.
    theme
        What it is about: ``fragility``, ``territory_health``…
    labels, wording
        A short name and what was asked, French and English; English may be empty.
    kind
        ``levels``, ``choices`` (several answers) or ``battery``.
    ordered
        Whether its answers are ordered: agreement, a scale of marks.
    universe
        Who was asked; empty for everybody.
    measures
        Its rows, in their order.
    """

    code: str
    theme: str
    labels: tuple[str, str]
    wording: tuple[str, str]
    kind: str
    ordered: bool
    universe: tuple[str, str]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A question by a breakdown.

    Attributes
    ----------
    question, breakdown
        Their codes.
    rows
        A tuple of cells for each measure, one for each group.
    missing
        For each group, the people asked who did not answer; ``None`` where this is kept back.
    p_value
        Of the Rao–Scott test that answers do not depend on the group; ``None`` where there is
        none.
    """

    question: str
    breakdown: str
    rows: tuple[tuple[Cell, ...], ...]
    missing: tuple[int | None, ...]
    p_value: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """The covariances of the shown cells of a table, by which any two of them are compared.

    Attributes
    ----------
    question, breakdown
        The codes of the table.
    places
        The measure and the group of each cell, as places in the table.
    values
        Shape (K, K), symmetric, kept with 7 digits.
    degrees
        Degrees of freedom of the tests.
    """

    question: str
    breakdown: str
    places: tuple[tuple[int, int], ...]
    values: Floats
    degrees: float


@dataclass(frozen=True, slots=True)
class RankedItem:
    """An item among those of its battery.

    Attributes
    ----------
    item
        Its code.
    value
        Its mean.
    rank
        Its rank by the estimate.
    best, worst
        Ranks that all the items together leave possible.
    top
        Probability that it is truly among the first three.
    """

    item: str
    value: float
    rank: int
    best: int
    worst: int
    top: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the items of a battery, for a group.

    Attributes
    ----------
    question, breakdown, group
        Their codes.
    items
        By rank; empty where the base is too small.
    level
        Joint confidence of the ranks.
    """

    question: str
    breakdown: str
    group: str
    items: tuple[RankedItem, ...]
    level: float


@dataclass(frozen=True, slots=True)
class Tie:
    """How two items go together.

    Attributes
    ----------
    items
        Their codes.
    value, error, low, high
        Correlation, standard error and bounds.
    stability
        Share of resamples where this tie is among the ties drawn; ``None`` if not computed.
    drawn
        Whether it surely exceeds the mean correlation of the group.
    """

    items: tuple[str, str]
    value: float
    error: float | None
    low: float | None
    high: float | None
    stability: float | None
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Which items of a battery go together, for a group.

    Attributes
    ----------
    question, breakdown, group
        Their codes.
    kind
        ``pearson`` or ``polychoric``.
    ties
        Each pair of items; empty where the base is too small.
    respondents
        The fewest people who marked both items of a pair; ``None`` where this is kept back.
    reference
        The mean correlation of the group, which a tie drawn surely exceeds.
    """

    question: str
    breakdown: str
    group: str
    kind: str
    ties: tuple[Tie, ...]
    respondents: int | None
    reference: float | None = None


@dataclass(frozen=True, slots=True)
class MarginFit:
    """How far the weights are from a margin."""

    margin: str
    category: str
    target: float
    reached: float
    before: float


@dataclass(frozen=True, slots=True)
class Weighting:
    """The report of the weights.

    Attributes
    ----------
    method
        ``raking``, ``linear``…; empty for design weights alone.
    respondents, population
        People in the file, and the sum of their weights.
    design_effect, effective
        Kish's design effect of the weights, and the size that is left.
    smallest, largest
        Ratio of the smallest and largest weights to the mean.
    trimmed
        How many weights were trimmed.
    iterations
        Steps to convergence; ``None`` without calibration.
    largest_error
        Largest relative error of a margin; ``None`` without calibration.
    margins
        Each category of each margin.
    """

    method: str
    respondents: int
    population: float
    design_effect: float
    effective: float
    smallest: float
    largest: float
    trimmed: int
    iterations: int | None
    largest_error: float | None
    margins: tuple[MarginFit, ...]


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found in the file of respondents before anything was computed, and its treatment.

    Attributes
    ----------
    kind
        The kind of anomaly.
    rows
        How many respondents it is about.
    treatment
        ``keep``, ``exclude`` or ``set_missing``.
    """

    kind: str
    rows: int
    treatment: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """From what and how a release was computed.

    Attributes
    ----------
    file_sha256, specification_sha256
        Fingerprints of the file of respondents and of the specification.
    version
        The version of Alliage.
    standard_error, degrees_rule
        Which error the figures carry, and where the degrees of freedom come from.
    level, loose
        Confidence of the intervals and of the capital letters, and of the small letters.
    adjustment
        How the tests made together were taken into account.
    least, least_effective
        Fewest respondents, and smallest effective size, of a figure that is shown.
    base_rule
        Bases under which a figure is kept back, and is shown with a warning.
    screening
        What was found in the file, kind by kind.
    """

    file_sha256: str
    specification_sha256: str
    version: str
    standard_error: str
    degrees_rule: str
    level: float
    loose: float
    adjustment: str
    least: int
    least_effective: float | None
    base_rule: tuple[float, float]
    screening: tuple[Screened, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What a release is about and how it was made.

    Attributes
    ----------
    study, wave, population
        Their codes.
    synthetic
        Whether respondents were invented by a generator: every page, file and chart says so.
    provenance, weighting
        How it was computed.
    breakdowns, questions
        What it can be read by, and what was asked.
    """

    study: str
    wave: str
    population: str
    synthetic: bool
    provenance: Provenance
    weighting: Weighting
    breakdowns: tuple[Breakdown, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """A wave as it is published.

    Attributes
    ----------
    head
        What it is about and how it was made.
    tables, covariances, rankings, networks
        The figures.
    """

    head: Head
    tables: tuple[Table, ...]
    covariances: tuple[Covariance, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    networks: tuple[Network, ...] = ()
