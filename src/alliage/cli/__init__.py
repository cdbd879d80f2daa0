"""The ``alliage`` command: what the library does without a database."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from alliage import __version__
from alliage.alliances.records import load_alliances, total_support
from alliage.alliances.vocabulary import AmountStatus
from alliage.cli import observatory, survey
from alliage.cli.console import console, errors, progress
from alliage.knowledge.ranking import Collection, rank
from alliage.knowledge.synonyms import read_synonyms
from alliage.knowledge.text import analyse, parse_query
from alliage.territories.size_classes import size_class
from alliage.territories.vintages import VintageError, read_vintage
from alliage.values import codes, french
from alliage.values.datafiles import data_directory
from alliage.values.text import name_key
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alliage.territories.vintages import TerritoryRecord

app = typer.Typer(
    name="alliage",
    help="The rules and the numbers of alliance engineering, on the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(survey.app)
app.add_typer(observatory.app)

CHECKS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("SIREN", codes.siren),
    ("SIRET", codes.siret),
    ("RNA", codes.rna),
    ("commune (INSEE)", codes.commune_code),
)

#: What the system says of a disk, a quota or a file that takes no more.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

TerritoryData = Annotated[
    Path | None,
    typer.Option("--folder", help="Folder of a vintage; the shipped one by default."),
]
AllianceData = Annotated[
    Path | None,
    typer.Argument(help="Folder of alliances, one YAML file each; the shipped one by default."),
]


def main() -> None:
    """Run the command; who reads its output may stop before the end, or have no room for it."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app()
    except OSError as error:
        if error.errno not in FULL:
            raise
        errors.print(f"The output was not written: {error.strerror}. Make room for it.")
        # Python writes the rest of it when it ends, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(3) from error


def _show_version(asked: bool) -> None:  # noqa: FBT001 - Typer's signature
    if asked:
        console.print(f"alliage {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options common to all commands."""


@app.command("check-code")
def check_code(
    values: Annotated[list[str], typer.Argument(help="SIREN, SIRET, RNA or INSEE codes.")],
) -> None:
    """Check the form and the key of official codes."""
    failed = False
    for value in values:
        kinds, problems = _kinds_of(value)
        if kinds:
            console.print(f"{value}: valid {', '.join(kinds)}")
        else:
            failed = True
            errors.print(f"{value}: {problems[0]}" if problems else f"{value}: not a known code.")
    if failed:
        raise typer.Exit(1)


def _kinds_of(value: str) -> tuple[list[str], list[str]]:
    """Return the kinds of code that a text is, else what is wrong, nearest kind first."""
    kinds: list[str] = []
    problems: list[str] = []
    for kind, check in CHECKS:
        try:
            check(value)
        except codes.InvalidCodeError as error:
            # A wrong key tells more than a wrong length: the person meant that kind of code.
            place = 0 if error.problem is codes.CodeProblem.CHECKSUM else len(problems)
            problems.insert(place, str(error))
        else:
            kinds.append(kind)
    return kinds, problems


@app.command("size-class")
def show_size_class(
    population: Annotated[int, typer.Argument(help="Municipal population, in inhabitants.")],
) -> None:
    """Say the size class of a territory; the lower bound belongs to the class."""
    try:
        console.print(size_class(population).value)
    except ValueError as error:
        errors.print(str(error))
        raise typer.Exit(1) from error


@app.command()
def territory(
    text: Annotated[str, typer.Argument(help="Name, INSEE code or postal code.")],
    folder: TerritoryData = None,
) -> None:
    """Find communes, intercommunalities, departments and regions in a vintage."""
    source = folder or _latest_vintage()
    try:
        with progress(f"Reading {source.name}"):
            vintage = read_vintage(source)
    except VintageError as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    key = name_key(text)
    found = [
        record
        for record in vintage.territories
        if key in {name_key(record.name), record.code.lower(), *record.postal_codes}
    ]
    successors = [item for item in vintage.successions if item.code == text.upper()]
    if not found and not successors:
        errors.print(f"« {text} » is in no territory of {vintage.year}. Give a whole name or code.")
        raise typer.Exit(1)
    console.print(_territory_table(found, vintage.year))
    for item in successors:
        console.print(f"{item.code} is a former code: see {item.successor}.")


def _latest_vintage() -> Path:
    folders = [path for path in (data_directory() / "territories").iterdir() if path.is_dir()]
    return max(folders, key=lambda path: path.name)


def _territory_table(records: list[TerritoryRecord], year: int) -> Table:
    table = Table(title=f"Territories, {year}", caption="Population: INSEE, year in its column.")
    for heading in ("Level", "Code", "Name", "Department", "Population", "Year", "Surface"):
        table.add_column(heading)
    for record in records:
        table.add_row(
            record.level.value,
            record.code,
            record.name,
            record.department or "",
            "n/a" if record.population is None else french.number(record.population),
            str(record.population_year or ""),
            "n/a" if record.surface_km2 is None else french.surface(record.surface_km2),
        )
    return table


@app.command("check-alliances")
def check_alliances(folder: AllianceData = None) -> None:
    """Check files that describe alliances, and total the support they tell of."""
    source = folder or data_directory() / "alliances"
    try:
        with progress(f"Reading {source}"):
            records = load_alliances(source)
    except InvalidFilesError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    granted = total_support(records, status=AmountStatus.GRANTED)
    conditional = total_support(records, status=AmountStatus.CONDITIONAL)
    console.print(f"{len(records)} alliances, no problem found.")
    console.print(
        f"Support granted: {french.number(granted)} €; under condition, not counted in it: "
        f"{french.number(conditional)} €."
    )


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What you need, in French, as you say it.")],
    limit: Annotated[int, typer.Option(help="How many to show.")] = 5,
    *,
    meaning: Annotated[
        bool, typer.Option("--meaning", help="Search by meaning too: needs alliage[semantic].")
    ] = False,
) -> None:
    """Search the shipped alliances in French, by words and synonyms of the field."""
    folder = data_directory()
    with progress("Reading the alliances"):
        records = load_alliances(folder / "alliances")
        synonyms = read_synonyms(folder / "reference" / "synonyms.yaml")
        texts = [f"{record.title}. {record.summary} {record.why or ''}" for record in records]
        collection = Collection([analyse(text) for text in texts])
    similarities = None
    if meaning:
        from alliage.knowledge.embedding import EmbedderMissingError, load_embedder
        from alliage.knowledge.embedding import similarities as compare

        try:
            embedder = load_embedder()
        except EmbedderMissingError as error:
            errors.print(str(error), markup=False)
            raise typer.Exit(1) from error
        with progress("Comparing meanings"):
            similarities = compare(embedder.passages(texts), embedder.query(query))
    expanded = synonyms.expand(parse_query(query))
    ranked = rank(collection, expanded, similarities=similarities)[:limit]
    if not ranked:
        errors.print(f"Nothing found for « {query} ». Try other words, or --meaning.")
        raise typer.Exit(1)
    for place, found in enumerate(ranked, start=1):
        record = records[found.position]
        console.print(f"[bold]{place}. {record.title}[/bold]  ({record.id})")
        console.print(f"   {record.summary}", style="dim")
