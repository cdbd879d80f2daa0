"""Who acts on a place and which catalysts are near it, read together for one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, Q, When

from .catalysts import NearbyCatalyst, nearest_entries
from .lookups import active, card, on_territories, with_cards

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lookups import OrganisationCard


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The organisations of a place, by name, and the catalysts near it, nearest first."""

    organisations: tuple[OrganisationCard, ...]
    catalysts: tuple[NearbyCatalyst, ...]


def surroundings(
    territory_ids: Iterable[int],
    *,
    latitude: float | None,
    longitude: float | None,
    organisations: int,
    catalysts: int,
) -> Surroundings:
    """Return some of the organisations of territories and of the catalysts near a point.

    ``organisations`` and ``catalysts`` say how many at most. Nothing is near a point that is not
    known. Six queries serve both.
    """
    near = (
        []
        if latitude is None or longitude is None
        else nearest_entries(latitude, longitude, limit=catalysts)
    )
    acting = on_territories(territory_ids).values("pk")[:organisations]
    rows = list(
        with_cards(
            active().filter(
                Q(pk__in=acting) | Q(pk__in=[entry.organisation.pk for _, entry in near])
            )
        ).annotate(is_acting=Case(When(pk__in=acting, then=True), default=False))
    )
    shown = {row.pk: card(row) for row in rows}
    return Surroundings(
        organisations=tuple(shown[row.pk] for row in rows if row.is_acting),
        catalysts=tuple(
            NearbyCatalyst(
                shown[entry.organisation.pk],
                distance,
                tuple(term.label for term in entry.functions),
            )
            for distance, entry in near
        ),
    )
