"""The calendar: every decision that dates bring, once, each by itself, whatever stops another."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from tests.factories import fund as made
from tests.factories.applications import CALL_AT, applying, draft, open_call, sent
from tests.factories.instruction import AT, Instructed, instructed, under_review

from alliage.fund.money.ledger import PostingKind
from alliage_web.audit.models import Event
from alliage_web.fund.actions import calendar as actions
from alliage_web.fund.actions.application_handling import ask_for_documents, decide
from alliage_web.fund.actions.calendar import CalendarDecision, take_calendar_decisions
from alliage_web.fund.models import Application, Call
from alliage_web.fund.queries.calls import state_of

if TYPE_CHECKING:
    from alliage_web.fund.models import Fund

pytestmark = pytest.mark.django_db
DATED: dict[str, Any] = {"kind": "dated", "opens": "2026-02-01T09:00", "closes": "2026-03-01T12:00"}


def at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


def run(when: dt.datetime) -> list[tuple[str, str]]:
    taken = list(take_calendar_decisions(at=when))
    assert [each.error for each in taken] == [""] * len(taken)
    return [(each.target, each.verb) for each in taken]


def awarded(fund: Fund, application: Application, **values: Any) -> None:
    """Reserve 30 € for an application, and put it in a state of the past."""
    made.post(fund, made.posting(PostingKind.ENDOWMENT_INCREASE, 100))
    strand = application.call.strand
    assert strand is not None
    envelope = (strand.code, 2026)
    made.post(fund, made.posting(PostingKind.ALLOTMENT, 100, envelope=envelope))
    made.post(
        fund,
        made.posting(PostingKind.AWARD, 30, envelope=envelope, file=application.reference),
    )
    Application.objects.filter(pk=application.pk).update(**values)


# ── Calls ────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_opens_and_closes_at_its_dates_on_the_clocks_of_its_zone() -> None:
    call = applying(**DATED).call
    # 9:00 in Paris is 8:00 in Greenwich.
    assert run(at(2026, 2, 1, 7, 59)) == []
    assert run(at(2026, 2, 1, 8, 0)) == [(call.stable_name, "open")]
    call.refresh_from_db()
    assert call.state == "open"
    assert run(at(2026, 2, 10, 8, 0)) == []
    assert run(at(2026, 3, 1, 11, 1)) == [(call.stable_name, "close")]
    call.refresh_from_db()
    assert call.state == "closed"


def test_a_call_that_nobody_looked_at_opens_then_closes_in_one_run() -> None:
    call = applying(**DATED).call
    assert run(at(2026, 4, 1, 8, 0)) == [(call.stable_name, "open"), (call.stable_name, "close")]
    assert run(at(2026, 4, 1, 8, 0)) == []
    kinds = Event.objects.filter(target=call.stable_name).order_by("pk")
    assert list(kinds.values_list("kind", flat=True))[-2:] == ["call.open", "call.close"]
    assert set(kinds.filter(kind="call.close").values_list("by", flat=True)) == {"command"}


def test_what_is_written_never_differs_from_what_the_clock_says() -> None:
    call = applying(**DATED).call
    moments = [at(2026, 1, 20), at(2026, 2, 2), at(2026, 2, 28), at(2026, 3, 2)]
    for moment in moments:
        said = state_of(call, moment)
        run(moment)
        call.refresh_from_db()
        assert (call.state, state_of(call, moment)) == (said, said)


def test_drafts_wait_while_the_call_may_be_extended_and_lapse_once_its_review_begins() -> None:
    found: Instructed = instructed()
    call = found.world.call
    other = draft(found.world, at=AT)
    Call.objects.filter(pk=call.pk).update(kind="dated", closes="2026-03-10T12:00")
    late = at(2026, 3, 11, 8, 0)
    assert run(late) == [(call.stable_name, "open"), (call.stable_name, "close")]
    other.refresh_from_db()
    assert other.state == "draft"
    under_review(found)
    assert run(late) == [(other.stable_name, "lapse")]
    other.refresh_from_db()
    assert other.state == "lapsed"
    assert run(late) == []


def test_a_draft_of_an_open_call_is_left_alone() -> None:
    world = applying()
    application = draft(world)
    run(at(2026, 6, 1))
    application.refresh_from_db()
    assert application.state == "draft"


# ── Applications ─────────────────────────────────────────────────────────────────────────────────


def test_what_was_to_be_completed_lapses_the_day_after_its_last_day() -> None:
    world = applying()
    application = sent(world)
    decide(
        application=application, verb="ask_to_complete", by=world.officer, at=CALL_AT,
        reason="Il manque les statuts.", complete_by=dt.date(2026, 1, 20),
    )  # fmt: skip
    named = {target for target, _verb in run(at(2026, 1, 20, 22, 59))}
    assert application.stable_name not in named
    # It is the 21st in Paris, not yet in Greenwich.
    assert (application.stable_name, "lapse") in run(at(2026, 1, 20, 23, 1))
    application.refresh_from_db()
    assert application.state == "lapsed"


def test_documents_and_signatures_that_do_not_come_give_the_money_back() -> None:
    world = applying()
    fund = world.fund
    application = sent(world)
    awarded(fund, application, state="accepted", sign_by=dt.date(2026, 5, 31))
    run(at(2026, 5, 31, 12, 0))
    assert made.money_of(fund)["reserved"] == 30
    assert (application.stable_name, "lapse") in run(at(2026, 6, 1, 12, 0))
    assert made.money_of(fund) == {"available": 100, "reserved": 0, "committed": 0, "paid": 0}
    assert run(at(2026, 6, 1, 12, 0)) == []


def test_documents_that_are_late_make_the_file_lapse_once() -> None:
    world = applying()
    application = sent(world)
    awarded(world.fund, application, state="accepted_subject_to_documents")
    application.refresh_from_db()
    ask_for_documents(
        application=application, labels=["Statuts", "RIB"], due_on=dt.date(2026, 4, 1),
        by=None, at=AT,
    )  # fmt: skip
    run(at(2026, 4, 1, 12, 0))
    assert run(at(2026, 4, 2, 12, 0)) == [(application.stable_name, "lapse")]
    assert made.money_of(world.fund)["reserved"] == 0


def test_a_file_without_a_date_to_sign_waits_for_ever() -> None:
    world = applying()
    application = sent(world)
    awarded(world.fund, application, state="accepted")
    run(at(2036, 1, 1))
    assert made.money_of(world.fund)["reserved"] == 30


# ── Whatever happens ─────────────────────────────────────────────────────────────────────────────


def test_one_failure_stops_none_of_the_others_and_is_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = applying(**DATED)
    second = open_call(world.fund, "second", **DATED)
    follow = actions._follow_clock

    def breaks(call: Call, when: dt.datetime) -> list[CalendarDecision]:
        with transaction.atomic():
            taken = follow(call, when)
            if call.pk == world.call.pk:
                msg = "killed"
                raise RuntimeError(msg)
        return taken

    moment = at(2026, 4, 1)
    monkeypatch.setattr(actions, "_follow_clock", breaks)
    taken = list(take_calendar_decisions(at=moment))
    assert {each.target for each in taken if each.error} == {world.call.stable_name}
    assert [each.verb for each in taken if each.target == second.stable_name] == ["open", "close"]
    # The transaction of the one that failed took nothing with it.
    world.call.refresh_from_db()
    assert world.call.state == "announced"
    monkeypatch.setattr(actions, "_follow_clock", follow)
    assert run(moment) == [(world.call.stable_name, "open"), (world.call.stable_name, "close")]


def test_the_command_tells_what_it_did_and_fails_when_something_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(2026, 4, 1))
    call = applying(**DATED).call
    out = StringIO()
    call_command("fund_calendar", stdout=out)
    assert out.getvalue().splitlines() == [
        f"{call.stable_name}: open", f"{call.stable_name}: close", "2 decisions taken"
    ]  # fmt: skip
    out = StringIO()
    call_command("fund_calendar", stdout=out)
    assert out.getvalue() == "0 decisions taken\n"

    def fails(**_said: Any) -> list[CalendarDecision]:
        return [CalendarDecision("call:fonds:x", "close", "RuntimeError: why")]

    monkeypatch.setattr(
        "alliage_web.fund.management.commands.fund_calendar.take_calendar_decisions", fails
    )
    err = StringIO()
    with pytest.raises(CommandError, match="1 decisions could not be taken"):
        call_command("fund_calendar", stdout=StringIO(), stderr=err)
    assert "call:fonds:x: close failed: RuntimeError: why" in err.getvalue()
