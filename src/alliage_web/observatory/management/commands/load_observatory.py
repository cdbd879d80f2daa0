"""Load the studies and figures that ship with the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.observatory.studies.catalogue import read_catalogue
from alliage.observatory.studies.figures import read_figures
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.observatory.actions import load_observatory

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Load programmes, studies, waves, questions and the figures that public documents state. "
        "What researchers wrote on the pages stays. Everything is loaded or nothing is; a second "
        "run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            nargs="?",
            type=Path,
            help="folder of studies.yaml, questions.yaml and figures.yaml (default: the data that "
            "ship with Alliage)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder = options["folder"] or data_directory() / "observatory"
        try:
            catalogue = read_catalogue(folder)
            figures = read_figures(folder / "figures.yaml", catalogue)
        except InvalidFilesError as error:
            raise CommandError(str(error)) from error
        loaded = load_observatory(catalogue=catalogue, figures=figures, at=timezone.now())
        if options["verbosity"]:
            self.stdout.write(
                f"{loaded.catalogue} entries of the catalogue, {loaded.figures} figures and "
                "disagreements written; "
                f"{len(figures.published)} figures of {len(figures.figures)} are published."
            )
