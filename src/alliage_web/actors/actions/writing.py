"""Creating and changing organisations from descriptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from alliage.values.text import name_key, slug
from alliage_web.actors.models import Catalyst, HeldRole, Organisation
from alliage_web.actors.queries import (
    OWN_FIELDS,
    description_of,
    ids_by_slug,
    same_identifier,
    with_relations,
)
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.territories.queries import by_codes
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import ids_by_code

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.actors.queries import Description, Twin

#: Words of the addresses that stand beside the organisations' own.
RESERVED_SLUGS = frozenset({"nouveau", "suggestions"})


class SameIdentifierError(ValueError):
    """Another organisation already has an identifier: it is the same body."""

    def __init__(self, twins: Iterable[Twin]) -> None:
        self.twins = tuple(twins)
        told = " ".join(
            f"{twin.field.upper()} {getattr(twin.organisation, twin.field)} is that of "
            f"« {twin.organisation.name} » ({twin.organisation.slug})."
            for twin in self.twins
        )
        super().__init__(f"{told} Change that organisation, or correct the identifier.")


class UnknownReferenceError(ValueError):
    """A description names a territory, a term or a parent that does not exist."""

    def __init__(self, kind: str, keys: Iterable[str]) -> None:
        self.kind = kind
        self.keys = tuple(sorted(keys))
        super().__init__(f"Unknown {kind}: {', '.join(self.keys)}. Load or create them first.")


class ParentCircleError(ValueError):
    """An organisation would stand above itself."""

    def __init__(self, parent: str) -> None:
        super().__init__(
            f"« {parent} » is the organisation itself or one below it. Choose another parent."
        )


class EditConflictError(Exception):
    """Another person changed the organisation since the form was shown; ``present`` says how."""

    def __init__(self, present: Description, version: str) -> None:
        self.present = present
        self.version = version
        super().__init__("The organisation was changed since the form was shown. Read it again.")


def version_of(organisation: Organisation) -> str:
    """Name the state of an organisation that a form shows."""
    return organisation.updated_at.isoformat()


@dataclass(frozen=True, slots=True)
class References:
    """The keys of all that some descriptions name."""

    territories: Mapping[str, int]
    domains: Mapping[str, int]
    functions: Mapping[str, int]
    parents: Mapping[str, int]


def references_of(descriptions: Iterable[Description]) -> References:
    """Find all that some descriptions name, in four queries.

    Raises
    ------
    UnknownReferenceError
        If a territory, a domain, a function or a parent does not exist.
    """
    told = list(descriptions)
    places = {
        key
        for item in told
        for key in (*item.territories, *item.catalyst_territories, item.seat)
        if key
    }
    parents = {item.parent for item in told if item.parent}
    pairs = [(level, code) for level, _, code in (key.partition("/") for key in places)]
    found = References(
        territories={f"{level}/{code}": row.pk for (level, code), row in by_codes(pairs).items()},
        domains=ids_by_code(Scheme.DOMAIN),
        functions=ids_by_code(Scheme.CATALYST_FUNCTION),
        parents=ids_by_slug(parents),
    )
    domains = {code for item in told for code in (*item.domains, *item.catalyst_domains)}
    functions = {code for item in told for code in item.functions}
    for kind, named, known in (
        ("territory", places, found.territories),
        ("domain", domains, found.domains),
        ("catalyst function", functions, found.functions),
        ("parent organisation", parents, found.parents),
    ):
        if missing := named - known.keys():
            raise UnknownReferenceError(kind, missing)
    return found


@transaction.atomic
def create_organisation(
    *,
    description: Description,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Organisation:
    """Create an organisation.

    Raises
    ------
    AlreadyDoneError
        If the same form was received before.
    SameIdentifierError
        If another organisation has one of the identifiers.
    UnknownReferenceError
        If the description names what does not exist.
    """
    refuse_repeat(submission)
    if twins := same_identifier(description):
        raise SameIdentifierError(twins)
    found = references_of([description])
    organisation = Organisation(
        slug=free_slug(description.name), created_by=by, created_at=at, updated_at=at
    )
    set_own_fields(organisation, description)
    organisation.parent_id = found.parents[description.parent] if description.parent else None
    organisation.seat_id = found.territories[description.seat] if description.seat else None
    _insert(organisation, description, submission)
    set_relations(organisation, description, found)
    record(
        kind="organisation.created",
        target=organisation.stable_name,
        by=by,
        at=at,
        changes=description.changes_from(None),
        submission=submission,
    )
    return organisation


def _insert(organisation: Organisation, description: Description, submission: UUID | None) -> None:
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError:
        # Another request wrote between our reads and this row: say which of the two it was.
        refuse_repeat(submission)
        if twins := same_identifier(description):
            raise SameIdentifierError(twins) from None
        raise


@transaction.atomic
def change_organisation(
    *,
    organisation: Organisation,
    description: Description,
    by: User | None,
    at: dt.datetime,
    version: str = "",
) -> Organisation:
    """Make an organisation what a description says; only what differs is written and recorded.

    Raises
    ------
    EditConflictError
        If ``version`` is given and the organisation was changed since.
    SameIdentifierError
        If another organisation has one of the identifiers.
    ParentCircleError
        If the parent is the organisation itself or one below it.
    UnknownReferenceError
        If the description names what does not exist.
    """
    locked = Organisation.objects.select_for_update(of=("self",)).filter(pk=organisation.pk)
    row = with_relations(locked).get()
    present = description_of(row)
    changes = description.changes_from(present)
    if not changes:
        return row
    if version and version != version_of(row):
        raise EditConflictError(present, version_of(row))
    if twins := same_identifier(description, besides=row.pk):
        raise SameIdentifierError(twins)
    write(row, description, references_of([description]), at=at)
    record(kind="organisation.changed", target=row.stable_name, by=by, at=at, changes=changes)
    return row


def write(
    organisation: Organisation, description: Description, found: References, *, at: dt.datetime
) -> None:
    """Write all that a description says of an organisation."""
    set_own_fields(organisation, description)
    organisation.seat_id = found.territories[description.seat] if description.seat else None
    organisation.parent_id = found.parents[description.parent] if description.parent else None
    if organisation.parent_id and stands_below(organisation.parent_id, organisation.pk):
        raise ParentCircleError(description.parent or "")
    organisation.updated_at = at
    organisation.save()
    set_relations(organisation, description, found)


def stands_below(organisation_id: int, ancestor_id: int) -> bool:
    """Tell whether an organisation is another one, or stands below it."""
    parents = dict(
        Organisation.objects.exclude(parent=None).order_by("pk").values_list("pk", "parent")
    )
    seen: set[int] = set()
    current: int | None = organisation_id
    while current is not None and current not in seen:
        if current == ancestor_id:
            return True
        seen.add(current)
        current = parents.get(current)
    return False


def set_own_fields(organisation: Organisation, description: Description) -> None:
    """Set the columns of the row that a description gives, and those derived from them."""
    for name in OWN_FIELDS:
        value = getattr(description, name)
        setattr(organisation, name, list(value) if isinstance(value, tuple) else value)
    organisation.name_key = name_key(description.name)[:200]
    identifiers = (description.siren, description.siret, description.rna)
    told = filter(None, (*description.names, *identifiers))
    organisation.search_key = " ".join(map(name_key, told))


def set_relations(organisation: Organisation, description: Description, found: References) -> None:
    """Set the territories, domains, roles and functions that a description gives."""
    organisation.territories.set(found.territories[key] for key in description.territories)
    organisation.domains.set(found.domains[code] for code in description.domains)
    held = set(organisation.roles.values_list("role", flat=True))
    wanted = set(description.roles)
    organisation.roles.filter(role__in=held - wanted).delete()
    HeldRole.objects.bulk_create(
        HeldRole(organisation=organisation, role=role) for role in sorted(wanted - held)
    )
    _set_catalyst(organisation, description, found)


def _set_catalyst(organisation: Organisation, description: Description, found: References) -> None:
    if not description.is_catalyst:
        Catalyst.objects.filter(organisation=organisation).delete()
        return
    catalyst, _created = Catalyst.objects.update_or_create(
        organisation=organisation, defaults={"functions_reading": description.functions_reading}
    )
    catalyst.functions.set(found.functions[code] for code in description.functions)
    catalyst.territories.set(found.territories[key] for key in description.catalyst_territories)
    catalyst.domains.set(found.domains[code] for code in description.catalyst_domains)


def free_slug(name: str) -> str:
    """Make an address of a name that no organisation has, merged ones included."""
    base = slug(name) or "organisation"
    taken = RESERVED_SLUGS | set(
        Organisation.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    )
    free, rank = base, 2
    while free in taken:
        free, rank = f"{base}-{rank}", rank + 1
    return free
