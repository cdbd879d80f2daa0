"""Who plays in the story of the demonstration, and on which days."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone

from alliage_web.accounts.models import User
from alliage_web.fund import queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alliage_web.fund.models import Call, Fund

FUND, CALL = "odd17", "demonstration"
#: The call of the story was announced, and its alliances known, that many days ago.
CALL_ANNOUNCED = 300
#: Nothing is told before: the demonstration budget closed the year before on the 5th of January.
_FIRST_DAY = dt.date(2026, 1, 6)


@dataclass(frozen=True, slots=True)
class Story:
    """The fund of the story, its people by the first word of their address, and its clock."""

    fund: Fund
    people: Mapping[str, User]
    today: dt.date

    def day(self, ago: int) -> dt.date:
        """Return the day that was so many days ago; below zero, a day to come."""
        return max(self.today - dt.timedelta(days=ago), _FIRST_DAY)

    def at(self, ago: int, hour: int = 10) -> dt.datetime:
        """Return a moment of that day; those of today are over."""
        if ago == 0:
            return timezone.now()
        clock = dt.datetime.combine(self.day(ago), dt.time(hour))
        return timezone.make_aware(clock)

    def __getitem__(self, word: str) -> User:
        return self.people[word]


def open_story(*words: str) -> Story:
    """Gather the fund and the people that a chapter needs, in a demonstration only."""
    if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
        msg = "An invented story is refused outside a demonstration. Set ALLIAGE_MODE=demo."
        raise CommandError(msg)
    fund = queries.find(FUND)
    people = {word: User.objects.filter(email=f"{word}@demo.example").first() for word in words}
    known = {word: person for word, person in people.items() if person is not None}
    if fund is None or len(known) < len(people):
        msg = "The fund or the demonstration accounts are not there. Run start-demo first."
        raise CommandError(msg)
    return Story(fund, known, timezone.localdate())


def call_of(story: Story) -> Call:
    """Return the invented call, which the chapter before writes."""
    call = story.fund.calls.filter(code=CALL).first()
    if call is None:
        msg = "The invented call is not there. Run create_demo_applications first."
        raise CommandError(msg)
    return call


@contextmanager
def told_at_once() -> Iterator[None]:
    """Write a chapter whole or not at all; the messages of past days leave nobody's outbox."""
    quiet = override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend")
    with quiet, transaction.atomic():
        yield
