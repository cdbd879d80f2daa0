"""Messages about an application, to those who signed it or act in it; they leave on commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.accounts.queries import members_at, standing_at

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.fund.queries.applications import Content

_log = logging.getLogger(__name__)


def tell_signatories(
    content: Content, template: str, *, at: dt.datetime, more: dict[str, Any] | None = None
) -> None:
    """Write to whoever began, signed or acts for an applicant, once what happened is committed."""
    application = content.application
    people = {row.by for row in content.sign_offs if row.by is not None}
    if application.begun_by is not None:
        people.add(application.begun_by)
    names = {part.organisation.stable_name for part in content.parts}
    for name in names:
        people |= {member.user for member in members_at(name)}
    for standing in standing_at(application.alliance.stable_name, at):
        if standing.holding.organisation in names:
            people.add(standing.holding.user)
    addresses = sorted({person.email for person in people if person.is_active})
    context = {
        "application": application,
        "call": content.call,
        "state": application.get_state_display(),
        "link": home_address() + reverse("fund:application", args=[application.reference]),
        **(more or {}),
    }
    transaction.on_commit(lambda: _send(template, addresses, context), robust=True)


def _send(template: str, addresses: list[str], context: dict[str, Any]) -> None:
    subject = render_to_string(f"fund/email/{template}_subject.txt", context)
    text = render_to_string(f"fund/email/{template}.txt", context)
    for address in addresses:
        try:
            send_mail(" ".join(subject.split()), text, None, [address])
        except OSError:
            _log.exception("A message « %s » could not leave.", template)
