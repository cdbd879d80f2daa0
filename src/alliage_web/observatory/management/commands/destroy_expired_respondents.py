"""Destroy the files of respondents whose date is past."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from alliage_web.observatory.actions.respondent_files import destroy_expired


class Command(BaseCommand):
    help = (
        "Destroy the files of respondents whose date is past, and contents that belong to no file. "
        "What was computed from them stays. Run it every day."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = destroy_expired(at=timezone.now())
        for uuid in done.expired:
            self.stdout.write(f"destroyed: {uuid}")
        self.stdout.write(
            f"respondents: {len(done.expired)} files destroyed, "
            f"{len(done.orphans)} contents without a file removed"
        )
