"""The documents of a place, and the contents that nothing needs any more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.audit.queries import history, readable

from .models import FOLDER, StoredFile

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from alliage_web.audit.queries import ReadableLine

#: How long bytes stay once their document was removed, so that a backup that runs stays whole.
GRACE = dt.timedelta(days=1)

#: The kinds of event that the trail of the documents of a place holds.
EVENTS = {
    "file.added": gettext_lazy("Ajout d’un document"),
    "file.removed": gettext_lazy("Retrait d’un document"),
    "file.moved": gettext_lazy("Documents reçus d’un autre lieu"),
}

#: The names of what a reader is shown of these events.
FIELD_LABELS = {
    "name": gettext_lazy("nom du fichier"),
    "title": gettext_lazy("titre"),
    "place": gettext_lazy("lieu"),
}

_KIBIBYTE = 1024
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A document as a page shows it."""

    uuid: UUID
    name: str
    title: str
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: dt.datetime
    path: str

    @property
    def label(self) -> str:
        return self.title or self.name

    @property
    def weight(self) -> str:
        return weight_in_words(self.size)

    @property
    def extension(self) -> str:
        return self.name.rpartition(".")[2].upper()


def weight_in_words(size: int) -> str:
    """Write a size as people say it: the megabyte of a computer, in round figures."""
    if size < _MEBIBYTE:
        return _("%(n)s ko") % {"n": number_format(max(1, round(size / _KIBIBYTE)))}
    exact = size % _MEBIBYTE == 0
    return _("%(n)s Mo") % {"n": number_format(size / _MEBIBYTE, 0 if exact else 1)}


def trail_of(place: str) -> str:
    """Return the name of the documents of a place in the trail.

    It is not that of the place, whose history more people may read than its workspace.
    """
    return f"documents:{place}"


def documents_of(place: str) -> list[Document]:
    """Return the documents of a place, the last added first."""
    return _documents(StoredFile.objects.filter(place=place, removed_at=None))


def document(*, place: str, uuid: UUID) -> Document | None:
    """Return a document of a place; none once it was removed."""
    found = _documents(StoredFile.objects.filter(place=place, uuid=uuid, removed_at=None))
    return found[0] if found else None


def key_of(*, place: str, uuid: UUID) -> int | None:
    """Return the key of a document of a place, for a row of another app that names it."""
    rows = StoredFile.objects.filter(place=place, uuid=uuid, removed_at=None)
    return rows.values_list("pk", flat=True).first()


def _documents(rows: QuerySet[StoredFile]) -> list[Document]:
    return [
        Document(
            uuid=row.uuid,
            name=row.name,
            title=row.title,
            media_type=row.media_type,
            size=row.size,
            sha256=row.sha256,
            added_by=str(row.added_by or ""),
            added_at=row.added_at,
            path=row.path,
        )
        for row in rows.select_related("added_by")
    ]


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What nothing needs any more: documents removed long enough ago, contents without a row."""

    removed: tuple[UUID, ...]
    orphans: tuple[str, ...]


def history_of(place: str) -> list[ReadableLine]:
    """Return what was added and removed, with its names: for the people of the workspace."""
    lines = [
        replace(
            line,
            changes={name: pair for name, pair in line.changes.items() if name in FIELD_LABELS},
        )
        for line in history(trail_of(place), with_personal=True)
    ]
    return readable(lines, kinds=EVENTS, fields=FIELD_LABELS)


def leftovers(*, now: dt.datetime) -> Leftovers:
    """Find what may be discarded.

    A content without a row is what a process that was killed between the two left. A recent one
    may be that of a document that is being added.
    """
    before = now - GRACE
    rows = StoredFile.objects.filter(removed_at__lt=before).order_by("removed_at", "pk")
    known = {uuid.hex for uuid in StoredFile.objects.values_list("uuid", flat=True)}
    orphans = sorted(
        name
        for name in _contents()
        if name not in known and default_storage.get_modified_time(f"{FOLDER}/{name}") < before
    )
    return Leftovers(tuple(rows.values_list("uuid", flat=True)), tuple(orphans))


def due_removals(at: dt.datetime) -> list[tuple[str, dt.datetime | None]]:
    """Return what would be discarded at a moment: its name, and since when it waits if known."""
    found = leftovers(now=at)
    removed = StoredFile.objects.filter(uuid__in=found.removed).order_by("removed_at", "pk")
    return [(row.stable_name, row.removed_at) for row in removed] + [
        (f"content without a document {name}", None) for name in found.orphans
    ]


def _contents() -> list[str]:
    return default_storage.listdir(FOLDER)[1] if default_storage.exists(FOLDER) else []
