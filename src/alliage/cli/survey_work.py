"""What the commands of ``alliage survey`` do; apart, since it takes a second to load."""

from __future__ import annotations

from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import typer

from alliage.cli.console import console, errors, progress, solver_silent
from alliage.cli.survey_screen import show
from alliage.survey.data.ddi import write_ddi
from alliage.survey.data.reading import read
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.protection.differencing import DifferencingError
from alliage.survey.publishing import description
from alliage.survey.publishing.listing import hidden_lines
from alliage.survey.publishing.respondent_files import KINDS as RESPONDENT_KINDS
from alliage.survey.publishing.respondent_files import write_respondents
from alliage.survey.publishing.result_files import KINDS, check_output, whole_file, write
from alliage.survey.study.specification import read_specification
from alliage.survey.study.study import Study, open_study, questionnaires
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from alliage.survey.data.table import Table
    from alliage.survey.publishing.result_files import Result
    from alliage.survey.publishing.words import Language
    from alliage.survey.study.specification import Specification

#: How each kind of result of a specification is made, by the name of its section.
Makers: TypeAlias = "Mapping[str, Callable[[Study, str], Result]]"

#: The end of the name of a DDI document.
DDI = ".xml"

TABLES: Makers = {"tables": Study.banner, "estimates": Study.estimates}
COMPARISONS: Makers = {"comparisons": Study.comparisons, "trends": Study.trends}
RANKS: Makers = {"ranks": Study.ranking}


class Exit(IntEnum):
    """What the end of a command says."""

    REFUSED = 1
    USAGE = 2
    NOT_WRITTEN = 3
    UNPROVEN = 4


def describe(
    file: Path, spec: Path | None, out: Path | None, language: Language | None, *, force: bool
) -> None:
    """Describe a file; what is wrong is told, and ends the command with 1."""
    _check_output(out, (*KINDS, DDI), _named_files(file, spec), force=force)
    with _told(), progress(f"Reading {file.name}"):
        asked = None if spec is None else read_specification(spec)
        table, findings = _respondents(file, spec, asked)
        design = None
        if spec is not None and not findings:
            design = open_study(table, spec).design
        found = description.describe(table, design)
    spoken = language or (asked.language if asked else "fr")
    title = asked.title if asked else file.stem
    if out is not None:
        _write_description(table, title, found.listing(spoken), out, spoken, force=force)
    show(console, found.listing(spoken), spoken, name=title)
    findings += found.findings
    for one in findings:
        _say(f"- {one}")
    if findings:
        raise typer.Exit(Exit.REFUSED)


def _respondents(
    file: Path, spec: Path | None, asked: Specification | None
) -> tuple[Table, list[str]]:
    """Read respondents, and check their answers question by question."""
    if spec is None or asked is None:
        return read(file), []
    table = read(file, encoding=asked.data.encoding, no_answer=asked.data.no_answer)
    findings: list[str] = []
    for questionnaire, *_ in questionnaires(asked, spec):
        table, found = description.checked_answers(table, questionnaire)
        findings += found
    return table, findings


def _write_description(
    table: Table, title: str, made: Result, out: Path, language: Language, *, force: bool
) -> None:
    if out.suffix.lower() != DDI:
        _write(title, {}, {"": made}, out, language, force=force)
        return
    with _written(), whole_file(out) as part:
        part.write_text(write_ddi(table, title), encoding="utf-8")
    _say(f"Written: {out}")


def weight(
    file: Path, spec: Path, out: Path | None, language: Language | None, *, force: bool
) -> None:
    """Calibrate, report, and write the respondents with their weights."""
    _check_output(out, RESPONDENT_KINDS, _named_files(file, spec), force=force)
    reports: dict[str, Result] = {}
    with _told(), progress(f"Reading {file.name}") as shown:
        study = _opened(file, spec)
        if not study.specification.calibrations:
            _stop("The specification has no calibrations. Add some.")
        for name in study.weights:
            shown.update(shown.task_ids[0], description=name)
            reports[name] = study.sample(name).report
    if out is not None:
        with _told(), _written():
            left_out = write_respondents(study.with_weights(), out, overwrite=force)
        _say(f"Written: {out}")
        for one in left_out:
            _say(f"- {one}")
    _show(study, reports, language or study.specification.language)


def make(
    file: Path,
    spec: Path,
    out: Path | None,
    language: Language | None,
    only: list[str] | None,
    makers: Makers,
    *,
    force: bool,
) -> None:
    """Make what a specification asks, write it, and show it."""
    _check_output(out, KINDS, _named_files(file, spec), force=force)
    results: dict[str, Result] = {}
    with _told(), progress(f"Reading {file.name}") as shown:
        study = _opened(file, spec)
        for kind, name in _chosen(study, makers, only):
            shown.update(shown.task_ids[0], description=name)
            results[_name(study, makers, kind, name)] = makers[kind](study, name)
    spoken = language or study.specification.language
    if out is not None:
        title = study.specification.title
        _write(title, _titles(study), results, out, spoken, force=force)
    _show(study, results, spoken)


def _opened(file: Path, spec: Path) -> Study:
    """Open a study; what reading found is told, and does not stop."""
    study = open_study(file, spec)
    for one in study.table.findings:
        _say(f"- {one}")
    return study


def _chosen(study: Study, makers: Makers, only: list[str] | None) -> list[tuple[str, str]]:
    """Return the section and the name of each thing to make."""
    known = [(kind, part.name) for kind in makers for part in getattr(study.specification, kind)]
    names = [name for _, name in known]
    lost = [name for name in only or () if name not in names]
    if lost:
        asked = ", ".join(names) or "nothing"
        _stop(f"« {lost[0]} » is not asked. The specification asks for: {asked}.")
    if not known:
        _stop(f"The specification has no {' nor '.join(makers)}. Add some.")
    return [(kind, name) for kind, name in known if not only or name in only]


def _name(study: Study, makers: Makers, kind: str, name: str) -> str:
    """Return a name, with its section where another section has it too."""
    others = (
        part.name
        for other in makers
        if other != kind
        for part in getattr(study.specification, other)
    )
    return f"{name} ({kind})" if name in others else name


def protect(
    file: Path,
    spec: Path,
    out: Path | None,
    report: Path | None,
    language: Language | None,
    former: list[Path] | None,
    *,
    force: bool,
    unproven: bool,
) -> None:
    """Keep back what says too much of too few, and tell what an attack could bound."""
    others = former or []
    _check_output(out, KINDS, _named_files(file, spec, *others, report), force=force)
    _check_output(report, KINDS, _named_files(file, spec, *others), force=force)
    with _told(), progress(f"Reading {file.name}") as shown:
        study = _opened(file, spec)
        _chosen(study, {"tables": Study.banner}, None)
        shown.update(shown.task_ids[0], description="Protecting")
        with solver_silent():
            made = study.protected(former or (), unproven=unproven)
    spoken = language or study.specification.language
    tables: dict[str, Result] = {name: one.table for name, one in made.items()}
    title, titles = study.specification.title, _titles(study)
    if out is not None:
        _write(title, titles, tables, out, spoken, force=force)
    if report is not None:
        _write(title, titles, dict(made), report, spoken, force=force)
    _show(study, tables, spoken)
    for name, protected in made.items():
        for line in hidden_lines(protected, spoken):
            console.print(f"{name} · {line}", markup=False, highlight=False)


@contextmanager
def _told() -> Iterator[None]:
    """Turn refusals into a message and an exit code."""
    try:
        yield
    except InvalidFilesError as error:
        _say(str(error))
        raise typer.Exit(Exit.USAGE) from error
    except DifferencingError as error:
        _say(str(error))
        _say("Nothing was written. To publish the tables all the same: --unproven.")
        raise typer.Exit(Exit.UNPROVEN) from error
    except SurveyError as error:
        for note in getattr(error, "__notes__", ()):
            _say(f"{note}:")
        _say(str(error))
        if error.problem is SurveyProblem.ENCODING:
            _say("In a specification: `data: {encoding: windows-1252}`.")
        raise typer.Exit(Exit.REFUSED) from error


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fact = error.strerror or str(error)
        _say(f"The file was not written: {fact}. Check the folder, its rights and its room.")
        raise typer.Exit(Exit.NOT_WRITTEN) from error


def _named_files(file: Path, spec: Path | None, *others: Path | None) -> Iterator[Path]:
    """Give the files that a command names, then those that its specification names."""
    yield from (one for one in (file, spec, *others) if one is not None)
    if spec is not None:
        with _told():
            named = read_specification(spec).files
        yield from (spec.parent / name for name in named)


def _check_output(
    out: Path | None, kinds: tuple[str, ...], others: Iterable[Path], *, force: bool
) -> None:
    """Refuse a file that cannot be written, or that the command reads or writes otherwise."""
    if out is None:
        return
    if any(one.resolve() == out.resolve() for one in others):
        _stop(
            f"« {out} » is named twice in this command, or in its specification. Give what is "
            "written another name."
        )
    try:
        check_output(out, kinds, overwrite=force)
    except SurveyError as error:
        hint = " (--force)" if out.exists() and not force else ""
        _stop(f"{error}{hint}")


def _show(study: Study, results: Mapping[str, Result], language: Language) -> None:
    titles = _titles(study)
    said: set[str] = set()
    for name, result in results.items():
        show(console, result, language, name=name, titles=titles, said=said)


def _write(
    title: str,
    titles: Mapping[str, str],
    results: Mapping[str, Result],
    out: Path,
    language: Language,
    *,
    force: bool,
) -> None:
    with _told(), _written():
        write(results, out, language=language, title=title, titles=titles, overwrite=force)
    _say(f"Written: {out}")


def _titles(study: Study) -> dict[str, str]:
    known: dict[str, str] = {name: one.label for name, one in study.table.variables.items()}
    known |= {name: one.label for name, one in study.table.sets.items()}
    return {name: label for name, label in known.items() if label}


def _say(message: str) -> None:
    errors.print(message, markup=False, highlight=False, soft_wrap=True)


def _stop(message: str) -> NoReturn:
    _say(message)
    raise typer.Exit(Exit.USAGE)
