"""Why a document is found: its words marked, its best extracts, and the list of words found.

Nothing here makes HTML: segments say what matches, and the page escapes and marks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.knowledge.text import Term, occurrences

if TYPE_CHECKING:
    from collections.abc import Sequence

    Span = tuple[int, int, int]


#: Matches weighed when a window is chosen: beyond, a long text would cost its square.
MATCHES_WEIGHED = 200


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text, found by the search or not."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Extract:
    """A window on a text; ``cut_before`` and ``cut_after`` ask for an ellipsis."""

    segments: tuple[Segment, ...]
    cut_before: bool
    cut_after: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A term of the search that a document holds, and how the document writes it."""

    term: Term
    spellings: tuple[str, ...]


def highlight(text: str, terms: Sequence[Term]) -> tuple[Segment, ...]:
    """Cut a whole text into segments that match and segments that do not.

    Parameters
    ----------
    text : str
        The text to show.
    terms : Sequence[Term]
        What was searched: ``query.terms``, or ``expanded.terms`` with the synonyms.

    Returns
    -------
    tuple[Segment, ...]
        Put end to end they give ``text`` back; none is empty.

    Examples
    --------
    >>> from alliage.knowledge.text import parse_query
    >>> highlight("Des médecins partent.", parse_query("medecin").terms)
    (Segment(text='Des ', is_match=False), Segment(text='médecins', is_match=True), \
Segment(text=' partent.', is_match=False))
    """
    return _segments(text, 0, len(text), occurrences(text, tuple(terms)))


def extracts(
    text: str, terms: Sequence[Term], *, length: int = 240, limit: int = 2
) -> tuple[Extract, ...]:
    """Choose the windows of a text that show the most of the terms.

    Parameters
    ----------
    text : str
        The text to show.
    terms : Sequence[Term]
        What was searched.
    length : int, default: 240
        Characters of a window, about: windows are cut between words, and hold a phrase whole.
    limit : int, default: 2
        Windows at most. A second one is given only if it shows a term that the first does not.

    Returns
    -------
    tuple[Extract, ...]
        In the order of the text; the beginning of the text if nothing matches.

    Examples
    --------
    >>> from alliage.knowledge.text import parse_query
    >>> text = "Une ville ouvre un atelier. " * 9 + "Les élèves y apprennent la soudure."
    >>> (extract,) = extracts(text, parse_query("soudure eleve").terms, length=40)
    >>> "".join(segment.text for segment in extract.segments), extract.cut_before
    ('Les élèves y apprennent la soudure.', True)
    """
    spans = occurrences(text, tuple(terms))
    windows: list[tuple[int, int]] = []
    shown: set[int] = set()
    for _ in range(limit):
        best = _best_window(text, spans[:MATCHES_WEIGHED], length, windows, shown)
        if best is None:
            break
        windows.append(best)
        shown |= {term for start, end, term in spans if best[0] <= start and end <= best[1]}
    if not windows:
        windows = [(0, _word_end(text, length))]
    return tuple(
        Extract(
            _segments(text, start, end, spans),
            cut_before=bool(text[:start].strip()),
            cut_after=bool(text[end:].strip()),
        )
        for start, end in sorted(windows)
    )


def found_words(text: str, terms: Sequence[Term]) -> tuple[Found, ...]:
    """Say which terms a text holds, in the reader's spelling and in that of the text.

    Parameters
    ----------
    text : str
        The text of a document.
    terms : Sequence[Term]
        What was searched.

    Returns
    -------
    tuple[Found, ...]
        In the order of ``terms``, those not found left out; spellings differ by more than case.

    Examples
    --------
    >>> from alliage.knowledge.text import parse_query
    >>> query = parse_query("medecin piscine")
    >>> [
    ...     (found.term.spelling, found.spellings)
    ...     for found in found_words("Un médecin, des médecins, Médecins", query.terms)
    ... ]
    [('medecin', ('médecin', 'médecins'))]
    """
    unique = tuple({term.stems: term for term in reversed(terms)}.values())[::-1]
    spellings: dict[int, dict[str, str]] = {}
    for start, end, position in occurrences(text, unique):
        written = " ".join(text[start:end].split())
        spellings.setdefault(position, {}).setdefault(written.casefold(), written)
    return tuple(
        Found(term, tuple(spellings[position].values()))
        for position, term in enumerate(unique)
        if position in spellings
    )


def _segments(text: str, start: int, end: int, spans: Sequence[Span]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    here = start
    for match_start, match_end, _ in spans:
        if match_start < here or match_end > end:
            continue
        if match_start > here:
            segments.append(Segment(text[here:match_start], is_match=False))
        segments.append(Segment(text[match_start:match_end], is_match=True))
        here = match_end
    if here < end:
        segments.append(Segment(text[here:end], is_match=False))
    return tuple(segments)


def _best_window(
    text: str,
    spans: Sequence[Span],
    length: int,
    taken: Sequence[tuple[int, int]],
    shown: set[int],
) -> tuple[int, int] | None:
    best: tuple[int, int] | None = None
    best_worth = (0, 0)
    for anchor in spans:
        start, end = _window(text, anchor, length)
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        inside = [term for first, last, term in spans if start <= first and last <= end]
        worth = (len(set(inside) - shown), len(inside))
        if worth[0] and worth > best_worth:
            best, best_worth = (start, end), worth
    return best


def _window(text: str, anchor: Span, length: int) -> tuple[int, int]:
    """Open a window a little before a match, moved back where the text ends."""
    match_start, match_end, _ = anchor
    start = max(0, min(match_start - length // 4, len(text) - length))
    end = max(_word_end(text, start + length), match_end)
    return min(_word_start(text, start), match_start), end


def _word_start(text: str, position: int) -> int:
    if position == 0:
        return 0
    while position < len(text) and not text[position - 1].isspace():
        position += 1
    return position


def _word_end(text: str, position: int) -> int:
    if position >= len(text):
        return len(text)
    cut = position
    while cut > 0 and not text[cut].isspace():
        cut -= 1
    # A text without a space is cut anywhere.
    return cut or position
