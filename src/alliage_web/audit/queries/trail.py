"""The whole trail: choosing events, and the state of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from alliage.safekeeping.chain import START
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for in the trail; what is empty filters nothing."""

    by: Collection[str] | None = None
    """Names of authors as the trail knows them; an empty collection finds nothing."""
    target: str = ""
    """A part of the stable name of an object."""
    kind: str = ""
    first: dt.datetime | None = None
    before: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The chain: how many events it holds, its last digest, how many wait to be sealed."""

    count: int
    head: str
    waiting: int


def events(
    filters: Filters | None = None,
    *,
    targets: Collection[str] | None = None,
    prefixes: Collection[str] | None = None,
) -> QuerySet[Event]:
    """Choose events, latest first.

    ``targets`` and ``prefixes`` bound what may be read at all, by the names of objects and by the
    beginnings of names; None for both reads everything, and empty collections read nothing.
    """
    found = Event.objects.order_by("-pk")
    if targets is not None or prefixes is not None:
        allowed = Q(target__in=list(targets or ()))
        for prefix in prefixes or ():
            allowed |= Q(target__startswith=prefix)
        found = found.filter(allowed)
    return _filtered(found, filters or Filters())


def _filtered(found: QuerySet[Event], filters: Filters) -> QuerySet[Event]:
    if filters.by is not None:
        found = found.filter(by__in=list(filters.by))
    if filters.target:
        found = found.filter(target__icontains=filters.target)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.first:
        found = found.filter(at__gte=filters.first)
    if filters.before:
        found = found.filter(at__lt=filters.before)
    return found


def state() -> State:
    """Return the state of the chain, in two queries."""
    last = (
        Event.objects.exclude(position=None)
        .order_by("-position")
        .values_list("position", "digest")
        .first()
    )
    position, digest = last or (0, START)
    return State(
        count=position or 0,
        head=digest or START,
        waiting=Event.objects.filter(position=None).count(),
    )
