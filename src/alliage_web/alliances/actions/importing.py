"""Writing the alliances of a file that somebody sent: all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from alliage_web.alliances.queries.tabular import ImportPlan, plan_import
from alliage_web.audit.actions import record, refuse_repeat

from .writing import write

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage.alliances.tabular import Existing
    from alliage.values.tables import Table
    from alliage_web.accounts.models import User


class ImportRefusedError(ValueError):
    """The file cannot be written: ``plan.problems`` says why."""

    def __init__(self, plan: ImportPlan) -> None:
        self.plan = plan
        super().__init__(f"{len(plan.problems)} problems were found; nothing was written.")


class ImportChangedError(ValueError):
    """The base changed since the preview: ``plan`` is what the file would write now."""

    def __init__(self, plan: ImportPlan) -> None:
        self.plan = plan
        super().__init__("The base changed since the preview; nothing was written.")


def import_alliances(
    *,
    table: Table,
    existing: Existing,
    seen: str,
    by: User,
    at: dt.datetime,
    submission: UUID,
) -> ImportPlan:
    """Write a file as its preview showed it; ``seen`` is the fingerprint of that preview.

    A confirmation that comes twice writes once: the second raises `AlreadyDoneError`.
    """
    try:
        return _import(table, existing=existing, seen=seen, by=by, at=at, submission=submission)
    except IntegrityError:
        # Two confirmations raced: the other one has written.
        refuse_repeat(submission)
        raise


@transaction.atomic
def _import(
    table: Table, *, existing: Existing, seen: str, by: User, at: dt.datetime, submission: UUID
) -> ImportPlan:
    refuse_repeat(submission)
    plan = plan_import(table, existing=existing, user=by)
    if plan.problems:
        raise ImportRefusedError(plan)
    if plan.fingerprint != seen:
        raise ImportChangedError(plan)
    write(
        {item.code: item.content for item in plan.alliances},
        by=by,
        at=at,
        new={item.code for item in plan.alliances if not item.exists},
    )
    counts = {"created": plan.created, "updated": plan.updated, "unchanged": plan.unchanged}
    record(
        kind="alliances.imported",
        target=f"import:{submission}",
        by=by,
        at=at,
        changes={name: [None, count] for name, count in counts.items()},
        submission=submission,
    )
    return plan
