"""A survey larger than memory: 100,000,000 respondents made and summed a chunk at a time.

Run it as ``python -m benchmarks.survey_scale``: it works in a folder of its own. ``ROWS`` is how
many respondents there are, ``FILES_ROWS`` how many are written to files to compare engines, and
``SAMPLES`` how many separate samples tell the coverage of intervals.

The population is known in closed form: what people answer depends on region, sex, age and diploma;
whom the sample misses depends on region, sex and age, which calibration knows, and weights vary.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import polars as pl

from alliage import survey
from alliage.survey import Design, Moments
from alliage.survey.scale.plans import banner_requests
from alliage.survey.tables.banners import Banner, banner
from benchmarks.machine import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESULTS = Path(__file__).parent / "results" / "survey-scale.md"
ROWS = int(os.environ.get("ROWS", "100000000"))
FILES_ROWS = int(os.environ.get("FILES_ROWS", "10000000"))
SAMPLES = int(os.environ.get("SAMPLES", "100"))
SAMPLE_ROWS = 20_000
CHUNK = 1_000_000
FILES = 4

SHAPE = {"region": 8, "sex": 2, "age": 5, "diploma": 4}
MARGINS = ("region", "sex", "age")
BREAKDOWNS = ("region", "age", "diploma")
QUESTIONS = tuple(f"q{number}" for number in range(1, 11))
LEVELS = 5
PEOPLE = 50_000_000.0
DESIGN = Design(weights="weight", strata="region")

HEAD = """# A survey of {rows:,} respondents

Written by `python -m benchmarks.survey_scale`.

- Machine: {machine}. Load when it began: {load}.
- {questions} questions of {levels} answers by {breakdowns} breakdowns, in strata, calibrated on
  {margins} margins, with the errors that know of it. Respondents are made {chunk:,} at a time and
  never kept; memory is that of the whole process, measured while it ran.
- The truth is computed from the probabilities that respondents were drawn with.

## One pass

| measure | |
| --- | ---: |
"""


class Population:
    """What is true of everybody, and samples of it."""

    def __init__(self) -> None:
        draw = np.random.default_rng(17)
        sizes = tuple(SHAPE.values())
        self.codes = np.indices(sizes).reshape(len(sizes), -1).astype(np.int8)
        shares = np.exp(draw.normal(0, 0.5, self.codes.shape[1]))
        self.shares = shares / shares.sum()
        logits = np.zeros((len(QUESTIONS), self.codes.shape[1], LEVELS))
        for place, size in enumerate(sizes):
            logits += draw.normal(0, 0.4, (len(QUESTIONS), size, LEVELS))[:, self.codes[place]]
        odds = np.exp(logits)
        self.answers = odds / odds.sum(axis=2, keepdims=True)
        # As many respondents in each region; sexes and ages answer more or less.
        self.by_region = np.bincount(self.codes[0], weights=self.shares)
        replies = draw.uniform(0.3, 0.9, SHAPE["sex"])[self.codes[1]]
        replies = replies * draw.uniform(0.3, 0.9, SHAPE["age"])[self.codes[2]]
        drawn = self.shares / self.by_region[self.codes[0]] * replies
        self.drawn = drawn / drawn.sum()

    def sample(self, rows: int, seed: int) -> pl.DataFrame:
        draw = np.random.default_rng([seed, 5])
        cell = np.searchsorted(np.cumsum(self.drawn)[:-1], draw.random(rows))
        columns: dict[str, Any] = {
            name: self.codes[place][cell] for place, name in enumerate(SHAPE)
        }
        for number, name in enumerate(QUESTIONS):
            ends = np.cumsum(self.answers[number], axis=1)[:, :-1].astype(np.float32)
            level = np.zeros(rows, dtype=np.int8)
            drawn = draw.random(rows, dtype=np.float32)
            for end in ends.T:
                level += drawn > end[cell]
            # Some do not answer; to whom it happens depends on nothing.
            columns[name] = pl.Series(level + 1).set(
                pl.Series(draw.random(rows, dtype=np.float32) < 0.03), None
            )
        region = columns["region"]
        columns["weight"] = self.by_region[region] * draw.uniform(0.5, 1.5, rows)
        return pl.DataFrame(columns)

    def margins(self) -> dict[str, dict[int, float]]:
        places = {name: place for place, name in enumerate(SHAPE)}
        return {
            name: dict(
                enumerate(np.bincount(self.codes[places[name]], weights=self.shares * PEOPLE))
            )
            for name in MARGINS
        }

    def truth(self, question: str, level: str, group: dict[str, Any]) -> float:
        inside = np.ones(len(self.shares), dtype=bool)
        for name, code in group.items():
            inside &= self.codes[list(SHAPE).index(name)] == code
        shares = self.shares * inside
        answers = self.answers[QUESTIONS.index(question), :, int(level) - 1]
        return float(shares @ answers / shares.sum())


@dataclass
class Watch:
    """Memory and time while respondents are made."""

    population: Population
    made: float = 0.0
    size: int = 0
    memory: list[tuple[int, float]] = field(default_factory=list)

    def chunks(self, rows: int) -> Iterator[pl.DataFrame]:
        for number, start in enumerate(range(0, rows, CHUNK)):
            began = time.perf_counter()
            chunk = self.population.sample(min(CHUNK, rows - start), number)
            self.made += time.perf_counter() - began
            self.size += int(chunk.estimated_size())
            yield chunk
            if (start + CHUNK) % (10 * CHUNK) == 0 or start + CHUNK >= rows:
                self.memory.append((min(start + CHUNK, rows), resident()))


def resident() -> float:
    """Return the megabytes that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Return the most megabytes that the process has held; ``ru_maxrss`` is that of its parent."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def summed(frames: Any, **more: Any) -> Moments:
    requests = banner_requests(QUESTIONS, BREAKDOWNS)
    return survey.moments(frames, DESIGN, requests, margins=MARGINS, **more)


def tabulated(found: Any, population: Population) -> Banner:
    return banner(survey.calibrate(found, population.margins()), QUESTIONS, BREAKDOWNS)


def against_truth(table: Banner, population: Population) -> tuple[int, int, float, float]:
    """Return intervals, those that hold the truth, the largest error and the largest half width."""
    count = held = 0
    worst = widest = 0.0
    for block in table.blocks:
        for row in block.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                assert cell is not None
                item = cell.estimate
                assert item.low is not None
                assert item.high is not None
                truth = population.truth(item.variable, row.level, dict(column.group))
                count += 1
                held += item.low <= truth <= item.high
                worst = max(worst, abs(item.value - truth))
                widest = max(widest, (item.high - item.low) / 2)
    return count, held, worst, widest


# Engines


def _csv(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.csv.gz"))


def _parquet(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _spark(folder: Path) -> Moments:
    sql = importlib.import_module("pyspark.sql")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    return summed(session.read.parquet(str(folder / "*.parquet")))


WAYS: dict[str, Callable[[Path], Moments]] = {
    "chunks of a generator": lambda folder: summed(pl.read_parquet(f) for f in _parquet(folder)),
    f"{FILES} Parquet files": lambda folder: summed(_parquet(folder)),
    f"{FILES} Parquet files, 2 workers": lambda folder: summed(_parquet(folder), workers=2),
    "Polars, lazy": lambda folder: summed(pl.scan_parquet(_parquet(folder))),
    "DuckDB": lambda folder: summed(duckdb.connect().read_parquet(f"{folder}/*.parquet")),
    "2 CSV files, compressed": lambda folder: summed(_csv(folder)),
    "2 CSV files, compressed, 2 workers": lambda folder: summed(_csv(folder), workers=2),
}
if importlib.util.find_spec("pyspark") and shutil.which("java"):
    WAYS["Spark on this machine, its start included"] = _spark


def one_way(name: str, folder: Path) -> dict[str, Any]:
    """Sum files in one way, and return what it took and the figures."""
    population = Population()
    before = peak()
    began = time.perf_counter()
    found = WAYS[name](folder)
    spent = time.perf_counter() - began
    held = peak() - before
    items = [
        cell.estimate
        for block in tabulated(found, population).blocks
        for row in block.rows
        for cell in row.cells
        if cell is not None
    ]
    figures = [figure for item in items for figure in (item.value, item.standard_error)]
    return {"rows": found.respondents, "seconds": spent, "memory": held, "figures": figures}


def write_files(folder: Path, population: Population) -> None:
    for number in range(FILES):
        frame = population.sample(FILES_ROWS // FILES, 1_000 + number)
        frame.write_parquet(folder / f"part{number}.parquet")
        if number < 2:
            content = frame[: len(frame) // 2].write_csv().encode()
            with gzip.open(folder / f"part{number}.csv.gz", "wb", compresslevel=1) as file:
                file.write(content)


def compared(population: Population) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="alliage-bench-") as name:
        folder = Path(name)
        write_files(folder, population)
        first: dict[int, list[float]] = {}
        for way in WAYS:
            told = [sys.executable, "-m", "benchmarks.survey_scale", way, name]
            answer = subprocess.run(told, check=True, capture_output=True).stdout
            found = json.loads(answer.splitlines()[-1])
            mine, its = (
                np.array(found["figures"]),
                first.setdefault(found["rows"], found["figures"]),
            )
            difference = float(np.max(np.abs(mine / np.array(its) - 1)))
            speed = found["rows"] / found["seconds"] / 1e6
            print(way, found["rows"], found["seconds"], found["memory"], difference)
            yield (
                f"| {way} | {found['rows']:,} | {found['seconds']:.1f} | {speed:.1f} "
                f"| {found['memory']:.0f} | {difference:.0e} |\n"
            )


# The whole


def one_pass(population: Population) -> Iterator[str]:
    watch = Watch(population)
    before, began = peak(), time.perf_counter()
    found = summed(watch.chunks(ROWS))
    passed = time.perf_counter() - began
    summing = passed - watch.made
    began = time.perf_counter()
    fit = survey.calibrate(found, population.margins())
    calibrating = time.perf_counter() - began
    table = banner(fit, QUESTIONS, BREAKDOWNS)
    figures = table.frame().height
    tabulating = time.perf_counter() - began - calibrating
    count, held, worst, widest = against_truth(table, population)
    lines = {
        "respondents": f"{found.respondents:,}",
        "cells of the largest table of sums": f"{max(map(len, found.frames)):,}",
        "seconds to make respondents": f"{watch.made:.0f}",
        "seconds to sum them": f"{summing:.0f}",
        "million rows summed in a second": f"{found.respondents / summing / 1e6:.1f}",
        "seconds to calibrate": f"{calibrating:.2f}",
        f"seconds for the table of {figures:,} figures": f"{tabulating:.2f}",
        "memory that they would take all at once, in MB": f"{watch.size / 1e6:,.0f}",
        "memory before, in MB": f"{before:.0f}",
        "memory at the most, in MB": f"{peak():.0f}",
        "largest error of a share": f"{worst:.1e}",
        "largest half width of an interval": f"{widest:.1e}",
        "95 % intervals that hold the truth": f"{held / count:.1%} of {count}",
    }
    yield from (f"| {name} | {value} |\n" for name, value in lines.items())
    yield "\n| rows summed | memory held then, in MB |\n| ---: | ---: |\n"
    yield from (f"| {rows:,} | {memory:.0f} |\n" for rows, memory in watch.memory)


def covered(population: Population) -> str:
    """Return how many intervals of separate samples hold the truth."""
    count = held = 0
    for number in range(SAMPLES):
        found = summed(population.sample(SAMPLE_ROWS, 50_000 + number))
        told = against_truth(tabulated(found, population), population)
        count, held = count + told[0], held + told[1]
    return (
        "\n## Coverage\n\n"
        f"{SAMPLES} separate samples of {SAMPLE_ROWS:,}, each calibrated and tabulated: "
        f"{held / count:.2%} of {count:,} intervals at 95 % hold the truth.\n"
    )


def main() -> None:
    load = f"{os.getloadavg()[0]:.1f}"
    population = Population()
    text = HEAD.format(
        rows=ROWS,
        machine=describe(),
        load=load,
        questions=len(QUESTIONS),
        levels=LEVELS,
        breakdowns=len(BREAKDOWNS),
        margins=len(MARGINS),
        chunk=CHUNK,
    )
    text += "".join(one_pass(population))
    print(text)
    text += covered(population)
    text += (
        "\n## The same from files and engines\n\n"
        "Each way runs alone in a process of its own; memory is what it adds at the most, without "
        "that of Java where there is one. Spark is measured where it is installed. The difference "
        "is the largest, relative, between its shares and errors and those of the first way with "
        "as many rows.\n\n"
        "| way | rows | seconds | million rows / s | MB | difference |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |\n"
    )
    text += "".join(compared(population))
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(one_way(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
