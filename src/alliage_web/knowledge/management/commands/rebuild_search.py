"""Index everything again."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from alliage_web.knowledge import actions
from alliage_web.knowledge.queries import documents_count, embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Make the search index again from the published entries, the alliances and the "
        "organisations. The pages keep the index up to date by themselves: this is for after a "
        "restore, a change of the platform's version, or a doubt. The old index serves until the "
        "new one is whole. Where the extra alliage[semantic] is installed, the meaning of the "
        "passages that are new is read too, a few at a time: it may be interrupted and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--without-meaning",
            action="store_true",
            help="index the words only, and leave the meanings for another time",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        start = time.perf_counter()
        interactive = self.stdout.isatty()
        with progress("Words", documents_count(), interactive=interactive) as advance:
            report = actions.refresh(anew=True, progress=advance)
        self.stdout.write(
            f"{report.written} documents indexed in {time.perf_counter() - start:.1f} s"
        )
        if not options["without_meaning"]:
            self.stdout.write(read_meanings(interactive=interactive))


def read_meanings(*, interactive: bool) -> str:
    """Read the meanings that remain to be read, and say what was done."""
    model = embedder()
    if model is None:
        return "Search by words only: the extra alliage[semantic] is not installed, or is off."
    start = time.perf_counter()
    with progress("Meanings", actions.missing_meanings(), interactive=interactive) as advance:
        count = actions.read_meanings(progress=advance)
    return f"{count} meanings read by {model.name} in {time.perf_counter() - start:.1f} s"


@contextmanager
def progress(title: str, total: int, *, interactive: bool) -> Iterator[Callable[[int], None]]:
    """Show how far the work has come when a person watches; stay silent in a script."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not interactive) as shown:
        task = shown.add_task(title, total=total)

        def advance(count: int) -> None:
            shown.update(task, advance=count)

        yield advance
