from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.properties import PageSetupProperties
from polars.testing import assert_frame_equal

from alliage.survey import (
    BaseRule,
    Design,
    Estimate,
    Estimates,
    Level,
    LonelyUnit,
    Mean,
    MultiResponse,
    Proportion,
    Sample,
    Scale,
    SurveyError,
    SurveyProblem,
    Table,
    Variable,
    calibrate,
    estimate,
    mean,
    moments,
    proportion,
    sample,
    write,
)
from alliage.survey.comparison.comparisons import Adjustment
from alliage.survey.protection.disclosure import Rules
from alliage.survey.protection.protected_tables import protect
from alliage.survey.publishing.table_files import as_html, as_json, notes
from alliage.survey.publishing.words import share, shares
from alliage.survey.scale.plans import banner_requests
from alliage.survey.tables.banners import Banner, banner
from alliage.survey.tables.independence import rao_scott
from alliage.survey.tables.letters import LetterRule
from alliage.survey.tables.questions import Answers, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alliage.survey.arrays import Floats
    from alliage.survey.estimation.domains import Domain
    from alliage.survey.publishing.words import Language
    from alliage.survey.sampling.margins import Margins

LABELS = {
    "trust": Variable(label="Do you trust?", labels={1: "no", 2: "a little", 3: "yes"}),
    "region": Variable(label="Region", labels={"n": "=North", "s": "South"}),
    "uses_bus": Variable(label="The bus"),
}
SAMPLES = Path(__file__).parents[1] / "cases" / "survey" / "api"
SHOW_ALL = BaseRule(suppress_below=0, caution_below=0, largest_variation=1e9)


@pytest.fixture(scope="module")
def people() -> Sample:
    random = np.random.Generator(np.random.PCG64(9))
    size = 800
    region = random.choice(["n", "s"], size, p=[0.3, 0.7])
    young = random.random(size) < 0.4
    trust = 1 + (random.random(size) < 0.5) + (random.random(size) < 0.2 + 0.4 * (region == "n"))
    rows = pl.DataFrame(
        {
            "region": region,
            "age": np.where(young, "18-34", "35+"),
            "trust": trust,
            "hours": random.gamma(2, 3, size) + 2 * young,
            "uses_bus": (random.random(size) < 0.3 + 0.2 * young).astype(int),
            "uses_car": (random.random(size) < 0.6).astype(int),
            "d": random.uniform(0.5, 2, size),
        }
    )
    sets = {"uses": MultiResponse(variables=("uses_bus", "uses_car"), label="What do you use?")}
    drawn = sample(Table(rows, LABELS, sets), Design(weights="d"))
    margins: Margins = {
        "region": {"n": 4000.0, "s": 6000.0},
        "age": {"18-34": 3000.0, "35+": 7000.0},
    }
    return calibrate(drawn, margins)


@pytest.fixture(scope="module")
def made(people: Sample) -> Banner:
    return banner(
        people,
        [
            Question(
                variable="trust", boxes={"trusting": [2, 3]}, points={1: 0.0, 2: 5.0, 3: 10.0}
            ),
            "uses",
            Question(variable="hours", answers=Answers.NUMBER),
        ],
        ["region", "age", ("region", "age")],
        variables=LABELS,
    )


def test_every_figure_is_the_one_that_is_estimated_alone(people: Sample, made: Banner) -> None:
    trust, uses, hours = made.blocks
    for place, column in enumerate(made.columns):
        by = column.breakdown
        alone = _of(proportion(people, "trust", by=by), column.group, "3")
        cell = trust.rows[2].cells[place]
        assert cell is not None
        assert cell.estimate.value == pytest.approx(alone.value, rel=1e-12)
        assert cell.estimate.standard_error == pytest.approx(alone.standard_error, rel=1e-9)
        number = hours.rows[0].cells[place]
        assert number is not None
        assert number.estimate.value == pytest.approx(
            _of(mean(people, "hours", by=by), column.group).value, rel=1e-12
        )
    assert [row.label for row in trust.rows] == ["no", "a little", "yes", "trusting", ""]
    assert [row.label for row in uses.rows] == ["The bus", "uses_car"]
    assert (trust.label, uses.label) == ("Do you trust?", "What do you use?")


def _of(found: Estimates, group: Mapping[str, Level], level: str = "") -> Estimate:
    (only,) = [item for item in found if item.group == group and item.level == level]
    return only


def test_a_box_is_the_sum_of_its_levels_and_a_score_their_mean(made: Banner) -> None:
    rows = {row.label: row for row in made.blocks[0].rows}
    for place in range(len(made.columns)):
        no, little, yes, box, score = (
            cell.estimate.value
            for label in ("no", "a little", "yes", "trusting", "")
            if (cell := rows[label].cells[place]) is not None
        )
        assert no + little + yes == pytest.approx(1)
        assert box == pytest.approx(little + yes)
        assert score == pytest.approx(5 * little + 10 * yes)


def test_letters_go_from_column_to_column_of_one_breakdown(made: Banner) -> None:
    assert [column.letter for column in made.columns] == [
        "",
        "A",
        "B",
        "C",
        "D",
        "E",
        "F",
        "G",
        "H",
    ]
    yes = made.blocks[0].rows[2]
    marks = [cell.above if cell else None for cell in yes.cells]
    # The north trusts more, at every age; everybody is compared with nobody.
    assert marks[0] == ""
    assert marks[1:3] == ["B", ""]
    assert marks[3:5] == ["", ""]
    assert set(marks[5] or "") <= {"G", "H"}
    assert marks[5] == marks[6] == "GH"
    assert made.blocks[0].tests[("region",)].p_value < 1e-6
    assert made.blocks[0].tests[("age",)].p_value > 0.05


def test_the_nested_columns_have_the_bases_of_the_whole(made: Banner) -> None:
    bases = made.blocks[0].bases
    assert all(base is not None for base in bases)
    whole, *parts = [base for base in bases if base is not None]
    for group in (parts[:2], parts[2:4], parts[4:]):
        assert sum(base.respondents for base in group) == whole.respondents == 800
        assert sum(base.weighted for base in group) == pytest.approx(10_000)


def test_a_small_base_is_shown_by_no_export(people: Sample, tmp_path: Path) -> None:
    table = banner(people, ["trust"], ["region"], rule=BaseRule(suppress_below=300))
    frame = table.frame().filter(pl.col("group") == "n")
    assert frame["value"].is_null().all()
    assert frame["low"].is_null().all()
    assert set(frame["reliability"]) == {"too small"}
    shown = [cell.estimate.value for row in table.blocks[0].rows if (cell := row.cells[1])]
    assert not any(f"{value:.6f}" in as_json(table) for value in shown)
    assert as_html(table).count("<td>–</td>") == 3
    write(table, tmp_path / "t.xlsx")
    sheet = load_workbook(tmp_path / "t.xlsx")["Tableaux"]
    assert [row[2].value for row in sheet.iter_rows(min_row=7, max_row=7)] == ["–"]


def test_the_workbook_holds_numbers_letters_and_the_method(made: Banner, tmp_path: Path) -> None:
    write(made, tmp_path / "t.xlsx", language="en")
    book = load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["Contents", "Tables", "Method", "Data"]
    sheet = book["Tables"]
    assert sheet["B2"].value == "Everybody"
    assert sheet["C1"].value == "Region"
    # A label that begins like a formula stays a text.
    assert sheet["C2"].data_type == "s"
    assert [sheet.cell(3, place).value for place in range(3, 7)] == ["A", "B", "C", "D"]
    values = [row[1] for row in sheet.iter_rows(min_row=7, max_row=7)]
    figure = made.blocks[0].rows[0].cells[0]
    assert figure is not None
    assert values[0].value == pytest.approx(figure.estimate.value)
    assert values[0].number_format == "0.0%"
    said = [row[0].value for row in book["Method"].iter_rows()]
    assert said == notes(made, "en")
    assert book["Data"].max_row == 1 + made.frame().height


def test_the_page_and_the_data_say_how_they_were_made(made: Banner) -> None:
    page = as_html(made)
    assert page.count("<table>") == 3
    # A title wraps beside what scrolls; the box and its table have the same name.
    for block in made.blocks:
        assert f'role="region" tabindex="0" aria-label="{block.label}"' in page
        assert f"<caption><span>{block.label}</span></caption>" in page
    assert f'style="--columns: {len(made.columns)}"' in page
    assert 'scope="row"' in page
    assert "Calage : calage sur marges (raking ratio)." in page
    content = json.loads(as_json(made))
    assert content["provenance"]["standard_error"] == "linearised, residuals of the calibration"
    assert len(content["figures"]) == made.frame().height
    assert {test["breakdown"] for test in content["tests"]} == {"region", "age"}


def test_many_columns_ask_for_more_than_two_do() -> None:
    """Without the adjustment, differences of chance get letters."""
    random = np.random.Generator(np.random.PCG64(1))
    marks = {Adjustment.NONE: 0, Adjustment.HOLM: 0}
    for _ in range(20):
        rows = pl.DataFrame({"q": random.integers(0, 2, 600), "part": random.integers(0, 8, 600)})
        for adjustment in marks:
            table = banner(
                sample(rows, Design()), ["q"], ["part"], adjustment=adjustment, rule=SHOW_ALL
            )
            marks[adjustment] += any(cell and cell.above for cell in table.blocks[0].rows[0].cells)
    assert marks[Adjustment.NONE] >= 5
    assert marks[Adjustment.HOLM] <= 3


def test_a_question_by_itself_or_of_one_level_has_no_test(people: Sample) -> None:
    table = banner(people, ["trust", "region"], ["region"], over={"trust": [3]})
    assert table.blocks[0].tests == {}
    assert table.blocks[1].tests == {}
    with pytest.raises(SurveyError, match="A test needs two of each"):
        rao_scott(people, "trust", "region", over={"region": ["n"]})


def test_independence_is_that_of_r() -> None:
    """R 4.2, survey: svychisq(~sch.wide + stype, dstrat)."""
    rows = pl.read_csv(SAMPLES / "apistrat.csv")
    schools = sample(rows, Design(strata="stype", weights="pw", fpc="fpc"))
    found = rao_scott(schools, "sch.wide", "stype")
    assert found.statistic == pytest.approx(17.247444, abs=5e-7)
    assert found.degrees == pytest.approx((1.828671, 360.248286), abs=1e-6)


def test_empty_cells_are_tested_whatever_the_order_of_levels() -> None:
    """In towns of few people, interactions of answers that nobody gave are unknown."""
    random, size = np.random.Generator(np.random.PCG64(10)), 136
    town, answer = random.integers(0, 32, size), random.integers(0, 3, size)
    weight = random.uniform(0.5, 2, size)
    codes = random.permutation(32)[town], random.permutation(3)[answer]
    one, other = (
        rao_scott(
            sample(pl.DataFrame({"q": q, "town": of, "d": weight}), Design(weights="d")),
            "q",
            "town",
        )
        for of, q in ((town, answer), codes)
    )
    assert other.statistic == pytest.approx(one.statistic, rel=1e-9)
    assert other.degrees == pytest.approx(one.degrees, rel=1e-9)
    assert 40 < one.degrees[0] < 31 * 2


@given(
    st.lists(st.floats(-1, 1) | st.integers(-20_000, 20_000).map(lambda count: count / 20_000)),
    st.sampled_from(["fr", "en"]),
)
def test_shares_are_written_together_as_alone(values: list[float], language: Language) -> None:
    alone = [share(value, language) for value in values]
    assert shares(np.array(values), language).tolist() == alone


def test_what_is_kept_back_is_no_letter_of_another() -> None:
    """The letter of the last of thirty columns has two characters."""
    random = np.random.Generator(np.random.PCG64(2))
    part = np.repeat(np.arange(30), 60)
    part[-55:] = 0
    rows = pl.DataFrame({"q": random.random(1800) < np.where(part % 2, 0.9, 0.1), "part": part})
    whole = banner(sample(rows, Design()), ["q"], ["part"], adjustment=Adjustment.NONE)
    kept = protect(whole, Rules(least=10)).table
    gone = {kept.columns[place].letter for place in np.flatnonzero(kept.blocks[0].closed)}
    assert "AD" in gone
    for row, former in zip(kept.blocks[0].rows, whole.blocks[0].rows, strict=True):
        for cell, before in zip(row.cells, former.cells, strict=True):
            assert cell is not None
            assert before is not None
            left = [] if cell.hidden else before.above.split()
            assert cell.above.split() == [mark for mark in left if mark not in gone]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"questions": []}, "0 questions"),
        ({"breakdowns": ["age", "age"]}, "each breakdown once"),
        ({"questions": [Question(variable="age", answers=Answers.CHOICES)]}, "no set of columns"),
        (
            {"questions": [Question(variable="hours", answers=Answers.NUMBER, boxes={"a": [1]})]},
            "for levels",
        ),
        ({"questions": ["nothing"]}, "nothing"),
        ({"questions": [Question(variable="trust", boxes={"high": [9]})]}, "9"),
    ],
)
def test_what_makes_no_table_is_refused(
    people: Sample, asked: dict[str, list[str]], told: str
) -> None:
    request = {"questions": ["trust"], "breakdowns": ["age"], **asked}
    with pytest.raises(SurveyError, match=told):
        banner(people, request["questions"], request["breakdowns"])


NUMBERS = pl.DataFrame(
    {
        "sex": ["w", "m"] * 30,
        "hours": [7.5, 8.0, 3.0] * 20,
        "age": list(range(20, 80)),
        "year": [1900, 2000, 2100] * 20,
        "marks": list(range(40)) + [0, 39] * 10,
        "whole": [1.0, 2.0, 5.0] * 20,
    }
)


@pytest.mark.parametrize(
    ("name", "known", "answers"),
    [
        ("hours", None, Answers.NUMBER),
        ("age", None, Answers.NUMBER),
        ("year", None, Answers.LEVELS),
        ("marks", None, Answers.LEVELS),
        ("whole", None, Answers.LEVELS),
        ("sex", None, Answers.LEVELS),
        ("age", Variable(label="How old are you?"), Answers.NUMBER),
        ("hours", Variable(scale=Scale.ORDINAL), Answers.LEVELS),
        ("hours", Variable(labels={3.0: "few", 7.5: "more", 8.0: "many"}), Answers.LEVELS),
        ("year", Variable(scale=Scale.NUMERIC), Answers.NUMBER),
        ("year", Variable(missing=(2100,)), Answers.LEVELS),
    ],
)
def test_numbers_that_nothing_describes_as_levels_have_a_mean(
    name: str, known: Variable | None, answers: Answers
) -> None:
    table = Table.of(NUMBERS).describe({} if known is None else {name: known})
    people = sample(table, Design())
    (block,) = banner(people, [name], ["sex"]).blocks
    assert block.question.answers is answers
    if answers is Answers.NUMBER:
        (row,) = block.rows
        whole = row.cells[0]
        assert whole is not None
        assert whole.estimate.value == pytest.approx(mean(people, name).one().value)
    # Who wants levels asks for them.
    (asked,) = banner(people, [Question(variable=name)], ["sex"]).blocks
    assert len(asked.rows) == len(people.levels(name))


def test_moments_of_numbers_are_not_broken_into_levels_by_a_name() -> None:
    asked = banner_requests(["hours", "year"], ["sex"])
    found = moments(NUMBERS, Design(), asked)
    assert banner(found, ["year"], ["sex"]).blocks[0].question.answers is Answers.LEVELS
    with pytest.raises(SurveyError, match=r"« hours » holds numbers \(3 values\)") as refusal:
        banner(found, ["hours"], ["sex"])
    assert refusal.value.problem is SurveyProblem.REQUEST
    known = {"hours": Variable(scale=Scale.NUMERIC)}
    asked = banner_requests(["hours"], ["sex"], variables=known)
    found = moments(NUMBERS, Design(), asked, variables=known)
    ours = banner(found, ["hours"], ["sex"]).frame()
    theirs = banner(sample(Table.of(NUMBERS), Design()), ["hours"], ["sex"]).frame()
    assert_frame_equal(ours, theirs)


#: R 4.2, survey 4.1: svycontrast(svytotal(~n1 + n2 + n3 + t1 + t2 + t3, design), quote(n1 / t1 -
#: n2 / t2)), with t the members of each column and n those of them who are of stype M.
OVERLAPS = {
    "apiclus1": (
        Design(weights="pw", clusters="dnum", fpc="fpc"),
        [0.10625, 0.105263157895, 0.1],
        [0.02485066366813, 0.02957918467071, 0.02864041046680],
        [0.01328003337336, 0.01236582725562, 0.00532561437044],
    ),
    "apistrat": (
        Design(weights="pw", strata="stype", fpc="fpc"),
        [0.138954163963, 0.120322381520, 0.123469710034],
        [0.01151732336383, 0.01641410213287, 0.01689832745965],
        [0.01319894419285, 0.01336284014636, 0.00199853926821],
    ),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_columns_that_overlap_are_compared_as_by_r(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, shares, errors, of_differences = OVERLAPS[name]
    goals = MultiResponse(variables=("sch.wide", "comp.imp", "awards"), counted="Yes")
    rows = pl.read_csv(SAMPLES / f"{name}.csv", null_values=["", "NA"])
    spreads = []

    def above(
        rule: LetterRule, values: Floats, covariance: Floats, *told: Any, **given: Any
    ) -> Any:
        spreads.append(covariance)
        return compared(rule, values, covariance, *told, **given)

    compared = LetterRule.above
    monkeypatch.setattr(LetterRule, "above", above)
    table = banner(sample(Table(rows, {}, {"goals": goals}), design), ["stype"], ["goals"])
    cells = table.blocks[0].rows[2].cells[1:]
    assert [cell and cell.estimate.value for cell in cells] == pytest.approx(shares, rel=1e-9)
    assert [cell and cell.estimate.standard_error for cell in cells] == pytest.approx(
        errors, rel=1e-9
    )
    spread = next(each for each in spreads if each.shape[1:] == (3, 3))[2]
    found = [
        np.sqrt(spread[one, one] + spread[other, other] - 2 * spread[one, other])
        for one, other in ((0, 1), (0, 2), (1, 2))
    ]
    assert found == pytest.approx(of_differences, rel=1e-9)


def test_a_set_is_a_breakdown_of_those_who_chose_each_column(people: Sample) -> None:
    table = banner(
        people,
        ["trust", "uses", Question(variable="hours", answers=Answers.NUMBER)],
        ["region", "uses", ("region", "uses"), ("uses", "uses_bus")],
        variables=LABELS,
    )
    assert [(column.labels, column.letter) for column in table.columns[3:9]] == [
        (("The bus",), "C"),
        (("uses_car",), "D"),
        (("=North", "The bus"), "E"),
        (("=North", "uses_car"), "F"),
        (("South", "The bus"), "G"),
        (("South", "uses_car"), "H"),
    ]
    assert table.titles["uses"] == "What do you use?"
    trust, uses, hours = table.blocks
    # No test of independence: who is in two columns would count twice.
    assert set(trust.tests) == {("region",)}
    domains: dict[int, Domain] = {3: {"uses_bus": 1}, 8: {"uses_car": 1, "region": "s"}}
    for place, over in domains.items():
        alone = proportion(people, "trust", over=over).items[2]
        cell = trust.rows[2].cells[place]
        assert cell is not None
        assert cell.estimate.value == pytest.approx(alone.value, rel=1e-12)
        assert cell.estimate.standard_error == pytest.approx(alone.standard_error, rel=1e-9)
        assert cell.estimate.domain == {}
        number = hours.rows[0].cells[place]
        assert number is not None
        assert number.estimate.value == pytest.approx(mean(people, "hours", over=over).one().value)
    # Everybody of a column chose it: there is nothing to compare it with.
    cell = uses.rows[0].cells[3]
    assert cell is not None
    assert (cell.estimate.value, cell.estimate.standard_error, cell.above) == (1, 0, "")
    # Nobody took the bus without taking it.
    assert [base is None for base in trust.bases][9:] == [True, False, False, False]
    chosen = people.table.frame.filter(uses_bus=1).height
    assert [base and base.respondents for base in trust.bases][10] == chosen


def test_a_set_that_nobody_chose_from_is_no_breakdown() -> None:
    rows = pl.DataFrame({"q": ["a", "b"] * 20, "one": [0] * 40, "two": [0, 1] * 20})
    several = {
        "some": MultiResponse(variables=("one", "two")),
        "none": MultiResponse(variables=("one",)),
    }
    people = sample(Table(rows, {}, several), Design())
    made = banner(people, ["q"], ["some"])
    assert [base is None for base in made.blocks[0].bases] == [False, True, False]
    with pytest.raises(SurveyError, match=r"Nobody is in the domain .* with an answer to none"):
        banner(people, ["q"], ["none"])


def census(rows: pl.DataFrame) -> Sample:
    return sample(rows.with_columns(all=pl.len()), Design(fpc="all"))


def one_unit_in_each_stratum(rows: pl.DataFrame) -> Sample:
    rows = rows.with_columns(stratum=pl.int_range(pl.len()) % 3)
    return sample(rows, Design(strata="stratum", clusters="stratum", lonely=LonelyUnit.CERTAINTY))


def on_margins(rows: pl.DataFrame) -> Sample:
    crossed = {("x", "u"): 100, ("x", "v"): 200, ("y", "u"): 100, ("y", "v"): 50}
    return calibrate(sample(rows, Design()), {("q", "b"): crossed})


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        (census, "no sampling error"),
        (on_margins, "no sampling error"),
        (one_unit_in_each_stratum, "no degrees of freedom"),
    ],
)
def test_counts_without_error_or_degrees_of_freedom_have_no_test(
    drawn: Callable[[pl.DataFrame], Sample], says: str
) -> None:
    random = np.random.Generator(np.random.PCG64(7))
    rows = {"q": random.choice(["x", "y"], 120), "b": random.choice(["u", "v"], 120)}
    people = drawn(pl.DataFrame(rows))
    with pytest.raises(SurveyError, match=says):
        rao_scott(people, "q", "b")
    table = banner(people, ["q"], ["b"])
    assert table.blocks[0].tests == {}
    assert json.loads(as_json(table))


def test_a_question_that_nobody_answered_is_named() -> None:
    rows = pl.DataFrame({"q": ["a", "b"] * 20, "r": ["x", "y"] * 20, "no": [None] * 40})
    rows = rows.with_columns(late=pl.when(pl.col("r") == "x").then(pl.col("q")))
    people = sample(rows, Design())
    with pytest.raises(SurveyError, match=r"\(everybody\) with an answer to no\."):
        banner(people, ["q", "no"], [])
    with pytest.raises(SurveyError, match=r"\(r: y\) with an answer to late\."):
        banner(people, ["q", "late"], [], over={"r": ["y"]})


@pytest.mark.parametrize("census", [True, False])
def test_a_design_without_variance_has_no_test_of_independence(*, census: bool) -> None:
    """R gives F = -1e15 or so where clusters are the groups of the table."""
    rows = pl.DataFrame({"q": ["a", "b", "b"] * 40, "r": ["x"] * 70 + ["y"] * 50})
    rows = rows.with_columns(people=pl.len().over("r").cast(pl.Float64))
    design = Design(strata="r", fpc="people") if census else Design(clusters="r")
    source = sample(rows, design)
    (block,) = banner(source, ["q"], ["r"]).blocks
    assert not block.tests
    with pytest.raises(SurveyError, match="« q » by « r » have no sampling error"):
        rao_scott(source, "q", "r")


def test_infinite_degrees_of_freedom_make_a_chi_square_test() -> None:
    rows = pl.DataFrame({"q": ["a", "b", "b"] * 40, "r": ["x", "y", "y", "y"] * 30})
    found = rao_scott(sample(rows, Design(df=math.inf)), "q", "r")
    nearly = rao_scott(sample(rows, Design(df=1e9)), "q", "r")
    assert found.p_value == pytest.approx(nearly.p_value, rel=1e-6)
    table = banner(sample(rows, Design(df=math.inf)), ["q"], ["r"])
    assert json.loads(as_json(table))["tests"][0]["degrees"][1] is None


def test_the_contents_of_a_workbook_lead_to_its_questions(made: Banner, tmp_path: Path) -> None:
    write({"It's all": made, "Again": made}, tmp_path / "t.xlsx", language="en")
    book = load_workbook(tmp_path / "t.xlsx")
    contents = book["Contents"]
    assert book.active is contents is book.worksheets[0]
    lines = [[cell.value for cell in row] for row in contents.iter_rows()]
    asked = [[block.label, block.bases[0] and block.bases[0].respondents] for block in made.blocks]
    head = ["Question", "Base (respondents)"]
    assert lines == [head, ["It's all", None], *asked, ["Again", None], *asked]
    links = [str((cell := row[0]).hyperlink and cell.hyperlink.location) for row in contents]
    assert (links[1], links[2 + len(asked)]) == ("'It''s all'!A1", "'Again'!A1")
    for place, (label, _) in zip(links[2:], asked, strict=False):
        assert book["It's all"][place.partition("!")[2]].value == label


def test_a_workbook_of_one_question_needs_no_contents(people: Sample, tmp_path: Path) -> None:
    table = banner(people, ["trust"], ["region"])
    write(table, tmp_path / "t.xlsx", language="en")
    assert load_workbook(tmp_path / "t.xlsx").sheetnames == ["Tables", "Method", "Data"]


def test_sheets_are_ready_to_print(people: Sample, made: Banner, tmp_path: Path) -> None:
    shares = proportion(people, "trust", by="region")
    write({"All": made, "Shares": shares}, tmp_path / "t.xlsx", title="R & D")
    book = load_workbook(tmp_path / "t.xlsx")
    for sheet in book:
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.sheet_properties.pageSetUpPr == PageSetupProperties(fitToPage=True)
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.oddHeader.center.text == "R && D"  # type: ignore[union-attr]
    tables = book["All"]
    assert (tables.print_title_rows, tables.print_title_cols) == ("$1:$3", "$A:$A")
    assert [book[name].print_title_rows for name in ("Sommaire", "Shares", "Données")] == [
        "$1:$1"
    ] * 3


def test_errors_of_shares_are_said_to_be_in_points(people: Sample, tmp_path: Path) -> None:
    found = proportion(people, "trust", by="region")
    write(found, tmp_path / "t.xlsx", language="en")
    (head, first, *_) = load_workbook(tmp_path / "t.xlsx").worksheets[0].iter_rows()
    (place,) = [at for at, cell in enumerate(head) if cell.value == "Std. error (pt)"]
    assert first[place].value == pytest.approx(100 * (found[0].standard_error or 0))
    assert first[place].number_format == '0.0"\u00a0pt"'
    # Beside means, the head cannot say it: each error does.
    asked = Proportion(variable="trust"), Mean(variable="hours")
    write(estimate(people, *asked), tmp_path / "both.xlsx", language="en")
    rows = list(load_workbook(tmp_path / "both.xlsx").worksheets[0].iter_rows())
    place = [cell.value for cell in rows[0]].index("Std. error")
    assert [rows[at][place].number_format for at in (1, -1)] == ['0.0"\u00a0pt"', "#,##0.00"]


def test_letters_say_their_levels_and_their_adjustment(tmp_path: Path) -> None:
    rows = pl.DataFrame({"q": ["a", "b"] * 30, "r": ["x", "y", "y"] * 20})
    people = sample(rows, Design())
    table = banner(people, ["q"], ["r"], loose=0.8, adjustment=Adjustment.BH)
    capital, tests, *_ = notes(table, "en")
    assert "a capital at 95% confidence, a small letter at 80% only" in capital
    assert "Benjamini" in tests
    for kind in (".html", ".xlsx", ".json"):
        write(table, tmp_path / f"t{kind}", language="en")
    assert f"<li>{capital}</li><li>{tests}</li>" in (tmp_path / "t.html").read_text("utf-8")
    said = [row[0].value for row in load_workbook(tmp_path / "t.xlsx")["Method"].iter_rows()]
    assert said[:2] == [capital, tests]
    content = json.loads((tmp_path / "t.json").read_text("utf-8"))["results"][""]
    assert content["letters"] == f"{capital} {tests}"
    assert (content["adjustment"], content["level"], content["loose"]) == ("bh", 0.95, 0.8)
    alone = notes(banner(people, ["q"], ["r"]), "fr")
    assert "95" in alone[0]
    assert "99,9" in notes(banner(people, ["q"], ["r"], level=0.999))[0]
    assert not any("petite lettre" in line for line in alone)


@pytest.mark.parametrize("kind", [pl.Int8, pl.Int64, pl.String])
def test_labels_of_codes_for_no_answer_alone_describe_no_level(kind: Any) -> None:
    refused = "99" if kind == pl.String else 99
    frame = pl.DataFrame({"q": pl.Series([1, 2, 2, 99] * 60).cast(kind)})
    described = Variable(labels={refused: "refused"}, missing=(refused,))
    people = sample(Table(frame, {"q": described}), Design())
    found = banner(people, ["q"]).blocks[0]
    assert [head.label for head in found.heads] == ["1", "2"]
    assert found.figures.values[0].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert found.bases[0] is not None
    assert (found.bases[0].respondents, found.bases[0].missing) == (180, 60)
    told = proportion(moments([people.table.frame], Design(), [Proportion(variable="q")],
                              variables={"q": described}), "q")  # fmt: skip
    assert [item.value for item in told] == pytest.approx([1 / 3, 2 / 3])


def test_numbers_with_a_label_for_no_answer_alone_are_numbers() -> None:
    frame = pl.DataFrame({"age": [*range(18, 98), 999]})
    described = Variable(labels={999: "refused"}, missing=(999,))
    found = banner(sample(Table(frame, {"age": described}), Design()), ["age"]).blocks[0]
    assert [head.statistic.value for head in found.heads] == ["mean"]
    assert found.figures.values[0, 0] == pytest.approx(57.5)
