"""Second factors that their owner has lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from alliage_web.audit.actions import record

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.accounts.models import User


@transaction.atomic
def forget_second_factors(*, user: User, by: User | None, at: dt.datetime) -> int:
    """Remove every second factor and recovery code, and sign the person out everywhere.

    Return how many factors were removed. Whoever asks for it must be known by another way: it takes
    the protection of the account away.
    """
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    for session in UserSession.objects.filter(user=user):
        session.end()
    for factor in factors:
        factor.delete()
    if factors:
        kinds = sorted({str(factor.type) for factor in factors})
        record(
            kind="person.factors-forgotten",
            target=user.stable_name,
            by=by,
            at=at,
            changes={"factor": [kinds, None]},
        )
    return len(factors)
