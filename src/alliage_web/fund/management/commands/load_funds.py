"""Load the funds that ship with the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from alliage.fund.records import load_funds
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.fund.actions import UnknownOrganisationsError, load_fund

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Load what public documents say of the funds that support alliances. The organisations "
        "come first: alliage-web load-reference. Everything is loaded or nothing is; a second run "
        "changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            nargs="?",
            type=Path,
            help="folder of YAML files, one a fund (default: the data that ship with Alliage)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            records = load_funds(options["folder"] or data_directory() / "fund")
            with transaction.atomic():
                loaded = [load_fund(record=record, by=None, at=at) for record in records]
        except (InvalidFilesError, UnknownOrganisationsError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            for fund, written in loaded:
                self.stdout.write(f"{fund.code}: {'loaded' if written else 'already there'}")
