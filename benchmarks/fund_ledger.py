"""Time of a posting, of the pages and of the verification of a ledger of 100,000 postings.

Also what comes of workers that spend one envelope at once, and of programs killed while they write.
Run it as ``python scripts/with_postgres.py python -m benchmarks.fund_ledger``: it works in folders
and databases of its own. ``POSTINGS``, ``ROUNDS`` and ``KILLS`` change how much is done.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.backup import new_database
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "fund-ledger.md"
POSTINGS = int(os.environ.get("POSTINGS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "50"))
KILLS = int(os.environ.get("KILLS", "30"))
WORKERS = 4

HEAD = """# The ledger of a fund

Written by `python scripts/with_postgres.py python -m benchmarks.fund_ledger`.

- Machine: {machine}. Load when it began: {load}.
- A posting is an award, a commitment or a payment to one of many files: one or two movements, one
  transaction, its event in the audit trail. « Alone » is one call of the action, in milliseconds
  (median, and 95th percentile of 200).
- Pages are answered by Django's test client, without a network (median and 95th percentile of 30,
  in milliseconds), with the queries that each makes.
- Together: {workers} workers at once, {rounds} rounds, spend one envelope and send one key.
- Killed: a program that writes is killed without warning {kills} times; after each, the ledger is
  verified and every key looked for.

| measure | {engines} |
| --- |{columns}
"""

FILL = """
import itertools, json, statistics, sys, time
import django
django.setup()
from django.db import connection
from django.test import Client
from benchmarks.fund_world import World
from alliage_web.fund.queries.ledger import verify

count = int(sys.argv[1])
world = World()
fund, post = world.fund, world.post

def alone(source, times=200):
    spent = []
    for each in itertools.islice(source, times):
        start = time.perf_counter()
        post(each)
        spent.append((time.perf_counter() - start) * 1000)
    return spent

def queries(work):
    asked = []
    def count(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)
    with connection.execute_wrapper(count):
        work()
    return len(asked)

def shown(spent):
    return f"{statistics.median(spent):.1f} / {sorted(spent)[int(len(spent) * 0.95) - 1]:.1f}"

source = world.history()
result = {}
result["queries of a posting"] = str(queries(lambda: post(next(source))))
result["a posting alone, ledger nearly empty, ms"] = shown(alone(source))
start = time.perf_counter()
written = 211
while written < count:
    batch = list(itertools.islice(source, min(500, count - written)))
    post(*batch)
    written += len(batch)
result["filling, postings a second"] = f"{(written - 211) / (time.perf_counter() - start):,.0f}"
connection.cursor().execute("ANALYZE")
result["a posting alone, full ledger, ms"] = shown(alone(source))
result["queries of a posting, full ledger"] = str(queries(lambda: post(next(source))))

client = Client(SERVER_NAME="localhost")
client.force_login(world.officer())
for name, path in (
    ("budget page", "/fonds/fonds/budget/"),
    ("list of the postings", "/fonds/fonds/ecritures/"),
    ("postings of an account", "/fonds/fonds/ecritures/?account=paid&strand=volet-1&year=2026"),
    ("trial balance", "/fonds/fonds/budget/balance/"),
):
    assert client.get(path).status_code == 200
    few = queries(lambda: client.get(path))
    spent = []
    for _ in range(30):
        start = time.perf_counter()
        client.get(path)
        spent.append((time.perf_counter() - start) * 1000)
    result[f"{name}, ms and queries"] = (
        f"{statistics.median(spent):.0f} / {sorted(spent)[28]:.0f}, {few}"
    )
start = time.perf_counter()
verdict = verify(fund)
result["verification, s"] = f"{time.perf_counter() - start:.1f}"
assert verdict.is_right, verdict.differences[:5]
result["postings, movements, accounts"] = (
    f"{verdict.postings:,}, {verdict.movements:,}, {verdict.accounts:,}"
)
print(json.dumps(result))
"""

TOGETHER = """
import datetime as dt, json, sys, threading
import django
django.setup()
from django.db import connection
from django.utils import timezone
from alliage.fund.money.ledger import Envelope, Posting, PostingKind, PostingRefused
from alliage.values.money import euros
from alliage_web.fund import actions
from alliage_web.fund.models import Fund, Posting as Row, RunningBalance
from alliage_web.fund.queries.ledger import verify

rounds, workers = map(int, sys.argv[1:])
fund = Fund.objects.get(code="fonds")
now = timezone.now()
outcomes = []

def header(key):
    return {"key": key, "fund": "fonds", "booked_on": dt.date(2026, 2, 2), "reason": "Essai"}

def post(posting):
    try:
        actions.post(fund=fund, postings=(posting,), by=None, at=now)
        outcomes.append("written")
    except PostingRefused as refusal:
        outcomes.append(refusal.problem.value)
    finally:
        connection.close()

def together(postings):
    outcomes.clear()
    threads = [threading.Thread(target=post, args=(each,)) for each in postings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(postings), outcomes
    return list(outcomes)

overspent = doubled = 0
for number in range(rounds):
    envelope = Envelope("volet-0", 2100 + number % 90)
    actions.post(fund=fund, by=None, at=now, postings=[Posting(
        kind=PostingKind.ALLOTMENT, amount=euros(10), envelope=envelope, **header(f"a{number}"))])
    found = together([Posting(kind=PostingKind.AWARD, amount=euros("7.50"), envelope=envelope,
                              file=f"t{number}-{rank}", **header(f"t{number}-{rank}"))
                      for rank in range(workers)])
    overspent += found.count("written") != 1 or set(found) != {"written", "not_enough"}
    # What the round leaves is taken back, so that the next one finds the same.
    held = RunningBalance.objects.get(fund=fund, code="available", envelope__year=envelope.year,
                                      envelope__strand__code=envelope.strand).eur
    overspent += held != euros("2.50")
    actions.post(fund=fund, by=None, at=now, postings=[Posting(
        kind=PostingKind.ALLOTMENT_WITHDRAWAL, amount=held, envelope=envelope,
        **header(f"w{number}"))])
    before = Row.objects.count()
    found = together([Posting(kind=PostingKind.ENDOWMENT_INCREASE, amount=euros(1),
                              **header(f"same{number}"))] * workers)
    doubled += Row.objects.count() != before + 1 or set(found) != {"written"}
assert verify(fund).is_right
print(json.dumps({"rounds that overspent": str(overspent), "keys written twice": str(doubled)}))
"""

WRITER = """
import datetime as dt, sys
import django
django.setup()
from django.utils import timezone
from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.values.money import euros
from alliage_web.fund import actions
from alliage_web.fund.models import Fund
fund = Fund.objects.get(code="fonds")
for rank in range(int(sys.argv[1]), 10**7):
    print(rank, flush=True)
    actions.post(fund=fund, by=None, at=timezone.now(), postings=[Posting(
        key=f"kill-{rank}", fund="fonds", kind=PostingKind.ENDOWMENT_INCREASE,
        booked_on=dt.date(2026, 2, 2), reason="Essai", amount=euros("0.01"))])
"""

CHECK = """
import json, sys
import django
django.setup()
from alliage_web.fund.models import Fund, Posting
from alliage_web.fund.queries.ledger import verify
last = int(sys.argv[1])
verdict = verify(Fund.objects.get(code="fonds"))
keys = list(Posting.objects.filter(key__startswith="kill-").values_list("key", flat=True))
print(json.dumps({"differences": len(verdict.differences),
                  "lost": len({f"kill-{rank}" for rank in range(last)} - set(keys)),
                  "doubled": len(keys) - len(set(keys))}))
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
            found[engine] = measured(folder, url)
            print(engine, json.dumps(found[engine], indent=2))
    head = HEAD.format(
        machine=describe(), load=load, workers=WORKERS, rounds=ROUNDS, kills=KILLS,
        engines=" | ".join(found), columns=" ---: |" * len(found),
    )  # fmt: skip
    measures = next(iter(found.values()))
    lines = (
        f"| {measure} | {' | '.join(figures[measure] for figures in found.values())} |\n"
        for measure in measures
    )
    RESULTS.write_text(head + "".join(lines), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def measured(var: Path, url: str) -> dict[str, str]:
    run(var, url, ["-m", "alliage_web.config.cli", "migrate", "--verbosity=0"])
    run(var, url, ["-m", "alliage_web.config.cli", "collectstatic", "--noinput", "--verbosity=0"])
    result: dict[str, str] = json.loads(run(var, url, ["-c", FILL, str(POSTINGS)]))
    result |= json.loads(run(var, url, ["-c", TOGETHER, str(ROUNDS), str(WORKERS)]))
    return result | killed(var, url)


def killed(var: Path, url: str) -> dict[str, str]:
    """Kill writers at different moments, and look for what was lost or doubled."""
    counts = {"differences": 0, "lost": 0, "doubled": 0}
    first = 0
    for number in range(KILLS):
        writer = start(var, url, ["-c", WRITER, str(first)])
        assert writer.stdout is not None
        first = int(writer.stdout.readline())
        time.sleep(0.05 + 0.0037 * number)
        writer.kill()
        said, _errors = writer.communicate()
        first = int(said.split()[-1]) if said.split() else first
        found = json.loads(run(var, url, ["-c", CHECK, str(first)]))
        counts = {name: counts[name] + found[name] for name in counts}
    return {f"after {KILLS} kills, {name}": str(count) for name, count in counts.items()}


def start(var: Path, url: str, arguments: list[str]) -> subprocess.Popen[str]:
    environment = os.environ | {
        "ALLIAGE_MODE": "demo",
        "ALLIAGE_VAR": str(var),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "alliage_web.config.settings",
    }
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, text=True, stdout=subprocess.PIPE
    )


def run(var: Path, url: str, arguments: list[str]) -> Any:
    """Run a program to its end and give the last line that it printed."""
    process = start(var, url, arguments)
    said, _errors = process.communicate()
    if process.returncode:
        sys.exit(f"{arguments[0]} {arguments[1][:40]} failed.")
    return said.strip().rpartition("\n")[2]


if __name__ == "__main__":
    main()
