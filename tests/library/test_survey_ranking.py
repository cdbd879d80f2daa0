from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, studentized_range

from alliage.survey import Design, mean, rank, sample
from alliage.survey.comparison.ranking import joint_ranks
from alliage.survey.errors import SurveyError
from alliage.survey.publishing.listing import listing

ITEMS = [f"item {rank}" for rank in range(6)]


def test_two_items_are_told_apart_at_the_quantile_of_one_difference() -> None:
    """With two items the two signs of one difference are all there is: |z| above its quantile."""
    limit = norm.ppf(0.975) * np.sqrt(2)
    near = joint_ranks({"a": limit * 0.98, "b": 0.0}, np.eye(2))
    far = joint_ranks({"a": limit * 1.02, "b": 0.0}, np.eye(2))
    assert near.certain == ()
    assert far.certain == ("a", "b")


@pytest.mark.parametrize("degrees", [None, 10.0])
def test_equal_items_are_told_apart_as_by_the_studentised_range(degrees: float | None) -> None:
    """The greatest difference of k independent items of one variance is the studentised range."""
    limit = float(studentized_range.ppf(0.95, 5, degrees or 1e6))
    names = [f"{place}" for place in range(5)]
    for share, apart in ((0.97, False), (1.03, True)):
        values = dict(zip(names, [limit * share, *[limit * share / 2] * 3, 0.0], strict=True))
        found = joint_ranks(values, np.eye(5), degrees=degrees, draws=100_000)
        ends = {item.name: item for item in found.items}
        assert (ends["0"].highest < 5) is apart
        assert (ends["4"].lowest > 1) is apart


def test_items_asked_of_the_same_people_are_told_apart_more_finely() -> None:
    values = {"a": 1.0, "b": 0.0}
    alone = joint_ranks(values, [[0.25, 0.0], [0.0, 0.25]])
    paired = joint_ranks(values, [[0.25, 0.2], [0.2, 0.25]])
    assert alone.certain == ()
    assert paired.certain == ("a", "b")


def test_every_set_holds_at_once_as_often_as_was_told() -> None:
    """Over surveys of six items, two of them equal, all the true ranks are in their sets."""
    truth = np.array([3.0, 2.0, 2.0, 1.0, 0.5, 0.0])
    true_ranks = [1, {2, 3}, {2, 3}, 4, 5, 6]
    covariance = 0.05 * (np.eye(6) + 0.5)
    random = np.random.Generator(np.random.PCG64(3))
    surveys, held = 300, 0
    for _ in range(surveys):
        seen = random.multivariate_normal(truth, covariance)
        found = joint_ranks(dict(zip(ITEMS, seen, strict=True)), covariance, draws=2000)
        sets = {item.name: set(range(item.lowest, item.highest + 1)) for item in found.items}
        held += all(
            (wanted if isinstance(wanted, set) else {wanted}) <= sets[name]
            for name, wanted in zip(ITEMS, true_ranks, strict=True)
        )
    # 95 % at least are promised; chance takes 3.8 points at most (three standard errors).
    assert held / surveys > 0.95 - 3 * np.sqrt(0.95 * 0.05 / surveys)


@given(
    st.lists(st.floats(-5, 5), min_size=6, max_size=6),
    st.floats(0.01, 4),
    st.integers(1, 5),
)
def test_ranks_are_inside_their_sets_and_probabilities_sum_to_k(
    values: list[float], variance: float, first: int
) -> None:
    found = joint_ranks(
        dict(zip(ITEMS, values, strict=True)), variance * np.eye(6), first=first, draws=1000
    )
    assert [item.estimate for item in found.items] == sorted(values, reverse=True)
    for item in found.items:
        assert 1 <= item.lowest <= item.rank <= item.highest <= 6
    assert sum(item.top or 0 for item in found.items) == pytest.approx(first)
    assert found.true_first is not None
    assert found.true_first <= min(item.top or 0 for item in found.items[:first]) + 1e-9
    assert len(found.may_be_first) >= first


@given(st.permutations(range(6)))
def test_the_order_in_which_items_are_given_does_not_matter(order: list[int]) -> None:
    values = dict(zip(ITEMS, [5.0, 4.9, 3.0, 2.0, 1.9, 0.0], strict=True))
    spread = dict(zip(ITEMS, [0.1, 0.2, 0.1, 0.1, 0.3, 0.1], strict=True))
    named = [ITEMS[place] for place in order]
    found = joint_ranks(
        {name: values[name] for name in named}, np.diag([spread[name] for name in named]) ** 2
    )
    assert [(item.name, item.lowest, item.highest) for item in found.items] == [
        ("item 0", 1, 2),
        ("item 1", 1, 2),
        ("item 2", 3, 3),
        ("item 3", 4, 5),
        ("item 4", 4, 5),
        ("item 5", 6, 6),
    ]


def test_twins_are_never_told_apart_and_the_same_seed_gives_the_same_ranking() -> None:
    twins = joint_ranks({"a": 1.0, "b": 1.0, "c": 0.0}, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], first=1)
    by_name = {item.name: item for item in twins.items}
    assert by_name["a"].rank == by_name["b"].rank == 1
    assert twins == joint_ranks(
        {"a": 1.0, "b": 1.0, "c": 0.0}, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], first=1
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"estimates": {"a": 1.0}, "covariance": [[1.0]]}, "1 item"),
        ({"covariance": np.eye(3)}, "for 2 items"),
        ({"covariance": [[1.0, 0.5], [0.4, 1.0]]}, "not symmetric"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, "below zero"),
        ({"covariance": [[1.0, np.nan], [np.nan, 1.0]]}, "not a number"),
        ({"estimates": {"a": np.nan, "b": 1.0}}, "a has no estimate"),
        ({"level": 1.0}, "level is 1.0"),
        ({"first": 2}, "first 2 of 2"),
        ({"degrees": 0}, "degrees of freedom"),
        ({"draws": 10}, "10 draws"),
    ],
)
def test_what_makes_no_ranking_is_refused(asked: dict[str, object], told: str) -> None:
    request = {"estimates": {"a": 1.0, "b": 0.0}, "covariance": np.eye(2), **asked}
    with pytest.raises(SurveyError, match=told):
        joint_ranks(**request)  # type: ignore[arg-type]


def test_what_does_not_vary_in_the_sample_has_no_rank() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    frame = pl.DataFrame(
        {
            "g": ["a"] * 30 + ["b"] * 2 + ["c"] * 30 + ["d"] * 30,
            "y": [1.0] * 30 + [2.0, 2.0] + list(random.normal(0, 1, 60)),
        }
    )
    found = rank(mean(sample(frame, Design()), "y", by="g"), first=1)
    assert {item.name for item in found.items} == {"c", "d"}
    assert found.unranked == pytest.approx({"a": 1.0, "b": 2.0})
    assert found.frame().filter(name="b").select("rank", "top").row(0) == (None, None)
    made = listing(found, "en")
    assert [made.text(3, column, "en") for column in range(4)] == ["n/a", "b", "2.00", "n/a"]
    assert any("nothing varies" in note for note in made.notes)
    alike = sample(frame.filter(pl.col("g").is_in(["a", "b", "c"])), Design())
    with pytest.raises(SurveyError, match="« a, b » does not vary"):
        rank(mean(alike, "y", by="g"))
