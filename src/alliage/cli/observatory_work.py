"""What the commands of ``alliage observatory`` do; apart, since it takes a second to load."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

import typer

from alliage.cli.console import console, errors, progress
from alliage.cli.survey_work import Exit
from alliage.observatory.releases.files import check_folder, read_release, write_release
from alliage.observatory.releases.parts import UnreadablePartError
from alliage.observatory.respondents.anomalies import AnomalyKind, Treatment, UntreatedError
from alliage.observatory.respondents.screening import opened, screen_file
from alliage.observatory.respondents.wave_files import WaveFile, read_wave_file
from alliage.observatory.studies.catalogue import Catalogue, Population, read_catalogue
from alliage.observatory.synthetic.files import check_real
from alliage.observatory.tabulation.tabulation import About, tabulate
from alliage.survey import SurveyError, SurveyProblem
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alliage.observatory.releases.values import Release
    from alliage.observatory.respondents.anomalies import Screening
    from alliage.observatory.studies.catalogue import WaveRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a release is asked of, as on the command line."""

    file: Path
    spec: Path
    out: Path
    study: str
    wave: str
    population: str
    checks: Path | None
    treatments: tuple[str, ...]
    former: tuple[Path, ...]
    language: Literal["fr", "en"] | None
    synthetic: bool


def screen(file: Path, spec: Path, checks: Path | None) -> None:
    """Tell every anomaly of a file; one that is blocking ends the command with 1."""
    with _told(), progress(f"Reading {file.name}"):
        found = screen_file(file, spec, _checks(checks).screening)
    _show(found)
    if any(one.is_blocking for one in found.anomalies):
        raise typer.Exit(Exit.REFUSED)


def _show(found: Screening) -> None:
    for one in found.anomalies:
        choices = ", ".join(one.treatments) or "correct the file"
        blocking = "blocking; " if one.is_blocking else ""
        line = f"- {one.kind.value} ({blocking}{choices}): {one.message}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for kind in found.not_looked_for:
        _say(f"Not looked for, the file being too large: {kind.value}.")
    if not found.anomalies:
        console.print("Nothing odd was found.")


def release(asked: Asked, *, force: bool) -> None:
    """Screen, treat, weight, tabulate, protect and write; nothing is half written."""
    treatments = _treatments(asked.treatments)
    if asked.population not in tuple(Population):
        _stop(f"« {asked.population} » is no population. Give one of: {', '.join(Population)}.")
    try:
        check_folder(asked.out, overwrite=force)
    except SurveyError as error:
        _stop(str(error))
    with _told(), progress(f"Reading {asked.file.name}") as shown:

        def told(what: str, done: int, of: int) -> None:
            shown.update(shown.task_ids[0], description=f"{done} of {of}: {what}")

        checks = _checks(asked.checks)
        names = read_wave_file(data_directory() / "observatory" / "breakdowns.yaml").breakdowns
        catalogue = read_catalogue(data_directory() / "observatory")
        record = _wave(catalogue, asked)
        former = [read_release(one) for one in asked.former]
        found = screen_file(asked.file, asked.spec, checks.screening)
        # What the catalogue says to be synthetic is, whatever the command says; so is what a file
        # says of its own rows.
        synthetic = asked.synthetic or (record is not None and record.synthetic)
        if not synthetic:
            check_real(found.table)
        study, screened = opened(found, asked.spec, treatments)
        about = About(
            study=asked.study,
            wave=asked.wave,
            population=asked.population,
            synthetic=synthetic,
            file_sha256=_sha256(asked.file),
            specification_sha256=_sha256(asked.spec),
            questions=catalogue.questions,
            asked=() if record is None else record.asked,
            breakdowns={**names, **checks.breakdowns},
            screening=screened,
        )
        made = tabulate(study, about=about, former=former, told=told)
    language = asked.language or study.specification.language
    try:
        fingerprint = write_release(made, asked.out, language=language, overwrite=force)
    except OSError as error:
        fact = error.strerror or str(error)
        _say(f"The release was not written: {fact}. Check the folder, its rights and its room.")
        raise typer.Exit(Exit.NOT_WRITTEN) from error
    _tell(made, fingerprint)
    _say(f"Written: {asked.out}")


def _tell(made: Release, fingerprint: str) -> None:
    weights = made.head.weighting
    cells = [cell for table in made.tables for row in table.rows for cell in row]
    shown = sum(one.is_shown for one in cells)
    effect, effective = f"{weights.design_effect:.2f}", f"{weights.effective:.0f}"
    lines = [
        f"Respondents: {weights.respondents}; design effect {effect}, effective size {effective}.",
        f"Tables: {len(made.tables)}; figures shown: {shown} of {len(cells)}.",
        f"Fingerprint: {fingerprint}",
    ]
    lines += [
        f"Found: {one.kind}, {one.rows} rows, {one.treatment}."
        for one in made.head.provenance.screening
    ]
    if made.head.synthetic:
        lines.append("SYNTHETIC: respondents were invented by a generator.")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _wave(catalogue: Catalogue, asked: Asked) -> WaveRecord | None:
    return next(
        (
            wave
            for study in catalogue.studies
            for wave in study.waves
            if (study.code, wave.code) == (asked.study, asked.wave)
        ),
        None,
    )


def _checks(path: Path | None) -> WaveFile:
    return WaveFile() if path is None else read_wave_file(path)


def _treatments(given: tuple[str, ...]) -> dict[AnomalyKind, Treatment]:
    found: dict[AnomalyKind, Treatment] = {}
    for one in given:
        kind, _, treatment = one.partition("=")
        kinds = {each.value: each for each in AnomalyKind}
        if kind not in kinds or treatment not in tuple(Treatment):
            _stop(
                f"« {one} » is no treatment. Write KIND=TREATMENT: a kind among "
                f"{', '.join(kinds)}, and {', '.join(Treatment)}."
            )
        found[kinds[kind]] = Treatment(treatment)
    return found


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def _told() -> Iterator[None]:
    """Turn refusals into a message and an exit code."""
    try:
        yield
    except InvalidFilesError as error:
        _say(str(error))
        raise typer.Exit(Exit.USAGE) from error
    except UnreadablePartError as error:
        _stop(str(error))
    except UntreatedError as error:
        _say(str(error))
        _say("Nothing was written. Choose with --treat KIND=TREATMENT.")
        raise typer.Exit(Exit.REFUSED) from error
    except SurveyError as error:
        for note in getattr(error, "__notes__", ()):
            _say(f"{note}:")
        _say(str(error))
        if error.problem is SurveyProblem.ENCODING:
            _say("In a specification: `data: {encoding: windows-1252}`.")
        raise typer.Exit(Exit.REFUSED) from error


def _say(message: str) -> None:
    errors.print(message, markup=False, highlight=False, soft_wrap=True)


def _stop(message: str) -> NoReturn:
    _say(message)
    raise typer.Exit(Exit.USAGE)
