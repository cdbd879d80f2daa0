"""Invitations: by their link, to a person, and at a place."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db.models.functions import Lower

from alliage_web.accounts.models import Invitation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from alliage_web.accounts.models import User


#: Set in the session by an invitation that was opened: whom it was sent to may create an account.
INVITATION_KEY = "invitation"


def digest_of(token: str) -> str:
    """Return what is kept of the secret of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def invitation_of(token: str) -> Invitation | None:
    """Find an invitation by the secret of its link."""
    return _invitations().filter(token_digest=digest_of(token)).first()


def invitation_numbered(number: object) -> Invitation | None:
    """Find an invitation that a link opened before, by the number kept in the session."""
    return _invitations().filter(pk=number).first() if isinstance(number, int) else None


def invited_address(session: Mapping[str, object], at: dt.datetime) -> str:
    """Return the address of the invitation opened in a browser, while it waits; else nothing."""
    invitation = invitation_numbered(session.get(INVITATION_KEY))
    if invitation is None or invitation.state(at) != "waiting":
        return ""
    return invitation.email


def waiting_at(place: str, at: dt.datetime) -> list[Invitation]:
    """Return the invitations to a place that nobody answered; those that expired come with them.

    One that expired can be sent again, until the retention removes it.
    """
    open_ones = _invitations().filter(place=place, accepted_at=None, cancelled_at=None)
    return sorted(open_ones, key=lambda invitation: invitation.state(at) == "expired")


def waiting_for(user: User, at: dt.datetime) -> list[Invitation]:
    """Return the invitations that wait for a person, at any address known to be theirs."""
    waiting = _invitations().filter(accepted_at=None, cancelled_at=None, expires_at__gt=at)
    return list(waiting.filter(email__in=addresses_of(user)))


def addresses_of(user: User) -> frozenset[str]:
    """Return the addresses known to be a person's: that of the account, and those they verified."""
    known = list(EmailAddress.objects.filter(user=user).values_list(Lower("email"), "verified"))
    verified = {email for email, is_verified in known if is_verified}
    # An account made by a command has no row: whoever ran the command answered for its address.
    if user.email.lower() not in {email for email, _verified in known}:
        verified.add(user.email.lower())
    return frozenset(verified)


def is_address_of(email: str, user: User) -> bool:
    """Tell whether an address is known to be a person's."""
    return email.lower() in addresses_of(user)


def _invitations() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("invited_by", "accepted_by")
