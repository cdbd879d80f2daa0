"""Who must hold a second factor, and who holds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.conf import settings

from .holdings import holdings_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def must_hold_second_factor(user: User | AnonymousUser) -> bool:
    """Tell whether a role that the person holds now asks for a second factor."""
    required: frozenset[str] = settings.ALLIAGE_MFA_ROLES
    return bool(required) and any(held.role in required for held in holdings_of(user))


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Tell whether the person must set up a second factor before anything else."""
    return must_hold_second_factor(user) and not second_factors(user)


def second_factors(user: User | AnonymousUser) -> int:
    """Count the factors of a person; recovery codes alone are none."""
    count: int = Authenticator.objects.filter(user_id=user.pk, type__in=_FACTORS).count()
    return count
