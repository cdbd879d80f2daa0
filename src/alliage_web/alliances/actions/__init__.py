"""Writing alliances."""

from __future__ import annotations

from .loading import Load, load_record, load_records
from .writing import Status, UnknownReferencesError, target_of

__all__ = [
    "Load",
    "Status",
    "UnknownReferencesError",
    "load_record",
    "load_records",
    "target_of",
]
