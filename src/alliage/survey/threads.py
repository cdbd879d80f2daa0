"""Work on several columns at once: NumPy, SciPy and Polars leave the interpreter free meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Item = TypeVar("Item")
    Result = TypeVar("Result")

#: With fewer rows, threads cost more than they save.
_MANY = 50_000


def on_each(work: Callable[[Item], Result], items: Iterable[Item], rows: int) -> list[Result]:
    """Do a work on each item, on all the cores if rows are many; the first refusal is raised.

    Examples
    --------
    >>> on_each(len, ["a", "bcd"], rows=3)
    [1, 3]
    """
    if rows < _MANY:
        return [work(item) for item in items]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, items))
