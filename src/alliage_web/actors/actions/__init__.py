"""Writes about organisations: create, change, merge, load."""

from __future__ import annotations

from .loading import LoadConflictError, ReferenceReport, load_reference
from .merging import CHOICES, MergeError, Side, merge_organisations
from .writing import (
    EditConflictError,
    ParentCircleError,
    SameIdentifierError,
    UnknownReferenceError,
    change_organisation,
    create_organisation,
    version_of,
)

__all__ = [
    "CHOICES",
    "EditConflictError",
    "LoadConflictError",
    "MergeError",
    "ParentCircleError",
    "ReferenceReport",
    "SameIdentifierError",
    "Side",
    "UnknownReferenceError",
    "change_organisation",
    "create_organisation",
    "load_reference",
    "merge_organisations",
    "version_of",
]
