"""Gather by twelve those who agreed to be counted together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from alliage_web.positioning.actions.packets import form_packets
from alliage_web.positioning.queries.collective import is_time_to_form, next_quarter

if TYPE_CHECKING:
    import datetime as dt


class Command(BaseCommand):
    help = (
        "Gather by twelve the results of self-positioning whose authors agreed to be counted, once "
        "a quarter: run it every day, what was done is not done again."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        now = timezone.now()
        day = timezone.localdate(now)
        if not is_time_to_form(day):
            self.stdout.write(f"Done this quarter already. Next: from {next_quarter(day)}.")
            return
        self.stdout.write(self._told(day, now))

    def _told(self, day: dt.date, now: dt.datetime) -> str:
        formed = form_packets(day=day, at=now)
        if not formed:
            return "Fewer than twelve people are waiting: no packet is formed."
        return f"{len(formed)} packets are formed. Next: from {next_quarter(day)}."
