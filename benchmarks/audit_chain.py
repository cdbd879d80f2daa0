"""Time and memory of a long audit trail: sealing, verifying, exporting.

Run it as ``python -m benchmarks.audit_chain``. It works in a folder of its own and on PostgreSQL
servers that it starts, never on your database, and writes the table of ``benchmarks/results``.
``EVENTS`` sets the length of the trail. Each step is a process of its own, so that its memory is.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EVENTS = int(os.environ.get("EVENTS", "1000000"))
WRITES = 300
BATCH = 5000
#: One event in this many tells of a person.
PERSONAL = 10
RESULTS = Path(__file__).parent / "results" / "audit-chain.md"
AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STEPS = ("fill", "seal", "verify", "export", "verify-file", "write")

HEAD = """# A long audit trail

Written by `python -m benchmarks.audit_chain`: {events:,} events, two changed fields each, a
personal value in one of {personal}. What a chain is: `docs/reference/audit-trail.md`.

- Machine: {machine}.
- Load average (1 minute) during the run: {load}. The machine is shared with other work.
- Each step ran once, in a process of its own. « Of its own » is the time that its processor spent
  on it, whatever else ran; that of the PostgreSQL server is not in it. Memory is the peak of that
  process, Django included ({idle:.0f} MB when it does nothing).

| step | {names} |
| --- |{rules}
"""


def main() -> None:
    loads = [os.getloadavg()[0]]
    found = {}
    for name, wrapper in (("SQLite", []), ("PostgreSQL", ["scripts/with_postgres.py"])):
        command = [sys.executable, *wrapper]
        command += [sys.executable] if wrapper else []
        environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        with tempfile.TemporaryDirectory(prefix="alliage-bench-") as folder:
            environment["ALLIAGE_VAR"] = folder
            subprocess.run(
                [*command, "-m", "benchmarks.audit_chain", "sequence"], env=environment, check=True
            )
            found[name] = json.loads((Path(folder) / "found.json").read_text())
        loads.append(os.getloadavg()[0])
    RESULTS.write_text(_table(found, loads), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _table(found: dict[str, dict[str, Any]], loads: list[float]) -> str:
    from benchmarks.machine import describe

    engines = list(found.values())
    names = [f"{one['fill']['database']}" for one in engines]
    text = HEAD.format(
        events=EVENTS,
        personal=PERSONAL,
        machine=describe(),
        load=" to ".join(f"{load:.1f}" for load in (min(loads), max(loads))),
        idle=min(one["write"]["idle"] for one in engines),
        names=" | ".join(names),
        rules=" ---: |" * len(names),
    )
    for step, label in (
        ("seal", "seal all of them"),
        ("verify", "**verify the chain**"),
        ("export", "export as JSON Lines"),
        ("verify-file", "verify the exported file"),
    ):
        cells = [
            f"{one[step]['seconds']:.0f} s ({one[step]['cpu']:.0f} s of its own), "
            f"{one[step]['memory']:.0f} MB"
            for one in engines
        ]
        text += f"| {label} | {' | '.join(cells)} |\n"
    for key, label in (
        ("bare", "one event written and committed, not sealed (median)"),
        ("sealed", "one event written, committed and sealed (median)"),
    ):
        cells = [f"{one['write'][key]:.1f} ms" for one in engines]
        text += f"| {label} | {' | '.join(cells)} |\n"
    sizes = [f"{one['export']['size']:.0f} MB" for one in engines]
    return f"{text}| size of the export | {' | '.join(sizes)} |\n"


def _sequence() -> None:
    found = {}
    for step in STEPS:
        command = [sys.executable, "-m", "benchmarks.audit_chain", step]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        found[step] = json.loads(done.stdout.splitlines()[-1])
        print(step, found[step], flush=True)
    (Path(os.environ["ALLIAGE_VAR"]) / "found.json").write_text(json.dumps(found))


def _step(name: str) -> dict[str, Any]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    # In development Django remembers every query.
    os.environ["ALLIAGE_MODE"] = "demo"
    import django

    django.setup()
    idle = _peak()
    start, used = time.perf_counter(), time.process_time()
    more = {
        "fill": _fill,
        "seal": _seal,
        "verify": _verify,
        "export": _export,
        "verify-file": _verify_file,
        "write": _write,
    }[name]()
    seconds, used = time.perf_counter() - start, time.process_time() - used
    return {"seconds": seconds, "cpu": used, "memory": _peak(), "idle": idle, **more}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _fill() -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection, transaction

    from alliage.safekeeping.chain import commitment
    from alliage_web.audit.models import Event, PersonalValue

    call_command("migrate", verbosity=0)
    text = "Une épicerie partagée où chacun vient comme il est, trois matins par semaine. "
    for first in range(0, EVENTS, BATCH):
        events = [
            Event(
                at=AT + dt.timedelta(seconds=number),
                by=f"user:{number % 500}",
                kind="alliance.updated",
                target=f"alliance:alliance-{number % 2000}",
                changes={"summary": [text, f"{text}{number}"], "year": [number, number + 1]},
                request_id=f"{number:016x}",
                request_line="POST /alliances/<slug:slug>/modifier/",
            )
            for number in range(first, min(first + BATCH, EVENTS))
        ]
        with transaction.atomic():
            kept = Event.objects.bulk_create(events)
            PersonalValue.objects.bulk_create(
                PersonalValue(
                    event=event,
                    field="email",
                    about=f"person:{event.pk % 500}",
                    salt=f"{event.pk:032x}",
                    value=[None, "lou@example.org"],
                    commitment=commitment(f"{event.pk:032x}", [None, "lou@example.org"]),
                )
                for event in kept[::PERSONAL]
            )
    version = ".".join(map(str, connection.get_database_version()))
    return {"database": f"{connection.display_name} {version}"}


def _seal() -> dict[str, Any]:
    from django.db import connection

    from alliage_web.audit.actions import seal

    assert seal() == EVENTS
    with connection.cursor() as cursor:
        # A trail grows and is sealed little by little: the database knows nearly all as sealed.
        cursor.execute("ANALYZE audit_event")
    return {}


def _verify() -> dict[str, Any]:
    from alliage.safekeeping.chain import verify
    from alliage_web.audit.queries import records

    verdict = verify(records())
    assert (verdict.count, verdict.breaks) == (EVENTS, [])
    return {}


def _file() -> Path:
    return Path(os.environ["ALLIAGE_VAR"]) / "trail.jsonl"


def _export() -> dict[str, Any]:
    from django.core.management import call_command

    call_command("audit", "export", str(_file()), stdout=sys.stderr)
    return {"size": _file().stat().st_size / 1e6}


def _verify_file() -> dict[str, Any]:
    from alliage.safekeeping.chain import read_lines, verify

    with _file().open("rb") as lines:
        verdict = verify(read_lines(lines))
    assert (verdict.count, verdict.breaks) == (EVENTS, [])
    return {}


def _write() -> dict[str, Any]:
    from alliage_web.audit.actions import recording

    sealed = _milliseconds()
    recording.seal_after_commit = lambda: None
    return {"sealed": sealed, "bare": _milliseconds()}


def _milliseconds() -> float:
    from alliage_web.audit.actions import record

    times = []
    for number in range(WRITES):
        start = time.perf_counter()
        record(
            kind="alliance.updated",
            target="vintage:2026",
            by=None,
            at=AT,
            changes={"year": [number, number + 1]},
        )
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main()
        case ["sequence"]:
            _sequence()
        case [step]:
            print(json.dumps(_step(step)))
