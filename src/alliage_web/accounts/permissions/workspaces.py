"""Who may see and fill the workspace of a place, by its stable name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.accounts.queries import kind_of, place

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User


def may_see_place(user: User | AnonymousUser, name: str) -> bool:
    """Tell whether a person may see the workspace of a place; no for a place that is unknown."""
    kind, found = kind_of(name), place(name)
    return kind is not None and found is not None and user.has_perm(kind.see, found.object)


def may_write_place(user: User | AnonymousUser, name: str) -> bool:
    """Tell whether a person may add to the workspace of a place; no for one that is unknown."""
    kind, found = kind_of(name), place(name)
    return kind is not None and found is not None and user.has_perm(kind.write, found.object)
