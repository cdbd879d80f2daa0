"""Files of respondents: what is known of them, and their rows while something is computed.

Rows are read from private storage into memory, never into a table.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
from django.core.files.storage import default_storage

from alliage import survey
from alliage.observatory.respondents.anomalies import AnomalyKind, Screening, Treatment
from alliage.observatory.respondents.coding import (
    Column,
    Target,
    coded,
    guessed,
    questionnaire_of,
    restored,
    targets_of,
)
from alliage.observatory.respondents.screening import screen
from alliage.observatory.respondents.wave_files import ScreeningRules, WaveFile, read_wave_file
from alliage.observatory.states import FileState
from alliage.observatory.studies import catalogue
from alliage.survey.data.questionnaire import described
from alliage.survey.study.study import questionnaires
from alliage.values.yaml_files import InvalidFilesError
from alliage.values.yaml_lines import with_lines
from alliage_web.observatory.models import RespondentFile
from alliage_web.observatory.models.respondent_files import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django.db.models import QuerySet

    from alliage_web.observatory.models import AskedQuestion, Wave

#: The name of the specification where it is read, which its errors tell.
SPECIFICATION = "specification.yaml"
#: The name of what is told besides.
CHECKS = "vague.yaml"
#: How long contents without a file wait: a file that is being received has none yet.
_GRACE = dt.timedelta(days=1)
_KINDS = {kind.value: kind for kind in AnomalyKind}
#: How institutes call the column of the time that each respondent took.
_DURATIONS = ("duration_seconds", "duration", "duree")


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is to be destroyed: files past their date, and contents without a file."""

    expired: tuple[UUID, ...]
    orphans: tuple[str, ...]


def find_file(uuid: UUID) -> RespondentFile | None:
    """Return a file of respondents, destroyed or not."""
    return _files().filter(uuid=uuid).first()


def files_of(wave: Wave) -> list[RespondentFile]:
    """Return the files of a wave, the last received first."""
    return list(_files().filter(wave=wave).order_by("-added_at", "-pk"))


def every_file() -> list[RespondentFile]:
    """Return the files of every wave, the last received first."""
    return list(_files().order_by("-added_at", "-pk"))


def _files() -> QuerySet[RespondentFile]:
    return RespondentFile.objects.select_related("wave__study", "added_by", "destroyed_by")


def leftovers(*, now: dt.datetime) -> Leftovers:
    """Find what is to be destroyed.

    A content without a file is what a process that was killed between the two left; a recent one
    may be that of a file that is being received.
    """
    rows = RespondentFile.objects.exclude(state=FileState.DESTROYED.value)
    expired = rows.filter(destroy_on__lte=now.date()).order_by("destroy_on", "pk")
    known = {Path(path).name for row in rows for path in (row.received_path, row.coded_path)}
    contents = default_storage.listdir(FOLDER)[1] if default_storage.exists(FOLDER) else []
    orphans = sorted(
        name
        for name in contents
        if name not in known
        and default_storage.get_modified_time(f"{FOLDER}/{name}") < now - _GRACE
    )
    return Leftovers(tuple(expired.values_list("uuid", flat=True)), tuple(orphans))


def due_destructions(at: dt.datetime) -> list[tuple[str, dt.datetime | None]]:
    """Return what would be destroyed at a moment: its name, and since when it waits if known."""
    found = leftovers(now=at)
    rows = RespondentFile.objects.filter(uuid__in=found.expired).order_by("destroy_on", "pk")
    return [
        (row.stable_name, dt.datetime.combine(row.destroy_on, dt.time(), dt.UTC)) for row in rows
    ] + [(f"content without a file of respondents {name}", None) for name in found.orphans]


# What the wave asks.


def asked_of(wave: Wave) -> list[AskedQuestion]:
    """Return the questionnaire of a wave."""
    rows = wave.asked.select_related("question", "wave__study")
    return list(rows.order_by("order", "question__order", "pk"))


def question_records(asked: list[AskedQuestion]) -> tuple[catalogue.QuestionRecord, ...]:
    """Return the questions as the library reads them in files."""
    return tuple(
        catalogue.QuestionRecord(
            code=one.question.code,
            theme=catalogue.Theme(one.question.theme),
            kind=catalogue.QuestionKind(one.question.kind),
            ordered=one.question.ordered,
            label_fr=one.question.label_fr,
            # What is not translated is read in French.
            label_en=one.question.label_en or one.question.label_fr,
            about_fr=one.question.about_fr,
            about_en=one.question.about_en,
            lowest=one.question.lowest,
            highest=one.question.highest,
            items=_answers(one.question.items),
            answers=_answers(one.question.answers),
            no_answer=_answers(one.question.no_answer),
            complete=one.question.complete,
            source=one.question.source,
        )
        for one in asked
    )


def asked_records(asked: list[AskedQuestion]) -> tuple[catalogue.AskedRecord, ...]:
    """Return what the wave asked as the library reads it in files."""
    return tuple(
        catalogue.AskedRecord(
            question=one.question.code,
            number=one.number,
            wording_fr=one.wording_fr,
            wording_en=one.wording_en,
            universe_fr=one.universe_fr,
            universe_en=one.universe_en,
            items=_answers(one.items),
            answers=_answers(one.answers),
            comparability=catalogue.Comparability(one.comparability),
            breaks=tuple(catalogue.BreakKind(kind) for kind in one.breaks),
            reason_fr=one.reason_fr,
            reason_en=one.reason_en,
            source=one.source,
        )
        for one in asked
    )


def _answers(written: list[dict[str, str]]) -> tuple[catalogue.Answer, ...]:
    return tuple(catalogue.Answer(**one) for one in written)


def targets(wave: Wave) -> tuple[Target, ...]:
    """Return the columns that the questionnaire of a wave asks for."""
    asked = asked_of(wave)
    return targets_of(question_records(asked), asked_records(asked))


# What is told of a file.


def columns_of(file: RespondentFile) -> tuple[Column, ...]:
    """Return what was told of each column; nothing before somebody told it."""
    return tuple(
        Column(
            name,
            target=told.get("target", ""),
            keep_as=told.get("keep_as", ""),
            answers=told.get("answers", {}),
        )
        for name, told in file.mapping.items()
    )


def mapping_of(columns: tuple[Column, ...]) -> dict[str, dict[str, Any]]:
    """Write what is told of each column as JSON keeps it; what is left out is not written."""
    written: dict[str, dict[str, Any]] = {}
    for one in columns:
        if one.target:
            written[one.name] = {"target": one.target, "answers": dict(one.answers)}
        elif one.keep_as:
            written[one.name] = {"keep_as": one.keep_as}
    return written


def treatments_of(file: RespondentFile) -> dict[AnomalyKind, Treatment]:
    """Return what is done with each kind of anomaly, where it was told."""
    return {_KINDS[kind]: Treatment(done) for kind, done in file.treatments.items()}


# Rows.


class DestroyedError(Exception):
    """The rows of a file are gone."""

    def __init__(self, file: RespondentFile) -> None:
        self.file = file
        super().__init__(f"{file.stable_name} was destroyed on {file.destroyed_at:%Y-%m-%d}.")


class MissingRowsError(Exception):
    """The rows of a file are not in the storage, though nobody destroyed them."""

    def __init__(self, file: RespondentFile) -> None:
        self.file = file
        super().__init__(f"{file.coded_path} is not in the storage. Restore it, or send it again.")


def received_table(file: RespondentFile) -> survey.Table:
    """Return the respondents with the labels of their file, as they were received.

    Raises
    ------
    DestroyedError
        If its rows are gone.
    MissingRowsError
        If they should be there, and are not.
    """
    if file.state == FileState.DESTROYED.value:
        raise DestroyedError(file)
    try:
        with default_storage.open(file.coded_path) as content:
            frame = pl.read_parquet(io.BytesIO(content.read()))
    except FileNotFoundError as error:
        raise MissingRowsError(file) from error
    return restored(frame, file.columns)


def guess(file: RespondentFile) -> tuple[Column, ...]:
    """Guess which column answers which question."""
    return guessed(received_table(file), targets(file.wave))


def coded_table(file: RespondentFile, columns: tuple[Column, ...] = ()) -> survey.Table:
    """Return the respondents in the codes of the wave.

    Raises
    ------
    alliage.observatory.respondents.coding.CodingError
        With every column or value that stands for nothing.
    """
    return coded(received_table(file), columns or columns_of(file), targets(file.wave))


def wave_file_of(text: str) -> WaveFile:
    """Read what is told of a wave besides its specification: names of breakdowns, checks.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem and its line.
    """
    if not text.strip():
        return WaveFile()
    with written(text, CHECKS) as path:
        try:
            return read_wave_file(path)
        except InvalidFilesError as error:
            raise InvalidFilesError(with_lines(path, error.problems)) from error


def rules_of(file: RespondentFile, table: survey.Table) -> ScreeningRules:
    """Return what is looked for: what was told, and the rest as the names of columns suggest."""
    told = wave_file_of(file.checks).screening
    columns = table.frame.columns
    batteries: dict[str, tuple[str, ...]] = {}
    for one in targets(file.wave):
        if one.name in columns and one.item and not one.is_choice:
            batteries[one.question] = (*batteries.get(one.question, ()), one.name)
    return told.model_copy(
        update={
            "identifier": told.identifier or ("id" if "id" in columns else None),
            "duration": told.duration or next((one for one in _DURATIONS if one in columns), None),
            "region": told.region or ("region" if "region" in columns else None),
            "batteries": told.batteries or batteries,
        }
    )


def screened(file: RespondentFile, table: survey.Table) -> Screening:
    """Look for anomalies in coded respondents; margins are those of the specification, if told.

    Raises
    ------
    alliage.survey.SurveyError
        If a check names a column that is not there.
    """
    asked = [questionnaire_of(str(file.wave), table)]
    rules = rules_of(file, table)
    if not file.specification:
        return screen(table, asked, rules=rules)
    with written(file.specification) as path:
        specification = read_alone(path)
        asked += [one for one, *_where in questionnaires(specification, path)]
    margins = [
        {
            name: {str(level): float(total) for level, total in totals.items()}
            for name, totals in one.margins.items()
            if one.per is None and isinstance(totals, Mapping)
        }
        for one in specification.calibrations
    ]
    return screen(table, asked, rules=rules, specification=specification, margins=margins)


# Specifications.


class OtherFileError(Exception):
    """A specification names a file that would stand beside it; here nothing does."""

    def __init__(self, *, key: str, name: str) -> None:
        self.key, self.name = key, name
        super().__init__(f"{key} names « {name} »: write its content in the specification.")


@contextmanager
def written(text: str, name: str = SPECIFICATION) -> Iterator[Path]:
    """Write a specification where the library reads it, alone in a folder."""
    with TemporaryDirectory(prefix="alliage-") as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        yield path


def read_alone(path: Path) -> survey.Specification:
    """Read a specification that names no other file.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem and its line.
    OtherFileError
        If it names a file: one of the machine might be read.
    """
    specification = survey.read_specification(path)
    if specification.data.questionnaire is not None:
        raise OtherFileError(key="questionnaire", name=specification.data.questionnaire)
    for one in specification.calibrations:
        if one.margins_file is not None:
            raise OtherFileError(key="margins_file", name=one.margins_file)
    return specification


def opened(table: survey.Table, path: Path) -> survey.Study:
    """Find every name of a specification in coded respondents.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem and its line.
    OtherFileError
        If it names a file.
    alliage.survey.SurveyError
        If an answer is none of those that it foresees.
    """
    specification = read_alone(path)
    for questionnaire, *_where in questionnaires(specification, path):
        table = described(table, questionnaire)
    return survey.open_study(table, path)
