"""Writing alliances."""

from __future__ import annotations

from .editing import EditConflictError, create_alliance, update_alliance, version_of
from .importing import ImportChangedError, ImportRefusedError, import_alliances
from .loading import Load, load_record, load_records
from .writing import AlreadyThereError, Status, UnknownReferencesError, target_of

__all__ = [
    "AlreadyThereError",
    "EditConflictError",
    "ImportChangedError",
    "ImportRefusedError",
    "Load",
    "Status",
    "UnknownReferencesError",
    "create_alliance",
    "import_alliances",
    "load_record",
    "load_records",
    "target_of",
    "update_alliance",
    "version_of",
]
