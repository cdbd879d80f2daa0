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
from .sheet_proposals import (
    SheetOpenError,
    abandon_sheet,
    answer_sheet,
    ask_consents,
    edit_sheet,
    prepare_sheet,
    publish_sheet,
    send_sheet_back,
    submit_sheet,
    take_party_out,
)

__all__ = [
    "CasesLoad",
    "EditConflictError",
    "Refresh",
    "SheetOpenError",
    "abandon_sheet",
    "answer_sheet",
    "ask_consents",
    "create_entry",
    "edit_sheet",
    "index_again",
    "load_cases",
    "missing_meanings",
    "paused",
    "prepare_sheet",
    "publish_entry",
    "publish_sheet",
    "read_meanings",
    "refresh",
    "send_back_entry",
    "send_sheet_back",
    "submit_entry",
    "submit_sheet",
    "take_party_out",
    "unpublish_entry",
    "update_entry",
    "version_of",
    "withdraw_entry",
]
