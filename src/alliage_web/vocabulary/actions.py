"""Writes about the referentials and the register of sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.db.models import Max

from alliage.alliances.reference import BROADER_SCHEMES
from alliage.values.text import slug
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.audit.queries import changed_by_people

from .models import ReadingChoices, SchemeNote, SourceDocument, Term

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from alliage.alliances.reference import SchemeRecord, SourceRecord, TermRecord
    from alliage_web.accounts.models import User

RowT = TypeVar("RowT", SourceDocument, Term)


@dataclass(slots=True)
class LoadReport:
    """What a load did: how many rows of each kind, and what it left as people wrote it."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)

    @property
    def changed_nothing(self) -> bool:
        return not self.created and not self.updated


@transaction.atomic
def change_term(*, term: Term, values: Mapping[str, str], by: User | None, at: dt.datetime) -> Term:
    """Give a term other labels or definitions; its code and its origin stay."""
    changes = {
        name: [getattr(term, name), value]
        for name, value in values.items()
        if getattr(term, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(term, name, value)
    if changes:
        term.save(update_fields=list(changes))
        record(kind="term.changed", target=term.stable_name, by=by, at=at, changes=changes)
    return term


@transaction.atomic
def add_term(
    *,
    scheme: str,
    values: Mapping[str, str],
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Term:
    """Add a term at the end of a list; it is marked as coming from outside the documents."""
    refuse_repeat(submission)
    siblings = Term.objects.filter(scheme=scheme)
    last = siblings.aggregate(last=Max("order"))["last"] or 0
    term = Term.objects.create(
        scheme=scheme,
        code=_free_code(values["label_fr"], set(siblings.values_list("code", flat=True))),
        order=last + 1,
        reading=ReadingChoices.EXTERNAL,
        **values,
    )
    changes = {name: [None, value] for name, value in values.items() if value}
    record(
        kind="term.added",
        target=term.stable_name,
        by=by,
        at=at,
        changes=changes,
        submission=submission,
    )
    return term


def _free_code(label: str, taken: set[str]) -> str:
    code = slug(label, limit=50).replace("-", "_") or "term"
    rank = 2
    free = code
    while free in taken:
        free, rank = f"{code}_{rank}", rank + 1
    return free


@transaction.atomic
def load_sources(*, records: Iterable[SourceRecord]) -> LoadReport:
    """Write the register of sources as its file gives it. The caller records the event."""
    report = LoadReport()
    existing = {source.code: source for source in SourceDocument.objects.all()}
    wanted = {
        source.code: {
            "label_fr": source.title_fr,
            "label_en": source.title_en,
            "short_fr": source.short_fr or "",
            "short_en": source.short_en or "",
            "publisher": source.publisher,
            "published": str(source.published or ""),
            "kind": source.kind,
            "url": source.url or "",
            "note_fr": source.note_fr or "",
        }
        for source in records
    }
    new = [SourceDocument(code=code, **wanted[code]) for code in wanted if code not in existing]
    SourceDocument.objects.bulk_create(new)
    known = [(code, existing[code], values) for code, values in wanted.items() if code in existing]
    changed = _bring(SourceDocument, known, {}, report.kept)
    return _count(report, len(wanted), created=len(new), updated=len(changed))


@transaction.atomic
def load_terms(*, schemes: Sequence[SchemeRecord]) -> LoadReport:
    """Write the lists of terms as their files give them. The caller records the event.

    What a person changed in the interface stays as the person wrote it. A term that the files no
    longer hold stays too: facts may be classified under it.
    """
    report = LoadReport()
    _write_notes(schemes)
    wanted = {
        (scheme.code.value, term.code): (scheme, term)
        for scheme in schemes
        for term in scheme.items
    }
    existing = {(term.scheme, term.code) for term in Term.objects.all()}
    Term.objects.bulk_create(
        [
            Term(scheme=key[0], code=key[1], **_term_values(term))
            for key, (_, term) in wanted.items()
            if key not in existing
        ]
    )
    # Read again: a broader term, known now by its key, may be among the new ones.
    terms = {(term.scheme, term.code): term for term in Term.objects.all()}
    rows = [
        (terms[key].stable_name, terms[key], _term_values(term) | _broader(scheme, term, terms))
        for key, (scheme, term) in wanted.items()
    ]
    changed = _bring(Term, rows, changed_by_people("term:"), report.kept)
    updated = sum((term.scheme, term.code) in existing for term in changed)
    return _count(report, len(wanted), created=len(wanted.keys() - existing), updated=updated)


def _write_notes(schemes: Iterable[SchemeRecord]) -> None:
    SchemeNote.objects.bulk_create(
        [
            SchemeNote(
                scheme=scheme.code.value,
                label_fr=scheme.label_fr,
                label_en=scheme.label_en,
                source=scheme.source,
                note_fr=scheme.note_fr or "",
            )
            for scheme in schemes
        ],
        update_conflicts=True,
        unique_fields=["scheme"],
        update_fields=["label_fr", "label_en", "source", "note_fr"],
    )


def _term_values(term: TermRecord) -> dict[str, Any]:
    return {
        "label_fr": term.label_fr,
        "label_en": term.label_en,
        "definition_fr": term.definition_fr or "",
        "definition_en": term.definition_en or "",
        "order": term.order,
        "reading": term.reading.value,
        "source": term.source or "",
    }


def _broader(
    scheme: SchemeRecord, term: TermRecord, terms: Mapping[tuple[str, str], Term]
) -> dict[str, int | None]:
    if term.parent is None:
        return {"broader_id": None}
    above = BROADER_SCHEMES.get(scheme.code, scheme.code).value
    return {"broader_id": terms[above, term.parent].pk}


def _bring(
    model: type[RowT],
    rows: Iterable[tuple[str, RowT, Mapping[str, Any]]],
    protected: Mapping[str, frozenset[str]],
    kept: list[str],
) -> list[RowT]:
    """Bring rows to the values of their file, save for the fields that a person changed."""
    changed: list[RowT] = []
    fields: set[str] = set()
    for name, row, values in rows:
        differing = {key for key, value in values.items() if getattr(row, key) != value}
        own = differing & protected.get(name, frozenset())
        kept += [f"{name} {key}" for key in sorted(own)]
        if differing - own:
            for key in differing - own:
                setattr(row, key, values[key])
            changed.append(row)
            fields |= differing - own
    if changed:
        model._default_manager.bulk_update(changed, sorted(fields), batch_size=200)  # noqa: SLF001
    return changed


def _count(report: LoadReport, total: int, *, created: int, updated: int) -> LoadReport:
    report.created, report.updated = created, updated
    report.unchanged = total - created - updated
    return report
