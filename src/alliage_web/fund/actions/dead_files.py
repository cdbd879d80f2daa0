"""Applications that lapse or are withdrawn: nothing stays reserved for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from alliage_web.fund.actions import agreements
from alliage_web.fund.actions.money_back import release_award
from alliage_web.fund.queries.agreements import unsigned_agreements

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Application


def give_back(application: Application, *, by: User | None, at: dt.datetime) -> None:
    """Abandon the agreements that nobody will sign, and release the award.

    The caller has begun to write in the ledger, and has just ended the application.
    """
    on = timezone.localdate(at)
    reason = f"Dossier {application.reference} : {application.get_state_display()}"
    for agreement in unsigned_agreements(application):
        agreements.decide(agreement=agreement, verb="abandon", reason=reason, by=by, at=at, on=on)
    release_award(
        fund=application.fund,
        file=application.reference,
        key=f"{application.stable_name}:{application.state}",
        reason=reason,
        reference=application.reference,
        by=by,
        at=at,
        on=on,
    )
