"""What is odd in a file of respondents, and the commands that refuse it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyreadstat
import pytest
from typer.testing import CliRunner, Result

from alliage.cli import app
from alliage.observatory.releases.files import PARTS_FILE, read_release
from alliage.observatory.respondents.anomalies import (
    TREATMENTS,
    Anomaly,
    AnomalyKind,
    Screening,
    Treatment,
    UntreatedError,
)
from alliage.observatory.respondents.screening import former_regions, opened, screen, screen_file
from alliage.observatory.respondents.wave_files import ScreeningRules, read_wave_file
from alliage.survey import Questionnaire, SurveyError, Table
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

ASKED = Questionnaire.model_validate(
    {
        "title": "A wave",
        "variables": {
            "region": {"label": "Region", "levels": {"28": "Normandie", "53": "Bretagne"}},
            "q": {"label": "Q", "levels": {"1": "yes", "2": "no"}, "missing": {"9": "refused"}},
            "mark": {
                "label": "Mark",
                "levels": {"1": "least", "10": "most"},
                "scale": "numeric",
            },
        },
    }
)


def rules(**fields: Any) -> ScreeningRules:
    return ScreeningRules.model_validate(fields)


def found_in(columns: dict[str, list[Any]], **fields: Any) -> Screening:
    return screen(Table.of(pl.DataFrame(columns)), [ASKED], rules=rules(**fields))


def only(found: Screening, kind: AnomalyKind) -> Anomaly:
    (one,) = found.of(kind)
    return one


# Codes


def test_a_clean_file_has_nothing_odd() -> None:
    found = found_in({"region": [28, 53], "q": [1, 9], "mark": [4, 10]}, region="region")
    assert found.anomalies == ()


def test_a_code_out_of_scale_is_told_with_its_row_and_what_is_allowed() -> None:
    one = only(found_in({"q": [1, 7, 9, None, 7]}), AnomalyKind.CODE)
    assert (one.column, one.rows.tolist(), one.allowed) == ("q", [1, 4], ("1", "2"))
    assert one.is_blocking
    for part in ("« q »", "« 7 »", "row 2", "2 in all", "1, 2"):
        assert part in one.message


def test_marks_between_the_labelled_ends_of_a_scale_are_marks() -> None:
    one = only(found_in({"mark": [1, 5, 10, 11]}), AnomalyKind.CODE)
    assert one.rows.tolist() == [3]


def test_a_value_without_label_in_a_file_that_labels_is_told(tmp_path: Path) -> None:
    file = tmp_path / "wave.sav"
    frame = pl.DataFrame({"q": [1, 2, 3, 4]})
    pyreadstat.write_sav(
        frame, str(file), variable_value_labels={"q": {1: "yes", 2: "no", 4: "never"}}
    )
    spec = tmp_path / "spec.yaml"
    spec.write_text("title: A wave\n", encoding="utf-8")
    one = only(screen_file(file, spec), AnomalyKind.NO_LABEL)
    assert (one.values["value"], one.values["row"]) == ("3", "3")


def test_a_scale_with_labelled_ends_only_lacks_no_label(tmp_path: Path) -> None:
    file = tmp_path / "wave.sav"
    frame = pl.DataFrame({"mark": [1, 2, 3, 4, 5]})
    pyreadstat.write_sav(frame, str(file), variable_value_labels={"mark": {1: "least", 5: "most"}})
    spec = tmp_path / "spec.yaml"
    spec.write_text("title: A wave\n", encoding="utf-8")
    assert screen_file(file, spec).anomalies == ()


@pytest.mark.parametrize("written", ["25", "Basse Normandie", "BASSE-NORMANDIE"])
def test_a_region_of_an_older_vintage_is_recognised_with_its_successor(written: str) -> None:
    asked = ASKED.model_validate(
        {
            "title": "A wave",
            "variables": {
                "region": {"label": "Region", "levels": {"28": "Normandie", "53": "Bretagne"}}
            },
        }
    )
    table = Table.of(pl.DataFrame({"region": ["53", written]}))
    one = only(screen(table, [asked], rules=rules(region="region")), AnomalyKind.REGION_VINTAGE)
    assert one.values["successor"] == "Normandie"
    assert one.values["code"] == "28"
    assert one.rows.tolist() == [1]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([53, 28, 25, 25], {"25": [2, 3]}),
        (["53", "1", "25"], {"25": [2]}),
        (["Bretagne", "Basse-Normandie"], {"Basse-Normandie": [1]}),
        # An institute that counts its regions from 1 means others.
        ([1, 21, 22, 13], {}),
    ],
)
def test_a_region_of_an_older_vintage_is_told_where_nobody_labelled_regions(
    values: list[object], told: dict[str, list[int]]
) -> None:
    found = screen(Table.of(pl.DataFrame({"region": values})), rules=rules(region="region"))
    assert {one.values["value"]: one.rows.tolist() for one in found.anomalies} == told
    assert {one.kind for one in found.anomalies} <= {AnomalyKind.REGION_VINTAGE}


def test_a_wave_of_before_2016_says_which_regions_it_had() -> None:
    regions = {"label": "Region", "levels": {"25": "Basse-Normandie", "53": "Bretagne"}}
    asked = Questionnaire.model_validate({"title": "2012", "variables": {"region": regions}})
    table = Table.of(pl.DataFrame({"region": [25, 53]}))
    assert screen(table, [asked], rules=rules(region="region")).anomalies == ()


def test_every_former_region_has_a_successor_of_today() -> None:
    today = {
        code
        for one in (data_directory() / "territories").glob("*/regions.parquet")
        for code in pl.read_parquet(one).to_series(0).to_list()
    }
    found = former_regions()
    assert len({one.code for one in found}) == len(found) == 16
    assert {one.successor for one in found} <= today
    assert not {one.code for one in found} & today


# Combinations and universes


def test_impossible_combinations_are_told_with_their_reason() -> None:
    rule = {"when": {"age": ["18_24"]}, "never": {"job": ["retired"]}, "reason": "too young"}
    found = screen(
        Table.of(
            pl.DataFrame({"age": ["18_24", "18_24", "65"], "job": ["retired", "works", "retired"]})
        ),
        rules=rules(impossible=[rule]),
    )
    one = only(found, AnomalyKind.IMPOSSIBLE)
    assert one.rows.tolist() == [0]
    assert "too young" in one.message
    assert "age 18_24" in one.message


def test_answers_outside_the_universe_and_holes_inside_it_are_told() -> None:
    found = found_in(
        {"region": [28, 28, 53, 53], "q": [1, None, 1, None]}, universes={"q": {"region": [28]}}
    )
    assert only(found, AnomalyKind.NOT_ASKED).rows.tolist() == [2]
    assert only(found, AnomalyKind.NOT_ANSWERED).rows.tolist() == [1]


# People


def test_the_same_answer_to_a_whole_battery_is_told() -> None:
    items = {f"i{place}": [3, place + 1, 3 if place else None] for place in range(6)}
    items["i5"] = [3, 6, 4]
    found = screen(
        Table.of(pl.DataFrame(items)), rules=rules(batteries={"battery": [*items]}, straight=0.8)
    )
    one = only(found, AnomalyKind.STRAIGHT_LINE)
    # All six; six different ones; four of the five that were answered.
    assert one.rows.tolist() == [0, 2]
    assert one.values["longest"] == "6"
    strict = screen(Table.of(pl.DataFrame(items)), rules=rules(batteries={"battery": [*items]}))
    assert only(strict, AnomalyKind.STRAIGHT_LINE).rows.tolist() == [0]


def test_answers_with_very_many_values_are_compared_as_well() -> None:
    draw = np.random.default_rng(1)
    columns = {f"n{at}": draw.random(9_000).tolist() for at in range(5)}
    for values in columns.values():
        values[0] = values[-1] = 2.0
    asked = Questionnaire.model_validate(
        {"title": "T", "variables": {name: {"label": name} for name in columns}}
    )
    table = Table.of(pl.DataFrame(columns))
    one = only(screen(table, [asked], rules=rules(match_questions=5)), AnomalyKind.NEAR_DUPLICATE)
    assert one.rows.tolist() == [8_999]


def test_respondents_of_one_identifier_are_told_and_all_but_the_first_excluded() -> None:
    found = found_in({"id": ["a", "b", "a", None, None], "q": [1, 2, 2, 1, 1]}, identifier="id")
    one = only(found, AnomalyKind.DUPLICATE_IDENTIFIER)
    assert one.rows.tolist() == [0, 2]
    table, done = found.treated({AnomalyKind.DUPLICATE_IDENTIFIER: Treatment.EXCLUDE})
    assert table.frame["q"].to_list() == [1, 2, 1, 1]
    assert (done[0].kind, done[0].rows, done[0].treatment) == ("duplicate_identifier", 2, "exclude")


def test_nearly_the_same_interview_is_told_of_the_later_one() -> None:
    draw = np.random.default_rng(1)
    answers = draw.integers(0, 5, (60, 30))
    answers[40] = answers[7]
    answers[40, :3] += 1
    names = [f"q{place}" for place in range(30)]
    asked = Questionnaire.model_validate(
        {"title": "T", "variables": {name: {"label": name} for name in names}}
    )
    table = Table.of(pl.DataFrame(answers, schema=names, orient="row"))
    one = only(screen(table, [asked]), AnomalyKind.NEAR_DUPLICATE)
    assert (one.rows.tolist(), one.values["other"]) == ([40], "8")
    assert screen(table, [asked], rules=rules(match=0.95)).anomalies == ()


def test_those_who_were_much_faster_than_most_are_told() -> None:
    one = only(found_in({"time": [300, 320, 90, 310, None]}, duration="time"), AnomalyKind.SPEEDER)
    assert (one.rows.tolist(), one.values["value"]) == ([2], "90")


def test_a_rule_about_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(SurveyError, match="« time »"):
        found_in({"q": [1]}, duration="time")


# Treatments


def test_an_anomaly_that_cannot_be_kept_needs_a_treatment() -> None:
    found = found_in({"q": [1, 7], "mark": [2, 3]})
    with pytest.raises(UntreatedError, match="exclude or set_missing") as caught:
        found.treated({})
    assert [one.kind for one in caught.value.anomalies] == [AnomalyKind.CODE]
    table, _ = found.treated({AnomalyKind.CODE: Treatment.SET_MISSING})
    assert table.frame["q"].to_list() == [1, None]
    assert table.frame["mark"].to_list() == [2, 3]


def test_nothing_is_dropped_by_itself() -> None:
    found = found_in({"time": [300, 310, 9], "q": [1, 1, 2]}, duration="time")
    table, done = found.treated({})
    assert table.frame.height == 3
    assert [(one.kind, one.treatment) for one in done] == [("speeder", "keep")]


def test_a_treatment_that_its_kind_does_not_admit_is_refused() -> None:
    found = found_in({"time": [300, 310, 9]}, duration="time")
    with pytest.raises(UntreatedError, match="speeder"):
        found.treated({AnomalyKind.SPEEDER: Treatment.SET_MISSING})


def test_a_sample_is_not_emptied() -> None:
    with pytest.raises(SurveyError, match="Every respondent"):
        found_in({"q": [7, 7]}).treated({AnomalyKind.CODE: Treatment.EXCLUDE})


def test_every_kind_says_what_may_be_done() -> None:
    assert set(TREATMENTS) == set(AnomalyKind)


def test_the_example_of_the_guide_is_a_file_of_checks(tmp_path: Path) -> None:
    guide = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "publier-une-vague.md"
    blocks = guide.read_text(encoding="utf-8").split("```yaml\n")[1:]
    example = next(one.split("```")[0] for one in blocks if one.startswith("screening:"))
    file = tmp_path / "checks.yaml"
    file.write_text(example, encoding="utf-8")
    read_back = read_wave_file(file)
    assert read_back.screening.identifier == "id"
    assert len(read_back.screening.impossible) == 1
    assert read_back.breakdowns["zone"].label_en == "Area"


def test_the_breakdowns_that_are_shipped_are_those_of_the_study() -> None:
    folder = data_directory() / "observatory"
    names = read_wave_file(folder / "breakdowns.yaml").breakdowns
    assert set(names) == {"region", "age", "sex", "town_size", "socio"}
    assert len(names["region"].levels) == 12
    assert set(names["age"].levels) == {"18_24", "25_34", "35_49", "50_64", "65_plus"}


# Commands: the bad input of a wave. Nothing is published then.

SPEC = """
title: A wave
design: {weights: w}
data:
  variables:
    region: {label: Region, levels: {'28': Normandie, '53': Bretagne, '11': Île-de-France}}
    q: {label: Q, levels: {'1': 'yes', '2': 'no'}}
calibrations: [{name: weight, margins: {region: {'28': 400, '53': 600}, sex: {f: 520, m: 480}}}]
tables: [{name: t, questions: [q], breakdowns: [region, sex]}]
"""
CHECKS = "screening: {region: region}\n"


def rows(**columns: dict[int, Any]) -> pl.DataFrame:
    """Return respondents of whom some cells are changed, by row counted from 1."""
    draw = np.random.default_rng(5)
    found: dict[str, list[Any]] = {
        "region": draw.choice([28, 53], 300).tolist(),
        "sex": draw.choice(["f", "m"], 300).tolist(),
        "w": draw.uniform(1, 2, 300).round(3).tolist(),
        "q": draw.choice([1, 2], 300).tolist(),
    }
    for name, cells in columns.items():
        for row, value in cells.items():
            found[name][row - 1] = value
    return pl.DataFrame(found, strict=False)


def released(folder: Path, frame: pl.DataFrame | Path, *more: str, spec: str = SPEC) -> Result:
    file = frame
    if isinstance(frame, pl.DataFrame):
        file = folder / "wave.csv"
        frame.write_csv(file)
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    (folder / "checks.yaml").write_text(CHECKS, encoding="utf-8")
    return CliRunner().invoke(
        app,
        [
            "observatory", "release", str(file), "--spec", str(folder / "spec.yaml"),
            "--checks", str(folder / "checks.yaml"), "--study", "s", "--wave", "w",
            "--population", "citizen", "--out", str(folder / "out"), *more,
        ],
        catch_exceptions=False,
    )  # fmt: skip


def assert_nothing_published(folder: Path) -> None:
    left = {path.name for path in folder.iterdir()}
    assert left <= {"wave.csv", "wave.sav", "spec.yaml", "checks.yaml"}


def test_a_sound_file_is_released_whole(tmp_path: Path) -> None:
    result = released(tmp_path, rows(), "--synthetic")
    assert result.exit_code == 0, result.output
    assert "SYNTHETIC" in result.output
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {PARTS_FILE, "tables.xlsx", "tables.html"}
    release = read_release(out)
    assert release.head.synthetic
    assert (
        json.loads((out / PARTS_FILE).read_text(encoding="utf-8"))["fingerprint"] in result.output
    )
    assert "synthétiques" in (out / "tables.html").read_text(encoding="utf-8")
    again = released(tmp_path, rows())
    assert again.exit_code == 2
    assert "exists already" in again.output
    assert released(tmp_path, rows(), "--force").exit_code == 0


def test_invented_respondents_are_not_released_as_real_ones(tmp_path: Path) -> None:
    invented = rows().with_columns(synthetic=1)
    result = released(tmp_path, invented)
    assert result.exit_code == 1
    assert "« synthetic »" in result.output
    assert_nothing_published(tmp_path)
    assert released(tmp_path, invented, "--synthetic").exit_code == 0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"q": {7: 5}}, ("code", "« q »", "row 7", "« 5 »", "1, 2")),
        ({"w": {4: 0}}, ("« w »", "0.0", "row 4", "above 0")),
        ({"w": {5: -1}}, ("« w »", "-1.0", "row 5", "above 0")),
        ({"w": {6: None}}, ("« w »", "missing", "row 6")),
        ({"region": {9: 25}}, ("region_vintage", "Basse-Normandie", "Normandie (28)", "row 9")),
        ({"region": {9: 11}}, ("margin_unknown", "« region »", "« 11 »", "row 9")),
    ],
)
def test_a_bad_cell_is_named_with_its_row(
    tmp_path: Path, cells: dict[str, dict[int, Any]], said: tuple[str, ...]
) -> None:
    result = released(tmp_path, rows(**cells))
    assert result.exit_code == 1
    for part in said:
        assert part in result.output
    assert_nothing_published(tmp_path)


def test_a_margin_that_does_not_sum_is_named(tmp_path: Path) -> None:
    result = released(tmp_path, rows(), spec=SPEC.replace("m: 480", "m: 500"))
    assert result.exit_code == 1
    for part in ("margin_sum", "« sex »", "1020", "« region »", "1000"):
        assert part in result.output
    assert_nothing_published(tmp_path)


def test_a_category_without_respondents_is_named(tmp_path: Path) -> None:
    result = released(tmp_path, rows(), spec=SPEC.replace("'53': 600}", "'53': 500, '11': 100}"))
    assert result.exit_code == 1
    for part in ("margin_empty", "« region »", "« 11 »", "100"):
        assert part in result.output
    assert_nothing_published(tmp_path)


def test_a_wrong_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wave.csv"
    file.write_bytes("region,sex,w,q\n28,f,1,1\n53,é,1,2\n".encode("latin-1"))
    result = released(tmp_path, file)
    assert result.exit_code == 1
    for part in ("wave.csv", "Line 3", "encoding"):
        assert part in result.output
    assert_nothing_published(tmp_path)


@pytest.mark.parametrize("content", [b"$FL2 nothing else", b""])
def test_an_unreadable_spss_file_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "wave.sav"
    file.write_bytes(content)
    result = released(tmp_path, file)
    assert result.exit_code == 1
    assert "wave.sav" in result.output
    assert_nothing_published(tmp_path)


def test_a_chosen_treatment_is_applied_and_told_in_the_release(tmp_path: Path) -> None:
    frame = rows(q={7: 5}, w={4: 0})
    result = released(tmp_path, frame, "--treat", "code=set_missing", "--treat", "weight=exclude")
    assert result.exit_code == 0, result.output
    told = read_release(tmp_path / "out").head
    assert {(one.kind, one.rows, one.treatment) for one in told.provenance.screening} == {
        ("code", 1, "set_missing"),
        ("weight", 1, "exclude"),
    }
    assert told.weighting.respondents == 299


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--treat", "code"), "KIND=TREATMENT"),
        (("--treat", "code=keep_it"), "KIND=TREATMENT"),
        (("--former", "nowhere.json"), "nowhere.json"),
        (("--population", "everybody"), "citizen"),
    ],
)
def test_a_wrong_command_is_told(tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    result = released(tmp_path, rows(), *more)
    assert result.exit_code == 2
    assert said in result.output
    assert_nothing_published(tmp_path)


def test_every_problem_of_the_specification_is_told_with_its_line(tmp_path: Path) -> None:
    spec = SPEC.replace("questions: [q]", "questions: [nothing]")
    result = released(tmp_path, rows(), spec=spec)
    assert result.exit_code == 2
    assert "line 9" in result.output
    assert "« nothing »" in result.output
    assert_nothing_published(tmp_path)


def test_one_person_less_publishes_nothing(tmp_path: Path) -> None:
    assert released(tmp_path, rows()).exit_code == 0
    (tmp_path / "out").rename(tmp_path / "first")
    former = ("--former", str(tmp_path / "first" / PARTS_FILE))
    result = released(tmp_path, rows()[1:], *former)
    assert result.exit_code == 1
    assert "differ too little" in result.output
    assert not (tmp_path / "out").exists()
    assert released(tmp_path, rows(), *former).exit_code == 0


def test_screen_lists_what_it_finds_and_ends_with_1_if_it_blocks(tmp_path: Path) -> None:
    def screened(frame: pl.DataFrame) -> Result:
        frame.write_csv(tmp_path / "wave.csv")
        (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
        spec = str(tmp_path / "spec.yaml")
        return CliRunner().invoke(
            app, ["observatory", "screen", str(tmp_path / "wave.csv"), "--spec", spec]
        )

    clean, odd = screened(rows()), screened(rows(q={3: 8}))
    assert (clean.exit_code, clean.output.strip()) == (0, "Nothing odd was found.")
    assert odd.exit_code == 1
    assert "row 3" in odd.output


def test_a_file_with_faults_in_its_specification_is_not_opened(tmp_path: Path) -> None:
    rows().write_csv(tmp_path / "wave.csv")
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    found = screen_file(tmp_path / "wave.csv", spec)
    study, done = opened(found, spec, {})
    assert (study.table.frame.height, done) == (300, ())
    spec.write_text(SPEC.replace("weights: w", "weights: nothing"), encoding="utf-8")
    with pytest.raises(InvalidFilesError, match="nothing"):
        opened(screen_file(tmp_path / "wave.csv", spec), spec, {})


def test_numbers_are_screened_by_the_ranges_of_their_question() -> None:
    asked = Questionnaire.model_validate(
        {
            "title": "A wave",
            "variables": {
                "q": {"label": "Q?", "levels": {"1": "a"}, "missing_ranges": [{"max": -1}]},
                "age": {
                    "label": "Age",
                    "missing": {"0": "not said"},
                    "missing_ranges": [{"min": 900}],
                    "valid_ranges": [{"min": 18, "max": 99}],
                },
            },
        }
    )
    frame = pl.DataFrame({"q": [1, -1, -9, None, 1], "age": [18, 0, 999, None, 120]})
    one = only(screen(Table.of(frame), [asked]), AnomalyKind.CODE)
    assert (one.column, one.rows.tolist(), one.allowed) == ("age", [4], ("from 18 to 99",))
