"""What a file of a fund tells to whoever writes its story: plain values, dated and named.

Visits, reviews, votes and bank details are not told. What was decided, and what was agreed and
paid, is told to those who may see it only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from alliage.fund.states import ReportState
from alliage_web.fund.models import (
    Decision,
    MovementKind,
)

from .agreements import kept_of, version_in_force
from .application_reading import sections_read
from .applications import Content, last_sent
from .reports import last_delivery, obligations_of
from .supports import SAID, all_supports

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from decimal import Decimal

    from alliage.values.money import Euros
    from alliage_web.fund.models import Agreement, Application, Fund


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the application, and the question as it was asked."""

    question: str
    text: str
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicantTold:
    """Who applies, and what it says that it brings."""

    slug: str
    name: str
    world: str
    brings: Answered | None


@dataclass(frozen=True, slots=True)
class ApplicationTold:
    """An application as it was last sent; answers are found by the codes of their questions."""

    reference: str
    sent_on: dt.date
    answers: Mapping[str, Answered]
    applicants: tuple[ApplicantTold, ...]
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class DecisionTold:
    meeting: int
    decided_on: dt.date
    reasons: str
    amount: Euros


@dataclass(frozen=True, slots=True)
class PaymentTold:
    on: dt.date
    eur: Euros


@dataclass(frozen=True, slots=True)
class AgreementTold:
    """What both parties signed last, and what the receiver was paid and kept."""

    reference: str
    version: int
    in_force_on: dt.date
    objective: str
    agreed: Euros
    kept: Euros
    payments: tuple[PaymentTold, ...]


@dataclass(frozen=True, slots=True)
class SupportTold:
    """A support that the fund gives to the alliance, as its book holds it publicly."""

    lever: str
    text: str
    nature: str
    amount: Decimal | None
    status: str
    first: str
    last: str
    source: str


@dataclass(frozen=True, slots=True)
class ReportTold:
    """A report that the fund accepted, as it received it last."""

    title: str
    delivered_on: dt.date
    texts: Mapping[str, str]
    indicators: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class FileStory:
    fund: Fund
    application: ApplicationTold | None
    decision: DecisionTold | None
    agreement: AgreementTold | None
    supports: tuple[SupportTold, ...]
    reports: tuple[ReportTold, ...]


def file_story(
    fund: Fund,
    alliance_id: int,
    *,
    application: Application | None = None,
    agreement: Agreement | None = None,
    tells_decision: bool,
    tells_money: bool,
) -> FileStory:
    """Tell a file, found by its agreement, its application, or the alliance alone."""
    if application is None and agreement is not None:
        application = agreement.application
    return FileStory(
        fund=fund,
        application=_application(application) if application else None,
        decision=_decision(application) if application and tells_decision else None,
        agreement=_agreement(agreement) if agreement and tells_money else None,
        supports=_supports(fund, alliance_id),
        reports=_reports(agreement) if agreement and tells_money else (),
    )


def _application(application: Application) -> ApplicationTold | None:
    sent = last_sent(application)
    if sent is None or not application.was_sent:
        return None
    content = Content(application, sent)
    shared: dict[str, Answered] = {}
    own: dict[str, Answered] = {}
    for section in sections_read(content):
        for entry in section.entries:
            if not entry.is_readable or not (entry.text or entry.rows):
                continue
            said = Answered(entry.label, entry.text, entry.rows)
            if section.party and entry.code == "brings":
                own[section.party] = said
            elif not section.party:
                shared[entry.code] = said
    return ApplicationTold(
        reference=application.reference,
        sent_on=sent.at.date(),
        answers=shared,
        applicants=tuple(
            ApplicantTold(
                slug=part.organisation.slug,
                name=part.organisation.name,
                world=part.organisation.world,
                brings=own.get(part.organisation.name),
            )
            for part in content.parts
        ),
        is_demonstration=application.call.is_demonstration,
    )


def _decision(application: Application) -> DecisionTold | None:
    """Tell the last decision that awards money; other decisions are nobody else's business."""
    rows = Decision.objects.filter(item__application=application, amount__isnull=False)
    row = rows.select_related("item__meeting").order_by("-decided_at", "-pk").first()
    if row is None or row.amount is None:
        return None
    meeting = row.item.meeting
    return DecisionTold(meeting.number, meeting.held_on, row.reasons, row.amount)


def _agreement(agreement: Agreement) -> AgreementTold | None:
    version = version_in_force(agreement)
    if version is None or version.in_force_on is None:
        return None
    first = agreement.versions.filter(in_force_on__isnull=False).order_by("number").first()
    payments = agreement.movements.filter(kind=MovementKind.PAYMENT).order_by("on", "pk")
    return AgreementTold(
        reference=agreement.reference,
        version=version.number,
        in_force_on=(first or version).in_force_on or version.in_force_on,
        objective=version.objective,
        agreed=version.eur,
        kept=kept_of(agreement),
        payments=tuple(PaymentTold(row.on, row.eur) for row in payments),
    )


def _supports(fund: Fund, alliance_id: int) -> tuple[SupportTold, ...]:
    """Tell what the fund gives; the detail of a support that is told is not told again."""
    rows = all_supports().filter(SAID, fund=fund, giver=fund.organisation_id, alliance=alliance_id)
    return tuple(
        SupportTold(
            lever=row.lever,
            text=row.description,
            nature=row.nature,
            amount=row.amount,
            status=row.status,
            first=row.first,
            last=row.last,
            source=row.source,
        )
        for row in rows.filter(Q(part_of=None) | ~Q(part_of__alliance=alliance_id))
    )


def _reports(agreement: Agreement) -> tuple[ReportTold, ...]:
    found = []
    for obligation in obligations_of(agreement):
        delivery = last_delivery(obligation)
        if obligation.state != ReportState.ACCEPTED.value or delivery is None:
            continue
        content = delivery.content
        found.append(
            ReportTold(
                title=content["title"],
                delivered_on=delivery.at.date(),
                texts=content["texts"],
                indicators=tuple(content["indicators"]),
            )
        )
    return tuple(found)
