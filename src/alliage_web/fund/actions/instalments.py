"""Conditions met, orders to pay, payments by somebody else, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction

from alliage.fund.money import advances as advance_rules
from alliage.fund.money import instalments as library
from alliage.fund.money import ledger
from alliage.fund.money.ledger import AccountCode, PostingKind
from alliage.fund.states import INSTALMENT, AgreementState, Guard, InstalmentState, follow
from alliage_web.audit.actions import AlreadyDoneError, record, refuse_repeat
from alliage_web.fund.actions import advances
from alliage_web.fund.actions import ledger as books
from alliage_web.fund.actions.agreement_supports import follow_agreement
from alliage_web.fund.actions.agreements import cents, free, locked, take
from alliage_web.fund.models import (
    Agreement,
    AgreementCondition,
    AgreementMovement,
    MovementKind,
    OrderState,
    PaymentOrder,
)
from alliage_web.fund.queries import advances as advance_queries
from alliage_web.fund.queries import agreements as queries

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage.fund.money.instalments import ReturnCause, Terms
    from alliage.values.money import Euros
    from alliage_web.accounts.models import User


_OVER = frozenset({AgreementState.ENDED, AgreementState.TERMINATED})


class OrderedBySamePersonError(Exception):
    """Who ordered a payment may not confirm it."""

    def __init__(self, order: PaymentOrder) -> None:
        self.order = order
        super().__init__(f"{order.key} was ordered by the same person. Another one confirms it.")


class NoTermsInForceError(Exception):
    """Nothing is payable: no version is signed by both parties."""


class AdvanceReturnError(Exception):
    """An advance that was paid comes back by repayments, not by a return."""


@transaction.atomic
def meet_condition(
    *,
    condition: AgreementCondition,
    met_on: dt.date,
    evidence: str,
    by: User,
    at: dt.datetime,
    document: UUID | None = None,
    submission: UUID | None = None,
) -> bool:
    """Record that a condition is met, with its proof; False when it was recorded before."""
    refuse_repeat(submission)
    row = AgreementCondition.objects.select_for_update().get(pk=condition.pk)
    if row.met_on is not None:
        return False
    row.met_on, row.evidence, row.document = met_on, evidence, document
    row.recorded_by, row.recorded_at = by, at
    row.save()
    record(
        kind="agreement.condition_met",
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes={"condition": [None, row.label], "met_on": [None, met_on.isoformat()]},
        submission=submission,
    )
    return True


@transaction.atomic
def order_payment(
    *,
    agreement: Agreement,
    instalment: str,
    amount: Euros,
    execute_on: dt.date,
    reason: str,
    bank_details_checked: bool,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> PaymentOrder:
    """Order the payment of an instalment, in whole or in part; its key is made here.

    Raises
    ------
    PaymentRefused
        If the library finds that it is not payable: it says what is missing.
    TransitionNotAllowed, GuardNotMet
        If an order waits already, the agreement is not in force, or the bank details were not
        checked.
    AdvanceError
        If an advance has no criteria of success yet.
    NoTermsInForceError
        If no version is in force.
    AlreadyDoneError
        If the form was received before.
    """
    books.begin(agreement.fund)
    refuse_repeat(submission)
    agreement = locked(agreement)
    terms = _terms_in_force(agreement)
    payment = library.Payment(f"ord-{uuid4().hex[:20]}", instalment, amount, execute_on)
    movements = queries.movements_of(agreement)
    _check_advance(agreement, execute_on)
    waiting = agreement.orders.filter(instalment=instalment, state=OrderState.ORDERED).exists()
    if not waiting:
        library.pay(terms, movements, queries.conditions_met(agreement), payment)
    # The library found it payable: its conditions are met.
    holds = {Guard.CONDITIONS_MET}
    if AgreementState(agreement.state) in queries.IN_FORCE:
        holds.add(Guard.AGREEMENT_IN_FORCE)
    if bank_details_checked:
        holds.add(Guard.BANK_DETAILS_CHECKED)
    follow(INSTALMENT, _state(agreement, instalment, execute_on), "order", holds=holds)
    order = PaymentOrder.objects.create(
        agreement=agreement,
        instalment=instalment,
        key=payment.key,
        cents=cents(amount),
        execute_on=execute_on,
        reason=reason,
        ordered_by=by,
        ordered_at=at,
    )
    record(
        kind="payment.ordered",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "order": [None, order.key],
            "instalment": [None, instalment],
            "amount": [None, str(order.eur)],
            "execute_on": [None, execute_on.isoformat()],
        },
        submission=submission,
    )
    return order


@transaction.atomic
def confirm_payment(
    *, order: PaymentOrder, amount: Euros, paid_on: dt.date, by: User, at: dt.datetime
) -> AgreementMovement:
    """Record what the bank confirms of an order: all of it, or a part; the ledger follows.

    Raises
    ------
    OrderedBySamePersonError
        If the same person ordered it.
    AlreadyDoneError
        If the order was settled before: nothing is paid twice.
    PaymentRefused, PostingRefused
        If the terms or the ledger do not hold the money.
    """
    books.begin(order.agreement.fund)
    agreement = locked(order.agreement)
    order = _waiting(order, by=by)
    terms = _terms_in_force(agreement)
    payment = library.Payment(order.key, order.instalment, amount, paid_on)
    _check_advance(agreement, paid_on)
    if amount > order.eur:
        msg = f"The order is of {order.eur} €: confirm at most that."
        raise library.PaymentRefused(
            library.PaymentProblem.ABOVE_PAYABLE,
            msg,
            instalment=order.instalment,
            asked=amount,
            possible=order.eur,
            not_before=None,
            missing=(),
            release_missing=(),
        )
    met = queries.conditions_met(agreement)
    library.pay(terms, queries.movements_of(agreement), met, payment)
    whole = amount == order.eur
    verb, guard = (
        ("confirm", Guard.BANK_CONFIRMED_ALL)
        if whole
        else ("confirm_part", Guard.BANK_CONFIRMED_PART)
    )
    follow(INSTALMENT, InstalmentState.ORDERED, verb, holds={guard})
    _post(agreement, order, amount, paid_on, by=by, at=at)
    movement = AgreementMovement.objects.create(
        agreement=agreement,
        instalment=order.instalment,
        kind=MovementKind.PAYMENT,
        key=order.key,
        cents=cents(amount),
        on=paid_on,
        order=order,
        recorded_by=by,
        recorded_at=at,
    )
    _settle(order, OrderState.PAID if whole else OrderState.PARTLY_PAID, by=by, at=at)
    record(
        kind="payment.confirmed",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "order": [None, order.key],
            "amount": [None, str(movement.eur)],
            "paid_on": [None, paid_on.isoformat()],
        },
    )
    if agreement.is_advance:
        advances.follow_payment(agreement=agreement)
    return movement


@transaction.atomic
def reject_order(*, order: PaymentOrder, by: User, at: dt.datetime) -> None:
    """Record that the bank rejected an order: no money moved, it may be ordered again.

    Raises
    ------
    OrderedBySamePersonError
        If the same person ordered it.
    AlreadyDoneError
        If the order was settled before.
    """
    books.begin(order.agreement.fund)
    order = _waiting(order, by=by)
    follow(INSTALMENT, InstalmentState.ORDERED, "reject", holds={Guard.BANK_REJECTED})
    _settle(order, OrderState.REJECTED, by=by, at=at)
    record(
        kind="payment.rejected",
        target=order.agreement.stable_name,
        by=by,
        at=at,
        changes={"order": [None, order.key]},
    )


@transaction.atomic
def record_return(
    *,
    agreement: Agreement,
    instalment: str,
    amount: Euros,
    returned_on: dt.date,
    cause: ReturnCause,
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> AgreementMovement:
    """Record money that came back, and why; the ledger follows.

    Raises
    ------
    PaymentRefused
        If more comes back than was paid.
    AdvanceReturnError
        If the agreement pays an advance.
    AlreadyDoneError
        If the form was received before.
    """
    books.begin(agreement.fund)
    refuse_repeat(submission)
    agreement = locked(agreement)
    if agreement.is_advance:
        raise AdvanceReturnError
    terms = _terms_in_force(agreement)
    key = f"ret-{uuid4().hex[:20]}"
    returned = library.Return(key, instalment, amount, returned_on, cause)
    library.give_back(terms, queries.movements_of(agreement), returned)
    # What comes back goes to the envelope that carries on the one that paid.
    envelope = queries.open_envelope(agreement)
    posting = ledger.Posting(
        key=key,
        fund=agreement.fund.code,
        kind=PostingKind.RETURN,
        booked_on=returned_on,
        reason=str(MovementKind(cause.value).label),
        reference=agreement.reference,
        amount=amount,
        envelope=envelope,
        file=agreement.file,
    )
    books.write(agreement.fund, [posting], by=by, at=at)
    if AgreementState(agreement.state) in _OVER:
        # A return opens the commitment again: an agreement that is over will not pay it.
        free(agreement, key=f"{key}:free", by=by, at=at, on=returned_on)
    movement = AgreementMovement.objects.create(
        agreement=agreement,
        instalment=instalment,
        kind=MovementKind(cause.value),
        key=key,
        cents=cents(amount),
        on=returned_on,
        recorded_by=by,
        recorded_at=at,
    )
    record(
        kind="payment.returned",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "instalment": [None, instalment],
            "amount": [None, str(movement.eur)],
            "cause": [None, cause.value],
        },
        submission=submission,
    )
    follow_agreement(agreement=agreement, by=by, at=at)
    return movement


def _terms_in_force(agreement: Agreement) -> Terms:
    version = queries.version_in_force(agreement)
    if version is None:
        raise NoTermsInForceError
    return queries.terms_of(version)


def _check_advance(agreement: Agreement, on: dt.date) -> None:
    if agreement.is_advance:
        advance_rules.check_payment(advance_queries.file_of(agreement.advance).criteria, on)


def _state(agreement: Agreement, instalment: str, on: dt.date) -> InstalmentState:
    [line] = [each for each in queries.lines_of(agreement, on) if each.row.code == instalment]
    return line.state


def _waiting(order: PaymentOrder, *, by: User) -> PaymentOrder:
    order = PaymentOrder.objects.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    if order.state != OrderState.ORDERED:
        raise AlreadyDoneError(order.key)
    if order.ordered_by_id == by.pk:
        raise OrderedBySamePersonError(order)
    return order


def _settle(order: PaymentOrder, state: OrderState, *, by: User, at: dt.datetime) -> None:
    order.state, order.settled_by, order.settled_at = state, by, at
    order.save(update_fields=["state", "settled_by", "settled_at"])


def _post(
    agreement: Agreement,
    order: PaymentOrder,
    amount: Euros,
    paid_on: dt.date,
    *,
    by: User,
    at: dt.datetime,
) -> None:
    """Write the payment in the ledger, with the key of its order."""
    kind = PostingKind.ADVANCE_PAYMENT if agreement.is_advance else PostingKind.PAYMENT
    committed = queries.held_by_file(agreement, AccountCode.COMMITTED)
    postings = [
        ledger.Posting(
            key=order.key if rank == 1 else f"{order.key}/{rank}",
            fund=agreement.fund.code,
            kind=kind,
            booked_on=paid_on,
            reason=order.reason,
            reference=agreement.reference,
            amount=part,
            envelope=envelope,
            file=agreement.file,
            advance=agreement.reference if agreement.is_advance else "",
        )
        for rank, (envelope, part) in enumerate(take(committed, amount, agreement), start=1)
    ]
    books.write(agreement.fund, postings, by=by, at=at)
