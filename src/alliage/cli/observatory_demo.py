"""``alliage observatory demo-wave``: the invented wave as a file of respondents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alliage.cli.console import console, errors, progress

#: Respondents of the study of 2022.
_ROWS = 2_400

Output = Annotated[
    Path, typer.Option("--out", help="The file to write: .parquet, .csv or .sav (SPSS).")
]


def demo_wave(
    out: Output,
    rows: Annotated[
        int, typer.Option("--rows", min=_ROWS, help="Respondents, shared between the 12 regions.")
    ] = _ROWS,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Another seed invents other people.")
    ] = 2022,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Invent a wave of citizens that gives back the figures printed of the study of 2022."""
    # Loading the survey engine takes a second: the other commands do not wait for it.
    from alliage.observatory.synthetic.files import KINDS, write_wave
    from alliage.observatory.synthetic.wave import demo_folder
    from alliage.observatory.synthetic.wave import demo_wave as invented
    from alliage.survey import SurveyError
    from alliage.survey.publishing.result_files import check_output

    try:
        check_output(out, KINDS, overwrite=force)
    except SurveyError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from error
    with progress("Inventing respondents"):
        wave = invented(rows=rows, seed=seed)
    try:
        write_wave(wave, out, overwrite=force)
    except (SurveyError, OSError) as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(3) from error
    console.print(f"Written: {out}", markup=False)
    console.print(
        "SYNTHETIC: these respondents were invented by a generator. Nothing of it is about real "
        f"people. Specification: {demo_folder() / 'specification.yaml'}",
        markup=False,
    )
