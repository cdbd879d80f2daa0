"""Are two figures truly different? Only figures that may be compared are, and the error is told.

See ``docs/algorithms/observatory-differences.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from scipy.special import ndtri, stdtr, stdtrit

from alliage.observatory.releases.values import CellStatus
from alliage.survey.comparison.comparisons import joint_degrees
from alliage.survey.estimation.intervals import critical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage.observatory.releases.values import (
        Cell,
        Covariance,
        Group,
        Head,
        Measure,
        Question,
        Table,
    )

#: The chance of establishing a difference that the smallest detectable one is given for.
POWER = 0.80


class Verdict(StrEnum):
    """What the figures allow to say, the comparison being the only one that was made."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT_ESTABLISHED = "not_established"


class Basis(StrEnum):
    """Where the error of a difference comes from."""

    #: Two cells of one table: how they vary together is known.
    COVARIANCE = "covariance"
    #: Two tables of one release: how they vary together is not known, the widest error is taken.
    WIDEST = "widest"
    #: Two waves: other people were asked.
    INDEPENDENT = "independent"


class Obstacle(StrEnum):
    """Why two figures are not compared."""

    NO_FIGURE = "no_figure"
    HIDDEN = "hidden"
    NOBODY = "nobody"
    SAME_FIGURE = "same_figure"
    SCALE = "scale"
    NO_ERROR = "no_error"
    OTHER_STUDY = "other_study"
    SAME_WAVE = "same_wave"
    OTHER_MEASURE = "other_measure"
    BROKEN_SERIES = "broken_series"
    SYNTHETIC = "synthetic"


class IncomparableError(ValueError):
    """Two figures cannot be compared.

    Attributes
    ----------
    obstacle
        Why.
    values
        The facts, by name.
    """

    def __init__(self, obstacle: Obstacle, message: str, **values: object) -> None:
        self.obstacle = obstacle
        self.values: Mapping[str, str] = {name: str(value) for name, value in values.items()}
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell with what it is about, and what else its table would let a reader pick.

    Attributes
    ----------
    head, question, breakdown, measure, group
        What it is about.
    cell
        The figure.
    place
        Its measure and its group, as places in the table.
    groups
        How many groups of its row have a figure, everybody left aside.
    items
        How many figures of its column are of the same kind.
    """

    head: Head
    question: Question
    breakdown: str
    measure: Measure
    group: Group
    cell: Cell
    place: tuple[int, int]
    groups: int
    items: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The first figure less the second.

    Attributes
    ----------
    first, second
        What is compared.
    value, error
        The difference and its standard error, in the unit of the figures.
    low, high
        Its interval, other comparisons left aside.
    level
        Confidence of the interval and of the verdict.
    p_value
        Probability of a difference as great if there were none.
    verdict
        What may be said if this comparison is the only one that was made.
    picked_from
        How many comparisons the reader could choose among.
    holds_when_picked
        Whether the verdict stands although it was chosen among them.
    detectable
        The smallest true difference that would be established 8 times out of 10.
    basis
        Where the error comes from.
    """

    first: PlacedCell
    second: PlacedCell
    value: float
    error: float
    low: float
    high: float
    level: float
    p_value: float
    verdict: Verdict
    picked_from: int
    holds_when_picked: bool
    detectable: float
    basis: Basis


def placed(head: Head, table: Table, measure: str, group: str) -> PlacedCell:
    """Find a cell of a table by its codes.

    Parameters
    ----------
    head : Head
        That of the release.
    table : Table
        One of its tables.
    measure, group : str
        Codes of a row and of a column; the group is empty for everybody.

    Raises
    ------
    IncomparableError
        ``NO_FIGURE`` if the table has no such cell.
    """
    question = next(one for one in head.questions if one.code == table.question)
    breakdown = next(one for one in head.breakdowns if one.code == table.breakdown)
    rows = {one.code: place for place, one in enumerate(question.measures)}
    columns = {one.code: place for place, one in enumerate(breakdown.groups)}
    if measure not in rows or group not in columns:
        msg = (
            f"The table of « {question.code} » by « {breakdown.code} » has no figure « {measure} »"
            f" of « {group} ». Choose one of its rows and one of its columns."
        )
        raise IncomparableError(Obstacle.NO_FIGURE, msg, measure=measure, group=group)
    row, column = rows[measure], columns[group]
    kind = question.measures[row].statistic, question.measures[row].level
    alike = (
        cells[column]
        for one, cells in zip(question.measures, table.rows, strict=True)
        # The levels of a question are read together; so are the items of a battery.
        if (one.statistic, one.level if one.item else "") == (kind[0], kind[1] if one.item else "")
    )
    return PlacedCell(
        head=head,
        question=question,
        breakdown=breakdown.code,
        measure=question.measures[row],
        group=breakdown.groups[column],
        cell=table.rows[row][column],
        place=(row, column),
        groups=sum(
            cell.is_shown
            for cell, one in zip(table.rows[row], breakdown.groups, strict=True)
            if one.code
        ),
        items=sum(cell.is_shown for cell in alike),
    )


def difference(
    first: PlacedCell,
    second: PlacedCell,
    *,
    covariances: tuple[Covariance | None, Covariance | None] = (None, None),
    broken: str = "",
) -> Difference:
    """Compare two figures of one release, or of two waves of a study.

    Parameters
    ----------
    first, second : PlacedCell
        The figures.
    covariances : pair of Covariance, optional
        Those of their tables; the same twice for two cells of one table. Without them, cells of
        one table are compared with the widest error, and degrees of freedom are infinite.
    broken : str
        Why the series breaks between the two waves; empty if it does not.

    Returns
    -------
    Difference
        In the unit of the figures.

    Raises
    ------
    IncomparableError
        If either is not shown, they are the same figure, not on one scale, without an error, of
        two studies, of two releases of one wave, of two questions of two waves, of waves between
        which the series breaks, or if one only is of invented respondents.

    Notes
    -----
    In one table the variance of ``a − b`` is ``V(a) + V(b) − 2 C(a, b)``. In two tables of one
    release ``C`` is not kept: the standard error is at most ``s(a) + s(b)``, which is taken. Two
    waves are independent. The verdict is that of Student's test at the level of the release; it
    holds for one that was picked if it stands Bonferroni's correction for the comparisons that the
    table offers. The smallest detectable difference is ``(t(level) + t(power)) s``. Source: Bloom
    (1995), « Minimum detectable effects », Evaluation Review 19(5); Dunn (1961), JASA 56.
    """
    (value, first_error), (other, second_error) = _shown(first), _shown(second)
    gap = value - other
    basis = _basis(first, second, broken)
    errors = first_error, second_error
    error, degrees, basis = _error((first, second), errors, covariances, basis)
    if error <= _NOTHING:
        _refuse(
            Obstacle.NO_ERROR,
            "The two figures cannot vary apart: no error of their difference exists. Compare"
            " figures of other groups.",
        )
    level = first.head.provenance.level
    found = student_test(gap, error, degrees=degrees, level=level)
    offered = picked_from(first, second)
    return Difference(
        first=first,
        second=second,
        value=gap,
        error=error,
        low=found.low,
        high=found.high,
        level=level,
        p_value=found.p_value,
        verdict=found.verdict,
        picked_from=offered,
        holds_when_picked=found.p_value * offered <= 1 - level,
        detectable=found.detectable,
        basis=basis,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A difference against none.

    Attributes
    ----------
    low, high
        Its interval.
    p_value
        Probability of a difference as great if there were none.
    verdict
        What the level allows to say.
    detectable
        The smallest true difference that would be established 8 times out of 10.
    """

    low: float
    high: float
    p_value: float
    verdict: Verdict
    detectable: float


def student_test(
    gap: float, error: float, *, degrees: float = math.inf, level: float = 0.95
) -> Outcome:
    """Test a difference by itself.

    Parameters
    ----------
    gap : float
        The difference, in any unit.
    error : float
        Its standard error, above zero, in the same unit.
    degrees : float
        Degrees of freedom of the error.
    level : float
        Confidence, in (0, 1).

    Returns
    -------
    Outcome
        In the unit of the difference.

    Raises
    ------
    ValueError
        If the error is not above zero, or the level is outside (0, 1).

    Notes
    -----
    Student's test, and the interval that agrees with it. The smallest detectable difference is
    ``(t(level) + t(power)) s`` with a power of 0.8. Source: Bloom (1995), « Minimum detectable
    effects », Evaluation Review 19(5).

    Examples
    --------
    >>> found = student_test(0.13, 0.049)
    >>> round(found.low, 3), round(found.high, 3), round(found.p_value, 4), found.verdict.value
    (0.034, 0.226, 0.008, 'higher')
    >>> round(found.detectable, 3)
    0.137
    """
    if not error > 0 or not 0 < level < 1:
        msg = f"The error is {error} and the level {level}. Give an error > 0, a level in (0, 1)."
        raise ValueError(msg)
    reach = critical(level, degrees) * error
    p_value = float(min(1.0, 2 * stdtr(degrees, -abs(gap) / error)))
    power = ndtri(POWER) if math.isinf(degrees) else stdtrit(degrees, POWER)
    return Outcome(
        low=gap - reach,
        high=gap + reach,
        p_value=p_value,
        verdict=_verdict(gap, p_value, level),
        detectable=reach + float(power) * error,
    )


def picked_from(first: PlacedCell, second: PlacedCell) -> int:
    """Return how many comparisons like this one a reader could choose among.

    Two groups of a row are one pair among those of its groups; two items of a column, one among
    those of its items; a group and everybody, or a group in two waves, one for each group. Any
    other is one pair among those of all the cells of the row and of the column.
    """
    groups = max(first.groups, second.groups, 1)
    items = max(first.items, second.items, 1)
    same_measure = first.measure.code == second.measure.code
    same_group = first.group.code == second.group.code and first.breakdown == second.breakdown
    if same_measure and (same_group or not (first.group.code and second.group.code)):
        return groups
    if same_measure and first.breakdown == second.breakdown:
        return math.comb(max(groups, 2), 2)
    if same_group and first.question.code == second.question.code:
        return math.comb(max(items, 2), 2)
    return math.comb(max(groups * items, 2), 2)


#: Below this a standard error is what rounding leaves.
_NOTHING = 1e-9


def _basis(first: PlacedCell, second: PlacedCell, broken: str) -> Basis:
    if (
        first.measure.unit is not second.measure.unit
        or first.measure.bounds != second.measure.bounds
    ):
        _refuse(
            Obstacle.SCALE,
            f"« {first.measure.code} » and « {second.measure.code} » are not on one scale."
            " Compare two shares, or two marks of one scale.",
        )
    if first.head.synthetic is not second.head.synthetic:
        _refuse(
            Obstacle.SYNTHETIC,
            "One of the figures comes from invented respondents, the other from real ones. Compare"
            " waves of one kind.",
        )
    if first.head == second.head:
        return _basis_in_release(first, second)
    return _basis_of_waves(first, second, broken)


def _shown(one: PlacedCell) -> tuple[float, float]:
    """Return a figure and its standard error, which are shown."""
    cell = one.cell
    about = {"measure": one.measure.code, "group": one.group.code}
    if cell.status is CellStatus.NOBODY:
        _refuse(
            Obstacle.NOBODY, "Nobody of the group was asked, or answered. Choose another.", **about
        )
    if not cell.is_shown or cell.value is None:
        _refuse(
            Obstacle.HIDDEN,
            "The figure is kept back: its base is too small, or it would give another away."
            " Choose a larger group.",
            **about,
        )
    if cell.error is None or cell.error <= _NOTHING:
        _refuse(
            Obstacle.NO_ERROR,
            "The figure has no error: a document states none, or everybody gave the same answer."
            " Compare figures that have one.",
            **about,
        )
    return cell.value, cell.error


def _basis_in_release(first: PlacedCell, second: PlacedCell) -> Basis:
    if _figure(first) == _figure(second):
        _refuse(Obstacle.SAME_FIGURE, "Both are the same figure. Choose two.")
    same_table = first.question.code == second.question.code and first.breakdown == second.breakdown
    return Basis.COVARIANCE if same_table else Basis.WIDEST


def _figure(one: PlacedCell) -> tuple[str, str, str, str]:
    # Everybody stands in every table of a question.
    breakdown = one.breakdown if one.group.code else ""
    return one.question.code, one.measure.code, one.group.code, breakdown


def _basis_of_waves(first: PlacedCell, second: PlacedCell, broken: str) -> Basis:
    one, other = first.head, second.head
    if (one.study, one.population) != (other.study, other.population):
        _refuse(
            Obstacle.OTHER_STUDY,
            f"The figures are of two studies, « {one.study} » and « {other.study} »: nothing says"
            " that they asked alike. Compare two waves of one study.",
        )
    if one.wave == other.wave:
        _refuse(
            Obstacle.SAME_WAVE,
            "Both releases are of the same people. Compare figures of one release.",
        )
    if (first.question.code, first.measure.code) != (second.question.code, second.measure.code):
        _refuse(
            Obstacle.OTHER_MEASURE,
            "From one wave to another only the same figure of the same question is compared."
            " Choose it in both.",
        )
    if broken:
        _refuse(
            Obstacle.BROKEN_SERIES, f"The series breaks between the waves: {broken}", why=broken
        )
    return Basis.INDEPENDENT


def _error(
    cells: tuple[PlacedCell, PlacedCell],
    errors: tuple[float, float],
    covariances: tuple[Covariance | None, Covariance | None],
    basis: Basis,
) -> tuple[float, float, Basis]:
    """Return the standard error of a difference, its degrees of freedom and where it comes from."""
    degrees = tuple(math.inf if one is None else one.degrees for one in covariances)
    if basis is Basis.INDEPENDENT:
        return math.hypot(*errors), joint_degrees(errors, (degrees[0], degrees[1])), basis
    held = covariances[0]
    if basis is Basis.COVARIANCE and held is not None:
        places = {place: rank for rank, place in enumerate(held.places)}
        a, b = (places.get(one.place) for one in cells)
        if a is not None and b is not None:
            spread = float(held.values[a, a] + held.values[b, b] - 2 * held.values[a, b])
            # Kept with 7 digits: what rounding leaves is no variance.
            least = 1e-6 * float(held.values[a, a] + held.values[b, b])
            return math.sqrt(spread) if spread > least else 0.0, held.degrees, basis
    return sum(errors), min(degrees), Basis.WIDEST


def _verdict(gap: float, p_value: float, level: float) -> Verdict:
    if p_value > 1 - level:
        return Verdict.NOT_ESTABLISHED
    return Verdict.HIGHER if gap > 0 else Verdict.LOWER


def _refuse(obstacle: Obstacle, message: str, **values: Any) -> NoReturn:
    raise IncomparableError(obstacle, message, **values)
