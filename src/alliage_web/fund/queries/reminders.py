"""What each person is waited for, in all their files, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from alliage.fund.reporting.delays import in_force, shipped_delays
from alliage.fund.reporting.reminders import Duty, DutyKind
from alliage.fund.states import AgreementState, ApplicationState, ReportState
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of, organisations_of, people_who_hold
from alliage_web.fund.models import (
    Agreement,
    Application,
    ApplicationQuestion,
    OrderState,
    PaymentOrder,
    ReminderChoice,
    ReportPart,
    RequestedDocument,
    SignatoryChoices,
)

from .reports import live_obligations

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import ReportObligation

#: The states in which the fund no longer waits for anything from who applied.
_OVER = (
    ApplicationState.REFUSED.value,
    ApplicationState.INELIGIBLE.value,
    ApplicationState.WITHDRAWN.value,
    ApplicationState.LAPSED.value,
)


def days_ahead(on: dt.date) -> int:
    """Return the days before a date from which a reminder names it."""
    return in_force(shipped_delays().reminder_days_ahead, on).value


class People:
    """Who acts for whom now, read at once for everybody."""

    def __init__(self, at: dt.datetime) -> None:
        self.everyone: dict[int, User] = {}
        self._members: dict[str, set[int]] = defaultdict(set)
        self._acting: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._officers: dict[str, set[int]] = defaultdict(set)
        for person in people_who_hold(at):
            self.everyone[person.pk] = person
            for name in organisations_of(person):
                self._members[name].add(person.pk)
            for held in holdings_of(person):
                if held.role == Role.PARTY_MEMBER:
                    self._acting[held.place, held.organisation].add(person.pk)
                elif held.role == Role.FUND_OFFICER:
                    self._officers[held.place].add(person.pk)

    def of(self, organisations: Iterable[Any], alliance: Any) -> frozenset[int]:
        """Return who belongs to organisations, or acts for them in an alliance."""
        found: set[int] = set()
        for organisation in organisations:
            name = organisation.stable_name
            found |= self._members.get(name, set())
            if alliance is not None:
                found |= self._acting.get((alliance.stable_name, name), set())
        return frozenset(found)

    def officers(self, fund: Any) -> frozenset[int]:
        return frozenset(self._officers.get(fund.stable_name, set()))


def choices() -> dict[int, ReminderChoice]:
    """Return what people chose, by their keys; the others receive it in French."""
    return {row.user_id: row for row in ReminderChoice.objects.all()}


def choice_of(user: User) -> ReminderChoice | None:
    return ReminderChoice.objects.filter(user=user).first()


def duties(people: People) -> list[Duty]:
    """Return all that is waited for, whoever it is waited from.

    Titles and sentences are in the language that is active.
    """
    return [
        duty
        for found in (
            _reports(people),
            _parts(people),
            _documents(people),
            _questions(people),
            _completions(people),
            _signatures(people),
            _payments(people),
        )
        for duty in found
        if duty.people
    ]


def _agreement_title(agreement: Agreement) -> str:
    return _("Convention %(reference)s, %(fund)s") % {
        "reference": agreement.reference,
        "fund": agreement.fund.name,
    }


def _application_title(application: Application) -> str:
    return _("Dossier %(reference)s, %(alliance)s") % {
        "reference": application.reference,
        "alliance": application.alliance.display_title,
    }


def _obligation_link(row: ReportObligation) -> str:
    agreement = row.agreement
    return reverse("fund:report-asked", args=[agreement.fund.code, agreement.reference, row.code])


def _reports(people: People) -> Iterator[Duty]:
    rows = live_obligations().prefetch_related("agreement__application__applicants__organisation")
    for row in rows.exclude(state__in=[ReportState.ACCEPTED.value, ReportState.WAIVED.value]):
        agreement = row.agreement
        if row.state == ReportState.DELIVERED.value:
            kind, who, due_on = DutyKind.REPORT_TO_READ, people.officers(agreement.fund), None
            what = _("À lire : %(report)s") % {"report": row}
        else:
            parts = agreement.application.applicants.all() if agreement.application else ()
            owing = [agreement.receiver, *(part.organisation for part in parts)]
            who, due_on = people.of(owing, agreement.alliance), row.due_on
            if row.state == ReportState.TO_COMPLETE.value:
                kind = DutyKind.REPORT_TO_COMPLETE
                what = _("À compléter : %(report)s") % {"report": row}
            else:
                kind, what = DutyKind.REPORT, _("À remettre : %(report)s") % {"report": row}
        yield Duty(
            who, kind, agreement.stable_name, _agreement_title(agreement), what, due_on,
            _obligation_link(row),
        )  # fmt: skip


def _parts(people: People) -> Iterator[Duty]:
    waiting = live_obligations().filter(state__in=_OPEN, report__isnull=False)
    first: dict[int, ReportObligation] = {}
    for row in waiting:
        first.setdefault(row.report_id or 0, row)
    parts = ReportPart.objects.filter(report__in=list(first), signed_digest="")
    for part in parts.select_related("report__alliance", "organisation").order_by("pk"):
        row = first[part.report_id]
        yield Duty(
            people.of([part.organisation], part.report.alliance),
            DutyKind.PART_TO_SIGN,
            row.agreement.stable_name,
            _agreement_title(row.agreement),
            _("À signer : la part de %(organisation)s dans « %(report)s »")
            % {"organisation": part.organisation.name, "report": part.report},
            row.due_on,
            part.report.get_absolute_url(),
        )


_OPEN = [ReportState.TO_DO.value, ReportState.TO_COMPLETE.value]


def _applicants(application: Application) -> list[Any]:
    return [part.organisation for part in application.applicants.all()]


_WITH_APPLICANTS = "application__applicants__organisation"


def _documents(people: People) -> Iterator[Duty]:
    rows = RequestedDocument.objects.filter(
        file=None, application__state=ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS.value
    ).select_related("application__alliance")
    for row in rows.prefetch_related(_WITH_APPLICANTS).order_by("pk"):
        yield _of_application(
            people, row.application, DutyKind.DOCUMENT,
            _("Pièce demandée : %(what)s") % {"what": row.label}, row.due_on,
        )  # fmt: skip


def _questions(people: People) -> Iterator[Duty]:
    rows = ApplicationQuestion.objects.filter(answered_at=None).exclude(
        application__state__in=_OVER
    )
    rows = rows.select_related("application__alliance").prefetch_related(_WITH_APPLICANTS)
    for row in rows.order_by("pk"):
        yield _of_application(
            people, row.application, DutyKind.QUESTION,
            _("Question du fonds : %(what)s") % {"what": row.text[:120]}, row.answer_by,
        )  # fmt: skip


def _completions(people: People) -> Iterator[Duty]:
    rows = Application.objects.filter(state=ApplicationState.TO_COMPLETE.value)
    rows = rows.select_related("alliance").prefetch_related("applicants__organisation")
    for row in rows.order_by("pk"):
        yield _of_application(
            people, row, DutyKind.COMPLETION, _("Dossier à compléter"), row.complete_by
        )


def _of_application(
    people: People, application: Application, kind: DutyKind, what: str, due_on: dt.date | None
) -> Duty:
    return Duty(
        people.of(_applicants(application), application.alliance),
        kind,
        application.stable_name,
        _application_title(application),
        what,
        due_on,
        application.get_absolute_url(),
    )


def _signatures(people: People) -> Iterator[Duty]:
    rows = Agreement.objects.filter(state=AgreementState.OUT_FOR_SIGNATURE.value).exclude(
        versions__signatures__party=SignatoryChoices.RECEIVER.value
    )
    for row in rows.select_related("fund", "receiver", "alliance").order_by("pk"):
        yield Duty(
            people.of([row.receiver], row.alliance),
            DutyKind.SIGNATURE,
            row.stable_name,
            _agreement_title(row),
            _("Convention à signer"),
            None,
            row.get_absolute_url(),
        )


def _payments(people: People) -> Iterator[Duty]:
    rows = PaymentOrder.objects.filter(state=OrderState.ORDERED.value)
    for row in rows.select_related("agreement__fund").order_by("pk"):
        agreement = row.agreement
        yield Duty(
            # Who ordered does not confirm.
            people.officers(agreement.fund) - {row.ordered_by_id or 0},
            DutyKind.PAYMENT_TO_CONFIRM,
            agreement.stable_name,
            _agreement_title(agreement),
            _("Versement à confirmer : %(key)s") % {"key": row.key},
            row.execute_on,
            reverse(
                "fund:payment-confirm", args=[agreement.fund.code, agreement.reference, row.key]
            ),
        )
