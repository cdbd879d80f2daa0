"""Writing the funds."""

from __future__ import annotations

from .loading import UnknownOrganisationsError, load_fund

__all__ = ["UnknownOrganisationsError", "load_fund"]
