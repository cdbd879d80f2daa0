"""The invented wave: it gives the printed figures back, and says that it is invented."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from typer import Typer
from typer.testing import CliRunner

from alliage import survey
from alliage.cli.observatory_demo import demo_wave as demo_wave_command
from alliage.observatory.synthetic.answers import (
    Constraint,
    Kinds,
    UnreachableTargetError,
    bent,
    repaired,
)
from alliage.observatory.synthetic.files import KINDS, write_wave
from alliage.observatory.synthetic.population import (
    AGES,
    count_adults,
    largest_remainder,
    read_margins,
)
from alliage.observatory.synthetic.targets import TargetProblem, read_targets
from alliage.observatory.synthetic.wave import (
    BREAKDOWNS,
    DESIGN,
    TooFewRowsError,
    demo_folder,
    demo_wave,
    synthetic_wave,
)
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.observatory.synthetic.targets import Target, Targets

REGIONS = 12
FRAGILITIES = 16


@pytest.fixture(scope="module")
def wave() -> survey.Table:
    return demo_wave()


@pytest.fixture(scope="module")
def study(wave: survey.Table) -> survey.Study:
    return survey.open_study(wave, demo_folder() / "specification.yaml")


@pytest.fixture(scope="module")
def weighted(study: survey.Study) -> survey.Sample:
    return study.sample()


@pytest.fixture(scope="module")
def targets() -> Targets:
    return read_targets(demo_folder() / "targets.yaml")


@pytest.fixture(scope="module")
def regional_means(wave: survey.Table, weighted: survey.Sample) -> dict[str, dict[str, float]]:
    """Return the mean mark of each fragility, by region."""
    found: dict[str, dict[str, float]] = {}
    for name in fragilities(wave):
        for one in survey.mean(weighted, name, by=["region"]).items:
            found.setdefault(str(one.group["region"]), {})[name] = one.value
    return found


def fragilities(wave: survey.Table) -> list[str]:
    return [name for name in wave.frame.columns if name.startswith("fragility_")]


def value_of(sample: survey.Sample, column: str, figure: Target) -> float:
    """Return a figure by its definition, with the calibrated weights."""
    frame, weights = sample.table.frame, sample.weights
    kept = np.ones(frame.height, dtype=np.bool_)
    for name, level in figure.where.items():
        kept &= (frame[name] == level).to_numpy()
    if figure.mean or figure.base == "answered":
        kept &= sample.codes(column) >= 0
    if figure.mean:
        return float(np.average(frame[column].to_numpy()[kept], weights=weights[kept]))
    given = frame[column].is_in(list(figure.levels)).to_numpy()
    return 100 * float(np.average(given[kept], weights=weights[kept]))


def missed(sample: survey.Sample, targets: Targets) -> list[str]:
    """Return the figures that do not come out as they are printed."""
    return [
        f"{name} {figure.levels} {figure.where}: {value:.3f} for {figure.printed}"
        for question in targets.questions.values()
        for name, column in question.columns.items()
        for figure in column.figures
        for value in [value_of(sample, name, figure)]
        if not (
            abs(value - figure.centre) <= figure.tolerance + 1e-9
            and (figure.is_invented or figure.prints(value))
        )
    ]


# The figures.


def test_every_printed_figure_comes_out_of_the_calibrated_answers(
    weighted: survey.Sample, targets: Targets
) -> None:
    assert missed(weighted, targets) == []


def published() -> list[dict[str, Any]]:
    """Return the figures of citizens in 2022 that are published and that the wave can give."""
    path = data_directory() / "observatory" / "figures.yaml"
    return [
        one
        for one in yaml.safe_load(path.read_text(encoding="utf-8"))["figures"]
        if (one.get("study"), one.get("wave")) == ("impact_citizens", "2022")
        and one["statistic"] in {"proportion", "mean"}
        and one.get("question")
        and "withheld" not in one
    ]


def column_and_levels(one: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the column of a published figure and the answers whose share it is."""
    question, item = one["question"], one.get("item")
    levels = tuple(str(one.get("level", "")).split("+"))
    if question == "fragility" and one["statistic"] == "proportion":
        first, last = map(int, one["level"].split("-"))
        levels = tuple(map(str, range(first, last + 1)))
    if question in {"engagement", "responsible_acts", "territory_facet"}:
        return f"{question}_{one['level']}", ("1",)
    return f"{question}_{item}" if item else question, levels


def ends(one: dict[str, Any]) -> tuple[float, float]:
    """Return the lowest and highest value of a published figure; most have one value."""
    if "low" in one:
        return float(one["low"]), float(one["high"])
    return float(one["value"]), float(one["value"])


def test_every_published_figure_of_2022_comes_out_as_it_is_published(
    weighted: survey.Sample,
) -> None:
    wrong = []
    for one in published():
        column, levels = column_and_levels(one)
        over = {name: [level] for name, level in one.get("group", {}).items()}
        if one["statistic"] == "mean":
            value, unit = survey.mean(weighted, column, over=over).items[0].value, 0.1
        else:
            # The table of marks counts those who gave none: its lines add up to 98 %.
            counts_all = one["question"] == "fragility"
            shares = survey.proportion(
                weighted, column, over=over, base="everybody" if counts_all else "answered"
            ).items
            value = 100 * sum(share.value for share in shares if share.level in levels)
            unit = 1.0
        low, high = ends(one)
        if one.get("operator") == "more_than":
            high = 100.0
        if not low - unit / 2 <= value <= high + unit / 2:
            wrong.append(f"{one['code']}: {value:.2f} for {low:g} to {high:g}")
    assert wrong == []
    assert len(published()) > 80


def test_targets_name_the_published_figure_that_they_aim_at(targets: Targets) -> None:
    known = {one["code"]: one for one in published()}
    named = set()
    for question in targets.questions.values():
        for name, column in question.columns.items():
            for figure in column.figures:
                if figure.is_invented:
                    continue
                one = known[figure.source]
                named.add(figure.source)
                found, levels = column_and_levels(one)
                assert found == name
                assert figure.where == one.get("group", {})
                assert figure.mean or set(map(str, figure.levels)) == set(levels)
                low, high = ends(one)
                assert low <= figure.printed <= high
    # What is left follows from the others: a range that was derived, not printed.
    assert all("low" in known[code] for code in set(known) - named)


@pytest.mark.parametrize(
    ("column", "levels", "over", "printed"),
    [
        ("health", ["dynamic"], {}, 50),
        ("health", ["in_difficulty"], {}, 44),
        ("health", ["stricken"], {}, 6),
        ("health", ["stricken"], {"region": ["paca_corse"]}, 7),
        ("act_together", ["indispensable"], {}, 25),
        ("act_together", ["indispensable", "useful"], {}, 74),
        ("act_together", ["indispensable", "useful"], {"region": ["pays_de_la_loire"]}, 83),
        ("act_together", ["indispensable", "useful"], {"region": ["nouvelle_aquitaine"]}, 69),
        ("alliance_effect_reduce_fragilities", ["agrees"], {}, 79),
        ("alliance_effect_reduce_fragilities", ["agrees"], {"region": ["bretagne"]}, 86),
        ("alliance_effect_new_engines", ["agrees"], {}, 75),
        ("alliance_effect_new_engines", ["agrees"], {"age": ["18_24"]}, 64),
        ("impact_confidence_collective_mobilisation", ["strong"], {}, 61),
        ("impact_innovation_large_scale", ["strong", "moderate"], {}, 84),
        ("levers", ["shared_vision"], {}, 38),
        ("levers", ["common_action"], {}, 37),
        ("engagement_citizen", ["1"], {}, 32),
        ("engagement_unionist", ["1"], {}, 13),
        ("sdg", ["relevant"], {}, 69),
        ("territory_facet_common_culture", ["1"], {}, 68),
        ("responsible_acts_energy", ["1"], {}, 84),
    ],
)
def test_figures_of_the_proceedings(
    weighted: survey.Sample,
    column: str,
    levels: list[str],
    over: dict[str, list[str]],
    printed: int,
) -> None:
    shares = survey.proportion(weighted, column, over=over).items
    share = sum(one.value for one in shares if one.level in levels)
    assert round(100 * share) == printed


def test_sixteen_fragilities_print_their_means_in_the_order_of_the_proceedings(
    wave: survey.Table, weighted: survey.Sample
) -> None:
    means = [survey.mean(weighted, name).items[0].value for name in fragilities(wave)]
    # Four of them are derived from their rank: poverty, energy, diversity, isolation.
    printed = [5.7, 5.7, 5.6, 5.5, 5.5, 5.4, 5.4, 5.3, 5.3, 5.3, 5.3, 5.2, 5.1, 5.0, 5.0, 4.9]
    assert [round(mean, 1) for mean in means] == printed
    assert means == sorted(means, reverse=True)
    assert round(means[0] - means[-1], 1) == 0.8


def test_what_comes_first_in_regions_is_as_the_proceedings_count_it(
    regional_means: dict[str, dict[str, float]],
) -> None:
    first = {
        region: sorted(means, key=means.__getitem__, reverse=True)[:3]
        for region, means in regional_means.items()
    }
    counts = Counter(name for names in first.values() for name in names)
    assert len(first) == REGIONS
    assert counts["fragility_ageing"] == 8
    assert counts["fragility_mobility"] == 2
    assert [region for region, names in first.items() if "fragility_environment" in names] == [
        "ile_de_france"
    ]


def test_the_first_lever_of_each_region_is_the_one_that_is_printed(
    weighted: survey.Sample,
) -> None:
    shares = survey.proportion(weighted, "levers", by=["region"]).items
    by_region: dict[str, dict[str, float]] = {}
    for one in shares:
        by_region.setdefault(str(one.group["region"]), {})[str(one.level)] = one.value
    vision = ("pays_de_la_loire", "bretagne", "centre_val_de_loire", "nouvelle_aquitaine")
    action = ("occitanie", "hauts_de_france", "normandie", "auvergne_rhone_alpes", "paca_corse")
    for regions, lever in ((vision, "shared_vision"), (action, "common_action")):
        for region in regions:
            assert max(by_region[region], key=by_region[region].__getitem__) == lever
    paris = by_region["ile_de_france"]
    assert max(paris, key=paris.__getitem__) == "shared_vision"
    assert paris["common_action"] == pytest.approx(paris["rules_norms"], abs=0.01)


def test_no_region_has_more_stricken_people_than_the_one_that_is_printed_so(
    weighted: survey.Sample,
) -> None:
    shares = {
        str(one.group["region"]): one.value
        for one in survey.proportion(weighted, "health", by=["region"]).items
        if one.level == "stricken"
    }
    assert max(shares, key=shares.__getitem__) == "paca_corse"


# The weights.


def test_margins_are_those_of_the_sources() -> None:
    data = data_directory()
    counted = count_adults(data / "observatory", data / "territories" / "2026")
    assert read_margins(demo_folder() / "margins.csv") == counted
    assert len(counted.regions) == REGIONS
    # The lead of INSEE's table: two fifths of 15-19, and everybody from 20 on.
    assert sum(counted.by_sex_and_age.values()) == 52_102_652
    assert sum(counted.by_town_size.values()) == 52_102_652


def test_women_of_25_to_34_in_brittany_are_those_of_insee() -> None:
    counted = read_margins(demo_folder() / "margins.csv")
    assert counted.by_sex_and_age["bretagne", "woman", "25_34"] == 83_474 + 92_960
    assert counted.by_sex_and_age["bretagne", "woman", "18_24"] == round(0.4 * 100_894 + 88_059)


def test_weights_meet_every_margin_and_had_something_to_correct(weighted: survey.Sample) -> None:
    report = weighted.report
    assert len(report.lines) == REGIONS * (2 * 5 + 4)
    assert max(line.error for line in report.lines) < 1e-9
    before = [line.before / line.target for line in report.lines]
    assert min(before) < 0.9
    assert max(before) > 1.1
    # Equal samples in regions of 2 to 9.6 million adults, and a little more.
    assert 1.15 < report.design_effect < 1.4


def test_two_hundred_people_in_each_region_and_nobody_alone(wave: survey.Table) -> None:
    frame = wave.frame
    assert frame["region"].value_counts()["count"].to_list() == [200] * REGIONS
    assert frame.group_by("region", "sex", "age").len().height == REGIONS * 2 * len(AGES)
    assert frame.group_by("region", "town_size").len().height == REGIONS * 4


# Chance.


def test_regions_differ_as_samples_of_two_hundred_do(
    weighted: survey.Sample, targets: Targets
) -> None:
    ratios = []
    for name, question in targets.questions.items():
        if question.levels != (0, 1):
            continue
        for column in targets.questions[name].columns:
            found = [
                one
                for one in survey.proportion(weighted, column, by=["region"]).items
                if one.level == "1"
            ]
            values = [one.value for one in found]
            errors = [one.standard_error or 0.0 for one in found]
            ratios.append(float(np.std(values) / np.mean(errors)))
    # Nothing is aimed at in their regions: the spread is that of chance, about 1 in each.
    assert len(ratios) == 9
    assert 0.7 < np.mean(ratios) < 1.4
    assert min(ratios) > 0.3


def test_fragilities_go_together_more_or_less(wave: survey.Table) -> None:
    marks = np.column_stack([wave.numbers(name) for name in fragilities(wave)])
    whole = marks[~np.isnan(marks).any(axis=1)]
    ties = np.asarray(np.corrcoef(whole.T))[np.triu_indices(FRAGILITIES, 1)]
    assert 0.2 < ties.min() < 0.45
    assert 0.6 < ties.max() < 0.9


def test_two_people_in_a_hundred_give_no_mark(wave: survey.Table, weighted: survey.Sample) -> None:
    for name in fragilities(wave):
        absent = np.isnan(wave.numbers(name))
        assert (weighted.weights @ absent) / weighted.weights.sum() == pytest.approx(
            0.021, abs=0.001
        )


def test_the_wave_is_clean(wave: survey.Table) -> None:
    frame = wave.frame
    asked = frame.drop("id", "synthetic", "design_weight", "duration_seconds", *BREAKDOWNS)
    assert frame.null_count().row(0) == (0,) * frame.width
    assert frame["id"].n_unique() == frame.height
    assert asked.unique().height == frame.height
    marks = frame.select(fragilities(wave))
    same = marks.select(pl.min_horizontal(pl.all()) == pl.max_horizontal(pl.all())).sum().item()
    assert same <= frame.height * 0.01
    seconds = wave.numbers("duration_seconds")
    assert seconds.min() > np.median(seconds) / 3


def test_another_seed_and_size_give_other_people_and_the_same_figures(
    wave: survey.Table, targets: Targets
) -> None:
    other = demo_wave(rows=2_501, seed=7)
    assert set(other.frame["region"].value_counts()["count"]) == {208, 209}
    assert not other.frame.head(100).equals(wave.frame.head(100))
    people = survey.sample(other, DESIGN)
    adults = read_margins(demo_folder() / "margins.csv")
    assert missed(survey.calibrate(people, adults.margins()), targets) == []


def test_a_question_left_out_changes_no_other(wave: survey.Table, targets: Targets) -> None:
    kept = {name: one for name, one in targets.questions.items() if name != "fragility"}
    fewer = targets.model_copy(update={"questions": kept})
    frame = synthetic_wave(read_margins(demo_folder() / "margins.csv"), fewer)
    assert_frame_equal(frame, wave.frame.drop(fragilities(wave)))


# What says that it is invented.


def test_every_row_and_every_file_says_that_it_is_synthetic(wave: survey.Table) -> None:
    assert set(wave.frame["synthetic"]) == {1}
    assert wave.frame["id"].str.starts_with("SYN-").all()
    assert wave.variables["synthetic"].labels == {1: "Oui : répondant inventé par un générateur"}
    for name in ("questionnaire.yaml", "specification.yaml"):
        described = yaml.safe_load((demo_folder() / name).read_text(encoding="utf-8"))
        assert "synthétiques" in described["title"]
    title = survey.read_questionnaire(demo_folder() / "questionnaire.yaml").title
    assert "synthétiques" in survey.write_ddi(wave, title)


def test_codes_are_those_of_the_catalogue(targets: Targets) -> None:
    path = data_directory() / "observatory" / "questions.yaml"
    known = {one["code"]: one for one in yaml.safe_load(path.read_text("utf-8"))["questions"]}
    for code, question in targets.questions.items():
        parts = known[code].get("items") or (
            known[code]["answers"] if known[code]["kind"] == "choices" else []
        )
        columns = {f"{code}_{part['code']}" for part in parts} or {code}
        assert set(question.columns) <= columns
        if known[code]["kind"] != "choices" and code != "fragility":
            assert set(question.levels) == {one["code"] for one in known[code]["answers"]}


def test_targets_name_groups_and_dispositions_that_exist(
    wave: survey.Table, targets: Targets
) -> None:
    groups = {name: set(wave.frame[name]) for name in BREAKDOWNS}
    assert set(targets.socio) == groups["age"]
    for shares in targets.socio.values():
        assert list(shares) == list(targets.socio["18_24"])
        assert sum(shares.values()) == pytest.approx(1)
    for question in targets.questions.values():
        if question.leading is not None:
            assert set(question.leading.first) == groups["region"]
            named = {name for names in question.leading.first.values() for name in names}
            assert named <= set(question.columns)
        for column in question.columns.values():
            assert set(column.latent) <= set(targets.dispositions)
            for breakdown, effects in column.effects.items():
                assert set(effects) <= groups[breakdown]
            for figure in column.figures:
                for breakdown, level in figure.where.items():
                    assert level in groups[breakdown]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_each_kind_is_read_again_with_the_same_weights(
    wave: survey.Table, weighted: survey.Sample, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"wave{kind}"
    write_wave(wave, path)
    again = survey.open_study(path, demo_folder() / "specification.yaml")
    assert again.sample().weights == pytest.approx(weighted.weights)
    for name in ("health", "fragility_ageing"):
        assert again.table.codes(name).tolist() == wave.codes(name).tolist()


def test_a_kind_of_file_that_takes_no_such_names_is_refused(
    wave: survey.Table, tmp_path: Path
) -> None:
    with pytest.raises(survey.SurveyError, match="wave\\.dta"):
        write_wave(wave, tmp_path / "wave.dta")
    assert list(tmp_path.iterdir()) == []


# Bad input.


def test_fewer_people_than_the_study_had_are_refused() -> None:
    with pytest.raises(TooFewRowsError, match="2399 respondents cannot give"):
        demo_wave(rows=2_399)


def test_figures_that_contradict_each_other_are_named(targets: Targets) -> None:
    question = targets.questions["sdg"]
    column = question.columns["sdg"]
    (figure,) = column.figures
    both = (figure, figure.model_copy(update={"printed": 40.0}))
    changed = question.model_copy(
        update={"columns": {"sdg": column.model_copy(update={"figures": both})}}
    )
    wrong = targets.model_copy(update={"questions": {"sdg": changed}})
    with pytest.raises(UnreachableTargetError, match="sdg") as refused:
        synthetic_wave(read_margins(demo_folder() / "margins.csv"), wrong)
    assert (refused.value.column, refused.value.figure) == ("sdg", "relevant")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("start: [21, 69]", "start: [21, 69, 10]", TargetProblem.START),
        ("levels: [relevant], printed: 69", "levels: [agreed], printed: 69", TargetProblem.LEVEL),
        ("levels: [relevant], printed: 69", "printed: 69", TargetProblem.KIND),
        (
            "levels: [relevant], printed: 69",
            "levels: [relevant], printed: 69, aim: 70",
            TargetProblem.AIM,
        ),
    ],
)
def test_targets_that_make_no_sense_are_told_by_place(
    tmp_path: Path, old: str, new: str, problem: TargetProblem
) -> None:
    text = (demo_folder() / "targets.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "targets.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as refused:
        read_targets(path)
    assert [one.fault.problem for one in refused.value.problems if one.fault] == [problem]
    assert "sdg" in str(refused.value)


# The parts.


@given(
    total=st.integers(0, 5_000),
    weights=st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30),
)
def test_shares_add_up_and_are_within_one_of_their_part(total: int, weights: list[float]) -> None:
    shares = largest_remainder(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - total * weight / sum(weights)) < 1 + 1e-6


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0.15, 0.85),
    of_group=st.floats(0.15, 0.85),
)
def test_chances_and_answers_meet_what_is_asked(seed: int, share: float, of_group: float) -> None:
    random = np.random.default_rng(seed)
    people = 400
    weights = random.uniform(0.5, 2.0, people)
    group = np.arange(people) < people // 4
    unsure = random.random(people) < 0.05
    kinds = Kinds(np.where(group, 0, 1), np.array([0, people - 1]))
    everybody = np.ones(people, dtype=np.bool_)
    constraints = [
        Constraint("all", everybody, np.array([0.0, 1.0]) - share, None, 0.01),
        Constraint("group", group, np.array([0.0, 1.0]) - of_group, -of_group, 0.01),
    ]
    # The rest of the people have to be able to bring the whole to its share.
    in_group = (weights * (group & ~unsure)).sum() / (weights * ~unsure).sum()
    counted = (weights * group).sum() / (weights * (group & ~unsure)).sum()
    rest = (share - in_group * of_group * counted) / (1 - in_group)
    if not 0.03 < rest < 0.97 or of_group * counted > 0.97:
        return
    chances = bent("q", np.full((2, 2), 0.5), kinds, weights, unsure, constraints)
    assert chances.sum(axis=1) == pytest.approx(1)
    mean = (weights * ~unsure) @ chances[kinds.of, 1] / (weights * ~unsure).sum()
    assert mean == pytest.approx(share, abs=1e-6)
    disposition = random.random(people)
    places = (disposition > chances[kinds.of, 0]).astype(np.int64)
    found = repaired("q", places, disposition, weights, unsure, constraints)
    assert (found[unsure] == places[unsure]).all()
    kept = ~unsure
    assert weights[kept] @ found[kept] / weights[kept].sum() == pytest.approx(share, abs=0.0101)
    here = group & kept
    assert weights[here] @ found[here] / weights[group].sum() == pytest.approx(of_group, abs=0.0101)


# The command.


def run(*arguments: object) -> tuple[int, str]:
    app = Typer()
    app.command()(demo_wave_command)
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.output


def test_the_command_writes_the_same_wave_each_time_and_says_that_it_is_synthetic(
    wave: survey.Table, tmp_path: Path
) -> None:
    path = tmp_path / "wave.parquet"
    code, told = run("--out", path)
    assert code == 0
    assert "SYNTHETIC" in told
    assert_frame_equal(pl.read_parquet(path), wave.frame)
    code, told = run("--out", path)
    assert (code, "exists already" in told) == (2, True)


@pytest.mark.parametrize("arguments", [("--out", "wave.txt"), ("--out", "w.csv", "--rows", "100")])
def test_the_command_refuses_what_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_breakdowns_are_those_of_the_specification(study: survey.Study) -> None:
    (table,) = study.specification.tables
    assert {name for name in table.breakdowns if "*" not in name} == set(BREAKDOWNS)
