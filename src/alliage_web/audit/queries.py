"""Reading the trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Subquery
from django.utils.translation import gettext as _

from alliage_web.accounts.models import User

from .models import Event

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: dt.datetime
    by: str | None
    kind: str
    changes: Mapping[str, Any]
    target: str = ""


@dataclass(frozen=True, slots=True)
class ReadableChange:
    """A field in the words of the interface; an empty text is unknown."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ReadableLine:
    at: dt.datetime
    by: str | None
    label: str
    changes: tuple[ReadableChange, ...]


def history(*targets: str, limit: int = 50) -> list[HistoryLine]:
    """Return what was written on one object or several, latest first.

    ``by`` is None for a command.
    """
    events = list(Event.objects.filter(target__in=targets)[:limit])
    keys = {event.by.removeprefix("user:") for event in events if event.by.startswith("user:")}
    names = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=keys)}
    return [
        HistoryLine(event.at, names.get(event.by), event.kind, event.changes, event.target)
        for event in events
    ]


def readable(
    lines: Iterable[HistoryLine], *, kinds: Mapping[str, Any], fields: Mapping[str, Any]
) -> list[ReadableLine]:
    """Put a history in words for ``audit/_history.html``; a code without label stays as it is."""
    return [
        ReadableLine(
            line.at,
            line.by,
            str(kinds.get(line.kind, line.kind)),
            tuple(
                ReadableChange(str(fields.get(name, name)), _words(pair[0]), _words(pair[1]))
                for name, pair in line.changes.items()
            ),
        )
        for line in lines
    ]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def target_of(submission: UUID) -> str | None:
    """Return the name of what a form with this token made, if it was received."""
    return Event.objects.filter(submission=submission).values_list("target", flat=True).first()


def changed_by_people(prefix: str) -> dict[str, frozenset[str]]:
    """Return, for each object whose name begins so, the fields that a person wrote."""
    written: dict[str, frozenset[str]] = {}
    events = Event.objects.filter(target__startswith=prefix, by__startswith="user:")
    for target, changes in events.order_by("pk").values_list("target", "changes"):
        written[target] = written.get(target, frozenset()) | frozenset(changes)
    return written


def last_event() -> Subquery:
    """Return the number of the last thing written, as an expression for another query."""
    return Subquery(Event.objects.order_by("-pk").values("pk")[:1])
