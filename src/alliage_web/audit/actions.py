"""Writing the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from .models import Event
from .queries import target_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from uuid import UUID

    from alliage_web.accounts.models import User


class AlreadyDoneError(Exception):
    """The same form was sent before; ``target`` names what it made then."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__(f"This form was already received: it made {target}.")


def refuse_repeat(submission: UUID | None) -> None:
    """Raise when a form with this token was already received."""
    if submission and (target := target_of(submission)):
        raise AlreadyDoneError(target)


def record(
    *,
    kind: str,
    target: str,
    by: User | None,
    at: dt.datetime,
    changes: Mapping[str, Any] | None = None,
    submission: UUID | None = None,
) -> Event:
    """Record that something was written.

    ``changes`` gives, for each field that changed, ``[before, after]`` as JSON values.
    ``submission`` is the token of the form: two requests that race with the same token write once,
    since the second raises and its transaction is rolled back.
    """
    try:
        with transaction.atomic():
            return Event.objects.create(
                at=at,
                by=f"user:{by.pk}" if by else "command",
                kind=kind,
                target=target,
                submission=submission,
                changes=dict(changes or {}),
            )
    except IntegrityError:
        refuse_repeat(submission)
        raise
