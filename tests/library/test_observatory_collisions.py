"""Ties between the items of a battery: their errors, which are drawn, and how stable they are."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.observatory.tabulation.collisions import LEAST, kind_of, network, stands_out
from alliage.survey import Design, Sample, SurveyError, calibrate, correlations, sample
from alliage.survey.comparison.correlation import Correlation
from alliage.survey.comparison.joint_correlation import joint_correlations

if TYPE_CHECKING:
    from alliage.observatory.releases.values import Network

ITEMS = ("health", "security", "poverty", "employment", "mobility")
AGES = {"young": 300.0, "old": 500.0}


def rows_of(
    count: int = 800, *, seed: int = 3, pair: float = 0.9, levels: int = 10, missing: float = 0.0
) -> pl.DataFrame:
    """Return marks with one trait behind all, and one more behind poverty and employment."""
    random = np.random.default_rng(seed)
    trait, misery = random.normal(size=(2, count))
    age = random.choice(["young", "old"], count, p=[0.5, 0.5])
    columns: dict[str, object] = {
        "region": [("north", "south")[place % 2] for place in range(count)],
        "commune": [place // 4 for place in range(count)],
        "age": age,
        "weight": random.uniform(0.5, 1.5, count),
    }
    for item in ITEMS:
        own = trait + random.normal(size=count) + 0.4 * (age == "old")
        if item in {"poverty", "employment"}:
            own = own + pair * misery
        marks = np.clip(np.round((levels + 1) / 2 + levels / 7 * own), 1, levels)
        known = random.uniform(size=count) >= missing
        columns[item] = [
            int(mark) if here else None for mark, here in zip(marks, known, strict=True)
        ]
    return pl.DataFrame(columns)


def drawn_of(count: int = 800, **asked: float) -> Sample:
    """Return a sample calibrated on age."""
    rows = rows_of(count, **asked)  # type: ignore[arg-type]
    return calibrate(sample(rows, Design(weights="weight", strata="region")), {"age": AGES})


def network_of(source: Sample, **asked: object) -> Network:
    return network(source, {item: item for item in ITEMS}, question="fragility", **asked)  # type: ignore[arg-type]


def ties_drawn(found: Network) -> set[tuple[str, str]]:
    return {tie.items for tie in found.ties if tie.drawn}


@pytest.mark.parametrize("kind", list(Correlation))
@pytest.mark.parametrize("over", [None, {"region": "north"}])
def test_joint_correlations_are_those_of_the_pairs(
    kind: Correlation, over: dict[str, str] | None
) -> None:
    levels = 10 if kind is Correlation.PEARSON else 4
    source = drawn_of(levels=levels, missing=0.05)
    joint = joint_correlations(source, ITEMS, kind=kind, over=over)
    alone = correlations(source, ITEMS, kind=kind, over=over)
    errors = np.sqrt(np.diag(joint.covariance)) * (1 - joint.values**2)
    assert joint.values == pytest.approx([pair.value for pair in alone.pairs], abs=1e-6)
    assert errors == pytest.approx([pair.standard_error for pair in alone.pairs], rel=2e-3)
    assert joint.respondents.tolist() == [pair.respondents for pair in alone.pairs]
    assert len(set(joint.respondents.tolist())) > 1


def test_covariance_is_that_of_samples_drawn_again() -> None:
    drawn = sample(rows_of(), Design(weights="weight", strata="region"))
    expected = joint_correlations(calibrate(drawn, {"age": AGES}), ITEMS).covariance
    again = calibrate(drawn.with_bootstrap(replicates=400, seed=5), {"age": AGES})
    replicated = np.array(
        [
            np.arctanh(_weighted(again, number))
            for number in range(again.variance_basis.count)  # type: ignore[union-attr]
        ]
    )
    found = np.cov(replicated.T)
    assert np.diag(found) == pytest.approx(np.diag(expected), rel=0.25)
    # Ties that share an item vary together: their covariance matters to what is drawn.
    spread = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs((found - expected) / spread).max() < 0.15
    assert np.abs(expected / spread - np.eye(10)).max() > 0.2
    # The same to first order, by the replicates themselves.
    linear = joint_correlations(again, ITEMS).covariance
    assert np.diag(linear) == pytest.approx(np.diag(expected), rel=0.25)


def _weighted(source: Sample, number: int) -> list[float]:
    factors = source.variance_basis.factors[source.place, number]  # type: ignore[union-attr]
    ratios = source.calibration.replicates[source.pattern, number]  # type: ignore[union-attr, index]
    weights = source.design_weights * factors * ratios
    marks = np.stack([source.table.numbers(item) for item in ITEMS], axis=1)
    middle = np.average(marks, axis=0, weights=weights)
    spread = (marks - middle).T @ ((marks - middle) * weights[:, None])
    found = spread / np.sqrt(np.outer(np.diag(spread), np.diag(spread)))
    return [found[one, other] for one, other in itertools.combinations(range(len(ITEMS)), 2)]


def test_stability_is_near_that_of_respondents_drawn_again() -> None:
    drawn = sample(rows_of(400, pair=0.75), Design(weights="weight", strata="region"))
    source = calibrate(drawn, {"age": AGES})
    joint = joint_correlations(source, ITEMS)
    again = calibrate(drawn.with_bootstrap(replicates=400, seed=5), {"age": AGES})
    replicated = np.arctanh([_weighted(again, number) for number in range(400)])
    by_people = stands_out(replicated, joint.covariance, joint.degrees, 0.95).mean(axis=0)
    by_draws = np.array([tie.stability for tie in network_of(source).ties])
    assert by_draws == pytest.approx(by_people, abs=0.12)
    assert 0.2 < by_people.max() < 0.999


def test_clusters_make_ties_less_sure() -> None:
    rows = rows_of(800)
    common = np.random.default_rng(1).normal(size=200)[rows["commune"].to_numpy()] * 3
    rows = rows.with_columns(
        [pl.Series(item, rows[item].to_numpy() + common) for item in ("health", "security")]
    )
    alone = joint_correlations(sample(rows, Design()), ITEMS)
    together = joint_correlations(sample(rows, Design(clusters="commune")), ITEMS)
    assert together.covariance[0, 0] > 1.5 * alone.covariance[0, 0]
    assert together.degrees == 199
    assert alone.degrees == 799


def test_the_tie_that_stands_out_is_drawn_and_no_other() -> None:
    found = network_of(drawn_of(2400), breakdown="region", group="north", over={"region": "north"})
    assert (found.question, found.breakdown, found.group) == ("fragility", "region", "north")
    assert found.kind == "pearson"
    assert found.respondents == 1200
    assert len(found.ties) == 10
    assert ties_drawn(found) == {("poverty", "employment")}
    assert found.reference is not None
    for tie in found.ties:
        assert tie.low is not None
        assert tie.high is not None
        assert tie.error is not None
        assert tie.stability is not None
        assert tie.low < tie.value < tie.high
        assert 0 < tie.error < 0.1
        assert tie.stability > 0.9 if tie.drawn else tie.stability < 0.5
        # All go together, which alone draws nothing.
        assert tie.low > 0.2


def test_marks_that_all_go_together_draw_nothing() -> None:
    samples = [network_of(drawn_of(400, seed=seed, pair=0.0)) for seed in range(60)]
    in_error = sum(bool(ties_drawn(one)) for one in samples)
    # At most 5 % expected; 8 of 60 or more has a probability under 1 %.
    assert in_error < 8


def test_few_levels_are_ordered_answers() -> None:
    found = network_of(drawn_of(1200, levels=4))
    assert found.kind == "polychoric"
    assert ("poverty", "employment") in ties_drawn(found)
    assert max(found.ties, key=lambda tie: tie.value).items == ("poverty", "employment")
    assert kind_of([10, 6]) is Correlation.POLYCHORIC
    assert kind_of([7, 10]) is Correlation.PEARSON


def test_a_small_base_has_no_network() -> None:
    small = network_of(drawn_of(LEAST))
    assert small.ties == ()
    assert small.respondents is None
    assert small.reference is None
    assert network_of(drawn_of(LEAST * 2)).ties


def test_missing_marks_are_left_out_pair_by_pair() -> None:
    found = network_of(drawn_of(1200, missing=0.1))
    assert found.respondents is not None
    assert 0.75 * 1200 < found.respondents < 0.85 * 1200


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.1, 100), shift=st.floats(-50, 50), size=st.floats(0.01, 1000))
def test_scale_of_marks_and_of_weights_changes_nothing(
    scale: float, shift: float, size: float
) -> None:
    rows = rows_of(150, missing=0.05)
    moved = rows.with_columns(pl.col("health") * scale + shift, pl.col("weight") * size)
    design = Design(weights="weight")
    one = joint_correlations(sample(rows, design), ITEMS)
    other = joint_correlations(sample(moved, design), ITEMS)
    assert other.values == pytest.approx(one.values, abs=1e-7)
    assert other.covariance == pytest.approx(one.covariance, rel=1e-5, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=8), st.floats(0.001, 0.5))
def test_only_what_is_above_the_mean_stands_out(values: list[float], error: float) -> None:
    scaled = np.array(values)
    found = stands_out(scaled[None, :], np.eye(len(values)) * error**2, 100, 0.95)[0]
    assert (scaled[found] > scaled.mean()).all()
    # Greater ties are drawn first.
    assert not found.any() or scaled[found].min() >= scaled[~found].max(initial=-9)


def test_what_makes_no_network_is_refused() -> None:
    source = drawn_of(300)
    with pytest.raises(SurveyError, match="three items at least"):
        network(source, {"a": "health", "b": "poverty"}, question="fragility")
    twice = rows_of(300).with_columns(pl.col("health").alias("copy"))
    with pytest.raises(SurveyError, match="say the same"):
        joint_correlations(sample(twice, Design()), ["health", "copy", "poverty"])
    constant = rows_of(300).with_columns(pl.lit(5).alias("health"))
    with pytest.raises(SurveyError, match="one value only"):
        joint_correlations(sample(constant, Design()), ITEMS)
    nobody = rows_of(300).with_columns(pl.lit(None, dtype=pl.Int64).alias("health"))
    with pytest.raises(SurveyError, match="Nobody of the domain"):
        joint_correlations(sample(nobody, Design()), ITEMS)
    with pytest.raises(SurveyError, match="two at least"):
        joint_correlations(source, ["health"])
