"""Who may apply: rules as data, each with its reason and its remedy, answered in three values.

The format is described in ``docs/reference/eligibility-rules.md``.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from alliage.alliances.records import CODE, Part, Remark, ShortText
from alliage.alliances.vocabulary import Lever, Stage, World
from alliage.fund.conditions import (
    Between,
    Condition,
    ConditionRecord,
    FactDefinition,
    FactKind,
    Facts,
    Truth,
    Value,
    comparison_problems,
    comparisons,
    evaluate,
    missing_facts,
)
from alliage.values.yaml_files import (
    Fault,
    FileProblem,
    InvalidFilesError,
    Problem,
    place,
    read_record,
)
from alliage.values.yaml_lines import with_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from alliage.values.dates import PartialDate
    from alliage.values.money import Euros


class Identifier(StrEnum):
    """A number that a register gives."""

    SIREN = "siren"
    RNA = "rna"


def _codes(vocabulary: type[StrEnum]) -> frozenset[str]:
    return frozenset(item.value for item in vocabulary)


#: The facts of an application, by the code that rules write.
FACTS: Mapping[str, FactDefinition] = {
    "worlds": FactDefinition(
        FactKind.CODES, "worlds that the parties of the alliance belong to", _codes(World)
    ),
    "parties": FactDefinition(FactKind.NUMBER, "number of parties of the alliance"),
    "lead_world": FactDefinition(FactKind.CODE, "world of the lead", _codes(World)),
    "lead_kind": FactDefinition(FactKind.CODE, "kind of organisation of the lead"),
    "party_kinds": FactDefinition(FactKind.CODES, "kinds of organisation of all who apply"),
    "lead_identifiers": FactDefinition(
        FactKind.CODES, "numbers of registers that the lead gives", _codes(Identifier)
    ),
    "lead_age_months": FactDefinition(FactKind.NUMBER, "full months since the lead exists"),
    "alliance_age_months": FactDefinition(FactKind.NUMBER, "full months since the alliance began"),
    "stage": FactDefinition(FactKind.CODE, "how far the alliance has come", _codes(Stage)),
    "levers": FactDefinition(FactKind.CODES, "levers that are asked", _codes(Lever)),
    "objectives": FactDefinition(FactKind.CODES, "objectives of the alliance"),
    "domains": FactDefinition(FactKind.CODES, "fragilities that the alliance answers"),
    "territories": FactDefinition(
        FactKind.PLACES, "territories of the project, as `level:code`, each with what contains it"
    ),
    "amount_asked": FactDefinition(FactKind.NUMBER, "euros asked from the fund"),
    "share_asked": FactDefinition(FactKind.NUMBER, "share of the cash expenses asked, 0 to 1"),
    "own_share": FactDefinition(FactKind.NUMBER, "share that the parties bring in cash, 0 to 1"),
    "duration_months": FactDefinition(FactKind.NUMBER, "length of the project in months"),
    "declarations": FactDefinition(FactKind.CODES, "declarations that are ticked, by question"),
}


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """What is known of an application. None is unknown, an empty tuple is known to be empty.

    The names and meanings are those of ``FACTS``. Each territory comes with the codes of all that
    contains it: ``frozenset({"commune:94080", "department:94", "region:11"})``.
    """

    worlds: tuple[World, ...] | None = None
    parties: int | None = None
    lead_world: World | None = None
    lead_kind: str | None = None
    party_kinds: tuple[str, ...] | None = None
    lead_identifiers: tuple[Identifier, ...] | None = None
    lead_age_months: Between | None = None
    alliance_age_months: Between | None = None
    stage: Stage | None = None
    levers: tuple[Lever, ...] | None = None
    objectives: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    territories: tuple[frozenset[str], ...] | None = None
    amount_asked: Euros | None = None
    share_asked: Decimal | None = None
    own_share: Decimal | None = None
    duration_months: int | None = None
    declarations: tuple[str, ...] | None = None

    def by_code(self) -> Facts:
        """Return the facts by code; a list holds each member once."""
        found: dict[str, Value] = {}
        for name in FACTS:
            value: Value = getattr(self, name)
            found[name] = tuple(dict.fromkeys(value)) if isinstance(value, tuple) else value
        return found


def age_in_months(since: PartialDate, on: dt.date) -> Between:
    """Count the full months from a date known in part.

    Parameters
    ----------
    since : PartialDate
        A year, a month or a day.
    on : date
        The day at which the age is asked, such as the deadline of the call.

    Returns
    -------
    Between
        The youngest and the oldest age that the date allows, in months; both are equal when it is
        a day. Zero before the date.

    Source: code de procédure civile, article 641, for months that lack the day.

    Examples
    --------
    >>> from alliage.values.dates import PartialDate
    >>> age_in_months(PartialDate(2025), dt.date(2026, 6, 30))
    Between(low=Decimal('6'), high=Decimal('17'))
    """
    last_month = since.month or 12
    last_day = since.day or calendar.monthrange(since.year, last_month)[1]
    latest = dt.date(since.year, last_month, last_day)
    return Between(_full_months(latest, on), _full_months(since.first_day, on))


def _full_months(start: dt.date, on: dt.date) -> Decimal:
    months = (on.year - start.year) * 12 + on.month - start.month
    # What began on the 31st of January is a month old on the last day of February.
    anniversary = min(start.day, calendar.monthrange(on.year, on.month)[1])
    return Decimal(max(months - (on.day < anniversary), 0))


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition to apply, why it is set, and how to mend what does not meet it."""

    id: str
    why_fr: str
    why_en: str
    remedy_fr: str
    remedy_en: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class EligibilityRules:
    """The rules of a call, in the order in which they are shown."""

    code: str
    version: int
    rules: tuple[Rule, ...]


class RuleRecord(Part):
    id: Annotated[str, Field(pattern=CODE, max_length=60)]
    why_fr: Remark
    why_en: Remark
    remedy_fr: Remark
    remedy_en: Remark
    met_if: ConditionRecord


class EligibilityRecord(Part):
    """Rules as a file writes them."""

    code: Annotated[str, Field(pattern=CODE, max_length=60)]
    version: Annotated[int, Field(ge=1)]
    title_fr: ShortText
    title_en: ShortText
    rules: Annotated[tuple[RuleRecord, ...], Field(min_length=1)]


def read_eligibility_rules(path: Path) -> EligibilityRules:
    """Read the rules of a call, or refuse them with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file in the format of ``docs/reference/eligibility-rules.md``.

    Returns
    -------
    EligibilityRules
        The rules.

    Raises
    ------
    InvalidFilesError
        If the file does not follow the format, repeats an id, names an unknown fact or code, or
        asks of a fact what its kind does not have. Each problem tells the line and the rule.
    """
    try:
        record = read_record(path, EligibilityRecord)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error
    rules = EligibilityRules(
        record.code,
        record.version,
        tuple(
            Rule(
                rule.id,
                rule.why_fr,
                rule.why_en,
                rule.remedy_fr,
                rule.remedy_en,
                rule.met_if.value(),
            )
            for rule in record.rules
        ),
    )
    problems = [FileProblem.of(path.name, place(where), fault) for where, fault in _problems(rules)]
    if problems:
        raise InvalidFilesError(with_lines(path, problems))
    return rules


class RuleProblem(Problem):
    """What can be wrong between the rules of a file, beside their conditions."""

    REPEATED_ID = "repeated_id", "« %(id)s » names several rules. Give each its own."


def _problems(rules: EligibilityRules) -> Iterator[tuple[tuple[str | int, ...], Fault]]:
    counted = Counter(rule.id for rule in rules.rules)
    for rank, rule in enumerate(rules.rules):
        if counted[rule.id] > 1:
            yield ("rules", rank, "id"), Fault(RuleProblem.REPEATED_ID, {"id": rule.id})
        for comparison in comparisons(rule.condition):
            for fault in comparison_problems(comparison, FACTS):
                yield ("rules", rank, "met_if"), fault


class Verdict(StrEnum):
    """What the rules say together."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule says.

    Attributes
    ----------
    truth
        True is met, false is not met, unknown cannot be told yet.
    found
        The facts that the rule reads, each once, with the value found; None is unknown.
    missing
        The facts for want of which it cannot be told.
    """

    rule: Rule
    truth: Truth
    found: tuple[tuple[str, Value], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What every rule says, in the order of the rules."""

    results: tuple[RuleResult, ...]

    @property
    def verdict(self) -> Verdict:
        """Not eligible as soon as a rule is not met, whatever is still unknown."""
        truths = {result.truth for result in self.results}
        if Truth.FALSE in truths:
            return Verdict.NOT_ELIGIBLE
        return Verdict.CANNOT_TELL if Truth.UNKNOWN in truths else Verdict.ELIGIBLE


def check_eligibility(rules: EligibilityRules, facts: ApplicationFacts) -> Eligibility:
    """Apply the rules of a call to what is known of an application.

    Parameters
    ----------
    rules : EligibilityRules
        The rules of the call.
    facts : ApplicationFacts
        What is known.

    Returns
    -------
    Eligibility
        Every rule with its answer: the list is the same whether the application passes or not.

    Examples
    --------
    >>> from alliage.fund.conditions import Minimum
    >>> three_worlds = Rule("worlds", "", "", "", "", Minimum("worlds", Decimal(3)))
    >>> rules = EligibilityRules("call", 1, (three_worlds,))
    >>> check_eligibility(rules, ApplicationFacts()).verdict.value
    'cannot_tell'
    >>> two = ApplicationFacts(worlds=(World.COMPANY, World.ASSOCIATION))
    >>> check_eligibility(rules, two).verdict.value
    'not_eligible'
    """
    known = facts.by_code()
    return Eligibility(
        tuple(
            RuleResult(
                rule,
                evaluate(rule.condition, known),
                tuple(
                    (fact, known.get(fact))
                    for fact in dict.fromkeys(
                        comparison.fact for comparison in comparisons(rule.condition)
                    )
                ),
                missing_facts(rule.condition, known),
            )
            for rule in rules.rules
        )
    )
