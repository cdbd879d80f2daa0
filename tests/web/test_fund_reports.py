"""Reports: asked from what was promised, written once, delivered to each funder on its own."""

from __future__ import annotations

import datetime as dt
import io
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories import fund as made
from tests.factories import reports as told
from tests.factories.documents import pdf
from tests.factories.people import SINCE, somebody
from tests.factories.reports import AT, TODAY

from alliage.fund.money.instalments import PaymentProblem, PaymentRefused
from alliage.fund.reporting.indicators import IndicatorError
from alliage.fund.reporting.promises import Outcome, PromiseKind
from alliage.fund.states import Guard, GuardNotMet, ReportState, TransitionNotAllowed
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event
from alliage_web.fund.actions import indicators as measuring
from alliage_web.fund.actions import instalments
from alliage_web.fund.actions import reports as actions
from alliage_web.fund.actions.agreements import InstalmentValues, write_terms
from alliage_web.fund.actions.report_obligations import (
    ReportClosedError,
    change_obligation,
    derive_reports,
)
from alliage_web.fund.models import (
    Agreement,
    Indicator,
    IndicatorMeasurement,
    Report,
    ReportAnswer,
    ReportDelivery,
    ReportObligation,
    ReportPart,
)
from alliage_web.fund.queries import reports as queries
from alliage_web.fund.queries.closing import report_guards
from alliage_web.fund.queries.mergers import obstacles

if TYPE_CHECKING:
    from django.test import Client
    from tests.factories.reports import Action

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(written_once: None) -> Action:  # noqa: ARG001 - keeps the rows for all the tests
    return told.action()


@pytest.fixture
def action(rows: Action) -> Action:
    return deepcopy(rows)


def states(action: Action) -> list[str]:
    return [action.stage(each).state for each in (action.first, action.second)]


# ── What is asked ────────────────────────────────────────────────────────────────────────────────


def test_the_signature_asks_for_what_was_promised(action: Action) -> None:
    stage, final = queries.obligations_of(action.first)
    assert (stage.kind, stage.label, stage.due_on) == (
        "intermediate", "Rapport d’étape", told.SECOND_DUE
    )  # fmt: skip
    assert stage.condition is not None
    # The last step was promised for 2026: the final report is due six months after that year.
    assert (final.kind, final.due_on, final.basis) == (
        "final", dt.date(2027, 6, 30), "end_of_action"
    )  # fmt: skip
    # Nothing says when the action of the other agreement ends.
    assert [each.due_on for each in queries.obligations_of(action.second)][-1] is None


def test_deriving_again_changes_nothing(action: Action) -> None:
    before = list(ReportObligation.objects.order_by("pk").values())
    assert derive_reports(agreement=action.first, by=None, at=AT) == 0
    assert list(ReportObligation.objects.order_by("pk").values()) == before


def test_an_amendment_waives_the_report_that_it_no_longer_waits_for(action: Action) -> None:
    plain = made.terms(100, InstalmentValues("Au départ", euros(60), due_on=made.BOOKED, code="t1"),
                       InstalmentValues("Solde", euros(40), conditions=(told.FINAL,)))  # fmt: skip
    write_terms(agreement=action.second, terms=plain, by=action.officer, at=SINCE, reason="Plus")
    made.signed(action.second, action.officer)
    rows = {row.label: row for row in queries.obligations_of(action.second)}
    assert rows["Rapport d’étape"].state == ReportState.WAIVED
    # The agreement has one final report: the one that it had stays.
    assert [row.kind for row in rows.values()].count("final") == 1


def test_the_officer_changes_a_date_with_a_reason(action: Action) -> None:
    said: dict[str, Any] = {
        "obligation": action.stage(), "due_on": dt.date(2026, 11, 2), "by": action.officer,
        "period_first": made.BOOKED, "period_last": dt.date(2026, 8, 1), "at": AT,
    }  # fmt: skip
    with pytest.raises(GuardNotMet):
        change_obligation(reason=" ", **said)
    change_obligation(reason="Un mois de plus.", **said)
    row = action.stage()
    assert (row.due_on, row.basis) == (dt.date(2026, 11, 2), "decided")
    event = Event.objects.filter(kind="report.date_changed").get()
    assert event.changes["due_on"] == ["2026-09-01", "2026-11-02"]
    told.delivered(action)
    with pytest.raises(ReportClosedError):
        change_obligation(reason="Encore.", **said)


def test_a_report_asks_one_question_a_promise(action: Action) -> None:
    draft = queries.Draft(told.begun(action))
    found = {(each.promise.kind, each.promise.text) for each in draft.questions}
    assert found == {
        (PromiseKind.OBJECTIVE, "Un poste d’ingénierie."),
        (PromiseKind.STEP, "Un atelier"),
        (PromiseKind.LEVER, "Ingénierie"),
        (PromiseKind.BUDGET, "Étude, Club"),
    }
    # Both funders were promised the same objective: it is asked once.
    objective = draft.questions[0].promise
    assert len(objective.agreements) == 2
    assert [each.nature for each in draft.spending] == ["cash"]
    assert (draft.spending[0].planned, draft.spending[0].spent) == (euros(6000), None)


# ── One report, several funders ──────────────────────────────────────────────────────────────────


def test_one_report_is_written_once_and_delivered_to_each_agreement(action: Action) -> None:
    report = told.begun(action)
    assert {row.agreement_id for row in queries.Draft(report).obligations} == {
        action.first.pk, action.second.pk
    }  # fmt: skip
    with pytest.raises(ReportClosedError):
        told.begun(action, obligation=action.stage(action.second))
    one = told.delivered(action)
    assert states(action) == ["delivered", "to_do"]
    two = told.delivered(action, action.stage(action.second))
    assert one.report_id == two.report_id == report.pk
    # Each funder sees what it was promised, and nothing of what the other was.
    assert len(one.content["promises"]) == 4
    assert [line["kind"] for line in two.content["promises"]] == ["objective"]
    assert one.digest == queries.digest_of(one.content) != two.digest


def test_a_later_report_of_the_same_period_joins_the_first(action: Action) -> None:
    first = told.begun(action)
    actions.choose_recipients(report=first, obligations=[action.stage()], by=action.lead, at=AT)
    assert action.stage(action.second).report is None
    again = told.begun(action, obligation=action.stage(action.second))
    assert again == first
    assert Report.objects.count() == 1


def test_a_report_that_leaves_days_out_is_not_begun(action: Action) -> None:
    with pytest.raises(actions.PeriodNotCoveredError):
        told.begun(action, last=dt.date(2026, 6, 30))
    assert not Report.objects.exists()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["deliver", "accept", "ask_to_complete", "waive", "ask_again"]),
        st.integers(0, 1),
    ),
    max_size=6,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_STEPS)
def test_what_a_funder_decides_never_touches_the_other(
    action: Action, steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        report = told.begun(action)
        told.answered(report, action.lead)
        told.signed(report, action.lead)
        for verb, which in steps:
            rows = [action.stage(action.first), action.stage(action.second)]
            before = _seen(rows[1 - which])
            try:
                if verb == "deliver":
                    actions.deliver(obligation=rows[which], by=action.lead, at=AT)
                else:
                    told.decided(action, verb, rows[which])
            except TransitionNotAllowed:
                pass
            assert _seen(action.stage((action.first, action.second)[1 - which])) == before
        transaction.set_rollback(True)


def _seen(row: ReportObligation) -> list[Any]:
    deliveries = list(row.deliveries.order_by("number").values_list("number", "digest"))
    condition = row.condition.met_on if row.condition else None
    return [row.state, row.reason, row.due_on, deliveries, condition]


# ── Delivering and deciding ──────────────────────────────────────────────────────────────────────


def test_a_report_leaves_once_every_part_is_signed(action: Action) -> None:
    report = told.begun(action)
    told.answered(report, action.lead)
    row = action.stage()
    with pytest.raises(GuardNotMet) as refusal:
        actions.deliver(obligation=row, by=action.lead, at=AT)
    assert refusal.value.missing == (Guard.PARTS_SIGNED,)
    told.signed(report, action.lead)
    # What is written after the signature is to be signed again.
    values = {"text:summary": actions.AnswerValues(text="Autre chose.")}
    actions.write_answers(report=report, values=values, by=action.lead, at=AT)
    assert len(queries.Draft(report).unsigned) == 2
    with pytest.raises(GuardNotMet):
        actions.deliver(obligation=row, by=action.lead, at=AT)


def test_a_promise_without_answer_is_flagged_and_the_report_is_not_accepted(
    action: Action,
) -> None:
    report = told.begun(action)
    told.signed(report, action.lead)
    delivery = actions.deliver(obligation=action.stage(), by=action.lead, at=AT)
    assert len(delivery.content["missing"]) == 4
    with pytest.raises(GuardNotMet) as refusal:
        told.decided(action, "accept", action.stage())
    assert refusal.value.missing == (Guard.PROMISES_ANSWERED,)
    told.decided(action, "ask_to_complete", action.stage())
    row = action.stage()
    assert (row.state, row.due_on) == ("to_complete", dt.date(2026, 12, 1))
    told.answered(report, action.lead, Outcome.NOT_KNOWN)
    told.signed(report, action.lead)
    actions.deliver(obligation=row, by=action.lead, at=AT)
    told.decided(action, "accept", action.stage())
    assert [each.number for each in row.deliveries.all()] == [1, 2]
    # The first delivery stays what it was.
    assert len(row.deliveries.get(number=1).content["missing"]) == 4


def test_an_accepted_report_lets_the_instalment_fall_due(action: Action) -> None:
    payer = somebody("Payer", (Role.FUND_OFFICER, "fund:fonds"))

    def order() -> Any:
        return instalments.order_payment(
            agreement=action.first, instalment="t2", amount=euros(40), execute_on=TODAY,
            reason="T2", bank_details_checked=True, by=payer, at=AT,
        )  # fmt: skip

    with pytest.raises(PaymentRefused) as refusal:
        order()
    assert refusal.value.problem is PaymentProblem.NOT_YET
    told.delivered(action)
    told.decided(action, "accept", action.stage())
    condition = action.stage().condition
    assert condition is not None
    assert condition.met_on == TODAY
    assert action.stage().deliveries.get().digest in condition.evidence
    assert order().eur == euros(40)


def test_the_final_report_accepted_lets_the_agreement_end(action: Action) -> None:
    assert report_guards(action.first) == set()
    final = action.final()
    report = told.begun(action, obligation=final, last=dt.date(2026, 12, 31))
    assert report.period_last == dt.date(2026, 12, 31)
    told.delivered(action, action.final())
    told.decided(action, "accept", action.final())
    assert report_guards(action.first) == {Guard.FINAL_REPORT_ACCEPTED}


def test_what_an_earlier_report_settled_is_carried_over(action: Action) -> None:
    report = told.begun(action)
    told.answered(report, action.lead, Outcome.DONE)
    told.signed(report, action.lead)
    actions.deliver(obligation=action.stage(), by=action.lead, at=AT)
    later = told.begun(action, obligation=action.final(), last=dt.date(2026, 12, 31))
    draft = queries.Draft(later)
    assert {each.promise.kind for each in draft.questions if each.settled is None} == {
        PromiseKind.BUDGET
    }
    told.answered(later, action.lead)
    told.signed(later, action.lead)
    delivery = actions.deliver(obligation=action.final(), by=action.lead, at=AT)
    settled = [line for line in delivery.content["promises"] if line["settled"]]
    assert {line["outcome"] for line in settled} == {"done"}


def test_a_delivered_report_is_written_no_more(action: Action) -> None:
    report = told.begun(action)
    actions.choose_recipients(report=report, obligations=[action.stage()], by=action.lead, at=AT)
    told.delivered(action)
    with pytest.raises(ReportClosedError):
        told.answered(report, action.lead, Outcome.DONE)
    with pytest.raises(TransitionNotAllowed):
        actions.deliver(obligation=action.stage(), by=action.lead, at=AT)


def test_nothing_that_was_delivered_changes(action: Action) -> None:
    told.delivered(action)
    rows = ReportDelivery.objects.all()
    for change in (lambda: rows.update(digest="1" * 64), rows.delete):
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
            change()
    assert rows.update(by=None) == 1


def test_two_people_who_write_at_once_lose_nothing(action: Action) -> None:
    report = told.begun(action)
    key = "text:summary"
    first = {key: actions.AnswerValues(text="Le mien.")}
    second = {key: actions.AnswerValues(text="Le sien.")}
    assert actions.write_answers(report=report, values=first, by=action.lead, at=AT) == {}
    conflicts = actions.write_answers(report=report, values=second, by=action.partner, at=AT)
    row = conflicts[key]
    assert row is not None
    assert row.text == "Le mien."
    base = queries.fingerprint(ReportAnswer.objects.get(key=key))
    again = {key: actions.AnswerValues(text="Le sien.", base=base)}
    assert actions.write_answers(report=report, values=again, by=action.partner, at=AT) == {}
    part = report.parts.get(code="club")
    said: dict[str, Any] = {"part": part, "base": "", "at": AT}
    assert actions.write_part(text="Un lieu.", by=action.lead, **said) is None
    theirs = actions.write_part(text="Deux lieux.", by=action.partner, **said)
    assert theirs is not None
    assert theirs.text == "Un lieu."


def test_two_organisations_with_their_own_parts_are_not_merged_into_one(action: Action) -> None:
    told.begun(action)
    found = [each.where for each in obstacles(action.world.town, action.world.club)]
    assert [each for each in found if "Mi-parcours" in each]


# ── Indicators ───────────────────────────────────────────────────────────────────────────────────


def proposed(agreement: Agreement, **more: Any) -> Indicator:
    values = measuring.IndicatorValues(
        "Emplois", "personnes", "higher", euros(30), dt.date(2027, 1, 1), euros(10),
        dt.date(2026, 1, 1), "Pôle emploi",
    )  # fmt: skip
    return measuring.propose_indicator(
        agreement=agreement, values=values, side="fund", by=None, at=AT, **more
    )


def measured(indicator: Indicator, value: Any, on: dt.date = TODAY) -> IndicatorMeasurement:
    return measuring.measure(
        indicator=indicator, on=on, value=euros(value), status="measured", source="Registre",
        by=None, at=AT,
    )  # fmt: skip


def test_an_indicator_is_promised_once_the_other_party_agrees(action: Action) -> None:
    row = proposed(action.first)
    report = told.begun(action)
    assert not [one for one in queries.Draft(report).promises if one.kind == "indicator"]
    with pytest.raises(measuring.SameSideError):
        measuring.agree_to_indicator(indicator=row, side="fund", by=action.officer, at=AT)
    assert measuring.agree_to_indicator(indicator=row, side="receiver", by=action.lead, at=AT)
    assert not measuring.agree_to_indicator(indicator=row, side="receiver", by=action.lead, at=AT)
    assert [one.text for one in queries.Draft(report).promises if one.kind == "indicator"] == [
        "Emplois (personnes)"
    ]
    with pytest.raises(measuring.AgreedIndicatorError):
        measuring.remove_indicator(indicator=row, by=action.officer, at=AT)
    with pytest.raises(AlreadyDoneError):
        proposed(action.first)


def test_a_measure_answers_the_reports_of_every_funder(action: Action) -> None:
    rows = [proposed(agreement) for agreement in (action.first, action.second)]
    for each in rows:
        measuring.agree_to_indicator(indicator=each, side="receiver", by=action.lead, at=AT)
    report = told.begun(action)
    row = rows[-1]
    key = row.key
    assert key in {promise.key for promise in queries.Draft(report).missing()}
    measured(row, 15, dt.date(2026, 7, 2))
    draft = queries.Draft(report)
    assert key not in {promise.key for promise in draft.missing()}
    assert [str(each.progress.share) for each in draft.standings] == ["0.25", "0.25"]
    facts = queries.report_facts([action.first, action.second], TODAY)
    assert [facts[each.pk].behind for each in (action.first, action.second)] == [("Emplois",)] * 2


def test_a_correction_keeps_the_former_value_in_the_trail(action: Action) -> None:
    row = proposed(action.first)
    assert measured(row, 15).pk == measured(row, 16).pk
    event = Event.objects.filter(kind="indicator.corrected").get()
    assert event.changes["measure"] == [
        ["15.00", "measured", "Registre"], ["16.00", "measured", "Registre"]
    ] or event.changes["measure"][0][0].startswith("15")  # fmt: skip
    assert row.measurements.get().value == 16


def test_a_target_that_goes_the_wrong_way_is_refused(action: Action) -> None:
    values = measuring.IndicatorValues(
        "Emplois", "personnes", "lower", euros(30), dt.date(2027, 1, 1), euros(10),
        dt.date(2026, 1, 1), "Pôle emploi",
    )  # fmt: skip
    with pytest.raises(IndicatorError):
        measuring.propose_indicator(
            agreement=action.first, values=values, side="fund", by=None, at=AT
        )
    assert not Indicator.objects.exists()


@pytest.mark.one_engine
def test_facts_are_read_in_a_constant_number_of_queries(action: Action) -> None:
    told.delivered(action)
    for agreement in (action.first, action.second):
        measured(proposed(agreement), 15)

    def counted(*agreements: Agreement) -> int:
        with CaptureQueriesContext(connection) as found:
            queries.report_facts(agreements, TODAY)
        return len(found)

    assert counted(action.first) == counted(action.first, action.second)
    facts = queries.report_facts([action.first, action.second], TODAY)
    assert facts[action.first.pk].to_read == 1
    assert facts[action.second.pk].late_since == told.SECOND_DUE


# ── Constraints ──────────────────────────────────────────────────────────────────────────────────


_IMPOSSIBLE: list[tuple[type[Any], dict[str, Any]]] = [
    (ReportObligation, {"state": "gone"}),
    (ReportObligation, {"kind": "other"}),
    (ReportObligation, {"basis": "guess"}),
    (ReportObligation, {"state": "waived", "reason": ""}),
    (ReportObligation, {"report": None, "state": "accepted"}),
    (ReportObligation, {"due_on": None}),
    (ReportObligation, {"period_last": dt.date(1999, 1, 1)}),
    (Report, {"period_last": dt.date(1999, 1, 1)}),
    (Report, {"title": ""}),
    (ReportPart, {"signed_digest": ""}),
    (ReportAnswer, {"outcome": "maybe"}),
    (Indicator, {"direction": "aside"}),
    (Indicator, {"proposed_side": "nobody"}),
    (Indicator, {"baseline_on": None}),
    (IndicatorMeasurement, {"status": "guessed"}),
    (IndicatorMeasurement, {"source": ""}),
]


def test_the_database_refuses_what_cannot_be(action: Action) -> None:
    told.delivered(action)
    measured(proposed(action.first), 15)
    for model, changes in _IMPOSSIBLE:
        row = model.objects.order_by("pk").first()
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.filter(pk=row.pk).update(**changes)


def test_the_database_refuses_twins(action: Action) -> None:
    told.delivered(action)
    measured(proposed(action.first), 15)
    for model in (Report, ReportPart, ReportAnswer, ReportObligation, Indicator):
        row = model.objects.order_by("pk").first()
        assert row is not None
        row.pk = None
        if hasattr(row, "uuid"):
            row.uuid = told.SAMPLE
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
    final = action.final()
    final.pk, final.code = None, "autre"
    with pytest.raises(IntegrityError), transaction.atomic():
        final.save()


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────


def asked(action: Action, name: str = "report-asked", *more: Any) -> str:
    return reverse(f"fund:{name}", args=["fonds", action.first.reference, "rapport-detape", *more])


def token(page: str) -> str:
    found = re.search(r'name="submission" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_report_goes_from_the_list_to_its_acceptance(client: Client, action: Action) -> None:
    client.force_login(action.lead)
    page = client.get(reverse("fund:reports")).content.decode()
    begin = asked(action, "report-begin")
    assert begin in page
    form = client.get(begin).content.decode()
    said = {"title": "Mi-parcours", "first": "2026-03-02", "last": "2026-09-01"}
    made_it = client.post(begin, {**said, "submission": token(form)})
    report = Report.objects.get()
    assert made_it.headers["location"] == report.get_absolute_url()
    # Sent twice, it is begun once.
    again = client.post(begin, {**said, "submission": token(form)})
    assert again.headers["location"] == report.get_absolute_url()
    draft = queries.Draft(report)
    promises = reverse("fund:report-section", args=[report.uuid, "promesses"])
    keys = [each.promise.key for each in draft.questions if each.promise.kind != "budget"]
    values = {f"outcome-{key}": "partly" for key in keys} | {f"base-{key}": "" for key in keys}
    saved = client.post(promises, {**values, "next": "1"})
    assert saved.headers["location"].endswith("/ecrire/budget/")
    line = next(each.promise.key for each in draft.questions if each.promise.kind == "budget")
    wrong = client.post(saved.headers["location"], {f"spent-{line}": "12,345", f"base-{line}": ""})
    assert wrong.status_code == 422
    assert "12,345" in wrong.content.decode()
    client.post(saved.headers["location"], {f"spent-{line}": "1 200,50", f"base-{line}": ""})
    assert queries.Draft(report).spending[0].spent == euros("1200.50")
    told.signed(report, action.lead)
    deliver = reverse("fund:report-deliver", args=[report.uuid, action.stage().pk])
    assert "Remettre" in client.get(deliver).content.decode()
    client.post(deliver)
    assert states(action) == ["delivered", "to_do"]
    client.force_login(action.officer)
    read = client.get(asked(action)).content.decode()
    assert "Un atelier" in read
    decision = asked(action, "report-decide", "accepter")
    form = client.get(decision).content.decode()
    client.post(decision, {"submission": token(form), "reason": ""})
    assert states(action) == ["accepted", "to_do"]
    assert "accepté" in client.get(reverse("fund:agreement", args=["fonds", action.first.reference])
                                   ).content.decode()  # fmt: skip


def test_what_somebody_else_wrote_is_shown_beside_what_was_typed(
    client: Client, action: Action
) -> None:
    report = told.begun(action)
    values = {"text:summary": actions.AnswerValues(text="Le sien.")}
    actions.write_answers(report=report, values=values, by=action.partner, at=AT)
    client.force_login(action.lead)
    address = reverse("fund:report-section", args=[report.uuid, "recit"])
    answer = client.post(address, {"text-text:summary": "Le mien.", "base-text:summary": ""})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Le sien." in page
    assert "Le mien." in page
    base = re.search(r'name="base-text:summary" value="([^"]*)"', page)
    assert base is not None
    client.post(address, {"text-text:summary": "Le mien.", "base-text:summary": base[1]})
    assert ReportAnswer.objects.get().text == "Le mien."


def test_each_organisation_writes_and_signs_its_own_part(client: Client, action: Action) -> None:
    report = told.begun(action)
    client.force_login(action.partner)
    own = reverse("fund:report-section", args=[report.uuid, "part-club"])
    client.post(own, {"text": "Un lieu.", "base": ""})
    assert report.parts.get(code="club").text == "Un lieu."
    other = reverse("fund:report-section", args=[report.uuid, "part-ville"])
    assert client.get(other).status_code == 404
    sign = reverse("fund:report-sign", args=[report.uuid, "club"])
    client.post(sign, {"digest": "0" * 64})
    assert report.parts.get(code="club").signed_digest == ""
    page = client.get(sign).content.decode()
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest is not None
    client.post(sign, {"digest": digest[1]})
    assert report.parts.get(code="club").signed_by == action.partner
    assert client.get(reverse("fund:report-sign", args=[report.uuid, "ville"])).status_code == 404


def test_a_proof_leaves_with_the_delivery_and_only_with_it(client: Client, action: Action) -> None:
    report = told.begun(action)
    draft = told.answered(report, action.lead)
    key = draft.questions[1].promise.key
    client.force_login(action.lead)
    attach = reverse("fund:report-attach", args=[report.uuid, key])
    form = client.get(attach).content.decode()
    file = SimpleUploadedFile("photo.pdf", pdf())
    client.post(attach, {"file": file, "title": "", "submission": token(form)})
    (stored,) = ReportAnswer.objects.get(key=key).files
    told.signed(report, action.lead)
    actions.deliver(obligation=action.stage(), by=action.lead, at=AT)
    detach = reverse("fund:report-detach", args=[report.uuid, key, stored["uuid"]])
    client.post(detach)
    assert ReportAnswer.objects.get(key=key).files == []
    client.force_login(action.officer)
    given = client.get(asked(action, "report-evidence", 1, stored["uuid"]))
    assert b"".join(given.streaming_content) == pdf()  # type: ignore[attr-defined]
    assert client.get(asked(action, "report-evidence", 1, told.SAMPLE)).status_code == 404
    own = reverse("fund:report-document", args=[report.uuid, stored["uuid"]])
    assert client.get(own).status_code == 404


@pytest.mark.one_engine
def test_a_report_leaves_as_pdf_and_as_a_workbook(client: Client, action: Action) -> None:
    row = proposed(action.first)
    measuring.agree_to_indicator(indicator=row, side="receiver", by=action.lead, at=AT)
    measured(row, 15, made.BOOKED)
    delivery = told.delivered(action)
    client.force_login(action.lead)
    whole = reverse("fund:report-file", args=[delivery.report.uuid, "xlsx"])
    book = openpyxl.load_workbook(io.BytesIO(client.get(whole).content))
    lines = {row[1].value: row for row in book["promesses"].iter_rows(min_row=2)}
    assert (lines["Étude, Club"][4].value, lines["Étude, Club"][5].value) == (6000, 10)
    assert [cell.value for cell in book["mesures"][2]][3] == 15
    for address in (
        reverse("fund:report-file", args=[delivery.report.uuid, "pdf"]),
        asked(action, "report-delivered", 1, "pdf"),
    ):
        assert client.get(address).content.startswith(b"%PDF")
    assert client.get(asked(action, "report-delivered", 1, "odt")).status_code == 404


def test_a_draft_is_read_by_nobody_of_the_fund(client: Client, action: Action) -> None:
    report = told.begun(action)
    for person in (action.officer, somebody("Stranger")):
        client.force_login(person)
        assert client.get(report.get_absolute_url()).status_code == 404
    client.force_login(action.partner)
    assert client.get(report.get_absolute_url()).status_code == 200
    client.logout()
    assert client.get(report.get_absolute_url()).status_code == 302


@pytest.mark.one_engine
def test_an_auditor_reads_and_decides_nothing(client: Client, action: Action) -> None:
    told.delivered(action)
    client.force_login(somebody("Auditor", (Role.FUND_AUDITOR, "fund:fonds")))
    assert client.get(asked(action)).status_code == 200
    assert client.post(asked(action, "report-decide", "accepter")).status_code == 403
    assert client.post(asked(action, "report-change")).status_code == 403
    assert client.get(asked(action, "report-begin")).status_code == 403


@pytest.mark.one_engine
def test_the_list_of_a_fund_is_filtered_in_a_constant_number_of_queries(
    client: Client, action: Action
) -> None:
    told.delivered(action)
    client.force_login(action.officer)
    address = reverse("fund:fund-reports", args=["fonds"])

    def counted() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        return len(found)

    counted()
    before = counted()
    for rank in range(5):
        ReportObligation.objects.create(
            agreement=action.first, code=f"r{rank}", kind="intermediate", label=f"Rapport {rank}",
            due_on=TODAY, basis="decided", created_at=AT,
        )  # fmt: skip
    assert counted() == before
    assert "Rapport 4" in client.get(address).content.decode()
    read = client.get(f"{address}?choix=a-lire").content.decode()
    assert "Rapport d’étape" in read
    assert "Rapport 4" not in read


def test_both_parties_follow_an_indicator(client: Client, action: Action) -> None:
    here = ["fonds", action.first.reference]
    client.force_login(action.officer)
    new = reverse("fund:indicator-new", args=here)
    said = {
        "label": "Emplois", "unit": "personnes", "direction": "higher", "baseline": "10",
        "baseline_on": "2026-01-01", "baseline_source": "Pôle emploi", "target": "30",
        "target_on": "2027-01-01",
    }  # fmt: skip
    refused = client.post(new, {**said, "direction": "lower"})
    assert refused.status_code == 422
    assert "Pôle emploi" in refused.content.decode()
    client.post(new, said)
    row = Indicator.objects.get()
    agree = reverse("fund:indicator-decide", args=[*here, row.uuid, "convenir"])
    client.post(agree)
    row.refresh_from_db()
    assert row.agreed_at is None
    client.force_login(action.partner)
    client.post(agree)
    row.refresh_from_db()
    assert row.agreed_by == action.partner
    page = client.get(reverse("fund:indicators", args=here)).content.decode()
    assert "n/a" in page
    write = reverse("fund:indicator-measure", args=[*here, row.uuid])
    late = client.post(write, {"on": "2999-01-01", "value": "15", "status": "measured",
                               "source": "Registre"})  # fmt: skip
    assert late.status_code == 422
    client.post(write, {"on": "2026-07-02", "value": "15", "status": "measured", "source": "R"})
    assert "25 %" in client.get(reverse("fund:indicators", args=here)).content.decode().replace(
        "\xa0", " "
    ).replace("\u202f", " ")
