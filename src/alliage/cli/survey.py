"""``alliage survey``: from a file of respondents and a specification to what is published.

Exit codes: 0, done; 1, the data are refused, or something was found in them; 2, the command or the
specification is wrong; 3, what it makes could not be written; 4, tables may give away together what
each hides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    name="survey",
    help="Describe, weight, tabulate, compare, rank and protect the answers of a survey.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Respondents = Annotated[
    Path,
    typer.Argument(help="Respondents: CSV, XLSX, Parquet, SPSS (.sav) or Stata (.dta)."),
]
Specified = Annotated[Path, typer.Option("--spec", help="The specification, as YAML.")]
Output = Annotated[
    Path | None,
    typer.Option("--out", help="The file to write: .xlsx, .html, .json, .parquet or .csv."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
Spoken = Annotated[
    Literal["fr", "en"] | None,
    typer.Option("--language", help="Of what is shown; that of the specification by default."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="The name of what to make, everything by default; repeatable."),
]


@app.command()
def describe(
    file: Respondents,
    spec: Annotated[
        Path | None, typer.Option("--spec", help="A specification, if there is one yet.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The file to write: .xlsx, .html, .json, .parquet, .csv, or .xml for DDI.",
        ),
    ] = None,
    language: Spoken = None,
    *,
    force: Force = False,
) -> None:
    """Say what a file holds, how it was drawn, and what is wrong with it."""
    from alliage.cli import survey_work

    survey_work.describe(file, spec, out, language, force=force)


@app.command()
def weight(
    file: Respondents,
    spec: Specified,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The respondents with their weights: .csv, .parquet, .xlsx, .sav or .dta.",
        ),
    ] = None,
    language: Spoken = None,
    *,
    force: Force = False,
) -> None:
    """Calibrate, report on it, and write the respondents with their weights."""
    from alliage.cli import survey_work

    survey_work.weight(file, spec, out, language, force=force)


@app.command()
def table(
    file: Respondents,
    spec: Specified,
    out: Output = None,
    only: Only = None,
    language: Spoken = None,
    *,
    force: Force = False,
) -> None:
    """Make the tables and the estimates of a specification."""
    from alliage.cli import survey_work

    survey_work.make(file, spec, out, language, only, survey_work.TABLES, force=force)


@app.command()
def compare(
    file: Respondents,
    spec: Specified,
    out: Output = None,
    only: Only = None,
    language: Spoken = None,
    *,
    force: Force = False,
) -> None:
    """Make the comparisons and the trends of a specification."""
    from alliage.cli import survey_work

    survey_work.make(file, spec, out, language, only, survey_work.COMPARISONS, force=force)


@app.command()
def rank(
    file: Respondents,
    spec: Specified,
    out: Output = None,
    only: Only = None,
    language: Spoken = None,
    *,
    force: Force = False,
) -> None:
    """Make the rankings of a specification."""
    from alliage.cli import survey_work

    survey_work.make(file, spec, out, language, only, survey_work.RANKS, force=force)


@app.command()
def protect(
    file: Respondents,
    spec: Specified,
    out: Output = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", help="The audit, for the producer alone; the same kinds of file as --out."
        ),
    ] = None,
    language: Spoken = None,
    former: Annotated[
        list[Path] | None,
        typer.Option(
            "--former",
            help="An earlier release of these respondents: the .json file of --out; repeatable.",
        ),
    ] = None,
    *,
    force: Force = False,
    unproven: Annotated[
        bool,
        typer.Option(
            "--unproven",
            help="Write tables that may give away together what each hides, and say so in them.",
        ),
    ] = False,
) -> None:
    """Keep back what says too much of too few, and prove by attack that it stays so."""
    from alliage.cli import survey_work

    survey_work.protect(file, spec, out, report, language, former, force=force, unproven=unproven)
