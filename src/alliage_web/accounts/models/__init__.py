"""People who sign in, the roles that they hold somewhere, and how they came to hold them."""

from __future__ import annotations

from .people import User, UserManager
from .roles import (
    HELD_AT,
    PLATFORM,
    Delegation,
    Invitation,
    Membership,
    Role,
    RoleHolding,
)

__all__ = [
    "HELD_AT",
    "PLATFORM",
    "Delegation",
    "Invitation",
    "Membership",
    "Role",
    "RoleHolding",
    "User",
    "UserManager",
]
