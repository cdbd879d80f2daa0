"""What `alliage.survey` offers to analysts: from samples and requests to files."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import alliage.survey as package
from alliage import survey
from alliage.survey.comparison.comparisons import Adjustment, adjusted, differences
from alliage.survey.comparison.ranking import joint_ranks
from alliage.survey.estimation.results import StandardError, Statistic
from alliage.survey.protection.disclosure import Cause
from alliage.survey.publishing.listing import listing
from alliage.survey.publishing.words import name_of
from alliage.survey.sampling.report import Method

if TYPE_CHECKING:
    from enum import StrEnum

    from alliage.survey.publishing.result_files import Result
    from alliage.survey.publishing.words import Language

SAMPLES = Path(__file__).parents[1] / "cases" / "survey" / "api"
WORDS = Path(package.__file__).with_name("publishing") / "words.yaml"
ITEMS = ("parks", "roads", "schools")


def people(seed: int, *, more: float = 0.0, size: int = 300) -> pl.DataFrame:
    random = np.random.Generator(np.random.PCG64(seed))
    taste = random.normal(0, 1, size)
    return pl.DataFrame(
        {
            "region": random.choice(["n", "s"], size),
            "age": random.choice(["young", "old"], size),
            "parks": 7 + more + taste + random.normal(0, 1, size),
            "roads": 5 + taste + random.normal(0, 1, size),
            "schools": 6.9 + taste + random.normal(0, 1, size),
            "trust": random.integers(1, 5, size),
            "d": random.uniform(1, 3, size),
        }
    )


def weighted(rows: pl.DataFrame) -> survey.Sample:
    drawn = survey.sample(rows, survey.Design(weights="d"))
    return survey.calibrate(drawn, {"region": {"n": 500.0, "s": 400.0}})


@pytest.fixture(scope="module")
def fit() -> survey.Sample:
    return weighted(people(1))


def test_everything_offered_is_there_and_has_a_docstring() -> None:
    assert sorted(package.__all__) == sorted(set(package.__all__))
    for name in package.__all__:
        offered = getattr(package, name)
        assert not hasattr(offered, "__path__")
        assert type(offered).__name__ != "module", name
    asked = "banner compare trend rank correlations protect small_areas multilevel rao_scott write"
    assert set(asked.split()) <= set(package.__all__)


def test_estimates_have_names_that_tell_them_apart(fit: survey.Sample) -> None:
    assert survey.mean(fit, "parks").names() == ("parks",)
    assert survey.mean(fit, "parks", by="region").names() == ("n", "s")
    crossed = survey.proportion(fit, "trust", by=["region", "age"]).names()
    assert crossed[0] == "1 · n · old"
    assert len(set(crossed)) == 16
    together = survey.estimate(fit, *(survey.Mean(variable=name) for name in ITEMS))
    assert together.names() == ITEMS
    kinds = survey.estimate(fit, survey.Mean(variable="parks"), survey.Total(variable="parks"))
    assert kinds.names() == ("mean", "total")
    twice = survey.estimate(fit, *[survey.Mean(variable="parks")] * 2)
    with pytest.raises(survey.SurveyError, match="estimated twice"):
        twice.names()


def test_a_breakdown_called_like_a_field_hides_nothing() -> None:
    rows = pl.DataFrame({"value": ["a", "b"] * 20, "y": [1.0, 2.0] * 20})
    frame = survey.mean(survey.sample(rows, survey.Design()), "y", by="value").frame()
    assert frame["by value"].to_list() == ["a", "b"]
    assert frame["value"].to_list() == [1.0, 2.0]


def test_ranks_are_those_of_the_covariance(fit: survey.Sample) -> None:
    requests = [survey.Mean(variable=name) for name in ITEMS]
    found = survey.estimate(fit, *requests)
    assert found.covariance is not None
    direct = joint_ranks(
        {item.variable: item.value for item in found},
        found.covariance,
        first=2,
        degrees=found[0].degrees,
    )
    short = survey.rank(fit, *requests, first=2)
    assert short.items == direct.items == survey.rank(found, first=2).items
    assert short.items[0].name == "parks"
    assert {short.items[1].name, short.items[2].name} == {"schools", "roads"}
    assert short.provenance == found.provenance


def test_comparisons_of_a_sample_take_its_covariance(fit: survey.Sample) -> None:
    found = survey.estimate(fit, *(survey.Mean(variable=name) for name in ITEMS))
    assert found.covariance is not None
    direct = differences(
        {item.variable: item.value for item in found}, found.covariance, degrees=found[0].degrees
    )
    short = survey.compare(found)
    for one, other in zip(short, direct, strict=True):
        assert (one.first, one.second) == (other.first, other.second)
        assert one.difference == pytest.approx(other.estimate)
        assert one.standard_error == pytest.approx(other.standard_error)
        assert (one.p_value, one.adjusted) == pytest.approx((other.p_value, other.adjusted))
        assert one.difference is not None
        assert (one.low or math.nan) < one.difference < (one.high or math.nan)
    # Items of the same people: the error is not that of independent estimates.
    assert (short[0].standard_error or math.nan) < math.hypot(
        found[0].standard_error or 0, found[1].standard_error or 0
    )
    against = survey.compare(found, reference="roads")
    assert [one.first for one in against] == ["parks", "schools"]
    assert {one.second for one in against} == {"roads"}


def test_levels_are_compared_all_else_being_the_same(fit: survey.Sample) -> None:
    found = survey.proportion(fit, "trust", by=["age", "region"])
    short = survey.compare(found, across="region")
    assert len(short) == 8
    assert short.shares
    assert {(one.first, one.second) for one in short} == {("n", "s")}
    assert short[0].within == "1 · old"
    north = found.one("1", age="old", region="n")
    assert short[0].first_value == north.value
    assert short[0].first_respondents == north.respondents
    turned = survey.compare(found, across="region", reference="n")
    assert [one.difference for one in turned] == [-(one.difference or 0) for one in short]


def test_two_samples_are_independent(fit: survey.Sample) -> None:
    other = weighted(people(2, more=0.5))
    requests = [survey.Mean(variable=name, by=("region",)) for name in ITEMS]
    short = survey.compare(other, fit, *requests, names=("2026", "2024"))
    first, second = survey.estimate(other, *requests), survey.estimate(fit, *requests)
    assert len(short) == 6
    for gap, one, two in zip(short, first, second, strict=True):
        assert (gap.first, gap.second) == ("2026", "2024")
        assert gap.within == f"{one.variable} · {one.group['region']}"
        assert gap.difference == pytest.approx(one.value - two.value)
        assert gap.standard_error == pytest.approx(
            math.hypot(one.standard_error or 0, two.standard_error or 0)
        )
        assert gap.degrees is not None
        assert min(one.degrees, two.degrees) < gap.degrees <= one.degrees + two.degrees
    assert [gap.adjusted for gap in short] == pytest.approx(
        adjusted([gap.p_value or 0.0 for gap in short]).tolist()
    )
    assert (
        survey.compare(first, second)
        .frame()
        .drop("first", "second")
        .equals(short.frame().drop("first", "second"))
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.8, 0.9, 0.99]))
def test_an_interval_without_zero_is_a_small_p_value(seed: int, level: float) -> None:
    rows = people(seed, size=40)
    found = survey.mean(weighted(rows), "parks", by="age")
    (gap,) = survey.compare(found, across="age", level=level)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.p_value is not None
    assert (gap.low > 0 or gap.high < 0) == (gap.p_value < 1 - level)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"across": "city"}, "not in the breakdown, which is: region"),
        ({"across": "region", "reference": "x"}, "« x » is none of those compared: n, s"),
        ({"reference": "x"}, "none of those compared"),
        ({"level": 1.5}, "level is 1.5"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    fit: survey.Sample, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(survey.SurveyError, match=told):
        survey.compare(survey.mean(fit, "parks", by="region"), **asked)
    with pytest.raises(survey.SurveyError, match="Nothing can be compared"):
        survey.compare(survey.mean(fit, "parks"), survey.mean(fit, "roads"))
    with pytest.raises(survey.SurveyError, match="samples with requests"):
        survey.compare(survey.mean(fit, "parks"), None, survey.Mean(variable="roads"))


def test_an_estimate_without_error_is_named(fit: survey.Sample) -> None:
    few = survey.sample(pl.DataFrame({"y": [1.0, 2.0, 3.0], "g": ["a", "a", "b"]}), survey.Design())
    found = survey.quantile(few, "y", [0.99], by="g")
    if found.covariance is None:
        with pytest.raises(survey.SurveyError, match="has no standard error"):
            survey.rank(found)
    else:
        assert len(found) == 2
    assert survey.rank(survey.mean(fit, "parks", by="region")).items


def test_waves_are_followed_apart_or_in_one_sample() -> None:
    waves = {2020 + 2 * k: people(10 + k, more=0.3 * k) for k in range(3)}
    apart = survey.trend(
        {str(year): weighted(rows) for year, rows in waves.items()},
        survey.Mean(variable="parks"),
        survey.Mean(variable="roads"),
        breaks={"2024": "another wording"},
    )
    assert [one.name for one in apart] == ["parks", "roads"]
    before, after = apart[0].segments
    assert [point.wave for point in before.points] == ["2020", "2022"]
    assert after.broken_by == "another wording"
    assert not after.changes
    both = pl.concat(rows.with_columns(wave=pl.lit(year)) for year, rows in waves.items())
    drawn = survey.sample(both, survey.Design(weights="d", strata="wave"))
    inside = survey.trend(survey.mean(drawn, "parks", by="wave"), wave="wave")
    (whole,) = inside[0].segments
    assert whole.slope is not None
    assert whole.slope.a_year == pytest.approx(0.15, abs=0.15)
    single = {
        str(year): survey.sample(rows, survey.Design(weights="d")) for year, rows in waves.items()
    }
    outside = survey.trend(single, survey.Mean(variable="parks"))
    # Strata are independent: in one sample or in three, the same changes and errors.
    for one, other in zip(inside[0].segments, outside[0].segments, strict=True):
        assert [change.estimate for change in one.changes] == pytest.approx(
            [change.estimate for change in other.changes]
        )
        assert [change.standard_error for change in one.changes] == pytest.approx(
            [change.standard_error for change in other.changes]
        )
    frame = apart.frame()
    assert frame.height == 6
    assert frame["change"].null_count() == 4


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Name a part"),
        ({"wave": "age"}, "has no year. Give when each wave was asked with `years`"),
    ],
)
def test_waves_without_an_order_are_refused(
    fit: survey.Sample, asked: dict[str, str], told: str
) -> None:
    with pytest.raises(survey.SurveyError, match=told):
        survey.trend(survey.mean(fit, "parks", by="age"), **asked)  # type: ignore[arg-type]
    years = survey.trend(
        survey.mean(fit, "parks", by="age"), wave="age", years={"old": 2001, "young": 2002}
    )
    assert [point.wave for point in years[0].segments[0].points] == ["old", "young"]


def test_small_areas_are_drawn_towards_the_model(fit: survey.Sample) -> None:
    random = np.random.Generator(np.random.PCG64(5))
    sizes = {f"t{k}": 10 + 3 * k for k in range(8)}
    rows = pl.concat(
        pl.DataFrame({"town": town, "y": random.normal(2 * k, 3, size)}, strict=False)
        for k, (town, size) in enumerate(sizes.items())
    )
    drawn = survey.sample(rows, survey.Design())
    known = {f"t{k}": [float(k)] for k in range(9)}
    request = survey.Mean(variable="y", by=("town",))
    with pytest.raises(survey.SurveyError, match=r"does not support.*t8: \d+\. Or join them"):
        survey.small_areas(drawn, request, area="town", covariates=known, least_worth=500)
    model = survey.small_areas(drawn, request, area="town", covariates=known, least_worth=5)
    assert (model.synthetic, model.smoothed) == (("t8",), ())
    assert model.of("t8").direct is None
    assert model.of("t8").estimate == pytest.approx(16, abs=4)
    direct = survey.estimate(drawn, request)
    again = survey.fay_herriot(
        [
            survey.Area(
                name=name,
                covariates=tuple(values),
                direct=None if name == "t8" else direct.one(town=name).value,
                variance=None
                if name == "t8"
                else (direct.one(town=name).standard_error or 0.0) ** 2,
            )
            for name, values in known.items()
        ]
    )
    assert model == again
    with pytest.raises(survey.SurveyError, match=r"t0, t1.* has no covariates"):
        survey.small_areas(drawn, request, area="town", covariates={"t8": [1.0]})
    with pytest.raises(survey.SurveyError, match="not one figure for each level"):
        survey.small_areas(survey.mean(fit, "parks"), area="region", covariates={})
    lonely = survey.sample(pl.DataFrame({"g": ["a", "a", "b"], "y": [1.0, 2, 3]}), survey.Design())
    with pytest.raises(survey.SurveyError, match=r"« a, b » leave 1 degrees.*9 are needed"):
        survey.small_areas(
            lonely,
            survey.Mean(variable="y", by=("g",)),
            area="g",
            covariates={"a": [], "b": []},
        )


def test_the_variance_of_an_area_of_two_people_is_that_of_all() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    rows = pl.DataFrame(
        {
            "area": [f"r{k % 7}" for k in range(400)] + ["two", "two", "one", *["alike"] * 12],
            "x": [*random.normal(10, 2, 400), 30.0, 30.001, 11.0, *[10.0] * 12],
        }
    )
    drawn = survey.sample(rows, survey.Design())
    request = survey.Mean(variable="x", by=("area",))
    names = rows["area"].unique(maintain_order=True)
    model = survey.small_areas(
        drawn, request, area="area", covariates={name: [] for name in names}, least_worth=1
    )
    assert set(model.smoothed) == {"two", "one", "alike"}
    two = model.of("two")
    # Two people of a standard deviation of 2, not two people known to a thousandth.
    assert two.direct == pytest.approx(30.0005)
    assert two.mean_squared_error > 1
    assert two.direct_weight < model.of("r0").direct_weight < 1
    notes = listing(model, "en").notes
    assert any("alike, one, two" in note for note in notes)
    # A variance is not told from fewer than nine degrees of freedom, nor of what never varies.
    few = survey.sample(rows.group_by("area").head(2).head(17), survey.Design())
    with pytest.raises(survey.SurveyError, match="9 are needed"):
        survey.small_areas(few, request, area="area", covariates={name: [] for name in names})
    same = survey.sample(rows.with_columns(x=pl.lit(1.0)), survey.Design())
    with pytest.raises(survey.SurveyError, match="All answered alike"):
        survey.small_areas(same, request, area="area", covariates={name: [] for name in names})


def test_a_kind_that_was_not_asked_owes_all_to_the_model(fit: survey.Sample) -> None:
    frame = fit.table.frame
    thirds = frame.with_columns(third=pl.Series(["n", "s", "e"] * frame.height).head(frame.height))
    asked = survey.sample(thirds, fit.design)
    population = {(third, age): 100.0 for third in "nsew" for age in ("young", "old")}
    model = survey.multilevel(
        asked, "trust", [3, 4], groupings=["third", "age"], population=population
    )
    first = survey.top_box(asked, "trust", [3, 4]).one()
    thirds_told = {one.name: one for one in model.by("third")}
    assert [name for name, one in thirds_told.items() if one.is_synthetic] == ["w"]
    assert thirds_told["w"].standard_error >= thirds_told["n"].standard_error
    for one in thirds_told.values():
        assert one.estimate == pytest.approx(first.value, abs=0.1)
    assert sum(one.asked for one in thirds_told.values()) == pytest.approx(first.effective_size)
    with pytest.raises(survey.SurveyError, match="has no population"):
        survey.multilevel(
            fit, "trust", [3], groupings=["region"], population={("n",): 1.0, ("w",): 2.0}
        )


def test_a_sample_that_supports_no_area_is_refused(fit: survey.Sample) -> None:
    """How areas differ is not told by two of them, nor anything by six people."""
    regions = {(region,): 1.0 for region in "nsw"}
    with pytest.raises(survey.SurveyError, match="« w » of « region », and 2 of its other levels"):
        survey.multilevel(fit, "trust", [3, 4], groupings=["region"], population=regions)
    rows = pl.DataFrame({"area": ["a", "b", "b", "c", "d", "e"], "q": list("ynyynn")})
    tiny = survey.multilevel(
        survey.sample(rows, survey.Design()),
        "q",
        ["y"],
        groupings=["area"],
        population={(area,): 1.0 for area in "abcdefgh"},
    )
    with pytest.raises(survey.SurveyError, match=r"does not support 8 of 8.*f: 2\d"):
        tiny.by("area")
    assert [one.name for one in tiny.by("area", least_worth=0) if one.is_synthetic] == list("fgh")


def results_of(fit: survey.Sample) -> dict[str, Result]:
    means = survey.estimate(fit, *(survey.Mean(variable=name) for name in ITEMS))
    by_age = survey.mean(fit, "parks", by="age")
    table = survey.banner(fit, ["trust"], ["region", ("region", "age")])
    return {
        "table": table,
        "estimates": survey.proportion(fit, "trust", by="region"),
        "comparisons": survey.compare(means),
        "ranking": survey.rank(means, first=1),
        "trends": survey.trend(by_age, wave="age", years={"old": 1, "young": 2}),
        "correlations": survey.correlations(fit, ["trust", "region"], kind="polychoric"),
        "areas": survey.fay_herriot(
            [survey.Area(name=str(k), direct=k + (k % 2), variance=1.0) for k in range(6)]
        ),
        "report": fit.report,
        "protected": survey.protect(table),
        "description": survey.describe(fit.table, fit.design).listing("en"),
    }


def test_every_result_becomes_every_kind_of_file(fit: survey.Sample, tmp_path: Path) -> None:
    results = results_of(fit)
    for kind in (".xlsx", ".html", ".json", ".parquet", ".csv"):
        for name, result in results.items():
            survey.write(result, tmp_path / f"{name}{kind}", language="en")
        survey.write(results, tmp_path / f"all{kind}", title="All & more")
    book = load_workbook(tmp_path / "all.xlsx")
    assert book.sheetnames == ["Sommaire", *results, "Méthode", "Données"]
    values = [row[5].value for row in book["comparisons"].iter_rows(min_row=2)]
    gaps = [
        one.difference
        for one in survey.compare(
            survey.estimate(fit, *(survey.Mean(variable=name) for name in ITEMS))
        )
    ]
    assert sorted(value for value in values if isinstance(value, float)) != []
    content = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert content["title"] == "All & more"
    assert [row["difference"] for row in content["results"]["comparisons"]["rows"]] == gaps
    assert content["results"]["ranking"]["provenance"]["version"]
    assert content["results"]["report"]["report"]["method"] == "raking"
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert "<h1>All &amp; more</h1>" in page
    assert page.count("<h2>") == len(results)
    back = pl.read_parquet(tmp_path / "all.parquet")
    # Without a small cell there is no audit.
    assert set(results) - set(back["result"]) <= {"protected"}
    assert pl.read_parquet(tmp_path / "estimates.parquet").equals(
        survey.proportion(fit, "trust", by="region").frame()
    )


def test_a_figure_reads_the_same_everywhere(fit: survey.Sample) -> None:
    found = survey.proportion(fit, "trust", by="region")
    languages: tuple[tuple[Language, str], ...] = (("fr", ","), ("en", "."))
    for language, mark in languages:
        made = listing(found, language)
        first = made.text(0, 3, language)
        assert first.replace("\u00a0", "").replace("%", "").replace(mark, ".") == (
            f"{100 * found[0].value:.1f}"
        )
        assert all(
            made.text(row, column, language)
            for row in range(len(made.rows))
            for column in range(len(made.headings))
        )


def test_a_sheet_name_is_one_that_excel_takes(fit: survey.Sample, tmp_path: Path) -> None:
    found = survey.mean(fit, "parks")
    long = "Une question [très] longue / avec: des marques * interdites ?"
    survey.write({long: found, long + "!": found, "méthode": found}, tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    names = book.sheetnames
    assert len({name.casefold() for name in names}) == len(names) == 5
    # The contents give names whole.
    assert [row[0].value for row in book["Sommaire"]][1:] == [long, long + "!", "méthode"]
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_texts_of_a_file_are_never_formulas(tmp_path: Path) -> None:
    rows = pl.DataFrame({"g": ["=1+1", "+a"] * 20, "y": [1.0, 2.0] * 20})
    found = survey.mean(survey.sample(rows, survey.Design()), "y", by="g")
    survey.write(found, tmp_path / "t.xlsx")
    sheet = load_workbook(tmp_path / "t.xlsx").worksheets[0]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    survey.write(found, tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert "\n=" not in text
    assert ",=" not in text
    survey.write(found, tmp_path / "t.html")
    assert "<script" not in (tmp_path / "t.html").read_text(encoding="utf-8")


def test_a_file_that_is_there_stays(fit: survey.Sample, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(survey.SurveyError, match="exists already"):
        survey.write(survey.mean(fit, "parks"), path)
    with pytest.raises(survey.SurveyError, match="exists already"):
        survey.write_respondents(fit.table, path)
    assert path.read_text(encoding="utf-8") == "mine"
    survey.write(survey.mean(fit, "parks"), path, overwrite=True)
    assert pl.read_csv(path).height == 1


def test_columns_that_a_kind_of_file_does_not_take_are_told(tmp_path: Path) -> None:
    table = survey.Table.of(pl.DataFrame({"a name with spaces": [1, 2]}))
    with pytest.raises(survey.SurveyError, match="Rename them, or write Parquet or CSV"):
        survey.write_respondents(table, tmp_path / "t.sav")
    assert list(tmp_path.iterdir()) == []


def test_what_a_written_file_does_not_hold_is_returned(tmp_path: Path) -> None:
    frame = pl.DataFrame({"bus": [1, 0], "bike": [1, 1]})
    table = survey.Table(frame, sets={"uses": survey.MultiResponse(variables=("bus", "bike"))})
    (told,) = survey.write_respondents(table, tmp_path / "t.sav")
    assert told.startswith("« t.sav » holds the columns of uses, and not that")
    assert survey.write_respondents(table, tmp_path / "t.csv") == ()
    assert survey.write_respondents(survey.Table(frame), tmp_path / "u.sav") == ()
    # What is advised gives the set back.
    (tmp_path / "t.xml").write_text(survey.write_ddi(table, "Uses"), encoding="utf-8")
    found = survey.read(tmp_path / "t.sav", survey.read_ddi(tmp_path / "t.xml")).sets["uses"]
    assert (found.variables, found.counted) == (("bus", "bike"), 1)


def test_frames_of_any_kind_give_the_same(fit: survey.Sample) -> None:
    rows = people(1)
    expected = survey.proportion(fit, "trust", by="region").frame()
    pandas = pytest.importorskip("pandas")
    data = {name: rows[name].to_list() for name in rows.columns}
    arrow = rows.to_arrow()
    for frame in (pandas.DataFrame(data), arrow, duckdb.from_arrow(arrow).to_arrow_table()):
        drawn = survey.sample(frame, survey.Design(weights="d"))
        again = survey.calibrate(drawn, {"region": {"n": 500.0, "s": 400.0}})
        found = survey.proportion(again, "trust", by="region").frame()
        assert found["level"].to_list() == expected["level"].to_list()
        assert found["standard_error"].to_list() == pytest.approx(
            expected["standard_error"].to_list()
        )


def test_missing_answers_of_pandas_are_missing() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"q": pandas.Categorical(["a", "b", None, "a"]), "y": [1.0, float("nan"), 2.0, 3.0]}
    )
    drawn = survey.sample(frame, survey.Design())
    assert survey.mean(drawn, "y").one().missing == 1
    assert survey.proportion(drawn, "q").one("a").value == pytest.approx(2 / 3)


def test_the_published_sample_gives_the_published_test() -> None:
    """R 4.2, survey: svychisq(~sch.wide + stype, dstrat); svymean(~api00, dstrat)."""
    design = survey.Design(strata="stype", weights="pw", fpc="fpc")
    schools = survey.sample(survey.read(SAMPLES / "apistrat.csv"), design)
    assert survey.rao_scott(schools, "sch.wide", "stype").statistic == pytest.approx(
        17.247444, abs=5e-7
    )
    (gap, *_) = survey.compare(survey.mean(schools, "api00", by="stype"), across="stype")
    assert gap.difference == pytest.approx(674.43 - 625.82, abs=0.006)
    assert gap.standard_error == pytest.approx(math.hypot(12.382480, 14.937129), rel=1e-6)


@pytest.mark.parametrize("code", [Statistic, StandardError, Adjustment, Method, Cause])
def test_every_code_has_a_name_in_both_languages(code: type[StrEnum]) -> None:
    languages: tuple[Language, ...] = ("fr", "en")
    for language in languages:
        names = [name_of(one, language) for one in code]
        assert len(set(names)) == len(names)
        assert all(names)


def test_both_languages_say_the_same_facts() -> None:
    content = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    for name, said in content["words"].items():
        facts = {language: set(re.findall(r"\{(\w+)", text)) for language, text in said.items()}
        assert facts["fr"] == facts["en"], name
    used = set()
    for file in (*WORDS.parent.glob("*.py"), *(WORDS.parents[1] / "cli").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r'\bword\("([^"]+)"', text))
        used |= set(re.findall(r'\("([a-z_ ]+)", (?:Kind|value|gap)', text))
        used |= set(re.findall(r'\(\n? *"([a-z ]+)",\n? *float\(', text))
    assert used <= content["words"].keys()
    assert len(used) > 40


@dataclass
class _NoResult:
    value: int = 1


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(TypeError, match="_NoResult is no result"):
        listing(_NoResult())


def test_columns_of_lists_and_records_are_described_without_levels() -> None:
    frame = pl.DataFrame({"a": [1, 2], "lists": [[1], [2, 3]], "records": [{"x": 1}, {"x": 2}]})
    told = {one.name: one for one in survey.describe(survey.Table.of(frame)).variables}
    assert told["a"].levels
    assert told["lists"].levels == told["records"].levels == ()
    assert told["lists"].kind == "List(Int64)"


def test_a_trend_of_no_waves_is_refused() -> None:
    with pytest.raises(survey.SurveyError, match="Give waves by name"):
        survey.trend(pl.DataFrame({"x": [1.0]}), survey.Mean(variable="x"))  # type: ignore[arg-type]
