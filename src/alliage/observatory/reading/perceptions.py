"""What a release says of dynamics, group by group: those with an opinion, and those without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.observatory.reading.dynamics import Opinion, Perceived, opinion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.observatory.releases.values import Cell, Covariance, Head, Table


@dataclass(frozen=True, slots=True)
class Perception:
    """What a group answered, for :func:`alliage.observatory.reading.dynamics.gaps`.

    Attributes
    ----------
    perceived
        The share of those with an opinion; none where nothing is shown.
    labels
        The name of the group, French and English.
    respondents
        Those who gave an opinion; ``None`` where nothing is shown.
    is_hidden
        Whether figures exist and are kept back, rather than nobody having answered.
    opinion
        Awareness and the bounds that « don't know » leaves, among the people asked and without
        their weights, which a release does not hold for them; ``None`` where this is kept back.
    """

    perceived: Perceived
    labels: tuple[str, str]
    respondents: int | None
    is_hidden: bool
    opinion: Opinion | None

    @property
    def design_effect(self) -> float | None:
        """Respondents for one of the simple sample that errs as much."""
        if self.respondents is None or self.perceived.effective <= 0:
            return None
        return self.respondents / self.perceived.effective


def perceptions(
    head: Head, table: Table, covariance: Covariance | None, levels: Iterable[str]
) -> tuple[Perception, ...]:
    """Return what each group of a breakdown answered, everybody left out.

    The share is the sum of several levels; its error takes in that they exclude one another, by the
    covariances of the release.

    Parameters
    ----------
    head
        Of the release.
    table
        A question, by a breakdown.
    covariance
        Of the shown cells of the table; without it nothing is estimated.
    levels
        The answers that are added up.

    Returns
    -------
    tuple of Perception
        In the order of the breakdown; empty where the question has not all these levels.
    """
    question = next(one for one in head.questions if one.code == table.question)
    wanted = set(levels)
    rows = [
        place
        for place, one in enumerate(question.measures)
        if one.level in wanted and one.statistic == "proportion"
    ]
    if len(rows) != len(wanted):
        return ()
    breakdown = next(one for one in head.breakdowns if one.code == table.breakdown)
    found = []
    for column, group in enumerate(breakdown.groups):
        if not group.code:
            continue
        cells = [table.rows[row][column] for row in rows]
        places = [(row, column) for row in rows]
        found.append(
            _perception(
                group.code,
                group.labels,
                cells,
                _variance(covariance, places),
                table.missing[column],
            )
        )
    return tuple(found)


def _variance(covariance: Covariance | None, places: list[tuple[int, int]]) -> float | None:
    """Return the variance of a sum of cells; none where one is not among those kept."""
    if covariance is None:
        return None
    known = {place: rank for rank, place in enumerate(covariance.places)}
    if not all(place in known for place in places):
        return None
    ranks = [known[place] for place in places]
    return float(sum(covariance.values[one, other] for one in ranks for other in ranks))


def _perception(
    code: str,
    labels: tuple[str, str],
    cells: list[Cell],
    variance: float | None,
    missing: int | None,
) -> Perception:
    values = [cell.value for cell in cells if cell.is_shown and cell.value is not None]
    respondents = cells[0].respondents
    if len(values) < len(cells) or variance is None or respondents is None:
        # Kept back, or nobody: the cells that are not shown say which.
        is_hidden = any(cell.status == "hidden" for cell in cells) or bool(values)
        return Perception(
            Perceived(code, None, 0.0), labels, None, is_hidden=is_hidden, opinion=None
        )
    share = min(1.0, sum(values))
    # At 0 and 1 the error is 0: the base itself tells how much is known.
    spread = share * (1 - share)
    effective = spread / variance if variance > 0 and spread > 0 else cells[0].effective
    size = min(float(effective or respondents), 4.0 * respondents)
    known = None
    if missing is not None:
        unsure = missing / (missing + respondents)
        known = opinion(share * (1 - unsure), unsure)
    return Perception(
        Perceived(code, share, size), labels, respondents, is_hidden=False, opinion=known
    )
