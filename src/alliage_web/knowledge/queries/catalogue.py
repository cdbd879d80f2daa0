"""The light part of the index, kept in the memory of each process: what facets and orders need.

The words stay in the full-text index of the database. What is kept here for each document is its
kind, its facets, two orders and, where there is a model, its meaning: arrays that count the facets
of twenty thousand documents in less time than a query would take. The version of the index, one
cheap query a request, says when to read them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from alliage.knowledge.ranking import Collection
from alliage_web.audit.queries import last_event
from alliage_web.knowledge.models import SearchDocument, SearchState

from .meaning import embedder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Positions = NDArray[np.int64]
    Vectors = NDArray[np.float32]

#: The facet that holds the kinds of documents.
KIND = "type"


@dataclass(frozen=True, slots=True)
class _Values:
    """The pairs (document, value) of all facets, values being numbered facet after facet."""

    names: tuple[tuple[str, str], ...]
    numbers: Mapping[tuple[str, str], int]
    documents: Positions
    values: Positions


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The documents of one version of the index, each known by its position."""

    version: UUID | None
    keys: Positions
    #: The positions of documents by the names of what they are about.
    targets: Mapping[str, int]
    by_date: Positions
    by_title: Positions
    facets: _Values
    #: The words of the titles.
    headings: Collection
    vectors: Vectors | None
    embedder: str
    #: How many documents hold a stem: counted once in the life of a version.
    holders: dict[str, int] = field(default_factory=dict)
    _flags: dict[tuple[str, str], Flags] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def nothing(self) -> Flags:
        return np.zeros(len(self), dtype=bool)

    def positions(self, keys: Sequence[int]) -> Positions:
        """Find documents by their keys; those of another version of the index are left out."""
        if not len(self) or not len(keys):
            return np.empty(0, dtype=np.int64)
        wanted = np.asarray(keys, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self) - 1)
        found: Positions = places[self.keys[places] == wanted]
        return found

    def having(self, facet: str, values: Iterable[str]) -> Flags:
        """Flag the documents that have at least one of some values of a facet."""
        flags = self.nothing()
        for value in values:
            if (facet, value) in self.facets.numbers:
                flags |= self._having(facet, value)
        return flags

    def _having(self, facet: str, value: str) -> Flags:
        found = self._flags.get((facet, value))
        if found is None:
            found = self.nothing()
            number = self.facets.numbers[facet, value]
            found[self.facets.documents[self.facets.values == number]] = True
            self._flags[facet, value] = found
        return found

    def values_of(self, position: int) -> list[tuple[str, str]]:
        """Give the values of all the facets of a document."""
        first, last = np.searchsorted(self.facets.documents, [position, position + 1])
        return [self.facets.names[number] for number in self.facets.values[first:last]]

    def count(self, flags: Flags, facets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Count the flagged documents that have each value of some facets."""
        found: dict[str, dict[str, int]] = {facet: {} for facet in facets}
        kept = self.facets.values[flags[self.facets.documents]]
        totals = np.bincount(kept, minlength=len(self.facets.names))
        for number in np.flatnonzero(totals):
            facet, value = self.facets.names[number]
            if facet in found:
                found[facet][value] = int(totals[number])
        return found


_latest: Catalogue | None = None


def catalogue() -> Catalogue:
    """Return the documents of the current version of the index."""
    global _latest  # noqa: PLW0603 - the one cache of the process
    state = SearchState.objects.first()
    version = state.version if state else None
    model = embedder()
    meaning = model.name if model and state and state.embedder == model.name else ""
    known = _latest
    if known is None or known.version != version or known.embedder != meaning or version is None:
        known = _latest = _read(version, meaning)
    return known


def state_of_the_data() -> tuple[UUID, int | None] | None:
    """Return what changes with every write and every indexing: pages made before are old.

    None before anything was indexed.
    """
    return SearchState.objects.values_list("version", last_event()).first()


def documents_count() -> int:
    """Return how many documents are indexed."""
    return SearchDocument.objects.count()


def _read(version: UUID | None, meaning: str) -> Catalogue:
    columns = ["pk", "kind", "facets", "date", "sort_key", "heading_stems", "target"]
    columns += ["vector"] if meaning else []
    rows = list(SearchDocument.objects.order_by("pk").values_list(*columns))
    keys, kinds, facets, dates, titles, headings, targets = (
        [row[column] for row in rows] for column in range(7)
    )
    return Catalogue(
        version=version,
        keys=np.array(keys, dtype=np.int64),
        targets={target: position for position, target in enumerate(targets)},
        by_date=_places(np.lexsort((np.arange(len(rows)), _backwards(dates)))),
        by_title=_places(np.argsort(np.array(titles, dtype=np.str_), kind="stable")),
        facets=_read_facets(kinds, facets),
        headings=Collection(headings),
        vectors=_matrix([row[7] for row in rows]) if meaning else None,
        embedder=meaning,
    )


def _places(order: Positions) -> Positions:
    """Turn an order (the first document, the second…) into the place of each document in it."""
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def _backwards(dates: Sequence[str]) -> Positions:
    """Give dates numbers that put the latest first and the unknown ones last."""
    _, numbers = np.unique(np.array(dates, dtype=np.str_), return_inverse=True)
    return -numbers.astype(np.int64)


def _read_facets(kinds: Sequence[str], facets: Sequence[Sequence[str]]) -> _Values:
    numbers: dict[str, int] = {}
    values: list[int] = []
    lengths: list[int] = []
    for kind, found in zip(kinds, facets, strict=True):
        own = [f"{KIND}:{kind}", *found]
        values += [numbers.setdefault(text, len(numbers)) for text in own]
        lengths.append(len(own))
    names = tuple((facet, value) for facet, _colon, value in (n.partition(":") for n in numbers))
    return _Values(
        names=names,
        numbers={name: number for number, name in enumerate(names)},
        documents=np.repeat(np.arange(len(kinds)), np.array(lengths, dtype=np.int64)),
        values=np.array(values, dtype=np.int64),
    )


def _matrix(vectors: Sequence[bytes | None]) -> Vectors | None:
    """Put the vectors one under another; a document whose meaning is not read has zeros."""
    known = [position for position, vector in enumerate(vectors) if vector is not None]
    if not known:
        return None
    rows = [np.frombuffer(vectors[position] or b"", dtype="<f4") for position in known]
    matrix = np.zeros((len(vectors), len(rows[0])), dtype=np.float32)
    matrix[known] = np.stack(rows)
    return matrix
