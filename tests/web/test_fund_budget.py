"""The pages of the budget: what they show, what they write, what they refuse."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import openpyxl
import pytest
import time_machine
from django.urls import reverse
from tests.factories.fund import STRANDS, fund_with_strands, funded, post, posting
from tests.factories.people import somebody
from tests.factories.workplaces import FUND, organisation

from alliage.fund.money.ledger import PostingKind
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.audit.models import Event
from alliage_web.fund.models import EndowmentChoice, EndowmentStatement, Fund, Posting
from alliage_web.fund.queries import budget as budgets
from alliage_web.fund.queries import ledger as written

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
K = PostingKind
_HEADER = {"booked_on": "2026-11-20", "reason": "Décision du comité", "reference": "Relevé no 4"}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def _statement(fund: Fund, eur: int, stated_on: str) -> None:
    EndowmentStatement.objects.create(
        fund=fund, order=fund.endowment.count(), claim_fr=f"La dotation est de {eur} €.", eur=eur,
        stated_on=stated_on, status="declared", reading="stated", source="essai",
    )  # fmt: skip


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(somebody("Sacha", (Role.FUND_OFFICER, FUND)))
    return client


def _url(name: str, *arguments: Any) -> str:
    return reverse(f"fund:{name}", args=["fonds", *arguments])


def _send(client: Client, url: str, **data: Any) -> Any:
    return client.post(url, _HEADER | {"submission": str(uuid4())} | data)


def _errors(response: Any) -> str:
    assert response.status_code == 422
    form = response.context["form"]
    return (
        " ".join(str(error) for errors in form.errors.values() for error in errors)
        .replace("\N{NO-BREAK SPACE}", " ")
        .replace("\N{NARROW NO-BREAK SPACE}", " ")
    )


# Who may see and write.


@pytest.mark.parametrize(
    ("role", "sees", "writes"),
    [
        (Role.FUND_OFFICER, True, True),
        (Role.FUND_AUDITOR, True, False),
        (Role.COMMITTEE_MEMBER, True, False),
        (Role.REVIEWER, False, False),
        (Role.READER, False, False),
    ],
)
@pytest.mark.one_engine
def test_officers_write_and_those_who_decide_or_audit_see(
    client: Client, role: Role, sees: bool, writes: bool
) -> None:
    funded()
    client.force_login(somebody("Lou", (role, FUND)))
    assert client.get(_url("budget")).status_code == (200 if sees else 403)
    assert client.get(_url("ledger")).status_code == (200 if sees else 403)
    assert client.get(_url("operate", "allotment")).status_code == (200 if writes else 403)
    assert client.get(_url("close-year")).status_code == (200 if writes else 403)
    if sees:
        page = client.get(_url("budget")).content.decode()
        assert (_url("operate", "allotment") in page) is writes


def test_an_administrator_sees_and_does_not_write(client: Client) -> None:
    funded()
    client.force_login(somebody("Alix", (Role.ADMINISTRATOR, "platform")))
    assert client.get(_url("budget")).status_code == 200
    response = _send(client, _url("operate", "allotment"), amount="1", strand="x", year="2026")
    assert response.status_code == 403


def test_who_is_not_signed_in_is_led_to_sign_in(client: Client) -> None:
    funded()
    response = client.get(_url("budget"))
    assert response.status_code == 302
    assert "connexion" in response["Location"]


def test_an_unknown_fund_posting_or_operation_is_not_found(officer: Client) -> None:
    funded()
    for url in (
        reverse("fund:budget", args=["aucun"]),
        _url("posting", 99),
        _url("operate", "payment"),
        _url("declare", "1999"),
        _url("ledger-export", "pdf"),
    ):
        assert officer.get(url).status_code in {403, 404}
    assert officer.get(_url("posting", 99)).status_code == 404
    assert officer.get(_url("operate", "payment")).status_code == 404


# The endowment in force.


def test_no_statement_is_in_force_until_one_is_declared(officer: Client) -> None:
    fund = fund_with_strands()
    _statement(fund, 2000, "2020-11-23")
    _statement(fund, 1500, "2022")
    page = budgets.page_of(fund)
    assert page.coverage.in_force is None
    assert "n’est pas connu" in officer.get(_url("budget")).content.decode()
    _send(officer, _url("declare", "2022"), decided_by="Conseil du fonds")
    page = budgets.page_of(fund)
    assert page.waterfall.endowment == euros(1500)
    assert [line.is_in_force for line in page.statements] == [False, True]
    # Another one takes its place: they are never added.
    _send(officer, _url("declare", "2020-11-23"), decided_by="Conseil du fonds")
    page = budgets.page_of(fund)
    assert page.waterfall.endowment == page.coverage.in_force == euros(2000)
    assert [line.is_in_force for line in page.statements] == [True, False]
    assert EndowmentChoice.objects.count() == 2


def test_two_statements_of_one_date_are_two(officer: Client) -> None:
    fund = fund_with_strands()
    _statement(fund, 2000, "2022")
    _statement(fund, 1500, "2022")
    first, second = budgets.page_of(fund).statements
    assert first.code != second.code
    _send(officer, _url("declare", second.code), decided_by="Conseil du fonds")
    page = budgets.page_of(fund)
    assert page.waterfall.endowment == page.coverage.in_force == euros(1500)
    assert [line.is_in_force for line in page.statements] == [False, True]
    # The rows are loaded again from a file: what was declared is found by what it says.
    fund.endowment.all().delete()
    _statement(fund, 1500, "2022")
    _statement(fund, 2000, "2022")
    _statement(fund, 1800, "2022")
    page = budgets.page_of(fund)
    assert [line.is_in_force for line in page.statements] == [True, False, False]
    fund.endowment.filter(eur=1500).delete()
    page = budgets.page_of(fund)
    assert page.coverage.in_force == euros(1500)
    assert [line.is_in_force for line in page.statements] == [False, False]


def test_a_declaration_reversed_leaves_the_one_before_in_force(officer: Client) -> None:
    fund = fund_with_strands()
    _statement(fund, 2000, "2020-11-23")
    _statement(fund, 1500, "2022")
    for stated_on in ("2022", "2020-11-23"):
        _send(officer, _url("declare", stated_on), decided_by="Conseil du fonds")
    last = Posting.objects.latest("number")
    assert _send(officer, _url("reverse", last.number)).status_code == 302
    page = budgets.page_of(fund)
    assert page.waterfall.endowment == page.coverage.in_force == euros(1500)


def test_less_than_what_is_in_envelopes_cannot_be_put_in_force(officer: Client) -> None:
    fund = funded(900)
    _statement(fund, 800, "2022")
    said = _errors(_send(officer, _url("declare", "2022"), decided_by="Conseil du fonds"))
    assert "Au plus 100 € sont possibles" in said
    assert not EndowmentChoice.objects.exists()


def test_what_is_in_force_already_is_not_declared_again(officer: Client) -> None:
    fund = fund_with_strands()
    _statement(fund, 800, "2022")
    _send(officer, _url("declare", "2022"), decided_by="Conseil du fonds")
    said = _errors(_send(officer, _url("declare", "2022"), decided_by="Conseil du fonds"))
    assert "déjà" in said


def test_a_declaration_says_who_decided_and_why(officer: Client) -> None:
    _statement(fund_with_strands(), 800, "2022")
    response = _send(officer, _url("declare", "2022"), decided_by=" ", reason="")
    assert set(response.context["form"].errors) == {"decided_by", "reason"}


# Operations.


def test_contributions_are_promised_called_and_received(officer: Client) -> None:
    fund = fund_with_strands()
    donor = organisation("donateur")
    _send(officer, _url("operate", "promise"), organisation=donor.slug, amount="1 000,50")
    _send(officer, _url("operate", "call"), funder="donateur", amount="600")
    _send(officer, _url("operate", "receipt"), funder="donateur", amount="250,25")
    [line] = budgets.page_of(fund).funders
    assert (line.promised.eur, line.called.eur, line.received.eur) == (
        euros("1000.50"), euros(600), euros("250.25"),
    )  # fmt: skip
    said = _errors(_send(officer, _url("operate", "receipt"), funder="donateur", amount="400"))
    assert "Au plus 349,75 € sont possibles ; pour plus, appelez d’abord la contribution" in said


def test_a_transfer_is_decided_by_whom_the_library_says(officer: Client) -> None:
    fund = funded(100)
    between = {
        "strand": STRANDS[1], "year": 2026, "to_strand": STRANDS[0], "to_year": 2026,
        "amount": "40",
    }  # fmt: skip
    refused = _send(officer, _url("operate", "transfer"), decided_by="fund_officer", **between)
    assert "se décide en comité" in _errors(refused)
    assert "decided_by" in refused.context["form"].errors
    done = _send(officer, _url("operate", "transfer"), decided_by="committee", **between)
    assert done.status_code == 302
    lines = {strand.strand.code: strand.total for strand in budgets.page_of(fund).strands}
    assert lines[STRANDS[0]].available.eur == euros(40)
    assert lines[STRANDS[1]].available.eur == euros(60)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": "1000000"}, "Au plus 900 € sont possibles ; pour plus, augmentez la dotation"),
        ({"amount": "10,123"}, "plus de deux décimales"),
        ({"amount": "-5"}, "zéro"),
        ({"amount": "0"}, "au-dessus de zéro"),
        ({"amount": "douze"}, "n’est pas un montant"),
        ({"amount": ""}, ""),
        ({"booked_on": "2027-01-01"}, "n’est pas encore venue"),
        ({"reason": ""}, ""),
        ({"year": "12"}, ""),
        ({"strand": "inconnu"}, ""),
    ],
)
def test_a_refused_operation_keeps_what_was_typed(
    officer: Client, changed: dict[str, str], said: str
) -> None:
    funded(100)
    before = Posting.objects.count()
    typed = {"strand": STRANDS[0], "year": "2026", "amount": "50"} | changed
    response = _send(officer, _url("operate", "allotment"), **typed)
    assert said in _errors(response)
    assert set(response.context["form"].errors) == set(changed)
    assert Posting.objects.count() == before
    page = response.content.decode()
    for value in ({"reason": _HEADER["reason"]} | typed | changed).values():
        assert value == "" or value in page


def test_a_form_sent_twice_writes_once(officer: Client) -> None:
    funded(100)
    before = Posting.objects.count()
    data = {"submission": str(uuid4()), "strand": STRANDS[0], "year": "2026", "amount": "50"}
    for _twice in range(2):
        response = _send(officer, _url("operate", "allotment"), **data)
        assert response.status_code == 302
    assert Posting.objects.count() == before + 1
    assert Event.objects.filter(kind="ledger.posted", by__startswith="user:").count() == 1
    # The same form with another amount is not taken for the first one.
    changed = _send(officer, _url("operate", "allotment"), **data | {"amount": "60"})
    assert "déjà servi" in _errors(changed)
    assert Posting.objects.count() == before + 1


def test_an_operation_that_needs_what_is_not_there_says_so(officer: Client) -> None:
    fund = fund_with_strands()
    fund.funders.all().delete()
    page = officer.get(_url("operate", "call")).content.decode()
    assert "Enregistrez d’abord une promesse" in page
    assert '<form method="post" class="form"' not in page


# Closing a year.


def test_a_year_is_closed_and_what_it_held_carried_forward(officer: Client) -> None:
    fund = funded(100, year=2025)
    post(fund, posting(K.AWARD, 30, envelope=2025, file="dossier-1"))
    page = officer.get(_url("close-year"))
    assert [row[-1].replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " ") for row in
            page.context["carried"].rows] == ["70 €", "30 €"]  # fmt: skip
    unsure = _send(officer, _url("close-year"), year="2025")
    assert set(unsure.context["form"].errors) == {"understood"}
    assert _send(officer, _url("close-year"), year="2025", understood="on").status_code == 302
    assert written.closed_through(fund) == 2025
    strand = budgets.page_of(fund).strands[1]
    assert [(line.year, line.is_closed, line.allotted.eur) for line in strand.lines] == [
        (2025, True, euros(0)), (2026, False, euros(100)),
    ]  # fmt: skip
    late = _send(
        officer, _url("operate", "allotment"), strand=STRANDS[0], year="2026", amount="1",
        booked_on="2025-12-30",
    )  # fmt: skip
    assert "Datez l’écriture du 1 janvier 2026" in _errors(late).replace("1er", "1")
    closed = _send(
        officer, _url("operate", "allotment"), strand=STRANDS[1], year="2025", amount="1"
    )
    assert "Territoires 2025 est close : ce qu’elle gardait est dans Territoires 2026" in _errors(
        closed
    )


def test_a_year_that_is_not_over_stays_open(officer: Client) -> None:
    funded(100)
    said = _errors(_send(officer, _url("close-year"), year="2026", understood="on"))
    assert "L’année n’est pas finie" in said


# Every figure leads to its postings.


def _rich() -> Fund:
    fund = funded(500)
    post(
        fund,
        posting(K.ALLOTMENT, 200, envelope=(STRANDS[0], 2026)),
        posting(K.TRANSFER, 50, envelope=2026, to_envelope=(STRANDS[0], 2026)),
        posting(K.AWARD, 120, envelope=2026, file="a"),
        posting(K.COMMITMENT, 100, envelope=2026, file="a"),
        posting(K.PAYMENT, 60, envelope=2026, file="a"),
        posting(K.RETURN, 5, envelope=2026, file="a"),
        posting(K.PROMISE, 900, funder="mecene"),
        posting(K.PROMISE_DECREASE, 100, funder="mecene"),
        posting(K.CALL, 400, funder="mecene"),
        posting(K.RECEIPT, 300, funder="mecene"),
    )
    paid = posting(K.PAYMENT, 7, envelope=2026, file="a")
    post(fund, paid)
    from alliage_web.fund import actions

    actions.reverse(
        fund=fund, original=paid.key, key="undone", booked_on=dt.date(2026, 4, 1), reason="Erreur",
        by=None, at=NOW,
    )  # fmt: skip
    return fund


def test_every_figure_of_the_budget_leads_to_the_postings_that_make_it(officer: Client) -> None:
    page = budgets.page_of(_rich())
    figures = [page.unallotted, page.cash, *page.contributions]
    for line in [page.total, *(line for strand in page.strands for line in strand.lines)]:
        figures += [line.allotted, line.available, line.reserved, line.committed, line.paid]
    assert len({figure.eur for figure in figures}) > 10
    for figure in figures:
        listed = officer.get(figure.href).context
        assert listed["sum"] == figure.eur, figure.href
        effects = [effect for _posting, effect in listed["lines"]]
        assert sum(effects) == figure.eur, figure.href


def test_the_trial_balance_balances_and_leads_to_its_postings(officer: Client) -> None:
    _rich()
    registers = officer.get(_url("trial-balance")).context["registers"]
    assert all(register.debit == register.credit > 0 for register in registers)
    for register in registers:
        for line in register.lines:
            made = officer.get(line.href).context["sum"]
            assert abs(made) == line.debit + line.credit


def test_what_is_looked_for_and_means_nothing_is_left_out(officer: Client) -> None:
    _rich()
    count = Posting.objects.count()
    for query in ("?account=nothing", "?year=20x6", "?kind=&account=&file=", "?file=%00"):
        found = officer.get(_url("ledger") + query)
        assert found.status_code == 200
        assert found.context["page"].paginator.count == count
    assert officer.get(_url("ledger") + "?file=b").context["page"].paginator.count == 0


@pytest.mark.one_engine
def test_pages_take_as_many_queries_whatever_the_ledger_holds(
    officer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fund = _rich()
    for number in range(25):
        post(
            fund,
            posting(K.AWARD, 1, envelope=2026, file=f"dossier-{number}"),
            posting(K.COMMITMENT, 1, envelope=2026, file=f"dossier-{number}"),
        )
    for url, most in ((_url("budget"), 24), (_url("ledger") + "?account=available", 20)):
        officer.get(url)
        with django_assert_max_num_queries(most):
            officer.get(url)


# One posting.


def test_a_posting_shows_its_movements_its_author_and_its_reversal(officer: Client) -> None:
    funded(100)
    data = {"strand": STRANDS[0], "year": "2026", "amount": "50"}
    _send(officer, _url("operate", "allotment"), **data)
    number = Posting.objects.latest("number").number
    page = officer.get(_url("posting", number)).content.decode()
    assert "Sacha" in page
    assert "Hors enveloppe" in page
    assert _url("reverse", number) in page
    undone = _send(officer, _url("reverse", number), reason="Saisie deux fois")
    assert undone["Location"] == _url("posting", number + 1)
    page = officer.get(_url("posting", number)).content.decode()
    assert "annulée" in page
    assert _url("reverse", number) not in page
    again = _errors(_send(officer, _url("reverse", number)))
    assert "déjà annulée" in again


def test_what_was_used_since_cannot_be_undone_first(officer: Client) -> None:
    fund = funded(100)
    allotted = Posting.objects.latest("number").number
    post(fund, posting(K.AWARD, 80, envelope=2026, file="a"))
    said = _errors(_send(officer, _url("reverse", allotted)))
    assert "annulez-le d’abord" in said


def test_a_reversal_before_what_it_undoes_is_refused(officer: Client) -> None:
    funded(100)
    number = Posting.objects.latest("number").number
    said = _errors(_send(officer, _url("reverse", number), booked_on="2026-01-05"))
    assert "ne peut précéder" in said


def test_the_trail_of_the_fund_tells_of_its_postings(client: Client) -> None:
    funded(100)
    client.force_login(somebody("Claude", (Role.FUND_AUDITOR, FUND)))
    page = client.get(reverse("fund:trail", args=["fonds"])).content.decode()
    assert "Dotation d’une enveloppe" in page


# Files.


def test_the_ledger_is_exported_with_cells_that_no_spreadsheet_runs(officer: Client) -> None:
    fund = funded("100.50")
    post(fund, posting(K.AWARD, 30, envelope=2026, file="a", reason="=HYPERLINK(1)"))
    text = officer.get(_url("ledger-export", "csv")).content.decode("utf-8-sig")
    lines = text.splitlines()
    assert len(lines) == 1 + 3
    assert "100,50" in lines[2]
    assert not re.search(r"(^|;)\"?=HYPERLINK", text)
    content = officer.get(_url("ledger-export", "xlsx")).content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[2][13] == 100.5
    assert str(rows[3][3]) != "=HYPERLINK(1)"
    assert "HYPERLINK" in str(rows[3][3])


def test_an_export_holds_what_is_looked_for(officer: Client) -> None:
    _rich()
    url = _url("ledger-export", "csv")
    text = officer.get(url + "?kind=call").content.decode("utf-8-sig")
    assert len(text.splitlines()) == 2


def test_a_closing_is_exported_without_movements(officer: Client) -> None:
    fund = funded(100, year=2025)
    from alliage_web.fund import actions

    actions.close_year(
        fund=fund, year=2025, key="close", booked_on=dt.date(2026, 3, 5), reason="r", by=None,
        at=NOW,
    )  # fmt: skip
    text = officer.get(_url("ledger-export", "csv")).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 1 + Posting.objects.count()
