"""Combinations of applications under envelopes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.fund.instruction.combinations import (
    Candidate,
    ChoiceProblemCode,
    Dimension,
    NoSuggestionError,
    Obstacle,
    ObstacleCode,
    Suggestion,
    SuggestionRule,
    Target,
    look,
    suggest,
)
from alliage.values.money import MoneyError, euros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.values.money import Euros

YVELINES = Target(Dimension.TERRITORY, "78")
COMPANY = Target(Dimension.WORLD, "company")


def candidate(
    name: str,
    asked: int | str,
    points: int | None = None,
    least: int | str | None = None,
    covers: Iterable[Target] = (),
    envelope: str = "2026",
) -> Candidate:
    return Candidate(
        name,
        envelope,
        euros(asked),
        None if least is None else euros(least),
        None if points is None else Fraction(points),
        {
            dimension: frozenset(one.code for one in covers if one.dimension is dimension)
            for dimension in Dimension
        },
    )


def purse(**amounts: int | str) -> dict[str, Euros]:
    return {name.removeprefix("y"): euros(amount) for name, amount in amounts.items()}


def names(found: Suggestion) -> list[list[str]]:
    return [sorted(picture.amounts) for picture in found.choices]


# ---------------------------------------------------------------- looking at a choice


def test_a_choice_shows_envelopes_and_what_is_covered() -> None:
    files = [
        candidate("A", 8000, 70, 5000, [YVELINES]),
        candidate("B", 4000, 60, covers=[COMPANY, YVELINES]),
        candidate("C", 1000, None, envelope="2027"),
    ]
    found = look(
        files,
        purse(y2026=10000, y2027=500, y2028=3),
        {"A": euros(6000)},
        [COMPANY, Target(Dimension.FRAGILITY, "housing")],
    )
    assert [(one.envelope, one.chosen, one.left, one.exceeded) for one in found.balances] == [
        ("2026", euros(6000), euros(4000), euros(0)),
        ("2027", euros(0), euros(500), euros(0)),
        ("2028", euros(0), euros(3), euros(0)),
    ]
    assert [
        (one.code, one.applications, one.wanted, one.candidates, one.is_met)
        for one in found.coverage
    ] == [
        ("company", (), 1, 1, False),
        ("78", ("A",), 0, 2, True),
        ("housing", (), 1, 0, False),
    ]
    assert [one.code for one in found.not_covered] == ["company", "housing"]
    assert (found.points, found.reduced) == (Fraction(70), euros(2000))
    assert found.problems == ()


def test_an_envelope_is_never_shown_below_zero() -> None:
    files = [candidate("A", 8000), candidate("B", 5000)]
    found = look(files, purse(y2026=10000), {"A": euros(8000), "B": euros(5000)})
    (balance,) = found.balances
    assert (balance.left, balance.exceeded) == (euros(0), euros(3000))
    (problem,) = found.problems
    assert (problem.code, problem.subject) == (ChoiceProblemCode.ENVELOPE_EXCEEDED, "2026")
    assert (problem.amount, problem.limit) == (euros(13000), euros(10000))
    assert found.not_scored == ("A", "B")


@pytest.mark.parametrize(
    ("amount", "code", "limit"),
    [
        ("8000.01", ChoiceProblemCode.ABOVE_ASKED, 8000),
        ("4999.99", ChoiceProblemCode.BELOW_LEAST, 5000),
    ],
)
def test_an_amount_stays_in_its_bounds(amount: str, code: ChoiceProblemCode, limit: int) -> None:
    found = look([candidate("A", 8000, 1, 5000)], purse(y2026=9000), {"A": euros(amount)})
    assert [(one.code, one.subject, one.limit) for one in found.problems] == [
        (code, "A", euros(limit))
    ]


def test_what_is_not_before_the_committee_is_refused() -> None:
    files = [candidate("A", 10)]
    with pytest.raises(ValueError, match=r"« Z » is not before the committee\. Choose among A"):
        look(files, purse(y2026=10), {"Z": euros(1)})
    with pytest.raises(ValueError, match="« A » comes twice"):
        look(files * 2, purse(y2026=10), {})
    with pytest.raises(ValueError, match="paid by « 2026 », which is no envelope"):
        look(files, purse(y2027=10), {})
    with pytest.raises(ValueError, match="never below zero"):
        look(files, purse(y2026=-1), {})


@pytest.mark.parametrize(("asked", "least"), [(0, None), (10, 11), (10, 0), (10, -1)])
def test_bounds_that_make_no_sense_are_refused(asked: int, least: int | None) -> None:
    with pytest.raises(ValueError, match="A asks for"):
        candidate("A", asked, 1, least)


def test_amounts_are_in_cents() -> None:
    files = [candidate("A", 10)]
    with pytest.raises(MoneyError):
        look(files, purse(y2026=10), {"A": 9.5})  # type: ignore[dict-item]
    with pytest.raises(MoneyError):
        look(files, {"2026": Decimal("9.999")}, {})
    with pytest.raises(MoneyError):
        Candidate("A", "2026", Decimal("9.999"))


def test_negative_points_and_empty_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="-1 points"):
        candidate("A", 10, -1)
    with pytest.raises(ValueError, match="covered 0 times"):
        Target(Dimension.WORLD, "company", 0)


# ---------------------------------------------------------------- suggesting


def test_the_best_sum_is_found_where_taking_the_best_first_would_miss_it() -> None:
    files = [candidate("A", 8000, 70), candidate("B", 5000, 60), candidate("C", 5000, 50)]
    found = suggest(files, purse(y2026=10000), SuggestionRule())
    assert names(found) == [["B", "C"]]
    assert found.choices[0].points == 110
    assert found.is_complete


def test_amounts_are_reduced_alike_and_only_where_needed() -> None:
    files = [
        candidate("A", 8000, 70, 4000),
        candidate("B", 5000, 60, 3000),
        candidate("C", 900, 10, 100, envelope="2027"),
    ]
    found = suggest(files, purse(y2026=10000, y2027=1000), SuggestionRule())
    (picture,) = found.choices
    # 3 000 € above the least amounts, for 6 000 € of room: each has half of its own room.
    assert picture.amounts == {"A": 6000, "B": 4000, "C": 900}
    assert picture.reduced == euros(3000)
    assert picture.problems == ()


def test_choices_that_are_as_good_are_shown_the_least_reduced_first() -> None:
    files = [candidate("A", 10, 5, 5), candidate("B", 7, 5), candidate("C", 7, 5)]
    found = suggest(files, purse(y2026=7), SuggestionRule())
    assert names(found) == [["B"], ["C"], ["A"]]
    assert found.is_complete
    fewer = suggest(files, purse(y2026=7), SuggestionRule(most_alternatives=1))
    assert names(fewer) == [["B"], ["C"]]
    assert not fewer.is_complete


def test_targets_are_covered_even_at_the_cost_of_points() -> None:
    files = [
        candidate("A", 6, 90),
        candidate("B", 6, 20, covers=[YVELINES]),
        candidate("C", 4, 30, covers=[COMPANY]),
    ]
    found = suggest(files, purse(y2026=10), SuggestionRule(targets=(YVELINES,)))
    assert names(found) == [["B", "C"]]
    assert all(one.is_met for one in found.choices[0].coverage)


def test_the_committee_may_settle_some_and_leave_others_out() -> None:
    files = [candidate("A", 6, 90), candidate("B", 6, 20), candidate("C", 4, 30)]
    rule = SuggestionRule(required=frozenset({"B"}), minimum_points=Fraction(25))
    found = suggest(files, purse(y2026=10), rule)
    assert (names(found), found.not_considered) == ([["B", "C"]], ())
    found = suggest(
        files, purse(y2026=10), SuggestionRule((), frozenset(), frozenset({"A"}), Fraction(25))
    )
    assert (names(found), found.not_considered) == ([["C"]], ("A", "B"))


def test_an_application_without_a_score_is_never_suggested_unless_required() -> None:
    files = [candidate("A", 6), candidate("B", 6, 1)]
    found = suggest(files, purse(y2026=20), SuggestionRule())
    assert (names(found), found.not_considered) == ([["B"]], ("A",))
    found = suggest(files, purse(y2026=20), SuggestionRule(required=frozenset({"A"})))
    assert names(found) == [["A", "B"]]
    assert found.choices[0].not_scored == ("A",)


def test_nothing_fits_or_nothing_is_there() -> None:
    assert names(suggest([], purse(y2026=1), SuggestionRule())) == [[]]
    assert names(suggest([candidate("A", 2, 9)], purse(y2026=1), SuggestionRule())) == [[]]


def test_one_cent_too_much_is_too_much() -> None:
    files = [candidate("A", "750000.01", 9), candidate("B", 750000, 9)]
    assert (
        names(suggest(files, purse(y2026="1500000.00"), SuggestionRule())) == [["B"], ["A"]][::-1]
    )
    assert names(suggest(files, purse(y2026="1500000.01"), SuggestionRule())) == [["A", "B"]]


def test_one_cent_too_much_is_too_much_even_where_floats_do_not_see_it() -> None:
    files = [candidate("A", "500000000000.00", 9), candidate("B", "499999999999.99", 9)]
    found = suggest(files, purse(y2026="999999999999.98"), SuggestionRule())
    assert names(found) == [["A"], ["B"]]
    found = suggest(files, purse(y2026="999999999999.99"), SuggestionRule())
    assert names(found) == [["A", "B"]]


def test_a_presolve_that_calls_this_infeasible_is_not_used() -> None:
    asked = ("433681.00", "440700.24", "461445.08", "932356.49")
    files = [
        candidate(name, amount, points)
        for name, amount, points in zip("ABCD", asked, (89, 18, 11, 77), strict=True)
    ]
    assert names(suggest(files, purse(y2026="874381.23"), SuggestionRule())) == [["A"]]


def test_equal_choices_are_listed_by_identifiers() -> None:
    files = [candidate(name, 10, 5) for name in "FEDCBA"]
    found = suggest(files, purse(y2026=29), SuggestionRule(most_alternatives=20))
    listed = names(found)
    assert len(listed) == 15
    assert listed == sorted(listed)


# ---------------------------------------------------------------- when it cannot be had


def obstacles(*args: object) -> tuple[Obstacle, ...]:
    with pytest.raises(NoSuggestionError) as caught:
        suggest(*args)  # type: ignore[arg-type]
    assert "Give up a target" in str(caught.value)
    return caught.value.obstacles


def test_every_obstacle_that_stands_alone_is_listed() -> None:
    files = [candidate("A", 9, 1, 6), candidate("B", 8, 1), candidate("C", 1, 1, covers=[COMPANY])]
    rule = SuggestionRule(
        targets=(Target(Dimension.WORLD, "company", 2), YVELINES), required=frozenset({"A", "B"})
    )
    assert obstacles(files, purse(y2026=10), rule) == (
        Obstacle(ObstacleCode.NOBODY_COVERS, (YVELINES, Target(Dimension.WORLD, "company", 2))),
        Obstacle(ObstacleCode.REQUIRED_EXCEED, (), "2026", Decimal("14.00"), Decimal("10.00")),
    )


def test_targets_that_do_not_fit_together_are_named() -> None:
    files = [candidate("A", 6, 1, covers=[YVELINES]), candidate("B", 8, 1, covers=[COMPANY])]
    (obstacle,) = obstacles(files, purse(y2026=7), SuggestionRule(targets=(YVELINES, COMPANY)))
    assert obstacle.code is ObstacleCode.TARGETS_TOGETHER
    assert obstacle.targets == (COMPANY,)


def test_a_rule_that_contradicts_itself_is_refused() -> None:
    files = [candidate("A", 6, 1)]
    with pytest.raises(ValueError, match="« Z » is not before the committee"):
        suggest(files, purse(y2026=7), SuggestionRule(required=frozenset({"Z"})))
    both = SuggestionRule(required=frozenset({"A"}), excluded=frozenset({"A"}))
    with pytest.raises(ValueError, match="« A » is both required and excluded"):
        suggest(files, purse(y2026=7), both)


SMALL = st.integers(1, 2000)
HUGE = st.integers(1, 10**13)
TARGETS = st.sampled_from([YVELINES, COMPANY])


@st.composite
def panels(draw: st.DrawFn) -> tuple[list[Candidate], dict[str, Euros], SuggestionRule]:
    amounts = draw(st.sampled_from([SMALL, SMALL, HUGE]))
    files = []
    for at in range(draw(st.integers(0, 6))):
        asked = draw(amounts)
        files.append(
            Candidate(
                f"A{at}",
                draw(st.sampled_from(["2026", "2027"])),
                euros(Decimal(asked).scaleb(-2)),
                draw(st.none() | st.integers(1, asked).map(lambda c: euros(Decimal(c).scaleb(-2)))),
                draw(st.none() | st.integers(0, 5).map(Fraction)),
                {
                    one.dimension: frozenset({one.code})
                    for one in draw(st.frozensets(TARGETS, max_size=2))
                },
            )
        )
    names = [one.application for one in files]
    wallet = {}
    for year in ("2026", "2027"):
        floors = [int(one.floor * 100) for one in files if one.envelope == year]
        # What some of them need, a cent more or a cent less: where a float would err.
        some = sum(draw(st.lists(st.sampled_from(floors), max_size=4))) if floors else 0
        cents = draw(amounts) if draw(st.booleans()) else some + draw(st.integers(-1, 1))
        wallet[year] = euros(Decimal(max(0, cents)).scaleb(-2))
    rule = SuggestionRule(
        targets=tuple(draw(st.frozensets(TARGETS, max_size=2))),
        required=draw(st.frozensets(st.sampled_from(names), max_size=1)) if names else frozenset(),
        most_alternatives=draw(st.integers(0, 3)),
    )
    return files, wallet, rule


def follows(chosen: tuple[Candidate, ...], wallet: dict[str, Euros], rule: SuggestionRule) -> bool:
    return (
        rule.required <= {one.application for one in chosen}
        and all(
            sum(one.floor for one in chosen if one.envelope == year) <= available
            for year, available in wallet.items()
        )
        and all(
            sum(target.code in one.covers.get(target.dimension, ()) for one in chosen)
            >= target.at_least
            for target in rule.targets
        )
    )


@given(panels())
@settings(max_examples=100, deadline=None)
def test_no_other_choice_has_more_points(
    panel: tuple[list[Candidate], dict[str, Euros], SuggestionRule],
) -> None:
    files, wallet, rule = panel
    pool = [one for one in files if one.points is not None or one.application in rule.required]
    allowed = [
        chosen
        for size in range(len(pool) + 1)
        for chosen in combinations(pool, size)
        if follows(chosen, wallet, rule)
    ]
    if not allowed:
        with pytest.raises(NoSuggestionError):
            suggest(files, wallet, rule)
        return
    best = max(sum((one.points or 0 for one in chosen), Fraction(0)) for chosen in allowed)
    equal = {
        frozenset(one.application for one in chosen)
        for chosen in allowed
        if sum(one.points or 0 for one in chosen) == best
    }
    found = suggest(files, wallet, rule)
    listed = [frozenset(picture.amounts) for picture in found.choices]
    assert set(listed) <= equal
    assert len(listed) == len(set(listed)) == min(len(equal), rule.most_alternatives + 1)
    assert found.is_complete == (len(listed) == len(equal))
    reductions = sorted(
        sum(
            max(
                Decimal(0),
                sum(one.asked for one in files if one.application in chosen and one.envelope == y)
                - wallet[y],
            )
            for y in wallet
        )
        for chosen in equal
    )
    if found.is_complete or max(wallet.values()) < 1_000_000:
        assert [picture.reduced for picture in found.choices] == reductions[: len(listed)]
    for picture in found.choices:
        assert picture.problems == ()
        assert picture.points == best
        assert all(balance.left >= 0 for balance in picture.balances)


@given(panels(), st.randoms())
@settings(max_examples=30, deadline=None)
def test_the_order_of_applications_changes_nothing(
    panel: tuple[list[Candidate], dict[str, Euros], SuggestionRule], random: st.DataObject
) -> None:
    files, wallet, rule = panel

    def outcome() -> object:
        try:
            return suggest(files, wallet, rule)
        except NoSuggestionError as error:
            return error.obstacles

    before = outcome()
    random.shuffle(files)  # type: ignore[attr-defined]
    assert outcome() == before
