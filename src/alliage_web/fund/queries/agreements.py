"""Agreements as the library knows them: terms, movements, conditions met, legal path."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785
from django.db.models import Prefetch

from alliage.fund.law.de_minimis import DeMinimisAid
from alliage.fund.law.legal_path import LegalOutcome, LegalPath, legal_path
from alliage.fund.law.legal_path import Payment as LegalPayment
from alliage.fund.law.legal_rules import shipped_parameters, shipped_rules
from alliage.fund.money import instalments as library
from alliage.fund.money import ledger
from alliage.fund.money.instalments import Condition, ConditionKind, ReturnCause, Terms
from alliage.fund.money.ledger import AccountCode
from alliage.fund.states import AgreementState, ApplicationState, Guard, InstalmentState
from alliage.values.money import ZERO, Euros, euros, total
from alliage_web.fund.models import (
    Agreement,
    AgreementInstalment,
    AgreementMovement,
    AgreementVersion,
    Application,
    Fund,
    MovementKind,
    OrderState,
    PaymentOrder,
    RunningBalance,
    SignatoryChoices,
    euros_of,
)
from alliage_web.fund.queries.ledger import closed_through
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

    from alliage.fund.money.instalments import InstalmentBalance, Movements
    from alliage_web.fund.models import AgreementCondition

#: The member of the single undertaking whose aids are stated on the agreement.
_RECEIVER = "receiver"
IN_FORCE = frozenset({AgreementState.SIGNED, AgreementState.AMENDED})
#: The states of an agreement that both parties signed, whatever came after.
SIGNED = IN_FORCE | {
    AgreementState.SUSPENDED, AgreementState.ENDED, AgreementState.TERMINATED
}  # fmt: skip
_ALLOWED = frozenset({LegalOutcome.ALLOWED, LegalOutcome.ALLOWED_WITH_CONDITIONS})


def find_agreement(fund: Fund, reference: str) -> Agreement | None:
    return only(_with_names(Agreement.objects.filter(fund=fund, reference=reference)))


def agreements_of(fund: Fund) -> QuerySet[Agreement]:
    """Return the agreements of a fund with what the list shows, the last prepared first."""
    versions = AgreementVersion.objects.order_by("number")
    return _with_names(Agreement.objects.filter(fund=fund)).prefetch_related(
        Prefetch("versions", versions), "movements"
    )


def agreement_of(application: Application) -> Agreement | None:
    """Return the agreement made from an application, unless it was abandoned."""
    return (
        _with_names(Agreement.objects.filter(application=application))
        .exclude(state=AgreementState.ABANDONED.value)
        .first()
    )


def _with_names(rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    return rows.select_related("fund", "payer", "receiver", "alliance", "application", "strand")


def last_version(agreement: Agreement) -> AgreementVersion:
    """Return the latest version, in force or being written."""
    return agreement.versions.order_by("-number")[0]


def version_in_force(agreement: Agreement) -> AgreementVersion | None:
    """Return the version that both parties signed last."""
    return agreement.versions.filter(in_force_on__isnull=False).order_by("-number").first()


def instalments_of(version: AgreementVersion) -> list[AgreementInstalment]:
    return list(version.instalments.prefetch_related("conditions"))


def terms_of(version: AgreementVersion) -> Terms:
    """Give the terms of a version.

    Raises
    ------
    TermsRefused
        If what the version holds makes no terms: a draft may not add up yet.
    """
    return terms_with(version, instalments_of(version))


def terms_with(version: AgreementVersion, rows: Sequence[AgreementInstalment]) -> Terms:
    """Give the terms of a version whose instalments were read."""
    return Terms(
        version.agreement.reference,
        version.number,
        version.eur,
        tuple(
            library.Instalment(
                row.code, row.eur, row.due_on, _conditions(row.conditions.all()), row.held_back
            )
            for row in rows
        ),
        _conditions(version.release.all()),
    )


def _conditions(rows: Sequence[AgreementCondition] | QuerySet[AgreementCondition]) -> Any:
    return tuple(sorted(condition_of(row) for row in rows))


def condition_of(row: AgreementCondition) -> Condition:
    return Condition(ConditionKind(row.kind), row.code)


def movements_of(agreement: Agreement) -> Movements:
    """Give what was paid and came back, in the order in which it was recorded."""
    return tuple(movement_of(row) for row in agreement.movements.order_by("pk"))


def movement_of(row: AgreementMovement) -> library.Payment | library.Return:
    if row.kind == MovementKind.PAYMENT:
        return library.Payment(row.key, row.instalment, row.eur, row.on)
    return library.Return(row.key, row.instalment, row.eur, row.on, ReturnCause(row.kind))


def conditions_met(agreement: Agreement) -> dict[Condition, dt.date]:
    return {
        condition_of(row): row.met_on
        for row in agreement.conditions.all()
        if row.met_on is not None
    }


def kept_of(agreement: Agreement) -> Euros:
    """Return what the receiver was paid and did not give back, in euros."""
    return total(
        row.eur if row.kind == MovementKind.PAYMENT else -row.eur
        for row in agreement.movements.all()
    )


def digest_of(version: AgreementVersion) -> str:
    """Give the digest of all that the parties sign: two versions with the same one are equal."""
    agreement = version.agreement
    advance = getattr(agreement, "advance", None)
    said: dict[str, Any] = {
        "fund": agreement.fund.code,
        "agreement": agreement.reference,
        "version": version.number,
        "kind": agreement.kind,
        "payer": agreement.payer.name,
        "receiver": agreement.receiver.name,
        "objective": version.objective,
        "clauses": version.clauses,
        "cents": version.cents,
        "reason": version.reason,
        "release": [str(each) for each in _conditions(version.release.all())],
        "instalments": [
            {
                "code": row.code,
                "title": row.title,
                "cents": row.cents,
                "held_back_cents": row.held_back_cents,
                "due_on": row.due_on.isoformat() if row.due_on else None,
                "conditions": [
                    [str(condition_of(each)), each.label]
                    for each in sorted(row.conditions.all(), key=condition_of)
                ],
            }
            for row in instalments_of(version)
        ],
        "criteria": advance.criteria if advance else "",
        "check_after_months": advance.check_after_months if advance else 0,
    }
    if version.ends_on is not None:
        # Versions that were frozen without this term keep the digest that was signed.
        said["ends_on"] = version.ends_on.isoformat()
    return sha256(rfc8785.dumps(said)).hexdigest()


@dataclass(frozen=True, slots=True)
class InstalmentLine:
    """An instalment of the version in force, where it stands, and what may be done."""

    row: AgreementInstalment
    balance: InstalmentBalance
    state: InstalmentState
    order: PaymentOrder | None
    missing: tuple[AgreementCondition, ...]
    release_missing: tuple[AgreementCondition, ...]

    @property
    def may_order(self) -> bool:
        return self.order is None and self.balance.payable > ZERO


def lines_of(agreement: Agreement, on: dt.date) -> list[InstalmentLine]:
    """Say of each instalment in force where it stands on a day."""
    version = version_in_force(agreement)
    if version is None:
        return []
    terms = terms_of(version)
    rows = {row.code: row for row in instalments_of(version)}
    known = {condition_of(row): row for row in agreement.conditions.all()}
    orders = {
        order.instalment: order
        for order in agreement.orders.filter(state=OrderState.ORDERED).select_related("ordered_by")
    }
    moved = movements_of(agreement)
    found = library.balances(terms, moved, conditions_met(agreement), on)
    return [
        InstalmentLine(
            row=rows[balance.instalment.code],
            balance=balance,
            state=instalment_state(
                agreement, balance, ordered=balance.instalment.code in orders, movements=moved
            ),
            order=orders.get(balance.instalment.code),
            missing=tuple(known[each] for each in balance.missing),
            release_missing=tuple(known[each] for each in balance.release_missing),
        )
        for balance in found
    ]


def instalment_state(
    agreement: Agreement, balance: InstalmentBalance, *, ordered: bool, movements: Movements
) -> InstalmentState:
    """Name the state of an instalment: it follows from what was ordered, paid and met."""
    if ordered:
        return InstalmentState.ORDERED
    moved = any(each.instalment == balance.instalment.code for each in movements)
    if moved and balance.paid:
        return InstalmentState.PARTLY_PAID if balance.left else InstalmentState.PAID
    if moved and not balance.left:
        return InstalmentState.RETURNED
    if agreement.state == AgreementState.TERMINATED:
        return InstalmentState.CANCELLED
    if balance.payable:
        suspended = agreement.state == AgreementState.SUSPENDED
        return InstalmentState.HELD if suspended else InstalmentState.DUE
    return InstalmentState.PLANNED


def path_of(agreement: Agreement, amount: Euros, on: dt.date) -> LegalPath:
    """Say whether the payer may pay the receiver an amount, with the facts that were stated."""
    aids = agreement.de_minimis
    before = agreement.granted_before_cents
    payment = LegalPayment(
        payer_kind=agreement.payer_kind or None,
        receiver_kind=agreement.receiver_kind or None,
        amount=amount,
        on=on,
        # Who receives acts for itself unless the agreement says for whom.
        beneficiary_kind=agreement.beneficiary_kind or agreement.receiver_kind or None,
        granted_before_this_year=None if before is None else euros_of(before),
        public_resources=agreement.public_resources,
        economic_activity=agreement.economic_activity,
        general_interest=agreement.general_interest,
        passed_on=agreement.passed_on,
        undertakings=frozenset({_RECEIVER}),
        de_minimis_aids=None if aids is None else tuple(_aid(each) for each in aids),
        ministerial_derogation=agreement.ministerial_derogation,
    )
    return legal_path(payment, shipped_rules(), shipped_parameters())


def _aid(said: Mapping[str, str]) -> DeMinimisAid:
    day = dt.date.fromisoformat(said["on"])
    return DeMinimisAid(_RECEIVER, day, euros(said["eur"]), said.get("by", ""))


def path_is_open(path: LegalPath) -> bool:
    return path.outcome in _ALLOWED


def told_of(path: LegalPath, on: dt.date) -> dict[str, Any]:
    """Give what is kept of a legal path: the outcome, the day and the rules that bore on it."""
    return {
        "on": on.isoformat(),
        "outcome": path.outcome.value,
        "findings": [
            {"rule": each.rule.id if each.rule else "", "weight": each.weight.value}
            for each in path.findings
        ],
    }


def is_signed_by_all(version: AgreementVersion) -> bool:
    return set(version.signatures.values_list("party", flat=True)) == set(SignatoryChoices.values)


def ending_guards(agreement: Agreement) -> set[Guard]:
    """Find what holds of the end of an agreement, besides the final report."""
    holds = set()
    version = version_in_force(agreement)
    if version is not None and not agreement.orders.filter(state=OrderState.ORDERED).exists():
        left = library.balances(
            terms_of(version), movements_of(agreement), conditions_met(agreement), dt.date.max
        )
        if not any(each.left for each in left):
            holds.add(Guard.INSTALMENTS_SETTLED)
    if not outstanding_of(agreement):
        holds.add(Guard.ADVANCES_SETTLED)
    return holds


def outstanding_of(agreement: Agreement) -> Euros:
    """Return what was lent under an agreement and is neither back, waived nor lost."""
    rows = RunningBalance.objects.filter(
        fund=agreement.fund, code=AccountCode.ADVANCES.value, file=agreement.file
    )
    return total(row.eur for row in rows.filter(advance=agreement.reference))


def held_by_file(agreement: Agreement, code: AccountCode) -> list[tuple[ledger.Envelope, Euros]]:
    """Return what an account holds for the file of an agreement, envelope by envelope."""
    rows = (
        RunningBalance.objects.filter(
            fund=agreement.fund,
            code=code.value,
            file=agreement.file,
            envelope__strand=agreement.strand,
            cents__gt=0,
        )
        .select_related("envelope__strand")
        .order_by("envelope__year")
    )
    return [
        (ledger.Envelope(row.envelope.strand.code, row.envelope.year), row.eur)
        for row in rows
        if row.envelope
    ]


def open_envelope(agreement: Agreement) -> ledger.Envelope:
    """Return the envelope that an agreement names, or the one that carries it on."""
    closed = closed_through(agreement.fund)
    year = agreement.year if closed is None else max(agreement.year, closed + 1)
    return ledger.Envelope(agreement.strand.code, year)


def waiting_orders(fund: Fund) -> QuerySet[PaymentOrder]:
    """Return the orders that nobody settled, the first to execute first."""
    return (
        PaymentOrder.objects.filter(agreement__fund=fund, state=OrderState.ORDERED)
        .select_related("agreement__receiver", "agreement__payer", "agreement__fund", "ordered_by")
        .order_by("execute_on", "pk")
    )


def next_reference(fund: Fund, year: int) -> str:
    """Propose the next free number of the year."""
    start = f"conv-{year}-"
    used = Agreement.objects.filter(fund=fund, reference__startswith=start)
    numbers = [
        int(tail)
        for name in used.values_list("reference", flat=True)
        if (tail := name.removeprefix(start)).isdigit()
    ]
    return f"{start}{max(numbers, default=0) + 1:03d}"


def awarded_to(application: Application) -> Euros:
    """Return what was awarded to an application and is not agreed yet, in euros."""
    rows = RunningBalance.objects.filter(
        fund=application.fund, code=AccountCode.RESERVED.value, file=application.reference
    )
    return total(row.eur for row in rows)


def has_signed_agreement(application: Application) -> bool:
    """Tell whether both parties ever signed an agreement made from an application."""
    return Agreement.objects.filter(application=application, state__in=SIGNED).exists()


def unsigned_agreements(application: Application) -> list[Agreement]:
    """Return the agreements of an application that wait for a signature."""
    waiting = (AgreementState.PREPARED, AgreementState.OUT_FOR_SIGNATURE)
    rows = Agreement.objects.filter(application=application, state__in=waiting)
    return list(rows.select_related("fund", "application", "strand").order_by("pk"))


def reserved_for(fund: Fund, file: str) -> list[tuple[ledger.Envelope, Euros]]:
    """Return what was awarded to a file and is not agreed, envelope by envelope."""
    rows = (
        RunningBalance.objects.filter(
            fund=fund, code=AccountCode.RESERVED.value, file=file, cents__gt=0
        )
        .select_related("envelope__strand")
        .order_by("envelope__year", "envelope__strand__order", "envelope__strand__code")
    )
    return [
        (ledger.Envelope(row.envelope.strand.code, row.envelope.year), row.eur)
        for row in rows
        if row.envelope
    ]


def awaiting_agreement(fund: Fund) -> list[Application]:
    """Return the accepted applications that have no agreement."""
    accepted = Application.objects.filter(fund=fund, state=ApplicationState.ACCEPTED.value)
    with_one = Agreement.objects.filter(application__isnull=False).exclude(
        state=AgreementState.ABANDONED.value
    )
    rows = accepted.exclude(pk__in=with_one.values("application"))
    return list(rows.select_related("alliance").order_by("reference"))


def accepted_application(fund: Fund, reference: str) -> Application | None:
    rows = Application.objects.filter(
        fund=fund, reference=reference, state=ApplicationState.ACCEPTED.value
    )
    return rows.select_related("alliance", "call", "fund").first()
