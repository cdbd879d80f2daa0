"""Predicates on the person, from which each app composes its own permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules

from .models import Role
from .queries import roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User


@rules.predicate
def is_signed_in(user: User | AnonymousUser, _target: Any = None) -> bool:
    return user.is_authenticated and user.is_active


@rules.predicate
def is_administrator(user: User | AnonymousUser, _target: Any = None) -> bool:
    return Role.ADMINISTRATOR in roles_of(user)


@rules.predicate
def is_editor(user: User | AnonymousUser, _target: Any = None) -> bool:
    return bool({Role.EDITOR, Role.ADMINISTRATOR} & roles_of(user))
