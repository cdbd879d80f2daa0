"""Words typed with a slip: the nearest words that the indexed texts really hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from alliage.knowledge.text import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Letters of a word, and the slips that are looked for: a shorter word looks like too many others.
SHORTEST = 4
LONG = 8


@dataclass(frozen=True, slots=True)
class Correction:
    """A query with its unknown words replaced, and each replacement: typed, suggested."""

    text: str
    changes: tuple[tuple[str, str], ...]


class Vocabulary:
    """The words of the indexed texts, with how often they are met.

    Parameters
    ----------
    texts : Iterable[str] | Mapping[str, int]
        The texts that the search can find; a mapping says how often each is met, so that words
        counted once and for all need not be counted again.

    Examples
    --------
    >>> vocabulary = Vocabulary(["La lutte contre l’illettrisme", "illettrisme et santé"])
    >>> vocabulary.suggest("iletrisme")
    ('illettrisme',)
    """

    def __init__(self, texts: Iterable[str] | Mapping[str, int]) -> None:
        written: dict[str, Counter[str]] = {}
        stems: set[str] = set()
        for text, times in _counted(texts):
            for token in tokens(text):
                stems.add(token.stem)
                if len(token.folded) >= SHORTEST and token.folded.isalpha():
                    spelling = text[token.start : token.end].lower()
                    written.setdefault(token.folded, Counter())[spelling] += times
        self._stems = frozenset(stems)
        self._frequencies = {folded: counts.total() for folded, counts in written.items()}
        # The most frequent spelling; the alphabet decides between equals.
        self._spellings = {
            folded: min(counts, key=lambda spelling: (-counts[spelling], spelling))
            for folded, counts in written.items()
        }
        self._words = sorted(written)

    def __len__(self) -> int:
        return len(self._words)

    def suggest(self, word: str, *, limit: int = 3) -> tuple[str, ...]:
        """Return the words of the texts that a slip could have turned into ``word``.

        Parameters
        ----------
        word : str
            A word as typed. One slip (a letter more, less, changed, or two swapped) is allowed
            from 4 letters, two from 8.
        limit : int, default: 3
            Words at most.

        Returns
        -------
        tuple[str, ...]
            In their own spelling: the fewest slips first, then the most frequent. Empty if the
            word is known, short, or holds a digit.
        """
        typed = next(tokens(word), None)
        return () if typed is None else self._suggest(typed, limit)

    def correct(self, text: str) -> Correction | None:
        """Replace the words of a query that no text holds by their best suggestion.

        Parameters
        ----------
        text : str
            What the reader typed; quotation marks and hyphens are kept.

        Returns
        -------
        Correction | None
            None if there is nothing to suggest.

        Examples
        --------
        >>> Vocabulary(["mobilité solidaire"]).correct("« mobilté » solidaire")
        Correction(text='« mobilité » solidaire', changes=(('mobilté', 'mobilité'),))
        """
        pieces: list[str] = []
        changes: list[tuple[str, str]] = []
        here = 0
        for token in tokens(text):
            suggestions = self._suggest(token, 1)
            if suggestions:
                pieces += [text[here : token.start], suggestions[0]]
                changes.append((text[token.start : token.end], suggestions[0]))
                here = token.end
        return Correction("".join([*pieces, text[here:]]), tuple(changes)) if changes else None

    def _suggest(self, typed: Token, limit: int) -> tuple[str, ...]:
        word = typed.folded
        unsuitable = len(word) < SHORTEST or not word.isalpha() or typed.is_stop_word
        if unsuitable or typed.stem in self._stems:
            return ()
        near = process.extract(
            word,
            self._words,
            scorer=DamerauLevenshtein.distance,
            score_cutoff=2 if len(word) >= LONG else 1,
            limit=None,
        )
        near.sort(key=lambda match: (match[1], -self._frequencies[match[0]], match[0]))
        return tuple(self._spellings[match[0]] for match in near[:limit])


def _counted(texts: Iterable[str] | Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return texts.items() if isinstance(texts, Mapping) else ((text, 1) for text in texts)
