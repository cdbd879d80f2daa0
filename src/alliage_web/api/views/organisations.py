"""The directory of organisations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import reverse
from ninja import Query, Router

from alliage_web.actors import queries
from alliage_web.alliances.queries import alliances_of
from alliage_web.api.schemas.common import Listing, Problem, Slug, _
from alliage_web.api.schemas.organisations import (
    Organisation,
    OrganisationCard,
    OrganisationFilters,
)

from .paging import page_of
from .problems import NotThereError

if TYPE_CHECKING:
    from collections.abc import Iterable

router = Router(tags=["organisations"])
_OWN = (
    *("slug", "name", "acronym", "aliases", "world", "world_reading", "profile", "legal_form"),
    *("siren", "siret", "rna", "website", "summary", "source"),
)


@router.get(
    "/organisations",
    url_name="organisations",
    summary=_("L’annuaire des organisations"),
    response={200: Listing[OrganisationCard], 404: Problem, 422: Problem},
)
def organisations(request: HttpRequest, asked: Query[OrganisationFilters]) -> dict[str, Any]:
    choices = {
        name: (value,) if isinstance(value, str) else tuple(value or ())
        for name in queries.FACETS
        for value in [getattr(asked, name)]
    }
    selection = queries.Selection(text=asked.q.strip(), choices=choices)

    def read(start: int, end: int) -> Iterable[Any]:
        rows = queries.page_rows(selection).order_by("name_key", "pk")
        return map(queries.card, rows[start:end])

    return page_of(request, asked, queries.selected(selection).count(), read)


@router.get(
    "/organisations/{slug:slug}",
    url_name="organisation",
    summary=_("Une organisation, ce qu’elle fait et avec qui"),
    response={200: Organisation, 301: None, 404: Problem},
)
def organisation(request: HttpRequest, slug: Slug) -> Any:
    profile = queries.profile(slug)
    if profile is None:
        raise NotThereError(
            detail=f"No organisation is called « {slug} ».",
            fix="Look for it by its name at /api/v1/organisations?q=.",
        )
    found = profile.organisation
    if found.slug != slug:
        path = reverse("api:organisation", args=[found.slug])
        return HttpResponsePermanentRedirect(request.build_absolute_uri(path))
    return SimpleNamespace(
        **{name: getattr(found, name) for name in _OWN},
        size=found.size or None,
        roles=profile.roles,
        domains=profile.domains,
        seat=profile.seat,
        territories=profile.territories,
        parent=profile.parent,
        children=profile.children,
        catalyst=profile.catalyst,
        alliances=alliances_of(found.pk),
    )
