"""Everything that the platform keeps about a person, read where the register says that it is."""
# ruff: noqa: SLF001 - ``_meta`` is Django's documented introspection

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .personal_rows import rows_of
from .places import place
from .register import processing_register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field, Model
    from django.utils.functional import _StrPromise

    from alliage_web.accounts.models import User

    from .register import PersonalTable, Processing

#: Rows of a table that the page shows; the file holds them all.
_SHOWN = 20
#: Fields of other projects, and of the trail, in the words of the interface.
_LABELS: Mapping[str, str | _StrPromise] = {
    "account.EmailAddress.email": gettext_lazy("adresse électronique"),
    "account.EmailAddress.verified": gettext_lazy("confirmée"),
    "account.EmailAddress.primary": gettext_lazy("principale"),
    "accounts.Delegation.delegate": gettext_lazy("confié à"),
    "accounts.Delegation.holding": gettext_lazy("rôle"),
    "accounts.Invitation.accepted_by": gettext_lazy("acceptée par"),
    "accounts.Invitation.invited_by": gettext_lazy("envoyée par"),
    "accounts.RoleHolding.granted_by": gettext_lazy("donné par"),
    "accounts.User.date_joined": gettext_lazy("compte créé le"),
    "accounts.User.last_login": gettext_lazy("dernière connexion"),
    "audit.PersonalValue.value": gettext_lazy("avant, après"),
    "mfa.Authenticator.created_at": gettext_lazy("ajouté le"),
    "mfa.Authenticator.last_used_at": gettext_lazy("dernier usage"),
    "mfa.Authenticator.type": gettext_lazy("nature"),
    "sessions.Session.expire_date": gettext_lazy("expire le"),
    "socialaccount.SocialAccount.date_joined": gettext_lazy("relié le"),
    "socialaccount.SocialAccount.extra_data": gettext_lazy("ce que le fournisseur a transmis"),
    "socialaccount.SocialAccount.last_login": gettext_lazy("dernière connexion"),
    "socialaccount.SocialAccount.provider": gettext_lazy("fournisseur"),
    "socialaccount.SocialAccount.uid": gettext_lazy("identifiant chez ce fournisseur"),
    "usersessions.UserSession.created_at": gettext_lazy("ouverte le"),
    "usersessions.UserSession.data": gettext_lazy("autres informations"),
    "usersessions.UserSession.ip": gettext_lazy("adresse de réseau"),
    "usersessions.UserSession.last_seen_at": gettext_lazy("dernière visite"),
    "usersessions.UserSession.user_agent": gettext_lazy("navigateur"),
}


@dataclass(frozen=True, slots=True)
class Datum:
    """A field of a row, in words; an empty text is unknown or emptied."""

    name: str
    label: str
    text: str
    value: Any
    """The same as a JSON value."""


@dataclass(frozen=True, slots=True)
class PersonalRow:
    """A row that tells of the person."""

    title: str
    """The name of the object that it is, where it has a page."""
    url: str
    data: tuple[Datum, ...]


@dataclass(frozen=True, slots=True)
class TableData:
    """The rows of a table that tell of the person in one way."""

    table: PersonalTable
    count: int
    rows: tuple[PersonalRow, ...]

    @property
    def more(self) -> int:
        """How many rows are not in ``rows``."""
        return self.count - len(self.rows)

    @property
    def is_list(self) -> bool:
        """Whether the rows are objects with a page, of which the name says enough."""
        return all(row.url for row in self.rows)


@dataclass(frozen=True, slots=True)
class ProcessingData:
    """What a line of the register keeps of the person."""

    processing: Processing
    tables: tuple[TableData, ...]


def data_about(user: User, *, limit: int | None = _SHOWN) -> tuple[ProcessingData, ...]:
    """Return everything kept about a person, by line of the register; tables with nothing are left.

    ``limit`` bounds the rows of each table, latest first; None gives them all.
    """
    return tuple(
        ProcessingData(
            line,
            tuple(
                found for table in line.tables if (found := _table_data(table, user, limit)).count
            ),
        )
        for line in processing_register()
    )


def data_document(user: User, *, at: dt.datetime) -> dict[str, Any]:
    """Return everything kept about a person as JSON values, with why and for how long."""
    return {
        "person": user.stable_name,
        "made_at": at.isoformat(),
        "processing": [
            {
                "code": told.processing.code,
                "name": told.processing.name,
                "purpose": told.processing.purpose,
                "legal_basis": told.processing.legal_basis,
                "recipients": told.processing.recipients,
                "retention": told.processing.retention,
                "source": told.processing.source,
                "tables": [_table_document(table) for table in told.tables],
            }
            for told in data_about(user, limit=None)
        ],
    }


def _table_document(found: TableData) -> dict[str, Any]:
    return {
        "table": found.table.name,
        "label": found.table.label,
        "when_erased": "delete" if found.table.deletes else dict(found.table.fates),
        "why_kept": found.table.why,
        "rows": [
            {"title": row.title, "page": row.url} | {datum.name: datum.value for datum in row.data}
            for row in found.rows
        ],
    }


def _table_data(table: PersonalTable, user: User, limit: int | None) -> TableData:
    rows = rows_of(table, user)
    links = [
        name
        for name in table.shown
        if isinstance(table.model._meta.get_field(name), models.ForeignKey)
    ]
    shown = rows.select_related(*links).order_by("-pk")[:limit]
    found = tuple(_row(table, row) for row in shown)
    return TableData(table, len(found) if limit is None else rows.count(), found)


def _row(table: PersonalTable, row: Model) -> PersonalRow:
    page = getattr(row, "get_absolute_url", None)
    return PersonalRow(
        title=str(row) if page else "",
        url=page() if page else "",
        data=tuple(_datum(row, row._meta.get_field(name)) for name in table.shown),
    )


def _datum(row: Model, field: Any) -> Datum:
    label = _LABELS.get(f"{row._meta.label}.{field.name}", field.verbose_name)
    return Datum(field.name, str(label), _words(row, field), _as_json(row, field))


def _words(row: Model, field: Field[Any, Any]) -> str:
    value = getattr(row, field.name)
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, dt.datetime):
        return date_format(timezone.localtime(value), "j F Y, H:i")
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    if isinstance(field, models.JSONField):
        return _json_words(value)
    return _title_of_place(value) if isinstance(value, str) else str(value)


def _title_of_place(text: str) -> str:
    """Give the title of the place that a text names, or the text itself."""
    found = place(text) if len(text) <= _LONGEST_NAME else None
    return found.title if found else text


_LONGEST_NAME = 150


def _json_words(value: Any) -> str:
    if isinstance(value, dict):
        return " ; ".join(f"{name} : {_json_words(told)}" for name, told in value.items())
    if isinstance(value, list):
        return " → ".join(_json_words(told) or "–" for told in value)
    return "" if value is None else str(value)


def _as_json(row: Model, field: Field[Any, Any]) -> Any:
    if isinstance(field, models.ForeignKey):
        linked = getattr(row, field.name)
        return None if linked is None else getattr(linked, "stable_name", str(linked))
    value = getattr(row, field.name)
    if isinstance(value, dt.date):
        return value.isoformat()
    is_plain = isinstance(value, str | int | float | bool | list | dict | type(None))
    return value if is_plain else str(value)
