"""Attacks on what a release keeps back: no combination of groups tells of a few people."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.observatory.tabulation.differencing import (
    EVERYBODY,
    Answered,
    Key,
    Known,
    Limits,
    Population,
    kept_back,
)
from alliage.survey import SurveyError
from alliage.survey import Table as Rows
from alliage.survey.protection.disclosure import Sum, attack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

#: Sex, age and answer of each person.
Cells: TypeAlias = "tuple[Sequence[str | None], Sequence[str | None], Sequence[str | None]]"


@st.composite
def populations(draw: st.DrawFn) -> Cells:
    """Draw people in cells of two breakdowns; many cells are small."""
    sizes = st.one_of(st.integers(0, 6), st.integers(0, 30))
    counts = draw(st.lists(sizes, min_size=12, max_size=12))
    kinds = itertools.product(("f", "m", None), ("old", "young", "middle", None))
    cells = [*zip(kinds, counts, strict=True), (("f", "old"), 25)]
    rows = [kind for kind, count in cells for _ in range(count)]
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    told = random.choice(["yes", "no", "perhaps", ""], len(rows), p=[0.6, 0.3, 0.03, 0.07])
    return [sex for sex, _ in rows], [age for _, age in rows], [one or None for one in told]


BREAKDOWNS = (("sex",), ("age",), ("sex", "age"))


def masks(sex: Sequence[str | None], age: Sequence[str | None]) -> dict[Key, Mask]:
    """Return who is in each group, under the names of the library."""
    columns = {"sex": np.array(sex, dtype=object), "age": np.array(age, dtype=object)}
    found: dict[Key, Mask] = {EVERYBODY: np.ones(len(sex), dtype=bool)}
    for names in BREAKDOWNS:
        levels = [sorted({one for one in columns[name] if one is not None}) for name in names]
        for group in itertools.product(*levels):
            inside = np.ones(len(sex), dtype=bool)
            for name, level in zip(names, group, strict=True):
                inside &= columns[name] == level
            key = tuple(sorted(f"{n}={level}" for n, level in zip(names, group, strict=True)))
            found[key] = inside
    return found


def gathered(people: Cells) -> tuple[Population, Answered]:
    sex, age, told = people
    kinds = dict.fromkeys(("sex", "age", "q"), pl.String)
    table = Rows.of(pl.DataFrame({"sex": sex, "age": age, "q": told}, schema=kinds))
    levels = {name: table.levels(name) for name in ("sex", "age")}
    found = Population.of({name: table.codes(name) for name in levels}, levels, list(BREAKDOWNS))
    codes = table.codes("q")
    count = found.counted(codes >= 0)
    by_level = [found.counted(codes == rank) for rank in range(len(table.levels("q")))]
    return found, Answered(count, count, count, np.array(by_level).reshape(len(by_level), -1))


def wanted(population: Population, published: Sequence[tuple[str, ...]]) -> set[Key]:
    names = [set(), *map(set, published)]
    return {key for key in population.groups if named(key) in names}


def protected(people: Cells, published: Sequence[tuple[str, ...]], known: Known) -> frozenset[Key]:
    """Return the groups of some breakdowns that are shown."""
    population, answered = gathered(people)
    keys = wanted(population, published)
    return frozenset(keys - kept_back(population, [answered], keys, Limits(), known))


def remainders(groups: Mapping[Key, Mask]) -> Iterator[tuple[str, Mask]]:
    """Yield the people of a group who are in none of its parts."""
    for wide, fine in itertools.permutations([(), *BREAKDOWNS], 2):
        if not set(wide) < set(fine):
            continue
        inside = np.any([groups[key] for key in groups if named(key) == set(fine)], axis=0)
        for key in groups:
            if named(key) == set(wide):
                yield f"rest of {key} by {fine}", groups[key] & ~inside


def told_apart(shown: frozenset[Key], people: Cells) -> list[str]:
    """Attack: return the few people whose answers follow from what is shown."""
    sex, age, told = people
    answered = np.array([one is not None for one in told])
    groups = {key: mask & answered for key, mask in masks(sex, age).items()}
    seen = [key for key in shown if key in groups]
    secrets = {f"group {key}": mask for key, mask in groups.items()} | dict(remainders(groups))
    for one, other in itertools.permutations(seen, 2):
        if not (groups[other] & ~groups[one]).any():
            secrets[f"{one} less {other}"] = groups[one] & ~groups[other]
    few = {name: mask for name, mask in secrets.items() if 0 < mask.sum() < 11}
    matrix = np.array([groups[key] for key in seen], dtype=float).reshape(len(seen), len(sex)).T
    return [name for name, mask in few.items() if is_combination(matrix, mask)]


def is_combination(matrix: NDArray[np.float64], mask: Mask) -> bool:
    if not matrix.size:
        return False
    weights, *_ = np.linalg.lstsq(matrix, mask.astype(float), rcond=None)
    return bool(np.abs(matrix @ weights - mask).max() < 1e-6)


def named(key: Key) -> set[str]:
    return {part.split("=")[0] for part in key}


@settings(max_examples=30, deadline=None)
@given(people=populations())
def test_no_combination_of_shown_groups_tells_of_a_few_people(people: Cells) -> None:
    shown = protected(people, BREAKDOWNS, Known())
    assert told_apart(shown, people) == []


@settings(max_examples=15, deadline=None)
@given(people=populations())
def test_two_releases_side_by_side_tell_of_no_few_people(people: Cells) -> None:
    first = protected(people, BREAKDOWNS[:1], Known())
    try:
        second = protected(people, BREAKDOWNS, Known(shown=first))
    except SurveyError:
        # Nothing more can be published: that is an answer too.
        return
    assert told_apart(first | second, people) == []


def test_the_attack_finds_what_is_not_protected() -> None:
    """The proof of the tests above: without protection, the attack succeeds."""
    people: Cells = (["f"] * 40 + ["m"] * 3, ["old"] * 43, ["yes"] * 43)
    shown = frozenset({EVERYBODY, ("sex=f",)})
    assert told_apart(shown, people) != []
    assert told_apart(protected(people, BREAKDOWNS, Known()), people) == []


@settings(max_examples=15, deadline=None)
@given(people=populations())
def test_nobody_tells_how_many_of_a_small_group_gave_an_answer(people: Cells) -> None:
    """Linear programs of the library's audit, answer by answer, floors known."""
    population, answered = gathered(people)
    keys = wanted(population, BREAKDOWNS)
    shown = frozenset(keys - kept_back(population, [answered], keys, Limits()))
    members = population.members.astype(float)
    count = dict(zip(population.groups, members @ answered.people, strict=True))
    for level in answered.levels:
        values, sums = answers_by_group(population, level)
        hidden = set(values) - shown
        targets = [key for key in hidden if 0 < count.get(key, 0) < 11]
        for one in attack(values, hidden, sums, targets=targets).recovered:
            # Known all the same: nobody of a group that is shown, and holds it, gave this answer.
            assert one.value == 0
            assert any(values[key] == 0 for key in shown if set(key) <= set(one.key))


def answers_by_group(
    population: Population, level: NDArray[np.float64]
) -> tuple[dict[Key, float], list[Sum]]:
    members = population.members.astype(float)
    values = dict(zip(population.groups, (members @ level).tolist(), strict=True))
    sums = []
    for rank, (key, parts, rest) in enumerate(population.sums):
        name = (*key, f"rest {rank}")
        values[name] = float(level[rest].sum())
        sums.append(Sum(key, (*parts, name)))
    return values, sums


def test_what_a_former_release_gives_away_is_refused() -> None:
    people: Cells = (["f"] * 40 + ["m"] * 3, ["old"] * 43, ["yes"] * 43)
    known = Known(shown=frozenset({EVERYBODY, ("sex=f",)}))
    population, answered = gathered(people)
    with pytest.raises(SurveyError, match="away"):
        kept_back(population, [answered], set(population.groups), Limits(), known)


def test_a_former_group_under_another_name_tells_of_nobody() -> None:
    """« Retired » was shown; one person more is, and the column has a new name now."""
    ranks = np.repeat([0, 1], [41, 60])
    codes, levels = {"status": ranks, "occupation": ranks}, ["retired", "other"]
    population = Population.of(
        codes, {"status": levels, "occupation": levels}, [("status",), ("occupation",)]
    )
    people = population.counted(np.ones(101))
    answered = Answered(people, people, people, np.zeros((0, 2)))
    published = {EVERYBODY, ("occupation=retired",), ("occupation=other",)}
    assert kept_back(population, [answered], published, Limits()) == frozenset()
    known = Known(
        shown=frozenset({("status=retired",), ("status=other",)}),
        changed=frozenset({("status=retired",)}),
    )
    kept = kept_back(population, [answered], published, Limits(), known)
    assert ("occupation=retired",) in kept


def test_a_group_of_another_breakdown_does_not_open_what_was_hidden() -> None:
    """« c » is kept back with « b »; « y » is the same people as « b »."""
    ranks = {
        "first": np.repeat([0, 0, 1, 2], [20, 20, 30, 5]),
        "second": np.repeat([0, 1, 2, 0], [20, 20, 30, 5]),
    }
    levels = {"first": ["a", "b", "c"], "second": ["w", "x", "y"]}
    population = Population.of(ranks, levels, [("first",), ("second",)])
    people = population.counted(np.ones(75))
    answered = Answered(people, people, people, np.zeros((0, len(people))))
    shown = set(population.groups) - kept_back(population, [answered], population.groups, Limits())
    place = {key: rank for rank, key in enumerate(population.groups)}
    matrix = population.members[[place[key] for key in shown]].T.astype(float)
    assert EVERYBODY in shown
    assert not is_combination(matrix, population.members[place["first=c",]])


def test_the_base_rule_and_the_effective_size_hide_columns_too() -> None:
    population, answered = gathered((["f"] * 40 + ["m"] * 25, ["old"] * 65, ["yes"] * 65))
    keys = wanted(population, [("sex",)])
    assert kept_back(population, [answered], keys, Limits()) == frozenset()
    both = {("sex=m",), ("sex=f",)}
    assert kept_back(population, [answered], keys, Limits(least_base=30)) == both
    uneven = Answered(answered.people, answered.weight, answered.squares * 4, answered.levels)
    assert kept_back(population, [uneven], keys, Limits(least_effective=8)) == both
