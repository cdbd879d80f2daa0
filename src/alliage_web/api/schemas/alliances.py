"""Alliances: in short for lists, whole with what each source says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.urls import reverse
from ninja import Schema
from pydantic import BeforeValidator, Field

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Profile,
    Reading,
    Stage,
    World,
)
from alliage.territories.size_classes import SizeClass

from .common import Classification, Code, Exact, Figure, Known, Paging, Text, Typed, _, absolute
from .territories import TerritoryRef


def _or_null(value: Any) -> Any:
    return value or None


_Stage = Annotated[Stage | None, BeforeValidator(_or_null)]
_Reading = Annotated[Reading | None, BeforeValidator(_or_null)]
_Profile = Annotated[Profile | None, BeforeValidator(_or_null)]
_SizeClass = Annotated[SizeClass | None, BeforeValidator(_or_null)]


class AllianceRef(Schema):
    """An alliance to go to."""

    slug: Text
    title: Text
    url: str = Field(description=_("adresse dans l’API"))
    page: str = Field(description=_("adresse de la page"))

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, reverse("api:alliance", args=[obj.slug]))

    @staticmethod
    def resolve_page(obj: Any, context: Any) -> str:
        return absolute(context, reverse("site:alliance", args=[obj.slug]))


class AllianceCard(AllianceRef):
    """An alliance in a list."""

    kind: Known
    summary: Known
    stage: _Stage
    worlds: list[World]
    territories: list[Text] = Field(description=_("noms des territoires"))
    domains: list[Text] = Field(description=_("noms des domaines"))
    started: Known
    ended: Known


class PlaceOfAlliance(TerritoryRef):
    """A territory where an alliance acts."""

    note: Known
    population: Figure
    size_class: _SizeClass

    @staticmethod
    def resolve_population(obj: Any) -> dict[str, Any]:
        return {
            "value": obj.population,
            "unit": "inhabitants",
            "as_of": str(obj.population_year or ""),
            "source": _("INSEE, populations de référence de l’édition en vigueur")
            if obj.population is not None
            else "",
            "reading": Reading.DERIVED if obj.level == "perimeter" else Reading.STATED,
        }


class Party(Schema):
    """Who takes part; ``organisation`` is null for a group that no register names."""

    name: Text
    organisation: Known = Field(description=_("adresse courte de l’organisation"))
    url: str | None
    world: World
    profile: _Profile
    role: Known
    brings: Known
    entered: Known
    left: Known
    source: Known

    @staticmethod
    def resolve_organisation(obj: Any) -> str:
        return str(obj.organisation_slug)

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str | None:
        if not obj.organisation_slug:
            return None
        return absolute(context, reverse("api:organisation", args=[obj.organisation_slug]))


class Moment(Schema):
    """A date of an alliance, as precisely as it is known."""

    start: Text
    end: Known
    precision: Text
    planned: bool = Field(description=_("annoncé, pas encore arrivé"))
    text: Text
    source: Known


class Outcome(Schema):
    """What came of an alliance: a figure goes with its unit, its status and its source."""

    text: Text
    value: Exact | None
    qualifier: Known = Field(description=_("réserve sur le chiffre : « environ », « plus de »"))
    unit: Known
    status: OutcomeStatus = Field(
        description=_("ce qu’on en sait : « declared » veut dire que la source le dit")
    )
    as_of: Known
    source: Known


class Amount(Schema):
    """Money behind a support, in euros."""

    eur: Exact
    first_year: int | None
    last_year: int | None
    purpose: Known
    status: AmountStatus
    reading: _Reading
    part_of_parent: bool = Field(
        description=_("vrai si l’alliance qui englobe celle-ci compte aussi ce montant")
    )
    source: Known


class Support(Schema):
    """What one lever brought."""

    lever: Lever
    text: Known
    not_used: bool = Field(alias="na", description=_("la source dit que ce levier n’a pas servi"))
    not_used_text: Known = Field(alias="na_text")
    amounts: list[Amount]


class Told(Schema):
    """A lesson or a perspective."""

    text: Text
    level: Known
    source: Known


class Statement(Schema):
    """What one source says."""

    claim: Text
    value: Exact | None
    unit: Known
    stated_on: Known
    source: Known


class Divergence(Schema):
    """Statements that do not agree, side by side: none is chosen."""

    code: Text
    subject: Text
    reading: Known
    assertions: list[Statement]


class Alliance(AllianceRef):
    """The whole story of an alliance."""

    code: Text
    title_fr: Text
    title_en: Known
    kind: Known
    stage: _Stage
    stage_reading: _Reading
    stage_reason: Known
    started: Known
    ended: Known
    summary: Known
    summary_fr: Known
    summary_en: Known
    why: Known
    reusable: Known
    territory_note: Known
    private_fund_to_public_authority: bool
    notes: list[str]
    source: Known
    worlds: list[World]
    classification: list[Classification]
    territories: list[PlaceOfAlliance] = Field(alias="places")
    parties: list[Party]
    timeline: list[Moment]
    outcomes: list[Outcome]
    supports: list[Support]
    lessons: list[Told]
    perspectives: list[Told]
    divergences: list[Divergence]
    parent: AllianceRef | None
    components: list[AllianceRef]


class Parties(Schema):
    items: list[Party]


class Timeline(Schema):
    items: list[Moment]


class Outcomes(Schema):
    items: list[Outcome]


class AllianceFilters(Paging):
    """What narrows the list. Choices add up within a filter and narrow between filters."""

    q: Typed = Field("", description=_("mots du titre, de la forme ou du résumé"))
    objective: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code d’un objectif")
    )
    domain: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code d’un domaine")
    )
    sdg: list[Code] = Field(
        default_factory=list,
        max_length=17,
        description=_("numéro d’un objectif de développement durable"),
    )
    region: list[Code] = Field(
        default_factory=list,
        max_length=50,
        description=_("code INSEE d’une région ; « FR » : la France entière"),
    )
    department: list[Code] = Field(
        default_factory=list, max_length=120, description=_("code INSEE d’un département")
    )
    world: list[World] = Field(
        default_factory=list, max_length=10, description=_("monde d’une partie prenante")
    )
    stage: list[Stage] = Field(default_factory=list, max_length=5, description=_("étape"))
    year: list[Annotated[int, Field(ge=1000, le=2999)]] = Field(
        default_factory=list, max_length=50, description=_("en cours cette année-là")
    )
    sort: Literal["title", "started", "updated"] = Field("title", description=_("ordre"))
