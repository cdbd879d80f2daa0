"""Erasing a person: a pseudonym takes their place everywhere, for good."""
# ruff: noqa: SLF001 - ``_meta`` and ``_base_manager`` are Django's documented introspection

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.db import models, transaction

from alliage_web.accounts.models import Membership, Role, RoleHolding, User
from alliage_web.accounts.queries.erasure import pseudonym_of
from alliage_web.accounts.queries.personal_rows import (
    own_addresses,
    owned_tables,
    rows_of,
    trail_names,
)
from alliage_web.accounts.queries.traces import addresses_in_texts, names_in_texts, whole
from alliage_web.audit.actions import erase_personal, erase_personal_holding, record

from .erasure_list import keep_list
from .erasure_messages import tell_administrators, tell_person
from .roles import keep_an_administrator, lock_holdings, remove_holding

if TYPE_CHECKING:
    import datetime as dt
    import re
    from collections.abc import Mapping

    from django.db.models import Model

    from alliage_web.accounts.queries.register import PersonalTable
    from alliage_web.accounts.queries.traces import Trace

_BATCH = 500
#: Addresses that no mail can reach, by RFC 2606.
_NOWHERE = "erased.invalid"
#: Written in texts that people read, in the language of the texts.
_REPLACED = "[adresse effacée]"


class AlreadyErasedError(Exception):
    """The person was erased before."""

    def __init__(self, person: str) -> None:
        super().__init__(f"{person} was erased before: nothing is left to erase.")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did."""

    person: str
    """The name under which the trail goes on knowing them."""
    pseudonym: str
    rows: int
    """How many rows were deleted or emptied."""
    texts: int
    """In how many texts an address of theirs was replaced."""
    trail: int
    """How many values were removed from the trail."""
    names: tuple[Trace, ...]
    """The texts where their name still stands, which a person must read."""


@transaction.atomic
def erase_person(
    *, user: User, by: User | None, at: dt.datetime, tells_person: bool = True
) -> Erasure:
    """Replace a person by a pseudonym everywhere, and delete what is theirs alone.

    What the register of processing says is done, table by table: see
    ``docs/adr/0017-personal-data-and-erasure.md``. It is all or nothing, and cannot be undone. A
    message confirms it to the address that the person had, unless ``tells_person`` is False.

    Raises
    ------
    AlreadyErasedError
        The person was erased before.
    LastAdministratorError
        Nobody else administers the platform.
    """
    lock_holdings(user, by, administrators=True)
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.erased_at is not None:
        raise AlreadyErasedError(person.stable_name)
    if RoleHolding.objects.filter(user=person, role=Role.ADMINISTRATOR).exists():
        keep_an_administrator(without=person)
    name, address = person.name, person.email
    addresses = own_addresses(person)
    # Read before anything goes: what tells whose a row is goes too.
    found = [(table, [row.pk for row in rows_of(table, person)]) for table in owned_tables()]
    told = [person.stable_name, *_trail_names(found)]
    _leave_everything(person, by=by, at=at)
    rows = sum(_erase_rows(table, keys, person) for table, keys in found)
    pseudonym = _close(person, at)
    texts = _replace_addresses(addresses, by=by, at=at)
    trail = sum(erase_personal(about=about) for about in dict.fromkeys(told))
    if addresses:
        trail += erase_personal_holding(pattern=whole(addresses))
    names = tuple(names_in_texts(name))
    record(
        kind="person.erased",
        # Not on the person: the pages that are kept must be made again, whatever names them.
        target="platform",
        by=by,
        at=at,
        changes={
            "person": [person.stable_name, None],
            "rows": [None, rows],
            "texts": [None, texts],
            "trail": [None, trail],
        },
    )
    erasure = Erasure(person.stable_name, pseudonym, rows, texts, trail, names)
    transaction.on_commit(keep_list, robust=True)
    if tells_person:
        transaction.on_commit(lambda: tell_person(address, name), robust=True)
    if names:
        told_to, stable_name = _administrators(), person.stable_name
        transaction.on_commit(
            lambda: tell_administrators(told_to, person=stable_name, name=name, traces=names),
            robust=True,
        )
    return erasure


def _trail_names(found: list[tuple[PersonalTable, list[Any]]]) -> list[str]:
    return [
        about
        for table, keys in found
        if table.trail
        for about in trail_names(table, table.model._base_manager.filter(pk__in=keys))
    ]


def _leave_everything(person: User, *, by: User | None, at: dt.datetime) -> None:
    """End what the person holds and belongs to, each end written in the trail of its place."""
    for membership in Membership.objects.filter(user=person).order_by("pk"):
        record(
            kind="member.left",
            target=membership.organisation,
            by=by,
            at=at,
            changes={"person": [person.stable_name, None]},
        )
    for holding in RoleHolding.objects.filter(user=person).select_related("user").order_by("pk"):
        remove_holding(holding, by=by, at=at, giver=None)


def _erase_rows(table: PersonalTable, keys: list[Any], person: User) -> int:
    manager = table.model._base_manager
    if table.deletes:
        count = 0
        for start in range(0, len(keys), _BATCH):
            chosen = manager.filter(pk__in=keys[start : start + _BATCH])
            count += chosen.count()
            chosen.delete()
        return count
    values = {
        name: _emptied(table.model, name) for name, fate in table.fates.items() if fate == "blank"
    }
    values |= {
        name: _replaced(table.model, name, person)
        for name, fate in table.fates.items()
        if fate == "pseudonym"
    }
    for start in range(0, len(keys), _BATCH):
        manager.filter(pk__in=keys[start : start + _BATCH]).update(**values)
    return len(keys)


def _emptied(model: type[Model], name: str) -> Any:
    field = model._meta.get_field(name)
    if getattr(field, "null", False):
        return None
    if isinstance(field, models.JSONField):
        return field.get_default()
    return ""


def _replaced(model: type[Model], name: str, person: User) -> str:
    if isinstance(model._meta.get_field(name), models.EmailField):
        return f"erased-{secrets.token_hex(12)}@{_NOWHERE}"
    return pseudonym_of(person)


def _close(person: User, at: dt.datetime) -> str:
    """Close the account for good, and give its pseudonym."""
    rows = User.objects.filter(pk=person.pk)
    rows.update(is_active=False, erased_at=at, password=make_password(None))
    return rows.values_list("name", flat=True).get()


def _replace_addresses(addresses: tuple[str, ...], *, by: User | None, at: dt.datetime) -> int:
    """Replace the addresses in what people wrote; the pages and the index follow the trail."""
    if not addresses:
        return 0
    pattern = whole(addresses)
    changed: dict[str, set[str]] = {}
    traces = addresses_in_texts(addresses)
    for trace in traces:
        _rewrite(trace, pattern, at)
        name = getattr(trace.owner, "stable_name", "")
        if name:
            changed.setdefault(name, set()).add(trace.field)
    for name, fields in sorted(changed.items()):
        record(
            kind="personal-data.removed",
            target=name,
            by=by,
            at=at,
            changes={"personal_data": [sorted(fields), None]},
        )
    return len(traces)


def _rewrite(trace: Trace, pattern: re.Pattern[str], at: dt.datetime) -> None:
    row = type(trace.row)._base_manager.get(pk=trace.row.pk)
    field = row._meta.get_field(trace.field)
    values: dict[str, Any] = {trace.field: _without(getattr(row, field.name), pattern)}
    if isinstance(values[trace.field], str) and isinstance(field, models.Field):
        values[trace.field] = values[trace.field][: field.max_length]
    if "updated_at" in {other.name for other in row._meta.get_fields()}:
        # A form that was open meanwhile says that the text has changed, instead of undoing this.
        values["updated_at"] = at
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(_REPLACED, value)
    if isinstance(value, list):
        return [_without(told, pattern) for told in value]
    if isinstance(value, dict):
        mapping: Mapping[str, Any] = value
        return {
            pattern.sub(_REPLACED, name): _without(told, pattern) for name, told in mapping.items()
        }
    return value


def _administrators() -> tuple[str, ...]:
    held = RoleHolding.objects.filter(role=Role.ADMINISTRATOR, expires_at=None)
    people = User.objects.filter(role_holdings__in=held, is_active=True).order_by("pk").distinct()
    return tuple(people.values_list("email", flat=True))
