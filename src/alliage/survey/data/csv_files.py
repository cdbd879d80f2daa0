"""CSV files of respondents: their separator, their header, and rows that are all as long."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from alliage.survey.arrays import Ints

#: Texts of a CSV or XLSX file that say that there is no answer.
NO_ANSWER: Final = ("", "NA", "N/A", "#N/A")

#: Kinds of files that are read as CSV.
SUFFIXES: Final = (".csv", ".tsv", ".txt")

#: Rows that are enough to guess the types of most files.
_FIRST_ROWS = 1_000

#: A number with a point if it has decimals; a cell with a comma for them.
_POINT = r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"
_COMMA = re.compile(r';"?[+-]?\d+,\d+"?(?=[;\r\n])|^"?[+-]?\d+,\d+"?;', re.MULTILINE)

#: A cell in quotes, in which quotes are doubled.
_QUOTED = re.compile(r'"[^"]*"')

_SEPARATORS = (";", ",", "\t", "|")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CSV file is written.

    Attributes
    ----------
    file
        Its name, for errors.
    separator
        What separates its cells. Where it is « ; », decimals have a comma, or else a point.
    header
        The names of its columns.
    """

    file: str
    separator: str
    header: tuple[str, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Layout:
        r"""Read the header of a file at the beginning of its text.

        Raises
        ------
        SurveyError
            ``COLUMN`` if a column has no name, or that of another; ``FORMAT`` if its lines do not
            end as lines do.

        Examples
        --------
        >>> Layout.of("wave.csv", "age;weight\n30;1,5\n")
        Layout(file='wave.csv', separator=';', header=('age', 'weight'))
        """
        if "\r" in text and "\n" not in text:
            msg = (
                f"The lines of « {file} » end with a carriage return alone, as those of old Macs. "
                "Save it with the line ends of today."
            )
            raise SurveyError(SurveyProblem.FORMAT, msg, file=file)
        separator = _separator(text)
        header = next(csv.reader(io.StringIO(text[:1_000_000]), delimiter=separator))
        check_header(file, header)
        return cls(file, separator, tuple(header))

    def check_rows(self, text: str, *, before: int = 0, to_the_end: bool = True) -> None:
        """Refuse rows that are too short or too long: the sign of a file cut or badly quoted.

        Parameters
        ----------
        text : str
            Whole rows.
        before : int
            How many lines of the file stand above.
        to_the_end : bool
            Whether the file ends with the text.

        Raises
        ------
        SurveyError
            ``TRUNCATED`` if the last row of the file is short, or ends with a separator and without
            the end of a line; ``FORMAT`` for another row.
        """
        (sizes, lines), width = self._rows(text), len(self.header)
        wrong = np.flatnonzero((sizes != width) & (sizes > 0))
        last = int(np.flatnonzero(sizes > 0)[-1]) if sizes.any() else 0
        place = int(wrong[0]) if wrong.size else last
        line = before + int(lines[place])
        where = {"file": self.file, "line": line}
        is_open = not wrong.size and text.endswith(self.separator)
        if to_the_end and place == last and (sizes[place] < width or is_open):
            fact = f"has {sizes[place]} cells for {width} columns"
            whole = ""
            if is_open:
                fact, whole = "ends with a separator", ". If it is whole, end that line"
            msg = (
                f"« {self.file} » is cut: its last line ({line}) {fact}. Export it again, or "
                f"copy it again whole{whole}."
            )
            raise SurveyError(SurveyProblem.TRUNCATED, msg, **where)
        if not wrong.size:
            return
        msg = (
            f"Line {line} of « {self.file} » has {sizes[place]} cells for {width} columns. Put "
            f"texts that hold « {self.separator} » in quotes, and close every quote."
        )
        raise SurveyError(SurveyProblem.FORMAT, msg, **where)

    def findings(self, text: str, *, before: int = 0) -> tuple[str, ...]:
        """Tell of a last line without an end.

        Parameters
        ----------
        text : str
            The end of the file.
        before : int
            How many lines of the file stand above.
        """
        if text.endswith("\n"):
            return ()
        line = before + text.count("\n") + 1
        msg = (
            f"The last line of « {self.file} » ({line}) has no end: it may be cut inside its last "
            "cell. Compare that cell with where the file comes from, then end the line."
        )
        return (msg,)

    def frame(
        self, text: str, no_answer: Sequence[str], columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Read a text that begins with the header.

        Raises
        ------
        polars.exceptions.PolarsError
            If it cannot be read.
        """
        content = text.encode()

        def parsed(rows: int | None, texts: Sequence[str] = ()) -> pl.DataFrame:
            return pl.read_csv(
                io.BytesIO(content),
                schema_overrides=dict.fromkeys(texts, pl.String()),
                separator=self.separator,
                decimal_comma=self.separator == ";",
                null_values=list(no_answer),
                infer_schema_length=rows,
                columns=list(texts or columns or ()) or None,
            )

        # The types are those of all the rows, but most often the first ones tell them.
        try:
            frame = parsed(_FIRST_ROWS)
        except pl.exceptions.ComputeError:
            frame = parsed(None)
        else:
            head = frame[:_FIRST_ROWS].select(pl.col(pl.String))
            if any(column.null_count() == len(column) for column in head):
                frame = parsed(None)
        frame = frame.with_columns(self._codes(frame, text, parsed))
        if "\n\n" in text or "\n\r\n" in text:
            frame = self._without_blank_lines(frame, text)
        frame = without_empty_texts(frame)
        return _with_points(frame, text) if self.separator == ";" else frame

    def _codes(
        self, frame: pl.DataFrame, text: str, parsed: Callable[..., pl.DataFrame]
    ) -> list[pl.Series]:
        """Return as texts the columns of codes that begin with 0: 01 is no number."""
        whole = [column.name for column in frame if column.dtype.is_integer()]
        if not whole or not re.search(
            rf'(?:^|[{re.escape(self.separator)}"])0\d', text, re.MULTILINE
        ):
            return []
        written = parsed(_FIRST_ROWS, whole)
        return [column for column in written if column.str.contains(r"^0\d").any()]

    def misquoted(self, text: str) -> int | None:
        """Return the line of the first quote that stands elsewhere than around a whole cell.

        ``None`` if there is none.
        """
        of = re.escape(self.separator)
        cell = re.compile(rf'("([^"]|"")*"|[^"\n{of}]*)({of}|\r?\n|\Z)')
        place = 0
        while place < len(text):
            found = cell.match(text, place)
            if found is None:
                return text.count("\n", 0, place) + 1
            place = found.end()
        return None

    def first_line(self) -> str:
        """Write the header again."""
        line = io.StringIO()
        csv.writer(line, delimiter=self.separator, lineterminator="\n").writerow(self.header)
        return line.getvalue()

    def lines(self, text: str, count: int, *, before: int = 0) -> Sequence[int]:
        r"""Return the line of the file where each row of a frame stands.

        Parameters
        ----------
        text : str
            What the frame was read from; it begins with the header.
        count : int
            How many rows the frame has.
        before : int
            How many lines of the file stand above the text.

        Examples
        --------
        >>> Layout("wave.csv", ",", ("a", "b")).lines("a,b\n1,2\n\n3,4\n", 2)
        [2, 4]
        """
        if text.count("\n") + (not text.endswith("\n")) == 1 + count:
            return range(before + 2, before + 2 + count)
        sizes, lines = self._rows(text)
        found = lines[1:] if len(self.header) == 1 else lines[1:][sizes[1:] > 0]
        return (found + before).tolist() if len(found) == count else ()

    def _without_blank_lines(self, frame: pl.DataFrame, text: str) -> pl.DataFrame:
        """Leave out the lines that hold nothing at all: they are nobody.

        In a file of one column, such a line is somebody who did not answer.
        """
        written = self._rows(text)[0][1:] > 0
        if len(self.header) == 1 or len(written) != frame.height:
            return frame
        return frame.filter(pl.Series(written))

    def _rows(self, text: str) -> tuple[Ints, Ints]:
        """Return how many cells each row has, 0 for a blank line, and the line where it begins."""
        if '"' in text:
            reader = csv.reader(io.StringIO(text), delimiter=self.separator)
            rows: Iterable[int] = (
                number for row in reader for number in (len(row), reader.line_num)
            )
            try:
                found = np.fromiter(rows, dtype=np.int64).reshape(-1, 2)
            except csv.Error as error:
                msg = (
                    f"A quote of « {self.file} » is not closed: line {reader.line_num} is still "
                    "in its text. Close every quote, or export the file again."
                )
                raise SurveyError(SurveyProblem.FORMAT, msg, file=self.file) from error
            return found[:, 0], np.append(0, found[:-1, 1]) + 1
        content = np.frombuffer(text.encode(), dtype=np.uint8)
        ends = np.flatnonzero(content == ord("\n"))
        if not text.endswith("\n"):
            ends = np.append(ends, len(content))
        starts = np.append(0, ends[:-1] + 1)
        cuts = np.flatnonzero(content == ord(self.separator))
        counts = np.searchsorted(cuts, ends) - np.searchsorted(cuts, starts) + 1
        length = ends - starts
        blank = (length == 0) | ((length == 1) & (content[starts] == ord("\r")))
        return np.where(blank, 0, counts), np.arange(1, len(ends) + 1)


def check_header(file: str, header: Sequence[str]) -> None:
    """Refuse a column without a name, or with that of another.

    Raises
    ------
    SurveyError
        ``COLUMN``.
    """
    twice = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    empty = [str(place) for place, name in enumerate(header, start=1) if not name.strip()]
    if twice or empty:
        fact = f"names {listed(twice)} twice" if twice else f"has no name for column {empty[0]}"
        msg = f"The header of « {file} » {fact}. Give each column a name of its own."
        raise SurveyError(SurveyProblem.COLUMN, msg, file=file)


def not_encoded(
    file: str, content: bytes, encoding: str, error: UnicodeDecodeError, *, before: int = 0
) -> SurveyError:
    """Say where a text is not in the encoding that was said.

    Parameters
    ----------
    file : str
        The name of the file.
    content : bytes
        What was decoded.
    encoding : str
        The encoding that was said.
    error : UnicodeDecodeError
        What the decoder said.
    before : int
        How many lines of the file stand above.
    """
    line = before + content.count(b"\n", 0, error.start) + 1
    around = content[max(0, error.start - 20) : error.start + 5].decode("latin-1")
    msg = (
        f"Line {line} of « {file} » is not in {encoding}, near « {around.strip()} ». Save "
        "the file in UTF-8, or say its encoding: read(..., encoding='windows-1252')."
    )
    return SurveyError(SurveyProblem.ENCODING, msg, file=file, line=line)


def _with_points(frame: pl.DataFrame, text: str) -> pl.DataFrame:
    """Read numbers with a point, where no cell of the text has decimals with a comma."""
    points = [
        column.name
        for column in frame.select(pl.col(pl.String))
        if column.null_count() < len(column) and column.str.contains(_POINT).all()
    ]
    if not points or _COMMA.search(text):
        return frame
    return frame.with_columns(pl.col(points).cast(pl.Float64))


def without_empty_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Make empty texts missing."""
    return frame.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep())


def _separator(text: str) -> str:
    # A question in quotes may hold any of them.
    first = _QUOTED.sub("", text[:1_000_000]).split("\n", 1)[0]
    return max(_SEPARATORS, key=first.count) if any(map(first.count, _SEPARATORS)) else ","
