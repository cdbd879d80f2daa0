"""Take the decisions that the calendar brings."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage_web.fund.actions.calendar import take_calendar_decisions


class Command(BaseCommand):
    help = (
        "Take the decisions of the funds whose actor is the calendar: calls open and close, "
        "applications lapse and their awards go back. Run it once a day: a second run does "
        "nothing, and each decision is written by itself."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        count, failed = 0, 0
        for decision in take_calendar_decisions(at=timezone.now()):
            if decision.error:
                failed += 1
                self.stderr.write(f"{decision.target}: {decision.verb} failed: {decision.error}")
            else:
                count += 1
                self.stdout.write(f"{decision.target}: {decision.verb}")
        self.stdout.write(f"{count} decisions taken")
        if failed:
            msg = (
                f"{failed} decisions could not be taken. Mend what the lines above name, run again."
            )
            raise CommandError(msg)
