"""Writes about people and their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from .models import RoleHolding, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .models import Role


@transaction.atomic
def set_up_account(*, email: str, name: str, password: str, roles: Iterable[Role]) -> User:
    """Create an account, or give an existing one a new password, with exactly these roles."""
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name)
    else:
        user.name = name
        user.set_password(password)
        user.save(update_fields=["name", "password"])
    wanted = {role.value for role in roles}
    user.role_holdings.exclude(role__in=wanted).delete()
    for role in sorted(wanted):
        RoleHolding.objects.get_or_create(user=user, role=role)
    return user
