"""Messages of the instruction, to reviewers and officers; they leave on commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import people_who_hold, roles_at

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.fund.models import Application, Review

_log = logging.getLogger(__name__)


def tell_reviewer(review: Review) -> None:
    """Tell a person that an application was given to them."""
    link = home_address() + reverse("fund:review", args=[review.uuid])
    context = {"application": review.panel.application, "link": link}
    _on_commit("review_assigned", [review.reviewer.email], context)


def tell_all_in(application: Application, at: dt.datetime) -> None:
    """Tell the officers of the fund that every review of an application is in."""
    place = application.fund.stable_name
    addresses = sorted(
        person.email
        for person in people_who_hold(at)
        if Role.FUND_OFFICER in roles_at(person, place)
    )
    link = home_address() + reverse("fund:instruction-of", args=[application.reference])
    _on_commit("reviews_in", addresses, {"application": application, "link": link})


def _on_commit(template: str, addresses: list[str], context: dict[str, Any]) -> None:
    transaction.on_commit(lambda: _send(template, addresses, context), robust=True)


def _send(template: str, addresses: list[str], context: dict[str, Any]) -> None:
    subject = render_to_string(f"fund/email/{template}_subject.txt", context)
    text = render_to_string(f"fund/email/{template}.txt", context)
    for address in addresses:
        try:
            send_mail(" ".join(subject.split()), text, None, [address])
        except OSError:
            _log.exception("A message « %s » could not leave.", template)
