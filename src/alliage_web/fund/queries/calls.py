"""Calls: their form, their rules, their dates, and where they stand at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from alliage.fund.applications.application_budget import Ceilings
from alliage.fund.applications.deadlines import CallPeriod, Grace, LocalTime, Phase, phase
from alliage.fund.applications.eligibility import EligibilityRules, read_eligibility_rules
from alliage.fund.applications.form_specification import DEFAULT_FORM, Form, read_form
from alliage.fund.states import APPLICATION, CALL, ApplicationState, CallState, Guard, follow
from alliage_web.fund.models import Application, Call, FormVersion
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage_web.fund.models import Fund

#: States of a call that everybody may read.
PUBLIC = frozenset(
    {CallState.ANNOUNCED, CallState.OPEN, CallState.CLOSED, CallState.COMPLETED,
     CallState.CANCELLED}
)  # fmt: skip


@lru_cache(maxsize=64)
def read_form_text(text: str) -> Form:
    """Read the text of a form file, or refuse it as `read_form` does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "form.yaml"
        path.write_text(text, encoding="utf-8")
        return read_form(path)


@lru_cache(maxsize=64)
def read_rules_text(text: str) -> EligibilityRules:
    """Read the text of a file of rules, or refuse it as `read_eligibility_rules` does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return read_eligibility_rules(path)


def default_form_text() -> str:
    """Return the form that the library ships with."""
    return DEFAULT_FORM.read_text(encoding="utf-8")


def form_of(version: FormVersion) -> Form:
    return read_form_text(version.text)


def rules_of(call: Call) -> EligibilityRules | None:
    """Return the rules of a call; None when it sets none."""
    return read_rules_text(call.rules) if call.rules else None


def ceilings_of(call: Call) -> Ceilings:
    return Ceilings(
        max_amount=call.max_amount,
        min_amount=call.min_amount,
        max_share=call.max_share,
        min_own_share=call.min_own_share,
        categories=frozenset(call.categories) if call.categories else None,
    )


def period_of(call: Call) -> CallPeriod:
    """Return when a call takes applications, in the time of its place."""
    grace = None
    if call.grace_minutes is not None:
        duration = dt.timedelta(minutes=call.grace_minutes)
        grace = Grace(duration, call.grace_reason_fr, call.grace_reason_en)
    return CallPeriod(local_time(call.opens, call.zone), local_time(call.closes, call.zone), grace)


def local_time(clock: str, zone: str) -> LocalTime | None:
    """Read a time of day as it is kept; None for none."""
    return LocalTime(dt.datetime.fromisoformat(clock), zone) if clock else None


def state_of(call: Call, at: dt.datetime) -> CallState:
    """Say where a call stands at a moment: what was decided, then what the calendar brought."""
    state = CallState(call.state)
    now = phase(period_of(call), at)
    if state is CallState.ANNOUNCED and now is not Phase.NOT_OPEN_YET:
        state = follow(CALL, state, "open", holds={Guard.OPENING_REACHED})
    if state is CallState.OPEN and now in {Phase.GRACE, Phase.CLOSED}:
        state = follow(CALL, state, "close", holds={Guard.DEADLINE_PASSED})
    return state


#: States of an application in which nobody at the fund has begun to judge it.
NOT_REVIEWED = frozenset(
    {ApplicationState.DRAFT, ApplicationState.SENT, ApplicationState.TO_COMPLETE,
     ApplicationState.WITHDRAWN, ApplicationState.LAPSED}
)  # fmt: skip
#: States in which an application awaits somebody.
UNDECIDED = frozenset(
    {
        ApplicationState.SENT,
        ApplicationState.TO_COMPLETE,
        ApplicationState.UNDER_REVIEW,
        ApplicationState.TO_COMMITTEE,
        ApplicationState.ADJOURNED,
    }
)


def guards_of(call: Call) -> set[Guard]:
    """Return what holds of a call, apart from what a decision brings with it."""
    states = {ApplicationState(state) for state in _states(call)}
    found = set()
    if call.strand_id is not None and call.grid_id is not None:
        found.add(Guard.CALL_COMPLETE)
    if states <= NOT_REVIEWED:
        found.add(Guard.REVIEW_NOT_STARTED)
    if not states & UNDECIDED:
        found.add(Guard.ALL_DECIDED)
    return found


def _states(call: Call) -> list[str]:
    rows = Application.objects.filter(call=call).order_by("state")
    return list(rows.values_list("state", flat=True).distinct())


_SENT = Q(applications__sent_at__isnull=False) & ~Q(applications__state=APPLICATION.initial.value)


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call in a list, with how many applications its fund received."""

    call: Call
    state: CallState
    period: CallPeriod
    sent: int

    @property
    def label(self) -> str:
        return str(Call(state=self.state.value).get_state_display())


def calls_of(fund: Fund, at: dt.datetime, *, all_states: bool) -> list[CallLine]:
    """Return the calls of a fund, the open ones first; those in preparation are for officers."""
    rows = Call.objects.filter(fund=fund).select_related("fund", "strand", "form")
    if not all_states:
        rows = rows.exclude(state=CallState.DRAFT.value)
    counted = rows.annotate(
        sent=Count("applications", filter=_SENT),
    ).order_by("-created_at", "-pk")
    lines = [CallLine(row, state_of(row, at), period_of(row), row.sent) for row in counted]
    rank = {state: number for number, state in enumerate((CallState.OPEN, CallState.ANNOUNCED))}
    return sorted(lines, key=lambda line: rank.get(line.state, len(rank)))


def find_call(fund: Fund, code: str) -> Call | None:
    rows = Call.objects.select_related("fund", "fund__organisation", "strand", "form", "grid")
    return only(rows.filter(fund=fund, code=code))


def versions_of(fund: Fund) -> Sequence[FormVersion]:
    """Return the versions of the forms of a fund, the latest first."""
    rows = FormVersion.objects.filter(fund=fund).order_by("code", "-version", "pk")
    return list(rows)


def find_version(fund: Fund, code: str, version: int) -> FormVersion | None:
    return FormVersion.objects.filter(fund=fund, code=code, version=version).first()


def newer_version(version: FormVersion) -> FormVersion | None:
    """Return the latest version of the same form; None when this is the one."""
    rows = FormVersion.objects.filter(
        fund=version.fund_id, code=version.code, version__gt=version.version
    )
    return rows.order_by("-version").first()


def open_calls(fund: Fund, at: dt.datetime) -> list[Call]:
    """Return the calls of a fund that take applications at a moment, by title."""
    rows = Call.objects.filter(fund=fund, state__in=[CallState.ANNOUNCED, CallState.OPEN])
    found = [row for row in rows.select_related("fund", "form") if _takes(row, at)]
    return sorted(found, key=lambda call: (call.title, call.pk))


def _takes(call: Call, at: dt.datetime) -> bool:
    return state_of(call, at) is CallState.OPEN
