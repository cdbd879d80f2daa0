"""The lists of examples and of resources: words, facets, orders, and why each is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage_web.knowledge import queries
from alliage_web.knowledge.models import EntryKind
from alliage_web.ui.components import Card, Crumb, Facet, FacetOption
from alliage_web.ui.templatetags.ui import partial_date

from .wording import results_summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse, QueryDict
    from django.utils.functional import _StrPromise

    from alliage_web.knowledge.queries import Found, Hit, Labels

PER_PAGE = 12
LONGEST_TEXT = 300
_LONGEST_FACET = 25
#: What is asked beside the facets, and stays when one is chosen.
_KEPT = ("q", "tri", "large", "exact")


@dataclass(frozen=True, slots=True)
class Listing:
    """What differs between the list of examples and that of resources."""

    name: str
    kinds: tuple[str, ...]
    #: The facets by their parameters, and those that are folded at first.
    facets: Mapping[str, _StrPromise]
    folded: frozenset[str]


EXAMPLES = Listing(
    name="knowledge:index",
    kinds=(EntryKind.EXAMPLE.value,),
    facets={
        "domaine": gettext_lazy("Domaine"),
        "taille": gettext_lazy("Taille du territoire"),
        "region": gettext_lazy("Région"),
        "objectif": gettext_lazy("Objectif"),
        "monde": gettext_lazy("Monde des parties prenantes"),
        "odd": gettext_lazy("Objectif de développement durable"),
        "annee": gettext_lazy("Année de début"),
    },
    folded=frozenset({"objectif", "monde", "odd", "annee"}),
)
RESOURCES = Listing(
    name="knowledge:library",
    kinds=(EntryKind.TOOL.value, EntryKind.PUBLICATION.value, EntryKind.EVENT.value),
    facets={
        queries.KIND: gettext_lazy("Type"),
        "annee": gettext_lazy("Année"),
        "editeur": gettext_lazy("Éditeur"),
        "domaine": gettext_lazy("Domaine"),
    },
    folded=frozenset({"domaine"}),
)
ORDERS: Mapping[str, _StrPromise] = {
    "pertinence": gettext_lazy("Pertinence"),
    "date": gettext_lazy("Date, le plus récent d’abord"),
    "titre": gettext_lazy("Titre"),
}
_ORDER_NAMES = {"pertinence": "relevance", "date": "date", "titre": "title"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _list(request, EXAMPLES, "knowledge/index.html", Crumb(_("Exemples inspirants")))


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    return _list(request, RESOURCES, "knowledge/library.html", Crumb(_("Ressources")))


def _list(request: HttpRequest, listing: Listing, template: str, crumb: Crumb) -> HttpResponse:
    asked = asked_of(request.GET, listing)
    found = queries.search(asked, facets=tuple(listing.facets))
    page = Paginator(found.keys, PER_PAGE).get_page(request.GET.get("page"))
    labels = queries.labels(found.index)
    hits = queries.hits(found, page.object_list, labels)
    order = request.GET.get("tri", "")
    context = {
        "listing": listing,
        "action": reverse(listing.name),
        "facets": _facets(listing, found, labels),
        "query": asked.text,
        "kept": [(name, request.GET[name]) for name in _KEPT if request.GET.get(name)],
        "page": page,
        "found": found,
        "hits": hits if asked.text else [],
        "cards": [] if asked.text else [_card(hit, labels) for hit in hits],
        "summary": results_summary(found, resources=listing is RESOURCES),
        "orders": [
            (code, label, code == order)
            for code, label in ORDERS.items()
            if asked.text or code != "pertinence"
        ],
        "is_filtered": bool(asked.text or asked.chosen),
        "links": _links(request.GET, found),
        "crumbs": [crumb],
    }
    partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, "knowledge/_listing.html" if partial else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def text_of(query: QueryDict) -> str:
    """Read the words of an address: one line, of a length that a person types."""
    return " ".join(query.get("q", "").replace("\x00", " ").split())[:LONGEST_TEXT]


def asked_of(query: QueryDict, listing: Listing) -> queries.Asked:
    """Read what an address asks of a list."""
    text = text_of(query)
    order = _ORDER_NAMES.get(query.get("tri", ""), "relevance" if text else "date")
    chosen = {name: tuple(dict.fromkeys(query.getlist(name))) for name in listing.facets}
    return queries.Asked(
        text=text,
        kinds=listing.kinds,
        chosen={name: values for name, values in chosen.items() if values},
        order=order,
        wide="large" in query,
        verbatim="exact" in query,
    )


def _facets(listing: Listing, found: Found, labels: Labels) -> list[Facet]:
    return [
        Facet(
            name,
            label,
            _options(
                name, found.counts[name], found.asked.chosen.get(name, ()), labels.get(name, {})
            ),
            open=name not in listing.folded,
        )
        for name, label in listing.facets.items()
        if found.counts[name] or found.asked.chosen.get(name)
    ]


def _options(
    name: str, counts: Mapping[str, int], chosen: tuple[str, ...], labels: Mapping[str, str]
) -> tuple[FacetOption, ...]:
    """Give the choices that keep something, and those already made."""
    values = [value for value in labels if value in counts or value in chosen]
    others = (set(counts) | set(chosen)) - set(values)
    if name == "annee":
        values = sorted(others, reverse=True)
    elif name in {"region", "editeur"}:
        every = {*values, *others}
        values = sorted(every, key=lambda value: (-counts.get(value, 0), labels.get(value, value)))
        values = [*values[:_LONGEST_FACET], *(v for v in values[_LONGEST_FACET:] if v in chosen)]
    else:
        values += sorted(others)
    return tuple(
        FacetOption(value, labels.get(value, value), counts.get(value, 0), value in chosen)
        for value in values
    )


def _card(hit: Hit, labels: Labels) -> Card:
    """Show an entry in a list without words: as it presents itself."""
    is_example = hit.kind == EntryKind.EXAMPLE
    sizes = [labels["taille"].get(code, code) for code in hit.of("taille")]
    date = partial_date(hit.date) if hit.date else ""
    meta = (date, *sizes) if is_example else (date, *hit.of("editeur"))
    return Card(
        title=hit.title,
        href=hit.url,
        eyebrow="" if is_example else hit.kind_label,
        text=hit.summary,
        meta=tuple(filter(None, meta)),
        worlds=hit.of("monde"),
        tags=tuple(labels["domaine"].get(code, code) for code in hit.of("domaine")),
    )


def _links(query: QueryDict, found: Found) -> dict[str, Any]:
    """Give the addresses of the searches that may serve better."""
    links = {"wide": _changed(query, large="1"), "narrow": _changed(query, large="")}
    if found.correction:
        links["verbatim"] = _changed(query, exact="1")
    if found.suggestion:
        links["suggestion"] = _changed(query, q=found.suggestion.text)
    if found.asked.chosen:
        links["unfiltered"] = _changed(query, **dict.fromkeys(found.asked.chosen, ""))
    return links


def _changed(query: QueryDict, **values: str) -> str:
    changed = query.copy()
    for name, value in values.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    changed.pop("page", None)
    return f"?{changed.urlencode()}"
