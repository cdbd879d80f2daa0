"""Writing in a book the grants of a file that somebody sent: all that holds, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import Fund, OriginChoices
from alliage_web.fund.queries.open_data import ImportPlan, plan_import

from .supports import add_support

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage_web.accounts.models import User


class ImportChangedError(ValueError):
    """The book changed since the preview: ``plan`` is what the file would write now."""

    def __init__(self, plan: ImportPlan) -> None:
        self.plan = plan
        super().__init__("The book changed since the preview; nothing was written.")


@transaction.atomic
def import_grants(
    *,
    fund: Fund,
    data: bytes,
    name: str,
    lever: str,
    seen: str,
    by: User,
    at: dt.datetime,
    submission: UUID,
) -> ImportPlan:
    """Write a file as its preview showed it; ``seen`` is the fingerprint of that preview.

    Rows with a problem stay out, whole. A file that comes twice adds nothing the second time.

    Raises
    ------
    AlreadyDoneError
        This preview was confirmed before.
    ImportChangedError
        The book is no longer what the preview compared the file with.
    """
    refuse_repeat(submission)
    Fund.objects.select_for_update().get(pk=fund.pk)
    plan = plan_import(fund, data, name=name, lever=lever)
    if plan.fingerprint != seen:
        raise ImportChangedError(plan)
    for draft in plan.drafts:
        add_support(
            fund=fund,
            values=draft.values,
            origin=OriginChoices(plan.format.value),
            by=by,
            at=at,
            code=draft.code,
        )
    record(
        kind="support.imported",
        target=fund.stable_name,
        by=by,
        at=at,
        changes={
            "file": [None, name],
            "created": [None, len(plan.drafts)],
            "already_there": [None, plan.already_there],
            "left_out": [None, len({problem.index for problem in plan.problems})],
        },
        submission=submission,
    )
    return plan
