"""Reading the knowledge base."""

from __future__ import annotations

from .catalogue import KIND, Catalogue, catalogue, documents_count, state_of_the_data
from .comparable import ComparableExample, comparable_to
from .contents import EntryContent, content_of
from .entries import (
    DraftLine,
    EntryCard,
    counts,
    example_of,
    example_slug,
    examples_for_size_class,
    find,
    has_sheet,
    published,
    recent,
    waiting_for_review,
    written_by,
)
from .facets import Labels, labels
from .hits import Hit, hits
from .indexable import ENTRY_KINDS
from .meaning import embedder
from .referenced import known_codes
from .search import Asked, Found, by_kind, search

__all__ = [
    "ENTRY_KINDS",
    "KIND",
    "Asked",
    "Catalogue",
    "ComparableExample",
    "DraftLine",
    "EntryCard",
    "EntryContent",
    "Found",
    "Hit",
    "Labels",
    "by_kind",
    "catalogue",
    "comparable_to",
    "content_of",
    "counts",
    "documents_count",
    "embedder",
    "example_of",
    "example_slug",
    "examples_for_size_class",
    "find",
    "has_sheet",
    "hits",
    "known_codes",
    "labels",
    "published",
    "recent",
    "search",
    "state_of_the_data",
    "waiting_for_review",
    "written_by",
]
