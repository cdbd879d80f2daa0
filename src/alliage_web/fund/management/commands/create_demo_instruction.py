"""Write the instruction of the demonstration: applications in every state, reviews, a committee."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from alliage_web.fund.management.demonstration.dossiers import REOPEN, find_dossier
from alliage_web.fund.management.demonstration.instruction import (
    MEMBERS,
    REVIEWERS,
    tell_instruction,
)
from alliage_web.fund.management.demonstration.story import call_of, open_story, told_at_once


class Command(BaseCommand):
    help = (
        "Write invented applications of the demonstration in every state, with their reviews and "
        "the meetings of the committee. Refused elsewhere. A second run changes nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        story = open_story("sacha", "maxime", "camille", *REVIEWERS, *MEMBERS)
        if story.fund.meetings.exists():
            self.stdout.write(f"{story.fund.code}: the committee already met, left as it is")
            return
        call = call_of(story)
        with told_at_once():
            tell_instruction(story, call, find_dossier(story.fund, REOPEN).alliance)
        held = story.fund.meetings.count()
        self.stdout.write(f"{story.fund.code}: invented instruction written, {held} meetings")
