"""Conditions as data, answered in three values."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alliage.fund.conditions import (
    All,
    AnyOf,
    Between,
    Condition,
    ConditionError,
    ConditionRecord,
    Equals,
    Maximum,
    Minimum,
    Not,
    OneOf,
    Truth,
    Within,
    comparisons,
    evaluate,
    missing_facts,
)

if TYPE_CHECKING:
    from alliage.fund.conditions import Value

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
FACTS = {"yes": True, "no": False}


def known(truth: Truth) -> Condition:
    return Equals({T: "yes", F: "no", U: "unknown"}[truth], value=True)


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (T, T, T, T), (T, F, F, T), (T, U, U, T),
        (F, F, F, F), (F, U, F, U), (U, U, U, U),
    ],
)  # fmt: skip
def test_the_connectives_are_those_of_kleene(
    left: Truth, right: Truth, both: Truth, either: Truth
) -> None:
    for pair in ((left, right), (right, left)):
        parts = tuple(known(truth) for truth in pair)
        assert evaluate(All(parts), FACTS) is both
        assert evaluate(AnyOf(parts), FACTS) is either


def test_the_contrary_of_unknown_is_unknown() -> None:
    assert [evaluate(Not(known(truth)), FACTS) for truth in (T, F, U)] == [F, T, U]


PLACES = (frozenset({"commune:94080", "department:94"}), frozenset({"commune:78440"}))


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (Equals("f", "a"), "a", T),
        (Equals("f", "a"), ("b", "a"), T),
        (Equals("f", "a"), (), F),
        (Equals("f", Decimal(3)), 3, T),
        (Equals("f", Decimal(3)), Between(Decimal(3), Decimal(4)), U),
        (Equals("f", Decimal(9)), Between(Decimal(3), Decimal(4)), F),
        (OneOf("f", ("a", "b")), "b", T),
        (OneOf("f", ("a", "b")), ("c",), F),
        (OneOf("f", ("department:94",)), PLACES, T),
        (Within("f", ("department:94",)), PLACES, F),
        (Within("f", ("department:94", "commune:78440")), PLACES, T),
        (Within("f", ("a",)), (), F),
        (Minimum("f", Decimal(2)), ("a", "b"), T),
        (Minimum("f", Decimal(3)), ("a", "b"), F),
        (Maximum("f", Decimal("0.8")), Decimal("0.8"), T),
        (Maximum("f", Decimal(12)), Between(Decimal(8), Decimal(20)), U),
        (Maximum("f", Decimal(12)), Between(Decimal(13), Decimal(20)), F),
        (Minimum("f", Decimal(12)), Between(Decimal(12), Decimal(20)), T),
        (Minimum("f", Decimal(1)), None, U),
    ],
)
def test_each_comparison(condition: Condition, value: Value, expected: Truth) -> None:
    assert evaluate(condition, {"f": value}) is expected


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (Minimum("f", Decimal(1)), "text"),
        (Minimum("f", Decimal(1)), True),
        (Equals("f", value=True), "yes"),
        (Equals("f", "a"), 3),
        (Within("f", ("a",)), 3),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(condition: Condition, value: Value) -> None:
    with pytest.raises(ConditionError, match="« f »"):
        evaluate(condition, {"f": value})


NAMES = ("a", "b", "c", "d")
CONDITIONS = st.recursive(
    st.sampled_from([Equals(name, value=True) for name in NAMES]),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(
    CONDITIONS,
    st.dictionaries(st.sampled_from(NAMES), st.booleans()),
    st.fixed_dictionaries({name: st.booleans() for name in NAMES}),
)
def test_what_is_told_stays_told_when_more_is_known(
    condition: Condition, some: dict[str, bool], everything: dict[str, bool]
) -> None:
    before = evaluate(condition, some)
    after = evaluate(condition, {**everything, **some})
    assert after is not U
    if before is not U:
        assert after is before
    else:
        needed = missing_facts(condition, some)
        assert needed
        assert not set(needed) & set(some)
        # The facts that are named are enough to tell.
        assert evaluate(condition, {**some, **{name: everything[name] for name in needed}}) is not U


def record(data: object) -> ConditionRecord:
    return ConditionRecord.model_validate_json(json.dumps(data), strict=True)


def test_a_condition_is_read_from_data() -> None:
    data = {
        "all": [
            {"question": "stage", "one_of": ["emergence"]},
            {"not": {"any": [{"fact": "n", "at_most": 2.5}, {"fact": "code", "equals": "5"}]}},
            {"fact": "places", "within": ["region:11"]},
            {"fact": "n", "at_least": 1},
        ]
    }
    condition = record(data).value()
    assert condition == All(
        (
            OneOf("stage", ("emergence",)),
            Not(AnyOf((Maximum("n", Decimal("2.5")), Equals("code", "5")))),
            Within("places", ("region:11",)),
            Minimum("n", Decimal(1)),
        )
    )
    assert [each.fact for each in comparisons(condition)] == ["stage", "n", "code", "places", "n"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"fact": "a"},
        {"equals": True},
        {"fact": "a", "question": "b", "equals": True},
        {"fact": "a", "equals": True, "at_least": 1},
        {"all": []},
        {"all": [{"fact": "a", "equals": True}], "fact": "b", "equals": True},
        {"not": {"fact": "a"}},
        {"fact": "a", "matches": ".*"},
    ],
)
def test_what_does_not_say_one_thing_is_refused(data: object) -> None:
    with pytest.raises(ValidationError):
        record(data)
