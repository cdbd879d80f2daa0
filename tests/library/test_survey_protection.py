from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from alliage.survey import (
    BaseRule,
    Design,
    DifferencingError,
    MultiResponse,
    Study,
    SurveyError,
    Table,
    banner_requests,
    moments,
    open_study,
    sample,
    write,
)
from alliage.survey.estimation.requests import Count
from alliage.survey.protection.disclosure import ORGANISATIONS, Cause, Rules
from alliage.survey.protection.protected_tables import protect
from alliage.survey.publishing.table_files import as_html, as_json, notes
from alliage.survey.tables.banners import Banner, banner
from alliage.survey.tables.questions import Answers, Question
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.tables.blocks import Block

SHOW_ALL = BaseRule(suppress_below=0, caution_below=0, largest_variation=1e9)


def _people(sizes: dict[tuple[str, str], int], seed: int = 1) -> Table:
    """Make people by region and age, who answer by chance."""
    random = np.random.Generator(np.random.PCG64(seed))
    rows = [key for key, size in sizes.items() for _ in range(size)]
    count = len(rows)
    frame = pl.DataFrame(
        {
            "region": [row[0] for row in rows],
            "age": [row[1] for row in rows],
            "q": random.integers(0, 3, count),
            "x": random.integers(0, 2, count),
            "y": random.integers(0, 2, count),
            "d": random.uniform(0.5, 2, count),
        }
    )
    return Table(frame, {}, {"uses": MultiResponse(variables=("x", "y"))})


def _table(rows: Table, *breakdowns: str | tuple[str, ...], over: str = "") -> Banner:
    questions = [
        Question(variable="q", boxes={"high": [1, 2]}, points={0: 0.0, 1: 1.0, 2: 2.0}),
        Question(variable="uses", answers=Answers.CHOICES),
    ]
    domain = {"region": [level for level in "abc" if level != over]} if over else None
    return banner(
        sample(rows, Design(weights="d")), questions, breakdowns, rule=SHOW_ALL, over=domain
    )


def _shown(table: Banner, block: int, group: str) -> bool:
    places = [
        place for place, one in enumerate(table.columns) if group in one.group.values() or not group
    ]
    return any(
        cell.is_shown for row in table.blocks[block].rows for place in places[:1]
        if (cell := row.cells[place]) is not None
    )  # fmt: skip


SIZES = {
    ("a", "y"): 4,
    ("a", "o"): 4,
    ("b", "y"): 30,
    ("b", "o"): 40,
    ("c", "y"): 60,
    ("c", "o"): 50,
}


def test_a_region_of_few_people_takes_another_with_it() -> None:
    """Everybody less the others would be the region that is hidden."""
    found = protect(_table(_people(SIZES), "region"))
    assert not _shown(found.table, 0, "a")
    assert not _shown(found.table, 0, "b")
    assert _shown(found.table, 0, "c")
    assert _shown(found.table, 0, "")
    pattern = found.patterns["q"]
    assert pattern.causes[("", "region=a")] is Cause.FEW
    assert pattern.causes[("", "region=b")] is Cause.COMPLEMENTARY
    assert not pattern.audit.recovered


def test_what_is_hidden_is_in_no_export() -> None:
    table = protect(_table(_people(SIZES), "region")).table
    frame = table.frame().filter(pl.col("group") == "a")
    for name in ("value", "low", "high", "respondents", "weighted", "effective_size"):
        assert frame[name].is_null().all()
    base = table.blocks[0].bases[1]
    assert base is not None
    assert f"{base.weighted:.6f}"[:6] not in as_json(table)


def test_a_nested_column_of_few_people_is_hidden_among_others() -> None:
    sizes = {**SIZES, ("a", "y"): 40, ("a", "o"): 5}
    found = protect(_table(_people(sizes), "region", "age", ("region", "age")))
    pattern = found.patterns["q"]
    assert pattern.causes[("", "age=o", "region=a")] is Cause.FEW
    # Region a and the old are shown: another of each is needed.
    assert not pattern.audit.recovered
    assert _shown(found.table, 0, "c")


def test_answers_of_few_people_are_hidden_when_asked() -> None:
    rows = _people({("b", "y"): 100, ("c", "y"): 100})
    frame = rows.frame.with_columns(
        pl.when((pl.col("region") == "b") & (pl.int_range(pl.len()) >= 5)).then(
            pl.when(pl.col("q") == 0).then(1).otherwise("q")
        ).otherwise("q").alias("q")
    )  # fmt: skip
    table = _table(Table(frame, rows.variables, rows.sets), "region")
    by_base = protect(table)
    by_answer = protect(table, on="answer")
    assert not by_base.patterns["q"].hidden
    hidden = by_answer.patterns["q"]
    assert hidden.causes[("answer 0", "region=b")] is Cause.FEW
    assert not hidden.audit.recovered
    # The box of the two other answers would give it away.
    assert ("box high", "region=b") in hidden.hidden


def test_a_former_table_of_all_but_one_region_gives_it_away() -> None:
    rows = _people(SIZES)
    whole = _table(rows, "age")
    later = _table(rows, "region")
    both = protect(later, former=[protect(whole).table])
    assert not both.patterns["q"].audit.recovered
    # Once the two others were published beside the total, nothing can hide the third.
    with pytest.raises(SurveyError, match="gives it away"):
        protect(_table(rows, "region"), former=[_without_first(later)])


def _without_first(table: Banner) -> Banner:
    """Return a table as careless as to hide the first region alone."""

    first = np.arange(len(table.columns)) == 1

    def closed(block: Block) -> Block:
        hidden = np.broadcast_to(first[:, None], block.hidden.shape)
        return replace(block, closed=first, hidden=hidden)

    return replace(table, blocks=tuple(map(closed, table.blocks)))


def test_tables_of_other_people_are_not_put_together() -> None:
    rows = _people(SIZES)
    with pytest.raises(SurveyError, match="not about the same people"):
        protect(_table(rows, "region"), former=[_table(rows, "region", over="c")])


@given(st.lists(st.integers(0, 40), min_size=6, max_size=6), st.sampled_from(["base", "answer"]))
@settings(max_examples=8)
def test_nothing_that_says_too_much_can_be_computed(sizes: list[int], on: str) -> None:
    keys = [(region, age) for region in "abc" for age in "yo"]
    rows = _people(dict(zip(keys, sizes, strict=True)), seed=sum(sizes))
    if rows.frame.height < 40 or rows.frame["q"].n_unique() < 3:
        return
    try:
        table = _table(rows, "region", "age", ("region", "age"))
    except SurveyError:
        return
    try:
        found = protect(table, Rules(least=8), on=on)  # type: ignore[arg-type]
    except SurveyError as error:
        pytest.fail(str(error))
    for pattern in found.patterns.values():
        protected = [key for key, cause in pattern.causes.items() if cause is Cause.FEW]
        recovered = {one.key for one in pattern.audit.recovered}
        assert not recovered.intersection(protected)


def _numbers(table: Banner) -> tuple[dict[tuple[str, ...], float], list[bool]]:
    """Return the weighted counts that a reader has, and by column whether the base is shown."""
    block = table.blocks[0]
    counts = {}
    for place, column in enumerate(table.columns):
        if block.opened[place]:
            counts[column.labels] = float(block.figures.bases.weighted[place, 0])
    return counts, block.opened.tolist()


def _by_groups(
    sizes: Mapping[Any, int], *breakdowns: str | tuple[str, ...], **asked: Any
) -> Banner:
    """Make a table of people by what they are in the variables a and b."""
    rows = [key for key, size in sizes.items() for _ in range(size)]
    random = np.random.Generator(np.random.PCG64(3))
    frame = pl.DataFrame(
        {
            **dict(zip("ab", zip(*rows, strict=True), strict=False)),
            "q": random.integers(0, 3, len(rows)),
            "d": random.uniform(1, 2, len(rows)),
        }
    )
    question = Question(variable="q", **asked)
    return banner(sample(frame, Design(weights="d")), [question], breakdowns, rule=SHOW_ALL)


def test_a_part_of_a_region_is_not_what_the_region_has_beside_the_other_parts() -> None:
    """Nothing in the names tells that the levels of b lie in those of a."""
    table = _by_groups({("N", "1"): 5, ("N", "2"): 120, ("S", "3"): 20, ("S", "4"): 150}, "a", "b")
    found = protect(table)
    shown, _ = _numbers(found.table)
    assert ("1",) not in shown
    assert not {("N",), ("2",)} <= shown.keys()
    assert {(), ("S",), ("3",), ("4",)} <= shown.keys()
    assert not found.patterns["q"].audit.recovered


def test_a_region_that_was_published_does_not_give_a_part_of_it_away() -> None:
    sizes = {("N", "1"): 5, ("N", "2"): 120, ("S", "3"): 20, ("S", "4"): 150}
    former = protect(_by_groups(sizes, "a")).table
    assert _numbers(former)[1] == [True, True, True]
    later = protect(_by_groups(sizes, "b"), former=[former])
    assert _numbers(later.table)[1] == [True, False, False, True, True]


def test_bands_that_differ_by_few_people_are_not_both_shown() -> None:
    table = _by_groups({("x", "x"): 300, ("y", "x"): 4, ("y", "y"): 296}, "a", "b")
    found = protect(table)
    _, opened = _numbers(found.table)
    assert opened[0]
    # Either all the bands of a, or all those of b.
    assert opened[1:] in ([True, True, False, False], [False, False, True, True])
    assert found.patterns["q"].causes[("", "a=y", "b=x")] is Cause.FEW
    # Bands that differ by many people are shown.
    wide = _by_groups({("x", "x"): 300, ("y", "x"): 40, ("y", "y"): 260}, "a", "b")
    assert not protect(wide).patterns["q"].hidden


def test_bands_that_share_a_limit_do_not_give_a_small_one_away() -> None:
    """A and B are together P and Q: with B, P and Q shown, A is known, whatever else is hidden."""
    low = {("A", "P"): 4, ("A", "Q"): 4, ("B", "P"): 60, ("B", "Q"): 60}
    high = {("C", "R"): 10, ("C", "S"): 10, ("D", "R"): 50, ("D", "S"): 50}
    found = protect(_by_groups(low | high, "a", "b"))
    shown, _ = _numbers(found.table)
    assert ("A",) not in shown
    assert not {("B",), ("P",), ("Q",)} <= shown.keys()
    assert not found.patterns["q"].audit.recovered


def test_the_few_without_an_answer_to_a_breakdown_are_not_the_rest_of_the_total() -> None:
    found = protect(_by_groups({("x",): 40, ("y",): 60, (None,): 4}, "a"))
    _, opened = _numbers(found.table)
    assert opened == [True, False, True]
    assert found.patterns["q"].causes[("", "no a")] is Cause.FEW
    assert not protect(_by_groups({("x",): 40, ("y",): 60, (None,): 14}, "a")).patterns["q"].hidden


def test_small_groups_that_are_few_together_are_not_the_rest_of_the_others() -> None:
    found = protect(_by_groups({("x",): 40, ("y",): 60, ("v",): 3, ("w",): 4}, "a"))
    together = found.patterns["q"].audit.of(("", "few of a"))
    assert together.high - together.low > 2
    assert _numbers(found.table)[1] == [True, False, False, False, True]


def test_a_mean_does_not_give_away_the_answers_that_are_hidden() -> None:
    rows = {("x",): 100, ("y",): 100}
    table = _by_groups(rows, "a", points={0: 0.0, 1: 3.3, 2: 10.0})
    assert not protect(table, Rules(least=25), on="answer").patterns["q"].hidden
    least = 1 + int(np.nanmin(table.blocks[0].people))
    kept = protect(table, Rules(least=least), on="answer").table.blocks[0]
    assert kept.hidden.any()
    assert (kept.hidden[:, -1] == kept.hidden[:, :-1].any(axis=1)).all()
    assert not kept.hidden[:, -1].all()


def test_an_organisation_that_holds_nearly_all_is_hidden_with_its_group() -> None:
    frame = pl.DataFrame(
        {
            "a": ["x"] * 20 + ["y"] * 20 + ["z"] * 20,
            "amount": [1.0] * 20 + [1.0] * 19 + [900.0] + [2.0] * 20,
            "q": [0, 1] * 30,
            "d": [1.0] * 60,
        }
    )
    given = sample(frame, Design(weights="d"))
    asked: list[Question | str] = [Question(variable="amount", answers=Answers.NUMBER), "q"]
    found = protect(banner(given, asked, ["a"], rule=SHOW_ALL), ORGANISATIONS)
    # Of all the amounts, 900 of 979 are one organisation's; of their number, 1 of 60.
    pattern = found.patterns["amount"]
    assert pattern.causes[("",)] is Cause.DOMINANCE
    assert pattern.causes[("", "a=y")] is Cause.DOMINANCE
    assert not pattern.hidden & {("", "a=x"), ("", "a=z")}
    assert not found.patterns["q"].hidden
    assert (
        not protect(banner(given, asked, ["a"], rule=SHOW_ALL), Rules(least=3))
        .patterns["amount"]
        .hidden
    )


def test_the_weight_of_one_organisation_dominates_an_answer() -> None:
    frame = pl.DataFrame(
        {"a": ["x"] * 30 + ["y"] * 30, "q": [0, 1, 2] * 20, "d": [500.0] + [1.0] * 59}
    )
    sets = {"uses": MultiResponse(variables=("u", "v"))}
    both = frame.with_columns(u=(pl.col("q") == 0).cast(pl.Int8), v=(pl.col("q") < 2).cast(pl.Int8))
    given = sample(Table(both, {}, sets), Design(weights="d"))
    questions = [
        Question(variable="q", boxes={"low": [0, 1]}),
        Question(variable="uses", answers=Answers.CHOICES),
    ]
    made = banner(given, questions, ["a"], rule=SHOW_ALL, over={"q": [0, 1]})
    found = protect(made, Rules(least=3, dominance=0.98), on="answer")
    primary = {
        question: {key for key, cause in pattern.causes.items() if cause is Cause.DOMINANCE}
        for question, pattern in found.patterns.items()
    }
    # 500 of 509 for the first answer in x; 500 of 519 for both answers, which is less.
    assert primary["q"] == {("answer 0", "a=x")}
    assert primary["uses"] == {("answer u", "a=x")}


def test_moments_that_do_not_hold_two_breakdowns_together_are_refused() -> None:
    names = ["a", "b", "c", "e"]
    part = pl.int_range(1600, eager=True)
    frame = pl.DataFrame({name: part // 2**at % 2 for at, name in enumerate(names)})
    frame = frame.with_columns(q=part // 16 % 2)
    requests = banner_requests(["q"], names)
    known = moments(frame, Design(), requests)
    with pytest.raises(SurveyError, match="do not hold a, e together"):
        protect(banner(known, ["q"], names, rule=SHOW_ALL))
    pairs = [Count(variable=name, by=("e",)) for name in "abc"]
    table = banner(moments(frame, Design(), [*requests, *pairs]), ["q"], names, rule=SHOW_ALL)
    assert not protect(table).patterns["q"].hidden
    # The greatest weight of a cell is not among its moments.
    assert protect(table, ORGANISATIONS).patterns["q"].causes[("",)] is Cause.DOMINANCE


def _columns_of(table: Banner, cells: Sequence[tuple[str | None, ...]]) -> NDArray[np.float64]:
    """Tell which cells of the crossed breakdowns each column holds, shape (C, cells)."""
    names = {"a": 0, "b": 1}
    held = [
        [all(cell[names[name]] == level for name, level in column.group.items()) for cell in cells]
        for column in table.columns
    ]
    return np.array(held, dtype=np.float64)


def _told(
    columns: NDArray[np.float64], cells: Sequence[tuple[str | None, ...]], sizes: Sequence[int]
) -> set[tuple[float, ...]]:
    """Return the smallest groups of 1 to 7 people that columns, added and taken away, make.

    Those who are in one column of a breakdown: groups of several columns of both are not sought.
    """
    found = set()
    for signs in itertools.product((-1.0, 0.0, 1.0), repeat=len(columns)):
        group = np.array(signs) @ columns
        if ((group == 0) | (group == 1)).all() and 0 < group @ np.array(sizes) < 8:
            held = itertools.compress(cells, group)
            if 1 in {len(set(levels)) for levels in zip(*held, strict=True)}:
                found.add(tuple(group))
    return {
        one
        for one in found
        if not any(other != one and np.less_equal(other, one).all() for other in found)
    }


_CELLS = tuple(itertools.product(("x", "y", "z", None), ("v", "w", None)))


@given(st.lists(st.sampled_from([0, 0, 0, 2, 5, 9, 30]), min_size=12, max_size=12))
@settings(max_examples=25)
def test_no_few_people_are_what_columns_have_beside_others(sizes: list[int]) -> None:
    """Columns are sums of cells that nobody shows: who solves for these finds no small group."""
    held = {cell: size for cell, size in zip(_CELLS, sizes, strict=True) if size}
    if {cell[0] for cell in held} <= {None} or {cell[1] for cell in held} <= {None}:
        return
    found = protect(_by_groups(held, "a", "b"), Rules(least=8)).table
    columns = _columns_of(found, list(held))
    block = found.blocks[0]
    weighted = np.where(block.answered, block.figures.bases.weighted[:, 0], 0.0)
    known = ~block.closed
    for group in _told(columns, list(held), list(held.values())):
        low, high = (
            linprog(sign * np.array(group), A_eq=columns[known], b_eq=weighted[known]).fun
            for sign in (1, -1)
        )
        # Without a bound, there is no solution.
        assert low is None or high is None or -high - low > 1


def _study(
    folder: Path, rows: pl.DataFrame, tables: str, protection: str = "{least: 11}", name: str = "s"
) -> Study:
    file = folder / f"{name}.yaml"
    file.write_text(
        f"title: T\ndesign: {{weights: d}}\ntables: [{tables}]\nprotection: {protection}\n"
        "base_rule: {suppress_below: 0, caution_below: 0}\n",
        encoding="utf-8",
    )
    return open_study(Table.of(rows), file)


def _ages(minors: int = 6) -> pl.DataFrame:
    return _people(
        {
            ("a", "minor"): minors // 2,
            ("b", "minor"): minors - minors // 2,
            ("a", "adult"): 60,
            ("b", "adult"): 80,
            ("a", "old"): 50,
            ("b", "old"): 40,
        }
    ).frame


EVERYBODY = "{name: all, questions: [q], breakdowns: [region]}"
ADULTS = "{name: adults, over: {age: [adult, old]}, questions: [q], breakdowns: [region]}"


def _shares_of(table: Banner) -> dict[tuple[str, str], float]:
    """Return the weighted counts that a reader has, by answer and group."""
    frame = table.frame().filter(pl.col("value").is_not_null())
    return {
        (row["level"], row["group"]): row["value"] * row["weighted"] for row in frame.to_dicts()
    }


def test_a_table_of_a_part_of_the_people_does_not_give_the_others_away(tmp_path: Path) -> None:
    """Everybody less the adults would be six minors."""
    both = _study(tmp_path, _ages(), f"{EVERYBODY}, {ADULTS}").protected()
    whole, part = (_shares_of(both[name].table) for name in ("all", "adults"))
    assert whole
    assert not whole.keys() & part.keys()
    pattern = both["adults"].patterns["q"]
    minors = next(key for key in pattern.causes if key == ("", "less age=adult|old"))
    assert pattern.causes[minors] is Cause.FEW
    assert not pattern.audit.recovered
    # Where the others are many, nothing is hidden.
    many = _study(tmp_path, _ages(60), f"{EVERYBODY}, {ADULTS}").protected()
    assert _shares_of(many["all"].table).keys() == _shares_of(many["adults"].table).keys()
    assert len(_shares_of(many["adults"].table)) == 9


def test_answers_of_a_difference_are_protected_when_asked(tmp_path: Path) -> None:
    rows = _ages(60).with_columns(
        pl.when(pl.col("age") == "minor").then(pl.int_range(pl.len()) % 20 // 19).otherwise("q")
        .alias("q")
    )  # fmt: skip
    tables = f"{EVERYBODY}, {ADULTS}"
    found = _study(tmp_path, rows, tables, "{least: 11, applies_to: answer}").protected()
    whole, part = (_shares_of(found[name].table) for name in ("all", "adults"))
    assert ("1", "") not in whole.keys() & part.keys()
    assert not found["adults"].patterns["q"].audit.recovered


def test_the_same_people_told_by_other_breakdowns_are_protected_together(tmp_path: Path) -> None:
    """Age by region hides a cell; the regions of the other table must not give it back."""
    rows = _people(
        {
            ("a", "y"): 4,
            ("a", "o"): 30,
            ("b", "y"): 40,
            ("b", "o"): 50,
            ("c", "y"): 60,
            ("c", "o"): 70,
        }
    ).frame
    tables = (
        "{name: fine, questions: [q], breakdowns: ['region * age']}, "
        "{name: coarse, questions: [q], breakdowns: [region]}"
    )
    found = _study(tmp_path, rows, tables).protected()
    fine, coarse = (_shares_of(found[name].table) for name in ("fine", "coarse"))
    assert ("0", "a × y") not in fine
    assert not {("0", "a × o"), ("0", "a")} <= {*fine, *coarse}
    assert not found["fine"].patterns["q"].audit.recovered


def test_several_weights_are_refused_where_something_is_kept_back(tmp_path: Path) -> None:
    calibrated = (
        f"{EVERYBODY}, {{name: others, weights: design, questions: [q], breakdowns: [region]}}]\n"
        "calibrations: [{name: cal, population: 100, shares: true, margins: {age: "
    )
    few = f"{calibrated}{{minor: 0.1, adult: 0.5, old: 0.4}}}}}}"
    assert len(_study(tmp_path, _ages(60), few).protected()) == 2
    small = few.replace("breakdowns: [region]", "breakdowns: [age]")
    study = _study(tmp_path, _ages(), small)
    with pytest.raises(DifferencingError, match="told with the weights cal, design"):
        study.protected()
    for one in study.protected(unproven=True).values():
        assert one.table.unproven
        assert json.loads(as_json(one.table))["unproven"]
        assert "Nothing proves" in " ".join(notes(one.table, "en"))


def test_what_was_published_is_known(tmp_path: Path) -> None:
    former = tmp_path / "former.json"
    write({"all": _study(tmp_path, _ages(), EVERYBODY).protected()["all"].table}, former)
    later = _study(tmp_path, _ages(), ADULTS)
    assert len(_shares_of(later.protected()["adults"].table)) == 9
    assert not _shares_of(later.protected([former])["adults"].table)
    # Nothing changes what was published: the same again is no news.
    again = _study(tmp_path, _ages(), EVERYBODY).protected([former])["all"]
    assert len(_shares_of(again.table)) == 9
    # Once both are out, their difference is out.
    write({"adults": later.protected()["adults"].table}, tmp_path / "careless.json")
    with pytest.raises(DifferencingError, match="gives it away"):
        later.protected([former, tmp_path / "careless.json"])


def test_an_earlier_release_of_other_people_or_none_is_refused(tmp_path: Path) -> None:
    former = tmp_path / "former.json"
    write({"all": _study(tmp_path, _ages(8), EVERYBODY).protected()["all"].table}, former)
    study = _study(tmp_path, _ages(), ADULTS)
    with pytest.raises(DifferencingError, match=r"« all » of former\.json does not have the fig"):
        study.protected([former])
    assert study.protected([former], unproven=True)["adults"].table.unproven
    for content in ("", "{}", '{"results": {"x": {"rows": []}}}'):
        former.write_text(content, encoding="utf-8")
        with pytest.raises(SurveyError, match=r"former\.json is no earlier release: "):
            study.protected([former])
    with pytest.raises(SurveyError, match="No such file"):
        study.protected([tmp_path / "absent.json"])


@given(
    st.lists(st.integers(0, 30), min_size=6, max_size=6),
    st.sets(st.sampled_from(["minor", "adult", "old"]), min_size=1, max_size=2),
    st.sampled_from(["base", "answer"]),
)
@settings(max_examples=8)
def test_no_difference_of_few_people_can_be_computed(
    sizes: list[int], kept: set[str], on: str
) -> None:
    keys = [(region, age) for region in "ab" for age in ("minor", "adult", "old")]
    rows = _people(dict(zip(keys, sizes, strict=True)), seed=sum(sizes)).frame
    if not kept <= {*rows["age"]} or not rows.filter(pl.col("age").is_in([*kept])).height:
        return
    part = (
        f"{{name: part, over: {{age: [{', '.join(kept)}]}}, questions: [q], breakdowns: [region]}}"
    )
    with TemporaryDirectory() as folder:
        protection = f"{{least: 8, applies_to: {on}}}"
        study = _study(Path(folder), rows, f"{EVERYBODY}, {part}", protection)
        found = study.protected()
    whole, inside = (_shares_of(found[name].table) for name in ("all", "part"))
    others = rows.filter(~pl.col("age").is_in([*kept]))
    for level, group in whole.keys() & inside.keys():
        told = others.filter(pl.lit(not group) | (pl.col("region") == group))
        if on == "answer":
            told = told.filter(pl.col("q") == int(level))
        assert told.height == 0 or told.height >= 8


def test_rounded_counts_have_no_letters() -> None:
    rows = pl.DataFrame({"q": [1] * 90 + [2] * 110, "region": ["n"] * 80 + ["s"] * 120})
    table = banner(
        sample(rows.with_columns(q=pl.col("q").shift(5, fill_value=2)), Design()), ["q"], ["region"]
    )
    assert table.frame()["above"].str.len_chars().max()
    made = protect(table, rounding=5).table
    assert made.frame()["above"].unique().to_list() == [""]
    gone = set(notes(table, "en")) - set(notes(made, "en"))
    assert [note.split()[0] for note in sorted(gone)] == ["A", "Adjustment", "Standard"]


def test_rounded_counts_add_up_and_say_so() -> None:
    table = _table(_people(SIZES), "region", ("region", "age"))
    # Weights are of 1.25 on average.
    found = protect(table, rounding=5).table
    frame = found.frame().filter(
        (pl.col("question") == "q") & (pl.col("statistic") == "proportion")
    )
    counts = frame.with_columns((pl.col("value") * pl.col("weighted")).alias("count"))
    for name in ("count", "weighted", "respondents"):
        given = counts[name].drop_nulls()
        assert ((given / 5 - (given / 5).round()).abs() < 1e-9).all()
        per = counts.group_by("breakdown", "level").agg(pl.col(name).sum())
        assert per.group_by("level").agg(pl.col(name).n_unique())[name].to_list() == [1, 1, 1]
    in_columns = counts.group_by("breakdown", "group").agg(
        pl.col("count").sum(), pl.col("weighted").first()
    )
    assert (in_columns["count"] - in_columns["weighted"]).abs().max() == pytest.approx(0, abs=1e-9)
    true = table.frame().filter((pl.col("question") == "q") & (pl.col("statistic") == "proportion"))
    assert ((counts["weighted"] - true["weighted"]).abs() < 5).all()
    assert ((counts["count"] - true["value"] * true["weighted"]).abs() < 5).all()
    # What would tell the true counts is in no file.
    for name in ("standard_error", "low", "high", "effective_size"):
        assert found.frame()[name].is_null().all()
    assert not any(block.tests for block in found.blocks)
    assert found.frame().filter(pl.col("statistic") == "mean")["value"].is_null().all()
    assert found.frame()["rounding"].unique().to_list() == [5]
    assert json.loads(as_json(found))["rounding"] == 5
    assert "multiple of 5" in as_html(found, language="en")
    assert "rounding" not in table.frame().columns


def test_rounding_that_hides_nobody_is_refused() -> None:
    rows = _people(SIZES)
    grossed = Table(rows.frame.with_columns(pl.col("d") * 1000), rows.variables, rows.sets)
    with pytest.raises(
        SurveyError, match=r"multiples of 5, .* nobody would be hidden\. Round to 2"
    ):
        protect(_table(grossed, "region"), rounding=5)


def test_a_specification_asks_for_rounding_and_for_dominance(tmp_path: Path) -> None:
    tables = f"{EVERYBODY}, {ADULTS}"
    for one in _study(tmp_path, _ages(), tables, "{rounding: 5}").protected().values():
        assert one.table.rounding == 5
        assert one.table.blocks[0].shown.all()
    asked = _study(tmp_path, _ages(60), EVERYBODY, "{least: 3, dominance: 0.001}")
    assert not _shares_of(asked.protected()["all"].table)
    for bad in ("{rounding: 1}", "{dominance: 2}"):
        with pytest.raises(InvalidFilesError, match="protection"):
            _study(tmp_path, _ages(), EVERYBODY, bad)


def test_crossing_tables_do_not_single_a_few_people_out(tmp_path: Path) -> None:
    """All less men less adults, with men among the adults given back: the women of 15."""
    sizes = {("m", "minor"): 30, ("w", "minor"): 5, ("m", "adult"): 60, ("w", "adult"): 70}
    rows = _people(sizes).frame
    names = ("all", "men", "adults", "both")
    domains = ("{}", "{region: m}", "{age: adult}", "{region: m, age: adult}")
    tables = [
        f"{{name: {name}, over: {over}, questions: [q]}}"
        for name, over in zip(names, domains, strict=True)
    ]
    found = _study(tmp_path, rows, ", ".join(tables)).protected()
    shown = {name for name, one in found.items() if _shares_of(one.table)}
    assert shown < {*names}
    assert "all" in shown
    three = _study(tmp_path, rows, ", ".join(tables[:3])).protected()
    assert all(_shares_of(one.table) for one in three.values())


@pytest.mark.parametrize("nested", [False, True])
def test_who_did_not_choose_an_option_is_a_group_too(*, nested: bool) -> None:
    """Four people did not choose « bus »: everybody less those who did gives their answers."""
    random, size = np.random.Generator(np.random.PCG64(8)), 400
    frame = pl.DataFrame(
        {
            "q": random.choice(["no", "yes"], size),
            "sex": ["w", "m"] * (size // 2),
            "bus": [0] * 4 + [1] * (size - 4),
            "car": random.integers(0, 2, size),
        }
    )
    several = MultiResponse(variables=("bus", "car"), counted=1)
    people = sample(Table(frame, sets={"uses": several}), Design())
    asked: list[str | tuple[str, ...]] = ["sex", ("uses", "sex")] if nested else ["uses"]
    made = protect(banner(people, ["q"], asked, rule=SHOW_ALL), Rules(least=5), on="answer")
    block = made.table.blocks[0]
    shown = {
        tuple(map(str, column.group.values())): block.opened[place] and block.shown[place].any()
        for place, column in enumerate(made.table.columns)
    }
    for sex in ("w", "m") if nested else (None,):
        whole, chosen = ((sex,), ("bus", sex)) if sex else ((), ("bus",))
        assert not (shown[whole] and shown[chosen])
    assert not made.patterns["q"].audit.recovered


def _least_and_greatest(table: Banner, rows: Table, names: Sequence[str], few: pl.Expr) -> float:
    """Return how far apart the bounds of the weight of a few people are, over their weight.

    The attack knows what the file shows, and nothing of who exists: unlike that of the library, it
    looks for the weight of every kind of people that could be.
    """
    kinds = pl.DataFrame({names[0]: rows.levels(names[0])})
    for name in names[1:]:
        kinds = kinds.join(pl.DataFrame({name: rows.levels(name)}), how="cross")

    def carries(name: str, level: str) -> pl.Expr:
        if name in rows.sets:
            return pl.col(level) == 1
        return pl.col(name).cast(pl.String) == level

    boxes = {
        (block.question.variable, label): [str(level) for level in levels]
        for block in table.blocks
        for label, levels in block.question.boxes.items()
    }

    def within(expression: pl.Expr) -> NDArray[np.float64]:
        return kinds.with_columns(expression.alias("in"))["in"].to_numpy().astype(float)

    equations: list[NDArray[np.float64]] = []
    totals: list[float] = []
    for row in table.frame().filter(pl.col("weighted").is_not_null()).iter_rows(named=True):
        pairs = zip(row["breakdown"].split(" × "), row["group"].split(" × "), strict=True)
        inside = pl.all_horizontal(
            pl.lit(value=True), *(carries(name, level) for name, level in pairs if name)
        )
        equations.append(within(inside))
        totals.append(row["weighted"])
        if row["value"] is not None and row["statistic"] != "mean":
            held = boxes.get((row["question"], row["level"]), [row["level"]])
            answer = pl.any_horizontal(carries(row["question"], level) for level in held)
            equations.append(within(answer & inside))
            totals.append(row["value"] * row["weighted"])
    matrix = np.array(equations)
    rows_of, least = np.vstack([matrix, -matrix]), np.concatenate([totals, -np.array(totals)])

    def end(sign: int) -> float:
        found = linprog(sign * within(few), A_ub=rows_of, b_ub=least + 1e-6)
        assert found.fun is not None
        return float(sign * found.fun)

    return (end(-1) - end(1)) / float(rows.frame.filter(few)["d"].sum())


def test_a_question_asked_twice_does_not_give_its_answers_away() -> None:
    rows = _people({("a", "y"): 40, ("b", "y"): 60, ("c", "y"): 70}, seed=4)
    few = (pl.col("region") == "a") & (pl.col("q") == 0)
    answers = pl.when(few & (few.cum_sum() > 5)).then(1).otherwise("q").alias("q")
    rows = Table(rows.frame.with_columns(answers), {}, rows.sets)
    asked = [Question(variable="q", boxes=box) for box in ({"low": [0, 1]}, {"high": [1, 2]})]
    table = banner(sample(rows, Design(weights="d")), asked, ["region"], rule=SHOW_ALL)
    found = protect(table, on="answer")
    first, second = found.table.blocks
    assert first.hidden[1, 0]
    # Everybody of the region less the box is those who gave the other answer.
    assert second.hidden[1, 3]
    assert _least_and_greatest(found.table, rows, ["region", "q"], few) > 0.2
    assert found.patterns["q"].causes[("box high", "region=a")] is Cause.COMPLEMENTARY


@pytest.mark.parametrize("on", ["base", "answer"])
def test_a_question_that_is_a_breakdown_too_does_not_give_a_closed_column_away(on: Any) -> None:
    of_others = zip(itertools.product("bcd", "yo"), (30, 52, 49, 23, 38, 53), strict=True)
    rows = _people({("a", "y"): 3, ("a", "o"): 6, **dict(of_others)}, seed=3)
    source = sample(rows, Design(weights="d"))
    table = banner(source, ["q", "region", "age"], ["region", "age"], rule=SHOW_ALL)
    found = protect(table, on=on).table
    names = ["region", "age", "q"]
    # Of region a, neither the weight nor the ages.
    for few in (pl.col("region") == "a", (pl.col("region") == "a") & (pl.col("age") == "y")):
        assert _least_and_greatest(found, rows, names, few) > 0.2
    for block in found.blocks:
        shown = dict(zip((str(one.group) for one in found.columns), block.opened, strict=True))
        assert not shown["{'region': 'a'}"]
    assert found.blocks[1].shown.any()


def test_a_set_crossed_with_a_variable_beside_the_set_hides_the_same_people() -> None:
    random, size = np.random.Generator(np.random.PCG64(1)), 160
    frame = pl.DataFrame(
        {
            "q": random.integers(0, 3, size),
            "sex": ["w", "m"] * (size // 2),
            "x": (random.random(size) < 0.4).astype(int),
            "y": random.integers(0, 2, size),
            "d": random.uniform(0.5, 2, size),
        }
    )
    few = (pl.col("q") == 0) & (pl.col("sex") == "w") & (pl.col("x") == 1)
    frame = frame.with_columns(q=pl.when(few & (few.cum_sum() > 4)).then(1).otherwise("q"))
    rows = Table(frame, {}, {"uses": MultiResponse(variables=("x", "y"))})
    asked: list[str | tuple[str, ...]] = [("uses", "sex"), "uses"]
    table = banner(sample(rows, Design(weights="d")), ["q"], asked, rule=SHOW_ALL)
    found = protect(table, on="answer")
    assert _least_and_greatest(found.table, rows, ["q", "sex", "x", "y"], few) > 0.2


def test_neither_tests_nor_letters_tell_of_what_is_hidden() -> None:
    rows = _people({("a", "y"): 300, ("b", "y"): 300, ("c", "y"): 300})
    is_a = pl.col("region") == "a"
    place = pl.int_range(pl.len()).over("region")
    answers = pl.when(is_a).then((place >= 5).cast(pl.Int64) + (place >= 200)).otherwise("q")
    rows = Table(rows.frame.with_columns(answers.alias("q")), {}, rows.sets)
    table = banner(sample(rows, Design(weights="d")), ["q"], ["region", "age"], rule=SHOW_ALL)
    (block,) = table.blocks
    assert "A" in block.above[2, 0]
    assert "A" in block.above[3, 0]
    (kept,) = protect(table, on="answer").table.blocks
    assert kept.hidden[1, 0]
    assert not kept.closed[1]
    assert not any("A" in marks for marks in kept.above[:, 0])
    assert set(block.tests) == {("region",)}
    assert not kept.tests
    assert protect(table).table.blocks[0].tests == block.tests


@pytest.mark.parametrize("held", ["sample", "moments"])
def test_shares_of_the_answers_given_are_protected_and_rounded(held: str) -> None:
    rows = _people({("a", "y"): 8, ("b", "y"): 60, ("c", "y"): 90})
    design = Design(weights="d")
    given = Question(variable="uses", answers=Answers.CHOICES, responses=True)
    source = (
        sample(rows, design)
        if held == "sample"
        else moments(rows, design, banner_requests([given], ["region"], sets=rows.sets))
    )
    table = banner(source, [given], ["region"], rule=SHOW_ALL)
    found = protect(table)
    assert found.table.blocks[0].closed.tolist() == [False, True, True, False]
    bounded = found.patterns["uses"].audit.of(("answer x", "region=a"))
    chosen = rows.frame.filter((pl.col("region") == "a") & (pl.col("x") == 1))["d"].sum()
    assert bounded.value == pytest.approx(chosen)
    # Bases are people, whose weights still add up.
    (block,) = protect(table, rounding=10).table.blocks
    weighted = block.figures.bases.weighted[:, 0]
    assert weighted[0] == weighted[1:].sum()
    assert abs(weighted[0] - rows.frame["d"].sum()) < 10


def test_a_set_that_is_its_own_breakdown_is_protected() -> None:
    """Who did not choose an option, among those who chose it, is nobody, whatever the rounding."""
    for seed in range(20):
        rows = _people({("a", "y"): 80, ("b", "y"): 60}, seed=seed)
        source = sample(rows, Design(weights="d"))
        table = banner(source, ["uses"], ["region", "uses"], rule=SHOW_ALL)
        assert not protect(table).patterns["uses"].audit.recovered


def test_an_audit_says_that_a_bound_is_not_known(tmp_path: Path) -> None:
    """Everything is hidden: nothing bounds it above."""
    rows = _people({("a", "y"): 4, ("b", "y"): 5})
    made = protect(banner(sample(rows, Design(weights="d")), ["q"], ["region"], rule=SHOW_ALL))
    assert not made.table.blocks[0].opened.any()
    for kind in ("html", "xlsx", "json"):
        write(made, tmp_path / f"audit.{kind}", language="en")
    assert "n/a" in (tmp_path / "audit.html").read_text()


def test_errors_do_not_tell_the_answers_of_a_closed_stratum(tmp_path: Path) -> None:
    """Everybody's variance less that of the regions shown would be that of the others."""
    sizes = {(region, age): 45 for region in "cd" for age in "yo"}
    rows = _people({("a", "y"): 4, ("a", "o"): 5, ("b", "y"): 20, ("b", "o"): 30, **sizes})
    told = [
        {"name": "regions", "questions": ["q", "uses"], "breakdowns": ["region", "age"]},
        {"name": "ages", "questions": ["q"], "breakdowns": ["age"]},
        {"name": "south", "questions": ["q"], "breakdowns": ["age"], "over": {"region": ["d"]}},
    ]
    content = {
        "title": "Strata",
        "design": {"weights": "d", "strata": "region"},
        "base_rule": {"suppress_below": 0, "caution_below": 0},
        "tables": told,
    }
    (tmp_path / "survey.yaml").write_text(json.dumps(content))
    made = open_study(rows, tmp_path / "survey.yaml").protected()
    known = {
        (name, row["question"], row["group"])
        for name, one in made.items()
        for row in one.table.frame().iter_rows(named=True)
        if row["standard_error"] is not None or row["low"] or row["effective_size"]
    }
    closed = made["regions"].table.blocks[0].closed.tolist()
    assert closed == [False, True, True, *[False] * 4]
    assert known == {
        *(("regions", each, region) for each in ("q", "uses") for region in "cd"),
        *(("south", "q", group) for group in ("", "y", "o")),
    }


def test_a_column_out_of_its_domain_is_not_the_people_of_another_table(tmp_path: Path) -> None:
    """Nobody of « o » is young, and those who are young elsewhere are few."""
    rows = _people({("a", "y"): 7, ("a", "o"): 40, ("b", "y"): 30, ("b", "o"): 60})
    told = [
        {"name": "all", "questions": ["q"], "breakdowns": ["region", "region * age"]},
        {"name": "old", "over": {"age": ["o"]}, "questions": ["q"], "breakdowns": ["age * region"]},
    ]
    content = {
        "title": "Domains",
        "design": {"weights": "d"},
        "base_rule": {"suppress_below": 0, "caution_below": 0},
        "tables": told,
    }
    (tmp_path / "survey.yaml").write_text(json.dumps(content))
    made = open_study(rows, tmp_path / "survey.yaml").protected()
    few = (pl.col("region") == "a") & (pl.col("age") == "y")
    assert _least_and_greatest(made["all"].table, rows, ["region", "age", "q"], few) > 0.2
    assert made["all"].patterns["q"].causes[("", "age=y", "region=a")] is Cause.FEW


def test_levels_out_of_the_domain_need_no_protection() -> None:
    """Nobody of region a or b is of region c: this is told by the domain, not by figures."""
    rows = _people({("a", "y"): 6, ("a", "o"): 8, ("b", "y"): 30, ("b", "o"): 9, ("c", "y"): 50})
    source = sample(rows, Design(weights="d"))
    asked: list[str | tuple[str, ...]] = ["age", ("region", "age")]
    over = {"region": ["a", "b"]}
    table = banner(source, ["region", "age", "q"], asked, over=over, rule=SHOW_ALL)
    found = protect(table)
    for pattern in found.patterns.values():
        assert not pattern.audit.recovered
        assert pattern.hidden


def test_another_question_of_another_table_does_not_tell_a_closed_column(tmp_path: Path) -> None:
    """Those of region a who are young are a column here, and an answer to « region » there."""
    of_others = zip(itertools.product("bcd", "yo"), (30, 52, 49, 23, 38, 53), strict=True)
    rows = _people({("a", "y"): 7, ("a", "o"): 40, **dict(of_others)}, seed=3)
    told = [
        {"name": "ages", "questions": ["q"], "breakdowns": ["region * age"]},
        {"name": "regions", "questions": ["region"], "breakdowns": ["age"]},
    ]
    content = {
        "title": "Equal cells",
        "design": {"weights": "d"},
        "base_rule": {"suppress_below": 0, "caution_below": 0},
        "tables": told,
    }
    (tmp_path / "survey.yaml").write_text(json.dumps(content))
    made = open_study(rows, tmp_path / "survey.yaml").protected()
    closed = {
        tuple(column.group.values())
        for column, is_closed in zip(
            made["ages"].table.columns, made["ages"].table.blocks[0].closed, strict=True
        )
        if is_closed
    }
    assert ("a", "y") in closed
    table = made["regions"].table
    (block,) = table.blocks
    for place, column in enumerate(table.columns[1:], start=1):
        for row, head in enumerate(block.heads):
            assert block.hidden[place, row] >= ((head.level, column.group["age"]) in closed)
    assert block.shown.any()
