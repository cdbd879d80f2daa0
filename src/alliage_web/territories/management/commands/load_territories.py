"""Load a vintage of the official French geography."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from alliage.territories import vintages
from alliage.territories.outlines import OutlinesError, read_outlines
from alliage.territories.projection import Plane
from alliage.values.datafiles import data_directory
from alliage_web.territories import actions, queries

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

    from alliage.territories.outlines import Outline

_STEPS = 5


class Command(BaseCommand):
    help = (
        "Load a vintage of the official French geography: country, regions, departments, "
        "intercommunal bodies, communes, municipal arrondissements, former commune codes, outlines "
        "and neighbours. Run it again whenever you like: nothing is written twice. A newer vintage "
        "stands beside the older ones and becomes the one that pages show."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            help=(
                "folder of the vintage, with vintage.yaml and the Parquet files "
                "(default: the vintage that ships with Alliage)"
            ),
        )
        parser.add_argument(
            "--year",
            type=int,
            help="year of the vintage, among those shipped (default: the newest); with --folder, "
            "the year it must be of",
        )
        parser.add_argument(
            "--keep-current",
            action="store_true",
            help="load it without making it the vintage that pages show",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            report = self._load(options["folder"], options["year"], options["keep_current"])
        except (vintages.VintageError, OutlinesError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_sentence(report))

    def _load(
        self,
        folder: Path | None,
        year: int | None,
        keep_current: bool,  # noqa: FBT001
    ) -> actions.LoadReport:
        folder = folder or _shipped(year)
        found = vintages.year_of(folder)
        if year is not None and year != found:
            msg = (
                f"The folder {folder} holds the vintage {found}, not {year}. Give the folder of "
                f"{year}, or --year {found}."
            )
            raise CommandError(msg)
        fingerprint = vintages.fingerprint(folder)
        if queries.is_loaded(found, fingerprint):
            became_current = actions.make_current(year=found, keep_current=keep_current)
            return actions.LoadReport(found, changed=False, became_current=became_current)
        with _progress(interactive=self.stdout.isatty()) as tell:
            tell("reading the files")
            vintage = vintages.read_vintage(folder)
            tell("reading the outlines")
            return actions.load_vintage(
                vintage=vintage,
                outlines=_outlines(folder),
                fingerprint=fingerprint,
                keep_current=keep_current,
                by=None,
                at=timezone.now(),
                tell=tell,
            )


def _shipped(year: int | None) -> Path:
    parent = data_directory() / "territories"
    years = sorted(int(path.name) for path in parent.iterdir() if path.name.isdigit())
    if not years or (year is not None and year not in years):
        shipped = ", ".join(map(str, years)) or "none"
        msg = (
            f"No vintage {year or ''} ships with Alliage (shipped: {shipped}). Give the folder of "
            "the vintage with --folder."
        )
        raise CommandError(msg)
    return parent / str(year or years[-1])


def _outlines(folder: Path) -> dict[str, Outline]:
    """Read the outlines; a vintage may come without them."""
    path = folder / vintages.OUTLINES_FILE
    if not path.is_file():
        return {}
    return read_outlines(path, Plane.read(folder / vintages.PLANE_FILE))


@contextmanager
def _progress(*, interactive: bool) -> Iterator[Callable[[str], None]]:
    """Show the step under way when a person watches; stay silent in a script."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not interactive) as progress:
        task = progress.add_task("", total=_STEPS)

        def tell(step: str) -> None:
            progress.update(task, advance=1, description=step, refresh=True)

        yield tell


def _sentence(report: actions.LoadReport) -> str:
    current = " It is now the current one." if report.became_current else ""
    if not report.changed:
        return f"Vintage {report.year}: the files were loaded before, nothing changed.{current}"
    return (
        f"Vintage {report.year}: {report.territories:,} territories ({report.created:,} new), "
        f"{report.successions:,} former codes, {report.outlines:,} outlines and "
        f"{report.neighbours:,} links between neighbours.{current}"
    )
