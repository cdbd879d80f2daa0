"""Who answers for an e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress

if TYPE_CHECKING:
    from alliage_web.accounts.models import User


def vouch_for_address(*, user: User) -> None:
    """Hold the address of a person for verified: the one who runs the command answers for it."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
