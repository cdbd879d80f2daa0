"""Adding, removing and moving documents, and discarding what nothing needs any more."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.db import transaction

from alliage_web.audit.actions import erase_personal, record, refuse_repeat

from .models import FOLDER, StoredFile
from .queries import leftovers, trail_of

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from django.core.files.base import File

    from alliage.safekeeping.uploads import Upload
    from alliage_web.accounts.models import User

    from .queries import Leftovers


def add_file(
    *,
    place: str,
    title: str,
    upload: Upload,
    content: File[bytes],
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> StoredFile:
    """Keep a document that was checked.

    The bytes are written first: a process killed in between leaves bytes that nobody can reach and
    that `discard` removes, never a document without its content.
    """
    refuse_repeat(submission)
    file = StoredFile(
        place=place,
        name=upload.name,
        title=title,
        media_type=upload.media_type,
        size=upload.size,
        sha256=_digest(content),
        added_by=by,
        added_at=at,
    )
    default_storage.save(file.path, content)
    try:
        with transaction.atomic():
            file.save()
            record(
                kind="file.added",
                target=trail_of(place),
                by=by,
                at=at,
                changes={
                    "file": [None, str(file.uuid)],
                    "media_type": [None, file.media_type],
                    "size": [None, file.size],
                    "sha256": [None, file.sha256],
                },
                personal=_names(file, added=True),
                about=file.stable_name,
                submission=submission,
            )
    except BaseException:
        default_storage.delete(file.path)
        raise
    return file


def _digest(content: File[bytes]) -> str:
    digest = sha256()
    content.seek(0)
    for chunk in content.chunks():
        digest.update(chunk)
    content.seek(0)
    return digest.hexdigest()


def _names(file: StoredFile, *, added: bool) -> dict[str, list[str | None]]:
    """Return the names of a document, which may tell of a person: « CV de… »."""
    names = {"name": file.name, "title": file.title}
    return {field: [None, text] if added else [text, None] for field, text in names.items() if text}


@transaction.atomic
def remove_file(*, place: str, uuid: UUID, by: User, at: dt.datetime) -> bool:
    """Remove a document from its place; False when it was removed before.

    Its bytes stay until the next `discard` after a day, then nothing remains of it but the trail,
    without its names.
    """
    file = (
        StoredFile.objects.select_for_update()
        .filter(place=place, uuid=uuid, removed_at=None)
        .first()
    )
    if file is None:
        return False
    file.removed_at = at
    file.save(update_fields=["removed_at"])
    record(
        kind="file.removed",
        target=trail_of(place),
        by=by,
        at=at,
        changes={"file": [str(file.uuid), None]},
        personal=_names(file, added=False),
        about=file.stable_name,
    )
    return True


@transaction.atomic
def move_files(*, before: str, after: str, by: User | None, at: dt.datetime) -> int:
    """Give the documents of a place to another one, into which it was merged."""
    moved = StoredFile.objects.filter(place=before).update(place=after)
    if moved:
        record(
            kind="file.moved",
            target=trail_of(after),
            by=by,
            at=at,
            changes={"place": [before, after]},
        )
    return moved


@transaction.atomic
def discard(*, now: dt.datetime) -> Leftovers:
    """Delete for good what nothing needs any more, and return it.

    The bytes go once the rows are gone: a process killed in between leaves bytes without a row,
    which the next run finds.
    """
    found = leftovers(now=now)
    for uuid in found.removed:
        file = StoredFile.objects.get(uuid=uuid)
        erase_personal(about=file.stable_name)
        file.delete()
    paths = [f"{FOLDER}/{name}" for name in (*(uuid.hex for uuid in found.removed), *found.orphans)]
    transaction.on_commit(lambda: _delete_contents(paths))
    return found


def _delete_contents(paths: list[str]) -> None:
    for path in paths:
        default_storage.delete(path)
