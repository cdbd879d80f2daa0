"""How many questionnaires of self-positioning are scored in a second.

Run it as ``python -m benchmarks.positioning_scoring``. ``QUESTIONNAIRES`` changes how many.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.positioning.doors import Preference, probabilities_of
from alliage.positioning.questionnaire import LEVELS, questionnaire
from alliage.positioning.scoring import Answers, score
from alliage.positioning.steps import UNKNOWN, steps_of
from benchmarks.machine import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]

RESULTS = Path(__file__).parent / "results" / "positioning-scoring.md"
COUNT = int(os.environ.get("QUESTIONNAIRES", "1000000"))
CORES = os.cpu_count() or 1
#: Answers are made from arrays so many at a time, out of the time that is measured.
BATCH = 20_000

TABLE = """# Scoring questionnaires of self-positioning

Written by `python -m benchmarks.positioning_scoring`.

- Machine: {machine}. Load when it began: {load}. The machine is shared with other work.
- {count:,} questionnaires drawn at random (PCG64, seed 17): each comparison one of its three
  answers or none, each behaviour one of its four levels or « ne sait pas ». Making them is not
  counted.
- « Whole result » is `score`: doors with their probabilities, steps, what blocks, next actions,
  warming up, contradictions. « Doors and steps » is `probabilities_of` and `steps_of`, on arrays.
- Seconds are those of a clock, which runs while other work has the cores; processor seconds are
  those of the processes measured, added up.
- The probabilities of the 4,096 ways to compare are computed once a process, in {table:.2f}
  processor seconds here, all threads together: this is counted apart.

| what is computed | processes | seconds | a second | processor seconds | a processor second |
| --- | ---: | ---: | ---: | ---: | ---: |
{lines}
Of these {count:,}, {named:.1f} % name at least a door, {clear:.1f} % a single one, and
{doubtful:.1f} % contradict themselves: answers at random, which say nothing of people. For each of
them the arrays and the whole result gave the same probabilities and the same steps: {differences}
differences.
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of a clock, and of the processor."""

    clock: float
    processor: float

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.clock + other.clock, self.processor + other.processor)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.processor - other.processor)


def now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())


def drawn(seed: int, count: int) -> tuple[Ints, Ints]:
    """Draw comparisons (N, 6) and levels (N, 16)."""
    generator = np.random.Generator(np.random.PCG64(seed))
    asked = questionnaire()
    compared = generator.integers(0, len(Preference), (count, len(asked.comparisons)))
    levels = generator.integers(UNKNOWN, LEVELS, (count, len(asked.behaviours)))
    return compared, levels


def scored(seed: int, count: int) -> tuple[Spent, Ints]:
    """Score questionnaires one by one; return the time, and what was found, counted."""
    asked = questionnaire()
    pairs, codes = asked.comparisons, [one.code for one in asked.behaviours]
    doors = [door.code for door in asked.doors]
    preferences = list(Preference)
    compared, levels = drawn(seed, count)
    probabilities, steps = arrays(compared, levels)
    spent = Spent(0.0, 0.0)
    found = np.zeros(4, dtype=np.int64)
    for first in range(0, count, BATCH):
        many = [
            Answers(
                {
                    pair: preferences[answer]
                    for pair, answer in zip(pairs, row, strict=True)
                    if answer != Preference.NOT_ANSWERED
                },
                {code: at for code, at in zip(codes, known, strict=True) if at != UNKNOWN},
            )
            for row, known in zip(
                compared[first : first + BATCH].tolist(),
                levels[first : first + BATCH].tolist(),
                strict=True,
            )
        ]
        start = now()
        results = [score(one, asked) for one in many]
        spent += now() - start
        for place, one in enumerate(results, start=first):
            alone = [one.reaches[door].level for door in doors]
            same = one.preferences.probabilities == tuple(probabilities[place]) and steps[
                place
            ].tolist() == [UNKNOWN if level is None else level for level in alone]
            found += (
                bool(one.recommendations),
                len(one.recommendations) == 1,
                bool(one.contradictions),
                not same,
            )
    return spent, found


def arrays(compared: Ints, levels: Ints) -> tuple[NDArray[np.float64], Ints]:
    """Return the probabilities (N, 4) and the steps (N, 4)."""
    behaviours, doors = questionnaire().behaviours, questionnaire().doors
    columns = [
        [place for place, one in enumerate(behaviours) if one.door == door.code] for door in doors
    ]
    steps = np.stack([steps_of(levels[:, four]) for four in columns], axis=1)
    return probabilities_of(compared), steps


def main() -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    start = now()
    probabilities_of(np.zeros((1, 6), dtype=np.int64))
    table = (now() - start).processor
    spent, found = scored(17, COUNT)
    lines = [_line("whole result, one by one", 1, spent)]
    with get_context("fork").Pool(CORES) as pool:
        each = pool.starmap(scored, [(17 + rank, COUNT // CORES) for rank in range(CORES)])
    together = Spent(
        max(took.clock for took, _found in each), sum(took.processor for took, _found in each)
    )
    lines.append(_line("whole result, one by one", CORES, together))
    compared, levels = drawn(17, COUNT)
    start = now()
    arrays(compared, levels)
    lines.append(_line("doors and steps, on arrays", 1, now() - start))
    named, clear, doubtful, differences = found.tolist()
    RESULTS.write_text(
        TABLE.format(
            machine=describe(), load=load, count=COUNT, table=table, lines="".join(lines),
            named=100 * named / COUNT, clear=100 * clear / COUNT,
            doubtful=100 * doubtful / COUNT, differences=differences,
        ),
        encoding="utf-8",
    )  # fmt: skip
    print(RESULTS.read_text(encoding="utf-8"))


def _line(what: str, processes: int, spent: Spent) -> str:
    return (
        f"| {what} | {processes} | {spent.clock:.1f} | {COUNT / spent.clock:,.0f} "
        f"| {spent.processor:.1f} | {COUNT / spent.processor:,.0f} |\n"
    )


if __name__ == "__main__":
    main()
