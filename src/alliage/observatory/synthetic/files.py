"""The invented wave as a file of respondents, like those that an institute sends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alliage.survey import write_respondents
from alliage.survey.publishing.result_files import check_output

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.survey import Table

#: The kinds of file, by the end of their name. Stata takes no names as long as those of the wave.
KINDS = (".parquet", ".csv", ".sav")


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
