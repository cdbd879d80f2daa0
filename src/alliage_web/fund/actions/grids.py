"""Writing scoring grids: their versions, and which one a call uses."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction

from alliage.fund.instruction.scoring import check_grid_follows
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import Call, Fund, ReviewGrid
from alliage_web.fund.queries.grids import grid_values, review_begun
from alliage_web.fund.queries.review_panels import GRID_FILE, current_grid, read_grid_text

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage_web.accounts.models import User


class ReviewBegunError(ValueError):
    """Applications of the call are reviewed by its grid: those of one call are judged alike."""

    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__(
            f"{call.stable_name} has applications under review. Its grid stays; a later call may "
            "use another."
        )


@transaction.atomic
def add_grid(
    *, fund: Fund, text: str, by: User | None, at: dt.datetime, submission: UUID | None = None
) -> ReviewGrid:
    """Keep a version of a grid; the same grid again gives back the version that is there.

    Raises
    ------
    InvalidFilesError
        The text is not a grid.
    GridVersionError
        It differs from the last version without a higher number.
    """
    refuse_repeat(submission)
    grid = read_grid_text(text)
    Fund.objects.select_for_update().get(pk=fund.pk)
    last = ReviewGrid.objects.filter(fund=fund, code=grid.code).order_by("-version").first()
    if last is not None:
        check_grid_follows(grid_values(last), grid)
        if last.version == grid.version:
            return last
    digest = sha256(text.encode()).hexdigest()
    row = ReviewGrid.objects.create(
        fund=fund,
        code=grid.code,
        version=grid.version,
        title_fr=grid.title_fr,
        title_en=grid.title_en,
        text=text,
        digest=digest,
        created_at=at,
    )
    record(
        kind="grid.added",
        target=fund.stable_name,
        by=by,
        at=at,
        changes={"grid": [None, f"{grid.code} {grid.version}"], "sha256": [None, digest]},
        submission=submission,
    )
    return row


def proposed_grid(*, fund: Fund, by: User | None, at: dt.datetime) -> ReviewGrid:
    """Return the last grid of a fund; the one that ships becomes its first where it has none."""
    return current_grid(fund) or add_grid(
        fund=fund, text=GRID_FILE.read_text(encoding="utf-8"), by=by, at=at
    )


@transaction.atomic
def choose_grid(
    *, call: Call, grid: ReviewGrid, by: User, at: dt.datetime, submission: UUID | None = None
) -> None:
    """Choose the grid by which the applications of a call are to be reviewed.

    Raises
    ------
    ReviewBegunError
        Some are under review already: they keep theirs, and so do the others.
    """
    refuse_repeat(submission)
    present = Call.objects.select_for_update().select_related("fund").get(pk=call.pk)
    if present.grid_id == grid.pk:
        return
    if review_begun(present):
        raise ReviewBegunError(present)
    before = present.grid
    present.grid = grid
    present.updated_at = at
    present.save(update_fields=["grid", "updated_at"])
    record(
        kind="call.grid",
        target=present.stable_name,
        by=by,
        at=at,
        changes={"grid": [_named(before), _named(grid)]},
        submission=submission,
    )


def _named(grid: ReviewGrid | None) -> str | None:
    return f"{grid.code} {grid.version}" if grid else None
