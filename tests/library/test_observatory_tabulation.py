"""From a study to its release: figures, names, and what no reader can get at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from alliage.observatory.releases.files import PARTS_FILE, read_release, write_release
from alliage.observatory.releases.parts import UnreadablePartError, assembled, parts_of
from alliage.observatory.releases.values import Cell, CellStatus, Release, Table
from alliage.observatory.studies.catalogue import Answer, QuestionKind, QuestionRecord, Theme
from alliage.observatory.tabulation.tabulation import About, tabulate
from alliage.survey import (
    Correlation,
    Mean,
    Proportion,
    SurveyError,
    correlations,
    estimate,
    open_study,
    rank,
)
from alliage.survey import Table as Rows
from alliage.survey.data.table import MultiResponse

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.survey import Study

SPEC = """
title: A wave
design: {weights: w, strata: region}
calibrations: [{name: weight, margins: {sex: {f: 520, m: 480}, region: {n: 300, s: 700}}}]
base_rule: {suppress_below: 20, caution_below: 60}
tables:
  - name: release
    loose: 0.8
    questions:
      - {variable: health, boxes: {well: [dynamic], dynamic+stricken: [dynamic, stricken]}}
      - {variable: marks_jobs, points: {1: 1, 2: 2, 3: 3}, boxes: {high: [3]}}
      - {variable: marks_care, points: {1: 1, 2: 2, 3: 3}, boxes: {high: [3]}}
      - {variable: marks_safety, points: {1: 1, 2: 2, 3: 3}, boxes: {high: [3]}}
      - {variable: acts}
    breakdowns: [region, sex, "sex * region"]
"""


def record(code: str, kind: QuestionKind, **fields: Any) -> QuestionRecord:
    return QuestionRecord(
        code=code,
        theme=fields.pop("theme", Theme.IMPACT),
        kind=kind,
        ordered=True,
        label_fr=f"{code} (fr)",
        label_en=f"{code} (en)",
        complete=True,
        source="test",
        **fields,
    )


def answers(*codes: str) -> tuple[Answer, ...]:
    return tuple(Answer(code=code, label_fr=f"{code} fr", label_en=f"{code} en") for code in codes)


QUESTIONS = (
    record("health", QuestionKind.LEVELS, answers=answers("dynamic", "stricken")),
    record(
        "marks",
        QuestionKind.BATTERY,
        theme=Theme.FRAGILITY,
        items=answers("jobs", "care", "safety"),
    ),
    record("acts", QuestionKind.CHOICES, answers=answers("water", "energy")),
)


def respondents(count: int = 600, seed: int = 3) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    trait = draw.normal(0, 1, count)

    def marks(level: float) -> list[int | None]:
        found = np.clip(np.rint(level + 0.6 * trait + draw.normal(0, 0.6, count)), 1, 3)
        return [
            None if hide else int(one)
            for one, hide in zip(found, draw.random(count) < 0.02, strict=True)
        ]

    return pl.DataFrame(
        {
            "region": draw.choice(["n", "s"], count, p=[0.4, 0.6]),
            "sex": draw.choice(["f", "m"], count),
            "w": draw.uniform(1, 2, count),
            "health": np.where(trait + draw.normal(0, 1, count) > 0, "dynamic", "stricken"),
            "marks_jobs": marks(2.3),
            "marks_care": marks(2.0),
            "marks_safety": marks(1.7),
            "acts_water": draw.choice([0, 1], count),
            "acts_energy": draw.choice([0, 1], count, p=[0.2, 0.8]),
        }
    )


def study_of(frame: pl.DataFrame, folder: Path, spec: str = SPEC) -> Study:
    file = folder / "spec.yaml"
    file.write_text(spec, encoding="utf-8")
    sets = {}
    if "acts_water" in frame.columns:
        sets = {"acts": MultiResponse(variables=("acts_water", "acts_energy"))}
    return open_study(Rows(frame, sets=sets), file)


def about(sha: str = "a", **fields: Any) -> About:
    return About(
        study="study",
        wave="2026",
        population="citizen",
        file_sha256=sha,
        specification_sha256="b",
        **{"questions": QUESTIONS, **fields},
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Release]:
    study = study_of(respondents(), tmp_path_factory.mktemp("wave"))
    return study, tabulate(study, about=about())


def table_of(release: Release, question: str, breakdown: str = "") -> Table:
    return next(
        one for one in release.tables if (one.question, one.breakdown) == (question, breakdown)
    )


def row_of(release: Release, question: str, breakdown: str, code: str) -> tuple[Any, ...]:
    asked = next(one for one in release.head.questions if one.code == question)
    place = [one.code for one in asked.measures].index(code)
    return table_of(release, question, breakdown).rows[place]


# What the figures are


def test_figures_are_those_of_the_engine(made: tuple[Study, Release]) -> None:
    study, release = made
    expected = estimate(study.sample(), Proportion(variable="health", by=("region",)))
    north = expected.one("dynamic", region="n")
    cell = row_of(release, "health", "region", "dynamic")[1]
    assert (cell.value, cell.error) == pytest.approx((north.value, north.standard_error))
    assert (cell.low, cell.high) == pytest.approx((north.low, north.high))
    assert cell.respondents == north.respondents
    everybody = estimate(study.sample(), Mean(variable="marks_jobs"))[0]
    mean = row_of(release, "marks", "", "jobs:mean")[0]
    assert (mean.value, mean.error) == pytest.approx((everybody.value, everybody.standard_error))


def test_questions_items_and_rows_have_their_names_in_both_languages(
    made: tuple[Study, Release],
) -> None:
    _, release = made
    health, marks, acts = release.head.questions
    assert [one.kind for one in release.head.questions] == ["levels", "battery", "choices"]
    assert [one.code for one in health.measures] == [
        "dynamic", "stricken", "well", "dynamic+stricken",
    ]  # fmt: skip
    assert health.measures[3].labels == ("dynamic fr ou stricken fr", "dynamic en or stricken en")
    assert health.measures[0].labels == ("dynamic fr", "dynamic en")
    assert [one.code for one in marks.measures][:5] == [
        "jobs:1", "jobs:2", "jobs:3", "jobs:high", "jobs:mean",
    ]  # fmt: skip
    mean, box = marks.measures[4], marks.measures[3]
    assert (mean.labels, mean.bounds) == (("jobs fr", "jobs en"), (1.0, 3.0))
    assert box.labels == ("jobs fr : high", "jobs en: high")
    assert (box.item_labels, box.level_labels) == (("jobs fr", "jobs en"), ("high", "high"))
    assert [one.code for one in acts.measures] == ["water", "energy"]


def test_everybody_is_the_first_group_of_every_table(made: tuple[Study, Release]) -> None:
    _, release = made
    for one in release.head.breakdowns:
        assert (one.groups[0].code, one.groups[0].letter) == ("", "")
    nation = row_of(release, "health", "", "dynamic")[0]
    for breakdown in ("region", "sex", "sex × region"):
        assert row_of(release, "health", breakdown, "dynamic")[0].value == nation.value


def test_letters_begin_again_in_each_breakdown(made: tuple[Study, Release]) -> None:
    _, release = made
    for one in release.head.breakdowns[1:]:
        letters = [group.letter for group in one.groups[1:]]
        assert letters == list("ABCD"[: len(letters)])
    told = {
        mark.upper()
        for table in release.tables
        for row in table.rows
        for cell in row
        for mark in cell.above
    }
    assert told <= set("ABCD")


def test_letters_are_the_tests_of_the_engine(tmp_path: Path) -> None:
    frame = respondents().with_columns(
        health=pl.when(pl.col("region") == "n").then(pl.lit("dynamic")).otherwise(pl.col("health"))
    )
    frame = frame.with_columns(
        health=pl.when(pl.int_range(pl.len()) % 9 == 0)
        .then(pl.lit("stricken"))
        .otherwise(pl.col("health"))
    )
    release = tabulate(study_of(frame, tmp_path), about=about())
    _, north, south = row_of(release, "health", "region", "dynamic")
    assert (north.above, south.above) == ("B", "")
    # Its letter in the second breakdown of the table is not that of the engine's whole table.
    assert "A" not in north.above
    p_value = table_of(release, "health", "region").p_value
    assert p_value is not None
    assert p_value < 0.001


def test_covariances_are_those_of_the_cells(made: tuple[Study, Release]) -> None:
    _, release = made
    for one in release.covariances:
        cells = table_of(release, one.question, one.breakdown).rows
        errors = np.array([cells[row][column].error for row, column in one.places])
        np.testing.assert_allclose(np.diag(one.values), errors**2, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(one.values, one.values.T, atol=1e-12)
    whole = next(c for c in release.covariances if (c.question, c.breakdown) == ("health", "sex"))
    assert {column for _, column in whole.places} == {0, 1, 2}


def test_items_are_ranked_for_everybody_and_each_group(made: tuple[Study, Release]) -> None:
    study, release = made
    ranks = {(one.breakdown, one.group): one for one in release.rankings}
    assert set(ranks) == {("", ""), ("region", "n"), ("region", "s"), ("sex", "f"), ("sex", "m")}
    expected = rank(
        study.sample(),
        *(Mean(variable=f"marks_{item}") for item in ("jobs", "care", "safety")),
        draws=10_000,
    )
    got = ranks["", ""].items
    assert [(one.item, one.rank, one.best, one.worst) for one in got] == [
        (one.name.removeprefix("marks_"), one.rank, one.lowest, one.highest)
        for one in expected.items
    ]


def test_ties_are_told_for_everybody_and_each_region(made: tuple[Study, Release]) -> None:
    study, release = made
    groups = {(one.breakdown, one.group): one for one in release.networks}
    assert set(groups) == {("", ""), ("region", "n"), ("region", "s")}
    expected = correlations(
        study.sample(),
        ["marks_jobs", "marks_care", "marks_safety"],
        kind=Correlation(groups["", ""].kind),
    )
    told = {frozenset(one.items): one.value for one in groups["", ""].ties}
    for pair in expected.pairs:
        items = frozenset(name.removeprefix("marks_") for name in (pair.first, pair.second))
        assert told[items] == pytest.approx(pair.value)


def test_two_items_have_no_network(tmp_path: Path) -> None:
    line = "      - {variable: marks_safety, points: {1: 1, 2: 2, 3: 3}, boxes: {high: [3]}}\n"
    assert line in SPEC
    release = tabulate(study_of(respondents(), tmp_path, SPEC.replace(line, "")), about=about())
    assert release.networks == ()
    assert len(release.rankings[0].items) == 2


def test_the_weights_and_the_rules_are_told(made: tuple[Study, Release]) -> None:
    study, release = made
    weights, told = release.head.weighting, release.head.provenance
    drawn = study.sample().weights
    assert weights.population == pytest.approx(1000)
    assert weights.effective == pytest.approx(drawn.sum() ** 2 / (drawn**2).sum())
    assert weights.design_effect == pytest.approx(600 / weights.effective)
    assert {one.margin for one in weights.margins} == {"sex", "region"}
    assert (told.level, told.loose, told.least, told.base_rule) == (0.95, 0.8, 11, (20, 60))


def test_people_who_did_not_answer_a_battery_are_those_without_any_mark(tmp_path: Path) -> None:
    frame = respondents().with_columns(
        pl.when(pl.int_range(pl.len()) < 7).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("marks_jobs", "marks_care", "marks_safety")
    )
    release = tabulate(study_of(frame, tmp_path), about=about())
    # Those who left one item only have marked another.
    assert table_of(release, "marks").missing == (7,)


def test_a_release_is_the_same_after_being_cut_and_written(
    made: tuple[Study, Release], tmp_path: Path
) -> None:
    _, release = made
    assert assembled(parts_of(release)).tables == release.tables
    told = write_release(release, tmp_path / "out")
    back = read_release(tmp_path / "out" / PARTS_FILE)
    assert (back.head, back.tables) == (release.head, release.tables)
    again = tabulate(made[0], about=about())
    assert write_release(again, tmp_path / "again") == told


def test_a_release_that_was_changed_is_refused(made: tuple[Study, Release], tmp_path: Path) -> None:
    write_release(made[1], tmp_path / "out")
    file = tmp_path / "out" / PARTS_FILE
    file.write_text(file.read_text(encoding="utf-8").replace('"n"', '"x"'), encoding="utf-8")
    with pytest.raises(UnreadablePartError, match="fingerprint"):
        read_release(file)


@pytest.mark.parametrize(
    "part",
    [
        '{"kind": "head", "question": "", "breakdown": "", "group": "", "content": [1]}',
        '{"kind": "head", "question": "", "breakdown": "", "group": "", "content": {"a": NaN}}',
        '{"kind": "head", "question": [], "breakdown": "", "group": ""}',
        "7",
    ],
)
def test_a_file_that_is_no_release_is_refused(part: str, tmp_path: Path) -> None:
    file = tmp_path / PARTS_FILE
    file.write_text(f'{{"fingerprint": "x", "parts": [{part}]}}', encoding="utf-8")
    with pytest.raises(UnreadablePartError, match="is no release"):
        read_release(file)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("loose: 0.8", "over: {sex: f}", "subtract"),
        ("title: A wave", "title: A wave\nprotection: {applies_to: answer}", "whole columns"),
    ],
)
def test_tables_that_cannot_be_one_release_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    study = study_of(respondents(), tmp_path, SPEC.replace(old, new))
    with pytest.raises(SurveyError, match=said):
        tabulate(study, about=about())


def test_a_question_is_in_one_table(tmp_path: Path) -> None:
    twice = SPEC + "  - {name: again, loose: 0.8, questions: [health], breakdowns: [region]}\n"
    with pytest.raises(SurveyError, match="two tables"):
        tabulate(study_of(respondents(), tmp_path, twice), about=about())


# What is kept back


def small_group(count: int = 5) -> pl.DataFrame:
    """Return respondents of whom a few are of a third region."""
    rows = pl.int_range(pl.len())
    return respondents().with_columns(
        region=pl.when(rows < count).then(pl.lit("z")).otherwise(pl.col("region"))
    )


SMALL = SPEC.replace("region: {n: 300, s: 700}", "region: {n: 300, s: 690, z: 10}").replace(
    'breakdowns: [region, sex, "sex * region"]', "breakdowns: [region, sex]"
)


def hidden_groups(release: Release, question: str, breakdown: str) -> set[str]:
    groups = next(one for one in release.head.breakdowns if one.code == breakdown).groups
    first = table_of(release, question, breakdown).rows[0]
    return {
        group.code
        for group, cell in zip(groups, first, strict=True)
        if cell.status is CellStatus.HIDDEN
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return a release of which a region has five people."""
    return tabulate(study_of(small_group(), tmp_path_factory.mktemp("wave"), SMALL), about=about())


@pytest.mark.parametrize("question", ["health", "marks", "acts"])
def test_a_small_group_is_kept_back_whole_and_another_with_it(
    small: Release, question: str
) -> None:
    groups = small.head.breakdowns[1].groups
    hidden = hidden_groups(small, question, "region")
    # All the groups add up to everybody, who are shown.
    assert len(hidden) == 2
    assert {"z"} < hidden
    assert "" not in hidden
    table = table_of(small, question, "region")
    closed = [group.code in hidden for group in groups]
    for row in table.rows:
        for cell, is_hidden in zip(row, closed, strict=True):
            assert (cell == Cell(CellStatus.HIDDEN)) == is_hidden
    assert [one is None for one in table.missing] == closed
    assert table.p_value is None


@pytest.mark.parametrize("question", ["health", "marks", "acts"])
def test_what_goes_with_figures_is_kept_back_with_them(small: Release, question: str) -> None:
    groups = small.head.breakdowns[1].groups
    hidden = hidden_groups(small, question, "region")
    table = table_of(small, question, "region")
    letters = {one.letter for one in groups if one.code in hidden}
    told = {mark.upper() for row in table.rows for cell in row for mark in cell.above}
    assert not letters & told
    (covariance,) = (
        one for one in small.covariances if (one.question, one.breakdown) == (question, "region")
    )
    assert {groups[column].code for _, column in covariance.places}.isdisjoint(hidden)


def test_rankings_and_ties_of_a_hidden_group_are_empty(small: Release) -> None:
    hidden = hidden_groups(small, "marks", "region")
    for ranking in small.rankings:
        assert (ranking.items == ()) == (ranking.group in hidden)
    kept = [one for one in small.networks if one.group in hidden]
    assert [(one.ties, one.respondents) for one in kept] == [((), None)] * 2
    assert next(one for one in small.networks if one.group == "").ties


def test_people_without_an_answer_to_a_breakdown_are_not_told_by_difference(
    tmp_path: Path,
) -> None:
    frame = respondents().with_columns(
        town=pl.when(pl.int_range(pl.len()) < 4)
        .then(None)
        .otherwise(pl.when(pl.col("w") > 1.3).then(pl.lit("big")).otherwise(pl.lit("small")))
    )
    spec = SPEC.replace('"sex * region"', "town")
    release = tabulate(study_of(frame, tmp_path, spec), about=about())
    row = row_of(release, "health", "town", "dynamic")
    # Everybody less both groups would be four people.
    assert CellStatus.HIDDEN in {cell.status for cell in row}
    assert row_of(release, "health", "", "dynamic")[0].is_shown


def test_two_breakdowns_that_differ_by_one_person_are_not_both_shown(tmp_path: Path) -> None:
    frame = respondents().with_columns(other=pl.col("sex"))
    first = frame["sex"].to_list().index("f")
    frame = frame.with_columns(
        other=pl.when(pl.int_range(pl.len()) == first).then(pl.lit("m")).otherwise(pl.col("sex"))
    )
    spec = SPEC.replace('"sex * region"', "other")
    release = tabulate(study_of(frame, tmp_path, spec), about=about())
    for code in ("f", "m"):
        shown = [
            row_of(release, "health", name, "dynamic")[("", "f", "m").index(code)].is_shown
            for name in ("sex", "other")
        ]
        assert shown.count(True) <= 1


def test_a_second_release_of_the_same_people_does_not_open_the_first(tmp_path: Path) -> None:
    frame = small_group().with_columns(
        zone=pl.when(pl.col("region") == "n").then(pl.lit("n")).otherwise(pl.lit("other"))
    )
    first = tabulate(study_of(frame, tmp_path, SMALL), about=about())
    row = row_of(first, "health", "region", "dynamic")
    shown = [
        group.code
        for group, cell in zip(first.head.breakdowns[1].groups, row, strict=True)
        if cell.is_shown
    ]
    assert shown == ["", "s"]
    # « other » is s and z: with s, which the first release showed, it would tell z.
    by_zone = SMALL.replace("breakdowns: [region, sex]", "breakdowns: [zone]")
    second = tabulate(study_of(frame, tmp_path, by_zone), about=about(), former=[first])
    zone = row_of(second, "health", "zone", "dynamic")
    assert zone[0].is_shown
    assert [cell.status for cell in zone[1:]] == [CellStatus.HIDDEN] * 2
    alone = tabulate(study_of(frame, tmp_path, by_zone), about=about())
    assert all(cell.is_shown for cell in row_of(alone, "health", "zone", "dynamic"))


def test_a_new_row_of_the_same_people_is_shown(tmp_path: Path) -> None:
    other = SPEC.replace("{well: [dynamic], ", "{better: [dynamic], ")
    first = tabulate(study_of(respondents(), tmp_path), about=about())
    second = tabulate(study_of(respondents(), tmp_path, other), about=about(), former=[first])
    assert all(cell.is_shown for cell in row_of(second, "health", "region", "better"))


def test_a_release_without_one_person_gets_nothing(tmp_path: Path) -> None:
    frame = respondents()
    first = tabulate(study_of(frame, tmp_path), about=about())
    with pytest.raises(SurveyError, match="differ too little"):
        tabulate(study_of(frame[1:], tmp_path), about=about("other"), former=[first])


def test_one_corrected_answer_is_not_told_either(tmp_path: Path) -> None:
    frame = respondents()
    first = tabulate(study_of(frame, tmp_path), about=about())
    answer = frame["health"][0]
    turned = frame.with_columns(
        health=pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.lit("stricken" if answer == "dynamic" else "dynamic"))
        .otherwise(pl.col("health"))
    )
    second = tabulate(study_of(turned, tmp_path), about=about("other"), former=[first])
    assert not any(
        cell.is_shown
        for breakdown in ("", "region")
        for row in table_of(second, "health", breakdown).rows
        for cell in row[:1]
    )
    # Questions that did not change are told as before.
    assert row_of(second, "marks", "region", "jobs:mean") == row_of(
        first, "marks", "region", "jobs:mean"
    )


def test_many_more_people_are_another_release(tmp_path: Path) -> None:
    first = tabulate(study_of(respondents(), tmp_path), about=about())
    more = pl.concat([respondents(), respondents(300, seed=9)])
    second = tabulate(study_of(more, tmp_path), about=about("other"), former=[first])
    assert row_of(second, "health", "region", "dynamic")[1].is_shown


def test_a_former_release_that_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    first = tabulate(study_of(respondents(), tmp_path), about=about())
    without = SPEC.replace('breakdowns: [region, sex, "sex * region"]', "breakdowns: [region]")
    without = without.replace("sex: {f: 520, m: 480}, ", "")
    frame = respondents().drop("sex")
    with pytest.raises(SurveyError, match="« sex »"):
        tabulate(study_of(frame, tmp_path, without), about=about(), former=[first])
    other = About(
        study="other", wave="2026", population="citizen", file_sha256="", specification_sha256=""
    )
    with pytest.raises(SurveyError, match="same wave"):
        tabulate(study_of(respondents(), tmp_path), about=other, former=[first])
