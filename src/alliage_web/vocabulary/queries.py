"""Reading the referentials and the register of sources."""

from __future__ import annotations

from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING

from alliage_web.ui.citations import SourceLabel

from .models import ReadingChoices, Scheme, SchemeNote, SourceDocument, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Terms are added only where the platform's own users may extend the list.
OPEN_SCHEMES = (Scheme.CATALYST_FUNCTION, Scheme.DOMAIN)


@dataclass(frozen=True, slots=True)
class TermEntry:
    """A term with the terms it is broader than."""

    term: Term
    narrower: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Referential:
    """A list of terms and what a reader must know of its origin."""

    scheme: str
    label: str
    note: str
    source: str
    entries: tuple[TermEntry, ...]
    is_open: bool

    @property
    def is_external(self) -> bool:
        """Whether none of the terms comes from the documents of the platform."""
        return all(entry.term.reading == ReadingChoices.EXTERNAL for entry in self.entries)

    @property
    def count(self) -> int:
        """The terms, narrower ones included."""
        return sum(1 + len(entry.narrower) for entry in self.entries)


def by_scheme(*schemes: str) -> dict[str, list[Term]]:
    """Return the terms of some schemes in their order, in one query."""
    found: dict[str, list[Term]] = {str(scheme): [] for scheme in schemes}
    for term in Term.objects.filter(scheme__in=found).order_by("scheme", "order", "pk"):
        found[term.scheme].append(term)
    return found


def terms(scheme: str) -> list[Term]:
    """Return the terms of a scheme in their order."""
    return by_scheme(scheme)[str(scheme)]


def term(scheme: str, code: str) -> Term | None:
    return Term.objects.filter(scheme=scheme, code=code).first()


def ids_by_code(scheme: str) -> dict[str, int]:
    """Return the keys of a scheme's terms by their codes."""
    return dict(Term.objects.filter(scheme=scheme).order_by("pk").values_list("code", "pk"))


def referentials() -> list[Referential]:
    """Return every list of terms, targets under their goals, in two queries."""
    notes = {note.scheme: note for note in SchemeNote.objects.all()}
    found: dict[str, list[Term]] = {}
    narrower: dict[int, list[Term]] = {}
    for entry in Term.objects.order_by("order", "pk"):
        if entry.broader_id is None:
            found.setdefault(entry.scheme, []).append(entry)
        else:
            narrower.setdefault(entry.broader_id, []).append(entry)
    return [
        Referential(
            scheme=scheme.value,
            label=notes[scheme].label if scheme in notes else str(scheme.label),
            note=notes[scheme].note_fr if scheme in notes else "",
            source=notes[scheme].source if scheme in notes else "",
            entries=tuple(
                TermEntry(entry, tuple(narrower.get(entry.pk, ()))) for entry in found[scheme]
            ),
            is_open=scheme in OPEN_SCHEMES,
        )
        for scheme in Scheme
        if scheme in found
    ]


def sources() -> list[SourceDocument]:
    """Return the documents that facts are cited from, the external complements last."""
    return sorted(SourceDocument.objects.all(), key=lambda source: source.is_external)


class _RequestMemo(local):
    """The register of sources, read at most once per request.

    Outside of a request nothing is kept: another process may have loaded the sources since.
    """

    active = False
    sources: dict[str, SourceDocument] | None = None


_memo = _RequestMemo()


def start_request(**_signal: object) -> None:
    """Begin to keep the register: the receiver of ``request_started``."""
    _memo.active, _memo.sources = True, None


def finish_request(**_signal: object) -> None:
    """Forget the register: the receiver of ``request_finished``."""
    _memo.active, _memo.sources = False, None


def source_labels(codes: Iterable[str]) -> Mapping[str, SourceLabel]:
    """Name documents for the references that readers see: a ``LabelLookup`` of the interface."""
    register = _memo.sources
    if register is None:
        register = {source.code: source for source in SourceDocument.objects.all()}
        if _memo.active:
            _memo.sources = register
    return {
        code: SourceLabel(short=register[code].short, title=register[code].label)
        for code in codes
        if code in register
    }
