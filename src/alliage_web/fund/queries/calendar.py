"""What the calendar may have brought: the objects whose date is passed, to be looked at again.

These are candidates: the tables of states decide, on rows that are locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from alliage.fund.applications.deadlines import Phase, phase
from alliage.fund.states import ApplicationState, CallState, Guard
from alliage_web.fund.models import Agreement, Application, Call, RequestedDocument

from .agreements import SIGNED
from .calls import guards_of, period_of, state_of

if TYPE_CHECKING:
    import datetime as dt


def moved_calls(at: dt.datetime) -> list[Call]:
    """Return the calls that opened or closed since somebody last decided about them."""
    rows = Call.objects.filter(state__in=[CallState.ANNOUNCED, CallState.OPEN])
    found = rows.select_related("fund").order_by("pk")
    return [row for row in found if state_of(row, at) != row.state]


def over_calls(at: dt.datetime) -> list[Call]:
    """Return the closed calls with drafts that nothing can open again.

    A deadline may be extended as long as no application is under review: drafts wait until then.
    """
    drafts = Application.objects.filter(call=OuterRef("pk"), state=ApplicationState.DRAFT)
    rows = Call.objects.filter(Exists(drafts)).select_related("fund").order_by("pk")
    return [row for row in rows if is_over(row, at)]


def is_over(call: Call, at: dt.datetime) -> bool:
    """Tell whether a call is closed for good: its review began, or it is completed or cancelled."""
    state = state_of(call, at)
    if state in {CallState.COMPLETED, CallState.CANCELLED}:
        return True
    closed = state is CallState.CLOSED and phase(period_of(call), at) is not Phase.GRACE
    return closed and Guard.REVIEW_NOT_STARTED not in guards_of(call)


def late_applications(today: dt.date) -> list[Application]:
    """Return the applications whose date to complete, to send documents or to sign is passed."""
    rows = Application.objects.select_related("fund", "call", "call__fund", "form", "alliance")
    to_complete = rows.filter(state=ApplicationState.TO_COMPLETE, complete_by__lt=today)
    missing = RequestedDocument.objects.filter(
        application=OuterRef("pk"), received_at=None, due_on__lt=today
    )
    documents = rows.filter(Exists(missing), state=ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS)
    signed = Agreement.objects.filter(application=OuterRef("pk"), state__in=SIGNED)
    unsigned = rows.filter(~Exists(signed), state=ApplicationState.ACCEPTED, sign_by__lt=today)
    return [*to_complete.order_by("pk"), *documents.order_by("pk"), *unsigned.order_by("pk")]
