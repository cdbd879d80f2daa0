"""Contacts of organisations: consents, who sees whom, and the link of the person."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories.actors import geography, organisation, person
from tests.factories.people import somebody

from alliage_web.accounts.models import Role
from alliage_web.actors.actions import merge_organisations
from alliage_web.actors.actions.contacts import (
    ContactDetails,
    ContactLinkError,
    SameContactError,
    add_contact,
    change_contact,
    link_of,
    open_link,
    remove_contact,
)
from alliage_web.actors.models import Consent, ConsentHow, ConsentPurpose, Contact
from alliage_web.actors.queries.contacts import contacts_seen_by, standing_consents
from alliage_web.audit.models import Event, PersonalValue

if TYPE_CHECKING:
    from alliage_web.accounts.models import User
    from alliage_web.actors.models import Organisation

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=30)
LISTED, WRITTEN_TO = ConsentPurpose.LISTED.value, ConsentPurpose.WRITTEN_TO.value
WRITING, PLATFORM = ConsentHow.WRITING.value, ConsentHow.PLATFORM.value


@pytest.fixture
def shop() -> Organisation:
    geography()
    return organisation("Épicerie partagée", by=person("Autrice"))


def add(
    shop: Organisation,
    *,
    consents: dict[str, str] | None = None,
    by: User | None = None,
    **more: Any,
) -> Contact:
    said = {"name": "Zoé Contact", "email": "zoe@example.org", "phone": "01 23 45 67 89"} | more
    return add_contact(
        organisation=shop,
        details=ContactDetails(**said),
        consents=consents or {},
        account=None,
        by=by,
        at=AT,
    )


def form(**more: Any) -> dict[str, Any]:
    return {"name": "Zoé Contact", "email": "zoe@example.org", **more}


def page(client: Client, shop: Organisation) -> str:
    return client.get(shop.get_absolute_url()).content.decode()


@pytest.mark.one_engine
def test_without_a_consent_only_the_workspace_sees_a_contact(shop: Organisation) -> None:
    add(shop)
    member = somebody("Membre", member_of=[shop.stable_name])
    stranger = somebody("Inconnue")
    for user, sees in ((None, False), (stranger, False), (member, True)):
        client = Client()
        if user:
            client.force_login(user)
        assert ("Zoé Contact" in page(client, shop)) is sees
        assert ("zoe@example.org" in page(client, shop)) is sees


def test_a_consent_opens_to_whom_it_says(shop: Organisation) -> None:
    add(shop, consents={WRITTEN_TO: WRITING})
    add(shop, name="Yves Public", email="yves@example.org", consents={LISTED: WRITING})
    visitor, stranger = Client(), Client()
    stranger.force_login(somebody("Inconnue"))
    assert "Yves Public" in page(visitor, shop)
    assert "Zoé Contact" not in page(visitor, shop)
    assert "Zoé Contact" in page(stranger, shop)


@settings(max_examples=30)
@given(
    agreed=st.dictionaries(
        st.sampled_from(ConsentPurpose.values), st.sampled_from(ConsentHow.values)
    ),
    withdrawn=st.sets(st.sampled_from(ConsentPurpose.values)),
)
def test_nothing_is_public_unless_the_consent_stands(
    agreed: dict[str, str], withdrawn: set[str]
) -> None:
    from django.contrib.auth.models import AnonymousUser

    with transaction.atomic():
        shop = organisation("Épicerie")
        contact = add(shop, consents=agreed)
        kept = {purpose: how for purpose, how in agreed.items() if purpose not in withdrawn}
        change_contact(
            contact=contact,
            details=ContactDetails(contact.name, email=contact.email),
            consents=kept,
            by=None,
            at=LATER,
        )
        assert bool(contacts_seen_by(AnonymousUser(), shop)) is (LISTED in kept)
        assert {
            purpose: consent.how for purpose, consent in standing_consents(contact).items()
        } == kept
        # What was withdrawn stays as a proof, with both moments.
        gone = Consent.objects.filter(contact=contact).exclude(withdrawn_at=None)
        assert {consent.purpose for consent in gone} == agreed.keys() - kept.keys()
        assert all(consent.withdrawn_at == LATER for consent in gone)
        transaction.set_rollback(True)


def test_a_member_adds_a_contact_who_receives_a_link(shop: Organisation, client: Client) -> None:
    client.force_login(somebody("Membre", member_of=[shop.stable_name]))
    address = reverse("actors:contact-new", args=[shop.slug])
    assert client.get(address).status_code == 200
    response = client.post(address, form(consents=[LISTED], how=WRITING, function="Directrice"))
    assert response.status_code == 302
    contact = Contact.objects.get()
    assert contact.function == "Directrice"
    assert standing_consents(contact)[LISTED].how == WRITING
    (message,) = mail.outbox
    assert message.to == ["zoe@example.org"]
    found = re.search(r"http://testserver(/contacts/\S+)", str(message.body))
    assert found
    assert "zoe" not in found[1]
    visitor = Client()
    shown = visitor.get(found[1])
    assert "Directrice" in shown.content.decode()
    assert Contact.objects.get().renewed_at == contact.renewed_at


def test_a_consent_without_a_word_on_how_it_was_given_is_refused(
    shop: Organisation, client: Client
) -> None:
    client.force_login(somebody("Membre", member_of=[shop.stable_name]))
    address = reverse("actors:contact-new", args=[shop.slug])
    response = client.post(address, form(consents=[LISTED]))
    assert response.status_code == 422
    assert "Dites comment cette personne" in response.content.decode()
    response = client.post(address, form(consents=[LISTED], how=PLATFORM))
    assert response.status_code == 422, "only the person says it on the platform"
    assert not Contact.objects.exists()


def test_one_says_of_oneself_on_the_platform(shop: Organisation, client: Client) -> None:
    member = somebody("Membre", member_of=[shop.stable_name])
    client.force_login(member)
    client.post(
        reverse("actors:contact-new", args=[shop.slug]), form(consents=[LISTED], is_me="on")
    )
    contact = Contact.objects.get()
    assert contact.account == member
    assert standing_consents(contact)[LISTED].how == PLATFORM
    assert not mail.outbox


def test_a_form_sent_twice_adds_one_contact(shop: Organisation, client: Client) -> None:
    client.force_login(somebody("Membre", member_of=[shop.stable_name]))
    address = reverse("actors:contact-new", args=[shop.slug])
    token = client.get(address).context["form"]["submission"].value()
    for _attempt in range(2):
        assert client.post(address, form(submission=token)).status_code == 302
    assert Contact.objects.count() == 1


def test_the_same_address_twice_is_refused_in_words(shop: Organisation, client: Client) -> None:
    add(shop)
    with pytest.raises(SameContactError, match=r"zoe@example\.org"):
        add(shop, email="ZOE@example.org", by=somebody("Autre"))
    client.force_login(somebody("Membre", member_of=[shop.stable_name]))
    response = client.post(reverse("actors:contact-new", args=[shop.slug]), form())
    assert response.status_code == 422
    assert "modifiez plutôt celui-là" in response.content.decode()


def test_what_is_not_a_telephone_is_refused(shop: Organisation, client: Client) -> None:
    client.force_login(somebody("Membre", member_of=[shop.stable_name]))
    address = reverse("actors:contact-new", args=[shop.slug])
    for wrong in ("appelez-moi", "12", "1" * 31, "+33 <b>"):
        assert client.post(address, form(phone=wrong)).status_code == 422
    assert client.post(address, form(phone="+33 (0)1 23.45-67 89")).status_code == 302


def test_only_the_people_of_the_organisation_manage_its_contacts(
    shop: Organisation, client: Client
) -> None:
    contact = add(shop)
    addresses = [
        reverse("actors:contact-new", args=[shop.slug]),
        reverse("actors:contact-edit", args=[shop.slug, contact.pk]),
        reverse("actors:contact-remove", args=[shop.slug, contact.pk]),
    ]
    for address in addresses:
        assert client.get(address).status_code == 302
    client.force_login(somebody("Lectrice", (Role.READER, shop.stable_name)))
    for address in addresses:
        assert client.get(address).status_code == 403
        assert client.post(address, form()).status_code == 403
    other = organisation("Autre")
    client.force_login(somebody("Membre", member_of=[other.stable_name]))
    assert (
        client.get(reverse("actors:contact-edit", args=[other.slug, contact.pk])).status_code == 404
    )
    assert Contact.objects.get().name == "Zoé Contact"


def test_the_person_corrects_and_withdraws_without_an_account(
    shop: Organisation, client: Client
) -> None:
    contact = add(shop, consents={LISTED: WRITING})
    address = reverse("actors:contact-own", args=[link_of(contact)])
    assert "Zoé Contact" in client.get(address).content.decode()
    response = client.post(address, form(name="Zoé Juste", phone=""))
    assert "C’est enregistré" in response.content.decode()
    contact.refresh_from_db()
    assert (contact.name, contact.phone) == ("Zoé Juste", "")
    assert not standing_consents(contact)
    assert "Zoé" not in page(Client(), shop)
    event = Event.objects.get(kind="contact.changed-by-person")
    assert event.changes["consents"] == [[f"{LISTED}:{WRITING}"], []]
    assert "Zoé" not in str(event.changes)


def test_a_change_of_address_kills_the_link_and_sends_another(
    shop: Organisation, client: Client
) -> None:
    contact = add(shop)
    address = reverse("actors:contact-own", args=[link_of(contact)])
    client.post(address, form(email="zoe.neuve@example.org"))
    assert client.get(address).status_code == 404
    assert [message.to for message in mail.outbox] == [["zoe.neuve@example.org"]]


def test_the_person_removes_everything_and_the_trail_forgets_them(
    shop: Organisation, client: Client
) -> None:
    contact = add(shop, consents={LISTED: WRITING})
    about = contact.trail_name
    assert PersonalValue.objects.filter(about=about, value__isnull=False).exists()
    address = reverse("actors:contact-own-remove", args=[link_of(contact)])
    assert client.get(address).status_code == 200
    assert Contact.objects.exists(), "a GET changes nothing"
    assert client.post(address).status_code == 200
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()
    assert not PersonalValue.objects.filter(about=about, value__isnull=False).exists()
    assert client.post(address).status_code == 404


@given(token=st.text(max_size=80))
def test_a_link_that_was_altered_opens_nothing(token: str) -> None:
    with pytest.raises(ContactLinkError):
        open_link(token)


def test_a_link_of_another_contact_opens_only_that_one(shop: Organisation) -> None:
    one, two = add(shop), add(shop, email="yan@example.org", by=somebody("Autre"))
    assert open_link(link_of(one)) == one
    remove_contact(contact=one, by=None, at=LATER)
    with pytest.raises(ContactLinkError):
        open_link(link_of(one))
    assert open_link(link_of(two)) == two
    assert remove_contact(contact=one, by=None, at=LATER) is False


def test_merging_organisations_moves_their_contacts(shop: Organisation) -> None:
    twin = organisation("Épicerie partagée de Vincennes")
    add(shop, consents={LISTED: WRITING})
    add(twin, consents={WRITTEN_TO: WRITING, LISTED: WRITING}, by=somebody("Autre"))
    add(twin, name="Yves", email="yves@example.org", by=somebody("Encore"))
    merge_organisations(kept=shop, merged=twin, choices={}, by=None, at=LATER)
    assert {contact.email for contact in shop.contacts.all()} == {
        "zoe@example.org",
        "yves@example.org",
    }
    zoe = Contact.objects.get(email="zoe@example.org")
    assert set(standing_consents(zoe)) == {LISTED, WRITTEN_TO}


def test_the_database_keeps_one_standing_consent_and_dates_in_order(shop: Organisation) -> None:
    contact = add(shop, consents={LISTED: WRITING})
    for wrong in (
        {"purpose": LISTED, "given_at": LATER},
        {"purpose": WRITTEN_TO, "given_at": LATER, "withdrawn_at": AT},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.create(contact=contact, how=WRITING, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(organisation=shop, name="", created_at=AT, renewed_at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(
            organisation=shop, name="Z", email=contact.email, created_at=AT, renewed_at=AT
        )
