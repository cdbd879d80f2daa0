"""The contacts of an organisation, as far as each reader may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch

from alliage_web.accounts.permissions import may_see_place
from alliage_web.actors.models import Consent, ConsentPurpose, Contact, Organisation

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A contact, and who sees them."""

    pk: int
    name: str
    function: str
    email: str
    phone: str
    is_public: bool
    """Whether everybody sees them."""
    is_for_members: bool
    """Whether everybody signed in sees them."""
    renewed_at: dt.datetime


def contacts_seen_by(
    user: User | AnonymousUser, organisation: Organisation
) -> tuple[ContactCard, ...]:
    """Return the contacts of an organisation that a person may see, by name.

    Without a consent, only those who see the workspace of the organisation do.
    """
    standing = Prefetch(
        "consents", Consent.objects.filter(withdrawn_at=None), to_attr="standing_consents"
    )
    rows = Contact.objects.filter(organisation=organisation).prefetch_related(standing)
    cards = [_card(row) for row in rows.order_by("name", "pk")]
    if not cards or may_see_place(user, organisation.stable_name):
        return tuple(cards)
    return tuple(
        card
        for card in cards
        if card.is_public or (card.is_for_members and user.is_authenticated and user.is_active)
    )


def contact_of(organisation: Organisation, pk: int) -> Contact | None:
    """Return a contact of an organisation."""
    return Contact.objects.filter(organisation=organisation, pk=pk).first()


def standing_consents(contact: Contact) -> dict[str, Consent]:
    """Return what a contact agrees to now, by purpose."""
    return {consent.purpose: consent for consent in contact.consents.filter(withdrawn_at=None)}


def _card(contact: Contact) -> ContactCard:
    agreed = {consent.purpose for consent in getattr(contact, "standing_consents", ())}
    return ContactCard(
        pk=contact.pk,
        name=contact.name,
        function=contact.function,
        email=contact.email,
        phone=contact.phone,
        is_public=ConsentPurpose.LISTED.value in agreed,
        is_for_members=ConsentPurpose.WRITTEN_TO.value in agreed,
        renewed_at=contact.renewed_at,
    )
