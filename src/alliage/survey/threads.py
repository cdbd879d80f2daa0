"""Work on several columns at once: NumPy, SciPy and Polars leave the interpreter free meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Item = TypeVar("Item")
    Result = TypeVar("Result")


def on_each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do a work on each item, on all the cores; the first refusal is raised.

    Examples
    --------
    >>> on_each(len, ["a", "bcd"])
    [1, 3]
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, items))
