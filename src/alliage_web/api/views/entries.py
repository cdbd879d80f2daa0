"""Published entries of the knowledge base. Drafts do not exist here, even for their author."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from ninja import Query, Router

from alliage_web.api.schemas.common import Listing, Problem, Slug, _
from alliage_web.api.schemas.entries import Entry, EntryFilters, FoundEntry, Kind
from alliage_web.knowledge import queries
from alliage_web.territories.queries import facts_of

from .paging import page_of
from .problems import NotThereError

if TYPE_CHECKING:
    from collections.abc import Iterable

router = Router(tags=["entries"])
#: The facets of the search under the names of the API.
_FACETS = {
    "domain": "domaine",
    "objective": "objectif",
    "sdg": "odd",
    "region": "region",
    "size_class": "taille",
    "world": "monde",
}


@router.get(
    "/entries",
    url_name="entries",
    summary=_("Les exemples, outils, publications et événements publiés"),
    response={200: Listing[FoundEntry], 404: Problem, 422: Problem},
)
def entries(request: HttpRequest, asked: Query[EntryFilters]) -> dict[str, Any]:
    text = " ".join(asked.q.split())
    chosen = {
        facet: tuple(str(value) for value in values)
        for name, facet in _FACETS.items()
        if (values := getattr(asked, name))
    }
    found = queries.search(
        queries.Asked(
            text=text,
            kinds=tuple(kind.value for kind in asked.kind or Kind),
            chosen=chosen,
            order="date" if asked.sort == "relevance" and not text else asked.sort,
        )
    )

    def read(start: int, end: int) -> Iterable[Any]:
        return queries.hits(found, found.keys[start:end], queries.labels(found.index))

    return page_of(request, asked, len(found), read)


@router.get(
    "/entries/{slug:slug}",
    url_name="entry",
    summary=_("Un exemple, un outil, une publication ou un événement"),
    response={200: Entry, 404: Problem},
)
def entry(request: HttpRequest, slug: Slug) -> SimpleNamespace:  # noqa: ARG001
    found = queries.published().select_related("alliance").filter(slug=slug).first()
    if found is None:
        raise NotThereError(
            detail=f"No published entry is called « {slug} ».",
            fix="Look for it at /api/v1/entries?q=.",
        )
    own = ("kind", "body", "date", "date_end", "place", "publisher", "source")
    places = found.territories.order_by("pk").values_list("pk", flat=True)
    return SimpleNamespace(
        **{name: getattr(found, name) for name in own},
        title=found.display_title,
        summary=found.display_summary,
        url=found.get_absolute_url(),
        website=found.url,
        published_at=found.published_at,
        terms=list(found.terms.order_by("scheme", "order", "pk")),
        territories=list(facts_of(places).values()),
        alliance=SimpleNamespace(slug=found.alliance.slug, title=found.alliance.display_title)
        if found.alliance
        else None,
    )
