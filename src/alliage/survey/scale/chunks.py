"""Respondents a part at a time: big files, frames, and what engines hold."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw
import polars as pl

from alliage.survey.data.csv_files import NO_ANSWER, SUFFIXES, Layout, not_encoded
from alliage.survey.data.places import Places
from alliage.survey.data.reading import cut, damaged, read
from alliage.survey.data.table import Table, in_polars, of_any_kind
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.scale.gathering import Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

#: A file, or respondents that are already somewhere.
Given: TypeAlias = Path | Table | pl.DataFrame | nw.LazyFrame[Any]

#: Bytes of a CSV file for each row that is asked at once.
_BYTES_A_ROW = 64
#: No row is so long: a quote is open.
_LONGEST_ROW = 1 << 24
_GZIP = ".gz"


def given(frames: Any) -> Iterator[Given]:
    """Tell apart files, frames and iterables of them.

    Raises
    ------
    SurveyError
        ``FRAME`` for anything else.
    """
    if isinstance(frames, str | Path):
        file = Path(frames)
        yield file if is_read_in_parts(file) else read(file)
    elif isinstance(frames, Table | pl.DataFrame):
        yield frames
    elif (frame := _frame(frames)) is not None:
        yield frame
    elif isinstance(frames, Iterable) and not isinstance(frames, Mapping):
        for each in frames:
            yield from given(each)
    else:
        msg = (
            f"A {type(frames).__name__} is not a table. Give a frame, a lazy frame, a file, or an "
            "iterable of them."
        )
        raise SurveyError(SurveyProblem.FRAME, msg, given=type(frames).__name__)


def _frame(native: Any) -> pl.DataFrame | nw.LazyFrame[Any] | None:
    try:
        frame = of_any_kind(native)
    except TypeError:
        return None
    return in_polars(frame) if isinstance(frame, nw.DataFrame) else frame


def is_read_in_parts(file: Path) -> bool:
    """Tell whether a file is read without holding all of it."""
    return _kind(file) in {".parquet", *SUFFIXES}


def parts(source: Given, columns: Sequence[str], rows: int) -> Iterator[Part]:
    """Cut respondents in parts of so many rows; what an engine holds is one part.

    Parameters
    ----------
    source : file, table or frame
        The respondents.
    columns : sequence of str
        The columns that are needed.
    rows : int
        How many rows of a file, or of a frame in memory, are in a part.

    Raises
    ------
    SurveyError
        For a file as :func:`alliage.survey.read`, with its name.
    """
    if isinstance(source, nw.LazyFrame):
        yield Part(source)
        return
    if isinstance(source, Path):
        if not source.is_file():
            msg = f"There is no file « {source.name} ». Check its name and its folder."
            raise SurveyError(SurveyProblem.FORMAT, msg, file=source.name)
        yield from (_parquet if _kind(source) == ".parquet" else _csv)(source, columns, rows)
        return
    table = source if isinstance(source, Table) else Table(source)
    places = table.places
    for start in range(0, max(1, table.frame.height), rows):
        here = Places(places.file, places.lines[start : start + rows], start)
        yield Part(table.frame[start : start + rows], here, () if start else table.findings)


@contextmanager
def located(source: Given, place: int) -> Iterator[None]:
    """Say in errors which file they are about, or which part of several, counted from 1."""
    try:
        yield
    except SurveyError as error:
        name = source.name if isinstance(source, Path) else getattr(source, "source", "")
        where: dict[str, object] = {"file": name} if name else {"part": place}
        if (not name and place == 1) or "file" in error.values or "part" in error.values:
            raise
        msg = f"In {f'« {name} »' if name else f'part {place}'}: {error}"
        raise SurveyError(error.problem, msg, **error.values, **where) from error


def _kind(file: Path) -> str:
    name = file.name.lower().removesuffix(_GZIP)
    return Path(name).suffix


def _needed(file: Path, present: Sequence[str], columns: Sequence[str]) -> list[str]:
    absent = [name for name in columns if name not in present]
    if absent:
        msg = (
            f"There is no column « {listed(absent)} » in « {file.name} ». Its columns are: "
            f"{listed(present, most=40)}. Files of one survey have the same columns."
        )
        raise SurveyError(SurveyProblem.COLUMN, msg, column=absent[0], file=file.name)
    # One column at least, so that rows are counted.
    return list(columns) or list(present[:1])


# Parquet


def _parquet(file: Path, columns: Sequence[str], rows: int) -> Iterator[Part]:
    try:
        scan = pl.scan_parquet(file)
        kept = scan.select(_needed(file, scan.collect_schema().names(), columns))
        count = scan.select(pl.len()).collect().item()
        for start in range(0, max(1, count), rows):
            yield Part(kept.slice(start, rows).collect(), Places(above=start))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _refused(file, error) from error


def _refused(file: Path, error: Exception) -> SurveyError:
    with file.open("rb") as stream:
        stream.seek(-min(4, file.stat().st_size), 2)
        if stream.read() != b"PAR1":
            return cut(file)
    if "UTF-8" not in str(error):
        return damaged(file, str(error))
    names = listed(_texts_not_encoded(file))
    msg = (
        f"A text of « {names} » in « {file.name} » is not in UTF-8. Write the file again with its "
        "texts in UTF-8."
    )
    return SurveyError(SurveyProblem.ENCODING, msg, file=file.name, column=names)


def _texts_not_encoded(file: Path) -> Iterator[str]:
    scan = pl.scan_parquet(file)
    for name in scan.collect_schema().names():
        try:
            scan.select(pl.col(name).hash().sum()).collect(engine="streaming")
        except pl.exceptions.PolarsError:
            yield name


# CSV


def _csv(file: Path, columns: Sequence[str], rows: int) -> Iterator[Part]:
    layout: Layout | None = None
    lines = 0
    for block, is_last in _blocks(file, rows * _BYTES_A_ROW):
        text = _decoded(file, block, lines)
        head = "" if layout is None else layout.first_line()
        layout = layout or _layout(file, text)
        layout.check_rows(text, before=lines, to_the_end=is_last)
        try:
            frame = layout.frame(head + text, NO_ANSWER, _needed(file, layout.header, columns))
        except pl.exceptions.PolarsError as error:
            raise damaged(file, str(error)) from error
        # A column without any answer has no type.
        empty = [column.name for column in frame if column.null_count() == len(column)]
        found = layout.lines(head + text, frame.height, before=lines - head.count("\n"))
        places = Places(file.name, found)
        findings = layout.findings(text, before=lines) if is_last else ()
        yield Part(frame.with_columns(pl.lit(None).alias(name) for name in empty), places, findings)
        lines += text.count("\n")


def _layout(file: Path, text: str) -> Layout:
    if not text.strip():
        msg = f"« {file.name} » is empty. Give a file with a header and respondents."
        raise SurveyError(SurveyProblem.EMPTY, msg, file=file.name)
    return Layout.of(file.name, text)


def _decoded(file: Path, block: bytes, lines: int) -> str:
    try:
        return block.decode("utf-8" if lines else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_encoded(file.name, block, "utf-8", error, before=lines) from error


def _blocks(file: Path, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield blocks of whole rows of about a size, and whether each is the last."""
    try:
        with _opened(file) as stream:
            held = stream.read(size)
            while more := stream.read(size):
                if end := _end_of_rows(held):
                    yield held[:end], False
                elif len(held) > _LONGEST_ROW:
                    raise _unclosed(file)
                held = held[end:] + more
            yield held, True
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise (cut(file) if isinstance(error, EOFError) else damaged(file, str(error))) from error


def _opened(file: Path) -> BinaryIO:
    if file.name.lower().endswith(_GZIP):
        return gzip.open(file, "rb")  # type: ignore[return-value]  # it reads like one
    return file.open("rb")


def _end_of_rows(block: bytes) -> int:
    """Return where the last whole row ends: after a line that is not inside quotes."""
    end = block.rfind(b"\n") + 1
    quotes = block.count(b'"', 0, end)
    while end and quotes % 2:
        before = block.rfind(b"\n", 0, end - 1) + 1
        quotes -= block.count(b'"', before, end)
        end = before
    return end


def _unclosed(file: Path) -> SurveyError:
    msg = (
        f"A row of « {file.name} » does not end in {_LONGEST_ROW:,} bytes: a quote is open. Close "
        "every quote, and write a quote inside a text twice."
    )
    return SurveyError(SurveyProblem.FORMAT, msg, file=file.name)
