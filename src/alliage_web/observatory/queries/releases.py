"""What was published, and the parts of a release, which are read one by one.

A part never changes: it is read once and kept in memory.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef
from django.urls import reverse

from alliage.observatory.releases.parts import (
    Part,
    PartKind,
    assembled,
    covariance_of,
    fingerprint_of_lines,
    head_of,
    network_of,
    ranking_of,
    table_of,
)
from alliage.observatory.states import ReleaseState
from alliage_web.observatory.models import Release, ReleasePart, Wave
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from django.db.models import QuerySet

    from alliage.observatory.releases.values import Covariance, Head, Network, Ranking, Table
    from alliage.observatory.releases.values import Release as LibraryRelease
    from alliage_web.observatory.models import RespondentFile

_ORDER = ("kind", "question", "breakdown", "group", "pk")
_WAITING = (ReleaseState.IN_REVIEW.value, ReleaseState.DRAFT.value, ReleaseState.PUBLISHED.value)
_PUBLIC = (ReleaseState.PUBLISHED.value, ReleaseState.WITHDRAWN.value)
#: How many parts are kept in memory: a wave of 10 questions by 6 breakdowns has about 200.
_KEPT = 512
#: How many covariances are: one of 1,000 cells takes 8 MB.
_KEPT_LARGE = 32


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release that is public.

    Attributes
    ----------
    uuid
        Its name in addresses, by which its parts are asked too.
    study, wave
        Their codes.
    study_label, wave_label
        Their names, in the language of the page.
    population
        The code of the people who were asked.
    year
        That of the wave.
    number
        Its number in the wave.
    synthetic
        Whether respondents were invented.
    published_at
        When.
    fingerprint
        That of its parts.
    superseded
        Whether the wave has a later one that is not withdrawn.
    """

    uuid: UUID
    study: str
    wave: str
    study_label: str
    wave_label: str
    population: str
    year: int | None
    number: int
    synthetic: bool
    published_at: dt.datetime
    fingerprint: str
    superseded: bool

    @property
    def stable_name(self) -> str:
        return f"release:{self.uuid}"

    @property
    def url(self) -> str:
        return reverse("observatory:release", args=[self.uuid])

    def __str__(self) -> str:
        return f"{self.study_label}, {self.wave_label}"


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a release, without its content."""

    id: int
    kind: str
    kind_label: str
    question: str
    breakdown: str
    group: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Check:
    """Whether what is stored is what was published.

    Attributes
    ----------
    found
        The fingerprint computed again from the contents that are stored.
    altered
        The parts whose content is not that of their fingerprint.
    """

    found: str
    expected: str
    altered: tuple[PartLine, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every content is the one that was published."""
        return not self.altered and self.found == self.expected


def published(
    *, study: str | None = None, wave: str | None = None, current: bool = False
) -> tuple[PublishedRelease, ...]:
    """Return the releases that may be read, the last year first.

    Parameters
    ----------
    study, wave : str, optional
        Their codes.
    current : bool
        Whether those that a later one superseded are left out.
    """
    rows = _with_later(Release.objects.filter(state=ReleaseState.PUBLISHED.value))
    if study is not None:
        rows = rows.filter(wave__study__code=study)
    if wave is not None:
        rows = rows.filter(wave__code=wave)
    year = F("wave__year").desc(nulls_last=True)
    order = (year, "wave__study__code", "wave__code", "-number", "pk")
    found = (_published(row) for row in rows.order_by(*order))
    return tuple(one for one in found if not (current and one.superseded))


def latest_release(study: str, wave: str) -> PublishedRelease | None:
    """Return the last release of a wave that was not withdrawn."""
    return next(iter(published(study=study, wave=wave, current=True)), None)


def release_of(uuid: UUID) -> PublishedRelease | None:
    """Return a release that may be read; none where it is withdrawn, or no longer or not yet."""
    rows = Release.objects.filter(uuid=uuid, state=ReleaseState.PUBLISHED.value)
    row = _with_later(rows).first()
    return _published(row) if row else None


def public_row(uuid: UUID) -> Release | None:
    """Return the row of a release that is or was published: its page tells which."""
    rows = Release.objects.filter(uuid=uuid, state__in=_PUBLIC)
    return rows.select_related("wave__study").first()


def any_release(uuid: UUID) -> Release | None:
    """Return the row of a release in any state, for researchers."""
    people = ("computed_by", "submitted_by", "reviewed_by", "withdrawn_by")
    rows = Release.objects.filter(uuid=uuid).select_related("wave__study", "file", *people)
    return only(rows)


def in_preparation() -> list[Release]:
    """Return every release, those that wait for somebody first."""
    order = {state: rank for rank, state in enumerate(_WAITING)}
    rows = Release.objects.exclude(state=ReleaseState.DISCARDED.value)
    found = rows.select_related("wave__study", "computed_by").order_by("-computed_at", "-pk")
    return sorted(found, key=lambda row: order.get(row.state, len(order)))


def releases_of_file(file: RespondentFile) -> list[Release]:
    """Return what was computed from a file, the last first."""
    rows = Release.objects.filter(file=file).select_related("wave__study", "computed_by")
    return list(rows.order_by("-computed_at", "-pk"))


def every_wave() -> list[Wave]:
    """Return the waves that may receive a file, the last year first."""
    year = F("year").desc(nulls_last=True)
    rows = Wave.objects.select_related("study").order_by(year, "study__code", "code", "pk")
    return list(rows)


def superseded_by(row: Release) -> Release | None:
    """Return the release that readers should take instead, if there is one."""
    return (
        Release.objects.filter(
            wave=row.wave_id, state=ReleaseState.PUBLISHED.value, number__gt=row.number or 0
        )
        .order_by("-number")
        .first()
    )


def _with_later(rows: QuerySet[Release]) -> QuerySet[Release]:
    later = Release.objects.filter(
        wave=OuterRef("wave"),
        state=ReleaseState.PUBLISHED.value,
        number__gt=OuterRef("number"),
    )
    return rows.select_related("wave__study").annotate(later=Exists(later))


def _published(row: Release) -> PublishedRelease:
    assert row.number is not None
    assert row.published_at is not None
    return PublishedRelease(
        uuid=row.uuid,
        study=row.wave.study.code,
        wave=row.wave.code,
        study_label=row.wave.study.label,
        wave_label=row.wave.label,
        population=row.wave.study.population,
        year=row.wave.year,
        number=row.number,
        synthetic=row.synthetic,
        published_at=row.published_at,
        fingerprint=row.fingerprint,
        superseded=bool(getattr(row, "later", False)),
    )


# Parts. They are written once, under a name that is drawn at random: what is kept in memory under
# this name stays true. Whether a release may be read is asked of `release_of`, not here.


def head(release: UUID) -> Head:
    """Return what a release is about.

    Raises
    ------
    LookupError
        If there is no such release.
    """
    found = _head(release)
    if found is None:
        msg = f"There is no release {release}. Ask for one of `published()`."
        raise LookupError(msg)
    return found


@lru_cache(maxsize=_KEPT)
def table(release: UUID, question: str, breakdown: str = "") -> Table | None:
    """Return a question by a breakdown; none where it was not declared."""
    found = content(release, PartKind.TABLE, question, breakdown)
    return table_of(found) if found else None


@lru_cache(maxsize=_KEPT_LARGE)
def covariance(release: UUID, question: str, breakdown: str = "") -> Covariance | None:
    """Return the covariances of the shown cells of a table."""
    found = content(release, PartKind.COVARIANCE, question, breakdown)
    return covariance_of(found) if found else None


@lru_cache(maxsize=_KEPT)
def ranking(release: UUID, question: str, breakdown: str = "", group: str = "") -> Ranking | None:
    """Return the order of the items of a battery, for everybody or for a group."""
    found = content(release, PartKind.RANKING, question, breakdown, group)
    return ranking_of(found) if found else None


@lru_cache(maxsize=_KEPT)
def network(release: UUID, question: str, breakdown: str = "", group: str = "") -> Network | None:
    """Return which items of a battery go together, for everybody or for a group."""
    found = content(release, PartKind.NETWORK, question, breakdown, group)
    return network_of(found) if found else None


@lru_cache(maxsize=64)
def _head(release: UUID) -> Head | None:
    found = content(release, PartKind.HEAD)
    return head_of(found) if found else None


def content(
    release: UUID, kind: PartKind, question: str = "", breakdown: str = "", group: str = ""
) -> dict[str, Any] | None:
    """Return a part as JSON keeps it; none where there is no such part."""
    rows = ReleasePart.objects.filter(
        release__uuid=release,
        kind=kind.value,
        question=question,
        breakdown=breakdown,
        group=group,
    )
    text = rows.values_list("content", flat=True).first()
    return json.loads(text) if text else None


def stored_parts(release: UUID) -> tuple[Part, ...]:
    """Return every part of a release, as `alliage.observatory.releases.parts` writes them."""
    rows = ReleasePart.objects.filter(release__uuid=release).order_by(*_ORDER)
    return tuple(
        Part(PartKind(row.kind), row.question, row.breakdown, row.group, json.loads(row.content))
        for row in rows.iterator()
    )


def part_lines(release: UUID) -> tuple[PartLine, ...]:
    """Return what a release is made of, without the contents."""
    rows = ReleasePart.objects.filter(release__uuid=release).defer("content").order_by(*_ORDER)
    return tuple(_line(row) for row in rows)


def part_text(release: UUID, part: int) -> str | None:
    """Return a part as it was written: the bytes that its fingerprint is of."""
    rows = ReleasePart.objects.filter(release__uuid=release, pk=part)
    return rows.values_list("content", flat=True).first()


def whole_text(row: Release) -> str:
    """Write every part of a release with its fingerprint, each content as it is stored."""
    lines = []
    for part in row.parts.order_by(*_ORDER).iterator():
        told = {
            "kind": part.kind,
            "question": part.question,
            "breakdown": part.breakdown,
            "group": part.group,
            "sha256": part.sha256,
        }
        start = json.dumps(told, ensure_ascii=False)[:-1]
        lines.append(f'{start}, "content": {part.content}}}')
    head = {"fingerprint": row.fingerprint, "number": row.number, "synthetic": row.synthetic}
    start = json.dumps(head, ensure_ascii=False)[:-1]
    return start + ', "parts": [\n' + ",\n".join(lines) + "\n]}\n"


def checked(row: Release) -> Check:
    """Compute the fingerprints again from the contents that are stored."""
    altered, parts = [], []
    for stored in row.parts.order_by(*_ORDER).iterator():
        sha256 = hashlib.sha256(stored.content.encode()).hexdigest()
        if sha256 != stored.sha256:
            altered.append(_line(stored))
        parts.append((stored.kind, stored.question, stored.breakdown, stored.group, sha256))
    return Check(fingerprint_of_lines(parts), row.fingerprint, tuple(altered))


def former_releases(wave: int) -> tuple[LibraryRelease, ...]:
    """Return every release of a wave that was ever public, against which the next is protected.

    One that was withdrawn counts: its figures were seen.
    """
    rows = Release.objects.filter(wave=wave, state__in=_PUBLIC).order_by("number")
    return tuple(assembled(stored_parts(row.uuid)) for row in rows)


def last_number(wave: int) -> int:
    """Return the number of the last release of a wave that was ever public; 0 before the first."""
    rows = Release.objects.filter(wave=wave, state__in=_PUBLIC).order_by("-number")
    return rows.values_list("number", flat=True).first() or 0


def _line(row: ReleasePart) -> PartLine:
    return PartLine(
        id=row.pk,
        kind=row.kind,
        kind_label=str(row.get_kind_display()),
        question=row.question,
        breakdown=row.breakdown,
        group=row.group,
        sha256=row.sha256,
    )
