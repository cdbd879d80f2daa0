"""Writing the knowledge base and its index."""

from __future__ import annotations

from .cases import CasesLoad, load_cases
from .entries import (
    EditConflictError,
    create_entry,
    publish_entry,
    send_back_entry,
    submit_entry,
    unpublish_entry,
    update_entry,
    version_of,
    withdraw_entry,
)
from .indexing import Refresh, index_again, missing_meanings, paused, read_meanings, refresh

__all__ = [
    "CasesLoad",
    "EditConflictError",
    "Refresh",
    "create_entry",
    "index_again",
    "load_cases",
    "missing_meanings",
    "paused",
    "publish_entry",
    "read_meanings",
    "refresh",
    "send_back_entry",
    "submit_entry",
    "unpublish_entry",
    "update_entry",
    "version_of",
    "withdraw_entry",
]
