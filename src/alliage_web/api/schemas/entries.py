"""Published entries of the knowledge base: examples, tools, publications, events."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Literal

from django.urls import reverse
from ninja import Schema
from pydantic import Field

from alliage.alliances.vocabulary import World
from alliage.territories.size_classes import SizeClass

from .alliances import AllianceRef
from .common import Code, Known, Paging, TermRef, Text, Typed, _, absolute
from .territories import TerritoryRef


class Kind(StrEnum):
    EXAMPLE = "example"
    TOOL = "tool"
    PUBLICATION = "publication"
    EVENT = "event"


class EntryRef(Schema):
    """An entry to go to."""

    slug: Text
    kind: Kind
    title: Text
    summary: Known
    url: str = Field(description=_("adresse dans l’API"))
    page: str = Field(description=_("adresse de la page"))

    @staticmethod
    def resolve_slug(obj: Any) -> str:
        # The search knows a page by its address, which ends with the name of the entry.
        return str(obj.url.rstrip("/").rpartition("/")[2])

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, reverse("api:entry", args=[EntryRef.resolve_slug(obj)]))

    @staticmethod
    def resolve_page(obj: Any, context: Any) -> str:
        return absolute(context, obj.url)


class FoundEntry(EntryRef):
    """An entry in a list, with the words that it was found by."""

    date: Known
    words: list[str] = Field(description=_("mots demandés qui y sont"))
    synonyms: list[str] = Field(description=_("synonymes des autres mots qui y sont"))
    by_meaning: bool = Field(description=_("trouvé par le sens, sans aucun des mots"))


class Entry(EntryRef):
    """An entry with its text."""

    body: Known = Field(description=_("texte, en Markdown"))
    date: Known
    date_end: Known
    place: Known
    publisher: Known
    website: Known = Field(description=_("où la ressource se trouve"))
    source: Known
    published_at: dt.datetime
    terms: list[TermRef]
    territories: list[TerritoryRef]
    alliance: AllianceRef | None = Field(description=_("l’alliance qu’un exemple raconte"))


class EntryFilters(Paging):
    """What narrows the entries. Choices add up within a filter and narrow between filters."""

    q: Typed = Field("", description=_("mots, comme dans la recherche de la plateforme"))
    kind: list[Kind] = Field(
        default_factory=list, max_length=4, description=_("nature ; toutes par défaut")
    )
    domain: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code d’un domaine")
    )
    objective: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code d’un objectif")
    )
    sdg: list[Code] = Field(
        default_factory=list,
        max_length=17,
        description=_("numéro d’un objectif de développement durable"),
    )
    region: list[Code] = Field(
        default_factory=list, max_length=50, description=_("code INSEE d’une région")
    )
    size_class: list[SizeClass] = Field(
        default_factory=list, max_length=4, description=_("classe de taille du territoire")
    )
    world: list[World] = Field(
        default_factory=list, max_length=10, description=_("monde d’une partie prenante")
    )
    sort: Literal["relevance", "date", "title"] = Field("relevance", description=_("ordre"))
