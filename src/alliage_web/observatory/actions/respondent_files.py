"""Receiving a file of respondents, telling what it answers, and destroying it."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from hashlib import sha256
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from alliage import survey
from alliage.observatory.respondents.coding import descriptions
from alliage.observatory.respondents.identifiers import (
    Identifier,
    direct_identifiers,
    without_columns,
)
from alliage.observatory.states import FILE, FileDecision, FileState
from alliage.observatory.synthetic.files import check_real
from alliage.values.lives import DecisionRefusedError
from alliage_web.accounts.queries.register import retention_rules
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.observatory.models import RespondentFile
from alliage_web.observatory.models.respondent_files import FOLDER
from alliage_web.observatory.queries import respondent_files as queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from uuid import UUID

    from alliage.observatory.respondents.anomalies import AnomalyKind, Treatment
    from alliage.observatory.respondents.coding import Column
    from alliage_web.accounts.models import User
    from alliage_web.observatory.models import Wave
    from alliage_web.observatory.queries.respondent_files import Leftovers

_LONGEST_NAME = 150
#: The rule of the register that says how long respondents are kept.
_RETENTION = "expired-respondents"
#: An old wave whose file comes late is used before it goes.
_TIME_TO_COMPUTE = dt.timedelta(days=90)


class IdentifiersError(Exception):
    """Columns of a file seem to name people: they are dropped, or nothing is kept."""

    def __init__(self, found: Sequence[Identifier]) -> None:
        self.found = tuple(found)
        columns = ", ".join(one.column for one in found)
        super().__init__(f"These columns seem to name people: {columns}. Drop them.")


class TooManyRowsError(Exception):
    """A file has more rows than where it is received can wait for."""

    def __init__(self, rows: int, most: int) -> None:
        self.rows, self.most = rows, most
        super().__init__(f"{rows} rows; {most} at most are read here.")


class DestructionDateError(Exception):
    """A file is destroyed after the day it is received, and no later than the register says."""

    def __init__(self, day: dt.date, latest: dt.date) -> None:
        self.day, self.latest = day, latest
        super().__init__(
            f"A file of respondents cannot be kept until {day}. Choose a day to come, {latest} at "
            "the latest."
        )


def receive_file(
    *,
    wave: Wave,
    path: Path,
    name: str = "",
    encoding: str = "utf-8",
    drop: Sequence[str] = (),
    destroy_on: dt.date | None = None,
    most_rows: int | None = None,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> RespondentFile:
    """Keep the respondents of a wave in private storage.

    Parameters
    ----------
    wave : Wave
        What they answer.
    path : Path
        A file as an institute sends it: SPSS, Stata, CSV, XLSX or Parquet.
    name : str
        How it is called; that of ``path`` if not given.
    encoding : str
        Of the texts of CSV, SPSS and Stata files.
    drop : sequence of str
        Columns that name people, which are not kept. Then the file as received, which holds them,
        is not kept either.
    destroy_on : date, optional
        When everything is destroyed; as late as the register of processing allows if not given.
    most_rows : int, optional
        How many respondents are read at most, where somebody waits for an answer.

    Raises
    ------
    alliage.survey.SurveyError
        If it cannot be read; nothing is kept.
    TooManyRowsError
        If it has more rows than ``most_rows``.
    IdentifiersError
        If a column seems to name people; nothing is kept.
    DestructionDateError
        If the day of its destruction is not to come, or later than `latest_destruction`.
    alliage.observatory.synthetic.files.InventedRespondentsError
        If a generator invented the respondents, and the wave is of real people; nothing is kept.
    """
    refuse_repeat(submission)
    today = timezone.localdate(at)
    latest = latest_destruction(wave, received=today)
    if destroy_on is not None and not today < destroy_on <= latest:
        raise DestructionDateError(destroy_on, latest)
    table = survey.read(path, encoding=encoding)
    if not wave.synthetic:
        check_real(table)
    if most_rows is not None and table.frame.height > most_rows:
        raise TooManyRowsError(table.frame.height, most_rows)
    dropped = [column for column in drop if column in table.frame.columns]
    table = without_columns(table, dropped)
    if found := direct_identifiers(table):
        raise IdentifiersError(found)
    content = path.read_bytes()
    file = RespondentFile(
        wave=wave,
        name=(name or path.name)[-_LONGEST_NAME:],
        encoding=encoding,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        keeps_received=not dropped,
        rows=table.frame.height,
        columns=descriptions(table),
        dropped=dropped,
        added_by=by,
        added_at=at,
        destroy_on=destroy_on or latest,
    )
    as_parquet = io.BytesIO()
    table.frame.write_parquet(as_parquet)
    try:
        default_storage.save(file.coded_path, ContentFile(as_parquet.getvalue()))
        if file.keeps_received:
            default_storage.save(file.received_path, ContentFile(content))
        with transaction.atomic():
            file.save()
            record(
                kind="respondents.received",
                target=file.stable_name,
                by=by,
                at=at,
                changes={
                    "wave": [None, wave.stable_name],
                    "rows": [None, file.rows],
                    "sha256": [None, file.sha256],
                    "dropped": [None, len(dropped)],
                    "destroy_on": [None, file.destroy_on.isoformat()],
                },
                submission=submission,
            )
    except BaseException:
        _delete_contents(file)
        raise
    return file


def latest_destruction(wave: Wave, *, received: dt.date) -> dt.date:
    """Return when a file is destroyed at the latest, and if nobody says otherwise."""
    # Nobody answered after the file came, whatever is written of the fieldwork.
    start = min(wave.fieldwork_last or received, received)
    kept = next(one.months for one in retention_rules() if one.code == _RETENTION)
    # The first day of the month after: never a day that a month has not, never too early.
    months = start.month - 1 + kept + 1
    day = dt.date(start.year + months // 12, months % 12 + 1, 1)
    return max(day, received + _TIME_TO_COMPUTE)


@transaction.atomic
def map_columns(
    *,
    file: RespondentFile,
    columns: Sequence[Column],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> RespondentFile:
    """Tell which column answers which question; the file has to be described again after.

    Raises
    ------
    alliage.observatory.respondents.coding.CodingError
        With every column or value that stands for nothing; nothing is written.
    alliage.values.lives.DecisionRefusedError
        If the file was destroyed.
    """
    refuse_repeat(submission)
    file = _lock(file)
    state = FILE.after(FileState(file.state), FileDecision.MAP)
    queries.coded_table(file, tuple(columns))
    mapping = queries.mapping_of(tuple(columns))
    answered = len([one for one in columns if one.target])
    record(
        kind="respondents.mapped",
        target=file.stable_name,
        by=by,
        at=at,
        changes={
            "answered": [None, answered],
            "left_out": [None, len(file.columns) - len(mapping)],
        },
        submission=submission,
    )
    file.mapping, file.state = mapping, state.value
    file.save(update_fields=["mapping", "state"])
    return file


@transaction.atomic
def treat_anomalies(
    *,
    file: RespondentFile,
    treatments: Mapping[AnomalyKind, Treatment],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> RespondentFile:
    """Tell what is done with each kind of anomaly."""
    refuse_repeat(submission)
    file = _lock(file)
    FILE.after(FileState(file.state), FileDecision.TREAT)
    before, after = file.treatments, {kind.value: done.value for kind, done in treatments.items()}
    record(
        kind="respondents.treated",
        target=file.stable_name,
        by=by,
        at=at,
        changes={"treatments": [before, after]},
        submission=submission,
    )
    file.treatments = after
    file.save(update_fields=["treatments"])
    return file


@transaction.atomic
def describe_file(
    *,
    file: RespondentFile,
    specification: str,
    checks: str = "",
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> RespondentFile:
    """Tell the design, the margins and the tables; every name is found in the respondents.

    ``checks`` are the names of the breakdowns in two languages and what is looked for in the file,
    as `alliage.observatory.respondents.wave_files.WaveFile` reads them.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the specification and its line; nothing is written.
    """
    refuse_repeat(submission)
    file = _lock(file)
    state = FILE.after(FileState(file.state), FileDecision.DESCRIBE)
    queries.wave_file_of(checks)
    table = queries.coded_table(file)
    with queries.written(specification) as path:
        queries.opened(table, path)
    before, after = digest_of(file.specification), digest_of(specification)
    changes = {"specification": [before, after]}
    if checks != file.checks:
        changes["checks"] = [digest_of(file.checks), digest_of(checks)]
    record(
        kind="respondents.described",
        target=file.stable_name,
        by=by,
        at=at,
        changes=changes,
        submission=submission,
    )
    file.specification, file.checks, file.state = specification, checks, state.value
    file.save(update_fields=["specification", "checks", "state"])
    return file


def digest_of(text: str) -> str:
    """Return the fingerprint of a specification; empty without one."""
    return sha256(text.encode()).hexdigest() if text else ""


@transaction.atomic
def note_download(*, file: RespondentFile, content: str, by: User, at: dt.datetime) -> None:
    """Record that somebody takes the respondents out of the platform."""
    record(
        kind="respondents.downloaded",
        target=file.stable_name,
        by=by,
        at=at,
        changes={"content": [None, content]},
    )


@transaction.atomic
def destroy_file(
    *, file: RespondentFile, by: User | None, at: dt.datetime, submission: UUID | None = None
) -> RespondentFile:
    """Destroy the rows of a file; what was computed from them stays, and so does its fingerprint.

    Raises
    ------
    alliage.values.lives.DecisionRefusedError
        If it was destroyed before.
    """
    refuse_repeat(submission)
    file = _lock(file)
    state = FILE.after(FileState(file.state), FileDecision.DESTROY)
    file.state, file.destroyed_by, file.destroyed_at = state.value, by, at
    file.save(update_fields=["state", "destroyed_by", "destroyed_at"])
    record(
        kind="respondents.destroyed",
        target=file.stable_name,
        by=by,
        at=at,
        changes={"sha256": [file.sha256, None], "rows": [file.rows, None]},
        submission=submission,
    )
    transaction.on_commit(lambda: _delete_contents(file))
    return file


def destroy_expired(*, at: dt.datetime) -> Leftovers:
    """Destroy the files whose date is past, and contents that belong to none."""
    found = queries.leftovers(now=at)
    for uuid in found.expired:
        # Somebody may have destroyed it meanwhile: the others still go.
        with contextlib.suppress(DecisionRefusedError):
            destroy_file(file=RespondentFile.objects.get(uuid=uuid), by=None, at=at)
    for name in found.orphans:
        default_storage.delete(f"{FOLDER}/{name}")
    return found


def _lock(file: RespondentFile) -> RespondentFile:
    rows = RespondentFile.objects.select_for_update(of=("self",))
    return rows.select_related("wave__study").get(pk=file.pk)


def _delete_contents(file: RespondentFile) -> None:
    for path in (file.received_path, file.coded_path):
        default_storage.delete(path)
