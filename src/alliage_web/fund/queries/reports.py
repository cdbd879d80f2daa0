"""Reports: who owes which, what a report asks, what it says, and what each funder received."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db.models import Count, F, Max, Q

from alliage.fund.conditions import Truth
from alliage.fund.reporting import indicators as library
from alliage.fund.reporting.obligations import DateBasis, Period, ReportKind, serves
from alliage.fund.reporting.promises import (
    Answer,
    Outcome,
    Promise,
    Question,
    joined,
    questions,
    spending,
    unanswered,
)
from alliage.fund.states import AgreementState, ReportState
from alliage_web.fund.models import (
    Agreement,
    Indicator,
    IndicatorMeasurement,
    Report,
    ReportAnswer,
    ReportDelivery,
    ReportObligation,
)
from alliage_web.ui.rows import only

from .acting import organisations_acted_for
from .report_promises import promises_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from alliage.fund.reporting.promises import NatureSpent
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund, ReportPart

#: The states in which a report is still to be written.
OPEN = frozenset({ReportState.TO_DO, ReportState.TO_COMPLETE})
#: The basis of a date that the fund set.
DECIDED = DateBasis.DECIDED.value
_OPEN = [state.value for state in OPEN]
#: The texts that every report has, beside what was promised.
TEXTS = ("text:summary", "text:difficulties", "text:next")
#: The agreements of which reports are still written: an ended one asks for nothing more.
_LIVE = [
    AgreementState.SIGNED.value,
    AgreementState.AMENDED.value,
    AgreementState.SUSPENDED.value,
]


# ── Obligations ──────────────────────────────────────────────────────────────────────────────────


def _with_names(rows: QuerySet[ReportObligation]) -> QuerySet[ReportObligation]:
    return rows.select_related(
        "agreement__fund",
        "agreement__receiver",
        "agreement__payer",
        "agreement__alliance",
        "agreement__application",
        "condition",
        "report",
        "decided_by",
    ).order_by(F("due_on").asc(nulls_last=True), "pk")


def obligations_of(agreement: Agreement) -> list[ReportObligation]:
    """Return the reports that an agreement asks for, the first due first."""
    return list(_with_names(ReportObligation.objects.filter(agreement=agreement)))


def find_obligation(agreement: Agreement, code: str) -> ReportObligation | None:
    return only(_with_names(ReportObligation.objects.filter(agreement=agreement, code=code)))


def live_obligations() -> QuerySet[ReportObligation]:
    """Return the reports of agreements in force, or suspended."""
    return _with_names(ReportObligation.objects.filter(agreement__state__in=_LIVE))


def owed_by(user: User) -> list[ReportObligation]:
    """Return the reports of the organisations for which a person acts, the first due first.

    The permissions then say which of them the person may write.
    """
    slugs = {name.partition(":")[2] for name in organisations_acted_for(user)}
    if not slugs:
        return []
    mine = Q(agreement__receiver__slug__in=slugs) | Q(
        agreement__application__applicants__organisation__slug__in=slugs
    )
    keys = ReportObligation.objects.filter(mine, agreement__state__in=[*_LIVE, *_OVER]).values("pk")
    return list(_with_names(ReportObligation.objects.filter(pk__in=keys)))


_OVER = [AgreementState.ENDED.value, AgreementState.TERMINATED.value]


#: How the list of a fund is filtered, by the word in the address.
FILTERS = ("a-lire", "en-retard", "a-venir", "acceptes")


def obligations_of_fund(fund: Fund, choice: str, today: dt.date) -> QuerySet[ReportObligation]:
    """Return the reports that a fund waits for or received, the first due first."""
    return _with_names(
        ReportObligation.objects.filter(_chosen(choice, today), agreement__fund=fund)
    )


def counts_of_fund(fund: Fund, today: dt.date) -> dict[str, int]:
    """Count the reports of a fund under each filter, in one query."""
    counted = {name.replace("-", "_"): Count("pk", filter=_chosen(name, today)) for name in FILTERS}
    found: dict[str, int] = ReportObligation.objects.filter(agreement__fund=fund).aggregate(
        **counted
    )
    return {name: found[name.replace("-", "_")] for name in FILTERS}


def _chosen(choice: str, today: dt.date) -> Q:
    is_open = Q(state__in=_OPEN, agreement__state__in=_LIVE)
    match choice:
        case "a-lire":
            return Q(state=ReportState.DELIVERED.value)
        case "en-retard":
            return is_open & Q(due_on__lt=today)
        case "a-venir":
            return is_open & (Q(due_on__gte=today) | Q(due_on=None))
        case "acceptes":
            return Q(state=ReportState.ACCEPTED.value)
    return Q()


def is_late(obligation: ReportObligation, today: dt.date) -> bool:
    """Tell whether a report is not delivered and its last day has passed."""
    return (
        ReportState(obligation.state) in OPEN
        and obligation.due_on is not None
        and obligation.due_on < today
    )


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the follow-up of an agreement needs to know of its reports and indicators.

    Attributes
    ----------
    late_since
        The day after which a report is late; None when none is.
    final_state
        State of the final report; None when the agreement asks for none.
    behind
        Indicators whose last value is worse than the line from the baseline to the target.
    indicators_not_known
        Indicators of which that cannot be told: no baseline, or no measurement.
    missed
        Promises of delivered reports that were answered « not done ».
    """

    late_since: dt.date | None
    to_read: int
    final_state: str | None
    behind: tuple[str, ...]
    indicators_not_known: tuple[str, ...]
    last_delivered_at: dt.datetime | None
    missed: int


def report_facts(agreements: Iterable[Agreement], today: dt.date) -> dict[int, ReportFacts]:
    """Give the facts on the reports of agreements, by key, in a constant number of queries."""
    keys = [agreement.pk for agreement in agreements]
    asked: dict[int, list[ReportObligation]] = {key: [] for key in keys}
    rows = ReportObligation.objects.filter(agreement__in=keys)
    for row in rows.annotate(delivered_at=Max("deliveries__at")):
        asked[row.agreement_id].append(row)
    measured: dict[int, list[IndicatorStanding]] = {key: [] for key in keys}
    found = Indicator.objects.filter(agreement__in=keys, agreed_at__isnull=False)
    for standing in standings(found.select_related("agreement").order_by("pk")):
        measured[standing.indicator.agreement_id].append(standing)
    missed = dict.fromkeys(keys, 0)
    last: dict[int, ReportDelivery] = {}
    sent = ReportDelivery.objects.filter(obligation__agreement__in=keys)
    for delivery in sent.select_related("obligation").order_by("number"):
        last[delivery.obligation_id] = delivery
    for delivery in last.values():
        missed[delivery.obligation.agreement_id] += sum(
            line["outcome"] == Outcome.NOT_DONE.value and not line["settled"]
            for line in delivery.content["promises"]
        )
    return {key: _facts(asked[key], measured[key], missed[key], today) for key in keys}


def _facts(
    rows: Sequence[ReportObligation],
    measured: Sequence[IndicatorStanding],
    missed: int,
    today: dt.date,
) -> ReportFacts:
    late = [row.due_on for row in rows if is_late(row, today) and row.due_on]
    moments: list[Any] = [at for row in rows if (at := getattr(row, "delivered_at", None))]
    finals = [row.state for row in rows if row.kind == ReportKind.FINAL.value]
    return ReportFacts(
        late_since=min(late, default=None),
        to_read=sum(row.state == ReportState.DELIVERED.value for row in rows),
        final_state=finals[0] if finals else None,
        behind=tuple(
            each.indicator.label for each in measured if each.progress.behind is Truth.TRUE
        ),
        indicators_not_known=tuple(
            each.indicator.label for each in measured if each.progress.behind is Truth.UNKNOWN
        ),
        last_delivered_at=max(moments, default=None),
        missed=missed,
    )


# ── Indicators ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class IndicatorStanding:
    """An indicator, its measurements in the order of days, and where it stands."""

    indicator: Indicator
    measurements: tuple[IndicatorMeasurement, ...]
    progress: library.Progress


def standings(rows: QuerySet[Indicator]) -> list[IndicatorStanding]:
    """Say where indicators stand; those of one alliance that are the same share their measures."""
    indicators = list(rows)
    if not indicators:
        return []
    alliances = {row.agreement.alliance_id for row in indicators if row.agreement.alliance_id}
    related = IndicatorMeasurement.objects.filter(
        Q(indicator__in=[row.pk for row in indicators])
        | Q(
            indicator__agreement__alliance__in=alliances,
            indicator__key__in=[row.key for row in indicators],
            indicator__agreed_at__isnull=False,
        )
    )
    found: dict[tuple[Any, str], list[IndicatorMeasurement]] = {}
    for row in related.select_related("indicator__agreement", "recorded_by").order_by("on", "pk"):
        found.setdefault(_shared(row.indicator), []).append(row)
    return [_standing(row, found.get(_shared(row), [])) for row in indicators]


def _shared(row: Indicator) -> tuple[Any, str]:
    """Name what measures are shared by: the alliance and the words, or the indicator alone."""
    if row.agreement.alliance_id is None or row.agreed_at is None:
        return ("alone", row.pk), row.key
    return ("alliance", row.agreement.alliance_id), row.key


def _standing(row: Indicator, measured: list[IndicatorMeasurement]) -> IndicatorStanding:
    told = [
        library.Measurement(each.on, each.value, library.MeasurementStatus(each.status))
        for each in measured
    ]
    return IndicatorStanding(row, tuple(measured), library.progress(indicator_of(row), told))


def indicator_of(row: Indicator) -> library.Indicator:
    return library.Indicator(
        library.Direction(row.direction), row.target, row.target_on, row.baseline, row.baseline_on
    )


def indicators_of(agreement: Agreement) -> list[IndicatorStanding]:
    """Say where the indicators of an agreement stand, those that are only proposed included."""
    rows = Indicator.objects.filter(agreement=agreement)
    return standings(rows.select_related("agreement", "proposed_by", "agreed_by").order_by("pk"))


def find_indicator(agreement: Agreement, uuid: UUID) -> Indicator | None:
    return (
        Indicator.objects.filter(agreement=agreement, uuid=uuid)
        .select_related("agreement__fund")
        .first()
    )


# ── A report that is written ─────────────────────────────────────────────────────────────────────


def find_report(uuid: UUID) -> Report | None:
    rows = Report.objects.filter(uuid=uuid).select_related("alliance", "organisation")
    return only(rows.prefetch_related("parts__organisation"))


def period_of(row: Report | ReportObligation) -> Period:
    return Period(row.period_first, row.period_last)


def answer_of(row: ReportAnswer) -> Answer:
    return Answer(Outcome(row.outcome) if row.outcome else None, row.text, row.spent)


def fingerprint(row: ReportAnswer | None) -> str:
    """Give a mark of what is stored of an answer: somebody else wrote if it changed."""
    if row is None or not (row.outcome or row.text or row.spent_cents is not None):
        return ""
    said = [row.outcome, row.text, row.spent_cents]
    return sha256(rfc8785.dumps(said)).hexdigest()[:16]


class Draft:
    """A report with all that it asks and says, read once."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @cached_property
    def parts(self) -> list[ReportPart]:
        return list(self.report.parts.select_related("organisation", "signed_by").order_by("pk"))

    @cached_property
    def obligations(self) -> list[ReportObligation]:
        """Those that this report answers, each for its agreement."""
        return list(_with_names(ReportObligation.objects.filter(report=self.report)))

    @cached_property
    def rows(self) -> dict[str, ReportAnswer]:
        return {row.key: row for row in self.report.answers.all()}

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        agreements = {row.agreement_id: row.agreement for row in self.obligations}
        return joined(each for row in agreements.values() for each in promises_of(row))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked; what an earlier report settled is carried over, and is not asked."""
        return questions(self.promises, [self._answers_of(row) for row in self.earlier])

    @cached_property
    def earlier(self) -> list[Report]:
        """The reports of the same action that a funder received, and that tell of days before."""
        same = (
            Q(alliance=self.report.alliance_id)
            if self.report.alliance_id
            else Q(alliance=None, organisation=self.report.organisation_id)
        )
        delivered = ReportDelivery.objects.values("report")
        rows = Report.objects.filter(
            same, period_last__lt=self.report.period_last, pk__in=delivered
        ).exclude(pk=self.report.pk)
        return list(rows.prefetch_related("answers").order_by("period_last", "pk"))

    @staticmethod
    def _answers_of(report: Report) -> dict[str, Answer]:
        return {row.key: answer_of(row) for row in report.answers.all()}

    @cached_property
    def measured(self) -> frozenset[str]:
        """The keys of the indicators that were measured in the period."""
        return frozenset(
            each.indicator.key
            for standing in self.standings
            for each in standing.measurements
            if self.report.period_first <= each.on <= self.report.period_last
        )

    @cached_property
    def standings(self) -> list[IndicatorStanding]:
        agreements = {row.agreement_id for row in self.obligations}
        rows = Indicator.objects.filter(agreement__in=agreements, agreed_at__isnull=False)
        return standings(rows.select_related("agreement__fund").order_by("pk"))

    @cached_property
    def answers(self) -> dict[str, Answer]:
        said = {key: answer_of(row) for key, row in self.rows.items()}
        for key in self.measured:
            before = said.get(key, Answer())
            said[key] = Answer(before.outcome, before.text, before.spent, measured=True)
        return said

    def missing(self, agreement: Agreement | None = None) -> tuple[Promise, ...]:
        """Return the promises without an answer, all or those of one agreement."""
        name = agreement.stable_name if agreement else None
        return unanswered(self.questions, self.answers, name)

    @cached_property
    def spending(self) -> tuple[NatureSpent, ...]:
        return spending(self.promises, self.answers)

    @property
    def is_open(self) -> bool:
        """Whether it may be written: somebody waits for it, or asks to complete it."""
        return any(ReportState(row.state) in OPEN for row in self.obligations)

    # What is signed and what is delivered.

    def digest_for(self, part: ReportPart) -> str:
        """Give the digest of what a party signs: what all share, and its own part."""
        said = {
            "title": self.report.title,
            "period": self._period(),
            "answers": self._said(self.rows.values()),
            "party": part.code,
            "text": part.text,
        }
        return sha256(rfc8785.dumps(said)).hexdigest()

    def _period(self) -> list[str]:
        return [self.report.period_first.isoformat(), self.report.period_last.isoformat()]

    @staticmethod
    def _said(rows: Iterable[ReportAnswer]) -> list[list[Any]]:
        return [
            [row.key, row.outcome, row.text, row.spent_cents, row.files]
            for row in sorted(rows, key=lambda row: row.key)
            if row.outcome or row.text or row.spent_cents is not None or row.files
        ]

    def has_signed(self, part: ReportPart) -> bool:
        return bool(part.signed_digest) and part.signed_digest == self.digest_for(part)

    @cached_property
    def unsigned(self) -> list[ReportPart]:
        return [part for part in self.parts if not self.has_signed(part)]

    def content_for(self, obligation: ReportObligation) -> dict[str, Any]:
        """Give what a funder receives: what its agreement asked, and nothing of the others'."""
        agreement = obligation.agreement
        name = agreement.stable_name
        return {
            "fund": agreement.fund.code,
            "agreement": agreement.reference,
            "obligation": obligation.code,
            **self._content(
                [each for each in self.questions if name in each.promise.agreements],
                [each for each in self.standings if each.indicator.agreement_id == agreement.pk],
                self.missing(agreement),
            ),
        }

    def whole(self) -> dict[str, Any]:
        """Give the report as it is, for its authors and for funders outside the platform."""
        once = {each.indicator.key: each for each in self.standings}
        return self._content(self.questions, list(once.values()), self.missing())

    def _content(
        self,
        asked: Sequence[Question],
        measured: Sequence[IndicatorStanding],
        missing: Sequence[Promise],
    ) -> dict[str, Any]:
        return {
            "title": self.report.title,
            "period": self._period(),
            "texts": {key: self.rows[key].text for key in TEXTS if key in self.rows},
            "parts": [
                {
                    "code": part.code,
                    "name": part.organisation.name,
                    "text": part.text,
                    "signed_at": part.signed_at.isoformat()
                    if part.signed_at and self.has_signed(part)
                    else None,
                    "signed_by": f"user:{part.signed_by_id}" if part.signed_by_id else None,
                }
                for part in self.parts
            ],
            "promises": [self._told(each) for each in asked],
            "spending": [
                _nature(each) for each in spending([each.promise for each in asked], self.answers)
            ],
            "indicators": [_indicator(each) for each in measured],
            "missing": [promise.key for promise in missing],
        }

    def _told(self, question: Question) -> dict[str, Any]:
        promise = question.promise
        row = self.rows.get(promise.key)
        said = question.settled or self.answers.get(promise.key, Answer())
        return {
            "key": promise.key,
            "kind": promise.kind.value,
            "text": promise.text,
            "sign": promise.sign,
            "by_when": promise.by_when.isoformat() if promise.by_when else None,
            "nature": promise.nature,
            "planned": None if promise.planned is None else str(promise.planned),
            "outcome": said.outcome.value if said.outcome else "",
            "said": said.text,
            "spent": None if said.spent is None else str(said.spent),
            "settled": question.settled is not None,
            "measured": said.measured,
            "files": row.files if row and not question.settled else [],
        }


def _nature(each: NatureSpent) -> dict[str, Any]:
    return {
        "nature": each.nature,
        "planned": None if each.planned is None else str(each.planned),
        "spent": None if each.spent is None else str(each.spent),
        "not_valued": each.not_valued,
        "not_known": each.not_known,
    }


def _indicator(each: IndicatorStanding) -> dict[str, Any]:
    row, found = each.indicator, each.progress
    return {
        "label": row.label,
        "unit": row.unit,
        "direction": row.direction,
        "baseline": None if row.baseline is None else str(row.baseline),
        "baseline_on": row.baseline_on.isoformat() if row.baseline_on else None,
        "baseline_source": row.baseline_source,
        "target": str(row.target),
        "target_on": row.target_on.isoformat(),
        "share": None if found.share is None else str(found.share),
        "reached": found.reached.value,
        "measurements": [
            {
                "on": one.on.isoformat(),
                "value": str(one.value),
                "status": one.status,
                "source": one.source,
            }
            for one in each.measurements
        ],
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """Give the digest of what was delivered."""
    return sha256(rfc8785.dumps(dict(content))).hexdigest()


def last_delivery(obligation: ReportObligation) -> ReportDelivery | None:
    rows = obligation.deliveries.select_related("by", "report")
    return rows.order_by("-number").first()


def evidence_of(delivery: ReportDelivery) -> frozenset[str]:
    """Return the identifiers of the documents that a delivery holds."""
    return frozenset(
        str(file["uuid"]) for line in delivery.content["promises"] for file in line["files"]
    )


# ── For whom else a report may serve ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Recipient:
    """A report that another agreement of the action asks for, and whether this one covers it."""

    obligation: ReportObligation
    covers: Truth
    is_chosen: bool


def same_action(obligation: ReportObligation) -> QuerySet[ReportObligation]:
    """Return the reports that are asked of the same action, by whichever fund."""
    agreement = obligation.agreement
    if agreement.alliance_id:
        return live_obligations().filter(agreement__alliance=agreement.alliance_id)
    return live_obligations().filter(
        agreement__alliance=None, agreement__receiver=agreement.receiver_id
    )


def recipients_of(draft: Draft) -> list[Recipient]:
    """Return the reports that this one answers or could, the first due first."""
    report = draft.report
    if report.alliance_id:
        rows = live_obligations().filter(agreement__alliance=report.alliance_id)
    else:
        rows = live_obligations().filter(
            agreement__alliance=None, agreement__receiver=report.organisation_id
        )
    mine = rows.filter(Q(report=report) | Q(report=None, state=ReportState.TO_DO.value))
    return [
        Recipient(row, serves(period_of(report), period_of(row)), row.report_id == report.pk)
        for row in mine
    ]
