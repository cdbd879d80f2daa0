"""What was refused at the door, told to the log without telling of people.

The logger is ``alliage_web.security``. An address appears as a fingerprint, the same for the same
address, so that attempts on one account can be counted; never a password, a code or a link.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("alliage_web.security")


class MessageNotSentError(Exception):
    """A message that what was asked for rests on could not leave: nothing was done."""


def fingerprint(address: str) -> str:
    """Return what stands for an e-mail address in the logs."""
    return salted_hmac("alliage.refusals", address.strip().lower(), algorithm="sha256").hexdigest()[
        :12
    ]


def report(
    request: HttpRequest | None, why: str, *, address: str = "", person: object = None
) -> None:
    """Log that something was refused, from where, and about whom."""
    known = getattr(person, "pk", None)
    whom = (
        f"person:{known}" if known else f"address {fingerprint(address)}" if address else "nobody"
    )
    logger.warning("Refused: %s; about %s; from %s", why, whom, _origin(request))


def _origin(request: HttpRequest | None) -> str:
    if request is None:
        return "a command"
    try:
        origin: str = get_adapter(request).get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):
        return "an unreadable network address"
    return origin
