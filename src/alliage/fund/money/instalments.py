"""What an agreement pays, when, and on which conditions; never twice, never before its time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from alliage.values.money import (
    ZERO,
    Euros,
    MoneyError,
    allocate,
    euros,
    round_half_up_to_cents,
    total,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from decimal import Decimal


class TermsProblem(StrEnum):
    """Why terms cannot be those of an agreement, or cannot replace others."""

    AMOUNT = "amount"
    NO_INSTALMENT = "no_instalment"
    TWICE_THE_SAME = "twice_the_same"
    SUM = "sum"
    NEITHER_DATE_NOR_CONDITION = "neither_date_nor_condition"
    HOLD_BACK = "hold_back"
    NO_RELEASE = "no_release"
    VERSION = "version"
    OTHER_AGREEMENT = "other_agreement"
    REASON = "reason"
    BELOW_PAID = "below_paid"
    RAISED_AFTER_RETURN = "raised_after_return"


class PaymentProblem(StrEnum):
    """Why a payment or a return is refused."""

    AMOUNT = "amount"
    KEY_REUSED = "key_reused"
    UNKNOWN_INSTALMENT = "unknown_instalment"
    NOT_YET = "not_yet"
    ABOVE_PAYABLE = "above_payable"
    ALREADY_PAID = "already_paid"
    ABOVE_PAID = "above_paid"


class TermsRefused(ValueError):
    """Terms cannot be those of the agreement; the message says what would be possible.

    Attributes
    ----------
    problem
        Why they are refused.
    values
        What the message is made of, by name.
    """

    def __init__(self, problem: TermsProblem, message: str, **values: Any) -> None:
        self.problem = problem
        self.values = MappingProxyType(values)
        super().__init__(message)


class PaymentRefused(ValueError):
    """A payment or a return cannot be made; the message says what would be possible.

    Attributes
    ----------
    problem
        Why it is refused.
    values
        What the message is made of, by name: amounts, dates, conditions.
    """

    def __init__(self, problem: PaymentProblem, message: str, **values: Any) -> None:
        self.problem = problem
        self.values = MappingProxyType(values)
        super().__init__(message)


class ConditionKind(StrEnum):
    """What an instalment may wait for, besides a date."""

    REPORT_ACCEPTED = "report_accepted"
    MILESTONE_REACHED = "milestone_reached"
    DOCUMENT_RECEIVED = "document_received"


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """A report to accept, a milestone to reach or a document to receive, by its code."""

    kind: ConditionKind
    code: str

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of the money of an agreement.

    Attributes
    ----------
    code : str
        Its name in the agreement, that it keeps in every version.
    amount : Decimal
        Euros, above zero.
    due_on : datetime.date, optional
        The day from which it is payable; without one, its conditions alone decide.
    conditions : tuple of Condition
        All must be met.
    held_back : Decimal
        Euros of ``amount`` that wait for the release conditions of the agreement.

    Raises
    ------
    TermsRefused
        If the amounts are not possible, or if neither a date nor a condition says when.
    """

    code: str
    amount: Euros
    due_on: dt.date | None = None
    conditions: tuple[Condition, ...] = ()
    held_back: Euros = ZERO

    def __post_init__(self) -> None:
        try:
            amount, held_back = euros(self.amount), euros(self.held_back)
        except MoneyError as error:
            raise TermsRefused(TermsProblem.AMOUNT, str(error), instalment=self.code) from error
        if amount <= 0:
            msg = f"Instalment {self.code} is of {amount} €: give an amount above zero."
            raise TermsRefused(TermsProblem.AMOUNT, msg, instalment=self.code, asked=amount)
        if not 0 <= held_back <= amount:
            msg = (
                f"Instalment {self.code} of {amount} € cannot hold {held_back} € back: hold from "
                f"0.00 to {amount} €."
            )
            raise TermsRefused(
                TermsProblem.HOLD_BACK, msg, instalment=self.code, asked=held_back, possible=amount
            )
        if self.due_on is None and not self.conditions:
            msg = (
                f"Nothing says when instalment {self.code} is payable: give a date or a condition."
            )
            raise TermsRefused(TermsProblem.NEITHER_DATE_NOR_CONDITION, msg, instalment=self.code)
        object.__setattr__(self, "amount", amount)
        object.__setattr__(self, "held_back", held_back)


@dataclass(frozen=True, slots=True)
class Terms:
    """The money of an agreement, in one version.

    Attributes
    ----------
    agreement : str
        Its name.
    version : int
        1 as first signed; one more at each amendment.
    amount : Decimal
        Euros of the agreement.
    instalments : tuple of Instalment
        Their amounts make that of the agreement, to the cent.
    release : tuple of Condition
        What releases the amounts held back; all must be met.

    Raises
    ------
    TermsRefused
        If the instalments do not make the amount, if two have the same code, or if something is
        held back that nothing would release.

    Examples
    --------
    >>> Terms("pemb", 1, euros(10_000), ())
    Traceback (most recent call last):
        ...
    alliage.fund.money.instalments.TermsRefused: The agreement pemb has no instalment. Give...
    """

    agreement: str
    version: int
    amount: Euros
    instalments: tuple[Instalment, ...]
    release: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if self.version < 1:
            msg = f"Version {self.version} of {self.agreement} does not exist: the first one is 1."
            raise TermsRefused(TermsProblem.VERSION, msg, asked=self.version, possible=1)
        if not self.instalments:
            msg = f"The agreement {self.agreement} has no instalment. Give at least one."
            raise TermsRefused(TermsProblem.NO_INSTALMENT, msg)
        for code, times in Counter(each.code for each in self.instalments).items():
            if times > 1:
                msg = f"{times} instalments are named {code}. Give each its own code."
                raise TermsRefused(TermsProblem.TWICE_THE_SAME, msg, instalment=code)
        found = total(each.amount for each in self.instalments)
        if found != self.amount:
            gap = self.amount - found
            msg = (
                f"The instalments make {found} € and the agreement is of {self.amount} €: "
                f"{'add' if gap > 0 else 'take off'} {abs(gap)} €."
            )
            raise TermsRefused(
                TermsProblem.SUM, msg, found=found, expected=self.amount, difference=gap
            )
        if not self.release and any(each.held_back for each in self.instalments):
            msg = "An amount is held back and nothing releases it. Name what releases it."
            raise TermsRefused(TermsProblem.NO_RELEASE, msg)

    def instalment(self, code: str) -> Instalment | None:
        """Return an instalment by its code, or None."""
        return next((each for each in self.instalments if each.code == code), None)


@dataclass(frozen=True, slots=True)
class Share:
    """An instalment before its amount is known: its part of the whole, and when it is payable."""

    code: str
    weight: Decimal | int
    due_on: dt.date | None = None
    conditions: tuple[Condition, ...] = ()


def schedule(
    agreement: str,
    amount: Euros,
    shares: Sequence[Share],
    *,
    hold_back: Decimal | int = 0,
    release: tuple[Condition, ...] = (),
) -> Terms:
    """Split an agreement into instalments, to the cent.

    Parameters
    ----------
    agreement : str
        Its name.
    amount : Decimal
        Euros of the agreement.
    shares : sequence of Share
        The instalments, by weight.
    hold_back : Decimal or int
        Part of each instalment that is held back, from 0 to 1, rounded half up to the cent.
    release : tuple of Condition
        What releases it.

    Returns
    -------
    Terms
        The first version, whose instalments make the amount exactly.

    Raises
    ------
    TermsRefused
        If the amount is too small for each instalment to have a cent, or nothing releases what is
        held back.
    MoneyError
        If the weights cannot split.

    Examples
    --------
    >>> import datetime as dt
    >>> final_report = Condition(ConditionKind.REPORT_ACCEPTED, "final")
    >>> terms = schedule(
    ...     "ptce",
    ...     euros(17_000),
    ...     [
    ...         Share("signature", 70, due_on=dt.date(2020, 9, 1)),
    ...         Share("end", 30, conditions=(final_report,)),
    ...     ],
    ... )
    >>> [(each.code, each.amount) for each in terms.instalments]
    [('signature', Decimal('11900.00')), ('end', Decimal('5100.00'))]
    """
    if not shares:
        return Terms(agreement, 1, amount, ())
    parts = allocate(amount, [share.weight for share in shares])
    return Terms(
        agreement,
        1,
        euros(amount),
        tuple(
            Instalment(
                share.code,
                part,
                share.due_on,
                share.conditions,
                round_half_up_to_cents(part * hold_back),
            )
            for share, part in zip(shares, parts, strict=True)
        ),
        release,
    )


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that went to the holder for an instalment, in whole or in part."""

    key: str
    instalment: str
    amount: Euros
    paid_on: dt.date


class ReturnCause(StrEnum):
    """Why money came back."""

    BANK_REJECTION = "bank_rejection"
    UNDUE = "undue"


@dataclass(frozen=True, slots=True)
class Return:
    """Money that came back; only what a bank rejected is payable again."""

    key: str
    instalment: str
    amount: Euros
    returned_on: dt.date
    cause: ReturnCause


#: What was paid and returned under an agreement, in the order in which it was recorded.
Movements: TypeAlias = "tuple[Payment | Return, ...]"

_MovementT = TypeVar("_MovementT", Payment, Return)
_RELEASED: Final = "the release of what is held back"


@dataclass(frozen=True, slots=True)
class InstalmentBalance:
    """Where an instalment stands on a day, in euros.

    ``paid`` is what the holder keeps, ``left`` what may still be paid one day, ``payable`` what
    may be paid on that day. ``not_before`` and ``missing`` say what all of it waits for;
    ``release_missing`` what the part held back waits for.
    """

    instalment: Instalment
    paid: Euros
    left: Euros
    payable: Euros
    not_before: dt.date | None
    missing: tuple[Condition, ...]
    release_missing: tuple[Condition, ...]


def balances(
    terms: Terms, movements: Movements, met: Mapping[Condition, dt.date], on: dt.date
) -> tuple[InstalmentBalance, ...]:
    """Say what is payable on a day, and what the rest waits for.

    Parameters
    ----------
    terms : Terms
        The version in force.
    movements : tuple of Payment or Return
        What was recorded so far.
    met : mapping of Condition to datetime.date
        The conditions known to be met, and since when. What is not there is not met.
    on : datetime.date
        The day.

    Returns
    -------
    tuple of InstalmentBalance
        One an instalment, in the order of the terms.

    Examples
    --------
    >>> import datetime as dt
    >>> report = Condition(ConditionKind.REPORT_ACCEPTED, "final")
    >>> end = Instalment("end", euros(5100), conditions=(report,))
    >>> terms = Terms("ptce", 1, euros(5100), (end,))
    >>> [balance] = balances(terms, (), {}, dt.date(2021, 6, 1))
    >>> balance.payable, balance.missing == (report,)
    (Decimal('0.00'), True)
    >>> [balance] = balances(terms, (), {report: dt.date(2021, 5, 12)}, dt.date(2021, 6, 1))
    >>> balance.payable
    Decimal('5100.00')
    """
    release_missing = _not_met(terms.release, met, on)
    return tuple(
        _balance(each, movements, _not_met(each.conditions, met, on), release_missing, on)
        for each in terms.instalments
    )


def _not_met(
    conditions: tuple[Condition, ...], met: Mapping[Condition, dt.date], on: dt.date
) -> tuple[Condition, ...]:
    return tuple(each for each in conditions if each not in met or met[each] > on)


def _balance(
    instalment: Instalment,
    movements: Movements,
    missing: tuple[Condition, ...],
    release_missing: tuple[Condition, ...],
    on: dt.date,
) -> InstalmentBalance:
    sent, undue = _sent(instalment.code, movements)
    # What was returned as undue is not paid again: an amendment takes it off the instalment.
    left = max(instalment.amount - sent, ZERO)
    held = instalment.held_back if release_missing else ZERO
    early = instalment.due_on is not None and on < instalment.due_on
    payable = ZERO if early or missing else max(instalment.amount - held - sent, ZERO)
    return InstalmentBalance(
        instalment,
        sent - undue,
        left,
        payable,
        instalment.due_on if early else None,
        missing,
        release_missing if instalment.held_back else (),
    )


def _sent(code: str, movements: Movements) -> tuple[Euros, Euros]:
    """Add up what reached the holder of an instalment, and what of it came back as undue."""
    sent = undue = ZERO
    for each in movements:
        if each.instalment != code:
            continue
        if isinstance(each, Payment):
            sent += each.amount
        elif each.cause is ReturnCause.BANK_REJECTION:
            sent -= each.amount
        else:
            undue += each.amount
    return sent, undue


def pay(
    terms: Terms, movements: Movements, met: Mapping[Condition, dt.date], payment: Payment
) -> Movements:
    """Record a payment, or refuse it.

    Parameters
    ----------
    terms : Terms
        The version in force.
    movements : tuple of Payment or Return
        What was recorded so far.
    met : mapping of Condition to datetime.date
        The conditions known to be met, and since when.
    payment : Payment
        The payment. Its key is made once by the order to pay, not at each attempt.

    Returns
    -------
    tuple of Payment or Return
        The movements with the payment; the same ones if they already hold it.

    Raises
    ------
    PaymentRefused
        If the instalment is unknown, already paid, or waits for something; if the amount is above
        what is payable; if the key served for another movement.

    Examples
    --------
    >>> import datetime as dt
    >>> report = Condition(ConditionKind.REPORT_ACCEPTED, "final")
    >>> end = Instalment("end", euros(5100), conditions=(report,))
    >>> terms = Terms("ptce", 1, euros(5100), (end,))
    >>> order = Payment("order 7", "end", euros(5100), dt.date(2021, 6, 1))
    >>> pay(terms, (), {}, order)
    Traceback (most recent call last):
        ...
    alliage.fund.money.instalments.PaymentRefused: Instalment end is not payable on 2021-06-...
    >>> paid = pay(terms, (), {report: dt.date(2021, 5, 12)}, order)
    >>> pay(terms, paid, {report: dt.date(2021, 5, 12)}, order) == paid
    True
    """
    payment = _in_cents(payment)
    if _recorded(payment, movements):
        return movements
    instalment = _instalment(terms, payment.instalment)
    [balance] = [
        each
        for each in balances(terms, movements, met, payment.paid_on)
        if each.instalment is instalment
    ]
    if payment.amount > balance.payable:
        raise _refusal(payment, balance)
    return (*movements, payment)


def _refusal(payment: Payment, balance: InstalmentBalance) -> PaymentRefused:
    code, held = payment.instalment, bool(balance.release_missing)
    values: dict[str, Any] = {
        "instalment": code,
        "asked": payment.amount,
        "possible": balance.payable,
        "not_before": balance.not_before,
        "missing": balance.missing,
        "release_missing": balance.release_missing,
    }
    if not balance.left:
        msg = (
            f"Instalment {code} of {balance.instalment.amount} € is already paid: nothing is left."
        )
        return PaymentRefused(PaymentProblem.ALREADY_PAID, msg, **values)
    waits = [str(each) for each in balance.missing]
    if balance.not_before:
        waits.append(str(balance.not_before))
    if not waits and held:
        waits = [f"{each} ({_RELEASED})" for each in balance.release_missing]
    if balance.payable:
        more = f" For more, it waits for {', '.join(waits)}." if waits else ""
        msg = f"{payment.amount} € is above what is payable of instalment {code}: pay at most "
        msg += f"{balance.payable} €.{more}"
        return PaymentRefused(PaymentProblem.ABOVE_PAYABLE, msg, **values)
    msg = f"Instalment {code} is not payable on {payment.paid_on}: it waits for {', '.join(waits)}."
    return PaymentRefused(PaymentProblem.NOT_YET, msg, **values)


def give_back(terms: Terms, movements: Movements, returned: Return) -> Movements:
    """Record money that came back, or refuse it.

    Parameters
    ----------
    terms : Terms
        The version in force.
    movements : tuple of Payment or Return
        What was recorded so far.
    returned : Return
        What came back.

    Returns
    -------
    tuple of Payment or Return
        The movements with the return; the same ones if they already hold it.

    Raises
    ------
    PaymentRefused
        If the instalment is unknown, if more comes back than the holder keeps, or if the key
        served for another movement.
    """
    returned = _in_cents(returned)
    if _recorded(returned, movements):
        return movements
    _instalment(terms, returned.instalment)
    sent, undue = _sent(returned.instalment, movements)
    if returned.amount > sent - undue:
        msg = (
            f"{returned.amount} € cannot come back from instalment {returned.instalment}: "
            f"{sent - undue} € of it stand paid. Record at most that."
        )
        raise PaymentRefused(
            PaymentProblem.ABOVE_PAID, msg, asked=returned.amount, possible=sent - undue
        )
    return (*movements, returned)


def _in_cents(movement: _MovementT) -> _MovementT:
    try:
        amount = euros(movement.amount)
    except MoneyError as error:
        raise PaymentRefused(PaymentProblem.AMOUNT, str(error), asked=movement.amount) from error
    if amount <= 0:
        msg = f"A movement of {amount} € cannot be recorded: give an amount above zero."
        raise PaymentRefused(PaymentProblem.AMOUNT, msg, asked=amount)
    return replace(movement, amount=amount)


def _recorded(movement: Payment | Return, movements: Movements) -> bool:
    for each in movements:
        if each.key == movement.key:
            if each == movement:
                return True
            msg = (
                f"The key {movement.key} was already used for another movement. Give a new one "
                "its own key."
            )
            raise PaymentRefused(PaymentProblem.KEY_REUSED, msg, key=movement.key)
    return False


def _instalment(terms: Terms, code: str) -> Instalment:
    found = terms.instalment(code)
    if found is None:
        codes = tuple(each.code for each in terms.instalments)
        msg = (
            f"Version {terms.version} of {terms.agreement} has no instalment {code}. Choose among: "
            f"{', '.join(codes)}."
        )
        raise PaymentRefused(PaymentProblem.UNKNOWN_INSTALMENT, msg, asked=code, possible=codes)
    return found


@dataclass(frozen=True, slots=True)
class Amendment:
    """The passage from a version of the terms to the next one.

    ``difference`` is what the ledger has to follow, in euros: above zero, an award and a
    commitment; below zero, a decommitment.
    """

    before: Terms
    after: Terms
    reason: str

    @property
    def difference(self) -> Euros:
        """Amount of the new version less that of the one before, in euros."""
        return self.after.amount - self.before.amount


def amend(before: Terms, after: Terms, movements: Movements, *, reason: str) -> Amendment:
    """Replace the terms of an agreement, respecting what was already paid.

    Parameters
    ----------
    before, after : Terms
        The version in force and the one to come; the first is kept, unchanged.
    movements : tuple of Payment or Return
        What was recorded so far.
    reason : str
        Why the terms change.

    Returns
    -------
    Amendment
        The passage from one to the other.

    Raises
    ------
    TermsRefused
        If the new version is not the next one of the same agreement, has no reason, leaves out or
        brings an instalment below what the holder keeps of it, or raises one of which money came
        back as undue.
    """
    if after.agreement != before.agreement:
        msg = f"{after.agreement} does not amend {before.agreement}. Name the same agreement."
        raise TermsRefused(TermsProblem.OTHER_AGREEMENT, msg, asked=after.agreement)
    if after.version != before.version + 1:
        msg = (
            f"Version {after.version} does not follow version {before.version}: it is version "
            f"{before.version + 1} that comes next."
        )
        raise TermsRefused(
            TermsProblem.VERSION, msg, asked=after.version, possible=before.version + 1
        )
    if not reason.strip():
        msg = "An amendment says why the terms change. Write the reason."
        raise TermsRefused(TermsProblem.REASON, msg)
    for instalment in before.instalments:
        _check_kept(instalment, after, movements)
    return Amendment(before, after, reason)


def _check_kept(old: Instalment, after: Terms, movements: Movements) -> None:
    sent, undue = _sent(old.code, movements)
    kept = sent - undue
    new = after.instalment(old.code)
    amount = new.amount if new else ZERO
    if amount < kept:
        msg = (
            f"{kept} € of instalment {old.code} are paid: version {after.version} cannot bring it "
            f"to {amount} €. Keep at least {kept} €, or record what comes back first."
        )
        raise TermsRefused(
            TermsProblem.BELOW_PAID, msg, instalment=old.code, asked=amount, possible=kept
        )
    if undue and amount > old.amount:
        msg = (
            f"{undue} € of instalment {old.code} came back as undue: it cannot be raised to "
            f"{amount} €. Put new money in a new instalment."
        )
        raise TermsRefused(
            TermsProblem.RAISED_AFTER_RETURN,
            msg,
            instalment=old.code,
            asked=amount,
            possible=old.amount,
        )
