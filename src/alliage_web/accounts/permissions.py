"""Predicates on the person, from which each app composes its own permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import rules

from .models import Role
from .queries import roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User

    class Created(Protocol):
        """What keeps the person who created it."""

        @property
        def created_by_id(self) -> int | None: ...


@rules.predicate
def is_signed_in(user: User | AnonymousUser, _target: Any = None) -> bool:
    return user.is_authenticated and user.is_active


@rules.predicate
def is_administrator(user: User | AnonymousUser, _target: Any = None) -> bool:
    return Role.ADMINISTRATOR in roles_of(user)


@rules.predicate
def is_editor(user: User | AnonymousUser, _target: Any = None) -> bool:
    return bool({Role.EDITOR, Role.ADMINISTRATOR} & roles_of(user))


@rules.predicate
def created_it(user: User | AnonymousUser, target: Created | None = None) -> bool:
    # What nobody is known to have created is not the work of an anonymous visitor.
    if target is None or not is_signed_in(user):
        return False
    return target.created_by_id == user.pk
