"""Messages about a charter, to all who act for its parties; they leave on commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.positioning.queries.charters import people_of, people_of_party, versions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from alliage_web.positioning.models import CharterParty, CharterVersion

_log = logging.getLogger(__name__)


def tell(
    version: CharterVersion,
    what: str,
    *,
    at: dt.datetime,
    also: Collection[str] = (),
    **more: Any,
) -> None:
    """Write to whoever acts for a party of a version, and to the addresses ``also``.

    ``what`` is a part of the template: what happened.
    """
    fresh = versions().get(pk=version.pk)
    _on_commit(fresh, what, sorted({*people_of(fresh, at), *also}), more)


def tell_party(party: CharterParty, what: str, *, at: dt.datetime, **more: Any) -> None:
    """Write to whoever acts for one party."""
    _on_commit(party.version, what, people_of_party(party, at), more)


def _on_commit(
    version: CharterVersion, what: str, addresses: list[str], more: dict[str, Any]
) -> None:
    context = {
        "what": what,
        "charter": version.charter,
        "version": version,
        "link": home_address() + version.get_absolute_url(),
        **more,
    }
    transaction.on_commit(lambda: _send(addresses, context), robust=True)


def _send(addresses: list[str], context: dict[str, Any]) -> None:
    subject = render_to_string("positioning/email/charter_subject.txt", context)
    text = render_to_string("positioning/email/charter.txt", context)
    for address in addresses:
        try:
            send_mail(" ".join(subject.split()), text, None, [address])
        except OSError:
            _log.exception("A message about a charter could not leave.")
