"""Predicates on the person, and the grounds that several apps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of, organisations_of, roles_at, roles_of

from .granting import Ground

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    class Created(Protocol):
        """What keeps the person who created it."""

        @property
        def created_by_id(self) -> int | None: ...


@rules.predicate
def is_anyone(_user: User | AnonymousUser, _target: Any = None) -> bool:
    return True


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


def holds_here(*roles: Role) -> Any:
    """Make the predicate « holds one of these roles at the place asked about »."""

    @rules.predicate(f"holds_here:{'|'.join(roles)}")
    def held_here(user: User | AnonymousUser, target: Any = None) -> bool:
        return target is not None and bool({*roles} & roles_at(user, target.stable_name))

    return held_here


def holds_somewhere(*roles: Role) -> Any:
    """Make the predicate « holds one of these roles, wherever it is »."""

    @rules.predicate(f"holds_somewhere:{'|'.join(roles)}")
    def held_somewhere(user: User | AnonymousUser, _target: Any = None) -> bool:
        return any(held.role in roles for held in holdings_of(user))

    return held_somewhere


@rules.predicate
def belongs_here(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and target.stable_name in organisations_of(user)


ADMINISTERS = Ground(is_administrator, _("administre la plateforme"))
#: Administrators may all that editors may.
EDITS = Ground(is_editor, _("tient la rédaction de la plateforme, ou l’administre"))
SIGNED_IN = Ground(is_signed_in, _("est connecté·e"))
CREATED = Ground(created_it, _("a créé la fiche"))
