"""What others gave the alliances of a fund: who writes it, who answers, what is compared."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from tests.factories.applications import Applying, applying
from tests.factories.fund import raised, support
from tests.factories.people import somebody

from alliage.fund.support.support_records import RaisedRecord
from alliage_web.accounts.models import Role
from alliage_web.audit.queries import history
from alliage_web.fund.actions.raised import load_raised
from alliage_web.fund.models import AnswerChoices, OriginChoices, RaisedResource
from alliage_web.fund.queries.portfolio import portfolio

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def world() -> Applying:
    return applying()


def typed(**more: Any) -> dict[str, Any]:
    written = {
        "alliance": "marais", "description": "Appel à projets de la région", "eur": "120 000,50",
        "nature": "cash", "status": "granted", "year": "2025", "source": "Convention du 3 mars",
        "reading": "stated", "note": "",
    }  # fmt: skip
    return {**written, **more}


def page(name: str, *args: Any) -> str:
    return reverse(f"fund:{name}", args=["fonds", *args])


def text(client: Client, address: str) -> str:
    return client.get(address).text.replace("\u202f", " ").replace("\xa0", " ")


def only() -> RaisedResource:
    return RaisedResource.objects.get()


def test_an_officer_writes_a_resource_that_everybody_reads(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    assert client.post(page("raised-new"), typed()).status_code == 302
    row = only()
    assert (row.eur, row.year, row.origin, row.answer) == (
        Decimal("120000.50"), 2025, "officer", "confirmed",
    )  # fmt: skip
    client.logout()
    assert "Appel à projets de la région" in text(client, page("raised"))
    assert "120 000,50 €" in text(client, row.get_absolute_url())
    kinds = [line.kind for line in history(row.stable_name)]
    assert kinds == ["raised.added"]


def test_the_same_form_sent_twice_writes_one_resource(world: Applying, client: Client) -> None:
    client.force_login(world.officer)
    form = client.get(page("raised-new")).context["form"]
    sent = typed(submission=str(form.initial["submission"]))
    client.post(page("raised-new"), sent)
    again = client.post(page("raised-new"), sent, follow=True)
    assert "elle ne l’est pas deux fois" in again.text
    assert RaisedResource.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"eur": "-5"}, "Écrivez un montant au-dessus de zéro."),
        ({"eur": "10,005"}, "a plus de deux décimales"),
        ({"eur": "12 USD"}, "n’est pas en euros"),
        ({"source": ""}, "obligatoire"),
        ({"year": "3000"}, "2200"),
        ({"alliance": "inconnue"}, "n’est le titre d’aucune alliance"),
    ],
)
@pytest.mark.one_engine
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    world: Applying, client: Client, wrong: dict[str, str], said: str
) -> None:
    client.force_login(world.officer)
    answer = client.post(page("raised-new"), typed(**wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert "Appel à projets de la région" in answer.text
    assert not RaisedResource.objects.exists()


def test_a_party_declares_and_the_fund_answers(world: Applying, client: Client) -> None:
    client.force_login(world.partner)
    answer = client.post(page("raised-new"), typed(reading="external"), follow=True)
    assert "quand le fonds l’aura confirmée" in answer.text
    row = only()
    assert (row.origin, row.answer, row.reading) == ("receiver", "none", "stated")
    client.logout()
    assert client.get(row.get_absolute_url()).status_code == 404
    assert "Appel à projets" not in text(client, page("raised"))
    assert portfolio(world.fund).raised == ()
    client.force_login(world.officer)
    assert "attend la réponse du fonds" in text(client, page("raised"))
    disputed = client.post(
        page("raised-answer", row.code), {"version": row.version, "answer": "disputed"}
    )
    assert disputed.status_code == 422
    assert "Dites ce qui est faux" in disputed.text
    client.post(page("raised-answer", row.code), {"version": row.version, "answer": "confirmed"})
    client.logout()
    assert "Appel à projets" in text(client, page("raised"))
    (beside,) = portfolio(world.fund).raised
    assert [one.code for one in beside.resources] == [row.code]


def test_a_correction_by_a_party_waits_again_for_the_fund(world: Applying, client: Client) -> None:
    row = raised(world.alliance, world.fund, origin="receiver", answer="confirmed")
    client.force_login(world.partner)
    client.post(page("raised-edit", row.code), typed(eur="90 000", version=str(row.version)))
    row.refresh_from_db()
    assert (row.eur, row.answer) == (Decimal(90_000), AnswerChoices.NONE)


def test_an_officer_who_corrects_a_declaration_takes_it_up(world: Applying, client: Client) -> None:
    row = raised(world.alliance, world.fund, origin="receiver", answer="none")
    client.force_login(world.officer)
    assert "la reprend à son compte" in text(client, page("raised-edit", row.code))
    client.post(page("raised-edit", row.code), typed(version=str(row.version)))
    row.refresh_from_db()
    assert (row.origin, row.answer) == (OriginChoices.OFFICER, AnswerChoices.CONFIRMED)


def test_who_is_in_no_party_declares_nothing(world: Applying, client: Client) -> None:
    client.force_login(somebody("Zoé"))
    assert "vous n’agissez pour aucune" in text(client, page("raised-new"))
    assert client.post(page("raised-new"), typed()).status_code == 422
    assert not RaisedResource.objects.exists()
    row = raised(world.alliance, world.fund)
    for name in ("raised-edit", "raised-remove"):
        assert client.get(page(name, row.code)).status_code == 403
    answer = client.post(page("raised-answer", row.code), {"version": 1, "answer": "confirmed"})
    assert answer.status_code == 403


def test_a_party_neither_changes_nor_answers_for_the_fund(world: Applying, client: Client) -> None:
    row = raised(world.alliance, world.fund)
    client.force_login(world.partner)
    assert client.get(page("raised-edit", row.code)).status_code == 403
    own = raised(world.alliance, world.fund, origin="receiver", answer="none")
    answer = client.post(page("raised-answer", own.code), {"version": 1, "answer": "confirmed"})
    assert answer.status_code == 403


def test_a_party_of_another_alliance_sees_no_declaration(world: Applying, client: Client) -> None:
    row = raised(world.alliance, world.fund, origin="receiver", answer="none")
    client.force_login(
        somebody("Ailleurs", (Role.PARTY_MEMBER, "alliance:autre", world.town.stable_name))
    )
    assert client.get(row.get_absolute_url()).status_code == 404
    client.force_login(world.lead)
    assert client.get(row.get_absolute_url()).status_code == 200


def test_a_change_meanwhile_is_shown_and_nothing_typed_is_lost(
    world: Applying, client: Client
) -> None:
    row = raised(world.alliance, world.fund)
    client.force_login(world.officer)
    client.post(page("raised-edit", row.code), typed(version="1"))
    late = client.post(page("raised-edit", row.code), typed(version="1", eur="77 777"))
    assert late.status_code == 409
    assert "77 777" in late.text
    row.refresh_from_db()
    assert row.eur == Decimal("120000.50")


def test_a_removed_resource_counts_no_more_and_no_file_brings_it_back(
    world: Applying, client: Client
) -> None:
    row = raised(world.alliance, world.fund, origin="history", code="fonds_europeens")
    client.force_login(world.officer)
    bare = client.post(page("raised-remove", row.code), {"version": 1, "reason": " "})
    assert bare.status_code == 422
    client.post(page("raised-remove", row.code), {"version": 1, "reason": "Comptée deux fois."})
    assert portfolio(world.fund).raised == ()
    assert "Comptée deux fois." in text(client, row.get_absolute_url())
    record = RaisedRecord.model_validate({
        "code": row.code, "alliance": "marais", "eur": 5, "description": "d", "reading": "stated",
        "source": "s",
    })  # fmt: skip
    load_raised(
        fund=world.fund, records=[record], alliances={"marais": world.alliance.pk}, by=None, at=AT
    )
    row.refresh_from_db()
    assert row.removed_at is not None
    assert row.eur == Decimal(100_000)
    client.logout()
    assert client.get(row.get_absolute_url()).status_code == 404


def test_money_that_was_granted_is_compared_and_the_rest_is_shown(
    world: Applying, client: Client
) -> None:
    support(
        world.fund, lever="engineering_input", amount=Decimal(10_000),
        giver_id=world.fund.organisation_id, alliance_id=world.alliance.pk, receiver_id=None,
    )  # fmt: skip
    raised(world.alliance, world.fund, eur=Decimal(50_000))
    raised(world.alliance, world.fund, eur=Decimal(7_000), nature="in_kind")
    raised(world.alliance, world.fund, eur=Decimal(900_000), status="conditional")
    (beside,) = portfolio(world.fund).raised
    assert len(beside.resources) == 3
    assert beside.leverage is not None
    assert beside.leverage.raised.low == Decimal(50_000)
    assert beside.checks[0].base == Decimal(60_000)
    shown = text(client, page("portfolio"))
    assert "plus de 20,00 %" in shown
    assert "sous condition" in shown


def test_promises_alone_compare_nothing(world: Applying, client: Client) -> None:
    support(
        world.fund, lever="engineering_input", amount=Decimal(10_000),
        giver_id=world.fund.organisation_id, alliance_id=world.alliance.pk, receiver_id=None,
    )  # fmt: skip
    raised(world.alliance, world.fund, status="conditional")
    (beside,) = portfolio(world.fund).raised
    assert beside.leverage is None
    assert "Aucun argent accordé n’est connu" in text(client, page("portfolio"))


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"nature": "not_valued"}, "fund_raised_words_known"),
        ({"status": "hoped"}, "fund_raised_words_known"),
        ({"origin": "giver"}, "fund_raised_words_known"),
        ({"year": 1}, "fund_raised_year"),
        ({"answer": "none"}, "fund_raised_own_is_confirmed"),
        ({"source": ""}, "fund_raised_said"),
        ({"origin": "receiver", "answer": "disputed"}, "fund_raised_dispute_said"),
    ],
)
def test_the_database_refuses_what_cannot_be(
    world: Applying, changes: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        raised(world.alliance, world.fund, **changes)


def test_the_list_asks_a_constant_number_of_queries(
    world: Applying, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        raised(world.alliance, world.fund)
    client.force_login(world.officer)
    with django_assert_max_num_queries(14):
        client.get(page("raised"))
