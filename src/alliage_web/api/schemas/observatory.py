"""What the observatory publishes: figures that documents state, and releases computed here."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from alliage.observatory.studies.catalogue import Population, Theme

from .common import Asked, Code, Exact, Known, Paging, Text, _, absolute


class FigureFilters(Paging):
    """The filters of the page."""

    population: Population | None = Field(None, description=_("qui a été interrogé"))
    theme: Theme | None = Field(None, description=_("de quoi il s’agit"))
    study: Code | None = Field(None, description=_("code d’une étude"))
    wave: Code | None = Field(None, description=_("code d’une vague"))


class StatementSaid(Schema):
    """What one document says."""

    text: Text
    source: Text


class Disagreement(Schema):
    """What documents do not say alike."""

    title: Text
    statements: list[StatementSaid]
    reading: Text = Field(description=_("comment nous les lisons"))


class PublishedFigure(Schema):
    """A figure as a document states it: no margin of error can be computed."""

    code: Text
    url: str
    label: Text
    theme: Text
    population: Text
    study: Known
    wave: Known
    question: Known
    statistic: Text
    item: Known
    level: Known
    group: dict[str, str] = Field(description=_("à qui il s’applique ; vide pour l’ensemble"))
    value: Exact | None
    low: Exact | None = Field(description=_("borne basse, quand le chiffre est un intervalle"))
    high: Exact | None
    answer: Known = Field(description=_("le chiffre quand c’est une réponse, non un nombre"))
    unit: Text
    operator: Text
    text: Text = Field(description=_("le chiffre tel qu’il s’écrit"))
    margin: Text = Field(description=_("« n/a » : aucun document ne permet de la calculer"))
    reading: Text = Field(description=_("qualité de la lecture du document"))
    source: Text
    note: Known
    disagreements: list[Disagreement]

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, obj.url)

    @staticmethod
    def resolve_group(obj: Any) -> dict[str, str]:
        return dict(obj.group)


class PublishedRelease(Schema):
    """A wave as it was published."""

    id: UUID = Field(alias="uuid")
    url: str
    study: Text
    wave: Text
    title: Text
    population: Text
    year: int | None
    number: int
    synthetic: bool = Field(description=_("vrai si les répondants sont inventés"))
    published_at: dt.datetime
    fingerprint: Text
    superseded: bool = Field(description=_("vrai si une publication plus récente la remplace"))

    @staticmethod
    def resolve_url(obj: Any, context: Any) -> str:
        return absolute(context, obj.url)

    @staticmethod
    def resolve_title(obj: Any) -> str:
        return str(obj)


class Releases(Schema):
    items: list[PublishedRelease]


class ReleaseHead(Schema):
    """A release: what was asked, by what it can be read, how it was computed."""

    release: PublishedRelease
    content: dict[str, Any] = Field(
        description=_("l’en-tête de la publication : questions, croisements, provenance, poids")
    )


class TableAsked(Asked):
    """Which table of a release is asked for."""

    breakdown: Code = Field("", description=_("code du croisement ; vide pour l’ensemble"))


class ReleaseTable(Schema):
    """A question by a breakdown; a figure that is kept back has no number."""

    release: UUID
    synthetic: bool
    question: Text
    breakdown: str
    content: dict[str, Any]
