"""Load the books of supports that ship with the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from alliage.fund.support.support_records import load_books
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.fund.actions.supports import UnknownNamesError, load_book

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Load what public documents say that funds gave to alliances. The funds and the alliances "
        "come first: alliage-web load-funds, import-cases. Everything is loaded or nothing is; a "
        "second run changes nothing, and leaves what people changed as it is."
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
            books = load_books(options["folder"] or data_directory() / "fund" / "supports")
            with transaction.atomic():
                written = [(book, load_book(book=book, by=None, at=at)) for book in books]
        except (InvalidFilesError, UnknownNamesError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            for book, count in written:
                self.stdout.write(f"{book.fund}: {count} supports written")
