"""Rough input on every address, every form, every importer and every route of the API.

    .venv/bin/python -m benchmarks.fuzzing
    .venv/bin/python scripts/with_postgres.py .venv/bin/python -m benchmarks.fuzzing

The suite does the same with fewer requests. Here each form is sent ``FORMS`` bodies, each address
``QUERIES`` queries and ``PATHS`` variants, and the API ``API`` requests drawn from its description.
A request that fails stops nothing: it is counted and told.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS, QUERIES, PATHS, API = (
    int(os.environ.get(name, default))
    for name, default in (("FORMS", "400"), ("QUERIES", "60"), ("PATHS", "150"), ("API", "20000"))
)
RESULTS = Path(__file__).parent / "results"


@dataclass(slots=True)
class Line:
    """What was tried and what came of it."""

    what: str
    tried: int
    requests: int
    uploads: int
    accepted: int
    refused: int
    errors: int
    seconds: float


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    warnings.simplefilter("ignore")
    import django

    django.setup()
    from django.db import connection, transaction
    from django.test.utils import (
        override_settings,
        setup_databases,
        setup_test_environment,
        teardown_databases,
    )
    from tests.factories import fuzzing

    # The page of errors of the development mode is not what a visitor sees.
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(ALLOWED_HOSTS=["*"], **fuzzing.quiet_settings(Path(folder))),
            transaction.atomic(),
        ):
            lines, failures = _measure()
            transaction.set_rollback(True)
    finally:
        teardown_databases(databases, verbosity=0)
    name = "fuzzing.md" if connection.vendor == "sqlite" else f"fuzzing_{connection.vendor}.md"
    (RESULTS / name).write_text(_table(lines, connection.vendor), encoding="utf-8")
    print((RESULTS / name).read_text(encoding="utf-8"))
    for failure in failures:
        print(failure)
    sys.exit(bool(failures))


def _measure() -> tuple[list[Line], list[str]]:
    from tests.factories import fuzzing
    from tests.factories.fuzzing_api import fuzz_api

    platform = fuzzing.explore(fuzzing.sample())
    visitor = fuzzing.visit(platform)
    shown = [len([form for form in each.posts if not form.is_bare]) for each in (platform, visitor)]
    parts = len([route for route in fuzzing.routes() if route.parameters])
    pages = len(platform.gets)
    steps: list[tuple[str, int, Callable[[fuzzing.Tally], Any]]] = [
        (
            "forms, an administrator", len(platform.posts),
            lambda tally: fuzzing.fuzz_forms(platform, platform.posts, FORMS * shown[0], tally),
        ),
        (
            "forms, a visitor", len(visitor.posts),
            lambda tally: fuzzing.fuzz_forms(visitor, visitor.posts, FORMS * shown[1], tally),
        ),
        (
            "addresses, rough queries", pages,
            lambda tally: fuzzing.fuzz_queries(platform, QUERIES * pages, tally),
        ),
        (
            "routes, rough addresses", parts,
            lambda tally: fuzzing.fuzz_addresses(platform, PATHS * parts, tally),
        ),
        (
            "routes of the API, from their description",
            len([route for route in fuzzing.routes() if route.name.startswith("api:")]),
            partial(fuzz_api, platform, API),
        ),
    ]  # fmt: skip
    lines, failures = [], []
    for what, tried, step in steps:
        tally = fuzzing.Tally(is_patient=True)
        start = time.perf_counter()
        step(tally)
        seconds = time.perf_counter() - start
        failures += tally.errors
        lines.append(
            Line(
                what, tried, tally.requests, tally.uploads, tally.accepted, tally.refused,
                len(tally.errors), seconds,
            )
        )  # fmt: skip
    return lines, failures


def _table(lines: list[Line], vendor: str) -> str:
    from benchmarks.machine import describe

    total = sum(line.requests for line in lines)
    uploads = sum(line.uploads for line in lines)
    errors = sum(line.errors for line in lines)
    text = [
        "# Rough input",
        "",
        f"{describe()}; {time.strftime('%Y-%m-%d')}; {vendor}.",
        "",
        f"**{total:,} requests, {uploads:,} files sent, {errors} server errors or lapses.**",
        "",
        "Routes and forms are found by walking the addresses and reading the pages. An error is",
        "an answer of 500 or above, an exception, a row written by a request that was refused or",
        "by an address that was only asked for, or an answer of the API that is not as described.",
        "",
        "| what | tried | requests | files sent | accepted | refused | errors | s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    text += [
        f"| {line.what} | {line.tried} | {line.requests:,} | {line.uploads:,} | {line.accepted:,} "
        f"| {line.refused:,} | {line.errors} | {line.seconds:.0f} |"
        for line in lines
    ]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    main()
