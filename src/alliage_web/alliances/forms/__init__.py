"""Forms of alliances."""

from __future__ import annotations

from .alliance import AllianceForm, AllianceForms, Fault
from .imports import ConfirmForm, UploadForm, Waiting
from .part import PartForms

__all__ = [
    "AllianceForm",
    "AllianceForms",
    "ConfirmForm",
    "Fault",
    "PartForms",
    "UploadForm",
    "Waiting",
]
