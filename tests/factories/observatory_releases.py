"""Releases: already public, for tests of what reads them, and computed from drawn respondents."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import polars as pl
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from tests.factories.observatory import ask, question, study, wave

from alliage.observatory.releases.parts import fingerprint, parts_of
from alliage.observatory.respondents.coding import Column, descriptions
from alliage.observatory.states import FileState, ReleaseState
from alliage.survey import Table
from alliage_web.observatory.actions import releases as release_actions
from alliage_web.observatory.actions import respondent_files as file_actions
from alliage_web.observatory.models import Release, ReleasePart, RespondentFile

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from alliage.observatory.releases.values import Release as LibraryRelease
    from alliage_web.accounts.models import User
    from alliage_web.observatory.models import Wave

PUBLISHED_AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def published_release(
    wave: Wave,
    release: LibraryRelease,
    *,
    at: dt.datetime = PUBLISHED_AT,
    uuid: UUID | None = None,
) -> Release:
    """Publish a release of a wave, as the next of its numbers."""
    parts = parts_of(release)
    row = Release.objects.create(
        uuid=uuid or uuid4(),
        wave=wave,
        synthetic=release.head.synthetic,
        fingerprint=fingerprint(parts),
        computed_at=at,
        submitted_at=at,
    )
    ReleasePart.objects.bulk_create(
        ReleasePart(
            release=row,
            kind=part.kind.value,
            question=part.question,
            breakdown=part.breakdown,
            group=part.group,
            content=part.canonical().decode(),
            sha256=part.sha256,
        )
        for part in parts
    )
    row.state = ReleaseState.PUBLISHED.value
    row.number = Release.objects.filter(wave=wave).exclude(number=None).count() + 1
    row.published_at = at
    row.save(update_fields=["state", "number", "published_at"])
    return row


# From a file of respondents.


def asked_wave(*, synthetic: bool = False) -> Wave:
    """Write a wave that asks a question, a battery of marks and a choice among several."""
    where = wave(study("impact_citizens"), "2022", synthetic=synthetic)
    ask(
        where,
        question("health", ordered=True, answers=_codes("good", "bad"), no_answer=_codes("dk")),
    )
    marks = question(
        "fragility",
        theme="fragility",
        kind="battery",
        ordered=True,
        answers=[],
        items=_codes("jobs", "care", "roads"),
        lowest=1,
        highest=10,
    )
    ask(where, marks, order=1)
    acts = question("acts", theme="engagement", kind="choices", answers=_codes("water", "energy"))
    ask(where, acts, order=2)
    return where


def _codes(*codes: str) -> list[dict[str, str]]:
    return [{"code": one, "label_fr": one.capitalize(), "label_en": one} for one in codes]


def respondents(rows: int = 240, seed: int = 7) -> pl.DataFrame:
    """Draw respondents as an institute codes them."""
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": [f"R{rank}" for rank in range(rows)],
            "region": draw.choice(["bretagne", "normandie", "grand_est"], rows),
            "sex": draw.choice(["woman", "man"], rows, p=[0.6, 0.4]),
            "poids": draw.uniform(0.5, 2, rows).round(3),
            "Q1": draw.choice([1, 2, 9], rows, p=[0.6, 0.3, 0.1]),
            "fragility_jobs": draw.integers(1, 11, rows),
            "fragility_care": draw.integers(1, 11, rows),
            "fragility_roads": draw.integers(1, 11, rows),
            "acts_water": draw.integers(0, 2, rows),
            "acts_energy": draw.integers(0, 2, rows),
        }
    )


SPECIFICATION = """title: Vague
design: {weights: poids, strata: region}
calibrations:
  - {name: weight, margins: {sex: {woman: 520, man: 480}}}
tables:
  - name: release
    loose: 0.9
    questions:
      - health
      - variable: fragility_jobs
        points: &points {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10}
      - variable: fragility_care
        points: *points
      - variable: fragility_roads
        points: *points
      - acts
    breakdowns: [region, sex]
"""


def written_file(frame: pl.DataFrame, folder: Path, name: str = "vague.csv") -> Path:
    """Write respondents as a file."""
    path = folder / name
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return path


def received_file(
    where: Wave, folder: Path, *, by: User | None = None, frame: pl.DataFrame | None = None
) -> RespondentFile:
    """Receive a file of respondents."""
    path = written_file(respondents() if frame is None else frame, folder)
    return file_actions.receive_file(wave=where, path=path, by=by, at=PUBLISHED_AT)


def columns() -> tuple[Column, ...]:
    """Tell what the columns of the institute answer."""
    return (
        Column("id", keep_as="id"),
        Column("region", keep_as="region"),
        Column("sex", keep_as="sex"),
        Column("poids", keep_as="poids"),
        Column("Q1", target="health", answers={"1": "good", "2": "bad", "9": "dk"}),
        *(
            Column(name, target=name)
            for name in (
                "fragility_jobs",
                "fragility_care",
                "fragility_roads",
                "acts_water",
                "acts_energy",
            )
        ),
    )


def described_file(
    where: Wave, folder: Path, *, by: User | None = None, frame: pl.DataFrame | None = None
) -> RespondentFile:
    """Receive a file and tell all that is needed to compute a release."""
    file = received_file(where, folder, by=by, frame=frame)
    file = file_actions.map_columns(file=file, columns=columns(), by=by, at=PUBLISHED_AT)
    return file_actions.describe_file(
        file=file, specification=SPECIFICATION, by=by, at=PUBLISHED_AT
    )


def computed_release(where: Wave, folder: Path, *, by: User | None = None) -> Release:
    """Compute a draft from drawn respondents."""
    file = described_file(where, folder, by=by)
    return release_actions.compute(file=file, by=by, at=PUBLISHED_AT)


def write_pipeline(
    of: Wave, values: LibraryRelease, *, file: UUID, draft: UUID, public: UUID, by: User
) -> None:
    """Write a described file of respondents, a draft and a public release, for the addresses."""
    row = RespondentFile.objects.create(
        uuid=file,
        wave=of,
        state=FileState.DESCRIBED.value,
        name="vague.csv",
        size=10,
        sha256="0" * 64,
        keeps_received=False,
        rows=2,
        columns=descriptions(Table.of(pl.DataFrame({"region": ["a", "b"]}))),
        mapping={"region": {"keep_as": "region"}},
        specification="title: Vague\n",
        added_by=by,
        added_at=PUBLISHED_AT,
        destroy_on=dt.date(2999, 1, 1),
    )
    content = io.BytesIO()
    pl.DataFrame({"region": ["a", "b"]}).write_parquet(content)
    default_storage.save(row.coded_path, ContentFile(content.getvalue()))
    published_release(of, values, uuid=public)
    waiting = Release.objects.create(
        uuid=draft,
        wave=of,
        file=row,
        synthetic=values.head.synthetic,
        fingerprint=fingerprint(parts_of(values)),
        computed_by=by,
        computed_at=PUBLISHED_AT,
    )
    ReleasePart.objects.bulk_create(
        ReleasePart(
            release=waiting,
            kind=part.kind.value,
            question=part.question,
            breakdown=part.breakdown,
            group=part.group,
            content=part.canonical().decode(),
            sha256=part.sha256,
        )
        for part in parts_of(values)
    )
