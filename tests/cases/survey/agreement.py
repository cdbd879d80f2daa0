"""Hold the estimates of Alliage against reference answers, and write the page that says how near.

``python -m tests.cases.survey.agreement`` writes ``docs/algorithms/survey-agreement.md``.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from scipy.linalg import hadamard

from alliage import survey
from alliage.survey.tables.independence import rao_scott

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "algorithms" / "survey-agreement.md"

Case = dict[str, Any]


@functools.cache
def reference(name: str) -> dict[str, Any]:
    """Return the content of a file of reference answers."""
    # The loader in C where there is one: the files are long.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - a SafeLoader
    return content


@functools.cache
def data(name: str) -> pl.DataFrame:
    """Return the table of a case."""
    if name == "pairs":
        first = data("apistrat").filter(pl.col("stype") == "E").head(14)
        return first.with_columns(pair=pl.int_range(pl.len()) // 2)
    places = (
        HERE / folder / f"{name}.csv{end}" for folder in ("api", "textbook") for end in ("", ".gz")
    )
    found = next(place for place in places if place.exists())
    return pl.read_csv(found, null_values=["", "NA"], infer_schema_length=None)


@functools.cache
def _source(key: str) -> survey.Sample:
    case = json.loads(key)
    found = survey.sample(data(case["data"]), _design(case["design"]))
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
        found = survey.calibrate(found, _margins(case["margins"], found), **options)
    return found


def _design(written: dict[str, Any]) -> survey.Design:
    read: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    if "lonely" in read:
        read["lonely"] = survey.LonelyUnit(read["lonely"])
    if "df" in read:
        read["df"] = float(read["df"])
    if "replicates" in read:
        shipped = dict(read["replicates"])
        shipped["kind"] = survey.ReplicateKind(shipped["kind"])
        read["replicates"] = survey.ReplicateColumns(
            **{**shipped, "columns": tuple(shipped["columns"])}
        )
    return survey.Design(**read)


def _margins(written: dict[str, Any], source: survey.Sample) -> dict[Any, Any]:
    read: dict[Any, Any] = {}
    for name, totals in written.items():
        if not isinstance(totals, dict):
            read[name] = totals
            continue
        names = tuple(name.split("|"))
        levels = [{str(level): level for level in source.levels(each)} for each in names]
        crossed = {
            tuple(known[part] for known, part in zip(levels, level.split("|"), strict=True)): total
            for level, total in totals.items()
        }
        read[names if len(names) > 1 else name] = (
            crossed if len(names) > 1 else {level[0]: total for level, total in crossed.items()}
        )
    return read


def source_of(case: Case) -> survey.Sample:
    """Return the sample of a case: designed, replicated and calibrated as it says."""
    keys = ("data", "design", "replicates", "margins", "options")
    return _source(json.dumps({key: case.get(key) for key in keys}))


def answers(case: Case) -> list[dict[str, Any]]:
    """Return what Alliage answers to a case, row by row, with every figure a case may ask."""
    source, ask = source_of(case), dict(case["ask"])
    kind = ask.pop("statistic")
    if kind == "weights":
        return [{"value": float(source.weights[row])} for row in ask["rows"]]
    if kind == "independence":
        test = rao_scott(source, ask["rows"], ask["columns"])
        above, below = test.degrees
        return [
            {
                "value": test.chi_square,
                "f": test.statistic,
                "above": above,
                "below": below,
                "p": test.p_value,
            }
        ]
    if kind == "contrast":
        return [_contrast(source, ask)]
    pick, times = ask.pop("pick", None), ask.pop("times", 1)
    order = ask.pop("order", None)
    found = [item for item in getattr(survey, kind)(source, **ask) if pick in (None, item.level)]
    if order:
        found.sort(key=lambda item: [str(item.group[name]) for name in order])
    return [_row(item, times) for item in found]


def _row(item: survey.Estimate, times: float) -> dict[str, Any]:
    error, size = item.standard_error, item.effective_size
    return {
        "value": times * item.value,
        "se": None if error is None else times * error,
        "low": item.low,
        "high": item.high,
        "deff": item.design_effect,
        "replace": None if size is None else item.respondents / size,
        "group": str(next(iter(item.group.values()), "")),
    }


def _contrast(source: survey.Sample, ask: dict[str, Any]) -> dict[str, Any]:
    names = ask["variables"]
    names = [names] if isinstance(names, str) else names
    by = (ask["by"],) if "by" in ask else ()
    found = survey.estimate(source, *(survey.Mean(variable=name, by=by) for name in names))
    factors = np.array(ask["weights"], dtype=float)
    assert found.covariance is not None
    value = factors @ [item.value for item in found]
    return {"value": float(value), "se": math.sqrt(factors @ found.covariance @ factors)}


@dataclass(slots=True)
class Distance:
    """The largest relative distances to the reference.

    Attributes
    ----------
    estimate
        Of estimates and weights.
    error
        Of standard errors, ends of intervals, design effects and statistics of tests.
    """

    estimate: float = 0.0
    error: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)

    def meet(self, name: str, distance: float) -> None:
        self.figures[name] = max(self.figures.get(name, 0.0), distance)
        if name == "value":
            self.estimate = max(self.estimate, distance)
        else:
            self.error = max(self.error, distance)


_known: dict[str, Distance] = {}


def distance(case: Case) -> Distance:
    """Return how far Alliage is from the reference answer of a case; kept once computed."""
    if case["id"] not in _known:
        _known[case["id"]] = _distance(case)
    return _known[case["id"]]


def _distance(case: Case) -> Distance:
    found = answers(case)
    assert len(found) == len(case["expected"]), (len(found), len(case["expected"]))
    worst = Distance()
    for ours, expected in zip(found, case["expected"], strict=True):
        for name, wanted in expected.items():
            got = ours[name]
            if name == "group":
                assert got == wanted or "." in wanted
                continue
            if wanted is None:
                assert got is None
                continue
            assert got is not None
            assert np.isfinite(got)
            # An error of 0 is 0 to rounding on either side; an end near 0 is held to the estimate.
            scale = (
                abs(wanted) if name == "value" else max(abs(wanted), 1e-3 * abs(expected["value"]))
            )
            worst.meet(name, abs(got - wanted) / scale if scale else abs(got - wanted))
    return worst


def misprinted(case: Case) -> list[str]:
    """Return the figures of a case that do not round to those printed in its source."""
    found = []
    for ours, printed in zip(answers(case), case.get("printed") or (), strict=False):
        for name, text in printed.items():
            half = Decimal(5).scaleb(Decimal(text).as_tuple().exponent - 1)  # type: ignore[operator]
            if abs(Decimal(ours[name]) - Decimal(text)) > half * Decimal("1.000001"):
                found.append(f"{name}: {ours[name]} is printed as {text}")
    return found


#: What is asked of each case, and where it comes from.
TOLD = {
    "Schools": "`apistrat`, `apiclus1`, `apiclus2`: every design, calibration and statistic",
    "Lohr": "clusters, PPS with replacement, regression estimator, strata, BRR, Fay",
    "Cochran": "ratio and regression estimates of a total",
    "Lehtonen & Pahkinen": "strata, a unit taken for sure, clusters, jackknife, post-strata",
    "Levy & Lemeshow": "strata, jackknife, half-samples that came with the data",
    "Särndal, Swensson & Wretman": "two stages",
    "MU284": "five designs on 284 municipalities, replicate weights that came; GREG, raking",
    "Kalton & Flores-Cervantes": "weights: post-strata, raking, GREG, cut linear, logit; `rake`",
    "Deming & Stephan": "proportional fitting of a table, by `stats::loglin`",
    "Tillé & Matei": "weights of `sampling::calib`",
    "Stata manual": "strata of clusters, with and without population sizes",
    "VPLX manual": "jackknife, with and without strata",
    "Tsuchiya": "design effects with unequal weights",
    "Election of 2004": "PPS as if with replacement",
    "NHANES 2009-2010": "Rao and Scott, intervals of shares, differences, raking on 8,591 people",
    "YRBS 2015": "intervals of shares on 15,624 people",
    "Alfons & Templ": "`laeken::gini`",
}
_START, _END = "<!-- measured -->", "<!-- end of what is measured -->"


def cases() -> list[Case]:
    """Return all the cases."""
    schools = [{**case, "source": "Schools"} for case in reference("r_survey")["cases"]]
    return [*schools, *reference("textbook")["cases"]]


def bound(distance_found: float) -> float:
    """Return the power of ten that a distance does not pass, 1e-14 at least.

    Machines do not round alike: nearer than that, the digits are those of a machine.
    """
    return 10.0 ** max(-14, math.ceil(math.log10(distance_found))) if distance_found else 1e-14


def measured() -> dict[str, tuple[int, int, float, float]]:
    """Return, by source: cases, answers printed there, and the largest distances."""
    found: dict[str, tuple[int, int, float, float]] = {}
    for case in cases():
        number, printed, estimate, error = found.get(case["source"], (0, 0, 0.0, 0.0))
        far = Distance() if "within" in case else distance(case)
        found[case["source"]] = (
            number + 1,
            printed + sum(len(row) for row in case.get("printed") or ()),
            max(estimate, far.estimate),
            max(error, far.error),
        )
    return found


def table() -> list[str]:
    """Return the lines of the table of the page."""
    lines = [
        "| source | what | cases | figures printed there | estimates | errors |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for source, (number, printed, estimate, error) in sorted(
        measured().items(), key=lambda item: list(TOLD).index(item[0])
    ):
        lines.append(
            f"| {source} | {TOLD[source]} | {number} | {printed or ''} "
            f"| {bound(estimate):.0e} | {bound(error):.0e} |"
        )
    return lines


def told() -> list[str]:
    """Return the lines of the table that the page shows."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(_START) + len(_START) : text.index(_END)].strip().splitlines()


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_START)
    after = rest.partition(_END)[2]
    lines = "\n".join(table())
    PAGE.write_text(f"{before}{_START}\n{lines}\n{_END}{after}", encoding="utf-8")
