"""The message by which a contact learns that they are one, and what they can do about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.core.mail import send_mail
from django.template.loader import render_to_string

from .contacts import link_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from alliage_web.actors.models import Contact

_log = logging.getLogger(__name__)


def send_link(contact: Contact, *, address: Callable[[str], str]) -> bool:
    """Send a contact their link; False when there is no address, or the message could not leave.

    ``address`` gives the whole address of the page from the token.
    """
    if not contact.email:
        return False
    context = {"contact": contact, "link": address(link_of(contact))}
    subject = render_to_string("actors/email/contact_subject.txt", context)
    text = render_to_string("actors/email/contact.txt", context)
    try:
        send_mail(" ".join(subject.split()), text, None, [contact.email])
    except OSError:
        _log.exception("The message to contact %s could not leave.", contact.pk)
        return False
    return True
