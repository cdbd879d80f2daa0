"""Writing the knowledge base and its index."""

from __future__ import annotations

from .indexing import Refresh, missing_meanings, read_meanings, refresh

__all__ = ["Refresh", "missing_meanings", "read_meanings", "refresh"]
