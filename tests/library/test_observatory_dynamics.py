"""Gaps between perceived and recorded dynamics: known cases, bounds, what is refused, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.factories.observatory_release_values import REGIONS, release_values

from alliage.observatory.reading.dynamics import (
    Dynamics,
    DynamicsError,
    DynamicsProblem,
    Gap,
    Perceived,
    Recorded,
    deciding_width,
    gaps,
    gaps_between_worlds,
    opinion,
    sample_needed,
)
from alliage.observatory.reading.perceptions import perceptions

MILLION = 1_000_000
CODES = [f"t{rank:02d}" for rank in range(12)]


def asked(shares: list[float], effective: float = 400) -> list[Perceived]:
    return [Perceived(code, share, effective) for code, share in zip(CODES, shares, strict=False)]


def known(counts: list[int], detection: tuple[float, float] = (1, 1)) -> list[Recorded]:
    return [
        Recorded(code, count, MILLION, detection)
        for code, count in zip(CODES, counts, strict=False)
    ]


RISING = [0.1 + 0.07 * rank for rank in range(12)]
FALLING_COUNTS = [600 - 50 * rank for rank in range(12)]


def test_what_is_clear_is_told_and_the_middle_is_not() -> None:
    found = gaps(asked(RISING), known(FALLING_COUNTS))
    assert found[0].dynamics is Dynamics.UNDER_THE_RADAR
    assert found[-1].dynamics is Dynamics.PROMISE
    assert found[6].dynamics is Dynamics.UNDECIDED
    assert found[0].gap.high < 0 < found[-1].gap.low
    assert found[0].perceived.value == pytest.approx(0.1, abs=0.03)
    # 600 alliances for a million inhabitants: 6 for 10,000.
    assert found[0].recorded.value == pytest.approx(6, abs=0.5)


def test_sides_that_agree_surely_are_aligned() -> None:
    counts = [20 * 4**rank // 2 for rank in range(12)]
    shares = [0.02, 0.05, 0.1, 0.2, 0.3, 0.42, 0.55, 0.68, 0.8, 0.9, 0.95, 0.98]
    found = gaps(asked(shares, 40_000), known(counts))
    told = [one.dynamics for one in found]
    # The gap is sure, and surely small.
    assert found[0].positive > 0.9
    assert told[0] is Dynamics.ALIGNED_WEAK
    assert told[-1] is Dynamics.ALIGNED_ACTIVE


def test_a_surer_low_perception_where_little_is_recorded_is_not_under_the_radar() -> None:
    shares = [0.01, *(0.6 + 0.02 * rank for rank in range(11))]
    counts = [200, *(150 + 30 * rank for rank in range(11))]
    first = gaps(asked(shares, 4000), known(counts))[0]
    assert first.above < 0.5
    assert first.dynamics is not Dynamics.UNDER_THE_RADAR


def test_where_nobody_was_asked_the_others_are_what_is_known() -> None:
    people = asked(RISING)
    people[3] = Perceived(CODES[3], None, 0)
    found = gaps(people, known(FALLING_COUNTS))[3]
    assert not found.surveyed
    assert found.dynamics is Dynamics.UNDECIDED
    # Nothing is known of its rank.
    assert found.perceived_rank.low < 0.1
    assert found.perceived_rank.high > 0.9


def test_unknown_detection_widens_and_known_detection_corrects() -> None:
    certain = gaps(asked(RISING), known(FALLING_COUNTS))
    unsure = gaps(asked(RISING), known(FALLING_COUNTS, (0.1, 1)))
    assert all(
        after.recorded_rank.width > before.recorded_rank.width
        for before, after in zip(certain, unsure, strict=True)
    )
    half = gaps(asked(RISING), known(FALLING_COUNTS, (0.5, 0.5)))
    assert half[0].recorded.value == pytest.approx(2 * certain[0].recorded.value, rel=0.03)
    # The same detection everywhere moves no rank.
    assert half[0].gap.value == pytest.approx(certain[0].gap.value, abs=0.03)


def test_few_alliances_leave_everything_undecided() -> None:
    counts = [1, 0, 0, 2, 0, 1, 0, 0, 1, 0, 0, 0]
    regions = [
        Recorded(code, count, 5 * MILLION, (0.1, 1))
        for code, count in zip(CODES, counts, strict=True)
    ]
    found = gaps(asked([0.5] * 12, 150), regions)
    assert {one.dynamics for one in found} == {Dynamics.UNDECIDED}
    assert min(one.gap.width for one in found) > 1


def test_the_same_figures_give_the_same_result_whatever_the_order() -> None:
    first = gaps(asked(RISING), known(FALLING_COUNTS))
    assert gaps(asked(RISING)[::-1], known(FALLING_COUNTS)) == first
    assert gaps(asked(RISING), known(FALLING_COUNTS), seed=1) != first


def test_a_distribution_taken_for_known_gives_narrower_intervals() -> None:
    whole = gaps(asked(RISING), known(FALLING_COUNTS))
    plugged = gaps(asked(RISING), known(FALLING_COUNTS), plug_in=True)
    assert _mean_width(plugged) < 0.8 * _mean_width(whole)


def _mean_width(found: tuple[Gap, ...]) -> float:
    return sum(one.gap.width for one in found) / len(found)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """The whole simulation is ``benchmarks/observatory_dynamics.py``."""
    shares, rates = stats.beta(4, 6), stats.gamma(2, scale=0.25)
    covered = []
    for seed in range(20):
        generator = np.random.Generator(np.random.PCG64(seed))
        true_shares = shares.rvs(12, random_state=generator)
        true_rates = rates.rvs(12, random_state=generator)
        yes = generator.binomial(150, true_shares) / 150
        counts = generator.poisson(true_rates * 100)
        found = gaps(
            [Perceived(code, float(one), 150) for code, one in zip(CODES, yes, strict=True)],
            known([int(one) for one in counts]),
            draws=1000,
        )
        truth = shares.cdf(true_shares) - rates.cdf(true_rates)
        covered += [
            one.gap.low <= gap <= one.gap.high for one, gap in zip(found, truth, strict=True)
        ]
    assert 0.84 < sum(covered) / len(covered) < 0.97


def test_worlds_are_compared_with_one_another() -> None:
    actors, citizens = asked(RISING[::-1]), asked(RISING)
    found = gaps_between_worlds(actors, citizens)
    assert found[0].gap.low > 0 > found[-1].gap.high
    assert found[0].recorded.value == pytest.approx(0.1, abs=0.03)


def test_the_sample_needed_gives_about_the_width_asked() -> None:
    counts = [40 * 3**rank for rank in range(12)]
    found = gaps(asked(RISING, 60), known(counts))[4]
    needed = sample_needed(found, 60, width=0.4, design_effect=1)
    assert needed is not None
    assert needed > 60
    people = asked(RISING, 60)
    people[4] = Perceived(CODES[4], RISING[4], float(needed))
    again = gaps(people, known(counts))[4]
    assert again.gap.width == pytest.approx(0.4, abs=0.06)
    doubled = sample_needed(found, 60, width=0.4, design_effect=2)
    assert doubled == pytest.approx(2 * needed, abs=1)


def test_no_sample_is_enough_where_the_record_is_too_unsure() -> None:
    found = gaps(asked(RISING), known([3] * 12, (0.1, 1)))[0]
    assert sample_needed(found, 400, width=found.recorded_rank.width, design_effect=1) is None
    assert deciding_width(found) == pytest.approx(
        2 * 1.6449 / 1.2816 * abs(found.gap.value), rel=1e-3
    )


def test_opinions_keep_those_who_do_not_know_apart() -> None:
    found = opinion(yes=0.3, dont_know=0.25)
    assert (found.awareness, found.low, found.high) == (0.75, 0.3, 0.55)
    with pytest.raises(DynamicsError) as refusal:
        opinion(yes=0.8, dont_know=0.3)
    assert refusal.value.problem is DynamicsProblem.SHARE


@pytest.mark.parametrize(
    ("people", "alliances", "problem"),
    [
        (asked([0.2, 0.3, 0.4]), [*known([1, 2]), Recorded("t02", 1, 0, (1, 1))], "population"),
        (asked([0.2, 0.3, 0.4]), [*known([1, 2]), Recorded("t02", -1, 9, (1, 1))], "count"),
        (asked([0.2, 0.3, 0.4]), known([1, 2, 3], (0, 1)), "detection"),
        (asked([0.2, 0.3, 0.4]), known([1, 2, 3], (0.9, 0.5)), "detection"),
        (asked([0.2, 0.3, 1.4]), known([1, 2, 3]), "share"),
        (asked([0.2, 0.3, 0.4], math.nan), known([1, 2, 3]), "respondents"),
        ([*asked([0.2, 0.3]), Perceived("t02", None, 5)], known([1, 2, 3]), "respondents"),
        (asked([0.2, 0.3, 0.4]), known([1, 2]), "territories"),
        (asked([0.2, 0.3, 0.4]), [*known([1, 2]), *known([1])], "territories"),
        ([*asked([0.2, 0.3]), Perceived("t02", None, 0)], known([1, 2, 3]), "few"),
    ],
)  # fmt: skip
def test_impossible_figures_are_refused(
    people: list[Perceived], alliances: list[Recorded], problem: str
) -> None:
    with pytest.raises(DynamicsError) as refusal:
        gaps(people, alliances)
    assert refusal.value.problem == problem


def test_a_width_is_positive() -> None:
    found = gaps(asked(RISING), known(FALLING_COUNTS))[0]
    with pytest.raises(DynamicsError) as refusal:
        sample_needed(found, 400, width=0, design_effect=1)
    assert refusal.value.problem is DynamicsProblem.WIDTH


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.floats(0.5, 5000),
            st.integers(0, 5000),
            st.integers(1, 10**7),
            st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)).map(lambda pair: tuple(sorted(pair))),
        ),
        min_size=3,
        max_size=12,
    )
)
def test_any_figures_give_gaps_between_minus_one_and_one(
    rows: list[tuple[float, float, int, int, tuple[float, float]]],
) -> None:
    people = [Perceived(code, row[0], row[1]) for code, row in zip(CODES, rows, strict=False)]
    alliances = [
        Recorded(code, row[2], row[3], row[4]) for code, row in zip(CODES, rows, strict=False)
    ]
    for one in gaps(people, alliances, draws=200):
        for side in (one.perceived_rank, one.recorded_rank, one.perceived):
            assert 0 <= side.low <= side.value <= side.high <= 1
        assert -1 <= one.gap.low <= one.gap.value <= one.gap.high <= 1
        assert one.recorded.low >= 0
        assert 0 <= one.positive <= 1


# ---- What a release says -----------------------------------------------------------------------


LEVELS = ("indispensable", "useful")


def test_levels_are_added_with_the_error_of_their_sum() -> None:
    release = release_values()
    table = next(
        one for one in release.tables if (one.question, one.breakdown) == ("act_together", "region")
    )
    covariance = next(
        one
        for one in release.covariances
        if (one.question, one.breakdown) == ("act_together", "region")
    )
    found = perceptions(release.head, table, covariance, LEVELS)
    assert [one.perceived.code for one in found] == list(REGIONS)
    first = found[0]
    column = [group.code for group in release.head.breakdowns[1].groups].index("pays_de_la_loire")
    values = [table.rows[row][column].value for row in (0, 1)]
    assert first.perceived.share == pytest.approx(sum(value or 0 for value in values))
    # The respondents of the factory are a simple sample of 200 in each region.
    assert first.perceived.effective == pytest.approx(200, rel=0.02)
    assert first.design_effect == pytest.approx(1, rel=0.02)
    assert first.opinion is not None
    assert first.opinion.low <= (first.perceived.share or 0) <= first.opinion.high


def test_what_is_kept_back_is_not_estimated() -> None:
    release = release_values(hidden=("bretagne",))
    table = next(
        one for one in release.tables if (one.question, one.breakdown) == ("act_together", "region")
    )
    covariance = next(
        one
        for one in release.covariances
        if (one.question, one.breakdown) == ("act_together", "region")
    )
    found = {
        one.perceived.code: one for one in perceptions(release.head, table, covariance, LEVELS)
    }
    hidden = found["bretagne"]
    assert (hidden.perceived.share, hidden.perceived.effective) == (None, 0)
    assert hidden.is_hidden
    assert hidden.opinion is None
    assert not found["normandie"].is_hidden
    assert perceptions(release.head, table, covariance, ("useful", "unknown")) == ()
    without = perceptions(release.head, table, None, LEVELS)
    assert {one.perceived.share for one in without} == {None}
