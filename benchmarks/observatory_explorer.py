"""Time of the pages of the explorer, when a table was already read and drawn, and when it was not.

Run it as ``python scripts/with_postgres.py python -m benchmarks.observatory_explorer``: it works in
folders and databases of its own. ``ROUNDS`` changes how much is done.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from pathlib import Path

from benchmarks.backup import new_database
from benchmarks.fund_ledger import run
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "observatory-explorer.md"
ROUNDS = int(os.environ.get("ROUNDS", "60"))

HEAD = """# The explorer of the observatory

Written by `python scripts/with_postgres.py python -m benchmarks.observatory_explorer`.

- Machine: {machine}. Load when it began: {began}; when it ended: {ended}. The machine is shared:
  what the load has above 1 is other work, which slows every page. The engines are measured one
  after the other, so that a small difference between them may be that work.
- Two waves of 2,400 invented respondents, published with three questions (one of 16 items, means
  and shares) by region and by age, as in the tests.
- Pages are answered by Django's test client, without a network: median / 95th percentile of
  {rounds} rounds in milliseconds, each round in an order drawn anew; then the queries of the page,
  and its weight before compression. « Read » is a table that this worker has already shown; « not
  read » empties before each request what it keeps of the releases and of the drawings, so that
  parts are read in the database and the chart is drawn anew, in two widths.

| page | {engines} |
| --- |{columns}
"""

MEASURE = """
import json, random, statistics, sys, time
import django
django.setup()
from django.db import connection
from django.test import Client
from alliage_web.observatory.documents import charts
from alliage_web.observatory.queries import releases
from tests.factories import observatory
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import published_release

rounds = int(sys.argv[1])
study = observatory.study("impact_citizens")
question = observatory.question("fragility", kind="battery", theme="fragility", answers=[])
for code, year, seed in (("2019", 2019, 7), ("2022", 2022, 2022)):
    wave = observatory.wave(study, code, year=year, synthetic=True)
    observatory.ask(wave, question, comparability="comparable")
    published_release(wave, release_values(wave=code, seed=seed, hidden=("bretagne",)))
KEPT = [
    getattr(module, name)
    for module in (releases, charts)
    for name in dir(module)
    if hasattr(getattr(module, name), "cache_clear") and name != "_register_fonts"
]
client = Client(SERVER_NAME="localhost")
base = "/observatoire/explorer/"
now = "?vague=impact_citizens:2022"
pair = "~".join(("impact_citizens:2022", "health", "region", "dynamic", ""))
PAGES = {
    "answers by region": base + now + "&question=health&par=region",
    "16 items by region, one drawn": base + now + "&question=fragility&par=region",
    "ranks of 16 items": base + now + "&question=fragility&graphique=rangs",
    "two waves of 16 items": base + now + "&question=fragility&avec=impact_citizens:2019",
    "two figures compared": base + now + "&question=health&par=region"
    + f"&a={pair}occitanie&b={pair}normandie",
    "page to embed": base + "integrer/" + now + "&question=health&par=age",
    "table as CSV": base + "fichier.csv" + now + "&question=fragility&par=region",
    "table as XLSX": base + "fichier.xlsx" + now + "&question=fragility&par=region",
    "chart as PNG": base + "fichier.png" + now + "&question=health&par=region",
}

def forget():
    for kept in KEPT:
        kept.cache_clear()

def queries(path):
    asked = []
    def count(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)
    with connection.execute_wrapper(count):
        client.get(path)
    return len(asked)

draw = random.Random(17)
found = {}
for name, path in PAGES.items():
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
for label, cold in (("read", False), ("not read", True)):
    spent = {name: [] for name in PAGES}
    for _number in range(rounds):
        for name in draw.sample(list(PAGES), len(PAGES)):
            if cold:
                forget()
            start = time.perf_counter()
            client.get(PAGES[name])
            spent[name].append((time.perf_counter() - start) * 1000)
    for name, times in spent.items():
        if cold:
            forget()
        else:
            client.get(PAGES[name])
        asked = queries(PAGES[name])
        weight = len(client.get(PAGES[name]).content) / 1000
        found[f"{name}, {label}"] = (
            f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[18]:.0f}, "
            f"{asked} queries, {weight:.0f} kB"
        )
print(json.dumps(found))
"""


def load() -> str:
    """Return how many processes want a core, over 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def main() -> None:
    began = load()
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="alliage-bench-") as name:
        folder = Path(name)
        places = {"SQLite": f"sqlite:///{folder / 'alliage.sqlite3'}"}
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            places["PostgreSQL"] = new_database(f"bench_{random.getrandbits(32):x}")
        for engine, url in places.items():
            for command in (
                ["migrate", "--verbosity=0"],
                ["collectstatic", "--noinput", "--verbosity=0"],
            ):
                run(folder, url, ["-m", "alliage_web.config.cli", *command])
            found[engine] = json.loads(run(folder, url, ["-c", MEASURE, str(ROUNDS)]))
            print(engine, json.dumps(found[engine], indent=2))
    head = HEAD.format(
        machine=describe(), began=began, ended=load(), rounds=ROUNDS,
        engines=" | ".join(found), columns=" ---: |" * len(found),
    )  # fmt: skip
    lines = (
        f"| {page} | {' | '.join(figures[page] for figures in found.values())} |\n"
        for page in next(iter(found.values()))
    )
    RESULTS.write_text(head + "".join(lines), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
