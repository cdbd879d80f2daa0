"""Files of respondents: CSV, XLSX, Parquet, SPSS and Stata."""

from __future__ import annotations

import codecs
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pyreadstat
from openpyxl.utils.exceptions import InvalidFileException

from alliage.survey.data.csv_files import (
    NO_ANSWER as NO_ANSWER,
)
from alliage.survey.data.csv_files import (
    SUFFIXES,
    Layout,
    check_header,
    not_encoded,
    without_empty_texts,
)
from alliage.survey.data.places import Places
from alliage.survey.data.questionnaire import Questionnaire, described, level_of, read_questionnaire
from alliage.survey.data.table import (
    MOST_LEVELS,
    MultiResponse,
    Scale,
    Table,
    Variable,
    checked,
    stranger,
)
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.values.packages import DAMAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from alliage.survey.data.coding import Level

_STATA_END = b"</stata_dta>"
#: Before Stata 13: the formats of a file, with the bytes of the format of a column; where its
#: columns begin; and the bytes of numbers by type, that of a text being its length.
_STATA_FORMATS = {b"q": 12, b"r": 49, b"s": 49}
_STATA_HEAD = 109
_STATA_WIDTHS = {251: 1, 252: 2, 253: 4, 254: 4, 255: 8}


def read(
    path: str | Path,
    questionnaire: str | Path | Questionnaire | None = None,
    *,
    encoding: str = "utf-8",
    no_answer: Sequence[str] = NO_ANSWER,
) -> Table:
    """Read a file of respondents, with what it says of its variables.

    Parameters
    ----------
    path : str or Path
        A file: ``.csv``, ``.tsv``, ``.txt``, ``.xlsx``, ``.parquet``, ``.sav``, ``.zsav`` or
        ``.dta``. The header of a table is its first row.
    questionnaire : str, Path or Questionnaire, optional
        Descriptions of the variables, against which answers are checked.
    encoding : str
        Of the texts of CSV, SPSS and Stata files.
    no_answer : sequence of str
        Texts of CSV and XLSX cells that stand for no answer.

    Returns
    -------
    Table
        The rows, labels, levels and codes for missing answers.

    Raises
    ------
    SurveyError
        ``FORMAT`` for an unknown or damaged file, ``TRUNCATED`` for one cut in the middle,
        ``ENCODING`` for texts in another encoding, ``REQUEST`` for one that does not exist,
        ``TYPE`` for a column that mixes numbers and texts, ``COLUMN`` for a header that cannot be
        used, ``LEVEL`` for an answer that the questionnaire does not foresee, ``EMPTY`` without
        rows.
    alliage.values.yaml_files.InvalidFilesError
        For a questionnaire that is not well formed.
    """
    file = Path(path)
    table = _read(file, _known_encoding(encoding), tuple(no_answer))
    checked(table.frame)
    if questionnaire is None:
        return table
    if not isinstance(questionnaire, Questionnaire):
        questionnaire = read_questionnaire(Path(questionnaire))
    return described(table, questionnaire)


def _known_encoding(encoding: str) -> str:
    """Return the name of an encoding: latin-1, latin1 and iso8859-1 are one."""
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        msg = f"« {encoding} » is no encoding. Give for example utf-8, or windows-1252."
        raise SurveyError(SurveyProblem.REQUEST, msg, given=encoding) from error


def _read(file: Path, encoding: str, no_answer: tuple[str, ...]) -> Table:
    if not file.is_file():
        msg = f"There is no file « {file.name} ». Check its name and its folder."
        raise SurveyError(SurveyProblem.FORMAT, msg, file=file.name)
    readers: dict[str, Callable[[], Table]] = {
        **dict.fromkeys(SUFFIXES, lambda: _csv(file, encoding, no_answer)),
        ".xlsx": lambda: _xlsx(file, no_answer),
        ".parquet": lambda: _parquet(file),
        ".sav": lambda: _statistical(file, pyreadstat.read_sav, encoding),
        ".zsav": lambda: _statistical(file, pyreadstat.read_sav, encoding),
        ".dta": lambda: _statistical(file, pyreadstat.read_dta, encoding),
    }
    kind = file.suffix.lower()
    if kind not in readers:
        msg = f"« {file.name} » is of no known kind. Give one of: {listed(readers, most=20)}."
        raise SurveyError(SurveyProblem.FORMAT, msg, file=file.name)
    return readers[kind]()


# CSV


def _csv(file: Path, encoding: str, no_answer: tuple[str, ...]) -> Table:
    text = _decoded(file, encoding)
    if not text.strip():
        return Table(pl.DataFrame(), source=file.name)
    layout = Layout.of(file.name, text)
    layout.check_rows(text)
    try:
        frame = layout.frame(text, no_answer)
    except pl.exceptions.PolarsError as error:
        line = layout.misquoted(text)
        if line is None:
            raise damaged(file, str(error)) from error
        msg = (
            f"Line {line} of « {file.name} » has a quote inside a cell that is not in quotes. Put "
            "the whole cell in quotes, and write twice each quote inside."
        )
        raise SurveyError(SurveyProblem.FORMAT, msg, file=file.name, line=line) from error
    lines = layout.lines(text, frame.height)
    return Table(frame, source=file.name, lines=lines, findings=layout.findings(text))


def _decoded(file: Path, encoding: str) -> str:
    content = file.read_bytes()
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        return content.decode(name)
    except UnicodeDecodeError as error:
        raise not_encoded(file.name, content, encoding, error) from error


# XLSX and Parquet


def _xlsx(file: Path, no_answer: tuple[str, ...]) -> Table:
    try:
        sheets, rows = _sheet(file, computed=True)
        has_formulas = any(b"<f" in sheet for sheet in _sheets(file))
        written = _sheet(file, computed=False)[1] if has_formulas else rows
    except (*DAMAGES, InvalidFileException) as error:
        raise damaged(file, str(error)) from error
    _refuse_formulas(file, rows, written)
    lines, rows = _written(rows)
    if not rows:
        return Table(pl.DataFrame(), source=file.name)
    # Columns that hold something must have a name; those that hold nothing are not there.
    width = max(
        place for row in rows for place, cell in enumerate(row, start=1) if cell is not None
    )
    names = (*rows[0], *[None] * width)[:width]
    header = ["" if cell is None else str(cell) for cell in names]
    check_header(file.name, header)
    places = Places(file.name, lines[1:])
    columns = {
        name: _cells(
            name, [row[place] if place < len(row) else None for row in rows[1:]], no_answer, places
        )
        for place, name in enumerate(header)
    }
    findings = _other_sheets(file, *sheets)
    return Table(pl.DataFrame(columns), source=file.name, lines=places.lines, findings=findings)


def _other_sheets(file: Path, first: str, *others: str) -> tuple[str, ...]:
    if not others:
        return ()
    msg = (
        f"« {file.name} » has other sheets ({listed(others)}): the first one, « {first} », was "
        "read alone. If the respondents stand in another, put it first."
    )
    return (msg,)


def _written(rows: list[list[Any]]) -> tuple[list[int], list[list[Any]]]:
    """Return the rows that hold something, and their lines in the sheet."""
    kept = [
        (line, row)
        for line, row in enumerate(rows, start=1)
        if any(cell is not None for cell in row)
    ]
    return [line for line, _ in kept], [row for _, row in kept]


def _sheet(file: Path, *, computed: bool) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the sheets, and the cells of the first: computed, or the formulas."""
    book = openpyxl.load_workbook(file, read_only=True, data_only=computed)
    try:
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
        return [sheet.title for sheet in book.worksheets], rows
    finally:
        book.close()


def _sheets(file: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/"):
                yield parts.read(name)


def _refuse_formulas(file: Path, rows: list[list[Any]], written: list[list[Any]]) -> None:
    """Refuse a formula whose result is not in the file: it would be read as no answer."""
    for number, (row, formulas) in enumerate(zip(rows, written, strict=True), start=1):
        for cell, formula in zip(row, formulas, strict=True):
            if cell is None and formula is not None:
                msg = (
                    f"Line {number} of « {file.name} » holds the formula « {formula} », and not "
                    "its result. Open the file in a spreadsheet and save it, or paste the values."
                )
                raise SurveyError(SurveyProblem.VALUE, msg, file=file.name, line=number)


def _cells(name: str, cells: list[Any], no_answer: tuple[str, ...], places: Places) -> pl.Series:
    cells = [
        None if isinstance(cell, str) and cell.strip() in no_answer else cell for cell in cells
    ]
    mixed = stranger(cells)
    if mixed is not None:
        row, value, fact = mixed
        words, values = places.of(row)
        msg = (
            f"In « {name} », {words} holds « {value} », {fact}. Correct the cell, or name what "
            "stands for no answer with `no_answer`."
        )
        raise SurveyError(SurveyProblem.TYPE, msg, column=name, value=value, **values)
    return _whole(pl.Series(name, cells, strict=False))


def _parquet(file: Path) -> Table:
    try:
        return Table(pl.read_parquet(file), source=file.name)
    except (pl.exceptions.PolarsError, OSError) as error:
        whole = file.read_bytes()[-4:] == b"PAR1"
        raise (damaged(file, str(error)) if whole else cut(file)) from error


# SPSS and Stata


def _statistical(file: Path, reader: Callable[..., Any], encoding: str) -> Table:
    is_stata = file.suffix.lower() == ".dta"
    says_its_end = not is_stata or _check_stata(file)
    asked = None if encoding == "utf-8" else encoding
    try:
        # Stata keeps codes for missing answers apart, as letters: a column of both has no type.
        frame, known = reader(
            file, user_missing=not is_stata, output_format="polars", encoding=asked
        )
        if asked is None:
            _check_texts(file, reader, frame)
    except UnicodeDecodeError as error:
        raise _not_encoded(file, _badly_encoded(file, reader)) from error
    except pyreadstat.ReadstatError as error:
        if "convert" in str(error).lower() or "byte sequence" in str(error).lower():
            raise _not_encoded(file, _badly_encoded(file, reader)) from error
        if "character set" in str(error):
            msg = f"« {file.name} » cannot be read in {encoding}. Save it in UTF-8."
            raise SurveyError(SurveyProblem.ENCODING, msg, file=file.name) from error
        raise cut(file) from error
    frame = pl.DataFrame([_whole(column) for column in frame.get_columns()])
    frame = without_empty_texts(frame)
    variables = {name: _described(frame.get_column(name), known) for name in frame.columns}
    findings = () if says_its_end else _labels_not_there(file, known)
    table = Table(frame, variables, source=file.name, findings=findings)
    for name, kind in known.mr_sets.items():
        table = (_dichotomies if kind["is_dichotomy"] else _categories)(table, name, kind)
    return table


def _dichotomies(table: Table, name: str, kind: Mapping[str, Any]) -> Table:
    columns = tuple(kind["variable_list"])
    value = str(kind["counted_value"])
    counted = level_of(table.frame.schema[columns[0]], value)
    several = MultiResponse(
        variables=columns, counted=value if counted is None else counted, label=kind["label"] or ""
    )
    return replace(table, sets={**table.sets, name: several})


def _categories(table: Table, name: str, kind: Mapping[str, Any]) -> Table:
    """Make a column of 0 and 1 for each option: it is chosen if any column of the set holds it."""
    options = {
        level: table.variables[column].labels.get(level, str(level))
        for column in kind["variable_list"]
        for level in table.levels(column)
    }
    if not options:
        return table
    answers = pl.DataFrame([table.column(column) for column in kind["variable_list"]])
    answered = pl.any_horizontal(pl.all().is_not_null())
    columns: dict[str, pl.Expr] = {}
    variables: dict[str, Variable] = {}
    for rank, (level, sentence) in enumerate(options.items(), start=1):
        column = f"{name}_{rank}"
        while column in table.frame.columns:
            column += "_"
        holds = pl.any_horizontal(pl.all() == level).fill_null(value=False)
        columns[column] = pl.when(answered).then(holds.cast(pl.Int8))
        variables[column] = Variable(label=sentence, scale=Scale.NOMINAL)
    several = MultiResponse(variables=tuple(columns), label=kind["label"] or "")
    made = table.frame.with_columns(answers.select(**columns).get_columns())
    return replace(table, frame=made, sets={**table.sets, name: several}).describe(variables)


def _check_stata(file: Path) -> bool:
    """Refuse a file that is cut, and tell whether files of its format say where they end."""
    content = file.read_bytes()
    # The reader does not notice that labels, which come last, are gone.
    says_its_end = content.startswith(b"<stata_dta>")
    if says_its_end:
        whole = content.rstrip(b"\0\r\n").endswith(_STATA_END)
    else:
        whole = content[:1] not in _STATA_FORMATS or _has_all_labels(content)
    if not whole:
        raise cut(file)
    return says_its_end


def _has_all_labels(content: bytes) -> bool:
    """Tell whether the labels that end a file of Stata 8 to 12 are all there.

    Nothing in the file says where it ends: what comes before has to be measured.
    """
    order = ">" if content[1:2] == b"\x01" else "<"
    try:
        columns, rows = struct.unpack_from(f"{order}HI", content, 4)
        kinds = content[_STATA_HEAD : _STATA_HEAD + columns]
        # For each column: its type, name, place in the order, format, name of labels and label.
        at: int = _STATA_HEAD + columns * (1 + 33 + 2 + _STATA_FORMATS[content[:1]] + 33 + 81) + 2
        kind = 1
        while kind:
            kind, size = struct.unpack_from(f"{order}BI", content, at)
            at += 5 + size
        at += rows * sum(_STATA_WIDTHS.get(each, each) for each in kinds)
        end = len(content.rstrip(b"\0"))
        while at < end:
            at += 4 + 33 + 3 + struct.unpack_from(f"{order}I", content, at)[0]
    except struct.error:
        return False
    return at <= len(content)


def _labels_not_there(file: Path, known: Any) -> tuple[str, ...]:
    """Tell of labels that columns name: Stata may drop them, and so does a cut between two sets."""
    lost = [
        name for name, label in known.variable_to_label.items() if label not in known.value_labels
    ]
    if not lost:
        return ()
    msg = (
        f"« {file.name} » names labels for the answers of {listed(lost)}, and does not hold them: "
        "its end may be missing. Compare it with where it comes from; if it is whole, describe "
        "these answers in a questionnaire."
    )
    return (msg,)


def _badly_encoded(file: Path, reader: Callable[..., Any]) -> str:
    """Name the text that is not UTF-8. Any bytes are Latin-1, so that all of them can be read."""
    frame, known = reader(file, user_missing=True, encoding="LATIN1", output_format="polars")
    wrong = (name for name, text in _texts(frame, known) if text and not _is_utf8(text))
    return next(wrong, "a text")


def _texts(frame: pl.DataFrame, known: Any) -> Iterator[tuple[str, str | None]]:
    """Yield every text of a file with what it is."""
    for name, label in known.column_names_to_labels.items():
        yield f"the label of « {name} »", label
    for name, levels in known.variable_value_labels.items():
        for sentence in levels.values():
            yield f"a label of the answers of « {name} »", sentence
    for column in frame.select(pl.col(pl.String)).get_columns():
        for row, text in enumerate(column, start=1):
            yield f"the text of row {row} of « {column.name} »", text


def _is_utf8(text: str) -> bool:
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _check_texts(file: Path, reader: Callable[..., Any], frame: pl.DataFrame) -> None:
    """Refuse texts that are not UTF-8: the reader makes them empty, without a word."""
    texts = [name for name in frame.columns if frame.schema[name] == pl.String]
    if not texts:
        return
    other, _ = reader(
        file, usecols=texts, encoding="LATIN1", user_missing=True, output_format="polars"
    )
    for name in texts:
        lost = (other.get_column(name).fill_null("") != "") & (
            frame.get_column(name).fill_null("") == ""
        )
        if lost.any():
            row = int(lost.arg_max() or 0) + 1
            raise _not_encoded(file, f"the text of row {row} of « {name} »")


def _described(column: pl.Series, known: Any) -> Variable:
    name = column.name
    given = known.variable_value_labels.get(name, {})
    letters = {
        code: sentence
        for code, sentence in given.items()
        if isinstance(code, str) and column.dtype != pl.String
    }
    labels = {
        _like(column, code): sentence for code, sentence in given.items() if code not in letters
    }
    missing = _missing(column, labels, known)
    levels = {code: sentence for code, sentence in labels.items() if code not in missing}
    return Variable(
        label=known.column_names_to_labels.get(name) or "",
        labels=_complete(column, levels, missing),
        missing={code: labels.get(code, "") for code in missing},
        scale=_scale(known.variable_measure.get(name)),
        letters={f".{code}": sentence for code, sentence in letters.items()},
    )


def _missing(column: pl.Series, labels: Collection[Level], known: Any) -> tuple[Level, ...]:
    name = column.name
    codes: list[Level] = list(known.missing_user_values.get(name, []))
    # A code that nobody gave is one too, if it has a label.
    found: set[Any] = {*column.drop_nulls().unique(), *labels}
    for span in known.missing_ranges.get(name, []):
        low, high = span["lo"], span["hi"]
        if low == high:
            codes.append(_like(column, low))
        elif column.dtype.is_numeric():
            codes += sorted(code for code in found if low <= code <= high)
    return tuple(dict.fromkeys(codes))


def _complete(
    column: pl.Series, labels: Mapping[Level, str], missing: tuple[Level, ...]
) -> dict[Level, str]:
    """Add the answers that have no label, such as the middle of a scale with labelled ends.

    A quantity where some values are labelled is no list of levels: it keeps none.
    """
    if not labels:
        return {}
    found = [
        level for level in column.drop_nulls().unique().sort() if level not in {*labels, *missing}
    ]
    if not found:
        return dict(labels)
    if len(found) + len(labels) > MOST_LEVELS:
        return {}
    both = sorted({*labels, *found}, key=lambda level: (isinstance(level, str), level))
    return {level: labels.get(level, str(level)) for level in both}


def _scale(measure: str | None) -> Scale | None:
    kinds = {"nominal": Scale.NOMINAL, "ordinal": Scale.ORDINAL, "scale": Scale.NUMERIC}
    return kinds.get(measure or "")


def _like(column: pl.Series, code: Any) -> Level:
    """Write a code as the column writes its values."""
    if column.dtype.is_integer() and float(code).is_integer():
        return int(code)
    return float(code) if column.dtype.is_float() else code


def _whole(column: pl.Series) -> pl.Series:
    """Make whole numbers of a column of numbers without decimals: codes are written so."""
    if not column.dtype.is_float():
        return column
    kept = column.drop_nulls().drop_nans()
    if kept.is_finite().all() and (kept == kept.round()).all() and (kept.abs() < 2**53).all():
        return column.fill_nan(None).cast(pl.Int64)
    return column


def damaged(file: Path, fact: str) -> SurveyError:
    first = fact.strip().splitlines()[0] if fact.strip() else "it cannot be opened"
    msg = f"« {file.name} » is damaged, or not what its name says: {first}. Export it again."
    return SurveyError(SurveyProblem.FORMAT, msg, file=file.name)


def cut(file: Path) -> SurveyError:
    msg = (
        f"« {file.name} » is cut or damaged: its end is missing. Export it again, or copy it "
        "again whole."
    )
    return SurveyError(SurveyProblem.TRUNCATED, msg, file=file.name)


def _not_encoded(file: Path, what: str) -> SurveyError:
    msg = (
        f"In « {file.name} », {what} is not in UTF-8. Say the encoding of the file: "
        "read(..., encoding='windows-1252')."
    )
    return SurveyError(SurveyProblem.ENCODING, msg, file=file.name)
