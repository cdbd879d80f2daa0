"""Finding the rows that tell of a person, in whichever table the register names."""
# ruff: noqa: SLF001 - ``_base_manager`` is Django's documented way to all the rows of a model

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.db.models import Q

from .register import personal_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.sessions.models import Session
    from django.db.models import Model, QuerySet

    from alliage_web.accounts.models import User

    from .register import PersonalTable


def own_addresses(user: User) -> tuple[str, ...]:
    """Return the addresses that are known to be the person's own, in lower case.

    An address that somebody only typed, and has not confirmed, gives them nothing of what is about
    it.
    """
    kept = EmailAddress.objects.filter(user_id=user.pk).order_by("pk")
    told = {
        address.lower(): verified for address, verified in kept.values_list("email", "verified")
    }
    # An account that a command created has an address that whoever ran it answers for.
    told.setdefault(user.email.lower(), True)
    return tuple(address for address, is_verified in told.items() if is_verified)


def rows_of(table: PersonalTable, user: User) -> QuerySet[Model]:
    """Return the rows of a table that tell of a person, in the order of their keys."""
    rows = table.model._base_manager.order_by("pk")
    link = table.link
    if link.kind == "session":
        return rows.filter(pk__in=_sessions_of(user, rows))
    if link.kind == "named":
        return rows.filter(**{link.field: link.form.format(pk=user.pk)})
    if link.kind == "address":
        # The empty condition on no address keeps no row, rather than all of them.
        told = Q(pk__in=())
        for address in own_addresses(user):
            told |= Q(**{f"{link.field}__iexact": address})
        return rows.filter(told)
    return rows.filter(**{link.field: user.pk})


def trail_names(table: PersonalTable, rows: Iterable[Model]) -> list[str]:
    """Return the names under which the trail tells of some rows; none for most tables."""
    return [f"{table.trail}:{row.pk}" for row in rows] if table.trail else []


def owned_tables() -> tuple[PersonalTable, ...]:
    """Return the tables of which an erasure changes or deletes rows."""
    return tuple(
        table
        for table in personal_tables()
        if table.deletes or {"blank", "pseudonym"} & set(table.fates.values())
    )


def _sessions_of(user: User, rows: QuerySet[Any]) -> list[str]:
    """Give the keys of the sessions of a person: whose they are is written inside each."""
    key = str(user.pk)
    sessions: Iterable[Session] = rows.iterator()
    return [session.pk for session in sessions if session.get_decoded().get(SESSION_KEY) == key]
