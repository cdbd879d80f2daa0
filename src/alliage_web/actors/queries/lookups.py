"""Organisations found by a name, a slug or a place, and shown as cards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef, Q

from alliage.alliances.vocabulary import OrganisationRole
from alliage.values.text import name_key
from alliage_web.actors.models import INVENTED, Catalyst, Organisation
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class OrganisationCard:
    """An organisation in a list. An empty seat is not known."""

    id: int
    slug: str
    name: str
    acronym: str
    world: str
    world_label: str
    profile_label: str
    roles: tuple[str, ...]
    seat_name: str
    summary: str
    url: str
    is_catalyst: bool

    @property
    def title(self) -> str:
        """The name, with the acronym that it does not already hold."""
        if self.acronym and self.acronym not in self.name:
            return f"{self.name} ({self.acronym})"
        return self.name


@dataclass(frozen=True, slots=True)
class OrganisationSuggestion:
    """An organisation that a typed text may mean. ``value`` is what a form sends back."""

    value: str
    name: str
    context: str
    url: str


@dataclass(frozen=True, slots=True)
class Counts:
    organisations: int
    catalysts: int


def active() -> QuerySet[Organisation]:
    """Return the organisations that were not merged into another, by name."""
    return Organisation.objects.filter(merged_into=None)


def listed() -> QuerySet[Organisation]:
    """Return the organisations of the public lists: without what a demonstration made up."""
    return active().exclude(source=INVENTED)


def counts() -> Counts:
    """Return the numbers of organisations and of catalysts among them."""
    found = listed().aggregate(organisations=Count("pk"), catalysts=Count("catalyst"))
    return Counts(**found)


def with_cards(organisations: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Read with the organisations all that their cards show, in two queries."""
    catalyst = Catalyst.objects.filter(organisation=OuterRef("pk"))
    return (
        organisations.annotate(has_catalyst=Exists(catalyst))
        .select_related("seat")
        .prefetch_related("roles")
    )


def card(organisation: Organisation) -> OrganisationCard:
    """Show an organisation read by ``with_cards``."""
    return OrganisationCard(
        id=organisation.pk,
        slug=organisation.slug,
        name=organisation.name,
        acronym=organisation.acronym,
        world=organisation.world,
        world_label=organisation.get_world_display(),
        profile_label=organisation.get_profile_display(),
        # Being a catalyst is shown apart, with its functions.
        roles=tuple(
            held.get_role_display()
            for held in organisation.roles.all()
            if held.role != OrganisationRole.CATALYST
        ),
        seat_name=organisation.seat.name if organisation.seat else "",
        summary=organisation.summary,
        url=organisation.get_absolute_url(),
        is_catalyst=organisation.has_catalyst,  # type: ignore[attr-defined]
    )


def cards(organisation_ids: Iterable[int]) -> dict[int, OrganisationCard]:
    """Return the cards of some organisations by their keys, in the order given."""
    ids = list(organisation_ids)
    found = {row.pk: card(row) for row in with_cards(Organisation.objects.filter(pk__in=ids))}
    return {pk: found[pk] for pk in ids if pk in found}


def organisations_on(
    territory_ids: Iterable[int] | QuerySet[Any, Any], *, limit: int
) -> list[OrganisationCard]:
    """Return the organisations that have their seat or act on some territories, by name."""
    return [card(row) for row in with_cards(on_territories(territory_ids))[:limit]]


def count_on(territory_ids: Iterable[int] | QuerySet[Any, Any]) -> int:
    """Return how many organisations have their seat or act on some territories."""
    return on_territories(territory_ids).count()


def on_territories(territory_ids: Iterable[int] | QuerySet[Any, Any]) -> QuerySet[Organisation]:
    """Return the organisations that have their seat or act on some territories, by name."""
    acting = Organisation.territories.through.objects.filter(territory__in=territory_ids)
    return listed().filter(Q(seat__in=territory_ids) | Q(pk__in=acting.values("organisation")))


def ids_by_slug(slugs: Iterable[str]) -> dict[str, int]:
    """Return the keys of organisations; the slug of a merged one leads to what it became."""
    rows = Organisation.objects.filter(slug__in=list(slugs)).order_by("pk")
    return {
        slug: merged or pk for slug, pk, merged in rows.values_list("slug", "pk", "merged_into")
    }


def names_by_slug(slugs: Iterable[str]) -> dict[str, str]:
    """Return the names of organisations by their addresses; one that is not there is left out."""
    rows = Organisation.objects.filter(slug__in=set(slugs)).order_by()
    return dict(rows.values_list("slug", "name"))


def ids_by_official_number(numbers: Iterable[str]) -> dict[str, int]:
    """Return the keys of organisations by their SIREN and RNA numbers."""
    wanted = [number for number in set(numbers) if number]
    rows = active().filter(Q(siren__in=wanted) | Q(rna__in=wanted)).order_by("pk")
    found: dict[str, int] = {}
    for pk, siren, rna in rows.values_list("pk", "siren", "rna"):
        found |= {number: pk for number in (siren, rna) if number}
    return found


def by_slug(slug: str) -> Organisation | None:
    return only(Organisation.objects.select_related("merged_into").filter(slug=slug))


def matching(text: str) -> Q:
    """Select by words of the name, the acronym or the other names, or by an identifier."""
    digits = re.sub(r"\D", "", text)
    words = [digits] if len(digits) >= 9 else name_key(text).split()
    found = Q()
    for word in words:
        found &= Q(search_key__contains=word)
    return found


def suggest(text: str, *, limit: int = 10) -> list[OrganisationSuggestion]:
    """Return the organisations that a typed text may mean, those whose name begins so first."""
    key = name_key(text)
    if not key:
        return []
    starting = active().filter(name_key__startswith=key)
    others = active().filter(matching(text)).exclude(pk__in=starting.values("pk"))
    rows: list[Organisation] = []
    for found in (starting, others):
        rows += found.select_related("seat")[: limit - len(rows)]
    return [
        OrganisationSuggestion(
            value=row.slug,
            name=row.name,
            context=row.seat.name if row.seat else row.get_world_display(),
            url=row.get_absolute_url(),
        )
        for row in rows
    ]


def identify(text: str) -> list[OrganisationSuggestion]:
    """Return the organisations that a form field means: one if it is clear, several if not.

    The field holds what the autocomplete chose (a slug) or, without JavaScript, what was typed.
    """
    chosen = by_slug(text.strip())
    if chosen is not None:
        chosen = chosen.merged_into or chosen
        return [OrganisationSuggestion(chosen.slug, chosen.name, "", chosen.get_absolute_url())]
    found = suggest(text, limit=20)
    exact = [item for item in found if name_key(item.name) == name_key(text)]
    return exact or found
