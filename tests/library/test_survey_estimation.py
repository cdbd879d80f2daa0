"""Estimates: bases, boxes, scores, several answers, intervals, base rules, records."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage import survey
from alliage.survey import (
    BaseRule,
    Design,
    Interval,
    MultiResponse,
    QuantileRule,
    Reliability,
    Statistic,
    SurveyError,
    SurveyProblem,
    Table,
    Variable,
)
from alliage.survey.estimation.distribution import quantile
from alliage.survey.estimation.intervals import interval
from alliage.survey.estimation.results import RELIABILITIES


def answers() -> survey.Sample:
    frame = pl.DataFrame(
        {
            "q": [5, 4, 1, 2, 5, None, 3, 9],
            "group": ["a", "a", "a", "b", "b", "b", None, "b"],
            "x": [1, 0, 1, 1, 0, None, 0, 1],
            "y": [0, 0, 1, 1, 1, None, 0, 0],
            "income": [10.0, 20, 30, 40, 0, 60, 70, None],
            "d": [1.0, 2, 1, 2, 1, 2, 1, 2],
        }
    )
    table = Table.of(frame).describe(
        {"q": Variable(labels={1: "1", 2: "2", 3: "3", 4: "4", 5: "5"}, missing=(9,))}
    )
    sets = {"services": MultiResponse(variables=("x", "y"))}
    return survey.sample(Table(table.frame, table.variables, sets), Design(weights="d"))


def test_boxes_and_scores() -> None:
    sample = answers()
    top = survey.top_box(sample, "q", [4, 5]).one()
    assert (top.statistic, top.level, top.value) == (Statistic.TOP_BOX, "4 + 5", 4 / 8)
    assert (top.respondents, top.missing, top.weighted) == (6, 2, 8)
    net = survey.net_score(sample, "q", positive=[4, 5], negative=[1, 2]).one()
    assert net.value == pytest.approx(4 / 8 - 3 / 8)
    assert net.interval is Interval.WALD
    bottom = survey.top_box(sample, "q", [1, 2]).one()
    both = survey.estimate(
        sample,
        survey.Scored(variable="q", points=dict.fromkeys([4, 5], 1.0)),
        survey.Scored(variable="q", points=dict.fromkeys([1, 2], 1.0)),
    )
    assert both.covariance is not None
    spread = both.covariance[0, 0] + both.covariance[1, 1] - 2 * both.covariance[0, 1]
    assert net.standard_error == pytest.approx(math.sqrt(spread))
    assert bottom.value == pytest.approx(3 / 8)


def test_shares_add_up_on_each_base() -> None:
    sample = answers()
    answered = survey.proportion(sample, "q")
    assert sum(item.value for item in answered) == pytest.approx(1)
    everybody = survey.proportion(sample, "q", base="everybody")
    assert sum(item.value for item in everybody) == pytest.approx(8 / 12)
    assert everybody[0].respondents == 8
    assert everybody[0].missing == 0
    # A level that nobody chose is kept, in its place.
    assert [item.level for item in survey.proportion(sample, "q", by="group")] == [
        *"12345",
        *"12345",
    ]
    by = survey.proportion(sample, "q", by="group")
    none = by.one("3", group="a")
    assert (none.value, none.standard_error, none.interval, none.low) == (0, 0, Interval.BETA, 0)
    assert none.high is not None
    assert 0 < none.high < 1


def test_several_answers_have_two_bases() -> None:
    sample = answers()
    respondents = survey.choices(sample, "services")
    assert [item.level for item in respondents] == ["x", "y"]
    assert [item.value for item in respondents] == [6 / 10, 4 / 10]
    assert (respondents[0].respondents, respondents[0].missing) == (7, 1)
    responses = survey.choices(sample, "services", base="responses")
    assert [item.value for item in responses] == [6 / 10, 4 / 10]
    assert sum(item.value for item in responses) == pytest.approx(1)
    assert respondents.covariance is not None
    assert respondents.covariance[0, 1] != 0


def test_gini_of_what_is_known() -> None:
    equal = survey.sample(pl.DataFrame({"y": [5.0] * 4}), Design())
    assert survey.gini(equal, "y").one().value == pytest.approx(0, abs=1e-12)
    one = survey.sample(pl.DataFrame({"y": [0.0, 0, 0, 8]}), Design())
    assert survey.gini(one, "y").one().value == pytest.approx(3 / 4)
    with pytest.raises(SurveyError, match="needs values of 0 or more"):
        survey.gini(survey.sample(pl.DataFrame({"y": [1.0, -2]}), Design()), "y")
    with pytest.raises(SurveyError, match="total of a group is 0"):
        survey.gini(survey.sample(pl.DataFrame({"y": [0.0, 0]}), Design()), "y")
    with pytest.raises(SurveyError, match="does not hold numbers"):
        survey.gini(answers(), "group")


def test_the_linearised_gini_is_its_jackknife() -> None:
    random = np.random.default_rng(4)
    frame = pl.DataFrame({"y": random.lognormal(3, 1, 400), "d": random.uniform(1, 4, 400)})
    sample = survey.sample(frame, Design(weights="d"))
    linear = survey.gini(sample, "y").one().standard_error
    replicated = survey.gini(sample.with_jackknife(), "y").one().standard_error
    assert replicated == pytest.approx(linear, rel=0.05)


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=12),
    st.floats(0.01, 0.99),
)
def test_quantiles_are_those_of_the_repeated_values(
    weighted: list[tuple[int, int]], probability: float
) -> None:
    sums: dict[float, float] = {}
    for value, weight in weighted:
        sums[value] = sums.get(value, 0) + weight
    values = np.array(sorted(sums))
    weights = np.array([sums[value] for value in values])
    repeated = np.repeat(values, weights.astype(int))
    for rule, name in [
        (QuantileRule.MATH, "inverted_cdf"),
        (QuantileRule.SCHOOL, "averaged_inverted_cdf"),
    ]:
        position = probability * len(repeated)
        if abs(position - round(position)) < 1e-9:
            continue
        expected = np.quantile(repeated, probability, method=name)  # type: ignore[call-overload]
        assert quantile(values, weights, probability, rule) == expected


def test_a_quantile_at_the_edge_has_no_error() -> None:
    found = survey.quantile(answers(), "income", [0.01, 0.5])
    edge = found.one("0.01")
    assert (edge.value, edge.low, edge.standard_error) == (0, None, None)
    assert found.covariance is None
    assert json.loads(found.json())["estimates"][0]["standard_error"] is None


def test_the_error_of_a_quantile_is_half_its_interval() -> None:
    random = np.random.default_rng(9)
    sample = survey.sample(pl.DataFrame({"y": random.normal(0, 1, 900)}), Design(df=math.inf))
    one = survey.median(sample, "y").one()
    assert one.low is not None
    assert one.high is not None
    assert one.standard_error == pytest.approx((one.high - one.low) / 2 / 1.959963985)
    replicated = survey.median(sample.with_bootstrap(replicates=300, seed=1), "y").one()
    assert replicated.standard_error == pytest.approx(one.standard_error, rel=0.15)


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.05), st.sampled_from(list(Interval)))
def test_intervals_of_proportions_hold_them(value: float, error: float, how: Interval) -> None:
    if how in {Interval.WOODRUFF, Interval.NONE, Interval.WALD}:
        return
    error = min(error, 0.9 * math.sqrt(value * (1 - value)))
    found, low, high = interval(
        how, value, error, degrees=40, level=0.95, respondents=500, effective=400
    )
    assert found is how
    assert low is not None
    assert high is not None
    assert 0 <= low < value < high <= 1


def test_wilson_is_wilson() -> None:
    """Newcombe (1998), 81 of 263: 0.2553 to 0.3662."""
    share = 81 / 263
    _, low, high = interval(
        Interval.WILSON,
        share,
        math.sqrt(share * (1 - share) / 263),
        degrees=math.inf,
        level=0.95,
        respondents=263,
        effective=263,
    )
    assert (round(low or 0, 4), round(high or 0, 4)) == (0.2553, 0.3662)


def test_design_effects_of_known_cases() -> None:
    random = np.random.default_rng(1)
    y = random.normal(0, 1, 200)
    alone = survey.sample(pl.DataFrame({"y": y, "d": np.full(200, 50.0)}), Design(weights="d"))
    one = survey.mean(alone, "y").one()
    assert one.effective_size == pytest.approx(200)
    assert one.design_effect == pytest.approx(1 / (1 - 200 / 10_000))
    # Everybody twice in a cluster: half of the information.
    twice = pl.DataFrame({"y": np.repeat(y, 2), "c": np.repeat(np.arange(200), 2), "d": 50.0})
    one = survey.mean(survey.sample(twice, Design(weights="d", clusters="c")), "y").one()
    assert one.effective_size == pytest.approx(200, rel=0.01)
    # Weights that do not tell a population have no finite correction.
    unweighted = survey.mean(survey.sample(twice, Design(clusters="c")), "y").one()
    assert unweighted.design_effect is None
    assert unweighted.effective_size == pytest.approx(one.effective_size)


def test_base_rules_judge() -> None:
    sample = survey.sample(
        pl.DataFrame({"g": ["a"] * 20 + ["b"] * 40 + ["c"] * 100, "y": [0.0, 1] * 80}), Design()
    )
    found = survey.mean(sample, "y", by="g")
    rule = BaseRule()
    assert [rule.judge(item) for item in found] == [
        Reliability.TOO_SMALL,
        Reliability.CAUTION,
        Reliability.RELIABLE,
    ]
    assert BaseRule(largest_variation=0.01).judge(found[2]) is Reliability.CAUTION
    # A figure that nothing varies, and one of a value of 0, are judged by their respondents.
    judged = rule.judged(
        np.array([29, 59, 60, 90]), np.full(4, np.nan), np.array([np.nan, 0, 0.3, 0.4])
    )
    assert RELIABILITIES[judged].tolist() == ["too small", "caution", "reliable", "caution"]


def test_those_in_no_group_are_counted() -> None:
    assert survey.mean(answers(), "income", by="group").ungrouped == 1
    assert survey.mean(answers(), "income", by="group", over={"x": 1}).ungrouped == 0


def test_results_are_frames_and_json() -> None:
    found = survey.mean(answers(), "income", by="group", over={"x": [0, 1]}, level=0.9)
    frame = found.frame()
    assert frame.columns[0] == "by group"
    assert frame.get_column("value").to_list() == [item.value for item in found]
    content = json.loads(found.json())
    assert content["estimates"][0]["domain"] == {"x": [0, 1]}
    assert content["provenance"]["level"] == 0.9
    assert content["estimates"][0]["statistic"] == "mean"
    with pytest.raises(SurveyError, match="2 estimates have these levels"):
        found.one()
    assert found.one(group="a") == found[0]


@pytest.mark.parametrize(
    ("ask", "problem", "says"),
    [
        (lambda s: survey.mean(s, "nothing"), SurveyProblem.COLUMN, "no column « nothing »"),
        (lambda s: survey.mean(s, "group"), SurveyProblem.TYPE, "row 1 holds « a »"),
        (lambda s: survey.mean(s, "x", level=1.5), SurveyProblem.REQUEST, "level of 1.5"),
        (
            lambda s: survey.mean(s, "x", variance="naive"),  # type: ignore[arg-type]
            SurveyProblem.REQUEST,
            "naive",
        ),
        (survey.estimate, SurveyProblem.REQUEST, "0 requests"),
        (lambda s: survey.quantile(s, "x", 1.2), SurveyProblem.REQUEST, "1.2"),
        (lambda s: survey.quantile(s, "x", 0.5, rule="hf7"), SurveyProblem.REQUEST, "hf7"),
        (lambda s: survey.proportion(s, "q", interval="exact"), SurveyProblem.REQUEST, "exact"),
        (lambda s: survey.top_box(s, "q", [6]), SurveyProblem.LEVEL, "« 6 » was asked of « q »"),
        (lambda s: survey.top_box(s, "q", []), SurveyProblem.LEVEL, "nothing"),
        (lambda s: survey.net_score(s, "q", [5], [5]), SurveyProblem.LEVEL, "both"),
        (lambda s: survey.choices(s, "other"), SurveyProblem.COLUMN, "services"),
        (
            lambda s: survey.ratio(s, "income", "y", over={"y": 0}),
            SurveyProblem.ZERO_DENOMINATOR,
            "denominator of « income » adds up to 0",
        ),
    ],
)
def test_requests_that_cannot_be_answered(ask: Any, problem: SurveyProblem, says: str) -> None:
    with pytest.raises(SurveyError, match=says) as refused:
        ask(answers())
    assert refused.value.problem is problem


def test_intervals_cover_what_they_say() -> None:
    """The truth is in 95 % intervals of a raked mean and share; see survey-intervals.md."""
    random = np.random.default_rng(20)
    size = 60_000
    age = random.choice(3, size, p=[0.3, 0.5, 0.2])
    region = random.choice(4, size)
    y = 10 + 2 * age + region + random.normal(0, 4, size)
    bought = (random.uniform(size=size) < 0.1 + 0.1 * age).astype(int)
    margins = {
        "age": {level: float((age == level).sum()) for level in range(3)},
        "region": {level: float((region == level).sum()) for level in range(4)},
    }
    held = np.zeros(2)
    draws = 150
    for _ in range(draws):
        rows = random.choice(size, 300, replace=False)
        frame = pl.DataFrame({"age": age[rows], "region": region[rows], "y": y[rows]})
        frame = frame.with_columns(bought=pl.Series(bought[rows]))
        fit = survey.calibrate(survey.sample(frame, Design()), margins)
        for place, (found, truth) in enumerate(
            [
                (survey.mean(fit, "y").one(), y.mean()),
                (survey.proportion(fit, "bought").one("1"), bought.mean()),
            ]
        ):
            held[place] += (found.low or -1) <= truth <= (found.high or -1)
    coverage = held / draws
    assert ((coverage > 0.9) & (coverage < 0.99)).all(), coverage


# A set as a breakdown: those who chose an option are a domain, and domains overlap.


def travellers() -> tuple[pl.DataFrame, dict[str, MultiResponse]]:
    draw = np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            "unit": np.arange(240) // 6,
            "region": draw.choice(["n", "s"], 240),
            "q": draw.choice([1, 2, 3], 240),
            "hours": draw.gamma(2, 9, 240).round(1),
            "bus": draw.choice([0, 1], 240),
            "bike": draw.choice([0, 1], 240),
            "boat": [0] * 240,
            "d": draw.choice([1.0, 2.0, 5.0], 240),
        }
    )
    answered = pl.when(pl.int_range(240) >= 7).then(pl.col("bus", "bike", "boat"))
    frame = frame.with_columns(answered.name.keep())
    return frame, {"uses": MultiResponse(variables=("bus", "bike", "boat"))}


@pytest.mark.parametrize(
    "asked",
    [
        survey.Mean(variable="hours"),
        survey.Total(variable="hours"),
        survey.Proportion(variable="q"),
        survey.Quantile(variable="hours"),
        survey.Gini(variable="hours"),
        survey.Choices(variable="uses", columns=("bus", "bike")),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_a_set_is_a_breakdown_by_overlapping_domains(asked: survey.Request) -> None:
    frame, sets = travellers()
    people = survey.sample(Table(frame, sets=sets), Design(weights="d", clusters="unit"))
    people = survey.calibrate(people, {"region": {"n": 300.0, "s": 320.0}})
    for by, others in ((("uses",), ()), (("region", "uses"), ("region",))):
        found = survey.estimate(people, dataclasses.replace(asked, by=by))
        parts = [
            dataclasses.replace(asked, by=others, over=((one, (1,)),)) for one in ("bus", "bike")
        ]
        expected = survey.estimate(people, *parts)
        assert [item.value for item in found] == [item.value for item in expected]
        assert [item.degrees for item in found] == [item.degrees for item in expected]
        assert [item.low for item in found] == pytest.approx([item.low for item in expected])
        # Those who chose both are in the covariance.
        assert found.covariance == pytest.approx(expected.covariance, rel=1e-9, abs=1e-12)
        options = [next(iter(item.domain)) for item in expected]
        assert [item.group["uses"] for item in found] == options
        assert all(tuple(item.group) == by and item.domain == {} for item in found)
        nobody = [{"region": one} for one in "ns"] if others else [{}]
        assert [dict(one) for one in found.empty] == [{**one, "uses": "boat"} for one in nobody]
        assert found.ungrouped == 7


def test_options_of_a_set_are_compared_with_those_who_chose_both() -> None:
    frame, sets = travellers()
    people = survey.sample(Table(frame, sets=sets), Design(weights="d", clusters="unit"))
    found = survey.mean(people, "hours", by="uses")
    (gap,) = survey.compare(found, across="uses")
    assert (gap.first, gap.second) == ("bus", "bike")
    assert found.covariance is not None
    assert gap.standard_error == pytest.approx(
        math.sqrt(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    )
    # As the columns of a table.
    hours = survey.Question(variable="hours", answers=survey.Answers.NUMBER)
    cells = survey.banner(people, [hours], ["uses"]).blocks[0].rows[0].cells
    for cell, item in zip(cells[1:], found, strict=False):
        assert cell is not None
        assert cell.estimate.value == pytest.approx(item.value, rel=1e-12)
        assert cell.estimate.standard_error == pytest.approx(item.standard_error, rel=1e-9)


def test_moments_take_a_set_as_a_breakdown() -> None:
    frame, sets = travellers()
    design = Design(weights="d", clusters="unit")
    asked = survey.Mean(variable="hours", by=("uses", "region"))
    halves = [frame[:100].lazy(), frame[100:].lazy()]
    found = survey.estimate(survey.moments(halves, design, [asked], sets=sets), asked)
    expected = survey.estimate(survey.sample(Table(frame, sets=sets), design), asked)
    assert [item.group for item in found] == [item.group for item in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one.value, one.standard_error) == pytest.approx((other.value, other.standard_error))
    assert (found.empty, found.ungrouped) == (expected.empty, expected.ungrouped)


def test_a_set_of_which_nobody_chose_anything_is_no_breakdown() -> None:
    frame, _ = travellers()
    for counted, says in ((1, "Nobody is in the domain .* answer to uses"), (7, "counts 7, which")):
        sets = {"uses": MultiResponse(variables=("boat",), counted=counted)}
        people = survey.sample(Table(frame, sets=sets), Design())
        with pytest.raises(SurveyError, match=says):
            survey.mean(people, "hours", by="uses")


def test_words_do_for_the_rules_of_requests() -> None:
    words: Any = {"interval": "wilson"}
    by_member = survey.Proportion(variable="q", interval=Interval.WILSON)
    by_word = survey.Proportion(variable="q", **words)
    one, other = (survey.estimate(answers(), each)[0] for each in (by_word, by_member))
    assert one == other
    assert one.low is not None
    assert one.low < one.value
    words = {"rule": "school"}
    assert survey.Quantile(variable="income", **words).rule is QuantileRule.SCHOOL


@pytest.mark.parametrize(
    ("request_of", "rules"),
    [
        (survey.Proportion, {"interval": "klopper"}),
        (survey.Mean, {"interval": Interval.WILSON}),
        (survey.Quantile, {"interval": Interval.WALD}),
        (survey.Quantile, {"rule": "median"}),
    ],
)
def test_a_statistic_has_rules_of_its_own(request_of: Any, rules: dict[str, Any]) -> None:
    with pytest.raises(SurveyError, match=r"of this statistic\. Ask for") as refused:
        request_of(variable="q", **rules)
    assert refused.value.problem is SurveyProblem.REQUEST


def test_a_quantile_at_a_share_that_the_margins_fix_has_no_error() -> None:
    """Rounding leaves a variance below 0, of which there is no root."""
    frame = pl.DataFrame({"x": [-2.0, 1e6, 7.0], "b": ["y", "x", "x"], "w": [17.47, 6.09, 12.26]})
    drawn = survey.sample(frame, Design(weights="w", df=math.inf))
    fit = survey.calibrate(drawn, {"b": {"x": 461, "y": 420}})
    one = survey.quantile(fit, "x", 0.1).one()
    assert (one.value, one.low, one.high) == (-2.0, -2.0, -2.0)
    assert one.standard_error == 0.0
