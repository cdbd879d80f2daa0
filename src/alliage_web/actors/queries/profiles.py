"""One organisation, as its own page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.actors.models import Organisation
from alliage_web.audit.queries import history
from alliage_web.territories.queries import facts_of

from .descriptions import with_relations
from .lookups import active, card, with_cards

if TYPE_CHECKING:
    from alliage_web.audit.queries import HistoryLine
    from alliage_web.territories.queries import TerritoryFacts
    from alliage_web.vocabulary.models import Term

    from .lookups import OrganisationCard


@dataclass(frozen=True, slots=True)
class CatalystProfile:
    """What an organisation does as a catalyst, and where."""

    functions: tuple[Term, ...]
    functions_reading: str
    territories: tuple[TerritoryFacts, ...]
    domains: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class OrganisationProfile:
    """An organisation and all that is around it, alliances excepted. None is unknown."""

    organisation: Organisation
    seat: TerritoryFacts | None
    territories: tuple[TerritoryFacts, ...]
    parent: OrganisationCard | None
    children: tuple[OrganisationCard, ...]
    roles: tuple[str, ...]
    domains: tuple[Term, ...]
    catalyst: CatalystProfile | None
    merged_from: tuple[Organisation, ...]


def profile(organisation_id: int) -> OrganisationProfile:
    """Read the page of an organisation in a constant number of queries."""
    organisation = with_relations(Organisation.objects.filter(pk=organisation_id)).get()
    catalyst = getattr(organisation, "catalyst", None)
    covered = list(catalyst.territories.all()) if catalyst else []
    acting = list(organisation.territories.all())
    seat = [organisation.seat] if organisation.seat else []
    facts = facts_of(territory.pk for territory in (*seat, *acting, *covered))
    family = [
        card(row)
        for row in with_cards(
            active().filter(parent=organisation) | active().filter(pk=organisation.parent_id or 0)
        )
    ]
    return OrganisationProfile(
        organisation=organisation,
        seat=facts.get(organisation.seat_id or 0),
        territories=tuple(facts[place.pk] for place in acting if place.pk in facts),
        parent=next((found for found in family if found.id == organisation.parent_id), None),
        children=tuple(found for found in family if found.id != organisation.parent_id),
        roles=tuple(held.get_role_display() for held in organisation.roles.all()),
        domains=_ordered(organisation.domains.all()),
        catalyst=CatalystProfile(
            functions=_ordered(catalyst.functions.all()),
            functions_reading=catalyst.functions_reading,
            territories=tuple(facts[place.pk] for place in covered if place.pk in facts),
            domains=_ordered(catalyst.domains.all()),
        )
        if catalyst
        else None,
        merged_from=tuple(organisation.merged_from.order_by("name_key", "pk")),
    )


def _ordered(found: object) -> tuple[Term, ...]:
    return tuple(sorted(found, key=lambda term: (term.order, term.pk)))  # type: ignore[call-overload]


def target_of(organisation: Organisation) -> str:
    """Name an organisation in the trail."""
    return f"organisation:{organisation.slug}"


def history_of(organisation: Organisation) -> list[HistoryLine]:
    """Return what was written on an organisation and on those merged into it, latest first."""
    targets = [target_of(organisation), *map(target_of, organisation.merged_from.all())]
    return history(*targets, limit=100)
