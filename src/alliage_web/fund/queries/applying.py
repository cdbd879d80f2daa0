"""For which alliances, and for which of their parties, a person may apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of
from alliage_web.actors.queries import cards as organisation_cards
from alliage_web.actors.queries import ids_by_slug
from alliage_web.alliances.queries import alliances_of, cards, contents, facilitated_by, find

from .acting import organisations_acted_for

if TYPE_CHECKING:
    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance


@dataclass(frozen=True, slots=True)
class Applying:
    """An alliance for which a person may apply.

    Attributes
    ----------
    parties
        The organisations that are parties of it now: address and name.
    own
        Those among them for which the person acts.
    """

    slug: str
    title: str
    parties: tuple[tuple[str, str], ...]
    own: tuple[str, ...] = ()

    @classmethod
    def of(cls, alliance: Alliance, acting: frozenset[str] = frozenset()) -> Applying:
        """Read the parties of an alliance; ``acting`` are addresses of organisations."""
        rows = contents([alliance.pk], sections=("parties",))[alliance.pk].sections["parties"]
        slugs = [row["organisation"] for row in rows if row["organisation"] and not row["left"]]
        keys = ids_by_slug(slugs)
        known = organisation_cards(dict.fromkeys(keys[slug] for slug in slugs if slug in keys))
        parties = tuple((card.slug, card.name) for card in known.values())
        own = tuple(slug for slug, _name in parties if slug in acting)
        return cls(alliance.slug, alliance.display_title, parties, own)


def applying_for(user: User) -> list[Applying]:
    """Return the alliances for which a person may apply, by title."""
    belonging = {_slug(name) for name in organisations_acted_for(user)}
    slugs = {
        membership.card.slug
        for key in ids_by_slug(belonging).values()
        for membership in alliances_of(key)
        if not membership.left
    }
    slugs |= {_slug(held.place) for held in holdings_of(user) if held.role == Role.PARTY_MEMBER}
    found = []
    for slug in sorted(slugs):
        alliance = find(slug)
        if alliance is None:
            continue
        mine = organisations_acted_for(user, alliance=alliance.stable_name)
        choice = Applying.of(alliance, frozenset(map(_slug, mine)))
        if choice.own:
            found.append(choice)
    return sorted(found, key=lambda each: (each.title, each.slug))


def places_of(user: User) -> tuple[set[str], set[str]]:
    """Return the addresses of the organisations and alliances whose applications one may read."""
    organisations = {_slug(name) for name in organisations_acted_for(user)}
    alliances = {_slug(held.place) for held in holdings_of(user) if held.role == Role.PARTY_MEMBER}
    alliances |= {card.slug for card in cards(facilitated_by(user))}
    return organisations, alliances


def _slug(name: str) -> str:
    return name.partition(":")[2]
