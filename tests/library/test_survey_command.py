"""The command ``alliage survey``."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from alliage.cli import app
from alliage.cli.console import console, errors
from alliage.survey import Study, open_study, read, read_ddi
from alliage.survey.publishing.respondent_files import KINDS as RESPONDENT_KINDS
from alliage.survey.publishing.result_files import KINDS

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "survey-example"
ANSWERS, SPEC = EXAMPLE / "answers.csv", EXAMPLE / "specification.yaml"
COMMANDS = ("describe", "weight", "table", "compare", "rank", "protect")


def run(*arguments: object, width: int = 100) -> Result:
    # A console takes the width of the screen where its process began.
    with pytest.MonkeyPatch.context() as patched:
        for each in (console, errors):
            patched.setattr(each, "width", width)
        return CliRunner().invoke(app, ["survey", *map(str, arguments)], catch_exceptions=False)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def spec_of(folder: Path, old: str, new: str) -> Path:
    """Return the example's specification with one change."""
    text = SPEC.read_text(encoding="utf-8")
    assert old in text
    for name in ("answers.csv", "margins.csv"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())
    path = folder / "spec.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("command", "width"),
    [*((command, 80) for command in COMMANDS), ("table", 60), ("table", 120), ("weight", 60)],
)
def test_nothing_shown_is_wider_than_the_screen(command: str, width: int) -> None:
    result = run(command, ANSWERS, "--spec", SPEC, width=width)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    too_wide = [line for line in result.stdout.splitlines() if len(line.rstrip()) > width]
    assert too_wide == []


def test_a_table_shows_figures_letters_bases_and_how_they_were_made() -> None:
    shown = run("table", ANSWERS, "--spec", SPEC, "--only", "Principal").stdout
    cell = open_study(ANSWERS, SPEC).banner("Principal").blocks[0].rows[0].cells[1]
    assert cell is not None
    text = f"{cell.estimate.value:.1%}".replace(".", ",").replace("%", "\u00a0%")
    line = next(line for line in shown.splitlines() if line.startswith("Pas du tout"))
    assert text in line
    assert cell.above == "B"
    assert "Base pondérée" in shown
    assert "Vague ─" in shown
    assert "linéarisée, résidus du calage" in shown
    assert "notes" not in shown


def test_a_language_may_be_asked() -> None:
    shown = run("table", ANSWERS, "--spec", SPEC, "--language", "en").stdout
    assert "Everybody" in shown
    assert "Weighted base" in shown
    assert re.search(r"\d\.\d%", shown)
    assert "Ensemble" not in shown


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        *(("table", kind) for kind in KINDS),
        *(("compare", kind) for kind in KINDS),
        ("describe", ".xlsx"),
        ("rank", ".html"),
        ("protect", ".csv"),
    ],
)
def test_every_command_writes_every_kind_of_file(command: str, kind: str, tmp_path: Path) -> None:
    out = tmp_path / f"out{kind}"
    result = run(command, ANSWERS, "--spec", SPEC, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert f"Written: {out}" in result.stderr
    assert names_in(tmp_path) == [out.name]
    if kind == ".json":
        assert json.loads(out.read_text(encoding="utf-8"))["results"]
    elif kind == ".xlsx":
        assert load_workbook(out).sheetnames[-1] in {"Méthode", "Données"}
    elif kind == ".html":
        page = out.read_text(encoding="utf-8")
        assert page.startswith("<!doctype html>")
        assert "Baromètre inventé" in page
    else:
        frame = pl.read_parquet(out) if kind == ".parquet" else pl.read_csv(out)
        assert frame.height >= 3


def test_files_hold_the_figures_that_functions_give(tmp_path: Path) -> None:
    out = tmp_path / "t.parquet"
    run("table", ANSWERS, "--spec", SPEC, "--out", out, "--only", "confiance")
    expected = open_study(ANSWERS, SPEC).estimates("confiance").frame()
    assert pl.read_parquet(out)["value"].to_list() == pytest.approx(expected["value"].to_list())


@pytest.mark.parametrize("kind", RESPONDENT_KINDS)
def test_weights_are_written_with_the_respondents(kind: str, tmp_path: Path) -> None:
    out = tmp_path / f"weighted{kind}"
    result = run("weight", ANSWERS, "--spec", SPEC, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "Effet de plan des poids (Kish)" in result.stdout
    back = read(out)
    expected = open_study(ANSWERS, SPEC).sample().weights
    assert back.frame["poids_cale"].to_list() == pytest.approx(expected.tolist())
    assert back.frame["confiance"].to_list() == read(ANSWERS).frame["confiance"].to_list()
    if kind == ".sav":
        known = back.variables["confiance"]
        assert known.labels[4] == "Tout à fait"
        assert known.missing == {9: "Sans réponse"}
        assert known.label.startswith("Faites-vous")
    # The sets are those of the specification: files that could be thought to hold them say no.
    told = f"« {out.name} » holds the columns of transports, and not that" in result.stderr
    assert told == (kind in {".sav", ".dta"})
    assert back.sets == {}


def test_a_description_is_written_as_ddi(tmp_path: Path) -> None:
    out = tmp_path / "codebook.xml"
    assert run("describe", ANSWERS, "--spec", SPEC, "--out", out).exit_code == 0
    found = read_ddi(out)
    assert found.title == "Baromètre inventé des services publics"
    assert found.variables["confiance"].levels["1"] == "Pas du tout"


def test_a_file_may_be_described_alone() -> None:
    result = run("describe", ANSWERS)
    assert result.exit_code == 0
    assert "note_parcs" in result.stdout


def test_what_is_found_in_the_data_ends_with_1(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "missing: {9: Sans réponse}", "missing: {8: Sans réponse}")
    result = run("describe", tmp_path / "answers.csv", "--spec", spec)
    assert result.exit_code == 1
    assert "holds « 9 »" in result.stderr
    assert "none of its levels" in result.stderr
    assert "note_parcs" in result.stdout
    rows = (tmp_path / "answers.csv").read_text(encoding="utf-8").splitlines()
    last = rows[-1].replace("Nord", "Île").replace("Centre", "Île").replace("Sud", "Île")
    (tmp_path / "answers.csv").write_text("\n".join([*rows[:-1], last]), encoding="utf-8")
    spec = spec_of_kept(tmp_path)
    result = run("describe", tmp_path / "answers.csv", "--spec", spec)
    assert result.exit_code == 1
    assert "One unit was drawn in the strata Île" in result.stderr


def spec_of_kept(folder: Path) -> Path:
    path = folder / "lonely.yaml"
    path.write_text("title: L\ndesign: {weights: poids, strata: region}\n", encoding="utf-8")
    return path


def test_data_that_are_refused_end_with_1_and_the_line(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "bounds: [0.3, 3]", "bounds: [0.99, 1.01]")
    result = run("weight", ANSWERS, "--spec", spec, "--out", tmp_path / "w.csv")
    assert result.exit_code == 1
    assert "spec.yaml: line " in result.stderr
    assert "calibrations, entry 1" in result.stderr
    assert "Widen the bounds" in " ".join(result.stderr.split())
    assert not (tmp_path / "w.csv").exists()
    assert run("table", tmp_path / "nothing.csv", "--spec", SPEC).exit_code == 1


def test_a_wrong_specification_ends_with_2_and_its_lines(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "breakdowns: [vague,", "breakdowns: [vag,")
    result = run("table", ANSWERS, "--spec", spec)
    assert result.exit_code == 2
    number = next(
        number
        for number, line in enumerate(spec.read_text(encoding="utf-8").splitlines(), start=1)
        if "[vag," in line
    )
    assert f"spec.yaml: line {number}, tables, entry 1, breakdowns, entry 1" in result.stderr
    assert "did you mean « vague »?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["table", ANSWERS, "--spec", SPEC, "--out", "t.docx"], "Name it with one of: .xlsx"),
        (["weight", ANSWERS, "--spec", SPEC, "--out", "t.html"], "one of: .csv"),
        (["table", ANSWERS, "--spec", SPEC, "--out", "no/such/t.csv"], "There is no folder"),
        (["table", ANSWERS, "--spec", SPEC, "--only", "x"], "asks for: Principal"),
        (["table", ANSWERS, "--spec", "no.yaml"], "no.yaml"),
        (["table", ANSWERS], "Missing option"),
        (["table", ANSWERS, "--spec", SPEC, "--language", "de"], "'de' is not one of"),
    ],
)
def test_a_wrong_command_ends_with_2(
    arguments: list[object], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert names_in(tmp_path) == []


def test_a_specification_without_a_part_says_so(tmp_path: Path) -> None:
    spec = spec_of_kept(tmp_path)
    for command, told in (
        ("weight", "no calibrations"),
        ("table", "no tables nor estimates"),
        ("compare", "no comparisons nor trends"),
        ("rank", "no ranks"),
        ("protect", "no tables"),
    ):
        result = run(command, ANSWERS, "--spec", spec)
        assert result.exit_code == 2
        assert told in result.stderr


def test_a_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    out.write_text("mine", encoding="utf-8")
    result = run("rank", ANSWERS, "--spec", SPEC, "--out", out)
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert "--force" in result.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    assert run("rank", ANSWERS, "--spec", SPEC, "--out", out, "--force").exit_code == 0
    assert out.read_text(encoding="utf-8") != "mine"


def test_nothing_is_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "t.csv"
    out.write_text("mine", encoding="utf-8")

    def full(_: pl.DataFrame, to: Path) -> None:
        to.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    result = run("rank", ANSWERS, "--spec", SPEC, "--out", out, "--force")
    assert result.exit_code == 3
    assert "No space left on device" in result.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    assert names_in(tmp_path) == ["t.csv"]


def test_tables_are_protected_and_the_audit_stays_apart(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "least: 11", "least: 40")
    out, report = tmp_path / "t.json", tmp_path / "audit.json"
    result = run("protect", ANSWERS, "--spec", spec, "--out", out, "--report", report)
    assert result.exit_code == 0, result.stderr
    assert "0 retrouvées par l’attaque" in " ".join(result.stdout.split())
    assert "comparé aux autres" not in " ".join(result.stdout.split())
    audit = json.loads(report.read_text(encoding="utf-8"))["results"]["Principal"]["rows"]
    hidden = [row for row in audit if row["question"] == "transports"]
    assert hidden
    assert not any(row["recovered"] for row in hidden)
    figures = json.loads(out.read_text(encoding="utf-8"))["results"]["Principal"]["figures"]
    kept_back = [row for row in figures if row["group"] == "Sud × H"]
    assert kept_back
    assert all(row["value"] is None and row["respondents"] is None for row in kept_back)
    study = open_study(tmp_path / "answers.csv", spec)
    column = next(
        place
        for place, one in enumerate(study.banner("Principal").columns)
        if list(one.group.values()) == ["Sud", "H"]
    )
    secret = study.banner("Principal").blocks[1].rows[0].cells[column]
    assert secret is not None
    assert f"{secret.estimate.value:.8f}"[2:] not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.sav", b"garbage", "damaged"),
        ("a.dta", b"", "damaged"),
        ("a.xlsx", b"PK\x03\x04 cut", "damaged"),
        ("a.parquet", b"PAR1", "damaged"),
        ("a.csv", b"a,b\n1,2\n3", "is cut"),
        ("a.csv", "région\nÎle\n".encode("latin-1"), "data: {encoding: windows-1252}"),
        ("a.csv", b"", "no row"),
        ("a.txt", b"\x00\x01", "no row"),
        ("a.docx", b"x", "no known kind"),
    ],
)
def test_a_bad_file_is_refused_without_a_traceback(
    name: str, content: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    result = run("describe", tmp_path / name)
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stdout == ""
    assert run("describe", tmp_path).exit_code == 1


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"- a\n- b", b"", b"title: [", b"title: 3", b"{}"]
)
def test_a_bad_specification_is_refused_without_a_traceback(content: bytes, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_bytes(content)
    for command in COMMANDS:
        result = run(command, ANSWERS, "--spec", spec)
        assert result.exit_code == 2
        assert "spec.yaml: " in result.stderr
    assert run("table", ANSWERS, "--spec", tmp_path).exit_code == 2


def test_a_script_hears_nothing_when_all_is_well() -> None:
    assert run("table", ANSWERS, "--spec", SPEC).stderr == ""


@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_of_nothing_is_written_all_the_same(kind: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("title: T\ntables: [{name: t, questions: [sexe]}]\n", encoding="utf-8")
    result = run("protect", ANSWERS, "--spec", spec, "--report", tmp_path / f"audit{kind}")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / f"audit{kind}").exists()


def test_the_help_tells_the_kinds_of_files() -> None:
    for command, kinds in (("table", KINDS), ("weight", RESPONDENT_KINDS), ("describe", KINDS)):
        told = run(command, "--help", width=200).stdout
        assert all(kind in told for kind in kinds)


def test_every_command_is_in_the_reference() -> None:
    page = (EXAMPLE.parent / "commands.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`alliage survey {name} " not in page] == []
    shown = run("--help").stdout
    assert set(re.findall(r"^│ ([a-z]+) ", shown, re.MULTILINE)) == set(COMMANDS)


def few(folder: Path) -> tuple[Path, Path]:
    """Return answers of 90 people in the north, 40 in the south, 3 in the west, 5 silent."""
    people = [("north", 90), ("south", 40), ("west", 3), ("silent", 5)]
    rows = [
        (region, "" if region == "silent" else 1 + (7 * place) % 10)
        for region, count in people
        for place in range(count)
    ]
    data, spec = folder / "few.csv", folder / "few.yaml"
    data.write_text("region,q\n" + "".join(f"{region},{q}\n" for region, q in rows))
    spec.write_text(
        "title: t\nlanguage: en\n"
        "estimates: [{name: few, statistic: mean, variables: q, by: region}]\n"
        "base_rule: {suppress_below: 30, caution_below: 60}\n"
    )
    return data, spec


def test_the_base_rule_holds_for_estimates_too(tmp_path: Path) -> None:
    data, spec = few(tmp_path)
    exact = open_study(data, spec).estimates("few").one(region="west").value
    shown = run("table", data, "--spec", spec, width=120).stdout
    line = {line.split()[1]: line for line in shown.splitlines() if line.startswith("q ")}
    assert f"{exact:.2f}" not in line["west"]
    assert "–" in line["west"]
    assert line["west"].rstrip().endswith("base too small")
    assert line["south"].rstrip().endswith("caution")
    assert line["north"].split()[-1] not in {"caution", "small"}
    # Nobody of a group answered: it is told.
    assert line["silent"].rstrip().endswith("nobody")
    for kind in KINDS:
        out = tmp_path / f"made{kind}"
        assert run("table", data, "--spec", spec, "--out", out).exit_code == 0
    for kind in (".csv", ".parquet"):
        reader = pl.read_csv if kind == ".csv" else pl.read_parquet
        west, silent = (
            reader(tmp_path / f"made{kind}").row(by_predicate=pl.col("region") == name, named=True)
            for name in ("west", "silent")
        )
        assert (west["value"], west["low"], west["variation"]) == (None, None, None)
        assert (west["respondents"], west["reliability"]) == (3, "too small")
        assert (silent["value"], silent["respondents"]) == (None, 0)
    told = json.loads((tmp_path / "made.json").read_text(encoding="utf-8"))["results"]["few"]
    assert [one["value"] is None for one in told["estimates"]] == [False, False, True]
    sheet = load_workbook(tmp_path / "made.xlsx").worksheets[0]
    rows = {row[1]: row for row in sheet.iter_rows(values_only=True)}
    assert rows["west"][2:5] == ("–", "–", "–")
    assert f"{exact:.2f}" not in (tmp_path / "made.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", range(50, 131, 8))
@pytest.mark.parametrize("command", ["table", "compare"])
def test_both_ends_of_an_interval_are_shown_or_neither(command: str, width: int) -> None:
    shown = run(command, ANSWERS, "--spec", SPEC, "--language", "en", width=width).stdout
    assert shown.count("Low") == shown.count("High")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_last_line_without_an_end_is_told(command: str, tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text(ANSWERS.read_text(encoding="utf-8").removesuffix("\n"), encoding="utf-8")
    result = run(command, answers, "--spec", SPEC)
    assert "- The last line of « answers.csv » (" in result.stderr
    assert result.exit_code == (1 if command == "describe" else 0)


def test_a_weight_that_is_no_number_is_named_by_its_line(tmp_path: Path) -> None:
    lines = ANSWERS.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3][: lines[3].rindex(",")] + ",abc"
    (tmp_path / "answers.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    result = run("weight", tmp_path / "answers.csv", "--spec", SPEC)
    assert result.exit_code == 1
    assert "line 4 of « answers.csv » holds « abc »" in result.stderr


DIFFERENCES = """title: T
language: en
design: {weights: poids}
tables:
  - {name: all, questions: [confiance], breakdowns: [region]}
  - {name: most, over: {age: [LEVELS]}, questions: [confiance], breakdowns: [region]}
base_rule: {suppress_below: 0, caution_below: 0}
protection: {least: 5000}
"""


def test_an_earlier_release_is_taken_into_account(tmp_path: Path) -> None:
    ages = sorted(map(str, read(ANSWERS).levels("age")))
    spec, former, out = tmp_path / "s.yaml", tmp_path / "former.json", tmp_path / "out.json"
    text = DIFFERENCES.replace("LEVELS", ", ".join(f"'{one}'" for one in ages[1:]))
    counts = read(ANSWERS).frame["age"].cast(pl.String).value_counts()
    few = counts.filter(pl.col("age") == ages[0])["count"].item()
    text = text.replace("5000", str(few + 1))
    lines = text.splitlines(keepends=True)
    spec.write_text("".join(line for line in lines if "most" not in line), encoding="utf-8")
    assert run("protect", ANSWERS, "--spec", spec, "--out", former).exit_code == 0
    spec.write_text("".join(line for line in lines if "all" not in line), encoding="utf-8")

    def shown(*options: object) -> int:
        result = run("protect", ANSWERS, "--spec", spec, "--out", out, "--force", *options)
        assert result.exit_code == 0, result.stderr
        figures = json.loads(out.read_text(encoding="utf-8"))["results"]["most"]["figures"]
        return sum(one["value"] is not None for one in figures)

    assert shown("--former", former) < shown()
    assert run("protect", ANSWERS, "--spec", spec, "--former", SPEC).exit_code == 1


def test_tables_that_may_give_one_another_away_are_not_written(tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    text = SPEC.read_text(encoding="utf-8").replace("least: 11", "least: 40")
    text = text.replace("  - name: Dernière vague", "  - name: Dernière vague\n    weights: design")
    for name in ("answers.csv", "margins.csv"):
        (tmp_path / name).write_bytes((EXAMPLE / name).read_bytes())
    spec = tmp_path / "spec.yaml"
    spec.write_text(text, encoding="utf-8")
    result = run("protect", ANSWERS, "--spec", spec, "--out", out)
    assert result.exit_code == 4
    assert "« confiance » is told with the weights poids_cale, design" in result.stderr
    assert "--unproven" in result.stderr
    assert result.stdout == ""
    assert not out.exists()
    asked = run("protect", ANSWERS, "--spec", spec, "--out", out, "--unproven")
    assert asked.exit_code == 0
    assert "Rien ne prouve que ce tableau" in " ".join(asked.stdout.split())
    tables = json.loads(out.read_text(encoding="utf-8"))["results"]
    assert all(one["unproven"] for one in tables.values())


def test_the_base_rule_holds_for_what_is_made_of_estimates(tmp_path: Path) -> None:
    data, spec = few(tmp_path)
    made = (
        "comparisons: [{name: gaps, estimate: few, across: region}]\n"
        "trends: [{name: waves, estimate: few, wave: region,"
        " years: {north: 1, south: 2, west: 3, silent: 4}}]\n"
        "ranks: [{name: order, estimate: few}]\n"
    )
    spec.write_text(spec.read_text() + made)
    west = open_study(data, spec).estimates("few").one(region="west")
    for command, lines in (("compare", 3), ("rank", 1)):
        shown = run(command, data, "--spec", spec, width=120).stdout
        told = [line for line in shown.splitlines() if "west" in line]
        assert len(told) == lines
        assert all(line.rstrip().endswith("base too small") and "–" in line for line in told)
        assert f"{west.value:.2f}" not in shown
        for kind in KINDS:
            out = tmp_path / f"{command}{kind}"
            assert run(command, data, "--spec", spec, "--out", out).exit_code == 0
        for kind in (".json", ".csv"):
            text = (tmp_path / f"{command}{kind}").read_text(encoding="utf-8")
            assert str(west.value)[:8] not in text
            assert "too small" in text
    strict = spec.read_text().replace("suppress_below: 30", "suppress_below: 60")
    spec.write_text(strict)
    refused = run("rank", data, "--spec", spec)
    assert refused.exit_code == 1
    assert "1 of 3 items can be ranked: « south, west » has too few respondents" in refused.stderr
    assert "line 7" in refused.stderr


@pytest.mark.parametrize(
    ("command", "out"),
    [("table", "answers.csv"), ("weight", "../data/answers.csv"), ("describe", "answers.csv")],
)
def test_respondents_are_never_replaced_by_what_is_made_of_them(
    command: str, out: str, tmp_path: Path
) -> None:
    spec = spec_of(tmp_path, "title:", "title:").rename(tmp_path / "specification.yaml")
    folder = tmp_path / "data"
    folder.mkdir()
    answers = (tmp_path / "answers.csv").rename(folder / "answers.csv")
    before = answers.read_bytes()
    result = run(command, answers, "--spec", spec, "--out", folder / out, "--force")
    assert result.exit_code == 2
    assert "is named twice in this command" in result.stderr
    assert answers.read_bytes() == before


def test_a_release_and_its_audit_have_two_names(tmp_path: Path) -> None:
    both = tmp_path / "both.json"
    result = run("protect", ANSWERS, "--spec", SPEC, "--out", both, "--report", both)
    assert result.exit_code == 2
    assert "is named twice in this command" in result.stderr
    assert names_in(tmp_path) == []


def test_weights_do_not_replace_a_column_of_the_data(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "name: poids_cale", "name: poids")
    result = run("weight", ANSWERS, "--spec", spec, "--out", tmp_path / "weighted.csv")
    assert result.exit_code == 1
    assert "calibrations, entry 1, name:" in result.stderr
    assert "The data have a column « poids », which these weights would replace" in result.stderr
    assert "weighted.csv" not in names_in(tmp_path)


def test_infinite_numbers_are_told_and_the_rest_is_described(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("x,y\n1,5\ninf,6\n2.5,1e300\n", encoding="utf-8")
    result = run("describe", data, "--language", "en")
    assert result.exit_code == 1
    assert "1.00 – 2.50" in result.stdout
    assert "« x » is infinite in line 3 of « data.csv »" in " ".join(result.stderr.split())
    assert "« y » is 1e+300 in line 4 of « data.csv »" in " ".join(result.stderr.split())


@pytest.mark.parametrize("kind", KINDS)
def test_levels_may_be_dates(kind: str, tmp_path: Path) -> None:
    days = pl.date_range(pl.date(2025, 1, 1), pl.date(2025, 3, 1), "1mo", eager=True)
    frame = pl.DataFrame({"day": [*days] * 40, "x": [float(i % 7) for i in range(120)]})
    frame.write_parquet(tmp_path / "data.parquet")
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "title: T\n"
        "calibrations: [{margins: {day: {2025-01-01: 50, 2025-02-01: 30, 2025-03-01: 20}}}]\n"
        "estimates: [{name: e, statistic: mean, variables: x, by: day, "
        "over: {day: [2025-01-01, 2025-02-01]}}]\n"
        "comparisons: [{name: c, estimate: e, across: day, reference: 2025-02-01}]\n"
        "tables: [{name: t, questions: x, breakdowns: day, over: {day: 2025-01-01}}]\n",
        encoding="utf-8",
    )
    for command in ("table", "compare"):
        out = tmp_path / f"{command}{kind}"
        result = run(command, tmp_path / "data.parquet", "--spec", spec, "--out", out)
        assert result.exit_code == 0, result.stderr
        assert "2025-01-01" in result.stdout


def test_the_same_two_waves_have_the_same_figures_in_comparisons_and_trends(
    tmp_path: Path,
) -> None:
    assert run("compare", ANSWERS, "--spec", SPEC, "--out", tmp_path / "o.json").exit_code == 0
    found = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))["results"]
    compared = found["D’une vague à l’autre"]["rows"]
    followed = [row for row in found["Confiance"]["rows"] if row["change"] is not None]
    assert len(compared) == 3
    for one, other in zip(compared, followed, strict=True):
        for name in ("standard_error", "low", "high", "degrees", "p_value", "adjusted"):
            assert other[f"change_{name}"] == pytest.approx(one[name])
        assert other["slope_p_value"] == pytest.approx(one["p_value"])


def test_what_a_solver_prints_is_not_among_the_tables(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    library, protected = ctypes.CDLL(None), Study.protected

    def noisy(*given: Any, **named: Any) -> object:
        library.puts(b"HighsMipSolverData::run();")
        return protected(*given, **named)

    monkeypatch.setattr(Study, "protected", noisy)
    assert run("protect", ANSWERS, "--spec", SPEC).exit_code == 0
    library.puts(b"after")
    library.fflush(None)
    assert capfd.readouterr() == ("after\n", "")


def alone(*arguments: object, output: int) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as a shell does."""
    code = "from alliage.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "survey", *map(str, arguments)],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_a_reader_who_stops_ends_the_command_quietly(tmp_path: Path) -> None:
    out = tmp_path / "described.csv"
    ours, theirs = os.pipe()
    os.close(ours)
    ended = alone("describe", ANSWERS, "--out", out, output=theirs)
    os.close(theirs)
    assert ended.returncode == -signal.SIGPIPE
    assert ended.stderr == f"Written: {out}\n"
    assert names_in(tmp_path) == [out.name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device is full here")
def test_an_output_without_room_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = alone("describe", ANSWERS, output=full.fileno())
    assert ended.returncode == 3
    assert (
        ended.stderr == "The output was not written: No space left on device. Make room for it.\n"
    )


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        *(("table", kind) for kind in KINDS if kind != ".xlsx"),
        *(("weight", kind) for kind in RESPONDENT_KINDS if kind != ".xlsx"),
        ("describe", ".xml"),
    ],
)
def test_a_disk_without_room_is_told(command: str, kind: str, tmp_path: Path) -> None:
    out = tmp_path / f"out{kind}"
    out.write_text("mine", encoding="utf-8")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        result = run(command, ANSWERS, "--spec", SPEC, "--out", out, "--force")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.exit_code == 3, result.stderr
    assert "The file was not written: " in result.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    assert names_in(tmp_path) == [out.name]


@pytest.mark.parametrize("command", ["table", "weight"])
def test_a_workbook_without_room_is_told_and_nothing_else(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.xlsx"

    def full(to: Path, _: bytes) -> None:
        to.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    result = run(command, ANSWERS, "--spec", SPEC, "--out", out)
    assert result.exit_code == 3
    assert result.stderr == (
        "The file was not written: No space left on device. Check the folder, its rights and its "
        "room.\n"
    )
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("command", "option", "kept"),
    [
        ("weight", "--out", "margins.csv"),
        ("protect", "--out", "margins.csv"),
        ("protect", "--report", "margins.csv"),
        ("describe", "--out", "questions.xml"),
    ],
)
def test_what_a_specification_names_is_never_replaced(
    command: str, option: str, kept: str, tmp_path: Path
) -> None:
    assert run("describe", ANSWERS, "--out", tmp_path / "questions.xml").exit_code == 0
    spec = spec_of(tmp_path, "data:\n", "data:\n  questionnaire: questions.xml\n")
    before = (tmp_path / kept).read_bytes()
    result = run(command, ANSWERS, "--spec", spec, option, tmp_path / kept, "--force")
    assert result.exit_code == 2
    assert "is named twice in this command, or in its specification" in result.stderr
    assert (tmp_path / kept).read_bytes() == before
