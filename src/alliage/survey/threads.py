"""Work on several columns at once: NumPy, SciPy and Polars leave the interpreter free meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Result = TypeVar("Result")

#: With fewer rows, threads cost more than they save.
_MANY = 50_000


def on_each(work: Callable[..., Result], *items: Iterable[Any], rows: int) -> list[Result]:
    """Do a work on each item, on all the cores if rows are many; the first refusal is raised.

    As with `map`, a work of two items takes one of each series.

    Examples
    --------
    >>> on_each(len, ["a", "bcd"], rows=3)
    [1, 3]
    """
    if rows < _MANY:
        return list(map(work, *items))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, *items))
