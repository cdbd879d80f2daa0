"""The alliances that a catalyst facilitates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of
from alliage_web.alliances.models import AllianceTerritory
from alliage_web.territories.queries import inside_ids, resolve

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User


def facilitated_by(user: User | AnonymousUser) -> frozenset[int]:
    """Return the keys of the alliances that a person facilitates as a catalyst.

    They are those of which one territory at least lies wholly within a territory where the person
    holds the role. They are read once for each loaded person, in two queries for each territory:
    a list asks for each of its alliances. Nothing is read for who is not a catalyst.
    """
    if not user.is_authenticated:
        return frozenset()
    places = {held.place for held in holdings_of(user) if held.role == Role.CATALYST}
    within: dict[str, frozenset[int]] = user.read_once.setdefault("facilitated", {})
    for place in places - within.keys():
        within[place] = _within(place)
    return frozenset().union(*(within[place] for place in places))


def _within(place: str) -> frozenset[int]:
    level, _slash, code = place.partition(":")[2].partition("/")
    territory = resolve(level, code)
    if territory is None:
        return frozenset()
    rows = AllianceTerritory.objects.filter(territory__in=inside_ids(territory)).order_by()
    return frozenset(rows.values_list("alliance_id", flat=True))
