"""Time of loading the shipped vintage of the geography, and what it writes.

Run it as ``python -m benchmarks.load_territories``. It works in a folder of its own, never in your
database, and writes the table of ``benchmarks/results``. Set ``DATABASE_URL`` to an empty
PostgreSQL database to measure there instead of SQLite.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

RUNS = int(os.environ.get("RUNS", "3"))
ONE_BY_ONE = 500
RESULTS = Path(__file__).parent / "results" / "load_territories.md"
AT = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)

HEAD = """# Load of the territories

Written by `python -m benchmarks.load_territories`: {runs} loads of the vintage {year} into empty
tables, medians.

- Machine: {machine}.
- Database: {database}.
- The files were read once before the first load: the disk is warm.

| step | s |
| --- | ---: |
| read and check the tables (Parquet) | {read:.1f} |
| read the outlines, project them, find the neighbours (TopoJSON) | {outlines:.1f} |
| write everything, in one transaction | {write:.1f} |
| **whole load** | **{whole:.1f}** |
| second run, the files unchanged | {again:.2f} |

If each of the {rows:,} rows took as long as {one_by_one} snapshots saved one by one with `save()`,
in one transaction, writing would take {slow:.0f} s: {ratio:.0f} times the {write:.1f} s of the
bulk.

| table | rows |
| --- | ---: |
"""
FOOT = """
{size}
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="alliage-bench-") as folder:
        os.environ["ALLIAGE_VAR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
        import django

        django.setup()
        RESULTS.write_text(_measure(Path(folder)), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _measure(folder: Path) -> str:
    from django.core.management import call_command
    from django.db import connection

    from alliage.territories import vintages
    from alliage.territories.outlines import read_outlines
    from alliage.territories.projection import Plane
    from alliage.values.datafiles import data_directory
    from alliage_web.territories import actions, queries
    from benchmarks.machine import describe

    source = data_directory() / "territories" / "2026"
    call_command("migrate", verbosity=0)
    steps: dict[str, list[float]] = {name: [] for name in ("read", "outlines", "write", "again")}
    fingerprint = vintages.fingerprint(source)
    vintage = vintages.read_vintage(source)
    for _ in range(RUNS):
        _empty()
        start = time.perf_counter()
        vintage = vintages.read_vintage(source)
        read = time.perf_counter()
        outlines = read_outlines(
            source / vintages.OUTLINES_FILE, Plane.read(source / vintages.PLANE_FILE)
        )
        drawn = time.perf_counter()
        actions.load_vintage(
            vintage=vintage, outlines=outlines, fingerprint=fingerprint, by=None, at=AT
        )
        written = time.perf_counter()
        if not queries.is_loaded(vintages.year_of(source), vintages.fingerprint(source)):
            sys.exit("The second run would load again: the fingerprint is not kept.")
        again = time.perf_counter()
        for name, value in (
            ("read", read - start),
            ("outlines", drawn - read),
            ("write", written - drawn),
            ("again", again - written),
        ):
            steps[name].append(value)
    medians = {name: statistics.median(values) for name, values in steps.items()}
    rows = {model.__name__: model.objects.count() for model in _tables()}
    slow = _one_by_one() * sum(rows.values())
    version = ".".join(map(str, connection.get_database_version()))
    head = HEAD.format(
        runs=RUNS,
        year=vintage.year,
        machine=describe(),
        database=f"{connection.display_name} {version}",
        whole=sum(medians[name] for name in ("read", "outlines", "write")),
        one_by_one=ONE_BY_ONE,
        rows=sum(rows.values()),
        slow=slow,
        ratio=slow / medians["write"],
        **medians,
    )
    lines = "".join(f"| {name} | {count:,} |\n" for name, count in rows.items())
    return head + lines + FOOT.format(size=_size(folder))


def _tables() -> list[type]:
    from alliage_web.territories.models import (
        Outline,
        SearchKey,
        Snapshot,
        Succession,
        Territory,
    )

    return [Territory, Snapshot, SearchKey, Succession, Outline, Outline.neighbours.through]


def _empty() -> None:
    from alliage_web.territories.models import Vintage

    for model in reversed(_tables()):
        model.objects.all().delete()
    Vintage.objects.all().delete()


def _one_by_one() -> float:
    """Give the seconds that a row takes when it is saved alone, in one transaction with others."""
    from django.db import transaction

    from alliage_web.territories.models import Snapshot, Vintage

    rows = list(Snapshot.objects.filter(territory__level="commune")[:ONE_BY_ONE])
    times = []
    for run in range(RUNS):
        other = Vintage.objects.create(year=1900 + run, is_current=False)
        start = time.perf_counter()
        with transaction.atomic():
            for row in rows:
                row.pk, row.vintage = None, other
                row.save(force_insert=True)
        times.append((time.perf_counter() - start) / len(rows))
    return statistics.median(times)


def _size(folder: Path) -> str:
    database = folder / "alliage.sqlite3"
    if not database.exists():
        return "The size on disk is not measured on this database."
    megabytes = sum(path.stat().st_size for path in folder.glob("alliage.sqlite3*")) / 1e6
    return f"The database takes {megabytes:.0f} MB on disk, its journal included."


if __name__ == "__main__":
    main()
