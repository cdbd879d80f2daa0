"""The tables of self-positioning. What a visitor answers is in none until they ask."""

from __future__ import annotations

from .charters import (
    Charter,
    CharterComment,
    CharterParty,
    CharterSignature,
    CharterStateChoices,
    CharterVersion,
)
from .packets import Packet
from .results import WORLDS, ResultGroup, SavedResult
from .support import SupportSite

__all__ = [
    "WORLDS",
    "Charter",
    "CharterComment",
    "CharterParty",
    "CharterSignature",
    "CharterStateChoices",
    "CharterVersion",
    "Packet",
    "ResultGroup",
    "SavedResult",
    "SupportSite",
]
