"""Work on several columns at once: NumPy, SciPy and Polars leave the interpreter free meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alliage.survey.arrays import Ints

    Result = TypeVar("Result")
    Asked = ParamSpec("Asked")

#: With fewer rows, threads cost more than they save.
_MANY = 50_000

#: Parts of a work that cores share.
_PARTS = 8


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


def shared(ends: Ints) -> tuple[list[int], list[int]]:
    """Cut things in parts, which cores share, that are about as large.

    Parameters
    ----------
    ends : array of int, shape (N + 1,)
        Where each thing begins, and the end of the last one.

    Returns
    -------
    tuple of list of int
        The first thing of each part, and the first of the next one.

    Examples
    --------
    >>> shared(np.array([0, 90, 95, 100]))
    ([0, 1], [1, 3])
    """
    wanted = np.arange(1, _PARTS) * (ends[-1] / _PARTS)
    cuts = np.unique([0, *np.searchsorted(ends, wanted), len(ends) - 1]).tolist()
    return cuts[:-1], cuts[1:]


def small_products(work: Callable[Asked, Result]) -> Callable[Asked, Result]:
    """Let a function keep the products of its matrices, which are small, on one core.

    The threads of a library of linear algebra (BLAS) gain nothing there, and keep the other cores
    busy while they wait for the next product. What others compute meanwhile is on one core too;
    all the cores are given back soon after nobody needs it any more.

    Examples
    --------
    >>> @small_products
    ... def double(value):
    ...     return 2 * value
    >>> double(4)
    8
    """

    @wraps(work)
    def kept(*args: Asked.args, **kwargs: Asked.kwargs) -> Result:
        with _ONE_CORE:
            return work(*args, **kwargs)

    return kept


class _OneCore:
    """Linear algebra on one core, as long as somebody wants it.

    Some libraries obey the thread alone that set a limit first: one thread sets them all. Nobody
    waits for it, since products are right on any number of cores.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._wanted: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._obey, name="cores of linear algebra", daemon=True)

    def __enter__(self) -> None:
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()
            if self._users == 0:
                self._wanted.put(True)  # noqa: FBT003 - what is wanted
            self._users += 1

    def __exit__(self, *_refusal: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._wanted.put(False)  # noqa: FBT003 - what is wanted

    def _obey(self) -> None:
        controller = ThreadpoolController()
        # One wants it, then nobody does, by turns.
        while self._wanted.get():
            with controller.limit(limits=1, user_api="blas"):
                self._wanted.get()


_ONE_CORE = _OneCore()
