"""When a call is open: rolling or dated, in the time of a place, with what follows a late draft."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from enum import StrEnum


class ClockReading(StrEnum):
    """How many instants a time of day names in its zone, on its day."""

    ONCE = "once"
    TWICE = "twice"
    NEVER = "never"


class DeadlineFault(StrEnum):
    """Why a deadline, or a question about it, cannot be used."""

    UNKNOWN_ZONE = "unknown_zone"
    ZONED_CLOCK = "zoned_clock"
    UNZONED_INSTANT = "unzoned_instant"
    CLOSES_BEFORE_OPENING = "closes_before_opening"
    EMPTY_GRACE = "empty_grace"
    UNEXPLAINED_GRACE = "unexplained_grace"
    GRACE_WITHOUT_DEADLINE = "grace_without_deadline"


class DeadlineError(ValueError):
    """A deadline, or an instant compared with it, cannot be used.

    Attributes
    ----------
    fault
        What is wrong.
    value
        The value at fault, as text.
    """

    def __init__(self, fault: DeadlineFault, value: object, message: str) -> None:
        self.fault = fault
        self.value = str(value)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A date and a time of day as the clocks of a place show them.

    Attributes
    ----------
    clock
        Date and time without zone, as people read it in the call.
    zone
        IANA name of the place, such as ``Europe/Paris`` or ``Indian/Reunion``.

    Raises
    ------
    DeadlineError
        If the zone is not one of the IANA database, or the clock already has a zone.

    Examples
    --------
    >>> noon = LocalTime(dt.datetime(2026, 3, 31, 12, 0), "Europe/Paris")
    >>> noon.instant.isoformat()
    '2026-03-31T10:00:00+00:00'
    """

    clock: dt.datetime
    zone: str

    def __post_init__(self) -> None:
        if self.clock.tzinfo is not None:
            msg = f"« {self.clock} » has a zone. Give the time of the place, and the zone apart."
            raise DeadlineError(DeadlineFault.ZONED_CLOCK, self.clock, msg)
        try:
            zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            msg = (
                f"« {self.zone} » is not a time zone of the IANA database of this machine. "
                "Write a name such as Europe/Paris, America/Martinique or Indian/Reunion."
            )
            raise DeadlineError(DeadlineFault.UNKNOWN_ZONE, self.zone, msg) from error

    @classmethod
    def end_of(cls, day: dt.date, zone: str) -> LocalTime:
        """Return the end of a day: midnight, when the next day begins.

        Examples
        --------
        >>> LocalTime.end_of(dt.date(2026, 3, 31), "Europe/Paris").clock.isoformat()
        '2026-04-01T00:00:00'
        """
        return cls(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()), zone)

    @property
    def instant(self) -> dt.datetime:
        """The instant, in UTC.

        Where clocks go back and the time comes twice, the second; where they go forward and the
        time never comes, the instant that clocks would have shown without the change. In both
        cases it is the later reading: nobody is late who followed the text of the call.
        """
        return max(self._readings())

    @property
    def reading(self) -> ClockReading:
        """How many instants the clock names: a call is better written with one.

        Examples
        --------
        >>> LocalTime(dt.datetime(2026, 10, 25, 2, 30), "Europe/Paris").reading.value
        'twice'
        >>> LocalTime(dt.datetime(2026, 3, 29, 2, 30), "Europe/Paris").reading.value
        'never'
        """
        first, second = self._readings()
        if first == second:
            return ClockReading.ONCE
        # Of a time that comes twice, the first reading is the earlier (PEP 495).
        return ClockReading.TWICE if first < second else ClockReading.NEVER

    def _readings(self) -> tuple[dt.datetime, dt.datetime]:
        zoned = self.clock.replace(tzinfo=zoneinfo.ZoneInfo(self.zone))
        first, second = (zoned.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))
        return first, second


@dataclass(frozen=True, slots=True)
class Grace:
    """How long after the deadline a draft begun before it may still be sent, and why.

    The reason is published with the call: an exception that is not written is not given.
    """

    duration: dt.timedelta
    reason_fr: str
    reason_en: str

    def __post_init__(self) -> None:
        if self.duration <= dt.timedelta(0):
            msg = f"A grace of {self.duration} is empty. Give a positive duration, or no grace."
            raise DeadlineError(DeadlineFault.EMPTY_GRACE, self.duration, msg)
        if not (self.reason_fr.strip() and self.reason_en.strip()):
            msg = "The grace has no reason. Write why, in French and in English, or give no grace."
            raise DeadlineError(DeadlineFault.UNEXPLAINED_GRACE, "", msg)


@dataclass(frozen=True, slots=True)
class CallPeriod:
    """When a call takes applications.

    Attributes
    ----------
    opens
        First moment, included; None when it has always been open.
    closes
        Last moment, included; None for a rolling call.
    grace
        What is allowed after the last moment to drafts begun before it; None is nothing.

    Raises
    ------
    DeadlineError
        If it closes before it opens, or a rolling call has a grace.
    """

    opens: LocalTime | None = None
    closes: LocalTime | None = None
    grace: Grace | None = None

    def __post_init__(self) -> None:
        if self.closes is None and self.grace is not None:
            msg = (
                "A rolling call has no deadline to be late for. Remove the grace, or add `closes`."
            )
            raise DeadlineError(DeadlineFault.GRACE_WITHOUT_DEADLINE, self.grace.duration, msg)
        if self.opens and self.closes and self.closes.instant <= self.opens.instant:
            msg = (
                f"The call closes at {self.closes.instant.isoformat()}, not after it opens "
                f"({self.opens.instant.isoformat()}). Correct one of the two."
            )
            raise DeadlineError(DeadlineFault.CLOSES_BEFORE_OPENING, self.closes.instant, msg)


class Phase(StrEnum):
    """Where a call stands at an instant."""

    NOT_OPEN_YET = "not_open_yet"
    OPEN = "open"
    GRACE = "grace"
    CLOSED = "closed"


def phase(period: CallPeriod, at: dt.datetime) -> Phase:
    """Say where a call stands.

    Parameters
    ----------
    period : CallPeriod
        When it takes applications.
    at : datetime
        An instant, with its zone.

    Returns
    -------
    Phase
        ``grace`` only where the call allows one.

    Raises
    ------
    DeadlineError
        If the instant has no zone.

    Examples
    --------
    >>> deadline = LocalTime(dt.datetime(2026, 3, 31, 12, 0), "Europe/Paris")
    >>> phase(CallPeriod(closes=deadline), dt.datetime(2026, 3, 31, 10, 0, 1, tzinfo=dt.UTC)).value
    'closed'
    """
    if at.tzinfo is None:
        msg = f"« {at} » has no zone: it is not an instant. Give it in UTC."
        raise DeadlineError(DeadlineFault.UNZONED_INSTANT, at, msg)
    if period.opens is not None and at < period.opens.instant:
        return Phase.NOT_OPEN_YET
    if period.closes is None or at <= period.closes.instant:
        return Phase.OPEN
    if period.grace is not None and at <= period.closes.instant + period.grace.duration:
        return Phase.GRACE
    return Phase.CLOSED


def is_open(period: CallPeriod, at: dt.datetime) -> bool:
    """Say whether a new application may be begun and sent.

    Examples
    --------
    >>> is_open(CallPeriod(), dt.datetime(2026, 3, 31, tzinfo=dt.UTC))
    True
    """
    return phase(period, at) is Phase.OPEN


def time_left(period: CallPeriod, at: dt.datetime) -> dt.timedelta | None:
    """Return how long the call is still open; the grace is not counted.

    Parameters
    ----------
    period : CallPeriod
        When it takes applications.
    at : datetime
        An instant, with its zone.

    Returns
    -------
    timedelta or None
        Zero once it is closed; None for a rolling call, which has no end.

    Examples
    --------
    >>> period = CallPeriod(closes=LocalTime(dt.datetime(2026, 3, 31, 12, 0), "Europe/Paris"))
    >>> time_left(period, dt.datetime(2026, 3, 31, 9, 30, tzinfo=dt.UTC))
    datetime.timedelta(seconds=1800)
    """
    if phase(period, at) in {Phase.GRACE, Phase.CLOSED}:
        return dt.timedelta(0)
    return None if period.closes is None else period.closes.instant - at


class LateReason(StrEnum):
    """Why an application cannot be sent at an instant."""

    NOT_OPEN_YET = "not_open_yet"
    NO_GRACE = "no_grace"
    BEGUN_AFTER_DEADLINE = "begun_after_deadline"
    GRACE_OVER = "grace_over"


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a draft may be sent at an instant. The draft itself is kept in every case.

    Attributes
    ----------
    reason
        Why it may not; None when it may.
    in_grace
        True when only the grace of the call lets it through: the file says so.
    late_by
        How long after the deadline; zero when on time.
    until
        Until when it may be sent; None when it may not, or when the call has no end.
    """

    reason: LateReason | None
    in_grace: bool
    late_by: dt.timedelta
    until: dt.datetime | None

    @property
    def may_send(self) -> bool:
        return self.reason is None


def admission(period: CallPeriod, *, at: dt.datetime, begun_at: dt.datetime) -> Admission:
    """Say whether a draft may be sent, and why not.

    Parameters
    ----------
    period : CallPeriod
        When the call takes applications.
    at : datetime
        The instant of sending, with its zone.
    begun_at : datetime
        When the draft was begun, with its zone.

    Returns
    -------
    Admission
        The answer. After the deadline only a draft begun before it may use the grace.

    Raises
    ------
    DeadlineError
        If an instant has no zone.

    Examples
    --------
    >>> deadline = LocalTime(dt.datetime(2026, 3, 31, 12, 0), "Europe/Paris")
    >>> late = dt.datetime(2026, 3, 31, 10, 5, tzinfo=dt.UTC)
    >>> answer = admission(CallPeriod(closes=deadline), at=late, begun_at=late)
    >>> answer.may_send, answer.reason.value, str(answer.late_by)
    (False, 'no_grace', '0:05:00')
    """
    begun_phase = phase(period, begun_at)
    now = phase(period, at)
    deadline = None if period.closes is None else period.closes.instant
    late_by = max(at - deadline, dt.timedelta(0)) if deadline else dt.timedelta(0)
    if now is Phase.NOT_OPEN_YET:
        return Admission(LateReason.NOT_OPEN_YET, in_grace=False, late_by=late_by, until=None)
    if now is Phase.OPEN:
        return Admission(None, in_grace=False, late_by=late_by, until=deadline)
    if period.grace is None or deadline is None:
        return Admission(LateReason.NO_GRACE, in_grace=False, late_by=late_by, until=None)
    if begun_phase in {Phase.GRACE, Phase.CLOSED}:
        reason = LateReason.BEGUN_AFTER_DEADLINE
        return Admission(reason, in_grace=False, late_by=late_by, until=None)
    if now is Phase.CLOSED:
        return Admission(LateReason.GRACE_OVER, in_grace=False, late_by=late_by, until=None)
    return Admission(None, in_grace=True, late_by=late_by, until=deadline + period.grace.duration)
