from __future__ import annotations

import itertools
from typing import TypeAlias

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alliage.survey.errors import SurveyError
from alliage.survey.protection.disclosure import (
    ORGANISATIONS,
    PERSONS,
    Cause,
    CellFacts,
    Key,
    Rules,
    Sum,
    attack,
    controlled_rounding,
    primary,
    sums_of,
    suppress,
)

COUNTS = st.integers(0, 40)
Values: TypeAlias = dict[Key, int]


def _crossed(*sizes: int) -> st.SearchStrategy[tuple[Values, tuple[Sum, ...]]]:
    """Make tables of counts with all their totals."""
    dimensions = [[f"{place}{rank}" for rank in range(size)] for place, size in enumerate(sizes)]
    keys = list(itertools.product(*dimensions))

    def filled(counts: list[int]) -> tuple[Values, tuple[Sum, ...]]:
        inner: Values = dict(zip(keys, counts, strict=True))
        values: Values = {
            key: sum(count for one, count in inner.items() if _is_part(one, key))
            for key in itertools.product(*([*levels, "total"] for levels in dimensions))
        }
        return values, sums_of(dimensions)

    return st.lists(COUNTS, min_size=len(keys), max_size=len(keys)).map(filled)


def _is_part(one: tuple[str, ...], key: tuple[str, ...]) -> bool:
    return all(asked in (level, "total") for level, asked in zip(one, key, strict=True))


def _causes(values: Values) -> dict[Key, Cause]:
    return primary({key: CellFacts(count) for key, count in values.items()}, PERSONS)


def test_a_cell_of_few_respondents_is_hidden_and_an_empty_one_is_not() -> None:
    cells: dict[Key, CellFacts] = {
        ("few",): CellFacts(10),
        ("enough",): CellFacts(11),
        ("nobody",): CellFacts(0),
    }
    assert primary(cells, PERSONS) == {("few",): Cause.FEW}


def test_what_is_not_known_of_a_cell_hides_it() -> None:
    cells: dict[Key, CellFacts] = {
        ("a",): CellFacts(50),
        ("b",): CellFacts(50, 30.0, 0.2),
        ("c",): CellFacts(50, 80.0, 0.2),
    }
    rules = Rules(least=5, least_effective=40, dominance=0.85)
    assert primary(cells, rules) == {("a",): Cause.FEW_EFFECTIVE, ("b",): Cause.FEW_EFFECTIVE}
    assert primary({("a",): CellFacts(50)}, ORGANISATIONS) == {("a",): Cause.DOMINANCE}


def test_one_organisation_above_its_share_hides_the_cell() -> None:
    cells: dict[Key, CellFacts] = {
        ("at",): CellFacts(3, None, 0.85),
        ("above",): CellFacts(3, None, 0.86),
    }
    assert primary(cells, ORGANISATIONS) == {("above",): Cause.DOMINANCE}


@given(_crossed(3, 3), st.data())
@settings(max_examples=25)
def test_the_attack_finds_the_bounds_that_enumeration_finds(
    table: tuple[Values, tuple[Sum, ...]], data: st.DataObject
) -> None:
    values, sums = table
    inner = [key for key in values if "total" not in key]
    hidden = data.draw(st.sets(st.sampled_from(inner), min_size=1, max_size=4))
    found = {one.key: (one.low, one.high) for one in attack(values, hidden, sums).bounded}
    possible = _tables_like(values, sorted(hidden), sums)
    for key, place in zip(sorted(hidden), itertools.count()):
        ends = [counts[place] for counts in possible]
        assert found[key] == pytest.approx((min(ends), max(ends)))


def _tables_like(values: Values, hidden: list[Key], sums: tuple[Sum, ...]) -> list[tuple[int, ...]]:
    """Try every count in the hidden cells, none above its row's hidden sum."""
    rows = {key: sum(values[one] for one in hidden if one[0] == key[0]) for key in hidden}
    columns = {key: sum(values[one] for one in hidden if one[1] == key[1]) for key in hidden}
    ranges = [range(min(rows[key], columns[key]) + 1) for key in hidden]
    found = []
    for counts in itertools.product(*ranges[:-1]) if len(hidden) > 1 else [()]:
        rest = sum(values[key] for key in hidden) - sum(counts)
        full = (*counts, rest)
        if rest >= 0 and _keeps({**values, **dict(zip(hidden, full, strict=True))}, sums):
            found.append(full)
    return found


def _keeps(values: Values, sums: tuple[Sum, ...]) -> bool:
    return all(values[one.total] == sum(values[part] for part in one.parts) for one in sums)


@given(st.one_of(_crossed(4, 3), _crossed(2, 3, 2)))
@settings(max_examples=25)
def test_what_is_hidden_cannot_be_told_closely(table: tuple[Values, tuple[Sum, ...]]) -> None:
    values, sums = table
    causes = _causes(values)
    # A grand total of few respondents gives no other cell to hide it among.
    assume(causes and ("total",) * len(next(iter(values))) not in causes)
    found = suppress(values, causes, sums)
    for key in causes:
        told = found.audit.of(key)
        value = values[key]
        away = max(1.0, 0.2 * value)
        assert told.high >= value + away - 1e-4
        assert told.low <= max(0.0, value - away) + 1e-4
    assert not any(one.key in causes for one in found.audit.recovered)


def test_nothing_more_is_hidden_than_one_row_and_column_need() -> None:
    dimensions = [["a", "b", "c"], ["x", "y", "z"]]
    counts = [4, 60, 50, 70, 20, 90, 80, 30, 40]
    inner: Values = dict(zip(itertools.product(*dimensions), counts, strict=True))
    values: Values = {
        key: sum(count for one, count in inner.items() if _is_part(one, key))
        for key in itertools.product(*([*levels, "total"] for levels in dimensions))
    }
    found = suppress(values, _causes(values), sums_of(dimensions))
    # The cheapest way to hide (a, x) is one corner of each: 50 + 40 + 80 is more than 60 + 20 + 70.
    assert found.complementary == {("a", "y"), ("b", "x"), ("b", "y")}


def test_a_former_release_is_not_differenced() -> None:
    """A region was published, then the same without one town: the difference is the town."""
    values: Values = {
        ("region",): 300,
        ("town",): 7,
        ("elsewhere",): 293,
        ("north",): 140,
        ("south",): 153,
    }
    sums = [
        Sum(("region",), (("town",), ("elsewhere",))),
        Sum(("elsewhere",), (("north",), ("south",))),
    ]
    town = attack(values, {("town",)}, sums)
    assert [one.value for one in town.recovered] == [7]
    found = suppress(values, {("town",): Cause.FEW}, sums, never=[("region",)])
    assert ("elsewhere",) in found.complementary
    assert not found.audit.recovered


def test_what_is_already_published_may_give_a_cell_away() -> None:
    values: Values = {("a",): 4, ("b",): 46, ("total",): 50}
    with pytest.raises(SurveyError, match="already published gives it away"):
        suppress(values, {("a",): Cause.FEW}, sums_of([["a", "b"]]), never=[("b",), ("total",)])
    with pytest.raises(SurveyError, match="must be hidden and may not be"):
        suppress(values, {("a",): Cause.FEW}, sums_of([["a", "b"]]), never=[("a",)])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({("a",): 4, ("total",): 9}, "is not the sum"),
        ({("a",): 4}, "has no value"),
        ({("a",): float("nan"), ("total",): 4}, "no finite value"),
        ({("a",): -1, ("total",): -1}, "below the floor"),
    ],
)
def test_a_release_that_does_not_hold_is_refused(values: Values, told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        attack(values, {("a",)}, [Sum(("total",), (("a",),))])


@given(_crossed(3, 4), st.sampled_from([3, 5, 10]))
@settings(max_examples=25)
def test_rounding_keeps_the_sums_and_stays_next_to_each_cell(
    table: tuple[Values, tuple[Sum, ...]], base: int
) -> None:
    values, sums = table
    rounded = controlled_rounding(values, sums, base=base)
    assert _keeps(rounded, sums)
    for key, value in values.items():
        assert rounded[key] % base == 0
        assert abs(rounded[key] - value) < base
        assert value % base or rounded[key] == value
