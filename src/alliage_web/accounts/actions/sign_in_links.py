"""Links that sign in: sent by e-mail, good once and for a short time.

A link says who and when, signed. It dies with the time, with its first use, and with any sign-in or
change of password or of address since it was made. Nothing is written when it is asked for.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.core.cache import cache
from django.utils.crypto import salted_hmac

from alliage_web.accounts.models import User

if TYPE_CHECKING:
    import datetime as dt

LIFETIME = timedelta(minutes=15)
_SALT = "alliage.sign_in_link"


class Why(StrEnum):
    """Why a link is refused."""

    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    STALE = "stale"
    """The person signed in, or changed password or address, since it was made."""
    USED = "used"


class LinkRefusedError(Exception):
    """The link opens nothing."""

    def __init__(self, why: Why, person: User | None = None) -> None:
        self.why = why
        self.person = person
        super().__init__(f"The sign-in link is {why}.")


def issue_link(*, user: User, at: dt.datetime) -> str:
    """Return the token of a link that signs a person in."""
    return signing.dumps([user.pk, int(at.timestamp()), _state_of(user)], salt=_SALT)


def read_link(*, token: str, at: dt.datetime) -> User:
    """Return whom a link would sign in, without using it: programs open the links of messages."""
    try:
        key, made, state = _parts(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError) as error:
        raise LinkRefusedError(Why.UNREADABLE) from error
    user = User.objects.filter(pk=key, is_active=True).first()
    if user is None:
        raise LinkRefusedError(Why.UNREADABLE)
    if not 0 <= at.timestamp() - made <= LIFETIME.total_seconds():
        raise LinkRefusedError(Why.EXPIRED, user)
    if state != _state_of(user):
        raise LinkRefusedError(Why.STALE, user)
    if cache.get(_used(token)):
        raise LinkRefusedError(Why.USED, user)
    return user


def use_link(*, token: str, at: dt.datetime) -> User:
    """Return whom the link signs in, once: of two uses at the same time, one is refused."""
    user = read_link(token=token, at=at)
    if not cache.add(_used(token), 1, timeout=2 * int(LIFETIME.total_seconds())):
        raise LinkRefusedError(Why.USED, user)
    return user


def _parts(said: Any) -> tuple[int, int, str]:
    key, made, state = said
    return int(key), int(made), str(state)


def _state_of(user: User) -> str:
    last = user.last_login.isoformat() if user.last_login else ""
    said = f"{user.pk}|{user.email}|{user.password}|{last}"
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()[:32]


def _used(token: str) -> str:
    return f"sign-in-link:{token}"
