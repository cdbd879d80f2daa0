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
RESULTS = Path(__file__).parent / "results" / "pages.md"


@dataclass(slots=True)
class Measure:
    queries: int = 0
    milliseconds: list[float] = field(default_factory=list)
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
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    measures = {name: Measure() for name in PAGES}
    for name, path in PAGES.items():
        client.get(path)
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
            start = time.perf_counter()
            client.get(PAGES[name])
            measures[name].milliseconds.append((time.perf_counter() - start) * 1000)
    RESULTS.write_text(_table(measures), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _assets(html: str, static: Path) -> int:
    """Weigh, compressed, the style sheets and scripts that the page asks for."""
    names = set(re.findall(r'(?:href|src)="/static/([^"#?]+\.(?:css|js))"', html))
    return sum(len(gzip.compress((static / name).read_bytes(), 6)) for name in names)


def _table(measures: dict[str, Measure]) -> str:
    from benchmarks.machine import describe

    bare, empty = (_quantiles(measures[name].milliseconds)[0] for name in list(PAGES)[:2])
    lines = [
        "# Pages: queries, server time, weight",
        "",
        f"{describe()}; {time.strftime('%Y-%m-%d')}; {ROUNDS} rounds; SQLite, demonstration data.",
        "",
        "Ratios are of medians, in the same run: to a bare Django template (one heading, the whole",
        "middleware), and to an empty page of the platform (header, navigation, footer).",
        "",
        (
            "| page | queries | p50 (ms) | p95 (ms) | × bare | × empty | HTML (kB) "
            "| HTML gz (kB) | CSS + JS gz (kB) |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, measure in measures.items():
        p50, p95 = _quantiles(measure.milliseconds)
        lines.append(
            f"| {name} | {measure.queries} | {p50:.1f} | {p95:.1f} | {p50 / bare:.1f} "
            f"| {p50 / empty:.1f} | {measure.html / 1000:.0f} "
            f"| {measure.html_compressed / 1000:.0f} | {measure.assets_compressed / 1000:.0f} |"
        )
    return "\n".join(lines) + "\n"


def _quantiles(values: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=20)
    return statistics.median(values), cuts[18]


if __name__ == "__main__":
    main()
