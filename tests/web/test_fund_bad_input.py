"""The bad input that a fund expects: a refusal in words, with what is possible, and nothing lost.

Each is sent as a person sends it, in the two languages. The finer cases of each stand with what
they are about: ``test_fund_ledger``, ``_agreements``, ``_committee``, ``_reviews``,
``_application_drafts`` and ``_open_data``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.factories import fund as money
from tests.factories.applications import CALL_AT, applying, draft, filled
from tests.factories.fund import BOOKED, funded
from tests.factories.instruction import Instructed, before_committee, instructed, meeting
from tests.factories.people import SINCE, somebody

from alliage.values.money import euros
from alliage_web.accounts.models import Membership, Role
from alliage_web.fund.actions.agreements import ConditionValues, InstalmentValues
from alliage_web.fund.actions.applications import sign
from alliage_web.fund.models import (
    Application,
    Decision,
    PaymentOrder,
    Posting,
    Review,
    Support,
)

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Agreement, Fund

pytestmark = pytest.mark.django_db
#: A refusal in English differs by its words: what the database does is tried in French.
LANGUAGES = pytest.mark.parametrize(
    "language", ["fr", pytest.param("en", marks=pytest.mark.one_engine)]
)
IBAN, WRONG_KEY = "FR1420041010050500013M02606", "FR1420041010050500013M02607"
NO_BREAK_SPACES = {0x202F: " ", 0xA0: " "}


def speaking(client: Client, person: User, language: str) -> Client:
    client.force_login(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def said(answer: Any, *, status: int = 422) -> str:
    """Give what a refusal says, and check that it is one."""
    assert answer.status_code == status
    text: str = answer.text.translate(NO_BREAK_SPACES)
    return text


def officer_of(fund: Fund, name: str = "Officer") -> User:
    return somebody(name, (Role.FUND_OFFICER, fund.stable_name))


def operation(**more: Any) -> dict[str, Any]:
    """Type an allotment of the budget, as its form asks it."""
    return {
        "amount": "100", "strand": "territoires", "year": "2026", "booked_on": str(BOOKED),
        "reason": "Décidé au conseil.", "submission": str(uuid4()), **more,
    }  # fmt: skip


def ordered(**more: Any) -> dict[str, Any]:
    return {
        "amount": "60", "execute_on": str(BOOKED), "reason": "Premier versement",
        "bank_details_checked": "on", "submission": str(uuid4()), **more,
    }  # fmt: skip


def signed_agreement(fund: Fund, officer: User, *parts: Any) -> Agreement:
    terms = money.terms(60, *parts)
    return money.signed(money.agreement(fund, officer, said=terms), officer)


@LANGUAGES
def test_more_than_the_envelope_holds(client: Client, language: str) -> None:
    fund = funded(100, endowment=250)
    speaking(client, officer_of(fund), language)
    address = reverse("fund:operate", args=["fonds", "allotment"])
    before = Posting.objects.count()
    text = said(client.post(address, operation(amount="151")))
    assert {"fr": "Au plus 150 € sont possibles", "en": "€150"}[language] in text
    assert "Décidé au conseil." in text
    assert 'value="151"' in text
    assert Posting.objects.count() == before


@LANGUAGES
def test_more_than_the_committee_has(client: Client, language: str) -> None:
    made = instructed(amount=3000)
    before_committee(made)
    held = meeting(made)
    speaking(client, made.officer, language)
    text = said(client.post(item_of(made, held.number), motion(made)))
    assert {"fr": "3 000 €", "en": "€3,000"}[language] in text
    assert "Le besoin est établi." in text
    assert not Decision.objects.exists()


def item_of(made: Instructed, number: int) -> str:
    return reverse("fund:agenda-item", args=["fonds", number, made.application.reference])


def motion(made: Instructed, *voters: User) -> dict[str, Any]:
    """Type an acceptance as its form asks it, with the votes of those who are there."""
    return {
        "kind": "accept", "reasons": "Le besoin est établi.", "year": "2026",
        "no_condition": "on", "legal_note": "Une association.", "submission": str(uuid4()),
        **{f"vote_{person.pk}": "for" for person in voters or made.members},
    }  # fmt: skip


@pytest.mark.one_engine
@LANGUAGES
@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("-5", {"fr": "Écrivez un montant au-dessus de zéro.", "en": "above zero"}),
        ("10,005", {"fr": "a plus de deux décimales", "en": "more than two decimals"}),
        ("1e400", {"fr": "n’est pas un montant", "en": "is not an amount"}),
        ("12 USD", {"fr": "n’est pas en euros. Convertissez-le", "en": "12 USD"}),
        ("£12", {"fr": "n’est pas en euros. Convertissez-le", "en": "£12"}),
    ],
)
def test_amounts_that_are_none(
    client: Client, language: str, amount: str, reason: dict[str, str]
) -> None:
    fund = funded(100)
    speaking(client, officer_of(fund), language)
    address = reverse("fund:operate", args=["fonds", "allotment"])
    before = Posting.objects.count()
    text = said(client.post(address, operation(amount=amount)))
    assert reason[language] in text
    assert f'value="{amount}"' in text
    assert "Décidé au conseil." in text
    assert Posting.objects.count() == before


@LANGUAGES
def test_a_payment_before_its_condition(client: Client, language: str) -> None:
    fund = funded(100)
    officer = officer_of(fund)
    report = ConditionValues("report_accepted", "Rapport final")
    part = InstalmentValues("Solde", euros(60), conditions=(report,))
    agreement = signed_agreement(fund, officer, part)
    speaking(client, officer, language)
    text = said(client.post(f"{agreement.get_absolute_url()}echeances/t1/ordonner/", ordered()))
    assert {"fr": "Elle attend : Rapport final.", "en": "Rapport final"}[language] in text
    assert "Premier versement" in text
    assert not PaymentOrder.objects.exists()


@LANGUAGES
def test_a_double_click_on_pay(client: Client, language: str) -> None:
    fund = funded(100)
    officer, payer = officer_of(fund), officer_of(fund, "Payer")
    agreement = signed_agreement(fund, officer)
    here = agreement.get_absolute_url()
    speaking(client, officer, language)
    form = ordered()
    for _time in range(2):
        assert client.post(f"{here}echeances/t1/ordonner/", form).status_code == 302
    order = PaymentOrder.objects.get()
    confirmed = {"answer": "paid", "amount": "60", "paid_on": str(BOOKED)}
    text = said(client.post(f"{here}ordres/{order.key}/", confirmed))
    assert {"fr": "une autre personne", "en": "somebody else"}[language] in text
    speaking(client, payer, language)
    for _time in range(2):
        assert client.post(f"{here}ordres/{order.key}/", confirmed).status_code == 302
    assert Posting.objects.filter(kind="payment").count() == 1


@LANGUAGES
def test_a_decision_without_quorum(client: Client, language: str) -> None:
    made = instructed()
    before_committee(made)
    held = meeting(made, made.members[0])
    speaking(client, made.officer, language)
    text = said(client.post(item_of(made, held.number), motion(made, made.members[0])))
    assert "quorum" in text.lower()
    assert "Le besoin est établi." in text
    assert not Decision.objects.exists()
    assert Application.objects.get().state == "to_committee"


@LANGUAGES
def test_a_reviewer_in_conflict(client: Client, language: str) -> None:
    made = instructed()
    ana = made.reviewers[0]
    Membership.objects.create(user=ana, organisation="organisation:ville", since=SINCE)
    speaking(client, made.officer, language)
    address = reverse("fund:instruction-of", args=[made.application.reference])
    answer = client.post(address, {"reviewer": ana.pk, "submission": str(uuid4())})
    text = said(answer)
    assert {"fr": "Ana appartient à Ville", "en": "Ana belongs to Ville"}[language] in text
    assert not Review.objects.exists()


@LANGUAGES
def test_a_co_applicant_who_refuses(client: Client, language: str) -> None:
    world = applying()
    application = filled(draft(world))
    speaking(client, world.partner, language)
    address = reverse("fund:application-sign", args=[application.reference, "club"])
    said(client.post(address, {"refuse": "1", "reason": ""}))
    client.post(address, {"refuse": "1", "reason": "Le budget nous oublie."})
    sign(application=application, party="ville", by=world.lead, at=CALL_AT)
    speaking(client, world.lead, language)
    refused = client.post(reverse("fund:application-send", args=[application.reference]))
    text = said(refused)
    assert {"fr": "Club refuse de signer", "en": "Club"}[language] in text
    assert "Le budget nous oublie." in text
    page = client.get(reverse("fund:application", args=[application.reference])).text
    assert "Le budget nous oublie." in page
    assert Application.objects.get().state == "draft"


@LANGUAGES
def test_a_deadline_crossed_while_typing(client: Client, language: str) -> None:
    world = applying()
    application = filled(draft(world))
    for party, person in (("ville", world.lead), ("club", world.partner)):
        sign(application=application, party=party, by=person, at=CALL_AT)
    speaking(client, world.lead, language)
    address = reverse("fund:application-section", args=[application.reference, "alliance"])
    shown = client.get(address).text
    bases = dict(re.findall(r'name="(base-[a-z_]+)" value="([0-9a-f]+)"', shown))
    world.call.kind, world.call.closes = "dated", "2026-02-01T12:00"
    world.call.save()
    kept = client.post(address, {**bases, "q-need": "Écrit pendant l’heure."}, follow=True)
    assert "Écrit pendant l’heure." in kept.text
    assert Application.objects.get().shared["need"] == "Écrit pendant l’heure."
    text = said(client.post(reverse("fund:application-send", args=[application.reference])))
    expected = {"fr": "vous pouvez le copier vers un autre appel", "en": "copy it to another call"}
    assert expected[language] in text
    assert Application.objects.get().state == "draft"


@pytest.mark.one_engine
@LANGUAGES
def test_another_currency_than_the_euro(client: Client, language: str) -> None:
    fund = funded(100)
    speaking(client, officer_of(fund), language)
    package = {
        "grants": [
            {
                "id": "360G-x-1", "title": "Aide", "description": "Une aide.", "currency": "USD",
                "amountAwarded": 100, "awardDate": "2026-03-01T00:00:00+00:00",
                "recipientOrganization": [{"id": "FR-SIREN-552100554", "name": "Un"}],
                "fundingOrganization": [{"id": "FR-SIREN-542051180", "name": "Deux"}],
            }
        ]
    }  # fmt: skip
    file = SimpleUploadedFile("aides.json", json.dumps(package).encode())
    answer = client.post(
        reverse("fund:grants-import", args=["fonds"]), {"file": file, "lever": "direct_funding"}
    )
    text = said(answer)
    assert {"fr": "seuls les euros sont lus", "en": "euro"}[language] in text
    assert not Support.objects.exists()


@pytest.mark.one_engine
@LANGUAGES
def test_an_iban_with_a_wrong_key(client: Client, language: str) -> None:
    fund = funded(100)
    officer = officer_of(fund)
    agreement = signed_agreement(fund, officer)
    speaking(client, officer, language)
    client.post(f"{agreement.get_absolute_url()}echeances/t1/ordonner/", ordered())
    order = PaymentOrder.objects.get()
    answer = client.post(
        reverse("fund:payment-orders-file", args=["fonds"]),
        {"debtor_holder": "Le fonds", "debtor_iban": WRONG_KEY, f"iban_{order.pk}": IBAN},
    )
    text = said(answer)
    assert {"fr": "La clé de cet IBAN est fausse (FR…2607)", "en": "FR…2607"}[language] in text
    # The details are shown again to be corrected, and kept nowhere else.
    assert WRONG_KEY in text
    assert "Le fonds" in text
