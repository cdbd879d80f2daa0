"""Organisations already recorded that may be the one a person describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from alliage.alliances.duplicates import Known, likely_duplicates
from alliage_web.actors.models import Organisation
from alliage_web.territories.models import LevelChoices
from alliage_web.territories.queries import by_codes, containing_ids

from .lookups import active, cards

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.alliances.duplicates import Reason
    from alliage_web.territories.models import Territory

    from .descriptions import Description
    from .lookups import OrganisationCard

IDENTIFIERS = ("siren", "siret", "rna")


@dataclass(frozen=True, slots=True)
class Twin:
    """An organisation that already has an identifier: two records of the same body."""

    field: str
    organisation: Organisation


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation whose name is near, in the same territory: perhaps the same body."""

    card: OrganisationCard
    matched_name: str
    score: float
    reason: Reason


def same_identifier(description: Description, *, besides: int = 0) -> list[Twin]:
    """Return the organisations that already have one of the identifiers described."""
    given = {field: getattr(description, field) for field in IDENTIFIERS}
    shared = Q(pk=None)
    for field, value in given.items():
        if value:
            shared |= Q(**{field: value})
    return [
        Twin(field, organisation)
        for organisation in active().filter(shared).exclude(pk=besides)
        for field, value in given.items()
        if value and getattr(organisation, field) == value
    ]


def near_same_name(
    description: Description, *, besides: int = 0, limit: int = 5
) -> list[Candidate]:
    """Return the organisations of near-same name in the same territory, the nearest first.

    A territory is the same as those that contain it and as all those of its department. Where an
    organisation's territory is not known, or is the whole country, its name alone is compared.
    """
    territories = _territories(description)
    nearby = active().exclude(pk=besides)
    if territories is not None:
        nearby = nearby.filter(_same_territory(territories))
    known = [
        Known(pk, tuple(filter(None, (name, acronym, *aliases))))
        for pk, name, acronym, aliases in nearby.values_list("pk", "name", "acronym", "aliases")
    ]
    matches = likely_duplicates(description.names, known, limit=limit)
    shown = cards(match.key for match in matches)
    return [
        Candidate(shown[match.key], match.name, match.resemblance.score, match.resemblance.reason)
        for match in matches
    ]


def _territories(description: Description) -> list[Territory] | None:
    """Give the territories of a description, or None when they exclude nobody."""
    keys = {*description.territories, *([description.seat] if description.seat else [])}
    pairs = [(level, code) for level, _, code in (key.partition("/") for key in keys)]
    if not pairs or any(level == LevelChoices.COUNTRY for level, _code in pairs):
        return None
    return list(by_codes(pairs).values())


def _same_territory(territories: Iterable[Territory]) -> Q:
    related = {pk for place in territories for pk in (place.pk, *containing_ids(place))}
    around = Organisation.objects.order_by()
    nowhere = Q(seat=None, territories=None) | Q(territories__level=LevelChoices.COUNTRY)
    there = nowhere
    for path in ("seat", "territories"):
        there |= Q(**{f"{path}__in": related})
        there |= Q(
            **{
                f"{path}__snapshots__vintage__is_current": True,
                f"{path}__snapshots__department__in": related,
            }
        )
    return Q(pk__in=around.filter(there).values("pk"))
