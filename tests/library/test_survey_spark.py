"""Moments summed by a Spark cluster, on this machine: `make spark` installs what they need."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest

from alliage import survey
from alliage.survey import Design, Mean, Proportion, Quantile, Ratio, SurveyError, SurveyProblem
from alliage.survey.scale.plans import banner_requests
from alliage.survey.tables.banners import banner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage.survey import Estimates, Request

API = Path(__file__).parent.parent / "cases" / "survey" / "api"
MARGINS = {"stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122}}
REQUESTS: list[Request] = [
    Mean(variable="api00", by=("stype",)),
    Mean(variable="acs.core", over=(("awards", ("Yes",)),)),
    Ratio(variable="api.stu", denominator="api99"),
    Proportion(variable="stype", by=("awards",)),
    Quantile(variable="api99", probabilities=(0.25, 0.5)),
]
DESIGNS = {
    "apistrat": Design(weights="pw", strata="stype", fpc="fpc"),
    "apiclus1": Design(weights="pw", clusters="dnum", fpc="fpc"),
    "apiclus2": Design(clusters=("dnum", "snum"), fpc=("fpc1", "fpc2")),
}

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="make spark installs PySpark")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "3")
        .getOrCreate()
    )
    yield session
    session.stop()


def rows(name: str) -> pl.DataFrame:
    return pl.read_csv(API / f"{name}.csv", null_values=["", "NA"])


def stored(frame: pl.DataFrame, folder: Path) -> str:
    """Write frames as files of several partitions, as a cluster holds them."""
    folder.mkdir()
    for start in range(0, frame.height, 60):
        frame[start : start + 60].write_parquet(folder / f"part-{start:03}.parquet")
    return str(folder)


def close(ours: Estimates, theirs: Estimates) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.level, one.group, one.respondents) == (
            other.level,
            other.group,
            other.respondents,
        )
        for name in ("value", "standard_error", "low", "high", "weighted", "design_effect"):
            mine, its = getattr(one, name), getattr(other, name)
            assert mine == (its if its is None else pytest.approx(its, rel=1e-9, abs=1e-12)), name


@pytest.mark.parametrize("name", DESIGNS)
def test_same_figures_as_in_memory_and_from_duckdb(cluster: Any, name: str, tmp_path: Path) -> None:
    frame, design = rows(name), DESIGNS[name]
    folder = stored(frame, tmp_path / name)
    sources = [
        survey.calibrate(survey.moments(each, design, REQUESTS, margins=list(MARGINS)), MARGINS)
        for each in (
            cluster.read.parquet(folder),
            duckdb.connect().read_parquet(f"{folder}/*.parquet"),
        )
    ]
    sample = survey.calibrate(survey.sample(frame, design), MARGINS)
    for request in REQUESTS:
        expected = survey.estimate(sample, request)
        for source in sources:
            close(survey.estimate(source, request), expected)


def test_a_cluster_and_files_add_up(cluster: Any, tmp_path: Path) -> None:
    frame, design = rows("apistrat"), DESIGNS["apistrat"]
    frame[150:].write_csv(tmp_path / "last.csv")
    parts = [
        cluster.read.parquet(stored(frame[:80], tmp_path / "first")),
        frame[80:150],
        tmp_path / "last.csv",
    ]
    asked = banner_requests(["awards"], ["stype"])
    ours = banner(survey.moments(parts, design, asked), ["awards"], ["stype"]).frame()
    theirs = banner(survey.sample(frame, design), ["awards"], ["stype"]).frame()
    for name in ("value", "standard_error", "weighted"):
        assert ours[name].to_list() == pytest.approx(theirs[name].to_list(), rel=1e-9)
    assert ours["above"].to_list() == theirs["above"].to_list()


@pytest.mark.parametrize("weight", [-1.0, 0.0, None, float("nan"), float("inf")])
def test_weights_are_checked_on_the_cluster(cluster: Any, weight: float | None) -> None:
    frame = cluster.createDataFrame([(1.0, 1.0), (2.0, weight)], "`an y` double, d double")
    with pytest.raises(SurveyError, match="for 1 respondents") as refused:
        survey.moments(frame, Design(weights="d"), [Mean(variable="an y")])
    missing = SurveyProblem.WEIGHT_MISSING
    expected = missing if weight is None else SurveyProblem.WEIGHT_NOT_POSITIVE
    assert refused.value.problem is expected
