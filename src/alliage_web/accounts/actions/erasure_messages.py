"""Messages about an erasure: to the person, and to those who must read what still names them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from alliage_web.accounts.models import User
    from alliage_web.accounts.queries.traces import Trace

_log = logging.getLogger(__name__)


def tell_person(address: str, name: str) -> bool:
    """Confirm to a person that they were erased; their address is not known any more after it."""
    return _sent("erased", [address], {"name": name})


def tell_administrators(
    addresses: Sequence[str], *, person: str, name: str, traces: Sequence[Trace]
) -> bool:
    """Say where the name of an erased person still stands, for somebody to read and mend it."""
    context = {"name": name, "person": person, "traces": traces}
    sent = [_sent("names_remain", [address], context) for address in addresses]
    return all(sent)


def warn_of_erasure(user: User, *, on: dt.datetime) -> bool:
    """Warn a person that their account, which they do not use, will be erased."""
    context = {"name": user.name, "on": on, "link": home_address() + reverse("accounts:home")}
    return _sent("unused_account", [user.email], context)


def home_address() -> str:
    """Return the address of the platform, for what is written outside any request."""
    host = settings.ALLOWED_HOSTS[0]
    return f"https://{host}" if settings.PRODUCTION else f"http://{host}:8000"


def _sent(template: str, addresses: list[str], context: dict[str, Any]) -> bool:
    subject = render_to_string(f"accounts/email/{template}_subject.txt", context)
    text = render_to_string(f"accounts/email/{template}.txt", context)
    try:
        send_mail(" ".join(subject.split()), text, None, addresses)
    except OSError:
        _log.exception("A message « %s » could not leave.", template)
        return False
    return True
