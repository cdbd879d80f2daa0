"""Time and weight of the case sheets: composed, printed, beside the same words set plainly.

Run it as ``python -m benchmarks.case_sheet_pdf``; it needs no database and writes the table of
``benchmarks/results``. Each round prints every sheet once, in an order drawn anew. The words change
at each printing, so that nothing of the sheet before can be used again.
"""

from __future__ import annotations

import io
import json
import os
import random
import statistics
import time
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from alliage.knowledge.document_tree import Sheet

ROUNDS = int(os.environ.get("ROUNDS", "15"))
SEED = 20261121
RESULTS = Path(__file__).parent / "results" / "case_sheet_pdf.md"
#: The words of a sheet one after the other: no column, no drawing, no search of a size.
PLAIN = b"""
#set document(title: "plain")
#set text(lang: "fr", font: "Source Serif Pro", size: 9.6pt)
#for words in json(bytes(sys.inputs.words)) { par(words) }
"""
GROUPS = {
    "pemb_aet": "full sheet, PEMB",
    "ptce_vivre_les_mureaux": "full sheet, Vivre Les Mureaux (the longest)",
    "absr_romainville": "full sheet, Romainville",
}
OTHERS = "the 31 others"

HEAD = """# Time and weight of the case sheets

Written by `python -m benchmarks.case_sheet_pdf`: {rounds} rounds, each sheet once a round, in one
process, in random order, words changed each time.

- Machine: {machine}.
- Typst {typst}. « Plainly »: the same words in paragraphs, same fonts, tagged too, nothing else.
- First sheet of a process, fonts found and Typst warmed up included: {first:.0f} ms.
- Memory of the process: {before} MB after the first sheet, {after} MB after {count} more.

| sheet | pages | words | composed, ms | printed, median ms | p95 ms | × plainly | PDF, kB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
FOOT = """
A full sheet is printed in about half a second: PDFs are not cached, and always say what the
database says. Most of the time goes to the search of the largest text that fits: see
`docs/explanation/case-sheets.md`.
"""


@dataclass(slots=True)
class Measure:
    pages: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    composed: list[float] = field(default_factory=list)
    printed: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)


def memory() -> int:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def marked(text: str, *, turn: int) -> str:
    return f"{text}{turn % 10}" if text else text


def timed(work: Callable[[], object]) -> tuple[object, float]:
    start = time.perf_counter()
    result = work()
    return result, 1000 * (time.perf_counter() - start)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    import django
    import typst
    from pypdf import PdfReader

    django.setup()
    from tests.factories import case_sheets as shipped

    from alliage.knowledge import document_tree as tree
    from alliage.knowledge.case_sheet import compose
    from alliage_web.knowledge import documents
    from benchmarks.machine import describe

    def composed(case: str) -> Sheet:
        content = shipped.content(case) if case in shipped.FULL else None
        return compose(shipped.facts(case), shipped.reference(), shipped.boilerplate(), content)

    def plainly(sheet: Sheet) -> bytes | list[bytes] | None:
        compiler = typst.Compiler(input=PLAIN, font_paths=documents._fonts())  # noqa: SLF001 - the same fonts
        inputs = {"words": json.dumps([text for text in tree.texts(sheet) if text])}
        printed = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"])
        documents._forget(compiler)  # noqa: SLF001 - the same start
        return printed

    cases = sorted(shipped.records())
    first_sheet = composed(cases[0])
    _, first = timed(partial(documents.sheet_pdf, first_sheet))
    before = memory()
    measures: dict[str, Measure] = {}
    draw = random.Random(SEED)
    for turn in range(ROUNDS):
        draw.shuffle(cases)
        for case in cases:
            sheet, compose_time = timed(partial(composed, case))
            assert isinstance(sheet, tree.Sheet)
            changed = tree.with_texts(sheet, partial(marked, turn=turn))
            file, print_time = timed(partial(documents.sheet_pdf, changed))
            assert isinstance(file, bytes)
            measure = measures.setdefault(GROUPS.get(case, OTHERS), Measure())
            measure.composed.append(compose_time)
            measure.printed.append(print_time)
            measure.plain.append(timed(partial(plainly, changed))[1])
            if turn == 0:
                file = documents.sheet_pdf(sheet)
                measure.pages.append(len(PdfReader(io.BytesIO(file)).pages))
                measure.words.append(sum(len(text.split()) for text in tree.texts(sheet)))
                measure.weight.append(len(file))
    lines = [row(name, measures[name]) for name in (*GROUPS.values(), OTHERS)]
    head = HEAD.format(
        rounds=ROUNDS,
        machine=describe(),
        typst=version("typst"),
        first=first,
        before=before,
        after=memory(),
        count=sum(len(measure.printed) for measure in measures.values()),
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(head + "".join(lines) + FOOT, encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def row(name: str, measure: Measure) -> str:
    median = statistics.median(measure.printed)
    p95 = statistics.quantiles(measure.printed, n=20, method="inclusive")[-1]
    cells = (
        name,
        span(measure.pages),
        span(measure.words),
        f"{statistics.median(measure.composed):.1f}",
        f"{median:.0f}",
        f"{p95:.0f}",
        f"{median / statistics.median(measure.plain):.1f}",
        span([round(size / 1000) for size in measure.weight]),
    )
    return "| " + " | ".join(cells) + " |\n"


def span(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


if __name__ == "__main__":
    main()
