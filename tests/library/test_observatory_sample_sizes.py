"""How many people a claim about a small territory needs."""

from __future__ import annotations

import math
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.observatory.reading.sample_sizes import (
    SampleSizeError,
    SampleSizeProblem,
    margin_of_share,
    sample_everywhere,
    sample_for_mean,
    sample_for_share,
)

MARGINS = st.floats(0.005, 0.3)
SHARES = st.floats(0.01, 0.99)
PEOPLE = st.integers(2, 5_000_000)
EFFECTS = st.floats(1.0, 4.0)


@pytest.mark.parametrize(
    ("margin", "share", "level", "expected"),
    [
        # The sizes of every handbook: 385 for ± 5 points, 1,068 for ± 3, 9,604 for ± 1.
        (0.05, 0.5, 0.95, 385),
        (0.03, 0.5, 0.95, 1068),
        (0.01, 0.5, 0.95, 9604),
        # 2.575829² × 0.25 / 0.05² = 663.5.
        (0.05, 0.5, 0.99, 664),
        # 1.959964² × 0.09 / 0.02² = 864.3.
        (0.02, 0.1, 0.95, 865),
    ],
)
def test_sizes_of_handbooks(margin: float, share: float, level: float, expected: int) -> None:
    assert sample_for_share(margin, share=share, level=level) == expected


def test_a_small_commune_needs_most_of_its_people() -> None:
    # 384.15 / (1 + 383.15 / 150) = 108.1.
    assert sample_for_share(0.05, population=150) == 109
    assert sample_for_share(0.01, population=150) == 148


def test_a_design_effect_never_asks_more_people_than_there_are() -> None:
    assert sample_for_share(0.05, population=150, design_effect=2) == 150


def test_a_mean_is_the_share_with_another_deviation() -> None:
    # 1.959964² × 2.3² / 0.3² = 225.8.
    assert sample_for_mean(0.3, deviation=2.3) == 226
    assert sample_for_mean(0.05, deviation=0.5) == sample_for_share(0.05)


@given(margin=MARGINS, share=SHARES, people=PEOPLE, effect=EFFECTS)
def test_the_size_gives_the_margin_and_one_person_less_does_not(
    margin: float, share: float, people: int, effect: float
) -> None:
    need = sample_for_share(margin, share=share, population=people, design_effect=effect)
    reached = partial(margin_of_share, share=share, population=people, design_effect=effect)
    assert 1 <= need <= people
    if need < people:
        assert reached(need) <= margin * (1 + 1e-9)
    if need > 1:
        assert reached(need - 1) >= margin * (1 - 1e-9)


@given(margin=MARGINS, people=PEOPLE, effect=EFFECTS)
def test_more_people_never_need_fewer_answers(margin: float, people: int, effect: float) -> None:
    endless = sample_for_share(margin, design_effect=effect)
    here = sample_for_share(margin, population=people, design_effect=effect)
    larger = sample_for_share(margin, population=people * 2, design_effect=effect)
    assert here <= larger <= endless


@given(margin=MARGINS, people=st.lists(PEOPLE, min_size=1, max_size=20))
def test_territories_add_up(margin: float, people: list[int]) -> None:
    need = sample_everywhere(people, margin)
    each = [sample_for_share(margin, population=size) for size in people]
    assert (need.territories, need.respondents) == (len(people), sum(each))
    assert (need.fewest, need.most) == (min(each), max(each))
    assert need.asked_whole == sum(n == size for n, size in zip(each, people, strict=True))


def test_everybody_who_answers_leaves_no_margin() -> None:
    assert margin_of_share(150, population=150, design_effect=2) == 0
    # A good design leaves none before that.
    assert margin_of_share(149, population=150, design_effect=0.5) == 0


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"margin": 0}, SampleSizeProblem.MARGIN),
        ({"margin": math.nan}, SampleSizeProblem.MARGIN),
        ({"share": 1}, SampleSizeProblem.SHARE),
        ({"level": 1}, SampleSizeProblem.LEVEL),
        ({"design_effect": 0}, SampleSizeProblem.DESIGN_EFFECT),
        ({"population": 0}, SampleSizeProblem.POPULATION),
    ],
)
def test_impossible_values_are_named(values: dict[str, float], problem: SampleSizeProblem) -> None:
    with pytest.raises(SampleSizeError) as refused:
        sample_for_share(**{"margin": 0.05, **values})  # type: ignore[arg-type]
    assert refused.value.problem is problem


def test_impossible_means_margins_and_lists_are_named() -> None:
    with pytest.raises(SampleSizeError, match=r"deviation is 0\. Give a number above 0"):
        sample_for_mean(0.1, deviation=0)
    with pytest.raises(SampleSizeError, match="respondents is 0"):
        margin_of_share(0)
    with pytest.raises(SampleSizeError, match="respondents is 151"):
        margin_of_share(151, population=150)
    with pytest.raises(SampleSizeError, match="share is 0"):
        margin_of_share(100, share=0)
    with pytest.raises(SampleSizeError, match="one territory or more"):
        sample_everywhere([], 0.05)
