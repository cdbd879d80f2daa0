"""Moments: the figures of rows, from sums made a part at a time, where the data are."""

from __future__ import annotations

import gzip
import pickle
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage import survey
from alliage.survey import (
    Count,
    Design,
    Estimates,
    Gini,
    Mean,
    Moments,
    MultiResponse,
    Proportion,
    Quantile,
    Ratio,
    Request,
    Scored,
    SurveyError,
    SurveyProblem,
    Total,
    Variable,
)
from alliage.survey.scale import gathering
from alliage.survey.scale.plans import banner_requests
from alliage.survey.tables.banners import banner
from alliage.survey.tables.questions import Answers, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

API = Path(__file__).parent.parent / "cases" / "survey" / "api"
MARGINS = {
    "stype": {"E": 4421, "H": 755, "M": 1018},
    "sch.wide": {"No": 1072, "Yes": 5122},
}
REQUESTS: list[Request] = [
    Mean(variable="api00"),
    Mean(variable="api00", by=("stype",)),
    Mean(variable="acs.core", over=(("awards", ("Yes",)),)),
    Total(variable="api.stu", by=("awards",)),
    Ratio(variable="api.stu", denominator="api99"),
    Count(variable="stype"),
    Proportion(variable="stype", by=("awards",)),
    Scored(variable="awards", points={"Yes": 1.0}, label="yes"),
    Quantile(variable="api99", probabilities=(0.25, 0.5)),
    Gini(variable="api.stu"),
]
DESIGNS = {
    "strata": ("apistrat", Design(weights="pw", strata="stype", fpc="fpc")),
    "sizes": ("apistrat", Design(strata="stype", fpc="fpc")),
    "elements": ("apistrat", Design(weights="pw")),
    "clusters": ("apiclus1", Design(weights="pw", clusters="dnum", fpc="fpc")),
    "stages": ("apiclus2", Design(clusters=("dnum", "snum"), fpc=("fpc1", "fpc2"))),
}


def rows(name: str) -> pl.DataFrame:
    return pl.read_csv(API / f"{name}.csv", null_values=["", "NA"])


def close(ours: Estimates, theirs: Estimates) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.level, one.group, one.respondents, one.missing, one.interval) == (
            other.level,
            other.group,
            other.respondents,
            other.missing,
            other.interval,
        )
        for name in ("value", "standard_error", "low", "high", "weighted", "design_effect"):
            mine, its = getattr(one, name), getattr(other, name)
            assert (mine is None) == (its is None), name
            if mine is not None:
                assert mine == pytest.approx(its, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("name", DESIGNS)
def test_same_figures_as_rows(name: str, *, calibrated: bool) -> None:
    source, design = DESIGNS[name]
    frame = rows(source)
    sample = survey.sample(frame, design)
    found = survey.moments(frame.lazy(), design, REQUESTS, margins=list(MARGINS))
    if calibrated:
        sample, found = survey.calibrate(sample, MARGINS), survey.calibrate(found, MARGINS)
    for request in REQUESTS:
        close(survey.estimate(found, request), survey.estimate(sample, request))


def test_the_report_is_that_of_rows() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    by_rows = survey.calibrate(survey.sample(frame, design), MARGINS).report
    found = survey.calibrate(survey.moments(frame, design, [], margins=list(MARGINS)), MARGINS)
    ours = found.report
    for name in ("total", "smallest_weight", "largest_weight", "design_effect", "effective_size"):
        assert getattr(ours, name) == pytest.approx(getattr(by_rows, name), rel=1e-12)


def as_parquet(part: pl.DataFrame, folder: Path, name: str) -> Path:
    part.write_parquet(folder / f"{name}.parquet", row_group_size=50)
    return folder / f"{name}.parquet"


def as_csv(part: pl.DataFrame, folder: Path, name: str) -> Path:
    part.write_csv(folder / f"{name}.csv")
    return folder / f"{name}.csv"


def as_gzip(part: pl.DataFrame, folder: Path, name: str) -> Path:
    content = part.write_csv(separator=";", decimal_comma=True).encode()
    (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content))
    return folder / f"{name}.csv.gz"


def as_relation(part: pl.DataFrame, folder: Path, name: str) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().read_parquet(str(as_parquet(part, folder, name)))


ENGINES: dict[str, Callable[[pl.DataFrame, Path, str], Any]] = {
    "frames": lambda part, *_: part,
    "lazy frames": lambda part, *_: part.lazy(),
    "arrow": lambda part, *_: part.to_arrow(),
    "a scan": lambda *given: pl.scan_parquet(as_parquet(*given)),
    "parquet": as_parquet,
    "csv": as_csv,
    "gzip": as_gzip,
    "duckdb": as_relation,
}
TOGETHER = (Mean(variable="api00", by=("stype",)), Proportion(variable="awards"))


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    engines=st.lists(st.sampled_from(sorted(ENGINES)), min_size=1, max_size=5),
    workers=st.integers(1, 3),
    rows_at_once=st.integers(20, 120),
)
def test_any_split_order_engine_and_workers_give_the_same(
    seed: int, engines: list[str], workers: int, rows_at_once: int
) -> None:
    frame, design = rows("apiclus1"), DESIGNS["clusters"][1]
    order = np.random.default_rng(seed)
    mixed = frame[order.permutation(frame.height).tolist()]
    cuts = sorted(order.choice(range(1, frame.height), len(engines) - 1, replace=False).tolist())
    with TemporaryDirectory() as name:
        parts = [
            ENGINES[engine](mixed[start:end], Path(name), str(start))
            for engine, start, end in zip(engines, [0, *cuts], [*cuts, frame.height], strict=True)
        ]
        found = survey.moments(
            iter(parts),
            design,
            [TOGETHER],
            margins=list(MARGINS),
            workers=workers,
            rows_at_once=rows_at_once,
        )
    together = survey.calibrate(found, MARGINS)
    sample = survey.calibrate(survey.sample(frame, design), MARGINS)
    ours, theirs = survey.estimate(together, *TOGETHER), survey.estimate(sample, *TOGETHER)
    close(ours, theirs)
    assert ours.covariance is not None
    assert theirs.covariance is not None
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-8, atol=1e-10)


def test_moments_add_up_in_any_order() -> None:
    frame, design = rows("apiclus1"), DESIGNS["clusters"][1]
    parts = [
        survey.moments(frame[start : start + 40], design, [TOGETHER], margins=list(MARGINS))
        for start in (160, 0, 120, 40, 80)
    ]
    together = survey.calibrate(reduce(Moments.__add__, parts), MARGINS)
    sample = survey.calibrate(survey.sample(frame, design), MARGINS)
    close(survey.estimate(together, *TOGETHER), survey.estimate(sample, *TOGETHER))


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_banner_is_that_of_rows(*, calibrated: bool) -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    frame = frame.with_columns(
        pl.when(pl.col(name) == "Yes").then(1).otherwise(0).alias(f"has {name}")
        for name in ("awards", "comp.imp")
    )
    several = {"prizes": MultiResponse(variables=("has awards", "has comp.imp"))}
    table = survey.Table(frame, {}, several)
    questions: list[Question | str] = [
        Question(variable="awards", boxes={"yes": ["Yes"]}, points={"Yes": 1.0}),
        "prizes",
        Question(variable="api00", answers=Answers.NUMBER),
    ]
    breakdowns: list[str | tuple[str, ...]] = [
        "stype", ("sch.wide", "both"), "yr.rnd", "prizes", ("prizes", "yr.rnd")
    ]  # fmt: skip
    asked = banner_requests(questions, breakdowns, sets=several, over={"stype": ["E", "H"]})
    parts = [frame[:70], frame[70:].lazy()]
    source = survey.moments(parts, design, asked, margins=list(MARGINS), sets=several)
    sample = survey.sample(table, design)
    if calibrated:
        source, sample = survey.calibrate(source, MARGINS), survey.calibrate(sample, MARGINS)
    ours, theirs = (
        banner(each, questions, breakdowns, over={"stype": ["E", "H"]}).frame()
        for each in (source, sample)
    )
    assert ours.height > 60
    same = pl.selectors.by_dtype(pl.String, pl.Int64)
    assert ours.select(same).equals(theirs.select(same))
    for name in ours.select(~same).columns:
        pairs = zip(ours[name], theirs[name], strict=True)
        assert all(
            mine == (its if its is None else pytest.approx(its, rel=1e-9)) for mine, its in pairs
        ), name


def test_requests_of_a_banner_name_its_sets() -> None:
    with pytest.raises(SurveyError, match="« prizes » is no set of columns"):
        banner_requests([Question(variable="prizes", answers=Answers.CHOICES)])


def test_many_breakdowns_are_not_all_crossed() -> None:
    crossed = [request.by for request in banner_requests(["q"], ["a", ("b", "c"), "d", "a"])]
    assert crossed == [("a", "b", "c"), ("d", "a")]
    assert [request.by for request in banner_requests(["q"])] == [()]


def test_chunks_are_read_one_after_another() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    read: list[int] = []

    def chunks() -> object:
        for start in range(0, frame.height, 64):
            read.append(start)
            yield frame[start : start + 64].lazy()

    asked = Mean(variable="api00")
    found = survey.moments(chunks(), design, [asked])
    assert read == [0, 64, 128, 192]
    assert found.respondents == 200
    close(survey.estimate(found, asked), survey.mean(survey.sample(frame, design), "api00"))


def test_moments_travel_between_processes() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    asked = Mean(variable="api00", by=("stype",))
    parts = [
        pickle.loads(pickle.dumps(survey.moments(part, design, [asked])))  # noqa: S301 - our own
        for part in (frame[:90], frame[90:])
    ]
    close(
        survey.estimate(parts[0] + parts[1], asked),
        survey.mean(survey.sample(frame, design), "api00", by="stype"),
    )


def test_sums_are_made_by_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = 2_000
    frame, design = rows("apistrat"), DESIGNS["elements"][1]
    frame.write_parquet(tmp_path / "schools.parquet")
    relation = duckdb.connect().sql(
        f"select * from '{tmp_path / 'schools.parquet'}', range({copies})"  # noqa: S608 - our own
    )
    fetched: list[int] = []
    collect = nw.LazyFrame.collect

    def counted(frame: nw.LazyFrame[Any], backend: Any = None, **more: Any) -> nw.DataFrame[Any]:
        found = collect(frame, backend, **more)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(nw.LazyFrame, "collect", counted)
    asked = Mean(variable="api00", by=("stype",))
    found = survey.moments(relation, design, [asked], margins=list(MARGINS))
    assert found.respondents == 200 * copies
    # The mean, the table of margins and that of the request: rows stay where they are.
    assert fetched == [1, 6, 6]
    once = survey.estimate(survey.sample(frame, design), asked)
    for ours, theirs in zip(survey.estimate(found, asked), once, strict=True):
        assert ours.value == pytest.approx(theirs.value, rel=1e-12)
        assert ours.respondents == theirs.respondents * copies


def test_a_far_centre_keeps_digits() -> None:
    far = pl.DataFrame({"y": 1e9 + np.arange(100.0), "d": np.linspace(1, 2, 100)})
    asked = Mean(variable="y")
    design = Design(weights="d")
    expected = survey.estimate(survey.sample(far, design), asked).one()
    found = survey.moments([far[:30], far[30:]], design, [asked])
    ours = survey.estimate(found, asked).one()
    assert ours.standard_error == pytest.approx(expected.standard_error, rel=1e-9)


def test_codes_of_missing_answers_are_missing() -> None:
    frame = pl.DataFrame({"q": [1, 2, 9, 1], "y": [1.0, 2.0, 3.0, -1.0]})
    described = {
        "q": Variable(labels={1: "yes", 2: "no"}, missing=(9,)),
        "y": Variable(missing=(-1.0,)),
    }
    asked: list[Request] = [Proportion(variable="q"), Mean(variable="y")]
    found = survey.moments(frame, Design(), asked, variables=described)
    share, mean = (survey.estimate(found, one) for one in asked)
    assert share.one("1").value == pytest.approx(2 / 3)
    assert share.one("1").missing == 1
    assert (mean.one().value, mean.one().missing) == (2.0, 1)


def test_what_was_not_summed_is_refused() -> None:
    frame, design = rows("apistrat"), DESIGNS["strata"][1]
    found = survey.moments(frame, design, [Mean(variable="api00")])
    with pytest.raises(SurveyError, match="do not hold api99 together") as refused:
        survey.mean(found, "api99")
    assert refused.value.problem is SurveyProblem.MOMENTS
    with pytest.raises(SurveyError, match="not told of as margins"):
        survey.calibrate(found, {"awards": {"Yes": 1, "No": 1}})
    with pytest.raises(SurveyError, match="numeric margins api99"):
        survey.calibrate(found, {"api99": 1.0})
    fit = survey.moments(frame, design, [], margins=["stype"])
    fit = survey.calibrate(fit, {"stype": MARGINS["stype"]})
    with pytest.raises(SurveyError, match="do not add up"):
        fit + fit


@pytest.mark.parametrize("weight", [0.0, -1.0, None, float("nan"), float("inf")])
def test_weights_are_checked_where_the_data_are(weight: float | None) -> None:
    frame = pl.DataFrame({"y": [1.0, 2.0], "d": [1.0, weight]})
    for each in (frame.lazy(), duckdb.from_arrow(frame.to_arrow())):
        with pytest.raises(SurveyError, match="for 1 respondents"):
            survey.moments(each, Design(weights="d"), [Mean(variable="y")])
    with pytest.raises(SurveyError, match=r"In part 2: .* the first in row 2") as refused:
        survey.moments([frame[:1], frame], Design(weights="d"), [Mean(variable="y")])
    missing = SurveyProblem.WEIGHT_MISSING
    expected = missing if weight is None else SurveyProblem.WEIGHT_NOT_POSITIVE
    assert refused.value.problem is expected


def test_columns_are_checked_where_the_data_are() -> None:
    frame = pl.LazyFrame({"y": ["a"], "d": ["1"]})
    for design, request, problem in [
        (Design(), Mean(variable="z"), SurveyProblem.COLUMN),
        (Design(), Mean(variable="y"), SurveyProblem.TYPE),
        (Design(weights="d"), Count(variable="y"), SurveyProblem.WEIGHT_NOT_NUMBER),
    ]:
        with pytest.raises(SurveyError) as refused:
            survey.moments(frame, design, [request])
        assert refused.value.problem is problem
    empty: list[object] = [[], pl.LazyFrame({"y": []}, schema={"y": pl.Float64})]
    for nothing in empty:
        with pytest.raises(SurveyError) as refused:
            survey.moments(nothing, Design(), [Mean(variable="y")])
        assert refused.value.problem is SurveyProblem.EMPTY
    with pytest.raises(SurveyError) as refused:
        survey.moments(3, Design(), [])
    assert refused.value.problem is SurveyProblem.FRAME


def test_columns_of_other_kinds_are_refused_before_they_are_summed() -> None:
    frame = pl.DataFrame({"y": [1.0, float("inf")], "s": ["N", None], "c": ["N", "-"], "q": [1, 9]})
    described = {"q": Variable(labels={1: "yes", 2: "no"}), "c": Variable(missing=("-",))}
    for design, request, problem, words in [
        (
            Design(),
            Mean(variable="y"),
            SurveyProblem.VALUE,
            r"infinite or beyond 1e\+70 .* row 2, which holds inf",
        ),
        (
            Design(strata="s"),
            Count(variable="q"),
            SurveyProblem.DESIGN_MISSING,
            "« s » is missing for 1 respondents, the first in row 2",
        ),
        (
            Design(strata="c"),
            Count(variable="q"),
            SurveyProblem.DESIGN_MISSING,
            "« c » is missing for 1 respondents, the first in row 2",
        ),
        (
            Design(),
            Count(variable="q"),
            SurveyProblem.LEVEL,
            "holds « 9 » for 1 respondents, the first in row 2",
        ),
    ]:
        with pytest.raises(SurveyError, match=words) as refused:
            survey.moments(frame, design, [request], variables=described)
        assert refused.value.problem is problem


def test_a_table_brings_its_descriptions(tmp_path: Path) -> None:
    frame = pl.DataFrame({"q": [1, 2, 9, 1]})
    described = {"q": Variable(labels={1: "yes", 2: "no", 3: "other"}, missing=(9,))}
    asked = Proportion(variable="q")
    found = survey.moments(survey.Table(frame, described), Design(), [asked])
    shares = survey.estimate(found, asked)
    assert [item.value for item in shares] == pytest.approx([2 / 3, 1 / 3, 0])
    pyreadstat.write_sav(
        frame,
        tmp_path / "wave.sav",
        variable_value_labels={"q": {1: "yes", 2: "no", 3: "other"}},
        missing_ranges={"q": [9]},
    )
    files = [tmp_path / "wave.sav"] * 2
    from_files = survey.estimate(survey.moments(files, Design(), [asked]), asked)
    assert [item.value for item in from_files] == pytest.approx([2 / 3, 1 / 3, 0])
    assert from_files.items[0].missing == 2


def test_a_variable_with_a_value_for_each_respondent_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "MOST_CELLS", 50)
    frame = pl.DataFrame({"income": np.arange(60.0), "sex": ["w", "m"] * 30})
    asked = Quantile(variable="income", by=("sex",))
    for frames in (frame, frame.lazy(), [frame[:30], frame[30:]]):
        with pytest.raises(SurveyError, match=r"« income » alone has .* values") as refused:
            survey.moments(frames, Design(), [asked])
        assert refused.value.problem is SurveyProblem.MOMENTS
        assert refused.value.values["column"] == "income"


# Files


MEAN = Mean(variable="y", by=("g",))
WEIGHTED = Design(weights="d")


def people(count: int, seed: int = 1) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "g": draw.choice(["north", "sud, est", "é"], count),
            "y": draw.normal(10, 2, count).round(3),
            "d": draw.uniform(1, 3, count).round(3),
            "unused": draw.integers(0, 9, count),
        }
    )


def refusal(frames: Any, **more: Any) -> SurveyError:
    with pytest.raises(SurveyError) as refused:
        survey.moments(frames, WEIGHTED, [MEAN], **more)
    return refused.value


def test_files_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    frame = people(3_000)
    expected = survey.mean(survey.sample(frame, WEIGHTED), "y", by="g")
    for write in (as_parquet, as_csv, as_gzip):
        file = write(frame, tmp_path, "whole")
        found = survey.moments(str(file), WEIGHTED, [MEAN], rows_at_once=100)
        close(survey.estimate(found, MEAN), expected)


def test_rows_in_quotes_are_not_cut(tmp_path: Path) -> None:
    texts = ["one line", "two\nlines", 'with "quotes"\nand, more\n', ""]
    frame = pl.DataFrame({"g": texts * 100, "y": np.arange(400.0), "d": 1.0})
    frame.write_csv(tmp_path / "texts.csv", quote_style="always")
    found = survey.moments(tmp_path / "texts.csv", WEIGHTED, [MEAN], rows_at_once=2)
    assert found.respondents == 400
    assert {item.group["g"] for item in survey.estimate(found, MEAN)} == {*texts[:3]}


def test_types_of_a_csv_file_are_those_of_all_its_rows(tmp_path: Path) -> None:
    columns = {
        "late": [None] * 1_500 + [1, 2],
        "decimals": [1] * 1_501 + [2.5],
        "texts": ["1"] * 1_501 + ["2A"],
    }
    pl.DataFrame(columns, strict=False).write_csv(tmp_path / "types.csv")
    schema = survey.read(tmp_path / "types.csv").frame.schema
    assert schema == {"late": pl.Int64, "decimals": pl.Float64, "texts": pl.String}
    for name, rows_at_once in [("late", 10), ("decimals", 10), ("texts", 1_000)]:
        asked = Proportion(variable=name, everybody=True)
        found = survey.moments(tmp_path / "types.csv", Design(), [asked], rows_at_once=rows_at_once)
        close(
            survey.estimate(found, asked),
            survey.estimate(survey.sample(survey.read(tmp_path / "types.csv"), Design()), asked),
        )
    with pytest.raises(SurveyError, match="« 1 » and « 2A »") as refused:
        survey.moments(tmp_path / "types.csv", Design(), [Count(variable="texts")], rows_at_once=10)
    assert refused.value.problem is SurveyProblem.TYPE
    assert refused.value.values == {"column": "texts", "file": "types.csv"}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("write", [as_parquet, as_csv, as_gzip])
def test_the_file_at_fault_is_named(
    write: Callable[[pl.DataFrame, Path, str], Path], workers: int, tmp_path: Path
) -> None:
    good = [write(people(90, seed), tmp_path, f"wave{seed}") for seed in (1, 2)]
    weight, y = pl.col("d"), pl.col("y")
    some = pl.when(weight < 2).then(weight)
    for name, changed, problem, column in [
        ("null", some.alias("d"), SurveyProblem.WEIGHT_MISSING, "d"),
        ("negative", weight * -1, SurveyProblem.WEIGHT_NOT_POSITIVE, "d"),
        ("infinite", y * float("inf"), SurveyProblem.VALUE, "y"),
        ("words", pl.lit("a lot").alias("y"), SurveyProblem.TYPE, "y"),
    ]:
        bad = write(people(90, 3).with_columns(changed), tmp_path, f"{name}3")
        error = refusal([*good, bad], workers=workers, rows_at_once=40)
        assert (error.problem, error.values["column"]) == (problem, column)
        assert error.values["file"] == bad.name
        assert bad.name in str(error)
    narrow = write(people(90, 3).drop("y"), tmp_path, "narrow3")
    error = refusal([*good, narrow], workers=workers)
    assert error.problem is SurveyProblem.COLUMN
    assert "no column « y » in « narrow3" in str(error)
    absent = tmp_path / f"absent{narrow.suffix}"
    assert "no file « absent" in str(refusal([*good, absent], workers=workers))


@pytest.mark.parametrize("write", [as_parquet, as_csv, as_gzip])
def test_a_file_cut_in_the_middle_is_refused(
    write: Callable[[pl.DataFrame, Path, str], Path], tmp_path: Path
) -> None:
    good, bad = write(people(500), tmp_path, "good"), write(people(500, 2), tmp_path, "bad")
    content = bad.read_bytes()
    at = len(content) // 2
    if bad.suffix == ".csv":
        # In the middle of a row: nothing tells when it is cut between two rows.
        at = content.index(b",", at)
    bad.write_bytes(content[:at])
    error = refusal([good, bad], rows_at_once=100)
    assert error.problem is SurveyProblem.TRUNCATED
    assert error.values["file"] == bad.name


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.csv.gz").write_bytes(b"not compressed")
    assert refusal(tmp_path / "bad.csv.gz").problem is SurveyProblem.FORMAT
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing here PAR1")
    assert refusal(tmp_path / "bad.parquet").problem is SurveyProblem.FORMAT
    (tmp_path / "empty.csv").write_bytes(b"")
    assert refusal(tmp_path / "empty.csv").problem is SurveyProblem.EMPTY
    (tmp_path / "bad.csv").write_text("g,y,d\nn,1,1\nn,1\nn,1,1\n")
    error = refusal(tmp_path / "bad.csv")
    assert (error.problem, error.values["line"]) == (SurveyProblem.FORMAT, "3")


def test_a_quote_that_stays_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alliage.survey.scale.chunks._LONGEST_ROW", 1_000)
    (tmp_path / "open.csv").write_text("g,y,d\n" + "n,1,1\n" * 50 + '"n,1,1\n' + "n,1,1\n" * 500)
    error = refusal(tmp_path / "open.csv", rows_at_once=2)
    assert error.problem is SurveyProblem.FORMAT
    assert "a quote is open" in str(error)


def test_a_lazy_frame_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = as_parquet(people(500), tmp_path, "cut")
    file.write_bytes(file.read_bytes()[:1_000])
    error = refusal(pl.scan_parquet(file))
    assert error.problem is SurveyProblem.FORMAT
    assert "Give the files themselves" in str(error)


def test_codes_of_another_type_are_refused() -> None:
    described = {"g": Variable(missing=(9,)), "y": Variable(missing=(-1,))}
    error = refusal(people(9), variables=described)
    assert (error.problem, error.values["column"]) == (SurveyProblem.TYPE, "g")
    del described["g"]
    assert survey.moments(people(9), WEIGHTED, [MEAN], variables=described).respondents == 9


def test_a_label_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    lines = people(200).write_csv().encode().split(b"\n")
    lines[150] = "é,1,1,1".encode("latin-1")
    (tmp_path / "latin.csv").write_bytes(b"\n".join(lines))
    error = refusal([people(10), tmp_path / "latin.csv"], rows_at_once=10)
    assert error.problem is SurveyProblem.ENCODING
    assert "Line 151 of « latin.csv »" in str(error)
    people(200).write_parquet(tmp_path / "latin.parquet", compression="uncompressed")
    content = (tmp_path / "latin.parquet").read_bytes()
    (tmp_path / "latin.parquet").write_bytes(content.replace("é".encode(), b"\xff\xfe"))
    error = refusal([people(10), tmp_path / "latin.parquet"])
    assert error.problem is SurveyProblem.ENCODING
    assert error.values == {"column": "g", "file": "latin.parquet"}


def test_files_without_rows_add_nothing(tmp_path: Path) -> None:
    expected = survey.mean(survey.sample(people(50), WEIGHTED), "y", by="g")
    for write in (as_parquet, as_csv):
        files = [write(people(50)[:rows], tmp_path, f"rows{rows}") for rows in (0, 50)]
        for order in (files, files[::-1]):
            close(survey.estimate(survey.moments(order, WEIGHTED, [MEAN]), MEAN), expected)
        assert refusal(files[0]).problem is SurveyProblem.EMPTY


def test_the_first_refusal_stops_the_others(tmp_path: Path) -> None:
    bad = as_csv(people(9).with_columns(d=pl.lit(-1)), tmp_path, "bad")
    opened: list[Path] = []

    def files() -> Iterator[Path]:
        for _ in range(50):
            opened.append(bad)
            yield bad

    assert refusal(files(), workers=2).problem is SurveyProblem.WEIGHT_NOT_POSITIVE
    assert len(opened) <= 3


def test_what_cannot_be_asked_of_moments() -> None:
    for more in ({"workers": 0}, {"rows_at_once": 0}):
        assert refusal(people(9), **more).problem is SurveyProblem.REQUEST
    assert refusal({"y": [1]}).problem is SurveyProblem.FRAME


def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "grandes-enquetes.md"
    blocks = guide.read_text(encoding="utf-8").split("```python\n")[1:]
    draw = np.random.default_rng(4)
    columns = {
        "region": ["est", "sud"],
        "sexe": ["f", "h"],
        "age": ["-40", "40+"],
        "satisfaction": ["oui", "non"],
        "usage": ["jamais", "parfois", "souvent"],
    }
    folder = tmp_path / "reponses"
    folder.mkdir()
    for number in range(3):
        chosen = {name: draw.choice(levels, 200) for name, levels in columns.items()}
        frame = pl.DataFrame(chosen | {"montant": draw.gamma(2, 9, 200)})
        frame.with_columns(poids=110.0).write_parquet(folder / f"{number}.parquet")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block.split("```")[0], names)  # noqa: S102 - our own
    assert names["table"].frame().height == 5 * 5
    assert names["same"].respondents == names["found"].respondents == 600
    asked = names["asked"][0]
    close(survey.estimate(names["same"], asked), survey.estimate(names["found"], asked))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("write", [as_csv, as_gzip])
def test_a_last_line_without_an_end_is_told_as_by_read(
    write: Callable[[pl.DataFrame, Path, str], Path], workers: int, tmp_path: Path
) -> None:
    whole = write(people(300), tmp_path, "whole")
    text = people(300).write_csv().removesuffix("\n")
    files = [tmp_path / whole.name.replace("whole", name) for name in ("first", "second")]
    for file in files:
        content = text.encode()
        file.write_bytes(gzip.compress(content) if write is as_gzip else content)
    (tmp_path / "first.csv").write_text(text, encoding="utf-8")
    (said,) = survey.read(tmp_path / "first.csv").findings
    assert "« first.csv » (301) has no end" in said
    for rows in (10, 100, 500_000):
        options: dict[str, Any] = {"workers": workers, "rows_at_once": rows}
        found = survey.moments([files[0], whole, files[1]], WEIGHTED, [MEAN], **options)
        told = [said.replace("first.csv", file.name) for file in files]
        assert list(found.findings) == told
    # What was read whole says it once, whatever its parts.
    table = survey.read(tmp_path / "first.csv")
    assert survey.moments(table, WEIGHTED, [MEAN], rows_at_once=7).findings == (said,)
    assert survey.moments(whole, WEIGHTED, [MEAN]).findings == ()


def test_what_was_found_stays_with_calibrated_moments(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_text("g,y\na,1\nb,2\na,3", encoding="utf-8")
    found = survey.moments(path, Design(), [MEAN], margins=["g"])
    fit = survey.calibrate(found, {"g": {"a": 2.0, "b": 2.0}})
    assert fit.findings == found.findings != ()
