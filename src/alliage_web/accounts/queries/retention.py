"""What the rules of the register would remove at a moment, and why."""
# ruff: noqa: SLF001 - ``_base_manager`` is Django's documented way to all the rows of a model

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.files.storage import default_storage
from django.db.models.functions import Coalesce

from alliage_web.accounts.models import Role, RoleHolding, User

from .register import retention_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model, QuerySet

    from .register import RetentionRule


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to go, or somebody who has to be warned."""

    rule: str
    key: str
    """The key of the row, or the name of the file."""
    what: str
    """Its name without personal data, such as ``invitation 12``."""
    since: dt.datetime | None
    """The moment from which its days were counted, where it is known."""
    warns: bool = False
    """Whether the person is only warned this time."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A rule that the app which owns the data applies itself."""

    find: Callable[[dt.datetime], Iterable[tuple[str, dt.datetime | None]]]
    apply: Callable[[dt.datetime], object]


_DUTIES: dict[str, Duty] = {}


def register_duty(rule: str, duty: Duty) -> None:
    """Say how a rule whose action is ``app`` is applied; the app that owns the data does it."""
    _DUTIES[rule] = duty


def duty_of(rule: RetentionRule) -> Duty:
    """Return how an app applies a rule.

    Raises
    ------
    KeyError
        No app registered it.
    """
    return _DUTIES[rule.code]


def due(rule: RetentionRule, *, at: dt.datetime) -> list[Due]:
    """Return what a rule would remove at a moment, in the order of the keys."""
    if rule.action == "delete":
        return [
            Due(rule.code, str(row.pk), _name(row), getattr(row, rule.since))
            for row in rows_due(rule, at)
        ]
    if rule.action == "empty_folder":
        return [
            Due(rule.code, name, f"file {rule.folder}/{name}", since)
            for name, since in _old_files(rule, at)
        ]
    if rule.action == "app":
        return [Due(rule.code, what, what, since) for what, since in duty_of(rule).find(at)]
    return _unused_accounts(rule, at)


def everything_due(*, at: dt.datetime) -> list[tuple[RetentionRule, list[Due]]]:
    """Return each rule with what it would remove."""
    return [(rule, due(rule, at=at)) for rule in retention_rules()]


def rows_due(rule: RetentionRule, at: dt.datetime) -> QuerySet[Model]:
    """Return the rows that a rule removes; those whose moment is unknown stay."""
    model = apps.get_model(rule.name)
    limit = at - dt.timedelta(days=rule.days)
    rows: QuerySet[Model] = model._base_manager.filter(**{f"{rule.since}__lte": limit})
    return rows.order_by("pk")


def _name(row: Model) -> str:
    # The key of a session opens it: it is not printed.
    key = f"{str(row.pk)[:6]}…" if row._meta.label == "sessions.Session" else row.pk
    return f"{row._meta.model_name} {key}"


def _old_files(rule: RetentionRule, at: dt.datetime) -> list[tuple[str, dt.datetime]]:
    if not default_storage.exists(rule.folder):
        return []
    limit = at - dt.timedelta(days=rule.days)
    dated = (
        (name, default_storage.get_modified_time(f"{rule.folder}/{name}"))
        for name in sorted(default_storage.listdir(rule.folder)[1])
    )
    return [(name, since) for name, since in dated if since <= limit]


def _unused_accounts(rule: RetentionRule, at: dt.datetime) -> list[Due]:
    """Give the accounts to warn, and those to erase: warned long enough ago, and not used since."""
    notice = dt.timedelta(days=rule.warn_days)
    limit = at - dt.timedelta(days=rule.days)
    unused = (
        User.objects.filter(erased_at=None)
        .exclude(pk__in=_kept_administrator())
        .annotate(last_use=Coalesce("last_login", "date_joined"))
        .filter(last_use__lte=limit + notice)
        .order_by("pk")
    )
    found = []
    for user in unused:
        last_use: dt.datetime = user.last_use
        is_warned = user.warned_at is not None and user.warned_at > last_use
        if not is_warned:
            found.append(Due(rule.code, str(user.pk), user.stable_name, last_use, warns=True))
        elif user.warned_at and user.warned_at <= at - notice and last_use <= limit:
            found.append(Due(rule.code, str(user.pk), user.stable_name, last_use))
    return found


def _kept_administrator() -> list[int]:
    """Give the administrator who came last: they are never erased for not coming."""
    held = RoleHolding.objects.filter(role=Role.ADMINISTRATOR, expires_at=None)
    people = User.objects.filter(role_holdings__in=held, is_active=True).distinct()
    dated = people.annotate(last_use=Coalesce("last_login", "date_joined"))
    return [user.pk for user in dated.order_by("-last_use", "pk")[:1]]
