"""The words of the facets: what their values are called, and in which order they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliage.territories.levels import Level
from alliage_web.actors.models import WorldChoices
from alliage_web.knowledge.models import DocumentKind
from alliage_web.territories.models import SizeClassChoices
from alliage_web.territories.queries import by_codes
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme

from .catalogue import KIND
from .indexable import COUNTRY, TERM_FACETS

if TYPE_CHECKING:
    from .catalogue import Catalogue

#: The labels of the values of each facet.
Labels = Mapping[str, Mapping[str, str]]


def labels(index: Catalogue) -> Labels:
    """Return the label of each value of each facet, in the language of the page.

    They are read once for each version of the index: a change of label makes a new one.
    """
    return _labels(index, get_language() or "")


@lru_cache(maxsize=4)
def _labels(index: Catalogue, _language: str) -> Labels:
    found: dict[str, dict[str, str]] = {
        KIND: {kind.value: str(kind.label) for kind in DocumentKind},
        "taille": {size.value: str(size.label) for size in SizeClassChoices},
        "monde": {world.value: str(world.label) for world in WorldChoices},
    }
    terms = by_scheme(*TERM_FACETS.values())
    for facet, scheme in TERM_FACETS.items():
        found[facet] = {
            term.code: f"{term.code}. {term.label}" if scheme == Scheme.SDG else term.label
            for term in terms[scheme]
        }
    names = index.facets.names
    codes = [value for facet, value in names if facet == "region" and value != COUNTRY]
    regions = by_codes((Level.REGION, code) for code in codes)
    found["region"] = {code: territory.name for (_level, code), territory in regions.items()}
    found["region"][COUNTRY] = _("France entière")
    return found
