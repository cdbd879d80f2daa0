"""Time, size and memory of saving, checking and restoring the demonstration, and 1 GB.

Run it as ``python scripts/with_postgres.py python -m benchmarks.backup``: it works in folders and
databases of its own. Each command runs in a process of its own, whose start (about two seconds) is
counted. The disk is read back from the memory of the system, as for a backup made just before.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "backup.md"
EVENTS = int(os.environ.get("EVENTS", "300000"))
FILES = int(os.environ.get("FILES", "2000"))
FILE_BYTES = 350_000
HEAD = """# Backup and restore

Written by `python scripts/with_postgres.py python -m benchmarks.backup`, one run of each command in
a process of its own, its start counted.

- Machine: {machine}. Load when it began: {load}.
- « 1 GB »: the demonstration, with {events:,} more events in the audit trail, all sealed, and
  {files:,} documents of {kilobytes} kB that do not compress.
- Processor and peak memory are those of the command; PostgreSQL's own are not in them. On a machine
  that others load, the processor's seconds say more than those of the clock. A restore on
  PostgreSQL is that of the backup made on SQLite; its backup is then made from there.
- On SQLite, up to 256 MB of the peak are pages of the database file that the system lends and takes
  back (`mmap_size`), and 64 MB its cache.

| data | engine | command | s | processor, s | peak memory, MB |
| --- | --- | --- | ---: | ---: | ---: |
"""
SIZES = """
| data | rows | files, MB | SQLite database, MB | archive, MB |
| --- | ---: | ---: | ---: | ---: |
"""
GROW = """
import datetime as dt, random, sys, uuid
import django
django.setup()
from pathlib import Path
from django.conf import settings
from alliage_web.audit.actions import seal
from alliage_web.audit.models import Event
from alliage_web.files.models import StoredFile
events, files, size = map(int, sys.argv[1:])
draw = random.Random(17)
words = [event.kind + " " + event.target for event in Event.objects.all()]
at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
for start in range(0, events, 5000):
    Event.objects.bulk_create(
        Event(
            at=at + dt.timedelta(seconds=rank), by="user:1", kind="alliance.changed",
            target=f"alliance:a{rank % 5000}", request_id=f"{draw.getrandbits(128):032x}",
            request_line="POST /alliances/x/modifier/",
            changes={"summary": [" ".join(draw.choices(words, k=count)) for count in (8, 9)]},
        )
        for rank in range(start, min(start + 5000, events))
    )
seal()
folder = Path(settings.MEDIA_ROOT) / "files"
folder.mkdir(parents=True)
for rank in range(files):
    stored = StoredFile(
        uuid=uuid.UUID(int=draw.getrandbits(128)), place="platform", name=f"{rank}.pdf",
        media_type="application/pdf", size=size, sha256="0" * 64, added_at=at,
    )
    stored.save()
    (Path(settings.MEDIA_ROOT) / stored.path).write_bytes(draw.randbytes(size))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds, seconds of processor and peak megabytes of a command."""

    seconds: float
    processor: float
    memory: float


def main() -> None:
    lines, sizes = [], []
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    with tempfile.TemporaryDirectory(prefix="alliage-bench-") as name:
        folder = Path(name)
        source = folder / "source"
        source.mkdir()
        run(source, "", "start-demo", "--no-serve", ALLIAGE_MODE="demo")
        for label in ("demonstration", "1 GB"):
            if label == "1 GB":
                grow(source)
            lines += measured(folder, source, label)
            sizes.append(weights(folder, source, label))
    head = HEAD.format(
        machine=describe(), load=load, events=EVENTS, files=FILES, kilobytes=FILE_BYTES // 1000
    )
    RESULTS.write_text(head + "".join(lines) + SIZES + "".join(sizes), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def run(var: Path, url: str, *command: str | Path, **more: str) -> Run:
    """Run a command of the platform at a place, and stop everything if it fails."""
    module = [] if command[0] == "-c" else ["-m", "alliage_web.config.cli"]
    arguments = [sys.executable, *module, *map(str, command)]
    environment = os.environ | {
        "ALLIAGE_MODE": "development",
        "ALLIAGE_VAR": str(var),
        "DATABASE_URL": url or f"sqlite:///{var / 'alliage.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "alliage_web.config.settings",
        **more,
    }
    start = time.perf_counter()
    process = os.posix_spawn(arguments[0], arguments, environment)
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"{' '.join(arguments)} failed.")
    busy = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - start, busy, usage.ru_maxrss / 1000)


def grow(source: Path) -> None:
    run(source, "", "-c", GROW, str(EVENTS), str(FILES), str(FILE_BYTES))


def measured(folder: Path, source: Path, label: str) -> list[str]:
    archive, again = folder / f"{label}.tar", folder / f"{label}-postgres.tar"
    key = f"{random.getrandbits(32):x}"
    light, heavy = folder / f"light-{key}", folder / f"heavy-{key}"
    database = new_database(f"bench_{key}")
    runs = (
        ("SQLite", "backup", run(source, "", "backup", archive)),
        ("SQLite", "verify-backup", run(source, "", "verify-backup", archive)),
        ("SQLite", "restore", run(light, "", "restore", archive)),
        ("PostgreSQL", "restore", run(heavy, database, "restore", archive)),
        ("PostgreSQL", "backup", run(heavy, database, "backup", again)),
        ("PostgreSQL", "verify-backup", run(heavy, database, "verify-backup", again)),
    )
    return [
        f"| {label} | {engine} | {command} | {found.seconds:.1f} | {found.processor:.1f} "
        f"| {found.memory:.0f} |\n"
        for engine, command, found in runs
    ]


def weights(folder: Path, source: Path, label: str) -> str:
    from alliage.safekeeping.backups import open_backup

    archive = folder / f"{label}.tar"
    with archive.open("rb") as stream:
        manifest = open_backup(stream).manifest
    database = sum(path.stat().st_size for path in source.glob("alliage.sqlite3*"))
    return (
        f"| {label} | {manifest.rows:,} | {manifest.bytes_of_files / 1e6:,.0f} "
        f"| {database / 1e6:,.0f} | {archive.stat().st_size / 1e6:,.0f} |\n"
    )


def new_database(name: str) -> str:
    import psycopg

    server = os.environ["DATABASE_URL"]
    found = urlsplit(server)
    host = parse_qs(found.query).get("host", [found.hostname or "localhost"])[0]
    with closing(
        psycopg.connect(
            host=host, port=found.port or 5432, user=found.username,
            password=found.password or None, dbname="postgres", autocommit=True,
        )
    ) as server_connection:  # fmt: skip
        server_connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return found._replace(path=f"/{name}").geturl()


if __name__ == "__main__":
    main()
