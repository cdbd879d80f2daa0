"""The work as Alliage does it; prints seconds and bytes as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from alliage import survey
from alliage.survey.tables.banners import banner

if TYPE_CHECKING:
    from collections.abc import Callable

    from alliage.survey import Sample
    from alliage.survey.tables.banners import Banner

#: How often a file is read and its table made.
TURNS = 25

BREAKDOWNS = ["sex", "age", "region", "size", "diploma"]
#: To have more breakdowns: levels of two variables, crossed.
NESTED = [
    ("sex", "age"), ("sex", "size"), ("sex", "diploma"), ("age", "size"), ("size", "diploma"),
]  # fmt: skip


def timed(work: Callable[[], Any], times: int = 5) -> list[float]:
    """Return the seconds of each run, until there is a result: it is dropped after."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - start)
        del result
    return found


def margins_of(folder: Path, frame: pl.DataFrame) -> dict[str, dict[Any, float]]:
    """Read the totals, with their levels as the file writes them."""
    read = json.loads((folder / "margins.json").read_text(encoding="utf-8"))
    return {
        name: {(level if frame[name].dtype == pl.String else int(level)): total
               for level, total in totals.items()}
        for name, totals in read.items()
    }  # fmt: skip


def prepared(folder: Path) -> tuple[pl.DataFrame, list[str], dict[str, dict[Any, float]]]:
    frame = pl.read_parquet(folder / "survey.parquet")
    questions = [name for name in frame.columns if name.startswith("q")]
    return frame, questions, margins_of(folder, frame)


def drawn(frame: pl.DataFrame) -> Sample:
    return survey.sample(frame, survey.Design(weights="d"))


def table(folder: Path) -> dict[str, Any]:
    """Measure every question by every breakdown, aware of the calibration."""
    frame, questions, margins = prepared(folder)
    fit = survey.calibrate(drawn(frame), margins, method="raking")
    computed = timed(lambda: banner(fit, questions, BREAKDOWNS))
    fixed = timed(lambda: banner(fit, questions, BREAKDOWNS, variance="fixed"))
    read = timed(lambda: list(banner(fit, questions, BREAKDOWNS).blocks), 3)
    cells = sum(
        cell is not None
        for block in banner(fit, questions, BREAKDOWNS).blocks
        for row in block.rows
        for cell in row.cells
    )
    return {"first": computed[0], "warm": min(computed[1:]), "fixed": min(fixed[1:]),
            "read": min(read), "figures": cells}  # fmt: skip


def growth(folder: Path, breakdowns: str = "5") -> dict[str, Any]:
    """Measure the same table by some breakdowns, warm."""
    frame, questions, margins = prepared(folder)
    fit = survey.calibrate(drawn(frame), margins, method="raking")
    asked: list[str | tuple[str, ...]] = [*BREAKDOWNS, *NESTED]
    asked = asked[: int(breakdowns)]
    return {"warm": min(timed(lambda: banner(fit, questions, asked))[1:])}


def rake(folder: Path) -> dict[str, Any]:
    """Measure raking on five margins."""
    frame, _, margins = prepared(folder)
    before = drawn(frame)
    found = timed(lambda: survey.calibrate(before, margins, method="raking"))
    report = survey.calibrate(before, margins, method="raking").report
    return {"first": found[0], "warm": min(found[1:]), "largest_error": report.largest_error}


def items(folder: Path) -> dict[str, Any]:
    """Measure the questions by region."""
    frame, questions, margins = prepared(folder)
    fit = survey.calibrate(drawn(frame), margins, method="raking")
    found = timed(lambda: banner(fit, questions[:16], ["region"]))
    return {"first": found[0], "warm": min(found[1:])}


def publish(folder: Path) -> dict[str, Any]:
    """Measure the way from the file to the table and to its page, beside reading the file."""
    file = folder / "survey.parquet"

    def computed() -> Banner:
        frame, questions, margins = prepared(folder)
        fit = survey.calibrate(drawn(frame), margins, method="raking")
        made = banner(fit, questions, BREAKDOWNS)
        list(made.blocks)
        return made

    def everything() -> Banner:
        made = computed()
        survey.write(made, page, overwrite=True)
        return made

    # In turn and as often, so that all meet the same moments of the machine.
    reading, working, writing = [], [], []
    with tempfile.TemporaryDirectory() as place:
        page = Path(place) / "table.html"
        for _ in range(TURNS):
            reading += timed(lambda: pl.read_parquet(file), 1)
            working += timed(computed, 1)
            writing += timed(everything, 1)
    return {"reading": min(reading[1:]), "first": working[0], "computed": min(working[1:]),
            "published": min(writing[1:])}  # fmt: skip


if __name__ == "__main__":
    works: dict[str, Callable[..., dict[str, Any]]] = {
        "table": table, "growth": growth, "rake": rake, "items": items, "publish": publish,
    }  # fmt: skip
    result = works[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
    # Not getrusage: it would tell the memory of the program that started this one, if larger.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    print(json.dumps(result | {"peak": peak}))
