"""Where commands write: results on the standard output, all else on the standard error."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@contextmanager
def solver_silent() -> Iterator[None]:
    """Keep off the standard output what compiled code prints there.

    HiGHS 1.12, which SciPy 1.17 holds, prints a line that none of its options stops (its issue
    2783): nothing is left but to close the way.
    """
    if sys.__stdout__ is None or sys.platform == "win32":
        yield
        return
    output = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        # What C keeps in its buffer would be written later.
        ctypes.CDLL(None).fflush(None)
        os.dup2(output, 1)
        os.close(output)
