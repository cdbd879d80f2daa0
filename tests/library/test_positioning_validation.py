"""The statistics that validate a questionnaire, against published ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.validation.agreement import one_way_icc, weighted_kappa
from alliage.positioning.validation.bias import item_bias
from alliage.positioning.validation.criterion import discrimination, item_content_validity
from alliage.positioning.validation.graded import graded_items, information
from alliage.positioning.validation.reliability import alpha, loadings, omega, polychoric_matrix
from alliage.positioning.validation.scalability import reproducibility, scalability
from alliage.positioning.validation.verdict import (
    Check,
    Evidence,
    Outcome,
    findings,
    is_validated,
)

ASKED = questionnaire()


def symmetric(lower: list[list[float]]) -> np.ndarray:
    size = len(lower)
    found = np.zeros((size, size))
    for row, values in enumerate(lower):
        found[row, : row + 1] = values
    return found + np.tril(found, -1).T


# Covariances of the items A1 (turned over) to A5 and N1 to N5 of the data set `bfi` of the R
# package psychTools (SAPA project, 2,800 people), by pairs of known answers.
A = symmetric(
    [
        [1.981723885],
        [0.560225114, 1.373630697],
        [0.485841314, 0.741629027, 1.694770824],
        [0.305074709, 0.582148335, 0.696134951, 2.189312886],
        [0.321240974, 0.576094733, 0.828038485, 0.573723644, 1.583852702],
    ]
)
N = symmetric(
    [
        [2.467781735],
        [1.696886353, 2.328503838],
        [1.40084183, 1.34338801, 2.56929508],
        [0.982957559, 0.937996672, 1.30740210, 2.463911293],
        [0.961022212, 0.866818678, 1.11235404, 1.010263646, 2.620019360],
    ]
)
N_CORRELATIONS = symmetric(
    [
        [1.0],
        [0.706980955, 1.0],
        [0.556425092, 0.549103077, 1.0],
        [0.397805848, 0.391570377, 0.519504318, 1.0],
        [0.378126441, 0.350612639, 0.428418658, 0.397696146, 1.0],
    ]
)


class TestReliability:
    def test_alpha_of_published_data(self) -> None:
        assert alpha(A) == pytest.approx(0.70301845, abs=1e-8)
        assert alpha(N) == pytest.approx(0.81396295, abs=1e-8)
        deviations = np.sqrt(np.diag(A))
        assert alpha(A / np.outer(deviations, deviations)) == pytest.approx(0.71302858, abs=1e-8)

    def test_omega_of_published_data(self) -> None:
        assert omega(N_CORRELATIONS) == pytest.approx(0.8189664, abs=2e-6)

    @given(st.lists(st.floats(0.2, 0.9), min_size=3, max_size=6))
    def test_loadings_are_found_again(self, true: list[float]) -> None:
        made = np.outer(true, true)
        np.fill_diagonal(made, 1)
        np.testing.assert_allclose(loadings(made), true, atol=1e-5)

    def test_items_cut_from_one_trait_have_the_correlation_of_the_trait(self) -> None:
        generator = np.random.Generator(np.random.PCG64(5))
        trait = generator.multivariate_normal([0, 0, 0], 0.5 + 0.5 * np.eye(3), 6000)
        levels = np.digitize(trait, [-0.5, 0.4, 1.2])
        levels[:40, 0] = -1
        found = polychoric_matrix(levels)
        np.testing.assert_allclose(found[np.triu_indices(3, 1)], 0.5, atol=0.05)

    @pytest.mark.parametrize("wrong", [[[1]], [[1, 2]], [[1, 0.5], [0.2, 1]]])
    def test_what_is_no_covariance_is_refused(self, wrong: list[list[float]]) -> None:
        with pytest.raises(ValueError, match="matrix"):
            alpha(wrong)


class TestScalability:
    def test_dichotomous_items_follow_loevinger(self) -> None:
        # H of two items is 1 - errors / errors expected (Loevinger 1948).
        table = {(1, 1): 30, (1, 0): 25, (0, 1): 5, (0, 0): 40}
        levels = [list(pair) for pair, count in table.items() for _ in range(count)]
        expected = 35 * 45 / 100
        assert scalability(levels, resamples=0).scale == pytest.approx(1 - 5 / expected)

    @given(st.integers(0, 2**32 - 1))
    def test_independent_items_scale_nobody(self, seed: int) -> None:
        generator = np.random.Generator(np.random.PCG64(seed))
        found = scalability(generator.integers(0, 4, (4000, 4)), resamples=0)
        assert abs(found.scale) < 0.08

    def test_the_interval_holds_the_scale_of_the_population(self) -> None:
        generator = np.random.Generator(np.random.PCG64(11))

        def drawn(people: int) -> np.ndarray:
            trait = generator.normal(size=(people, 1)) + generator.normal(size=(people, 4))
            return np.digitize(trait, [-1, 0, 1])

        true = scalability(drawn(200_000), resamples=0).scale
        inside = 0
        for _ in range(40):
            found = scalability(drawn(300), resamples=120)
            inside += found.low <= true <= found.high
        assert inside >= 33

    @given(st.integers(1, 5), st.integers(0, 2**32 - 1))
    def test_a_perfect_scale_is_reproduced_whole(self, items: int, seed: int) -> None:
        generator = np.random.Generator(np.random.PCG64(seed))
        totals = generator.integers(0, items + 1, 30)
        levels = (np.arange(items) < totals[:, None]).astype(int)
        assert reproducibility(levels, highest=1) == 1

    def test_who_left_something_out_is_left_out(self) -> None:
        levels = [[0, 0], [1, 0], [1, 1], [-1, 1], [1, -1]]
        assert scalability(levels, resamples=0).respondents == 3


class TestAgreement:
    def test_kappa_is_that_of_the_r_package_psych(self) -> None:
        found = weighted_kappa([[10, 2, 0], [1, 8, 3], [0, 1, 5]])
        assert found.value == pytest.approx(0.80446927, abs=1e-8)

    @given(st.lists(st.integers(1, 30), min_size=9, max_size=9))
    def test_the_error_of_kappa_is_that_of_the_delta_method(self, counts: list[int]) -> None:
        table = np.reshape(counts, (3, 3)).astype(float)
        people, step = table.sum(), 1e-6
        shares = table.ravel() / people
        slopes = [
            (
                weighted_kappa((shares + step * one).reshape(3, 3) * people).value
                - weighted_kappa((shares - step * one).reshape(3, 3) * people).value
            )
            / (2 * step)
            for one in np.eye(9)
        ]
        spread = np.diag(shares) - np.outer(shares, shares)
        error = np.sqrt(np.array(slopes) @ spread @ np.array(slopes) / people)
        found = weighted_kappa(table)
        assert found.value - found.low == pytest.approx(1.959964 * error, rel=1e-4)

    def test_the_correlation_of_shrout_and_fleiss(self) -> None:
        ratings = [
            [9, 2, 5, 8],
            [6, 1, 3, 2],
            [8, 4, 6, 8],
            [7, 1, 2, 6],
            [10, 5, 6, 9],
            [6, 2, 4, 7],
        ]
        found = one_way_icc(ratings)
        assert found.value == pytest.approx(0.1657417684, abs=1e-9)
        assert (found.low, found.high) == pytest.approx((-0.1329323249, 0.7225600623), abs=1e-9)

    def test_one_level_only_has_no_kappa(self) -> None:
        with pytest.raises(ValueError, match="chance alone"):
            weighted_kappa([[12, 0], [0, 0]])

    def test_informants_who_agree_wholly(self) -> None:
        assert one_way_icc([[1, 1], [2, 2], [3, 3]]).value == 1
        with pytest.raises(ValueError, match="nothing varies"):
            one_way_icc([[1, 1], [1, 1]])


class TestBias:
    def drawn(self, shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        generator = np.random.Generator(np.random.PCG64(23))
        group = np.repeat([0, 1], 400)
        trait = generator.normal(size=800)
        latent = 1.2 * trait[:, None] + generator.logistic(size=(800, 4))
        latent[:, 0] += shift * group
        levels = np.digitize(latent, [-1, 0.5, 2])
        return levels[:, 0], levels[:, 1:].sum(axis=1), group

    def test_an_item_that_one_group_answers_otherwise_is_flagged(self) -> None:
        found = item_bias(*self.drawn(1.5))
        assert found.is_flagged
        assert found.p_value < 1e-6
        assert found.uniform == pytest.approx(found.gain, abs=0.02)

    def test_an_item_that_means_the_same_is_not(self) -> None:
        assert not item_bias(*self.drawn(0.0)).is_flagged

    def test_the_group_may_be_named(self) -> None:
        item, others, group = self.drawn(1.5)
        named = np.where(group == 0, "company", "association")
        assert item_bias(item, others, named).gain == pytest.approx(
            item_bias(item, others, group).gain, abs=1e-6
        )

    def test_what_cannot_be_compared_is_refused(self) -> None:
        with pytest.raises(ValueError, match="one level"):
            item_bias([1, 1, 1], [1, 2, 3], [0, 1, 0])
        with pytest.raises(ValueError, match="two groups"):
            item_bias([0, 1, 1], [1, 2, 3], [0, 0, 0])


class TestGraded:
    def test_parameters_are_found_again(self) -> None:
        true = [(1.5, (-1.0, 0.0, 1.0)), (0.8, (-0.5, 0.5, 2.0)), (2.2, (0.0, 0.7, 1.5))]
        generator = np.random.Generator(np.random.PCG64(31))
        trait = generator.normal(size=8000)
        levels = np.stack(
            [
                (
                    generator.random(8000)[:, None]
                    < 1 / (1 + np.exp(-slope * (trait[:, None] - np.array(cuts))))
                ).sum(axis=1)
                for slope, cuts in true
            ],
            axis=1,
        )
        for item, (slope, cuts) in zip(graded_items(levels), true, strict=True):
            assert item.slope == pytest.approx(slope, rel=0.2)
            assert item.thresholds == pytest.approx(cuts, abs=0.25)

    def test_information_is_the_mean_squared_slope_of_the_likelihood(self) -> None:
        item = graded_items(np.array([[0, 0], [1, 1], [2, 2], [1, 0], [0, 1], [2, 1], [1, 2]] * 60))
        places = np.array([-0.7, 0.2, 1.1])
        step = 1e-4

        def chances(at: np.ndarray, place: int) -> np.ndarray:
            one = item[place]
            reached = 1 / (1 + np.exp(-one.slope * (at - np.array(one.thresholds)[:, None])))
            curves = np.vstack([np.ones_like(at), reached, np.zeros_like(at)])
            between: np.ndarray = curves[:-1] - curves[1:]
            return between

        expected = sum(
            (
                (chances(places + step, place) - chances(places - step, place)) ** 2
                / (4 * step**2 * chances(places, place))
            ).sum(axis=0)
            for place in range(2)
        )
        np.testing.assert_allclose(information(item, places), expected, rtol=1e-4)

    def test_a_level_that_nobody_uses_is_told(self) -> None:
        with pytest.raises(ValueError, match="level 1 of item 2"):
            graded_items([[0, 0], [1, 2], [2, 0]])


class TestCriterion:
    @given(
        st.lists(st.integers(0, 3), min_size=2, max_size=20),
        st.lists(st.integers(0, 3), min_size=2, max_size=20),
    )
    def test_the_area_is_the_chance_of_being_higher(self, made: list[int], not_: list[int]) -> None:
        found = discrimination([*made, *not_], [1] * len(made) + [0] * len(not_))
        expected = np.mean([(a > b) + 0.5 * (a == b) for a in made for b in not_])
        assert found.area == pytest.approx(expected)
        assert 0 <= found.low <= found.area <= found.high <= 1

    def test_marks_outside_the_scale_are_refused(self) -> None:
        with pytest.raises(ValueError, match="from 1 to 4"):
            item_content_validity([3, 5])


class TestVerdict:
    def evidence(self, people: int, noise: float) -> Evidence:
        generator = np.random.Generator(np.random.PCG64(41))

        def filled(count: int) -> np.ndarray:
            trait = generator.normal(size=(count, 1))
            latent = trait + noise * generator.normal(size=(count, 16))
            levels: np.ndarray = np.digitize(latent, [-0.8, 0.2, 1.2])
            return levels

        levels = filled(people)
        first = filled(60)
        sums = levels.sum(axis=1)
        return Evidence(
            levels=levels,
            groups={"world": np.where(np.arange(people) % 2, "company", "association")},
            retests=np.stack([first, first], axis=1),
            informants=np.stack([first, first], axis=1),
            relevance={one.code: [4, 4, 3, 3, 4, 3] for one in ASKED.behaviours},
            alliances=(sums > np.median(sums)).astype(np.int64),
        )

    def test_few_answers_show_nothing_yet(self) -> None:
        found = findings(Evidence(self.evidence(40, 0.4).levels), ASKED)
        assert {one.outcome for one in found} == {Outcome.NOT_YET}
        assert all(one.value is None for one in found)
        assert not is_validated(found)

    def test_good_answers_pass_every_check(self) -> None:
        found = findings(self.evidence(400, 0.25), ASKED)
        assert {one.check for one in found} == set(Check)
        assert [one for one in found if one.outcome is not Outcome.PASSES] == []
        assert is_validated(found)

    def test_answers_at_random_fail(self) -> None:
        found = findings(self.evidence(400, 20.0), ASKED)
        failed = {one.check for one in found if one.outcome is Outcome.FAILS}
        assert {Check.SCALE, Check.ITEMS, Check.OMEGA} <= failed
        assert not is_validated(found)

    def test_an_item_that_nobody_varies_on_gives_no_figure(self) -> None:
        levels = self.evidence(400, 0.25).levels
        levels[:, 0] = 1
        found = {(one.check, one.door): one for one in findings(Evidence(levels), ASKED)}
        one = found[Check.SCALE, "performance_engagement"]
        assert (one.outcome, one.value) == (Outcome.NOT_YET, None)
