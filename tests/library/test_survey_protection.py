from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.survey import BaseRule, Design, MultiResponse, SurveyError, Table, sample
from alliage.survey.protection.disclosure import Cause, Rules
from alliage.survey.protection.protected_tables import protect
from alliage.survey.publishing.table_files import as_json
from alliage.survey.tables.banners import Banner, banner
from alliage.survey.tables.questions import Answers, Question

if TYPE_CHECKING:
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
