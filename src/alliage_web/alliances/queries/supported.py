"""The alliances in which a funder takes part, with the support that they received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.alliances.models import Alliance, Party

from .story import supports_of

if TYPE_CHECKING:
    from .story import AmountOfSupport, SupportOfAlliance


@dataclass(frozen=True, slots=True)
class SupportedAlliance:
    """An alliance and its support, lever by lever; a lever that was not used is left out."""

    id: int
    code: str
    parent_id: int | None
    title: str
    kind: str
    url: str
    supports: tuple[SupportOfAlliance, ...]

    @property
    def amounts(self) -> tuple[AmountOfSupport, ...]:
        return tuple(amount for support in self.supports for amount in support.amounts)


def supported_with(organisation_id: int) -> tuple[SupportedAlliance, ...]:
    """Return the alliances in which an organisation takes part, in two queries, by title."""
    parties = Party.objects.filter(organisation=organisation_id)
    found = Alliance.objects.filter(pk__in=parties.values("alliance")).order_by("text_key", "pk")
    alliances = list(found)
    supports = supports_of([alliance.pk for alliance in alliances])
    return tuple(
        SupportedAlliance(
            id=alliance.pk,
            code=alliance.code,
            parent_id=alliance.part_of_id,
            title=alliance.display_title,
            kind=alliance.display_kind,
            url=alliance.get_absolute_url(),
            supports=tuple(item for item in supports.get(alliance.pk, ()) if not item.na),
        )
        for alliance in alliances
    )
