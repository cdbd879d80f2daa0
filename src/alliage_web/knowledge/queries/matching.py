"""Asking the full-text index which documents hold some words.

Only stems made of ``a-z`` and ``0-9`` ever reach the index: nothing that a reader types can be an
operator of its language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, Value
from modelsearch.backends import get_search_backend
from modelsearch.query import And, Or, Phrase, PlainText

from alliage_web.knowledge.models import SearchDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from alliage.knowledge.synonyms import Concept, ExpandedQuery
    from alliage.knowledge.text import Term

    Match = Any


def holding_all(expanded: ExpandedQuery, *, synonyms: bool = True) -> Match | None:
    """Ask for the documents that hold each concept, in the reader's words or by a synonym."""
    concepts = [_concept(concept, synonyms=synonyms) for concept in expanded.concepts]
    return _with_phrases(concepts, expanded)


def holding_some(expanded: ExpandedQuery) -> Match | None:
    """Ask for the documents that hold a word of the reader or a synonym, at least."""
    words = [
        *(PlainText(term.stems[0]) for term in expanded.query.words),
        *(_term(synonym) for concept in expanded.concepts for synonym in concept.synonyms),
    ]
    return _with_phrases([Or(words)] if words else [], expanded)


def holding_unwanted(expanded: ExpandedQuery) -> Match | None:
    """Ask for the documents that hold a word or a phrase that the reader excludes.

    They are taken away from what is found: the negation of a phrase is not the same on all the
    databases.
    """
    unwanted = [_term(term) for term in expanded.query.excluded]
    return Or(unwanted) if unwanted else None


def _concept(concept: Concept, *, synonyms: bool) -> Match:
    words = PlainText(" ".join(term.stems[0] for term in concept.terms))
    others = concept.synonyms if synonyms else ()
    return Or([words, *(_term(synonym) for synonym in others)])


def _term(term: Term) -> Match:
    stems = " ".join(term.stems)
    return PlainText(stems) if len(term.stems) == 1 else Phrase(stems)


def _with_phrases(wanted: list[Match], expanded: ExpandedQuery) -> Match | None:
    """Add the phrases, which must be there."""
    every = [*wanted, *(_term(phrase) for phrase in expanded.query.phrases)]
    return And(every) if every else None


def keys(match: Match | None) -> list[int]:
    """Return the keys of the documents that match, in no order; none for nothing asked."""
    if match is None:
        return []
    if connection.vendor == "sqlite":
        found = _sqlite_rows(match).order_by().values_list(_OBJECT, flat=True)
        return [int(key) for key in found]
    return list(_rows(match).order_by().values_list("pk", flat=True))


def nearest(match: Match | None, limit: int) -> list[int]:
    """Return the keys of the documents that match best, as the engine ranks them."""
    if match is None:
        return []
    if connection.vendor == "sqlite":
        from modelsearch.backends.database.sqlite.query import BM25

        ranked = _sqlite_rows(match).order_by(BM25(), "pk").values_list(_OBJECT, flat=True)
        return [int(key) for key in ranked[:limit]]
    found = get_search_backend().search(match, SearchDocument).get_queryset()
    return list(found.values_list("pk", flat=True)[:limit])


def holders(stems: Sequence[str]) -> dict[str, int]:
    """Count the documents that hold each stem, in one query."""
    if not stems:
        return {}
    counts = [_count(stem, rank) for rank, stem in enumerate(stems)]
    found = dict(counts[0].union(*counts[1:], all=True))
    return {stem: found.get(rank, 0) for rank, stem in enumerate(stems)}


def _count(stem: str, rank: int) -> QuerySet[Any, Any]:
    match = PlainText(stem)
    rows: QuerySet[Any] = _sqlite_rows(match) if connection.vendor == "sqlite" else _rows(match)
    numbered = rows.order_by().annotate(rank=Value(rank)).values("rank")
    counted: QuerySet[Any, Any] = numbered.annotate(number=Count("pk"))
    return counted.values_list("rank", "number")


def _rows(match: Match) -> QuerySet[SearchDocument]:
    found = get_search_backend().search(match, SearchDocument, order_by_relevance=False)
    rows: QuerySet[SearchDocument] = found.get_queryset()
    return rows


_OBJECT = "index_entry__object_id"


def _sqlite_rows(match: Match) -> QuerySet[Any]:
    """Give the rows of the FTS5 table itself, five times faster than through the documents."""
    from modelsearch.backends.database.sqlite.query import MatchExpression
    from modelsearch.models import SQLiteFTSIndexEntry

    compiler = get_search_backend().search(match, SearchDocument).query_compiler
    expression = MatchExpression(compiler.FTS_TABLE_FIELDS, compiler.build_search_query(match))
    rows: QuerySet[Any] = SQLiteFTSIndexEntry.objects.filter(expression)
    return rows
