"""Agreements: the legal path, terms that freeze, signatures, payments that happen once."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.factories import documents as samples
from tests.factories import fund as made
from tests.factories import pdf
from tests.factories.applications import write_application
from tests.factories.fund import BOOKED
from tests.factories.people import SINCE, somebody
from tests.factories.workplaces import alliance

from alliage.fund.money.instalments import PaymentProblem, PaymentRefused, ReturnCause, TermsRefused
from alliage.fund.money.ledger import Account, AccountCode, PostingKind, PostingRefused
from alliage.fund.states import (
    AgreementState,
    Guard,
    GuardNotMet,
    InstalmentState,
    TransitionNotAllowed,
)
from alliage.values.french import NARROW, NO_BREAK
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.actors.models import Organisation
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event
from alliage_web.fund.actions import agreements, instalments
from alliage_web.fund.actions.agreements import ConditionValues, InstalmentValues
from alliage_web.fund.models import (
    AdvanceInstalment,
    AdvanceSettlement,
    AdvanceStatement,
    Agreement,
    AgreementCondition,
    AgreementInstalment,
    AgreementMovement,
    AgreementSignature,
    AgreementVersion,
    Application,
    PaymentOrder,
    RepayableAdvance,
)
from alliage_web.fund.queries import agreements as queries
from alliage_web.fund.queries import ledger as books

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund

pytestmark = pytest.mark.django_db
OFFICER = (Role.FUND_OFFICER, "fund:fonds")


@pytest.fixture
def fund() -> Fund:
    return made.funded(100)


@pytest.fixture
def officer() -> User:
    return somebody("Officer", OFFICER)


@pytest.fixture
def payer() -> User:
    return somebody("Payer", OFFICER)


def held(fund: Fund, code: AccountCode) -> Any:
    return sum(balance for account, balance in books_of(fund) if account.code is code)


def books_of(fund: Fund) -> list[tuple[Account, Any]]:
    return [(books.account_of(row), row.eur) for row in books.balances_of(fund)]


def order(agreement: Agreement, by: User, amount: Any = 60, **more: Any) -> Any:
    told = {"instalment": "t1", "execute_on": BOOKED, "reason": "T1", "bank_details_checked": True}
    return instalments.order_payment(
        agreement=agreement, amount=euros(amount), by=by, at=SINCE, **{**told, **more}
    )


def confirm(order: Any, by: User, amount: Any = 60, on: dt.date = BOOKED) -> AgreementMovement:
    return instalments.confirm_payment(
        order=order, amount=euros(amount), paid_on=on, by=by, at=SINCE
    )


# ── Signing ──────────────────────────────────────────────────────────────────────────────────────


def test_both_signatures_put_the_terms_in_force_and_commit_the_money(
    fund: Fund, officer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    assert agreement.state == AgreementState.SIGNED
    version = queries.version_in_force(agreement)
    assert version is not None
    assert version.digest == queries.digest_of(version)
    assert (held(fund, AccountCode.COMMITTED), held(fund, AccountCode.AVAILABLE)) == (60, 40)
    assert books.verify(fund).is_right


def test_one_signature_commits_nothing(fund: Fund, officer: User) -> None:
    agreement = made.agreement(fund, officer)
    agreements.send_for_signature(agreement=agreement, by=officer, at=SINCE, on=BOOKED)
    values = agreements.SignatureValues("payer", "Alex", "", BOOKED, uuid4(), "0" * 64)
    agreements.sign(agreement=agreement, values=values, by=officer, at=SINCE)
    assert held(fund, AccountCode.COMMITTED) == 0
    with pytest.raises(agreements.AlreadySignedError):
        agreements.sign(agreement=agreement, values=values, by=officer, at=SINCE)
    with pytest.raises(GuardNotMet) as refusal:
        agreements.recall(agreement=agreement, by=officer, at=SINCE)
    assert refusal.value.missing == (Guard.NOBODY_SIGNED,)


def test_an_envelope_that_cannot_hold_the_money_leaves_the_agreement_unsigned(
    fund: Fund, officer: User
) -> None:
    agreement = made.agreement(fund, officer, said=made.terms(101))
    with pytest.raises(PostingRefused) as refusal:
        made.signed(agreement, officer)
    assert refusal.value.values["possible"] == 100
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.OUT_FOR_SIGNATURE
    assert queries.last_version(agreement).signatures.count() == 1


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"receiver_kind": "local_authority"}, "blocked"),
        ({"economic_activity": None, "public_resources": None}, "cannot_tell"),
        ({"public_resources": True, "economic_activity": True,
          "de_minimis": [{"on": "2025-05-01", "eur": "299990.00"}]}, "blocked"),
    ],
)  # fmt: skip
def test_an_agreement_without_an_open_legal_path_is_not_sent(
    fund: Fund, officer: User, facts: dict[str, Any], outcome: str
) -> None:
    agreement = made.agreement(fund, officer, **facts)
    assert queries.path_of(agreement, euros(60), BOOKED).outcome == outcome
    with pytest.raises(GuardNotMet) as refusal:
        agreements.send_for_signature(agreement=agreement, by=officer, at=SINCE, on=BOOKED)
    assert refusal.value.missing == (Guard.LEGAL_PATH_ALLOWED,)


def test_terms_that_went_to_signature_are_frozen_in_the_database_too(
    fund: Fund, officer: User
) -> None:
    agreement = made.agreement(fund, officer)
    agreements.send_for_signature(agreement=agreement, by=officer, at=SINCE, on=BOOKED)
    with pytest.raises(agreements.FrozenTermsError):
        agreements.write_terms(agreement=agreement, terms=made.terms(50), by=officer, at=SINCE)
    rows = AgreementInstalment.objects.filter(version__agreement=agreement)
    for change in (
        lambda: rows.update(cents=1),
        rows.delete,
        lambda: AgreementVersion.objects.filter(agreement=agreement).update(objective="Autre"),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()
    agreements.recall(agreement=agreement, by=officer, at=SINCE)
    agreements.write_terms(agreement=agreement, terms=made.terms(50), by=officer, at=SINCE)
    assert queries.last_version(agreement).eur == 50


def test_instalments_that_do_not_make_the_amount_leave_nothing(fund: Fund, officer: User) -> None:
    agreement = made.agreement(fund, officer)
    with pytest.raises(TermsRefused) as refusal:
        agreements.write_terms(
            agreement=agreement,
            terms=made.terms(60, InstalmentValues("T", euros("59.99"), due_on=BOOKED)),
            by=officer,
            at=SINCE,
        )
    assert refusal.value.values["difference"] == euros("0.01")
    assert queries.last_version(agreement).eur == 60


# ── Amendments ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("after", "committed"), [(80, 80), (45, 45)])
def test_an_amendment_is_signed_by_both_and_the_ledger_follows_the_difference(
    fund: Fund, officer: User, after: int, committed: int
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    said = made.terms(after, InstalmentValues("T", euros(after), due_on=BOOKED, code="t1"))
    agreements.write_terms(
        agreement=agreement, terms=said, reason="Plus long", by=officer, at=SINCE
    )
    assert held(fund, AccountCode.COMMITTED) == 60
    made.signed(agreement, officer)
    assert agreement.state == AgreementState.AMENDED
    assert held(fund, AccountCode.COMMITTED) == committed
    first = agreement.versions.get(number=1)
    assert first.digest == queries.digest_of(first)
    assert books.verify(fund).is_right


def test_an_amendment_keeps_what_is_paid(fund: Fund, officer: User, payer: User) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    confirm(order(agreement, officer), payer)
    said = made.terms(50, InstalmentValues("T", euros(50), due_on=BOOKED, code="t1"))
    with pytest.raises(TermsRefused) as refusal:
        agreements.write_terms(
            agreement=agreement, terms=said, reason="Moins", by=officer, at=SINCE
        )
    assert refusal.value.values["possible"] == 60
    assert agreement.versions.count() == 1


# ── Paying ───────────────────────────────────────────────────────────────────────────────────────


def test_a_payment_is_ordered_by_one_and_confirmed_once_by_another(
    fund: Fund, officer: User, payer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    ordered = order(agreement, officer)
    with pytest.raises(instalments.OrderedBySamePersonError):
        confirm(ordered, officer)
    with pytest.raises(TransitionNotAllowed):
        order(agreement, officer)
    confirm(ordered, payer)
    with pytest.raises(AlreadyDoneError):
        confirm(ordered, payer)
    assert (held(fund, AccountCode.PAID), held(fund, AccountCode.COMMITTED)) == (60, 0)
    assert AgreementMovement.objects.get().key == ordered.key
    with pytest.raises(PaymentRefused) as refusal:
        order(agreement, officer, 1)
    assert refusal.value.problem is PaymentProblem.ALREADY_PAID


def test_a_form_sent_twice_orders_once(fund: Fund, officer: User) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    form = uuid4()
    order(agreement, officer, 20, submission=form)
    with pytest.raises(AlreadyDoneError):
        order(agreement, officer, 20, submission=form)
    assert agreement.orders.count() == 1


def test_a_part_is_paid_then_the_rest(fund: Fund, officer: User, payer: User) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    confirm(order(agreement, officer, 60), payer, "20.01")
    [line] = queries.lines_of(agreement, BOOKED)
    assert (line.state, line.balance.left) == (InstalmentState.PARTLY_PAID, euros("39.99"))
    confirm(order(agreement, officer, "39.99"), payer, "39.99")
    assert held(fund, AccountCode.PAID) == 60


def test_a_payment_waits_for_its_date_its_condition_and_its_release(
    fund: Fund, officer: User
) -> None:
    report = ConditionValues("report_accepted", "Rapport final")
    released = ConditionValues("document_received", "Comptes certifiés")
    part = InstalmentValues("Solde", euros(60), dt.date(2026, 6, 1), (report,), held_back=euros(10))
    said = made.terms(60, part, release=(released,))
    agreement = made.signed(made.agreement(fund, officer, said=said), officer)
    with pytest.raises(PaymentRefused) as refusal:
        order(agreement, officer, 60)
    assert refusal.value.problem is PaymentProblem.NOT_YET
    assert refusal.value.values["not_before"] == dt.date(2026, 6, 1)
    assert [each.code for each in refusal.value.values["missing"]] == ["rapport-final"]
    summer = dt.date(2026, 7, 1)
    condition = agreement.conditions.get(code="rapport-final")
    met: dict[str, Any] = {
        "met_on": dt.date(2026, 6, 20),
        "evidence": "PV du 20 juin",
        "by": officer,
        "at": SINCE,
    }
    assert instalments.meet_condition(condition=condition, **met)
    assert not instalments.meet_condition(condition=condition, **met)
    with pytest.raises(PaymentRefused) as refusal:
        order(agreement, officer, 60, execute_on=summer)
    assert refusal.value.values["possible"] == 50
    order(agreement, officer, 50, execute_on=summer)


def test_unchecked_bank_details_order_nothing(fund: Fund, officer: User) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    with pytest.raises(GuardNotMet) as refusal:
        order(agreement, officer, bank_details_checked=False)
    assert refusal.value.missing == (Guard.BANK_DETAILS_CHECKED,)


def test_a_rejected_order_moves_nothing_and_may_be_ordered_again(
    fund: Fund, officer: User, payer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    instalments.reject_order(order=order(agreement, officer), by=payer, at=SINCE)
    assert held(fund, AccountCode.PAID) == 0
    confirm(order(agreement, officer), payer)
    assert held(fund, AccountCode.PAID) == 60


@pytest.mark.parametrize(
    ("cause", "left"), [(ReturnCause.BANK_REJECTION, 60), (ReturnCause.UNDUE, 40)]
)
def test_money_that_comes_back_is_payable_again_only_if_a_bank_rejected_it(
    fund: Fund, officer: User, payer: User, cause: ReturnCause, left: int
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    confirm(order(agreement, officer, 20), payer, 20)
    back: dict[str, Any] = {"instalment": "t1", "returned_on": BOOKED, "cause": cause}
    with pytest.raises(PaymentRefused) as refusal:
        instalments.record_return(
            agreement=agreement, amount=euros(21), by=officer, at=SINCE, **back
        )
    assert refusal.value.values["possible"] == 20
    instalments.record_return(agreement=agreement, amount=euros(20), by=officer, at=SINCE, **back)
    [line] = queries.lines_of(agreement, BOOKED)
    assert line.balance.left == left
    assert held(fund, AccountCode.PAID) == 0
    assert books.verify(fund).is_right


# ── Ending ───────────────────────────────────────────────────────────────────────────────────────


def decide(agreement: Agreement, verb: str, by: User, **more: Any) -> None:
    told = {"reason": "Motif", "on": BOOKED}
    agreements.decide(agreement=agreement, verb=verb, by=by, at=SINCE, **{**told, **more})
    agreement.refresh_from_db()


def test_a_terminated_agreement_frees_what_it_did_not_pay(
    fund: Fund, officer: User, payer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    confirm(order(agreement, officer, 20), payer, 20)
    with pytest.raises(GuardNotMet):
        decide(agreement, "terminate", officer)
    decide(agreement, "terminate", officer, notice_given_on=BOOKED)
    assert (held(fund, AccountCode.AVAILABLE), held(fund, AccountCode.COMMITTED)) == (80, 0)


def test_an_agreement_ends_once_all_is_settled(fund: Fund, officer: User, payer: User) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    with pytest.raises(GuardNotMet) as refusal:
        decide(agreement, "end", officer)
    assert refusal.value.missing == (Guard.INSTALMENTS_SETTLED, Guard.FINAL_REPORT_ACCEPTED)
    made.final_report_settled(agreement)
    confirm(order(agreement, officer), payer)
    decide(agreement, "end", officer)
    assert agreement.state == AgreementState.ENDED


def test_nothing_is_ordered_under_a_suspended_agreement(fund: Fund, officer: User) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    decide(agreement, "suspend", officer)
    with pytest.raises(TransitionNotAllowed):
        order(agreement, officer)


def test_the_trail_tells_every_step_without_the_name_of_who_signed(
    fund: Fund, officer: User, payer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    confirm(order(agreement, officer), payer)
    events = Event.objects.filter(target=agreement.stable_name).order_by("pk")
    assert [event.kind for event in events] == [
        *("agreement.prepared", "agreement.sent", "agreement.signed", "agreement.signed"),
        *("report.asked", "payment.ordered", "payment.confirmed"),
    ]
    assert "Alex" not in "".join(str(event.changes) for event in events)


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────

BASE = "/fonds/fonds/conventions/"
IBAN, OTHER_IBAN = "FR1420041010050500013M02606", "DE89370400440532013000"


def words(response: Any) -> str:
    told = response.content.decode()
    for space in (NARROW, NO_BREAK):
        told = told.replace(space, " ")
    return str(told)


def typed(**more: Any) -> dict[str, Any]:
    """Give a form as a person fills it: 60 euros to an association, in one instalment."""
    return {
        "kind": "grant",
        "receiver": "porteur",
        "receiver_kind": "association",
        "payer": "gestionnaire",
        "payer_kind": "private_fund",
        "strand": "territoires",
        "year": "2026",
        "general_interest": "yes",
        "public_resources": "no",
        "economic_activity": "no",
        "granted_before": "0",
        "de_minimis": "unknown",
        "objective": "Un poste.",
        "amount": "60",
        "check_after_months": "12",
        "instalments-TOTAL_FORMS": "2",
        "instalments-INITIAL_FORMS": "0",
        "instalments-0-title": "Signature",
        "instalments-0-amount": "40",
        "instalments-0-due_on": "2026-03-02",
        "instalments-1-title": "Solde",
        "instalments-1-amount": "20",
        "instalments-1-condition_kind_1": "report_accepted",
        "instalments-1-condition_label_1": "Rapport final",
        "submission": str(uuid4()),
        **more,
    }


@pytest.fixture
def signed_in(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture
def receiver(fund: Fund) -> User:
    assert fund.pk
    made.parties()
    return somebody("Receiver", member_of=["organisation:porteur"])


@pytest.mark.usefixtures("receiver")
def test_an_agreement_is_prepared_once_and_corrected(signed_in: Client) -> None:
    form = typed()
    page = signed_in.post(f"{BASE}nouvelle/", form, follow=True)
    assert "convention est préparée" in words(page)
    assert signed_in.post(f"{BASE}nouvelle/", form).status_code == 302
    agreement = Agreement.objects.get()
    assert [row.eur for row in found_rows(agreement)] == [40, 20]
    edit = f"{agreement.get_absolute_url()}modifier/"
    assert 'value="40"' in words(signed_in.get(edit))
    signed_in.post(edit, typed(**{"instalments-0-amount": "39,50", "instalments-1-amount": "20,5"}))
    assert [row.eur for row in found_rows(agreement)] == [euros("39.50"), euros("20.50")]


def found_rows(agreement: Agreement) -> Any:
    return queries.instalments_of(queries.last_version(agreement))


@pytest.mark.usefixtures("receiver")
def test_a_refused_form_says_the_gap_and_keeps_what_was_typed(signed_in: Client) -> None:
    page = signed_in.post(f"{BASE}nouvelle/", typed(amount="61"))
    assert page.status_code == 422
    assert "Les échéances font 60 € et la convention 61 € : il y a 1 € à ajouter." in words(page)
    assert 'value="Rapport final"' in words(page)
    page = signed_in.post(f"{BASE}nouvelle/", typed(amount="61", add="1"))
    assert page.status_code == 200
    assert 'value="Rapport final"' in words(page)
    assert "instalments-2-title" in words(page)
    assert not Agreement.objects.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount": "60,001", "instalments-0-amount": "40,001"}, "plus de deux décimales"),
        ({"receiver": "gestionnaire"}, "la même organisation"),
        ({"instalments-0-due_on": ""}, "Rien ne dit quand"),
        ({"instalments-1-condition_label_1": ""}, "Dites la nature de cette condition"),
        ({"instalments-1-held_back": "5"}, "rien ne la libère"),
        ({"de_minimis": "list", "de_minimis_aids": "hier ; 12"}, "une aide par ligne"),
        ({"kind": "advance"}, "se verse en une fois"),
    ],
)
@pytest.mark.usefixtures("receiver")
@pytest.mark.one_engine
def test_each_fault_of_the_form_is_said_in_french(
    signed_in: Client, change: dict[str, str], told: str
) -> None:
    page = signed_in.post(f"{BASE}nouvelle/", typed(**change))
    assert page.status_code == 422
    assert told in words(page)


def test_a_closed_path_is_explained_with_what_is_possible(signed_in: Client, fund: Fund) -> None:
    agreement = made.agreement(fund, receiver_kind="local_authority")
    send = f"{agreement.get_absolute_url()}envoyer/"
    page = words(signed_in.get(send))
    assert "Le chemin est fermé" in page
    assert "Verser à une association partie à l’alliance" in page
    assert "23 000 € par an, depuis le 10 juin 2001" in page
    assert "300 000 € sur la période" in page
    refused = signed_in.post(send)
    assert refused.status_code == 422
    assert "Il faut d’abord : le chemin juridique" in words(refused)


def test_it_is_sent_signed_with_its_document_paid_and_confirmed_by_another(
    client: Client, fund: Fund, officer: User, payer: User, receiver: User
) -> None:
    client.force_login(officer)
    agreement = made.agreement(fund, officer)
    here = agreement.get_absolute_url()
    client.post(f"{here}envoyer/")
    for party in ("payer", "receiver"):
        told = {
            "party": party,
            "signatory": "Alex Exemple",
            "signed_on": str(BOOKED),
            "file": SimpleUploadedFile("signee.pdf", samples.pdf()),
            "submission": str(uuid4()),
        }
        assert client.post(f"{here}signer/", told).status_code == 302
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.SIGNED
    signature = queries.last_version(agreement).signatures.get(party="payer")
    document: Any = client.get(f"{here}documents/{signature.document}/")
    assert sha256(b"".join(document.streaming_content)).hexdigest() == signature.sha256
    order_form = {
        "amount": "60",
        "execute_on": str(BOOKED),
        "reason": "T1",
        "bank_details_checked": "on",
        "submission": str(uuid4()),
    }
    for _twice in range(2):
        assert client.post(f"{here}echeances/t1/ordonner/", order_form).status_code == 302
    ordered = agreement.orders.get()
    confirm_form = {"answer": "paid", "amount": "60", "paid_on": str(BOOKED)}
    refused = client.post(f"{here}ordres/{ordered.key}/", confirm_form)
    assert "une autre personne doit le confirmer" in words(refused)
    client.force_login(payer)
    for _twice in range(2):
        assert client.post(f"{here}ordres/{ordered.key}/", confirm_form).status_code == 302
    assert held(fund, AccountCode.PAID) == 60
    client.force_login(receiver)
    page = words(client.get(here))
    assert "60 € versés sur 60 €" in page
    assert "ordonner le versement" not in page
    assert "Historique" not in page


@pytest.mark.one_engine
def test_an_early_payment_says_what_it_waits_for(
    signed_in: Client, fund: Fund, officer: User
) -> None:
    report = ConditionValues("report_accepted", "Rapport final")
    part = InstalmentValues("Solde", euros(60), conditions=(report,))
    agreement = made.signed(made.agreement(fund, officer, said=made.terms(60, part)), officer)
    here = agreement.get_absolute_url()
    told = {
        "amount": "60",
        "execute_on": str(BOOKED),
        "reason": "T1",
        "bank_details_checked": "on",
        "submission": str(uuid4()),
    }
    page = signed_in.post(f"{here}echeances/t1/ordonner/", told)
    assert page.status_code == 422
    assert "Elle attend : Rapport final." in words(page)
    condition = agreement.conditions.get()
    met = {"met_on": str(BOOKED), "evidence": "PV", "submission": str(uuid4())}
    signed_in.post(f"{here}conditions/{condition.pk}/", met)
    assert signed_in.post(f"{here}echeances/t1/ordonner/", told).status_code == 302


@pytest.mark.one_engine
def test_the_file_for_the_bank_is_written_and_its_accounts_are_kept_nowhere(
    signed_in: Client, fund: Fund, officer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    today = timezone.localdate()
    ordered = order(agreement, officer, execute_on=today)
    page = words(signed_in.get(f"{BASE}ordres/"))
    assert "ne sont gardées nulle part" in page
    listed = signed_in.get(f"{BASE}ordres/ordres.csv").content.decode()
    assert f"{ordered.key};{ordered.key};{today};L’porteur;60,00;T1" in listed
    told = {"debtor_holder": "Le fonds", "debtor_iban": IBAN, f"iban_{ordered.pk}": OTHER_IBAN}
    written = signed_in.post(f"{BASE}ordres/virements.xml", told)
    assert written["Content-Type"] == "application/xml"
    assert OTHER_IBAN.encode() in written.content
    assert b'<InstdAmt Ccy="EUR">60.00</InstdAmt>' in written.content
    wrong = signed_in.post(f"{BASE}ordres/virements.xml", {**told, "debtor_iban": IBAN[:-1] + "7"})
    assert wrong.status_code == 422
    assert "La clé de cet IBAN est fausse (FR…2607)" in words(wrong)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            assert IBAN not in str(cursor.fetchall())


def test_the_pdf_holds_the_terms_and_their_digest(
    signed_in: Client, fund: Fund, officer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    answer = signed_in.get(f"{agreement.get_absolute_url()}convention-v1.pdf")
    text = " ".join(page.extract_text() for page in pdf.reader(answer.content).pages)
    assert "Un poste d’ingénierie." in text
    assert queries.last_version(agreement).digest in "".join(text.split())


def test_who_may_not_see_is_told_that_nothing_is_there(
    client: Client, fund: Fund, officer: User, receiver: User
) -> None:
    agreement = made.agreement(fund, officer)
    here = agreement.get_absolute_url()
    assert client.get(here).status_code == 302
    client.force_login(somebody("Stranger"))
    assert [client.get(page).status_code for page in (BASE, here)] == [404, 404]
    client.force_login(receiver)
    assert client.get(here).status_code == 404
    agreements.send_for_signature(agreement=agreement, by=officer, at=SINCE, on=BOOKED)
    assert client.get(here).status_code == 200
    assert client.get(f"{here}modifier/").status_code == 403
    assert client.get(BASE).status_code == 404


@pytest.mark.one_engine
def test_the_list_takes_the_same_queries_for_one_agreement_and_for_ten(
    signed_in: Client, fund: Fund
) -> None:
    counts = []
    for _more in (1, 9):
        for _each in range(_more):
            made.agreement(fund)
        with CaptureQueriesContext(connection) as queried:
            assert signed_in.get(BASE).status_code == 200
        counts.append(len(queried))
    assert counts[0] == counts[1]


@pytest.mark.one_engine
@pytest.mark.parametrize("verb", ["abandon", "suspend", "terminate"])
def test_a_decision_that_the_state_does_not_admit_says_what_is_possible(
    signed_in: Client, fund: Fund, officer: User, verb: str
) -> None:
    agreement = made.agreement(fund, officer)
    agreement = made.signed(agreement, officer) if verb == "abandon" else agreement
    form = {"reason": "Motif", "submission": str(uuid4())}
    page = signed_in.post(f"{agreement.get_absolute_url()}decision/{verb}/", form)
    assert page.status_code == 422
    assert "L’état actuel ne l’admet pas" in words(page) or "Il faut d’abord" in words(page)


# ── What the database holds against any code ─────────────────────────────────────────────────────


@pytest.fixture
def agreed(fund: Fund) -> Agreement:
    """Write an agreement in force, with an order that waits, as rows."""
    made.write_agreement(fund, fund.organisation, Organisation.objects.get(slug="mecene"))
    return Agreement.objects.get()


@pytest.mark.parametrize(
    ("model", "change", "constraint"),
    [
        (Agreement, {"state": "unknown"}, "fund_agreement_state_known"),
        (Agreement, {"kind": "unknown"}, "fund_agreement_kind_known"),
        (Agreement, {"receiver": F("payer")}, "fund_agreement_between_two"),
        (Agreement, {"legal_path": None}, "fund_agreement_sent_after_its_legal_path"),
        (AgreementCondition, {"kind": "unknown"}, "fund_condition_kind_known"),
        (AgreementCondition, {"met_on": BOOKED}, "fund_condition_met_with_evidence"),
        (AgreementVersion, {"digest": ""}, "fund_agreement_version_frozen_with_its_digest"),
        (PaymentOrder, {"cents": 0}, "fund_order_amount_above_zero"),
        (PaymentOrder, {"state": "paid"}, "fund_order_settled_at"),
        (PaymentOrder, {"state": "unknown", "settled_at": SINCE}, "fund_order_state_known"),
        (RepayableAdvance, {"state": "unknown"}, "fund_advance_state_known"),
        (
            RepayableAdvance,
            {"check_after_months": 0},
            "fund_advance_check_within_five_years",
        ),
    ],
)
def test_the_database_refuses_what_cannot_be(
    agreed: Agreement, model: Any, change: dict[str, Any], constraint: str
) -> None:
    assert agreed.pk
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.update(**change)


def test_the_database_refuses_rows_that_cannot_be(agreed: Agreement, officer: User) -> None:
    version, order = agreed.versions.get(), agreed.orders.get()
    now = {"recorded_at": SINCE}
    movement = {"agreement": agreed, "instalment": "t1", "cents": 1, "on": BOOKED, **now}
    signature = {"version": version, "signed_on": BOOKED, "document": uuid4(), **now}
    part = {"version": version, "title": "T", "cents": 5}
    fact = {"advance": agreed.advance, "on": BOOKED, "yes": True, **now}
    settled = {"advance": agreed.advance, "key": "k", "on": BOOKED, "cents": 1, **now}
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (AgreementVersion, {"agreement": agreed, "number": 2, "cents": 1}, "has_a_reason"),
        (AgreementVersion, {"agreement": agreed, "number": 3, "cents": 0, "reason": "r"}, "amount"),
        (AgreementVersion, {"agreement": agreed, "number": 1, "cents": 1}, "unique|version_once"),
        (AgreementInstalment, {**part, "rank": 2, "code": "t2", "held_back_cents": 6}, "amounts"),
        (AgreementInstalment, {**part, "rank": 2, "code": "t1"}, "unique|code_once"),
        (AgreementInstalment, {**part, "rank": 1, "code": "t2"}, "unique|rank_once"),
        (AgreementSignature, {**signature, "party": "other", "sha256": "0"}, "party_known"),
        (AgreementSignature, {**signature, "party": "payer", "sha256": ""}, "its_document"),
        (AgreementMovement, {**movement, "kind": "payment", "key": "k"}, "was_ordered"),
        (AgreementMovement, {**movement, "kind": "undue", "key": "k", "cents": 0}, "above_zero"),
        (AgreementMovement, {**movement, "kind": "gift", "key": "k"}, "kind_known"),
        (AdvanceStatement, {**fact, "fact": "check", "evidence": ""}, "has_evidence"),
        (AdvanceStatement, {**fact, "fact": "unknown", "evidence": "e"}, "fact_known"),
        (AdvanceSettlement, {**settled, "kind": "repayment", "reason": ""}, "has_a_reason"),
        (AdvanceSettlement, {**settled, "kind": "gift", "reason": "r"}, "kind_known"),
        (AdvanceInstalment, {"advance": agreed.advance, "rank": 1, "due_on": BOOKED, "cents": 0},
         "amount_above_zero"),
    ]  # fmt: skip
    for model, values, told in wrong:
        with pytest.raises(IntegrityError, match=f"(?i){told}"), transaction.atomic():
            model.objects.create(**values)
    PaymentOrder.objects.update(ordered_by=officer)
    with pytest.raises(IntegrityError, match="paid_by_another"), transaction.atomic():
        PaymentOrder.objects.update(state="paid", settled_by=officer, settled_at=SINCE)
    order.pk, order.key = None, "another"
    with pytest.raises(IntegrityError, match=r"(?i)unique|one_at_a_time"), transaction.atomic():
        order.save()


def test_an_agreement_made_from_an_application_commits_what_the_committee_awarded(
    signed_in: Client, officer: User, fund: Fund
) -> None:
    lead = made.parties().receiver
    application = write_application(fund, alliance(party=lead))
    reference = application.reference
    assert signed_in.get(f"{BASE}nouvelle/?dossier={reference}").status_code == 404
    Application.objects.update(state="accepted", sent_at=timezone.now())
    made.post(fund, made.posting(PostingKind.AWARD, 60, envelope=2026, file=reference))
    assert reference in words(signed_in.get(BASE))
    page = words(signed_in.get(f"{BASE}nouvelle/?dossier={reference}"))
    assert 'value="60,00"' in page
    assert 'value="porteur"' in page
    signed_in.post(f"{BASE}nouvelle/?dossier={reference}", typed())
    agreement = queries.agreement_of(application)
    assert agreement is not None
    assert agreement.alliance == application.alliance
    made.signed(agreement, officer, timezone.localdate())
    assert (held(fund, AccountCode.RESERVED), held(fund, AccountCode.COMMITTED)) == (0, 60)
    assert held(fund, AccountCode.AVAILABLE) == 40
    assert reference not in words(signed_in.get(BASE))


def test_an_agreement_does_not_end_while_the_bank_has_an_order(
    signed_in: Client, fund: Fund, officer: User
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    order(agreement, officer)
    form = {"reason": "Motif", "notice_given_on": BOOKED, "submission": str(uuid4())}
    page = signed_in.post(f"{agreement.get_absolute_url()}decision/terminate/", form)
    assert "Un ordre attend la banque" in words(page)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.SIGNED


def test_what_was_abandoned_is_written_no_more(fund: Fund, officer: User) -> None:
    agreement = made.agreement(fund, officer)
    decide(agreement, "abandon", officer)
    with pytest.raises(agreements.FrozenTermsError):
        agreements.write_terms(agreement=agreement, terms=made.terms(), by=officer, at=SINCE)


@pytest.mark.parametrize("state", ["ended", "terminated"])
def test_an_amendment_of_an_ended_agreement_is_not_sent(
    fund: Fund, officer: User, state: str
) -> None:
    agreement = made.signed(made.agreement(fund, officer), officer)
    said = made.terms(60, InstalmentValues("T", euros(60), due_on=BOOKED, code="t1"))
    agreements.write_terms(
        agreement=agreement, terms=said, reason="Plus long", by=officer, at=SINCE
    )
    Agreement.objects.update(state=state)
    with pytest.raises(TransitionNotAllowed):
        agreements.send_for_signature(agreement=agreement, by=officer, at=SINCE, on=BOOKED)


def test_conditions_that_only_signs_tell_apart_are_two(fund: Fund, officer: User) -> None:
    kind = "document_received"
    parts = [
        InstalmentValues(title, euros(30), conditions=(ConditionValues(kind, title),))
        for title in ("Ωμέγα", "語")
    ]
    agreement = made.agreement(fund, officer, said=made.terms(60, *parts))
    assert agreement.conditions.count() == 2
