"""What is known of agreements in force, what they warn of, their visits and their renewals."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from alliage.fund.conditions import Truth
from alliage.fund.follow_up.warnings import (
    AgreementFacts,
    Severity,
    shipped_warning_rules,
    spending_gap,
    warnings_of,
)
from alliage.fund.money import instalments as library
from alliage.fund.money.advances import Fact, decide
from alliage.fund.reporting.obligations import ReportKind
from alliage.fund.reporting.promises import Outcome, PromiseKind, promise_key
from alliage.fund.states import AgreementState, ApplicationState, ReportState, VisitState
from alliage.values.dates import PartialDate
from alliage.values.money import ZERO, Euros, total
from alliage_web.alliances.queries import contents
from alliage_web.fund.models import (
    Agreement,
    AgreementVersion,
    Application,
    ApplicationQuestion,
    Indicator,
    MovementKind,
    ReportDelivery,
    ReportObligation,
    SentVersion,
    Visit,
    VisitFollowUp,
    WarningSetAside,
)
from alliage_web.ui.rows import only

from .advances import file_with
from .agreements import SIGNED, condition_of, movement_of, reserved_for, terms_with
from .report_promises import last_day
from .reports import OPEN, standings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from alliage.fund.follow_up.warnings import WarningFinding
    from alliage.fund.money.instalments import InstalmentBalance
    from alliage_web.fund.models import AgreementCondition, Fund

    from .reports import IndicatorStanding

#: The states of the agreements that are followed.
FOLLOWED = (AgreementState.SIGNED, AgreementState.AMENDED, AgreementState.SUSPENDED)
#: How long what an official register said of an organisation stands, in days.
ACTIVITY_STANDS = 365
#: Nothing is awaited, and that is known.
_NOTHING = -1
_HUNDRED = Decimal(100)


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────


def facts_of(agreements: Collection[Agreement], today: dt.date) -> dict[int, AgreementFacts]:
    """Give what is known of agreements on a day, by key, in a constant number of queries."""
    read = _Reading(agreements)
    return {row.pk: _Facts(row, read, today).value() for row in agreements}


class _Reading:
    """Rows beside agreements, each kind read once for all of them."""

    def __init__(self, agreements: Collection[Agreement]) -> None:
        self.agreements = agreements
        self._keys = [row.pk for row in agreements]
        self._applications = [row.application_id for row in agreements if row.application_id]

    @cached_property
    def versions(self) -> dict[int, list[AgreementVersion]]:
        """The versions that were in force, the first one first."""
        rows = AgreementVersion.objects.filter(
            agreement__in=self._keys, in_force_on__isnull=False
        ).select_related("agreement")
        return _by(
            rows.prefetch_related("instalments__conditions", "release").order_by("number"),
            "agreement_id",
        )

    @cached_property
    def obligations(self) -> dict[int, list[ReportObligation]]:
        rows = ReportObligation.objects.filter(agreement__in=self._keys)
        return _by(rows.order_by("pk"), "agreement_id")

    @cached_property
    def deliveries(self) -> dict[int, list[ReportDelivery]]:
        """The last delivery of each report, by agreement, the oldest first."""
        rows = ReportDelivery.objects.filter(obligation__agreement__in=self._keys)
        last: dict[int, ReportDelivery] = {}
        for row in rows.select_related("obligation").order_by("number"):
            last[row.obligation_id] = row
        found: dict[int, list[ReportDelivery]] = defaultdict(list)
        for row in sorted(last.values(), key=lambda row: (row.at, row.pk)):
            found[row.obligation.agreement_id].append(row)
        return found

    @cached_property
    def indicators(self) -> dict[int, list[IndicatorStanding]]:
        rows = Indicator.objects.filter(agreement__in=self._keys, agreed_at__isnull=False)
        found: dict[int, list[IndicatorStanding]] = defaultdict(list)
        for each in standings(rows.select_related("agreement").order_by("pk")):
            found[each.indicator.agreement_id].append(each)
        return found

    @cached_property
    def sent(self) -> dict[int, SentVersion]:
        rows = SentVersion.objects.filter(application__in=self._applications)
        return {row.application_id: row for row in rows.order_by("number")}

    @cached_property
    def applicants(self) -> dict[int, list[str]]:
        """The organisations that applied, by their addresses."""
        rows = Application.objects.filter(pk__in=self._applications)
        found: dict[int, list[str]] = defaultdict(list)
        for key, slug in rows.values_list("pk", "applicants__organisation__slug"):
            if slug:
                found[key].append(slug)
        return found

    @cached_property
    def parties(self) -> Mapping[int, Any]:
        alliances = {row.alliance_id for row in self.agreements if row.alliance_id}
        return contents(alliances, sections=("parties",)) if alliances else {}

    @cached_property
    def questions(self) -> dict[int, list[ApplicationQuestion]]:
        rows = ApplicationQuestion.objects.filter(
            application__in=self._applications, answered_at=None
        )
        return _by(rows.order_by("pk"), "application_id")

    @cached_property
    def visits(self) -> dict[int, list[Visit]]:
        rows = Visit.objects.filter(agreement__in=self._keys).prefetch_related("follow_ups")
        return _by(rows.order_by("pk"), "agreement_id")


def _by(rows: Iterable[Any], name: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


class _Facts:
    """The facts of one agreement, from rows that were read for all."""

    def __init__(self, agreement: Agreement, read: _Reading, today: dt.date) -> None:
        self.agreement, self.today = agreement, today
        self.versions = read.versions.get(agreement.pk, [])
        self.obligations = read.obligations.get(agreement.pk, [])
        self.deliveries = read.deliveries.get(agreement.pk, [])
        self.indicators = read.indicators.get(agreement.pk, [])
        self.visits = read.visits.get(agreement.pk, [])
        application = agreement.application_id
        self.sent = read.sent.get(application) if application else None
        self.applicants = read.applicants.get(application, []) if application else []
        self.parties = read.parties.get(agreement.alliance_id) if agreement.alliance_id else None
        self.questions = read.questions.get(application, []) if application else []

    def value(self) -> AgreementFacts:
        return AgreementFacts(
            **self._activity(),
            **self._held(),
            **self._reports(),
            **self._check(),
            **self._end(),
            **self._promises(),
            **self._indicator(),
            **self._spending(),
            **self._parties(),
            **self._late("question", [row.answer_by for row in self.questions]),
            **self._late(
                "follow_up",
                [
                    each.due_on
                    for visit in self.visits
                    for each in visit.follow_ups.all()
                    if each.done_on is None
                ],
            ),
            **self._contact(),
        )

    def _since(self, day: dt.date) -> int:
        return (self.today - day).days

    def _late(self, name: str, days: Sequence[dt.date]) -> dict[str, Any]:
        if not days:
            return {f"{name}_days_late": _NOTHING}
        first = min(days)
        return {f"{name}_days_late": self._since(first), f"{name}_due_on": first}

    def _activity(self) -> dict[str, Any]:
        row = self.agreement
        if row.ceased_on is not None and row.ceased_on <= self.today:
            return {"receiver_ceased": True, "receiver_ceased_on": row.ceased_on}
        checked = row.activity_checked_on
        if checked is None or self._since(checked) > ACTIVITY_STANDS:
            return {}
        return {"receiver_ceased": False}

    @cached_property
    def balances(self) -> tuple[InstalmentBalance, ...]:
        if not self.versions:
            return ()
        terms = terms_with(self.versions[-1], list(self.versions[-1].instalments.all()))
        moved = sorted(self.agreement.movements.all(), key=lambda row: row.pk)
        return library.balances(
            terms, tuple(movement_of(row) for row in moved), self._met(), self.today
        )

    def _met(self) -> dict[library.Condition, dt.date]:
        rows: Iterable[AgreementCondition] = self.agreement.conditions.all()
        return {condition_of(row): row.met_on for row in rows if row.met_on is not None}

    def _held(self) -> dict[str, Any]:
        if self.agreement.state != AgreementState.SUSPENDED:
            return {"amount_held": ZERO, "days_held": _NOTHING}
        payable = [each for each in self.balances if each.payable > ZERO]
        if not payable:
            return {"amount_held": ZERO, "days_held": _NOTHING}
        met = self._met()
        days = [
            max(
                [
                    *([each.instalment.due_on] if each.instalment.due_on else []),
                    *(met[condition] for condition in each.instalment.conditions),
                ]
            )
            for each in payable
        ]
        return {
            "amount_held": total(each.payable for each in payable),
            "days_held": self._since(min(days)),
            "held_since": min(days),
        }

    def _reports(self) -> dict[str, Any]:
        waited = [row for row in self.obligations if ReportState(row.state) in OPEN]
        days = [row.due_on for row in waited if row.due_on is not None]
        late = [day for day in days if day < self.today]
        unknown = not self.obligations or len(days) < len(waited)
        if unknown and not late:
            return {}
        return self._late("report", late or days)

    def _check(self) -> dict[str, Any]:
        if not self.agreement.is_advance:
            return {"check_days_late": _NOTHING}
        payments = [
            row.on for row in self.agreement.movements.all() if row.kind == MovementKind.PAYMENT
        ]
        if not payments:
            return {"check_days_late": _NOTHING}
        found = decide(file_with(self.agreement.advance, min(payments)))
        if Fact.CHECK not in found.missing or found.check_from is None:
            return {"check_days_late": _NOTHING}
        return self._late("check", [found.check_from])

    @cached_property
    def ends_on(self) -> dt.date | None:
        """The end of the action: that of the terms, else that of the final report."""
        if self.versions and self.versions[-1].ends_on is not None:
            return self.versions[-1].ends_on
        finals = [row.period_last for row in self.obligations if row.kind == ReportKind.FINAL]
        return finals[0] if finals else None

    def _end(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.ends_on is not None:
            found = {"days_to_end": -self._since(self.ends_on), "ends_on": self.ends_on}
        if self.versions:
            found["amount_unpaid"] = self.versions[-1].eur - total(
                row.eur if row.kind == MovementKind.PAYMENT else -row.eur
                for row in self.agreement.movements.all()
            )
        return found

    def _promises(self) -> dict[str, Any]:
        if self.sent is None:
            return {"promise_days_late": _NOTHING}
        told = {
            line["key"]
            for delivery in self.deliveries
            for line in delivery.content["promises"]
            if line["outcome"] == Outcome.DONE
        }
        steps = self.sent.content["answers"].get("steps") or []
        days = [
            day
            for step in steps
            if promise_key(PromiseKind.STEP, str(step.get("what", ""))) not in told
            and (day := _day(step.get("by_when"))) is not None
        ]
        return self._late("promise", days)

    def _indicator(self) -> dict[str, Any]:
        if not self.indicators:
            return {"indicator_gap": Decimal(0)}
        gaps = [_gap(each) for each in self.indicators]
        known = [gap for gap in gaps if gap is not None]
        if not known:
            return {}
        gap, measured_on = max(known)
        # A known gap tells the worst that is known; small ones do not hide what is not known.
        if len(known) < len(gaps) and gap < _rule_bound("indicator_behind"):
            return {}
        return {"indicator_gap": gap, "indicator_measured_on": measured_on}

    def _spending(self) -> dict[str, Any]:
        accepted = [
            each for each in self.deliveries if each.obligation.state == ReportState.ACCEPTED
        ]
        begins = self.versions[0].in_force_on if self.versions else None
        if not accepted or begins is None:
            return {}
        content = accepted[-1].content
        on = dt.date.fromisoformat(content["period"][1])
        cash = [line for line in content["spending"] if line["nature"] == "cash"]
        complete = all(not line["not_known"] and not line["not_valued"] for line in cash)
        if not cash or not complete:
            return {}
        gap = spending_gap(
            spent=_sum(line["spent"] for line in cash),
            planned=_sum(line["planned"] for line in cash),
            begins=begins,
            ends=self.ends_on,
            on=on,
        )
        return {} if gap is None else {"spending_gap": gap, "spending_known_on": on}

    def _parties(self) -> dict[str, Any]:
        if not self.applicants or self.parties is None:
            return {"parties_left": 0}
        rows = self.parties.sections["parties"]
        present = {row["organisation"] for row in rows if not row["left"]}
        gone = [slug for slug in self.applicants if slug not in present]
        if not gone:
            return {"parties_left": 0}
        days = [_day(row["left"]) for row in rows if row["organisation"] in gone and row["left"]]
        known = [day for day in days if day is not None]
        return {"parties_left": len(gone), "party_left_on": min(known, default=None)}

    def _contact(self) -> dict[str, Any]:
        days = [row.in_force_on for row in self.versions if row.in_force_on]
        days += [row.made_on for row in self.visits if row.made_on is not None]
        days += [row.at.date() for row in self.deliveries]
        if not days:
            return {}
        return {"days_without_contact": self._since(max(days)), "last_contact_on": max(days)}


def _day(text: Any) -> dt.date | None:
    try:
        return last_day(PartialDate.parse(str(text))) if text else None
    except ValueError:
        return None


def _sum(amounts: Iterable[str | None]) -> Decimal | None:
    known = [Decimal(amount) for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _gap(each: IndicatorStanding) -> tuple[Decimal, dt.date] | None:
    """Return by how many points an indicator is under its line, and when it was measured."""
    row, found = each.indicator, each.progress
    if found.share is None or found.expected is None or found.last is None:
        return None
    assert row.baseline is not None
    expected = (found.expected - row.baseline) / (row.target - row.baseline)
    gap = max(_HUNDRED * (expected - found.share), Decimal(0))
    return gap.quantize(Decimal("0.1")), found.last.on


def _rule_bound(rule: str) -> Decimal:
    """Return the bound of a rule of one comparison."""
    [found] = [each for each in shipped_warning_rules().rules if each.id == rule][-1:]
    return found.when.at_least or Decimal(0)


# ── Warnings ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Followed:
    """An agreement with its warnings, those that are set aside, and what cannot be told."""

    agreement: Agreement
    facts: AgreementFacts
    warnings: tuple[WarningFinding, ...]
    aside: tuple[tuple[WarningFinding, WarningSetAside], ...]
    unknown: tuple[WarningFinding, ...]

    @property
    def severity(self) -> Severity | None:
        """The gravest of the warnings."""
        return self.warnings[0].rule.severity if self.warnings else None

    @property
    def is_near_end(self) -> bool:
        days = self.facts.days_to_end
        return days is not None and days <= shipped_warning_rules().near_end_days


def followed(agreements: Collection[Agreement], today: dt.date) -> list[Followed]:
    """Say what agreements warn of, in the order given, in a constant number of queries."""
    facts = facts_of(agreements, today)
    aside: dict[int, dict[str, WarningSetAside]] = defaultdict(dict)
    rows = WarningSetAside.objects.filter(agreement__in=[row.pk for row in agreements])
    for row in rows.select_related("by").order_by("pk"):
        # The last word counts; it may be that the warning is back.
        aside[row.agreement_id][row.rule] = row
    return [_followed(row, facts[row.pk], aside[row.pk], today) for row in agreements]


def _followed(
    agreement: Agreement,
    facts: AgreementFacts,
    aside: Mapping[str, WarningSetAside],
    today: dt.date,
) -> Followed:
    found = warnings_of(facts, shipped_warning_rules(), today)
    kept = {rule: row for rule, row in aside.items() if row.until >= today}
    warnings = [each for each in found if each.is_warning]
    return Followed(
        agreement,
        facts,
        tuple(each for each in warnings if each.rule.id not in kept),
        tuple((each, kept[each.rule.id]) for each in warnings if each.rule.id in kept),
        tuple(each for each in found if each.truth is Truth.UNKNOWN),
    )


def _to_follow(rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    return rows.select_related(
        "fund", "payer", "receiver", "alliance", "application", "advance"
    ).prefetch_related("movements", "conditions", "advance__statements")


def followed_of(fund: Fund, today: dt.date) -> list[Followed]:
    """Return the agreements in force of a fund, the gravest warning first."""
    rows = Agreement.objects.filter(fund=fund, state__in=FOLLOWED).order_by("reference")
    return sorted(followed(list(_to_follow(rows)), today), key=_rank)


def _rank(each: Followed) -> tuple[int, dt.date, str]:
    order = list(Severity)
    rank = len(order) if each.severity is None else order.index(each.severity)
    since = each.warnings[0].since if each.warnings else None
    return rank, since or dt.date.max, each.agreement.reference


def follow(agreement: Agreement, today: dt.date) -> Followed:
    """Say what one agreement warns of."""
    [row] = _to_follow(Agreement.objects.filter(pk=agreement.pk))
    return followed([row], today)[0]


@dataclass(frozen=True, slots=True)
class FollowUpFilters:
    """What the list of agreements shows; an empty choice keeps everything."""

    severity: str = ""
    rule: str = ""
    shown: str = ""
    """« avertis », « ecartes » or « bientot-finis »."""

    def applied(self, rows: Iterable[Followed]) -> list[Followed]:
        return [row for row in rows if self._keeps(row)]

    def _keeps(self, row: Followed) -> bool:
        if self.severity and all(each.rule.severity != self.severity for each in row.warnings):
            return False
        if self.rule and all(each.rule.id != self.rule for each in row.warnings):
            return False
        match self.shown:
            case "avertis":
                return bool(row.warnings)
            case "ecartes":
                return bool(row.aside)
            case "bientot-finis":
                return row.is_near_end
        return True


# ── Visits ───────────────────────────────────────────────────────────────────────────────────────


def visits_of(agreement: Agreement, *, all_of_them: bool) -> list[Visit]:
    """Return the visits of an agreement, the last first; who receives sees those not cancelled."""
    rows = Visit.objects.filter(agreement=agreement)
    if not all_of_them:
        rows = rows.exclude(state=VisitState.CANCELLED)
    follow_ups = VisitFollowUp.objects.select_related("done_by").order_by("due_on", "pk")
    return list(
        rows.select_related("agreement__fund", "recorded_by").prefetch_related(
            Prefetch("follow_ups", follow_ups)
        )
    )


def find_visit(agreement: Agreement, uuid: UUID) -> Visit | None:
    rows = Visit.objects.select_related("agreement__fund", "agreement__receiver", "recorded_by")
    return only(rows.filter(agreement=agreement, uuid=uuid))


# ── Renewals ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RenewalRate:
    """How many ended agreements were asked again, and how many of these were accepted."""

    ended: int
    asked: int
    accepted: int

    @property
    def share(self) -> Decimal | None:
        """The part of the ended agreements that were asked again; None where none ended."""
        return Decimal(self.asked) / Decimal(self.ended) if self.ended else None


_AWARDED = [
    ApplicationState.ACCEPTED.value,
    ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS.value,
]


def renewal_rate(fund: Fund) -> RenewalRate:
    """Count the renewals of the agreements of a fund that came to their end, in one query."""
    rows = Agreement.objects.filter(fund=fund, state=AgreementState.ENDED)
    asked = Q(renewals__sent_at__isnull=False) & ~Q(renewals__state=ApplicationState.DRAFT.value)
    found = rows.aggregate(
        ended=Count("pk", distinct=True),
        asked=Count("pk", filter=asked, distinct=True),
        accepted=Count("pk", filter=Q(renewals__state__in=_AWARDED), distinct=True),
    )
    return RenewalRate(**found)


def renewals_of(agreement: Agreement) -> list[Application]:
    """Return the applications that renew an agreement, the last begun first."""
    return list(agreement.renewals.select_related("call", "fund").order_by("-begun_at", "-pk"))


def without_date_to_sign(fund: Fund) -> list[Application]:
    """Return the accepted applications that no agreement binds and that no date will end."""
    signed = Agreement.objects.filter(application=OuterRef("pk"), state__in=SIGNED)
    rows = Application.objects.filter(
        ~Exists(signed), fund=fund, state=ApplicationState.ACCEPTED.value, sign_by=None
    )
    return list(rows.order_by("reference"))


def still_reserved(agreement: Agreement) -> Euros:
    """Return what stays reserved for the file of an abandoned agreement, in euros."""
    return total(amount for _envelope, amount in reserved_for(agreement.fund, agreement.file))
