"""Recording that something was written."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Protocol

import rfc8785
from django.db import IntegrityError, transaction

from alliage.safekeeping.chain import commitment
from alliage.values.addresses import without_addresses
from alliage_web.audit.models import Event, PersonalValue
from alliage_web.audit.queries import target_of

from .requests import current_request
from .sealing import seal_after_commit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    class Writer(Protocol):
        """A person, known by a key."""

        @property
        def pk(self) -> Any: ...


_SALT_BYTES = 16


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
    by: Writer | None,
    at: dt.datetime,
    changes: Mapping[str, Any] | None = None,
    personal: Mapping[str, Sequence[Any]] | None = None,
    about: str = "",
    submission: UUID | None = None,
    on_behalf_of: Writer | None = None,
) -> Event:
    """Record that something was written.

    Parameters
    ----------
    kind : str
        What was done, such as ``alliance.updated``.
    target : str
        The stable name of the object.
    by : person or None
        Who did it; None for a command.
    at : datetime
        When, aware.
    changes : mapping, optional
        For each field that changed, ``[before, after]`` as JSON values. Never personal data: what
        stands here is sealed for ever. E-mail addresses in the texts are replaced.
    personal : mapping, optional
        The same for the fields that name a person or tell of one. They are kept apart, and only
        a salted commitment to them is sealed: `erase_personal` can remove them.
    about : str, optional
        The stable name of the person whom ``personal`` tells of.
    submission : UUID, optional
        The token of the form: two requests that race with the same token write once, since the
        second raises and its transaction is rolled back.
    on_behalf_of : person, optional
        Whose role was used, when it was entrusted to whoever did it.

    Returns
    -------
    Event
        The event. It enters the chain right after the transaction is committed.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    ValueError
        A value has no canonical form (it is no JSON value, or a number that is too large), or
        ``personal`` is about nobody.
    """
    # An address may stand in any text that people write, and what is sealed is never erased.
    sealed = without_addresses(dict(changes or {}))
    # Refused here rather than when it is sealed, which would be too late.
    rfc8785.dumps(sealed)
    request = current_request()
    try:
        with transaction.atomic():
            event = Event.objects.create(
                at=at,
                by=_name(by) or "command",
                on_behalf_of=_name(on_behalf_of),
                kind=kind,
                target=target,
                submission=submission,
                changes=sealed,
                request_id=request.id if request else "",
                request_line=request.line if request else "",
            )
            _keep_apart(event, personal or {}, about)
            seal_after_commit()
            return event
    except IntegrityError:
        refuse_repeat(submission)
        raise


def _name(person: Writer | None) -> str:
    return f"user:{person.pk}" if person else ""


def _keep_apart(event: Event, personal: Mapping[str, Sequence[Any]], about: str) -> None:
    if personal and not about:
        msg = (
            f"{event.kind} has personal values ({', '.join(personal)}) about nobody. Say whom they "
            "tell of, such as about='person:12', so that they can be erased."
        )
        raise ValueError(msg)
    values = []
    for field, pair in personal.items():
        salt, value = secrets.token_hex(_SALT_BYTES), list(pair)
        values.append(
            PersonalValue(
                event=event,
                field=field,
                about=about,
                commitment=commitment(salt, value),
                salt=salt,
                value=value,
            )
        )
    PersonalValue.objects.bulk_create(values)
