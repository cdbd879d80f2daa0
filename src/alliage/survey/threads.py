"""Work on several columns at once: NumPy, SciPy and Polars leave the interpreter free meanwhile."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial, wraps
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Result = TypeVar("Result")
    One = TypeVar("One")
    Other = TypeVar("Other")
    Asked = ParamSpec("Asked")

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


def together(one: Callable[[], One], other: Callable[[], Other], *, rows: int) -> tuple[One, Other]:
    """Do two works at once, if rows are many.

    Examples
    --------
    >>> together(lambda: 1, lambda: "a", rows=3)
    (1, 'a')
    """
    if rows < _MANY:
        return one(), other()
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(one)
        second = other()
        return first.result(), second


def small_products(work: Callable[Asked, Result]) -> Callable[Asked, Result]:
    """Let a function keep the products of its matrices, which are small, on one core.

    The threads of a library of linear algebra (BLAS) gain nothing there, and keep the other cores
    busy while they wait for the next product. What others compute meanwhile is on one core too;
    all the cores are given back when nobody needs it any more.

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
        with _blas():
            return work(*args, **kwargs)

    return kept


@cache
def _blas() -> _OneCore:
    return _OneCore()


class _OneCore:
    """Linear algebra on one core, as long as somebody wants it."""

    def __init__(self) -> None:
        self._controller = ThreadpoolController()
        self._lock = Lock()
        self._users = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._limit = _apart(partial(self._controller.limit, limits=1, user_api="blas"))
            self._users += 1

    def __exit__(self, *_refusal: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                _apart(self._limit.restore_original_limits)


def _apart(work: Callable[[], Result]) -> Result:
    """Do a work in a thread of its own.

    A limit belongs to the thread that sets it, as long as it lives: whoever ends last could not
    lift that of whoever came first.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
