"""Entries of the knowledge base, for the pages of this app and of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, OuterRef, Q

from alliage_web.actors.models import INVENTED
from alliage_web.knowledge.models import Entry, EntryKind, EntryState
from alliage_web.territories.queries import ids_of_size_class
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

    from django.db.models import QuerySet

    from alliage_web.accounts.models import User


@dataclass(frozen=True, slots=True)
class EntryCard:
    """A published entry in a list. Empty texts are unknown."""

    id: int
    slug: str
    kind: str
    kind_label: str
    title: str
    summary: str
    date: str
    publisher: str
    url: str


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An entry in the lists of work: what it is, where it stands, who holds it."""

    slug: str
    title: str
    kind_label: str
    state: str
    state_label: str
    author: str
    review_note: str
    updated_at: Any
    url: str


def published() -> QuerySet[Entry]:
    """Return the entries that everybody may read."""
    return Entry.objects.filter(state=EntryState.PUBLISHED)


def _real() -> QuerySet[Entry]:
    """Return the published entries but those that tell an alliance made up by a demonstration."""
    return published().exclude(alliance__source=INVENTED)


def find(slug: str) -> Entry | None:
    """Return an entry in any state, with the people it names: who may read it is asked apart."""
    terms = Entry.terms.through.objects.filter(entry=OuterRef("pk"))
    found = Entry.objects.select_related("author", "reviewer", "alliance").filter(slug=slug)
    # Most examples are classified by their alliance alone: their page then asks for no term.
    return only(found.annotate(has_terms=Exists(terms)))


def counts() -> dict[str, int]:
    """Return the number of published entries of each kind, 0 included."""
    found = _real().order_by().values_list("kind").annotate(number=Count("pk"))
    return {kind.value: 0 for kind in EntryKind} | dict(found)


def recent(limit: int) -> list[EntryCard]:
    """Return the examples published last."""
    return _cards(
        _real()
        .filter(kind=EntryKind.EXAMPLE)
        .order_by("-published_at", "-alliance__started", "title", "pk"),
        limit,
    )


def example_of(alliance_id: int) -> EntryCard | None:
    """Return the published example that tells an alliance, the first one if there are several."""
    found = published().filter(kind=EntryKind.EXAMPLE, alliance=alliance_id).order_by("pk")
    return next(iter(_cards(found, 1)), None)


def example_slug(alliance_id: int) -> str:
    """Return the address of the example that tells an alliance, empty if there is none."""
    found = published().filter(kind=EntryKind.EXAMPLE, alliance=alliance_id).order_by("pk")
    return found.values_list("slug", flat=True).first() or ""


def has_sheet(alliance_id: int) -> bool:
    """Tell whether an alliance has a case sheet: every published example of an alliance has."""
    return published().filter(kind=EntryKind.EXAMPLE, alliance=alliance_id).exists()


def examples_for_size_class(
    size_class: str, *, exclude_alliance_ids: Collection[int], limit: int
) -> list[EntryCard]:
    """Return examples of the official territories of a size class, the latest started first."""
    there = ids_of_size_class(size_class)
    placed = Entry.objects.filter(
        Q(territories__in=there) | Q(alliance__territories__in=there)
    ).order_by()
    return _cards(
        published()
        .filter(kind=EntryKind.EXAMPLE, pk__in=placed.values("pk"))
        .exclude(alliance__in=exclude_alliance_ids)
        .order_by(F("alliance__started").desc(nulls_last=True), "title", "pk"),
        limit,
    )


def _cards(entries: QuerySet[Entry], limit: int) -> list[EntryCard]:
    return [_card(entry) for entry in entries.select_related("alliance")[:limit]]


def _card(entry: Entry) -> EntryCard:
    return EntryCard(
        id=entry.pk,
        slug=entry.slug,
        kind=entry.kind,
        kind_label=entry.get_kind_display(),
        title=entry.display_title,
        summary=entry.display_summary,
        date=entry.date or (entry.alliance.started if entry.alliance else ""),
        publisher=entry.publisher,
        url=entry.get_absolute_url(),
    )


def written_by(user: User) -> list[DraftLine]:
    """Return what a person wrote, the last modified first."""
    return _lines(Entry.objects.filter(author=user.pk))


def waiting_for_review() -> list[DraftLine]:
    """Return what waits for an editor, the first sent first."""
    return _lines(Entry.objects.filter(state=EntryState.IN_REVIEW), order=("updated_at", "pk"))


def _lines(
    entries: QuerySet[Entry], order: Iterable[str] = ("-updated_at", "-pk")
) -> list[DraftLine]:
    return [
        DraftLine(
            slug=entry.slug,
            title=entry.display_title,
            kind_label=entry.get_kind_display(),
            state=entry.state,
            state_label=entry.get_state_display(),
            author=str(entry.author or ""),
            review_note=entry.review_note,
            updated_at=entry.updated_at,
            url=entry.get_absolute_url(),
        )
        for entry in entries.select_related("author").order_by(*order)
    ]
