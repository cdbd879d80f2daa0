"""Territories: found by a text, and one with its figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import reverse
from ninja import P, PathEx, Query, Router

from alliage.territories.levels import Level
from alliage_web.api.schemas.common import Problem, _
from alliage_web.api.schemas.territories import FoundTerritories, Territory, TerritorySearch
from alliage_web.territories import queries

from .problems import NotThereError

router = Router(tags=["territories"])
OfficialCode = PathEx[str, P(description=_("code officiel (INSEE, SIREN), ou nom d’un périmètre"))]


@router.get(
    "/territories",
    url_name="territories",
    summary=_("Chercher un territoire par son nom ou son code"),
    response={200: FoundTerritories, 422: Problem},
)
def territories(request: HttpRequest, asked: Query[TerritorySearch]) -> dict[str, Any]:  # noqa: ARG001
    found = queries.suggest(asked.q, levels=asked.level or None, limit=asked.limit)
    return {"items": found}


@router.get(
    "/territories/{level}/{code}",
    url_name="territory",
    summary=_("Un territoire et ses chiffres au millésime en vigueur"),
    response={200: Territory, 301: None, 404: Problem, 422: Problem},
)
def territory(request: HttpRequest, level: Level, code: OfficialCode) -> Any:
    place = queries.place(level, code)
    if place is not None and place.is_current:
        return place
    found = queries.successors(code) if level == Level.COMMUNE else []
    places = {row.successor_id: row.successor for row in found}
    if len(places) == 1:
        (successor,) = places.values()
        path = reverse("api:territory", args=[successor.level, successor.code])
        return HttpResponsePermanentRedirect(request.build_absolute_uri(path))
    if places:
        codes = ", ".join(successor.code for successor in places.values())
        raise NotThereError(
            detail=f"The commune code {code} is no longer in use; several communes replaced it.",
            fix=f"Ask for one of them: {codes}.",
        )
    if place is not None:
        return place
    raise NotThereError(
        detail=f"No {level} has the code « {code} ».",
        fix="Look for the territory by its name at /api/v1/territories?q=.",
    )
