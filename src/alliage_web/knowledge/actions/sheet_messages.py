"""Messages about a sheet, to those whom it names and those who keep its file; sent on commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import standing_at
from alliage_web.knowledge.queries.sheet_proposals import people_asked

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from alliage_web.accounts.models import User
    from alliage_web.knowledge.models import SheetConsent, SheetProposal

_log = logging.getLogger(__name__)


def ask_parties(proposal: SheetProposal, rows: Iterable[SheetConsent], *, at: dt.datetime) -> None:
    """Ask each party once: whoever acts for several that are named receives one message."""
    by_person: dict[User, list[SheetConsent]] = {}
    for row in rows:
        row.proposal = proposal
        for person in people_asked(row, at):
            by_person.setdefault(person, []).append(row)
    for person, asked in sorted(by_person.items(), key=lambda pair: pair[0].pk):
        context = {
            "proposal": proposal,
            "names": [row.name for row in asked],
            "links": [
                home_address() + reverse("knowledge:consent", args=[proposal.uuid, row.party])
                for row in asked
            ],
        }
        _leave("sheet_asked", [person.email], context)


def tell_keepers(
    proposal: SheetProposal, template: str, consent: SheetConsent, *, at: dt.datetime
) -> None:
    """Tell who prepares a sheet, and the officers of the fund, what a party answered."""
    people = {
        standing.holding.user
        for standing in standing_at(proposal.fund.stable_name, at)
        if standing.holding.role == Role.FUND_OFFICER
    }
    if proposal.created_by is not None and proposal.created_by.is_active:
        people.add(proposal.created_by)
    context = {
        "proposal": proposal,
        "consent": consent,
        "link": home_address() + proposal.get_absolute_url(),
    }
    _leave(template, sorted(person.email for person in people), context)


def _leave(template: str, addresses: list[str], context: dict[str, Any]) -> None:
    transaction.on_commit(lambda: _send(template, addresses, context), robust=True)


def _send(template: str, addresses: list[str], context: dict[str, Any]) -> None:
    subject = render_to_string(f"knowledge/email/{template}_subject.txt", context)
    text = render_to_string(f"knowledge/email/{template}.txt", context)
    for address in addresses:
        try:
            send_mail(" ".join(subject.split()), text, None, [address])
        except OSError:
            _log.exception("A message « %s » could not leave.", template)
