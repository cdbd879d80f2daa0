"""Money that comes back: whatever ends a file, nothing stays reserved and nothing is lost."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from tests.factories import fund as made
from tests.factories.instruction import AT, Instructed, before_committee, instructed, meeting
from tests.factories.people import somebody

from alliage.fund.instruction.committee import DecisionKind, Motion
from alliage.fund.money.instalments import ReturnCause
from alliage.fund.states import ApplicationState, Guard, GuardNotMet, TransitionNotAllowed
from alliage.values.money import ZERO, euros
from alliage_web.accounts.models import Role
from alliage_web.audit.models import Event
from alliage_web.fund.actions import agreements, applications, committee, instalments
from alliage_web.fund.actions.agreement_supports import follow_agreement, support_of
from alliage_web.fund.actions.application_handling import decide, set_signature_date
from alliage_web.fund.models import AgendaItem, Agreement, Support
from alliage_web.fund.queries import ledger as books
from alliage_web.fund.queries.closing import final_account
from alliage_web.fund.queries.portfolio import portfolio

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Application, Fund

pytestmark = pytest.mark.django_db
AWARDED = Decimal(5000)
WHOLE = Decimal(20_000)
DAY = dt.date(2026, 3, 20)


@pytest.fixture(scope="module")
def rows(written_once: None) -> Instructed:  # noqa: ARG001 - keeps the rows for all the tests
    found = instructed()
    before_committee(found)
    return found


@pytest.fixture
def world(rows: Instructed) -> Instructed:
    return deepcopy(rows)


def _accept(world: Instructed, *, documents: bool = False) -> Application:
    motion = Motion(DecisionKind.ACCEPT, "Le besoin est établi.", AWARDED, ())
    if documents:
        motion = Motion(
            DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS, "Le besoin est établi.", AWARDED, (),
            ("Les statuts",), dt.date(2026, 4, 30),
        )  # fmt: skip
    held = meeting(world)
    committee.take_decision(
        item=AgendaItem.objects.select_related("meeting__fund", "application").get(meeting=held),
        motion=motion, votes={one.pk: "for" for one in world.members}, presiding=None, year=2026,
        legal_note="Constaté.", by=world.officer, at=AT,
    )  # fmt: skip
    world.application.refresh_from_db()
    return world.application


def _agreement(world: Instructed, amount: Any = 5000, **more: Any) -> Agreement:
    application = world.application
    strand = application.call.strand
    assert strand is not None
    return agreements.prepare(
        fund=world.world.fund, kind="grant", strand=strand, year=2026,
        parties=agreements.Parties(
            payer=world.world.fund.organisation, receiver=world.world.club,
            payer_kind="private_fund", receiver_kind="association",
            facts={"granted_before_cents": 0, "general_interest": True,
                   "public_resources": False, "economic_activity": False, **more},
        ),
        terms=_terms(amount), application=application, by=world.officer, at=AT,
    )  # fmt: skip


def _terms(amount: Any) -> agreements.TermsValues:
    first = agreements.InstalmentValues("Versement", euros(amount), due_on=DAY, code="t1")
    return agreements.TermsValues("Une étude.", euros(amount), (first,))


def _sign(agreement: Agreement, by: User) -> None:
    agreements.send_for_signature(agreement=agreement, by=by, at=AT, on=DAY)
    for party in ("payer", "receiver"):
        values = agreements.SignatureValues(party, "Alex", "", DAY, uuid4(), "0" * 64)
        agreements.sign(agreement=agreement, values=values, by=by, at=AT)
    agreement.refresh_from_db()


def _amend(agreement: Agreement, amount: Any, by: User) -> None:
    agreements.write_terms(
        agreement=agreement, terms=_terms(amount), by=by, at=AT, reason="Un avenant"
    )
    _sign(agreement, by)


def _pay(agreement: Agreement, amount: Any, orderer: User, payer: User) -> None:
    order = instalments.order_payment(
        agreement=agreement, instalment="t1", amount=euros(amount), execute_on=DAY, reason="T1",
        bank_details_checked=True, by=orderer, at=AT,
    )  # fmt: skip
    instalments.confirm_payment(order=order, amount=euros(amount), paid_on=DAY, by=payer, at=AT)


def _payer(world: Instructed) -> User:
    return somebody("Payer", (Role.FUND_OFFICER, world.world.fund.stable_name))


def _end(agreement: Agreement, verb: str, by: User) -> None:
    made.final_report_settled(agreement)
    agreements.decide(
        agreement=agreement, verb=verb, reason="Motif", by=by, at=AT, on=DAY, notice_given_on=DAY
    )
    agreement.refresh_from_db()


def _whole(fund: Fund) -> Decimal:
    found: Decimal = sum(made.money_of(fund).values(), ZERO)
    return found


# ── Files that die ───────────────────────────────────────────────────────────────────────────────


def test_a_withdrawn_application_gives_its_award_back(world: Instructed) -> None:
    application, fund = _accept(world), world.world.fund
    assert made.money_of(fund)["reserved"] == AWARDED
    applications.withdraw(application=application, reason="", by=world.world.lead, at=AT)
    assert made.money_of(fund) == {
        "available": WHOLE, "reserved": ZERO, "committed": ZERO, "paid": ZERO
    }  # fmt: skip
    assert books.verify(fund).is_right


def test_the_agreement_that_nobody_signed_dies_with_its_application(world: Instructed) -> None:
    application = _accept(world)
    agreement = _agreement(world)
    agreements.send_for_signature(agreement=agreement, by=world.officer, at=AT, on=DAY)
    applications.withdraw(application=application, reason="", by=world.world.lead, at=AT)
    agreement.refresh_from_db()
    assert agreement.state == "abandoned"
    assert application.reference in agreement.reason
    assert made.money_of(world.world.fund)["reserved"] == ZERO


def test_an_application_with_a_signed_agreement_is_not_withdrawn(world: Instructed) -> None:
    application = _accept(world)
    _sign(_agreement(world), world.officer)
    with pytest.raises(GuardNotMet) as refusal:
        applications.withdraw(application=application, reason="", by=world.world.lead, at=AT)
    assert refusal.value.missing == (Guard.NO_SIGNED_AGREEMENT,)
    assert made.money_of(world.world.fund)["committed"] == AWARDED


def test_what_was_accepted_lapses_after_its_date_to_sign_and_not_before(world: Instructed) -> None:
    application, fund = _accept(world), world.world.fund
    last = dt.date(2026, 6, 30)
    with pytest.raises(GuardNotMet) as refusal:
        decide(application=application, verb="lapse", by=None, at=AT)
    assert refusal.value.missing == (Guard.SIGNATURE_DATE_PASSED,)
    set_signature_date(application=application, sign_by=last, by=world.officer, at=AT)
    on_the_day = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
    with pytest.raises(GuardNotMet):
        decide(application=application, verb="lapse", by=None, at=on_the_day)
    decide(application=application, verb="lapse", by=None, at=on_the_day + dt.timedelta(days=1))
    application.refresh_from_db()
    assert application.state == ApplicationState.LAPSED
    assert made.money_of(fund)["available"] == WHOLE


def test_documents_that_do_not_come_free_the_award(world: Instructed) -> None:
    application, fund = _accept(world, documents=True), world.world.fund
    assert made.money_of(fund)["reserved"] == AWARDED
    late = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
    decide(application=application, verb="lapse", by=None, at=late)
    assert made.money_of(fund)["reserved"] == ZERO


def test_a_date_to_sign_is_given_to_accepted_files_alone_and_never_in_the_past(
    world: Instructed,
) -> None:
    application = world.application
    with pytest.raises(TransitionNotAllowed):
        set_signature_date(application=application, sign_by=DAY, by=world.officer, at=AT)
    _accept(world)
    past = dt.date(2026, 3, 1)
    with pytest.raises(GuardNotMet) as refusal:
        set_signature_date(application=application, sign_by=past, by=world.officer, at=AT)
    assert refusal.value.missing == (Guard.LATER_DEADLINE,)
    set_signature_date(application=application, sign_by=DAY, by=world.officer, at=AT)
    set_signature_date(application=application, sign_by=None, by=world.officer, at=AT)
    application.refresh_from_db()
    assert application.sign_by is None


# ── Agreements ───────────────────────────────────────────────────────────────────────────────────


def test_an_agreement_signed_for_less_than_the_award_frees_the_difference(
    world: Instructed,
) -> None:
    _accept(world)
    agreement = _agreement(world, 3000)
    _sign(agreement, world.officer)
    fund = world.world.fund
    assert made.money_of(fund) == {
        "available": Decimal(17_000), "reserved": ZERO, "committed": Decimal(3000), "paid": ZERO
    }  # fmt: skip
    account = final_account(agreement)
    assert (account.amount("awarded"), account.amount("released")) == (AWARDED, Decimal(2000))
    # An amendment asks the envelope again: the difference serves others meanwhile.
    _amend(agreement, 3500, world.officer)
    assert made.money_of(fund)["available"] == Decimal(16_500)


def test_an_abandoned_agreement_leaves_the_award_to_another_one(world: Instructed) -> None:
    application = _accept(world)
    agreement = _agreement(world)
    agreements.decide(
        agreement=agreement, verb="abandon", reason="Erreur", by=world.officer, at=AT, on=DAY
    )
    assert made.money_of(world.world.fund)["reserved"] == AWARDED
    _sign(_agreement(world), world.officer)
    assert made.money_of(world.world.fund)["committed"] == AWARDED
    application.refresh_from_db()
    assert application.state == ApplicationState.ACCEPTED


#: Every two of the choices meet once at least.
HISTORIES = (
    (3000, None, 0, None),
    (3000, 2000, 1000, "terminate"),
    (3000, 6000, "all", "end"),
    (5000, None, "all", "end"),
    (5000, 2000, 0, "terminate"),
    (5000, 6000, 1000, None),
    (5000, None, 1000, "terminate"),
    (3000, 2000, "all", None),
    (5000, 2000, "all", "end"),
    (3000, 6000, 0, "terminate"),
)


@pytest.mark.parametrize(("signed_for", "amended_to", "paid", "ends"), HISTORIES)
def test_whatever_happens_the_envelope_keeps_its_money_and_the_book_counts_it_once(
    world: Instructed, signed_for: int, amended_to: int | None, paid: Any, ends: str | None
) -> None:
    fund, officer = world.world.fund, world.officer
    _accept(world)
    agreement = _agreement(world, signed_for)
    _sign(agreement, officer)
    if amended_to:
        _amend(agreement, amended_to, officer)
    agreed = Decimal(amended_to or signed_for)
    spent = agreed if paid == "all" else Decimal(paid)
    if spent:
        _pay(agreement, spent, officer, _payer(world))
    if ends:
        _end(agreement, ends, officer)
    left = ZERO if ends else agreed - spent
    assert made.money_of(fund) == {
        "available": WHOLE - spent - left, "reserved": ZERO, "committed": left, "paid": spent,
    }  # fmt: skip
    assert _whole(fund) == WHOLE
    account = final_account(agreement)
    assert account.adds_up
    assert account.left == left
    # The book, the agreements and the ledger say the same.
    given = spent if ends else agreed
    assert portfolio(fund).sums.totals.granted.cash == given
    assert books.verify(fund).is_right


# ── The book of supports ─────────────────────────────────────────────────────────────────────────


def test_signing_writes_the_support_once(world: Instructed) -> None:
    _accept(world)
    agreement = _agreement(world, lever="engineering_input")
    agreements.send_for_signature(agreement=agreement, by=world.officer, at=AT, on=DAY)
    assert support_of(agreement) is None
    for party in ("payer", "receiver"):
        values = agreements.SignatureValues(party, "Alex", "", DAY, uuid4(), "0" * 64)
        agreements.sign(agreement=agreement, values=values, by=world.officer, at=AT)
    agreement.refresh_from_db()
    support = support_of(agreement)
    assert support is not None
    assert (support.amount, support.lever, support.origin) == (
        AWARDED, "engineering_input", "agreement"
    )  # fmt: skip
    assert support.giver == world.world.fund.organisation
    assert (support.receiver, support.alliance) == (world.world.club, world.world.alliance)
    assert support.agreed_on == DAY
    before = Event.objects.count()
    follow_agreement(agreement=agreement, by=None, at=AT)
    assert (Support.objects.count(), Event.objects.count()) == (1, before)


def test_the_fund_gives_what_another_pays_for_it(world: Instructed) -> None:
    _accept(world)
    agreement = _agreement(world)
    Agreement.objects.filter(pk=agreement.pk).update(payer=world.world.firm)
    agreement.refresh_from_db()
    _sign(agreement, world.officer)
    support = support_of(agreement)
    assert support is not None
    assert support.giver == world.world.fund.organisation
    assert world.world.firm.name in support.source
    assert portfolio(world.world.fund).sums.totals.granted.cash == AWARDED


def test_an_agreement_that_paid_nothing_leaves_no_support(world: Instructed) -> None:
    _accept(world)
    agreement = _agreement(world)
    _sign(agreement, world.officer)
    _end(agreement, "terminate", world.officer)
    assert support_of(agreement) is None
    assert Event.objects.filter(kind="support.removed").count() == 1


def test_money_that_comes_back_after_the_end_lessens_the_support(world: Instructed) -> None:
    _accept(world)
    agreement = _agreement(world)
    _sign(agreement, world.officer)
    _pay(agreement, 2000, world.officer, _payer(world))
    _end(agreement, "terminate", world.officer)
    instalments.record_return(
        agreement=agreement, instalment="t1", amount=euros(500), returned_on=DAY,
        cause=ReturnCause.UNDUE, by=world.officer, at=AT,
    )  # fmt: skip
    support = support_of(agreement)
    assert support is not None
    assert support.amount == Decimal(1500)
    assert made.money_of(world.world.fund)["available"] == WHOLE - Decimal(1500)


def test_an_advance_is_conditional_and_never_in_what_was_granted(world: Instructed) -> None:
    fund = world.world.fund
    strand = world.application.call.strand
    assert strand is not None
    advance = agreements.prepare(
        fund=fund, kind="advance", strand=strand, year=2026,
        parties=agreements.Parties(
            payer=fund.organisation, receiver=world.world.club, payer_kind="private_fund",
            receiver_kind="association",
            facts={"granted_before_cents": 0, "general_interest": True,
                   "public_resources": False, "economic_activity": False},
        ),
        terms=_terms(1000), by=world.officer, at=AT,
    )  # fmt: skip
    _sign(advance, world.officer)
    found = portfolio(fund).sums.totals
    assert (found.granted.cash, found.conditional.cash) == (ZERO, Decimal(1000))


def test_the_support_of_an_agreement_is_changed_by_the_agreement_alone(
    world: Instructed, client: Client
) -> None:
    _accept(world)
    agreement = _agreement(world)
    _sign(agreement, world.officer)
    support = support_of(agreement)
    assert support is not None
    client.force_login(world.officer)
    assert client.get(f"{support.get_absolute_url()}modifier/").status_code == 403
    page = client.get(support.get_absolute_url()).content.decode()
    assert agreement.get_absolute_url() in page
