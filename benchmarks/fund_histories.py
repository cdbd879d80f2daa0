"""Random histories of a ledger, in the database and in the library at once: how many were compared.

Run it as ``python scripts/with_postgres.py python -m benchmarks.fund_histories``: it works in
folders and databases of its own. ``HISTORIES`` and ``STEPS`` change how much is done. The machine
is that of ``tests/web/test_fund_ledger_machine.py``; a difference stops the program and shows it.
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

RESULTS = Path(__file__).parent / "results" / "fund-histories.md"
HISTORIES = int(os.environ.get("HISTORIES", "300"))
STEPS = int(os.environ.get("STEPS", "50"))

HEAD = """# Random histories of a ledger

Written by `python scripts/with_postgres.py python -m benchmarks.fund_histories`.

- Machine: {machine}.
- A history begins with a small budget; then each step is drawn at random: an operation, the same
  one sent again, a reversal, the closing of a year, SQL that goes around the actions. What the
  library refuses must be refused with the same words. After every step the whole ledger is
  verified, and every balance compared with that of the library.
- Nothing differed, or there would be no table.

| count | {engines} |
| --- |{columns}
"""

PLAY = """
import json, sys
from collections import Counter
import django
django.setup()
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from alliage_web.fund.models import Posting
from tests.web import test_fund_ledger_machine as source

seen = Counter()

class Counting(source.LedgerMachine):
    def __init__(self):
        super().__init__()
        seen["histories"] += 1

    def check_invariants(self, *more, **named):
        seen["ledgers verified against the library"] += 1
        return super().check_invariants(*more, **named)

    def _agree(self, expected, found):
        seen["requests to write compared"] += 1
        if isinstance(expected, source.PostingRefused):
            seen["of which refused, by both alike"] += 1
        super()._agree(expected, found)

    def teardown(self):
        seen["postings in the ledgers at their ends"] += Posting.objects.count()
        super().teardown()

run_state_machine_as_test(Counting, settings=settings(
    max_examples=int(sys.argv[1]), stateful_step_count=int(sys.argv[2]), deadline=None,
    phases=(Phase.generate,), database=None, derandomize=True,
    suppress_health_check=list(HealthCheck)))
print(json.dumps(seen))
"""


def main() -> None:
    found: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory(prefix="alliage-bench-") as name:
        folder = Path(name)
        places = {"SQLite": f"sqlite:///{folder / 'alliage.sqlite3'}"}
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            places["PostgreSQL"] = new_database(f"bench_{random.getrandbits(32):x}")
        for engine, url in places.items():
            run(folder, url, ["-m", "alliage_web.config.cli", "migrate", "--verbosity=0"])
            told = [str(HISTORIES), str(STEPS)]
            found[engine] = json.loads(run(folder, url, ["-c", PLAY, *told]))
            print(engine, json.dumps(found[engine], indent=2))
    head = HEAD.format(
        machine=describe(), engines=" | ".join(found), columns=" ---: |" * len(found)
    )
    lines = (
        f"| {count} | {' | '.join(f'{figures[count]:,}' for figures in found.values())} |\n"
        for count in next(iter(found.values()))
    )
    RESULTS.write_text(head + "".join(lines), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
