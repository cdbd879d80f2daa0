"""The tables of self-positioning. What a visitor answers is in none until they ask."""

from __future__ import annotations

from .results import WORLDS, ResultGroup, SavedResult
from .support import SupportSite

__all__ = ["WORLDS", "ResultGroup", "SavedResult", "SupportSite"]
