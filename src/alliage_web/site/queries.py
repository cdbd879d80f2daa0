"""What the home page shows: counts of the base, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.actors import queries as actors
from alliage_web.alliances import queries as alliances
from alliage_web.knowledge import queries as knowledge
from alliage_web.territories import queries as territories

if TYPE_CHECKING:
    from alliage_web.actors.queries import CatalystPoint
    from alliage_web.alliances.queries import AlliancePoint
    from alliage_web.knowledge.queries import EntryCard
    from alliage_web.territories.models import Vintage


@dataclass(frozen=True, slots=True)
class HomeFigures:
    """Counts of records in the base, and the vintage of the geography they stand on."""

    alliances: int
    organisations: int
    catalysts: int
    examples: int
    communes: int | None
    vintage: Vintage | None


@dataclass(frozen=True, slots=True)
class Home:
    figures: HomeFigures
    alliance_points: tuple[AlliancePoint, ...]
    catalyst_points: tuple[CatalystPoint, ...]
    recent: tuple[EntryCard, ...]


def home() -> Home:
    """Read the home page in a constant number of queries."""
    vintage = territories.current_vintage()
    counts = actors.counts()
    return Home(
        figures=HomeFigures(
            alliances=alliances.count(),
            organisations=counts.organisations,
            catalysts=counts.catalysts,
            examples=knowledge.counts().get("example", 0),
            communes=territories.communes_count(vintage) if vintage else None,
            vintage=vintage,
        ),
        alliance_points=tuple(alliances.map_points()),
        catalyst_points=tuple(actors.catalyst_points()),
        recent=tuple(knowledge.recent(limit=3)),
    )
