"""Scoring grids of a fund: its versions, the calls that use them, whether reviewing has begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import get_language

from alliage_web.fund.models import Call, ReviewGrid, ReviewPanel

from .review_panels import current_grid, read_grid_text

if TYPE_CHECKING:
    from alliage.fund.instruction.scoring import Grid
    from alliage_web.fund.models import Fund


@dataclass(frozen=True, slots=True)
class GridLine:
    """A version of a grid in a list, with the calls that use it and the files it has judged."""

    grid: ReviewGrid
    calls: tuple[Call, ...]
    judged: int
    """How many times an application came under review by it."""
    is_proposed: bool
    """It is the one that the form of a new call proposes."""


def grids_of(fund: Fund) -> list[GridLine]:
    """Return the versions of the grids of a fund, the latest first, in three queries."""
    rows = ReviewGrid.objects.filter(fund=fund).annotate(judged=Count("panels"))
    proposed = current_grid(fund)
    found = rows.prefetch_related("calls__fund").order_by("code", "-version", "pk")
    return [
        GridLine(row, tuple(row.calls.all()), row.judged, row.pk == (proposed and proposed.pk))
        for row in found
    ]


def find_grid(fund: Fund, code: str, version: int) -> ReviewGrid | None:
    return ReviewGrid.objects.filter(fund=fund, code=code, version=version).first()


def grid_values(grid: ReviewGrid) -> Grid:
    """Read a version of a grid as the library knows it."""
    return read_grid_text(grid.text)


def review_begun(call: Call) -> bool:
    """Tell whether somebody reviews an application of a call: its grid then stays."""
    return ReviewPanel.objects.filter(application__call=call).exists()


@dataclass(frozen=True, slots=True)
class CriterionShown:
    """A criterion in the language of the page, with its share of the score."""

    label: str
    question: str
    weight: int
    share: float
    minimum: str
    knock_out: str
    anchors: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GridShown:
    """A grid in the language of the page."""

    title: str
    version: int
    levels: tuple[tuple[int, str], ...]
    index: float
    gap: int
    criteria: tuple[CriterionShown, ...]


def shown(grid: Grid) -> GridShown:
    """Say what a grid asks, in the language of the page."""
    english = (get_language() or "").startswith("en")
    title = grid.title_en if english else grid.title_fr
    labels = {one.points: one.label_en if english else one.label_fr for one in grid.scale}
    weights = sum(one.weight for one in grid.criteria)
    return GridShown(
        title,
        grid.version,
        tuple(labels.items()),
        float(grid.disagreement.index),
        grid.disagreement.gap,
        tuple(
            CriterionShown(
                one.label_en if english else one.label_fr,
                one.question_en if english else one.question_fr,
                one.weight,
                one.weight / weights,
                "" if one.minimum is None else f"{one.minimum.normalize():f}",
                "" if one.knock_out is None else labels[one.knock_out],
                tuple(
                    (labels[anchor.points], anchor.text_en if english else anchor.text_fr)
                    for anchor in one.anchors
                ),
            )
            for one in grid.criteria
        ),
    )
