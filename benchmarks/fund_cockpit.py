"""Time and queries of the cockpit of a fund of 10,000 applications and 100,000 postings.

Run it as ``python scripts/with_postgres.py python -m benchmarks.fund_cockpit``: it works in folders
and databases of its own. ``APPLICATIONS``, ``POSTINGS`` and ``ROUNDS`` change how much is done.
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

RESULTS = Path(__file__).parent / "results" / "fund-cockpit.md"
APPLICATIONS = int(os.environ.get("APPLICATIONS", "10000"))
POSTINGS = int(os.environ.get("POSTINGS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "60"))

HEAD = """# The cockpit of a fund

Written by `python scripts/with_postgres.py python -m benchmarks.fund_cockpit`.

- Machine: {machine}. Load when it began: {load}. The machine is shared with other work.
- {applications:,} applications of 2,000 alliances in every stage, with the history of their stages;
  {postings:,} postings name {files:,} of them (`benchmarks/fund_world.py`).
- Pages are answered by Django's test client, without a network, to a fund officer: median / 95th
  percentile of {rounds} rounds in milliseconds, each round in an order drawn anew; « own » is the
  median of the time that the processor spent in the program itself, whatever else ran (that of the
  PostgreSQL server is not in it); then the queries of the page, and its weight before compression.

| page | {engines} |
| --- |{columns}
"""

MEASURE = """
import itertools, json, random, statistics, sys, time
import django
django.setup()
from django.db import connection
from django.test import Client
from benchmarks.fund_world import World

applications, postings, rounds = map(int, sys.argv[1:])
world = World()
officer = world.officer()
source = world.history()
written = 10
while written < postings:
    batch = list(itertools.islice(source, min(500, postings - written)))
    world.post(*batch)
    written += len(batch)
known = -(-(postings - 10) // 12)
world.fill_files(applications, min(known, applications))
connection.cursor().execute("ANALYZE")
client = Client(SERVER_NAME="localhost")
client.force_login(officer)
base = "/fonds/fonds/pilotage/"
client.post(base + "delais/fixer/", {"received": 60, "review": 90, "to_pay": 365})
PAGES = {
    "cockpit": base,
    "cockpit, one call": base + "?appel=appel-1",
    "cockpit, one strand and one year": base + "?volet=volet-1&annee=2027",
    "cockpit, one reviewer": base + "?instructeur=REVIEWER",
    "cockpit, late files": base + "?retard=1",
    "list, first page": base + "dossiers/",
    "list, last page": base + "dossiers/?page=9999",
    "list, one stage, by amount": base + "dossiers/?etape=to_pay&ordre=demande",
    "how long files stay": base + "delais/",
    "export of all the files, CSV": base + "dossiers/dossiers.csv",
    "portfolio, with the ledger": "/fonds/fonds/portefeuille/",
    "budget": "/fonds/fonds/budget/",
}
from alliage_web.fund.models import Review
reviewer = str(Review.objects.values_list("reviewer", flat=True)[0])
PAGES = {name: path.replace("REVIEWER", reviewer) for name, path in PAGES.items()}

def queries(path):
    asked = []
    def count(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)
    with connection.execute_wrapper(count):
        client.get(path)
    return len(asked)

counts, weights = {}, {}
spent, owned = {name: [] for name in PAGES}, {name: [] for name in PAGES}
for name, path in PAGES.items():
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    weights[name] = len(response.content) / 1000
    counts[name] = queries(path)
draw = random.Random(17)
for number in range(rounds):
    for name in draw.sample(list(PAGES), len(PAGES)):
        # What takes long is asked less often.
        if name.startswith(("export", "portfolio")) and number % 4:
            continue
        start, own = time.perf_counter(), time.process_time()
        client.get(PAGES[name])
        spent[name].append((time.perf_counter() - start) * 1000)
        owned[name].append((time.process_time() - own) * 1000)
print(json.dumps({
    name: (
        f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[18]:.0f} "
        f"(own {statistics.median(owned[name]):.0f}), "
        f"{counts[name]} queries, {weights[name]:.0f} kB"
    )
    for name, times in spent.items()
}))
"""


def main() -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
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
            told = [str(APPLICATIONS), str(POSTINGS), str(ROUNDS)]
            found[engine] = json.loads(run(folder, url, ["-c", MEASURE, *told]))
            print(engine, json.dumps(found[engine], indent=2))
    head = HEAD.format(
        machine=describe(), load=load, applications=APPLICATIONS, postings=POSTINGS, rounds=ROUNDS,
        files=min(-(-(POSTINGS - 10) // 12), APPLICATIONS), engines=" | ".join(found),
        columns=" ---: |" * len(found),
    )  # fmt: skip
    lines = (
        f"| {page} | {' | '.join(figures[page] for figures in found.values())} |\n"
        for page in next(iter(found.values()))
    )
    RESULTS.write_text(head + "".join(lines), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
