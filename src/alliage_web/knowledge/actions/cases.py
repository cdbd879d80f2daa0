"""Loading the alliances that ship with the platform, their examples and sheets, and the library."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage_web.alliances.actions import load_records
from alliage_web.audit.actions import record
from alliage_web.audit.queries import changed_by_people
from alliage_web.knowledge.models import CaseSheet, Entry, EntryKind, EntryState
from alliage_web.knowledge.queries.contents import EntryContent, content_of

from .entries import write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from alliage.alliances.records import AllianceRecord
    from alliage.knowledge.library import LibraryRecord
    from alliage.knowledge.sheets import SheetContent
    from alliage.values.dates import PartialDate
    from alliage_web.accounts.models import User


@dataclass(slots=True)
class CasesLoad:
    """What a load did to each kind of thing, and what it left as people wrote it."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    def tell(self, kind: str, status: str) -> None:
        self.counts.setdefault(kind, Counter())[status] += 1

    @property
    def changed_nothing(self) -> bool:
        return not any(found["created"] or found["updated"] for found in self.counts.values())


@transaction.atomic
def load_cases(
    *,
    alliances: Sequence[AllianceRecord],
    sheets: Sequence[SheetContent],
    library: Sequence[LibraryRecord],
    by: User | None,
    at: dt.datetime,
) -> CasesLoad:
    """Load everything, or nothing. A second load of the same files changes nothing.

    An entry is published when it is created here. After that its state belongs to the editors, and
    what a person changed in the interface stays as the person wrote it.
    """
    report = CasesLoad()
    loaded = load_records(alliances, by=by, at=at)
    report.kept += loaded.kept
    for _alliance, status in loaded:
        report.tell("alliances", status.value)
    wanted = {item.slug: _example(item) for item in alliances}
    wanted |= {item.slug: _resource(item) for item in library}
    _load_entries(wanted, report, by=by, at=at)
    _load_sheets(sheets, {item.code: item.pk for item, _status in loaded}, report)
    return report


def _example(item: AllianceRecord) -> EntryContent:
    """Make the example of an alliance: it has no text of its own, its page tells the story."""
    return EntryContent(
        kind=EntryKind.EXAMPLE.value,
        title=item.title,
        title_en=item.title_en,
        summary=item.summary,
        summary_en=item.summary_en,
        alliance=item.id,
        source=" ; ".join(item.sources),
    )


def _resource(item: LibraryRecord) -> EntryContent:
    terms = [f"domain/{code}" for code in item.domains]
    terms += [f"objective/{code}" for code in item.objectives]
    return EntryContent(
        kind=item.kind,
        title=item.title,
        title_en=item.title_en,
        summary=item.summary_fr,
        summary_en=item.summary_en,
        date=_date(item.date),
        date_end=_date(item.date_end),
        place=item.place or "",
        publisher=item.publisher or "",
        url=item.url or "",
        terms=tuple(sorted(terms)),
        source=item.source,
        note=item.note_fr or "",
    )


def _date(date: PartialDate | None) -> str:
    return str(date) if date else ""


def _load_entries(
    wanted: Mapping[str, EntryContent], report: CasesLoad, *, by: User | None, at: dt.datetime
) -> None:
    found = Entry.objects.filter(slug__in=wanted).select_related("alliance")
    known = {entry.slug: entry for entry in found.prefetch_related("territories", "terms")}
    protected = changed_by_people("entry:")
    for slug, content in wanted.items():
        if slug not in known:
            _create(slug, content, by=by, at=at)
            report.tell("entries", "created")
            continue
        entry = known[slug]
        before = content_of(entry)
        own = protected.get(entry.stable_name, frozenset())
        changes = content.changes_from(before)
        report.kept += [f"{entry.stable_name} {name}" for name in sorted(own & changes.keys())]
        changes = {name: pair for name, pair in changes.items() if name not in own}
        report.tell("entries", "updated" if changes else "unchanged")
        if changes:
            entry.updated_at = at
            write(entry, _with(before, content, changes))
            record(kind="entry.loaded", target=entry.stable_name, by=by, at=at, changes=changes)


def _with(before: EntryContent, content: EntryContent, names: Mapping[str, Any]) -> EntryContent:
    """Take from the file the fields that it may write, and the others as they are."""
    return before.replaced({name: getattr(content, name) for name in names})


def _create(slug: str, content: EntryContent, *, by: User | None, at: dt.datetime) -> None:
    entry = Entry(
        slug=slug,
        state=EntryState.PUBLISHED,
        author=by,
        created_at=at,
        updated_at=at,
        published_at=at,
    )
    write(entry, content)
    changes = content.changes_from(None) | {"state": [None, EntryState.PUBLISHED.value]}
    record(kind="entry.loaded", target=entry.stable_name, by=by, at=at, changes=changes)


def _load_sheets(
    sheets: Sequence[SheetContent], alliances: Mapping[str, int], report: CasesLoad
) -> None:
    known = {sheet.alliance_id: sheet for sheet in CaseSheet.objects.order_by("pk")}
    for item in sheets:
        alliance = alliances[item.case_id]
        values = {"boilerplate_version": item.fund_version, "content": item.model_dump(mode="json")}
        sheet = known.get(alliance)
        if sheet is None:
            CaseSheet.objects.create(alliance_id=alliance, **values)
            report.tell("sheets", "created")
        elif any(getattr(sheet, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(sheet, name, value)
            sheet.save()
            report.tell("sheets", "updated")
        else:
            report.tell("sheets", "unchanged")
