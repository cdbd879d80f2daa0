"""Which vintage of the official geography is in force, and what was loaded."""

from __future__ import annotations

from alliage.territories.levels import Level
from alliage_web.territories.models import Snapshot, Vintage


def current_vintage() -> Vintage | None:
    """Return the vintage in force, if one was loaded."""
    return Vintage.objects.filter(is_current=True).first()


def is_loaded(year: int, fingerprint: str) -> bool:
    """Tell whether a vintage was loaded from files that have not changed since."""
    return Vintage.objects.filter(year=year, fingerprint=fingerprint).exists()


def communes_count(vintage: Vintage) -> int:
    """Return the number of communes of a vintage, overseas collectivities included."""
    return Snapshot.objects.filter(vintage=vintage, territory__level=Level.COMMUNE).count()
