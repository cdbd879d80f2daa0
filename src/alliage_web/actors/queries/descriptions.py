"""What is said of an organisation, as plain values: the same from a form, a file or the tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch

from alliage_web.actors.models import Catalyst, Organisation
from alliage_web.vocabulary.models import ReadingChoices

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from alliage_web.territories.models import Territory


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """Everything that may be said of an organisation. Unknown is empty or None.

    Others are named by what lasts: a territory by its level and code (``commune/94080``), a term
    by its code, a parent by its slug. Sets are sorted, so that equal descriptions are equal.
    """

    name: str
    world: str
    profile: str
    acronym: str = ""
    aliases: tuple[str, ...] = ()
    world_reading: str = ReadingChoices.STATED.value
    legal_form: str = ""
    siren: str | None = None
    siret: str | None = None
    rna: str | None = None
    size: str = ""
    seat: str | None = None
    territories: tuple[str, ...] = ()
    parent: str | None = None
    domains: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    website: str = ""
    summary_fr: str = ""
    summary_en: str = ""
    source: str = ""
    is_catalyst: bool = False
    functions: tuple[str, ...] = ()
    functions_reading: str = ReadingChoices.DERIVED.value
    catalyst_territories: tuple[str, ...] = ()
    catalyst_domains: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The name, the acronym and the other names."""
        return tuple(filter(None, (self.name, self.acronym, *self.aliases)))

    def changes_from(self, before: Description | None) -> dict[str, list[Any]]:
        """Give ``[before, after]`` for each field that differs; before nothing, those not empty."""
        after = _as_json(self)
        first = _as_json(before) if before else dict.fromkeys(after)
        return {
            name: [first[name], value]
            for name, value in after.items()
            if (first[name] != value if before else value not in (None, "", [], False))
        }


FIELDS = tuple(field.name for field in fields(Description))

#: The fields that are columns of the organisation's own row.
OWN_FIELDS = (
    *("name", "acronym", "aliases", "world", "world_reading", "profile", "legal_form", "siren"),
    *("siret", "rna", "size", "website", "summary_fr", "summary_en", "source"),
)


def _as_json(description: Description) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(description).items()
    }


def territory_key(territory: Territory) -> str:
    return f"{territory.level}/{territory.code}"


def with_relations(organisations: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Read with the organisations all that a description needs, in a constant number of queries."""
    catalysts = Catalyst.objects.prefetch_related("functions", "territories", "domains")
    return organisations.select_related("seat", "parent").prefetch_related(
        "territories", "domains", "roles", Prefetch("catalyst", catalysts)
    )


def description_of(organisation: Organisation) -> Description:
    """Describe an organisation as its rows do."""
    own = {name: getattr(organisation, name) for name in OWN_FIELDS}
    return Description(
        **own | {"aliases": tuple(organisation.aliases)},
        seat=territory_key(organisation.seat) if organisation.seat else None,
        territories=tuple(sorted(map(territory_key, organisation.territories.all()))),
        parent=organisation.parent.slug if organisation.parent else None,
        domains=tuple(sorted(term.code for term in organisation.domains.all())),
        roles=tuple(sorted(held.role for held in organisation.roles.all())),
        **_catalyst_fields(organisation),
    )


def _catalyst_fields(organisation: Organisation) -> dict[str, Any]:
    catalyst: Catalyst | None = getattr(organisation, "catalyst", None)
    if catalyst is None:
        return {}
    return {
        "is_catalyst": True,
        "functions": tuple(sorted(term.code for term in catalyst.functions.all())),
        "functions_reading": catalyst.functions_reading,
        "catalyst_territories": tuple(sorted(map(territory_key, catalyst.territories.all()))),
        "catalyst_domains": tuple(sorted(term.code for term in catalyst.domains.all())),
    }


def describe(organisation: Organisation) -> Description:
    """Describe an organisation as the tables do now."""
    return description_of(with_relations(Organisation.objects.filter(pk=organisation.pk)).get())


def shown_value(organisation: Organisation, name: str) -> str:
    """Give a field of an organisation as people read it; empty if unknown."""
    value = getattr(organisation, name)
    display = getattr(organisation, f"get_{name}_display", None)
    return str(display() if display and value else value or "")
