"""Computing a release, and taking it from a draft to publication by a second person."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction

from alliage import __version__
from alliage.observatory.releases.parts import fingerprint_of_lines, parts_of
from alliage.observatory.states import (
    FILE,
    RELEASE,
    FileDecision,
    FileState,
    ReleaseDecision,
    ReleaseState,
    check_second_person,
)
from alliage.observatory.tabulation.tabulation import About, tabulate
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.observatory.models import Release, ReleasePart, RespondentFile, Wave
from alliage_web.observatory.queries import releases as queries
from alliage_web.observatory.queries import respondent_files as files

from .respondent_files import digest_of

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage.observatory.releases.values import Release as LibraryRelease
    from alliage_web.accounts.models import User


class OutdatedError(Exception):
    """Another release of the wave was published since this one was computed.

    It was not protected against it: the two together might tell of somebody.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"Release {number} was published since. Compute this one again.")


class AlteredError(Exception):
    """What is stored is not what was computed."""


def compute(
    *, file: RespondentFile, by: User | None, at: dt.datetime, submission: UUID | None = None
) -> Release:
    """Compute a draft of a release from a file of respondents that is described.

    Nothing is written before everything is computed; the figures are protected against those of
    every earlier release of the wave.

    Raises
    ------
    alliage.values.lives.DecisionRefusedError
        If the file is not described, or was destroyed.
    alliage.observatory.respondents.anomalies.UntreatedError
        If an anomaly forbids to go on.
    alliage.survey.SurveyError
        If weights or estimates cannot be computed as asked.
    OutdatedError
        If another release was published meanwhile.
    """
    refuse_repeat(submission)
    file = RespondentFile.objects.select_related("wave__study").get(pk=file.pk)
    FILE.after(FileState(file.state), FileDecision.COMPUTE)
    follows = queries.last_number(file.wave_id)
    computed, report = _computed(file)
    return _keep(
        computed,
        file=file,
        follows=follows,
        report=report,
        by=by,
        at=at,
        submission=submission,
    )


def _computed(file: RespondentFile) -> tuple[LibraryRelease, dict[str, object]]:
    table = files.coded_table(file)
    screening = files.screened(file, table)
    table, done = screening.treated(files.treatments_of(file))
    asked = files.asked_of(file.wave)
    about = About(
        study=file.wave.study.code,
        wave=file.wave.code,
        population=file.wave.study.population,
        synthetic=file.wave.synthetic,
        file_sha256=file.sha256,
        specification_sha256=digest_of(file.specification),
        questions=files.question_records(asked),
        asked=files.asked_records(asked),
        breakdowns=files.wave_file_of(file.checks).breakdowns,
        screening=done,
    )
    with files.written(file.specification) as path:
        study = files.opened(table, path)
        release = tabulate(study, about=about, former=queries.former_releases(file.wave_id))
    report = {
        "received": file.rows,
        "kept": table.frame.height,
        "version": __version__,
        "anomalies": [
            {"kind": one.kind, "rows": one.rows, "treatment": one.treatment} for one in done
        ],
    }
    return release, report


@transaction.atomic
def _keep(
    computed: LibraryRelease,
    *,
    file: RespondentFile,
    follows: int,
    report: dict[str, object],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None,
) -> Release:
    _lock_wave(file.wave_id)
    last = queries.last_number(file.wave_id)
    if last != follows:
        raise OutdatedError(last)
    # Writing a part as canonical JSON costs more than keeping it: each is written once.
    parts = [
        ReleasePart(
            kind=part.kind.value,
            question=part.question,
            breakdown=part.breakdown,
            group=part.group,
            content=text.decode(),
            sha256=sha256(text).hexdigest(),
        )
        for part in parts_of(computed)
        for text in (part.canonical(),)
    ]
    row = Release.objects.create(
        wave=file.wave,
        file=file,
        follows=follows,
        synthetic=computed.head.synthetic,
        fingerprint=fingerprint_of_lines(
            (one.kind, one.question, one.breakdown, one.group, one.sha256) for one in parts
        ),
        specification=file.specification,
        report=report,
        computed_by=by,
        computed_at=at,
    )
    for part in parts:
        part.release = row
    ReleasePart.objects.bulk_create(parts)
    record(
        kind="release.computed",
        target=row.stable_name,
        by=by,
        at=at,
        changes={
            "wave": [None, file.wave.stable_name],
            "file": [None, file.stable_name],
            "fingerprint": [None, row.fingerprint],
        },
        submission=submission,
    )
    return row


@transaction.atomic
def submit(*, release: Release, by: User | None, at: dt.datetime) -> Release:
    """Ask another researcher to read a draft again."""
    release = _lock(release)
    release.submitted_by, release.submitted_at, release.sent_back_for = by, at, ""
    _move(release, ReleaseDecision.SUBMIT, "release.submitted", by, at)
    release.save(update_fields=["state", "submitted_by", "submitted_at", "sent_back_for"])
    return release


@transaction.atomic
def take_back(*, release: Release, by: User, at: dt.datetime) -> Release:
    """Take a release back from review."""
    release = _lock(release)
    _move(release, ReleaseDecision.TAKE_BACK, "release.taken_back", by, at)
    release.save(update_fields=["state"])
    return release


@transaction.atomic
def send_back(*, release: Release, reason: str, by: User, at: dt.datetime) -> Release:
    """Send a release back with what is wrong with it.

    Raises
    ------
    alliage.observatory.states.SamePersonError
        If the person computed or submitted it.
    """
    release = _lock(release)
    check_second_person(by.pk, (release.computed_by_id, release.submitted_by_id))
    release.reviewed_by, release.sent_back_for = by, reason
    _move(release, ReleaseDecision.SEND_BACK, "release.sent_back", by, at, reason=reason)
    release.save(update_fields=["state", "reviewed_by", "sent_back_for"])
    return release


@transaction.atomic
def approve(*, release: Release, by: User, at: dt.datetime) -> Release:
    """Publish a release that another person computed: from now on nothing changes it.

    Raises
    ------
    alliage.observatory.states.SamePersonError
        If the person computed or submitted it.
    OutdatedError
        If another release of the wave was published since it was computed.
    AlteredError
        If its parts are not those that were computed.
    """
    _lock_wave(release.wave_id)
    release = _lock(release)
    check_second_person(by.pk, (release.computed_by_id, release.submitted_by_id))
    last = queries.last_number(release.wave_id)
    _move(release, ReleaseDecision.APPROVE, "release.published", by, at, number=last + 1)
    if last != release.follows:
        raise OutdatedError(last)
    if not queries.checked(release).is_sound:
        msg = f"The parts of {release.stable_name} are not those that were computed."
        raise AlteredError(msg)
    release.number, release.published_at, release.reviewed_by = last + 1, at, by
    release.save(update_fields=["state", "number", "published_at", "reviewed_by"])
    return release


@transaction.atomic
def withdraw(*, release: Release, reason: str, by: User, at: dt.datetime) -> Release:
    """Show the figures of a release no longer, and say why; what it held stays recorded."""
    release = _lock(release)
    release.withdrawn_by, release.withdrawn_at, release.withdrawn_for = by, at, reason
    _move(release, ReleaseDecision.WITHDRAW, "release.withdrawn", by, at, reason=reason)
    release.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_for"])
    return release


@transaction.atomic
def discard(*, release: Release, by: User, at: dt.datetime) -> Release:
    """Give a draft up: its figures are removed, and the trail says that it was."""
    release = _lock(release)
    _move(release, ReleaseDecision.DISCARD, "release.discarded", by, at)
    release.parts.all().delete()
    release.save(update_fields=["state"])
    return release


def _move(
    release: Release,
    decision: ReleaseDecision,
    kind: str,
    by: User | None,
    at: dt.datetime,
    **told: object,
) -> None:
    before = ReleaseState(release.state)
    after = RELEASE.after(before, decision)
    release.state = after.value
    changes: dict[str, list[object]] = {"state": [before.value, after.value]}
    changes |= {name: [None, value] for name, value in told.items()}
    record(kind=kind, target=release.stable_name, by=by, at=at, changes=changes)


def _lock(release: Release) -> Release:
    rows = Release.objects.select_for_update(of=("self",)).select_related("wave__study")
    return rows.get(pk=release.pk)


def _lock_wave(wave: int) -> None:
    """Let one release of a wave be numbered at a time."""
    Wave.objects.select_for_update(of=("self",)).get(pk=wave)
