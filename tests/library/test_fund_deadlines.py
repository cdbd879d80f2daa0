"""When a call is open, in the time of a place, and what follows a late draft."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.applications.deadlines import (
    CallPeriod,
    ClockReading,
    DeadlineError,
    DeadlineFault,
    Grace,
    LateReason,
    LocalTime,
    Phase,
    admission,
    is_open,
    phase,
    time_left,
)

ZONES = ["Europe/Paris", "America/Martinique", "Indian/Reunion", "Pacific/Marquesas", "UTC"]
HOUR = dt.timedelta(hours=1)


def local(text: str, zone: str = "Europe/Paris") -> LocalTime:
    return LocalTime(dt.datetime.fromisoformat(text), zone)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


NOON = local("2026-03-31T12:00")
GRACE = Grace(dt.timedelta(hours=2), "Panne du site", "Outage of the site")


@pytest.mark.parametrize(
    ("clock", "zone", "expected"),
    [
        ("2026-01-31T12:00", "Europe/Paris", "2026-01-31T11:00"),
        ("2026-07-31T12:00", "Europe/Paris", "2026-07-31T10:00"),
        ("2026-07-31T12:00", "Indian/Reunion", "2026-07-31T08:00"),
        ("2026-07-31T12:00", "America/Martinique", "2026-07-31T16:00"),
    ],
)
def test_a_deadline_is_that_of_the_clocks_of_the_place(
    clock: str, zone: str, expected: str
) -> None:
    assert local(clock, zone).instant == utc(expected)
    assert local(clock, zone).reading is ClockReading.ONCE


def test_a_time_that_comes_twice_is_the_second() -> None:
    deadline = local("2026-10-25T02:30")
    assert deadline.reading is ClockReading.TWICE
    assert deadline.instant == utc("2026-10-25T01:30")
    assert is_open(CallPeriod(closes=deadline), utc("2026-10-25T01:00"))


def test_a_time_that_never_comes_is_read_without_the_change() -> None:
    deadline = local("2026-03-29T02:30")
    assert deadline.reading is ClockReading.NEVER
    # 02:30 of winter time is 03:30 on the clocks of the new day.
    assert deadline.instant == utc("2026-03-29T01:30")


@given(
    st.datetimes(dt.datetime.fromisoformat("2000-01-01"), dt.datetime.fromisoformat("2037-12-31")),
    st.sampled_from(ZONES),
)
def test_no_reading_of_a_clock_is_after_the_deadline(clock: dt.datetime, zone: str) -> None:
    deadline = LocalTime(clock, zone)
    for fold in (0, 1):
        read = clock.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=fold)
        assert is_open(CallPeriod(closes=deadline), read.astimezone(dt.UTC))


def test_the_end_of_a_day_is_midnight_there() -> None:
    end = LocalTime.end_of(dt.date(2026, 12, 31), "Europe/Paris")
    assert end.instant == utc("2026-12-31T23:00")


@pytest.mark.parametrize("zone", ["Europe/Lutetia", "", "/etc/passwd", "../UTC"])
def test_an_unknown_zone_is_refused_with_names_that_exist(zone: str) -> None:
    with pytest.raises(DeadlineError, match="Europe/Paris") as caught:
        local("2026-03-31T12:00", zone)
    assert caught.value.fault is DeadlineFault.UNKNOWN_ZONE


def test_a_clock_with_a_zone_and_an_instant_without_are_refused() -> None:
    with pytest.raises(DeadlineError) as caught:
        LocalTime(utc("2026-03-31T12:00"), "Europe/Paris")
    assert caught.value.fault is DeadlineFault.ZONED_CLOCK
    with pytest.raises(DeadlineError) as caught:
        phase(CallPeriod(), dt.datetime.fromisoformat("2026-03-31"))
    assert caught.value.fault is DeadlineFault.UNZONED_INSTANT


def test_the_last_instant_is_in_time_and_the_next_is_not() -> None:
    period = CallPeriod(local("2026-01-01T00:00"), NOON)
    assert phase(period, period.opens.instant) is Phase.OPEN  # type: ignore[union-attr]
    assert phase(period, NOON.instant) is Phase.OPEN
    assert phase(period, NOON.instant + dt.timedelta(microseconds=1)) is Phase.CLOSED
    assert phase(period, utc("2025-12-31T22:59")) is Phase.NOT_OPEN_YET


def test_time_left_stops_at_zero_and_a_rolling_call_has_none() -> None:
    period = CallPeriod(closes=NOON, grace=GRACE)
    assert time_left(period, NOON.instant - HOUR) == HOUR
    assert time_left(period, NOON.instant + HOUR) == dt.timedelta(0)
    assert time_left(CallPeriod(), NOON.instant) is None


def test_a_rolling_call_takes_drafts_at_any_time() -> None:
    answer = admission(CallPeriod(), at=NOON.instant, begun_at=NOON.instant)
    assert answer.may_send
    assert answer.until is None


@pytest.mark.parametrize(
    ("begun", "sent", "grace", "reason"),
    [
        (-HOUR, -HOUR, None, None),
        (-HOUR, HOUR, None, LateReason.NO_GRACE),
        (-HOUR, HOUR, GRACE, None),
        (HOUR, HOUR, GRACE, LateReason.BEGUN_AFTER_DEADLINE),
        (-HOUR, 3 * HOUR, GRACE, LateReason.GRACE_OVER),
        (3 * HOUR, 3 * HOUR, GRACE, LateReason.BEGUN_AFTER_DEADLINE),
    ],
)
def test_what_was_being_typed_is_sent_late_only_with_a_written_grace(
    begun: dt.timedelta, sent: dt.timedelta, grace: Grace | None, reason: LateReason | None
) -> None:
    period = CallPeriod(closes=NOON, grace=grace)
    answer = admission(period, at=NOON.instant + sent, begun_at=NOON.instant + begun)
    assert answer.reason is reason
    assert answer.may_send is (reason is None)
    assert answer.late_by == max(sent, dt.timedelta(0))
    assert answer.in_grace is (reason is None and sent > dt.timedelta(0))
    if answer.in_grace:
        assert answer.until == NOON.instant + GRACE.duration


def test_before_the_opening_nothing_is_sent() -> None:
    period = CallPeriod(opens=NOON)
    early = NOON.instant - HOUR
    assert admission(period, at=early, begun_at=early).reason is LateReason.NOT_OPEN_YET


@pytest.mark.parametrize(
    ("build", "fault"),
    [
        (lambda: CallPeriod(NOON, NOON), DeadlineFault.CLOSES_BEFORE_OPENING),
        (lambda: CallPeriod(grace=GRACE), DeadlineFault.GRACE_WITHOUT_DEADLINE),
        (lambda: Grace(dt.timedelta(0), "a", "b"), DeadlineFault.EMPTY_GRACE),
        (lambda: Grace(HOUR, "Panne", " "), DeadlineFault.UNEXPLAINED_GRACE),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(build: object, fault: DeadlineFault) -> None:
    with pytest.raises(DeadlineError) as caught:
        build()  # type: ignore[operator]
    assert caught.value.fault is fault
