"""The book of supports: who writes what, what the database refuses, what the totals say."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from tests.factories.alliances import shipped, shipped_world
from tests.factories.fund import support, values
from tests.factories.people import somebody
from tests.factories.workplaces import alliance, organisation
from tests.factories.workplaces import fund as workplace

from alliage.fund.support.supports import SupportError, SupportProblem
from alliage_web.accounts.models import Role
from alliage_web.actors.models import Organisation
from alliage_web.alliances.actions import load_records
from alliage_web.alliances.models import Alliance, SupportAmount
from alliage_web.audit.models import Event
from alliage_web.audit.queries import history
from alliage_web.files.models import StoredFile
from alliage_web.fund.actions import supports as actions
from alliage_web.fund.models import (
    AnswerChoices,
    Fund,
    NatureChoices,
    OriginChoices,
    RaisedResource,
    Support,
)
from alliage_web.fund.queries import page_of
from alliage_web.fund.queries.portfolio import portfolio
from alliage_web.fund.queries.support_values import values_of
from alliage_web.fund.queries.supports import reciprocity_of, sums_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)
FUND = "fund:fonds"


@pytest.fixture
def fund() -> Fund:
    return workplace()


@pytest.fixture
def officer(fund: Fund) -> User:
    return somebody("Camille", (Role.FUND_OFFICER, fund.stable_name))


@pytest.fixture
def odd17() -> Fund:
    """The fund and the alliances that ship, with the history of what it gave."""
    shipped_world()
    for slug in ("le-rameau", "fondation-totalenergies"):
        if not Organisation.objects.filter(slug=slug).exists():
            organisation(slug)
    load_records(records=shipped(), by=None, at=AT)
    call_command("load_funds", verbosity=0)
    call_command("load_supports", verbosity=0)
    return Fund.objects.get(code="odd17")


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def shown(client: Client, name: str, *args: Any, **query: Any) -> str:
    return plain(client.get(reverse(name, args=args), query).content.decode())


# The history that ships.


def test_the_portfolios_hold_to_the_euro(odd17: Fund) -> None:
    found = portfolio(odd17)
    assert found.sums.totals.granted.cash == Decimal(42_000)
    assert found.sums.totals.conditional.cash == Decimal(10_000)
    assert found.sums.totals.granted.not_valued == 14
    by_code = {line.party.code: line.totals for line in found.alliances}
    assert {code: line.granted.cash for code, line in by_code.items()} == {
        "pemb_aet": Decimal(10_000),
        "ptce_vivre_les_mureaux": Decimal(17_000),
        "absr_romainville": Decimal(15_000),
    }
    assert by_code["ptce_vivre_les_mureaux"].conditional.cash == Decimal(10_000)
    shares = {one.statement.eur: one.share for one in found.shares}
    assert shares[Decimal(1_500_000)] == Decimal("0.028")
    assert shares[Decimal(2_000_000)] == Decimal("0.021")


def test_the_years_that_no_source_splits_stay_whole(odd17: Fund) -> None:
    years = portfolio(odd17).sums.years
    assert {year: one.granted.cash for year, one in years.years.items()} == {2021: Decimal(15_000)}
    assert years.not_split[2020, 2021].granted.cash == Decimal(17_000)
    assert years.not_split[2021, 2022].granted.cash == Decimal(10_000)
    assert years.undated.conditional.cash == Decimal(10_000)


def test_engineering_is_told_by_what_it_has_to_have_caused(odd17: Fund, client: Client) -> None:
    (beside,) = portfolio(odd17).raised
    assert beside.engineering == Decimal(17_000)
    assert beside.leverage is not None
    assert beside.leverage.break_even is not None
    assert f"{beside.leverage.break_even.low:.2%}" == "1.13%"
    assert [(one.rule.code, one.met) for one in beside.checks] == [
        ("one_percent", True),
        ("five_percent", False),
    ]
    text = shown(client, "fund:portfolio", "odd17")
    assert "elle rapporte plus qu’elle ne coûte si elle en a causé plus de 1,13 %" in text
    assert "58 850 €" in text


def test_the_book_and_the_pages_of_the_alliances_tell_the_same_money_once(odd17: Fund) -> None:
    found = portfolio(odd17)
    assert len(found.comparisons) == 4
    assert found.disagreements == ()
    page = page_of(odd17)
    assert (page.granted, page.conditional) == (Decimal(42_000), Decimal(10_000))


def test_a_page_that_parts_from_the_book_is_told(odd17: Fund, client: Client) -> None:
    alliance = Alliance.objects.get(code="absr_romainville")
    amount = SupportAmount.objects.get(support__alliance=alliance)
    amount.eur = Decimal(16_000)
    amount.save()
    (one,) = portfolio(odd17).disagreements
    assert (one.in_book, one.told) == (Decimal(15_000), Decimal(16_000))
    # The book is the truth: the total of the fund does not follow the page.
    assert page_of(odd17).granted == Decimal(42_000)
    assert "à vérifier" in shown(client, "fund:portfolio", "odd17")
    assert "ne s’accordent pas" in shown(client, "fund:detail", "odd17")


def test_every_figure_of_the_portfolio_leads_to_its_supports(odd17: Fund, client: Client) -> None:
    chosen = {"donneur": "fonds-odd17", "receveur": "alliance:ptce_vivre_les_mureaux"}
    text = shown(client, "fund:supports", odd17.code, **chosen)
    # The farm and the foundation are a part of the alliance.
    assert "La mission du cabinet RRI" in text
    assert "ferme urbaine" in text
    assert "Fiche" in text or "sheet_mureaux" in text
    assert "17 000 €" in text


@pytest.mark.one_engine
def test_the_pages_read_little(
    odd17: Fund, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for name in ("fund:supports", "fund:portfolio", "fund:reciprocity"):
        with django_assert_max_num_queries(20):
            client.get(reverse(name, args=[odd17.code]))


@pytest.mark.one_engine
def test_the_list_reads_as_much_for_many_lines(
    fund: Fund, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for rank in range(60):
        support(fund, description=f"Soutien {rank}")
    with django_assert_max_num_queries(12):
        text = shown(client, "fund:supports", fund.code)
    assert "60 soutiens" in text
    assert "page=2" in text


@pytest.mark.one_engine
def test_the_workbook_holds_every_support_and_no_zero_for_the_unknown(
    odd17: Fund, client: Client
) -> None:
    answer = client.get(reverse("fund:portfolio-file", args=[odd17.code]))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = list(book["soutiens"].iter_rows(values_only=True))
    assert len(rows) == 22
    amount = rows[0].index("Montant en euros")
    within = rows[0].index("Compris dans")
    assert len([row for row in rows[1:] if row[amount] is None]) == 14
    counted = [Decimal(str(row[amount])) for row in rows[1:] if row[amount] and not row[within]]
    assert sum(counted) == Decimal(52_000)


def test_a_second_load_writes_nothing_and_keeps_what_people_changed(odd17: Fund) -> None:
    row = Support.objects.get(code="romainville")
    officer = somebody("Camille", (Role.FUND_OFFICER, odd17.stable_name))
    actions.change_support(
        support=row,
        values=values_of(row),
        version=actions.version_of(row),
        origin=OriginChoices.OFFICER,
        by=officer,
        at=LATER,
    )
    events = Event.objects.count()
    said = io.StringIO()
    call_command("load_supports", stdout=said)
    assert "0 supports written" in said.getvalue()
    assert Event.objects.count() == events


def test_a_book_that_names_what_is_not_there_loads_nothing() -> None:
    with pytest.raises(CommandError, match=r"absr_romainville.*load-funds"):
        call_command("load_supports", verbosity=0)
    assert not Support.objects.exists()


# What the database refuses by itself.


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("fund_support_one_giver", {"giver": None}),
        ("fund_support_one_giver", {"giver_name": "Deux fois nommé"}),
        ("fund_support_receiver", {"receiver": None}),
        ("fund_support_receiver", {"receiver_name": "Deux fois nommé"}),
        ("fund_support_said", {"description": ""}),
        ("fund_support_said", {"code": ""}),
        ("fund_support_words_known", {"lever": "magic"}),
        ("fund_support_words_known", {"status": "maybe"}),
        ("fund_support_words_known", {"origin": "rumour"}),
        ("fund_support_words_known", {"giver_answer": "maybe"}),
        ("fund_support_dates", {"first": "21"}),
        ("fund_support_ends_after_it_began", {"first": ""}),
        ("fund_support_ends_after_it_began", {"last": "2020-12"}),
        ("fund_support_valued_as_its_nature", {"amount": None}),
        ("fund_support_valued_as_its_nature", {"amount": 0}),
        ("fund_support_valued_as_its_nature", {"nature": "in_kind"}),
        ("fund_support_valued_as_its_nature", {"nature": "time"}),
        ("fund_support_valued_as_its_nature", {"nature": "time", "hours": 3, "rate": 12}),
        ("fund_support_valued_as_its_nature", {"nature": "not_valued", "reason": "not_stated"}),
        ("fund_support_valued_as_its_nature", {"nature": "not_valued", "amount": None}),
        ("fund_support_valued_as_its_nature", {"nature": "gift"}),
        ("fund_support_valued_as_its_nature", {"method": "declared"}),
        ("fund_support_payment_period", {"paid_until": dt.date(2026, 1, 1)}),
    ],
)
def test_the_database_refuses_a_support_that_cannot_be(
    fund: Fund, constraint: str, changes: dict[str, Any]
) -> None:
    row = support(fund)
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


def test_the_database_refuses_a_support_to_oneself_or_in_itself(fund: Fund) -> None:
    row = support(fund)
    row.receiver_id = row.giver_id
    with pytest.raises(IntegrityError, match="fund_support_not_to_oneself"), transaction.atomic():
        row.save()
    row.refresh_from_db()
    row.part_of = row
    with pytest.raises(IntegrityError, match="fund_support_not_in_itself"), transaction.atomic():
        row.save()


def test_the_database_knows_a_code_once_in_a_book(fund: Fund) -> None:
    row = support(fund)
    row.pk, row.uuid = None, uuid.uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_the_database_refuses_raised_resources_of_nothing(fund: Fund) -> None:
    with pytest.raises(IntegrityError, match="fund_raised_positive"), transaction.atomic():
        RaisedResource.objects.create(
            fund=fund, code="a", alliance=alliance(), eur=0, description="d", reading="stated",
            source="s",
        )  # fmt: skip


# What the library refuses.


def test_the_amount_of_time_follows_from_the_hours_and_the_rate(fund: Fund) -> None:
    row = support(
        fund, nature="time", hours=Decimal("7.5"), rate=Decimal("12.02"), rate_source="décret"
    )
    assert row.amount == Decimal("90.15")
    split = sums_of([row]).totals.granted
    assert (split.time, split.hours, split.cash) == (Decimal("90.15"), Decimal("7.5"), Decimal(0))


def test_details_may_not_exceed_their_whole_nor_hold_details(fund: Fund) -> None:
    whole = support(fund)
    support(fund, amount=Decimal(6_000), part_of_id=whole.pk)
    with pytest.raises(SupportError) as refused:
        support(fund, amount=Decimal(4_001), part_of_id=whole.pk)
    assert refused.value.problem is SupportProblem.PARTS_EXCEED
    detail = support(fund, amount=Decimal(4_000), part_of_id=whole.pk)
    with pytest.raises(SupportError) as nested:
        support(fund, amount=Decimal(1), part_of_id=detail.pk)
    assert nested.value.problem is SupportProblem.NESTED
    assert Support.objects.count() == 3
    assert sums_of(Support.objects.all()).totals.granted.cash == Decimal(10_000)


def test_a_whole_may_not_shrink_below_its_details(fund: Fund) -> None:
    whole = support(fund)
    support(fund, amount=Decimal(6_000), part_of_id=whole.pk)
    with pytest.raises(SupportError):
        actions.change_support(
            support=whole,
            values=values(
                giver_id=whole.giver_id, receiver_id=whole.receiver_id, amount=Decimal(5_000)
            ),
            version=actions.version_of(whole),
            origin=OriginChoices.OFFICER,
            by=None,
            at=LATER,
        )
    whole.refresh_from_db()
    assert whole.amount == Decimal(10_000)


def test_a_detail_is_of_the_same_book(fund: Fund) -> None:
    other = Fund.objects.create(
        code="autre", name="Autre", organisation=fund.organisation, created_at=AT, updated_at=AT
    )
    elsewhere = support(other)
    with pytest.raises(SupportError) as refused:
        support(fund, amount=Decimal(1), part_of_id=elsewhere.pk)
    assert refused.value.problem is SupportProblem.UNKNOWN_WHOLE


# The pages of the book.


def typed(**more: Any) -> dict[str, Any]:
    return {
        "giver": "gestionnaire",
        "receiver": "beneficiaire",
        "lever": "networks",
        "description": "Dix mises en relation",
        "status": "granted",
        "reading": "stated",
        "first": "mars 2021",
        "last": "2021",
        "nature": "not_valued",
        "reason": "to_be_valued",
        "source": "entretien du 3 mars 2021",
        "de_minimis": "unknown",
        "submission": str(uuid.uuid4()),
        **more,
    }


def test_an_officer_writes_a_support_and_the_trail_keeps_it(
    fund: Fund, officer: User, client: Client
) -> None:
    organisation("beneficiaire")
    client.force_login(officer)
    answer = client.post(reverse("fund:support-new", args=[fund.code]), typed())
    row = Support.objects.get()
    assert answer.headers["Location"] == row.get_absolute_url()
    assert (row.first, row.last, row.origin) == ("2021-03", "2021", "officer")
    (line,) = history(row.stable_name)
    assert line.changes["giver"] == [None, "gestionnaire"]
    text = plain(client.get(row.get_absolute_url()).content.decode())
    assert "Soutien inscrit au livre" in text
    assert "Réseaux" in text
    assert "Soutien inscrit au livre" in shown(client, "fund:trail", fund.code)
    client.force_login(somebody("Alix", (Role.ADMINISTRATOR, "platform")))
    journal = plain(client.get(reverse("site:journal")).content.decode())
    assert row.get_absolute_url() in journal


def test_a_double_click_writes_one_support(fund: Fund, officer: User, client: Client) -> None:
    organisation("beneficiaire")
    client.force_login(officer)
    sent = typed()
    for _twice in range(2):
        client.post(reverse("fund:support-new", args=[fund.code]), sent)
    assert Support.objects.count() == 1


@pytest.mark.parametrize(
    ("typed_wrong", "said"),
    [
        ({"nature": "cash", "amount": ""}, "Écrivez le montant donné"),
        ({"nature": "in_kind", "amount": "300"}, "Dites comment ce montant est trouvé"),
        ({"nature": "time", "hours": "3", "first": "1999"}, "depuis 2020"),
        ({"nature": "time", "hours": "3", "rate": "20"}, "D’où vient ce taux"),
        ({"nature": "time", "hours": ""}, "nombre d’heures"),
        ({"nature": "not_valued", "reason": ""}, "pourquoi il n’a pas de montant"),
        ({"nature": ""}, "De quoi est fait ce soutien"),
        ({"giver": ""}, "Dites qui donne"),
        ({"receiver": ""}, "Dites qui reçoit"),
        ({"receiver": "gestionnaire"}, "La même organisation donne et reçoit"),
        ({"first": ""}, "écrivez aussi le début"),
        ({"first": "2022"}, "avant de commencer"),
        ({"receiver_name": "Autre"}, "laissez ce nom vide"),
        ({"paid_until": "2026-01-01"}, "écrivez aussi le premier jour"),
    ],
)
@pytest.mark.one_engine
def test_a_form_that_cannot_be_says_why_and_keeps_what_was_typed(
    fund: Fund, officer: User, client: Client, typed_wrong: dict[str, str], said: str
) -> None:
    organisation("beneficiaire")
    client.force_login(officer)
    answer = client.post(reverse("fund:support-new", args=[fund.code]), typed(**typed_wrong))
    assert answer.status_code == 422
    text = plain(answer.content.decode())
    assert said in text
    assert "Dix mises en relation" in text
    assert not Support.objects.exists()


def test_time_takes_the_minimum_wage_of_its_day_with_its_source(
    fund: Fund, officer: User, client: Client
) -> None:
    organisation("beneficiaire")
    client.force_login(officer)
    sent = typed(nature="time", hours="10", first="2022-03", last="2022-03")
    client.post(reverse("fund:support-new", args=[fund.code]), sent)
    row = Support.objects.get()
    assert (row.rate, row.amount) == (Decimal("10.57"), Decimal("105.70"))
    assert "2021-1741" in row.rate_source


def test_what_was_typed_for_another_nature_is_not_kept(
    fund: Fund, officer: User, client: Client
) -> None:
    organisation("beneficiaire")
    client.force_login(officer)
    sent = typed(nature="cash", amount="1 250,50", method="declared", hours="3")
    client.post(reverse("fund:support-new", args=[fund.code]), sent)
    row = Support.objects.get()
    assert (row.amount, row.method, row.hours, row.reason) == (Decimal("1250.50"), "", None, "")


def test_a_change_made_meanwhile_is_not_overwritten(
    fund: Fund, officer: User, client: Client
) -> None:
    row = support(fund)
    client.force_login(officer)
    address = reverse("fund:support-edit", args=[fund.code, row.uuid])
    version = actions.version_of(row)
    sent = typed(nature="cash", amount="9000", version=version, description="Plus petit")
    assert client.post(address, sent).status_code == 302
    late = client.post(address, {**sent, "description": "Trop tard"})
    assert late.status_code == 409
    text = plain(late.content.decode())
    assert "Trop tard" in text
    row.refresh_from_db()
    assert row.description == "Plus petit"


def test_the_form_of_a_support_gives_it_back_unchanged(
    fund: Fund, officer: User, client: Client
) -> None:
    row = support(fund, amount=Decimal("1234.50"), note="À savoir", de_minimis=True)
    client.force_login(officer)
    page = client.get(reverse("fund:support-edit", args=[fund.code, row.uuid]))
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    sent["de_minimis"] = "true"
    events = Event.objects.count()
    answer = client.post(reverse("fund:support-edit", args=[fund.code, row.uuid]), sent)
    assert answer.status_code == 302
    assert Event.objects.count() == events


# Who may what.


def member(of: str) -> User:
    return somebody("Robin", member_of=[f"organisation:{of}"])


def test_a_visitor_reads_the_book_and_writes_nothing(fund: Fund, client: Client) -> None:
    row = support(fund)
    assert "Une étude" in shown(client, "fund:supports", "fonds")
    assert client.get(row.get_absolute_url()).status_code == 200
    for name in ("fund:support-new", "fund:support-edit"):
        args = ["fonds"] if name.endswith("new") else ["fonds", row.uuid]
        assert client.get(reverse(name, args=args)).status_code == 302
    client.force_login(somebody("Alex"))
    address = reverse("fund:support-new", args=[fund.code])
    assert "vous n’êtes membre d’aucune" in plain(client.get(address).content.decode())
    assert client.post(address, typed()).status_code == 422
    assert Support.objects.count() == 1
    assert client.get(reverse("fund:support-edit", args=[fund.code, row.uuid])).status_code == 403


def test_a_member_declares_what_their_organisation_gives_and_nothing_else(
    fund: Fund, client: Client
) -> None:
    organisation("beneficiaire")
    organisation("acteur")
    client.force_login(member("acteur"))
    address = reverse("fund:support-new", args=[fund.code])
    assert client.post(address, typed()).status_code == 422
    assert client.post(address, typed(giver="acteur")).status_code == 302
    row = Support.objects.get()
    assert (row.origin, row.giver_answer) == (OriginChoices.GIVER, AnswerChoices.CONFIRMED)
    assert client.post(address, typed(receiver="acteur")).status_code == 302
    assert Support.objects.filter(origin=OriginChoices.RECEIVER).count() == 1


def test_what_one_side_declares_is_seen_by_the_sides_until_the_other_agrees(
    fund: Fund, officer: User, client: Client
) -> None:
    given = organisation("acteur")
    row = support(fund, origin="giver", giver_id=given.pk)
    assert client.get(row.get_absolute_url()).status_code == 404
    assert "Une étude" not in shown(client, "fund:supports", "fonds")
    client.force_login(officer)
    assert "Une étude" in shown(client, "fund:supports", "fonds")
    receiver = member("beneficiaire")
    client.force_login(receiver)
    page = client.get(row.get_absolute_url())
    assert "n’est pas public" in plain(page.content.decode())
    sent = {"side": "receiver", "answer": "confirmed", "version": actions.version_of(row)}
    assert (
        client.post(reverse("fund:support-answer", args=[fund.code, row.uuid]), sent).status_code
        == 302
    )
    client.logout()
    assert client.get(row.get_absolute_url()).status_code == 200
    assert history(row.stable_name)[0].changes == {"receiver_answer": ["none", "confirmed"]}


def test_a_side_disputes_with_its_reason_and_the_other_cannot_answer_for_it(
    fund: Fund, client: Client
) -> None:
    row = support(fund)
    client.force_login(member("beneficiaire"))
    address = reverse("fund:support-answer", args=[fund.code, row.uuid])
    sent = {"side": "receiver", "answer": "disputed", "version": actions.version_of(row)}
    assert client.post(address, sent).status_code == 422
    assert client.post(address, {**sent, "side": "giver"}).status_code == 403
    assert client.post(address, {**sent, "remark": "C’était 8 000 €."}).status_code == 302
    assert "contesté" in shown(client, "fund:supports", "fonds")
    row.refresh_from_db()
    late = client.post(address, {**sent, "answer": "confirmed"})
    assert late.status_code == 409
    row.refresh_from_db()
    assert row.receiver_answer == AnswerChoices.DISPUTED


def test_a_change_asks_both_sides_again(fund: Fund) -> None:
    given = organisation("acteur")
    row = support(fund, origin="giver", giver_id=given.pk)
    actions.answer_support(
        support=row, side="receiver", answer=AnswerChoices.CONFIRMED, remark="",
        version=actions.version_of(row), by=member("beneficiaire"), at=AT,
    )  # fmt: skip
    row.refresh_from_db()
    actions.change_support(
        support=row,
        values=values(giver_id=given.pk, receiver_id=row.receiver_id, amount=Decimal(9)),
        version=actions.version_of(row),
        origin=OriginChoices.GIVER,
        by=None,
        at=LATER,
    )
    row.refresh_from_db()
    assert (row.giver_answer, row.receiver_answer) == ("confirmed", "none")


def test_a_fund_that_changes_what_a_side_declared_takes_it_up(
    fund: Fund, officer: User, client: Client
) -> None:
    given = organisation("acteur")
    row = support(fund, origin="giver", giver_id=given.pk)
    client.force_login(officer)
    address = reverse("fund:support-edit", args=[fund.code, row.uuid])
    assert "devient public" in plain(client.get(address).content.decode())
    sent = typed(giver="acteur", version=actions.version_of(row))
    client.post(address, sent)
    client.logout()
    assert client.get(row.get_absolute_url()).status_code == 200


def test_those_who_act_for_a_party_of_an_alliance_speak_for_it(fund: Fund) -> None:
    party = organisation("acteur")
    person = somebody("Lou", (Role.PARTY_MEMBER, "alliance:alliance", "organisation:acteur"))
    assert person.has_perm("fund.tell_supports", party)
    assert not person.has_perm("fund.tell_supports", fund.organisation)


@pytest.mark.parametrize(
    ("role", "writes"),
    [
        (Role.FUND_OFFICER, True),
        (Role.FUND_AUDITOR, False),
        (Role.REVIEWER, False),
        (Role.COMMITTEE_MEMBER, False),
    ],
)
def test_only_officers_keep_the_book(fund: Fund, role: Role, writes: bool) -> None:
    person = somebody("Alex", (role, FUND))
    assert person.has_perm("fund.write_supports", fund) is writes


# Who gave what to whom.


def test_reciprocity_is_told_both_ways_without_mixing_natures(fund: Fund, client: Client) -> None:
    first = support(fund)
    assert first.receiver_id is not None
    support(
        fund, giver_id=first.receiver_id, receiver_id=fund.organisation_id, nature="in_kind",
        amount=Decimal(300), method="market_price", description="Une salle",
    )  # fmt: skip
    table = reciprocity_of(Support.objects.select_related("giver", "receiver", "alliance"))
    (exchange,) = table.exchanges
    assert exchange.first.code == "beneficiaire"
    assert exchange.pair.given.in_kind == Decimal(300)
    assert exchange.pair.received.cash == Decimal(10_000)
    text = shown(client, "fund:reciprocity", "fonds")
    assert "300 €" in text
    assert "10 300" not in text


def test_an_organisation_and_an_alliance_show_what_they_gave_and_received(
    fund: Fund, client: Client
) -> None:
    party = organisation("acteur")
    made = alliance(party=party)
    support(fund, alliance_id=made.pk, receiver_id=party.pk, description="Un chèque")
    for page in (party, made, fund.organisation):
        assert "Un chèque" in plain(client.get(page.get_absolute_url()).content.decode())


def test_a_year_keeps_what_may_have_been_given_that_year(fund: Fund, client: Client) -> None:
    support(fund, description="Sur deux ans", first="2020", last="2021")
    support(fund, description="Depuis lors", first="2019-06", last="")
    support(fund, description="Sans date", first="", last="")
    text = shown(client, "fund:supports", "fonds", annee="2021")
    assert "Sur deux ans" in text
    assert "Depuis lors" in text
    assert "Sans date" not in text


def test_a_side_that_the_directory_does_not_have_keeps_its_name(fund: Fund, client: Client) -> None:
    support(fund, giver_id=None, giver_name="Fondation inconnue", description="Un don")
    text = shown(client, "fund:supports", "fonds", donneur="~Fondation inconnue")
    assert "Fondation inconnue" in text
    assert "Un don" in text


def test_a_giver_that_a_file_named_may_be_found_in_the_directory_later(
    fund: Fund, officer: User, client: Client
) -> None:
    row = support(fund, giver_id=None, giver_name="Fondation inconnue", giver_identifier="GB-1")
    client.force_login(officer)
    address = reverse("fund:support-edit", args=[fund.code, row.uuid])
    sent = typed(version=actions.version_of(row), giver="", giver_name="Fondation inconnue")
    assert client.post(address, sent).status_code == 302
    row.refresh_from_db()
    assert (row.giver, row.giver_identifier) == (None, "GB-1")
    sent = typed(version=actions.version_of(row))
    assert client.post(address, sent).status_code == 302
    row.refresh_from_db()
    assert (row.giver, row.giver_identifier) == (fund.organisation, "")


def test_the_document_of_a_support_is_for_those_who_see_the_workspace(
    fund: Fund, officer: User, client: Client
) -> None:
    organisation("beneficiaire")
    file = StoredFile.objects.create(
        place=fund.stable_name, name="lettre.pdf", media_type="application/pdf", size=4,
        sha256="0" * 64, added_at=AT,
    )  # fmt: skip
    elsewhere = StoredFile.objects.create(
        place="fund:autre", name="autre.pdf", media_type="application/pdf", size=4,
        sha256="0" * 64, added_at=AT,
    )  # fmt: skip
    client.force_login(officer)
    address = reverse("fund:support-new", args=[fund.code])
    assert client.post(address, typed(document=str(elsewhere.uuid))).status_code == 422
    client.post(address, typed(document=str(file.uuid)))
    row = Support.objects.get()
    assert row.document == file
    assert "lettre.pdf" in client.get(row.get_absolute_url()).content.decode()
    client.logout()
    assert "lettre.pdf" not in client.get(row.get_absolute_url()).content.decode()


def test_natures_of_the_model_are_those_of_the_library() -> None:
    assert set(NatureChoices.values) == {"cash", "in_kind", "time", "not_valued"}
