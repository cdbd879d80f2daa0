"""Writing the contacts of an organisation, and what they agree to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core import signing
from django.db import transaction
from django.utils.crypto import salted_hmac

from alliage_web.actors.models import Consent, Contact, Organisation
from alliage_web.audit.actions import erase_personal, record, refuse_repeat

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from uuid import UUID

    from alliage_web.accounts.models import User

_FIELDS = ("name", "function", "email", "phone")
_SALT = "actors.contact"


class SameContactError(ValueError):
    """The organisation already has a contact with this address."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__(
            f"The organisation already has a contact at {email}. Change that one instead."
        )


class ContactLinkError(ValueError):
    """The link opens no contact: altered, or of an address that was changed since."""


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """What is said of a contact. Unknown is empty."""

    name: str
    function: str = ""
    email: str = ""
    phone: str = ""


@transaction.atomic
def add_contact(
    *,
    organisation: Organisation,
    details: ContactDetails,
    consents: Mapping[str, str],
    account: User | None,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Contact:
    """Add a contact to an organisation.

    ``consents`` gives, for each purpose agreed to, how the consent was obtained.

    Raises
    ------
    AlreadyDoneError
        The same form was received before.
    SameContactError
        The organisation already has a contact with this address.
    """
    refuse_repeat(submission)
    # Two people who add the same contact at once: the second waits, and is told.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    details = _tidy(details)
    _refuse_twin(organisation, details.email)
    contact = Contact.objects.create(
        organisation=organisation,
        account=account,
        created_by=by,
        created_at=at,
        renewed_at=at,
        **{field: getattr(details, field) for field in _FIELDS},
    )
    for purpose, how in consents.items():
        Consent.objects.create(
            contact=contact, purpose=purpose, how=how, given_at=at, recorded_by=by
        )
    record(
        kind="contact.added",
        target=organisation.stable_name,
        by=by,
        at=at,
        changes={
            "contact": [None, contact.trail_name],
            "consents": [[], [f"{purpose}:{how}" for purpose, how in sorted(consents.items())]],
        },
        personal={field: [None, value] for field in _FIELDS if (value := getattr(details, field))},
        about=contact.trail_name,
        submission=submission,
    )
    return contact


@transaction.atomic
def change_contact(
    *,
    contact: Contact,
    details: ContactDetails,
    consents: Mapping[str, str],
    by: User | None,
    at: dt.datetime,
) -> Contact:
    """Make a contact what is said, agreeing to exactly these purposes; it is confirmed by it.

    ``by`` is None when the person acts by their link. A consent that stands keeps its first moment
    and the way in which it was obtained.

    Raises
    ------
    SameContactError
        The organisation already has a contact with this address.
    """
    row = Contact.objects.select_for_update().select_related("organisation").get(pk=contact.pk)
    details = _tidy(details)
    _refuse_twin(row.organisation, details.email, besides=row.pk)
    personal = {
        field: [before, after]
        for field in _FIELDS
        if (before := getattr(row, field)) != (after := getattr(details, field))
    }
    for field in _FIELDS:
        setattr(row, field, getattr(details, field))
    row.renewed_at = at
    row.save(update_fields=[*_FIELDS, "renewed_at"])
    changes: dict[str, object] = {"contact": [row.trail_name, row.trail_name]}
    if agreed := _agree(row, consents, by=by, at=at):
        changes["consents"] = agreed
    record(
        kind="contact.changed" if by else "contact.changed-by-person",
        target=row.organisation.stable_name,
        by=by,
        at=at,
        changes=changes,
        personal=personal,
        about=row.trail_name,
    )
    return row


@transaction.atomic
def remove_contact(*, contact: Contact, by: User | None, at: dt.datetime) -> bool:
    """Remove a contact for good, and what the trail told of them; False when it was done before.

    ``by`` is None when the person acts by their link.
    """
    row = (
        Contact.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=contact.pk)
        .first()
    )
    if row is None:
        return False
    erase_personal(about=row.trail_name)
    record(
        kind="contact.removed" if by else "contact.removed-by-person",
        target=row.organisation.stable_name,
        by=by,
        at=at,
        changes={"contact": [row.trail_name, None]},
    )
    row.delete()
    return True


def link_of(contact: Contact) -> str:
    """Return the token by which a contact sees, corrects or withdraws, without an account.

    It holds no personal data, and opens nothing once the address has changed.
    """
    return signing.dumps([contact.pk, _mark_of(contact)], salt=_SALT)


def open_link(token: str) -> Contact:
    """Return the contact of a link.

    Raises
    ------
    ContactLinkError
        The link was altered, the contact is gone, or their address was changed since.
    """
    try:
        key, mark = signing.loads(token, salt=_SALT)
        contact = Contact.objects.select_related("organisation").get(pk=key)
    except (signing.BadSignature, ValueError, TypeError, Contact.DoesNotExist) as error:
        msg = "The link opens no contact."
        raise ContactLinkError(msg) from error
    if mark != _mark_of(contact):
        msg = "The address of the contact was changed since the link was made."
        raise ContactLinkError(msg)
    return contact


def _mark_of(contact: Contact) -> str:
    said = f"{contact.pk}|{contact.email}"
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()[:16]


def _tidy(details: ContactDetails) -> ContactDetails:
    return ContactDetails(
        name=details.name.strip(),
        function=details.function.strip(),
        email=details.email.strip().lower(),
        phone=details.phone.strip(),
    )


def _refuse_twin(organisation: Organisation, email: str, besides: int = 0) -> None:
    twins = Contact.objects.filter(organisation=organisation, email=email).exclude(pk=besides)
    if email and twins.exists():
        raise SameContactError(email)


def _agree(
    contact: Contact, consents: Mapping[str, str], *, by: User | None, at: dt.datetime
) -> list[list[str]] | None:
    """Withdraw the consents that are not told any more, and write the new ones."""
    standing = {consent.purpose: consent for consent in contact.consents.filter(withdrawn_at=None)}
    if standing.keys() == consents.keys():
        return None
    for purpose, consent in standing.items():
        if purpose not in consents:
            consent.withdrawn_at = at
            consent.save(update_fields=["withdrawn_at"])
    for purpose in sorted(consents.keys() - standing.keys()):
        Consent.objects.create(
            contact=contact, purpose=purpose, how=consents[purpose], given_at=at, recorded_by=by
        )
    return [
        [f"{purpose}:{consent.how}" for purpose, consent in sorted(standing.items())],
        [
            f"{purpose}:{standing[purpose].how if purpose in standing else how}"
            for purpose, how in sorted(consents.items())
        ],
    ]
