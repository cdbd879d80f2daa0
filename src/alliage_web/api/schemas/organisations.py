"""Organisations and catalysts."""

from __future__ import annotations

from typing import Any, Literal

from django.urls import reverse
from ninja import Schema
from pydantic import Field

from alliage.alliances.vocabulary import (
    OrganisationRole,
    OrganisationSize,
    Profile,
    Reading,
    World,
)

from .common import Code, Known, Paging, TermRef, Text, Typed, _, absolute
from .territories import TerritoryRef

_Size = OrganisationSize | None
#: The size that the directory calls unknown has no code of its own in the vocabulary.
_AskedSize = Literal["tpo", "pmo", "oti", "large", "unknown"]


class OrganisationRef(Schema):
    """An organisation to go to."""

    slug: Text
    name: Text
    url: str = Field(description=_("adresse dans l’API"))
    page: str = Field(description=_("adresse de la page"))

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, reverse("api:organisation", args=[obj.slug]))

    @staticmethod
    def resolve_page(obj: Any, context: Any) -> str:
        return absolute(context, reverse("site:organisation", args=[obj.slug]))


class OrganisationCard(OrganisationRef):
    """An organisation in a list."""

    acronym: Known
    world: World
    seat: Known = Field(alias="seat_name", description=_("nom du territoire du siège"))
    summary: Known
    is_catalyst: bool


class CatalystWork(Schema):
    """What an organisation does as a catalyst, and where."""

    functions: list[TermRef]
    functions_reading: Reading
    territories: list[TerritoryRef]
    domains: list[TermRef]


class MembershipRef(Schema):
    """An alliance that an organisation takes part in."""

    alliance: Text = Field(description=_("adresse courte de l’alliance"))
    title: Text
    role: Known
    brings: Known
    entered: Known
    left: Known
    url: str

    @staticmethod
    def resolve_alliance(obj: Any) -> str:
        return str(obj.card.slug)

    @staticmethod
    def resolve_title(obj: Any) -> str:
        return str(obj.card.title)

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, reverse("api:alliance", args=[obj.card.slug]))


class Organisation(OrganisationRef):
    """An organisation and all that is around it."""

    acronym: Known
    aliases: list[str]
    world: World
    world_reading: Reading
    profile: Profile
    legal_form: Known
    siren: Known
    siret: Known
    rna: Known
    size: _Size
    website: Known
    summary: Known
    source: Known
    roles: list[Text] = Field(description=_("ses rôles, en toutes lettres"))
    domains: list[TermRef]
    seat: TerritoryRef | None
    territories: list[TerritoryRef] = Field(description=_("là où elle agit"))
    parent: OrganisationRef | None
    children: list[OrganisationRef]
    catalyst: CatalystWork | None = Field(description=_("null si elle n’est pas un catalyseur"))
    alliances: list[MembershipRef]


class OrganisationFilters(Paging):
    """What narrows the directory. Choices add up within a filter and narrow between filters."""

    q: Typed = Field("", description=_("mots du nom, sigle, SIREN, SIRET ou RNA"))
    world: list[World] = Field(default_factory=list, max_length=10, description=_("monde"))
    profile: list[Profile] = Field(default_factory=list, max_length=20, description=_("profil"))
    role: list[OrganisationRole] = Field(
        default_factory=list, max_length=10, description=_("rôle tenu")
    )
    domain: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code d’un domaine")
    )
    region: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code INSEE d’une région")
    )
    department: list[Code] = Field(
        default_factory=list, max_length=120, description=_("code INSEE d’un département")
    )
    size: list[_AskedSize] = Field(default_factory=list, max_length=5, description=_("taille"))
    catalyst: Literal["yes"] | None = Field(
        None, description=_("« yes » : les catalyseurs seulement")
    )
