"""Write what followed the payments of the demonstration: reports, visits, an indicator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from alliage_web.fund.management.demonstration.follow_up import tell_follow_up
from alliage_web.fund.management.demonstration.story import call_of, open_story, told_at_once
from alliage_web.fund.models import Visit


class Command(BaseCommand):
    help = (
        "Write invented reports, visits and an indicator of the agreements of the demonstration. "
        "Refused elsewhere. A second run changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        story = open_story("sacha", "maxime", "camille")
        call_of(story)
        if Visit.objects.filter(agreement__fund=story.fund).exists():
            self.stdout.write(f"{story.fund.code}: already has visits, left as they are")
            return
        with told_at_once():
            tell_follow_up(story)
        self.stdout.write(f"{story.fund.code}: invented reports and visits written")
