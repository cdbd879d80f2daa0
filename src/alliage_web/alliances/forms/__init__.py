"""Forms of alliances."""

from __future__ import annotations

from .alliance import AllianceForm, AllianceForms, Fault
from .imports import ConfirmForm, UploadForm, Waiting

__all__ = ["AllianceForm", "AllianceForms", "ConfirmForm", "Fault", "UploadForm", "Waiting"]
