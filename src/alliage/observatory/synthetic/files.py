"""The invented wave as a file of respondents, like those that an institute sends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from alliage.survey import SurveyError, SurveyProblem, write_respondents
from alliage.survey.publishing.result_files import check_output

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.survey import Table

#: The kinds of file, by the end of their name. Stata takes no names as long as those of the wave.
KINDS = (".parquet", ".csv", ".sav")
#: The column that says of each respondent that a generator invented them.
MARK = "synthetic"
#: How their identifiers are written.
_IDENTIFIER = r"^SYN-\d{4,}$"


class InventedRespondentsError(SurveyError):
    """Invented respondents are given for real ones."""

    def __init__(self, column: str) -> None:
        message = (
            f"« {column} » says that a generator invented these respondents. Give them to a wave "
            "that is synthetic."
        )
        super().__init__(SurveyProblem.VALUE, message, column=column)


def check_real(table: Table) -> None:
    """Refuse a file of the generator, by the mark or the identifiers of any of its rows.

    Parameters
    ----------
    table : Table
        Respondents that are said to be real.

    Raises
    ------
    InventedRespondentsError
        If a row says that it is invented.

    Examples
    --------
    >>> from alliage.survey import Table
    >>> check_real(Table.of(pl.DataFrame({"id": ["A-1"], "synthetic": [0]})))
    >>> check_real(Table.of(pl.DataFrame({"id": ["A-1", "SYN-0002"]})))
    Traceback (most recent call last):
        ...
    alliage.observatory.synthetic.files.InventedRespondentsError: « id » says that a generator \
invented these respondents. Give them to a wave that is synthetic.
    """
    for name in table.frame.columns:
        series = table.frame.get_column(name)
        if name == MARK:
            told = series.cast(pl.String).str.to_lowercase().is_in(["1", "1.0", "true"])
        elif series.dtype == pl.String:
            told = series.str.contains(_IDENTIFIER)
        else:
            continue
        if told.any():
            raise InventedRespondentsError(name)


def write_wave(wave: Table, path: Path, *, overwrite: bool = False) -> None:
    """Write an invented wave; each row says that it is synthetic.

    Parameters
    ----------
    wave : Table
        As `alliage.observatory.synthetic.wave.demo_wave` made it.
    path : Path
        ``.parquet``, ``.csv`` or ``.sav``.
    overwrite : bool
        Whether a file of this name may be replaced.

    Raises
    ------
    SurveyError
        ``REQUEST`` for another kind of file, or one that is there already.
    """
    check_output(path, KINDS, overwrite=overwrite)
    if path.suffix.lower() == ".sav":
        # SPSS declares no missing text of more than 8 letters: the questionnaire does.
        known = {
            name: one if wave.frame.schema[name].is_numeric() else replace(one, missing=())
            for name, one in wave.variables.items()
        }
        wave = replace(wave, variables=known)
    write_respondents(wave, path, overwrite=overwrite)
