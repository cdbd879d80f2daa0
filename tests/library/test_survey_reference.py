"""Estimates against those of R survey: 1e-9 on estimates, 1e-6 on errors."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from scipy.linalg import hadamard

from alliage import survey

CASES = Path(__file__).parent.parent / "cases" / "survey"
# The loader in C where there is one: the file is long.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
REFERENCE = yaml.load((CASES / "r_survey.yaml").read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - a SafeLoader


@functools.cache
def data(name: str) -> pl.DataFrame:
    if name == "pairs":
        first = data("apistrat").filter(pl.col("stype") == "E").head(14)
        return first.with_columns(pair=pl.int_range(pl.len()) // 2)
    return pl.read_csv(CASES / "api" / f"{name}.csv", null_values=["", "NA"])


@functools.cache
def source(key: str) -> survey.Sample:
    case = json.loads(key)
    design: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in case["design"].items()
    }
    if "lonely" in design:
        design["lonely"] = survey.LonelyUnit(design["lonely"])
    found = survey.sample(data(case["data"]), survey.Design(**design))
    if case["replicates"]:
        asked = dict(case["replicates"])
        make, order = asked.pop("make"), asked.pop("order", None)
        if order:
            asked["matrix"] = hadamard(order).astype(float)
        found = getattr(found, make)(**asked)
    if case["margins"]:
        options = dict(case["options"])
        if "bounds" in options:
            options["bounds"] = tuple(options["bounds"])
        found = survey.calibrate(found, margins(case["margins"]), **options)
    return found


def margins(written: dict[str, Any]) -> dict[Any, Any]:
    read: dict[Any, Any] = {}
    for name, totals in written.items():
        if "|" in name:
            read[tuple(name.split("|"))] = {
                tuple(level.split("|")): total for level, total in totals.items()
            }
        else:
            read[name] = totals
    return read


def estimates(case: dict[str, Any]) -> list[survey.Estimate]:
    key = {name: case.get(name) for name in ("data", "design", "replicates", "margins", "options")}
    ask = dict(case["ask"])
    pick = ask.pop("pick", None)
    statistic = getattr(survey, ask.pop("statistic"))
    found = statistic(source(json.dumps(key)), **ask)
    return [item for item in found if pick is None or item.level == pick]


def differences(case: dict[str, Any]) -> dict[str, float]:
    """Return the largest relative difference to R, of estimates and of each error."""
    found = estimates(case)
    assert len(found) == len(case["expected"])
    worst: dict[str, float] = {}
    for item, expected in zip(found, case["expected"], strict=True):
        if "group" in expected:
            assert str(next(iter(item.group.values()))) == expected["group"]
        ours = {
            "value": item.value,
            "se": item.standard_error,
            "low": item.low,
            "high": item.high,
            "deff": item.design_effect,
        }
        for name, ask in expected.items():
            if name == "group":
                continue
            got = ours[name]
            if ask is None:
                assert got is None
                continue
            assert got is not None
            assert np.isfinite(got)
            # An error of 0 is 0 to rounding on either side; an end near 0 is held to the estimate.
            scale = abs(ask) if name == "value" else max(abs(ask), 1e-3 * abs(expected["value"]))
            apart = abs(got - ask) / scale if scale else abs(got - ask)
            worst[name] = max(worst.get(name, 0.0), apart)
    return worst


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["id"])
def test_like_r_survey(case: dict[str, Any]) -> None:
    worst = differences(case)
    assert worst.pop("value") <= 1e-9
    assert max(worst.values()) <= 1e-6


def test_values_of_the_specification() -> None:
    """The figures printed in the specification, R survey 4.5."""
    stratified = survey.sample(
        data("apistrat"), survey.Design(weights="pw", strata="stype", fpc="fpc")
    )
    one = survey.mean(stratified, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (662.287363, 9.408941)
    assert round(one.design_effect or 0, 6) == 1.204457
    one = survey.total(stratified, "enroll").one()
    assert (round(one.value, 2), round(one.standard_error or 0, 3)) == (3687177.53, 114641.716)
    middle = survey.median(stratified, "api00").one()
    assert (middle.value, middle.low, middle.high) == (668, 642, 694)
    by = survey.mean(stratified, "api00", by="stype")
    assert [round(item.value, 2) for item in by] == [674.43, 625.82, 636.60]
    assert [round(item.standard_error or 0, 6) for item in by] == [12.382480, 14.937129, 16.214707]
    clusters = survey.sample(
        data("apiclus1"), survey.Design(weights="pw", clusters="dnum", fpc="fpc")
    )
    one = survey.mean(clusters, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (644.169399, 23.542241)
    kinds = {"E": 4421, "H": 755, "M": 1018}
    raked = survey.calibrate(clusters, {"stype": kinds, "sch.wide": {"No": 1072, "Yes": 5122}})
    one = survey.mean(raked, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (641.230321, 23.703617)
    linear = survey.calibrate(clusters, {"stype": kinds, "api99": 3_914_069}, method="linear")
    one = survey.mean(linear, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (665.309071, 3.441753)
    stages = survey.Design(clusters=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    one = survey.mean(survey.sample(data("apiclus2"), stages), "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (670.811808, 30.099027)
