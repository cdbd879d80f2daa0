"""What a list shows of the documents found: their words marked, their best lines, the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import get_language

from alliage.knowledge.extracts import Extract, Segment, extracts, highlight
from alliage_web.knowledge.models import LINE, SearchDocument

from .catalogue import KIND
from .indexable import TERM_FACETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alliage.knowledge.text import Term

    from .facets import Labels
    from .search import Found

_LINES = 2
_LENGTH = 230


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text around its words, in its own language: texts are written in French."""

    extract: Extract
    language: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A document of a list. ``lines`` are its best ones, or the beginning of its summary."""

    key: int
    kind: str
    kind_label: str
    url: str
    title: str
    title_segments: tuple[Segment, ...]
    summary: str
    lines: tuple[Line, ...]
    #: Names of the terms that hold a word which no line above shows.
    terms: tuple[tuple[Segment, ...], ...]
    date: str
    facets: Mapping[str, tuple[str, ...]]
    #: Words of the reader that the document holds, then synonyms of the others.
    words: tuple[str, ...]
    synonyms: tuple[str, ...]
    by_meaning: bool

    def of(self, facet: str) -> tuple[str, ...]:
        return self.facets.get(facet, ())


def hits(found: Found, keys: Iterable[int], labels: Labels) -> list[Hit]:
    """Show some of the documents found, in the order given, in one query."""
    wanted = list(keys)
    rows = SearchDocument.objects.filter(pk__in=wanted).defer("vector", "passage", "digest")
    documents = {document.pk: document for document in rows}
    terms = _distinct(found.expanded.terms)
    asked = {term.stems for term in found.expanded.query.terms}
    return [
        _hit(documents[key], terms, asked, labels, by_meaning=key in found.by_meaning)
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
    labels: Labels,
    *,
    by_meaning: bool,
) -> Hit:
    held = [term for term in terms if _holds(document.stems, term)]
    facets: dict[str, list[str]] = {}
    for text in document.facets:
        facet, _colon, value = text.partition(":")
        facets.setdefault(facet, []).append(value)
    title = document.display_heading
    lines, unshown = _best_lines(document, held)
    return Hit(
        key=document.pk,
        kind=document.kind,
        kind_label=labels[KIND][document.kind],
        url=document.url,
        title=title,
        title_segments=highlight(title, held) if held else (Segment(title, is_match=False),),
        summary=document.display_summary,
        lines=tuple(_extracts(document, lines, held)),
        terms=_marked_terms(facets, labels, unshown),
        date=document.date,
        facets={facet: tuple(values) for facet, values in facets.items()},
        words=tuple(term.spelling for term in held if term.stems in asked),
        synonyms=tuple(term.spelling for term in held if term.stems not in asked),
        by_meaning=by_meaning,
    )


def _holds(stems: str, term: Term) -> bool:
    return f" {' '.join(term.stems)} " in f" {stems} "


def _best_lines(
    document: SearchDocument, held: Sequence[Term]
) -> tuple[list[str], tuple[Term, ...]]:
    """Choose the lines that show the most of the words, and say which words none shows."""
    lines = _lines(document)
    chosen: dict[int, str] = {}
    left = list(held)
    while left and len(chosen) < _LINES:
        rank, line, stems = max(lines, key=lambda line: (_worth(line[2], left), -line[0]))
        if not _worth(stems, left):
            break
        chosen[rank] = line
        left = [term for term in left if not _holds(stems, term)]
    unshown = tuple(term for term in left if not _holds(document.heading_stems, term))
    return [chosen[rank] for rank in sorted(chosen)], unshown


def _extracts(
    document: SearchDocument, lines: Sequence[str], held: Sequence[Term]
) -> Iterator[Line]:
    """Cut the best lines around their words; no other line is read word by word."""
    # Without a line, the words are in the title or in the terms, or only the meaning is near.
    for line in lines or [document.display_summary]:
        language = "en" if line == document.summary_en else "fr"
        for extract in extracts(line, held, length=_LENGTH, limit=1):
            yield Line(extract, language)


def _marked_terms(
    facets: Mapping[str, Sequence[str]], labels: Labels, unshown: Sequence[Term]
) -> tuple[tuple[Segment, ...], ...]:
    """Mark the names of the terms that hold the words that no line shows."""
    if not unshown:
        return ()
    names = (labels[facet].get(code, "") for facet in TERM_FACETS for code in facets.get(facet, ()))
    marked = (highlight(name, unshown) for name in names)
    return tuple(name for name in marked if any(segment.is_match for segment in name))


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
