"""Writing calls and the versions of their forms."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage.fund.applications.deadlines import CallPeriod
from alliage.fund.applications.form_specification import compare_forms
from alliage.fund.states import (
    APPLICATION,
    CALL,
    ApplicationState,
    CallState,
    Guard,
    GuardNotMet,
    follow,
)
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import Application, Call, FormVersion, Fund
from alliage_web.fund.queries.calls import (
    form_of,
    guards_of,
    local_time,
    period_of,
    read_form_text,
    read_rules_text,
    state_of,
)

from .grids import proposed_grid

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from alliage_web.accounts.models import User

#: What a person writes of a call.
WRITTEN = (
    "title_fr", "title_en", "summary_fr", "summary_en", "kind", "zone", "opens", "closes",
    "grace_minutes", "grace_reason_fr", "grace_reason_en", "strand", "max_amount", "min_amount",
    "max_share", "min_own_share", "categories", "rules", "form", "grid",
)  # fmt: skip


class CallChangedError(Exception):
    """Somebody else changed the call; ``call`` is what it is now."""

    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__(f"{call.stable_name} was changed since the form was opened.")


class CallPublishedError(ValueError):
    """A call that people read is not rewritten: take it back, or extend it."""


@transaction.atomic
def add_form_version(
    *, fund: Fund, text: str, by: User | None, at: dt.datetime, submission: UUID | None = None
) -> FormVersion:
    """Keep a version of a form; the same text again gives back the version that is there.

    Raises
    ------
    InvalidFilesError
        The text is not a form.
    FormVersionError
        It differs from the last version without a higher number.
    """
    refuse_repeat(submission)
    form = read_form_text(text)
    Fund.objects.select_for_update().get(pk=fund.pk)
    last = FormVersion.objects.filter(fund=fund, code=form.code).order_by("-version").first()
    digest = sha256(text.encode()).hexdigest()
    if last is not None:
        compare_forms(form_of(last), form)
        if last.version == form.version:
            return last
    version = FormVersion.objects.create(
        fund=fund,
        code=form.code,
        version=form.version,
        title_fr=form.title_fr,
        title_en=form.title_en,
        text=text,
        digest=digest,
        created_by=by,
        created_at=at,
    )
    record(
        kind="form.added",
        target=fund.stable_name,
        by=by,
        at=at,
        changes={"form": [None, f"{form.code} {form.version}"], "sha256": [None, digest]},
        submission=submission,
    )
    return version


@transaction.atomic
def create_call(
    *,
    fund: Fund,
    code: str,
    content: Mapping[str, Any],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
    is_demonstration: bool = False,
) -> Call:
    """Create a call, in preparation: nobody but its officers reads it yet.

    Raises
    ------
    DeadlineError, InvalidFilesError, ValueError
        Its dates, its rules or its ceilings contradict themselves.
    """
    refuse_repeat(submission)
    call = Call(
        fund=fund, code=code, is_demonstration=is_demonstration, created_by=by, created_at=at
    )
    _write(call, content, by=by, at=at)
    record(
        kind="call.created",
        target=call.stable_name,
        by=by,
        at=at,
        changes={name: [None, _plain(getattr(call, name))] for name in WRITTEN},
        submission=submission,
    )
    return call


@transaction.atomic
def change_call(
    *, call: Call, content: Mapping[str, Any], version: str, by: User, at: dt.datetime
) -> Call:
    """Change a call in preparation; ``version`` is what `version_of_call` gave when it was shown.

    Raises
    ------
    CallPublishedError
        People already read it.
    CallChangedError
        Somebody else changed it meanwhile.
    """
    present = Call.objects.select_for_update().select_related("fund").get(pk=call.pk)
    if state_of(present, at) is not CallState.DRAFT:
        msg = f"{present.stable_name} is {present.state}. Take it back first, or extend it."
        raise CallPublishedError(msg)
    if version_of_call(present) != version:
        raise CallChangedError(present)
    before = {name: _plain(getattr(present, name)) for name in WRITTEN}
    _write(present, content, by=by, at=at)
    after = {name: _plain(getattr(present, name)) for name in WRITTEN}
    changes = {name: [before[name], after[name]] for name in WRITTEN if before[name] != after[name]}
    if changes:
        record(kind="call.changed", target=present.stable_name, by=by, at=at, changes=changes)
    return present


def version_of_call(call: Call) -> str:
    """Name the state in which a call is."""
    return call.updated_at.isoformat()


def _write(call: Call, content: Mapping[str, Any], *, by: User | None, at: dt.datetime) -> None:
    for name in WRITTEN:
        if name in content:
            setattr(call, name, content[name])
    if call.grid is None:
        call.grid = proposed_grid(fund=call.fund, by=by, at=at)
    period_of(call)
    if call.rules:
        read_rules_text(call.rules)
    call.updated_at = at
    call.save()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if value is None or isinstance(value, int | str | list):
        return value
    return str(value)


@transaction.atomic
def decide_on_call(
    *,
    call: Call,
    verb: str,
    by: User | None,
    at: dt.datetime,
    reason: str = "",
    closes: str = "",
    submission: UUID | None = None,
) -> Call:
    """Take a decision of the table of states on a call.

    Parameters
    ----------
    verb : str
        A decision of an officer: ``announce``, ``take_back``, ``close_early``, ``extend``,
        ``complete`` or ``cancel``.
    closes : str
        Of an extension, the new deadline on the clocks of the zone of the call.

    Raises
    ------
    TransitionNotAllowed, GuardNotMet
        The state does not admit it, or something that it needs does not hold.
    """
    refuse_repeat(submission)
    present = Call.objects.select_for_update().select_related("fund").get(pk=call.pk)
    state = state_of(present, at)
    holds = guards_of(present)
    if reason.strip():
        holds.add(Guard.REASON_WRITTEN)
    if verb == "extend" and _is_later(present, closes, at):
        holds.add(Guard.LATER_DEADLINE)
    after = _followed(state, verb, holds)
    if verb == "close_early" and present.closes:
        # A call with a deadline is closed by its deadline: people rely on it.
        raise GuardNotMet(CALL, verb, (Guard.DEADLINE_PASSED,))
    changes: dict[str, list[Any]] = {"state": [state.value, after.value]}
    if reason.strip():
        changes["why"] = [None, reason.strip()]
    if verb == "extend":
        changes["closes"] = [present.closes, closes]
        present.closes = closes
    present.state = after.value
    present.updated_at = at
    present.save(update_fields=["state", "closes", "updated_at"])
    record(
        kind=f"call.{verb}",
        target=present.stable_name,
        by=by,
        at=at,
        changes=changes,
        submission=submission,
    )
    if after in {CallState.COMPLETED, CallState.CANCELLED}:
        let_drafts_lapse(present, by=by, at=at)
    return present


def _followed(state: CallState, verb: str, holds: Collection[Guard]) -> CallState:
    if verb == "extend" and state is CallState.OPEN:
        # The table extends what is closed. While a call is open a later deadline changes no state,
        # and needs the same things.
        missing = {Guard.LATER_DEADLINE, Guard.REASON_WRITTEN} - set(holds)
        if missing:
            raise GuardNotMet(CALL, verb, tuple(sorted(missing)))
        return state
    return follow(CALL, state, verb, holds=holds)


def _is_later(call: Call, closes: str, at: dt.datetime) -> bool:
    new, old = local_time(closes, call.zone), local_time(call.closes, call.zone)
    if new is None or old is None:
        return False
    CallPeriod(local_time(call.opens, call.zone), new)
    return new.instant > max(old.instant, at)


def let_drafts_lapse(call: Call, *, by: User | None, at: dt.datetime) -> list[str]:
    """Record that drafts were not sent; their answers stay, to be copied to another call.

    Returns their stable names.
    """
    lapsed = []
    drafts = Application.objects.select_for_update().filter(
        call=call, state=ApplicationState.DRAFT.value
    )
    for draft in drafts.order_by("pk"):
        after = follow(APPLICATION, ApplicationState.DRAFT, "lapse", holds={Guard.CALL_CLOSED})
        draft.state = after.value
        draft.updated_at = at
        draft.save(update_fields=["state", "updated_at"])
        record(
            kind="application.lapse",
            target=draft.stable_name,
            by=by,
            at=at,
            changes={"state": [ApplicationState.DRAFT.value, after.value]},
        )
        lapsed.append(draft.stable_name)
    return lapsed
