"""« Comparable mais différent »: the same need, met on a territory of another size."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alliage.knowledge.comparable import (
    Comparable,
    ReasonCode,
    Situation,
    comparable_examples,
)
from alliage.knowledge.embedding import similarities
from alliage.knowledge.ranking import Collection
from alliage_web.knowledge.models import EntryKind, SearchDocument

from .catalogue import KIND, Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alliage_web.knowledge.models import Entry

#: Examples compared in full. Among thousands, those that share the most domains and objectives.
MOST_COMPARED = 200


@dataclass(frozen=True, slots=True)
class ComparableExample:
    """Another example, why it is comparable and what differs, in codes."""

    title: str
    summary: str
    url: str
    date: str
    found: Comparable

    @property
    def is_of_another_size(self) -> bool:
        return any(reason.code is ReasonCode.OTHER_SIZE for reason in self.found.reasons)


def comparable_to(entry: Entry, index: Catalogue, *, limit: int = 3) -> list[ComparableExample]:
    """Return the examples that met the need of this one elsewhere, in two queries at most.

    They are of another size where there are some.
    """
    position = index.targets.get(f"entry:{entry.slug}")
    if position is None:
        return []
    compared = _compared(index, position)
    situations = _situations(index, compared)
    resemblances = _resemblances(index, compared, position)
    here = situations[str(index.keys[position])]
    others = situations.values()
    best = comparable_examples(here, others, resemblances=resemblances, limit=limit)
    if not best:
        # An example of the whole country, or of every size: none is of another size.
        best = comparable_examples(
            here, others, resemblances=resemblances, any_size=True, limit=limit
        )
    documents = SearchDocument.objects.filter(pk__in=[int(item.key) for item in best])
    by_key = {str(row.pk): row for row in documents.defer("text", "stems", "vector", "passage")}
    return [_shown(by_key[item.key], item) for item in best if item.key in by_key]


def _shown(document: SearchDocument, found: Comparable) -> ComparableExample:
    return ComparableExample(
        title=document.display_heading,
        summary=document.display_summary,
        url=document.url,
        date=document.date,
        found=found,
    )


def _compared(index: Catalogue, position: int) -> NDArray[np.int64]:
    """Choose the examples worth comparing, the one that is read first."""
    examples = index.having(KIND, [EntryKind.EXAMPLE.value])
    examples[position] = False
    shared = np.zeros(len(index), dtype=np.int64)
    for facet, value in index.values_of(position):
        if facet in {"domaine", "objectif"}:
            shared += index.having(facet, [value])
    others = np.flatnonzero(examples)
    order = np.argsort(-shared[others], kind="stable")[:MOST_COMPARED]
    return np.concatenate([[position], np.sort(others[order])])


def _situations(index: Catalogue, positions: NDArray[np.int64]) -> dict[str, Situation]:
    found: dict[str, Situation] = {}
    for position in positions.tolist():
        values: dict[str, list[str]] = defaultdict(list)
        for facet, value in index.values_of(position):
            values[facet].append(value)
        key = str(index.keys[position])
        found[key] = Situation(
            key=key,
            domains=frozenset(values["domaine"]),
            objectives=frozenset(values["objectif"]),
            sizes=frozenset(values["ampleur"]),
            worlds=frozenset(values["monde"]),
            stage=next(iter(values["etape"]), None),
            family=next(iter(values["famille"]), ""),
        )
    return found


def _resemblances(
    index: Catalogue, positions: NDArray[np.int64], position: int
) -> Mapping[str, float]:
    """Say how close the texts are: by their meaning where it was read, else by their words."""
    keys = [str(key) for key in index.keys[positions]]
    vectors = index.vectors
    if vectors is not None and vectors[positions].any(axis=1).all():
        close = similarities(vectors[positions], vectors[position])
        return dict(zip(keys, close.tolist(), strict=True))
    rows = SearchDocument.objects.filter(pk__in=index.keys[positions].tolist())
    stems = {str(pk): text for pk, text in rows.values_list("pk", "stems")}
    collection = Collection([stems.get(key, "") for key in keys])
    return dict(zip(keys, collection.resemblances(0).tolist(), strict=True))
