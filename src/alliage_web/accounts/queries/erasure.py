"""What erasing a person would do, told before it is done."""
# ruff: noqa: SLF001 - ``_meta`` is Django's documented introspection

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from alliage_web.accounts.models import Role, RoleHolding, User

from .personal_rows import own_addresses, rows_of
from .register import personal_tables
from .traces import addresses_in_texts, names_in_texts

if TYPE_CHECKING:
    from .register import PersonalTable
    from .traces import Trace


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """What becomes of the rows of a table."""

    table: PersonalTable
    count: int
    fate: str
    """In words: deleted, emptied, or kept and why."""


@dataclass(frozen=True, slots=True)
class ErasurePreview:
    """Everything that an erasure would delete, replace and keep."""

    person: User
    pseudonym: str
    lines: tuple[ErasureLine, ...]
    addresses: tuple[Trace, ...]
    """Texts where an address of theirs stands: it will be replaced."""
    names: tuple[Trace, ...]
    """Texts where their name stands: a person must read them."""
    is_last_administrator: bool


def pseudonym_of(user: User) -> str:
    """Return what takes the place of a name: it is kept, hence in one language."""
    return f"Personne effacée n°\N{NO-BREAK SPACE}{user.pk}"


def preview_of(user: User) -> ErasurePreview:
    """Return what erasing a person would do; nothing is written."""
    lines = []
    leaving = {(user._meta.label, user.pk)}
    for table in personal_tables():
        rows = rows_of(table, user)
        count = rows.count()
        if count:
            lines.append(ErasureLine(table, count, _fate(table)))
        if table.deletes:
            leaving |= {(table.name, key) for key in rows.values_list("pk", flat=True)}
    return ErasurePreview(
        person=user,
        pseudonym=pseudonym_of(user),
        lines=tuple(lines),
        addresses=_staying(addresses_in_texts(own_addresses(user)), leaving),
        names=_staying(names_in_texts(user.name), leaving),
        is_last_administrator=_is_last_administrator(user),
    )


def _staying(traces: list[Trace], leaving: set[tuple[str, Any]]) -> tuple[Trace, ...]:
    """Leave out the texts of the rows that are deleted."""
    return tuple(trace for trace in traces if (trace.row._meta.label, trace.row.pk) not in leaving)


def _fate(table: PersonalTable) -> str:
    if table.deletes:
        return _("supprimé")
    fates = set(table.fates.values())
    if "pseudonym" in fates:
        return _("remplacé par un pseudonyme : %(why)s") % {"why": table.why}
    if fates & {"blank", "trail"}:
        return _("vidé de ce qui vous nomme : %(why)s") % {"why": table.why}
    return _("gardé : %(why)s") % {"why": table.why}


def _is_last_administrator(user: User) -> bool:
    administrators = RoleHolding.objects.filter(role=Role.ADMINISTRATOR)
    if not administrators.filter(user=user).exists():
        return False
    others = administrators.filter(expires_at=None, user__is_active=True).exclude(user=user)
    return not others.exists()
