"""Two figures are told to be different when they are, refused when they cannot be compared."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.observatory_release_values import HEALTH, REGIONS, release_values

from alliage.observatory.reading.differences import (
    Basis,
    IncomparableError,
    Obstacle,
    Verdict,
    difference,
    picked_from,
    placed,
    student_test,
)

if TYPE_CHECKING:
    from alliage.observatory.reading.differences import Difference, PlacedCell
    from alliage.observatory.releases.values import Covariance, Release, Table


@cache
def wave(code: str = "demo", shift: float = 0.0, seed: int = 2022) -> Release:
    return release_values(wave=code, shift=shift, seed=seed, hidden=("bretagne",))


def table_of(release: Release, question: str, breakdown: str) -> Table:
    return next(
        one for one in release.tables if (one.question, one.breakdown) == (question, breakdown)
    )


def covariance_of(release: Release, question: str, breakdown: str) -> Covariance:
    return next(
        one for one in release.covariances if (one.question, one.breakdown) == (question, breakdown)
    )


def cell(
    measure: str, group: str, *, question: str = "health", breakdown: str = "region",
    release: Release | None = None,
) -> PlacedCell:  # fmt: skip
    release = release or wave()
    return placed(release.head, table_of(release, question, breakdown), measure, group)


def compared(
    first: tuple[str, str], second: tuple[str, str], question: str = "health"
) -> Difference:
    held = covariance_of(wave(), question, "region")
    return difference(
        cell(*first, question=question), cell(*second, question=question), covariances=(held, held)
    )


def refusal(first: PlacedCell, second: PlacedCell, broken: str = "") -> IncomparableError:
    with pytest.raises(IncomparableError) as caught:
        difference(first, second, broken=broken)
    return caught.value


def test_two_regions_vary_independently() -> None:
    found = compared(("dynamic", "occitanie"), ("dynamic", "paca_corse"))
    one, other = cell("dynamic", "occitanie").cell, cell("dynamic", "paca_corse").cell
    assert one.value is not None
    assert other.value is not None
    assert one.error is not None
    assert other.error is not None
    assert found.value == pytest.approx(one.value - other.value)
    assert found.error == pytest.approx(math.hypot(one.error, other.error), rel=1e-6)
    assert found.basis is Basis.COVARIANCE


def test_a_region_is_part_of_the_whole() -> None:
    found = compared(("dynamic", "occitanie"), ("dynamic", ""))
    one, other = cell("dynamic", "occitanie").cell, cell("dynamic", "").cell
    assert one.error is not None
    assert other.error is not None
    assert found.error < math.hypot(one.error, other.error)


def test_answers_of_the_same_people_are_paired() -> None:
    # p − q of a multinomial: V = (p + q − (p − q)²) / n.
    found = compared(("dynamic", ""), ("in_difficulty", ""))
    p, q = (cell(code, "").cell.value or 0 for code in ("dynamic", "in_difficulty"))
    assert found.error == pytest.approx(math.sqrt((p + q - (p - q) ** 2) / 2400), rel=1e-4)
    assert found.verdict is Verdict.HIGHER


def test_swapping_swaps_the_sign() -> None:
    one = compared(("dynamic", "occitanie"), ("dynamic", "paca_corse"))
    other = compared(("dynamic", "paca_corse"), ("dynamic", "occitanie"))
    assert (one.value, one.low, one.p_value) == pytest.approx(
        (-other.value, -other.high, other.p_value)
    )
    assert {one.verdict, other.verdict} == {Verdict.HIGHER, Verdict.LOWER}


def test_the_letters_and_a_comparison_that_was_picked_agree() -> None:
    release = wave()
    groups = release.head.breakdowns[1].groups
    told = 0
    for one in groups:
        for other in groups:
            if "bretagne" in {one.code, other.code} or not one.code or not other.code:
                continue
            if one.code == other.code:
                continue
            found = compared(("dynamic", one.code), ("dynamic", other.code))
            if found.verdict is Verdict.HIGHER and found.holds_when_picked:
                told += 1
                # Holm tells at least what Bonferroni tells.
                assert other.letter in cell("dynamic", one.code).cell.above
    assert told


def test_how_many_comparisons_a_table_offers() -> None:
    # Twelve regions, of which one is kept back.
    shown = len(REGIONS) - 1
    pair = cell("dynamic", "occitanie"), cell("dynamic", "normandie")
    assert picked_from(*pair) == math.comb(shown, 2)
    assert picked_from(pair[0], cell("dynamic", "")) == shown
    levels = cell("dynamic", "occitanie"), cell("stricken", "occitanie")
    assert picked_from(*levels) == math.comb(len(HEALTH), 2)
    any_two = cell("dynamic", "occitanie"), cell("stricken", "normandie")
    assert picked_from(*any_two) == math.comb(shown * len(HEALTH), 2)
    items = (cell(f"{code}:mean", "", question="fragility") for code in ("health", "mobility"))
    assert picked_from(*items) == math.comb(16, 2)


def test_two_tables_of_a_release_get_the_widest_error() -> None:
    one = cell("dynamic", "occitanie")
    other = cell("dynamic", "18_24", breakdown="age")
    found = difference(one, other)
    assert found.basis is Basis.WIDEST
    assert found.error == pytest.approx((one.cell.error or 0) + (other.cell.error or 0))


def test_one_table_without_its_covariances_gets_the_widest_error() -> None:
    found = difference(cell("dynamic", "occitanie"), cell("dynamic", "normandie"))
    assert found.basis is Basis.WIDEST
    known = compared(("dynamic", "occitanie"), ("dynamic", "normandie"))
    assert found.error > known.error


def test_two_waves_are_independent() -> None:
    later = release_values(wave="next", seed=7, shift=-0.5)
    one, other = (
        cell("health:mean", "occitanie", question="fragility", release=release)
        for release in (wave(), later)
    )
    found = difference(one, other)
    assert found.basis is Basis.INDEPENDENT
    assert found.error == pytest.approx(math.hypot(one.cell.error or 0, other.cell.error or 0))
    assert refusal(one, other, broken="the scale changed").obstacle is Obstacle.BROKEN_SERIES
    assert refusal(one, other, broken="the scale changed").values == {"why": "the scale changed"}


def test_what_cannot_be_compared_is_refused_with_the_reason() -> None:
    here = cell("dynamic", "occitanie")
    assert refusal(here, cell("dynamic", "bretagne")).obstacle is Obstacle.HIDDEN
    assert refusal(here, here).obstacle is Obstacle.SAME_FIGURE
    everybody = cell("dynamic", ""), cell("dynamic", "", breakdown="")
    assert refusal(*everybody).obstacle is Obstacle.SAME_FIGURE
    mark = cell("health:mean", "occitanie", question="fragility")
    assert refusal(here, mark).obstacle is Obstacle.SCALE
    certain = replace(here, cell=replace(here.cell, error=0.0))
    assert refusal(certain, cell("dynamic", "normandie")).obstacle is Obstacle.NO_ERROR
    with pytest.raises(IncomparableError) as caught:
        cell("dynamic", "corse")
    assert caught.value.obstacle is Obstacle.NO_FIGURE


def test_nobody_is_not_hidden() -> None:
    from alliage.observatory.releases.values import Cell, CellStatus

    here = cell("dynamic", "occitanie")
    nobody = replace(here, cell=Cell(CellStatus.NOBODY))
    assert refusal(here, nobody).obstacle is Obstacle.NOBODY


def test_other_people_other_questions_and_invented_ones_are_refused() -> None:
    here = cell("dynamic", "occitanie")

    def of(**told: object) -> PlacedCell:
        release = wave()
        return replace(here, head=replace(release.head, **told))  # type: ignore[arg-type]

    assert refusal(here, of(study="other")).obstacle is Obstacle.OTHER_STUDY
    assert refusal(here, of(synthetic=False)).obstacle is Obstacle.SYNTHETIC
    again = of(weighting=replace(wave().head.weighting, trimmed=3))
    assert refusal(here, again).obstacle is Obstacle.SAME_WAVE
    other = replace(cell("stricken", "occitanie"), head=of(wave="next").head)
    assert refusal(here, other).obstacle is Obstacle.OTHER_MEASURE


def test_figures_that_cannot_vary_apart_have_no_error() -> None:
    held = covariance_of(wave(), "health", "region")
    tied = replace(held, values=np.full_like(held.values, 0.01))
    with pytest.raises(IncomparableError) as caught:
        difference(
            cell("dynamic", "occitanie"), cell("dynamic", "normandie"), covariances=(tied, tied)
        )
    assert caught.value.obstacle is Obstacle.NO_ERROR


gaps = st.floats(-1, 1)
errors = st.floats(1e-4, 0.5)
freedoms = st.one_of(st.just(math.inf), st.floats(2, 5000))


@given(gap=gaps, error=errors, degrees=freedoms, level=st.sampled_from((0.9, 0.95, 0.99)))
def test_the_interval_and_the_verdict_agree(
    gap: float, error: float, degrees: float, level: float
) -> None:
    found = student_test(gap, error, degrees=degrees, level=level)
    if min(abs(found.low), abs(found.high)) > 1e-9 * error:
        excluded = found.low > 0 or found.high < 0
        assert (found.verdict is not Verdict.NOT_ESTABLISHED) == excluded
    assert found.low < gap < found.high
    assert found.detectable > found.high - gap


def test_the_smallest_detectable_difference_is_found_eight_times_out_of_ten() -> None:
    error = 0.05
    truth = student_test(0.0, error).detectable
    drawn = np.random.default_rng(17).normal(truth, error, 20_000)
    told = sum(student_test(float(one), error).verdict is Verdict.HIGHER for one in drawn)
    assert told / len(drawn) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(("error", "level"), [(0.0, 0.95), (math.nan, 0.95), (0.1, 1.0)])
def test_a_test_without_error_is_refused(error: float, level: float) -> None:
    with pytest.raises(ValueError, match="Give an error"):
        student_test(0.1, error, level=level)
