"""Save everything in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console

from alliage.safekeeping.archives import ArchiveError
from alliage_web.site import actions

from .verify_backup import describe, verify

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Save the database and the files in one file, while the server goes on. The file holds "
        "personal data and password hashes: its owner alone can read it; keep it as carefully as "
        "the database. It holds no secret of the environment: save ALLIAGE_SECRET_KEY elsewhere."
    )

    # Pages may be broken, or the settings poor: that is when this is needed most.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="where to write, for example alliage.tar")
        parser.add_argument("--force", action="store_true", help="replace the file if it is there")
        parser.add_argument(
            "--verify", action="store_true", help="check a backup instead of making it"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if options["verify"]:
            self.stdout.write(verify(file))
            return
        console = Console(stderr=True, quiet=not self.stdout.isatty())
        try:
            with console.status("Saving") as shown:
                saved = actions.back_up(
                    file=file, at=timezone.now(), force=options["force"], tell=shown.update
                )
        except (ArchiveError, DatabaseError, OSError) as error:
            msg = f"No backup was made. {error}"
            raise CommandError(msg) from error
        self.stdout.write(f"{file}: {saved.size / 1e6:.1f} MB. {describe(saved.manifest)}")
        self.stdout.write(f"Fingerprint: {saved.fingerprint}")
        for path in saved.manifest.missing_files:
            self.stderr.write(f"Missing: a row names {path}, which is not on the disk.")
        for table, reason in saved.manifest.left_out.items():
            if "no model" in reason:
                self.stderr.write(f"Not saved: the table {table}: {reason}.")
