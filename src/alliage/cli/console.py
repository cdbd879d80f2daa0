"""Where commands write: results on the standard output, all else on the standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console = Console()
errors = Console(stderr=True)


def progress(text: str) -> Progress:
    """Show that something is going on, in a terminal only."""
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        transient=True,
        console=errors,
        disable=not errors.is_terminal,
    )
    shown.add_task(text)
    return shown
