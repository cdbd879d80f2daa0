"""``alliage observatory``: from an institute's file to what a wave publishes.

Exit codes: 0, done; 1, the data are refused, or something was found in them; 2, the command or the
specification is wrong; 3, a file could not be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from alliage.cli.observatory_demo import demo_wave

app = typer.Typer(
    name="observatory",
    help="Screen a file of respondents, and compute the release of a wave.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("demo-wave")(demo_wave)

Respondents = Annotated[
    Path,
    typer.Argument(help="Respondents: CSV, XLSX, Parquet, SPSS (.sav) or Stata (.dta)."),
]
Specified = Annotated[Path, typer.Option("--spec", help="The specification, as YAML.")]
Checks = Annotated[
    Path | None,
    typer.Option("--checks", help="What else is looked for, and names of breakdowns, as YAML."),
]


@app.command()
def screen(file: Respondents, spec: Specified, checks: Checks = None) -> None:
    """Say what is odd in a file: codes, labels, duplicates, weights, margins, and so on."""
    from alliage.cli import observatory_work

    observatory_work.screen(file, spec, checks)


@app.command()
def release(
    file: Respondents,
    spec: Specified,
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    study: Annotated[str, typer.Option("--study", help="The code of the study.")],
    wave: Annotated[str, typer.Option("--wave", help="The code of the wave.")],
    population: Annotated[str, typer.Option("--population", help="The code of who was asked.")],
    checks: Checks = None,
    treat: Annotated[
        list[str] | None,
        typer.Option(
            "--treat",
            help="What to do with a kind of anomaly, as code=set_missing: keep, exclude or "
            "set_missing; repeatable.",
        ),
    ] = None,
    former: Annotated[
        list[Path] | None,
        typer.Option(
            "--former",
            help="A release of the wave that was published (release.json): what it shows is "
            "known; repeatable.",
        ),
    ] = None,
    language: Annotated[
        Literal["fr", "en"] | None,
        typer.Option("--language", help="Of the tables; that of the specification by default."),
    ] = None,
    *,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Respondents were invented by a generator.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that exists.")] = False,
) -> None:
    """Compute the release of a wave: weighted, tabulated, protected, with its fingerprint."""
    from alliage.cli import observatory_work

    observatory_work.release(
        observatory_work.Asked(
            file=file,
            spec=spec,
            out=out,
            study=study,
            wave=wave,
            population=population,
            checks=checks,
            treatments=tuple(treat or ()),
            former=tuple(former or ()),
            language=language,
            synthetic=synthetic,
        ),
        force=force,
    )
