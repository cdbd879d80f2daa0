from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from alliage.survey.areas.multilevel_models import Kind, multilevel_model
from alliage.survey.errors import SurveyError

# An invented sample, drawn by R: asked and positive by region, age after age; x by region.
ASKED = (
    (36, 27, 18, 39, 14, 23, 24, 32),
    (32, 23, 37, 31, 36, 33, 8, 5),
    (37, 20, 14, 31, 36, 5, 12, 18),
    (28, 13, 36, 11, 9, 10, 27, 9),
)
POSITIVE = (
    (3, 5, 4, 6, 5, 2, 11, 3),
    (16, 10, 11, 11, 14, 9, 5, 2),
    (12, 3, 4, 6, 12, 2, 6, 3),
    (13, 8, 18, 7, 7, 4, 17, 3),
)
X = (-0.61, -0.35, -1.64, 0.02, 0.89, -0.87, 0.89, -0.34)
KINDS = [
    Kind(
        levels={"region": f"r{region}", "age": f"a{age}"},
        covariates=(X[region],),
        population=100.0 * (1 + age) * (1 + region),
        asked=ASKED[age][region],
        positive=POSITIVE[age][region],
    )
    for age in range(4)
    for region in range(8)
]


def test_the_model_of_r_is_found() -> None:
    """R 4.2, lme4 1.1-31: glmer(cbind(y, n - y) ~ x + (1|region) + (1|age), binomial, nAGQ = 0)."""
    model = multilevel_model(KINDS, ["region", "age"])
    assert model.coefficients == pytest.approx((-0.613306532461, 0.340610682297), abs=2e-4)
    assert model.deviations == pytest.approx(
        {"region": 0.208514140229, "age": 0.603179665472}, abs=2e-4
    )
    first_age = [replace(kind, population=float(kind.levels["age"] == "a0")) for kind in KINDS]
    fitted = [one.estimate for one in multilevel_model(first_age, ["region", "age"]).by("region")]
    assert fitted == pytest.approx(
        [0.18384301, 0.18812427, 0.14820091, 0.18714924, 0.25443121, 0.14837700, 0.30118965,
         0.16116299],
        abs=5e-5,
    )  # fmt: skip


def test_the_whole_is_made_of_its_parts_by_population() -> None:
    model = multilevel_model(KINDS, ["region", "age"])
    for grouping in ("region", "age"):
        people: dict[str, float] = {}
        for kind in KINDS:
            name = kind.levels[grouping]
            people[name] = people.get(name, 0.0) + kind.population
        parts = sum(one.estimate * people[one.name] for one in model.by(grouping))
        assert parts / sum(people.values()) == pytest.approx(model.whole().estimate)


def test_a_group_that_is_hardly_known_is_drawn_towards_the_others() -> None:
    groups = [("a", 400, 240), ("b", 400, 160), ("c", 400, 200), ("d", 4, 4), ("e", 0, 0)]
    kinds = [
        Kind(levels={"group": name}, population=1.0, asked=asked, positive=positive)
        for name, asked, positive in groups
    ]
    model = multilevel_model(kinds, ["group"])
    with pytest.raises(SurveyError, match=r"does not support 2 of 5.*d: 1, e: 5\."):
        model.by("group")
    found = {one.name: one for one in model.by("group", least_worth=20)}
    assert found["a"].estimate == pytest.approx(0.6, abs=0.01)
    assert 0.5 < found["d"].estimate < 0.8
    assert found["e"].estimate == pytest.approx(0.5, abs=0.04)
    assert found["a"].standard_error < found["d"].standard_error < 0.2
    assert found["e"].asked == 0


def test_groups_that_do_not_differ_are_joined() -> None:
    kinds = [
        Kind(levels={"group": str(rank)}, population=1.0, asked=100, positive=40)
        for rank in range(6)
    ]
    model = multilevel_model(kinds, ["group"])
    assert model.deviations["group"] == pytest.approx(0, abs=1e-3)
    assert {round(one.estimate, 6) for one in model.by("group")} == {0.4}
    # Six hundred people asked as one: the error of their proportion.
    assert model.whole().standard_error == pytest.approx(math.sqrt(0.24 / 600), rel=1e-3)


def test_intervals_hold_as_often_as_they_say_over_the_groups() -> None:
    random = np.random.Generator(np.random.PCG64(23))
    held = asked = 0
    for _ in range(60):
        truth = 1 / (1 + np.exp(-random.normal(-0.2, 0.6, size=15)))
        kinds = [
            Kind(
                levels={"g": f"{place:02}"},
                population=1.0,
                asked=40,
                positive=random.binomial(40, p),
            )
            for place, p in enumerate(truth)
        ]
        for one, p in zip(multilevel_model(kinds, ["g"]).by("g"), truth, strict=True):
            held += abs(one.estimate - p) < 1.96 * one.standard_error
            asked += 1
    # The variance between groups is taken as known: a little under 95 % is the price.
    assert 0.91 < held / asked < 0.97


@pytest.mark.parametrize(
    ("kinds", "groupings", "told"),
    [
        ([], ["g"], "no kinds"),
        (KINDS, [], "no groupings"),
        (KINDS, ["sex"], "has no sex"),
        ([replace(KINDS[0], positive=99), *KINDS[1:]], ["age"], "99 of 36"),
        ([replace(KINDS[0], covariates=()), *KINDS[1:]], ["age"], "different numbers"),
        ([replace(kind, positive=0) for kind in KINDS], ["age"], "nothing to model"),
        ([replace(kind, asked=0, positive=0) for kind in KINDS], ["age"], "Nobody was asked"),
    ],
)
def test_what_makes_no_model_is_refused(kinds: list[Kind], groupings: list[str], told: str) -> None:
    with pytest.raises(SurveyError, match=told):
        multilevel_model(kinds, groupings)


def test_a_group_without_population_is_refused() -> None:
    model = multilevel_model([replace(kind, population=0.0) for kind in KINDS], ["age"])
    with pytest.raises(SurveyError, match="« a0 » has no population"):
        model.by("age")
    with pytest.raises(SurveyError, match="no grouping « sex »"):
        model.by("sex")
