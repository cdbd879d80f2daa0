"""Check a backup without restoring it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from alliage.safekeeping.archives import ArchiveError
from alliage_web.site import actions

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from alliage.safekeeping.backups import Manifest


class Command(BaseCommand):
    help = (
        "Read a backup from end to end and compare everything with its manifest. Nothing is "
        "written. No database is needed."
    )

    # Pages may be broken, or the settings poor: that is when this is needed most.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file made by alliage-web backup")

    def handle(self, *_args: Any, **options: Any) -> None:
        self.stdout.write(verify(options["file"]))


def verify(file: Path) -> str:
    """Check a backup and say what it holds."""
    try:
        with actions.read_backup(file) as backup:
            backup.check()
    except (ArchiveError, OSError) as error:
        msg = f"{file} cannot be restored. {error}"
        raise CommandError(msg) from error
    manifest = backup.manifest
    return (
        f"{file} is whole. {describe(manifest)}\n"
        f"Made on {manifest.made_at:%Y-%m-%d at %H:%M:%S} UTC by Alliage {manifest.alliage} "
        f"on {manifest.engine} {manifest.engine_version}.\n"
        f"Fingerprint: {backup.fingerprint}"
    )


def describe(manifest: Manifest) -> str:
    """Say in a line what a backup holds."""
    head = manifest.audit
    chain = f"audit chain up to position {head.position:,}" if head else "no audit chain"
    return (
        f"{manifest.rows:,} rows in {len(manifest.tables)} tables, {len(manifest.files):,} files "
        f"({manifest.bytes_of_files / 1e6:.1f} MB), {chain}."
    )
