"""What rows of organisations and catalysts are linked to, read for many rows at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F, Value

from alliage_web.actors.models import Catalyst, Organisation
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from alliage_web.vocabulary.models import Term

_CATALYST_LINKS = (
    ("functions", Catalyst.functions.through, "catalyst", "term_id"),
    ("domains", Catalyst.domains.through, "catalyst", "term_id"),
    ("territories", Catalyst.territories.through, "catalyst", "territory_id"),
)
_ORGANISATION_LINKS = (
    ("domains", Organisation.domains.through, "organisation", "term_id"),
    ("territories", Organisation.territories.through, "organisation", "territory_id"),
)


@dataclass(frozen=True, slots=True)
class Links:
    """The keys that a row is linked to."""

    territories: tuple[int, ...] = ()
    domains: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()


def links_of_catalysts(catalysts: QuerySet[Catalyst] | Iterable[int]) -> Mapping[int, Links]:
    """Return what some catalysts are linked to, in one query."""
    return _gather(_CATALYST_LINKS, catalysts)


def links_of_organisations(organisation_ids: Iterable[int]) -> Mapping[int, Links]:
    """Return what some organisations are linked to, in one query."""
    return _gather(_ORGANISATION_LINKS, organisation_ids)


def _gather(kinds: Iterable[tuple[str, Any, str, str]], rows: Any) -> Mapping[int, Links]:
    branches = [
        through.objects.order_by()
        .filter(**{f"{owner}__in": rows})
        .annotate(kind=Value(kind), owner=F(f"{owner}_id"), target=F(target))
        .values_list("kind", "owner", "target")
        for kind, through, owner, target in kinds
    ]
    found: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for kind, owner, target in sorted(branches[0].union(*branches[1:], all=True)):
        found[owner][kind].append(target)
    links = {
        owner: Links(**{kind: tuple(keys) for kind, keys in of.items()})
        for owner, of in found.items()
    }
    return defaultdict(Links, links)


def terms_of_links() -> dict[int, Term]:
    """Return the terms that rows may be linked to, by their keys in their order."""
    schemes = by_scheme(Scheme.DOMAIN, Scheme.CATALYST_FUNCTION)
    return {term.pk: term for terms in schemes.values() for term in terms}


def in_order(terms: Mapping[int, Term], keys: Iterable[int]) -> tuple[Term, ...]:
    """Give terms in their order."""
    wanted = set(keys)
    return tuple(term for key, term in terms.items() if key in wanted)
