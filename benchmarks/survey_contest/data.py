"""A synthetic survey for the contest: answers to questions, breakdowns, design weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

#: The breakdowns, which are the margins too, and their levels.
BREAKDOWNS = {"sex": 2, "age": 5, "region": 13, "size": 4, "diploma": 4}
LEVELS = 5


def write(folder: Path, rows: int, questions: int, kind: str = "small numbers") -> Path:
    """Write a survey and the totals of its margins; every answer is invented.

    Parameters
    ----------
    folder : Path
        Where ``survey.parquet`` and ``margins.json`` go.
    rows, questions : int
        How many respondents and questions.
    kind : str
        How answers are written: « small numbers » of 8 bits, « numbers » of 64 bits, « sentences ».
    """
    random = np.random.default_rng(17)
    columns: dict[str, object] = {
        name: random.integers(1, levels + 1, rows).astype(np.int8)
        for name, levels in BREAKDOWNS.items()
    }
    age, region = np.asarray(columns["age"]), np.asarray(columns["region"])
    for number in range(questions):
        lean = 0.25 * (age - 3) + 0.05 * (region - 7) * (number % 3)
        drawn = np.clip(np.rint(3 + lean + random.normal(0, 1.2, rows)), 1, LEVELS)
        columns[f"q{number}"] = drawn.astype(np.int8)
    frame = pl.DataFrame(columns)
    if kind == "numbers":
        frame = frame.cast(pl.Int64)
    if kind == "sentences":
        frame = frame.select(
            pl.format("answer {} to the question", pl.col(name)).alias(name)
            for name in frame.columns
        )
    weights = 20 * random.lognormal(0, 0.3, rows)
    frame = frame.with_columns(pl.Series("d", weights))
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / "survey.parquet")
    total = float(weights.sum())
    margins: dict[str, dict[str, float]] = {}
    for name in BREAKDOWNS:
        counts = frame.group_by(name).len().sort(name)
        shares = counts["len"].to_numpy() * random.uniform(0.85, 1.15, counts.height)
        keys = [str(value) for value in counts[name]]
        margins[name] = dict(zip(keys, (total * shares / shares.sum()).tolist(), strict=True))
    (folder / "margins.json").write_text(json.dumps(margins), encoding="utf-8")
    return folder
