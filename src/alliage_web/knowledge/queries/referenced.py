"""The codes that files may use, as the database knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.actors.queries import active
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme

if TYPE_CHECKING:
    from collections.abc import Collection

_FIELDS = {
    "domains": Scheme.DOMAIN,
    "objectives": Scheme.OBJECTIVE,
    "impact_natures": Scheme.IMPACT_NATURE,
    "sdgs": Scheme.SDG,
    "sdg_targets": Scheme.SDG_TARGET,
    "catalyst_functions": Scheme.CATALYST_FUNCTION,
}


def known_codes() -> dict[str, Collection[str]]:
    """Return the codes of the terms and the addresses of the organisations."""
    terms = by_scheme(*_FIELDS.values())
    found: dict[str, Collection[str]] = {
        field: {term.code for term in terms[scheme]} for field, scheme in _FIELDS.items()
    }
    found["organisations"] = set(active().values_list("slug", flat=True))
    return found
