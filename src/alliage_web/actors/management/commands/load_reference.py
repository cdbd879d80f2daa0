"""Load the referentials, the sources and the organisations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.alliances.reference import load_reference as read_reference
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.actors.actions import (
    LoadConflictError,
    UnknownReferenceError,
    load_reference,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_SHOWN = 12


class Command(BaseCommand):
    help = (
        "Load the source documents, the lists of terms (objectives, domains, functions of "
        "catalysts, goals and targets…) and the organisations of the field. Territories come "
        "first: alliage-web load-territories. Everything is loaded or nothing is; a second run "
        "changes nothing, and what people changed in the interface stays as they wrote it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            nargs="?",
            type=Path,
            help="folder of sources.yaml, terms.yaml, sdg.yaml and organisations.yaml "
            "(default: the data that ship with Alliage)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder = options["folder"] or data_directory() / "reference"
        try:
            reference = read_reference(folder)
            report = load_reference(reference=reference, by=None, at=timezone.now())
        except (InvalidFilesError, LoadConflictError) as error:
            raise CommandError(str(error)) from error
        except UnknownReferenceError as error:
            raise CommandError(_missing(error)) from error
        if options["verbosity"]:
            for name, part in report.parts.items():
                self.stdout.write(
                    f"{name}: {part.created} created, {part.updated} updated, "
                    f"{part.unchanged} unchanged"
                )
                for kept in part.kept:
                    self.stdout.write(f"  kept as a person wrote it: {kept}")
            if report.changed_nothing:
                self.stdout.write("Everything was already there: nothing was written.")


def _missing(error: UnknownReferenceError) -> str:
    if error.kind != "territory":
        return str(error)
    shown = ", ".join(error.keys[:_SHOWN])
    more = f" and {len(error.keys) - _SHOWN} others" if len(error.keys) > _SHOWN else ""
    return (
        f"organisations.yaml names territories that are not loaded: {shown}{more}. Run "
        "« alliage-web load-territories », then this command again. Nothing was loaded."
    )
