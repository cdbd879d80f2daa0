"""Which organisations may be the same: how alike two names are, and why.

The measure is described, with its scores on labelled pairs, in ``docs/algorithms/duplicates.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from alliage.values.text import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: From this score two names are shown to a person as a likely duplicate.
THRESHOLD = 0.75

# One body has several usual names: each is written in one way before words are compared.
_SAME_BODY: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), word)
    for pattern, word in (
        ("centre intercommunal d action sociale", "cias"),
        ("centre communal d action sociale", "ccas"),
        ("chambre de commerce et d industrie|chambre de commerce", "cci"),
        ("chambre de metiers et de l artisanat|chambre de metiers", "cma"),
        ("etablissement public territorial", "ept"),
        ("communaute de communes", "cc"),
        ("communaute d agglomeration", "ca"),
        ("communaute urbaine", "cu"),
        ("pole territorial de cooperation economique", "ptce"),
        ("conseil departemental|conseil general", "departement"),
        ("conseil regional", "region"),
        ("ville|mairie|municipalite", "commune"),
        ("maison des jeunes et de la culture", "mjc"),
        ("societe anonyme", "sa"),
        ("association loi( de)? 1901|asso", "association"),
    )
)
_EMPTY = "a au aux d de des du en et l la le les par pour s sur un une"
# A word that says what kind of body it is separates less than a proper name, and a legal form less
# again.
_KINDS = "ca cc ccas cci cias cma commune cu departement ept metropole mjc ptce region saint sainte"
_FORMS = (
    "asbl association eurl federation france francais francaise groupe laboratoire sa sarl sas "
    "sasu sci scic scop scp societe"
)
_EMPTY_WORDS = frozenset(_EMPTY.split())
_ORDINARY, _KIND, _FORM = 1.0, 0.6, 0.3
_WEIGHTS = {**dict.fromkeys(_KINDS.split(), _KIND), **dict.fromkeys(_FORMS.split(), _FORM)}

_NUMBER = re.compile(r"\d+")
_WORD_LIKENESS = 0.75
_SPELLING_LIKENESS = 0.85
_INITIALS_SCORE = 0.9
_SHORTEST_FUZZY_WORD = 5
_SHORTEST_INITIALS = 3


class Reason(StrEnum):
    """Why two names are held to be alike."""

    SAME_NAME = "same_name"
    SHARED_WORDS = "shared_words"
    CLOSE_SPELLING = "close_spelling"
    INITIALS = "initials"


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How alike two names are.

    Attributes
    ----------
    score
        From 0 (nothing in common) to 1 (the same name once written alike).
    reason
        What gives the score.
    """

    score: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Known:
    """An organisation already recorded, under all its names."""

    key: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A recorded organisation that may be the one described."""

    key: int
    name: str
    resemblance: Resemblance


@lru_cache(maxsize=50_000)
def comparable_words(name: str) -> tuple[str, ...]:
    """Reduce a name to the words that tell organisations apart.

    Parameters
    ----------
    name : str
        The name as a person writes it.

    Returns
    -------
    tuple[str, ...]
        Folded words in their order, usual bodies written in one way, without empty words. A name
        made of empty words only keeps them.

    Examples
    --------
    >>> comparable_words("Mairie de Saint-Mandé")
    ('commune', 'saint', 'mande')
    >>> comparable_words("Centre communal d’action sociale de Romainville")
    ('ccas', 'romainville')
    """
    key = name_key(name)
    for pattern, word in _SAME_BODY:
        key = pattern.sub(word, key)
    words = tuple(key.split())
    return tuple(word for word in words if word not in _EMPTY_WORDS) or words


def resemblance(first: str, second: str) -> Resemblance:
    """Measure how alike two names of organisations are.

    Three readings are made and the highest is kept: the words they share (a weighted Dice
    coefficient, words one typing error apart included), the spelling of the whole, and one being
    the initials of the other.

    Parameters
    ----------
    first : str
        A name.
    second : str
        Another name; the order of the two does not matter.

    Returns
    -------
    Resemblance
        The score and the reading that gives it. A name without letter or digit resembles none,
        and two names with other numbers do not resemble: « Lycée 1 » and « Lycée 2 » are two.

    Examples
    --------
    >>> resemblance("Ville de Vincennes", "Mairie de VINCENNES")
    Resemblance(score=1.0, reason=<Reason.SAME_NAME: 'same_name'>)
    >>> resemblance("Unis-Cité", "Uniscite").reason
    <Reason.CLOSE_SPELLING: 'close_spelling'>
    >>> resemblance("CDC", "Caisse des Dépôts et consignations").reason
    <Reason.INITIALS: 'initials'>
    >>> resemblance("Ville de Vincennes", "CCAS de Vincennes").score < THRESHOLD
    True
    """
    # Sorted, so that the sums below are rounded alike whatever the order of the names.
    one, other = sorted((comparable_words(first), comparable_words(second)))
    if not one or not other or _numbered_apart(one, other):
        return Resemblance(0.0, Reason.SHARED_WORDS)
    if sorted(one) == sorted(other):
        return Resemblance(1.0, Reason.SAME_NAME)
    readings = (
        Resemblance(_shared_words(one, other), Reason.SHARED_WORDS),
        Resemblance(_spelling(one, other), Reason.CLOSE_SPELLING),
        Resemblance(_initials(one, other), Reason.INITIALS),
    )
    return max(readings, key=lambda reading: reading.score)


def likely_duplicates(
    names: Sequence[str],
    known: Iterable[Known],
    *,
    threshold: float = THRESHOLD,
    limit: int = 5,
) -> list[Match]:
    """Find the recorded organisations that may be the one described.

    Parameters
    ----------
    names : Sequence[str]
        The names of the organisation described: name, acronym, other names.
    known : Iterable[Known]
        The organisations to compare with.
    threshold : float
        The lowest score that counts.
    limit : int
        The largest number of matches.

    Returns
    -------
    list[Match]
        The best first, each with the known name that resembles most; ties in the order of keys.

    Examples
    --------
    >>> known = [Known(1, ("Ville de Vincennes",)), Known(2, ("Caisse des Dépôts", "CDC"))]
    >>> [match.key for match in likely_duplicates(["Commune de Vincenne"], known)]
    [1]
    """
    matches = [
        match
        for organisation in known
        if (match := _best_match(names, organisation)).resemblance.score >= threshold
    ]
    return sorted(matches, key=lambda match: (-match.resemblance.score, match.key))[:limit]


def _best_match(names: Sequence[str], known: Known) -> Match:
    return max(
        (
            Match(known.key, there, resemblance(here, there))
            for here in names
            for there in known.names
        ),
        key=lambda match: match.resemblance.score,
        default=Match(known.key, "", Resemblance(0.0, Reason.SHARED_WORDS)),
    )


def _weight(word: str) -> float:
    return _WEIGHTS.get(word, _ORDINARY)


def _shared_words(one: Sequence[str], other: Sequence[str]) -> float:
    """Weigh the words found in both, each used once, the most alike first."""
    pairs = sorted(
        (
            (likeness, here, there)
            for here, left in enumerate(one)
            for there, right in enumerate(other)
            if (likeness := _word_likeness(left, right))
        ),
        # The words, not their places, break ties: the order of the two names must not matter.
        key=lambda pair: (-pair[0], *sorted((one[pair[1]], other[pair[2]]))),
    )
    used_here: set[int] = set()
    used_there: set[int] = set()
    shared = 0.0
    for likeness, here, there in pairs:
        if here not in used_here and there not in used_there:
            used_here.add(here)
            used_there.add(there)
            shared += likeness * (_weight(one[here]) + _weight(other[there]))
    return shared / sum(map(_weight, (*one, *other)))


def _word_likeness(left: str, right: str) -> float:
    if left == right:
        return 1.0
    # Short words one letter apart are most often two words or two acronyms.
    if min(len(left), len(right)) < _SHORTEST_FUZZY_WORD:
        return 0.0
    return _edit_likeness(left, right, least=_WORD_LIKENESS)


def _spelling(one: Sequence[str], other: Sequence[str]) -> float:
    """Compare the names without their spaces: « Unis-Cité » is « Uniscité »."""
    left, right = "".join(one), "".join(other)
    if min(len(left), len(right)) < _SHORTEST_FUZZY_WORD:
        return 0.0
    return _edit_likeness(left, right, least=_SPELLING_LIKENESS)


def _initials(one: Sequence[str], other: Sequence[str]) -> float:
    short, long = sorted((one, other), key=len)
    if len(short) != 1 or len(long) < _SHORTEST_INITIALS:
        return 0.0
    return _INITIALS_SCORE if short[0] == "".join(word[0] for word in long) else 0.0


def _numbered_apart(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether both names have numbers, and not the same."""
    here, there = (sorted(_NUMBER.findall(" ".join(words))) for words in (one, other))
    return bool(here and there and here != there)


def _edit_likeness(left: str, right: str, *, least: float) -> float:
    longest = max(len(left), len(right))
    # Letters in excess must be added: most pairs are set apart before they are compared.
    if min(len(left), len(right)) < least * longest:
        return 0.0
    likeness = 1 - _edit_distance(left, right) / longest
    return likeness if likeness >= least else 0.0


def _edit_distance(left: str, right: str) -> int:
    """Count the letters to add, drop, change or swap with their neighbour."""
    rows = [list(range(len(right) + 1))]
    for i, char in enumerate(left, 1):
        row, above = [i], rows[-1]
        for j, other in enumerate(right, 1):
            cost = min(row[-1] + 1, above[j] + 1, above[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
