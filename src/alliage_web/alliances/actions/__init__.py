"""Writing alliances."""

from __future__ import annotations

from .editing import EditConflictError, create_alliance, update_alliance, version_of
from .importing import ImportChangedError, ImportRefusedError, import_alliances
from .loading import Load, load_record, load_records
from .parts import PartConflictError, update_part, version_of_part
from .writing import AlreadyThereError, Status, UnknownReferencesError

__all__ = [
    "AlreadyThereError",
    "EditConflictError",
    "ImportChangedError",
    "ImportRefusedError",
    "Load",
    "PartConflictError",
    "Status",
    "UnknownReferencesError",
    "create_alliance",
    "import_alliances",
    "load_record",
    "load_records",
    "update_alliance",
    "update_part",
    "version_of",
    "version_of_part",
]
