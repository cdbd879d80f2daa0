from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from alliage.survey.areas.area_models import Area, benchmarked, fay_herriot, supported_areas
from alliage.survey.errors import SurveyError

#: Thirteen trials of a vaccine: treated ill and well, controls ill and well, latitude, year.
#: A model of areas and a meta-regression are the same model.
#: Source: Colditz and others (1994), as in Viechtbauer (2010), Journal of Statistical Software 36.
TRIALS = (
    (4, 119, 11, 128, 44, 1948),
    (6, 300, 29, 274, 55, 1949),
    (3, 228, 11, 209, 42, 1960),
    (62, 13536, 248, 12619, 52, 1977),
    (33, 5036, 47, 5761, 13, 1973),
    (180, 1361, 372, 1079, 44, 1953),
    (8, 2537, 10, 619, 19, 1973),
    (505, 87886, 499, 87892, 13, 1980),
    (29, 7470, 45, 7232, 27, 1968),
    (17, 1699, 65, 1600, 42, 1961),
    (186, 50448, 141, 27197, 18, 1974),
    (5, 2493, 3, 2338, 33, 1969),
    (27, 16886, 29, 17825, 33, 1976),
)


def _trials(*columns: int) -> list[Area]:
    found = []
    for rank, row in enumerate(TRIALS):
        ill, well, control_ill, control_well = row[:4]
        found.append(
            Area(
                name=str(rank),
                covariates=tuple(float(row[column]) for column in columns),
                direct=math.log(ill / (ill + well) / (control_ill / (control_ill + control_well))),
                variance=1 / ill
                - 1 / (ill + well)
                + 1 / control_ill
                - 1 / (control_ill + control_well),
            )
        )
    return found


@pytest.mark.parametrize(
    ("columns", "variance", "coefficients", "errors"),
    [
        ((), 0.3132, (-0.7145,), (0.1798,)),
        ((4,), 0.0764, (0.2515, -0.0291), (0.2491, 0.0072)),
        ((4, 5), 0.1108, (-3.5455, -0.0280, 0.0019), (29.0959, 0.0102, 0.0147)),
    ],
)
def test_the_published_fits_of_the_vaccine_trials_are_found(
    columns: tuple[int, ...],
    variance: float,
    coefficients: tuple[float, ...],
    errors: tuple[float, ...],
) -> None:
    model = fay_herriot(_trials(*columns))
    # The published variance is an iterate that stopped within 1e-5 of the maximum.
    assert model.variance == pytest.approx(variance, abs=1.1e-4)
    assert model.coefficients == pytest.approx(coefficients, rel=1e-3, abs=6e-5)
    assert model.coefficient_errors == pytest.approx(errors, rel=1e-3, abs=6e-5)


def test_the_variance_maximises_the_restricted_likelihood() -> None:
    areas = _trials(4)
    y = np.array([area.direct for area in areas], dtype=float)
    x = np.array([(1.0, *area.covariates) for area in areas])
    d = np.array([area.variance for area in areas], dtype=float)

    def minus_likelihood(a: float) -> float:
        inverse = np.diag(1 / (a + d))
        middle = x.T @ inverse @ x
        residuals = y - x @ np.linalg.solve(middle, x.T @ inverse @ y)
        spread = np.linalg.slogdet(middle)[1] + np.log(a + d).sum()
        return float((spread + residuals @ inverse @ residuals) / 2)

    best = minimize_scalar(minus_likelihood, bounds=(0, 1), options={"xatol": 1e-10})
    assert fay_herriot(areas).variance == pytest.approx(best.x, abs=1e-6)


def test_an_area_where_nobody_was_asked_gets_the_model_alone() -> None:
    areas = _trials(4)
    model = fay_herriot([*areas, Area(name="not asked", covariates=(40.0,))])
    told = model.of("not asked")
    constant, slope = model.coefficients
    assert told.estimate == pytest.approx(constant + 40 * slope)
    assert told.direct is None
    assert told.direct_weight == 0
    assert told.mean_squared_error > model.variance
    assert model.areas[:-1] == fay_herriot(areas).areas


def test_without_variance_between_areas_only_the_model_speaks() -> None:
    areas = [Area(name=str(rank), direct=10.0 + rank % 2, variance=50.0) for rank in range(8)]
    model = fay_herriot(areas)
    assert model.variance == 0
    assert {round(area.estimate, 9) for area in model.areas} == {10.5}


@given(st.floats(-100, 100), st.floats(0.1, 50))
def test_units_do_not_matter(shift: float, scale: float) -> None:
    areas = _trials(4)
    moved = [
        replace(
            area,
            direct=shift + scale * (area.direct or 0),
            variance=scale**2 * (area.variance or 1),
        )
        for area in areas
    ]
    before, after = fay_herriot(areas), fay_herriot(moved)
    for one, other in zip(before.areas, after.areas, strict=True):
        assert other.estimate == pytest.approx(shift + scale * one.estimate, rel=1e-6, abs=1e-6)
        assert other.standard_error == pytest.approx(scale * one.standard_error, rel=1e-5)


def test_the_error_that_is_told_is_the_error_that_is_made() -> None:
    """Over a thousand surveys of forty areas, the mean of the squared errors is what was told."""
    random = np.random.Generator(np.random.PCG64(17))
    d = np.repeat([0.5, 1.0, 2.0, 4.0], 10)
    covariate = random.normal(size=40)
    made, told = [], []
    for _ in range(1000):
        truth = 2 + covariate + random.normal(size=40)
        seen = truth + random.normal(size=40) * np.sqrt(d)
        model = fay_herriot(
            [
                Area(
                    name=str(rank),
                    covariates=(covariate[rank],),
                    direct=seen[rank],
                    variance=d[rank],
                )
                for rank in range(40)
            ]
        )
        made.append([(area.estimate - truth[rank]) ** 2 for rank, area in enumerate(model.areas)])
        told.append([area.mean_squared_error for area in model.areas])
    ratio = np.mean(told, axis=0).reshape(4, 10).mean(axis=1) / np.mean(made, axis=0).reshape(
        4, 10
    ).mean(axis=1)
    assert np.all(np.abs(ratio - 1) < 0.05), ratio


@given(st.floats(-2, 1), st.lists(st.floats(0.01, 1), min_size=13, max_size=13))
def test_benchmarked_areas_make_the_published_whole(whole: float, sizes: list[float]) -> None:
    model = fay_herriot(_trials())
    shares = {area.name: size / sum(sizes) for area, size in zip(model.areas, sizes, strict=True)}
    found = benchmarked(model, shares, whole)
    assert sum(shares[name] * found[name] for name in shares) == pytest.approx(whole)
    moves = [found[area.name] - area.estimate for area in model.areas]
    assert min(moves) >= -1e-9 or max(moves) <= 1e-9


def test_a_sample_of_regions_does_not_support_communes() -> None:
    found = supported_areas({"a": 134, "b": 135, "c": 0}, design_effect=1.4)
    assert found.supported == ("b",)
    assert found.needed == {"a": 135, "c": 135}


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        (_trials(4)[:3], "3 areas were observed for 2 coefficients"),
        ([replace(area, covariates=(1.0,)) for area in _trials()], "follows from the others"),
        ([*_trials(), Area(name="0")], "same name"),
        ([*_trials(4), Area(name="other")], "different numbers of covariates"),
        ([*_trials(), Area(name="other", direct=1.0)], "variance None"),
        ([*_trials(), Area(name="other", direct=math.nan, variance=1.0)], "estimate nan"),
        ([*_trials(4), Area(name="other", covariates=(math.inf,))], "is not a number"),
    ],
)
def test_areas_that_make_no_model_are_refused(areas: list[Area], told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        fay_herriot(areas)


def test_shares_are_those_of_every_area() -> None:
    model = fay_herriot(_trials())
    with pytest.raises(SurveyError, match="differ on 12"):
        benchmarked(model, {str(rank): 1 / 12 for rank in range(12)}, 0.0)
    with pytest.raises(SurveyError, match="sum to 13"):
        benchmarked(model, {str(rank): 1.0 for rank in range(13)}, 0.0)


def test_a_plan_needs_numbers_that_make_sense() -> None:
    with pytest.raises(SurveyError, match="inside"):
        supported_areas({"a": 10}, proportion=1.0)
