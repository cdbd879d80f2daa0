"""Loops over respondents that Numba compiles, where it is installed.

They are an accelerator: whoever calls `compiled` does the same work with NumPy where there is
nothing to call, in more passes, and the results are equal but for rounding. Here rows are read one
by one, in the plainest Python that a compiler understands; unsigned numbers spare it a test for
indices that count from the end.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alliage.survey.arrays import Booleans, Bytes, Floats, Integers, Ints, SmallInts, Unsigned

    Asked = ParamSpec("Asked")
    Given = TypeVar("Given")
    Small = TypeVar("Small", SmallInts, Unsigned, Integers)

#: An odd number: a product with it mixes the bits of another; and its multiples to be tried.
_ODD = 0x9E3779B97F4A7C15
_TURNS = 15

#: With fewer rows, NumPy is as fast.
MANY = 50_000


def compiled(loop: Callable[Asked, Given], rows: int) -> Callable[Asked, Given] | None:
    """Return a loop as machine code.

    Parameters
    ----------
    loop : callable
        One of this module.
    rows : int
        How many it will go through.

    Returns
    -------
    callable or None
        ``None`` if rows are too few to be worth it, or what `alliage[fast]` adds is not installed,
        or Numba is told not to compile (``NUMBA_DISABLE_JIT=1``): do the work with NumPy.

    Examples
    --------
    >>> compiled(sort, rows=10) is None
    True
    """
    return _compiled(loop) if rows >= MANY else None


@cache
def _compiled(loop: Callable[Asked, Given]) -> Callable[Asked, Given] | None:
    if any(importlib.util.find_spec(name) is None for name in ("numba", "filelock")):
        return None
    # Imported when first needed: it takes longer than a small survey.
    numba = importlib.import_module("numba")
    if numba.config.DISABLE_JIT:
        return None
    importlib.import_module("alliage.survey.vectors")
    options = {"nogil": True, "error_model": "numpy"}
    try:
        made = numba.njit(loop, cache=True, **options)
    except RuntimeError:
        # There is nowhere to keep the machine code: each process makes its own.
        made = numba.njit(loop, **options)
    else:
        made.compile = _alone(made.compile, Path(made.stats.cache_path))
    found: Callable[Asked, Given] = made
    return found


def _alone(compile_: Callable[Asked, Given], folder: Path) -> Callable[Asked, Given]:
    """Let one process at a time make machine code, or read it where it is kept.

    Numba keeps the code of a loop for each type of arguments in a file with a number. Two processes
    that made it for two types would take the same number, and each then read what the other wrote.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Users who share the folder share the lock.
    lock = importlib.import_module("filelock").FileLock(folder / "loops.lock", mode=0o666)

    def alone(*args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        with lock:
            return compile_(*args, **kwargs)

    return alone


def spanned(parts: Sequence[Small]) -> tuple[Small, Ints]:
    """Return an array over the memory of others, and where each of these begins in it.

    Compiled loops take no list of arrays, and to put them together would move them once more.

    Parameters
    ----------
    parts : sequence of array
        Of one type, each without gaps. They are to be kept as long as what is returned, which holds
        their numbers where they are, and elsewhere what is not to be read.

    Examples
    --------
    >>> numbers = np.arange(10)
    >>> span, begins = spanned([numbers[7:], numbers[2:5]])
    >>> begins.tolist(), span[begins[0]].item()
    ([5, 0], 7)
    """
    places = [part.__array_interface__["data"][0] for part in parts]
    first = parts[int(np.argmin(places))]
    begins = (np.array(places, dtype=np.int64) - min(places)) // first.itemsize
    size = max(begin + part.size for begin, part in zip(begins.tolist(), parts, strict=True))
    return as_strided(first, (size,), (first.itemsize,), writeable=False), begins


def unsigned(codes: Integers) -> Unsigned:
    """Return codes as what loops read fastest; -1 is then the largest number."""
    return codes.view(f"u{codes.itemsize}")


def extremes(numbers: Small, begins: Ints, ends: Ints, low: Small, high: Small) -> None:
    """Find the lowest and the highest number of each stretch of an array.

    Parameters
    ----------
    numbers : array of int
    begins, ends : array of int, shape (S,)
        The stretches, none of which is empty.
    low, high : array of int, shape (S,)
        To be filled.
    """
    for stretch in range(begins.size):
        own = numbers[begins[stretch] : ends[stretch]]
        least = most = own[0]
        for row in range(own.size):
            least, most = min(least, own[row]), max(most, own[row])
        low[stretch], high[stretch] = least, most


def look_up(table: SmallInts, places: Unsigned, found: SmallInts) -> None:
    """Fill ``found``, which may be in the memory of ``places``, with what a table has there."""
    for row in range(places.size):
        found[row] = table[places[row]]


def narrow(values: Integers, low: np.uint64, span: np.uint64, places: Bytes) -> bool:
    """Fill ``places`` with whole numbers less the lowest; tell whether all are below ``span``."""
    farthest = np.uint64(0)
    for row in range(values.size):
        # A number below the lowest goes around, and is far beyond.
        place = np.uint64(values[row]) - low
        farthest = max(farthest, place)
        places[row] = place
    return bool(farthest < span)


def sort(cells: Unsigned, free: Unsigned, places: Unsigned) -> None:
    """Give each row its place in the order of cells, those of a cell staying in theirs.

    Parameters
    ----------
    cells : array of unsigned, shape (n,)
        The cell of each row.
    free : array of uint64, shape (J,)
        Where each cell begins; then where it ends.
    places : array of uint32, shape (n,)
        To be filled.
    """
    for row in range(cells.size):
        place = free[cells[row]]
        places[row] = place
        free[cells[row]] = place + np.uint64(1)


def gather(
    codes: Unsigned,
    weights: Floats,
    first: Ints,
    respondents: Floats,
    total: Floats,
    squares: Floats,
    smallest: Floats,
    largest: Floats,
) -> None:
    """Sum up weights by code, in arrays that start from nothing.

    Parameters
    ----------
    codes : array of unsigned, shape (n,)
    weights : array of float, shape (n,)
    first : array of int, shape (J,)
        The first row of each code.
    respondents, total, squares : array of float, shape (J,)
        Their number, the sums of their weights and of the squares.
    smallest, largest : array of float, shape (J,)
        The extremes of their weights, from infinity and 0 on.
    """
    for row in range(codes.size):
        code, weight = codes[row], weights[row]
        if respondents[code] == 0:
            first[code] = row
        respondents[code] += 1.0
        total[code] += weight
        squares[code] += weight * weight
        smallest[code] = min(smallest[code], weight)
        largest[code] = max(largest[code], weight)


def cross(
    answers: Unsigned, added: np.uint64, last: np.uint64, times: np.uint64, codes: Unsigned
) -> bool:
    """Add answers to codes, as the next digit of these.

    Parameters
    ----------
    answers : array of unsigned, shape (m,)
    added : uint64
        What is added to an answer, so that 0 is no answer and 1 the first level: numbers go around.
    last : uint64
        The rank of the last level, if answers may be none of them; else the largest number.
    times : uint64
        By what an answer is multiplied.
    codes : array of unsigned, shape (m,) or more
        To be added to.

    Returns
    -------
    bool
        Whether every answer that may be none of the levels is one.
    """
    kept, kind = answers.dtype.type, codes.dtype.type
    farthest = kept(0)
    for row in range(np.uint64(answers.size)):
        answer = kept(answers[row] + kept(added))
        farthest = max(farthest, kept(answer - kept(1)))
        codes[row] = kind(codes[row] + kind(kind(answer) * kind(times)))
    return bool(farthest <= last)


def pack(
    answers: Unsigned,
    begins: Ints,
    tables: Unsigned | None,
    factors: Unsigned,
    places: Unsigned,
    crossed: Unsigned,
    words: Unsigned,
    weights: Floats | None,
    sorted_weights: Floats | None,
) -> bool:
    """Write the answers to some questions in the bits of words, and put these at their places.

    Questions whose answers are crossed make one code; the code takes its bits in a word.

    Parameters
    ----------
    answers : array of unsigned
        Where the answers are kept, as numbers or as `meet` reads texts.
    begins : array of int, shape (Q, 3)
        Where the answers of m rows to each question begin there; for texts, where the table begins
        and ends that they are looked up in.
    tables : array of uint64, or None
        Where the tables of texts are kept: see `spread`; ``None`` for numbers.
    factors : array of uint64, shape (Q, 6)
        What `cross` is told, then the word, its first bit, and whether the question is the last of
        those that are crossed.
    places : array of uint32, shape (m,)
        Where the words of each row go.
    crossed : array of unsigned, shape (B,)
        Zeros, in the type of codes: so many rows stay near the processor until the last question is
        written.
    words : array of uint64, shape (n, W)
        To be filled there.
    weights : array of float, shape (m,), or None
        The weight of each row.
    sorted_weights : array of float, shape (n,), or None
        To be filled with weights at the same places.

    Returns
    -------
    bool
        Whether every answer that may be none of the levels is one.
    """
    packed = np.zeros((words.shape[1], crossed.size), dtype=np.uint64)
    within = True
    for start in range(0, places.size, crossed.size):
        own_places = places[start : start + crossed.size]
        size = np.uint64(own_places.size)
        for question in range(len(begins)):
            codes = crossed[: own_places.size]
            within &= cross_kept(answers, begins[question], start, tables, factors[question], codes)
            if factors[question, 5]:
                held, bit = packed[factors[question, 3]], factors[question, 4]
                for row in range(size):
                    held[row] += np.uint64(crossed[row]) << bit
                crossed[:] = 0
        for row in range(size):
            place = np.uint64(own_places[row])
            for word in range(len(packed)):
                words[place, word] = packed[word, row]
            if weights is not None and sorted_weights is not None:
                sorted_weights[place] = weights[np.uint64(start) + row]
        packed[:] = 0
    return bool(within)


def cross_kept(
    answers: Unsigned,
    begins: Ints,
    start: int,
    tables: Unsigned | None,
    factors: Unsigned,
    codes: Unsigned,
) -> bool:
    """Add the answers to a question from a row on to codes, as `pack` is told of them."""
    begin, table, end = begins
    if tables is None:
        own = answers[begin + start : begin + start + codes.size]
        return cross(own, factors[0], factors[1], factors[2], codes)
    own = answers[begin + 2 * start : begin + 2 * (start + codes.size)]
    return cross_texts(own, None, tables[table:end], factors[2], codes)


def add_up(  # noqa: C901 - a loop in parts would go through memory between them
    words: Unsigned,
    weights: Floats | None,
    ends: Ints,
    fields: Unsigned,
    columns: Unsigned,
    respondents: Floats,
    sums: Floats,
    squares: Floats,
) -> None:
    """Sum the answers of questions, some of which were crossed, by cell.

    Parameters
    ----------
    words : array of uint64, shape (n, W)
        The answers of rows in the order of cells, packed.
    weights : array of float, shape (n,), or None
        In the same order; ``None`` if they do not matter.
    ends : array of int, shape (J + 1,)
        Where each cell begins, and the end.
    fields : array of uint64, shape (F, 4)
        Where crossed answers stand: the word, its first bit, as many bits set as the field has,
        and the number of the first answer.
    columns : array of uint64, shape (E, 2)
        Crossed answers and columns that they count in.
    respondents : array of float, shape (J, A + Q)
        To be filled with their number.
    sums, squares : array of float, shape (J, A)
        To be filled with totals of weights and of their squares, for the first columns; or of no
        column.
    """
    # Four numbers of each crossed answer, in a row: respondents, weights, squares, and nothing. One
    # answer more takes what the last field has no other to be read with.
    four = np.uint64(4)
    held = np.empty((columns[-1, 0] + np.uint64(2)) * four)
    alone = np.array([0, 0, 0, columns[-1, 0] + np.uint64(1)], dtype=np.uint64)
    near = np.empty((words.shape[1], 512), dtype=np.uint64)
    values = np.zeros(near.shape[1] * four)
    values[::4] = 1.0
    totals = np.empty(np.uint64(respondents.shape[1]) * four)
    for cell in range(ends.size - 1):
        held[:] = 0.0
        # So many rows stay near the processor while every field is read.
        for start in range(ends[cell], ends[cell + 1], near.shape[1]):
            size = np.uint64(min(ends[cell + 1] - start, near.shape[1]))
            for row in range(size):
                at = np.uint64(start) + row
                for word in range(len(near)):
                    near[word, row] = words[at, word]
                if weights is not None:
                    values[row * four + np.uint64(1)] = weights[at]
                    values[row * four + np.uint64(2)] = weights[at] * weights[at]
            # Two at once: the processor adds to one while it waits for the other.
            for field in range(0, len(fields), 2):
                one = fields[field]
                two = fields[field + 1] if field + 1 < len(fields) else alone
                some, shift, mask, first = near[one[0]], one[1], one[2], one[3]
                others, bit, last, begin = near[two[0]], two[1], two[2], two[3]
                for row in range(size):
                    add_four(held, (first + (some[row] >> shift & mask)) * four, values, row * four)
                    add_four(held, (begin + (others[row] >> bit & last)) * four, values, row * four)
        totals[:] = 0.0
        for entry in range(len(columns)):
            add_four(totals, columns[entry, 1] * four, held, columns[entry, 0] * four)
        for column in range(respondents.shape[1]):
            respondents[cell, column] = totals[4 * column]
        for column in range(sums.shape[1]):
            sums[cell, column], squares[cell, column] = totals[4 * column + 1 : 4 * column + 3]


def add_four(totals: Floats, at: np.uint64, values: Floats, place: np.uint64) -> None:
    """Add four numbers, from a place of an array on, to four others: one instruction, compiled."""
    totals[at : at + np.uint64(4)] += values[place : place + np.uint64(4)]


def meet(
    views: Unsigned,
    begins: Ints,
    ends: Ints,
    answered: Booleans | None,
    starts: Ints,
    first: Ints,
    counts: Ints,
) -> None:
    """Find the places where the texts of stretches are kept, and the first row of each.

    Parameters
    ----------
    views : array of uint64
        Texts as Arrow writes them, two numbers for each: itself if it is short, else where it is
        kept.
    begins, ends : array of int, shape (S,)
        The numbers of each stretch.
    answered : array of bool, or None
        Which rows hold a text; ``None`` for all.
    starts : array of int, shape (S,)
        The first row of each stretch there.
    first : array of int, shape (S, M)
        To be filled with rows, counted from the first of the stretch.
    counts : array of int, shape (S,)
        To be filled with the number of places; -1 if they would be more than M.
    """
    most = first.shape[1]
    shift = np.uint64(63)
    while np.uint64(4 * most) >> (np.uint64(64) - shift):
        shift -= np.uint64(1)
    size = np.uint64(1) << (np.uint64(64) - shift)
    row_of = np.empty(size, dtype=np.int64)
    for stretch in range(begins.size):
        own = views[begins[stretch] : ends[stretch]]
        row_of[:] = -1
        found = 0
        for row in range(own.size // 2):
            if answered is not None and not answered[starts[stretch] + row]:
                continue
            one, other = own[2 * row], own[2 * row + 1]
            at = ((one ^ other) * np.uint64(_ODD)) >> shift
            while row_of[at] >= 0 and (
                own[2 * row_of[at]] != one or own[2 * row_of[at] + 1] != other
            ):
                at = (at + np.uint64(1)) & (size - np.uint64(1))
            if row_of[at] < 0:
                if found == most:
                    found = -1
                    break
                row_of[at] = first[stretch, found] = row
                found += 1
        counts[stretch] = found


def spread(views: Unsigned, begins: Ints, first: Ints, ranks: Unsigned, tables: Unsigned) -> None:
    """Put texts at places of tables that mixed bits of where they are kept tell.

    Parameters
    ----------
    views : array of uint64
    begins : array of int, shape (S,)
    first : array of int, shape (S, M)
        As for `meet`: a table is made for each stretch.
    ranks : array of uint64, shape (S, M')
        The rank of the text of each of these rows, from 1 on; 0 for what is to be left out.
    tables : array of uint64, shape (S, 2 + 3 P)
        To be filled. Each begins with the odd number that bits are mixed with, and how many of them
        tell no place. Then, with P a power of two: where a text is kept, and its rank; 0 where
        there is none, with the length 0 of a text and what no such text goes with.
    """
    size = np.uint64(tables.shape[1] // 3)
    shift = np.uint64(64)
    while np.uint64(1) << (np.uint64(64) - shift) < size:
        shift -= np.uint64(1)
    for table in range(len(tables)):
        held = tables[table, 2:].reshape(-1, 3)
        # To mix bits otherwise may give each text a place of its own: it is found at once.
        for turn in range(1, _TURNS, 2):
            odd = np.uint64(turn) * np.uint64(_ODD)
            held[:, 0], held[:, 1], held[:, 2] = 0, 1, 0
            alone = True
            for text in range(ranks.shape[1]):
                if not ranks[table, text]:
                    continue
                place = begins[table] + 2 * first[table, text]
                one, other = views[place], views[place + 1]
                at = ((one ^ other) * odd) >> shift
                while held[at, 2]:
                    at = (at + np.uint64(1)) & (size - np.uint64(1))
                    alone = False
                held[at, 0], held[at, 1], held[at, 2] = one, other, ranks[table, text]
            tables[table, 0], tables[table, 1] = odd, shift
            if alone:
                break


def cross_texts(
    views: Unsigned, answered: Booleans | None, table: Unsigned, times: np.uint64, codes: Unsigned
) -> bool:
    """Add answers that are texts to codes, as the next digit of these: see `cross`.

    Parameters
    ----------
    views : array of uint64, shape (2 m,)
        Texts as Arrow writes them: see `meet`.
    answered : array of bool, shape (m,), or None
        Which rows hold a text; ``None`` for all.
    table : array of uint64, shape (2 + 3 P,)
        Where they are looked up: see `spread`.
    times : uint64
        By what a rank is multiplied; 0 is that of no answer.
    codes : array of unsigned, shape (m,) or more
        To be added to.

    Returns
    -------
    bool
        Whether every text is in the table; else codes are not added to, to the end.
    """
    kind = codes.dtype.type
    odd, shift = table[:2]
    held = table[2:].reshape(-1, 3)
    last = np.uint64(len(held) - 1)
    for row in range(np.uint64(views.size // 2)):
        if answered is not None and not answered[row]:
            continue
        one, other = views[np.uint64(2) * row], views[np.uint64(2) * row + np.uint64(1)]
        at = ((one ^ other) * odd) >> shift
        while held[at, 0] != one or held[at, 1] != other:
            if not held[at, 2]:
                return False
            at = (at + np.uint64(1)) & last
        codes[row] = kind(codes[row] + kind(kind(held[at, 2]) * kind(times)))
    return True
