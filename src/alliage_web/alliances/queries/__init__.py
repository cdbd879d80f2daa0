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
    ids_by_code,
    map_points,
    parents,
    suggest,
)
from .contents import Content, Row, content, contents
from .facets import Choice, Selection, choices, listed
from .facilitation import facilitated_by
from .parts import Part, part_of, rows_of_part
from .story import AllianceStory, story
from .supported import SupportedAlliance, supported_with

__all__ = [
    "AllianceCard",
    "AlliancePoint",
    "AllianceStory",
    "Choice",
    "Content",
    "Membership",
    "Part",
    "Row",
    "Selection",
    "SupportedAlliance",
    "alliances_of",
    "alliances_on",
    "ancestors",
    "cards",
    "choices",
    "content",
    "contents",
    "count",
    "facilitated_by",
    "find",
    "find_by_code",
    "ids_by_code",
    "listed",
    "map_points",
    "parents",
    "part_of",
    "rows_of_part",
    "story",
    "suggest",
    "supported_with",
]
