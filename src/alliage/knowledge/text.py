"""French text as the search sees it: words with their place, their stems, and what was asked.

The index and the queries go through the same analysis, so that « Les médecins de l’hôpital » and
« medecin hopital » meet. What is compared is a *stem*: letters ``a`` to ``z`` and digits only,
which no search engine can mistake for an operator. See ``docs/algorithms/search.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import snowballstemmer

from alliage.values.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMON_WORDS = (
    "a ai as au aux avec avoir c ce ceci cela ces cet cette ceux chez comme "
    "comment d dans de des du elle elles en es est et etre eu eux il ils j je "
    "jusqu l la le les leur leurs lorsqu lui m ma me mes moi mon n ne nos "
    "notre nous on ont ou par pas pour puisqu qu quand que quel quelle "
    "quelles quelqu quels qui quoi quoiqu s sa se ses si son sont t ta te tes "  # codespell:ignore
    "toi ton tu un une vos votre vous y "  # codespell:ignore
)

#: Words too common to search by, folded. Few on purpose: the ranking already gives common words
#: little weight. Words that carry sense once their accent is gone stay out (« été », « maïs »,
#: « sûr », « car »), and so do « sans » and « moins » (« sans abri »).
STOP_WORDS = frozenset(_COMMON_WORDS.split())

#: A query is a line typed by a person: what is longer is cut, which bounds the work it can cause.
LONGEST_QUERY = 500

_APOSTROPHES = "'’‘ʼ′＇"
_MARK = "\u0300-\u036f"
_WORD = re.compile(
    # the apostrophe belongs to the word
    rf"(?:aujourd|prud|presqu|entr)[{_APOSTROPHES}](?=[^\W\d_])(?:[^\W_]|[{_MARK}])+"
    # E.S.S.
    r"|(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?"
    rf"|[^\W_](?:[^\W_]|[{_MARK}])*",
    re.IGNORECASE,
)
#: Snowball knows these endings by the accents that folding takes away.
_FEMININE = ((re.compile(r"ees?$"), "e"), (re.compile(r"ieres?$"), "ier"))
_QUOTED = re.compile(r"«([^«»]*)»|“([^“”]*)”|\"([^\"]*)\"")
_EXCLUDED = re.compile(rf"(?<!\S)-(?:{_QUOTED.pattern}|([^\W_][^\s«»“”\"]*))")


class Token(NamedTuple):
    """A word of a text, at ``text[start:end]``.

    A tuple, for an index makes them by the million.
    """

    start: int
    end: int
    folded: str
    stem: str

    @property
    def is_stop_word(self) -> bool:
        return self.folded in STOP_WORDS


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase to search: as it is written, and the stems that it must have."""

    spelling: str
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader asks: words, « phrases » and words to leave out, in the order typed."""

    words: tuple[Term, ...] = ()
    phrases: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()
    #: The text without its quotation marks and exclusions: what its meaning is read from.
    plain: str = ""

    @property
    def terms(self) -> tuple[Term, ...]:
        return self.words + self.phrases

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.phrases or self.excluded)


@lru_cache(maxsize=1 << 16)
def _folded_and_stem(word: str) -> tuple[str, str]:
    folded = fold(word).replace(" ", "")
    ending = folded
    for pattern, replacement in _FEMININE:
        ending = pattern.sub(replacement, ending)
    # A stemmer keeps the word at work in itself: one per call, for threads to share the cache.
    return folded, snowballstemmer.stemmer("french").stemWord(ending) or folded


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text that can be searched, stop words included.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    Token
        Words in order, none overlapping another. A word without a Latin letter or a digit is
        left out.

    Examples
    --------
    >>> [(token.folded, token.stem) for token in tokens("L’école d’aujourd’hui")]
    [('l', 'l'), ('ecole', 'ecol'), ('d', 'd'), ('aujourdhui', 'aujourdhui')]
    """
    for match in _WORD.finditer(text):
        folded, stem = _folded_and_stem(match[0].lower())
        if folded:
            yield Token(match.start(), match.end(), folded, stem)


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text in order, stop words left out.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    tuple[str, ...]
        Each made of ``a-z`` and ``0-9`` only.

    Examples
    --------
    >>> stems("Les médecins et l’hôpital")
    ('medecin', 'hopital')
    """
    return tuple(token.stem for token in tokens(text) if not token.is_stop_word)


def analyse(text: str) -> str:
    """Return the stems of a text joined by spaces: what is stored and what the index compares.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Safe to hand to any index: no accent, no sign, no operator.

    Examples
    --------
    >>> analyse("L’accès aux soins des personnes handicapées")
    'acce soin person handicap'
    """
    return " ".join(stems(text))


def parse_query(text: str) -> Query:
    """Read what a reader typed: words, quoted phrases, and words excluded by a hyphen before them.

    Parameters
    ----------
    text : str
        Anything; beyond :data:`LONGEST_QUERY` characters it is cut.

    Returns
    -------
    Query
        A quotation mark left open is ignored. Stop words are dropped.

    Examples
    --------
    >>> query = parse_query("jeunes « économie sociale » -Paris")
    >>> [term.spelling for term in query.words]
    ['jeunes']
    >>> query.phrases
    (Term(spelling='économie sociale', stems=('econom', 'social')),)
    >>> [term.spelling for term in query.excluded], query.plain
    (['Paris'], 'jeunes économie sociale')
    """
    kept = text[:LONGEST_QUERY]
    excluded = [_term(_inside(match)) for match in _EXCLUDED.finditer(kept)]
    kept = _EXCLUDED.sub(" ", kept)
    phrases = [_term(_inside(match)) for match in _QUOTED.finditer(kept)]
    plain = _QUOTED.sub(lambda match: f" {_inside(match)} ", kept)
    # A phrase of one word is a word that must be there, and so is kept among the phrases.
    return Query(
        words=_words(_QUOTED.sub(" ", kept)),
        phrases=tuple(term for term in phrases if term.stems),
        excluded=tuple(term for term in excluded if term.stems),
        plain=" ".join(plain.split()),
    )


def _inside(match: re.Match[str]) -> str:
    return next((group for group in match.groups() if group is not None), "")


def _term(text: str) -> Term:
    return Term(" ".join(text.split()), stems(text))


def _words(text: str) -> tuple[Term, ...]:
    return tuple(
        Term(text[token.start : token.end], (token.stem,))
        for token in tokens(text)
        if not token.is_stop_word
    )


def occurrences(text: str, terms: tuple[Term, ...]) -> list[tuple[int, int, int]]:
    """Return where terms are found in a text, in order, the longest first where several start.

    Parameters
    ----------
    text : str
        The text to look into.
    terms : tuple[Term, ...]
        Words and phrases; a phrase is found where its stems follow each other, whatever the
        stop words between them.

    Returns
    -------
    list[tuple[int, int, int]]
        Start, end and position in ``terms``; none overlaps another.

    Examples
    --------
    >>> text = "L’accès aux soins, les soins d’urgence"
    >>> occurrences(text, (Term("soin", ("soin",)), Term("accès aux soins", ("acce", "soin"))))
    [(2, 17, 1), (23, 28, 0)]
    """
    content = [token for token in tokens(text) if not token.is_stop_word]
    by_first: dict[str, list[int]] = {}
    for rank in sorted(range(len(terms)), key=lambda rank: -len(terms[rank].stems)):
        if terms[rank].stems:
            by_first.setdefault(terms[rank].stems[0], []).append(rank)
    found: list[tuple[int, int, int]] = []
    index = 0
    while index < len(content):
        position = _starting_at(content, index, terms, by_first)
        if position is None:
            index += 1
            continue
        last = index + len(terms[position].stems) - 1
        found.append((content[index].start, content[last].end, position))
        index = last + 1
    return found


def _starting_at(
    content: list[Token], index: int, terms: tuple[Term, ...], by_first: dict[str, list[int]]
) -> int | None:
    for position in by_first.get(content[index].stem, ()):
        wanted = terms[position].stems
        if tuple(token.stem for token in content[index : index + len(wanted)]) == wanted:
            return position
    return None
