"""Writes about organisations: create, change, merge, load."""

from __future__ import annotations

from .loading import LoadConflictError, ReferenceReport, load_reference
from .merging import CHOICES, MergeError, Side, merge_organisations
from .writing import (
    ParentCircleError,
    SameIdentifierError,
    UnknownReferenceError,
    change_organisation,
    create_organisation,
)

__all__ = [
    "CHOICES",
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
]
