"""Reading alliances."""

from __future__ import annotations

from .cards import (
    AllianceCard,
    AlliancePoint,
    Membership,
    alliances_of,
    alliances_on,
    ancestors,
    cards,
    count,
    find,
    find_by_code,
    map_points,
    suggest,
)
from .contents import Content, Row, content, contents
from .facets import Choice, Selection, choices, listed
from .story import AllianceStory, story

__all__ = [
    "AllianceCard",
    "AlliancePoint",
    "AllianceStory",
    "Choice",
    "Content",
    "Membership",
    "Row",
    "Selection",
    "alliances_of",
    "alliances_on",
    "ancestors",
    "cards",
    "choices",
    "content",
    "contents",
    "count",
    "find",
    "find_by_code",
    "listed",
    "map_points",
    "story",
    "suggest",
]
