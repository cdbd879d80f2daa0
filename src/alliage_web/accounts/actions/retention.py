"""Removing what the register of processing says has been kept long enough."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.db import transaction

from alliage_web.accounts.models import User
from alliage_web.accounts.queries.register import retention_rules
from alliage_web.accounts.queries.retention import Due, due, duty_of, rows_due
from alliage_web.audit.actions import erase_personal, record

from .erasing import erase_person
from .erasure_list import keep_list, to_erase_again
from .erasure_messages import warn_of_erasure
from .roles import LastAdministratorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage_web.accounts.queries.register import RetentionRule


@dataclass(frozen=True, slots=True)
class Applied:
    """What a rule removed."""

    rule: str
    done: tuple[Due, ...]
    refused: tuple[tuple[Due, str], ...] = ()
    """What could not be done, and why."""


def apply_retention(*, at: dt.datetime) -> Iterator[Applied]:
    """Apply each rule in a transaction of its own, and give what it did.

    A rule that fails leaves the others; applied again, nothing is left to do.
    """
    for rule in retention_rules():
        yield apply_rule(rule, at=at)
    keep_list()


def erase_again(*, at: dt.datetime) -> list[tuple[str, str]]:
    """Erase the people whom a restore brought back; return each with why not, or an empty text."""
    done = []
    for person in to_erase_again():
        why = ""
        try:
            erase_person(user=person, by=None, at=at, tells_person=False)
        except LastAdministratorError as refusal:
            why = str(refusal)
        done.append((person.stable_name, why))
    return done


def apply_rule(rule: RetentionRule, *, at: dt.datetime) -> Applied:
    """Apply one rule, and write in the trail how many things went."""
    if rule.action == "erase_unused":
        return _erase_unused(rule, at)
    with transaction.atomic():
        found = tuple(due(rule, at=at))
        if found and rule.action == "delete":
            _delete(rule, at)
        elif found and rule.action == "app":
            duty_of(rule).apply(at)
        if found:
            _record(rule, len(found), at)
            if rule.action == "empty_folder":
                # A file does not come back with a transaction that fails: it goes last.
                transaction.on_commit(lambda: _empty(rule, found))
    return Applied(rule.code, found)


def _delete(rule: RetentionRule, at: dt.datetime) -> None:
    rows = rows_due(rule, at).select_for_update()
    for row in rows:
        if rule.trail:
            erase_personal(about=f"{rule.trail}:{row.pk}")
        row.delete()


def _empty(rule: RetentionRule, found: tuple[Due, ...]) -> None:
    for item in found:
        default_storage.delete(f"{rule.folder}/{item.key}")


def _record(rule: RetentionRule, count: int, at: dt.datetime) -> None:
    record(
        kind="retention.applied",
        target="platform",
        by=None,
        at=at,
        changes={"rule": [None, rule.code], "count": [None, count]},
    )


def _erase_unused(rule: RetentionRule, at: dt.datetime) -> Applied:
    """Warn, then erase, one person at a time: one who cannot be erased does not keep the others."""
    done, refused = [], []
    for item in due(rule, at=at):
        user = User.objects.get(pk=item.key)
        if item.warns:
            _warn(rule, user, at)
        else:
            try:
                erase_person(user=user, by=None, at=at)
            except LastAdministratorError as refusal:
                refused.append((item, str(refusal)))
                continue
        done.append(item)
    return Applied(rule.code, tuple(done), tuple(refused))


@transaction.atomic
def _warn(rule: RetentionRule, user: User, at: dt.datetime) -> None:
    User.objects.filter(pk=user.pk).update(warned_at=at)
    record(kind="person.warned", target=user.stable_name, by=None, at=at)
    last_use = user.last_login or user.date_joined
    on = max(last_use + dt.timedelta(days=rule.days), at + dt.timedelta(days=rule.warn_days))
    transaction.on_commit(lambda: warn_of_erasure(user, on=on))
