"""Reading the trail."""

from __future__ import annotations

from .history import (
    HistoryLine,
    ReadableChange,
    ReadableLine,
    changed_by_people,
    history,
    last_event,
    lines_of,
    readable,
    target_of,
)
from .sealed import records
from .trail import Filters, State, events, state

__all__ = [
    "Filters",
    "HistoryLine",
    "ReadableChange",
    "ReadableLine",
    "State",
    "changed_by_people",
    "events",
    "history",
    "last_event",
    "lines_of",
    "readable",
    "records",
    "state",
    "target_of",
]
