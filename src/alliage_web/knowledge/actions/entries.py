"""Writing entries, and taking them from a draft to publication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from alliage.knowledge.publication import Decision, PublicationState, check_transition
from alliage.values.text import slug
from alliage_web.alliances.queries import find_by_code
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.knowledge.models import Entry
from alliage_web.knowledge.queries.contents import OWN_FIELDS, EntryContent, content_of
from alliage_web.territories.queries import by_codes
from alliage_web.vocabulary.queries import by_scheme

from .sheet_following import follow_entry

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage_web.accounts.models import User

#: Words that already name a page beside those of the entries.
_TAKEN = frozenset({"nouveau", "mes-brouillons", "a-relire", "apercu"})
_LONGEST_SLUG = 80


class EditConflictError(Exception):
    """The entry was changed since the person began to write; ``entry`` is as it is now."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(f"{entry.stable_name} was changed on {entry.updated_at:%Y-%m-%d %H:%M}.")


def version_of(entry: Entry) -> str:
    """Tell this state of an entry from those that come after."""
    return entry.updated_at.isoformat()


@transaction.atomic
def create_entry(
    *,
    content: EntryContent,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Entry:
    """Write a draft."""
    refuse_repeat(submission)
    entry = Entry(slug=_free_slug(content.title), author=by, created_at=at, updated_at=at)
    write(entry, content)
    record(
        kind="entry.created",
        target=entry.stable_name,
        by=by,
        at=at,
        changes=content.changes_from(None),
        submission=submission,
    )
    return entry


@transaction.atomic
def update_entry(
    *, entry: Entry, content: EntryContent, version: str, by: User | None, at: dt.datetime
) -> Entry:
    """Change what an entry says; ``version`` is the one that the person read before writing."""
    entry = _lock(entry)
    if version != version_of(entry):
        raise EditConflictError(entry)
    changes = content.changes_from(content_of(entry))
    if changes:
        entry.updated_at = at
        write(entry, content)
        record(kind="entry.changed", target=entry.stable_name, by=by, at=at, changes=changes)
    return entry


def _lock(entry: Entry) -> Entry:
    return Entry.objects.select_for_update().get(pk=entry.pk)


def write(entry: Entry, content: EntryContent) -> None:
    """Give an entry what its content says; the caller records the event."""
    for name in OWN_FIELDS:
        setattr(entry, name, getattr(content, name))
    entry.alliance = find_by_code(content.alliance) if content.alliance else None
    entry.save()
    entry.territories.set(by_codes(_pairs(content.territories)).values())
    wanted = _pairs(content.terms)
    terms = by_scheme(*{scheme for scheme, _code in wanted}) if wanted else {}
    entry.terms.set(
        [term for found in terms.values() for term in found if (term.scheme, term.code) in wanted]
    )


def _pairs(names: tuple[str, ...]) -> set[tuple[str, str]]:
    return {(first, second) for first, _slash, second in (name.partition("/") for name in names)}


def _free_slug(title: str) -> str:
    wanted = slug(title, limit=_LONGEST_SLUG) or "entree"
    taken = _TAKEN | set(
        Entry.objects.filter(slug__startswith=wanted).values_list("slug", flat=True)
    )
    free, rank = wanted, 2
    while free in taken:
        free, rank = f"{wanted}-{rank}", rank + 1
    return free


@transaction.atomic
def submit_entry(*, entry: Entry, by: User, at: dt.datetime) -> Entry:
    """Send a draft to the editors."""
    return _decide(entry, Decision.SUBMIT, "entry.submitted", by, at)


@transaction.atomic
def withdraw_entry(*, entry: Entry, by: User, at: dt.datetime) -> Entry:
    """Take a draft back from the editors, to go on writing."""
    return _decide(entry, Decision.WITHDRAW, "entry.withdrawn", by, at)


@transaction.atomic
def send_back_entry(*, entry: Entry, note: str, by: User, at: dt.datetime) -> Entry:
    """Give a draft back to its author, with what remains to be done."""
    return _decide(entry, Decision.SEND_BACK, "entry.sent_back", by, at, note=note)


@transaction.atomic
def publish_entry(*, entry: Entry, version: str | None, by: User, at: dt.datetime) -> Entry:
    """Let everybody read an entry; ``version`` is the one that was read before deciding.

    A sheet that waits for this goes out with it: those that it names must consent to it still.
    """
    return _decide(entry, Decision.PUBLISH, "entry.published", by, at, version=version)


@transaction.atomic
def unpublish_entry(*, entry: Entry, note: str, by: User, at: dt.datetime) -> Entry:
    """Take an entry away from the public; it is a draft again, and nothing of it is lost."""
    return _decide(entry, Decision.UNPUBLISH, "entry.unpublished", by, at, note=note)


def decide_by_itself(entry: Entry, decision: Decision, *, by: User | None, at: dt.datetime) -> None:
    """Move an entry because something else did: it loses a sheet to which somebody consented."""
    kinds = {Decision.UNPUBLISH: "entry.unpublished", Decision.WITHDRAW: "entry.withdrawn"}
    _decide(entry, decision, kinds[decision], by, at)


def _decide(
    entry: Entry,
    decision: Decision,
    kind: str,
    by: User | None,
    at: dt.datetime,
    *,
    note: str = "",
    version: str | None = None,
) -> Entry:
    """Move an entry, if its state allows it; the note of the last decision is the one shown."""
    entry = _lock(entry)
    before = {name: getattr(entry, name) for name in ("state", "review_note")}
    following = check_transition(PublicationState(entry.state), decision)
    if version is not None and version != version_of(entry):
        raise EditConflictError(entry)
    entry.state = following.value
    entry.review_note = note
    entry.published_at = at if decision is Decision.PUBLISH else None
    if decision not in {Decision.SUBMIT, Decision.WITHDRAW}:
        entry.reviewer = by
    entry.updated_at = at
    entry.save()
    changes = {
        name: [value, getattr(entry, name)]
        for name, value in before.items()
        if value != getattr(entry, name)
    }
    record(kind=kind, target=entry.stable_name, by=by, at=at, changes=changes)
    follow_entry(entry, decision, by=by, at=at)
    return entry
