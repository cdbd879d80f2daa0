"""From a file of respondents to a release: the demonstration wave, then a large one.

Run it as ``python -m benchmarks.observatory_release``: it works in a folder of its own. ``ROWS`` is
how many respondents the large wave has, each with 40 questions. Each wave is released by a process
of its own, whose peak of memory is told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from alliage.observatory.releases.files import write_release
from alliage.observatory.respondents.screening import opened, screen_file
from alliage.observatory.studies.catalogue import (
    Answer,
    QuestionKind,
    QuestionRecord,
    Theme,
    read_catalogue,
)
from alliage.observatory.synthetic.files import write_wave
from alliage.observatory.synthetic.wave import demo_folder, demo_wave
from alliage.observatory.tabulation.tabulation import About, tabulate
from alliage.values.datafiles import data_directory
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "observatory-release.md"
ROWS = int(os.environ.get("ROWS", "1000000"))
ITEMS = tuple(f"item{number}" for number in range(16))
SINGLES = tuple(f"q{number}" for number in range(24))
SHAPE = {"region": 12, "age": 5, "sex": 2, "town_size": 4, "socio": 3}
PEOPLE = 50_000_000

HEAD = """# A release

Written by `python -m benchmarks.observatory_release`.

- Machine: {machine}. Load when it began: {load}.
- From the file to the folder of the release: read, screened, calibrated, tabulated with errors,
  letters, covariances, rankings and ties, protected, written. Time in seconds of wall clock;
  memory is the peak of the process, the interpreter included.
- Demonstration: 2,400 respondents in a Parquet file, its own specification.
- Large: {rows:,} respondents, 40 questions (a battery of 16 marks of 10, 24 of 5 answers), 5
  breakdowns.

| step | demonstration | large |
| --- | ---: | ---: |
"""


def large_wave(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write invented respondents and their specification."""
    draw = np.random.default_rng(3)
    columns: dict[str, pl.Series] = {
        name: pl.Series([f"{name}{code}" for code in range(size)], dtype=pl.String)[
            draw.integers(0, size, rows)
        ]
        for name, size in SHAPE.items()
    }
    trait = draw.normal(0, 1, rows).astype(np.float32)
    for number, name in enumerate(ITEMS):
        noise = draw.normal(5.5 - number / 20, 2, rows).astype(np.float32)
        columns[f"battery_{name}"] = pl.Series(
            np.clip(np.rint(noise + trait), 1, 10), dtype=pl.Int8
        )
    for name in SINGLES:
        columns[name] = pl.Series(draw.integers(1, 6, rows), dtype=pl.Int8)
    file = folder / "large.parquet"
    pl.DataFrame(columns).write_parquet(file)
    margins = {
        name: {f"{name}{code}": PEOPLE / size for code in range(size)}
        for name, size in SHAPE.items()
        if name != "socio"
    }
    marks = {
        "points": {str(mark): mark for mark in range(1, 11)},
        "boxes": {"8-10": [8, 9, 10]},
    }
    questions = [{"variable": f"battery_{name}", **marks} for name in ITEMS]
    asked = {
        "title": "A large wave",
        "design": {"strata": "region"},
        "calibrations": [{"name": "weight", "margins": margins}],
        "tables": [
            {"name": "t", "questions": [*questions, *SINGLES], "breakdowns": [*SHAPE]},
        ],
    }
    spec = folder / "large.yaml"
    # JSON is YAML.
    spec.write_text(json.dumps(asked), encoding="utf-8")
    return file, spec


def battery() -> QuestionRecord:
    return QuestionRecord(
        code="battery",
        theme=Theme.IMPACT,
        kind=QuestionKind.BATTERY,
        ordered=True,
        label_fr="Batterie",
        label_en="Battery",
        items=tuple(Answer(code=name, label_fr=name) for name in ITEMS),
        complete=True,
        source="benchmark",
    )


def measured(file: Path, spec: Path, out: Path) -> dict[str, float]:
    """Make a release, and return the time of each step, counts and the peak of memory."""
    times: dict[str, float] = {}
    began = time.perf_counter()

    def step(name: str) -> None:
        nonlocal began
        now = time.perf_counter()
        times[name], began = now - began, now

    catalogue = read_catalogue(data_directory() / "observatory")
    questions = (*catalogue.questions, battery())
    step("catalogue")
    found = screen_file(file, spec)
    step("read and screened")
    study, screened = opened(found, spec, {})
    step("checked")
    about = About(
        study="impact_citizens",
        wave="demo",
        population="citizen",
        synthetic=True,
        file_sha256="",
        specification_sha256="",
        questions=questions,
        screening=screened,
    )
    study.sample()
    step("weighted")
    release = tabulate(study, about=about)
    step("tabulated and protected")
    write_release(release, out)
    step("written")
    times["whole"] = sum(times.values())
    times["tables (question × breakdown)"] = len(release.tables)
    times["tables per second"] = len(release.tables) / times["tabulated and protected"]
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    times["peak of memory (MB)"] = peak * 1024 / 1e6
    return times


def apart(file: Path, spec: Path, out: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.observatory_release", *map(str, (file, spec, out))]
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(made.stdout)
    return found


def main() -> None:
    load = f"{os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = folder / "demo.parquet"
        write_wave(demo_wave(), demo)
        small = apart(demo, demo_folder() / "specification.yaml", folder / "small")
        file, spec = large_wave(folder, ROWS)
        large = apart(file, spec, folder / "big")
    lines = [f"| {step} | {small[step]:,.1f} | {large[step]:,.1f} |" for step in small]
    head = HEAD.format(machine=describe(), load=load, rows=ROWS)
    RESULTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        given = [Path(one) for one in sys.argv[1:]]
        sys.stdout.write(json.dumps(measured(*given)))
    else:
        main()
