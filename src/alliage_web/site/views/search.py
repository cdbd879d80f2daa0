"""One box for everything: territories, examples, alliances, organisations and resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.values.codes import InvalidCodeError, commune_code
from alliage.values.text import name_key
from alliage_web.knowledge import queries as knowledge
from alliage_web.knowledge.models import DocumentKind
from alliage_web.territories import queries as territories
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

    from alliage_web.knowledge.queries import Found, Hit
    from alliage_web.territories.queries import Suggestion

_LONGEST_TEXT = 300
_SHOWN = 4
_TERRITORIES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one nature, and the list where the same words may be searched further."""

    name: str
    title: str
    count: int
    hits: tuple[Hit, ...]
    href: str
    action: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = _text_of(request.GET)
    context: dict[str, Any] = {"text": text, "crumbs": [Crumb(_("Recherche"))]}
    if text:
        context |= _results(request.GET, text)
    return render(request, "site/search.html", context)


def _text_of(query: QueryDict) -> str:
    return " ".join(query.get("q", "").replace("\x00", " ").split())[:_LONGEST_TEXT]


def _results(query: QueryDict, text: str) -> dict[str, Any]:
    asked = knowledge.Asked(
        text=text,
        kinds=tuple(kind.value for kind in DocumentKind),
        wide="large" in query,
        verbatim="exact" in query,
    )
    found = knowledge.search(asked, facets=(knowledge.KIND,))
    places = territories.suggest(text, limit=_TERRITORIES_SHOWN)
    groups = [] if found.is_too_common else _groups(found)
    return {
        "found": found,
        "groups": groups,
        "places": places,
        "places_first": _names_a_place(text, places),
        "places_href": f"{reverse('territories:index')}?{urlencode({'q': text})}",
        "total": sum(group.count for group in groups) + len(places),
        "links": {
            "verbatim": f"?{urlencode({'q': text, 'exact': 1})}",
            "suggestion": f"?{urlencode({'q': found.suggestion.text})}" if found.suggestion else "",
            "wide": f"?{urlencode({'q': text, 'large': 1})}",
            "narrow": f"?{urlencode({'q': text})}",
        },
    }


def _names_a_place(text: str, places: list[Suggestion]) -> bool:
    """Tell whether the words are the name or the code of a territory, and nothing else."""
    if not places:
        return False
    key = name_key(text)
    try:
        commune_code(text.strip().upper())
    except InvalidCodeError:
        return any(key in {name_key(place.name), name_key(place.code)} for place in places)
    # Five characters of a code: an INSEE code or a postal code, whose territory was found.
    return True


def _groups(found: Found) -> list[Group]:
    words = urlencode({"q": found.text})
    lists = (
        (
            "examples",
            _("Exemples inspirants"),
            (DocumentKind.EXAMPLE.value,),
            "knowledge:index",
            _("Chercher dans les exemples"),
        ),
        (
            "alliances",
            _("Alliances"),
            (DocumentKind.ALLIANCE.value,),
            "alliances:index",
            _("Chercher dans les alliances"),
        ),
        (
            "organisations",
            _("Acteurs"),
            (DocumentKind.ORGANISATION.value,),
            "actors:index",
            _("Chercher dans l’annuaire des acteurs"),
        ),
        (
            "resources",
            _("Ressources"),
            (
                DocumentKind.TOOL.value,
                DocumentKind.PUBLICATION.value,
                DocumentKind.EVENT.value,
            ),
            "knowledge:library",
            _("Chercher dans les ressources"),
        ),
    )
    best = {name: knowledge.by_kind(found, kinds, _SHOWN) for name, _t, kinds, _u, _a in lists}
    every = [key for keys in best.values() for key in keys]
    shown = knowledge.hits(found, every, knowledge.labels(found.index))
    hits = {hit.key: hit for hit in shown}
    return [
        Group(
            name=name,
            title=title,
            count=sum(found.counts[knowledge.KIND].get(kind, 0) for kind in kinds),
            hits=tuple(hits[key] for key in best[name] if key in hits),
            href=f"{reverse(url)}?{words}",
            action=action,
        )
        for name, title, kinds, url, action in lists
        if best[name]
    ]
