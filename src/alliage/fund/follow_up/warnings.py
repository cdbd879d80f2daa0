"""Early warnings on agreements: rules as data over facts, and what each says of an agreement.

A fact that is not known never makes a warning, and never silences one that other facts make: the
rule that lacks it says so.
"""

from __future__ import annotations

import datetime as dt
import functools
import sys
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Part, Remark, Text
from alliage.fund.conditions import (
    ConditionRecord,
    FactDefinition,
    FactKind,
    Truth,
    comparison_problems,
    comparisons,
    evaluate,
    missing_facts,
)
from alliage.values.yaml_files import FileProblem, InvalidFilesError, place, read_record
from alliage.values.yaml_lines import with_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alliage.fund.conditions import Condition, Value

_SHIPPED = Path(__file__).parent / "parameters" / "warnings.yaml"
_Code = Annotated[str, Field(pattern=CODE, max_length=60)]


class Severity(StrEnum):
    """How soon somebody should look, the gravest first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """What is known of an agreement. None is not known; zero and no are answers.

    Amounts are in euros, gaps in points of percentage, ages in days. Where nothing is awaited, an
    age is below zero: nothing is late, and that is known.
    """

    receiver_ceased: bool | None = None
    receiver_ceased_on: dt.date | None = None
    amount_held: Decimal | None = None
    days_held: int | None = None
    held_since: dt.date | None = None
    report_days_late: int | None = None
    report_due_on: dt.date | None = None
    check_days_late: int | None = None
    check_due_on: dt.date | None = None
    days_to_end: int | None = None
    ends_on: dt.date | None = None
    amount_unpaid: Decimal | None = None
    promise_days_late: int | None = None
    promise_due_on: dt.date | None = None
    indicator_gap: Decimal | None = None
    indicator_measured_on: dt.date | None = None
    spending_gap: Decimal | None = None
    spending_known_on: dt.date | None = None
    parties_left: int | None = None
    party_left_on: dt.date | None = None
    question_days_late: int | None = None
    question_due_on: dt.date | None = None
    follow_up_days_late: int | None = None
    follow_up_due_on: dt.date | None = None
    days_without_contact: int | None = None
    last_contact_on: dt.date | None = None

    def by_code(self) -> dict[str, Value]:
        """Return the facts that rules ask about, by code."""
        return {name: getattr(self, name) for name in WARNING_FACTS}


def _number(meaning: str) -> FactDefinition:
    return FactDefinition(FactKind.NUMBER, meaning)


#: What a rule may ask about. The days that tell since when are in `AgreementFacts` beside them.
WARNING_FACTS: Final[Mapping[str, FactDefinition]] = {
    "receiver_ceased": FactDefinition(FactKind.YES_NO, "the directory says that it ceased"),
    "amount_held": _number("euros that are payable while the agreement is suspended"),
    "days_held": _number("days since the oldest of them is held; below zero where none is"),
    "report_days_late": _number("days since the oldest report that is due and not delivered"),
    "check_days_late": _number("days since the check of an advance is due; below zero before"),
    "days_to_end": _number("days until the action ends; below zero after"),
    "amount_unpaid": _number("euros of the agreement that are not paid"),
    "promise_days_late": _number("days since the oldest promised step of which nothing is told"),
    "indicator_gap": _number("points by which the worst indicator is under its line"),
    "spending_gap": _number("points between the part spent and the part of the time elapsed"),
    "parties_left": _number("applicants that are no longer parties of the alliance"),
    "question_days_late": _number("days since the oldest unanswered question was to be answered"),
    "follow_up_days_late": _number("days since the oldest follow-up of a visit was to be done"),
    "days_without_contact": _number("days since the last visit, report or signature"),
}
_DAYS: Final = frozenset(each.name for each in fields(AgreementFacts)) - WARNING_FACTS.keys()


class SinceRecord(Part):
    """The day since which a warning holds: a fact that is a day, and days after it."""

    fact: _Code
    days: Annotated[int, Field(ge=-3660, le=3660)] = 0


class WarningRuleRecord(Part):
    """A rule as the file writes it."""

    id: _Code
    severity: Severity
    title_fr: Remark
    title_en: Remark
    why_fr: Text
    why_en: Text
    remedy_fr: Text
    remedy_en: Text
    when: ConditionRecord
    since: SinceRecord
    from_: Annotated[dt.date, Field(alias="from")]
    until: dt.date | None = None
    source: Remark

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> WarningRuleRecord:
        if self.until and self.until < self.from_:
            msg = f"ends on {self.until}, before it begins ({self.from_}). Correct a date."
            raise ValueError(msg)
        return self

    def holds_on(self, day: dt.date) -> bool:
        """Say whether the rule holds on a day."""
        return self.from_ <= day and (self.until is None or day <= self.until)


class WarningRules(Part):
    """The rules of a file, and from how many days before its end a renewal is spoken of."""

    code: _Code
    version: Annotated[int, Field(ge=1)]
    near_end_days: Annotated[int, Field(ge=1, le=730)]
    rules: Annotated[tuple[WarningRuleRecord, ...], Field(min_length=1)]


def read_warning_rules(path: Path) -> WarningRules:
    """Read the rules of early warning, or refuse them with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file as ``src/alliage/fund/follow_up/parameters/warnings.yaml``.

    Returns
    -------
    WarningRules
        The rules, in the order of the file.

    Raises
    ------
    InvalidFilesError
        If the file does not follow the format, if two rules of one id hold on the same day, or if
        a rule asks about a fact that does not exist. Each problem tells its line.

    Examples
    --------
    >>> len(read_warning_rules(_SHIPPED).rules)
    12
    """
    try:
        record = read_record(path, WarningRules)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error
    problems = [
        FileProblem(path.name, place(where), message) for where, message in _problems(record)
    ]
    if problems:
        raise InvalidFilesError(with_lines(path, problems))
    return record


def _problems(record: WarningRules) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for rank, rule in enumerate(record.rules):
        for other in record.rules[:rank]:
            if other.id == rule.id and (other.until is None or rule.from_ <= other.until):
                yield (
                    ("rules", rank, "from"),
                    f"« {rule.id} » already holds on {rule.from_}. Close it the day before.",
                )
        if rule.since.fact not in _DAYS:
            known = ", ".join(sorted(_DAYS))
            yield (
                ("rules", rank, "since", "fact"),
                f"« {rule.since.fact} » is no day. Write one of {known}.",
            )
        for comparison in comparisons(rule.when.value()):
            for fault in comparison_problems(comparison, WARNING_FACTS):
                yield ("rules", rank, "when"), fault.message


@functools.cache
def shipped_warning_rules() -> WarningRules:
    """Return the rules that the library ships with."""
    return read_warning_rules(_SHIPPED)


@dataclass(frozen=True, slots=True)
class WarningFinding:
    """What a rule says of an agreement.

    Attributes
    ----------
    rule
        The rule, with its words.
    truth
        True is a warning; unknown says that a fact is missing to tell.
    since
        The first day on which it held; None where that day is not known.
    found
        The facts that the rule reads, each once, with the value found; None is not known.
    missing
        The facts for want of which it cannot be told.
    """

    rule: WarningRuleRecord
    truth: Truth
    since: dt.date | None
    found: tuple[tuple[str, Value], ...]
    missing: tuple[str, ...]

    @property
    def is_warning(self) -> bool:
        return self.truth is Truth.TRUE


def warnings_of(
    facts: AgreementFacts, rules: WarningRules, on: dt.date
) -> tuple[WarningFinding, ...]:
    """Say what the rules that hold on a day find in an agreement.

    Parameters
    ----------
    facts : AgreementFacts
        What is known of the agreement on that day.
    rules : WarningRules
        The rules.
    on : date
        The day.

    Returns
    -------
    tuple of WarningFinding
        The warnings, the gravest first and the oldest of them first; then what cannot be told, in
        the order of the file. A rule that finds nothing is not in it.

    Notes
    -----
    Source: Kleene 1952, *Introduction to Metamathematics*, § 64 (strong connectives), by
    `alliage.fund.conditions`. More facts never turn a warning into « not known ».

    Examples
    --------
    >>> late = AgreementFacts(report_days_late=31, report_due_on=dt.date(2026, 3, 1))
    >>> first = warnings_of(late, shipped_warning_rules(), dt.date(2026, 4, 1))[0]
    >>> first.rule.id, first.truth.value, first.since.isoformat()
    ('report_late', 'true', '2026-03-31')
    """
    known = facts.by_code()
    found = [
        _finding(rule, rule.when.value(), facts, known) for rule in rules.rules if rule.holds_on(on)
    ]
    told = [finding for finding in found if finding.truth is not Truth.FALSE]
    return tuple(sorted(told, key=_rank))


_GRAVEST = {severity: rank for rank, severity in enumerate(Severity)}


def _rank(finding: WarningFinding) -> tuple[bool, int, dt.date]:
    if not finding.is_warning:
        return True, 0, dt.date.min
    return False, _GRAVEST[finding.rule.severity], finding.since or dt.date.max


def _finding(
    rule: WarningRuleRecord,
    condition: Condition,
    facts: AgreementFacts,
    known: Mapping[str, Value],
) -> WarningFinding:
    truth = evaluate(condition, known)
    names = dict.fromkeys(comparison.fact for comparison in comparisons(condition))
    return WarningFinding(
        rule,
        truth,
        _since(rule.since, facts) if truth is Truth.TRUE else None,
        tuple((name, known[name]) for name in names),
        missing_facts(condition, known),
    )


def _since(since: SinceRecord, facts: AgreementFacts) -> dt.date | None:
    day: dt.date | None = getattr(facts, since.fact)
    return day + dt.timedelta(days=since.days) if day else None


def spending_gap(
    *, spent: Decimal | None, planned: Decimal | None, begins: dt.date, ends: dt.date | None,
    on: dt.date,
) -> Decimal | None:  # fmt: skip
    """Compare the part of a budget that is spent with the part of the time that has passed.

    Parameters
    ----------
    spent, planned : Decimal, optional
        Euros in cash; None is not known.
    begins, ends : date
        The first and the last day of the action; without its end the gap is not known.
    on : date
        The day to which ``spent`` refers.

    Returns
    -------
    Decimal, optional
        |spent / planned - elapsed / whole| in points of percentage, to one decimal; the part of
        the time lies between 0 and 100. None where it cannot be told.

    Examples
    --------
    >>> spending_gap(
    ...     spent=Decimal(2000),
    ...     planned=Decimal(10000),
    ...     begins=dt.date(2026, 1, 1),
    ...     ends=dt.date(2027, 1, 1),
    ...     on=dt.date(2026, 7, 2),
    ... )
    Decimal('29.9')
    """
    if spent is None or not planned or ends is None or ends <= begins:
        return None
    elapsed = Decimal((on - begins).days) / Decimal((ends - begins).days)
    part = min(max(elapsed, Decimal(0)), Decimal(1))
    return (100 * abs(spent / planned - part)).quantize(Decimal("0.1"))


def document(rules: WarningRules) -> str:
    """Write the page of the documentation that lists the rules.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> print(document(shipped_warning_rules()).splitlines()[0])
    # Early warnings
    """
    lines = [
        *_INTRODUCTION,
        "",
        "| rule | severity | since | warns that | what to do | holds | source |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(rule) for rule in rules.rules]
    lines += ["", "## Facts", "", "| fact | meaning |", "| --- | --- |"]
    lines += [f"| `{name}` | {fact.meaning} |" for name, fact in WARNING_FACTS.items()]
    lines += ["", *_LIMITS]
    return "\n".join([*lines, ""])


def _row(rule: WarningRuleRecord) -> str:
    since = f"`{rule.since.fact}`" + (f" {rule.since.days:+d} days" if rule.since.days else "")
    until = f" to {rule.until}" if rule.until else ""
    cells = [
        f"`{rule.id}`", rule.severity.value, since, " ".join(rule.why_en.split()),
        " ".join(rule.remedy_en.split()), f"since {rule.from_}{until}", rule.source,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


_INTRODUCTION = """\
# Early warnings

Generated from `src/alliage/fund/follow_up/parameters/warnings.yaml` by
`python -m alliage.fund.follow_up.warnings > docs/reference/early-warnings.md`;
a test fails when this page is stale.

`alliage.fund.follow_up.warnings.warnings_of` takes what is known of an agreement and gives its
warnings, the gravest first. A fact that is not known makes no warning and silences none: the rule
that lacks it is listed apart, as not known. A rule counts on the days on which it holds.

The thresholds are choices of the platform, not law: a fund discusses them and changes the file.
`source` says from what each was chosen.""".splitlines()

_LIMITS = """\
## Limits

- A warning tells where to look. It decides nothing: no payment is stopped by one.
- An officer may set a warning aside until a day, with a reason. It is then shown apart, and comes
  back after that day if its facts still hold.
- Several reports, steps or indicators are told by the worst of them that is known.
- No threshold was calibrated on past agreements: their follow-up is not published.""".splitlines()


if __name__ == "__main__":
    sys.stdout.write(document(shipped_warning_rules()))
