"""Merging two organisations that are one: nothing that was said or linked is lost."""
# ruff: noqa: SLF001 - ``_meta`` and ``_base_manager`` are Django's documented introspection

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from django.db import transaction
from django.db.models import Model, UniqueConstraint

from alliage.values.text import name_key
from alliage_web.accounts.actions import move_people
from alliage_web.actors.models import Organisation
from alliage_web.actors.queries import description_of, obstacles, with_relations
from alliage_web.audit.actions import record
from alliage_web.files.actions import move_files

from .writing import set_own_fields, stands_below

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.db.models import Field

    from alliage_web.accounts.models import User
    from alliage_web.actors.queries import Description

Side = Literal["kept", "merged"]

#: The fields of which one value is kept, in the order of the page. The sets are joined.
CHOICES = (
    *("name", "acronym", "world", "profile", "legal_form", "siren", "siret", "rna", "size"),
    *("seat", "parent", "website", "summary_fr", "summary_en", "source"),
)
_SETS = (
    *("territories", "domains", "roles", "functions", "catalyst_territories"),
    "catalyst_domains",
)


class MergeError(ValueError):
    """The two organisations cannot be merged."""


@transaction.atomic
def merge_organisations(
    *,
    kept: Organisation,
    merged: Organisation,
    choices: Mapping[str, Side],
    by: User | None,
    at: dt.datetime,
) -> Organisation:
    """Merge an organisation into another, and give back the one that is kept.

    For each field of ``CHOICES`` the value of one is kept, ``kept``'s where nothing is chosen. What
    points to ``merged`` is moved: roles, territories, domains, functions, parts in alliances,
    organisations below it, the people and the documents of its workspace. Its names become other
    names of ``kept``. Its own row stays as it was, with the address of the one it became.

    Raises
    ------
    MergeError
        If they are the same, if one of them was already merged, or if they stand as two in one
        document: ``alliage_web.actors.queries.obstacles`` says in which, and what to do.
    """
    rows = _lock(kept, merged)
    kept, merged = rows[kept.pk], rows[merged.pk]
    if found := obstacles(kept, merged):
        msg = f"« {kept.name} » and « {merged.name} » stand as two in {len(found)} document(s)."
        raise MergeError(msg)
    before, lost = description_of(kept), description_of(merged)
    wanted = _joined(before, lost, choices)
    moved = _absorb(kept, merged)
    merged.refresh_from_db()
    merged.merged_into = kept
    merged.updated_at = at
    # The row that is left frees its identifiers before the other takes them.
    merged.save(update_fields=["merged_into", "updated_at"])
    _write(kept, wanted, rows, at)
    after = description_of(with_relations(Organisation.objects.filter(pk=kept.pk)).get())
    move_people(before=merged.stable_name, after=kept.stable_name, by=by, at=at)
    move_files(before=merged.stable_name, after=kept.stable_name, by=by, at=at)
    record(
        kind="organisation.merged",
        target=kept.stable_name,
        by=by,
        at=at,
        changes=after.changes_from(before)
        | {"merged": [None, merged.slug], "moved": [None, moved]},
    )
    record(
        kind="organisation.merged_into",
        target=merged.stable_name,
        by=by,
        at=at,
        changes={"merged_into": [None, kept.slug]}
        | {name: [list(value), []] for name in _SETS if (value := getattr(lost, name))},
    )
    return kept


def _lock(kept: Organisation, merged: Organisation) -> dict[int, Organisation]:
    if kept.pk == merged.pk:
        msg = f"« {kept.name} » cannot be merged into itself. Choose another organisation."
        raise MergeError(msg)
    both = Organisation.objects.filter(pk__in=(kept.pk, merged.pk)).order_by("pk")
    rows = {row.pk: row for row in with_relations(both.select_for_update(of=("self",)))}
    for row in rows.values():
        if row.merged_into_id is not None:
            msg = f"« {row.name} » was already merged. Choose the organisation it became."
            raise MergeError(msg)
    return rows


def _joined(before: Description, lost: Description, choices: Mapping[str, Side]) -> Description:
    """Give what is said of the organisation once it is one; the sets come with what is moved."""
    sides: dict[Side, Description] = {"kept": before, "merged": lost}
    values: dict[str, Any] = {
        name: getattr(sides[choices.get(name, "kept")], name) for name in CHOICES
    }
    values["world_reading"] = sides[choices.get("world", "kept")].world_reading
    taken = {name_key(values["name"]), name_key(values["acronym"])}
    aliases = []
    for name in (*before.aliases, *before.names, *lost.names):
        if name_key(name) not in taken:
            taken.add(name_key(name))
            aliases.append(name)
    return replace(before, **values, aliases=tuple(aliases))


def _write(
    kept: Organisation, wanted: Description, rows: Mapping[int, Organisation], at: dt.datetime
) -> None:
    # A seat or a parent is always that of one of the two.
    seats = {f"{row.seat.level}/{row.seat.code}": row.seat for row in rows.values() if row.seat}
    parents = {row.parent.slug: row.parent for row in rows.values() if row.parent}
    set_own_fields(kept, wanted)
    kept.seat = seats[wanted.seat] if wanted.seat else None
    kept.parent = parents[wanted.parent] if wanted.parent else None
    kept.updated_at = at
    # The parent may be one of the two, or now stand below: an organisation is not above itself.
    if kept.parent and (kept.parent.pk in rows or stands_below(kept.parent.pk, kept.pk)):
        kept.parent = None
    kept.save()


def _absorb(kept: Model, lost: Model) -> list[str]:
    """Point to one row all that points to another, and name the rows that were moved.

    A row that may exist once only is joined with its twin on the other side: what points to it is
    moved to the twin, and it goes.
    """
    moved: list[str] = []
    for field in _foreign_keys_to(type(lost)):
        rows = field.model._base_manager.filter(**{field.name: lost}).order_by("pk")
        for row in rows:
            twin = _twin(row, field, kept)
            if twin is None:
                setattr(row, field.name, kept)
                row.save(update_fields=[field.name])
                moved.append(f"{row._meta.label} {row.pk}")
            else:
                moved += _absorb(twin, row)
                row.delete()
    return moved


def _foreign_keys_to(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """Give every foreign key to a model, those of hidden many-to-many tables included."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and (relation.one_to_many or relation.one_to_one):
            yield relation.field  # type: ignore[union-attr]


def _twin(row: Model, field: Field[Any, Any], kept: Model) -> Model | None:
    """Find the row that would stand twice if this one pointed to ``kept``."""
    manager = field.model._base_manager
    for names, condition in _unique_sets(field):
        others = {name: getattr(row, name) for name in names if name != field.name}
        if any(value is None for value in others.values()):
            continue
        there = manager.filter(**others, **{field.name: kept}).exclude(pk=row.pk)
        if condition is None:
            twin = there.first()
        elif manager.filter(condition, pk=row.pk).exists():
            twin = there.filter(condition).first()
        else:
            continue
        if twin is not None:
            return twin
    return None


def _unique_sets(field: Field[Any, Any]) -> Iterable[tuple[Sequence[str], Any]]:
    if field.unique:
        yield (field.name,), None
    for names in field.model._meta.unique_together:
        if field.name in names:
            yield names, None
    for constraint in field.model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and field.name in constraint.fields:
            yield constraint.fields, constraint.condition
