"""What a list shows of the documents found: their words marked, their best lines, the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import get_language

from alliage.knowledge.extracts import Extract, Segment, extracts, highlight
from alliage_web.knowledge.models import LINE, SearchDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.knowledge.text import Term

    from .search import Found

_LINES = 2
_LENGTH = 230


@dataclass(frozen=True, slots=True)
class Hit:
    """A document of a list. ``extracts`` are its best lines, or the beginning of its summary."""

    key: int
    kind: str
    kind_label: str
    url: str
    title: str
    title_segments: tuple[Segment, ...]
    summary: str
    extracts: tuple[Extract, ...]
    date: str
    facets: Mapping[str, tuple[str, ...]]
    #: Words of the reader that the document holds, then synonyms of the others.
    words: tuple[str, ...]
    synonyms: tuple[str, ...]
    by_meaning: bool

    def of(self, facet: str) -> tuple[str, ...]:
        return self.facets.get(facet, ())


def hits(found: Found, keys: Iterable[int]) -> list[Hit]:
    """Show some of the documents found, in the order given, in one query."""
    wanted = list(keys)
    rows = SearchDocument.objects.filter(pk__in=wanted).defer("vector", "passage", "digest")
    documents = {document.pk: document for document in rows}
    terms = _distinct(found.expanded.terms)
    asked = {term.stems for term in found.expanded.query.terms}
    return [
        _hit(documents[key], terms, asked, by_meaning=key in found.by_meaning)
        for key in wanted
        if key in documents
    ]


def _distinct(terms: Iterable[Term]) -> tuple[Term, ...]:
    found: dict[tuple[str, ...], Term] = {}
    for term in terms:
        found.setdefault(term.stems, term)
    return tuple(found.values())


def _hit(
    document: SearchDocument,
    terms: tuple[Term, ...],
    asked: set[tuple[str, ...]],
    *,
    by_meaning: bool,
) -> Hit:
    held = [term for term in terms if _holds(document.stems, term)]
    facets: dict[str, list[str]] = {}
    for text in document.facets:
        facet, _colon, value = text.partition(":")
        facets.setdefault(facet, []).append(value)
    title = document.display_heading
    return Hit(
        key=document.pk,
        kind=document.kind,
        kind_label=document.get_kind_display(),
        url=document.url,
        title=title,
        title_segments=highlight(title, held),
        summary=document.display_summary,
        extracts=tuple(_extracts(document, held)),
        date=document.date,
        facets={facet: tuple(values) for facet, values in facets.items()},
        words=tuple(term.spelling for term in held if term.stems in asked),
        synonyms=tuple(term.spelling for term in held if term.stems not in asked),
        by_meaning=by_meaning,
    )


def _holds(stems: str, term: Term) -> bool:
    return f" {' '.join(term.stems)} " in f" {stems} "


def _extracts(document: SearchDocument, held: Sequence[Term]) -> Iterable[Extract]:
    """Choose the lines that show the most of the words, and read no other."""
    lines = _lines(document)
    chosen: list[tuple[int, str]] = []
    left = list(held)
    while left and len(chosen) < _LINES:
        rank, line, stems = max(lines, key=lambda line: (_worth(line[2], left), -line[0]))
        if not _worth(stems, left):
            break
        chosen.append((rank, line))
        left = [term for term in left if not _holds(stems, term)]
    if not chosen:
        # The words are in the title alone, or only the meaning is near.
        return extracts(document.display_summary, (), length=_LENGTH)
    return [
        extract
        for _rank, line in sorted(chosen)
        for extract in extracts(line, held, length=_LENGTH, limit=1)
    ]


def _lines(document: SearchDocument) -> list[tuple[int, str, str]]:
    """Give the lines of a text with their stems; in English, its summary in English first."""
    stems = document.stems.split(LINE)
    lines = list(enumerate(document.text.split("\n"), start=1))
    found = [(rank, line, stems[rank]) for rank, line in lines]
    if (get_language() or "").startswith("en") and document.summary_en:
        return [(0, document.summary_en, stems[-1]), *found]
    return found


def _worth(stems: str, terms: Sequence[Term]) -> int:
    return sum(_holds(stems, term) for term in terms)
