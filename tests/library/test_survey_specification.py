"""The specification of a survey: what it asks is done, and what is wrong in it is told by line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml

from alliage.survey import (
    Design,
    SurveyError,
    SurveyProblem,
    Table,
    calibrate,
    compare,
    mean,
    open_study,
    proportion,
    rank,
    read,
    read_specification,
    sample,
    top_box,
)
from alliage.survey.study.specification_page import document
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
EXAMPLE = REFERENCE / "survey-example"

ROWS = pl.DataFrame(
    {
        "region": ["N", "N", "S", "S"] * 25,
        "sex": ["F", "M"] * 50,
        "wave": [1] * 40 + [2] * 60,
        "q1": [1, 2, 3, 3, 2] * 20,
        "income": [10.5, 20.0, 30.0, 15.0, 22.0] * 20,
        "a": [1, 0] * 50,
        "b": [0, 1, 1, 0] * 25,
        "d": [1.0, 2.0] * 50,
        "rep1": [2.0, 2.0] * 50,
        "rep2": [1.0, 3.0] * 50,
    }
)
BEGIN = """\
title: Test
data:
  variables:
    q1: {label: Satisfied?, levels: {1: 'no', 2: a little, 3: 'yes'}}
  sets:
    uses: {label: What do you use?, variables: [a, b]}
"""


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, begin: str = BEGIN) -> Path:
        path = tmp_path / "spec.yaml"
        path.write_text(begin + text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.parquet"
    ROWS.write_parquet(path)
    return path


def test_the_example_of_the_documentation_gives_what_functions_give() -> None:
    study = open_study(EXAMPLE / "answers.csv", EXAMPLE / "specification.yaml")
    margins: dict[int, dict[str, dict[str, float]]] = {}
    for wave, variable, level, total in read(EXAMPLE / "margins.csv").frame.iter_rows():
        margins.setdefault(wave, {}).setdefault(variable, {})[level] = total
    fit = calibrate(
        sample(study.table, Design(weights="poids", strata="region")),
        margins,
        per="vague",
        bounds=(0.3, 3),
    )
    assert study.sample().weights == pytest.approx(fit.weights, rel=1e-12)
    trusting = top_box(fit, "confiance", [3, 4], by=["vague", "region"])
    assert study.estimates("confiance").frame().drop("reliability").equals(trusting.frame())
    (alone,) = [
        item
        for item in proportion(fit, "confiance", by="region")
        if item.group == {"region": "Sud"} and item.level == "4"
    ]
    block = study.banner("Principal").blocks[0]
    cell = block.rows[3].cells[5]
    assert cell is not None
    assert cell.estimate.value == pytest.approx(alone.value)
    assert cell.estimate.standard_error == pytest.approx(alone.standard_error)
    rule = study.estimates("confiance").rule
    expected = compare(trusting, across="vague", reference=2024, rule=rule)
    assert study.comparisons("D’une vague à l’autre").frame().equals(expected.frame())
    assert len(study.trends("Confiance")) == 3
    over = {"vague": 2026}
    notes = [mean(fit, f"note_{name}", over=over).one().value for name in ("parcs", "bus")]
    ranked = {item.name: item for item in study.ranking("Services").items}
    assert [ranked[f"note_{name}"].estimate for name in ("parcs", "bus")] == pytest.approx(notes)
    assert ranked["note_parcs"].rank == 1
    assert study.ranking("Services").frame().equals(rank(study.estimates("notes"), first=2).frame())
    assert set(study.protected()) == {"Principal", "Dernière vague"}
    assert study.with_weights().frame["poids_cale"].sum() == pytest.approx(14_100)


def test_the_page_of_the_specification_is_that_of_the_model() -> None:
    page = (REFERENCE / "survey-specification.md").read_text(encoding="utf-8")
    assert page == document(), (
        "Run: python -m alliage.survey.study.specification_page "
        "> docs/reference/survey-specification.md"
    )
    shortest = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert shortest is not None
    assert yaml.safe_load(shortest[1])["title"] == "My survey"


def test_the_specification_of_the_guide_is_sound(tmp_path: Path) -> None:
    guide = REFERENCE.parent / "how-to" / "analyser-une-enquete.md"
    blocks = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for text in blocks:
        path = tmp_path / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        study = open_study(EXAMPLE / "answers.csv", path)
        assert len(study.banner("Principal").blocks) == 1


def test_a_name_that_was_not_asked_is_refused() -> None:
    study = open_study(EXAMPLE / "answers.csv", EXAMPLE / "specification.yaml")
    for method in (study.banner, study.estimates, study.comparisons, study.trends, study.ranking):
        with pytest.raises(SurveyError, match="asks for no « x »"):
            method("x")
    with pytest.raises(SurveyError, match="It asks for: poids_cale"):
        study.sample("x")


def test_margins_may_be_inline_crossed_and_several(asked: Callable[..., Path]) -> None:
    text = """\
design: {weights: d, strata: region}
calibrations:
  - name: first
    margins: {region: {N: 300, S: 200}, q1: {1: 100, 2: 200, 3: 200}}
  - name: second
    method: linear
    margins:
      region * sex: {N * F: 100, N * M: 150, S * F: 120, S * M: 130}
      income: 9900
  - name: third
    per: wave
    shares: true
    population: {1: 40, 2: 600}
    margins: {1: {sex: {F: 0.5, M: 0.5}}, 2: {sex: {F: 0.6, M: 0.4}}}
estimates:
  - {name: all, statistic: mean, variables: income}
  - {name: unweighted, statistic: mean, variables: income, weights: design}
"""
    study = open_study(Table.of(ROWS), asked(text, "title: Test\n"))
    drawn = sample(ROWS, Design(weights="d", strata="region"))
    levels = {"region": {"N": 300, "S": 200}, "q1": {1: 100, 2: 200, 3: 200}}
    assert study.weights == ("first", "second", "third")
    assert study.sample("first").weights == pytest.approx(calibrate(drawn, levels).weights)
    crossed = {
        ("region", "sex"): {("N", "F"): 100, ("N", "M"): 150, ("S", "F"): 120, ("S", "M"): 130}
    }
    second = calibrate(drawn, {**crossed, "income": 9900.0}, method="linear")
    assert study.sample("second").weights == pytest.approx(second.weights)
    women = (ROWS["sex"] == "F") & (ROWS["wave"] == 2)
    assert study.sample("third").weights[women.to_numpy()].sum() == pytest.approx(360)
    value = study.estimates("all").one().value
    assert value == pytest.approx(mean(calibrate(drawn, levels), "income").one().value)
    assert study.estimates("unweighted").one().value == pytest.approx(
        mean(drawn, "income").one().value
    )
    frame = study.with_weights().frame
    assert {"first", "second", "third"} <= set(frame.columns)


def test_replicates_are_named_by_how_they_begin(asked: Callable[..., Path]) -> None:
    text = """\
design: {weights: d, replicates: {columns: rep*, kind: JK1}, df: infinite}
estimates: [{name: all, statistic: proportion, variables: [q1, region], by: sex}]
"""
    study = open_study(Table.of(ROWS), asked(text, "title: Test\n"))
    assert study.design.replicates is not None
    assert study.design.replicates.columns == ("rep1", "rep2")
    assert study.design.df == float("inf")
    assert len(study.estimates("all")) == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "design: {weight: d}",
            (
                "line 7, design, weight: « weight » is no key here (did you mean "
                "« weights »?). The keys are: weights, strata"
            ),
        ),
        ("design: {weights: dd}", "line 7, design, weights: there is no column « dd » in the data"),
        ("design: {lonely: ignore}", "« ignore » is not allowed. Write 'fail', 'certainty'"),
        ("design: {df: few}", "line 7, design, df: « few » is no rule. Write psu-strata"),
        ("design: {strata: [region, zone]}", "line 7, design, strata, entry 2: there is no column"),
        (
            "design:\n  replicates: {columns: w*, kind: BRR}",
            "line 7, design: 1 replicate was given",
        ),
        (
            "design:\n  replicates: {columns: zz*, kind: BRR}",
            "line 8, design, replicates, columns, entry 1: no column of the data is called like",
        ),
        ("data: {encoding: klingon}", "« data » is written twice"),
        (
            "calibrations:\n  - margins: {sex: {F: 1, M: 1}}\n    bounds: [3, 0.3]",
            "line 9, calibrations, entry 1, bounds: The bounds are 3.0 and 0.3. Give",
        ),
        (
            "calibrations:\n  - margins: {sex: {F: 1, M: 1}}\n    method: logit",
            "line 8, calibrations, entry 1, bounds: The logit distance needs bounds. Give",
        ),
        (
            "calibrations:\n  - margins: {sex: {F: 1, M: 1}}\n    max_design_effect: 0.5",
            "line 9, calibrations, entry 1, max_design_effect: A design effect of 0.5 is not",
        ),
        ("calibrations:\n  - {name: w}", "margins are given nowhere. Write `margins`, or"),
        (
            "calibrations:\n  - margins: {region: {N: few}}",
            ("line 8, calibrations, entry 1, margins, region, N: « few » is no number"),
        ),
        (
            "calibrations:\n  - margins: {region: {North: 1, S: 2}}",
            "« North » is no level of « region ». The levels are: N, S.",
        ),
        ("calibrations:\n  - margins: {regions: {N: 1, S: 2}}", "(did you mean « region »?)"),
        (
            "calibrations:\n  - margins: {region * sex: {N: 1}}",
            "« N » is no level of « region * sex",
        ),
        ("calibrations:\n  - margins_file: nowhere.csv", "There is no file « nowhere.csv »"),
        ("calibrations:\n  - {margins: {sex: {F: 1, M: 1}}, per: wave}", "levels are: 1, 2"),
        (
            "calibrations:\n  - {name: design, margins: {sex: {F: 1, M: 1}}}",
            "« design » is given twice",
        ),
        (
            "tables:\n  - name: t\n    questions: [q1]\n    breakdowns: [regionn]",
            (
                "line 10, tables, entry 1, breakdowns, entry 1: there is no column « regionn » in "
                "the data (did you mean « region »?)"
            ),
        ),
        (
            (
                "tables:\n  - name: t\n    questions:\n      - variable: q1\n"
                "        boxes: {high: [3, 4]}"
            ),
            "line 11, tables, entry 1, questions, entry 1, boxes, high, entry 2: « 4 » is no level",
        ),
        ("tables: [{name: t, questions: [q1], over: {sex: X}}]", "« X » is no level of « sex »"),
        ("tables: [{name: t, questions: []}]", "questions"),
        (
            "tables: [{name: t, questions: [q1], weights: other}]",
            "« other » names none of the weights. They are: design.",
        ),
        (
            "tables: [{name: t, questions: [q1]}, {name: t, questions: [q1]}]",
            "« t » is given twice",
        ),
        ("estimates: [{name: e, statistic: ratio, variables: a}]", "« ratio » needs `denominator`"),
        (
            "estimates: [{name: e, statistic: mean, variables: a, levels: [1]}]",
            "estimates, entry 1, levels: « mean » does not take `levels`. Remove it.",
        ),
        (
            "estimates: [{name: e, statistic: choices, variables: uses, base: answered}]",
            "Write respondents or responses",
        ),
        ("estimates: [{name: e, statistic: choices, variables: us}]", "(did you mean « uses »?)"),
        ("estimates: [{name: e, statistic: average, variables: a}]", "« average » is not allowed"),
        ("ranks: [{name: r, estimate: nothing}]", "« nothing » names none of the estimates"),
        (
            (
                "estimates: [{name: e, statistic: mean, variables: a, by: sex}]\n"
                "comparisons: [{name: c, estimate: e, across: region}]"
            ),
            "line 8, comparisons, entry 1, across: « region » names none of the variables",
        ),
        (
            (
                "estimates: [{name: e, statistic: mean, variables: a, by: wave}]\n"
                "trends: [{name: c, estimate: e, wave: wave, breaks: {3: new wording}}]"
            ),
            "« 3 » is no level of « wave »",
        ),
        (
            (
                "estimates:\n  - {name: e, statistic: net_score, variables: q1, positive: [2, 3], "
                "negative: ['2']}"
            ),
            "line 8, estimates, entry 1, negative: « net_score » has on both sides `2`. Keep each",
        ),
        ("language: de", "« de » is not allowed"),
        ("protection: {least: 0}", "line 7, protection, least: « 0 » cannot be used"),
    ],
)
def test_what_is_wrong_is_told_by_line(
    asked: Callable[..., Path], answers: Path, text: str, told: str
) -> None:
    path = asked(text)
    with pytest.raises(InvalidFilesError) as caught:
        open_study(answers, path)
    message = str(caught.value)
    assert told in message, message
    assert "spec.yaml: line " in message


def test_all_that_is_wrong_is_told_at_once(asked: Callable[..., Path], answers: Path) -> None:
    text = "design: {weights: x, strata: y}\ntables: [{name: t, questions: [z], breakdowns: [q1]}]"
    with pytest.raises(InvalidFilesError) as caught:
        open_study(answers, asked(text))
    places = [problem.place.split(",")[0] for problem in caught.value.problems]
    assert places == ["line 7", "line 7", "line 8"]


@pytest.mark.parametrize("place", range(12))
def test_a_misspelt_key_is_told_at_its_line(asked: Callable[..., Path], place: int) -> None:
    lines = (EXAMPLE / "specification.yaml").read_text(encoding="utf-8").splitlines()
    first = lines.index("design:")
    inside = [
        number
        for number, line in enumerate(lines)
        if number >= first and re.match(r" {0,4}(- )?[a-z_]{4,}:", line)
    ]
    number = inside[place * len(inside) // 12]
    lines[number] = re.sub(r"([a-z_]{4,}):", r"\1x:", lines[number], count=1)
    with pytest.raises(InvalidFilesError) as caught:
        read_specification(asked("\n".join(lines), ""))
    assert f"line {number + 1}" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "variable,level,total\nregion,N,300\n\nregion,S,few\n",
            (
                "1 problem found, nothing was loaded:\n- spec.yaml: line 8, calibrations, entry 1, "
                "margins_file: line 4 of « m.csv » has no number as a total"
            ),
        ),
        ("variable,level\nregion,N\n", "Give it the columns variable, level, total"),
        ("variable,level,total\n,N,3\nregion,S,4\n", "line 2 of « m.csv » has no variable"),
        ("variable,level,total\nregion,Q,3\n", "« Q » is no level of « region »"),
        ("variable,level,total\nregion,N\n", "is cut"),
        ("variable,level,total\nregion,N,3\nregion,S,4\nregion,,7\n", "line 4 of « m.csv » gives"),
        ("variable,level,total\nq1,,7\nq1,1,3\n", "line 3 of « m.csv » gives « q1: 1 », which"),
        (
            "variable,level,total\nregion,N,3\nregion,S,4\nregion,N,5\n",
            "gives « region: N », which",
        ),
        ("variable,level,total\nincome,,7\nincome,,3\n", "gives « income », which lines above"),
    ],
)
def test_margins_of_a_file_are_told_by_row(
    asked: Callable[..., Path], answers: Path, tmp_path: Path, content: str, told: str
) -> None:
    (tmp_path / "m.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidFilesError, match="line 8") as caught:
        open_study(answers, asked("calibrations:\n  - margins_file: m.csv"))
    assert told in str(caught.value)


def test_margins_of_a_file_are_those_of_the_specification(
    asked: Callable[..., Path], tmp_path: Path
) -> None:
    text = "variable;level;total\nregion * sex;N * F;10\nregion * sex;N * M;20\n"
    text += "region * sex;S * F;30\nregion * sex;S * M;40\nincome;;1900,5\n"
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    spec = "calibrations: [{margins_file: m.csv, method: linear}]"
    weights = open_study(Table.of(ROWS), asked(spec, "title: T\n")).sample().weights
    assert weights.sum() == pytest.approx(100)
    assert weights @ ROWS["income"].to_numpy() == pytest.approx(1900.5)


def test_a_refusal_of_the_data_names_the_part_that_asked(
    asked: Callable[..., Path], answers: Path
) -> None:
    study = open_study(answers, asked("calibrations:\n  - margins: {region: {N: 300}}"))
    with pytest.raises(SurveyError) as caught:
        study.sample()
    assert caught.value.problem is SurveyProblem.MARGIN_UNKNOWN
    assert caught.value.__notes__ == ["spec.yaml: line 8, calibrations, entry 1"]


def test_answers_that_the_questionnaire_does_not_foresee_name_the_specification(
    asked: Callable[..., Path], answers: Path
) -> None:
    begin = BEGIN.replace(", 3: 'yes'", "")
    with pytest.raises(SurveyError, match="none of its levels") as caught:
        open_study(answers, asked("", begin))
    assert caught.value.__notes__ == ["spec.yaml: line 4, data, variables, q1"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "q1:",
            "q11:",
            "line 4, data, variables, q11: there is no column « q11 » in the data (did",
        ),
        ("{1: 'no'", "{x: 'no'", "line 4, data, variables, q1: The code « x » of « q1 » is not"),
        ("[a, b]", "[a, bb]", "line 6, data, sets, uses: there is no column « bb » in the data"),
    ],
)
def test_a_question_that_is_not_in_the_data_is_told_by_line(
    asked: Callable[..., Path], answers: Path, old: str, new: str, told: str
) -> None:
    assert old in BEGIN
    with pytest.raises(InvalidFilesError) as caught:
        open_study(answers, asked("", BEGIN.replace(old, new)))
    assert told in str(caught.value)


def test_a_questionnaire_may_stand_beside(
    asked: Callable[..., Path], answers: Path, tmp_path: Path
) -> None:
    (tmp_path / "q.yaml").write_text(
        "title: Q\nvariables:\n  sex: {label: Sex, levels: {F: Women, M: Men, X: Other}}\n",
        encoding="utf-8",
    )
    begin = "title: T\ndata:\n  questionnaire: q.yaml\n"
    study = open_study(answers, asked("tables: [{name: t, questions: [sex]}]", begin))
    assert [row.label for row in study.banner("t").blocks[0].rows] == ["Women", "Men", "Other"]
    (tmp_path / "q.yaml").write_text(
        "title: Q\nvariables:\n  sexe: {label: Sex, levels: {F: Women, M: Men}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidFilesError, match=r"q\.yaml: line 3, variables, sexe") as caught:
        open_study(answers, asked("", begin))
    assert "did you mean « sex »?" in str(caught.value)


def test_a_question_is_made_as_what_it_is(asked: Callable[..., Path], answers: Path) -> None:
    begin = BEGIN + "    more: {label: More, variables: [a, b]}\n"
    begin = begin.replace("  sets:", "    income: {label: Income, scale: numeric}\n  sets:")
    study = open_study(answers, asked("tables: [{name: t, questions: [q1, uses, income]}]", begin))
    kinds = [block.question.answers.value for block in study.banner("t").blocks]
    assert kinds == ["levels", "choices", "number"]


def test_numbers_that_nothing_describes_are_numbers_unless_their_levels_are_named(
    asked: Callable[..., Path], answers: Path
) -> None:
    points = "{variable: income, points: {10.5: 0, 20.0: 1}}"
    study = open_study(answers, asked(f"tables: [{{name: t, questions: [income, {points}]}}]"))
    number, levels = study.banner("t").blocks
    kinds = (number.question.answers.value, levels.question.answers.value)
    assert kinds == ("number", "levels")
    assert [len(block.rows) for block in (number, levels)] == [1, 6]


def test_a_set_is_a_breakdown(asked: Callable[..., Path], tmp_path: Path) -> None:
    rows = pl.DataFrame({"bus": [1, 0, 1, 1], "car": [0, 1, 1, 0], "sex": ["w", "m", "m", "w"]})
    rows.write_parquet(tmp_path / "uses.parquet")
    text = (
        "title: t\ndata: {sets: {uses: {label: Uses, variables: [bus, car]}}}\n"
        "tables: [{name: t, questions: [sex], breakdowns: [%s]}]"
    )
    for written, breakdown in (("uses", ("uses",)), ("uses * sex", ("uses", "sex"))):
        study = open_study(tmp_path / "uses.parquet", asked(text % written, ""))
        assert {one.breakdown for one in study.banner("t").columns} == {(), breakdown}
    with pytest.raises(InvalidFilesError, match=r"« use ».*did you mean « uses »"):
        open_study(tmp_path / "uses.parquet", asked(text % "use", ""))
    with pytest.raises(InvalidFilesError, match="there is no column « uses »"):
        open_study(
            tmp_path / "uses.parquet",
            asked(text % "sex" + "\ncalibrations: [{name: c, margins: {uses: {a: 1}}}]", ""),
        )


def test_estimates_are_broken_down_by_a_set(asked: Callable[..., Path], answers: Path) -> None:
    text = (
        "estimates: [{name: e, statistic: mean, variables: income, by: [uses, sex]}]\n"
        "comparisons: [{name: c, estimate: e, across: uses, reference: %s}]"
    )
    study = open_study(answers, asked(text % "b"))
    expected = mean(study.sample(), "income", by=("uses", "sex"))
    found = study.estimates("e")
    assert found.names() == expected.names()
    assert [one.value for one in found] == [one.value for one in expected]
    assert {(one.first, one.second) for one in study.comparisons("c")} == {("a", "b")}
    with pytest.raises(InvalidFilesError, match=r"spec\.yaml.*« bb ».*did you mean « b »"):
        open_study(answers, asked(text % "bb"))
    with pytest.raises(InvalidFilesError, match=r"« use ».*did you mean « uses »"):
        open_study(answers, asked((text % "b").replace("[uses, sex]", "[use, sex]")))


def test_one_name_or_one_number_does_where_a_list_is_due(asked: Callable[..., Path]) -> None:
    short = read_specification(
        asked(
            "tables:\n  - {name: t, questions: q1, breakdowns: sex}\n"
            "  - {name: u, questions: [{variable: q1, boxes: {high: 3}}], over: {wave: 2}}\n"
            "estimates:\n"
            "  - {name: e, statistic: quantile, variables: income, probabilities: 0.5}\n"
            "  - {name: f, statistic: net_score, variables: q1, positive: 3, negative: 1}\n"
        )
    )
    long = read_specification(
        asked(
            "tables:\n  - {name: t, questions: [q1], breakdowns: [sex]}\n"
            "  - {name: u, questions: [{variable: q1, boxes: {high: [3]}}], over: {wave: [2]}}\n"
            "estimates:\n"
            "  - {name: e, statistic: quantile, variables: [income], probabilities: [0.5]}\n"
            "  - {name: f, statistic: net_score, variables: [q1], positive: [3], negative: [1]}\n"
        )
    )
    assert short == long


@pytest.mark.parametrize("text", ["&a [*a]", "title: T\ntables: &a [*a]", "title: &a {b: *a}"])
def test_a_part_that_holds_itself_is_refused(asked: Callable[..., Path], text: str) -> None:
    with pytest.raises(InvalidFilesError, match="Circular reference"):
        read_specification(asked(text, ""))


def test_what_only_looks_like_a_date_is_told(asked: Callable[..., Path]) -> None:
    assert read_specification(asked("title: 2026-13-45", "")).title == "2026-13-45"
    text = "title: T\nestimates: [{name: e, statistic: mean, variables: x, over: {d: 2026-13-45}}]"
    days = pl.DataFrame({"x": [1, 2], "d": [date(2026, 1, 1), date(2026, 2, 1)]})
    with pytest.raises(InvalidFilesError, match="« 2026-13-45 » is no level of « d »"):
        open_study(Table.of(days), asked(text, ""))
