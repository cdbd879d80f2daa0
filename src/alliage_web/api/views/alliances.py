"""Alliances, and what each source says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from ninja import Query, Router

from alliage_web.alliances import queries
from alliage_web.api.schemas.alliances import (
    Alliance,
    AllianceCard,
    AllianceFilters,
    Outcomes,
    Parties,
    Timeline,
)
from alliage_web.api.schemas.common import Listing, Problem, Slug, _

from .paging import page_of
from .problems import NotThereError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.alliances.queries import AllianceStory

router = Router(tags=["alliances"])
_FACETS = ("objective", "domain", "sdg", "region", "department", "world", "stage")


@router.get(
    "/alliances",
    url_name="alliances",
    summary=_("Les alliances, avec les filtres de la page"),
    response={200: Listing[AllianceCard], 404: Problem, 422: Problem},
)
def alliances(request: HttpRequest, asked: Query[AllianceFilters]) -> dict[str, Any]:
    selection = queries.Selection(
        text=asked.q.strip(),
        year=tuple(str(year) for year in asked.year),
        **{name: tuple(getattr(asked, name)) for name in _FACETS},
    )
    found = queries.listed(selection, asked.sort)

    def read(start: int, end: int) -> Iterable[Any]:
        return queries.cards(found.values_list("pk", flat=True)[start:end])

    return page_of(request, asked, found.count(), read)


@router.get(
    "/alliances/{slug:slug}",
    url_name="alliance",
    summary=_("Toute l’histoire d’une alliance"),
    response={200: Alliance, 404: Problem},
)
def alliance(request: HttpRequest, slug: Slug) -> AllianceStory:  # noqa: ARG001
    return _story(slug)


@router.get(
    "/alliances/{slug:slug}/parties",
    url_name="alliance-parties",
    summary=_("Les parties prenantes d’une alliance"),
    response={200: Parties, 404: Problem},
)
def parties(request: HttpRequest, slug: Slug) -> dict[str, Any]:  # noqa: ARG001
    return {"items": _story(slug).parties}


@router.get(
    "/alliances/{slug:slug}/timeline",
    url_name="alliance-timeline",
    summary=_("Les dates d’une alliance"),
    response={200: Timeline, 404: Problem},
)
def timeline(request: HttpRequest, slug: Slug) -> dict[str, Any]:  # noqa: ARG001
    return {"items": _story(slug).timeline}


@router.get(
    "/alliances/{slug:slug}/outcomes",
    url_name="alliance-outcomes",
    summary=_("Les résultats d’une alliance, chacun avec sa source et son statut"),
    response={200: Outcomes, 404: Problem},
)
def outcomes(request: HttpRequest, slug: Slug) -> dict[str, Any]:  # noqa: ARG001
    return {"items": _story(slug).outcomes}


def _story(slug: str) -> AllianceStory:
    story = queries.story(slug=slug)
    if story is None:
        raise NotThereError(
            detail=f"No alliance is called « {slug} ».",
            fix="Look for it by its title at /api/v1/alliances?q=.",
        )
    return story
