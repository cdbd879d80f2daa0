"""Bad files, designs, margins and requests are refused: what, where, and what to do.

Nothing here may end in a NaN, in another error than `SurveyError`, or in a default that nobody
asked for.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from alliage import survey
from alliage.survey import Design, SurveyError, SurveyProblem
from alliage.survey.tables.banners import banner
from alliage.survey.tables.questions import Answers, Question

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAN, INF = math.nan, math.inf

ROWS: dict[str, list[Any]] = {
    "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "q": ["a", "b", "a", "b", "a", "b"],
    "s": ["x", "x", "x", "z", "z", "z"],
    "w": [1.0, 2.0, 1.0, 2.0, 1.0, 2.0],
    "n": [10, 10, 10, 20, 20, 20],
    "c": [1, 2, 3, 4, 5, 6],
}


def people(design: Design | None = None, **columns: Any) -> survey.Sample:
    frame = pl.DataFrame({**ROWS, **columns}, strict=False)
    return survey.sample(frame, design or Design(weights="w"))


def untyped(**given: Any) -> Any:
    """Return what is no argument for whoever checks types."""
    return given


def refused(act: Callable[[], object], problem: str, *says: str) -> SurveyError:
    with pytest.raises(SurveyError) as caught:
        act()
    text = str(caught.value)
    assert caught.value.problem is SurveyProblem(problem), text
    for part in says:
        assert part in text, text
    # A fact, then what to do: two sentences at least, or one with both.
    assert text.endswith("."), text
    assert sum(text.count(end) for end in (". ", ": ", "; ")) >= 1, text
    return caught.value


# Weights


@pytest.mark.parametrize(
    ("weights", "problem", "says"),
    [
        ([-1.0, 1, 1, 1, 1, 1], "weight_not_positive", ("« w »", "row 1", "-1")),
        ([1.0, 1, 0, 1, 1, 1], "weight_not_positive", ("« w »", "row 3", "over")),
        ([-0.0, 1, 1, 1, 1, 1], "weight_not_positive", ("row 1",)),
        ([0] * 6, "weight_not_positive", ("6 rows",)),
        ([1.0, None, 1, 1, 1, 1], "weight_missing", ("« w »", "row 2")),
        ([None] * 6, "weight_missing", ("6 rows",)),
        (["1", "2", "3", "4", "5", "x"], "weight_not_number", ("« w »", "row 6 holds « x »")),
        (["1,5"] * 6, "weight_not_number", ("1,5", "point")),
        ([True] * 6, "weight_not_number", ("« w »",)),
        ([dt.date(2026, 1, 1)] * 6, "weight_not_number", ("2026-01-01",)),
        ([[1.0]] * 6, "weight_not_number", ("« w »",)),
        ([INF, 1, 1, 1, 1, 1], "value", ("« w »", "row 1")),
    ],
    ids=str,
)
def test_weights(weights: list[Any], problem: str, says: tuple[str, ...]) -> None:
    refused(lambda: people(w=weights), problem, *says)


def test_a_weight_that_is_nan_is_missing() -> None:
    error = refused(lambda: people(w=[NAN, 1, 1, 1, 1, 1]), "weight_missing", "row 1")
    assert error.values["row"] == "1"


# Designs


@pytest.mark.parametrize(
    ("design", "columns", "problem", "says"),
    [
        ({"weights": "wt"}, {}, "column", ("« wt »",)),
        ({"strata": "region"}, {}, "column", ("« region »",)),
        ({"weights": "w", "strata": "c"}, {}, "lonely_unit", ("6 of 6 strata", "ADJUST")),
        (
            {"weights": "w", "strata": "s"},
            {"s": ["only", "x", "x", "z", "z", "z"]},
            "lonely_unit",
            ("only", "Merge"),
        ),
        ({"strata": "s"}, {"s": [None, *"xxzzz"]}, "design_missing", ("« s »", "row 1")),
        ({"strata": "s"}, {"s": [NAN, 1, 1, 2, 2, 2]}, "design_missing", ("« s »", "row 1")),
        (
            {"strata": "s", "clusters": "c"},
            {"c": [1, 1, 2, 2, 3, 3]},
            "clusters_not_nested",
            ("nested=True",),
        ),
        ({"fpc": "n"}, {"n": [-10] * 6}, "population_size", ("« n »", "row 1")),
        ({"fpc": "n"}, {"n": [0] * 6}, "population_size", ("« n »", "row 1")),
        ({"fpc": "n"}, {"n": [NAN] * 6}, "population_size", ("« n »", "row 1")),
        ({"fpc": "n"}, {"n": [3] * 6}, "population_size", ("gives 3 units where 6 were drawn",)),
        ({"fpc": "n"}, {"n": [0.5] * 3 + [10.0] * 3}, "population_size", ("mixes",)),
        ({"strata": "s", "fpc": "c"}, {}, "population_size", ("varies",)),
    ],
    ids=str,
)
def test_designs(
    design: dict[str, Any], columns: dict[str, list[Any]], problem: str, says: tuple[str, ...]
) -> None:
    refused(lambda: survey.mean(people(Design(**design), **columns), "y"), problem, *says)


def test_rules_are_words_or_members_and_nothing_else() -> None:
    lonely: Any = "adjust"
    rule: Any = "design"
    by_word = Design(weights="w", lonely=lonely, df=rule)
    assert by_word == Design(weights="w", lonely=survey.LonelyUnit.ADJUST, df=survey.DfRule.DESIGN)
    assert survey.mean(people(by_word), "y").provenance.lonely == "adjust"
    wrong: Any = "ignore"
    refused(lambda: Design(lonely=wrong), "request", "ignore", "certainty, adjust")
    unusable: list[Any] = ["psu", 0, -3, NAN]
    for df in unusable:
        refused(functools.partial(Design, df=df), "degrees_of_freedom", "psu-strata")


# Margins


MARGINS: dict[str, Any] = {"q": {"a": 6, "b": 30}, "s": {"x": 20, "z": 16}}


@pytest.mark.parametrize("method", ["raking", "linear"])
@pytest.mark.parametrize(
    ("margins", "problem", "says"),
    [
        ({"q": {"a": 10, "b": 10}, "s": {"x": 5, "z": 5}}, "margin_sums", ("20", "10")),
        ({"q": {"a": 1, "b": 1, "absent": 1}}, "margin_absent", ("absent", "q")),
        ({"q": {"a": 1}}, "margin_unknown", ("b", "q")),
        ({"region": {"a": 1}}, "column", ("« region »",)),
        ({"q": {"a": NAN, "b": 1}}, "margin_total", ("q", "a")),
        ({"q": {"a": INF, "b": 1}}, "margin_total", ("q", "a")),
        ({"q": {"a": -1, "b": 1}}, "margin_total", ("q", "a")),
        ({"q": {"a": 0, "b": 1}}, "margin_total", ("q", "a")),
        ({"y": NAN}, "margin_total", ("y",)),
        ({"q": 3}, "type", ("q",)),
        ({("q", "s"): {("a", "x"): 1}}, "margin_unknown", ("a, z",)),
        ({"c": {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1}}, "margin_absent", ("c",)),
    ],
    ids=str,
)
def test_margins(margins: dict[Any, Any], problem: str, says: tuple[str, ...], method: str) -> None:
    refused(lambda: survey.calibrate(people(), margins, method=method), problem, *says)


def test_a_margin_that_nobody_answered_names_the_row() -> None:
    lost = people(q=["a", None, "a", "b", "a", "b"])
    refused(lambda: survey.calibrate(lost, {"q": {"a": 10, "b": 10}}), "margin_missing", "row 2")
    lost = people(y=[NAN, 1.0, 2.0, 3.0, 4.0, 5.0])
    margins = {"q": {"a": 10, "b": 10}, "y": 50}
    refused(lambda: survey.calibrate(lost, margins), "margin_missing", "« y »", "row 1")


@pytest.mark.parametrize(
    ("options", "problem", "says"),
    [
        ({"bounds": (1.1, 2)}, "not_converged", ("Widen the bounds",)),
        ({"bounds": (0.5, 0.9)}, "not_converged", ("Widen the bounds",)),
        ({"bounds": (2, 0.5)}, "bounds", ("2",)),
        ({"bounds": (NAN, 2)}, "bounds", ()),
        ({"bounds": (1, 1)}, "bounds", ()),
        ({"method": "logit"}, "bounds", ()),
        ({"bounds": (0.95, 1.05)}, "not_converged", ("Widen the bounds",)),
        ({"max_iterations": 1}, "not_converged", ("1 ",)),
        ({"method": "entropy"}, "request", ("entropy", "raking")),
        ({"per": "wave"}, "column", ("wave",)),
        ({"max_design_effect": 0.5}, "design_effect", ("0.5",)),
        ({"max_design_effect": NAN}, "design_effect", ()),
        ({"population": 10}, "margin_sums", ("10",)),
        ({"shares": True}, "margin_sums", ()),
    ],
    ids=str,
)
def test_calibrations(options: dict[str, Any], problem: str, says: tuple[str, ...]) -> None:
    refused(lambda: survey.calibrate(people(), MARGINS, **options), problem, *says)


def test_margins_that_contradict_each_other_are_said_not_to_converge() -> None:
    crossed = {("a", "x"): 9, ("a", "z"): 9, ("b", "x"): 1, ("b", "z"): 1}
    margins: dict[Any, Any] = {"q": {"a": 10, "b": 10}, ("q", "s"): crossed}
    refused(lambda: survey.calibrate(people(), margins, method="linear"), "not_converged", "q")


def test_quantiles_of_weights_below_zero_are_refused() -> None:
    far = survey.calibrate(people(), {"q": {"a": 10, "b": 10}, "y": 20}, method="linear")
    assert far.report.smallest_weight < 0
    refused(lambda: survey.median(far, "y"), "value", "below zero", "raking")


# Estimates


@pytest.mark.parametrize(
    ("columns", "ask", "problem", "says"),
    [
        ({}, lambda s: survey.mean(s, "income"), "column", ("« income »",)),
        ({}, lambda s: survey.mean(s, "q"), "type", ("« q »", "row 1", "« a »")),
        ({}, lambda s: survey.median(s, "q"), "type", ("« q »", "« a »")),
        ({}, lambda s: survey.mean(s, "y", by="region"), "column", ("« region »",)),
        ({}, lambda s: survey.mean(s, "y", over={"region": "N"}), "column", ("« region »",)),
        ({}, lambda s: survey.mean(s, "y", over={"q": "c"}), "level", ("c", "a, b")),
        ({}, lambda s: survey.mean(s, "y", over={"q": []}), "empty_domain", ()),
        (
            {},
            lambda s: survey.mean(s, "y", over={"q": "a", "c": 2}),
            "empty_domain",
            ("q: a", "c: 2"),
        ),
        ({"y": [NAN] * 6}, lambda s: survey.mean(s, "y"), "empty_domain", ("everybody",)),
        ({"q": [None] * 6}, lambda s: survey.mean(s, "y", by="q"), "empty_domain", ("q",)),
        ({"y": [INF, 1, 2, 3, 4, 5]}, lambda s: survey.mean(s, "y"), "value", ("row 1",)),
        ({"y": [INF, 1, 2, 3, 4, 5]}, lambda s: survey.median(s, "y"), "value", ("inf",)),
        ({"y": [-INF, 1, 2, 3, 4, 5]}, lambda s: survey.gini(s, "y"), "value", ("-inf",)),
        ({"y": [-1, 1, 2, 3, 4, 5]}, lambda s: survey.gini(s, "y"), "value", ("-1",)),
        ({"y": [0.0] * 6}, lambda s: survey.gini(s, "y"), "zero_denominator", ()),
        ({"y": [0.0] * 6}, lambda s: survey.ratio(s, "w", "y"), "zero_denominator", ("« w »",)),
        (
            {"y": [1.0, -1, 1, -1, 1, -1], "w": [1.0] * 6},
            lambda s: survey.ratio(s, "w", "y"),
            "zero_denominator",
            (),
        ),
        (
            {"y": [dt.date(2026, 1, 1)] * 6},
            lambda s: survey.median(s, "y"),
            "type",
            ("2026-01-01",),
        ),
        ({}, lambda s: survey.quantile(s, "y", 0), "request", ("0",)),
        ({}, lambda s: survey.quantile(s, "y", NAN), "request", ("nan",)),
        ({}, lambda s: survey.quantile(s, "y", []), "request", ("nothing",)),
        ({}, lambda s: survey.mean(s, "y", level=95), "request", ("95",)),
        ({}, lambda s: survey.mean(s, "y", **untyped(variance="none")), "request", ("none",)),
        ({}, lambda s: survey.mean(s, "y", **untyped(ovr={"q": "a"})), "request", ("ovr", "over")),
        ({}, lambda s: survey.top_box(s, "q", []), "level", ("nothing", "a, b")),
        ({}, lambda s: survey.top_box(s, "q", ["agree"]), "level", ("agree", "a, b")),
        ({}, lambda s: survey.net_score(s, "q", ["a"], ["a"]), "level", ("a",)),
        ({}, lambda s: survey.proportion(s, "q", interval="exact"), "request", ("wilson",)),
        ({}, lambda s: survey.proportion(s, "q", **untyped(base="all")), "request", ("everybody",)),
        ({}, lambda s: survey.median(s, "y", rule="7"), "request", ("school",)),
        ({}, lambda s: survey.choices(s, "q"), "column", ("several answers",)),
        ({}, survey.estimate, "request", ("0 requests",)),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_estimates(
    columns: dict[str, Any], ask: Callable[[Any], object], problem: str, says: tuple[str, ...]
) -> None:
    refused(lambda: ask(people(**columns)), problem, *says)


def test_frames_without_anybody() -> None:
    refused(lambda: survey.sample(pl.DataFrame(ROWS).head(0), Design()), "empty")
    refused(lambda: survey.sample(pl.DataFrame(), Design()), "empty")


def test_one_respondent_has_an_estimate_and_no_error() -> None:
    """The variance of one is not 0: it is not known."""
    refused(
        lambda: survey.mean(survey.sample(pl.DataFrame(ROWS).head(1), Design()), "y"),
        "lonely_unit",
    )


# Tables


@pytest.mark.parametrize(
    ("ask", "problem", "says"),
    [
        (lambda s: banner(s, []), "request", ("0 questions",)),
        (lambda s: banner(s, ["opinion"]), "column", ("« opinion »",)),
        (lambda s: banner(s, ["q"], ["region"]), "column", ("« region »",)),
        (lambda s: banner(s, ["q"], ["s", "s"]), "request", ("each breakdown once",)),
        (lambda s: banner(s, ["q"], [()]), "request", ()),
        (lambda s: banner(s, ["q"], ["s"], over={"q": []}), "empty_domain", ()),
        (lambda s: banner(s, ["q"], ["s"], level=2), "request", ("2",)),
        (lambda s: banner(s, ["q"], ["s"], loose=0.99), "request", ("0.99",)),
        (
            lambda s: banner(s, [Question(variable="q", answers=Answers.NUMBER)]),
            "type",
            ("« q »", "« a »"),
        ),
        (
            lambda s: banner(s, [Question(variable="q", boxes={"top": ["agree"]})]),
            "level",
            ("agree", "a, b"),
        ),
        (
            lambda s: banner(s, [Question(variable="q", points={"a": NAN})]),
            "request",
            ("« a »", "« q »"),
        ),
        (
            lambda s: banner(s, [Question(variable="q", answers=Answers.CHOICES)]),
            "request",
            ("« q »",),
        ),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_tables(ask: Callable[[Any], object], problem: str, says: tuple[str, ...]) -> None:
    refused(lambda: ask(people()), problem, *says)


# Files


@pytest.mark.parametrize(
    ("name", "content", "problem", "says"),
    [
        ("a.csv", b"", "empty", ("no row",)),
        ("a.csv", b"\n\n", "empty", ("no row",)),
        ("a.csv", b"q;w\n", "empty", ("no row",)),
        ("a.csv", b"q;w\na;1\nb", "truncated", ("« a.csv »", "(3)")),
        ("a.csv", b'q;w\n"a;1\nb;2\n', "truncated", ("« a.csv »", "cut")),
        ("a.csv", b"q;w\na;1;3\nb;2\n", "format", ("Line 2", "3 cells for 2")),
        ("a.csv", b"q;w\na\nb;2\n", "format", ("Line 2", "1 cells for 2")),
        ("a.csv", b"q;q\na;1\n", "column", ("q twice",)),
        ("a.csv", b"q;\na;1\n", "column", ("column 2",)),
        ("a.csv", b"q;w\ra;1\r", "format", ("« a.csv »", "line ends")),
        ("a.csv", b'q;w\n"a' + b"x;1\n" * 50_000, "format", ("« a.csv »", "quote")),
        ("a.csv", b"sep=;\nq;w\na;1\n", "column", ("column 2",)),
        ("a.csv", "q;w\né;1\n".encode("latin-1"), "encoding", ("Line 2", "windows-1252")),
        ("a.csv", "q;w\na;1\n".encode("utf-16"), "encoding", ("Line 1", "UTF-8")),
        ("a.csv", b"\x1f\x8b\x08\x00junk", "encoding", ("Line 1",)),
        ("a.xlsx", b"q;w\na;1\n", "format", ("« a.xlsx »", "what its name says")),
        ("a.parquet", b"q;w\na;1\n", "truncated", ("« a.parquet »",)),
        ("a.sav", b"q;w\na;1\n", "truncated", ("« a.sav »",)),
        ("a.dta", b"q;w\na;1\n", "truncated", ("« a.dta »",)),
        ("a.json", b"{}", "format", ("« a.json »", ".parquet")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files(
    tmp_path: Path, name: str, content: bytes, problem: str, says: tuple[str, ...]
) -> None:
    (tmp_path / name).write_bytes(content)
    refused(lambda: survey.read(tmp_path / name), problem, *says)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    refused(lambda: survey.read(tmp_path / "wave.csv"), "format", "« wave.csv »")
    refused(lambda: survey.read(tmp_path), "format", tmp_path.name)


@pytest.mark.parametrize("part", [0.001, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, kind: str, part: float) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    if kind == "xlsx":
        book = Workbook()
        book.worksheets[0].append(["q", "w"])
        for number in range(500):
            book.worksheets[0].append(["a", number])
        book.save(whole)
    else:
        pl.DataFrame({"q": ["a"] * 500, "w": range(500)}).write_parquet(whole)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(SurveyError) as caught:
        survey.read(cut)
    assert caught.value.problem in {SurveyProblem.FORMAT, SurveyProblem.TRUNCATED}
    assert f"« cut.{kind} »" in str(caught.value)


def test_blank_lines_are_nobody(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    for text in ("q;w\na;1\n\nb;2\n\n\n", "q;w\r\na;1\r\n\r\nb;2\r\n"):
        file.write_bytes(text.encode())
        assert survey.read(file).frame["q"].to_list() == ["a", "b"]
    # In one column, it is somebody who did not answer.
    file.write_text("q\na\n\nb\n", encoding="utf-8")
    assert survey.read(file).frame["q"].to_list() == ["a", None, "b"]


def test_points_are_read_where_semicolons_separate(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("q;w\na;1\nb;1.5\n", encoding="utf-8")
    assert survey.read(file).frame["w"].to_list() == [1.0, 1.5]
    # With commas elsewhere a point may separate thousands: nobody guesses.
    file.write_text("q;w;z\na;1.500;2,5\nb;2.000;1,5\n", encoding="utf-8")
    read = survey.read(file)
    assert read.frame["w"].to_list() == ["1.500", "2.000"]
    refused(lambda: survey.mean(survey.sample(read, Design()), "w"), "type", "line 2", "1.500")


def test_a_column_of_a_workbook_without_a_name_is_refused(tmp_path: Path) -> None:
    book = Workbook()
    for row in (("q", None), ("a", 1)):
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    refused(lambda: survey.read(tmp_path / "a.xlsx"), "column", "column 2")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([1, "#DIV/0!", 2], ("line 3", "« #DIV/0! », a text in numbers")),
        ([1, dt.date(2026, 2, 1), 2], ("line 3", "« 2026-02-01 00:00:00 », a date in numbers")),
        ([dt.date(2026, 2, 1), 1, 2], ("line 2", "« 2026-02-01 00:00:00 », a date in numbers")),
        ([1, 2, dt.time(3)], ("line 4", "« 03:00:00 », a time in numbers")),
        ([1, True, 2], ("line 3", "« True », a truth value in numbers")),
        (["a", "b", 1], ("line 4", "« 1 », a number in texts")),
    ],
)
def test_a_cell_of_another_kind_in_a_workbook_is_named(
    tmp_path: Path, cells: list[Any], told: tuple[str, ...]
) -> None:
    book = Workbook()
    for row in [("q", "w"), *(("a", cell) for cell in cells)]:
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    refused(lambda: survey.read(tmp_path / "a.xlsx"), "type", "« w »", *told)


# Anything


NUMBERS = st.one_of(
    st.floats(-1e6, 1e6, allow_subnormal=False),
    st.sampled_from([0.0, -0.0, 1.0, NAN, INF, -INF, None]),
)
WEIGHTS = st.one_of(st.floats(1e-6, 1e6), st.sampled_from([0.0, -1.0, NAN, INF, None]))
CATEGORIES = st.sampled_from(["a", "b", "c", "", None])


@given(
    rows=st.lists(st.tuples(NUMBERS, WEIGHTS, CATEGORIES, CATEGORIES), min_size=0, max_size=12),
    statistic=st.sampled_from(["mean", "total", "median", "gini", "proportion", "count", "ratio"]),
    by=st.sampled_from([(), ("q",)]),
    strata=st.booleans(),
    sure=st.booleans(),
)
@settings(max_examples=100)
def test_whatever_is_given_no_figure_is_infinite_or_nan(
    rows: list[tuple[Any, ...]],
    statistic: str,
    by: tuple[str, ...],
    *,
    strata: bool,
    sure: bool,
) -> None:
    if sure:
        # Weights that may be used, so that the rest is reached.
        rows = [(y, 1.0 + place, q, s or "a") for place, (y, _, q, s) in enumerate(rows)]
    schema = {"y": pl.Float64, "w": pl.Float64, "q": pl.String, "s": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    variables = {"proportion": ("q",), "count": ("q",), "ratio": ("y", "w")}.get(statistic, ("y",))
    design = Design(weights="w", strata="s" if strata else None, lonely=survey.LonelyUnit.ADJUST)
    try:
        found = getattr(survey, statistic)(survey.sample(frame, design), *variables, by=by)
    except SurveyError as error:
        assert str(error).endswith(".")  # noqa: PT017 - a refusal is one of the two answers
        return
    for item in found:
        figures = (
            item.value,
            item.standard_error,
            item.low,
            item.high,
            item.weighted,
            item.design_effect,
            item.effective_size,
        )
        assert all(figure is None or np.isfinite(figure) for figure in figures), item
    if found.covariance is not None:
        assert np.isfinite(found.covariance).all()
    assert "NaN" not in found.json()


#: Totals that a person may write; the refusals of the others are above.
TOTALS = st.one_of(st.floats(0.01, 1e4), st.sampled_from([0.0, -1.0, NAN, INF]))


@given(
    totals=st.lists(TOTALS, min_size=2, max_size=2),
    numeric=st.one_of(st.none(), st.floats(-100, 1e4)),
    method=st.sampled_from(["raking", "linear", "logit", "poststratify"]),
    bounds=st.one_of(st.none(), st.tuples(st.floats(-1, 2), st.floats(0, 5))),
)
@settings(max_examples=100)
def test_a_calibration_meets_its_margins_or_is_refused(
    totals: list[float], numeric: float | None, method: str, bounds: tuple[float, float] | None
) -> None:
    margins: dict[Any, Any] = {"q": {"a": totals[0], "b": totals[1]}}
    if numeric is not None:
        margins["y"] = numeric
    try:
        fit = survey.calibrate(people(), margins, method=method, bounds=bounds)
    except SurveyError as error:
        assert str(error).endswith(".")  # noqa: PT017 - a refusal is one of the two answers
        return
    assert np.isfinite(fit.weights).all()
    assert fit.report.largest_error <= 1e-10
    codes = np.array(ROWS["q"])
    for level, total in zip("ab", totals, strict=True):
        assert fit.weights[codes == level].sum() == pytest.approx(total, rel=1e-9)
    if bounds is not None:
        ratios = fit.weights / np.array(ROWS["w"])
        assert ratios.min() >= bounds[0] - 1e-9
        assert ratios.max() <= bounds[1] + 1e-9


# Words, sizes and types that no option has


@pytest.mark.parametrize(
    ("options", "problem", "says"),
    [
        ({"bounds": (0.3, 3), "bounds_on": "x"}, "bounds", ("« x »", "ratio")),
        ({"tolerance": 10}, "request", ("10",)),
        ({"tolerance": 0}, "request", ("0",)),
        ({"max_iterations": 0}, "request", ("0 iterations",)),
        ({"method": "logit", "bounds": (0.3, INF)}, "bounds", ("logit", "infinite")),
    ],
)
def test_options_of_a_calibration(
    options: dict[str, Any], problem: str, says: tuple[str, ...]
) -> None:
    margins = {"q": {"a": 10, "b": 10}}
    refused(lambda: survey.calibrate(people(), margins, **options), problem, *says)


@pytest.mark.parametrize("total", [None, [1], "1", True, NAN, 1e308, 1e-308])
def test_a_total_is_a_number_of_people(total: Any) -> None:
    crossed = {"q": {"a": total, "b": 10}}
    refused(lambda: survey.calibrate(people(), crossed), "margin_total", "« a » of « q »")
    numeric = {"q": {"a": 10, "b": 10}, "y": total}
    refused(lambda: survey.calibrate(people(), numeric), "margin_total", "« y »")


def test_a_total_that_no_weights_reach_is_said_without_overflow() -> None:
    margins = {"q": {"a": 10, "b": 10}, "y": 1e9}
    refused(lambda: survey.calibrate(people(), margins), "not_converged", "« y »")


@pytest.mark.parametrize(
    ("ask", "problem", "says"),
    [
        (lambda one: banner(one, ["q"], ["e"]), "empty_domain", ("e",)),
        (lambda one: banner(one, ["q"], ["s"], adjustment=untyped(a="x")["a"]), "request", ("x",)),
        (lambda one: banner(one, [Question(variable="q", answers=untyped(a="x")["a"])]), "request",
         ("« x »", "number")),
        (lambda one: banner(one, "q"), "request", ("brackets",)),
        (lambda one: banner(one, ["q"], "s"), "request", ("brackets",)),
        (lambda one: survey.mean(one, "e"), "empty_domain", ("« e »",)),
        (lambda one: survey.proportion(one, "l"), "type", ("« l »", "List")),
        (lambda one: survey.mean(one, "h"), "value", ("« h »", "row 1")),
    ],
)  # fmt: skip
def test_tables_and_columns_that_cannot_be(
    ask: Callable[[Any], object], problem: str, says: tuple[str, ...]
) -> None:
    nobody = pl.Series([None] * 6, dtype=pl.String)
    columns = people(e=nobody, l=[[1]] * 6, h=[1e200, *[1.0] * 5])
    refused(lambda: ask(columns), problem, *says)


def test_a_scale_is_a_word_or_a_member() -> None:
    numeric = survey.Variable(**untyped(scale="numeric"))
    assert numeric.scale is survey.Scale.NUMERIC
    refused(lambda: survey.Variable(**untyped(scale="metric")), "request", "nominal, ordinal")


@pytest.mark.parametrize("population", [INF, NAN, -5.0, 0.0])
def test_shares_are_those_of_a_number_of_people(population: float) -> None:
    shares = {"s": {"x": 0.5, "z": 0.5}}
    refused(
        lambda: survey.calibrate(people(), shares, shares=True, population=population),
        "margin_total",
        "« population »",
    )


def test_words_do_for_answers_and_adjustments() -> None:
    asked = Question(variable="y", answers=untyped(answers="number")["answers"])
    cell = banner(people(), [asked]).blocks[0].rows[0].cells[0]
    assert cell is not None
    assert cell.estimate.value == survey.mean(people(), "y").one().value


def test_weights_too_large_to_square_and_lists_as_strata_are_refused() -> None:
    refused(lambda: people(w=[1e200, *[1.0] * 5]), "value", "« w »", "row 1")
    refused(lambda: people(Design(strata="l"), l=[[1]] * 6), "type", "« l »")


def test_a_number_that_never_varies_has_no_error() -> None:
    assert survey.mean(people(y=[1.1] * 6), "y").one().standard_error == 0


def test_codes_that_begin_with_zero_stay_codes(tmp_path: Path) -> None:
    file = tmp_path / "departments.csv"
    file.write_text("department,people\n01,10\n75,20\n", encoding="utf-8")
    read = survey.read(file).frame
    assert read["department"].to_list() == ["01", "75"]
    assert read["people"].to_list() == [10, 20]


@pytest.mark.parametrize("apart", [1e-2, 1e-4, 1e-6])
def test_a_ratio_of_numbers_that_are_nearly_proportional_keeps_its_digits(apart: float) -> None:
    random = np.random.default_rng(5)
    x = random.uniform(1, 2, 200)
    y = x * (1.1 + apart * random.normal(0, 1, 200))
    kinds = random.choice(["a", "b"], 200)
    found = survey.ratio(
        survey.sample(pl.DataFrame({"x": x, "y": y, "k": kinds}), Design()), "y", "x"
    )
    ratio = y.sum() / x.sum()
    residuals = (y - ratio * x) / x.sum()
    expected = math.sqrt(200 * residuals.var(ddof=1))
    assert found.one().standard_error == pytest.approx(expected, rel=1e-8)


def test_a_formula_without_its_result_is_refused(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["q", "w"], ["a", 1], ["b", "=1+1"]):
        sheet.append(row)
    file = tmp_path / "answers.xlsx"
    book.save(file)
    refused(lambda: survey.read(file), "value", "answers.xlsx", "Line 3", "=1+1")


@pytest.mark.parametrize(
    "ask",
    [
        lambda given: survey.estimate(given, survey.Mean(variable="y")),
        lambda given: survey.mean(given, "y"),
        lambda given: survey.choices(given, "y"),
        lambda given: survey.banner(given, ["q"]),
        lambda given: survey.calibrate(given, {"q": {"a": 1, "b": 1}}),
        lambda given: survey.rao_scott(given, "q", "s"),
        lambda given: survey.correlations(given, ["y", "n"]),
        lambda given: survey.compare(given, across="s"),
        lambda given: survey.rank(given, survey.Mean(variable="y")),
        lambda given: survey.trend({"2024": given}, survey.Mean(variable="y")),
        lambda given: survey.multilevel(given, "q", ["a"], groupings=["s"], population={}),
    ],
)
def test_respondents_are_no_sample(ask: Callable[[Any], object]) -> None:
    remedy = "Call `sample(frame, Design(...))` first"
    refused(lambda: ask(pl.DataFrame(ROWS)), "request", "A DataFrame was given", remedy)


@pytest.mark.parametrize(
    "values",
    [[dt.timedelta(hours=1), dt.timedelta(hours=2)], [b"a", b"\xff"], [{"a": 1}, {"a": 2}]],
)
def test_what_few_files_hold_is_no_level(values: list[object]) -> None:
    source = people(d=values * 3)
    for ask in (
        lambda: survey.mean(source, "y", by="d"),
        lambda: survey.proportion(source, "d"),
        lambda: survey.banner(source, ["q"], ["d"]),
    ):
        refused(ask, "type", "« d » holds", "which are no levels", "Give text, numbers, dates")
