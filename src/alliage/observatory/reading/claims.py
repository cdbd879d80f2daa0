"""What may be said of a figure, of two, of a rank: claims that say no more than the data.

A claim is a value: who writes sentences chooses the words, not how strong they are. None can say
why something is so: a survey of opinions establishes no cause. See
``docs/algorithms/observatory-claims.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.observatory.reading.differences import Verdict
from alliage.observatory.releases.values import CellStatus

if TYPE_CHECKING:
    from alliage.observatory.reading.differences import Difference, PlacedCell
    from alliage.observatory.releases.values import Group, Head, Measure, Question, Ranking


class Evidence(StrEnum):
    """How firmly something may be said."""

    #: It stands whatever other comparisons of the table one could have chosen.
    ESTABLISHED = "established"
    #: It stands if this comparison was decided before the table was seen.
    ALONE = "alone"
    #: Nothing may be said of an order.
    NOT_ESTABLISHED = "not_established"


class UnquotableError(ValueError):
    """There is no figure to quote.

    Attributes
    ----------
    status
        What the cell is.
    """

    def __init__(self, status: CellStatus, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Context:
    """Of whom, when and how sure: without it nothing is quoted.

    Attributes
    ----------
    study, wave, population
        Their codes.
    synthetic
        Whether respondents were invented.
    level
        Confidence of the margins.
    """

    study: str
    wave: str
    population: str
    synthetic: bool
    level: float


@dataclass(frozen=True, slots=True)
class FigureClaim:
    """A figure that may be quoted.

    Attributes
    ----------
    context, question, measure, group
        What it is about.
    value, low, high
        The figure and its interval, in the unit of the measure.
    margin
        The longer half of the interval: what « ± » is followed by.
    respondents
        Its base.
    caution
        Whether the base is small or the margin large: the sentence says so.
    """

    context: Context
    question: Question
    measure: Measure
    group: Group
    value: float
    low: float
    high: float
    margin: float
    respondents: int
    caution: bool


@dataclass(frozen=True, slots=True)
class DifferenceClaim:
    """What may be said of two figures.

    Attributes
    ----------
    first, second
        The figures; the greater first where an order is established.
    evidence
        How firmly.
    value, margin
        The difference and half of its interval.
    picked_from
        How many comparisons one could choose among.
    """

    first: FigureClaim
    second: FigureClaim
    evidence: Evidence
    value: float
    margin: float
    picked_from: int


@dataclass(frozen=True, slots=True)
class RankClaim:
    """What may be said of the rank of an item.

    Attributes
    ----------
    context, question, item, group
        What it is about; ``item`` is the label, French and English.
    rank, best, worst, count
        Its rank by the estimates, those that remain possible, and among how many.
    top
        Probability that it is truly among the first three.
    respondents
        The base of its mean.
    level
        Joint confidence of the ranks.
    """

    context: Context
    question: Question
    item: tuple[str, str]
    group: Group
    rank: int
    best: int
    worst: int
    count: int
    top: float
    respondents: int
    level: float

    @property
    def evidence(self) -> Evidence:
        """A rank is established when no other remains possible."""
        return Evidence.ESTABLISHED if self.best == self.worst else Evidence.NOT_ESTABLISHED


def context_of(head: Head) -> Context:
    """Return what every claim of a release is about."""
    return Context(head.study, head.wave, head.population, head.synthetic, head.provenance.level)


def figure_claim(one: PlacedCell) -> FigureClaim:
    """Say what may be said of a figure.

    Parameters
    ----------
    one : PlacedCell
        A cell of a release.

    Returns
    -------
    FigureClaim
        Its figure with its margin and its base.

    Raises
    ------
    UnquotableError
        If the figure is not shown, or has no margin or no base.
    """
    cell = one.cell
    if (
        not cell.is_shown
        or cell.value is None
        or cell.low is None
        or cell.high is None
        or not cell.respondents
    ):
        msg = "The figure is not shown, or has no margin: it cannot be quoted. Choose another."
        raise UnquotableError(cell.status, msg)
    return FigureClaim(
        context=context_of(one.head),
        question=one.question,
        measure=one.measure,
        group=one.group,
        value=cell.value,
        low=cell.low,
        high=cell.high,
        margin=max(cell.high - cell.value, cell.value - cell.low),
        respondents=cell.respondents,
        caution=cell.status is CellStatus.CAUTION,
    )


def difference_claim(found: Difference) -> DifferenceClaim:
    """Say what may be said of two figures.

    Parameters
    ----------
    found : Difference
        Their difference.

    Returns
    -------
    DifferenceClaim
        The greater first where an order is established.

    Raises
    ------
    UnquotableError
        If one of the figures has no margin or no base.
    """
    first, second = figure_claim(found.first), figure_claim(found.second)
    if found.verdict is Verdict.NOT_ESTABLISHED:
        evidence = Evidence.NOT_ESTABLISHED
    else:
        evidence = Evidence.ESTABLISHED if found.holds_when_picked else Evidence.ALONE
    if found.verdict is Verdict.LOWER:
        first, second = second, first
    return DifferenceClaim(
        first=first,
        second=second,
        evidence=evidence,
        value=abs(found.value),
        margin=(found.high - found.low) / 2,
        picked_from=found.picked_from,
    )


def rank_claim(head: Head, ranking: Ranking, item: str, *, respondents: int | None) -> RankClaim:
    """Say what may be said of the rank of an item.

    Parameters
    ----------
    head : Head
        That of the release.
    ranking : Ranking
        The order of the items of a battery, for a group.
    item : str
        One of them.
    respondents : int
        The base of its mean.

    Returns
    -------
    RankClaim
        Its rank, and those that remain possible.

    Raises
    ------
    UnquotableError
        If the ranks are kept back, or the base is.
    """
    found = next((one for one in ranking.items if one.item == item), None)
    if found is None or not respondents:
        msg = f"The rank of « {item} » is kept back, or there is no such item. Choose another."
        raise UnquotableError(CellStatus.HIDDEN, msg)
    question = next(one for one in head.questions if one.code == ranking.question)
    breakdown = next(one for one in head.breakdowns if one.code == ranking.breakdown)
    return RankClaim(
        context=context_of(head),
        question=question,
        item=_item_labels(question, item),
        group=next(one for one in breakdown.groups if one.code == ranking.group),
        rank=found.rank,
        best=found.best,
        worst=found.worst,
        count=len(ranking.items),
        top=found.top,
        respondents=respondents,
        level=ranking.level,
    )


def _item_labels(question: Question, item: str) -> tuple[str, str]:
    """Name an item by itself: a row of its answers also names the answer."""
    own = [one for one in question.measures if one.item == item]
    return next((one.item_labels for one in own if one.item_labels[0]), own[0].labels)
