"""Who may pay whom, and under which conditions, before an agreement is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.fund.conditions import Truth, Value, evaluate, missing_facts
from alliage.fund.law.de_minimis import DeMinimisAid, DeMinimisPosition, de_minimis_position
from alliage.fund.law.legal_rules import Effect, ReadingOutcome

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from alliage.fund.law.legal_rules import (
        AlternativeRecord,
        DatedAmount,
        GrantParameters,
        LegalRules,
        RulePart,
    )
    from alliage.values.money import Euros

#: What has to be known for a fact that is computed.
_KNOWN_FROM = {
    "payer_is_public": "payer_kind",
    "receiver_is_public": "receiver_kind",
    "beneficiary_is_public": "beneficiary_kind",
    "above_agreement_threshold": "granted_before_this_year",
    "above_de_minimis": "de_minimis_aids",
}


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that is thought of, with what is known of it. None is unknown.

    Attributes
    ----------
    payer_kind, receiver_kind
        Codes of kinds.
    beneficiary_kind
        Kind of the body for which the action is done; that of the receiver when it acts for
        itself.
    amount
        Euros.
    on
        The day on which the agreement would be signed.
    granted_before_this_year
        Euros that the payer already granted the receiver for the same year.
    public_resources
        Whether the money is public, or the State decides of its use.
    economic_activity
        Whether the support bears on an economic activity of the receiver, whatever its form.
    general_interest
        Whether the action is of general interest.
    passed_on
        Whether the receiver has to hand the money over to the beneficiary.
    undertakings
        Members of the single undertaking of the receiver.
    de_minimis_aids
        The aids that it stated; an empty tuple is « none », None is « it has not stated ».
    ministerial_derogation
        Whether an order allows public money to the endowment fund; none is known of unless told.
    fiscal_year_month
        Month in which the fiscal year of the receiver begins.

    Raises
    ------
    ValueError
        If aids are given and no undertaking is named: none of them would count.
    """

    payer_kind: str | None
    receiver_kind: str | None
    amount: Euros
    on: dt.date
    beneficiary_kind: str | None = None
    granted_before_this_year: Euros | None = None
    public_resources: bool | None = None
    economic_activity: bool | None = None
    general_interest: bool | None = None
    passed_on: bool | None = None
    undertakings: frozenset[str] = frozenset()
    de_minimis_aids: tuple[DeMinimisAid, ...] | None = None
    ministerial_derogation: bool | None = False
    fiscal_year_month: int = 1

    def __post_init__(self) -> None:
        if self.de_minimis_aids and not self.undertakings:
            msg = (
                "Aids are given and no undertaking: none of them would count. Name the receiver "
                "and those that it is linked with in `undertakings`."
            )
            raise ValueError(msg)


class LegalOutcome(StrEnum):
    """What can be said of a payment."""

    ALLOWED = "allowed"
    ALLOWED_WITH_CONDITIONS = "allowed_with_conditions"
    BLOCKED = "blocked"
    CANNOT_TELL = "cannot_tell"


class Weight(StrEnum):
    """What a finding does to the outcome."""

    OPENS = "opens"
    ASKS = "asks"
    BLOCKS = "blocks"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that bears on the payment: its sentences, source, article and days are its own.

    Attributes
    ----------
    rule
        None when no reading of the pair is written down.
    missing
        What has to be known before the rule can be told.
    """

    weight: Weight
    rule: RulePart | None
    missing: tuple[str, ...] = ()


class UnknownKindError(ValueError):
    """A kind of payer, receiver or beneficiary is not in the rules.

    Attributes
    ----------
    kind
        The code that was given.
    allowed
        The codes that the rules know.
    """

    def __init__(self, kind: str, allowed: tuple[str, ...]) -> None:
        self.kind = kind
        self.allowed = allowed
        super().__init__(f"« {kind} » is no kind. Write one of {', '.join(allowed)}.")


@dataclass(frozen=True, slots=True)
class LegalPath:
    """What the rules say of a payment on its day.

    Attributes
    ----------
    findings
        The reading of the pair first, then the requirements in their order.
    instead
        What is possible instead, where something blocks.
    de_minimis
        The position of the single undertaking; None when it is not stated or has no ceiling.
    """

    outcome: LegalOutcome
    findings: tuple[Finding, ...]
    instead: tuple[AlternativeRecord, ...]
    de_minimis: DeMinimisPosition | None

    def of(self, weight: Weight) -> tuple[Finding, ...]:
        """Return the findings of one weight."""
        return tuple(finding for finding in self.findings if finding.weight is weight)

    @property
    def missing(self) -> tuple[str, ...]:
        """What has to be known, each once: names of fields of `Payment`."""
        return tuple(dict.fromkeys(name for finding in self.findings for name in finding.missing))


def legal_path(payment: Payment, rules: LegalRules, parameters: GrantParameters) -> LegalPath:
    """Say whether a payment has a legal path, and under which conditions.

    Parameters
    ----------
    payment : Payment
        What is thought of, with what is known.
    rules : LegalRules
        The rules; `shipped_rules` are those of Alliage.
    parameters : GrantParameters
        The dated amounts; `shipped_parameters` are those of Alliage.

    Returns
    -------
    LegalPath
        Blocked as soon as one rule blocks. Otherwise « cannot tell » while a fact is missing or
        no reading of the pair is written down: silence of the rules is not a permission.

    Raises
    ------
    UnknownKindError
        If a kind is given that the rules do not have.

    Source: ``parameters/legal_path.yaml`` and ``parameters/grants.yaml``, article by article.

    Examples
    --------
    >>> import datetime as dt
    >>> from alliage.fund.law.legal_rules import shipped_parameters, shipped_rules
    >>> from alliage.values.money import euros
    >>> payment = Payment("private_fund", "local_authority", euros(7000), dt.date(2026, 3, 1))
    >>> path = legal_path(payment, shipped_rules(), shipped_parameters())
    >>> path.outcome.value, path.of(Weight.BLOCKS)[0].rule.id
    ('blocked', 'legal_gap')
    >>> path.instead[0].code
    'association_of_the_alliance'
    """
    kinds = tuple(kind.code for kind in rules.kinds)
    for kind in (payment.payer_kind, payment.receiver_kind, payment.beneficiary_kind):
        if kind is not None and kind not in kinds:
            raise UnknownKindError(kind, kinds)
    position = _position(payment, parameters)
    facts = _facts(payment, rules, parameters, position)
    findings = (
        _reading_finding(payment, rules, facts),
        *_requirement_findings(payment, rules, facts),
    )
    weights = {finding.weight for finding in findings}
    codes = {
        code: None
        for finding in findings
        if finding.weight is Weight.BLOCKS and finding.rule
        for code in finding.rule.instead
    }
    by_code = {alternative.code: alternative for alternative in rules.alternatives}
    instead = tuple(by_code[code] for code in codes)
    return LegalPath(_outcome(weights), findings, instead, position)


def _outcome(weights: set[Weight]) -> LegalOutcome:
    if Weight.BLOCKS in weights:
        return LegalOutcome.BLOCKED
    if Weight.CANNOT_TELL in weights:
        return LegalOutcome.CANNOT_TELL
    if Weight.ASKS in weights:
        return LegalOutcome.ALLOWED_WITH_CONDITIONS
    return LegalOutcome.ALLOWED


def _position(payment: Payment, parameters: GrantParameters) -> DeMinimisPosition | None:
    if payment.de_minimis_aids is None:
        return None
    return de_minimis_position(
        payment.de_minimis_aids,
        payment.undertakings,
        on=payment.on,
        parameters=parameters,
        fiscal_year_month=payment.fiscal_year_month,
    )


def _facts(
    payment: Payment,
    rules: LegalRules,
    parameters: GrantParameters,
    position: DeMinimisPosition | None,
) -> Mapping[str, Value]:
    threshold = parameters.written_agreement_threshold.on(payment.on)
    ceiling = parameters.de_minimis_ceiling.on(payment.on)
    return {
        "payer_kind": payment.payer_kind,
        "receiver_kind": payment.receiver_kind,
        "payer_is_public": rules.is_public(payment.payer_kind),
        "receiver_is_public": rules.is_public(payment.receiver_kind),
        "beneficiary_is_public": rules.is_public(payment.beneficiary_kind),
        "passed_on": payment.passed_on,
        "general_interest": payment.general_interest,
        "ministerial_derogation": payment.ministerial_derogation,
        "public_resources": payment.public_resources,
        "economic_activity": payment.economic_activity,
        "above_agreement_threshold": _is_above(
            payment.amount, payment.granted_before_this_year, threshold
        ),
        "above_de_minimis": _is_above(
            payment.amount, None if position is None else position.used, ceiling
        ),
    }


def _is_above(amount: Euros, before: Euros | None, bound: DatedAmount | None) -> bool | None:
    """Compare a sum with a bound; what came before matters only when the amount is not enough."""
    if bound is None:
        return None
    if amount > bound.eur:
        return True
    return None if before is None else amount + before > bound.eur


def _named(facts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_KNOWN_FROM.get(fact, fact) for fact in facts))


def _reading_finding(payment: Payment, rules: LegalRules, facts: Mapping[str, Value]) -> Finding:
    unknown = [name for name in ("payer_kind", "receiver_kind") if facts[name] is None]
    if unknown:
        return Finding(Weight.CANNOT_TELL, None, tuple(unknown))
    reading = next(
        (
            reading
            for reading in rules.readings
            if payment.payer_kind in reading.payers
            and payment.receiver_kind in reading.receivers
            and reading.holds_on(payment.on)
        ),
        None,
    )
    if reading is None:
        return Finding(Weight.CANNOT_TELL, None)
    if reading.outcome is ReadingOutcome.OPEN:
        return Finding(Weight.OPENS, reading)
    if reading.unless is None:
        return Finding(Weight.BLOCKS, reading)
    exception = reading.unless.value()
    weight = {
        Truth.TRUE: Weight.OPENS,
        Truth.FALSE: Weight.BLOCKS,
        Truth.UNKNOWN: Weight.CANNOT_TELL,
    }[evaluate(exception, facts)]
    return Finding(weight, reading, _named(missing_facts(exception, facts)))


def _requirement_findings(
    payment: Payment, rules: LegalRules, facts: Mapping[str, Value]
) -> Iterator[Finding]:
    for requirement in rules.requirements:
        if not requirement.holds_on(payment.on):
            continue
        condition = requirement.when.value()
        match evaluate(condition, facts):
            case Truth.TRUE:
                blocks = requirement.effect is Effect.BLOCKS
                yield Finding(Weight.BLOCKS if blocks else Weight.ASKS, requirement)
            case Truth.UNKNOWN:
                missing = _named(missing_facts(condition, facts))
                yield Finding(Weight.CANNOT_TELL, requirement, missing)
