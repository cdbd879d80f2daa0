"""Order the documents of a collection for a query: by the words found, and by their meaning.

The score of a document is the standardised similarity of its meaning, plus ``weight`` times the
share of the query that its words cover. Without an embedder the share alone ranks.
See ``docs/algorithms/search.md`` for the formulas, and ``benchmarks/results/search_quality.md`` for
what they find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from alliage.knowledge.synonyms import Concept, ExpandedQuery
    from alliage.knowledge.text import Term

    Floats: TypeAlias = NDArray[np.float64]
    Flags: TypeAlias = NDArray[np.bool_]

#: Weight of the words beside the meaning. The only number chosen on the evaluation set: the
#: benchmark says which values would have done as well.
LEXICAL_WEIGHT = 3.0

#: What a synonym found is worth beside the word itself. Chosen beforehand, not tuned.
SYNONYM_WORTH = 0.8

#: A document without any word found is shown if its meaning is this many standard deviations above
#: the mean, and among this number of the closest: every document has some similarity.
CLOSE_MEANING = 1.5
MOST_BY_MEANING = 10


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document found: its place in the collection, and why it is ranked there."""

    position: int
    score: float
    #: Share of the query covered by the words of the document, from 0 to 1.
    lexical: float
    #: Standard deviations above the mean similarity; None when the search has no embedder.
    meaning: float | None


class Ranking(Sequence[Ranked]):
    """Documents found, the best first; each is described when it is asked for.

    Parameters
    ----------
    positions : NDArray[np.int64]
        Their places in the collection, the best first: what facets are counted on.
    scores, lexical : NDArray[np.float64]
        Their scores and coverages, in the same order.
    meaning : NDArray[np.float64] | None
        Their standardised similarities, or None for a search by words alone.
    """

    def __init__(
        self,
        positions: NDArray[np.int64],
        scores: Floats,
        lexical: Floats,
        meaning: Floats | None,
    ) -> None:
        self.positions = positions
        self._scores = scores
        self._lexical = lexical
        self._meaning = meaning

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> Ranked: ...
    @overload
    def __getitem__(self, index: slice) -> list[Ranked]: ...
    def __getitem__(self, index: int | slice) -> Ranked | list[Ranked]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return Ranked(
            position=int(self.positions[index]),
            score=float(self._scores[index]),
            lexical=float(self._lexical[index]),
            meaning=None if self._meaning is None else float(self._meaning[index]),
        )


class Collection:
    """Documents by their stems, ready to say which share of a query each one covers.

    Parameters
    ----------
    documents : Sequence[str]
        The stems of each document as ``analyse`` gives them, the title first.
    rarities : Mapping[str, float] | None, default: None
        The rarity of stems in a larger collection, of which an index gave these documents as
        candidates. None, and for a stem that is not there, it is counted in these documents.

    Examples
    --------
    >>> from alliage.knowledge.synonyms import Synonyms
    >>> from alliage.knowledge.text import analyse, parse_query
    >>> collection = Collection([analyse("Ferme urbaine"), analyse("École de la ferme"), ""])
    >>> query = Synonyms([]).expand(parse_query("école à la ferme"))
    >>> [(found.position, round(found.lexical, 2)) for found in rank(collection, query)]
    [(1, 1.0), (0, 0.32)]
    """

    def __init__(
        self, documents: Sequence[str], *, rarities: Mapping[str, float] | None = None
    ) -> None:
        self._rarities = dict(rarities or {})
        self._texts = [f" {document} " for document in documents]
        # A stem met for the first time takes the next number.
        number: defaultdict[str, int] = defaultdict()
        number.default_factory = number.__len__
        words = [list(map(number.__getitem__, document.split())) for document in documents]
        self._numbers = dict(number)
        lengths = np.array([len(numbers) for numbers in words], dtype=np.int64)
        flat = np.fromiter(chain.from_iterable(words), dtype=np.int64, count=int(lengths.sum()))
        owner = np.repeat(np.arange(len(documents)), lengths)
        place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        # One entry per stem and document, with the place where the stem comes first in it.
        pairs, first = np.unique(flat * max(len(documents), 1) + owner, return_index=True)
        stem_of_pair = pairs // max(len(documents), 1)
        self._owners = owner[first]
        self._places = place[first]
        self._bounds = np.searchsorted(stem_of_pair, np.arange(len(number) + 1))

    def __len__(self) -> int:
        return len(self._texts)

    def rarity(self, stem: str) -> float:
        """Return the inverse document frequency of a stem; a stem never met is the rarest.

        Parameters
        ----------
        stem : str
            A stem.

        Returns
        -------
        float
            ln(1 + (N - n + 0.5) / (n + 0.5)) for n documents out of N: always positive.
        """
        if stem in self._rarities:
            return self._rarities[stem]
        return rarity(len(self._postings(stem)[0]), len(self))

    def coverage(self, expanded: ExpandedQuery) -> Floats:
        """Return the share of a query that each document covers by its words.

        Parameters
        ----------
        expanded : ExpandedQuery
            The query with its synonyms.

        Returns
        -------
        NDArray[np.float64]
            Rarity of what is found over rarity of all that is asked, from 0 to 1 for each
            document.
        """
        found = np.zeros(len(self))
        asked = 0.0
        for concept in _distinct(expanded.concepts):
            mass = self._concept(concept)
            asked += mass.asked
            found += mass.found
        for phrase in _unique(expanded.query.phrases):
            rarity = sum(self.rarity(stem) for stem in phrase.stems)
            asked += rarity
            found[self.holders(phrase)] += rarity
        return np.minimum(found / asked, 1.0) if asked else found

    def allowed(self, expanded: ExpandedQuery) -> Flags:
        """Say which documents hold every quoted phrase and no excluded word.

        Parameters
        ----------
        expanded : ExpandedQuery
            The query.

        Returns
        -------
        NDArray[np.bool_]
            True for each document that may be shown.
        """
        flags = np.ones(len(self), dtype=bool)
        for phrase in expanded.query.phrases:
            kept = np.zeros(len(self), dtype=bool)
            kept[self.holders(phrase)] = True
            flags &= kept
        for term in expanded.query.excluded:
            flags[self.holders(term)] = False
        return flags

    def earliness(self, expanded: ExpandedQuery) -> NDArray[np.int64]:
        """Return the place of the first word of the query in each document, large if none.

        Parameters
        ----------
        expanded : ExpandedQuery
            The query.

        Returns
        -------
        NDArray[np.int64]
            0 for a document that begins with a word of the query: its title holds it.
        """
        places = np.full(len(self), np.iinfo(np.int64).max)
        for stem in {stem for term in expanded.query.terms for stem in term.stems}:
            owners, first = self._postings(stem)
            places[owners] = np.minimum(places[owners], first)
        return places

    def holders(self, term: Term) -> NDArray[np.int64]:
        """Return the documents that hold a term, the stems of a phrase following each other.

        Parameters
        ----------
        term : Term
            A word or a phrase.

        Returns
        -------
        NDArray[np.int64]
            Positions, in order.
        """
        owners = self._postings(term.stems[0])[0]
        for stem in term.stems[1:]:
            owners = np.intersect1d(owners, self._postings(stem)[0], assume_unique=True)
        if len(term.stems) == 1:
            return owners
        phrase = f" {' '.join(term.stems)} "
        return np.array([owner for owner in owners if phrase in self._texts[owner]], dtype=np.int64)

    def resemblances(self, position: int) -> Floats:
        """Return how close the words of every document are to those of one of them.

        Parameters
        ----------
        position : int
            The document to compare with.

        Returns
        -------
        NDArray[np.float64]
            Rarity of the stems that both hold over rarity of those that either holds: 0 to 1.

        Examples
        --------
        >>> Collection(["ferm urbain", "ferm urbain", "ecol"]).resemblances(0).tolist()
        [1.0, 1.0, 0.0]
        """
        shared = np.zeros(len(self))
        for stem in sorted(set(self._texts[position].split())):
            shared[self._postings(stem)[0]] += self.rarity(stem)
        either = self._masses + self._masses[position] - shared
        result: Floats = shared / np.where(either > 0, either, 1.0)
        return result

    @cached_property
    def _masses(self) -> Floats:
        holders = np.diff(self._bounds)
        rarities = np.array([self.rarity(stem) for stem in self._numbers])
        return np.bincount(
            self._owners, weights=np.repeat(rarities, holders), minlength=len(self)
        ).astype(np.float64)

    def _concept(self, concept: Concept) -> _Mass:
        found = np.zeros(len(self))
        asked = 0.0
        for stem in {stem for term in concept.terms for stem in term.stems}:
            rarity = self.rarity(stem)
            asked += rarity
            found[self._postings(stem)[0]] += rarity
        for synonym in concept.synonyms:
            holders = self.holders(synonym)
            found[holders] = np.maximum(found[holders], SYNONYM_WORTH * asked)
        return _Mass(found, asked)

    def _postings(self, stem: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        number = self._numbers.get(stem)
        if number is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        part = slice(self._bounds[number], self._bounds[number + 1])
        return self._owners[part], self._places[part]


@dataclass(frozen=True, slots=True)
class _Mass:
    found: Floats
    asked: float


def rank(
    collection: Collection,
    expanded: ExpandedQuery,
    *,
    similarities: NDArray[np.floating] | None = None,
    weight: float = LEXICAL_WEIGHT,
    close: float = CLOSE_MEANING,
    most: int = MOST_BY_MEANING,
) -> Ranking:
    """Return the documents worth showing for a query, the best first.

    Parameters
    ----------
    collection : Collection
        The documents.
    expanded : ExpandedQuery
        The query with its synonyms. One with nothing to look for finds nothing; one of
        exclusions alone finds every document that they leave.
    similarities : NDArray[np.floating] | None, default: None
        Similarity of meaning of each document with the query, from an embedder. None ranks by
        words alone.
    weight : float, default: LEXICAL_WEIGHT
        Weight of the words beside the meaning.
    close : float, default: CLOSE_MEANING
        Standardised similarity from which a document is shown though no word is found in it.
    most : int, default: MOST_BY_MEANING
        How many of the closest documents are looked at for that. ``close=-inf`` and the number
        of documents rank them all.

    Returns
    -------
    Ranking
        Equal scores are ordered by the place of the first word found, then as given.

    Raises
    ------
    ValueError
        If there is not one similarity per document.
    """
    if similarities is not None and similarities.shape != (len(collection),):
        msg = (
            f"{similarities.shape} similarities were given for {len(collection)} documents. "
            "Give one for each document, in the same order."
        )
        raise ValueError(msg)
    if expanded.query.is_empty or not len(collection):
        none = np.empty(0)
        return Ranking(np.empty(0, dtype=np.int64), none, none, None)
    lexical = collection.coverage(expanded)
    meaning = None if similarities is None else standardised(similarities)
    shown = collection.allowed(expanded)
    if expanded.query.terms:
        shown &= (lexical > 0) if meaning is None else (lexical > 0) | _close(meaning, close, most)
    score = lexical if meaning is None else meaning + weight * lexical
    order = np.lexsort((collection.earliness(expanded), -score))
    order = order[shown[order]]
    return Ranking(order, score[order], lexical[order], None if meaning is None else meaning[order])


def rarity(holders: int, documents: int) -> float:
    """Return the inverse document frequency of a stem.

    Parameters
    ----------
    holders : int
        Documents that hold it.
    documents : int
        Documents of the collection.

    Returns
    -------
    float
        ln(1 + (N - n + 0.5) / (n + 0.5)) for n documents out of N: always positive.

    Examples
    --------
    >>> rarity(1, 100) > rarity(50, 100) > rarity(100, 100) > 0
    True
    """
    return float(np.log1p((documents - holders + 0.5) / (holders + 0.5)))


def standardised(values: NDArray[np.floating]) -> Floats:
    """Return values less their mean, over their standard deviation.

    Parameters
    ----------
    values : NDArray[np.floating]
        One value per document.

    Returns
    -------
    NDArray[np.float64]
        Zeros if all are equal, or if there is none.

    Examples
    --------
    >>> standardised(np.array([1.0, 1.0])).tolist(), standardised(np.array([1.0, 3.0])).tolist()
    ([0.0, 0.0], [-1.0, 1.0])
    """
    exact = values.astype(np.float64)
    if not exact.size:
        return exact
    spread = exact.std()
    # Equal values leave a spread of rounding errors, which must not be magnified.
    if spread <= np.finfo(np.float32).eps * max(1.0, float(np.abs(exact).max())):
        return np.zeros_like(exact)
    result: Floats = (exact - exact.mean()) / spread
    return result


def _close(meaning: Floats, close: float, most: int) -> Flags:
    if most < 1:
        return np.zeros(len(meaning), dtype=bool)
    nearest = np.partition(meaning, -most)[-most] if most < len(meaning) else -np.inf
    flags: Flags = meaning >= max(close, nearest)
    return flags


def _distinct(concepts: Iterable[Concept]) -> Iterable[Concept]:
    """Leave out what a query asks twice, which must not count twice."""
    return {
        tuple(sorted({stem for term in concept.terms for stem in term.stems})): concept
        for concept in concepts
    }.values()


def _unique(terms: Iterable[Term]) -> Iterable[Term]:
    return {term.stems: term for term in terms}.values()
