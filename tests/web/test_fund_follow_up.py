"""Follow-up of agreements: facts and warnings, visits, closing, renewal, and who sees what."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.factories import documents as samples
from tests.factories import fund as made
from tests.factories.applications import applying, sent
from tests.factories.fund import BOOKED
from tests.factories.pdf import reader
from tests.factories.people import SINCE, somebody

from alliage.fund.states import GuardNotMet, TransitionNotAllowed
from alliage.values.french import NARROW, NO_BREAK
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.alliances.models import Party
from alliage_web.audit.models import Event
from alliage_web.fund.actions import agreements, follow_up
from alliage_web.fund.actions.agreements import ConditionValues, InstalmentValues
from alliage_web.fund.models import (
    Agreement,
    Application,
    ApplicationQuestion,
    ReportObligation,
    Visit,
    VisitFollowUp,
    WarningSetAside,
)
from alliage_web.fund.queries import follow_up as queries

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund

pytestmark = pytest.mark.django_db
OFFICER = (Role.FUND_OFFICER, "fund:fonds")
TODAY = timezone.localdate()


@pytest.fixture
def fund() -> Fund:
    return made.funded(1000, endowment=5000)


@pytest.fixture
def officer() -> User:
    return somebody("Officer", OFFICER)


@pytest.fixture
def signed_in(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture
def agreement(fund: Fund, officer: User) -> Agreement:
    return made.signed(made.agreement(fund, officer), officer)


def holder(agreement: Agreement) -> User:
    return somebody("Holder", member_of=[agreement.receiver.stable_name])


def facts(agreement: Agreement, on: dt.date = TODAY) -> Any:
    return queries.follow(Agreement.objects.get(pk=agreement.pk), on).facts


def warned(agreement: Agreement, on: dt.date = TODAY) -> set[str]:
    found = queries.follow(Agreement.objects.get(pk=agreement.pk), on)
    return {each.rule.id for each in found.warnings}


def words(response: Any) -> str:
    told = response.content.decode()
    for space in (NARROW, NO_BREAK):
        told = told.replace(space, " ")
    return str(told)


def plan(agreement: Agreement, by: User, on: dt.date = BOOKED) -> Visit:
    return follow_up.plan_visit(
        agreement=agreement, manner="phone", planned_on=on, by=by, at=timezone.now()
    )


def tell(visit: Visit, by: User, **said: Any) -> None:
    told = {"made_on": BOOKED, "participants": "Alex Exemple", "account": "Tout va.",
            "notes": "À surveiller.", "share": False, **said}  # fmt: skip
    visit.refresh_from_db()
    follow_up.write_account(
        visit=visit, said=follow_up.VisitAccount(**told), version=follow_up.version_of(visit),
        by=by, at=timezone.now(),
    )  # fmt: skip
    visit.refresh_from_db()


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────


def test_a_fresh_agreement_says_what_it_knows_and_no_more(agreement: Agreement) -> None:
    found = facts(agreement)
    assert (found.amount_unpaid, found.amount_held) == (Decimal(60), Decimal(0))
    assert found.last_contact_on == BOOKED
    assert found.days_without_contact == (TODAY - BOOKED).days
    assert (found.receiver_ceased, found.ends_on, found.spending_gap) == (None, None, None)
    assert found.parties_left == 0


def test_no_contact_for_a_year_is_told_until_a_visit(agreement: Agreement, officer: User) -> None:
    assert "no_contact" not in warned(agreement, BOOKED + dt.timedelta(days=364))
    later = BOOKED + dt.timedelta(days=365)
    assert "no_contact" in warned(agreement, later)
    tell(plan(agreement, officer), officer, made_on=BOOKED + dt.timedelta(days=10))
    assert "no_contact" not in warned(agreement, later)


def test_a_suspended_agreement_warns_of_what_it_holds(agreement: Agreement, officer: User) -> None:
    agreements.decide(
        agreement=agreement, verb="suspend", reason="Motif", by=officer, at=SINCE, on=BOOKED
    )
    assert "amount_held" not in warned(agreement, BOOKED + dt.timedelta(days=14))
    on = BOOKED + dt.timedelta(days=15)
    assert "amount_held" in warned(agreement, on)
    found = facts(agreement, on)
    assert (found.amount_held, found.held_since) == (Decimal(60), BOOKED)


def test_what_waits_for_a_condition_is_not_held(fund: Fund, officer: User) -> None:
    part = InstalmentValues(
        "Solde", euros(60), conditions=(ConditionValues("milestone_reached", "Un jalon"),)
    )
    agreement = made.signed(made.agreement(fund, officer, said=made.terms(60, part)), officer)
    agreements.decide(
        agreement=agreement, verb="suspend", reason="Motif", by=officer, at=SINCE, on=BOOKED
    )
    assert facts(agreement, dt.date(2030, 1, 1)).amount_held == 0


def test_the_end_and_what_is_unpaid_warn_together(fund: Fund, officer: User) -> None:
    ends = BOOKED + dt.timedelta(days=100)
    agreement = made.signed(
        made.agreement(fund, officer, said=made.terms(60, ends_on=ends)), officer
    )
    assert "ending_unpaid" not in warned(agreement, ends - dt.timedelta(days=61))
    assert "ending_unpaid" in warned(agreement, ends - dt.timedelta(days=60))
    made.paid(agreement, 60, officer, somebody("Payer", OFFICER))
    assert "ending_unpaid" not in warned(agreement, ends)


def _ask_report(agreement: Agreement, due_on: dt.date | None, state: str = "to_do") -> None:
    row, _new = ReportObligation.objects.get_or_create(
        agreement=agreement, kind="final",
        defaults={"code": "rapport-final", "basis": "unknown", "created_at": SINCE},
    )  # fmt: skip
    row.due_on, row.state = due_on, state
    row.basis = "decided" if due_on else "unknown"
    row.reason = "Essai" if state == "waived" else ""
    row.save()


def test_a_late_report_warns_a_date_that_is_not_set_is_not_known(agreement: Agreement) -> None:
    due = BOOKED + dt.timedelta(days=5)
    _ask_report(agreement, due)
    assert "report_late" not in warned(agreement, due + dt.timedelta(days=29))
    assert "report_late" in warned(agreement, due + dt.timedelta(days=30))
    _ask_report(agreement, None)
    found = queries.follow(Agreement.objects.get(pk=agreement.pk), TODAY)
    assert "report_late" in {each.rule.id for each in found.unknown}
    _ask_report(agreement, due, "waived")
    assert "report_late" not in warned(agreement, due + dt.timedelta(days=300))


def test_a_visit_that_asks_for_something_warns_once_its_day_is_past(
    agreement: Agreement, officer: User
) -> None:
    visit = plan(agreement, officer)
    row = follow_up.add_follow_up(
        visit=visit, what="Envoyer les statuts", due_on=BOOKED, owed_by="receiver", by=officer,
        at=SINCE,
    )  # fmt: skip
    assert "follow_up_late" not in warned(agreement, BOOKED)
    assert "follow_up_late" in warned(agreement, BOOKED + dt.timedelta(days=1))
    assert follow_up.finish_follow_up(follow_up=row, on=TODAY, by=officer, at=SINCE)
    assert not follow_up.finish_follow_up(follow_up=row, on=TODAY, by=officer, at=SINCE)
    assert "follow_up_late" not in warned(agreement, BOOKED + dt.timedelta(days=1))


def test_what_a_register_says_stands_for_a_year(agreement: Agreement, officer: User) -> None:
    def check(ceased_on: dt.date | None) -> None:
        follow_up.check_activity(
            agreement=agreement, checked_on=BOOKED, ceased_on=ceased_on, source="Registre",
            by=officer, at=SINCE,
        )  # fmt: skip

    check(None)
    assert facts(agreement, BOOKED + dt.timedelta(days=365)).receiver_ceased is False
    assert facts(agreement, BOOKED + dt.timedelta(days=366)).receiver_ceased is None
    check(BOOKED)
    assert "receiver_ceased" in warned(agreement, BOOKED + dt.timedelta(days=400))


def from_application() -> Agreement:
    """Write an agreement that was made from a sent application, in force since the booked day."""
    world = applying()
    application = sent(world)
    Application.objects.filter(pk=application.pk).update(state="accepted")
    made.write_agreement_of(world.fund, application, world.club)
    return Agreement.objects.get()


def test_an_applicant_that_leaves_the_alliance_is_told() -> None:
    agreement = from_application()
    assert facts(agreement).parties_left == 0
    Party.objects.filter(organisation__slug="club").update(left="2026-04")
    found = facts(agreement)
    assert (found.parties_left, found.party_left_on) == (1, dt.date(2026, 4, 30))
    Party.objects.filter(organisation__slug="club").delete()
    found = facts(agreement)
    assert (found.parties_left, found.party_left_on) == (1, None)
    assert "party_left" in warned(agreement)


def test_a_step_whose_day_is_past_warns_and_so_does_an_unanswered_question() -> None:
    agreement = from_application()
    # The step was promised for 2026: its last day is that of the year.
    assert "promise_missed" not in warned(agreement, dt.date(2027, 1, 29))
    assert "promise_missed" in warned(agreement, dt.date(2027, 1, 30))
    assert agreement.application is not None
    ApplicationQuestion.objects.create(
        application=agreement.application, text="Où en est-on ?", answer_by=BOOKED, asked_at=SINCE
    )
    assert "question_unanswered" not in warned(agreement, BOOKED)
    assert "question_unanswered" in warned(agreement, BOOKED + dt.timedelta(days=1))


# ── The list ─────────────────────────────────────────────────────────────────────────────────────


def test_the_list_puts_the_gravest_first_in_as_many_queries_for_one_as_for_many(
    fund: Fund, officer: User, signed_in: Client
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries_made:
            assert signed_in.get("/fonds/fonds/suivi/").status_code == 200
        return len(queries_made)

    first = made.signed(made.agreement(fund, officer), officer)
    _ask_report(first, TODAY - dt.timedelta(days=3))
    tell(plan(first, officer), officer)
    count()
    few = count()
    late = [made.signed(made.agreement(fund, officer), officer) for _rank in range(4)]
    for row in late:
        _ask_report(row, TODAY - dt.timedelta(days=40))
        tell(plan(row, officer), officer)
    assert count() == few
    page = words(signed_in.get("/fonds/fonds/suivi/"))
    assert page.index(late[-1].reference) < page.index(first.reference)
    assert "5 conventions en vigueur, dont 4 avec une alerte" in page


def test_the_list_is_filtered(agreement: Agreement, signed_in: Client) -> None:
    _ask_report(agreement, TODAY - dt.timedelta(days=40))
    url = "/fonds/fonds/suivi/"
    for query, shown in (
        ("", True), ("?gravite=high", True), ("?gravite=low", False), ("?alerte=report_late", True),
        ("?alerte=no_contact", False), ("?voir=avertis", True), ("?voir=ecartes", False),
        ("?gravite=inconnue", True), ("?voir=bientot-finis", False),
    ):  # fmt: skip
        page = words(signed_in.get(f"{url}{query}"))
        assert (agreement.get_absolute_url() in page) is shown, query


@pytest.mark.one_engine
def test_the_list_is_for_the_people_of_the_fund(agreement: Agreement, client: Client) -> None:
    assert client.get("/fonds/fonds/suivi/").status_code == 302
    client.force_login(holder(agreement))
    assert client.get("/fonds/fonds/suivi/").status_code == 404


# ── Setting aside ────────────────────────────────────────────────────────────────────────────────


def test_a_warning_is_set_aside_until_a_day_and_comes_back(
    agreement: Agreement, signed_in: Client
) -> None:
    _ask_report(agreement, TODAY - dt.timedelta(days=40))
    url = f"{agreement.get_absolute_url()}alertes/report_late/"
    until = TODAY + dt.timedelta(days=10)
    sent_form = {"reason": "Le porteur est malade", "until": until, "submission": str(uuid4())}
    assert signed_in.post(url, sent_form).status_code == 302
    assert signed_in.post(url, sent_form).status_code in {302, 404}
    assert WarningSetAside.objects.count() == 1
    assert "report_late" not in warned(agreement, until)
    assert "report_late" in warned(agreement, until + dt.timedelta(days=1))
    page = words(signed_in.get(agreement.get_absolute_url()))
    assert "Le porteur est malade" in page
    assert signed_in.post(url, {"back": "1"}).status_code == 302
    assert "report_late" in warned(agreement)
    kinds = Event.objects.filter(target=agreement.stable_name, kind__startswith="warning.")
    assert set(kinds.values_list("kind", flat=True)) == {
        "warning.set_aside", "warning.brought_back"
    }  # fmt: skip


@pytest.mark.parametrize("days", [-1, 367])
def test_a_warning_is_not_set_aside_for_good(
    agreement: Agreement, signed_in: Client, days: int
) -> None:
    _ask_report(agreement, TODAY - dt.timedelta(days=40))
    url = f"{agreement.get_absolute_url()}alertes/report_late/"
    form = {"reason": "Motif", "until": TODAY + dt.timedelta(days=days)}
    page = signed_in.post(url, form)
    assert page.status_code == 422
    assert "Motif" in words(page)
    assert not WarningSetAside.objects.exists()


def test_a_warning_that_is_not_there_is_not_set_aside(
    agreement: Agreement, signed_in: Client, client: Client
) -> None:
    url = agreement.get_absolute_url()
    assert signed_in.get(f"{url}alertes/report_late/").status_code == 404
    assert signed_in.get(f"{url}alertes/inconnue/").status_code == 404
    client.force_login(holder(agreement))
    assert client.get(f"{url}alertes/report_late/").status_code == 403


# ── Visits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_visit_is_planned_made_and_shared_by_its_pages(
    agreement: Agreement, signed_in: Client
) -> None:
    url = agreement.get_absolute_url()
    form = {"planned_on": TODAY, "manner": "on_site", "submission": str(uuid4())}
    assert signed_in.post(f"{url}visites/nouvelle/", form).status_code == 302
    assert signed_in.post(f"{url}visites/nouvelle/", form).status_code == 302
    visit = Visit.objects.get()
    page = signed_in.get(f"{visit.get_absolute_url()}record/")
    version = page.context["form"]["version"].value()
    told = {"version": version, "made_on": TODAY, "participants": "Alex", "account": "Vu.",
            "notes": "Secret.", "share": "on"}  # fmt: skip
    assert signed_in.post(f"{visit.get_absolute_url()}record/", told).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.is_shared, visit.notes) == ("made", True, "Secret.")
    stale = signed_in.post(
        f"{visit.get_absolute_url()}correct/", {**told, "account": "Autre texte"}
    )
    assert stale.status_code == 409
    assert "Autre texte" in words(stale)


@pytest.mark.one_engine
def test_who_receives_reads_what_is_shared_and_never_the_notes(
    agreement: Agreement, officer: User, client: Client
) -> None:
    visit = plan(agreement, officer)
    reader_of_it = holder(agreement)
    client.force_login(reader_of_it)
    tell(visit, officer)
    page = words(client.get(visit.get_absolute_url()))
    assert "Tout va." not in page
    assert "Alex Exemple" not in page
    assert "À surveiller." not in page
    tell(visit, officer, share=True)
    page = words(client.get(visit.get_absolute_url()))
    assert "Tout va." in page
    assert "À surveiller." not in page
    whole = words(client.get(agreement.get_absolute_url()))
    assert "Tout va." in whole
    assert "À surveiller." not in whole
    assert "alertes" not in whole


@pytest.mark.one_engine
def test_the_documents_of_the_fund_are_not_given_to_who_receives(
    agreement: Agreement, officer: User, signed_in: Client, client: Client
) -> None:
    visit = plan(agreement, officer)
    for shared in ("on", ""):
        form = {"file": SimpleUploadedFile("note.pdf", samples.pdf()), "shared": shared,
                "submission": str(uuid4())}  # fmt: skip
        answer = signed_in.post(f"{visit.get_absolute_url()}documents/", form)
        assert answer.status_code == 302
    page = signed_in.get(visit.get_absolute_url())
    [shared_file], [own_file] = page.context["documents"], page.context["private_documents"]
    client.force_login(holder(agreement))
    base = f"{visit.get_absolute_url()}documents/"
    given = client.get(f"{base}{shared_file.uuid}/")
    assert given.getvalue() == samples.pdf()
    assert client.get(f"{base}{own_file.uuid}/").status_code == 404
    assert client.post(base, {}).status_code == 403


@pytest.mark.one_engine
def test_what_is_shared_stays_shared_and_says_something(
    agreement: Agreement, officer: User
) -> None:
    visit = plan(agreement, officer)
    with pytest.raises(GuardNotMet):
        tell(visit, officer, account="", share=True)
    tell(visit, officer, account="", notes="Rien à partager.")
    tell(visit, officer, share=True)
    tell(visit, officer, account="Corrigé.")
    assert visit.is_shared
    with pytest.raises(GuardNotMet):
        tell(visit, officer, account="")


def test_a_visit_is_not_told_before_its_day(agreement: Agreement, officer: User) -> None:
    visit = plan(agreement, officer, TODAY + dt.timedelta(days=9))
    with pytest.raises(GuardNotMet):
        tell(visit, officer, made_on=TODAY + dt.timedelta(days=2))


def test_a_cancelled_visit_says_why_and_is_not_told(agreement: Agreement, officer: User) -> None:
    visit = plan(agreement, officer)
    with pytest.raises(GuardNotMet):
        follow_up.cancel_visit(visit=visit, reason=" ", by=officer, at=SINCE)
    follow_up.cancel_visit(visit=visit, reason="Grève", by=officer, at=SINCE)
    with pytest.raises(TransitionNotAllowed):
        tell(visit, officer)
    with pytest.raises(TransitionNotAllowed):
        follow_up.move_visit(visit=visit, planned_on=TODAY, by=officer, at=SINCE)


def test_who_owes_something_says_that_it_is_done(
    agreement: Agreement, officer: User, client: Client
) -> None:
    visit = plan(agreement, officer)
    tell(visit, officer, share=True)
    mine, theirs = (
        follow_up.add_follow_up(
            visit=visit, what=f"Pour {owed_by}", due_on=TODAY, owed_by=owed_by, by=officer, at=SINCE
        )
        for owed_by in ("receiver", "fund")
    )
    client.force_login(holder(agreement))
    base = f"{visit.get_absolute_url()}suites/"
    assert client.post(f"{base}{theirs.pk}/").status_code == 403
    assert client.post(f"{base}{mine.pk}/").status_code == 302
    mine.refresh_from_db()
    assert mine.done_on == TODAY
    assert client.post(base, {}).status_code == 403
    assert client.post(f"{base}9999/").status_code == 404


def test_the_trail_of_a_visit_holds_neither_names_nor_words(
    agreement: Agreement, officer: User
) -> None:
    tell(plan(agreement, officer), officer, share=True)
    told = "".join(
        str(event.changes) for event in Event.objects.filter(target=agreement.stable_name)
    )
    assert "Tout va." not in told
    assert "Exemple" not in told


@pytest.mark.parametrize(
    ("model", "change", "constraint"),
    [
        (Visit, {"made_on": None}, "fund_visit_made_has_a_day"),
        (Visit, {"shared_at": SINCE, "account": ""}, "fund_visit_shared_says_something"),
        (Visit, {"reason": "Motif"}, "fund_visit_cancelled_with_a_reason"),
        (Visit, {"manner": "pigeon"}, "fund_visit_words_known"),
        (VisitFollowUp, {"owed_by": "other"}, "fund_follow_up_said"),
        (VisitFollowUp, {"done_on": None, "done_by": 1}, "fund_follow_up_done_on"),
        (WarningSetAside, {"reason": ""}, "fund_set_aside_with_a_reason"),
        (Agreement, {"lever": "data"}, "fund_agreement_lever_known"),
        (Agreement, {"activity_source": "Registre"}, "fund_agreement_activity_checked_somewhere"),
    ],
)
def test_the_database_refuses_what_no_code_may_write(
    agreement: Agreement, officer: User, model: Any, change: dict[str, Any], constraint: str
) -> None:
    visit = plan(agreement, officer)
    tell(visit, officer)
    follow_up.add_follow_up(
        visit=visit, what="Écrire", due_on=TODAY, owed_by="fund", by=officer, at=SINCE
    )
    follow_up.set_aside(
        agreement=agreement, rule="no_contact", reason="Motif", until=TODAY, by=officer, at=SINCE
    )
    if "done_by" in change:
        change = {**change, "done_by": officer.pk}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.update(**change)


# ── Closing ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.one_engine
def test_closing_says_what_is_missing_and_how_to_mend_it(
    agreement: Agreement, signed_in: Client, officer: User
) -> None:
    url = f"{agreement.get_absolute_url()}cloture/"
    page = words(signed_in.get(url))
    assert page.count("pas encore") >= 2
    assert "Clore la convention" not in page
    refused = signed_in.post(url, {"reason": "Terminé", "submission": str(uuid4())})
    assert refused.status_code == 422
    made.paid(agreement, 60, officer, somebody("Payer", OFFICER))
    made.final_report_settled(agreement)
    page = words(signed_in.get(url))
    assert "Tout ce que la clôture demande est vrai" in page
    answer = signed_in.post(url, {"reason": "Terminé", "submission": str(uuid4())})
    assert answer.status_code == 302
    agreement.refresh_from_db()
    assert agreement.state == "ended"
    assert signed_in.get(url).status_code == 200


@pytest.mark.one_engine
def test_the_former_address_of_the_end_leads_to_the_closing(
    agreement: Agreement, signed_in: Client
) -> None:
    answer = signed_in.get(f"{agreement.get_absolute_url()}decision/end/")
    assert answer["Location"].endswith("/cloture/")


@pytest.mark.one_engine
def test_the_final_account_opens_to_its_postings_and_prints(
    agreement: Agreement, signed_in: Client, officer: User
) -> None:
    made.paid(agreement, 20, officer, somebody("Payer", OFFICER))
    page = signed_in.get(f"{agreement.get_absolute_url()}cloture/")
    account = page.context["account"]
    assert (account.amount("awarded"), account.amount("paid"), account.left) == (60, 20, 40)
    assert account.adds_up
    for line in account.lines:
        for row in line.postings:
            assert row.get_absolute_url() in words(page)
    answer = signed_in.get(f"{agreement.get_absolute_url()}cloture/compte.pdf")
    text = " ".join(each.extract_text() for each in reader(answer.content).pages)
    assert "Compte final de la convention" in text
    assert agreement.receiver.name in text


@pytest.mark.one_engine
def test_the_closing_is_for_the_people_of_the_fund_and_for_signed_agreements(
    fund: Fund, officer: User, agreement: Agreement, client: Client
) -> None:
    prepared = made.agreement(fund, officer)
    client.force_login(officer)
    assert client.get(f"{prepared.get_absolute_url()}cloture/").status_code == 404
    client.force_login(holder(agreement))
    for address in ("cloture/", "cloture/compte.pdf"):
        assert client.get(f"{agreement.get_absolute_url()}{address}").status_code == 404
    reads = somebody("Member", (Role.COMMITTEE_MEMBER, "fund:fonds"))
    client.force_login(reads)
    assert client.get(f"{agreement.get_absolute_url()}cloture/").status_code == 200
    assert client.post(f"{agreement.get_absolute_url()}cloture/", {}).status_code == 403


# ── Renewal ──────────────────────────────────────────────────────────────────────────────────────


def test_a_renewal_copies_the_application_and_is_counted(client: Client) -> None:
    agreement = from_application()
    application = agreement.application
    assert application is not None
    # Who receives asks for the renewal; the town leads the application of the club.
    person = somebody(
        "Both", (Role.PARTY_MEMBER, application.alliance.stable_name, "organisation:ville"),
        member_of=["organisation:club"],
    )  # fmt: skip
    client.force_login(person)
    page = client.get(f"{agreement.get_absolute_url()}renouveler/")
    [(_call, href)] = page.context["calls"]
    assert f"renouvelle={agreement.reference}" in href
    begun = client.post(href, {"lead": "ville", "others": ["club"], "submission": str(uuid4())})
    assert begun.status_code == 302, words(begun)
    renewal = Application.objects.get(renews=agreement)
    assert renewal.copied_from == application
    assert renewal.shared["need"] == application.shared["need"]
    rate = queries.renewal_rate(agreement.fund)
    assert (rate.ended, rate.share) == (0, None)
    Agreement.objects.update(state="ended")
    assert queries.renewal_rate(agreement.fund) == queries.RenewalRate(1, 0, 0)
    Application.objects.filter(pk=renewal.pk).update(state="sent", sent_at=renewal.begun_at)
    assert queries.renewal_rate(agreement.fund) == queries.RenewalRate(1, 1, 0)
    Application.objects.filter(pk=renewal.pk).update(state="accepted")
    assert queries.renewal_rate(agreement.fund).share == 1


@pytest.mark.one_engine
def test_a_renewal_is_not_claimed_by_who_does_not_receive(client: Client) -> None:
    agreement = from_application()
    application = agreement.application
    assert application is not None
    assert application.begun_by is not None
    client.force_login(application.begun_by)
    assert client.get(f"{agreement.get_absolute_url()}renouveler/").status_code == 404
    address = f"/dossiers/{application.reference}/copier/?appel=essai"
    client.post(
        f"{address}&renouvelle={agreement.reference}",
        {"lead": "ville", "others": [], "submission": str(uuid4())},
    )
    assert not Application.objects.filter(renews=agreement).exists()


@pytest.mark.one_engine
def test_the_fund_and_the_committee_read_the_results_of_what_is_renewed(client: Client) -> None:
    agreement = from_application()
    assert agreement.application is not None
    Application.objects.update(renews=agreement)
    officer = somebody("Reader", (Role.FUND_OFFICER, agreement.fund.stable_name))
    client.force_login(officer)
    page = words(client.get(agreement.application.get_absolute_url()))
    assert f"renouvelle la convention {agreement.reference}" in page
    assert "Attribué" in page


# ── Who pays, who signs by when ──────────────────────────────────────────────────────────────────


def test_a_date_to_sign_is_given_by_its_page(client: Client) -> None:
    world = applying()
    application = sent(world)
    Application.objects.filter(pk=application.pk).update(state="accepted")
    client.force_login(world.officer)
    url = f"/dossiers/{application.reference}/date-de-signature/"
    assert queries.without_date_to_sign(world.fund) == [application]
    late = client.post(url, {"sign_by": "2020-01-01"})
    assert late.status_code == 422
    assert "2020-01-01" in words(late)
    day = TODAY + dt.timedelta(days=30)
    assert client.post(url, {"sign_by": day}).status_code == 302
    application.refresh_from_db()
    assert application.sign_by == day
    assert queries.without_date_to_sign(world.fund) == []
    client.force_login(world.lead)
    assert client.get(url).status_code == 403
    assert "Convention à signer avant la fin du" in words(
        client.get(application.get_absolute_url())
    )


def test_the_activity_of_who_receives_is_recorded_by_its_page(
    agreement: Agreement, signed_in: Client
) -> None:
    url = f"{agreement.get_absolute_url()}activite/"
    early = {"checked_on": TODAY + dt.timedelta(days=1), "source": "Registre"}
    assert signed_in.post(url, early).status_code == 422
    told = {"checked_on": TODAY, "source": "Registre", "ceased_on": ""}
    assert signed_in.post(url, told).status_code == 302
    agreement.refresh_from_db()
    assert (agreement.activity_checked_on, agreement.ceased_on) == (TODAY, None)
