"""Describing an alliance in the browser, and changing what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from alliage.values.text import slug
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries.contents import content as content_of
from alliage_web.audit.actions import refuse_repeat

from .writing import AlreadyThereError, write

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.alliances.queries.contents import Content

_ATTEMPTS = 5
_LONGEST = 80


class EditConflictError(Exception):
    """Somebody else changed the alliance; ``present`` is what it holds now."""

    def __init__(self, alliance: Alliance, present: Content) -> None:
        self.alliance = alliance
        self.present = present
        super().__init__(f"{alliance.code} was changed since the form was opened.")


def create_alliance(
    *, content: Content, by: User, at: dt.datetime, submission: UUID | None
) -> Alliance:
    """Create an alliance under an identifier made from its title.

    Two people may send the same title at once: the second gets the next free identifier.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _create(content, by=by, at=at, submission=submission)
        except (AlreadyThereError, IntegrityError):
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError  # The last attempt returned or raised.


@transaction.atomic
def _create(content: Content, *, by: User, at: dt.datetime, submission: UUID | None) -> Alliance:
    refuse_repeat(submission)
    code = _free_code(content.fields["title"])
    written = write({code: content}, by=by, at=at, submission=submission, new={code})
    return written[code].alliance


def _free_code(title: str) -> str:
    base = slug(title, limit=_LONGEST).replace("-", "_") or "alliance"
    taken = set(Alliance.objects.filter(code__startswith=base).values_list("code", flat=True))
    free, rank = base, 2
    while free in taken:
        free, rank = f"{base}_{rank}", rank + 1
    return free


@transaction.atomic
def update_alliance(
    *, alliance: Alliance, content: Content, version: str, by: User, at: dt.datetime
) -> Alliance:
    """Change an alliance as the person saw it; ``version`` is what `version_of` gave then."""
    present = Alliance.objects.select_for_update().get(pk=alliance.pk)
    if version_of(present) != version:
        raise EditConflictError(present, content_of(present))
    write({present.code: content}, by=by, at=at)
    return present


def version_of(alliance: Alliance) -> str:
    """Name the state in which an alliance is."""
    return alliance.updated_at.isoformat()
