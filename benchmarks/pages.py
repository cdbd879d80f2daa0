"""Queries, server time and weight of the main pages, beside a bare Django template page.

Run in a copy of the demonstration, prepared by ``alliage-web start-demo --no-serve``:

    ALLIAGE_MODE=demo .venv/bin/python -m benchmarks.pages

Each round asks every page once, in an order drawn anew, so that what else the machine does falls on
all of them alike. Times are those of the whole Django stack, middleware included, in one process.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = int(os.environ.get("ROUNDS", "60"))
PAGES = {
    "bare Django template": "/bare/",
    "empty page of the platform": "/empty/",
    "home": "/",
    "territory (commune)": "/territoires/commune/94080/",
    "territory (department)": "/territoires/department/94/",
    "territories": "/territoires/",
    "alliances, list": "/alliances/",
    "alliances, list with facets": "/alliances/?domain=education&domain=employment",
    "alliance": "/alliances/agir-ensemble-en-territoire/",
    "organisations, list": "/acteurs/",
    "organisation": "/acteurs/le-rameau/",
    "catalysts": "/catalyseurs/",
    "examples, list": "/exemples/",
    "examples, search": "/exemples/?q=d%C3%A9crochage+scolaire",
    "search everything": "/recherche/?q=insertion+des+jeunes",
}
COLUMNS = (
    "queries",
    "made p50",
    "made p95",
    "made × bare",
    "kept p50",
    "kept p95",
    "kept × bare",
    "HTML kB (gz)",
    "CSS + JS gz kB",
)
RESULTS = Path(__file__).parent / "results" / "pages.md"


@dataclass(slots=True)
class Measure:
    queries: int = 0
    made: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)
    html: int = 0
    html_compressed: int = 0
    assets_compressed: int = 0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    import django
    from django.conf import settings

    django.setup()
    settings.ROOT_URLCONF = "benchmarks.urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    from django.core.cache import caches
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    measures = {name: Measure() for name in PAGES}
    for name, path in PAGES.items():
        client.get(path)
        caches["pages"].clear()
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
        if response.status_code != 200:
            sys.exit(f"{path} answered {response.status_code}: prepare the demonstration first.")
        measure = measures[name]
        measure.queries = len(captured)
        measure.html = len(response.content)
        measure.html_compressed = len(gzip.compress(response.content, 6))
        measure.assets_compressed = _assets(response.content.decode(), settings.STATIC_ROOT)
    draw = random.Random(17)
    for _ in range(ROUNDS):
        for name in draw.sample(list(PAGES), len(PAGES)):
            caches["pages"].clear()
            for times in (measures[name].made, measures[name].kept):
                start = time.perf_counter()
                client.get(PAGES[name])
                times.append((time.perf_counter() - start) * 1000)
    RESULTS.write_text(_table(measures), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _assets(html: str, static: Path) -> int:
    """Weigh, compressed, the style sheets and scripts that the page asks for."""
    names = set(re.findall(r'(?:href|src)="/static/([^"#?]+\.(?:css|js))"', html))
    return sum(len(gzip.compress((static / name).read_bytes(), 6)) for name in names)


def _table(measures: dict[str, Measure]) -> str:
    from benchmarks.machine import describe

    bare = _quantiles(measures["bare Django template"].made)[0]
    lines = [
        "# Pages: queries, server time, weight",
        "",
        f"{describe()}; {time.strftime('%Y-%m-%d')}; {ROUNDS} rounds; SQLite, demonstration.",
        "",
        "Milliseconds of the whole Django stack in one process, median and 95th percentile.",
        "*Made*: the page is computed, as for a person who is signed in or after a write.",
        "*Kept*: asked again by a visitor, nothing written meanwhile.",
        "Ratios are of medians in the same run, to a bare Django template (one heading, the whole",
        "middleware, not kept).",
        "",
        f"| page | {' | '.join(COLUMNS)} |",
        "| --- " + "| ---: " * len(COLUMNS) + "|",
    ]
    for name, measure in measures.items():
        made50, made95 = _quantiles(measure.made)
        kept50, kept95 = _quantiles(measure.kept)
        lines.append(
            f"| {name} | {measure.queries} | {made50:.1f} | {made95:.1f} | {made50 / bare:.1f} "
            f"| {kept50:.1f} | {kept95:.1f} | {kept50 / bare:.1f} "
            f"| {measure.html / 1000:.0f} ({measure.html_compressed / 1000:.0f}) "
            f"| {measure.assets_compressed / 1000:.0f} |"
        )
    return "\n".join(lines) + "\n"


def _quantiles(values: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=20)
    return statistics.median(values), cuts[18]


if __name__ == "__main__":
    main()
