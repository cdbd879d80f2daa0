"""Reading the knowledge base."""

from __future__ import annotations

from .entries import (
    DraftLine,
    EntryCard,
    counts,
    example_of,
    examples_for_size_class,
    find,
    has_sheet,
    published,
    recent,
    sheet_content,
    waiting_for_review,
    written_by,
)

__all__ = [
    "DraftLine",
    "EntryCard",
    "counts",
    "example_of",
    "examples_for_size_class",
    "find",
    "has_sheet",
    "published",
    "recent",
    "sheet_content",
    "waiting_for_review",
    "written_by",
]
