"""Searching: which documents, in which order, and why.

The database's full-text index says which documents hold the words; the catalogue in memory applies
and counts the facets; the library ranks the best candidates. See ``docs/adr/0009-search.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from alliage.knowledge.embedding import similarities
from alliage.knowledge.ranking import (
    CLOSE_MEANING,
    LEXICAL_WEIGHT,
    MOST_BY_MEANING,
    Collection,
    rarity,
    standardised,
)
from alliage.knowledge.spelling import Vocabulary
from alliage.knowledge.synonyms import ExpandedQuery, Synonyms, read_synonyms
from alliage.knowledge.text import parse_query
from alliage.values.datafiles import data_directory
from alliage_web.knowledge.models import SearchDocument, SearchWord

from . import matching
from .catalogue import KIND, Catalogue, catalogue
from .meaning import embedder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alliage.knowledge.spelling import Correction

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

#: Of the documents that hold all the words, those that the library ranks: four pages of a list.
#: The others follow in the order in which these were chosen.
CANDIDATES = 48
#: Documents shown when none holds all the words.
NEAREST = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of a list: words, facets, an order."""

    text: str
    kinds: tuple[str, ...]
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: str = "relevance"
    #: Also the documents that hold only a part of the words.
    wide: bool = False
    #: The words as typed, though they may hold a slip.
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, in order, and what was done to find it."""

    asked: Asked
    expanded: ExpandedQuery
    index: Catalogue
    #: Keys of the documents, the best first.
    keys: tuple[int, ...]
    #: For each facet, how many documents each value would keep under the other facets.
    counts: Mapping[str, Mapping[str, int]]
    #: Whether documents that hold only a part of the words are among them.
    is_partial: bool = False
    #: Keys of the documents found by their meaning alone.
    by_meaning: frozenset[int] = frozenset()
    used_meaning: bool = False
    #: The words that were searched instead of those typed, which nothing held.
    correction: Correction | None = None
    #: Words that may have been meant.
    suggestion: Correction | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def is_too_common(self) -> bool:
        """Whether words were typed and none of them can be searched."""
        return bool(self.asked.text) and self.expanded.query.is_empty

    @property
    def has_words(self) -> bool:
        """Whether a document holds a word, and was not found by its meaning alone."""
        return len(self.keys) > len(self.by_meaning)

    @property
    def text(self) -> str:
        """The words that were searched."""
        return self.correction.text if self.correction else self.asked.text


@dataclass(frozen=True, slots=True)
class _Matched:
    flags: Flags
    is_partial: bool = False
    #: Standardised similarities of all documents, where meanings are read.
    meaning: Floats | None = None


def search(asked: Asked, *, facets: tuple[str, ...] = ()) -> Found:
    """Find the documents that answer a reader, and count the facets named.

    A word that no document holds is replaced by the nearest that some hold, when nothing is found
    with it; the result says so. ``verbatim`` prevents it.
    """
    index = catalogue()
    found = _search(index, asked, facets)
    if not asked.text or asked.verbatim or (found.has_words and not found.is_partial):
        return found
    correction = _correction(index, asked.text)
    if correction is None or found.has_words:
        return replace(found, suggestion=correction)
    other = _search(index, replace(asked, text=correction.text), facets)
    return replace(other, asked=asked, correction=correction) if other.has_words else found


def by_kind(found: Found, kinds: tuple[str, ...], limit: int) -> tuple[int, ...]:
    """Return the keys of the best documents of some kinds, among those found."""
    index = found.index
    flags = index.having(KIND, kinds)
    positions = index.positions(found.keys)
    return tuple(index.keys[positions[flags[positions]][:limit]].tolist())


def _search(index: Catalogue, asked: Asked, facets: tuple[str, ...]) -> Found:
    expanded = synonyms().expand(parse_query(asked.text))
    allowed = index.having(KIND, asked.kinds)
    matched = _matched(index, expanded, allowed, wide=asked.wide)
    masks = {facet: index.having(facet, values) for facet, values in asked.chosen.items() if values}
    flags = _together(matched.flags, masks)
    positions, by_meaning = _ordered(index, expanded, replace(matched, flags=flags), asked.order)
    return Found(
        asked=asked,
        expanded=expanded,
        index=index,
        keys=tuple(index.keys[positions].tolist()),
        counts=_counts(index, matched.flags, masks, facets),
        is_partial=matched.is_partial,
        by_meaning=frozenset(index.keys[by_meaning].tolist()),
        used_meaning=matched.meaning is not None,
    )


@lru_cache(maxsize=1)
def synonyms() -> Synonyms:
    """Return the synonyms of the field."""
    return read_synonyms(data_directory() / "reference" / "synonyms.yaml")


@lru_cache(maxsize=256)
def _correction(index: Catalogue, text: str) -> Correction | None:
    return _vocabulary(index).correct(text)


@lru_cache(maxsize=1)
def _vocabulary(_index: Catalogue) -> Vocabulary:
    """Read the words of a version of the index: only when a search finds nothing, or little."""
    return Vocabulary(dict(SearchWord.objects.values_list("word", "documents")))


# Which documents


def _matched(index: Catalogue, expanded: ExpandedQuery, allowed: Flags, *, wide: bool) -> _Matched:
    if expanded.query.excluded:
        allowed = allowed & ~_flags(index, matching.keys(matching.holding_unwanted(expanded)))
    if not expanded.query.terms:
        return _Matched(allowed)
    meaning = _meaning(index, expanded, allowed)
    flags = allowed & _flags(index, matching.keys(matching.holding_all(expanded)))
    is_partial = wide or not flags.any()
    if is_partial:
        nearest = index.positions(matching.nearest(matching.holding_some(expanded), 4 * NEAREST))
        near = index.nothing()
        near[nearest[allowed[nearest]][:NEAREST]] = True
        flags |= near
    return _Matched(flags | _close(index, expanded, meaning), is_partial, meaning)


def _flags(index: Catalogue, keys: list[int]) -> Flags:
    flags = index.nothing()
    flags[index.positions(keys)] = True
    return flags


def _meaning(index: Catalogue, expanded: ExpandedQuery, allowed: Flags) -> Floats | None:
    """Say how near the meaning of each allowed document is, in standard deviations."""
    model = embedder()
    words = (stem for term in expanded.query.terms for stem in term.stems)
    # A number alone, such as a code, has no meaning to compare.
    if index.vectors is None or model is None or all(word.isdigit() for word in words):
        return None
    read = allowed & index.vectors.any(axis=1)
    near = np.full(len(index), -np.inf)
    vector = _query_vector(model.name, expanded.query.plain)
    near[read] = standardised(similarities(index.vectors[read], vector))
    return near


@lru_cache(maxsize=256)
def _query_vector(_model: str, text: str) -> NDArray[np.float32]:
    """Read the meaning of a query: once for all the facets that a reader tries on it."""
    model = embedder()
    assert model is not None
    return model.query(text)


def _close(index: Catalogue, expanded: ExpandedQuery, meaning: Floats | None) -> Flags:
    """Flag the few documents whose meaning is close enough to be shown without a word found."""
    flags = index.nothing()
    # A quoted phrase has to be there: no meaning stands for it.
    if meaning is not None and not expanded.query.phrases:
        closest = np.argsort(-meaning, kind="stable")[:MOST_BY_MEANING]
        flags[closest[meaning[closest] >= CLOSE_MEANING]] = True
    return flags


# Facets


def _together(flags: Flags, masks: Mapping[str, Flags], without: str = "") -> Flags:
    for facet, mask in masks.items():
        if facet != without:
            flags = flags & mask
    return flags


def _counts(
    index: Catalogue, flags: Flags, masks: Mapping[str, Flags], facets: tuple[str, ...]
) -> dict[str, Mapping[str, int]]:
    """Count each value of each facet under the choices of the other facets."""
    free = [facet for facet in facets if facet not in masks]
    found: dict[str, Mapping[str, int]] = dict(index.count(_together(flags, masks), free))
    for facet in masks:
        if facet in facets:
            found |= index.count(_together(flags, masks, without=facet), [facet])
    return found


# In which order


def _ordered(
    index: Catalogue, expanded: ExpandedQuery, matched: _Matched, order: str
) -> tuple[Positions, Positions]:
    """Order what was found, and say which documents hold none of the words."""
    positions = np.flatnonzero(matched.flags)
    if not expanded.query.terms or not len(positions):
        places = index.by_title if order == "title" else index.by_date
        return positions[np.argsort(places[positions])], positions[:0]
    first, rest = _candidates(index, expanded, matched)
    ranked, by_meaning = _ranked(index, expanded, matched.meaning, first)
    if order in {"title", "date"}:
        places = index.by_title if order == "title" else index.by_date
        return positions[np.argsort(places[positions])], by_meaning
    return np.concatenate([ranked, rest]), by_meaning


def _candidates(
    index: Catalogue, expanded: ExpandedQuery, matched: _Matched
) -> tuple[Positions, Positions]:
    """Part what was found in candidates for the ranking and the others, in their order.

    Too many documents hold all the words: those that hold them as typed come before those that
    hold synonyms, then those that hold them in their title, then the latest.
    """
    positions = np.flatnonzero(matched.flags)
    if matched.is_partial or len(positions) <= CANDIDATES:
        return positions, positions[:0]
    typed = index.nothing()
    if expanded.explained:
        match = matching.holding_all(expanded, synonyms=False)
        typed = _flags(index, matching.keys(match))
    order = np.lexsort(
        (
            index.by_date[positions],
            -index.headings.coverage(expanded)[positions],
            ~typed[positions],
        )
    )
    if matched.meaning is not None:
        order = order[np.argsort(matched.meaning[positions[order]] < CLOSE_MEANING, kind="stable")]
    return positions[order[:CANDIDATES]], positions[order[CANDIDATES:]]


def _ranked(
    index: Catalogue, expanded: ExpandedQuery, meaning: Floats | None, positions: Positions
) -> tuple[Positions, Positions]:
    rows = SearchDocument.objects.filter(pk__in=index.keys[positions].tolist())
    stems = dict(rows.values_list("pk", "stems"))
    collection = Collection(
        [stems.get(key, "") for key in index.keys[positions].tolist()],
        rarities=_rarities(index, expanded),
    )
    lexical = collection.coverage(expanded)
    score = lexical
    if meaning is not None:
        near = np.where(np.isfinite(meaning), meaning, 0.0)[positions]
        score = near + LEXICAL_WEIGHT * lexical
    order = np.lexsort((index.by_date[positions], collection.earliness(expanded), -score))
    return positions[order], positions[lexical == 0]


def _rarities(index: Catalogue, expanded: ExpandedQuery) -> dict[str, float]:
    stems = sorted({stem for term in expanded.query.terms for stem in term.stems})
    index.holders.update(matching.holders([stem for stem in stems if stem not in index.holders]))
    return {stem: rarity(index.holders[stem], len(index)) for stem in stems}
