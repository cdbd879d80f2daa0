"""Restore a backup in an empty place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console

from alliage.safekeeping.archives import ArchiveError
from alliage_web.site import actions

from .verify_backup import describe

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from alliage_web.site.actions import Restored


class Command(BaseCommand):
    help = (
        "Restore a backup in an empty database and an empty folder of files, with the server "
        "stopped. Everything is checked first. It is all or nothing: after a failure or a power "
        "cut, run it again. A backup made on SQLite can be restored on PostgreSQL, and the reverse."
    )

    # Pages may be broken, or the settings poor: that is when this is needed most.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file made by alliage-web backup")

    def handle(self, *_args: Any, **options: Any) -> None:
        console = Console(stderr=True, quiet=not self.stdout.isatty())
        try:
            with console.status("Restoring") as shown:
                done = actions.restore(file=options["file"], at=timezone.now(), tell=shown.update)
        except (ArchiveError, DatabaseError, OSError) as error:
            msg = f"Nothing was restored. {error}"
            raise CommandError(msg) from error
        self._tell(done)

    def _tell(self, done: Restored) -> None:
        for path in done.removed:
            self.stdout.write(f"Removed {path}, left by a restore that did not end.")
        self.stdout.write(f"Restored: {describe(done.manifest)}")
        self.stdout.write(f"Fingerprint: {done.fingerprint}")
        self.stdout.write(
            "Then run alliage-web apply-retention with the list of erasures in its place: it "
            "erases again the people whom the backup brought back."
        )
        for missing in done.manifest.missing_files:
            self.stderr.write(f"Missing: a row names {missing}, which the backup had not.")
        if not done.is_current:
            self.stdout.write(
                "The backup is older than this version: run alliage-web migrate, then "
                "alliage-web rebuild-search, before you start the server."
            )
        if done.chain is not None and not done.chain.is_whole:
            self.stderr.write(
                f"The audit chain was already broken when the backup was made: "
                f"{done.chain.breaks[0]}. See alliage-web audit verify."
            )
