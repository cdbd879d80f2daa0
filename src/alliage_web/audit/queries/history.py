"""What was written on an object, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Count, IntegerField, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alliage_web.audit.models import Event, PersonalValue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db.models.expressions import Combinable

    Pair = Sequence[Any]

#: What is written on a place about the people who work there.
_KINDS_ABOUT_PEOPLE = ("role.", "member.", "invitation.", "delegation.", "contact.", "place.")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that was written; ``by`` is None for a command."""

    at: dt.datetime
    by: str | None
    kind: str
    changes: Mapping[str, Any]
    target: str = ""
    personal: Mapping[str, Pair | None] = field(default_factory=dict)
    """What told of a person; None when it was erased."""
    on_behalf_of: str = ""
    """The name of the person whose role was used, if it was entrusted."""
    request_id: str = ""
    request_line: str = ""
    position: int | None = None
    """The place in the chain; None for a moment, until it is sealed."""


@dataclass(frozen=True, slots=True)
class ReadableChange:
    """A field in the words of the interface; an empty text is unknown."""

    label: str
    before: str
    after: str
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class ReadableLine:
    at: dt.datetime
    by: str | None
    label: str
    changes: tuple[ReadableChange, ...]
    on_behalf_of: str = ""


def history(*targets: str, limit: int = 50, with_personal: bool = False) -> list[HistoryLine]:
    """Return what was written on one object or several, latest first.

    Who holds a role at a place, belongs to it or was invited is not told: it is for the workspace
    (see `events`). ``with_personal`` adds the personal values: only for a page that its reader may
    see.
    """
    found = Event.objects.filter(target__in=targets).exclude(_about_people())[:limit]
    return lines_of(found, with_personal=with_personal)


def _about_people() -> Q:
    about = Q()
    for prefix in _KINDS_ABOUT_PEOPLE:
        about |= Q(kind__startswith=prefix)
    return about


def lines_of(chosen: Iterable[Event], *, with_personal: bool = False) -> list[HistoryLine]:
    """Put some events as lines, in their order, with the names of people."""
    events = list(chosen)
    names = _names({key for event in events for key in (event.by, event.on_behalf_of)})
    personal = _personal([event.pk for event in events]) if with_personal else {}
    return [
        HistoryLine(
            at=event.at,
            by=names.get(event.by),
            kind=event.kind,
            changes=event.changes,
            target=event.target,
            personal=personal.get(event.pk, {}),
            on_behalf_of=names.get(event.on_behalf_of, ""),
            request_id=event.request_id,
            request_line=event.request_line,
            position=event.position,
        )
        for event in events
    ]


def _names(keys: Iterable[str]) -> dict[str, str]:
    numbers = {key.removeprefix("user:") for key in keys if key.startswith("user:")}
    people = get_user_model().objects.filter(pk__in=numbers)
    return {f"user:{person.pk}": str(person) for person in people}


def _personal(events: Sequence[int]) -> dict[int, dict[str, Pair | None]]:
    found: dict[int, dict[str, Pair | None]] = {}
    kept = PersonalValue.objects.filter(event__in=events)
    for key, name, value in kept.values_list("event_id", "field", "value"):
        found.setdefault(key, {})[name] = value
    return found


def readable(
    lines: Iterable[HistoryLine], *, kinds: Mapping[str, Any], fields: Mapping[str, Any]
) -> list[ReadableLine]:
    """Put a history in words for ``audit/_history.html``; a code without label stays as it is."""
    return [
        ReadableLine(
            at=line.at,
            by=line.by,
            label=str(kinds.get(line.kind, line.kind)),
            changes=tuple(
                _readable_change(str(fields.get(name, name)), pair)
                for name, pair in (*line.changes.items(), *line.personal.items())
            ),
            on_behalf_of=line.on_behalf_of,
        )
        for line in lines
    ]


def _readable_change(label: str, pair: Pair | None) -> ReadableChange:
    if pair is None:
        return ReadableChange(label, "", "", is_erased=True)
    return ReadableChange(label, _words(pair[0]), _words(pair[1]))


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


def last_event() -> Combinable:
    """Return a number that grows with every write that a visitor's page may show.

    It is an expression for another query: the position of the last of these writes in the chain,
    plus how many of them are not sealed yet. It grows when one is committed, in whatever order
    concurrent transactions end, and never decreases when they are sealed. A sign-in, which shows
    on no page of a visitor, leaves it as it is.
    """
    renewing = Event.objects.filter(renews_pages=True)
    sealed = renewing.filter(position__isnull=False).order_by("-position").values("position")[:1]
    waiting = (
        renewing.filter(position=None)
        .order_by()
        .values("renews_pages")
        .annotate(count=Count("*"))
        .values("count")
    )
    zero = Value(0, output_field=IntegerField())
    return Coalesce(Subquery(sealed), zero, output_field=IntegerField()) + Coalesce(
        Subquery(waiting), zero, output_field=IntegerField()
    )
