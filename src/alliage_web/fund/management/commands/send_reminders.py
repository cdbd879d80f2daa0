"""Send the reminders of the week."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage_web.fund.actions.reminders import send_reminders


class Command(BaseCommand):
    help = (
        "Write to each person, once a week, what they are waited for: reports, documents, "
        "questions, signatures; to fund officers, reports to read and payments to confirm. Run it "
        "every day or every week: a second run sends only what could not leave."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = send_reminders(at=timezone.now())
        self.stdout.write(
            f"reminders: {done.left} sent, {done.before} sent before this week, "
            f"{done.failed} could not leave"
        )
        if done.failed:
            msg = (
                f"{done.failed} reminders could not leave. Check the mail server, then run again: "
                "only these are sent."
            )
            raise CommandError(msg)
