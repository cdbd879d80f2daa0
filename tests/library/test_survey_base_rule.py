"""One base rule holds for all that is made of estimates, and in all that is written."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from rich.console import Console

from alliage import survey
from alliage.cli.survey_screen import show
from alliage.survey import BaseRule, Reliability
from alliage.survey.publishing.listing import listing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from alliage.survey.publishing.result_files import Result

WAVES = ("2001", "2003", "2005", "2007", "2009")
EVERYTHING = BaseRule(suppress_below=0, caution_below=0, largest_variation=math.inf)
ASKED = survey.Mean(variable="y", by=("wave",))


def drawn(sizes: Sequence[int], seed: int = 1, moved: Collection[str] = ()) -> survey.Sample:
    """Return waves whose figures are not mistaken for one another; answers of some are moved.

    Each wave has an item of its own besides.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    parts = []
    for place, (wave, size) in enumerate(zip(WAVES, sizes, strict=True)):
        y = 1000 * 3.7**place + random.normal(0, 100, size)
        part = {
            "y": 3 * y + 5e4 if wave in moved else y,
            f"own {wave}": y + random.normal(0, 100, size),
            "weight": random.uniform(1, 9, size),
        }
        parts.append(pl.DataFrame({"wave": wave, **part}))
    rows = pl.concat(parts, how="diagonal")
    return survey.sample(rows, survey.Design(weights="weight", strata="wave"))


def made_of(source: survey.Sample, rule: BaseRule | None) -> dict[str, Result]:
    """Make all that is made of estimates, of samples and of estimates under a rule."""
    found = replace(survey.estimate(source, ASKED), rule=rule)
    made: dict[str, Result] = {
        "estimates": found,
        "comparisons": survey.compare(found, across="wave", reference="2005"),
        "of samples": survey.compare(source, drawn([60] * 5, moved=WAVES), ASKED, rule=rule),
        "trends": survey.trend(found, wave="wave", breaks={"2007": "another question"}),
        "correlations": correlated(source, rule),
    }
    if sum(not is_hidden(found, item) for item in found) > 1:
        made["ranking"] = survey.rank(source, ASKED, first=1, rule=rule)
    return made


def is_hidden(found: survey.Estimates, item: survey.Estimate) -> bool:
    return found.reliability(item) is Reliability.TOO_SMALL


def correlated(source: survey.Sample, rule: BaseRule | None) -> survey.Correlations:
    """Correlate the item of all with that of each wave: other pairs were answered by nobody."""
    made = [survey.correlations(source, ["y", f"own {wave}"], rule=rule) for wave in WAVES]
    pairs = tuple(one.pairs[0] for one in made)
    return replace(made[0], items=("y", *(pair.second for pair in pairs)), pairs=pairs)


def written(results: Mapping[str, Result]) -> list[object]:
    """Return what data files and workbooks hold, cell by cell."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in (".json", ".csv", ".parquet", ".xlsx"):
            survey.write(results, folder / f"all{kind}", language="en")
        content = json.loads((folder / "all.json").read_text(encoding="utf-8"))
        frames = pl.read_parquet(folder / "all.parquet"), pl.read_csv(folder / "all.csv")
        sheets = list(load_workbook(folder / "all.xlsx"))
    rows = [
        *(row.values() for made in content["results"].values() for row in leaves(made)),
        *itertools.chain.from_iterable(frame.iter_rows() for frame in frames),
        *(row for sheet in sheets for row in sheet.values),
    ]
    return [cell for row in rows for cell in row if not isinstance(cell, dict | list)]


def leaves(made: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the JSON of a result says: of the whole, then row by row."""
    return [made, *made.get("rows", made.get("estimates", []))]


def read_by_people(results: Mapping[str, Result]) -> str:
    """Return what a screen shows, and a page."""
    console = Console(width=200, file=io.StringIO())
    pages = []
    for name, result in results.items():
        show(console, result, "en", name=name)
        pages.append(survey.as_html(result, "en"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue() + "".join(pages)


@settings(max_examples=15)
@given(
    st.lists(st.integers(3, 60), min_size=5, max_size=5),
    st.integers(0, 1000),
    st.floats(0, 70),
    st.floats(0.001, 0.4),
)
def test_what_the_rule_hides_is_written_nowhere(
    sizes: list[int], seed: int, least: float, variation: float
) -> None:
    """Neither a figure, nor what gives it back: its error, its ends, a difference with it."""
    rule = BaseRule(suppress_below=least, caution_below=60, largest_variation=variation)
    source = drawn(sizes, seed)
    found = replace(survey.estimate(source, ASKED), rule=rule)
    hidden = [item for item in found if is_hidden(found, item)]
    secret = [one.value - other.value for one in hidden for other in found if one is not other]
    for item in hidden:
        secret += [item.value, item.standard_error or 0, item.low or 0, item.high or 0]
    for pair in correlated(source, None).pairs:
        if min(pair.respondents, pair.effective_size or math.inf) < least:
            secret += [pair.value or 0, pair.standard_error or 0, pair.low or 0, pair.high or 0]
    results = made_of(source, rule)
    cells = written(results)
    numbers = np.array([cell for cell in cells if isinstance(cell, float)])
    for one in filter(None, secret):
        assert not np.isclose(np.abs(numbers), abs(one), rtol=1e-9, atol=0).any()
    text = read_by_people(results)
    told = re.findall(r"[\d,.]+", text)
    assert not {f"{item.value:,.0f}" for item in hidden}.intersection(told)
    # Each is told as hidden: in the list, in comparisons of waves and of samples, in the trend.
    assert text.count("base too small") >= 2 * 4 * len(hidden)
    # Nor does anything that is told depend on what they answered.
    moved = made_of(drawn(sizes, seed, [str(item.group["wave"]) for item in hidden]), rule)
    assert read_by_people(moved) == text
    for again, cell in zip(written(moved), cells, strict=True):
        assert again == (pytest.approx(cell, rel=1e-6) if isinstance(cell, float) else cell)


def test_a_rule_that_hides_nothing_gives_the_same_figures() -> None:
    found = survey.estimate(drawn([20, 30, 40, 50, 60]), ASKED)
    strict = replace(found, rule=BaseRule(suppress_below=1e6))
    for make in (
        lambda given, rule: survey.compare(given, across="wave", rule=rule),
        lambda given, rule: survey.trend(given, wave="wave", rule=rule),
        lambda given, rule: survey.rank(given, rule=rule),
    ):
        bare, ruled = (make(found, rule).frame() for rule in (None, EVERYTHING))
        told = bare.select(pl.col("^.*reliability$")).columns
        assert told
        assert bare.drop(told).equals(ruled.drop(told))
        assert {one for name in told for one in bare[name]} == {None}
        assert {one for name in told for one in ruled[name]} == {"reliable"}
        # The rule that is given holds, not that of the estimates.
        assert make(strict, EVERYTHING).frame().equals(ruled)


def test_a_difference_with_a_hidden_figure_is_hidden_and_not_tested() -> None:
    found = survey.estimate(drawn([5, 45, 80, 80, 80]), ASKED)
    gaps = survey.compare(found, across="wave", rule=BaseRule(suppress_below=20))
    names = [field for field in survey.Comparison.__slots__ if "reliab" not in field]
    for one in gaps:
        shown = {name for name in names if getattr(one, name) is not None}
        base = {"first", "second", "within", "first_respondents", "second_respondents"}
        assert shown == (base | {"second_value"} if one.first == "2001" else set(names))
    assert {one.first_reliability for one in gaps if one.first == "2001"} == {Reliability.TOO_SMALL}
    assert {one.first_reliability for one in gaps if one.first == "2003"} == {Reliability.CAUTION}
    # Six tests are made together, not ten.
    others = survey.compare(
        survey.estimate(drawn([5, 45, 80, 80, 80]), replace(ASKED, over=(("wave", WAVES[1:]),))),
        across="wave",
    )
    tested = [one.adjusted for one in gaps if one.first != "2001"]
    assert tested == pytest.approx([one.adjusted for one in others])
    made = listing(gaps, "en")
    told = [made.rows[place][-1] for place in (0, 4)]
    assert told == ["1: base too small · 2: caution", "1: caution"]
    assert made.text(0, 2, "en") == made.text(0, 4, "en") == "–"
    assert any("base too small to be shown" in note for note in made.notes)
    assert not any("nothing varies" in note for note in made.notes)


def test_what_is_hidden_has_no_rank_and_says_why() -> None:
    found = survey.estimate(drawn([5, 60, 6, 60, 60]), ASKED)
    order = survey.rank(found, first=2, rule=BaseRule(suppress_below=20, caution_below=30))
    assert [item.name for item in order.items] == ["2009", "2007", "2003"]
    assert (order.items[0].rank, order.items[2].highest) == (1, 3)
    assert order.unranked == {"2001": None, "2005": None}
    made = listing(order, "en")
    assert [made.rows[place][-1] for place in (2, 3)] == ["", "base too small"]
    assert [made.text(3, column, "en") for column in range(5)] == ["–", "2001", "–", "–", "–"]
    assert any("the rest is ranked without it" in note for note in made.notes)
    assert not any("nothing varies" in note for note in made.notes)
    with pytest.raises(
        survey.SurveyError, match=r"3 of 5 .* first 3 .* « 2001, 2005 » has too few"
    ):
        survey.rank(found, first=3, rule=BaseRule(suppress_below=20))
    with pytest.raises(survey.SurveyError, match="0 of 5 items can be ranked: « 2001"):
        survey.rank(found, rule=BaseRule(suppress_below=100))


def test_a_hidden_wave_is_in_no_change_and_keeps_its_break() -> None:
    found = replace(
        survey.estimate(drawn([60, 5, 60, 6, 60]), ASKED),
        rule=BaseRule(suppress_below=20, caution_below=20),
    )
    (one,) = survey.trend(found, wave="wave")[0].segments
    assert [point.estimate is None for point in one.points] == [False, True, False, True, False]
    assert [(change.second, change.first) for change in one.changes] == [
        ("2001", "2005"),
        ("2005", "2009"),
    ]
    three = survey.estimate(drawn([60, 5, 60, 6, 60]), replace(ASKED, over=(("wave", WAVES[::2]),)))
    assert one.slope == survey.trend(three, wave="wave")[0].segments[0].slope
    # What came before a break is not compared, even if the wave of the break is hidden.
    broken = survey.trend(found, wave="wave", breaks={"2007": "another question"})
    before, after = broken[0].segments
    assert [(change.second, change.first) for change in before.changes] == [("2001", "2005")]
    assert (after.changes, after.slope, after.broken_by) == ((), None, "another question")
    assert broken.frame()["change_from"].to_list() == [None, None, "2001", None, None]
    made = listing(broken, "en")
    assert [made.text(1, column, "en") for column in (0, 1, 2, 3, 4)] == ["2003", *["–"] * 4]
    assert [row[-2:] for row in made.rows[2:]] == [
        ("", ""),
        ("another question", "base too small"),
        ("", ""),
    ]
    assert any("compared with the last shown" in note for note in made.notes)
    # Waves of samples are hidden alike, each by its own rule or by the one given.
    samples = {wave: survey.estimate(drawn([60] * 5), survey.Mean(variable="y")) for wave in WAVES}
    samples["2003"] = replace(samples["2003"], rule=BaseRule(suppress_below=1e6))
    told = [point.reliability for point in survey.trend(samples)[0].segments[0].points]
    assert told == [None, Reliability.TOO_SMALL, None, None, None]


@pytest.mark.parametrize("kind", survey.Correlation)
def test_a_correlation_of_few_is_hidden(kind: survey.Correlation) -> None:
    random = np.random.Generator(np.random.PCG64(2))
    codes = random.integers(0, 4, (200, 3)) + random.integers(0, 3, (200, 1))
    rows = pl.DataFrame(dict(zip("abc", codes.T, strict=True))).with_columns(
        c=pl.when(pl.int_range(pl.len()) < 25).then("c"), weight=random.uniform(1, 2, 200)
    )
    people = survey.sample(rows, survey.Design(weights="weight"))
    found = survey.correlations(people, "abc", kind=kind, rule=BaseRule())
    assert [pair.reliability for pair in found.pairs] == [
        Reliability.RELIABLE,
        Reliability.TOO_SMALL,
        Reliability.TOO_SMALL,
    ]
    hidden = found.pairs[1]
    assert (hidden.value, hidden.low, hidden.standard_error) == (None, None, None)
    assert (hidden.effective_size, hidden.respondents) == (None, 25)
    made = listing(found, "en")
    assert [made.text(1, column, "en") for column in (2, 6, 7)] == ["–", "25", "base too small"]
    assert not any("end of the scale" in note for note in made.notes)
    with pytest.raises(survey.SurveyError, match="« a · c, b · c » has too few respondents"):
        found.matrix()
    # Unequal weights are worth fewer people: the base alone does not tell.
    unequal = rows.with_columns(weight=pl.when(pl.int_range(pl.len()) < 20).then(50).otherwise(1))
    (pair,) = survey.correlations(
        survey.sample(unequal, survey.Design(weights="weight")), "ab", kind=kind, rule=BaseRule()
    ).pairs
    assert (pair.respondents, pair.reliability) == (200, Reliability.TOO_SMALL)


def test_the_direct_estimate_of_a_small_area_is_hidden(tmp_path: Path) -> None:
    random = np.random.Generator(np.random.PCG64(5))
    rows = pl.concat(
        pl.DataFrame({"town": f"t{k}", "y": random.normal(2 * k, 3, 10 + 9 * k)}) for k in range(8)
    )
    found = survey.mean(survey.sample(rows, survey.Design()), "y", by="town")
    known = {f"t{k}": [float(k)] for k in range(9)}
    model = survey.small_areas(found, area="town", covariates=known, least_worth=5, rule=BaseRule())
    assert model.synthetic == ("t8",)
    survey.write(model, tmp_path / "t.json")
    told = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["results"][""]["rows"]
    assert [row["direct"] is None for row in told] == [*[True] * 3, *[False] * 5, True]
    assert [row["direct_weight"] is None for row in told] == [*[True] * 3, *[False] * 6]
    assert [row["reliability"] for row in told][2:4] == ["too small", "caution"]
    made = listing(model, "en")
    assert [made.text(0, column, "en") for column in (3, 4, 5)] == ["–", "–", "base too small"]
    assert made.text(8, 3, "en") == "n/a"
    assert any("base too small to be shown" in note for note in made.notes)


def test_how_an_interval_was_made_does_not_tell_a_hidden_share() -> None:
    """That of a share of 0 or 1 is of another kind."""
    rows = pl.DataFrame({"g": ["a"] * 40 + ["b"] * 5, "q": ["y", "n"] * 20 + ["y"] * 5})
    found = survey.proportion(survey.sample(rows, survey.Design()), "q", by="g")
    ruled = replace(found, rule=BaseRule()).frame()
    assert ruled["interval"].to_list() == ["logit", "logit", None, None]


def test_no_letter_names_a_column_that_is_hidden_in_its_row() -> None:
    """And the tests of a row made together are those of the columns that are shown."""
    source = drawn([5, 60, 60, 60, 60])
    asked = survey.Question(variable="y", answers=survey.Answers.NUMBER)

    def letters(rule: BaseRule) -> list[str]:
        (row, *_) = survey.banner(source, [asked], ["wave"], rule=rule).blocks[0].rows
        return [cell.above for cell in row.cells if cell is not None]

    assert letters(EVERYTHING) == ["", "", "A", "AB", "ABC", "ABCD"]
    assert letters(BaseRule(suppress_below=20)) == ["", "", "", "B", "BC", "BCD"]
