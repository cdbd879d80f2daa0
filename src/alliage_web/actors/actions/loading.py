"""Loading the reference files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage_web.actors.models import Organisation
from alliage_web.actors.queries import (
    IDENTIFIERS,
    Description,
    active,
    description_of,
    with_relations,
)
from alliage_web.audit.actions import record
from alliage_web.audit.queries import changed_by_people
from alliage_web.vocabulary.actions import LoadReport, load_sources, load_terms

from .writing import references_of, set_own_fields, write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.alliances.reference import (
        OrganisationRecord,
        Reference,
        TerritoryCode,
    )
    from alliage_web.accounts.models import User


class LoadConflictError(ValueError):
    """An organisation of the file is already recorded under another address."""


@dataclass(frozen=True, slots=True)
class ReferenceReport:
    """What a load did to each list."""

    sources: LoadReport
    terms: LoadReport
    organisations: LoadReport

    @property
    def parts(self) -> dict[str, LoadReport]:
        return {"sources": self.sources, "terms": self.terms, "organisations": self.organisations}

    @property
    def changed_nothing(self) -> bool:
        return all(part.changed_nothing for part in self.parts.values())


@transaction.atomic
def load_reference(*, reference: Reference, by: User | None, at: dt.datetime) -> ReferenceReport:
    """Load the sources, the terms and the organisations, all or nothing, as one event.

    What a person changed in the interface stays as the person wrote it: each field of which the
    trail holds a change made by a person is left. A second load of the same files writes nothing.

    Raises
    ------
    UnknownReferenceError
        If an organisation names a territory that was not loaded.
    LoadConflictError
        If an identifier of the files is that of an organisation with another address.
    """
    report = ReferenceReport(
        sources=load_sources(records=reference.sources),
        terms=load_terms(schemes=reference.schemes),
        organisations=_load_organisations(reference.organisations, at),
    )
    if not report.changed_nothing:
        changes = {
            name: [None, {"created": part.created, "updated": part.updated}]
            for name, part in report.parts.items()
        }
        record(kind="reference.loaded", target="reference", by=by, at=at, changes=changes)
    return report


def _load_organisations(records: Sequence[OrganisationRecord], at: dt.datetime) -> LoadReport:
    report = LoadReport()
    slugs = [item.slug for item in records]
    became = dict(
        Organisation.objects.filter(slug__in=slugs, merged_into__isnull=False)
        .order_by()
        .values_list("slug", "merged_into__slug")
    )
    wanted = {item.slug: _described(item, became) for item in records}
    _refuse_conflicts(wanted)
    existing = set(
        Organisation.objects.filter(slug__in=wanted).order_by().values_list("slug", flat=True)
    )
    _create_rows(wanted, wanted.keys() - existing, at)
    protected = changed_by_people("organisation:")
    changed: list[tuple[Organisation, Description]] = []
    for row in with_relations(active().filter(slug__in=wanted)).order_by("pk"):
        before = description_of(row)
        own = _own_changes(before, wanted[row.slug], protected.get(f"organisation:{row.slug}"))
        report.kept += [f"organisation:{row.slug} {name}" for name in sorted(own)]
        description = replace(wanted[row.slug], **own)
        report.created += row.slug not in existing
        if description != before:
            changed.append((row, description))
            report.updated += row.slug in existing
    # Parents may be new too: what is named is looked for now that every row exists.
    found = references_of([description for _row, description in changed])
    for row, description in changed:
        write(row, description, found, at=at)
    # Those that an editor merged into another since are left as the editor wanted.
    report.unchanged = len(wanted) - report.created - report.updated
    return report


def _described(item: OrganisationRecord, became: Mapping[str, str]) -> Description:
    catalyst = item.catalyst
    fields: dict[str, Any] = {}
    if catalyst:
        fields = {
            "is_catalyst": True,
            "functions": tuple(sorted(catalyst.functions)),
            "catalyst_territories": _keys(catalyst.territories),
            "catalyst_domains": tuple(sorted(catalyst.domains)),
        }
        if catalyst.functions_reading:
            fields["functions_reading"] = catalyst.functions_reading.value
    return Description(
        name=item.name,
        acronym=item.acronym or "",
        aliases=item.aliases,
        world=item.world.value,
        world_reading=item.world_reading.value,
        profile=item.profile.value,
        legal_form=item.legal_form or "",
        siren=item.siren,
        siret=item.siret,
        rna=item.rna,
        size=item.size.value if item.size else "",
        seat=item.seat.key if item.seat else None,
        territories=_keys(item.territories),
        parent=became.get(item.parent, item.parent) if item.parent else None,
        domains=tuple(sorted(item.domains)),
        roles=tuple(sorted(role.value for role in item.roles)),
        website=item.website or "",
        summary_fr=item.summary_fr or "",
        summary_en=item.summary_en or "",
        source=item.source or "",
        **fields,
    )


def _keys(territories: Iterable[TerritoryCode]) -> tuple[str, ...]:
    return tuple(sorted(territory.key for territory in territories))


def _refuse_conflicts(wanted: dict[str, Description]) -> None:
    for field in IDENTIFIERS:
        given = {value: slug for slug, item in wanted.items() if (value := getattr(item, field))}
        holders = active().filter(**{f"{field}__in": given}).exclude(slug__in=wanted)
        for holder in holders:
            value = getattr(holder, field)
            msg = (
                f"organisations.yaml: {field.upper()} {value} of « {given[value]} » is already "
                f"that of « {holder.slug} ». Give the record the slug {holder.slug}, or correct "
                "one of the two."
            )
            raise LoadConflictError(msg)


def _create_rows(wanted: dict[str, Description], missing: Iterable[str], at: dt.datetime) -> None:
    new = []
    for slug in sorted(missing):
        row = Organisation(slug=slug, created_at=at, updated_at=at)
        set_own_fields(row, wanted[slug])
        new.append(row)
    Organisation.objects.bulk_create(new)


def _own_changes(
    before: Description, wanted: Description, protected: frozenset[str] | None
) -> dict[str, Any]:
    """Give the values that people wrote and that the file would change."""
    return {
        name: getattr(before, name)
        for name in wanted.changes_from(before)
        if name in (protected or ())
    }
