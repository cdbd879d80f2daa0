"""Reports: an action that two agreements pay, the people who tell of it, a report ready to sign."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.factories import applications as applied
from tests.factories import fund as made
from tests.factories.fund import BOOKED
from tests.factories.people import SINCE

from alliage.fund.money.ledger import PostingKind
from alliage.fund.reporting.promises import Outcome, PromiseKind
from alliage.values.money import euros
from alliage_web.fund.actions import agreements
from alliage_web.fund.actions import reports as actions
from alliage_web.fund.actions.agreements import ConditionValues, InstalmentValues, Parties
from alliage_web.fund.actions.report_obligations import derive_reports
from alliage_web.fund.models import (
    Agreement,
    Indicator,
    Report,
    ReportDelivery,
    ReportObligation,
    ReportPart,
    Strand,
)
from alliage_web.fund.queries.reports import Draft, digest_of, find_report

if TYPE_CHECKING:
    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Fund

AT = dt.datetime(2026, 10, 5, 9, 0, tzinfo=dt.UTC)
TODAY = AT.date()
#: What the agreements of the tests wait for before their second instalments.
STAGE = ConditionValues("report_accepted", "Rapport d’étape")
FINAL = ConditionValues("report_accepted", "Rapport final")
SECOND_DUE = dt.date(2026, 9, 1)


@dataclass(frozen=True, slots=True)
class Action:
    """An action of an alliance: the club receives from two agreements, with the town."""

    world: applied.Applying
    first: Agreement
    second: Agreement

    @property
    def officer(self) -> User:
        return self.world.officer

    @property
    def lead(self) -> User:
        return self.world.lead

    @property
    def partner(self) -> User:
        return self.world.partner

    def stage(self, agreement: Agreement | None = None) -> ReportObligation:
        """Return the report before the second instalment."""
        asked = (agreement or self.first).obligations
        return asked.get(kind="intermediate")

    def final(self) -> ReportObligation:
        return self.first.obligations.get(kind="final")


def action() -> Action:
    """Write an action that two agreements pay; the first one comes from an application."""
    world = applied.applying()
    strand = Strand.objects.get(fund=world.fund, code="ingenierie")
    made.post(
        world.fund,
        made.posting(PostingKind.ENDOWMENT_INCREASE, 1000),
        made.posting(PostingKind.ALLOTMENT, 500, envelope=("ingenierie", 2026)),
    )
    application = applied.sent(world)
    first, second = (_signed(world, strand) for _each in range(2))
    Agreement.objects.filter(pk=first.pk).update(application=application)
    first = Agreement.objects.get(pk=first.pk)
    ReportObligation.objects.filter(agreement=first).delete()
    derive_reports(agreement=first, by=None, at=SINCE)
    return Action(world, first, second)


def _signed(world: applied.Applying, strand: Strand) -> Agreement:
    instalments = (
        InstalmentValues("Au départ", euros(60), due_on=BOOKED),
        InstalmentValues("À mi-chemin", euros(40), due_on=SECOND_DUE, conditions=(STAGE,)),
    )
    agreement = agreements.prepare(
        fund=world.fund,
        kind="grant",
        strand=strand,
        year=2026,
        parties=Parties(
            payer=world.fund.organisation,
            receiver=world.club,
            payer_kind="private_fund",
            receiver_kind="association",
            facts={
                "granted_before_cents": 0,
                "general_interest": True,
                "public_resources": False,
                "economic_activity": False,
            },
        ),
        terms=made.terms(100, *instalments),
        alliance=world.alliance,
        by=world.officer,
        at=SINCE,
    )
    return made.signed(agreement, world.officer)


def begun(
    doing: Action, *, first: dt.date = BOOKED, last: dt.date = SECOND_DUE, **more: Any
) -> Report:
    """Begin the report before the second instalment of the first agreement."""
    return actions.begin_report(
        obligation=more.pop("obligation", None) or doing.stage(), title="Mi-parcours",
        first=first, last=last, by=doing.lead, at=AT, **more,
    )  # fmt: skip


def answered(report: Report, by: User, outcome: Outcome = Outcome.PARTLY) -> Draft:
    """Answer every promise in the same way; the lines of the budget cost ten euros each."""
    values = {
        each.promise.key: actions.AnswerValues(spent=euros(10))
        if each.promise.kind is PromiseKind.BUDGET
        else actions.AnswerValues(outcome, "Voici.")
        for each in Draft(report).questions
        if each.settled is None
    }
    actions.write_answers(report=report, values=values, by=by, at=AT)
    return Draft(report)


def signed(report: Report, by: User) -> Draft:
    """Sign every part."""
    for part in report.parts.all():
        digest = Draft(report).digest_for(part)
        assert actions.sign_part(part=part, digest=digest, by=by, at=AT)
    return Draft(report)


def delivered(doing: Action, obligation: ReportObligation | None = None) -> ReportDelivery:
    """Write a report whole, sign it and deliver it."""
    row = obligation or doing.stage()
    report = row.report or begun(doing, obligation=row)
    answered(report, doing.lead)
    signed(report, doing.lead)
    row.refresh_from_db()
    return actions.deliver(obligation=row, by=doing.lead, at=AT)


def decided(doing: Action, verb: str, obligation: ReportObligation, **more: Any) -> None:
    """Let the officer decide on a report."""
    said = {"reason": "Il manque la suite.", "complete_by": dt.date(2026, 12, 1), **more}
    actions.decide(obligation=obligation, verb=verb, by=doing.officer, at=AT, on=TODAY, **said)


#: The report and the indicator of the sample of addresses.
SAMPLE = UUID("00000000-0000-4000-8000-000000000007")
ASKED = "rapport-demande"


def write_report(fund: Fund, alliance: Alliance) -> None:
    """Write a report that was delivered for an agreement, and an indicator that is proposed."""
    row = Agreement.objects.get(fund=fund, reference="convention")
    report = Report.objects.create(
        uuid=SAMPLE, alliance=alliance, organisation=row.receiver, title="Rapport",
        period_first=BOOKED, period_last=BOOKED, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    ReportPart.objects.create(
        report=report, organisation=row.receiver, code=row.receiver.slug, text="Un an."
    )
    asked = ReportObligation.objects.create(
        pk=7, agreement=row, code=ASKED, kind="final", period_first=BOOKED, period_last=BOOKED,
        due_on=BOOKED, basis="decided", state="to_complete", reason="Il manque la suite.",
        report=report, created_at=SINCE,
    )  # fmt: skip
    found = find_report(SAMPLE)
    assert found is not None
    content = Draft(found).content_for(asked)
    ReportDelivery.objects.create(
        obligation=asked, number=1, report=report, content=content, digest=digest_of(content),
        at=SINCE,
    )  # fmt: skip
    Indicator.objects.create(
        uuid=SAMPLE, agreement=row, key="indicator:essai", label="Emplois", unit="personnes",
        direction="higher", target=10, target_on=BOOKED, proposed_side="fund", proposed_at=SINCE,
    )  # fmt: skip
