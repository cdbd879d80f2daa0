"""The work as ``svy`` does it, with weights taken as fixed; prints seconds as JSON."""

# mypy: ignore-errors

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import polars as pl
import svy

BREAKDOWNS = ["sex", "age", "region", "size", "diploma"]


def timed(work, times):
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def prepared(folder):
    frame = pl.read_parquet(folder / "survey.parquet")
    read = json.loads((folder / "margins.json").read_text(encoding="utf-8"))
    margins = {
        name: {int(level): total for level, total in totals.items()}
        for name, totals in read.items()
    }
    return frame, margins


def weighted(frame, margins):
    sample = svy.Sample(frame, svy.Design(wgt="d"))
    return sample.weighting.rake(controls=margins, tol=1e-10, max_iter=1000)


def table(folder, times):
    frame, margins = prepared(folder)
    questions = [name for name in frame.columns if name.startswith("q")]
    sample = weighted(frame, margins)

    return some(sample, questions, [None, *BREAKDOWNS], times)


def some(sample, questions, breakdowns, times):
    """Ask all the questions, or of a large file four, counted for all: each takes as long."""
    asked = questions[:4] if sample.n_records > 100_000 else questions
    found = fastest(sample, asked, breakdowns, times)
    return {"seconds": found["seconds"] * len(questions) / len(asked)}


def fastest(sample, questions, breakdowns, times):
    """Ask question by question, and all in one call; tell the faster."""

    def one_by_one():
        for question in questions:
            for breakdown in breakdowns:
                sample.estimation.prop(question, by=breakdown)

    def together():
        for breakdown in breakdowns:
            sample.estimation.prop(questions, by=breakdown)

    return {"seconds": min(timed(one_by_one, times) + timed(together, times))}


def rake(folder, times):
    frame, margins = prepared(folder)
    sample = svy.Sample(frame, svy.Design(wgt="d"))
    work = lambda: sample.weighting.rake(controls=margins, tol=1e-10, max_iter=1000)  # noqa: E731
    return {"seconds": min(timed(work, times))}


def items(folder, times):
    frame, margins = prepared(folder)
    sample = weighted(frame, margins)
    questions = [name for name in frame.columns if name.startswith("q")][:16]

    return some(sample, questions, ["region"], times)


if __name__ == "__main__":
    work = {"table": table, "rake": rake, "items": items}[sys.argv[1]]
    result = work(Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(result | {"version": svy.__version__}))
