"""Write the agreements of the demonstration, with what was paid."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from alliage_web.fund.management.demonstration.agreements import tell_agreements
from alliage_web.fund.management.demonstration.story import call_of, open_story, told_at_once


class Command(BaseCommand):
    help = (
        "Write invented agreements of the demonstration: paid in part, all paid, waiting for a "
        "signature, and a repayable advance. Refused elsewhere. A second run changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        story = open_story("sacha", "morgan", "maxime")
        call_of(story)
        if story.fund.agreements.exists():
            self.stdout.write(f"{story.fund.code}: already has agreements, left as they are")
            return
        with told_at_once():
            tell_agreements(story)
        written = story.fund.agreements.count()
        self.stdout.write(f"{story.fund.code}: {written} invented agreements written")
