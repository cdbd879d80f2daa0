"""Files of respondents written again, with their weights, labels and codes for missing answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyreadstat
from openpyxl import Workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from alliage.survey.data.table import Scale
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.publishing.result_files import check_output, whole_file, write_at_once
from alliage.values.cells import neutralise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alliage.survey.data.coding import Level
    from alliage.survey.data.table import Table

#: The kinds of file, by the end of their name.
KINDS = (".csv", ".parquet", ".xlsx", ".sav", ".dta")

#: Those that say what the columns are.
_WITH_DESCRIPTIONS = (".sav", ".dta")

#: SPSS holds so many codes for no answer in a variable, else a range of them.
_MOST_CODES = 3

#: Kinds of file that hold every number as one with decimals, and the whole numbers they tell apart.
_OF_FLOATS = (".xlsx", ".sav", ".dta")
_LARGEST_WHOLE = 2**53

#: Types of values that do not stand in a cell.
_OF_NO_CELL = (pl.List, pl.Array, pl.Struct, pl.Object, pl.Binary)

#: What writers raise for what their kind of file does not take, such as a control character.
_NOT_HELD = (
    pyreadstat.PyreadstatError,
    pyreadstat.ReadstatError,
    IllegalCharacterError,
    TypeError,
    ValueError,
)

#: What ReadStat says of a full disk; it does not always notice.
_NO_ROOM = "Unable to write data"

_MEASURES = {Scale.NOMINAL: "nominal", Scale.ORDINAL: "ordinal", Scale.NUMERIC: "scale"}


def write_respondents(
    table: Table, path: str | Path, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write the rows of a table; SPSS and Stata files hold what is known of the variables too.

    Parameters
    ----------
    table : Table
        The respondents.
    path : str or Path
        ``.csv``, ``.parquet``, ``.xlsx``, ``.sav`` or ``.dta``.
    overwrite : bool
        Whether a file of this name may be replaced.

    Returns
    -------
    tuple of str
        What an SPSS or Stata file could be thought to hold, and does not.

    Raises
    ------
    SurveyError
        ``REQUEST`` for another kind of file, one that is there already, or columns that the kind
        of file does not take: their names, their types, whole numbers that it would round.
    """
    path = Path(path)
    writers: dict[str, Callable[[Path], None]] = {
        ".csv": table.frame.write_csv,
        ".parquet": lambda to: write_at_once(to, table.frame.write_parquet),
        ".xlsx": lambda to: _write_xlsx(table.frame, to),
        ".sav": lambda to: _write_sav(table, to),
        ".dta": lambda to: _write_dta(table, to),
    }
    check_output(path, KINDS, overwrite=overwrite)
    if path.suffix.lower() != ".parquet":
        _check_columns(table.frame, path)
    with whole_file(path) as to:
        try:
            writers[path.suffix.lower()](to)
        except _NOT_HELD as error:
            if str(error) == _NO_ROOM:
                raise OSError(_NO_ROOM) from error
            msg = (
                f"« {path.name} » cannot hold these columns: {str(error).rstrip('.')}. Rename "
                "them, or write Parquet or CSV; or correct what they hold."
            )
            raise SurveyError(SurveyProblem.REQUEST, msg, file=path.name) from error
    return _left_out(table, path)


def _left_out(table: Table, path: Path) -> tuple[str, ...]:
    if not table.sets or path.suffix.lower() not in _WITH_DESCRIPTIONS:
        return ()
    msg = (
        f"« {path.name} » holds the columns of {listed(table.sets)}, and not that each is a "
        "question with several answers: sets cannot be written. Read it with its questionnaire, or "
        "keep its description as DDI beside it."
    )
    return (msg,)


def _check_columns(frame: pl.DataFrame, path: Path) -> None:
    """Refuse what a kind of file does not hold, or holds as something else."""
    kind = path.suffix.lower()
    for column in frame.get_columns():
        of_no_cell = isinstance(column.dtype, _OF_NO_CELL)
        if of_no_cell or (column.dtype == pl.Duration and kind != ".xlsx"):
            fact, others = f"values of the type {column.dtype}", "Parquet"
        elif kind in _OF_FLOATS and _is_rounded(column):
            fact, others = f"whole numbers beyond {_LARGEST_WHOLE}", "Parquet or CSV"
        else:
            continue
        msg = (
            f"« {column.name} » holds {fact}, which a {kind} file does not. Make texts of them, or "
            f"write {others}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, column=column.name)


def _is_rounded(column: pl.Series) -> bool:
    low, high = column.min(), column.max()
    return isinstance(low, int) and isinstance(high, int) and max(-low, high) > _LARGEST_WHOLE


def _write_xlsx(frame: pl.DataFrame, path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([neutralise(name) for name in frame.columns])
    for values in frame.iter_rows():
        sheet.append([neutralise(value) if isinstance(value, str) else value for value in values])
    write_at_once(path, book.save)


def _labels(table: Table, *, of_texts: bool) -> dict[str, Any]:
    """Return what SPSS and Stata both hold of variables; Stata has no labels of texts."""
    known = {name: one for name, one in table.variables.items() if name in table.frame.columns}
    return {
        "column_labels": {name: one.label for name, one in known.items() if one.label},
        "variable_value_labels": {
            name: sentences
            for name, one in known.items()
            if (sentences := {**one.labels, **_said(one.reasons)})
            and _is_labelled(table.frame.schema[name], of_texts=of_texts)
        },
    }


def _is_labelled(kind: pl.DataType, *, of_texts: bool) -> bool:
    return kind.is_numeric() or (of_texts and kind == pl.String)


def _said(reasons: Mapping[Level, str]) -> dict[Level, str]:
    return {code: reason for code, reason in reasons.items() if reason}


def _write_sav(table: Table, path: Path) -> None:
    known = {name: one for name, one in table.variables.items() if name in table.frame.columns}
    pyreadstat.write_sav(
        table.frame,
        path,
        missing_ranges={name: _missing(table, name) for name, one in known.items() if one.missing},
        variable_measure={name: _MEASURES[one.scale] for name, one in known.items() if one.scale},
        **_labels(table, of_texts=True),
    )
    _check_end(path, table, pyreadstat.read_sav)


def _check_end(path: Path, table: Table, reader: Callable[..., object]) -> None:
    """Read the last row again: that a disk is full, ReadStat does not say."""
    last = max(table.frame.height - 1, 0)
    try:
        reader(path, row_offset=last, row_limit=1, output_format="dict")
    except pyreadstat.ReadstatError as error:
        raise OSError(_NO_ROOM) from error


def _missing(table: Table, name: str) -> list[Any]:
    """Return the codes for no answer, as a range where SPSS cannot hold so many of them."""
    codes = list(table.variables[name].missing)
    answers = table.column(name)
    if len(codes) > _MOST_CODES and answers.dtype.is_numeric():
        low, high = min(codes), max(codes)
        kept = pl.concat([answers, pl.Series(table.levels(name), dtype=answers.dtype)])
        if not kept.is_between(low, high).any():
            return [{"lo": low, "hi": high}]
    return codes


def _write_dta(table: Table, path: Path) -> None:
    # Stata has no codes of one's own for missing answers: they stay what they are, and labelled.
    pyreadstat.write_dta(table.frame, path, **_labels(table, of_texts=False))
    _check_end(path, table, pyreadstat.read_dta)
