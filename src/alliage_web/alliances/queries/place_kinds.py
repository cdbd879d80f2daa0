"""Alliances as places where roles are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import Place, PlaceKind
from alliage_web.actors.queries import place_of
from alliage_web.alliances.models import Party

from .cards import find

if TYPE_CHECKING:
    from alliage_web.alliances.models import Alliance


def _find(slug: str) -> Place | None:
    alliance = find(slug)
    if alliance is None:
        return None
    return Place(
        name=alliance.stable_name,
        title=alliance.display_title,
        url=alliance.get_absolute_url(),
        object=alliance,
    )


def _organisations(alliance: Alliance) -> list[Place]:
    """Return the parties that are known organisations: a party member acts for one of them."""
    parties = (
        Party.objects.filter(alliance=alliance)
        .exclude(organisation=None)
        .select_related("organisation")
    )
    found = {party.organisation_id: party.organisation for party in parties}
    return [place_of(organisation) for organisation in found.values() if organisation]


ALLIANCE = PlaceKind(
    code="alliance",
    label=_("Alliance"),
    find=_find,
    see="alliances.see_workspace",
    write="alliances.write_workspace",
    give="alliances.invite",
    given=(Role.PARTY_MEMBER, Role.READER),
    organisations=_organisations,
)
