"""Load the alliances that ship with the platform, and publish them as inspiring examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.alliances.records import load_alliances
from alliage.knowledge.library import load_library
from alliage.knowledge.sheets import load_boilerplate, load_sheet
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import FileProblem, InvalidFilesError
from alliage_web.alliances.actions import UnknownReferencesError
from alliage_web.knowledge import actions
from alliage_web.knowledge.queries import documents_count, known_codes

from .rebuild_search import progress, read_meanings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from django.core.management.base import CommandParser

    from alliage.alliances.records import AllianceRecord
    from alliage.knowledge.library import LibraryRecord
    from alliage.knowledge.sheets import SheetContent
    from alliage_web.knowledge.actions import CasesLoad

_BOILERPLATE = "boilerplate.yaml"


class Command(BaseCommand):
    help = (
        "Load the alliances, publish each as an inspiring example, load the full case sheets, and "
        "the tools, publications and events of the library; then bring the search up to date. "
        "Territories and referentials come first: alliage-web load-territories, then alliage-web "
        "load-reference. Everything is loaded or nothing is; a second run changes nothing, and "
        "what people changed in the interface stays as they wrote it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            help=(
                "folder that holds alliances/, sheets/ and reference/library.yaml "
                "(default: the data that ship with Alliage)"
            ),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder = options["folder"] or data_directory()
        interactive = self.stdout.isatty()
        try:
            alliances, sheets, library = _read(folder)
            with actions.paused():
                report = actions.load_cases(
                    alliances=alliances,
                    sheets=sheets,
                    library=library,
                    by=None,
                    at=timezone.now(),
                )
        except (InvalidFilesError, UnknownReferencesError) as error:
            raise CommandError(str(error)) from error
        with progress("Words", documents_count(), interactive=interactive) as advance:
            indexed = actions.refresh(progress=advance)
        if options["verbosity"]:
            self._tell(report)
            self.stdout.write(f"search: {indexed.written} documents indexed")
        meanings = read_meanings(interactive=interactive)
        if options["verbosity"]:
            self.stdout.write(meanings)

    def _tell(self, report: CasesLoad) -> None:
        for kind, counts in report.counts.items():
            self.stdout.write(
                f"{kind}: {counts['created']} created, {counts['updated']} updated, "
                f"{counts['unchanged']} unchanged"
            )
        for kept in report.kept:
            self.stdout.write(f"  kept as a person wrote it: {kept}")
        if report.changed_nothing:
            self.stdout.write("Everything was already there: nothing was written.")


def _read(
    folder: Path,
) -> tuple[list[AllianceRecord], list[SheetContent], tuple[LibraryRecord, ...]]:
    codes = known_codes()
    alliances = load_alliances(folder / "alliances", codes=codes)
    sheets = _read_sheets(folder / "sheets", alliances, codes["catalyst_functions"])
    library = load_library(folder / "reference" / "library.yaml", codes=codes)
    return alliances, sheets, library


def _read_sheets(
    folder: Path, alliances: Sequence[AllianceRecord], functions: Collection[str]
) -> list[SheetContent]:
    boilerplate = load_boilerplate(folder / _BOILERPLATE)
    records: Mapping[str, AllianceRecord] = {item.id: item for item in alliances}
    sheets: list[SheetContent] = []
    problems: list[FileProblem] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == _BOILERPLATE:
            continue
        if path.stem not in records:
            message = f"« {path.stem} » is no alliance. Name the file after its alliance."
            problems.append(FileProblem(path.name, "file", message))
            continue
        try:
            sheets.append(
                load_sheet(
                    path,
                    record=records[path.stem],
                    boilerplate=boilerplate,
                    catalyst_functions=functions,
                )
            )
        except InvalidFilesError as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidFilesError(problems)
    return sheets
