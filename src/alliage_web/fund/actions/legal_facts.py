"""Writing what an officer established of a payment, before the committee decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import LegalStatement, euros_of
from alliage_web.fund.queries.legal_facts import FACTS, latest_of

from .applications import ApplicantError, locked

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Application


@transaction.atomic
def state_legal_facts(
    *,
    application: Application,
    party: str,
    facts: Mapping[str, Any],
    source: str,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> LegalStatement:
    """Keep the facts of paying an applicant; those stated before stay, and the latest count.

    Parameters
    ----------
    party : str
        The applicant who would receive.
    facts : Mapping
        Each fact of `FACTS`; None, or an empty kind, is « not known ».
    source : str
        How it is known.

    Raises
    ------
    ApplicantError
        The organisation does not apply.
    AlreadyDoneError
        The form was received before.
    """
    refuse_repeat(submission)
    content = locked(application)
    part = content.part(party)
    if part is None:
        msg = "unknown"
        raise ApplicantError(msg, party)
    before = latest_of([part]).get(part.pk)
    row = LegalStatement.objects.create(
        applicant=part,
        source=source.strip(),
        stated_by=by,
        stated_at=at,
        **{name: facts.get(name, "" if name.endswith("_kind") else None) for name in FACTS},
    )
    old, new = _told(before), _told(row)
    changes = {
        name: [old.get(name), value] for name, value in new.items() if old.get(name) != value
    }
    record(
        kind="application.legal_facts",
        target=content.application.stable_name,
        by=by,
        at=at,
        changes={"party": [None, party], **changes, "why": [None, row.source]},
        submission=submission,
    )
    return row


def _told(row: LegalStatement | None) -> dict[str, Any]:
    """Give the facts as the trail keeps them: what is not known is None, amounts are in euros."""
    if row is None:
        return {}
    told = {name: getattr(row, name) for name in FACTS}
    cents = told.pop("granted_before_cents")
    told["granted_before"] = None if cents is None else str(euros_of(cents))
    return {name: None if value == "" else value for name, value in told.items()}
