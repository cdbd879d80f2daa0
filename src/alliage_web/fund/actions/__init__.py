"""Writing the funds."""

from __future__ import annotations

from .budget import declare_in_force, promise
from .ledger import UnknownNameError, close_year, post, reverse
from .loading import UnknownOrganisationsError, load_fund

__all__ = [
    "UnknownNameError",
    "UnknownOrganisationsError",
    "close_year",
    "declare_in_force",
    "load_fund",
    "post",
    "promise",
    "reverse",
]
