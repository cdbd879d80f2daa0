"""The tables of the knowledge base: entries and their index, sheets and the consents to them."""

from __future__ import annotations

from .entries import (
    LINE,
    CaseSheet,
    DocumentKind,
    Entry,
    EntryKind,
    EntryState,
    SearchDocument,
    SearchState,
    SearchWord,
)
from .proposals import (
    ConsentStateChoices,
    ProposalStateChoices,
    SheetConsent,
    SheetProposal,
)

__all__ = [
    "LINE",
    "CaseSheet",
    "ConsentStateChoices",
    "DocumentKind",
    "Entry",
    "EntryKind",
    "EntryState",
    "ProposalStateChoices",
    "SearchDocument",
    "SearchState",
    "SearchWord",
    "SheetConsent",
    "SheetProposal",
]
