"""Time to load a file of sites, to find those near a commune, and of the page that tells them.

Run it as ``SITES=file.csv.gz python scripts/with_postgres.py python -m
benchmarks.positioning_orientation``, with the file of France services (data.gouv.fr, ANCT): it is
not in the repository. ``ROUNDS`` changes how many communes are drawn.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.backup import new_database
from benchmarks.fund_ledger import run
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "positioning-orientation.md"
ROUNDS = int(os.environ.get("ROUNDS", "500"))

HEAD = """# Orientation after a positioning

Written by `python scripts/with_postgres.py python -m benchmarks.positioning_orientation`.

- Machine: {machine}. Load when it began: {load}. The machine is shared with other work.
- The sites of France services of 1 August 2024, the official geography, the organisations and cases
  that ship with Alliage. {rounds} communes are drawn, each asked once; median / 95th percentile in
  milliseconds. The page is that of « Trouver de l’aide » for a door, a world and a commune, by
  Django's test client, without a network; a tenth of the communes is asked.

| figure | {engines} |
| --- |{columns}
"""

MEASURE = """
import datetime as dt, json, os, random, statistics, sys, time
from pathlib import Path
import django
django.setup()
from django.db import connection
from django.test import Client
from django.utils import timezone
from alliage.positioning.support_sites import read_sites
from alliage_web.positioning.actions.support import load_sites
from alliage_web.positioning.queries.orientation import nearest_sites
from alliage_web.territories.models import Snapshot

rounds = int(sys.argv[1])
found = {}

def spent(doing, *given, **more):
    start = time.perf_counter()
    told = doing(*given, **more)
    return (time.perf_counter() - start) * 1000, told

def shown(times):
    low, high = statistics.median(times), statistics.quantiles(times, n=20)[18]
    return f"{low:.1f} / {high:.1f}"

took, sites = spent(read_sites, Path(os.environ["SITES"]))
found["sites"] = f"{len(sites):,}"
found["read and check the file"] = f"{took:.0f}"
said = {
    "network": "France services", "sites": sites, "as_of": dt.date(2024, 8, 1), "source": "ANCT",
    "at": timezone.now(),
}
found["load it into an empty table"] = f"{spent(load_sites, **said)[0]:.0f}"
found["load it again, unchanged"] = f"{spent(load_sites, **said)[0]:.0f}"
draw = random.Random(17)
every = list(
    Snapshot.objects.filter(
        vintage__is_current=True, territory__level="commune", latitude__isnull=False
    ).order_by("pk").values_list("territory__code", "latitude", "longitude")
)
communes = draw.sample(every, min(rounds, len(every)))
times, kilometres = [], []
nearest_sites(48.85, 2.35)
for _code, north, east in communes:
    took, near = spent(nearest_sites, north, east)
    times.append(took)
    kilometres.append(near[0][0])
found["nearest three sites of a commune"] = shown(times)
for circle in (10, 25, 50):
    share = sum(distance <= circle for distance in kilometres) / len(kilometres)
    found[f"communes with a site within {circle} km"] = f"{100 * share:.1f} %"
client = Client(SERVER_NAME="localhost")
times, weights = [], []
page = "/se-situer/appuis/?door=innovate&world=association&territory=commune/"
client.get(page + "94080")
for code, _north, _east in communes[: max(20, rounds // 10)]:
    took, response = spent(client.get, page + code)
    assert response.status_code == 200, code
    times.append(took)
    weights.append(len(response.content) / 1000)
asked = []
with connection.execute_wrapper(lambda do, *given: (asked.append(1), do(*given))[1]):
    client.get(page + every[0][0])
found["page"] = shown(times)
found["queries of the page"] = f"{len(asked)}"
found["largest page, kB before compression"] = f"{max(weights):.0f}"
print(json.dumps(found))
"""


def main() -> None:
    if not Path(os.environ.get("SITES", "")).is_file():
        sys.exit("SITES names no file. Give the CSV file of France services.")
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
                ["load_territories", "--verbosity=0"],
                ["load_reference", "--verbosity=0"],
                ["import_cases", "--verbosity=0"],
            ):
                run(folder, url, ["-m", "alliage_web.config.cli", *command])
            found[engine] = json.loads(run(folder, url, ["-c", MEASURE, str(ROUNDS)]))
            print(engine, json.dumps(found[engine], indent=2))
    head = HEAD.format(
        machine=describe(), load=load, rounds=ROUNDS, engines=" | ".join(found),
        columns=" ---: |" * len(found),
    )  # fmt: skip
    lines = (
        f"| {figure} | {' | '.join(values[figure] for values in found.values())} |\n"
        for figure in next(iter(found.values()))
    )
    RESULTS.write_text(head + "".join(lines), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
