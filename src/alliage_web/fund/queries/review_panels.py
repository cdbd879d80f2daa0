"""The panel of an application: its grid, its seats, and what its reviews say together."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from alliage.fund.instruction import scoring
from alliage.fund.instruction.scoring import Grid, Note, Opinion, Summary, load_grid, summarise
from alliage.fund.states import ApplicationState, Guard
from alliage_web.fund.models import Application, Review, ReviewGrid, ReviewPanel

from .interests import person_id

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from alliage_web.fund.models import Fund

#: How many independent reviews an application has, and how many when two disagree.
REVIEWS, WITH_A_THIRD = 2, 3
GRID_FILE = Path(scoring.__file__).parent / "grids" / "default.yaml"


@lru_cache(maxsize=32)
def read_grid_text(text: str) -> Grid:
    """Read the text of a grid, or refuse it as `load_grid` does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "grid.yaml"
        path.write_text(text, encoding="utf-8")
        return load_grid(path)


def grid_of(panel: ReviewPanel) -> Grid:
    return read_grid_text(panel.grid.text)


def current_grid(fund: Fund) -> ReviewGrid | None:
    """Return the grid that the next reviews of a fund follow; None before the first."""
    return ReviewGrid.objects.filter(fund=fund).order_by("-created_at", "-pk").first()


def panel_of(application: Application) -> ReviewPanel | None:
    """Return the latest panel of an application."""
    rows = ReviewPanel.objects.filter(application=application).select_related("grid", "application")
    return rows.order_by("-number").first()


def seated(panel: ReviewPanel | None) -> list[Review]:
    """Return the reviews of those who still have the application, in the order of the seats."""
    if panel is None:
        return []
    rows = panel.reviews.filter(left_at=None).select_related("reviewer", "assigned_by")
    return list(rows.order_by("round", "assigned_at", "pk"))


def who_left(panel: ReviewPanel | None) -> list[Review]:
    """Return the reviews of those who left: a recusal is recorded, not forgotten."""
    if panel is None:
        return []
    rows = panel.reviews.filter(left_at__isnull=False).select_related("reviewer")
    return list(rows.order_by("left_at", "pk"))


def library_review(row: Review, application: str) -> scoring.Review:
    """Give a review as the library knows it."""
    return scoring.Review(
        application,
        person_id(row.reviewer),
        {
            code: Note(note.get("points"), note.get("comment", ""))
            for code, note in row.notes.items()
            if note.get("points") is not None or note.get("comment", "").strip()
        },
        Opinion(row.opinion) if row.opinion else None,
        sent=row.sent_at is not None,
    )


def summary_of(panel: ReviewPanel | None, rows: Sequence[Review] | None = None) -> Summary | None:
    """Sum up the reviews once all are in; before, there is nothing that anybody may read."""
    rows = seated(panel) if rows is None else rows
    if panel is None or len(rows) < REVIEWS or any(row.sent_at is None for row in rows):
        return None
    reference = panel.application.reference
    return summarise(grid_of(panel), [library_review(row, reference) for row in rows])


def first_summary(panel: ReviewPanel | None, rows: Sequence[Review]) -> Summary | None:
    """Sum up the reviews of the first round once they are all in."""
    return summary_of(panel, [row for row in rows if row.round == 1])


def wanted_reviews(panel: ReviewPanel | None, rows: Sequence[Review]) -> int:
    """Return how many reviews an application needs: a third one when the first two disagree."""
    found = first_summary(panel, rows)
    return WITH_A_THIRD if found is not None and found.third_review else REVIEWS


def review_guards(application: Application, on: dt.date) -> set[Guard]:
    """Return what holds of the instruction of an application on a day."""
    if not application.was_sent:
        return set()
    panel = panel_of(application)
    rows = seated(panel)
    holds = set()
    # After an adjournment, reviewing again asks for people who have not written yet.
    again = application.state == ApplicationState.ADJOURNED.value
    if len(rows) >= REVIEWS and not (again and all(row.sent_at for row in rows)):
        holds.add(Guard.REVIEWERS_ASSIGNED)
    found = summary_of(panel, rows)
    if found is not None:
        holds.add(Guard.REVIEWS_IN)
        if not found.third_review:
            holds.add(Guard.DISAGREEMENT_SETTLED)
    # A question that nobody answered in time holds nothing up: the committee sees that it is open.
    if not application.questions.filter(answered_at=None, answer_by__gte=on).exists():
        holds.add(Guard.QUESTIONS_ANSWERED)
    return holds
