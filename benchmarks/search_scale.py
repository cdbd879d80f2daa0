"""Make synthetic examples, by thousands, and measure the search among them.

In a folder of its own, with the tables, the territories and the referentials loaded:

    export ALLIAGE_MODE=demo ALLIAGE_VAR=/tmp/scale ALLIAGE_SEMANTIC=off
    .venv/bin/python -m benchmarks.search_scale make 20000
    .venv/bin/python -m benchmarks.search_scale measure

``make`` writes published examples and indexes them, ``remove`` takes them away. Nothing in them is
a fact: each says so in its note, and its address begins with ``synthetique-``. ``measure`` asks
each page in an order drawn anew, without the cache of pages, beside a bare Django template and an
empty page of the platform, and writes ``results/search_scale.md``.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTE = "Exemple synthétique, inventé pour mesurer la recherche : rien n’y est un fait."
PREFIX = "synthetique-"
SEED = 20261121
_SENTENCES = 7
_CHUNK = 1000


def make(count: int) -> None:
    """Write ``count`` synthetic examples, without the index: rebuild it afterwards."""
    from datetime import UTC, datetime

    from django.db import transaction

    from alliage_web.knowledge.models import Entry

    draw = random.Random(SEED)
    sentences = _sentences()
    terms, territories = _references()
    at = datetime(2026, 11, 21, tzinfo=UTC)
    with transaction.atomic():
        for start in range(0, count, _CHUNK):
            numbers = range(start, min(start + _CHUNK, count))
            entries = Entry.objects.bulk_create(
                _entry(number, draw, sentences, at) for number in numbers
            )
            _relate(entries, "terms", terms, draw)
            _relate(entries, "territories", territories, draw)


def remove() -> None:
    """Delete the synthetic examples, without the index."""
    from alliage_web.knowledge.models import Entry

    Entry.objects.filter(slug__startswith=PREFIX).delete()


def _sentences() -> list[str]:
    """Take the sentences of the evaluation: the words of the field, in our own words."""
    import yaml

    from alliage.values.datafiles import data_directory

    path = data_directory() / "evaluation" / "descriptions.yaml"
    descriptions = yaml.safe_load(path.read_text(encoding="utf-8"))["descriptions"]
    return [
        f"{sentence.strip()}."
        for description in descriptions
        for sentence in description["text"].split(". ")
    ]


def _references() -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    from alliage_web.territories.models import Territory
    from alliage_web.vocabulary.models import Term

    terms = {
        scheme: list(Term.objects.filter(scheme=scheme).order_by("pk").values_list("pk", flat=True))
        for scheme in ("domain", "objective", "sdg")
    }
    communes = Territory.objects.filter(level="commune").order_by("pk")
    return terms, {"commune": list(communes.values_list("pk", flat=True))}


def _entry(number: int, draw: random.Random, sentences: Sequence[str], at: Any) -> Any:
    from alliage_web.knowledge.models import Entry, EntryKind, EntryState

    chosen = draw.sample(sentences, _SENTENCES)
    # A few rare words each, as names of people and places are: they make the vocabulary long.
    rare = " ".join(f"{draw.choice(_STARTS)}{draw.choice(_MIDDLES)}{draw.choice(_ENDS)}"
                    for _ in range(3))  # fmt: skip
    title = " ".join(chosen[0].split()[:9]).rstrip(".,;:")
    return Entry(
        kind=EntryKind.EXAMPLE,
        slug=f"{PREFIX}{number:06d}",
        title=f"{title} ({number})",
        summary=" ".join(chosen[1:3]),
        body=" ".join([*chosen[3:], rare]),
        date=str(draw.randint(2005, 2026)),
        note=NOTE,
        state=EntryState.PUBLISHED,
        created_at=at,
        updated_at=at,
        published_at=at,
    )


_STARTS = ("bra", "clo", "dru", "fla", "gri", "klo", "mor", "pla", "stu", "tre", "vil", "zor")
_MIDDLES = ("ban", "cel", "dir", "fon", "gul", "lam", "mer", "nis", "pol", "rus", "tac", "vin")
_ENDS = ("ac", "ard", "eau", "elle", "eux", "ier", "in", "on", "or", "oux", "ule", "y")


def _relate(
    entries: Sequence[Any], name: str, pools: dict[str, list[int]], draw: random.Random
) -> None:
    from alliage_web.knowledge.models import Entry

    through = getattr(Entry, name).through
    column = "term_id" if name == "terms" else "territory_id"
    through.objects.bulk_create(
        through(entry_id=entry.pk, **{column: key})
        for entry in entries
        for pool in pools.values()
        if pool
        for key in draw.sample(pool, draw.randint(1, 2))
    )


BARE, EMPTY = "bare Django template", "empty page of the platform"
PAGES = {
    BARE: "/bare/",
    EMPTY: "/empty/",
    "examples, no words": "/exemples/",
    "a word and its synonyms": "/exemples/?q=" + quote("décrochage scolaire"),
    "a rare word, and a facet": "/exemples/?q=soudure&domaine=education",
    "three words": "/exemples/?q=" + quote("mobilité solidaire rural"),
    "one of the most common words": "/exemples/?q=jeunes",
    "a slip of typing": "/exemples/?q=decrochge",
    "a sentence": "/exemples/?q=" + quote("il n’y a plus de docteur dans le village"),
    "everything": "/recherche/?q=" + quote("décrochage scolaire"),
}
RESULTS = Path(__file__).parent / "results" / "search_scale.md"
ROUNDS = int(os.environ.get("ROUNDS", "60"))


def measure() -> None:
    """Ask each page many times, and write the table."""
    from django.conf import settings

    settings.ROOT_URLCONF = "benchmarks.urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    # The pages kept for visitors would answer in the place of the search.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "KeptPages" not in name]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"accept-language": "fr"})
    queries, found = {}, {}
    for name, path in PAGES.items():
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
        queries[name] = len(captured)
        contexts = response.context or {}
        found[name] = len(contexts["found"]) if "found" in contexts else None
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    draw = random.Random(SEED)
    for _ in range(ROUNDS):
        for name in draw.sample(list(PAGES), len(PAGES)):
            start = time.perf_counter()
            client.get(PAGES[name])
            times[name].append((time.perf_counter() - start) * 1000)
    RESULTS.write_text(_table(queries, found, times), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _table(
    queries: dict[str, int], found: dict[str, int | None], times: dict[str, list[float]]
) -> str:
    from alliage_web.knowledge.queries import documents_count
    from benchmarks.machine import describe

    bare, empty = (statistics.median(times[name]) for name in (BARE, EMPTY))
    lines = [
        "# Search at scale",
        "",
        f"{describe()}; {time.strftime('%Y-%m-%d')}; {ROUNDS} rounds; SQLite;",
        f"{documents_count():,} documents, most of them synthetic examples of about 130 words.",
        "",
        "Search by words, facets counted, twelve results with their extracts, the whole middleware",
        "but the cache of pages. Ratios are of medians, in the same run.",
        "",
        "| page | documents found | queries | p50 (ms) | p95 (ms) | × bare | × empty |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, values in times.items():
        p50, p95 = statistics.median(values), statistics.quantiles(values, n=20)[18]
        count = "" if found[name] is None else f"{found[name]:,}"
        lines.append(
            f"| {name} | {count} | {queries[name]} | {p50:.1f} | {p95:.1f} | {p50 / bare:.0f} "
            f"| {p50 / empty:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    import django

    django.setup()
    from alliage_web.knowledge.actions import refresh

    if not arguments or arguments[0] not in {"make", "remove", "measure"}:
        sys.exit("Say « make <count> », « remove » or « measure ».")
    if arguments[0] == "measure":
        measure()
        return
    start = time.perf_counter()
    if arguments[0] == "make":
        make(int(arguments[1]))
    else:
        remove()
    written = time.perf_counter()
    report = refresh(anew=True)
    indexed = time.perf_counter()
    print(
        f"examples written in {written - start:.1f} s, {report.written} documents indexed in "
        f"{indexed - written:.1f} s"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
