"""What the calendar decides: each decision in a transaction of its own, none of them twice.

That a call is open is also told by the clock at each reading, so nobody waits for this to apply.
That an instalment falls due is told by its date and its conditions alone, and written nowhere.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.utils import timezone

from alliage.fund.states import CALL, CallState, Guard, GuardNotMet, TransitionNotAllowed, follow
from alliage_web.audit.actions import record
from alliage_web.fund.models import Application, Call
from alliage_web.fund.queries import calendar as queries
from alliage_web.fund.queries.calls import state_of

from .application_handling import decide
from .calls import let_drafts_lapse

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

_log = logging.getLogger(__name__)
_STEPS = (
    (CallState.ANNOUNCED, "open", Guard.OPENING_REACHED),
    (CallState.OPEN, "close", Guard.DEADLINE_PASSED),
)


@dataclass(frozen=True, slots=True)
class CalendarDecision:
    """A decision that was taken, or the error that stopped it."""

    target: str
    verb: str
    error: str = ""


def take_calendar_decisions(*, at: dt.datetime) -> Iterator[CalendarDecision]:
    """Take every decision that the calendar brought, and tell each as soon as it is committed.

    A process that is killed leaves what was told, and a second run takes the rest. One that fails
    is told with its error, and stops none of the others.
    """
    # Days are those of the place of the platform, not those of Greenwich.
    at = timezone.localtime(at)
    for call in queries.moved_calls(at):
        yield from _taken(_follow_clock, call, at)
    for call in queries.over_calls(at):
        yield from _taken(_end_drafts, call, at)
    for application in queries.late_applications(at.date()):
        yield from _taken(_lapse, application, at)


_Subject = TypeVar("_Subject", Call, Application)


def _taken(
    take: Callable[[_Subject, dt.datetime], list[CalendarDecision]],
    about: _Subject,
    at: dt.datetime,
) -> list[CalendarDecision]:
    try:
        return take(about, at)
    except Exception as error:  # noqa: BLE001 - whatever it is
        # One object must not stop the others: what fails is told, and taken again the next day.
        _log.exception("The calendar could not decide on %s.", about.stable_name)
        told = f"{type(error).__name__}: {error}"
        return [CalendarDecision(about.stable_name, "decide", told)]


@transaction.atomic
def _follow_clock(call: Call, at: dt.datetime) -> list[CalendarDecision]:
    row = Call.objects.select_for_update(of=("self",)).select_related("fund").get(pk=call.pk)
    reached = state_of(row, at)
    taken = []
    for origin, verb, guard in _STEPS:
        if row.state != origin or row.state == reached:
            continue
        after = follow(CALL, origin, verb, holds={guard})
        changes: dict[str, list[Any]] = {"state": [origin.value, after.value]}
        record(kind=f"call.{verb}", target=row.stable_name, by=None, at=at, changes=changes)
        row.state, row.updated_at = after.value, at
        row.save(update_fields=["state", "updated_at"])
        taken.append(CalendarDecision(row.stable_name, verb))
    return taken


@transaction.atomic
def _end_drafts(call: Call, at: dt.datetime) -> list[CalendarDecision]:
    row = Call.objects.select_for_update(of=("self",)).select_related("fund").get(pk=call.pk)
    if not queries.is_over(row, at):
        return []
    return [CalendarDecision(name, "lapse") for name in let_drafts_lapse(row, by=None, at=at)]


def _lapse(application: Application, at: dt.datetime) -> list[CalendarDecision]:
    try:
        decide(application=application, verb="lapse", by=None, at=at)
    except (GuardNotMet, TransitionNotAllowed):
        # Somebody decided, sent or signed in between.
        return []
    return [CalendarDecision(application.stable_name, "lapse")]
