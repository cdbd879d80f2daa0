"""One organisation, as its own page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from alliage_web.actors.models import HeldRole, Organisation
from alliage_web.audit.queries import history
from alliage_web.territories.queries import facts_of

from .links import (
    Links,
    in_order,
    links_of_catalysts,
    links_of_organisations,
    terms_of_links,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Field

    from alliage_web.actors.models import Catalyst
    from alliage_web.audit.queries import HistoryLine
    from alliage_web.territories.queries import TerritoryFacts
    from alliage_web.vocabulary.models import Term


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
    parent: Organisation | None
    children: tuple[Organisation, ...]
    roles: tuple[str, ...]
    domains: tuple[Term, ...]
    catalyst: CatalystProfile | None


def profile(slug: str) -> OrganisationProfile | None:
    """Read the page of an organisation in a constant number of queries.

    For an organisation that was merged, that of the one it became.
    """
    found = (
        Organisation.objects.select_related("seat", "parent", "catalyst", "merged_into")
        .filter(Q(slug=slug, merged_into=None) | Q(merged_from__slug=slug))
        .first()
    )
    return _profile(found) if found else None


def _profile(organisation: Organisation) -> OrganisationProfile:
    catalyst: Catalyst | None = getattr(organisation, "catalyst", None)
    own = links_of_organisations([organisation.pk])[organisation.pk]
    covering = links_of_catalysts([catalyst.pk])[catalyst.pk] if catalyst else Links()
    seat = [organisation.seat_id] if organisation.seat_id else []
    facts = facts_of((*seat, *own.territories, *covering.territories))
    terms = terms_of_links()
    held = HeldRole.objects.filter(organisation=organisation).order_by("role", "pk")
    return OrganisationProfile(
        organisation=organisation,
        seat=facts.get(organisation.seat_id or 0),
        territories=_known(facts, own.territories),
        parent=organisation.parent,
        children=tuple(organisation.children.filter(merged_into=None).order_by("name_key", "pk")),
        roles=tuple(role.get_role_display() for role in held),
        domains=in_order(terms, own.domains),
        catalyst=CatalystProfile(
            functions=in_order(terms, covering.functions),
            functions_reading=catalyst.functions_reading,
            territories=_known(facts, covering.territories),
            domains=in_order(terms, covering.domains),
        )
        if catalyst
        else None,
    )


def _known(facts: Mapping[int, TerritoryFacts], keys: Iterable[int]) -> tuple[TerritoryFacts, ...]:
    return tuple(facts[key] for key in keys if key in facts)


def history_of(organisation: Organisation) -> list[HistoryLine]:
    """Return what was written on an organisation and on those merged into it, latest first."""
    names = [row.stable_name for row in (organisation, *merged_from(organisation))]
    return history(*names, limit=100)


def merged_from(organisation: Organisation) -> list[Organisation]:
    """Return the organisations that were merged into one, by name."""
    return list(organisation.merged_from.order_by("name_key", "pk"))


@dataclass(frozen=True, slots=True)
class Pointers:
    """How many rows of a kind point to an organisation."""

    label: str
    count: int


def pointers_to(organisation: Organisation) -> list[Pointers]:
    """Count what points to an organisation, whichever app it belongs to."""
    found = []
    for relation in organisation._meta.get_fields(include_hidden=True):  # noqa: SLF001
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
            continue
        field = relation.field  # type: ignore[union-attr]
        count = field.model._base_manager.filter(**{field.name: organisation}).count()  # noqa: SLF001
        if count:
            found.append(Pointers(_kind_of_pointer(field), count))
    return found


def _kind_of_pointer(field: Field[Any, Any]) -> str:
    """Name the rows that a foreign key belongs to; those of a hidden table, by what they link."""
    model = field.model
    owner: Any = model._meta.auto_created  # noqa: SLF001
    if owner:
        links = owner._meta.many_to_many  # noqa: SLF001
        return next(str(link.verbose_name) for link in links if link.remote_field.through is model)
    return str(model._meta.verbose_name_plural)  # noqa: SLF001
