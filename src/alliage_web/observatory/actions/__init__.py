"""Writing in the observatory."""

from __future__ import annotations

from .loading import Loaded, load_observatory

__all__ = ["Loaded", "load_observatory"]
