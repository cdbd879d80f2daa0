"""Repayable advances: the public simulation, and the life of one advance."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import fund as made
from tests.factories.people import SINCE, somebody

from alliage.fund.money.advances import AdvanceError, Fact, Outcome
from alliage.fund.money.ledger import AccountCode, PostingRefused
from alliage.fund.states import AdvanceState, Guard, GuardNotMet
from alliage.values.french import NARROW, NO_BREAK
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.fund.actions import advances
from alliage_web.fund.actions.agreements import InstalmentValues, OneInstalmentError
from alliage_web.fund.models import AdvanceStatement, RepaymentKind, RunningBalance
from alliage_web.fund.queries import advances as queries
from alliage_web.fund.queries import ledger as books

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund, RepayableAdvance

pytestmark = pytest.mark.django_db
SIMULATION = "/fonds/avances/simuler/"


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode().replace(NARROW, " ").replace(NO_BREAK, " ")


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "told",
    [
        *("63 %", ">2,70<", ">90,1<", "33,3 si le même argent était donné", ">1,5<", "370 k€"),
        *(">81,1<", "11,1 k€", "366,3 k€", "152 k€", "630 k€"),
        "83,2 k€ si les missions n’étaient pas liées",
    ],
)
def test_the_example_shows_the_values_that_were_published(client: Client, told: str) -> None:
    assert reverse("fund:advances-simulation") == SIMULATION
    assert told in text_of(client, SIMULATION)


def test_the_address_carries_the_assumptions(client: Client) -> None:
    shown = text_of(client, f"{SIMULATION}?success=100&repaid=50&capital=90+000&icc=0")
    assert 'value="90 000"' in shown
    assert ">2,00<" in shown  # Half comes back: each euro is lent twice.
    assert "success=100&amp;repaid=50" in shown


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("success=100&repaid=100", "l’argent tournerait sans fin"),
        ("advance=2000000", "Une avance de 2000000.00 € ne se prend pas"),
        ("capital=1,234", "plus de deux décimales"),
        ("capital=beaucoup", "n’est pas un montant"),
        ("success=120", "100"),
        ("lag=deux", "nombre entier"),
        ("fresh_money=-5", "zéro ou plus"),
    ],
)
def test_impossible_assumptions_say_what_is_possible(client: Client, query: str, told: str) -> None:
    shown = text_of(client, f"{SIMULATION}?{query}")
    assert "Ces hypothèses sont à corriger" in shown
    assert told in shown
    assert "Perte moyenne" not in shown


def test_a_portfolio_too_large_for_the_distribution_is_said(client: Client) -> None:
    shown = text_of(client, f"{SIMULATION}?advance=100")
    assert "jusqu’à 1 000 avances" in shown
    assert "Missions au long cours" in shown


def test_yearly_money_leaves_the_long_run_unknown(client: Client) -> None:
    shown = text_of(client, f"{SIMULATION}?fresh_money=37000&overhead=1")
    assert "non connu" in shown
    assert "Missions par an pour toujours" in shown


# ── One advance ──────────────────────────────────────────────────────────────────────────────────

PAID = made.BOOKED
DECLARED = dt.date(2026, 9, 1)
CHECKED = dt.date(2027, 9, 1)


@pytest.fixture
def fund() -> Fund:
    return made.funded(100)


@pytest.fixture
def officer() -> User:
    return somebody("Officer")


@pytest.fixture
def other() -> User:
    return somebody("Other")


@pytest.fixture
def advance(fund: Fund, officer: User, other: User) -> RepayableAdvance:
    """Write an advance of 60 euros that was paid."""
    agreement = made.agreement(fund, officer, kind="advance", said=made.terms(60, criteria="Dix."))
    made.paid(made.signed(agreement, officer), 60, officer, other)
    return fresh(agreement.advance)


def fresh(advance: RepayableAdvance) -> RepayableAdvance:
    advance.refresh_from_db()
    return advance


def state(advance: RepayableAdvance, fact: Fact, by: User, *, yes: bool = True, **more: Any) -> Any:
    told = {"on": DECLARED, "evidence": "Courrier"}
    found = advances.state_fact(
        advance=advance, fact=fact, yes=yes, by=by, at=SINCE, **{**told, **more}
    )
    advance.refresh_from_db()
    return found


def declare(advance: RepayableAdvance, by: User, other: User, *answers: bool) -> None:
    for fact, yes, who in zip(
        (Fact.ROADMAP, Fact.HOLDER_DECLARATION, Fact.FUND_DECLARATION), answers,
        (other, other, by), strict=True,
    ):  # fmt: skip
        state(advance, fact, who, yes=yes)


def balance(fund: Fund, code: AccountCode) -> Any:
    return sum(row.eur for row in RunningBalance.objects.filter(fund=fund, code=code.value))


def test_an_advance_that_succeeds_is_checked_asked_and_repaid_to_the_cent(
    fund: Fund, officer: User, other: User, advance: RepayableAdvance
) -> None:
    assert advance.state == AdvanceState.ROADMAP_TO_APPROVE
    declare(advance, officer, other, True, True, True)
    assert advance.state == AdvanceState.SUCCESS_DECLARED
    with pytest.raises(AdvanceError) as refusal:
        state(advance, Fact.CHECK, officer, on=CHECKED - dt.timedelta(days=1))
    assert refusal.value.values["earliest"] == str(CHECKED)
    assert state(advance, Fact.CHECK, officer, on=CHECKED).outcome is Outcome.DUE
    advances.ask_repayment(
        advance=advance, instalments=7, first_on=CHECKED, every_months=3, by=officer, at=SINCE
    )
    back: dict[str, Any] = {"advance": advance, "on": CHECKED, "reason": "Relevé", "at": SINCE}
    advances.record_repayment(amount=euros("8.58"), by=officer, **back)
    standing = queries.page_of_advance(fresh(advance), CHECKED).standing
    assert standing is not None
    assert (standing.called, standing.overdue, standing.left) == (
        *(euros("8.58"), euros("0.00"), euros("51.42")),
    )
    with pytest.raises(PostingRefused) as too_much:
        advances.record_repayment(amount=euros("51.43"), by=officer, **back)
    assert too_much.value.values["possible"] == euros("51.42")
    advances.record_repayment(amount=euros("51.42"), by=officer, **back)
    assert fresh(advance).state == AdvanceState.REPAID
    # What came back may be allotted again.
    assert balance(fund, AccountCode.RECYCLED) == 60
    assert books.verify(fund).is_right


def test_an_advance_whose_failure_both_declare_is_not_due(
    fund: Fund, officer: User, other: User, advance: RepayableAdvance
) -> None:
    declare(advance, officer, other, True, False, False)
    told: dict[str, Any] = {"advance": advance, "on": DECLARED, "by": officer, "at": SINCE}
    with pytest.raises(GuardNotMet) as refusal:
        advances.record_failure(reason=" ", **told)
    assert refusal.value.missing == (Guard.REASON_WRITTEN,)
    advances.record_failure(reason="Échec", **told)
    assert fresh(advance).state == AdvanceState.WAIVED
    assert (balance(fund, AccountCode.WAIVED), balance(fund, AccountCode.ADVANCES)) == (60, 0)


def test_one_side_alone_cannot_make_an_advance_due(
    officer: User, other: User, advance: RepayableAdvance
) -> None:
    state(advance, Fact.ROADMAP, other)
    state(advance, Fact.HOLDER_DECLARATION, other)
    with pytest.raises(advances.SamePersonDeclaresError):
        state(advance, Fact.FUND_DECLARATION, other)
    with pytest.raises(advances.FactNotExpectedError) as refusal:
        state(advance, Fact.CHECK, officer, on=CHECKED)
    assert refusal.value.expected == (Fact.FUND_DECLARATION,)
    with pytest.raises(advances.FactKnownError):
        state(advance, Fact.ROADMAP, other, yes=False)


@pytest.mark.parametrize(("ruled", "outcome"), [(True, Outcome.DUE), (False, Outcome.WAIVED)])
def test_the_committee_settles_a_dispute(
    officer: User, other: User, advance: RepayableAdvance, ruled: bool, outcome: Outcome
) -> None:
    declare(advance, officer, other, True, False, True)
    assert queries.page_of_advance(advance, DECLARED).missing == (Fact.RULING,)
    assert state(advance, Fact.RULING, officer, yes=ruled).outcome is outcome
    assert advance.state == (AdvanceState.CHECKED if ruled else AdvanceState.ROADMAP_APPROVED)


def test_what_is_due_may_be_written_off_by_the_committee_only(
    fund: Fund, officer: User, other: User, advance: RepayableAdvance
) -> None:
    declare(advance, officer, other, True, True, True)
    state(advance, Fact.CHECK, officer, on=CHECKED)
    advances.ask_repayment(
        advance=advance, instalments=1, first_on=CHECKED, every_months=1, by=officer, at=SINCE
    )
    loss: dict[str, Any] = {"advance": advance, "kind": RepaymentKind.WRITE_OFF, "on": CHECKED}
    with pytest.raises(GuardNotMet):
        advances.give_up_repayment(
            reason="Liquidation", committee=False, by=officer, at=SINCE, **loss
        )
    advances.give_up_repayment(reason="Liquidation", committee=True, by=officer, at=SINCE, **loss)
    assert fresh(advance).state == AdvanceState.WRITTEN_OFF
    assert balance(fund, AccountCode.WRITTEN_OFF) == 60


def test_an_advance_is_paid_at_once(fund: Fund, officer: User) -> None:
    parts = [
        InstalmentValues("A", euros(30), due_on=PAID),
        InstalmentValues("B", euros(30), due_on=PAID),
    ]
    with pytest.raises(OneInstalmentError):
        made.agreement(fund, officer, kind="advance", said=made.terms(60, *parts))


def test_a_statement_is_written_once_in_the_database_too(
    other: User, advance: RepayableAdvance
) -> None:
    state(advance, Fact.ROADMAP, other)
    rows = AdvanceStatement.objects.filter(advance=advance, fact=Fact.ROADMAP)
    for change in (lambda: rows.update(yes=False), rows.delete):
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            change()


def test_the_index_of_a_fund_comes_with_its_two_counts(
    fund: Fund, officer: User, other: User, advance: RepayableAdvance
) -> None:
    declare(advance, officer, other, True, True, True)
    found = queries.advances_of(fund)
    assert [found.lent, found.repaid, found.outstanding] == [euros(60), euros(0), euros(60)]
    assert found.index.value is None
    assert (found.index.declared.missions, found.index.audited.missions) == (1, 0)
    state(advance, Fact.CHECK, officer, yes=False, on=CHECKED)
    assert queries.advances_of(fund).index.audited.successes == 0


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_an_advance_leads_each_side_to_what_it_waits_for(
    client: Client, advance: RepayableAdvance
) -> None:
    here = f"{advance.agreement.get_absolute_url()}avance/"
    client.force_login(somebody("Holder", member_of=["organisation:porteur"]))
    page = text_of(client, here)
    assert "déclaration du porteur</a>" in page
    assert "déclaration du fonds</a>" not in page
    told = {"answer": "yes", "on": "2026-09-01", "evidence": "Courrier", "submission": ""}
    assert client.post(f"{here}faits/roadmap/", told).status_code == 302
    assert client.post(f"{here}faits/holder_declaration/", told).status_code == 302
    assert client.post(f"{here}faits/fund_declaration/", told).status_code == 403
    assert client.post(f"{here}schedule/", {}).status_code == 403
    client.force_login(somebody("Manager", (Role.FUND_OFFICER, "fund:fonds")))
    early = client.post(f"{here}faits/check/", told)
    assert early.status_code == 422
    assert "L’avance attend d’abord : déclaration du fonds." in early.content.decode()
    assert client.post(f"{here}faits/fund_declaration/", told).status_code == 302
    assert "Vérification possible à partir du 1er septembre 2027" in text_of(client, here)
    early = client.post(f"{here}faits/check/", told)
    assert "au plus tôt le 1er septembre 2027" in early.content.decode().replace(NO_BREAK, " ")
    listed = text_of(client, "/fonds/fonds/avances/")
    assert "Déclaré des deux côtés : 1 sur 1. Vérifié à douze mois : 0 sur 0." in listed
    assert "n’est pas connu" in listed


def test_the_end_of_an_advance_is_written_from_its_page(
    client: Client, officer: User, other: User, advance: RepayableAdvance
) -> None:
    declare(advance, officer, other, True, True, True)
    state(advance, Fact.CHECK, officer, on=CHECKED)
    here = f"{advance.agreement.get_absolute_url()}avance/"
    client.force_login(somebody("Manager", (Role.FUND_OFFICER, "fund:fonds")))
    schedule = {"instalments": "2", "first_on": "2027-10-01", "every_months": "6"}
    assert client.post(f"{here}schedule/", schedule).status_code == 302
    assert "1er avril 2028" in text_of(client, here)
    too_much = {"amount": "61", "on": "2026-10-01", "reason": "Relevé", "submission": ""}
    refused = client.post(f"{here}repayment/", too_much)
    assert refused.status_code == 422
    assert "Au plus 60 € sont possibles" in refused.content.decode().replace(NO_BREAK, " ").replace(
        NARROW, " "
    )
    loss = {"kind": "write_off", "on": "2026-10-01", "reason": "Liquidation", "submission": ""}
    refused = client.post(f"{here}give-up/", loss)
    assert "le quorum est atteint" in refused.content.decode()
    assert client.post(f"{here}give-up/", {**loss, "committee": "on"}).status_code == 302
    assert fresh(advance).state == AdvanceState.WRITTEN_OFF


@pytest.mark.one_engine
def test_the_advances_of_a_fund_take_the_same_queries_whatever_their_number(
    client: Client, fund: Fund, officer: User, other: User
) -> None:
    client.force_login(somebody("Auditor", (Role.FUND_AUDITOR, "fund:fonds")))
    counts = []
    for _more in (1, 4):
        for _each in range(_more):
            said = made.terms(10, criteria="Dix.")
            agreement = made.agreement(fund, officer, kind="advance", said=said)
            made.paid(made.signed(agreement, officer), 10, officer, other)
        with CaptureQueriesContext(connection) as queried:
            assert client.get("/fonds/fonds/avances/").status_code == 200
        counts.append(len(queried))
    assert counts[0] == counts[1]
