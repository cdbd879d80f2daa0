"""The life after payment in the story: a report for two agreements, an end, visits, indicators."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from alliage.fund.reporting.indicators import Direction, MeasurementStatus
from alliage.fund.reporting.obligations import ReportKind
from alliage.fund.reporting.promises import Outcome, PromiseKind
from alliage_web.fund.actions import agreements, follow_up, indicators, reports
from alliage_web.fund.actions.follow_up import VisitAccount
from alliage_web.fund.actions.indicators import IndicatorValues
from alliage_web.fund.actions.reports import AnswerValues
from alliage_web.fund.models import OwedByChoices, SideChoices, VisitManner
from alliage_web.fund.queries.agreements import agreement_of
from alliage_web.fund.queries.reports import Draft

from .dossiers import KITCHEN, SUNDAY_STOP, find_dossier

if TYPE_CHECKING:
    from alliage_web.fund.models import Agreement, Report, ReportObligation, ReportPart

    from .dossiers import Dossier
    from .story import Story

#: The two agreements of the plateau began and ended within these days.
_FIRST, _LAST = 240, 40
_FINAL = ReportKind.FINAL.value


def tell_follow_up(story: Story) -> None:
    """Write what the parties told of their actions, and what the fund saw."""
    _shared_report(story)
    _visits(story, _agreement(story, SUNDAY_STOP))
    _indicator(story, _agreement(story, SUNDAY_STOP))


def _agreement(story: Story, dossier: Dossier) -> Agreement:
    found = agreement_of(find_dossier(story.fund, dossier))
    assert found is not None
    return found


def _shared_report(story: Story) -> None:
    """Write one report of the plateau, delivered to its two agreements; the grant then ends."""
    kitchen = _agreement(story, KITCHEN)
    asked = kitchen.obligations.get(kind=_FINAL)
    report = reports.begin_report(
        obligation=asked,
        title="Les cuisines du plateau, un an après (démonstration)",
        first=story.day(_FIRST),
        last=story.day(_LAST),
        by=story["maxime"],
        at=story.at(34),
    )
    _answered(story, report)
    for part in report.parts.select_related("organisation").order_by("pk"):
        reports.write_part(
            part=part,
            text="Démonstration : nous avons tenu notre part, semaine après semaine.",
            base="",
            by=story[_writer(part)],
            at=story.at(30),
        )
    for part in report.parts.select_related("organisation").order_by("pk"):
        reports.sign_part(
            part=part,
            digest=Draft(report).digest_for(part),
            by=story[_writer(part)],
            at=story.at(28),
        )
    for row in report.obligations.order_by("pk"):
        _accepted(story, row)
    agreements.decide(
        agreement=kitchen,
        verb="end",
        reason="Démonstration : tout est versé et le rapport final est accepté.",
        by=story["sacha"],
        at=story.at(16),
        on=story.day(16),
    )


def _writer(part: ReportPart) -> str:
    """Say who writes for a party of the plateau: Camille acts for its public one."""
    return "camille" if part.organisation.world == "local_authority" else "maxime"


def _accepted(story: Story, obligation: ReportObligation) -> None:
    reports.deliver(obligation=obligation, by=story["maxime"], at=story.at(27))
    obligation.refresh_from_db()
    reports.decide(
        obligation=obligation,
        verb="accept",
        reason="",
        by=story["sacha"],
        at=story.at(20),
        on=story.day(20),
    )


def _answered(story: Story, report: Report) -> None:
    """Answer every promise: done, with what each line of the budget really cost."""
    reports.write_answers(
        report=report,
        values={
            each.promise.key: AnswerValues(spent=each.promise.planned)
            if each.promise.kind is PromiseKind.BUDGET and each.promise.planned
            else AnswerValues(Outcome.DONE, "Démonstration : fait, comme promis.")
            for each in Draft(report).questions
        },
        by=story["maxime"],
        at=story.at(31),
    )


def _visits(story: Story, agreement: Agreement) -> None:
    """Write a visit that was made, with what it asks for, and one to come."""
    made = follow_up.plan_visit(
        agreement=agreement,
        manner=VisitManner.ON_SITE.value,
        planned_on=story.day(112),
        by=story["sacha"],
        at=story.at(130),
    )
    made.refresh_from_db()
    follow_up.write_account(
        visit=made,
        said=VisitAccount(
            made_on=story.day(112),
            participants="Sacha (fonds), Dana Exemple (association) : noms inventés",
            account="Démonstration : la halte est ouverte, une trentaine de personnes passent.",
            notes="Démonstration : prévoir un relais si la salariée s’absente.",
            share=True,
        ),
        version=follow_up.version_of(made),
        by=story["sacha"],
        at=story.at(111),
    )
    follow_up.add_follow_up(
        visit=made,
        what="Démonstration : envoyer le calendrier des dimanches d’hiver",
        due_on=story.day(-10),
        owed_by=OwedByChoices.RECEIVER.value,
        by=story["sacha"],
        at=story.at(110),
    )
    follow_up.plan_visit(
        agreement=agreement,
        manner=VisitManner.VIDEO.value,
        planned_on=story.day(-18),
        by=story["sacha"],
        at=story.at(12),
    )


def _indicator(story: Story, agreement: Agreement) -> None:
    """Write an indicator that both parties agreed to, measured twice."""
    indicator = indicators.propose_indicator(
        agreement=agreement,
        values=IndicatorValues(
            label="Personnes accueillies un dimanche",
            unit="personnes",
            direction=Direction.HIGHER.value,
            target=Decimal(60),
            target_on=story.day(-120),
            baseline=Decimal(0),
            baseline_on=story.day(205),
            baseline_source="Démonstration : la halte n’existait pas.",
        ),
        side=SideChoices.FUND.value,
        by=story["sacha"],
        at=story.at(200),
    )
    indicators.agree_to_indicator(
        indicator=indicator, side=SideChoices.RECEIVER.value, by=story["maxime"], at=story.at(195)
    )
    for ago, value in ((100, 22), (40, 34)):
        indicators.measure(
            indicator=indicator,
            on=story.day(ago),
            value=Decimal(value),
            status=MeasurementStatus.DECLARED.value,
            source="Démonstration : comptage des bénévoles à l’entrée.",
            by=story["maxime"],
            at=story.at(ago - 1),
        )
