"""Inviting by e-mail: to hold a role somewhere, or to belong to an organisation."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from alliage_web.accounts.models import Invitation, Membership, Role, RoleHolding, User
from alliage_web.accounts.queries import digest_of, is_address_of, place, role_label
from alliage_web.audit.actions import record, refuse_repeat

from .roles import LastAdministratorError, lock_holdings, refuse_unless_may_give, write_holding

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

VALID_FOR: Final = timedelta(days=14)
DAILY_LIMIT: Final = 50
_DAY: Final = timedelta(days=1)
BETWEEN_TWO_SENDINGS: Final = timedelta(hours=1)
_SECRET_BYTES: Final = 32

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Issued:
    """An invitation with the secret of its link, which is kept nowhere."""

    invitation: Invitation
    token: str


class InvitationsRefusedError(Exception):
    """None was made. ``faults`` tells, for each address at fault, a word for what is wrong."""

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = faults
        said = ", ".join(sorted(set(faults.values())))
        super().__init__(f"Nobody was invited: {len(faults)} addresses are at fault ({said}).")


class TooManyInvitationsError(Exception):
    """``left`` invitations only may still be sent today by this person."""

    def __init__(self, left: int) -> None:
        self.left = left
        super().__init__(f"{DAILY_LIMIT} invitations a day a person: {left} left for now.")


class InvitationFault(StrEnum):
    """Why an invitation opens nothing, or cannot be sent again."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    USED = "used"
    """It was accepted, by somebody else than who asks."""
    ADDRESS = "address"
    """It was sent to an address that is not known to be theirs."""
    OVER = "over"
    """The role would have ended, or may not end."""
    GIVER = "giver"
    """Who invited may not give it any more."""
    GONE = "gone"
    """The place is no more."""
    SOON = "soon"
    """It was sent less than an hour ago."""


_OF_STATE: Final = {
    "accepted": InvitationFault.USED,
    "cancelled": InvitationFault.CANCELLED,
    "expired": InvitationFault.EXPIRED,
}


class InvitationRefusedError(Exception):
    """The invitation opens nothing; pages put ``why`` in a sentence."""

    def __init__(self, why: InvitationFault) -> None:
        self.why = why
        super().__init__(f"The invitation is refused: {why}.")


@transaction.atomic
def invite(
    *,
    emails: Sequence[str],
    role: str,
    place: str,
    at: dt.datetime,
    by: User | None,
    organisation: str = "",
    role_expires_at: dt.datetime | None = None,
    message: str = "",
    submission: UUID | None = None,
) -> list[Issued]:
    """Prepare an invitation for each address, or for none. ``role`` is empty for belonging.

    The messages leave with `deliver`, once this is committed.

    Raises
    ------
    InvitationsRefusedError
        An address already holds this (``holds``) or waits for an answer (``waits``).
    TooManyInvitationsError
        Beyond `DAILY_LIMIT` within a day.
    AlreadyDoneError
        The form was received before.
    PermissionDenied
        ``by`` may not give this there.
    """
    refuse_repeat(submission)
    if by is not None:
        # Two forms of one person sent together are counted one after the other.
        User.objects.select_for_update().get(pk=by.pk)
        sent = Invitation.objects.filter(invited_by=by, created_at__gt=at - _DAY).count()
        if sent + len(emails) > DAILY_LIMIT:
            raise TooManyInvitationsError(max(DAILY_LIMIT - sent, 0))
    giver = refuse_unless_may_give(by, role, place)
    offered = {"role": role, "place": place, "organisation": organisation}
    addresses = [email.strip().lower() for email in emails]
    if faults := _faults(addresses, offered, at):
        raise InvitationsRefusedError(faults)
    issued = []
    for number, email in enumerate(addresses):
        token = secrets.token_urlsafe(_SECRET_BYTES)
        invitation = Invitation.objects.create(
            email=email,
            **offered,
            role_expires_at=role_expires_at,
            message=message,
            token_digest=digest_of(token),
            invited_by=by,
            created_at=at,
            expires_at=at + VALID_FOR,
        )
        _record(
            "invitation.sent",
            invitation,
            by=by,
            at=at,
            on_behalf_of=giver,
            submission=None if number else submission,
        )
        issued.append(Issued(invitation, token))
    return issued


def deliver(issued: Iterable[Issued], *, link: Callable[[str], str]) -> list[Invitation]:
    """Send the messages; return the invitations of those that could not leave.

    ``link`` gives the whole address of the page from the secret.
    """
    return [one.invitation for one in issued if not _sent(one, link(one.token))]


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: User, at: dt.datetime) -> Issued:
    """Renew an invitation: the link sent before opens nothing any more.

    Raises
    ------
    InvitationRefusedError
        It was accepted or cancelled, or sent less than an hour ago.
    PermissionDenied
        ``by`` may not give this there.
    """
    fresh = Invitation.objects.select_for_update().get(pk=invitation.pk)
    giver = refuse_unless_may_give(by, fresh.role, fresh.place)
    if (state := fresh.state(at)) in {"accepted", "cancelled"}:
        raise InvitationRefusedError(_OF_STATE[state])
    if at - fresh.created_at < BETWEEN_TWO_SENDINGS:
        raise InvitationRefusedError(InvitationFault.SOON)
    token = secrets.token_urlsafe(_SECRET_BYTES)
    fresh.token_digest, fresh.invited_by = digest_of(token), by
    fresh.created_at, fresh.expires_at = at, at + VALID_FOR
    fresh.save(update_fields=["token_digest", "invited_by", "created_at", "expires_at"])
    _record("invitation.sent-again", fresh, by=by, at=at, on_behalf_of=giver)
    return Issued(fresh, token)


@transaction.atomic
def cancel_invitation(*, invitation: Invitation, by: User, at: dt.datetime) -> bool:
    """Cancel an invitation; False when it was accepted or cancelled before.

    Raises
    ------
    PermissionDenied
        ``by`` may not give this there.
    """
    fresh = Invitation.objects.select_for_update().get(pk=invitation.pk)
    giver = refuse_unless_may_give(by, fresh.role, fresh.place)
    if fresh.state(at) in {"accepted", "cancelled"}:
        return False
    fresh.cancelled_at = at
    fresh.save(update_fields=["cancelled_at"])
    _record("invitation.cancelled", fresh, by=by, at=at, on_behalf_of=giver)
    return True


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User, at: dt.datetime) -> Invitation:
    """Receive what an invitation offers, once; accepting again changes nothing.

    Raises
    ------
    InvitationRefusedError
        ``why`` says what is wrong.
    """
    fresh = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if fresh.accepted_by_id == by.pk:
        return fresh
    if why := why_refused(fresh, by, at):
        raise InvitationRefusedError(why)
    lock_holdings(by, fresh.invited_by, administrators=fresh.role == Role.ADMINISTRATOR)
    try:
        giver = refuse_unless_may_give(fresh.invited_by, fresh.role, fresh.place)
    except PermissionDenied as refusal:
        raise InvitationRefusedError(InvitationFault.GIVER) from refusal
    _receive(fresh, by, at)
    fresh.accepted_at, fresh.accepted_by = at, by
    fresh.save(update_fields=["accepted_at", "accepted_by"])
    inviter = fresh.invited_by.stable_name if fresh.invited_by else "command"
    _record(
        "invitation.accepted",
        fresh,
        by=by,
        at=at,
        on_behalf_of=None,
        more={
            "person": [None, by.stable_name],
            "given_by": [None, giver.stable_name if giver else inviter],
        },
    )
    return fresh


def why_refused(
    invitation: Invitation, user: User | None, at: dt.datetime
) -> InvitationFault | None:
    """Say why an invitation would be refused, before anything is asked of the inviter's rights."""
    if (state := invitation.state(at)) in _OF_STATE:
        return _OF_STATE[state]
    if invitation.role_expires_at is not None and invitation.role_expires_at <= at:
        return InvitationFault.OVER
    if place(invitation.place) is None:
        return InvitationFault.GONE
    if user is not None and not is_address_of(invitation.email, user):
        return InvitationFault.ADDRESS
    return None


def _receive(invitation: Invitation, user: User, at: dt.datetime) -> None:
    if not invitation.role:
        Membership.objects.get_or_create(
            user=user, organisation=invitation.place, defaults={"since": at}
        )
        return
    role, end = Role(invitation.role), invitation.role_expires_at
    held = RoleHolding.objects.now(at).filter(
        user=user, role=role, place=invitation.place, organisation=invitation.organisation
    )
    for holding in held:
        # What is held already is never shortened by accepting.
        end = None if end is None or holding.expires_at is None else max(end, holding.expires_at)
    try:
        write_holding(
            user=user,
            role=role,
            place=invitation.place,
            organisation=invitation.organisation,
            expires_at=end,
            by=invitation.invited_by,
            at=at,
        )
    except LastAdministratorError as refusal:
        raise InvitationRefusedError(InvitationFault.OVER) from refusal


def _faults(addresses: Sequence[str], offered: dict[str, str], at: dt.datetime) -> dict[str, str]:
    faults = {}
    waiting = Invitation.objects.filter(**offered, email__in=addresses, accepted_at=None)
    for invitation in waiting.filter(cancelled_at=None, expires_at__gt=at):
        faults[invitation.email] = "waits"
    holders = User.objects.filter(email__in=addresses)
    if offered["role"]:
        held = RoleHolding.objects.now(at).filter(**offered)
        holders = holders.filter(pk__in=held.values("user"))
    else:
        belonging = Membership.objects.filter(organisation=offered["place"])
        holders = holders.filter(pk__in=belonging.values("user"))
    for user in holders:
        faults[user.email] = "holds"
    return faults


def _sent(issued: Issued, link: str) -> bool:
    invitation = issued.invitation
    where = place(invitation.place)
    context = {
        "invitation": invitation,
        "inviter": " ".join(str(invitation.invited_by or "").split()),
        "place": where.title if where else invitation.place,
        "role": role_label(invitation.role),
        "link": link,
    }
    subject = render_to_string("accounts/email/invitation_subject.txt", context)
    try:
        send_mail(
            " ".join(subject.split()),
            render_to_string("accounts/email/invitation.txt", context),
            None,
            [invitation.email],
        )
    except OSError:
        # The invitation stands: whoever invited is told, and sends it again.
        _log.exception("The message of invitation %s could not leave.", invitation.pk)
        return False
    return True


def _record(
    kind: str,
    invitation: Invitation,
    *,
    by: User | None,
    at: dt.datetime,
    on_behalf_of: User | None,
    submission: UUID | None = None,
    more: dict[str, list[Any]] | None = None,
) -> None:
    """Record on the place; the address is kept apart, to be erased with the invitation."""
    number = f"invitation:{invitation.pk}"
    changes: dict[str, list[Any]] = {
        "invitation": [None, number],
        "role": [None, invitation.role or "member"],
        **(more or {}),
    }
    if invitation.organisation:
        changes["organisation"] = [None, invitation.organisation]
    if invitation.role_expires_at:
        changes["expires_at"] = [None, invitation.role_expires_at.isoformat()]
    record(
        kind=kind,
        target=invitation.place,
        by=by,
        at=at,
        changes=changes,
        personal={"email": [None, invitation.email]},
        about=number,
        submission=submission,
        on_behalf_of=on_behalf_of,
    )
