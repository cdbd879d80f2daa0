"""Texts told apart by where Arrow keeps them: a file of Parquet has each once in each part."""

from __future__ import annotations

import importlib.util
import itertools
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alliage.survey import loops

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from alliage.survey.arrays import Unsigned

#: Texts that are told apart in one part of a column.
_MOST = 255

#: Places of a table for each text: most tables then find each at once.
_PLACES = 16


class Kept(NamedTuple):
    """A column of texts that are told apart by where they are kept.

    Attributes
    ----------
    words
        The texts by rank.
    parts
        Each text of each part of the column as Arrow writes it: itself if it is short, else where
        it is kept, shape (m, 2).
    tables
        Where the texts of each part are looked up: see `loops.spread`.
    """

    words: Sequence[str]
    parts: tuple[Unsigned, ...]
    tables: tuple[Unsigned, ...]


def kept(column: pl.Series, words: Sequence[str] | None, rows: int) -> Kept | None:
    """Find where texts are kept, and put these places in tables.

    Parameters
    ----------
    column : Series
        The texts; null where there is none.
    words : sequence of str, optional
        The texts by rank: others are in no table. Those found, sorted, if not given.
    rows : int
        How many rows of each part of the column are looked at.

    Returns
    -------
    Kept or None
        ``None`` where texts are kept in many places, or where it cannot be known.
    """
    meet, spread = (loops.compiled(each, len(column)) for each in (loops.meet, loops.spread))
    parts = _views(column) if meet else []
    if meet is None or spread is None or not parts:
        return None
    views, begins = loops.spanned(parts)
    sizes = np.array(list(map(len, parts)))
    starts = np.cumsum(sizes) - sizes
    ends = begins + 2 * np.minimum(sizes, rows)
    answered = column.is_not_null().to_numpy() if column.null_count() else None
    first = np.empty((len(parts), _MOST), dtype=np.int64)
    counts = np.empty(len(parts), dtype=np.int64)
    meet(views, begins, ends, answered, starts, first, counts)
    if counts.min() < 0:
        return None
    # One by one: Polars would plan the reading of several, which takes longer.
    met = [
        [column[start + row] for row in own[:count].tolist()]
        for start, own, count in zip(starts.tolist(), first, counts.tolist(), strict=True)
    ]
    levels = words or sorted(set(itertools.chain.from_iterable(met)))
    rank_of = {text: rank for rank, text in enumerate(levels, start=1)}
    most = max(1, *map(len, met))
    ranks = [[rank_of.get(text, 0) for text in own] + [0] * (most - len(own)) for own in met]
    places = 1 << (_PLACES * most - 1).bit_length()
    tables = np.empty((len(parts), 2 + 3 * places), dtype=np.uint64)
    spread(views, begins, first, np.array(ranks, dtype=np.uint64), tables)
    return Kept(levels, tuple(parts), tuple(tables))


def _views(column: pl.Series) -> list[Unsigned]:
    """Return where the texts of each part are kept, shape (m, 2); none where it cannot be known."""
    if not _has_arrow():
        return []
    arrow = importlib.import_module("pyarrow")
    chunks = arrow.chunked_array(column)
    if chunks.type != arrow.string_view():
        return []
    return [
        np.frombuffer(chunk.buffers()[1], np.uint64, 2 * len(chunk), 16 * chunk.offset).reshape(
            -1, 2
        )
        for chunk in chunks.chunks
        if len(chunk)
    ]


@cache
def _has_arrow() -> bool:
    return importlib.util.find_spec("pyarrow") is not None
