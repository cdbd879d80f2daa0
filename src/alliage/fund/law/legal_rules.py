"""Legal rules of payments as data: each with its source and the days on which it holds.

They say what is law and what is the fund's own reading, and they are no legal advice.
"""

from __future__ import annotations

import datetime as dt
import functools
import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Euros, FilePartialDate, Part, Remark, Text
from alliage.fund.conditions import (
    ConditionRecord,
    FactDefinition,
    FactKind,
    comparison_problems,
    comparisons,
)
from alliage.values.yaml_files import FileProblem, InvalidFilesError, place, read_record
from alliage.values.yaml_lines import with_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alliage.values.dates import PartialDate

PARAMETERS = Path(__file__).parent / "parameters"

_Code = Annotated[str, Field(pattern=CODE, max_length=60)]


class Basis(StrEnum):
    """What a rule rests on."""

    LAW = "law"
    FUND_READING = "fund_reading"
    OBSERVATION = "observation"


class WindowKind(StrEnum):
    """How the years of a ceiling are counted."""

    FISCAL_YEARS = "fiscal_years"
    ROLLING_YEARS = "rolling_years"


class ReadingOutcome(StrEnum):
    """What is read of a pair of a payer and a receiver."""

    OPEN = "open"
    NO_FRAMEWORK_FOUND = "no_framework_found"
    FORBIDDEN = "forbidden"


class Effect(StrEnum):
    """What a requirement does where it applies."""

    ASKS = "asks"
    BLOCKS = "blocks"


class WindowRecord(Part):
    years: Annotated[int, Field(ge=1, le=10)]
    counted: WindowKind


class DatedPart(Part):
    """What holds between two days, both included, and the text that says it."""

    from_: Annotated[dt.date | None, Field(alias="from")] = None
    until: dt.date | None = None
    source: Remark
    article: Remark | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> DatedPart:
        if self.from_ and self.until and self.until < self.from_:
            msg = f"ends on {self.until}, before it begins ({self.from_}). Correct a date."
            raise ValueError(msg)
        return self

    def holds_on(self, day: dt.date) -> bool:
        """Say whether it holds on a day."""
        begun = self.from_ is None or self.from_ <= day
        return begun and (self.until is None or day <= self.until)


class DatedAmount(DatedPart):
    """An amount in euros that a text sets from a day."""

    from_: Annotated[dt.date, Field(alias="from")]
    article: Remark
    eur: Euros
    window: WindowRecord | None = None


class DatedAmounts(Part):
    meaning_fr: Text
    meaning_en: Text
    values: Annotated[tuple[DatedAmount, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _follow_each_other(self) -> DatedAmounts:
        for before, after in zip(self.values, self.values[1:], strict=False):
            if before.until is None or before.until >= after.from_:
                msg = (
                    f"the value from {before.from_} still holds on {after.from_}, when the next "
                    "begins. Close it the day before, and keep the values in order."
                )
                raise ValueError(msg)
        return self

    def on(self, day: dt.date) -> DatedAmount | None:
        """Return the value that holds on a day; None when none is known to."""
        return next((value for value in self.values if value.holds_on(day)), None)


class GrantParameters(Part):
    """The dated amounts that grants depend on."""

    de_minimis_ceiling: DatedAmounts
    written_agreement_threshold: DatedAmounts

    @model_validator(mode="after")
    def _ceilings_have_a_window(self) -> GrantParameters:
        if any(value.window is None for value in self.de_minimis_ceiling.values):
            msg = "de_minimis_ceiling has a value without window. Add `window:`."
            raise ValueError(msg)
        return self


class KindRecord(Part):
    """A kind of payer or of receiver."""

    code: _Code
    public: bool
    label_fr: Remark
    label_en: Remark


class AlternativeRecord(Part):
    """What is possible instead of what is blocked."""

    code: _Code
    label_fr: Text
    label_en: Text


class RulePart(DatedPart):
    id: _Code
    basis: Basis
    stated_on: FilePartialDate | None = None
    why_fr: Text
    why_en: Text
    instead: tuple[_Code, ...] = ()

    @model_validator(mode="after")
    def _law_is_dated(self) -> RulePart:
        if self.basis is Basis.LAW and (self.from_ is None or self.article is None):
            msg = "is law and lacks its article or its first day. Add `article:` and `from:`."
            raise ValueError(msg)
        if self.basis is Basis.OBSERVATION and self.stated_on is None:
            msg = "is an observation without a date. Add `stated_on:`."
            raise ValueError(msg)
        return self


class ReadingRecord(RulePart):
    """What is read of some pairs of a payer and a receiver."""

    payers: Annotated[tuple[_Code, ...], Field(min_length=1)]
    receivers: Annotated[tuple[_Code, ...], Field(min_length=1)]
    outcome: ReadingOutcome
    unless: ConditionRecord | None = None

    @model_validator(mode="after")
    def _says_what_else(self) -> ReadingRecord:
        if self.outcome is not ReadingOutcome.OPEN and not self.instead:
            msg = f"is {self.outcome} and says nothing that is possible. Add `instead:`."
            raise ValueError(msg)
        return self


class RequirementRecord(RulePart):
    """What an agreement needs, or cannot have, where a condition holds."""

    effect: Effect
    when: ConditionRecord

    @model_validator(mode="after")
    def _says_what_else(self) -> RequirementRecord:
        if self.effect is Effect.BLOCKS and not self.instead:
            msg = "blocks and says nothing that is possible. Add `instead:`."
            raise ValueError(msg)
        return self


class LegalRules(Part):
    """The rules, as a file writes them."""

    version: Annotated[int, Field(ge=1)]
    notice_fr: Text
    notice_en: Text
    kinds: Annotated[tuple[KindRecord, ...], Field(min_length=1)]
    alternatives: Annotated[tuple[AlternativeRecord, ...], Field(min_length=1)]
    readings: Annotated[tuple[ReadingRecord, ...], Field(min_length=1)]
    requirements: tuple[RequirementRecord, ...] = ()

    def is_public(self, kind: str | None) -> bool | None:
        """Say whether a kind is a public body; None when the kind is unknown."""
        return next((known.public for known in self.kinds if known.code == kind), None)


#: The facts that rules may use, by code.
LEGAL_FACTS: Mapping[str, FactDefinition] = {
    "payer_kind": FactDefinition(FactKind.CODE, "who pays"),
    "receiver_kind": FactDefinition(FactKind.CODE, "who is paid"),
    "payer_is_public": FactDefinition(FactKind.YES_NO, "the payer is a public body"),
    "receiver_is_public": FactDefinition(FactKind.YES_NO, "the receiver is a public body"),
    "beneficiary_is_public": FactDefinition(
        FactKind.YES_NO, "the action is done for a public body, whoever is paid"
    ),
    "passed_on": FactDefinition(
        FactKind.YES_NO, "the receiver has to hand the money over to the beneficiary"
    ),
    "general_interest": FactDefinition(FactKind.YES_NO, "the action is of general interest"),
    "ministerial_derogation": FactDefinition(
        FactKind.YES_NO, "an order allows public money to an endowment fund"
    ),
    "public_resources": FactDefinition(
        FactKind.YES_NO, "the money is public, or the State decides of its use"
    ),
    "economic_activity": FactDefinition(
        FactKind.YES_NO, "the support bears on an economic activity of the receiver"
    ),
    "above_agreement_threshold": FactDefinition(
        FactKind.YES_NO, "the grants of the year, this one included, pass the threshold"
    ),
    "above_de_minimis": FactDefinition(
        FactKind.YES_NO, "the aid of the period, this one included, passes the ceiling"
    ),
}


def read_grant_parameters(path: Path) -> GrantParameters:
    """Read dated amounts, or refuse them with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file.

    Returns
    -------
    GrantParameters
        The amounts.

    Raises
    ------
    InvalidFilesError
        If the file does not follow the format, or two values hold on one day.

    Examples
    --------
    >>> parameters = read_grant_parameters(PARAMETERS / "grants.yaml")
    >>> parameters.de_minimis_ceiling.on(dt.date(2023, 12, 31)).eur
    Decimal('200000')
    """
    try:
        return read_record(path, GrantParameters)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error


def read_legal_rules(path: Path) -> LegalRules:
    """Read legal rules, or refuse them with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file in the format of ``docs/reference/legal-path.md``.

    Returns
    -------
    LegalRules
        The rules.

    Raises
    ------
    InvalidFilesError
        If the file does not follow the format, names an unknown kind, alternative or fact, or has
        two readings of one pair on one day.

    Examples
    --------
    >>> read_legal_rules(PARAMETERS / "legal_path.yaml").readings[0].id
    'legal_gap'
    """
    try:
        rules = read_record(path, LegalRules)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error
    problems = [
        FileProblem(path.name, place(where), message)
        for where, message in (*_code_problems(rules), *_fact_problems(rules), *_overlaps(rules))
    ]
    if problems:
        raise InvalidFilesError(with_lines(path, problems))
    return rules


@functools.cache
def shipped_rules() -> LegalRules:
    """Return the rules that ship with Alliage."""
    return read_legal_rules(PARAMETERS / "legal_path.yaml")


@functools.cache
def shipped_parameters() -> GrantParameters:
    """Return the dated amounts that ship with Alliage."""
    return read_grant_parameters(PARAMETERS / "grants.yaml")


_Problem = tuple[tuple[str | int, ...], str]


def _rules(rules: LegalRules) -> Iterator[tuple[tuple[str | int, ...], RulePart]]:
    for rank, reading in enumerate(rules.readings):
        yield ("readings", rank), reading
    for rank, requirement in enumerate(rules.requirements):
        yield ("requirements", rank), requirement


def _code_problems(rules: LegalRules) -> Iterator[_Problem]:
    alternatives = sorted(alternative.code for alternative in rules.alternatives)
    kinds = sorted(kind.code for kind in rules.kinds)
    counted = Counter(rule.id for _, rule in _rules(rules))
    for where, rule in _rules(rules):
        if counted[rule.id] > 1:
            yield (*where, "id"), f"« {rule.id} » names several rules. Give each its own."
        yield from _unknown((*where, "instead"), rule.instead, alternatives)
    for rank, reading in enumerate(rules.readings):
        yield from _unknown(("readings", rank, "payers"), reading.payers, kinds)
        yield from _unknown(("readings", rank, "receivers"), reading.receivers, kinds)


def _unknown(
    where: tuple[str | int, ...], codes: Iterable[str], known: list[str]
) -> Iterator[_Problem]:
    for code in codes:
        if code not in known:
            yield where, f"« {code} » is not a code here. Write one of {', '.join(known)}."


def _fact_problems(rules: LegalRules) -> Iterator[_Problem]:
    kinds = frozenset(kind.code for kind in rules.kinds)
    known = {
        name: FactDefinition(fact.kind, fact.meaning, kinds) if fact.kind is FactKind.CODE else fact
        for name, fact in LEGAL_FACTS.items()
    }
    written = [
        *(
            (("requirements", rank, "when"), requirement.when)
            for rank, requirement in enumerate(rules.requirements)
        ),
        *(
            (("readings", rank, "unless"), reading.unless)
            for rank, reading in enumerate(rules.readings)
            if reading.unless
        ),
    ]
    for where, condition in written:
        for comparison in comparisons(condition.value()):
            for fault in comparison_problems(comparison, known):
                yield where, fault.message


def _overlaps(rules: LegalRules) -> Iterator[_Problem]:
    for rank, reading in enumerate(rules.readings):
        for other in rules.readings[:rank]:
            shared = sorted(
                f"{payer} → {receiver}"
                for payer in {*reading.payers} & {*other.payers}
                for receiver in {*reading.receivers} & {*other.receivers}
            )
            if shared and _meet(reading, other):
                message = f"{shared[0]} is read by « {other.id} » on the same days. Keep one."
                yield ("readings", rank), message


def _meet(one: DatedPart, other: DatedPart) -> bool:
    starts = one.from_ or dt.date.min, other.from_ or dt.date.min
    ends = one.until or dt.date.max, other.until or dt.date.max
    return max(starts) <= min(ends)


def document(rules: LegalRules, parameters: GrantParameters) -> str:
    """Write the page of the documentation that shows the rules.

    Parameters
    ----------
    rules : LegalRules
        The rules.
    parameters : GrantParameters
        The dated amounts.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> print(document(shipped_rules(), shipped_parameters()).splitlines()[0])
    # Legal path of a payment
    """
    labels = {kind.code: kind.label_en for kind in rules.kinds}
    alternatives = {alternative.code: alternative.label_en for alternative in rules.alternatives}
    lines = [
        *_INTRODUCTION,
        "",
        f"> {rules.notice_en}",
        "",
        "## Readings of a payer and a receiver",
        "",
        "A pair that is not in the table is « cannot tell »: silence is not a permission.",
        "",
        "| rule | payers | receivers | reading | basis | why | source | holds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for reading in rules.readings:
        payers, receivers = (
            ", ".join(labels[code] for code in codes)
            for codes in (reading.payers, reading.receivers)
        )
        cells = [payers, receivers, reading.outcome.value.replace("_", " ")]
        lines.append(_row(reading, cells))
    lines += [
        "",
        "## Requirements",
        "",
        "| rule | effect | basis | why | source | holds |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(requirement, [requirement.effect.value]) for requirement in rules.requirements),
        "",
        "## What is possible instead",
        "",
        "| code | what | offered by |",
        "| --- | --- | --- |",
    ]
    for code, label in alternatives.items():
        offered = ", ".join(f"`{rule.id}`" for _, rule in _rules(rules) if code in rule.instead)
        lines.append(f"| `{code}` | {label} | {offered} |")
    lines += [
        "",
        "## Dated amounts",
        "",
        "| parameter | euros | holds | counted over | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, dated in (
        ("de_minimis_ceiling", parameters.de_minimis_ceiling),
        ("written_agreement_threshold", parameters.written_agreement_threshold),
    ):
        lines += [
            f"| `{name}` | {value.eur:,} | {_days(value)} | {_window(value)} | "
            f"{value.source}, {value.article} |"
            for value in dated.values
        ]
    lines += [
        "",
        "## Facts",
        "",
        "| fact | meaning |",
        "| --- | --- |",
        *(f"| `{name}` | {fact.meaning} |" for name, fact in LEGAL_FACTS.items()),
        "",
        *_LIMITS,
        "",
    ]
    return "\n".join(lines)


def _row(rule: RulePart, cells: list[str]) -> str:
    source = f"{rule.source}, {rule.article}" if rule.article else rule.source
    row = [f"`{rule.id}`", *cells, rule.basis.value.replace("_", " "), rule.why_en, source]
    return f"| {' | '.join([*row, _days(rule, rule.stated_on)])} |"


def _days(part: DatedPart, stated_on: PartialDate | None = None) -> str:
    if part.from_ is None:
        return f"stated on {stated_on}" if stated_on else "not dated"
    return f"{part.from_} to {part.until}" if part.until else f"since {part.from_}"


def _window(value: DatedAmount) -> str:
    if value.window is None:
        return "one year"
    return f"{value.window.years} {value.window.counted.value.replace('_', ' ')}"


_INTRODUCTION = """\
# Legal path of a payment

Generated from `src/alliage/fund/law/parameters/legal_path.yaml` and `grants.yaml` by
`python -m alliage.fund.law.legal_rules > docs/reference/legal-path.md`;
a test fails when this page is stale.

Before an agreement, `alliage.fund.law.legal_path.legal_path` takes what is known of a payment and
answers *allowed*, *allowed with conditions*, *blocked* (with what is possible instead) or *cannot
tell* (with what is missing). One rule that blocks is enough to block. A fact that is unknown is
neither yes nor no. A rule counts on the days on which it holds.

`law` is a text, with its article and its first day; `fund reading` is how the fund reads a text, or
a rule that it gives itself; `observation` is what public documents say happened.""".splitlines()

_LIMITS = """\
## Limits

- The de minimis ceiling is the general one. The ceilings of road freight (until 2023), agriculture,
  fisheries and services of general economic interest are not here, nor is the gross grant
  equivalent of loans: aids are given in grant equivalent.
- Money that is private is no State aid: the ceiling applies where `public_resources` is true.
  Whether a given fund holds public resources is for a jurist to say.
- Until 2023 the period was the fiscal year of the grant and the two before; since 2024 it is the
  three years that end on the day of the grant. Links between undertakings are given by the caller.
- The threshold of the written agreement binds administrative authorities. It compares the grants of
  one year; grants for social housing, which the law sets apart, are not told apart here.
- The first day of `written_agreement` is the day on which the decree was published.
- Other duties of a grant of public money are not checked here, such as the financial report that
  article 10 of law 2000-321 asks for within six months of the end of the year when the grant is for
  a given expense, or the audit and the publication of accounts above a total of grants.
- The statement of past aid is asked for whatever the register already tells.""".splitlines()


if __name__ == "__main__":
    sys.stdout.write(document(shipped_rules(), shipped_parameters()))
