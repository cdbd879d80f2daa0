"""The part of an organisation in an alliance: its rows among those of the parties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contents import contents

if TYPE_CHECKING:
    from alliage_web.alliances.models import Alliance

    from .contents import Row
    from .story import AllianceStory


@dataclass(frozen=True, slots=True)
class Part:
    """An organisation in an alliance: what its party members may write there."""

    id: int
    """The key of the alliance."""
    stable_name: str
    """The stable name of the alliance."""
    created_by_id: int | None
    slug: str
    """The address of the organisation."""

    @property
    def organisation(self) -> str:
        """The stable name of the organisation."""
        return f"organisation:{self.slug}"


def part_of(alliance: Alliance | AllianceStory, organisation: str) -> Part:
    """Name the part of an organisation, known by its address."""
    return Part(alliance.id, alliance.stable_name, alliance.created_by_id, organisation)


def rows_of_part(part: Part) -> list[Row]:
    """Return the rows of an organisation; it may take part under several names."""
    parties = contents([part.id], sections=("parties",))[part.id].sections["parties"]
    return [row for row in parties if row["organisation"] == part.slug]
