"""Whose address it is."""

from __future__ import annotations

from alliage_web.accounts.models import User


def person_at(email: str) -> User | None:
    """Return the person who signs in with this address, if the account is open.

    An address that a person wrote and has not confirmed yet is not theirs.
    """
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()
