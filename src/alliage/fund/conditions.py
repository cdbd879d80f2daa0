"""Conditions written as data: a small closed language, and an answer in three values.

Forms use it to show a question, calls to say who may ask, legal rules to say when they hold. A fact
that is missing is neither true nor false: what depends on it cannot be told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Part
from alliage.values.yaml_files import Fault, FaultyRecordError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


class Truth(StrEnum):
    """What can be said of a condition."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Between:
    """A number known only by its bounds, both possible.

    Examples
    --------
    >>> evaluate(Minimum("months", Decimal(12)), {"months": Between(Decimal(8), Decimal(20))})
    <Truth.UNKNOWN: 'unknown'>
    """

    low: Decimal
    high: Decimal


#: A member of a list: a code, or the codes of a place and of all that contains it.
Member: TypeAlias = str | frozenset[str]
Value: TypeAlias = bool | str | int | Decimal | dt.date | Between | tuple[Member, ...] | None
Facts: TypeAlias = Mapping[str, Value]
Scalar: TypeAlias = bool | Decimal | str


@dataclass(frozen=True, slots=True)
class Equals:
    """The fact is this value; a list holds it."""

    fact: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class OneOf:
    """The fact is one of these values; a list holds one at least."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """Every member of the list is one of these values, or lies in one of them."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Minimum:
    """The number reaches the bound; the members of a list do, counted."""

    fact: str
    bound: Decimal


@dataclass(frozen=True, slots=True)
class Maximum:
    """The number does not pass the bound; the members of a list do not, counted."""

    fact: str
    bound: Decimal


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


Comparison: TypeAlias = Equals | OneOf | Within | Minimum | Maximum
Condition: TypeAlias = Comparison | Not | All | AnyOf


class ConditionError(ValueError):
    """A condition does not suit the value of its fact.

    Attributes
    ----------
    fact
        The code of the fact.
    """

    def __init__(self, fact: str, message: str) -> None:
        self.fact = fact
        super().__init__(message)


def evaluate(condition: Condition, facts: Facts) -> Truth:
    """Say whether a condition holds.

    Parameters
    ----------
    condition : Condition
        What is asked.
    facts : Mapping[str, Value]
        What is known, by code. A fact that is absent or None is unknown.

    Returns
    -------
    Truth
        Strong three-valued logic: one false is enough for « all » to be false and one true for
        « any » to be true; otherwise one unknown is enough for unknown.

    Raises
    ------
    ConditionError
        If a value is of a kind that the comparison cannot read, such as a text against a number.

    Source: Kleene 1952, *Introduction to Metamathematics*, § 64 (strong connectives).

    Examples
    --------
    >>> both = All((Equals("public", value=True), Minimum("amount", Decimal(23000))))
    >>> [evaluate(both, facts).value for facts in ({"public": False}, {"public": True})]
    ['false', 'unknown']
    """
    match condition:
        case Not(inner):
            return _OPPOSITE[evaluate(inner, facts)]
        case All(conditions):
            return _weakest(evaluate(each, facts) for each in conditions)
        case AnyOf(conditions):
            return _OPPOSITE[_weakest(_OPPOSITE[evaluate(each, facts)] for each in conditions)]
        case _:
            return _compare(condition, facts.get(condition.fact))


_OPPOSITE = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


def _weakest(found: Iterator[Truth]) -> Truth:
    truths = set(found)
    if Truth.FALSE in truths:
        return Truth.FALSE
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.TRUE


def _compare(comparison: Comparison, value: Value) -> Truth:
    if value is None:
        return Truth.UNKNOWN
    match comparison:
        case Minimum(fact, bound):
            low, high = _bounds(fact, value)
            return _truth(low >= bound, possible=high >= bound)
        case Maximum(fact, bound):
            low, high = _bounds(fact, value)
            return _truth(high <= bound, possible=low <= bound)
        case Within(fact, values):
            members = _members(fact, value)
            return _truth(bool(members) and all(not codes.isdisjoint(values) for codes in members))
        case OneOf(fact, values):
            return _truth(any(not codes.isdisjoint(values) for codes in _members(fact, value)))
        case Equals(fact, expected):
            return _equals(fact, value, expected)


def _truth(certain: bool, *, possible: bool = False) -> Truth:  # noqa: FBT001 - it is the subject
    if certain:
        return Truth.TRUE
    return Truth.UNKNOWN if possible else Truth.FALSE


def _equals(fact: str, value: Value, expected: Scalar) -> Truth:
    if isinstance(expected, str):
        return _truth(any(expected in codes for codes in _members(fact, value)))
    if isinstance(expected, bool):
        if not isinstance(value, bool):
            raise _unsuited(fact, value, "yes or no")
        return _truth(value is expected)
    low, high = _bounds(fact, value)
    return _truth(low == high == expected, possible=low <= expected <= high and low != high)


def _members(fact: str, value: Value) -> list[frozenset[str]]:
    if isinstance(value, str):
        return [frozenset({value})]
    if isinstance(value, tuple):
        return [frozenset({each}) if isinstance(each, str) else each for each in value]
    raise _unsuited(fact, value, "a code or a list of codes")


def _bounds(fact: str, value: Value) -> tuple[Decimal, Decimal]:
    if isinstance(value, Between):
        return value.low, value.high
    if isinstance(value, tuple):
        value = len(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _unsuited(fact, value, "a number or a list")
    return Decimal(value), Decimal(value)


def _unsuited(fact: str, value: Value, expected: str) -> ConditionError:
    msg = f"« {fact} » is {value!r} and the condition reads {expected}. Correct the condition."
    return ConditionError(fact, msg)


def comparisons(condition: Condition) -> tuple[Comparison, ...]:
    """List the comparisons that a condition is made of, in the order in which they are written.

    Examples
    --------
    >>> both = All((Equals("public", value=True), Not(Minimum("amount", Decimal(23000)))))
    >>> [each.fact for each in comparisons(both)]
    ['public', 'amount']
    """
    match condition:
        case Not(inner):
            return comparisons(inner)
        case All(conditions) | AnyOf(conditions):
            return tuple(found for each in conditions for found in comparisons(each))
        case _:
            return (condition,)


def missing_facts(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Name the facts, each once, for want of which a condition cannot be told.

    A fact that would not change the answer is left out.

    Parameters
    ----------
    condition : Condition
        What is asked.
    facts : Mapping[str, Value]
        What is known.

    Returns
    -------
    tuple of str
        Codes of facts that are unknown or known by bounds only; empty when the condition is told.

    Examples
    --------
    >>> missing_facts(AnyOf((Equals("a", value=True), Equals("b", value=True))), {"a": True})
    ()
    """
    if evaluate(condition, facts) is not Truth.UNKNOWN:
        return ()
    match condition:
        case Not(inner):
            return missing_facts(inner, facts)
        case All(conditions) | AnyOf(conditions):
            return tuple(
                dict.fromkeys(fact for each in conditions for fact in missing_facts(each, facts))
            )
        case _:
            return (condition.fact,)


class FactKind(StrEnum):
    """What the value of a fact is, hence what a rule may ask of it."""

    CODE = "code"
    CODES = "codes"
    PLACES = "places"
    NUMBER = "number"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """A fact that rules may use. ``codes`` is closed where it is not None."""

    kind: FactKind
    meaning: str
    codes: frozenset[str] | None = None


COMPARISON_WORDS: Mapping[type[Comparison], str] = {
    Equals: "equals",
    OneOf: "one_of",
    Within: "within",
    Minimum: "at_least",
    Maximum: "at_most",
}

_SUITED: Mapping[FactKind, tuple[type[Comparison], ...]] = {
    FactKind.CODE: (Equals, OneOf),
    FactKind.CODES: (Equals, OneOf, Within, Minimum, Maximum),
    FactKind.PLACES: (OneOf, Within, Minimum, Maximum),
    FactKind.NUMBER: (Equals, Minimum, Maximum),
    FactKind.YES_NO: (Equals,),
}


class ConditionProblem(Problem):
    """Why a condition cannot be asked."""

    UNKNOWN_FACT = "unknown_fact", "« %(fact)s » is no known fact. Facts: %(known)s."
    UNSUITED_TEST = (
        "unsuited_test",
        "« %(asked)s » does not suit « %(fact)s », of kind %(kind)s. Ask %(allowed)s.",
    )
    NOT_A_CODE = "not_a_code", "« %(value)s » is not a code. Write a text."
    NOT_A_NUMBER = "not_a_number", "« %(value)s » is not a number. Write one without quotes."
    NOT_YES_OR_NO = "not_yes_or_no", "« %(value)s » is not yes or no. Write true or false."
    UNKNOWN_CODE = (
        "unknown_code",
        "« %(value)s » is no code of « %(fact)s ». Write one of %(known)s.",
    )
    FACT_AND_QUESTION = "fact_and_question", "names a `fact` and a `question`. Keep one."
    MIXED = (
        "mixed",
        "composes conditions and says something else. Write `not`, `all` or `any` alone.",
    )
    NOT_ONE_TEST = (
        "not_one_test",
        (
            "is not one test of one fact. Write its name and one of equals, one_of, within, "
            "at_least, at_most; or `not`, `all` or `any` alone."
        ),
    )


def comparison_problems(
    comparison: Comparison, facts: Mapping[str, FactDefinition]
) -> Iterator[Fault]:
    """Say why a comparison cannot be asked of known facts; nothing when it can."""
    definition = facts.get(comparison.fact)
    if definition is None:
        yield Fault(
            ConditionProblem.UNKNOWN_FACT, {"fact": comparison.fact, "known": ", ".join(facts)}
        )
    elif type(comparison) not in _SUITED[definition.kind]:
        yield Fault(
            ConditionProblem.UNSUITED_TEST,
            {
                "asked": COMPARISON_WORDS[type(comparison)],
                "fact": comparison.fact,
                "kind": definition.kind,
                "allowed": ", ".join(COMPARISON_WORDS[kind] for kind in _SUITED[definition.kind]),
            },
        )
    else:
        yield from _value_problems(comparison, definition)


def _value_problems(comparison: Comparison, definition: FactDefinition) -> Iterator[Fault]:
    expected, problem = _EXPECTED.get(definition.kind, (str, ConditionProblem.NOT_A_CODE))
    for value in compared_values(comparison):
        if not isinstance(value, expected):
            yield Fault(problem, {"value": str(value)})
        elif definition.codes is not None and value not in definition.codes:
            known = ", ".join(sorted(definition.codes))
            yield Fault(
                ConditionProblem.UNKNOWN_CODE,
                {"value": str(value), "fact": comparison.fact, "known": known},
            )


_EXPECTED: Mapping[FactKind, tuple[type, ConditionProblem]] = {
    FactKind.NUMBER: (Decimal, ConditionProblem.NOT_A_NUMBER),
    FactKind.YES_NO: (bool, ConditionProblem.NOT_YES_OR_NO),
}


def compared_values(comparison: Comparison) -> tuple[Scalar, ...]:
    """List the values that a comparison names; the bounds of numbers are none.

    Examples
    --------
    >>> compared_values(OneOf("stage", ("emergence", "modelling")))
    ('emergence', 'modelling')
    """
    match comparison:
        case OneOf(_, values) | Within(_, values):
            return values
        case Equals(_, value):
            return (value,)
        case _:
            return ()


class ConditionRecord(Part):
    """A condition as a file writes it: one test of one fact, or a composition of conditions.

    A form names its facts by ``question``, other files by ``fact``.
    """

    fact: Annotated[str, Field(pattern=CODE)] | None = None
    question: Annotated[str, Field(pattern=CODE)] | None = None
    # In this order a quoted number stays a text: it may be the code of a choice.
    equals: Annotated[bool | str | Decimal | None, Field(union_mode="left_to_right")] = None
    one_of: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    within: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    not_: Annotated[ConditionRecord | None, Field(alias="not")] = None
    all_: Annotated[tuple[ConditionRecord, ...] | None, Field(alias="all", min_length=1)] = None
    any_: Annotated[tuple[ConditionRecord, ...] | None, Field(alias="any", min_length=1)] = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> ConditionRecord:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        names = {"equals", "one_of", "within", "at_least", "at_most"} & given
        compositions = {"not_", "all_", "any_"} & given
        named = self.fact or self.question
        if bool(self.fact) and bool(self.question):
            problem = ConditionProblem.FACT_AND_QUESTION
        elif compositions and (named or names or len(compositions) > 1):
            problem = ConditionProblem.MIXED
        elif not compositions and (not named or len(names) != 1):
            problem = ConditionProblem.NOT_ONE_TEST
        else:
            return self
        raise FaultyRecordError(Fault(problem))

    def value(self) -> Condition:
        """Return the condition as a value."""
        if self.not_ is not None:
            return Not(self.not_.value())
        if self.all_ is not None:
            return All(tuple(each.value() for each in self.all_))
        if self.any_ is not None:
            return AnyOf(tuple(each.value() for each in self.any_))
        return self._comparison(self.fact or self.question or "")

    def _comparison(self, fact: str) -> Comparison:
        if self.one_of is not None:
            return OneOf(fact, self.one_of)
        if self.within is not None:
            return Within(fact, self.within)
        if self.at_least is not None:
            return Minimum(fact, self.at_least)
        if self.at_most is not None:
            return Maximum(fact, self.at_most)
        # The validator requires one test: the last one is left.
        return Equals(fact, cast("Scalar", self.equals))
