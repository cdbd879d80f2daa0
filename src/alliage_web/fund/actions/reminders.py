"""The weekly reminder: one message a person, written once however often the command runs."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from alliage.fund.reporting.reminders import is_late, letters, week_of
from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.fund.models import ReminderChoice, ReminderLetter
from alliage_web.fund.queries import reminders as queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage.fund.reporting.reminders import Letter
    from alliage_web.accounts.models import User

_log = logging.getLogger(__name__)
#: After this, a letter that somebody took and that never left is taken again: its run was killed.
_TAKEN_FOR = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run did: letters that left, letters that left before, letters that could not leave."""

    left: int
    before: int
    failed: int


def send_reminders(*, at: dt.datetime) -> Sent:
    """Write to each person what they are waited for this week.

    The letter of a person is taken in a transaction, leaves after it, and is marked when the mail
    server accepted it. A second run of the week sends nothing twice; a letter that could not leave,
    or whose run was killed, leaves with the next run. If a run is killed between the acceptance and
    the mark, this one letter leaves twice.
    """
    today = timezone.localdate(at)
    week = week_of(today)
    people = queries.People(at)
    chosen = queries.choices()
    left_out = {key for key, row in chosen.items() if not row.wanted}
    by_language = _letters(people, today, left_out, chosen)
    counted = {"left": 0, "before": 0, "failed": 0}
    for language, letter in by_language:
        row = _take(letter, week, at)
        if row is None:
            counted["before"] += 1
            continue
        if _send(people.everyone[letter.person], letter, language, today):
            ReminderLetter.objects.filter(pk=row).update(left_at=timezone.now(), taken_at=None)
            counted["left"] += 1
        else:
            ReminderLetter.objects.filter(pk=row).update(taken_at=None)
            counted["failed"] += 1
    return Sent(**counted)


def _letters(
    people: queries.People,
    today: dt.date,
    left_out: set[int],
    chosen: Mapping[int, ReminderChoice],
) -> list[tuple[str, Letter]]:
    """Give the letters in the language of each person; everything is read once a language."""
    found = []
    default = settings.LANGUAGE_CODE
    wanted = {key: row.language for key, row in chosen.items()}
    for language in sorted({default, *wanted.values()}):
        with translation.override(language):
            told = letters(
                queries.duties(people),
                on=today,
                days_ahead=queries.days_ahead(today),
                left_out=left_out,
            )
        found += [(language, each) for each in told if wanted.get(each.person, default) == language]
    return found


@transaction.atomic
def _take(letter: Letter, week: str, at: dt.datetime) -> int | None:
    """Take the letter of a person and week; None when it left, or another run has it."""
    row, is_new = ReminderLetter.objects.get_or_create(
        user_id=letter.person, week=week, defaults={"duties": letter.count, "taken_at": at}
    )
    if is_new:
        return row.pk
    free = ReminderLetter.objects.filter(
        Q(taken_at=None) | Q(taken_at__lt=at - _TAKEN_FOR), pk=row.pk, left_at=None
    )
    return row.pk if free.update(taken_at=at, duties=letter.count) else None


def _send(person: User, letter: Letter, language: str, today: dt.date) -> bool:
    home = home_address()
    context: dict[str, Any] = {
        "person": person,
        "count": letter.count,
        "files": [
            (each.title, [(duty, home + duty.link, is_late(duty, today)) for duty in each.duties])
            for each in letter.files
        ],
        "choice": home + reverse("fund:reminder-choice"),
    }
    with translation.override(language):
        subject = render_to_string("fund/email/reminder_subject.txt", context)
        text = render_to_string("fund/email/reminder.txt", context)
    try:
        send_mail(" ".join(subject.split()), text, None, [person.email])
    except OSError:
        _log.exception("A reminder could not leave: it will with the next run.")
        return False
    return True


@transaction.atomic
def choose_reminders(*, user: User, wanted: bool, language: str, at: dt.datetime) -> None:
    """Keep whether a person wants the weekly reminder, and in which language."""
    ReminderChoice.objects.update_or_create(
        user=user, defaults={"wanted": wanted, "language": language, "chosen_at": at}
    )
