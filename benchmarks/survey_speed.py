"""The survey engine beside ``svy``, ``weightipy`` and R ``survey``: same files, one run.

Run it as ``python -m benchmarks.survey_speed``. A virtual environment with ``svy`` and
``weightipy`` is made for the occasion (``CONTESTANT`` names the Python of one that exists); R takes
part if ``Rscript`` and its packages ``survey`` and ``jsonlite`` are there. ``ROWS`` changes the
size of the large survey. It takes about a quarter of an hour, most of it for the others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.machine import describe
from benchmarks.survey_contest import data
from benchmarks.survey_contest.alliage_side import TURNS

RESULTS = Path(__file__).parent / "results" / "survey-speed.md"
SIDES = Path(__file__).parent / "survey_contest"
ROWS = int(os.environ.get("ROWS", "1000000"))
LEFT_OUT = "n/a"
#: How many processes read a file and publish its table, with the accelerator.
PROCESSES = 8


def run(command: list[str | Path], **environment: str) -> dict[str, Any]:
    """Run one side of the contest in a process of its own."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(*command[-3:], found, flush=True)
    return found


def contestant(folder: Path) -> Path:
    """Return a Python that has the other libraries."""
    named = os.environ.get("CONTESTANT")
    if named:
        return Path(named)
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "svy", "weightipy", "pyarrow"], check=True
    )
    return python


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="alliage-bench-") as name:
        folder = Path(name)
        large = data.write(folder / "large", ROWS, 40)
        small = data.write(folder / "small", 2_400, 120)
        kinds = {
            kind: data.write(folder / kind, ROWS, 40, kind)
            for kind in ("small numbers", "numbers", "sentences")
        }
        r = shutil.which("Rscript")
        for place in (large, small) if r else ():
            pl.read_parquet(place / "survey.parquet").write_csv(place / "survey.csv")
        ours = [sys.executable, "-m", "benchmarks.survey_contest.alliage_side"]
        published = {kind: accelerated(ours, place) for kind, place in kinds.items()}
        python = contestant(folder / "venv")
        svy = [python, SIDES / "svy_side.py"]
        lines = Lines(r)
        mine = run([*ours, "table", large])
        lines.add(f"{ROWS:,} × 40 × 5 table", mine, svy=run([*svy, "table", large, "1"]))
        lines.add(
            "2,400 × 120 × 5 table",
            run([*ours, "table", small]),
            svy=run([*svy, "table", small, "2"]),
            r=run([r, SIDES / "r_side.R", "table", small]) if r else None,
        )
        lines.add(
            f"raking {ROWS:,} on 5 margins",
            run([*ours, "rake", large]),
            svy=run([*svy, "rake", large, "3"]),
            weightipy=run([python, SIDES / "weightipy_side.py", large, "3"]),
            r=run([r, SIDES / "r_side.R", "rake", large]) if r else None,
        )
        lines.add(
            f"16 items by 13 regions, {ROWS:,}",
            run([*ours, "items", large]),
            svy=run([*svy, "items", large, "1"]),
        )
        growth = grown(folder, ours)
    RESULTS.write_text(report(lines, mine, published, growth), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def accelerated(ours: list[str], place: Path) -> dict[str, dict[str, Any]]:
    """Measure the way from the file to the page, with the loops compiled or not.

    Machine code is kept in a folder, empty at first: the cost of the first use ever, then that of
    the first use of a process.
    """
    command: list[str | Path] = [*ours, "publish", place]
    kept = str(place / "compiled")
    return {
        "ever": run(command, NUMBA_CACHE_DIR=kept),
        "compiled": best([run(command, NUMBA_CACHE_DIR=kept) for _ in range(PROCESSES)]),
        "numpy": best([run(command, NUMBA_DISABLE_JIT="1")]),
    }


def best(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the shortest times of several processes, the most memory, and the multiple of each."""
    made = {name: min(one[name] for one in found) for name in found[0]}
    multiples = sorted(one["published"] / one["reading"] for one in found)
    return made | {"peak": max(one["peak"] for one in found), "multiples": multiples}


class Lines:
    """The lines of the table of the contest."""

    def __init__(self, r: str | None) -> None:
        self.r = r
        self.rows: list[str] = []
        self.versions: dict[str, str] = {}

    def add(self, what: str, mine: dict[str, Any], **others: dict[str, Any] | None) -> None:
        cells = [what, seconds(mine["warm"])]
        for name in ("svy", "weightipy", "r"):
            other = others.get(name)
            if other is None:
                cells.append(LEFT_OUT)
                continue
            self.versions[name] = other["version"]
            ratio = other["seconds"] / mine["warm"]
            cells.append(f"{seconds(other['seconds'])}, **{ratio:,.0f} ×**")
        self.rows.append("| " + " | ".join(cells) + " |")


def spread(multiples: list[float]) -> str:
    """Write the least and the most of multiples that are sorted."""
    least, most = (f"{multiples[end]:.1f}" for end in (0, -1))
    return f"{least} ×" if least == most else f"{least} to {most} ×"


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def grown(folder: Path, ours: list[str]) -> dict[str, list[tuple[int, float]]]:
    """Measure tables of more and more rows, questions and breakdowns."""
    found: dict[str, list[tuple[int, float]]] = {"rows": [], "questions": [], "breakdowns": []}
    for rows in (10_000, 100_000, 1_000_000, 4_000_000):
        place = data.write(folder / f"rows{rows}", rows, 10)
        found["rows"].append((rows, run([*ours, "growth", place])["warm"]))
        shutil.rmtree(place)
    for questions in (10, 20, 40, 80, 160):
        place = data.write(folder / f"questions{questions}", 100_000, questions)
        found["questions"].append((questions, run([*ours, "growth", place])["warm"]))
        shutil.rmtree(place)
    place = data.write(folder / "breakdowns", 100_000, 20)
    for breakdowns in (1, 2, 3, 4, 5, 10):
        warm = run([*ours, "growth", place, str(breakdowns)])["warm"]
        found["breakdowns"].append((breakdowns, warm))
    return found


def chart(title: str, points: list[tuple[int, float]]) -> str:
    """Draw a line with Mermaid."""
    names = ", ".join(f'"{place:,}"' for place, _ in points)
    values = ", ".join(f"{value * 1000:.1f}" for _, value in points)
    return (
        "```mermaid\nxychart-beta\n"
        f'  title "{title}"\n  x-axis [{names}]\n  y-axis "milliseconds"\n  line [{values}]\n```\n'
    )


def report(
    lines: Lines, mine: dict[str, Any], published: dict[str, Any], growth: dict[str, Any]
) -> str:
    versions = ", ".join(
        f"{'' if name == 'r' else name + ' '}{version}" for name, version in lines.versions.items()
    )
    files = "".join(
        f"| {kind} | {way} | {seconds(found['reading'])} | {seconds(found['computed'])}, "
        f"{found['computed'] / found['reading']:.1f} × | {seconds(found['published'])}, "
        f"{found['published'] / found['reading']:.1f} × | "
        f"{spread(found['multiples'])} | {found['peak'] / 1e6:.0f} MB |\n"
        for kind, ways in published.items()
        for way, found in (("yes", ways["compiled"]), ("no", ways["numpy"]))
    )
    alone = os.sched_getscheduler(0) in {os.SCHED_FIFO, os.SCHED_RR}
    priority = ", where the contest went before other work" if alone else ""
    first = "".join(
        f"| {kind} | {seconds(ways['ever']['first'])} | {seconds(ways['compiled']['first'])} | "
        f"{seconds(ways['numpy']['first'])} |\n"
        for kind, ways in published.items()
    )
    return f"""# The survey engine beside others

Written by `python -m benchmarks.survey_speed`.

- Machine: {describe()}.
- Others: {versions}.
- Same Parquet file, one process each, in memory, raked on five margins. Alliage: best of four warm
  runs. Its table holds every share of every question by everybody and by five breakdowns, with
  calibrated errors, intervals, bases and effective sizes; `svy` takes the weights as fixed, which
  is the easier case, question by question or all in one call, whichever is faster (of the large
  file, four questions are measured, and counted for all); R calibrates,
  and its errors know of it. Letters and tests of independence are computed when a block of the
  table is read: told apart below.
- Every answer is invented. A time is that of this machine{priority}; ratios say more.

| work | Alliage | `svy` | `weightipy` | R `survey` |
| --- | ---: | ---: | ---: | ---: |
{chr(10).join(lines.rows)}

The large table ({mine["figures"]:,} figures): first run {seconds(mine["first"])}, with weights
taken as fixed {seconds(mine["fixed"])}, with all the blocks read, letters and tests
{seconds(mine["read"])}; memory at its highest {mine["peak"] / 1e6:.0f} MB, everything included.

## From the file to the page

{ROWS:,} rows × 40 questions × 5 breakdowns, from a Parquet file: read, raked, crossed, with letters
and tests; then written as HTML. Small numbers have 8 bits, numbers 64. The accelerator is the extra
`alliage[fast]`. Reading alone, the way to the table and the way to the page go in turn, {TURNS}
times each, in {PROCESSES} processes with the accelerator and one without: the best of all, then the
multiples of the page in each process, from the least to the most. Table and page are counted from
the file on. A multiple is that of reading the file alone.

| answers are written as | accelerator | reading alone | table | page | by process | memory |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
{files}
The first table of a process, the file being read: where the loops were never compiled, where the
machine code was kept, and without the accelerator.

| answers are written as | first use ever | first of a process | without |
| --- | ---: | ---: | ---: |
{first}
## How time grows

{chart("10 questions × 5 breakdowns, by rows", growth["rows"])}
{chart("100,000 rows × 5 breakdowns, by questions", growth["questions"])}
{chart("100,000 rows × 20 questions, by breakdowns", growth["breakdowns"])}
The five breakdowns beyond the fifth cross two variables each."""


if __name__ == "__main__":
    main()
